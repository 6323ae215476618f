/* The channel to one other process. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"
#include "libutil/log.h"
#include "msg.h"
#include "msg_table.h"
#include "proc.h"
#include "proc_peer.h"

#define PEER_OVERHEAD	128	/* bytes that a message takes besides its own */
#define PEER_FDS	64	/* that wait: they may hold much memory */

static TAILQ_HEAD(, peer) peer_dirty = TAILQ_HEAD_INITIALIZER(peer_dirty);
static TAILQ_HEAD(, peer) peer_muted = TAILQ_HEAD_INITIALIZER(peer_muted);
static unsigned			 peer_count;
static enum proc_id		 peer_me = PROC_PARENT;

void
peer_self(enum proc_id id)
{
	peer_me = id;
}

const char *
peer_name_of(enum proc_id proc, unsigned inst)
{
	static char	 name[32];

	snprintf(name, sizeof(name), "%s[%u]", proc_names[proc], inst + 1);
	return name;
}

const char *
peer_name(const struct peer *p)
{
	return peer_name_of(p->proc, p->inst);
}

unsigned
peer_handled(void)
{
	unsigned	 n = peer_count;

	peer_count = 0;
	return n;
}

/*
 * One message: the checks that DESIGN asks for stand here and nowhere else.
 * NULL, or what is wrong with it.
 */
static const char *
peer_dispatch(struct peer *p, struct imsg *imsg)
{
	union {
		uint8_t		bytes[MSG_STRUCTMAX];
		uint64_t	align;
	}		 msg;
	const char	*why = NULL;
	uint32_t	 type = imsg_get_type(imsg);
	int		 fd = imsg_get_fd(imsg);

	if (!msg_allowed(type, p->proc, peer_me))
		why = "may not be said here";
	else if (!msg_fd_ok(type, fd != -1))
		why = fd == -1 ? "without its descriptor" :
		    "with a stray descriptor";
	else if (msg_get(imsg->data, imsg_get_len(imsg), type, &msg) == -1)
		why = "is malformed";
	if (why != NULL) {
		if (fd != -1)
			close(fd);
		return why;
	}
	peer_count++;
	p->msg(p, type, &msg, fd);
	return NULL;
}

/*
 * Whoever asks and does not take the answers is not heard until he does.  Only
 * workers are bound so, who always hear us: two that wait for each other would
 * wait for ever.
 */
static int
peer_pause(struct peer *p)
{
	if (p->pause == 0 || (p->queued < p->pause && p->fds < PEER_FDS))
		return 0;
	if (!p->paused)
		event_del(&p->evread);
	p->paused = 1;
	return 1;
}

static void
peer_resume(struct peer *p)
{
	if (!p->paused || p->queued >= p->pause / 2 || p->fds >= PEER_FDS / 2)
		return;
	p->paused = 0;
	if (event_add(&p->evread, NULL) == -1)
		fatal("event_add");
	/* Some may have been read already: poll(2) does not know of them. */
	event_active(&p->evread, EV_READ, 1);
}

/* All whole messages that were read.  -1: the peer has come to its end. */
static int
peer_take(struct peer *p)
{
	struct imsg	 imsg;
	const char	*why;
	char		 text[128];
	int		 n = 0;

	while (!p->dead && !p->mute && !peer_pause(p) &&
	    (n = imsgbuf_get(&p->ibuf, &imsg)) > 0) {
		why = peer_dispatch(p, &imsg);
		if (why != NULL)
			snprintf(text, sizeof(text), "%s (%u) %s",
			    msg_name(imsg_get_type(&imsg)),
			    imsg_get_type(&imsg), why);
		/* A message may hold a password. */
		if (imsg.data != NULL)
			explicit_bzero(imsg.data, imsg_get_len(&imsg));
		imsg_free(&imsg);
		if (why != NULL) {
			p->end(p, text);
			return -1;
		}
	}
	if (!p->dead && !p->mute && !p->paused && n == -1) {
		/* What we lack is not the other's fault. */
		if (errno == ENOMEM)
			fatal("imsg");
		p->end(p, "framing is broken");
		return -1;
	}
	return p->dead || p->mute ? -1 : 0;
}

static void
peer_destroy(struct peer *p)
{
	imsgbuf_clear(&p->ibuf);
	free(p);
}

static void
peer_unbusy(struct peer *p)
{
	p->busy = 0;
	if (p->dead)
		peer_destroy(p);
}

static void
peer_read(int fd, short what, void *arg)
{
	struct peer	*p = arg;
	int		 n;

	p->busy = 1;
	n = imsgbuf_read(&p->ibuf);
	if (n == -1 && errno == ENOMEM)
		fatal("imsg");
	if (n == -1 && errno != ECONNRESET)
		p->end(p, errno == EBADMSG || errno == ERANGE ?
		    "framing is broken" : strerror(errno));
	else if (peer_take(p) == 0 && n != 1)
		p->end(p, NULL);
	peer_unbusy(p);
}

static void
peer_writable(int fd, short what, void *arg)
{
	struct peer	*p = arg;

	p->blocked = 0;		/* peer_flush_all does it, at the end of turn */
}

struct peer *
peer_new(enum proc_id proc, unsigned inst, int fd, peer_msg msg, peer_end end)
{
	struct peer	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    imsgbuf_init(&p->ibuf, fd) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("peer_new");
	imsgbuf_allow_fdpass(&p->ibuf);
	p->proc = proc;
	p->inst = inst;
	p->fd = fd;
	p->msg = msg;
	p->end = end;
	event_set(&p->evread, fd, EV_READ | EV_PERSIST, peer_read, p);
	event_set(&p->evwrite, fd, EV_WRITE, peer_writable, p);
	if (event_add(&p->evread, NULL) == -1)
		fatal("event_add");
	return p;
}

void
peer_hold(struct peer *p)
{
	event_del(&p->evread);
}

void
peer_release(struct peer *p)
{
	if (!p->paused && event_add(&p->evread, NULL) == -1)
		fatal("event_add");
}

void
peer_first(struct peer *p)
{
	event_del(&p->evread);
	if (event_priority_set(&p->evread, 0) == -1 ||
	    event_add(&p->evread, NULL) == -1)
		fatalx("peer_first");
}

/* Its descriptor stays: whoever is in the middle of something may hold p. */
void
peer_mute(struct peer *p)
{
	if (p->dead || p->mute)
		return;
	p->mute = 1;
	event_del(&p->evread);
	event_del(&p->evwrite);
	if (p->isdirty)
		TAILQ_REMOVE(&peer_dirty, p, dirty);
	p->isdirty = 0;
	p->queued = p->fds = 0;
	TAILQ_INSERT_TAIL(&peer_muted, p, muted);
}

void
peer_bury_all(void)
{
	struct peer	*p;

	while ((p = TAILQ_FIRST(&peer_muted)) != NULL)
		p->end(p, NULL);
}

void
peer_bound(struct peer *p, size_t pause, size_t most)
{
	p->pause = pause;
	p->most = most;
}

void
peer_free(struct peer *p)
{
	if (p->dead)
		return;
	if (p->mute)
		TAILQ_REMOVE(&peer_muted, p, muted);
	event_del(&p->evread);
	event_del(&p->evwrite);
	if (p->isdirty)
		TAILQ_REMOVE(&peer_dirty, p, dirty);
	p->isdirty = p->mute = 0;
	close(p->fd);
	p->fd = -1;
	p->dead = 1;
	if (!p->busy)
		peer_destroy(p);
}

void
peer_send(struct peer *p, uint32_t type, const void *msg, int fd)
{
	struct ibuf	*b;
	const char	*field;
	size_t		 len;

	if (!msg_allowed(type, peer_me, p->proc) || !msg_fd_ok(type, fd != -1))
		fatalx("%s to %s is not in the table%s", msg_name(type),
		    peer_name(p), fd == -1 ? "" : " (with a descriptor)");
	if ((len = msg_length(type, msg, &field)) == 0)
		fatalx("%s to %s: %s is over its cap", msg_name(type),
		    peer_name(p), field);
	if ((b = imsg_create(&p->ibuf, type, 0, 0, len)) == NULL ||
	    msg_put(b, type, msg) == -1)
		fatal("%s to %s", msg_name(type), peer_name(p));
	if (fd != -1)
		ibuf_fd_set(b, fd);
	imsg_close(&p->ibuf, b);
	p->queued += len + PEER_OVERHEAD;
	p->fds += fd != -1;
	if (p->most != 0 && p->queued > p->most && !p->mute) {
		p->end(p, "it does not take what it is sent");
		return;
	}
	if (!p->isdirty) {
		TAILQ_INSERT_TAIL(&peer_dirty, p, dirty);
		p->isdirty = 1;
	}
}

/* Write what the kernel takes.  The reader will see an end, not we. */
static void
peer_flush(struct peer *p)
{
	uint32_t	 before = imsgbuf_queuelen(&p->ibuf), left;

	if (before == 0 || imsgbuf_write(&p->ibuf) == -1)
		left = 0;
	else
		left = imsgbuf_queuelen(&p->ibuf);
	/* Not to the byte, but it does not drift when never empty. */
	p->queued = before == 0 ? 0 : p->queued * left / before;
	p->fds = before == 0 ? 0 : p->fds * left / before;
	if (left == 0) {
		TAILQ_REMOVE(&peer_dirty, p, dirty);
		p->isdirty = 0;
	} else if (!p->blocked) {
		p->blocked = 1;
		event_add(&p->evwrite, NULL);
	}
	peer_resume(p);
}

void
peer_flush_all(void)
{
	struct peer	*p, *next;

	TAILQ_FOREACH_SAFE(p, &peer_dirty, dirty, next)
		if (!p->blocked)
			peer_flush(p);
}

int
peer_flush_wait(struct peer *p, int ms)
{
	struct pollfd	 pfd = { .fd = p->fd, .events = POLLOUT };

	while (!p->mute && imsgbuf_queuelen(&p->ibuf) > 0) {
		if (imsgbuf_write(&p->ibuf) == -1)
			return -1;
		if (imsgbuf_queuelen(&p->ibuf) > 0 && poll(&pfd, 1, ms) <= 0)
			return -1;
	}
	return 0;
}

void
peer_drain(struct peer *p)
{
	int	 n = 1;

	/* EAGAIN reads as success, so count what came, with a bound. */
	p->busy = 1;
	p->pause = p->most = 0;		/* it takes nothing more */
	for (;;) {
		unsigned	 before = peer_count;

		if ((n = imsgbuf_read(&p->ibuf)) == -1 || peer_take(p) == -1 ||
		    n == 0 || peer_count == before)
			break;
	}
	peer_unbusy(p);
}

size_t
peer_backlog(const struct peer *p)
{
	return p->queued;
}
