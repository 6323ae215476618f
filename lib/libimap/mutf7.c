#include <stdint.h>
#include <string.h>

#include "libimap/mutf7.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int
digit(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static int
direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* Append a code point as UTF-8; the new length, or -1: no room. */
static int
put_utf8(char *dst, size_t size, int n, uint32_t cp)
{
	size_t	len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	size_t	i;

	if (size - (size_t)n < len)
		return -1;
	if (len == 1) {
		dst[n] = (char)cp;
		return n + 1;
	}
	for (i = len - 1; i > 0; i--) {
		dst[n + (int)i] = (char)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	dst[n] = (char)((0xf0 << (4 - len)) | (int)cp);
	return n + (int)len;
}

/* One code point at s[*at], or UINT32_MAX: not UTF-8. */
static uint32_t
get_utf8(struct span s, size_t *at)
{
	static const uint32_t	least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char		c = (unsigned char)s.p[*at];
	uint32_t		cp;
	size_t			len, i;

	if (c < 0x80) {
		(*at)++;
		return c;
	}
	len = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 :
	    c >= 0xc2 && c < 0xe0 ? 2 : 0;
	if (len == 0 || s.len - *at < len)
		return UINT32_MAX;
	cp = c & (0x7f >> len);
	for (i = 1; i < len; i++) {
		c = (unsigned char)s.p[*at + i];
		if ((c & 0xc0) != 0x80)
			return UINT32_MAX;
		cp = cp << 6 | (c & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return UINT32_MAX;
	*at += len;
	return cp;
}

/* Base64 state over one shift; units come out as whole code points. */
struct shift {
	uint32_t	bits;
	uint32_t	nbits;
	uint32_t	high;	/* first of a surrogate pair, 0: none */
};

/* One UTF-16 unit: a code point, 0: the first of a pair, or UINT32_MAX. */
static uint32_t
shift_unit(struct shift *sh, uint32_t u)
{
	uint32_t	cp = u;

	if (sh->high != 0) {
		if (u < 0xdc00 || u > 0xdfff)
			return UINT32_MAX;
		cp = 0x10000 + ((sh->high - 0xd800) << 10) + (u - 0xdc00);
		sh->high = 0;
		return cp;
	}
	if (u >= 0xdc00 && u <= 0xdfff)
		return UINT32_MAX;
	if (u >= 0xd800 && u <= 0xdbff) {
		sh->high = u;
		return 0;
	}
	/* What stands for itself must not be encoded; nor may a NUL be. */
	return direct(u) || u == 0 ? UINT32_MAX : u;
}

/* From after `&' to after `-'; the new length of dst, or -1. */
static int
decode_shift(char *dst, size_t size, int n, struct span s, size_t *at)
{
	struct shift	sh = { 0, 0, 0 };
	uint32_t	cp;
	int		d;

	for (; *at < s.len && (d = digit((unsigned char)s.p[*at])) != -1;
	    (*at)++) {
		sh.bits = (sh.bits << 6 | (uint32_t)d) & 0x3fffff;
		sh.nbits += 6;
		if (sh.nbits < 16)
			continue;
		sh.nbits -= 16;
		cp = shift_unit(&sh, sh.bits >> sh.nbits & 0xffff);
		if (cp == UINT32_MAX)
			return -1;
		if (cp != 0 && (n = put_utf8(dst, size, n, cp)) == -1)
			return -1;
	}
	/* Ends with `-', less than a digit left over, all of it zero. */
	if (*at == s.len || s.p[*at] != '-' || sh.nbits >= 6 ||
	    sh.high != 0 || (sh.bits & ((1u << sh.nbits) - 1)) != 0)
		return -1;
	(*at)++;
	/* Two shifts in a row would be a second spelling of one. */
	if (*at + 1 < s.len && s.p[*at] == '&' && s.p[*at + 1] != '-')
		return -1;
	return n;
}

int
mutf7_decode(char *dst, size_t size, struct span s)
{
	size_t	at = 0;
	int	n = 0;
	char	c;

	while (at < s.len) {
		c = s.p[at++];
		if (!direct((unsigned char)c))
			return -1;
		if (c != '&') {
			n = put_utf8(dst, size, n, (unsigned char)c);
		} else if (at < s.len && s.p[at] == '-') {
			at++;
			n = put_utf8(dst, size, n, '&');
		} else {
			if (at == s.len || digit((unsigned char)s.p[at]) == -1)
				return -1;
			n = decode_shift(dst, size, n, s, &at);
		}
		if (n == -1)
			return -1;
	}
	return n;
}

struct writer {
	char	*dst;
	size_t	 size;
	size_t	 n;
	int	 full;
};

static void
put(struct writer *w, int c)
{
	if (w->n < w->size)
		w->dst[w->n++] = (char)c;
	else
		w->full = 1;
}

static void
put_bits(struct writer *w, struct shift *sh, uint32_t unit)
{
	sh->bits = sh->bits << 16 | unit;
	for (sh->nbits += 16; sh->nbits >= 6; sh->nbits -= 6)
		put(w, alphabet[sh->bits >> (sh->nbits - 6) & 63]);
	sh->bits &= (1u << sh->nbits) - 1;
}

static void
end_shift(struct writer *w, struct shift *sh)
{
	if (sh->nbits > 0)
		put(w, alphabet[sh->bits << (6 - sh->nbits) & 63]);
	put(w, '-');
	memset(sh, 0, sizeof(*sh));
}

int
mutf7_encode(char *dst, size_t size, struct span s)
{
	struct writer	w = { dst, size, 0, 0 };
	struct shift	sh = { 0, 0, 0 };
	uint32_t	cp;
	size_t		at = 0;
	int		shifted = 0;

	while (at < s.len && !w.full) {
		cp = get_utf8(s, &at);
		if (cp == UINT32_MAX || cp == 0)
			return -1;
		if (direct(cp)) {
			if (shifted)
				end_shift(&w, &sh);
			shifted = 0;
			put(&w, (int)cp);
			if (cp == '&')
				put(&w, '-');
			continue;
		}
		if (!shifted)
			put(&w, '&');
		shifted = 1;
		if (cp >= 0x10000) {
			cp -= 0x10000;
			put_bits(&w, &sh, 0xd800 + (cp >> 10));
			cp = 0xdc00 + (cp & 0x3ff);
		}
		put_bits(&w, &sh, cp);
	}
	if (shifted)
		end_shift(&w, &sh);
	return w.full ? -1 : (int)w.n;
}
