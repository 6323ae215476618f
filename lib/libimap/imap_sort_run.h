/*
 * Sorting (RFC 5256 3, RFC 5957): each message becomes one string of bytes
 * that compares as the keys ask for, so that a sort is nothing but memcmp.
 */
#ifndef IMAP_SORT_RUN_H
#define IMAP_SORT_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "libimap/imap_sort.h"
#include "libutil/rseq.h"
#include "libutil/span.h"

/* What the keys may ask of a message; texts are casemapped, or absent. */
struct imap_sort_row {
	int64_t		 arrival;	/* INTERNALDATE, UTC */
	int64_t		 date;		/* sent, or else arrival */
	uint64_t	 size;
	struct span	 subject;	/* base subject */
	struct span	 from, to, cc;	/* local part of the first address */
	struct span	 disp_from, disp_to;
};

struct imap_sorter;

/* The keys are borrowed.  NULL: ENOMEM. */
struct imap_sorter *imap_sorter_new(const uint8_t *keys, uint32_t nkeys);
void	 imap_sorter_free(struct imap_sorter *);
/* Numbers must ascend: the earlier one wins where all keys are equal.  Some of
 * the work of sorting is done here.  0, or -1 ENOMEM. */
int	 imap_sorter_add(struct imap_sorter *, uint32_t num,
	    const struct imap_sort_row *);
/* The numbers in their order, the sorter's; NULL: ENOMEM. */
uint32_t *imap_sorter_end(struct imap_sorter *, size_t *n);

/*
 * After that, for an order that is kept up to date: put one more in, or take
 * out those of a set.  at: its position, from 1 on; removed ones are told one
 * after the other, each where it was when those before it had gone.
 */
int	 imap_sorter_insert(struct imap_sorter *, uint32_t num,
	    const struct imap_sort_row *, size_t *at);
void	 imap_sorter_remove(struct imap_sorter *, const struct rseq *,
	    void (*told)(void *arg, size_t at, uint32_t num), void *arg);
/* Those of a set that are in it. */
void	 imap_sorter_each(const struct imap_sorter *, const struct rseq *,
	    void (*told)(void *arg, size_t at, uint32_t num), void *arg);

#endif
