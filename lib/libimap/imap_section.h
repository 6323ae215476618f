/* BODY[...] and BINARY[...] sections (RFC 9051 6.4.5.1). */
#ifndef IMAP_SECTION_H
#define IMAP_SECTION_H

#include <stdint.h>

#include "libimap/imap_lexer.h"
#include "libutil/buf.h"

#define IMAP_SECTION_DEPTH	32	/* numbers in "1.2.3" */
#define IMAP_SECTION_FIELDS	256	/* names in HEADER.FIELDS */

enum imap_section_text {
	IMAP_SECTION_ALL,		/* nothing after the numbers */
	IMAP_SECTION_HEADER,
	IMAP_SECTION_FIELDS_OF,		/* HEADER.FIELDS */
	IMAP_SECTION_FIELDS_NOT,	/* HEADER.FIELDS.NOT */
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME		/* only after a number */
};

struct imap_section {
	uint32_t	*path;		/* {1, 2, 3}: see meta_part_find */
	struct span	*fields;	/* as the client spelled them */
	uint16_t	 npath;
	uint16_t	 nfields;
	uint8_t		 text;		/* enum imap_section_text */
};

/* From `[' to `]'.  binary: numbers only (RFC 9051 section-binary). */
int	imap_lex_section(struct imap_lexer *, int binary,
	    struct imap_section *);
/* "[1.2.HEADER.FIELDS (DATE FROM)]", names in upper case; 0, -1. */
int	imap_section_print(const struct imap_section *, struct buf *);
/* 1 when the section is of the whole message's header alone. */
int	imap_section_is_header(const struct imap_section *);

#endif
