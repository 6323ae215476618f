/* A line that says how far something is. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define BAR	30
#define PAUSE	0.2		/* seconds between two lines */

static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
progress_begin(struct progress *p)
{
	memset(p, 0, sizeof(*p));
	p->on = isatty(STDERR_FILENO);
	p->begun = now();
}

void
progress_show(struct progress *p, uint64_t done, uint64_t all, uint64_t n,
    const char *what)
{
	char	 bar[BAR + 1], left[32] = "";
	double	 t, part, rate;
	int	 full;

	if (!p->on || (t = now()) - p->last < PAUSE)
		return;
	p->last = t;
	t -= p->begun;
	rate = t > 0.5 ? (double)n / t : 0;
	part = all == 0 ? 0 : done >= all ? 1 : (double)done / (double)all;
	full = (int)(part * BAR);
	memset(bar, ' ', BAR);
	memset(bar, '=', (size_t)full);
	bar[BAR] = '\0';
	if (part > 0 && t > 2) {
		t = t / part - t;
		snprintf(left, sizeof(left), ", %d:%02d left", (int)t / 60,
		    (int)t % 60);
	}
	if (all == 0)
		fprintf(stderr, "\r%llu %s, %.0f/s\033[K",
		    (unsigned long long)n, what, rate);
	else
		fprintf(stderr, "\r[%s] %3d%%  %llu %s, %.0f/s%s\033[K", bar,
		    (int)(part * 100), (unsigned long long)n, what, rate,
		    left);
	p->shown = 1;
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->shown = 0;
}
