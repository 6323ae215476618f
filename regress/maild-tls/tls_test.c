/*
 * Handshakes with openssl(1) against a server that has no key: another process
 * holds it.  Keys are made by openssl in files, so that none has ever been in
 * this process's memory.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <tls.h>

#include "crypto/keyring.h"
#include "crypto/sign.h"
#include "libimsg/imsg.h"
#include "conf.h"
#include "conn.h"
#include "msg.h"
#include "proc.h"
#include "tlskey.h"

static int		 syncfd = -1;
static pid_t		 keeper;
static struct conf	 conf;

int
proc_sync_fd(void)
{
	return syncfd;
}

static int
sh(const char *fmt, ...)
{
	char	 cmd[2000];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

static void
add_cert(const char *name, const char *alg)
{
	struct conf_cert	*cert = calloc(1, sizeof(*cert));
	uint8_t			*der = NULL;
	X509			*x;
	FILE			*f;
	char			 path[300];
	int			 n;

	ATF_REQUIRE(sh("openssl req -x509 -newkey %s -nodes -days 2 "
	    "-subj /CN=%s -addext subjectAltName=DNS:%s -keyout %s.key "
	    "-out %s.crt 2>openssl.err", alg, name, name, name, name) == 0);
	snprintf(path, sizeof(path), "%s.crt", name);
	cert->name = strdup(name);
	cert->pem = malloc(20000);
	f = fopen(path, "r");
	cert->pemlen = fread(cert->pem, 1, 20000, f);
	fclose(f);
	f = fopen(path, "r");
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	n = i2d_PUBKEY(X509_get0_pubkey(x), &der);
	SHA256(der, (size_t)n, cert->pubhash);
	OPENSSL_free(der);
	X509_free(x);
	TAILQ_INSERT_TAIL(&conf.certs, cert, entry);
}

/* What crypto does, in small. */
static void
keeper_main(int fd)
{
	struct msg_tls_sign	 m;
	struct msg_tls_sign_r	 r;
	struct conf_cert	*cert;
	struct keyring		*ring;
	struct imsgbuf		 ibuf;
	struct imsg		 imsg;
	struct ibuf		*b;
	const char		*why = "";
	uint8_t			 out[SIGN_OUTMAX];
	char			 path[300];
	int			 n, kfd;

	keyring_init();
	ring = keyring_new();
	TAILQ_FOREACH(cert, &conf.certs, entry) {
		snprintf(path, sizeof(path), "%s.key", cert->name);
		if ((kfd = open(path, O_RDONLY)) == -1 ||
		    keyring_add_tls(ring, kfd, cert->pubhash, 32, &why) == -1)
			_exit(1);
		close(kfd);
	}
	imsgbuf_init(&ibuf, fd);
	while (imsgbuf_read(&ibuf) == 1)
		while (imsgbuf_get(&ibuf, &imsg) == 1) {
			if (msg_get(imsg.data, imsg_get_len(&imsg),
			    imsg_get_type(&imsg), &m) == -1)
				_exit(2);
			n = sign_tls(ring, &m, out, sizeof(out), &why);
			if (n == -1)
				fprintf(stderr, "refused: %s\n", why);
			r.cookie = m.cookie;
			r.ok = n != -1;
			r.output.data = out;
			r.output.len = n == -1 ? 0 : (size_t)n;
			b = imsg_create(&ibuf, M_TLS_SIGN_R, 0, 0, 64);
			msg_put(b, M_TLS_SIGN_R, &r);
			imsg_close(&ibuf, b);
			imsg_free(&imsg);
			imsgbuf_flush(&ibuf);
		}
	_exit(0);
}

static void
start_keeper(void)
{
	int	 fds[2];

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	if ((keeper = fork()) == 0) {
		close(fds[0]);
		keeper_main(fds[1]);
	}
	close(fds[1]);
	syncfd = fds[0];
}

static void
stop_keeper(void)
{
	close(syncfd);
	syncfd = -1;
	waitpid(keeper, NULL, 0);
}

static void
start(void)
{
	size_t	 i;

	signal(SIGPIPE, SIG_IGN);
	event_init();
	tlskey_init();
	TAILQ_INIT(&conf.certs);
	for (i = 0; i < sizeof(conf.ticket_key); i++)
		conf.ticket_key[i] = (uint8_t)(i * 7 + 3);
}

/* A server for some connections, in this process. */
static struct tls	*server;
static unsigned		 secured, failed;
static struct event	 accept_ev;

static void
server_cb(struct conn *c, enum conn_event what, void *arg)
{
	const uint8_t	*p;
	size_t		 n;

	switch (what) {
	case CONN_SECURED:
		secured++;
		conn_writef(c, "* hello %s %s\r\n",
		    tls_conn_version(conn_tls(c)),
		    tls_conn_session_resumed(conn_tls(c)) ? "again" : "first");
		break;
	case CONN_READABLE:
		p = conn_in(c, &n);
		conn_write(c, p, n);
		conn_consume(c, n);
		break;
	case CONN_ERROR:
		failed++;
		fprintf(stderr, "server: %s\n", conn_error(c));
		conn_free(c);
		break;
	case CONN_EOF:
	case CONN_TIMEOUT:
		conn_close(c);
		break;
	default:
		break;
	}
}

static void
accept_cb(int fd, short what, void *arg)
{
	struct conn	*c;
	int		 s = accept4(fd, NULL, NULL, SOCK_NONBLOCK);

	if (s == -1)
		return;
	c = conn_new(s, 65536, server_cb, NULL);
	ATF_REQUIRE(conn_starttls_server(c, server) == 0);
}

static int
listen_any(void)
{
	struct sockaddr_storage	 ss;
	struct addr		 a;
	socklen_t		 len;
	int			 fd;

	ATF_REQUIRE(addr_parse(&a, "127.0.0.1") == 0);
	len = addr_to_sockaddr(&a, &ss);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(bind(fd, (struct sockaddr *)&ss, len) == 0);
	ATF_REQUIRE(listen(fd, 10) == 0);
	len = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	addr_from_sockaddr(&a, (struct sockaddr *)&ss);
	event_set(&accept_ev, fd, EV_READ | EV_PERSIST, accept_cb, NULL);
	event_add(&accept_ev, NULL);
	return a.port;
}

/* Run the command while serving; its exit status. */
static int
serve(const char *fmt, ...)
{
	char	 cmd[2000];
	va_list	 ap;
	pid_t	 pid;
	int	 status;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if ((pid = fork()) == 0) {
		execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct timeval tv = { 0, 20000 };

		event_loopexit(&tv);
		event_loop(EVLOOP_ONCE);
		conn_flush_all();
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}


/* The client's input ends when it was greeted, or is not going to be. */
#define HELLO_WAIT "rm -f out.txt; (for i in $(seq 90); do " \
	"grep -qs '^\\* hello' out.txt && break; sleep 0.1; done; echo) | "

static void
client(int port, const char *name, const char *ca, const char *more)
{
	int	 status;

	status = serve(HELLO_WAIT "timeout 20 openssl s_client "
	    "-connect 127.0.0.1:%d -servername %s -verify_return_error "
	    "-verify_hostname %s -CAfile %s.crt %s >out.txt 2>err.txt && "
	    "grep -q '^\\* hello TLSv1' out.txt", port, name, name, ca, more);
	if (status != 0)
		sh("cat out.txt err.txt");
	ATF_CHECK_MSG(status == 0, "%s %s", name, more);
}

ATF_TC_WITHOUT_HEAD(handshakes);
ATF_TC_BODY(handshakes, tc)
{
	int	 port;

	start();
	add_cert("ec.example", "ec -pkeyopt ec_paramgen_curve:P-256");
	add_cert("rsa.example", "rsa:2048");
	add_cert("p384.example", "ec -pkeyopt ec_paramgen_curve:P-384");
	start_keeper();
	ATF_REQUIRE((server = tlskey_server(&conf)) != NULL);
	port = listen_any();
	client(port, "ec.example", "ec.example", "-tls1_3");
	client(port, "ec.example", "ec.example", "-tls1_2");
	client(port, "rsa.example", "rsa.example", "-tls1_3");
	client(port, "rsa.example", "rsa.example", "-tls1_2");
	client(port, "rsa.example", "rsa.example",
	    "-tls1_2 -sigalgs RSA+SHA256");
	client(port, "rsa.example", "rsa.example",
	    "-tls1_2 -sigalgs RSA+SHA512");
	client(port, "rsa.example", "rsa.example",
	    "-tls1_2 -sigalgs RSA-PSS+SHA384");
	client(port, "rsa.example", "rsa.example",
	    "-tls1_3 -sigalgs rsa_pss_rsae_sha512");
	client(port, "p384.example", "p384.example", "-tls1_3");
	client(port, "p384.example", "p384.example", "-tls1_2");
	ATF_CHECK_EQ(secured, 10);
	ATF_CHECK_EQ(failed, 0);
	/* SHA-1 is not signed; old TLS is not spoken. */
	serve("echo | timeout 5 openssl s_client -connect 127.0.0.1:%d "
	    "-servername rsa.example -tls1_1 -cipher ALL:@SECLEVEL=0 "
	    ">/dev/null 2>&1", port);
	ATF_CHECK_EQ(secured, 10);
	/* Without the keeper nothing is signed, at once. */
	stop_keeper();
	serve("echo | timeout 5 openssl s_client -connect 127.0.0.1:%d "
	    ">/dev/null 2>&1", port);
	ATF_CHECK_EQ(secured, 10);
	/* With another one, on the same descriptor number maybe, it is. */
	start_keeper();
	client(port, "rsa.example", "rsa.example", "-tls1_3");
	ATF_CHECK_EQ(secured, 11);
	tlskey_free(server);
	stop_keeper();
}

ATF_TC_WITHOUT_HEAD(late);
ATF_TC_BODY(late, tc)
{
	struct timespec	 t0, t1;
	int		 port, ms;

	start();
	add_cert("ec.example", "ec -pkeyopt ec_paramgen_curve:P-256");
	start_keeper();
	ATF_REQUIRE((server = tlskey_server(&conf)) != NULL);
	port = listen_any();
	kill(keeper, SIGSTOP);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	serve("echo | timeout 10 openssl s_client -connect 127.0.0.1:%d "
	    ">/dev/null 2>&1", port);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ms = (int)(t1.tv_sec - t0.tv_sec) * 1000 +
	    (int)((t1.tv_nsec - t0.tv_nsec) / 1000000);
	ATF_CHECK_EQ(secured, 0);
	ATF_CHECK_MSG(ms > 1900 && ms < 4000, "%d ms", ms);
	/* The late answer is for nobody; the next one counts. */
	kill(keeper, SIGCONT);
	client(port, "ec.example", "ec.example", "-tls1_3");
	ATF_CHECK_EQ(secured, 1);
	stop_keeper();
}

/* Another worker, with the same configuration, takes up the session. */
ATF_TC_WITHOUT_HEAD(resumption);
ATF_TC_BODY(resumption, tc)
{
	static const char *const versions[] = {
		"-tls1_3", "-tls1_2", "-tls1_3 -servername rsa.example",
		"-tls1_2 -servername rsa.example"
	};
	struct tls	*first, *second;
	int		 port, i;

	start();
	add_cert("ec.example", "ec -pkeyopt ec_paramgen_curve:P-256");
	add_cert("rsa.example", "rsa:2048");
	start_keeper();
	ATF_REQUIRE((first = tlskey_server(&conf)) != NULL);
	ATF_REQUIRE((second = tlskey_server(&conf)) != NULL);
	port = listen_any();
	for (i = 0; i < 4; i++) {
		server = first;
		ATF_CHECK_EQ(serve(HELLO_WAIT "timeout 9 openssl "
		    "s_client -connect 127.0.0.1:%d %s -sess_out sess.pem "
		    ">out.txt 2>&1 && grep -q ' first' out.txt", port,
		    versions[i]), 0);
		server = second;
		ATF_CHECK_EQ(serve(HELLO_WAIT "timeout 9 openssl "
		    "s_client -connect 127.0.0.1:%d %s -sess_in sess.pem "
		    ">out.txt 2>&1; grep -q ' again' out.txt", port,
		    versions[i]), 0);
	}
	tlskey_free(first);
	tlskey_free(second);
	/* Other keys: a full handshake, not an error. */
	conf.ticket_key[0] ^= 1;
	ATF_REQUIRE((server = tlskey_server(&conf)) != NULL);
	ATF_CHECK_EQ(serve(HELLO_WAIT "timeout 9 openssl "
	    "s_client -connect 127.0.0.1:%d -tls1_2 -sess_in sess.pem "
	    ">out.txt 2>&1; grep -q ' first' out.txt", port), 0);
	stop_keeper();
}

/* The relay's certificate, shown to a server that asks for one. */
ATF_TC_WITHOUT_HEAD(client_cert);
ATF_TC_BODY(client_cert, tc)
{
	struct tls_config	*config;
	struct tls		*tls;
	pid_t			 pid;
	char			 buf[100];
	int			 i;

	start();
	add_cert("relay.example", "rsa:2048");
	start_keeper();
	/* openssl s_server cannot bind port 0 and tell: try some. */
	sh("cp relay.example.crt srv.crt; cp relay.example.key srv.key");
	if ((pid = fork()) == 0) {
		execlp("openssl", "openssl", "s_server", "-accept",
		    "127.0.0.1:46783", "-cert", "srv.crt", "-key", "srv.key",
		    "-Verify", "1", "-CAfile", "relay.example.crt",
		    "-verify_return_error", "-quiet", "-naccept", "1",
		    (char *)NULL);
		_exit(1);
	}
	ATF_REQUIRE((config = tlskey_client(&conf, 0)) != NULL);
	for (i = 0; i < 100; i++) {
		tls = tls_client();
		ATF_REQUIRE(tls_configure(tls, config) == 0);
		if (tls_connect(tls, "127.0.0.1", "46783") == 0)
			break;
		tls_free(tls);
		usleep(50000);
	}
	ATF_CHECK_MSG(tls_handshake(tls) == 0, "%s", tls_error(tls));
	ATF_CHECK(tls_write(tls, "hello\n", 6) == 6);
	/* TLS 1.3: only a read shows whether our certificate was liked. */
	kill(pid, SIGTERM);
	if (tls_read(tls, buf, sizeof(buf)) == -1)
		ATF_CHECK_MSG(strstr(tls_error(tls), "alert") == NULL, "%s",
		    tls_error(tls));
	waitpid(pid, NULL, 0);
	stop_keeper();
}

/* Does the memory of that process hold 16 bytes of this number anywhere? */
static int
holds(pid_t pid, const uint8_t *secret, size_t len)
{
	static uint8_t	 mem[1 << 20];
	FILE		*maps;
	char		 path[64], line[400], perm[8];
	unsigned long	 lo, hi, at;
	ssize_t		 n;
	int		 fd, found = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	if (maps == NULL || fd == -1)
		return -1;
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, perm) != 3 ||
		    perm[0] != 'r')
			continue;
		/* The shadow of a sanitizer has terabytes, and no bytes. */
		if (hi - lo > 1UL << 32)
			continue;
		for (at = lo; at < hi && !found; at += sizeof(mem) - 64) {
			n = pread(fd, mem, hi - at < sizeof(mem) ? hi - at :
			    sizeof(mem), (off_t)at);
			if (n > 0 && memmem(mem, (size_t)n, secret, len))
				found = 1;
		}
	}
	fclose(maps);
	close(fd);
	return found;
}

static int
holds_number(pid_t pid, const BIGNUM *bn)
{
	uint8_t	 be[1024], le[1024];
	int	 n = BN_num_bytes(bn), a, b;

	BN_bn2bin(bn, be);
	BN_bn2lebinpad(bn, le, n);
	a = holds(pid, be + 4, 16);
	b = holds(pid, le + 8, 16);
	return a == -1 || b == -1 ? -1 : a || b;
}

static void
check_key(const char *file)
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_PRIV_KEY
	};
	EVP_PKEY	*key;
	BIGNUM		*bn;
	FILE		*f = fopen(file, "r");
	size_t		 i;
	int		 us, them, seen = 0;

	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bn = NULL;
		if (EVP_PKEY_get_bn_param(key, names[i], &bn) != 1)
			continue;
		seen++;
		us = holds_number(getppid(), bn);
		them = holds_number(keeper, bn);
		if (us != 0 || them != 1) {
			fprintf(stderr, "%s %s: server %d, keeper %d\n", file,
			    names[i], us, them);
			_exit(1);
		}
		BN_free(bn);
	}
	if (seen == 0)
		_exit(2);
	EVP_PKEY_free(key);
}

ATF_TC_WITHOUT_HEAD(memory);
ATF_TC_BODY(memory, tc)
{
	pid_t	 pid;
	int	 port, i, status;

	start();
	add_cert("ec.example", "ec -pkeyopt ec_paramgen_curve:P-256");
	add_cert("rsa.example", "rsa:2048");
	start_keeper();
	ATF_REQUIRE((server = tlskey_server(&conf)) != NULL);
	port = listen_any();
	for (i = 0; i < 3; i++) {
		client(port, "ec.example", "ec.example", "-tls1_3");
		client(port, "rsa.example", "rsa.example", "-tls1_2");
	}
	/* Who compares must know the keys: a third process. */
	if ((pid = fork()) == 0) {
		check_key("ec.example.key");
		check_key("rsa.example.key");
		_exit(0);
	}
	ATF_REQUIRE(waitpid(pid, &status, 0) == pid);
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	stop_keeper();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, handshakes);
	ATF_TP_ADD_TC(tp, late);
	ATF_TP_ADD_TC(tp, resumption);
	ATF_TP_ADD_TC(tp, client_cert);
	ATF_TP_ADD_TC(tp, memory);
	return atf_no_error();
}
