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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, limits);
	return atf_no_error();
}
