/* Lines: commands to a server, SASL responses, replies to a client. */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/codec.h"
#include "libutil/span.h"

#define SMTP_LINE_MAX_COMMAND	2048	/* 512 and what extensions add */
#define SMTP_LINE_MAX_AUTH	12288	/* RFC 4954 4 */
#define SMTP_LINE_MAX_REPLY	2048	/* 512, and some take more */

enum smtp_line_kind {
	SMTP_LINE_COMMAND,	/* strict CRLF; AUTH may be longer */
	SMTP_LINE_SASL,		/* strict CRLF */
	SMTP_LINE_REPLY		/* LF alone will do */
};

/* Where the search stopped; all zero at the start. */
struct smtp_line {
	size_t		seen;
	uint8_t		skip;
};

/*
 * The next line of p, without its line end.  *used is how much the caller has
 * to take off the front of its buffer whatever the answer is, so a line over
 * the limit costs no memory and a bad one is passed over.
 *
 *	DONE	*line is a line
 *	MORE	no line end yet
 *	BAD	a line that ends in LF alone or has a CR within
 *	TOOBIG	the end of a line that was over the limit
 */
enum codec	smtp_line_get(struct smtp_line *, enum smtp_line_kind,
		    const char *p, size_t len, struct span *line,
		    size_t *used);

#endif
