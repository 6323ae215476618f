/*
 * What the mstore*.c files share: the keys of the index, what is held in memory
 * of it, and the steps of a turn.
 *
 * Keys (numbers big endian), so ordered that what is used together lies
 * together:
 *
 *	'A' account 0		account: flags, usage, name
 *	'A' account 'n' name	mailbox id, flags
 *	'A' account 'p' name	property
 *	'A' account 's' name	subscription
 *	'D' delivery id		time: deliveries of the last day
 *	'G' segment		live bytes in it
 *	'H' account hash	message id to thread id; never taken out
 *	'L' ident 0 mailbox	that mailbox's ACL names it
 *	'M' mailbox 0		mailbox: counters, keywords, name
 *	'M' mailbox 'b' chunk	brief 0 of 64 uids: see mstore-brief.c
 *	'M' mailbox 'c' chunk	brief 1 of 64 uids
 *	'M' mailbox 'h' chunk	HOT: flags, keywords, modseq of 256 uids
 *	'M' mailbox 'p' name	property (ACL, METADATA)
 *	'M' mailbox 'r' account	a reader who is not the owner: counters
 *	'M' mailbox 's' account chunk	\Seen of that reader, of 256 uids
 *	'M' mailbox 'w' chunk	WHERE: place, sizes, dates, ids of 64 uids
 *	'M' mailbox 'x' modseq	what changed then
 *	'N' name		account id
 *	'P' name		property of the server
 *	'R' segment offset	places of a message that is not just where its
 *				record says: list of (mailbox, uid)
 *	'S'			format, log id, position applied (logview.c)
 *	'S' 'g'			counters
 *	'T' mailbox		deleted, still to be cleaned up
 *
 * HOT and WHERE are apart because flags change and the rest does not.  Their
 * sizes keep a record under the 4 KB beyond which a 16 KB btree page would put
 * it on pages of its own.
 */
#ifndef MSTORE_INT_H
#define MSTORE_INT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "libstore/kv.h"
#include "libstore/logview.h"
#include "libstore/mstore.h"
#include "libstore/mstore-rec.h"
#include "libstore/seglog.h"

#define MSTORE_SCATTERED	"DHNR"	/* see kv.h */
#define MSTORE_MAXHEAD		(8U << 20)
#define MSTORE_CHANGES		2048	/* modseqs that are remembered */
#define MSTORE_CHANGERUNS	4096	/* runs of one entry */
#define MSTORE_DEDUPE		86400	/* seconds */
#define MSTORE_COMPACT		(64U << 10)	/* see mstore_conf */
#define MSTORE_CACHE		192	/* entries kept: below 1 MB */

#define HOT_SHIFT	8
#define HOT_SLOTS	(1U << HOT_SHIFT)
#define WHERE_SHIFT	6
#define WHERE_SLOTS	(1U << WHERE_SHIFT)

struct hot {
	uint64_t	 map[HOT_SLOTS / 64];	/* which slots hold a message */
	uint8_t		 flags[HOT_SLOTS];
	uint64_t	 keywords[HOT_SLOTS];
	uint64_t	 modseq[HOT_SLOTS];
};

struct where_ent {
	struct seglog_pos pos;
	uint32_t	 size;		/* prefix and body */
	uint32_t	 metalen;
	uint16_t	 prefixlen;
	uint16_t	 headlen;	/* 0: longer, see the record */
	int16_t		 zone;
	int64_t		 date;
	int64_t		 savedate;
	uint64_t	 emailid;
	uint64_t	 threadid;
};

struct where {
	uint64_t	 map;
	struct where_ent ent[WHERE_SLOTS];
};

/* \Seen of one reader in a HOT chunk. */
struct seen {
	uint64_t	 map[HOT_SLOTS / 64];	/* has seen it */
	uint64_t	 touched[HOT_SLOTS / 64]; /* has a modseq of his own */
	uint64_t	 modseq[HOT_SLOTS];
};

struct reader {
	uint32_t	 seen;		/* messages that he has seen */
	uint32_t	 hint_uid;	/* as in struct mbox */
	uint32_t	 hint_below;
};

/* How somebody sees a HOT chunk: sn NULL with foreign: nothing is \Seen. */
struct lens {
	int		 foreign;	/* not the owner */
	const struct seen *sn;
};

struct mbox {
	struct mstore_mailbox m;
	/* No message below this uid lacks \Seen; that many are below it.  Not
	 * in the log: a rebuild begins with 0. */
	uint32_t	 hint_uid;
	uint32_t	 hint_below;
	char		 keywords[MSTORE_NKEYWORDS][MSTORE_MAXKEYWORD + 1];
};

struct acct {
	uint32_t	 id;
	uint8_t		 deleted;
	uint32_t	 nmailboxes;
	struct mstore_quota usage;
	char		 name[MSTORE_MAXACCOUNT + 1];
};

struct seguse {
	int64_t		 live;
};

/* The decoded piece of the index that an entry of the cache holds. */
enum ctype { C_ACCT, C_MBOX, C_HOT, C_WHERE, C_READER, C_SEEN, C_SEG };

struct centry {
	RB_ENTRY(centry)	 node;
	TAILQ_ENTRY(centry)	 lru;
	enum ctype		 type;
	uint64_t		 id;	/* account, mailbox or segment */
	uint32_t		 chunk;
	uint32_t		 reader; /* C_READER, C_SEEN */
	uint8_t			 dirty;
	uint64_t		 data[];	/* struct acct, mbox, ... */
};
RB_HEAD(ctree, centry);
TAILQ_HEAD(clist, centry);

struct event {
	uint32_t	 account;
	uint64_t	 mailbox;
	enum mstore_what what;
	uint64_t	 modseq;
	struct rseq	 uids;
};

struct globals {
	uint32_t	 next_account;
	uint32_t	 last_uidvalidity;
	uint64_t	 dedupe_sweep;	/* where looking for old ids goes on */
};

/* The briefs of a chunk: those last asked for, or ones that are written. */
struct brief {
	uint64_t	 mailbox;	/* 0: nothing is here */
	uint32_t	 chunk;
	uint64_t	 map;		/* those that are here */
	uint32_t	 unsaved;	/* how many of these the index lacks */
	struct buf	 val;
	uint32_t	 off[WHERE_SLOTS];	/* in val, by slot */
	uint32_t	 len[WHERE_SLOTS];
};

/* One that waits for being written. */
struct brief_wait {
	TAILQ_ENTRY(brief_wait)	 entry;
	uint64_t	 mailbox;
	uint32_t	 chunk;
	int		 n;
	struct buf	 val;
};
TAILQ_HEAD(brief_list, brief_wait);

struct mstore {
	struct logview	 v;
	uint64_t	 reserve_bytes;
	uint64_t	 reserve_inodes;
	uint64_t	 turns;

	int64_t		 now;
	uint32_t	 nids;		/* made in this turn */
	int		 space;		/* above the reserve: -1 not asked */
	unsigned int	 deliveries;	/* with an id, in this turn */
	struct globals	 g;
	struct globals	 g_begin;	/* as they were at begin */

	struct ctree	 tree;
	struct clist	 lru;		/* oldest first */
	size_t		 ncached;

	struct event	*events;
	size_t		 nevents;
	size_t		 events_size;

	/* Compaction: what is being packed, or where to look next. */
	struct seglog_pack *compact;
	uint32_t	 compact_live;	/* bytes of live messages so far */
	int64_t		 compact_pushed; /* when all was written */
	uint32_t	 compact_next;
	uint32_t	 compact_least;	/* bytes that are worth it */
	int64_t		 compact_looked; /* in vain, and not again before */
	int64_t		 compact_wait;
	uint64_t	 compactions;

	/* The readers of one mailbox, as last looked up. */
	uint64_t	 readers_of;
	uint32_t	*readers;
	size_t		 nreaders;
	const struct mstore_brief_ops *brief_ops;
	struct brief	 brief[MSTORE_NBRIEFS];
	struct brief_list brief_wait;
	size_t		 brief_waiting;	/* bytes of them */

	struct buf	 head;		/* of the record being made */
	struct buf	 val;		/* of the value being made */
	struct buf	 rec;		/* a record that is read */
};

/* cache */
int	 centry_cmp(const struct centry *, const struct centry *);
RB_PROTOTYPE(ctree, centry, node, centry_cmp)

/*
 * Each answers NULL with *code MSTORE_NONE or MSTORE_TEMPFAIL.  With make set a
 * missing one is made, empty.  Pointers hold until cache_trim.
 */
struct acct	*cache_acct(struct mstore *, uint32_t, int make,
		    enum mstore_code *);
struct mbox	*cache_mbox(struct mstore *, uint64_t, int make,
		    enum mstore_code *);
struct hot	*cache_hot(struct mstore *, uint64_t mbox, uint32_t chunk,
		    int make, enum mstore_code *);
struct where	*cache_where(struct mstore *, uint64_t mbox, uint32_t chunk,
		    int make, enum mstore_code *);
struct seguse	*cache_seg(struct mstore *, uint32_t seg, enum mstore_code *);
struct reader	*cache_reader(struct mstore *, uint64_t mbox, uint32_t reader,
		    enum mstore_code *);
struct seen	*cache_seen(struct mstore *, uint64_t mbox, uint32_t reader,
		    uint32_t chunk, int make, enum mstore_code *);
/* The thing was changed: it is written at commit.  p is what was given. */
void	 cache_dirty(void *p);
/* Between steps: keep the cache small; dirty ones go into the transaction. */
enum mstore_code cache_trim(struct mstore *);
/* Write all dirty ones into the transaction. */
enum mstore_code cache_write(struct mstore *);
int	 cache_isdirty(const struct mstore *);
/* Forget everything, written or not. */
void	 cache_drop(struct mstore *);
/* Forget chunks and the like of one mailbox. */
void	 cache_forget(struct mstore *, uint64_t mbox);
/* The uids in a HOT chunk without reading it whole: all zero if none. */
enum mstore_code cache_hot_map(struct mstore *, uint64_t mbox,
	    uint32_t chunk, uint64_t map[HOT_SLOTS / 64]);

/* keys; each returns the length */
#define KEY_MAX		(16 + MSTORE_MAXNAME)
size_t	 key_acct(uint8_t [KEY_MAX], uint32_t, int sub, struct span);
size_t	 key_mbox(uint8_t [KEY_MAX], uint64_t, int sub);
size_t	 key_chunk(uint8_t [KEY_MAX], uint64_t, int sub, uint32_t);
size_t	 key_reader(uint8_t [KEY_MAX], uint64_t, uint32_t reader);
size_t	 key_seen(uint8_t [KEY_MAX], uint64_t, uint32_t reader, uint32_t);
size_t	 key_change(uint8_t [KEY_MAX], uint64_t, uint64_t modseq);
size_t	 key_name(uint8_t [KEY_MAX], int table, struct span);
size_t	 key_u64(uint8_t [KEY_MAX], int table, uint64_t);
size_t	 key_pos(uint8_t [KEY_MAX], struct seglog_pos);
size_t	 key_seg(uint8_t [KEY_MAX], uint32_t);
size_t	 key_prop(uint8_t [KEY_MAX], uint32_t account, uint64_t mbox,
	    struct span name);
size_t	 key_thread(uint8_t [KEY_MAX], uint32_t account, uint64_t hash);

/* index access with the answers of mstore; a failure fails the turn */
enum mstore_code idx_get(struct mstore *, const uint8_t *, size_t,
	    const uint8_t **, size_t *);
enum mstore_code idx_put(struct mstore *, const uint8_t *, size_t,
	    const void *, size_t);
enum mstore_code idx_del(struct mstore *, const uint8_t *, size_t);
enum mstore_code idx_code(struct mstore *, enum kv_code);

/* turn */
/* May this operation go on?  MSTORE_OK, or MSTORE_TEMPFAIL outside a turn. */
enum mstore_code turn_check(struct mstore *);
enum mstore_code turn_fail(struct mstore *);
enum mstore_code turn_space(struct mstore *);
/* A number that no other thing of this store has or will have; 0 is failure. */
uint64_t turn_id(struct mstore *);
/* Append the record in ms->head and apply it.  e: what the writers answered. */
enum mstore_code turn_log(struct mstore *, enum rec_kind, int e);
/* The same with parts 1 and 2. */
enum mstore_code turn_log_parts(struct mstore *, enum rec_kind, int e,
	    const struct seglog_part *meta, const struct seglog_part *body);
void	 turn_event(struct mstore *, uint32_t account, uint64_t mbox,
	    enum mstore_what, uint64_t modseq, uint32_t first, uint32_t last);

/* apply one record to the index; h says where it is */
enum mstore_code mstore_apply(struct mstore *, const struct seglog_hdr *h,
	    const void *head, size_t len);
enum mstore_code apply_message(struct mstore *, const struct seglog_hdr *,
	    const void *, size_t);
enum mstore_code apply_copy(struct mstore *, const void *, size_t);
enum mstore_code apply_flags(struct mstore *, const void *, size_t);
enum mstore_code apply_expunge(struct mstore *, const void *, size_t);
enum mstore_code apply_seen(struct mstore *, const void *, size_t);
/* The index of identifiers follows a property of a mailbox. */
enum mstore_code apply_acl(struct mstore *, const struct rec_prop *);
/* A mailbox to apply something to: one that is being cleaned up is none. */
struct mbox	*live_mbox(struct mstore *, uint64_t, enum mstore_code *);
/* Change table and watchers learn of uids in a mailbox. */
enum mstore_code apply_tell(struct mstore *, uint64_t mbox, uint64_t modseq,
	    enum mstore_what, const struct rseq *);
/* One place less for a message: its bytes are dead when it was the last. */
enum mstore_code ref_drop(struct mstore *, uint64_t mbox, uint32_t uid,
	    const struct where_ent *);
/* Note in the change table what happened at a modseq. */
enum mstore_code change_add(struct mstore *, struct mbox *, uint64_t modseq,
	    enum mstore_what, const struct rseq *);

/* seen: who has read what in a mailbox that is not his */
int	 seen_foreign(const struct mbox *, uint32_t reader);
/* How the reader sees a chunk; it holds until cache_trim. */
enum mstore_code seen_lens(struct mstore *, const struct mbox *,
	    uint32_t reader, uint32_t chunk, struct lens *);
uint8_t	 lens_flags(const struct lens *, const struct hot *, uint32_t slot);
uint64_t lens_modseq(const struct lens *, const struct hot *, uint32_t slot);
/* The message at uid is gone. */
enum mstore_code seen_drop(struct mstore *, struct mbox *, uint32_t uid);
/* Log that he has seen them, or has not; modseq is the mailbox's next. */
enum mstore_code seen_log(struct mstore *, uint64_t mbox, uint32_t reader,
	    int add, const struct rseq *, uint64_t *modseq);
void	 seen_forget(struct mstore *);
/* The ACL of the parent for a new mailbox. */
enum mstore_code acl_inherit(struct mstore *, uint32_t account,
	    struct span name, uint64_t id);
/* What a property's name says of the index; 0: nothing. */
size_t	 key_acl(uint8_t [KEY_MAX], struct span prop, uint64_t mbox);

/* The record of a mailbox as it is. */
void	 mbox_record(const struct mbox *, struct rec_mailbox *);
enum mstore_code mbox_log(struct mstore *, const struct rec_mailbox *);
/* A mailbox that may hold messages; NULL: *code. */
struct mbox	*mbox_select(struct mstore *, uint64_t, enum mstore_code *);
enum mstore_code mbox_clean(struct mstore *, uint64_t, int *more);
struct span	 mbox_name_normal(struct span);
/* uids of those in set that are there. */
enum mstore_code mbox_present(struct mstore *, struct mbox *,
	    const struct rseq *set, struct rseq *out);

/*
 * Brief n of the messages of a chunk; those in want are there afterwards, if
 * they can be.  *made grows by how many messages were read for it.  NULL:
 * *code.  The result holds until the next call.
 */
struct brief	*brief_get(struct mstore *, const struct mbox *,
		    uint32_t chunk, int n, const struct where *,
		    uint64_t want, unsigned int *made, enum mstore_code *);
/* Put those that wait into the transaction. */
enum mstore_code brief_write(struct mstore *);
/* Forget all; those of a mailbox; what the index has of a chunk. */
void	 brief_drop(struct mstore *);
void	 brief_forget(struct mstore *, uint64_t mbox);
enum mstore_code brief_remove(struct mstore *, uint64_t mbox, uint32_t chunk);

/* Read head, meta and the first len bytes of the body into ms->rec: 0, -1 it
 * is bad, -2 no memory. */
int	 where_read(struct mstore *, const struct where_ent *,
	    struct seglog_hdr *, uint32_t len);
/* The header of a message's record, made from what the index knows. */
enum mstore_code where_hdr(struct mstore *, const struct where_ent *,
	    struct seglog_hdr *);
uint64_t where_reclen(struct mstore *, const struct where_ent *);

/* Thread of a message; bits of newids say which hashes are to be entered. */
enum mstore_code thread_find(struct mstore *, uint32_t account,
	    const struct rec_message *, uint64_t *threadid, uint16_t *newids);
int	 delivery_known(struct mstore *, uint64_t id);
void	 delivery_sweep(struct mstore *, unsigned int n);

/* A piece of work on segments: 1 when there is more to do at once. */
int	 compact_work(struct mstore *, int64_t now);

#define HOT_CHUNK(uid)	((uid) >> HOT_SHIFT)
#define HOT_SLOT(uid)	((uid) & (HOT_SLOTS - 1))
#define WHERE_CHUNK(uid) ((uid) >> WHERE_SHIFT)
#define WHERE_SLOT(uid)	((uid) & (WHERE_SLOTS - 1))

static inline int
hot_has(const struct hot *h, uint32_t uid)
{
	return h->map[HOT_SLOT(uid) / 64] >> (HOT_SLOT(uid) % 64) & 1;
}

static inline int
where_has(const struct where *w, uint32_t uid)
{
	return w->map >> WHERE_SLOT(uid) & 1;
}

#endif
