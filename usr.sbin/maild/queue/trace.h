/*
 * What became of a message: one log line for each final state, and the same
 * for `mailctl trace' later.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

#include "envelope.h"

struct conf;

void	trace_conf(const struct conf *);
/* A message came in: from whom, by which way. */
void	trace_accepted(const struct envelope *, const char *how);
/* A destination's try or end: what is "stored", "relayed", "bounced", ... */
void	trace_dst(const struct envelope *, const struct destination *,
	    const char *what);
/* Anything else, such as what an administrator did. */
void	trace_event(const struct envelope *, const char *what);

#endif
