/* The private keys: reading, keeping and finding them. */
#include <sys/types.h>
#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "crypto/keyring.h"

#define KEYFILE_MAX	32768
#define SECURE_HEAP	(1024 * 1024)	/* some 400 RSA keys of 2048 bits */

/* The file as it was read, for the moment of parsing. */
static uint8_t	*filebuf;

void
keyring_init(void)
{
	if (filebuf != NULL)
		return;
	/*
	 * Private numbers go to a heap of their own, locked and left out of
	 * dumps; where the limit on locked memory is too low it is still a
	 * heap of its own.
	 */
	(void)CRYPTO_secure_malloc_init(SECURE_HEAP, 32);
	/* Reads its configuration file now, not from inside the sandbox. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		abort();
	filebuf = mmap(NULL, KEYFILE_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (filebuf == MAP_FAILED)
		abort();
	(void)mlock(filebuf, KEYFILE_MAX);
#ifdef MADV_DONTDUMP
	(void)madvise(filebuf, KEYFILE_MAX, MADV_DONTDUMP);
#endif
}

struct keyring *
keyring_new(void)
{
	struct keyring	*ring;

	if ((ring = calloc(1, sizeof(*ring))) != NULL)
		TAILQ_INIT(&ring->keys);
	return ring;
}

static void
key_free(struct key *key)
{
	EVP_PKEY_free(key->pkey);	/* clears the private numbers */
	free(key->domain);
	free(key->selector);
	free(key);
}

void
keyring_free(struct keyring *ring)
{
	struct key	*key;

	if (ring == NULL)
		return;
	while ((key = TAILQ_FIRST(&ring->keys)) != NULL) {
		TAILQ_REMOVE(&ring->keys, key, entry);
		key_free(key);
	}
	free(ring);
}

/* No passphrase: there is nobody to ask, and libcrypto would ask a terminal. */
static int
no_password(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

static EVP_PKEY *
key_parse(size_t len, const char **why)
{
	EVP_PKEY	*pkey;
	BIO		*bio;

	if ((bio = BIO_new_mem_buf(filebuf, (int)len)) == NULL) {
		*why = "no memory";
		return NULL;
	}
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		*why = memmem(filebuf, len, "ENCRYPTED", 9) != NULL ?
		    "the key is encrypted" : "this is not a private key (PEM)";
	return pkey;
}

static struct key *
key_read(int fd, const char **why)
{
	struct key	*key;
	uint8_t		*der = NULL;
	size_t		 len = 0;
	ssize_t		 n = 0;
	int		 derlen;

	if ((key = calloc(1, sizeof(*key))) == NULL) {
		*why = "no memory";
		return NULL;
	}
	/* The descriptor is shared with the parent, and so is its offset. */
	while (len < KEYFILE_MAX && (n = pread(fd, filebuf + len,
	    KEYFILE_MAX - len, (off_t)len)) > 0)
		len += (size_t)n;
	if (n == -1)
		*why = strerror(errno);
	else if (len == KEYFILE_MAX)
		*why = "the file is too large for a key";
	else
		key->pkey = key_parse(len, why);
	explicit_bzero(filebuf, KEYFILE_MAX);
	if (key->pkey == NULL)
		goto fail;
	key->type = EVP_PKEY_base_id(key->pkey);
	if ((derlen = i2d_PUBKEY(key->pkey, &der)) <= 0) {
		*why = "its public half cannot be encoded";
		goto fail;
	}
	SHA256(der, (size_t)derlen, key->hash);
	OPENSSL_free(der);
	return key;
fail:
	key_free(key);
	return NULL;
}

int
keyring_add_tls(struct keyring *ring, int fd, const uint8_t *hash,
    size_t hashlen, const char **why)
{
	struct key	*key;

	if ((key = key_read(fd, why)) == NULL)
		return -1;
	if (key->type != EVP_PKEY_RSA && key->type != EVP_PKEY_EC) {
		*why = "the key is neither RSA nor ECDSA";
		goto fail;
	}
	if (key->type == EVP_PKEY_RSA && EVP_PKEY_bits(key->pkey) < 2048) {
		*why = "the RSA key has less than 2048 bits";
		goto fail;
	}
	if (hashlen != 0 && (hashlen != sizeof(key->hash) ||
	    memcmp(hash, key->hash, sizeof(key->hash)) != 0)) {
		*why = "the key does not belong to the certificate";
		goto fail;
	}
	/* Certificates may share one, as renewals do. */
	if (keyring_find_tls(ring, key->hash) != NULL)
		key_free(key);
	else
		TAILQ_INSERT_TAIL(&ring->keys, key, entry);
	return 0;
fail:
	key_free(key);
	return -1;
}

int
keyring_add_dkim(struct keyring *ring, int fd, const char *domain,
    const char *selector, const char **why)
{
	struct key	*key;

	if (domain[0] == '\0' || selector[0] == '\0') {
		*why = "no domain or no selector";
		return -1;
	}
	if ((key = key_read(fd, why)) == NULL)
		return -1;
	key->dkim = 1;
	if (key->type != EVP_PKEY_RSA && key->type != EVP_PKEY_ED25519) {
		*why = "a DKIM key is RSA or Ed25519";
		goto fail;
	}
	/* RFC 8301 3.2 */
	if (key->type == EVP_PKEY_RSA && EVP_PKEY_bits(key->pkey) < 1024) {
		*why = "an RSA key of less than 1024 bits is worth nothing";
		goto fail;
	}
	if ((key->domain = strdup(domain)) == NULL ||
	    (key->selector = strdup(selector)) == NULL) {
		*why = "no memory";
		goto fail;
	}
	if (keyring_find_dkim(ring, domain, selector) != NULL) {
		*why = "there is a key of that domain and selector already";
		goto fail;
	}
	TAILQ_INSERT_TAIL(&ring->keys, key, entry);
	return 0;
fail:
	key_free(key);
	return -1;
}

struct key *
keyring_find_tls(struct keyring *ring, const uint8_t hash[32])
{
	struct key	*key;

	TAILQ_FOREACH(key, &ring->keys, entry)
		if (!key->dkim && memcmp(key->hash, hash, 32) == 0)
			return key;
	return NULL;
}

struct key *
keyring_find_dkim(struct keyring *ring, const char *domain,
    const char *selector)
{
	struct key	*key;

	TAILQ_FOREACH(key, &ring->keys, entry)
		if (key->dkim && strcasecmp(key->domain, domain) == 0 &&
		    strcasecmp(key->selector, selector) == 0)
			return key;
	return NULL;
}
