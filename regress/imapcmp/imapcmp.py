"""Two IMAP servers are given the same messages and asked the same questions.

usage: imapcmp.py [-e EXPECTED] [-m MAX] [-s SEARCHES] [-v] PORT PORT PATH...

Both listen on 127.0.0.1 and know you@example.test by the password `secret';
the first is maild, the second is Dovecot.  A PATH is a message, an mbox, or a
directory of them.  Each difference is printed with the message's name; those
that EXPECTED explains are only counted.  Exit 0: there were no others.
"""
import collections
import email
import email.header
import getopt
import os
import random
import re
import socket
import sys

MAILBOX = "imapcmp"


class Server:
    def __init__(self, port):
        self.port = port
        self.connect()

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.port))
        self.sock.settimeout(300)
        self.file = self.sock.makefile("rb", 1 << 20)
        self.n = 0
        self.response()
        self.ok(b'LOGIN "you@example.test" "secret"')

    def response(self):
        """One response with its literals, as bytes and the literals apart."""
        text, literals = b"", []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise EOFError(line)
            m = re.search(rb"\{(\d+)\}\r\n$", line)
            text += line
            if m is None:
                return text[:-2], literals
            literals.append(self.file.read(int(m.group(1))))

    def command(self, *parts):
        self.n += 1
        tag = b"c%d" % self.n
        self.sock.sendall(tag + b" " + b"".join(parts) + b"\r\n")
        got = []
        while True:
            text, literals = self.response()
            if text.startswith(tag + b" "):
                return text[len(tag) + 1:], got
            got.append((text, literals))

    def ok(self, *parts):
        end, got = self.command(*parts)
        if not end.startswith(b"OK"):
            raise RuntimeError((parts[0][:80], end))
        return got

    def fetch(self, numbers, items):
        """{number: {item: value}}, and how it ended."""
        try:
            end, got = self.command(b"FETCH %s %s" % (numbers, items))
        except EOFError:
            self.connect()
            self.ok(b"SELECT " + MAILBOX.encode())
            return {}, b"BYE"
        result = {}
        for text, literals in got:
            m = re.match(rb"\* (\d+) FETCH ", text)
            if m is None:
                continue
            flat = parse(text[m.end():], literals)[0]
            values = result.setdefault(int(m.group(1)), {})
            values.update(zip(flat[0::2], flat[1::2]))
        return result, end.split(b" ", 1)[0]

    def search(self, *parts):
        end, got = self.command(b"SEARCH ", *parts)
        for text, _ in got:
            if text.startswith(b"* SEARCH"):
                return set(map(int, text.split()[2:]))
        return end.split(b" ", 1)[0]


TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|~?\{(\d+)\}\r\n|'
                   rb'((?:[^\s()"\[]|\[[^\]]*\])+))', re.S)


def parse(text, literals):
    """Lists of bytes, int and None; a literal is what a string is."""
    stack, at = [[]], 0
    literals = iter(literals)
    while at < len(text):
        m = TOKEN.match(text, at)
        if m is None:
            break
        at = m.end()
        if m.group(1):
            stack.append([])
        elif m.group(2):
            done = stack.pop()
            stack[-1].append(done)
        elif m.group(3) is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", m.group(3)))
        elif m.group(4):
            stack[-1].append(next(literals))
        elif m.group(5).upper() == b"NIL":
            stack[-1].append(None)
        elif m.group(5).isdigit():
            stack[-1].append(int(m.group(5)))
        else:
            stack[-1].append(m.group(5))
    return stack[0]


# ---- what is compared -------------------------------------------------------

ENVELOPE = ("date", "subject", "from", "sender", "reply-to", "to", "cc",
            "bcc", "in-reply-to", "message-id")
SINGLE = ("type", "subtype", "params", "id", "description", "encoding",
          "octets")
TAIL = ("md5", "disposition", "language", "location")


def flatten_envelope(env, prefix, out):
    if not isinstance(env, list) or len(env) != len(ENVELOPE):
        out[prefix] = env
        return
    for name, value in zip(ENVELOPE, env):
        out["%s.%s" % (prefix, name)] = value


def lower(v):
    return v.lower() if isinstance(v, bytes) else v


def params(v):
    """Names of parameters are the same in any case."""
    if not isinstance(v, list):
        return v
    return [lower(x) if i % 2 == 0 else x for i, x in enumerate(v)]


def flatten_body(body, prefix, out, number=""):
    """Each field of each part under a name of its own."""
    where = "%s[%s]" % (prefix, number or "0")
    if not isinstance(body, list) or not body:
        out[where] = body
        return
    if isinstance(body[0], list):
        n = 0
        while n < len(body) and isinstance(body[n], list):
            sub = "%s.%d" % (number, n + 1) if number else str(n + 1)
            flatten_body(body[n], prefix, out, sub)
            n += 1
        out[where + ".parts"] = n
        rest = body[n:]
        out[where + ".subtype"] = lower(rest[0]) if rest else None
        for name, value in zip(("params",) + TAIL[1:], rest[1:]):
            out["%s.%s" % (where, name)] = params(value)
        return
    for name, value in zip(SINGLE, body):
        out["%s.%s" % (where, name)] = (
            params(value) if name == "params" else
            lower(value) if name in ("type", "subtype", "encoding") else
            value)
    rest = body[len(SINGLE):]
    kind = (lower(body[0]), lower(body[1]) if len(body) > 1 else None)
    if kind == (b"message", b"rfc822") and len(rest) > 2:
        flatten_envelope(rest[0], where + ".envelope", out)
        sub = rest[1]
        if isinstance(sub, list) and sub and isinstance(sub[0], list):
            flatten_body(sub, prefix, out, number or "1")
            out[where + ".type"] = lower(body[0])
        else:
            flatten_body(sub, prefix, out,
                         (number + ".1") if number else "1.1")
        out[where + ".lines"] = rest[2]
        rest = rest[3:]
    elif kind[0] == b"text" and rest:
        out[where + ".lines"] = rest[0]
        rest = rest[1:]
    for name, value in zip(TAIL, rest):
        out["%s.%s" % (where, name)] = value


def skeleton(out, prefix):
    """The parts that a flattened structure has, and what they are."""
    types = ("type", "subtype", "parts")
    return {k: v for k, v in out.items()
            if k.startswith(prefix + "[") and k.rsplit(".", 1)[-1] in types}


def outline(types):
    numbers = sorted({re.search(r"\[(.*)\]", k).group(1) for k in types})
    return " ".join("%s=%s/%s" % (
        n, *[show(types.get("BODYSTRUCTURE[%s].%s" % (n, x), b"multipart"))
             for x in ("type", "subtype")]) for n in numbers).encode()


def part_numbers(body, number="", top=True):
    """(number, is a message, encoding) of the leaves."""
    if isinstance(body[0], list):
        for i, sub in enumerate(body):
            if not isinstance(sub, list):
                break
            yield from part_numbers(sub, "%s.%d" % (number, i + 1)
                                    if number else str(i + 1), False)
        return
    number = number or "1"
    message = lower(body[0]) == b"message" and lower(body[1]) == b"rfc822"
    yield number, message, lower(body[5]) or b"7bit"
    if message and len(body) > 8:
        sub = body[8]
        if isinstance(sub[0], list):
            yield from part_numbers(sub, number, False)
        else:
            yield from part_numbers(sub, number + ".1", False)


class Report:
    def __init__(self, names, expected, most, verbose):
        self.names, self.expected = names, expected
        self.most, self.verbose = most, verbose
        self.counts = collections.Counter()
        self.compared = collections.Counter()
        self.reasons = collections.Counter()

    def differ(self, n, field, ours, theirs):
        name = self.names[n - 1] if n else "-"
        kind = re.sub(r"\[[^\]]*\]", "[]", field)
        a, b = show(ours), show(theirs)
        for pattern, mine, other, reason in self.expected:
            if (pattern.fullmatch(kind) and mine.search(a) and
                    other.search(b)):
                self.reasons[reason] += 1
                return
        self.counts[kind] += 1
        if self.counts[kind] <= self.most:
            print("%s: %s\n  maild   %s\n  dovecot %s" %
                  (name, field, clip(a, b, self.verbose),
                   clip(b, a, self.verbose)), flush=True)

    def compare(self, n, field, ours, theirs):
        self.compared[field.split("[")[0].split(".")[0]] += 1
        if ours != theirs:
            self.differ(n, field, ours, theirs)

    def compare_all(self, n, ours, theirs):
        for field in sorted(set(ours) | set(theirs)):
            self.compare(n, field, ours.get(field, "absent"),
                         theirs.get(field, "absent"))

    def end(self):
        for what, count in sorted(self.compared.items()):
            print("%9d compared: %s" % (count, what))
        for reason, count in self.reasons.most_common():
            print("%9d expected: %s" % (count, reason))
        for kind, count in self.counts.most_common():
            print("%9d differ: %s" % (count, kind))
        return 1 if self.counts else 0


def show(v):
    return v.decode("latin-1") if isinstance(v, bytes) else repr(v)


def clip(a, b, all_of_it):
    """The part where they begin to differ."""
    if all_of_it:
        return repr(a)
    i = len(os.path.commonprefix([a, b]))
    i = max(0, i - 40)
    return "%d: %s%r" % (len(a), "..." if i else "", a[i:i + 200])


# ---- the questions ----------------------------------------------------------

def load(server, messages):
    server.command(b"DELETE " + MAILBOX.encode())
    server.ok(b"CREATE " + MAILBOX.encode())
    for data in messages:
        server.ok(b"APPEND %s {%d+}\r\n" % (MAILBOX.encode(), len(data)),
                  data)
    server.ok(b"SELECT " + MAILBOX.encode())


def check_sizes(report, n, ours):
    """What maild says of itself must fit together."""
    body = ours["BODY[]"] or b""
    report.compare(n, "SELF.size", ours["RFC822.SIZE"], len(body))
    report.compare(n, "SELF.halves", body, (ours["BODY[HEADER]"] or b"") +
                   (ours["BODY[TEXT]"] or b""))


def whole(servers, report, first, last):
    items = (b"(RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[HEADER] "
             b"BODY.PEEK[TEXT] BODY.PEEK[])")
    ours, theirs = [s.fetch(b"%d:%d" % (first, last), items)[0]
                    for s in servers]
    structures = {}
    for n in range(first, last + 1):
        flat = []
        for side in (ours, theirs):
            values = side.get(n, {})
            out = {}
            flatten_envelope(values.get(b"ENVELOPE"), "ENVELOPE", out)
            flatten_body(values.get(b"BODYSTRUCTURE"), "BODYSTRUCTURE", out)
            flatten_body(values.get(b"BODY"), "BODY", out)
            for item in (b"RFC822.SIZE", b"BODY[HEADER]", b"BODY[TEXT]",
                         b"BODY[]"):
                out[item.decode()] = values.get(item)
            flat.append(out)
        check_sizes(report, n, flat[0])
        ours_is, theirs_is = [skeleton(f, "BODYSTRUCTURE") for f in flat]
        report.compare(n, "STRUCTURE", outline(ours_is), outline(theirs_is))
        for out in flat:
            for k in list(out):
                # What is wrong in one is wrong in the other.
                twin = k.replace("BODY[", "BODYSTRUCTURE[")
                if "BODY" in k and "." not in k.split("[")[0] and (
                        ours_is != theirs_is and "]." in k or
                        twin != k and flat[0].get(twin) !=
                        flat[1].get(twin)):
                    out.pop(k)
        report.compare_all(n, *flat)
        structures[n] = (ours.get(n, {}).get(b"BODYSTRUCTURE"),
                         theirs.get(n, {}).get(b"BODYSTRUCTURE"))
    return structures


def parts(servers, report, n, structure):
    try:
        a, b = [list(part_numbers(s)) for s in structure]
    except (TypeError, IndexError):
        return
    if [x[0] for x in a] != [x[0] for x in b]:
        return              # said already
    items, binary = [], []
    for number, message, encoding in b[:20]:
        p = number.encode()
        items += [b"BODY.PEEK[%s]" % p, b"BODY.PEEK[%s.MIME]" % p]
        if message:
            items += [b"BODY.PEEK[%s.HEADER]" % p, b"BODY.PEEK[%s.TEXT]" % p]
        elif encoding in (b"7bit", b"8bit", b"base64", b"quoted-printable"):
            binary += [b"BINARY.PEEK[%s]" % p, b"BINARY.SIZE[%s]" % p]
    binaries = {}
    for group in [items] + [[x] for x in binary[:8]]:
        if not group:
            continue
        got = [s.fetch(b"%d" % n, b"(" + b" ".join(group) + b")")
               for s in servers]
        report.compare(n, "END " + group[0].decode().split("[")[0],
                       got[0][1], got[1][1])
        if got[0][1] == got[1][1]:
            check_binary(report, n, got[0][0].get(n, {}), binaries)
            report.compare_all(n, *[
                {k.decode(): v for k, v in g.get(n, {}).items()
                 if k not in (b"FLAGS", b"UID")} for g, _ in got])


def check_binary(report, n, values, binaries):
    for k, v in values.items():
        if k.startswith(b"BINARY["):
            binaries[k[6:]] = len(v or b"")
        elif k.startswith(b"BINARY.SIZE["):
            report.compare(n, "SELF.binary", v, binaries.get(k[11:], v))


def words_of(data):
    """Words of a message as its reader sees them, with the key to search."""
    m = email.message_from_bytes(data)
    for key, field in (("SUBJECT", "subject"), ("FROM", "from"),
                       ("TO", "to")):
        try:
            text = str(email.header.make_header(
                email.header.decode_header(m.get(field, ""))))
        except (LookupError, UnicodeError, ValueError, AssertionError,
                email.errors.HeaderParseError):
            continue
        yield from ((key, w) for w in re.findall(r"\w{3,}", text)[:3])
    for part in m.walk():
        if part.get_content_maintype() != "text":
            continue
        try:
            text = part.get_payload(decode=True).decode(
                part.get_content_charset("us-ascii"))
        except (LookupError, UnicodeError, ValueError, AttributeError,
                AssertionError):
            continue
        found = re.findall(r"\w{4,}", text)
        yield from ((k, w) for k in ("BODY", "TEXT")
                    for w in found[:2] + found[-2:])


def searches(servers, report, messages, most):
    todo = set()
    for data in messages:
        todo.update(words_of(data))
    todo = sorted(todo)
    random.Random(1).shuffle(todo)
    for key, word in todo[:most]:
        w = word.encode("utf-8", "replace")
        args = (b"CHARSET UTF-8 ", key.encode(), b" {%d+}\r\n" % len(w), w)
        ours, theirs = [s.search(*args) for s in servers]
        report.compared["SEARCH"] += 1
        if not isinstance(ours, set) or not isinstance(theirs, set):
            if ours != theirs:
                report.differ(0, "SEARCH %s" % key, ours, theirs)
            continue
        for n in sorted(ours ^ theirs):
            report.differ(n, "SEARCH %s" % key,
                          "%r %s" % (word, "found" if n in ours else "no"),
                          "%r %s" % (word, "found" if n in theirs else "no"))


# ---- the messages -----------------------------------------------------------

def read(path):
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            yield from read(os.path.join(path, name))
        return
    with open(path, "rb") as f:
        data = f.read()
    if data.startswith(b"From "):
        for i, part in enumerate(re.split(rb"(?m)^From [^\n]*\n", data)[1:]):
            yield "%s#%d" % (path, i + 1), part
    else:
        yield path, data


def whole_lines(data):
    """What both take: lines end in CRLF, and there is no NUL."""
    return re.sub(rb"\r?\n", b"\r\n", data.replace(b"\0", b"?"))


def read_expected(path):
    rules = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                kind, ours, theirs, reason = line.rstrip("\n").split("\t")
                rules.append((re.compile(kind), re.compile(ours, re.S),
                              re.compile(theirs, re.S), reason))
    return rules


def main():
    opts, args = getopt.getopt(sys.argv[1:], "e:m:s:v")
    opts = dict(opts)
    if len(args) < 3:
        sys.exit(__doc__)
    named = [(n, whole_lines(d)) for p in args[2:] for n, d in read(p)]
    named = [(n, d) for n, d in named if d]
    servers = [Server(int(p)) for p in args[:2]]
    report = Report([n for n, _ in named],
                    read_expected(opts["-e"]) if "-e" in opts else [],
                    int(opts.get("-m", 3)), "-v" in opts)
    messages = [d for _, d in named]
    for s in servers:
        load(s, messages)
    for first in range(1, len(messages) + 1, 100):
        found = whole(servers, report, first,
                      min(first + 99, len(messages)))
        for n, structure in found.items():
            parts(servers, report, n, structure)
    searches(servers, report, messages, int(opts.get("-s", 300)))
    print("%9d messages" % len(messages))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
