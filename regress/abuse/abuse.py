#!/usr/bin/env python3
"""Attack a maild that runs, and measure two others' sessions meanwhile.

abuse.py --dir SITE --log FILE --flood PROGRAM [--port NAME=PORT ...]
    [--size N] [--seconds N] [--memory MB] [--half] ATTACK ...

The site takes logins in the clear and has the accounts victim@example.test and
attacker@example.test, password `secret'.  The victim sends messages from
127.0.0.77 and reads mail from 127.0.0.78; attackers come from 127.0.0.66.  For
each attack one line of a table.  It fails when an operation of the victim's
does, when a process dies, or one grows beyond --memory; with --half also when
the victim has less than half of the speed that it had before.
"""

import argparse
import imaplib
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import attacks      # noqa: E402

VICTIM = 'victim@example.test'
PATIENCE = 60       # seconds that one operation may take at the most
FRESH = 1           # seconds of a session, then a new one
TEXT = ('From: a@b.test\r\nTo: %s\r\nSubject: speed\r\n\r\n' % VICTIM +
        'A line of the text of an ordinary message, and not the last.\r\n' *
        60)
BAD = re.compile(rb'died of signal|exited with status|Sanitizer|runtime error')


class Victim(threading.Thread):
    """Operations, one after the other, until told to stop."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site = site
        self.counting = False
        self.ending = False
        self.done = 0
        self.longest = 0.
        self.failures = []
        self.start()

    def run(self):
        while not self.ending:
            try:
                self.open()
                end = time.monotonic() + FRESH
                while time.monotonic() < end:
                    begin = time.monotonic()
                    self.once()
                    if self.ending:
                        break
                    if self.counting:
                        self.done += 1
                        self.longest = max(self.longest,
                                           time.monotonic() - begin)
                self.close()
            except Exception as e:
                self.failures.append('%s: %r' % (type(self).__name__, e))
                time.sleep(.5)

    def rate(self, seconds):
        """How many a second, in the next seconds."""
        self.done = 0
        self.counting = True
        begin = time.monotonic()
        time.sleep(seconds)
        self.counting = False
        return self.done / (time.monotonic() - begin)


class Sender(Victim):
    def open(self):
        self.smtp = smtplib.SMTP('127.0.0.1', self.site.smtp,
                                 timeout=PATIENCE,
                                 source_address=('127.0.0.77', 0))

    def once(self):
        self.smtp.sendmail('a@b.test', [VICTIM], TEXT)

    def close(self):
        self.smtp.quit()


class From78(imaplib.IMAP4):
    def _create_socket(self, timeout):
        import socket
        return socket.create_connection((self.host, self.port), timeout,
                                        ('127.0.0.78', 0))


class Reader(Victim):
    def open(self):
        self.imap = From78('127.0.0.1', self.site.imap, timeout=PATIENCE)
        self.imap.login(VICTIM, 'secret')
        self.imap.select('INBOX')

    def once(self):
        for typ, data in (self.imap.fetch('1', '(FLAGS BODY.PEEK[])'),
                          self.imap.store('1', '+FLAGS', '\\Seen'),
                          self.imap.noop()):
            if typ != 'OK':
                raise RuntimeError('%s %r' % (typ, data))

    def close(self):
        self.imap.logout()


class Site:
    def __init__(self, args):
        self.args = args
        for p in args.port:
            name, value = p.split('=')
            setattr(self, name, int(value) if value.isdigit() else value)
        with open(os.path.join(args.dir, 'test-pid')) as f:
            self.pid = int(f.read())
        self.logged = 0

    def children(self):
        found = {}
        for name in os.listdir('/proc'):
            try:
                with open('/proc/%s/stat' % name) as f:
                    if int(f.read().rsplit(')', 1)[1].split()[1]) != self.pid:
                        continue
                with open('/proc/%s/cmdline' % name, 'rb') as f:
                    title = f.read().replace(b'\0', b' ').decode().strip()
            except OSError:
                continue
            found[int(name)] = title.replace('maild: ', '')
        return found

    def sizes(self):
        """MB resident, by title."""
        sizes = {}
        for pid, title in list(self.children().items()) + [
                (self.pid, 'parent')]:
            try:
                with open('/proc/%d/statm' % pid) as f:
                    fields = f.read().split()
                # Without what is mapped of files: the store's bodies.
                sizes[title] = (int(fields[1]) - int(fields[2])) * 4096 / 2**20
            except OSError:
                pass
        return sizes

    def deaths(self):
        with open(self.args.log, 'rb') as f:
            f.seek(self.logged)
            new = f.read()
        self.logged += len(new)
        return [line.decode('latin-1') for line in new.split(b'\n')
                if BAD.search(line)]


class Attack:
    def __init__(self, site, fn, work):
        self.procs = []
        self.said = []
        args = site.args
        for i, f in enumerate(fn(site, args.size)):
            paths = []
            for name, data in (('prelude', f.prelude), ('loop', f.loop)):
                path = os.path.join(work, '%s-%s-%d' % (fn.__name__, name, i))
                with open(path, 'wb') as out:
                    out.write(data)
                paths.append(path)
            # Behind everybody else: it stands for other machines.
            cmd = ['nice', '-n', '19', os.path.join(work, 'flood'),
                   '-n', str(f.n), '-s', '3600', '-i', paths[0],
                   '-l', paths[1]]
            cmd += ['-u', f.port] if isinstance(f.port, str) else \
                ['-p', str(f.port), '-b', '127.0.0.66']
            for name, option in (('drip', '-d'), ('half', '-h'),
                                 ('unread', '-r'), ('again', '-c')):
                if f.how.get(name):
                    cmd.append(option)
            if f.how.get('tls'):
                cmd += ['-T', f.how['tls']]
            user = f.how.get('user') if os.geteuid() == 0 else None
            self.procs.append(subprocess.Popen(
                cmd, user=user, extra_groups=[] if user else None,
                stdout=subprocess.DEVNULL))

    def signal(self, number):
        for p in self.procs:
            p.send_signal(number)

    def end(self):
        for p in self.procs:
            p.terminate()
        for p in self.procs:
            p.wait()

    def alive(self):
        return all(p.poll() is None for p in self.procs)


class Watch(threading.Thread):
    """The largest that each process was."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site = site
        self.most = {}
        self.ending = False
        self.start()

    def run(self):
        while not self.ending:
            for title, mb in self.site.sizes().items():
                self.most[title] = max(mb, self.most.get(title, 0))
            time.sleep(.2)


def measure(victims, seconds):
    rates = {}
    threads = [threading.Thread(target=lambda v=v: rates.update(
        {v: v.rate(seconds)})) for v in victims]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [rates[v] for v in victims]


def turns(a, victims, seconds):
    """
    The speeds without and with the attack, in turns, so that what else the
    machine does falls on both alike: the middle of three.
    """
    pairs = []
    for _ in range(3):
        during = measure(victims, seconds / 3)
        a.signal(signal.SIGSTOP)
        time.sleep(.5)
        before = measure(victims, seconds / 3)
        a.signal(signal.SIGCONT)
        time.sleep(.3)
        pairs.append((before, during))
    middle = [sorted(pairs, key=lambda p: p[1][i] / max(p[0][i], .01))[1]
              for i in range(len(victims))]
    return ([m[0][i] for i, m in enumerate(middle)],
            [m[1][i] for i, m in enumerate(middle)])


def settle(site):
    """Until the sessions of the last attack have ended, or nearly."""
    for _ in range(100):
        n = 0
        with open('/proc/net/tcp') as f:
            for line in f:
                # 127.0.0.66 as the remote end, ESTABLISHED or CLOSE_WAIT
                words = line.split()
                n += words[2].startswith('4200007F') and words[3] in (
                    '01', '08')
        if n < 10:
            return
        time.sleep(.1)


def attack(site, fn, work):
    """One line of the table; what was wrong."""
    args = site.args
    wrong = []
    victims = [Sender(site), Reader(site)]
    before_pids = site.children()
    watch = Watch(site)
    a = Attack(site, fn, work)
    time.sleep(min(2, args.seconds))
    before, during = turns(a, victims, args.seconds)
    if not a.alive():
        wrong.append('an attacker has ended early')
    a.end()
    watch.ending = True
    watch.join()
    for v in victims:
        v.ending = True
    for v in victims:
        v.join(PATIENCE)
        wrong += v.failures[:3]
        if v.is_alive():
            wrong.append('%s: an operation does not end' %
                         type(v).__name__)
    wrong += site.deaths()[:5]
    if set(before_pids) != set(site.children()):
        wrong.append('a process is another one now')
    title, mb = max(watch.most.items(), key=lambda x: x[1])
    if mb > args.memory:
        wrong.append('%s: %d MB' % (title, mb))
    if args.half and any(d * 2 < b for b, d in zip(before, during)):
        wrong.append('less than half of the speed')
    print('%-18s %6.0f %6.0f %5.2f %6.0f %6.0f %5.2f %6.2f %6.2f  %s %d' % (
        fn.__name__, before[0], during[0], during[0] / max(before[0], .01),
        before[1], during[1], during[1] / max(before[1], .01),
        victims[0].longest, victims[1].longest, title, mb), flush=True)
    settle(site)
    return wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--dir', required=True)
    p.add_argument('--log', required=True)
    p.add_argument('--flood', required=True)
    p.add_argument('--port', action='append', default=[])
    p.add_argument('--size', type=int, default=1)
    p.add_argument('--seconds', type=float, default=2)
    p.add_argument('--memory', type=int, default=300)
    p.add_argument('--half', action='store_true')
    p.add_argument('attacks', nargs='*')
    args = p.parse_args()
    site = Site(args)
    site.deaths()
    names = {fn.__name__: fn for fn in attacks.ALL}
    print('%-18s %6s %6s %5s %6s %6s %5s %6s %6s  %s' % (
        'attack', 'smtp/s', 'during', '', 'imap/s', 'during', '', 'longest',
        '', 'largest, MB'))
    failed = 0
    work = tempfile.mkdtemp(prefix='maild-abuse-')
    os.chmod(work, 0o755)
    # Another user may not look into where we were built.
    shutil.copy(args.flood, work)
    for name in args.attacks or names:
        wrong = attack(site, names[name], work)
        for line in wrong:
            print('  %s: %s' % (name, line), flush=True)
        failed += bool(wrong)
    shutil.rmtree(work)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
