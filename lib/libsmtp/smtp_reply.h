/* Replies of a server (RFC 5321 4.2), as a client reads them. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "libsmtp/smtp_line.h"
#include "libutil/buf.h"
#include "libutil/codec.h"
#include "libutil/span.h"

#define SMTP_REPLY_MAX		16384	/* all lines of one, without codes */
#define SMTP_REPLY_LINES	256

/* RFC 3463: class 0 when there was none. */
struct smtp_enhanced {
	uint8_t		class;
	uint16_t	subject;
	uint16_t	detail;
};

struct smtp_reply {
	uint16_t		code;
	struct smtp_enhanced	enhanced;
	/*
	 * Text of the lines, separated by '\n', enhanced codes left in; what
	 * the server sent, so not clean for a log or a header.
	 */
	struct span		text;
};

struct smtp_reply_parser {
	struct smtp_line	line;
	struct buf		text;
	uint16_t		code;
	uint16_t		nlines;
};

void	smtp_reply_init(struct smtp_reply_parser *);
void	smtp_reply_free(struct smtp_reply_parser *);
/*
 * Read one reply.  *used is to be taken off the input after the reply has
 * been looked at, whatever the answer: text points into the input or into the
 * parser and lives until the next call.
 *
 *	DONE	*reply is one
 *	MORE
 *	BAD	this is not SMTP, or lines with codes of two kinds
 *	TOOBIG	a line or the whole of it is over the limit
 */
enum codec smtp_reply_parse(struct smtp_reply_parser *, const char *p,
	    size_t len, size_t *used, struct smtp_reply *reply);

/* Read an enhanced code at the front of s; its length, or 0. */
size_t	smtp_enhanced_parse(struct span s, struct smtp_enhanced *);
/* "5.1.1"; when there was none one made from the code ("5.0.0"). */
const char *smtp_reply_status(const struct smtp_reply *, char *dst,
	    size_t dstsize);
/*
 * "550 5.1.1 No such user": on one line, control characters and bytes that
 * are not UTF-8 replaced, cut to fit; for logs and Diagnostic-Code.
 */
const char *smtp_reply_print(const struct smtp_reply *, char *dst,
	    size_t dstsize);

#endif
