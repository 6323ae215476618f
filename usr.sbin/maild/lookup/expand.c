/* The decision about one recipient. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "expand.h"
#include "libutil/log.h"
#include "resolve.h"

#define NOPARENT	SIZE_MAX

/* An address on the way, and through which alias it was reached. */
struct step {
	char		*address;
	size_t		 parent;	/* steps[parent], or NOPARENT */
	uint32_t	 alias;		/* that it turned out to be */
	unsigned	 depth;
};

struct walk {
	const struct expand_site *site;
	struct expand_result	*res;
	struct step		*steps;
	size_t			 nsteps;
	int			 local_client;
	int			 toomany;
	int			 disabled;	/* met such an account */
};

static const struct answer {
	uint16_t	 code;
	const char	*enhanced;
	const char	*text;
} answers[] = {
	{ 250, "2.1.5", "Recipient ok" },
#define ANSWER_OK		0
	{ 530, "5.7.0", "Authentication required" },
#define ANSWER_AUTH		1
	{ 550, "5.7.1", "Relaying denied" },
#define ANSWER_RELAY		2
	{ 553, "5.7.1", "Sender address is not yours" },
#define ANSWER_SENDER		3
	{ 550, "5.1.1", "No such user here" },
#define ANSWER_UNKNOWN		4
	{ 553, "5.1.3", "Bad recipient address" },
#define ANSWER_BAD		5
	{ 550, "5.2.1", "Mailbox is disabled" },
#define ANSWER_DISABLED		6
	{ 452, "4.5.3", "Too many destinations" },
#define ANSWER_TOOMANY		7
	{ 451, "4.3.5", "No postmaster is configured" },
#define ANSWER_POSTMASTER	8
};

static void
expand_answer(struct expand_result *res, int n)
{
	res->code = answers[n].code;
	res->enhanced = answers[n].enhanced;
	res->text = answers[n].text;
}

int
expand_site_init(struct expand_site *site, const struct conf *conf)
{
	memset(site, 0, sizeof(*site));
	site->conf = conf;
	if (table_open(&site->domains, TAB_DOMAINS,
	    conf->tables[TABLE_DOMAINS].data,
	    conf->tables[TABLE_DOMAINS].len) == -1 ||
	    table_open(&site->aliases, TAB_ALIASES,
	    conf->tables[TABLE_ALIASES].data,
	    conf->tables[TABLE_ALIASES].len) == -1 ||
	    table_open(&site->accounts, TAB_ACCOUNTS,
	    conf->tables[TABLE_ACCOUNTS].data,
	    conf->tables[TABLE_ACCOUNTS].len) == -1)
		return -1;
	return 0;
}

int
expand_trusted_client(const struct conf *conf, const struct addr *client)
{
	const struct conf_net	*net;

	TAILQ_FOREACH(net, &conf->trusted, entry)
		if (addrnet_match(&net->net, client))
			return 1;
	return 0;
}

/* Our own socket for local programs, as configured; not LMTP's. */
static int
expand_local_client(const struct conf *conf, const struct msg_expand *m)
{
	const struct conf_listen	*l;

	if (!(m->flags & ENV_LOCAL) || m->flags & ENV_LMTP ||
	    m->client.family != 0)
		return 0;
	TAILQ_FOREACH(l, &conf->listens, entry)
		if (l->index == m->listener)
			return l->kind == LISTEN_LOCAL;
	return 0;
}

static void *
expand_grow(void *array, size_t n, size_t size)
{
	/* Doubles whenever the count is a power of two. */
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	if ((array = reallocarray(array, n == 0 ? 1 : 2 * n, size)) == NULL)
		fatal("expand");
	return array;
}

static char *
expand_strdup(const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		fatal("expand");
	return copy;
}

static void
expand_dst_add(struct walk *w, enum msg_dst kind, const char *address,
    const char *mailbox, const struct table_account *a)
{
	struct expand_result	*res = w->res;
	const struct conf	*conf = w->site->conf;
	struct expand_dst	*d;
	size_t			 i;

	for (i = 0; i < res->ndsts; i++)
		if (res->dsts[i].kind == kind &&
		    strcmp(res->dsts[i].address, address) == 0)
			return;
	if (res->ndsts == EXPAND_DSTS) {
		w->toomany = 1;
		return;
	}
	res->dsts = expand_grow(res->dsts, res->ndsts, sizeof(*res->dsts));
	d = &res->dsts[res->ndsts++];
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	d->address = expand_strdup(address);
	d->mailbox = expand_strdup(mailbox);
	if (a != NULL) {
		d->quota_bytes = a->quota_bytes == TABTEXT_DEFAULT ?
		    conf->quota_bytes : a->quota_bytes;
		d->quota_messages = a->quota_messages == TABTEXT_DEFAULT ?
		    conf->quota_messages : a->quota_messages;
	}
}

static void
expand_account(struct walk *w, uint32_t index, const char *mailbox)
{
	struct table_account	 a;
	char			 name[TADDR_MAX + 1];

	if (table_account_get(&w->site->accounts, index, &a) == -1)
		return;
	if (a.disabled) {
		w->disabled = 1;
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)a.name.len, a.name.p);
	expand_dst_add(w, DST_ACCOUNT, name, mailbox, &a);
}

static void
expand_step_add(struct walk *w, const char *address, size_t parent)
{
	struct step	*s;
	unsigned	 depth;

	depth = parent == NOPARENT ? 0 : w->steps[parent].depth + 1;
	if (w->nsteps == EXPAND_STEPS || depth > EXPAND_DEPTH) {
		w->toomany = 1;
		return;
	}
	w->steps = expand_grow(w->steps, w->nsteps, sizeof(*w->steps));
	s = &w->steps[w->nsteps++];
	s->address = expand_strdup(address);
	s->parent = parent;
	s->alias = TABLE_NONE;
	s->depth = depth;
}

/* Did another step open this alias, 1 above us on our own way, 2 elsewhere? */
static int
expand_seen(const struct walk *w, size_t i, uint32_t alias)
{
	size_t	 p;

	for (p = w->steps[i].parent; p != NOPARENT; p = w->steps[p].parent)
		if (w->steps[p].alias == alias)
			return 1;
	for (p = 0; p < i; p++)
		if (w->steps[p].alias == alias)
			return 2;
	return 0;
}

static void
expand_alias(struct walk *w, size_t i, const struct resolve *r)
{
	struct table_alias	 al;
	struct table_member	 m;
	char			 member[TADDR_MAX + 1];

	switch (expand_seen(w, i, r->index)) {
	case 1:
		/* Met again on its own way it means the account (tables(5)) */
		if (r->account != TABLE_NONE)
			expand_account(w, r->account, r->mailbox);
		return;
	case 2:
		return;
	}
	w->steps[i].alias = r->index;
	if (table_alias_get(&w->site->aliases, r->index, &al) == -1)
		return;
	while (table_member(&al, &m) == 1) {
		if (m.kind == MEMBER_DISCARD) {
			snprintf(member, sizeof(member), "%.*s",
			    (int)al.name.len, al.name.p);
			expand_dst_add(w, DST_DISCARD, member, "", NULL);
			continue;
		}
		snprintf(member, sizeof(member), "%.*s", (int)m.address.len,
		    m.address.p);
		expand_step_add(w, member, i);
	}
}

/* postmaster and abuse: the bare alias, else who the configuration names. */
static int
expand_role(struct walk *w, size_t i, const char *role)
{
	const struct expand_site	*site = w->site;
	struct resolve			 r;
	char				 address[TADDR_MAX + 1];
	size_t				 p;

	memset(&r, 0, sizeof(r));
	r.account = TABLE_NONE;
	r.index = table_find(&site->aliases, role, strlen(role));
	if (r.index != TABLE_NONE && expand_seen(w, i, r.index) != 1) {
		expand_alias(w, i, &r);
		return 0;
	}
	if (resolve_postmaster(site, address) == NULL)
		return -1;
	/* It may name itself: then the first account has to do. */
	for (p = i; p != NOPARENT; p = w->steps[p].parent) {
		if (strcmp(w->steps[p].address, address) != 0)
			continue;
		if (site->accounts.count == 0)
			return -1;
		expand_account(w, site->accounts.first, "");
		return 0;
	}
	expand_step_add(w, address, i);
	return 0;
}

/* One address on the way.  0, or the answer when it cannot be. */
static int
expand_step(struct walk *w, size_t i)
{
	struct resolve	 r;

	resolve_address(w->site, w->steps[i].address, &r);
	switch (r.kind) {
	case RESOLVE_ACCOUNT:
		expand_account(w, r.index, r.mailbox);
		return 0;
	case RESOLVE_ALIAS:
		expand_alias(w, i, &r);
		return 0;
	case RESOLVE_CATCHALL:
		expand_step_add(w, r.catch_all, i);
		return 0;
	case RESOLVE_REMOTE:
		expand_dst_add(w, DST_REMOTE, r.address, "", NULL);
		return 0;
	case RESOLVE_ROLE:
		return expand_role(w, i, r.name) == -1 ? ANSWER_POSTMASTER : 0;
	case RESOLVE_UNKNOWN:
		/* Mail of this host's own users goes to whoever runs it. */
		if (r.home && w->local_client)
			return expand_role(w, i, "root") == -1 ?
			    ANSWER_POSTMASTER : 0;
		return ANSWER_UNKNOWN;
	default:
		return ANSWER_BAD;
	}
}

static int
expand_walk(struct walk *w, const char *rcpt)
{
	size_t	 i;
	int	 answer, first = ANSWER_OK;

	expand_step_add(w, rcpt, NOPARENT);
	for (i = 0; i < w->nsteps && !w->toomany; i++) {
		answer = expand_step(w, i);
		if (first == ANSWER_OK)
			first = answer;
	}
	if (w->toomany)
		return ANSWER_TOOMANY;
	if (w->res->ndsts > 0)
		return ANSWER_OK;
	if (w->disabled)
		return ANSWER_DISABLED;
	/* An alias that leads nowhere, as a table changed by hand may have. */
	return first == ANSWER_OK ? ANSWER_UNKNOWN : first;
}

/*
 * Who may send what to where.  The account is what auth granted; the rest is
 * what smtp says, and a smtp that lies gets no further than a client that
 * does from an address of that kind.
 */
static int
expand_policy(const struct expand_site *site, const struct msg_expand *m,
    const struct resolve *r, int local, struct expand_result *res)
{
	const char	*at;

	at = strrchr(m->sender, '@');
	res->own_sender = at != NULL && resolve_is_own(site, at + 1);
	res->trusted = *m->account != '\0' || local ||
	    (!(m->flags & (ENV_SUBMISSION | ENV_LMTP)) &&
	    expand_trusted_client(site->conf, &m->client));
	if (*m->account == '\0' && m->flags & ENV_SUBMISSION)
		return ANSWER_AUTH;
	/* The null sender is nobody's: a client's disposition notices. */
	if (*m->account != '\0' && *m->sender != '\0' &&
	    !resolve_owns(site, m->account, m->sender))
		return ANSWER_SENDER;
	if (r->kind == RESOLVE_BAD)
		return ANSWER_BAD;
	if (r->kind == RESOLVE_REMOTE && !res->trusted)
		return ANSWER_RELAY;
	return ANSWER_OK;
}

void
expand_rcpt(const struct expand_site *site, const struct msg_expand *m,
    struct expand_result *res)
{
	struct walk	 w;
	struct resolve	 r;
	size_t		 i;
	int		 answer;

	memset(res, 0, sizeof(*res));
	memset(&w, 0, sizeof(w));
	w.site = site;
	w.res = res;
	w.local_client = expand_local_client(site->conf, m);
	resolve_address(site, m->rcpt, &r);
	answer = expand_policy(site, m, &r, w.local_client, res);
	if (answer == ANSWER_OK)
		answer = expand_walk(&w, m->rcpt);
	expand_answer(res, answer);
	for (i = 0; i < w.nsteps; i++)
		free(w.steps[i].address);
	free(w.steps);
}

void
expand_result_free(struct expand_result *res)
{
	size_t	 i;

	for (i = 0; i < res->ndsts; i++) {
		free(res->dsts[i].address);
		free(res->dsts[i].mailbox);
	}
	free(res->dsts);
	memset(res, 0, sizeof(*res));
}
