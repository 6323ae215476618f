/* pop3_put: what goes to the wire. */
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_put.h"

static struct buf	 b;

static void
got(const char *want)
{
	ATF_CHECK_EQ(0, buf_addc(&b, '\0'));
	ATF_CHECK_STREQ(want, (char *)buf_ptr(&b));
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(put);
ATF_TC_BODY(put, tc)
{
	char	 longer[1000];

	buf_init(&b, 4096);
	ATF_CHECK_EQ(0, pop3_put_ok(&b, "done"));
	got("+OK done\r\n");
	ATF_CHECK_EQ(0, pop3_put_err(&b, NULL, "no\r\nway\177"));
	got("-ERR no??way?\r\n");
	ATF_CHECK_EQ(0, pop3_put_err(&b, "SYS/TEMP", "later"));
	got("-ERR [SYS/TEMP] later\r\n");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ATF_CHECK_EQ(0, pop3_put_ok(&b, longer));
	ATF_CHECK_EQ(POP3_ANSWER_MAX, b.len);
	buf_free(&b);
	ATF_CHECK_EQ(0, pop3_put_challenge(&b, "", 0));
	got("+ \r\n");
	ATF_CHECK_EQ(0, pop3_put_challenge(&b, "abcd", 4));
	got("+ YWJjZA==\r\n");
	ATF_CHECK_EQ(0, pop3_put_size(&b, 1, 0));
	ATF_CHECK_EQ(0, pop3_put_size(&b, UINT32_MAX, UINT32_MAX));
	got("1 0\r\n4294967295 4294967295\r\n");
	ATF_CHECK_EQ(0, pop3_put_uid(&b, 10, 1700000000, 99));
	got("10 1700000000.99\r\n");
	ATF_CHECK_EQ(0, pop3_put_uid(&b, UINT32_MAX, UINT32_MAX, UINT32_MAX));
	got("4294967295 4294967295.4294967295\r\n");
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	buf_init(&b, 5);
	ATF_CHECK_EQ(-1, pop3_put_ok(&b, "done"));
	ATF_CHECK_EQ(-1, pop3_put_err(&b, NULL, "done"));
	ATF_CHECK_EQ(-1, pop3_put_challenge(&b, "abcd", 4));
	ATF_CHECK_EQ(-1, pop3_put_size(&b, 100, 1));
	ATF_CHECK_EQ(-1, pop3_put_uid(&b, 100, 1, 1));
	ATF_CHECK_EQ(0, b.len);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, put);
	ATF_TP_ADD_TC(tp, full);
	return atf_no_error();
}
