/*
 * INPROGRESS (RFC 9585): a client that waits long hears now and then how far
 * its command has come.  All zero is nothing to tell.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <sys/queue.h>

#include <stdint.h>

struct isession;

struct progress {
	TAILQ_ENTRY(progress) entry;
	struct isession	*session;
	uint64_t	 at;		/* ms: when to tell next */
	uint64_t	 done, goal;	/* goal 0: not known */
	uint8_t		 amid;		/* a response is half written */
};

/* The session's command begins what may take long; again: another goal. */
void	progress_begin(struct isession *, uint64_t goal);
void	progress_end(struct isession *);

#endif
