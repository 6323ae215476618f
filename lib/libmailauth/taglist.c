/* Lists of tag=value (RFC 6376 3.2). */
#include <stddef.h>
#include <stdint.h>

#include "libmailauth/taglist.h"

static int
tag_is_wsp(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
tag_trim(struct span s)
{
	while (s.len > 0 && tag_is_wsp(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && tag_is_wsp(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Everything up to the separator, which goes too. */
static struct span
tag_cut(struct span *rest, char sep)
{
	struct span	 s = *rest;
	const char	*at;

	if ((at = memchr(rest->p, sep, rest->len)) == NULL) {
		rest->p += rest->len;
		rest->len = 0;
		return s;
	}
	s.len = (size_t)(at - s.p);
	rest->p = at + 1;
	rest->len -= s.len + 1;
	return s;
}

int
taglist_next(struct span *rest, struct tag *tag)
{
	struct span	 s;
	size_t		 i;
	char		 c;

	*rest = tag_trim(*rest);
	if (rest->len == 0)
		return 0;
	s = tag_cut(rest, ';');
	if (memchr(s.p, '=', s.len) == NULL)
		return -1;
	tag->name = tag_trim(tag_cut(&s, '='));
	tag->value = tag_trim(s);
	if (tag->name.len == 0)
		return -1;
	for (i = 0; i < tag->name.len; i++) {
		c = tag->name.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (i > 0 && ((c >= '0' && c <= '9') || c == '_'))))
			return -1;
	}
	return 1;
}

int
taglist_strip(struct span s, char *dst, size_t dstsize)
{
	size_t	 i, n = 0;

	for (i = 0; i < s.len; i++) {
		if (tag_is_wsp(s.p[i]))
			continue;
		if (n == dstsize)
			return -1;
		dst[n++] = s.p[i];
	}
	return (int)n;
}

int
taglist_number(struct span s, int64_t *out)
{
	int64_t	 n = 0;
	size_t	 i;

	if (s.len == 0)
		return -1;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    n > (INT64_MAX - (s.p[i] - '0')) / 10)
			return -1;
		n = n * 10 + (s.p[i] - '0');
	}
	*out = n;
	return 0;
}

int
taglist_item(struct span *rest, struct span *item)
{
	if (rest->len == 0)
		return 0;
	*item = tag_trim(tag_cut(rest, ':'));
	return 1;
}
