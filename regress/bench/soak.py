#!/usr/bin/env python3
"""What soak runs: see there."""

import argparse
import collections
import imaplib
import os
import poplib
import random
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'crash'))
from crash import Site                                  # noqa: E402

MINUTE = 60
WORKERS = ('smtp', 'imap', 'scan', 'relay')
USERS = 16      # get mail by SMTP; the others are for other clients
# What may be said of a worker that was killed, and of those it served.
KILLED = re.compile(r'died of signal 9|is back|restart in|killed')
BAD = re.compile(r'fatal|died of|exited with|killed:|damage|corrupt|'
                 r'cannot|turn was lost|Cannot allocate')


class Soak:
    def __init__(self, args):
        self.args = args
        self.site = Site(args)
        self.ending = threading.Event()
        self.calm = threading.Event()   # no load just now
        self.rng = random.Random(args.seed)
        self.counts = collections.Counter()
        self.errors = []
        self.samples = []               # {process: (pss, descriptors)}
        self.killed_at = 0.0
        self.lock = threading.Lock()

    def port(self, n):
        return self.args.base + n

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    def error(self, what):
        with self.lock:
            self.errors.append(what)
        print('error: %s' % what, flush=True)

    def ctl(self, *words):
        p = subprocess.run([self.args.mailctl, '-P', self.args.dir] +
                           list(words), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        if p.returncode != 0:
            self.error('mailctl %s: %s' % (' '.join(words), p.stdout[-300:]))
        return p.stdout

    # ---- load: each is a loop of a thread ------------------------------------

    def smtp(self, seconds, far=False):
        to = 'x%u@far.test' if far else 'u%u@example.test'
        out = subprocess.run(
            [os.path.join(HERE, 'smtpload'), '-d', str(seconds), '-c', '8',
             '-k', '20', '-s', '4096', '-u', str(USERS), '-t', to,
             '127.0.0.1:%d' % self.port(25)], stdout=subprocess.PIPE,
            text=True).stdout
        return dict(w.split('=') for w in out.split() if '=' in w)

    def send(self):
        """As long a pause as it took: half of the top rate."""
        start = time.monotonic()
        got = self.smtp(1)
        self.count('smtp', int(got['messages']))
        self.count('smtp_lost', int(got.get('lost', 0)))
        self.ending.wait(time.monotonic() - start)

    def relay(self):
        """A few to elsewhere, which is not there; then they are removed."""
        self.count('queued', int(self.smtp(0.05, True)['messages']))
        self.ending.wait(10)
        self.ctl('queue', 'remove', 'all')

    def read(self):
        user = 'u%d@example.test' % self.rng.randrange(USERS)
        with imaplib.IMAP4('127.0.0.1', self.port(143), timeout=60) as imap:
            imap.login(user, 'secret')
            n = int(imap.select('INBOX')[1][0])
            imap.uid('SEARCH', 'SUBJECT', 'load')
            if n > 0:
                imap.fetch('1:%d' % min(n, 500), '(FLAGS ENVELOPE)')
                imap.fetch('%d' % n, 'BODY.PEEK[]')
                imap.store('1:%d' % min(n, 200), '+FLAGS', '\\Seen')
            if n > 500:
                # All of it: what was of use in the log is not any more.
                imap.store('1:*', '+FLAGS.SILENT', '\\Deleted')
                imap.expunge()
                self.count('expunged', n)
            for i in range(5):
                imap.append('INBOX', None, None,
                            b'Subject: appended\r\n\r\nbody\r\n')
        self.count('imap')
        self.ending.wait(0.3)

    def flags(self):
        """One mailbox whose flags change for ever."""
        with imaplib.IMAP4('127.0.0.1', self.port(143), timeout=60) as imap:
            imap.login('u%d@example.test' % USERS, 'secret')
            if int(imap.select('INBOX')[1][0]) < 100:
                imap.append('INBOX', None, None, b'Subject: f\r\n\r\nx\r\n')
            for i in range(50):
                imap.store('1:*', '+FLAGS' if i % 2 else '-FLAGS',
                           '(\\Flagged $Label)')
                self.count('flags')
        self.ending.wait(1)

    def pop(self):
        pop = poplib.POP3('127.0.0.1', self.port(110), timeout=60)
        pop.user('u%d@example.test' % (USERS + 1))
        pop.pass_('secret')
        for i in range(min(pop.stat()[0], 20)):
            pop.retr(i + 1)
            pop.dele(i + 1)
        pop.quit()
        self.count('pop')
        self.ending.wait(0.5)

    def run(self, what):
        while not self.ending.is_set():
            while self.calm.is_set() and not self.ending.is_set():
                time.sleep(0.1)
            try:
                what()
            except (OSError, EOFError, imaplib.IMAP4.abort,
                    imaplib.IMAP4.error, poplib.error_proto) as e:
                # Who was on a worker that was killed must come again.
                if time.monotonic() - self.killed_at > 30:
                    self.error('%s: %r' % (what.__name__, e))
                self.count('again')
                time.sleep(0.5)
            except Exception as e:
                self.error('%s: %r' % (what.__name__, e))
                return

    # ---- looking -------------------------------------------------------------

    def sample(self):
        """PSS in KB and descriptors of each process, by its title."""
        now = {}
        for pid, title in self.site.processes().items():
            name = title.replace('maild: ', '')
            try:
                with open('/proc/%d/smaps_rollup' % pid) as f:
                    pss = int(re.search(r'\nPss:\s+(\d+)', f.read()).group(1))
                now[name] = (pss, len(os.listdir('/proc/%d/fd' % pid)))
            except (OSError, AttributeError):
                continue
        self.samples.append(now)
        return now

    def show(self, minute):
        now = self.sample()
        print('minute %d: sum %.1f MB  %s' % (
            minute, sum(p for p, f in now.values()) / 1024, '  '.join(
                '%s %.1f/%d' % (n, now[n][0] / 1024, now[n][1])
                for n in sorted(now))), flush=True)

    def log_errors(self):
        """Lines of the log that should not be there."""
        with open(os.path.join(self.args.dir, 'log'), 'rb') as f:
            text = f.read().decode(errors='replace')
        deaths = len(re.findall('died of signal 9', text))
        if deaths > self.counts['kills']:
            self.error('%d deaths of signal 9' % deaths)
        for line in text.splitlines():
            if line.startswith(('queue: id=', 'relay: route=', 'auth: login')):
                continue
            if BAD.search(line) and not KILLED.search(line):
                self.error('log: %s' % line[:200])

    def flat(self):
        """The last third against the one before it; what grew."""
        n = len(self.samples) // 3
        if n < 1:
            return
        for name in sorted(self.samples[-1]):
            old = [s[name] for s in self.samples[n:2 * n] if name in s]
            new = [s[name] for s in self.samples[2 * n:] if name in s]
            if not old or not new:
                continue
            was = max(p for p, f in old)
            now = sum(p for p, f in new) / len(new)
            if now > was * 1.1 + 1024:
                self.error('memory of %s grows: %d KB to %d KB' % (
                    name, was, now))
            was = max(f for p, f in old)
            now = min(f for p, f in new)
            if now > was + 8:
                self.error('descriptors of %s grow: %d to %d' % (
                    name, was, now))

    def minute(self, n):
        """A minute of load, a reload and a death in it, then a look."""
        end = time.monotonic() + min(MINUTE, self.args.seconds / 6)
        time.sleep(max(0, (end - time.monotonic()) / 3))
        self.ctl('reload')
        self.count('reloads')
        time.sleep(max(0, (end - time.monotonic()) / 2))
        if n % 2 == 0:
            self.killed_at = time.monotonic()
            self.count('kills')
            self.site.kill_one(WORKERS[n // 2 % len(WORKERS)])
        time.sleep(max(0, end - time.monotonic()))
        self.calm.set()
        time.sleep(12)          # free memory goes back every ten
        self.show(n)
        if self.site.proc.poll() is not None:
            raise SystemExit('maild has ended')
        self.calm.clear()

    def main(self):
        self.site.start()
        top = self.smtp(3)
        print('top rate: %s messages/s' % top.get('rate'), flush=True)
        threads = [threading.Thread(target=self.run, args=(f,), daemon=True)
                   for f in (self.send, self.relay, self.read, self.read,
                             self.flags, self.pop)]
        for t in threads:
            t.start()
        start = time.monotonic()
        n = 0
        while time.monotonic() - start < self.args.seconds:
            n += 1
            self.minute(n)
        self.ending.set()
        for t in threads:
            t.join(120)
        print(self.ctl('fsck').strip().splitlines()[-1])
        stats = self.ctl('show', 'stats')
        for line in stats.splitlines():
            if re.search(r'store_(segments|bytes|live|compact)', line):
                print(line)
        self.log_errors()
        self.flat()
        self.site.stop()


def main():
    p = argparse.ArgumentParser()
    for name in ('maild', 'mailctl', 'dir'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--base', type=int, required=True)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--seconds', type=float, default=3600)
    args = p.parse_args()
    soak = Soak(args)
    try:
        soak.main()
    finally:
        soak.ending.set()
        if soak.site.proc is not None and soak.site.proc.poll() is None:
            soak.site.kill_all()
    print(' '.join('%s=%d' % x for x in sorted(soak.counts.items())),
          'errors=%d' % len(soak.errors))
    return 1 if soak.errors else 0


if __name__ == '__main__':
    sys.exit(main())
