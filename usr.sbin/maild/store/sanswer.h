/* Answers that are large: inline up to a cap, else in a sealed descriptor. */
#ifndef SANSWER_H
#define SANSWER_H

#include "libutil/buf.h"
#include "msg.h"

#define SANSWER_INLINE	(8 * 1024)

/*
 * Put the bytes into the blob, or make a descriptor of them and set *size.  The
 * descriptor, or -1.  Out of descriptors is fatal to nobody: *ok is 0.
 */
int	sanswer_pack(const struct buf *, struct msg_blob *, uint64_t *size,
	    int *ok);
/* A set in its wire form, behind its u32 length if `counted'. */
struct rseq;
int	sanswer_rseq(struct buf *, const struct rseq *, int counted);

#endif
