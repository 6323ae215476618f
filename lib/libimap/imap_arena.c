#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imap_arena.h"

#define CHUNK_MIN	1024
#define ALIGN(n)	(((n) + 7) & ~(size_t)7)

struct imap_chunk {
	struct imap_chunk	*next;
	size_t			 size;	/* of data */
	size_t			 used;
	uint64_t		 data[];
};

void
imap_arena_init(struct imap_arena *a, size_t max)
{
	memset(a, 0, sizeof(*a));
	a->max = max;
}

void
imap_arena_free(struct imap_arena *a)
{
	struct imap_chunk	*c;

	while ((c = a->chunks) != NULL) {
		a->chunks = c->next;
		free(c);
	}
	a->held = 0;
}

void
imap_arena_freezero(struct imap_arena *a)
{
	struct imap_chunk	*c;

	while ((c = a->chunks) != NULL) {
		a->chunks = c->next;
		freezero(c, sizeof(*c) + c->size);
	}
	a->held = 0;
}

void *
imap_arena_alloc(struct imap_arena *a, size_t n)
{
	struct imap_chunk	*c = a->chunks;
	size_t			 size;
	void			*p;

	if (n > a->max)
		return NULL;
	n = ALIGN(n == 0 ? 1 : n);
	if (c == NULL || c->size - c->used < n) {
		/* Later chunks double, so that a big command has few. */
		size = c == NULL ? CHUNK_MIN : c->size * 2;
		if (size < n)
			size = n;
		if (size > a->max - a->held)
			size = n;
		if (size > a->max - a->held)
			return NULL;
		if ((c = malloc(sizeof(*c) + size)) == NULL)
			return NULL;
		c->size = size;
		c->used = 0;
		c->next = a->chunks;
		a->chunks = c;
		a->held += size;
	}
	p = (char *)c->data + c->used;
	c->used += n;
	return memset(p, 0, n);
}

void *
imap_arena_calloc(struct imap_arena *a, size_t n, size_t size)
{
	if (size != 0 && n > a->max / size)
		return NULL;
	return imap_arena_alloc(a, n * size);
}

void *
imap_arena_more(struct imap_arena *a, void *v, size_t n, size_t size)
{
	void	*nv;

	/* Full exactly when n is 0 or a power of two from 4 on. */
	if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
		return v;
	if ((nv = imap_arena_calloc(a, n == 0 ? 4 : n * 2, size)) == NULL)
		return NULL;
	if (n != 0)
		memcpy(nv, v, n * size);
	return nv;
}

struct span
imap_arena_copy(struct imap_arena *a, struct span s)
{
	char	*p;

	if (s.len >= a->max || (p = imap_arena_alloc(a, s.len + 1)) == NULL)
		return SPAN_NONE;
	if (s.len != 0)
		memcpy(p, s.p, s.len);
	return (struct span){ p, s.len };
}
