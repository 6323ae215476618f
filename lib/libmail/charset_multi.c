/* Character sets to UTF-8: UTF-16, UTF-32, UTF-7, and those of iconv(3). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/charset_int.h"

/* In charset_dec.mode: byte order of UTF-16 and UTF-32. */
#define ORDER_NONE	0
#define ORDER_BE	1
#define ORDER_LE	2

/* In charset_dec.mode: where in UTF-7. */
#define UTF7_DIRECT	0
#define UTF7_PLUS	1	/* right after the `+' */
#define UTF7_BASE64	2

static const struct {
	enum charset	 cs;
	const char	*name[2];	/* the wider set first */
} foreign[] = {
	{ CHARSET_GB18030, { "GB18030", "GBK" } },
	{ CHARSET_BIG5, { "BIG5-HKSCS", "BIG5" } },
	{ CHARSET_EUC_JP, { "EUC-JP-MS", "EUC-JP" } },
	{ CHARSET_ISO_2022_JP, { "ISO-2022-JP-2", "ISO-2022-JP" } },
	{ CHARSET_SHIFT_JIS, { "CP932", "SHIFT_JIS" } },
	{ CHARSET_EUC_KR, { "CP949", "EUC-KR" } },
	{ CHARSET_ISO_2022_KR, { "ISO-2022-KR", "ISO-2022-KR" } },
	{ CHARSET_EUC_TW, { "EUC-TW", "EUC-TW" } }
};

struct charset_ctx *
charset_ctx_new(void)
{
	struct charset_ctx *ctx;
	size_t i;

	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return NULL;
	for (i = 0; i < CHARSET_NIDS; i++)
		ctx->cd[i] = (iconv_t)-1;
	return ctx;
}

void
charset_ctx_free(struct charset_ctx *ctx)
{
	size_t i;

	if (ctx == NULL)
		return;
	for (i = 0; i < CHARSET_NIDS; i++)
		if (ctx->cd[i] != (iconv_t)-1)
			iconv_close(ctx->cd[i]);
	free(ctx);
}

int
charset_preload(struct charset_ctx *ctx)
{
	iconv_t *cd;
	size_t i;
	int n = 0;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		cd = &ctx->cd[foreign[i].cs];
		if (*cd == (iconv_t)-1)
			*cd = iconv_open("UTF-8", foreign[i].name[0]);
		if (*cd == (iconv_t)-1)
			*cd = iconv_open("UTF-8", foreign[i].name[1]);
		n += *cd != (iconv_t)-1;
	}
	return n;
}

static void
utf16_unit(struct charset_dec *d, uint32_t u, struct sink *k)
{
	if (u >= 0xdc00 && u < 0xe000) {
		sink_cp(k, d->hi == 0 ? 0xfffd :
		    0x10000 + ((d->hi - 0xd800) << 10) + (u - 0xdc00));
		d->hi = 0;
		return;
	}
	if (d->hi != 0)
		sink_cp(k, 0xfffd);
	d->hi = u >= 0xd800 && u < 0xdc00 ? u : 0;
	if (d->hi == 0)
		sink_cp(k, u);
}

/* Byte order from a mark at the start, else from the name, else big. */
static int
is_little(struct charset_dec *d, int named_le, int mark_be, int mark_le)
{
	if (d->mode != ORDER_NONE)
		return d->mode == ORDER_LE;
	d->mode = named_le ? ORDER_LE : ORDER_BE;
	if (mark_le)
		d->mode = ORDER_LE;
	else if (mark_be)
		d->mode = ORDER_BE;
	return d->mode == ORDER_LE;
}

void
charset_utf16(struct charset_dec *d, const uint8_t *s, size_t len,
    struct sink *k)
{
	uint8_t *c = d->carry;
	size_t i;
	int first, le;

	for (i = 0; i < len && !k->full; i++) {
		c[d->ncarry++] = s[i];
		if (d->ncarry < 2)
			continue;
		d->ncarry = 0;
		first = d->mode == ORDER_NONE;
		le = is_little(d, d->cs == CHARSET_UTF16LE,
		    c[0] == 0xfe && c[1] == 0xff,
		    c[0] == 0xff && c[1] == 0xfe);
		if (first && c[le] == 0xfe && c[!le] == 0xff)
			continue;	/* the mark itself */
		utf16_unit(d, (uint32_t)c[le] << 8 | c[!le], k);
	}
}

void
charset_utf32(struct charset_dec *d, const uint8_t *s, size_t len,
    struct sink *k)
{
	uint8_t *c = d->carry;
	uint32_t cp;
	size_t i;
	int first;

	for (i = 0; i < len && !k->full; i++) {
		c[d->ncarry++] = s[i];
		if (d->ncarry < 4)
			continue;
		d->ncarry = 0;
		first = d->mode == ORDER_NONE;
		if (is_little(d, d->cs == CHARSET_UTF32LE,
		    c[0] == 0 && c[1] == 0 && c[2] == 0xfe && c[3] == 0xff,
		    c[0] == 0xff && c[1] == 0xfe && c[2] == 0 && c[3] == 0))
			cp = (uint32_t)c[3] << 24 | (uint32_t)c[2] << 16 |
			    (uint32_t)c[1] << 8 | c[0];
		else
			cp = (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 |
			    (uint32_t)c[2] << 8 | c[3];
		if (!first || cp != 0xfeff)
			sink_cp(k, cp);
	}
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 2152. */
void
charset_utf7(struct charset_dec *d, const uint8_t *s, size_t len,
    struct sink *k)
{
	size_t i;
	int v;

	for (i = 0; i < len && !k->full; i++) {
		if (d->mode == UTF7_DIRECT) {
			if (s[i] == '+') {
				d->mode = UTF7_PLUS;
				d->bits = 0;
				d->nbits = 0;
			} else
				sink_cp(k, s[i] < 0x80 ? s[i] : 0xfffd);
			continue;
		}
		if ((v = base64_value(s[i])) != -1) {
			d->mode = UTF7_BASE64;
			d->bits = d->bits << 6 | (uint32_t)v;
			d->nbits += 6;
			if (d->nbits >= 16) {
				d->nbits -= 16;
				utf16_unit(d, d->bits >> d->nbits & 0xffff, k);
			}
			continue;
		}
		if (d->hi != 0)
			sink_cp(k, 0xfffd);
		d->hi = 0;
		if (s[i] == '-') {
			if (d->mode == UTF7_PLUS)
				sink_cp(k, '+');
		} else
			sink_cp(k, s[i] < 0x80 ? s[i] : 0xfffd);
		d->mode = UTF7_DIRECT;
	}
}

void
charset_iconv_begin(struct charset_dec *d)
{
	(void)iconv(d->ctx->cd[d->cs], NULL, NULL, NULL, NULL);
}

/* Convert in[0..*len); *len becomes what is left of it: a beginning. */
static void
iconv_run(struct charset_dec *d, char *in, size_t *len, struct sink *k)
{
	char tmp[512], *out;
	size_t room;

	while (*len > 0 && !k->full) {
		out = tmp;
		room = sizeof(tmp);
		errno = 0;
		(void)iconv(d->ctx->cd[d->cs], &in, len, &out, &room);
		sink_add(k, tmp, (size_t)(out - tmp));
		if (errno == EILSEQ && *len > 0) {
			sink_cp(k, 0xfffd);
			in++;
			(*len)--;
		} else if (errno == EINVAL)
			break;
		else if (errno != E2BIG && *len > 0)
			break;		/* cannot happen; never loop */
	}
}

void
charset_iconv(struct charset_dec *d, const uint8_t *s, size_t len,
    struct sink *k)
{
	char tmp[1024 + sizeof(d->carry)];
	size_t n, left;

	while (len > 0 && !k->full) {
		left = d->ncarry;
		n = len < 1024 ? len : 1024;
		memcpy(tmp, d->carry, left);
		memcpy(tmp + left, s, n);
		s += n;
		len -= n;
		n += left;
		left = n;
		iconv_run(d, tmp, &left, k);
		if (left > sizeof(d->carry)) {
			/* no character is that long */
			sink_cp(k, 0xfffd);
			left = 0;
		}
		memcpy(d->carry, tmp + n - left, left);
		d->ncarry = (uint8_t)left;
	}
}
