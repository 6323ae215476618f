/* Canonicalization of messages for DKIM and ARC (RFC 6376 3.4). */
#ifndef CANON_H
#define CANON_H

#include <stddef.h>
#include <stdint.h>

#include "libmail/header.h"
#include "libutil/buf.h"

enum canon { CANON_SIMPLE, CANON_RELAXED };

typedef void (*canon_sink)(void *arg, const void *, size_t);

/* A body in pieces, cut anywhere.  A lone LF counts as a line end. */
struct canon_body {
	canon_sink	 sink;
	void		*arg;
	enum canon	 canon;
	uint64_t	 blank;		/* line ends held back */
	uint8_t		 wsp;		/* white space held back (relaxed) */
	uint8_t		 cr;		/* the last piece ended in CR */
	uint8_t		 line;		/* in the midst of a line */
	uint8_t		 any;		/* something was given out */
	size_t		 fill;
	uint8_t		 out[4096];
};

void	canon_body_init(struct canon_body *, enum canon, canon_sink, void *);
void	canon_body_add(struct canon_body *, const void *, size_t);
/* What was held back; nothing may be added afterwards. */
void	canon_body_end(struct canon_body *);

/* Append a field with its CRLF.  0, or -1 with errno as buf_add. */
int	canon_header(enum canon, const struct header *, struct buf *);

#endif
