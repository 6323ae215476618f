"""SEARCH in a message of 40 MB, without holding it: large.py CASE."""
import base64
import os
import subprocess
import sys

from imapc import Client, message


def peak():
    """KB of the imap process that had most."""
    with open(os.environ["site_dir"] + "/test-pid") as f:
        parent = f.read().strip()
    out = subprocess.run(["pgrep", "-P", parent, "-f", "maild: imap"],
                         capture_output=True, text=True, check=True).stdout
    most = 0
    for pid in out.split():
        with open("/proc/%s/status" % pid) as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    most = max(most, int(line.split()[1]))
    assert most > 0
    return most


def test_large_search():
    c = Client()
    line = b"a line that is not looked for at all, again and again\r\n"
    encoded = base64.encodebytes(
        line * 200000 + "the \u00dcmlaut NEEDLE\r\n".encode()).replace(
            b"\n", b"\r\n")
    nested = (b"Subject: nested words\r\n\r\nnested body\r\n")
    m = (b"From: a@b.zz\r\nSubject: outer words\r\nX-Far: "
         + b"\r\n ".join([b"far"] * 20) + b"\r\n"
         b"MIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
         b"--b\r\nContent-Type: text/plain\r\n\r\n" + line * 250000
         + b"split here\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded
         + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + nested
         + b"--b\r\nContent-Type: application/x\r\nX-Last: lasthead\r\n\r\n"
         + b"opaque\r\n" * 400000 + b"tail\r\n--b--\r\n")
    assert len(m) > 30 * 1000 * 1000, len(m)
    c.append("INBOX", message("small", "needle\r\n"))
    reply, _ = c.cmd(b"APPEND INBOX {%d+}\r\n%s" % (len(m), m))
    assert reply.startswith(b"OK"), reply
    plain = line * 250000 + b"split here"
    del m
    c.append("INBOX", message("after", "nested body\r\n"))
    c.ok("SELECT INBOX")
    before = peak()
    for keys, want in (
            ("BODY needle", [1, 2]),
            ('BODY "split here"', [2]),
            ("BODY {15+}\r\n\u00fcmlaut needle".encode(), None),
            ('BODY "nested body"', [2, 3]),
            ('BODY "nested words"', [2]),
            ('BODY "outer words"', []),
            ('TEXT "outer words"', [2]),
            ("TEXT lasthead", [2]),
            ("BODY lasthead", []),
            ("TEXT opaque", []),
            ("NOT BODY needle", [3]),
            ('OR BODY xyzzy HEADER X-Far "far far"', [2]),
            ('BODY needle BODY "split here" SUBJECT outer', [2]),
            ('UNSEEN BODY ""', [1, 2, 3])):
        if want is None:
            tag = c.send(b"SEARCH CHARSET UTF-8 " + keys)
            _, untagged = c.wait(tag)
            assert b"* SEARCH 2" in untagged, untagged
            continue
        got = c.search("SEARCH " + keys)
        assert got == want, (keys, got)
    # BINARY of a part that is not encoded is not held either.
    f = c.fetch("FETCH 2 (BINARY.SIZE[1] BINARY.PEEK[1]<9999990.77> FLAGS)")
    assert int(f[2][b"BINARY.SIZE[1]"]) == len(plain), f
    assert f[2][b"BINARY[1]<9999990>"] == plain[9999990:9999990 + 77], f
    assert c.fetch("FETCH 2 BINARY.PEEK[1]")[2][b"BINARY[1]"] == plain
    # Two pages and what a sanitizer adds are far below the message.
    assert peak() - before < 16 * 1024, (before, peak())


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
