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
static struct joblist	 fresh, suspects;	/* waiting */
static unsigned		 load[SCAN_INSTANCES];
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

/* The instance that is up with the least to do, below max; -1: none. */
static int
pick(unsigned max)
{
	unsigned	 i;
	int		 best = -1;

	for (i = 0; i < instances(); i++) {
		if ((int)i == reserved || !proc_peer_up(PROC_SCAN, i) ||
		    load[i] >= max)
			continue;
		if (best == -1 || load[i] < load[best])
			best = i;
	}
	return best;
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
	load[inst]++;
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
	if (reserved != -1 && !examined && load[reserved] == 0 &&
	    proc_peer_up(PROC_SCAN, reserved) &&
	    (j = TAILQ_FIRST(&suspects)) != NULL &&
	    send_to(j, reserved) == 0) {
		TAILQ_REMOVE(&suspects, j, entry);
		examined = 1;
	}
	while ((j = TAILQ_FIRST(&fresh)) != NULL) {
		if ((inst = pick(SCAN_DEPTH)) == -1 || send_to(j, inst) == -1)
			return;
		TAILQ_REMOVE(&fresh, j, entry);
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
	TAILQ_INSERT_TAIL(&fresh, j, entry);
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
		TAILQ_REMOVE(j->deaths ? &suspects : &fresh, j, entry);
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
	load[from->inst]--;
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
	load[inst] = 0;
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

void
scanjob_here(unsigned inst)
{
	dispatch();
}
