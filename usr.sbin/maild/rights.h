/*
 * Rights to mailboxes (RFC 4314), as store and imap speak of them; and one
 * entry of an access control list, packed.  The reader trusts nothing.  Little
 * endian, one after the other:
 *
 *	u16 rights	u16 length of the identifier	identifier ("-x": taken
 *	away from x)
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

#define RIGHT_L		0x0001	/* lookup: it is in the list */
#define RIGHT_R		0x0002	/* read */
#define RIGHT_S		0x0004	/* keep \Seen */
#define RIGHT_W		0x0008	/* write the other flags and keywords */
#define RIGHT_I		0x0010	/* insert: APPEND, COPY to it */
#define RIGHT_P		0x0020	/* post */
#define RIGHT_K		0x0040	/* make mailboxes below it */
#define RIGHT_X		0x0080	/* delete it, rename it */
#define RIGHT_T		0x0100	/* write \Deleted */
#define RIGHT_E		0x0200	/* expunge */
#define RIGHT_A		0x0400	/* administer: the list itself */
#define RIGHTS_ALL	0x07ff
/* One of these makes a mailbox READ-WRITE (RFC 4314 5.2). */
#define RIGHTS_WRITE	(RIGHT_S | RIGHT_W | RIGHT_I | RIGHT_T | RIGHT_E)

#define RIGHTS_LEN	14	/* of all letters, with a NUL */
#define RIGHTS_IDENT	340	/* octets of an identifier */
#define RIGHTS_ENTRIES	100	/* in the list of one mailbox */

/* The mailboxes of others are "Other Users/ACCOUNT/MAILBOX". */
#define OTHER_USERS	"Other Users/"

/* Letters to bits, c as kx and d as te (RFC 4314 2.1.1).  -1: another one. */
int	rights_parse(struct span, uint16_t *);
/* And back; compat: with c where k or x is, d where t or e is. */
void	rights_print(uint16_t, int compat, char [RIGHTS_LEN]);

struct aclrow {
	uint16_t	 rights;
	struct span	 ident;
};

/* 0 or -1: the buffer is full. */
int	aclrow_put(struct buf *, const struct aclrow *);
/* 1, 0 at the end, -1 malformed; *off moves on, ident points into rows. */
int	aclrow_next(const void *rows, size_t len, size_t *off,
	    struct aclrow *);

#endif
