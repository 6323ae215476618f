/*
 * The queue's turn: what was done to the spool since the last one becomes
 * durable together, and then those who waited for it are told.
 */
#ifndef TURN_H
#define TURN_H

#include "libstore/spool.h"

typedef void (*turn_cb)(void *arg, int ok);

/* Open the spool in the working directory; fatal when it cannot be. */
void		 turn_open(uint64_t reserve_bytes, uint64_t reserve_inodes);
/* For reading. */
struct spool	*turn_spool(void);
/* For changing: the spool in its turn; NULL: not possible just now. */
struct spool	*turn_begin(void);
/*
 * After this turn is durable (ok 1) or lost (ok 0).  Callbacks may begin the
 * next turn.  Never called back before this returns.
 */
void		 turn_after(turn_cb, void *arg);
/* The proc_def's turn hook. */
void		 turn_commit(void);
void		 turn_close(void);

#endif
