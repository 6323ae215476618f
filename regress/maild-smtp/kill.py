"""Send numbered messages until told to stop; print the acknowledged ones."""
import os
import sys
import time

from smtplib2 import Smtp

port = int(os.environ["SITE_SMTP"])
end = time.time() + float(sys.argv[1])
n = 0
c = None
while time.time() < end:
    n += 1
    try:
        if c is None:
            c = Smtp(port)
            if not c.cmd("EHLO x").startswith("250"):
                raise OSError("greeting")
        codes = c.message("a@b.zz", ["you@example.test"],
                          b"Subject: n%06d\r\n\r\nx\r\n" % n)
        if codes[-1] == "250":
            print("n%06d" % n, flush=True)
        elif codes[-1] == "":
            raise OSError("closed")
    except OSError:
        c = None
        time.sleep(0.05)
