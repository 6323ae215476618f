"""MULTISEARCH (RFC 7377) against a whole maild: esearch.py CASE."""
import re
import sys
import time

from imapc import Client, message


def results(c, text):
    """{mailbox: (uidvalidity, rest)} of an ESEARCH command."""
    tag = c.send(text)
    reply, untagged = c.wait(tag)
    assert reply.startswith(b"OK"), (text, reply)
    out = {}
    for r in untagged:
        if not r.startswith(b"* ESEARCH"):
            continue
        m = re.match(rb'\* ESEARCH \(TAG "%s" MAILBOX ("[^"]*"|[^ ]+) '
                     rb'UIDVALIDITY (\d+)\) UID ?(.*)$' % tag, r)
        assert m, r
        name = m.group(1).strip(b'"')
        assert name not in out, untagged
        out[name] = (int(m.group(2)), m.group(3))
    return out


def names(c, text):
    return {k: v[1] for k, v in results(c, text).items()}


def setup(c):
    for name in "one", "one/two", "one/two/three", "onex", "other":
        c.ok("CREATE " + name)
        for i in range(3):
            c.append(name, message("%s %d" % (name, i)),
                     "(\\Flagged)" if i == 1 else "")
    c.append("INBOX", message("here", "a needle\r\n"), "(\\Flagged kw)")
    # A keyword with another number here.
    c.append("one", message("needle"), "(k0 k1 kw)")
    c.ok("SUBSCRIBE onex")
    c.ok("SUBSCRIBE none")


def test_multisearch():
    c, e = Client(), Client("two@example.test")
    assert b"MULTISEARCH" in c.ok("CAPABILITY")[0].split()
    setup(c)
    e.append("INBOX", message("needle"))
    every = {b"INBOX": b"ALL 1", b"one": b"ALL 2", b"one/two": b"ALL 2",
             b"one/two/three": b"ALL 2", b"onex": b"ALL 2",
             b"other": b"ALL 2"}
    assert names(c, "ESEARCH IN (personal) FLAGGED") == every
    assert names(c, "ESEARCH IN (subtree one) FLAGGED") == {
        k: every[k] for k in (b"one", b"one/two", b"one/two/three")}
    assert names(c, "ESEARCH IN (subtree-one one) FLAGGED") == {
        k: every[k] for k in (b"one", b"one/two")}
    assert names(c, 'ESEARCH IN (subtree "") FLAGGED') == every
    assert names(c, 'ESEARCH IN (subtree-one "") FLAGGED') == {
        k: v for k, v in every.items() if b"/" not in k}
    assert names(c, "ESEARCH IN (subscribed) FLAGGED") == {
        k: every[k] for k in (b"INBOX", b"onex")}
    assert names(c, "ESEARCH IN (inboxes) FLAGGED") == {b"INBOX": b"ALL 1"}
    assert names(c, 'ESEARCH IN (mailboxes (inbox other "no such") mailboxes '
                 'other subtree one/two) FLAGGED') == {
        k: every[k] for k in (b"INBOX", b"other", b"one/two",
                              b"one/two/three")}
    assert names(c, 'ESEARCH IN (personal) OR TEXT needle SUBJECT "onex"') \
        == {b"INBOX": b"ALL 1", b"onex": b"ALL 1:3", b"one": b"ALL 4"}
    assert names(c, "ESEARCH IN (personal) KEYWORD kw") == {
        b"INBOX": b"ALL 1", b"one": b"ALL 4"}
    assert names(c, "ESEARCH IN (personal) KEYWORD k1") == {b"one": b"ALL 4"}
    # UIDVALIDITY is the mailbox's.
    v = results(c, "ESEARCH IN (mailboxes one) ALL")[b"one"][0]
    r = c.ok("STATUS one (UIDVALIDITY)")[0]
    assert b"UIDVALIDITY %d" % v in r, (v, r)
    # Nothing is selected by it, and nothing is \Recent less.
    c.bad("SEARCH ALL")
    assert b"* 4 RECENT" in c.ok("SELECT one")


def test_multisearch_options():
    c = Client()
    setup(c)
    c.bad("ESEARCH ALL")
    c.bad("ESEARCH IN (selected) ALL")
    c.ok("SELECT one")
    assert names(c, "ESEARCH FLAGGED") == {b"one": b"ALL 2"}
    assert names(c, "ESEARCH 1:2") == {b"one": b"ALL 1:2"}
    assert names(c, "ESEARCH IN (selected) RETURN (COUNT MIN MAX) UNFLAGGED") \
        == {b"one": b"MIN 1 MAX 4 COUNT 3"}
    assert names(c, "ESEARCH IN (selected mailboxes onex) RETURN (COUNT) ALL") \
        == {b"one": b"COUNT 4", b"onex": b"COUNT 3"}
    assert names(c, "ESEARCH IN (subtree one) RETURN (PARTIAL 2:3) ALL") == {
        b"one": b"PARTIAL (2:3 2:3)", b"one/two": b"PARTIAL (2:3 2:3)",
        b"one/two/three": b"PARTIAL (2:3 2:3)"}
    assert names(c, "ESEARCH IN (personal) RETURN (COUNT) SUBJECT xyzzy") == {}
    # "$" is of the selected one.
    assert names(c, "ESEARCH RETURN (SAVE) FLAGGED") == {}
    assert [f[b"UID"] for f in c.fetch("FETCH $ (UID)").values()] == [b"2"]
    assert names(c, "ESEARCH IN (selected) RETURN (ALL) $") == {
        b"one": b"ALL 2"}
    for bad in ("ESEARCH IN (personal) 1:3", "ESEARCH IN (personal) $",
                "ESEARCH IN (personal) RETURN (SAVE) ALL",
                "ESEARCH IN (selected-delayed) ALL", "ESEARCH IN () ALL",
                "ESEARCH IN (nothing) ALL", "ESEARCH IN (subtree) ALL",
                "ESEARCH IN (mailboxes ()) ALL"):
        c.bad(bad)
    c.no("ESEARCH IN (personal) CHARSET x-none ALL", b"BADCHARSET")
    tag = c.send("ESEARCH IN (mailboxes onex) RETURN (UPDATE COUNT) ALL")
    reply, untagged = c.wait(tag)
    assert reply.startswith(b"OK"), reply
    assert untagged[0].startswith(b'* NO [NOUPDATE "%s"]' % tag), untagged
    assert untagged[1].endswith(b"COUNT 3"), untagged
    # With MODSEQ, CONDSTORE is on.
    r = names(c, "ESEARCH IN (mailboxes onex) RETURN (COUNT) MODSEQ 1")
    assert re.match(rb"COUNT 3 MODSEQ \d+$", r[b"onex"]), r
    # Names in both forms.
    c.ok("CREATE J&APw-rgen")
    c.append("J&APw-rgen", message("x"))
    assert names(c, "ESEARCH IN (mailboxes J&APw-rgen) ALL") == {
        b"J&APw-rgen": b"ALL 1"}
    c.ok("ENABLE IMAP4rev2")
    assert names(c, 'ESEARCH IN (mailboxes "J\u00fcrgen") ALL') == {
        "J\u00fcrgen".encode(): b"ALL 1"}


def test_multisearch_turns():
    """Hundreds of mailboxes; another session is served between them."""
    c, d = Client(), Client()
    m = message("x", "a line of text\r\n" * 400)
    for i in range(300):
        c.raw(b"c%d CREATE m%d\r\n" % (i, i))
        c.raw(b"a%d APPEND m%d {%d+}\r\n%s\r\n" % (i, i, len(m), m.encode()))
        c.wait(b"a%d" % i)
    start = time.monotonic()
    tag = c.send("ESEARCH IN (personal) RETURN (COUNT) TEXT line")
    n = 0
    longest = 0
    c.sock.setblocking(False)
    found = 0
    done = False
    while not done:
        at = time.monotonic()
        d.ok("NOOP")
        longest = max(longest, time.monotonic() - at)
        n += 1
        try:
            while True:
                r = c.response()
                if r.startswith(tag):
                    done = True
                    break
                found += r.startswith(b"* ESEARCH")
        except OSError:
            pass
        assert time.monotonic() - start < 60
    assert found == 300, found
    assert n > 3, n
    # The session that searches may pipeline, and may go amid it.
    c.sock.settimeout(20)
    c.raw(b"p1 ESEARCH IN (personal) RETURN (COUNT) TEXT line\r\n"
          b"p2 NOOP\r\np3 ESEARCH IN (personal) TEXT line\r\n")
    assert c.wait(b"p1")[0].startswith(b"OK")
    assert c.wait(b"p2")[0].startswith(b"OK")
    c.close()
    d.ok("NOOP")
    assert len(results(d, "ESEARCH IN (personal) TEXT line")) == 300


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
