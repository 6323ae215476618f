"""What clients say: sessions made from a grammar, a dictionary and the corpus,
then damaged.  Everything comes from the random.Random that is passed, so that
a seed makes the same session again.

A session is a list of steps:
  ['send', text]    bytes, as latin-1 text
  ['wait']          read answers until there are none for a moment
  ['deflate']       what is sent from here on is compressed (RFC 4978)
  ['half']          close our side
  ['reset']         close with a reset, reading nothing
The last step is the end of the input: without `reset' it is a half-close and
then reading until the server closes.
"""

import base64
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
USER = 'you@example.test'
PASSWORD = 'secret'

NUMBERS = ['0', '1', '2', '7', '100', '999', '65535', '65536', '2147483647',
           '2147483648', '4294967295', '4294967296', '9223372036854775807',
           '9223372036854775808', '18446744073709551615',
           '18446744073709551616', '-1', '00000000001', '1e9', '']

# Letters of ASCII alone: another's capital may be no latin-1.
SWAP = {c: ord(chr(c).swapcase()) for c in range(128)}

SMTP_DICT = ['HELO', 'EHLO', 'LHLO', 'MAIL FROM:', 'RCPT TO:', 'DATA', 'BDAT',
             'LAST', 'RSET', 'NOOP', 'QUIT', 'VRFY', 'EXPN', 'HELP', 'AUTH',
             'STARTTLS', 'SIZE=', 'BODY=8BITMIME', 'BODY=BINARYMIME',
             'SMTPUTF8', 'RET=FULL', 'ENVID=', 'NOTIFY=NEVER', 'ORCPT=',
             'REQUIRETLS', 'AUTH=<>', 'PLAIN', 'LOGIN', 'SCRAM-SHA-256',
             'SCRAM-SHA-256-PLUS', 'XCLIENT', 'PROXY TCP4', 'GET / HTTP/1.1']


def dictionary(name):
    """The words of a libFuzzer dictionary, or none."""
    words = []
    for path in glob.glob(os.path.join(HERE, 'dict', name + '*.dict')) + \
            glob.glob(os.path.join(HERE, '..', '*', 'fuzz_%s*.dict' % name)):
        with open(path, encoding='latin-1') as f:
            for line in f:
                m = re.search(r'"((?:[^"\\]|\\.)*)"\s*$', line)
                if m is None:
                    continue
                words.append(re.sub(r'\\(x[0-9a-fA-F]{2}|.)', lambda x:
                             chr(int(x.group(1)[1:], 16))
                             if len(x.group(1)) > 1 else x.group(1),
                             m.group(1)))
    return words


def corpus(*names):
    """Pieces of the corpora of libFuzzer's targets."""
    pieces = []
    for name in names:
        for path in sorted(glob.glob(os.path.join(HERE, 'corpus', name,
                                                  '*'))):
            with open(path, 'rb') as f:
                pieces.append(f.read(8192).decode('latin-1'))
    return pieces


def b64(s):
    return base64.b64encode(s.encode('latin-1')).decode()


class Grammar:
    def __init__(self, rng):
        self.r = rng

    def some(self, low, high):
        return range(self.r.randint(low, high))

    def pick(self, *what):
        x = self.r.choice(what)
        return x() if callable(x) else x

    def number(self):
        return self.r.choice(NUMBERS) if self.r.random() < .5 else \
            str(self.r.randint(0, 40))

    def blob(self, n):
        return ''.join(chr(self.r.randrange(256)) for _ in range(n))

    def word(self):
        return self.pick('a', 'x' * self.r.randint(1, 80), '=?utf-8?q?=41?=',
                         '=?x?b?////?=', '"q\\"s"', '\xc3\xa9', '(c(c)c)',
                         '<>', '@', '\\', '\t', '=', ';', ',', ':',
                         self.number())

    def address(self):
        return self.pick('<%s>' % USER, USER, '<>', '"a b" <a@b.test>',
                         'g: a@b.test, c@d.test;', '<@r.test:a@b.test>',
                         '<a@[127.0.0.1]>', '<\xc3\xa9@\xc3\xa9.test>',
                         '(' * self.r.randint(1, 60) + 'a@b.test',
                         ', '.join('u%d@x.test' % i for i in
                                   self.some(0, 60)), self.word)

    # A message, well formed or nearly.
    def header(self):
        name = self.pick('From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID',
                         'References', 'In-Reply-To', 'Received', 'Sender',
                         'Reply-To', 'Content-Type', 'Return-Path',
                         'Content-Disposition', 'Content-Transfer-Encoding',
                         'DKIM-Signature', 'X-' + 'y' * 70, '')
        value = ' '.join(self.pick(self.word, self.address, '\r\n ', '\r\n\t')
                         for _ in self.some(0, 8))
        return '%s%s%s\r\n' % (name, self.pick(': ', ':', ' :', ''), value)

    def entity(self, depth=0):
        kind = self.r.random()
        if depth > self.r.choice((1, 3, 8, 120)) or kind < .4:
            how = self.pick('7bit', '8bit', 'base64', 'quoted-printable',
                            'x-uuencode', '')
            body = self.pick(b64(self.blob(self.r.randint(0, 300))),
                             '=3D=\r\n' * self.r.randint(0, 20), 'text\r\n',
                             '', 'a' * self.r.randint(0, 3000) + '\r\n')
            return ('Content-Type: %s; charset=%s; name*0*=utf-8\'\'%%41; '
                    'name*1="b"\r\nContent-Transfer-Encoding: %s\r\n\r\n%s' % (
                        self.pick('text/plain', 'text/html', 'image/png',
                                  'a/b', '/', 'text'),
                        self.pick('utf-8', 'iso-8859-1', 'utf-7', 'x', '""'),
                        how, body))
        if kind < .5:
            return 'Content-Type: message/rfc822\r\n\r\n' + \
                self.header() + self.entity(depth + 1)
        b = self.pick('b', 'b%d' % depth, '', '-', 'x' * 70)
        parts = ''.join('\r\n--%s%s\r\n%s' % (b, self.pick('', ' ', '\t'),
                                              self.entity(depth + 1))
                        for _ in self.some(0, 3))
        return ('Content-Type: multipart/%s; boundary="%s"\r\n\r\npre%s%s' % (
            self.pick('mixed', 'alternative', 'digest', 'x'), b, parts,
            self.pick('\r\n--%s--\r\n' % b, '', '\r\n--%s' % b)))

    def message(self):
        text = ''.join(self.header() for _ in self.some(0, 10))
        return text + self.pick(self.entity, '\r\n', '') + '\r\n'


class Smtp(Grammar):
    names = ('smtp_server', 'smtp_command', 'smtp_dot')
    lmtp = False

    def dictionary(self):
        return SMTP_DICT + dictionary('smtp')

    def path(self):
        return self.pick('<%s>' % USER, '<you+x@example.test>', '<>',
                         '<postmaster>', '<nobody@example.test>',
                         '<a@b.test>', '<@a,@b:c@d.test>', '<"a b"@c.test>',
                         '<a@[IPv6:::1]>', '<%s@example.test>' %
                         ('l' * self.r.choice((63, 64, 65, 300))),
                         '<\xc3\xa9@example.test>', USER, '<<>>', '')

    def params(self):
        return ''.join(' ' + self.pick(
            'SIZE=' + self.number(), 'BODY=' + self.pick('7BIT', '8BITMIME',
            'BINARYMIME', 'x'), 'SMTPUTF8', 'RET=' + self.pick('FULL', 'HDRS'),
            'ENVID=' + 'e+2B' * self.r.randint(0, 80), 'REQUIRETLS',
            'NOTIFY=' + self.pick('NEVER', 'SUCCESS,FAILURE', 'x'),
            'ORCPT=rfc822;' + self.pick('a+40b', 'x' * 600, '+zz'),
            'AUTH=<>', 'X=' + self.word()) for _ in self.some(0, 2))

    def greet(self):
        return self.pick('EHLO', 'EHLO', 'HELO', 'LHLO') + ' ' + self.pick(
            'client.test', '[127.0.0.1]', '', 'a b', 'x' * 300, '\xff') + \
            '\r\n'

    def body(self):
        text = self.message()
        if self.r.random() < .6:
            return 'DATA\r\n' + text + self.pick('.\r\n', '.\r\n', '\n.\n',
                                                 '.\r', '')
        n = len(text)
        cut = self.r.randint(0, n)
        return 'BDAT %d\r\n%sBDAT %d LAST\r\n%s' % (
            cut, text[:cut], n - cut + self.r.choice((0, 0, 0, 1, -1)),
            text[cut:])

    def transaction(self):
        return 'MAIL FROM:%s%s\r\n' % (self.path(), self.params()) + \
            ''.join('RCPT TO:%s%s\r\n' % (self.path(), self.params())
                    for _ in self.some(0, 4)) + \
            'RCPT TO:<%s>\r\n' % USER + self.body()

    def auth(self):
        return 'AUTH ' + self.pick(
            'PLAIN ' + b64('\0%s\0%s' % (USER, PASSWORD)),
            'PLAIN ' + b64('\0%s\0wrong' % USER),
            'PLAIN\r\n' + b64('\0%s\0%s' % (USER, PASSWORD)),
            'PLAIN =', 'LOGIN', 'LOGIN\r\n%s\r\n%s' % (b64(USER),
                                                       b64(PASSWORD)),
            'SCRAM-SHA-256 ' + b64('n,,n=%s,r=abc' % USER),
            'SCRAM-SHA-256\r\n%s\r\n%s' % (b64('n,,n=a,r=b'),
                                           b64('c=biws,r=b,p=AAAA')),
            'PLAIN\r\n*', 'X ' + 'A' * self.r.randint(0, 14000)) + '\r\n'

    def session(self):
        steps = [self.pick('LHLO c.test\r\n' if self.lmtp else
                           'EHLO c.test\r\n', self.greet)]
        for _ in self.some(1, 6):
            steps.append(self.pick(
                self.transaction, self.transaction, self.auth, self.greet,
                'RSET\r\n', 'NOOP %s\r\n' % self.word(), 'STARTTLS\r\n',
                'VRFY %s\r\n' % self.path(), 'HELP\r\n', 'EXPN a\r\n',
                self.body))
        return [['send', s] for s in steps]


class Submission(Smtp):
    def session(self):
        good = 'AUTH PLAIN %s\r\n' % b64('\0%s\0%s' % (USER, PASSWORD))
        steps = Smtp.session(self)
        steps[1:1] = [['send', good], ['wait']]
        return steps


class Lmtp(Smtp):
    lmtp = True


class Pop3(Grammar):
    names = ('pop3',)

    def dictionary(self):
        return dictionary('pop3') + SMTP_DICT

    def command(self):
        n = self.number
        return self.pick('STAT', 'LIST', 'LIST ' + n(), 'UIDL',
                         'UIDL ' + n(), 'RETR ' + n(), 'RETR 1',
                         'TOP %s %s' % (n(), n()), 'DELE ' + n(), 'RSET',
                         'NOOP', 'CAPA', 'LAST', 'UTF8', 'LANG *', 'STLS',
                         'APOP a b', 'AUTH', 'AUTH PLAIN', 'PASS x',
                         'XTND ' + self.word()) + '\r\n'

    def session(self):
        login = self.pick('USER %s\r\nPASS %s\r\n' % (USER, PASSWORD),
                          'USER %s\r\nPASS %s\r\n' % (USER, PASSWORD),
                          'AUTH PLAIN %s\r\n' % b64('\0%s\0%s' % (
                              USER, PASSWORD)), 'USER x\r\nPASS y\r\n', '')
        return [['send', login], ['wait']] + \
            [['send', self.command()] for _ in self.some(1, 12)]


class Imap(Grammar):
    names = ('imap', 'imapsearch', 'imapmatch', 'mutf7')
    boxes = ('INBOX', 'Archive', 'a', 'a/b', 'a/b/c', '""', '"x y"', 'Trash',
             '&AOk-', '&', '"\\""', '%', '*', 'inbox', 'Sent', 'INBOX/x')

    def dictionary(self):
        return dictionary('imap')

    def astring(self, s):
        kind = self.r.random()
        if kind < .4:
            return s
        if kind < .6:
            return '"%s"' % s.replace('\\', '\\\\').replace('"', '\\"')
        return '{%d%s}\r\n%s' % (len(s) + self.r.choice((0,) * 20 + (1, -1)),
                                 self.pick('', '+', '-'), s)

    def box(self):
        return self.astring(self.r.choice(self.boxes).strip('"'))

    def set(self):
        return ','.join(self.pick('*', '1', '1:*', '*:1', '2:3', '$',
                                  '%s:%s' % (self.number(), self.number()),
                                  self.number())
                        for _ in self.some(1, 4))

    def flags(self):
        return '(%s)' % ' '.join(self.pick(
            '\\Seen', '\\Deleted', '\\Flagged', '\\Draft', '\\Answered',
            '\\Recent', '$Junk', 'k%d' % self.r.randint(0, 80), '\\X', '')
            for _ in self.some(0, 4))

    def section(self):
        return self.pick('', 'HEADER', 'TEXT', '1', '1.MIME', '1.2.3',
                         '1.HEADER', 'HEADER.FIELDS (From %s)' %
                         self.astring('To'), 'HEADER.FIELDS.NOT (a)', '0',
                         '1.' * self.r.randint(1, 90) + '1', 'MIME')

    def item(self):
        part = self.pick('', '', '<%s.%s>' % (self.number(), self.number()))
        return self.pick('FLAGS', 'UID', 'ENVELOPE', 'BODYSTRUCTURE', 'BODY',
                         'RFC822.SIZE', 'INTERNALDATE', 'MODSEQ', 'EMAILID',
                         'THREADID', 'SAVEDATE', 'PREVIEW', 'RFC822',
                         'RFC822.HEADER', 'RFC822.TEXT', 'ALL', 'FULL',
                         'BODY[%s]%s' % (self.section(), part),
                         'BODY.PEEK[%s]%s' % (self.section(), part),
                         'BINARY[1]%s' % part, 'BINARY.SIZE[1]', 'X')

    def key(self, depth=0):
        if depth > 6 or self.r.random() < .6:
            return self.pick(
                'ALL', 'SEEN', 'UNSEEN', 'FROM ' + self.astring('you'),
                'SUBJECT ' + self.astring('a'), 'TEXT ' + self.astring('e'),
                'BODY ' + self.astring('\xc3\xa9'), 'LARGER ' + self.number(),
                'SMALLER ' + self.number(), 'SINCE 1-Jan-2020',
                'BEFORE 31-Feb-2020', 'UID ' + self.set(), self.set,
                'HEADER %s %s' % (self.astring('To'), self.astring('')),
                'KEYWORD k1', 'MODSEQ ' + self.number(), 'OLDER 9',
                'YOUNGER ' + self.number(), 'EMAILID x', 'FUZZY TEXT a',
                'FILTER f', '$')
        return self.pick('NOT ' + self.key(depth + 1), 'OR %s %s' % (
            self.key(depth + 1), self.key(depth + 1)), '(%s)' % ' '.join(
            self.key(depth + 1) for _ in self.some(1, 3)))

    def keys(self):
        return ' '.join(self.key() for _ in self.some(1, 3))

    def append(self):
        out = 'APPEND ' + self.box()
        for _ in self.some(1, 2):
            text = self.message()
            out += ' %s%s%s{%d%s}\r\n%s' % (
                self.pick('', self.flags() + ' '),
                self.pick('', '" 1-Jan-2020 00:00:00 +0000" '),
                self.pick('', '', '~'), len(text), self.pick('', '+'), text)
        return out

    def command(self):
        uid = self.pick('', 'UID ')
        n = self.number
        return self.pick(
            'SELECT ' + self.box(), 'EXAMINE ' + self.box(), 'SELECT INBOX',
            'SELECT INBOX (QRESYNC (%s %s %s))' % (n(), n(), self.set()),
            'SELECT INBOX (CONDSTORE)', 'CREATE ' + self.box(),
            'CREATE x (USE (\\Junk))', 'DELETE ' + self.box(),
            'RENAME %s %s' % (self.box(), self.box()),
            'SUBSCRIBE ' + self.box(), 'LIST %s %s' % (
                self.astring(''), self.box()),
            'LIST (SUBSCRIBED) "" (a %%) RETURN (STATUS (MESSAGES UIDNEXT))',
            'LSUB "" *', 'STATUS %s (MESSAGES UNSEEN SIZE HIGHESTMODSEQ)' %
            self.box(), self.append, 'NOOP', 'CHECK', 'CLOSE', 'UNSELECT',
            uid + 'EXPUNGE' + (' ' + self.set() if uid else ''),
            '%sFETCH %s (%s)' % (uid, self.set(), ' '.join(
                self.item() for _ in self.some(1, 5))),
            '%sFETCH 1:* (FLAGS) (CHANGEDSINCE %s VANISHED)' % (uid, n()),
            '%sSTORE %s %sFLAGS%s %s' % (uid, self.set(), self.pick(
                '+', '-', ''), self.pick('', '.SILENT'), self.flags()),
            '%sSTORE 1:* (UNCHANGEDSINCE %s) FLAGS ()' % (uid, n()),
            '%sCOPY %s %s' % (uid, self.set(), self.box()),
            '%sMOVE %s %s' % (uid, self.set(), self.box()),
            '%sSEARCH %s' % (uid, self.keys()),
            '%sSEARCH RETURN (%s) CHARSET UTF-8 %s' % (uid, self.pick(
                'MIN MAX COUNT', 'SAVE', 'ALL', 'PARTIAL 1:5', ''),
                self.keys()),
            '%sSORT (%s) UTF-8 %s' % (uid, self.pick(
                'REVERSE DATE', 'SUBJECT', 'FROM SIZE', 'DISPLAYFROM'),
                self.keys()),
            '%sTHREAD %s UTF-8 %s' % (uid, self.pick(
                'REFERENCES', 'ORDEREDSUBJECT', 'REFS'), self.keys()),
            'ENABLE ' + self.pick('QRESYNC', 'CONDSTORE', 'UTF8=ACCEPT',
                                  'IMAP4rev2', 'UIDONLY', 'X'),
            'IDLE\r\nDONE', 'IDLE', 'ID NIL', 'ID ("a" NIL)', 'NAMESPACE',
            'GETQUOTAROOT INBOX', 'GETQUOTA ""', 'SETQUOTA "" (STORAGE 1)',
            'GETMETADATA %s (/private/comment /shared/x)' % self.box(),
            'GETMETADATA (MAXSIZE %s DEPTH infinity) "" /private' % n(),
            'SETMETADATA %s (/private/comment %s)' % (
                self.box(), self.astring(self.blob(
                    self.r.choice((0, 1, 200))))),
            'REPLACE 1 INBOX {4}\r\na\r\n\r\n', 'UNAUTHENTICATE',
            'UIDBATCHES 10', 'GETJMAPACCESS', 'CAPABILITY')

    def session(self):
        steps = []
        if self.r.random() < .9:
            steps += [['send', 'l LOGIN %s %s\r\n' % (USER, PASSWORD)],
                      ['wait']]
        else:
            steps += [['send', 'l AUTHENTICATE PLAIN%s\r\n' % self.pick(
                ' ' + b64('\0%s\0%s' % (USER, PASSWORD)), '', ' =',
                '\r\n*')]]
        if self.r.random() < .2:
            steps += [['send', 'z COMPRESS DEFLATE\r\n'], ['wait'],
                      ['deflate']]
        if self.r.random() < .7:
            steps.append(['send', 's SELECT INBOX\r\n'])
        for i in self.some(1, 14):
            steps.append(['send', 't%d %s\r\n' % (i, self.command())])
            if self.r.random() < .1:
                steps.append(['wait'])
        return steps


class Control(Grammar):
    names = ('ctljson',)
    verbs = ('status', 'stats', 'sessions', 'queue-list', 'queue-show',
             'queue-retry', 'queue-hold', 'queue-release', 'queue-remove',
             'queue-bounce', 'trace', 'log', 'account-usage', 'fsck', 'login',
             'account-purge', 'x', '')

    def dictionary(self):
        return dictionary('ctljson')

    def value(self, depth=0):
        return self.pick('"%s"' % self.pick('a', '', USER, '@example.test',
                                            'x' * 700, '\\u0000', '\\ud800',
                                            '\xc3\xa9', '\xff'),
                         self.number(), 'null', 'true', '[]', '{}',
                         '[' * self.r.randint(1, 3000), '1e999', '-0')

    def session(self):
        steps = []
        for _ in self.some(1, 5):
            o = ['"verb": "%s"' % self.r.choice(self.verbs)]
            for _ in self.some(0, 4):
                o.append('"%s": %s' % (self.pick(
                    'id', 'sender', 'rcpt', 'arg', 'older', 'verb', 'x'),
                    self.value()))
            self.r.shuffle(o)
            steps.append(['send', '{%s}\n' % ', '.join(o)])
            if self.r.random() < .5:
                steps.append(['wait'])
        return steps


KINDS = {'smtp': Smtp, 'submission': Submission, 'imap': Imap, 'pop3': Pop3,
         'lmtp': Lmtp, 'control': Control, 'sendmail': Smtp}


class Maker:
    """Sessions of one protocol, one after the other."""

    def __init__(self, kind, rng):
        self.r = rng
        self.kind = kind
        self.grammar = KINDS[kind](rng)
        self.words = self.grammar.dictionary() + NUMBERS + ['\r\n', '\0']
        self.pieces = corpus(*self.grammar.names)

    def damage(self, s):
        r = self.r
        at = r.randint(0, len(s))
        end = min(len(s), at + r.choice((1, 1, 2, 5, 30, 400)))
        kind = r.randrange(11)
        if kind == 0:
            return s[:at] + chr(r.randrange(256)) + s[at + 1:]
        if kind == 1:
            return s[:at] + s[end:]
        if kind == 2:
            return s[:at] + s[at:end] * r.choice((2, 3, 50)) + s[end:]
        if kind in (3, 4):
            return s[:at] + r.choice(self.words) + s[at:]
        if kind == 5:
            return s[:at]
        if kind == 6:
            return s[:at] + r.choice('\0\r\n\t "(){}\\\xff') * \
                r.choice((1, 2, 1000, 20000)) + s[at:]
        if kind == 7 and self.pieces:
            return s[:at] + r.choice(self.pieces) + s[at:]
        if kind == 8:
            return s.replace('\r\n', r.choice(('\n', '\r', '\r\r\n')),
                             r.choice((1, -1)))
        if kind == 9:
            return re.sub(r'\d+', lambda m: r.choice(NUMBERS), s,
                          count=r.choice((1, 3)))
        return s[:at] + s[at:end].translate(SWAP) + s[end:]

    def session(self):
        r = self.r
        steps = self.grammar.session()
        if r.random() < .7:
            for _ in range(r.choice((1, 1, 1, 2, 4, 8))):
                step = r.choice([s for s in steps if s[0] == 'send'])
                step[1] = self.damage(step[1])[:300000]
        if r.random() < .15:
            i, j = r.randrange(len(steps)), r.randrange(len(steps))
            steps[i], steps[j] = steps[j], steps[i]
        if r.random() < .1:
            steps.insert(r.randint(0, len(steps)),
                         ['send', r.choice(self.pieces or [''])])
        if r.random() < .1:
            # In small pieces, each a read of its own for the server.
            i = r.choice([n for n, s in enumerate(steps) if s[0] == 'send'])
            text = steps[i][1][:200]
            size = r.randint(1, 7)
            steps[i:i + 1] = [['send', text[k:k + size]]
                              for k in range(0, len(text), size)] or \
                [['wait']]
        if r.random() < .15:
            steps.append([r.choice(('half', 'reset'))])
        return steps
