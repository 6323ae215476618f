/* Opening the log after whatever happened to it. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "pack.h"
#include "seglog-int.h"

/* Number of a segment from its file's name, 0 when it is none. */
static uint32_t
name_parse(const char *name)
{
	uint64_t	 no = 0;
	int		 i;

	for (i = 0; name[i] >= '0' && name[i] <= '9' && i < 10; i++)
		no = no * 10 + (uint64_t)(name[i] - '0');
	if (i < 8 || strcmp(name + i, ".seg") != 0 || no > UINT32_MAX)
		return 0;
	return (uint32_t)no;
}

/* A packed segment that was being written when the process ended? */
static int
unfinished(const char *name)
{
	size_t	 n = strspn(name, "0123456789");

	return n >= 8 && strcmp(name + n, ".new") == 0;
}

static int
list_segments(struct seglog *log)
{
	struct dirent	*de;
	struct stat	 st;
	DIR		*dir;
	uint32_t	 no;
	int		 fd, ret = 0;

	if ((fd = openat(log->dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return -1;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (ret == 0 && (de = readdir(dir)) != NULL) {
		if ((no = name_parse(de->d_name)) == 0) {
			if (unfinished(de->d_name))
				(void)log->io.unlink(log->io.arg, log->dirfd,
				    de->d_name);
			continue;
		}
		if (fstatat(log->dirfd, de->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			ret = -1;
		else if (st.st_size > UINT32_MAX) {
			errno = EINVAL;
			ret = -1;
		} else
			ret = seglog_seg_add(log, no, (uint32_t)st.st_size);
	}
	closedir(dir);
	return ret;
}

/*
 * A last segment with a bad header was being made when the machine stopped:
 * nothing is in it, and it is removed.  Another one's header is damage, which
 * the records behind it survive.
 */
static int
bad_header(struct seglog *log, size_t i, int known_id)
{
	struct seglog_pos from = { log->segs[i].no, 0 };
	struct seglog_pos to = { log->segs[i].no, SEGFILE_HDRLEN };
	struct seglog_hdr h;
	uint32_t	 off = SEGFILE_HDRLEN;
	char		 name[16];
	int		 last = i + 1 == log->nsegs;

	if (!known_id) {
		/* The only one, and with nothing in it; or no log of ours. */
		name[0] = '\0';
		if (log->nsegs > 1 || (log->segs[i].used > 0 &&
		    seglog_raw(log, from.seg, 0, name, 1) == -1) ||
		    (name[0] != '\0' && name[0] != SEGFILE_MAGIC[0]) ||
		    !seglog_all_zero(log, from.seg, SEGFILE_HDRLEN,
		    log->segs[i].used)) {
			errno = EINVAL;
			return -1;
		}
	} else if (!last || seglog_scan(log, from.seg, &off,
	    log->segs[i].used, &h) != 0) {
		if (log->report != NULL)
			log->report(log->report_arg, from, to, 0);
		return 0;
	}
	seglog_filename(from.seg, name);
	if (log->io.unlink(log->io.arg, log->dirfd, name) == -1)
		return -1;
	seglog_seg_drop(log, from.seg);
	return 0;
}

/* Learn the log's id from the headers; mend or report those that are bad. */
static int
check_headers(struct seglog *log)
{
	struct seglog_filehdr fh;
	size_t		 i, good = 0;

	for (i = 0; i < log->nsegs; i++) {
		switch (seglog_filehdr_get(log, &log->segs[i], &fh)) {
		case -1:
			errno = EINVAL;
			return -1;
		case 0:
			continue;
		}
		if (good++ > 0 && fh.id != log->id) {
			errno = EINVAL;	/* segments of two logs */
			return -1;
		}
		log->id = fh.id;
	}
	for (i = log->nsegs; i-- > 0;) {
		if (seglog_filehdr_get(log, &log->segs[i], &fh) == 0 &&
		    bad_header(log, i, good > 0) == -1)
			return -1;
	}
	return 0;
}

static int
make_first(struct seglog *log)
{
	uint32_t	 no = 1;

	if (log->id == 0)
		log->id = (uint64_t)arc4random() << 32 | arc4random();
	if (log->nsegs > 0)
		no = log->segs[log->nsegs - 1].no + 1;
	log->batch = 1;
	return seglog_seg_create(log, no, 0);
}

/*
 * Where to begin looking for the last batch: where the one began that was being
 * written when the last segment was made.  *batch is a number that is not less
 * than those of all batches before.
 */
static struct seglog_pos
scan_start(struct seglog *log, uint64_t *batch)
{
	const struct seglog_seg *s;
	struct seglog_filehdr fh;
	size_t		 i;

	for (i = log->nsegs; i-- > 0;) {
		if (seglog_filehdr_get(log, &log->segs[i], &fh) != 1)
			continue;
		s = seglog_seg_find(log, fh.start.seg);
		if (s == NULL || fh.start.off < SEGFILE_HDRLEN ||
		    fh.start.off > s->used)
			continue;
		*batch = fh.batch;
		return fh.start;
	}
	*batch = 0;
	return (struct seglog_pos){ log->segs[0].no, SEGFILE_HDRLEN };
}

/* Is that which the caller knows a place in this log? */
static int
known_usable(const struct seglog *log, struct seglog_pos known)
{
	const struct seglog_seg *s = seglog_seg_find(log, known.seg);

	return s != NULL && known.off >= SEGFILE_HDRLEN &&
	    known.off <= s->used;
}

/* The walk over the tail. */
struct tail {
	uint64_t	 least;		/* no batch here has a lower number */
	uint64_t	 batch;		/* that the last record is of */
	uint32_t	 nextseq;
	int		 whole;		/* so far */
	int		 ended;
	struct seglog_pos first;	/* record of the batch */
	struct seglog_pos good;		/* the log is durable up to here */
	struct seglog_pos end;		/* behind the last record */
};

static void
tail_record(struct tail *t, const struct seglog_hdr *h)
{
	if (h->batch != t->batch) {
		/* Nothing is written before the batch before is durable. */
		t->good = t->end;
		t->batch = h->batch;
		t->nextseq = 0;
		t->whole = 1;
		t->ended = 0;
		t->first = h->pos;
	}
	if (h->seq != t->nextseq)
		t->whole = 0;
	t->nextseq = h->seq + 1;
	t->ended = (h->flags & SEGLOG_F_END) != 0;
	t->end = seglog_after(h);
}

/* Are all parts of the records in first..end good? */
static int
tail_verify(struct seglog *log, const struct tail *t)
{
	const struct seglog_seg *s;
	struct seglog_hdr h;
	struct seglog_pos pos = t->first;

	while (seglog_pos_cmp(pos, t->end) < 0) {
		if ((s = seglog_seg_from(log, pos.seg)) == NULL)
			return 0;
		if (s->no != pos.seg)
			pos = (struct seglog_pos){ s->no, SEGFILE_HDRLEN };
		if (seglog_scan(log, s->no, &pos.off, s->used, &h) != 1) {
			pos = (struct seglog_pos){ s->no + 1, 0 };
			continue;
		}
		if (seglog_verify(log, &h) == -1)
			return 0;
		pos = seglog_after(&h);
	}
	return 1;
}

static int
tail_walk(struct seglog *log, struct tail *t)
{
	const struct seglog_seg *s;
	struct seglog_hdr h;
	struct seglog_pos pos = t->good;
	int		 r;

	t->end = t->good;
	while ((s = seglog_seg_from(log, pos.seg)) != NULL) {
		if (s->no != pos.seg || pos.off < SEGFILE_HDRLEN)
			pos = (struct seglog_pos){ s->no, SEGFILE_HDRLEN };
		r = seglog_scan(log, s->no, &pos.off, s->used, &h);
		if (r == -1)
			return -1;
		if (r == 0) {
			pos = (struct seglog_pos){ s->no + 1, 0 };
			continue;
		}
		/* What is left of a batch that failed: behind the end. */
		if (h.batch < t->batch || h.batch < t->least)
			break;
		tail_record(t, &h);
		pos = seglog_after(&h);
	}
	return 0;
}

int
seglog_recover(struct seglog *log, struct seglog_pos known,
    uint64_t known_batch)
{
	struct tail	 t = { 0 };

	if (list_segments(log) == -1 || check_headers(log) == -1)
		return -1;
	if (log->nsegs == 0)
		return make_first(log);
	t.good = scan_start(log, &t.least);
	if (known_batch != 0 && known_usable(log, known)) {
		t.good = known;
		t.least = known_batch;
	}
	if (tail_walk(log, &t) == -1)
		return -1;
	if (t.batch != 0 && t.whole && t.ended && tail_verify(log, &t))
		t.good = t.end;
	else if (t.batch != 0 && log->report != NULL)
		log->report(log->report_arg, t.good, t.end, 1);
	/* A batch number is never used twice. */
	log->batch = (t.batch > t.least ? t.batch : t.least) + 1;
	return seglog_cut(log, t.good);
}
