#include <sys/time.h>

#include <event.h>

#include "isession.h"
#include "proc.h"

static TAILQ_HEAD(, progress)	 all = TAILQ_HEAD_INITIALIZER(all);
static struct event		 tick;
static const struct timeval	 second = { 1, 0 };

static void
put_number(struct imap_out *o, uint64_t n, int known)
{
	imap_out_str(o, " ");
	if (known)
		imap_out_num(o, n);
	else
		imap_out_str(o, "NIL");
}

static void
tell(struct progress *p)
{
	struct isession	*s = p->session;
	struct imap_out	*o = isession_out(s);
	int		 known = p->goal != 0;

	imap_out_str(o, "* OK [INPROGRESS (");
	imap_out_quoted(o, s->cmd->tag);
	put_number(o, p->done < p->goal ? p->done : p->goal, known);
	put_number(o, p->goal, known);
	imap_out_str(o, ")] Still at work.\r\n");
	isession_out_done(s);
}

static void
on_tick(int fd, short what, void *arg)
{
	struct progress	*p, *next;
	uint64_t	 now = proc_now_ms();

	TAILQ_FOREACH_SAFE(p, &all, entry, next) {
		if (now < p->at || p->amid || p->session->cmd == NULL)
			continue;
		p->at = now + caller_conf()->limits.imap_progress * 1000;
		tell(p);
	}
	if (!TAILQ_EMPTY(&all))
		evtimer_add(&tick, &second);
}

void
progress_begin(struct isession *s, uint64_t goal)
{
	static int	 ready;
	struct progress	*p = &s->progress;

	p->goal = goal;
	if (p->session != NULL)
		return;
	p->session = s;
	p->done = 0;
	p->amid = 0;
	p->at = proc_now_ms() + caller_conf()->limits.imap_progress * 1000;
	if (!ready) {
		evtimer_set(&tick, on_tick, NULL);
		ready = 1;
	}
	if (TAILQ_EMPTY(&all))
		evtimer_add(&tick, &second);
	TAILQ_INSERT_TAIL(&all, p, entry);
}

void
progress_end(struct isession *s)
{
	struct progress	*p = &s->progress;

	if (p->session == NULL)
		return;
	p->session = NULL;
	TAILQ_REMOVE(&all, p, entry);
}
