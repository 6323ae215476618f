/*
 * APPEND and REPLACE: MULTIAPPEND (RFC 3502), literal8 (RFC 3516), CATENATE
 * (RFC 4469), UTF8 (RFC 6855).  The messages do not pass through the parser's
 * memory: such a command is read in segments, each of which ends where the
 * bytes of a literal begin or at the end of the command.
 */
#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include <stdint.h>

#include "libimap/imap_flags.h"
#include "libmail/date.h"

#define IMAP_APPEND_MESSAGES	10000
#define IMAP_APPEND_PARTS	1000	/* of one message (CATENATE) */

enum imap_append_kind {
	IMAP_APPEND_LITERAL,	/* the whole message is the literal */
	IMAP_APPEND_TEXT,	/* CATENATE: literal is a piece of it */
	IMAP_APPEND_URL		/* CATENATE: url says where the piece is */
};

struct imap_append_part {
	uint8_t			 kind;
	uint8_t			 first;	/* begins a new message */
	uint8_t			 utf8;	/* UTF8 (~{n} */
	uint8_t			 has_date;
	struct imap_flags	 flags;	/* these two of the message, */
	struct maildate		 date;	/*   set in its first part */
	struct span		 url;
	struct imap_literal	 literal;	/* LITERAL, TEXT */
};

enum imap_append_state {
	IMAP_APPEND_START,	/* before a message's options */
	IMAP_APPEND_AFTER,	/* after a message's literal */
	IMAP_APPEND_UTF8,	/* after UTF8 (~{n}: a `)' must come */
	IMAP_APPEND_CAT,	/* in CATENATE ( after a part */
	IMAP_APPEND_DONE
};

/*
 * parts are those of the current segment, in the segment arena: gone with
 * the next one.  If stream is set the last of them is a literal whose bytes
 * follow.
 */
struct imap_append {
	struct span		 mailbox;
	uint32_t		 number;	/* REPLACE; 0: `*' */
	struct imap_append_part	*parts;
	uint32_t		 nparts;
	uint32_t		 messages;	/* begun so far */
	uint32_t		 catparts;	/* of the message so far */
	uint8_t			 stream;
	uint8_t			 state;		/* enum imap_append_state */
	uint8_t			 single;	/* REPLACE takes one message */
	uint8_t			 catenate;	/* was used */
};

/* Go on with the segment; parts come from the lexer's arena. */
int	imap_lex_append_segment(struct imap_lexer *, struct imap_append *);

#endif
