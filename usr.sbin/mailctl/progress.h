/* How far something is, for who watches a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

struct progress {
	int		 on;		/* standard error is a terminal */
	int		 shown;		/* a line is there */
	double		 begun;
	double		 last;
};

void	progress_begin(struct progress *);
/*
 * done of all (0: not known) and how many of what; written a few times a second
 * on a line that is written over.
 */
void	progress_show(struct progress *, uint64_t done, uint64_t all,
	    uint64_t n, const char *what);
/* Away with the line, before something else is written or at the end. */
void	progress_clear(struct progress *);

#endif
