/* The server's answers: how they are written to the wire. */
#ifndef SMTP_ANSWER_H
#define SMTP_ANSWER_H

#include <stdint.h>

#include "libutil/buf.h"

#define SMTP_ANSWER_LINE	512	/* RFC 5321 4.5.3.1.5, with CRLF */

/*
 * One answer.  text begins with its enhanced status code (RFC 2034) where the
 * command calls for one, and may hold '\n' to begin another line.
 */
struct smtp_answer {
	uint16_t	 code;
	const char	*text;
};

/*
 * Append the answer, as many lines as it takes: an enhanced status code at
 * the front of text is repeated on each line (RFC 2034 4), long lines are
 * wrapped at a space, control characters become '?'.  0, or -1 when out is
 * full (nothing added).
 */
int	smtp_answer_put(struct buf *out, int code, const char *text);
int	smtp_answer_add(struct buf *out, const struct smtp_answer *);

#endif
