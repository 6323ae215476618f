/* Modified UTF-7 of mailbox names (RFC 3501 5.1.3), strict both ways. */
#ifndef MUTF7_H
#define MUTF7_H

#include <stddef.h>

#include "libutil/span.h"

/*
 * Both write at most dstsize bytes, no NUL, and return the length, or -1: not
 * well formed, or it does not fit.  Decoding refuses 8-bit bytes, NULs, what
 * need not have been encoded, and anything with a second spelling.
 */
int	mutf7_decode(char *dst, size_t dstsize, struct span);
int	mutf7_encode(char *dst, size_t dstsize, struct span utf8);

#endif
