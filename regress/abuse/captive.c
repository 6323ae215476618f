/* The captive worker: its life, its channel, its descriptors. */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <event.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "captive.h"
#include "conf.h"
#include "libutil/log.h"
#include "proc_local.h"

#define TICK_US		500
#define DEATH_TICKS	4000	/* until we say that nobody has ended us */

struct captive_state	*state;
enum proc_id		 captive_me;

static struct event	 tick;
static unsigned		 waiting;	/* ticks, for our end */
static int		 fds[CAPTIVE_FDS];

void
captive_label(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(state->label, sizeof(state->label), fmt, ap);
	va_end(ap);
}

/* ---- descriptors -------------------------------------------------------- */

static int
memory(size_t size, int seals)
{
	static const char	 text[] = "no meta, no message, only this\r\n";
	int			 fd;

	fd = memfd_create("captive", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1 || write(fd, text, sizeof(text) - 1) == -1 ||
	    ftruncate(fd, (off_t)size) == -1 ||
	    (seals != 0 && fcntl(fd, F_ADD_SEALS, seals) == -1))
		fatal("memfd");
	return fd;
}

int
captive_fd(unsigned n)
{
	return fds[n % CAPTIVE_FDS];
}

static void
captive_init(void)
{
	const char	*path = getenv("CAPTIVE_STATE");
	int		 fd, p[2];

	if (path == NULL || (fd = open(path, O_RDWR)) == -1)
		fatal("CAPTIVE_STATE");
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (state == MAP_FAILED || pipe(p) == -1)
		fatal("mmap");
	close(fd);
	fds[0] = memory(100, 0);
	fds[1] = memory(100, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	fds[2] = memory((size_t)1 << 40, 0);
	fds[3] = p[0];
	fds[4] = open("/dev/null", O_RDWR);
	fds[5] = open("/", O_RDONLY | O_DIRECTORY);
	fds[6] = socket(AF_UNIX, SOCK_STREAM, 0);
}

/* ---- the channel -------------------------------------------------------- */

/* crypto has a socketpair of its own, on which nobody reads here. */
static struct imsgbuf *
channel(enum proc_id to, unsigned inst)
{
	static struct imsgbuf	 sync;
	static int		 ready;
	struct peer		*p;

	if (to == PROC_CRYPTO) {
		if (!ready && (fcntl(proc_sync_fd(), F_SETFL,
		    O_NONBLOCK) == -1 || imsgbuf_init(&sync,
		    proc_sync_fd()) == -1))
			fatal("sync");
		ready = 1;
		imsgbuf_allow_fdpass(&sync);
		return &sync;
	}
	return (p = proc_slot(to, inst)) == NULL ? NULL : &p->ibuf;
}

void
captive_raw(enum proc_id to, unsigned inst, uint32_t type, const void *data,
    size_t len, int fd)
{
	struct imsgbuf	*ib = channel(to, inst);
	struct ibuf	*b;

	if (ib == NULL || (b = imsg_create(ib, type, 0, 0, len)) == NULL)
		return;
	if (len > 0 && imsg_add(b, data, len) == -1)
		return;
	if (fd != -1)
		ibuf_fd_set(b, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	imsg_close(ib, b);
	(void)imsgbuf_write(ib);
}

/* ---- life --------------------------------------------------------------- */

/* Everybody whom we can speak to is there. */
static int
complete(void)
{
	unsigned	 id;

	for (id = PROC_CONTROL; id < PROC_MAX; id++)
		if (id != captive_me && id != PROC_CRYPTO &&
		    msg_wired(captive_me, id) && proc_slot(id, 0) == NULL)
			return 0;
	return captive_me == PROC_SCAN || proc_sync_fd() != -1;
}

/* The next of the plan that is not left out. */
static void
next_step(void)
{
	while (state->step < state->total) {
		unsigned	 n = state->step++;

		if (captive_say_deadly(n) && state->stride > 1 &&
		    n % state->stride != 0)
			continue;
		if (captive_say(n)) {
			state->deadly++;
			waiting = 1;
		}
		return;
	}
	state->done = 1;
}

static void
on_tick(int fd, short what, void *arg)
{
	static const struct timeval	 tv = { 0, TICK_US };

	evtimer_add(&tick, &tv);
	if (!complete())
		return;
	captive_play_tick();
	if (waiting > 0) {
		if (++waiting > DEATH_TICKS) {
			state->survived++;
			waiting = 0;
			log_warnx("captive: survived %s", state->label);
		}
		return;
	}
	if (!state->done && (captive_me != PROC_IMAP || state->granted))
		next_step();
}

static void
captive_use(struct conf *conf)
{
	static const struct timeval	 tv = { 0, TICK_US };

	if (evtimer_initialized(&tick))
		return;
	state->starts++;
	state->total = captive_say_count();
	state->granted = 0;
	evtimer_set(&tick, on_tick, NULL);
	evtimer_add(&tick, &tv);
	captive_play();
}

static int
captive_check(struct conf *conf, char *err, size_t errsize)
{
	return 0;
}

static void
captive_drop(struct conf *conf)
{
}

static void
captive_listen(const struct msg_conf_listen *m, int fd)
{
	close(fd);
}

/* Each type has a handler, for a handler is not told the type. */
#define HEAR(type)							\
static void								\
hear_##type(const struct proc_from *from, const void *msg, int fd)	\
{									\
	captive_heard(from, M_##type, msg, fd);				\
}

HEAR(CONNECT_R) HEAR(AUTH_CHALLENGE) HEAR(AUTH_R) HEAR(GRANTED)
HEAR(ENV_RCPT_R) HEAR(ENV_SPILL_R) HEAR(ENV_COMMIT_R) HEAR(APPEND_OPEN_R)
HEAR(APPEND_R) HEAR(SCAN) HEAR(PTR_R) HEAR(ST_LIST_R) HEAR(ST_STATUS_R)
HEAR(ST_SELECT_R) HEAR(ST_UIDS_R) HEAR(ST_SYNC_R) HEAR(ST_CHANGED)
HEAR(ST_FETCH_R) HEAR(ST_FLAGS_R) HEAR(ST_COPY_R) HEAR(ST_QUOTA_R)
HEAR(ST_PROPS_R) HEAR(ST_R) HEAR(TLS_SIGN_R)

#define ROW(type)	{ M_##type, hear_##type }

static const struct proc_dispatch captive_dispatch[] = {
	ROW(CONNECT_R), ROW(AUTH_CHALLENGE), ROW(AUTH_R), ROW(GRANTED),
	ROW(ENV_RCPT_R), ROW(ENV_SPILL_R), ROW(ENV_COMMIT_R),
	ROW(APPEND_OPEN_R), ROW(APPEND_R), ROW(SCAN), ROW(PTR_R),
	ROW(ST_LIST_R), ROW(ST_STATUS_R), ROW(ST_SELECT_R), ROW(ST_UIDS_R),
	ROW(ST_SYNC_R), ROW(ST_CHANGED), ROW(ST_FETCH_R), ROW(ST_FLAGS_R),
	ROW(ST_COPY_R), ROW(ST_QUOTA_R), ROW(ST_PROPS_R), ROW(ST_R),
	ROW(TLS_SIGN_R), { M_MAX, NULL }
};

/* Promises of more than any worker has: what it may do is not the question. */
struct proc_def captive_def = {
	.promises = "stdio recvfd sendfd inet unix rpath wpath cpath",
	.dispatch = captive_dispatch,
	.init = captive_init,
	.conf_check = captive_check,
	.conf_use = captive_use,
	.conf_drop = captive_drop,
	.conf_listen = captive_listen
};
