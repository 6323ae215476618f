"""The attacks: what each client of flood.c says, and how many there are.

An attack is a function of a Site and a size (1 in the suite) that returns a
list of Floods, which run at the same time.
"""

import base64
import zlib

USER = 'attacker@example.test'
PASSWORD = 'secret'


class Flood:
    """One flood.c: prelude and loop are bytes or their text."""

    def __init__(self, port, n, prelude='', loop='', **how):
        self.port = port
        self.n = n
        self.prelude = self.bytes(prelude)
        self.loop = self.bytes(loop)
        self.how = how      # drip, half, unread, again, tls, user

    @staticmethod
    def bytes(s):
        return s if isinstance(s, bytes) else s.encode('latin-1')


def plain(password=PASSWORD):
    return base64.b64encode(('\0%s\0%s' % (USER, password)).encode()).decode()


LOGIN = 'a LOGIN %s %s\r\n' % (USER, PASSWORD)
INBOX = LOGIN + 'a SELECT INBOX\r\n'
POP3 = 'USER %s\r\nPASS %s\r\n' % (USER, PASSWORD)
ENVELOPE = ('EHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<%s>\r\nDATA\r\n'
            % USER)

# The first bytes of a ClientHello that says it is longer.
HELLO = bytes.fromhex('16030102000100''01fc0303') + b'\x5a' * 60


# ---- many, and slow ---------------------------------------------------------

def slow_smtp(site, size):
    """A byte a second, of lines that never end."""
    return [Flood(site.smtp, 1500 * size, 'EHLO a', 'x', drip=True,
                  again=True)]


def slow_imap(site, size):
    """The same, to IMAP and POP3."""
    return [Flood(site.imap, 1000 * size, 'a LOGIN ', 'x', drip=True,
                  again=True),
            Flood(site.pop3, 500 * size, 'USER ', 'x', drip=True,
                  again=True)]


def slow_data(site, size):
    """Messages that come by a byte a second."""
    return [Flood(site.smtp, 300 * size, ENVELOPE, 'x', drip=True,
                  again=True)]


def half_closed(site, size):
    """They close their half in the middle of things, and stay."""
    return [Flood(site.smtp, 200 * size, ENVELOPE + 'half a mess', half=True,
                  again=True),
            Flood(site.imap, 200 * size, LOGIN + 'b APPEND INBOX {90}\r\nx',
                  half=True, again=True)]


# ---- without an end ---------------------------------------------------------

def endless_lines(site, size):
    """Command lines without an end, to all three."""
    line = 'A' * 65536
    return [Flood(site.smtp, 4 * size, '', line, again=True),
            Flood(site.imap, 4 * size, '', line, again=True),
            Flood(site.pop3, 4 * size, '', line, again=True)]


def endless_helo(site, size):
    """A HELO without an end, and a SASL line."""
    return [Flood(site.smtp, 4 * size, 'HELO ', 'h' * 65536, again=True),
            Flood(site.imap, 4 * size, 'a AUTHENTICATE PLAIN ',
                  'QUFB' * 16384, again=True)]


def endless_headers(site, size):
    """Header fields without an end, and one field without an end."""
    return [Flood(site.smtp, 2 * size, ENVELOPE, 'X-A: b\r\n' * 8192,
                  again=True),
            Flood(site.smtp, 2 * size, ENVELOPE + 'Subject: x',
                  '\r\n ' + 'y' * 900, again=True)]


def pipelined(site, size):
    """Commands without an end, the answers to which are never read."""
    return [Flood(site.smtp, 10 * size, 'EHLO a\r\n', 'VRFY a\r\n' * 8192,
                  unread=True, again=True),
            Flood(site.smtp, 10 * size, 'EHLO a\r\nMAIL FROM:<a@b.test>\r\n',
                  'RCPT TO:<%s>\r\n' % USER * 2048, unread=True, again=True),
            Flood(site.imap, 10 * size, INBOX, 'a NOOP\r\n' * 8192,
                  unread=True, again=True),
            Flood(site.pop3, 10 * size, POP3, 'NOOP\r\n' * 8192, unread=True,
                  again=True)]


# ---- bombs ------------------------------------------------------------------

def bomb(site, size, text):
    session = ENVELOPE + text.replace('\n.', '\n..') + '\r\n.\r\nQUIT\r\n'
    return [Flood(site.smtp, 3 * size, session, again=True)]


def mime_nested(site, size):
    """A multipart in a multipart, ten thousand deep."""
    text = ''
    for i in range(10000):
        text += ('Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n'
                 % (i, i))
    return bomb(site, size, 'From: a@b.test\r\n' + text)


def mime_messages(site, size):
    """A message in a message, as often as fits."""
    return bomb(site, size, 'Content-Type: message/rfc822\r\n\r\n' * 30000)


def mime_parts(site, size):
    """A hundred thousand parts."""
    return bomb(site, size, 'Content-Type: multipart/mixed; boundary=b'
                '\r\n\r\n' + '--b\r\n\r\nx\r\n' * 100000 + '--b--\r\n')


def mime_boundaries(site, size):
    """Lines that are nearly boundaries of a hundred open multiparts."""
    text = ''
    for i in range(90):
        text += ('Content-Type: multipart/mixed; boundary="%s%d"\r\n\r\n'
                 '--%s%d\r\n' % ('-' * 60, i, '-' * 60, i))
    return bomb(site, size, text + ('--' + '-' * 60 + 'x\r\n') * 100000)


def encoded_words(site, size):
    """Encoded words without an end, of every charset there is."""
    words = ''.join('=?%s?%s?%s?=\r\n ' % (c, e, w)
                    for c in ('utf-8', 'iso-2022-jp', 'x', 'utf-7')
                    for e, w in (('b', 'w6nDqcOp'), ('q', '=C3=A9'),
                                 ('b', '////')))
    return bomb(site, size, 'Subject: ' + words * 8000 + '\r\n'
                'From: ' + words * 4000 + '<a@b.test>\r\n\r\nx')


def addresses(site, size):
    """A hundred thousand addresses, groups and comments in one field."""
    return bomb(site, size, 'To: ' + 'g: "a\\"b" <a@b.test>, c (d(e)) @f;,'
                '\r\n ' * 60000 + 'x@y.test\r\nCc: ' + '(' * 200000 +
                '\r\n\r\nx')


def header_flood(site, size):
    """Half a million fields; ids and references without an end."""
    return bomb(site, size, 'A: b\r\n' * 300000 + 'References: ' +
                '<a@b.test>\r\n ' * 100000 + '\r\n\r\nx')


def deflate(site, size):
    """COMPRESS=DEFLATE, and then a thousand bytes in each."""
    z = zlib.compressobj(9, wbits=-15)
    loop = z.compress(b'A' * 16000000) + z.flush(zlib.Z_FULL_FLUSH)
    z = zlib.compressobj(9, wbits=-15)
    noops = z.compress(b'a NOOP\r\n' * 1000000) + z.flush(zlib.Z_FULL_FLUSH)
    start = LOGIN + 'a COMPRESS DEFLATE\r\n'
    return [Flood(site.imap, 5 * size, start, loop, again=True),
            Flood(site.imap, 5 * size, start, noops, again=True,
                  unread=True)]


# ---- logins and handshakes --------------------------------------------------

def auth(site, size):
    """Wrong passwords, as many as are taken."""
    bad = plain('wrong')
    return [Flood(site.submission, 20 * size, 'EHLO a\r\n',
                  'AUTH PLAIN %s\r\n' % bad, again=True),
            Flood(site.imap, 20 * size, '', 'a LOGIN %s wrong\r\n' % USER,
                  again=True),
            Flood(site.pop3, 20 * size, '', 'USER %s\r\nPASS wrong\r\n' %
                  USER, again=True)]


def auth_begun(site, size):
    """SASL exchanges begun, and never ended."""
    return [Flood(site.submission, 300 * size,
                  'EHLO a\r\nAUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==\r\n',
                  again=True),
            Flood(site.imap, 300 * size, 'a AUTHENTICATE PLAIN\r\n',
                  again=True)]


def handshakes(site, size):
    """TLS handshakes, one after the other."""
    return [Flood(site.imaps, 20 * size, again=True, tls='full'),
            Flood(site.submissions, 20 * size, again=True, tls='full')]


def handshakes_begun(site, size):
    """A ClientHello that does not end."""
    return [Flood(site.imaps, 500 * size, HELLO, again=True),
            Flood(site.submissions, 500 * size, HELLO, again=True)]


def renegotiation(site, size):
    """TLS 1.2, renegotiated by the client again and again."""
    return [Flood(site.imaps, 10 * size, again=True, tls='reneg'),
            Flood(site.submissions, 10 * size, again=True, tls='reneg')]


# ---- IMAP -------------------------------------------------------------------

def literals(site, size):
    """Literals announced and never sent, of both kinds."""
    return [Flood(site.imap, 200 * size, 'a LOGIN {60}\r\n', again=True),
            Flood(site.imap, 200 * size, 'a LOGIN {60+}\r\nx', 'y',
                  drip=True, again=True),
            Flood(site.imap, 40 * size, LOGIN + 'a APPEND INBOX {30000000}'
                  '\r\n', again=True),
            Flood(site.imap, 40 * size, LOGIN + 'a APPEND INBOX {30000000+}'
                  '\r\n', 'x' * 1000, drip=True, again=True)]


def mailboxes(site, size):
    """Thousands of mailboxes, and LIST of all with STATUS in a loop."""
    make = ''.join('a CREATE m%d/%s\r\n' % (i, 'n' * 200)
                   for i in range(2000 * size))
    return [Flood(site.imap, 2, LOGIN + make, 'a LIST "" "*" RETURN (STATUS '
                  '(MESSAGES UNSEEN SIZE))\r\na LIST "" "*n*n*n*n*n*n*n*x"'
                  '\r\n' * 4, again=True)]


def fetch(site, size):
    """FETCH of everything, again and again, and read by nobody."""
    return [Flood(site.imap, 10 * size, INBOX, 'a FETCH 1:* (BODY[] ENVELOPE '
                  'BODYSTRUCTURE)\r\n' * 64, unread=True, again=True)]


def fetch_read(site, size):
    """The same, and read."""
    return [Flood(site.imap, 5 * size, INBOX, 'a FETCH 1:* (BODY.PEEK[] FLAGS '
                  'BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n' * 64,
                  again=True)]


def idle(site, size):
    """IDLE, by hundreds, begun and ended in a loop."""
    return [Flood(site.imap, 90 * size, INBOX, 'a IDLE\r\nDONE\r\n',
                  again=True)]


def store(site, size):
    """Flags set and taken away in a loop, with others watching."""
    return [Flood(site.imap, 40 * size, INBOX + 'a IDLE\r\n', again=True),
            Flood(site.imap, 4 * size, INBOX, 'a STORE 1:* +FLAGS (\\Seen x)'
                  '\r\na STORE 1:* -FLAGS (\\Seen x)\r\n', again=True)]


def search(site, size):
    """Search keys, nested and without an end."""
    deep = 'a SEARCH ' + '(' * 200 + 'ALL' + ')' * 200 + '\r\n'
    many = 'a SEARCH ' + 'OR TEXT a BODY e ' * 400 + 'ALL\r\n'
    sets = 'a SEARCH ' + ','.join(str(2 * i) for i in range(8000)) + '\r\n'
    nots = 'a UID SEARCH ' + 'NOT ' * 4000 + 'ALL\r\n'
    return [Flood(site.imap, 3 * size, INBOX, s, again=True)
            for s in (deep, many, sets, nots)]


# ---- from this machine ------------------------------------------------------

def control(site, size):
    """A user of the machine at mailctl's socket."""
    return [Flood(site.control, 50 * size, '{"verb": "stop"}\n',
                  '{"verb": "stats"}\n' * 100, again=True, user='nobody')]


def local(site, size):
    """A user of the machine at the sockets of sendmail and LMTP."""
    return [Flood(site.local, 20 * size, 'EHLO a\r\n', 'VRFY a\r\n' * 1000,
                  again=True, unread=True, user='nobody')]


ALL = [slow_smtp, slow_imap, slow_data, half_closed, endless_lines,
       endless_helo, endless_headers, pipelined, mime_nested, mime_messages,
       mime_parts, mime_boundaries, encoded_words, addresses, header_flood,
       deflate, auth, auth_begun, handshakes, handshakes_begun,
       renegotiation, literals, mailboxes, fetch, fetch_read, idle, store,
       search, control, local]
