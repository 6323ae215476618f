/*
 * Briefs: small cuts of messages, those of 64 uids in one value of the index,
 * so that a look at all messages of a mailbox reads a little of them in one
 * stretch, and not each one's record.
 *
 * A uid means the same bytes for ever, so a brief is never changed.  They are a
 * cache: nothing is lost with them, and they are not in the log.  Made by who
 * first asks, they are written with the next turn, so that deliveries cost
 * nothing more.
 *
 *	u8 form, u8 the caller's version, u16 0, u64 map of the uids, u32 length
 *	of each, then their bytes
 */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define BRIEF_FORM	1
#define BRIEF_HDRLEN	12
#define BRIEF_MAXVAL	(8U << 20)
/* So many of a chunk are asked for: make all of it.  Fewer: only these, since
 * each is a read at another place of the disk. */
#define BRIEF_MANY	8
/* So many new ones are worth a write, or any that complete a chunk. */
#define BRIEF_WORTH	16
#define BRIEF_WAITING	(256U << 10)	/* bytes; then a turn is due */
#define BRIEF_MAXWAIT	(2U << 20)	/* no more is kept for it */

static size_t
brief_key(uint8_t key[KEY_MAX], uint64_t mbox, uint32_t chunk, int n)
{
	return key_chunk(key, mbox, 'b' + n, chunk);
}

static void
wait_free(struct mstore *ms, struct brief_wait *bw)
{
	TAILQ_REMOVE(&ms->brief_wait, bw, entry);
	ms->brief_waiting -= bw->val.len;
	buf_free(&bw->val);
	free(bw);
}

static struct brief_wait *
wait_find(struct mstore *ms, uint64_t mbox, uint32_t chunk, int n)
{
	struct brief_wait	*bw;

	TAILQ_FOREACH(bw, &ms->brief_wait, entry) {
		if (bw->mailbox == mbox && bw->chunk == chunk && bw->n == n)
			return bw;
	}
	return NULL;
}

static void
brief_reset(struct brief *b)
{
	buf_free(&b->val);
	memset(b, 0, sizeof(*b));
	buf_init(&b->val, BRIEF_MAXVAL);
}

/* What is not as it should be is as if it were not there. */
static int
brief_decode(struct brief *b, const uint8_t *p, size_t len, uint8_t version)
{
	uint64_t	 map, m;
	size_t		 off;
	uint32_t	 s;

	if (len < BRIEF_HDRLEN || p[0] != BRIEF_FORM || p[1] != version)
		return 0;
	map = get_le64(p + 4);
	off = BRIEF_HDRLEN + 4 * (size_t)__builtin_popcountll(map);
	if (off > len || len > BRIEF_MAXVAL)
		return 0;
	p += BRIEF_HDRLEN;
	for (m = map; m != 0; m &= m - 1, p += 4) {
		s = (uint32_t)__builtin_ctzll(m);
		b->off[s] = (uint32_t)off;
		b->len[s] = get_le32(p);
		if (b->len[s] > len - off)
			return 0;
		off += b->len[s];
	}
	p -= BRIEF_HDRLEN + 4 * (size_t)__builtin_popcountll(map);
	if (buf_add(&b->val, p, len) == -1)
		return -1;
	b->map = map;
	return 0;
}

static enum mstore_code
brief_load(struct mstore *ms, struct brief *b, uint64_t mbox, uint32_t chunk,
    int n)
{
	struct brief_wait *bw;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	if (b->mailbox == mbox && b->chunk == chunk)
		return MSTORE_OK;
	b->mailbox = mbox;
	b->chunk = chunk;
	b->map = 0;
	b->unsaved = 0;
	buf_truncate(&b->val, 0);
	if ((bw = wait_find(ms, mbox, chunk, n)) != NULL) {
		val = buf_ptr(&bw->val);
		len = bw->val.len;
	} else {
		code = idx_get(ms, key, brief_key(key, mbox, chunk, n), &val,
		    &len);
		if (code != MSTORE_OK)
			return code == MSTORE_NONE ? MSTORE_OK : code;
	}
	return brief_decode(b, val, len, ms->brief_ops->version) == 0 ?
	    MSTORE_OK : MSTORE_TEMPFAIL;
}

/* Make one.  1 done, 0 the message cannot be read, -1 no memory. */
static int
brief_make(struct mstore *ms, struct brief *b, int n, uint32_t s,
    const struct where_ent *e)
{
	const struct mstore_brief_ops *ops = ms->brief_ops;
	struct seglog_hdr h;
	struct span	 meta, head;
	size_t		 want, from = b->val.len;
	uint8_t		*p;
	int		 r;

	want = ops->need(n, SPAN_NONE);
	if (want > e->size)
		want = e->size;
	ms->rec.max = SEGLOG_MAXREC;
	if (where_hdr(ms, e, &h) != MSTORE_OK)
		return 0;
	if ((r = where_read(ms, e, &h, (uint32_t)want)) != 0)
		return r == -2 ? -1 : 0;
	meta = (struct span){ (char *)buf_ptr(&ms->rec) + h.len[0], h.len[1] };
	if ((want = ops->need(n, meta)) > e->size)
		want = e->size;
	head.len = ms->rec.len - h.len[0] - h.len[1];
	if (want > head.len) {
		if ((p = buf_reserve(&ms->rec, want - head.len)) == NULL)
			return -1;
		if (seglog_read_range(ms->v.log, &h, 2, (uint32_t)head.len, p,
		    want - head.len) == -1)
			return 0;
		buf_commit(&ms->rec, want - head.len);
		head.len = want;
		meta.p = (char *)buf_ptr(&ms->rec) + h.len[0];
	}
	head.p = meta.p + meta.len;
	if (ops->make(n, meta, head, &b->val) == -1)
		return -1;
	b->off[s] = (uint32_t)from;
	b->len[s] = (uint32_t)(b->val.len - from);
	b->map |= (uint64_t)1 << s;
	b->unsaved++;
	return 1;
}

/* Let it be written with the next turn. */
static enum mstore_code
brief_save(struct mstore *ms, struct brief *b, int n, uint64_t map)
{
	struct brief_wait *bw;
	uint64_t	 m;
	uint32_t	 s;
	int		 e;

	if (ms->brief_waiting > BRIEF_MAXWAIT)
		return MSTORE_OK;
	if ((bw = wait_find(ms, b->mailbox, b->chunk, n)) != NULL)
		wait_free(ms, bw);
	if ((bw = calloc(1, sizeof(*bw))) == NULL)
		return MSTORE_TEMPFAIL;
	bw->mailbox = b->mailbox;
	bw->chunk = b->chunk;
	bw->n = n;
	buf_init(&bw->val, BRIEF_MAXVAL);
	TAILQ_INSERT_TAIL(&ms->brief_wait, bw, entry);
	map &= b->map;
	e = pack_u8(&bw->val, BRIEF_FORM) |
	    pack_u8(&bw->val, ms->brief_ops->version) |
	    pack_u16(&bw->val, 0) | pack_u64(&bw->val, map);
	for (m = map; m != 0; m &= m - 1)
		e |= pack_u32(&bw->val, b->len[__builtin_ctzll(m)]);
	for (m = map; m != 0; m &= m - 1) {
		s = (uint32_t)__builtin_ctzll(m);
		e |= buf_add(&bw->val, buf_ptr(&b->val) + b->off[s],
		    b->len[s]);
	}
	ms->brief_waiting += bw->val.len;
	if (e != 0) {
		wait_free(ms, bw);
		return MSTORE_TEMPFAIL;
	}
	b->unsaved = 0;
	return MSTORE_OK;
}

struct brief *
brief_get(struct mstore *ms, const struct mbox *x, uint32_t chunk, int n,
    const struct where *w, uint64_t want, unsigned int *made,
    enum mstore_code *code)
{
	struct brief	*b = &ms->brief[n];
	uint64_t	 m;
	uint32_t	 s;
	int		 r;

	if ((*code = brief_load(ms, b, x->m.id, chunk, n)) != MSTORE_OK) {
		brief_reset(b);
		return NULL;
	}
	m = want & w->map & ~b->map;
	if (m == 0)
		return b;
	if (__builtin_popcountll(m) >= BRIEF_MANY)
		m = w->map & ~b->map;
	for (; m != 0; m &= m - 1) {
		s = (uint32_t)__builtin_ctzll(m);
		if ((r = brief_make(ms, b, n, s, &w->ent[s])) == -1) {
			brief_reset(b);
			*code = MSTORE_TEMPFAIL;
			return NULL;
		}
		++*made;
	}
	/* The last chunk goes on growing, the others are complete. */
	if (b->unsaved >= BRIEF_WORTH || (b->unsaved > 0 &&
	    chunk < WHERE_CHUNK(x->m.uidnext) && (w->map & ~b->map) == 0)) {
		if ((*code = brief_save(ms, b, n, w->map)) != MSTORE_OK)
			return NULL;
	}
	return b;
}

int
mstore_brief_waiting(const struct mstore *ms)
{
	return ms->brief_waiting >= BRIEF_WAITING;
}

enum mstore_code
brief_write(struct mstore *ms)
{
	struct brief_wait *bw;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	size_t		 klen;

	while ((bw = TAILQ_FIRST(&ms->brief_wait)) != NULL) {
		/* When the disk is nearly full they can be done without. */
		if (turn_space(ms) == MSTORE_OK) {
			klen = brief_key(key, bw->mailbox, bw->chunk, bw->n);
			code = idx_put(ms, key, klen, buf_ptr(&bw->val),
			    bw->val.len);
			if (code != MSTORE_OK)
				return code;
		}
		wait_free(ms, bw);
	}
	return MSTORE_OK;
}

void
brief_drop(struct mstore *ms)
{
	struct brief_wait *bw;
	int		 n;

	while ((bw = TAILQ_FIRST(&ms->brief_wait)) != NULL)
		wait_free(ms, bw);
	for (n = 0; n < MSTORE_NBRIEFS; n++)
		brief_reset(&ms->brief[n]);
}

void
brief_forget(struct mstore *ms, uint64_t mbox)
{
	struct brief_wait *bw, *next;
	int		 n;

	for (bw = TAILQ_FIRST(&ms->brief_wait); bw != NULL; bw = next) {
		next = TAILQ_NEXT(bw, entry);
		if (bw->mailbox == mbox)
			wait_free(ms, bw);
	}
	for (n = 0; n < MSTORE_NBRIEFS; n++) {
		if (ms->brief[n].mailbox == mbox)
			brief_reset(&ms->brief[n]);
	}
}

enum mstore_code
brief_remove(struct mstore *ms, uint64_t mbox, uint32_t chunk)
{
	struct brief_wait *bw;
	enum mstore_code code = MSTORE_OK;
	uint8_t		 key[KEY_MAX];
	int		 n;

	for (n = 0; n < MSTORE_NBRIEFS && code == MSTORE_OK; n++) {
		if ((bw = wait_find(ms, mbox, chunk, n)) != NULL)
			wait_free(ms, bw);
		code = idx_del(ms, key, brief_key(key, mbox, chunk, n));
	}
	return code;
}
