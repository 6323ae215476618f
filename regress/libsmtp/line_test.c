/* smtp_line: every split of what a client may send. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_line.h"

/* Feed in pieces of `first' bytes and the rest; note what comes out. */
static void
run(enum smtp_line_kind kind, const char *in, size_t len, size_t first,
    char *log, size_t logsize)
{
	struct smtp_line	 l = { 0, 0 };
	struct span		 line;
	enum codec		 codec;
	size_t			 off = 0, have = first, used;
	char			*p;

	log[0] = '\0';
	for (;;) {
		p = malloc(have - off + 1);	/* of just that size */
		ATF_REQUIRE(p != NULL);
		memcpy(p, in + off, have - off);
		codec = smtp_line_get(&l, kind, p, have - off, &line, &used);
		ATF_REQUIRE(used <= have - off);
		off += used;
		switch (codec) {
		case CODEC_DONE:
			strlcat(log, "D[", logsize);
			strncat(log, line.p, line.len);
			strlcat(log, "]", logsize);
			break;
		case CODEC_BAD:
			strlcat(log, "B", logsize);
			break;
		case CODEC_TOOBIG:
			strlcat(log, "T", logsize);
			break;
		case CODEC_MORE:
			free(p);
			if (have == len)
				return;
			have = len;
			continue;
		}
		free(p);
	}
}

static void
check(enum smtp_line_kind kind, const char *in, const char *want)
{
	char	 log[512];
	size_t	 len = strlen(in), i;

	for (i = 0; i <= len; i++) {
		run(kind, in, len, i, log, sizeof(log));
		ATF_CHECK_STREQ_MSG(want, log, "split at %zu: %s", i, log);
	}
}

ATF_TC_WITHOUT_HEAD(splits);
ATF_TC_BODY(splits, tc)
{
	check(SMTP_LINE_COMMAND, "", "");
	check(SMTP_LINE_COMMAND, "NOOP", "");
	check(SMTP_LINE_COMMAND, "NOOP\r", "");
	check(SMTP_LINE_COMMAND, "\r\n", "D[]");
	check(SMTP_LINE_COMMAND, "NOOP\r\nRSET\r\n", "D[NOOP]D[RSET]");
	check(SMTP_LINE_COMMAND, "NOOP\nRSET\r\n", "BD[RSET]");
	check(SMTP_LINE_COMMAND, "\nRSET\r\n", "BD[RSET]");
	check(SMTP_LINE_COMMAND, "NO\rOP\r\nRSET\r\n", "BD[RSET]");
	check(SMTP_LINE_COMMAND, "NOOP\r\r\nRSET\r\n", "BD[RSET]");
	check(SMTP_LINE_SASL, "=\n=\r\n", "BD[=]");
	check(SMTP_LINE_REPLY, "220 a\n250 b\r\n", "D[220 a]D[250 b]");
	check(SMTP_LINE_REPLY, "220 \ra\r\n", "D[220 \ra]");
}

static void
limit(enum smtp_line_kind kind, const char *head, size_t max)
{
	char		*in = malloc(max + 64), log[64];
	char		*big = malloc(max + 64);
	size_t		 len, i;

	ATF_REQUIRE(in != NULL && big != NULL);
	/* just fits */
	memset(in, 'x', max + 32);
	memcpy(in, head, strlen(head));
	memcpy(in + max - 2, "\r\n", 2);
	for (i = 0; i <= max; i += i < 10 || i + 10 > max ? 1 : 61) {
		run(kind, in, max, i, big, max + 64);
		ATF_CHECK_EQ('D', big[0]);
		ATF_CHECK_EQ(max - 2 + 3, strlen(big));
	}
	/* one over, and the next one comes through */
	memcpy(in + max - 2, "xx", 2);
	memcpy(in + max - 1, "\r\nNOOP\r\n", 8);
	len = max + 7;
	for (i = 0; i <= len; i += i < 10 || i + 20 > max ? 1 : 61) {
		run(kind, in, len, i, log, sizeof(log));
		ATF_CHECK_STREQ_MSG("TD[NOOP]", log, "%zu: %s", i, log);
	}
	free(in);
	free(big);
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	limit(SMTP_LINE_COMMAND, "NOOP ", SMTP_LINE_MAX_COMMAND);
	limit(SMTP_LINE_COMMAND, "AuTh PLAIN ", SMTP_LINE_MAX_AUTH);
	limit(SMTP_LINE_SASL, "", SMTP_LINE_MAX_AUTH);
	limit(SMTP_LINE_REPLY, "250 ", SMTP_LINE_MAX_REPLY);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, splits);
	ATF_TP_ADD_TC(tp, limits);
	return atf_no_error();
}
