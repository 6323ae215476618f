#include <atf-c.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/rseq.h"

#define TOP	200

static void
check_form(const struct rseq *s)
{
	size_t	 i;

	for (i = 0; i < s->nruns; i++) {
		ATF_REQUIRE(s->runs[i].first <= s->runs[i].last);
		if (i > 0)
			ATF_REQUIRE(s->runs[i].first >
			    (uint64_t)s->runs[i - 1].last + 1);
	}
}

static void
check_print(const struct rseq *s, const char *want)
{
	char	 dst[256];

	check_form(s);
	ATF_REQUIRE_EQ((int)strlen(want), rseq_print(s, dst, sizeof(dst)));
	ATF_CHECK_STREQ(want, dst);
	ATF_CHECK_EQ((int)strlen(want), rseq_print(s, dst, strlen(want) + 1));
	ATF_CHECK_EQ(-1, rseq_print(s, dst, strlen(want)));
}

ATF_TC_WITHOUT_HEAD(change);
ATF_TC_BODY(change, tc)
{
	struct rseq	 s;

	rseq_init(&s);
	check_print(&s, "");
	ATF_CHECK_EQ(0, rseq_add(&s, 5, 7));
	ATF_CHECK_EQ(0, rseq_add(&s, 8, 8));
	check_print(&s, "5:8");
	ATF_CHECK_EQ(0, rseq_add(&s, 10, 10));
	ATF_CHECK_EQ(0, rseq_add(&s, 1, 2));
	check_print(&s, "1:2,5:8,10");
	ATF_CHECK_EQ(0, rseq_add(&s, 9, 9));
	check_print(&s, "1:2,5:10");
	ATF_CHECK_EQ(0, rseq_add(&s, 3, 20));
	check_print(&s, "1:20");
	ATF_CHECK_EQ(0, rseq_remove(&s, 5, 6));
	check_print(&s, "1:4,7:20");
	ATF_CHECK_EQ(0, rseq_remove(&s, 4, 7));
	check_print(&s, "1:3,8:20");
	ATF_CHECK_EQ(0, rseq_add(&s, UINT32_MAX, UINT32_MAX));
	ATF_CHECK_EQ(0, rseq_add(&s, UINT32_MAX - 1, UINT32_MAX));
	check_print(&s, "1:3,8:20,4294967294:4294967295");
	ATF_CHECK_EQ(0, rseq_remove(&s, 0, UINT32_MAX));
	check_print(&s, "");
	ATF_CHECK_EQ(0, rseq_add(&s, 0, UINT32_MAX));
	ATF_CHECK_EQ(1ULL << 32, rseq_count(&s));
	ATF_CHECK(rseq_add(&s, 2, 1) == -1 && errno == EINVAL);
	ATF_CHECK(rseq_remove(&s, 2, 1) == -1 && errno == EINVAL);
	rseq_free(&s);
	ATF_CHECK_EQ(0, s.nruns);
}

static void
compare(const struct rseq *s, const unsigned char *model)
{
	uint64_t	 n = 0;
	uint32_t	 i;

	check_form(s);
	for (i = 0; i < TOP; i++) {
		ATF_REQUIRE_EQ(model[i], rseq_has(s, i));
		n += model[i];
	}
	ATF_REQUIRE_EQ(n, rseq_count(s));
}

ATF_TC_WITHOUT_HEAD(model);
ATF_TC_BODY(model, tc)
{
	unsigned char	 model[2][TOP], both[TOP];
	struct rseq	 s[2], x, copy;
	uint32_t	 seed = 7, i, first, last, which;

	memset(model, 0, sizeof(model));
	rseq_init(&s[0]);
	rseq_init(&s[1]);
	rseq_init(&x);
	rseq_init(&copy);
	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		which = seed >> 30 & 1;
		first = (seed >> 8) % TOP;
		last = first + (seed >> 20) % 9;
		if (last >= TOP)
			last = TOP - 1;
		if (seed >> 29 & 1) {
			ATF_REQUIRE_EQ(0, rseq_add(&s[which], first, last));
			memset(model[which] + first, 1, last - first + 1);
		} else {
			ATF_REQUIRE_EQ(0, rseq_remove(&s[which], first, last));
			memset(model[which] + first, 0, last - first + 1);
		}
		compare(&s[which], model[which]);
		if (i % 16 != 0)
			continue;
		for (first = 0; first < TOP; first++)
			both[first] = model[0][first] & model[1][first];
		ATF_REQUIRE_EQ(0, rseq_intersect(&x, &s[0], &s[1]));
		compare(&x, both);
		ATF_REQUIRE_EQ(0, rseq_copy(&copy, &s[0]));
		compare(&copy, model[0]);
	}
	rseq_free(&s[0]);
	rseq_free(&s[1]);
	rseq_free(&x);
	rseq_free(&copy);
}

ATF_TC_WITHOUT_HEAD(wire);
ATF_TC_BODY(wire, tc)
{
	static const uint8_t	 want[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3,
	    0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff };
	uint8_t			 wire[32], bad[32];
	struct rseq		 s, t;
	size_t			 n;

	rseq_init(&s);
	rseq_init(&t);
	ATF_REQUIRE_EQ(0, rseq_add(&s, 1, 3));
	ATF_REQUIRE_EQ(0, rseq_add(&s, 256, UINT32_MAX));
	ATF_REQUIRE_EQ(sizeof(want), rseq_wirelen(&s));
	rseq_put(&s, wire);
	ATF_CHECK_EQ(0, memcmp(want, wire, sizeof(want)));
	ATF_REQUIRE_EQ(0, rseq_get(&t, wire, sizeof(want)));
	check_print(&t, "1:3,256:4294967295");
	for (n = 0; n < sizeof(want) + 5; n++)
		if (n != sizeof(want))
			ATF_CHECK(rseq_get(&t, wire, n) == -1 &&
			    errno == EINVAL);
	/* Refused, it is what it was. */
	check_print(&t, "1:3,256:4294967295");
	memcpy(bad, want, sizeof(want));
	bad[7] = 0;			/* from zero */
	ATF_CHECK_EQ(-1, rseq_get(&t, bad, sizeof(want)));
	bad[7] = 4;			/* backwards */
	ATF_CHECK_EQ(-1, rseq_get(&t, bad, sizeof(want)));
	bad[7] = 1;
	bad[14] = 0;
	bad[15] = 4;			/* touching */
	ATF_CHECK_EQ(-1, rseq_get(&t, bad, sizeof(want)));
	bad[15] = 3;			/* overlapping */
	ATF_CHECK_EQ(-1, rseq_get(&t, bad, sizeof(want)));
	bad[15] = 5;
	ATF_CHECK_EQ(0, rseq_get(&t, bad, sizeof(want)));
	bad[0] = 0xff;			/* more than there are */
	ATF_CHECK_EQ(-1, rseq_get(&t, bad, sizeof(want)));
	ATF_CHECK_EQ(0, rseq_get(&t, (const uint8_t *)"\0\0\0", 4));
	ATF_CHECK_EQ(0, t.nruns);
	rseq_free(&s);
	rseq_free(&t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, change);
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, wire);
	return atf_no_error();
}
