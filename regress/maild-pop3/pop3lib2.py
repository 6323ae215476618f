"""A bare POP3 client: says what it is told and shows what comes back."""
import base64
import hashlib
import hmac
import os
import smtplib
import socket
import ssl

YOU = "you@example.test"
PORT = int(os.environ["SITE_POP3"])
PORTS = int(os.environ["SITE_POP3S"])


def tls_context():
    return ssl.create_default_context(
        cafile=os.environ["site_dir"] + "/cert.pem")


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


class Pop3:
    def __init__(self, port=PORTS):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.settimeout(30)
        if port == PORTS:
            self.tls()
        else:
            self.file = self.sock.makefile("rb")
        self.greeting = self.line()

    def tls(self):
        self.sock = tls_context().wrap_socket(
            self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rb")

    def line(self):
        """Without its end, which is CRLF; "" at the end of all."""
        line = self.file.readline()
        assert line == b"" or line.endswith(b"\r\n"), line
        return line[:-2].decode("utf-8", "surrogateescape")

    def eof(self):
        return self.file.readline() == b""

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def cmd(self, line):
        self.send(line + "\r\n")
        return self.line()

    def block(self):
        """What follows +OK, up to the dot."""
        out = []
        while True:
            line = self.file.readline()
            assert line.endswith(b"\r\n"), line
            if line == b".\r\n":
                return b"".join(out)
            out.append(line[1:] if line.startswith(b".") else line)

    def many(self, line):
        got = self.cmd(line)
        assert got.startswith("+OK"), got
        return self.block().decode("utf-8", "surrogateescape").splitlines()

    def message(self, line):
        got = self.cmd(line)
        assert got.startswith("+OK"), got
        return self.block()

    def login(self, user=YOU, password="secret"):
        expect(self.cmd("USER " + user), "+OK")
        return self.cmd("PASS " + password)

    def quit(self):
        expect(self.cmd("QUIT"), "+OK")
        assert self.eof()


def opened(user=YOU):
    c = Pop3()
    expect(c.login(user), "+OK")
    return c


def scram(c, user=YOU, password="secret", initial=True):
    """AUTH SCRAM-SHA-256; the last line, of success or not."""
    nonce = b64(os.urandom(12))
    bare = "n=%s,r=%s" % (user, nonce)
    if initial:
        got = c.cmd("AUTH SCRAM-SHA-256 " + b64("n,," + bare))
    else:
        assert c.cmd("AUTH SCRAM-SHA-256") == "+ "
        got = c.cmd(b64("n,," + bare))
    expect(got, "+ ")
    first = unb64(got[2:]).decode()
    v = dict(p.split("=", 1) for p in first.split(","))
    assert v["r"].startswith(nonce)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), unb64(v["s"]),
                                 int(v["i"]))

    def mac(key, text):
        return hmac.new(key, text, "sha256").digest()
    ckey = mac(salted, b"Client Key")
    final = "c=biws,r=" + v["r"]
    msg = ",".join((bare, first, final)).encode()
    sig = mac(hashlib.sha256(ckey).digest(), msg)
    proof = bytes(a ^ b for a, b in zip(ckey, sig))
    got = c.cmd(b64(final + ",p=" + b64(proof)))
    if not got.startswith("+ "):
        return got
    server = mac(mac(salted, b"Server Key"), msg)
    assert unb64(got[2:]).decode() == "v=" + b64(server)
    return c.cmd("")


def deliver(*texts, to=YOU):
    """Bring messages in; their lines end in CRLF."""
    s = smtplib.SMTP("127.0.0.1", int(os.environ["SITE_SMTP"]))
    for t in texts:
        s.sendmail("a@b.zz", [to], t)
    s.quit()


def mail(n, body=b"text\r\n"):
    return b"From: a@b.zz\r\nTo: %s\r\nSubject: %d\r\n\r\n%s" % (
        YOU.encode(), n, body)


def expect(got, *want):
    """Each answer begins with what is wanted of it."""
    if isinstance(got, str):
        got = [got]
    assert len(got) == len(want), (got, want)
    for g, w in zip(got, want):
        assert g.startswith(w), (got, want)
