/* Character sets to UTF-8; case mapping. */
#include <atf-c.h>

#include <stdlib.h>
#include <string.h>

#include "libmail/casemap.h"
#include "libmail/charset.h"

static struct charset_ctx *
loaded(void)
{
	static struct charset_ctx *cs;

	if (cs == NULL) {
		ATF_REQUIRE((cs = charset_ctx_new()) != NULL);
		(void)charset_preload(cs);
	}
	return cs;
}

/* In one piece and in every two. */
static void
check(const char *name, const char *in, size_t len, const char *want)
{
	enum charset id = charset_lookup(span_of(name));
	struct charset_dec d;
	struct buf b;
	size_t i;

	for (i = 0; i <= len; i++) {
		buf_init(&b, 4096);
		charset_dec_init(&d, loaded(), id);
		ATF_CHECK_EQ(charset_dec_add(&d, in, i, &b), 0);
		ATF_CHECK_EQ(charset_dec_add(&d, in + i, len - i, &b), 0);
		ATF_CHECK_EQ(charset_dec_end(&d, &b), 0);
		buf_addc(&b, '\0');
		ATF_CHECK_MSG(strcmp((char *)buf_ptr(&b), want) == 0,
		    "%s split at %zu: <%s>, not <%s>", name, i,
		    (char *)buf_ptr(&b), want);
		buf_free(&b);
	}
}

#define C(name, in, want)	check((name), (in), sizeof(in) - 1, (want))

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	int i;

	for (i = CHARSET_ASCII; i < CHARSET_NIDS; i++)
		ATF_CHECK_MSG(charset_lookup(span_of(
		    charset_name((enum charset)i))) == (enum charset)i, "%s",
		    charset_name((enum charset)i));
	ATF_CHECK_EQ(charset_lookup(SPAN(" \"UTF8\" ")), CHARSET_UTF8);
	ATF_CHECK_EQ(charset_lookup(SPAN("ISO_8859-1:1987")), CHARSET_LATIN1);
	ATF_CHECK_EQ(charset_lookup(SPAN("utf-8*en")), CHARSET_UTF8);
	ATF_CHECK_EQ(charset_lookup(SPAN("")), CHARSET_UNKNOWN);
	ATF_CHECK_EQ(charset_lookup(SPAN("x-no-such-set")), CHARSET_UNKNOWN);
}

ATF_TC_WITHOUT_HEAD(builtin);
ATF_TC_BODY(builtin, tc)
{
	C("us-ascii", "abc", "abc");
	C("utf-8", "a\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80z",
	    "a\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80z");
	C("utf-8", "\xc3(\xed\xa0\x80\xc0\xaf\xf5\xe2\x82",
	    "\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	C("iso-8859-1", "\xe4\x80", "\xc3\xa4\xe2\x82\xac");
	C("iso-8859-2", "\xb1", "\xc4\x85");
	C("iso-8859-15", "\xa4", "\xe2\x82\xac");
	C("windows-1251", "\xcf", "\xd0\x9f");
	C("koi8-r", "\xf0", "\xd0\x9f");
	C("iso-8859-7", "\xe1", "\xce\xb1");
	C("x-unknown", "a\xe4 \xc3\xa4\xc3", "a\xc3\xa4 \xc3\xa4\xc3\x83");
	C("utf-16", "\xff\xfe" "a\0\xac\x20", "a\xe2\x82\xac");
	C("utf-16", "\0a\xd8\x3d\xde\x00", "a\xf0\x9f\x98\x80");
	C("utf-16le", "\x3d\xd8" "a\0", "\xef\xbf\xbd" "a");
	C("utf-32be", "\0\0\x20\xac", "\xe2\x82\xac");
	C("utf-7", "Hi Mom -+Jjo--!+-", "Hi Mom -\xe2\x98\xba-!+");
	C("utf-7", "+2D3eAA-", "\xf0\x9f\x98\x80");
}

ATF_TC_WITHOUT_HEAD(foreign);
ATF_TC_BODY(foreign, tc)
{
	if (charset_preload(loaded()) < 6)
		atf_tc_skip("iconv has no East Asian sets here");
	C("gb2312", "\xc4\xe3\xba\xc3!", "\xe4\xbd\xa0\xe5\xa5\xbd!");
	C("big5", "\xa7\x41", "\xe4\xbd\xa0");
	C("euc-jp", "\xa4\xa2", "\xe3\x81\x82");
	C("shift_jis", "\x82\xa0", "\xe3\x81\x82");
	C("iso-2022-jp", "a\x1b$B$\"\x1b(Bb", "a\xe3\x81\x82" "b");
	C("euc-kr", "\xb0\xa1", "\xea\xb0\x80");
	C("gb2312", "\xc4\xe3\xff z", "\xe4\xbd\xa0\xef\xbf\xbd z");
}

ATF_TC_WITHOUT_HEAD(not_loaded);
ATF_TC_BODY(not_loaded, tc)
{
	struct buf b;

	buf_init(&b, 100);
	ATF_CHECK_EQ(charset_decode(NULL, CHARSET_GB18030, "ab", 2, &b), 0);
	ATF_CHECK_EQ(b.len, 2);
	buf_free(&b);
}

/* A full buffer ends with a whole character. */
ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct buf b;
	size_t max;

	for (max = 1; max < 9; max++) {
		buf_init(&b, max);
		ATF_CHECK_EQ(charset_decode(NULL, CHARSET_UTF8,
		    "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 9, &b), -1);
		ATF_CHECK_EQ(b.len, max / 3 * 3);
		buf_free(&b);
	}
}

static void
fold(const char *in, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	ATF_CHECK_EQ(casemap_add(span_of(in), &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(casemap);
ATF_TC_BODY(casemap, tc)
{
	fold("abcXYZ 019@[`{ long enough", "ABCXYZ 019@[`{ LONG ENOUGH");
	fold("caf\xc3\xa9", "CAFE\xcc\x81");
	fold("CAF\xc3\x89", "CAFE\xcc\x81");
	/* a ligature is decomposed, but not mapped again */
	fold("\xef\xac\x81", "fi");
	fold("\xff" "a", "\xff" "A");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, builtin);
	ATF_TP_ADD_TC(tp, foreign);
	ATF_TP_ADD_TC(tp, not_loaded);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, casemap);
	return atf_no_error();
}
