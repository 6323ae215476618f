/* A set of numbers kept as runs, for uid lists and sequence sets. */
#ifndef RSEQ_H
#define RSEQ_H

#include <stddef.h>
#include <stdint.h>

struct rseq_run {
	uint32_t	first;
	uint32_t	last;		/* inclusive, >= first */
};

/* Runs ascend and neither touch nor overlap.  All zero is the empty set. */
struct rseq {
	struct rseq_run	*runs;
	size_t		 nruns;
	size_t		 size;
};

void	 rseq_init(struct rseq *);
void	 rseq_free(struct rseq *);
/* 0, or -1 with ENOMEM or EINVAL (first > last).  At the end: constant time. */
int	 rseq_add(struct rseq *, uint32_t first, uint32_t last);
int	 rseq_remove(struct rseq *, uint32_t first, uint32_t last);
int	 rseq_copy(struct rseq *, const struct rseq *);
int	 rseq_has(const struct rseq *, uint32_t);	/* log of the runs */
uint64_t rseq_count(const struct rseq *);		/* linear in the runs */
/* The set of what is in both; out is made empty first. */
int	 rseq_intersect(struct rseq *out, const struct rseq *,
	    const struct rseq *);
/* "1:4,7" into dst; the number of bytes, or -1 when it does not fit. */
int	 rseq_print(const struct rseq *, char *, size_t);
/* Wire form: u32 count, then pairs of u32, big endian.  See msg.h. */
size_t	 rseq_wirelen(const struct rseq *);
void	 rseq_put(const struct rseq *, uint8_t *);
/* -1: not well formed (order, touching, zero, trailing bytes) or ENOMEM. */
int	 rseq_get(struct rseq *, const uint8_t *, size_t);

#endif
