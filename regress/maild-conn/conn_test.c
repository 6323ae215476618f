/* conn over socketpairs, in the clear, through TLS, DEFLATE and both. */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event.h>
#include <tls.h>

#include "conn.h"
#include "testcert.h"

static struct tls	*server;
static struct tls_config *client;

static void
setup_tls(void)
{
	struct tls_config	*config;
	EVP_PKEY		*key = testcert_key(TESTCERT_EC);
	char			*cert, *pem;

	cert = testcert_cert(key, "mail.example");
	pem = testcert_keypem(key);
	config = tls_config_new();
	ATF_REQUIRE(tls_config_set_keypair_mem(config, (uint8_t *)cert,
	    strlen(cert), (uint8_t *)pem, strlen(pem)) == 0);
	server = tls_server();
	ATF_REQUIRE_MSG(tls_configure(server, config) == 0, "%s",
	    tls_error(server));
	client = tls_config_new();
	ATF_REQUIRE(tls_config_set_ca_mem(client, (uint8_t *)cert,
	    strlen(cert)) == 0);
	free(cert);
	free(pem);
	EVP_PKEY_free(key);
}

static void
pair(int fds[2])
{
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) ==
	    0);
}

static void
start(void)
{
	signal(SIGPIPE, SIG_IGN);	/* as every process of maild does */
	event_init();
}

static void
turn(void)
{
	conn_flush_all();
	event_loop(EVLOOP_ONCE);
	conn_flush_all();
}

/* Turns, until the condition holds. */
#define UNTIL(cond) do {						\
	int turns_ = 0;							\
	while (!(cond)) {						\
		turn();							\
		ATF_REQUIRE_MSG(++turns_ < 200000, "never: %s", #cond);	\
	}								\
} while (0)

/* One end: what it has got, what happened to it. */
struct end {
	struct conn	*conn;
	char		 got[65536];
	size_t		 len;
	unsigned	 connected, secured, drained, eof, error, timeout;
	unsigned	 calls;
	int		 echo, lines, freeon, pause;
	size_t		 discard;	/* count, do not keep */
	unsigned	 sum;
};

static void
end_cb(struct conn *c, enum conn_event what, void *arg)
{
	struct end	*e = arg;
	const uint8_t	*p;
	size_t		 n, i;

	e->calls++;
	if (e->freeon == (int)what) {
		e->conn = NULL;
		conn_free(c);
		return;
	}
	switch (what) {
	case CONN_CONNECTED:
		e->connected++;
		break;
	case CONN_SECURED:
		e->secured++;
		break;
	case CONN_DRAINED:
		e->drained++;
		break;
	case CONN_EOF:
		e->eof++;
		break;
	case CONN_ERROR:
		e->error++;
		break;
	case CONN_TIMEOUT:
		e->timeout++;
		break;
	case CONN_READABLE:
		p = conn_in(c, &n);
		ATF_REQUIRE(p != NULL && n > 0);
		if (e->lines) {
			/* One line at a time; a rest stays where it is. */
			const uint8_t *nl = memchr(p, '\n', n);

			if (nl == NULL)
				return;
			n = (size_t)(nl - p) + 1;
		}
		if (e->echo)
			conn_write(c, p, n);
		if (e->discard) {
			e->discard += n;
			for (i = 0; i < n; i++)
				e->sum = e->sum * 31 + p[i];
		} else {
			ATF_REQUIRE(n <= sizeof(e->got) - e->len);
			memcpy(e->got + e->len, p, n);
			e->len += n;
		}
		conn_consume(c, n);
		if (e->pause)
			conn_pause(c);
		else if (e->lines)
			conn_again(c);
		break;
	}
}

static struct end	a, b;

static void
connect_ends(void)
{
	int	 fds[2];

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	a.freeon = b.freeon = -1;
	pair(fds);
	a.conn = conn_new(fds[0], 65536, end_cb, &a);
	b.conn = conn_new(fds[1], 65536, end_cb, &b);
	ATF_REQUIRE(a.conn != NULL && b.conn != NULL);
}

static void
secure_ends(void)
{
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	ATF_REQUIRE(conn_starttls_client(a.conn, client, "mail.example") == 0);
	conn_flush_all();
	UNTIL((a.secured && b.secured) || a.error || b.error);
	ATF_REQUIRE_MSG(!a.error, "%s", conn_error(a.conn));
	ATF_REQUIRE_MSG(!b.error, "%s", conn_error(b.conn));
}

static void
free_ends(void)
{
	conn_free(a.conn);
	conn_free(b.conn);
	ATF_CHECK_EQ(conn_count(), 0);
}

ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	static const char text[] = "first line\nsecond\n\nfourth and last\n";
	size_t		 n = sizeof(text) - 1, i;
	int		 fds[2];
	char		 back[64];

	start();
	for (i = 0; i <= n; i++) {
		memset(&b, 0, sizeof(b));
		b.freeon = -1;
		b.lines = b.echo = 1;
		pair(fds);
		b.conn = conn_new(fds[1], 4096, end_cb, &b);
		ATF_REQUIRE(write(fds[0], text, i) == (ssize_t)i);
		if (i > 0)
			turn();
		ATF_REQUIRE(write(fds[0], text + i, n - i) ==
		    (ssize_t)(n - i));
		UNTIL(b.len == n);
		ATF_CHECK(memcmp(b.got, text, n) == 0);
		ATF_CHECK_EQ(read(fds[0], back, sizeof(back)), (ssize_t)n);
		ATF_CHECK(memcmp(back, text, n) == 0);
		UNTIL(b.drained > 0);
		ATF_CHECK_EQ(conn_pending(b.conn), 0);
		conn_free(b.conn);
		close(fds[0]);
	}
	ATF_CHECK_EQ(conn_count(), 0);
}

ATF_TC_WITHOUT_HEAD(eof);
ATF_TC_BODY(eof, tc)
{
	start();
	connect_ends();
	conn_write(a.conn, "bye", 3);
	conn_flush_all();
	ATF_REQUIRE(shutdown(conn_fd(a.conn), SHUT_WR) == 0);
	UNTIL(b.eof);
	ATF_CHECK_EQ(b.len, 3);
	ATF_CHECK_EQ(b.eof, 1);
	/* The other half still works. */
	conn_write(b.conn, "good bye", 8);
	conn_flush_all();
	UNTIL(a.len == 8);
	ATF_CHECK_EQ(b.eof, 1);
	conn_close(b.conn);
	conn_flush_all();
	UNTIL(a.eof);
	conn_free(a.conn);
	UNTIL(conn_count() == 0);
}

/* The callback frees its own connection, and the other one, at each event. */
ATF_TC_WITHOUT_HEAD(free_in_callback);
ATF_TC_BODY(free_in_callback, tc)
{
	start();
	connect_ends();
	b.freeon = CONN_READABLE;
	conn_write(a.conn, "x", 1);
	conn_flush_all();
	UNTIL(b.conn == NULL && a.eof);
	conn_free(a.conn);

	connect_ends();
	a.freeon = CONN_DRAINED;
	conn_write(a.conn, "x", 1);
	conn_flush_all();
	UNTIL(a.conn == NULL && b.eof && b.len == 1);
	conn_free(b.conn);

	connect_ends();
	b.freeon = CONN_EOF;
	conn_close(a.conn);
	conn_flush_all();
	UNTIL(b.conn == NULL && conn_count() == 0);

	connect_ends();
	b.freeon = CONN_ERROR;
	conn_free(a.conn);
	conn_write(b.conn, "x", 1);
	conn_flush_all();
	UNTIL(b.conn == NULL);
	ATF_CHECK_EQ(conn_count(), 0);

	setup_tls();
	connect_ends();
	a.freeon = b.freeon = CONN_SECURED;
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	ATF_REQUIRE(conn_starttls_client(a.conn, client, "mail.example") == 0);
	conn_flush_all();
	UNTIL(a.conn == NULL && (b.conn == NULL || b.error));
	conn_free(b.conn);
	ATF_CHECK_EQ(conn_count(), 0);
}

ATF_TC_WITHOUT_HEAD(pause);
ATF_TC_BODY(pause, tc)
{
	int	 i;

	start();
	connect_ends();
	conn_pause(b.conn);
	conn_write(a.conn, "hello", 5);
	conn_flush_all();
	UNTIL(a.drained);
	for (i = 0; i < 10; i++) {
		event_loop(EVLOOP_NONBLOCK);
		conn_flush_all();
	}
	ATF_CHECK_EQ(b.calls, 0);
	conn_resume(b.conn);
	UNTIL(b.len == 5);
	/* Lines that were read before the pause come after it. */
	b.lines = b.pause = 1;
	conn_write(a.conn, "one\ntwo\n", 8);
	conn_flush_all();
	UNTIL(b.len >= 9);
	for (i = 0; i < 3; i++)
		event_loop(EVLOOP_NONBLOCK);
	ATF_CHECK_EQ(b.len, 9);
	conn_resume(b.conn);
	UNTIL(b.len == 13);
	free_ends();
}

/* A full input buffer stops reading; consuming, outside too, starts it. */
ATF_TC_WITHOUT_HEAD(inmax);
ATF_TC_BODY(inmax, tc)
{
	char	 text[200];
	int	 fds[2], i;
	size_t	 n;

	start();
	memset(&b, 0, sizeof(b));
	b.freeon = -1;
	b.lines = 1;
	pair(fds);
	b.conn = conn_new(fds[1], 100, end_cb, &b);
	memset(text, 'a', sizeof(text));
	text[199] = '\n';
	ATF_REQUIRE(write(fds[0], text, sizeof(text)) == 200);
	for (i = 0; i < 10; i++)
		event_loop(EVLOOP_NONBLOCK);
	conn_in(b.conn, &n);
	ATF_CHECK_EQ(n, 100);
	ATF_CHECK_EQ(b.calls, 1);
	conn_consume(b.conn, 100);
	UNTIL(b.calls == 2);
	conn_free(b.conn);
	close(fds[0]);
}

static void
bulk(int zip)
{
	static char	 piece[50000];
	unsigned	 sum = 0;
	size_t		 i, total = 1, k, n;

	b.discard = 1;
	srandom(7);
	for (k = 0; total < 20 * 1024 * 1024; k++) {
		n = k % 3 == 0 ? 10 : (size_t)random() % sizeof(piece);
		for (i = 0; i < n; i++) {
			piece[i] = (char)(zip ? random() % 20 : random());
			sum = sum * 31 + (uint8_t)piece[i];
		}
		while (conn_pending(a.conn) > 300000) {
			unsigned was = a.drained;

			conn_flush_all();
			UNTIL(a.drained > was);
		}
		ATF_REQUIRE(conn_write(a.conn, piece, n) == 0);
		total += n;
		if (k % 5 == 0)
			turn();
	}
	conn_flush_all();
	UNTIL(b.discard == total || a.error || b.error);
	ATF_CHECK_EQ(b.discard, total);
	ATF_CHECK_EQ(b.sum, sum);
}

ATF_TC_WITHOUT_HEAD(bulk_plain);
ATF_TC_BODY(bulk_plain, tc)
{
	start();
	connect_ends();
	bulk(0);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(bulk_tls);
ATF_TC_BODY(bulk_tls, tc)
{
	start();
	setup_tls();
	connect_ends();
	secure_ends();
	bulk(0);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(bulk_deflate);
ATF_TC_BODY(bulk_deflate, tc)
{
	start();
	connect_ends();
	ATF_REQUIRE(conn_deflate(a.conn) == 0);
	ATF_REQUIRE(conn_deflate(b.conn) == 0);
	bulk(1);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(bulk_tls_deflate);
ATF_TC_BODY(bulk_tls_deflate, tc)
{
	start();
	setup_tls();
	connect_ends();
	secure_ends();
	ATF_REQUIRE(conn_deflate(a.conn) == 0);
	ATF_REQUIRE(conn_deflate(b.conn) == 0);
	bulk(1);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(outmax);
ATF_TC_BODY(outmax, tc)
{
	static char	 piece[10000];
	int		 i, ok = 0;

	start();
	connect_ends();
	conn_pause(b.conn);
	conn_outmax(a.conn, 100000);
	for (i = 0; i < 10000 && conn_write(a.conn, piece, sizeof(piece)) == 0;
	    i++) {
		ok++;
		conn_flush_all();
	}
	ATF_CHECK(i < 10000);
	ATF_CHECK(conn_pending(a.conn) <= 100000);
	b.discard = 1;
	conn_resume(b.conn);
	UNTIL(a.drained && b.discard == 1 + (size_t)ok * sizeof(piece));
	free_ends();
}

/* RFC 3207 4.2: commands smuggled in before TLS are not heard. */
ATF_TC_WITHOUT_HEAD(starttls_discard);
ATF_TC_BODY(starttls_discard, tc)
{
	int	 i;

	start();
	setup_tls();
	connect_ends();
	b.lines = b.pause = 1;
	conn_pause(b.conn);
	conn_write(a.conn, "STARTTLS\nRSET\nMA", 16);
	conn_flush_all();
	UNTIL(a.drained);
	conn_resume(b.conn);
	UNTIL(b.len == 9);
	conn_write(b.conn, "220 go\n", 7);
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	/* Written now, it must not go out before the handshake. */
	conn_write(b.conn, "secret\n", 7);
	conn_flush_all();
	UNTIL(a.len == 7);
	ATF_CHECK(memcmp(a.got, "220 go\n", 7) == 0);
	for (i = 0; i < 3; i++)
		event_loop(EVLOOP_NONBLOCK);
	ATF_CHECK_EQ(b.len, 9);
	ATF_REQUIRE(conn_starttls_client(a.conn, client, "mail.example") == 0);
	conn_flush_all();
	UNTIL(a.secured && b.secured && a.len == 14);
	b.pause = 0;
	conn_resume(b.conn);
	conn_write(a.conn, "IL\n", 3);
	conn_flush_all();
	UNTIL(b.len == 12);
	ATF_CHECK(memcmp(b.got, "STARTTLS\nIL\n", 12) == 0);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(tls_small);
ATF_TC_BODY(tls_small, tc)
{
	uint8_t	 x[32], y[32];
	int	 i;

	start();
	setup_tls();
	connect_ends();
	ATF_CHECK(conn_binding(a.conn, x) == -1);
	secure_ends();
	ATF_CHECK(conn_binding(a.conn, x) == 0);
	ATF_CHECK(conn_binding(b.conn, y) == 0);
	ATF_CHECK(memcmp(x, y, 32) == 0);
	b.echo = 1;
	for (i = 1; i < 100; i++) {
		size_t	 want = a.len + 8 + (i >= 10);

		conn_writef(a.conn, "line %d\r\n", i);
		UNTIL(a.len >= want);
	}
	ATF_CHECK(strstr(a.got, "line 99\r\n") != NULL);
	/* A server context that is freed under a handshake lives on. */
	conn_close(a.conn);
	conn_flush_all();
	UNTIL(b.eof);
	conn_close(b.conn);
	conn_flush_all();
	UNTIL(conn_count() == 0);

	connect_ends();
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	ATF_REQUIRE(conn_starttls_client(a.conn, client, "mail.example") == 0);
	conn_server_free(server);
	conn_flush_all();
	UNTIL(a.secured && b.secured);
	free_ends();
}

/* The certificate is not trusted, or the peer talks no TLS: an error. */
ATF_TC_WITHOUT_HEAD(tls_bad);
ATF_TC_BODY(tls_bad, tc)
{
	start();
	setup_tls();
	connect_ends();
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	ATF_REQUIRE(conn_starttls_client(a.conn, client, "other.example") ==
	    0);
	conn_flush_all();
	UNTIL(a.error && (b.error || b.secured));
	free_ends();

	connect_ends();
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	conn_write(a.conn, "EHLO not.tls\r\n", 14);
	conn_flush_all();
	UNTIL(b.error);
	ATF_CHECK(strlen(conn_error(b.conn)) > 8);
	free_ends();
}

/* His end amid the handshake is no handshake, though libtls says 0 to it. */
ATF_TC_WITHOUT_HEAD(tls_eof);
ATF_TC_BODY(tls_eof, tc)
{
	start();
	setup_tls();
	connect_ends();
	ATF_REQUIRE(conn_starttls_server(b.conn, server) == 0);
	ATF_REQUIRE(shutdown(conn_fd(a.conn), SHUT_WR) == 0);
	UNTIL(b.error || b.secured);
	ATF_CHECK_EQ(0, b.secured);
	free_ends();
}

ATF_TC_WITHOUT_HEAD(deflate_bad);
ATF_TC_BODY(deflate_bad, tc)
{
	start();
	connect_ends();
	conn_deflate(b.conn);
	conn_write(a.conn, "\xff\xff\xff\xff\xff\xff", 6);
	conn_flush_all();
	UNTIL(b.error);
	free_ends();
}

/* The OK goes out plain; a command sent along is compressed already. */
ATF_TC_WITHOUT_HEAD(deflate_switch);
ATF_TC_BODY(deflate_switch, tc)
{
	unsigned	 i;

	start();
	connect_ends();
	conn_write(b.conn, "OK\n", 3);
	conn_deflate(b.conn);
	conn_flush_all();
	UNTIL(a.len == 3);
	ATF_CHECK(memcmp(a.got, "OK\n", 3) == 0);
	conn_deflate(a.conn);
	b.echo = 1;
	for (i = 0; i < 50; i++) {
		conn_writef(a.conn, "noop %u\n", i);
		conn_flush_all();
		UNTIL(a.len - 3 == b.len && a.got[a.len - 1] == '\n' &&
		    b.len >= 7 * (i + 1));
	}
	free_ends();
}

ATF_TC_WITHOUT_HEAD(timeout);
ATF_TC_BODY(timeout, tc)
{
	struct timespec	 t0, t1;
	long		 ms;

	start();
	connect_ends();
	clock_gettime(CLOCK_MONOTONIC, &t0);
	conn_timeout(b.conn, 2);
	conn_timeout(a.conn, 1800);
	conn_deadline(a.conn, 3600);
	UNTIL(b.timeout);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ms = (t1.tv_sec - t0.tv_sec) * 1000 +
	    (t1.tv_nsec - t0.tv_nsec) / 1000000;
	ATF_CHECK_MSG(ms >= 1000 && ms < 4500, "%ld ms", ms);
	ATF_CHECK_EQ(a.timeout, 0);
	/* Shorter than what it waits for now; and one that is taken back. */
	conn_timeout(b.conn, 1);
	conn_deadline(a.conn, 1);
	conn_timeout(b.conn, 0);
	UNTIL(a.timeout);
	ATF_CHECK_EQ(b.timeout, 1);
	free_ends();
}

static void
accept_cb(int fd, short what, void *arg)
{
	int	 s = accept4(fd, NULL, NULL, SOCK_NONBLOCK);

	ATF_REQUIRE(s != -1);
	b.conn = conn_new(s, 4096, end_cb, &b);
}

ATF_TC_WITHOUT_HEAD(connect);
ATF_TC_BODY(connect, tc)
{
	struct sockaddr_storage	 ss;
	struct addr		 to;
	struct event		 ev;
	socklen_t		 len;
	int			 fd;

	start();
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	a.freeon = b.freeon = -1;
	ATF_REQUIRE(addr_parse(&to, "127.0.0.1") == 0);
	len = addr_to_sockaddr(&to, &ss);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(bind(fd, (struct sockaddr *)&ss, len) == 0);
	ATF_REQUIRE(listen(fd, 5) == 0);
	len = sizeof(ss);
	ATF_REQUIRE(getsockname(fd, (struct sockaddr *)&ss, &len) == 0);
	ATF_REQUIRE(addr_from_sockaddr(&to, (struct sockaddr *)&ss) == 0);
	event_set(&ev, fd, EV_READ, accept_cb, NULL);
	event_add(&ev, NULL);
	a.conn = conn_connect(&to, NULL, 10, 4096, end_cb, &a);
	ATF_REQUIRE(a.conn != NULL);
	/* Written before it is there. */
	conn_write(a.conn, "early", 5);
	conn_flush_all();
	UNTIL(b.len == 5);
	ATF_CHECK_EQ(a.connected, 1);
	free_ends();
	close(fd);
	memset(&a, 0, sizeof(a));
	a.freeon = -1;
	a.conn = conn_connect(&to, NULL, 10, 4096, end_cb, &a);
	if (a.conn != NULL)
		UNTIL(a.error);
	conn_free(a.conn);
}

/* A close loses nothing of what was written, and waits for slow readers. */
ATF_TC_WITHOUT_HEAD(close_flushes);
ATF_TC_BODY(close_flushes, tc)
{
	static char	 big[1000000];
	int		 tls;

	start();
	setup_tls();
	for (tls = 0; tls < 2; tls++) {
		connect_ends();
		if (tls)
			secure_ends();
		b.discard = 1;
		conn_write(b.conn, "unread", 6);
		ATF_REQUIRE(conn_write(a.conn, big, sizeof(big)) == 0);
		conn_close(a.conn);
		UNTIL(b.eof);
		ATF_CHECK_EQ(b.discard, 1 + sizeof(big));
		conn_close(b.conn);
		conn_flush_all();
		UNTIL(conn_count() == 0);
	}
}

/* The peer is gone without a word: a close comes to its end all the same. */
ATF_TC_WITHOUT_HEAD(close_gone);
ATF_TC_BODY(close_gone, tc)
{
	int	 tls, i;

	start();
	setup_tls();
	for (tls = 0; tls < 2; tls++) {
		connect_ends();
		if (tls)
			secure_ends();
		conn_free(a.conn);
		conn_close(b.conn);
		for (i = 0; i < 20 && conn_count() > 0; i++) {
			conn_flush_all();
			event_loop(EVLOOP_NONBLOCK);
		}
		ATF_CHECK_EQ(conn_count(), 0);
	}
}

/* Who has said that he is done gets all, and nobody waits for him. */
ATF_TC_WITHOUT_HEAD(quit);
ATF_TC_BODY(quit, tc)
{
	static char	 big[1000000];

	start();
	connect_ends();
	b.discard = 1;
	ATF_REQUIRE(conn_write(a.conn, big, sizeof(big)) == 0);
	conn_quit(a.conn);
	UNTIL(b.eof);
	ATF_CHECK_EQ(b.discard, 1 + sizeof(big));
	ATF_CHECK_EQ(conn_count(), 1);	/* b's, which has not closed */
	conn_free(b.conn);
	ATF_CHECK_EQ(conn_count(), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, eof);
	ATF_TP_ADD_TC(tp, free_in_callback);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, inmax);
	ATF_TP_ADD_TC(tp, bulk_plain);
	ATF_TP_ADD_TC(tp, bulk_tls);
	ATF_TP_ADD_TC(tp, bulk_deflate);
	ATF_TP_ADD_TC(tp, bulk_tls_deflate);
	ATF_TP_ADD_TC(tp, outmax);
	ATF_TP_ADD_TC(tp, starttls_discard);
	ATF_TP_ADD_TC(tp, tls_small);
	ATF_TP_ADD_TC(tp, tls_bad);
	ATF_TP_ADD_TC(tp, tls_eof);
	ATF_TP_ADD_TC(tp, deflate_bad);
	ATF_TP_ADD_TC(tp, deflate_switch);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, connect);
	ATF_TP_ADD_TC(tp, close_flushes);
	ATF_TP_ADD_TC(tp, close_gone);
	ATF_TP_ADD_TC(tp, quit);
	return atf_no_error();
}
