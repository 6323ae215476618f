#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libmail/brief.h"
#include "libutil/log.h"
#include "sanswer.h"
#include "sgrant.h"
#include "srights.h"
#include "sread.h"
#include "strow.h"
#include "watch.h"

#define LIST_MAX	(64 * 1024 * 1024)
#define ROWS_MAX	(64 * 1024 * 1024)
#define FETCH_BUDGET	(1024 * 1024)	/* the most a page may be asked for */

void
sread_answer(const struct proc_from *from, uint64_t sid, uint32_t req,
    enum msg_st code)
{
	struct msg_st_r	 r = { .sid = sid, .req = req, .code = code,
	    .text = "" };

	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
}

/* ---- names and counters ------------------------------------------------- */

/* \Seen is the reader's own. */
static uint32_t
unseen(const struct mstore_mailbox *mb, uint32_t reader)
{
	uint32_t	 n;

	return mstore_unseen(engine(), mb->id, reader, &n) == MSTORE_OK ? n :
	    mb->unseen;
}

static void
row_counters(struct strow *row, const struct mstore_mailbox *mb,
    uint32_t reader)
{
	row->counters = 1;
	row->uidvalidity = mb->uidvalidity;
	row->uidnext = mb->uidnext;
	row->exists = mb->exists;
	row->unseen = unseen(mb, reader);
	row->deleted = mb->deleted;
	row->recent = 0;
	row->highestmodseq = mb->highestmodseq;
	row->size = mb->size;
	row->deleted_size = mb->deleted_size;
}

static int
list_mailboxes(struct buf *b, uint32_t account, int counters)
{
	struct mstore_listent	 e = { 0 };
	struct mstore_mailbox	 mb;
	struct strow		 row;
	char			 after[MSTORE_MAXNAME + 1] = "";

	while (mstore_list_next(engine(), account, span_of(after),
	    &e) == MSTORE_OK) {
		memset(&row, 0, sizeof(row));
		row.id = e.id;
		row.flags = e.flags;
		row.rights = RIGHTS_ALL;
		row.name = span_of(e.name);
		row.subscribed = mstore_is_subscribed(engine(), account,
		    row.name);
		if (counters && !(e.flags & MSTORE_NOSELECT) &&
		    mstore_mailbox_get(engine(), e.id, &mb) == MSTORE_OK)
			row_counters(&row, &mb, account);
		if (strow_put(b, &row) == -1)
			return -1;
		strlcpy(after, e.name, sizeof(after));
	}
	return 0;
}

struct others {
	struct buf	*b;
	uint32_t	 account;
	int		 counters;
};

/* A mailbox of somebody else; its special use is for him alone. */
static int
list_other(const struct mstore_mailbox *mb, uint16_t rights, void *arg)
{
	struct others		*o = arg;
	struct strow		 row = { .id = mb->id, .rights = rights,
	    .flags = mb->flags & ~(uint32_t)MSTORE_USE_MASK };
	char			 name[MSTORE_MAXNAME + 1];

	if (srights_fullname(mb, name) == -1)
		return 0;
	row.name = span_of(name);
	row.subscribed = mstore_is_subscribed(engine(), o->account, row.name);
	if (o->counters && rights & RIGHT_R && !(mb->flags & MSTORE_NOSELECT))
		row_counters(&row, mb, o->account);
	return strow_put(o->b, &row);
}

/* Subscribed names without a mailbox. */
static int
list_subscribed(struct buf *b, uint32_t account)
{
	struct mstore_listent	 e = { 0 };
	struct strow		 row = { .subscribed = 1 };
	char			 after[MSTORE_MAXNAME + 1] = "";

	while (mstore_subscribed_next(engine(), account, span_of(after),
	    &e) == MSTORE_OK) {
		strlcpy(after, e.name, sizeof(after));
		if (e.id != 0)
			continue;
		row.name = span_of(e.name);
		if (strow_put(b, &row) == -1)
			return -1;
	}
	return 0;
}

void
sread_list(const struct proc_from *from, const struct msg_st_list *m)
{
	struct msg_st_list_r	 r = { .sid = m->sid, .req = m->req };
	struct sgrant		*g;
	struct others		 o;
	struct buf		 b;
	int			 fd, ok;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	buf_init(&b, LIST_MAX);
	o = (struct others){ &b, g->account, m->flags & ST_LIST_COUNTERS };
	ok = list_mailboxes(&b, g->account, o.counters) == 0 &&
	    srights_others(g, list_other, &o) == 0 &&
	    list_subscribed(&b, g->account) == 0;
	fd = ok ? sanswer_pack(&b, &r.rows, &r.size, &ok) : -1;
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_LIST_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
	buf_free(&b);
}

/* A mailbox to read; NULL: answered. */
static struct sgrant *
find(const struct proc_from *from, uint64_t sid, uint32_t req,
    const char *name, struct mstore_mailbox *mb, uint16_t *rights)
{
	struct sgrant	*g;
	enum msg_st	 code;

	if ((g = sgrant_find(from->inst, sid)) == NULL)
		code = ST_DENIED;
	else
		code = srights_find(g, name, RIGHT_R, mb, rights);
	if (code == ST_OK && mb->flags & MSTORE_NOSELECT)
		code = ST_NONEXISTENT;
	if (code == ST_OK)
		return g;
	sread_answer(from, sid, req, code);
	return NULL;
}

void
sread_status(const struct proc_from *from, const struct msg_st_status *m)
{
	struct msg_st_status_r	 r = { .sid = m->sid, .req = m->req };
	struct mstore_mailbox	 mb;
	struct sgrant		*g;
	uint16_t		 rights;

	if ((g = find(from, m->sid, m->req, m->name, &mb, &rights)) == NULL)
		return;
	r.mbox = mb.id;
	r.uidvalidity = mb.uidvalidity;
	r.uidnext = mb.uidnext;
	r.exists = mb.exists;
	r.unseen = unseen(&mb, g->account);
	r.deleted = mb.deleted;
	r.recent = mb.uidnext > mb.recent ? mb.uidnext - mb.recent : 0;
	if (r.recent > mb.exists)
		r.recent = mb.exists;
	r.highestmodseq = mb.highestmodseq;
	r.size = mb.size;
	r.deleted_size = mb.deleted_size;
	(void)proc_send(from->proc, from->inst, M_ST_STATUS_R, &r, -1);
}

/* "a b c" in the order of the bits; the buffer ends with a NUL. */
static const char *
keyword_names(struct buf *b, const struct mstore_mailbox *mb)
{
	char		 name[MSTORE_MAXKEYWORD + 1];
	unsigned	 i;

	for (i = 0; i < mb->nkeywords; i++) {
		if (mstore_keyword_name(engine(), mb->id, i,
		    name) != MSTORE_OK)
			strlcpy(name, "?", sizeof(name));
		if (buf_addf(b, "%s%s", i > 0 ? " " : "", name) == -1)
			fatal("keywords");
	}
	if (buf_addc(b, '\0') == -1)
		fatal("keywords");
	return (const char *)buf_ptr(b);
}

static uint32_t
first_unseen(const struct mstore_mailbox *mb, uint32_t reader)
{
	uint32_t	 uid, number;

	if (unseen(mb, reader) == 0 || mstore_first_unseen_by(engine(), reader,
	    mb->id, &uid, &number) != MSTORE_OK)
		return 0;
	return number;
}

void
sread_select(const struct proc_from *from, const struct msg_st_select *m)
{
	struct msg_st_select_r	 r = { .sid = m->sid, .req = m->req,
	    .text = "" };
	struct mstore_mailbox	 mb;
	struct sgrant		*g;
	struct buf		 b;
	uint16_t		 rights;
	int			 own;

	if ((g = find(from, m->sid, m->req, m->name, &mb, &rights)) == NULL)
		return;
	r.readonly = (m->flags & ST_SELECT_READONLY) != 0 ||
	    !(rights & RIGHTS_WRITE);
	r.rights = rights;
	own = mb.account == g->account;
	r.reader = own ? 0 : g->account;
	r.mbox = mb.id;
	r.uidvalidity = mb.uidvalidity;
	r.uidnext = mb.uidnext;
	r.exists = mb.exists;
	/* \Recent is the owner's. */
	r.recent_first = own ? mb.recent : mb.uidnext;
	if (own && !r.readonly && mb.recent < mb.uidnext)
		(void)engine_code(mstore_take_recent(engine_begin(), mb.id,
		    &r.recent_first));
	r.first_unseen = first_unseen(&mb, g->account);
	r.highestmodseq = mb.highestmodseq;
	r.floor = mb.changes_from;
	buf_init(&b, 8192);
	r.keywords = keyword_names(&b, &mb);
	if (watch_add(&g->watches, from->inst, m->sid, mb.id, r.readonly ||
	    !own) == 0)
		(void)proc_send(from->proc, from->inst, M_ST_SELECT_R, &r, -1);
	else
		sread_answer(from, m->sid, m->req, ST_LIMIT);
	buf_free(&b);
}

void
sread_unselect(const struct proc_from *from, const struct msg_st_unselect *m)
{
	struct sgrant	*g;

	if ((g = sgrant_find(from->inst, m->sid)) != NULL)
		watch_remove(&g->watches, m->mbox);
}

void
sread_quota(const struct proc_from *from, const struct msg_st_quota *m)
{
	struct msg_st_quota_r	 r = { .sid = m->sid, .req = m->req };
	struct mstore_quota	 use;
	struct sgrant		*g;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL ||
	    mstore_usage(engine(), g->account, &use) != MSTORE_OK) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	r.bytes = use.bytes;
	r.messages = use.messages;
	r.bytes_limit = g->limit.bytes;
	r.messages_limit = g->limit.messages;
	(void)proc_send(from->proc, from->inst, M_ST_QUOTA_R, &r, -1);
}

/* ---- messages ----------------------------------------------------------- */

void
sread_uids(const struct proc_from *from, const struct msg_st_uids *m)
{
	struct msg_st_uids_r	 r = { .sid = m->sid, .req = m->req,
	    .mbox = m->mbox };
	struct mstore_mailbox	 mb;
	struct rseq		 uids;
	struct buf		 b;
	enum msg_st		 code;
	uint16_t		 rights;
	int			 fd = -1, ok;

	if (sgrant_mailbox(from->inst, m->sid, m->mbox, RIGHT_R, &mb, &rights,
	    &code) == NULL) {
		sread_answer(from, m->sid, m->req, code);
		return;
	}
	rseq_init(&uids);
	buf_init(&b, ROWS_MAX);
	r.modseq = mb.highestmodseq;
	r.uidnext = mb.uidnext;
	ok = mstore_uids(engine(), m->mbox, &uids) == MSTORE_OK &&
	    sanswer_rseq(&b, &uids, 0) == 0;
	if (ok)
		fd = sanswer_pack(&b, &r.uids, &r.size, &ok);
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_UIDS_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
	rseq_free(&uids);
	buf_free(&b);
}

/* Rows of all of the set, however many pages they are. */
static int
all_rows(struct buf *b, uint64_t mbox, uint32_t reader,
    const struct rseq *uids, uint16_t cols)
{
	struct mstore_fetch	 f = { .mailbox = mbox, .uids = uids,
	    .reader = reader, .cols = cols };

	while (!f.done) {
		if (mstore_fetch(engine(), &f, b, ROWS_MAX) != MSTORE_OK)
			return -1;
	}
	return 0;
}

void
sread_sync(const struct proc_from *from, const struct msg_st_sync *m)
{
	struct msg_st_sync_r	 r = { .sid = m->sid, .req = m->req,
	    .mbox = m->mbox };
	struct mstore_mailbox	 mb;
	struct rseq		 changed, vanished;
	struct buf		 b, names;
	struct sgrant		*g;
	enum msg_st		 code;
	uint16_t		 rights;
	int			 fd = -1, ok;

	if ((g = sgrant_mailbox(from->inst, m->sid, m->mbox, RIGHT_R, &mb,
	    &rights, &code)) == NULL) {
		sread_answer(from, m->sid, m->req, code);
		return;
	}
	rseq_init(&changed);
	rseq_init(&vanished);
	buf_init(&b, ROWS_MAX);
	buf_init(&names, 8192);
	if (mstore_changes_by(engine(), g->account, m->mbox, m->since,
	    &changed, &vanished) != MSTORE_OK) {
		sread_answer(from, m->sid, m->req, ST_GONE);
		goto end;
	}
	r.modseq = mb.highestmodseq;
	r.uidnext = mb.uidnext;
	r.exists = mb.exists;
	r.keywords = keyword_names(&names, &mb);
	ok = sanswer_rseq(&b, &vanished, 1) == 0 &&
	    sanswer_rseq(&b, &changed, 1) == 0 &&
	    all_rows(&b, m->mbox, g->account, &changed, MSTORE_COL_FLAGS |
	    MSTORE_COL_MODSEQ) == 0;
	if (ok)
		fd = sanswer_pack(&b, &r.rows, &r.size, &ok);
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_SYNC_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
end:
	rseq_free(&changed);
	rseq_free(&vanished);
	buf_free(&b);
	buf_free(&names);
}

static uint16_t
columns(uint32_t asked)
{
	uint16_t	 cols = 0;

	if (asked & ST_FETCH_HOT)
		cols |= MSTORE_COL_FLAGS | MSTORE_COL_MODSEQ;
	if (asked & ST_FETCH_WHERE)
		cols |= MSTORE_COL_SIZE | MSTORE_COL_DATES | MSTORE_COL_IDS;
	if (asked & ST_FETCH_META)
		cols |= MSTORE_COL_META;
	if (asked & ST_FETCH_BODY)
		cols |= MSTORE_COL_BODY;
	if (asked & ST_FETCH_SEARCH)
		cols |= MSTORE_COL_BRIEF0 << BRIEF_SEARCH;
	if (asked & ST_FETCH_FIELDS)
		cols |= MSTORE_COL_BRIEF0 << BRIEF_FIELDS;
	return cols;
}

/*
 * One page.  A body that is larger than the page comes in pieces: imap asks
 * for it by offset, so here a piece ends the page.
 */
/* Pages are made in memory that is kept: fresh memory costs more than them. */
static struct buf	 fetched;

void
sread_page(const struct proc_from *from, const struct msg_st_fetch *m,
    uint32_t reader)
{
	struct msg_st_fetch_r	 r = { .sid = m->sid, .req = m->req };
	struct mstore_fetch	 f = { .mailbox = m->mbox };
	struct rseq		 uids;
	uint32_t		 budget = m->budget;
	int			 fd = -1, ok;

	if (budget > FETCH_BUDGET)
		budget = FETCH_BUDGET;
	rseq_init(&uids);
	if (rseq_get(&uids, m->uids.data, m->uids.len) == -1) {
		rseq_free(&uids);
		proc_bad(from, "malformed uids");
		return;
	}
	fetched.max = ROWS_MAX;
	buf_truncate(&fetched, 0);
	f.uids = &uids;
	f.reader = reader;
	f.cols = columns(m->columns);
	f.bodyoff = m->offset > UINT32_MAX ? UINT32_MAX : m->offset;
	f.bodylen = m->length >= UINT32_MAX ? 0 : m->length;
	f.next_off = m->next_off;
	ok = mstore_fetch(engine(), &f, &fetched, budget) == MSTORE_OK;
	/* What was made on the way is written when this turn ends. */
	if (mstore_brief_waiting(engine()))
		(void)engine_begin();
	r.next = f.done ? 0 : f.next_uid;
	r.next_off = f.done ? 0 : f.next_off;
	if (ok)
		fd = sanswer_pack(&fetched, &r.rows, &r.size, &ok);
	if (ok)
		(void)proc_send(from->proc, from->inst, M_ST_FETCH_R, &r, fd);
	else
		sread_answer(from, m->sid, m->req, ST_TEMP);
	rseq_free(&uids);
	if (fetched.size > 2 * FETCH_BUDGET)
		buf_free(&fetched);
}

void
sread_fetch(const struct proc_from *from, const struct msg_st_fetch *m)
{
	struct mstore_mailbox	 mb;
	struct sgrant		*g;
	enum msg_st		 code;
	uint16_t		 rights;

	if ((g = sgrant_mailbox(from->inst, m->sid, m->mbox, RIGHT_R, &mb,
	    &rights, &code)) == NULL)
		sread_answer(from, m->sid, m->req, code);
	else
		sread_page(from, m, g->account);
}
