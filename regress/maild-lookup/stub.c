/* What proc.c gives a process, for tests without one. */
#include <sys/time.h>

#include <event.h>
#include <time.h>

#include "proc.h"

struct event_base *
proc_base(void)
{
	static struct event_base	*base;

	if (base == NULL)
		base = event_init();
	return base;
}

uint64_t
proc_now_ms(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
