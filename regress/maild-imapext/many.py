"""Commands on more messages than the store takes at once: many.py CASE."""
import re
import sys

from imapc import Client

MANY = 38400            # 300 * 2 ** 7; the pieces are of 16384


def fill(c):
    c.ok("SELECT INBOX")
    for n in range(300):
        c.append("INBOX", "Subject: %d\r\n\r\nbody\r\n" % n)
    c.ok("NOOP")
    for _ in range(7):
        reply, _ = c.cmd("COPY 1:* INBOX")
        assert reply.startswith(b"OK [COPYUID "), reply
        c.ok("NOOP")
    assert count(c, "ALL") == MANY


def count(c, keys):
    r = [u for u in c.ok("SEARCH RETURN (COUNT) " + keys)
         if u.startswith(b"* ESEARCH")]
    return int(re.search(rb"COUNT (\d+)", r[0]).group(1))


def fetched(untagged):
    return [u for u in untagged if b" FETCH (" in u]


def test_many():
    c, d = Client(), Client()
    fill(c)
    d.ok("SELECT INBOX")
    # Silently: nothing of it is told, to others all.
    assert fetched(c.ok("STORE 1:* +FLAGS.SILENT (\\Flagged)")) == []
    assert fetched(c.ok("NOOP")) == []
    assert count(c, "UNFLAGGED") == 0
    got = fetched(d.ok("NOOP"))
    assert len(got) == MANY and all(b"\\Flagged" in u for u in got)
    got = fetched(c.ok("STORE 1:* -FLAGS (\\Flagged)"))
    assert len(got) == MANY, len(got)
    assert count(c, "FLAGGED") == 0
    # \Seen by FETCH, told with each.
    c.ok("STORE 20000 +FLAGS.SILENT (\\Seen)")
    got = fetched(c.ok("FETCH 1:* BODY[HEADER.FIELDS (Subject)]"))
    assert len(got) == MANY
    assert sum(b"\\Seen" in u for u in got) == MANY - 1
    assert count(c, "UNSEEN") == 0
    assert fetched(c.ok("NOOP")) == []
    # MOVE in pieces: one COPYUID of all.
    reply, untagged = c.cmd("MOVE 1:30000 Archive")
    assert reply.startswith(b"OK"), reply
    uids = [u for u in untagged if b"COPYUID" in u]
    assert len(uids) == 1 and b" 1:30000 1:30000]" in uids[0], uids
    assert count(c, "ALL") == MANY - 30000
    assert len([u for u in d.ok("NOOP") if u.endswith(b" EXPUNGE")]) == 30000
    c.ok("SELECT Archive")
    # EXPUNGE and CLOSE of more than the store takes at once.
    c.ok("STORE 1:18000,18002:20000 +FLAGS.SILENT (\\Deleted)")
    gone = [u for u in c.ok("EXPUNGE") if u.endswith(b" EXPUNGE")]
    assert len(gone) == 19999
    assert count(c, "UID 18001") == 1
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    for _ in range(2):
        c.ok("COPY 1:* Archive")
        c.ok("NOOP")
    c.ok("CLOSE")
    r = c.ok("STATUS Archive (MESSAGES)")
    assert b"MESSAGES 0)" in r[0], r


def test_many_condstore():
    c = Client()
    c.ok("ENABLE CONDSTORE")
    fill(c)
    before = int(re.search(rb"HIGHESTMODSEQ (\d+)", b" ".join(
        c.ok("STATUS INBOX (HIGHESTMODSEQ)"))).group(1))
    got = fetched(c.ok("STORE 1:* (UNCHANGEDSINCE %d) +FLAGS.SILENT "
                       "(\\Flagged)" % before))
    assert len(got) == MANY, len(got)
    assert all(b"FLAGS" not in u and b"MODSEQ (" in u for u in got)
    # Each failed but none is changed.
    reply, _ = c.cmd("STORE 1:* (UNCHANGEDSINCE %d) -FLAGS.SILENT "
                     "(\\Flagged)" % before)
    assert reply.startswith(b"OK [MODIFIED 1:%d]" % MANY), reply
    assert count(c, "FLAGGED") == MANY


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
