/* Base64 (RFC 4648 4), strict: padding required, no white space. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>
#include <stdint.h>

#define BASE64_LEN(n)	((((n) + 2) / 3) * 4)	/* without the NUL */

/* Returns the length written without the NUL, or -1 when dst is too small. */
int	base64_encode(char *dst, size_t dstsize, const void *src, size_t len);
/* Returns the number of bytes written, or -1: not base64, or dst too small. */
int	base64_decode(void *dst, size_t dstsize, const char *src, size_t len);

#endif
