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
	c->run = 0;
	c->seq = 0;
}

int
chunk_more(const struct chunk *c)
{
	return c->run < c->seqs->nruns;
}

/* The next run of uids of a run of numbers. */
static void
add_exact(struct chunk *c, const struct rseq_run *r, struct rseq *uids)
{
	uint32_t	 seq = c->seq == 0 ? r->first : c->seq, last, uid;

	uid = uidlist_uid(c->list, seq);
	last = seq + uidlist_run_left(c->list, uid);
	if (last > r->last)
		last = r->last;
	if (rseq_add(uids, uid, uid + (last - seq)) == -1)
		fatal("chunk");
	c->seq = last + 1;
	if (last == r->last) {
		c->seq = 0;
		c->run++;
	}
}

int
chunk_next(struct chunk *c, struct msg_blob *blob)
{
	const struct rseq_run	*r;
	struct rseq		 uids;

	if (!chunk_more(c))
		return 0;
	rseq_init(&uids);
	while (chunk_more(c) &&
	    uids.nruns < (c->exact ? CHUNK_EXACT : CHUNK_RUNS)) {
		r = &c->seqs->runs[c->run];
		if (c->exact) {
			add_exact(c, r, &uids);
			continue;
		}
		if (rseq_add(&uids, uidlist_uid(c->list, r->first),
		    uidlist_uid(c->list, r->last)) == -1)
			fatal("chunk");
		c->run++;
	}
	blob->len = rseq_wirelen(&uids);
	blob->data = c->wire;
	rseq_put(&uids, c->wire);
	rseq_free(&uids);
	return 1;
}
