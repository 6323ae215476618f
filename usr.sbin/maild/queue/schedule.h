/*
 * What is in the spool and when it is tried: relayed by destination domain,
 * delivered late to mailboxes here, reported to its sender at the end.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "envelope.h"
#include "proc.h"

struct conf;

void	schedule_init(void);
void	schedule_conf(const struct conf *);
/*
 * A message that just went into the spool, with its body (-1: read it from
 * there).  Takes both.
 */
void	schedule_fresh(struct envelope *, int fd);
/* Once a second: start what is due. */
void	schedule_tick(void);
/* Each turn: send on what there is room for. */
void	schedule_turn(void);
/* Erase what is through: when it costs no flush of its own, or all. */
void	schedule_settle(int all);
/* Is it being tried just now?  Then its spool entry is about to change. */
int	schedule_is_active(uint64_t id);
/* Drop it from the spool when its present try is over; 0: it is not tried. */
int	schedule_remove_after(uint64_t id);
size_t	schedule_count(void);
/* mailctl: times were changed, look at the spool from the front. */
void	schedule_restart(void);

#endif
