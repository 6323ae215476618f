/* The public half of a certificate: its chain, and what key it is for. */
#include <sys/types.h>
#include <sys/queue.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_local.h"

#define CHAIN_MAX	16		/* certificates */
#define RSA_BITS	2048

/*
 * crypto signs with these and no others: an Ed25519 key wants the whole
 * message and not its digest, which is more than crypto lets itself be given.
 */
static const char *
cert_key_bad(EVP_PKEY *key)
{
	char	 curve[64];
	size_t	 n;

	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_RSA:
		return EVP_PKEY_bits(key) < RSA_BITS ?
		    "an RSA key of less than 2048 bits" : NULL;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, curve, sizeof(curve), &n) ==
		    1 && (strcmp(curve, SN_X9_62_prime256v1) == 0 ||
		    strcmp(curve, SN_secp384r1) == 0))
			return NULL;
		return "an elliptic curve other than P-256 and P-384";
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return "an Ed25519 or Ed448 key: its signatures cannot be "
		    "made from a digest by the process that holds the keys, "
		    "and many mail servers refuse it; use P-256 or RSA";
	case EVP_PKEY_RSA_PSS:
		return "an RSA-PSS key; use P-256 or RSA";
	default:
		return "a key that is neither RSA nor ECDSA";
	}
}

static const char *
cert_inspect(struct conf_cert *c, X509 *x)
{
	const char	*why;
	EVP_PKEY	*key;
	uint8_t		*der = NULL;
	int		 len;

	if ((key = X509_get0_pubkey(x)) == NULL)
		return "its public key is not understood";
	if ((why = cert_key_bad(key)) != NULL)
		return why;
	if ((len = i2d_PUBKEY(key, &der)) <= 0)
		return "its public key cannot be encoded";
	SHA256(der, (size_t)len, c->pubhash);
	OPENSSL_free(der);
	return NULL;
}

/* The certificates of the file and nothing else of what is in it. */
static const char *
cert_read(struct conf_cert *c, FILE *in, BIO *out, X509 **leaf)
{
	X509	*x;
	int	 n = 0;

	while ((x = PEM_read_X509(in, NULL, NULL, NULL)) != NULL) {
		if (n++ == 0)
			*leaf = x;
		if (PEM_write_bio_X509(out, x) != 1)
			n = CHAIN_MAX + 1;
		if (x != *leaf)
			X509_free(x);
		if (n > CHAIN_MAX)
			return "more than 16 certificates";
	}
	ERR_clear_error();
	return n == 0 ? "holds no certificate" : NULL;
}

int
conf_cert_load(struct conf *conf, struct conf_cert *c)
{
	const char	*why;
	X509		*leaf = NULL;
	FILE		*in = NULL;
	BIO		*out;
	char		*data;
	long		 len;

	if ((out = BIO_new(BIO_s_mem())) == NULL ||
	    (in = fopen(c->certfile, "re")) == NULL)
		why = strerror(errno);
	else
		why = cert_read(c, in, out, &leaf);
	if (in != NULL)
		fclose(in);
	if (why == NULL)
		why = cert_inspect(c, leaf);
	if (why == NULL && X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0)
		conf_warning(conf, c->pos, c->certfile, "has expired");
	free(c->pem);
	c->pem = NULL;
	c->pemlen = 0;
	if (why == NULL) {
		len = BIO_get_mem_data(out, &data);
		if (len <= 0 || (c->pem = malloc((size_t)len)) == NULL)
			why = strerror(ENOMEM);
		else {
			memcpy(c->pem, data, (size_t)len);
			c->pemlen = (size_t)len;
		}
	}
	X509_free(leaf);
	BIO_free(out);
	if (why == NULL)
		return 0;
	conf_error(conf, c->pos, c->certfile, "%s", why);
	return -1;
}
