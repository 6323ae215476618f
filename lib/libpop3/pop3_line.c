/* Lines of a client, each whole and of bounded length. */

#include <string.h>
#include <strings.h>

#include "libpop3/pop3_line.h"

enum codec
pop3_line_get(struct pop3_line *l, int sasl, const char *p, size_t len,
    struct span *line, size_t *used)
{
	const char	*lf = NULL;
	size_t		 n, max = POP3_LINE_MAX;

	if (sasl || (len > 5 && strncasecmp(p, "AUTH ", 5) == 0))
		max = POP3_LINE_MAX_AUTH;
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
	if (memchr(p, '\r', n) != NULL || memchr(p, '\0', n) != NULL)
		return CODEC_BAD;
	line->p = p;
	line->len = n;
	return CODEC_DONE;
}
