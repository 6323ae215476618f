/*
 * Failed logins by address: /32 of IPv4, /64 of IPv6.  Pure but for its memory,
 * which is bounded: the clock is given.
 */
#ifndef FAILURES_H
#define FAILURES_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/addr.h"

#define FAILURES_WINDOW	900	/* seconds that a failure counts */
#define FAILURES_MAX	20000	/* addresses */

void		failures_init(void);
/* One more; how many there are in the window now. */
unsigned	failures_add(const struct addr *, int64_t now);
unsigned	failures_count(const struct addr *, int64_t now);
size_t		failures_size(void);

#endif
