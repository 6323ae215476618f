/* imapload's modes with sessions that wait for something to happen. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <string.h>

#include "imapload.h"

static unsigned int	 nidle, nwoken;
static struct event	 timer;
static double		 begin;
static struct isession	*writer;
static char		*message;
static size_t		 messagelen;
static uint64_t		 written, sent, first;
static int		 settled;	/* all sessions wait */
static struct lat	 firsts, lasts, oks;

static void
idle_begin(void)
{
	begin = load_now();
}

static void
idle_ready(struct isession *s)
{
	isession_command(s, "IDLE");
}

static void
time_is_up(evutil_socket_t fd, short what, void *arg)
{
	imap_stop();
}

static void
idle_plus(struct isession *s)
{
	struct timeval	 tv;

	if (++nidle < want.sessions)
		return;
	printf("ready sessions=%u seconds=%.3f\n", nidle, load_now() - begin);
	fflush(stdout);
	if (want.duration > 0) {
		tv.tv_sec = (time_t)want.duration;
		tv.tv_usec = 0;
		evtimer_assign(&timer, load_base, time_is_up, NULL);
		event_add(&timer, &tv);
	}
}

static void
idle_end(double t)
{
}

const struct mode	 mode_idle = {
	"idle", 1, idle_begin, idle_ready, NULL, idle_plus, NULL, NULL,
	idle_end
};

/* wake: a further session appends, and the others hear of it. */

static void
wake_write(evutil_socket_t fd, short what, void *arg)
{
	unsigned int	 i;

	nwoken = 0;
	first = 0;
	settled = 1;
	for (i = 0; i < want.sessions; i++)
		sessions[i].woken = 0;
	isession_command(writer, "APPEND %s {%zu}", want.mailbox, messagelen);
}

static void
wake_later(void)
{
	struct timeval	 tv = { 0, 300000 };

	evtimer_assign(&timer, load_base, wake_write, NULL);
	event_add(&timer, &tv);
}

static void
wake_begin(void)
{
	begin = load_now();
	message = imap_message(&messagelen);
	writer = isession_extra();
	isession_start(writer);
}

static void
wake_ready(struct isession *s)
{
	if (s != writer)
		isession_command(s, "IDLE");
	else if (nidle == want.sessions)
		wake_later();
}

static void
wake_plus(struct isession *s)
{
	if (s == writer) {
		sent = load_usec();
		load_write(&s->conn, message, messagelen + 2);
	} else if (++nidle == want.sessions && writer->ready)
		wake_later();
}

/* An APPEND counts when it is answered and everybody knows. */
static void
wake_check(void)
{
	if (nwoken < want.sessions || oks.n == written)
		return;
	if (++written == want.count)
		imap_stop();
	else
		wake_later();
}

static void
wake_done(struct isession *s)
{
	if (s != writer)
		return;
	lat_add(&oks, load_usec() - sent);
	wake_check();
}

static void
wake_data(struct isession *s, const char *line)
{
	const char	*p = strrchr(line, ' ');

	if (s == writer || s->woken || !settled || p == NULL ||
	    strcasecmp(p, " EXISTS") != 0)
		return;
	s->woken = 1;
	if (nwoken++ == 0)
		lat_add(&firsts, load_usec() - sent);
	if (nwoken == want.sessions) {
		lat_add(&lasts, load_usec() - sent);
		wake_check();
	}
}

static void
wake_end(double t)
{
	printf("sessions=%u n=%zu ok_us=%u first_us=%u last_us=%u "
	    "last_max_us=%u\n", want.sessions, lasts.n, lat_at(&oks, .5),
	    lat_at(&firsts, .5), lat_at(&lasts, .5), lat_at(&lasts, 1));
}

const struct mode	 mode_wake = {
	"wake", 1, wake_begin, wake_ready, wake_done, wake_plus, wake_data,
	NULL, wake_end
};
