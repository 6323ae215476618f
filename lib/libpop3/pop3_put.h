/* Answers, as they are written to the wire. */
#ifndef POP3_PUT_H
#define POP3_PUT_H

#include <stdint.h>

#include "libutil/buf.h"

#define POP3_ANSWER_MAX	512		/* RFC 1939 3, with CRLF */
#define POP3_UIDL_MAX	70		/* RFC 1939 7 */

/*
 * "+OK text" or "-ERR [code] text" (code may be NULL) with CRLF.  Control
 * characters become `?', and what is too long is cut.  0, or -1: out is full.
 */
int	pop3_put_ok(struct buf *, const char *text);
int	pop3_put_err(struct buf *, const char *code, const char *text);
/* "+ base64" of an exchange. */
int	pop3_put_challenge(struct buf *, const void *, size_t);
/* "n octets", a line of LIST. */
int	pop3_put_size(struct buf *, uint32_t n, uint32_t octets);
/*
 * "n uidvalidity.uid", a line of UIDL.  The same for as long as the message is
 * in the mailbox, and never another's.
 */
int	pop3_put_uid(struct buf *, uint32_t n, uint32_t uidvalidity,
	    uint32_t uid);

#endif
