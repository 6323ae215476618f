/* Character sets to UTF-8: UTF-8 itself and the single-byte ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/charset_int.h"
#include "libmail/charset_tab.h"

#define ONES	UINT64_C(0x0101010101010101)
#define HIGHS	UINT64_C(0x8080808080808080)

/*
 * Table of a single-byte set.  As browsers do, Latin-1, -5 and Thai are read
 * as the Windows set that contains them: that is what mail means by them.
 */
static const uint8_t tabs[CHARSET_NIDS] = {
	[CHARSET_LATIN1] = TAB_1252 + 1,
	[CHARSET_8859_2] = TAB_8859_2 + 1, [CHARSET_8859_3] = TAB_8859_3 + 1,
	[CHARSET_8859_4] = TAB_8859_4 + 1, [CHARSET_8859_5] = TAB_8859_5 + 1,
	[CHARSET_8859_6] = TAB_8859_6 + 1, [CHARSET_8859_7] = TAB_8859_7 + 1,
	[CHARSET_8859_8] = TAB_8859_8 + 1, [CHARSET_8859_9] = TAB_1254 + 1,
	[CHARSET_8859_10] = TAB_8859_10 + 1, [CHARSET_8859_11] = TAB_874 + 1,
	[CHARSET_8859_13] = TAB_8859_13 + 1,
	[CHARSET_8859_14] = TAB_8859_14 + 1,
	[CHARSET_8859_15] = TAB_8859_15 + 1,
	[CHARSET_8859_16] = TAB_8859_16 + 1,
	[CHARSET_1250] = TAB_1250 + 1, [CHARSET_1251] = TAB_1251 + 1,
	[CHARSET_1252] = TAB_1252 + 1, [CHARSET_1253] = TAB_1253 + 1,
	[CHARSET_1254] = TAB_1254 + 1, [CHARSET_1255] = TAB_1255 + 1,
	[CHARSET_1256] = TAB_1256 + 1, [CHARSET_1257] = TAB_1257 + 1,
	[CHARSET_1258] = TAB_1258 + 1, [CHARSET_874] = TAB_874 + 1,
	[CHARSET_KOI8_R] = TAB_KOI8_R + 1, [CHARSET_KOI8_U] = TAB_KOI8_U + 1,
	[CHARSET_CP437] = TAB_CP437 + 1, [CHARSET_CP850] = TAB_CP850 + 1,
	[CHARSET_CP852] = TAB_CP852 + 1, [CHARSET_CP866] = TAB_CP866 + 1,
	[CHARSET_MACROMAN] = TAB_MACROMAN + 1
};

size_t
utf8_put(char *d, uint32_t cp)
{
	if (cp < 0x80) {
		d[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		d[0] = (char)(0xc0 | cp >> 6);
		d[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		cp = 0xfffd;
	if (cp < 0x10000) {
		d[0] = (char)(0xe0 | cp >> 12);
		d[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		d[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	d[0] = (char)(0xf0 | cp >> 18);
	d[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	d[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	d[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/*
 * Length of the valid character at s; 0 not valid; -1 a good beginning that
 * the end cuts.
 */
static int
utf8_char(const uint8_t *s, size_t len, uint32_t *cp)
{
	uint32_t c = s[0], min;
	int i, n;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0) {
		n = 2;
		min = 0x80;
		c &= 0x1f;
	} else if (c >= 0xe0 && c < 0xf0) {
		n = 3;
		min = 0x800;
		c &= 0x0f;
	} else if (c >= 0xf0 && c < 0xf5) {
		n = 4;
		min = 0x10000;
		c &= 0x07;
	} else
		return 0;
	for (i = 1; i < n; i++) {
		if ((size_t)i == len)
			return -1;
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
		/* the second byte tells overlong forms and surrogates */
		if (i == 1 && ((n == 3 && (c < 0x20 || (c >= 0x360 &&
		    c < 0x380))) || (n == 4 && (c < 0x10 || c >= 0x110))))
			return 0;
	}
	if (c < min)
		return 0;
	*cp = c;
	return n;
}

size_t
utf8_get(const char *s, size_t len, uint32_t *cp)
{
	int n = utf8_char((const uint8_t *)s, len, cp);

	if (n > 0)
		return (size_t)n;
	*cp = 0xfffd;
	return 1;
}

size_t
ascii_prefix(const void *p, size_t len)
{
	const uint8_t *s = p;
	size_t i = 0;
	uint64_t w;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, s + i, 8);
		if ((w & HIGHS) != 0)
			break;
	}
	while (i < len && s[i] < 0x80)
		i++;
	return i;
}

size_t
utf8_valid_prefix(const void *p, size_t len)
{
	const uint8_t *s = p;
	size_t i = 0;
	uint32_t cp;
	int n;

	while (i < len) {
		i += ascii_prefix(s + i, len - i);
		if (i == len)
			break;
		if ((n = utf8_char(s + i, len - i, &cp)) <= 0)
			break;
		i += (size_t)n;
	}
	return i;
}

int
utf8_valid(const void *p, size_t len)
{
	return utf8_valid_prefix(p, len) == len;
}

/* Write p[0..len) out, or as many whole characters of it as fit. */
static void
sink_write(struct sink *s, const char *p, size_t len)
{
	size_t room;

	if (len == 0 || s->full || buf_add(s->out, p, len) == 0)
		return;
	s->full = 1;
	if (errno != EMSGSIZE)
		return;
	room = s->out->max - s->out->len;
	while (room > 0 && room < len && (p[room] & 0xc0) == 0x80)
		room--;
	if (room < len)
		(void)buf_add(s->out, p, room);
}

void
sink_flush(struct sink *s)
{
	sink_write(s, s->b, s->n);
	s->n = 0;
}

void
sink_add(struct sink *s, const void *p, size_t len)
{
	if (len > sizeof(s->b) - s->n)
		sink_flush(s);
	if (len > sizeof(s->b))
		sink_write(s, p, len);
	else if (len > 0) {
		memcpy(s->b + s->n, p, len);
		s->n += len;
	}
}

static void
decode_tab(const uint16_t *tab, const uint8_t *s, size_t len, struct sink *k)
{
	size_t i = 0, n;

	while (i < len && !k->full) {
		if ((n = ascii_prefix(s + i, len - i)) > 0) {
			sink_add(k, s + i, n);
			i += n;
		}
		for (; i < len && s[i] >= 0x80; i++)
			sink_cp(k, tab[s[i] - 128]);
	}
}

/* fallback: table for bytes that are not UTF-8, NULL for U+FFFD. */
static void
decode_utf8(struct charset_dec *d, const uint16_t *fallback,
    const uint8_t *s, size_t len, struct sink *k)
{
	size_t i = 0, n;
	uint32_t cp;
	int r;

	/* finish a character that the last piece began */
	while (d->ncarry > 0 && i < len) {
		d->carry[d->ncarry++] = s[i++];
		if ((r = utf8_char(d->carry, d->ncarry, &cp)) == -1)
			continue;
		if (r > 0)
			sink_cp(k, cp);
		else {
			/* the new byte may begin something of its own */
			for (n = 0; n + 1 < d->ncarry; n++)
				sink_cp(k, fallback == NULL ? 0xfffd :
				    fallback[d->carry[n] - 128]);
			i--;
		}
		d->ncarry = 0;
	}
	while (i < len && !k->full) {
		if ((n = utf8_valid_prefix(s + i, len - i)) > 0) {
			sink_add(k, s + i, n);
			i += n;
			continue;
		}
		if (len - i < 4 && utf8_char(s + i, len - i, &cp) == -1) {
			d->ncarry = (uint8_t)(len - i);
			memcpy(d->carry, s + i, len - i);
			break;
		}
		sink_cp(k, fallback == NULL ? 0xfffd : fallback[s[i] - 128]);
		i++;
	}
}

void
charset_dec_init(struct charset_dec *d, struct charset_ctx *ctx,
    enum charset cs)
{
	memset(d, 0, sizeof(*d));
	d->ctx = ctx;
	d->cs = (unsigned int)cs < CHARSET_NIDS ? cs : CHARSET_UNKNOWN;
	if (d->cs >= CHARSET_GB18030) {
		if (ctx == NULL || ctx->cd[d->cs] == (iconv_t)-1)
			d->cs = CHARSET_UNKNOWN;
		else
			charset_iconv_begin(d);
	}
}

int
charset_dec_add(struct charset_dec *d, const void *p, size_t len,
    struct buf *out)
{
	struct sink k;

	sink_init(&k, out);
	if (len == 0)
		return 0;
	if (tabs[d->cs] != 0) {
		decode_tab(charset_tab[tabs[d->cs] - 1], p, len, &k);
		return sink_end(&k);
	}
	switch (d->cs) {
	case CHARSET_UTF8:
		decode_utf8(d, NULL, p, len, &k);
		break;
	case CHARSET_UTF16:
	case CHARSET_UTF16BE:
	case CHARSET_UTF16LE:
		charset_utf16(d, p, len, &k);
		break;
	case CHARSET_UTF32:
	case CHARSET_UTF32BE:
	case CHARSET_UTF32LE:
		charset_utf32(d, p, len, &k);
		break;
	case CHARSET_UTF7:
		charset_utf7(d, p, len, &k);
		break;
	case CHARSET_UNKNOWN:
	case CHARSET_ASCII:	/* and yet with 8-bit bytes in it */
		decode_utf8(d, charset_tab[TAB_1252], p, len, &k);
		break;
	default:
		charset_iconv(d, p, len, &k);
		break;
	}
	return sink_end(&k);
}

int
charset_dec_end(struct charset_dec *d, struct buf *out)
{
	struct sink k;
	size_t i;

	sink_init(&k, out);
	if (d->cs == CHARSET_UNKNOWN || d->cs == CHARSET_ASCII) {
		for (i = 0; i < d->ncarry; i++)
			sink_cp(&k, charset_tab[TAB_1252][d->carry[i] - 128]);
	} else if (d->ncarry > 0 || d->hi != 0)
		sink_cp(&k, 0xfffd);
	d->ncarry = 0;
	d->hi = 0;
	return sink_end(&k);
}

int
charset_decode(struct charset_ctx *ctx, enum charset cs, const void *p,
    size_t len, struct buf *out)
{
	struct charset_dec d;
	int r;

	charset_dec_init(&d, ctx, cs);
	r = charset_dec_add(&d, p, len, out);
	return charset_dec_end(&d, out) == -1 ? -1 : r;
}
