/* Lines: commands to a server, SASL responses, replies to a client. */

#include <string.h>
#include <strings.h>

#include "libsmtp/smtp_line.h"

static size_t
line_max(enum smtp_line_kind kind, const char *p, size_t len)
{
	switch (kind) {
	case SMTP_LINE_SASL:
		return SMTP_LINE_MAX_AUTH;
	case SMTP_LINE_REPLY:
		return SMTP_LINE_MAX_REPLY;
	case SMTP_LINE_COMMAND:
		if (len > 5 && strncasecmp(p, "AUTH ", 5) == 0)
			return SMTP_LINE_MAX_AUTH;
		break;
	}
	return SMTP_LINE_MAX_COMMAND;
}

enum codec
smtp_line_get(struct smtp_line *l, enum smtp_line_kind kind, const char *p,
    size_t len, struct span *line, size_t *used)
{
	const char	*lf = NULL;
	size_t		 n, max = line_max(kind, p, len);

	*used = 0;
	if (l->seen < len)
		lf = memchr(p + l->seen, '\n', len - l->seen);
	if (lf == NULL) {
		l->seen = len;
		if (l->skip || len >= max) {
			l->skip = 1;
			l->seen = 0;
			*used = len;
		}
		return CODEC_MORE;
	}
	n = (size_t)(lf - p);
	*used = n + 1;
	l->seen = 0;
	if (l->skip || n + 1 > max) {
		l->skip = 0;
		return CODEC_TOOBIG;
	}
	if (n > 0 && p[n - 1] == '\r')
		n--;
	else if (kind != SMTP_LINE_REPLY)
		return CODEC_BAD;
	if (kind != SMTP_LINE_REPLY && memchr(p, '\r', n) != NULL)
		return CODEC_BAD;
	line->p = p;
	line->len = n;
	return CODEC_DONE;
}
