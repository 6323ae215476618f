/*
 * The decoded pieces of the index that are in use.  A turn changes them here,
 * and each is written once at its end, however many messages it took.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define HOT_HDRLEN	44
#define WHERE_HDRLEN	12
#define WHERE_ENTLEN	54
#define SEEN_HDRLEN	74

RB_GENERATE(ctree, centry, node, centry_cmp)

/* In the order of the keys, so that writing them walks the btree forward. */
int
centry_cmp(const struct centry *a, const struct centry *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->reader != b->reader)
		return a->reader < b->reader ? -1 : 1;
	return a->chunk < b->chunk ? -1 : a->chunk > b->chunk;
}

static const size_t ctype_size[] = {
	[C_ACCT] = sizeof(struct acct),
	[C_MBOX] = sizeof(struct mbox),
	[C_HOT] = sizeof(struct hot),
	[C_WHERE] = sizeof(struct where),
	[C_READER] = sizeof(struct reader),
	[C_SEEN] = sizeof(struct seen),
	[C_SEG] = sizeof(struct seguse)
};

static size_t
centry_key(const struct centry *e, uint8_t key[KEY_MAX])
{
	switch (e->type) {
	case C_ACCT:
		return key_acct(key, (uint32_t)e->id, 0, SPAN_NONE);
	case C_MBOX:
		return key_mbox(key, e->id, 0);
	case C_HOT:
		return key_chunk(key, e->id, 'h', e->chunk);
	case C_WHERE:
		return key_chunk(key, e->id, 'w', e->chunk);
	case C_READER:
		return key_reader(key, e->id, e->reader);
	case C_SEEN:
		return key_seen(key, e->id, e->reader, e->chunk);
	case C_SEG:
		break;
	}
	return key_seg(key, (uint32_t)e->id);
}

static int
acct_get(struct acct *a, struct unpack *u)
{
	struct span	 name;

	a->id = unpack_u32(u);
	a->deleted = unpack_u8(u);
	a->nmailboxes = unpack_u32(u);
	a->usage.bytes = unpack_u64(u);
	a->usage.messages = unpack_u64(u);
	name = unpack_str(u, MSTORE_MAXACCOUNT);
	if (u->bad)
		return -1;
	memcpy(a->name, name.p, name.len);
	a->name[name.len] = '\0';
	return 0;
}

static int
acct_put(struct buf *b, const struct acct *a)
{
	return pack_u32(b, a->id) | pack_u8(b, a->deleted) |
	    pack_u32(b, a->nmailboxes) | pack_u64(b, a->usage.bytes) |
	    pack_u64(b, a->usage.messages) |
	    pack_str(b, span_of(a->name));
}

static int
mbox_get(struct mbox *x, struct unpack *u)
{
	struct mstore_mailbox *m = &x->m;
	struct span	 s;
	unsigned int	 i;

	m->id = unpack_u64(u);
	m->account = unpack_u32(u);
	m->flags = unpack_u32(u);
	m->uidvalidity = unpack_u32(u);
	m->uidnext = unpack_u32(u);
	m->highestmodseq = unpack_u64(u);
	m->exists = unpack_u32(u);
	m->unseen = unpack_u32(u);
	m->deleted = unpack_u32(u);
	m->size = unpack_u64(u);
	m->deleted_size = unpack_u64(u);
	m->recent = unpack_u32(u);
	m->changes_from = unpack_u64(u);
	x->hint_uid = unpack_u32(u);
	x->hint_below = unpack_u32(u);
	s = unpack_str(u, MSTORE_MAXNAME);
	m->nkeywords = unpack_u8(u);
	if (u->bad || m->nkeywords > MSTORE_NKEYWORDS)
		return -1;
	memcpy(m->name, s.p, s.len);
	m->name[s.len] = '\0';
	for (i = 0; i < m->nkeywords; i++) {
		s = unpack_str(u, MSTORE_MAXKEYWORD);
		if (u->bad)
			return -1;
		memcpy(x->keywords[i], s.p, s.len);
		x->keywords[i][s.len] = '\0';
	}
	return 0;
}

static int
mbox_put(struct buf *b, const struct mbox *x)
{
	const struct mstore_mailbox *m = &x->m;
	unsigned int	 i;
	int		 e;

	e = pack_u64(b, m->id) | pack_u32(b, m->account) |
	    pack_u32(b, m->flags) | pack_u32(b, m->uidvalidity) |
	    pack_u32(b, m->uidnext) | pack_u64(b, m->highestmodseq) |
	    pack_u32(b, m->exists) | pack_u32(b, m->unseen) |
	    pack_u32(b, m->deleted) | pack_u64(b, m->size) |
	    pack_u64(b, m->deleted_size) | pack_u32(b, m->recent) |
	    pack_u64(b, m->changes_from) | pack_u32(b, x->hint_uid) |
	    pack_u32(b, x->hint_below) | pack_str(b, span_of(m->name)) |
	    pack_u8(b, (uint8_t)m->nkeywords);
	for (i = 0; i < m->nkeywords; i++)
		e |= pack_str(b, span_of(x->keywords[i]));
	return e;
}

/* Bytes (0, 1, 2, 4 or 8) that hold v. */
static uint8_t
width_of(uint64_t v)
{
	return v == 0 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 :
	    v <= UINT32_MAX ? 4 : 8;
}

static void
put_width(uint8_t *p, uint8_t width, uint64_t v)
{
	switch (width) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		put_le16(p, (uint16_t)v);
		break;
	case 4:
		put_le32(p, (uint32_t)v);
		break;
	case 8:
		put_le64(p, v);
		break;
	}
}

static uint64_t
get_width(const uint8_t *p, uint8_t width)
{
	switch (width) {
	case 1:
		return *p;
	case 2:
		return get_le16(p);
	case 4:
		return get_le32(p);
	case 8:
		return get_le64(p);
	}
	return 0;
}

/* Set bits of a map, in their order. */
static unsigned int
map_slots(const uint64_t map[HOT_SLOTS / 64], uint8_t slots[HOT_SLOTS])
{
	unsigned int	 i, n = 0;
	uint64_t	 m;

	for (i = 0; i < HOT_SLOTS / 64; i++)
		for (m = map[i]; m != 0; m &= m - 1)
			slots[n++] = (uint8_t)(i * 64 +
			    (unsigned int)__builtin_ctzll(m));
	return n;
}

/*
 * HOT: u8 format, u8 width of a keyword mask, u8 width of a modseq, u8 0, u64
 * least modseq, 32 bytes map, then the columns of the n messages: flags,
 * keywords, modseq less the least.
 */
static int
hot_put(struct buf *b, const struct hot *h)
{
	uint8_t		 slots[HOT_SLOTS], *p, kw, mw;
	uint64_t	 kwall = 0, low = UINT64_MAX, high = 0;
	unsigned int	 n, i;

	n = map_slots(h->map, slots);
	for (i = 0; i < n; i++) {
		kwall |= h->keywords[slots[i]];
		if (h->modseq[slots[i]] < low)
			low = h->modseq[slots[i]];
		if (h->modseq[slots[i]] > high)
			high = h->modseq[slots[i]];
	}
	if (n == 0)
		low = 0;
	kw = width_of(kwall);
	mw = width_of(high - low);
	p = buf_reserve(b, HOT_HDRLEN + n * (1U + kw + mw));
	if (p == NULL)
		return -1;
	buf_commit(b, HOT_HDRLEN + n * (1U + kw + mw));
	p[0] = 1;
	p[1] = kw;
	p[2] = mw;
	p[3] = 0;
	put_le64(p + 4, low);
	for (i = 0; i < HOT_SLOTS / 64; i++)
		put_le64(p + 12 + 8 * i, h->map[i]);
	p += HOT_HDRLEN;
	for (i = 0; i < n; i++)
		*p++ = h->flags[slots[i]];
	for (i = 0; i < n && kw > 0; i++, p += kw)
		put_width(p, kw, h->keywords[slots[i]]);
	for (i = 0; i < n && mw > 0; i++, p += mw)
		put_width(p, mw, h->modseq[slots[i]] - low);
	return 0;
}

static int
hot_get(struct hot *h, const uint8_t *p, size_t len)
{
	uint8_t		 slots[HOT_SLOTS], kw, mw;
	uint64_t	 low;
	unsigned int	 n, i;

	if (len < HOT_HDRLEN || p[0] != 1 || p[1] > 8 || p[2] > 8)
		return -1;
	kw = p[1];
	mw = p[2];
	low = get_le64(p + 4);
	for (i = 0; i < HOT_SLOTS / 64; i++)
		h->map[i] = get_le64(p + 12 + 8 * i);
	n = map_slots(h->map, slots);
	if (len != HOT_HDRLEN + n * (1U + kw + mw))
		return -1;
	p += HOT_HDRLEN;
	for (i = 0; i < n; i++)
		h->flags[slots[i]] = *p++;
	for (i = 0; i < n; i++, p += kw)
		h->keywords[slots[i]] = get_width(p, kw);
	for (i = 0; i < n; i++, p += mw)
		h->modseq[slots[i]] = low + get_width(p, mw);
	return 0;
}

/* WHERE: u32 format, u64 map, then the messages. */
static int
where_put(struct buf *b, const struct where *w)
{
	const struct where_ent *e;
	uint64_t	 m;
	uint8_t		*p;
	size_t		 len;

	len = WHERE_HDRLEN + WHERE_ENTLEN *
	    (size_t)__builtin_popcountll(w->map);
	if ((p = buf_reserve(b, len)) == NULL)
		return -1;
	buf_commit(b, len);
	put_le32(p, 1);
	put_le64(p + 4, w->map);
	p += WHERE_HDRLEN;
	for (m = w->map; m != 0; m &= m - 1, p += WHERE_ENTLEN) {
		e = &w->ent[__builtin_ctzll(m)];
		put_le32(p, e->pos.seg);
		put_le32(p + 4, e->pos.off);
		put_le32(p + 8, e->size);
		put_le32(p + 12, e->metalen);
		put_le16(p + 16, e->prefixlen);
		put_le16(p + 18, e->headlen);
		put_le16(p + 20, (uint16_t)e->zone);
		put_le64(p + 22, (uint64_t)e->date);
		put_le64(p + 30, (uint64_t)e->savedate);
		put_le64(p + 38, e->emailid);
		put_le64(p + 46, e->threadid);
	}
	return 0;
}

static int
where_get(struct where *w, const uint8_t *p, size_t len)
{
	struct where_ent *e;
	uint64_t	 m;

	if (len < WHERE_HDRLEN || get_le32(p) != 1)
		return -1;
	w->map = get_le64(p + 4);
	if (len != WHERE_HDRLEN + WHERE_ENTLEN *
	    (size_t)__builtin_popcountll(w->map))
		return -1;
	p += WHERE_HDRLEN;
	for (m = w->map; m != 0; m &= m - 1, p += WHERE_ENTLEN) {
		e = &w->ent[__builtin_ctzll(m)];
		e->pos.seg = get_le32(p);
		e->pos.off = get_le32(p + 4);
		e->size = get_le32(p + 8);
		e->metalen = get_le32(p + 12);
		e->prefixlen = get_le16(p + 16);
		e->headlen = get_le16(p + 18);
		e->zone = (int16_t)get_le16(p + 20);
		e->date = (int64_t)get_le64(p + 22);
		e->savedate = (int64_t)get_le64(p + 30);
		e->emailid = get_le64(p + 38);
		e->threadid = get_le64(p + 46);
	}
	return 0;
}

/*
 * SEEN: u8 format, u8 width of a modseq, u64 least modseq, 32 bytes touched,
 * 32 bytes seen, then the modseqs of the touched less the least.
 */
static int
seen_put(struct buf *b, const struct seen *sn)
{
	uint8_t		 slots[HOT_SLOTS], *p, mw;
	uint64_t	 low = UINT64_MAX, high = 0;
	unsigned int	 n, i;

	n = map_slots(sn->touched, slots);
	for (i = 0; i < n; i++) {
		if (sn->modseq[slots[i]] < low)
			low = sn->modseq[slots[i]];
		if (sn->modseq[slots[i]] > high)
			high = sn->modseq[slots[i]];
	}
	mw = width_of(high - low);
	if ((p = buf_reserve(b, SEEN_HDRLEN + n * mw)) == NULL)
		return -1;
	buf_commit(b, SEEN_HDRLEN + n * mw);
	p[0] = 1;
	p[1] = mw;
	put_le64(p + 2, low);
	for (i = 0; i < HOT_SLOTS / 64; i++) {
		put_le64(p + 10 + 8 * i, sn->touched[i]);
		put_le64(p + 42 + 8 * i, sn->map[i]);
	}
	p += SEEN_HDRLEN;
	for (i = 0; i < n && mw > 0; i++, p += mw)
		put_width(p, mw, sn->modseq[slots[i]] - low);
	return 0;
}

static int
seen_get(struct seen *sn, const uint8_t *p, size_t len)
{
	uint8_t		 slots[HOT_SLOTS], mw;
	uint64_t	 low;
	unsigned int	 n, i;

	if (len < SEEN_HDRLEN || p[0] != 1 || p[1] > 8)
		return -1;
	mw = p[1];
	low = get_le64(p + 2);
	for (i = 0; i < HOT_SLOTS / 64; i++) {
		sn->touched[i] = get_le64(p + 10 + 8 * i);
		sn->map[i] = get_le64(p + 42 + 8 * i);
		if (sn->map[i] & ~sn->touched[i])
			return -1;
	}
	n = map_slots(sn->touched, slots);
	if (len != SEEN_HDRLEN + n * mw)
		return -1;
	p += SEEN_HDRLEN;
	for (i = 0; i < n; i++, p += mw)
		sn->modseq[slots[i]] = low + get_width(p, mw);
	return 0;
}

static int
reader_get(struct reader *r, struct unpack *u)
{
	r->seen = unpack_u32(u);
	r->hint_uid = unpack_u32(u);
	r->hint_below = unpack_u32(u);
	return u->bad ? -1 : 0;
}

static int
reader_put(struct buf *b, const struct reader *r)
{
	return pack_u32(b, r->seen) | pack_u32(b, r->hint_uid) |
	    pack_u32(b, r->hint_below);
}

static int
centry_decode(struct centry *e, const uint8_t *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };
	struct seguse	*seg;

	switch (e->type) {
	case C_ACCT:
		return acct_get((struct acct *)(void *)e->data, &u);
	case C_MBOX:
		return mbox_get((struct mbox *)(void *)e->data, &u);
	case C_HOT:
		return hot_get((struct hot *)(void *)e->data, p, len);
	case C_WHERE:
		return where_get((struct where *)(void *)e->data, p, len);
	case C_READER:
		return reader_get((struct reader *)(void *)e->data, &u);
	case C_SEEN:
		return seen_get((struct seen *)(void *)e->data, p, len);
	case C_SEG:
		seg = (struct seguse *)(void *)e->data;
		seg->live = (int64_t)unpack_u64(&u);
		return u.bad ? -1 : 0;
	}
	return -1;
}

/* Encode into b.  1: there is nothing left of it, its key goes. */
static int
centry_encode(struct buf *b, const struct centry *e)
{
	static const struct hot	 nohot;
	const void		*d = e->data;

	switch (e->type) {
	case C_ACCT:
		return acct_put(b, d);
	case C_MBOX:
		return mbox_put(b, d);
	case C_HOT:
		if (memcmp(((const struct hot *)d)->map, nohot.map,
		    sizeof(nohot.map)) == 0)
			return 1;
		return hot_put(b, d);
	case C_WHERE:
		if (((const struct where *)d)->map == 0)
			return 1;
		return where_put(b, d);
	case C_READER:
		return reader_put(b, d);
	case C_SEEN:
		if (memcmp(((const struct seen *)d)->touched, nohot.map,
		    sizeof(nohot.map)) == 0)
			return 1;
		return seen_put(b, d);
	case C_SEG:
		return pack_u64(b, (uint64_t)((const struct seguse *)d)->live);
	}
	return -1;
}

static void
centry_free(struct mstore *ms, struct centry *e)
{
	RB_REMOVE(ctree, &ms->tree, e);
	TAILQ_REMOVE(&ms->lru, e, lru);
	ms->ncached--;
	free(e);
}

static struct centry *
centry_find(struct mstore *ms, enum ctype type, uint64_t id, uint32_t reader,
    uint32_t chunk)
{
	struct centry	 want;

	want.type = type;
	want.id = id;
	want.reader = reader;
	want.chunk = chunk;
	return RB_FIND(ctree, &ms->tree, &want);
}

static struct centry *
centry_load_of(struct mstore *ms, enum ctype type, uint64_t id,
    uint32_t reader, uint32_t chunk, int make, enum mstore_code *code)
{
	struct centry	*e;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	if ((e = centry_find(ms, type, id, reader, chunk)) != NULL) {
		TAILQ_REMOVE(&ms->lru, e, lru);
		TAILQ_INSERT_TAIL(&ms->lru, e, lru);
		*code = MSTORE_OK;
		return e;
	}
	if ((e = calloc(1, sizeof(*e) + ctype_size[type])) == NULL) {
		*code = turn_fail(ms);
		return NULL;
	}
	e->type = type;
	e->id = id;
	e->reader = reader;
	e->chunk = chunk;
	*code = idx_get(ms, key, centry_key(e, key), &val, &len);
	if (*code == MSTORE_NONE && make)
		*code = MSTORE_OK;
	else if (*code == MSTORE_OK && centry_decode(e, val, len) == -1) {
		/* The index lies: it has to be made anew. */
		ms->v.broken = 1;
		*code = turn_fail(ms);
	}
	if (*code != MSTORE_OK) {
		free(e);
		return NULL;
	}
	RB_INSERT(ctree, &ms->tree, e);
	TAILQ_INSERT_TAIL(&ms->lru, e, lru);
	ms->ncached++;
	return e;
}

static struct centry *
centry_load(struct mstore *ms, enum ctype type, uint64_t id, uint32_t chunk,
    int make, enum mstore_code *code)
{
	return centry_load_of(ms, type, id, 0, chunk, make, code);
}

struct acct *
cache_acct(struct mstore *ms, uint32_t id, int make, enum mstore_code *code)
{
	struct centry	*e = centry_load(ms, C_ACCT, id, 0, make, code);

	return e == NULL ? NULL : (struct acct *)(void *)e->data;
}

struct mbox *
cache_mbox(struct mstore *ms, uint64_t id, int make, enum mstore_code *code)
{
	struct centry	*e = centry_load(ms, C_MBOX, id, 0, make, code);

	return e == NULL ? NULL : (struct mbox *)(void *)e->data;
}

struct hot *
cache_hot(struct mstore *ms, uint64_t mbox, uint32_t chunk, int make,
    enum mstore_code *code)
{
	struct centry	*e = centry_load(ms, C_HOT, mbox, chunk, make, code);

	return e == NULL ? NULL : (struct hot *)(void *)e->data;
}

struct where *
cache_where(struct mstore *ms, uint64_t mbox, uint32_t chunk, int make,
    enum mstore_code *code)
{
	struct centry	*e = centry_load(ms, C_WHERE, mbox, chunk, make, code);

	return e == NULL ? NULL : (struct where *)(void *)e->data;
}

struct reader *
cache_reader(struct mstore *ms, uint64_t mbox, uint32_t reader,
    enum mstore_code *code)
{
	struct centry	*e = centry_load_of(ms, C_READER, mbox, reader, 0, 0,
			    code);

	return e == NULL ? NULL : (struct reader *)(void *)e->data;
}

struct seen *
cache_seen(struct mstore *ms, uint64_t mbox, uint32_t reader, uint32_t chunk,
    int make, enum mstore_code *code)
{
	struct centry	*e = centry_load_of(ms, C_SEEN, mbox, reader, chunk,
			    make, code);

	return e == NULL ? NULL : (struct seen *)(void *)e->data;
}

struct seguse *
cache_seg(struct mstore *ms, uint32_t seg, enum mstore_code *code)
{
	struct centry	*e = centry_load(ms, C_SEG, seg, 0, 1, code);

	return e == NULL ? NULL : (struct seguse *)(void *)e->data;
}

void
cache_dirty(void *p)
{
	struct centry	*e = (struct centry *)(void *)((char *)p -
			    offsetof(struct centry, data));

	e->dirty = 1;
}

static enum mstore_code
centry_write(struct mstore *ms, struct centry *e)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	size_t		 klen;
	int		 r;

	klen = centry_key(e, key);
	buf_truncate(&ms->val, 0);
	if ((r = centry_encode(&ms->val, e)) < 0)
		return turn_fail(ms);
	e->dirty = 0;
	if (r == 1) {
		if (e->type == C_WHERE && (code = brief_remove(ms, e->id,
		    e->chunk)) != MSTORE_OK)
			return code;
		return idx_del(ms, key, klen);
	}
	return idx_put(ms, key, klen, buf_ptr(&ms->val), ms->val.len);
}

enum mstore_code
cache_trim(struct mstore *ms)
{
	struct centry	*e;
	enum mstore_code code;

	while (ms->ncached > MSTORE_CACHE) {
		e = TAILQ_FIRST(&ms->lru);
		if (e->dirty && (code = centry_write(ms, e)) != MSTORE_OK)
			return code;
		centry_free(ms, e);
	}
	return MSTORE_OK;
}

enum mstore_code
cache_write(struct mstore *ms)
{
	struct centry	*e;
	enum mstore_code code;

	RB_FOREACH(e, ctree, &ms->tree) {
		if (e->dirty && (code = centry_write(ms, e)) != MSTORE_OK)
			return code;
	}
	return MSTORE_OK;
}

int
cache_isdirty(const struct mstore *ms)
{
	const struct centry *e;

	TAILQ_FOREACH(e, &ms->lru, lru)
		if (e->dirty)
			return 1;
	return 0;
}

void
cache_drop(struct mstore *ms)
{
	struct centry	*e;

	while ((e = TAILQ_FIRST(&ms->lru)) != NULL)
		centry_free(ms, e);
}

void
cache_forget(struct mstore *ms, uint64_t mbox)
{
	struct centry	*e, *next;

	for (e = TAILQ_FIRST(&ms->lru); e != NULL; e = next) {
		next = TAILQ_NEXT(e, lru);
		if (e->id == mbox && e->type != C_ACCT && e->type != C_SEG)
			centry_free(ms, e);
	}
	brief_forget(ms, mbox);
}

enum mstore_code
cache_hot_map(struct mstore *ms, uint64_t mbox, uint32_t chunk,
    uint64_t map[HOT_SLOTS / 64])
{
	struct centry	*e;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len, i;

	memset(map, 0, HOT_SLOTS / 8);
	if ((e = centry_find(ms, C_HOT, mbox, 0, chunk)) != NULL) {
		memcpy(map, ((struct hot *)(void *)e->data)->map,
		    HOT_SLOTS / 8);
		return MSTORE_OK;
	}
	code = idx_get(ms, key, key_chunk(key, mbox, 'h', chunk), &val, &len);
	if (code == MSTORE_NONE)
		return MSTORE_OK;
	if (code != MSTORE_OK)
		return code;
	if (len < HOT_HDRLEN) {
		ms->v.broken = 1;
		return turn_fail(ms);
	}
	for (i = 0; i < HOT_SLOTS / 64; i++)
		map[i] = get_le64(val + 12 + 8 * i);
	return MSTORE_OK;
}
