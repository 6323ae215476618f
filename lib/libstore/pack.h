/*
 * Little-endian numbers in records and values, big-endian ones in keys (which
 * compare as bytes).  The reader never runs past its end: after the first
 * field that is not there, bad is set and everything reads as zero.
 */
#ifndef PACK_H
#define PACK_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libutil/buf.h"
#include "libutil/span.h"

static inline void
put_le16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
put_le32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
put_le64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
put_be32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
put_be64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t
get_le16(const uint8_t *p)
{
	uint16_t	 v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t
get_le32(const uint8_t *p)
{
	uint32_t	 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t
get_le64(const uint8_t *p)
{
	uint64_t	 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint32_t
get_be32(const uint8_t *p)
{
	uint32_t	 v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t
get_be64(const uint8_t *p)
{
	uint64_t	 v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* Writers: 0 or -1, as buf_add; callers may add up the answers with |. */
static inline int
pack_u8(struct buf *b, uint8_t v)
{
	return buf_add(b, &v, 1);
}

static inline int
pack_u16(struct buf *b, uint16_t v)
{
	v = htole16(v);
	return buf_add(b, &v, sizeof(v));
}

static inline int
pack_u32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	return buf_add(b, &v, sizeof(v));
}

static inline int
pack_u64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	return buf_add(b, &v, sizeof(v));
}

/* A string with its length before it. */
static inline int
pack_str(struct buf *b, struct span s)
{
	return pack_u16(b, (uint16_t)s.len) | buf_add(b, s.p, s.len);
}

struct unpack {
	const uint8_t	*p;
	size_t		 left;
	int		 bad;
};

static inline const uint8_t *
unpack_bytes(struct unpack *u, size_t n)
{
	const uint8_t	*p = u->p;

	if (u->bad || n > u->left) {
		u->bad = 1;
		return NULL;
	}
	u->p += n;
	u->left -= n;
	return p;
}

static inline uint8_t
unpack_u8(struct unpack *u)
{
	const uint8_t	*p = unpack_bytes(u, 1);

	return p == NULL ? 0 : *p;
}

static inline uint16_t
unpack_u16(struct unpack *u)
{
	const uint8_t	*p = unpack_bytes(u, 2);

	return p == NULL ? 0 : get_le16(p);
}

static inline uint32_t
unpack_u32(struct unpack *u)
{
	const uint8_t	*p = unpack_bytes(u, 4);

	return p == NULL ? 0 : get_le32(p);
}

static inline uint64_t
unpack_u64(struct unpack *u)
{
	const uint8_t	*p = unpack_bytes(u, 8);

	return p == NULL ? 0 : get_le64(p);
}

static inline struct span
unpack_str(struct unpack *u, size_t max)
{
	size_t		 n = unpack_u16(u);
	const uint8_t	*p;

	if (n > max)
		u->bad = 1;
	p = unpack_bytes(u, n);
	return p == NULL ? SPAN_NONE : (struct span){ (const char *)p, n };
}

#endif
