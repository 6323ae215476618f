/* Base64 (RFC 4648 4), strict both ways. */
#include <limits.h>

#include "libutil/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
base64_encode(char *dst, size_t dstsize, const void *src, size_t len)
{
	const uint8_t	*s = src;
	char		*d = dst;
	uint32_t	 v;

	if (len > INT_MAX / 2 || dstsize <= BASE64_LEN(len))
		return -1;
	for (; len >= 3; len -= 3, s += 3) {
		v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
		*d++ = alphabet[v >> 18];
		*d++ = alphabet[v >> 12 & 63];
		*d++ = alphabet[v >> 6 & 63];
		*d++ = alphabet[v & 63];
	}
	if (len > 0) {
		v = (uint32_t)s[0] << 16;
		if (len == 2)
			v |= (uint32_t)s[1] << 8;
		*d++ = alphabet[v >> 18];
		*d++ = alphabet[v >> 12 & 63];
		*d++ = len == 2 ? alphabet[v >> 6 & 63] : '=';
		*d++ = '=';
	}
	*d = '\0';
	return (int)(d - dst);
}

/* The six bits of c, or -1.  No table: there is nothing to set up or share. */
static int
base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

int
base64_decode(void *dst, size_t dstsize, const char *src, size_t len)
{
	uint8_t		*d = dst;
	size_t		 i, n, pad = 0;
	uint32_t	 v;
	int		 j, c;

	if (len % 4 != 0 || len > INT_MAX)
		return -1;
	if (len == 0)
		return 0;
	if (src[len - 1] == '=')
		pad = src[len - 2] == '=' ? 2 : 1;
	n = len / 4 * 3 - pad;
	if (n > dstsize)
		return -1;
	for (i = 0; i < len; i += 4) {
		v = 0;
		for (j = 0; j < 4; j++) {
			/* The value of a pad is 0: unused bits must be too. */
			if (i + (size_t)j >= len - pad)
				c = 0;
			else if ((c = base64_value((unsigned char)
			    src[i + (size_t)j])) == -1)
				return -1;
			v = v << 6 | (uint32_t)c;
		}
		if (i + 4 < len || pad == 0) {
			*d++ = (uint8_t)(v >> 16);
			*d++ = (uint8_t)(v >> 8);
			*d++ = (uint8_t)v;
			continue;
		}
		*d++ = (uint8_t)(v >> 16);
		if (pad == 1)
			*d++ = (uint8_t)(v >> 8);
		/* Bits under the padding: a second spelling of the same. */
		if ((v & (pad == 1 ? 0xff : 0xffff)) != 0)
			return -1;
	}
	return (int)n;
}
