/*
 * Who has which mailbox selected, and so wants to know of changes: told once
 * for each imap process.  And who is over his quota: queue is told.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

struct conf;

void	watch_init(void);
/* A session says M_ST_UNSELECT of all that it selected before it ends. */
void	watch_add(unsigned inst, uint64_t sid, uint64_t mbox, int readonly);
void	watch_remove(unsigned inst, uint64_t sid, uint64_t mbox);
void	watch_worker_gone(unsigned inst);
/* After a commit: what it changed. */
void	watch_tell(void);

/* A delivery did not fit, or has used the room up: the limits it had. */
void	watch_full(uint32_t account, uint64_t bytes, uint64_t messages);
/* queue is there anew: all of it again. */
void	watch_queue_here(void);
/* Once a second: the disk. */
void	watch_disk(void);
/* The limits of accounts may be other ones now. */
void	watch_limits(const struct conf *);

#endif
