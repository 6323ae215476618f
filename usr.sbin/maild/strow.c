#include "strow.h"

#define ROW_FIXED	18	/* after the length, without name */
#define ROW_COUNTERS	48

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
get(const uint8_t **p, size_t n)
{
	uint64_t	 v = 0;
	size_t		 i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)*(*p)++ << (8 * i);
	return v;
}

int
strow_put(struct buf *b, const struct strow *r)
{
	size_t	 len = ROW_FIXED + r->name.len;
	uint8_t	*p, *start;

	if (r->counters)
		len += ROW_COUNTERS;
	if (r->name.len > UINT16_MAX ||
	    (start = buf_reserve(b, 4 + len)) == NULL)
		return -1;
	p = put(start, len, 4);
	p = put(p, r->id, 8);
	p = put(p, r->flags, 4);
	p = put(p, r->subscribed, 1);
	p = put(p, r->counters, 1);
	p = put(p, r->rights, 2);
	p = put(p, r->name.len, 2);
	if (r->name.len > 0)
		memcpy(p, r->name.p, r->name.len);
	p += r->name.len;
	if (r->counters) {
		p = put(p, r->uidvalidity, 4);
		p = put(p, r->uidnext, 4);
		p = put(p, r->exists, 4);
		p = put(p, r->unseen, 4);
		p = put(p, r->deleted, 4);
		p = put(p, r->recent, 4);
		p = put(p, r->highestmodseq, 8);
		p = put(p, r->size, 8);
		p = put(p, r->deleted_size, 8);
	}
	buf_commit(b, (size_t)(p - start));
	return 0;
}

int
strow_next(const void *rows, size_t len, size_t *off, struct strow *r)
{
	const uint8_t	*p = (const uint8_t *)rows + *off;
	size_t		 left = len - *off, n, want;

	if (left == 0)
		return 0;
	if (left < 4)
		return -1;
	n = get(&p, 4);
	if (n > left - 4 || n < ROW_FIXED)
		return -1;
	memset(r, 0, sizeof(*r));
	r->id = get(&p, 8);
	r->flags = get(&p, 4);
	r->subscribed = get(&p, 1);
	r->counters = get(&p, 1);
	r->rights = get(&p, 2);
	r->name.len = get(&p, 2);
	r->name.p = (const char *)p;
	want = ROW_FIXED + r->name.len + (r->counters ? ROW_COUNTERS : 0);
	if (n != want)
		return -1;
	p += r->name.len;
	if (r->counters) {
		r->uidvalidity = get(&p, 4);
		r->uidnext = get(&p, 4);
		r->exists = get(&p, 4);
		r->unseen = get(&p, 4);
		r->deleted = get(&p, 4);
		r->recent = get(&p, 4);
		r->highestmodseq = get(&p, 8);
		r->size = get(&p, 8);
		r->deleted_size = get(&p, 8);
	}
	*off += 4 + n;
	return 1;
}
