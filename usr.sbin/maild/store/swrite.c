#include <string.h>

#include "engine.h"
#include "keywords.h"
#include "libutil/log.h"
#include "sanswer.h"
#include "sgrant.h"
#include "sread.h"
#include "snotify.h"
#include "srights.h"
#include "swrite.h"

#define COPY_RUNS	(1024 * 1024)	/* of uids, that one COPY names */

static enum msg_st
create(struct sgrant *g, const struct msg_st_mailbox *m, uint64_t *id)
{
	enum msg_st	 code;
	struct span	 rest;
	uint32_t	 account;

	if (srights_name(g, span_of(m->name), &account, &rest) == -1)
		return ST_DENIED;
	if ((code = srights_create(g, account, rest)) != ST_OK)
		return code;
	/* What a mailbox is for is the owner's to say. */
	if (account != g->account && m->use != 0)
		return ST_DENIED;
	code = engine_code(mstore_mailbox_create(engine_begin(), account,
	    rest, m->use, id));
	srights_changed();
	if (code == ST_OK)
		snotify_name(g, ST_EV_CREATED, *id, "");
	return code;
}

static enum msg_st
delete(struct sgrant *g, const struct msg_st_mailbox *m, uint64_t *id)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;
	uint16_t		 rights;

	if ((code = srights_find(g, m->name, RIGHT_X, &mb, &rights)) != ST_OK)
		return code;
	*id = mb.id;
	if (strcmp(mb.name, "INBOX") != 0 && !(mb.flags & MSTORE_NOSELECT))
		snotify_deleting(g, mb.id);
	return engine_code(mstore_mailbox_delete(engine_begin(), mb.account,
	    span_of(mb.name)));
}

/* Another's: what is below goes with it, and must be his to move too. */
static int
may_move(struct sgrant *g, const struct mstore_mailbox *mb)
{
	struct mstore_listent	 e = { 0 };
	struct mstore_mailbox	 child;
	char			 after[MSTORE_MAXNAME + 2];
	size_t			 len = strlen(mb->name);

	if (mb->account == g->account)
		return 1;
	if (strcmp(mb->name, "INBOX") == 0)
		return 0;
	strlcpy(after, mb->name, sizeof(after));
	strlcat(after, "/", sizeof(after));
	while (mstore_list_next(engine(), mb->account, span_of(after),
	    &e) == MSTORE_OK && strncmp(e.name, mb->name, len) == 0 &&
	    e.name[len] == MSTORE_SEPARATOR) {
		if (mstore_mailbox_get(engine(), e.id, &child) == MSTORE_OK &&
		    !(srights_of(g, &child) & RIGHT_X))
			return 0;
		strlcpy(after, e.name, sizeof(after));
	}
	return 1;
}

static enum msg_st
rename_to(struct sgrant *g, const struct msg_st_mailbox *m, const char **text)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;
	struct span		 rest;
	uint32_t		 account;
	uint16_t		 rights;

	if ((code = srights_find(g, m->name, RIGHT_X, &mb, &rights)) != ST_OK)
		return code;
	if (srights_name(g, span_of(m->newname), &account, &rest) == -1)
		return ST_DENIED;
	if (account != mb.account) {
		*text = "Not from one account to another";
		return ST_BAD;
	}
	if (!may_move(g, &mb))
		return ST_DENIED;
	if ((code = srights_create(g, account, rest)) != ST_OK)
		return code;
	code = engine_code(mstore_mailbox_rename(engine_begin(), account,
	    span_of(mb.name), rest));
	if (code == ST_OK)
		snotify_name(g, ST_EV_RENAMED, mb.id, mb.name);
	return code;
}

/* In his own list, by the name that he knows it by. */
static enum msg_st
subscribe(struct sgrant *g, const struct msg_st_mailbox *m)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;
	uint16_t		 rights;
	int			 on = m->op == ST_SUBSCRIBE;

	if (on && strncmp(m->name, OTHER_USERS, sizeof(OTHER_USERS) - 1) ==
	    0 && (code = srights_find(g, m->name, RIGHT_L, &mb, &rights)) !=
	    ST_OK)
		return code;
	code = engine_code(mstore_subscribe(engine_begin(), g->account,
	    span_of(m->name), on));
	if (code == ST_OK)
		snotify_subscribed(g, m->name, on);
	return code;
}

static enum msg_st
change_list(struct sgrant *g, const struct msg_st_mailbox *m, uint64_t *id,
    const char **text)
{
	switch (m->op) {
	case ST_CREATE:
		return create(g, m, id);
	case ST_DELETE:
		return delete(g, m, id);
	case ST_RENAME:
		return rename_to(g, m, text);
	case ST_SUBSCRIBE:
	case ST_UNSUBSCRIBE:
		return subscribe(g, m);
	}
	return ST_BAD;
}

static const char *
why(uint8_t op, enum msg_st code)
{
	if (code == ST_BAD && op == ST_DELETE)
		return "It has children, or cannot be deleted";
	if (code == ST_BAD)
		return "Not possible with such a name";
	if (code == ST_LIMIT)
		return "Too many mailboxes, or a name too long";
	return "";
}

void
swrite_mailbox(const struct proc_from *from, const struct msg_st_mailbox *m)
{
	struct msg_st_r		 r = { .sid = m->sid, .req = m->req };
	const char		*text = NULL;
	struct sgrant		*g;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		return;
	}
	r.code = change_list(g, m, &r.mbox, &text);
	r.text = text != NULL ? text : why(m->op, r.code);
	/* Lists of rights came and went with them. */
	if (m->op == ST_CREATE || m->op == ST_DELETE || m->op == ST_RENAME)
		srights_changed();
	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
}

/* A mailbox that the session may change, and a set; 0 or -1 (answered). */
static int
begin(const struct proc_from *from, uint64_t sid, uint32_t req, uint64_t mbox,
    uint16_t need, const struct msg_blob *blob, struct rseq *uids,
    struct sgrant **g, uint16_t *rights)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;

	rseq_init(uids);
	if ((*g = sgrant_mailbox(from->inst, sid, mbox, need, &mb, rights,
	    &code)) == NULL) {
		sread_answer(from, sid, req, code);
		return -1;
	}
	if (blob->len > 0 && rseq_get(uids, blob->data, blob->len) == -1) {
		rseq_free(uids);
		proc_bad(from, "malformed uids");
		return -1;
	}
	return 0;
}

/* RFC 4314 4: what he may not change stays; if that is all, it is an error. */
static int
may_flag(const struct msg_st_flags *m, const struct mstore_who *who)
{
	int	 keywords = m->keywords[0] != '\0';

	if (m->op == ST_FLAGS_SET)
		return who->flags != 0 || who->keywords;
	return (m->flags & who->flags) != 0 || (keywords && who->keywords) ||
	    (m->flags == 0 && !keywords);
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
	struct mstore_who	 who;
	struct rseq		 uids, changed, failed;
	struct buf		 b;
	uint64_t		 mask = 0;
	uint16_t		 rights;

	if (begin(from, m->sid, m->req, m->mbox, RIGHT_R, &m->uids, &uids, &g,
	    &rights) == -1)
		return;
	who = srights_who(g, rights);
	if (m->op <= ST_FLAGS_SET && !may_flag(m, &who)) {
		sread_answer(from, m->sid, m->req, ST_DENIED);
		rseq_free(&uids);
		return;
	}
	rseq_init(&changed);
	rseq_init(&failed);
	buf_init(&b, MSG_BLOB);
	code = who.keywords ? keywords_mask(m->mbox, m->keywords,
	    m->op != ST_FLAGS_DEL, &mask) : MSTORE_OK;
	if (code == MSTORE_OK)
		code = mstore_store_by(engine_begin(), &who, m->mbox, &uids,
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
	uint16_t		 rights;

	if (begin(from, m->sid, m->req, m->mbox, RIGHT_E, &m->uids, &uids, &g,
	    &rights) == -1)
		return;
	rseq_init(&gone);
	r.code = engine_code(mstore_expunge(engine_begin(), m->mbox,
	    m->uids.len > 0 ? &uids : NULL, 0, &gone, &r.modseq));
	/* Of very many some at a time, with turns for others between. */
	if (r.code == ST_OK && m->uids.len == 0 &&
	    rseq_count(&gone) >= MSTORE_SOME)
		r.code = ST_MORE;
	(void)proc_send(from->proc, from->inst, M_ST_R, &r, -1);
	rseq_free(&uids);
	rseq_free(&gone);
}

static void
copy_answer(const struct proc_from *from, struct msg_st_copy_r *r,
    const struct rseq *done)
{
	struct buf	 b;

	buf_init(&b, MSG_BLOB);
	r->count = rseq_count(done);
	/* He knows what he asked for: this is for when some were gone. */
	if (sanswer_rseq(&b, done, 0) == 0)
		r->from = (struct msg_blob){ buf_ptr(&b), b.len };
	(void)proc_send(from->proc, from->inst, M_ST_COPY_R, r, -1);
	buf_free(&b);
}

/* 0; -1: it is too much, or nonsense. */
static int
copy_add(struct rseq *to, const struct rseq *uids)
{
	size_t	 i;

	for (i = 0; i < uids->nruns; i++) {
		if (to->nruns > COPY_RUNS)
			return -1;
		if (rseq_add(to, uids->runs[i].first, uids->runs[i].last) ==
		    -1)
			fatal("copy");
	}
	return 0;
}

/* All or nothing: what does not fit into one message waits for the last. */
static void
copy_part(const struct proc_from *from, const struct msg_st_copy *m)
{
	struct sgrant	*g = sgrant_find(from->inst, m->sid);
	struct rseq	 uids;

	rseq_init(&uids);
	if (rseq_get(&uids, m->uids.data, m->uids.len) == -1 ||
	    (g != NULL && copy_add(&g->parts, &uids) == -1))
		proc_bad(from, "malformed uids");
	rseq_free(&uids);
}

void
swrite_copy(const struct proc_from *from, const struct msg_st_copy *m)
{
	struct msg_st_copy_r	 r = { .sid = m->sid, .req = m->req,
	    .text = "" };
	struct mstore_mailbox	 to, source;
	struct mstore_quota	 limit;
	struct mstore_who	 who;
	struct sgrant		*g;
	struct rseq		 uids, done;
	uint16_t		 rights;

	if (m->more) {
		copy_part(from, m);
		return;
	}
	/* MOVE (RFC 6851 3.3) is COPY, STORE +FLAGS \Deleted and EXPUNGE. */
	if (begin(from, m->sid, m->req, m->mbox, m->move ? RIGHT_R | RIGHT_T |
	    RIGHT_E : RIGHT_R, &m->uids, &uids, &g, &rights) == -1) {
		if ((g = sgrant_find(from->inst, m->sid)) != NULL)
			rseq_free(&g->parts);
		return;
	}
	if (copy_add(&uids, &g->parts) == -1)
		r.code = ST_LIMIT;
	rseq_free(&g->parts);
	rseq_init(&done);
	if (r.code == ST_OK)
		r.code = srights_find(g, m->name, RIGHT_I, &to, &rights);
	if (r.code == ST_OK && to.flags & MSTORE_NOSELECT)
		r.code = ST_NONEXISTENT;
	if (r.code == ST_OK && !m->move && !engine_has_room())
		r.code = ST_LIMIT;
	if (r.code == ST_OK) {
		limit = srights_limit(g, to.account);
		who = srights_who(g, rights);
		r.code = engine_code(mstore_copy_by(engine_begin(), &who,
		    m->mbox, &uids, to.id, m->move, &limit, &done, &r.first));
	}
	r.uidvalidity = r.code == ST_OK ? to.uidvalidity : 0;
	if (mstore_mailbox_get(engine(), m->mbox, &source) == MSTORE_OK)
		r.modseq = source.highestmodseq;
	copy_answer(from, &r, &done);
	rseq_free(&uids);
	rseq_free(&done);
}
