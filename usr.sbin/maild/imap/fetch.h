/* FETCH under way; for the files fetch*.c. */
#ifndef FETCH_H
#define FETCH_H

#include <stdint.h>

#include "isession.h"
#include "libmail/brief.h"
#include "libmail/meta.h"
#include "libmail/transfer.h"
#include "libstore/mstore_page.h"
#include "pager.h"
#include "view.h"

/* More output than this waiting for the client: pause. */
#define FETCH_PENDING	(256 * 1024)
/* Parts up to this size are got as a whole, larger ones piece by piece. */
#define FETCH_WHOLE	(512 * 1024)
/* What must be looked at in one piece: a nested header. */
#define FETCH_HEADER	(4 * 1024 * 1024)

enum fetch_step {
	FETCH_DONE,		/* the item is written */
	FETCH_WAIT,		/* fetch_go will be called again */
	FETCH_DEAD		/* the session is gone */
};

/* Bytes of the message in hand that did not come with its row. */
struct fetch_hold {
	struct buf	 buf;
	uint32_t	 lo, hi;	/* wanted; hi 0: nothing */
	uint8_t		 failed;	/* the message is gone */
};

/* A literal that is sent as it comes. */
struct fetch_stream {
	uint8_t		 on;
	uint32_t	 pos, end;	/* still to be written */
	struct pager_page page;		/* the piece at pos, if full */
	struct pager_page ahead;	/* and the next one */
	uint32_t	 asked;		/* offset of the piece asked for last */
	uint32_t	 next;		/* what to ask for after it */
	uint8_t		 waits;		/* for it */
};

struct fetch {
	struct isession	*s;
	struct view	*v;
	const struct imap_fetch *f;
	int		 uid;		/* the set is of uids */
	void		(*done)(struct isession *);	/* NULL: it is FETCH */
	struct imap_out	 o;
	struct rseq	 seqs;
	struct pager	 pager;
	uint32_t	 expected;	/* messages, to be counted */
	uint32_t	 seen;		/* those that were there */
	struct chunk	*seen_left;	/* still to become \Seen */
	uint64_t	 seen_first;	/* modseqs of our own \Seen, or 0 */
	uint64_t	 seen_modseq;
	uint64_t	 since;		/* only what is newer; 0: all */
	uint8_t		 need_meta;
	uint8_t		 uidonly, condstore;
	uint32_t	 nitems;	/* that are told */
	uint8_t		 blocked;	/* until the client has read */
	uint8_t		 syncing;	/* the mailbox is asked */
	uint8_t		 corrupt;
	uint8_t		 cte;		/* BINARY of an unknown encoding */
	uint32_t	 req;		/* of hold or stream, under way */
	/* the message in hand */
	uint8_t		 has_row;
	uint8_t		 has_meta;
	uint32_t	 seq;
	uint32_t	 item;
	struct mstore_msg row;
	struct meta	 meta;
	struct fetch_hold hold;
	struct fetch_stream stream;
	struct buf	 fields;	/* HEADER.FIELDS gathered */
	struct later	 later;
};

/* fetch.c */
void		 fetch_go(struct fetch *);

/* fetch_item.c: the small items */
void		 fetch_item_init(void);
/* Does it fit into FETCH_SMALL bytes? */
#define FETCH_SMALL	400
int		 fetch_item_small(const struct fetch *,
		    const struct imap_fetch_item *);
/* Written at p; returns behind it. */
char		*fetch_item_put(const struct fetch *,
		    const struct imap_fetch_item *, char *p);
/* "* 5 FETCH (" */
char		*fetch_item_begin(const struct fetch *, char *p);
/* FLAGS that \Seen has changed; whatever was asked for. */
void		 fetch_item_flags(struct fetch *);
/* From the meta: ENVELOPE and its kin. */
void		 fetch_item_meta(struct fetch *,
		    const struct imap_fetch_item *);

/* fetch_bytes.c: bytes of the message in hand */
/*
 * All of lo..hi in memory: *p is set, and lives until the item is done.
 * FETCH_DEAD: the message is gone.
 */
enum fetch_step	 fetch_bytes_get(struct fetch *, uint32_t lo, uint32_t hi,
		    const char **p);
/* Write lo..hi, which were announced. */
void		 fetch_bytes_stream(struct fetch *, uint32_t lo, uint32_t hi);
/* Go on with it.  FETCH_DEAD: the session is over. */
enum fetch_step	 fetch_bytes_more(struct fetch *);
/* The message, or the command, is done. */
void		 fetch_bytes_drop(struct fetch *);

/* fetch_body.c: BODY[...] and its kin, BINARY */
enum fetch_step	 fetch_body(struct fetch *, const struct imap_fetch_item *);
enum fetch_step	 fetch_binary(struct fetch *,
		    const struct imap_fetch_item *);
/* Where a section lies in a message of that size; not HEADER.FIELDS.  0, -1. */
int		 fetch_range(const struct meta *, uint32_t size,
		    const struct imap_section *, uint32_t *lo, uint32_t *hi);
/* 1: the client has more to read than we want to hold. */
int		 fetch_full(const struct fetch *);

#endif
