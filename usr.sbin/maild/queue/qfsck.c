#include <sys/time.h>

#include <event.h>
#include <stdio.h>
#include <string.h>

#include "ctlrow.h"
#include "libutil/log.h"
#include "qfsck.h"
#include "turn.h"

#define SLICE		(1024 * 1024)	/* bytes at a time */
#define ROWS		10000		/* problems that are told */

static struct spool_check ck;
static struct proc_from	 asker;
static uint32_t		 cookie;
static int		 running;
static struct event	 next;

static void
on_problem(void *arg, const char *what, struct seglog_pos pos, uint64_t id)
{
	struct ctlrow	 row;
	char		 name[PROC_IDLEN] = "";

	if (id != 0)
		proc_print_id(id, name);
	if (ck.problems <= ROWS) {
		ctlrow_begin(&row);
		ctlrow_str(&row, "problem", what);
		ctlrow_str(&row, "id", name);
		ctlrow_num(&row, "segment", pos.seg);
		ctlrow_num(&row, "offset", pos.off);
		ctlrow_send(&asker, cookie, &row);
	}
	log_warnx("check: %s (id=%s segment %u at %u)", what, name, pos.seg,
	    pos.off);
}

static void
end(int ok)
{
	char	 text[MSG_TEXT];

	running = 0;
	if (!ok)
		snprintf(text, sizeof(text), "the queue could not be checked");
	else
		snprintf(text, sizeof(text), "queue: %llu records, %llu "
		    "messages: %llu problems", (unsigned long long)ck.records,
		    (unsigned long long)ck.entries,
		    (unsigned long long)ck.problems);
	log_info("check: %s", text);
	ctlrow_end(&asker, cookie, ok && ck.problems == 0, text);
}

/* A slice, then everybody else. */
static void
on_next(int fd, short what, void *arg)
{
	static const struct timeval	 soon = { 0, 5000 };
	int				 r = 1;

	if (!spool_in_turn(turn_spool()))
		r = spool_check_step(turn_spool(), &ck, SLICE);
	if (r == 1)
		evtimer_add(&next, &soon);
	else
		end(r == 0);
}

void
qfsck_init(void)
{
	evtimer_set(&next, on_next, NULL);
}

void
qfsck_begin(const struct proc_from *from, uint32_t new)
{
	if (running) {
		evtimer_del(&next);
		ctlrow_end(&asker, cookie, 0, "another check was begun");
	}
	memset(&ck, 0, sizeof(ck));
	ck.problem = on_problem;
	asker = *from;
	cookie = new;
	running = 1;
	on_next(-1, 0, NULL);
}
