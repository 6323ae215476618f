/*
 * An entry is a property of the mailbox: see MSTORE_ACL in mstore.h.  Its
 * value is the letters of the rights.  The owner has all rights and no entry.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libutil/log.h"
#include "sacl.h"
#include "sanswer.h"
#include "sread.h"
#include "snotify.h"
#include "srights.h"

#define ROWS_MAX	(64 * 1024)

/* The rights of one entry; 0 where there is none. */
static uint16_t
entry_get(uint64_t mbox, struct span entry)
{
	struct buf	 value;
	uint16_t	 rights = 0;

	buf_init(&value, MSTORE_MAXPROP);
	if (mstore_prop_get(engine(), 0, mbox, entry, &value) != MSTORE_OK ||
	    rights_parse((struct span){ (const char *)buf_ptr(&value),
	    value.len }, &rights) == -1)
		rights = 0;
	buf_free(&value);
	return rights;
}

/* All entries into b (unless NULL); how many, or -1: b is full. */
static int
entries(struct buf *b, uint64_t mbox)
{
	char		 entry[MSTORE_MAXNAME + 1] = MSTORE_ACL;
	char		 text[RIGHTS_IDENT + 2];
	struct span	 s = SPAN(MSTORE_ACL), ident;
	struct aclrow	 row;
	struct buf	 name;
	int		 n = 0, negative;

	buf_init(&name, MSTORE_MAXNAME);
	while (n != -1 && mstore_prop_next(engine(), 0, mbox, s, &name) ==
	    MSTORE_OK) {
		memcpy(entry, buf_ptr(&name), name.len);
		s = (struct span){ entry, name.len };
		buf_truncate(&name, 0);
		ident = srights_ident(s, &negative);
		if (ident.p == NULL || ident.len > RIGHTS_IDENT)
			break;
		n++;
		if (b == NULL)
			continue;
		text[0] = '-';
		memcpy(text + negative, ident.p, ident.len);
		row.rights = entry_get(mbox, s);
		row.ident = (struct span){ text, ident.len + (size_t)negative };
		if (aclrow_put(b, &row) == -1)
			n = -1;
	}
	buf_free(&name);
	return n;
}

/* The owner first. */
static int
list(struct buf *b, const struct mstore_mailbox *mb)
{
	char		 owner[MSTORE_MAXACCOUNT + 1];
	struct aclrow	 row = { .rights = RIGHTS_ALL };

	if (mstore_account_name(engine(), mb->account, owner) != MSTORE_OK)
		return -1;
	row.ident = span_of(owner);
	return aclrow_put(b, &row) == -1 || entries(b, mb->id) == -1 ? -1 : 0;
}

static void
get(const struct proc_from *from, const struct msg_st_acl *m,
    const struct mstore_mailbox *mb)
{
	struct msg_st_acl_r	 r = { .sid = m->sid, .req = m->req };
	struct buf		 b;
	int			 fd = -1, ok;

	buf_init(&b, ROWS_MAX);
	ok = list(&b, mb) == 0;
	if (ok)
		fd = sanswer_pack(&b, &r.rows, &r.size, &ok);
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_ACL_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
	buf_free(&b);
}

/* Is it the owner, who has his rights in any case? */
static int
is_owner(const struct mstore_mailbox *mb, const char *entry)
{
	char	 owner[MSTORE_MAXACCOUNT + 1];

	return strncmp(entry, MSTORE_ACL "u/", sizeof(MSTORE_ACL) + 1) == 0 &&
	    mstore_account_name(engine(), mb->account, owner) == MSTORE_OK &&
	    strcmp(entry + sizeof(MSTORE_ACL) + 1, owner) == 0;
}

static void
rights(const struct proc_from *from, const struct msg_st_acl *m,
    uint16_t which)
{
	struct msg_st_acl_r	 r = { .sid = m->sid, .req = m->req,
	    .rights = which };

	(void)proc_send(from->proc, from->inst, M_ST_ACL_R, &r, -1);
}

static enum msg_st
set(const struct sgrant *g, const struct msg_st_acl *m,
    const struct mstore_mailbox *mb, const char *entry)
{
	char		 text[RIGHTS_LEN];
	enum msg_st	 code;
	uint16_t	 old, new;

	old = entry_get(mb->id, span_of(entry));
	new = m->rights & RIGHTS_ALL;
	if (m->op == ST_ACL_ADD)
		new |= old;
	else if (m->op == ST_ACL_DEL)
		new = old & (uint16_t)~new;
	else if (m->op == ST_ACL_DELETE)
		new = 0;
	if (new == old)
		return ST_OK;
	if (old == 0 && entries(NULL, mb->id) >= RIGHTS_ENTRIES)
		return ST_LIMIT;
	rights_print(new, 0, text);
	snotify_rights_before(mb);
	code = engine_code(mstore_prop_set(engine_begin(), 0, mb->id,
	    span_of(entry), span_of(text)));
	srights_changed();
	if (code == ST_OK)
		snotify_rights_after(g, mb);
	if (code == ST_OK)
		log_info("acl by=%s mailbox=%llx %s rights=%s", g->name,
		    (unsigned long long)mb->id, entry + sizeof(MSTORE_ACL) -
		    1, text);
	return code;
}

/* An entry of somebody who is no more can still be taken out. */
static enum msg_st
delete_unknown(const struct sgrant *g, const struct msg_st_acl *m,
    const struct mstore_mailbox *mb)
{
	static const char *const kinds[] = { "u/", "g/", "s/" };
	const char	*sign = "", *ident = m->identifier;
	char		 entry[MSTORE_MAXNAME + 1];
	size_t		 i;

	if (ident[0] == '-') {
		sign = "-";
		ident++;
	}
	for (i = 0; i < 3; i++) {
		strlcpy(entry, MSTORE_ACL, sizeof(entry));
		strlcat(entry, sign, sizeof(entry));
		strlcat(entry, kinds[i], sizeof(entry));
		strlcat(entry, ident, sizeof(entry));
		if (entry_get(mb->id, span_of(entry)) != 0)
			return set(g, m, mb, entry);
	}
	return ST_OK;
}

void
sacl_acl(const struct proc_from *from, const struct msg_st_acl *m)
{
	struct mstore_mailbox	 mb;
	struct sgrant		*g;
	enum msg_st		 code;
	uint16_t		 mine = 0;
	char			 entry[MSTORE_MAXNAME + 1];

	if ((g = sgrant_find(from->inst, m->sid)) == NULL)
		code = ST_DENIED;
	else
		code = srights_find(g, m->name, m->op == ST_ACL_MINE ? 0 :
		    RIGHT_A, &mb, &mine);
	if (code != ST_OK) {
		sread_answer(from, m->sid, m->req, code);
		return;
	}
	if (m->op == ST_ACL_GET) {
		get(from, m, &mb);
		return;
	}
	if (m->op == ST_ACL_MINE) {
		rights(from, m, mine);
		return;
	}
	if (srights_entry(span_of(m->identifier), entry) == -1)
		code = m->op == ST_ACL_DELETE ? delete_unknown(g, m, &mb) :
		    ST_BAD;
	else if (m->op == ST_ACL_LIST) {
		rights(from, m, is_owner(&mb, entry) ? RIGHTS_ALL : 0);
		return;
	} else if (is_owner(&mb, entry))
		code = ST_BAD;
	else
		code = set(g, m, &mb, entry);
	sread_answer(from, m->sid, m->req, code);
}
