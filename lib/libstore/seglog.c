/* The segment log: queueing records and making them durable. */
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "pack.h"
#include "seglog-int.h"

static const uint8_t	 zeros[64 * 1024];

int
seglog_pos_cmp(struct seglog_pos a, struct seglog_pos b)
{
	if (a.seg != b.seg)
		return a.seg < b.seg ? -1 : 1;
	return a.off < b.off ? -1 : a.off > b.off;
}

struct seglog_pos
seglog_after(const struct seglog_hdr *h)
{
	return (struct seglog_pos){ h->pos.seg,
	    h->pos.off + (uint32_t)seglog_reclen(h) };
}

int
seglog_open(struct seglog **out, const struct seglog_conf *conf)
{
	struct seglog	*log;
	int		 i, saved;

	if ((log = calloc(1, sizeof(*log))) == NULL)
		return -1;
	log->io = conf->io != NULL ? *conf->io : seglog_io_system;
	log->segsize = conf->segsize != 0 ? conf->segsize : SEGLOG_SEGSIZE;
	log->report = conf->report;
	log->report_arg = conf->report_arg;
	log->fd = log->dirfd = -1;
	for (i = 0; i < SEGLOG_NFDS; i++)
		log->fds[i].fd = -1;
	log->dirfd = open(conf->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dirfd == -1 || seglog_recover(log, conf->known,
	    conf->known_batch) == -1) {
		saved = errno;
		seglog_close(log);
		errno = saved;
		return -1;
	}
	log->start = (struct seglog_pos){ log->seg, log->end };
	log->prev = log->start;
	*out = log;
	return 0;
}

void
seglog_close(struct seglog *log)
{
	int	 i;

	if (log == NULL)
		return;
	seglog_pack_abort(log->pack);
	for (i = 0; i < SEGLOG_NFDS; i++) {
		if (log->fds[i].fd != -1)
			log->io.close(log->io.arg, log->fds[i].fd);
		seglog_map_free(&log->fds[i].map);
	}
	if (log->fd != -1)
		log->io.close(log->io.arg, log->fd);
	if (log->dirfd != -1)
		close(log->dirfd);
	free(log->segs);
	free(log->buf);
	free(log);
}

void
seglog_trim(struct seglog *log)
{
	if (!log->poisoned && log->seq == 0 && log->alloc > log->end &&
	    log->io.truncate(log->io.arg, log->fd, (off_t)log->end) == 0)
		log->alloc = log->filled = log->end;
}

uint64_t
seglog_id(const struct seglog *log)
{
	return log->id;
}

uint64_t
seglog_batch(const struct seglog *log)
{
	return log->batch;
}

struct seglog_pos
seglog_end(const struct seglog *log)
{
	return (struct seglog_pos){ log->seg, log->end };
}

void
seglog_ears(struct seglog *log, seglog_report *report, void **arg)
{
	seglog_report	 r = log->report;
	void		*a = log->report_arg;

	log->report = *report;
	log->report_arg = *arg;
	*report = r;
	*arg = a;
}

int
seglog_poisoned(const struct seglog *log)
{
	return log->poisoned;
}

/* Write all of it; a short write is tried again and ends in its errno. */
static int
write_at(struct seglog *log, const void *data, size_t len, uint32_t off)
{
	const uint8_t	*p = data;
	ssize_t		 n;

	log->wrote = 1;
	while (len > 0) {
		n = log->io.pwrite(log->io.arg, log->fd, p, len, (off_t)off);
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

/* Bring the queued bytes into the file, not yet to the disk. */
static int
spill(struct seglog *log)
{
	if (log->buflen == 0)
		return 0;
	if (write_at(log, log->buf, log->buflen, log->base) == -1)
		return -1;
	log->base += (uint32_t)log->buflen;
	log->buflen = 0;
	return 0;
}

/* Room for up to want bytes (at least one), with *got saying how many. */
static uint8_t *
room(struct seglog *log, size_t want, size_t *got)
{
	uint8_t	*n;
	size_t	 size;

	if (log->bufsize - log->buflen < want &&
	    log->bufsize < SEGLOG_BUFMAX) {
		size = log->bufsize == 0 ? 64 * 1024 : log->bufsize * 2;
		while (size < log->buflen + want && size < SEGLOG_BUFMAX)
			size *= 2;
		if ((n = realloc(log->buf, size)) != NULL) {
			log->buf = n;
			log->bufsize = size;
		} else if (log->bufsize == 0)
			return NULL;
	}
	if (log->buflen == log->bufsize && spill(log) == -1)
		return NULL;
	*got = log->bufsize - log->buflen;
	if (*got > want)
		*got = want;
	return log->buf + log->buflen;
}

static int
add_mem(struct seglog *log, const uint8_t *p, size_t len, uint32_t *crc)
{
	uint8_t	*dst;
	size_t	 n;

	while (len > 0) {
		if ((dst = room(log, len, &n)) == NULL)
			return -1;
		memcpy(dst, p, n);
		*crc = crc32c(*crc, dst, n);
		log->buflen += n;
		log->end += (uint32_t)n;
		p += n;
		len -= n;
	}
	return 0;
}

static int
add_fd(struct seglog *log, const struct seglog_piece *pc, uint32_t *crc)
{
	uint8_t	*dst;
	size_t	 n, done = 0;
	ssize_t	 r;

	while (done < pc->len) {
		if ((dst = room(log, pc->len - done, &n)) == NULL)
			return -1;
		r = pread(pc->fd, dst, n, pc->off + (off_t)done);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0) {
			if (r == 0)
				errno = EPIPE;
			return -1;
		}
		*crc = crc32c(*crc, dst, (size_t)r);
		log->buflen += (size_t)r;
		log->end += (uint32_t)r;
		done += (size_t)r;
	}
	return 0;
}

static int
add_part(struct seglog *log, const struct seglog_part *part, uint32_t *crc)
{
	const struct seglog_piece *pc;
	size_t		 i;

	for (i = 0; i < part->npieces; i++) {
		pc = &part->pieces[i];
		if (pc->p != NULL) {
			if (add_mem(log, pc->p, pc->len, crc) == -1)
				return -1;
		} else if (pc->len > 0 && add_fd(log, pc, crc) == -1)
			return -1;
	}
	return 0;
}

/* Put a record's header in its place, be that in memory or in the file. */
static int
put_hdr(struct seglog *log, const struct seglog_hdr *h)
{
	uint8_t	 p[SEGLOG_HDRLEN];

	seglog_hdr_put(log, h, p);
	if (h->pos.seg == log->seg && h->pos.off >= log->base) {
		memcpy(log->buf + (h->pos.off - log->base), p, sizeof(p));
		return 0;
	}
	/* A part of it may be in the buffer still: no spill cuts a header in
	 * two unless the buffer was full just there. */
	if (spill(log) == -1)
		return -1;
	return write_at(log, p, sizeof(p), h->pos.off);
}

/*
 * Go on in a new segment.  What is queued must be durable in the old one
 * first: flush syncs only the last.  The old file is cut to what it holds.
 */
static int
roll(struct seglog *log, uint64_t need)
{
	struct seglog_seg *s;
	uint32_t	 old = log->seg, used = log->end;

	if (spill(log) == -1)
		return -1;
	if (log->io.fdatasync(log->io.arg, log->fd) == -1) {
		log->poisoned = 1;
		return -1;
	}
	if (log->alloc > used &&
	    log->io.truncate(log->io.arg, log->fd, (off_t)used) == 0)
		log->alloc = log->filled = used;
	if (seglog_seg_create(log, old + 1, need) == -1)
		return -1;
	if ((s = seglog_seg_find(log, old)) != NULL)
		s->used = used;
	if (log->seq == 0)	/* nothing queued: the batch begins here */
		log->start = (struct seglog_pos){ log->seg, log->end };
	return 0;
}

/* Forget the record that begins at off and was not finished. */
static void
rewind_to(struct seglog *log, uint32_t off)
{
	log->end = off;
	if (off >= log->base)
		log->buflen = off - log->base;
	else {
		log->base = off;
		log->buflen = 0;
	}
}

static int
part_lengths(const struct seglog_part parts[SEGLOG_NPARTS],
    struct seglog_hdr *h)
{
	uint64_t	 len, total = SEGLOG_HDRLEN;
	size_t		 j;
	int		 i;

	for (i = 0; i < SEGLOG_NPARTS; i++) {
		len = 0;
		for (j = 0; j < parts[i].npieces; j++) {
			if (parts[i].pieces[j].len > SEGLOG_MAXREC)
				return -1;
			len += parts[i].pieces[j].len;
		}
		total += len;
		if (total > SEGLOG_MAXREC - 8)
			return -1;
		h->len[i] = (uint32_t)len;
	}
	return 0;
}

int
seglog_append(struct seglog *log, uint8_t kind, uint8_t version,
    uint16_t flags, const struct seglog_part parts[SEGLOG_NPARTS],
    struct seglog_pos *pos)
{
	struct seglog_hdr h = { .kind = kind, .version = version,
	    .flags = flags, .batch = log->batch, .seq = log->seq };
	uint32_t	 none = 0, start;
	int		 i, saved;

	if (log->poisoned) {
		errno = EIO;
		return -1;
	}
	if (part_lengths(parts, &h) == -1) {
		errno = EFBIG;
		return -1;
	}
	if (log->end > SEGFILE_HDRLEN &&
	    log->end + seglog_reclen(&h) > log->segsize &&
	    roll(log, seglog_reclen(&h)) == -1)
		return -1;
	h.pos = (struct seglog_pos){ log->seg, log->end };
	start = log->end;
	if (add_mem(log, zeros, SEGLOG_HDRLEN, &none) == -1)
		goto fail;
	for (i = 0; i < SEGLOG_NPARTS; i++)
		if (add_part(log, &parts[i], &h.crc[i]) == -1)
			goto fail;
	if (add_mem(log, zeros, seglog_align(log->end) - log->end,
	    &none) == -1 || put_hdr(log, &h) == -1)
		goto fail;
	log->last = h;
	log->seq++;
	*pos = h.pos;
	return 0;
fail:
	saved = errno;
	rewind_to(log, start);
	errno = saved;
	return -1;
}

/*
 * Zeros behind the end, so that the flushes to come overwrite blocks.  The
 * log is right without them; failing is no matter.
 */
static void
fill_ahead(struct seglog *log)
{
	uint32_t	 to, n;

	if (log->filled < log->end)
		log->filled = log->end;
	if (log->alloc < log->end)
		log->alloc = log->end;
	if (log->filled - log->end >= SEGLOG_FILL / 4 ||
	    log->filled >= log->alloc)
		return;
	to = log->alloc - log->filled > SEGLOG_FILL ?
	    log->filled + SEGLOG_FILL : log->alloc;
	while (log->filled < to) {
		n = to - log->filled;
		if (n > sizeof(zeros))
			n = sizeof(zeros);
		if (log->io.pwrite(log->io.arg, log->fd, zeros, n,
		    (off_t)log->filled) != (ssize_t)n)
			return;
		log->filled += n;
	}
}

static void
next_batch(struct seglog *log)
{
	log->batch++;
	log->seq = 0;
	log->wrote = 0;
	if (log->bufsize > SEGLOG_BUFKEEP) {
		free(log->buf);
		log->buf = NULL;
		log->bufsize = 0;
	}
}

int
seglog_flush(struct seglog *log)
{
	int	 saved;

	if (log->poisoned) {
		errno = EIO;
		return -1;
	}
	if (log->seq == 0)
		return 0;
	/* After a cut the file has no room yet; without it the write grows
	 * the file, which is only slower. */
	if (log->alloc < log->segsize && log->io.allocate(log->io.arg, log->fd,
	    (off_t)log->segsize) == 0)
		log->alloc = log->segsize;
	log->last.flags |= SEGLOG_F_END;
	if (put_hdr(log, &log->last) == -1 || spill(log) == -1) {
		saved = errno;
		seglog_undo(log);
		errno = saved;
		return -1;
	}
	fill_ahead(log);
	if (log->io.fdatasync(log->io.arg, log->fd) == -1) {
		/* The kernel may have dropped what it could not write: no
		 * second flush would tell.  Cut the batch off so that it does
		 * not come back, and trust this log no more. */
		saved = errno;
		seglog_cut(log, log->start);
		log->poisoned = 1;
		errno = saved;
		return -1;
	}
	log->prev = log->start;
	log->start = (struct seglog_pos){ log->seg, log->end };
	next_batch(log);
	return 0;
}

int
seglog_undo(struct seglog *log)
{
	int	 ret = 0;

	if (log->seg == log->start.seg && !log->wrote) {
		rewind_to(log, log->start.off);
	} else if (seglog_cut(log, log->start) == -1) {
		log->poisoned = 1;
		ret = -1;
	}
	next_batch(log);
	return ret;
}

int
seglog_revoke(struct seglog *log)
{
	if (log->seq != 0 || seglog_cut(log, log->prev) == -1) {
		log->poisoned = 1;
		return -1;
	}
	log->start = log->prev;
	next_batch(log);
	return 0;
}

int
seglog_reserve(const struct seglog *log, uint64_t bytes, uint64_t inodes)
{
	struct statvfs	 vfs;

	if (fstatvfs(log->dirfd, &vfs) == -1)
		return -1;
	if ((uint64_t)vfs.f_bavail * vfs.f_frsize < bytes)
		return 0;
	/* File systems that make inodes as needed say that they have none. */
	return vfs.f_files == 0 || vfs.f_favail >= inodes;
}
