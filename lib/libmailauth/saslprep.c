/* Passwords as Unicode text (RFC 4013). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "libmailauth/saslprep.h"

#define SASLPREP_MAX	4096

/* RFC 3454 B.1: mapped to nothing. */
static int
prep_is_nothing(utf8proc_int32_t c)
{
	return c == 0x00ad || c == 0x034f || c == 0x1806 ||
	    (c >= 0x180b && c <= 0x180d) || (c >= 0x200b && c <= 0x200d) ||
	    c == 0x2060 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

/* RFC 4013 2.3, as far as the general categories tell. */
static int
prep_is_prohibited(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return 1;
	default:
		return c == 0xfffd || (c >= 0x2ff0 && c <= 0x2ffb);
	}
}

/* Decode, map and check; the number of code points, or -1. */
static int
prep_decode(const char *in, size_t len, utf8proc_int32_t *out)
{
	utf8proc_int32_t	 c;
	utf8proc_ssize_t	 k;
	size_t			 i;
	int			 n = 0;

	for (i = 0; i < len; i += (size_t)k) {
		k = utf8proc_iterate((const uint8_t *)in + i,
		    (utf8proc_ssize_t)(len - i), &c);
		if (k <= 0)
			return -1;
		if (prep_is_nothing(c))
			continue;
		if (utf8proc_category(c) == UTF8PROC_CATEGORY_ZS)
			c = ' ';
		if (prep_is_prohibited(c))
			return -1;
		out[n++] = c;
	}
	return n;
}

/* Combining marks into their canonical order (Unicode 3.11). */
static void
prep_order(utf8proc_int32_t *cp, size_t n)
{
	utf8proc_int32_t	 c;
	size_t			 i, k;
	int			 class;

	for (i = 1; i < n; i++) {
		c = cp[i];
		if ((class = utf8proc_get_property(c)->combining_class) == 0)
			continue;
		for (k = i; k > 0 && utf8proc_get_property(cp[k - 1])->
		    combining_class > class; k--)
			cp[k] = cp[k - 1];
		cp[k] = c;
	}
}

static int
prep_unicode(const char *in, size_t len, struct buf *out)
{
	utf8proc_int32_t	*cps, *nf;
	utf8proc_ssize_t	 size, n;
	uint8_t			 utf8[4];
	size_t			 cap = (len + 1) * sizeof(*cps), nfcap = 0, i;
	int			 ret = -1, count;

	nf = NULL;
	if ((cps = malloc(cap)) == NULL)
		return -1;
	if ((count = prep_decode(in, len, cps)) == -1) {
		ret = buf_add(out, in, len);
		goto done;
	}
	/* One code point may become 18 (U+FDFA). */
	nfcap = ((size_t)count * 18 + 1) * sizeof(*nf);
	if ((nf = malloc(nfcap)) == NULL)
		goto done;
	for (i = 0, size = 0; i < (size_t)count; i++) {
		n = utf8proc_decompose_char(cps[i], nf + size,
		    (utf8proc_ssize_t)(nfcap / sizeof(*nf)) - size,
		    UTF8PROC_COMPAT | UTF8PROC_COMPOSE, NULL);
		if (n < 0)
			goto done;
		size += n;
	}
	prep_order(nf, (size_t)size);
	if ((size = utf8proc_normalize_utf32(nf, size, UTF8PROC_COMPAT |
	    UTF8PROC_COMPOSE | UTF8PROC_STABLE)) < 0)
		goto done;
	for (i = 0; i < (size_t)size; i++) {
		n = utf8proc_encode_char(nf[i], utf8);
		if (buf_add(out, utf8, (size_t)n) == -1)
			goto done;
	}
	ret = 0;
done:
	freezero(cps, cap);
	freezero(nf, nfcap);
	return ret;
}

int
saslprep(const char *in, size_t len, struct buf *out)
{
	size_t	 i;

	for (i = 0; i < len && (in[i] & 0x80) == 0; i++)
		;
	if (i == len || len > SASLPREP_MAX)
		return buf_add(out, in, len);
	return prep_unicode(in, len, out);
}
