/* Memory that is given back all at once: one arena serves one message. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "libutil/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk	*chunks;	/* newest first */
	size_t			 used;		/* by the current message */
	size_t			 max;
};

void	 arena_init(struct arena *, size_t max);
void	 arena_free(struct arena *);
/* Forget everything, keep one chunk for the next message. */
void	 arena_reset(struct arena *);
/* Aligned for any object, not zeroed; NULL with ENOMEM at the cap too. */
void	*arena_alloc(struct arena *, size_t);
void	*arena_calloc(struct arena *, size_t, size_t);
/* Give back the tail of what the last arena_alloc returned. */
void	 arena_shrink(struct arena *, void *, size_t oldlen, size_t newlen);
/* Room for one more in an array in the arena: n held, cap allocated. */
void	*arena_grow(struct arena *, void *, size_t n, size_t *cap, size_t size);

#endif
