/* SEARCH under way; for search*.c and sort.c. */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdint.h>

#include "isession.h"
#include "libimap/imap_search.h"
#include "libmail/brief.h"
#include "libmail/meta.h"
#include "libstore/mstore_page.h"
#include "pager.h"
#include "view.h"

struct search_text;
struct textsearch;

/* What a text key looks for; the key's `bound'. */
struct search_needle {
	struct textsearch *text;
	enum header_id	 id;		/* of HEADER's field */
	uint32_t	 hash;
	uint8_t		 hits;		/* search_stream.h */
};

/*
 * From the cheap columns to the dear: each pass over the messages that are not
 * decided yet has one column more.
 */
struct search {
	struct isession	*s;
	struct view	*v;
	struct imap_search *q;
	void		(*done)(struct search *, uint8_t code);
	struct rseq	 found;		/* sequence numbers */
	struct rseq	 left;		/* of this pass */
	struct rseq	 next;		/* not decided by it */
	uint32_t	 costs;		/* bits of enum imap_cost to come */
	enum imap_cost	 have;
	struct pager	 pager;
	/* modseqs: of all found, of the first and of the last */
	uint64_t	 modseq, modseq_min, modseq_max;
	uint32_t	 min, max;
	uint64_t	 decided;	/* messages, of */
	uint64_t	 total;
	uint64_t	 rows;		/* sort.c: those that were looked at */
	struct later	 later;
	size_t		 at;		/* run of left, by numbers alone */
	/* the message in hand */
	uint32_t	 seq;
	struct mstore_msg msg;
	struct imap_search_row row;
	char		 emailid[20], threadid[20];
	struct meta	 meta;
	struct brief_search brief;	/* only if has_brief */
	struct brief_fields fields;	/* only if has_fields */
	uint8_t		 has_brief, has_fields;
	struct span	 body;		/* from its first byte on */
	/* one that is larger than a page */
	struct search_stream *stream;
	struct meta_part *parts;
	uint32_t	 nparts;
	/* sort.c */
	void		*arg;
};

void		 search_init(void);
/*
 * Begin; done is called once, with ST_OK or why not, perhaps at once.  The
 * job of the session is set to it.
 */
void		 search_start(struct isession *, struct imap_search *,
		    void (*done)(struct search *, uint8_t));
void		 search_free(void *);
/*
 * The same of any view that is loaded, and of some of its numbers (NULL: all);
 * the session's job is left alone.  NULL: the charset is not known.  Begin it
 * with search_go.
 */
struct search	*search_new(struct view *, struct imap_search *,
		    void (*done)(struct search *, uint8_t), void *arg);
void		 search_go(struct search *, const struct rseq *seqs);
/* Of the answer, by what was asked (RFC 4731 3.2); 0: none. */
uint64_t	 search_modseq(const struct search *);
/* Into the view's "$", by what was asked (RFC 5182 2.1). */
void		 search_save(struct search *, const struct rseq *uids);
/* Is it one that is known? */
int		 search_charset(struct span);
/* "tag NO [BADCHARSET ...]" */
void		 search_bad_charset(struct isession *);
/* The same with arg in the search; fn frees both, and calls search_free. */
void		 search_start_with(struct isession *, struct imap_search *,
		    void (*done)(struct search *, uint8_t), void *arg,
		    void (*fn)(void *));

/* sort.c: what the keys need, and the row of the message in hand. */
struct imap_sort_row;
uint32_t	 sort_columns(const struct imap_command *);
void		 sort_row(struct search *, struct imap_sort_row *);

/* search_text.c: 0, or -1: the charset is not known. */
int		 search_text_bind(struct search *, struct span charset);
void		 search_text_unbind(struct imap_search *);
/* Its parts, in j->parts; how many. */
uint32_t	 search_parts(struct search *);
struct charset_ctx *search_charsets(void);
enum imap_tri	 search_text_leaf(struct search *,
		    const struct imap_search_key *);
/* The columns with the briefs that the keys want. */
uint32_t	 search_text_columns(const struct imap_search *);

#endif
