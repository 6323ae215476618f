/* The lines of an AUTH exchange (RFC 4954 4), both sides. */

#include "libsmtp/smtp_sasl.h"
#include "libutil/base64.h"

enum smtp_sasl
smtp_sasl_decode(struct span line, int initial, void *dst, size_t dstsize,
    size_t *n)
{
	int	 len;

	*n = 0;
	if (!initial && line.len == 1 && *line.p == '*')
		return SMTP_SASL_CANCEL;
	if (line.len == 0 || (initial && line.len == 1 && *line.p == '='))
		return SMTP_SASL_DATA;
	if (line.len > SMTP_SASL_MAX / 3 * 4 ||
	    (len = base64_decode(dst, dstsize, line.p, line.len)) == -1)
		return SMTP_SASL_BAD;
	*n = (size_t)len;
	return SMTP_SASL_DATA;
}

int
smtp_sasl_encode(struct buf *out, const void *data, size_t len, int initial)
{
	char	*p;
	int	 n;

	if (len == 0)
		return initial ? buf_addc(out, '=') : 0;
	if (len > SMTP_SASL_MAX ||
	    (p = buf_reserve(out, BASE64_LEN(len) + 1)) == NULL)
		return -1;
	if ((n = base64_encode(p, BASE64_LEN(len) + 1, data, len)) == -1)
		return -1;
	buf_commit(out, (size_t)n);
	return 0;
}

int
smtp_sasl_challenge(struct buf *out, const void *data, size_t len)
{
	size_t	 mark = out->len;

	if (buf_addstr(out, "334 ") == -1 ||
	    smtp_sasl_encode(out, data, len, 0) == -1 ||
	    buf_addstr(out, "\r\n") == -1) {
		buf_truncate(out, mark);
		return -1;
	}
	return 0;
}
