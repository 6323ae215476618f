/* The lines of an AUTH exchange (RFC 4954 4), both sides. */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include <stddef.h>

#include "libutil/buf.h"
#include "libutil/span.h"

#define SMTP_SASL_MAX	(12288 / 4 * 3)	/* decoded */

enum smtp_sasl {
	SMTP_SASL_DATA,		/* *n bytes in dst, may be none */
	SMTP_SASL_CANCEL,	/* `*' */
	SMTP_SASL_BAD		/* not base64, or over dstsize */
};

/*
 * Decode what a client answers to 334, or (initial) what follows AUTH, where
 * `=' is the empty one.  Whatever dst holds may be a password: freezero it.
 */
enum smtp_sasl	smtp_sasl_decode(struct span line, int initial, void *dst,
		    size_t dstsize, size_t *n);
/* Append base64 of data; initial: `=' when empty.  0 or -1. */
int		smtp_sasl_encode(struct buf *out, const void *data, size_t len,
		    int initial);
/* "334 base64" with CRLF.  0 or -1. */
int		smtp_sasl_challenge(struct buf *out, const void *data,
		    size_t len);

#endif
