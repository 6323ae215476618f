/* DKIM verification with the key's record at hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "libmailauth/dkim_verify.h"
#include "libmailauth/taglist.h"
#include "libutil/base64.h"

#define KEY_MAX		1024	/* bytes of a public key: RSA of 8192 bits */
#define RSA_BITS_MIN	1024	/* RFC 8301 3.2 */
#define FIELDS_MAX	1000	/* fields that one signature may select from */

/* Tags seen, so that none comes twice. */
#define T_V	0x001
#define T_A	0x002
#define T_B	0x004
#define T_BH	0x008
#define T_C	0x010
#define T_D	0x020
#define T_H	0x040
#define T_I	0x080
#define T_L	0x100
#define T_Q	0x200
#define T_S	0x400
#define T_T	0x800
#define T_X	0x1000
#define T_MUST	(T_V | T_A | T_B | T_BH | T_D | T_H | T_S)

static const struct {
	const char	*name;
	unsigned	 bit;
} tags[] = {
	{ "v", T_V }, { "a", T_A }, { "b", T_B }, { "bh", T_BH }, { "c", T_C },
	{ "d", T_D }, { "h", T_H }, { "i", T_I }, { "l", T_L }, { "q", T_Q },
	{ "s", T_S }, { "t", T_T }, { "x", T_X }
};

static unsigned
tag_bit(struct span name)
{
	size_t	 i;

	/* Tag names are case-sensitive. */
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (span_eq(name, span_of(tags[i].name)))
			return tags[i].bit;
	return 0;
}

static int
parse_canon(struct span v, struct dkim_sig *sig)
{
	const char	*slash = memchr(v.p, '/', v.len);
	struct span	 head = v, body = SPAN("simple");

	if (slash != NULL) {
		head.len = (size_t)(slash - v.p);
		body.p = slash + 1;
		body.len = v.len - head.len - 1;
	}
	if (span_ieqs(head, "relaxed"))
		sig->canon_header = CANON_RELAXED;
	else if (!span_ieqs(head, "simple"))
		return -1;
	if (span_ieqs(body, "relaxed"))
		sig->canon_body = CANON_RELAXED;
	else if (!span_ieqs(body, "simple"))
		return -1;
	return 0;
}

static int
parse_tag(const struct tag *t, unsigned bit, struct dkim_sig *sig,
    const char **why)
{
	switch (bit) {
	case T_V:
		*why = "unknown version";
		return span_eq(t->value, SPAN("1")) ? 0 : -1;
	case T_A:
		*why = "unknown algorithm";
		if (span_ieqs(t->value, "rsa-sha256"))
			sig->alg = DKIM_RSA_SHA256;
		else if (span_ieqs(t->value, "ed25519-sha256"))
			sig->alg = DKIM_ED25519_SHA256;
		else
			return -1;
		return 0;
	case T_B:
		sig->b = t->value;
		return 0;
	case T_BH:
		sig->bh = t->value;
		return 0;
	case T_C:
		*why = "unknown canonicalization";
		return parse_canon(t->value, sig);
	case T_D:
		sig->domain = t->value;
		return 0;
	case T_H:
		sig->fields = t->value;
		return 0;
	case T_I:
		sig->identity = t->value;
		return 0;
	case T_L:
		*why = "bad l=";
		return taglist_number(t->value, &sig->length);
	case T_S:
		sig->selector = t->value;
		return 0;
	case T_T:
		*why = "bad t=";
		return taglist_number(t->value, &sig->time);
	case T_X:
		*why = "bad x=";
		return taglist_number(t->value, &sig->expire);
	default:
		return 0;
	}
}

/* i= is of d= or below it (RFC 6376 3.5). */
static int
identity_ok(const struct dkim_sig *sig)
{
	const char	*at;
	struct span	 d;

	if (sig->identity.len == 0)
		return 1;
	if ((at = memrchr(sig->identity.p, '@', sig->identity.len)) == NULL)
		return 0;
	d.p = at + 1;
	d.len = sig->identity.len - (size_t)(d.p - sig->identity.p);
	if (span_ieq(d, sig->domain))
		return 1;
	if (d.len <= sig->domain.len ||
	    d.p[d.len - sig->domain.len - 1] != '.')
		return 0;
	d.p += d.len - sig->domain.len;
	d.len = sig->domain.len;
	return span_ieq(d, sig->domain);
}

static int
signs_from(const struct dkim_sig *sig)
{
	struct span	 rest = sig->fields, item;

	while (taglist_item(&rest, &item))
		if (span_ieqs(item, "from"))
			return 1;
	return 0;
}

int
dkim_sig_parse(const struct header *h, struct dkim_sig *sig, const char **why)
{
	struct span	 rest = h->value;
	struct tag	 t;
	unsigned	 seen = 0, bit;
	int		 ret;

	memset(sig, 0, sizeof(*sig));
	sig->header = *h;
	sig->time = sig->expire = sig->length = -1;
	while ((ret = taglist_next(&rest, &t)) == 1) {
		bit = tag_bit(t.name);
		*why = "a tag comes twice";
		if (seen & bit)
			return -1;
		seen |= bit;
		if (parse_tag(&t, bit, sig, why) == -1)
			return -1;
	}
	*why = "not a list of tags";
	if (ret == -1)
		return -1;
	*why = "a tag is missing";
	if ((seen & T_MUST) != T_MUST || sig->domain.len == 0 ||
	    sig->selector.len == 0)
		return -1;
	*why = "i= is not within d=";
	if (!identity_ok(sig))
		return -1;
	*why = "From is not signed";
	if (!signs_from(sig))
		return -1;
	*why = "expires before it was made";
	if (sig->expire != -1 && sig->time != -1 && sig->expire < sig->time)
		return -1;
	return 0;
}

/* ---- the key ------------------------------------------------------------ */

struct keyrec {
	struct span	p;
	int		rsa;
	int		strict;		/* t=s: i= must be d= itself */
};

static int
list_has(struct span list, const char *word)
{
	struct span	 item;

	while (taglist_item(&list, &item))
		if (span_ieqs(item, word))
			return 1;
	return 0;
}

static int
key_parse(struct span text, struct keyrec *k, const char **why)
{
	struct tag	 t;
	int		 ret, p = 0, first = 1;

	memset(k, 0, sizeof(*k));
	k->rsa = 1;
	while ((ret = taglist_next(&text, &t)) == 1) {
		*why = "key record of another kind";
		if (span_eq(t.name, SPAN("v")) &&
		    (!first || !span_eq(t.value, SPAN("DKIM1"))))
			return -1;
		if (span_eq(t.name, SPAN("k"))) {
			if (span_ieqs(t.value, "ed25519"))
				k->rsa = 0;
			else if (!span_ieqs(t.value, "rsa"))
				return -1;
		}
		*why = "key is not for SHA-256";
		if (span_eq(t.name, SPAN("h")) && !list_has(t.value, "sha256"))
			return -1;
		*why = "key is not for mail";
		if (span_eq(t.name, SPAN("s")) &&
		    !list_has(t.value, "email") && !list_has(t.value, "*"))
			return -1;
		if (span_eq(t.name, SPAN("t")) && list_has(t.value, "s"))
			k->strict = 1;
		if (span_eq(t.name, SPAN("p"))) {
			k->p = t.value;
			p = 1;
		}
		first = 0;
	}
	*why = "key record is not well formed";
	if (ret == -1 || !p)
		return -1;
	*why = "key is revoked";
	return k->p.len == 0 ? -1 : 0;
}

static EVP_PKEY *
key_load(const struct keyrec *k, const char **why)
{
	char		 b64[BASE64_LEN(KEY_MAX) + 1];
	uint8_t		 der[KEY_MAX];
	const uint8_t	*p = der;
	EVP_PKEY	*pkey = NULL;
	int		 n;

	*why = "key is not base64";
	if ((n = taglist_strip(k->p, b64, sizeof(b64))) == -1 ||
	    (n = base64_decode(der, sizeof(der), b64, (size_t)n)) == -1)
		return NULL;
	*why = "key is damaged";
	if (!k->rsa) {
		if (n == 32)
			pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519,
			    NULL, der, 32);
	} else if ((pkey = d2i_PUBKEY(NULL, &p, n)) == NULL) {
		/* Some publish the bare PKCS#1 form (RFC 6376 errata). */
		p = der;
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, n);
	}
	ERR_clear_error();
	if (pkey != NULL && k->rsa && EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return pkey;
}

/* ---- the digest --------------------------------------------------------- */

/* The field itself with nothing in b=, and no line end. */
static int
canon_self(const struct dkim_sig *sig, struct buf *out)
{
	struct buf	 raw;
	struct header	 h = sig->header;
	size_t		 before, after;
	int		 ret = -1;

	buf_init(&raw, 65536);
	before = (size_t)(sig->b.p - h.raw.p);
	/* White space about the value belongs to what is taken out. */
	while (before > 0 && h.raw.p[before - 1] != '=')
		before--;
	after = (size_t)(sig->b.p - h.raw.p) + sig->b.len;
	while (after < h.raw.len && h.raw.p[after] != ';')
		after++;
	if (buf_add(&raw, h.raw.p, before) == -1 ||
	    buf_add(&raw, h.raw.p + after, h.raw.len - after) == -1)
		goto done;
	h.raw.p = (const char *)buf_ptr(&raw);
	h.raw.len = raw.len;
	h.value.p = h.raw.p + (sig->header.value.p - sig->header.raw.p);
	h.value.len = raw.len - (size_t)(h.value.p - h.raw.p);
	if (canon_header(sig->canon_header, &h, out) == 0) {
		buf_truncate(out, out->len - 2);
		ret = 0;
	}
done:
	buf_free(&raw);
	return ret;
}

static int
header_digest(const struct dkim_sig *sig, struct span msg, uint8_t *digest)
{
	struct header_iter	 it;
	struct header		*all;
	struct span		 rest = sig->fields, item;
	struct buf		 canon;
	uint8_t			*used;
	size_t			 n = 0, i;
	int			 ret = -1;

	buf_init(&canon, 4 * 1024 * 1024);
	all = calloc(FIELDS_MAX, sizeof(*all));
	used = calloc(FIELDS_MAX, 1);
	if (all == NULL || used == NULL)
		goto done;
	header_iter_init(&it, msg.p, msg.len);
	while (n < FIELDS_MAX && header_next(&it, &all[n]))
		n++;
	while (taglist_item(&rest, &item)) {
		for (i = n; i > 0; i--)
			if (!used[i - 1] && span_ieq(all[i - 1].name, item))
				break;
		if (i == 0)
			continue;
		used[i - 1] = 1;
		if (canon_header(sig->canon_header, &all[i - 1], &canon) == -1)
			goto done;
	}
	if (canon_self(sig, &canon) == -1)
		goto done;
	ret = EVP_Digest(buf_ptr(&canon), canon.len, digest, NULL,
	    EVP_sha256(), NULL) == 1 ? 0 : -1;
done:
	free(all);
	free(used);
	buf_free(&canon);
	return ret;
}

/* ---- verdict ------------------------------------------------------------ */

/* A sink that stops after l= bytes. */
struct limit {
	EVP_MD_CTX	*ctx;
	uint64_t	 left;
	int		 limited;
};

static void
limit_add(void *arg, const void *p, size_t n)
{
	struct limit	*l = arg;

	if (l->limited && n > l->left)
		n = (size_t)l->left;
	EVP_DigestUpdate(l->ctx, p, n);
	if (l->limited)
		l->left -= n;
}

/* 0; 1: l= is more than there is; -1. */
static int
limited_hash(const struct dkim_sig *sig, struct span body, uint8_t *hash)
{
	struct canon_body	 c;
	struct limit		 l;
	int			 ret = -1;

	if ((l.ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	l.limited = sig->length != -1;
	l.left = l.limited ? (uint64_t)sig->length : 0;
	if (EVP_DigestInit_ex(l.ctx, EVP_sha256(), NULL) == 1) {
		canon_body_init(&c, sig->canon_body, limit_add, &l);
		canon_body_add(&c, body.p, body.len);
		canon_body_end(&c);
		if (EVP_DigestFinal_ex(l.ctx, hash, NULL) == 1)
			ret = l.limited && l.left > 0;
	}
	EVP_MD_CTX_free(l.ctx);
	return ret;
}

static int
check_signature(EVP_PKEY *pkey, enum dkim_alg alg, const uint8_t *digest,
    const uint8_t *sig, size_t siglen)
{
	EVP_PKEY_CTX	*ctx;
	EVP_MD_CTX	*md;
	int		 ret = 0;

	if (alg == DKIM_ED25519_SHA256) {
		if ((md = EVP_MD_CTX_new()) == NULL)
			return 0;
		ret = EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestVerify(md, sig, siglen, digest,
		    DKIM_HASHLEN) == 1;
		EVP_MD_CTX_free(md);
	} else {
		if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
			return 0;
		ret = EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
		    1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) ==
		    1 && EVP_PKEY_verify(ctx, sig, siglen, digest,
		    DKIM_HASHLEN) == 1;
		EVP_PKEY_CTX_free(ctx);
	}
	ERR_clear_error();
	return ret;
}

static int
decode(struct span s, uint8_t *dst, size_t size)
{
	char	 b64[BASE64_LEN(KEY_MAX) + 1];
	int	 n;

	if ((n = taglist_strip(s, b64, sizeof(b64))) == -1)
		return -1;
	return base64_decode(dst, size, b64, (size_t)n);
}

static enum dkim_result
verify_with(const struct dkim_sig *sig, struct span msg, EVP_PKEY *pkey,
    const char **why)
{
	uint8_t	 want[DKIM_HASHLEN], have[DKIM_HASHLEN], b[KEY_MAX];
	size_t	 header = header_length(msg.p, msg.len);
	struct span body;
	int	 n, over;

	*why = "bh= is not a SHA-256 hash";
	if (decode(sig->bh, want, sizeof(want)) != sizeof(want))
		return DKIM_PERMERROR;
	body.p = msg.p + header;
	body.len = msg.len - header;
	*why = "no memory";
	if ((over = limited_hash(sig, body, have)) == -1)
		return DKIM_NEUTRAL;
	*why = "l= is more than the body";
	if (over)
		return DKIM_PERMERROR;
	*why = "body has changed";
	if (memcmp(have, want, sizeof(have)) != 0)
		return DKIM_FAIL;
	*why = "b= is not base64";
	if ((n = decode(sig->b, b, sizeof(b))) <= 0)
		return DKIM_PERMERROR;
	*why = "no memory";
	if (header_digest(sig, msg, have) == -1)
		return DKIM_NEUTRAL;
	*why = "signature does not fit";
	if (!check_signature(pkey, sig->alg, have, b, (size_t)n))
		return DKIM_FAIL;
	*why = "";
	return DKIM_PASS;
}

enum dkim_result
dkim_verify(const struct dkim_sig *sig, struct span msg, struct span key,
    int64_t now, const char **why)
{
	enum dkim_result	 ret;
	struct keyrec		 k;
	EVP_PKEY		*pkey;

	*why = "signature has expired";
	if (sig->expire != -1 && sig->expire < now)
		return DKIM_PERMERROR;
	if (key_parse(key, &k, why) == -1)
		return DKIM_PERMERROR;
	*why = "key is of another algorithm";
	if (k.rsa != (sig->alg == DKIM_RSA_SHA256))
		return DKIM_PERMERROR;
	*why = "key is for d= only, not for names below";
	if (k.strict && sig->identity.len > 0) {
		struct span d = sig->identity;
		const char *at = memrchr(d.p, '@', d.len);

		d.len -= (size_t)(at + 1 - d.p);
		d.p = at + 1;
		if (!span_ieq(d, sig->domain))
			return DKIM_PERMERROR;
	}
	if ((pkey = key_load(&k, why)) == NULL)
		return DKIM_PERMERROR;
	if (k.rsa && EVP_PKEY_bits(pkey) < RSA_BITS_MIN) {
		*why = "RSA key has less than 1024 bits";
		ret = DKIM_POLICY;
	} else
		ret = verify_with(sig, msg, pkey, why);
	EVP_PKEY_free(pkey);
	return ret;
}
