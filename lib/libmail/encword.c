/* Encoded words (RFC 2047). */
#include <string.h>

#include "libmail/encword.h"
#include "libmail/header.h"
#include "libmail/transfer.h"

/*
 * One pass over a value.  The decoder of the last word stays open, since some
 * senders cut a character in two at the border of two words.
 */
struct words {
	struct charset_ctx	*ctx;
	struct charset_dec	 dec;
	int			 open;
	int			 full;
	struct buf		*out;
};

struct word {
	enum charset	cs;
	char		enc;		/* q or b */
	struct span	text;
	const char	*end;		/* behind the word */
};

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

#define CHARSET_MAXLEN	80

/*
 * At a `='.  1: a whole word stands here; 0: none; -1: none, and none further
 * on either, which keeps the whole linear.
 */
static int
word_at(const char *p, const char *end, struct word *w)
{
	const char *q, *text;
	size_t n = (size_t)(end - p);

	if (n < 8 || p[1] != '?')
		return 0;
	n = n - 2 < CHARSET_MAXLEN ? n - 2 : CHARSET_MAXLEN;
	if ((q = memchr(p + 2, '?', n)) == NULL || end - q < 5 || q[2] != '?')
		return 0;
	w->enc = q[1] | 32;
	if (w->enc != 'q' && w->enc != 'b')
		return 0;
	text = q + 3;
	w->cs = charset_lookup((struct span){ p + 2, (size_t)(q - p - 2) });
	for (q = text; (q = memchr(q, '?', (size_t)(end - q))) != NULL; q++) {
		if (q + 1 < end && q[1] == '=') {
			w->text = (struct span){ text, (size_t)(q - text) };
			w->end = q + 2;
			return 1;
		}
	}
	return -1;
}

static void
close_dec(struct words *x)
{
	if (x->open && charset_dec_end(&x->dec, x->out) == -1)
		x->full = 1;
	x->open = 0;
}

static void
open_dec(struct words *x, enum charset cs)
{
	if (x->open && x->dec.cs == cs)
		return;
	close_dec(x);
	charset_dec_init(&x->dec, x->ctx, cs);
	x->open = 1;
}

static void
feed(struct words *x, const void *p, size_t len)
{
	if (charset_dec_add(&x->dec, p, len, x->out) == -1)
		x->full = 1;
}

/* A fold inside of a word is not part of its text. */
static const char *
skip_fold(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

static void
decode_q(struct words *x, struct span s)
{
	const char *p = s.p, *end = s.p + s.len;
	char tmp[256];
	size_t n = 0;
	int hi, lo;

	while (p < end && !x->full) {
		if (n == sizeof(tmp)) {
			feed(x, tmp, n);
			n = 0;
		}
		if (*p == '_')
			tmp[n++] = ' ';
		else if (*p == '=' && end - p > 2 &&
		    (hi = transfer_hex_value((unsigned char)p[1])) != -1 &&
		    (lo = transfer_hex_value((unsigned char)p[2])) != -1) {
			tmp[n++] = (char)(hi << 4 | lo);
			p += 2;
		} else if (*p == '\r' || *p == '\n') {
			p = skip_fold(p, end);
			continue;
		} else
			tmp[n++] = *p;
		p++;
	}
	feed(x, tmp, n);
}

static void
decode_b(struct words *x, struct span s)
{
	char tmp[256 + 4];
	size_t i, n = 0;
	unsigned int nbits = 0;
	uint32_t bits = 0;
	int v;

	for (i = 0; i < s.len && !x->full; i++) {
		if (s.p[i] == '=')
			nbits = 0;	/* padding; another piece may follow */
		v = transfer_base64_value((unsigned char)s.p[i]);
		if (v == -1)
			continue;
		bits = bits << 6 | (uint32_t)v;
		if ((nbits += 6) >= 8) {
			nbits -= 8;
			tmp[n++] = (char)(bits >> nbits);
		}
		if (n >= 256) {
			feed(x, tmp, n);
			n = 0;
		}
	}
	feed(x, tmp, n);
}

/* Text between words: folds go, their white space stays. */
static void
raw_text(struct words *x, const char *p, const char *end)
{
	const char *q;

	close_dec(x);
	charset_dec_init(&x->dec, x->ctx, CHARSET_UNKNOWN);
	x->open = 1;
	for (; p < end && !x->full; p = q) {
		for (q = p; q < end && *q != '\r' && *q != '\n'; q++)
			;
		feed(x, p, (size_t)(q - p));
		while (q < end && (*q == '\r' || *q == '\n'))
			q++;
	}
	close_dec(x);
}

static int
only_space(const char *p, const char *end)
{
	return skip_fold(p, end) == end;
}

/* Nothing that is decoded may break a line or a terminal. */
static void
spoil_controls(struct buf *out, size_t from)
{
	uint8_t *p = buf_ptr(out);
	size_t i;

	for (i = from; i < out->len; i++)
		if (p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
}

int
encword_decode(struct charset_ctx *ctx, struct span in, struct buf *out)
{
	struct words x;
	struct word w;
	struct span s = header_trim(in);
	const char *p = s.p, *end = s.p + s.len, *text = s.p;
	size_t from = out->len;
	int after_word = 0, r;

	memset(&x, 0, sizeof(x));
	x.ctx = ctx;
	x.out = out;
	while (p < end && !x.full &&
	    (p = memchr(p, '=', (size_t)(end - p))) != NULL) {
		if ((r = word_at(p, end, &w)) == -1)
			break;
		if (r == 0) {
			p++;
			continue;
		}
		if (text < p && !(after_word && only_space(text, p)))
			raw_text(&x, text, p);
		open_dec(&x, w.cs);
		if (w.enc == 'q')
			decode_q(&x, w.text);
		else
			decode_b(&x, w.text);
		text = p = w.end;
		after_word = 1;
	}
	if (text < end)
		raw_text(&x, text, end);
	close_dec(&x);
	if (out->len > from)
		spoil_controls(out, from);
	return x.full ? -1 : 0;
}

int
encword_needed(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > 126 || (c < ' ' && c != '\r' && c != '\n'))
			return 1;
		if (c == '=' && i + 1 < s.len && s.p[i + 1] == '?')
			return 1;
	}
	return 0;
}

static int
q_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	    c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

/* One word with as many whole characters of s as room allows. */
static size_t
encode_word(struct span s, int q, size_t room, struct buf *word)
{
	static const char digits[] = "0123456789ABCDEF";
	char line[80];
	size_t i = 0, len, used = 0, n, j;
	uint32_t cp;

	for (len = 0; i < s.len; i += n) {
		n = utf8_get(s.p + i, s.len - i, &cp);
		for (j = 0, used = 0; j < n && q; j++)
			used += q_plain((unsigned char)s.p[i + j]) ||
			    s.p[i + j] == ' ' ? 1 : 3;
		if (q ? len + used > room : (i + n + 2) / 3 * 4 > room)
			break;
		len += used;
	}
	(void)buf_addstr(word, q ? "=?utf-8?Q?" : "=?utf-8?B?");
	if (!q) {
		(void)transfer_encode_base64(s.p, i, word);
		buf_truncate(word, word->len - 2);
	}
	for (len = 0, j = 0; q && j < i; j++) {
		unsigned char c = (unsigned char)s.p[j];

		if (q_plain(c) || c == ' ')
			line[len++] = c == ' ' ? '_' : (char)c;
		else {
			line[len++] = '=';
			line[len++] = digits[c >> 4];
			line[len++] = digits[c & 15];
		}
	}
	(void)buf_add(word, line, len);
	(void)buf_addstr(word, "?=");
	return i;
}

int
encword_encode(struct span s, size_t col, struct buf *out)
{
	struct buf word;
	size_t i, special = 0, room, from = out->len;
	int q, r = 0;

	if (!encword_needed(s))
		return buf_add(out, s.p, s.len);
	for (i = 0; i < s.len; i++)
		special += !q_plain((unsigned char)s.p[i]) && s.p[i] != ' ';
	q = s.len + 2 * special <= (s.len + 2) / 3 * 4;
	buf_init(&word, 256);
	while (s.len > 0 && r == 0) {
		room = col + 12 + 16 < 76 ? 76 - col - 12 : 60;
		if (col + 12 + room > 76) {
			r = buf_add(out, "\r\n ", 3);
			col = 1;
		}
		if (r == -1)
			break;
		i = encode_word(s, q, room, &word);
		r = buf_add(out, buf_ptr(&word), word.len);
		buf_truncate(&word, 0);
		s.p += i;
		s.len -= i;
		col = 76;	/* the next one goes on a line of its own */
	}
	buf_free(&word);
	if (r == -1)
		buf_truncate(out, from);
	return r;
}
