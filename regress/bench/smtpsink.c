/*
 * smtpsink: an SMTP (-L: LMTP) server that takes every message and throws it
 * away, as far as the net and with as much latency as one likes.
 *
 *	smtpsink [-1BLP] [-d milliseconds] [-n messages] [-t reply] port
 *
 * -d: each answer, and the greeting, comes so much after what it answers.
 * -n: end at the last of so many messages.  -P: no PIPELINING is offered;
 * -B: no CHUNKING, which most large receivers have today.
 * -1: one message a connection.
 * -t: refuse the message with this reply ("451 no").
 * At its end, or at SIGTERM, it prints one line of name=value.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "load.h"

/* An answer that waits for its time. */
struct answer {
	TAILQ_ENTRY(answer)	 entry;
	uint64_t		 due;
	size_t			 len;
	int			 last;	/* close after it */
	char			 text[];
};

struct client {
	int			 fd;
	struct event		 rd;
	struct event		 timer;
	TAILQ_HEAD(, answer)	 answers;
	int			 data;
	size_t			 chunk;	/* bytes of BDAT to come */
	int			 lastchunk;
	unsigned int		 rcpts;
	uint64_t		 messages;
	size_t			 len;
	char			 line[2048];
};

static uint64_t		 latency, limit, total, connections, first, last;
static unsigned int	 open_now, open_max;
static int		 lmtp, nopipe, nochunk, single;
static const char	*refusal;

static void
client_free(struct client *c)
{
	struct answer	*a;

	while ((a = TAILQ_FIRST(&c->answers)) != NULL) {
		TAILQ_REMOVE(&c->answers, a, entry);
		free(a);
	}
	event_del(&c->rd);
	event_del(&c->timer);
	close(c->fd);
	free(c);
	open_now--;
}

/* Send what is due; 0 when the client is gone. */
static int
client_flush(struct client *c)
{
	struct answer	*a;
	struct timeval	 tv;
	uint64_t	 now = load_usec();
	char		 buf[65536];
	size_t		 n = 0;
	int		 end = 0;

	while ((a = TAILQ_FIRST(&c->answers)) != NULL && a->due <= now &&
	    n + a->len <= sizeof(buf) && !end) {
		memcpy(buf + n, a->text, a->len);
		n += a->len;
		end = a->last;
		TAILQ_REMOVE(&c->answers, a, entry);
		free(a);
	}
	if ((n > 0 && send(c->fd, buf, n, MSG_NOSIGNAL) != (ssize_t)n) ||
	    end) {
		client_free(c);
		return 0;
	}
	if (a != NULL) {
		now = a->due > now ? a->due - now : 0;
		tv.tv_sec = (time_t)(now / 1000000);
		tv.tv_usec = (suseconds_t)(now % 1000000);
		event_add(&c->timer, &tv);
	}
	return 1;
}

static void
client_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)client_flush(arg);
}

static void
answer(struct client *c, const char *text, int end)
{
	struct answer	*a;
	size_t		 n = strlen(text);

	if ((a = malloc(sizeof(*a) + n + 2)) == NULL)
		err(1, NULL);
	memcpy(a->text, text, n);
	memcpy(a->text + n, "\r\n", 2);
	a->len = n + 2;
	a->last = end;
	a->due = load_usec() + latency;
	TAILQ_INSERT_TAIL(&c->answers, a, entry);
}

static void
client_message(struct client *c)
{
	unsigned int	 i, n = lmtp ? c->rcpts : 1;

	c->data = 0;
	c->rcpts = 0;
	c->messages++;
	total++;
	last = load_usec();
	for (i = 0; i < n; i++)
		answer(c, refusal != NULL ? refusal : "250 2.0.0 taken", 0);
}

static void
client_ehlo(struct client *c)
{
	char	 text[128];

	snprintf(text, sizeof(text), "250-sink.test\r\n%s%s250 8BITMIME",
	    nopipe ? "" : "250-PIPELINING\r\n",
	    nochunk ? "" : "250-CHUNKING\r\n");
	answer(c, text, 0);
}

static void
client_chunk_end(struct client *c)
{
	if (c->lastchunk)
		client_message(c);
	else
		answer(c, "250 2.0.0 fine", 0);
}

/* "SIZE [LAST]" */
static void
client_bdat(struct client *c, const char *arg)
{
	char	*end;

	c->chunk = strtoul(arg, &end, 10);
	c->lastchunk = strcasecmp(end, " LAST") == 0;
	if (c->chunk == 0)
		client_chunk_end(c);
}

static void
client_line(struct client *c, const char *line)
{
	if (c->data) {
		if (strcmp(line, ".") == 0)
			client_message(c);
		return;
	}
	if (strncasecmp(line, "EHLO", 4) == 0 ||
	    strncasecmp(line, "LHLO", 4) == 0)
		client_ehlo(c);
	else if (strncasecmp(line, "BDAT ", 5) == 0 && !nochunk)
		client_bdat(c, line + 5);
	else if (strncasecmp(line, "RCPT", 4) == 0) {
		c->rcpts++;
		answer(c, "250 2.1.5 fine", 0);
	} else if (strncasecmp(line, "MAIL", 4) == 0) {
		if (single && c->messages > 0)
			answer(c, "421 4.3.2 one is enough", 1);
		else
			answer(c, "250 2.1.0 fine", 0);
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		if (c->rcpts == 0)
			answer(c, "503 5.5.1 to whom?", 0);
		else {
			c->data = 1;
			answer(c, "354 go on", 0);
		}
	} else if (strncasecmp(line, "QUIT", 4) == 0)
		answer(c, "221 2.0.0 bye", 1);
	else if (strncasecmp(line, "RSET", 4) == 0 ||
	    strncasecmp(line, "NOOP", 4) == 0 ||
	    strncasecmp(line, "HELO", 4) == 0) {
		c->rcpts = 0;
		answer(c, "250 2.0.0 fine", 0);
	} else
		answer(c, "502 5.5.2 what?", 0);
}

/* Bytes of a chunk; how many. */
static size_t
client_skip(struct client *c, size_t n)
{
	if (n > c->chunk)
		n = c->chunk;
	if ((c->chunk -= n) == 0)
		client_chunk_end(c);
	return n;
}

static void
client_read(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	static char	 buf[65536];
	char		*p = buf, *nl;
	ssize_t		 n;
	size_t		 part;

	if ((n = read(fd, buf, sizeof(buf))) <= 0) {
		if (n == 0 || errno != EAGAIN)
			client_free(c);
		return;
	}
	while (n > 0) {
		if (c->chunk > 0) {
			part = client_skip(c, (size_t)n);
			p += part;
			n -= (ssize_t)part;
			continue;
		}
		nl = memchr(p, '\n', (size_t)n);
		part = nl == NULL ? (size_t)n : (size_t)(nl - p) + 1;
		/* Of a line that is too long the beginning is enough. */
		if (c->len + part < sizeof(c->line)) {
			memcpy(c->line + c->len, p, part);
			c->len += part;
		}
		p += part;
		n -= (ssize_t)part;
		if (nl == NULL)
			break;
		while (c->len > 0 && (c->line[c->len - 1] == '\n' ||
		    c->line[c->len - 1] == '\r'))
			c->len--;
		c->line[c->len] = '\0';
		c->len = 0;
		client_line(c, c->line);
	}
	(void)client_flush(c);
	if (limit != 0 && total >= limit)
		event_base_loopbreak(load_base);
}

static void
client_new(evutil_socket_t lfd, short what, void *arg)
{
	struct client	*c;
	int		 fd, on = 1;

	if ((fd = accept(lfd, NULL, NULL)) == -1)
		return;
	evutil_make_socket_nonblocking(fd);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((c = calloc(1, sizeof(*c))) == NULL)
		err(1, NULL);
	c->fd = fd;
	TAILQ_INIT(&c->answers);
	event_assign(&c->rd, load_base, fd, EV_READ | EV_PERSIST, client_read,
	    c);
	evtimer_assign(&c->timer, load_base, client_timer, c);
	event_add(&c->rd, NULL);
	connections++;
	if (++open_now > open_max)
		open_max = open_now;
	if (first == 0)
		first = load_usec();
	answer(c, lmtp ? "220 sink.test LMTP" : "220 sink.test ESMTP", 0);
	(void)client_flush(c);
}

static void
stop(evutil_socket_t sig, short what, void *arg)
{
	event_base_loopbreak(load_base);
}

static int
listener(const char *port)
{
	struct sockaddr_in	 sin;
	int			 fd, on = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)load_number(port, "port", 65535));
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 4096) == -1)
		err(1, "port %s", port);
	evutil_make_socket_nonblocking(fd);
	return fd;
}

int
main(int argc, char *argv[])
{
	struct event	 accepting, term, intr;
	double		 t;
	int		 ch;

	while ((ch = getopt(argc, argv, "1BLPd:n:t:")) != -1)
		switch (ch) {
		case '1': single = 1; break;
		case 'B': nochunk = 1; break;
		case 'L': lmtp = 1; break;
		case 'P': nopipe = 1; break;
		case 'd':
			latency = load_number(optarg, "-d", 1000000) * 1000;
			break;
		case 'n': limit = load_number(optarg, "-n", 1 << 30); break;
		case 't': refusal = optarg; break;
		default:
			errx(1, "see the top of smtpsink.c");
		}
	if (argc - optind != 1)
		errx(1, "one port, please");
	load_init();
	ch = listener(argv[optind]);
	event_assign(&accepting, load_base, ch, EV_READ | EV_PERSIST,
	    client_new, NULL);
	event_add(&accepting, NULL);
	evsignal_assign(&term, load_base, SIGTERM, stop, NULL);
	evsignal_assign(&intr, load_base, SIGINT, stop, NULL);
	event_add(&term, NULL);
	event_add(&intr, NULL);
	printf("listening\n");
	fflush(stdout);
	event_base_dispatch(load_base);
	t = first == 0 ? 0 : (double)(last - first) / 1e6;
	printf("messages=%llu connections=%llu together=%u seconds=%.3f "
	    "rate=%.0f cpu=%u%%\n", (unsigned long long)total,
	    (unsigned long long)connections, open_max, t,
	    t > 0 ? (double)total / t : 0, load_cpu());
	return 0;
}
