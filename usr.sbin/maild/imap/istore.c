/* STORE and UID STORE (RFC 9051 6.4.6, RFC 7162 3.1.3). */
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "handlers.h"
#include "isession.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "set.h"
#include "view.h"

struct storing {
	struct isession	*s;
	struct rseq	 seqs;
	struct rseq	 failed;	/* uids */
	struct chunk	 chunk;
	struct buf	 keywords;
	uint32_t	 flags;
	unsigned	 changes;	/* requests that changed something */
	uint64_t	 before;	/* modseq that the client knew */
	uint64_t	 modseq;	/* of the last change */
};

static const struct {
	uint32_t	 bit;
	uint16_t	 stored;
} flagmap[] = {
	{ IMAP_FLAG_SEEN,	MSTORE_SEEN },
	{ IMAP_FLAG_ANSWERED,	MSTORE_ANSWERED },
	{ IMAP_FLAG_FLAGGED,	MSTORE_FLAGGED },
	{ IMAP_FLAG_DELETED,	MSTORE_DELETED },
	{ IMAP_FLAG_DRAFT,	MSTORE_DRAFT }
};

static void	next(struct storing *);

static void
store_free(void *arg)
{
	struct storing	*j = arg;

	request_forget(j);
	rseq_free(&j->seqs);
	rseq_free(&j->failed);
	buf_free(&j->keywords);
	free(j);
}

static void
modified_tail(struct isession *s, struct imap_out *o)
{
	struct storing	*j = s->job;
	struct rseq	 seqs;

	rseq_init(&seqs);
	imap_out_str(o, "[MODIFIED ");
	if (s->cmd->uid)
		imap_out_rseq(o, &j->failed);
	else if (uidlist_to_seqs(s->view->snap, &j->failed, &seqs) == -1)
		fatal("store");
	else
		imap_out_rseq(o, &seqs);
	imap_out_str(o, "] Conditional store failed for some.\r\n");
	rseq_free(&seqs);
}

static void
be_silent(struct storing *j)
{
	struct view	*v = j->s->view;
	uint64_t	 modseq;

	/* A keyword may be new: its name is still to be asked for. */
	if (j->s->st.enabled & IMAP_EN_CONDSTORE || j->keywords.len > 1 ||
	    (j->changes > 1 && !TAILQ_EMPTY(&v->contexts))) {
		v->silent_first = j->before + 1;
		v->silent_last = j->modseq;
		return;
	}
	for (modseq = j->before + 1; modseq <= j->modseq; modseq++)
		view_told(v, modseq);
}

static void
finish(struct storing *j)
{
	struct isession			*s = j->s;
	const struct imap_store		*c = &s->cmd->u.store;
	struct rseq			 there;

	/*
	 * .SILENT speaks of this change alone: if the mailbox was changed by
	 * others too, flags that he does not know of may hide behind it.
	 */
	if (c->silent && j->changes > 0 &&
	    j->modseq == j->before + j->changes)
		be_silent(j);
	/* Of those that failed the ones that the client still counts. */
	rseq_init(&there);
	if (uidlist_from_uids(s->view->snap, s->view->exists, &j->failed,
	    &there) == -1)
		fatal("store");
	rseq_free(&j->failed);
	j->failed = there;
	if (j->failed.nruns > 0)
		isession_done_with(s, IMAP_RESULT_OK, modified_tail);
	else
		isession_done(s, IMAP_RESULT_OK, NULL, "Store completed.");
}

static void
on_stored(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_flags_r	*r = msg;
	struct storing			*j = arg;
	struct rseq			 failed;
	size_t				 i;

	if (type != M_ST_FLAGS_R) {
		isession_done_st(j->s, ((const struct msg_st_r *)msg)->code,
		    ((const struct msg_st_r *)msg)->text);
		return;
	}
	if (r->changed) {
		j->changes++;
		j->modseq = r->modseq;
		mbox_heard(j->s->view->mbox, r->modseq);
	}
	if (r->code != ST_OK) {
		isession_done_st(j->s, r->code, r->text);
		return;
	}
	rseq_init(&failed);
	if (r->failed.len > 0 &&
	    rseq_get(&failed, r->failed.data, r->failed.len) == -1)
		fatalx("store: malformed uids");
	for (i = 0; i < failed.nruns; i++) {
		if (rseq_add(&j->failed, failed.runs[i].first,
		    failed.runs[i].last) == -1)
			fatal("store");
	}
	rseq_free(&failed);
	next(j);
}

static void
next(struct storing *j)
{
	static const uint8_t		 ops[] = {
		[IMAP_STORE_SET] = ST_FLAGS_SET,
		[IMAP_STORE_ADD] = ST_FLAGS_ADD,
		[IMAP_STORE_DEL] = ST_FLAGS_DEL
	};
	const struct imap_store		*c = &j->s->cmd->u.store;
	struct msg_st_flags		 m = { .sid = j->s->c.sid,
	    .mbox = j->s->view->mbox->id, .op = ops[c->op],
	    .flags = j->flags, .unchangedsince = c->unchanged ?
	    c->unchangedsince : UINT64_MAX };

	if (!chunk_next(&j->chunk, &m.uids)) {
		finish(j);
		return;
	}
	m.keywords = (const char *)buf_ptr(&j->keywords);
	m.req = request_new(on_stored, j);
	request_send(m.req, M_ST_FLAGS, &m);
}

/* -1: too long. */
static int
take_flags(struct storing *j, const struct imap_flags *f)
{
	uint32_t	 i;
	size_t		 k;

	for (k = 0; k < sizeof(flagmap) / sizeof(flagmap[0]); k++) {
		if (f->bits & flagmap[k].bit)
			j->flags |= flagmap[k].stored;
	}
	buf_init(&j->keywords, MSG_KEYWORDS + 1);
	for (i = 0; i < f->nkeywords; i++) {
		if ((i > 0 && buf_addc(&j->keywords, ' ') == -1) ||
		    buf_add(&j->keywords, f->keywords[i].p,
		    f->keywords[i].len) == -1)
			return -1;
	}
	return buf_addc(&j->keywords, '\0');
}

static void
on_loaded(void *arg, int ok)
{
	struct isession			*s = arg;
	const struct imap_store		*c = &s->cmd->u.store;
	struct storing			*j;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("store");
	j->s = s;
	j->before = s->view->modseq;
	s->job = j;
	s->job_free = store_free;
	if (take_flags(j, &c->flags) == -1) {
		isession_done(s, IMAP_RESULT_NO, "LIMIT",
		    "Too many keywords.");
		return;
	}
	if (set_resolve(s, &c->set, s->cmd->uid, &j->seqs) == -1)
		return;
	set_limit(s, &j->seqs);
	chunk_start(&j->chunk, &j->seqs, s->view->snap, 0);
	next(j);
}

void
store_store(struct isession *s)
{
	if (s->view->readonly)
		isession_done(s, IMAP_RESULT_NO, "READ-ONLY",
		    "The mailbox is read-only.");
	else
		view_load(s->view, on_loaded, s);
}
