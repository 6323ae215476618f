#!/usr/bin/env python3
"""The power fails.  A site runs under load while shim.so writes down what store
and queue do to their files; then the state of the files at many instants is
made in another directory, with what was not flushed there or not there, and
what had been acknowledged by then must be in it.

powerloss.py --maild PROGRAM --dir SITE --smtp PORT --imap PORT
    [--seed N] [--rounds N] [--samples N] [--starts N] [--all]

What may happen to what was not flushed (fsync(2), fdatasync(2)) before the
instant:
  all     it is there: as after kill -9
  none    none of it is there
  prefix  some of it in order, the last write torn
  subset  any sectors of any writes, names of any files
A name is there for certain when its directory was flushed; names of the files
of the Berkeley DB when the file was, as it holds for the file systems that
Linux has, for the library relies on it.

--all: each instant, all and none.  Else samples at random.  For some of them
maild itself is started.
"""

import argparse
import bisect
import collections
import json
import os
import random
import shutil
import sys
import tempfile

import world
from world import REC

(CREATE, WRITE, TRUNCATE, ALLOCATE, FSYNC, RENAME, UNLINK, MKDIR,
 NOTE) = range(1, 10)
SECTOR = 512
OWNERS = {'store': ('_mails', '_mails'), 'spool': ('_mailq', '_mailq')}
Op = collections.namedtuple('Op', 'at op ino dir off len name data')


def read_log(path):
    with open(path, 'rb') as f:
        raw = f.read()
    ops, pos = [], 0
    while pos < len(raw):
        size, op, n, ino, dirino, off, length = REC.unpack_from(raw, pos)
        at = pos + REC.size
        ops.append(Op(len(ops), op, ino, dirino, off, length,
                      raw[at:at + n].decode(), raw[at + n:pos + size]))
        pos += size
    return ops


class File:
    """One file, whatever its names: what was done to its bytes."""

    def __init__(self):
        self.ops = []
        self.syncs = []         # when it was flushed


class Dir:
    def __init__(self, path, lax):
        self.path = path
        self.ops = []           # (at, names, {name: File or None})
        self.syncs = []
        self.lax = lax


class History:
    """The log, sorted by file and directory."""

    def __init__(self, ops, roots):
        self.dirs = {ino: Dir(path, False) for ino, path in roots.items()}
        self.files = []
        self.notes = []
        inodes, names = {}, {}
        for op in ops:
            if op.op == NOTE:
                self.notes.append((op.at, json.loads(op.data)))
            elif op.op == MKDIR and op.dir in self.dirs:
                # Made once, at the beginning: taken for certain.
                self.dirs[op.ino] = Dir(os.path.join(
                    self.dirs[op.dir].path, op.name), op.name == 'index')
            elif op.op == FSYNC and op.ino in self.dirs:
                self.dirs[op.ino].syncs.append(op.at)
            elif op.op in (CREATE, RENAME, UNLINK):
                self.name(op, inodes, names)
            elif op.ino in inodes:
                f = inodes[op.ino]
                (f.syncs if op.op == FSYNC else f.ops).append(
                    op.at if op.op == FSYNC else op)

    def name(self, op, inodes, names):
        d = self.dirs.get(op.dir)
        if d is None:
            return
        if op.op == CREATE:
            inodes[op.ino] = f = File()
            self.files.append(f)
            change = {op.name: f}
        elif op.op == UNLINK:
            change = {op.name: None}
        else:
            old, new = op.name.split('\0')
            change = {old: None, new: names.get((op.dir, old))}
        for name, f in change.items():
            names[(op.dir, name)] = f
        d.ops.append((op.at, change))

    def noted(self, at):
        return [note for when, note in self.notes if when < at]


def last_before(times, at):
    """The last of these instants before at, or -1."""
    i = bisect.bisect_left(times, at)
    return times[i - 1] if i > 0 else -1


class State:
    """The files as they may be when the power fails before record `at'."""

    def __init__(self, history, at, how, rng):
        self.h, self.at, self.how, self.rng = history, at, how, rng

    def chosen(self, ops, durable):
        """Which of these (each .at) are there, and which by half only."""
        sure = [op for op in ops if op[0] < durable]
        rest = [op for op in ops if durable <= op[0] < self.at]
        if self.how == 'all':
            return sure + rest, ()
        if self.how == 'none':
            return sure, ()
        if self.how == 'prefix':
            rest = rest[:self.rng.randrange(len(rest) + 1)]
            return sure + rest, rest[-1:]
        odds = self.rng.choice((0.1, 0.5, 0.9))
        rest = [op for op in rest if self.rng.random() < odds]
        return sure + rest, rest

    def write(self, fd, op, torn):
        data = op.data or bytes(op.len)
        pieces = [(op.off, data)]
        if torn:
            # Cut where sectors of the disk are.
            first = SECTOR - op.off % SECTOR
            cuts = [0] + list(range(first, len(data), SECTOR))
            pieces = [(op.off + c, data[c:n]) for c, n in
                      zip(cuts, cuts[1:] + [len(data)])]
            if self.how == 'prefix':
                pieces = pieces[:self.rng.randrange(len(pieces) + 1)]
            else:
                pieces = [p for p in pieces if self.rng.random() < 0.7]
        for off, piece in pieces:
            os.pwrite(fd, piece, off)

    def make_file(self, f, path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        there, torn = self.chosen(f.ops, last_before(f.syncs, self.at))
        for op in there:
            if op.op == WRITE:
                self.write(fd, op, op in torn)
            elif op.op == TRUNCATE:
                os.ftruncate(fd, op.off)
            elif os.fstat(fd).st_size < op.off:
                os.ftruncate(fd, op.off)
        os.close(fd)

    def sure_name(self, d, op, flushed):
        return op[0] < flushed or (d.lax and any(
            f is not None and last_before(f.syncs, self.at) > op[0]
            for f in op[1].values()))

    def make(self, root):
        for d in self.h.dirs.values():
            path = os.path.join(root, d.path)
            os.makedirs(path, exist_ok=True)
            flushed = last_before(d.syncs, self.at)
            there = {id(op) for op in self.chosen(d.ops, flushed)[0]}
            names = {}
            for op in d.ops:
                if op[0] < self.at and (id(op) in there or
                                        self.sure_name(d, op, flushed)):
                    names.update(op[1])
            for name, f in names.items():
                if f is not None:
                    self.make_file(f, os.path.join(path, name))


class Test:
    def __init__(self, args):
        self.args = args
        self.scratch = tempfile.mkdtemp(prefix='maild-power.', dir='/dev/shm'
                                        if os.access('/dev/shm', os.W_OK)
                                        else args.dir)
        self.copy = os.path.join(self.scratch, 'after')
        self.wrong = []
        self.tried = collections.Counter()
        self.rebuilt = 0

    def record(self):
        args = self.args
        log = os.path.join(args.dir, 'oplog')
        open(log, 'w').close()
        roots = {}
        for name in ('store', 'spool'):
            path = os.path.join(args.dir, name)
            os.mkdir(path, 0o700)
            if os.geteuid() == 0:
                shutil.chown(path, *OWNERS[name])
            roots[os.stat(path).st_ino] = name
        site = world.ShimSite(args, log=log)
        site.start()
        try:
            world.play(args.smtp, args.imap, world.Notes(log), args.seed,
                       args.rounds)
        finally:
            site.kill_all() if args.seed % 2 else site.stop()
        self.ops = read_log(log)
        self.h = History(self.ops, roots)
        if not args.keep:
            os.unlink(log)

    def one(self, at, how, seed):
        tag = 'at=%d how=%s seed=%d' % (at, how, seed)
        shutil.rmtree(self.copy, ignore_errors=True)
        State(self.h, at, how, random.Random(seed)).make(self.copy)
        (lines, other), queue, wrong = world.inspect(self.copy)
        wrong = ['%s: %s' % (tag, w) for w in wrong]
        self.rebuilt += 'rebuilt=1' in (lines or [''])[-1]
        wrong += world.check_mail(self.h.noted(at), lines, queue, tag)
        self.tried[how] += 1
        self.wrong += wrong
        if wrong and self.args.keep:
            shutil.rmtree(self.copy)
            State(self.h, at, how, random.Random(seed)).make(self.copy)
            shutil.copytree(self.copy, os.path.join(
                self.args.dir, 'after.%d.%s.%d' % (at, how, seed)))

    def live(self, at, how, seed):
        """Start maild on it: it must serve, and show what storecheck shows."""
        args = self.args
        tag = 'live at=%d how=%s seed=%d' % (at, how, seed)
        for name, owner in OWNERS.items():
            shutil.rmtree(os.path.join(args.dir, name))
        State(self.h, at, how, random.Random(seed)).make(args.dir)
        for name, owner in OWNERS.items():
            for path, dirs, files in os.walk(os.path.join(args.dir, name)):
                for p in [path] + [os.path.join(path, f) for f in files]:
                    os.chmod(p, 0o700 if p == path else 0o600)
                    if os.geteuid() == 0:
                        shutil.chown(p, *owner)
        notes = world.Notes()
        notes.all = self.h.noted(at)
        site = world.ShimSite(args)
        site.start()
        try:
            for user in (4, 5):
                self.live_reader(user, notes, tag)
            sender = world.Sender(args.smtp, notes, tag.replace(' ', '-'),
                                  random.Random(seed))
            if sender.once(far=True) != 250 or sender.once(far=False) != 250:
                self.wrong.append('%s: it takes no mail' % tag)
            sender.close()
        finally:
            site.stop()
        (lines, other), queue, wrong = world.inspect(args.dir)
        self.wrong += ['%s: %s' % (tag, w) for w in wrong]
        self.wrong += world.check_mail(notes.all, lines, queue, tag)
        self.tried['live'] += 1

    def live_reader(self, user, notes, tag):
        """One account as a client sees it; it goes on from there."""
        reader = world.Reader(self.args.imap, notes, user, random.Random(1))
        may = world.expect_mail(notes.all)[1].get(reader.user)
        boxes = reader.look()
        seen = {name: [[u, i, f] for u, i, f in box] for name, box in
                reader.picture(boxes).items() if box or
                name.startswith('box')}
        if may is not None and seen not in [
                {n: b for n, b in p.items() if b or n.startswith('box')}
                for p in may]:
            self.wrong.append('%s: IMAP shows %r of %s, not %r' % (
                tag, seen, reader.user, may))
        reader.boxes = {n: b for n, b in boxes.items()
                        if b or n.startswith('box') or n in
                        ('INBOX', 'Archive')}
        notes(who=reader.user, n=0, is_=reader.picture(reader.boxes))
        notes(who=reader.user, n=0, ok=1)
        for _ in range(5):
            reader.once()
        reader.close()


def run(test, args):
    """All that was asked for; how long the log is."""
    test.record()
    rng = random.Random(args.seed)
    n = len(test.ops)
    if args.all:
        for at in range(n + 1):
            test.one(at, 'all', 0)
            test.one(at, 'none', 0)
    for i in range(args.samples):
        if len(test.wrong) > 10:
            break
        test.one(rng.randrange(n + 1), rng.choice(
            ('all', 'none', 'prefix', 'prefix', 'subset', 'subset',
             'subset')), rng.randrange(1 << 30))
    for i in range(args.starts):
        test.live(rng.randrange(n + 1), rng.choice(('none', 'subset')),
                  rng.randrange(1 << 30))
    return n


def main():
    p = argparse.ArgumentParser()
    for name in ('maild', 'dir'):
        p.add_argument('--' + name, required=True)
    for name in ('smtp', 'imap'):
        p.add_argument('--' + name, type=int, required=True)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--rounds', type=int, default=30)
    p.add_argument('--samples', type=int, default=0)
    p.add_argument('--starts', type=int, default=0)
    p.add_argument('--all', action='store_true')
    p.add_argument('--keep', action='store_true')
    args = p.parse_args()
    test = Test(args)
    try:
        n = run(test, args)
    finally:
        shutil.rmtree(test.scratch)
    for line in test.wrong[:10]:
        print(line)
    print('records=%d notes=%d states=%d (%s) rebuilt=%d wrong=%d' % (
        n, len(test.h.notes), sum(test.tried.values()), ' '.join(
            '%s=%d' % x for x in sorted(test.tried.items())), test.rebuilt,
        len(test.wrong)))
    return 1 if test.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
