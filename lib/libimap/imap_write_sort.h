/* Answers whose numbers have an order. */
#ifndef IMAP_WRITE_SORT_H
#define IMAP_WRITE_SORT_H

#include "libimap/imap_write.h"

/* "* SORT 3 1 2 (MODSEQ 5)"; modseq 0: none. */
void	imap_out_sort(struct imap_out *, const uint32_t *, size_t n,
	    uint64_t modseq);
/* "* ESEARCH (TAG "a") UID ALL 3,1,2": MIN is the first, MAX the last. */
void	imap_out_esort(struct imap_out *, struct span tag, int uid,
	    const struct imap_search *, const uint32_t *, size_t n,
	    uint64_t modseq);

/*
 * RFC 5267 4.3: "* ESEARCH (TAG "a") UID ADDTO (0 1:3)", for results in the
 * mailbox's order; nothing for the empty set.
 */
void	imap_out_update(struct imap_out *, struct span tag, int uid,
	    const char *what, const struct rseq *);
/* For those in another order: begin, then positions from 1 on, then end. */
void	imap_out_update_begin(struct imap_out *, struct span tag, int uid,
	    const char *what);
void	imap_out_update_at(struct imap_out *, uint32_t position,
	    uint32_t num);
void	imap_out_update_end(struct imap_out *);

#endif
