/* SCRAM-SHA-256: what a server keeps in place of the password. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "libmailauth/saslprep.h"
#include "libmailauth/scram.h"
#include "libutil/base64.h"
#include "libutil/buf.h"

#define PREFIX	"SCRAM-SHA-256$"

int
scram_hmac(const uint8_t key[SCRAM_KEYLEN], const void *p, size_t len,
    uint8_t out[SCRAM_KEYLEN])
{
	unsigned	 n;

	return HMAC(EVP_sha256(), key, SCRAM_KEYLEN, p, len, out, &n) == NULL ?
	    -1 : 0;
}

int
scram_hash(const void *p, size_t len, uint8_t out[SCRAM_KEYLEN])
{
	return EVP_Digest(p, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

/* Up to the separator, or the end when sep is NUL; *p moves past it. */
static int
text_field(const char **p, const char *end, char sep, const char **field,
    size_t *len)
{
	const char	*at = end;

	if (sep != '\0' &&
	    (at = memchr(*p, sep, (size_t)(end - *p))) == NULL)
		return -1;
	*field = *p;
	*len = (size_t)(at - *p);
	*p = sep != '\0' ? at + 1 : end;
	return 0;
}

static int
text_number(const char *p, size_t len, uint32_t *out)
{
	uint32_t	 n = 0;
	size_t		 i;

	if (len == 0 || len > 8)
		return -1;
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		n = n * 10 + (uint32_t)(p[i] - '0');
	}
	*out = n;
	return n < 1 || n > SCRAM_ITERMAX ? -1 : 0;
}

int
scram_secret_parse(const char *text, size_t textlen, struct scram_secret *s)
{
	const char	*p = text, *end = text + textlen, *f;
	size_t		 len;
	int		 n;

	memset(s, 0, sizeof(*s));
	if (textlen < sizeof(PREFIX) - 1 ||
	    memcmp(text, PREFIX, sizeof(PREFIX) - 1) != 0)
		return -1;
	p += sizeof(PREFIX) - 1;
	if (text_field(&p, end, ':', &f, &len) == -1 ||
	    text_number(f, len, &s->iterations) == -1 ||
	    text_field(&p, end, '$', &f, &len) == -1 ||
	    (n = base64_decode(s->salt, sizeof(s->salt), f, len)) <= 0)
		return -1;
	s->saltlen = (uint8_t)n;
	if (text_field(&p, end, ':', &f, &len) == -1 ||
	    base64_decode(s->stored_key, SCRAM_KEYLEN, f, len) !=
	    SCRAM_KEYLEN || text_field(&p, end, '\0', &f, &len) == -1 ||
	    base64_decode(s->server_key, SCRAM_KEYLEN, f, len) != SCRAM_KEYLEN)
		return -1;
	return 0;
}

int
scram_secret_print(const struct scram_secret *s, char *dst, size_t size)
{
	char	 salt[BASE64_LEN(SCRAM_SALTMAX) + 1];
	char	 stored[BASE64_LEN(SCRAM_KEYLEN) + 1];
	char	 server[BASE64_LEN(SCRAM_KEYLEN) + 1];
	int	 n;

	base64_encode(salt, sizeof(salt), s->salt, s->saltlen);
	base64_encode(stored, sizeof(stored), s->stored_key, SCRAM_KEYLEN);
	base64_encode(server, sizeof(server), s->server_key, SCRAM_KEYLEN);
	n = snprintf(dst, size, "%s%u:%s$%s:%s", PREFIX,
	    (unsigned)s->iterations, salt, stored, server);
	return n < 0 || (size_t)n >= size ? -1 : n;
}

/* RFC 5802 3: SaltedPassword. */
static int
salted(const char *password, size_t len, const uint8_t *salt, size_t saltlen,
    uint32_t iterations, uint8_t out[SCRAM_KEYLEN])
{
	struct buf	 prep;
	const char	*p;
	int		 ret = -1;

	buf_init(&prep, 128 * 1024);
	prep.secret = 1;
	if (saltlen == 0 || saltlen > SCRAM_SALTMAX || iterations < 1 ||
	    iterations > SCRAM_ITERMAX || len > INT_MAX ||
	    saslprep(password, len, &prep) == -1)
		goto done;
	p = prep.len == 0 ? "" : (const char *)buf_ptr(&prep);
	if (PKCS5_PBKDF2_HMAC(p, (int)prep.len, salt, (int)saltlen,
	    (int)iterations, EVP_sha256(), SCRAM_KEYLEN, out) == 1)
		ret = 0;
done:
	buf_freezero(&prep);
	return ret;
}

int
scram_secret_make(const char *password, size_t len, const uint8_t *salt,
    size_t saltlen, uint32_t iterations, struct scram_secret *s)
{
	uint8_t	 key[SCRAM_KEYLEN], client[SCRAM_KEYLEN];
	int	 ret = -1;

	memset(s, 0, sizeof(*s));
	if (salted(password, len, salt, saltlen, iterations, key) == -1)
		goto done;
	if (scram_hmac(key, "Client Key", 10, client) == -1 ||
	    scram_hash(client, sizeof(client), s->stored_key) == -1 ||
	    scram_hmac(key, "Server Key", 10, s->server_key) == -1)
		goto done;
	memcpy(s->salt, salt, saltlen);
	s->saltlen = (uint8_t)saltlen;
	s->iterations = iterations;
	ret = 0;
done:
	explicit_bzero(key, sizeof(key));
	explicit_bzero(client, sizeof(client));
	return ret;
}

int
scram_secret_check(const struct scram_secret *s, const char *password,
    size_t len)
{
	struct scram_secret	 have;
	int			 ret;

	if (scram_secret_make(password, len, s->salt, s->saltlen,
	    s->iterations, &have) == -1)
		return -1;
	ret = CRYPTO_memcmp(have.stored_key, s->stored_key,
	    SCRAM_KEYLEN) == 0;
	explicit_bzero(&have, sizeof(have));
	return ret;
}
