/* smtp_xtext, smtp_sasl, smtp_utf8. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_sasl.h"
#include "libsmtp/smtp_utf8.h"
#include "libsmtp/smtp_xtext.h"

ATF_TC_WITHOUT_HEAD(xtext);
ATF_TC_BODY(xtext, tc)
{
	static const struct {
		const char	*in, *out;
	} bad[] = {
		{ "+", NULL }, { "+4", NULL }, { "a+4", NULL },
		{ "+4G", NULL }, { "a=b", NULL }, { "a b", NULL },
		{ "a\tb", NULL }, { "\303\274", NULL }, { "+0A", NULL },
		{ "+00", NULL }, { "+7F", NULL }, { "\177", NULL },
		{ "a+2Bb+3Dc", "a+b=c" }, { "+20", " " },
		{ "+c3+BC", "\303\274" },
		{ "", "" },
	};
	char	 enc[64], dec[64];
	size_t	 i, n;
	int	 len;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = smtp_xtext_decode(span_of(bad[i].in), dec, sizeof(dec));
		if (bad[i].out == NULL)
			ATF_CHECK_EQ_MSG(-1, len, "%s", bad[i].in);
		else {
			ATF_CHECK_EQ((int)strlen(bad[i].out), len);
			ATF_CHECK_STREQ(bad[i].out, dec);
		}
	}
	len = smtp_xtext_encode(SPAN("a+b=c d\303\274~!"), enc, sizeof(enc));
	ATF_CHECK_STREQ("a+2Bb+3Dc+20d+C3+BC~!", enc);
	ATF_CHECK_EQ((int)strlen(enc), len);
	for (n = 0; n <= (size_t)len; n++)
		ATF_CHECK_EQ(-1, smtp_xtext_encode(
		    SPAN("a+b=c d\303\274~!"), enc, n));
	ATF_CHECK_EQ(-1, smtp_xtext_decode(SPAN("abc"), dec, 3));
	ATF_CHECK_EQ(3, smtp_xtext_decode(SPAN("abc"), dec, 4));
	ATF_CHECK_EQ(-1, smtp_xtext_decode(SPAN(""), dec, 0));
}

ATF_TC_WITHOUT_HEAD(orcpt);
ATF_TC_BODY(orcpt, tc)
{
	static const struct {
		const char	*wire, *plain, *back8, *back7;
	} v[] = {
		{ "rfc822;a@b", "rfc822;a@b", "rfc822;a@b", "rfc822;a@b" },
		{ "RFC822;a+2Bb@c", "rfc822;a+b@c", "rfc822;a+2Bb@c",
		    "rfc822;a+2Bb@c" },
		{ "utf-8;\\x{FC}@c", "utf-8;\303\274@c", "utf-8;\303\274@c",
		    "utf-8;\\x{FC}@c" },
		{ "utf-8;\303\274\\x{2B}@c", "utf-8;\303\274+@c",
		    "utf-8;\303\274\\x{2B}@c", "utf-8;\\x{FC}\\x{2B}@c" },
		{ "utf-8;\\x{1F600}", "utf-8;\360\237\230\200",
		    "utf-8;\360\237\230\200", "utf-8;\\x{1F600}" },
		{ "utf-8;a\\x{5C}b", "utf-8;a\\b", "utf-8;a\\x{5C}b",
		    "utf-8;a\\x{5C}b" },
	};
	static const char	*const bad[] = {
		"", "a", ";a", "rfc822;", "rfc 822;a", "utf-8;\\x{D800}",
		"utf-8;\\x{110000}", "utf-8;\\x{}", "utf-8;\\x{0A}",
		"utf-8;\\x{41", "utf-8;\\y", "utf-8;a b", "utf-8;a+b",
		"utf-8;\303", "rfc822;\303\274", "utf-8;\\x{0000041}",
	};
	char	 a[128], b[128];
	size_t	 i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		ATF_CHECK_EQ_MSG((int)strlen(v[i].plain), smtp_orcpt_decode(
		    span_of(v[i].wire), a, sizeof(a)), "%s", v[i].wire);
		ATF_CHECK_STREQ(v[i].plain, a);
		ATF_CHECK_EQ((int)strlen(v[i].back8),
		    smtp_orcpt_encode(span_of(a), 1, b, sizeof(b)));
		ATF_CHECK_STREQ(v[i].back8, b);
		ATF_CHECK_EQ((int)strlen(v[i].back7),
		    smtp_orcpt_encode(span_of(a), 0, b, sizeof(b)));
		ATF_CHECK_STREQ(v[i].back7, b);
		ATF_CHECK_EQ(-1, smtp_orcpt_encode(span_of(a), 0, b,
		    strlen(v[i].back7)));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(-1, smtp_orcpt_decode(span_of(bad[i]), a,
		    sizeof(a)), "%s", bad[i]);
}

ATF_TC_WITHOUT_HEAD(utf8);
ATF_TC_BODY(utf8, tc)
{
	char		 ch[4];
	uint32_t	 cp, back;
	size_t		 n, i;

	for (cp = 0; cp < 0x110100; cp++) {
		n = smtp_utf8_put(ch, cp);
		if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
			ATF_REQUIRE_EQ(0, n);
			continue;
		}
		ATF_REQUIRE_EQ(n, smtp_utf8_get(ch, n, &back));
		ATF_REQUIRE_EQ(cp, back);
		for (i = 0; i < n; i++)
			ATF_REQUIRE_EQ(0, smtp_utf8_get(ch, i, &back));
	}
	ATF_CHECK(!smtp_utf8_valid("\300\200", 2));
	ATF_CHECK(!smtp_utf8_valid("\340\200\200", 3));
	ATF_CHECK(!smtp_utf8_valid("\360\200\200\200", 4));
	ATF_CHECK(!smtp_utf8_valid("\355\240\200", 3));
	ATF_CHECK(!smtp_utf8_valid("\365\200\200\200", 4));
	ATF_CHECK(!smtp_utf8_valid("a\200", 2));
	ATF_CHECK(smtp_utf8_valid("", 0));
}

ATF_TC_WITHOUT_HEAD(sasl);
ATF_TC_BODY(sasl, tc)
{
	struct buf	 out;
	char		 dst[16];
	size_t		 n;

	ATF_CHECK_EQ(SMTP_SASL_DATA,
	    smtp_sasl_decode(SPAN("AGEAYg=="), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(4, n);
	ATF_CHECK(memcmp(dst, "\0a\0b", 4) == 0);
	ATF_CHECK_EQ(SMTP_SASL_DATA,
	    smtp_sasl_decode(SPAN(""), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(0, n);
	ATF_CHECK_EQ(SMTP_SASL_DATA,
	    smtp_sasl_decode(SPAN("="), 1, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(0, n);
	ATF_CHECK_EQ(SMTP_SASL_BAD,
	    smtp_sasl_decode(SPAN("="), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(SMTP_SASL_CANCEL,
	    smtp_sasl_decode(SPAN("*"), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(SMTP_SASL_BAD,
	    smtp_sasl_decode(SPAN("*"), 1, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(SMTP_SASL_BAD,
	    smtp_sasl_decode(SPAN("AGEAYg"), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(SMTP_SASL_BAD,
	    smtp_sasl_decode(SPAN("AGE AYg=="), 0, dst, sizeof(dst), &n));
	ATF_CHECK_EQ(SMTP_SASL_BAD,
	    smtp_sasl_decode(SPAN("AGEAYg=="), 0, dst, 3, &n));

	buf_init(&out, 100);
	ATF_CHECK_EQ(0, smtp_sasl_challenge(&out, "\0a\0b", 4));
	ATF_CHECK_EQ(0, smtp_sasl_challenge(&out, "", 0));
	ATF_CHECK_EQ(0, smtp_sasl_encode(&out, "", 0, 1));
	ATF_CHECK_EQ(0, buf_addc(&out, '\0'));
	ATF_CHECK_STREQ("334 AGEAYg==\r\n334 \r\n=", (char *)buf_ptr(&out));
	buf_free(&out);
	buf_init(&out, 10);
	ATF_CHECK_EQ(-1, smtp_sasl_challenge(&out, "\0a\0b", 4));
	ATF_CHECK_EQ(0, out.len);
	buf_free(&out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, xtext);
	ATF_TP_ADD_TC(tp, orcpt);
	ATF_TP_ADD_TC(tp, utf8);
	ATF_TP_ADD_TC(tp, sasl);
	return atf_no_error();
}
