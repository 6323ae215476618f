/*
 * Shared mailboxes: what readers who are not the owner have seen.  The owner's
 * \Seen is with the other flags, in HOT; each other reader has a bit of his
 * own for each message, and the modseq at which he last changed it.
 */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define READERS_MAX	65536	/* that are looked after in one mailbox */

int
seen_foreign(const struct mbox *x, uint32_t reader)
{
	return reader != 0 && reader != x->m.account;
}

static int
bit(const uint64_t map[HOT_SLOTS / 64], uint32_t s)
{
	return map[s / 64] >> (s % 64) & 1;
}

enum mstore_code
seen_lens(struct mstore *ms, const struct mbox *x, uint32_t reader,
    uint32_t chunk, struct lens *l)
{
	enum mstore_code code;

	l->foreign = seen_foreign(x, reader);
	l->sn = NULL;
	if (!l->foreign || !(x->m.flags & MSTORE_READERS))
		return MSTORE_OK;
	l->sn = cache_seen(ms, x->m.id, reader, chunk, 0, &code);
	return code == MSTORE_NONE ? MSTORE_OK : code;
}

uint8_t
lens_flags(const struct lens *l, const struct hot *h, uint32_t s)
{
	uint8_t	 flags = h->flags[s];

	if (!l->foreign)
		return flags;
	flags &= (uint8_t)~MSTORE_SEEN;
	if (l->sn != NULL && bit(l->sn->map, s))
		flags |= MSTORE_SEEN;
	return flags;
}

uint64_t
lens_modseq(const struct lens *l, const struct hot *h, uint32_t s)
{
	uint64_t	 modseq = h->modseq[s];

	if (l->sn != NULL && bit(l->sn->touched, s) &&
	    l->sn->modseq[s] > modseq)
		modseq = l->sn->modseq[s];
	return modseq;
}

/* ---- readers ----------------------------------------------------------- */

void
seen_forget(struct mstore *ms)
{
	free(ms->readers);
	ms->readers = NULL;
	ms->nreaders = 0;
	ms->readers_of = 0;
}

/* Those who have a row; the list is kept until another mailbox is asked for. */
static enum mstore_code
readers_load(struct mstore *ms, uint64_t mbox)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*k;
	uint32_t	*p;
	size_t		 klen;

	if (ms->readers_of == mbox)
		return MSTORE_OK;
	seen_forget(ms);
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	klen = key_reader(key, mbox, 0);
	for (kc = kv_cursor_seek(c, key, klen); kc == KV_OK &&
	    ms->nreaders < READERS_MAX; kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &klen);
		if (klen != 14 || memcmp(k, key, 10) != 0)
			break;
		p = reallocarray(ms->readers, ms->nreaders + 1, sizeof(*p));
		if (p == NULL) {
			kv_cursor_close(c);
			return turn_fail(ms);
		}
		ms->readers = p;
		ms->readers[ms->nreaders++] = get_be32(k + 10);
	}
	kv_cursor_close(c);
	if (kc != KV_OK && kc != KV_NONE)
		return idx_code(ms, kc);
	ms->readers_of = mbox;
	return MSTORE_OK;
}

/*
 * The row of a reader, made if there is none.  It goes to the index at once:
 * readers_load looks there.
 */
static struct reader *
reader_get(struct mstore *ms, struct mbox *x, uint32_t reader,
    enum mstore_code *code)
{
	uint8_t		 key[KEY_MAX], val[12] = { 0 };
	struct reader	*r;

	r = cache_reader(ms, x->m.id, reader, code);
	if (r != NULL || *code != MSTORE_NONE)
		return r;
	if ((*code = idx_put(ms, key, key_reader(key, x->m.id, reader), val,
	    sizeof(val))) != MSTORE_OK)
		return NULL;
	seen_forget(ms);
	if (!(x->m.flags & MSTORE_READERS)) {
		x->m.flags |= MSTORE_READERS;
		cache_dirty(x);
	}
	return cache_reader(ms, x->m.id, reader, code);
}

static enum mstore_code
drop_one(struct mstore *ms, uint64_t mbox, uint32_t reader, uint32_t uid)
{
	enum mstore_code code;
	struct reader	*r;
	struct seen	*sn;
	uint32_t	 s = HOT_SLOT(uid);
	uint64_t	 b = (uint64_t)1 << (s % 64);

	if ((r = cache_reader(ms, mbox, reader, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	if (uid < r->hint_uid && r->hint_below > 0) {
		r->hint_below--;
		cache_dirty(r);
	}
	sn = cache_seen(ms, mbox, reader, HOT_CHUNK(uid), 0, &code);
	if (sn == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	if (!bit(sn->touched, s))
		return MSTORE_OK;
	if (bit(sn->map, s)) {
		if ((r = cache_reader(ms, mbox, reader, &code)) == NULL)
			return code;
		r->seen--;
		cache_dirty(r);
	}
	sn->map[s / 64] &= ~b;
	sn->touched[s / 64] &= ~b;
	cache_dirty(sn);
	return MSTORE_OK;
}

enum mstore_code
seen_drop(struct mstore *ms, struct mbox *x, uint32_t uid)
{
	enum mstore_code code;
	uint64_t	 mbox = x->m.id;
	size_t		 i;

	if ((code = readers_load(ms, mbox)) != MSTORE_OK)
		return code;
	for (i = 0; i < ms->nreaders && code == MSTORE_OK; i++)
		code = drop_one(ms, mbox, ms->readers[i], uid);
	return code;
}

/* ---- the record -------------------------------------------------------- */

enum mstore_code
seen_log(struct mstore *ms, uint64_t mbox, uint32_t reader, int add,
    const struct rseq *uids, uint64_t *modseq)
{
	struct rec_seen	 r = { .mailbox = mbox, .reader = reader,
	    .add = add != 0, .uids = *uids };
	enum mstore_code code;
	struct mbox	*x;

	if (uids->nruns == 0)
		return MSTORE_OK;
	if (uids->nruns > REC_MAXRUNS)
		return MSTORE_LIMIT;
	if ((x = mbox_select(ms, mbox, &code)) == NULL)
		return code;
	r.modseq = x->m.highestmodseq + 1;
	if (modseq != NULL)
		*modseq = r.modseq;
	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_SEEN, rec_seen_put(&ms->head, &r));
}

static void
set_one(struct reader *rd, struct seen *sn, const struct rec_seen *r,
    uint32_t uid)
{
	uint32_t	 s = HOT_SLOT(uid);
	uint64_t	 b = (uint64_t)1 << (s % 64);

	if (bit(sn->map, s) != r->add) {
		sn->map[s / 64] ^= b;
		if (r->add)
			rd->seen++;
		else {
			rd->seen--;
			if (uid < rd->hint_uid)
				rd->hint_uid = rd->hint_below = 0;
		}
	}
	sn->touched[s / 64] |= b;
	sn->modseq[s] = r->modseq;
}

/* The uids of one run that are in one chunk. */
static enum mstore_code
seen_chunk(struct mstore *ms, const struct rec_seen *r, uint32_t uid,
    uint32_t last)
{
	enum mstore_code code;
	struct mbox	*x;
	struct hot	*h;
	struct reader	*rd;
	struct seen	*sn;

	if ((x = live_mbox(ms, r->mailbox, &code)) == NULL)
		return code;
	h = cache_hot(ms, r->mailbox, HOT_CHUNK(uid), 0, &code);
	if (h == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	if ((rd = reader_get(ms, x, r->reader, &code)) == NULL ||
	    (sn = cache_seen(ms, r->mailbox, r->reader, HOT_CHUNK(uid), 1,
	    &code)) == NULL)
		return code;
	for (;; uid++) {
		if (hot_has(h, uid))
			set_one(rd, sn, r, uid);
		if (uid == last)
			break;
	}
	cache_dirty(rd);
	cache_dirty(sn);
	return cache_trim(ms);
}

enum mstore_code
apply_seen(struct mstore *ms, const void *p, size_t len)
{
	enum mstore_code code = MSTORE_OK;
	struct rec_seen	 r;
	uint32_t	 uid, end;
	size_t		 i;

	if (rec_seen_get(&r, p, len) == -1)
		goto out;
	for (i = 0; i < r.uids.nruns && code == MSTORE_OK; i++) {
		for (uid = r.uids.runs[i].first;; uid = end + 1) {
			end = uid | (HOT_SLOTS - 1);
			if (end > r.uids.runs[i].last)
				end = r.uids.runs[i].last;
			code = seen_chunk(ms, &r, uid, end);
			if (code != MSTORE_OK || end == r.uids.runs[i].last)
				break;
		}
	}
	if (code == MSTORE_OK)
		code = apply_tell(ms, r.mailbox, r.modseq, MSTORE_EV_FLAGS,
		    &r.uids);
	if (code == MSTORE_NONE)
		code = MSTORE_OK;
out:
	rseq_free(&r.uids);
	return code;
}

/* ---- counters ---------------------------------------------------------- */

enum mstore_code
mstore_unseen(struct mstore *ms, uint64_t id, uint32_t reader,
    uint32_t *unseen)
{
	enum mstore_code code;
	struct reader	*r = NULL;
	struct mbox	*x;

	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	*unseen = x->m.unseen;
	if (!seen_foreign(x, reader))
		return MSTORE_OK;
	*unseen = x->m.exists;
	if (x->m.flags & MSTORE_READERS) {
		r = cache_reader(ms, id, reader, &code);
		if (r == NULL && code != MSTORE_NONE)
			return code;
	}
	if (r != NULL)
		*unseen = r->seen < *unseen ? *unseen - r->seen : 0;
	return ms->v.in_turn ? MSTORE_OK : cache_trim(ms);
}

/* The least slot >= s of a chunk without \Seen, HOT_SLOTS when none. */
static uint32_t
unseen_slot(const struct hot *h, const struct lens *l, uint32_t s,
    uint32_t *below)
{
	for (; s < HOT_SLOTS; s++) {
		if (!hot_has(h, s))
			continue;
		if (!(lens_flags(l, h, s) & MSTORE_SEEN))
			return s;
		(*below)++;
	}
	return HOT_SLOTS;
}

/* Remember it; it reaches the index with the next turn that writes the row. */
static enum mstore_code
keep_hint(struct mstore *ms, uint64_t id, uint32_t reader, uint32_t uid,
    uint32_t below)
{
	enum mstore_code code;
	struct reader	*r;

	if ((r = cache_reader(ms, id, reader, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	r->hint_uid = uid;
	r->hint_below = below;
	if (ms->v.in_turn)
		cache_dirty(r);
	return MSTORE_OK;
}

enum mstore_code
mstore_first_unseen_by(struct mstore *ms, uint32_t reader, uint64_t id,
    uint32_t *uid, uint32_t *number)
{
	enum mstore_code code;
	struct lens	 lens;
	struct reader	*r;
	struct mbox	*x;
	struct hot	*h;
	uint32_t	 c, s, from = 0, below = 0, next;

	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	if (!seen_foreign(x, reader))
		return mstore_first_unseen(ms, id, uid, number);
	next = x->m.uidnext;
	if ((r = cache_reader(ms, id, reader, &code)) != NULL) {
		from = r->hint_uid;
		below = r->hint_below;
	} else if (code != MSTORE_NONE)
		return code;
	for (c = HOT_CHUNK(from); c <= HOT_CHUNK(next); c++) {
		if ((x = mbox_select(ms, id, &code)) == NULL ||
		    (code = seen_lens(ms, x, reader, c, &lens)) != MSTORE_OK)
			return code;
		h = cache_hot(ms, id, c, 0, &code);
		if (h == NULL && code != MSTORE_NONE)
			return code;
		s = h == NULL ? HOT_SLOTS : unseen_slot(h, &lens,
		    c == HOT_CHUNK(from) ? HOT_SLOT(from) : 0, &below);
		if (s < HOT_SLOTS) {
			*uid = c << HOT_SHIFT | s;
			*number = below + 1;
			return keep_hint(ms, id, reader, *uid, below);
		}
		if (!ms->v.in_turn && (code = cache_trim(ms)) != MSTORE_OK)
			return code;
	}
	return MSTORE_NONE;
}
