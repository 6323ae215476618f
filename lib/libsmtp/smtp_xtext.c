/* xtext (RFC 3461 4) and original recipients (RFC 3461 4.2, RFC 6533 3). */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "libsmtp/smtp_utf8.h"
#include "libsmtp/smtp_xtext.h"

static int
hexval(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
smtp_xtext_encode(struct span s, char *dst, size_t dstsize)
{
	static const char	 hex[] = "0123456789ABCDEF";
	size_t			 i, n = 0;
	unsigned char		 c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (n + 4 > dstsize)
			return -1;
		if (c > ' ' && c < 0x7f && c != '+' && c != '=')
			dst[n++] = (char)c;
		else {
			dst[n++] = '+';
			dst[n++] = hex[c >> 4];
			dst[n++] = hex[c & 15];
		}
	}
	if (n >= dstsize)
		return -1;
	dst[n] = '\0';
	return (int)n;
}

int
smtp_xtext_decode(struct span s, char *dst, size_t dstsize)
{
	size_t	 i, n = 0;
	int	 c, hi, lo;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c == '+') {
			if (s.len - i < 3 ||
			    (hi = hexval(s.p[i + 1])) == -1 ||
			    (lo = hexval(s.p[i + 2])) == -1)
				return -1;
			c = hi << 4 | lo;
			i += 2;
		} else if (c <= ' ' || c >= 0x7f || c == '=')
			return -1;
		/* What goes into a header must not end it. */
		if (c < ' ' || c == 0x7f || n + 1 >= dstsize)
			return -1;
		dst[n++] = (char)c;
	}
	if (n >= dstsize)
		return -1;
	dst[n] = '\0';
	return (int)n;
}

/* \x{HEX}: its length, or 0. */
static size_t
embedded(struct span s, uint32_t *cp)
{
	size_t	 i;
	int	 v;

	if (s.len < 6 || memcmp(s.p, "\\x{", 3) != 0)
		return 0;
	*cp = 0;
	for (i = 3; i < s.len && i < 9 && s.p[i] != '}'; i++) {
		if ((v = hexval((unsigned char)s.p[i])) == -1)
			return 0;
		*cp = *cp << 4 | (uint32_t)v;
	}
	if (i == s.len || s.p[i] != '}' || i < 5)
		return 0;
	return i + 1;
}

/* utf-8-addr-xtext and utf-8-addr-unitext */
static int
utf8addr_decode(struct span s, char *dst, size_t dstsize)
{
	char		 ch[4];
	uint32_t	 cp;
	size_t		 in, len, n = 0;

	for (; s.len > 0; s.p += in, s.len -= in) {
		if (*s.p == '\\') {
			if ((in = embedded(s, &cp)) == 0)
				return -1;
		} else if ((in = smtp_utf8_get(s.p, s.len, &cp)) == 0 ||
		    cp <= ' ' || cp == '+' || cp == '=')
			return -1;
		if (cp < ' ' || cp == 0x7f ||
		    (len = smtp_utf8_put(ch, cp)) == 0 || n + len >= dstsize)
			return -1;
		memcpy(dst + n, ch, len);
		n += len;
	}
	if (n >= dstsize)
		return -1;
	dst[n] = '\0';
	return (int)n;
}

static int
utf8addr_encode(struct span s, int utf8, char *dst, size_t dstsize)
{
	uint32_t	 cp;
	size_t		 in, n = 0;
	int		 len;

	for (; s.len > 0; s.p += in, s.len -= in) {
		if ((in = smtp_utf8_get(s.p, s.len, &cp)) == 0)
			return -1;
		if (cp > ' ' && cp != '+' && cp != '=' && cp != '\\' &&
		    cp != 0x7f && (cp < 0x80 || utf8)) {
			if (n + in >= dstsize)
				return -1;
			memcpy(dst + n, s.p, in);
			n += in;
			continue;
		}
		len = snprintf(dst + n, dstsize - n, "\\x{%02X}", cp);
		if (len < 0 || (size_t)len >= dstsize - n)
			return -1;
		n += (size_t)len;
	}
	if (n >= dstsize)
		return -1;
	dst[n] = '\0';
	return (int)n;
}

/* Copy `type;' and say how long it is, or -1. */
static int
orcpt_type(struct span s, char *dst, size_t dstsize)
{
	const char	*semi;
	size_t		 i, n;

	if (s.len == 0 || (semi = memchr(s.p, ';', s.len)) == NULL)
		return -1;
	n = (size_t)(semi - s.p);
	if (n == 0 || n > 32 || n + 2 > dstsize)
		return -1;
	for (i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-')
			return -1;
		dst[i] = (char)tolower((unsigned char)s.p[i]);
	}
	dst[n++] = ';';
	return (int)n;
}

int
smtp_orcpt_decode(struct span s, char *dst, size_t dstsize)
{
	int	 n, m;

	if ((n = orcpt_type(s, dst, dstsize)) == -1)
		return -1;
	s.p += n;
	s.len -= (size_t)n;
	if (n == 6 && memcmp(dst, "utf-8;", 6) == 0)
		m = utf8addr_decode(s, dst + n, dstsize - (size_t)n);
	else
		m = smtp_xtext_decode(s, dst + n, dstsize - (size_t)n);
	return m <= 0 ? -1 : n + m;
}

int
smtp_orcpt_encode(struct span s, int utf8, char *dst, size_t dstsize)
{
	int	 n, m;

	if ((n = orcpt_type(s, dst, dstsize)) == -1)
		return -1;
	s.p += n;
	s.len -= (size_t)n;
	if (n == 6 && memcmp(dst, "utf-8;", 6) == 0)
		m = utf8addr_encode(s, utf8, dst + n, dstsize - (size_t)n);
	else
		m = smtp_xtext_encode(s, dst + n, dstsize - (size_t)n);
	return m <= 0 ? -1 : n + m;
}
