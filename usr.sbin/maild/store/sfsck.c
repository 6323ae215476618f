#include <sys/time.h>

#include <event.h>
#include <stdio.h>
#include <string.h>

#include "ctlrow.h"
#include "engine.h"
#include "libutil/log.h"
#include "sfsck.h"

#define SLICE		(1024 * 1024)	/* bytes at a time */
#define ROWS		10000		/* problems that are told */
#define PROGRESS	250		/* ms between rows of progress */

static struct mstore_check ck;
static struct proc_from	 asker;
static uint32_t		 cookie;
static int		 running;
static uint64_t		 told;		/* when progress was told */
static struct event	 next;

static void
on_problem(void *arg, const struct mstore_problem *p)
{
	struct ctlrow	 row;

	if (ck.problems <= ROWS) {
		ctlrow_begin(&row);
		ctlrow_str(&row, "problem", p->what);
		ctlrow_str(&row, "account", p->account);
		ctlrow_str(&row, "mailbox", p->mailbox);
		ctlrow_num(&row, "uid", p->uid);
		ctlrow_num(&row, "segment", p->pos.seg);
		ctlrow_num(&row, "offset", p->pos.off);
		ctlrow_num(&row, "length", p->len);
		ctlrow_send(&asker, cookie, &row);
	}
	log_warnx("check: %s (%s %s uid %u, segment %u at %u)", p->what,
	    p->account, p->mailbox, p->uid, p->pos.seg, p->pos.off);
}

static void
progress(void)
{
	struct ctlrow	 row;
	uint64_t	 now = proc_now_ms();

	if (now - told < PROGRESS)
		return;
	told = now;
	ctlrow_begin(&row);
	ctlrow_num(&row, "done", (int64_t)ck.done);
	ctlrow_num(&row, "all", (int64_t)ck.all);
	ctlrow_send(&asker, cookie, &row);
}

static void
end(int ok)
{
	char	 text[MSG_TEXT];

	running = 0;
	if (!ok)
		snprintf(text, sizeof(text), "the check could not be made");
	else
		snprintf(text, sizeof(text), "%llu records, %llu messages in "
		    "%llu mailboxes: %llu problems",
		    (unsigned long long)ck.records,
		    (unsigned long long)ck.messages,
		    (unsigned long long)ck.mailboxes,
		    (unsigned long long)ck.problems);
	log_info("check: %s", text);
	ctlrow_end(&asker, cookie, ok && ck.problems == 0, text);
}

/* A slice, then everybody else. */
static void
on_next(int fd, short what, void *arg)
{
	static const struct timeval	 soon = { 0, 5000 };
	int		 r = 1;

	if (!mstore_in_turn(engine()))
		r = mstore_check(engine(), &ck, SLICE);
	if (r != 1) {
		end(r == 0);
		return;
	}
	progress();
	evtimer_add(&next, &soon);
}

void
sfsck_init(void)
{
	evtimer_set(&next, on_next, NULL);
}

void
sfsck_begin(const struct proc_from *from, uint32_t new)
{
	if (running)
		ctlrow_end(&asker, cookie, 0, "another check was begun");
	memset(&ck, 0, sizeof(ck));
	ck.problem = on_problem;
	asker = *from;
	cookie = new;
	running = 1;
	on_next(-1, 0, NULL);
}
