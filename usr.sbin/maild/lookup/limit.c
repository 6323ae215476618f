/* Who is connected. */
#include <stdlib.h>
#include <string.h>

#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "limit.h"

#define LIMIT_KINDS	16		/* of workers */
#define LIMIT_RATES	16384

struct limit_addr {
	uint8_t		 key[10];	/* worker's kind, family, network */
	uint32_t	 count;
};

struct limit_session {
	uint64_t	 key[2];	/* sid, worker */
	struct limit_addr *addr;
};

static struct hashtab	 limit_sessions, limit_addrs;
static uint32_t		 limit_kinds[LIMIT_KINDS];	/* sessions */
static uint32_t		 limit_rates[LIMIT_RATES];	/* of this minute */
static uint64_t		 limit_minute, limit_key[2];

static const void *
limit_addr_key(const void *entry, size_t *len)
{
	const struct limit_addr	*a = entry;

	*len = sizeof(a->key);
	return a->key;
}

static const void *
limit_session_key(const void *entry, size_t *len)
{
	const struct limit_session	*s = entry;

	*len = sizeof(s->key);
	return s->key;
}

void
limit_init(void)
{
	hashtab_init(&limit_sessions, limit_session_key);
	hashtab_init(&limit_addrs, limit_addr_key);
}

static struct limit_addr *
limit_addr_get(unsigned kind, const struct addr *a)
{
	struct limit_addr	*la;
	uint8_t			 key[10];

	key[0] = (uint8_t)kind;
	key[1] = a->family;
	memcpy(key + 2, a->bytes, 8);
	if ((la = hashtab_find(&limit_addrs, key, sizeof(key))) != NULL)
		return la;
	if ((la = calloc(1, sizeof(*la))) == NULL)
		fatal("limit");
	memcpy(la->key, key, sizeof(key));
	if (hashtab_insert(&limit_addrs, la) == -1)
		fatal("limit");
	return la;
}

static void
limit_addr_settle(struct limit_addr *la)
{
	if (la->count > 0)
		return;
	hashtab_remove(&limit_addrs, la->key, sizeof(la->key));
	free(la);
}

enum limit
limit_add(unsigned worker, uint64_t sid, const struct addr *a,
    uint32_t max_address, uint32_t max_total)
{
	struct limit_addr	*la;
	struct limit_session	*s;
	unsigned		 kind = LIMIT_KIND(worker) % LIMIT_KINDS;

	if (max_total != 0 && limit_kinds[kind] >= max_total)
		return LIMIT_TOTAL;
	la = limit_addr_get(kind, a);
	if (max_address != 0 && la->count >= max_address) {
		limit_addr_settle(la);
		return LIMIT_ADDRESS;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("limit");
	s->key[0] = sid;
	s->key[1] = worker;
	s->addr = la;
	if (hashtab_insert(&limit_sessions, s) == -1) {
		/* The same id once more: its counting stands already. */
		free(s);
		limit_addr_settle(la);
		return LIMIT_OK;
	}
	la->count++;
	limit_kinds[kind]++;
	return LIMIT_OK;
}

static void
limit_drop(struct limit_session *s)
{
	hashtab_remove(&limit_sessions, s->key, sizeof(s->key));
	limit_kinds[LIMIT_KIND(s->key[1]) % LIMIT_KINDS]--;
	s->addr->count--;
	limit_addr_settle(s->addr);
	free(s);
}

void
limit_remove(unsigned worker, uint64_t sid)
{
	struct limit_session	*s;
	uint64_t		 key[2] = { sid, worker };

	s = hashtab_find(&limit_sessions, key, sizeof(key));
	if (s != NULL)
		limit_drop(s);
}

void
limit_forget(unsigned worker)
{
	struct limit_session	*s;
	size_t			 iter = 0;

	while ((s = hashtab_next(&limit_sessions, &iter)) != NULL)
		if (s->key[1] == worker)
			limit_drop(s);
}

size_t
limit_count(void)
{
	return limit_sessions.count;
}

/* ---- how fast ------------------------------------------------------------ */

int
limit_rate(const struct addr *a, uint64_t now, uint32_t max)
{
	uint8_t		 net[9] = { a->family };
	uint32_t	*count;

	if (max == 0)
		return 0;
	if (limit_minute != now / 60 + 1) {
		memset(limit_rates, 0, sizeof(limit_rates));
		limit_minute = now / 60 + 1;
		arc4random_buf(limit_key, sizeof(limit_key));
	}
	memcpy(net + 1, a->bytes, 8);
	count = &limit_rates[siphash24(limit_key, net, sizeof(net)) %
	    LIMIT_RATES];
	if (*count >= max)
		return 1;
	(*count)++;
	return 0;
}
