/* Our side of AUTH. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libutil/base64.h"
#include "rsasl.h"

#define RSASL_HASH	32
#define RSASL_TEXT	512
#define RSASL_ITER_MIN	4096		/* RFC 7677 4 */
#define RSASL_ITER_MAX	1000000		/* more would hold us all up */

struct rsasl {
	uint32_t	 mech;
	unsigned	 step;
	char		*user;
	char		*password;
	char		 nonce[BASE64_LEN(18) + 1];
	char		 bare[RSASL_TEXT];	/* client-first-message-bare */
	char		 verifier[BASE64_LEN(RSASL_HASH) + 1];
};

struct rsasl *
rsasl_new(uint32_t mechs, int cleartext, const char *user,
    const char *password)
{
	struct rsasl	*a;
	uint8_t		 random[18];
	uint32_t	 mech;

	if (mechs & SMTP_MECH_SCRAM_SHA256)
		mech = SMTP_MECH_SCRAM_SHA256;
	else if (cleartext && mechs & SMTP_MECH_PLAIN)
		mech = SMTP_MECH_PLAIN;
	else if (cleartext && mechs & SMTP_MECH_LOGIN)
		mech = SMTP_MECH_LOGIN;
	else
		return NULL;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->mech = mech;
	arc4random_buf(random, sizeof(random));
	base64_encode(a->nonce, sizeof(a->nonce), random, sizeof(random));
	if ((a->user = strdup(user)) == NULL ||
	    (a->password = strdup(password)) == NULL) {
		rsasl_free(a);
		return NULL;
	}
	return a;
}

void
rsasl_free(struct rsasl *a)
{
	if (a == NULL)
		return;
	if (a->password != NULL)
		freezero(a->password, strlen(a->password));
	free(a->user);
	freezero(a, sizeof(*a));
}

uint32_t
rsasl_mech(const struct rsasl *a)
{
	return a->mech;
}

static int
rsasl_plain(struct rsasl *a, struct buf *out)
{
	if (a->step++ > 0)
		return -1;
	return buf_addc(out, '\0') | buf_addstr(out, a->user) |
	    buf_addc(out, '\0') | buf_addstr(out, a->password);
}

/* It asks for the name, then for the password. */
static int
rsasl_login(struct rsasl *a, struct buf *out)
{
	switch (a->step++) {
	case 0:
		return 1;
	case 1:
		return buf_addstr(out, a->user);
	case 2:
		return buf_addstr(out, a->password);
	default:
		return -1;
	}
}

/* ---- SCRAM-SHA-256 (RFC 5802, RFC 7677) --------------------------------- */

/* RFC 5802 5.1: "=" and "," in a name are written =3D and =2C. */
static int
rsasl_scram_first(struct rsasl *a, struct buf *out)
{
	const char	*p;
	struct buf	 bare;
	int		 e = 0;

	buf_init(&bare, sizeof(a->bare) - 1);
	e |= buf_addstr(&bare, "n=");
	for (p = a->user; *p != '\0'; p++) {
		if (*p == '=')
			e |= buf_addstr(&bare, "=3D");
		else if (*p == ',')
			e |= buf_addstr(&bare, "=2C");
		else
			e |= buf_addc(&bare, *p);
	}
	e |= buf_addf(&bare, ",r=%s", a->nonce);
	if (e == 0) {
		memcpy(a->bare, buf_ptr(&bare), bare.len);
		a->bare[bare.len] = '\0';
		e |= buf_addf(out, "n,,%s", a->bare);
	}
	buf_free(&bare);
	return e == 0 ? 0 : -1;
}

/* The value of attribute `name' in "a=..,b=..". */
static int
rsasl_attr(const char *msg, char name, char *dst, size_t dstsize)
{
	const char	*p = msg;
	size_t		 n;

	while (p[0] != '\0') {
		n = strcspn(p, ",");
		if (p[0] == name && p[1] == '=') {
			if (n - 2 >= dstsize)
				return -1;
			memcpy(dst, p + 2, n - 2);
			dst[n - 2] = '\0';
			return 0;
		}
		p += n;
		p += *p == ',';
	}
	return -1;
}

static int
rsasl_hmac(const uint8_t key[RSASL_HASH], const char *data, uint8_t *out)
{
	return HMAC(EVP_sha256(), key, RSASL_HASH, (const uint8_t *)data,
	    strlen(data), out, NULL) == NULL ? -1 : 0;
}

/* Proof and verifier for an authentication message (RFC 5802 3). */
static int
rsasl_scram_keys(struct rsasl *a, const uint8_t *salt, size_t saltlen,
    int iter, const char *authmsg, char *proof64, size_t size)
{
	uint8_t	 salted[RSASL_HASH], client[RSASL_HASH], stored[RSASL_HASH];
	uint8_t	 sig[RSASL_HASH], server[RSASL_HASH];
	size_t	 i;
	int	 ret = -1;

	if (PKCS5_PBKDF2_HMAC(a->password, (int)strlen(a->password), salt,
	    (int)saltlen, iter, EVP_sha256(), RSASL_HASH, salted) != 1 ||
	    rsasl_hmac(salted, "Client Key", client) == -1 ||
	    EVP_Digest(client, RSASL_HASH, stored, NULL, EVP_sha256(),
	    NULL) != 1 || rsasl_hmac(stored, authmsg, sig) == -1)
		goto done;
	for (i = 0; i < RSASL_HASH; i++)
		client[i] ^= sig[i];
	base64_encode(proof64, size, client, RSASL_HASH);
	if (rsasl_hmac(salted, "Server Key", server) == -1 ||
	    rsasl_hmac(server, authmsg, sig) == -1)
		goto done;
	base64_encode(a->verifier, sizeof(a->verifier), sig, RSASL_HASH);
	ret = 0;
done:
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	explicit_bzero(stored, sizeof(stored));
	explicit_bzero(server, sizeof(server));
	return ret;
}

static int
rsasl_scram_final(struct rsasl *a, const char *first, struct buf *out)
{
	char		 nonce[RSASL_TEXT], salt64[RSASL_TEXT], count[16];
	char		 authmsg[3 * RSASL_TEXT], proof[64];
	uint8_t		 salt[RSASL_TEXT];
	const char	*err;
	int		 saltlen, iter, n;

	if (rsasl_attr(first, 'm', nonce, sizeof(nonce)) == 0 ||
	    rsasl_attr(first, 'r', nonce, sizeof(nonce)) == -1 ||
	    rsasl_attr(first, 's', salt64, sizeof(salt64)) == -1 ||
	    rsasl_attr(first, 'i', count, sizeof(count)) == -1)
		return -1;
	/* The server's nonce continues ours. */
	if (strncmp(nonce, a->nonce, strlen(a->nonce)) != 0 ||
	    strlen(nonce) == strlen(a->nonce))
		return -1;
	iter = (int)strtonum(count, RSASL_ITER_MIN, RSASL_ITER_MAX, &err);
	saltlen = base64_decode(salt, sizeof(salt), salt64, strlen(salt64));
	if (err != NULL || saltlen <= 0)
		return -1;
	n = snprintf(authmsg, sizeof(authmsg), "%s,%s,c=biws,r=%s", a->bare,
	    first, nonce);
	if (n < 0 || (size_t)n >= sizeof(authmsg))
		return -1;
	if (rsasl_scram_keys(a, salt, (size_t)saltlen, iter, authmsg, proof,
	    sizeof(proof)) == -1)
		return -1;
	return buf_addf(out, "c=biws,r=%s,p=%s", nonce, proof);
}

/* Does the server know the password too?  Then an empty answer. */
static int
rsasl_scram_verify(struct rsasl *a, const char *final)
{
	char	 v[64];

	if (rsasl_attr(final, 'v', v, sizeof(v)) == -1 ||
	    strlen(v) != strlen(a->verifier))
		return -1;
	return CRYPTO_memcmp(v, a->verifier, strlen(v)) == 0 ? 0 : -1;
}

static int
rsasl_scram(struct rsasl *a, const void *challenge, size_t len,
    struct buf *out)
{
	char	 text[2 * RSASL_TEXT];

	if (a->step == 0) {
		a->step++;
		return rsasl_scram_first(a, out);
	}
	if (challenge == NULL || len >= sizeof(text) ||
	    memchr(challenge, '\0', len) != NULL)
		return -1;
	memcpy(text, challenge, len);
	text[len] = '\0';
	switch (a->step++) {
	case 1:
		return rsasl_scram_final(a, text, out);
	case 2:
		return rsasl_scram_verify(a, text);
	default:
		return -1;
	}
}

int
rsasl_step(struct rsasl *a, const void *challenge, size_t len,
    struct buf *out)
{
	int	 ret;

	switch (a->mech) {
	case SMTP_MECH_PLAIN:
		ret = rsasl_plain(a, out);
		break;
	case SMTP_MECH_LOGIN:
		ret = rsasl_login(a, out);
		break;
	default:
		ret = rsasl_scram(a, challenge, len, out);
		break;
	}
	return ret;
}
