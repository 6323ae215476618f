/* Accounts that have logged in by POP3 a while ago. */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "auth/delays.h"
#include "libutil/hashtab.h"

struct delay {
	TAILQ_ENTRY(delay) entry;
	int64_t		 last;
	char		 account[];
};

static struct hashtab	 delays;
static TAILQ_HEAD(, delay) delay_order = TAILQ_HEAD_INITIALIZER(delay_order);

static const void *
delay_key(const void *entry, size_t *len)
{
	const struct delay	*d = entry;

	*len = strlen(d->account);
	return d->account;
}

void
delays_init(void)
{
	hashtab_init(&delays, delay_key);
}

static void
delay_drop(struct delay *d)
{
	hashtab_remove(&delays, d->account, strlen(d->account));
	TAILQ_REMOVE(&delay_order, d, entry);
	free(d);
}

unsigned
delays_left(const char *account, int64_t now, unsigned delay)
{
	struct delay	*d;

	d = hashtab_find(&delays, account, strlen(account));
	if (d == NULL || now - d->last >= (int64_t)delay)
		return 0;
	return (unsigned)(d->last + (int64_t)delay - now);
}

void
delays_add(const char *account, int64_t now, unsigned delay)
{
	struct delay	*d;
	size_t		 n = strlen(account) + 1;

	/* The oldest are at the front: those that no longer matter go. */
	while ((d = TAILQ_FIRST(&delay_order)) != NULL &&
	    (now - d->last >= (int64_t)delay || delays.count >= DELAYS_MAX))
		delay_drop(d);
	if ((d = hashtab_find(&delays, account, n - 1)) != NULL)
		delay_drop(d);
	if ((d = calloc(1, sizeof(*d) + n)) == NULL)
		return;
	d->last = now;
	memcpy(d->account, account, n);
	if (hashtab_insert(&delays, d) == -1) {
		free(d);
		return;
	}
	TAILQ_INSERT_TAIL(&delay_order, d, entry);
}

size_t
delays_count(void)
{
	return delays.count;
}
