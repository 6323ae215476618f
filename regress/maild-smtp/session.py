"""What one SMTP session must and must not do; run against a site."""
import os
import sys
import time

from smtplib2 import Smtp, b64, expect

port = int(os.environ["SITE_SMTP"])
YOU = "you@example.test"


def test_order():
    c = Smtp(port)
    expect(c.greeting, "220 mail.example.test")
    expect(c.cmd("MAIL FROM:<a@b.zz>"), "503")
    expect(c.cmd("RCPT TO:<%s>" % YOU), "503")
    expect(c.cmd("DATA"), "503")
    expect(c.cmd("LHLO x"), "500")
    expect(c.cmd("EHLO x"), "250")
    expect(c.cmd("RCPT TO:<%s>" % YOU), "503")
    expect(c.cmd("MAIL FROM:<a@b.zz>"), "250 2.1.0")
    expect(c.cmd("MAIL FROM:<a@b.zz>"), "503")
    expect(c.cmd("DATA"), "503")
    expect(c.cmd("RCPT TO:<none@example.test>"), "550 5.1.1")
    expect(c.cmd("DATA"), "554")
    expect(c.cmd("RSET"), "250")
    expect(c.cmd("VRFY x"), "252")
    expect(c.cmd("EXPN x"), "502")
    expect(c.cmd("HELP"), "214")
    expect(c.cmd("NOOP"), "250")
    expect(c.cmd("BLURB"), "500")
    expect(c.cmd("QUIT"), "221")
    assert c.line() == ""


def test_pipelining():
    c = Smtp(port)
    c.cmd("EHLO x")
    c.send("MAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\nRCPT TO:<no@example.test>"
           "\r\nRCPT TO:<bad@@>\r\nRCPT TO:<postmaster>\r\nDATA\r\n" % YOU)
    expect(c.replies(6), "250", "250", "550", "501", "250", "354")
    c.send("Subject: pipelined\r\n\r\n..dot\r\n.\r\nMAIL FROM:<>\r\n"
           "RCPT TO:<%s>\r\nRSET\r\nQUIT\r\n" % YOU)
    expect(c.replies(5), "250 2.0.0 Ok: ", "250", "250", "250", "221")


def test_bdat():
    c = Smtp(port)
    c.cmd("EHLO x")
    c.send("MAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\nBDAT 15\r\n"
           "Subject: bdat\r\nBDAT 6\r\n\r\nhi\r\nBDAT 0 LAST\r\n" % YOU)
    expect(c.replies(5), "250", "250", "250", "250", "250 2.0.0 Ok: ")
    # Refused: its bytes are not commands.
    c.send("BDAT 6\r\nQUIT\r\nNOOP\r\n")
    expect(c.replies(2), "503", "250")
    # A bare LF spoils it.
    c.send("MAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\nBDAT 3 LAST\r\nx\ny" % YOU)
    expect(c.replies(3), "250", "250", "550 5.5.2")
    expect(c.cmd("NOOP"), "250")


def smuggle(end):
    c = Smtp(port)
    c.cmd("EHLO x")
    c.send("MAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\nDATA\r\n" % YOU)
    expect(c.replies(3), "250", "250", "354")
    c.send(b"Subject: smuggle\r\n\r\nx" + end +
           b"MAIL FROM:<evil@b.zz>\r\n.\r\n")
    got = c.reply()
    expect(got, "550 5.5.2")
    expect(c.cmd("NOOP"), "250")


def test_smuggling():
    for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n",
                b"\r\n.\r", b"\r\r\n.\r\r\n"):
        smuggle(end)


def test_size():
    c = Smtp(port)
    c.cmd("EHLO x")
    expect(c.cmd("MAIL FROM:<a@b.zz> SIZE=99999999999"), "552")
    line = b"x" * 998 + b"\r\n"
    for count, want in ((1500, "250"), (45000, "552")):
        c.send("MAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\nDATA\r\n" % YOU)
        expect(c.replies(3), "250", "250", "354")
        c.send(b"Subject: large\r\n\r\n")
        for _ in range(count // 100):
            c.send(line * 100)
        c.send(b".\r\n")
        expect(c.reply(), want)


def test_lines():
    c = Smtp(port)
    c.cmd("EHLO x")
    c.send(b"NOOP\nNOOP\r\n")
    expect(c.replies(2), "500 5.5.2", "250")
    c.send(b"NOOP " + b"x" * 5000 + b"\r\n")
    expect(c.reply(), "500 5.5.2")
    c.send(b"NO\x00OP\r\n")
    expect(c.reply(), "500")
    expect(c.cmd("NOOP"), "250")
    # Somebody else's protocol.
    d = Smtp(port)
    d.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert d.reply()[:1] in ("4", "5")
    assert d.line() == ""


def test_errors_end_it():
    c = Smtp(port)
    last = ""
    for _ in range(200):
        last = c.cmd("FOO")
        if not last.startswith("500"):
            break
    expect(last, "421")


def none(i):
    return "RCPT TO:<none%d@example.test>" % i


def test_harvest():
    # With errors 8: refusals are mistakes, and take the longer.
    c = Smtp(port)
    c.cmd("EHLO x")
    expect(c.cmd("MAIL FROM:<a@b.zz>"), "250")
    start = time.time()
    for i in range(8):
        expect(c.cmd(none(i)), "550")
    assert time.time() - start > 1.4
    # He may ask once more.
    c.send(none(8) + "\r\n")
    expect(c.reply(), "421 4.7.0")
    assert c.line() == ""
    # All at once: no more than a part of them is answered.
    c = Smtp(port)
    c.send("EHLO x\r\nMAIL FROM:<a@b.zz>\r\n" +
           "".join(none(i) + "\r\n" for i in range(500)) + "QUIT\r\n")
    n = 0
    while c.line().startswith(("250", "220", "550")):
        n += 1
    assert n < 120, n
    # Who brings mail is forgiven; and all of that in one go.
    c = Smtp(port)
    c.cmd("EHLO x")
    for _ in range(3):
        c.send("MAIL FROM:<a@b.zz>\r\n%s\r\n%s\r\nRCPT TO:<%s>\r\n"
               "%s\r\n%s\r\n%s\r\n%s\r\nDATA\r\n" %
               (none(1), none(2), YOU, none(3), none(4), none(5), none(6)))
        expect(c.replies(9), "250", "550", "550", "250", "550", "550", "550",
               "550", "354")
        c.send("Subject: x\r\n\r\nx\r\n.\r\n")
        expect(c.reply(), "250")
    # The end of his input is no way out of it.
    c = Smtp(port)
    c.send("EHLO x\r\nMAIL FROM:<a@b.zz>\r\n" +
           "".join(none(i) + "\r\n" for i in range(7)) + "QUIT\r\n")
    c.sock.shutdown(1)
    last = ""
    while True:
        line = c.line()
        if line == "":
            break
        last = line
    expect(last, "221")


def test_lmtp():
    c = Smtp(os.environ["site_dir"] + "/lmtp.sock")
    expect(c.cmd("EHLO x"), "500")
    expect(c.cmd("LHLO x"), "250")
    c.send("MAIL FROM:<>\r\nRCPT TO:<%s>\r\nRCPT TO:<no@example.test>\r\n"
           "RCPT TO:<two@example.test>\r\nDATA\r\n" % YOU)
    expect(c.replies(5), "250", "250", "550", "250", "354")
    c.send("Subject: lmtp\r\n\r\nx\r\n.\r\n")
    expect(c.replies(2), "250 2.0.0", "250 2.0.0")


def test_addresses():
    c = Smtp(port)
    c.cmd("EHLO x")
    for rcpt, want in (
            ("YOU@EXAMPLE.TEST", "250"), ("you+ext@example.test", "250"),
            ('"you"@example.test', "250"), ("Postmaster", "250"),
            ("abuse@example.test", "250"), ("group@example.test", "250"),
            ("you@other.zz", "550 5.7.1"), ("you@[127.0.0.1]", "550"),
            ("loop" * 40 + "@example.test", "5"), ("", "5")):
        c.cmd("RSET")
        c.cmd("MAIL FROM:<a@b.zz>")
        expect(c.cmd("RCPT TO:<%s>" % rcpt), want)


def tls():
    c = Smtp(int(os.environ["SITE_SUBMISSION"]))
    c.cmd("EHLO x")
    expect(c.cmd("STARTTLS"), "220")
    c.starttls()
    c.cmd("EHLO x")
    return c


def test_auth_broken_off():
    """An exchange that the client spoils is over for auth too."""
    first = b64(b"n,,n=you@example.test,r=abcdefgh")
    c = tls()
    for bad in ("*\r\n", "no base64!\r\n", "bare\n", "a" * 13000 + "\r\n",
                "", "*\r\n"):
        expect(c.cmd("AUTH SCRAM-SHA-256 " + first), "334")
        if bad:
            c.send(bad)
            expect(c.reply(), "50")
        else:
            c.sock.close()
            c = tls()
    # The last one went away in the middle; auth still answers.
    expect(c.cmd("AUTH PLAIN " + b64(b"\0you@example.test\0secret")), "235")


def test_slow():
    """A byte now and then keeps neither a command nor a message alive."""
    a, b = Smtp(port), Smtp(port)
    b.cmd("EHLO x")
    b.cmd("MAIL FROM:<a@b.zz>")
    b.cmd("RCPT TO:<%s>" % YOU)
    b.cmd("DATA")
    end = time.time() + 12
    for c in a, b:
        try:
            while time.time() < end:
                for each in a, b:
                    each.send("x")
                time.sleep(0.4)
        except OSError:
            pass
        expect(c.reply(), "421 4.4.2")
        assert time.time() < end


globals()["test_" + sys.argv[1]]()
