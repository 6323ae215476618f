/*
 * One annotation (RFC 5464) of a mailbox or the server, packed: what store and
 * imap put and get.  The reader trusts nothing.  Little endian, one after the
 * other:
 *
 *	u64 mailbox (0: the server)	u16 length of the name
 *	u32 length of the value (~0: none, NIL)		name	value
 */
#ifndef PROPROW_H
#define PROPROW_H

#include "libutil/buf.h"
#include "libutil/span.h"

#define PROP_NAME	400	/* bytes of an entry's name */
#define PROP_VALUE	8192	/* and of its value */
#define PROP_COUNT	100	/* entries of one mailbox, or of the server */

struct proprow {
	uint64_t	 mbox;
	struct span	 name;		/* lower case: "/private/comment" */
	struct span	 value;		/* p NULL: none */
};

/* 0 or -1: the buffer is full. */
int	proprow_put(struct buf *, const struct proprow *);
/* 1, 0 at the end, -1 malformed; *off moves on, spans point into rows. */
int	proprow_next(const void *rows, size_t len, size_t *off,
	    struct proprow *);

#endif
