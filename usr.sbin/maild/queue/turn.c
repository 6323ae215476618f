#include <sys/queue.h>

#include <stdlib.h>

#include "libutil/log.h"
#include "proc.h"
#include "turn.h"

struct after {
	STAILQ_ENTRY(after)	 entry;
	turn_cb			 cb;
	void			*arg;
};

STAILQ_HEAD(afterlist, after);

static struct spool	*spool;
static struct afterlist	 waiting = STAILQ_HEAD_INITIALIZER(waiting);
static int		 lost;		/* this turn cannot be committed */

static void
report(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	if (torn)
		log_info("spool: an unfinished turn in segment %u at %u "
		    "was cut off", from.seg, from.off);
	else
		log_warnx("spool: damage in segment %u from %u to %u: "
		    "stepped over", from.seg, from.off, to.off);
}

void
turn_open(uint64_t reserve_bytes, uint64_t reserve_inodes)
{
	struct spool_conf	 c = {
		.dir = ".",
		.reserve_bytes = reserve_bytes,
		.reserve_inodes = reserve_inodes,
		.report = report
	};
	const char		*why = "";

	if (spool_open(&spool, &c, &why) == -1)
		fatal("spool: %s", why);
	if (spool_rebuilt(spool))
		log_info("spool: the index was made anew");
}

struct spool *
turn_spool(void)
{
	return spool;
}

struct spool *
turn_begin(void)
{
	if (!spool_in_turn(spool) && !lost &&
	    spool_begin(spool, proc_time()) != SPOOL_OK)
		lost = 1;
	return lost ? NULL : spool;
}

void
turn_after(turn_cb cb, void *arg)
{
	struct after	*a;

	if ((a = malloc(sizeof(*a))) == NULL)
		fatal("turn");
	a->cb = cb;
	a->arg = arg;
	STAILQ_INSERT_TAIL(&waiting, a, entry);
}

static int
commit(void)
{
	if (!spool_in_turn(spool))
		return !lost;
	if (!lost && spool_commit(spool) == SPOOL_OK)
		return 1;
	if (spool_in_turn(spool))
		spool_abort(spool);
	log_warnx("spool: a turn was lost");
	return 0;
}

void
turn_commit(void)
{
	struct afterlist	 now;
	struct after		*a;
	int			 ok;

	/* Callbacks begin turns of their own; go on until all is quiet. */
	while (spool_in_turn(spool) || lost || !STAILQ_EMPTY(&waiting)) {
		ok = commit();
		lost = 0;
		if (spool_broken(spool))
			fatalx("spool: broken; starting again");
		STAILQ_INIT(&now);
		STAILQ_CONCAT(&now, &waiting);
		while ((a = STAILQ_FIRST(&now)) != NULL) {
			STAILQ_REMOVE_HEAD(&now, entry);
			a->cb(a->arg, ok);
			free(a);
		}
	}
}

void
turn_close(void)
{
	turn_commit();
	spool_close(spool);
}
