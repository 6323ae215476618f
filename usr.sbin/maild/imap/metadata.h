/* METADATA responses, for GETMETADATA and LIST. */
#ifndef METADATA_H
#define METADATA_H

#include "libimap/imap_write.h"
#include "request.h"

/* Which entries are wanted. */
struct metadata_ask {
	const struct span *entries;
	uint32_t	 n;
	int		 depth;		/* 0, 1, -1: all below */
	uint32_t	 maxsize;	/* UINT32_MAX: whatever */
	uint32_t	 longest;	/* of those that are larger, or 0 */
};

/*
 * "* METADATA name (...)" from the rows of that mailbox (0: the server);
 * nothing where there is nothing to say.
 */
void	metadata_write(struct imap_out *, struct metadata_ask *,
	    const struct rows *, uint64_t mbox, struct span name);

#endif
