/* Who there is: the site's tables as auth sees them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/site.h"
#include "conf.h"

static int
site_table(struct table *t, enum tabkind kind, const struct conf *conf,
    enum conf_table n)
{
	return table_open(t, kind, conf->tables[n].data, conf->tables[n].len);
}

/* The domain of bare names: when but one is ours, aliases aside. */
static void
site_default_domain(struct site *s)
{
	struct table_domain	 d;
	uint32_t		 i;

	s->domain[0] = '\0';
	for (i = 0; i < s->domains.count; i++) {
		if (table_domain_get(&s->domains, i, &d) == -1 ||
		    d.alias_of.len > 0)
			continue;
		if (s->domain[0] != '\0') {
			s->domain[0] = '\0';
			return;
		}
		snprintf(s->domain, sizeof(s->domain), "%.*s",
		    (int)d.name.len, d.name.p);
	}
}

/*
 * False salts must be the same after a restart, or they would tell; so they
 * come from something lasting that outsiders do not know.
 */
static int
site_make_dummy(struct site *s)
{
	struct table_account	 a;
	struct scram_secret	 random;
	uint32_t		 i;

	s->dummy[0] = '\0';
	if (s->accounts.count > 0 && table_account_get(&s->accounts,
	    s->accounts.first, &a) == 0 && (i = table_find(&s->secrets,
	    a.name.p, a.name.len)) != TABLE_NONE)
		(void)table_secret_get(&s->secrets, i, s->dummy);
	if (s->dummy[0] == '\0') {
		memset(&random, 0, sizeof(random));
		random.iterations = SCRAM_ITERATIONS;
		random.saltlen = SCRAM_SALTLEN;
		arc4random_buf(random.salt, SCRAM_SALTLEN);
		arc4random_buf(random.stored_key, SCRAM_KEYLEN);
		if (scram_secret_print(&random, s->dummy, sizeof(s->dummy)) ==
		    -1)
			return -1;
	}
	return scram_hash(s->dummy, strlen(s->dummy), s->fakekey);
}

int
site_open(struct site *s, const struct conf *conf)
{
	memset(s, 0, sizeof(*s));
	s->conf = conf;
	if (site_table(&s->domains, TAB_DOMAINS, conf, TABLE_DOMAINS) == -1 ||
	    site_table(&s->accounts, TAB_ACCOUNTS, conf, TABLE_ACCOUNTS) ==
	    -1 || site_table(&s->secrets, TAB_SECRETS, conf, TABLE_SECRETS) ==
	    -1)
		return -1;
	site_default_domain(s);
	return site_make_dummy(s);
}

void
site_close(struct site *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* Canonical, with the domain that an alias of it stands for.  0 or -1. */
static int
site_canon(const struct site *s, const char *login, size_t len, char *name)
{
	char			 full[2 * TADDR_MAX];
	struct table_domain	 d;
	size_t			 at;
	int			 n;

	if (len > TADDR_MAX || memchr(login, '\0', len) != NULL)
		return -1;
	if (memchr(login, '@', len) == NULL) {
		if (s->domain[0] == '\0')
			return -1;
		n = snprintf(full, sizeof(full), "%.*s@%s", (int)len, login,
		    s->domain);
	} else
		n = snprintf(full, sizeof(full), "%.*s", (int)len, login);
	if (n <= 0 || (size_t)n >= sizeof(full) ||
	    taddr_canon(name, &at, full, (size_t)n) == -1)
		return -1;
	if (table_domain_find(&s->domains, name + at + 1, &d) == 1 &&
	    d.alias_of.len > 0) {
		if (at + 1 + d.alias_of.len > TADDR_MAX)
			return -1;
		memcpy(name + at + 1, d.alias_of.p, d.alias_of.len);
		name[at + 1 + d.alias_of.len] = '\0';
	}
	return 0;
}

static uint64_t
site_quota(uint64_t own, uint64_t usual)
{
	return own == TABTEXT_DEFAULT ? usual : own;
}

void
site_find(const struct site *s, const char *login, size_t len,
    struct site_account *a)
{
	struct table_account	 row;
	uint32_t		 i;

	memset(a, 0, sizeof(*a));
	a->why = "no such account";
	strlcpy(a->secret, s->dummy, sizeof(a->secret));
	if (site_canon(s, login, len, a->name) == -1) {
		snprintf(a->name, sizeof(a->name), "%.*s",
		    (int)(len > TADDR_MAX ? TADDR_MAX : len), login);
		return;
	}
	if (table_account_find(&s->accounts, a->name, &row) != 1)
		return;
	a->why = row.disabled ? "account is disabled" :
	    "account has no password";
	if (row.disabled || !row.login)
		return;
	if ((i = table_find(&s->secrets, a->name, strlen(a->name))) ==
	    TABLE_NONE || table_secret_get(&s->secrets, i, a->secret) == -1) {
		strlcpy(a->secret, s->dummy, sizeof(a->secret));
		return;
	}
	a->quota_bytes = site_quota(row.quota_bytes, s->conf->quota_bytes);
	a->quota_messages = site_quota(row.quota_messages,
	    s->conf->quota_messages);
	a->exists = 1;
}

int
site_scram(const struct site *s, const struct site_account *a,
    struct scram_secret *secret)
{
	struct scram_secret	 usual;
	uint8_t			 mac[EVP_MAX_MD_SIZE];
	unsigned		 len;

	if (a->exists && scram_secret_parse(a->secret, strlen(a->secret),
	    secret) == 0)
		return 1;
	memset(secret, 0, sizeof(*secret));
	if (scram_secret_parse(s->dummy, strlen(s->dummy), &usual) == -1) {
		usual.saltlen = SCRAM_SALTLEN;
		usual.iterations = SCRAM_ITERATIONS;
	}
	secret->saltlen = usual.saltlen;
	secret->iterations = usual.iterations;
	if (HMAC(EVP_sha512(), s->fakekey, sizeof(s->fakekey),
	    (const uint8_t *)a->name, strlen(a->name), mac, &len) != NULL)
		memcpy(secret->salt, mac, usual.saltlen);
	arc4random_buf(secret->stored_key, SCRAM_KEYLEN);
	explicit_bzero(&usual, sizeof(usual));
	return 0;
}
