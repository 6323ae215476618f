/* DKIM signing without the key. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "libmailauth/dkim_sign.h"
#include "libutil/base64.h"

#define LINE	76

/*
 * What is signed where it is there (RFC 6376 5.4.1); some once more than it is
 * there, so that another one cannot be added above the signed ones.  What a
 * relay may rightly add when it is missing is left open then, and what lists
 * add and change is not tied up at all.
 */
enum more { NOT_MORE, ONE_MORE, IF_THERE };

static const struct {
	enum header_id	id;
	enum more	more;
} fields[] = {
	{ HEADER_FROM,				ONE_MORE },
	{ HEADER_REPLY_TO,			ONE_MORE },
	{ HEADER_SUBJECT,			ONE_MORE },
	{ HEADER_DATE,				IF_THERE },
	{ HEADER_MESSAGE_ID,			IF_THERE },
	{ HEADER_TO,				ONE_MORE },
	{ HEADER_CC,				ONE_MORE },
	{ HEADER_MIME_VERSION,			IF_THERE },
	{ HEADER_CONTENT_TYPE,			IF_THERE },
	{ HEADER_CONTENT_TRANSFER_ENCODING,	IF_THERE },
	{ HEADER_CONTENT_DISPOSITION,		NOT_MORE },
	{ HEADER_CONTENT_ID,			NOT_MORE },
	{ HEADER_CONTENT_DESCRIPTION,		NOT_MORE },
	{ HEADER_SENDER,			NOT_MORE },
	{ HEADER_IN_REPLY_TO,			NOT_MORE },
	{ HEADER_REFERENCES,			NOT_MORE },
	{ HEADER_RESENT_DATE,			NOT_MORE },
	{ HEADER_RESENT_FROM,			NOT_MORE },
	{ HEADER_RESENT_SENDER,			NOT_MORE },
	{ HEADER_RESENT_TO,			NOT_MORE },
	{ HEADER_RESENT_CC,			NOT_MORE },
	{ HEADER_RESENT_MESSAGE_ID,		NOT_MORE },
	{ HEADER_LIST_ID,			NOT_MORE },
	{ HEADER_LIST_UNSUBSCRIBE,		NOT_MORE },
	{ HEADER_LIST_UNSUBSCRIBE_POST,		NOT_MORE },
	{ HEADER_LIST_POST,			NOT_MORE },
	{ HEADER_LIST_HELP,			NOT_MORE },
	{ HEADER_LIST_ARCHIVE,			NOT_MORE },
	{ HEADER_LIST_SUBSCRIBE,		NOT_MORE },
	{ HEADER_AUTO_SUBMITTED,		NOT_MORE },
	{ HEADER_DISPOSITION_NOTIFICATION_TO,	NOT_MORE },
	{ HEADER_FEEDBACK_ID,			NOT_MORE }
};
#define NFIELDS	(sizeof(fields) / sizeof(fields[0]))

/* The fields that count, in the order of the message. */
struct found {
	struct header	 h[DKIM_SIGNED_MAX];
	size_t		 n;
};

static void
hash_add(void *arg, const void *p, size_t n)
{
	EVP_DigestUpdate(arg, p, n);
}

int
dkim_body_hash(enum canon canon, struct span body, uint8_t hash[DKIM_HASHLEN])
{
	struct canon_body	 c;
	EVP_MD_CTX		*ctx;
	int			 ret = -1;

	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return -1;
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1) {
		canon_body_init(&c, canon, hash_add, ctx);
		canon_body_add(&c, body.p, body.len);
		canon_body_end(&c);
		if (EVP_DigestFinal_ex(ctx, hash, NULL) == 1)
			ret = 0;
	}
	EVP_MD_CTX_free(ctx);
	return ret;
}

static int
find_fields(const struct span *parts, size_t nparts, struct found *f)
{
	struct header_iter	 it;
	struct header		 h;
	size_t			 i, k;
	int			 from = 0;

	f->n = 0;
	for (i = 0; i < nparts; i++) {
		header_iter_init(&it, parts[i].p, parts[i].len);
		while (header_next(&it, &h)) {
			for (k = 0; k < NFIELDS; k++)
				if (fields[k].id == h.id)
					break;
			if (k == NFIELDS)
				continue;
			if (f->n == DKIM_SIGNED_MAX) {
				errno = EINVAL;
				return -1;
			}
			from |= h.id == HEADER_FROM;
			f->h[f->n++] = h;
		}
	}
	if (!from) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* One more name of the h= list, folding; col is where the line stands. */
static int
put_name(struct buf *out, enum header_id id, int first, size_t *col)
{
	struct span	 name = header_name(id);

	if (!first) {
		if (buf_addc(out, ':') == -1)
			return -1;
		(*col)++;
	}
	if (*col + name.len >= LINE) {
		if (buf_addstr(out, "\r\n\t") == -1)
			return -1;
		*col = 8;
	}
	*col += name.len;
	return buf_add(out, name.p, name.len);
}

/*
 * The list of names, and the canonical fields that it selects: of several with
 * one name the last comes first (RFC 6376 5.4.2), and one that is not there is
 * empty.
 */
static int
put_list(const struct found *f, struct buf *out, struct buf *canon)
{
	size_t	 k, i, col = 10;
	int	 first = 1, there;

	for (k = 0; k < NFIELDS; k++) {
		there = 0;
		for (i = f->n; i > 0; i--) {
			if (f->h[i - 1].id != fields[k].id)
				continue;
			if (put_name(out, fields[k].id, first, &col) == -1 ||
			    canon_header(CANON_RELAXED, &f->h[i - 1],
			    canon) == -1)
				return -1;
			first = 0;
			there = 1;
		}
		if (fields[k].more == ONE_MORE ||
		    (fields[k].more == IF_THERE && there)) {
			if (put_name(out, fields[k].id, first, &col) == -1)
				return -1;
			first = 0;
		}
	}
	return 0;
}

/* The signature's own field, less its CRLF, comes last. */
static int
hash_header(struct buf *header, struct buf *canon, uint8_t *digest)
{
	struct header	 h;
	const char	*p = (const char *)buf_ptr(header);
	size_t		 name = sizeof("DKIM-Signature") - 1;

	memset(&h, 0, sizeof(h));
	h.name.p = p;
	h.name.len = name;
	h.value.p = p + name + 1;
	h.value.len = header->len - name - 1;
	if (canon_header(CANON_RELAXED, &h, canon) == -1)
		return -1;
	return EVP_Digest(buf_ptr(canon), canon->len - 2, digest, NULL,
	    EVP_sha256(), NULL) == 1 ? 0 : -1;
}

int
dkim_sign_prepare(const struct dkim_spec *spec, const struct span *parts,
    size_t nparts, const uint8_t bodyhash[DKIM_HASHLEN], struct buf *header,
    uint8_t digest[DKIM_HASHLEN])
{
	struct found	 f;
	struct buf	 canon;
	char		 bh[BASE64_LEN(DKIM_HASHLEN) + 1];
	int		 ret = -1;

	buf_init(&canon, 4 * 1024 * 1024);
	if (find_fields(parts, nparts, &f) == -1)
		return -1;
	base64_encode(bh, sizeof(bh), bodyhash, DKIM_HASHLEN);
	if (buf_addf(header, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;"
	    "\r\n\td=%.*s; s=%.*s;\r\n\tt=%" PRId64 ";",
	    spec->alg == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256",
	    (int)spec->domain.len, spec->domain.p,
	    (int)spec->selector.len, spec->selector.p, spec->now) == -1)
		goto done;
	if (spec->expire != 0 &&
	    buf_addf(header, " x=%" PRId64 ";", spec->expire) == -1)
		goto done;
	if (buf_addf(header, "\r\n\tbh=%s;\r\n\th=", bh) == -1 ||
	    put_list(&f, header, &canon) == -1 ||
	    buf_addstr(header, ";\r\n\tb=") == -1)
		goto done;
	ret = hash_header(header, &canon, digest);
done:
	buf_free(&canon);
	return ret;
}
