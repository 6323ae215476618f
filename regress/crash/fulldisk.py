#!/usr/bin/env python3
"""maild on a disk that fills up.

fulldisk.py --maild PROGRAM --dir SITE --smtp PORT --imap PORT MODE

SITE/disk is a small file system with the store and the spool.  reserve: maild
keeps a reserve and must refuse early.  enospc: it keeps none, and writes fail.
"""

import argparse
import imaplib
import os
import smtplib
import sys
import time

from crash import Site


class Test:
    def __init__(self, args):
        self.args = args
        self.filler = os.path.join(args.dir, 'disk', 'filler')
        self.sent = 0
        self.acked = []
        self.wrong = []

    def expect(self, good, what):
        print('%s: %s' % ('ok' if good else 'WRONG', what))
        if not good:
            self.wrong.append(what)

    def fill(self, leave):
        """Fill the disk until so many octets are free."""
        with open(self.filler, 'ab') as f:
            while True:
                s = os.statvfs(self.args.dir + '/disk')
                n = s.f_bavail * s.f_frsize - leave
                if n <= 0:
                    return
                try:
                    f.write(b'x' * min(n, 1 << 20))
                    f.flush()
                except OSError:
                    return

    def send(self, size=3000):
        """One message: its reply code, and where it was said."""
        self.sent += 1
        ident = '<full.%d@load.test>' % self.sent
        body = 'Message-ID: %s\r\nSubject: full\r\n\r\n' % ident
        body += ('x' * 70 + '\r\n') * (size // 72)
        try:
            with smtplib.SMTP('127.0.0.1', self.args.smtp,
                              timeout=30) as s:
                s.ehlo()
                code, text = s.mail('a@elsewhere.test')
                if code != 250:
                    return code, 'MAIL', text
                code, text = s.rcpt('u0@example.test')
                if code != 250:
                    return code, 'RCPT', text
                try:
                    code, text = s.data(body)
                except smtplib.SMTPDataError as e:
                    return e.smtp_code, 'DATA', e.smtp_error
                if code == 250:
                    self.acked.append(ident)
                return code, 'end', text
        except (OSError, smtplib.SMTPException) as e:
            return 0, 'connection', str(e)

    def imap(self):
        imap = imaplib.IMAP4('127.0.0.1', self.args.imap, timeout=30)
        imap.login('u0@example.test', 'secret')
        imap.select('INBOX')
        return imap

    def seen(self):
        """The Message-IDs in the mailbox."""
        imap = self.imap()
        typ, data = imap.fetch(
            '1:*', '(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])')
        imap.logout()
        return sorted(part[1].split()[1].decode() for part in data
                      if isinstance(part, tuple))

    def append(self):
        imap = self.imap()
        text = b'Subject: appended\r\n\r\n' + b'y' * 3000 + b'\r\n'
        try:
            typ, data = imap.append('Drafts', None, None, text)
        except (imaplib.IMAP4.error, OSError) as e:
            typ, data = 'NO', [str(e).encode()]
        return typ, data


def full(t):
    """What must hold in any mode while nothing can be written."""
    code, where, text = t.send()
    t.expect(400 <= code < 500, 'mail is refused for now: %s %s %s' %
             (code, where, text))
    typ, data = t.append()
    t.expect(typ == 'NO', 'APPEND is refused: %s %s' % (typ, data))
    t.expect(t.seen() == sorted(t.acked), 'what is there can be read')


def reserve(t):
    t.fill(4 << 20)
    # The store looks at its disk once a second; until then and after.
    typ, data = t.append()
    t.expect(typ == 'OK' or b'[OVERQUOTA]' in data[0],
             'APPEND says OVERQUOTA at once: %s %s' % (typ, data))
    time.sleep(2.5)
    typ, data = t.append()
    t.expect(typ == 'NO' and b'[OVERQUOTA]' in data[0],
             'APPEND says OVERQUOTA: %s %s' % (typ, data))
    code, where, text = t.send()
    t.expect(code == 452 and where in ('MAIL', 'RCPT', 'DATA'),
             '452 before a byte is taken: %s %s %s' % (code, where, text))
    full(t)
    imap = t.imap()
    typ, data = imap.uid('STORE', '1', '+FLAGS', '(\\Deleted)')
    t.expect(typ == 'OK', 'STORE goes on: %s' % data)
    typ, data = imap.expunge()
    t.expect(typ == 'OK' and data == [b'1'], 'EXPUNGE goes on: %s' % data)
    t.acked.pop(0)
    imap.logout()


def enospc(t):
    t.fill(0)
    # The store has set room aside for its segment, which may be used up; but
    # one way or the other each message gets its answer.
    codes = []
    for size in (3000000, 3000, 3000000, 300000, 30000, 3000000) * 3:
        code, where, text = t.send(size)
        codes.append(code)
        t.fill(0)
    t.expect(all(code == 250 or 400 <= code < 500 for code in codes),
             'taken or refused for now: %s' % codes)
    t.expect(min(codes[0::6]) > 400, 'what needs room is refused')
    t.expect(t.seen() == sorted(t.acked), 'what is there can be read')


def main():
    p = argparse.ArgumentParser()
    for name in ('maild', 'dir'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--smtp', type=int, required=True)
    p.add_argument('--imap', type=int, required=True)
    p.add_argument('mode', choices=('reserve', 'enospc'))
    args = p.parse_args()
    site, t = Site(args), Test(args)
    site.start()
    try:
        for i in range(10):
            code, where, text = t.send()
            t.expect(code == 250, 'there is room: %s' % code)
        (reserve if args.mode == 'reserve' else enospc)(t)
        os.unlink(t.filler)
        for i in range(25):
            code, where, text = t.send()
            if code == 250:
                break
            time.sleep(0.2)
        t.expect(code == 250, 'with room mail is taken again '
                 '(attempt %d: %s %s %s)' % (i + 1, code, where, text))
        typ, data = t.append()
        t.expect(typ == 'OK', 'APPEND too: %s %s' % (typ, data))
        t.expect(t.seen() == sorted(t.acked), 'each message is there, once')
        site.stop()
        site.start()
        t.expect(t.seen() == sorted(t.acked), 'and after a restart')
        site.stop()
    finally:
        if site.proc.poll() is None:
            site.kill_all()
    return 1 if t.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
