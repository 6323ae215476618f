/* Memory that is given back all at once. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/arena.h"

#define ARENA_CHUNK	(16 * 1024)
#define ARENA_ALIGN	16

struct arena_chunk {
	struct arena_chunk	*next;
	size_t			 size;
	size_t			 used;
	size_t			 pad;	/* keeps data aligned */
	char			 data[];
};

void
arena_init(struct arena *a, size_t max)
{
	memset(a, 0, sizeof(*a));
	a->max = max;
}

void
arena_free(struct arena *a)
{
	struct arena_chunk *c;

	while ((c = a->chunks) != NULL) {
		a->chunks = c->next;
		free(c);
	}
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *c, *next;

	if ((c = a->chunks) != NULL) {
		for (next = c->next; next != NULL; next = c->next) {
			c->next = next->next;
			free(next);
		}
		if (c->size > 4 * ARENA_CHUNK) {
			/* a huge message must not cost memory for ever */
			free(c);
			a->chunks = NULL;
		} else
			c->used = 0;
	}
	a->used = 0;
}

static struct arena_chunk *
arena_newchunk(struct arena *a, size_t len)
{
	struct arena_chunk *c;
	size_t size = ARENA_CHUNK;

	if (len > size / 4)
		size += len;
	if ((c = malloc(sizeof(*c) + size)) == NULL)
		return NULL;
	c->size = size;
	c->used = 0;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

void *
arena_alloc(struct arena *a, size_t len)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	if (len > a->max || a->used > a->max - len) {
		errno = ENOMEM;
		return NULL;
	}
	len = (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if ((c == NULL || c->size - c->used < len) &&
	    (c = arena_newchunk(a, len)) == NULL)
		return NULL;
	p = c->data + c->used;
	c->used += len;
	a->used += len;
	return p;
}

void *
arena_calloc(struct arena *a, size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	if ((p = arena_alloc(a, n * size)) != NULL)
		memset(p, 0, n * size);
	return p;
}

void
arena_shrink(struct arena *a, void *p, size_t oldlen, size_t newlen)
{
	struct arena_chunk *c = a->chunks;
	size_t off;

	oldlen = (oldlen + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	newlen = (newlen + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (c == NULL || newlen >= oldlen)
		return;
	off = c->used - oldlen;
	if (c->used < oldlen || c->data + off != (char *)p)
		return;		/* not the last one: its tail is lost */
	c->used -= oldlen - newlen;
	a->used -= oldlen - newlen;
}

void *
arena_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	void *p;
	size_t newcap;

	if (n < *cap)
		return v;
	newcap = *cap == 0 ? 4 : *cap * 2;
	if ((p = arena_alloc(a, newcap * size)) == NULL)
		return NULL;
	if (n > 0)
		memcpy(p, v, n * size);
	*cap = newcap;
	return p;
}
