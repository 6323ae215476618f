/*
 * Searches with RETURN (UPDATE) (RFC 5267): their answers are kept up to date
 * as the client is told of what happens in the mailbox.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "libutil/span.h"

struct imap_search;
struct imap_sorter;
struct isession;
struct rseq;
struct view;

/* Is there one of that tag? */
int	context_find(const struct view *, struct span tag);
/*
 * The session's command is to be kept up to date, and with it the command
 * itself lives on; or NOUPDATE is told.  uids: what was found.
 */
void	context_search(struct isession *, struct imap_search *,
	    const struct rseq *uids);
/* The same of SORT; takes the sorter, whose numbers are uids. */
void	context_sort(struct isession *, struct imap_search *,
	    struct imap_sorter *);
/* Those uids are new or have changed. */
void	context_touch(struct view *, const struct rseq *uids);
/* They are about to be told as expunged, by the numbers of now. */
void	context_gone(struct view *, const struct rseq *uids);
/* The news were told: tell what they change in the answers, then call. */
void	context_update(struct view *, void (*done)(struct isession *));
/* The mailbox is left. */
void	context_end(struct view *);

#endif
