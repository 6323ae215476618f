/* Reading the meta blob; no byte of it is trusted. */
#include <string.h>

#include "libmail/imapstruct.h"
#include "libmail/meta.h"
#include "libmail/meta_int.h"

static uint32_t
get16(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint32_t
get32(const char *p)
{
	return get16(p) | get16(p + 2) << 16;
}

static uint64_t
get64(const char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* 0, or -1: cut or too long. */
static int
get_varint(struct span *s, uint64_t *v)
{
	unsigned int shift = 0;
	uint8_t c;

	for (*v = 0; s->len > 0 && shift < 64; shift += 7) {
		c = (uint8_t)*s->p++;
		s->len--;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return 0;
	}
	return -1;
}

static int
get_uint(struct span *s, uint32_t *v)
{
	uint64_t u;

	if (get_varint(s, &u) == -1 || u > UINT32_MAX)
		return -1;
	*v = (uint32_t)u;
	return 0;
}

static struct span
take(struct span *s, uint64_t n)
{
	struct span t = { s->p, (size_t)n };

	s->p += n;
	s->len -= (size_t)n;
	return t;
}

static int
get_texts(struct meta *m, struct span *s, uint32_t poollen)
{
	uint32_t have, off, len, i;
	struct span pool;

	if (get_uint(s, &have) == -1)
		return -1;
	pool = (struct span){ m->blob.p + m->blob.len - poollen, poollen };
	for (i = 0; have != 0; i++, have >>= 1) {
		if ((have & 1) == 0)
			continue;
		if (get_uint(s, &off) == -1 || get_uint(s, &len) == -1 ||
		    off > pool.len || len > pool.len - off)
			return -1;
		if (i < META_NTEXTS)	/* others are of a later writer */
			m->text[i] = (struct span){ pool.p + off, len };
	}
	return 0;
}

int
meta_open(struct meta *m, const void *p, size_t len)
{
	struct span s = { p, len };
	uint64_t t, zone;
	uint32_t flen, plen, poollen;

	memset(m, 0, sizeof(*m));
	if (len < META_FIXED || len > META_MAX || s.p[0] != META_MAGIC ||
	    s.p[1] != META_VERSION)
		return -1;
	m->blob = s;
	m->flags = get32(s.p + 2);
	m->msgid = get64(s.p + 6);
	m->inreplyto = get64(s.p + 14);
	m->subject = get64(s.p + 22);
	(void)take(&s, META_FIXED);
	if (get_uint(&s, &m->size) == -1 || get_uint(&s, &m->hdr_len) == -1 ||
	    get_varint(&s, &t) == -1 || get_varint(&s, &zone) == -1 ||
	    get_uint(&s, &m->nrefs) == -1 ||
	    get_uint(&s, &m->nfields) == -1 || get_uint(&s, &flen) == -1 ||
	    get_uint(&s, &m->nparts) == -1 || get_uint(&s, &plen) == -1 ||
	    get_uint(&s, &poollen) == -1 || poollen > s.len)
		return -1;
	m->sent.t = unzigzag(t);
	m->sent.zone = (int)unzigzag(zone);
	if (m->sent.zone < -1440 || m->sent.zone > 1440 ||
	    get_texts(m, &s, poollen) == -1)
		return -1;
	if (m->nrefs > META_MAXREFS || m->hdr_len > m->size ||
	    m->nparts > MIME_MAXPARTS || m->nparts == 0 ||
	    s.len != (uint64_t)m->nrefs * 8 + flen + plen + poollen)
		return -1;
	m->refs = take(&s, (uint64_t)m->nrefs * 8);
	m->fields = take(&s, flen);
	m->parts = take(&s, plen);
	return 0;
}

int
meta_body(const struct meta *m, struct buf *out)
{
	size_t from = out->len;

	if (imapstruct_body_from_ext(m->text[META_BODYSTRUCTURE], out) == -1) {
		buf_truncate(out, from);
		return -1;
	}
	return 0;
}

uint64_t
meta_ref(const struct meta *m, uint32_t i)
{
	return i < m->nrefs ? get64(m->refs.p + 8 * (size_t)i) : 0;
}

void
meta_field_first(const struct meta *m, struct meta_iter *it)
{
	it->left = m->fields;
	it->off = 0;
	it->n = m->nfields;
	/* never past the end of the message, whatever the lengths say */
	it->end = m->hdr_len;
}

int
meta_field_next(struct meta_iter *it, struct meta_field *f)
{
	struct span s = it->left;

	if (it->n == 0 || s.len == 0)
		return 0;
	f->id = (enum header_id)(uint8_t)*s.p;
	f->hash = 0;
	(void)take(&s, 1);
	if (f->id >= HEADER_NIDS)
		return 0;
	if (f->id == HEADER_OTHER) {
		if (s.len < 2)
			return 0;
		f->hash = (uint16_t)get16(s.p);
		(void)take(&s, 2);
	}
	if (get_uint(&s, &f->len) == -1 || f->len > it->end - it->off)
		return 0;
	f->off = it->off;
	it->off += f->len;
	it->left = s;
	it->n--;
	return 1;
}

struct part_iter {
	struct span	left;
	uint32_t	n;		/* parts that were read */
	uint32_t	off;
	uint32_t	size;
};

static void
part_first(const struct meta *m, struct part_iter *it)
{
	it->left = m->parts;
	it->n = 0;
	it->off = 0;
	it->size = m->size;
}

static int
part_next(const struct meta *m, struct part_iter *it, struct meta_part *p)
{
	struct span s = it->left;
	uint32_t off;

	if (it->n == m->nparts || get_uint(&s, &p->parent) == -1 ||
	    get_uint(&s, &p->number) == -1 || s.len < 3)
		return 0;
	p->parent--;		/* 0 is MIME_NOPARENT */
	p->class = (enum mime_class)(uint8_t)s.p[0];
	p->encoding = (enum transfer)(uint8_t)s.p[1];
	p->charset = (enum charset)(uint8_t)s.p[2];
	(void)take(&s, 3);
	if (get_uint(&s, &off) == -1 || get_uint(&s, &p->hdr_len) == -1 ||
	    get_uint(&s, &p->body_len) == -1 || get_uint(&s, &p->lines) == -1)
		return 0;
	if (p->class >= MIME_NCLASSES)
		p->class = MIME_OTHER;
	if (p->encoding > TRANSFER_UNKNOWN)
		p->encoding = TRANSFER_UNKNOWN;
	if (p->charset >= CHARSET_NIDS)
		p->charset = CHARSET_UNKNOWN;
	/* parents come first; nothing lies outside of the message */
	if ((it->n == 0) != (p->parent == MIME_NOPARENT) ||
	    (it->n > 0 && p->parent >= it->n) ||
	    off > it->size - it->off)
		return 0;
	it->off += off;
	p->hdr_off = it->off;
	if (p->hdr_len > it->size - it->off)
		return 0;
	p->body_off = it->off + p->hdr_len;
	if (p->body_len > it->size - p->body_off)
		return 0;
	it->n++;
	it->left = s;
	return 1;
}

uint32_t
meta_parts(const struct meta *m, struct meta_part *out, uint32_t max)
{
	struct part_iter it;
	uint32_t n = 0;

	part_first(m, &it);
	while (n < max && part_next(m, &it, &out[n]))
		n++;
	return n;
}

/* The child of that number, its index in *idx; 0, or -1. */
static int
find_child(const struct meta *m, uint32_t parent, uint32_t number,
    uint32_t *idx, struct meta_part *p)
{
	struct part_iter it;

	part_first(m, &it);
	while (part_next(m, &it, p)) {
		if (p->parent == parent && p->number == number) {
			*idx = it.n - 1;
			return 0;
		}
	}
	return -1;
}

/* BODYSTRUCTURE shows a multipart without parts as one of an empty text. */
static int
find_empty(const struct meta *m, uint32_t parent, uint32_t number,
    uint32_t *idx, struct meta_part *p)
{
	struct meta_part child, multipart = *p;

	if (find_child(m, parent, number, idx, p) == 0)
		return 0;
	if (number != 1 || find_child(m, parent, 1, idx, &child) == 0)
		return -1;
	*p = multipart;
	p->parent = parent;
	p->number = 1;
	p->class = MIME_TEXT_PLAIN;
	p->encoding = TRANSFER_7BIT;
	p->hdr_off = p->body_off += p->body_len;
	p->hdr_len = p->body_len = p->lines = 0;
	*idx = MIME_NOPARENT;	/* it has no children */
	return 0;
}

static int
find_part(const struct meta *m, const uint32_t *path, size_t n,
    uint32_t *idx, int *whole, struct meta_part *p)
{
	struct part_iter it;
	size_t i;

	part_first(m, &it);
	*idx = 0;
	*whole = 1;		/* p is a message, not a part of one */
	if (!part_next(m, &it, p))
		return -1;
	for (i = 0; i < n; i++) {
		if (!*whole && p->class == MIME_MESSAGE) {
			if (find_child(m, *idx, 1, idx, p) == -1)
				return -1;
			*whole = 1;
		}
		if (p->class == MIME_MULTIPART) {
			if (find_empty(m, *idx, path[i], idx, p) == -1)
				return -1;
		} else if (!*whole || path[i] != 1)
			return -1;
		*whole = 0;
	}
	return 0;
}

int
meta_part_find(const struct meta *m, const uint32_t *path, size_t n,
    struct meta_part *p)
{
	uint32_t idx;
	int whole;

	return find_part(m, path, n, &idx, &whole, p);
}

int
meta_part_message(const struct meta *m, const uint32_t *path, size_t n,
    struct meta_part *p)
{
	uint32_t idx;
	int whole;

	if (find_part(m, path, n, &idx, &whole, p) == -1)
		return -1;
	if (whole)
		return 0;
	if (p->class != MIME_MESSAGE)
		return -1;
	return find_child(m, idx, 1, &idx, p);
}

uint64_t
meta_hash(struct span s)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t i;

	for (i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.p[i]) * UINT64_C(1099511628211);
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return h == 0 ? 1 : h;
}
