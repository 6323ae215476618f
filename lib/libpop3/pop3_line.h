/* Lines of a client: commands, and what it answers to a challenge. */
#ifndef POP3_LINE_H
#define POP3_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/codec.h"
#include "libutil/span.h"

#define POP3_LINE_MAX		2048	/* RFC 2449 4 asks for 255 */
#define POP3_LINE_MAX_AUTH	12288	/* RFC 5034 4 */

/* Where the search stopped; all zero at the start. */
struct pop3_line {
	size_t		seen;
	uint8_t		skip;
};

/*
 * The next line of p, without its line end; LF alone will do, people type at
 * this.  sasl: it is a line of an exchange, and may be longer, as AUTH may.
 * *used is how much the caller has to take off the front of its buffer
 * whatever the answer is, so a line over the limit costs no memory.
 *
 *	DONE	*line is a line
 *	MORE	no line end yet
 *	BAD	a line with a CR or NUL within
 *	TOOBIG	the end of a line that was over the limit
 */
enum codec	pop3_line_get(struct pop3_line *, int sasl, const char *p,
		    size_t len, struct span *line, size_t *used);

#endif
