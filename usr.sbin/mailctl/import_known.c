/*
 * Which messages are there already.  Two are the same when they are as long and
 * begin alike; where a source has a message twice, it may be there twice.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

uint64_t
known_key(const void *head, size_t len, uint64_t size)
{
	const uint8_t	*p = head;
	uint64_t	 h = 0xcbf29ce484222325ULL ^ size;
	size_t		 i;

	if (len > KNOWN_HEAD)
		len = KNOWN_HEAD;
	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	h ^= h >> 32;
	return h == 0 ? 1 : h;
}

static size_t
slot(const struct known *k, uint64_t key)
{
	size_t	 i = (size_t)key & (k->size - 1);

	while (k->keys[i] != 0 && k->keys[i] != key)
		i = (i + 1) & (k->size - 1);
	return i;
}

static void
grow(struct known *k)
{
	struct known	 n = { .size = k->size == 0 ? 1024 : k->size * 2 };
	size_t		 i, j;

	n.keys = calloc(n.size, sizeof(*n.keys));
	n.counts = calloc(n.size, sizeof(*n.counts));
	if (n.keys == NULL || n.counts == NULL)
		err(1, NULL);
	for (i = 0; i < k->size; i++) {
		if (k->keys[i] == 0)
			continue;
		j = slot(&n, k->keys[i]);
		n.keys[j] = k->keys[i];
		n.counts[j] = k->counts[i];
		n.n++;
	}
	known_free(k);
	*k = n;
}

void
known_add(struct known *k, uint64_t key)
{
	size_t	 i;

	if (k->n * 2 >= k->size)
		grow(k);
	i = slot(k, key);
	if (k->keys[i] == 0) {
		k->keys[i] = key;
		k->n++;
	}
	k->counts[i]++;
}

int
known_take(struct known *k, uint64_t key)
{
	size_t	 i;

	if (k->size == 0)
		return 0;
	i = slot(k, key);
	if (k->keys[i] == 0 || k->counts[i] == 0)
		return 0;
	k->counts[i]--;
	return 1;
}

void
known_free(struct known *k)
{
	free(k->keys);
	free(k->counts);
	memset(k, 0, sizeof(*k));
}
