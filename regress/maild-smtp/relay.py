"""Nobody relays through us: recipients in every odd form."""
import os

from smtplib2 import Smtp

ODD = """<user@other.zz> <user%other.zz@example.test>
<"user@other.zz"@example.test> <@example.test:user@other.zz>
<user@other.zz@example.test> <other.zz!user@example.test> <user%other.zz>
<user%other.zz@[127.0.0.1]> <@example.test,@b.zz:user@other.zz>
<user@[127.0.0.1]> <other.zz!user> <"user@other.zz"> <user@other.zz.>
<"user%other.zz"@example.test> <user\\@other.zz@example.test>
<user@[IPv6:::1]> <user@mail.example.test> <@:user@other.zz>
<user@other.zz,you@example.test> <user@example.test@other.zz>
<you@example.test%other.zz@other.zz> <"you@example.test"@other.zz>
<user@xn--.zz> <user@sub.example.test>""".split()

port = int(os.environ["SITE_SMTP"])
for sender in ("", "a@elsewhere.zz", "you@example.test", "a@[127.0.0.1]"):
    for i, rcpt in enumerate(ODD):
        # Another client: who is refused all the time must wait.
        if i % 4 == 0:
            c = Smtp(port)
            c.cmd("EHLO x")
        c.cmd("RSET")
        if not c.cmd("MAIL FROM:<%s>" % sender).startswith("250"):
            continue
        got = c.cmd("RCPT TO:" + rcpt)
        assert got.startswith("5"), (sender, rcpt, got)
c = Smtp(port)
c.cmd("EHLO x")
c.cmd("MAIL FROM:<>")
assert c.cmd("RCPT TO:<you@example.test>").startswith("250")
