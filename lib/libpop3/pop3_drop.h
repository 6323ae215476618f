/*
 * The maildrop as one session sees it: messages 1 to count, which are those of
 * the login whatever happens to the mailbox, their sizes once they are known,
 * and what has been marked.  What is not needed takes no memory.
 */
#ifndef POP3_DROP_H
#define POP3_DROP_H

#include <stdint.h>

#include "libutil/rseq.h"

struct pop3_drop {
	uint32_t	 count;
	uint32_t	 ndeleted;
	uint32_t	 nseen;
	uint64_t	 octets;	/* of all, where total_known */
	uint32_t	*sizes;		/* by number - 1, or NULL */
	uint8_t		*deleted;	/* bits, or NULL */
	uint8_t		*seen;
	uint8_t		 total_known;
};

void	 pop3_drop_init(struct pop3_drop *, uint32_t count);
void	 pop3_drop_free(struct pop3_drop *);
/* Is there a message of that number, not marked as deleted? */
int	 pop3_drop_has(const struct pop3_drop *, uint32_t n);
/* 0, or -1 with ENOMEM.  The message is there. */
int	 pop3_drop_delete(struct pop3_drop *, uint32_t n);
int	 pop3_drop_see(struct pop3_drop *, uint32_t n);
/* Take back what was deleted (RSET). */
void	 pop3_drop_reset(struct pop3_drop *);
/* The next number after n that is not deleted, or 0. */
uint32_t pop3_drop_next(const struct pop3_drop *, uint32_t n);

/* The sum of all sizes, when it is known before the sizes are. */
void	 pop3_drop_total(struct pop3_drop *, uint64_t octets);
/* Begin to take sizes; all are 0.  0, or -1 with ENOMEM. */
int	 pop3_drop_sizes(struct pop3_drop *);
void	 pop3_drop_size(struct pop3_drop *, uint32_t n, uint32_t octets);
/*
 * What STAT says: messages and octets that are not deleted.  0, or -1: the
 * sizes are needed first.
 */
int	 pop3_drop_stat(const struct pop3_drop *, uint32_t *count,
	    uint64_t *octets);

/* The numbers that are deleted; and those seen and not deleted.  0 or -1. */
int	 pop3_drop_deleted(const struct pop3_drop *, struct rseq *);
int	 pop3_drop_seen(const struct pop3_drop *, struct rseq *);

#endif
