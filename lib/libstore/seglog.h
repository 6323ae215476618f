/*
 * A log of records in segment files DIR/00000001.seg, 00000002.seg, ...
 *
 * Records are queued with seglog_append and become durable together by
 * seglog_flush: what was queued between two flushes is a batch, and a batch is
 * in the log as a whole or not at all.  The last batch of a log may be torn by
 * a crash; seglog_open cuts it off (nobody was told that it was written).  A
 * bad record before that is damage: it is reported, stepped over and never
 * removed.
 *
 * A record has a header and three parts, each with a CRC of its own, one
 * after another: read part 1 alone or all of them with one pread(2).  The
 * header's key is made of the log's random id and the record's own position, so
 * that bytes which a sender chose are never mistaken for a record.
 */
#ifndef SEGLOG_H
#define SEGLOG_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"

#define SEGLOG_FORMAT	1
#define SEGLOG_HDRLEN	64		/* of a record */
#define SEGLOG_NPARTS	3
#define SEGLOG_SEGSIZE	(64U << 20)
#define SEGLOG_MAXREC	(1U << 30)	/* a record, parts together */

struct seglog;

/* Segments count from 1; pos 0.0 is before the first record. */
struct seglog_pos {
	uint32_t	seg;
	uint32_t	off;
};

struct seglog_hdr {
	struct seglog_pos pos;
	uint64_t	batch;		/* ascends for ever */
	uint32_t	seq;		/* within the batch, from 0 */
	uint8_t		version;	/* of the content, the caller's */
	uint8_t		kind;		/* the caller's, not 0 */
	uint16_t	flags;
	uint32_t	len[SEGLOG_NPARTS];
	uint32_t	crc[SEGLOG_NPARTS];
};
#define SEGLOG_F_END	0x0001		/* flags: last of its batch */

/* One stretch of a part: memory (p) or, when p is NULL, fd's bytes from off. */
struct seglog_piece {
	const void	*p;
	int		 fd;
	off_t		 off;
	size_t		 len;
};

struct seglog_part {
	const struct seglog_piece *pieces;
	size_t		 npieces;
};

/*
 * The file operations, so that tests can record them and make them fail.  arg
 * is handed to each; otherwise they are the system calls of these names.
 */
struct seglog_io {
	void	*arg;
	int	(*open)(void *, int dirfd, const char *, int flags, mode_t);
	ssize_t	(*pread)(void *, int, void *, size_t, off_t);
	ssize_t	(*pwrite)(void *, int, const void *, size_t, off_t);
	int	(*fdatasync)(void *, int);
	int	(*fsync)(void *, int);
	int	(*allocate)(void *, int, off_t len); /* fallocate(2), 0..len */
	int	(*truncate)(void *, int, off_t len);
	int	(*unlink)(void *, int dirfd, const char *);
	int	(*close)(void *, int);
	int	(*rename)(void *, int dirfd, const char *, const char *);
	/* Begin to write what was changed there; a hint. */
	void	(*writeback)(void *, int, off_t off, off_t len);
};
extern const struct seglog_io seglog_io_system;

/*
 * Damage found while opening or walking: bytes from..to are no record.  torn:
 * an unfinished batch that was cut off, which is normal after a crash.
 */
typedef void (*seglog_report)(void *arg, struct seglog_pos from,
    struct seglog_pos to, int torn);

struct seglog_conf {
	const char	*dir;		/* exists */
	uint32_t	 segsize;	/* 0: SEGLOG_SEGSIZE */
	const struct seglog_io *io;	/* NULL: seglog_io_system */
	seglog_report	 report;	/* may be NULL */
	void		*report_arg;
	/* What is known to be whole (seglog_end of an earlier time, and
	 * seglog_batch of then): nothing before this is cut, nor looked at.
	 * 0 when not known. */
	struct seglog_pos known;
	uint64_t	 known_batch;
};

/* Open or create; recovers the tail.  0, or -1 with errno (EFTYPE-like EINVAL:
 * a newer format or not a log). */
int	 seglog_open(struct seglog **, const struct seglog_conf *);
void	 seglog_close(struct seglog *);		/* what is queued is lost */
/* Give back what is preallocated, for an orderly end. */
void	 seglog_trim(struct seglog *);
uint64_t seglog_id(const struct seglog *);	/* random, made once */

/* Number of the batch being queued: a fresh one after each flush or undo. */
uint64_t seglog_batch(const struct seglog *);
/* Where the next record would go; the log's end when nothing is queued. */
struct seglog_pos seglog_end(const struct seglog *);

/*
 * Queue one record.  Copies what it is given or streams it into the file, so
 * memory and descriptors are free again on return.  *pos says where it is: it
 * can be read at once.  -1 with errno (EFBIG, ENOSPC, EIO, EPIPE when a
 * descriptor was shorter than said): this record is not queued, the ones
 * before it still are.
 */
int	 seglog_append(struct seglog *, uint8_t kind, uint8_t version,
	    uint16_t flags, const struct seglog_part [SEGLOG_NPARTS],
	    struct seglog_pos *pos);
/*
 * Make the batch durable.  -1: nothing of the batch is in the log.  After a
 * failed fdatasync(2), or when the bad batch could not be cut off, the log is
 * poisoned: all appends fail with EIO until it is opened anew.
 */
int	 seglog_flush(struct seglog *);
/* Forget what is queued since the last flush. */
int	 seglog_undo(struct seglog *);
/* Take back the batch that was just flushed (the index refused it). */
int	 seglog_revoke(struct seglog *);
int	 seglog_poisoned(const struct seglog *);

/* Read the header at pos.  -1: EBADMSG no good record there, ENOENT no such
 * segment, or an error of pread(2). */
int	 seglog_read_hdr(struct seglog *, struct seglog_pos,
	    struct seglog_hdr *);
/*
 * Append part n of the record whose header was read to the buffer, CRC
 * checked.  -1 as above, or EMSGSIZE/ENOMEM from the buffer.
 */
int	 seglog_read_part(struct seglog *, const struct seglog_hdr *, int n,
	    struct buf *);
/*
 * Header and parts 0..n of the record with one pread; guess is how many bytes
 * that is if known (else 0).  The parts lie in the buffer one after another;
 * if the guess reached into the next part its beginning follows, not checked.
 */
int	 seglog_read(struct seglog *, struct seglog_pos, size_t guess, int n,
	    struct seglog_hdr *, struct buf *);
/* len bytes at off within part n, unchecked.  The caller keeps to the part. */
int	 seglog_read_range(struct seglog *, const struct seglog_hdr *, int n,
	    uint32_t off, void *, size_t len);
/* Check all parts that packing left: 0 or -1 (EBADMSG). */
int	 seglog_verify(struct seglog *, const struct seglog_hdr *);

/*
 * The record at or after *pos; *pos is moved behind it.  Bad stretches are
 * reported and stepped over.  1, 0 at the end, -1 with errno (ENOMEM, EIO).
 */
int	 seglog_next(struct seglog *, struct seglog_pos *,
	    struct seglog_hdr *);
/* Exchange who is told of damage, and back. */
void	 seglog_ears(struct seglog *, seglog_report *, void **arg);
/* Position behind a record: where seglog_next goes on. */
struct seglog_pos seglog_after(const struct seglog_hdr *);
int	 seglog_pos_cmp(struct seglog_pos, struct seglog_pos);

/* Segments that exist: the first and the last (where appends go). */
void	 seglog_segments(const struct seglog *, uint32_t *first,
	    uint32_t *last);
int	 seglog_segment_exists(const struct seglog *, uint32_t);
/* Bytes that it takes (its size, without what is preallocated). */
uint32_t seglog_segment_used(struct seglog *, uint32_t);
/* Remove a segment that holds nothing of worth; never the last. */
int	 seglog_segment_remove(struct seglog *, uint32_t);

/*
 * Packing: a segment is written anew, without what is of no use any more, and
 * takes the old one's place in one step.  What is left keeps its position, so
 * that nothing else changes, be it before or after a crash.
 *
 * begin, then until next answers 0 keep what it found (or not), then end; push
 * now and then so that the last flush is quick.  One at a time.  Not possible
 * near the log's end (EBUSY), nor where bytes are that are no record: damage is
 * evidence and stays (EBADMSG).
 */
struct seglog_pack;
int	 seglog_pack_begin(struct seglog *, uint32_t no,
	    struct seglog_pack **);
int	 seglog_pack_possible(const struct seglog *, uint32_t no);
/* 1 a record, 0 the segment's end, -1. */
int	 seglog_pack_next(struct seglog_pack *, struct seglog_hdr *);
/* Keep the record with its first nparts parts. */
int	 seglog_pack_keep(struct seglog_pack *, const struct seglog_hdr *,
	    int nparts);
/* Bytes since the last push. */
uint32_t seglog_pack_pending(const struct seglog_pack *);
int	 seglog_pack_push(struct seglog_pack *);
/* note: a number to find with the segment.  On failure (-1) the old one is
 * still there.  Frees the pack in any case. */
int	 seglog_pack_end(struct seglog_pack *, uint32_t note);
void	 seglog_pack_abort(struct seglog_pack *);
/* 1 and *note when a segment was packed. */
int	 seglog_packed(const struct seglog *, uint32_t no, uint32_t *note);
/* How many of the parts of a record are there, if it is whole. */
int	 seglog_nparts(struct seglog *, const struct seglog_hdr *);

/*
 * Is there room?  1 when the file system of the log has at least these many
 * bytes and inodes free for us, else 0; -1 with errno.
 */
int	 seglog_reserve(const struct seglog *, uint64_t bytes,
	    uint64_t inodes);

#endif
