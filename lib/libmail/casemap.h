/*
 * i;unicode-casemap (RFC 5051) for searching and sorting: title case, then
 * decomposed; ASCII becomes upper case.  Compare results with memcmp.
 */
#ifndef CASEMAP_H
#define CASEMAP_H

#include "libutil/buf.h"
#include "libutil/span.h"

/* Text is UTF-8; invalid bytes pass unchanged.  0, or -1 when out is full
 * (what fits has been added) or ENOMEM. */
int	casemap_add(struct span utf8, struct buf *out);

#endif
