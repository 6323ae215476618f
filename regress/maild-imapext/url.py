"""CATENATE, URLAUTH and URL-PARTIAL against a whole maild: url.py CASE."""
import re
import sys
import time

from imapc import Client, tokens

MAIL = (b"From: a@example.org\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
        b"--b\r\nContent-Type: text/html\r\nX-Two: 2\r\n\r\n<p>second</p>\r\n"
        b"--b--\r\n")


def text(data, sync=False):
    return b"TEXT {%d%s}\r\n%s" % (len(data), b"" if sync else b"+", data)


def body(c, uid, mailbox=None):
    if mailbox:
        c.ok("SELECT " + mailbox)
    f = c.fetch("UID FETCH %d (BODY.PEEK[] FLAGS RFC822.SIZE)" % uid)
    f = list(f.values())[0]
    assert int(f[b"RFC822.SIZE"]) == len(f[b"BODY[]"])
    return f[b"BODY[]"], f[b"FLAGS"]


def append(c, parts, mailbox=b"INBOX", what=b"APPEND", options=b""):
    reply, untagged = c.cmd(b"%s %s %sCATENATE (%s)" % (
        what, mailbox, options, b" ".join(parts)))
    return reply, untagged


def test_catenate():
    c = Client()
    caps = c.ok("CAPABILITY")[0].split()
    assert b"CATENATE" in caps and b"URL-PARTIAL" in caps, caps
    c.append("INBOX", MAIL.decode())
    v = int(re.search(rb"UIDVALIDITY (\d+)",
                      c.ok("STATUS INBOX (UIDVALIDITY)")[0]).group(1))
    head = b"Subject: new\r\n\r\n"
    # Text, part, text.
    reply, _ = append(c, [text(head), b'URL "/INBOX/;UID=1/;SECTION=2"',
                          text(b"\r\nend\r\n")], options=b"(\\Seen kw) ")
    assert reply.startswith(b"OK [APPENDUID %d 2]" % v), reply
    got, flags = body(c, 2, "INBOX")
    assert got == head + b"<p>second</p>\r\nend\r\n", got
    assert {b"\\Seen", b"kw"} <= set(flags), flags
    # Nothing but URLs; every kind of section.
    for section, want in (
            (b"", MAIL), (b"/;SECTION=HEADER", MAIL[:MAIL.index(b"--b")]),
            (b"/;SECTION=TEXT", MAIL[MAIL.index(b"--b"):]),
            (b"/;section=2.MIME",
             b"Content-Type: text/html\r\nX-Two: 2\r\n\r\n"),
            (b"/;SECTION=1", b"first"),
            (b"/;SECTION=TEXT/;PARTIAL=3.7",
             MAIL[MAIL.index(b"--b"):][3:10]),
            (b"/;PARTIAL=30", MAIL[30:]),
            (b"/;SECTION=1/;PARTIAL=2.999", b"rst")):
        for url in (b"/INBOX;UIDVALIDITY=%d/;UID=1%s" % (v, section),
                    b";UID=1" + section, b"/;UID=1" + section):
            reply, _ = append(c, [b"URL " + url])
            assert reply.startswith(b"OK"), (url, reply)
            uid = int(re.search(rb"APPENDUID \d+ (\d+)", reply).group(1))
            assert body(c, uid)[0] == want, (url, body(c, uid))
    # A text that waits, in the middle; and an empty one.
    tag = c.send(b"APPEND INBOX CATENATE (URL /INBOX/;UID=1/;SECTION=HEADER "
                 b"TEXT {3}")
    assert c.response().startswith(b"+")
    c.raw(b"abc TEXT {0+}\r\n URL ;UID=1/;SECTION=1 TEXT {2}\r\n")
    assert c.response().startswith(b"+")
    c.raw(b"de)\r\n")
    reply, _ = c.wait(tag)
    assert reply.startswith(b"OK"), reply
    uid = int(re.search(rb"APPENDUID \d+ (\d+)", reply).group(1))
    assert body(c, uid)[0] == MAIL[:MAIL.index(b"--b")] + b"abcfirstde"


def test_catenate_bad():
    c, e = Client(), Client("two@example.test")
    c.append("INBOX", MAIL.decode())
    e.append("INBOX", "Subject: hers\r\n\r\nx\r\n")
    e.append("INBOX", "Subject: hers\r\n\r\nx\r\n")
    for url in (b"/INBOX/;UID=2", b"/None/;UID=1", b"/INBOX/;UID=1/;SECTION=9",
                b"/INBOX;UIDVALIDITY=1/;UID=1", b";UID=1", b"nonsense",
                b"imap://two%40example.test@mail.example.test/INBOX/;UID=2",
                b"/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)"):
        quoted = b'URL "%s"' % url
        reply, _ = append(c, [quoted])
        assert reply.startswith(b"NO [BADURL %s]" % url), (url, reply)
        # Amid texts: what follows is passed over, and the session is fine.
        reply, _ = append(c, [text(b"Subject: x\r\n\r\n"), quoted,
                              text(b"more")])
        assert reply.startswith(b"NO [BADURL %s]" % url), (url, reply)
    tag = c.send(b"APPEND INBOX CATENATE (URL /None/;UID=1 TEXT {5}")
    reply, _ = c.wait(tag)
    assert reply.startswith(b"NO [BADURL"), reply
    c.ok("NOOP")
    for bad in (b"APPEND INBOX CATENATE ()", b"APPEND INBOX CATENATE (URL )",
                b"APPEND INBOX CATENATE (FOO x)", b"APPEND INBOX CATENATE x"):
        c.bad(bad)
    reply, _ = append(c, [b"URL /INBOX/;UID=1"], b"nowhere")
    assert reply.startswith(b"NO [TRYCREATE]"), reply
    reply, _ = append(c, [text(b"")])
    assert reply.startswith(b"NO"), reply
    assert b"MESSAGES 1" in c.ok("STATUS INBOX (MESSAGES)")[0]
    # Before a login it is BAD, and what follows is no command.
    d = Client(login=False)
    d.bad(b"APPEND INBOX CATENATE (URL /INBOX/;UID=1)")


def test_catenate_more():
    """With MULTIAPPEND and REPLACE, and of parts that are large."""
    c = Client()
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 120000
    c.cmd(b"APPEND INBOX {%d+}\r\n%s" % (len(big), big))
    c.append("INBOX", MAIL.decode())
    c.ok("SELECT INBOX")
    one = b"Subject: one\r\n\r\n1\r\n"
    reply, _ = c.cmd(
        b"APPEND INBOX {%d+}\r\n%s (\\Flagged) CATENATE (URL ;UID=2) {%d+}"
        b"\r\n%s CATENATE (%s URL ;UID=1/;SECTION=TEXT)" % (
            len(one), one, len(one), one, text(b"Subject: t\r\n\r\n")))
    assert re.match(rb"OK \[APPENDUID \d+ 3:6\]", reply), reply
    c.ok("NOOP")
    assert body(c, 3)[0] == one and body(c, 5)[0] == one
    got, flags = body(c, 4)
    assert got == MAIL and b"\\Flagged" in flags
    assert body(c, 6)[0] == b"Subject: t\r\n\r\n" + big[big.index(b"0123"):]
    # One that goes wrong takes all of them along.
    reply, _ = c.cmd(b"APPEND INBOX {%d+}\r\n%s CATENATE (URL ;UID=99)" % (
        len(one), one))
    assert reply.startswith(b"NO [BADURL"), reply
    reply, untagged = append(c, [b"URL ;UID=3/;SECTION=HEADER", text(b"new")],
                             what=b"UID REPLACE 3")
    assert reply.startswith(b"OK"), reply
    assert b"* 3 EXPUNGE" in untagged, untagged
    assert body(c, 7)[0] == b"Subject: one\r\n\r\nnew"
    reply, untagged = append(c, [b"URL ;UID=5"], what=b"UID REPLACE 5")
    assert reply.startswith(b"OK"), reply
    assert body(c, 8)[0] == one
    assert c.search("UID SEARCH ALL") == [1, 2, 4, 6, 7, 8]


def sign(c, *rumps):
    r = c.ok(b"GENURLAUTH" + b"".join(b' "%s" INTERNAL' % x for x in rumps))
    assert len(r) == 1 and r[0].startswith(b"* GENURLAUTH "), r
    out = re.findall(rb'"([^"]*)"', r[0])
    for x, y in zip(rumps, out):
        assert re.match(re.escape(x) + rb":INTERNAL:[0-9a-f]{64}$", y), y
    return out


def urlfetch(c, *urls):
    r = c.ok(b"URLFETCH" + b"".join(b' "%s"' % x for x in urls))
    out = []
    for x in r:
        assert x.startswith(b"* URLFETCH "), x
        t = tokens(b"(" + x[11:] + b")")
        out.append(t[1])
    return out


def rump(access, user=b"you%40example.test", path=b"INBOX/;UID=1",
         host=b"mail.example.test"):
    return b"imap://%s@%s/%s;URLAUTH=%s" % (user, host, path, access)


def test_genurlauth():
    c, e = Client(), Client("two@example.test")
    assert b"URLAUTH" in c.ok("CAPABILITY")[0].split()
    c.append("INBOX", MAIL.decode())
    a, b = sign(c, rump(b"anonymous"), rump(b"authuser"))
    assert a[-64:] != b[-64:]
    assert sign(c, rump(b"anonymous")) == [a]
    # Hers, nobody's, none, without access, with a signature, relative.
    for bad in (rump(b"anonymous", b"two%40example.test"),
                rump(b"anonymous", b"none"), b"/INBOX/;UID=1",
                rump(b"anonymous")[:-18], a, rump(b"x"), b"x"):
        reply, _ = c.cmd(b'GENURLAUTH "%s" INTERNAL' % bad)
        assert reply.startswith(b"BAD"), (bad, reply)
    c.no(b'GENURLAUTH "%s" INTERNAL' % rump(
        b"anonymous", path=b"None/;UID=1"))
    c.no(b'GENURLAUTH "%s" XSAMPLE' % rump(b"anonymous"))
    assert urlfetch(e, a, b) == [MAIL, MAIL]
    # New keys: of a mailbox, of all.
    reply, _ = c.cmd("RESETKEY INBOX INTERNAL")
    assert reply.startswith(b"OK [URLMECH INTERNAL]"), reply
    assert urlfetch(e, a, b) == [None, None]
    d, = sign(c, rump(b"anonymous"))
    assert d != a
    assert urlfetch(e, d, a) == [MAIL, None]
    reply, _ = c.cmd("RESETKEY")
    assert reply.startswith(b"OK"), reply
    assert urlfetch(e, d) == [None]
    c.no("RESETKEY nowhere", b"NONEXISTENT")
    c.no("RESETKEY INBOX XSAMPLE")
    # Her RESETKEY is of her own.
    d, = sign(c, rump(b"anonymous"))
    e.ok("RESETKEY")
    assert urlfetch(e, d) == [MAIL]


def test_urlfetch():
    c, e = Client(), Client("two@example.test")
    s = Client("small@example.test")
    c.append("INBOX", MAIL.decode())
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 200000
    c.cmd(b"APPEND INBOX {%d+}\r\n%s" % (len(big), big))
    mine, = sign(c, rump(b"user+two%40example.test"))
    assert urlfetch(e, mine) == [MAIL]
    assert urlfetch(s, mine) == [None] == urlfetch(c, mine)
    # Nobody submits for others here.
    sub, = sign(c, rump(b"submit+two%40example.test"))
    assert urlfetch(e, sub) == [None]
    part, whole = sign(c, rump(b"anonymous",
                               path=b"INBOX/;UID=1/;SECTION=2"),
                       rump(b"anonymous", path=b"INBOX/;UID=2"))
    assert urlfetch(e, part, mine, whole) == [b"<p>second</p>", MAIL, big]
    # Changed by a letter: the message, the section, the token, the name.
    for bad in (part.replace(b"UID=1", b"UID=2"),
                part.replace(b"SECTION=2", b"SECTION=1"),
                part[:-1] + (b"0" if part[-1:] != b"0" else b"1"),
                part[:-1], part + b"0", part.replace(b"INTERNAL", b"OTHER"),
                mine.replace(b"two%40", b"small%40"),
                part.replace(b"you%40", b"two%40"),
                part[:part.index(b":INTERNAL")], b"/INBOX/;UID=1", b"junk"):
        assert urlfetch(e, bad) == [None], bad
        assert urlfetch(s, bad) == [None], bad
    assert urlfetch(e, part.replace(b":INTERNAL:", b":internal:")) == [
        b"<p>second</p>"]
    # Until when.
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    now, over, partial, gone = sign(
        c, rump(b"authuser", path=b"INBOX/;UID=1;EXPIRE=" + when.encode()),
        rump(b"authuser", path=b"INBOX/;UID=1;EXPIRE=" + past.encode()),
        rump(b"authuser", path=b"INBOX/;UID=1/;SECTION=1/;PARTIAL=1.2"),
        rump(b"authuser", path=b"INBOX/;UID=77"))
    assert urlfetch(e, now, over, partial, gone) == [MAIL, None, b"ir", None]
    # It is read, not seen; and gone when it is gone.
    c.ok("SELECT INBOX")
    assert b"\\Seen" not in c.fetch("FETCH 1 (FLAGS)")[1][b"FLAGS"]
    c.ok("STORE 1 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    assert urlfetch(e, now, whole) == [None, big]
    c.ok("CREATE other")
    c.ok("COPY 1 other")
    other, = sign(c, rump(b"anonymous", path=b"other/;UID=1"))
    assert urlfetch(e, other) == [big]
    c.ok("RENAME other third")
    assert urlfetch(e, other) == [None]
    # The key is no annotation.
    assert not [u for u in c.ok("GETMETADATA (DEPTH infinity) INBOX "
                                "(/private /shared)") if b"uauth" in u]
    e.bad(b'URLFETCH ("%s" BINARY)' % whole)
    e.bad("URLFETCH")


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
