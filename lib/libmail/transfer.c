/* Content-Transfer-Encoding (RFC 2045 6). */
#include <string.h>

#include "libmail/charset_int.h"
#include "libmail/transfer.h"

#define B64_SKIP	0x40	/* not of the alphabet */
#define B64_PAD		0x41
#define B64_SPACE	0x42	/* skipped without being an error */

/* So much white space before a line's end is taken away, not more. */
#define QP_MAXSPACE	32

#define X	B64_SKIP
#define S	B64_SPACE
static const uint8_t b64[256] = {
	X, X, X, X, X, X, X, X, X, S, S, X, X, S, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	S, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, B64_PAD, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
};
#undef X
#undef S

static const char b64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum transfer
transfer_lookup(struct span s)
{
	if (s.len == 0 || span_ieqs(s, "7bit"))
		return TRANSFER_7BIT;
	if (span_ieqs(s, "quoted-printable"))
		return TRANSFER_QP;
	if (span_ieqs(s, "base64"))
		return TRANSFER_BASE64;
	if (span_ieqs(s, "8bit"))
		return TRANSFER_8BIT;
	if (span_ieqs(s, "binary"))
		return TRANSFER_BINARY;
	return TRANSFER_UNKNOWN;
}

void
transfer_dec_init(struct transfer_dec *d, enum transfer enc)
{
	memset(d, 0, sizeof(*d));
	d->enc = enc;
}

/* What n characters in bits hold, when no fourth comes. */
static size_t
base64_rest(struct transfer_dec *d, uint8_t *o)
{
	size_t n = 0;

	if (d->n == 1)
		d->broken = 1;
	else if (d->n == 2) {
		o[n++] = (uint8_t)(d->bits >> 4);
	} else if (d->n == 3) {
		o[n++] = (uint8_t)(d->bits >> 10);
		o[n++] = (uint8_t)(d->bits >> 2);
	}
	d->n = 0;
	d->bits = 0;
	return n;
}

static size_t
base64_char(struct transfer_dec *d, uint8_t v, uint8_t *o)
{
	if (v == B64_PAD) {
		if (d->n == 0 && !d->pad)
			d->broken = 1;
		d->pad = 1;
		return base64_rest(d, o);
	}
	if (v >= B64_SKIP) {
		d->broken |= v == B64_SKIP;
		return 0;
	}
	d->broken |= d->pad;
	d->pad = 0;
	d->bits = d->bits << 6 | v;
	if (++d->n < 4)
		return 0;
	o[0] = (uint8_t)(d->bits >> 16);
	o[1] = (uint8_t)(d->bits >> 8);
	o[2] = (uint8_t)d->bits;
	d->n = 0;
	d->bits = 0;
	return 3;
}

static void
base64_run(struct transfer_dec *d, const uint8_t *s, size_t len,
    struct sink *k)
{
	uint8_t o[3072 + 8], v0, v1, v2, v3;
	uint32_t w;
	size_t i = 0, n = 0;

	while (i < len && !k->full) {
		if (n > 3072) {
			sink_add(k, o, n);
			n = 0;
		}
		if (d->n == 0 && !d->pad && len - i >= 4) {
			v0 = b64[s[i]];
			v1 = b64[s[i + 1]];
			v2 = b64[s[i + 2]];
			v3 = b64[s[i + 3]];
			if (((v0 | v1 | v2 | v3) & 0x40) == 0) {
				w = (uint32_t)v0 << 18 | (uint32_t)v1 << 12 |
				    (uint32_t)v2 << 6 | v3;
				o[n] = (uint8_t)(w >> 16);
				o[n + 1] = (uint8_t)(w >> 8);
				o[n + 2] = (uint8_t)w;
				n += 3;
				i += 4;
				continue;
			}
		}
		n += base64_char(d, b64[s[i++]], o + n);
	}
	sink_add(k, o, n);
}

int
transfer_base64_value(unsigned char c)
{
	return b64[c] < 64 ? b64[c] : -1;
}

int
transfer_hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
is_wsp(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Where the white space that ends s[from..to) begins. */
static size_t
trim_end(const uint8_t *s, size_t from, size_t to)
{
	size_t t = to;

	while (t > from && to - t < QP_MAXSPACE && is_wsp(s[t - 1]))
		t--;
	return t;
}

/*
 * At a `='.  How many bytes it takes; 0: the next piece decides.  *val is the
 * byte it means, -1 none (a soft line break).
 */
static size_t
qp_escape(struct transfer_dec *d, const uint8_t *s, size_t len, int final,
    int *val)
{
	size_t i = 1;
	int hi, lo;

	*val = -1;
	if (len >= 3 && (hi = transfer_hex_value(s[1])) != -1 &&
	    (lo = transfer_hex_value(s[2])) != -1) {
		*val = hi << 4 | lo;
		return 3;
	}
	if (len == 2 && transfer_hex_value(s[1]) != -1 && !final)
		return 0;
	while (i < len && i <= QP_MAXSPACE && is_wsp(s[i]))
		i++;
	if (i < len && s[i] == '\r')
		i++;
	if (i == len)
		return final ? i : 0;
	if (s[i] == '\n')
		return i + 1;
	d->broken = 1;
	*val = '=';
	return 1;
}

/*
 * Decode s[0..len); returns how much of it was decided on, which is all but
 * at most QP_MAXSPACE + 2 bytes, or all when final.
 */
static size_t
qp_run(struct transfer_dec *d, const uint8_t *s, size_t len, int final,
    struct sink *k)
{
	size_t i = 0, j, e, t;
	uint8_t c;
	int val;

	while (i < len && !k->full) {
		for (j = i; j < len && s[j] != '\n' && s[j] != '='; j++)
			;
		if (j < len && s[j] == '=') {
			sink_add(k, s + i, j - i);
			i = j;
			if ((t = qp_escape(d, s + j, len - j, final,
			    &val)) == 0)
				return j;
			if (val != -1) {
				c = (uint8_t)val;
				if (k->n == sizeof(k->b))
					sink_flush(k);
				k->b[k->n++] = (char)c;
			}
			i = j + t;
			continue;
		}
		e = j > i && s[j - 1] == '\r' ? j - 1 : j;
		t = trim_end(s, i, e);
		sink_add(k, s + i, t - i);
		if (j == len) {
			if (final && e < j)
				sink_add(k, s + e, j - e);
			return final ? len : t;
		}
		sink_add(k, s + e, j + 1 - e);
		i = j + 1;
	}
	return len;
}

static void
qp_add(struct transfer_dec *d, const uint8_t *s, size_t len, struct sink *k)
{
	uint8_t tmp[256];
	size_t n, done, held;

	if (d->nhold > 0) {
		held = d->nhold;
		n = len < sizeof(tmp) - held ? len : sizeof(tmp) - held;
		memcpy(tmp, d->hold, held);
		memcpy(tmp + held, s, n);
		done = qp_run(d, tmp, held + n, 0, k);
		if (n == len) {
			d->nhold = (uint8_t)(held + n - done);
			memcpy(d->hold, tmp + done, d->nhold);
			return;
		}
		s += done - held;
		len -= done - held;
		d->nhold = 0;
	}
	done = qp_run(d, s, len, 0, k);
	d->nhold = (uint8_t)(len - done);
	memcpy(d->hold, s + done, d->nhold);
}

int
transfer_dec_add(struct transfer_dec *d, const void *p, size_t len,
    struct buf *out)
{
	struct sink k;

	if (len == 0)
		return 0;
	sink_init(&k, out);
	if (d->enc == TRANSFER_BASE64)
		base64_run(d, p, len, &k);
	else if (d->enc == TRANSFER_QP)
		qp_add(d, p, len, &k);
	else
		sink_add(&k, p, len);
	return sink_end(&k);
}

int
transfer_dec_end(struct transfer_dec *d, struct buf *out)
{
	struct sink k;
	uint8_t o[4];

	sink_init(&k, out);
	if (d->enc == TRANSFER_BASE64)
		sink_add(&k, o, base64_rest(d, o));
	else if (d->enc == TRANSFER_QP && d->nhold > 0)
		(void)qp_run(d, d->hold, d->nhold, 1, &k);
	d->nhold = 0;
	return sink_end(&k);
}

int
transfer_decode(enum transfer enc, const void *p, size_t len, struct buf *out)
{
	struct transfer_dec d;
	int r;

	transfer_dec_init(&d, enc);
	r = transfer_dec_add(&d, p, len, out);
	return transfer_dec_end(&d, out) == -1 ? -1 : r;
}

int
transfer_encode_base64(const void *p, size_t len, struct buf *out)
{
	const uint8_t *s = p;
	char line[78];
	uint32_t w;
	size_t i, n;

	while (len > 0) {
		for (n = 0; len > 0 && n < 76; n += 4) {
			i = len < 3 ? len : 3;
			w = (uint32_t)s[0] << 16 |
			    (i > 1 ? (uint32_t)s[1] << 8 : 0) |
			    (i > 2 ? s[2] : 0);
			line[n] = b64_alphabet[w >> 18];
			line[n + 1] = b64_alphabet[w >> 12 & 63];
			line[n + 2] = i > 1 ? b64_alphabet[w >> 6 & 63] : '=';
			line[n + 3] = i > 2 ? b64_alphabet[w & 63] : '=';
			s += i;
			len -= i;
		}
		memcpy(line + n, "\r\n", 2);
		if (buf_add(out, line, n + 2) == -1)
			return -1;
	}
	return 0;
}

int
transfer_encode_qp(const void *p, size_t len, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const uint8_t *s = p, *end = s + len;
	char line[80];
	size_t n = 0, need;
	int plain, eol;

	for (; s < end; s++) {
		eol = *s == '\n' || (*s == '\r' && s + 1 < end && s[1] == '\n');
		if (eol) {
			s += *s == '\r';
			memcpy(line + n, "\r\n", 2);
			if (buf_add(out, line, n + 2) == -1)
				return -1;
			n = 0;
			continue;
		}
		eol = s + 1 == end || s[1] == '\n' ||
		    (s[1] == '\r' && s + 2 < end && s[2] == '\n');
		plain = (*s >= 33 && *s <= 126 && *s != '=') ||
		    (is_wsp(*s) && !eol);
		need = plain ? 1 : 3;
		if (n + need > (eol && s + 1 < end ? 76u : 75u)) {
			memcpy(line + n, "=\r\n", 3);
			if (buf_add(out, line, n + 3) == -1)
				return -1;
			n = 0;
		}
		if (plain)
			line[n++] = (char)*s;
		else {
			line[n++] = '=';
			line[n++] = digits[*s >> 4];
			line[n++] = digits[*s & 15];
		}
	}
	return buf_add(out, line, n);
}
