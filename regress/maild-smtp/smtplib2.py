"""A bare SMTP client: says what it is told and shows what comes back."""
import base64
import socket
import ssl


class Smtp:
    def __init__(self, where, source=None):
        if isinstance(where, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(where)
        else:
            self.sock = socket.create_connection(("127.0.0.1", where))
        self.sock.settimeout(30)
        self.file = self.sock.makefile("rb")
        self.greeting = self.reply()

    def starttls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)
        self.file = self.sock.makefile("rb")

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def reply(self):
        """The last line of a reply."""
        while True:
            line = self.line()
            if line == "" or line[3:4] != "-":
                return line

    def replies(self, n):
        return [self.reply() for _ in range(n)]

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def cmd(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def message(self, sender, rcpts, data):
        """Send one; the codes of all replies."""
        codes = [self.cmd("MAIL FROM:<%s>" % sender)]
        codes += [self.cmd("RCPT TO:<%s>" % r) for r in rcpts]
        codes.append(self.cmd("DATA"))
        self.send(data + b".\r\n")
        codes.append(self.reply())
        return [c[:3] for c in codes]


def b64(data):
    return base64.b64encode(data).decode()


def expect(got, *want):
    """Each reply begins with what is wanted of it."""
    if isinstance(got, str):
        got = [got]
    assert len(got) == len(want), (got, want)
    for g, w in zip(got, want):
        assert g.startswith(w), (got, want)
