#include <string.h>

#include "engine.h"
#include "keywords.h"
#include "libutil/log.h"
#include "sanswer.h"
#include "sgrant.h"
#include "sread.h"
#include "swrite.h"

static enum mstore_code
change_list(const struct msg_st_mailbox *m, uint32_t account, uint64_t *id)
{
	struct span	 name = span_of(m->name);
	struct mstore	*ms = engine_begin();

	switch (m->op) {
	case ST_CREATE:
		return mstore_mailbox_create(ms, account, name, m->use, id);
	case ST_DELETE:
		(void)mstore_mailbox_find(ms, account, name, id);
		return mstore_mailbox_delete(ms, account, name);
	case ST_RENAME:
		return mstore_mailbox_rename(ms, account, name,
		    span_of(m->newname));
	case ST_SUBSCRIBE:
	case ST_UNSUBSCRIBE:
		return mstore_subscribe(ms, account, name,
		    m->op == ST_SUBSCRIBE);
	}
	return MSTORE_INVALID;
}

static const char *
why(uint8_t op, enum mstore_code code)
{
	if (code == MSTORE_CANNOT && op == ST_DELETE)
		return "It has children, or cannot be deleted";
	if (code == MSTORE_INVALID)
		return "Not a mailbox name";
	if (code == MSTORE_LIMIT)
		return "Too many mailboxes";
	return "";
}

void
swrite_mailbox(const struct proc_from *from, const struct msg_st_mailbox *m)
{
	struct msg_st_r		 r = { .sid = m->sid, .req = m->req };
	enum mstore_code	 code;
	struct sgrant		*g;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	code = change_list(m, g->account, &r.mbox);
	r.code = engine_code(code);
	r.text = why(m->op, code);
	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
}

/* A mailbox that the session may change, and a set; 0 or -1 (answered). */
static int
begin(const struct proc_from *from, uint64_t sid, uint32_t req, uint64_t mbox,
    const struct msg_blob *blob, struct rseq *uids, struct sgrant **g)
{
	struct mstore_mailbox	 mb;

	rseq_init(uids);
	if ((*g = sgrant_mailbox(from->inst, sid, mbox, &mb)) == NULL) {
		sread_answer(from, sid, req, ST_NONEXISTENT);
		return -1;
	}
	if (blob->len > 0 && rseq_get(uids, blob->data, blob->len) == -1) {
		rseq_free(uids);
		proc_bad(from, "malformed uids");
		return -1;
	}
	return 0;
}

void
swrite_flags(const struct proc_from *from, const struct msg_st_flags *m)
{
	static const uint8_t	 ops[] = {
		[ST_FLAGS_ADD] = MSTORE_FLAGS_ADD,
		[ST_FLAGS_DEL] = MSTORE_FLAGS_DEL,
		[ST_FLAGS_SET] = MSTORE_FLAGS_SET
	};
	struct msg_st_flags_r	 r = { .sid = m->sid, .req = m->req,
	    .text = "" };
	enum mstore_code	 code;
	struct sgrant		*g;
	struct rseq		 uids, changed, failed;
	struct buf		 b;
	uint64_t		 mask;

	if (begin(from, m->sid, m->req, m->mbox, &m->uids, &uids, &g) == -1)
		return;
	rseq_init(&changed);
	rseq_init(&failed);
	buf_init(&b, MSG_BLOB);
	code = keywords_mask(m->mbox, m->keywords, m->op != ST_FLAGS_DEL,
	    &mask);
	if (code == MSTORE_OK)
		code = mstore_store(engine_begin(), m->mbox, &uids,
		    ops[m->op], m->flags & MSTORE_FLAGS_ALL, mask,
		    m->unchangedsince, &changed, &failed, &r.modseq);
	r.changed = changed.nruns > 0;
	r.code = engine_code(code);
	if (code == MSTORE_LIMIT)
		r.text = "Too many keywords";
	if (sanswer_rseq(&b, &failed, 0) == -1) {
		/* More runs than an answer holds: they are to try again. */
		r.code = ST_LIMIT;
		r.text = "Too many messages have changed";
	} else {
		r.failed.data = buf_ptr(&b);
		r.failed.len = b.len;
	}
	(void)proc_send(from->proc, from->inst, M_ST_FLAGS_R, &r, -1);
	rseq_free(&uids);
	rseq_free(&changed);
	rseq_free(&failed);
	buf_free(&b);
}

void
swrite_expunge(const struct proc_from *from, const struct msg_st_expunge *m)
{
	struct msg_st_r		 r = { .sid = m->sid, .req = m->req,
	    .mbox = m->mbox, .text = "" };
	struct sgrant		*g;
	struct rseq		 uids, gone;

	if (begin(from, m->sid, m->req, m->mbox, &m->uids, &uids, &g) == -1)
		return;
	rseq_init(&gone);
	r.code = engine_code(mstore_expunge(engine_begin(), m->mbox,
	    m->uids.len > 0 ? &uids : NULL, 0, &gone, &r.modseq));
	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
	rseq_free(&uids);
	rseq_free(&gone);
}

static void
copy_answer(const struct proc_from *from, struct msg_st_copy_r *r,
    const struct rseq *done, uint32_t first)
{
	struct rseq	 to;
	struct buf	 a, b;
	uint32_t	 n = rseq_count(done);

	rseq_init(&to);
	buf_init(&a, MSG_BLOB / 2);
	buf_init(&b, MSG_BLOB / 2);
	if (n > 0 && rseq_add(&to, first, first + n - 1) == -1)
		fatal("copy");
	/* COPYUID is a convenience: without it, where it would be too long. */
	if (sanswer_rseq(&a, done, 0) == 0 &&
	    sanswer_rseq(&b, &to, 0) == 0) {
		r->from = (struct msg_blob){ buf_ptr(&a), a.len };
		r->to = (struct msg_blob){ buf_ptr(&b), b.len };
	}
	(void)proc_send(from->proc, from->inst, M_ST_COPY_R, r, -1);
	rseq_free(&to);
	buf_free(&a);
	buf_free(&b);
}

void
swrite_copy(const struct proc_from *from, const struct msg_st_copy *m)
{
	struct msg_st_copy_r	 r = { .sid = m->sid, .req = m->req,
	    .text = "" };
	struct mstore_mailbox	 to, source;
	enum mstore_code	 code;
	struct sgrant		*g;
	struct rseq		 uids, done;
	uint64_t		 id;
	uint32_t		 first = 0;

	if (begin(from, m->sid, m->req, m->mbox, &m->uids, &uids, &g) == -1)
		return;
	rseq_init(&done);
	code = mstore_mailbox_find(engine(), g->account, span_of(m->name),
	    &id);
	if (code == MSTORE_OK)
		code = mstore_mailbox_get(engine(), id, &to);
	if (code == MSTORE_OK && to.flags & MSTORE_NOSELECT)
		code = MSTORE_NONE;
	if (code == MSTORE_OK && !m->move && !engine_has_room())
		code = MSTORE_NOSPACE;
	if (code == MSTORE_OK)
		code = mstore_copy(engine_begin(), m->mbox, &uids, id,
		    m->move, &g->limit, &done, &first);
	r.code = engine_code(code);
	r.uidvalidity = code == MSTORE_OK ? to.uidvalidity : 0;
	if (mstore_mailbox_get(engine(), m->mbox, &source) == MSTORE_OK)
		r.modseq = source.highestmodseq;
	copy_answer(from, &r, &done, first);
	rseq_free(&uids);
	rseq_free(&done);
}
