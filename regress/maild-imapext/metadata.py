"""METADATA and QUOTA against a whole maild: metadata.py CASE."""
import sys

from imapc import Client, tokens


def entries(untagged, mailbox=b"INBOX"):
    r = [u for u in untagged if u.startswith(b"* METADATA ")]
    if not r:
        return {}
    assert len(r) == 1, r
    head = b"* METADATA " + (mailbox or b'""') + b" "
    assert r[0].startswith(head), r
    t = tokens(r[0][len(head):])
    return dict(zip(t[::2], t[1::2]))


def test_mailbox_annotations():
    c = Client()
    assert b"METADATA" in c.ok("CAPABILITY")[0].split()
    got = entries(c.ok("GETMETADATA INBOX /private/comment"))
    assert got == {b"/private/comment": None}, got
    c.ok('SETMETADATA INBOX (/private/comment "My own" /SHARED/Comment '
         '{5+}\r\nno\r\nx)')
    got = entries(c.ok("GETMETADATA INBOX (/private/comment /shared/comment "
                       "/shared/none)"))
    assert got == {b"/private/comment": b"My own", b"/shared/none": None,
                   b"/shared/comment": b"no\r\nx"}, got
    # Another connection, another mailbox, another account.
    d = Client()
    assert entries(d.ok("GETMETADATA Inbox /Private/COMMENT")) == {
        b"/private/comment": b"My own"}
    got = entries(d.ok("GETMETADATA Sent /private/comment"), b"Sent")
    assert got == {b"/private/comment": None}, got
    e = Client("two@example.test")
    assert entries(e.ok("GETMETADATA INBOX /private/comment")) == {
        b"/private/comment": None}
    # Empty is not NIL; binary; taking away.
    c.ok('SETMETADATA INBOX (/private/comment "" /private/b ~{3+}\r\n'
         'a\0b /shared/comment NIL)')
    got = entries(c.ok("GETMETADATA INBOX (/private/comment /private/b "
                       "/shared/comment)"))
    assert got == {b"/private/comment": b"", b"/private/b": b"a\0b",
                   b"/shared/comment": None}, got
    c.no('SETMETADATA None (/private/comment "x")', b"NONEXISTENT")
    c.no("GETMETADATA None /private/comment", b"NONEXISTENT")
    c.no("SETMETADATA INBOX (/comment \"x\")")
    c.bad("SETMETADATA INBOX (comment \"x\")")
    c.bad("SETMETADATA INBOX (/private/a* \"x\")")
    # It goes with a rename, and is gone with the mailbox.
    c.ok("CREATE one")
    c.ok('SETMETADATA one (/private/comment "one")')
    c.ok("RENAME one two")
    got = entries(c.ok("GETMETADATA two /private/comment"), b"two")
    assert got == {b"/private/comment": b"one"}, got
    c.ok("DELETE two")
    c.ok("CREATE two")
    got = entries(c.ok("GETMETADATA two /private/comment"), b"two")
    assert got == {b"/private/comment": None}, got


def test_depth():
    c = Client()
    c.ok('SETMETADATA INBOX (/private/v/a "1" /private/v/a/b "22" '
         '/private/v/a/b/c "333" /private/va "4444")')

    def get(options, entry="/private/v/a"):
        return sorted((k, v) for k, v in entries(c.ok(
            "GETMETADATA (%s) INBOX %s" % (options, entry))).items())
    a, b, d = ((b"/private/v/a", b"1"), (b"/private/v/a/b", b"22"),
               (b"/private/v/a/b/c", b"333"))
    assert get("DEPTH 0") == [a]
    assert get("DEPTH 1") == [a, b]
    assert get("DEPTH infinity") == [a, b, d]
    assert get("DEPTH infinity", "/private") == [a, b, d, (b"/private/va",
                                                           b"4444")]
    assert get("DEPTH 1", "/private/none") == []
    assert get("DEPTH infinity", "(/private/v/a /private/v/a/b)") == [a, b, d]
    reply, untagged = c.cmd("GETMETADATA (MAXSIZE 1 DEPTH infinity) INBOX "
                            "/private/v")
    assert reply.startswith(b"OK [METADATA LONGENTRIES 3]"), reply
    assert entries(untagged) == dict([a])
    # The form of the RFC's examples.
    assert entries(c.ok("GETMETADATA INBOX (DEPTH 1) /private/v/a")) == dict(
        [a, b])


def test_limits():
    c = Client()
    c.ok(b"SETMETADATA INBOX (/private/a {8192+}\r\n%s)" % (b"x" * 8192))
    assert entries(c.ok("GETMETADATA INBOX /private/a")) == {
        b"/private/a": b"x" * 8192}
    c.no(b"SETMETADATA INBOX (/private/b {8193+}\r\n%s)" % (b"x" * 8193),
         b"METADATA MAXSIZE 8192]")
    for i in range(99):
        c.ok('SETMETADATA INBOX (/private/n%d "x%d")' % (i, i))
    c.no('SETMETADATA INBOX (/private/n "x")', b"METADATA TOOMANY]")
    c.no('SETMETADATA INBOX (/private/n1 NIL /private/n2 "y" /private/n "x" '
         '/private/m "x")', b"METADATA TOOMANY]")
    # All or nothing.
    assert entries(c.ok("GETMETADATA INBOX (/private/n1 /private/n2)")) == {
        b"/private/n1": b"x1", b"/private/n2": b"x2"}
    c.ok('SETMETADATA INBOX (/private/n1 NIL /private/n2 "y" /private/n "x")')
    got = entries(c.ok("GETMETADATA (DEPTH infinity) INBOX /private"))
    assert len(got) == 100, len(got)


def test_server_annotations():
    c, d = Client(), Client("two@example.test")
    c.ok('SETMETADATA "" (/private/vendor/x "mine")')
    assert entries(c.ok('GETMETADATA "" /private/vendor/x'), None) == {
        b"/private/vendor/x": b"mine"}
    assert entries(d.ok('GETMETADATA "" /private/vendor/x'), None) == {
        b"/private/vendor/x": None}
    c.no('SETMETADATA "" (/shared/comment "hers")', b"NOPERM")
    assert entries(c.ok('GETMETADATA "" /shared/comment'), None) == {
        b"/shared/comment": None}


def test_special():
    c = Client()
    got = entries(c.ok("GETMETADATA Sent /private/specialuse"), b"Sent")
    assert got == {b"/private/specialuse": b"\\Sent"}, got
    c.ok("CREATE Mine")
    c.ok('SETMETADATA Mine (/private/specialuse "\\\\Flagged \\\\All")')
    r = c.ok('LIST "" Mine RETURN (SPECIAL-USE)')[0]
    assert b"\\Flagged" in r and b"\\All" in r, r
    c.no('SETMETADATA Mine (/private/specialuse "\\\\Nothing")')
    c.ok("SETMETADATA Mine (/private/specialuse NIL)")
    assert b"\\Flagged" not in c.ok('LIST "" Mine RETURN (SPECIAL-USE)')[0]


def test_list_metadata():
    c = Client()
    c.ok('SETMETADATA Sent (/private/comment "what went out")')
    r = c.ok('LIST "" (INBOX Sent) RETURN (METADATA (/private/comment '
             '/shared/comment))')
    assert sorted(r) == sorted([
        b'* LIST (\\HasNoChildren) "/" INBOX',
        b'* LIST (\\HasNoChildren \\Sent) "/" Sent',
        b'* METADATA INBOX (/private/comment NIL /shared/comment NIL)',
        b'* METADATA Sent (/private/comment "what went out" '
        b'/shared/comment NIL)']), r


def test_quota():
    c = Client()
    assert c.ok("GETQUOTAROOT INBOX")[0] == b'* QUOTAROOT INBOX ""'
    r = c.ok('GETQUOTA ""')
    assert len(r) == 1 and r[0].startswith(b'* QUOTA "" ('), r
    c.no("GETQUOTA other", b"NONEXISTENT")
    c.no("GETQUOTAROOT other", b"NONEXISTENT")
    c.no('SETQUOTA "" (STORAGE 10)', b"NOPERM")


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
