/* Failed logins by address. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "auth/failures.h"
#include "libutil/hashtab.h"

struct failures {
	TAILQ_ENTRY(failures) entry;	/* the one that failed last, last */
	uint8_t		 key[9];	/* family and network */
	unsigned	 count;
	int64_t		 since;
};

static struct hashtab	 table;
static TAILQ_HEAD(, failures) order = TAILQ_HEAD_INITIALIZER(order);

static const void *
failures_key(const void *entry, size_t *len)
{
	*len = sizeof(((const struct failures *)entry)->key);
	return ((const struct failures *)entry)->key;
}

static void
failures_net(const struct addr *a, uint8_t key[9])
{
	memset(key, 0, 9);
	key[0] = a->family;
	memcpy(key + 1, a->bytes, a->family == 4 ? 4 : 8);
}

void
failures_init(void)
{
	hashtab_init(&table, failures_key);
}

static void
failures_drop(struct failures *f)
{
	hashtab_remove(&table, f->key, sizeof(f->key));
	TAILQ_REMOVE(&order, f, entry);
	free(f);
}

static struct failures *
failures_find(const struct addr *a, int64_t now)
{
	struct failures	*f;
	uint8_t		 key[9];

	failures_net(a, key);
	if ((f = hashtab_find(&table, key, sizeof(key))) == NULL)
		return NULL;
	/* The window begins with the first failure and then anew. */
	if (now - f->since >= FAILURES_WINDOW) {
		failures_drop(f);
		return NULL;
	}
	return f;
}

unsigned
failures_count(const struct addr *a, int64_t now)
{
	struct failures	*f = failures_find(a, now);

	return f == NULL ? 0 : f->count;
}

unsigned
failures_add(const struct addr *a, int64_t now)
{
	struct failures	*f;

	if ((f = failures_find(a, now)) == NULL) {
		if (table.count >= FAILURES_MAX)
			failures_drop(TAILQ_FIRST(&order));
		if ((f = calloc(1, sizeof(*f))) == NULL)
			return 1;
		failures_net(a, f->key);
		f->since = now;
		if (hashtab_insert(&table, f) == -1) {
			free(f);
			return 1;
		}
	} else
		TAILQ_REMOVE(&order, f, entry);
	TAILQ_INSERT_TAIL(&order, f, entry);
	return ++f->count;
}

size_t
failures_size(void)
{
	return table.count;
}
