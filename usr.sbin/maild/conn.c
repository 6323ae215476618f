/* Connections: life, events, time limits.  conn_io.c moves the bytes. */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conn_local.h"

#define CONN_OUTMAX	(4 * 1024 * 1024)
#define CONN_CLOSE_TIME	30	/* seconds to get rid of the last output */
#define CONN_SHARE_MIN	4
#define WHEEL_SLOTS	256	/* one a second */

static void	conn_event(int, short, void *);
static void	conn_again_event(int, short, void *);
static void	conn_wheel_event(int, short, void *);
static void	conn_wheel_set(struct conn *);
static void	conn_connected(struct conn *);

static TAILQ_HEAD(, conn) dirty_list = TAILQ_HEAD_INITIALIZER(dirty_list);
static TAILQ_HEAD(, conn) again_list = TAILQ_HEAD_INITIALIZER(again_list);
static LIST_HEAD(, conn) wheel[WHEEL_SLOTS];
static struct event	 again_ev, wheel_ev;
static uint32_t		 wheel_time;	/* slots before this were visited */
static size_t		 wheel_count;
static size_t		 nconns, nagain;
static size_t		 nlast;		/* that had their turn together */
static int		 started;

/* Seconds of a clock that never jumps; starts well above zero. */
uint32_t
conn_now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint32_t)ts.tv_sec + 1;
}

static struct conn *
conn_make(int fd, size_t inmax, conn_cb cb, void *arg)
{
	struct conn	*c;

	if (!started) {
		evtimer_set(&again_ev, conn_again_event, NULL);
		evtimer_set(&wheel_ev, conn_wheel_event, NULL);
		started = 1;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->fd = fd;
	c->cb = cb;
	c->arg = arg;
	c->rwant = EV_READ;
	buf_init(&c->in, inmax);
	buf_init(&c->out, CONN_OUTMAX);
	c->active = conn_now();
	nconns++;
	return c;
}

struct conn *
conn_new(int fd, size_t inmax, conn_cb cb, void *arg)
{
	struct conn	*c;
	int		 on = 1;

	if ((c = conn_make(fd, inmax, cb, arg)) == NULL) {
		close(fd);
		return NULL;
	}
	c->state = CONN_S_OPEN;
	/* We gather output ourselves; a local socket says no, and no matter. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	conn_arm(c);
	return c;
}

struct conn *
conn_connect(const struct addr *to, const struct addr *local, unsigned seconds,
    size_t inmax, conn_cb cb, void *arg)
{
	struct sockaddr_storage	 ss;
	struct conn		*c;
	socklen_t		 slen;
	int			 fd, on = 1, save;

	slen = addr_to_sockaddr(to, &ss);
	if ((fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0)) == -1)
		return NULL;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (local != NULL) {
		struct sockaddr_storage	 from;
		socklen_t		 flen = addr_to_sockaddr(local, &from);

		if (bind(fd, (struct sockaddr *)&from, flen) == -1)
			goto fail;
	}
	if (connect(fd, (struct sockaddr *)&ss, slen) == -1 &&
	    errno != EINPROGRESS)
		goto fail;
	if ((c = conn_make(fd, inmax, cb, arg)) == NULL)
		goto fail;
	c->state = CONN_S_CONNECT;
	conn_timeout(c, seconds);
	conn_arm(c);
	return c;
fail:
	save = errno;
	close(fd);
	errno = save;
	return NULL;
}

/* Everything but the struct, which a callback further up may still hold. */
static void
conn_release(struct conn *c)
{
	if (c->fd == -1)
		return;
	if (c->mask != 0)
		event_del(&c->ev);
	if (c->dirty)
		TAILQ_REMOVE(&dirty_list, c, dirty_entry);
	if (c->again != 0) {
		TAILQ_REMOVE(&again_list, c, again_entry);
		nagain--;
	}
	if (c->due != 0) {
		LIST_REMOVE(c, wheel_entry);
		wheel_count--;
	}
	c->mask = c->dirty = c->again = 0;
	c->due = 0;
	conn_zip_free(c);
	conn_tls_free(c);
	close(c->fd);
	c->fd = -1;
	buf_free(&c->in);
	buf_free(&c->out);
	c->borrow = NULL;
	c->borrowlen = 0;
	c->state = CONN_S_FAILED;
	nconns--;
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	conn_release(c);
	c->cb = NULL;
	c->freed = 1;
	if (c->busy == 0) {
		free(c->error);
		free(c);
	}
}

/* For our own files, which hold no reference of the user's. */
void
conn_destroy(struct conn *c)
{
	conn_free(c);
}

void
conn_close(struct conn *c)
{
	if (c == NULL || c->closing)
		return;
	c->cb = NULL;
	if (c->state != CONN_S_OPEN) {
		conn_free(c);
		return;
	}
	c->closing = 1;
	c->borrow = NULL;
	c->borrowlen = 0;
	buf_free(&c->in);
	c->timeout = 0;
	conn_deadline(c, CONN_CLOSE_TIME);
	conn_mark_dirty(c);
}

void
conn_quit(struct conn *c)
{
	/* What he sent all the same would turn our close into a reset. */
	if (c != NULL && c->in.len == 0 && c->borrowlen == 0)
		c->quit = 1;
	conn_close(c);
}

/* Tell the user.  0: the connection is gone. */
static int
conn_call(struct conn *c, enum conn_event what)
{
	int	 ret;

	if (c->cb == NULL)
		return !c->freed;
	c->busy++;
	c->cb(c, what, c->arg);
	c->busy--;
	ret = !c->freed;
	if (c->freed && c->busy == 0) {
		free(c->error);
		free(c);
	}
	return ret;
}

/*
 * Let the user see the input, wherever it lies; keep what he leaves.  Then
 * the end of input, once the input before it was announced.
 */
static int
conn_announce(struct conn *c, int eof)
{
	if (c->in.len > 0 || c->borrowlen > 0) {
		c->busy++;
		conn_call(c, CONN_READABLE);
		c->busy--;
		if (c->freed) {
			if (c->busy == 0) {
				free(c->error);
				free(c);
			}
			return 0;
		}
		if (c->borrowlen > 0 &&
		    buf_add(&c->in, c->borrow, c->borrowlen) == -1)
			conn_fail(c, "no memory for input");
		c->borrow = NULL;
		c->borrowlen = 0;
	}
	if (eof && c->state == CONN_S_OPEN)
		return conn_call(c, CONN_EOF);
	return 1;
}

/* One pass over the readable side. */
static int
conn_read_pass(struct conn *c)
{
	if (c->closing || c->paused || c->eof || c->state != CONN_S_OPEN)
		return 1;
	if (conn_do_read(c) == 0 && !c->eof)
		return 1;
	if (c->state != CONN_S_OPEN)
		return 1;
	return conn_announce(c, c->eof);
}

static void
conn_event(int fd, short what, void *arg)
{
	struct conn	*c = arg;
	int		 useless = 0;

	switch (c->state) {
	case CONN_S_CONNECT:
		conn_connected(c);
		return;
	case CONN_S_LINGER:
		conn_do_linger(c);
		return;
	case CONN_S_FAILED:
		conn_arm(c);
		return;
	default:
		break;
	}
	if (c->tls != NULL && !conn_tls_ready(c) && c->clearlen == 0) {
		conn_tls_handshake(c);
		conn_arm(c);
		return;
	}
	c->busy++;
	if (c->wwant != 0 && (what & c->wwant)) {
		c->wwant = 0;
		conn_do_write(c);
	}
	if (!c->freed && (what & c->rwant)) {
		if (c->paused || c->eof || c->closing ||
		    c->in.len >= c->in.max)
			useless = 1;
		else
			conn_read_pass(c);
	}
	c->busy--;
	if (c->freed) {
		if (c->busy == 0) {
			free(c->error);
			free(c);
		}
		return;
	}
	if (useless && c->mask != 0) {
		event_del(&c->ev);
		c->mask = 0;
	}
	conn_arm(c);
}

/*
 * Wait for what is needed.  A read that is not wanted just now stays armed
 * until it fires in vain: most pauses are over before the next byte comes, and
 * two system calls are saved each time.
 */
void
conn_arm(struct conn *c)
{
	int	 want = 0;

	if (c->freed || c->fd == -1)
		return;
	switch (c->state) {
	case CONN_S_CONNECT:
		want = EV_WRITE;
		break;
	case CONN_S_LINGER:
		want = EV_READ;
		break;
	case CONN_S_OPEN:
		if (c->tls != NULL && !conn_tls_ready(c) && c->clearlen == 0) {
			want = conn_tls_mask(c);
			break;
		}
		want = c->wwant;
		if (!c->paused && !c->eof && !c->closing &&
		    c->in.len < c->in.max)
			want |= c->rwant;
		else
			want |= c->mask & EV_READ;
		break;
	}
	if (want == c->mask)
		return;
	if (c->mask != 0)
		event_del(&c->ev);
	c->mask = (uint8_t)want;
	if (want == 0)
		return;
	event_set(&c->ev, c->fd, (short)(want | EV_PERSIST), conn_event, c);
	if (event_add(&c->ev, NULL) == -1) {
		c->mask = 0;
		conn_fail(c, "cannot watch the descriptor");
	}
}

static void
conn_connected(struct conn *c)
{
	socklen_t	 len;
	int		 error = 0;

	len = sizeof(error);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		conn_fail(c, strerror(error));
		return;
	}
	c->state = CONN_S_OPEN;
	c->timeout = 0;
	conn_arm(c);
	if (c->out.len > 0)
		conn_mark_dirty(c);
	conn_call(c, CONN_CONNECTED);
}

/* The end, found anywhere: the user hears of it at the next turn. */
void
conn_fail(struct conn *c, const char *why)
{
	if (c->state == CONN_S_FAILED)
		return;
	if (c->error == NULL)
		c->error = strdup(why == NULL ? "unknown error" : why);
	c->state = CONN_S_FAILED;
	if (c->mask != 0) {
		event_del(&c->ev);
		c->mask = 0;
	}
	buf_free(&c->out);
	c->clearlen = 0;
	c->wwant = 0;
	conn_schedule(c, CONN_A_ERROR);
}

/* ---- the next turn ------------------------------------------------------ */

void
conn_schedule(struct conn *c, int flags)
{
	if (c->freed)
		return;
	if (c->again == 0) {
		TAILQ_INSERT_TAIL(&again_list, c, again_entry);
		if (nagain++ == 0)
			event_active(&again_ev, EV_TIMEOUT, 1);
	}
	c->again |= (uint8_t)flags;
}

static void
conn_again_one(struct conn *c)
{
	int	 what = c->again;

	TAILQ_REMOVE(&again_list, c, again_entry);
	nagain--;
	c->again = 0;
	if (c->closing) {
		if (c->state == CONN_S_FAILED)
			conn_free(c);
		return;
	}
	c->busy++;
	if ((what & CONN_A_ERROR) && c->state == CONN_S_FAILED) {
		conn_call(c, CONN_ERROR);
		goto done;
	}
	if (what & CONN_A_SECURED)
		conn_call(c, CONN_SECURED);
	if ((what & CONN_A_DRAINED) && !c->freed && conn_pending(c) == 0 &&
	    c->state == CONN_S_OPEN)
		conn_call(c, CONN_DRAINED);
	if ((what & CONN_A_READ) && !c->freed && !c->paused &&
	    c->state == CONN_S_OPEN && c->in.len > 0)
		conn_announce(c, 0);
	if ((what & CONN_A_RAW) && !c->freed)
		conn_read_pass(c);
done:
	c->busy--;
	if (c->freed) {
		if (c->busy == 0) {
			free(c->error);
			free(c);
		}
		return;
	}
	conn_arm(c);
}

static void
conn_again_event(int fd, short what, void *arg)
{
	struct conn	*c;
	size_t		 n;

	/* Those that schedule themselves anew wait for the turn to end. */
	nlast = nagain;
	for (n = nagain; n > 0 && (c = TAILQ_FIRST(&again_list)) != NULL; n--)
		conn_again_one(c);
	if (nagain > 0)
		event_active(&again_ev, EV_TIMEOUT, 1);
}

unsigned
conn_share(unsigned n)
{
	unsigned	 share = (unsigned)(n / (nlast + 1));

	return share < CONN_SHARE_MIN ? CONN_SHARE_MIN : share;
}

void
conn_mark_dirty(struct conn *c)
{
	if (c->dirty || c->freed)
		return;
	c->dirty = 1;
	TAILQ_INSERT_TAIL(&dirty_list, c, dirty_entry);
}

void
conn_flush_all(void)
{
	struct conn	*c;

	while ((c = TAILQ_FIRST(&dirty_list)) != NULL) {
		TAILQ_REMOVE(&dirty_list, c, dirty_entry);
		c->dirty = 0;
		conn_do_write(c);
	}
}

/* ---- time limits -------------------------------------------------------- */

/*
 * A wheel of one slot a second.  A connection that is active stays where it
 * is: only when its slot comes up is its true time looked at, so activity
 * costs one store.
 */
static void
conn_wheel_set(struct conn *c)
{
	struct timeval	 tv = { 1, 0 };
	uint32_t	 due = 0;

	if (c->freed)
		return;
	if (c->timeout != 0)
		due = c->active + c->timeout;
	if (c->deadline != 0 && (due == 0 || c->deadline < due))
		due = c->deadline;
	if (c->due != 0) {
		if (due != 0 && due >= c->due)
			return;		/* seen to when its slot comes up */
		LIST_REMOVE(c, wheel_entry);
		wheel_count--;
	}
	c->due = due;
	if (due == 0)
		return;
	if (wheel_count++ == 0) {
		wheel_time = conn_now();
		evtimer_add(&wheel_ev, &tv);
	}
	if (c->due < wheel_time)
		c->due = wheel_time;
	LIST_INSERT_HEAD(&wheel[c->due % WHEEL_SLOTS], c, wheel_entry);
}

static void
conn_expire(struct conn *c)
{
	uint32_t	 now = conn_now();
	int		 late;

	late = (c->deadline != 0 && c->deadline <= now) ||
	    (c->timeout != 0 && c->active + c->timeout <= now);
	LIST_REMOVE(c, wheel_entry);
	wheel_count--;
	c->due = 0;
	if (!late) {
		conn_wheel_set(c);
		return;
	}
	if (c->closing) {
		conn_free(c);
		return;
	}
	c->timeout = c->deadline = 0;
	conn_call(c, CONN_TIMEOUT);
}

static void
conn_wheel_event(int fd, short what, void *arg)
{
	struct timeval	 tv = { 1, 0 };
	struct conn	*c, *next;
	LIST_HEAD(, conn) slot;
	uint32_t	 now = conn_now();
	unsigned	 n, i;

	/* After a long sleep of the machine once round is enough. */
	n = now - wheel_time + 1;
	if (n > WHEEL_SLOTS)
		n = WHEEL_SLOTS;
	for (i = 0; i < n; i++) {
		LIST_INIT(&slot);
		LIST_FOREACH_SAFE(c, &wheel[(now - i) % WHEEL_SLOTS],
		    wheel_entry, next) {
			if (c->due > now)
				continue;	/* a later round's */
			LIST_REMOVE(c, wheel_entry);
			LIST_INSERT_HEAD(&slot, c, wheel_entry);
		}
		while ((c = LIST_FIRST(&slot)) != NULL)
			conn_expire(c);
	}
	wheel_time = now + 1;
	if (wheel_count > 0)
		evtimer_add(&wheel_ev, &tv);
}

void
conn_touch(struct conn *c)
{
	c->active = conn_now();
}

void
conn_timeout(struct conn *c, unsigned seconds)
{
	c->timeout = seconds;
	c->active = conn_now();
	conn_wheel_set(c);
}

void
conn_deadline(struct conn *c, unsigned seconds)
{
	c->deadline = seconds == 0 ? 0 : conn_now() + seconds;
	conn_wheel_set(c);
}

void
conn_out_lost(struct conn *c)
{
	conn_deadline(c, 1);
}

/* ---- small things ------------------------------------------------------- */

const uint8_t *
conn_in(const struct conn *c, size_t *len)
{
	if (c->borrowlen > 0) {
		*len = c->borrowlen;
		return c->borrow;
	}
	*len = c->in.len;
	return buf_ptr(&c->in);
}

void
conn_consume(struct conn *c, size_t n)
{
	int	 full;

	if (c->borrowlen > 0) {
		if (n > c->borrowlen)
			abort();
		c->borrow += n;
		c->borrowlen -= n;
		return;
	}
	full = c->in.len >= c->in.max;
	buf_drain(&c->in, n);
	if (!full || n == 0)
		return;
	/*
	 * Reading had stopped: no event may be under way to arm it, and none
	 * tells of what a layer has read already.
	 */
	if (c->busy == 0 || c->tls != NULL || c->zip != NULL)
		conn_schedule(c, CONN_A_RAW);
	if (c->busy == 0)
		conn_arm(c);
}

void
conn_again(struct conn *c)
{
	conn_schedule(c, CONN_A_READ);
}

void
conn_pause(struct conn *c)
{
	c->paused = 1;
}

void
conn_resume(struct conn *c)
{
	if (!c->paused)
		return;
	c->paused = 0;
	if (c->in.len > 0)
		conn_schedule(c, CONN_A_READ);
	if (c->tls != NULL || c->zip != NULL)
		conn_schedule(c, CONN_A_RAW);
	conn_arm(c);
}

void
conn_outmax(struct conn *c, size_t max)
{
	c->out.max = max;
}

const char *
conn_error(const struct conn *c)
{
	return c->error == NULL ? "no error" : c->error;
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}

size_t
conn_count(void)
{
	return nconns;
}
