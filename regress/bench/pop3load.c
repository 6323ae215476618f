/*
 * pop3load: POP3 sessions that fetch whole mailboxes.
 *
 *	pop3load [-X] [-c sessions] [-n rounds] [-p password] [-u users]
 *	    [-U user] target
 *
 * Each session logs in, asks for the number of messages, fetches all of them
 * with the commands sent ahead, and quits; -n times one after another.  The
 * user's %u becomes a number from 0 to users - 1.  -X is TLS from the start.
 *
 * Prints one line of name=value.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define AHEAD	50	/* RETRs that may be unanswered */

enum step { P_GREET, P_USER, P_PASS, P_STAT, P_RETR, P_QUIT };

struct session {
	struct lconn	 conn;
	unsigned int	 number;
	enum step	 step;
	int		 body;		/* within a message */
	unsigned int	 total;
	unsigned int	 asked;
	unsigned int	 got;
	uint64_t	 round;
	uint64_t	 started;
};

static unsigned int	 nsessions = 1, nusers = 1, alive;
static uint64_t		 rounds = 1, messages, octets;
static const char	*user = "you@example.test", *password = "secret";
static enum load_tls	 tls;
static struct lat	 lat;

static void
session_start(struct session *s)
{
	s->step = P_GREET;
	s->body = 0;
	s->total = s->asked = s->got = 0;
	s->started = load_usec();
	s->conn.nread = 0;
	if (load_connect(&s->conn, tls) == -1)
		err(1, "connect");
}

static void
session_over(struct session *s)
{
	octets += s->conn.nread;
	lat_add(&lat, load_usec() - s->started);
	if (++s->round < rounds)
		session_start(s);
	else if (--alive == 0)
		event_base_loopbreak(load_base);
}

static void
session_up(struct lconn *c)
{
}

static void
session_down(struct lconn *c, const char *why)
{
	struct session	*s = c->arg;

	if (s->step != P_QUIT)
		errx(1, "session %u, step %d: %s", s->number, s->step, why);
	session_over(s);
}

static void
send_user(struct session *s)
{
	const char	*p = strstr(user, "%u");

	if (p == NULL)
		load_printf(&s->conn, "USER %s\r\n", user);
	else
		load_printf(&s->conn, "USER %.*s%u%s\r\n", (int)(p - user),
		    user, s->number % nusers, p + 2);
	s->step = P_USER;
}

/* Half of a window at a time, so that a write carries many. */
static void
fetch(struct session *s)
{
	if (s->got == s->total) {
		s->step = P_QUIT;
		load_printf(&s->conn, "QUIT\r\n");
		return;
	}
	if (s->asked - s->got > AHEAD / 2)
		return;
	while (s->asked < s->total && s->asked - s->got < AHEAD)
		load_printf(&s->conn, "RETR %u\r\n", ++s->asked);
}

static void
session_line(struct lconn *c, char *line, size_t len)
{
	struct session	*s = c->arg;

	if (s->body) {
		if (len != 1 || line[0] != '.')
			return;
		s->body = 0;
		s->got++;
		messages++;
		fetch(s);
		return;
	}
	if (strncmp(line, "+OK", 3) != 0)
		errx(1, "session %u, step %d: %s", s->number, s->step, line);
	switch (s->step) {
	case P_GREET:
		send_user(s);
		break;
	case P_USER:
		s->step = P_PASS;
		load_printf(c, "PASS %s\r\n", password);
		break;
	case P_PASS:
		s->step = P_STAT;
		load_printf(c, "STAT\r\n");
		break;
	case P_STAT:
		s->step = P_RETR;
		s->total = (unsigned int)strtoul(line + 4, NULL, 10);
		fetch(s);
		break;
	case P_RETR:
		s->body = 1;
		break;
	case P_QUIT:
		break;
	}
}

static void
options(int argc, char *argv[])
{
	int	 ch;

	while ((ch = getopt(argc, argv, "Xc:n:p:u:U:")) != -1)
		switch (ch) {
		case 'X': tls = LOAD_TLS; break;
		case 'c':
			nsessions = (unsigned int)load_number(optarg, "-c",
			    100000);
			break;
		case 'n': rounds = load_number(optarg, "-n", 1 << 30); break;
		case 'p': password = optarg; break;
		case 'u':
			nusers = (unsigned int)load_number(optarg, "-u",
			    10000000);
			break;
		case 'U': user = optarg; break;
		default:
			errx(1, "see the top of pop3load.c");
		}
	if (argc - optind != 1 || nsessions == 0 || nusers == 0 ||
	    rounds == 0)
		errx(1, "see the top of pop3load.c");
	load_target(argv[optind]);
}

int
main(int argc, char *argv[])
{
	struct session	*sessions;
	unsigned int	 i;
	double		 t;

	options(argc, argv);
	load_init();
	if ((sessions = calloc(nsessions, sizeof(*sessions))) == NULL)
		err(1, NULL);
	alive = nsessions;
	t = load_now();
	for (i = 0; i < nsessions; i++) {
		sessions[i].number = i;
		sessions[i].conn.arg = &sessions[i];
		sessions[i].conn.up = session_up;
		sessions[i].conn.line = session_line;
		sessions[i].conn.down = session_down;
		session_start(&sessions[i]);
	}
	event_base_dispatch(load_base);
	t = load_now() - t;
	printf("messages=%llu octets=%llu seconds=%.3f rate=%.0f",
	    (unsigned long long)messages, (unsigned long long)octets, t,
	    (double)messages / t);
	lat_print(&lat);
	printf(" cpu=%u%%\n", load_cpu());
	return 0;
}
