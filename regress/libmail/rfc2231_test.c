/* Parameters of MIME fields. */
#include <atf-c.h>

#include <string.h>

#include "libmail/rfc2231.h"

static void
check(const char *in, const char *want)
{
	struct params ps = { NULL, 0, 0 };
	struct arena a;
	struct buf b;
	size_t i;

	arena_init(&a, 1 << 20);
	buf_init(&b, 4096);
	ATF_REQUIRE_EQ(rfc2231_parse(&a, span_of(in), &ps), 0);
	for (i = 0; i < ps.n; i++)
		buf_addf(&b, "%s%.*s=%.*s", i == 0 ? "" : "|",
		    (int)ps.v[i].name.len, ps.v[i].name.p,
		    (int)ps.v[i].value.len, ps.v[i].value.p);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	arena_free(&a);
}

static void
decoded(const char *in, const char *want)
{
	struct params ps = { NULL, 0, 0 };
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 4096);
	ATF_REQUIRE_EQ(rfc2231_parse(&a, span_of(in), &ps), 0);
	ATF_CHECK_EQ(rfc2231_decode(NULL, &ps, "name", &b),
	    want == NULL ? 0 : 1);
	buf_addc(&b, '\0');
	if (want != NULL)
		ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(parse);
ATF_TC_BODY(parse, tc)
{
	check("; a=b", "a=b");
	check(";A = \"x \\\" y\" (c) ; c=d", "A=x \" y|c=d");
	check("; a=\"b\r\n c\"", "a=b c");
	check("; a*0=x; a*1=y", "a=xy");
	check("; a*1=y; a*0=x; b=c", "b=c|a=xy");
	check("; a*0*=utf-8''%41; a*1=\"%x\"", "a*=utf-8''%41%25x");
	check("; a*0=x; a*1*=%41", "a*=''x%41");
	check("; a*=utf-8''%41", "a*=utf-8''%41");
	check("; a*0=x; a*2=y", "a*0=x|a*2=y");
	check("; z*0=1; b*0=2", "b=2|z=1");
}

ATF_TC_WITHOUT_HEAD(sloppy);
ATF_TC_BODY(sloppy, tc)
{
	check("", "");
	check(";;; = ;a=b;", "a=b");
	check("; a=b c=d", "a=b|c=d");
	check("; a=b c; d=e", "a=b|d=e");
	check("; a=", "a=");
	check("; a=\"open", "a=open");
	check("; a==?utf-8?b?w7Y=?=; c=d", "a==?utf-8?b?w7Y=?=|c=d");
	check("; a=b/c:d; e=f(x)", "a=b/c:d|e=f");
	check("garbage", "");
	check("; 18 *=*=*=", "");
}

ATF_TC_WITHOUT_HEAD(decode);
ATF_TC_BODY(decode, tc)
{
	decoded("; name=x", "x");
	decoded("; name*=utf-8'en'%C3%B6", "\xc3\xb6");
	decoded("; name*0*=iso-8859-1''%F6; name*1*=%E4", "\xc3\xb6\xc3\xa4");
	decoded("; name=old; name*=utf-8''%C3%B6", "\xc3\xb6");
	decoded("; name=\"=?utf-8?q?=C3=B6?=\"", "\xc3\xb6");
	decoded("; name==?utf-8?b?w7Y=?=", "\xc3\xb6");
	decoded("; name*=%zz%4", "%zz%4");
	decoded("; name*=utf-8''a%0D%0Ab", "a  b");
	decoded("; other=x", NULL);
}

/* Many parameters are cut and not quadratic. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct params ps = { NULL, 0, 0 };
	struct arena a;
	struct buf b;
	int i;

	arena_init(&a, 1 << 24);
	buf_init(&b, 1 << 24);
	for (i = 0; i < 100000; i++)
		buf_addstr(&b, i & 1 ? ";a*0=b" : ";x=y");
	ATF_REQUIRE_EQ(rfc2231_parse(&a, (struct span){ (char *)buf_ptr(&b),
	    b.len }, &ps), 0);
	ATF_CHECK(ps.n <= RFC2231_MAXPARAMS);
	buf_free(&b);
	arena_free(&a);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parse);
	ATF_TP_ADD_TC(tp, sloppy);
	ATF_TP_ADD_TC(tp, decode);
	ATF_TP_ADD_TC(tp, many);
	return atf_no_error();
}
