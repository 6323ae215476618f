/*
 * Calls for the next turn: what was sent to other processes goes out at the
 * end of this one, and they work while we do.
 */
#ifndef LATER_H
#define LATER_H

#include <sys/queue.h>

struct later {
	TAILQ_ENTRY(later) entry;
	int		 set;
	void		(*fn)(void *);
	void		*arg;
};

/* Once, however often it is said before. */
void	later_call(struct later *, void (*)(void *), void *arg);
/* Not any more. */
void	later_forget(struct later *);

#endif
