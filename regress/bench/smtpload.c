/*
 * smtpload: many SMTP or LMTP sessions that send many messages.
 *
 *	smtpload [-LPTXv] [-a user:password] [-c sessions] [-d seconds]
 *	    [-f sender] [-k messages-a-connection] [-n messages] [-o file]
 *	    [-r recipients-a-message] [-s size] [-S seed] [-t recipient]
 *	    [-u mailboxes] target
 *
 * -P sends MAIL, RCPT and DATA in one go.  -T is STARTTLS, -X is TLS from the
 * start, -L is LMTP.  The recipient's %u becomes the number of a mailbox, from
 * 0 to mailboxes - 1, in turn.  Each message has the Message-ID
 * <SEED.NUMBER@load.test>.  -o writes a line for each that the server took:
 * SEED.NUMBER and the numbers of the mailboxes that it took it for.
 *
 * -d: go on for so long, or until SIGTERM, whatever happens; a connection that
 * is lost is made again, its message is not sent again, and refusals are no
 * errors.
 *
 * Prints one line of name=value.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

enum state {
	S_GREET, S_EHLO, S_TLS, S_AUTH, S_MAIL, S_RCPT, S_DATA, S_BODY, S_QUIT,
	S_DEAD
};

struct session {
	struct lconn	 conn;
	struct event	 again;
	enum state	 state;
	uint64_t	 id;		/* of the message under way */
	uint64_t	 started;
	uint64_t	 sent;		/* on this connection */
	unsigned int	 rcpts;		/* answered so far */
	unsigned int	 taken;		/* of them with 250 */
	unsigned int	*took;		/* which of them */
	int		 secured;
	int		 busy;		/* has a message */
};

static unsigned int	 nsessions = 1, nrcpts = 1, nmailboxes = 1, alive;
static uint64_t		 nmessages = 1000, perconn, next_id, acked, refused,
			 lost, size = 4096;
static uint64_t		 seed = 1;
static uint64_t		 answered;
static double		 duration, begin, finished;
static const char	*sender = "load@elsewhere.test";
static const char	*rcpt = "you@example.test";
static char		*auth;		/* base64 of AUTH PLAIN */
static enum load_tls	 tls;
static int		 lmtp, pipelining, verbose;
static char		*body;
static size_t		 bodylen;
static char		*scratch;
static FILE		*acks;
static struct lat	 lat;

static void	session_start(struct session *);

/* Is there something left to do? */
static int
more(void)
{
	if (duration > 0)
		return load_now() - begin < duration;
	return next_id < nmessages;
}

static void
session_over(struct session *s)
{
	s->state = S_DEAD;
	if (--alive == 0)
		event_base_loopbreak(load_base);
}

static void
session_wait(struct session *s)
{
	struct timeval	 tv = { 0, 20000 };

	if (!more()) {
		session_over(s);
		return;
	}
	event_add(&s->again, &tv);
}

static void
session_again(evutil_socket_t fd, short what, void *arg)
{
	session_start(arg);
}

static void
session_fail(struct session *s, const char *why)
{
	if (duration == 0)
		errx(1, "message %llu, state %d: %s",
		    (unsigned long long)s->id, s->state, why);
	if (verbose)
		warnx("message %llu, state %d: %s", (unsigned long long)s->id,
		    s->state, why);
	if (s->busy)
		lost++;
	s->busy = 0;
	load_close(&s->conn);
	session_wait(s);
}

static void
session_down(struct lconn *c, const char *why)
{
	struct session	*s = c->arg;

	if (s->state == S_QUIT) {
		session_start(s);
		return;
	}
	session_fail(s, why);
}

/* The recipient with its %u replaced, in angle brackets. */
static int
put_rcpt(char *dst, size_t len, uint64_t mailbox)
{
	const char	*p = strstr(rcpt, "%u");

	if (p == NULL)
		return snprintf(dst, len, "RCPT TO:<%s>\r\n", rcpt);
	return snprintf(dst, len, "RCPT TO:<%.*s%llu%s>\r\n",
	    (int)(p - rcpt), rcpt, (unsigned long long)mailbox, p + 2);
}

static void
send_rcpt(struct session *s, unsigned int i)
{
	char	 line[512];
	int	 n;

	n = put_rcpt(line, sizeof(line), (s->id * nrcpts + i) % nmailboxes);
	load_write(&s->conn, line, (size_t)n);
}

static void
message_start(struct session *s)
{
	char		 line[65536];
	size_t		 n;
	unsigned int	 i;

	s->id = next_id++;
	s->busy = 1;
	if (perconn != 1)
		s->started = load_usec();
	s->rcpts = s->taken = 0;
	s->state = S_MAIL;
	n = (size_t)snprintf(line, sizeof(line), "MAIL FROM:<%s>\r\n", sender);
	if (pipelining) {
		for (i = 0; i < nrcpts && n < sizeof(line) - 600; i++)
			n += (size_t)put_rcpt(line + n, sizeof(line) - n,
			    (s->id * nrcpts + i) % nmailboxes);
		n += (size_t)snprintf(line + n, sizeof(line) - n, "DATA\r\n");
	}
	load_write(&s->conn, line, n);
}

static void
message_next(struct session *s)
{
	s->busy = 0;
	if (more() && (perconn == 0 || s->sent < perconn)) {
		message_start(s);
		return;
	}
	s->state = S_QUIT;
	load_printf(&s->conn, "QUIT\r\n");
}

static void
message_body(struct session *s)
{
	int	 n;

	n = sprintf(scratch, "From: Load <%s>\r\nTo: %s\r\n"
	    "Subject: message %llu of run %llu\r\n"
	    "Date: Mon, 5 Oct 2026 12:34:56 +0000\r\n"
	    "Message-ID: <%llu.%llu@load.test>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n",
	    sender, strstr(rcpt, "%u") != NULL ? "many@example.test" : rcpt,
	    (unsigned long long)s->id, (unsigned long long)seed,
	    (unsigned long long)seed, (unsigned long long)s->id);
	memcpy(scratch + n, body, bodylen);
	memcpy(scratch + n + bodylen, ".\r\n", 3);
	s->state = S_BODY;
	s->rcpts = 0;
	load_write(&s->conn, scratch, (size_t)n + bodylen + 3);
}

/* One reply to the end of the data; LMTP has one for each recipient. */
static void
message_reply(struct session *s, int good)
{
	static const struct timeval	 grace = { 1, 0 };
	unsigned int	 i, first = s->rcpts, last;

	/* Which recipients this is the answer for. */
	last = lmtp ? ++s->rcpts : s->taken;
	if (!good)
		refused++;
	else if (last == s->taken) {
		acked++;
		lat_add(&lat, load_usec() - s->started);
	}
	if (good && acks != NULL) {
		fprintf(acks, "%llu.%llu", (unsigned long long)seed,
		    (unsigned long long)s->id);
		for (i = first; i < last; i++)
			fprintf(acks, " %llu", (unsigned long long)
			    ((s->id * nrcpts + s->took[i]) % nmailboxes));
		putc('\n', acks);
	}
	if (last < s->taken)
		return;
	s->sent++;
	if (++answered == nmessages && duration == 0) {
		/* A server may forget to greet who has nothing to say. */
		finished = load_now();
		event_base_loopexit(load_base, &grace);
	}
	message_next(s);
}

static void
send_hello(struct session *s)
{
	s->state = S_EHLO;
	load_printf(&s->conn, "%s load.test\r\n", lmtp ? "LHLO" : "EHLO");
}

static void
after_hello(struct session *s)
{
	if (tls == LOAD_STARTTLS && !s->secured) {
		s->state = S_TLS;
		load_printf(&s->conn, "STARTTLS\r\n");
	} else if (auth != NULL) {
		s->state = S_AUTH;
		load_printf(&s->conn, "AUTH PLAIN %s\r\n", auth);
	} else if (more())
		message_start(s);
	else
		message_next(s);
}

static void
after_rcpt(struct session *s, int good)
{
	if (good)
		s->took[s->taken++] = s->rcpts;
	if (++s->rcpts < nrcpts) {
		if (!pipelining)
			send_rcpt(s, s->rcpts);
		return;
	}
	s->state = S_DATA;
	if (!pipelining)
		load_printf(&s->conn, "DATA\r\n");
}

static void
session_line(struct lconn *c, char *line, size_t len)
{
	struct session	*s = c->arg;
	int		 good;

	if (len > 3 && line[3] == '-')
		return;
	good = line[0] == '2' || line[0] == '3';
	if (!good && s->state != S_RCPT && s->state != S_BODY &&
	    s->state != S_QUIT) {
		refused += s->busy;
		s->busy = 0;
		session_fail(s, line);
		return;
	}
	if (!good && duration == 0)
		errx(1, "message %llu: %s", (unsigned long long)s->id, line);
	switch (s->state) {
	case S_GREET:
		send_hello(s);
		break;
	case S_EHLO:
		after_hello(s);
		break;
	case S_TLS:
		s->secured = 1;
		load_starttls(c);
		break;
	case S_AUTH:
		if (more())
			message_start(s);
		else
			message_next(s);
		break;
	case S_MAIL:
		s->state = S_RCPT;
		if (!pipelining)
			send_rcpt(s, 0);
		break;
	case S_RCPT:
		after_rcpt(s, good);
		break;
	case S_DATA:
		message_body(s);
		break;
	case S_BODY:
		message_reply(s, good);
		break;
	case S_QUIT:
		load_close(c);
		session_start(s);
		break;
	case S_DEAD:
		break;
	}
}

static void
session_up(struct lconn *c)
{
	struct session	*s = c->arg;

	if (s->state == S_TLS)
		send_hello(s);
}

static void
session_start(struct session *s)
{
	if (!more()) {
		session_over(s);
		return;
	}
	s->state = S_GREET;
	s->secured = s->busy = 0;
	s->sent = 0;
	s->started = load_usec();
	if (load_connect(&s->conn, tls == LOAD_TLS ? LOAD_TLS :
	    LOAD_PLAIN) == -1)
		session_fail(s, strerror(errno));
}

static char *
plain(const char *s)
{
	static const char	 set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char		 in[512];
	const char		*colon = strchr(s, ':');
	size_t			 n, i, o = 0;
	unsigned int		 v;
	char			*out;

	if (colon == NULL || strlen(s) > 500)
		errx(1, "-a user:password");
	n = (size_t)(colon - s);
	in[0] = '\0';
	memcpy(in + 1, s, n);
	in[n + 1] = '\0';
	i = strlen(colon + 1);
	memcpy(in + n + 2, colon + 1, i);
	n += 2 + i;
	in[n] = in[n + 1] = '\0';
	if ((out = calloc(1, n * 2 + 8)) == NULL)
		err(1, NULL);
	for (i = 0; i < n; i += 3) {
		v = (unsigned int)in[i] << 16 | (unsigned int)in[i + 1] << 8 |
		    in[i + 2];
		out[o++] = set[v >> 18];
		out[o++] = set[v >> 12 & 63];
		out[o++] = i + 1 < n ? set[v >> 6 & 63] : '=';
		out[o++] = i + 2 < n ? set[v & 63] : '=';
	}
	return out;
}

static void
options(int argc, char *argv[])
{
	int	 ch;

	while ((ch = getopt(argc, argv, "LPTXva:c:d:f:k:n:o:r:s:S:t:u:")) != -1)
		switch (ch) {
		case 'L': lmtp = 1; break;
		case 'P': pipelining = 1; break;
		case 'T': tls = LOAD_STARTTLS; break;
		case 'X': tls = LOAD_TLS; break;
		case 'v': verbose = 1; break;
		case 'a': auth = plain(optarg); break;
		case 'c':
			nsessions = (unsigned int)load_number(optarg, "-c",
			    100000);
			break;
		case 'd': duration = atof(optarg); break;
		case 'f': sender = optarg; break;
		case 'k': perconn = load_number(optarg, "-k", 1 << 30); break;
		case 'n': nmessages = load_number(optarg, "-n", 1 << 30); break;
		case 'o':
			if ((acks = fopen(optarg, "w")) == NULL)
				err(1, "%s", optarg);
			break;
		case 'r':
			nrcpts = (unsigned int)load_number(optarg, "-r", 1000);
			break;
		case 's': size = load_number(optarg, "-s", 1 << 30); break;
		case 'S': seed = load_number(optarg, "-S", UINT64_MAX); break;
		case 't': rcpt = optarg; break;
		case 'u':
			nmailboxes = (unsigned int)load_number(optarg, "-u",
			    10000000);
			break;
		default:
			errx(1, "see the top of smtpload.c");
		}
	if (argc - optind != 1 || nsessions == 0 || nrcpts == 0 ||
	    nmailboxes == 0)
		errx(1, "one target, please; see the top of smtpload.c");
	load_target(argv[optind]);
}

static void
stop(evutil_socket_t sig, short what, void *arg)
{
	event_base_loopbreak(load_base);
}

int
main(int argc, char *argv[])
{
	struct session	*sessions, *s;
	struct event	 term;
	unsigned int	 i;
	double		 t;

	options(argc, argv);
	load_init();
	/* The header takes some 300 of it. */
	body = load_text(size > 400 ? size - 300 : 100, seed, &bodylen);
	if ((scratch = malloc(bodylen + 4096)) == NULL ||
	    (sessions = calloc(nsessions, sizeof(*sessions))) == NULL)
		err(1, NULL);
	if (duration == 0 && nsessions > nmessages)
		nsessions = (unsigned int)nmessages;
	evsignal_assign(&term, load_base, SIGTERM, stop, NULL);
	event_add(&term, NULL);
	alive = nsessions;
	begin = load_now();
	for (i = 0; i < nsessions; i++) {
		s = &sessions[i];
		if ((s->took = calloc(nrcpts, sizeof(*s->took))) == NULL)
			err(1, NULL);
		s->conn.arg = s;
		s->conn.up = session_up;
		s->conn.line = session_line;
		s->conn.down = session_down;
		evtimer_assign(&s->again, load_base, session_again, s);
		session_start(s);
	}
	event_base_dispatch(load_base);
	t = (finished > 0 ? finished : load_now()) - begin;
	printf("messages=%llu refused=%llu lost=%llu seconds=%.3f rate=%.0f",
	    (unsigned long long)acked, (unsigned long long)refused,
	    (unsigned long long)lost, t, (double)acked / t);
	lat_print(&lat);
	printf(" cpu=%u%%\n", load_cpu());
	if (acks != NULL && fclose(acks) == EOF)
		err(1, "-o");
	return 0;
}
