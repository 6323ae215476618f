/* Lists of tag=value (RFC 6376 3.2), as DKIM, ARC and their keys use them. */
#ifndef TAGLIST_H
#define TAGLIST_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/span.h"

struct tag {
	struct span	name;
	struct span	value;	/* without white space at its ends */
};

/*
 * Take the next tag off the front of *rest.  1; 0: no more; -1: not well
 * formed.  Whether a tag comes twice is for the caller to see.
 */
int	taglist_next(struct span *rest, struct tag *);
/* Copy without any white space (folds in b=, bh=, p=); the length, or -1: it
 * does not fit. */
int	taglist_strip(struct span, char *dst, size_t dstsize);
/* Decimal digits; -1 otherwise, or when over INT64_MAX. */
int	taglist_number(struct span, int64_t *);
/* The next of a list "a : b : c"; 1, 0 no more. */
int	taglist_item(struct span *rest, struct span *item);

#endif
