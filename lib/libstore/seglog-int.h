/* What the seglog*.c files share.  The format of the files is here. */
#ifndef SEGLOG_INT_H
#define SEGLOG_INT_H

#include "libstore/seglog.h"

/*
 * A segment file: 64 bytes of file header,
 *
 *	"MAILDSEG"	u32 format	u32 segment	u64 log id
 *	u64 batch	u32 seg		u32 off
 *	u32 CRC of the 40 bytes before, then zeros
 *
 * (the batch that was being written when the segment was made, and where it
 * begins, be it in a segment before),
 * then records, each beginning at a multiple of 8.  Behind the last one there
 * are zeros (preallocated), or what is left of a batch that failed.
 *
 * A record: 64 bytes of header,
 *
 *	u64 key		u64 batch	u32 seq		u8 version
 *	u8 kind		u16 flags	u32 len[3]	u32 crc[3]
 *	zeros		u32 CRC of the 60 bytes before
 *
 * then the three parts one after another.  All little endian.
 *
 * A packed segment (see seglog_pack_begin) has format 2.  Its records keep
 * their places, and it reads like the old file with zeros where something was
 * left out: its bytes are the runs of the old file that were kept, one behind
 * the other.  Its header goes on behind the CRC with
 *
 *	u32 length of the old file	u32 number of runs
 *	u32 CRC of the table	u32 note	u32 CRC of the 60 bytes before
 *
 * and behind the runs come the table (u32 off, u32 len for each) and the header
 * once more.
 */
#define SEGFILE_HDRLEN	64
#define SEGFILE_MAGIC	"MAILDSEG"
#define SEGFILE_PACKED	2		/* format */
#define SEGLOG_NFDS	16		/* segments held open for reading */
#define SEGLOG_BUFMAX	(1U << 20)	/* queued bytes held in memory */
#define SEGLOG_BUFKEEP	(256U << 10)
/* Zeros are written this far ahead: an overwrite of blocks that are written
 * already is half as dear to flush as one that makes them. */
#define SEGLOG_FILL	(1U << 20)

struct seglog_seg {
	uint32_t	 no;
	uint32_t	 used;		/* not kept for the last one */
	uint32_t	 size;		/* of the file, if it is packed */
	uint32_t	 note;		/* seglog_packed */
	int		 packed;
	int		 damaged;	/* found when it was to be packed */
};

/* Where the bytes of a packed segment are in its file. */
struct seglog_run {
	uint32_t	 off;
	uint32_t	 len;
	uint32_t	 at;		/* in the file */
};

struct seglog_map {
	size_t		 n;
	size_t		 size;
	struct seglog_run *runs;	/* ascending */
};

struct seglog_fd {
	uint32_t	 seg;
	int		 fd;
	uint64_t	 tick;
	struct seglog_map map;		/* of a packed one */
};

struct seglog {
	struct seglog_io io;
	int		 dirfd;
	uint32_t	 segsize;
	uint64_t	 id;
	seglog_report	 report;
	void		*report_arg;
	int		 poisoned;

	struct seglog_seg *segs;	/* ascending */
	size_t		 nsegs;

	/* The segment that grows. */
	int		 fd;
	uint32_t	 seg;
	uint32_t	 end;		/* with what is queued */
	uint32_t	 alloc;		/* length of the file */
	uint32_t	 filled; /* written, be it with zeros, up to here */

	/* The batch. */
	uint64_t	 batch;
	uint32_t	 seq;		/* records queued */
	struct seglog_pos start; /* its beginning: all before is durable */
	struct seglog_pos prev;		/* where the last one began */
	struct seglog_hdr last;		/* last record queued */
	int		 wrote;		/* some of it is in the file already */

	/* What is queued and not in the file: base..end of the segment. */
	uint8_t		*buf;
	size_t		 bufsize;
	size_t		 buflen;
	uint32_t	 base;

	struct seglog_fd fds[SEGLOG_NFDS];
	uint64_t	 tick;
	struct seglog_pack *pack;	/* under way */
};

static inline uint32_t
seglog_align(uint64_t n)
{
	return (uint32_t)((n + 7) & ~(uint64_t)7);
}

/* Bytes that a record takes in the file, aligned. */
static inline uint64_t
seglog_reclen(const struct seglog_hdr *h)
{
	return (SEGLOG_HDRLEN + (uint64_t)h->len[0] + h->len[1] + h->len[2] +
	    7) & ~(uint64_t)7;
}

void	 seglog_hdr_put(const struct seglog *, const struct seglog_hdr *,
	    uint8_t [SEGLOG_HDRLEN]);
/* 0, or -1 when the bytes are no header of a record at pos. */
int	 seglog_hdr_get(const struct seglog *, struct seglog_pos,
	    const uint8_t [SEGLOG_HDRLEN], struct seglog_hdr *);
/* The first eight bytes of any record at this place. */
uint64_t seglog_key(const struct seglog *, struct seglog_pos);
/* The place that such bytes are of. */
struct seglog_pos seglog_key_pos(const struct seglog *, uint64_t);

/* What a segment file's header says. */
struct seglog_filehdr {
	uint64_t	 id;
	uint64_t	 batch;
	struct seglog_pos start;
};
/* 1 good, 0 bad, -1 of a newer format.  What the segment is known to be, packed
 * or not, is kept in its struct. */
int	 seglog_filehdr_get(struct seglog *, struct seglog_seg *,
	    struct seglog_filehdr *);

void	 seglog_filename(uint32_t, char [16]);
struct seglog_seg *seglog_seg_find(const struct seglog *, uint32_t);
/* The first segment with a number of at least no, or NULL. */
struct seglog_seg *seglog_seg_from(const struct seglog *, uint32_t no);
int	 seglog_seg_add(struct seglog *, uint32_t no, uint32_t used);
void	 seglog_seg_drop(struct seglog *, uint32_t no);
void	 seglog_fd_drop(struct seglog *, uint32_t no);
struct seglog_fd *seglog_fd(struct seglog *, uint32_t no);

/* Make a new last segment for at least need bytes of records. */
int	 seglog_seg_create(struct seglog *, uint32_t no, uint64_t need);
/* Make pos the end of the log: everything behind is removed, durably. */
int	 seglog_cut(struct seglog *, struct seglog_pos);
int	 seglog_recover(struct seglog *, struct seglog_pos known,
	    uint64_t known_batch);

/*
 * Packed segments.  At off, or the next place behind it that was kept: 1, or 0
 * when there is none.  The run that holds off, or the next one: its index, or
 * n.
 */
int	 seglog_kept(struct seglog *, const struct seglog_seg *,
	    uint32_t *off);
size_t	 seglog_map_find(const struct seglog_map *, uint32_t off);
int	 seglog_map_add(struct seglog_map *, uint32_t off, uint32_t len,
	    uint32_t at);
void	 seglog_map_free(struct seglog_map *);
/* Read the table of a packed file, or make it from what the file holds. */
int	 seglog_map_load(struct seglog *, const struct seglog_seg *, int fd,
	    struct seglog_map *);
/* pread(2) that knows of packed segments. */
ssize_t	 seglog_pread(struct seglog *, const struct seglog_seg *, void *,
	    size_t, uint32_t off);

/* len bytes at off of a segment, from the file or the queue: 0 or -1; past the
 * end is EBADMSG. */
int	 seglog_raw(struct seglog *, uint32_t seg, uint32_t off, void *,
	    size_t len);
/* Only zeros there?  Then it is room that was never used, and no damage. */
int	 seglog_all_zero(struct seglog *, uint32_t seg, uint32_t off,
	    uint32_t limit);
/*
 * The next good header in [*off, limit) of a segment: 1 found (*off is where),
 * 0 none.  -1 error.  Says nothing about what it stepped over.
 */
int	 seglog_scan(struct seglog *, uint32_t seg, uint32_t *off,
	    uint32_t limit, struct seglog_hdr *);

#endif
