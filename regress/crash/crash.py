#!/usr/bin/env python3
"""Kill maild, or one of its processes, again and again under load; what was
acknowledged must be in its mailbox, and once.

crash.py --maild PROGRAM --bench DIR --dir SITE --smtp PORT --imap PORT
    [--rounds N] [--seed N] [--every N] all | PROCESS ...

The site has the accounts u0 ... u9@example.test with the password "secret".
Ends with a line of figures; exits 1 when something was wrong.
"""

import argparse
import collections
import imaplib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

USERS = 8       # u0 ... get mail by SMTP; the last two belong to the writer


class Site:
    def __init__(self, args):
        self.args = args
        self.proc = None
        self.log = open(os.path.join(args.dir, 'log'), 'ab')

    def start(self):
        self.logged = os.path.getsize(os.path.join(self.args.dir, 'log'))
        self.proc = subprocess.Popen(
            [self.args.maild, '-d', '-P', self.args.dir, '-f',
             os.path.join(self.args.dir, 'maild.conf')],
            stdout=self.log, stderr=self.log)
        self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + 30
        where = os.path.join(self.args.dir, 'log')
        while True:
            with open(where, 'rb') as f:
                f.seek(self.logged)
                if b'maild: ready' in f.read():
                    return
            if time.monotonic() > end or self.proc.poll() is not None:
                raise SystemExit('maild does not start; see its log')
            time.sleep(0.01)

    def processes(self):
        """Our process and its descendants: {pid: title}."""
        parents, titles = {}, {}
        for name in os.listdir('/proc'):
            if not name.isdigit():
                continue
            try:
                with open('/proc/%s/stat' % name) as f:
                    stat = f.read()
                with open('/proc/%s/cmdline' % name, 'rb') as f:
                    title = f.read().replace(b'\0', b' ').decode().strip()
            except OSError:
                continue
            parents[int(name)] = int(stat.rsplit(')', 1)[1].split()[1])
            titles[int(name)] = title
        ours = {self.proc.pid: titles.get(self.proc.pid, '')}
        grew = True
        while grew:
            grew = False
            for pid, parent in parents.items():
                if parent in ours and pid not in ours:
                    ours[pid] = titles[pid]
                    grew = True
        return ours

    def kill_all(self):
        pids = list(self.processes())
        random.shuffle(pids)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.proc.wait()
        for pid in pids:
            while os.path.exists('/proc/%d' % pid):
                time.sleep(0.005)

    def kill_one(self, what):
        """Kill a child by its role; its id, or None."""
        for pid, title in self.processes().items():
            if re.search(r'\b%s\b' % what, title) and pid != self.proc.pid:
                os.kill(pid, signal.SIGKILL)
                return pid
        return None

    def stop(self):
        start = time.monotonic()
        self.proc.terminate()
        try:
            self.proc.wait(20)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise SystemExit('maild does not stop')
        return time.monotonic() - start


class Writer(threading.Thread):
    """A client that appends, flags, moves and expunges, and notes what it was
    told had happened."""

    def __init__(self, port, tag):
        super().__init__(daemon=True)
        self.port = port
        self.tag = tag
        self.acked = []         # message ids
        self.moved = []         # ids that went to Archive
        self.ending = False
        self.fatal = None

    def run(self):
        n = 0
        while not self.ending:
            try:
                imap = imaplib.IMAP4('127.0.0.1', self.port, timeout=20)
                imap.login('u%d@example.test' % USERS, 'secret')
                imap.select('INBOX')
                while not self.ending:
                    n += 1
                    self.once(imap, n)
            except (OSError, imaplib.IMAP4.abort, imaplib.IMAP4.error):
                time.sleep(0.05)
            except Exception as e:      # a bug here must not pass for health
                self.fatal = e
                return

    def once(self, imap, n):
        ident = '<w%s.%d@load.test>' % (self.tag, n)
        text = ('From: w@example.test\r\nMessage-ID: %s\r\n'
                'Subject: written\r\n\r\nbody\r\n' % ident)
        typ, data = imap.append('INBOX', None, None, text.encode())
        if typ != 'OK':
            return
        self.acked.append(ident)
        m = re.search(rb'APPENDUID \d+ (\d+)', data[0])
        if m is None:
            raise RuntimeError('no APPENDUID: %r' % data)
        uid = m.group(1).decode()
        imap.uid('STORE', uid, '+FLAGS', '(\\Flagged $Written)')
        if n % 3 == 0:
            typ, data = imap.uid('MOVE', uid, 'Archive')
            if typ == 'OK':
                self.moved.append(ident)


def storecheck(args, tag):
    """The messages there are, by (account, mailbox), and what is wrong."""
    copy = os.path.join(args.dir, 'copy')
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(os.path.join(args.dir, 'store'), copy)
    here = os.path.dirname(os.path.abspath(__file__))
    out = subprocess.run([os.path.join(here, 'storecheck'), '-m', copy],
                         stdout=subprocess.PIPE, text=True)
    lines = out.stdout.splitlines()
    wrong = []
    if out.returncode != 0:
        wrong.append('%s: storecheck: exit %d: %s' % (tag, out.returncode,
                     ' / '.join(lines[-3:])))
    shutil.rmtree(copy)
    found = collections.Counter()
    for line in lines:
        m = re.match(r'(\S+) (\S+) \d+ (<.*>)$', line)
        if m:
            found[(m.group(1), m.group(2), m.group(3))] += 1
    return found, wrong, lines[-1] if lines else ''


class Ledger:
    """What was acknowledged so far."""

    def __init__(self):
        self.smtp = {}          # ids: the numbers of the mailboxes
        self.written = set()
        self.moved = set()

    def take(self, path, writer):
        with open(path) as f:
            for line in f:
                words = line.split()
                self.smtp['<%s@load.test>' % words[0]] = words[1:]
        self.written.update(writer.acked)
        self.moved.update(writer.moved)

    def check(self, found, tag):
        wrong = []
        places = collections.defaultdict(list)
        for (account, mailbox, ident), n in found.items():
            places[ident].append((account, mailbox))
            if n > 1:
                wrong.append('%s: %s is %d times in %s of %s' % (
                    tag, ident, n, mailbox, account))
        for ident, numbers in self.smtp.items():
            for number in numbers:
                want = ('u%s@example.test' % number, 'INBOX')
                if want not in places[ident]:
                    wrong.append('%s: %s is not in %s of %s' % (
                        tag, ident, want[1], want[0]))
        for ident in self.written:
            if len(places[ident]) != 1:
                wrong.append('%s: %s is in %r' % (tag, ident, places[ident]))
            elif ident in self.moved and places[ident][0][1] != 'Archive':
                wrong.append('%s: %s was moved and is in %r' % (
                    tag, ident, places[ident]))
        return wrong


def load(args, seed, path, seconds):
    return subprocess.Popen(
        [os.path.join(args.bench, 'smtpload'), '-d', str(seconds), '-c', '12',
         '-s', '1500', '-r', '2', '-u', str(USERS), '-t', 'u%u@example.test',
         '-S', str(seed), '-o', path, '127.0.0.1:%d' % args.smtp],
        stdout=subprocess.PIPE, text=True)


def finish(proc):
    proc.terminate()
    out = proc.communicate()[0]
    return dict(w.split('=', 1) for w in out.split() if '=' in w)


def run_all(args, site, ledger):
    """Kill everything."""
    wrong = []
    for i in range(args.rounds):
        site.start()
        path = os.path.join(args.dir, 'acked')
        gen = load(args, args.seed * 1000 + i, path, 60)
        writer = Writer(args.imap, '%d-%d' % (args.seed, i))
        writer.start()
        time.sleep(random.uniform(0.05, 0.8))
        site.kill_all()
        writer.ending = True
        finish(gen)
        writer.join(30)
        if writer.fatal:
            wrong.append('writer: %r' % writer.fatal)
        ledger.take(path, writer)
        if (i + 1) % args.every == 0 or i + 1 == args.rounds:
            found, bad, last = storecheck(args, 'round %d' % i)
            wrong += bad + ledger.check(found, 'round %d' % i)
            if wrong:
                break
    return wrong


def run_one(args, site, ledger):
    """Kill one process; the others go on."""
    wrong = []
    path = os.path.join(args.dir, 'acked')
    site.start()
    for i, what in enumerate(args.what):
        gen = load(args, args.seed * 1000 + i, path, 60)
        writer = Writer(args.imap, '%d-%d' % (args.seed, i))
        writer.start()
        time.sleep(random.uniform(0.3, 0.6))
        if site.kill_one(what) is None:
            wrong.append('%s: there is no such process' % what)
        if site.proc.poll() is not None:
            wrong.append('%s: its end was the end of all' % what)
        time.sleep(1.5)
        writer.ending = True
        figures = finish(gen)
        writer.join(30)
        before = len(ledger.smtp)
        ledger.take(path, writer)
        print('%s: smtp %s; appended %d' % (what, figures, len(writer.acked)))
        # Then a message must pass as if nothing had been.
        again = load(args, args.seed * 1000 + 500 + i, path, 1.0)
        try:
            again.wait(20)
        except subprocess.TimeoutExpired:
            wrong.append('%s: sessions hang afterwards' % what)
            if args.stay:
                print(wrong[-1], flush=True)
                time.sleep(100000)
            finish(again)
            break
        after = len(ledger.smtp)
        ledger.take(path, writer)
        if after == before or len(ledger.smtp) == after:
            wrong.append('%s: no mail is taken any more' % what)
        if not writer.acked:
            wrong.append('%s: nothing could be appended' % what)
    seconds = site.stop()
    if seconds > 10:
        wrong.append('a stop took %.1f s' % seconds)
    found, bad, last = storecheck(args, 'end')
    return wrong + bad + ledger.check(found, 'end')


def through_imap(args, found):
    """What a client sees is what the store has."""
    wrong = []
    want = collections.Counter()
    for (account, mailbox, ident), n in found.items():
        want[(account, mailbox)] += n
    for user in range(USERS + 1):
        imap = imaplib.IMAP4('127.0.0.1', args.imap, timeout=30)
        imap.login('u%d@example.test' % user, 'secret')
        for mailbox in ('INBOX', 'Archive'):
            n = int(imap.select(mailbox)[1][0])
            if n != want[('u%d@example.test' % user, mailbox)]:
                wrong.append('u%d %s: IMAP shows %d messages, not %d' % (
                    user, mailbox, n,
                    want[('u%d@example.test' % user, mailbox)]))
        imap.logout()
    return wrong


def main():
    p = argparse.ArgumentParser()
    for name in ('maild', 'bench', 'dir'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--smtp', type=int, required=True)
    p.add_argument('--imap', type=int, required=True)
    p.add_argument('--rounds', type=int, default=10)
    p.add_argument('--every', type=int, default=5)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--stay', action='store_true',
                   help='when sessions hang, for a debugger')
    p.add_argument('what', nargs='+')
    args = p.parse_args()
    random.seed(args.seed)
    site, ledger = Site(args), Ledger()
    try:
        if args.what == ['all']:
            wrong = run_all(args, site, ledger)
        else:
            wrong = run_one(args, site, ledger)
        found, bad, last = storecheck(args, 'after')
        site.start()
        wrong += through_imap(args, found)
        site.stop()
    finally:
        if site.proc is not None and site.proc.poll() is None:
            site.kill_all()
    if not ledger.smtp or not ledger.written:
        wrong.append('nothing was acknowledged at all')
    for line in wrong[:20]:
        print(line)
    print('acked=%d appended=%d moved=%d stored=%d wrong=%d %s' % (
        len(ledger.smtp), len(ledger.written), len(ledger.moved),
        sum(found.values()), len(wrong), last))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
