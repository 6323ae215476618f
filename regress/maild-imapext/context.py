"""CONTEXT=SEARCH and CONTEXT=SORT (RFC 5267): context.py CASE."""
import random
import re
import sys

from imapc import Client, message


def updates(untagged, tag=None):
    """[(tag, ADDTO or REMOVEFROM, [(position, [numbers])])]"""
    out = []
    for r in untagged:
        m = re.match(rb'\* ESEARCH \(TAG "([^"]+)"\)( UID)? (.*)$', r)
        if not m:
            continue
        for what, args in re.findall(rb"(ADDTO|REMOVEFROM) \(([^)]*)\)",
                                     m.group(3)):
            words = args.split()
            pairs = []
            for at, s in zip(words[::2], words[1::2]):
                nums = []
                for part in s.split(b","):
                    a, _, b = part.partition(b":")
                    nums += range(int(a), int(b or a) + 1)
                pairs.append((int(at), nums))
            if tag is None or tag == m.group(1):
                out.append((m.group(1), what, pairs))
    return out


def apply(result, ups):
    """What a client does with them."""
    for _, what, pairs in ups:
        for at, nums in pairs:
            if what == b"ADDTO" and at == 0:
                assert not set(nums) & set(result), (result, nums)
                result[:] = sorted(result + nums)
            elif what == b"ADDTO":
                assert at <= len(result) + 1, (at, result)
                result[at - 1:at - 1] = nums
            elif at == 0:
                assert set(nums) <= set(result), (result, nums)
                result[:] = [n for n in result if n not in nums]
            else:
                assert result[at - 1:at - 1 + len(nums)] == nums, (
                    at, nums, result)
                del result[at - 1:at - 1 + len(nums)]


def all_of(untagged):
    r = [u for u in untagged if u.startswith(b"* ESEARCH")][0]
    m = re.search(rb" ALL ([0-9:,]+)", r)
    nums = []
    for part in m.group(1).split(b",") if m else []:
        a, _, b = part.partition(b":")
        nums += range(int(a), int(b or a) + 1)
    return nums


def fill(c, n):
    for i in range(n):
        c.append("INBOX", message("s%02d" % i))


def test_context_search():
    c, d = Client(), Client()
    caps = c.ok("CAPABILITY")[0].split()
    assert b"CONTEXT=SEARCH" in caps and b"CONTEXT=SORT" in caps, caps
    fill(c, 5)
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    tag = c.send("UID SEARCH RETURN (UPDATE COUNT) FLAGGED")
    reply, untagged = c.wait(tag)
    assert reply.startswith(b"OK"), reply
    assert untagged == [b'* ESEARCH (TAG "%s") UID COUNT 0' % tag], untagged
    d.ok("UID STORE 2,4 +FLAGS (\\Flagged)")
    got = updates(c.ok("NOOP"))
    assert got == [(tag, b"ADDTO", [(0, [2, 4])])], got
    # By his own hand, also when he does not want to hear of the flags.
    got = updates(c.ok("UID STORE 3 +FLAGS.SILENT (\\Flagged)"))
    assert got == [(tag, b"ADDTO", [(0, [3])])], got
    got = updates(c.ok("UID STORE 4 -FLAGS (\\Flagged)"))
    assert got == [(tag, b"REMOVEFROM", [(0, [4])])], got
    # A change that changes nothing of it.
    assert updates(c.ok("UID STORE 2 +FLAGS (\\Seen)")) == []
    # What comes, and what goes; the order of the responses.
    d.append("INBOX", message("new"), "(\\Flagged)")
    d.append("INBOX", message("new2"))
    untagged = c.ok("NOOP")
    assert updates(untagged) == [(tag, b"ADDTO", [(0, [6])])], untagged
    assert untagged.index(b"* 7 EXISTS") < [
        i for i, u in enumerate(untagged) if b"ESEARCH" in u][0]
    d.ok("UID STORE 2,7 +FLAGS (\\Deleted)")
    d.ok("EXPUNGE")
    untagged = c.ok("NOOP")
    assert updates(untagged) == [(tag, b"REMOVEFROM", [(0, [2])])], untagged
    assert b"ESEARCH" in untagged[0], untagged
    # Over; and not twice.
    c.ok('CANCELUPDATE "%s"' % tag.decode())
    c.bad('CANCELUPDATE "%s"' % tag.decode())
    d.ok("UID STORE 1 +FLAGS (\\Flagged)")
    assert updates(c.ok("NOOP")) == []
    # It ends with the mailbox.
    c.ok("UID SEARCH RETURN (UPDATE) ALL")
    c.ok("SELECT INBOX")
    d.append("INBOX", message("x"))
    assert updates(c.ok("NOOP")) == []


def test_context_numbers():
    """Message numbers: those that hold when they are told."""
    c, d = Client(), Client()
    fill(c, 6)
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    # 2:5 are uids 2 to 5 whatever happens; text is looked for in new ones.
    fixed = c.send("SEARCH RETURN (UPDATE ALL) 2:5 UNSEEN")
    assert all_of(c.wait(fixed)[1]) == [2, 3, 4, 5]
    text = c.send('SEARCH RETURN (UPDATE ALL) OR TEXT "needle" SUBJECT "s05"')
    assert all_of(c.wait(text)[1]) == [6]
    d.ok("UID STORE 1,4 +FLAGS (\\Deleted)")
    d.ok("EXPUNGE")
    untagged = c.ok("NOOP")
    assert updates(untagged) == [(fixed, b"REMOVEFROM", [(0, [4])])], untagged
    d.append("INBOX", message("n", "a needle\r\n"))
    d.append("INBOX", message("m", "no such\r\n"))
    d.ok("NOOP")
    d.ok("UID STORE 3 +FLAGS (\\Seen)")
    untagged = c.ok("NOOP")
    # Now: uids 2 3 5 6 7 8 are 1 to 6.
    assert sorted(updates(untagged)) == sorted([
        (fixed, b"REMOVEFROM", [(0, [2])]),
        (text, b"ADDTO", [(0, [5])])]), untagged
    # No EXPUNGE may be told in answer to FETCH by number: then all waits.
    d.ok("UID STORE 2 +FLAGS (\\Deleted)")
    d.ok("EXPUNGE")
    d.append("INBOX", message("n2", "a needle\r\n"))
    untagged = c.ok("FETCH 1 (UID)")
    assert updates(untagged) == [], untagged
    untagged = c.ok("NOOP")
    assert sorted(updates(untagged)) == sorted([
        (fixed, b"REMOVEFROM", [(0, [1])]),
        (text, b"ADDTO", [(0, [6])])]), untagged


def test_context_sort():
    """Random changes: what the client has is what a new SORT says."""
    random.seed(5)
    c, d = Client(), Client()
    for i in range(20):
        c.append("INBOX", message("s%02d" % random.randrange(30)))
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    for uid in "UID ", "":
        order = "SORT RETURN (%s) (REVERSE SUBJECT ARRIVAL) UTF-8 UNFLAGGED"
        tag = c.send(uid + order % "UPDATE ALL")
        result = all_of(c.wait(tag)[1])
        for i in range(12):
            uids = d.search("UID SEARCH ALL")
            for j in range(random.randrange(1, 4)):
                what = random.choice(["new", "flag", "unflag", "gone"])
                some = ",".join(map(str, random.sample(uids, 3)))
                if what == "new":
                    d.append("INBOX", message("s%02d" % random.randrange(30)))
                elif what == "flag":
                    d.ok("UID STORE %s +FLAGS (\\Flagged)" % some)
                elif what == "unflag":
                    d.ok("UID STORE %s -FLAGS (\\Flagged)" % some)
                elif len(uids) > 12:
                    d.ok("UID STORE %d +FLAGS (\\Deleted)" % uids[3])
                    d.ok("EXPUNGE")
            d.ok("NOOP")
            for r in c.ok("NOOP"):
                apply(result, updates([r], tag))
                m = re.match(rb"\* (\d+) EXPUNGE", r)
                if m and not uid:
                    n = int(m.group(1))
                    assert n not in result
                    result = [x - (x > n) for x in result]
            now = all_of(c.ok(uid + order % "ALL"))
            assert result == now, (uid, i, result, now)
        c.ok('CANCELUPDATE "%s"' % tag.decode())


def test_context_idle():
    c, d = Client(), Client()
    fill(c, 3)
    c.ok("SELECT INBOX")
    d.ok("SELECT INBOX")
    a = c.send("UID SEARCH RETURN (UPDATE) UNSEEN")
    c.wait(a)
    b = c.send("UID SORT RETURN (UPDATE) (SUBJECT) UTF-8 UNSEEN")
    c.wait(b)
    tag = c.idle()
    d.ok("UID STORE 2 +FLAGS (\\Seen)")
    got = []
    while len(got) < 2:
        got += updates([c.response()])
    assert got == [(a, b"REMOVEFROM", [(0, [2])]),
                   (b, b"REMOVEFROM", [(2, [2])])], got
    d.append("INBOX", message("aaa"))
    got = []
    while len(got) < 2:
        got += updates([c.response()])
    assert got == [(a, b"ADDTO", [(0, [4])]), (b, b"ADDTO", [(1, [4])])], got
    c.done(tag)


def test_context_limits():
    c, d = Client(), Client()
    fill(c, 2)
    c.ok("SELECT INBOX")
    c.raw(b"same UID SEARCH RETURN (UPDATE COUNT CONTEXT) ALL\r\n")
    c.wait(b"same")
    c.raw(b"same UID SORT RETURN (UPDATE) (DATE) UTF-8 ALL\r\n")
    reply, _ = c.wait(b"same")
    assert reply.startswith(b"BAD"), reply
    for i in range(15):
        assert len(c.ok("SEARCH RETURN (UPDATE COUNT) ALL")) == 1
    for command in ("SEARCH RETURN (UPDATE COUNT) ALL",
                    "SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL"):
        tag = c.send(command)
        reply, untagged = c.wait(tag)
        assert reply.startswith(b"OK"), reply
        assert untagged[0].endswith(b"COUNT 2"), untagged
        assert untagged[1].startswith(b'* NO [NOUPDATE "%s"]' % tag), untagged
    d.ok("SELECT INBOX")
    d.append("INBOX", message("x"))
    assert len(updates(c.ok("NOOP"))) == 16
    c.ok('CANCELUPDATE "same" "t7"')
    assert len(c.ok("SEARCH RETURN (UPDATE COUNT) ALL")) == 1
    # PARTIAL does not matter to it.
    tag = c.send("UID SEARCH RETURN (UPDATE PARTIAL 1:2) ALL")
    _, untagged = c.wait(tag)
    assert untagged == [
        b'* ESEARCH (TAG "%s") UID PARTIAL (1:2 1:2)' % tag], untagged
    d.append("INBOX", message("x"))
    assert updates(c.ok("NOOP"), tag) == [(tag, b"ADDTO", [(0, [4])])]
    c.ok("UNSELECT")
    c.bad('CANCELUPDATE "same"')


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
