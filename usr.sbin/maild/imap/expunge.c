/* EXPUNGE and UID EXPUNGE (RFC 9051 6.4.3, 6.4.9). */
#include <stdlib.h>

#include "chunk.h"
#include "handlers.h"
#include "isession.h"
#include "libutil/log.h"
#include "set.h"
#include "view.h"

struct expunging {
	struct isession	*s;
	struct rseq	 seqs;
	struct chunk	 chunk;
	uint64_t	 modseq;
};

static void	next(struct expunging *);

static void
expunge_free(void *arg)
{
	struct expunging	*j = arg;

	request_forget(j);
	rseq_free(&j->seqs);
	free(j);
}

/* RFC 7162 3.2.7: who resynchronises wants to know where he is now. */
static void
modseq_tail(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[HIGHESTMODSEQ ");
	imap_out_num(o, s->view->modseq);
	imap_out_str(o, "] Expunge completed.\r\n");
}

static void
finish(struct expunging *j)
{
	struct isession	*s = j->s;

	if (s->st.enabled & IMAP_EN_QRESYNC)
		isession_done_with(s, IMAP_RESULT_OK, modseq_tail);
	else
		isession_done(s, IMAP_RESULT_OK, NULL, "Expunge completed.");
}

static void
on_expunged(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct expunging	*j = arg;

	mbox_heard(j->s->view->mbox, r->modseq);
	if (r->code != ST_OK && r->code != ST_MORE)
		isession_done_st(j->s, r->code, r->text);
	else if (j->s->cmd->uid || r->code == ST_MORE)
		next(j);
	else
		finish(j);
}

static void
next(struct expunging *j)
{
	struct msg_st_expunge	 m = { .sid = j->s->c.sid,
	    .mbox = j->s->view->mbox->id };

	if (j->s->cmd->uid && !chunk_next(&j->chunk, &m.uids)) {
		finish(j);
		return;
	}
	m.req = request_new(on_expunged, j);
	request_send(m.req, M_ST_EXPUNGE, &m);
}

static void
on_loaded(void *arg, int ok)
{
	struct isession		*s = arg;
	struct expunging	*j;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("expunge");
	j->s = s;
	s->job = j;
	s->job_free = expunge_free;
	if (s->cmd->uid &&
	    set_resolve(s, &s->cmd->u.set, 1, &j->seqs) == -1)
		return;
	if (s->cmd->uid)
		set_limit(s, &j->seqs);
	chunk_start(&j->chunk, &j->seqs, s->view->snap, 0);
	next(j);
}

void
expunge_expunge(struct isession *s)
{
	if (s->view->readonly)
		isession_done(s, IMAP_RESULT_NO, "READ-ONLY",
		    "The mailbox is read-only.");
	else
		view_load(s->view, on_loaded, s);
}
