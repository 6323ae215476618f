/*
 * A table (kv) that is the view of a segment log: what mailboxes and spool have
 * in common.  The log is the truth.  The table says how far it has followed
 * the log; the rest is applied at open, and a table that is damaged, missing or
 * of another log is made anew from the log's beginning.
 *
 * Changes come in turns: append records (each is applied to the table at once,
 * inside a transaction), then commit: one flush of the log, then the table's
 * transaction, which is not flushed.
 */
#ifndef LOGVIEW_H
#define LOGVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "libstore/kv.h"
#include "libstore/seglog.h"

/* All answer 0 or -1, which loses the turn. */
struct logview_ops {
	/* The table was opened: read one's own state from it. */
	int	(*load)(void *);
	/* Apply a record; head is its part 0. */
	int	(*apply)(void *, const struct seglog_hdr *, const void *head,
		    size_t);
	/* Put all that is held in memory into the transaction. */
	int	(*write)(void *);
	/* The transaction is gone: forget what is held in memory. */
	void	(*drop)(void *);
};

struct logview_conf {
	const char	*dir;		/* seg/ and index/ are made in it */
	size_t		 cache;
	const char	*scattered;	/* see kv.h */
	uint32_t	 segsize;
	const struct seglog_io *io;
	seglog_report	 report;
	void		*report_arg;
	void		(*progress)(void *, uint64_t records);
	void		*progress_arg;
	const struct logview_ops *ops;
	void		*arg;
	uint8_t		 version;	/* of records: none newer is taken */
};

struct logview {
	struct seglog	*log;
	struct kv	*kv;
	struct seglog_pos applied;
	int		 rebuilt;	/* at open */
	int		 broken;	/* the table; it has to be made anew */
	int		 in_turn;
	int		 failed;	/* the turn can only be aborted */
	int		 touched;	/* the table was changed in it */
	int		 replaying;
	uint64_t	 flushes;
	uint64_t	 records;	/* appended */
	const struct logview_ops *ops;
	void		*arg;
	char		*indexdir;
	size_t		 cache;
	const char	*scattered;
	uint8_t		 version;
	void		(*progress)(void *, uint64_t);
	void		*progress_arg;
};

/* v is all zero before.  -1 with errno and *why; close it in any case. */
int	 logview_open(struct logview *, const struct logview_conf *,
	    const char **why);
/* orderly: write out, so that the next open is quick. */
void	 logview_close(struct logview *, int orderly);
int	 logview_broken(const struct logview *);

int	 logview_begin(struct logview *);
int	 logview_commit(struct logview *);
void	 logview_abort(struct logview *);
/*
 * Queue a record and apply it.  -1 with errno: EPIPE, EFBIG and ENOSPC leave
 * the turn as it was, all else has failed it.
 */
int	 logview_append(struct logview *, uint8_t kind,
	    const struct seglog_part [SEGLOG_NPARTS], struct seglog_pos *);

/*
 * Remove a segment that holds nothing that is still needed.  The table is
 * brought to disk first: it must never have to be fed from that segment again.
 */
int	 logview_segment_remove(struct logview *, uint32_t);

/* kv_*, with failures noted. */
enum kv_code	 logview_code(struct logview *, enum kv_code);
enum kv_code	 logview_get(struct logview *, const uint8_t *, size_t,
		    const uint8_t **, size_t *);
enum kv_code	 logview_put(struct logview *, const uint8_t *, size_t,
		    const void *, size_t);
/* A key that is not there is no failure. */
enum kv_code	 logview_del(struct logview *, const uint8_t *, size_t);

#endif
