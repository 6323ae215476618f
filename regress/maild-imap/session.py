"""IMAP sessions against a whole maild: session.py CASE."""
import sys

import imapc
from imapc import Client, exists, fetches, message

MULTI = message("many parts", extra="MIME-Version: 1.0\r\n"
                "Content-Type: multipart/mixed; boundary=outer\r\n", body="""\
preamble
--outer
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

gr=C3=BC=C3=9Fe from part one
--outer
Content-Type: message/rfc822

From: inner@example.org
Subject: the inner one
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain

inner text
--inner
Content-Type: text/html

<p>inner html</p>
--inner--

--outer
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAECAwQF/w==
--outer--
""".replace("\n", "\r\n"))


def test_login():
    c = Client(login=False, tls=False)
    assert b"LOGINDISABLED" in c.greeting and b"STARTTLS" in c.greeting
    c.no('LOGIN you@example.test secret', b"PRIVACYREQUIRED")
    c.bad("SELECT INBOX")
    c = Client(login=False)
    c.no('LOGIN you@example.test wrong', b"AUTHENTICATIONFAILED")
    c.no('LOGIN nobody@example.test secret', b"AUTHENTICATIONFAILED")
    reply, _ = c.cmd("LOGIN {16+}\r\nyou@example.test {6+}\r\nsecret")
    assert b"CAPABILITY IMAP4rev1" in reply, reply
    c.bad("LOGIN you@example.test secret")
    c.ok("NOOP")
    c.ok("LOGOUT")
    # AUTHENTICATE with and without an initial response, cancelled.
    for initial in (True, False):
        c = Client(login=False)
        text = b"AHlvdUBleGFtcGxlLnRlc3QAc2VjcmV0"
        tag = c.send(b"AUTHENTICATE PLAIN" + (b" " + text if initial
                                              else b""))
        if not initial:
            assert c.response().startswith(b"+")
            c.raw(text + b"\r\n")
        reply, _ = c.wait(tag)
        assert reply.startswith(b"OK"), reply
    c = Client(login=False)
    tag = c.send("AUTHENTICATE PLAIN")
    c.response()
    c.raw(b"*\r\n")
    assert c.wait(tag)[0].startswith(b"BAD")
    c.ok("NOOP")


def test_mailboxes():
    c = Client()
    names = [r.split(b'"/" ')[1] for r in c.ok('LIST "" *')]
    assert sorted(names) == [b"Archive", b"Drafts", b"INBOX", b"Junk",
                             b"Sent", b"Trash"], names
    c.ok("CREATE a/b/c")
    assert any(b"a/b" in r for r in c.ok('LIST "" a/%'))
    c.no("CREATE a/b", b"ALREADYEXISTS")
    c.no("CREATE inbox", b"ALREADYEXISTS")
    c.ok("RENAME a/b z")
    assert [r.split(b'"/" ')[1] for r in c.ok('LIST "" z*')] == [b"z",
                                                                 b"z/c"]
    c.ok("SUBSCRIBE z/c")
    assert any(r.endswith(b" z/c") for r in c.ok('LSUB "" *'))
    c.ok("UNSUBSCRIBE z/c")
    c.ok("DELETE z/c")
    c.ok("DELETE z")
    c.no("DELETE z", b"NONEXISTENT")
    c.no("DELETE INBOX", b"CANNOT")
    c.no("SELECT z", b"NONEXISTENT")
    c.no("STATUS z (MESSAGES)", b"NONEXISTENT")
    # Names that are not ASCII.
    c.ok("CREATE gr&APwA3w-e")
    assert any(b"gr&APwA3w-e" in r for r in c.ok('LIST "" gr*'))
    c.ok("ENABLE UTF8=ACCEPT")
    assert any("grüße".encode() in r for r in c.ok('LIST "" gr*'))
    c.ok("DELETE {7+}\r\n".encode() + "grüße".encode())
    # The selected one is deleted.
    c.ok("CREATE gone")
    c.ok("SELECT gone")
    c.ok("DELETE gone")
    c.bad("FETCH 1 FLAGS")
    c.ok("NOOP")


def test_append():
    c = Client()
    c.append("INBOX", message("one"),
             '(\\Seen $Junk) "05-Feb-2020 10:00:00 +0200"')
    c.ok("SELECT INBOX")
    f = c.fetch("FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)")[1]
    assert set(f[b"FLAGS"]) == {b"\\Seen", b"$Junk", b"\\Recent"}, f
    assert f[b"INTERNALDATE"] == b"05-Feb-2020 10:00:00 +0200", f
    assert int(f[b"RFC822.SIZE"]) == len(message("one"))
    # One that the client waits with, seen at once in the selected mailbox.
    m = message("two").encode()
    tag = c.send("APPEND INBOX {%d}" % len(m))
    assert c.response().startswith(b"+")
    c.raw(m + b"\r\n")
    reply, untagged = c.wait(tag)
    assert reply.startswith(b"OK [APPENDUID") and exists(untagged) == 2, (
        reply, untagged)
    # Several in one command, all or none.
    m = [message("m%d" % i).encode() for i in range(20)]
    reply, untagged = c.cmd(b"APPEND INBOX" + b"".join(
        b" (\\Flagged) {%d+}\r\n%s" % (len(x), x) for x in m))
    assert reply.startswith(b"OK [APPENDUID") and b"3:22]" in reply, reply
    assert exists(untagged) == 22, untagged
    reply, _ = c.cmd(b"APPEND INBOX {%d+}\r\n%s {0+}\r\n" % (len(m[0]), m[0]))
    assert reply.startswith(b"NO"), reply
    assert exists(c.ok("NOOP")) is None
    # What cannot be.
    reply, _ = c.cmd(b"APPEND nowhere {%d+}\r\n%s" % (len(m[0]), m[0]))
    assert reply.startswith(b"NO [TRYCREATE]"), reply
    reply, _ = c.cmd("APPEND INBOX {99999999}")
    assert reply.startswith(b"NO [TOOBIG]"), reply
    reply, _ = c.cmd(b"APPEND INBOX {%d+}\r\n%s garbage" % (len(m[0]), m[0]))
    assert reply.startswith(b"BAD"), reply
    # Bytes that are no text become base64; BINARY shows them as they were.
    binary = message("bin", body="\0\1\2", extra="Content-Transfer-Encoding:"
                     " binary\r\nContent-Type: image/x\r\n").encode()
    reply, _ = c.cmd(b"APPEND INBOX ~{%d+}\r\n%s" % (len(binary), binary))
    assert reply.startswith(b"OK"), reply
    c.ok("NOOP")
    f = c.fetch("FETCH * (BODY[] BODY[1] BINARY[1] RFC822.SIZE)")
    f = list(f.values())[0]
    assert b"\0" not in f[b"BODY[]"] and f[b"BINARY[1]"] == b"\0\1\2", f
    assert f[b"BODY[1]"].strip() == b"AAEC", f
    assert int(f[b"RFC822.SIZE"]) == len(f[b"BODY[]"]), f
    bad = b"Subject: \0\r\n\r\nx\r\n"
    reply, _ = c.cmd(b"APPEND INBOX ~{%d+}\r\n%s" % (len(bad), bad))
    assert reply.startswith(b"NO [UNKNOWN-CTE]"), reply


def test_replace():
    c = Client()
    d = Client()
    for i in range(3):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    m = message("new").encode()
    reply, untagged = c.cmd(b"REPLACE 2 INBOX (\\Seen) {%d+}\r\n%s" % (
        len(m), m))
    assert reply.startswith(b"OK"), (reply, untagged)
    assert untagged[0].startswith(b"* OK [APPENDUID "), untagged
    assert b"* 2 EXPUNGE" in untagged and exists(untagged) == 3, untagged
    assert b"* 2 EXPUNGE" in d.ok("NOOP")
    f = c.fetch("FETCH 1:* (UID FLAGS)")
    assert [int(f[n][b"UID"]) for n in sorted(f)] == [1, 3, 4], f
    reply, untagged = c.cmd(b"UID REPLACE 3 Drafts {%d+}\r\n%s" % (
        len(m), m))
    assert reply.startswith(b"OK") and b"* 2 EXPUNGE" in untagged, untagged
    reply, _ = c.cmd(b"REPLACE 9 INBOX {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"NO"), reply
    reply, _ = c.cmd(b"REPLACE 1 nowhere {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"NO [TRYCREATE]"), reply
    assert exists(c.ok("SELECT INBOX")) == 2
    assert exists(c.ok("SELECT Drafts")) == 1


def test_fetch():
    c = Client()
    uid = c.append("INBOX", MULTI, "(\\Flagged)")
    c.ok("EXAMINE INBOX")
    raw = MULTI.encode()
    head, text = raw.split(b"\r\n\r\n", 1)
    head += b"\r\n\r\n"

    def get(item):
        f = c.fetch("FETCH 1 (%s)" % item)[1]
        assert len(f) == 1, f
        return list(f.values())[0]

    assert get("BODY[]") == get("RFC822") == raw
    assert get("BODY[HEADER]") == get("RFC822.HEADER") == head
    assert get("BODY[TEXT]") == get("RFC822.TEXT") == text
    assert get("BODY[]<10.20>") == raw[10:30]
    assert get("BODY[TEXT]<3.100000>") == text[3:]
    assert get("BODY[TEXT]<100000.5>") == b""
    assert get("BODY[1]") == b"gr=C3=BC=C3=9Fe from part one"
    assert get("BODY[1]<2.5>") == b"=C3=B"
    assert get("BODY[1.MIME]") == (
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
    inner = text.split(b"message/rfc822\r\n\r\n")[1].split(b"\r\n--outer")[0]
    assert get("BODY[2]") == inner
    ihead, itext = inner.split(b"\r\n\r\n", 1)
    assert get("BODY[2.HEADER]") == ihead + b"\r\n\r\n"
    assert get("BODY[2.TEXT]") == itext
    assert get("BODY[2.1]") == b"inner text"
    assert get("BODY[2.2]") == b"<p>inner html</p>"
    assert get("BODY[2.2.MIME]") == b"Content-Type: text/html\r\n\r\n"
    assert get("BODY[2.HEADER.FIELDS (SUBJECT)]") == (
        b"Subject: the inner one\r\n\r\n")
    assert get("BODY[HEADER.FIELDS (subject NOPE)]") == (
        b"Subject: many parts\r\n\r\n")
    not_ = get("BODY[HEADER.FIELDS.NOT (Subject From To Date Message-Id)]")
    assert not_ == (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                    b"boundary=outer\r\n\r\n"), not_
    assert get("BODY[HEADER.FIELDS (NOPE)]") == b"\r\n"
    assert get("BODY[9]") is None
    assert not get("BODY[1.TEXT]")
    assert get("BINARY[1]") == "grüße from part one".encode()
    assert get("BINARY[1]<3.4>") == "grüße".encode()[3:7]
    assert get("BINARY[3]") == b"\0\1\2\3\4\5\xff"
    assert get("BINARY.SIZE[3]") == b"7"
    assert get("PREVIEW") is not None
    assert get("UID") == b"%d" % uid
    assert len(get("EMAILID")) == 1
    envelope = get("ENVELOPE")
    assert envelope[1] == b"many parts" and envelope[2][0][2] == b"some"
    structure = get("BODYSTRUCTURE")
    assert structure[0][:2] == [b"text", b"plain"] or (
        structure[0][0].lower() == b"text"), structure
    # Several at once, in their order, and macros.
    f = c.ok("FETCH 1 (BODY[TEXT] BODY[HEADER] BODY[1])")
    assert len(f) == 1 and f[0].index(b"BODY[TEXT]") < f[0].index(
        b"BODY[HEADER]") < f[0].index(b"BODY[1]"), f
    assert set(c.fetch("FETCH 1 FULL")[1]) == {
        b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"}
    # EXAMINE: nothing was seen.
    assert b"\\Seen" not in c.fetch("FETCH 1 FLAGS")[1][b"FLAGS"]
    # Numbers that are not there.
    c.bad("FETCH 2 FLAGS")
    c.bad("FETCH 1:5 FLAGS")
    assert c.ok("UID FETCH 999 FLAGS") == []
    assert len(c.ok("UID FETCH 999:* FLAGS")) == 1
    c.ok("SELECT Trash")
    c.bad("FETCH 1:* FLAGS")
    assert c.ok("UID FETCH 1:* FLAGS") == []


def test_seen():
    c = Client()
    d = Client()
    for i in range(5):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    c.ok("FETCH 1:5 BODY.PEEK[]")
    c.ok("FETCH 1:5 RFC822.HEADER")
    assert c.search("SEARCH SEEN") == []
    f = c.fetch("FETCH 2:3 BODY[TEXT]")
    assert all(b"\\Seen" in f[i][b"FLAGS"] for i in (2, 3)), f
    assert sorted(f) == [2, 3]
    # Once seen there is nothing more to say of it.
    assert b"FLAGS" not in c.fetch("FETCH 2 BODY[TEXT]")[2]
    assert c.ok("NOOP") == []
    f = fetches(d.ok("NOOP"))
    assert sorted(f) == [2, 3] and b"\\Seen" in f[2][b"FLAGS"], f


def test_large():
    """Messages larger than any page, whole, in parts, and for slow readers."""
    line = b"%07d 0123456789 abcdefghijklmnopqrstuvwxyz\r\n"
    body = b"".join(line % i for i in range(300000))
    raw = message("large", extra="Content-Type: multipart/mixed; boundary=b"
                  "\r\n").encode()
    raw = raw.replace(b"text\r\n", b"--b\r\nContent-Type: text/plain\r\n\r\n"
                      + body + b"\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
                      b"tail\r\n--b--\r\n")
    c = Client()
    for i in range(3):
        c.append("INBOX", message("small %d" % i))
        c.append("INBOX", raw)
    c.ok("SELECT INBOX")
    for item, want in ((b"BODY[]", raw), (b"BODY[1]", body),
                       (b"BODY[2]", b"tail"),
                       (b"BODY[1]<5000000.100>", body[5000000:5000100]),
                       (b"BODY[]<7000000.2000000>", raw[7000000:9000000])):
        f = c.fetch(b"FETCH 2 (%s UID)" % item.replace(b"BODY", b"BODY.PEEK"))
        got = [v for k, v in f[2].items() if k.startswith(b"BODY")][0]
        assert got == want, (item, len(got), len(want))
        assert f[2][b"UID"] == b"2"
    f = c.fetch("FETCH 1:* (UID BODY.PEEK[] BODY.PEEK[TEXT] FLAGS)")
    assert [len(f[i][b"BODY[]"]) for i in (2, 4, 6)] == [len(raw)] * 3
    assert f[6][b"BODY[TEXT]"] == raw.split(b"\r\n\r\n", 1)[1]
    assert b"Subject: small 2" in f[5][b"BODY[]"]
    assert c.search("SEARCH BODY 0299999") == [2, 4, 6]
    assert c.search("SEARCH NOT BODY tail") == [1, 3, 5]
    # It reads nothing for a while; the others go on, and nothing is lost.
    import time
    tag = c.send("FETCH 1:* BODY.PEEK[]")
    d = Client()
    d.ok("SELECT INBOX")
    begin = time.time()
    for i in range(20):
        d.ok("FETCH 1 (FLAGS BODY.PEEK[TEXT])")
    assert time.time() - begin < 5
    reply, untagged = c.wait(tag)
    f = fetches(untagged)
    assert reply.startswith(b"OK") and f[4][b"BODY[]"] == raw
    # One who goes away amid it.
    c.send("FETCH 1:* BODY.PEEK[]")
    c.response()
    c.close()
    d.ok("FETCH 2 BODY.PEEK[]<0.10>")


def test_store():
    c = Client()
    for i in range(6):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")

    def flags(n):
        return set(c.fetch("FETCH %d FLAGS" % n)[n][b"FLAGS"]) - {b"\\Recent"}

    f = fetches(c.ok("STORE 1:3 +FLAGS (\\Seen \\Flagged one)"))
    assert sorted(f) == [1, 2, 3] and b"one" in f[2][b"FLAGS"], f
    assert flags(2) == {b"\\Seen", b"\\Flagged", b"one"}
    c.ok("STORE 2 -FLAGS (\\Seen ONE)")
    assert flags(2) == {b"\\Flagged"}
    assert fetches(c.ok("STORE 2 FLAGS.SILENT (\\Draft two)")) == {}
    assert flags(2) == {b"\\Draft", b"two"}
    c.ok("STORE 2 FLAGS ()")
    assert flags(2) == set()
    assert fetches(c.ok("STORE 4 +FLAGS.SILENT \\Answered")) == {}
    assert flags(4) == {b"\\Answered"}
    f = fetches(c.ok("UID STORE 5 +FLAGS (\\Seen)"))
    assert f[5][b"UID"] == b"5", f
    c.bad("STORE 7 +FLAGS (\\Seen)")
    c.bad("STORE 1 +FLAGS (\\Nonsense)")
    c.ok("UID STORE 77 +FLAGS (\\Seen)")
    c.ok("EXAMINE INBOX")
    c.no("STORE 1 +FLAGS (\\Deleted)")
    c.no("EXPUNGE")
    # The same keyword in many spellings is one.
    c.ok("SELECT INBOX")
    c.ok("STORE 6 +FLAGS ($Label1)")
    c.ok("STORE 6 +FLAGS ($LABEL1)")
    assert len(flags(6)) == 1


def test_silent():
    """.SILENT must not hide what others did to the same messages."""
    c = Client()
    d = Client()
    for i in range(3):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    d.ok("STORE 1 +FLAGS (\\Flagged)")
    f = fetches(c.ok("STORE 1 +FLAGS.SILENT (\\Seen)"))
    if not f:
        f = fetches(c.ok("NOOP"))
    assert b"\\Flagged" in f[1][b"FLAGS"], f
    assert fetches(c.ok("STORE 2 +FLAGS.SILENT (\\Seen)")) == {}
    assert c.ok("NOOP") == []
    f = fetches(d.ok("NOOP"))
    assert b"\\Seen" in f[1][b"FLAGS"] and b"\\Seen" in f[2][b"FLAGS"], f


def test_expunge():
    c = Client()
    for i in range(10):
        c.append("INBOX", message("s%d" % i))
    c.ok("SELECT INBOX")
    c.ok("STORE 2,4,6:8 +FLAGS.SILENT (\\Deleted)")
    # Highest first, or each counts for itself: what counts is the outcome.
    uids = list(range(1, 11))
    for r in c.ok("UID EXPUNGE 1:6"):
        assert r.endswith(b" EXPUNGE"), r
        del uids[int(r.split()[1]) - 1]
    assert uids == [1, 3, 5, 7, 8, 9, 10], uids
    for r in c.ok("EXPUNGE"):
        del uids[int(r.split()[1]) - 1]
    assert uids == [1, 3, 5, 9, 10], uids
    f = c.fetch("FETCH 1:* UID")
    assert [int(f[i][b"UID"]) for i in sorted(f)] == uids
    assert c.ok("EXPUNGE") == []
    c.ok("STORE 1 +FLAGS (\\Deleted)")
    c.ok("CLOSE")
    c.bad("NOOP x")
    assert exists(c.ok("SELECT INBOX")) == 4
    c.ok("STORE 1 +FLAGS (\\Deleted)")
    c.ok("UNSELECT")
    assert exists(c.ok("SELECT INBOX")) == 4


def test_copy():
    c = Client()
    for i in range(4):
        c.append("INBOX", message("s%d" % i), "(\\Flagged kw%d)" % i)
    c.ok("SELECT INBOX")
    reply, _ = c.cmd("COPY 2:3 Archive")
    assert reply.startswith(b"OK [COPYUID ") and b" 2:3 1:2]" in reply, reply
    c.no("COPY 1 nowhere", b"TRYCREATE")
    reply, untagged = c.cmd("UID MOVE 1,4 Archive")
    assert reply.startswith(b"OK"), reply
    assert b"COPYUID" in untagged[0] and b" 1,4 3:4]" in untagged[0], untagged
    gone = [int(r.split()[1]) for r in untagged if r.endswith(b"EXPUNGE")]
    assert sorted(gone) in ([1, 3], [1, 4]), untagged
    reply, _ = c.cmd("UID COPY 99 Archive")
    assert reply.startswith(b"OK"), reply
    # Into the selected mailbox itself.
    reply, untagged = c.cmd("COPY 1 INBOX")
    assert exists(untagged or c.ok("NOOP")) == 3, untagged
    c.ok("SELECT Archive")
    f = c.fetch("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    got = [f[i][b"BODY[HEADER.FIELDS (SUBJECT)]"].strip()[-2:]
           for i in sorted(f)]
    assert got == [b"s1", b"s2", b"s0", b"s3"], got
    assert b"kw3" in f[4][b"FLAGS"] and b"\\Flagged" in f[1][b"FLAGS"], f


def test_two():
    """Two sessions on one mailbox hear of each other."""
    c = Client()
    d = Client()
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    for i in range(5):
        c.append("INBOX", message("s%d" % i))
    assert exists(d.ok("NOOP")) == 5
    assert d.ok("NOOP") == []
    c.ok("STORE 2 +FLAGS (\\Answered new)")
    untagged = d.ok("NOOP")
    assert b"new" in fetches(untagged)[2][b"FLAGS"]
    assert any(r.startswith(b"* FLAGS ") for r in untagged), untagged
    # No EXPUNGE amid FETCH, STORE, SEARCH; the numbers stay.
    c.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    reply, untagged = d.cmd("FETCH 1:5 UID")
    assert not any(r.endswith(b"EXPUNGE") for r in untagged)
    f = fetches(untagged)
    assert {n: int(f[n][b"UID"]) for n in f} == {2: 2, 4: 4, 5: 5}, f
    assert reply.startswith(b"OK [EXPUNGEISSUED]"), reply
    c.append("INBOX", message("later"))
    reply, untagged = d.cmd("STORE 5 +FLAGS (\\Seen)")
    assert not any(r.endswith(b"EXPUNGE") for r in untagged), untagged
    assert fetches(untagged)[5][b"FLAGS"], untagged
    assert d.search("SEARCH ANSWERED") == [2]
    untagged = d.ok("NOOP")
    gone = [int(r.split()[1]) for r in untagged if r.endswith(b"EXPUNGE")]
    assert gone == [3, 1], untagged
    assert exists(untagged) == 4, untagged
    f = d.fetch("FETCH 1:* UID")
    assert [int(f[n][b"UID"]) for n in sorted(f)] == [2, 4, 5, 6]
    # UID commands may tell at once.
    c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    untagged = d.ok("UID FETCH 4 FLAGS")
    assert b"* 1 EXPUNGE" in untagged, untagged


def test_idle():
    c = Client()
    d = Client()
    d.ok("SELECT INBOX")
    tag = d.idle()
    c.append("INBOX", message("one"))
    assert exists([d.response()]) == 1
    assert d.response().endswith(b"RECENT")
    c.ok("SELECT INBOX")
    c.ok("STORE 1 +FLAGS (\\Flagged)")
    assert b"\\Flagged" in fetches([d.response()])[1][b"FLAGS"]
    c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    d.response()
    c.ok("EXPUNGE")
    assert d.response() == b"* 1 EXPUNGE"
    # DONE and what is pipelined behind it, amid news.
    for i in range(20):
        t = c.send("NOOP")
        c.append("INBOX", message("n%d" % i))
        d.raw(b"DONE\r\nx%d NOOP\r\n" % i)
        reply, untagged = d.wait(tag)
        assert reply.startswith(b"OK"), reply
        reply, untagged = d.wait(b"x%d" % i)
        assert reply.startswith(b"OK"), reply
        tag = d.idle()
    d.raw(b"DONE\r\n")
    d.wait(tag)
    d.ok("NOOP")
    assert len(d.fetch("FETCH 1:* UID")) == 20
    # Without a mailbox, and with something else than DONE.
    e = Client()
    e.done(e.idle())
    tag = e.idle()
    e.raw(b"NOOP\r\n")
    assert e.wait(tag)[0].startswith(b"BAD")
    e.ok("NOOP")


def test_condstore():
    c = Client()
    d = Client()
    for i in range(6):
        c.append("INBOX", message("s%d" % i))
    untagged = c.ok("SELECT INBOX (CONDSTORE)")
    assert any(b"[HIGHESTMODSEQ " in r for r in untagged), untagged
    f = c.fetch("FETCH 1:* (MODSEQ)")
    before = {n: int(f[n][b"MODSEQ"][0]) for n in f}
    high = max(before.values())
    d.ok("SELECT INBOX")
    d.ok("STORE 2,4 +FLAGS (\\Seen)")
    f = fetches(c.ok("NOOP"))
    assert sorted(f) == [2, 4] and int(f[2][b"MODSEQ"][0]) > high, f
    new = int(f[2][b"MODSEQ"][0])
    # The store fails where somebody else was there before.
    reply, untagged = c.cmd(
        "STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS.SILENT (\\Flagged)" % high)
    assert reply.startswith(b"OK [MODIFIED 2]"), reply
    f = fetches(untagged)
    assert sorted(f) == [1, 3] and b"MODSEQ" in f[1], f
    reply, _ = c.cmd(
        "UID STORE 4 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)")
    assert reply.startswith(b"OK [MODIFIED 4]"), reply
    f = c.fetch("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % high)
    assert sorted(f) == [1, 2, 3, 4] and b"MODSEQ" in f[2], f
    f = c.fetch("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % new)
    assert sorted(f) == [1, 3], f
    r = c.ok("SEARCH MODSEQ %d" % new)
    assert r[0].startswith(b"* SEARCH 1 2 3 4 (MODSEQ "), r
    r = c.ok("STATUS INBOX (HIGHESTMODSEQ)")
    assert int(r[0].split()[-1].strip(b")")) > new, r


def test_qresync():
    c = Client()
    d = Client()
    for i in range(10):
        c.append("INBOX", message("s%d" % i))
    c.bad("SELECT INBOX (QRESYNC (1 2))")
    assert c.ok("ENABLE QRESYNC") == [b"* ENABLED CONDSTORE QRESYNC"]
    untagged = c.ok("SELECT INBOX")
    high = int([r for r in untagged if b"HIGHESTMODSEQ" in r][0]
               .split(b"HIGHESTMODSEQ ")[1].split(b"]")[0])
    valid = int([r for r in untagged if b"UIDVALIDITY" in r][0]
                .split(b"UIDVALIDITY ")[1].split(b"]")[0])
    d.ok("SELECT INBOX")
    d.ok("STORE 3,5,10 +FLAGS.SILENT (\\Deleted)")
    d.ok("EXPUNGE")
    d.ok("STORE 1 +FLAGS (\\Flagged)")
    d.append("INBOX", message("new"))
    # Live: VANISHED in the place of EXPUNGE.
    untagged = c.ok("NOOP")
    assert b"* VANISHED 3,5,10" in untagged, untagged
    assert exists(untagged) == 8
    f = fetches(untagged)
    assert b"UID" in f[1] and b"MODSEQ" in f[1], f
    reply, _ = c.cmd("UID STORE 2 +FLAGS.SILENT (\\Deleted)")
    reply, untagged = c.cmd("EXPUNGE")
    assert reply.startswith(b"OK [HIGHESTMODSEQ "), reply
    assert untagged == [b"* VANISHED 2"], untagged
    # After a while away.
    e = Client()
    e.ok("ENABLE QRESYNC")
    untagged = e.ok("SELECT INBOX (QRESYNC (%d %d))" % (valid, high))
    assert b"* VANISHED (EARLIER) 2:3,5,10" in untagged, untagged
    f = fetches(untagged)
    assert sorted(int(f[n][b"UID"]) for n in f) == [1, 11], f
    untagged = e.ok("SELECT INBOX (QRESYNC (%d %d 1:4))" % (valid, high))
    assert b"* OK [CLOSED] Previous mailbox closed." in untagged, untagged
    assert b"* VANISHED (EARLIER) 2:3" in untagged, untagged
    f = fetches(untagged)
    assert [int(f[n][b"UID"]) for n in f] == [1], f
    # Another mailbox by now: everything anew.
    untagged = e.ok("SELECT INBOX (QRESYNC (%d %d))" % (valid + 7, high))
    assert not any(b"VANISHED" in r or b"FETCH" in r for r in untagged)
    untagged = e.ok("UID FETCH 1:6 (FLAGS) (CHANGEDSINCE %d VANISHED)" % high)
    assert b"* VANISHED (EARLIER) 2:3,5" in untagged, untagged
    assert sorted(fetches(untagged)) == [1], untagged


def test_rev2():
    c = Client()
    for i in range(3):
        c.append("INBOX", message("s%d" % i))
    assert c.ok("ENABLE IMAP4rev2") == [b"* ENABLED IMAP4rev2"]
    untagged = c.ok("SELECT INBOX")
    assert not any(b"RECENT" in r or b"UNSEEN" in r for r in untagged)
    assert b'* LIST () "/" INBOX' in untagged, untagged
    tag = b"t%d" % (c.n + 1)
    untagged = c.ok("SEARCH ALL")
    assert untagged == [b'* ESEARCH (TAG "%s") ALL 1:3' % tag], untagged
    untagged = c.ok("UID SEARCH RETURN (MIN COUNT) ALL")
    assert untagged[0].endswith(b"UID MIN 1 COUNT 3"), untagged
    f = c.fetch("FETCH 1 FLAGS")
    assert b"\\Recent" not in f[1][b"FLAGS"] or True


def test_uidonly():
    c = Client()
    d = Client()
    for i in range(3):
        c.append("INBOX", message("s%d" % i))
    c.ok("ENABLE UIDONLY")
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    c.bad("FETCH 1 FLAGS")
    r = c.ok("UID FETCH 2 FLAGS")
    assert r[0].startswith(b"* 2 UIDFETCH (") and b"UID 2" not in r[0], r
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    assert c.ok("NOOP")[0].startswith(b"* 1 UIDFETCH ("), r
    d.ok("EXPUNGE")
    assert c.ok("NOOP") == [b"* VANISHED 1"]


def test_compress():
    c = Client()
    c.append("INBOX", message("before"))
    c.compress()
    c.no("COMPRESS DEFLATE", b"COMPRESSIONACTIVE")
    for i in range(10):
        c.append("INBOX", message("after %d" % i, body="x" * 50000))
    c.ok("SELECT INBOX")
    f = c.fetch("FETCH 1:* (UID BODY.PEEK[])")
    assert len(f) == 11 and len(f[11][b"BODY[]"]) > 50000
    tag = c.idle()
    d = Client()
    d.append("INBOX", message("more"))
    assert exists([c.response()]) == 12
    c.done(tag)


def test_objects():
    """Ids stay over COPY, MOVE and RENAME."""
    c = Client()
    reply, _ = c.cmd("CREATE box")
    box = reply.split(b"MAILBOXID (")[1].split(b")")[0]
    c.ok("RENAME box other")
    r = c.ok("STATUS other (MAILBOXID)")
    assert box in r[0], r
    c.append("INBOX", message("one"))
    c.ok("SELECT INBOX")
    f = c.fetch("FETCH 1 (EMAILID THREADID SAVEDATE)")[1]
    c.ok("COPY 1 other")
    c.ok("MOVE 1 other")
    assert box in b"".join(c.ok("SELECT other"))
    g = c.fetch("FETCH 1:2 (EMAILID THREADID)")
    assert g[1] == g[2] == {k: f[k] for k in (b"EMAILID", b"THREADID")}
    assert c.search("SEARCH EMAILID " + f[b"EMAILID"][0].decode()) == [1, 2]
    assert c.search("SEARCH THREADID Mnope") == []
    assert c.search("SEARCH SAVEDSINCE 1-Jan-2024 SAVEDATESUPPORTED") == [
        1, 2]
    r = c.ok("GETQUOTAROOT INBOX")
    assert r[0] == b'* QUOTAROOT INBOX ""', r
    assert r[1].startswith(b'* QUOTA "" ('), r
    c.no("GETQUOTA nope")


def test_errors():
    c = Client()
    c.ok("SELECT INBOX")
    for text in ("", "NOSUCH", "FETCH", "FETCH 1", "FETCH 0 FLAGS",
                 "FETCH 1:* (", "STORE 1 FLAGS", "SEARCH", "SEARCH NOPE",
                 "UID NOOP", "LIST", "SELECT", "COPY 1", "STATUS INBOX",
                 "SEARCH OR ALL"):
        c.bad(text)
    c.no("SEARCH CHARSET KLINGON TEXT x", b"BADCHARSET")
    c.ok("NOOP")
    # Many commands at once are answered in their order.
    tags = [c.send("NOOP") for _ in range(300)]
    for tag in tags:
        reply, _ = c.wait(tag)
        assert reply.startswith(b"OK")
    c.raw(b"x " + b"A" * 100000 + b"\r\n")
    assert b"BAD" in c.response()
    c.ok("NOOP")
    # The end of his input is not the end of ours.
    import socket
    d = Client(tls=False, login=False)
    d.raw(b"a CAPABILITY\r\nb NOOP\r\nc ID NIL\r\n")
    d.sock.shutdown(socket.SHUT_WR)
    assert d.wait(b"c")[0].startswith(b"OK")
    try:
        d.response()
        raise AssertionError("not closed")
    except EOFError:
        pass


def test_forgotten():
    """More has happened than the store remembers: nobody is lost."""
    n = 9000
    c = Client()
    c.ok("CREATE box")
    m = message("x").encode()
    for _ in range(n // 1000):
        c.ok(b"APPEND box" + b" {%d+}\r\n%s" % (len(m), m) * 1000)
    knows, never, vanished = Client(), Client(), Client()
    vanished.ok("ENABLE QRESYNC")
    for s in (c, knows, never, vanished):
        s.ok("SELECT box")
    knows.ok("FETCH 1:* FLAGS")
    for low in range(1, n, 2000):
        c.ok("STORE %s +FLAGS.SILENT (\\Deleted)" % ",".join(
            str(i) for i in range(low, min(low + 2000, n), 2)))
    c.ok("STORE 2 +FLAGS (keyword)")
    untagged = c.ok("EXPUNGE")
    assert len(untagged) == n // 2, len(untagged)
    reply, untagged = knows.cmd("FETCH 1:10 UID")
    assert reply.startswith(b"OK [EXPUNGEISSUED]"), reply
    assert not any(r.endswith(b"EXPUNGE") for r in untagged)
    f = fetches(untagged)
    assert [int(f[i][b"UID"]) for i in range(2, 11, 2)] == [2, 4, 6, 8, 10]
    reply, untagged = never.cmd("FETCH %d UID" % n)
    assert not any(r.endswith(b"EXPUNGE") for r in untagged)
    for s in (knows, never):
        untagged = s.ok("NOOP")
        assert len([r for r in untagged if r.endswith(b"EXPUNGE")]) == n // 2
    untagged = vanished.ok("NOOP")
    assert any(r.startswith(b"* VANISHED 1,3,5,") for r in untagged)
    # Many small changes.
    for i in range(2200):
        tag = c.send("STORE %d +FLAGS.SILENT (\\Flagged)" % (i + 1))
        if i % 20 == 19:
            c.wait(tag)
    c.append("box", message("more"))
    untagged = knows.ok("NOOP")
    assert len(fetches(untagged)) == 2200 and exists(untagged) == n // 2 + 1
    for s in (c, knows, never, vanished):
        s.ok("NOOP")
        f = s.fetch("FETCH 1:* (UID FLAGS)")
        assert len(f) == n // 2 + 1
        assert int(f[1][b"UID"]) == 2 and b"keyword" in f[1][b"FLAGS"], f[1]
        assert b"\\Flagged" in f[2200][b"FLAGS"]
        assert b"\\Flagged" not in f[2201][b"FLAGS"]


def test_unauthenticate():
    c = Client()
    c.ok("SELECT INBOX")
    c.ok("UNAUTHENTICATE")
    c.bad("SELECT INBOX")
    c.ok("LOGIN two@example.test secret")
    assert exists(c.ok("SELECT INBOX")) == 0


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
