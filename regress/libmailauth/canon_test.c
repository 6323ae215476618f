/* Canonicalization: the RFC's examples, and every way to cut them. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "libmailauth/canon.h"

static struct buf	got;

static void
sink(void *arg, const void *p, size_t n)
{
	ATF_REQUIRE(buf_add(&got, p, n) == 0);
}

static void
check(enum canon canon, const char *in, size_t len, const char *want)
{
	struct canon_body	 c;
	size_t			 i, j;

	for (i = 0; i <= len; i++)
		for (j = i; j <= len; j += 1 + (len > 60) * 7) {
			buf_init(&got, 65536);
			canon_body_init(&c, canon, sink, NULL);
			canon_body_add(&c, in, i);
			canon_body_add(&c, in + i, j - i);
			canon_body_add(&c, in + j, len - j);
			canon_body_end(&c);
			ATF_CHECK_MSG(got.len == strlen(want) &&
			    (got.len == 0 || memcmp(buf_ptr(&got), want,
			    got.len) == 0), "%d \"%s\" at %zu %zu: \"%.*s\"",
			    canon, in, i, j, (int)got.len,
			    (char *)buf_ptr(&got));
			buf_free(&got);
		}
}

static void
check_both(const char *in, const char *simple, const char *relaxed)
{
	check(CANON_SIMPLE, in, strlen(in), simple);
	check(CANON_RELAXED, in, strlen(in), relaxed);
}

ATF_TC_WITHOUT_HEAD(body);
ATF_TC_BODY(body, tc)
{
	/* RFC 6376 3.4.5 */
	check_both(" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",
	    " C\r\nD E\r\n");
	/* 3.4.3, 3.4.4: the empty body */
	check_both("", "\r\n", "");
	check_both("\r\n", "\r\n", "");
	check_both("\r\n\r\n\r\n", "\r\n", "");
	check_both("  \t\r\n \r\n", "  \t\r\n \r\n", "");
	check_both("no end", "no end\r\n", "no end\r\n");
	check_both("no end \t", "no end \t\r\n", "no end\r\n");
	check_both("a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n",
	    "a\r\n\r\n\r\nb\r\n");
	check_both("a \r\n  \r\n\r\n b  c\r\n\t\r\n",
	    "a \r\n  \r\n\r\n b  c\r\n\t\r\n", "a\r\n\r\n\r\n b c\r\n");
	/* CR and LF on their own, though no mail that we take has them */
	check_both("a\rb\r\n", "a\rb\r\n", "a\rb\r\n");
	check_both("a\r\r\n", "a\r\r\n", "a\r\r\n");
	check_both("a\nb\n\n", "a\r\nb\r\n", "a\r\nb\r\n");
	check_both("a\r", "a\r\r\n", "a\r\r\n");
	check_both(" \r x", " \r x\r\n", " \r x\r\n");
}

/* Lines longer than any buffer inside. */
ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	struct canon_body	 c;
	char			*in;
	size_t			 n = 300001, i;

	in = malloc(n + 1);
	for (i = 0; i < n; i++)
		in[i] = i % 7 == 0 ? ' ' : 'x';
	buf_init(&got, 1 << 20);
	canon_body_init(&c, CANON_RELAXED, sink, NULL);
	for (i = 0; i < n; i += 9999)
		canon_body_add(&c, in + i, n - i < 9999 ? n - i : 9999);
	canon_body_end(&c);
	ATF_CHECK_EQ(got.len, n + 2);
	ATF_CHECK(memcmp(buf_ptr(&got), in, n) == 0);
	buf_free(&got);
	canon_body_init(&c, CANON_SIMPLE, sink, NULL);
	canon_body_add(&c, in, n);
	canon_body_end(&c);
	ATF_CHECK_EQ(got.len, n + 2);
	ATF_CHECK(memcmp(buf_ptr(&got), in, n) == 0);
	buf_free(&got);
	free(in);
}

static void
check_header(const char *in, const char *simple, const char *relaxed)
{
	struct header_iter	 it;
	struct header		 h;
	struct buf		 b;

	header_iter_init(&it, in, strlen(in));
	ATF_REQUIRE(header_next(&it, &h) == 1);
	buf_init(&b, 65536);
	ATF_REQUIRE(canon_header(CANON_SIMPLE, &h, &b) == 0);
	ATF_CHECK_MSG(b.len == strlen(simple) && memcmp(buf_ptr(&b), simple,
	    b.len) == 0, "%.*s", (int)b.len, (char *)buf_ptr(&b));
	buf_free(&b);
	ATF_REQUIRE(canon_header(CANON_RELAXED, &h, &b) == 0);
	ATF_CHECK_MSG(b.len == strlen(relaxed) && memcmp(buf_ptr(&b), relaxed,
	    b.len) == 0, "%.*s", (int)b.len, (char *)buf_ptr(&b));
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(header);
ATF_TC_BODY(header, tc)
{
	check_header("A: X\r\n", "A: X\r\n", "a:X\r\n");
	check_header("B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n",
	    "b:Y Z\r\n");
	check_header("Subject:\r\n", "Subject:\r\n", "subject:\r\n");
	check_header("Subject: \r\n \r\n", "Subject: \r\n \r\n",
	    "subject:\r\n");
	check_header("X:a\n b", "X:a\n b\r\n", "x:a b\r\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, body);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, header);
	return atf_no_error();
}
