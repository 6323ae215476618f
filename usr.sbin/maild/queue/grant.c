#include <stdlib.h>
#include <string.h>

#include "grant.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"

struct grant_key {
	uint64_t	 sid;
	uint32_t	 proc;
	uint32_t	 inst;
};

struct grant {
	struct grant_key key;
	char		 account[];
};

static struct hashtab	 grants;

static const void *
grant_key(const void *entry, size_t *len)
{
	const struct grant	*g = entry;

	*len = sizeof(g->key);
	return &g->key;
}

static struct grant_key
key_of(enum proc_id proc, unsigned inst, uint64_t sid)
{
	return (struct grant_key){ sid, proc, inst };
}

void
grant_init(void)
{
	hashtab_init(&grants, grant_key);
}

void
grant_add(const struct msg_grant *m)
{
	struct grant	*g;
	size_t		 len = strlen(m->account) + 1;

	grant_end(m->origin.proc, m->origin.inst, m->origin.sid);
	if ((g = malloc(sizeof(*g) + len)) == NULL)
		fatal("grant");
	g->key = key_of(m->origin.proc, m->origin.inst, m->origin.sid);
	memcpy(g->account, m->account, len);
	if (hashtab_insert(&grants, g) == -1)
		fatal("grant");
}

void
grant_end(enum proc_id proc, unsigned inst, uint64_t sid)
{
	struct grant_key key = key_of(proc, inst, sid);

	free(hashtab_remove(&grants, &key, sizeof(key)));
}

void
grant_worker_gone(enum proc_id proc, unsigned inst)
{
	struct grant	*g;
	size_t		 iter = 0;

	while ((g = hashtab_next(&grants, &iter)) != NULL) {
		if (g->key.proc == proc && g->key.inst == inst)
			free(hashtab_remove(&grants, &g->key, sizeof(g->key)));
	}
}

const char *
grant_account(enum proc_id proc, unsigned inst, uint64_t sid)
{
	struct grant_key	 key = key_of(proc, inst, sid);
	struct grant		*g;

	g = hashtab_find(&grants, &key, sizeof(key));
	return g == NULL ? "" : g->account;
}
