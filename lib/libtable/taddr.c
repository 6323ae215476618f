/* Addresses as the tables compare them. */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "libtable/taddr.h"

static int
taddr_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int
taddr_is_ascii(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return 0;
	return 1;
}

/* RFC 5321 4.1.2 atext; bytes of UTF-8 are let through (RFC 6531). */
static int
taddr_is_atext(unsigned char c)
{
	if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return 1;
	return c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

int
taddr_is_dotstring(const char *s, size_t len)
{
	size_t	 i;

	if (len == 0 || s[0] == '.' || s[len - 1] == '.')
		return 0;
	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (s[i + 1] == '.')
				return 0;
		} else if (!taddr_is_atext((unsigned char)s[i]))
			return 0;
	}
	return 1;
}

/* Labels of letters, digits, hyphens and underscores; lower case into dst. */
static int
taddr_ldh(char *dst, const char *src, size_t len)
{
	size_t	 i, label = 0;
	int	 c;

	if (len > 0 && src[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return -1;
	for (i = 0; i < len; i++) {
		c = taddr_lower((unsigned char)src[i]);
		if (c == '.') {
			if (label == 0 || src[i - 1] == '-')
				return -1;
			label = 0;
		} else {
			if (!(c >= 'a' && c <= 'z') && !(c >= '0' &&
			    c <= '9') && c != '_' && (c != '-' || label == 0))
				return -1;
			if (++label > 63)
				return -1;
		}
		dst[i] = (char)c;
	}
	dst[len] = '\0';
	return label == 0 || src[len - 1] == '-' ? -1 : 0;
}

int
taddr_domain(char *dst, const char *src, size_t len)
{
	uint8_t	*ace = NULL;
	char	 copy[TADDR_DOMAIN + 1];
	int	 ret;

	if (len > TADDR_DOMAIN || memchr(src, '\0', len) != NULL)
		return -1;
	if (taddr_is_ascii(src, len))
		return taddr_ldh(dst, src, len);
	memcpy(copy, src, len);
	copy[len] = '\0';
	if (idn2_lookup_u8((const uint8_t *)copy, &ace,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return -1;
	ret = taddr_ldh(dst, (char *)ace, strlen((char *)ace));
	idn2_free(ace);
	return ret;
}

/* Lower case; folded and composed where it is UTF-8.  The length, or -1. */
static int
taddr_fold(char *dst, size_t dstsize, const char *src, size_t len)
{
	utf8proc_uint8_t	*out = NULL;
	utf8proc_ssize_t	 n;
	size_t			 i;
	int			 ret = -1;

	if (taddr_is_ascii(src, len)) {
		if (len >= dstsize)
			return -1;
		for (i = 0; i < len; i++)
			dst[i] = (char)taddr_lower((unsigned char)src[i]);
		dst[len] = '\0';
		return (int)len;
	}
	n = utf8proc_map((const utf8proc_uint8_t *)src, (utf8proc_ssize_t)len,
	    &out, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD |
	    UTF8PROC_REJECTNA);
	if (n > 0 && (size_t)n < dstsize) {
		memcpy(dst, out, (size_t)n);
		dst[n] = '\0';
		ret = (int)n;
	}
	free(out);
	return ret;
}

/* The content of a quoted string (RFC 5321 4.1.2); its length, or -1. */
static int
taddr_unquote(char *dst, size_t dstsize, const char *src, size_t len)
{
	unsigned char	 c;
	size_t		 i, n = 0;

	if (len < 2 || src[0] != '"' || src[len - 1] != '"')
		return -1;
	for (i = 1; i < len - 1; i++) {
		c = (unsigned char)src[i];
		if (c == '\\') {
			if (++i == len - 1)
				return -1;
			c = (unsigned char)src[i];
		} else if (c == '"')
			return -1;
		if (c < ' ' || c == 0x7f || n + 1 >= dstsize)
			return -1;
		dst[n++] = (char)c;
	}
	dst[n] = '\0';
	return (int)n;
}

/* The @ before the domain: the last one, as no domain has one. */
static const char *
taddr_at(const char *src, size_t len)
{
	const char	*at;

	if (len > TADDR_MAX || memchr(src, '\0', len) != NULL)
		return NULL;
	at = memrchr(src, '@', len);
	return at == src ? NULL : at;
}

int
taddr_local(char *dst, const char *src, size_t len)
{
	if (len > TADDR_MAX || !taddr_is_dotstring(src, len))
		return -1;
	return taddr_fold(dst, TADDR_MAX + 1, src, len) == -1 ? -1 : 0;
}

int
taddr_canon(char *dst, size_t *at, const char *src, size_t len)
{
	const char	*sep;
	char		 local[TADDR_MAX + 1], domain[TADDR_DOMAIN + 1];
	size_t		 dlen;
	int		 n;

	if ((sep = taddr_at(src, len)) == NULL)
		return -1;
	if (taddr_domain(domain, sep + 1, len - (size_t)(sep + 1 - src)) == -1)
		return -1;
	if (src[0] == '"') {
		n = taddr_unquote(local, sizeof(local), src,
		    (size_t)(sep - src));
		if (n == -1)
			return -1;
	} else {
		n = (int)(sep - src);
		if (!taddr_is_dotstring(src, (size_t)n))
			return -1;
		memcpy(local, src, (size_t)n);
	}
	if ((n = taddr_fold(dst, TADDR_MAX + 1, local, (size_t)n)) == -1)
		return -1;
	dlen = strlen(domain);
	if ((size_t)n + 1 + dlen > TADDR_MAX)
		return -1;
	dst[n] = '@';
	memcpy(dst + n + 1, domain, dlen + 1);
	if (at != NULL)
		*at = (size_t)n;
	return 0;
}

int
taddr_remote(char *dst, const char *src, size_t len)
{
	const char	*sep;
	char		 local[TADDR_MAX + 1], domain[TADDR_DOMAIN + 1];
	size_t		 n, dlen;

	if ((sep = taddr_at(src, len)) == NULL)
		return -1;
	n = (size_t)(sep - src);
	if (taddr_domain(domain, sep + 1, len - n - 1) == -1)
		return -1;
	/* Well formed is what can be read; it is kept as it was. */
	if (src[0] == '"') {
		if (taddr_unquote(local, sizeof(local), src, n) == -1)
			return -1;
	} else if (!taddr_is_dotstring(src, n))
		return -1;
	dlen = strlen(domain);
	if (n + 1 + dlen > TADDR_MAX)
		return -1;
	memcpy(dst, src, n);
	dst[n] = '@';
	memcpy(dst + n + 1, domain, dlen + 1);
	return 0;
}
