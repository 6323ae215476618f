"""
Sessions that do whatever they like to one mailbox at the same time: random_ops.py
[SEED [STEPS]].  Each keeps a model of what it was told, by number; at the end
all models are what a new session sees.
"""
import random
import re
import sys

from imapc import Client, fetches, message, tokens

FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "kw1",
         "kw2", "kw3"]
NOEXPUNGE = ("FETCH", "STORE", "SEARCH")


class Session:
    def __init__(self, rnd, name, qresync):
        self.rnd = rnd
        self.name = name
        self.c = Client()
        self.tag = None
        self.idle = None
        self.qresync = qresync
        if qresync:
            self.c.ok("ENABLE QRESYNC")
        self.select()

    def select(self):
        self.msgs = []          # [uid or None, flags or None]
        for r in self.c.ok("SELECT box"):
            self.hear(r, "SELECT")

    def hear(self, r, verb):
        m = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH)", r)
        if r.startswith(b"* VANISHED "):
            assert self.qresync and verb not in NOEXPUNGE, (r, verb)
            for part in r.split()[-1].split(b","):
                a, _, b = part.partition(b":")
                for uid in range(int(a), int(b or a) + 1):
                    at = [i for i, m in enumerate(self.msgs)
                          if m[0] == uid]
                    if not at:
                        # Its uid was not asked for: which one is not known.
                        at = self.unknown(uid)
                    del self.msgs[at[0]]
            return
        if not m:
            return
        n = int(m.group(1))
        what = m.group(2)
        if what == b"EXISTS":
            assert n >= len(self.msgs), (self.name, r, len(self.msgs))
            self.msgs += [[None, None] for _ in range(n - len(self.msgs))]
        elif what == b"EXPUNGE":
            assert not self.qresync
            assert verb not in NOEXPUNGE, (self.name, r, verb)
            assert 1 <= n <= len(self.msgs), (self.name, r)
            del self.msgs[n - 1]
        else:
            assert 1 <= n <= len(self.msgs), (self.name, r, verb)
            t = tokens(r[r.index(b"("):])
            d = dict(zip(t[::2], t[1::2]))
            msg = self.msgs[n - 1]
            if b"UID" in d:
                uid = int(d[b"UID"])
                assert msg[0] in (None, uid), (self.name, r, msg, verb)
                msg[0] = uid
            if b"FLAGS" in d:
                msg[1] = set(d[b"FLAGS"]) - {b"\\Recent"}

    def unknown(self, uid):
        """Numbers that this uid may have had."""
        at = []
        below = 0
        for i, m in enumerate(self.msgs):
            if m[0] is not None:
                below = m[0]
                if below > uid:
                    break
                at = []
            else:
                at.append(i)
        assert at, (self.name, "a uid vanished that he did not have")
        for i in at:
            self.msgs[i][1] = None
        return at

    def set(self):
        n = len(self.msgs)
        a, b = self.rnd.randint(1, n), self.rnd.randint(1, n)
        if self.rnd.random() < 0.5:
            return "%d" % a
        return "%d:%d" % (min(a, b), max(a, b))

    def begin(self):
        """Send one command, or end IDLE."""
        rnd = self.rnd
        if self.idle is not None:
            self.c.raw(b"DONE\r\n")
            self.tag, self.idle = self.idle, None
            self.verb = "DONE"
            return
        n = len(self.msgs)
        op = rnd.randrange(14)
        uid = ""
        if op in (0, 1) or n == 0:
            m = message("r%d" % rnd.randrange(10 ** 6)).encode()
            k = rnd.choice((1, 1, 3))
            text = b"APPEND box" + (b" (%s) {%d+}\r\n%s" % (
                rnd.choice(FLAGS).encode(), len(m), m)) * k
            self.verb = "APPEND"
        elif op in (2, 3, 4):
            text = "STORE %s %sFLAGS%s (%s)" % (
                self.set(), rnd.choice(("+", "-", "")),
                rnd.choice(("", ".SILENT")),
                " ".join(rnd.sample(FLAGS, rnd.randint(1, 3))))
            self.verb = "STORE"
        elif op == 5:
            text = "FETCH %s (UID FLAGS)" % self.set()
            self.verb = "FETCH"
        elif op == 6:
            text = "FETCH %s BODY[HEADER.FIELDS (SUBJECT)]" % self.set()
            self.verb = "FETCH"
        elif op == 7:
            text = "EXPUNGE"
            self.verb = "EXPUNGE"
        elif op == 8:
            text = "COPY %s %s" % (self.set(), rnd.choice(("box", "Archive")))
            self.verb = "COPY"
        elif op == 9 and rnd.random() < 0.5:
            text = "MOVE %s %s" % (self.set(), rnd.choice(("box", "Archive")))
            self.verb = "MOVE"
        elif op == 10:
            text = "SEARCH " + rnd.choice(("UNSEEN", "KEYWORD kw1", "ALL",
                                           "NOT DELETED", "SUBJECT r1"))
            self.verb = "SEARCH"
        elif op == 11:
            self.idle = self.c.idle()
            return
        elif op == 12:
            text = rnd.choice((
                "UID FETCH 1:* FLAGS", "UID SEARCH SEEN",
                "UID STORE 1:* +FLAGS.SILENT (\\Seen)",
                "UID FETCH 1:* (FLAGS BODY.PEEK[TEXT])"))
            self.verb = "UID"
        else:
            text = "NOOP"
            self.verb = "NOOP"
        if self.qresync and self.verb not in ("APPEND", "UID"):
            # So that every uid is known when it vanishes.
            if any(m[0] is None for m in self.msgs):
                text, self.verb = "FETCH 1:* (UID FLAGS)", "FETCH"
        self.text = text
        self.tag = self.c.send(text)

    def end(self):
        reply, untagged = self.c.wait(self.tag)
        self.tag = None
        assert reply.startswith((b"OK", b"NO")), (self.text, reply)
        silent = None
        for r in untagged:
            self.hear(r, self.verb)
        # .SILENT: he knows himself what has become of the flags.
        if self.verb == "STORE" and ".SILENT" in self.text:
            self.apply(self.text)
        elif self.verb == "UID" and ".SILENT" in self.text:
            for m in self.msgs:
                m[1] = None

    def apply(self, text):
        a, _, b = text.split()[1].partition(":")
        for i in range(int(a) - 1, int(b or a)):
            if i < len(self.msgs):
                self.msgs[i][1] = None

    def settle(self):
        if self.idle is not None:
            self.begin()
        if self.tag is not None:
            self.end()
        for r in self.c.ok("NOOP"):
            self.hear(r, "NOOP")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    rnd = random.Random(seed)
    c = Client()
    c.cmd("CREATE box")
    for i in range(10):
        c.append("box", message("first %d" % i))
    sessions = [Session(rnd, "s%d" % i, i == 3) for i in range(5)]
    for _ in range(steps):
        s = rnd.choice(sessions)
        if s.tag is not None:
            s.end()
        else:
            s.begin()
        if rnd.random() < 0.003 and s.tag is None and s.idle is None:
            s.select()
    for s in sessions:
        s.settle()
    for s in sessions:
        s.settle()
    c.ok("SELECT box")
    f = c.fetch("FETCH 1:* (UID FLAGS)")
    truth = [(int(f[n][b"UID"]), set(f[n][b"FLAGS"]) - {b"\\Recent"})
             for n in sorted(f)]
    for s in sessions:
        assert len(s.msgs) == len(truth), (s.name, len(s.msgs), len(truth))
        for n, (m, t) in enumerate(zip(s.msgs, truth)):
            assert m[0] in (None, t[0]), (s.name, n + 1, m, t)
            assert m[1] is None or m[1] == t[1], (s.name, n + 1, m, t)
        g = s.c.fetch("FETCH 1:* (UID FLAGS)") if truth else {}
        assert [int(g[n][b"UID"]) for n in sorted(g)] == [
            t[0] for t in truth], s.name


main()
