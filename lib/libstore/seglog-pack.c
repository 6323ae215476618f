/* Packed segments: making one, and reading it.  See seglog.h. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "pack.h"
#include "seglog-int.h"

#define PACKBUF		(128U * 1024)
#define RUNLEN		8

struct seglog_pack {
	struct seglog	*log;
	uint32_t	 no;
	int		 fd;
	uint32_t	 next;		/* to be looked at */
	char		 name[16];
	uint8_t		*buf;
	size_t		 buflen;
	uint32_t	 at;		/* of the file, behind what is in buf */
	uint32_t	 pushed;
	struct seglog_map map;
};

/* ---- the table ---------------------------------------------------------- */

int
seglog_map_add(struct seglog_map *m, uint32_t off, uint32_t len, uint32_t at)
{
	struct seglog_run *r;
	size_t		 size;

	if (m->n > 0) {
		r = &m->runs[m->n - 1];
		if (r->off + r->len == off && r->at + r->len == at) {
			r->len += len;
			return 0;
		}
	}
	if (m->n == m->size) {
		size = m->size == 0 ? 64 : m->size * 2;
		r = reallocarray(m->runs, size, sizeof(*r));
		if (r == NULL)
			return -1;
		m->runs = r;
		m->size = size;
	}
	m->runs[m->n++] = (struct seglog_run){ off, len, at };
	return 0;
}

void
seglog_map_free(struct seglog_map *m)
{
	free(m->runs);
	memset(m, 0, sizeof(*m));
}

size_t
seglog_map_find(const struct seglog_map *m, uint32_t off)
{
	size_t	 lo = 0, hi = m->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (m->runs[mid].off + m->runs[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
file_read(struct seglog *log, int fd, void *data, size_t len, uint32_t off)
{
	uint8_t	*p = data;
	ssize_t	 n;

	while (len > 0) {
		n = log->io.pread(log->io.arg, fd, p, len, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
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

/* The table at the end of the file, if it is what the header p says. */
static int
table_read(struct seglog *log, const struct seglog_seg *s, int fd,
    const uint8_t *p, struct seglog_map *m)
{
	uint32_t	 n, i, off, len, end = SEGFILE_HDRLEN, behind = 0;
	uint8_t		*t;
	int		 ret = -1;

	if (memcmp(p, SEGFILE_MAGIC, 8) != 0 ||
	    get_le32(p + 60) != crc32c(0, p, 60) ||
	    get_le32(p + 8) != SEGFILE_PACKED || get_le32(p + 12) != s->no)
		return -1;
	n = get_le32(p + 48);
	if ((uint64_t)n * RUNLEN + 2 * SEGFILE_HDRLEN > s->size)
		return -1;
	if ((t = malloc((size_t)n * RUNLEN + 1)) == NULL)
		return -1;
	if (file_read(log, fd, t, (size_t)n * RUNLEN, s->size -
	    SEGFILE_HDRLEN - n * RUNLEN) == -1 ||
	    get_le32(p + 52) != crc32c(0, t, (size_t)n * RUNLEN))
		goto out;
	for (i = 0; i < n; i++) {
		off = get_le32(t + i * RUNLEN);
		len = get_le32(t + i * RUNLEN + 4);
		if (off < behind || len > s->size - end ||
		    seglog_map_add(m, off, len, end) == -1)
			goto out;
		behind = off + len;
		end += len;
	}
	ret = 0;
out:
	free(t);
	return ret;
}

/* How much of the record at `at' is good: what is behind it is the table. */
static uint32_t
good_len(struct seglog *log, int fd, const struct seglog_hdr *h, uint32_t at)
{
	uint32_t	 len = SEGLOG_HDRLEN;
	uint8_t		*p;
	int		 i, good = 1;

	for (i = 0; i < SEGLOG_NPARTS && good; i++) {
		if ((p = malloc((size_t)h->len[i] + 1)) == NULL)
			break;
		good = file_read(log, fd, p, h->len[i], at + len) == 0 &&
		    crc32c(0, p, h->len[i]) == h->crc[i];
		if (good)
			len += h->len[i];
		free(p);
	}
	return seglog_align(len);
}

/*
 * The table is damaged.  Each record's header says where it was, so what lies
 * between two of them is the first one's.
 */
static int
table_make(struct seglog *log, const struct seglog_seg *s, int fd,
    struct seglog_map *m)
{
	struct seglog_pos pos, last = { 0, 0 };
	struct seglog_hdr h, last_hdr = { 0 };
	uint8_t		 p[SEGLOG_HDRLEN];
	uint32_t	 at, last_at = 0;

	for (at = SEGFILE_HDRLEN; at + SEGLOG_HDRLEN <= s->size; at += 8) {
		if (file_read(log, fd, p, sizeof(p), at) == -1)
			continue;
		pos = seglog_key_pos(log, get_le64(p));
		if (pos.seg != s->no || pos.off <= last.off ||
		    seglog_hdr_get(log, pos, p, &h) == -1)
			continue;
		if (last_at != 0 && seglog_map_add(m, last.off, at - last_at,
		    last_at) == -1)
			return -1;
		last = pos;
		last_hdr = h;
		last_at = at;
	}
	if (last_at == 0)
		return 0;
	if (log->report != NULL)
		log->report(log->report_arg, (struct seglog_pos){ s->no, 0 },
		    (struct seglog_pos){ s->no, SEGFILE_HDRLEN }, 0);
	return seglog_map_add(m, last.off, good_len(log, fd, &last_hdr,
	    last_at), last_at);
}

int
seglog_map_load(struct seglog *log, const struct seglog_seg *s, int fd,
    struct seglog_map *m)
{
	uint8_t	 p[SEGFILE_HDRLEN];
	int	 i;

	for (i = 0; i < 2; i++) {
		/* The header, then its second at the end. */
		if (file_read(log, fd, p, sizeof(p), i == 0 ? 0 :
		    s->size - SEGFILE_HDRLEN) == -1)
			continue;
		if (seglog_map_add(m, 0, SEGFILE_HDRLEN, 0) == 0 &&
		    table_read(log, s, fd, p, m) == 0)
			return 0;
		seglog_map_free(m);
	}
	if (table_make(log, s, fd, m) == 0)
		return 0;
	seglog_map_free(m);
	errno = ENOMEM;
	return -1;
}

/* ---- reading ------------------------------------------------------------ */

int
seglog_kept(struct seglog *log, const struct seglog_seg *s, uint32_t *off)
{
	struct seglog_fd *f;
	size_t		 i;

	if ((f = seglog_fd(log, s->no)) == NULL)
		return 1;	/* the read itself will tell */
	if ((i = seglog_map_find(&f->map, *off)) == f->map.n)
		return 0;
	if (f->map.runs[i].off > *off)
		*off = f->map.runs[i].off;
	return 1;
}

ssize_t
seglog_pread(struct seglog *log, const struct seglog_seg *s, void *p,
    size_t len, uint32_t off)
{
	const struct seglog_run *r;
	struct seglog_fd *f = NULL;
	uint32_t	 at = off;
	size_t		 i;
	ssize_t		 n;
	int		 fd = log->fd;

	if (s->no != log->seg || fd == -1) {
		if ((f = seglog_fd(log, s->no)) == NULL)
			return -1;
		fd = f->fd;
	}
	if (s->packed && f != NULL) {
		if (off >= s->used)
			return 0;
		if (len > s->used - off)
			len = s->used - off;
		i = seglog_map_find(&f->map, off);
		r = &f->map.runs[i];
		if (i == f->map.n || r->off > off) {
			/* Left out: zeros up to the next run. */
			if (i < f->map.n && len > r->off - off)
				len = r->off - off;
			memset(p, 0, len);
			return (ssize_t)len;
		}
		at = r->at + (off - r->off);
		if (len > r->len - (off - r->off))
			len = r->len - (off - r->off);
	}
	do
		n = log->io.pread(log->io.arg, fd, p, len, (off_t)at);
	while (n == -1 && errno == EINTR);
	return n;
}

int
seglog_nparts(struct seglog *log, const struct seglog_hdr *h)
{
	const struct seglog_seg *s = seglog_seg_find(log, h->pos.seg);
	const struct seglog_run *r;
	struct seglog_fd *f;
	uint64_t	 end = (uint64_t)h->pos.off + SEGLOG_HDRLEN;
	size_t		 i;
	int		 n;

	if (s == NULL || !s->packed || (f = seglog_fd(log, s->no)) == NULL ||
	    (i = seglog_map_find(&f->map, h->pos.off)) == f->map.n)
		return SEGLOG_NPARTS;
	r = &f->map.runs[i];
	for (n = 0; n < SEGLOG_NPARTS; n++) {
		end += h->len[n];
		if (end > (uint64_t)r->off + r->len)
			break;
	}
	return n;
}

int
seglog_packed(const struct seglog *log, uint32_t no, uint32_t *note)
{
	const struct seglog_seg *s = seglog_seg_find(log, no);

	if (s == NULL || !s->packed)
		return 0;
	*note = s->note;
	return 1;
}

/* ---- making ------------------------------------------------------------- */

int
seglog_pack_possible(const struct seglog *log, uint32_t no)
{
	const struct seglog_seg *s = seglog_seg_find(log, no);

	/* The tail is walked at open, and may be cut. */
	return s != NULL && !s->damaged && log->pack == NULL &&
	    !log->poisoned && no < log->start.seg && no < log->prev.seg;
}

int
seglog_pack_begin(struct seglog *log, uint32_t no, struct seglog_pack **out)
{
	struct seglog_pack *pk;

	if (!seglog_pack_possible(log, no)) {
		errno = EBUSY;
		return -1;
	}
	if ((pk = calloc(1, sizeof(*pk))) == NULL)
		return -1;
	pk->log = log;
	pk->no = no;
	pk->at = pk->next = SEGFILE_HDRLEN;
	log->pack = pk;
	snprintf(pk->name, sizeof(pk->name), "%08u.new", no);
	pk->buf = malloc(PACKBUF);
	pk->fd = log->io.open(log->io.arg, log->dirfd, pk->name,
	    O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (pk->buf == NULL || pk->fd == -1) {
		seglog_pack_abort(pk);
		return -1;
	}
	*out = pk;
	return 0;
}

int
seglog_pack_next(struct seglog_pack *pk, struct seglog_hdr *h)
{
	struct seglog	*log = pk->log;
	struct seglog_seg *s = seglog_seg_find(log, pk->no);
	uint32_t	 off;
	int		 r;

	if (s == NULL || (s->packed && seglog_kept(log, s, &pk->next) == 0))
		return 0;
	off = pk->next;
	if ((r = seglog_scan(log, pk->no, &off, s->used, h)) == -1)
		return -1;
	if (r == 0 && seglog_all_zero(log, pk->no, pk->next, s->used))
		return 0;
	if (r == 0 || off != pk->next) {
		s->damaged = 1;
		errno = EBADMSG;
		return -1;
	}
	pk->next = seglog_after(h).off;
	return 1;
}

static int
pack_write(struct seglog_pack *pk, const void *data, size_t len, uint32_t off)
{
	struct seglog	*log = pk->log;
	const uint8_t	*p = data;
	ssize_t		 n;

	while (len > 0) {
		n = log->io.pwrite(log->io.arg, pk->fd, p, len, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return -1;
		}
		p += n;
		len -= (size_t)n;
		off += (uint32_t)n;
	}
	return 0;
}

static int
pack_spill(struct seglog_pack *pk)
{
	if (pk->buflen > 0 && pack_write(pk, pk->buf, pk->buflen, pk->at -
	    (uint32_t)pk->buflen) == -1)
		return -1;
	pk->buflen = 0;
	return 0;
}

int
seglog_pack_keep(struct seglog_pack *pk, const struct seglog_hdr *h,
    int nparts)
{
	uint64_t	 len = SEGLOG_HDRLEN;
	uint32_t	 off = h->pos.off, n;
	int		 i, have;

	/* No more than what an earlier packing left. */
	if ((have = seglog_nparts(pk->log, h)) < nparts)
		nparts = have;
	for (i = 0; i < nparts; i++)
		len += h->len[i];
	/* Records begin at multiples of 8 in this file too. */
	len = seglog_align(len);
	if (seglog_map_add(&pk->map, off, (uint32_t)len, pk->at) == -1)
		return -1;
	while (len > 0) {
		if (pk->buflen == PACKBUF && pack_spill(pk) == -1)
			return -1;
		n = PACKBUF - (uint32_t)pk->buflen;
		if (n > len)
			n = (uint32_t)len;
		if (seglog_raw(pk->log, pk->no, off, pk->buf + pk->buflen,
		    n) == -1)
			return -1;
		pk->buflen += n;
		pk->at += n;
		off += n;
		len -= n;
	}
	return 0;
}

uint32_t
seglog_pack_pending(const struct seglog_pack *pk)
{
	return pk->at - pk->pushed;
}

int
seglog_pack_push(struct seglog_pack *pk)
{
	struct seglog	*log = pk->log;

	if (pack_spill(pk) == -1)
		return -1;
	log->io.writeback(log->io.arg, pk->fd, (off_t)pk->pushed,
	    (off_t)(pk->at - pk->pushed));
	pk->pushed = pk->at;
	return 0;
}

/* The table and both headers. */
static int
pack_finish(struct seglog_pack *pk, uint32_t note)
{
	struct seglog	*log = pk->log;
	const struct seglog_seg *s = seglog_seg_find(log, pk->no);
	uint8_t		 p[SEGFILE_HDRLEN], *t;
	size_t		 i, len = pk->map.n * RUNLEN;
	int		 ret;

	if (pack_spill(pk) == -1 ||
	    seglog_raw(log, pk->no, 0, p, sizeof(p)) == -1)
		return -1;
	if ((t = malloc(len + 1)) == NULL)
		return -1;
	for (i = 0; i < pk->map.n; i++) {
		put_le32(t + i * RUNLEN, pk->map.runs[i].off);
		put_le32(t + i * RUNLEN + 4, pk->map.runs[i].len);
	}
	/* Batch and start stay: they are what the file was made with. */
	put_le32(p + 8, SEGFILE_PACKED);
	put_le32(p + 40, crc32c(0, p, 40));
	put_le32(p + 44, s->used);
	put_le32(p + 48, (uint32_t)pk->map.n);
	put_le32(p + 52, crc32c(0, t, len));
	put_le32(p + 56, note);
	put_le32(p + 60, crc32c(0, p, 60));
	ret = pack_write(pk, t, len, pk->at);
	if (ret == 0)
		ret = pack_write(pk, p, sizeof(p), pk->at + (uint32_t)len);
	if (ret == 0)
		ret = pack_write(pk, p, sizeof(p), 0);
	free(t);
	return ret;
}

int
seglog_pack_end(struct seglog_pack *pk, uint32_t note)
{
	struct seglog	*log = pk->log;
	struct seglog_seg *s = seglog_seg_find(log, pk->no);
	char		 name[16];

	seglog_filename(pk->no, name);
	if (s == NULL || pack_finish(pk, note) == -1 ||
	    log->io.fsync(log->io.arg, pk->fd) == -1 ||
	    log->io.rename(log->io.arg, log->dirfd, pk->name, name) == -1) {
		seglog_pack_abort(pk);
		return -1;
	}
	/* The directory is not flushed: a power cut may bring the old one
	 * back, which is as good. */
	s->packed = 1;
	s->note = note;
	s->size = pk->at + (uint32_t)(pk->map.n * RUNLEN) + SEGFILE_HDRLEN;
	seglog_fd_drop(log, pk->no);
	pk->name[0] = '\0';
	seglog_pack_abort(pk);
	return 0;
}

void
seglog_pack_abort(struct seglog_pack *pk)
{
	struct seglog	*log;
	int		 saved = errno;

	if (pk == NULL)
		return;
	log = pk->log;
	if (pk->fd != -1) {
		log->io.close(log->io.arg, pk->fd);
		if (pk->name[0] != '\0')
			log->io.unlink(log->io.arg, log->dirfd, pk->name);
	}
	seglog_map_free(&pk->map);
	free(pk->buf);
	free(pk);
	log->pack = NULL;
	errno = saved;
}
