"""A site with shim.so in it, its clients, and what they were told.

Each client says what it is about to do and what was acknowledged (see the
class Notes), so that it can be asked of any state of the files, be it of the
middle of the run, whether all of it is there.
"""

import ctypes
import imaplib
import json
import mmap
import os
import random
import re
import smtplib
import ssl
import struct
import subprocess
import threading

from crash import Site

HERE = os.path.dirname(os.path.abspath(__file__))
SHIM = os.path.join(HERE, 'shim.so')
CHANGE, READ, MEMORY = 1, 2, 3          # enum shim_what
NOTE = 9                                # SHIM_NOTE
REC = struct.Struct('=IHHQQQQ')         # struct shim_rec
DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE
BITS = {'\\Seen': 1, '\\Answered': 2, '\\Flagged': 4, '\\Deleted': 8}


class Ctl(ctypes.Structure):
    """struct shim_ctl"""
    _fields_ = [('magic', ctypes.c_uint32), ('what', ctypes.c_uint32),
                ('role', ctypes.c_char * 16), ('at', ctypes.c_int64),
                ('calls', ctypes.c_int64), ('failed', ctypes.c_int64),
                ('error', ctypes.c_int32), ('sticky', ctypes.c_uint32),
                ('half', ctypes.c_uint32), ('pad', ctypes.c_uint32),
                ('clock', ctypes.c_int64)]

    @classmethod
    def make(cls, path):
        with open(path, 'w+b') as f:
            f.truncate(4096)
            ctl = cls.from_buffer(mmap.mmap(f.fileno(), 4096))
        ctl.magic = 0x4d494853
        return ctl

    def arm(self, role, what, at, error=0, sticky=0, half=0):
        self.what = 0
        self.role = role.encode()
        self.at, self.calls, self.failed = at, 0, 0
        self.error, self.sticky, self.half = error, sticky, half
        self.what = what

    def disarm(self):
        """How many calls there were, and how many of them failed."""
        self.what = 0
        return self.calls, self.failed


class ShimSite(Site):
    """Site.start(), with the library in all processes."""

    def __init__(self, args, ctl=None, log=None):
        super().__init__(args)
        self.env = dict(os.environ, LD_PRELOAD=SHIM)
        # A sanitizer wants to be the first; it may be the second here.
        self.env['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + \
            ':verify_asan_link_order=0'
        if ctl is not None:
            self.env['SHIM_CTL'] = ctl
        if log is not None:
            self.env['SHIM_LOG'] = log

    def start(self):
        self.logged = os.path.getsize(os.path.join(self.args.dir, 'log'))
        self.proc = subprocess.Popen(
            [self.args.maild, '-d', '-P', self.args.dir, '-f',
             os.path.join(self.args.dir, 'maild.conf')],
            stdout=self.log, stderr=self.log, env=self.env)
        self.wait_ready()

    def logtext(self, offset=None):
        with open(os.path.join(self.args.dir, 'log'), 'rb') as f:
            f.seek(self.logged if offset is None else offset)
            return f.read().decode(errors='replace')


class Notes:
    """What clients say; in memory, and in the shim's log if there is one."""

    def __init__(self, path=None):
        self.lock = threading.Lock()
        self.all = []
        self.fd = -1
        if path is not None:
            self.fd = os.open(path, os.O_WRONLY | os.O_APPEND)

    def __call__(self, **note):
        data = json.dumps(note).encode()
        with self.lock:
            self.all.append(note)
            if self.fd != -1:
                os.write(self.fd, REC.pack(REC.size + len(data), NOTE, 0, 0,
                                           0, 0, 0) + data)


def number(text):
    """A queue id as clients see it."""
    n = 0
    for c in text:
        n = n << 5 | DIGITS.index(c)
    return n


class Sender:
    """Sends by SMTP: to accounts here, and elsewhere, where it has to wait."""

    def __init__(self, port, notes, tag, rng, users=4):
        self.port, self.notes, self.tag = port, notes, tag
        self.rng, self.users = rng, users
        self.n = 0
        self.smtp = None
        self.tls = False
        self.hung = 0           # how often there was no answer at all

    def close(self):
        if self.smtp is not None:
            self.smtp.close()
            self.smtp = None

    def once(self, far=None, size=None):
        """One message; its code."""
        self.n += 1
        ident = '<s%s.%d@load.test>' % (self.tag, self.n)
        if far is None:
            far = self.rng.random() < 0.4
        here = self.rng.sample(range(self.users), self.rng.randrange(
            0 if far else 1, 3))
        to = ['u%d@example.test' % u for u in here]
        rcpts = to + (['x%d@far.test' % self.n] if far else [])
        size = size or self.rng.choice((300, 3000, 30000))
        body = ('Message-ID: %s\r\nSubject: %s\r\nFrom: a@load.test\r\n\r\n'
                % (ident, self.tag) + ('x' * 70 + '\r\n') * (size // 72))
        self.notes(who='s', id=ident, to=to, far=far)
        try:
            if self.smtp is None:
                self.smtp = smtplib.SMTP('127.0.0.1', self.port, timeout=40)
                self.smtp.ehlo()
                if self.tls:
                    self.smtp.starttls(context=CONTEXT)
                    self.smtp.ehlo()
            code, text = self.smtp.mail('a@load.test')
            for rcpt in rcpts:
                if code in (250, 251):
                    code, text = self.smtp.rcpt(rcpt)
            if code in (250, 251):
                code, text = self.smtp.data(body)
            else:
                self.smtp.rset()
        except (OSError, smtplib.SMTPException) as e:
            self.hung += isinstance(e, TimeoutError)
            self.close()
            return 0
        if code != 250:
            return code
        m = re.search(rb'[0-9a-hjkmnp-tv-z]{13}', text)
        if m is None:
            raise RuntimeError('no id in %r' % text)
        self.notes(who='s', id=ident, ok=1, queue=number(m.group(0).decode())
                   if far else 0)
        return code


class Reader:
    """Appends, flags, moves, expunges, and makes mailboxes, in one account.
    It knows what the whole account looks like after each command."""

    def __init__(self, port, notes, user, rng):
        self.port, self.notes = port, notes
        self.user = 'u%d@example.test' % user
        self.rng = rng
        self.boxes = {'INBOX': {}, 'Archive': {}}
        self.next = {'INBOX': 1, 'Archive': 1}
        self.n = self.made = 0
        self.imap = None
        self.hung = 0
        self.lost = False       # whether the last one was done is not known

    def close(self):
        if self.imap is not None:
            self.imap.shutdown()
            self.imap = None

    def connect(self):
        self.imap = imaplib.IMAP4('127.0.0.1', self.port, timeout=40)
        self.imap.login(self.user, 'secret')
        if self.imap.select('INBOX')[0] != 'OK':
            raise self.imap.abort('not selected')

    def picture(self, boxes):
        return {name: sorted([uid, m[0], m[1]] for uid, m in box.items())
                for name, box in boxes.items()}

    def look(self):
        """What there is, through IMAP."""
        boxes, self.next = {}, {}
        self.close()
        self.connect()
        for line in self.imap.list()[1]:
            name = re.search(rb'"/" "?([^"]*)"?$', line).group(1).decode()
            typ, data = self.imap.select(name, True)
            self.next[name] = int(self.imap.response('UIDNEXT')[1][0])
            boxes[name] = {}
            if data == [b'0']:
                continue
            data = self.imap.uid('FETCH', '1:*', '(FLAGS BODY.PEEK['
                                 'HEADER.FIELDS (MESSAGE-ID)])')[1]
            for i, part in enumerate(data):
                if not isinstance(part, tuple):
                    continue
                text = part[0] + (data[i + 1] if isinstance(
                    data[i + 1], bytes) else b'')
                uid = int(re.search(rb'UID (\d+)', text).group(1))
                flags = sum(bit for flag, bit in BITS.items()
                            if flag.encode() in text)
                kw = 1 if b'$Label' in text else 0
                ident = re.search(rb'(<.*>)', part[1]).group(1).decode()
                boxes[name][uid] = (ident, '%x/%x' % (flags, kw))
        self.imap.select('INBOX')
        return boxes

    def once(self):
        """One command: 1 done, 0 refused, -1 not known."""
        try:
            if self.imap is None:
                self.connect()
            if self.lost:
                self.boxes = self.look()
                self.lost = False
            return self.choose()
        except (OSError, imaplib.IMAP4.abort) as e:
            self.hung += isinstance(e, TimeoutError)
            self.close()
            self.lost = True
            return -1
        except imaplib.IMAP4.error as e:
            # Not let in, for the time being; all else is a bug.
            if not re.search('UNAVAILABLE|LIMIT|memory|compliant', str(e)):
                raise
            self.close()
            return 0

    def do(self, after, command, *args):
        """Run it; after is what the account looks like then."""
        self.n += 1
        self.notes(who=self.user, n=self.n, is_=self.picture(after))
        typ, data = command(*args)
        if typ == 'OK':
            self.boxes = after
            self.notes(who=self.user, n=self.n, ok=1)
            return 1
        self.notes(who=self.user, n=self.n, ok=0)
        return 0

    def change(self, *names):
        """A copy of the boxes in which these may be changed."""
        after = dict(self.boxes)
        for name in names:
            after[name] = dict(after[name])
        return after

    def choose(self):
        inbox = self.boxes['INBOX']
        uids = sorted(inbox)
        pick = self.rng.randrange(10)
        if len(uids) < 4 or pick < 2:
            return self.append()
        some = self.rng.sample(uids, self.rng.randrange(1, 4))
        text = ','.join(map(str, some))
        if pick < 5:
            return self.store(some, text, self.rng.choice(
                ('\\Seen', '\\Flagged', '\\Answered', '$Label')),
                self.rng.random() < 0.7)
        if pick < 7:
            if self.store(some, text, '\\Deleted', True) != 1:
                return 0
            after = self.change('INBOX')
            for uid in some:
                del after['INBOX'][uid]
            return self.do(after, self.imap.uid, 'EXPUNGE', text)
        if pick < 9:
            return self.copy(sorted(some), text, self.rng.choice(
                list(self.boxes)), self.rng.random() < 0.5)
        return self.mailbox()

    def append(self):
        ident = '<i%s.%d@load.test>' % (self.user[:2], self.n)
        text = ('From: w@example.test\r\nMessage-ID: %s\r\n\r\n%s\r\n' %
                (ident, 'y' * self.rng.choice((10, 1000, 9000))))
        after = self.change('INBOX')
        after['INBOX'][self.next['INBOX']] = (ident, '4/0')
        self.next['INBOX'] += 1
        return self.do(after, self.imap.append, 'INBOX', '(\\Flagged)', None,
                       text.encode())

    def store(self, uids, text, flag, add):
        after = self.change('INBOX')
        for uid in uids:
            ident, flags = after['INBOX'][uid]
            bits, kw = (int(x, 16) for x in flags.split('/'))
            bit = BITS.get(flag, 0)
            if add:
                bits, kw = bits | bit, kw | (bit == 0)
            else:
                bits, kw = bits & ~bit, kw & (bit != 0)
            after['INBOX'][uid] = (ident, '%x/%x' % (bits, kw))
        return self.do(after, self.imap.uid, 'STORE', text,
                       '+FLAGS' if add else '-FLAGS', '(%s)' % flag)

    def copy(self, uids, text, to, move):
        if to == 'INBOX':
            to = 'Archive'
        after = self.change('INBOX', to)
        for uid in uids:
            after[to][self.next[to]] = after['INBOX'][uid]
            self.next[to] += 1
            if move:
                del after['INBOX'][uid]
        # Or they grow for ever.
        return self.do(after, self.imap.uid, 'MOVE' if move else 'COPY', text,
                       to)

    def mailbox(self):
        mine = sorted(b for b in self.boxes if b.startswith('box'))
        after = self.change()
        if len(mine) < 2:
            self.made += 1
            name = 'box%d' % self.made
            after[name] = {}
            self.next[name] = 1
            return self.do(after, self.imap.create, name)
        if self.rng.random() < 0.5:
            self.made += 1
            name = 'box%d' % self.made
            after[name] = after.pop(mine[0])
            self.next[name] = self.next.pop(mine[0])
            return self.do(after, self.imap.rename, mine[0], name)
        del after[mine[0]]
        return self.do(after, self.imap.delete, mine[0])


# ---- what must be there -----------------------------------------------------

def expect_mail(notes):
    """What each client knows: of messages {id: (to, far, acked, queue)}, of
    accounts {user: [pictures that may be]}."""
    sent, users = {}, {}
    for note in notes:
        if note['who'] == 'bug':
            raise RuntimeError(note['text'])
        if note['who'] == 's':
            if 'ok' in note:
                to, far = sent[note['id']][:2]
                sent[note['id']] = (to, far, True, note['queue'])
            else:
                sent[note['id']] = (note['to'], note['far'], False, 0)
            continue
        may = users.setdefault(note['who'], [{'INBOX': [], 'Archive': []}])
        if 'is_' in note:
            may.append(note['is_'])
        elif note['ok']:
            del may[:-1]
        else:
            may.pop()
    return sent, users


def check_mail(notes, lines, queue, tag):
    """What storecheck -f -m and spoolcheck said, against the notes."""
    sent, users = expect_mail(notes)
    boxes, wrong = {}, []
    for line in lines:
        w = line.split()
        if len(w) == 2 and '@' in w[0]:
            boxes.setdefault(w[0], {}).setdefault(w[1], [])
        elif len(w) == 5 and '@' in w[0]:
            boxes[w[0]][w[1]].append([int(w[2]), w[4], w[3]])
    for ident, (to, far, acked, number_) in sent.items():
        for user in to:
            n = sum(m[1] == ident for m in boxes.get(user, {}).get(
                'INBOX', []))
            if n > 1 or (acked and n == 0):
                wrong.append('%s: %s is %d times in INBOX of %s' % (
                    tag, ident, n, user))
        if acked and number_ and number_ not in queue:
            wrong.append('%s: %s is not in the queue' % (tag, ident))
    for user, may in users.items():
        now = {name: sorted(box) for name, box in
               boxes.get(user, {}).items()
               if box or name.startswith('box')}
        want = [{name: box for name, box in p.items()
                 if box or name.startswith('box')} for p in may]
        if now not in want:
            wrong.append('%s: %s has\n%r\nbut not\n%s' % (
                tag, user, now, '\nnor '.join(map(repr, want))))
    return wrong


def inspect(directory, store='store', spool='spool', flush=False):
    """Ask the two programs: their lines, the ids in the queue, what is
    wrong."""
    env = dict(os.environ)
    if not flush:
        env.update(LD_PRELOAD=SHIM, SHIM_NOSYNC='1', ASAN_OPTIONS=os.environ.
                   get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0')
    wrong, out = [], []
    for what in (['storecheck', '-f', '-m', os.path.join(directory, store)],
                 ['spoolcheck', os.path.join(directory, spool)]):
        p = subprocess.run([os.path.join(HERE, what[0])] + what[1:], env=env,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           errors='replace')
        out.append(p.stdout.splitlines())
        if p.returncode != 0:
            wrong.append('%s: exit %d: %s' % (what[0], p.returncode,
                         ' / '.join(out[-1][-4:])))
    queue = {int(m.group(1), 16) for m in (re.match(
        r'([0-9a-f]+) next ', line) for line in out[1]) if m}
    return out, queue, wrong


def play(port_smtp, port_imap, notes, seed, rounds, senders=2, readers=2):
    """Several clients at a time, each so many commands."""
    def run(client, n):
        try:
            for _ in range(n):
                client.once()
        except Exception as e:          # a bug here must not pass for health
            notes(who='bug', text=repr(e))
            raise
        finally:
            client.close()

    clients = [Sender(port_smtp, notes, '%d-%d' % (seed, i),
                      random.Random(seed * 100 + i)) for i in range(senders)]
    clients += [Reader(port_imap, notes, 4 + i, random.Random(seed * 100 +
                50 + i)) for i in range(readers)]
    threads = [threading.Thread(target=run, args=(c, rounds), daemon=True)
               for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
