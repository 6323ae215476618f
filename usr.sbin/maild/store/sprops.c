/*
 * They are properties named "meta" and the entry's name; the value has a byte
 * in front, since a property cannot be empty and an annotation can.  What is
 * /private of the server is the account's, what is /shared the site's.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "libutil/log.h"
#include "proprow.h"
#include "sanswer.h"
#include "sgrant.h"
#include "sprops.h"
#include "sread.h"
#include "snotify.h"
#include "srights.h"

#define PREFIX		"meta"
#define PREFIX_MAX	16		/* of what is in front of the entry */
#define ROWS_MAX	(64 * 1024 * 1024)
#define SPECIALUSE	SPAN("/private/specialuse")

static const struct {
	const char	*name;
	uint32_t	 use;
} uses[] = {
	{ "\\Drafts",	MSTORE_USE_DRAFTS },
	{ "\\Sent",	MSTORE_USE_SENT },
	{ "\\Junk",	MSTORE_USE_JUNK },
	{ "\\Trash",	MSTORE_USE_TRASH },
	{ "\\Archive",	MSTORE_USE_ARCHIVE },
	{ "\\All",	MSTORE_USE_ALL },
	{ "\\Flagged",	MSTORE_USE_FLAGGED },
	{ "\\Important", MSTORE_USE_IMPORTANT }
};
#define NUSES	(sizeof(uses) / sizeof(uses[0]))

/* ---- special use (RFC 6154 4) ------------------------------------------ */

static int
use_put(struct buf *b, const struct mstore_mailbox *mb)
{
	char		 text[128] = "";
	struct proprow	 row = { .mbox = mb->id, .name = SPECIALUSE };
	size_t		 i;

	for (i = 0; i < NUSES; i++) {
		if (!(mb->flags & uses[i].use))
			continue;
		if (text[0] != '\0')
			strlcat(text, " ", sizeof(text));
		strlcat(text, uses[i].name, sizeof(text));
	}
	if (text[0] == '\0')
		return 0;
	row.value = span_of(text);
	return proprow_put(b, &row);
}

/* "\Sent \Archive"; -1: there is no such use. */
static int
use_parse(struct span text, uint32_t *use)
{
	struct span	 word;
	const char	*end;
	size_t		 i;

	*use = 0;
	while (text.len > 0) {
		end = memchr(text.p, ' ', text.len);
		word.p = text.p;
		word.len = end == NULL ? text.len : (size_t)(end - text.p);
		for (i = 0; i < NUSES; i++) {
			if (span_ieqs(word, uses[i].name))
				break;
		}
		if (i == NUSES)
			return -1;
		*use |= uses[i].use;
		text.p += word.len + (end != NULL);
		text.len -= word.len + (end != NULL);
	}
	return 0;
}

/* ---- reading ----------------------------------------------------------- */

/*
 * Whose annotations of what.  What is /private in another's mailbox is the
 * reader's own, under a name of his.
 */
struct place {
	uint32_t	 account;
	uint64_t	 mbox;
	uint32_t	 reader;	/* 0: the owner */
};

static int
is_private(struct span entry)
{
	return entry.len > 9 && memcmp(entry.p, "/private/", 9) == 0;
}

/* What is in front of the entry in the property's name. */
static const char *
prefix(const struct place *pl, int private)
{
	static char	 mine[PREFIX_MAX];

	if (pl->reader == 0 || !private)
		return PREFIX;
	snprintf(mine, sizeof(mine), "mine%08x", pl->reader);
	return mine;
}

/* Those with that prefix; how many, or -1. */
static int
list_prefix(struct buf *b, const struct place *pl, int private)
{
	const char	*pre = prefix(pl, private);
	size_t		 prelen = strlen(pre);
	uint32_t	 account = pl->account;
	uint64_t	 mbox = pl->mbox;
	struct proprow	 row = { .mbox = mbox };
	struct buf	 name, value;
	int		 n = 0;

	buf_init(&name, MSTORE_MAXNAME);
	buf_init(&value, MSTORE_MAXPROP);
	if (buf_addstr(&name, pre) == -1 || buf_addc(&name, '/') == -1)
		fatal("props");
	for (;;) {
		struct buf	 next;

		buf_init(&next, MSTORE_MAXNAME);
		if (mstore_prop_next(engine(), account, mbox, (struct span){
		    (const char *)buf_ptr(&name), name.len },
		    &next) != MSTORE_OK) {
			buf_free(&next);
			break;
		}
		buf_free(&name);
		name = next;
		if (name.len <= prelen || memcmp(buf_ptr(&name), pre,
		    prelen) != 0 || ((char *)buf_ptr(&name))[prelen] != '/')
			break;
		row.name.p = (const char *)buf_ptr(&name);
		row.name.len = name.len;
		/* The owner's private ones are not for others. */
		if (pl->reader != 0 && !private && is_private((struct span){
		    row.name.p + prelen, row.name.len - prelen }))
			continue;
		n++;
		if (b == NULL)
			continue;
		buf_truncate(&value, 0);
		if (mstore_prop_get(engine(), account, mbox, row.name,
		    &value) != MSTORE_OK || value.len == 0)
			continue;
		row.name.p += prelen;
		row.name.len -= prelen;
		row.value.p = (const char *)buf_ptr(&value) + 1;
		row.value.len = value.len - 1;
		if (proprow_put(b, &row) == -1) {
			n = -1;
			break;
		}
	}
	buf_free(&name);
	buf_free(&value);
	return n;
}

/* All of one place; how many, or -1. */
static int
list(struct buf *b, const struct place *pl)
{
	int	 n, more = 0;

	if ((n = list_prefix(b, pl, 0)) == -1)
		return -1;
	if (pl->reader != 0 && (more = list_prefix(b, pl, 1)) == -1)
		return -1;
	return n + more;
}

static int
list_mailbox(struct buf *b, uint64_t id, uint32_t reader)
{
	struct mstore_mailbox	 mb;
	struct place		 pl = { 0, id, 0 };

	if (mstore_mailbox_get(engine(), id, &mb) != MSTORE_OK)
		return 0;
	pl.account = mb.account;
	if (reader != mb.account)
		pl.reader = reader;
	else if (use_put(b, &mb) == -1)
		return -1;
	return list(b, &pl) == -1 ? -1 : 0;
}

struct other {
	struct buf	*b;
	uint32_t	 reader;
};

static int
list_other(const struct mstore_mailbox *mb, uint16_t rights, void *arg)
{
	struct other	*o = arg;

	return rights & RIGHT_R ? list_mailbox(o->b, mb->id, o->reader) : 0;
}

static int
list_all(struct buf *b, struct sgrant *g)
{
	struct other		 o = { b, g->account };
	uint32_t		 account = g->account;
	struct mstore_listent	 e = { 0 };
	char			 after[MSTORE_MAXNAME + 1] = "";

	while (mstore_list_next(engine(), account, span_of(after),
	    &e) == MSTORE_OK) {
		if (e.id != 0 && list_mailbox(b, e.id, account) == -1)
			return -1;
		strlcpy(after, e.name, sizeof(after));
	}
	return srights_others(g, list_other, &o);
}

/* The server ("") or a mailbox that he may read. */
static enum msg_st
find(struct sgrant *g, const char *name, struct place *pl, uint16_t *rights)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;

	*pl = (struct place){ g->account, 0, 0 };
	*rights = RIGHTS_ALL;
	if (name[0] == '\0')
		return ST_OK;
	if ((code = srights_find(g, name, RIGHT_R, &mb, rights)) != ST_OK)
		return code;
	pl->account = mb.account;
	pl->mbox = mb.id;
	if (mb.account != g->account)
		pl->reader = g->account;
	return ST_OK;
}

void
sprops_get(const struct proc_from *from, const struct msg_st_props *m)
{
	struct msg_st_props_r	 r = { .sid = m->sid, .req = m->req };
	struct place		 pl, site = { 0, 0, 0 };
	struct sgrant		*g;
	struct buf		 b;
	enum msg_st		 code;
	uint16_t		 rights;
	int			 fd = -1, ok;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	if ((code = find(g, m->all ? "" : m->name, &pl, &rights)) != ST_OK) {
		sread_answer(from, m->sid, m->req, code);
		return;
	}
	buf_init(&b, ROWS_MAX);
	if (m->all)
		ok = list_all(&b, g) == 0;
	else if (pl.mbox != 0)
		ok = list_mailbox(&b, pl.mbox, g->account) == 0;
	else
		ok = list(&b, &pl) != -1 && list(&b, &site) != -1;
	if (ok)
		fd = sanswer_pack(&b, &r.rows, &r.size, &ok);
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_PROPS_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
	buf_free(&b);
}

/* ---- writing ----------------------------------------------------------- */

/* The property's name; a C string. */
static struct span
prop_name(char name[PREFIX_MAX + PROP_NAME], const struct place *pl,
    struct span entry)
{
	const char	*pre = prefix(pl, is_private(entry));
	size_t		 len = strlen(pre);

	memcpy(name, pre, len);
	memcpy(name + len, entry.p, entry.len);
	return (struct span){ name, len + entry.len };
}

static int
exists(const struct place *pl, struct span entry)
{
	char		 name[PREFIX_MAX + PROP_NAME];
	struct buf	 b;
	int		 is;

	buf_init(&b, MSTORE_MAXPROP);
	is = mstore_prop_get(engine(), pl->account, pl->mbox, prop_name(name,
	    pl, entry), &b) == MSTORE_OK;
	buf_free(&b);
	return is;
}

/* As imap has to make them: NULs, for one, are no more than bytes here. */
static int
well_formed(const struct msg_blob *rows)
{
	struct proprow	 row;
	size_t		 off = 0;
	int		 rc;

	while ((rc = proprow_next(rows->data, rows->len, &off, &row)) == 1) {
		if (row.name.len > PROP_NAME || row.name.len == 0 ||
		    row.value.len > PROP_VALUE)
			return 0;
	}
	return rc == 0;
}

/* Are they all allowed, and is there room for them? */
static enum msg_st
check(const struct msg_st_setprops *m, const struct place *pl,
    uint16_t rights)
{
	struct proprow	 row;
	uint32_t	 use;
	size_t		 off = 0;
	int		 n = list(NULL, pl);

	while (proprow_next(m->rows.data, m->rows.len, &off, &row) == 1) {
		/* RFC 5464 5: what is shared, by those who may write. */
		if (!is_private(row.name) && !(rights & RIGHT_W))
			return ST_DENIED;
		if (pl->mbox != 0 && span_eq(row.name, SPECIALUSE)) {
			if (pl->reader != 0)
				return ST_DENIED;
			if (use_parse(row.value, &use) == -1)
				return ST_BAD;
			continue;
		}
		/* The site's own are the administrator's. */
		if (pl->mbox == 0 && !is_private(row.name))
			return ST_DENIED;
		n += (row.value.p != NULL) - exists(pl, row.name);
	}
	return n > PROP_COUNT ? ST_LIMIT : ST_OK;
}

static enum mstore_code
set(const struct place *pl, const struct proprow *row)
{
	struct buf		 b;
	struct span		 value = SPAN("");
	char			 name[PREFIX_MAX + PROP_NAME];
	enum mstore_code	 code;
	uint32_t		 use;

	if (pl->mbox != 0 && span_eq(row->name, SPECIALUSE)) {
		if (use_parse(row->value, &use) == -1)
			return MSTORE_INVALID;
		return mstore_mailbox_use(engine_begin(), pl->mbox, use);
	}
	buf_init(&b, 1 + PROP_VALUE);
	if (row->value.p != NULL) {
		if (buf_addc(&b, 1) == -1 ||
		    buf_add(&b, row->value.p, row->value.len) == -1)
			fatal("props");
		value.p = (const char *)buf_ptr(&b);
		value.len = b.len;
	}
	code = mstore_prop_set(engine_begin(), pl->account, pl->mbox,
	    prop_name(name, pl, row->name), value);
	buf_free(&b);
	return code;
}

void
sprops_set(const struct proc_from *from, const struct msg_st_setprops *m)
{
	struct proprow	 row;
	struct sgrant	*g;
	struct place	 pl;
	enum msg_st	 code;
	uint16_t	 rights;
	size_t		 off = 0;

	if (!well_formed(&m->rows)) {
		proc_bad(from, "malformed annotations");
		return;
	}
	if ((g = sgrant_find(from->inst, m->sid)) == NULL)
		code = ST_DENIED;
	else if ((code = find(g, m->name, &pl, &rights)) == ST_OK)
		code = check(m, &pl, rights);
	while (code == ST_OK && proprow_next(m->rows.data, m->rows.len, &off,
	    &row) == 1)
		if ((code = engine_code(set(&pl, &row))) == ST_OK)
			snotify_metadata(g, pl.mbox, row.name);
	sread_answer(from, m->sid, m->req, code);
}
