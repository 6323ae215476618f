/*
 * Is there room behind a recipient?  Asked of the store before RCPT is
 * answered, since only it knows: what was appended, expunged or copied since,
 * and what a process that died had known, makes no difference so.
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdint.h>

#include "expand.h"
#include "msg.h"

enum room {
	ROOM_YES,
	ROOM_NO,
	ROOM_UNKNOWN		/* the store stays away */
};

typedef void (*room_cb)(void *arg, enum room);

void	room_init(void);
/* Has everybody behind it a quota, so that there is something to ask? */
int	room_needed(const struct expand_answer *);
/*
 * Does a message of that size (0: it was not announced) fit somewhere?  The
 * answer must live until the callback, which does not come from inside.
 */
void	room_ask(const struct expand_answer *, uint64_t size, room_cb,
	    void *arg);
void	room_answer(const struct msg_room_r *);
void	room_store_gone(void);
void	room_store_here(void);
/* Once a second: who has waited too long for the store is told. */
void	room_tick(void);

#endif
