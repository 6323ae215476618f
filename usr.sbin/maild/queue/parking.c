#include <stdlib.h>
#include <string.h>

#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "parking.h"
#include "relayjob.h"

#define PARKING_MAX	200000	/* ids in all, of 8 bytes */

struct lot {
	uint64_t	*ids;
	size_t		 n;
	size_t		 first;		/* taken already */
	size_t		 size;
	char		 domain[];
};

static struct hashtab	 lots;
static size_t		 parked;

static const void *
lot_key(const void *entry, size_t *len)
{
	const struct lot	*l = entry;

	*len = strlen(l->domain);
	return l->domain;
}

void
parking_init(void)
{
	hashtab_init(&lots, lot_key);
}

static void
lot_free(struct lot *l)
{
	parked -= l->n - l->first;
	hashtab_remove(&lots, l->domain, strlen(l->domain));
	free(l->ids);
	free(l);
}

int
parking_put(const char *domain, uint64_t id)
{
	struct lot	*l;
	size_t		 len = strlen(domain);

	if (parked >= PARKING_MAX)
		return -1;
	if ((l = hashtab_find(&lots, domain, len)) == NULL) {
		if ((l = calloc(1, sizeof(*l) + len + 1)) == NULL)
			fatal("parking");
		memcpy(l->domain, domain, len);
		if (hashtab_insert(&lots, l) == -1)
			fatal("parking");
	}
	if (l->n == l->size) {
		l->size = l->size == 0 ? 256 : l->size * 2;
		l->ids = reallocarray(l->ids, l->size, sizeof(l->ids[0]));
		if (l->ids == NULL)
			fatal("parking");
	}
	l->ids[l->n++] = id;
	parked++;
	return 0;
}

uint64_t
parking_take(unsigned line)
{
	struct lot	*l;
	uint64_t	 id;
	size_t		 iter = 0;

	if (parked == 0)
		return 0;
	while ((l = hashtab_next(&lots, &iter)) != NULL) {
		if (relayjob_waiting(l->domain) > line)
			continue;
		id = l->ids[l->first++];
		parked--;
		if (l->first == l->n)
			lot_free(l);
		return id;
	}
	return 0;
}

void
parking_clear(void)
{
	struct lot	*l;
	size_t		 iter = 0;

	while ((l = hashtab_next(&lots, &iter)) != NULL)
		lot_free(l);
}
