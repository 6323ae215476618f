/* pop3_line: every split of what a client may send. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_line.h"

#define LOG	(POP3_LINE_MAX_AUTH + 64)

/* Feed the first bytes, then all the rest; note what comes out. */
static void
run(int sasl, const char *in, size_t len, size_t first, char *log)
{
	struct pop3_line	 l = { 0, 0 };
	struct span		 line;
	enum codec		 codec;
	size_t			 off = 0, have = first, used, n = 0;
	char			*p;

	for (;;) {
		p = malloc(have - off + 1);
		ATF_REQUIRE(p != NULL);
		memcpy(p, in + off, have - off);
		codec = pop3_line_get(&l, sasl, p, have - off, &line, &used);
		ATF_REQUIRE(used <= have - off);
		off += used;
		if (codec == CODEC_DONE) {
			ATF_REQUIRE(n + line.len + 3 < LOG);
			log[n++] = '[';
			memcpy(log + n, line.p, line.len);
			n += line.len;
			log[n++] = ']';
		} else if (codec != CODEC_MORE)
			log[n++] = codec == CODEC_BAD ? 'B' : 'T';
		free(p);
		if (codec == CODEC_MORE && have == len)
			break;
		if (codec == CODEC_MORE)
			have = len;
	}
	log[n] = '\0';
}

static void
check(int sasl, const char *in, size_t len, const char *want)
{
	static char	 log[LOG];
	size_t		 i;

	for (i = 0; i <= len; i += len < 500 || i < 20 || i + 20 > len ?
	    1 : 97) {
		run(sasl, in, len, i, log);
		ATF_CHECK_STREQ_MSG(want, log, "split at %zu: %s", i, log);
	}
}

ATF_TC_WITHOUT_HEAD(splits);
ATF_TC_BODY(splits, tc)
{
	check(0, "", 0, "");
	check(0, "NOOP", 4, "");
	check(0, "NOOP\r", 5, "");
	check(0, "\r\n\n", 3, "[][]");
	check(0, "NOOP\r\nRSET\r\n", 12, "[NOOP][RSET]");
	check(0, "NOOP\nRSET\n", 10, "[NOOP][RSET]");
	check(0, "NO\rOP\r\nRSET\r\n", 13, "B[RSET]");
	check(0, "NOOP\r\r\nRSET\r\n", 13, "B[RSET]");
	check(0, "NO\0OP\r\nRSET\r\n", 13, "B[RSET]");
	check(1, "=\r\nx\n", 5, "[=][x]");
}

static void
limit(int sasl, const char *head, size_t max)
{
	static char	 in[LOG], want[LOG];

	memset(in, 'x', sizeof(in));
	memcpy(in, head, strlen(head));
	memcpy(in + max - 2, "\r\n", 2);
	want[0] = '[';
	memcpy(want + 1, in, max - 2);
	memcpy(want + max - 1, "]", 2);
	check(sasl, in, max, want);
	/* One over, and the next one comes through. */
	memcpy(in + max - 2, "xx\n", 3);
	memcpy(in + max + 1, "NOOP\r\n", 6);
	check(sasl, in, max + 7, "T[NOOP]");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	limit(0, "USER ", POP3_LINE_MAX);
	limit(0, "auth PLAIN ", POP3_LINE_MAX_AUTH);
	limit(1, "", POP3_LINE_MAX_AUTH);
}

/* A line without an end takes no memory, however long it gets. */
ATF_TC_WITHOUT_HEAD(endless);
ATF_TC_BODY(endless, tc)
{
	static char		 in[POP3_LINE_MAX];
	struct pop3_line	 l = { 0, 0 };
	struct span		 line;
	size_t			 used;
	int			 i;

	memset(in, 'x', sizeof(in));
	for (i = 0; i < 100; i++) {
		ATF_REQUIRE_EQ(CODEC_MORE, pop3_line_get(&l, 0, in,
		    sizeof(in), &line, &used));
		ATF_REQUIRE_EQ(sizeof(in), used);
	}
	ATF_CHECK_EQ(CODEC_TOOBIG, pop3_line_get(&l, 0, "\n", 1, &line,
	    &used));
	ATF_CHECK_EQ(1, used);
	ATF_CHECK_EQ(CODEC_DONE, pop3_line_get(&l, 0, "\n", 1, &line, &used));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, splits);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, endless);
	return atf_no_error();
}
