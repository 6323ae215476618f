"""COPY of what has no end of gaps: all of it or nothing.  copy.py CASE."""
import re
import sys

from imapc import Client, message


def fill(c, n):
    m = message("s", "x" * 100 + "\r\n").encode()
    lit = b" {%d+}\r\n%s" % (len(m), m)
    for at in range(0, n, 500):
        reply, _ = c.cmd(b"APPEND INBOX" + lit * min(500, n - at))
        assert reply.startswith(b"OK"), reply


def count(c, name):
    r = c.ok("STATUS %s (MESSAGES)" % name)[0]
    return int(re.search(rb"MESSAGES (\d+)", r).group(1))


def numbers(text):
    out = []
    for part in text.split(b","):
        a, _, b = part.partition(b":")
        out += range(int(a), int(b or a) + 1)
    return out


def odd(c):
    """A mailbox of 3000 of which every other one is in "$"."""
    fill(c, 3000)
    c.ok("CREATE other")
    c.ok("SELECT INBOX")
    for at in range(1, 3001, 500):
        c.ok("STORE %s +FLAGS.SILENT (\\Flagged)" % ",".join(
            str(n) for n in range(at, at + 500, 2)))
    c.ok("SEARCH RETURN (SAVE) FLAGGED")


def test_copy_gaps():
    c, d = Client(), Client()
    odd(c)
    reply, _ = c.cmd("COPY $ other")
    m = re.match(rb"OK \[COPYUID \d+ ([0-9:,]+) (\d+:\d+)\]", reply)
    assert m, reply[:100]
    assert numbers(m.group(1)) == list(range(1, 3001, 2))
    assert m.group(2) == b"1:1500", m.group(2)
    assert count(c, "other") == 1500
    # Some are gone that he still counts.
    d.ok("SELECT INBOX")
    d.ok("UID STORE 1:20 +FLAGS.SILENT (\\Deleted)")
    d.ok("EXPUNGE")
    reply, _ = c.cmd("COPY $ other")
    assert reply.startswith(b"OK"), reply[:100]
    assert count(c, "other") == 2990
    c.no("COPY $ nowhere", b"TRYCREATE")
    c.ok("SEARCH RETURN (SAVE) FLAGGED")
    reply, untagged = c.cmd("MOVE $ other")
    assert reply.startswith(b"OK"), reply[:100]
    assert count(c, "other") == 4480 and count(c, "INBOX") == 1490


def test_copy_quota():
    c = Client("small@example.test")
    odd(c)
    c.no("COPY $ other", b"OVERQUOTA")
    assert count(c, "other") == 0
    # And the next one begins anew.
    reply, _ = c.cmd("COPY 7 other")
    assert re.match(rb"OK \[COPYUID \d+ 7 1\]", reply), reply
    assert count(c, "other") == 1


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
