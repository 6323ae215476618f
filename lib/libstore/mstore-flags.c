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
	/* 1 take it, 0 not, -1 add it to failed */
	int		(*want)(const struct pick *, const struct hot *,
			    uint32_t slot);
	enum mstore_flagop op;
	uint8_t		 flags;
	uint64_t	 keywords;
	uint64_t	 unchangedsince;
	struct rseq	*taken;
	struct rseq	*failed;
};

static enum mstore_code
pick_chunk(struct mstore *ms, const struct pick *pk, uint64_t id, uint32_t c,
    uint32_t from, uint32_t last)
{
	enum mstore_code code;
	struct hot	*h;
	uint64_t	 map[HOT_SLOTS / 64], m;
	uint32_t	 i, s;
	int		 r;

	if ((h = cache_hot(ms, id, c, 0, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	memcpy(map, h->map, sizeof(map));
	map_mask(map, from, last);
	for (i = 0; i < HOT_SLOTS / 64; i++) {
		for (m = map[i]; m != 0; m &= m - 1) {
			s = i * 64 + (uint32_t)__builtin_ctzll(m);
			r = pk->want(pk, h, s);
			if (r == 0 || (r == -1 && pk->failed == NULL))
				continue;
			if (rseq_add(r == 1 ? pk->taken : pk->failed,
			    (c << HOT_SHIFT) + s, (c << HOT_SHIFT) + s) == -1)
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
			    (code = cache_trim(ms)) != MSTORE_OK)
				return code;
		}
	}
	return MSTORE_OK;
}

/* Those whose flags will be others than now. */
static int
want_change(const struct pick *pk, const struct hot *h, uint32_t s)
{
	uint8_t		 f = h->flags[s];
	uint64_t	 k = h->keywords[s];

	if (h->modseq[s] > pk->unchangedsince)
		return -1;
	switch (pk->op) {
	case MSTORE_FLAGS_ADD:
		return (f & pk->flags) != pk->flags ||
		    (k & pk->keywords) != pk->keywords;
	case MSTORE_FLAGS_DEL:
		return (f & pk->flags) != 0 || (k & pk->keywords) != 0;
	case MSTORE_FLAGS_SET:
		return f != pk->flags || k != pk->keywords;
	}
	return 0;
}

static int
want_deleted(const struct pick *pk, const struct hot *h, uint32_t s)
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

enum mstore_code
mstore_store(struct mstore *ms, uint64_t mailbox, const struct rseq *uids,
    enum mstore_flagop op, uint16_t flags, uint64_t keywords,
    uint64_t unchangedsince, struct rseq *changed, struct rseq *failed,
    uint64_t *modseq)
{
	struct rec_change r = { .mailbox = mailbox, .op = (uint8_t)op,
	    .flags = flags & MSTORE_FLAGS_ALL, .keywords = keywords };
	struct pick	 pk = { .want = want_change, .op = op,
	    .flags = r.flags, .unchangedsince = unchangedsince,
	    .taken = &r.uids, .failed = failed };
	enum mstore_code code;
	struct mbox	*x;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	if (x->m.nkeywords < MSTORE_NKEYWORDS)
		r.keywords &= ((uint64_t)1 << x->m.nkeywords) - 1;
	pk.keywords = r.keywords;
	r.modseq = x->m.highestmodseq + 1;
	code = pick_set(ms, &pk, mailbox, x->m.uidnext, uids);
	if (code == MSTORE_OK)
		code = change_log(ms, REC_FLAGS, &r);
	if (modseq != NULL)
		*modseq = r.uids.nruns > 0 ? r.modseq : r.modseq - 1;
	give(changed, &r.uids);
	return code;
}

enum mstore_code
mstore_expunge(struct mstore *ms, uint64_t mailbox, const struct rseq *uids,
    int force, struct rseq *gone, uint64_t *modseq)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct rec_change r = { .mailbox = mailbox };
	struct pick	 pk = { .want = want_deleted, .taken = &r.uids,
	    .flags = force ? 0 : MSTORE_DELETED };
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
    const struct mstore_quota *limit)
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
	if ((from = mbox_select(ms, r->from, &code)) == NULL ||
	    (code = copy_keywords(ms, from, r->to, r->map)) != MSTORE_OK ||
	    (from = mbox_select(ms, r->from, &code)) == NULL ||
	    (to = mbox_select(ms, r->to, &code)) == NULL)
		return code;
	if (UINT32_MAX - to->m.uidnext <= rseq_count(&r->uids))
		return MSTORE_LIMIT;
	r->first = to->m.uidnext;
	r->modseq = to->m.highestmodseq + 1;
	r->from_modseq = from->m.highestmodseq + 1;
	if (r->move && r->from == r->to)
		r->from_modseq++;	/* two things happen in one mailbox */
	return MSTORE_OK;
}

enum mstore_code
mstore_copy(struct mstore *ms, uint64_t from, const struct rseq *uids,
    uint64_t to, int move, const struct mstore_quota *limit,
    struct rseq *done, uint32_t *first)
{
	struct rec_copy	 r = { .from = from, .to = to, .move = move != 0,
	    .savedate = ms->now };
	enum mstore_code code;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	code = copy_prepare(ms, &r, uids, limit);
	if (code == MSTORE_OK) {
		buf_truncate(&ms->head, 0);
		code = turn_log(ms, REC_COPY, rec_copy_put(&ms->head, &r));
	} else if (code == MSTORE_NONE && r.uids.nruns == 0 &&
	    mbox_select(ms, to, &code) != NULL &&
	    mbox_select(ms, from, &code) != NULL)
		code = MSTORE_OK;	/* nothing to copy is no error */
	*first = r.first;
	give(done, &r.uids);
	return code;
}
