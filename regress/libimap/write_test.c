/* Responses, byte for byte. */
#include <atf-c.h>
#include <string.h>

#include "libimap/imap_caps.h"
#include "libimap/imap_write.h"

static struct buf	b;
static struct imap_out	o;

static void
start(uint32_t enabled)
{
	buf_free(&b);
	buf_init(&b, 65536);
	imap_out_init(&o, &b, enabled);
}

static void
is(const char *want)
{
	ATF_CHECK(!o.fail);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	start(0);
}

ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	start(0);
	imap_out_nstring(&o, SPAN_NONE);
	is("NIL");
	imap_out_nstring(&o, SPAN(""));
	is("\"\"");
	imap_out_nstring(&o, SPAN("a\"b\\c"));
	is("\"a\\\"b\\\\c\"");
	imap_out_nstring(&o, SPAN("a\nb"));
	is("{3}\r\na\nb");
	imap_out_nstring(&o, SPAN("\303\274"));
	is("{2}\r\n\303\274");
	start(IMAP_EN_UTF8);
	imap_out_nstring(&o, SPAN("\303\274"));
	is("\"\303\274\"");
	imap_out_astring(&o, SPAN("abc"));
	is("abc");
	imap_out_astring(&o, SPAN("nil"));
	is("\"nil\"");
	imap_out_astring(&o, SPAN(""));
	is("\"\"");
	imap_out_astring(&o, SPAN("a b"));
	is("\"a b\"");
	imap_out_mailbox(&o, SPAN("Entw\303\274rfe"));
	is("Entw&APw-rfe");
	imap_out_mailbox(&o, SPAN("a b/c"));
	is("\"a b/c\"");
	start(IMAP_EN_REV2);
	imap_out_mailbox(&o, SPAN("Entw\303\274rfe & x"));
	is("\"Entw\303\274rfe & x\"");
	imap_out_num(&o, UINT64_MAX);
	is("18446744073709551615");
	imap_out_text(&o, "a\r\nb");
	is("a??b");
}

ATF_TC_WITHOUT_HEAD(replies);
ATF_TC_BODY(replies, tc)
{
	struct rseq_run	r1[] = { { 1, 3 }, { 7, 7 } };
	struct rseq_run	r2[] = { { 40, 43 } };
	struct rseq	from = { r1, 2, 2 }, to = { r2, 1, 1 };
	struct rseq	none = { NULL, 0, 0 };

	start(0);
	imap_out_reply(&o, SPAN("a1"), "OK", NULL, "done");
	is("a1 OK done\r\n");
	imap_out_reply(&o, SPAN_NONE, "BAD", "CLIENTBUG", "x");
	is("* BAD [CLIENTBUG] x\r\n");
	imap_out_count(&o, 23, "EXISTS");
	is("* 23 EXISTS\r\n");
	imap_out_vanished(&o, &from, 1);
	is("* VANISHED (EARLIER) 1:3,7\r\n");
	imap_out_vanished(&o, &none, 0);
	is("");
	imap_out_status(&o, SPAN("a"), "OK");
	imap_out_copyuid(&o, 99, &from, &to);
	imap_out_crlf(&o);
	is("a OK [COPYUID 99 1:3,7 40:43]\r\n");
	imap_out_appenduid(&o, 5, &to);
	is("[APPENDUID 5 40:43]");
}

ATF_TC_WITHOUT_HEAD(fetch);
ATF_TC_BODY(fetch, tc)
{
	static const uint64_t	kw[] = { 5 };
	const struct span	names[] = {
		SPAN("$Junk"), SPAN("x"), SPAN("y")
	};
	uint32_t		path[] = { 1, 2 };
	struct imap_fetch_item	it = {
		.type = IMAP_FETCH_SECTION, .partial = 1, .first = 10,
		.section = { .path = path, .npath = 2,
		    .text = IMAP_SECTION_TEXT }
	};

	start(0);
	imap_out_fetch(&o, 5, 99, 0);
	imap_out_fetch_flags(&o, IMAP_FLAG_SEEN | IMAP_FLAG_ANSWERED, kw,
	    names, 3);
	imap_out_fetch_uid(&o, 99);
	imap_out_fetch_modseq(&o, 7);
	imap_out_fetch_num(&o, "RFC822.SIZE", 1234);
	imap_out_fetch_date(&o, "INTERNALDATE", 837596665, -420);
	imap_out_fetch_id(&o, "EMAILID", SPAN("M1"));
	imap_out_fetch_id(&o, "THREADID", SPAN_NONE);
	imap_out_fetch_raw(&o, "ENVELOPE", SPAN("(NIL)"));
	imap_out_fetch_nstring(&o, "PREVIEW", SPAN("hi"));
	imap_out_fetch_section(&o, &it, 3, 0);
	imap_out_str(&o, "abc");
	imap_out_fetch_section(&o, &it, UINT64_MAX, 0);
	imap_out_fetch_end(&o);
	is("* 5 FETCH (FLAGS (\\Answered \\Seen $Junk y) UID 99 MODSEQ (7) "
	    "RFC822.SIZE 1234 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
	    "EMAILID (M1) THREADID NIL ENVELOPE (NIL) PREVIEW \"hi\" "
	    "BODY[1.2.TEXT]<10> {3}\r\nabc BODY[1.2.TEXT]<10> NIL)\r\n");
	imap_out_fetch(&o, 5, 99, 1);
	imap_out_fetch_flags(&o, 0, NULL, NULL, 0);
	imap_out_fetch_end(&o);
	is("* 99 UIDFETCH (FLAGS ())\r\n");
	it.type = IMAP_FETCH_BINARY;
	it.partial = 0;
	it.section.text = IMAP_SECTION_ALL;
	imap_out_fetch_section(&o, &it, 5, 1);
	is("BINARY[1.2] ~{5}\r\n");
}

ATF_TC_WITHOUT_HEAD(status);
ATF_TC_BODY(status, tc)
{
	start(0);
	imap_out_status_begin(&o, SPAN("a b"));
	imap_out_status_item(&o, IMAP_ST_MESSAGES, 5);
	imap_out_status_item(&o, IMAP_ST_APPENDLIMIT, UINT64_MAX);
	imap_out_status_id(&o, SPAN("F7"));
	imap_out_status_end(&o);
	is("* STATUS \"a b\" (MESSAGES 5 APPENDLIMIT NIL "
	    "MAILBOXID (F7))\r\n");
}

static void
esearch(uint32_t ret, int64_t pa, int64_t pb, const struct rseq *s,
    const char *want)
{
	struct imap_search	q = {
		.ret = ret, .partial_a = pa, .partial_b = pb
	};

	imap_out_esearch(&o, SPAN("t"), 1, &q, s, 0);
	is(want);
}

ATF_TC_WITHOUT_HEAD(search);
ATF_TC_BODY(search, tc)
{
	struct rseq_run	r[] = { { 2, 4 }, { 7, 7 }, { 10, 12 } };
	struct rseq	s = { r, 3, 3 }, none = { NULL, 0, 0 };

	start(0);
	imap_out_search(&o, &s, 0);
	is("* SEARCH 2 3 4 7 10 11 12\r\n");
	imap_out_search(&o, &s, 99);
	is("* SEARCH 2 3 4 7 10 11 12 (MODSEQ 99)\r\n");
	imap_out_search(&o, &none, 99);
	is("* SEARCH\r\n");
	esearch(IMAP_RET_ALL, 0, 0, &s,
	    "* ESEARCH (TAG \"t\") UID ALL 2:4,7,10:12\r\n");
	esearch(IMAP_RET_MIN | IMAP_RET_MAX | IMAP_RET_COUNT, 0, 0, &s,
	    "* ESEARCH (TAG \"t\") UID MIN 2 MAX 12 COUNT 7\r\n");
	esearch(IMAP_RET_MIN | IMAP_RET_ALL | IMAP_RET_COUNT, 0, 0, &none,
	    "* ESEARCH (TAG \"t\") UID COUNT 0\r\n");
	esearch(IMAP_RET_PARTIAL, 1, 2, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (1:2 2:3)\r\n");
	esearch(IMAP_RET_PARTIAL, 5, 3, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (5:3 4,7,10)\r\n");
	esearch(IMAP_RET_PARTIAL, 7, 70, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (7:70 12)\r\n");
	esearch(IMAP_RET_PARTIAL, 8, 70, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (8:70 NIL)\r\n");
	esearch(IMAP_RET_PARTIAL, -1, -4, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (-1:-4 7,10:12)\r\n");
	esearch(IMAP_RET_PARTIAL, -7, -100, &s,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (-7:-100 2)\r\n");
	esearch(IMAP_RET_PARTIAL, -1, -4, &none,
	    "* ESEARCH (TAG \"t\") UID PARTIAL (-1:-4 NIL)\r\n");
}

/* A full buffer is noticed, whatever was being written. */
ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct buf		small;
	struct imap_out		out;
	struct imap_fetch_item	it = { .type = IMAP_FETCH_SECTION };
	size_t			max;

	for (max = 0; max < 60; max++) {
		buf_init(&small, max);
		imap_out_init(&out, &small, 0);
		imap_out_fetch(&out, 1, 2, 0);
		imap_out_fetch_section(&out, &it, 10, 0);
		imap_out_fetch_id(&out, "EMAILID", SPAN("M123456789012345"));
		imap_out_fetch_end(&out);
		ATF_CHECK_EQ(out.fail, max < 54);
		ATF_CHECK(small.len <= max);
		buf_free(&small);
	}
}

ATF_TC_WITHOUT_HEAD(caps);
ATF_TC_BODY(caps, tc)
{
	struct imap_caps	c;
	struct imap_session_state st;

	memset(&c, 0, sizeof(c));
	memset(&st, 0, sizeof(st));
	c.on[IMAP_CAP_REV1] = c.on[IMAP_CAP_IDLE] = c.on[IMAP_CAP_SASL_IR] =
	    c.on[IMAP_CAP_APPENDLIMIT] = c.on[IMAP_CAP_COMPRESS] = 1;
	c.mechs = "PLAIN SCRAM-SHA-256";
	c.appendlimit = 1000;
	st.starttls = 1;
	start(0);
	ATF_CHECK_EQ(imap_caps_print(&c, &st, &b), 0);
	is("IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED");
	st.secure = 1;
	ATF_CHECK_EQ(imap_caps_print(&c, &st, &b), 0);
	is("IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=SCRAM-SHA-256");
	st.state = IMAP_STATE_AUTH;
	ATF_CHECK_EQ(imap_caps_print(&c, &st, &b), 0);
	is("IMAP4rev1 IDLE APPENDLIMIT=1000 COMPRESS=DEFLATE");
	st.compressed = 1;
	imap_out_str(&o, "* CAPABILITY ");
	ATF_CHECK_EQ(imap_caps_print(&c, &st, &b), 0);
	is("* CAPABILITY IMAP4rev1 IDLE APPENDLIMIT=1000");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, replies);
	ATF_TP_ADD_TC(tp, fetch);
	ATF_TP_ADD_TC(tp, status);
	ATF_TP_ADD_TC(tp, search);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, caps);
	return atf_no_error();
}
