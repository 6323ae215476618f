/* COPY, MOVE and their UID forms (RFC 9051 6.4.7, 6.4.8). */
#include <stdlib.h>

#include "chunk.h"
#include "handlers.h"
#include "isession.h"
#include "libutil/log.h"
#include "name.h"
#include "set.h"
#include "view.h"

#define COPY_MESSAGES	65536	/* that are copied in one step */

struct copying {
	struct isession	*s;
	struct rseq	 seqs;
	struct chunk	 chunk;
	uint32_t	 uidvalidity;
	uint8_t		 partly;	/* COPYUID would not be true */
	struct rseq	 asked;		/* uids, of the step */
	struct rseq	 from, to;
	char		 name[IMAP_NAME_MAX + 1];
};

static void	next(struct copying *);

static void
copy_free(void *arg)
{
	struct copying	*j = arg;

	request_forget(j);
	rseq_free(&j->seqs);
	rseq_free(&j->asked);
	rseq_free(&j->from);
	rseq_free(&j->to);
	free(j);
}

static void
copyuid_tail(struct isession *s, struct imap_out *o)
{
	struct copying	*j = s->job;

	imap_out_copyuid(o, j->uidvalidity, &j->from, &j->to);
	imap_out_str(o, " Copy completed.\r\n");
}

static void
finish(struct copying *j)
{
	struct isession	*s = j->s;
	struct imap_out	*o;
	int		 move = s->cmd->id == IMAP_MOVE;

	if (j->to.nruns == 0 || j->partly)
		isession_done(s, IMAP_RESULT_OK, NULL, j->to.nruns == 0 ?
		    "No such messages." : "Completed.");
	else if (move) {
		/* RFC 6851 4.3: before the EXPUNGEs that follow. */
		o = isession_out(s);
		imap_out_str(o, "* OK ");
		imap_out_copyuid(o, j->uidvalidity, &j->from, &j->to);
		imap_out_str(o, " Moved.\r\n");
		isession_out_done(s);
		isession_done(s, IMAP_RESULT_OK, NULL, "Move completed.");
	} else
		isession_done_with(s, IMAP_RESULT_OK, copyuid_tail);
}

/* 0; -1: what was copied is not known. */
static int
take_from(struct copying *j, const struct msg_st_copy_r *r)
{
	struct rseq	 some, *from = &j->asked;
	size_t		 i;

	rseq_init(&some);
	if (r->count != rseq_count(from)) {
		/* Some were gone. */
		from = &some;
		if (r->from.len == 0)
			return -1;
		if (rseq_get(&some, r->from.data, r->from.len) == -1 ||
		    rseq_count(&some) != r->count)
			fatalx("store: malformed uids");
	}
	for (i = 0; i < from->nruns; i++) {
		if (rseq_add(&j->from, from->runs[i].first,
		    from->runs[i].last) == -1)
			fatal("copy");
	}
	rseq_free(&some);
	return 0;
}

static void
on_copied(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_copy_r	*r = msg;
	struct copying			*j = arg;
	uint8_t				 code;

	code = type == M_ST_COPY_R ? r->code :
	    ((const struct msg_st_r *)msg)->code;
	if (code == ST_NONEXISTENT) {
		isession_done(j->s, IMAP_RESULT_NO, "TRYCREATE",
		    "No such mailbox.");
		return;
	}
	if (code != ST_OK || type != M_ST_COPY_R) {
		isession_done_st(j->s, code, NULL);
		return;
	}
	j->uidvalidity = r->uidvalidity;
	if (j->s->cmd->id == IMAP_MOVE)
		mbox_heard(j->s->view->mbox, r->modseq);
	if (r->count > 0) {
		if (take_from(j, r) == -1)
			j->partly = 1;
		if (rseq_add(&j->to, r->first, r->first + r->count - 1) == -1)
			fatal("copy");
	}
	rseq_free(&j->asked);
	next(j);
}

static void
add_asked(struct copying *j, const struct msg_blob *blob)
{
	struct rseq	 some;
	size_t		 i;

	rseq_init(&some);
	if (rseq_get(&some, blob->data, blob->len) == -1)
		fatal("copy");
	for (i = 0; i < some.nruns; i++) {
		if (rseq_add(&j->asked, some.runs[i].first,
		    some.runs[i].last) == -1)
			fatal("copy");
	}
	rseq_free(&some);
}

/*
 * MOVE may go message by message (RFC 6851 3.3).  COPY is all or none (RFC
 * 9051 6.4.7): in as many messages to the store as it takes, which acts on the
 * last one; only beyond COPY_MESSAGES it goes in several steps.
 */
static void
next(struct copying *j)
{
	struct msg_st_copy	 m = { .sid = j->s->c.sid,
	    .mbox = j->s->view->mbox->id, .name = j->name,
	    .move = j->s->cmd->id == IMAP_MOVE };

	do {
		if (!chunk_next(&j->chunk, &m.uids)) {
			finish(j);
			return;
		}
		add_asked(j, &m.uids);
		m.more = !m.move && chunk_more(&j->chunk) &&
		    rseq_count(&j->asked) < COPY_MESSAGES;
		if (!m.more)
			m.req = request_new(on_copied, j);
		request_send(m.req, M_ST_COPY, &m);
	} while (m.more);
}

/* RFC 9738: COPY is all or nothing.  1: it has been answered. */
static int
too_many(struct isession *s, const struct rseq *seqs)
{
	const struct conf	*conf = caller_conf();
	uint32_t		 limit = conf->limits.imap_messages;

	if (limit == 0)
		limit = conf->limits.imap_save;
	if (limit == 0 || rseq_count(seqs) <= limit)
		return 0;
	set_refuse(s, seqs, limit);
	return 1;
}

static void
on_loaded(void *arg, int ok)
{
	struct isession		*s = arg;
	const struct imap_copy	*c = &s->cmd->u.copy;
	struct copying		*j;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("copy");
	j->s = s;
	s->job = j;
	s->job_free = copy_free;
	if (name_read(s, c->mailbox, 0, j->name) == -1 ||
	    set_resolve(s, &c->set, s->cmd->uid, &j->seqs) == -1)
		return;
	if (s->cmd->id == IMAP_MOVE)
		set_limit(s, &j->seqs);
	else if (too_many(s, &j->seqs))
		return;
	progress_begin(s, 0);
	chunk_start(&j->chunk, &j->seqs, s->view->snap, 1);
	next(j);
}

void
copy_copy(struct isession *s)
{
	if (s->cmd->id == IMAP_MOVE && s->view->readonly)
		isession_done(s, IMAP_RESULT_NO, "READ-ONLY",
		    "The mailbox is read-only.");
	else
		view_load(s->view, on_loaded, s);
}
