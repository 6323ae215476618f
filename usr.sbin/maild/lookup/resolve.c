/* One address: what do the tables say that it is? */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "libutil/addr.h"
#include "resolve.h"

static int
resolve_span_is(struct span s, const char *str)
{
	return span_eq(s, span_of(str));
}

static void
resolve_copy(char *dst, size_t dstsize, struct span s)
{
	snprintf(dst, dstsize, "%.*s", (int)s.len, s.p == NULL ? "" : s.p);
}

static int
resolve_is_role(const char *local, size_t len)
{
	return (len == 10 && memcmp(local, "postmaster", 10) == 0) ||
	    (len == 5 && memcmp(local, "abuse", 5) == 0);
}

/* Mail to this host itself: cron and the like, unless it is a mail domain. */
static int
resolve_is_home(const struct expand_site *site, const char *domain)
{
	const char	*host = site->conf->hostname;

	return strcmp(domain, "localhost") == 0 ||
	    (host != NULL && strcasecmp(domain, host) == 0);
}

int
resolve_is_own(const struct expand_site *site, const char *domain)
{
	char	 canon[TADDR_DOMAIN + 1];

	if (taddr_domain(canon, domain, strlen(domain)) == -1)
		return 0;
	return table_find(&site->domains, canon, strlen(canon)) !=
	    TABLE_NONE || resolve_is_home(site, canon);
}

/* An alias or an account of exactly that name? */
static int
resolve_exact(const struct expand_site *site, const char *name,
    struct resolve *r)
{
	size_t	 len = strlen(name);

	r->account = table_find(&site->accounts, name, len);
	r->index = table_find(&site->aliases, name, len);
	if (r->index != TABLE_NONE)
		r->kind = RESOLVE_ALIAS;
	else if (r->account != TABLE_NONE) {
		r->kind = RESOLVE_ACCOUNT;
		r->index = r->account;
	} else
		return 0;
	strlcpy(r->name, name, sizeof(r->name));
	return 1;
}

/*
 * The text behind the separator in the address as it was written: names of
 * mailboxes keep their case.  It ends at the last @.
 */
static void
resolve_mailbox(const char *address, char separator, struct resolve *r)
{
	const char	*at = strrchr(address, '@'), *from;

	if ((from = strchr(address, separator)) == NULL || from > at)
		return;
	from++;
	if (at > from && at[-1] == '"')
		at--;
	resolve_copy(r->mailbox, sizeof(r->mailbox),
	    (struct span){ from, (size_t)(at - from) });
}

/*
 * canon is local@domain with the domain's own name; the local part ends at.
 */
static void
resolve_local(const struct expand_site *site, const char *address,
    const char *canon, size_t at, const struct table_domain *d,
    struct resolve *r)
{
	char		 base[TADDR_MAX + 1];
	const char	*sub = NULL;
	size_t		 baselen = at;

	if (resolve_exact(site, canon, r))
		return;
	if (site->conf->subaddress != '\0')
		sub = memchr(canon, site->conf->subaddress, at);
	if (sub != NULL && sub != canon) {
		baselen = (size_t)(sub - canon);
		snprintf(base, sizeof(base), "%.*s%s", (int)baselen, canon,
		    canon + at);
		resolve_mailbox(address, site->conf->subaddress, r);
		if (resolve_exact(site, base, r))
			return;
	}
	if (resolve_is_role(canon, baselen)) {
		r->kind = RESOLVE_ROLE;
		snprintf(r->name, sizeof(r->name), "%.*s", (int)baselen,
		    canon);
		return;
	}
	r->mailbox[0] = '\0';
	snprintf(r->name, sizeof(r->name), "%s", canon + at);
	r->index = table_find(&site->aliases, r->name, strlen(r->name));
	if (r->index != TABLE_NONE) {
		r->kind = RESOLVE_ALIAS;
		r->account = TABLE_NONE;
	} else if (d->catch_all.len > 0) {
		r->kind = RESOLVE_CATCHALL;
		resolve_copy(r->catch_all, sizeof(r->catch_all), d->catch_all);
	}
}

/* The host's own name: only bare names are known there. */
static void
resolve_home(const struct expand_site *site, const char *canon, size_t at,
    struct resolve *r)
{
	char	 local[TADDR_MAX + 1];

	r->home = 1;
	snprintf(local, sizeof(local), "%.*s", (int)at, canon);
	if (resolve_exact(site, local, r))
		return;
	snprintf(r->name, sizeof(r->name), "%s", local);
	if (resolve_is_role(canon, at))
		r->kind = RESOLVE_ROLE;
}

/* local@[192.0.2.1]: never ours, as no table can name it. */
static int
resolve_literal(const char *address, struct resolve *r)
{
	const char	*at = strrchr(address, '@'), *from;
	char		 text[ADDR_STRLEN];
	struct addr	 a;
	size_t		 len;

	if (at == NULL || at == address || at[1] != '[')
		return -1;
	from = at + 2;
	if (strncasecmp(from, "IPv6:", 5) == 0)
		from += 5;
	len = strlen(from);
	if (len < 2 || len > sizeof(text) || from[len - 1] != ']')
		return -1;
	memcpy(text, from, len - 1);
	text[len - 1] = '\0';
	if (addr_parse(&a, text) == -1 || a.family == 0)
		return -1;
	r->kind = RESOLVE_REMOTE;
	r->literal = 1;
	return 0;
}

void
resolve_address(const struct expand_site *site, const char *address,
    struct resolve *r)
{
	struct table_domain	 d;
	char			 canon[2 * TADDR_MAX + 2];
	size_t			 at;
	int			 found;

	memset(r, 0, sizeof(*r));
	r->kind = RESOLVE_UNKNOWN;
	r->index = r->account = TABLE_NONE;
	strlcpy(r->address, address, sizeof(r->address));
	if (strcasecmp(address, "postmaster") == 0) {
		resolve_home(site, "postmaster", 10, r);
		return;
	}
	if (taddr_canon(canon, &at, address, strlen(address)) == -1) {
		if (resolve_literal(address, r) == -1)
			r->kind = RESOLVE_BAD;
		return;
	}
	found = table_domain_find(&site->domains, canon + at + 1, &d);
	if (found != 1) {
		if (resolve_is_home(site, canon + at + 1))
			resolve_home(site, canon, at, r);
		else if (taddr_remote(r->address, address,
		    strlen(address)) == -1)
			r->kind = RESOLVE_BAD;
		else
			r->kind = RESOLVE_REMOTE;
		return;
	}
	if (d.alias_of.len > 0) {
		resolve_copy(canon + at + 1, TADDR_DOMAIN + 1, d.alias_of);
		if (table_domain_find(&site->domains, canon + at + 1, &d) != 1)
			return;
	}
	resolve_local(site, address, canon, at, &d, r);
}

const char *
resolve_postmaster(const struct expand_site *site, char *dst)
{
	struct table_account	 a;
	const char		*p = site->conf->postmaster;

	if (p != NULL && *p != '\0') {
		strlcpy(dst, p, TADDR_MAX + 1);
		return dst;
	}
	if (site->accounts.count == 0 || table_account_get(&site->accounts,
	    site->accounts.first, &a) == -1)
		return NULL;
	resolve_copy(dst, TADDR_MAX + 1, a.name);
	return dst;
}

/* Is the address this account, perhaps with a sub-address? */
static int
resolve_is_account(const struct expand_site *site, const char *address,
    const char *account)
{
	struct resolve		 r;
	struct table_account	 a;
	uint32_t		 i;

	resolve_address(site, address, &r);
	i = r.kind == RESOLVE_ACCOUNT ? r.index : r.account;
	return i != TABLE_NONE &&
	    table_account_get(&site->accounts, i, &a) == 0 &&
	    resolve_span_is(a.name, account);
}

int
resolve_owns(const struct expand_site *site, const char *account,
    const char *address)
{
	struct resolve		 r;
	struct table_alias	 al;
	struct table_member	 m;
	char			 member[TADDR_MAX + 1];

	if (resolve_is_account(site, address, account))
		return 1;
	resolve_address(site, address, &r);
	switch (r.kind) {
	case RESOLVE_ALIAS:
		if (table_alias_get(&site->aliases, r.index, &al) == -1)
			return 0;
		while (table_member(&al, &m) == 1) {
			resolve_copy(member, sizeof(member), m.address);
			if (m.kind == MEMBER_ADDRESS &&
			    resolve_is_account(site, member, account))
				return 1;
		}
		return 0;
	case RESOLVE_CATCHALL:
		return resolve_is_account(site, r.catch_all, account);
	case RESOLVE_ROLE:
		return resolve_postmaster(site, member) != NULL &&
		    resolve_is_account(site, member, account);
	default:
		return 0;
	}
}
