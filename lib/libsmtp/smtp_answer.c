/* The server's answers: how they are written to the wire. */

#include <ctype.h>
#include <string.h>

#include "libsmtp/smtp_answer.h"

/* Length of an enhanced status code with its space at s, or 0. */
static size_t
answer_enhanced(const char *s)
{
	size_t	 n, part, digits;

	if (s[0] != '2' && s[0] != '4' && s[0] != '5')
		return 0;
	n = 1;
	for (part = 0; part < 2; part++) {
		if (s[n] != '.')
			return 0;
		n++;
		for (digits = 0; isdigit((unsigned char)s[n]); digits++)
			n++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	if (s[n] != ' ')
		return 0;
	return n + 1;
}

/* How much of s goes on a line with room for max bytes. */
static size_t
answer_cut(const char *s, size_t max, size_t *skip)
{
	size_t	 n, i;

	*skip = 0;
	n = strcspn(s, "\n");
	if (n <= max) {
		if (s[n] == '\n')
			*skip = 1;
		return n;
	}
	/* Not within the first half: a line of one word is no line. */
	for (i = max; i > max / 2; i--) {
		if (s[i] == ' ') {
			*skip = 1;
			return i;
		}
	}
	/* Do not cut a UTF-8 sequence in two. */
	for (i = max; i > max - 4; i--) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return i;
	}
	return max;
}

int
smtp_answer_put(struct buf *out, int code, const char *text)
{
	const char	*enh = text;
	unsigned char	*p;
	size_t		 enhlen, len, skip, i, mark = out->len;

	enhlen = answer_enhanced(text);
	text += enhlen;
	do {
		/* 4 for the code, 2 for CRLF */
		len = answer_cut(text, SMTP_ANSWER_LINE - 6 - enhlen, &skip);
		if ((p = buf_reserve(out, len + enhlen + 6)) == NULL) {
			buf_truncate(out, mark);
			return -1;
		}
		*p++ = '0' + code / 100 % 10;
		*p++ = '0' + code / 10 % 10;
		*p++ = '0' + code % 10;
		/* A '\n' at the very end asks for no empty line. */
		*p++ = text[len + skip] == '\0' ? ' ' : '-';
		memcpy(p, enh, enhlen);
		p += enhlen;
		for (i = 0; i < len; i++) {
			*p++ = (unsigned char)text[i] < ' ' ||
			    text[i] == 0x7f ? '?' : text[i];
		}
		*p++ = '\r';
		*p++ = '\n';
		buf_commit(out, len + enhlen + 6);
		text += len + skip;
	} while (*text != '\0');
	return 0;
}

int
smtp_answer_add(struct buf *out, const struct smtp_answer *a)
{
	return smtp_answer_put(out, a->code, a->text);
}
