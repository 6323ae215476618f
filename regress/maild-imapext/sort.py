"""SORT and THREAD against a whole maild: sort.py CASE."""
import sys

from imapc import Client


def mail(subject="s", date="Mon, 1 Jan 2024 10:00:00 +0000",
         sender="a@example.org", to="to@example.org", cc=None, mid=None,
         refs=None, reply=None, body="x\r\n"):
    h = ""
    for name, value in (("From", sender), ("To", to), ("Cc", cc),
                        ("Subject", subject), ("Date", date),
                        ("Message-ID", mid and "<%s@x>" % mid),
                        ("References", refs and " ".join(
                            "<%s@x>" % r for r in refs.split())),
                        ("In-Reply-To", reply and "<%s@x>" % reply)):
        if value is not None:
            h += "%s: %s\r\n" % (name, value)
    return (h + "\r\n" + body).encode()


def numbers(untagged, word=b"SORT"):
    r = [u for u in untagged if u.startswith(b"* " + word)]
    assert len(r) == 1, untagged
    return r[0][2 + len(word):].decode().strip()


def fill(c, mails, dates=None):
    for i, m in enumerate(mails):
        c.append("INBOX", m, '"%s"' % dates[i] if dates else "")
    c.ok("SELECT INBOX")


def day(d, zone="+0000", hour=10):
    return "%d Jan 2024 %02d:00:00 %s" % (d, hour, zone)


def test_sort():
    c = Client()
    caps = c.ok("CAPABILITY")[0].split()
    for cap in (b"SORT", b"ESORT", b"SORT=DISPLAY", b"I18NLEVEL=1",
                b"THREAD=ORDEREDSUBJECT", b"THREAD=REFERENCES",
                b"THREAD=REFS"):
        assert cap in caps, (cap, caps)
    c.ok("SELECT INBOX")
    assert numbers(c.ok("SORT (DATE) UTF-8 ALL")) == ""
    fill(c, [
        mail("b", day(5), "Zoe <zoe@a.org>", "x@a.org", "k@a.org"),
        mail("Re: A", day(3), "anna@z.org", "y@a.org", body="x" * 99),
        # The same day: twelve hours make a difference.
        mail("a", day(4, "+1200", 11), "bob@m.org", "w@a.org"),
        mail("=?utf-8?q?=C3=A4b?=", day(4), "Bob@m.org", "z@a.org"),
        mail("=?utf-8?q?=C3=84a?=", None, "\"B O\" <bo@m.org>", "z@a.org",
             "b@a.org", body="y" * 500),
    ], ["%2d-Feb-2024 10:00:00 +0000" % d for d in (5, 4, 3, 2, 1)])
    for keys, want in (("ARRIVAL", "5 4 3 2 1"),
                       ("REVERSE ARRIVAL", "1 2 3 4 5"),
                       ("DATE", "2 3 4 1 5"),
                       ("REVERSE DATE", "5 1 4 3 2"),
                       ("SUBJECT", "2 3 5 4 1"),
                       ("SUBJECT ARRIVAL", "3 2 5 4 1"),
                       ("FROM", "2 5 3 4 1"),
                       ("FROM REVERSE SUBJECT", "2 5 4 3 1"),
                       ("REVERSE FROM", "1 3 4 5 2"),
                       ("TO", "3 1 2 4 5"),
                       ("CC", "2 3 4 5 1")):
        got = numbers(c.ok("SORT (%s) UTF-8 ALL" % keys))
        # Umlauts: a letter and its dots, after the letter alone.
        assert got == want, (keys, got, want)
    assert numbers(c.ok("SORT (REVERSE SIZE) US-ASCII ALL"))[0] == "5"
    assert numbers(c.ok("SORT (ARRIVAL) UTF-8 2:4 SUBJECT a")) == "4 3 2"
    assert numbers(c.ok('SORT (ARRIVAL) UTF-8 SUBJECT {2+}\r\n\xc3\xa4'
                        .encode("latin-1"))) == "5 4"
    c.no("SORT (DATE) KOI8-R ALL", b"BADCHARSET")
    c.bad("SORT (NOTHING) UTF-8 ALL")
    c.bad("SORT (DATE) UTF-8")
    c.bad("SORT (RELEVANCY) UTF-8 ALL")
    # Numbers after an expunge, and uids.
    c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    assert numbers(c.ok("SORT (ARRIVAL) UTF-8 ALL")) == "4 3 2 1"
    assert numbers(c.ok("UID SORT (ARRIVAL) UTF-8 ALL")) == "5 4 3 2"
    assert numbers(c.ok("UID SORT (ARRIVAL) UTF-8 UID 3:9")) == "5 4 3"


def test_esort():
    c = Client()
    fill(c, [mail(chr(97 + i * 3 % 7)) for i in range(7)])
    got = numbers(c.ok("SORT (SUBJECT) UTF-8 ALL"))
    assert got == "1 6 4 2 7 5 3", got
    for ret, want in (("", " ALL 1,6,4,2,7,5,3"),
                      ("ALL", " ALL 1,6,4,2,7,5,3"),
                      ("MIN", " MIN 1"), ("MAX", " MAX 3"),
                      ("COUNT", " COUNT 7"),
                      ("MIN MAX COUNT", " MIN 1 MAX 3 COUNT 7")):
        r = c.ok("SORT RETURN (%s) (SUBJECT) UTF-8 ALL" % ret)
        assert r == [b'* ESEARCH (TAG "t%d")%s' % (c.n, want.encode())], r
    r = c.ok("UID SORT RETURN (COUNT ALL) (SUBJECT) UTF-8 SUBJECT zz")
    assert r == [b'* ESEARCH (TAG "t%d") UID COUNT 0' % c.n], r
    assert c.ok("SORT RETURN (SAVE) (REVERSE SUBJECT) UTF-8 2:5") == []
    assert c.search("SEARCH $") == [2, 3, 4, 5]
    c.ok("SORT RETURN (SAVE MIN) (REVERSE SUBJECT) UTF-8 2:5")
    assert c.search("SEARCH $") == [3]
    c.ok("STORE 2 +FLAGS (\\Seen)")
    r = c.ok("SORT (SUBJECT) UTF-8 MODSEQ 1")
    assert r[-1].startswith(b"* SORT 1 6 4 2 7 5 3 (MODSEQ "), r


def test_display():
    c = Client()
    fill(c, [
        mail(sender="zz@example.org", to="Anna <z@example.org>"),
        mail(sender="\"Zacharias\" <aa@example.org>", to="b@example.org"),
        mail(sender="=?utf-8?q?=C3=89mile?= <xx@example.org>",
             to="=?iso-8859-1?q?B=E9la?= <a@example.org>"),
        mail(sender="emil <yy@example.org>", to="a@example.org"),
    ])
    assert numbers(c.ok("SORT (FROM) UTF-8 ALL")) == "2 3 4 1"
    assert numbers(c.ok("SORT (DISPLAYFROM) UTF-8 ALL")) == "4 3 2 1"
    assert numbers(c.ok("SORT (DISPLAYTO) UTF-8 ALL")) == "4 1 2 3"


def test_thread():
    c = Client()
    c.ok("SELECT INBOX")
    assert c.ok("THREAD REFERENCES UTF-8 ALL") == [b"* THREAD"]
    fill(c, [
        mail("one", day(1), mid="m1"),
        mail("two", day(2), mid="m2"),
        mail("Re: two", day(3), mid="m3", refs="m2"),
        mail("Re: two", day(4), mid="m4", refs="m2 m3"),
        mail("Re: two", day(5), mid="m5", reply="m2"),
        mail("Fwd: one", day(6), mid="m6"),
        mail("other", day(9), mid="m7", refs="gone"),
        mail("another", day(8), mid="m8", refs="gone"),
        mail(None, day(10), mid="m9"),
        mail("re:", day(11), mid="m10"),
    ])

    def thread(text):
        return numbers(c.ok("THREAD " + text), b"THREAD")
    got = thread("REFERENCES UTF-8 ALL")
    assert got == "(1 6)(2 (3 4)(5))((8)(7))(9)(10)", got
    got = thread("ORDEREDSUBJECT UTF-8 ALL")
    assert got == "(1 6)(2 (3)(4)(5))(8)(7)(9 10)", got
    got = thread("REFS US-ASCII ALL")
    assert got == "(1)(2 (3 4)(5))(6)((7)(8))(9)(10)", got
    got = thread("REFERENCES UTF-8 3:5")
    assert got == "((3 4)(5))", got
    c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    u = numbers(c.ok("UID THREAD REFERENCES UTF-8 ALL"), b"THREAD")
    assert u == "(2 (3 4)(5))(6)((8)(7))(9)(10)", u
    got = thread("REFERENCES UTF-8 ALL")
    assert got == "(1 (2 3)(4))(5)((7)(6))(8)(9)", got
    c.bad("THREAD NONE UTF-8 ALL")
    c.no("THREAD REFS LATIN-9 ALL", b"BADCHARSET")


def test_changing():
    """Many messages while another session takes some away."""
    a, b = Client(), Client()
    one = mail("n", day(1))
    n = 1200
    for i in range(0, n, 100):
        a.ok(b"APPEND INBOX " + b" ".join(
            b"{%d+}\r\n%s" % (len(m), m) for m in (
                one.replace(b"Subject: n", b"Subject: n%05d" % (
                    (i + k) * 7919 % n)) for k in range(100))))
    a.ok("SELECT INBOX")
    b.ok("SELECT INBOX")
    got = [int(i) for i in numbers(a.ok("SORT (SUBJECT) UTF-8 ALL")).split()]
    assert [(i - 1) * 7919 % n for i in got] == list(range(n))
    b.ok("UID STORE 100:200 +FLAGS.SILENT (\\Deleted)")
    b.ok("EXPUNGE")
    got = numbers(a.ok("SORT (SUBJECT) UTF-8 ALL")).split()
    assert len(got) == n - 101 and all(
        int(i) < 100 or int(i) > 200 for i in got), len(got)
    got = numbers(a.ok("UID SORT (SUBJECT) UTF-8 ALL")).split()
    assert len(got) == n - 101
    threads = numbers(a.ok("THREAD REFERENCES UTF-8 ALL"), b"THREAD")
    assert threads.count("(") == n - 101, threads[:300]


if __name__ == "__main__":
    globals()["test_" + sys.argv[1]]()
