/* New DKIM keys. */
#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "libutil/base64.h"
#include "crypto/keygen.h"

#define RSA_BITS	2048

static EVP_PKEY *
keygen_make(int ed25519)
{
	EVP_PKEY_CTX	*ctx;
	EVP_PKEY	*pkey = NULL;

	ctx = EVP_PKEY_CTX_new_id(ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_RSA,
	    NULL);
	if (ctx == NULL)
		return NULL;
	if (EVP_PKEY_keygen_init(ctx) == 1 && (ed25519 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, RSA_BITS) == 1) &&
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static int
keygen_write(EVP_PKEY *pkey, int fd)
{
	const char	*p;
	char		*mem;
	BIO		*bio;
	ssize_t		 n;
	long		 len;
	int		 ret = -1;

	/* Memory that is locked and cleared, like the keys'. */
	if ((bio = BIO_new(BIO_s_secmem())) == NULL)
		return -1;
	if (PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		goto done;
	if ((len = BIO_get_mem_data(bio, &mem)) <= 0)
		goto done;
	for (p = mem; len > 0; p += n, len -= n)
		if ((n = write(fd, p, (size_t)len)) <= 0)
			goto done;
	ret = fsync(fd);
done:
	BIO_free(bio);
	return ret;
}

static int
keygen_txt(EVP_PKEY *pkey, int ed25519, char *txt, size_t txtsize)
{
	uint8_t	*der = NULL;
	char	 b64[BASE64_LEN(1024) + 1];
	int	 len, off = 0, ret = -1;

	if ((len = i2d_PUBKEY(pkey, &der)) <= 0)
		return -1;
	/* RFC 8463 4: the bare 32 bytes, which end the structure. */
	if (ed25519)
		off = len - 32;
	if (off >= 0 && len <= 1024 &&
	    base64_encode(b64, sizeof(b64), der + off, (size_t)(len - off)) >=
	    0) {
		len = snprintf(txt, txtsize, "v=DKIM1; k=%s; p=%s",
		    ed25519 ? "ed25519" : "rsa", b64);
		if (len > 0 && (size_t)len < txtsize)
			ret = 0;
	}
	OPENSSL_free(der);
	return ret;
}

int
keygen_dkim(int ed25519, int fd, char *txt, size_t txtsize, const char **why)
{
	EVP_PKEY	*pkey;
	int		 ret = -1;

	*why = "libcrypto failed";
	if ((pkey = keygen_make(ed25519)) == NULL)
		goto done;
	if (keygen_txt(pkey, ed25519, txt, txtsize) == -1)
		goto done;
	*why = "cannot write the key";
	ret = keygen_write(pkey, fd);
done:
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return ret;
}
