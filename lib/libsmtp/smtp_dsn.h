/*
 * Delivery status notifications: multipart/report (RFC 6522) with
 * message/delivery-status (RFC 3464) or its form for UTF-8 addresses (RFC
 * 6533).  Clock, ids and boundary are arguments.
 */
#ifndef SMTP_DSN_H
#define SMTP_DSN_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

enum smtp_dsn_action {
	SMTP_DSN_FAILED,
	SMTP_DSN_DELAYED,
	SMTP_DSN_DELIVERED,	/* to a mailbox */
	SMTP_DSN_RELAYED,	/* to a server that makes no DSNs */
	SMTP_DSN_EXPANDED
};

/* Strings may be NULL or "" where there is nothing to say. */
struct smtp_dsn_rcpt {
	const char		*addr;		/* canonical */
	const char		*orcpt;		/* "rfc822;user@example" */
	enum smtp_dsn_action	 action;
	const char		*status;	/* "5.1.1" */
	const char		*mta;		/* who said so; none: we did */
	const char		*diag;		/* "550 5.1.1 No such user" */
	int64_t			 attempt;	/* last, 0: none */
	int64_t			 until;		/* delayed: when it fails, 0 */
};

#define SMTP_DSN_FULL	0x01	/* the original is returned whole */
#define SMTP_DSN_UTF8	0x02	/* the report may be sent with SMTPUTF8 */
#define SMTP_DSN_8BIT	0x04	/* what is returned has bytes over 127 */

struct smtp_dsn {
	const char			*host;		/* we */
	const char			*to;		/* original sender */
	const char			*id;		/* for Message-ID */
	const char			*boundary;	/* not in original */
	const char			*queue_id;	/* of the original */
	const char			*envid;
	int64_t				 time;
	int64_t				 arrival;	/* of the original */
	int				 zone;		/* minutes east */
	uint8_t				 flags;		/* SMTP_DSN_* */
	const struct smtp_dsn_rcpt	*rcpts;
	size_t				 nrcpts;
};

/*
 * Append the report up to where the original (SMTP_DSN_FULL) or its header
 * goes; what goes behind it, which begins with CRLF; all in one.  0, or -1
 * when out is full (nothing added).
 */
int	smtp_dsn_head(struct buf *out, const struct smtp_dsn *);
int	smtp_dsn_tail(struct buf *out, const struct smtp_dsn *);
int	smtp_dsn_put(struct buf *out, const struct smtp_dsn *,
	    struct span original);

#endif
