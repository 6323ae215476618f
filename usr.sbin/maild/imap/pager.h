/*
 * Messages of the selected mailbox from the store, page by page: while one
 * page is worked on the next one is on its way, and no more than these two are
 * ever held.
 */
#ifndef PAGER_H
#define PAGER_H

#include <stdint.h>

#include "libstore/mstore_page.h"
#include "later.h"
#include "libutil/rseq.h"
#include "request.h"

struct uidlist;
struct view;

enum pager_got {
	PAGER_ROW,
	PAGER_WAIT,		/* ready() will be called */
	PAGER_END		/* all rows were seen, or code says why not */
};

struct pager_page {
	struct rows	 rows;
	size_t		 off;
	uint8_t		 full;
};

struct pager {
	/* set by the caller */
	const struct rseq *seqs;	/* which; sequence numbers */
	uint32_t	 columns;	/* ST_FETCH_* */
	uint64_t	 offset;	/* of ST_FETCH_BODY; length not 0 */
	uint64_t	 length;
	uint32_t	 budget;
	/* A body that is cut by the page's end: all of it, in further rows;
	 * or on with the next message. */
	uint8_t		 pieces;
	void		(*ready)(void *);
	void		*arg;

	uint8_t		 code;		/* enum msg_st */
	uint64_t	 sid, mbox;
	struct uidlist	*snap;
	size_t		 hint;
	/* the next request */
	size_t		 run;
	size_t		 run_end;	/* of the last one */
	uint32_t	 first;		/* uids below were seen */
	uint32_t	 off;
	uint8_t		 asked, waits, ended;
	struct later	 later;
	struct pager_page now, ahead;
};

/* The rest of the struct is set; the view is loaded. */
void		pager_start(struct pager *, const struct view *);
/* Also when it was never started, if all is zero. */
void		pager_free(struct pager *);
/* The row points into the page, and lives until the next call. */
enum pager_got	pager_next(struct pager *, struct mstore_msg *,
		    uint32_t *seq);

#endif
