/* An open hash with linear probing; removal leaves a tombstone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/hashtab.h"

#define HASHTAB_MIN	8

/* Stands in a slot that a probe must pass over. */
static char	 hashtab_grave;
#define GRAVE	((void *)&hashtab_grave)

#define ROTL(x, b)	((x) << (b) | (x) >> (64 - (b)))
#define SIPROUND do {							\
	v0 += v1; v1 = ROTL(v1, 13); v1 ^= v0; v0 = ROTL(v0, 32);	\
	v2 += v3; v3 = ROTL(v3, 16); v3 ^= v2;				\
	v0 += v3; v3 = ROTL(v3, 21); v3 ^= v0;				\
	v2 += v1; v1 = ROTL(v1, 17); v1 ^= v2; v2 = ROTL(v2, 32);	\
} while (0)

static uint64_t
le64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	    (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	    (uint64_t)p[7] << 56;
}

uint64_t
siphash24(const uint64_t key[2], const void *src, size_t len)
{
	const uint8_t	*p = src;
	uint64_t	 v0, v1, v2, v3, m;
	size_t		 left = len;
	unsigned int	 shift;

	v0 = key[0] ^ 0x736f6d6570736575ULL;
	v1 = key[1] ^ 0x646f72616e646f6dULL;
	v2 = key[0] ^ 0x6c7967656e657261ULL;
	v3 = key[1] ^ 0x7465646279746573ULL;
	for (; left >= 8; left -= 8, p += 8) {
		m = le64(p);
		v3 ^= m;
		SIPROUND;
		SIPROUND;
		v0 ^= m;
	}
	m = (uint64_t)len << 56;
	for (shift = 0; left > 0; left--, shift += 8)
		m |= (uint64_t)*p++ << shift;
	v3 ^= m;
	SIPROUND;
	SIPROUND;
	v0 ^= m;
	v2 ^= 0xff;
	SIPROUND;
	SIPROUND;
	SIPROUND;
	SIPROUND;
	return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t
hash_bytes(const void *p, size_t len)
{
	static uint64_t	 key[2];
	static int	 keyed;

	if (!keyed) {
		arc4random_buf(key, sizeof(key));
		keyed = 1;
	}
	return siphash24(key, p, len);
}

void
hashtab_init(struct hashtab *t, hashtab_key key)
{
	memset(t, 0, sizeof(*t));
	t->key = key;
}

void
hashtab_free(struct hashtab *t)
{
	free(t->slots);
	t->slots = NULL;
	t->nslots = t->count = t->used = 0;
}

/* The slot that holds the key, or nslots. */
static size_t
hashtab_slot(const struct hashtab *t, const void *key, size_t len)
{
	const void	*have;
	size_t		 i, havelen;

	if (t->count == 0)
		return t->nslots;
	for (i = hash_bytes(key, len) & (t->nslots - 1); t->slots[i] != NULL;
	    i = (i + 1) & (t->nslots - 1)) {
		if (t->slots[i] == GRAVE)
			continue;
		have = t->key(t->slots[i], &havelen);
		if (havelen == len && (len == 0 || memcmp(have, key, len) == 0))
			return i;
	}
	return t->nslots;
}

/* Put an entry that is known not to be there. */
static void
hashtab_place(struct hashtab *t, void *entry)
{
	const void	*key;
	size_t		 i, len;

	key = t->key(entry, &len);
	for (i = hash_bytes(key, len) & (t->nslots - 1);
	    t->slots[i] != NULL && t->slots[i] != GRAVE;
	    i = (i + 1) & (t->nslots - 1))
		;
	if (t->slots[i] == NULL)
		t->used++;
	t->slots[i] = entry;
	t->count++;
}

/* Make slots anew for the entries that live, half of them free. */
static int
hashtab_rehash(struct hashtab *t)
{
	void	**old = t->slots;
	size_t	  i, oldn = t->nslots, n = HASHTAB_MIN;

	while (n / 2 < t->count + 1)
		n *= 2;
	if ((t->slots = calloc(n, sizeof(*t->slots))) == NULL) {
		t->slots = old;
		return -1;
	}
	t->nslots = n;
	t->count = t->used = 0;
	for (i = 0; i < oldn; i++)
		if (old[i] != NULL && old[i] != GRAVE)
			hashtab_place(t, old[i]);
	free(old);
	return 0;
}

int
hashtab_insert(struct hashtab *t, void *entry)
{
	const void	*key;
	size_t		 len;

	key = t->key(entry, &len);
	if (hashtab_slot(t, key, len) != t->nslots) {
		errno = EEXIST;
		return -1;
	}
	if (t->used + 1 > t->nslots - t->nslots / 4 &&
	    hashtab_rehash(t) == -1)
		return -1;
	hashtab_place(t, entry);
	return 0;
}

void *
hashtab_find(const struct hashtab *t, const void *key, size_t len)
{
	size_t	 i = hashtab_slot(t, key, len);

	return i == t->nslots ? NULL : t->slots[i];
}

void *
hashtab_remove(struct hashtab *t, const void *key, size_t len)
{
	size_t	 i = hashtab_slot(t, key, len);
	void	*entry;

	if (i == t->nslots)
		return NULL;
	entry = t->slots[i];
	t->slots[i] = GRAVE;
	t->count--;
	/* At the end of a run no probe passes: take the graves back. */
	while (t->slots[(i + 1) & (t->nslots - 1)] == NULL &&
	    t->slots[i] == GRAVE) {
		t->slots[i] = NULL;
		t->used--;
		i = (i - 1) & (t->nslots - 1);
	}
	return entry;
}

void *
hashtab_next(const struct hashtab *t, size_t *iter)
{
	void	*entry;

	while (*iter < t->nslots) {
		entry = t->slots[(*iter)++];
		if (entry != NULL && entry != GRAVE)
			return entry;
	}
	return NULL;
}
