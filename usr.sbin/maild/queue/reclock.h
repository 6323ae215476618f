/*
 * The time of the next try is one of the wall clock, which may be set back:
 * then whatever waits would wait for so much longer.
 */
#ifndef RECLOCK_H
#define RECLOCK_H

/* Once a second: look at the clock, and mend the times of some entries. */
void	 reclock_tick(void);

#endif
