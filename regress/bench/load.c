#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "load.h"

struct event_base	*load_base;

static struct sockaddr_storage	 target;
static socklen_t		 targetlen;
static unsigned int		 nsources, nextsource;
static SSL_CTX			*tlsctx;
static SSL_SESSION		*tlssession;
static int			 resume;
static uint64_t			 nresumed;
static uint64_t			 began;
static char			 rbuf[256 * 1024];

static void	conn_readable(evutil_socket_t, short, void *);
static void	conn_writable(evutil_socket_t, short, void *);
static void	conn_shake(struct lconn *);

void
load_init(void)
{
	struct rlimit	 rl;

	began = load_usec();
	/* Root may go beyond its hard limit; others have what they have. */
	rl.rlim_cur = rl.rlim_max = 200000;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1 &&
	    getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	signal(SIGPIPE, SIG_IGN);
	if ((load_base = event_base_new()) == NULL)
		errx(1, "event_base_new");
}

unsigned int
load_cpu(void)
{
	struct rusage	 ru;
	double		 used, t = (double)(load_usec() - began) / 1e6;

	if (getrusage(RUSAGE_SELF, &ru) == -1 || t <= 0)
		return 0;
	used = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	return (unsigned int)(100 * used / t + 0.5);
}

uint64_t
load_usec(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

double
load_now(void)
{
	return (double)load_usec() / 1e6;
}

void
load_target(const char *s)
{
	struct sockaddr_un	*un = (struct sockaddr_un *)&target;
	struct addrinfo		 hints, *ai;
	char			 host[256], *port;
	int			 error;

	if (*s == '/' || *s == '.') {
		un->sun_family = AF_UNIX;
		if (strlen(s) >= sizeof(un->sun_path))
			errx(1, "%s: too long", s);
		strcpy(un->sun_path, s);
		targetlen = sizeof(*un);
		return;
	}
	snprintf(host, sizeof(host), "%s", *s == '[' ? s + 1 : s);
	if ((port = strrchr(host, ':')) == NULL)
		errx(1, "%s: neither host:port nor a path", s);
	*port++ = '\0';
	if (port - host > 1 && port[-2] == ']')
		port[-2] = '\0';
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if ((error = getaddrinfo(host, port, &hints, &ai)) != 0)
		errx(1, "%s: %s", s, gai_strerror(error));
	memcpy(&target, ai->ai_addr, ai->ai_addrlen);
	targetlen = ai->ai_addrlen;
	freeaddrinfo(ai);
}

void
load_sources(unsigned int n)
{
	nsources = n;
}

/* A port of one address lasts for 28,000 connections only. */
static int
bind_source(int fd)
{
	struct sockaddr_in	 sin;
	unsigned int		 i;
	int			 on = 1;

	if (nsources == 0 || target.ss_family != AF_INET)
		return 0;
	i = nextsource++ % nsources;
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i % 250 +
	    ((i / 250) << 8));
#ifdef IP_BIND_ADDRESS_NO_PORT
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
#endif
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
}

int
load_connect(struct lconn *c, enum load_tls tls)
{
	int	 fd, on = 1;

	c->fd = -1;
	c->tls = NULL;
	c->inlen = c->outoff = c->outlen = 0;
	c->skip = 0;
	c->deaf = 0;
	fd = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		err(1, "socket");
	/* A local socket's connect may wait for the listener's backlog. */
	if (target.ss_family != AF_UNIX)
		evutil_make_socket_nonblocking(fd);
	if (bind_source(fd) == -1)
		err(1, "bind");
	if (connect(fd, (struct sockaddr *)&target, targetlen) == -1 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	evutil_make_socket_nonblocking(fd);
	if (target.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	c->fd = fd;
	c->shaking = tls == LOAD_TLS;
	c->connecting = 1;
	event_assign(&c->rd, load_base, fd, EV_READ | EV_PERSIST,
	    conn_readable, c);
	event_assign(&c->wr, load_base, fd, EV_WRITE, conn_writable, c);
	event_add(&c->wr, NULL);
	return 0;
}

void
load_close(struct lconn *c)
{
	if (c->fd == -1)
		return;
	event_del(&c->rd);
	event_del(&c->wr);
	if (c->tls != NULL) {
		/* Whether the peer hears of the end does not matter. */
		(void)SSL_shutdown(c->tls);
		SSL_free(c->tls);
		c->tls = NULL;
	}
	close(c->fd);
	c->fd = -1;
	c->deaf = 1;
	c->inlen = c->outoff = c->outlen = 0;
}

static void
conn_down(struct lconn *c, const char *why)
{
	if (c->fd == -1)
		return;
	load_close(c);
	c->down(c, why);
}

void
load_resume(void)
{
	resume = 1;
}

uint64_t
load_resumed(void)
{
	return nresumed;
}

/* A ticket has come: the newest one serves all. */
static int
new_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION_free(tlssession);
	tlssession = session;
	return 1;
}

/* One context for all: to make it is what costs. */
static void
tls_init(void)
{
	if ((tlsctx = SSL_CTX_new(TLS_client_method())) == NULL)
		errx(1, "SSL_CTX_new");
	SSL_CTX_set_verify(tlsctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(tlsctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (resume) {
		SSL_CTX_set_session_cache_mode(tlsctx, SSL_SESS_CACHE_CLIENT |
		    SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(tlsctx, new_session);
	}
}

void
load_starttls(struct lconn *c)
{
	if (tlsctx == NULL)
		tls_init();
	if ((c->tls = SSL_new(tlsctx)) == NULL ||
	    SSL_set_fd(c->tls, c->fd) != 1)
		errx(1, "SSL_new");
	SSL_set_connect_state(c->tls);
	(void)SSL_set_tlsext_host_name(c->tls, "mail.example.test");
	if (resume && tlssession != NULL)
		SSL_set_session(c->tls, tlssession);
	c->shaking = 1;
	conn_shake(c);
}

/* What SSL_* answered: 0 would block, -1 over; waits for writing if need be. */
static int
tls_blocked(struct lconn *c, int r)
{
	switch (SSL_get_error(c->tls, r)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		event_add(&c->wr, NULL);
		return 0;
	default:
		return -1;
	}
}

static void
conn_shake(struct lconn *c)
{
	char	 why[256];
	int	 r;

	ERR_clear_error();
	if ((r = SSL_do_handshake(c->tls)) == 1) {
		c->shaking = 0;
		nresumed += SSL_session_reused(c->tls) ? 1 : 0;
		event_add(&c->rd, NULL);
		c->up(c);
	} else if (tls_blocked(c, r) == 0)
		event_add(&c->rd, NULL);
	else {
		ERR_error_string_n(ERR_get_error(), why, sizeof(why));
		conn_down(c, why);
	}
}

static void
conn_established(struct lconn *c)
{
	socklen_t	 len = sizeof(int);
	int		 error = 0;

	c->connecting = 0;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0) {
		conn_down(c, strerror(error));
		return;
	}
	if (c->shaking)
		load_starttls(c);
	else {
		event_add(&c->rd, NULL);
		c->up(c);
	}
}

/* Octets written, 0 when it would block, -1 when it is over. */
static ssize_t
conn_put(struct lconn *c, const char *p, size_t n)
{
	ssize_t	 w;

	if (c->tls != NULL) {
		ERR_clear_error();
		w = SSL_write(c->tls, p, n > INT_MAX ? INT_MAX : (int)n);
		return w > 0 ? w : tls_blocked(c, (int)w);
	}
	w = send(c->fd, p, n, MSG_NOSIGNAL);
	if (w == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return w;
}

void
load_write(struct lconn *c, const void *p, size_t n)
{
	ssize_t	 w = 0;

	if (c->fd == -1)
		return;
	if (c->outlen == c->outoff) {
		c->outlen = c->outoff = 0;
		/* An error shows again at the next read. */
		while (n > 0 && (w = conn_put(c, p, n)) > 0) {
			p = (const char *)p + w;
			n -= (size_t)w;
		}
		if (n == 0 || w == -1)
			return;
	}
	if (c->outlen + n > c->outsize) {
		c->outsize = (c->outlen + n) * 2;
		if ((c->out = realloc(c->out, c->outsize)) == NULL)
			err(1, NULL);
	}
	memcpy(c->out + c->outlen, p, n);
	c->outlen += n;
	event_add(&c->wr, NULL);
}

void
load_printf(struct lconn *c, const char *fmt, ...)
{
	char	 line[4096];
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		errx(1, "a line is too long");
	load_write(c, line, (size_t)n);
}

static void
conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct lconn	*c = arg;
	ssize_t		 w;

	if (c->connecting) {
		conn_established(c);
		return;
	}
	if (c->shaking) {
		conn_shake(c);
		return;
	}
	while (c->outoff < c->outlen) {
		w = conn_put(c, c->out + c->outoff, c->outlen - c->outoff);
		if (w == -1) {
			conn_down(c, "write");
			return;
		}
		if (w == 0) {
			event_add(&c->wr, NULL);
			return;
		}
		c->outoff += (size_t)w;
	}
	c->outoff = c->outlen = 0;
}

/* The number in the {n} at the end of a line, 0 when there is none. */
static uint64_t
literal(const char *p, size_t n)
{
	uint64_t	 v = 0, f = 1;

	if (n < 3 || p[n - 1] != '}')
		return 0;
	for (n -= 1; n > 0 && p[n - 1] >= '0' && p[n - 1] <= '9'; n--) {
		v += (uint64_t)(p[n - 1] - '0') * f;
		f *= 10;
	}
	return n > 0 && p[n - 1] == '{' ? v : 0;
}

/* Give the lines in p to the owner; what is left of the last one is kept. */
static void
conn_lines(struct lconn *c, char *p, size_t n)
{
	char	*nl;
	size_t	 len;

	while (n > 0 && !c->deaf) {
		if (c->skip > 0) {
			len = c->skip < n ? (size_t)c->skip : n;
			c->skip -= len;
			p += len;
			n -= len;
			continue;
		}
		if ((nl = memchr(p, '\n', n)) == NULL)
			break;
		len = (size_t)(nl - p);
		n -= len + 1;
		if (len > 0 && nl[-1] == '\r')
			len--;
		p[len] = '\0';
		if (c->literals)
			c->skip = literal(p, len);
		c->line(c, p, len);
		p = nl + 1;
	}
	if (c->deaf)
		return;
	if (n > c->insize) {
		c->insize = n * 2;
		nl = malloc(c->insize);
		if (nl == NULL)
			err(1, NULL);
		memcpy(nl, p, n);
		free(c->in);
		c->in = nl;
	} else if (n > 0)
		memmove(c->in, p, n);
	c->inlen = n;
}

static void
conn_take(struct lconn *c, size_t n)
{
	char	*p;

	c->nread += n;
	if (c->inlen == 0) {
		conn_lines(c, rbuf, n);
		return;
	}
	if (c->inlen + n > c->insize) {
		c->insize = (c->inlen + n) * 2;
		if ((c->in = realloc(c->in, c->insize)) == NULL)
			err(1, NULL);
	}
	memcpy(c->in + c->inlen, rbuf, n);
	n += c->inlen;
	p = c->in;
	c->inlen = 0;
	conn_lines(c, p, n);
}

static void
conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct lconn	*c = arg;
	ssize_t		 n;

	if (c->shaking) {
		conn_shake(c);
		return;
	}
	for (;;) {
		if (c->tls != NULL) {
			ERR_clear_error();
			n = SSL_read(c->tls, rbuf, sizeof(rbuf));
			if (n <= 0 && tls_blocked(c, (int)n) == 0)
				return;
		} else {
			n = read(c->fd, rbuf, sizeof(rbuf));
			if (n == -1 && (errno == EAGAIN || errno == EINTR))
				return;
		}
		if (n <= 0) {
			conn_down(c, n == 0 ? "closed" : "read");
			return;
		}
		conn_take(c, (size_t)n);
		/* TLS may hold more than the socket shows. */
		if (c->fd == -1 || c->tls == NULL || c->shaking)
			return;
	}
}

void
lat_add(struct lat *l, uint64_t us)
{
	if (l->n == l->size) {
		l->size = l->size == 0 ? 1024 : l->size * 2;
		l->us = reallocarray(l->us, l->size, sizeof(*l->us));
		if (l->us == NULL)
			err(1, NULL);
	}
	l->us[l->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int
lat_cmp(const void *a, const void *b)
{
	const uint32_t	*x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

uint32_t
lat_at(struct lat *l, double part)
{
	size_t	 i;

	if (l->n == 0)
		return 0;
	qsort(l->us, l->n, sizeof(*l->us), lat_cmp);
	i = (size_t)((double)l->n * part);
	return l->us[i < l->n ? i : l->n - 1];
}

void
lat_print(struct lat *l)
{
	printf(" p50_us=%u p95_us=%u p99_us=%u max_us=%u", lat_at(l, .5),
	    lat_at(l, .95), lat_at(l, .99), lat_at(l, 1));
}

static const char *const words[] = {
	"the", "harbour", "letter", "of", "winter", "and", "a", "carrier",
	"reads", "between", "stations", "meeting", "invoice", "tomorrow",
	"report", "with", "regards", "figures", "attached", "please",
	"answer", "copper", "window", "thirty", "garden", "engine", "quiet",
	"morning", "seven", "bridge", "paper", "to"
};
#define NWORDS	(sizeof(words) / sizeof(words[0]))

char *
load_text(size_t size, uint64_t seed, size_t *lenp)
{
	uint64_t	 x = seed * 2862933555777941757ULL + 3037000493ULL;
	size_t		 len = 0, col = 0, w;
	const char	*s;
	char		*p;

	if ((p = malloc(size + 128)) == NULL)
		err(1, NULL);
	while (len < size) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s = words[x % NWORDS];
		w = strlen(s);
		memcpy(p + len, s, w);
		len += w;
		col += w + 1;
		/* What ends with a space would have no end of line. */
		if (col > 68 || len + 1 >= size) {
			memcpy(p + len, "\r\n", 2);
			len += 2;
			col = 0;
		} else
			p[len++] = ' ';
	}
	*lenp = len;
	return p;
}

uint64_t
load_number(const char *s, const char *what, uint64_t max)
{
	unsigned long long	 v;
	char			*end;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end == 'k' || *end == 'K') {
		v *= 1024;
		end++;
	} else if (*end == 'm' || *end == 'M') {
		v *= 1024 * 1024;
		end++;
	}
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 || v > max)
		errx(1, "%s: not a good number: %s", what, s);
	return v;
}
