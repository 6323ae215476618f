/* Segment files: names, headers, making and cutting them. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "pack.h"
#include "seglog-int.h"

static int
sys_open(void *arg, int dirfd, const char *name, int flags, mode_t mode)
{
	return openat(dirfd, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

static ssize_t
sys_pread(void *arg, int fd, void *p, size_t n, off_t off)
{
	return pread(fd, p, n, off);
}

static ssize_t
sys_pwrite(void *arg, int fd, const void *p, size_t n, off_t off)
{
	return pwrite(fd, p, n, off);
}

static int
sys_fdatasync(void *arg, int fd)
{
	return fdatasync(fd);
}

static int
sys_fsync(void *arg, int fd)
{
	return fsync(fd);
}

static int
sys_allocate(void *arg, int fd, off_t len)
{
	int	 e;

	/* Not posix_fallocate's slow way of writing zeros, where it has one:
	 * then the file grows as it is written, which also works. */
	e = posix_fallocate(fd, 0, len);
	if (e != 0) {
		errno = e;
		return -1;
	}
	return 0;
}

static int
sys_truncate(void *arg, int fd, off_t len)
{
	return ftruncate(fd, len);
}

static int
sys_unlink(void *arg, int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0);
}

static int
sys_close(void *arg, int fd)
{
	return close(fd);
}

static int
sys_rename(void *arg, int dirfd, const char *from, const char *to)
{
	return renameat(dirfd, from, dirfd, to);
}

#ifndef SYNC_FILE_RANGE_WRITE	/* Linux */
#define SYNC_FILE_RANGE_WRITE		0
#define sync_file_range(fd, off, len, flags)	0
#endif

static void
sys_writeback(void *arg, int fd, off_t off, off_t len)
{
	(void)sync_file_range(fd, off, len, SYNC_FILE_RANGE_WRITE);
}

const struct seglog_io seglog_io_system = {
	NULL, sys_open, sys_pread, sys_pwrite, sys_fdatasync, sys_fsync,
	sys_allocate, sys_truncate, sys_unlink, sys_close, sys_rename,
	sys_writeback
};

#define KEY_FACTOR	0x9e3779b97f4a7c15ULL
#define KEY_INVERSE	0xf1de83e19937733dULL	/* modulo 2^64 */

uint64_t
seglog_key(const struct seglog *log, struct seglog_pos pos)
{
	uint64_t	 x = (uint64_t)pos.seg << 32 | pos.off;

	/* Spread the position over all bits (an odd constant is enough: the
	 * secret is the id). */
	return log->id ^ x * KEY_FACTOR;
}

struct seglog_pos
seglog_key_pos(const struct seglog *log, uint64_t key)
{
	uint64_t	 x = (key ^ log->id) * KEY_INVERSE;

	return (struct seglog_pos){ (uint32_t)(x >> 32), (uint32_t)x };
}

void
seglog_hdr_put(const struct seglog *log, const struct seglog_hdr *h,
    uint8_t p[SEGLOG_HDRLEN])
{
	int	 i;

	memset(p, 0, SEGLOG_HDRLEN);
	put_le64(p, seglog_key(log, h->pos));
	put_le64(p + 8, h->batch);
	put_le32(p + 16, h->seq);
	p[20] = h->version;
	p[21] = h->kind;
	put_le16(p + 22, h->flags);
	for (i = 0; i < SEGLOG_NPARTS; i++) {
		put_le32(p + 24 + 4 * i, h->len[i]);
		put_le32(p + 36 + 4 * i, h->crc[i]);
	}
	put_le32(p + 60, crc32c(0, p, 60));
}

int
seglog_hdr_get(const struct seglog *log, struct seglog_pos pos,
    const uint8_t p[SEGLOG_HDRLEN], struct seglog_hdr *h)
{
	int	 i;

	if (get_le64(p) != seglog_key(log, pos) ||
	    get_le32(p + 60) != crc32c(0, p, 60))
		return -1;
	h->pos = pos;
	h->batch = get_le64(p + 8);
	h->seq = get_le32(p + 16);
	h->version = p[20];
	h->kind = p[21];
	h->flags = get_le16(p + 22);
	for (i = 0; i < SEGLOG_NPARTS; i++) {
		h->len[i] = get_le32(p + 24 + 4 * i);
		h->crc[i] = get_le32(p + 36 + 4 * i);
	}
	return seglog_reclen(h) <= SEGLOG_MAXREC ? 0 : -1;
}

void
seglog_filename(uint32_t no, char name[16])
{
	snprintf(name, 16, "%08u.seg", no);
}

/* Index of the first segment with a number of at least no. */
static size_t
seg_lower(const struct seglog *log, uint32_t no)
{
	size_t	 lo = 0, hi = log->nsegs, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (log->segs[mid].no < no)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct seglog_seg *
seglog_seg_from(const struct seglog *log, uint32_t no)
{
	size_t	 i = seg_lower(log, no);

	return i < log->nsegs ? &log->segs[i] : NULL;
}

struct seglog_seg *
seglog_seg_find(const struct seglog *log, uint32_t no)
{
	struct seglog_seg *s = seglog_seg_from(log, no);

	return s != NULL && s->no == no ? s : NULL;
}

int
seglog_seg_add(struct seglog *log, uint32_t no, uint32_t used)
{
	struct seglog_seg *n;
	size_t		 i = seg_lower(log, no);

	n = recallocarray(log->segs, log->nsegs, log->nsegs + 1, sizeof(*n));
	if (n == NULL)
		return -1;
	log->segs = n;
	memmove(&n[i + 1], &n[i], (log->nsegs - i) * sizeof(*n));
	memset(&n[i], 0, sizeof(n[i]));
	n[i].no = no;
	n[i].used = used;
	log->nsegs++;
	return 0;
}

void
seglog_seg_drop(struct seglog *log, uint32_t no)
{
	struct seglog_seg *s = seglog_seg_find(log, no);

	if (s == NULL)
		return;
	seglog_fd_drop(log, no);
	log->nsegs--;
	memmove(s, s + 1, (size_t)(&log->segs[log->nsegs] - s) * sizeof(*s));
}

void
seglog_fd_drop(struct seglog *log, uint32_t no)
{
	int	 i;

	for (i = 0; i < SEGLOG_NFDS; i++) {
		if (log->fds[i].fd != -1 && log->fds[i].seg == no) {
			log->io.close(log->io.arg, log->fds[i].fd);
			log->fds[i].fd = -1;
			seglog_map_free(&log->fds[i].map);
		}
	}
}

/* A descriptor to read a segment by, not the last one's; stays ours. */
struct seglog_fd *
seglog_fd(struct seglog *log, uint32_t no)
{
	const struct seglog_seg *s = seglog_seg_find(log, no);
	struct seglog_map map = { 0 };
	struct seglog_fd *f, *old = &log->fds[0];
	char		 name[16];
	int		 i, fd;

	for (i = 0; i < SEGLOG_NFDS; i++) {
		f = &log->fds[i];
		if (f->fd != -1 && f->seg == no) {
			f->tick = ++log->tick;
			return f;
		}
		if (f->fd == -1 || (old->fd != -1 && f->tick < old->tick))
			old = f;
	}
	seglog_filename(no, name);
	fd = log->io.open(log->io.arg, log->dirfd, name, O_RDONLY, 0);
	if (fd == -1)
		return NULL;
	if (s != NULL && s->packed &&
	    seglog_map_load(log, s, fd, &map) == -1) {
		log->io.close(log->io.arg, fd);
		return NULL;
	}
	if (old->fd != -1) {
		log->io.close(log->io.arg, old->fd);
		seglog_map_free(&old->map);
	}
	old->fd = fd;
	old->seg = no;
	old->tick = ++log->tick;
	old->map = map;
	return old;
}

static void
filehdr_put(const struct seglog *log, uint32_t no, uint8_t p[SEGFILE_HDRLEN])
{
	/* With nothing queued a batch can only begin in the new segment. */
	struct seglog_pos start = { no, SEGFILE_HDRLEN };

	if (log->seq > 0)
		start = log->start;
	memset(p, 0, SEGFILE_HDRLEN);
	memcpy(p, SEGFILE_MAGIC, 8);
	put_le32(p + 8, SEGLOG_FORMAT);
	put_le32(p + 12, no);
	put_le64(p + 16, log->id);
	put_le64(p + 24, log->batch);
	put_le32(p + 32, start.seg);
	put_le32(p + 36, start.off);
	put_le32(p + 40, crc32c(0, p, 40));
}

/* A packed segment says so in its header, and at its end. */
static void
filehdr_packed(struct seglog *log, struct seglog_seg *s, const uint8_t *p)
{
	if (s->packed)
		return;
	s->packed = 1;
	s->size = s->used;
	s->used = get_le32(p + 44);
	s->note = get_le32(p + 56);
	seglog_fd_drop(log, s->no);	/* it was opened without its table */
}

/* 1 good, 0 bad, -1 of a newer format */
static int
filehdr_read(struct seglog *log, struct seglog_seg *s, uint32_t off,
    uint8_t p[SEGFILE_HDRLEN])
{
	if (seglog_raw(log, s->no, off, p, SEGFILE_HDRLEN) == -1 ||
	    memcmp(p, SEGFILE_MAGIC, 8) != 0)
		return 0;
	/* A small number is a format, whatever else is there. */
	if (get_le32(p + 8) > SEGFILE_PACKED && get_le32(p + 8) < 256)
		return -1;
	if (get_le32(p + 40) != crc32c(0, p, 40) ||
	    get_le32(p + 12) != s->no)
		return 0;
	if (get_le32(p + 8) > SEGFILE_PACKED)
		return -1;
	if (get_le32(p + 8) != SEGFILE_PACKED)
		return off == 0;
	if (get_le32(p + 60) != crc32c(0, p, 60))
		return 0;
	filehdr_packed(log, s, p);
	return 1;
}

int
seglog_filehdr_get(struct seglog *log, struct seglog_seg *s,
    struct seglog_filehdr *fh)
{
	uint8_t	 p[SEGFILE_HDRLEN];
	int	 r;

	if (s->used < SEGFILE_HDRLEN)
		return 0;
	r = filehdr_read(log, s, 0, p);
	if (r == 0 && !s->packed && s->used >= 2 * SEGFILE_HDRLEN)
		r = filehdr_read(log, s, s->used - SEGFILE_HDRLEN, p);
	if (r != 1)
		return r;
	fh->id = get_le64(p + 16);
	fh->batch = get_le64(p + 24);
	fh->start.seg = get_le32(p + 32);
	fh->start.off = get_le32(p + 36);
	return 1;
}

/*
 * The new file and its name are durable before anything is put into it, so
 * that later flushes need fdatasync(2) only.  On failure nothing remains.
 */
int
seglog_seg_create(struct seglog *log, uint32_t no, uint64_t need)
{
	struct seglog_io *io = &log->io;
	uint8_t		 hdr[SEGFILE_HDRLEN];
	char		 name[16];
	uint64_t	 size;
	int		 fd, saved;

	size = SEGFILE_HDRLEN + need;
	if (size < log->segsize)
		size = log->segsize;
	seglog_filename(no, name);
	fd = io->open(io->arg, log->dirfd, name, O_RDWR | O_CREAT | O_EXCL,
	    0600);
	if (fd == -1)
		return -1;
	filehdr_put(log, no, hdr);
	if (io->allocate(io->arg, fd, (off_t)size) == -1 ||
	    io->pwrite(io->arg, fd, hdr, sizeof(hdr), 0) !=
	    (ssize_t)sizeof(hdr) || io->fsync(io->arg, fd) == -1 ||
	    io->fsync(io->arg, log->dirfd) == -1 ||
	    seglog_seg_add(log, no, SEGFILE_HDRLEN) == -1) {
		saved = errno;
		io->close(io->arg, fd);
		io->unlink(io->arg, log->dirfd, name);
		errno = saved == 0 ? ENOSPC : saved;
		return -1;
	}
	if (log->fd != -1)
		io->close(io->arg, log->fd);
	log->fd = fd;
	log->seg = no;
	log->end = log->base = log->filled = SEGFILE_HDRLEN;
	log->alloc = (uint32_t)size;
	log->buflen = 0;
	return 0;
}

/* Open an existing segment as the one that grows, cut to a length. */
static int
seg_reopen(struct seglog *log, uint32_t no, uint32_t len)
{
	struct seglog_io *io = &log->io;
	char		 name[16];
	int		 fd = log->fd;

	if (fd == -1 || log->seg != no) {
		seglog_filename(no, name);
		fd = io->open(io->arg, log->dirfd, name, O_RDWR, 0);
		if (fd == -1)
			return -1;
		seglog_fd_drop(log, no);
		if (log->fd != -1)
			io->close(io->arg, log->fd);
		log->fd = fd;
		log->seg = no;
	}
	if (io->truncate(io->arg, fd, (off_t)len) == -1 ||
	    io->fdatasync(io->arg, fd) == -1)
		return -1;
	log->alloc = log->filled = log->base = log->end = len;
	log->buflen = 0;
	return 0;
}

int
seglog_cut(struct seglog *log, struct seglog_pos pos)
{
	struct seglog_io *io = &log->io;
	const struct seglog_seg *s;
	char		 name[16];
	uint32_t	 no;
	int		 removed = 0;

	while (log->nsegs > 0 && log->segs[log->nsegs - 1].no > pos.seg) {
		no = log->segs[log->nsegs - 1].no;
		if (no == log->seg && log->fd != -1) {
			io->close(io->arg, log->fd);
			log->fd = -1;
		}
		seglog_filename(no, name);
		if (io->unlink(io->arg, log->dirfd, name) == -1 &&
		    errno != ENOENT)
			return -1;
		seglog_seg_drop(log, no);
		removed = 1;
	}
	if (removed && io->fsync(io->arg, log->dirfd) == -1)
		return -1;
	/* A packed segment is the last one only when those behind it were lost;
	 * nothing can be added to it. */
	if ((s = seglog_seg_find(log, pos.seg)) != NULL && s->packed)
		return seglog_seg_create(log, pos.seg + 1, 0);
	return seg_reopen(log, pos.seg, pos.off);
}

int
seglog_segment_exists(const struct seglog *log, uint32_t no)
{
	return seglog_seg_find(log, no) != NULL;
}

void
seglog_segments(const struct seglog *log, uint32_t *first, uint32_t *last)
{
	*first = log->segs[0].no;
	*last = log->seg;
}

uint32_t
seglog_segment_used(struct seglog *log, uint32_t no)
{
	const struct seglog_seg *s = seglog_seg_find(log, no);

	if (no == log->seg)
		return log->start.seg == no ? log->start.off : SEGFILE_HDRLEN;
	return s == NULL ? 0 : s->packed ? s->size : s->used;
}

int
seglog_segment_remove(struct seglog *log, uint32_t no)
{
	char	 name[16];

	/* Neither the one that grows nor one that an undo may go back to. */
	if (no >= log->start.seg || no >= log->prev.seg ||
	    seglog_seg_find(log, no) == NULL) {
		errno = EBUSY;
		return -1;
	}
	seglog_filename(no, name);
	if (log->io.unlink(log->io.arg, log->dirfd, name) == -1 &&
	    errno != ENOENT)
		return -1;
	seglog_seg_drop(log, no);
	return log->io.fsync(log->io.arg, log->dirfd);
}
