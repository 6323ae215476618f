/* Flags and keywords (RFC 9051 2.3.2). */
#ifndef IMAP_FLAGS_H
#define IMAP_FLAGS_H

#include <stdint.h>

#include "libimap/imap_lexer.h"

#define IMAP_FLAG_ANSWERED	0x01
#define IMAP_FLAG_FLAGGED	0x02
#define IMAP_FLAG_DELETED	0x04
#define IMAP_FLAG_SEEN		0x08
#define IMAP_FLAG_DRAFT		0x10
#define IMAP_FLAG_RECENT	0x20	/* never from a client */
#define IMAP_FLAG_SYSTEM	0x1f	/* all that a client may set */

#define IMAP_KEYWORD_MAX	100	/* bytes of one */
#define IMAP_KEYWORDS_MAX	256	/* in one command */

/* Keywords are spans in the command, each once (without regard to case). */
struct imap_flags {
	uint32_t	 bits;
	struct span	*keywords;
	uint32_t	 nkeywords;
};

/* "(\Seen $Junk)" */
int	imap_lex_flaglist(struct imap_lexer *, struct imap_flags *);
/* The same, or the flags without parentheses as STORE allows. */
int	imap_lex_flags(struct imap_lexer *, struct imap_flags *);
/* Bit of a system flag's name with its backslash, 0: none such. */
uint32_t imap_flag_bit(struct span);
/* Name of one bit. */
struct span imap_flag_name(uint32_t bit);

/* Special-use (RFC 6154, 8457), bits as in the store. */
#define IMAP_USE_ALL		0x0001
#define IMAP_USE_ARCHIVE	0x0002
#define IMAP_USE_DRAFTS		0x0004
#define IMAP_USE_FLAGGED	0x0008
#define IMAP_USE_JUNK		0x0010
#define IMAP_USE_SENT		0x0020
#define IMAP_USE_TRASH		0x0040
#define IMAP_USE_IMPORTANT	0x0080

uint32_t imap_use_bit(struct span);	/* 0: none such */
struct span imap_use_name(uint32_t bit);

#endif
