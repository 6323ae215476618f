/* Opening the store, and its turns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

static const uint8_t	 globals_key[2] = { 'S', 'g' };

/* What is held of the counters, as after an open. */
static int
view_load(void *arg)
{
	struct mstore	*ms = arg;
	const uint8_t	*p;
	size_t		 len;

	memset(&ms->g, 0, sizeof(ms->g));
	ms->g.next_account = 1;
	switch (idx_get(ms, globals_key, sizeof(globals_key), &p, &len)) {
	case MSTORE_NONE:
		break;
	case MSTORE_OK:
		if (len != 16)
			return -1;
		ms->g.next_account = get_le32(p);
		ms->g.last_uidvalidity = get_le32(p + 4);
		ms->g.dedupe_sweep = get_le64(p + 8);
		break;
	default:
		return -1;
	}
	ms->g_begin = ms->g;
	return 0;
}

static int
view_write(void *arg)
{
	struct mstore	*ms = arg;
	uint8_t		 p[16];

	if (cache_write(ms) != MSTORE_OK || brief_write(ms) != MSTORE_OK)
		return -1;
	if (!ms->v.replaying && memcmp(&ms->g, &ms->g_begin,
	    sizeof(ms->g)) == 0)
		return 0;
	put_le32(p, ms->g.next_account);
	put_le32(p + 4, ms->g.last_uidvalidity);
	put_le64(p + 8, ms->g.dedupe_sweep);
	return idx_put(ms, globals_key, sizeof(globals_key), p, sizeof(p)) ==
	    MSTORE_OK ? 0 : -1;
}

static void
events_clear(struct mstore *ms)
{
	size_t	 i;

	for (i = 0; i < ms->nevents; i++)
		rseq_free(&ms->events[i].uids);
	ms->nevents = 0;
}

static void
view_drop(void *arg)
{
	struct mstore	*ms = arg;

	cache_drop(ms);
	seen_forget(ms);
	brief_drop(ms);
	ms->g = ms->g_begin;
	events_clear(ms);
}

static int
view_apply(void *arg, const struct seglog_hdr *h, const void *head, size_t len)
{
	struct mstore	*ms = arg;

	return mstore_apply(ms, h, head, len) == MSTORE_OK &&
	    cache_trim(ms) == MSTORE_OK ? 0 : -1;
}

static const struct logview_ops view_ops = {
	view_load, view_apply, view_write, view_drop
};

static void
mstore_free(struct mstore *ms, int orderly)
{
	if (ms == NULL)
		return;
	if (ms->v.log != NULL)
		seglog_pack_abort(ms->compact);
	logview_close(&ms->v, orderly);
	cache_drop(ms);
	brief_drop(ms);
	events_clear(ms);
	free(ms->events);
	seen_forget(ms);
	buf_free(&ms->head);
	buf_free(&ms->val);
	buf_free(&ms->rec);
	free(ms);
}

int
mstore_open(struct mstore **out, const struct mstore_conf *conf,
    const char **why)
{
	struct logview_conf vc = { .dir = conf->dir, .cache = conf->cache,
	    .scattered = MSTORE_SCATTERED, .segsize = conf->segsize,
	    .io = conf->io, .report = conf->report,
	    .report_arg = conf->report_arg, .progress = conf->progress,
	    .progress_arg = conf->progress_arg, .ops = &view_ops,
	    .version = REC_VERSION };
	struct mstore	*ms;
	int		 saved;

	*why = "no memory";
	if ((ms = calloc(1, sizeof(*ms))) == NULL)
		return -1;
	RB_INIT(&ms->tree);
	TAILQ_INIT(&ms->lru);
	buf_init(&ms->head, MSTORE_MAXHEAD);
	buf_init(&ms->val, MSTORE_MAXHEAD);
	TAILQ_INIT(&ms->brief_wait);
	brief_drop(ms);
	ms->brief_ops = conf->brief;
	ms->reserve_bytes = conf->reserve_bytes;
	ms->reserve_inodes = conf->reserve_inodes;
	ms->compact_least = conf->compact_least != 0 ? conf->compact_least :
	    MSTORE_COMPACT;
	vc.arg = ms;
	if (logview_open(&ms->v, &vc, why) == -1) {
		saved = errno;
		mstore_free(ms, 0);
		errno = saved;
		return -1;
	}
	ms->g_begin = ms->g;
	*out = ms;
	return 0;
}

void
mstore_close(struct mstore *ms)
{
	mstore_free(ms, 1);
}

void
mstore_abandon(struct mstore *ms)
{
	mstore_free(ms, 0);
}

int
mstore_rebuilt(const struct mstore *ms)
{
	return ms->v.rebuilt;
}

int
mstore_broken(const struct mstore *ms)
{
	return logview_broken(&ms->v);
}

int
mstore_in_turn(const struct mstore *ms)
{
	return ms->v.in_turn;
}

enum mstore_code
mstore_begin(struct mstore *ms, int64_t now)
{
	if (logview_begin(&ms->v) == -1)
		return MSTORE_TEMPFAIL;
	events_clear(ms);
	ms->now = now;
	ms->nids = 0;
	ms->space = -1;
	ms->deliveries = 0;
	ms->g_begin = ms->g;
	return MSTORE_OK;
}

void
mstore_abort(struct mstore *ms)
{
	logview_abort(&ms->v);
}

enum mstore_code
mstore_commit(struct mstore *ms)
{
	ms->turns++;
	if (ms->deliveries > 0 && !ms->v.failed)
		delivery_sweep(ms, 2 * ms->deliveries);
	if (cache_isdirty(ms) || ms->brief_waiting > 0)
		ms->v.touched = 1;
	if (logview_commit(&ms->v) == -1)
		return MSTORE_TEMPFAIL;
	(void)cache_trim(ms);
	return MSTORE_OK;
}

enum mstore_code
turn_fail(struct mstore *ms)
{
	ms->v.failed = 1;
	return MSTORE_TEMPFAIL;
}

enum mstore_code
turn_check(struct mstore *ms)
{
	return ms->v.in_turn && !ms->v.failed ? MSTORE_OK : MSTORE_TEMPFAIL;
}

uint64_t
turn_id(struct mstore *ms)
{
	/* Batch numbers are never used again, so neither is this. */
	if (++ms->nids >= 1U << 20)
		return 0;
	return seglog_batch(ms->v.log) << 20 | ms->nids;
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
	struct seglog_pos pos;

	if (e != 0)
		return turn_fail(ms);
	if (meta != NULL)
		parts[1] = *meta;
	if (body != NULL)
		parts[2] = *body;
	if (logview_append(&ms->v, (uint8_t)kind, parts, &pos) == 0)
		return MSTORE_OK;
	if (ms->v.failed)
		return MSTORE_TEMPFAIL;
	return errno == EPIPE ? MSTORE_BADMSG : errno == EFBIG ?
	    MSTORE_LIMIT : MSTORE_NOSPACE;
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

	if (ms->v.replaying || !ms->v.in_turn)
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

	if (ms->v.in_turn || i >= ms->nevents)
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
	return seglog_reserve(ms->v.log, ms->reserve_bytes,
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
