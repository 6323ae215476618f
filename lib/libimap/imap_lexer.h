/*
 * Tokens of an IMAP command (RFC 9051 9) over memory.  The memory may be only
 * the beginning of a command: what runs off its end is CODEC_MORE, and so a
 * parser over these tokens answers for every prefix.
 */
#ifndef IMAP_LEXER_H
#define IMAP_LEXER_H

#include <stddef.h>
#include <stdint.h>

#include "libimap/imap_arena.h"
#include "libutil/codec.h"
#include "libutil/span.h"

/*
 * status is CODEC_DONE while all went well; the first failure stays and makes
 * all later calls fail too.  why is a text for the BAD reply.
 */
struct imap_lexer {
	const char		*start, *p, *end;
	struct imap_arena	*arena;
	enum codec		 status;
	const char		*why;
};

/* The header of a literal: {n} {n+} ~{n}, with its line end. */
struct imap_literal {
	uint64_t	size;
	uint8_t		sync;		/* the sender waits for "+ " */
	uint8_t		binary;		/* literal8 */
};

void	imap_lex_init(struct imap_lexer *, struct span, struct imap_arena *);
/* Both return 0. */
int	imap_lex_bad(struct imap_lexer *, const char *why);
int	imap_lex_toobig(struct imap_lexer *, const char *why);
int	imap_lex_ok(const struct imap_lexer *);

/* All that follow return 1, or 0 with status set. */
int	imap_lex_sp(struct imap_lexer *);
int	imap_lex_char(struct imap_lexer *, int);
int	imap_lex_crlf(struct imap_lexer *);
int	imap_lex_tag(struct imap_lexer *, struct span *);
int	imap_lex_atom(struct imap_lexer *, struct span *);
/* Letters, digits and - . _ = + only: names of options and items. */
int	imap_lex_name(struct imap_lexer *, struct span *);
int	imap_lex_astring(struct imap_lexer *, struct span *);
int	imap_lex_string(struct imap_lexer *, struct span *);
/* NIL gives p NULL; an empty string does not. */
int	imap_lex_nstring(struct imap_lexer *, struct span *);
/* As nstring, and literal8 too: values of SETMETADATA. */
int	imap_lex_value(struct imap_lexer *, struct span *, int *binary);
int	imap_lex_listmailbox(struct imap_lexer *, struct span *);
int	imap_lex_quoted(struct imap_lexer *, struct span *);
/* The header only; the parser stops at the first byte of the content. */
int	imap_lex_literal_header(struct imap_lexer *, struct imap_literal *);
int	imap_lex_number(struct imap_lexer *, uint32_t *);
int	imap_lex_nznumber(struct imap_lexer *, uint32_t *);
int	imap_lex_number64(struct imap_lexer *, uint64_t *);	/* 63 bits */
int	imap_lex_base64(struct imap_lexer *, struct span *);

/* The next byte, -1 with CODEC_MORE at the end. */
int	imap_lex_peek(struct imap_lexer *);
/* Take c if it comes next; 0 without a failure (see imap_lex_ok) if not. */
int	imap_lex_opt(struct imap_lexer *, int c);
/* Take SP and c if they come next: optional lists " (". */
int	imap_lex_optsp(struct imap_lexer *, int c);

/*
 * Is there a literal's header at the end of this line, which ends in LF?  1,
 * or 0.  A size that does not fit is UINT64_MAX.
 */
int	imap_literal_tail(const char *line, size_t len, struct imap_literal *);

#define IMAP_CH_ATOM	0x01	/* ATOM-CHAR */
#define IMAP_CH_ASTRING	0x02	/* and ] */
#define IMAP_CH_LIST	0x04	/* and % * ] */
#define IMAP_CH_TAG	0x08	/* ASTRING-CHAR but + */
#define IMAP_CH_NAME	0x10
#define IMAP_CH_BASE64	0x20

int	imap_char_is(int c, int class);

#endif
