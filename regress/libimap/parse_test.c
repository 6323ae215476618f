/* The stream of commands: literals, messages, limits, and going on after. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

static const struct imap_limits small = { 60, 20, 150, 4096, 3 };

static void
check_with(const struct imap_limits *l, const char *in, size_t len,
    const char *want)
{
	size_t	cut;
	char	*got;

	for (cut = 0; cut <= len + 3; cut++) {
		got = cut <= len ? feed_cut(l, in, len, cut) :
		    feed_pieces(l, in, len, cut - len);
		if (strcmp(got, want) != 0) {
			atf_tc_fail_nonfatal("%s\ncut at %zu:\n got %s\n"
			    "want %s", in, cut, got, want);
			free(got);
			return;
		}
		free(got);
	}
}

static void
check(const char *in, const char *want)
{
	check_with(&imap_limits_auth, in, strlen(in), want);
}

static void
check_small(const char *in, const char *want)
{
	check_with(&small, in, strlen(in), want);
}

ATF_TC_WITHOUT_HEAD(literals);
ATF_TC_BODY(literals, tc)
{
	check("a LOGIN {3}\r\njoe {4}\r\npass\r\nb NOOP\r\n",
	    "CONTINUE\nCONTINUE\nOK a LOGIN user=[joe] pass=[pass]\n"
	    "OK b NOOP\n");
	check("a LOGIN {3+}\r\njoe {0+}\r\n\r\nb NOOP\r\n",
	    "OK a LOGIN user=[joe] pass=[]\nOK b NOOP\n");
	check("a LOGIN {4+}\r\n\r\n\r\n {4+}\r\n{5}\r\r\n",
	    "OK a LOGIN user=[\\x0d\\x0a\\x0d\\x0a] pass=[{5}\\x0d]\n");
	/* A bare LF ends a line. */
	check("a NOOP\nb LOGIN {1+}\nx y\n",
	    "OK a NOOP\nOK b LOGIN user=[x] pass=[y]\n");
	/* A quoted string does not end in a literal. */
	check("a LOGIN joe \"{5}\r\nb NOOP\r\n",
	    "BAD a bad quoted string\nOK b NOOP\n");
	check("a LOGIN joe \"x\\\"{5}\r\nb NOOP\r\n",
	    "BAD a bad quoted string\nOK b NOOP\n");
	check("a LOGIN \"a\\\"b\" {1+}\r\nx\r\n",
	    "OK a LOGIN user=[a\"b] pass=[x]\n");
	/* Not a literal's header. */
	check("a LOGIN joe {x}\r\nb NOOP\r\n",
	    "BAD a number expected\nOK b NOOP\n");
	check("a LOGIN joe {}\r\nb NOOP\r\n",
	    "BAD a number expected\nOK b NOOP\n");
}

ATF_TC_WITHOUT_HEAD(nul);
ATF_TC_BODY(nul, tc)
{
	static const char	in[] = "a LOGIN {3+}\r\nx\0y z\r\n"
				    "b NO\0P\r\nc SETMETADATA x (/a ~{2+}\r\n"
				    "\0\0)\r\nd NOOP\r\n";

	check_with(&imap_limits_auth, in, sizeof(in) - 1,
	    "BAD a NUL in a literal\nBAD b unknown command\n"
	    "OK c SETMETADATA mbox=[x] [/a]=[\\x00\\x00]~\nOK d NOOP\n");
}

/* A bad command takes its line and its literals, and no byte more. */
ATF_TC_WITHOUT_HEAD(recovery);
ATF_TC_BODY(recovery, tc)
{
	check("a FOO {5}\r\nb NOOP\r\n",
	    "BAD a unknown command\nOK b NOOP\n");
	check("a FOO {8+}\r\nb NOOP\r\n {2+}\r\nxy\r\nc NOOP\r\n",
	    "BAD a unknown command\nOK c NOOP\n");
	check("a LOGIN ( {5}\r\nb NOOP\r\n",
	    "BAD a string expected\nOK b NOOP\n");
	check("a SELECT x (FOO {3+}\r\nbar)\r\nb NOOP\r\n",
	    "BAD a no such parameter\nOK b NOOP\n");
	check("\r\nb NOOP\r\n", "BAD * bad tag\nOK b NOOP\n");
	check("{5}\r\nb NOOP\r\n", "BAD * bad tag\nOK b NOOP\n");
}

ATF_TC_WITHOUT_HEAD(append);
ATF_TC_BODY(append, tc)
{
	check("a APPEND x {5}\r\nhello\r\nb NOOP\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=5 sync}\n"
	    "DATA [hello]\nOK a APPEND mbox=[x]\nOK b NOOP\n");
	check("a APPEND {3}\r\nx y (\\Seen foo) \"17-Jul-1996 02:44:25 -0700\" "
	    "{5+}\r\n12345\r\n",
	    "CONTINUE\nSEGMENT a APPEND mbox=[x y] {msg literal "
	    "flags=8,[foo] date=837596665-420 size=5}\nDATA [12345]\n"
	    "OK a APPEND mbox=[x y]\n");
	/* MULTIAPPEND, with an empty one */
	check("a APPEND x {1+}\r\nA (\\Draft) {0+}\r\n ~{2}\r\nBC\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=1}\n"
	    "DATA [A]\n"
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=10 size=0}\n"
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=2 sync "
	    "bin}\nDATA [BC]\nOK a APPEND mbox=[x]\n");
	/* UTF8 */
	check("a APPEND x UTF8 (~{3+}\r\nabc) {1+}\r\nz\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=3 bin "
	    "utf8}\nDATA [abc]\n"
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=1}\n"
	    "DATA [z]\nOK a APPEND mbox=[x]\n");
	check("a APPEND x UTF8 ({3}\r\nb NOOP\r\n",
	    "BAD a literal8 expected\nOK b NOOP\n");
	/* What comes after the message is bad. */
	check("a APPEND x {1+}\r\nAfoo {2+}\r\nxx\r\nb NOOP\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=1}\n"
	    "DATA [A]\nBAD a unexpected text at the end\nOK b NOOP\n");
	check("a APPEND x {1+}\r\nA (\\Foo) {2}\r\nb NOOP\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=1}\n"
	    "DATA [A]\nBAD a no such system flag\nOK b NOOP\n");
	check("a APPEND x \"17-Jul-1996\" {1}\r\nb NOOP\r\n",
	    "BAD a bad date-time\nOK b NOOP\n");
	check("a APPEND x\r\nb NOOP\r\n",
	    "BAD a space expected\nOK b NOOP\n");
	check("a UID REPLACE 5 x {1+}\r\nA\r\nb REPLACE * y {2+}\r\nAB {1+}\r\n"
	    "C\r\n",
	    "SEGMENT a UID REPLACE number=5 mbox=[x] {msg literal flags=0 "
	    "size=1}\nDATA [A]\nOK a UID REPLACE number=5 mbox=[x]\n"
	    "SEGMENT b REPLACE number=0 mbox=[y] {msg literal flags=0 "
	    "size=2}\nDATA [AB]\nBAD b unexpected text at the end\n");
}

ATF_TC_WITHOUT_HEAD(catenate);
ATF_TC_BODY(catenate, tc)
{
	check("a APPEND x (\\Seen) CATENATE (URL \"/a;UID=1\" TEXT {3+}\r\nabc "
	    "URL {2+}\r\n/b TEXT {1}\r\nz) {1+}\r\nq\r\nb NOOP\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg url flags=8 url=[/a;UID=1]} "
	    "{text size=3}\nDATA [abc]\n"
	    "SEGMENT a APPEND mbox=[x] {url url=[/b]} {text size=1 sync}\n"
	    "DATA [z]\n"
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=1}\n"
	    "DATA [q]\nOK a APPEND mbox=[x]\nOK b NOOP\n");
	check("a APPEND x CATENATE (URL /a) CATENATE (URL /b)\r\n",
	    "OK a APPEND mbox=[x] {msg url flags=0 url=[/a]} "
	    "{msg url flags=0 url=[/b]}\n");
	check("a APPEND x CATENATE (FOO /a)\r\nb NOOP\r\n",
	    "BAD a TEXT or URL expected\nOK b NOOP\n");
	check("a APPEND x CATENATE ()\r\nb NOOP\r\n",
	    "BAD a name expected\nOK b NOOP\n");
}

ATF_TC_WITHOUT_HEAD(refuse);
ATF_TC_BODY(refuse, tc)
{
	check("a APPEND refuse {8}\r\nb NOOP\r\n",
	    "SEGMENT a APPEND mbox=[refuse] {msg literal flags=0 size=8 "
	    "sync}\nREFUSED at once\nOK b NOOP\n");
	check("a APPEND refuse {8+}\r\nb NOOP\r\n {4+}\r\nabcd\r\nc NOOP\r\n",
	    "SEGMENT a APPEND mbox=[refuse] {msg literal flags=0 size=8}\n"
	    "REFUSED a -\nOK c NOOP\n");
	check("a APPEND refuse {0+}\r\n\r\nc NOOP\r\n",
	    "SEGMENT a APPEND mbox=[refuse] {msg literal flags=0 size=0}\n"
	    "REFUSED a -\nOK c NOOP\n");
	check("a APPEND second {1+}\r\nA {2}\r\nc NOOP\r\n",
	    "SEGMENT a APPEND mbox=[second] {msg literal flags=0 size=1}\n"
	    "DATA [A]\nSEGMENT a APPEND mbox=[second] {msg literal flags=0 "
	    "size=2 sync}\nREFUSED at once\nOK c NOOP\n");
	/* The client gives up when it gets no "+" for the second one. */
	check("a APPEND refuse {1+}\r\nA {2}\r\nc NOOP\r\n",
	    "SEGMENT a APPEND mbox=[refuse] {msg literal flags=0 size=1}\n"
	    "REFUSED a -\nOK c NOOP\n");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	/* 60 bytes a line */
	check_small("a LOGIN 12345678901234567890 "
	    "1234567890123456789012345678901234567890\r\nb NOOP\r\n",
	    "TOOBIG a command line too long\nOK b NOOP\n");
	check_small("a LOGIN 12345678901234567890 "
	    "12345678901234567890123456789012345678901234567890 {8+}\r\n"
	    "b NOOP\r\n\r\nc NOOP\r\n",
	    "TOOBIG a command line too long\nOK c NOOP\n");
	check_small("1234567890123456789012345678901234567890123456789012345"
	    "6789012345678901234567890 NOOP\r\nb NOOP\r\n",
	    "TOOBIG * command line too long\nOK b NOOP\n");
	/* 20 bytes a literal */
	check_small("a LOGIN joe {20+}\r\n12345678901234567890\r\n",
	    "OK a LOGIN user=[joe] pass=[12345678901234567890]\n");
	check_small("a LOGIN joe {21+}\r\n123456789012345678901\r\n"
	    "b NOOP\r\n", "TOOBIG a literal too large\nOK b NOOP\n");
	check_small("a LOGIN joe {21}\r\nb NOOP\r\n",
	    "TOOBIG a literal too large\nOK b NOOP\n");
	check_small("a LOGIN joe {99999999999999999999}\r\nb NOOP\r\n",
	    "BAD a number too large\nOK b NOOP\n");
	check_small("a LOGIN joe {99999999999999999999+}\r\nb NOOP\r\n",
	    "TOOBIG a literal too large\nOK b NOOP\n");
	/* Three literals */
	check_small("a ID ({1+}\r\na {1+}\r\nb {1+}\r\nc NIL)\r\n",
	    "OK a ID [a]=[b] [c]=NIL\n");
	check_small("a ID ({1+}\r\na {1+}\r\nb {1+}\r\nc {1+}\r\nd)\r\n"
	    "b NOOP\r\n", "TOOBIG a literal too large\nOK b NOOP\n");
	/* A message is no literal of ours. */
	check_small("a APPEND x {30+}\r\n123456789012345678901234567890\r\n",
	    "SEGMENT a APPEND mbox=[x] {msg literal flags=0 size=30}\n"
	    "DATA [123456789012345678901234567890]\nOK a APPEND mbox=[x]\n");
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	struct feed	f;
	char		big[36000];

	feed_init(&f, &imap_limits_noauth);
	imap_parser_lines(&f.parser, 1);
	feed_add(&f, "AGEA", 4);
	feed_add(&f, "Yg==\r", 5);
	feed_add(&f, "\n*\r\nDO{5}\nDONE", 14);
	memset(big, 'x', sizeof(big));
	feed_add(&f, "\r\n", 2);
	feed_add(&f, big, sizeof(big));
	feed_add(&f, "\r\nok\r\n", 6);
	imap_parser_lines(&f.parser, 0);
	feed_add(&f, "a NOOP\r\n", 8);
	buf_addc(&f.out, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&f.out), "LINE [AGEAYg==]\nLINE [*]\n"
	    "LINE [DO{5}]\nLINE [DONE]\nTOOBIG * line too long\nLINE [ok]\n"
	    "OK a NOOP\n");
	feed_free(&f);
}

/* A message of many pieces costs no memory, and its bytes are counted. */
ATF_TC_WITHOUT_HEAD(stream);
ATF_TC_BODY(stream, tc)
{
	struct feed	f;
	char		block[1000];
	int		i;

	feed_init(&f, &imap_limits_auth);
	memset(block, '{', sizeof(block));
	feed_add(&f, "a APPEND x {1000000+}\r\n", 23);
	ATF_CHECK_EQ(imap_parser_left(&f.parser), 1000000);
	for (i = 0; i < 1000; i++) {
		feed_add(&f, block, sizeof(block));
		ATF_CHECK_EQ(f.in.len, 0);
	}
	ATF_CHECK_EQ(f.data, 1000000);
	feed_add(&f, "\r\n", 2);
	ATF_CHECK(f.parser.cmd == NULL);
	feed_free(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, literals);
	ATF_TP_ADD_TC(tp, nul);
	ATF_TP_ADD_TC(tp, recovery);
	ATF_TP_ADD_TC(tp, append);
	ATF_TP_ADD_TC(tp, catenate);
	ATF_TP_ADD_TC(tp, refuse);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, stream);
	return atf_no_error();
}
