/*
 * The forms, little endian:
 *
 *	search	u32 flags, i64 sent, i16 zone, u8 which texts (bit n), of each
 *		u16 length, then their bytes
 *	fields	u8 n omitted (255: all), u16 n fields, n * u16 hash, of each
 *		field u8 id, u16 length, then their bytes
 */
#include <string.h>

#include "libmail/brief.h"

#define SEARCH_FIXED	15
#define FIELDS_FIXED	3
#define FIELDS_ALL	255	/* omitted */
#define FIELDS_MAX	200
#define FIELDS_ROOM	4096	/* bytes of fields */
#define FIELD_OTHER	512	/* of one whose name is not known here */

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}

/* ---- what SEARCH looks into --------------------------------------------- */

int
brief_search_put(const struct meta *m, struct buf *out)
{
	uint64_t	 t = (uint64_t)m->sent.t;
	struct span	 s;
	uint32_t	 i, have = 0;
	size_t		 len = SEARCH_FIXED;
	uint8_t		*p, *n;

	for (i = 0; i < BRIEF_NTEXTS; i++) {
		s = m->text[META_SUBJECT + i];
		if (s.p == NULL)
			continue;
		/* No writer makes them that long: a hostile one would. */
		len += 2 + (s.len > META_TEXTMAX ? META_TEXTMAX : s.len);
		have |= 1U << i;
	}
	if ((p = buf_reserve(out, len)) == NULL)
		return -1;
	put32(p, m->flags);
	put32(p + 4, (uint32_t)t);
	put32(p + 8, (uint32_t)(t >> 32));
	put16(p + 12, (uint32_t)m->sent.zone & 0xffff);
	p[14] = (uint8_t)have;
	n = p + SEARCH_FIXED;
	p = n + 2 * (size_t)__builtin_popcount(have);
	for (i = 0; i < BRIEF_NTEXTS; i++) {
		s = m->text[META_SUBJECT + i];
		if (s.p == NULL)
			continue;
		if (s.len > META_TEXTMAX)
			s.len = META_TEXTMAX;
		put16(n, (uint32_t)s.len);
		memcpy(p, s.p, s.len);
		n += 2;
		p += s.len;
	}
	buf_commit(out, len);
	return 0;
}

int
brief_search_open(struct brief_search *b, const void *data, size_t len)
{
	const uint8_t	*p = data, *n;
	uint32_t	 i, have, l;
	size_t		 left;

	if (len < SEARCH_FIXED || p[14] >> BRIEF_NTEXTS != 0)
		return -1;
	memset(b, 0, sizeof(*b));
	b->flags = get32(p);
	b->sent.t = (int64_t)(get32(p + 4) | (uint64_t)get32(p + 8) << 32);
	b->sent.zone = (int16_t)get16(p + 12);
	if (b->sent.zone < -1440 || b->sent.zone > 1440)
		return -1;
	have = p[14];
	n = p + SEARCH_FIXED;
	left = 2 * (size_t)__builtin_popcount(have);
	if (len - SEARCH_FIXED < left)
		return -1;
	p = n + left;
	left = len - SEARCH_FIXED - left;
	for (i = 0; i < BRIEF_NTEXTS; i++) {
		if (!(have >> i & 1))
			continue;
		if ((l = get16(n)) > left)
			return -1;
		b->text[i] = (struct span){ (const char *)p, l };
		n += 2;
		p += l;
		left -= l;
	}
	return left == 0 ? 0 : -1;
}

/* ---- fields ------------------------------------------------------------- */

/* What servers write on the way, long and seldom looked at. */
static int
is_trace(enum header_id id)
{
	return id == HEADER_RECEIVED || (id >= HEADER_DKIM_SIGNATURE &&
	    id <= HEADER_RECEIVED_SPF);
}

int
brief_fields_never(struct span name)
{
	return is_trace(header_id(name));
}

static int
is_kept(const struct meta_field *f, size_t room)
{
	if (is_trace(f->id) || f->len > room)
		return 0;
	return f->id != HEADER_OTHER || f->len <= FIELD_OTHER;
}

struct fields {
	uint8_t		 omitted[2 * FIELDS_ALL];
	uint8_t		 ids[3 * FIELDS_MAX];
	uint32_t	 nomitted, nfields;
	size_t		 bytes;
};

/* Once for each name. */
static void
omit(struct fields *s, const struct meta_field *f)
{
	uint32_t	 i, hash = f->hash;

	if (f->id != HEADER_OTHER)
		hash = header_name_hash(header_name(f->id)) & 0xffff;
	for (i = 0; i < s->nomitted; i++) {
		if (get16(s->omitted + 2 * (size_t)i) == hash)
			return;
	}
	if (s->nomitted < FIELDS_ALL)
		put16(s->omitted + 2 * (size_t)s->nomitted++, hash);
}

/* Which are kept, and how many bytes these are. */
static void
choose(struct fields *s, const struct meta *m, size_t len)
{
	struct meta_iter	 it;
	struct meta_field	 f;
	uint8_t			*p;

	meta_field_first(m, &it);
	while (meta_field_next(&it, &f)) {
		if (f.id == HEADER_JUNK)
			continue;
		if (f.len > len || f.off > len - f.len ||
		    s->nfields == FIELDS_MAX ||
		    !is_kept(&f, FIELDS_ROOM - s->bytes)) {
			omit(s, &f);
			continue;
		}
		p = s->ids + 3 * (size_t)s->nfields++;
		p[0] = (uint8_t)f.id;
		put16(p + 1, f.len);
		s->bytes += f.len;
	}
	if (m->flags & META_F_FIELDS_CUT)
		s->nomitted = FIELDS_ALL;
	if (s->nomitted == FIELDS_ALL)
		s->nfields = 0, s->bytes = 0;
}

int
brief_fields_put(const struct meta *m, struct span header, struct buf *out)
{
	struct meta_iter	 it;
	struct meta_field	 f;
	struct fields		 s;
	uint32_t		 n = 0;
	size_t			 hashes, len;
	uint8_t			*p;

	s.nomitted = s.nfields = 0;
	s.bytes = 0;
	choose(&s, m, header.len);
	hashes = s.nomitted == FIELDS_ALL ? 0 : 2 * (size_t)s.nomitted;
	len = FIELDS_FIXED + hashes + 3 * (size_t)s.nfields + s.bytes;
	if ((p = buf_reserve(out, len)) == NULL)
		return -1;
	p[0] = (uint8_t)s.nomitted;
	put16(p + 1, s.nfields);
	p += FIELDS_FIXED;
	memcpy(p, s.omitted, hashes);
	p += hashes;
	memcpy(p, s.ids, 3 * (size_t)s.nfields);
	p += 3 * (size_t)s.nfields;
	/* The same walk once more: the n-th that was kept is known by its id
	 * and length, and those that were not are stepped over. */
	s.bytes = 0;
	meta_field_first(m, &it);
	while (n < s.nfields && meta_field_next(&it, &f)) {
		if (f.id == HEADER_JUNK || f.len > header.len ||
		    f.off > header.len - f.len ||
		    !is_kept(&f, FIELDS_ROOM - s.bytes))
			continue;
		memcpy(p + s.bytes, header.p + f.off, f.len);
		s.bytes += f.len;
		n++;
	}
	buf_commit(out, len);
	return 0;
}

int
brief_fields_open(struct brief_fields *b, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 sum = 0, fixed;
	uint32_t	 i;

	memset(b, 0, sizeof(*b));
	if (len < FIELDS_FIXED)
		return -1;
	b->none = p[0] == FIELDS_ALL;
	b->nomitted = b->none ? 0 : p[0];
	b->left = get16(p + 1);
	b->omitted = p + FIELDS_FIXED;
	b->field = b->omitted + 2 * (size_t)b->nomitted;
	fixed = FIELDS_FIXED + 2 * (size_t)b->nomitted + 3 * (size_t)b->left;
	if (fixed > len)
		return -1;
	for (i = 0; i < b->left; i++)
		sum += get16(b->field + 3 * (size_t)i + 1);
	if (sum != len - fixed)
		return -1;
	b->raw = (struct span){ (const char *)p + fixed, sum };
	return 0;
}

int
brief_fields_lacks(const struct brief_fields *b, uint32_t hash)
{
	uint32_t	 i;

	if (b->none)
		return 1;
	for (i = 0; i < b->nomitted; i++) {
		if (get16(b->omitted + 2 * (size_t)i) == (hash & 0xffff))
			return 1;
	}
	return 0;
}

int
brief_fields_next(struct brief_fields *b, enum header_id *id,
    struct span *raw)
{
	size_t	 len;

	if (b->left == 0)
		return 0;
	len = get16(b->field + 1);
	*id = b->field[0] < HEADER_NIDS ? (enum header_id)b->field[0] :
	    HEADER_OTHER;
	*raw = (struct span){ b->raw.p, len };
	b->raw.p += len;
	b->raw.len -= len;
	b->field += 3;
	b->left--;
	return 1;
}
