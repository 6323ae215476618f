/* A stretch of somebody else's bytes: codecs return these, not copies. */
#ifndef SPAN_H
#define SPAN_H

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char	*p;
	size_t		 len;
};

#define SPAN(s)		((struct span){ (s), sizeof(s) - 1 })
#define SPAN_NONE	((struct span){ NULL, 0 })

static inline struct span
span_of(const char *s)
{
	return (struct span){ s, s == NULL ? 0 : strlen(s) };
}

static inline int
span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII letters compare without case, whatever the locale is (it is C). */
static inline int
span_ieq(struct span a, struct span b)
{
	return a.len == b.len &&
	    (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

static inline int
span_ieqs(struct span a, const char *s)
{
	return span_ieq(a, span_of(s));
}

#endif
