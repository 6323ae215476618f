/* The Received and Return-Path headers (RFC 5321 4.4). */
#ifndef SMTP_RECEIVED_H
#define SMTP_RECEIVED_H

#include <stdint.h>

#include "libutil/addr.h"
#include "libutil/buf.h"

/* Strings may be NULL or "" where there is nothing to say. */
struct smtp_received {
	const char	*helo;		/* what the client said */
	const char	*rdns;		/* its verified name */
	struct addr	 client;
	int		 hide_client;	/* a submission: no name, no address */
	const char	*by;		/* us */
	const char	*with;		/* smtp_server_with() */
	const char	*id;		/* trace id */
	const char	*tls_version;	/* "TLSv1.3" */
	const char	*tls_cipher;
	const char	*rcpt;		/* only if it is the one recipient */
	int64_t		 time;
	int		 zone;		/* minutes east */
};

/*
 * Append the header with its CRLF.  What came from outside cannot end the
 * header or its comments.  0, or -1 when out is full (nothing added).
 */
int	smtp_received_put(struct buf *out, const struct smtp_received *);
/* "Return-Path: <from>" for a final delivery. */
int	smtp_return_path_put(struct buf *out, const char *from);

#endif
