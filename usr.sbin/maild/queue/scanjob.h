/*
 * Messages at scan: which instance has which, and what to do when one of them
 * kills it.  A death makes suspects of all that the instance had; suspects go
 * one at a time to an instance that has nothing else, and who kills that one
 * too is set aside in corrupt/ and never tried again.
 */
#ifndef SCANJOB_H
#define SCANJOB_H

#include "proc.h"

struct scanjob;

/*
 * The answer; r NULL: set aside, refuse it for good.  fd (-1: none) has the
 * meta when it is not in r, and is the callback's.
 */
typedef void (*scanjob_cb)(void *arg, const struct msg_scan_r *r, int fd);

void		 scanjob_init(void);
/*
 * The strings of m and the descriptor must live until the callback, which may
 * not come before this returns.  NULL: ENOMEM.
 */
struct scanjob	*scanjob_start(const struct msg_scan *m, int fd, scanjob_cb,
		    void *arg);
/* Nobody waits for it any more. */
void		 scanjob_cancel(struct scanjob *);
void		 scanjob_answer(const struct proc_from *,
		    const struct msg_scan_r *, int fd);
void		 scanjob_gone(unsigned inst);
void		 scanjob_here(unsigned inst);
/* Now and then: one that does not answer is ended. */
void		 scanjob_tick(void);
size_t		 scanjob_count(void);

#endif
