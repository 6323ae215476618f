/* The server's side of SCRAM-SHA-256 and -PLUS (RFC 5802, RFC 7677). */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/sasl_scram.h"
#include "libutil/base64.h"
#include "libutil/span.h"

#define MESSAGE_MAX	4096

void
sasl_scram_init(struct sasl_scram *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->first_bare, MESSAGE_MAX);
	buf_init(&s->first_server, MESSAGE_MAX);
	buf_init(&s->cbind, MESSAGE_MAX);
}

void
sasl_scram_clear(struct sasl_scram *s)
{
	buf_freezero(&s->first_bare);
	buf_freezero(&s->first_server);
	buf_freezero(&s->cbind);
	explicit_bzero(s, sizeof(*s));
}

/* Cut up to the next comma, which goes too; at the end *rest is empty. */
static struct span
cut(struct span *rest)
{
	struct span	 s = *rest;
	const char	*at;

	if ((at = memchr(s.p, ',', s.len)) == NULL) {
		rest->p += rest->len;
		rest->len = 0;
		return s;
	}
	s.len = (size_t)(at - s.p);
	rest->p = at + 1;
	rest->len -= s.len + 1;
	return s;
}

/* "a=value", not empty; the value. */
static int
attribute(struct span s, char name, struct span *value)
{
	if (s.len < 3 || s.p[0] != name || s.p[1] != '=')
		return -1;
	value->p = s.p + 2;
	value->len = s.len - 2;
	return 0;
}

/* saslname: "=2C" and "=3D" stand for comma and equals sign. */
static int
decode_name(struct span s, char *dst, size_t size)
{
	size_t	 i, n = 0;
	char	 c;

	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (c == '=') {
			if (s.len - i < 3)
				return -1;
			if (memcmp(s.p + i, "=2C", 3) == 0)
				c = ',';
			else if (memcmp(s.p + i, "=3D", 3) != 0)
				return -1;
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return -1;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return 0;
}

/* RFC 5802 5.1: printable ASCII without the comma. */
static int
nonce_ok(struct span s)
{
	size_t	 i;

	if (s.len == 0 || s.len > SASL_SCRAM_NONCE)
		return 0;
	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e || s.p[i] == ',')
			return 0;
	return 1;
}

/* n, y or p=tls-exporter: do both sides mean the same (RFC 5802 6)? */
static enum sasl_scram_result
check_flag(struct span flag, int plus, int offered)
{
	if (span_eq(flag, SPAN("n")))
		return plus ? SASL_SCRAM_BINDING_BAD : SASL_SCRAM_OK;
	/* "You cannot bind, I think", while we can: someone in between. */
	if (span_eq(flag, SPAN("y")))
		return plus || offered ? SASL_SCRAM_BINDING_BAD :
		    SASL_SCRAM_OK;
	if (flag.len > 2 && memcmp(flag.p, "p=", 2) == 0)
		return plus && span_eq(flag, SPAN("p=tls-exporter")) ?
		    SASL_SCRAM_OK : SASL_SCRAM_BINDING_BAD;
	return SASL_SCRAM_MALFORMED;
}

enum sasl_scram_result
sasl_scram_first(struct sasl_scram *s, const char *data, size_t len, int plus,
    int offered, const void *binding, size_t bindinglen)
{
	struct span	 rest = { data, len }, flag, f, v, authz;
	enum sasl_scram_result ret;

	if (len == 0 || len > MESSAGE_MAX || memchr(data, '\0', len) != NULL)
		return SASL_SCRAM_MALFORMED;
	flag = cut(&rest);
	if ((ret = check_flag(flag, plus, offered)) != SASL_SCRAM_OK)
		return ret;
	if (plus && (bindinglen == 0 || bindinglen > SASL_SCRAM_BINDING))
		return SASL_SCRAM_BINDING_BAD;
	authz = cut(&rest);
	if (authz.len > 0 && (attribute(authz, 'a', &v) == -1 ||
	    decode_name(v, s->authzid, sizeof(s->authzid)) == -1))
		return SASL_SCRAM_MALFORMED;
	/* c= must be the header up to here, and the channel's data. */
	if (buf_add(&s->cbind, data, (size_t)(rest.p - data)) == -1 ||
	    (plus && buf_add(&s->cbind, binding, bindinglen) == -1) ||
	    buf_add(&s->first_bare, rest.p, rest.len) == -1)
		return SASL_SCRAM_MALFORMED;
	/* A mandatory extension ("m=") would stand here: none is known. */
	f = cut(&rest);
	if (attribute(f, 'n', &v) == -1 ||
	    decode_name(v, s->name, sizeof(s->name)) == -1)
		return SASL_SCRAM_MALFORMED;
	f = cut(&rest);
	if (attribute(f, 'r', &v) == -1 || !nonce_ok(v))
		return SASL_SCRAM_MALFORMED;
	memcpy(s->nonce, v.p, v.len);
	s->nonce[v.len] = '\0';
	return SASL_SCRAM_OK;
}

int
sasl_scram_challenge(struct sasl_scram *s, const struct scram_secret *secret,
    int fake, const uint8_t nonce[18], struct buf *out)
{
	char	 salt[BASE64_LEN(SCRAM_SALTMAX) + 1];
	char	 ours[BASE64_LEN(18) + 1];

	s->secret = *secret;
	s->fake = fake;
	if (base64_encode(ours, sizeof(ours), nonce, 18) == -1 ||
	    base64_encode(salt, sizeof(salt), secret->salt,
	    secret->saltlen) == -1 ||
	    strlcat(s->nonce, ours, sizeof(s->nonce)) >= sizeof(s->nonce) ||
	    buf_addf(&s->first_server, "r=%s,s=%s,i=%u", s->nonce, salt,
	    (unsigned)secret->iterations) == -1)
		return -1;
	return buf_add(out, buf_ptr(&s->first_server), s->first_server.len);
}

/* c= and r= are what they must be; *proof gets the bytes of p=. */
static enum sasl_scram_result
parse_final(struct sasl_scram *s, struct span msg, struct span *without,
    uint8_t proof[SCRAM_KEYLEN])
{
	uint8_t		 c[MESSAGE_MAX];
	struct span	 rest = msg, f, v;
	int		 n;

	f = cut(&rest);
	if (attribute(f, 'c', &v) == -1 ||
	    (n = base64_decode(c, sizeof(c), v.p, v.len)) == -1)
		return SASL_SCRAM_MALFORMED;
	if ((size_t)n != s->cbind.len ||
	    memcmp(c, buf_ptr(&s->cbind), (size_t)n) != 0)
		return SASL_SCRAM_BINDING_BAD;
	f = cut(&rest);
	if (attribute(f, 'r', &v) == -1 || !span_eq(v, span_of(s->nonce)))
		return SASL_SCRAM_MALFORMED;
	/* Extensions may follow; the proof is last. */
	do {
		if (rest.len == 0)
			return SASL_SCRAM_MALFORMED;
		f = cut(&rest);
	} while (rest.len > 0);
	if (attribute(f, 'p', &v) == -1 || v.p + v.len != msg.p + msg.len ||
	    base64_decode(proof, SCRAM_KEYLEN, v.p, v.len) != SCRAM_KEYLEN)
		return SASL_SCRAM_MALFORMED;
	without->p = msg.p;
	without->len = (size_t)(f.p - msg.p) - 1;
	return SASL_SCRAM_OK;
}

enum sasl_scram_result
sasl_scram_final(struct sasl_scram *s, const char *data, size_t len,
    struct buf *out)
{
	struct span	 without;
	struct buf	 auth;
	uint8_t		 proof[SCRAM_KEYLEN], sig[SCRAM_KEYLEN];
	uint8_t		 key[SCRAM_KEYLEN], stored[SCRAM_KEYLEN];
	char		 b64[BASE64_LEN(SCRAM_KEYLEN) + 1];
	size_t		 i;
	enum sasl_scram_result ret;

	buf_init(&auth, 3 * MESSAGE_MAX + 2);
	if (len == 0 || len > MESSAGE_MAX || memchr(data, '\0', len) != NULL)
		return SASL_SCRAM_MALFORMED;
	ret = parse_final(s, (struct span){ data, len }, &without, proof);
	if (ret != SASL_SCRAM_OK)
		return ret;
	ret = SASL_SCRAM_WRONG;
	/* RFC 5802 3: AuthMessage */
	if (buf_add(&auth, buf_ptr(&s->first_bare), s->first_bare.len) == -1 ||
	    buf_addc(&auth, ',') == -1 ||
	    buf_add(&auth, buf_ptr(&s->first_server), s->first_server.len) ==
	    -1 || buf_addc(&auth, ',') == -1 ||
	    buf_add(&auth, without.p, without.len) == -1 ||
	    scram_hmac(s->secret.stored_key, buf_ptr(&auth), auth.len, sig) ==
	    -1)
		goto done;
	for (i = 0; i < SCRAM_KEYLEN; i++)
		key[i] = proof[i] ^ sig[i];
	if (scram_hash(key, sizeof(key), stored) == -1 ||
	    CRYPTO_memcmp(stored, s->secret.stored_key, SCRAM_KEYLEN) != 0 ||
	    s->fake)
		goto done;
	if (scram_hmac(s->secret.server_key, buf_ptr(&auth), auth.len, sig) ==
	    -1 || base64_encode(b64, sizeof(b64), sig, sizeof(sig)) == -1 ||
	    buf_addf(out, "v=%s", b64) == -1)
		goto done;
	ret = SASL_SCRAM_OK;
done:
	explicit_bzero(key, sizeof(key));
	explicit_bzero(proof, sizeof(proof));
	buf_freezero(&auth);
	return ret;
}
