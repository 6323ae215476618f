/*
 * They are properties named "meta" and the entry's name; the value has a byte
 * in front, since a property cannot be empty and an annotation can.  What is
 * /private of the server is the account's, what is /shared the site's.
 */
#include <string.h>

#include "engine.h"
#include "libutil/log.h"
#include "proprow.h"
#include "sanswer.h"
#include "sgrant.h"
#include "sprops.h"
#include "sread.h"

#define PREFIX		"meta"
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

/* All of one place; how many, or -1. */
static int
list(struct buf *b, uint32_t account, uint64_t mbox)
{
	struct proprow	 row = { .mbox = mbox };
	struct buf	 name, value;
	int		 n = 0;

	buf_init(&name, MSTORE_MAXNAME);
	buf_init(&value, MSTORE_MAXPROP);
	if (buf_addstr(&name, PREFIX "/") == -1)
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
		if (name.len < sizeof(PREFIX) || memcmp(buf_ptr(&name),
		    PREFIX "/", sizeof(PREFIX)) != 0)
			break;
		n++;
		if (b == NULL)
			continue;
		row.name.p = (const char *)buf_ptr(&name);
		row.name.len = name.len;
		buf_truncate(&value, 0);
		if (mstore_prop_get(engine(), account, mbox, row.name,
		    &value) != MSTORE_OK || value.len == 0)
			continue;
		row.name.p += sizeof(PREFIX) - 1;
		row.name.len -= sizeof(PREFIX) - 1;
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

static int
list_mailbox(struct buf *b, uint64_t id)
{
	struct mstore_mailbox	 mb;

	if (mstore_mailbox_get(engine(), id, &mb) != MSTORE_OK)
		return 0;
	if (use_put(b, &mb) == -1)
		return -1;
	return list(b, mb.account, id) == -1 ? -1 : 0;
}

static int
list_all(struct buf *b, uint32_t account)
{
	struct mstore_listent	 e = { 0 };
	char			 after[MSTORE_MAXNAME + 1] = "";

	while (mstore_list_next(engine(), account, span_of(after),
	    &e) == MSTORE_OK) {
		if (e.id != 0 && list_mailbox(b, e.id) == -1)
			return -1;
		strlcpy(after, e.name, sizeof(after));
	}
	return 0;
}

static int
find(uint32_t account, const char *name, uint64_t *id)
{
	struct mstore_mailbox	 mb;

	return mstore_mailbox_find(engine(), account, span_of(name),
	    id) == MSTORE_OK && mstore_mailbox_get(engine(), *id,
	    &mb) == MSTORE_OK;
}

void
sprops_get(const struct proc_from *from, const struct msg_st_props *m)
{
	struct msg_st_props_r	 r = { .sid = m->sid, .req = m->req };
	struct sgrant		*g;
	struct buf		 b;
	uint64_t		 id = 0;
	int			 fd = -1, ok;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	if (!m->all && m->name[0] != '\0' && !find(g->account, m->name, &id)) {
		sread_answer(from, m->sid, m->req, ST_NONEXISTENT);
		return;
	}
	buf_init(&b, ROWS_MAX);
	if (m->all)
		ok = list_all(&b, g->account) == 0;
	else if (id != 0)
		ok = list_mailbox(&b, id) == 0;
	else
		ok = list(&b, g->account, 0) != -1 && list(&b, 0, 0) != -1;
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
prop_name(char name[sizeof(PREFIX) + PROP_NAME], struct span entry)
{
	memcpy(name, PREFIX, sizeof(PREFIX) - 1);
	memcpy(name + sizeof(PREFIX) - 1, entry.p, entry.len);
	return (struct span){ name, sizeof(PREFIX) - 1 + entry.len };
}

static int
exists(uint32_t account, uint64_t mbox, struct span entry)
{
	char		 name[sizeof(PREFIX) + PROP_NAME];
	struct buf	 b;
	int		 is;

	buf_init(&b, MSTORE_MAXPROP);
	is = mstore_prop_get(engine(), account, mbox, prop_name(name, entry),
	    &b) == MSTORE_OK;
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
check(const struct msg_st_setprops *m, uint32_t account, uint64_t mbox)
{
	struct proprow	 row;
	uint32_t	 use;
	size_t		 off = 0;
	int		 n = list(NULL, account, mbox);

	while (proprow_next(m->rows.data, m->rows.len, &off, &row) == 1) {
		if (mbox != 0 && span_eq(row.name, SPECIALUSE)) {
			if (use_parse(row.value, &use) == -1)
				return ST_BAD;
			continue;
		}
		/* The site's own are the administrator's. */
		if (mbox == 0 && (row.name.len < 9 ||
		    memcmp(row.name.p, "/private/", 9) != 0))
			return ST_DENIED;
		n += (row.value.p != NULL) - exists(account, mbox, row.name);
	}
	return n > PROP_COUNT ? ST_LIMIT : ST_OK;
}

static enum mstore_code
set(uint32_t account, uint64_t mbox, const struct proprow *row)
{
	struct buf		 b;
	struct span		 value = SPAN("");
	char			 name[sizeof(PREFIX) + PROP_NAME];
	enum mstore_code	 code;
	uint32_t		 use;

	if (mbox != 0 && span_eq(row->name, SPECIALUSE)) {
		if (use_parse(row->value, &use) == -1)
			return MSTORE_INVALID;
		return mstore_mailbox_use(engine_begin(), mbox, use);
	}
	buf_init(&b, 1 + PROP_VALUE);
	if (row->value.p != NULL) {
		if (buf_addc(&b, 1) == -1 ||
		    buf_add(&b, row->value.p, row->value.len) == -1)
			fatal("props");
		value.p = (const char *)buf_ptr(&b);
		value.len = b.len;
	}
	code = mstore_prop_set(engine_begin(), account, mbox,
	    prop_name(name, row->name), value);
	buf_free(&b);
	return code;
}

void
sprops_set(const struct proc_from *from, const struct msg_st_setprops *m)
{
	struct proprow	 row;
	struct sgrant	*g;
	enum msg_st	 code;
	uint64_t	 id = 0;
	size_t		 off = 0;

	if (!well_formed(&m->rows)) {
		proc_bad(from, "malformed annotations");
		return;
	}
	if ((g = sgrant_find(from->inst, m->sid)) == NULL)
		code = ST_DENIED;
	else if (m->name[0] != '\0' && !find(g->account, m->name, &id))
		code = ST_NONEXISTENT;
	else
		code = check(m, g->account, id);
	while (code == ST_OK && proprow_next(m->rows.data, m->rows.len, &off,
	    &row) == 1)
		code = engine_code(set(g->account, id, &row));
	sread_answer(from, m->sid, m->req, code);
}
