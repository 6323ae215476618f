/* Applying records about messages to the index. */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define REFLEN	12	/* mailbox, uid */

uint64_t
where_reclen(struct mstore *ms, const struct where_ent *e)
{
	struct seglog_hdr h;

	if (where_hdr(ms, e, &h) != MSTORE_OK)
		return 0;
	return (SEGLOG_HDRLEN + (uint64_t)h.len[0] + h.len[1] + h.len[2] +
	    7) & ~(uint64_t)7;
}

static enum mstore_code
seg_live(struct mstore *ms, uint32_t seg, int64_t delta)
{
	enum mstore_code code;
	struct seguse	*s;

	if ((s = cache_seg(ms, seg, &code)) == NULL)
		return code;
	s->live += delta;
	cache_dirty(s);
	return MSTORE_OK;
}

static void
ref_put(uint8_t *p, uint64_t mbox, uint32_t uid)
{
	put_le64(p, mbox);
	put_le32(p + 8, uid);
}

/* Take (mbox, uid) out of the list in ms->val; 1 if it was there. */
static int
ref_remove(struct buf *b, uint64_t mbox, uint32_t uid)
{
	uint8_t	 want[REFLEN], *p = buf_ptr(b);
	size_t	 i;

	ref_put(want, mbox, uid);
	for (i = 0; i + REFLEN <= b->len; i += REFLEN) {
		if (memcmp(p + i, want, REFLEN) != 0)
			continue;
		/* In order, so that it does not matter when. */
		memmove(p + i, p + i + REFLEN, b->len - i - REFLEN);
		buf_truncate(b, b->len - REFLEN);
		return 1;
	}
	return 0;
}

/* The list of places of the record at pos into ms->val; NONE: no list. */
static enum mstore_code
ref_load(struct mstore *ms, struct seglog_pos pos)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	buf_truncate(&ms->val, 0);
	code = idx_get(ms, key, key_pos(key, pos), &val, &len);
	if (code == MSTORE_OK && buf_add(&ms->val, val, len) == -1)
		return turn_fail(ms);
	return code;
}

static enum mstore_code
ref_store(struct mstore *ms, struct seglog_pos pos)
{
	uint8_t	 key[KEY_MAX];
	size_t	 klen = key_pos(key, pos);

	if (ms->val.len == 0)
		return idx_del(ms, key, klen);
	return idx_put(ms, key, klen, buf_ptr(&ms->val), ms->val.len);
}

enum mstore_code
ref_drop(struct mstore *ms, uint64_t mbox, uint32_t uid,
    const struct where_ent *e)
{
	enum mstore_code code;

	code = ref_load(ms, e->pos);
	if (code == MSTORE_OK) {
		if (!ref_remove(&ms->val, mbox, uid))
			return MSTORE_OK;
		if ((code = ref_store(ms, e->pos)) != MSTORE_OK ||
		    ms->val.len > 0)
			return code;
	} else if (code != MSTORE_NONE)
		return code;
	return seg_live(ms, e->pos.seg, -(int64_t)where_reclen(ms, e));
}

/* A message has a further place, or (move) another one. */
static enum mstore_code
ref_copy(struct mstore *ms, struct seglog_pos pos, uint64_t from,
    uint32_t uid, uint64_t to, uint32_t newuid, int move)
{
	enum mstore_code code;
	uint8_t		 ref[REFLEN];

	code = ref_load(ms, pos);
	if (code == MSTORE_NONE && !move) {
		ref_put(ref, from, uid);
		if (buf_add(&ms->val, ref, REFLEN) == -1)
			return turn_fail(ms);
	} else if (code == MSTORE_OK && move)
		ref_remove(&ms->val, from, uid);
	else if (code == MSTORE_TEMPFAIL)
		return code;
	ref_put(ref, to, newuid);
	if (buf_add(&ms->val, ref, REFLEN) == -1)
		return turn_fail(ms);
	return ref_store(ms, pos);
}

/* The counters of mailbox and account: sign 1 a message more, -1 less. */
static enum mstore_code
count(struct mstore *ms, struct mbox *x, uint8_t flags, uint32_t size,
    int sign)
{
	enum mstore_code code;
	struct acct	*a;
	int64_t		 n = (int64_t)sign * size;

	x->m.exists += (uint32_t)sign;
	x->m.size += (uint64_t)n;
	if (!(flags & MSTORE_SEEN))
		x->m.unseen += (uint32_t)sign;
	if (flags & MSTORE_DELETED) {
		x->m.deleted += (uint32_t)sign;
		x->m.deleted_size += (uint64_t)n;
	}
	cache_dirty(x);
	if ((a = cache_acct(ms, x->m.account, 0, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	a->usage.messages += (uint64_t)(int64_t)sign;
	a->usage.bytes += (uint64_t)n;
	cache_dirty(a);
	return MSTORE_OK;
}

/* What HOT says of a message. */
struct state {
	uint8_t		 flags;
	uint64_t	 keywords;
	uint64_t	 modseq;
};

/*
 * A message is at uid now.  If there was one (compaction restates it), that one
 * gives up its bytes.
 */
static enum mstore_code
place_add(struct mstore *ms, struct mbox *x, uint32_t uid,
    const struct state *st, const struct where_ent *e)
{
	enum mstore_code code;
	struct hot	*h;
	struct where	*w;
	struct where_ent *old;
	uint32_t	 s = HOT_SLOT(uid);

	if ((h = cache_hot(ms, x->m.id, HOT_CHUNK(uid), 1, &code)) == NULL ||
	    (w = cache_where(ms, x->m.id, WHERE_CHUNK(uid), 1, &code)) == NULL)
		return code;
	old = &w->ent[WHERE_SLOT(uid)];
	if (where_has(w, uid)) {
		if ((code = count(ms, x, h->flags[s], old->size, -1)) !=
		    MSTORE_OK || (code = ref_drop(ms, x->m.id, uid, old)) !=
		    MSTORE_OK)
			return code;
	}
	*old = *e;
	w->map |= (uint64_t)1 << WHERE_SLOT(uid);
	cache_dirty(w);
	h->map[s / 64] |= (uint64_t)1 << (s % 64);
	h->flags[s] = st->flags;
	h->keywords[s] = st->keywords;
	h->modseq[s] = st->modseq;
	cache_dirty(h);
	if (uid >= x->m.uidnext)
		x->m.uidnext = uid + 1;
	if (st->modseq > x->m.highestmodseq)
		x->m.highestmodseq = st->modseq;
	if (uid < x->hint_uid)
		x->hint_uid = x->hint_below = 0;
	return count(ms, x, st->flags, e->size, 1);
}

/* The message at uid is gone; drop: its bytes have lost a place. */
static enum mstore_code
place_remove(struct mstore *ms, struct mbox *x, uint32_t uid, int drop)
{
	enum mstore_code code;
	struct hot	*h;
	struct where	*w;
	struct where_ent *e;
	uint32_t	 s = HOT_SLOT(uid);

	if ((h = cache_hot(ms, x->m.id, HOT_CHUNK(uid), 0, &code)) == NULL ||
	    (w = cache_where(ms, x->m.id, WHERE_CHUNK(uid), 0, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	if (!hot_has(h, uid) || !where_has(w, uid))
		return MSTORE_OK;
	e = &w->ent[WHERE_SLOT(uid)];
	if ((code = count(ms, x, h->flags[s], e->size, -1)) != MSTORE_OK)
		return code;
	if (drop && (code = ref_drop(ms, x->m.id, uid, e)) != MSTORE_OK)
		return code;
	h->map[s / 64] &= ~((uint64_t)1 << (s % 64));
	cache_dirty(h);
	w->map &= ~((uint64_t)1 << WHERE_SLOT(uid));
	cache_dirty(w);
	if (uid < x->hint_uid && x->hint_below > 0)
		x->hint_below--;
	return x->m.flags & MSTORE_READERS ? seen_drop(ms, x, uid) :
	    MSTORE_OK;
}

struct mbox *
live_mbox(struct mstore *ms, uint64_t id, enum mstore_code *code)
{
	struct mbox	*x;

	if ((x = cache_mbox(ms, id, 0, code)) == NULL)
		return NULL;
	if (x->m.flags & MSTORE_DELETED_MBOX) {
		*code = MSTORE_NONE;
		return NULL;
	}
	return x;
}

static enum mstore_code
apply_threads(struct mstore *ms, const struct rec_message *r,
    const struct rec_place *pl)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX], val[8];
	uint64_t	 hash;
	int		 i;

	put_le64(val, pl->threadid);
	for (i = 0; i <= r->nrefs; i++) {
		hash = i == 0 ? r->msgid : r->refs[i - 1];
		if (!(pl->newids >> i & 1) || hash == 0)
			continue;
		if ((code = idx_put(ms, key, key_thread(key, pl->account,
		    hash), val, sizeof(val))) != MSTORE_OK)
			return code;
	}
	return MSTORE_OK;
}

static enum mstore_code
apply_place(struct mstore *ms, const struct rec_message *r,
    const struct rec_place *pl, struct where_ent *e)
{
	enum mstore_code code;
	struct state	 st = { pl->flags, pl->keywords, pl->modseq };
	struct rseq_run	 run = { pl->uid, pl->uid };
	struct rseq	 one = { &run, 1, 1 };
	struct mbox	*x;

	if ((x = live_mbox(ms, pl->mailbox, &code)) == NULL)
		return code;
	e->savedate = pl->savedate;
	e->threadid = pl->threadid;
	if ((code = place_add(ms, x, pl->uid, &st, e)) != MSTORE_OK ||
	    (code = apply_threads(ms, r, pl)) != MSTORE_OK)
		return code;
	if (r->restated)
		return MSTORE_OK;
	turn_event(ms, x->m.account, x->m.id, MSTORE_EV_NEW, pl->modseq,
	    pl->uid, pl->uid);
	return change_add(ms, x, pl->modseq, MSTORE_EV_NEW, &one);
}

enum mstore_code
apply_message(struct mstore *ms, const struct seglog_hdr *h, const void *p,
    size_t len)
{
	enum mstore_code code;
	struct rec_message r;
	struct rec_place pl;
	struct where_ent e = { .pos = h->pos, .size = h->len[2],
	    .metalen = h->len[1] };
	struct buf	 refs;
	uint8_t		 key[KEY_MAX], ref[REFLEN];
	uint32_t	 i, n = 0;

	if (rec_message_get(&r, p, len) == -1 || r.prefixlen > e.size ||
	    r.prefixlen > UINT16_MAX)
		return MSTORE_OK;
	e.prefixlen = (uint16_t)r.prefixlen;
	e.headlen = h->len[0] <= UINT16_MAX ? (uint16_t)h->len[0] : 0;
	e.date = r.date;
	e.zone = r.zone;
	e.emailid = r.emailid;
	buf_init(&refs, (size_t)r.nplaces * REFLEN + 1);
	for (i = 0; i < r.nplaces; i++) {
		rec_place_get(&r, i, &pl);
		if (pl.uid == 0)
			continue;
		code = apply_place(ms, &r, &pl, &e);
		if (code == MSTORE_NONE)
			continue;
		if (code != MSTORE_OK || (code = cache_trim(ms)) != MSTORE_OK)
			goto out;
		n++;
		ref_put(ref, pl.mailbox, pl.uid);
		if (r.nplaces > 1 && buf_add(&refs, ref, REFLEN) == -1) {
			code = turn_fail(ms);
			goto out;
		}
	}
	code = MSTORE_OK;
	if (n > 0)
		code = seg_live(ms, h->pos.seg, (int64_t)where_reclen(ms, &e));
	if (code == MSTORE_OK && refs.len > 0)
		code = idx_put(ms, key, key_pos(key, h->pos), buf_ptr(&refs),
		    refs.len);
	if (code == MSTORE_OK && r.delivery != 0) {
		put_le64(ref, (uint64_t)r.time);
		code = idx_put(ms, key, key_u64(key, 'D', r.delivery), ref, 8);
	}
out:
	buf_free(&refs);
	return code;
}

/* One message of a COPY or MOVE. */
static enum mstore_code
copy_one(struct mstore *ms, const struct rec_copy *r, uint32_t uid,
    uint32_t newuid)
{
	enum mstore_code code;
	struct mbox	*from, *to;
	struct hot	*h;
	struct where	*w;
	struct where_ent e;
	struct state	 st = { .modseq = r->modseq };
	uint64_t	 kw;
	uint8_t		 bit;

	if ((from = live_mbox(ms, r->from, &code)) == NULL ||
	    (to = live_mbox(ms, r->to, &code)) == NULL ||
	    (h = cache_hot(ms, r->from, HOT_CHUNK(uid), 0, &code)) == NULL ||
	    (w = cache_where(ms, r->from, WHERE_CHUNK(uid), 0,
	    &code)) == NULL)
		return code;
	if (!hot_has(h, uid) || !where_has(w, uid))
		return MSTORE_NONE;
	st.flags = h->flags[HOT_SLOT(uid)] & r->mask;
	for (kw = h->keywords[HOT_SLOT(uid)]; kw != 0; kw &= kw - 1) {
		bit = r->map[__builtin_ctzll(kw)];
		if (bit < MSTORE_NKEYWORDS)
			st.keywords |= (uint64_t)1 << bit;
	}
	e = w->ent[WHERE_SLOT(uid)];
	if ((code = ref_copy(ms, e.pos, r->from, uid, r->to, newuid,
	    r->move)) != MSTORE_OK)
		return code;
	e.savedate = r->savedate;
	if ((code = place_add(ms, to, newuid, &st, &e)) != MSTORE_OK)
		return code;
	return r->move ? place_remove(ms, from, uid, 0) : MSTORE_OK;
}

static enum mstore_code
copy_all(struct mstore *ms, const struct rec_copy *r, struct rseq *made)
{
	enum mstore_code code;
	uint32_t	 uid, newuid = r->first;
	size_t		 i;

	for (i = 0; i < r->uids.nruns; i++) {
		for (uid = r->uids.runs[i].first;; uid++, newuid++) {
			code = copy_one(ms, r, uid, newuid);
			if (code == MSTORE_OK) {
				if (rseq_add(made, newuid, newuid) == -1)
					return turn_fail(ms);
				code = cache_trim(ms);
			}
			if (code != MSTORE_OK && code != MSTORE_NONE)
				return code;
			if (uid == r->uids.runs[i].last)
				break;
		}
		newuid++;
	}
	return MSTORE_OK;
}

enum mstore_code
apply_tell(struct mstore *ms, uint64_t mbox, uint64_t modseq,
    enum mstore_what what, const struct rseq *uids)
{
	enum mstore_code code;
	struct mbox	*x;
	size_t		 i;

	if ((x = live_mbox(ms, mbox, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	for (i = 0; i < uids->nruns; i++)
		turn_event(ms, x->m.account, mbox, what, modseq,
		    uids->runs[i].first, uids->runs[i].last);
	return change_add(ms, x, modseq, what, uids);
}

enum mstore_code
apply_copy(struct mstore *ms, const void *p, size_t len)
{
	enum mstore_code code = MSTORE_OK;
	struct rec_copy	 r;
	struct rseq	 made;

	rseq_init(&made);
	if (rec_copy_get(&r, p, len) == 0) {
		code = copy_all(ms, &r, &made);
		if (code == MSTORE_OK)
			code = apply_tell(ms, r.to, r.modseq, MSTORE_EV_NEW,
			    &made);
		if (code == MSTORE_OK && r.move)
			code = apply_tell(ms, r.from, r.from_modseq,
			    MSTORE_EV_EXPUNGE, &r.uids);
	}
	rseq_free(&made);
	rseq_free(&r.uids);
	return code;
}

/* New flags for one slot of a chunk; the mailbox's counters follow. */
static enum mstore_code
set_state(struct mstore *ms, struct mbox *x, struct hot *h, uint32_t uid,
    const struct state *st)
{
	enum mstore_code code;
	struct where	*w;
	uint32_t	 s = HOT_SLOT(uid), size;
	uint8_t		 diff = h->flags[s] ^ st->flags;

	if (diff & MSTORE_SEEN) {
		if (st->flags & MSTORE_SEEN)
			x->m.unseen--;
		else {
			x->m.unseen++;
			if (uid < x->hint_uid)
				x->hint_uid = x->hint_below = 0;
		}
	}
	if (diff & MSTORE_DELETED) {
		if ((w = cache_where(ms, x->m.id, WHERE_CHUNK(uid), 0,
		    &code)) == NULL)
			return code;
		size = w->ent[WHERE_SLOT(uid)].size;
		if (st->flags & MSTORE_DELETED) {
			x->m.deleted++;
			x->m.deleted_size += size;
		} else {
			x->m.deleted--;
			x->m.deleted_size -= size;
		}
	}
	h->flags[s] = st->flags;
	h->keywords[s] = st->keywords;
	h->modseq[s] = st->modseq;
	return MSTORE_OK;
}

static void
flags_new(struct state *st, const struct rec_change *r)
{
	switch (r->op) {
	case MSTORE_FLAGS_ADD:
		st->flags |= r->flags;
		st->keywords |= r->keywords;
		break;
	case MSTORE_FLAGS_DEL:
		st->flags &= (uint8_t)~r->flags;
		st->keywords &= ~r->keywords;
		break;
	case MSTORE_FLAGS_SET:
		st->flags = r->flags;
		st->keywords = r->keywords;
		break;
	case REC_FLAGS_SETIN:
		st->flags = (uint8_t)((st->flags & ~r->mask) |
		    (r->flags & r->mask));
		if (r->kwmask)
			st->keywords = r->keywords;
		break;
	}
	st->modseq = r->modseq;
}

static enum mstore_code
flags_run(struct mstore *ms, const struct rec_change *r, uint32_t uid,
    uint32_t last)
{
	enum mstore_code code;
	struct mbox	*x;
	struct hot	*h;
	struct state	 st;
	uint32_t	 s;

	for (;; uid++) {
		if ((x = live_mbox(ms, r->mailbox, &code)) == NULL)
			return code;
		h = cache_hot(ms, r->mailbox, HOT_CHUNK(uid), 0, &code);
		if (h == NULL && code != MSTORE_NONE)
			return code;
		for (;; uid++) {
			if (h != NULL && hot_has(h, uid)) {
				s = HOT_SLOT(uid);
				st = (struct state){ h->flags[s],
				    h->keywords[s], 0 };
				flags_new(&st, r);
				if ((code = set_state(ms, x, h, uid, &st)) !=
				    MSTORE_OK)
					return code;
			}
			if (uid == last || HOT_SLOT(uid) == HOT_SLOTS - 1)
				break;
		}
		if (h != NULL)
			cache_dirty(h);
		cache_dirty(x);
		if ((code = cache_trim(ms)) != MSTORE_OK || uid == last)
			return code;
	}
}

enum mstore_code
apply_flags(struct mstore *ms, const void *p, size_t len)
{
	enum mstore_code code = MSTORE_OK;
	struct rec_change r;
	size_t		 i;

	if (rec_change_get(&r, p, len) == 0) {
		for (i = 0; i < r.uids.nruns && code == MSTORE_OK; i++)
			code = flags_run(ms, &r, r.uids.runs[i].first,
			    r.uids.runs[i].last);
		if (code == MSTORE_OK)
			code = apply_tell(ms, r.mailbox, r.modseq,
			    MSTORE_EV_FLAGS, &r.uids);
		if (code == MSTORE_NONE)
			code = MSTORE_OK;
	}
	rseq_free(&r.uids);
	return code;
}

enum mstore_code
apply_expunge(struct mstore *ms, const void *p, size_t len)
{
	enum mstore_code code = MSTORE_OK;
	struct rec_change r;
	struct mbox	*x;
	uint32_t	 uid;
	size_t		 i;

	if (rec_change_get(&r, p, len) == -1)
		goto out;
	for (i = 0; i < r.uids.nruns && code == MSTORE_OK; i++) {
		for (uid = r.uids.runs[i].first; code == MSTORE_OK; uid++) {
			if ((x = live_mbox(ms, r.mailbox, &code)) == NULL)
				break;
			if ((code = place_remove(ms, x, uid, 1)) == MSTORE_OK)
				code = cache_trim(ms);
			if (uid == r.uids.runs[i].last)
				break;
		}
	}
	if (code == MSTORE_OK)
		code = apply_tell(ms, r.mailbox, r.modseq, MSTORE_EV_EXPUNGE,
		    &r.uids);
	if (code == MSTORE_NONE)
		code = MSTORE_OK;
out:
	rseq_free(&r.uids);
	return code;
}
