"""INPROGRESS (RFC 9585), and long searches in turns: progress.py CASE."""
import os
import re
import signal
import subprocess
import sys
import time

from imapc import Client, message


def store(sig):
    with open(os.environ["site_dir"] + "/test-pid") as f:
        parent = f.read().strip()
    out = subprocess.run(["pgrep", "-P", parent, "-f", "maild: store"],
                         capture_output=True, text=True, check=True).stdout
    for pid in out.split():
        os.kill(int(pid), sig)


def test_inprogress():
    c = Client()
    assert b"INPROGRESS" in c.ok("CAPABILITY")[0].split()
    for i in range(4):
        c.append("INBOX", message("s%d" % i))
    c.ok("CREATE other")
    c.ok("SELECT INBOX")
    c.ok("FETCH 1:* (UID)")
    for command, goal in (
            ("SEARCH TEXT needle", b"0 4"),
            ("UID SORT (SUBJECT) UTF-8 TEXT text", b"0 8"),
            ("THREAD REFERENCES UTF-8 UNSEEN", b"0 8"),
            ("FETCH 1:4 (BODY.PEEK[])", b"0 4"),
            ("ESEARCH IN (personal) ALL", None),
            ("COPY 1:4 other", b"NIL NIL")):
        store(signal.SIGSTOP)
        try:
            tag = c.send(command)
            if goal is not None:
                r = c.response()
                want = rb'\* OK \[INPROGRESS \("%s" %s\)\] ' % (tag, goal)
                assert re.match(want, r), (command, r)
        finally:
            store(signal.SIGCONT)
        reply, untagged = c.wait(tag)
        assert reply.startswith(b"OK"), (command, reply)
    # Nothing of it when nothing takes long.
    assert len(c.ok("SEARCH TEXT needle")) == 1


def test_search_turns():
    """A search of all bodies holds nobody up, and may be pipelined."""
    c, d = Client(), Client()
    body = "".join("line %d of a text that is not looked for\r\n" % i
                   for i in range(200))
    m = message("s", body).encode()
    batch = b"".join(b" {%d+}\r\n%s" % (len(m), m) for i in range(300))
    for i in range(10):
        c.raw(b"a%d APPEND INBOX%s\r\n" % (i, batch))
        reply, _ = c.wait(b"a%d" % i)
        assert reply.startswith(b"OK"), reply
    c.append("INBOX", message("s", "a needle\r\n"))
    c.ok("SELECT INBOX")
    start = time.monotonic()
    c.raw(b"x1 SEARCH TEXT needle\r\nx2 NOOP\r\n")
    c.sock.setblocking(False)
    between = 0
    got = []
    while not got or not got[-1].startswith(b"x2"):
        d.ok("NOOP")
        between += not [g for g in got if g.startswith(b"x1")]
        try:
            got.append(c.response())
        except OSError:
            pass
        assert time.monotonic() - start < 60
    assert b"* SEARCH 3001" in got, got
    assert got[-2].startswith(b"x1 OK") and got[-1].startswith(b"x2 OK"), got
    # 25 MB are some fifty pages; with one turn for all it would be one.
    assert between > 5, between
    # By numbers alone, too.
    c.sock.settimeout(20)
    assert len(c.search("SEARCH NOT UID 5:3000")) == 5
    assert c.search("SEARCH OR 7 NOT UID 2:3001") == [1, 7]


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
