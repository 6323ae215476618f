/* Large sets of messages in pieces that fit into a request. */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdint.h>

#include "libutil/rseq.h"
#include "msg.h"

struct uidlist;

#define CHUNK_RUNS	1500
#define CHUNK_EXACT	700	/* runs of uids that are told back */
/* Messages: the store is not to be busy with one request for long. */
#define CHUNK_MESSAGES	16384

/*
 * Sequence numbers to uids: loosely, a run of numbers as one run of uids, which
 * holds no other message; or exactly.
 */
struct chunk {
	const struct rseq *seqs;
	struct uidlist	*list;		/* borrowed */
	int		 exact;
	uint32_t	 max;		/* CHUNK_MESSAGES; may be changed */
	size_t		 run;
	uint32_t	 seq;		/* in it, to go on with; 0: its first */
	uint8_t		 wire[4 + 8 * CHUNK_RUNS];
};

void	chunk_start(struct chunk *, const struct rseq *seqs, struct uidlist *,
	    int exact);
/* 1: the blob is the next piece, true until the next call; 0: no more. */
int	chunk_next(struct chunk *, struct msg_blob *);
/* Is there more? */
int	chunk_more(const struct chunk *);

#endif
