/*
 * What the spool*.c files share.  Keys of its table:
 *
 *	'E' id			entry: see struct ent
 *	'L' segment id		the entry has bytes in the segment
 *	'Q' next id		entries in order of their next try
 *	'S'			format, log id, position (logview.c)
 *	'S' 'c'			number of entries
 *	'T' id n		event n of a message: time, text
 *	'a' address 0 id	messages that have to do with an address
 *	'x' expiry id n		events in order of expiry; value: the address
 *
 * Segments are freed from the oldest on, so that what takes an entry away is
 * never gone while the entry's beginning is still there; an entry that stays
 * long is written anew at the end.
 */
#ifndef SPOOL_INT_H
#define SPOOL_INT_H

#include "libstore/logview.h"
#include "libstore/spool.h"

#define SPOOL_VERSION	1

enum spool_kind {
	SREC_ENQUEUE = 32,	/* id, next, created | envelope | body */
	SREC_UPDATE,		/* id, next, u8 with envelope | envelope */
	SREC_REMOVE		/* id */
};
#define SREC_ENQLEN	24
#define SREC_UPDLEN	17
#define SREC_REMLEN	8

struct ent {
	uint64_t	 id;
	int64_t		 next;
	int64_t		 created;
	struct seglog_pos body;		/* the record */
	uint32_t	 bodyenv;	/* its envelope's length */
	uint32_t	 bodylen;
	struct seglog_pos env;		/* the record with the envelope */
	uint32_t	 envlen;
};
#define ENTLEN		44

struct spool {
	struct logview	 v;
	uint64_t	 reserve_bytes;
	uint64_t	 reserve_inodes;
	uint64_t	 count;
	uint64_t	 count_begin;
	int64_t		 now;
	int		 space;
};

#define SKEY_MAX	512
#define SPOOL_MAXADDR	320

enum spool_code	 spool_of(enum kv_code);
enum spool_code	 ent_get(struct spool *, uint64_t id, struct ent *);
/* Expire traces: 1 when there may be more. */
int	 trace_expire(struct spool *, int64_t now);

#endif
