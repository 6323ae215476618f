/* pop3_drop: against a plain array of flags. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_drop.h"

#define N	45

static uint8_t	 gone[N + 1], seen[N + 1];

static void
check_sets(const struct pop3_drop *d)
{
	struct rseq	 a, b;
	uint32_t	 n;

	rseq_init(&a);
	rseq_init(&b);
	ATF_REQUIRE_EQ(0, pop3_drop_deleted(d, &a));
	ATF_REQUIRE_EQ(0, pop3_drop_seen(d, &b));
	for (n = 1; n <= N; n++) {
		ATF_CHECK_EQ(gone[n], rseq_has(&a, n));
		ATF_CHECK_EQ(seen[n] && !gone[n], rseq_has(&b, n));
	}
	ATF_CHECK_EQ(d->ndeleted, rseq_count(&a));
	rseq_free(&a);
	rseq_free(&b);
}

static void
check(const struct pop3_drop *d)
{
	uint64_t	 octets, want = 0;
	uint32_t	 n, at = 0, count, left = 0;

	ATF_CHECK(!pop3_drop_has(d, 0));
	ATF_CHECK(!pop3_drop_has(d, N + 1));
	ATF_CHECK(!pop3_drop_has(d, UINT32_MAX));
	for (n = 1; n <= N; n++) {
		ATF_CHECK_EQ(!gone[n], pop3_drop_has(d, n));
		if (gone[n])
			continue;
		at = pop3_drop_next(d, at);
		ATF_CHECK_EQ(n, at);
		left++;
		want += n * 10;
	}
	ATF_CHECK_EQ(0, pop3_drop_next(d, at));
	ATF_REQUIRE_EQ(0, pop3_drop_stat(d, &count, &octets));
	ATF_CHECK_EQ(left, count);
	ATF_CHECK_EQ(want, octets);
	check_sets(d);
}

ATF_TC_WITHOUT_HEAD(marks);
ATF_TC_BODY(marks, tc)
{
	struct pop3_drop	 d;
	uint32_t		 n, i;

	pop3_drop_init(&d, N);
	ATF_REQUIRE_EQ(0, pop3_drop_sizes(&d));
	for (n = 1; n <= N; n++) {
		pop3_drop_size(&d, n, 7);
		pop3_drop_size(&d, n, n * 10);
	}
	check(&d);
	srandom(1);
	for (i = 0; i < 200; i++) {
		n = (uint32_t)random() % N + 1;
		if (i % 3 == 0) {
			ATF_REQUIRE_EQ(0, pop3_drop_see(&d, n));
			seen[n] = 1;
		} else {
			ATF_REQUIRE_EQ(0, pop3_drop_delete(&d, n));
			gone[n] = 1;
		}
		check(&d);
	}
	for (n = 1; n <= N; n++) {
		ATF_REQUIRE_EQ(0, pop3_drop_delete(&d, n));
		gone[n] = 1;
	}
	check(&d);
	pop3_drop_reset(&d);
	memset(gone, 0, sizeof(gone));
	check(&d);
	pop3_drop_free(&d);
}

/* STAT asks for sizes only when it cannot do without. */
ATF_TC_WITHOUT_HEAD(stat);
ATF_TC_BODY(stat, tc)
{
	struct pop3_drop	 d;
	uint64_t		 octets;
	uint32_t		 count;

	pop3_drop_init(&d, 0);
	ATF_CHECK_EQ(0, pop3_drop_stat(&d, &count, &octets));
	ATF_CHECK_EQ(0, count);
	ATF_CHECK_EQ(0, octets);
	ATF_CHECK_EQ(0, pop3_drop_next(&d, 0));
	pop3_drop_init(&d, 2);
	ATF_CHECK_EQ(-1, pop3_drop_stat(&d, &count, &octets));
	pop3_drop_total(&d, 30);
	ATF_CHECK_EQ(0, pop3_drop_stat(&d, &count, &octets));
	ATF_CHECK_EQ(30, octets);
	ATF_REQUIRE_EQ(0, pop3_drop_delete(&d, 2));
	ATF_CHECK_EQ(-1, pop3_drop_stat(&d, &count, &octets));
	ATF_REQUIRE_EQ(0, pop3_drop_sizes(&d));
	pop3_drop_size(&d, 1, 10);
	pop3_drop_size(&d, 2, 20);
	ATF_CHECK_EQ(0, pop3_drop_stat(&d, &count, &octets));
	ATF_CHECK_EQ(10, octets);
	ATF_CHECK_EQ(1, count);
	pop3_drop_free(&d);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, marks);
	ATF_TP_ADD_TC(tp, stat);
	return atf_no_error();
}
