/*
 * Mailboxes of many accounts, on one segment log (the truth) and one index
 * (a view of it, which can be made anew at any time).
 *
 * Changes are made in turns:
 *
 *	mstore_begin(ms, now);
 *	... any number of operations, for any number of clients ...
 *	if (mstore_commit(ms) != MSTORE_OK)
 *		every client of this turn gets a temporary error
 *	mstore_event(...) for those who watch a mailbox
 *
 * An operation that answers anything but MSTORE_OK has changed nothing; the
 * others see its effect at once.  Commit makes all durable with one flush.
 * Nothing that an operation or a read said inside the turn may leave the
 * process before commit says MSTORE_OK.  MSTORE_TEMPFAIL from a changing
 * operation means that the turn is lost and can only be aborted.
 *
 * Reading works outside of turns too and never writes.
 */
#ifndef MSTORE_H
#define MSTORE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/rseq.h"
#include "libutil/span.h"
#include "libstore/mstore_page.h"
#include "libstore/seglog.h"

enum mstore_code {
	MSTORE_OK = 0,
	MSTORE_TEMPFAIL,	/* the turn is lost: disk, memory, index */
	MSTORE_NONE,		/* no such account, mailbox, message */
	MSTORE_EXISTS,
	MSTORE_OVERQUOTA,
	MSTORE_NOSPACE,		/* below the disk reserve */
	MSTORE_LIMIT,		/* keywords, mailboxes, size, runs */
	MSTORE_INVALID,		/* not a mailbox name, keyword, ... */
	MSTORE_DUPLICATE,	/* this delivery id was stored already */
	MSTORE_CANNOT,		/* INBOX, children, \NoSelect */
	MSTORE_BADMSG		/* the body descriptor was shorter than said */
};

#define MSTORE_MAXNAME		512	/* octets of a mailbox name */
#define MSTORE_MAXACCOUNT	320
#define MSTORE_MAXKEYWORD	64	/* octets; and that many in a mailbox */
#define MSTORE_NKEYWORDS	64
#define MSTORE_MAXMAILBOXES	65536	/* of one account */
#define MSTORE_MAXPROP		65535	/* octets of a property's value */
#define MSTORE_SEPARATOR	'/'

/* Mailbox flags.  The low byte: special use (RFC 6154, 8457). */
#define MSTORE_USE_DRAFTS	0x0001
#define MSTORE_USE_SENT		0x0002
#define MSTORE_USE_JUNK		0x0004
#define MSTORE_USE_TRASH	0x0008
#define MSTORE_USE_ARCHIVE	0x0010
#define MSTORE_USE_ALL		0x0020
#define MSTORE_USE_FLAGGED	0x0040
#define MSTORE_USE_IMPORTANT	0x0080
#define MSTORE_USE_MASK		0x00ff
#define MSTORE_NOSELECT		0x0100	/* only its children are left */
#define MSTORE_DELETED_MBOX	0x0200	/* being cleaned up; never shown */
#define MSTORE_READERS		0x0400	/* others have a \Seen of their own */

struct mstore;

/*
 * Briefs: bytes that are cut out of a message's meta and beginning, by whoever
 * knows what these are, for those who ask the same of all messages.  They are
 * made when first asked for, kept in the index, some dozens of messages
 * together, and made anew when the version is another.
 */
struct mstore_brief_ops {
	uint8_t		 version;
	/* How many bytes of the message are wanted to make it, at most. */
	size_t		(*need)(int n, struct span meta);
	/* Append brief n (of MSTORE_COL_BRIEF<n>): 0, or -1 the buffer is
	 * full.  head may be longer than was wanted. */
	int		(*make)(int n, struct span meta, struct span head,
			    struct buf *out);
};

struct mstore_conf {
	const char	*dir;		/* exists: seg/ and index/ are made */
	size_t		 cache;		/* of the index, bytes; 0: 6 MB */
	uint32_t	 segsize;	/* 0: 64 MiB */
	uint64_t	 reserve_bytes;	/* below these nothing new is taken */
	uint64_t	 reserve_inodes;
	uint32_t	 compact_least;	/* gain that is worth it; 0: 64 KiB */
	const struct seglog_io *io;	/* NULL: the system's */
	seglog_report	 report;	/* damage; may be NULL */
	void		*report_arg;
	/* Progress of a replay or rebuild, every so many records; or NULL. */
	void		(*progress)(void *, uint64_t records);
	void		*progress_arg;
	const struct mstore_brief_ops *brief;	/* NULL: there are none */
};

/*
 * Open or create, replay what the index lacks; a broken or missing index is
 * rebuilt from the segments.  -1: *why says what (static), errno too.
 */
int	 mstore_open(struct mstore **, const struct mstore_conf *,
	    const char **why);
void	 mstore_close(struct mstore *);
/* Leave without writing anything more, as a crash would. */
void	 mstore_abandon(struct mstore *);
/* Was the index made anew at open? */
int	 mstore_rebuilt(const struct mstore *);
/* The index or log failed for good: close and open again (which rebuilds a
 * damaged index; it may take long). */
int	 mstore_broken(const struct mstore *);

enum mstore_code mstore_begin(struct mstore *, int64_t now);
enum mstore_code mstore_commit(struct mstore *);
void	 mstore_abort(struct mstore *);
int	 mstore_in_turn(const struct mstore *);
/*
 * Background work, outside of turns: cleaning up after deleted mailboxes,
 * packing segments, index checkpoints.  Does a little, some milliseconds; 1
 * when there is more to do, 0 when idle.
 */
int	 mstore_work(struct mstore *, int64_t now);
/* MSTORE_OK or MSTORE_NOSPACE: may a message be taken?  One statvfs(3). */
enum mstore_code mstore_reserve(const struct mstore *);

/* What a committed turn changed, for watchers; kept until the next begin. */
enum mstore_what {
	MSTORE_EV_NEW,		/* uids appeared */
	MSTORE_EV_FLAGS,	/* flags or keywords of uids changed */
	MSTORE_EV_EXPUNGE,	/* uids vanished */
	MSTORE_EV_CREATED,	/* the mailbox (uids empty) */
	MSTORE_EV_RENAMED,
	MSTORE_EV_DELETED,
	MSTORE_EV_SUBSCRIBED,	/* mailbox 0: subscriptions changed */
	MSTORE_EV_KEYWORDS	/* a keyword was added to the mailbox */
};

struct mstore_event {
	uint32_t	 account;
	uint64_t	 mailbox;
	enum mstore_what what;
	uint64_t	 modseq;
	const struct rseq *uids;
};
/* The i-th, or -1 when there are no more. */
int	 mstore_event(const struct mstore *, size_t i, struct mstore_event *);

/*
 * Accounts.  The name is the caller's normal form.  get creates it (in a turn)
 * with INBOX, Drafts, Sent, Junk, Trash and Archive when create is set.
 */
enum mstore_code mstore_account_get(struct mstore *, struct span name,
	    int create, uint32_t *id);
/* In a turn: remove it with all mailboxes.  The id is not used again. */
enum mstore_code mstore_account_delete(struct mstore *, uint32_t);
/* Name of an account, a C string of at most MSTORE_MAXACCOUNT octets. */
enum mstore_code mstore_account_name(struct mstore *, uint32_t,
	    char [MSTORE_MAXACCOUNT + 1]);
/* Walk the accounts in order of name: start with "". */
enum mstore_code mstore_account_next(struct mstore *, struct span after,
	    uint32_t *id, char [MSTORE_MAXACCOUNT + 1]);

/* A limit of 0 is none.  Usage counts a shared message in each place. */
struct mstore_quota {
	uint64_t	 bytes;
	uint64_t	 messages;
};
enum mstore_code mstore_usage(struct mstore *, uint32_t account,
	    struct mstore_quota *);

/* A mailbox as SELECT and STATUS see it; costs the same whatever its size. */
struct mstore_mailbox {
	uint64_t	 id;		/* never used again: MAILBOXID */
	uint32_t	 account;
	uint32_t	 flags;		/* MSTORE_USE_..., MSTORE_NOSELECT */
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;
	uint64_t	 highestmodseq;	/* at least 1 */
	uint32_t	 exists;
	uint32_t	 unseen;
	uint32_t	 deleted;	/* with \Deleted */
	uint64_t	 size;		/* of all messages */
	uint64_t	 deleted_size;	/* of those with \Deleted */
	uint32_t	 recent;	/* uids from here on are \Recent */
	uint64_t	 changes_from;	/* see mstore_changes */
	unsigned int	 nkeywords;
	char		 name[MSTORE_MAXNAME + 1];	/* UTF-8 */
};

/* Names: UTF-8 without control characters, parts between '/' not empty; INBOX
 * in any case is "INBOX". */
int	 mstore_name_valid(struct span);
enum mstore_code mstore_mailbox_find(struct mstore *, uint32_t account,
	    struct span name, uint64_t *id);
enum mstore_code mstore_mailbox_get(struct mstore *, uint64_t id,
	    struct mstore_mailbox *);
/* Keyword i (bit i of the masks) of a mailbox into name. */
enum mstore_code mstore_keyword_name(struct mstore *, uint64_t id,
	    unsigned int i, char name[MSTORE_MAXKEYWORD + 1]);
/*
 * The mask for n names, compared without case.  With create (in a turn) new
 * ones are added; those that are not known, or do not fit, are left out and
 * the answer is MSTORE_LIMIT.
 */
enum mstore_code mstore_keyword_mask(struct mstore *, uint64_t id,
	    const struct span *names, size_t n, int create, uint64_t *mask);

/* One name of an account's list. */
struct mstore_listent {
	uint64_t	 id;		/* 0: a subscription without mailbox */
	uint32_t	 flags;
	char		 name[MSTORE_MAXNAME + 1];
};
/* The first mailbox, or subscribed name, whose name is greater than after
 * (start with "").  MSTORE_NONE at the end. */
enum mstore_code mstore_list_next(struct mstore *, uint32_t account,
	    struct span after, struct mstore_listent *);
enum mstore_code mstore_subscribed_next(struct mstore *, uint32_t account,
	    struct span after, struct mstore_listent *);
int	 mstore_has_children(struct mstore *, uint32_t account,
	    struct span name);
int	 mstore_is_subscribed(struct mstore *, uint32_t account,
	    struct span name);

/* Changes to the list; all in a turn.  create makes missing parents too. */
enum mstore_code mstore_mailbox_create(struct mstore *, uint32_t account,
	    struct span name, uint32_t use, uint64_t *id);
enum mstore_code mstore_mailbox_delete(struct mstore *, uint32_t account,
	    struct span name);
/* With all children; of INBOX the messages only (RFC 9051 6.3.6). */
enum mstore_code mstore_mailbox_rename(struct mstore *, uint32_t account,
	    struct span from, struct span to);
enum mstore_code mstore_mailbox_use(struct mstore *, uint64_t id,
	    uint32_t use);
enum mstore_code mstore_subscribe(struct mstore *, uint32_t account,
	    struct span name, int on);

/*
 * Take \Recent: *from is the first uid that is recent to this session, and to
 * no later one (in a turn; costs no flush).
 */
enum mstore_code mstore_take_recent(struct mstore *, uint64_t id,
	    uint32_t *from);
/* uid and number of the first message without \Seen; MSTORE_NONE. */
enum mstore_code mstore_first_unseen(struct mstore *, uint64_t id,
	    uint32_t *uid, uint32_t *number);
enum mstore_code mstore_uids(struct mstore *, uint64_t id, struct rseq *);

/* The message to store: see MAILD meta for what the opaque meta is. */
struct mstore_content {
	const void	*meta;
	size_t		 metalen;
	const void	*prefix;	/* goes before the body */
	size_t		 prefixlen;
	const void	*body;		/* memory, or NULL: */
	int		 fd;		/* sealed memfd or file */
	off_t		 fdoff;
	size_t		 bodylen;
	int64_t		 date;		/* INTERNALDATE, seconds */
	int16_t		 zone;		/* its zone, minutes east */
	/* Hashes of the message ids, own first (0: none), then In-Reply-To and
	 * References, nearest first; more than MSTORE_MAXREFS are ignored. */
	uint64_t	 msgid;
	const uint64_t	*refs;
	size_t		 nrefs;
};
#define MSTORE_MAXREFS	8

/* One place to deliver to; code..modseq are the answer. */
struct mstore_dest {
	uint32_t	 account;
	struct span	 mailbox;	/* by name; p NULL: ext or INBOX */
	struct span	 ext;		/* used if such a mailbox exists */
	int		 create; /* make the mailbox by name if missing */
	uint16_t	 flags;
	const struct span *keywords;
	size_t		 nkeywords;
	struct mstore_quota limit;
	enum mstore_code code;
	uint64_t	 mailbox_id;
	uint32_t	 uid;
	uint64_t	 modseq;
};

/*
 * Deliver one message to all places; the bytes are stored once.  id: the
 * delivery's own, 0 for none; a second time is MSTORE_DUPLICATE (remembered for
 * a day).  Each place has its own code; MSTORE_OK when at least one took it.  A
 * mailbox that is missing and may not be created falls back to INBOX.
 */
enum mstore_code mstore_deliver(struct mstore *, uint64_t id,
	    const struct mstore_content *, struct mstore_dest *, size_t n);
/* Has a delivery with that id been made (a day ago at most)? */
int	 mstore_delivered(struct mstore *, uint64_t id);

/* APPEND n messages to a mailbox, all or none; uids are *first and on. */
struct mstore_append {
	struct mstore_content content;
	uint16_t	 flags;
	uint64_t	 keywords;	/* a mask, see mstore_keyword_mask */
};
enum mstore_code mstore_append(struct mstore *, uint64_t mailbox,
	    const struct mstore_append *, size_t n,
	    const struct mstore_quota *limit, uint32_t *first);

/*
 * Shared mailboxes.  Each account that is not the owner's has a \Seen of his
 * own: a message's flags and modseq are what they are to that reader, and only
 * he sees them change.  The mailbox has one modseq for all.  Who may do what is
 * the caller's to judge; the library keeps what he may not change as it is.
 */
struct mstore_who {
	uint32_t	 reader;	/* account; 0: the owner */
	uint8_t		 flags;		/* those that he may change */
	uint8_t		 keywords;	/* 1: and keywords */
};
#define MSTORE_OWNER	{ 0, MSTORE_FLAGS_ALL, 1 }

/* How many are without \Seen, to that reader. */
enum mstore_code mstore_unseen(struct mstore *, uint64_t id,
	    uint32_t reader, uint32_t *unseen);
enum mstore_code mstore_first_unseen_by(struct mstore *, uint32_t reader,
	    uint64_t id, uint32_t *uid, uint32_t *number);
/* mstore_append, mstore_store, mstore_copy (where `who' is as to the
 * destination) and mstore_changes on somebody's behalf. */
enum mstore_code mstore_append_by(struct mstore *, const struct mstore_who *,
	    uint64_t mailbox, const struct mstore_append *, size_t n,
	    const struct mstore_quota *limit, uint32_t *first);

/*
 * FETCH: fill pages.  Set mailbox, uids and cols, the rest zero (bodylen 0:
 * all of it); call until done.  Each call appends records to out until about
 * budget bytes are in it (at least one record, or 4 KB of a body).  A body that
 * does not fit goes on in the next page, as a further record of its uid.  Uids
 * that are not there are skipped.
 */
struct mstore_fetch {
	uint64_t	 mailbox;
	const struct rseq *uids;
	uint16_t	 cols;
	uint32_t	 reader;	/* whose \Seen; 0: the owner's */
	uint32_t	 bodyoff;	/* of prefix + body */
	uint32_t	 bodylen;
	/* where to go on */
	int		 done;
	uint32_t	 next_uid;
	uint32_t	 next_off;
};
enum mstore_code mstore_fetch(struct mstore *, struct mstore_fetch *,
	    struct buf *out, size_t budget);
/* Have many briefs been made that the next turn should write? */
int	 mstore_brief_waiting(const struct mstore *);

enum mstore_flagop {
	MSTORE_FLAGS_ADD,
	MSTORE_FLAGS_DEL,
	MSTORE_FLAGS_SET
};
/*
 * Change flags of those uids that are there.  unchangedsince UINT64_MAX: no
 * condition; others land in failed (RFC 7162 3.1.3).  changed: whose flags are
 * different now, with *modseq; both may be NULL.
 */
enum mstore_code mstore_store(struct mstore *, uint64_t mailbox,
	    const struct rseq *uids, enum mstore_flagop, uint16_t flags,
	    uint64_t keywords, uint64_t unchangedsince, struct rseq *changed,
	    struct rseq *failed, uint64_t *modseq);
enum mstore_code mstore_store_by(struct mstore *, const struct mstore_who *,
	    uint64_t mailbox, const struct rseq *uids, enum mstore_flagop,
	    uint16_t flags, uint64_t keywords, uint64_t unchangedsince,
	    struct rseq *changed, struct rseq *failed, uint64_t *modseq);
/*
 * Expunge what is \Deleted; among uids, or (NULL) all.  force: \Deleted or
 * not.  gone: what went.  Without uids, when at least MSTORE_SOME went there
 * may be more.
 */
#define MSTORE_SOME	16384
enum mstore_code mstore_expunge(struct mstore *, uint64_t mailbox,
	    const struct rseq *uids, int force, struct rseq *gone,
	    uint64_t *modseq);
/*
 * COPY, or MOVE in one step.  done: the source uids; the new are *first and
 * on, in that order.  limit is that of the destination's account.
 */
enum mstore_code mstore_copy(struct mstore *, uint64_t from,
	    const struct rseq *uids, uint64_t to, int move,
	    const struct mstore_quota *limit, struct rseq *done,
	    uint32_t *first);

enum mstore_code mstore_copy_by(struct mstore *, const struct mstore_who *,
	    uint64_t from, const struct rseq *uids, uint64_t to, int move,
	    const struct mstore_quota *limit, struct rseq *done,
	    uint32_t *first);

/*
 * What happened after modseq since: uids that are new or differ (changed,
 * exact) and those that vanished.  MSTORE_LIMIT: since is older than
 * mailbox.changes_from, vanished is not known (changed is); RFC 7162 3.2.5.1
 * then takes all uids that are not there as vanished.
 */
enum mstore_code mstore_changes(struct mstore *, uint64_t mailbox,
	    uint64_t since, struct rseq *changed, struct rseq *vanished);

enum mstore_code mstore_changes_by(struct mstore *, uint32_t reader,
	    uint64_t mailbox, uint64_t since, struct rseq *changed,
	    struct rseq *vanished);

/*
 * Properties: named values of an account (mailbox 0), a mailbox, or the server
 * (both 0): METADATA, ACL, Sieve scripts, what comes.  The namespace is the
 * caller's; "acl/..", "meta/..", "sieve/..", "uauth/..".  Durable like all.
 */
enum mstore_code mstore_prop_get(struct mstore *, uint32_t account,
	    uint64_t mailbox, struct span name, struct buf *value);
/* In a turn; value of length 0 removes it. */
enum mstore_code mstore_prop_set(struct mstore *, uint32_t account,
	    uint64_t mailbox, struct span name, struct span value);
/* The next name greater than after, for walking. */
enum mstore_code mstore_prop_next(struct mstore *, uint32_t account,
	    uint64_t mailbox, struct span after, struct buf *name);

/*
 * Access control lists are properties of mailboxes: "acl/u/NAME" (an account),
 * "acl/g/NAME" (a group), "acl/s/anyone"; "acl/-u/..." takes rights away.  A
 * new mailbox gets those of its parent.  The library does not read the values,
 * but it knows which mailboxes name an identifier ("u/NAME").
 */
#define MSTORE_ACL	"acl/"
/* The next mailbox with an id greater than *id that names it; start with 0. */
enum mstore_code mstore_acl_next(struct mstore *, struct span ident,
	    uint64_t *id);
/* The next identifier greater than `after' that some mailbox names. */
enum mstore_code mstore_acl_ident(struct mstore *, struct span after,
	    struct buf *ident);
/* In a turn: take the entries of an identifier out of all mailboxes. */
enum mstore_code mstore_acl_forget(struct mstore *, struct span ident);

/* Everything that must be the same after a rebuild, as text lines. */
int	 mstore_dump(struct mstore *, int (*line)(void *, const char *),
	    void *arg);
/* Check every record of the log; returns the number of bad ones, -1 error. */
int64_t	 mstore_fsck(struct mstore *, seglog_report, void *arg);

/* Something is wrong.  Names are "" and numbers 0 where it has none. */
struct mstore_problem {
	const char	*what;		/* in words */
	struct seglog_pos pos;		/* in the log */
	uint32_t	 len;		/* bytes */
	const char	*account;
	const char	*mailbox;
	uint32_t	 uid;
};

/*
 * A check of everything, a piece at a time and outside of turns, while the
 * store is in use: each record of the log, then each message and each counter
 * of the index.  Begin with problem and arg set, the rest zero.  done of all is
 * how far it is.
 */
struct mstore_check {
	void		(*problem)(void *, const struct mstore_problem *);
	void		*arg;
	uint64_t	 done;		/* bytes */
	uint64_t	 all;
	uint64_t	 records;
	uint64_t	 messages;
	uint64_t	 mailboxes;
	uint64_t	 problems;
	/* where it is */
	int		 phase;
	struct seglog_pos pos;
	char		 account[MSTORE_MAXACCOUNT + 1];
	uint32_t	 account_id;
	char		 mailbox[MSTORE_MAXNAME + 1];
	uint64_t	 mailbox_id;
	uint32_t	 chunk;
	uint64_t	 modseq;	/* when the mailbox was begun */
	uint32_t	 exists;
	uint32_t	 unseen;
	uint32_t	 deleted;
	uint64_t	 size;
};
/* About so many bytes.  1 more to do, 0 done, -1 not possible. */
int	 mstore_check(struct mstore *, struct mstore_check *, size_t budget);

/* Figures for mailctl. */
struct mstore_stats {
	uint64_t	 segments;
	uint64_t	 bytes;		/* in segments */
	uint64_t	 live;	/* of message records still referred to */
	uint64_t	 turns;
	uint64_t	 flushes;
	uint64_t	 records;	/* appended since open */
	uint64_t	 compactions;	/* segments packed since open */
};
void	 mstore_stats(struct mstore *, struct mstore_stats *);

const char *mstore_strcode(enum mstore_code);

#endif
