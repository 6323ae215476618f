#include <stdlib.h>

#include "libutil/log.h"
#include "proc.h"
#include "reclock.h"
#include "turn.h"

#define JUMP		60		/* seconds that are no drift */
#define SOON		30		/* when those that waited are tried */
#define FARTHEST	(5 * 3600)	/* more than any pause: schedule.c */
#define ENTRIES		500		/* in one turn */

/* Walks the entries in order of their time, from here on. */
static struct {
	int64_t		 next;
	uint64_t	 id;
	int		 on;
} walk;
static int64_t	 ahead;		/* of the clock that is never set */
static int	 known;

static void
begin(int64_t from)
{
	walk.next = from;
	walk.id = 0;
	walk.on = 1;
}

static void
look(int64_t now)
{
	int64_t	 a = now - (int64_t)(proc_now_ms() / 1000);

	/* It may have been set back while we were not here. */
	if (!known)
		begin(now + FARTHEST);
	else if (a < ahead - JUMP) {
		log_warnx("the clock was set back by %lld s: what waits is "
		    "tried soon", (long long)(ahead - a));
		begin(now + SOON);
	}
	known = 1;
	ahead = a;
}

void
reclock_tick(void)
{
	struct spool_entry	 e;
	struct spool		*spool;
	int64_t			 now = proc_time();
	int			 n;

	look(now);
	for (n = 0; walk.on && n < ENTRIES; n++) {
		/* Those that are held come last. */
		if (spool_next(turn_spool(), walk.next, walk.id, &e) !=
		    SPOOL_OK || e.next == INT64_MAX) {
			walk.on = 0;
			break;
		}
		if ((spool = turn_begin()) == NULL || spool_update(spool, e.id,
		    SPAN_NONE, now + arc4random_uniform(SOON)) != SPOOL_OK)
			break;
		walk.next = e.next;
		walk.id = e.id;
	}
}
