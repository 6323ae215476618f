/* Parameters of MIME fields (RFC 2045 5.1, 2231). */
#include <string.h>

#include "libmail/encword.h"
#include "libmail/lex.h"
#include "libmail/rfc2231.h"
#include "libmail/transfer.h"

/* A piece of a parameter that came in several: key*N or key*N*. */
struct piece {
	struct span	key, value;
	uint32_t	idx;
	int		extended;
	int		taken;
};

static struct span
dup2(struct arena *ar, struct span a, struct span b)
{
	char *p;

	if ((p = arena_alloc(ar, a.len + b.len + 1)) == NULL)
		return SPAN_NONE;
	memcpy(p, a.p, a.len);
	memcpy(p + a.len, b.p, b.len);
	p[a.len + b.len] = '\0';
	return (struct span){ p, a.len + b.len };
}

static int
params_put(struct arena *ar, struct params *ps, struct span name,
    struct span value)
{
	if (ps->n >= RFC2231_MAXPARAMS)
		return 0;
	ps->v = arena_grow(ar, ps->v, ps->n, &ps->cap, sizeof(ps->v[0]));
	if (ps->v == NULL || name.p == NULL)
		return -1;
	ps->v[ps->n++] = (struct param){ name, value };
	return 0;
}

/*
 * ";" attribute "=" value.  1: there is one; -1: broken.  A forgotten
 * semicolon is forgiven, and so are bytes in a value that should have made
 * its sender quote it.
 */
static int
one_param(struct lex *x, struct span *key, struct span *val)
{
	const char *start;
	size_t mark;
	int r;

	if (*x->p == ';') {
		x->p++;
		if (lex_cfws(x) <= 0)
			return -1;
	}
	mark = x->n;
	r = lex_token(x);
	*key = lex_since(x, mark);
	if (r <= 0 || *x->p != '=' || key->len == 0)
		return -1;
	x->p++;
	mark = x->n;
	if ((r = lex_cfws(x)) <= 0)
		;
	else if (*x->p == '"')
		r = lex_quoted(x);
	else {
		for (start = x->p; x->p < x->end && *x->p != ';' &&
		    *x->p != '(' && *x->p != '"' && !lex_is(*x->p, LEX_WSP);
		    x->p++)
			;
		lex_put(x, start, (size_t)(x->p - start));
		r = lex_cfws(x);
	}
	*val = lex_since(x, mark);
	return r == -1 && val->len == 0 ? -1 : 1;
}

/* key*, key*N, key*N*: 1 and the piece; else 0. */
static int
split_key(struct span key, struct piece *pc)
{
	const char *star, *p, *end = key.p + key.len;

	if ((star = memchr(key.p, '*', key.len)) == NULL)
		return 0;
	pc->key = (struct span){ key.p, (size_t)(star - key.p) };
	pc->idx = 0;
	for (p = star + 1; p < end && *p >= '0' && *p <= '9'; p++)
		pc->idx = pc->idx < 100000 ? pc->idx * 10 +
		    (uint32_t)(*p - '0') : pc->idx;
	pc->extended = p < end && *p == '*';
	if (pc->extended)
		p++;
	/* "key*" alone: the star that ends it is the one that was found */
	if (p == end && star + 1 == end)
		pc->extended = 1;
	pc->taken = 0;
	return p == end;
}

/* Pieces of one key, in the order of their numbers; 0 when one is missing. */
static size_t
gather(struct piece *v, size_t n, size_t first, struct piece **got)
{
	size_t i, m = 0, same = 0;

	for (i = 0; i < n; i++)
		same += !v[i].taken && span_ieq(v[i].key, v[first].key);
	while (m < same) {
		for (i = 0; i < n; i++)
			if (!v[i].taken && v[i].idx == m &&
			    span_ieq(v[i].key, v[first].key))
				break;
		if (i == n)
			return 0;
		got[m++] = &v[i];
	}
	return m;
}

/*
 * Join: once any piece is extended, all must read as such, so plain ones get
 * their `%' escaped and a first plain one its empty charset.
 */
static struct span
join(struct arena *ar, struct piece **got, size_t n, int extended)
{
	size_t i, j, len = 2;
	char *p;

	for (i = 0; i < n; i++)
		len += got[i]->value.len * (extended ? 3 : 1);
	if ((p = arena_alloc(ar, len)) == NULL)
		return SPAN_NONE;
	len = 0;
	if (extended && !got[0]->extended) {
		memcpy(p, "''", 2);
		len = 2;
	}
	for (i = 0; i < n; i++) {
		for (j = 0; j < got[i]->value.len; j++) {
			p[len++] = got[i]->value.p[j];
			if (p[len - 1] == '%' && extended &&
			    !got[i]->extended) {
				memcpy(p + len, "25", 2);
				len += 2;
			}
		}
	}
	return (struct span){ p, len };
}

static struct span
numbered(struct arena *ar, const struct piece *pc)
{
	char num[16];
	size_t n = sizeof(num);
	uint32_t v = pc->idx;

	if (pc->extended)
		num[--n] = '*';
	do {
		num[--n] = (char)('0' + v % 10);
	} while ((v /= 10) != 0);
	num[--n] = '*';
	return dup2(ar, pc->key, (struct span){ num + n, sizeof(num) - n });
}

/* First piece that is left of the key that sorts first; n: none is left. */
static size_t
smallest_key(const struct piece *v, size_t n)
{
	size_t i, len, min = n;
	int r;

	for (i = 0; i < n; i++) {
		if (v[i].taken)
			continue;
		if (min < n) {
			len = v[i].key.len < v[min].key.len ? v[i].key.len :
			    v[min].key.len;
			r = memcmp(v[i].key.p, v[min].key.p, len);
			if (r > 0 || (r == 0 && (v[i].key.len != len ||
			    v[min].key.len == len) &&
			    v[i].idx >= v[min].idx))
				continue;
		}
		min = i;
	}
	return min;
}

static int
join_pieces(struct arena *ar, struct piece *v, size_t n, struct params *ps)
{
	struct piece *got[RFC2231_MAXPARAMS];
	struct span name, value;
	size_t i, j, m;
	int extended;

	while ((i = smallest_key(v, n)) < n) {
		if ((m = gather(v, n, i, got)) == 0) {
			/* numbers are missing: leave it as it was written */
			if (params_put(ar, ps, numbered(ar, &v[i]),
			    v[i].value) == -1)
				return -1;
			v[i].taken = 1;
			continue;
		}
		for (extended = 0, j = 0; j < m; j++)
			extended |= got[j]->extended;
		value = join(ar, got, m, extended);
		name = dup2(ar, v[i].key, extended ? SPAN("*") : SPAN(""));
		if (value.p == NULL ||
		    params_put(ar, ps, name, value) == -1)
			return -1;
		for (j = 0; j < m; j++)
			got[j]->taken = 1;
	}
	return 0;
}

int
rfc2231_parse(struct arena *ar, struct span s, struct params *ps)
{
	struct piece v[RFC2231_MAXPARAMS];
	struct span key, val;
	struct lex x;
	size_t n = 0;
	int tries = 0;

	if (lex_init(&x, ar, s) == -1)
		return -1;
	while (x.p < x.end && n < RFC2231_MAXPARAMS &&
	    tries < 8 * RFC2231_MAXPARAMS) {
		if (one_param(&x, &key, &val) == -1) {
			/* on to what may be the next one */
			while (x.p < x.end && *x.p != ';')
				x.p++;
			tries++;
			continue;
		}
		if (split_key(key, &v[n])) {
			v[n++].value = val;
		} else if (params_put(ar, ps, key, val) == -1)
			return -1;
		else if (ps->n >= RFC2231_MAXPARAMS)
			break;
	}
	arena_shrink(ar, x.out, x.cap, x.n);
	return join_pieces(ar, v, n, ps);
}

struct span
rfc2231_get(const struct params *ps, const char *name)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (span_ieqs(ps->v[i].name, name))
			return ps->v[i].value;
	return SPAN_NONE;
}

/* charset'language'text with %xx. */
static int
decode_extended(struct charset_ctx *ctx, struct span s, struct buf *out)
{
	const char *end = s.p + s.len, *p = s.p, *q, *text = s.p;
	enum charset cs = CHARSET_UNKNOWN;
	struct charset_dec d;
	char tmp[256];
	size_t n = 0;
	int hi, lo, r = 0;

	if ((q = memchr(p, '\'', s.len)) != NULL &&
	    (p = memchr(q + 1, '\'', (size_t)(end - q - 1))) != NULL) {
		cs = charset_lookup((struct span){ s.p, (size_t)(q - s.p) });
		text = p + 1;
	}
	charset_dec_init(&d, ctx, cs);
	for (p = text; p < end && r == 0; p++) {
		if (*p == '%' && end - p > 2 &&
		    (hi = transfer_hex_value((unsigned char)p[1])) != -1 &&
		    (lo = transfer_hex_value((unsigned char)p[2])) != -1) {
			tmp[n++] = (char)(hi << 4 | lo);
			p += 2;
		} else
			tmp[n++] = *p;
		if (n == sizeof(tmp)) {
			r = charset_dec_add(&d, tmp, n, out);
			n = 0;
		}
	}
	if (r == 0)
		r = charset_dec_add(&d, tmp, n, out);
	return charset_dec_end(&d, out) == -1 ? -1 : r;
}

int
rfc2231_decode(struct charset_ctx *ctx, const struct params *ps,
    const char *name, struct buf *out)
{
	const struct param *found = NULL, *p;
	size_t i, len = strlen(name), from = out->len;
	uint8_t *b;
	int r;

	for (i = 0; i < ps->n; i++) {
		p = &ps->v[i];
		if (p->name.len == len + 1 && p->name.p[len] == '*' &&
		    strncasecmp(p->name.p, name, len) == 0) {
			found = p;
			break;
		}
		if (found == NULL && span_ieqs(p->name, name))
			found = p;
	}
	if (found == NULL)
		return 0;
	if (found->name.len == len)
		r = encword_decode(ctx, found->value, out);
	else {
		r = decode_extended(ctx, found->value, out);
		for (b = buf_ptr(out), i = from; i < out->len; i++)
			if (b[i] < ' ' || b[i] == 0x7f)
				b[i] = ' ';
	}
	return r == -1 ? -1 : 1;
}
