/* Sequence and uid sets of commands against what the client has been told. */
#ifndef SET_H
#define SET_H

#include "libimap/imap_seqset.h"
#include "libutil/rseq.h"

struct isession;
struct view;

/*
 * The messages that a set means, as sequence numbers; the view is loaded.  Uids
 * that are not there are left out.  0, or -1: a number is too high, and the
 * command has been answered with BAD.
 */
int	set_resolve(struct isession *, const struct imap_seqset *, int uid,
	    struct rseq *seqs);
/*
 * RFC 9738: of more messages than one command may look at the last ones stay,
 * and the reply will say so.
 */
void	set_limit(struct isession *, struct rseq *seqs);
/* "tag NO [MESSAGELIMIT ...]": it is all or nothing. */
void	set_refuse(struct isession *, const struct rseq *seqs,
	    uint32_t limit);
/* The same for a view, without an answer. */
int	set_numbers(const struct view *, const struct imap_seqset *, int uid,
	    struct rseq *seqs);
/* The highest uid that the client knows of, 0: none. */
uint32_t set_maxuid(const struct view *);

#endif
