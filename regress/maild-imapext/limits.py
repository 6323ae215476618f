"""UIDBATCHES, LANGUAGE, FILTERS, MESSAGELIMIT, SAVELIMIT: limits.py CASE."""
import re
import sys

from imapc import Client, message


def fill(c, n, mailbox=b"INBOX"):
    m = message("s").encode()
    for at in range(0, n, 400):
        c.raw(b"a%d APPEND %s%s\r\n" % (at, mailbox, b"".join(
            b" {%d+}\r\n%s" % (len(m), m) for i in range(min(400, n - at)))))
        reply, _ = c.wait(b"a%d" % at)
        assert reply.startswith(b"OK"), reply


def test_uidbatches():
    c = Client()
    assert b"UIDBATCHES" in c.ok("CAPABILITY")[0].split()
    c.bad("UIDBATCHES 500")

    def batches(args):
        tag = c.send("UIDBATCHES " + args)
        reply, untagged = c.wait(tag)
        assert reply.startswith(b"OK"), reply
        head = b'* UIDBATCHES (TAG "%s")' % tag
        assert len(untagged) == 1 and untagged[0].startswith(head), untagged
        return untagged[0][len(head):].strip().decode()
    c.ok("SELECT INBOX")
    assert batches("500") == ""
    fill(c, 1203)
    c.ok("SELECT INBOX")
    c.ok("UID STORE 100:102 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    # 1200 are left: uids 1-99, 103-1203.
    c.ok("UID SEARCH RETURN (SAVE) UID 7")
    assert batches("500") == "1203:704,703:204,203:1"
    assert batches("600") == "1203:604,603:1"
    assert batches("1200") == "1203:1" == batches("5000")
    assert batches("500 1:1") == "1203:704"
    assert batches("500 2:3") == "703:204,203:1"
    assert batches("500 3:9") == "203:1"
    assert batches("500 4:9") == ""
    # What is between them is not there.
    assert batches("1101") == "1203:103,102:1"
    assert len(c.search("UID SEARCH UID 704:1203")) == 500
    c.no("UIDBATCHES 499", b"TOOFEW")
    reply, _ = c.cmd("UIDBATCHES 500 3:2")
    assert reply.startswith(b"BAD [CLIENTBUG]"), reply
    for bad in ("UIDBATCHES", "UIDBATCHES 0", "UIDBATCHES 500 10",
                "UIDBATCHES 500 0:1", "UIDBATCHES x"):
        c.bad(bad)
    # "$" is as it was, and UIDONLY has them too.
    assert [f[b"UID"] for f in c.fetch("UID FETCH $ (UID)").values()] == [b"7"]
    c.ok("ENABLE UIDONLY")
    assert batches("600") == "1203:604,603:1"


def test_language():
    c = Client(login=False)
    assert b"LANGUAGE" in c.ok("CAPABILITY")[0].split()
    assert c.ok("LANGUAGE") == [b'* LANGUAGE ("i-default" "en" "de")']
    assert c.ok("LANGUAGE fr de-AT en") == [b'* LANGUAGE ("de")']
    reply, _ = c.cmd('LOGIN you@example.test "wrong"')
    assert reply.decode() == ("NO [AUTHENTICATIONFAILED] "
                              "Anmeldung fehlgeschlagen."), reply
    c.ok('LOGIN you@example.test "secret"')
    reply, _ = c.cmd("NOOP")
    assert reply == b"OK Erledigt.", reply
    reply, _ = c.cmd("SELECT nowhere")
    assert reply.decode() == "NO [NONEXISTENT] Kein solches Postfach", reply
    c.ok("SELECT INBOX")
    reply, _ = c.cmd("EXPUNGE")
    assert reply.decode() == "OK Gelöschtes entfernt.", reply
    # None of these: nothing changes.
    reply, _ = c.cmd('LANGUAGE fr "x-klingon"')
    assert reply.decode() == "NO Diese Sprache gibt es hier nicht.", reply
    assert c.ok("LANGUAGE default") == [b'* LANGUAGE ("i-default")']
    assert c.cmd("NOOP")[0] == b"OK Done."
    c.ok("LANGUAGE de")
    assert c.ok('LANGUAGE "*"') == [b'* LANGUAGE ("en")']
    assert c.cmd("NOOP")[0] == b"OK Done."
    c.bad("LANGUAGE (de)")


def test_filters():
    c, d = Client(), Client()
    e = Client("two@example.test")
    assert b"FILTERS" in c.ok("CAPABILITY")[0].split()
    c.append("INBOX", message("lunch", sender="boss@example.org"))
    c.append("INBOX", message("dinner"), "(\\Flagged)")
    c.append("INBOX", message("lunch", "a needle\r\n"))
    c.ok("SELECT INBOX")
    c.no("SEARCH FILTER mine", b"UNDEFINED-FILTER mine]")
    base = "/private/filters/values/"

    def define(name, text):
        c.ok('SETMETADATA "" (%s%s "%s")' % (base, name,
                                             text.replace('"', '\\"')))
    define("mine", 'OR FROM boss SUBJECT "dinner"')
    assert c.search("SEARCH FILTER mine") == [1, 2]
    assert c.search("SEARCH FILTER MINE UNFLAGGED") == [1]
    assert c.search("SEARCH NOT FILTER mine") == [3]
    assert c.search("SEARCH OR FILTER mine BODY needle") == [1, 2, 3]
    assert c.search("UID SEARCH (FILTER mine NOT (FROM boss)) ALL") == [2]
    # One in another; and round in a circle.
    define("more", "FILTER mine SUBJECT lunch")
    assert c.search("SEARCH FILTER more") == [1]
    define("a", "OR ALL FILTER b")
    define("b", "NOT FILTER a")
    c.no("SEARCH FILTER a", b"UNDEFINED-FILTER")
    define("bad", "SUBJECT")
    c.no("SEARCH FILTER bad", b"UNDEFINED-FILTER bad]")
    define("wide", " ".join(["FILTER mine"] * 300))
    c.no("SEARCH FILTER wide", b"UNDEFINED-FILTER")
    # In the other commands; as of when it is used.
    assert c.ok("SORT (SUBJECT) UTF-8 FILTER mine") == [b"* SORT 2 1"]
    assert c.ok("THREAD ORDEREDSUBJECT UTF-8 FILTER more") == [b"* THREAD (1)"]
    r = c.ok("ESEARCH IN (personal) RETURN (COUNT) FILTER mine")
    assert len(r) == 1 and r[0].endswith(b"UID COUNT 2"), r
    define("num", "1:2")
    c.bad("ESEARCH IN (personal) FILTER num")
    assert c.search("SEARCH FILTER num") == [1, 2]
    tag = c.send("SEARCH RETURN (UPDATE COUNT) FILTER mine")
    assert c.wait(tag)[1][0].endswith(b"COUNT 2")
    define("mine", "FLAGGED")
    assert c.search("SEARCH FILTER mine") == [2]
    d.ok("SELECT INBOX")
    assert d.search("SEARCH FILTER mine") == [2]
    d.append("INBOX", message("dinner"))
    assert b'* ESEARCH (TAG "%s") ADDTO (0 4)' % tag in c.ok("NOOP")
    # They are hers alone.
    e.ok("SELECT INBOX")
    e.no("SEARCH FILTER mine", b"UNDEFINED-FILTER")
    c.bad("SEARCH FILTER")


def test_messagelimit():
    c = Client()
    caps = c.ok("CAPABILITY")[0].split()
    assert b"MESSAGELIMIT=5" in caps, caps
    assert not [x for x in caps if x.startswith(b"SAVELIMIT")], caps
    m = message("s").encode()
    lit = b" {%d+}\r\n%s" % (len(m), m)
    c.no(b"APPEND INBOX" + lit * 6, b"MESSAGELIMIT 5]")
    c.ok(b"APPEND INBOX" + lit * 5)
    c.ok(b"APPEND INBOX" + lit * 3)
    c.ok("CREATE other")
    c.ok("SELECT INBOX")

    def limited(text, lowest, answer=None):
        reply, untagged = c.cmd(text)
        assert reply.startswith(b"OK"), (text, reply)
        if lowest is None:
            assert b"MESSAGELIMIT" not in reply, reply
        else:
            assert reply.startswith(b"OK [MESSAGELIMIT 5 %d]" % lowest), reply
        if answer is not None:
            assert untagged == answer, untagged
        return untagged
    assert len(limited("FETCH 1:* (UID)", 4)) == 5
    assert len(limited("FETCH 1:5 (UID)", None)) == 5
    limited("SEARCH ALL", 4, [b"* SEARCH 4 5 6 7 8"])
    limited("SEARCH 1:6", 2, [b"* SEARCH 2 3 4 5 6"])
    limited("SEARCH UNSEEN", 4, [b"* SEARCH 4 5 6 7 8"])
    limited("UID SEARCH UIDBEFORE 4 UNSEEN", None, [b"* SEARCH 1 2 3"])
    limited("UID SEARCH UIDAFTER 4", None, [b"* SEARCH 5 6 7 8"])
    limited("UID SEARCH UIDAFTER 4294967295", None, [b"* SEARCH"])
    limited("UID SEARCH UIDBEFORE 1", None, [b"* SEARCH"])
    c.bad("UID SEARCH UIDBEFORE 1:2")
    c.bad("UID SEARCH UIDAFTER *")
    limited("STORE 1:* +FLAGS.SILENT (\\Flagged)", 4)
    assert len(c.search("SEARCH UIDBEFORE 6 FLAGGED")) == 2
    c.no("COPY 1:* other", b"MESSAGELIMIT 5 4]")
    c.no("SORT (DATE) UTF-8 ALL", b"MESSAGELIMIT 5 4]")
    c.no("THREAD REFERENCES UTF-8 ALL", b"MESSAGELIMIT 5 4]")
    c.ok("COPY 1:5 other")
    # The code has its place taken: then it comes before.
    reply, untagged = c.cmd("STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\\Seen)")
    assert reply.startswith(b"OK [MODIFIED 4:8]"), reply
    assert [u for u in untagged if u.startswith(b"* NO [MESSAGELIMIT 5 4]")]
    c.ok("UID STORE 4:8 +FLAGS.SILENT (\\Deleted)")
    c.ok("UID STORE 1:3 +FLAGS.SILENT (\\Deleted)")
    reply, untagged = c.cmd("UID EXPUNGE 1:*")
    assert reply.startswith(b"OK [MESSAGELIMIT 5 4]"), reply
    assert len(untagged) == 5, untagged
    c.ok("SELECT other")
    c.append("other", message("x"))
    c.ok("NOOP")
    reply, untagged = c.cmd("MOVE 1:* INBOX")
    assert reply.startswith(b"OK [MESSAGELIMIT 5 2]"), reply
    assert c.search("UID SEARCH ALL") == [1]


def test_savelimit():
    c = Client()
    caps = c.ok("CAPABILITY")[0].split()
    assert b"SAVELIMIT=65536" in caps, caps
    assert not [x for x in caps if x.startswith(b"MESSAGELIMIT")], caps


def test_savelimit_low():
    c = Client()
    assert b"SAVELIMIT=3" in c.ok("CAPABILITY")[0].split()
    m = message("s").encode()
    lit = b" {%d+}\r\n%s" % (len(m), m)
    c.no(b"APPEND INBOX" + lit * 4, b"MESSAGELIMIT 3]")
    c.ok(b"APPEND INBOX" + lit * 3)
    c.ok(b"APPEND INBOX" + lit)
    c.ok("CREATE other")
    c.ok("SELECT INBOX")
    c.no("UID COPY 1:* other", b"MESSAGELIMIT 3 2]")
    c.ok("COPY 1:3 other")
    assert len(c.ok("FETCH 1:* (UID)")) == 4
    assert c.ok("SORT (ARRIVAL) UTF-8 ALL") == [b"* SORT 1 2 3 4"]
    c.ok("MOVE 1:* other")


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
