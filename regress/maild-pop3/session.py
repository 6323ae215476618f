"""What POP3 sessions must and must not do; run against a site."""
import hashlib
import imaplib
import os
import socket
import subprocess
import sys
import time

from pop3lib2 import (PORT, PORTS, YOU, Pop3, b64, deliver, expect, mail,
                      opened, scram)

IMAPS = int(os.environ["SITE_IMAPS"])


def imap():
    import ssl
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    m = imaplib.IMAP4_SSL("127.0.0.1", IMAPS, ssl_context=c)
    m.login(YOU, "secret")
    return m


def count():
    c = opened()
    n = int(c.cmd("STAT").split()[1])
    c.quit()
    return n


def test_login():
    c = Pop3(PORT)
    expect(c.greeting, "+OK mail.example.test")
    caps = c.many("CAPA")
    assert "STLS" in caps and "USER" not in caps, caps
    assert not [x for x in caps if x.startswith(("SASL", "LOGIN-DELAY"))]
    expect(c.cmd("USER " + YOU), "-ERR")
    expect(c.cmd("PASS secret"), "-ERR")
    expect(c.cmd("AUTH PLAIN " + b64("\0" + YOU + "\0secret")), "-ERR")
    expect(c.cmd("APOP you 00"), "-ERR")
    expect(c.cmd("STAT"), "-ERR")
    # What comes in the clear behind STLS is thrown away.
    c.send("STLS\r\nNOOP\r\n")
    expect(c.line(), "+OK")
    c.tls()
    caps = c.many("capa")
    assert "STLS" not in caps and "USER" in caps, caps
    for want in ("SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "TOP", "UIDL",
                 "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER",
                 "UTF8 USER", "LANG", "IMPLEMENTATION maild"):
        assert want in caps, want
    expect(c.cmd("STLS"), "-ERR")
    expect(c.cmd("PASS secret"), "-ERR")
    expect(c.login(password="wrong"), "-ERR [AUTH]")
    # The name goes with the failure.
    expect(c.cmd("PASS secret"), "-ERR")
    expect(c.login("nobody@example.test"), "-ERR [AUTH]")
    expect(c.login("YOU@EXAMPLE.TEST"), "+OK")
    expect(c.cmd("USER x"), "-ERR")
    expect(c.cmd("STLS"), "-ERR")
    caps = c.many("CAPA")
    assert "UIDL" in caps and "STLS" not in caps, caps
    expect(c.cmd("STAT"), "+OK 0 0")
    assert c.many("LIST") == [] and c.many("UIDL") == []
    expect(c.cmd("LIST 1"), "-ERR")
    expect(c.cmd("RETR 1"), "-ERR")
    c.quit()
    c = Pop3(PORT)
    c.quit()
    # Enough is enough.
    c = Pop3()
    for _ in range(3):
        expect(c.login(password="wrong"), "-ERR [AUTH]")
    assert c.eof()


def test_auth():
    token = b64("\0" + YOU + "\0secret")
    c = Pop3()
    assert c.many("AUTH") == ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]
    expect(c.cmd("AUTH CRAM-MD5"), "-ERR")
    expect(c.cmd("AUTH PLAIN !"), "-ERR")
    assert c.cmd("AUTH PLAIN") == "+ "
    expect(c.cmd("*"), "-ERR")
    assert c.cmd("AUTH plain") == "+ "
    expect(c.cmd("not base64"), "-ERR")
    expect(c.cmd("AUTH PLAIN ="), "-ERR [AUTH]")
    expect(c.cmd("AUTH PLAIN " + b64("\0" + YOU + "\0wrong")), "-ERR [AUTH]")
    assert c.cmd("AUTH PLAIN") == "+ "
    expect(c.cmd(token), "+OK")
    c.quit()
    c = Pop3()
    expect(c.cmd("AUTH PLAIN " + token), "+OK")
    expect(c.cmd("AUTH PLAIN " + token), "-ERR")
    c.quit()
    c = Pop3()
    expect(scram(c, password="wrong"), "-ERR [AUTH]")
    expect(scram(c), "+OK")
    expect(c.cmd("STAT"), "+OK")
    c.quit()
    c = Pop3()
    expect(scram(c, initial=False), "+OK")
    c.quit()
    # Cancelled in the middle, and then well.
    c = Pop3()
    assert c.cmd("AUTH SCRAM-SHA-256") == "+ "
    expect(c.cmd("*"), "-ERR")
    expect(c.cmd("AUTH SCRAM-SHA-256 " + b64("n,,n=%s,r=x" % YOU)), "+ ")
    expect(c.cmd("*"), "-ERR")
    expect(scram(c), "+OK")
    c.quit()


def test_cleartext():
    c = Pop3(PORT)
    caps = c.many("CAPA")
    assert "USER" in caps and "STLS" in caps
    assert "SASL PLAIN SCRAM-SHA-256" in caps, caps
    expect(c.cmd("AUTH SCRAM-SHA-256-PLUS"), "-ERR")
    expect(scram(c), "+OK")
    c.quit()
    c = Pop3(PORT)
    expect(c.login(), "+OK")
    c.quit()


def test_maildrop():
    bodies = [b"one\r\n", b".\r\n..\r\n.x\r\n\r\n...\r\n", b"",
              b"caf\xe9 \xc3\xa9\r\n" + b"x" * 5000 + b"\r\n"]
    deliver(*[mail(i, b) for i, b in enumerate(bodies)])
    c = opened()
    sizes = [tuple(map(int, x.split())) for x in c.many("LIST")]
    assert [n for n, _ in sizes] == [1, 2, 3, 4], sizes
    total = sum(s for _, s in sizes)
    assert c.cmd("STAT") == "+OK 4 %d" % total
    uids = c.many("UIDL")
    assert len(set(u.split()[1] for u in uids)) == 4, uids
    assert c.cmd("UIDL 3") == "+OK " + uids[2]
    assert c.cmd("LIST 3") == "+OK 3 %d" % sizes[2][1]
    texts = {}
    for n in (3, 1, 2, 4, 2):
        expect(c.cmd("RETR %d" % n), "+OK %d octets" % sizes[n - 1][1])
        texts[n] = c.block()
        assert len(texts[n]) == sizes[n - 1][1]
        assert texts[n].endswith(mail(n - 1, bodies[n - 1])), texts[n]
        assert texts[n].startswith(b"Return-Path: <a@b.zz>\r\n")
    head = texts[2][:texts[2].index(b"\r\n\r\n") + 4]
    assert c.message("TOP 2 0") == head
    assert c.message("TOP 2 1") == head + b".\r\n"
    assert c.message("TOP 2 3") == head + b".\r\n..\r\n.x\r\n"
    assert c.message("TOP 2 4294967296") == texts[2]
    for bad in ("0", "5", "99999999999999999999", "x", "", "-1"):
        for verb in ("RETR ", "DELE ", "LIST " if bad else "RETR "):
            expect(c.cmd(verb + bad), "-ERR")
        expect(c.cmd("TOP %s 1" % bad), "-ERR")
    c.quit()
    c = opened()
    assert c.many("UIDL") == uids
    # LIST of one before the sizes of all are known.
    assert c.cmd("LIST 4") == "+OK 4 %d" % sizes[3][1]
    expect(c.cmd("DELE 2"), "+OK")
    expect(c.cmd("DELE 2"), "-ERR")
    expect(c.cmd("RETR 2"), "-ERR")
    expect(c.cmd("UIDL 2"), "-ERR")
    assert c.cmd("STAT") == "+OK 3 %d" % (total - sizes[1][1])
    assert [x.split()[0] for x in c.many("LIST")] == ["1", "3", "4"]
    assert c.many("UIDL") == [uids[0], uids[2], uids[3]]
    expect(c.cmd("NOOP"), "+OK")
    expect(c.cmd("RSET"), "+OK")
    assert c.cmd("STAT") == "+OK 4 %d" % total
    expect(c.cmd("DELE 1"), "+OK")
    expect(c.cmd("DELE 3"), "+OK")
    expect(c.cmd("DELE 4"), "+OK")
    c.quit()
    c = opened()
    assert c.many("UIDL") == ["1 " + uids[1].split()[1]]
    assert c.message("RETR 1") == texts[2]
    expect(c.cmd("DELE 1"), "+OK")
    expect(c.cmd("STAT"), "+OK 0 0")
    c.quit()
    c = opened()
    expect(c.cmd("STAT"), "+OK 0 0")
    # A uid is never given to another.
    deliver(mail(9))
    assert c.many("UIDL") == []
    c.quit()
    c = opened()
    assert c.cmd("UIDL 1").split()[2] not in [u.split()[1] for u in uids]


def test_seen():
    deliver(*[mail(i) for i in range(3)])
    c = opened()
    c.message("TOP 1 5")
    c.message("RETR 2")
    m = imap()
    m.select()
    assert m.search(None, "SEEN")[1] == [b""]
    c.quit()
    m.noop()
    assert m.search(None, "SEEN")[1] == [b"2"]
    m.logout()
    # Not without QUIT.
    c = opened()
    c.message("RETR 3")
    c.sock.close()
    c.file.close()
    m = imap()
    m.select()
    assert m.search(None, "SEEN")[1] == [b"2"]
    m.logout()


def test_no_quit():
    deliver(*[mail(i) for i in range(3)])
    c = opened()
    expect(c.cmd("DELE 1"), "+OK")
    c.file.close()
    c.sock.close()
    # Python's TLS cannot end one direction alone.
    c = Pop3(PORT)
    expect(c.login(), "+OK")
    c.send("DELE 1\r\nDELE 2\r\nNOOP\r\n")
    c.sock.shutdown(socket.SHUT_WR)
    expect([c.line(), c.line(), c.line()], "+OK", "+OK", "+OK")
    assert c.eof()
    assert count() == 3
    # With it they go, though he does not wait for the answer.
    c = opened()
    c.send("DELE 1\r\nDELE 2\r\nQUIT\r\n")
    c.file.close()
    c.sock.close()
    for _ in range(50):
        if count() == 1:
            return
        time.sleep(0.1)
    assert count() == 1


def test_pipelining():
    deliver(*[mail(i) for i in range(3)])
    c = Pop3()
    c.send("CAPA\r\nUSER %s\r\nPASS secret\r\nSTAT\r\nRETR 1\r\nRETR 2\r\n"
           "LIST\r\nBLURB\r\nDELE 1\r\nTOP 3 0\r\nUIDL\r\nDELE 3\r\nSTAT\r\n"
           "QUIT\r\nNOOP\r\n" % YOU)
    expect(c.line(), "+OK")
    c.block()
    expect([c.line(), c.line(), c.line()], "+OK", "+OK", "+OK 3 ")
    for i in range(2):
        expect(c.line(), "+OK")
        assert c.block().endswith(mail(i))
    expect(c.line(), "+OK")
    assert len(c.block().splitlines()) == 3
    expect([c.line(), c.line(), c.line()], "-ERR", "+OK", "+OK")
    c.block()
    expect(c.line(), "+OK")
    assert len(c.block().splitlines()) == 2
    expect([c.line(), c.line(), c.line()], "+OK", "+OK 1 ", "+OK")
    assert c.eof()
    # A byte at a time.
    c = Pop3()
    for b in b"USER you@example.test\r\nPASS secret\r\nSTAT\r\nQUIT\r\n":
        c.send(bytes([b]))
    expect([c.line() for _ in range(4)], "+OK", "+OK", "+OK 1 ", "+OK")
    assert c.eof()


def test_malformed():
    c = Pop3()
    for bad in (b"\r\n", b" \r\n", b"\0\r\n", b"CA\0PA\r\n", b"CA\rPA\r\n",
                b"\xff\xfe\r\n", b"CAPA\xc3\xa9\r\n", b"USER\r\n",
                b"USER " + b"x" * 600 + b"\r\n", b"x" * 100000 + b"\r\n",
                b"USER " + b"x" * 3000 + b"\r\n",
                b"AUTH " + b"x" * 20000 + b"\r\n"):
        c.send(bad)
        expect(c.line(), "-ERR")
    assert c.cmd("AUTH PLAIN") == "+ "
    c.send(b"A" * 20000 + b"\r\n")
    expect(c.line(), "-ERR")
    # LF alone ends a line too.
    c.send("USER %s\nPASS secret\nNOOP\n" % YOU)
    expect([c.line(), c.line(), c.line()], "+OK", "+OK", "+OK")
    for i in range(40):
        c.send("BLURB\r\n")
        got = c.line()
        if "Too many errors" in got:
            break
    assert i < 20 and c.eof(), i
    # No line end at all.
    c = Pop3()
    try:
        for _ in range(100):
            c.send(b"x" * 100000)
        c.send(b"\r\n")
        expect(c.line(), "-ERR")
        expect(c.cmd("CAPA"), "+OK")
    except OSError:
        pass


def test_two():
    deliver(*[mail(i) for i in range(4)])
    a, b = opened(), opened()
    m = imap()
    m.select()
    for c in (a, b):
        expect(c.cmd("DELE 1"), "+OK")
    expect(a.cmd("DELE 2"), "+OK")
    a.quit()
    # b counts as it did; what is gone is gone.
    expect(b.cmd("STAT"), "+OK 3 ")
    expect(b.cmd("RETR 2"), "-ERR")
    expect(b.cmd("TOP 2 1"), "-ERR")
    assert b.message("RETR 3").endswith(mail(2))
    deliver(mail(8))
    assert len(b.many("UIDL")) == 3
    expect(b.cmd("DELE 3"), "+OK")
    b.quit()
    m.noop()
    assert m.search(None, "ALL")[1] == [b"1 2"]
    assert m.fetch("1:2", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1] \
        .startswith(b"Subject: 3")
    # By IMAP flagged \Deleted, here not: it stays.
    m.store("1", "+FLAGS", "\\Deleted")
    b = opened()
    expect(b.cmd("DELE 2"), "+OK")
    b.quit()
    m.noop()
    assert m.search(None, "ALL")[1] == [b"1"]
    m.logout()


def test_thousand():
    n = 1000
    deliver(*[mail(i) for i in range(n)])
    c = opened()
    start = time.time()
    expect(c.cmd("STAT"), "+OK %d " % n)
    uids = c.many("UIDL")
    assert len(uids) == n and len(c.many("LIST")) == n
    assert uids[n - 1].split()[0] == str(n)
    c.send("".join("RETR %d\r\n" % (i + 1) for i in range(n)))
    for i in range(n):
        expect(c.line(), "+OK")
        assert c.block().endswith(mail(i)), i
    c.send("".join("DELE %d\r\n" % (i + 1) for i in range(0, n, 2)))
    for i in range(n // 2):
        expect(c.line(), "+OK")
    assert len(c.many("UIDL")) == n // 2
    c.quit()
    print("%.3f s" % (time.time() - start), file=sys.stderr)
    c = opened()
    left = c.many("UIDL")
    assert [u.split()[1] for u in left] == [u.split()[1] for u in uids[1::2]]
    # Backwards, where reading ahead is of no use.
    for i in range(n // 2, 0, -7):
        assert c.message("RETR %d" % i).endswith(mail(2 * i - 1))
    for i in range(n // 2):
        expect(c.cmd("DELE %d" % (i + 1)), "+OK")
    c.quit()
    assert count() == 0


def memory():
    pid = int(open(os.environ["site_dir"] + "/test-pid").read())
    out = subprocess.run(["ps", "-o", "rss=,args=", "--ppid", str(pid)],
                         stdout=subprocess.PIPE).stdout.decode()
    return max(int(x.split()[0]) for x in out.splitlines() if "imap" in x)


def test_big():
    line = b"." + b"0123456789abcdef" * 4 + b"\r\n"
    big = mail(1, line * (20 * 1024 * 1024 // len(line)))
    deliver(mail(0), big, mail(2))
    c = opened()
    size = int(c.cmd("LIST 2").split()[2])
    for n in (3, 2, 1, 2):
        text = c.message("RETR %d" % n)
        assert n != 2 or (len(text) == size and text.endswith(big))
    head = text[:text.index(b"\r\n\r\n") + 4]
    assert c.message("TOP 2 0") == head
    assert c.message("TOP 2 100000") == head + line * 100000
    # One who does not read costs no memory, and holds up nobody.
    before = memory()
    slow = []
    for _ in range(5):
        s = opened()
        s.send("RETR 2\r\n" * 3)
        slow.append(s)
    time.sleep(1)
    assert c.message("RETR 1").endswith(mail(0))
    used = memory() - before
    # A sanitizer keeps what was freed for a while.
    assert used < 30 * 1024 or "ASAN_OPTIONS" in os.environ, used
    for s in slow[:2]:
        for _ in range(3):
            expect(s.line(), "+OK")
            assert hashlib.sha256(s.block()).digest() == \
                hashlib.sha256(text).digest()
        s.quit()
    for s in slow[2:]:
        s.sock.close()
    expect(c.cmd("DELE 2"), "+OK")
    c.quit()
    assert count() == 2


def test_bare_lines():
    """Lines that ended otherwise when they were stored end in CRLF here."""
    m = imap()
    text = b"Subject: x\n\none\n.\ntwo\n..three"
    m.send(b"x APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
    while not m.readline().startswith(b"x OK"):
        pass
    m.logout()
    c = opened()
    assert c.message("RETR 1") == \
        b"Subject: x\r\n\r\none\r\n.\r\ntwo\r\n..three\r\n"
    assert c.message("TOP 1 1") == b"Subject: x\r\n\r\none\r\n"
    c.quit()


def test_languages():
    c = Pop3(PORT)
    expect(c.cmd("UTF8"), "+OK")
    expect(c.cmd("STLS"), "-ERR")
    c.quit()
    c = Pop3()
    assert c.many("LANG") == ["en English", "i-default Default language"]
    expect(c.cmd("LANG *"), "+OK en ")
    expect(c.cmd("LANG en-GB"), "+OK en ")
    expect(c.cmd("LANG I-Default"), "+OK i-default ")
    expect(c.cmd("LANG tlh"), "-ERR")
    expect(c.cmd("UTF8"), "+OK")
    expect(c.login(), "+OK")
    expect(c.cmd("UTF8"), "-ERR")
    expect(c.cmd("LANG en"), "+OK")
    c.quit()


def test_utf8():
    """RFC 6856: what cannot be read without UTF8 is refused without it."""
    c = imap()
    head = "To: you@example.test\r\nSubject: x\r\n\r\ntext\r\n"
    texts = [t.encode() for t in (
        "From: J\u00f6rg <a@b.zz>\r\n" + head,
        "From: j\u00f6rg@b.zz\r\n" + head,
        "From: a@b.zz\r\nCc: x <y@z.zz>, x <y@m\u00fcller.zz>\r\n" + head,
        "From: a@b.zz\r\n" + head.replace("text", "t\u00ebxt"),
        "From: a@b.zz\r\n" + head.replace(": x", ": \u00fc@\u00fc.zz"))]
    # Not UTF-8, and so nothing that UTF8 would help.
    texts.append(b"From: j\xf6rg@b.zz\r\n" + head.encode())
    for t in texts:
        assert c.append("INBOX", None, None, t)[0] == "OK"
    c.logout()
    p = opened()
    for i, t in enumerate(texts, 1):
        if i in (2, 3):
            expect(p.cmd("RETR %d" % i), "-ERR [UTF8] ")
            expect(p.cmd("TOP %d 0" % i), "-ERR [UTF8] ")
        else:
            assert p.message("RETR %d" % i) == t, i
    # It is there all the same.
    assert len(p.many("LIST")) == 6
    p.quit()
    p = Pop3()
    expect(p.cmd("UTF8"), "+OK")
    expect(p.cmd("USER " + YOU), "+OK")
    expect(p.cmd("PASS secret"), "+OK")
    for i, t in enumerate(texts, 1):
        assert p.message("RETR %d" % i) == t, i
    p.quit()
    # Names and passwords in UTF-8 are looked for, and not found.
    p = Pop3()
    expect(p.cmd("UTF8"), "+OK")
    expect(p.cmd("USER j\u00f6rg@example.test"), "+OK")
    expect(p.cmd("PASS p\u00e4ssword"), "-ERR [AUTH]")
    expect(p.cmd("QUIT"), "+OK")


def test_delay():
    c = Pop3()
    assert "LOGIN-DELAY 3600" in c.many("CAPA")
    expect(c.login(), "+OK")
    c.quit()
    c = Pop3()
    expect(c.login(password="wrong"), "-ERR [AUTH]")
    expect(c.login(), "-ERR [LOGIN-DELAY]")
    expect(scram(c), "-ERR [LOGIN-DELAY]")
    expect(c.login("two@example.test"), "+OK")
    imap().logout()


def test_in_use():
    a, b = opened(), opened()
    c = Pop3()
    expect(c.login(), "-ERR [IN-USE]")
    a.quit()
    expect(c.login(), "+OK")
    b.sock.close()


def test_store_dies():
    deliver(*[mail(i) for i in range(3)])
    c = opened()
    expect(c.cmd("DELE 1"), "+OK")
    print("kill store", flush=True)
    sys.stdin.readline()
    # It is told, or hung up on, and is not served from memory.
    try:
        c.send("QUIT\r\n")
        assert not c.line().startswith("+OK")
    except OSError:
        pass
    for _ in range(100):
        try:
            if count() == 3:
                return
        except (AssertionError, OSError, IndexError):
            pass
        time.sleep(0.1)
    assert count() == 3


def test_auth_dies():
    c = Pop3()
    assert c.cmd("AUTH SCRAM-SHA-256") == "+ "
    print("kill auth", flush=True)
    sys.stdin.readline()
    expect(c.cmd(b64("n,,n=%s,r=x" % YOU)), "-ERR [SYS/TEMP]")
    for _ in range(100):
        if c.cmd("AUTH PLAIN " + b64("\0" + YOU + "\0secret"))[:3] == "+OK":
            break
        time.sleep(0.1)
    expect(c.cmd("STAT"), "+OK")
    c.quit()


if __name__ == "__main__":
    assert PORT != PORTS
    globals()["test_" + sys.argv[1]]()
