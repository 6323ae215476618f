"""SEARCH against a model of it: search.py CASE."""
import base64
import random
import sys

from imapc import Client

WORDS = ["apple", "Birne", "cherry", "Dattel", "elder", "Grüße", "straße",
         "Ärger", "日本", "needle"]
KEYWORDS = ["k1", "k2", "$Junk"]
SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"]


class Msg:
    def __init__(self, rnd, n):
        self.n = n
        self.flags = set(rnd.sample(SYSTEM, rnd.randint(0, 3)) +
                         rnd.sample(KEYWORDS, rnd.randint(0, 2)))
        self.subject = " ".join(rnd.sample(WORDS, 3))
        self.sender = rnd.choice(["ann", "bob", "Çelik"])
        self.body = " ".join(rnd.sample(WORDS, 4)) + " in the body\r\n"
        self.xfoo = rnd.choice([None, "", "bar %d" % n, "Baz"])
        self.day = rnd.randint(1, 28)       # sent
        self.iday = rnd.randint(1, 28)      # internal
        kind = rnd.randrange(4)
        word = "=?utf-8?B?%s?=" % base64.b64encode(
            self.subject.encode()).decode()
        head = ("From: =?utf-8?Q?%s?= <%s@example.org>\r\n"
                "To: list@example.test\r\nSubject: %s\r\n"
                "Date: Tue, %d Mar 2022 23:30:00 -0800\r\n"
                "Message-ID: <%d@example.org>\r\n" % (
                    "".join("=%02X" % b for b in self.sender.encode()),
                    "x", word, self.day, n))
        if self.xfoo is not None:
            head += "X-Foo: %s\r\n" % self.xfoo
        data = self.body.encode()
        if kind == 0:
            mime = "Content-Type: text/plain; charset=utf-8\r\n"
        elif kind == 1:
            mime = ("Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n")
            data = base64.encodebytes(data).replace(b"\n", b"\r\n")
        elif kind == 2:
            mime = ("Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n")
            data = b"".join(b"=%02X" % b if b > 126 else bytes([b])
                            for b in data)
        else:
            mime = "Content-Type: multipart/mixed; boundary=zz\r\n"
            data = (b"--zz\r\nContent-Type: application/octet-stream\r\n"
                    b"X-Part: hidden\r\n\r\nneedless\r\n--zz\r\n"
                    b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + data
                    + b"\r\n--zz--\r\n")
        self.part = kind == 3
        self.raw = (head + mime + "\r\n").encode() + data
        self.head = (head + mime).replace(word, self.subject)

    def all_text(self):
        return "\n".join((self.head, self.sender, self.body,
                          "X-Part: hidden\nContent-Type: text/plain; "
                          "charset=utf-8\nContent-Type: application/"
                          "octet-stream" if self.part else ""))


def has(text, word):
    return word.casefold() in text.casefold()


def lit(word):
    b = word.encode()
    return b"{%d+}\r\n%s" % (len(b), b)


def leaf(rnd, total):
    """A random key: its text and what it means."""
    op = rnd.randrange(15)
    word = rnd.choice(WORDS)[:rnd.choice((2, 3, 20))]
    day = rnd.randint(1, 28)
    if op == 0:
        f = rnd.choice(SYSTEM)
        return f[1:].upper().encode(), lambda m: f in m.flags
    if op == 1:
        f = rnd.choice(SYSTEM)
        return b"UN" + f[1:].upper().encode(), lambda m: f not in m.flags
    if op == 2:
        k = rnd.choice(KEYWORDS + ["nope"])
        return (b"KEYWORD " + k.swapcase().encode(),
                lambda m: k in m.flags)
    if op == 3:
        a, b = rnd.randint(1, total), rnd.randint(1, total)
        return (b"%d:%d" % (a, b),
                lambda m: min(a, b) <= m.n <= max(a, b))
    if op == 4:
        a = rnd.randint(1, total)
        return b"UID %d:*" % a, lambda m: m.n >= a
    if op == 5:
        return b"SUBJECT " + lit(word), lambda m: has(m.subject, word)
    if op == 6:
        w = rnd.choice(["ann", "BOB", "çel", "example.org", "nobody"])
        return b"FROM " + lit(w), lambda m: (
            has(m.sender, w) or has("x@example.org", w))
    if op == 7:
        return b"BODY " + lit(word), lambda m: has(m.body, word)
    if op == 8:
        return b"TEXT " + lit(word), lambda m: has(m.all_text(), word)
    if op == 9:
        w = rnd.choice(["", "bar", "BAZ", "1"])
        return b"HEADER X-Foo " + lit(w), lambda m: (
            m.xfoo is not None and has(m.xfoo, w))
    if op == 10:
        k = rnd.choice(("SENTBEFORE", "SENTON", "SENTSINCE"))
        return b"%s %d-Mar-2022" % (k.encode(), day), {
            "SENTBEFORE": lambda m: m.day < day,
            "SENTON": lambda m: m.day == day,
            "SENTSINCE": lambda m: m.day >= day}[k]
    if op == 11:
        k = rnd.choice(("BEFORE", "ON", "SINCE"))
        return b"%s %d-Apr-2022" % (k.encode(), day), {
            "BEFORE": lambda m: m.iday < day,
            "ON": lambda m: m.iday == day,
            "SINCE": lambda m: m.iday >= day}[k]
    if op == 12:
        n = rnd.randint(200, 700)
        if rnd.random() < 0.5:
            return b"LARGER %d" % n, lambda m: len(m.raw) > n
        return b"SMALLER %d" % n, lambda m: len(m.raw) < n
    if op == 13:
        return b"TO list@", lambda m: True
    return b"ALL", lambda m: True


def program(rnd, total, depth):
    op = rnd.randrange(6) if depth > 0 else 5
    if op == 0:
        a, fa = program(rnd, total, depth - 1)
        b, fb = program(rnd, total, depth - 1)
        return b"OR " + a + b" " + b, lambda m: fa(m) or fb(m)
    if op == 1:
        a, fa = program(rnd, total, depth - 1)
        return b"NOT " + a, lambda m: not fa(m)
    if op == 2:
        a, fa = program(rnd, total, depth - 1)
        b, fb = program(rnd, total, depth - 1)
        return b"(" + a + b" " + b + b")", lambda m: fa(m) and fb(m)
    return leaf(rnd, total)


def fill(rnd, c, total):
    msgs = [Msg(rnd, i + 1) for i in range(total)]
    for m in msgs:
        c.append("INBOX", m.raw, '(%s) "%02d-Apr-2022 23:30:00 -0800"' % (
            " ".join(sorted(m.flags)), m.iday))
    c.ok("SELECT INBOX")
    return msgs


def test_search():
    rnd = random.Random(7)
    c = Client()
    msgs = fill(rnd, c, 80)
    for i in range(1500):
        text, f = program(rnd, len(msgs), 3)
        want = [m.n for m in msgs if f(m)]
        got = c.search(b"SEARCH CHARSET UTF-8 " + text)
        assert got == want, (text, got, want)


def test_result():
    """RETURN options and what was saved."""
    rnd = random.Random(8)
    c = Client()
    msgs = fill(rnd, c, 40)

    def ret(text):
        r = [u for u in c.ok(text) if u.startswith(b"* ESEARCH")]
        assert len(r) == 1, r
        return r[0].split(b") ", 1)[1] if b") " in r[0] else b""

    seen = [m.n for m in msgs if "\\Seen" in m.flags]
    assert ret("SEARCH RETURN (MIN) SEEN") == b"MIN %d" % seen[0]
    assert ret("SEARCH RETURN (MAX) SEEN") == b"MAX %d" % seen[-1]
    assert ret("SEARCH RETURN (COUNT) SEEN") == b"COUNT %d" % len(seen)
    assert ret("UID SEARCH RETURN () UID 3:5,7") == b"UID ALL 3:5,7"
    assert ret("SEARCH RETURN (MIN MAX COUNT) SUBJECT nowhere") == b"COUNT 0"
    assert ret("SEARCH RETURN (PARTIAL 2:3) ALL") == b"PARTIAL (2:3 2:3)"
    assert ret("SEARCH RETURN (PARTIAL -1:-2) ALL") == (
        b"PARTIAL (-1:-2 39:40)")
    # $ is what was saved.
    assert c.ok("SEARCH RETURN (SAVE) SEEN") == []
    assert c.search("SEARCH $") == seen
    assert c.search("SEARCH NOT $") == [m.n for m in msgs
                                        if m.n not in seen]
    f = c.fetch("FETCH $ (UID)")
    assert sorted(f) == seen
    c.ok("SEARCH RETURN (SAVE MIN) SEEN")
    assert c.search("SEARCH $") == seen[:1]
    c.no("SEARCH RETURN (SAVE) CHARSET NOPE SEEN", b"BADCHARSET")
    c.ok("STORE 1 +FLAGS (\\Deleted)")
    c.ok("SEARCH RETURN (SAVE) ALL")
    c.ok("EXPUNGE")
    left = len([m for m in msgs if "\\Deleted" not in m.flags and m.n != 1])
    assert len(c.search("SEARCH $")) == left
    c.ok("SELECT Trash")
    assert c.search("SEARCH $") == []


def test_within():
    c = Client()
    c.append("INBOX", "Subject: old\r\n\r\nx\r\n",
             '"01-Jan-2020 00:00:00 +0000"')
    c.append("INBOX", "Subject: new\r\n\r\nx\r\n")
    c.ok("SELECT INBOX")
    assert c.search("SEARCH OLDER 3600") == [1]
    assert c.search("SEARCH YOUNGER 3600") == [2]


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
