/* Words of structured fields (RFC 5322 3.2, RFC 2045 5.1), for this library. */
#ifndef LEX_H
#define LEX_H

#include <stddef.h>

#include "libmail/arena.h"
#include "libutil/span.h"

/*
 * Input, and the room that words are unfolded into: out[n .. cap).  What is
 * taken out is never longer than what went in, so the room is made once.
 */
struct lex {
	const char	*p, *end;
	struct span	 comment;	/* inside of the last comment, raw */
	char		*out;
	size_t		 n, cap;
};

#define LEX_ATEXT	0x01
#define LEX_TOKEN	0x02	/* RFC 2045 token, without the dot */
#define LEX_WSP		0x04	/* space, tab, CR, LF */

extern const unsigned char lex_class[256];

static inline int
lex_is(char c, int class)
{
	return (lex_class[(unsigned char)c] & class) != 0;
}

/* 0, or -1 with ENOMEM. */
int	lex_init(struct lex *, struct arena *, struct span);

/*
 * All that follow take what they name and the white space and comments after
 * it, add it to out, and return 1 when there is more input, 0 at its end, -1
 * when it was not there or is broken (out and p may have moved).
 */
int	lex_cfws(struct lex *);
int	lex_atom(struct lex *);
int	lex_dotatom(struct lex *);
int	lex_token(struct lex *);
int	lex_quoted(struct lex *);	/* at the quote */
int	lex_phrase(struct lex *);	/* words and dots, one space between */
int	lex_domain(struct lex *);	/* at the `@', which it drops */

void	lex_put(struct lex *, const char *, size_t);
/* What was put since mark; p is not NULL. */
struct span lex_since(const struct lex *, size_t mark);
/* Text of the last comment into out. */
void	lex_put_comment(struct lex *);

#endif
