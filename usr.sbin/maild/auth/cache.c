/* Passwords that were right a while ago. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/cache.h"
#include "auth/sasl_plain.h"
#include "libutil/hashtab.h"

struct cache_entry {
	TAILQ_ENTRY(cache_entry) entry;
	int64_t		 expires;
	uint8_t		 mac[CACHE_TOKEN];
	char		 account[];
};

static uint8_t		 key[32];	/* of this process, never told */
static struct hashtab	 table;
static TAILQ_HEAD(, cache_entry) order = TAILQ_HEAD_INITIALIZER(order);

static const void *
cache_key(const void *entry, size_t *len)
{
	const struct cache_entry	*e = entry;

	*len = strlen(e->account);
	return e->account;
}

void
cache_init(void)
{
	arc4random_buf(key, sizeof(key));
	hashtab_init(&table, cache_key);
}

int
cache_token(const char *account, const char *password, size_t len,
    uint8_t mac[CACHE_TOKEN])
{
	uint8_t		 text[SASL_NAME_MAX + 1 + SASL_PASSWORD_MAX];
	unsigned	 maclen;
	size_t		 n = strlen(account) + 1;
	int		 ret = -1;

	if (n > SASL_NAME_MAX + 1 || len > SASL_PASSWORD_MAX)
		return -1;
	memcpy(text, account, n);
	memcpy(text + n, password, len);
	if (HMAC(EVP_sha256(), key, sizeof(key), text, n + len, mac,
	    &maclen) != NULL)
		ret = 0;
	explicit_bzero(text, sizeof(text));
	return ret;
}

static void
cache_drop(struct cache_entry *e)
{
	hashtab_remove(&table, e->account, strlen(e->account));
	TAILQ_REMOVE(&order, e, entry);
	freezero(e, sizeof(*e));
}

void
cache_add(const char *account, const uint8_t mac[CACHE_TOKEN], int64_t now)
{
	struct cache_entry	*e;
	size_t			 n = strlen(account) + 1;

	if ((e = hashtab_find(&table, account, n - 1)) != NULL)
		cache_drop(e);
	if (table.count >= CACHE_MAX)
		cache_drop(TAILQ_FIRST(&order));
	if ((e = calloc(1, sizeof(*e) + n)) == NULL)
		return;
	memcpy(e->account, account, n);
	memcpy(e->mac, mac, sizeof(e->mac));
	e->expires = now + CACHE_SECONDS;
	if (hashtab_insert(&table, e) == -1) {
		free(e);
		return;
	}
	TAILQ_INSERT_TAIL(&order, e, entry);
}

int
cache_check(const char *account, const uint8_t mac[CACHE_TOKEN], int64_t now)
{
	struct cache_entry	*e;

	if ((e = hashtab_find(&table, account, strlen(account))) == NULL)
		return 0;
	if (e->expires <= now) {
		cache_drop(e);
		return 0;
	}
	return CRYPTO_memcmp(mac, e->mac, sizeof(e->mac)) == 0;
}

void
cache_flush(void)
{
	struct cache_entry	*e;

	while ((e = TAILQ_FIRST(&order)) != NULL)
		cache_drop(e);
}

size_t
cache_count(void)
{
	return table.count;
}
