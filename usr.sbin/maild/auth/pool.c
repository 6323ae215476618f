/* A few threads that check passwords. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/time.h>

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/password.h"
#include "auth/pool.h"
#include "libutil/log.h"

struct pool_job {
	TAILQ_ENTRY(pool_job) entry;
	void		*arg;		/* of the main thread */
	char		*secret;
	char		*password;
	size_t		 len;
	int		 result;
};

TAILQ_HEAD(joblist, pool_job);

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t	 wake = PTHREAD_COND_INITIALIZER;
static struct joblist	 todo = TAILQ_HEAD_INITIALIZER(todo);
static struct joblist	 done = TAILQ_HEAD_INITIALIZER(done);
static int		 fds[2];	/* a byte says that done is not empty */
static struct event	 ev;
static pool_done	 callback;
static unsigned		 njobs;		/* of the main thread: not answered */

static void *
pool_thread(void *unused)
{
	struct pool_job	*job;
	int		 first;

	for (;;) {
		pthread_mutex_lock(&lock);
		while ((job = TAILQ_FIRST(&todo)) == NULL)
			pthread_cond_wait(&wake, &lock);
		TAILQ_REMOVE(&todo, job, entry);
		pthread_mutex_unlock(&lock);

		job->result = password_check(job->secret, job->password,
		    job->len);

		pthread_mutex_lock(&lock);
		first = TAILQ_EMPTY(&done);
		TAILQ_INSERT_TAIL(&done, job, entry);
		pthread_mutex_unlock(&lock);
		if (first)
			while (write(fds[1], "", 1) == -1 && errno == EINTR)
				;
	}
	return NULL;
}

static void
job_free(struct pool_job *job)
{
	freezero(job->password, job->len);
	if (job->secret != NULL)
		freezero(job->secret, strlen(job->secret));
	free(job);
}

static void
pool_answers(int fd, short what, void *arg)
{
	struct joblist	 got = TAILQ_HEAD_INITIALIZER(got);
	struct pool_job	*job;
	char		 junk[64];

	/* Read first: a byte that comes now may be for what we then take. */
	while (read(fd, junk, sizeof(junk)) > 0)
		;
	pthread_mutex_lock(&lock);
	TAILQ_CONCAT(&got, &done, entry);
	pthread_mutex_unlock(&lock);
	while ((job = TAILQ_FIRST(&got)) != NULL) {
		TAILQ_REMOVE(&got, job, entry);
		njobs--;
		if (job->arg != NULL)
			callback(job->arg, job->result);
		job_free(job);
	}
}

void
pool_start(pool_done cb)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	int		 i, error;

	callback = cb;
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1)
		fatal("pipe2");
	event_set(&ev, fds[0], EV_READ | EV_PERSIST, pool_answers, NULL);
	if (event_add(&ev, NULL) == -1)
		fatal("event_add");
	pthread_attr_init(&attr);
	/* yescrypt allocates its memory; the stacks need little. */
	pthread_attr_setstacksize(&attr, 256 * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < POOL_THREADS; i++)
		if ((error = pthread_create(&thread, &attr, pool_thread,
		    NULL)) != 0) {
			errno = error;
			fatal("pthread_create");
		}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
}

struct pool_job *
pool_check(const char *secret, const char *password, size_t len, void *arg)
{
	struct pool_job	*job;

	if (njobs >= POOL_WAITING || (job = calloc(1, sizeof(*job))) == NULL)
		return NULL;
	job->arg = arg;
	job->len = len;
	job->secret = strdup(secret);
	job->password = malloc(len == 0 ? 1 : len);
	if (job->secret == NULL || job->password == NULL) {
		job_free(job);
		return NULL;
	}
	memcpy(job->password, password, len);
	njobs++;
	pthread_mutex_lock(&lock);
	TAILQ_INSERT_TAIL(&todo, job, entry);
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	return job;
}

void
pool_forget(struct pool_job *job)
{
	job->arg = NULL;
}
