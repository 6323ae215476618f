#include <sys/queue.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corrupt.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "scanjob.h"

#define SCAN_INSTANCES	64
#define SCAN_DEPTH	64	/* jobs that one instance has in its hands */
#define SCAN_BYTES	(512 * 1024)	/* and bytes, when it has one */
#define SCAN_LARGE	(128 * 1024)	/* a message that others wait for */
#define SCAN_SILENCE	60000	/* ms without an answer: it is lost */

/* What an instance has in its hands. */
struct hands {
	unsigned	 jobs;
	unsigned	 large;
	uint64_t	 bytes;
	uint64_t	 since;		/* ms: last answer, or first job */
};

struct scanjob {
	TAILQ_ENTRY(scanjob) entry;
	uint64_t	 cookie;	/* of this job, not of the message */
	struct msg_scan	 msg;
	int		 fd;
	uint8_t		 deaths;
	int		 inst;		/* -1: waiting */
	scanjob_cb	 cb;
	void		*arg;
};

TAILQ_HEAD(joblist, scanjob);

static struct hashtab	 jobs;			/* by cookie */
static struct joblist	 fresh, large, suspects; /* waiting */
static struct hands	 hands[SCAN_INSTANCES];
static int		 reserved = -1;		/* for the suspect, alone */
static int		 examined;		/* and has it */

static void	dispatch(void);

static const void *
job_key(const void *entry, size_t *len)
{
	const struct scanjob	*j = entry;

	*len = sizeof(j->cookie);
	return &j->cookie;
}

void
scanjob_init(void)
{
	hashtab_init(&jobs, job_key);
	TAILQ_INIT(&fresh);
	TAILQ_INIT(&large);
	TAILQ_INIT(&suspects);
}

size_t
scanjob_count(void)
{
	return jobs.count;
}

static unsigned
instances(void)
{
	unsigned	 n = proc_count(PROC_SCAN);

	return n > SCAN_INSTANCES ? SCAN_INSTANCES : n;
}

static int
is_large(const struct scanjob *j)
{
	return j->msg.size >= SCAN_LARGE;
}

static int
usable(unsigned i)
{
	return (int)i != reserved && proc_peer_up(PROC_SCAN, i);
}

static int
better(const struct hands *a, const struct hands *b)
{
	if (a->large != b->large)
		return a->large < b->large;
	return a->jobs < b->jobs;
}

/*
 * The instance that is up with the least to do, and less than max jobs; -1:
 * none.
 */
static int
pick(unsigned max)
{
	unsigned	 i;
	int		 best = -1;

	for (i = 0; i < instances(); i++) {
		if (!usable(i) || hands[i].jobs >= max ||
		    (max != UINT_MAX && hands[i].bytes >= SCAN_BYTES))
			continue;
		if (best == -1 || better(&hands[i], &hands[best]))
			best = i;
	}
	return best;
}

/*
 * Who may take a large message: it has none, and somebody is left who has
 * none either, if there are several.  So a flood of them keeps the small ones
 * of others waiting for one of them at the most.
 */
static int
pick_large(void)
{
	unsigned	 i, up = 0, with = 0;
	int		 best = -1;

	for (i = 0; i < instances(); i++) {
		if (!usable(i))
			continue;
		up++;
		if (hands[i].large > 0)
			with++;
		else if (best == -1 || better(&hands[i], &hands[best]))
			best = i;
	}
	return up > 1 && with + 1 >= up ? -1 : best;
}

static int
send_to(struct scanjob *j, int inst)
{
	struct msg_scan	 m = j->msg;
	int		 fd;

	m.cookie = j->cookie;
	if ((fd = fcntl(j->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		log_warn("scan: dup");
		return -1;
	}
	if (proc_send(PROC_SCAN, inst, M_SCAN, &m, fd) == -1)
		return -1;
	j->inst = inst;
	if (hands[inst].jobs++ == 0)
		hands[inst].since = proc_now_ms();
	hands[inst].large += is_large(j);
	hands[inst].bytes += j->msg.size;
	return 0;
}

/*
 * An instance gets nothing new while a suspect waits for it, so that it comes
 * to have nothing else, however much there is to do.
 */
static void
dispatch(void)
{
	struct scanjob	*j;
	int		 inst;

	if (reserved != -1 && !examined && TAILQ_EMPTY(&suspects))
		reserved = -1;
	if (reserved == -1 && !TAILQ_EMPTY(&suspects))
		reserved = pick(UINT_MAX);
	if (reserved != -1 && !examined && hands[reserved].jobs == 0 &&
	    proc_peer_up(PROC_SCAN, reserved) &&
	    (j = TAILQ_FIRST(&suspects)) != NULL &&
	    send_to(j, reserved) == 0) {
		TAILQ_REMOVE(&suspects, j, entry);
		examined = 1;
	}
	while ((j = TAILQ_FIRST(&fresh)) != NULL) {
		if ((inst = pick(SCAN_DEPTH)) == -1 || send_to(j, inst) == -1)
			break;
		TAILQ_REMOVE(&fresh, j, entry);
	}
	while ((j = TAILQ_FIRST(&large)) != NULL) {
		if ((inst = pick_large()) == -1 || send_to(j, inst) == -1)
			break;
		TAILQ_REMOVE(&large, j, entry);
	}
}

struct scanjob *
scanjob_start(const struct msg_scan *m, int fd, scanjob_cb cb, void *arg)
{
	struct scanjob	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->cookie = proc_new_id();
	j->msg = *m;
	j->fd = fd;
	j->cb = cb;
	j->arg = arg;
	j->inst = -1;
	if (hashtab_insert(&jobs, j) == -1) {
		free(j);
		return NULL;
	}
	TAILQ_INSERT_TAIL(is_large(j) ? &large : &fresh, j, entry);
	dispatch();
	return j;
}

static void
job_free(struct scanjob *j)
{
	hashtab_remove(&jobs, &j->cookie, sizeof(j->cookie));
	free(j);
}

void
scanjob_cancel(struct scanjob *j)
{
	/*
	 * One that scan has stays, for its answer must still find the
	 * instance's load; but nothing of the owner's is used any more.
	 */
	j->cb = NULL;
	if (j->inst == -1) {
		TAILQ_REMOVE(j->deaths ? &suspects : is_large(j) ? &large :
		    &fresh, j, entry);
		job_free(j);
	}
}

void
scanjob_answer(const struct proc_from *from, const struct msg_scan_r *r,
    int fd)
{
	struct scanjob	*j;
	scanjob_cb	 cb;
	void		*arg;

	j = hashtab_find(&jobs, &r->cookie, sizeof(r->cookie));
	if (j == NULL || j->inst != (int)from->inst) {
		if (fd != -1)
			close(fd);
		proc_bad(from, "SCAN_R to what was not asked");
		return;
	}
	hands[from->inst].jobs--;
	hands[from->inst].large -= is_large(j);
	hands[from->inst].bytes -= j->msg.size;
	hands[from->inst].since = proc_now_ms();
	if (reserved == (int)from->inst && examined) {
		reserved = -1;
		examined = 0;
	}
	cb = j->cb;
	arg = j->arg;
	job_free(j);
	if (cb != NULL)
		cb(arg, r, fd);
	else if (fd != -1)
		close(fd);
	dispatch();
}

/*
 * It killed scan twice, the second time alone: keep it for whoever mends scan.
 */
static void
set_aside(struct scanjob *j)
{
	scanjob_cb	 cb = j->cb;
	void		*arg = j->arg;

	corrupt_keep(j->msg.id, j->msg.sender, j->fd, "kills scan");
	job_free(j);
	cb(arg, NULL, -1);
}

void
scanjob_gone(unsigned inst)
{
	struct joblist	 killers = TAILQ_HEAD_INITIALIZER(killers);
	struct scanjob	*j;
	size_t		 iter = 0;

	if (inst >= SCAN_INSTANCES)
		return;
	if (reserved == (int)inst) {
		reserved = -1;
		examined = 0;
	}
	memset(&hands[inst], 0, sizeof(hands[inst]));
	while ((j = hashtab_next(&jobs, &iter)) != NULL) {
		if (j->inst != (int)inst)
			continue;
		j->inst = -1;
		if (j->cb == NULL)
			job_free(j);
		else if (++j->deaths == 1)
			TAILQ_INSERT_TAIL(&suspects, j, entry);
		else
			TAILQ_INSERT_TAIL(&killers, j, entry);
	}
	while ((j = TAILQ_FIRST(&killers)) != NULL) {
		TAILQ_REMOVE(&killers, j, entry);
		set_aside(j);
	}
	dispatch();
}

/* One that says nothing keeps whoever waits for it waiting for ever. */
void
scanjob_tick(void)
{
	struct proc_from	 from = { .proc = PROC_SCAN };
	static uint64_t		 last;
	uint64_t		 now = proc_now_ms();
	unsigned		 i;

	/* It may be we who did not listen. */
	if (last != 0 && now - last > SCAN_SILENCE / 4)
		for (i = 0; i < SCAN_INSTANCES; i++)
			hands[i].since = now;
	last = now;
	for (from.inst = 0; from.inst < instances(); from.inst++) {
		if (hands[from.inst].jobs > 0 &&
		    now - hands[from.inst].since > SCAN_SILENCE &&
		    proc_peer_up(PROC_SCAN, from.inst))
			proc_bad(&from, "no answer for %d s",
			    SCAN_SILENCE / 1000);
	}
}

void
scanjob_here(unsigned inst)
{
	dispatch();
}
