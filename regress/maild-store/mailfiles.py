# Files of mail for import_test: make some, and compare what came out.
#
#	mailfiles.py maildir DIR N	mailfiles.py mbox FILE N
#	mailfiles.py same DIR DIR	mailfiles.py count DIR
import collections
import hashlib
import os
import random
import sys


def message(i):
    text = (f"From: a{i}@example.com\nMessage-ID: <{i}@x>\nSubject: no {i}\n"
            "Date: Mon, 1 Jan 2024 10:00:00 +0000\n\nneedle %d\n" % i)
    for k in range(i % 40):
        text += random.choice(["line\n", "From here\n", ">From there\n", "\n",
                               "Gr\u00fc\u00dfe\n", "x" * 900 + "\n"])
    return text.encode() + b"end\n"


def maildir(d, n):
    random.seed(n)
    for sub in ("cur", "new", "tmp"):
        os.makedirs(f"{d}/{sub}", exist_ok=True)
    with open(d + "/dovecot-keywords", "w") as w:
        w.write("0 $Label1\n1 NonJunk\n")
    for i in range(n):
        flags = random.choice(["", "S", "RS", "FS", "ST", "DS", "PSab", "a"])
        name = f"{d}/cur/{1700000000 + i}.M{i}.host:2,{flags}"
        with open(name, "wb") as w:
            w.write(message(i))
        os.utime(name, (1700000000 + i, 1700000000 + i))


def mbox(f, n):
    random.seed(n)
    with open(f, "wb") as w:
        for i in range(n):
            w.write(b"From a b@example.com Tue Nov 14 22:13:%02d 2023\n" %
                    (20 + i % 40))
            head, body = message(i).split(b"\n\n", 1)
            w.write(head + b"\nStatus: RO\nX-Status: F\nX-Keywords: $Label1\n"
                    b"Content-Length: 5\n\n")
            for line in body.splitlines(True):
                if line.lstrip(b">").startswith(b"From "):
                    line = b">" + line
                w.write(line)
            w.write(b"\n")


def load(d):
    keywords = {}
    if os.path.exists(d + "/dovecot-keywords"):
        for line in open(d + "/dovecot-keywords"):
            n, word = line.split()
            keywords[chr(97 + int(n))] = word
    all = collections.Counter()
    for sub in ("cur", "new"):
        for name in os.listdir(f"{d}/{sub}"):
            flags = name.split(":2,")[1] if ":2," in name else ""
            words = [keywords.get(c, c) for c in flags]
            path = f"{d}/{sub}/{name}"
            data = open(path, "rb").read()
            all[(hashlib.sha1(data).hexdigest(),
                 int(os.stat(path).st_mtime), " ".join(sorted(words)))] += 1
    return all


def same(a, b):
    a, b = load(a), load(b)
    if a != b:
        print("only first:", list((a - b).items())[:3])
        print("only second:", list((b - a).items())[:3])
        sys.exit(1)


what, args = sys.argv[1], sys.argv[2:]
if what == "maildir":
    maildir(args[0], int(args[1]))
elif what == "mbox":
    mbox(args[0], int(args[1]))
elif what == "same":
    same(args[0], args[1])
elif what == "count":
    print(sum(load(args[0]).values()))
