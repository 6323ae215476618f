#include <sys/socket.h>
#include <sys/time.h>


#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libutil/log.h"
#include "listen.h"
#include "proc.h"

#define LISTEN_BATCH	64	/* clients taken in one go */

struct listener {
	TAILQ_ENTRY(listener)	 entry;
	uint32_t		 index;
	int			 fd;
	const struct conf_listen *conf;
	struct event		 ev;
	struct event		 again;
	listen_cb		 cb;
};

TAILQ_HEAD(listeners, listener);

static struct listeners	 staged = TAILQ_HEAD_INITIALIZER(staged);
static struct listeners	 active = TAILQ_HEAD_INITIALIZER(active);
static int		 reserve = -1;	/* highest descriptor to be used */

static void
free_all(struct listeners *list, int evs)
{
	struct listener	*l;

	while ((l = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, l, entry);
		if (evs) {
			event_del(&l->ev);
			event_del(&l->again);
		}
		close(l->fd);
		free(l);
	}
}

void
listen_stage(const struct msg_conf_listen *m, int fd)
{
	struct listener	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		fatal("listen");
	l->index = m->listener;
	l->fd = fd;
	TAILQ_INSERT_TAIL(&staged, l, entry);
}

void
listen_drop(void)
{
	free_all(&staged, 0);
}

void
listen_stop(void)
{
	free_all(&active, 1);
}

static uint32_t
peer_uid(int fd)
{
	uid_t	 uid;
	gid_t	 gid;

	if (getpeereid(fd, &uid, &gid) == -1)
		return UINT32_MAX;
	return uid;
}

/* Pause: the clients wait in the kernel's backlog. */
static void
back_off(struct listener *l)
{
	static const struct timeval	 pause = { 0, 200000 };

	event_del(&l->ev);
	evtimer_add(&l->again, &pause);
}

static void
on_again(int fd, short what, void *arg)
{
	struct listener	*l = arg;

	event_add(&l->ev, NULL);
}

/* 1: a client was taken, 0: there is none, or no room. */
static int
take_one(struct listener *l)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	struct addr		 client;
	int			 fd;

	fd = accept4(l->fd, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			back_off(l);
		return errno == EINTR || errno == ECONNABORTED;
	}
	if (fd > reserve) {
		close(fd);
		back_off(l);
		return 0;
	}
	if (addr_from_sockaddr(&client, (struct sockaddr *)&ss) == -1) {
		close(fd);
		return 1;
	}
	l->cb(l->conf, fd, &client, client.family == 0 ? peer_uid(fd) :
	    UINT32_MAX);
	return 1;
}

static void
on_accept(int fd, short what, void *arg)
{
	struct listener	*l = arg;
	int		 i;

	for (i = 0; i < LISTEN_BATCH && take_one(l); i++)
		;
}

void
listen_swap(const struct conf *conf, listen_cb cb)
{
	struct listener		*l, *next;
	struct conf_listen	*c;

	reserve = getdtablesize() - LISTEN_RESERVE;
	listen_stop();
	TAILQ_FOREACH_SAFE(l, &staged, entry, next) {
		TAILQ_FOREACH(c, &conf->listens, entry) {
			if (c->index == l->index)
				break;
		}
		if (c == NULL)
			fatalx("a listener that is not configured");
		TAILQ_REMOVE(&staged, l, entry);
		l->conf = c;
		l->cb = cb;
		event_set(&l->ev, l->fd, EV_READ | EV_PERSIST, on_accept, l);
		evtimer_set(&l->again, on_again, l);
		event_add(&l->ev, NULL);
		TAILQ_INSERT_TAIL(&active, l, entry);
	}
}
