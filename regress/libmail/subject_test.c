/* Base subjects, message ids, what a submission lacks. */
#include <atf-c.h>

#include <stdio.h>
#include <string.h>

#include "libmail/fixup.h"
#include "libmail/subject.h"

static void
base(const char *in, const char *want, int reply)
{
	char text[256];
	struct span s;
	int r;

	snprintf(text, sizeof(text), "%s", in);
	s = subject_base((struct span){ text, subject_squeeze(text,
	    strlen(text)) }, &r);
	ATF_CHECK_MSG(span_eq(s, span_of(want)), "<%s>: <%.*s>, not <%s>",
	    in, (int)s.len, s.p, want);
	ATF_CHECK_EQ_MSG(r, reply, "%s", in);
}

ATF_TC_WITHOUT_HEAD(subjects);
ATF_TC_BODY(subjects, tc)
{
	base("hello", "hello", 0);
	base("  a \t b  ", "a b", 0);
	base("Re: hello", "hello", 1);
	base("RE: re:fwd: Fw: hello (fwd) (FWD) ", "hello", 1);
	base("Re [x]: hello", "hello", 1);
	base("[list] Re: [list] hello", "hello", 1);
	base("[list] hello", "hello", 0);
	base("[list]", "[list]", 0);
	base("[Fwd: Re: hello]", "hello", 1);
	base("[fwd: hello", "[fwd: hello", 0);
	base("Reply: x", "Reply: x", 0);
	base("", "", 0);
	base("Re:", "", 1);
	base("[a[b] c", "[a[b] c", 0);
}

static void
ids(const char *in, const char *want)
{
	struct span s = span_of(in);
	struct buf b;
	int r;

	buf_init(&b, 4096);
	while ((r = msgid_next(&s, &b)) == 1)
		buf_addc(&b, ' ');
	ATF_CHECK_EQ(r, 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(msgids);
ATF_TC_BODY(msgids, tc)
{
	ids("<a@b>", "a@b ");
	ids(" <a@b>\r\n <c@d>\t<e>", "a@b c@d e ");
	ids("<\"q\"@b>", "q@b ");
	ids("<\"a b\\\"\"@c>", "a b\"@c ");
	ids("<a @ \r\n b>", "a@b ");
	ids("Your message <a@b> of Tue", "a@b ");
	ids("a@b", "a@b ");
	ids("a b@c", "");
	ids("<a@b", "");
	ids("<a<c@d>", "c@d ");
	ids("<>", "");
	ids("", "");
}

ATF_TC_WITHOUT_HEAD(fixup);
ATF_TC_BODY(fixup, tc)
{
	static const char msg[] = "Received: x\r\nReceived: y\r\n"
	    "From: a@b\r\nDate: never\r\n\r\nDate: x\r\n";
	static const uint8_t rnd[16] = { 0xff, 0, 1 };
	struct fixup f;
	struct buf b;

	fixup_scan(msg, sizeof(msg) - 1, &f);
	ATF_CHECK_EQ(f.nreceived, 2);
	ATF_CHECK_EQ(f.ndate, 1);
	ATF_CHECK_EQ(f.nfrom, 1);
	ATF_CHECK_EQ(f.nmsgid, 0);
	ATF_CHECK(f.bad_date && f.any && !f.bcc);
	buf_init(&b, 1000);
	f.ndate = 0;
	ATF_REQUIRE_EQ(fixup_render(&f, 1057049557, 120, rnd, SPAN("h.example"),
	    &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b),
	    "Date: Tue, 01 Jul 2003 10:52:37 +0200\r\n"
	    "Message-ID: <vs002000000000000000000000@h.example>\r\n");
	buf_free(&b);
	fixup_scan("", 0, &f);
	ATF_CHECK(!f.any);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, subjects);
	ATF_TP_ADD_TC(tp, msgids);
	ATF_TP_ADD_TC(tp, fixup);
	return atf_no_error();
}
