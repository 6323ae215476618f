/* Sequence sets and uid sets (RFC 9051 9 sequence-set; RFC 5182 "$"). */
#ifndef IMAP_SEQSET_H
#define IMAP_SEQSET_H

#include <stdint.h>

#include "libimap/imap_lexer.h"
#include "libutil/rseq.h"

#define IMAP_SEQ_STAR	0	/* no number is 0, so it can mean `*' */

struct imap_seqrange {
	uint32_t	a, b;	/* in the order that the client gave */
};

struct imap_seqset {
	struct imap_seqrange	*ranges;	/* in the command's arena */
	uint32_t		 n;
	uint32_t		 highest;	/* number in it, 0: none */
	uint8_t			 star;		/* has `*' */
	uint8_t			 saved;		/* is "$" alone */
};

int	imap_lex_seqset(struct imap_lexer *, struct imap_seqset *);
/* Numbers only, no `*' and no `$': QRESYNC's known uids. */
int	imap_lex_seqset_known(struct imap_lexer *, struct imap_seqset *);
/*
 * The set with `*' as max, into out, which is made empty first; reversed
 * ranges are turned round.  With max 0 `*' stands for nothing and n:* for what
 * lies from n on (nothing in an empty mailbox).  Not for "$".  0, -1 ENOMEM.
 */
int	imap_seqset_resolve(const struct imap_seqset *, uint32_t max,
	    struct rseq *out);
/* One number against the set, `*' being max. */
int	imap_seqset_has(const struct imap_seqset *, uint32_t n, uint32_t max);

#endif
