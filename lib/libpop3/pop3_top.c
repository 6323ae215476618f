/* The beginning of a message, counted in lines. */

#include <string.h>

#include "libpop3/pop3_top.h"

void
pop3_top_init(struct pop3_top *t, uint32_t lines)
{
	memset(t, 0, sizeof(*t));
	t->lines = lines;
}

size_t
pop3_top_add(struct pop3_top *t, const char *p, size_t len)
{
	const char	*at = p, *end = p + len, *lf;
	size_t		 n, i;

	while (at < end && !t->done) {
		lf = memchr(at, '\n', (size_t)(end - at));
		n = (size_t)((lf == NULL ? end : lf) - at);
		/* CRLF, or LF alone: either can be in what was stored. */
		for (i = 0; i < n && at[i] == '\r'; i++)
			;
		if (i < n)
			t->text = 1;
		if (lf == NULL)
			return len;
		at = lf + 1;
		if (t->body)
			t->lines--;
		else if (!t->text)
			t->body = 1;
		t->text = 0;
		t->done = t->body && t->lines == 0;
	}
	return (size_t)(at - p);
}
