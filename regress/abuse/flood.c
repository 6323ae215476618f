/*
 * Clients that do not behave: many connections, each of which says a prelude
 * and then the same bytes again and again, as fast as they are taken or one a
 * second, reading the answers or never.  Which attack that makes is in
 * abuse.py.
 *
 * usage: flood [-cdhr] [-T full | reneg] [-n connections] [-s seconds]
 *	[-b address] [-i prelude] [-l loop] -p port | -u socket
 *
 *	-c	connect again when a connection ends
 *	-d	a byte a second
 *	-h	close our half after the prelude, and stay
 *	-r	read nothing
 *	-T	TLS: handshakes and nothing else, one after the other; or one
 *		and then renegotiation
 *
 * Ends with one line: connections made and refused, bytes out and in.
 */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum tls_mode { TLS_NONE, TLS_FULL, TLS_RENEG };

struct client {
	int	 fd;
	size_t	 at;		/* in the prelude, then in the loop */
	int	 looping;
	int	 shut;
	SSL	*ssl;
};

static struct {
	char	*data;
	size_t	 len;
}			 prelude, loop;
static struct client	*clients;
static unsigned		 nclients = 10;
static struct sockaddr_storage to, from;
static socklen_t	 tolen, fromlen;
static int		 again, drip, half, unread;
static enum tls_mode	 tlsmode;
static SSL_CTX		*ctx;
static int		 ep;
static uint64_t		 made, refused, out, in, handshakes;

static void
load(const char *path, char **data, size_t *len)
{
	FILE	*f;
	long	 n;

	if ((f = fopen(path, "rb")) == NULL || fseek(f, 0, SEEK_END) == -1 ||
	    (n = ftell(f)) == -1)
		err(1, "%s", path);
	rewind(f);
	if ((*data = malloc((size_t)n + 1)) == NULL ||
	    fread(*data, 1, (size_t)n, f) != (size_t)n)
		err(1, "%s", path);
	*len = (size_t)n;
	fclose(f);
}

static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void	client_end(struct client *);

static void
client_watch(struct client *c, int op, uint32_t events)
{
	struct epoll_event	 ev = { .events = events };

	ev.data.ptr = c;
	if (epoll_ctl(ep, op, c->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
client_begin(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd == -1) {
		refused++;
		return;
	}
	if ((fromlen > 0 && bind(c->fd, (struct sockaddr *)&from,
	    fromlen) == -1) || (connect(c->fd, (struct sockaddr *)&to,
	    tolen) == -1 && errno != EINPROGRESS)) {
		refused++;
		close(c->fd);
		c->fd = -1;
		return;
	}
	made++;
	if (tlsmode != TLS_NONE) {
		if ((c->ssl = SSL_new(ctx)) == NULL ||
		    SSL_set_fd(c->ssl, c->fd) != 1)
			errx(1, "SSL_new");
		SSL_set_connect_state(c->ssl);
	}
	client_watch(c, EPOLL_CTL_ADD, EPOLLOUT | (unread ? 0 : EPOLLIN));
}

static void
client_end(struct client *c)
{
	struct linger	 l = { 1, 0 };

	/* Else the ports of the addresses are used up by TIME_WAIT. */
	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	SSL_free(c->ssl);
	close(c->fd);
	c->fd = -1;
	if (again)
		client_begin(c);
}

/* 0: it has said all for now, -1: the connection is over. */
static int
client_say(struct client *c, int turns)
{
	const char	*data;
	size_t		 len;
	ssize_t		 n;

	while (turns-- > 0) {
		data = c->looping ? loop.data : prelude.data;
		len = c->looping ? loop.len : prelude.len;
		if (c->at == len) {
			if (half && !c->shut) {
				shutdown(c->fd, SHUT_WR);
				c->shut = 1;
			}
			if (loop.len == 0 || c->shut) {
				client_watch(c, EPOLL_CTL_MOD, unread ? 0 :
				    EPOLLIN);
				return 0;
			}
			c->looping = 1;
			c->at = 0;
			continue;
		}
		n = send(c->fd, data + c->at, drip ? 1 : len - c->at,
		    MSG_NOSIGNAL);
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		c->at += (size_t)n;
		out += (uint64_t)n;
	}
	return 0;
}

static int
client_hear(struct client *c)
{
	static char	 junk[65536];
	ssize_t		 n;

	n = recv(c->fd, junk, sizeof(junk), 0);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		return -1;
	if (n > 0)
		in += (uint64_t)n;
	return 0;
}

static int
client_tls(struct client *c)
{
	int	 ret;

	if ((ret = SSL_do_handshake(c->ssl)) == 1) {
		handshakes++;
		if (tlsmode == TLS_FULL)
			return -1;
		/* What the server says of it is in the stream of records. */
		if (SSL_renegotiate(c->ssl) != 1)
			return -1;
		ret = SSL_do_handshake(c->ssl);
	}
	if (ret == 1)
		return 0;
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		client_watch(c, EPOLL_CTL_MOD, EPOLLIN);
		return 0;
	case SSL_ERROR_WANT_WRITE:
		return 0;
	default:
		return -1;
	}
}

static void
client_event(struct client *c, uint32_t events)
{
	int	 ret = 0;

	if (c->ssl != NULL)
		ret = client_tls(c);
	else {
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !unread)
			ret = client_hear(c);
		else if (events & (EPOLLHUP | EPOLLERR))
			ret = -1;
		/* Who drips is woken by the clock instead. */
		if (ret == 0 && events & EPOLLOUT) {
			if (drip)
				client_watch(c, EPOLL_CTL_MOD, unread ? 0 :
				    EPOLLIN);
			else
				ret = client_say(c, 4);
		}
	}
	if (ret == -1)
		client_end(c);
}

static void
run(double seconds)
{
	struct epoll_event	 evs[256];
	double			 end = now() + seconds, tick = now();
	unsigned		 i, begun = 0;
	int			 n;

	while (now() < end) {
		/* Not faster than a backlog takes them. */
		for (i = 0; i < 64 && begun < nclients; i++)
			client_begin(&clients[begun++]);
		n = epoll_wait(ep, evs, 256, begun < nclients ? 1 : 50);
		if (n == -1 && errno != EINTR)
			err(1, "epoll_wait");
		for (i = 0; n > 0 && i < (unsigned)n; i++)
			client_event(evs[i].data.ptr, evs[i].events);
		if (now() < tick + 1)
			continue;
		tick = now();
		for (i = 0; i < begun; i++) {
			if (clients[i].fd == -1) {
				if (again)
					client_begin(&clients[i]);
			} else if (drip && client_say(&clients[i], 1) == -1)
				client_end(&clients[i]);
		}
	}
}

static void
address(const char *host, int port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		errx(1, "%s: not an address", host);
	*len = sizeof(*sin);
}

static void
local(const char *path)
{
	struct sockaddr_un	*sun = (struct sockaddr_un *)&to;

	memset(&to, 0, sizeof(to));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		errx(1, "%s: too long", path);
	strcpy(sun->sun_path, path);
	tolen = sizeof(*sun);
}

static void
tls_begin(void)
{
	if (tlsmode == TLS_NONE)
		return;
	if ((ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		errx(1, "SSL_CTX_new");
	if (tlsmode == TLS_RENEG)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
}

int
main(int argc, char *argv[])
{
	struct rlimit	 rl;
	double		 seconds = 3;
	int		 ch;

	signal(SIGPIPE, SIG_IGN);
	while ((ch = getopt(argc, argv, "b:cdhi:l:n:p:rs:T:u:")) != -1)
		switch (ch) {
		case 'b':
			address(optarg, 0, &from, &fromlen);
			break;
		case 'c':
			again = 1;
			break;
		case 'd':
			drip = 1;
			break;
		case 'h':
			half = 1;
			break;
		case 'i':
			load(optarg, &prelude.data, &prelude.len);
			break;
		case 'l':
			load(optarg, &loop.data, &loop.len);
			break;
		case 'n':
			nclients = (unsigned)atoi(optarg);
			break;
		case 'p':
			address("127.0.0.1", atoi(optarg), &to, &tolen);
			break;
		case 'r':
			unread = 1;
			break;
		case 's':
			seconds = atof(optarg);
			break;
		case 'T':
			tlsmode = strcmp(optarg, "full") == 0 ? TLS_FULL :
			    TLS_RENEG;
			break;
		case 'u':
			local(optarg);
			break;
		default:
			return 2;
		}
	if (tolen == 0 || (clients = calloc(nclients,
	    sizeof(*clients))) == NULL || (ep = epoll_create1(0)) == -1)
		errx(1, "nowhere to go");
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	tls_begin();
	run(seconds);
	printf("made=%llu refused=%llu out=%llu in=%llu handshakes=%llu\n",
	    (unsigned long long)made, (unsigned long long)refused,
	    (unsigned long long)out, (unsigned long long)in,
	    (unsigned long long)handshakes);
	return 0;
}
