/* Messages that cannot be handled are kept for a person to look at. */
#ifndef CORRUPT_H
#define CORRUPT_H

#include <stdint.h>

/*
 * Write the descriptor's bytes to corrupt/ID in the spool, after a line that
 * says why, and log it.  Failure is logged and otherwise of no consequence.
 */
void	corrupt_keep(uint64_t id, const char *sender, int fd, const char *why);

#endif
