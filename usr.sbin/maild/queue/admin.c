#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin.h"
#include "ctlrow.h"
#include "delivery.h"
#include "envelope.h"
#include "libutil/log.h"
#include "qfsck.h"
#include "schedule.h"
#include "scanjob.h"
#include "trace.h"
#include "transit.h"
#include "turn.h"

#define SWEEP_ENTRIES	200	/* of the spool, in a turn */
#define SWEEP_ROWS	1000	/* to mailctl, before it has read them */

typedef int (*entry_fn)(const struct proc_from *, const struct msg_ctl *,
    struct envelope *);

static const char *const state_names[] = {
	[DSTATE_PENDING] = "pending",
	[DSTATE_BUSY] = "busy",
	[DSTATE_DONE] = "done",
	[DSTATE_FAILED] = "failed",
	[DSTATE_REPORTED] = "bounced"
};

/* An address, or @domain, or <> for the null sender. */
static int
address_matches(const char *filter, const char *address)
{
	if (filter[0] == '\0')
		return 1;
	if (strcmp(filter, "<>") == 0)
		return address[0] == '\0';
	if (filter[0] == '@')
		return strcasecmp(filter + 1, envelope_domain(address)) == 0;
	return strcasecmp(filter, address) == 0;
}

static int
matches(const struct msg_ctl *m, const struct envelope *e)
{
	size_t	 i;

	if (!address_matches(m->sender, e->sender) ||
	    (m->older != 0 && proc_time() - e->created < m->older))
		return 0;
	if (m->rcpt[0] == '\0')
		return 1;
	for (i = 0; i < e->ndsts; i++) {
		if (address_matches(m->rcpt, e->dsts[i].address) ||
		    address_matches(m->rcpt,
		    e->rcpts[e->dsts[i].rcpt].address))
			return 1;
	}
	return 0;
}

static struct envelope *
load(uint64_t id)
{
	struct envelope		*e = NULL;
	struct spool_entry	 entry;
	struct buf		 b;

	buf_init(&b, SPOOL_MAXENV);
	if (spool_get(turn_spool(), id, &entry, &b) == SPOOL_OK)
		e = envelope_decode(buf_ptr(&b), b.len);
	buf_free(&b);
	return e;
}

static int
save(struct envelope *e)
{
	struct spool	*spool;
	struct buf	 b;
	int		 ok = 0;

	if ((spool = turn_begin()) == NULL)
		return 0;
	buf_init(&b, SPOOL_MAXENV);
	if (envelope_encode(e, &b) == 0 && spool_update(spool, e->id,
	    (struct span){ (char *)buf_ptr(&b), b.len },
	    e->hold ? INT64_MAX : e->next) == SPOOL_OK)
		ok = 1;
	buf_free(&b);
	return ok;
}

/* Then its entry in the spool is about to change. */
static int
under_way(const struct envelope *e)
{
	return schedule_is_active(e->id) || transit_has(e->id);
}

static int
show_entry(const struct proc_from *from, const struct msg_ctl *m,
    struct envelope *e)
{
	struct destination	*d;
	struct ctlrow		 row;
	char			 id[PROC_IDLEN];
	size_t			 i;

	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		if (m->verb == CTL_QUEUE_LIST && (d->state == DSTATE_DONE ||
		    d->state == DSTATE_REPORTED))
			continue;
		ctlrow_begin(&row);
		ctlrow_str(&row, "id", proc_print_id(e->id, id));
		ctlrow_num(&row, "created", e->created);
		ctlrow_num(&row, "size", e->size);
		ctlrow_str(&row, "sender", e->sender);
		ctlrow_str(&row, "recipient", d->address);
		ctlrow_str(&row, "state", e->hold ? "held" :
		    under_way(e) ? "active" :
		    state_names[d->state]);
		ctlrow_num(&row, "tries", e->tries);
		ctlrow_num(&row, "next", e->hold ? 0 : e->next);
		ctlrow_str(&row, "host", d->host);
		ctlrow_num(&row, "code", d->code);
		ctlrow_str(&row, "enhanced", d->enhanced);
		ctlrow_str(&row, "reason", d->text);
		ctlrow_send(from, m->cookie, &row);
	}
	return 1;
}

static int
retry_entry(const struct proc_from *from, const struct msg_ctl *m,
    struct envelope *e)
{
	if (under_way(e))
		return 1;
	e->next = proc_time();
	e->hold = 0;
	return save(e);
}

static int
hold_entry(const struct proc_from *from, const struct msg_ctl *m,
    struct envelope *e)
{
	if (under_way(e))
		return 0;
	e->hold = m->verb == CTL_QUEUE_HOLD;
	if (!e->hold)
		e->next = proc_time();
	trace_event(e, e->hold ? "held by administrator" :
	    "released by administrator");
	return save(e);
}

static int
remove_entry(const struct proc_from *from, const struct msg_ctl *m,
    struct envelope *e)
{
	struct spool	*spool;

	if (transit_has(e->id) && !schedule_is_active(e->id))
		return 0;
	trace_event(e, "result=removed by administrator");
	if (schedule_remove_after(e->id))
		return 1;
	return (spool = turn_begin()) != NULL &&
	    spool_remove(spool, e->id) == SPOOL_OK;
}

/* Failed from now on; the next round reports it to the sender. */
static int
bounce_entry(const struct proc_from *from, const struct msg_ctl *m,
    struct envelope *e)
{
	size_t	 i;

	if (under_way(e))
		return 0;
	for (i = 0; i < e->ndsts; i++) {
		if (e->dsts[i].state != DSTATE_PENDING)
			continue;
		e->dsts[i].state = DSTATE_FAILED;
		if (e->dsts[i].code < 400 && envelope_set_reply(&e->dsts[i],
		    550, "5.0.0", "returned by the administrator", "") == -1)
			fatal("admin");
	}
	e->hold = 0;
	e->next = proc_time();
	trace_event(e, "bounced by administrator");
	return save(e);
}

/*
 * Over the whole spool, a piece in each turn.  By id: what is done to an entry
 * may move it in the order of time.  What comes in meanwhile is not meant.
 */
struct sweep {
	LIST_ENTRY(sweep) entry;
	struct event	 ev;
	struct proc_from from;
	struct msg_ctl	 m;		/* strings are ours */
	entry_fn	 fn;
	uint64_t	 id;		/* the last one that was seen */
	uint64_t	 end;
	unsigned	 rows;		/* since control took some */
	unsigned	 n, failed, corrupt;
};

static LIST_HEAD(, sweep) sweeps = LIST_HEAD_INITIALIZER(sweeps);

static void
sweep_free(struct sweep *s)
{
	evtimer_del(&s->ev);
	LIST_REMOVE(s, entry);
	free((void *)(uintptr_t)s->m.sender);
	free((void *)(uintptr_t)s->m.rcpt);
	free(s);
}

static void
sweep_end(struct sweep *s)
{
	char	 text[96];

	schedule_restart();
	snprintf(text, sizeof(text), "%u message%s%s", s->n,
	    s->n == 1 ? "" : "s",
	    s->corrupt ? ", and some that are corrupt" : "");
	if (s->failed > 0)
		snprintf(text, sizeof(text),
		    "%u of %u are under way; try again", s->failed, s->n);
	ctlrow_end(&s->from, s->m.cookie, s->failed == 0, text);
	sweep_free(s);
}

static void
sweep_entry(struct sweep *s)
{
	struct envelope	*e;

	if ((e = load(s->id)) == NULL) {
		s->corrupt++;
		return;
	}
	if (matches(&s->m, e)) {
		s->n++;
		s->rows += e->ndsts;
		s->failed += !s->fn(&s->from, &s->m, e);
	}
	envelope_free(e);
}

static void
sweep_some(int fd, short what, void *arg)
{
	static const struct timeval	 now = { 0, 0 };
	struct msg_ctl_wait		 m;
	struct spool_entry		 entry;
	struct sweep			*s = arg;
	int				 i;

	for (i = 0; i < SWEEP_ENTRIES && s->rows < SWEEP_ROWS; i++) {
		if (spool_next_id(turn_spool(), s->id, &entry) != SPOOL_OK ||
		    entry.id >= s->end) {
			sweep_end(s);
			return;
		}
		s->id = entry.id;
		sweep_entry(s);
	}
	if (s->fn != show_entry || s->rows < SWEEP_ROWS) {
		s->rows = 0;
		evtimer_add(&s->ev, &now);
		return;
	}
	/* Whoever reads them sets the pace. */
	m.cookie = s->m.cookie;
	if (proc_send(s->from.proc, s->from.inst, M_CTL_WAIT, &m, -1) == -1)
		sweep_free(s);
}

void
admin_more(const struct msg_ctl_more *m)
{
	struct sweep	*s;

	LIST_FOREACH(s, &sweeps, entry)
		if (s->m.cookie == m->cookie)
			break;
	if (s == NULL || s->rows < SWEEP_ROWS)
		return;
	s->rows = 0;
	if (m->stop)
		sweep_free(s);
	else
		sweep_some(-1, 0, s);
}

void
admin_control_gone(void)
{
	struct sweep	*s;

	while ((s = LIST_FIRST(&sweeps)) != NULL)
		sweep_free(s);
}

static void
for_all(const struct proc_from *from, const struct msg_ctl *m, entry_fn fn)
{
	struct sweep	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->m.sender = strdup(m->sender)) == NULL ||
	    (s->m.rcpt = strdup(m->rcpt)) == NULL)
		fatal("admin");
	s->from = *from;
	s->m.cookie = m->cookie;
	s->m.verb = m->verb;
	s->m.older = m->older;
	s->m.arg = "";
	s->fn = fn;
	s->end = proc_new_id();
	evtimer_set(&s->ev, sweep_some, s);
	LIST_INSERT_HEAD(&sweeps, s, entry);
	sweep_some(-1, 0, s);
}

static void
for_one(const struct proc_from *from, const struct msg_ctl *m, entry_fn fn)
{
	struct envelope	*e;
	int		 ok;

	if ((e = load(m->id)) == NULL) {
		ctlrow_end(from, m->cookie, 0, "no such message in the queue");
		return;
	}
	ok = fn(from, m, e);
	envelope_free(e);
	schedule_restart();
	ctlrow_end(from, m->cookie, ok, ok ? "1 message" :
	    "it is under way; try again");
}

static void
trace_one(const struct proc_from *from, uint32_t cookie, uint64_t id)
{
	struct ctlrow	 row;
	struct buf	 b;
	char		 name[PROC_IDLEN];
	int64_t		 when;
	uint32_t	 n;

	buf_init(&b, 4096);
	for (n = 0; spool_trace_get(turn_spool(), id, n, &when,
	    &b) == SPOOL_OK; n++) {
		if (buf_addc(&b, '\0') == -1)
			break;
		ctlrow_begin(&row);
		ctlrow_str(&row, "id", proc_print_id(id, name));
		ctlrow_num(&row, "time", when);
		ctlrow_str(&row, "event", (char *)buf_ptr(&b));
		ctlrow_send(from, cookie, &row);
		buf_truncate(&b, 0);
	}
	buf_free(&b);
}

static void
trace(const struct proc_from *from, const struct msg_ctl *m)
{
	uint64_t	 id = 0;
	unsigned	 n = 0;

	if (m->id != 0)
		trace_one(from, m->cookie, m->id);
	while (m->id == 0 && n < 1000 && spool_trace_find(turn_spool(),
	    span_of(m->arg), id, &id) == SPOOL_OK) {
		trace_one(from, m->cookie, id);
		n++;
	}
	ctlrow_end(from, m->cookie, 1, "");
}

/* What is not counted as it happens. */
void
admin_stats(void)
{
	proc_count_set("queue_spool", spool_count(turn_spool()));
	proc_count_set("queue_active", schedule_count());
	proc_count_set("queue_in_transit", transit_count());
	proc_count_set("queue_at_scan", scanjob_count());
	proc_count_set("queue_at_store", delivery_count());
}

void
admin_ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	static const struct {
		uint8_t		 verb;
		entry_fn	 fn;
	} verbs[] = {
		{ CTL_QUEUE_LIST,	show_entry },
		{ CTL_QUEUE_SHOW,	show_entry },
		{ CTL_QUEUE_RETRY,	retry_entry },
		{ CTL_QUEUE_HOLD,	hold_entry },
		{ CTL_QUEUE_RELEASE,	hold_entry },
		{ CTL_QUEUE_REMOVE,	remove_entry },
		{ CTL_QUEUE_BOUNCE,	bounce_entry }
	};
	size_t	 i;

	/* Who asks is not shown what has left already. */
	schedule_settle(1);
	if (m->verb == CTL_TRACE) {
		trace(from, m);
		return;
	}
	if (m->verb == CTL_FSCK) {
		qfsck_begin(from, m->cookie);
		return;
	}
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verbs[i].verb != m->verb)
			continue;
		if (m->id != 0)
			for_one(from, m, verbs[i].fn);
		else
			for_all(from, m, verbs[i].fn);
		return;
	}
	ctlrow_end(from, m->cookie, 0, "the queue does not know that");
}
