/*
 * A worker in an enemy's hands, in the place of instance 1 of smtp, imap or
 * scan; the other instances are maild's own.  captive_defs.c puts it there,
 * captive.c drives it, captive_say.c makes what it says, captive_play.c is for
 * what takes more than one message.
 */
#ifndef CAPTIVE_H
#define CAPTIVE_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "proc.h"

/*
 * In the file $CAPTIVE_STATE, which outlives the captive; captive.py reads and
 * writes it too.
 */
struct captive_state {
	uint32_t	step;		/* of the plan: the next one */
	uint32_t	total;
	uint32_t	done;
	uint32_t	leaks;		/* bytes of the victim's were seen */
	uint32_t	gained;		/* something was granted */
	uint32_t	deadly;		/* sent what must end us */
	uint32_t	survived;	/* and it did not */
	uint32_t	starts;
	uint32_t	stride;		/* of the deadly ones, one in so many */
	uint32_t	granted;	/* our own account's grant is there */
	uint64_t	victim;		/* sid of a session of his */
	char		label[128];	/* what was sent last */
};

#define CAPTIVE_SID	0x1111ULL	/* with the grant of our account */
#define CAPTIVE_MARK	"VICTIMS-SECRET"

extern struct captive_state	*state;
extern enum proc_id		 captive_me;

/* captive.c */
extern struct proc_def		 captive_def;
/* Bytes as they are, well formed or not; a copy of the descriptor. */
void	 captive_raw(enum proc_id, unsigned inst, uint32_t type,
	    const void *, size_t, int fd);
void	 captive_label(const char *, ...)
	    __attribute__((__format__ (printf, 1, 2)));
/* Descriptors of all kinds, opened before the sandbox closed; never closed. */
int	 captive_fd(unsigned);
#define CAPTIVE_FDS	7

/* captive_say.c: every message to everybody with every field wrong */
unsigned captive_say_count(void);
/* 1: whoever got that must end us. */
int	 captive_say(unsigned n);
/* May it be left out when there is little time? */
int	 captive_say_deadly(unsigned n);

/* captive_play.c */
void	 captive_play(void);		/* begin; at each start */
void	 captive_play_tick(void);
void	 captive_heard(const struct proc_from *, uint32_t type,
	    const void *msg, int fd);

#endif
