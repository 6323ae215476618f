/*
 * Is a text in a part of a message?  Transfer encoding and charset are
 * decoded and case is folded on the way, in pieces: memory does not grow with
 * the part.  For SEARCH BODY and TEXT.
 */
#ifndef TEXTSEARCH_H
#define TEXTSEARCH_H

#include <stddef.h>

#include "libmail/charset.h"
#include "libmail/meta.h"
#include "libmail/transfer.h"
#include "libutil/buf.h"
#include "libutil/span.h"

struct textsearch;

/* needle is UTF-8 as the client sent it; NULL with ENOMEM. */
struct textsearch	*textsearch_new(struct charset_ctx *,
			    struct span needle);
void			 textsearch_free(struct textsearch *);
/* 1 found, 0 not, -1 ENOMEM.  All need the whole part in memory. */
int	textsearch_part(struct textsearch *, enum transfer, enum charset,
	    const void *body, size_t len);
/* A header, or some fields of it with their names, each on its own: unfolded,
 * encoded words decoded. */
int	textsearch_header(struct textsearch *, struct span);
/* The value of one field, without its name. */
int	textsearch_value(struct textsearch *, struct span);
/*
 * SEARCH BODY, or with headers SEARCH TEXT: in all text parts, decoded, and
 * all headers; without, in those of enclosed messages only.  msg is the whole
 * stored message, m its blob.
 */
int	textsearch_message(struct textsearch *, const struct meta *m,
	    const void *msg, size_t len, int headers);
/* Text that is UTF-8 already, piece by piece; begin forgets the one before. */
void	textsearch_begin(struct textsearch *);
int	textsearch_piece(struct textsearch *, const void *, size_t);
/* In text that is casemapped already (META_SUBJECT ...). */
int	textsearch_folded(const struct textsearch *, struct span);

#endif
