/*
 * Session tickets with libretls on OpenSSL.  Its ticket callback answers as
 * LibreSSL wants it, which OpenSSL takes for "no ticket": no session is ever
 * resumed (libretls 3.7).  So OpenSSL is given one of our own.
 */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <tls.h>

#include "libutil/log.h"
#include "tlskey_local.h"

struct ticket_key {
	uint32_t	 epoch;
	uint8_t		 name[16];
	uint8_t		 aes[32];
	uint8_t		 mac[32];
};

/* Belongs to an SSL_CTX and dies with it. */
struct ticket {
	uint8_t		 master[48];
	struct ticket_key keys[2];	/* by the epoch's last bit */
};

static SSL	*newest;
static int	 ssl_index = -1, ctx_index = -1;

static int
ticket_derive(const struct ticket *t, uint32_t epoch, char use,
    uint8_t out[EVP_MAX_MD_SIZE])
{
	uint8_t		 name[16] = "ticket";
	unsigned	 len;

	name[8] = (uint8_t)use;
	name[12] = (uint8_t)(epoch >> 24);
	name[13] = (uint8_t)(epoch >> 16);
	name[14] = (uint8_t)(epoch >> 8);
	name[15] = (uint8_t)epoch;
	return HMAC(EVP_sha512(), t->master, sizeof(t->master), name,
	    sizeof(name), out, &len) == NULL ? -1 : 0;
}

static const struct ticket_key *
ticket_key(struct ticket *t, uint32_t epoch)
{
	struct ticket_key	*key = &t->keys[epoch & 1];
	uint8_t			 out[EVP_MAX_MD_SIZE];

	if (key->epoch == epoch)
		return key;
	if (ticket_derive(t, epoch, 'k', out) == -1)
		return NULL;
	memcpy(key->aes, out, sizeof(key->aes));
	memcpy(key->mac, out + sizeof(key->aes), sizeof(key->mac));
	if (ticket_derive(t, epoch, 'n', out) == -1)
		return NULL;
	memcpy(key->name, out, sizeof(key->name));
	explicit_bzero(out, sizeof(out));
	key->epoch = epoch;
	return key;
}

static int
ticket_init(const struct ticket_key *key, const uint8_t *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	OSSL_PARAM	 params[3];
	char		 digest[] = "SHA256";
	uint8_t		 mackey[32];

	memcpy(mackey, key->mac, sizeof(mackey));
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
	    mackey, sizeof(mackey));
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_MAC_CTX_set_params(mac, params) != 1 ||
	    EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv,
	    enc) != 1)
		return -1;
	return 0;
}

/* Returns as in SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
static int
ticket_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	const struct ticket_key	*key;
	struct ticket		*t;
	uint32_t		 now = (uint32_t)(time(NULL) / TICKET_EPOCH);
	uint32_t		 epoch;

	if ((t = SSL_get_ex_data(ssl, ssl_index)) == NULL)
		return 0;
	if (enc) {
		if ((key = ticket_key(t, now)) == NULL ||
		    RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
			return -1;
		memcpy(name, key->name, sizeof(key->name));
		return ticket_init(key, iv, cipher, mac, 1) == -1 ? -1 : 1;
	}
	for (epoch = now; epoch + 1 >= now; epoch--) {
		if ((key = ticket_key(t, epoch)) == NULL)
			return -1;
		if (memcmp(name, key->name, sizeof(key->name)) == 0)
			break;
	}
	if (epoch + 1 < now)
		return 0;
	if (ticket_init(key, iv, cipher, mac, 0) == -1)
		return -1;
	/* A client of TLS 1.3 uses each but once (RFC 8446 C.4). */
	return epoch == now && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

/*
 * A connection is made.  Note the tickets of its context now: the server name
 * may give it another context later, which has none.
 */
static void
ticket_born(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	if ((newest = parent) != NULL)
		CRYPTO_set_ex_data(ad, idx, SSL_CTX_get_ex_data(
		    SSL_get_SSL_CTX(newest), ctx_index));
}

static void
ticket_gone(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	if (ptr != NULL)
		freezero(ptr, sizeof(struct ticket));
}

static ssize_t
no_read(struct tls *tls, void *buf, size_t len, void *arg)
{
	return -1;
}

static ssize_t
no_write(struct tls *tls, const void *buf, size_t len, void *arg)
{
	return -1;
}

static void
ticket_set(SSL_CTX *ctx, struct ticket *t)
{
	SSL_CTX_set_ex_data(ctx, ctx_index, t);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_cb);
	/* TLS 1.3 would send two; each costs a record and some memory. */
	SSL_CTX_set_num_tickets(ctx, 1);
	/* All is in the tickets: keep no sessions here. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

/*
 * libtls does not show its SSL_CTX; one of its connections, that goes nowhere,
 * does.
 */
int
ticket_setup(struct tls *tls, struct tls_config *config, const uint8_t key[48])
{
	struct ticket	*t;
	struct tls	*conn;

	if (ssl_index == -1) {
		ctx_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL,
		    ticket_gone);
		ssl_index = SSL_get_ex_new_index(0, NULL, ticket_born, NULL,
		    NULL);
	}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	memcpy(t->master, key, sizeof(t->master));
	newest = NULL;
	if (tls_accept_cbs(tls, &conn, no_read, no_write, NULL) == -1 ||
	    newest == NULL) {
		log_warnx("cannot set up session tickets");
		free(t);
		return -1;
	}
	ticket_set(SSL_get_SSL_CTX(newest), t);
	tls_free(conn);
	return 0;
}

void
ticket_forget(struct tls *tls)
{
}
