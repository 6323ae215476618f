/*
 * The records of the mailbox log: every change, with everything decided (uid,
 * modseq, ids), so that applying them in order makes the same index each time.
 * Applying one record is the only way in which the index changes, live or in a
 * replay.
 *
 * Part 0 of a log record is what is described here; a message's parts 1 and 2
 * are its meta blob and its bytes (prefix, body).
 *
 * Compaction leaves every part 0 as and where it is: see mstore-compact.c.
 */
#ifndef MSTORE_REC_H
#define MSTORE_REC_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/rseq.h"
#include "libutil/span.h"
#include "libstore/mstore.h"

#define REC_VERSION	1
#define REC_MAXPLACES	65536
#define REC_MAXRUNS	(1U << 20)

enum rec_kind {
	REC_ACCOUNT = 1,
	REC_MAILBOX,		/* made, or any attribute changed */
	REC_MBOXDEL,
	REC_SUBSCRIBE,
	REC_MESSAGE,		/* with its places */
	REC_COPY,		/* further places of messages, or moved ones */
	REC_FLAGS,
	REC_EXPUNGE,
	REC_STATE,		/* kept free: flags of uids as they are */
	REC_PROP,
	REC_SEEN,		/* what one who is not the owner has read */
	REC_GLOBALS		/* counters that nothing implies */
};

struct rec_account {
	uint32_t	 id;
	uint8_t		 deleted;
	struct span	 name;
};

struct rec_mailbox {
	uint64_t	 id;
	uint32_t	 account;
	uint32_t	 flags;
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;	/* at least */
	uint32_t	 recent;
	uint64_t	 highestmodseq;	/* at least */
	struct span	 name;
	uint8_t		 nkeywords;
	struct span	 keywords[MSTORE_NKEYWORDS];
};

struct rec_subscribe {
	uint32_t	 account;
	uint8_t		 on;
	struct span	 name;
};

#define REC_PLACELEN	51
struct rec_place {
	uint32_t	 account;
	uint64_t	 mailbox;
	uint32_t	 uid;
	uint64_t	 modseq;
	uint8_t		 flags;
	uint64_t	 keywords;
	uint64_t	 threadid;
	int64_t		 savedate;
	uint16_t	 newids;	/* which of msgid, refs[] begin to name
					 * the thread: bit 0 is msgid */
};

struct rec_message {
	uint64_t	 emailid;
	uint64_t	 delivery;	/* id, or 0 */
	int64_t		 time;
	int64_t		 date;
	int16_t		 zone;
	uint32_t	 prefixlen;
	uint8_t		 restated;	/* places that may exist already */
	uint64_t	 msgid;
	uint8_t		 nrefs;
	uint64_t	 refs[MSTORE_MAXREFS];
	uint32_t	 nplaces;
	const uint8_t	*places;	/* see rec_place_get */
};

struct rec_copy {
	uint64_t	 from;
	uint64_t	 to;
	uint32_t	 first;		/* uid in to; the others follow */
	uint64_t	 modseq;	/* in to */
	uint64_t	 from_modseq;	/* when moved */
	int64_t		 savedate;
	uint8_t		 move;
	uint8_t		 mask;		/* flags that go with it */
	uint8_t		 map[MSTORE_NKEYWORDS]; /* bit in to; 255: none */
	struct rseq	 uids;
};

/* REC_FLAGS and REC_EXPUNGE. */
#define REC_FLAGS_SETIN	3	/* op: set those of the mask, keep the rest */
struct rec_change {
	uint64_t	 mailbox;
	uint64_t	 modseq;
	uint8_t		 op;		/* enum mstore_flagop, or SETIN */
	uint8_t		 flags;
	uint64_t	 keywords;
	uint8_t		 mask;		/* SETIN: of flags */
	uint8_t		 kwmask;	/* SETIN: 1 keywords too */
	struct rseq	 uids;
};

struct rec_seen {
	uint64_t	 mailbox;
	uint32_t	 reader;	/* account */
	uint64_t	 modseq;
	uint8_t		 add;		/* 0: not seen any more */
	struct rseq	 uids;
};

struct rec_prop {
	uint32_t	 account;
	uint64_t	 mailbox;
	struct span	 name;
	struct span	 value;
};

struct rec_globals {
	uint32_t	 next_account;
	uint32_t	 last_uidvalidity;
};

/* Writers: 0 or -1 (ENOMEM, EMSGSIZE). */
int	 rec_account_put(struct buf *, const struct rec_account *);
int	 rec_mailbox_put(struct buf *, const struct rec_mailbox *);
int	 rec_mboxdel_put(struct buf *, uint64_t);
int	 rec_subscribe_put(struct buf *, const struct rec_subscribe *);
int	 rec_message_put(struct buf *, const struct rec_message *);
int	 rec_place_put(struct buf *, const struct rec_place *);
int	 rec_copy_put(struct buf *, const struct rec_copy *);
int	 rec_change_put(struct buf *, const struct rec_change *);
int	 rec_seen_put(struct buf *, const struct rec_seen *);
int	 rec_prop_put(struct buf *, const struct rec_prop *);
int	 rec_globals_put(struct buf *, const struct rec_globals *);

/* Readers: 0, or -1 not well formed.  Spans point into the input.  Those with
 * an rseq (made empty first) want rseq_free in any case. */
int	 rec_account_get(struct rec_account *, const void *, size_t);
int	 rec_mailbox_get(struct rec_mailbox *, const void *, size_t);
int	 rec_mboxdel_get(uint64_t *, const void *, size_t);
int	 rec_subscribe_get(struct rec_subscribe *, const void *, size_t);
int	 rec_message_get(struct rec_message *, const void *, size_t);
/* Place i of a message that was read. */
void	 rec_place_get(const struct rec_message *, uint32_t i,
	    struct rec_place *);
int	 rec_copy_get(struct rec_copy *, const void *, size_t);
int	 rec_change_get(struct rec_change *, const void *, size_t);
int	 rec_seen_get(struct rec_seen *, const void *, size_t);
int	 rec_prop_get(struct rec_prop *, const void *, size_t);
int	 rec_globals_get(struct rec_globals *, const void *, size_t);

#endif
