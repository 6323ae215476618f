/* What was understood, as text, so that tests compare text. */
#ifndef DUMP_H
#define DUMP_H

#include "libimap/imap_parse.h"
#include "libutil/buf.h"

void	dump_span(struct buf *, struct span);
void	dump_seqset(struct buf *, const struct imap_seqset *);
void	dump_search(struct buf *, const struct imap_search *);
void	dump_command(struct buf *, const struct imap_command *);

/* Feeds a parser piece by piece and writes down its events but for MORE. */
struct feed {
	struct imap_parser	 parser;
	struct buf		 in;
	struct buf		 out;
	uint64_t		 data;	/* bytes streamed */
	int			 indata;
};

void	feed_init(struct feed *, const struct imap_limits *);
void	feed_free(struct feed *);
void	feed_add(struct feed *, const void *, size_t);
/* The transcript, NUL-terminated, of input cut after `cut' bytes. */
char	*feed_cut(const struct imap_limits *, const void *, size_t,
	    size_t cut);
/* The same in pieces of n bytes. */
char	*feed_pieces(const struct imap_limits *, const void *, size_t,
	    size_t n);

#endif
