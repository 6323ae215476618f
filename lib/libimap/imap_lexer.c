#include <string.h>

#include "libimap/imap_lexer.h"

#define A	(IMAP_CH_ATOM | IMAP_CH_ASTRING | IMAP_CH_LIST | IMAP_CH_TAG)
#define P	(A & ~IMAP_CH_TAG)		/* + */
#define W	IMAP_CH_LIST			/* % * */
#define B	(A & ~IMAP_CH_ATOM)		/* ] */
#define N	IMAP_CH_NAME
#define S	IMAP_CH_BASE64
#define X	(A | N | S)

static const uint8_t classes[128] = {
	['!'] = A, ['#'] = A, ['$'] = A, ['%'] = W, ['&'] = A, ['\''] = A,
	['*'] = W, ['+'] = P | N | S, [','] = A, ['-'] = A | N, ['.'] = A | N,
	['/'] = A | S,
	['0'] = X, ['1'] = X, ['2'] = X, ['3'] = X, ['4'] = X,
	['5'] = X, ['6'] = X, ['7'] = X, ['8'] = X, ['9'] = X,
	[':'] = A, [';'] = A, ['<'] = A, ['='] = A | N, ['>'] = A, ['?'] = A,
	['@'] = A,
	['A'] = X, ['B'] = X, ['C'] = X, ['D'] = X, ['E'] = X, ['F'] = X,
	['G'] = X, ['H'] = X, ['I'] = X, ['J'] = X, ['K'] = X, ['L'] = X,
	['M'] = X, ['N'] = X, ['O'] = X, ['P'] = X, ['Q'] = X, ['R'] = X,
	['S'] = X, ['T'] = X, ['U'] = X, ['V'] = X, ['W'] = X, ['X'] = X,
	['Y'] = X, ['Z'] = X,
	['['] = A, [']'] = B, ['^'] = A, ['_'] = A | N, ['`'] = A,
	['a'] = X, ['b'] = X, ['c'] = X, ['d'] = X, ['e'] = X, ['f'] = X,
	['g'] = X, ['h'] = X, ['i'] = X, ['j'] = X, ['k'] = X, ['l'] = X,
	['m'] = X, ['n'] = X, ['o'] = X, ['p'] = X, ['q'] = X, ['r'] = X,
	['s'] = X, ['t'] = X, ['u'] = X, ['v'] = X, ['w'] = X, ['x'] = X,
	['y'] = X, ['z'] = X,
	['|'] = A, ['}'] = A, ['~'] = A
};

#undef A
#undef P
#undef W
#undef B
#undef N
#undef S
#undef X

int
imap_char_is(int c, int class)
{
	return c >= 0 && c < 128 && (classes[c] & class) != 0;
}

void
imap_lex_init(struct imap_lexer *lx, struct span text,
    struct imap_arena *arena)
{
	memset(lx, 0, sizeof(*lx));
	lx->start = lx->p = text.p;
	lx->end = text.p + text.len;
	lx->arena = arena;
	lx->status = CODEC_DONE;
}

static int
lex_fail(struct imap_lexer *lx, enum codec status, const char *why)
{
	if (lx->status == CODEC_DONE) {
		lx->status = status;
		lx->why = why;
	}
	return 0;
}

int
imap_lex_bad(struct imap_lexer *lx, const char *why)
{
	return lex_fail(lx, CODEC_BAD, why);
}

int
imap_lex_toobig(struct imap_lexer *lx, const char *why)
{
	return lex_fail(lx, CODEC_TOOBIG, why);
}

int
imap_lex_ok(const struct imap_lexer *lx)
{
	return lx->status == CODEC_DONE;
}

int
imap_lex_peek(struct imap_lexer *lx)
{
	if (lx->status != CODEC_DONE)
		return -1;
	if (lx->p == lx->end) {
		lex_fail(lx, CODEC_MORE, "incomplete command");
		return -1;
	}
	return (unsigned char)*lx->p;
}

int
imap_lex_opt(struct imap_lexer *lx, int c)
{
	if (imap_lex_peek(lx) != c)
		return 0;
	lx->p++;
	return 1;
}

int
imap_lex_optsp(struct imap_lexer *lx, int c)
{
	if (imap_lex_peek(lx) != ' ')
		return 0;
	if (lx->end - lx->p < 2)
		return lex_fail(lx, CODEC_MORE, "incomplete command");
	if ((unsigned char)lx->p[1] != c)
		return 0;
	lx->p += 2;
	return 1;
}

int
imap_lex_char(struct imap_lexer *lx, int c)
{
	if (imap_lex_opt(lx, c))
		return 1;
	switch (c) {
	case ' ':
		return imap_lex_bad(lx, "space expected");
	case '(':
		return imap_lex_bad(lx, "( expected");
	case ')':
		return imap_lex_bad(lx, ") expected");
	default:
		return imap_lex_bad(lx, "unexpected character");
	}
}

int
imap_lex_sp(struct imap_lexer *lx)
{
	return imap_lex_char(lx, ' ');
}

/* A bare LF is taken too: people type commands by hand. */
int
imap_lex_crlf(struct imap_lexer *lx)
{
	imap_lex_opt(lx, '\r');
	if (imap_lex_opt(lx, '\n'))
		return 1;
	return imap_lex_bad(lx, "unexpected text at the end");
}

static int
lex_class(struct imap_lexer *lx, int class, const char *why, struct span *s)
{
	const char	*p = lx->p;

	if (lx->status != CODEC_DONE)
		return 0;
	while (p < lx->end && imap_char_is((unsigned char)*p, class))
		p++;
	if (p == lx->end)
		return lex_fail(lx, CODEC_MORE, "incomplete command");
	if (p == lx->p)
		return imap_lex_bad(lx, why);
	s->p = lx->p;
	s->len = p - lx->p;
	lx->p = p;
	return 1;
}

int
imap_lex_tag(struct imap_lexer *lx, struct span *s)
{
	return lex_class(lx, IMAP_CH_TAG, "bad tag", s);
}

int
imap_lex_atom(struct imap_lexer *lx, struct span *s)
{
	return lex_class(lx, IMAP_CH_ATOM, "atom expected", s);
}

int
imap_lex_name(struct imap_lexer *lx, struct span *s)
{
	return lex_class(lx, IMAP_CH_NAME, "name expected", s);
}

int
imap_lex_base64(struct imap_lexer *lx, struct span *s)
{
	int	pad;

	if (!lex_class(lx, IMAP_CH_BASE64, "base64 expected", s))
		return 0;
	for (pad = 0; pad < 2 && imap_lex_opt(lx, '='); pad++)
		s->len++;
	return imap_lex_ok(lx);
}

/* The content without its escapes: the memory itself where there are none. */
static int
lex_unescape(struct imap_lexer *lx, const char *p, size_t len, size_t nesc,
    struct span *s)
{
	char	*d;
	size_t	 i, n = 0;

	if (nesc == 0) {
		*s = (struct span){ p, len };
		return 1;
	}
	if ((d = imap_arena_alloc(lx->arena, len - nesc + 1)) == NULL)
		return imap_lex_toobig(lx, "command too large");
	for (i = 0; i < len; i++) {
		if (p[i] == '\\')
			i++;
		d[n++] = p[i];
	}
	*s = (struct span){ d, n };
	return 1;
}

int
imap_lex_quoted(struct imap_lexer *lx, struct span *s)
{
	const char	*p;
	size_t		 nesc = 0;

	if (!imap_lex_char(lx, '"'))
		return 0;
	for (p = lx->p; p < lx->end && *p != '"'; p++) {
		if (*p == '\r' || *p == '\n' || *p == '\0')
			return imap_lex_bad(lx, "bad quoted string");
		if (*p != '\\')
			continue;
		if (++p == lx->end)
			break;
		if (*p != '"' && *p != '\\')
			return imap_lex_bad(lx, "bad quoted string");
		nesc++;
	}
	if (p >= lx->end)
		return lex_fail(lx, CODEC_MORE, "incomplete command");
	if (!lex_unescape(lx, lx->p, p - lx->p, nesc, s))
		return 0;
	lx->p = p + 1;
	return 1;
}

int
imap_lex_literal_header(struct imap_lexer *lx, struct imap_literal *lit)
{
	uint64_t	n;

	memset(lit, 0, sizeof(*lit));
	lit->binary = (uint8_t)imap_lex_opt(lx, '~');
	if (!imap_lex_char(lx, '{') || !imap_lex_number64(lx, &n))
		return 0;
	lit->size = n;
	/* RFC 2088's and RFC 7888's forms mean the same here. */
	lit->sync = !imap_lex_opt(lx, '+');
	return imap_lex_char(lx, '}') && imap_lex_crlf(lx);
}

static int
lex_literal(struct imap_lexer *lx, struct span *s, int *binary)
{
	struct imap_literal	lit;

	if (!imap_lex_literal_header(lx, &lit))
		return 0;
	if (lit.binary && binary == NULL)
		return imap_lex_bad(lx, "literal8 not allowed here");
	if (lit.size > (uint64_t)(lx->end - lx->p))
		return lex_fail(lx, CODEC_MORE, "incomplete command");
	s->p = lx->p;
	s->len = lit.size;
	lx->p += lit.size;
	if (!lit.binary && memchr(s->p, '\0', s->len) != NULL)
		return imap_lex_bad(lx, "NUL in a literal");
	if (binary != NULL)
		*binary = lit.binary;
	return 1;
}

int
imap_lex_string(struct imap_lexer *lx, struct span *s)
{
	switch (imap_lex_peek(lx)) {
	case '"':
		return imap_lex_quoted(lx, s);
	case '{':
		return lex_literal(lx, s, NULL);
	default:
		return imap_lex_bad(lx, "string expected");
	}
}

int
imap_lex_astring(struct imap_lexer *lx, struct span *s)
{
	int	c = imap_lex_peek(lx);

	if (c == '"' || c == '{')
		return imap_lex_string(lx, s);
	return lex_class(lx, IMAP_CH_ASTRING, "string expected", s);
}

int
imap_lex_listmailbox(struct imap_lexer *lx, struct span *s)
{
	int	c = imap_lex_peek(lx);

	if (c == '"' || c == '{')
		return imap_lex_string(lx, s);
	return lex_class(lx, IMAP_CH_LIST, "mailbox pattern expected", s);
}

static int
lex_nil(struct imap_lexer *lx, struct span *s)
{
	struct span	atom;

	if (!imap_lex_atom(lx, &atom))
		return 0;
	if (!span_ieqs(atom, "NIL"))
		return imap_lex_bad(lx, "string or NIL expected");
	*s = SPAN_NONE;
	return 1;
}

int
imap_lex_nstring(struct imap_lexer *lx, struct span *s)
{
	int	c = imap_lex_peek(lx);

	if (c == '"' || c == '{')
		return imap_lex_string(lx, s);
	return lex_nil(lx, s);
}

int
imap_lex_value(struct imap_lexer *lx, struct span *s, int *binary)
{
	int	c = imap_lex_peek(lx);

	*binary = 0;
	if (c == '"')
		return imap_lex_quoted(lx, s);
	if (c == '{' || c == '~')
		return lex_literal(lx, s, binary);
	return lex_nil(lx, s);
}

static int
lex_digits(struct imap_lexer *lx, uint64_t max, uint64_t *n)
{
	const char	*p = lx->p;
	uint64_t	 v = 0;
	unsigned	 d;

	if (lx->status != CODEC_DONE)
		return 0;
	for (; p < lx->end && *p >= '0' && *p <= '9'; p++) {
		d = (unsigned)(*p - '0');
		if (v > (max - d) / 10)
			return imap_lex_bad(lx, "number too large");
		v = v * 10 + d;
	}
	if (p == lx->end)
		return lex_fail(lx, CODEC_MORE, "incomplete command");
	if (p == lx->p)
		return imap_lex_bad(lx, "number expected");
	lx->p = p;
	*n = v;
	return 1;
}

int
imap_lex_number(struct imap_lexer *lx, uint32_t *n)
{
	uint64_t	v;

	if (!lex_digits(lx, UINT32_MAX, &v))
		return 0;
	*n = (uint32_t)v;
	return 1;
}

int
imap_lex_nznumber(struct imap_lexer *lx, uint32_t *n)
{
	if (imap_lex_peek(lx) == '0')
		return imap_lex_bad(lx, "number expected");
	return imap_lex_number(lx, n);
}

int
imap_lex_number64(struct imap_lexer *lx, uint64_t *n)
{
	return lex_digits(lx, INT64_MAX, n);
}

int
imap_literal_tail(const char *line, size_t len, struct imap_literal *lit)
{
	const char	*e = line + len, *p;
	uint64_t	 n = 0;

	memset(lit, 0, sizeof(*lit));
	if (len < 1 || *--e != '\n')
		return 0;
	if (e > line && e[-1] == '\r')
		e--;
	if (e == line || *--e != '}')
		return 0;
	lit->sync = 1;
	if (e > line && e[-1] == '+') {
		lit->sync = 0;
		e--;
	}
	for (p = e; p > line && p[-1] >= '0' && p[-1] <= '9'; p--)
		;
	/* No number has more than 20 digits, but zeros could go on for ever. */
	if (p == e || e - p > 20 || p == line || p[-1] != '{')
		return 0;
	lit->binary = p - 1 > line && p[-2] == '~';
	for (; p < e; p++) {
		if (n > (INT64_MAX - 9) / 10) {
			n = UINT64_MAX;
			break;
		}
		n = n * 10 + (uint64_t)(*p - '0');
	}
	lit->size = n;
	return 1;
}
