/*
 * TLS with the private key elsewhere.  libtls gets certificates only and signs
 * with what it takes for the private key, in truth the public half of it; the
 * methods here see the attempt and ask crypto.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The method tables are the one interface that both libraries have. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <tls.h>

#include "libimsg/imsg.h"
#include "libutil/log.h"
#include "conf.h"
#include "conn.h"
#include "msg.h"
#include "proc.h"
#include "tlskey.h"
#include "tlskey_local.h"

#define SIGN_TIMEOUT	2000	/* ms to wait for crypto */
#define SIGN_MAX	1024	/* bytes of a request or a signature */

/* libtls has them for who keeps keys elsewhere, but not in its header. */
extern void	tls_config_use_fake_private_key(struct tls_config *);

static const RSA_METHOD		*rsa_default;
static RSA_METHOD		*rsa_method;
static const EC_KEY_METHOD	*ec_default;
static EC_KEY_METHOD		*ec_method;
static int			 rsa_index, ec_index;
static uint8_t			*roots;
static size_t			 rootslen;


/* ---- asking crypto ------------------------------------------------------ */

/*
 * The channel to crypto.  When crypto is restarted the parent sends another
 * one, maybe with the same number: the inode tells.
 */
static struct {
	struct imsgbuf	 ibuf;
	ino_t		 ino;
	int		 open;
	uint32_t	 cookie;
} channel;

static struct imsgbuf *
channel_get(void)
{
	struct stat	 st;
	int		 fd = proc_sync_fd();

	if (fd == -1 || fstat(fd, &st) == -1)
		return NULL;
	if (channel.open && (channel.ibuf.fd != fd ||
	    channel.ino != st.st_ino)) {
		imsgbuf_clear(&channel.ibuf);
		channel.open = 0;
	}
	if (!channel.open) {
		if (imsgbuf_init(&channel.ibuf, fd) == -1)
			return NULL;
		channel.ino = st.st_ino;
		channel.open = 1;
	}
	return &channel.ibuf;
}

static int
left_ms(const struct timespec *start)
{
	struct timespec	 now;
	long long	 ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - start->tv_sec) * 1000LL +
	    (now.tv_nsec - start->tv_nsec) / 1000000;
	return ms >= SIGN_TIMEOUT ? 0 : SIGN_TIMEOUT - (int)ms;
}

/*
 * A whole message that answers this cookie, or nothing.  Answers to requests
 * that were given up before are dropped.  What cannot come from a sane crypto
 * is fatal, as between all processes.
 */
static int
channel_take(struct imsgbuf *ibuf, uint32_t cookie, uint8_t *out,
    size_t outsize, int *outlen)
{
	struct imsg		 imsg;
	struct msg_tls_sign_r	 r;
	int			 n, ret;

	while ((n = imsgbuf_get(ibuf, &imsg)) == 1) {
		if (imsg_get_type(&imsg) != M_TLS_SIGN_R ||
		    imsg_get_fd(&imsg) != -1 ||
		    msg_get(imsg.data, imsg_get_len(&imsg), M_TLS_SIGN_R,
		    &r) == -1)
			fatalx("bad message from crypto on the key channel");
		ret = -1;
		if (r.cookie != cookie) {
			imsg_free(&imsg);
			continue;
		}
		if (r.ok && r.output.len <= outsize) {
			memcpy(out, r.output.data, r.output.len);
			*outlen = (int)r.output.len;
			ret = 1;
		}
		imsg_free(&imsg);
		return ret;
	}
	if (n == -1)
		fatalx("bad framing from crypto on the key channel");
	return 0;
}

/* The bytes that crypto's key makes of input; -1: it would not, or is gone. */
static int
tlskey_sign(enum msg_sign op, const uint8_t hash[32], const void *input,
    size_t inlen, uint8_t *out, size_t outsize)
{
	struct msg_tls_sign	 m;
	struct timespec		 start;
	struct imsgbuf		*ibuf;
	struct ibuf		*b;
	struct pollfd		 pfd;
	int			 n, outlen = -1;

	if (inlen > SIGN_MAX || (ibuf = channel_get()) == NULL)
		return -1;
	m.cookie = ++channel.cookie;
	m.op = (uint8_t)op;
	m.key.data = hash;
	m.key.len = 32;
	m.input.data = input;
	m.input.len = inlen;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pfd.fd = ibuf->fd;
	pfd.events = POLLOUT;
	if (poll(&pfd, 1, SIGN_TIMEOUT) != 1)
		goto late;
	if ((b = imsg_create(ibuf, M_TLS_SIGN, 0, 0, 128 + inlen)) == NULL ||
	    msg_put(b, M_TLS_SIGN, &m) == -1)
		fatal("tlskey");
	imsg_close(ibuf, b);
	if (imsgbuf_flush(ibuf) == -1)
		goto gone;
	pfd.events = POLLIN;
	while ((n = channel_take(ibuf, m.cookie, out, outsize, &outlen)) == 0) {
		if ((n = poll(&pfd, 1, left_ms(&start))) == 0)
			goto late;
		if (n == -1) {
			if (errno == EINTR)
				continue;
			goto gone;
		}
		if (imsgbuf_read(ibuf) != 1)
			goto gone;
	}
	return n == 1 ? outlen : -1;
late:
	log_warnx("crypto does not answer");
	return -1;
gone:
	log_warnx("crypto is gone");
	return -1;
}

/* ---- the methods -------------------------------------------------------- */

static int
hash_der(uint8_t **der, int len, uint8_t hash[32])
{
	if (len <= 0)
		return -1;
	SHA256(*der, (size_t)len, hash);
	OPENSSL_free(*der);
	return 0;
}

/* The hash is noted with the key at its first use: encoding costs a while. */
static void
hash_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	free(ptr);
}

static const uint8_t *
hash_rsa(RSA *rsa)
{
	uint8_t	*hash, *der = NULL;

	if ((hash = RSA_get_ex_data(rsa, rsa_index)) != NULL)
		return hash;
	if ((hash = malloc(32)) == NULL ||
	    hash_der(&der, i2d_RSA_PUBKEY(rsa, &der), hash) == -1 ||
	    RSA_set_ex_data(rsa, rsa_index, hash) != 1) {
		free(hash);
		return NULL;
	}
	return hash;
}

static const uint8_t *
hash_ec(EC_KEY *ec)
{
	uint8_t	*hash, *der = NULL;

	if ((hash = EC_KEY_get_ex_data(ec, ec_index)) != NULL)
		return hash;
	if ((hash = malloc(32)) == NULL ||
	    hash_der(&der, i2d_EC_PUBKEY(ec, &der), hash) == -1 ||
	    EC_KEY_set_ex_data(ec, ec_index, hash) != 1) {
		free(hash);
		return NULL;
	}
	return hash;
}

static int
tlskey_rsa_enc(int flen, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding)
{
	const BIGNUM	*d;
	const uint8_t	*hash;
	enum msg_sign	 op;
	int		 n;

	/* A key that is whole, as tests have, goes the usual way. */
	RSA_get0_key(rsa, NULL, NULL, &d);
	if (d != NULL)
		return RSA_meth_get_priv_enc(rsa_default)(flen, from, to, rsa,
		    padding);
	if (padding == RSA_PKCS1_PADDING)
		op = SIGN_RSA_PKCS1;
	else if (padding == RSA_NO_PADDING)
		op = SIGN_RSA_RAW_PSS;
	else
		return -1;
	if (flen < 0 || (hash = hash_rsa(rsa)) == NULL)
		return -1;
	n = tlskey_sign(op, hash, from, (size_t)flen, to,
	    (size_t)RSA_size(rsa));
	return n == RSA_size(rsa) ? n : -1;
}

/* Nobody has a reason to decrypt here: TLS 1.2 with RSA key exchange is off. */
static int
tlskey_rsa_dec(int flen, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding)
{
	const BIGNUM	*d;

	RSA_get0_key(rsa, NULL, NULL, &d);
	if (d == NULL)
		return -1;
	return RSA_meth_get_priv_dec(rsa_default)(flen, from, to, rsa,
	    padding);
}

static int
tlskey_ec_sign(int type, const unsigned char *digest, int len,
    unsigned char *sig, unsigned int *siglen, const BIGNUM *kinv,
    const BIGNUM *r, EC_KEY *ec)
{
	int	(*sign)(int, const unsigned char *, int, unsigned char *,
		    unsigned int *, const BIGNUM *, const BIGNUM *, EC_KEY *);
	const uint8_t	*hash;
	int	 n;

	if (EC_KEY_get0_private_key(ec) != NULL) {
		EC_KEY_METHOD_get_sign(ec_default, &sign, NULL, NULL);
		return sign(type, digest, len, sig, siglen, kinv, r, ec);
	}
	if (len < 0 || (hash = hash_ec(ec)) == NULL)
		return 0;
	n = tlskey_sign(SIGN_ECDSA, hash, digest, (size_t)len, sig,
	    (size_t)ECDSA_size(ec));
	if (n <= 0)
		return 0;
	*siglen = (unsigned)n;
	return 1;
}

void
tlskey_init(void)
{
	int	(*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **);
	ECDSA_SIG *(*sig)(const unsigned char *, int, const BIGNUM *,
		    const BIGNUM *, EC_KEY *);

	if (rsa_method != NULL)
		return;
	if (tls_init() == -1)
		fatalx("tls_init");
	rsa_default = RSA_get_default_method();
	ec_default = EC_KEY_get_default_method();
	if ((rsa_method = RSA_meth_dup(rsa_default)) == NULL ||
	    (ec_method = EC_KEY_METHOD_new(ec_default)) == NULL)
		fatalx("no memory for the signing methods");
	rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, hash_free);
	ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, hash_free);
	RSA_meth_set1_name(rsa_method, "maild");
	RSA_meth_set_priv_enc(rsa_method, tlskey_rsa_enc);
	RSA_meth_set_priv_dec(rsa_method, tlskey_rsa_dec);
	EC_KEY_METHOD_get_sign(ec_default, NULL, &setup, &sig);
	EC_KEY_METHOD_set_sign(ec_method, tlskey_ec_sign, setup, sig);
	RSA_set_default_method(rsa_method);
	EC_KEY_set_default_method(ec_method);
}

/* ---- contexts ----------------------------------------------------------- */

static int
tlskey_add(struct tls_config *config, const struct conf_cert *cert, int first)
{
	if (first)
		return tls_config_set_keypair_mem(config, cert->pem,
		    cert->pemlen, NULL, 0);
	return tls_config_add_keypair_mem(config, cert->pem, cert->pemlen,
	    NULL, 0);
}

static int
tlskey_configure(struct tls *tls, struct tls_config *config,
    const struct conf *conf)
{
	static const uint8_t	 id[32] = "maild";
	const struct conf_cert	*cert;
	int			 first = 1;

	tls_config_use_fake_private_key(config);
	TAILQ_FOREACH(cert, &conf->certs, entry) {
		if (tlskey_add(config, cert, first) == -1) {
			log_warnx("certificate %s cannot be used", cert->name);
			return -1;
		}
		first = 0;
	}
	if (tls_config_set_session_id(config, id, sizeof(id)) == -1 ||
	    tls_config_set_session_lifetime(config, TICKET_LIFETIME) == -1)
		return -1;
	if (tls_configure(tls, config) == -1) {
		log_warnx("cannot set up TLS: %s", tls_error(tls));
		return -1;
	}
	return ticket_setup(tls, config, conf->ticket_key);
}

struct tls *
tlskey_server(const struct conf *conf)
{
	struct tls_config	*config;
	struct tls		*tls;

	if (TAILQ_EMPTY(&conf->certs)) {
		log_warnx("there is no certificate: no TLS");
		return NULL;
	}
	config = tls_config_new();
	tls = tls_server();
	if (config == NULL || tls == NULL ||
	    tlskey_configure(tls, config, conf) == -1) {
		log_warnx("no TLS");
		tls_free(tls);
		tls = NULL;
	}
	tls_config_free(config);	/* tls has its own hold on it */
	return tls;
}

void
tlskey_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	ticket_forget(tls);
	conn_server_free(tls);
}

void
tlskey_load_roots(void)
{
	if (roots != NULL)
		return;
	roots = tls_load_file(tls_default_ca_cert_file(), &rootslen, NULL);
	if (roots == NULL)
		log_warnx("%s: no trusted certificates, so no other server "
		    "can be verified", tls_default_ca_cert_file());
}

static struct tls_config *
tlskey_client_by(const struct conf *conf, int verify, const uint8_t *ca,
    size_t calen)
{
	const struct conf_cert	*cert = TAILQ_FIRST(&conf->certs);
	struct tls_config	*config;

	if ((config = tls_config_new()) == NULL)
		return NULL;
	if (verify) {
		if (ca == NULL ||
		    tls_config_set_ca_mem(config, ca, calen) == -1)
			goto fail;
	} else {
		/* RFC 7435: some protection is better than the clear. */
		tls_config_insecure_noverifycert(config);
		tls_config_insecure_noverifyname(config);
		tls_config_insecure_noverifytime(config);
		if (tls_config_set_ciphers(config, "compat") == -1)
			goto fail;
	}
	if (cert != NULL) {
		tls_config_use_fake_private_key(config);
		if (tlskey_add(config, cert, 1) == -1)
			goto fail;
	}
	return config;
fail:
	log_warnx("cannot set up TLS for relay: %s",
	    tls_config_error(config) == NULL ? "no trusted certificates" :
	    tls_config_error(config));
	tls_config_free(config);
	return NULL;
}

struct tls_config *
tlskey_client(const struct conf *conf, int verify)
{
	return tlskey_client_by(conf, verify, roots, rootslen);
}

struct tls_config *
tlskey_client_ca(const struct conf *conf, const char *ca)
{
	return tlskey_client_by(conf, 1, (const uint8_t *)ca, strlen(ca));
}
