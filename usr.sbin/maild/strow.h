/*
 * One mailbox in the answer to M_ST_LIST, packed: what store puts and imap
 * gets.  The reader trusts nothing.  Little endian, one after the other:
 *
 *	u32 length of what follows	u64 id (0: only subscribed)
 *	u32 flags (MSTORE_USE_*, MSTORE_NOSELECT)	u8 subscribed
 *	u8 counters follow	u16 rights (rights.h)
 *	u16 length of the name	name
 *	u32 uidvalidity, uidnext, exists, unseen, deleted, recent
 *	u64 highestmodseq, size, deleted size
 */
#ifndef STROW_H
#define STROW_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libutil/buf.h"
#include "libutil/span.h"

struct strow {
	uint64_t	 id;
	uint32_t	 flags;
	uint8_t		 subscribed;
	uint8_t		 counters;
	uint16_t	 rights;
	struct span	 name;
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;
	uint32_t	 exists;
	uint32_t	 unseen;
	uint32_t	 deleted;
	uint32_t	 recent;
	uint64_t	 highestmodseq;
	uint64_t	 size;
	uint64_t	 deleted_size;
};

/* 0 or -1: the buffer is full. */
int	strow_put(struct buf *, const struct strow *);
/* 1, 0 at the end, -1 malformed; *off moves on, the name points into it. */
int	strow_next(const void *rows, size_t len, size_t *off, struct strow *);

#endif
