#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "engine.h"
#include "libtable/table.h"
#include "libtable/taddr.h"
#include "libutil/log.h"
#include "limits.h"
#include "srights.h"

#define GROUP_DEPTH	64	/* aliases on the way */
#define OTHERS_MAX	4096	/* mailboxes that one identifier opens */
#define GROUP_MEMBERS	100000	/* that are looked at for one group */

static struct table	 accounts, aliases;
static const struct conf *conf;
static uint64_t		 generation = 1;

void
srights_conf(const struct conf *new)
{
	conf = new;
	if (table_open(&accounts, TAB_ACCOUNTS,
	    new->tables[TABLE_ACCOUNTS].data,
	    new->tables[TABLE_ACCOUNTS].len) == -1 ||
	    table_open(&aliases, TAB_ALIASES, new->tables[TABLE_ALIASES].data,
	    new->tables[TABLE_ALIASES].len) == -1)
		fatalx("accounts or aliases: not a packed table");
	generation++;
}

void
srights_changed(void)
{
	generation++;
}

/* ---- groups ------------------------------------------------------------ */

/* Aliases that are still to be looked at, and all that were met. */
struct walk {
	uint32_t	 todo[GROUP_DEPTH];
	unsigned	 n, seen;
	unsigned	 members;
};

static void
walk_add(struct walk *w, struct span address)
{
	uint32_t	 i;
	unsigned	 k;

	if ((i = table_find(&aliases, address.p, address.len)) == TABLE_NONE)
		return;
	for (k = 0; k < w->n; k++) {
		if (w->todo[k] == i)
			return;
	}
	if (w->n < GROUP_DEPTH)
		w->todo[w->n++] = i;
}

/* Is the account among the members of the group, or of groups in it? */
static int
is_member(struct span group, const char *account)
{
	struct walk		 w = { .n = 0 };
	struct table_alias	 a;
	struct table_member	 m;

	walk_add(&w, group);
	while (w.seen < w.n) {
		if (table_alias_get(&aliases, w.todo[w.seen++], &a) == -1)
			continue;
		while (table_member(&a, &m) == 1) {
			if (++w.members > GROUP_MEMBERS)
				return 0;
			if (m.kind != MEMBER_ADDRESS)
				continue;
			if (span_eq(m.address, span_of(account)))
				return 1;
			walk_add(&w, m.address);
		}
	}
	return 0;
}

/* ---- entries ----------------------------------------------------------- */

int
srights_entry(struct span ident, char dst[MSTORE_MAXNAME + 1])
{
	char		 canon[TADDR_MAX + 1];
	const char	*sign = "", *kind;

	if (ident.len > 0 && ident.p[0] == '-') {
		sign = "-";
		ident.p++;
		ident.len--;
	}
	if (span_ieqs(ident, "anyone") || span_ieqs(ident, "authenticated")) {
		strlcpy(canon, span_ieqs(ident, "anyone") ? "anyone" :
		    "authenticated", sizeof(canon));
		kind = "s/";
	} else {
		if (ident.len > TADDR_MAX ||
		    taddr_canon(canon, NULL, ident.p, ident.len) == -1)
			return -1;
		if (table_find(&accounts, canon, strlen(canon)) != TABLE_NONE)
			kind = "u/";
		else if (table_find(&aliases, canon, strlen(canon)) !=
		    TABLE_NONE)
			kind = "g/";
		else
			return -1;
	}
	strlcpy(dst, MSTORE_ACL, MSTORE_MAXNAME + 1);
	strlcat(dst, sign, MSTORE_MAXNAME + 1);
	strlcat(dst, kind, MSTORE_MAXNAME + 1);
	strlcat(dst, canon, MSTORE_MAXNAME + 1);
	return 0;
}

struct span
srights_ident(struct span entry, int *negative)
{
	size_t	 n = sizeof(MSTORE_ACL) - 1;

	*negative = 0;
	if (entry.len <= n || memcmp(entry.p, MSTORE_ACL, n) != 0)
		return SPAN_NONE;
	if (entry.p[n] == '-') {
		*negative = 1;
		n++;
	}
	if (entry.len <= n + 2)
		return SPAN_NONE;
	return (struct span){ entry.p + n + 2, entry.len - n - 2 };
}

/* Does an entry speak of the account? */
static int
names(struct span entry, const char *account)
{
	struct span	 ident;
	int		 negative;

	ident = srights_ident(entry, &negative);
	switch (ident.p == NULL ? '\0' : ident.p[-2]) {
	case 's':
		return 1;	/* all who are here have logged in */
	case 'u':
		return span_eq(ident, span_of(account));
	case 'g':
		return is_member(ident, account);
	}
	return 0;
}

/* All entries of a mailbox: what they give less what they take away. */
static uint16_t
judge(const char *account, uint64_t mbox)
{
	char		 entry[MSTORE_MAXNAME + 1] = MSTORE_ACL;
	struct span	 s = SPAN(MSTORE_ACL), ident;
	struct buf	 name, value;
	uint16_t	 plus = 0, minus = 0, rights;
	int		 negative;

	buf_init(&name, MSTORE_MAXNAME);
	buf_init(&value, MSTORE_MAXPROP);
	while (mstore_prop_next(engine(), 0, mbox, s, &name) == MSTORE_OK) {
		memcpy(entry, buf_ptr(&name), name.len);
		s = (struct span){ entry, name.len };
		buf_truncate(&name, 0);
		ident = srights_ident(s, &negative);
		if (ident.p == NULL)
			break;
		if (!names(s, account))
			continue;
		buf_truncate(&value, 0);
		if (mstore_prop_get(engine(), 0, mbox, s, &value) !=
		    MSTORE_OK || rights_parse((struct span){
		    (const char *)buf_ptr(&value), value.len }, &rights) == -1)
			continue;
		if (negative)
			minus |= rights;
		else
			plus |= rights;
	}
	buf_free(&name);
	buf_free(&value);
	return plus & (uint16_t)~minus;
}

uint16_t
srights_of(struct sgrant *g, const struct mstore_mailbox *mb)
{
	struct sgrant_rights	*r;
	unsigned		 i;

	if (mb->account == g->account)
		return RIGHTS_ALL;
	for (i = 0; i < SGRANT_RIGHTS; i++) {
		r = &g->rights[i];
		if (r->mbox == mb->id && r->generation == generation)
			return r->rights;
	}
	r = &g->rights[g->oldest++ % SGRANT_RIGHTS];
	r->mbox = mb->id;
	r->generation = generation;
	r->rights = judge(g->name, mb->id);
	return r->rights;
}

struct mstore_who
srights_who(const struct sgrant *g, uint16_t rights)
{
	struct mstore_who	 who = { .reader = g->account };

	if (rights & RIGHT_S)
		who.flags |= MSTORE_SEEN;
	if (rights & RIGHT_T)
		who.flags |= MSTORE_DELETED;
	if (rights & RIGHT_W) {
		who.flags |= MSTORE_ANSWERED | MSTORE_FLAGGED | MSTORE_DRAFT;
		who.keywords = 1;
	}
	return who;
}

struct mstore_quota
srights_limit(const struct sgrant *g, uint32_t account)
{
	struct mstore_quota	 limit = { conf->quota_bytes,
	    conf->quota_messages };
	char			 name[MSTORE_MAXACCOUNT + 1];

	if (account == g->account)
		return g->limit;
	if (mstore_account_name(engine(), account, name) == MSTORE_OK)
		(void)limits_get(name, &limit);
	return limit;
}

/* ---- names ------------------------------------------------------------- */

int
srights_name(const struct sgrant *g, struct span name, uint32_t *account,
    struct span *rest)
{
	static const struct span prefix = SPAN(OTHER_USERS);
	char		 canon[TADDR_MAX + 1];
	const char	*slash;
	struct span	 who;

	*account = g->account;
	*rest = name;
	if (name.len < prefix.len - 1 ||
	    memcmp(name.p, prefix.p, prefix.len - 1) != 0)
		return 0;
	if (name.len == prefix.len - 1)
		return -1;
	if (name.p[prefix.len - 1] != MSTORE_SEPARATOR)
		return 0;
	who = (struct span){ name.p + prefix.len, name.len - prefix.len };
	slash = memchr(who.p, MSTORE_SEPARATOR, who.len);
	if (slash == NULL)
		return -1;
	*rest = (struct span){ slash + 1, who.len -
	    (size_t)(slash + 1 - who.p) };
	who.len = (size_t)(slash - who.p);
	if (who.len == 0 || who.len > TADDR_MAX || rest->len == 0 ||
	    taddr_canon(canon, NULL, who.p, who.len) == -1 ||
	    mstore_account_get(engine(), span_of(canon), 0, account) !=
	    MSTORE_OK || *account == g->account)
		return -1;
	return 0;
}

int
srights_fullname(const struct mstore_mailbox *mb, char dst[MSTORE_MAXNAME + 1])
{
	char	 owner[MSTORE_MAXACCOUNT + 1];

	if (mstore_account_name(engine(), mb->account, owner) != MSTORE_OK ||
	    strchr(owner, MSTORE_SEPARATOR) != NULL)
		return -1;
	strlcpy(dst, OTHER_USERS, MSTORE_MAXNAME + 1);
	strlcat(dst, owner, MSTORE_MAXNAME + 1);
	strlcat(dst, "/", MSTORE_MAXNAME + 1);
	return strlcat(dst, mb->name, MSTORE_MAXNAME + 1) > MSTORE_MAXNAME ?
	    -1 : 0;
}

enum msg_st
srights_find(struct sgrant *g, const char *name, uint16_t need,
    struct mstore_mailbox *mb, uint16_t *rights)
{
	struct span	 rest;
	uint32_t	 account;
	uint64_t	 id;

	*rights = 0;
	if (srights_name(g, span_of(name), &account, &rest) == -1 ||
	    mstore_mailbox_find(engine(), account, rest, &id) != MSTORE_OK ||
	    mstore_mailbox_get(engine(), id, mb) != MSTORE_OK)
		return ST_NONEXISTENT;
	*rights = srights_of(g, mb);
	if (*rights == 0)
		return ST_NONEXISTENT;
	return (*rights & need) == need ? ST_OK : ST_DENIED;
}

/* The next parent that there is says whether something may be below it. */
enum msg_st
srights_create(struct sgrant *g, uint32_t account, struct span rest)
{
	struct mstore_mailbox	 mb;
	uint64_t		 id;

	if (account == g->account)
		return ST_OK;
	for (;;) {
		while (rest.len > 0 && rest.p[rest.len - 1] !=
		    MSTORE_SEPARATOR)
			rest.len--;
		if (rest.len <= 1)
			return ST_DENIED;
		rest.len--;
		if (mstore_mailbox_find(engine(), account, rest, &id) ==
		    MSTORE_OK && mstore_mailbox_get(engine(), id, &mb) ==
		    MSTORE_OK)
			break;
	}
	return srights_of(g, &mb) & RIGHT_K ? ST_OK : ST_DENIED;
}

/* ---- the list of others' ----------------------------------------------- */

struct ids {
	uint64_t	*v;
	size_t		 n, size;
};

static void
ids_named(struct ids *ids, struct span ident)
{
	uint64_t	 id = 0;
	unsigned	 n = 0;

	while (n++ < OTHERS_MAX &&
	    mstore_acl_next(engine(), ident, &id) == MSTORE_OK) {
		if (ids->n == ids->size) {
			ids->size = ids->size == 0 ? 16 : 2 * ids->size;
			ids->v = reallocarray(ids->v, ids->size,
			    sizeof(*ids->v));
			if (ids->v == NULL)
				fatal("rights");
		}
		ids->v[ids->n++] = id;
	}
}

/* All groups that some list names, where he is a member. */
static void
ids_groups(struct ids *ids, const char *account)
{
	char		 after[MSTORE_MAXNAME + 1] = "g/";
	struct buf	 ident;

	buf_init(&ident, MSTORE_MAXNAME);
	while (mstore_acl_ident(engine(), span_of(after), &ident) ==
	    MSTORE_OK) {
		memcpy(after, buf_ptr(&ident), ident.len);
		after[ident.len] = '\0';
		buf_truncate(&ident, 0);
		if (strncmp(after, "g/", 2) != 0)
			break;
		if (is_member(span_of(after + 2), account))
			ids_named(ids, span_of(after));
	}
	buf_free(&ident);
}

static int
id_cmp(const void *a, const void *b)
{
	const uint64_t	*x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
srights_others(struct sgrant *g, int (*fn)(const struct mstore_mailbox *,
    uint16_t, void *), void *arg)
{
	struct mstore_mailbox	 mb;
	struct ids		 ids = { NULL, 0, 0 };
	char			 self[MSTORE_MAXACCOUNT + 3] = "u/";
	uint16_t		 rights;
	size_t			 i;
	int			 rc = 0;

	strlcat(self, g->name, sizeof(self));
	ids_named(&ids, span_of(self));
	ids_named(&ids, SPAN("s/anyone"));
	ids_named(&ids, SPAN("s/authenticated"));
	ids_groups(&ids, g->name);
	if (ids.n > 1)
		qsort(ids.v, ids.n, sizeof(*ids.v), id_cmp);
	for (i = 0; i < ids.n && rc == 0; i++) {
		if (i > 0 && ids.v[i] == ids.v[i - 1])
			continue;
		if (mstore_mailbox_get(engine(), ids.v[i], &mb) !=
		    MSTORE_OK || mb.account == g->account)
			continue;
		rights = judge(g->name, mb.id);
		if (rights & RIGHT_L)
			rc = fn(&mb, rights, arg);
	}
	free(ids.v);
	return rc;
}
