/*
 * Pages: how messages travel from the store to those who read them.  A page is
 * a row of records, each for one uid, with the columns that were asked for:
 *
 *	u32 length of what follows, u32 uid, u16 columns, u16 status
 *	FLAGS	u16 flags, u64 keywords	MODSEQ	u64
 *	SIZE	u32 octets (RFC822.SIZE)
 *	DATES	i64 internal, i16 zone (minutes), i64 saved
 *	IDS	u64 emailid, u64 threadid
 *	LENS	u32 prefix, u32 meta
 *	META	u32 n, n bytes
 *	BODY	u32 whole (prefix and body), u32 off, u32 n, n bytes
 *	BRIEF0	u32 n, n bytes; n 0xffffffff: there is none
 *	BRIEF1	the same
 *
 * in this order, little endian.  The reader trusts nothing.  Needs no library:
 * everything is inline.
 */
#ifndef MSTORE_PAGE_H
#define MSTORE_PAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libutil/span.h"

/* Columns.  With none a record says only that the uid is there. */
#define MSTORE_COL_FLAGS	0x0001
#define MSTORE_COL_MODSEQ	0x0002
#define MSTORE_COL_SIZE		0x0004
#define MSTORE_COL_DATES	0x0008
#define MSTORE_COL_IDS		0x0010
#define MSTORE_COL_LENS		0x0020
#define MSTORE_COL_META		0x0040
#define MSTORE_COL_BODY		0x0080
#define MSTORE_COL_BRIEF0	0x0100	/* see mstore_brief_ops */
#define MSTORE_COL_BRIEF1	0x0200
#define MSTORE_COL_BRIEFS	0x0300
#define MSTORE_COL_ALL		0x03ff
#define MSTORE_NBRIEFS		2
#define MSTORE_NOBRIEF		0xffffffffU
/* Those that can be answered without reading the segments. */
#define MSTORE_COL_INDEX	0x003f

/* System flags (RFC 9051 2.3.2) as bits. */
#define MSTORE_SEEN		0x0001
#define MSTORE_ANSWERED		0x0002
#define MSTORE_FLAGGED		0x0004
#define MSTORE_DELETED		0x0008
#define MSTORE_DRAFT		0x0010
#define MSTORE_FLAGS_ALL	0x001f

/* status: the record could not be read (damage, EIO); no META, no BODY. */
#define MSTORE_PAGE_BAD		0x0001

#define MSTORE_PAGE_HDRLEN	12

struct mstore_msg {
	uint32_t	 uid;
	uint16_t	 cols;
	uint16_t	 status;
	uint16_t	 flags;
	uint64_t	 keywords;
	uint64_t	 modseq;
	uint32_t	 size;
	int64_t		 internaldate;
	int16_t		 zone;
	int64_t		 savedate;
	uint64_t	 emailid;
	uint64_t	 threadid;
	uint32_t	 prefixlen;
	uint32_t	 metalen;
	struct span	 meta;
	uint32_t	 whole;		/* length of prefix + body */
	uint32_t	 off;		/* of these bytes in it */
	struct span	 body;
	struct span	 brief[MSTORE_NBRIEFS];	/* p NULL: none */
};

static inline uint16_t
page_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
page_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline uint64_t
page_le64(const uint8_t *p)
{
	return page_le32(p) | (uint64_t)page_le32(p + 4) << 32;
}

/* Bytes of the columns without those of META and BODY that vary. */
static inline size_t
mstore_page_fixed(uint16_t cols)
{
	size_t	 n = 0;

	if (cols & MSTORE_COL_FLAGS)
		n += 10;
	if (cols & MSTORE_COL_MODSEQ)
		n += 8;
	if (cols & MSTORE_COL_SIZE)
		n += 4;
	if (cols & MSTORE_COL_DATES)
		n += 18;
	if (cols & MSTORE_COL_IDS)
		n += 16;
	if (cols & MSTORE_COL_LENS)
		n += 8;
	if (cols & MSTORE_COL_META)
		n += 4;
	if (cols & MSTORE_COL_BODY)
		n += 12;
	if (cols & MSTORE_COL_BRIEF0)
		n += 4;
	if (cols & MSTORE_COL_BRIEF1)
		n += 4;
	return n;
}

static inline int
mstore_page_brief(struct span *s, const uint8_t **p, size_t *left)
{
	uint32_t	 n = page_le32(*p);

	*p += 4;
	if (n == MSTORE_NOBRIEF)
		return 0;
	if (n > *left)
		return -1;
	*s = (struct span){ (const char *)*p, n };
	*p += n;
	*left -= n;
	return 0;
}

/* The columns of one record at p, left bytes: 0, or -1 malformed. */
static inline int
mstore_page_cols(struct mstore_msg *m, const uint8_t *p, size_t left)
{
	if (m->cols & ~MSTORE_COL_ALL || left < mstore_page_fixed(m->cols))
		return -1;
	left -= mstore_page_fixed(m->cols);
	if (m->cols & MSTORE_COL_FLAGS) {
		m->flags = page_le16(p);
		m->keywords = page_le64(p + 2);
		p += 10;
	}
	if (m->cols & MSTORE_COL_MODSEQ) {
		m->modseq = page_le64(p);
		p += 8;
	}
	if (m->cols & MSTORE_COL_SIZE) {
		m->size = page_le32(p);
		p += 4;
	}
	if (m->cols & MSTORE_COL_DATES) {
		m->internaldate = (int64_t)page_le64(p);
		m->zone = (int16_t)page_le16(p + 8);
		m->savedate = (int64_t)page_le64(p + 10);
		p += 18;
	}
	if (m->cols & MSTORE_COL_IDS) {
		m->emailid = page_le64(p);
		m->threadid = page_le64(p + 8);
		p += 16;
	}
	if (m->cols & MSTORE_COL_LENS) {
		m->prefixlen = page_le32(p);
		m->metalen = page_le32(p + 4);
		p += 8;
	}
	if (m->cols & MSTORE_COL_META) {
		m->meta.len = page_le32(p);
		m->meta.p = (const char *)p + 4;
		if (m->meta.len > left)
			return -1;
		left -= m->meta.len;
		p += 4 + m->meta.len;
	}
	if (m->cols & MSTORE_COL_BODY) {
		m->whole = page_le32(p);
		m->off = page_le32(p + 4);
		m->body.len = page_le32(p + 8);
		m->body.p = (const char *)p + 12;
		if (m->body.len > left || m->off > m->whole ||
		    m->body.len > m->whole - m->off)
			return -1;
		left -= m->body.len;
		p += 12 + m->body.len;
	}
	if ((m->cols & MSTORE_COL_BRIEF0 &&
	    mstore_page_brief(&m->brief[0], &p, &left) == -1) ||
	    (m->cols & MSTORE_COL_BRIEF1 &&
	    mstore_page_brief(&m->brief[1], &p, &left) == -1))
		return -1;
	return left == 0 ? 0 : -1;
}

/*
 * The record at *off of a page of len bytes; *off moves behind it.  The spans
 * point into the page.  1, 0 at the end, -1 malformed (the page is then from a
 * broken or hostile store, or cut short).
 */
static inline int
mstore_page_next(const void *page, size_t len, size_t *off,
    struct mstore_msg *m)
{
	const uint8_t	*p = (const uint8_t *)page + *off;
	size_t		 left = len - *off;
	uint32_t	 n;

	if (left == 0)
		return 0;
	if (left < MSTORE_PAGE_HDRLEN)
		return -1;
	n = page_le32(p);
	if (n < MSTORE_PAGE_HDRLEN - 4 || n > left - 4)
		return -1;
	memset(m, 0, sizeof(*m));
	m->uid = page_le32(p + 4);
	m->cols = page_le16(p + 8);
	m->status = page_le16(p + 10);
	if (m->uid == 0 || mstore_page_cols(m, p + MSTORE_PAGE_HDRLEN,
	    n - (MSTORE_PAGE_HDRLEN - 4)) == -1)
		return -1;
	*off += 4 + (size_t)n;
	return 1;
}

#endif
