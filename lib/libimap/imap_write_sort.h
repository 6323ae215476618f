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

#endif
