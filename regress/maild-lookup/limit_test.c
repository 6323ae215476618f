#include <atf-c.h>

#include "limit.h"

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct addr	 a, b, c;

	limit_init();
	ATF_REQUIRE_EQ(0, addr_parse(&a, "192.0.2.1"));
	ATF_REQUIRE_EQ(0, addr_parse(&b, "2001:db8:0:1::1"));
	ATF_REQUIRE_EQ(0, addr_parse(&c, "2001:db8:0:1::2"));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(0, 1, &a, 2, 4));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(1, 1, &a, 2, 4));
	ATF_CHECK_EQ(LIMIT_ADDRESS, limit_add(0, 2, &a, 2, 4));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(0, 3, &b, 1, 4));
	/* the same /64 */
	ATF_CHECK_EQ(LIMIT_ADDRESS, limit_add(0, 4, &c, 1, 4));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(0, 4, &c, 0, 4));
	ATF_CHECK_EQ(LIMIT_TOTAL, limit_add(0, 5, &c, 0, 4));
	ATF_CHECK_EQ(4, limit_count());
	limit_remove(0, 99);
	limit_remove(0, 1);
	ATF_CHECK_EQ(LIMIT_OK, limit_add(0, 6, &a, 2, 4));
	limit_forget(0);
	ATF_CHECK_EQ(1, limit_count());
	limit_forget(1);
	ATF_CHECK_EQ(0, limit_count());
	ATF_CHECK_EQ(LIMIT_OK, limit_add(0, 1, &a, 1, 1));
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	struct addr	 a;
	unsigned	 one = LIMIT_WORKER(2, 0), other = LIMIT_WORKER(4, 0);

	limit_init();
	ATF_REQUIRE_EQ(0, addr_parse(&a, "192.0.2.1"));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(one, 1, &a, 1, 1));
	ATF_CHECK_EQ(LIMIT_TOTAL, limit_add(one, 2, &a, 1, 1));
	ATF_CHECK_EQ(LIMIT_ADDRESS, limit_add(one, 2, &a, 1, 0));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(other, 1, &a, 1, 1));
	limit_forget(one);
	ATF_CHECK_EQ(LIMIT_TOTAL, limit_add(other, 2, &a, 1, 1));
	ATF_CHECK_EQ(LIMIT_OK, limit_add(one, 2, &a, 1, 1));
}

ATF_TC_WITHOUT_HEAD(rate);
ATF_TC_BODY(rate, tc)
{
	struct addr	 a, b, c;
	int		 i;

	limit_init();
	ATF_REQUIRE_EQ(0, addr_parse(&a, "2001:db8:0:1::1"));
	ATF_REQUIRE_EQ(0, addr_parse(&b, "2001:db8:0:1::2"));
	ATF_REQUIRE_EQ(0, addr_parse(&c, "2001:db8:0:2::2"));
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(0, limit_rate(&a, 60, 3));
	ATF_CHECK_EQ(1, limit_rate(&a, 61, 3));
	ATF_CHECK_EQ(1, limit_rate(&b, 119, 3));
	ATF_CHECK_EQ(0, limit_rate(&c, 119, 3));
	ATF_CHECK_EQ(0, limit_rate(&a, 119, 0));
	ATF_CHECK_EQ(0, limit_rate(&b, 120, 3));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, rate);
	ATF_TP_ADD_TC(tp, limits);
	return atf_no_error();
}
