/* A table that follows a segment log.  See logview.h. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logview.h"
#include "pack.h"

#define FORMAT		2	/* 2: hashed keys in a database of their own */
#define STATELEN	28
#define REPLAY		2000	/* records in one transaction */
#define REPLAY_JOURNAL	(32 * 1024)	/* kilobytes between checkpoints */

static const uint8_t	 state_key[1] = { 'S' };

int
logview_broken(const struct logview *v)
{
	return v->broken || v->log == NULL || seglog_poisoned(v->log);
}

enum kv_code
logview_code(struct logview *v, enum kv_code kc)
{
	if (kc == KV_BROKEN)
		v->broken = 1;
	if (kc != KV_OK && kc != KV_NONE)
		v->failed = 1;
	return kc;
}

enum kv_code
logview_get(struct logview *v, const uint8_t *key, size_t klen,
    const uint8_t **val, size_t *vlen)
{
	const void	*p = NULL;
	enum kv_code	 kc;

	*vlen = 0;
	kc = kv_get(v->kv, key, klen, &p, vlen);
	*val = p;
	return logview_code(v, kc);
}

enum kv_code
logview_put(struct logview *v, const uint8_t *key, size_t klen,
    const void *val, size_t vlen)
{
	v->touched = 1;
	return logview_code(v, kv_put(v->kv, key, klen, val, vlen));
}

enum kv_code
logview_del(struct logview *v, const uint8_t *key, size_t klen)
{
	enum kv_code	 kc;

	v->touched = 1;
	kc = logview_code(v, kv_del(v->kv, key, klen));
	return kc == KV_NONE ? KV_OK : kc;
}

/* Format, log, and how much of it the table holds. */
static int
state_put(struct logview *v)
{
	uint8_t	 p[STATELEN];

	put_le32(p, FORMAT);
	put_le64(p + 4, seglog_id(v->log));
	put_le32(p + 12, v->applied.seg);
	put_le32(p + 16, v->applied.off);
	put_le64(p + 20, seglog_batch(v->log));
	return logview_put(v, state_key, sizeof(state_key), p, sizeof(p)) ==
	    KV_OK ? 0 : -1;
}

/* 1 read, 0 a new table, -1 of no use. */
static int
state_get(struct logview *v, uint64_t *logid, uint64_t *batch)
{
	const uint8_t	*p;
	size_t		 len;

	switch (logview_get(v, state_key, sizeof(state_key), &p, &len)) {
	case KV_OK:
		break;
	case KV_NONE:
		return 0;
	default:
		return -1;
	}
	if (len != STATELEN || get_le32(p) != FORMAT)
		return -1;
	*logid = get_le64(p + 4);
	v->applied.seg = get_le32(p + 12);
	v->applied.off = get_le32(p + 16);
	*batch = get_le64(p + 20);
	return 1;
}

static int
commit_table(struct logview *v)
{
	if (v->ops->write(v->arg) == -1 || state_put(v) == -1)
		return -1;
	return logview_code(v, kv_commit(v->kv)) == KV_OK ? 0 : -1;
}

/* Between batches, now and then: keep what was applied so far. */
static int
replay_commit(struct logview *v, struct seglog_pos at, uint64_t *n)
{
	v->applied = at;
	if (commit_table(v) == -1 ||
	    logview_code(v, kv_begin(v->kv)) != KV_OK)
		return -1;
	v->records += *n;
	*n = 0;
	if (v->progress != NULL)
		v->progress(v->progress_arg, v->records);
	return logview_code(v, kv_checkpoint(v->kv, REPLAY_JOURNAL)) == KV_OK ?
	    0 : -1;
}

static int
replay_all(struct logview *v, struct buf *head, const char **why)
{
	struct seglog_pos pos = v->applied;
	struct seglog_hdr h;
	uint64_t	 n = 0;
	int		 r;

	while ((r = seglog_next(v->log, &pos, &h)) == 1) {
		if (h.version > v->version) {
			*why = "log: written by a newer version";
			errno = EINVAL;
			return -1;
		}
		if (h.seq == 0 && n >= REPLAY &&
		    replay_commit(v, h.pos, &n) == -1)
			return -1;
		buf_truncate(head, 0);
		if (seglog_read_part(v->log, &h, 0, head) == -1) {
			if (errno == EBADMSG || errno == EIO)
				continue;	/* damage: step over it */
			return -1;
		}
		if (v->ops->apply(v->arg, &h, buf_ptr(head), head->len) == -1)
			return -1;
		n++;
	}
	return r;
}

/* Apply everything that is in the log and not in the table. */
static int
replay(struct logview *v, const char **why)
{
	struct buf	 head;
	int		 ret = -1;

	*why = "index: cannot apply the log";
	if (logview_code(v, kv_begin(v->kv)) != KV_OK)
		return -1;
	buf_init(&head, SEGLOG_MAXREC);
	v->replaying = 1;
	if (replay_all(v, &head, why) == 0) {
		v->applied = seglog_end(v->log);
		ret = commit_table(v);
		/* To disk, so that a crash does not bring all of it again. */
		if (ret == 0 && logview_code(v, kv_checkpoint(v->kv, 0)) !=
		    KV_OK)
			ret = -1;
	}
	if (ret == -1) {
		kv_abort(v->kv);
		v->ops->drop(v->arg);
	}
	v->records = 0;
	v->replaying = 0;
	buf_free(&head);
	return ret;
}

static enum kv_code
open_table(struct logview *v)
{
	struct kv_conf	 conf = { .dir = v->indexdir, .cache = v->cache,
	    .scattered = v->scattered };

	v->broken = v->failed = 0;
	v->applied = (struct seglog_pos){ 0, 0 };
	return kv_open(&v->kv, &conf);
}

/* Throw the table away; the log has everything. */
static int
rebuild(struct logview *v, const char **why)
{
	*why = "index: cannot be made anew";
	kv_abandon(v->kv);
	v->kv = NULL;
	if (kv_destroy(v->indexdir) == -1 || open_table(v) != KV_OK ||
	    v->ops->load(v->arg) == -1)
		return -1;
	v->rebuilt = 1;
	return replay(v, why);
}

/* Does the table belong to this log, and can the log carry it on? */
static int
table_fits(const struct logview *v, uint64_t logid)
{
	uint32_t	 first, last;

	seglog_segments(v->log, &first, &last);
	return logid == seglog_id(v->log) && v->applied.seg >= first &&
	    seglog_pos_cmp(v->applied, seglog_end(v->log)) <= 0;
}

/* The table first, for what it knows of the log's end; then the log. */
static int
open_both(struct logview *v, const struct logview_conf *conf,
    const char *segdir, const char **why)
{
	struct seglog_conf lc = { .dir = segdir, .segsize = conf->segsize,
	    .io = conf->io, .report = conf->report,
	    .report_arg = conf->report_arg };
	uint64_t	 logid = 0;
	int		 state = -1;

	*why = "index: cannot be opened";
	switch (open_table(v)) {
	case KV_OK:
		state = state_get(v, &logid, &lc.known_batch);
		break;
	case KV_BROKEN:
		break;
	default:
		return -1;
	}
	if (state == 1)
		lc.known = v->applied;
	*why = "log: cannot be opened";
	if (seglog_open(&v->log, &lc) == -1)
		return -1;
	if (state == 0 && seglog_batch(v->log) == 1)	/* both are new */
		return v->ops->load(v->arg) == -1 ? -1 : replay(v, why);
	if (state != 1 || !table_fits(v, logid) || v->ops->load(v->arg) == -1)
		return rebuild(v, why);
	if (replay(v, why) == 0)
		return 0;
	return v->broken ? rebuild(v, why) : -1;
}

static int
make_dir(const char *dir, const char *sub, char *path, size_t len)
{
	if ((size_t)snprintf(path, len, "%s/%s", dir, sub) >= len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkdir(path, 0700) == -1 && errno != EEXIST ? -1 : 0;
}

int
logview_open(struct logview *v, const struct logview_conf *conf,
    const char **why)
{
	char	 segdir[1024], indexdir[1024];

	v->ops = conf->ops;
	v->arg = conf->arg;
	v->cache = conf->cache;
	v->scattered = conf->scattered;
	v->version = conf->version;
	v->progress = conf->progress;
	v->progress_arg = conf->progress_arg;
	*why = "directory: cannot be made";
	if (make_dir(conf->dir, "seg", segdir, sizeof(segdir)) == -1 ||
	    make_dir(conf->dir, "index", indexdir, sizeof(indexdir)) == -1)
		return -1;
	*why = "no memory";
	if ((v->indexdir = strdup(indexdir)) == NULL)
		return -1;
	return open_both(v, conf, segdir, why);
}

void
logview_close(struct logview *v, int orderly)
{
	int	 saved = errno;

	if (orderly) {
		logview_abort(v);
		kv_close(v->kv);
		seglog_trim(v->log);
	} else
		kv_abandon(v->kv);
	seglog_close(v->log);
	/* A table that showed itself damaged must not be opened again. */
	if (v->broken && v->indexdir != NULL)
		(void)kv_destroy(v->indexdir);
	free(v->indexdir);
	v->kv = NULL;
	v->log = NULL;
	v->indexdir = NULL;
	errno = saved;
}

int
logview_begin(struct logview *v)
{
	if (v->in_turn || logview_broken(v))
		return -1;
	v->failed = v->touched = 0;
	if (logview_code(v, kv_begin(v->kv)) != KV_OK)
		return -1;
	v->in_turn = 1;
	return 0;
}

/* Nothing of the turn remains, neither here nor in the log. */
void
logview_abort(struct logview *v)
{
	if (!v->in_turn)
		return;
	kv_abort(v->kv);
	v->ops->drop(v->arg);
	(void)seglog_undo(v->log);
	v->in_turn = v->failed = 0;
}

int
logview_commit(struct logview *v)
{
	struct seglog_pos before = v->applied;
	int		 logged;

	if (!v->in_turn)
		return -1;
	logged = seglog_pos_cmp(seglog_end(v->log), before) != 0;
	if (v->failed || (logged && seglog_flush(v->log) == -1)) {
		logview_abort(v);
		return -1;
	}
	if (logged) {
		v->flushes++;
		v->applied = seglog_end(v->log);
	} else if (!v->touched) {
		kv_abort(v->kv);	/* only looked */
		v->in_turn = 0;
		return 0;
	}
	if (commit_table(v) == -1) {
		/* In the log and not in the table: take it back.  If that
		 * fails too the log is poisoned, and the next open tells. */
		v->applied = before;
		if (logged)
			(void)seglog_revoke(v->log);
		logview_abort(v);
		return -1;
	}
	v->in_turn = 0;
	return 0;
}

int
logview_append(struct logview *v, uint8_t kind,
    const struct seglog_part parts[SEGLOG_NPARTS], struct seglog_pos *pos)
{
	struct seglog_hdr h = { .version = v->version, .kind = kind };
	const struct seglog_piece *head = parts[0].pieces;
	size_t		 i, j;

	if (seglog_append(v->log, kind, v->version, 0, parts, &h.pos) == -1) {
		if (seglog_poisoned(v->log) || (errno != EPIPE &&
		    errno != EFBIG && errno != ENOSPC))
			v->failed = 1;
		return -1;
	}
	for (i = 0; i < SEGLOG_NPARTS; i++)
		for (j = 0; j < parts[i].npieces; j++)
			h.len[i] += (uint32_t)parts[i].pieces[j].len;
	v->records++;
	*pos = h.pos;
	/* A record that is queued and not applied must not be committed. */
	if (v->ops->apply(v->arg, &h, head->p, head->len) == -1) {
		v->failed = 1;
		errno = EIO;
		return -1;
	}
	return 0;
}

int
logview_segment_remove(struct logview *v, uint32_t no)
{
	if (logview_code(v, kv_checkpoint(v->kv, 0)) != KV_OK)
		return -1;
	return seglog_segment_remove(v->log, no);
}
