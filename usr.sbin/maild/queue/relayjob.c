#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf.h"
#include "envelope.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "relayjob.h"
#include "trace.h"

/* Messages of one domain with relay, for each connection it may have. */
#define JOBS_PER_CONNECTION	50
#define TURN_BYTES		(32 * 1024 * 1024)	/* of bodies */
#define RELAY_BACKLOG		(256 * 1024)	/* bytes it has not taken */
#define RELAY_DEATHS		3	/* with it: then it rests a while */

struct domain;

struct job {
	TAILQ_ENTRY(job) entry;		/* in the domain's line */
	uint64_t	 id;		/* M_RELAY's; the message's if free */
	struct domain	*domain;
	struct envelope	*env;
	size_t		 waiting;	/* recipients not answered */
	uint8_t		 sent;
	uint8_t		 deaths;	/* of relay that had it */
	relayjob_body	 body;
	relayjob_cb	 cb;
	void		*arg;
};

TAILQ_HEAD(jobline, job);

struct domain {
	TAILQ_ENTRY(domain) entry;	/* in ready */
	struct jobline	 line;
	size_t		 nline;
	size_t		 busy;		/* with relay */
	uint8_t		 ready;		/* has a line and may send */
	char		 name[];
};

static struct hashtab	 jobs, domains;
static TAILQ_HEAD(, domain) ready = TAILQ_HEAD_INITIALIZER(ready);
static size_t		 window, out;	/* messages with relay: may, are */
static size_t		 domain_max = 200;

static const void *
job_key(const void *entry, size_t *len)
{
	const struct job	*j = entry;

	*len = sizeof(j->id);
	return &j->id;
}

static const void *
domain_key(const void *entry, size_t *len)
{
	const struct domain	*d = entry;

	*len = strlen(d->name);
	return d->name;
}

void
relayjob_init(void)
{
	hashtab_init(&jobs, job_key);
	hashtab_init(&domains, domain_key);
}

void
relayjob_conf(const struct conf *c)
{
	domain_max = (size_t)c->limits.relay_connections *
	    JOBS_PER_CONNECTION;
	if (domain_max == 0)
		domain_max = SIZE_MAX;
}

static struct domain *
domain_get(const char *name)
{
	struct domain	*d;
	size_t		 len = strlen(name);

	if ((d = hashtab_find(&domains, name, len)) != NULL)
		return d;
	if ((d = calloc(1, sizeof(*d) + len + 1)) == NULL)
		fatal("relayjob");
	memcpy(d->name, name, len);
	TAILQ_INIT(&d->line);
	if (hashtab_insert(&domains, d) == -1)
		fatal("relayjob");
	return d;
}

/* After each change of line or busy. */
static void
domain_settle(struct domain *d)
{
	int	 is = d->nline > 0 && d->busy < domain_max;

	if (is && !d->ready)
		TAILQ_INSERT_TAIL(&ready, d, entry);
	else if (!is && d->ready)
		TAILQ_REMOVE(&ready, d, entry);
	d->ready = is;
	if (d->nline == 0 && d->busy == 0) {
		hashtab_remove(&domains, d->name, strlen(d->name));
		free(d);
	}
}

size_t
relayjob_waiting(const char *domain)
{
	struct domain	*d;

	d = hashtab_find(&domains, domain, strlen(domain));
	return d == NULL ? 0 : d->nline;
}

static int
is_of(const struct destination *dst, const char *domain, uint8_t state)
{
	return dst->kind == DST_REMOTE && dst->state == state &&
	    strcasecmp(envelope_domain(dst->address), domain) == 0;
}

void
relayjob_start(struct envelope *env, const char *domain, relayjob_body body,
    relayjob_cb cb, void *arg)
{
	struct job	*j;
	size_t		 i;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("relayjob");
	j->env = env;
	j->body = body;
	j->cb = cb;
	j->arg = arg;
	j->domain = domain_get(domain);
	for (i = 0; i < env->ndsts; i++) {
		if (is_of(&env->dsts[i], domain, DSTATE_PENDING)) {
			env->dsts[i].state = DSTATE_BUSY;
			j->waiting++;
		}
	}
	j->id = env->id;
	if (hashtab_find(&jobs, &j->id, sizeof(j->id)) != NULL)
		j->id = proc_new_id();
	if (hashtab_insert(&jobs, j) == -1)
		fatal("relayjob");
	TAILQ_INSERT_TAIL(&j->domain->line, j, entry);
	j->domain->nline++;
	domain_settle(j->domain);
}

static int
send_rcpts(const struct job *j)
{
	struct msg_relay_rcpt	 m = { .id = j->id };
	const struct recipient	*r;
	size_t			 i;

	for (i = 0; i < j->env->ndsts; i++) {
		if (!is_of(&j->env->dsts[i], j->domain->name, DSTATE_BUSY))
			continue;
		r = &j->env->rcpts[j->env->dsts[i].rcpt];
		m.n = i;
		m.rcpt = j->env->dsts[i].address;
		m.notify = r->notify;
		m.orcpt = r->orcpt;
		if (proc_send(PROC_RELAY, 0, M_RELAY_RCPT, &m, -1) == -1)
			return -1;
	}
	return 0;
}

static int
send_job(struct job *j)
{
	struct msg_relay	 m = { .id = j->id };
	int			 fd;

	if ((fd = j->body(j->arg)) == -1)
		return -1;
	if (send_rcpts(j) == -1) {
		close(fd);
		return -1;
	}
	m.count = j->waiting;
	m.flags = j->env->flags;
	m.size = j->env->size;
	m.domain = j->domain->name;
	m.sender = j->env->sender;
	m.envid = j->env->envid;
	m.prefix.data = buf_ptr(&j->env->prefix);
	m.prefix.len = j->env->prefix.len;
	if (proc_send(PROC_RELAY, 0, M_RELAY, &m, fd) == -1)
		return -1;
	j->sent = 1;
	return 0;
}

static void
take_from_line(struct job *j)
{
	TAILQ_REMOVE(&j->domain->line, j, entry);
	j->domain->nline--;
}

static void
job_end(struct job *j)
{
	relayjob_cb	 cb = j->cb;
	void		*arg = j->arg;

	hashtab_remove(&jobs, &j->id, sizeof(j->id));
	domain_settle(j->domain);
	free(j);
	cb(arg);
}

/* What has no answer yet is tried another time. */
static void
postpone(struct job *j, const char *why)
{
	struct destination	*d;
	size_t			 i;

	for (i = 0; i < j->env->ndsts; i++) {
		d = &j->env->dsts[i];
		if (!is_of(d, j->domain->name, DSTATE_BUSY))
			continue;
		d->state = DSTATE_PENDING;
		if (envelope_set_reply(d, 451, "4.3.0", why, "") == -1)
			fatal("relayjob");
	}
	j->waiting = 0;
}

static void
job_fail(struct job *j)
{
	postpone(j, "message cannot be read just now");
	take_from_line(j);
	job_end(j);
}

static void
on_again(int fd, short what, void *arg)
{
}

/* There is more than a turn may do: have another one soon. */
static void
again(int ms)
{
	static struct event	 ev;
	struct timeval		 tv = { 0, ms * 1000 };

	if (!evtimer_initialized(&ev))
		evtimer_set(&ev, on_again, NULL);
	evtimer_add(&ev, &tv);
}

/* Has this turn done enough? */
static int
turn_is_full(uint64_t bytes)
{
	if (proc_backlog(PROC_RELAY, 0) > RELAY_BACKLOG)
		again(10);
	else if (bytes > TURN_BYTES)
		again(0);
	else
		return 0;
	return 1;
}

/* Round robin over the domains that have something to send. */
void
relayjob_turn(void)
{
	struct domain	*d;
	struct job	*j;
	uint64_t	 bytes = 0;

	while (out < window && proc_peer_up(PROC_RELAY, 0) &&
	    (d = TAILQ_FIRST(&ready)) != NULL) {
		j = TAILQ_FIRST(&d->line);
		if (j->waiting == 0) {	/* relay died, see there */
			take_from_line(j);
			job_end(j);
			continue;
		}
		if (turn_is_full(bytes))
			return;
		bytes += j->env->size;
		if (send_job(j) == -1) {
			if (!proc_peer_up(PROC_RELAY, 0))
				return;
			job_fail(j);
			continue;
		}
		take_from_line(j);
		d->busy++;
		out++;
		TAILQ_REMOVE(&ready, d, entry);
		d->ready = 0;
		domain_settle(d);
	}
}

void
relayjob_rcpt_result(const struct proc_from *from,
    const struct msg_relay_rcpt_r *m)
{
	static const uint8_t	 states[] = {
		[RELAY_OK] = DSTATE_DONE,
		[RELAY_TEMP] = DSTATE_PENDING,
		[RELAY_PERM] = DSTATE_FAILED
	};
	static const char	*const names[] = {
		[RELAY_OK] = "relayed",
		[RELAY_TEMP] = "deferred",
		[RELAY_PERM] = "refused"
	};
	struct destination	*d;
	struct job		*j;

	j = hashtab_find(&jobs, &m->id, sizeof(m->id));
	if (j == NULL || !j->sent || m->n >= j->env->ndsts ||
	    m->result > RELAY_PERM || !is_of(&j->env->dsts[m->n],
	    j->domain->name, DSTATE_BUSY)) {
		proc_bad(from, "RELAY_RCPT_R to what was not asked");
		return;
	}
	d = &j->env->dsts[m->n];
	d->state = states[m->result];
	if (envelope_set_reply(d, m->code, m->enhanced, m->text,
	    m->host) == -1)
		fatal("relayjob");
	/* A next hop that does DSN itself takes over NOTIFY=SUCCESS. */
	if (m->result == RELAY_OK && m->dsn)
		j->env->rcpts[d->rcpt].notify &= ~ENV_SUCCESS;
	trace_dst(j->env, d, names[m->result]);
	j->waiting--;
}

void
relayjob_done(const struct proc_from *from,
    const struct msg_relay_r *m)
{
	struct job	*j;

	j = hashtab_find(&jobs, &m->id, sizeof(m->id));
	if (j == NULL || !j->sent || j->waiting != 0) {
		proc_bad(from, "RELAY_R before its answers");
		return;
	}
	out--;
	j->domain->busy--;
	job_end(j);
}

void
relayjob_window(uint32_t messages)
{
	window = messages;
}

/*
 * What it had goes back to the front of the lines; nobody counts it a try, but
 * what was there again and again may be what it dies of.
 */
void
relayjob_relay_gone(void)
{
	struct job	*j;
	size_t		 iter = 0;

	out = window = 0;
	while ((j = hashtab_next(&jobs, &iter)) != NULL) {
		if (!j->sent)
			continue;
		j->sent = 0;
		if (++j->deaths >= RELAY_DEATHS)
			postpone(j, "relay failed");
		j->domain->busy--;
		j->domain->nline++;
		TAILQ_INSERT_HEAD(&j->domain->line, j, entry);
	}
	iter = 0;
	while ((j = hashtab_next(&jobs, &iter)) != NULL)
		domain_settle(j->domain);
}
