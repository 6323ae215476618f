/* Encoded words. */
#include <atf-c.h>

#include <string.h>

#include "libmail/encword.h"

static void
check(const char *in, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	ATF_CHECK_EQ(encword_decode(NULL, span_of(in), &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	check("plain  text", "plain  text");
	check(" folded\r\n text ", "folded text");
	check("=?iso-8859-1?q?a=E4_b?=", "a\xc3\xa4 b");
	check("=?UTF-8?B?w7Y=?= x", "\xc3\xb6 x");
	check("=?us-ascii?q?a?=\r\n =?us-ascii?q?b?=", "ab");
	check("=?us-ascii?q?a?= x =?us-ascii?q?b?=", "a x b");
	check("=?us-ascii*en?q?a?=", "a");
	check("=?utf-8?q?" "?=x", "x");
}

ATF_TC_WITHOUT_HEAD(sloppy);
ATF_TC_BODY(sloppy, tc)
{
	/* a character cut in two */
	check("=?utf-8?q?a=C3?= =?utf-8?q?=B6b?=", "a\xc3\xb6" "b");
	check("=?utf-8?b?YcM?= =?utf-8?b?tmI=?=", "a\xc3\xb6" "b");
	/* no padding, spaces and folds inside, no space around */
	check("=?utf-8?b?YQ?=", "a");
	check("=?utf-8?q?a b?=", "a b");
	check("=?utf-8?Q?a\r\n _b?=", "a b");
	check("x=?utf-8?q?a?=y", "xay");
	check("=?us-ascii?q?a?==?us-ascii?q?b?=", "ab");
	/* unknown sets, raw 8-bit */
	check("=?x-what?q?a=E4?=", "a\xc3\xa4");
	check("a\xe4 \xc3\xa4", "a\xc3\xa4 \xc3\xa4");
	/* none at all */
	check("=?utf-8?q?open", "=?utf-8?q?open");
	check("=?utf-8?x?a?=", "=?utf-8?x?a?=");
	check("= =? =?" "? =?=", "= =? =?" "? =?=");
	check("=?utf-8?q?=4?=", "=4");
	/* nothing decoded breaks a line */
	check("=?utf-8?q?a=0D=0AX:=00?=", "a  X: ");
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct buf b;

	buf_init(&b, 4);
	ATF_CHECK_EQ(encword_decode(NULL, SPAN("=?utf-8?q?abcdefgh?="), &b),
	    -1);
	ATF_CHECK_EQ(b.len, 4);
	buf_free(&b);
}

static void
there_and_back(const char *text, size_t col)
{
	struct buf b, c;
	const char *p, *q;

	buf_init(&b, 100000);
	buf_init(&c, 100000);
	ATF_REQUIRE_EQ(encword_encode(span_of(text), col, &b), 0);
	ATF_REQUIRE_EQ(encword_decode(NULL, (struct span){
	    (char *)buf_ptr(&b), b.len }, &c), 0);
	buf_addc(&c, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&c), text);
	buf_addc(&b, '\0');
	for (p = (char *)buf_ptr(&b); (q = strstr(p, "\r\n")) != NULL;
	    p = q + 2, col = 0)
		ATF_CHECK_MSG((size_t)(q - p) + col <= 76, "%s", p);
	buf_free(&b);
	buf_free(&c);
}

ATF_TC_WITHOUT_HEAD(encode);
ATF_TC_BODY(encode, tc)
{
	char line[2000];
	size_t i;

	there_and_back("plain", 9);
	there_and_back("\xc3\xbc" "ber alles", 9);
	there_and_back("a =?utf-8?q?b?= c", 9);
	for (i = 0; i + 3 < sizeof(line); i += 3)
		memcpy(line + i, "\xe2\x82\xac", 3);
	line[i] = '\0';
	there_and_back(line, 9);
	there_and_back(line, 70);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, sloppy);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, encode);
	return atf_no_error();
}
