/* Opening the store, and its turns. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mstore-int.h"
#include "pack.h"

#define STATELEN	48

static const uint8_t	 state_key[1] = { 'S' };

/* Format, log, and how much of it the index holds; read back in state_get. */
static enum mstore_code
state_put(struct mstore *ms)
{
	uint8_t	 p[STATELEN] = { 0 };

	put_le32(p, MSTORE_FORMAT);
	put_le64(p + 4, seglog_id(ms->log));
	put_le32(p + 12, ms->applied.seg);
	put_le32(p + 16, ms->applied.off);
	put_le32(p + 20, ms->g.next_account);
	put_le32(p + 24, ms->g.last_uidvalidity);
	put_le64(p + 28, ms->g.dedupe_sweep);
	return idx_put(ms, state_key, sizeof(state_key), p, sizeof(p));
}

/* 1 read, 0 a new index, -1 newer than us or of no use. */
static int
state_get(struct mstore *ms, uint64_t *logid)
{
	const uint8_t	*p;
	size_t		 len;

	switch (idx_get(ms, state_key, sizeof(state_key), &p, &len)) {
	case MSTORE_OK:
		break;
	case MSTORE_NONE:
		return 0;
	default:
		return -1;
	}
	if (len != STATELEN || get_le32(p) != MSTORE_FORMAT)
		return -1;
	*logid = get_le64(p + 4);
	ms->applied.seg = get_le32(p + 12);
	ms->applied.off = get_le32(p + 16);
	ms->g.next_account = get_le32(p + 20);
	ms->g.last_uidvalidity = get_le32(p + 24);
	ms->g.dedupe_sweep = get_le64(p + 28);
	return 1;
}

static enum mstore_code
commit_index(struct mstore *ms)
{
	enum mstore_code code;

	if ((code = cache_write(ms)) != MSTORE_OK ||
	    (code = state_put(ms)) != MSTORE_OK)
		return code;
	return idx_code(ms, kv_commit(ms->kv));
}

/* Apply everything that is in the log and not in the index. */
static int
replay(struct mstore *ms, const char **why)
{
	struct seglog_pos pos = ms->applied;
	struct seglog_hdr h;
	struct buf	 head;
	uint64_t	 n = 0;
	int		 r;

	buf_init(&head, SEGLOG_MAXREC);
	ms->replaying = 1;
	*why = "index: cannot apply the log";
	if (kv_begin(ms->kv) != KV_OK)
		goto fail;
	while ((r = seglog_next(ms->log, &pos, &h)) == 1) {
		if (h.version > REC_VERSION) {
			*why = "log: written by a newer version";
			errno = EINVAL;
			goto fail;
		}
		/* Between batches the position may be kept. */
		if (h.seq == 0 && n >= MSTORE_REPLAY) {
			ms->applied = h.pos;
			if (commit_index(ms) != MSTORE_OK ||
			    kv_begin(ms->kv) != KV_OK)
				goto fail;
			ms->stats.records += n;
			n = 0;
			if (ms->progress != NULL)
				ms->progress(ms->progress_arg,
				    ms->stats.records);
			kv_checkpoint(ms->kv, 64 * 1024);
		}
		buf_truncate(&head, 0);
		if (seglog_read_part(ms->log, &h, 0, &head) == -1) {
			if (errno == EBADMSG || errno == EIO)
				continue;	/* damage: step over it */
			goto fail;
		}
		if (mstore_apply(ms, &h, buf_ptr(&head), head.len) !=
		    MSTORE_OK || cache_trim(ms) != MSTORE_OK)
			goto fail;
		n++;
	}
	if (r == -1)
		goto fail;
	ms->applied = seglog_end(ms->log);
	if (commit_index(ms) != MSTORE_OK)
		goto fail;
	ms->stats.records = 0;
	ms->replaying = 0;
	buf_free(&head);
	return 0;
fail:
	kv_abort(ms->kv);
	cache_drop(ms);
	ms->replaying = 0;
	buf_free(&head);
	return -1;
}

static int
open_index(struct mstore *ms)
{
	struct kv_conf	 conf = { .dir = ms->indexdir,
	    .cache = ms->cachesize };

	kv_abandon(ms->kv);
	ms->kv = NULL;
	ms->broken = ms->failed = 0;
	memset(&ms->g, 0, sizeof(ms->g));
	ms->applied = (struct seglog_pos){ 0, 0 };
	switch (kv_open(&ms->kv, &conf)) {
	case KV_OK:
		return 0;
	case KV_BROKEN:
		return -1;
	default:
		return -2;
	}
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

/* Throw the index away; the log has everything. */
static int
rebuild(struct mstore *ms, const char **why)
{
	*why = "index: cannot be made anew";
	kv_abandon(ms->kv);
	ms->kv = NULL;
	if (kv_destroy(ms->indexdir) == -1 || open_index(ms) != 0)
		return -1;
	ms->rebuilt = 1;
	ms->g.next_account = 1;
	return replay(ms, why);
}

/*
 * The index first, for what it knows of the log's end; then the log; then what
 * the index lacks.  An index that does not fit the log is made anew.
 */
static int
open_both(struct mstore *ms, const struct mstore_conf *conf, char *segdir,
    const char **why)
{
	struct seglog_conf lc = { .dir = segdir, .segsize = conf->segsize,
	    .io = conf->io, .report = conf->report,
	    .report_arg = conf->report_arg };
	uint64_t	 logid = 0;
	int		 state;

	*why = "index: cannot be opened";
	switch (open_index(ms)) {
	case 0:
		state = state_get(ms, &logid);
		break;
	case -1:
		state = -1;
		break;
	default:
		return -1;
	}
	if (state == 1)
		lc.known = ms->applied;
	*why = "log: cannot be opened";
	if (seglog_open(&ms->log, &lc) == -1)
		return -1;
	if (state == 0 && seglog_batch(ms->log) == 1) {
		ms->g.next_account = 1;
		return replay(ms, why);	/* both new */
	}
	if (state != 1 || logid != seglog_id(ms->log) || (ms->applied.seg != 0
	    && seglog_pos_cmp(ms->applied, seglog_end(ms->log)) > 0))
		return rebuild(ms, why);
	if (replay(ms, why) == 0)
		return 0;
	return ms->broken ? rebuild(ms, why) : -1;
}

int
mstore_open(struct mstore **out, const struct mstore_conf *conf,
    const char **why)
{
	struct mstore	*ms;
	char		 segdir[1024], indexdir[1024];
	int		 saved;

	*why = "no memory";
	if ((ms = calloc(1, sizeof(*ms))) == NULL)
		return -1;
	RB_INIT(&ms->tree);
	TAILQ_INIT(&ms->lru);
	buf_init(&ms->head, MSTORE_MAXHEAD);
	buf_init(&ms->val, MSTORE_MAXHEAD);
	ms->cachesize = conf->cache;
	ms->reserve_bytes = conf->reserve_bytes;
	ms->reserve_inodes = conf->reserve_inodes;
	ms->progress = conf->progress;
	ms->progress_arg = conf->progress_arg;
	if (make_dir(conf->dir, "seg", segdir, sizeof(segdir)) == -1 ||
	    make_dir(conf->dir, "index", indexdir, sizeof(indexdir)) == -1)
		*why = "directory: cannot be made";
	else if ((ms->indexdir = strdup(indexdir)) != NULL &&
	    open_both(ms, conf, segdir, why) == 0) {
		*out = ms;
		return 0;
	}
	saved = errno;
	mstore_abandon(ms);
	errno = saved;
	return -1;
}

static void
mstore_free(struct mstore *ms)
{
	size_t	 i;

	cache_drop(ms);
	for (i = 0; i < ms->nevents; i++)
		rseq_free(&ms->events[i].uids);
	free(ms->events);
	seglog_close(ms->log);
	buf_free(&ms->head);
	buf_free(&ms->val);
	free(ms->indexdir);
	free(ms);
}

void
mstore_close(struct mstore *ms)
{
	if (ms == NULL)
		return;
	mstore_abort(ms);
	kv_close(ms->kv);
	ms->kv = NULL;
	seglog_trim(ms->log);
	mstore_free(ms);
}

void
mstore_abandon(struct mstore *ms)
{
	if (ms == NULL)
		return;
	kv_abandon(ms->kv);
	ms->kv = NULL;
	mstore_free(ms);
}

int
mstore_rebuilt(const struct mstore *ms)
{
	return ms->rebuilt;
}

int
mstore_broken(const struct mstore *ms)
{
	return ms->broken || seglog_poisoned(ms->log);
}

int
mstore_in_turn(const struct mstore *ms)
{
	return ms->in_turn;
}

enum mstore_code
mstore_begin(struct mstore *ms, int64_t now)
{
	size_t	 i;

	if (ms->in_turn || mstore_broken(ms))
		return MSTORE_TEMPFAIL;
	for (i = 0; i < ms->nevents; i++)
		rseq_free(&ms->events[i].uids);
	ms->nevents = 0;
	ms->failed = ms->touched = 0;
	if (kv_begin(ms->kv) != KV_OK)
		return MSTORE_TEMPFAIL;
	ms->in_turn = 1;
	ms->now = now;
	ms->nids = 0;
	ms->space = -1;
	ms->deliveries = 0;
	ms->g_begin = ms->g;
	return MSTORE_OK;
}

static void
turn_end(struct mstore *ms)
{
	ms->in_turn = 0;
	ms->failed = 0;
	(void)cache_trim(ms);
}

/* Nothing of the turn remains, neither here nor in the log. */
void
mstore_abort(struct mstore *ms)
{
	size_t	 i;

	if (!ms->in_turn)
		return;
	kv_abort(ms->kv);
	cache_drop(ms);
	(void)seglog_undo(ms->log);
	ms->g = ms->g_begin;
	for (i = 0; i < ms->nevents; i++)
		rseq_free(&ms->events[i].uids);
	ms->nevents = 0;
	turn_end(ms);
}

enum mstore_code
mstore_commit(struct mstore *ms)
{
	struct seglog_pos before = ms->applied;

	if (!ms->in_turn)
		return MSTORE_TEMPFAIL;
	if (ms->failed) {
		mstore_abort(ms);
		return MSTORE_TEMPFAIL;
	}
	ms->stats.turns++;
	if (seglog_pos_cmp(seglog_end(ms->log), before) != 0) {
		if (ms->deliveries > 0)
			delivery_sweep(ms, 2 * ms->deliveries);
		ms->deliveries = 0;
		if (ms->failed || seglog_flush(ms->log) == -1) {
			mstore_abort(ms);
			return MSTORE_TEMPFAIL;
		}
		ms->stats.flushes++;
		ms->applied = seglog_end(ms->log);
	} else if (!ms->touched && !cache_isdirty(ms)) {
		kv_abort(ms->kv);	/* only looked */
		turn_end(ms);
		return MSTORE_OK;
	}
	if (commit_index(ms) != MSTORE_OK) {
		/* It is in the log and not in the index.  Take it back; if
		 * that fails too, the next open applies it. */
		ms->applied = before;
		kv_abort(ms->kv);
		cache_drop(ms);
		if (seglog_pos_cmp(seglog_end(ms->log), before) != 0)
			(void)seglog_revoke(ms->log);
		mstore_abort(ms);
		return MSTORE_TEMPFAIL;
	}
	turn_end(ms);
	return MSTORE_OK;
}

enum mstore_code
turn_fail(struct mstore *ms)
{
	ms->failed = 1;
	return MSTORE_TEMPFAIL;
}

enum mstore_code
turn_check(struct mstore *ms)
{
	return ms->in_turn && !ms->failed ? MSTORE_OK : MSTORE_TEMPFAIL;
}

uint64_t
turn_id(struct mstore *ms)
{
	/* Batch numbers are never used again, so neither is this. */
	if (++ms->nids >= 1U << 20)
		return 0;
	return seglog_batch(ms->log) << 20 | ms->nids;
}

enum mstore_code
turn_space(struct mstore *ms)
{
	if (ms->space == -1)
		ms->space = mstore_reserve(ms) == MSTORE_OK;
	return ms->space ? MSTORE_OK : MSTORE_NOSPACE;
}

enum mstore_code
turn_log_parts(struct mstore *ms, enum rec_kind kind, int e,
    const struct seglog_part *meta, const struct seglog_part *body)
{
	struct seglog_piece head = { buf_ptr(&ms->head), -1, 0,
	    ms->head.len };
	struct seglog_part parts[SEGLOG_NPARTS] = { { &head, 1 } };
	struct seglog_hdr h = { .version = REC_VERSION,
	    .kind = (uint8_t)kind };
	size_t		 i;

	if (e != 0)
		return turn_fail(ms);
	if (meta != NULL)
		parts[1] = *meta;
	if (body != NULL)
		parts[2] = *body;
	if (seglog_append(ms->log, h.kind, h.version, 0, parts,
	    &h.pos) == -1) {
		switch (errno) {	/* those that leave the log as it was */
		case EPIPE:
			return MSTORE_BADMSG;
		case EFBIG:
			return MSTORE_LIMIT;
		case ENOSPC:
		case EDQUOT:
			if (!seglog_poisoned(ms->log))
				return MSTORE_NOSPACE;
		}
		return turn_fail(ms);
	}
	h.len[0] = (uint32_t)ms->head.len;
	for (i = 0; i < parts[1].npieces; i++)
		h.len[1] += (uint32_t)parts[1].pieces[i].len;
	for (i = 0; i < parts[2].npieces; i++)
		h.len[2] += (uint32_t)parts[2].pieces[i].len;
	ms->stats.records++;
	/* A record that is queued and not applied must not be committed. */
	if (mstore_apply(ms, &h, head.p, head.len) != MSTORE_OK ||
	    cache_trim(ms) != MSTORE_OK)
		return turn_fail(ms);
	return MSTORE_OK;
}

enum mstore_code
turn_log(struct mstore *ms, enum rec_kind kind, int e)
{
	return turn_log_parts(ms, kind, e, NULL, NULL);
}

void
turn_event(struct mstore *ms, uint32_t account, uint64_t mbox,
    enum mstore_what what, uint64_t modseq, uint32_t first, uint32_t last)
{
	struct event	*ev = NULL;
	size_t		 n;

	if (ms->replaying || !ms->in_turn)
		return;
	/* What goes on with the event before becomes one with it. */
	if (ms->nevents > 0)
		ev = &ms->events[ms->nevents - 1];
	if (ev == NULL || ev->mailbox != mbox || ev->what != what ||
	    ev->account != account || first == 0) {
		if (ms->nevents == ms->events_size) {
			n = ms->events_size == 0 ? 16 : ms->events_size * 2;
			ev = recallocarray(ms->events, ms->events_size, n,
			    sizeof(*ev));
			if (ev == NULL) {
				turn_fail(ms);
				return;
			}
			ms->events = ev;
			ms->events_size = n;
		}
		ev = &ms->events[ms->nevents++];
		memset(ev, 0, sizeof(*ev));
		ev->account = account;
		ev->mailbox = mbox;
		ev->what = what;
	}
	ev->modseq = modseq;
	if (first != 0 && rseq_add(&ev->uids, first, last) == -1)
		turn_fail(ms);
}

int
mstore_event(const struct mstore *ms, size_t i, struct mstore_event *out)
{
	const struct event *ev;

	if (ms->in_turn || i >= ms->nevents)
		return -1;
	ev = &ms->events[i];
	*out = (struct mstore_event){ ev->account, ev->mailbox, ev->what,
	    ev->modseq, &ev->uids };
	return 0;
}

enum mstore_code
mstore_reserve(const struct mstore *ms)
{
	/* When it cannot be asked, the write itself will tell. */
	return seglog_reserve(ms->log, ms->reserve_bytes,
	    ms->reserve_inodes) == 0 ? MSTORE_NOSPACE : MSTORE_OK;
}

const char *
mstore_strcode(enum mstore_code code)
{
	static const char *const names[] = {
		[MSTORE_OK] = "ok",
		[MSTORE_TEMPFAIL] = "temporary failure",
		[MSTORE_NONE] = "does not exist",
		[MSTORE_EXISTS] = "exists already",
		[MSTORE_OVERQUOTA] = "over quota",
		[MSTORE_NOSPACE] = "disk is full",
		[MSTORE_LIMIT] = "limit reached",
		[MSTORE_INVALID] = "invalid",
		[MSTORE_DUPLICATE] = "delivered already",
		[MSTORE_CANNOT] = "not permitted",
		[MSTORE_BADMSG] = "message is shorter than announced"
	};

	return (size_t)code < sizeof(names) / sizeof(names[0]) ?
	    names[code] : "unknown";
}
