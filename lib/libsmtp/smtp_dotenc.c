/* Dots doubled, line ends made right. */

#include <string.h>

#include "libsmtp/smtp_dot.h"

enum state {
	AT_START,
	IN_LINE,
	AT_CR		/* normalising: CRLF was written for it */
};

void
smtp_dotenc_init(struct smtp_dotenc *e, int normalise)
{
	e->normalise = (uint8_t)normalise;
	e->state = AT_START;
}

/* Copy whole stretches, up to a dot that starts a line. */
static size_t
enc_plain(struct smtp_dotenc *e, char *dst, const char *src, size_t len)
{
	const char	*p = src, *end = src + len, *lf;

	while (p < end) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL) {
			p = end;
			e->state = IN_LINE;
			break;
		}
		p = lf + 1;
		e->state = AT_START;
		if (p < end && *p == '.')
			break;
	}
	memcpy(dst, src, (size_t)(p - src));
	return (size_t)(p - src);
}

/* Copy to the end of the line at most; that is left to the caller. */
static size_t
enc_text(struct smtp_dotenc *e, char *dst, const char *src, size_t len)
{
	const char	*lf, *cr;
	size_t		 n = len;

	if ((lf = memchr(src, '\n', n)) != NULL)
		n = (size_t)(lf - src);
	if ((cr = memchr(src, '\r', n)) != NULL)
		n = (size_t)(cr - src);
	if (n > 0)
		e->state = IN_LINE;
	memcpy(dst, src, n);
	return n;
}

size_t
smtp_dotenc_add(struct smtp_dotenc *e, char *dst, size_t dstsize,
    const char *src, size_t len, size_t *used)
{
	size_t	 in = 0, out = 0, n;

	/* 3: the most that one byte becomes, a dot's pair or CRLF, and one. */
	while (in < len && dstsize - out >= 3) {
		if (e->state == AT_CR) {
			e->state = AT_START;
			if (src[in] == '\n') {
				in++;
				continue;
			}
		}
		if (e->state == AT_START && src[in] == '.') {
			dst[out++] = '.';
			dst[out++] = '.';
			in++;
			e->state = IN_LINE;
			continue;
		}
		if (e->normalise && (src[in] == '\n' || src[in] == '\r')) {
			dst[out++] = '\r';
			dst[out++] = '\n';
			e->state = src[in] == '\r' ? AT_CR : AT_START;
			in++;
			continue;
		}
		n = len - in < dstsize - out ? len - in : dstsize - out;
		if (e->normalise)
			n = enc_text(e, dst + out, src + in, n);
		else
			n = enc_plain(e, dst + out, src + in, n);
		in += n;
		out += n;
	}
	*used = in;
	return out;
}

size_t
smtp_dotenc_end(struct smtp_dotenc *e, char dst[5])
{
	if (e->state == IN_LINE) {
		memcpy(dst, "\r\n.\r\n", 5);
		return 5;
	}
	memcpy(dst, ".\r\n", 3);
	return 3;
}
