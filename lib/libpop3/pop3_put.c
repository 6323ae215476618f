/* Answers to the wire; those that come by the million without printf(3). */

#include <string.h>

#include "libpop3/pop3_put.h"
#include "libutil/base64.h"

static int
put_line(struct buf *b, const char *status, const char *code,
    const char *text)
{
	char	 line[POP3_ANSWER_MAX + 1];
	size_t	 i, n;

	n = strlcpy(line, status, sizeof(line));
	if (code != NULL) {
		n = strlcat(line, "[", sizeof(line));
		n = strlcat(line, code, sizeof(line));
		n = strlcat(line, "] ", sizeof(line));
	}
	n = strlcat(line, text, sizeof(line));
	if (n > POP3_ANSWER_MAX - 2)
		n = POP3_ANSWER_MAX - 2;
	for (i = 0; i < n; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	memcpy(line + n, "\r\n", 2);
	return buf_add(b, line, n + 2);
}

int
pop3_put_ok(struct buf *b, const char *text)
{
	return put_line(b, "+OK ", NULL, text);
}

int
pop3_put_err(struct buf *b, const char *code, const char *text)
{
	return put_line(b, "-ERR ", code, text);
}

int
pop3_put_challenge(struct buf *b, const void *data, size_t len)
{
	char	*p;
	int	 n;

	if ((p = buf_reserve(b, 2 + BASE64_LEN(len) + 2)) == NULL)
		return -1;
	memcpy(p, "+ ", 2);
	/* base64_encode wants room for its NUL, which CRLF then takes. */
	if ((n = base64_encode(p + 2, BASE64_LEN(len) + 1, data, len)) == -1)
		return -1;
	memcpy(p + 2 + n, "\r\n", 2);
	buf_commit(b, (size_t)n + 4);
	return 0;
}

/* Digits and then the character; returns behind it. */
static char *
put_num(char *p, uint32_t v, char after)
{
	char	 digits[10];
	size_t	 n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (n > 0)
		*p++ = digits[--n];
	*p++ = after;
	return p;
}

int
pop3_put_size(struct buf *b, uint32_t n, uint32_t octets)
{
	char	 line[32], *p;

	p = put_num(line, n, ' ');
	p = put_num(p, octets, '\r');
	*p++ = '\n';
	return buf_add(b, line, (size_t)(p - line));
}

int
pop3_put_uid(struct buf *b, uint32_t n, uint32_t uidvalidity, uint32_t uid)
{
	char	 line[48], *p;

	p = put_num(line, n, ' ');
	p = put_num(p, uidvalidity, '.');
	p = put_num(p, uid, '\r');
	*p++ = '\n';
	return buf_add(b, line, (size_t)(p - line));
}
