"""A small IMAP client for the tests: one connection, responses as they come."""
import os
import re
import socket
import ssl
import zlib


class Client:
    def __init__(self, user="you@example.test", login=True, tls=True,
                 port=None):
        self.sock = socket.create_connection(
            ("127.0.0.1", port or int(os.environ["SITE_IMAP"])))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(20)
        self.buf = b""
        self.n = 0
        self.inflate = self.deflate = None
        self.greeting = self.response()
        if tls:
            self.ok("STARTTLS")
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)
        if login:
            self.ok('LOGIN "%s" "secret"' % user)

    def close(self):
        self.sock.close()

    def fill(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise EOFError(self.buf)
        if self.inflate is not None:
            data = self.inflate.decompress(data)
        self.buf += data

    def raw(self, data):
        if self.deflate is not None:
            data = (self.deflate.compress(data) +
                    self.deflate.flush(zlib.Z_SYNC_FLUSH))
        self.sock.sendall(data)

    def compress(self):
        self.ok("COMPRESS DEFLATE")
        self.inflate = zlib.decompressobj(-15)
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.buf = self.inflate.decompress(self.buf)

    def line(self):
        at = 0
        while True:
            i = self.buf.find(b"\r\n", at)
            if i != -1:
                break
            at = max(0, len(self.buf) - 1)
            self.fill()
        line, self.buf = self.buf[:i], self.buf[i + 2:]
        return line

    def response(self):
        """One response with the literals in it."""
        out = [self.line()]
        while True:
            m = re.search(rb"\{(\d+)\}$", out[-1])
            if not m:
                return b"".join(out)
            n = int(m.group(1))
            parts = [self.buf]
            have = len(self.buf)
            self.buf = b""
            while have < n:
                self.fill()
                parts.append(self.buf)
                have += len(self.buf)
                self.buf = b""
            data = b"".join(parts)
            self.buf = data[n:]
            out += [b"\r\n", data[:n], self.line()]

    def send(self, text):
        if isinstance(text, str):
            text = text.encode()
        self.n += 1
        tag = b"t%d" % self.n
        self.raw(tag + b" " + text + b"\r\n")
        return tag

    def wait(self, tag):
        """The tagged reply without its tag, and what came before it."""
        untagged = []
        while True:
            r = self.response()
            if r.startswith(tag + b" "):
                return r[len(tag) + 1:], untagged
            untagged.append(r)

    def cmd(self, text):
        return self.wait(self.send(text))

    def ok(self, text):
        reply, untagged = self.cmd(text)
        assert reply.startswith(b"OK"), (text, reply, untagged)
        return untagged

    def no(self, text, code=None):
        reply, untagged = self.cmd(text)
        assert reply.startswith(b"NO"), (text, reply, untagged)
        if code is not None:
            assert reply.startswith(b"NO [" + code), (text, reply)
        return reply

    def bad(self, text):
        reply, untagged = self.cmd(text)
        assert reply.startswith(b"BAD"), (text, reply, untagged)

    def append(self, mailbox, message, options=""):
        if isinstance(message, str):
            message = message.encode()
        if options:
            options += " "
        reply, untagged = self.cmd(b"APPEND %s %s{%d+}\r\n%s" % (
            mailbox.encode(), options.encode(), len(message), message))
        assert reply.startswith(b"OK [APPENDUID "), reply
        return int(re.search(rb"APPENDUID \d+ (\d+)", reply).group(1))

    def fetch(self, text):
        """{number: list of tokens} of a FETCH command."""
        return fetches(self.ok(text))

    def search(self, text):
        """Numbers of "* SEARCH", which must be one response."""
        r = [u for u in self.ok(text) if u.startswith(b"* SEARCH")]
        assert len(r) == 1, r
        return [int(n) for n in r[0].split(b"(")[0].split()[2:]]

    def idle(self):
        tag = self.send("IDLE")
        r = self.response()
        assert r.startswith(b"+"), r
        return tag

    def done(self, tag):
        self.raw(b"DONE\r\n")
        reply, untagged = self.wait(tag)
        assert reply.startswith(b"OK"), reply
        return untagged


def tokens(data):
    """Parse what stands in parentheses: lists, strings, atoms."""
    at = 0

    def one():
        nonlocal at
        c = data[at:at + 1]
        if c == b"(":
            at += 1
            out = []
            while data[at:at + 1] != b")":
                if data[at:at + 1] == b" ":
                    at += 1
                    continue
                out.append(one())
            at += 1
            return out
        if c == b'"':
            out = b""
            at += 1
            while data[at:at + 1] != b'"':
                if data[at:at + 1] == b"\\":
                    at += 1
                out += data[at:at + 1]
                at += 1
            at += 1
            return out
        m = re.compile(rb"~?\{(\d+)\}\r\n").match(data, at)
        if m:
            at = m.end() + int(m.group(1))
            return data[m.end():at]
        m = re.compile(rb"[A-Za-z0-9.]+\[[^\]]*\](<\d+>)?|[^ ()\"]+").match(
            data, at)
        at = m.end()
        return None if m.group(0) == b"NIL" else m.group(0)

    return one()


def fetches(untagged):
    out = {}
    for r in untagged:
        m = re.match(rb"\* (\d+) (UID)?FETCH ", r)
        if not m:
            continue
        t = tokens(r[m.end():])
        d = dict(zip(t[::2], t[1::2]))
        out.setdefault(int(m.group(1)), {}).update(d)
    return out


def exists(untagged):
    n = [int(r.split()[1]) for r in untagged if r.endswith(b" EXISTS")]
    return n[-1] if n else None


def message(subject="a subject", body="text\r\n", extra="",
            sender="Some One <some@example.org>"):
    return ("From: %s\r\nTo: you@example.test\r\nSubject: %s\r\n"
            "Date: Mon, 1 Jan 2024 10:00:00 +0100\r\n"
            "Message-ID: <%x@example.org>\r\n%s\r\n%s" % (
                sender, subject, abs(hash((subject, body))), extra, body))
