/* STORE, EXPUNGE, COPY and MOVE. */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"

/* Bits from..last of a chunk's map. */
static void
map_mask(uint64_t map[HOT_SLOTS / 64], uint32_t from, uint32_t last)
{
	uint32_t	 i, lo, hi;

	for (i = 0; i < HOT_SLOTS / 64; i++) {
		lo = i * 64;
		hi = lo + 63;
		if (hi < from || lo > last) {
			map[i] = 0;
			continue;
		}
		if (from > lo)
			map[i] &= ~(uint64_t)0 << (from - lo);
		if (last < hi)
			map[i] &= ~(uint64_t)0 >> (hi - last);
	}
}

/* Add the uids of a map to a set, run by run. */
static int
map_add(struct rseq *s, uint32_t chunk, const uint64_t map[HOT_SLOTS / 64])
{
	uint32_t	 base, i, start, len;
	uint64_t	 m;

	for (i = 0; i < HOT_SLOTS / 64; i++) {
		base = (chunk << HOT_SHIFT) + i * 64;
		for (m = map[i]; m != 0;) {
			start = (uint32_t)__builtin_ctzll(m);
			len = ~(m >> start) == 0 ? 64 :
			    (uint32_t)__builtin_ctzll(~(m >> start));
			if (rseq_add(s, base + start,
			    base + start + len - 1) == -1)
				return -1;
			if (start + len >= 64)
				break;
			m &= ~(uint64_t)0 << (start + len);
		}
	}
	return 0;
}

enum mstore_code
mbox_present(struct mstore *ms, struct mbox *x, const struct rseq *set,
    struct rseq *out)
{
	enum mstore_code code;
	uint64_t	 map[HOT_SLOTS / 64], id = x->m.id;
	uint32_t	 first, last, c, end = x->m.uidnext - 1;
	size_t		 i;

	for (i = 0; i < set->nruns; i++) {
		first = set->runs[i].first;
		last = set->runs[i].last;
		if (last > end)
			last = end;
		if (first > last)
			break;
		for (c = HOT_CHUNK(first); c <= HOT_CHUNK(last); c++) {
			code = cache_hot_map(ms, id, c, map);
			if (code != MSTORE_OK)
				return code;
			map_mask(map, c == HOT_CHUNK(first) ?
			    HOT_SLOT(first) : 0, c == HOT_CHUNK(last) ?
			    HOT_SLOT(last) : HOT_SLOTS - 1);
			if (map_add(out, c, map) == -1)
				return turn_fail(ms);
		}
	}
	return MSTORE_OK;
}

enum mstore_code
mstore_uids(struct mstore *ms, uint64_t id, struct rseq *out)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	enum mstore_code code;
	struct mbox	*x;

	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	return mbox_present(ms, x, &all, out);
}

/* A walk over the messages of a set that picks some of them by their flags. */
struct pick {
	/* Bits: 1 take it, 2 into seen, 4 add it to failed. */
	int		(*want)(const struct pick *, const struct lens *,
			    const struct hot *, uint32_t slot);
	enum mstore_flagop op;
	uint8_t		 flags;
	uint64_t	 keywords;
	uint8_t		 mask;		/* flags that he may change */
	uint8_t		 kwmask;	/* 1: and keywords */
	uint64_t	 unchangedsince;
	uint32_t	 reader;
	struct rseq	*taken;
	struct rseq	*seen;		/* a reader's own \Seen changes */
	struct rseq	*failed;
	uint32_t	 max;		/* taken: enough; 0: all */
};

static int
pick_add(struct rseq *set, uint32_t uid)
{
	return set == NULL ? 0 : rseq_add(set, uid, uid);
}

static enum mstore_code
pick_chunk(struct mstore *ms, const struct pick *pk, uint64_t id, uint32_t c,
    uint32_t from, uint32_t last)
{
	enum mstore_code code;
	struct lens	 lens;
	struct mbox	*x;
	struct hot	*h;
	uint64_t	 map[HOT_SLOTS / 64], m;
	uint32_t	 i, s, uid;
	int		 r;

	if ((x = mbox_select(ms, id, &code)) == NULL ||
	    (code = seen_lens(ms, x, pk->reader, c, &lens)) != MSTORE_OK)
		return code;
	if ((h = cache_hot(ms, id, c, 0, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	memcpy(map, h->map, sizeof(map));
	map_mask(map, from, last);
	for (i = 0; i < HOT_SLOTS / 64; i++) {
		for (m = map[i]; m != 0; m &= m - 1) {
			s = i * 64 + (uint32_t)__builtin_ctzll(m);
			r = pk->want(pk, &lens, h, s);
			uid = (c << HOT_SHIFT) + s;
			if ((r & 1 && pick_add(pk->taken, uid) == -1) ||
			    (r & 2 && pick_add(pk->seen, uid) == -1) ||
			    (r & 4 && pick_add(pk->failed, uid) == -1))
				return turn_fail(ms);
		}
	}
	return MSTORE_OK;
}

static enum mstore_code
pick_set(struct mstore *ms, const struct pick *pk, uint64_t id,
    uint32_t uidnext, const struct rseq *set)
{
	enum mstore_code code;
	uint32_t	 first, last, c;
	size_t		 i;

	for (i = 0; i < set->nruns; i++) {
		first = set->runs[i].first;
		last = set->runs[i].last;
		if (last >= uidnext)
			last = uidnext - 1;
		if (first > last)
			break;
		for (c = HOT_CHUNK(first); c <= HOT_CHUNK(last); c++) {
			code = pick_chunk(ms, pk, id, c,
			    c == HOT_CHUNK(first) ? HOT_SLOT(first) : 0,
			    c == HOT_CHUNK(last) ? HOT_SLOT(last) :
			    HOT_SLOTS - 1);
			if (code != MSTORE_OK ||
			    (code = cache_trim(ms)) != MSTORE_OK ||
			    (pk->max != 0 && rseq_count(pk->taken) >= pk->max))
				return code;
		}
	}
	return MSTORE_OK;
}

/* Those whose flags will be others than now. */
static int
want_change(const struct pick *pk, const struct lens *l, const struct hot *h,
    uint32_t s)
{
	uint8_t		 f = lens_flags(l, h, s), diff = 0;
	uint64_t	 k = h->keywords[s], kdiff = 0;
	int		 r;

	if (lens_modseq(l, h, s) > pk->unchangedsince)
		return 4;
	switch (pk->op) {
	case MSTORE_FLAGS_ADD:
		diff = (uint8_t)(~f & pk->flags);
		kdiff = ~k & pk->keywords;
		break;
	case MSTORE_FLAGS_DEL:
		diff = f & pk->flags;
		kdiff = k & pk->keywords;
		break;
	case MSTORE_FLAGS_SET:
		diff = f ^ pk->flags;
		kdiff = k ^ pk->keywords;
		break;
	}
	diff &= pk->mask;
	r = l->foreign && diff & MSTORE_SEEN ? 2 : 0;
	if (l->foreign)
		diff &= (uint8_t)~MSTORE_SEEN;
	return r | (diff != 0 || (pk->kwmask && kdiff != 0));
}

static int
want_deleted(const struct pick *pk, const struct lens *l, const struct hot *h,
    uint32_t s)
{
	return (h->flags[s] & pk->flags) == pk->flags;
}

/* Log a change of r->uids, if there are any. */
static enum mstore_code
change_log(struct mstore *ms, enum rec_kind kind, const struct rec_change *r)
{
	if (r->uids.nruns == 0)
		return MSTORE_OK;
	if (r->uids.nruns > REC_MAXRUNS)
		return MSTORE_LIMIT;
	buf_truncate(&ms->head, 0);
	return turn_log(ms, kind, rec_change_put(&ms->head, r));
}

/* Hand a set to the caller who wants it, else free it. */
static void
give(struct rseq *to, struct rseq *from)
{
	if (to != NULL) {
		rseq_free(to);
		*to = *from;
		rseq_init(from);
	} else
		rseq_free(from);
}

/* The record that leaves alone what he may not change, and another's \Seen. */
static void
change_limit(struct rec_change *r, const struct pick *pk, int foreign)
{
	r->mask = foreign ? pk->mask & (uint8_t)~MSTORE_SEEN : pk->mask;
	r->kwmask = pk->kwmask;
	if (r->op == MSTORE_FLAGS_SET) {
		if (r->mask != MSTORE_FLAGS_ALL || !r->kwmask)
			r->op = REC_FLAGS_SETIN;
		return;
	}
	r->flags &= r->mask;
	if (!r->kwmask)
		r->keywords = 0;
}

static int
unite(struct rseq *to, const struct rseq *more)
{
	size_t	 i;

	for (i = 0; i < more->nruns; i++)
		if (rseq_add(to, more->runs[i].first, more->runs[i].last) ==
		    -1)
			return -1;
	return 0;
}

enum mstore_code
mstore_store_by(struct mstore *ms, const struct mstore_who *who,
    uint64_t mailbox, const struct rseq *uids, enum mstore_flagop op,
    uint16_t flags, uint64_t keywords, uint64_t unchangedsince,
    struct rseq *changed, struct rseq *failed, uint64_t *modseq)
{
	struct rec_change r = { .mailbox = mailbox, .op = (uint8_t)op,
	    .flags = flags & MSTORE_FLAGS_ALL, .keywords = keywords };
	struct rseq	 seen = { 0 };
	struct pick	 pk = { .want = want_change, .op = op,
	    .flags = r.flags, .mask = who->flags & MSTORE_FLAGS_ALL,
	    .kwmask = who->keywords, .unchangedsince = unchangedsince,
	    .reader = who->reader, .taken = &r.uids, .seen = &seen,
	    .failed = failed };
	enum mstore_code code;
	struct mbox	*x;
	uint64_t	 last;
	int		 foreign;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	if (x->m.nkeywords < MSTORE_NKEYWORDS)
		r.keywords &= ((uint64_t)1 << x->m.nkeywords) - 1;
	pk.keywords = r.keywords;
	foreign = seen_foreign(x, who->reader);
	last = x->m.highestmodseq;
	r.modseq = last + 1;
	code = pick_set(ms, &pk, mailbox, x->m.uidnext, uids);
	change_limit(&r, &pk, foreign);
	if (code == MSTORE_OK)
		code = change_log(ms, REC_FLAGS, &r);
	if (r.uids.nruns > 0)
		last = r.modseq;
	if (code == MSTORE_OK)
		code = seen_log(ms, mailbox, who->reader, op !=
		    MSTORE_FLAGS_DEL && flags & MSTORE_SEEN, &seen, &last);
	if (modseq != NULL)
		*modseq = last;
	if (unite(&r.uids, &seen) == -1)
		code = turn_fail(ms);
	rseq_free(&seen);
	give(changed, &r.uids);
	return code;
}

enum mstore_code
mstore_store(struct mstore *ms, uint64_t mailbox, const struct rseq *uids,
    enum mstore_flagop op, uint16_t flags, uint64_t keywords,
    uint64_t unchangedsince, struct rseq *changed, struct rseq *failed,
    uint64_t *modseq)
{
	static const struct mstore_who owner = MSTORE_OWNER;

	return mstore_store_by(ms, &owner, mailbox, uids, op, flags, keywords,
	    unchangedsince, changed, failed, modseq);
}

enum mstore_code
mstore_expunge(struct mstore *ms, uint64_t mailbox, const struct rseq *uids,
    int force, struct rseq *gone, uint64_t *modseq)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct rec_change r = { .mailbox = mailbox };
	struct pick	 pk = { .want = want_deleted, .taken = &r.uids,
	    .flags = force ? 0 : MSTORE_DELETED,
	    .max = uids == NULL ? MSTORE_SOME : 0 };
	enum mstore_code code;
	struct mbox	*x;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	r.modseq = x->m.highestmodseq + 1;
	/* Most often there is nothing to do (CLOSE), and that is known. */
	if (force || x->m.deleted > 0)
		code = pick_set(ms, &pk, mailbox, x->m.uidnext,
		    uids != NULL ? uids : &all);
	if (code == MSTORE_OK)
		code = change_log(ms, REC_EXPUNGE, &r);
	if (modseq != NULL)
		*modseq = r.uids.nruns > 0 ? r.modseq : r.modseq - 1;
	give(gone, &r.uids);
	return code;
}

/* Keywords of the one mailbox in terms of the other; new ones are made. */
static enum mstore_code
copy_keywords(struct mstore *ms, const struct mbox *from, uint64_t to,
    uint8_t map[MSTORE_NKEYWORDS])
{
	enum mstore_code code;
	char		 names[MSTORE_NKEYWORDS][MSTORE_MAXKEYWORD + 1];
	struct span	 s;
	uint64_t	 mask;
	unsigned int	 i, n = from->m.nkeywords;

	memset(map, 0xff, MSTORE_NKEYWORDS);
	memcpy(names, from->keywords, sizeof(names));
	for (i = 0; i < n; i++) {
		s = span_of(names[i]);
		code = mstore_keyword_mask(ms, to, &s, 1, 1, &mask);
		if (code == MSTORE_OK)
			map[i] = (uint8_t)__builtin_ctzll(mask);
		else if (code != MSTORE_LIMIT)
			return code;
	}
	return MSTORE_OK;
}

static enum mstore_code
copy_quota(struct mstore *ms, const struct rec_copy *r, uint32_t account,
    const struct mstore_quota *limit)
{
	enum mstore_code code;
	struct acct	*a;
	struct where	*w;
	uint64_t	 bytes = 0, n = rseq_count(&r->uids);
	uint32_t	 uid;
	size_t		 i;

	if (limit == NULL || (limit->bytes == 0 && limit->messages == 0))
		return MSTORE_OK;
	for (i = 0; limit->bytes != 0 && i < r->uids.nruns; i++) {
		for (uid = r->uids.runs[i].first;; uid++) {
			if ((w = cache_where(ms, r->from, WHERE_CHUNK(uid), 0,
			    &code)) != NULL)
				bytes += w->ent[WHERE_SLOT(uid)].size;
			if (uid == r->uids.runs[i].last)
				break;
		}
		if ((code = cache_trim(ms)) != MSTORE_OK)
			return code;
	}
	if ((a = cache_acct(ms, account, 0, &code)) == NULL)
		return code;
	if ((limit->bytes != 0 && a->usage.bytes + bytes > limit->bytes) ||
	    (limit->messages != 0 && a->usage.messages + n > limit->messages))
		return MSTORE_OVERQUOTA;
	return MSTORE_OK;
}

static enum mstore_code
copy_prepare(struct mstore *ms, struct rec_copy *r, const struct rseq *uids,
    int keywords, const struct mstore_quota *limit)
{
	enum mstore_code code;
	struct mbox	*from, *to;

	if ((from = mbox_select(ms, r->from, &code)) == NULL ||
	    (code = mbox_present(ms, from, uids, &r->uids)) != MSTORE_OK)
		return code;
	if (r->uids.nruns == 0)
		return MSTORE_NONE;
	if (r->uids.nruns > REC_MAXRUNS)
		return MSTORE_LIMIT;
	if ((to = mbox_select(ms, r->to, &code)) == NULL)
		return code;
	/* Moving within an account takes nothing more of its quota. */
	if ((!r->move || from->m.account != to->m.account) &&
	    (code = copy_quota(ms, r, to->m.account, limit)) != MSTORE_OK)
		return code;
	memset(r->map, 0xff, sizeof(r->map));
	if ((from = mbox_select(ms, r->from, &code)) == NULL || (keywords &&
	    (code = copy_keywords(ms, from, r->to, r->map)) != MSTORE_OK) ||
	    (from = mbox_select(ms, r->from, &code)) == NULL ||
	    (to = mbox_select(ms, r->to, &code)) == NULL)
		return code;
	if (UINT32_MAX - to->m.uidnext <= rseq_count(&r->uids))
		return MSTORE_LIMIT;
	/* \Seen is what it is to the owner: another one's is not his. */
	if (from->m.account != to->m.account)
		r->mask &= (uint8_t)~MSTORE_SEEN;
	r->first = to->m.uidnext;
	r->modseq = to->m.highestmodseq + 1;
	r->from_modseq = from->m.highestmodseq + 1;
	if (r->move && r->from == r->to)
		r->from_modseq++;	/* two things happen in one mailbox */
	return MSTORE_OK;
}

/* Which of the new uids will be of messages that the reader has seen. */
static enum mstore_code
copy_seen(struct mstore *ms, const struct rec_copy *r, uint32_t reader,
    struct rseq *out)
{
	enum mstore_code code = MSTORE_OK;
	struct lens	 lens;
	struct mbox	*x;
	struct hot	*h;
	uint32_t	 uid, newuid = r->first;
	size_t		 i;

	for (i = 0; i < r->uids.nruns; i++) {
		for (uid = r->uids.runs[i].first;; uid++, newuid++) {
			if ((x = mbox_select(ms, r->from, &code)) == NULL ||
			    (code = seen_lens(ms, x, reader, HOT_CHUNK(uid),
			    &lens)) != MSTORE_OK ||
			    (h = cache_hot(ms, r->from, HOT_CHUNK(uid), 0,
			    &code)) == NULL)
				return code;
			if (lens_flags(&lens, h, HOT_SLOT(uid)) &
			    MSTORE_SEEN && rseq_add(out, newuid, newuid) ==
			    -1)
				return turn_fail(ms);
			if (uid == r->uids.runs[i].last)
				break;
			if (HOT_SLOT(uid) == HOT_SLOTS - 1 &&
			    (code = cache_trim(ms)) != MSTORE_OK)
				return code;
		}
		newuid++;
	}
	return code;
}

/* And then he has seen the copies too. */
static enum mstore_code
copy_mark(struct mstore *ms, const struct mstore_who *who, uint64_t to,
    const struct rseq *seen)
{
	enum mstore_code code;
	struct mbox	*x;

	if (seen->nruns == 0)
		return MSTORE_OK;
	if ((x = mbox_select(ms, to, &code)) == NULL)
		return code;
	if (seen_foreign(x, who->reader))
		return seen_log(ms, to, who->reader, 1, seen, NULL);
	return mstore_store(ms, to, seen, MSTORE_FLAGS_ADD, MSTORE_SEEN, 0,
	    UINT64_MAX, NULL, NULL, NULL);
}

enum mstore_code
mstore_copy_by(struct mstore *ms, const struct mstore_who *who, uint64_t from,
    const struct rseq *uids, uint64_t to, int move,
    const struct mstore_quota *limit, struct rseq *done, uint32_t *first)
{
	struct rec_copy	 r = { .from = from, .to = to, .move = move != 0,
	    .mask = who->flags & MSTORE_FLAGS_ALL, .savedate = ms->now };
	struct rseq	 seen = { 0 };
	enum mstore_code code;
	struct mbox	*x, *y;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	code = copy_prepare(ms, &r, uids, who->keywords, limit);
	if (code == MSTORE_OK) {
		x = mbox_select(ms, from, &code);
		y = mbox_select(ms, to, &code);
		if (x != NULL && y != NULL && who->flags & MSTORE_SEEN &&
		    (seen_foreign(x, who->reader) ||
		    seen_foreign(y, who->reader)))
			code = copy_seen(ms, &r, who->reader, &seen);
	}
	if (code == MSTORE_OK) {
		buf_truncate(&ms->head, 0);
		code = turn_log(ms, REC_COPY, rec_copy_put(&ms->head, &r));
		if (code == MSTORE_OK)
			code = copy_mark(ms, who, to, &seen);
	} else if (code == MSTORE_NONE && r.uids.nruns == 0 &&
	    mbox_select(ms, to, &code) != NULL &&
	    mbox_select(ms, from, &code) != NULL)
		code = MSTORE_OK;	/* nothing to copy is no error */
	rseq_free(&seen);
	*first = r.first;
	give(done, &r.uids);
	return code;
}

enum mstore_code
mstore_copy(struct mstore *ms, uint64_t from, const struct rseq *uids,
    uint64_t to, int move, const struct mstore_quota *limit,
    struct rseq *done, uint32_t *first)
{
	static const struct mstore_who owner = MSTORE_OWNER;

	return mstore_copy_by(ms, &owner, from, uids, to, move, limit, done,
	    first);
}
