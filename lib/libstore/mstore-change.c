/* The change table: what happened to a mailbox since a modseq. */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

/* A value of the table: u8 what, then pairs of u32. */
#define HULLRUNS	64

/* Take out what is older than the table remembers; now and then. */
static enum mstore_code
change_trim(struct mstore *ms, struct mbox *x, uint64_t upto)
{
	struct kv_cursor *c;
	enum mstore_code code = MSTORE_OK;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX], old[256][18];
	const uint8_t	*k;
	size_t		 klen, n = 0, i;

	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	klen = key_change(key, x->m.id, 0);
	for (kc = kv_cursor_seek(c, key, klen); kc == KV_OK && n < 256;
	    kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &klen);
		if (klen != 18 || memcmp(k, key, 10) != 0 ||
		    get_be64(k + 10) > upto)
			break;
		memcpy(old[n++], k, 18);
	}
	kv_cursor_close(c);
	for (i = 0; i < n && code == MSTORE_OK; i++)
		code = idx_del(ms, old[i], 18);
	if (x->m.changes_from < upto)
		x->m.changes_from = upto;
	return code;
}

enum mstore_code
change_add(struct mstore *ms, struct mbox *x, uint64_t modseq,
    enum mstore_what what, const struct rseq *uids)
{
	struct rseq_run	 hull;
	const struct rseq_run *runs = uids->runs;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	size_t		 n = uids->nruns, i;
	int		 e;

	if (modseq > x->m.highestmodseq)
		x->m.highestmodseq = modseq;
	cache_dirty(x);
	if (modseq % 64 == 0 && modseq > MSTORE_CHANGES && (code =
	    change_trim(ms, x, modseq - MSTORE_CHANGES)) != MSTORE_OK)
		return code;
	if (n == 0)
		return MSTORE_OK;
	if (what == MSTORE_EV_EXPUNGE && n > MSTORE_CHANGERUNS) {
		/* Too much to remember: who was away asks for everything. */
		x->m.changes_from = modseq;
		return MSTORE_OK;
	}
	if (what != MSTORE_EV_EXPUNGE && n > HULLRUNS) {
		/* The messages' own modseqs say which of these it was. */
		hull.first = runs[0].first;
		hull.last = runs[n - 1].last;
		runs = &hull;
		n = 1;
	}
	buf_truncate(&ms->val, 0);
	e = pack_u8(&ms->val, (uint8_t)what);
	for (i = 0; i < n; i++)
		e |= pack_u32(&ms->val, runs[i].first) |
		    pack_u32(&ms->val, runs[i].last);
	if (e != 0)
		return turn_fail(ms);
	return idx_put(ms, key, key_change(key, x->m.id, modseq),
	    buf_ptr(&ms->val), ms->val.len);
}

struct runs {
	struct rseq_run	*p;
	size_t		 n;
	size_t		 size;
};

static int
runs_add(struct runs *r, uint32_t first, uint32_t last)
{
	struct rseq_run	*p;
	size_t		 size;

	if (r->n == r->size) {
		size = r->size == 0 ? 64 : r->size * 2;
		if ((p = reallocarray(r->p, size, sizeof(*p))) == NULL)
			return -1;
		r->p = p;
		r->size = size;
	}
	r->p[r->n++] = (struct rseq_run){ first, last };
	return 0;
}

static int
run_cmp(const void *a, const void *b)
{
	const struct rseq_run *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted first, so that adding to the set never has to move anything. */
static int
runs_to_set(struct runs *r, struct rseq *out)
{
	size_t	 i;
	int	 ret = 0;

	if (r->n > 0)
		qsort(r->p, r->n, sizeof(*r->p), run_cmp);
	for (i = 0; i < r->n && ret == 0; i++)
		ret = rseq_add(out, r->p[i].first, r->p[i].last);
	free(r->p);
	r->p = NULL;
	return ret;
}

static enum mstore_code
changes_read(struct mstore *ms, uint64_t mailbox, uint64_t since,
    struct runs *touched, struct runs *vanished)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	enum mstore_code code = MSTORE_OK;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*k, *v;
	size_t		 klen, vlen, i;
	struct runs	*r;

	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	klen = key_change(key, mailbox, since + 1);
	for (kc = kv_cursor_seek(c, key, klen); kc == KV_OK;
	    kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &klen);
		v = kv_cursor_val(c, &vlen);
		if (klen != 18 || memcmp(k, key, 10) != 0 || vlen < 1)
			break;
		r = v[0] == MSTORE_EV_EXPUNGE ? vanished : touched;
		for (i = 1; i + 8 <= vlen; i += 8)
			if (runs_add(r, get_le32(v + i), get_le32(v + i + 4)) ==
			    -1)
				code = turn_fail(ms);
	}
	kv_cursor_close(c);
	if (kc != KV_OK && kc != KV_NONE)
		return idx_code(ms, kc);
	return code;
}

/* Of a set, those with a modseq greater than since. */
static enum mstore_code
newer_than(struct mstore *ms, uint64_t mailbox, uint32_t reader,
    uint32_t uidnext, const struct rseq *set, uint64_t since,
    struct rseq *out)
{
	enum mstore_code code;
	struct lens	 lens;
	struct mbox	*x;
	struct hot	*h;
	uint32_t	 uid, last;
	size_t		 i;

	for (i = 0; i < set->nruns; i++) {
		uid = set->runs[i].first;
		last = set->runs[i].last;
		if (last >= uidnext)
			last = uidnext - 1;
		while (uid <= last) {
			if ((x = mbox_select(ms, mailbox, &code)) == NULL ||
			    (code = seen_lens(ms, x, reader, HOT_CHUNK(uid),
			    &lens)) != MSTORE_OK)
				return code;
			h = cache_hot(ms, mailbox, HOT_CHUNK(uid), 0, &code);
			if (h == NULL && code != MSTORE_NONE)
				return code;
			for (;; uid++) {
				if (h != NULL && hot_has(h, uid) &&
				    lens_modseq(&lens, h, HOT_SLOT(uid)) >
				    since &&
				    rseq_add(out, uid, uid) == -1)
					return turn_fail(ms);
				if (uid == last ||
				    HOT_SLOT(uid) == HOT_SLOTS - 1)
					break;
			}
			uid++;
			if ((code = cache_trim(ms)) != MSTORE_OK)
				return code;
		}
	}
	return MSTORE_OK;
}

enum mstore_code
mstore_changes(struct mstore *ms, uint64_t mailbox, uint64_t since,
    struct rseq *changed, struct rseq *vanished)
{
	return mstore_changes_by(ms, 0, mailbox, since, changed, vanished);
}

enum mstore_code
mstore_changes_by(struct mstore *ms, uint32_t reader, uint64_t mailbox,
    uint64_t since, struct rseq *changed, struct rseq *vanished)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 }, set;
	struct runs	 touched = { 0 }, gone = { 0 };
	enum mstore_code code;
	struct mbox	*x;
	uint32_t	 uidnext;

	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	uidnext = x->m.uidnext;
	if (since >= x->m.highestmodseq)
		return MSTORE_OK;
	if (since < x->m.changes_from) {
		code = newer_than(ms, mailbox, reader, uidnext, &all, since,
		    changed);
		return code == MSTORE_OK ? MSTORE_LIMIT : code;
	}
	rseq_init(&set);
	code = changes_read(ms, mailbox, since, &touched, &gone);
	if (runs_to_set(&touched, &set) == -1 ||
	    runs_to_set(&gone, vanished) == -1)
		code = turn_fail(ms);
	if (code == MSTORE_OK)
		code = newer_than(ms, mailbox, reader, uidnext, &set, since,
		    changed);
	rseq_free(&set);
	return code;
}
