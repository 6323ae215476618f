/*
 * The queue's spool: messages on their way, each an id, an envelope (bytes that
 * mean something to the caller only), a body and the time of the next try.
 * Durable in turns as mstore: see there.  Order and look-up come from the
 * index, so that 100,000 entries cost nothing at start.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"
#include "libstore/seglog.h"

#define SPOOL_MAXENV	(1U << 20)

struct spool;

enum spool_code {
	SPOOL_OK = 0,
	SPOOL_TEMPFAIL,		/* the turn is lost */
	SPOOL_NONE,
	SPOOL_EXISTS,
	SPOOL_NOSPACE,
	SPOOL_LIMIT,
	SPOOL_BADMSG,		/* body shorter than said */
	SPOOL_CORRUPT		/* this entry cannot be read */
};

struct spool_conf {
	const char	*dir;
	size_t		 cache;		/* 0: 2 MB */
	uint32_t	 segsize;
	uint64_t	 reserve_bytes;
	uint64_t	 reserve_inodes;
	const struct seglog_io *io;
	seglog_report	 report;
	void		*report_arg;
};

struct spool_body {
	const void	*mem;		/* memory, or NULL: */
	int		 fd;
	off_t		 off;
	size_t		 len;
};

struct spool_entry {
	uint64_t	 id;
	int64_t		 next;		/* seconds; INT64_MAX: held */
	int64_t		 created;
	uint32_t	 bodylen;
	uint32_t	 envlen;
};

int	 spool_open(struct spool **, const struct spool_conf *,
	    const char **why);
void	 spool_close(struct spool *);
void	 spool_abandon(struct spool *);
int	 spool_rebuilt(const struct spool *);
int	 spool_broken(const struct spool *);

enum spool_code	 spool_begin(struct spool *, int64_t now);
enum spool_code	 spool_commit(struct spool *);
void	 spool_abort(struct spool *);
int	 spool_in_turn(const struct spool *);
/* Will the commit of this turn flush the log anyway? */
int	 spool_will_flush(const struct spool *);
enum spool_code	 spool_reserve(const struct spool *);
/* Outside of turns: free segments, expire traces.  1 when there is more. */
int	 spool_work(struct spool *, int64_t now);

/* In a turn.  The id is the caller's, unique. */
enum spool_code	 spool_enqueue(struct spool *, uint64_t id, struct span env,
		    const struct spool_body *, int64_t next);
/* Another envelope (p NULL: as it is) and time. */
enum spool_code	 spool_update(struct spool *, uint64_t id, struct span env,
		    int64_t next);
enum spool_code	 spool_remove(struct spool *, uint64_t id);

enum spool_code	 spool_get(struct spool *, uint64_t id, struct spool_entry *,
		    struct buf *env);
/* The entry after (next, id) in order of next try; start with INT64_MIN, 0. */
enum spool_code	 spool_next(struct spool *, int64_t next, uint64_t id,
		    struct spool_entry *);
/* The entry after id in order of ids; start with 0. */
enum spool_code	 spool_next_id(struct spool *, uint64_t id,
		    struct spool_entry *);
enum spool_code	 spool_read(struct spool *, uint64_t id, uint32_t off,
		    void *, size_t len);
/* Check an entry's body against its CRC: SPOOL_OK or SPOOL_CORRUPT. */
enum spool_code	 spool_verify(struct spool *, uint64_t id);
uint64_t spool_count(const struct spool *);

/*
 * Traces: what happened to a message, kept in the index alone (a rebuild
 * loses them), for so many seconds.  In a turn.  addr may be NULL.
 */
enum spool_code	 spool_trace_add(struct spool *, uint64_t id, struct span addr,
		    struct span event, int64_t keep);
/* The n-th event of a message, with its time. */
enum spool_code	 spool_trace_get(struct spool *, uint64_t id, uint32_t n,
		    int64_t *when, struct buf *event);
/* The id after `after' that has to do with an address (lower case). */
enum spool_code	 spool_trace_find(struct spool *, struct span addr,
		    uint64_t after, uint64_t *id);

/*
 * Check all records of the log and all entries: the number of problems, or -1.
 * id 0: of no entry in particular.
 */
int64_t	 spool_check(struct spool *, void (*problem)(void *, const char *what,
	    struct seglog_pos, uint64_t id), void *arg);

/* The same a piece at a time, while the spool is in use: begin with zeros. */
struct spool_check {
	void		(*problem)(void *, const char *what,
			    struct seglog_pos, uint64_t id);
	void		*arg;
	uint64_t	 records;
	uint64_t	 entries;
	uint64_t	 problems;
	/* ours */
	struct seglog_pos pos;
	uint64_t	 id;
	int		 log_done;
};
/* About so many bytes, outside of turns.  1 there is more, 0 all done, -1. */
int	 spool_check_step(struct spool *, struct spool_check *, size_t);

int	 spool_dump(struct spool *, int (*line)(void *, const char *),
	    void *arg);

#endif
