#!/usr/bin/env python3
"""Operations of one process fail, one at a time, while clients work: nothing
that was acknowledged may be lost or doubled, and the daemon goes on, or the
process says why not and is started again.

faults.py --maild PROGRAM --mailctl PROGRAM --dir SITE --smtp PORT --imap PORT
    [--seed N] [--every N] CASE ...

CASE is ROLE:WHAT, with WHAT one of
  eio, enospc   the n-th change of a file fails; enospc: a write by half
  read          the n-th read of a file fails
  memory        the n-th malloc(3) fails
  dead          all changes of files fail from the n-th on, for a while
or `clock': the time of day jumps.  All n are tried (--every: each such one)
until a run of the clients needs no more than that; of reads and memory, of
which there are hundreds, ever fewer.
"""

import argparse
import errno
import imaplib
import json
import os
import random
import re
import smtplib
import subprocess
import sys
import time

import world

WHAT = {
    'eio': (world.CHANGE, errno.EIO, 0, 0),
    'enospc': (world.CHANGE, errno.ENOSPC, 1, 0),
    'read': (world.READ, errno.EIO, 0, 0),
    'memory': (world.MEMORY, errno.ENOMEM, 0, 0),
    'dead': (world.CHANGE, errno.EIO, 0, 1),
}
PATIENCE = 60


class Test:
    def __init__(self, args):
        self.args = args
        path = os.path.join(args.dir, 'shim.ctl')
        self.ctl = world.Ctl.make(path)
        self.site = world.ShimSite(args, ctl=path)
        self.notes = world.Notes()
        self.rng = random.Random(args.seed)
        self.sender = world.Sender(args.smtp, self.notes, 'f%d' % args.seed,
                                   self.rng, users=2)
        self.reader = world.Reader(args.imap, self.notes, 4, self.rng)
        self.wrong = []
        self.deaths = 0

    def expect(self, good, what):
        if not good:
            self.wrong.append(what)

    def script(self):
        """Something of everything: how much of it was refused."""
        self.sender.close()
        self.reader.close()
        self.sender.tls = True
        return self.mail() + self.others()

    def mail(self):
        bad = 0
        for far, size in ((False, 300), (True, 300), (False, 70000)):
            bad += self.sender.once(far=far, size=size) != 250
        for _ in range(8):
            bad += self.reader.once() != 1
        return bad

    def others(self):
        """What notes nothing."""
        bad = 0
        for words in (['show', 'status'], ['queue', 'retry', 'all']):
            try:
                p = subprocess.run([self.args.mailctl, '-P', self.args.dir] +
                                   words, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, timeout=90)
            except subprocess.TimeoutExpired:
                self.wrong.append('mailctl %s hangs' % words[0])
                bad += 1
                continue
            bad += p.returncode != 0
        try:
            if self.reader.imap is None:
                return 1
            return bad + (self.reader.imap.uid('FETCH', '1:*', 'BODY.PEEK[]')
                          [0] != 'OK')
        except (OSError, imaplib.IMAP4.abort):
            self.reader.close()
            return bad + 1

    def goes_on(self, tag):
        """After a fault everything works again, soon."""
        end = time.monotonic() + PATIENCE
        while True:
            self.sender.close()
            self.reader.close()
            self.reader.lost = True
            self.sender.tls = False
            if self.sender.once(far=True) == 250 and \
                    self.sender.once(far=False) == 250 and \
                    self.reader.once() == 1:
                return
            if time.monotonic() > end:
                self.wrong.append('%s: it does not go on' % tag)
                return
            time.sleep(0.1)

    def look(self, tag):
        """What IMAP shows is one of the pictures that may be."""
        may = world.expect_mail(self.notes.all)[1].get(self.reader.user)
        boxes = self.reader.look()
        now = {n: b for n, b in self.reader.picture(boxes).items()
               if b or n.startswith('box')}
        want = [{n: [list(m) for m in b] for n, b in p.items()
                 if b or n.startswith('box')} for p in may or []]
        now = json.loads(json.dumps(now))
        if may is not None and now not in json.loads(json.dumps(want)):
            self.wrong.append('%s: IMAP shows\n%r and not\n%s' % (
                tag, now, '\nnor '.join(map(repr, want))))
        # From here on this is what is known.
        self.notes.all = [x for x in self.notes.all if x['who'] == 's']
        self.reader.boxes = {n: b for n, b in boxes.items() if b or
                             n.startswith('box') or n in ('INBOX', 'Archive')}
        self.reader.n += 1
        self.notes(who=self.reader.user, n=self.reader.n,
                   is_=self.reader.picture(self.reader.boxes))
        self.notes(who=self.reader.user, n=self.reader.n, ok=1)

    def obituaries(self, tag, role, since):
        """Who died since then must have said why."""
        text = self.site.logtext(since)
        died = re.findall(r'^maild: (\w+)(?:\[\d+\])?: (exited|died|killed)'
                          r'(.*)$', text, re.M)
        for name, how, rest in died:
            self.expect(how == 'exited', '%s: %s %s%s' % (tag, name, how,
                                                          rest))
            self.expect(re.search(r'^%s(\[\d+\])?: .' % name, text, re.M),
                        '%s: %s says nothing of its end' % (tag, name))
        self.deaths += len(died)
        return len(died)

    def one(self, case, n):
        """The n-th fails.  0 when there are not so many."""
        role, what = case.split(':')
        kind, error, half, sticky = WHAT[what]
        tag = '%s n=%d' % (case, n)
        since = os.path.getsize(os.path.join(self.args.dir, 'log'))
        self.ctl.arm(role, kind, n, error, sticky, half)
        bad = self.script()
        calls, failed = self.ctl.disarm()
        self.expect(self.sender.hung + self.reader.hung == 0,
                    '%s: no answer for 40 s' % tag)
        self.sender.hung = self.reader.hung = 0
        self.goes_on(tag)
        self.look(tag)
        died = self.obituaries(tag, role, since)
        if failed == 0:
            self.expect(bad == 0 and died == 0, '%s: %d refused, %d died, '
                        'for nothing' % (tag, bad, died))
            return 0
        if died:
            # A next one would be made to wait.
            self.restart()
        return 1

    def restart(self):
        self.sender.close()
        self.reader.close()
        self.site.stop()
        self.site.start()

    def case(self, case):
        n = self.rng.randrange(self.args.every)
        tried = 0
        before = self.deaths
        many = WHAT[case.split(':')[1]][0] != world.CHANGE
        while self.one(case, n) and len(self.wrong) < 5:
            tried += 1
            # Of hundreds that are alike some will do.
            n += self.args.every if not many else self.args.every * (
                1 + n // 2)
        print('%s: tried=%d deaths=%d wrong=%d' % (
            case, tried, self.deaths - before, len(self.wrong)), flush=True)

    # ---- the clock ----------------------------------------------------------

    def queue(self):
        out = subprocess.run([self.args.mailctl, '-j', '-P', self.args.dir,
                              'show', 'queue'], stdout=subprocess.PIPE,
                             text=True, check=True).stdout
        return json.loads(out)

    def tries(self):
        return {row['id']: row['tries'] for row in self.queue()}

    def clock(self):
        """Hours forward, back, and where it was: what waits is tried again,
        sessions go on, uids and modseqs ascend."""
        self.script()
        for hours in (6, -12, 0, -48, 0):
            tag = 'clock %+d h' % hours
            before = self.tries()
            # An open session lives on.
            alive = smtplib.SMTP('127.0.0.1', self.args.smtp, timeout=30)
            alive.ehlo()
            self.reader.once()
            session = self.reader.imap
            self.ctl.clock = hours * 3600
            self.expect(alive.mail('a@load.test')[0] == 250,
                        '%s: an SMTP session ends' % tag)
            alive.close()
            self.expect(self.mail() == 0, '%s: refused' % tag)
            self.expect(self.reader.imap is session,
                        '%s: an IMAP session ends' % tag)
            self.look(tag)
            end = time.monotonic() + PATIENCE
            while True:
                late = [i for i, n in self.tries().items()
                        if i in before and n == before[i]]
                if not late or time.monotonic() > end:
                    break
                time.sleep(0.2)
            self.expect(not late, '%s: %d messages are not tried again' % (
                tag, len(late)))
        self.expect(self.obituaries('clock', '', self.site.logged) == 0,
                    'clock: deaths')
        print('clock: wrong=%d' % len(self.wrong), flush=True)

    def end(self):
        self.sender.close()
        self.reader.close()
        self.site.stop()
        (lines, other), queue, wrong = world.inspect(self.args.dir,
                                                     flush=True)
        self.wrong += wrong
        self.wrong += world.check_mail(self.notes.all, lines, queue, 'end')


def main():
    p = argparse.ArgumentParser()
    for name in ('maild', 'mailctl', 'dir'):
        p.add_argument('--' + name, required=True)
    for name in ('smtp', 'imap'):
        p.add_argument('--' + name, type=int, required=True)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--every', type=int, default=1)
    p.add_argument('case', nargs='+')
    args = p.parse_args()
    test = Test(args)
    test.site.start()
    try:
        test.script()
        for case in args.case:
            test.clock() if case == 'clock' else test.case(case)
        test.end()
    finally:
        if test.site.proc.poll() is None:
            test.site.kill_all()
    for line in test.wrong[:10]:
        print(line)
    print('deaths=%d wrong=%d' % (test.deaths, len(test.wrong)))
    return 1 if test.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
