/* The scripted server of harness.h, in a child process. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "harness.h"

static pid_t	 pids[16];
static unsigned	 npids;

struct server {
	int		 listener;
	int		 fd;
	struct tls	*tls;		/* context */
	struct tls	*conn;
	char		 buf[8192];
	size_t		 off, len;
	FILE		*bodies;
	unsigned	 step;
};

static void
die(struct server *s, const char *why, const char *what)
{
	fprintf(stderr, "server: step %u: %s: %s\n", s->step, why, what);
	_exit(1);
}

static int
listen_any(unsigned *port)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1 && bind(fd, (struct sockaddr *)&sin,
	    sizeof(sin)) == 0 && listen(fd, 100) == 0 && getsockname(fd,
	    (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

unsigned
harness_dead_port(void)
{
	unsigned	 port;

	close(listen_any(&port));
	return port;
}

/* A self-signed certificate for localhost, made on the spot. */
static struct tls *
tls_context(void)
{
	struct tls_config	*config = tls_config_new();
	struct tls		*tls = tls_server();
	EVP_PKEY		*key = EVP_EC_gen("P-256");
	X509			*x = X509_new();
	X509_NAME		*name = X509_get_subject_name(x);
	BIO			*b = BIO_new(BIO_s_mem()), *k =
				    BIO_new(BIO_s_mem());
	char			*p, *q;
	long			 n, m;

	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_sign(x, key, EVP_sha256());
	PEM_write_bio_X509(b, x);
	PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(b, &p);
	m = BIO_get_mem_data(k, &q);
	if (tls_config_set_keypair_mem(config, (uint8_t *)p, (size_t)n,
	    (uint8_t *)q, (size_t)m) == -1 ||
	    tls_configure(tls, config) == -1)
		_exit(2);
	return tls;
}

static ssize_t
get(struct server *s, void *p, size_t n)
{
	ssize_t	 ret;

	if (s->conn == NULL)
		return read(s->fd, p, n);
	do {
		ret = tls_read(s->conn, p, n);
	} while (ret == TLS_WANT_POLLIN || ret == TLS_WANT_POLLOUT);
	return ret;
}

static void
put(struct server *s, const char *p, size_t n)
{
	if ((s->conn == NULL ? write(s->fd, p, n) :
	    tls_write(s->conn, p, n)) != (ssize_t)n)
		die(s, "cannot write", p);
}

static int
getch(struct server *s)
{
	ssize_t	 n;

	if (s->off == s->len) {
		if ((n = get(s, s->buf, sizeof(s->buf))) <= 0)
			return EOF;
		s->off = 0;
		s->len = (size_t)n;
	}
	return (unsigned char)s->buf[s->off++];
}

static void
getln(struct server *s, char *line, size_t size)
{
	size_t	 n = 0;
	int	 c;

	while ((c = getch(s)) != '\n') {
		if (c == EOF) {
			strlcpy(line, "(end)", size);
			return;
		}
		if (n < size - 1)
			line[n++] = (char)c;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
}

static void
hang_up(struct server *s)
{
	if (s->conn != NULL) {
		tls_close(s->conn);
		tls_free(s->conn);
		s->conn = NULL;
	}
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->off = s->len = 0;
}

static void
body(struct server *s)
{
	char	 line[8192];

	for (;;) {
		getln(s, line, sizeof(line));
		if (strcmp(line, "(end)") == 0)
			die(s, "end within a message", "");
		fprintf(s->bodies, "%s\n", line);
		if (strcmp(line, ".") == 0)
			break;
	}
	fflush(s->bodies);
}

static void
step(struct server *s, const char *line)
{
	char	 got[8192];
	size_t	 n;

	switch (line[0]) {
	case '>':
		snprintf(got, sizeof(got), "%s\r\n", line + 1);
		put(s, got, strlen(got));
		break;
	case '<':
		getln(s, got, sizeof(got));
		if (strncmp(got, line + 1, strlen(line + 1)) != 0)
			die(s, line, got);
		break;
	case '.':
		body(s);
		break;
	case '#':
		for (n = (size_t)atoi(line + 1); n > 0; n--)
			fputc(getch(s), s->bodies);
		fflush(s->bodies);
		break;
	case 'x':
		hang_up(s);
		break;
	case 'a':
		hang_up(s);
		s->fd = accept(s->listener, NULL, NULL);
		break;
	case 't':
		s->off = s->len = 0;
		if (tls_accept_socket(s->tls, &s->conn, s->fd) == -1)
			die(s, "TLS", tls_error(s->tls));
		break;
	case 'g':
		while (getch(s) != EOF)
			;
		hang_up(s);
		break;
	default:
		die(s, "what is this", line);
	}
}

unsigned
harness_server(const char *script)
{
	struct server	 s;
	const char	*p;
	char		 line[8192];
	unsigned	 port;
	size_t		 n;

	memset(&s, 0, sizeof(s));
	s.listener = listen_any(&port);
	ATF_REQUIRE(npids < 16);
	if ((pids[npids++] = fork()) != 0) {
		close(s.listener);
		return port;
	}
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	s.tls = tls_context();
	s.bodies = fopen("bodies", "a");
	s.fd = accept(s.listener, NULL, NULL);
	for (p = script; *p != '\0'; p += n + (p[n] == '\n')) {
		s.step++;
		n = strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, p);
		step(&s, line);
	}
	hang_up(&s);
	_exit(0);
}

void
harness_server_end(void)
{
	unsigned	 i;
	int		 status;

	/* What is left to be sent goes out, then all connections close. */
	harness_idle(100);
	harness_peer_gone(PROC_QUEUE);
	harness_idle(10);
	for (i = 0; i < npids; i++) {
		ATF_REQUIRE_EQ(pids[i], waitpid(pids[i], &status, 0));
		ATF_CHECK_EQ_MSG(0, status, "server %u: status %x; %s", i,
		    (unsigned)status, harness_said);
	}
	npids = 0;
}
