/*
 * The form of the meta blob; little endian, v: varint of 7 bits a byte.
 *
 *	u8 'm', u8 version, u32 flags,
 *	u64 msgid, u64 inreplyto, u64 subject
 *	v size, v hdr_len
 *	v sent.t (zigzag), v sent.zone (zigzag)
 *	v nrefs, v nfields, v fields length, v nparts, v parts length,
 *	v pool length
 *	v which texts are there (bit n: META_n); of each: v offset in pool,
 *	    v length; texts may overlap, since many are part of another
 *	nrefs * u64, fields, parts, pool
 *
 * A field: u8 id, if HEADER_OTHER u16 hash, v length.
 * A part: v parent + 1, v number, u8 class, u8 encoding, u8 charset,
 *	v hdr_off less that of the part before, v hdr_len, v body_len, v lines.
 */
#ifndef META_INT_H
#define META_INT_H

#include <stdint.h>

#define META_MAGIC	'm'
#define META_FIXED	(2 + 4 + 3 * 8)
#define META_MAXREFS	200
#define META_MAXFIELDS	2000

static inline uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
