#include <atf-c.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/hashtab.h"

#define N	5000

struct entry {
	uint32_t	 key;
	int		 there;
	int		 seen;
};

static struct entry	 entries[N];

static const void *
entry_key(const void *p, size_t *len)
{
	const struct entry	*e = p;

	*len = sizeof(e->key);
	return &e->key;
}

static void
compare(struct hashtab *t)
{
	struct entry	*e;
	size_t		 iter = 0, i, n = 0;

	for (i = 0; i < N; i++)
		entries[i].seen = 0;
	while ((e = hashtab_next(t, &iter)) != NULL) {
		ATF_REQUIRE(e->there && !e->seen);
		e->seen = 1;
		n++;
	}
	ATF_REQUIRE_EQ(n, t->count);
	for (i = 0; i < N; i++) {
		ATF_REQUIRE_EQ(entries[i].there, entries[i].seen);
		e = hashtab_find(t, &entries[i].key, sizeof(uint32_t));
		ATF_REQUIRE(e == (entries[i].there ? &entries[i] : NULL));
	}
}

ATF_TC_WITHOUT_HEAD(model);
ATF_TC_BODY(model, tc)
{
	struct hashtab	 t;
	struct entry	 twin, *e;
	uint32_t	 i, seed = 1, round;

	hashtab_init(&t, entry_key);
	ATF_CHECK(hashtab_find(&t, "x", 1) == NULL);
	ATF_CHECK(hashtab_remove(&t, "x", 1) == NULL);
	for (i = 0; i < N; i++)
		entries[i].key = i * 2654435761U;
	for (round = 0; round < 60000; round++) {
		seed = seed * 1103515245 + 12345;
		e = &entries[(seed >> 8) % N];
		if (e->there) {
			ATF_REQUIRE(hashtab_remove(&t, &e->key,
			    sizeof(e->key)) == e);
			e->there = 0;
		} else {
			ATF_REQUIRE_EQ(0, hashtab_insert(&t, e));
			e->there = 1;
			twin.key = e->key;
			ATF_REQUIRE(hashtab_insert(&t, &twin) == -1 &&
			    errno == EEXIST);
		}
		ATF_REQUIRE(t.used < t.nslots);
		if (round % 10000 == 9999)
			compare(&t);
	}
	/* The number of slots follows the entries, not the changes. */
	ATF_CHECK(t.nslots <= 16384);
	hashtab_free(&t);
}

ATF_TC_WITHOUT_HEAD(walk);
ATF_TC_BODY(walk, tc)
{
	struct hashtab	 t;
	struct entry	*e;
	size_t		 iter = 0, n = 0;
	uint32_t	 i;

	hashtab_init(&t, entry_key);
	for (i = 0; i < N; i++) {
		entries[i].key = i;
		entries[i].there = 1;
		ATF_REQUIRE_EQ(0, hashtab_insert(&t, &entries[i]));
	}
	/* Taking out what was just returned skips none. */
	while ((e = hashtab_next(&t, &iter)) != NULL) {
		n++;
		ATF_REQUIRE(hashtab_remove(&t, &e->key, sizeof(e->key)) == e);
	}
	ATF_CHECK_EQ(N, n);
	ATF_CHECK(t.count == 0 && t.used == 0);
	hashtab_free(&t);
}

ATF_TC_WITHOUT_HEAD(siphash);
ATF_TC_BODY(siphash, tc)
{
	/* The authors' key 00..0f and the input 00, 01, 02 ... */
	static const uint64_t	 key[2] = { 0x0706050403020100ULL,
	    0x0f0e0d0c0b0a0908ULL };
	uint8_t			 in[15];
	size_t			 i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	ATF_CHECK_EQ(0x726fdb47dd0e0e31ULL, siphash24(key, in, 0));
	ATF_CHECK_EQ(0xa129ca6149be45e5ULL, siphash24(key, in, 15));
	ATF_CHECK_EQ(hash_bytes(in, 9), hash_bytes(in, 9));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, model);
	ATF_TP_ADD_TC(tp, walk);
	ATF_TP_ADD_TC(tp, siphash);
	return atf_no_error();
}
