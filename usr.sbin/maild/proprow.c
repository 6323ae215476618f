#include "proprow.h"

#define FIXED	14
#define NIL	0xffffffffU

static uint8_t *
put(uint8_t *p, uint64_t v, size_t n)
{
	while (n-- > 0) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
	return p;
}

static uint64_t
get(const uint8_t *p, size_t n)
{
	uint64_t	 v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

int
proprow_put(struct buf *b, const struct proprow *r)
{
	size_t	 vlen = r->value.p == NULL ? 0 : r->value.len;
	uint8_t	*p, *start;

	if (r->name.len > UINT16_MAX || vlen >= NIL ||
	    (start = buf_reserve(b, FIXED + r->name.len + vlen)) == NULL)
		return -1;
	p = put(start, r->mbox, 8);
	p = put(p, r->name.len, 2);
	p = put(p, r->value.p == NULL ? NIL : vlen, 4);
	if (r->name.len > 0)
		memcpy(p, r->name.p, r->name.len);
	p += r->name.len;
	if (vlen > 0)
		memcpy(p, r->value.p, vlen);
	buf_commit(b, (size_t)(p - start) + vlen);
	return 0;
}

int
proprow_next(const void *rows, size_t len, size_t *off, struct proprow *r)
{
	const uint8_t	*p = (const uint8_t *)rows + *off;
	size_t		 left = len - *off;

	if (left == 0)
		return 0;
	if (left < FIXED)
		return -1;
	r->mbox = get(p, 8);
	r->name.len = get(p + 8, 2);
	r->value.len = get(p + 10, 4);
	r->name.p = (const char *)p + FIXED;
	r->value.p = r->name.p + r->name.len;
	left -= FIXED;
	if (r->name.len > left)
		return -1;
	left -= r->name.len;
	if (r->value.len == NIL) {
		r->value.p = NULL;
		r->value.len = 0;
	} else if (r->value.len > left)
		return -1;
	*off += FIXED + r->name.len + r->value.len;
	return 1;
}
