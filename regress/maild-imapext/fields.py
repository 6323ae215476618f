"""HEADER.FIELDS and SEARCH HEADER say what the header says: fields.py CASE."""
import random
import re
import sys

from imapc import Client

NAMES = ["From", "To", "Subject", "Date", "Message-ID", "References",
         "X-Label", "X-Priority", "List-Id", "Received", "DKIM-Signature",
         "X-Long", "Comments"]


def message(rnd, n):
    """A header in any order, some of it long, folded, twice or odd."""
    lines = []
    for name in rnd.sample(NAMES, rnd.randint(3, len(NAMES))):
        for _ in range(rnd.choice([1, 1, 1, 2])):
            size = rnd.choice([0, 5, 40, 40, 40, 700, 5000])
            text = "v%d-%s " % (n, "".join(rnd.choices("abc ", k=size)))
            if rnd.random() < 0.3:
                text += "\r\n\tfolded"
            spelled = rnd.choice([name, name.upper(), name.lower()])
            lines.append("%s: %s\r\n" % (spelled, text.strip(" ")))
    if rnd.random() < 0.2:
        lines.insert(rnd.randint(0, len(lines)), "this is no field\r\n")
    if n % 20 == 7:
        lines += ["X-%d: %d\r\n" % (i, i) for i in range(500)]
    if n % 20 == 9:
        lines += ["X-Label: last of %d\r\n" % n]
        lines[0:0] = ["To: %s\r\n" % ("a@b, " * 5000)] * 3
    return "".join(lines) + "\r\nbody\r\n"


def fields_of(header, names):
    """What HEADER.FIELDS of these names is, by the header's own bytes."""
    out, take = [], False
    names = [n.lower().encode() for n in names]
    for line in header.split(b"\r\n"):
        if line[:1] not in (b" ", b"\t"):
            name, colon, _ = line.partition(b":")
            take = colon != b"" and name.strip().lower() in names
        if take:
            out.append(line)
    return b"".join(x + b"\r\n" for x in out) + b"\r\n"


def section(u):
    """What the one BODY[...] of an answer says."""
    m = re.search(rb"\](?:<\d+>)? (?:\{(\d+)\}\r\n|\"|NIL)", u)
    if m.group(1):
        return u[m.end():m.end() + int(m.group(1))]
    return u[m.end():u.rindex(b'"')] if u[m.end() - 1:m.end()] == b'"' else b""


def values(c, what):
    """What each message answers for one item."""
    return {int(u.split()[1]): section(u)
            for u in c.ok("FETCH 1:* (%s)" % what) if b" FETCH (" in u}


def compare(c, headers, rnd):
    for i in range(12):
        names = rnd.sample(NAMES + ["X-Nothing", "X-17"], rnd.randint(1, 6))
        if i == 0:
            names = ["From", "Subject", "Date"]
        got = values(c, "BODY.PEEK[HEADER.FIELDS (%s)]" % " ".join(names))
        assert len(got) == len(headers), len(got)
        for n, have in got.items():
            want = fields_of(headers[n], names)
            assert have == want, (n, names, have, want)
        cut = values(c, "BODY.PEEK[HEADER.FIELDS (%s)]<3.9>" %
                     " ".join(names))
        for n, have in cut.items():
            assert (have or b"") == fields_of(headers[n], names)[3:12]


def search(c, headers):
    for name, text in (("X-Label", "v1"), ("X-Long", "folded"),
                       ("Received", "v2"), ("Comments", ""),
                       ("X-17", "17"), ("Date", "v"), ("To", "a@b, a@b")):
        want = []
        for n in sorted(headers):
            there = fields_of(headers[n], [name])[:-2]
            if there and text in there.decode().partition(":")[2]:
                want.append(n)
        got = c.search('SEARCH HEADER %s "%s"' % (name, text))
        assert got == want, (name, text, got, want)


def test_fields():
    rnd = random.Random(5)
    c = Client()
    for n in range(150):
        c.append("INBOX", message(rnd, n))
    c.ok("SELECT INBOX")
    headers = values(c, "BODY.PEEK[HEADER]")
    compare(c, headers, rnd)
    search(c, headers)
    # Once more, with what was kept of the first time, and more messages.
    c.ok("STORE 3,70:80 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    for n in range(150, 200):
        c.append("INBOX", message(rnd, n))
    c.ok("NOOP")
    headers = values(c, "BODY.PEEK[HEADER]")
    assert len(headers) == 188
    compare(c, headers, rnd)
    search(c, headers)
    # With items that need the rest of the message, and with .NOT.
    for n, u in enumerate(c.ok("FETCH 1:5 (ENVELOPE BODY.PEEK[HEADER.FIELDS "
                               "(Received X-Label)])"), 1):
        assert section(u) == fields_of(headers[n], ["Received", "X-Label"])
    c.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS.NOT (From)]")


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
