/* A byte buffer that grows up to a cap and can be drained from its front. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/buf.h"

#define BUF_MIN		128

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	if (b->secret)
		freezero(b->data, b->size);
	else
		free(b->data);
	b->data = NULL;
	b->off = b->len = b->size = 0;
}

void
buf_freezero(struct buf *b)
{
	freezero(b->data, b->size);
	b->data = NULL;
	b->off = b->len = b->size = 0;
}

/*
 * Make the memory hold want bytes (want <= max, more than now), content at
 * the front.  Not realloc(3): that would copy what was drained as well.
 */
static int
buf_grow(struct buf *b, size_t want)
{
	uint8_t	*data;
	size_t	 size;

	size = b->size < BUF_MIN / 2 ? BUF_MIN : b->size * 2;
	while (size < want)
		size = size > SIZE_MAX / 2 ? want : size * 2;
	if (size < b->size || size > b->max)
		size = b->max;
	if ((data = malloc(size)) == NULL)
		return -1;
	if (b->len > 0)
		memcpy(data, b->data + b->off, b->len);
	if (b->secret)
		freezero(b->data, b->size);
	else
		free(b->data);
	b->data = data;
	b->size = size;
	b->off = 0;
	return 0;
}

void *
buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max || b->len > b->max - n) {
		errno = EMSGSIZE;
		return NULL;
	}
	if (b->size - b->off - b->len >= n && b->data != NULL)
		return b->data + b->off + b->len;
	/*
	 * Move to the front only when that gains as much as it copies, else
	 * draining a little and adding a little would be quadratic.
	 */
	if (b->data != NULL && b->size - b->len >= n &&
	    (b->off >= b->len / 2 || b->size >= b->max)) {
		memmove(b->data, b->data + b->off, b->len);
		b->off = 0;
		return b->data + b->len;
	}
	if (buf_grow(b, b->len + n) == -1)
		return NULL;
	return b->data + b->len;
}

void
buf_commit(struct buf *b, size_t n)
{
	if (n > b->size - b->off - b->len)
		abort();
	b->len += n;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	void	*to;

	if (n == 0)
		return 0;
	if ((to = buf_reserve(b, n)) == NULL)
		return -1;
	memcpy(to, p, n);
	b->len += n;
	return 0;
}

int
buf_addstr(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addc(struct buf *b, int c)
{
	uint8_t	 byte = (uint8_t)c;

	return buf_add(b, &byte, 1);
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 ret;

	va_start(ap, fmt);
	ret = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return ret;
}

int
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	char	 small[256], *to;
	va_list	 again;
	int	 n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		goto fail;
	if ((size_t)n < sizeof(small)) {
		va_end(again);
		n = buf_add(b, small, (size_t)n);
		if (b->secret)
			explicit_bzero(small, sizeof(small));
		return n;
	}
	if (b->secret)
		explicit_bzero(small, sizeof(small));
	/* One more byte for the NUL, which does not count against max. */
	if ((size_t)n > b->max || b->len > b->max - (size_t)n) {
		errno = EMSGSIZE;
		goto fail;
	}
	if ((to = malloc((size_t)n + 1)) == NULL)
		goto fail;
	vsnprintf(to, (size_t)n + 1, fmt, again);
	va_end(again);
	n = buf_add(b, to, (size_t)n);
	if (b->secret)
		freezero(to, strlen(to) + 1);
	else
		free(to);
	return n;
fail:
	va_end(again);
	return -1;
}

uint8_t *
buf_ptr(const struct buf *b)
{
	return b->len == 0 ? NULL : b->data + b->off;
}

void
buf_drain(struct buf *b, size_t n)
{
	if (n > b->len)
		abort();
	b->off += n;
	b->len -= n;
	if (b->len == 0)
		buf_free(b);
}

void
buf_truncate(struct buf *b, size_t n)
{
	if (n > b->len)
		abort();
	b->len = n;
}
