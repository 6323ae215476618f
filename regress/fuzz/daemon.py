#!/usr/bin/env python3
"""Throw damaged sessions at a whole maild that runs, and see that it lives.

daemon.py --dir SITE --log FILE [--seed N] [--seconds N | --batches N]
    [--batch N] [--save DIR] [--port KIND=PORT ...] [--sendmail PROGRAM]
    KIND ...
daemon.py ... --replay FILE

KIND is smtp, submission, imap, pop3, lmtp, control or sendmail.  The site has
the account you@example.test with the password `secret', and takes it in the
clear.  After each batch all its processes must be those that there were, with
no word of a sanitizer or a death in the log, answering, and not larger than
--grow MB more than after the first batches.  What breaks that is left in
--save, one session a line, for --replay; the seed alone makes it again too.
"""

import argparse
import json
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

sys.dont_write_bytecode = True
import sessions     # noqa: E402

BAD = re.compile(rb'AddressSanitizer|LeakSanitizer|runtime error:|'
                 rb'died of signal|exited with status [1-9]|killed: |'
                 rb'outside of its sandbox')
WARM = 4            # batches until the sizes are taken
HANG = 90


class Hang(Exception):
    pass


def children(pid):
    """{pid: title} of the parent's children."""
    found = {}
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % name) as f:
                if int(f.read().rsplit(')', 1)[1].split()[1]) != pid:
                    continue
            with open('/proc/%s/cmdline' % name, 'rb') as f:
                title = f.read().replace(b'\0', b' ').decode().strip()
        except OSError:
            continue
        found[int(name)] = title.replace('maild: ', '')
    return found


def megabytes(pid):
    try:
        with open('/proc/%d/statm' % pid) as f:
            return int(f.read().split()[1]) * 4096 // 1048576
    except OSError:
        return 0


class Wire:
    """A client's end: sends while it reads, so that nobody waits for ever."""

    def __init__(self, sock):
        self.s = sock
        self.s.setblocking(False)
        self.end = time.monotonic() + HANG
        self.deflate = None
        self.eof = False
        self.got = 0

    def read(self, wait):
        """Some bytes, or what there is after so long; 0: none."""
        if self.eof or not select.select([self.s], [], [], wait)[0]:
            return 0
        try:
            n = len(self.s.recv(65536))
        except BlockingIOError:
            return 0
        except OSError:
            n = 0
        self.eof = n == 0
        self.got += n
        return n

    def send(self, text):
        data = text.encode('latin-1')
        if self.deflate is not None:
            data = self.deflate.compress(data) + \
                self.deflate.flush(zlib.Z_SYNC_FLUSH)
        while data and not self.eof:
            if time.monotonic() > self.end:
                raise Hang('does not take what is sent')
            _, w, _ = select.select([self.s], [self.s], [], 1)
            self.read(0)
            if w:
                try:
                    data = data[self.s.send(data):]
                except BlockingIOError:
                    pass
                except OSError:
                    self.eof = True

    def drain(self):
        while not self.eof:
            self.read(1)
            if time.monotonic() > self.end:
                raise Hang('does not close')

    def run(self, steps):
        for step in steps:
            if step[0] == 'send':
                self.send(step[1])
            elif step[0] == 'wait':
                if self.read(1):
                    while self.read(.02):
                        pass
            elif step[0] == 'deflate':
                self.deflate = zlib.compressobj(wbits=-15)
            elif step[0] == 'reset':
                self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack('ii', 1, 0))
                return
            elif step[0] == 'half':
                break
        try:
            self.s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.drain()


class Fuzzer:
    def __init__(self, args):
        self.args = args
        self.ports = dict(p.split('=') for p in args.port)
        with open(os.path.join(args.dir, 'test-pid')) as f:
            self.pid = int(f.read())
        self.before = children(self.pid)
        self.sizes = {}
        self.logged = 0
        self.hangs = []

    def connect(self, kind):
        if kind == 'sendmail':
            ours, theirs = socket.socketpair()
            subprocess.Popen([self.args.sendmail, '-P', self.args.dir, '-bs'],
                             stdin=theirs, stdout=theirs,
                             stderr=subprocess.DEVNULL)
            theirs.close()
            return ours
        if kind in ('lmtp', 'control'):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(HANG)
            s.connect(os.path.join(self.args.dir, kind + '.sock')
                      if kind == 'lmtp' else self.ports[kind])
            return s
        return socket.create_connection(('127.0.0.1',
                                         int(self.ports[kind])), HANG)

    def one(self, kind, steps):
        try:
            with self.connect(kind) as s:
                Wire(s).run(steps)
        except Hang as e:
            self.hangs.append((str(e), kind, steps))
        except OSError:
            pass        # the checks will tell whether that was a death

    def work(self, batch):
        while True:
            try:
                kind, steps = batch.pop()
            except IndexError:
                return
            self.one(kind, steps)

    def run(self, batch):
        left = list(reversed(batch))
        threads = [threading.Thread(target=self.work, args=(left,))
                   for _ in range(self.args.clients)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def answers(self):
        """Does it still log one in, and take a message?"""
        if 'imap' not in self.ports:
            return True
        with socket.create_connection(('127.0.0.1',
                                       int(self.ports['imap'])), 60) as s:
            s.sendall(b'a LOGIN you@example.test secret\r\na2 SELECT INBOX'
                      b'\r\na3 LOGOUT\r\n')
            got = b''
            while True:
                d = s.recv(65536)
                if not d:
                    break
                got += d
        return b'a2 OK' in got

    def check(self, n):
        """What is wrong now, or None."""
        with open(self.args.log, 'rb') as f:
            f.seek(self.logged)
            new = f.read()
        self.logged += len(new)
        for line in new.split(b'\n'):
            if BAD.search(line):
                return line.decode('latin-1')
        now = children(self.pid)
        if set(now) != set(self.before):
            return 'processes: %s' % ' '.join(
                set(self.before.values()) - set(now.values()) or ['others'])
        if self.hangs:
            return 'a session hangs: %s' % self.hangs[0][0]
        if not self.answers():
            return 'it does not answer any more'
        for pid, title in now.items():
            size = megabytes(pid)
            if n <= WARM:
                self.sizes[pid] = max(size, self.sizes.get(pid, 0))
            elif size > self.sizes[pid] + self.args.grow:
                return '%s: %d MB, was %d' % (title, size, self.sizes[pid])
        return None

    def save(self, batch, name):
        os.makedirs(self.args.save, exist_ok=True)
        path = os.path.join(self.args.save, name)
        with open(path, 'w') as f:
            for entry in batch:
                f.write(json.dumps(entry) + '\n')
        return path

    def table(self):
        now = children(self.pid)
        return ' '.join('%s=%d+%d' % (
            title.replace(' ', ''), self.sizes.get(pid, 0),
            megabytes(pid) - self.sizes.get(pid, 0))
            for pid, title in sorted(now.items(), key=lambda x: x[1]))


def parse():
    p = argparse.ArgumentParser()
    p.add_argument('--dir', required=True)
    p.add_argument('--log', required=True)
    p.add_argument('--seed', type=int, default=None)
    p.add_argument('--seconds', type=float, default=0)
    p.add_argument('--batches', type=int, default=0)
    p.add_argument('--batch', type=int, default=40)
    p.add_argument('--clients', type=int, default=4)
    p.add_argument('--grow', type=int, default=150)
    p.add_argument('--save', default='found')
    p.add_argument('--port', action='append', default=[])
    p.add_argument('--sendmail', default='sendmail')
    p.add_argument('--replay')
    p.add_argument('kinds', nargs='*')
    return p.parse_args()


def main():
    args = parse()
    fuzz = Fuzzer(args)
    if args.replay:
        with open(args.replay) as f:
            fuzz.run([json.loads(line) for line in f])
        time.sleep(1)
        why = fuzz.check(0)
        print('replay: %s' % (why or 'lives'))
        return 1 if why else 0
    seed = args.seed if args.seed is not None else int(time.time())
    print('seed %d' % seed, flush=True)
    rng = random.Random(seed)
    makers = [sessions.Maker(kind, rng) for kind in args.kinds]
    end = time.monotonic() + args.seconds
    n = done = 0
    while n < args.batches or time.monotonic() < end:
        n += 1
        batch = []
        for _ in range(args.batch):
            m = rng.choice(makers)
            batch.append((m.kind, m.session()))
        fuzz.run(batch)
        done += len(batch)
        why = fuzz.check(n)
        if why is not None:
            path = fuzz.save([h[1:] for h in fuzz.hangs] or batch,
                             'batch-%d-%d' % (seed, n))
            print('batch %d: %s\n  saved as %s' % (n, why, path))
            return 1
        if n % 25 == 0:
            print('%d sessions: %s' % (done, fuzz.table()), flush=True)
    print('%d sessions, all is well: %s' % (done, fuzz.table()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
