/*
 * Entries that are due but whose domain has a long enough line: their ids
 * wait here, in order, until the line is shorter.
 */
#ifndef PARKING_H
#define PARKING_H

#include <stdint.h>

void	parking_init(void);
/* 0, or -1: full; the entry must come again at another time. */
int	parking_put(const char *domain, uint64_t id);
/*
 * The next id of a domain whose line is at most `line' long; 0: none.  What has
 * become of the entry meanwhile is the caller's to find out.
 */
uint64_t parking_take(unsigned line);
/* All of it: the spool is looked at from the front again. */
void	parking_clear(void);

#endif
