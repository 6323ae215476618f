/* What is remembered of single hosts. */
#include <stdlib.h>
#include <string.h>

#include "libutil/hashtab.h"
#include "proc.h"
#include "rhost.h"

#define RHOST_MAX	5000
#define RHOST_FIRST	5	/* seconds; doubled each time, */
#define RHOST_LAST	60	/* up to this */
#define RHOST_NOTLS	3600

static struct hashtab	 rhosts;

static const void *
rhost_key(const void *entry, size_t *len)
{
	const struct rhost	*h = entry;

	*len = sizeof(h->key);
	return h->key;
}

void
rhost_init(void)
{
	hashtab_init(&rhosts, rhost_key);
}

static void
rhost_make_key(uint8_t key[19], const struct addr *a)
{
	key[0] = a->family;
	memcpy(key + 1, a->bytes, 16);
	key[17] = (uint8_t)(a->port >> 8);
	key[18] = (uint8_t)a->port;
}

static struct rhost *
rhost_find(const struct addr *a)
{
	uint8_t	 key[19];

	rhost_make_key(key, a);
	return hashtab_find(&rhosts, key, sizeof(key));
}

static void
rhost_drop(struct rhost *h)
{
	hashtab_remove(&rhosts, h->key, sizeof(h->key));
	free(h);
}

/* Forget what is out of date; all of it when that is not enough. */
static void
rhost_purge(void)
{
	struct rhost	*h;
	size_t		 iter = 0;
	uint64_t	 now = proc_now_ms();

	while ((h = hashtab_next(&rhosts, &iter)) != NULL)
		if (h->bad_until + RHOST_LAST * 1000 < now &&
		    h->notls_until < now)
			rhost_drop(h);
	if (rhosts.count < RHOST_MAX)
		return;
	iter = 0;
	while ((h = hashtab_next(&rhosts, &iter)) != NULL)
		rhost_drop(h);
}

static struct rhost *
rhost_get(const struct addr *a)
{
	struct rhost	*h;

	if ((h = rhost_find(a)) != NULL)
		return h;
	if (rhosts.count >= RHOST_MAX)
		rhost_purge();
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	rhost_make_key(h->key, a);
	if (hashtab_insert(&rhosts, h) == -1) {
		free(h);
		return NULL;
	}
	return h;
}

const struct rhost *
rhost_is_bad(const struct addr *a)
{
	struct rhost	*h = rhost_find(a);

	return h != NULL && h->bad_until > proc_now_ms() ? h : NULL;
}

void
rhost_set_bad(const struct addr *a, uint16_t code, const char *text)
{
	struct rhost	*h;
	unsigned	 seconds;

	if ((h = rhost_get(a)) == NULL)
		return;
	seconds = RHOST_FIRST << (h->failures > 4 ? 4 : h->failures);
	if (seconds > RHOST_LAST)
		seconds = RHOST_LAST;
	h->failures++;
	h->bad_until = proc_now_ms() + seconds * 1000;
	h->code = code;
	strlcpy(h->text, text, sizeof(h->text));
}

void
rhost_set_good(const struct addr *a)
{
	struct rhost	*h;

	if ((h = rhost_find(a)) == NULL)
		return;
	h->bad_until = 0;
	h->failures = 0;
}

void
rhost_set_notls(const struct addr *a)
{
	struct rhost	*h;

	if ((h = rhost_get(a)) != NULL)
		h->notls_until = proc_now_ms() + RHOST_NOTLS * 1000;
}

int
rhost_is_notls(const struct addr *a)
{
	struct rhost	*h = rhost_find(a);

	return h != NULL && h->notls_until > proc_now_ms();
}
