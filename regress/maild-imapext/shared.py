"""Shared mailboxes (RFC 4314, 8440) against a whole maild: shared.py CASE."""
import re
import sys

from imapc import Client, exists, fetches, message, tokens

YOU, TWO, THREE = ("you@example.test", "two@example.test",
                   "three@example.test")
BOX = '"Other Users/you@example.test/%s"'
INBOX = BOX % "INBOX"
ALL = b"lrswipkxtecda"


def acl(c, mailbox="INBOX"):
    r = [u for u in c.ok("GETACL " + mailbox) if u.startswith(b"* ACL ")]
    assert len(r) == 1, r
    t = tokens(b"(" + r[0][len(b"* ACL "):] + b")")
    return dict(zip(t[1::2], t[2::2]))


def mine(c, mailbox):
    r = c.ok("MYRIGHTS " + mailbox)
    assert len(r) == 1 and r[0].startswith(b"* MYRIGHTS "), r
    return tokens(b"(" + r[0][11:] + b")")[1]


def names(c, what='LIST "" *'):
    out = []
    for u in c.ok(what):
        if u.startswith((b"* LIST", b"* LSUB")):
            t = tokens(b"(" + u[7:] + b")")
            # Names on the way to others are none.
            if not {b"\\NonExistent", b"\\Noselect"} & set(t[0]):
                out.append(t[2].decode())
    return sorted(out)


def others(c, what='LIST "" *'):
    return [n for n in names(c, what) if n.startswith("Other Users")]


def status(c, mailbox, item="UNSEEN"):
    r = c.ok("STATUS %s (%s)" % (mailbox, item))
    return int(re.search(rb"%s (\d+)" % item.encode(), r[0]).group(1))


def flags(c, n="1:*"):
    return {k: sorted(f for f in v[b"FLAGS"] if f != b"\\Recent")
            for k, v in c.fetch("FETCH %s (FLAGS)" % n).items()}


def fill(c, n=3, mailbox="INBOX"):
    for i in range(n):
        c.append(mailbox, message("number %d" % i, "body %d\r\n" % i))


def test_commands():
    c, d = Client(), Client(TWO)
    caps = c.ok("CAPABILITY")[0].split()
    for cap in (b"ACL", b"RIGHTS=texk", b"LIST-MYRIGHTS", b"NAMESPACE"):
        assert cap in caps, caps
    assert c.ok("NAMESPACE") == [
        b'* NAMESPACE (("" "/")) (("Other Users/" "/")) NIL']
    assert acl(c) == {b"you@example.test": ALL}, acl(c)
    assert mine(c, "INBOX") == ALL
    # Nobody knows of it.
    for cmd in ("MYRIGHTS %s", "GETACL %s", "SELECT %s", "STATUS %s (UIDNEXT)",
                "SUBSCRIBE %s", "DELETE %s", 'SETACL %s anyone lr'):
        d.no(cmd % INBOX, b"NONEXISTENT")
    c.ok("SETACL INBOX two@example.test lrs")
    c.ok("SETACL INBOX Two@Example.TEST +w")
    assert acl(c)[b"two@example.test"] == b"lrsw"
    assert mine(d, INBOX) == b"lrsw"
    c.ok("SETACL INBOX two@example.test -sw")
    assert mine(d, INBOX) == b"lr"
    # Old letters are several new ones, and come back beside them.
    c.ok("SETACL INBOX two@example.test lrcd")
    assert mine(d, INBOX) == b"lrkxtecd", mine(d, INBOX)
    c.ok("SETACL INBOX two@example.test lrk")
    assert mine(d, INBOX) == b"lrkc"
    d.no("GETACL " + INBOX, b"NOPERM")
    d.no("SETACL %s two@example.test lra" % INBOX, b"NOPERM")
    d.no("DELETEACL %s two@example.test" % INBOX, b"NOPERM")
    d.no("LISTRIGHTS %s two@example.test" % INBOX, b"NOPERM")
    assert c.ok("LISTRIGHTS INBOX two@example.test") == [
        b'* LISTRIGHTS INBOX two@example.test "" ' +
        b" ".join(b"%c" % x for x in ALL)]
    assert c.ok("LISTRIGHTS INBOX you@example.test") == [
        b"* LISTRIGHTS INBOX you@example.test " + ALL]
    # Who may administer may.
    c.ok("SETACL INBOX two@example.test lra")
    d.ok("SETACL %s three@example.test l" % INBOX)
    assert set(acl(c)) == set(acl(d, INBOX)) == {
        b"you@example.test", b"two@example.test", b"three@example.test"}
    # The owner is never shut out, and nobody is made up.
    d.no("SETACL %s you@example.test lr" % INBOX, b"CANNOT")
    d.no("DELETEACL %s you@example.test" % INBOX, b"CANNOT")
    c.no("SETACL INBOX nobody@example.test lr", b"CANNOT")
    c.no("SETACL INBOX nobody lr", b"CANNOT")
    c.bad("SETACL INBOX two@example.test lrz")
    c.bad("SETACL INBOX two@example.test lrR")
    c.no("SETACL None two@example.test lr", b"NONEXISTENT")
    c.no("MYRIGHTS None", b"NONEXISTENT")
    c.ok("DELETEACL INBOX two@example.test")
    c.ok("SETACL INBOX three@example.test \"\"")
    assert acl(c) == {b"you@example.test": ALL}
    d.no("MYRIGHTS " + INBOX, b"NONEXISTENT")


def test_names():
    c, d = Client(), Client(TWO)
    c.ok("CREATE Work/Plans/Old")
    c.ok("SETACL Work/Plans two@example.test l")
    assert others(d) == ["Other Users/you@example.test/Work/Plans"], others(d)
    # Parents that he may not know are only names on the way.
    assert others(d, 'LIST "" %') == []
    r = [u for u in d.ok('LIST "" %') if u.endswith(b'"Other Users"')]
    assert len(r) == 1 and re.search(rb"NonExistent|Noselect", r[0]), r
    r = d.ok('LIST "" "Other Users/%"')
    assert len(r) == 1 and (b"\\NonExistent" in r[0] or
                            b"\\Noselect" in r[0]), r
    assert others(d, 'LIST "Other Users/" "you@example.test/Work/*"') == [
        "Other Users/you@example.test/Work/Plans"]
    # l alone is not enough to look into it.
    plans = BOX % "Work/Plans"
    d.no("SELECT " + plans, b"NOPERM")
    d.no("EXAMINE " + plans, b"NOPERM")
    d.no("STATUS %s (MESSAGES)" % plans, b"NOPERM")
    r = d.ok('LIST "" "Other Users/*/Plans" RETURN (STATUS (MESSAGES))')
    assert r == [b'* LIST (\\HasChildren) "/" "Other Users/you@example.test/'
                 b'Work/Plans"'] or b"HasNoChildren" in r[0], r
    assert len(r) == 1, r
    d.no("SELECT " + BOX % "Work", b"NONEXISTENT")
    d.no('SELECT "Other Users/nobody@example.test/INBOX"', b"NONEXISTENT")
    d.no('SELECT "Other Users/two@example.test/INBOX"', b"NONEXISTENT")
    d.no('SELECT "Other Users"', b"NONEXISTENT")
    d.no('CREATE "Other Users"', b"NOPERM")
    d.no('CREATE "Other Users/x"', b"NOPERM")
    d.no('CREATE "Other Users/nobody@example.test/x"', b"NOPERM")
    d.no("CREATE " + BOX % "x", b"NOPERM")
    d.no("CREATE " + BOX % "Work/Plans/x", b"NOPERM")
    d.no("RENAME Archive " + BOX % "Work/Plans/x", b"CANNOT")
    d.no("RENAME %s Mine" % plans, b"NOPERM")
    # Subscriptions are the reader's.
    d.ok("SUBSCRIBE " + plans)
    assert others(d, 'LSUB "" *') == [
        "Other Users/you@example.test/Work/Plans"]
    assert others(d, 'LIST (SUBSCRIBED) "" *') == others(d, 'LSUB "" *')
    assert others(c, 'LSUB "" *') == []
    # k, and what is made below has the rights of what it is in.
    c.ok("SETACL Work/Plans two@example.test lrkx")
    d.ok("CREATE " + BOX % "Work/Plans/New/Deep")
    assert mine(d, BOX % "Work/Plans/New/Deep") == b"lrkxcd"[:5]
    assert "Work/Plans/New" in names(c)
    d.ok("RENAME %s %s" % (BOX % "Work/Plans/New", BOX % "Work/Plans/Newer"))
    assert "Work/Plans/Newer/Deep" in names(c)
    d.no("RENAME %s %s" % (BOX % "Work/Plans/Newer", BOX % "Top"), b"NOPERM")
    d.no("RENAME %s Mine" % (BOX % "Work/Plans/Newer"), b"CANNOT")
    c.ok("SETACL Work/Plans/Newer/Deep two@example.test lrk")
    d.no("RENAME %s %s" % (BOX % "Work/Plans/Newer",
                           BOX % "Work/Plans/Newest"), b"NOPERM")
    d.no("DELETE " + BOX % "Work/Plans/Newer/Deep", b"NOPERM")
    c.ok("SETACL Work/Plans/Newer/Deep two@example.test +x")
    d.ok("DELETE " + BOX % "Work/Plans/Newer/Deep")
    assert "Work/Plans/Newer/Deep" not in names(c)
    # His own are his own: nothing of this is seen by a third.
    assert others(Client(THREE)) == []
    # Rights go with a rename, and with the mailbox.
    c.ok("RENAME Work/Plans Agenda")
    assert "Other Users/you@example.test/Agenda" in others(d)
    c.ok("DELETE Agenda/Newer")
    c.ok("DELETE Agenda/Old")
    c.ok("DELETE Agenda")
    assert others(d) == [], others(d)
    c.ok("CREATE Agenda")
    assert others(d) == []
    d.ok("UNSUBSCRIBE " + plans)


def test_myrights():
    c, d = Client(), Client(TWO)
    c.ok("SETACL Sent two@example.test lr")
    c.ok("SETACL INBOX two@example.test l")
    r = d.ok('LIST "" ("Other Users/*" INBOX) RETURN (MYRIGHTS)')
    r = [u for u in r if b"NonExistent" not in u]
    assert sorted(r) == sorted([
        b'* LIST (\\HasNoChildren) "/" INBOX',
        b'* MYRIGHTS INBOX ' + ALL,
        b'* LIST (\\HasNoChildren) "/" "Other Users/you@example.test/INBOX"',
        b'* MYRIGHTS "Other Users/you@example.test/INBOX" l',
        b'* LIST (\\HasNoChildren) "/" "Other Users/you@example.test/Sent"',
        b'* MYRIGHTS "Other Users/you@example.test/Sent" lr']), r


def test_groups():
    c, d, e = Client(), Client(TWO), Client(THREE)
    # team: two, and by way of all also three (see ext_test.sh).
    c.ok("CREATE Team")
    c.ok("SETACL Team team@example.test lrs")
    assert mine(d, BOX % "Team") == b"lrs"
    assert others(d) == ["Other Users/you@example.test/Team"]
    assert others(e) == []
    c.ok("SETACL Team all@example.test lr")
    assert mine(e, BOX % "Team") == b"lr"
    assert others(e) == ["Other Users/you@example.test/Team"]
    # What is taken away is so whoever gave it.
    c.ok("SETACL Team -two@example.test s")
    assert mine(d, BOX % "Team") == b"lr"
    assert acl(c, "Team")[b"-two@example.test"] == b"s"
    c.ok("SETACL Team -team@example.test lr")
    d.no("MYRIGHTS " + BOX % "Team", b"NONEXISTENT")
    assert others(d) == []
    c.ok("DELETEACL Team -team@example.test")
    c.ok("DELETEACL Team -two@example.test")
    assert mine(d, BOX % "Team") == b"lrs"
    c.ok("DELETEACL Team all@example.test")
    c.ok("DELETEACL Team team@example.test")
    c.ok("SETACL Team anyone l")
    c.ok("SETACL Team authenticated r")
    assert mine(d, BOX % "Team") == mine(e, BOX % "Team") == b"lr"
    assert others(e) == others(d) == ["Other Users/you@example.test/Team"]
    assert set(acl(c, "Team")) == {b"anyone", b"authenticated",
                                   b"you@example.test"}


def test_seen():
    c, d, e = Client(), Client(TWO), Client(THREE)
    fill(c)
    c.ok("SETACL INBOX two@example.test lrs")
    c.ok("SETACL INBOX three@example.test lrs")
    for x in (c, d, e):
        x.ok("ENABLE CONDSTORE")
    c.ok("SELECT INBOX")
    r = d.ok("SELECT " + INBOX)
    assert any(b"PERMANENTFLAGS (\\Seen)]" in u for u in r), r
    e.ok("SELECT " + INBOX)
    # Reading sets one's own alone.
    d.ok("FETCH 1 BODY[]")
    assert flags(d) == {1: [b"\\Seen"], 2: [], 3: []}, flags(d)
    assert flags(c) == flags(e) == {1: [], 2: [], 3: []}
    assert status(d, INBOX) == 2 and status(e, INBOX) == 3
    assert status(c, "INBOX") == 3
    assert d.search("SEARCH UNSEEN") == [2, 3]
    assert c.search("SEARCH UNSEEN") == [1, 2, 3]
    assert e.search("SEARCH SEEN") == []
    r = d.ok("EXAMINE " + INBOX)
    assert any(u.startswith(b"* OK [UNSEEN 2]") for u in r), r
    d.ok("SELECT " + INBOX)
    # The owner's is his, and a flag that all see is all's.
    c.ok("STORE 2 +FLAGS (\\Seen \\Flagged)")
    assert flags(d) == {1: [b"\\Seen"], 2: [b"\\Flagged"], 3: []}, flags(d)
    assert status(d, INBOX) == 2 and status(c, "INBOX") == 2
    # lrs: \Seen may be set, nothing else may.
    d.no("STORE 3 +FLAGS (\\Flagged)", b"NOPERM")
    d.ok("STORE 3 FLAGS (\\Flagged \\Seen $Work)")
    assert flags(d)[3] == [b"\\Seen"] and flags(c)[3] == [], flags(d)
    d.ok("STORE 1 -FLAGS (\\Seen)")
    assert d.search("SEARCH UNSEEN") == [1, 2]
    # Without s nothing of it is kept.
    c.ok("SETACL INBOX three@example.test lr")
    r, untagged = e.cmd("SELECT " + INBOX)
    assert r.startswith(b"OK [READ-ONLY]"), r
    assert any(b"PERMANENTFLAGS ()]" in u for u in untagged), untagged
    e.ok("FETCH 1:3 BODY[]")
    assert status(e, INBOX) == 3


def test_search_all():
    """MULTISEARCH (RFC 7377): others' mailboxes are not personal ones."""
    c, d = Client(), Client(TWO)
    fill(c)
    fill(c, 2, "Sent")
    d.append("INBOX", message("own"))
    c.ok("SETACL INBOX two@example.test lrs")
    c.ok("SETACL Sent two@example.test l")
    d.ok("SELECT " + INBOX)
    d.ok("STORE 1 +FLAGS (\\Seen)")
    d.ok("UNSELECT")

    def found(where):
        r = [u for u in d.ok("ESEARCH IN (%s) RETURN (COUNT) UNSEEN" % where)
             if u.startswith(b"* ESEARCH")]
        return sorted((re.search(rb'MAILBOX ("[^"]*"|[^ )]+)', u).group(1),
                       int(re.search(rb"COUNT (\d+)", u).group(1)))
                      for u in r)
    assert found("personal") == [(b"INBOX", 1)], found("personal")
    assert found('subtree "Other Users"') == [(INBOX.encode(), 2)], found(
        'subtree "Other Users"')


def test_condstore():
    c, d = Client(), Client(TWO)
    fill(c)
    c.ok("SETACL INBOX two@example.test lrsw")
    c.ok("SELECT INBOX (CONDSTORE)")
    d.ok("SELECT %s (CONDSTORE)" % INBOX)
    base = status(d, INBOX, "HIGHESTMODSEQ")
    d.ok("STORE 1:2 +FLAGS (\\Seen)")
    top = status(d, INBOX, "HIGHESTMODSEQ")
    assert top > base and status(c, "INBOX", "HIGHESTMODSEQ") == top
    got = d.fetch("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % base)
    assert sorted(got) == [1, 2], got
    assert got[1][b"MODSEQ"] == [b"%d" % top], got
    # To the owner nothing has happened.
    assert c.fetch("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % base) == {}
    assert c.search("SEARCH MODSEQ %d" % top) == []
    assert d.search("SEARCH MODSEQ %d" % top) == [1, 2]
    reply, untagged = d.cmd("STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS (\\Flagged)"
                            % base)
    assert reply.startswith(b"OK [MODIFIED 1:2]"), reply
    reply, untagged = c.cmd("STORE 1 (UNCHANGEDSINCE %d) +FLAGS (\\Answered)"
                            % base)
    assert reply.startswith(b"OK") and b"MODIFIED" not in reply, reply
    # QRESYNC: what a reader missed is his own.
    uv = status(d, INBOX, "UIDVALIDITY")
    now = status(d, INBOX, "HIGHESTMODSEQ")
    d.ok("STORE 3 +FLAGS (\\Seen)")
    e = Client(TWO)
    e.ok("ENABLE QRESYNC")
    r = fetches(e.ok("SELECT %s (QRESYNC (%d %d))" % (INBOX, uv, now)))
    assert list(r) == [3] and b"\\Seen" in r[3][b"FLAGS"], r
    f = Client()
    f.ok("ENABLE QRESYNC")
    assert fetches(f.ok("SELECT INBOX (QRESYNC (%d %d))" % (uv, now))) == {}


def test_live():
    """Sessions of several readers in one mailbox."""
    c, d, e = Client(), Client(TWO), Client(TWO)
    fill(c, 2)
    c.ok("SETACL INBOX two@example.test lrswte")
    for x, name in ((c, "INBOX"), (d, INBOX), (e, INBOX)):
        x.ok("SELECT " + name)
    assert d.ok("NOOP") == []
    # New mail: all; \Recent: the owner alone.
    te, tc = e.idle(), c.idle()
    Client().append("INBOX", message("three"))
    assert exists([e.response()]) == 3
    assert exists([c.response()]) == 3
    e.done(te)
    c.done(tc)
    assert exists(d.ok("NOOP")) == 3
    # \Seen of d: told to e, who is the same reader, not to the owner.
    te = e.idle()
    d.ok("STORE 2 +FLAGS (\\Seen)")
    r = e.response()
    assert fetches([r]) == {2: {b"FLAGS": [b"\\Seen"]}}, r
    e.done(te)
    assert fetches(c.ok("NOOP")) == {}
    # A shared flag: all hear of it, each with his \Seen.
    tc = c.idle()
    d.ok("STORE 2 +FLAGS (\\Flagged)")
    r = fetches([c.response()])
    assert b"\\Flagged" in r[2][b"FLAGS"] and b"\\Seen" not in r[2][b"FLAGS"]
    c.done(tc)
    r = fetches(e.ok("NOOP"))
    assert {b"\\Flagged", b"\\Seen"} <= set(r[2][b"FLAGS"]), r
    # Expunge by a reader.
    tc = c.idle()
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    assert fetches([c.response()]) != {}
    d.ok("EXPUNGE")
    assert c.response() == b"* 1 EXPUNGE"
    c.done(tc)
    e.ok("NOOP")
    assert flags(e) == {1: [b"\\Flagged", b"\\Seen"], 2: []}
    # The right to it goes while it is open.
    c.ok("DELETEACL INBOX two@example.test")
    try:
        reply, untagged = d.cmd("FETCH 1 (FLAGS BODY[])")
        assert not reply.startswith(b"OK") or fetches(untagged) == {}, reply
    except EOFError:
        pass
    d = Client(TWO)
    d.no("SELECT " + INBOX, b"NONEXISTENT")
    c.ok("NOOP")


def test_rights():
    """Each right by itself."""
    c, d = Client(), Client(TWO)
    fill(c, 4)
    c.ok("CREATE Drop")
    c.ok("SETACL Drop two@example.test li")
    drop = BOX % "Drop"
    # i: into it, though not to be read.
    d.append(drop, message("dropped"), "(\\Seen \\Flagged)")
    d.no("SELECT " + drop, b"NOPERM")
    c.ok("SELECT Drop")
    assert flags(c) == {1: []}, flags(c)
    # Quota and name are the owner's.
    assert c.fetch("FETCH 1 (RFC822.SIZE)") != {}
    c.ok("SETACL INBOX two@example.test lr")
    d.ok("SELECT " + INBOX)
    d.no("EXPUNGE", b"READ-ONLY")
    d.no("STORE 1 +FLAGS (\\Seen)", b"READ-ONLY")
    d.no("APPEND %s {3+}\r\nabc" % INBOX, b"NOPERM")
    d.no("COPY 1 " + INBOX, b"NOPERM")
    d.no("MOVE 1 Archive", b"READ-ONLY")
    r, untagged = d.cmd("COPY 1:2 Archive")
    assert r.startswith(b"OK [COPYUID "), r
    r, untagged = d.cmd("COPY 1:2 " + drop)
    assert r.startswith(b"OK [COPYUID "), r
    # t marks, e takes out, and MOVE needs both.
    c.ok("SETACL INBOX two@example.test lrt")
    r = d.ok("SELECT " + INBOX)
    assert any(b"PERMANENTFLAGS (\\Deleted)]" in u for u in r), r
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    d.no("STORE 1 +FLAGS (\\Seen)", b"NOPERM")
    d.no("STORE 1 +FLAGS ($Work)", b"NOPERM")
    d.no("EXPUNGE", b"NOPERM")
    d.no("MOVE 2 Archive", b"NOPERM")
    d.ok("CLOSE")
    assert status(d, INBOX, "MESSAGES") == 4
    c.ok("SETACL INBOX two@example.test lrte")
    d.ok("SELECT " + INBOX)
    d.ok("EXPUNGE")
    d.ok("MOVE 1 Archive")
    assert status(c, "INBOX", "MESSAGES") == 2
    assert status(d, "Archive", "MESSAGES") == 3
    # w
    c.ok("SETACL INBOX two@example.test lrw")
    d.ok("SELECT " + INBOX)
    d.ok("STORE 1 FLAGS (\\Answered $Work \\Deleted \\Seen)")
    c.ok("SELECT INBOX")
    assert flags(c, 1) == {1: [b"$Work", b"\\Answered"]}, flags(c, 1)
    # REPLACE wants what APPEND and EXPUNGE want.
    m = message("better")
    d.no("UID REPLACE 3 %s {%d+}\r\n%s" % (INBOX, len(m), m), b"NOPERM")
    c.ok("SETACL INBOX two@example.test lrswite")
    d.ok("SELECT " + INBOX)
    d.ok("REPLACE 1 %s {%d+}\r\n%s" % (INBOX, len(m), m))
    assert status(c, "INBOX", "MESSAGES") == 2
    # \Seen goes with a copy, each reader's own.
    d.ok("SELECT " + INBOX)
    d.ok("STORE 1:* -FLAGS (\\Seen)")
    d.ok("STORE 1 +FLAGS (\\Seen)")
    d.ok("CREATE Mine")
    d.ok("COPY 1:2 Mine")
    d.ok("SELECT Mine")
    assert [sorted(x) for x in flags(d).values()][0].count(b"\\Seen") == 1
    assert status(d, "Mine") == 1
    d.ok("COPY 1:2 " + INBOX)
    assert status(d, INBOX) == 2 and status(c, "INBOX", "MESSAGES") == 4
    assert status(c, "INBOX") == 4


def test_quota():
    """What is put into a mailbox counts for its owner."""
    c, d = Client(THREE), Client(TWO)      # three has 8 messages at most
    c.ok("SETACL INBOX two@example.test lri")
    box = '"Other Users/three@example.test/INBOX"'
    for i in range(8):
        d.append(box, message("n %d" % i))
    reply, untagged = d.cmd("APPEND %s {3+}\r\nabc" % box)
    assert reply.startswith(b"NO [OVERQUOTA]"), reply
    d.append("INBOX", message("own"))
    d.ok("SELECT INBOX")
    d.no("COPY 1 " + box, b"OVERQUOTA")
    d.ok("SELECT " + box)
    d.ok("COPY 1:8 INBOX")
    assert d.ok("GETQUOTAROOT " + box) == [b"* QUOTAROOT " + box.encode()]
    r = c.ok('GETQUOTA ""')
    assert b"MESSAGE 8 8" in r[0], r


def test_metadata():
    c, d = Client(), Client(TWO)
    c.ok('SETMETADATA INBOX (/private/comment "mine" /shared/comment "ours")')
    c.ok("SETACL INBOX two@example.test lr")
    get = "GETMETADATA %s (/private/comment /shared/comment)"

    def comments(x, name):
        t = tokens(x.ok(get % name)[0].split(b" ", 3)[3] if name == "INBOX"
                   else re.sub(rb'^\* METADATA "[^"]*" ', b"",
                               x.ok(get % name)[0]))
        return dict(zip(t[::2], t[1::2]))
    assert comments(d, INBOX) == {b"/private/comment": None,
                                  b"/shared/comment": b"ours"}
    d.ok('SETMETADATA %s (/private/comment "his")' % INBOX)
    d.no('SETMETADATA %s (/shared/comment "his")' % INBOX, b"NOPERM")
    d.no('SETMETADATA %s (/private/specialuse "\\\\Sent")' % INBOX)
    assert comments(d, INBOX)[b"/private/comment"] == b"his"
    assert comments(c, "INBOX")[b"/private/comment"] == b"mine"
    c.ok("SETACL INBOX two@example.test lrw")
    d.ok('SETMETADATA %s (/shared/comment "all")' % INBOX)
    assert comments(c, "INBOX")[b"/shared/comment"] == b"all"
    c.ok("SETACL INBOX two@example.test l")
    d.no(get % INBOX, b"NOPERM")


def test_before():
    """For kept_*: what must be there again after a restart."""
    c, d = Client(), Client(TWO)
    fill(c)
    c.ok("CREATE Kept")
    c.ok("SETACL INBOX two@example.test lrs")
    c.ok("SETACL Kept all@example.test lr")
    c.ok("SETACL Kept -three@example.test r")
    d.ok("SELECT " + INBOX)
    d.ok("STORE 1:2 +FLAGS (\\Seen)")
    d.ok("STORE 1 -FLAGS (\\Seen)")


def test_after():
    c, d, e = Client(), Client(TWO), Client(THREE)
    assert acl(c) == {b"you@example.test": ALL, b"two@example.test": b"lrs"}
    assert acl(c, "Kept") == {b"you@example.test": ALL,
                              b"all@example.test": b"lr",
                              b"-three@example.test": b"r"}
    assert others(d) == ["Other Users/you@example.test/INBOX",
                         "Other Users/you@example.test/Kept"], others(d)
    assert mine(e, BOX % "Kept") == b"l"
    assert status(d, INBOX) == 2 and status(c, "INBOX") == 3
    d.ok("SELECT " + INBOX)
    assert d.search("SEARCH SEEN") == [2]


def test_gone():
    """two@example.test was removed and is there anew, as somebody else."""
    c, d = Client(), Client(TWO)
    assert acl(c) == {b"you@example.test": ALL}, acl(c)
    d.no("SELECT " + INBOX, b"NONEXISTENT")
    assert others(Client(THREE)) == [BOX.strip('"') % "Kept"]


def test_sharing():
    c, d = Client(), Client(TWO)
    c.ok("SETACL INBOX two@example.test lrs")
    d.ok("SETACL INBOX three@example.test lr")
    assert others(Client(THREE)) == ["Other Users/two@example.test/INBOX",
                                     BOX.strip('"') % "Kept"]


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
