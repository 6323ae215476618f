#include <sys/time.h>

#include <event.h>

#include "later.h"

TAILQ_HEAD(laterlist, later);

static struct laterlist	 calls = TAILQ_HEAD_INITIALIZER(calls);
static struct laterlist	 now = TAILQ_HEAD_INITIALIZER(now);
static struct event	 ev;

static void
run(int fd, short what, void *arg)
{
	struct later	*l;

	/* Those that are added meanwhile wait for a turn of their own. */
	TAILQ_CONCAT(&now, &calls, entry);
	TAILQ_FOREACH(l, &now, entry)
		l->set = 2;
	while ((l = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, l, entry);
		l->set = 0;
		l->fn(l->arg);
	}
}

void
later_call(struct later *l, void (*fn)(void *), void *arg)
{
	static const struct timeval	 soon = { 0, 0 };
	static int			 ready;

	if (l->set)
		return;
	if (!ready) {
		evtimer_set(&ev, run, NULL);
		ready = 1;
	}
	/* A timer: an event made active would still be of this turn. */
	if (TAILQ_EMPTY(&calls))
		evtimer_add(&ev, &soon);
	l->set = 1;
	l->fn = fn;
	l->arg = arg;
	TAILQ_INSERT_TAIL(&calls, l, entry);
}

void
later_forget(struct later *l)
{
	if (l->set == 1)
		TAILQ_REMOVE(&calls, l, entry);
	else if (l->set == 2)
		TAILQ_REMOVE(&now, l, entry);
	l->set = 0;
}
