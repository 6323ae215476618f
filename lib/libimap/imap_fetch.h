/* FETCH and what it names (RFC 9051 6.4.5 and the extensions). */
#ifndef IMAP_FETCH_H
#define IMAP_FETCH_H

#include <stdint.h>

#include "libimap/imap_section.h"
#include "libimap/imap_seqset.h"

#define IMAP_FETCH_ITEMS	500

enum imap_fetch_type {
	IMAP_FETCH_UID, IMAP_FETCH_FLAGS, IMAP_FETCH_MODSEQ,
	IMAP_FETCH_INTERNALDATE, IMAP_FETCH_SAVEDATE, IMAP_FETCH_SIZE,
	IMAP_FETCH_EMAILID, IMAP_FETCH_THREADID,
	IMAP_FETCH_ENVELOPE, IMAP_FETCH_STRUCTURE,	/* BODYSTRUCTURE */
	IMAP_FETCH_BODY,				/* BODY without [] */
	IMAP_FETCH_PREVIEW,
	IMAP_FETCH_SECTION,		/* BODY[..], RFC822, .HEADER, .TEXT */
	IMAP_FETCH_BINARY, IMAP_FETCH_BINARY_SIZE
};

/* How a SECTION was asked for, and so how it is to be answered. */
enum imap_fetch_name {
	IMAP_FETCH_AS_BODY,		/* BODY[...] */
	IMAP_FETCH_AS_RFC822, IMAP_FETCH_AS_HEADER, IMAP_FETCH_AS_TEXT
};

struct imap_fetch_item {
	uint8_t			type;		/* enum imap_fetch_type */
	uint8_t			name;		/* enum imap_fetch_name */
	uint8_t			peek;		/* does not set \Seen */
	uint8_t			partial;	/* <first.count> was given */
	uint8_t			lazy;		/* PREVIEW (LAZY) */
	uint32_t		first, count;
	struct imap_section	section;
};

/*
 * What an item needs to be answered or a search key to be decided, from cheap
 * to dear.  The process fetches only these columns.
 */
enum imap_cost {
	IMAP_COST_NONE,		/* number and uid */
	IMAP_COST_HOT,		/* flags, keywords, modseq */
	IMAP_COST_WHERE,	/* size, dates, ids */
	IMAP_COST_BRIEF,	/* what libmail/brief.h has of them */
	IMAP_COST_META,		/* the meta blob */
	IMAP_COST_HEADER,	/* the header's bytes */
	IMAP_COST_BODY,		/* all bytes */
	IMAP_COST_MAX
};
#define IMAP_COST_BIT(c)	(1u << (c))

struct imap_fetch {
	struct imap_seqset	 set;
	struct imap_fetch_item	*items;		/* each once */
	uint32_t		 nitems;
	uint32_t		 types;		/* 1 << type of each */
	uint32_t		 costs;		/* IMAP_COST_BIT of each */
	uint8_t			 sets_seen;	/* an item without .PEEK */
	uint8_t			 changed;	/* CHANGEDSINCE was given */
	uint8_t			 vanished;	/* VANISHED was given */
	uint8_t			 partial;	/* PARTIAL was given */
	uint64_t		 changedsince;
	int64_t			 partial_a;	/* RFC 9394; both signs equal */
	int64_t			 partial_b;
};

/* " seqset items [modifiers]" up to the line's end */
int	imap_lex_fetch(struct imap_lexer *, struct imap_fetch *);
/* Items alone: a macro, one item, or a list (NOTIFY's MessageNew). */
int	imap_lex_fetch_items(struct imap_lexer *, struct imap_fetch *);
/* UID FETCH: the uid is in every answer. */
int	imap_fetch_add_uid(struct imap_lexer *, struct imap_fetch *);
/* "1:100" or "-1:-100" */
int	imap_lex_partial(struct imap_lexer *, int64_t *, int64_t *);
/* The item's name in the answer: "BODY[1.TEXT]<0>", "RFC822.SIZE". */
int	imap_fetch_item_print(const struct imap_fetch_item *, struct buf *);

#endif
