"""
Drive mutt or its kin (MUTTRC [NAME]) on a terminal of its own: flag the third,
save the second to Archive, delete the fifth, leave.
"""
import os
import pty
import select
import sys
import time

name = sys.argv[2] if len(sys.argv) > 2 else "mutt"
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "vt100"
    os.execvp(name, [name, "-n", "-F", sys.argv[1]])
seen = b""


def until(text, seconds=20):
    """What is on the screen since the last time has the text."""
    global seen
    end = time.time() + seconds
    while text not in seen:
        r, _, _ = select.select([fd], [], [], max(0, end - time.time()))
        if not r:
            sys.stderr.write(repr(seen[-3000:]))
            sys.exit("mutt never showed %r" % text)
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            sys.exit("mutt ended, not having shown %r: %r" % (
                text, seen[-3000:]))
        seen += data
    seen = b""


def keys(text):
    os.write(fd, text)


until(b"mail 5")
keys(b"3\nF")
time.sleep(0.5)
keys(b"2\ns")
until(b"Save to mailbox")
keys(b"\x15=Archive\n")
until(b"Archive")
time.sleep(1)
keys(b"5\nd")
time.sleep(0.5)
keys(b"$")
time.sleep(2)
keys(b"q")
end = time.time() + 20
while time.time() < end:
    r, _, _ = select.select([fd], [], [], 0.5)
    if r:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
    if os.waitpid(pid, os.WNOHANG)[0]:
        sys.exit(0)
os.waitpid(pid, 0)
