/* UTF-8 (RFC 3629), one character at a time. */
#ifndef SMTP_UTF8_H
#define SMTP_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the character at p, 1 to 4, or 0 when it is none. */
size_t	smtp_utf8_len(const char *p, size_t len);
/* The same, with its code point. */
size_t	smtp_utf8_get(const char *p, size_t len, uint32_t *cp);
/* Write the character; the length, or 0 for a surrogate or past U+10FFFF. */
size_t	smtp_utf8_put(char dst[4], uint32_t cp);
/* All of p is well formed. */
int	smtp_utf8_valid(const char *p, size_t len);
/* Some byte of p is over 127. */
int	smtp_has_8bit(const char *p, size_t len);

#endif
