/* LIST, LSUB and STATUS (RFC 9051 6.3.9, 6.3.11; 5258, 5819, 8440, 9590). */
#ifndef IMAP_LIST_H
#define IMAP_LIST_H

#include <stdint.h>

#include "libimap/imap_lexer.h"

#define IMAP_LIST_PATTERNS	100
#define IMAP_LIST_ENTRIES	100	/* METADATA (...) */

/* Selection options. */
#define IMAP_LSEL_SUBSCRIBED	0x01
#define IMAP_LSEL_REMOTE	0x02
#define IMAP_LSEL_RECURSIVE	0x04	/* RECURSIVEMATCH */
#define IMAP_LSEL_USE		0x08	/* SPECIAL-USE */

/* Return options. */
#define IMAP_LRET_SUBSCRIBED	0x01
#define IMAP_LRET_CHILDREN	0x02
#define IMAP_LRET_USE		0x04
#define IMAP_LRET_STATUS	0x08
#define IMAP_LRET_MYRIGHTS	0x10
#define IMAP_LRET_METADATA	0x20

/* STATUS items. */
#define IMAP_ST_MESSAGES	0x0001
#define IMAP_ST_RECENT		0x0002
#define IMAP_ST_UIDNEXT		0x0004
#define IMAP_ST_UIDVALIDITY	0x0008
#define IMAP_ST_UNSEEN		0x0010
#define IMAP_ST_DELETED		0x0020
#define IMAP_ST_SIZE		0x0040
#define IMAP_ST_HIGHESTMODSEQ	0x0080
#define IMAP_ST_APPENDLIMIT	0x0100
#define IMAP_ST_MAILBOXID	0x0200
#define IMAP_ST_DELETED_STORAGE	0x0400

struct imap_list {
	struct span	 reference;
	struct span	*patterns;	/* wire form: imap_pattern_read */
	uint32_t	 npatterns;
	uint8_t		 extended;	/* any of the RFC 5258 forms */
	uint8_t		 select;	/* IMAP_LSEL_* */
	uint8_t		 ret;		/* IMAP_LRET_* */
	uint32_t	 status;	/* IMAP_ST_* */
	struct span	*entries;	/* of METADATA */
	uint32_t	 nentries;
};

struct imap_status {
	struct span	 mailbox;
	uint32_t	 items;		/* IMAP_ST_* */
};

int	imap_lex_list(struct imap_lexer *, struct imap_list *);
int	imap_lex_lsub(struct imap_lexer *, struct imap_list *);
/* "(MESSAGES UNSEEN)" */
int	imap_lex_status_items(struct imap_lexer *, uint32_t *);
const char *imap_status_item_name(uint32_t bit);

#endif
