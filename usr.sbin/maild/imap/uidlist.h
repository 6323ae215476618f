/*
 * The uids of a mailbox in their order, which gives the sequence numbers.
 * One list serves all sessions of the process that look at the mailbox: each
 * knows how many of it its client was told.  New uids are added in place;
 * when some vanish a new list is made, and the old one lives until the last
 * session has told its client.
 */
#ifndef UIDLIST_H
#define UIDLIST_H

#include <stdint.h>

#include "libutil/rseq.h"

struct uidlist {
	unsigned	 refs;
	struct rseq	 uids;
	uint32_t	*before;	/* messages before run i */
	size_t		 nbefore;
	uint32_t	 count;
};

/* Takes the runs.  NULL: ENOMEM. */
struct uidlist	*uidlist_new(struct rseq *);
struct uidlist	*uidlist_ref(struct uidlist *);
void		 uidlist_unref(struct uidlist *);
/* Above all that is in it.  0 or -1. */
int		 uidlist_append(struct uidlist *, uint32_t first,
		    uint32_t last);
/*
 * Without those uids: the same list, changed, if nobody else has it, else a
 * new one (the caller's reference moves to it).  NULL: ENOMEM.
 */
struct uidlist	*uidlist_remove(struct uidlist *, const struct rseq *);

/* 0: no such uid, no such number. */
uint32_t	 uidlist_seq(struct uidlist *, uint32_t uid);
/* The same for uids that ascend: *hint, 0 at first, makes it quick. */
uint32_t	 uidlist_seq_near(struct uidlist *, size_t *hint,
		    uint32_t uid);
uint32_t	 uidlist_uid(struct uidlist *, uint32_t seq);
/* Uids that follow this one without a gap. */
uint32_t	 uidlist_run_left(const struct uidlist *, uint32_t uid);
/* Sequence numbers, or any uids, to the uids that are there among the first
 * max messages.  0 or -1. */
int		 uidlist_from_seqs(struct uidlist *, uint32_t max,
		    const struct rseq *seqs, struct rseq *uids);
int		 uidlist_from_uids(struct uidlist *, uint32_t max,
		    const struct rseq *some, struct rseq *uids);
/* And back: the sequence numbers of uids that are all in the list. */
int		 uidlist_to_seqs(struct uidlist *, const struct rseq *uids,
		    struct rseq *seqs);

#endif
