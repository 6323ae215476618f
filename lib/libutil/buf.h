/* A byte buffer that grows up to a cap and can be drained from its front. */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * data[off .. off + len) is the content.  All zero with a max is a valid empty
 * buffer that holds no memory.  The members may be read, not written.
 */
struct buf {
	uint8_t	*data;
	size_t	 off;
	size_t	 len;
	size_t	 size;		/* allocated */
	size_t	 max;		/* never more content than this */
	int	 secret;	/* set it to have memory zeroed when freed */
};

void	 buf_init(struct buf *, size_t max);
/* Release the memory; the buffer stays usable with the same cap. */
void	 buf_free(struct buf *);
/* The same for a buffer that held a secret. */
void	 buf_freezero(struct buf *);

/* All adders return 0, or -1 (ENOMEM, EMSGSIZE past max) with nothing added. */
int	 buf_add(struct buf *, const void *, size_t);
int	 buf_addstr(struct buf *, const char *);
int	 buf_addc(struct buf *, int);
int	 buf_addf(struct buf *, const char *, ...)
	    __attribute__((__format__ (printf, 2, 3)));
int	 buf_vaddf(struct buf *, const char *, va_list)
	    __attribute__((__format__ (printf, 2, 0)));

/* Room for n more bytes: where to write, or NULL.  buf_commit says how many. */
void	*buf_reserve(struct buf *, size_t n);
void	 buf_commit(struct buf *, size_t n);

/* First byte of the content; valid until the next adder, NULL when empty. */
uint8_t	*buf_ptr(const struct buf *);
/* Throw away n bytes at the front (n <= len); frees the memory when empty. */
void	 buf_drain(struct buf *, size_t n);
/* Cut the content to n bytes (n <= len). */
void	 buf_truncate(struct buf *, size_t n);

#endif
