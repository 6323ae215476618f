"""Print the subjects in INBOX, one a line."""
import imaplib
import os
import re

m = imaplib.IMAP4("127.0.0.1", int(os.environ["SITE_IMAP"]))
m.starttls()
m.login("you@example.test", "secret")
typ, n = m.select("INBOX", readonly=True)
assert typ == "OK", n
if int(n[0]) > 0:
    typ, data = m.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert typ == "OK", data
    for d in data:
        if isinstance(d, tuple):
            print(re.search(rb"Subject: (.*?)\r\n", d[1]).group(1).decode())
m.logout()
