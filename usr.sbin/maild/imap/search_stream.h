/*
 * A message that is larger than a page, for the keys TEXT and BODY: looked at
 * piece by piece, so that memory does not grow with it.
 */
#ifndef SEARCH_STREAM_H
#define SEARCH_STREAM_H

struct search;

/* What was found by then; a needle's hits. */
#define STREAM_HEADER	0x01	/* in the header of a part */
#define STREAM_NESTED	0x02	/* of a message within the message */
#define STREAM_TEXT	0x04	/* in a text part */

/*
 * The row in hand is a piece.  1: it was the last one; the row, its meta and
 * the beginning of its header are those of the message.
 */
int	search_stream_row(struct search *);
void	search_stream_free(struct search *);

#endif
