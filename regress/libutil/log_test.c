#include <atf-c.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/log.h"

static char	 last[4096];
static int	 last_prio, count;

static void
sink(int prio, const char *line, void *arg)
{
	ATF_REQUIRE_EQ(&count, arg);
	strlcpy(last, line, sizeof(last));
	last_prio = prio;
	count++;
	errno = EDOM;
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	char	 big[5000];

	log_init("test", 0);
	log_setsink(sink, &count);
	errno = ENOENT;
	log_warn("a=%d", 1);
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK_STREQ("a=1: No such file or directory", last);
	ATF_CHECK_EQ(LOG_ERR, last_prio);
	log_warnx("x");
	ATF_CHECK_EQ(LOG_ERR, last_prio);
	log_info("from=\x01""a\nb\x7f");
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK_STREQ("from=?a?b?", last);
	ATF_CHECK_EQ(LOG_INFO, last_prio);
	ATF_CHECK_EQ(3, count);
	log_debug("not shown");
	ATF_CHECK_EQ(3, count);
	log_setverbose(1);
	log_debug("shown");
	ATF_CHECK(count == 4 && last_prio == LOG_DEBUG && log_getverbose());
	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_info("%s", big);
	ATF_CHECK_EQ(2047, strlen(last));
	log_warn("%s", big);
	ATF_CHECK_EQ(2047, strlen(last));
}

ATF_TC_WITHOUT_HEAD(quote);
ATF_TC_BODY(quote, tc)
{
	char	 dst[16];

	ATF_CHECK_STREQ("a@b.c", log_quote(dst, sizeof(dst), "a@b.c", 5));
	ATF_CHECK_STREQ("a\\x20b\\x22", log_quote(dst, sizeof(dst), "a b\"",
	    4));
	ATF_CHECK_STREQ("\\x00\\xff\\x5c", log_quote(dst, sizeof(dst),
	    "\0\xff\\", 3));
	/* Never half an escape. */
	ATF_CHECK_STREQ("\\x0a\\x0a\\x0a", log_quote(dst, sizeof(dst),
	    "\n\n\n\n", 4));
	ATF_CHECK_STREQ("abc", log_quote(dst, 4, "abcdef", 6));
	ATF_CHECK_STREQ("", log_quote(dst, 1, "abcdef", 6));
	ATF_CHECK_STREQ("", log_quote(dst, 4, "\n", 1));
	ATF_CHECK_STREQ("", log_quote(dst, 4, NULL, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, quote);
	return atf_no_error();
}
