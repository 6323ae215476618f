/*
 * Libraries at work inside the sandbox.  Each is set up outside, as the daemon
 * does, and must then get on with the promises of its process.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <crypt.h>
#include <db.h>
#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <iconv.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "libutil/sandbox.h"

#define NEED(e)	do {							\
	if (!(e)) {							\
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #e, \
		    strerror(errno));					\
		_exit(1);						\
	}								\
} while (0)

static void
enter(const char *promises, const char *root)
{
	const char	*what;

	/* A report goes to standard error, for the test's output. */
	NEED(sandbox(promises, root, STDERR_FILENO, &what) == 0);
}

static void
check(void (*fn)(void))
{
	pid_t	 pid;
	int	 status;

	fflush(NULL);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	ATF_REQUIRE(waitpid(pid, &status, 0) == pid);
	ATF_CHECK_MSG(status == 0, "status %#x", status);
}

static void
use_db(void)
{
	static char	 value[3000];
	DB_ENV		*env;
	DB_TXN		*txn;
	DB		*db;
	DBC		*c;
	DBT		 k, v;
	uint32_t	 i, key;
	int		 n = 0;

	NEED(mkdir("env", 0700) == 0);
	/* A store opens its environments inside. */
	enter("stdio rpath wpath cpath flock", "env");
	NEED(db_env_create(&env, 0) == 0);
	NEED(env->set_cachesize(env, 0, 1 << 20, 1) == 0);
	NEED(env->set_lg_max(env, 1 << 20) == 0);
	NEED(env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1) == 0);
	NEED(env->open(env, "env", DB_CREATE | DB_PRIVATE | DB_INIT_TXN |
	    DB_INIT_LOG | DB_INIT_MPOOL | DB_RECOVER, 0600) == 0);
	NEED(db_create(&db, env, 0) == 0);
	NEED(db->open(db, NULL, "index", NULL, DB_BTREE,
	    DB_CREATE | DB_AUTO_COMMIT, 0600) == 0);
	memset(&k, 0, sizeof(k));
	memset(&v, 0, sizeof(v));
	k.data = &key;
	k.size = sizeof(key);
	v.data = value;
	v.size = sizeof(value);
	for (i = 0; i < 2000; i++) {
		key = i * 7919 % 2000;
		NEED(env->txn_begin(env, NULL, &txn, 0) == 0);
		NEED(db->put(db, txn, &k, &v, 0) == 0);
		NEED(txn->commit(txn, i % 100 == 0 ? 0 : DB_TXN_NOSYNC) == 0);
	}
	NEED(env->txn_checkpoint(env, 0, 0, DB_FORCE) == 0);
	NEED(db->cursor(db, NULL, &c, 0) == 0);
	while (c->get(c, &k, &v, DB_NEXT) == 0)
		n++;
	NEED(n == 2000);
	NEED(c->close(c) == 0);
	NEED(db->close(db, 0) == 0);
	NEED(env->close(env, 0) == 0);
}

static void
answer(void *arg, int rcode, void *packet, int len, int sec, char *why,
    int limited)
{
	*(int *)arg = 1;
}

static void
use_unbound(void)
{
	struct timeval		 second = { 1, 0 };
	struct event_base	*base;
	struct ub_ctx		*ctx;
	int			 done = 0, id;

	NEED((base = event_base_new()) != NULL);
	NEED((ctx = ub_ctx_create_event(base)) != NULL);
	/* A server that is not there: it tries all the ways that it has. */
	NEED(ub_ctx_set_fwd(ctx, "127.0.0.1@9") == 0);
	NEED(ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") == 0);
	enter("stdio inet", NULL);
	NEED(ub_resolve_event(ctx, "example.org", 15, 1, &done, answer,
	    &id) == 0);
	NEED(event_base_loopexit(base, &second) == 0);
	NEED(event_base_loop(base, 0) != -1);
	ub_ctx_delete(ctx);
}

static EVP_PKEY	*rsa, *ec;
static X509	*cert;

static void
make_cert(void)
{
	NEED((rsa = EVP_RSA_gen(2048)) != NULL);
	NEED((ec = EVP_EC_gen("P-256")) != NULL);
	NEED((cert = X509_new()) != NULL);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, ec);
	NEED(X509_sign(cert, ec, EVP_sha256()) > 0);
}

static int
verify_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static void
handshake(int version)
{
	SSL_CTX	*sctx, *cctx;
	SSL	*s, *c;
	char	 buf[16];
	int	 sv[2], sdone = 0, cdone = 0, n;

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == 0);
	NEED((sctx = SSL_CTX_new(TLS_server_method())) != NULL);
	NEED((cctx = SSL_CTX_new(TLS_client_method())) != NULL);
	NEED(SSL_CTX_use_certificate(sctx, cert) == 1);
	NEED(SSL_CTX_use_PrivateKey(sctx, ec) == 1);
	SSL_CTX_set_verify(cctx, SSL_VERIFY_PEER, verify_any);
	/* As a client that has been told to trust what the system trusts. */
	SSL_CTX_set_default_verify_paths(cctx);
	NEED(SSL_CTX_set_max_proto_version(cctx, version) == 1);
	NEED((s = SSL_new(sctx)) != NULL && (c = SSL_new(cctx)) != NULL);
	SSL_set_fd(s, sv[0]);
	SSL_set_fd(c, sv[1]);
	for (n = 0; n < 100 && !(sdone && cdone); n++) {
		sdone = sdone || SSL_accept(s) == 1;
		cdone = cdone || SSL_connect(c) == 1;
	}
	NEED(sdone && cdone);
	NEED(SSL_write(s, "hello", 5) == 5);
	NEED(SSL_read(c, buf, sizeof(buf)) == 5);
	SSL_shutdown(s);
	SSL_free(s);
	SSL_free(c);
	SSL_CTX_free(sctx);
	SSL_CTX_free(cctx);
}

static void
use_tls(void)
{
	SSL_library_init();
	make_cert();
	enter("stdio", NULL);
	handshake(TLS1_3_VERSION);
	handshake(TLS1_2_VERSION);
}

static void
use_crypto(void)
{
	unsigned char	 sig[512];
	size_t		 len = sizeof(sig);
	EVP_MD_CTX	*md;
	EVP_PKEY	*key;

	make_cert();
	enter("stdio", NULL);
	NEED((md = EVP_MD_CTX_new()) != NULL);
	NEED(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, rsa) == 1);
	NEED(EVP_DigestSign(md, sig, &len, (const unsigned char *)"x",
	    1) == 1);
	EVP_MD_CTX_free(md);
	/* A DKIM key is made inside. */
	NEED((key = EVP_RSA_gen(2048)) != NULL);
	EVP_PKEY_free(key);
}

static void
use_password(void)
{
	static const char *const	 prefixes[] = { "$2b$", "$y$", "$6$" };
	static struct crypt_data	 data;
	char				 setting[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t				 i;

	enter("stdio", NULL);
	for (i = 0; i < 3; i++) {
		NEED(crypt_gensalt_rn(prefixes[i], 5, NULL, 0, setting,
		    sizeof(setting)) != NULL || i == 2);
		if (i == 2)
			strlcpy(setting, "$6$saltsalt$", sizeof(setting));
		NEED(crypt_r("secret", setting, &data) != NULL);
	}
}

static void
use_text(void)
{
	char	 in[] = "\xe4", out[8], *ip = in, *op = out;
	size_t	 il = 1, ol = sizeof(out);
	iconv_t	 cd;
	time_t	 now = time(NULL);

	/* Its modules are code: what is wanted inside is opened before. */
	NEED((cd = iconv_open("UTF-8", "ISO-8859-15")) != (iconv_t)-1);
	enter("stdio", NULL);
	NEED(iconv(cd, &ip, &il, &op, &ol) == 0 && op - out == 2);
	iconv_close(cd);
	/* And one that was not fails, no more. */
	NEED(iconv_open("UTF-8", "KOI8-R") == (iconv_t)-1);
	NEED(strftime(out, sizeof(out), "%z", localtime(&now)) > 0);
	NEED(fprintf(stderr, "%s %f\n", out, 1.5) > 0);
}

ATF_TC_WITHOUT_HEAD(db);
ATF_TC_BODY(db, tc)
{
	check(use_db);
}

ATF_TC_WITHOUT_HEAD(unbound);
ATF_TC_BODY(unbound, tc)
{
	check(use_unbound);
}

ATF_TC_WITHOUT_HEAD(tls);
ATF_TC_BODY(tls, tc)
{
	check(use_tls);
}

ATF_TC_WITHOUT_HEAD(crypto);
ATF_TC_BODY(crypto, tc)
{
	check(use_crypto);
}

ATF_TC_WITHOUT_HEAD(password);
ATF_TC_BODY(password, tc)
{
	check(use_password);
}

ATF_TC_WITHOUT_HEAD(text);
ATF_TC_BODY(text, tc)
{
	check(use_text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, db);
	ATF_TP_ADD_TC(tp, unbound);
	ATF_TP_ADD_TC(tp, tls);
	ATF_TP_ADD_TC(tp, crypto);
	ATF_TP_ADD_TC(tp, password);
	ATF_TP_ADD_TC(tp, text);
	return atf_no_error();
}
