/*
 * Threads (RFC 5256 3): ORDEREDSUBJECT, REFERENCES, and REFS, which is
 * REFERENCES without the gathering by subject, the thread with the newest
 * arrival last.  Message ids and subjects come as hashes, 0 for none.
 */
#ifndef IMAP_THREAD_RUN_H
#define IMAP_THREAD_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "libimap/imap_sort.h"
#include "libimap/imap_write.h"

struct imap_thread_row {
	uint32_t	 num;		/* what is told */
	int64_t		 date;		/* sent (or arrival); REFS: arrival */
	uint64_t	 subject;	/* of the base subject */
	uint8_t		 reply;		/* it was a reply or forward */
	uint64_t	 msgid;
	const uint64_t	*refs;		/* oldest first */
	uint32_t	 nrefs;
};

struct imap_threads;

struct imap_threads *imap_threads_new(enum imap_thread_alg);
void	 imap_threads_free(struct imap_threads *);
/* In the order of the mailbox.  0, or -1 ENOMEM. */
int	 imap_threads_add(struct imap_threads *,
	    const struct imap_thread_row *);
/* After the last one.  0, or -1 ENOMEM. */
int	 imap_threads_end(struct imap_threads *);
/* "(1 2)(3)", nothing where there are none. */
void	 imap_threads_write(const struct imap_threads *, struct imap_out *);

#endif
