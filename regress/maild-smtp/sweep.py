"""mailctl over a long queue, by its socket; run against a site."""
import json
import os
import socket
import sys
import time

from smtplib2 import Smtp, expect

N = 3000
site = os.environ["site_dir"]
c = Smtp(int(os.environ["SITE_SMTP"]))
c.cmd("EHLO x")


def fill():
    one = ("MAIL FROM:<%s@b.zz>\r\nRCPT TO:<bob@far.zz>\r\n"
           "BDAT 16 LAST\r\nSubject: sweep\r\n" % ("x" * 50))
    for _ in range(N // 100):
        c.send(one * 100)
        expect([r[:3] for r in c.replies(300)], *["250"] * 300)


class Ctl:
    def __init__(self, verb):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(site + "/control.sock")
        self.file = self.sock.makefile("r")
        self.sock.sendall(json.dumps({"verb": verb}).encode() + b"\n")

    def rows(self):
        """All rows, then what the end says."""
        rows = []
        while True:
            row = json.loads(self.file.readline())
            if row.get("end"):
                return rows, row["text"]
            rows.append(row)


fill()
# Who does not read keeps nobody waiting: neither mail nor another listing.
slow = Ctl("queue-list")
gone = Ctl("queue-list")
time.sleep(1)
gone.sock.close()
gone.file.close()
expect(c.cmd("MAIL FROM:<a@b.zz>"), "250")
expect(c.cmd("RCPT TO:<you@example.test>"), "250")
expect(c.cmd("RSET"), "250")
rows, text = Ctl("queue-list").rows()
assert len(rows) == N, len(rows)
rows, text = slow.rows()
assert len({r["id"] for r in rows}) == N, len(rows)
assert text.startswith("%d messages" % N), text
for _ in range(600):
    states = {r["state"] for r in Ctl("queue-list").rows()[0]}
    if states == {"pending"}:
        break
    time.sleep(0.1)
assert states == {"pending"}, states
for verb in ("queue-hold", "queue-release", "queue-hold", "queue-remove"):
    rows, text = Ctl(verb).rows()
    assert text == "%d messages" % N, (verb, text)
    assert rows == []
rows, text = Ctl("queue-list").rows()
assert rows == [] and text.startswith("0 messages"), text
