/*
 * Session tickets with LibreSSL's libtls, which does it all when told the keys.
 * It takes a key for dead after the session lifetime, and then fails each
 * handshake: never be late.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <tls.h>

#include "libutil/log.h"
#include "tlskey_local.h"

struct context {
	LIST_ENTRY(context) entry;
	struct tls	*tls;
	struct tls_config *config;	/* which tls holds, and we with it */
	uint8_t		 key[48];
	uint32_t	 epoch;		/* of the key made last */
};

static LIST_HEAD(, context) contexts = LIST_HEAD_INITIALIZER(contexts);
static struct event	 ticket_ev;

static int
ticket_add(struct context *c, uint32_t epoch)
{
	uint8_t		 name[16] = "ticket";
	uint8_t		 key[EVP_MAX_MD_SIZE];
	unsigned	 len;
	int		 ret;

	name[12] = (uint8_t)(epoch >> 24);
	name[13] = (uint8_t)(epoch >> 16);
	name[14] = (uint8_t)(epoch >> 8);
	name[15] = (uint8_t)epoch;
	if (HMAC(EVP_sha512(), c->key, sizeof(c->key), name, sizeof(name), key,
	    &len) == NULL)
		return -1;
	ret = tls_config_add_ticket_key(c->config, epoch, key,
	    TLS_TICKET_KEY_SIZE);
	explicit_bzero(key, sizeof(key));
	c->epoch = epoch;
	return ret;
}

static void
ticket_tick(int fd, short what, void *arg)
{
	struct timeval	 tv = { 30, 0 };
	struct context	*c;
	uint32_t	 epoch = (uint32_t)(time(NULL) / TICKET_EPOCH);

	LIST_FOREACH(c, &contexts, entry)
		if (c->epoch != epoch && ticket_add(c, epoch) == -1)
			log_warnx("cannot renew the ticket key");
	if (!LIST_EMPTY(&contexts))
		evtimer_add(&ticket_ev, &tv);
}

int
ticket_setup(struct tls *tls, struct tls_config *config, const uint8_t key[48])
{
	struct timeval	 tv = { 30, 0 };
	struct context	*c;
	uint32_t	 epoch = (uint32_t)(time(NULL) / TICKET_EPOCH);

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->tls = tls;
	c->config = config;
	memcpy(c->key, key, sizeof(c->key));
	if (ticket_add(c, epoch - 1) == -1 || ticket_add(c, epoch) == -1) {
		log_warnx("cannot add the ticket key");
		freezero(c, sizeof(*c));
		return -1;
	}
	if (LIST_EMPTY(&contexts)) {
		evtimer_set(&ticket_ev, ticket_tick, NULL);
		evtimer_add(&ticket_ev, &tv);
	}
	LIST_INSERT_HEAD(&contexts, c, entry);
	return 0;
}

void
ticket_forget(struct tls *tls)
{
	struct context	*c;

	LIST_FOREACH(c, &contexts, entry)
		if (c->tls == tls)
			break;
	if (c == NULL)
		return;
	LIST_REMOVE(c, entry);
	freezero(c, sizeof(*c));
	if (LIST_EMPTY(&contexts))
		evtimer_del(&ticket_ev);
}
