/*
 * Compaction: segments of which less than half is of use are packed, a piece at
 * a time.
 *
 * All records stay in the log, in their order and place, for each may matter to
 * a replay; but of a message that is nowhere any more only the header and part
 * 0 are kept.  So a packed segment applies just as the old one, the index needs
 * to know nothing, and a crash at any moment leaves the one file or the other.
 * What is dead stays dead (a uid is not used again, and the index is asked
 * outside of turns), so it does not matter that a packing takes a while.
 *
 * Table 'G' has the bytes of live message records in each segment; a packed
 * segment notes what that was when it was packed.  The difference is what can
 * be gained.
 */
#include <errno.h>
#include <stdlib.h>

#include "mstore-int.h"

#define COMPACT_RECORDS	256		/* looked at in one step */
#define COMPACT_PUSH	(256U * 1024)	/* written in one step */
#define COMPACT_RETRY	30		/* seconds after a failure */
#define COMPACT_SETTLE	2		/* seconds before the flush */
#define COMPACT_LOOK	32		/* segments that are asked at a time */

/* Bytes that packing a segment would gain; 0 when it is not worth it. */
static uint64_t
gain(struct mstore *ms, uint32_t no)
{
	enum mstore_code code;
	struct seguse	*s;
	uint64_t	 used, live, dead;
	uint32_t	 note;

	if (!seglog_pack_possible(ms->v.log, no) ||
	    (s = cache_seg(ms, no, &code)) == NULL)
		return 0;
	used = seglog_segment_used(ms->v.log, no);
	live = s->live > 0 ? (uint64_t)s->live : 0;
	if (seglog_packed(ms->v.log, no, &note))
		dead = note > live ? note - live : 0;
	else
		dead = used > live ? used - live : 0;
	return dead >= ms->compact_least && dead > used / 2 ? dead : 0;
}

static void
rest(struct mstore *ms, int64_t now, int seconds)
{
	ms->compact_looked = now;
	ms->compact_wait = now + seconds;
}

/* Look at some segments, round and round, once a second; 0 none. */
static uint32_t
choose(struct mstore *ms, int64_t now)
{
	uint32_t	 first, last, no, found = 0;
	uint64_t	 best = 0, n;
	int		 i;

	/* The clock may have been set back. */
	if (now >= ms->compact_looked && now < ms->compact_wait)
		return 0;
	seglog_segments(ms->v.log, &first, &last);
	no = ms->compact_next;
	for (i = 0; i < COMPACT_LOOK && i <= (int)(last - first); i++) {
		if (no < first || no >= last)
			no = first;
		if ((n = gain(ms, no)) > best) {
			best = n;
			found = no;
		}
		no++;
	}
	ms->compact_next = no;
	if (found == 0)
		rest(ms, now, 1);
	(void)cache_trim(ms);
	return found;
}

/* Is a message that is said to be there by this place still there? */
static int
place_live(struct mstore *ms, const struct rec_place *pl,
    struct seglog_pos pos, int *live)
{
	enum mstore_code code;
	struct where	*w;

	w = cache_where(ms, pl->mailbox, WHERE_CHUNK(pl->uid), 0, &code);
	if (w == NULL)
		return code == MSTORE_NONE ? 0 : -1;
	if (where_has(w, pl->uid) && seglog_pos_cmp(
	    w->ent[WHERE_SLOT(pl->uid)].pos, pos) == 0)
		*live = 1;
	return 0;
}

/* 1 the record's message is somewhere, 0 nowhere, -1 not known. */
static int
message_live(struct mstore *ms, const struct seglog_hdr *h)
{
	struct rec_message r;
	struct rec_place pl;
	enum mstore_code code;
	const uint8_t	*val;
	uint8_t		 key[KEY_MAX];
	size_t		 len;
	int		 live = 0;

	code = idx_get(ms, key, key_pos(key, h->pos), &val, &len);
	if (code != MSTORE_NONE)
		return code == MSTORE_OK ? 1 : -1;
	buf_truncate(&ms->head, 0);
	if (seglog_read_part(ms->v.log, h, 0, &ms->head) == -1)
		return -1;
	/* What this version does not understand it does not judge. */
	if (h->version != REC_VERSION || rec_message_get(&r,
	    buf_ptr(&ms->head), ms->head.len) == -1)
		return 1;
	/* With several places, or other ones, it had been in table 'R'. */
	if (r.nplaces != 1)
		return 0;
	rec_place_get(&r, 0, &pl);
	if (place_live(ms, &pl, h->pos, &live) == -1)
		return -1;
	return live;
}

static int
keep(struct mstore *ms, const struct seglog_hdr *h)
{
	int	 live, n = SEGLOG_NPARTS;

	if (h->kind == REC_MESSAGE) {
		if ((live = message_live(ms, h)) == -1)
			return -1;
		if (live)
			ms->compact_live += seglog_after(h).off - h->pos.off;
		else
			n = 1;
	}
	return seglog_pack_keep(ms->compact, h, n);
}

/* A piece of a segment; 1 more to do, 0 it is done, -1. */
static int
step(struct mstore *ms)
{
	struct seglog_hdr h;
	int		 i, r;

	for (i = 0; i < COMPACT_RECORDS; i++) {
		if ((r = seglog_pack_next(ms->compact, &h)) != 1)
			return r;
		if (keep(ms, &h) == -1 || cache_trim(ms) != MSTORE_OK)
			return -1;
		if (seglog_pack_pending(ms->compact) >= COMPACT_PUSH)
			return seglog_pack_push(ms->compact) == -1 ? -1 : 1;
	}
	return 1;
}

int
compact_work(struct mstore *ms, int64_t now)
{
	uint32_t	 no;
	int		 r;

	if (ms->compact == NULL) {
		if ((no = choose(ms, now)) == 0)
			return 0;
		ms->compact_live = 0;
		ms->compact_pushed = 0;
		if (seglog_pack_begin(ms->v.log, no, &ms->compact) == -1) {
			ms->compact = NULL;
			rest(ms, now, COMPACT_RETRY);
			return 0;
		}
		return 1;
	}
	r = 0;
	if (ms->compact_pushed == 0 && (r = step(ms)) == 1)
		return 1;
	if (r == 0 && ms->compact_pushed == 0)
		r = seglog_pack_push(ms->compact);
	if (r == 0 && ms->compact_pushed == 0)
		ms->compact_pushed = now;
	/* A moment later most of it has been written, and the flush keeps
	 * nobody waiting. */
	if (r == 0 && now >= ms->compact_pushed &&
	    now < ms->compact_pushed + COMPACT_SETTLE)
		return 0;
	if (r == -1) {
		/* No room, or it cannot be read: try others first. */
		seglog_pack_abort(ms->compact);
		rest(ms, now, COMPACT_RETRY);
	} else if (seglog_pack_end(ms->compact, ms->compact_live) == 0)
		ms->compactions++;
	ms->compact = NULL;
	return r == 0;
}
