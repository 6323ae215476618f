#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "body.h"
#include "bounce.h"
#include "conf.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "parking.h"
#include "reclock.h"
#include "relayjob.h"
#include "schedule.h"
#include "trace.h"
#include "transit.h"
#include "turn.h"

#define ACTIVE_MAX	5000	/* entries that are held in memory */
#define DOMAIN_MAX	1000	/* of them in the line of one domain */
#define START_MAX	500	/* begun in one turn */
#define BODIES_MAX	(32 * 1024 * 1024)	/* bytes kept for their turn */
#define SETTLE_MSEC	50	/* a message that is through stays so long */
#define SETTLE_MAX	500	/* so many of them at the most */
#define BACKOFF_FIRST	120	/* seconds; doubles */
#define BACKOFF_MAX	(4 * 3600)

/* A message of the spool that is being tried. */
struct active {
	TAILQ_ENTRY(active) entry;	/* through, to be erased */
	uint64_t	 id;
	struct envelope	*env;		/* NULL: with transit */
	int		 fd;		/* body, -1: not read yet */
	unsigned	 jobs;		/* at relay or in line for it */
	uint8_t		 round;		/* what comes next: see round_next */
	uint8_t		 removed;	/* mailctl: when its jobs are back */
	uint8_t		 erased;	/* what was written last */
	uint8_t		 unsaved;	/* that is lost: write it again */
	uint8_t		 kept;		/* fd is in `bodies' */
	uint8_t		 waits;		/* too many: park it when it is saved */
};

enum { ROUND_LOCAL, ROUND_RELAY, ROUND_FAILED, ROUND_SUCCESS, ROUND_DELAYED,
    ROUND_END };

static struct hashtab	 actives;	/* by id */
static size_t		 nunsaved;
static uint64_t		 bodies;	/* bytes of new messages in memory */
static TAILQ_HEAD(, active) through = TAILQ_HEAD_INITIALIZER(through);
static size_t		 nthrough;
static struct event	 settle_timer;
static int		 settle_due;
static const struct conf *conf;
static struct {
	int64_t		 next;
	uint64_t	 id;
	uint8_t		 more;		/* there may be more that is due */
} cursor = { INT64_MIN, 0, 1 };

static void	round_next(struct active *);
static void	settle_now(int, short, void *);

static const void *
active_key(const void *entry, size_t *len)
{
	const struct active	*a = entry;

	*len = sizeof(a->id);
	return &a->id;
}

void
schedule_init(void)
{
	hashtab_init(&actives, active_key);
	evtimer_set(&settle_timer, settle_now, NULL);
	relayjob_init();
	parking_init();
}

void
schedule_conf(const struct conf *c)
{
	conf = c;
	relayjob_conf(c);
	bounce_conf(c);
}

int
schedule_is_active(uint64_t id)
{
	return hashtab_find(&actives, &id, sizeof(id)) != NULL;
}

int
schedule_remove_after(uint64_t id)
{
	struct active	*a;

	if ((a = hashtab_find(&actives, &id, sizeof(id))) == NULL)
		return 0;
	a->removed = 1;
	return 1;
}

size_t
schedule_count(void)
{
	return actives.count;
}

static struct active *
active_new(struct envelope *env, int fd)
{
	struct active	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("schedule");
	a->id = env->id;
	a->env = env;
	a->fd = fd;
	if (hashtab_insert(&actives, a) == -1)
		fatal("schedule");
	return a;
}

static void
drop_body(struct active *a)
{
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
	if (a->kept)
		bodies -= a->env->size;
	a->kept = 0;
}

static void
active_free(struct active *a)
{
	hashtab_remove(&actives, &a->id, sizeof(a->id));
	drop_body(a);
	envelope_free(a->env);
	free(a);
}

/* The body, out of the spool. */
static int
load_body(uint64_t id, uint64_t size)
{
	static uint8_t	 data[65536];
	uint64_t	 off;
	size_t		 n;
	int		 fd;

	if ((fd = body_open_again(size)) == -1) {
		log_warn("message");
		return -1;
	}
	for (off = 0; off < size; off += n) {
		n = size - off > sizeof(data) ? sizeof(data) : size - off;
		if (spool_read(turn_spool(), id, off, data, n) != SPOOL_OK ||
		    write(fd, data, n) != (ssize_t)n) {
			log_warnx("spool: a message cannot be read");
			close(fd);
			return -1;
		}
	}
	return fd;
}

/* A descriptor for somebody to keep; -1. */
static int
active_body(void *arg)
{
	struct active	*a = arg;

	if (a->fd == -1)
		a->fd = load_body(a->id, a->env->size);
	return a->fd == -1 ? -1 : dup(a->fd);
}

static int64_t
backoff(uint32_t tries)
{
	int64_t	 s = BACKOFF_FIRST;

	while (tries-- > 1 && s < BACKOFF_MAX)
		s *= 2;
	if (s > BACKOFF_MAX)
		s = BACKOFF_MAX;
	/* Spread them, so that what failed together does not come together. */
	return s - s / 8 + arc4random_uniform(s / 4 + 1);
}

/* ---- one round: mailboxes here, relay, reports, back into the spool ----- */

static void
on_local(struct transit *t, const struct transit_result *r, void *arg)
{
	struct active	*a = arg;

	a->env = transit_take_env(t);
	a->fd = transit_take_fd(t);
	round_next(a);
}

/* A mailbox here that had no room: 1 when a try was begun. */
static int
start_local(struct active *a)
{
	struct transit	*t;
	size_t		 i;
	int		 fd;

	for (i = 0; i < a->env->ndsts; i++) {
		if (a->env->dsts[i].kind != DST_REMOTE &&
		    a->env->dsts[i].state == DSTATE_PENDING)
			break;
	}
	if (i == a->env->ndsts || (fd = active_body(a)) == -1)
		return 0;
	drop_body(a);
	if ((t = transit_new(a->env, fd, a->env->size)) == NULL)
		fatal("schedule");
	a->env = NULL;
	t->scan = SCAN_LOCAL;
	t->spooled = t->dedupe = 1;
	transit_start(t, on_local, a);
	return 1;
}

static void
on_job(void *arg)
{
	struct active	*a = arg;

	if (--a->jobs == 0)
		round_next(a);
}

/* One job for each domain; the first of each domain starts it for all. */
static int
start_relay(struct active *a)
{
	struct destination	*d;
	char			 domain[MSG_DOMAIN + 1];
	size_t			 i;

	/* Nothing of it may end before all have begun. */
	for (i = 0; i < a->env->ndsts; i++) {
		d = &a->env->dsts[i];
		if (d->kind != DST_REMOTE || d->state != DSTATE_PENDING)
			continue;
		strlcpy(domain, envelope_domain(d->address), sizeof(domain));
		a->jobs++;
		relayjob_start(a->env, domain, active_body, on_job, a);
	}
	return a->jobs > 0;
}

/* Has it been here for so many lifetimes? */
static int
too_old(const struct envelope *e, unsigned lifetimes)
{
	return proc_time() - e->created >=
	    (int64_t)conf->queue_lifetime * lifetimes;
}

/* Too old: what is still pending has failed. */
static void
expire(struct envelope *e)
{
	struct destination	*d;
	size_t			 i;

	if (!too_old(e, 1))
		return;
	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		if (d->state != DSTATE_PENDING)
			continue;
		d->state = DSTATE_FAILED;
		/* What the other side last said stays as the reason. */
		if (d->code == 0 && envelope_set_reply(d, 451, "4.4.7",
		    "delivery time expired", "") == -1)
			fatal("schedule");
		trace_dst(e, d, "expired");
	}
}

/* Failed, and nobody is told. */
static void
mark_silent(struct envelope *e)
{
	size_t	 i;

	for (i = 0; i < e->ndsts; i++) {
		if (e->dsts[i].state == DSTATE_FAILED) {
			e->dsts[i].state = DSTATE_REPORTED;
			trace_dst(e, &e->dsts[i], "dropped");
		}
	}
}

static void
on_failed_report(void *arg, int ok)
{
	struct active	*a = arg;
	size_t		 i;

	for (i = 0; ok && i < a->env->ndsts; i++) {
		if (a->env->dsts[i].state == DSTATE_FAILED)
			a->env->dsts[i].state = DSTATE_REPORTED;
	}
	if (!ok && too_old(a->env, 2))
		mark_silent(a->env);
	else if (!ok) {
		/* Later; the spool still says FAILED. */
		a->round = ROUND_END;
	}
	round_next(a);
}

static void
on_success_report(void *arg, int ok)
{
	struct active	*a = arg;
	size_t		 i;

	for (i = 0; ok && i < a->env->ndsts; i++) {
		if (a->env->dsts[i].state == DSTATE_DONE)
			a->env->rcpts[a->env->dsts[i].rcpt].notify &=
			    ~ENV_SUCCESS;
	}
	round_next(a);
}

static void
on_delayed_report(void *arg, int ok)
{
	struct active	*a = arg;

	if (ok)
		a->env->warned = 1;
	round_next(a);
}

static int
start_report(struct active *a, enum bounce_kind kind, bounce_cb cb)
{
	int	 fd;

	if (kind == BOUNCE_DELAYED && (a->env->warned ||
	    conf->queue_warn == 0 ||
	    proc_time() - a->env->created < conf->queue_warn))
		return 0;
	if (!bounce_owed(a->env, kind)) {
		if (kind == BOUNCE_FAILED)
			mark_silent(a->env);
		return 0;
	}
	/* One that cannot be read is reported all the same, without itself. */
	fd = active_body(a);
	bounce_send(a->env, kind, fd, cb, a);
	return 1;
}

/* Its form for the spool; many long replies may have to go. */
static int
encode(struct envelope *e, struct buf *b)
{
	size_t	 i;

	if (envelope_encode(e, b) == 0)
		return 0;
	buf_truncate(b, 0);
	for (i = 0; i < e->ndsts; i++) {
		if (envelope_set_reply(&e->dsts[i], e->dsts[i].code,
		    e->dsts[i].enhanced, "", "") == -1)
			fatal("schedule");
	}
	return envelope_encode(e, b);
}

/* The spool gets to know how it stands.  -1: not now. */
static int
write_entry(struct active *a)
{
	struct spool	*spool;
	struct span	 env = SPAN_NONE;
	struct buf	 b;
	enum spool_code	 code;

	if ((spool = turn_begin()) == NULL)
		return -1;
	if (a->erased)
		code = spool_remove(spool, a->id);
	else {
		buf_init(&b, SPOOL_MAXENV);
		if (encode(a->env, &b) == 0)
			env = (struct span){ (char *)buf_ptr(&b), b.len };
		else
			log_warnx("an envelope is too large to be updated");
		code = spool_update(spool, a->id, env,
		    a->env->hold ? INT64_MAX : a->env->next);
		buf_free(&b);
	}
	return code == SPOOL_OK || code == SPOOL_NONE ? 0 : -1;
}

/* Not now: in line behind others of its domain, or (no room) in a minute. */
static void
park(const char *domain, uint64_t id)
{
	struct spool	*spool;

	if (parking_put(domain, id) == -1 && (spool = turn_begin()) != NULL)
		(void)spool_update(spool, id, SPAN_NONE, proc_time() + 60);
}

static void	on_saved(void *, int);

/*
 * What was done with it must not be done again: until the spool knows, the
 * entry stays here.
 */
static void
save(struct active *a)
{
	if (write_entry(a) == 0) {
		turn_after(on_saved, a);
		return;
	}
	log_warnx("spool: an entry cannot be updated; trying again");
	a->unsaved = 1;
	nunsaved++;
}

static void
on_saved(void *arg, int ok)
{
	struct active	*a = arg;

	if (!ok) {
		a->unsaved = 1;
		nunsaved++;
	} else if (a->removed && !a->erased) {
		a->erased = 1;	/* mailctl, since it was written */
		save(a);
	} else {
		if (a->waits && a->env->ndsts > 0)
			park(envelope_domain(a->env->dsts[0].address), a->id);
		active_free(a);
	}
}

static void
save_again(void)
{
	struct active	*a;
	size_t		 iter = 0;

	while (nunsaved > 0 && (a = hashtab_next(&actives, &iter)) != NULL) {
		if (!a->unsaved)
			continue;
		a->unsaved = 0;
		nunsaved--;
		save(a);
		if (a->unsaved)
			return;		/* nor will the others be */
	}
}

/* When to try again, but not later than when its time is over. */
static int64_t
next_try(const struct envelope *e)
{
	int64_t	 now = proc_time(), end, next;

	next = now + backoff(e->tries);
	end = e->created + (int64_t)conf->queue_lifetime;
	return end > now && end < next ? end : next;
}

/*
 * A message that is through leaves the spool with a flush that is needed for
 * another one's sake, or a moment later: until then a crash sends it again, as
 * one between the other side's answer and our flush always will.
 */
static void
settle_later(struct active *a)
{
	static const struct timeval	 tv = { 0, SETTLE_MSEC * 1000 };

	TAILQ_INSERT_TAIL(&through, a, entry);
	if (nthrough++ == 0)
		evtimer_add(&settle_timer, &tv);
}

static void
settle_now(int fd, short what, void *arg)
{
	settle_due = 1;		/* at the end of the turn */
}

void
schedule_settle(int all)
{
	struct active	*a;

	if (nthrough == 0 || (!all && !settle_due && nthrough < SETTLE_MAX &&
	    !spool_will_flush(turn_spool())))
		return;
	while ((a = TAILQ_FIRST(&through)) != NULL) {
		TAILQ_REMOVE(&through, a, entry);
		save(a);
	}
	nthrough = 0;
	settle_due = 0;
	evtimer_del(&settle_timer);
}

static void
round_end(struct active *a)
{
	drop_body(a);
	a->erased = a->removed || envelope_count(a->env, DSTATE_PENDING) +
	    envelope_count(a->env, DSTATE_FAILED) == 0;
	if (!a->erased) {
		a->env->tries++;
		a->env->next = next_try(a->env);
		save(a);
	} else
		settle_later(a);
}

/* Take up the round where it is; each step comes back here when it is done. */
static void
round_next(struct active *a)
{
	for (;;) {
		switch (a->round++) {
		case ROUND_LOCAL:
			if (start_local(a))
				return;
			break;
		case ROUND_RELAY:
			if (start_relay(a))
				return;
			break;
		case ROUND_FAILED:
			expire(a->env);
			if (start_report(a, BOUNCE_FAILED, on_failed_report))
				return;
			break;
		case ROUND_SUCCESS:
			if (start_report(a, BOUNCE_SUCCESS,
			    on_success_report))
				return;
			break;
		case ROUND_DELAYED:
			if (envelope_count(a->env, DSTATE_PENDING) > 0 &&
			    start_report(a, BOUNCE_DELAYED,
			    on_delayed_report))
				return;
			break;
		default:
			round_end(a);
			return;
		}
	}
}

/* ---- what is due -------------------------------------------------------- */

/* It is kept, out of the way: a person must look. */
static void
hold_corrupt(uint64_t id)
{
	struct spool	*spool;
	char		 name[PROC_IDLEN];

	log_warnx("id=%s spool entry is corrupt and held",
	    proc_print_id(id, name));
	if ((spool = turn_begin()) != NULL)
		(void)spool_update(spool, id, SPAN_NONE, INT64_MAX);
}

/* The domain whose line is too long, if all that is pending is for such. */
static const char *
crowded_domain(const struct envelope *e)
{
	const char	*domain = NULL;
	size_t		 i;

	for (i = 0; i < e->ndsts; i++) {
		if (e->dsts[i].state != DSTATE_PENDING)
			continue;
		if (e->dsts[i].kind != DST_REMOTE)
			return NULL;
		domain = envelope_domain(e->dsts[i].address);
		if (relayjob_waiting(domain) < DOMAIN_MAX)
			return NULL;
	}
	return domain;
}

static void
start_entry(uint64_t id)
{
	struct spool_entry	 entry;
	struct envelope		*e = NULL;
	struct buf		 b;
	const char		*domain;

	/* One that is still on its way in comes by schedule_fresh. */
	if (schedule_is_active(id) || transit_has(id))
		return;
	buf_init(&b, SPOOL_MAXENV);
	switch (spool_get(turn_spool(), id, &entry, &b)) {
	case SPOOL_OK:
		e = envelope_decode(buf_ptr(&b), b.len);
		break;
	case SPOOL_NONE:
		buf_free(&b);
		return;		/* removed while it was parked */
	case SPOOL_TEMPFAIL:
		buf_free(&b);
		park("", id);
		return;
	default:
		break;
	}
	buf_free(&b);
	if (e == NULL || e->id != id) {
		envelope_free(e);
		hold_corrupt(id);
		return;
	}
	domain = crowded_domain(e);
	if (entry.next > proc_time())
		envelope_free(e);
	else if (domain == NULL)
		round_next(active_new(e, -1));
	else {
		/* Its line is long enough; those behind it come forward. */
		park(domain, id);
		envelope_free(e);
	}
}

/*
 * Its mailboxes here have just been tried.  When much is going on the body
 * goes back to the spool, where it is anyway, and with too many the entry too:
 * but what was done of it must be known there first.
 */
void
schedule_fresh(struct envelope *env, int fd)
{
	struct active	*a;

	a = active_new(env, fd);
	if (bodies + env->size > BODIES_MAX)
		drop_body(a);
	else {
		a->kept = 1;
		bodies += env->size;
	}
	a->round = ROUND_RELAY;
	if (actives.count > ACTIVE_MAX) {
		a->waits = 1;
		drop_body(a);
		save(a);
	} else
		round_next(a);
}

/* Those that waited for their domain's line to become shorter. */
static void
start_parked(void)
{
	uint64_t	 id;
	unsigned	 n;

	for (n = 0; n < START_MAX && actives.count < ACTIVE_MAX; n++) {
		if ((id = parking_take(DOMAIN_MAX / 2)) == 0)
			break;
		start_entry(id);
	}
}

/*
 * Entries of this very second are left for the next: new ones may still come
 * before the cursor.
 */
static void
start_due(void)
{
	struct spool_entry	 entry;
	int64_t			 now = proc_time();
	unsigned		 n = 0;

	if (cursor.next > now) {
		schedule_restart();	/* the clock was set back */
	}
	while (cursor.more && actives.count < ACTIVE_MAX && n++ < START_MAX) {
		if (spool_next(turn_spool(), cursor.next, cursor.id,
		    &entry) != SPOOL_OK || entry.next >= now) {
			cursor.more = 0;
			break;
		}
		cursor.next = entry.next;
		cursor.id = entry.id;
		start_entry(entry.id);
	}
}

void
schedule_tick(void)
{
	if (nunsaved > 0)
		save_again();
	reclock_tick();
	cursor.more = 1;
	start_due();
}

void
schedule_turn(void)
{
	if (cursor.more && actives.count < ACTIVE_MAX / 2)
		start_due();
	start_parked();
	relayjob_turn();
	schedule_settle(0);
}

void
schedule_restart(void)
{
	parking_clear();
	cursor.next = INT64_MIN;
	cursor.id = 0;
	cursor.more = 1;
}
