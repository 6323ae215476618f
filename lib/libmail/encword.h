/* Encoded words (RFC 2047), the sloppy ones of real mail too, to UTF-8. */
#ifndef ENCWORD_H
#define ENCWORD_H

#include "libmail/charset.h"
#include "libutil/buf.h"
#include "libutil/span.h"

/*
 * Decode a whole header value: folds are removed, white space between
 * adjacent encoded words too, raw 8-bit is taken as CHARSET_UNKNOWN says.
 * Control characters become spaces.  0, or -1 when out is full or ENOMEM.
 */
int	encword_decode(struct charset_ctx *, struct span, struct buf *out);
/* Does it hold anything that encword_decode would change but folds? */
int	encword_needed(struct span);
/* Encode UTF-8 text as one or more words if needed (B or Q, whichever is
 * shorter), lines folded at 76 with CRLF SP.  col: column it starts at. */
int	encword_encode(struct span utf8, size_t col, struct buf *out);

#endif
