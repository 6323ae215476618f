/* Text of a message for people in a hurry: PREVIEW (RFC 8970), html as text. */
#ifndef PREVIEW_H
#define PREVIEW_H

#include <stddef.h>

#include "libmail/mime.h"
#include "libutil/buf.h"
#include "libutil/span.h"

/*
 * Append the first maxchars characters of the message's text as one line:
 * best text part decoded, html tags, quoted lines and control characters
 * taken out.  Nothing where there is no text.  msg as given to mime_parse,
 * off: length of the prefix.  0, or -1 with ENOMEM.
 */
int	preview_make(struct charset_ctx *, const struct mime *,
	    struct span msg, size_t off, size_t maxchars, struct buf *out);

#endif
