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

/* A stream of UTF-8 html to text: tags, comments, style, script go; entities
 * are decoded; block tags become a line feed. */
struct html_dec {
	uint8_t		state;
	uint8_t		skip;		/* inside style, script, head */
	uint8_t		n;
	char		hold[16];
};

void	html_dec_init(struct html_dec *);
int	html_dec_add(struct html_dec *, const void *, size_t, struct buf *);
int	html_dec_end(struct html_dec *, struct buf *);

#endif
