#!/usr/bin/env python3
"""A worker in an enemy's hands, and everybody else.

captive.py --dir SITE --log FILE --state FILE --role smtp | imap | scan
    --smtp PORT --imap PORT [--stride N] [--seconds N]

The site was started with $CAPTIVE and $CAPTIVE_STATE, see captive.h, and two
processes of that kind.  While the captive goes through its plan a victim gets
and reads mail; in the end no other process has died, nothing of the victim's
was read, changed or added to, and nobody got what is not his.
"""

import argparse
import imaplib
import mmap
import os
import re
import smtplib
import struct
import sys
import threading
import time

VICTIM = 'victim@example.test'
FIELDS = ('step', 'total', 'done', 'leaks', 'gained', 'deadly', 'survived',
          'starts', 'stride', 'granted')
SECRET = 'VICTIMS-SECRET'


class State:
    def __init__(self, path):
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 0)

    def get(self, name):
        return struct.unpack_from('=I', self.map, 4 * FIELDS.index(name))[0]

    def put(self, name, value):
        struct.pack_into('=I', self.map, 4 * FIELDS.index(name), value)

    def victim(self, sid):
        struct.pack_into('=Q', self.map, 40, sid)

    def label(self):
        return self.map[48:176].split(b'\0')[0].decode('latin-1')


def children(pid):
    found = {}
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % name) as f:
                if int(f.read().rsplit(')', 1)[1].split()[1]) != pid:
                    continue
            with open('/proc/%s/cmdline' % name, 'rb') as f:
                title = f.read().replace(b'\0', b' ').decode().strip()
        except (OSError, ValueError):
            continue
        found[title.replace('maild: ', '')] = int(name)
    return found


def session(port):
    imap = imaplib.IMAP4('127.0.0.1', port, timeout=120)
    imap.login(VICTIM, 'secret')
    return imap


def mailbox(port):
    """What the victim has, as it is: {mailbox: bytes and flags}."""
    imap = session(port)
    what = {}
    for name in ('INBOX', 'Archive'):
        imap.select(name, readonly=True)
        what[name] = imap.fetch('1:*', '(UID FLAGS BODY.PEEK[])')
    imap.logout()
    return what


class Sender(threading.Thread):
    """Mail to somebody else, all the time."""

    def __init__(self, args):
        super().__init__(daemon=True)
        self.args = args
        self.ok = self.later = 0
        self.wrong = []
        self.ending = False
        self.start()

    def run(self):
        while not self.ending:
            try:
                s = smtplib.SMTP('127.0.0.1', self.args.smtp, timeout=120)
                for _ in range(10):
                    self.once(s)
                s.quit()
            except smtplib.SMTPServerDisconnected as e:
                self.wrong.append(repr(e))
                time.sleep(.2)
            except OSError as e:
                self.wrong.append(repr(e))
                time.sleep(.2)

    def once(self, s):
        try:
            s.sendmail('a@b.test', ['other@example.test'],
                       'From: a@b.test\r\nSubject: x\r\n\r\n%s\r\n' %
                       ('text\r\n' * 30))
            self.ok += 1
        except smtplib.SMTPResponseException as e:
            # What a captive scan says of a message may be such a thing.
            self.later += 1
            if self.args.role != 'scan':
                self.wrong.append(repr(e))


def wait(args, state, imap, wrong):
    """Until the captive has done all; how often the victim was answered."""
    end = time.monotonic() + args.seconds
    n = last = 0
    moved = time.monotonic()
    while not state.get('done') and time.monotonic() < end:
        typ, _ = imap.noop()
        typ2, data = imap.fetch('1', '(FLAGS)')
        n += typ == typ2 == 'OK'
        time.sleep(.05)
        if state.get('step') != last:
            last = state.get('step')
            moved = time.monotonic()
        if time.monotonic() > moved + 60:
            wrong.append('the captive does not get on: %s' % state.label())
            break
    return n


def parse():
    p = argparse.ArgumentParser()
    p.add_argument('--dir', required=True)
    p.add_argument('--log', required=True)
    p.add_argument('--state', required=True)
    p.add_argument('--role', required=True)
    p.add_argument('--smtp', type=int)
    p.add_argument('--imap', type=int)
    p.add_argument('--stride', type=int, default=40)
    p.add_argument('--seconds', type=int, default=600)
    return p.parse_args()


def verdict(args, state, before, now):
    """Who has died that had no reason to."""
    captive = '%s 1' % args.role
    for title, pid in before.items():
        if title != captive and now.get(title) != pid:
            yield '%s is another one now' % title
    with open(args.log, 'rb') as f:
        for line in f:
            if re.search(rb'Sanitizer|runtime error', line) or (
                    re.search(rb'died of signal|exited with', line) and
                    b'maild: %s[1]: ' % args.role.encode() not in line) or \
                    line.startswith(b'%s[1]: captive: has' %
                                    args.role.encode()):
                yield line.decode('latin-1').strip()
    for name in ('leaks', 'gained', 'survived'):
        if state.get(name) > 0:
            yield '%s: %d (%s)' % (name, state.get(name), state.label())


def main():
    args = parse()
    wrong = []
    state = State(args.state)
    state.put('stride', args.stride)
    with open(os.path.join(args.dir, 'test-pid')) as f:
        pid = int(f.read())
    s = smtplib.SMTP('127.0.0.1', args.smtp, timeout=60)
    sent = 0
    while sent < 5:
        try:
            s.sendmail('a@b.test', [VICTIM], 'Subject: %s %d\r\n\r\n%s\r\n' %
                       (SECRET, sent, SECRET))
            sent += 1
        except smtplib.SMTPResponseException:
            if args.role != 'scan':
                raise
    s.quit()
    imap = session(args.imap)
    imap.create('Archive')
    imap.select('INBOX')
    imap.copy('1:3', 'Archive')
    before = mailbox(args.imap)
    processes = children(pid)
    # The sid, as the log prints it, of a session that lasts.
    with open(args.log, encoding='latin-1') as f:
        sids = re.findall(r'session=(\S+) result=ok service=imap .*'
                          r'account=victim', f.read())
    digits = '0123456789abcdefghjkmnpqrstvwxyz'
    sid = 0
    for c in sids[0]:
        sid = sid << 5 | digits.index(c)
    state.victim(sid)
    state.put('done', 0)
    sender = Sender(args)
    n = wait(args, state, imap, wrong)
    sender.ending = True
    sender.join(150)
    if mailbox(args.imap) != before:
        wrong.append('the victim\'s mail has changed')
    # Whatever scan made of theirs, it can be read.
    other = imaplib.IMAP4('127.0.0.1', args.imap, timeout=120)
    other.login('other@example.test', 'secret')
    other.select('INBOX')
    typ, _ = other.fetch('1:*', '(ENVELOPE BODYSTRUCTURE BODY.PEEK[] '
                         'BODY.PEEK[1] BINARY.SIZE[1])')
    other.search(None, 'TEXT', 'x')
    other.logout()
    imap.logout()
    time.sleep(1)
    wrong += sender.wrong[:5]
    wrong += verdict(args, state, processes, children(pid))
    print('%s: %d of %d steps, %d starts, %d deadly; the victim was answered '
          '%d times, %d messages sent, %d refused' % (
              args.role, state.get('step'), state.get('total'),
              state.get('starts'), state.get('deadly'), n, sender.ok,
              sender.later))
    if n == 0 or (sender.ok == 0 and args.role != 'scan'):
        wrong.append('nobody got anything done')
    for line in wrong:
        print('  ' + line)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
