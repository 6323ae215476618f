#include <stdio.h>

#include "libutil/log.h"
#include "isession.h"
#include "set.h"
#include "view.h"

uint32_t
set_maxuid(const struct view *v)
{
	return v->exists == 0 ? 0 : uidlist_uid(v->snap, v->exists);
}

int
set_numbers(const struct view *v, const struct imap_seqset *set, int uid,
    struct rseq *seqs)
{
	struct rseq	 some, uids;
	int		 rc = -1;

	rseq_init(&some);
	rseq_init(&uids);
	if (!set->saved && !uid) {
		/* RFC 9051 9: so is `*' where nothing is. */
		if (set->highest > v->exists || (set->star && v->exists == 0))
			return -1;
		if (imap_seqset_resolve(set, v->exists, seqs) == -1)
			fatal("set");
		return 0;
	}
	if (set->saved)
		rc = rseq_copy(&some, &v->saved);
	else
		rc = imap_seqset_resolve(set, set_maxuid(v), &some);
	if (rc == -1 ||
	    uidlist_from_uids(v->snap, v->exists, &some, &uids) == -1 ||
	    uidlist_to_seqs(v->snap, &uids, seqs) == -1)
		fatal("set");
	rseq_free(&some);
	rseq_free(&uids);
	return 0;
}

int
set_resolve(struct isession *s, const struct imap_seqset *set, int uid,
    struct rseq *seqs)
{
	if (set_numbers(s->view, set, uid, seqs) == 0)
		return 0;
	isession_done(s, IMAP_RESULT_BAD, NULL, "No such message number.");
	return -1;
}

/* The number before the last n of them; 0: there are no more. */
static uint32_t
before_last(const struct rseq *seqs, uint64_t n)
{
	const struct rseq_run	*r;
	size_t			 i;

	for (i = seqs->nruns; i-- > 0; ) {
		r = &seqs->runs[i];
		if (n < (uint64_t)r->last - r->first + 1)
			return r->last - n;
		n -= r->last - r->first + 1;
	}
	return 0;
}

void
set_limit(struct isession *s, struct rseq *seqs)
{
	uint32_t	 limit = caller_conf()->limits.imap_messages, seq;

	if (limit == 0 || (seq = before_last(seqs, limit)) == 0)
		return;
	if (rseq_remove(seqs, 1, seq) == -1)
		fatal("set");
	s->limited = uidlist_uid(s->view->snap, seqs->runs[0].first);
}

void
set_refuse(struct isession *s, const struct rseq *seqs, uint32_t limit)
{
	uint32_t	 seq = before_last(seqs, limit);

	snprintf(s->end.codetext, sizeof(s->end.codetext),
	    "MESSAGELIMIT %u %u", limit, uidlist_uid(s->view->snap, seq + 1));
	isession_done(s, IMAP_RESULT_NO, s->end.codetext,
	    "Too many messages at once.");
}
