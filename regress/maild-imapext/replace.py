"""REPLACE (RFC 8508) against a whole maild: replace.py CASE."""
import re
import sys

from imapc import Client, exists, message


def replace(c, what, mailbox="INBOX", text="new", options=""):
    m = message(text).encode()
    return c.cmd(b"%s %s %s{%d+}\r\n%s" % (
        what.encode(), mailbox.encode(), options.encode(), len(m), m))


def uids(c):
    c.ok("NOOP")
    return c.search("UID SEARCH ALL")


def test_concurrent_replace():
    """A second one for a message that is gone already changes nothing."""
    c, d = Client(), Client()
    for i in range(3):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    reply, untagged = replace(c, "UID REPLACE 2")
    assert reply.startswith(b"OK"), reply
    # d has not heard of it: for d number 2 is still uid 2.
    reply, untagged = replace(d, "REPLACE 2")
    assert reply.startswith(b"NO [EXPUNGEISSUED]"), reply
    assert b"* 2 EXPUNGE" in untagged and exists(untagged) == 3, untagged
    assert uids(c) == uids(d) == [1, 3, 4]
    # Now number 2 is uid 3.
    reply, untagged = replace(d, "REPLACE 2")
    assert reply.startswith(b"OK"), reply
    assert uids(d) == [1, 4, 5]
    # The order: the new uid, what is new, what is gone.
    reply, untagged = replace(c, "REPLACE *")
    assert reply.startswith(b"OK"), reply
    assert re.match(rb"\* OK \[APPENDUID \d+ 6\]", untagged[0]), untagged
    assert uids(c) == [1, 5, 6]
    # Pipelined, each of its own message.
    m = message("p").encode()
    for n in b"1", b"5":
        c.raw(b"x%s UID REPLACE %s INBOX {%d+}\r\n%s\r\n" % (n, n, len(m), m))
    for n in b"1", b"5":
        reply, _ = c.wait(b"x" + n)
        assert reply.startswith(b"OK"), reply
    assert uids(c) == uids(d) == [6, 7, 8]


def test_replace_forms():
    c, d = Client(), Client()
    for i in range(4):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    m = message("new").encode()
    # A literal that waits.
    tag = c.send(b"REPLACE 1 INBOX (\\Draft k1) \"01-Feb-2024 10:00:00 +0000\""
                 b" {%d}" % len(m))
    assert c.response().startswith(b"+")
    c.raw(m + b"\r\n")
    reply, untagged = c.wait(tag)
    assert reply.startswith(b"OK"), reply
    f = c.fetch("UID FETCH 5 (FLAGS INTERNALDATE BODY.PEEK[])")
    f = list(f.values())[0]
    assert {b"\\Draft", b"k1"} <= set(f[b"FLAGS"]), f
    assert f[b"INTERNALDATE"] == b"01-Feb-2024 10:00:00 +0000", f
    assert f[b"BODY[]"] == m, f
    # One message only; refused before its bytes; nothing has changed.
    c.bad(b"REPLACE 1 INBOX {3+}\r\nabc {3+}\r\nabc")
    tag = c.send(b"REPLACE 77 INBOX {%d}" % len(m))
    reply, _ = c.wait(tag)
    assert reply.startswith(b"NO"), reply
    reply, _ = replace(c, "UID REPLACE 1")
    assert reply.startswith(b"NO"), reply
    tag = c.send(b"REPLACE 1 INBOX {999999999}")
    reply, _ = c.wait(tag)
    assert reply.startswith(b"NO [TOOBIG]"), reply
    assert uids(c) == [2, 3, 4, 5]
    # Not of a mailbox that is only looked at, and not with none.
    d.bad(b"REPLACE 1 INBOX {3+}\r\nabc")
    d.ok("EXAMINE INBOX")
    reply, _ = replace(d, "REPLACE 1")
    assert reply.startswith(b"NO"), reply
    # UIDONLY: by uid, and VANISHED instead of EXPUNGE.
    d.ok("ENABLE UIDONLY")
    d.ok("SELECT INBOX")
    reply, _ = replace(d, "REPLACE 1")
    assert reply.startswith(b"BAD [UIDREQUIRED]"), reply
    reply, untagged = replace(d, "UID REPLACE 2")
    assert reply.startswith(b"OK"), reply
    assert b"* VANISHED 2" in untagged, untagged
    assert not [u for u in untagged if u.endswith(b"EXPUNGE")], untagged
    # Into another mailbox, and what is not there.
    reply, untagged = replace(c, "UID REPLACE 3", "Drafts")
    assert reply.startswith(b"OK"), reply
    assert exists(c.ok("STATUS Drafts (MESSAGES)")) is None
    assert b"* STATUS Drafts (MESSAGES 1)" in c.ok("STATUS Drafts (MESSAGES)")
    reply, _ = replace(c, "UID REPLACE 4", "None")
    assert reply.startswith(b"NO [TRYCREATE]"), reply
    assert uids(c) == [4, 5, 6]


def test_replace_quota():
    """The room of the old message is the new one's."""
    c = Client("small@example.test")
    body = "x" * 70 + "\r\n"
    c.append("INBOX", message("big", body * 900))
    c.ok("SELECT INBOX")
    m = message("new", body * 950).encode()
    reply, _ = c.cmd(b"APPEND INBOX {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"NO [OVERQUOTA]"), reply
    reply, _ = c.cmd(b"REPLACE 1 INBOX {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"OK"), reply
    assert uids(c) == [2]
    m = message("new", body * 1900).encode()
    reply, _ = c.cmd(b"REPLACE 1 INBOX {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"NO [OVERQUOTA]"), reply
    assert uids(c) == [2]


def test_replace_nul():
    """What is made base64 may become too large: that is what is said."""
    c = Client()
    c.append("INBOX", message("one"))
    c.ok("SELECT INBOX")
    m = message("nul").encode().replace(b"text", b"a\0b")
    reply, _ = c.cmd(b"REPLACE 1 INBOX ~{%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"OK"), reply
    f = list(c.fetch("FETCH 1 (BINARY.PEEK[1])").values())[0]
    assert f[b"BINARY[1]"] == b"a\0b\r\n", f
    m = message("nul", "\0" + "x" * 60000 + "\r\n").encode()
    reply, _ = c.cmd(b"REPLACE 1 INBOX ~{%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"NO [TOOBIG]"), reply
    assert uids(c) == [2]


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
