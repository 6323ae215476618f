/* Reading the segment log. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "pack.h"
#include "seglog-int.h"

static int
read_file(struct seglog *log, uint32_t seg, uint32_t off, uint8_t *p,
    size_t len)
{
	const struct seglog_seg *s;
	ssize_t	 n;

	if ((s = seglog_seg_find(log, seg)) == NULL) {
		errno = ENOENT;
		return -1;
	}
	while (len > 0) {
		n = seglog_pread(log, s, p, len, off);
		if (n <= 0) {
			if (n == 0)
				errno = EBADMSG;
			return -1;
		}
		p += n;
		len -= (size_t)n;
		off += (uint32_t)n;
	}
	return 0;
}

int
seglog_raw(struct seglog *log, uint32_t seg, uint32_t off, void *data,
    size_t len)
{
	uint8_t	*p = data;
	size_t	 n;

	if (seg == log->seg && off + len > log->base && log->buflen > 0) {
		if (off + len > log->base + log->buflen) {
			errno = EBADMSG;
			return -1;
		}
		if (off < log->base) {
			n = log->base - off;
			if (read_file(log, seg, off, p, n) == -1)
				return -1;
			p += n;
			off += (uint32_t)n;
			len -= n;
		}
		memcpy(p, log->buf + (off - log->base), len);
		return 0;
	}
	return read_file(log, seg, off, p, len);
}

int
seglog_read_hdr(struct seglog *log, struct seglog_pos pos,
    struct seglog_hdr *h)
{
	uint8_t	 p[SEGLOG_HDRLEN];

	if (seglog_raw(log, pos.seg, pos.off, p, sizeof(p)) == -1)
		return -1;
	if (seglog_hdr_get(log, pos, p, h) == -1) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* Where part n begins, counted from the header. */
static uint32_t
part_off(const struct seglog_hdr *h, int n)
{
	uint32_t	 off = SEGLOG_HDRLEN;
	int		 i;

	for (i = 0; i < n; i++)
		off += h->len[i];
	return off;
}

int
seglog_read_part(struct seglog *log, const struct seglog_hdr *h, int n,
    struct buf *b)
{
	uint8_t	*p;

	if (h->len[n] == 0)
		return 0;
	if ((p = buf_reserve(b, h->len[n])) == NULL)
		return -1;
	if (seglog_raw(log, h->pos.seg, h->pos.off + part_off(h, n), p,
	    h->len[n]) == -1)
		return -1;
	if (crc32c(0, p, h->len[n]) != h->crc[n]) {
		errno = EBADMSG;
		return -1;
	}
	buf_commit(b, h->len[n]);
	return 0;
}

/* As much of len as there is: the end of the log may come before it. */
static ssize_t
raw_some(struct seglog *log, struct seglog_pos pos, uint8_t *p, size_t len)
{
	const struct seglog_seg *s;
	size_t	 end;

	if (pos.seg == log->seg && log->buflen > 0 &&
	    pos.off + len > log->base) {
		end = log->base + log->buflen;
		if (pos.off >= end) {
			errno = EBADMSG;
			return -1;
		}
		if (len > end - pos.off)
			len = end - pos.off;
		return seglog_raw(log, pos.seg, pos.off, p, len) == -1 ? -1 :
		    (ssize_t)len;
	}
	if ((s = seglog_seg_find(log, pos.seg)) == NULL) {
		errno = ENOENT;
		return -1;
	}
	return seglog_pread(log, s, p, len, pos.off);
}

int
seglog_read(struct seglog *log, struct seglog_pos pos, size_t guess, int n,
    struct seglog_hdr *h, struct buf *b)
{
	uint8_t	*p;
	size_t	 want;
	ssize_t	 got;
	int	 i;

	want = guess > SEGLOG_HDRLEN ? guess : 1024;
	if ((p = buf_reserve(b, want)) == NULL)
		return -1;
	if ((got = raw_some(log, pos, p, want)) == -1)
		return -1;
	if (got < SEGLOG_HDRLEN || seglog_hdr_get(log, pos, p, h) == -1) {
		errno = EBADMSG;
		return -1;
	}
	want = part_off(h, n) + h->len[n];
	/* What else was read of the next part is kept. */
	if (n + 1 < SEGLOG_NPARTS && want < (size_t)got)
		want = (size_t)got - want < h->len[n + 1] ? (size_t)got :
		    want + h->len[n + 1];
	if (want > (size_t)got) {
		if ((p = buf_reserve(b, want)) == NULL)
			return -1;
		if (seglog_raw(log, pos.seg, pos.off, p, want) == -1)
			return -1;
	}
	for (i = 0; i <= n; i++) {
		if (crc32c(0, p + part_off(h, i), h->len[i]) != h->crc[i]) {
			errno = EBADMSG;
			return -1;
		}
	}
	memmove(p, p + SEGLOG_HDRLEN, want - SEGLOG_HDRLEN);
	buf_commit(b, want - SEGLOG_HDRLEN);
	return 0;
}

int
seglog_read_range(struct seglog *log, const struct seglog_hdr *h, int n,
    uint32_t off, void *p, size_t len)
{
	return seglog_raw(log, h->pos.seg, h->pos.off + part_off(h, n) + off,
	    p, len);
}

int
seglog_verify(struct seglog *log, const struct seglog_hdr *h)
{
	uint8_t		*tmp;
	uint32_t	 crc, off, n;
	int		 i, nparts = seglog_nparts(log, h);

	if ((tmp = malloc(64 * 1024)) == NULL)
		return -1;
	for (i = 0; i < nparts; i++) {
		crc = 0;
		for (off = 0; off < h->len[i]; off += n) {
			n = h->len[i] - off;
			if (n > 64 * 1024)
				n = 64 * 1024;
			if (seglog_read_range(log, h, i, off, tmp, n) == -1)
				goto bad;
			crc = crc32c(crc, tmp, n);
		}
		if (crc != h->crc[i]) {
			errno = EBADMSG;
			goto bad;
		}
	}
	free(tmp);
	return 0;
bad:
	free(tmp);
	return -1;
}

/* Is there a header at off?  It must end, with its record, by the limit. */
static int
hdr_at(struct seglog *log, uint32_t seg, uint32_t off, uint32_t limit,
    const uint8_t *p, struct seglog_hdr *h)
{
	struct seglog_pos pos = { seg, off };

	return seglog_hdr_get(log, pos, p, h) == 0 &&
	    off + seglog_reclen(h) <= (uint64_t)limit + 7;
}

int
seglog_scan(struct seglog *log, uint32_t seg, uint32_t *off, uint32_t limit,
    struct seglog_hdr *h)
{
	const struct seglog_seg *s = seglog_seg_find(log, seg);
	struct seglog_pos pos = { seg, 0 };
	uint8_t		 hdr[SEGLOG_HDRLEN], *tmp;
	uint32_t	 at = *off, n, i;
	int		 ret = 0;

	if (s != NULL && s->packed && seglog_kept(log, s, &at) == 0)
		return 0;
	if ((uint64_t)at + SEGLOG_HDRLEN > limit)
		return 0;
	if (seglog_raw(log, seg, at, hdr, sizeof(hdr)) == 0 &&
	    hdr_at(log, seg, at, limit, hdr, h)) {
		*off = at;
		return 1;
	}
	/* Not here: look for the key of each place that a record may be at. */
	if ((tmp = malloc(64 * 1024)) == NULL)
		return -1;
	for (at = seglog_align(at) + 8; (uint64_t)at + SEGLOG_HDRLEN <= limit;
	    at += n - (SEGLOG_HDRLEN - 8)) {
		n = limit - at < 64 * 1024 ? (limit - at) & ~7U : 64 * 1024;
		if (seglog_raw(log, seg, at, tmp, n) == -1) {
			/* An unreadable stretch is damage like another. */
			if (errno != EIO && errno != EBADMSG) {
				ret = -1;
				break;
			}
			memset(tmp, 0, n);
		}
		for (i = 0; i + SEGLOG_HDRLEN <= n; i += 8) {
			pos.off = at + i;
			if (get_le64(tmp + i) == seglog_key(log, pos) &&
			    hdr_at(log, seg, at + i, limit, tmp + i, h)) {
				*off = at + i;
				ret = 1;
				goto out;
			}
		}
	}
out:
	free(tmp);
	return ret;
}

int
seglog_all_zero(struct seglog *log, uint32_t seg, uint32_t off, uint32_t limit)
{
	uint8_t		 tmp[4096];
	uint32_t	 n, i;

	while (off < limit) {
		n = limit - off < sizeof(tmp) ? limit - off :
		    (uint32_t)sizeof(tmp);
		if (seglog_raw(log, seg, off, tmp, n) == -1)
			return 0;
		for (i = 0; i < n; i++)
			if (tmp[i] != 0)
				return 0;
		off += n;
	}
	return 1;
}

int
seglog_next(struct seglog *log, struct seglog_pos *pos, struct seglog_hdr *h)
{
	const struct seglog_seg *s;
	struct seglog_pos to;
	uint32_t	 limit, off, from;
	int		 r;

	for (;;) {
		if ((s = seglog_seg_from(log, pos->seg)) == NULL ||
		    s->no > log->start.seg)
			return 0;
		if (s->no != pos->seg || pos->off < SEGFILE_HDRLEN)
			*pos = (struct seglog_pos){ s->no, SEGFILE_HDRLEN };
		limit = s->no == log->start.seg ? log->start.off : s->used;
		from = off = pos->off;
		if (s->packed && seglog_kept(log, s, &from) == 0)
			from = limit;
		if ((r = seglog_scan(log, s->no, &off, limit, h)) == -1)
			return -1;
		if (r == 0)
			off = limit;
		if (off > from && log->report != NULL && (r == 1 ||
		    !seglog_all_zero(log, s->no, from, limit))) {
			*pos = (struct seglog_pos){ s->no, from };
			to = (struct seglog_pos){ s->no, off };
			log->report(log->report_arg, *pos, to, 0);
		}
		if (r == 1) {
			*pos = seglog_after(h);
			return 1;
		}
		if (s->no == log->start.seg) {
			*pos = log->start;
			return 0;
		}
		*pos = (struct seglog_pos){ s->no + 1, SEGFILE_HDRLEN };
	}
}
