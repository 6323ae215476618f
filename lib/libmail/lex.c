/* Words of structured fields (RFC 5322 3.2, RFC 2045 5.1). */
#include <string.h>

#include "libmail/lex.h"

/* Bytes over 127 count as letters (RFC 6532, and raw 8-bit of old). */
const unsigned char lex_class[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0, 4, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	4, 3, 0, 3, 3, 3, 3, 3, 0, 0, 3, 3, 0, 3, 0, 1,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 1, 0, 1,
	0, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
};

/*
 * A NUL may not travel further: it becomes U+FFFD before the words are read.
 */
static int
replace_nuls(struct arena *a, struct span *s)
{
	const char *p, *q, *end = s->p + s->len;
	char *new;
	size_t n = 0;

	for (p = s->p; p < end; p++)
		n += *p == '\0';
	if ((new = arena_alloc(a, s->len + 2 * n)) == NULL)
		return -1;
	for (n = 0, p = s->p; p < end; p = q + 1) {
		if ((q = memchr(p, '\0', (size_t)(end - p))) == NULL)
			q = end;
		memcpy(new + n, p, (size_t)(q - p));
		n += (size_t)(q - p);
		if (q < end) {
			memcpy(new + n, "\xef\xbf\xbd", 3);
			n += 3;
		}
	}
	*s = (struct span){ new, n };
	return 0;
}

int
lex_init(struct lex *x, struct arena *a, struct span s)
{
	memset(x, 0, sizeof(*x));
	if (s.len > 0 && memchr(s.p, '\0', s.len) != NULL &&
	    replace_nuls(a, &s) == -1)
		return -1;
	x->p = s.p;
	x->end = s.p + s.len;
	/* joining words costs a byte at most where quotes save two */
	x->cap = 2 * s.len + 16;
	if ((x->out = arena_alloc(a, x->cap)) == NULL)
		return -1;
	return 0;
}

void
lex_put(struct lex *x, const char *p, size_t len)
{
	if (len > x->cap - x->n)
		len = x->cap - x->n;
	memcpy(x->out + x->n, p, len);
	x->n += len;
}

struct span
lex_since(const struct lex *x, size_t mark)
{
	return (struct span){ x->out + mark, x->n - mark };
}

/* Put p[0..len) without line ends. */
static void
put_unfolded(struct lex *x, const char *p, size_t len)
{
	const char *end = p + len, *lf;
	size_t n;

	for (; p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL) {
			lex_put(x, p, (size_t)(end - p));
			return;
		}
		n = (size_t)(lf - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		lex_put(x, p, n);
	}
}

/*
 * Put p[0..len) without line ends and backslashes of quoted pairs; the
 * obsolete pairs with CR, LF and NUL keep theirs.
 */
static void
put_unquoted(struct lex *x, const char *p, size_t len)
{
	const char *end = p + len, *q;

	for (; p < end; p = q) {
		if ((q = memchr(p, '\\', (size_t)(end - p))) == NULL) {
			put_unfolded(x, p, (size_t)(end - p));
			return;
		}
		put_unfolded(x, p, (size_t)(q - p));
		p = q++;
		if (q == end)
			return;
		if (*q == '\r' || *q == '\n')
			lex_put(x, p, 1);
		else
			lex_put(x, q++, 1);
	}
}

void
lex_put_comment(struct lex *x)
{
	put_unquoted(x, x->comment.p, x->comment.len);
}

/* At the parenthesis; comments nest, which needs a count and no recursion. */
static int
skip_comment(struct lex *x)
{
	const char *start = ++x->p;
	size_t depth = 1;

	x->comment = (struct span){ start, 0 };
	for (; x->p < x->end; x->p++) {
		if (*x->p == '(')
			depth++;
		else if (*x->p == ')' && --depth == 0) {
			x->comment.len = (size_t)(x->p++ - start);
			return 0;
		} else if (*x->p == '\\' && x->p + 1 < x->end)
			x->p++;
	}
	return -1;
}

int
lex_cfws(struct lex *x)
{
	while (x->p < x->end) {
		if (lex_is(*x->p, LEX_WSP))
			x->p++;
		else if (*x->p != '(')
			return 1;
		else if (skip_comment(x) == -1)
			return -1;
	}
	return 0;
}

int
lex_atom(struct lex *x)
{
	const char *start = x->p;

	while (x->p < x->end && lex_is(*x->p, LEX_ATEXT))
		x->p++;
	if (x->p == start)
		return -1;
	lex_put(x, start, (size_t)(x->p - start));
	return lex_cfws(x);
}

/* White space and comments around the dots are obsolete but allowed. */
int
lex_dotatom(struct lex *x)
{
	int r;

	for (;;) {
		if ((r = lex_atom(x)) <= 0)
			return r;
		if (*x->p != '.')
			return 1;
		lex_put(x, x->p++, 1);
		if (lex_cfws(x) <= 0)
			return -1;
	}
}

/* Nothing at all is a token too; callers look at what was put. */
int
lex_token(struct lex *x)
{
	const char *start = x->p;

	while (x->p < x->end && (lex_is(*x->p, LEX_TOKEN) || *x->p == '.'))
		x->p++;
	lex_put(x, start, (size_t)(x->p - start));
	return lex_cfws(x);
}

int
lex_quoted(struct lex *x)
{
	const char *start = ++x->p;

	for (; x->p < x->end; x->p++) {
		if (*x->p == '"') {
			put_unquoted(x, start, (size_t)(x->p++ - start));
			return lex_cfws(x);
		}
		if (*x->p == '\\' && x->p + 1 < x->end)
			x->p++;
	}
	put_unquoted(x, start, (size_t)(x->end - start));
	return -1;
}

static int
atom_or_dots(struct lex *x)
{
	const char *start = x->p;

	while (x->p < x->end && (lex_is(*x->p, LEX_ATEXT) || *x->p == '.'))
		x->p++;
	lex_put(x, start, (size_t)(x->p - start));
	return lex_cfws(x);
}

int
lex_phrase(struct lex *x)
{
	int r;

	if (x->p >= x->end)
		return 0;
	if (*x->p == '.')
		return -1;
	for (;;) {
		r = *x->p == '"' ? lex_quoted(x) : atom_or_dots(x);
		if (r <= 0)
			return r;
		if (!lex_is(*x->p, LEX_ATEXT) && *x->p != '"' && *x->p != '.')
			return 1;
		lex_put(x, " ", 1);
	}
}

static int
domain_literal(struct lex *x)
{
	const char *start = x->p++;

	for (; x->p < x->end; x->p++) {
		if (*x->p == '[')
			return -1;
		if (*x->p == ']') {
			x->p++;
			put_unfolded(x, start, (size_t)(x->p - start));
			return lex_cfws(x);
		}
		if (*x->p == '\\' && x->p + 1 < x->end)
			x->p++;
	}
	return -1;
}

int
lex_domain(struct lex *x)
{
	x->p++;
	if (lex_cfws(x) <= 0)
		return -1;
	return *x->p == '[' ? domain_literal(x) : lex_dotatom(x);
}
