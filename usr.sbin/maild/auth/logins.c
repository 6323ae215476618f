/* Who is logged in where. */
#include <stdlib.h>
#include <string.h>

#include "auth/logins.h"
#include "libutil/hashtab.h"

struct logins_account {
	unsigned	 count;
	char		 name[];
};

struct login {
	struct logins_account *account;
	uint8_t		 key[10];	/* proc, inst, sid */
};

static struct hashtab	 accounts;
static struct hashtab	 logins;

static const void *
account_key(const void *entry, size_t *len)
{
	const struct logins_account	*a = entry;

	*len = strlen(a->name);
	return a->name;
}

static const void *
login_key(const void *entry, size_t *len)
{
	*len = sizeof(((const struct login *)entry)->key);
	return ((const struct login *)entry)->key;
}

static void
login_make_key(uint8_t key[10], unsigned proc, unsigned inst, uint64_t sid)
{
	key[0] = (uint8_t)proc;
	key[1] = (uint8_t)inst;
	memcpy(key + 2, &sid, sizeof(sid));
}

void
logins_init(void)
{
	hashtab_init(&accounts, account_key);
	hashtab_init(&logins, login_key);
}

static void
account_release(struct logins_account *a)
{
	if (a->count > 0)
		return;
	hashtab_remove(&accounts, a->name, strlen(a->name));
	free(a);
}

static struct logins_account *
account_get(const char *name)
{
	struct logins_account	*a;
	size_t			 len = strlen(name);

	if ((a = hashtab_find(&accounts, name, len)) != NULL)
		return a;
	if ((a = calloc(1, sizeof(*a) + len + 1)) == NULL)
		return NULL;
	memcpy(a->name, name, len + 1);
	if (hashtab_insert(&accounts, a) == -1) {
		free(a);
		return NULL;
	}
	return a;
}

int
logins_add(unsigned proc, unsigned inst, uint64_t sid, const char *name,
    unsigned max)
{
	struct logins_account	*a;
	struct login		*l;

	logins_remove(proc, inst, sid);
	if ((a = account_get(name)) == NULL)
		return -1;
	if ((max != 0 && a->count >= max) ||
	    (l = calloc(1, sizeof(*l))) == NULL) {
		account_release(a);
		return -1;
	}
	l->account = a;
	login_make_key(l->key, proc, inst, sid);
	if (hashtab_insert(&logins, l) == -1) {
		free(l);
		account_release(a);
		return -1;
	}
	a->count++;
	return 0;
}

static void
login_free(struct login *l)
{
	hashtab_remove(&logins, l->key, sizeof(l->key));
	l->account->count--;
	account_release(l->account);
	free(l);
}

void
logins_remove(unsigned proc, unsigned inst, uint64_t sid)
{
	struct login	*l;
	uint8_t		 key[10];

	login_make_key(key, proc, inst, sid);
	if ((l = hashtab_find(&logins, key, sizeof(key))) != NULL)
		login_free(l);
}

void
logins_forget(unsigned proc, unsigned inst)
{
	struct login	*l;
	size_t		 i = 0;

	while ((l = hashtab_next(&logins, &i)) != NULL)
		if (l->key[0] == proc && l->key[1] == inst)
			login_free(l);
}

size_t
logins_count(void)
{
	return logins.count;
}
