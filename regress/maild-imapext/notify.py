"""NOTIFY (RFC 5465) against a whole maild: notify.py CASE."""
import re
import sys

from imapc import Client, exists, fetches, message, tokens

TWO = "two@example.test"
INBOX = '"Other Users/you@example.test/INBOX"'


def status(line):
    assert line.startswith(b"* STATUS "), line
    t = tokens(b"(" + line[9:] + b")")
    return t[0].decode(), {k.decode(): int(v) for k, v in
                           zip(t[1][::2], t[1][1::2])}


def listed(line):
    """Name, attributes, old name or None."""
    assert line.startswith(b"* LIST "), line
    t = tokens(b"(" + line[7:] + b")")
    old = t[3][1][0].decode() if len(t) > 3 else None
    return t[2].decode(), sorted(t[0]), old


def quiet(c):
    """Nothing has been said."""
    assert c.ok("NOOP") == []


def test_grammar():
    c = Client()
    assert b"NOTIFY" in c.ok("CAPABILITY")[0].split()
    c.ok("NOTIFY NONE")
    c.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
    c.bad("NOTIFY SET (personal (MessageNew))")
    c.bad("NOTIFY SET (personal (MessageExpunge FlagChange))")
    c.bad("NOTIFY SET (personal (FlagChange))")
    c.bad("NOTIFY SET (selected (MailboxName))")
    c.bad("NOTIFY SET (selected NONE) (selected-delayed NONE)")
    c.bad("NOTIFY SET (subtree-one INBOX (MailboxName))")
    c.bad("NOTIFY SET (personal (MessageNew (UID) MessageExpunge))")
    c.bad("NOTIFY")
    reply = c.no("NOTIFY SET (personal (MessageNew MessageExpunge "
                 "AnnotationChange))", b"BADEVENT (")
    for event in (b"MessageNew", b"FlagChange", b"MailboxName",
                  b"SubscriptionChange", b"MailboxMetadataChange"):
        assert event in reply, reply
    c.no("NOTIFY SET (personal (Surprise))", b"BADEVENT (")
    c.no("NOTIFY SET " + " ".join("(mailboxes m%d (MailboxName))" % i
                                  for i in range(51)),
         b"NOTIFICATIONOVERFLOW")


def test_status():
    c, d = Client(), Client()
    c.append("Sent", message("one"))
    c.ok("SELECT INBOX")
    r = dict(status(u) for u in c.ok(
        "NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) "
        "(mailboxes (Sent Drafts INBOX) (MessageNew MessageExpunge "
        "FlagChange))"))
    assert set(r) == {"Sent", "Drafts"}, r
    assert r["Sent"]["MESSAGES"] == 1 and r["Sent"]["UIDNEXT"] == 2, r
    assert "UIDVALIDITY" in r["Sent"], r
    d.append("Sent", message("two"))
    name, items = status(c.response())
    assert name == "Sent" and items["MESSAGES"] == 2, items
    assert items["UIDNEXT"] == 3 and items["UNSEEN"] == 2, items
    d.ok("SELECT Sent")
    d.ok("STORE 1 +FLAGS (\\Seen)")
    name, items = status(c.response())
    assert name == "Sent" and items == {"UNSEEN": 1}, items
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    status(c.response())
    d.ok("EXPUNGE")
    name, items = status(c.response())
    assert items["MESSAGES"] == 1, items
    # Not one of those that he asked for.
    d.append("Archive", message("three"))
    quiet(c)
    # While a command runs it waits for its end; then it comes before.
    d.append("Drafts", message("four"))
    r = c.ok("NOOP")
    if not r:
        r = [c.response()]
    assert status(r[0])[0] == "Drafts", r
    c.ok("NOTIFY NONE")
    d.append("Sent", message("five"))
    quiet(c)
    # CONDSTORE: with the modseq.
    c.ok("ENABLE CONDSTORE")
    r = c.ok("NOTIFY SET STATUS (subtree Sent (MessageNew MessageExpunge "
             "FlagChange))")
    assert "HIGHESTMODSEQ" in status(r[0])[1], r


def test_selected():
    c, d = Client(), Client()
    d.append("INBOX", message("one"))
    c.ok("SELECT INBOX")
    c.ok("NOTIFY SET (selected (MessageNew (FLAGS RFC822.SIZE "
         "BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))")
    d.append("INBOX", message("two"))
    assert exists([c.response()]) == 2
    r = c.response()
    if r.endswith(b"RECENT"):
        r = c.response()
    got = fetches([r])
    assert got[2][b"UID"] == b"2" and b"RFC822.SIZE" in got[2], r
    assert b"two" in got[2][b"BODY[HEADER.FIELDS (SUBJECT)]"], r
    d.ok("SELECT INBOX")
    d.ok("STORE 1 +FLAGS (\\Flagged)")
    assert b"\\Flagged" in fetches([c.response()])[1][b"FLAGS"]
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    c.response()
    d.ok("EXPUNGE")
    assert c.response() == b"* 1 EXPUNGE"
    # Commands go on as ever; what comes amid them is fetched too.
    for i in range(5):
        d.append("INBOX", message("m %d" % i))
        t = c.send("NOOP")
        reply, untagged = c.wait(t)
        while len(fetches(untagged)) == 0:
            untagged.append(c.response())
        assert exists(untagged) == i + 2, untagged
        assert list(fetches(untagged)) == [i + 2], untagged
    # IDLE: the same.
    t = c.idle()
    d.append("INBOX", message("idle"))
    r = [c.response()]
    while not fetches(r):
        r.append(c.response())
    assert exists(r) == 7 and b"idle" in fetches(r)[7][
        b"BODY[HEADER.FIELDS (SUBJECT)]"], r
    c.done(t)


def test_delayed():
    c, d = Client(), Client()
    for i in range(3):
        d.append("INBOX", message("n %d" % i))
    c.ok("SELECT INBOX")
    c.ok("NOTIFY SET (selected-delayed (MessageNew MessageExpunge "
         "FlagChange))")
    d.ok("SELECT INBOX")
    d.ok("STORE 1 +FLAGS (\\Deleted)")
    assert list(fetches([c.response()])) == [1]
    d.ok("EXPUNGE")
    # Not before a command lets it be told.
    assert sorted(c.fetch("FETCH 1:3 (UID)")) in ([1, 2, 3], [2, 3])
    assert b"* 1 EXPUNGE" in c.ok("NOOP")
    # Without FlagChange nothing is said of flags by itself.
    c.ok("NOTIFY SET (selected (MessageNew MessageExpunge))")
    t = c.idle()
    d.ok("STORE 1 +FLAGS (\\Flagged)")
    d.append("INBOX", message("new"))
    assert exists([c.response()]) == 3
    c.done(t)
    # Nor of the selected mailbox at all, where it was not asked for.
    c.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
    t = c.idle()
    d.append("INBOX", message("not told"))
    d.append("Sent", message("told"))
    assert status(c.response())[0] == "Sent"
    c.raw(b"DONE\r\n")
    reply, untagged = c.wait(t)
    assert reply.startswith(b"OK") and exists(untagged) == 4, untagged


def test_names():
    c, d = Client(), Client()
    c.ok("NOTIFY SET (personal (MailboxName SubscriptionChange "
         "MailboxMetadataChange ServerMetadataChange))")
    d.ok("CREATE Work/Plans")
    assert listed(c.response()) == ("Work/Plans", [], None)
    d.ok("SUBSCRIBE Work/Plans")
    assert listed(c.response()) == ("Work/Plans", [b"\\Subscribed"], None)
    d.ok("UNSUBSCRIBE Work/Plans")
    assert listed(c.response()) == ("Work/Plans", [], None)
    d.ok("RENAME Work/Plans Agenda")
    assert listed(c.response()) == ("Agenda", [], "Work/Plans")
    d.ok('SETMETADATA Agenda (/private/comment "x")')
    assert c.response() == b"* METADATA Agenda /private/comment"
    d.ok('SETMETADATA "" (/private/comment "x")')
    assert c.response() == b'* METADATA "" /private/comment'
    d.ok("DELETE Agenda")
    assert listed(c.response()) == ("Agenda", [b"\\NonExistent"], None)
    d.ok("CREATE a/b")
    c.response()
    d.ok("DELETE a")
    assert listed(c.response()) == ("a", [b"\\NoSelect"], None)
    # One's own changes are known already, and messages were not asked for.
    c.ok("CREATE Mine")
    d.append("INBOX", message())
    quiet(c)
    # Only some of them.
    c.ok("NOTIFY SET (subtree a (MailboxName)) (mailboxes (x y) "
         "(MailboxName))")
    d.ok("CREATE a/c")
    assert listed(c.response())[0] == "a/c"
    d.ok("CREATE other")
    d.ok("CREATE y")
    assert listed(c.response())[0] == "y"
    d.ok("CREATE y/z")
    quiet(c)
    # The first group that a mailbox is in is the one that counts.
    c.ok("NOTIFY SET (mailboxes x NONE) (personal (MailboxName))")
    d.ok("CREATE x")
    d.ok("CREATE w")
    assert listed(c.response())[0] == "w"


def test_readers():
    """Mailboxes of others."""
    c, d, e = Client(), Client(TWO), Client(TWO)
    d.ok("NOTIFY SET (subtree \"Other Users\" (MessageNew MessageExpunge "
         "FlagChange MailboxName)) (personal (MessageNew MessageExpunge))")
    c.append("INBOX", message("hidden"))
    quiet(d)
    c.ok("SETACL INBOX two@example.test lrs")
    assert listed(d.response())[0] == INBOX.strip('"')
    c.append("INBOX", message("two"))
    name, items = status(d.response())
    assert name == INBOX.strip('"') and items["MESSAGES"] == 2, items
    # UNSEEN is his own.
    e.ok("SELECT " + INBOX)
    e.ok("STORE 1 +FLAGS (\\Seen)")
    assert status(d.response())[1]["UNSEEN"] == 1
    c.ok("SELECT INBOX")
    c.ok("STORE 1:2 +FLAGS (\\Seen)")
    assert status(d.response())[1]["UNSEEN"] == 1
    c.ok("SETACL INBOX two@example.test l")
    d.response()
    c.append("INBOX", message("three"))
    quiet(d)
    # Who may not know of it any more is told that it is gone.
    c.ok("DELETEACL INBOX two@example.test")
    assert listed(d.response()) == (INBOX.strip('"'), [b"\\NonExistent"],
                                    None)
    c.append("INBOX", message("four"))
    quiet(d)


def test_overflow():
    """Who does not read is told so, and then nothing more."""
    c, d = Client(), Client()
    c.ok("NOTIFY SET (personal (MailboxName))")
    # A command that does not end keeps all that happens waiting.
    c.raw(b"x APPEND INBOX {10}\r\n")
    assert c.response().startswith(b"+")
    for i in range(510):
        d.ok("CREATE m%d" % i)
    c.raw(b"0123456789\r\n")
    r = c.response()
    assert r.startswith(b"* OK [NOTIFICATIONOVERFLOW]"), r
    while not c.response().startswith(b"x "):
        pass
    d.ok("CREATE more")
    quiet(c)
    c.ok("NOTIFY SET (personal (MailboxName))")
    d.ok("CREATE again")
    assert listed(c.response())[0] == "again"


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
