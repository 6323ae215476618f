/* Are the tables sound, each and together? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtable/tabset_local.h"
#include "libtable/taddr.h"

/* All three begin with the name. */
static int
tabset_cmp(const void *a, const void *b)
{
	const char *const	*x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void *
tabset_find(const void *array, size_t n, size_t size, const char *name)
{
	/* An empty table has no array, and bsearch(3) wants one. */
	return n == 0 ? NULL : bsearch(&name, array, n, size, tabset_cmp);
}

static struct tabset_domain *
tabset_domain(struct tabset *ts, const char *name)
{
	return tabset_find(ts->domains, ts->ndomains, sizeof(*ts->domains),
	    name);
}

static struct tabset_alias *
tabset_alias(struct tabset *ts, const char *name)
{
	return tabset_find(ts->aliases, ts->naliases, sizeof(*ts->aliases),
	    name);
}

static int
tabset_is_account(struct tabset *ts, const char *name)
{
	return tabset_find(ts->accounts, ts->naccounts, sizeof(*ts->accounts),
	    name) != NULL;
}

/* postmaster and abuse are somebody's in each domain (RFC 2142, RFC 5321). */
static int
tabset_is_role(const char *addr)
{
	return strncmp(addr, "postmaster@", 11) == 0 ||
	    strncmp(addr, "abuse@", 6) == 0;
}

/*
 * Is it an account, an alias or a sub-address of one?  *target is the alias's
 * number or TABSET_NOTARGET.
 */
static int
tabset_resolve(struct tabset *ts, const char *address, uint32_t *target)
{
	struct tabset_domain	*d;
	struct tabset_alias	*al;
	char			 addr[TADDR_MAX * 2], *sub;
	size_t			 at;

	*target = TABSET_NOTARGET;
	if (taddr_canon(addr, &at, address, strlen(address)) == -1)
		return 0;
	d = tabset_domain(ts, addr + at + 1);
	if (d != NULL && d->alias_of != NULL)
		strlcpy(addr + at + 1, d->alias_of, sizeof(addr) - at - 1);
	for (;;) {
		if ((al = tabset_alias(ts, addr)) != NULL) {
			*target = (uint32_t)(al - ts->aliases);
			return 1;
		}
		if (tabset_is_account(ts, addr) || tabset_is_role(addr))
			return 1;
		if (ts->subaddress == 0)
			return 0;
		sub = memchr(addr, ts->subaddress, at);
		if (sub == NULL || sub == addr)
			return 0;
		memmove(sub, addr + at, strlen(addr + at) + 1);
		at = (size_t)(sub - addr);
	}
}

static void
tabset_check_domains(struct tabset *ts)
{
	struct tabset_domain	*d, *other;
	size_t			 i;
	uint32_t		 target;

	for (i = 0; i < ts->ndomains; i++) {
		d = &ts->domains[i];
		if (i > 0 && strcmp(d->name, d[-1].name) == 0)
			tabset_fail(ts, TAB_DOMAINS, d->line > d[-1].line ?
			    d->line : d[-1].line, d->name,
			    "is there twice (also in line %u)",
			    d->line > d[-1].line ? d[-1].line : d->line);
		if (d->alias_of != NULL) {
			other = tabset_domain(ts, d->alias_of);
			if (other == NULL)
				tabset_fail(ts, TAB_DOMAINS, d->line,
				    d->alias_of, "not one of our domains");
			else if (other->alias_of != NULL)
				tabset_fail(ts, TAB_DOMAINS, d->line,
				    d->alias_of, "itself an alias of %s",
				    other->alias_of);
			if (d->catch_all != NULL)
				tabset_fail(ts, TAB_DOMAINS, d->line, d->name,
				    "alias-of and catch-all exclude each "
				    "other");
		}
		if (d->catch_all != NULL && tabset_domain(ts,
		    strrchr(d->catch_all, '@') + 1) != NULL &&
		    !tabset_resolve(ts, d->catch_all, &target))
			tabset_fail(ts, TAB_DOMAINS, d->line, d->catch_all,
			    "no such account or alias");
	}
}

/* A name in a domain that is ours, and by its own name? */
static void
tabset_check_home(struct tabset *ts, enum tabkind kind, unsigned line,
    const char *name)
{
	struct tabset_domain	*d;
	const char		*at;

	if ((at = strrchr(name, '@')) == NULL)
		return;
	if ((d = tabset_domain(ts, at + 1)) == NULL)
		tabset_fail(ts, kind, line, name, "%s is not in domains",
		    at + 1);
	else if (d->alias_of != NULL)
		tabset_fail(ts, kind, line, name, "%s is an alias of %s: "
		    "write that", at + 1, d->alias_of);
}

static void
tabset_check_accounts(struct tabset *ts)
{
	struct tabset_account	*a;
	size_t			 i;

	for (i = 0; i < ts->naccounts; i++) {
		a = &ts->accounts[i];
		if (i > 0 && strcmp(a->name, a[-1].name) == 0)
			tabset_fail(ts, TAB_ACCOUNTS, a->line > a[-1].line ?
			    a->line : a[-1].line, a->name,
			    "is there twice (also in line %u)",
			    a->line > a[-1].line ? a[-1].line : a->line);
		tabset_check_home(ts, TAB_ACCOUNTS, a->line, a->name);
	}
}

static void
tabset_check_members(struct tabset *ts, struct tabset_alias *al)
{
	struct tabset_member	*m;
	struct tabset_domain	*d;
	char			 domain[TADDR_DOMAIN + 1];
	const char		*at;
	size_t			 i;

	for (i = al->first; i < al->first + al->count; i++) {
		m = &ts->members[i];
		if (m->address == NULL)
			continue;
		at = strrchr(m->address, '@') + 1;
		strlcpy(domain, at, sizeof(domain));
		if ((d = tabset_domain(ts, domain)) == NULL)
			continue;
		m->local = 1;
		if (!tabset_resolve(ts, m->address, &m->target))
			tabset_fail(ts, TAB_ALIASES, m->line, m->address,
			    "no such account or alias");
	}
}

static void
tabset_check_aliases(struct tabset *ts)
{
	struct tabset_alias	*al;
	struct tabset_domain	*d;
	size_t			 i;

	for (i = 0; i < ts->naliases; i++) {
		al = &ts->aliases[i];
		if (i > 0 && strcmp(al->name, al[-1].name) == 0)
			tabset_fail(ts, TAB_ALIASES, al->line > al[-1].line ?
			    al->line : al[-1].line, al->name,
			    "is there twice (also in line %u)",
			    al->line > al[-1].line ? al[-1].line : al->line);
		tabset_check_home(ts, TAB_ALIASES, al->line, al->name);
		if (al->name[0] == '@') {
			d = tabset_domain(ts, al->name + 1);
			if (d != NULL && d->catch_all != NULL)
				tabset_fail(ts, TAB_ALIASES, al->line,
				    al->name, "the domain has catch-all in "
				    "domains too");
		}
		tabset_check_members(ts, al);
	}
}

/* One step of the search for loops: an alias and which member comes next. */
struct tabset_step {
	uint32_t	alias;
	uint32_t	member;
};

static void
tabset_report_loop(struct tabset *ts, const struct tabset_step *stack,
    size_t depth, uint32_t again)
{
	const struct tabset_alias	*al = &ts->aliases[again];
	const struct tabset_member	*m;
	char				 chain[768];
	size_t				 i;

	for (i = depth; i > 0 && stack[i - 1].alias != again; i--)
		;
	chain[0] = '\0';
	for (i = i > 0 ? i - 1 : 0; i < depth; i++) {
		strlcat(chain, ts->aliases[stack[i].alias].name,
		    sizeof(chain));
		strlcat(chain, " -> ", sizeof(chain));
	}
	strlcat(chain, al->name, sizeof(chain));
	m = &ts->members[ts->aliases[stack[depth - 1].alias].first +
	    stack[depth - 1].member - 1];
	tabset_fail(ts, TAB_ALIASES, m->line, al->name, "loops: %s", chain);
}

enum { WHITE, GREY, BLACK };

/* Follow everything that one alias leads to. */
static void
tabset_walk(struct tabset *ts, struct tabset_step *stack, uint32_t from)
{
	struct tabset_alias	*al;
	struct tabset_step	*top;
	uint32_t		 target;
	size_t			 depth = 1;

	stack[0] = (struct tabset_step){ from, 0 };
	ts->aliases[from].colour = GREY;
	while (depth > 0) {
		top = &stack[depth - 1];
		al = &ts->aliases[top->alias];
		if (top->member == al->count) {
			al->colour = BLACK;
			depth--;
			continue;
		}
		target = ts->members[al->first + top->member++].target;
		if (target == TABSET_NOTARGET)
			continue;
		if (ts->aliases[target].colour == GREY) {
			/* Met again, a name means the account it also is. */
			if (!tabset_is_account(ts, ts->aliases[target].name))
				tabset_report_loop(ts, stack, depth, target);
		} else if (ts->aliases[target].colour == WHITE) {
			if (depth == TABSET_DEPTH) {
				tabset_fail(ts, TAB_ALIASES, al->line,
				    al->name, "more than %d aliases within "
				    "one another", TABSET_DEPTH);
				continue;
			}
			ts->aliases[target].colour = GREY;
			stack[depth++] = (struct tabset_step){ target, 0 };
		}
	}
}

int
tabset_check(struct tabset *ts)
{
	struct tabset_step	 stack[TABSET_DEPTH];
	uint32_t		 i;

	if (ts->nomem)
		return -1;
	if (ts->ndomains > 0)
		qsort(ts->domains, ts->ndomains, sizeof(*ts->domains),
		    tabset_cmp);
	if (ts->naccounts > 0)
		qsort(ts->accounts, ts->naccounts, sizeof(*ts->accounts),
		    tabset_cmp);
	if (ts->naliases > 0)
		qsort(ts->aliases, ts->naliases, sizeof(*ts->aliases),
		    tabset_cmp);
	tabset_check_domains(ts);
	tabset_check_accounts(ts);
	tabset_check_aliases(ts);
	/* Damage found so far makes the graph meaningless. */
	if (ts->nerrors == 0)
		for (i = 0; i < ts->naliases; i++)
			if (ts->aliases[i].colour == WHITE)
				tabset_walk(ts, stack, i);
	return ts->nerrors == 0 ? 0 : -1;
}
