/* Memory of one command: taken in small pieces, given back all at once. */
#ifndef IMAP_ARENA_H
#define IMAP_ARENA_H

#include <stddef.h>

#include "libutil/span.h"

struct imap_chunk;

/* All zero but max is an empty arena that holds no memory. */
struct imap_arena {
	struct imap_chunk	*chunks;
	size_t			 held;	/* bytes of all chunks */
	size_t			 max;
};

void	 imap_arena_init(struct imap_arena *, size_t max);
void	 imap_arena_free(struct imap_arena *);
/* The same after overwriting what it held: a command with a password. */
void	 imap_arena_freezero(struct imap_arena *);

/* n bytes, zeroed and aligned; NULL when memory or the cap is used up. */
void	*imap_arena_alloc(struct imap_arena *, size_t n);
void	*imap_arena_calloc(struct imap_arena *, size_t n, size_t size);
/*
 * A vector that grows by one: v holds n elements; returns v or a larger copy
 * with room for n + 1, NULL as above.
 */
void	*imap_arena_more(struct imap_arena *, void *v, size_t n, size_t size);
/* A copy of the bytes with a NUL after them; p NULL as above. */
struct span imap_arena_copy(struct imap_arena *, struct span);

#endif
