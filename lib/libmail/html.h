/* HTML to text, well enough for a preview or a word count. */
#ifndef HTML_H
#define HTML_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"

/*
 * A stream of UTF-8: tags, comments, and what stands in head, style, script
 * and title go; entities are decoded; a tag that ends a block becomes a line
 * feed.  Any split of the input gives the same output.
 */
struct html_dec {
	uint8_t		state;
	uint8_t		quote;		/* inside of an attribute's value */
	uint8_t		skip;		/* 1 + index of the element skipped */
	uint8_t		n;
	char		hold[16];	/* name of a tag or an entity */
};

void	html_dec_init(struct html_dec *);
/* 0, or -1 when out is full (what fits has been added) or ENOMEM. */
int	html_dec_add(struct html_dec *, const void *, size_t, struct buf *);
int	html_dec_end(struct html_dec *, struct buf *);

#endif
