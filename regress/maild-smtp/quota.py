"""Room in mailboxes, as RCPT knows it; run against a site."""
import imaplib
import os
import ssl
import subprocess
import sys
import time

from smtplib2 import Smtp, expect

port = int(os.environ["SITE_SMTP"])
site = os.environ["site_dir"]
YOU = "you@example.test"
SMALL = "small@example.test"	# quota=20K
FEW = "few@example.test"	# messages=2
TEXT = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n"


def imap(account):
    c = imaplib.IMAP4_SSL("127.0.0.1", int(os.environ["SITE_IMAPS"]),
                          ssl_context=ssl._create_unverified_context())
    c.login(account, "secret")
    return c


def append(c, data=TEXT):
    return c.append("INBOX", None, None, data)


def rcpts(where, params, *to):
    """The replies to RCPT of a transaction that ends there."""
    c = Smtp(where)
    expect(c.cmd("LHLO x" if isinstance(where, str) else "EHLO x"), "250")
    expect(c.cmd("MAIL FROM:<a@b.zz>" + params), "250")
    replies = [c.cmd("RCPT TO:<%s>" % a) for a in to]
    c.cmd("QUIT")
    return replies


def test_announced():
    # Too large for what is left, though nothing is in it yet.
    expect(rcpts(port, " SIZE=30000", SMALL, YOU), "452 4.2.2", "250")
    expect(rcpts(port, " SIZE=15000", SMALL), "250")
    c = imap(SMALL)
    assert append(c, TEXT + b"z" * 10000)[0] == "OK"
    expect(rcpts(port, " SIZE=15000", SMALL, YOU), "452 4.2.2", "250")
    expect(rcpts(port, " SIZE=5000", SMALL), "250")
    expect(rcpts(port, "", SMALL), "250")
    # Behind a group there is somebody with room, or nobody.
    expect(rcpts(port, " SIZE=15000", "group@example.test"), "250")
    expect(rcpts(port, " SIZE=15000", "alone@example.test"), "452 4.2.2")
    # In one go, and in their order.
    s = Smtp(port)
    s.send("EHLO x\r\nMAIL FROM:<a@b.zz> SIZE=15000\r\n"
           "RCPT TO:<%s>\r\nRCPT TO:<%s>\r\nRCPT TO:<none@example.test>\r\n"
           "RCPT TO:<%s>\r\nRCPT TO:<group@example.test>\r\nDATA\r\n" %
           (SMALL, YOU, FEW))
    expect(s.replies(8), "250", "250", "452 4.2.2", "250", "550", "250",
           "250", "354")
    s.send(b"Subject: y\r\n\r\n" + b"0123456789\r\n" * 1200 + b".\r\n")
    expect([s.reply()], "250")


def test_lmtp():
    sock = site + "/lmtp.sock"
    c = imap(FEW)
    append(c)
    expect(rcpts(sock, "", FEW), "250")
    append(c)
    expect(rcpts(sock, "", FEW, YOU), "452 4.2.2", "250")
    expect(rcpts(sock, " SIZE=30000", SMALL, YOU), "452 4.2.2", "250")


def test_append():
    c = imap(FEW)
    append(c)
    append(c)
    assert append(c)[0] == "NO"
    s = Smtp(port)
    s.cmd("EHLO x")
    # One is full: the other one gets it.
    assert s.message("a@b.zz", [FEW, YOU], TEXT) == ["250", "452", "250",
                                                     "354", "250"]
    c.select("INBOX")
    c.store("1", "+FLAGS", "\\Deleted")
    c.expunge()
    assert s.message("a@b.zz", [FEW, YOU], TEXT) == ["250", "250", "250",
                                                     "354", "250"]
    expect(rcpts(port, "", FEW), "452 4.2.2")
    c.select("INBOX")
    assert c.copy("1", "Archive")[0] == "NO"
    c.store("1", "+FLAGS", "\\Deleted")
    c.close()
    expect(rcpts(port, "", FEW), "250")


def child(title):
    parent = open(site + "/test-pid").read().strip()
    return int(subprocess.check_output(
        ["pgrep", "-P", parent, "-f", "maild: %s$" % title]).split()[0])


def log_has(text, n):
    for _ in range(600):
        if open(site + "/log").read().count(text) >= n:
            return
        time.sleep(0.1)
    raise AssertionError("the log never said: " + text)


def test_kill():
    c = imap(FEW)
    append(c)
    append(c)
    for i, name in enumerate(("store 1", "queue 1", "lookup 1")):
        os.kill(child(name), 9)
        log_has("is back", i + 1)
        expect(rcpts(port, "", FEW, YOU), "452 4.2.2", "250")
    # While it is away the question waits for it.
    pid = child("store 1")
    os.kill(pid, 19)
    s = Smtp(port)
    s.send("EHLO x\r\nMAIL FROM:<a@b.zz>\r\nRCPT TO:<%s>\r\n"
           "RCPT TO:<%s>\r\n" % (FEW, YOU))
    expect(s.replies(2), "250", "250")
    time.sleep(1)
    os.kill(pid, 9)
    expect(s.replies(2), "452 4.2.2", "250")
    c = imap(FEW)
    c.select("INBOX")
    c.store("1", "+FLAGS", "\\Deleted")
    c.expunge()
    expect(rcpts(port, "", FEW), "250")


def test_reload():
    c = imap(FEW)
    append(c)
    append(c)
    assert append(c)[0] == "NO"
    expect(rcpts(port, "", FEW), "452 4.2.2")
    name = site + "/accounts"
    with open(name) as f:
        table = f.read()
    with open(name, "w") as f:
        f.write(table.replace("messages=2", "messages=3"))
    os.kill(int(open(site + "/test-pid").read()), 1)
    log_has("configuration reloaded", 1)
    expect(rcpts(port, "", FEW), "250")
    # A session that was there before has today's too.
    for _ in range(100):
        if append(c)[0] == "OK":
            break
        time.sleep(0.1)
    assert append(c)[0] == "NO"
    expect(rcpts(port, "", FEW), "452 4.2.2")


globals()["test_" + sys.argv[1]]()
