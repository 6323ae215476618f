/* The lists behind sequence numbers, against plain arrays. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "imap/chunk.h"
#include "imap/objid.h"
#include "imap/uidlist.h"

#define MAXUID	400

/* A list of random uids and the same as an array. */
static struct uidlist *
random_list(uint32_t *uids, uint32_t *n)
{
	struct rseq	 s;
	struct uidlist	*l;
	uint32_t	 uid;

	rseq_init(&s);
	*n = 0;
	for (uid = 1; uid < MAXUID; uid++) {
		if (random() % 3 == 0)
			continue;
		ATF_REQUIRE_EQ(0, rseq_add(&s, uid, uid));
		uids[(*n)++] = uid;
	}
	ATF_REQUIRE((l = uidlist_new(&s)) != NULL);
	ATF_CHECK_EQ(*n, l->count);
	return l;
}

static void
compare(struct uidlist *l, const uint32_t *uids, uint32_t n)
{
	uint32_t	 uid, seq, i = 0;
	size_t		 hint = 0;

	for (uid = 1; uid < MAXUID + 10; uid++) {
		seq = i < n && uids[i] == uid ? ++i : 0;
		ATF_REQUIRE_EQ(seq, uidlist_seq(l, uid));
		ATF_REQUIRE_EQ(seq, uidlist_seq_near(l, &hint, uid));
	}
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ(uids[i], uidlist_uid(l, i + 1));
	ATF_CHECK_EQ(0, uidlist_uid(l, 0));
	ATF_CHECK_EQ(0, uidlist_uid(l, n + 1));
}

ATF_TC_WITHOUT_HEAD(numbers);
ATF_TC_BODY(numbers, tc)
{
	struct uidlist	*l;
	uint32_t	 uids[MAXUID], n;
	int		 i;

	for (i = 0; i < 200; i++) {
		l = random_list(uids, &n);
		compare(l, uids, n);
		uidlist_unref(l);
	}
}

/* One that has an older reference is left as it was. */
ATF_TC_WITHOUT_HEAD(changes);
ATF_TC_BODY(changes, tc)
{
	struct uidlist	*l, *old;
	uint32_t	 uids[MAXUID], before[MAXUID], n, m, i, k;
	struct rseq	 gone;
	int		 round, shared;

	for (round = 0; round < 200; round++) {
		l = random_list(uids, &n);
		m = n;
		memcpy(before, uids, sizeof(before));
		shared = round % 2;
		old = shared ? uidlist_ref(l) : NULL;
		rseq_init(&gone);
		for (i = k = 0; i < n; i++) {
			if (random() % 4 == 0)
				ATF_REQUIRE_EQ(0, rseq_add(&gone, uids[i],
				    uids[i]));
			else
				uids[k++] = uids[i];
		}
		n = k;
		ATF_REQUIRE((l = uidlist_remove(l, &gone)) != NULL);
		rseq_free(&gone);
		ATF_REQUIRE_EQ(0, uidlist_append(l, MAXUID, MAXUID + 3));
		for (i = 0; i < 4; i++)
			ATF_CHECK_EQ(n + 1 + i, uidlist_seq(l, MAXUID + i));
		if (shared) {
			compare(old, before, m);
			uidlist_unref(old);
		}
		uidlist_unref(l);
	}
}

ATF_TC_WITHOUT_HEAD(sets);
ATF_TC_BODY(sets, tc)
{
	struct uidlist	*l;
	struct rseq	 seqs, uids, back, some;
	uint32_t	 v[MAXUID], n, i, max;
	int		 round;

	for (round = 0; round < 200; round++) {
		l = random_list(v, &n);
		rseq_init(&seqs);
		rseq_init(&uids);
		rseq_init(&back);
		rseq_init(&some);
		max = 1 + random() % n;
		for (i = 1; i <= n; i++) {
			if (random() % 2)
				ATF_REQUIRE_EQ(0, rseq_add(&seqs, i, i));
		}
		ATF_REQUIRE_EQ(0, uidlist_from_seqs(l, max, &seqs, &uids));
		for (i = 1; i <= n; i++)
			ATF_REQUIRE_EQ(i <= max && rseq_has(&seqs, i),
			    rseq_has(&uids, v[i - 1]));
		ATF_REQUIRE_EQ(0, uidlist_to_seqs(l, &uids, &back));
		for (i = 1; i <= n; i++)
			ATF_REQUIRE_EQ(i <= max && rseq_has(&seqs, i),
			    rseq_has(&back, i));
		/* Any uids: those that are there, of the first max. */
		ATF_REQUIRE_EQ(0, rseq_add(&some, 50, 300));
		ATF_REQUIRE_EQ(0, uidlist_from_uids(l, max, &some, &uids));
		for (i = 1; i <= n; i++)
			ATF_REQUIRE_EQ(i <= max && v[i - 1] >= 50 &&
			    v[i - 1] <= 300, rseq_has(&uids, v[i - 1]));
		rseq_free(&seqs);
		rseq_free(&uids);
		rseq_free(&back);
		rseq_free(&some);
		uidlist_unref(l);
	}
}

/* Pieces of a request, put together, are the set. */
static void
check_chunks(struct uidlist *l, const struct rseq *seqs, const uint32_t *v,
    uint32_t n, int exact, uint32_t max)
{
	struct chunk	 c;
	struct msg_blob	 blob;
	struct rseq	 all, one;
	uint32_t	 i;
	size_t		 k;
	unsigned	 pieces = 0;

	rseq_init(&all);
	rseq_init(&one);
	chunk_start(&c, seqs, l, exact);
	if (max != 0)
		c.max = max;
	while (chunk_next(&c, &blob)) {
		ATF_REQUIRE(blob.len <= MSG_BLOB);
		ATF_REQUIRE_EQ(0, rseq_get(&one, blob.data, blob.len));
		ATF_REQUIRE(one.nruns <= (size_t)(exact ? CHUNK_EXACT :
		    CHUNK_RUNS));
		if (exact)
			ATF_REQUIRE(rseq_count(&one) <= c.max);
		for (k = 0; k < one.nruns; k++)
			ATF_REQUIRE_EQ(0, rseq_add(&all, one.runs[k].first,
			    one.runs[k].last));
		pieces++;
	}
	ATF_CHECK(!chunk_more(&c));
	for (i = 1; i <= n; i++)
		ATF_REQUIRE_EQ(rseq_has(seqs, i), rseq_has(&all, v[i - 1]));
	if (exact)
		ATF_CHECK_EQ(rseq_count(seqs), rseq_count(&all));
	if (seqs->nruns > CHUNK_RUNS)
		ATF_CHECK(pieces > 1);
	rseq_free(&all);
	rseq_free(&one);
}

ATF_TC_WITHOUT_HEAD(chunks);
ATF_TC_BODY(chunks, tc)
{
	static uint32_t	 v[20000];
	struct uidlist	*l;
	struct rseq	 s, seqs;
	uint32_t	 uid, n = 0, i;

	rseq_init(&s);
	for (uid = 1; n < 20000; uid += 1 + random() % 2) {
		ATF_REQUIRE_EQ(0, rseq_add(&s, uid, uid));
		v[n++] = uid;
	}
	ATF_REQUIRE((l = uidlist_new(&s)) != NULL);
	rseq_init(&seqs);
	check_chunks(l, &seqs, v, n, 0, 0);
	ATF_REQUIRE_EQ(0, rseq_add(&seqs, 1, n));
	check_chunks(l, &seqs, v, n, 0, 0);
	check_chunks(l, &seqs, v, n, 1, 0);
	check_chunks(l, &seqs, v, n, 0, 100);
	check_chunks(l, &seqs, v, n, 1, 100);
	rseq_free(&seqs);
	for (i = 1; i <= n; i++) {
		if (random() % 2)
			ATF_REQUIRE_EQ(0, rseq_add(&seqs, i, i));
	}
	check_chunks(l, &seqs, v, n, 0, 0);
	check_chunks(l, &seqs, v, n, 1, 0);
	rseq_free(&seqs);
	uidlist_unref(l);
}

ATF_TC_WITHOUT_HEAD(objid);
ATF_TC_BODY(objid, tc)
{
	char		 text[OBJID_LEN];

	ATF_CHECK_EQ(text + OBJID_LEN, objid_put(text, 'M',
	    0x0123456789abcdefULL));
	ATF_CHECK_EQ(0, memcmp(text, "M0123456789abcdef", OBJID_LEN));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, changes);
	ATF_TP_ADD_TC(tp, sets);
	ATF_TP_ADD_TC(tp, chunks);
	ATF_TP_ADD_TC(tp, objid);
	return atf_no_error();
}
