#include "chunk.h"
#include "libutil/log.h"
#include "uidlist.h"

void
chunk_start(struct chunk *c, const struct rseq *seqs, struct uidlist *list,
    int exact)
{
	c->seqs = seqs;
	c->list = list;
	c->exact = exact;
	c->max = CHUNK_MESSAGES;
	c->run = 0;
	c->seq = 0;
}

int
chunk_more(const struct chunk *c)
{
	return c->run < c->seqs->nruns;
}

/*
 * Of what is left of a run of numbers, at most max: the uids.  Exactly: no
 * further than these follow each other.  How many messages it was.
 */
static uint32_t
add_some(struct chunk *c, uint32_t max, struct rseq *uids)
{
	const struct rseq_run	*r = &c->seqs->runs[c->run];
	uint32_t		 seq, last, uid;

	seq = c->seq == 0 ? r->first : c->seq;
	uid = uidlist_uid(c->list, seq);
	last = r->last - seq < max ? r->last : seq + (max - 1);
	if (c->exact && last - seq > uidlist_run_left(c->list, uid))
		last = seq + uidlist_run_left(c->list, uid);
	if (rseq_add(uids, uid, uidlist_uid(c->list, last)) == -1)
		fatal("chunk");
	c->seq = last + 1;
	if (last == r->last) {
		c->seq = 0;
		c->run++;
	}
	return last - seq + 1;
}

int
chunk_next(struct chunk *c, struct msg_blob *blob)
{
	struct rseq	 uids;
	uint32_t	 left = c->max;

	if (!chunk_more(c))
		return 0;
	rseq_init(&uids);
	while (chunk_more(c) && left > 0 &&
	    uids.nruns < (c->exact ? CHUNK_EXACT : CHUNK_RUNS))
		left -= add_some(c, left, &uids);
	blob->len = rseq_wirelen(&uids);
	blob->data = c->wire;
	rseq_put(&uids, c->wire);
	rseq_free(&uids);
	return 1;
}
