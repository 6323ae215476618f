/*
 * What crypto signs.  The asker is a process that parses hostile bytes and may
 * have been taken over: it gets signatures in the shapes that TLS makes, and
 * neither decryptions nor signatures over blocks of its own making.
 */
#include <sys/types.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "crypto/keyring.h"
#include "crypto/sign.h"
#include "msg.h"

/* DER of DigestInfo up to the digest, RFC 8017 9.2 note 1. */
static const struct {
	size_t	 hashlen;
	uint8_t	 der[19];
} digestinfos[] = {
	{ 32, { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 } },
	{ 48, { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 } },
	{ 64, { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 } }
};
#define NDIGESTS	(sizeof(digestinfos) / sizeof(digestinfos[0]))

int
sign_is_digestinfo(const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < NDIGESTS; i++)
		if (len == sizeof(digestinfos[i].der) +
		    digestinfos[i].hashlen && memcmp(p, digestinfos[i].der,
		    sizeof(digestinfos[i].der)) == 0)
			return 1;
	return 0;
}

/* RFC 8017 B.2.1: xor the mask into p. */
static int
mgf1_xor(const EVP_MD *md, const uint8_t *seed, size_t seedlen, uint8_t *p,
    size_t len)
{
	uint8_t		 block[EVP_MAX_MD_SIZE + 4], mask[EVP_MAX_MD_SIZE];
	unsigned	 masklen;
	uint32_t	 counter;
	size_t		 done, i;

	memcpy(block, seed, seedlen);
	for (counter = 0, done = 0; done < len; counter++) {
		block[seedlen] = (uint8_t)(counter >> 24);
		block[seedlen + 1] = (uint8_t)(counter >> 16);
		block[seedlen + 2] = (uint8_t)(counter >> 8);
		block[seedlen + 3] = (uint8_t)counter;
		if (EVP_Digest(block, seedlen + 4, mask, &masklen, md, NULL) !=
		    1)
			return -1;
		for (i = 0; i < masklen && done < len; i++)
			p[done++] ^= mask[i];
	}
	return 0;
}

/* One hash function: zeros, a 01 and a salt as long as the hash. */
static int
pss_shape(const EVP_MD *md, size_t hashlen, const uint8_t *em, size_t emlen,
    unsigned embits)
{
	uint8_t	 db[SIGN_OUTMAX];
	size_t	 dblen, i, pad;

	if (emlen < 2 * hashlen + 2 || emlen > sizeof(db))
		return 0;
	dblen = emlen - hashlen - 1;
	memcpy(db, em, dblen);
	if (mgf1_xor(md, em + dblen, hashlen, db, dblen) == -1)
		return 0;
	if (embits % 8 != 0)
		db[0] &= (uint8_t)(0xff >> (8 - embits % 8));
	pad = dblen - hashlen - 1;
	for (i = 0; i < pad; i++)
		if (db[i] != 0)
			return 0;
	return db[pad] == 1;
}

/*
 * The encoding of RFC 8017 9.1.1 can be told from any other block without
 * knowing the message: what its mask hides has a fixed form.
 */
int
sign_is_pss(const uint8_t *em, size_t len, unsigned bits)
{
	unsigned	 embits = bits - 1;
	size_t		 emlen = (embits + 7) / 8;

	if (bits < 2048 || len != (bits + 7) / 8 || len > SIGN_OUTMAX)
		return 0;
	if (emlen < len && *em++ != 0)
		return 0;
	if (em[emlen - 1] != 0xbc)
		return 0;
	if (embits % 8 != 0 && em[0] >> (embits % 8) != 0)
		return 0;
	return pss_shape(EVP_sha256(), 32, em, emlen, embits) ||
	    pss_shape(EVP_sha384(), 48, em, emlen, embits) ||
	    pss_shape(EVP_sha512(), 64, em, emlen, embits);
}

/* rsa: the padding, else 0.  md: what the digest is of, or NULL: nothing. */
static int
sign_pkey(EVP_PKEY *pkey, int padding, const EVP_MD *md, const uint8_t *in,
    size_t inlen, uint8_t *out, size_t outsize, const char **why)
{
	EVP_PKEY_CTX	*ctx;
	size_t		 len = outsize;
	int		 ret = -1;

	*why = "libcrypto failed";
	if (EVP_PKEY_size(pkey) <= 0 || (size_t)EVP_PKEY_size(pkey) > outsize)
		return -1;
	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
		return -1;
	if (EVP_PKEY_sign_init(ctx) == 1 &&
	    (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1) &&
	    (md == NULL || EVP_PKEY_CTX_set_signature_md(ctx, md) == 1) &&
	    EVP_PKEY_sign(ctx, out, &len, in, inlen) == 1 && len <= outsize)
		ret = (int)len;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return ret;
}

int
sign_tls(struct keyring *ring, const struct msg_tls_sign *m, uint8_t *out,
    size_t outsize, const char **why)
{
	const uint8_t	*in = m->input.data;
	struct key	*key;
	size_t		 len = m->input.len;
	int		 padding = 0;

	*why = "no such key";
	if (m->key.len != 32 ||
	    (key = keyring_find_tls(ring, m->key.data)) == NULL)
		return -1;
	switch (m->op) {
	case SIGN_RSA_PKCS1:
		*why = "not a SHA-2 DigestInfo";
		if (key->type != EVP_PKEY_RSA || !sign_is_digestinfo(in, len))
			return -1;
		padding = RSA_PKCS1_PADDING;
		break;
	case SIGN_RSA_RAW_PSS:
		*why = "not an EMSA-PSS block";
		if (key->type != EVP_PKEY_RSA || !sign_is_pss(in, len,
		    (unsigned)EVP_PKEY_bits(key->pkey)))
			return -1;
		padding = RSA_NO_PADDING;
		break;
	case SIGN_ECDSA:
		*why = "not a digest of 32, 48 or 64 bytes";
		if (key->type != EVP_PKEY_EC ||
		    (len != 32 && len != 48 && len != 64))
			return -1;
		break;
	default:
		*why = "unknown operation";
		return -1;
	}
	return sign_pkey(key->pkey, padding, NULL, in, len, out, outsize, why);
}

/* PureEdDSA over the digest (RFC 8463 3). */
static int
sign_ed25519(EVP_PKEY *pkey, const uint8_t *in, size_t inlen, uint8_t *out,
    size_t outsize, const char **why)
{
	EVP_MD_CTX	*ctx;
	size_t		 len = outsize;
	int		 ret = -1;

	*why = "libcrypto failed";
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, out, &len, in, inlen) == 1)
		ret = (int)len;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ret;
}

int
sign_dkim(struct keyring *ring, const char *domain, const char *selector,
    const uint8_t *digest, size_t len, uint8_t *out, size_t outsize,
    const char **why)
{
	struct key	*key;

	*why = "not a SHA-256 digest";
	if (len != SHA256_DIGEST_LENGTH)
		return -1;
	*why = "no key of that domain and selector";
	if ((key = keyring_find_dkim(ring, domain, selector)) == NULL)
		return -1;
	if (key->type == EVP_PKEY_ED25519)
		return sign_ed25519(key->pkey, digest, len, out, outsize, why);
	return sign_pkey(key->pkey, RSA_PKCS1_PADDING, EVP_sha256(), digest,
	    len, out, outsize, why);
}
