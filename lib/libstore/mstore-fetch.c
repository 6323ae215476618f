/* FETCH: pages of messages.  See mstore_page.h for their form. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

/* A body is cut into pieces no smaller than this. */
#define BODYMIN		4096

enum mstore_code
where_hdr(struct mstore *ms, const struct where_ent *e, struct seglog_hdr *h)
{
	memset(h, 0, sizeof(*h));
	h->pos = e->pos;
	h->len[0] = e->headlen;
	h->len[1] = e->metalen;
	h->len[2] = e->size;
	if (e->headlen != 0 || seglog_read_hdr(ms->v.log, e->pos, h) == 0)
		return MSTORE_OK;
	return MSTORE_NONE;
}

static uint8_t *
put16(uint8_t *p, uint16_t v)
{
	put_le16(p, v);
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	put_le32(p, v);
	return p + 4;
}

static uint8_t *
put64(uint8_t *p, uint64_t v)
{
	put_le64(p, v);
	return p + 8;
}

/* The header and the columns that the index has; returns behind them. */
static uint8_t *
put_index_cols(uint8_t *p, uint32_t uid, uint16_t cols, const struct lens *l,
    const struct hot *h, const struct where_ent *e)
{
	uint32_t	 s = HOT_SLOT(uid);

	p = put32(p, 0);	/* the length, known at the end */
	p = put32(p, uid);
	p = put16(p, cols);
	p = put16(p, 0);
	if (cols & MSTORE_COL_FLAGS) {
		p = put16(p, lens_flags(l, h, s));
		p = put64(p, h->keywords[s]);
	}
	if (cols & MSTORE_COL_MODSEQ)
		p = put64(p, lens_modseq(l, h, s));
	if (cols & MSTORE_COL_SIZE)
		p = put32(p, e->size);
	if (cols & MSTORE_COL_DATES) {
		p = put64(p, (uint64_t)e->date);
		p = put16(p, (uint16_t)e->zone);
		p = put64(p, (uint64_t)e->savedate);
	}
	if (cols & MSTORE_COL_IDS) {
		p = put64(p, e->emailid);
		p = put64(p, e->threadid);
	}
	if (cols & MSTORE_COL_LENS) {
		p = put32(p, e->prefixlen);
		p = put32(p, e->metalen);
	}
	return p;
}

/* Replace a record, begun at `start', by one that says it cannot be read. */
static void
page_bad(struct buf *out, size_t start, uint16_t cols)
{
	uint8_t	*p = buf_ptr(out) + start;
	size_t	 n;

	cols &= MSTORE_COL_INDEX;
	n = MSTORE_PAGE_HDRLEN + mstore_page_fixed(cols);
	put_le32(p, (uint32_t)n - 4);
	put_le16(p + 8, cols);
	put_le16(p + 10, MSTORE_PAGE_BAD);
	buf_truncate(out, start + n);
}

/* How much of the body goes into this page. */
static uint32_t
body_len(const struct mstore_fetch *f, const struct where_ent *e,
    uint32_t off, size_t room)
{
	uint32_t	 end = e->size, n;

	if (f->bodyoff >= e->size || off >= e->size)
		return 0;
	if (f->bodylen != 0 && f->bodylen < e->size - f->bodyoff)
		end = f->bodyoff + f->bodylen;
	n = end > off ? end - off : 0;
	return n > room ? (uint32_t)room : n;
}

/* The scratch buffer keeps its memory from one message to the next. */
#define RECKEEP		(256 * 1024)

/*
 * One read for what begins the record: the body whole, or the meta and the
 * first bytes of the body.  What was wholly read is checked.
 */
int
where_read(struct mstore *ms, const struct where_ent *e, struct seglog_hdr *h,
    uint32_t len)
{
	size_t	 skip;

	skip = SEGLOG_HDRLEN + h->len[0] + (size_t)h->len[1] + len;
	buf_truncate(&ms->rec, 0);
	if (seglog_read(ms->v.log, e->pos, skip, len == e->size ? 2 : 1, h,
	    &ms->rec) == -1 || h->len[1] != e->metalen ||
	    h->len[2] != e->size)
		return errno == ENOMEM ? -2 : -1;
	return 0;
}

static int
put_body(struct mstore *ms, struct buf *out, const struct seglog_hdr *h,
    uint32_t off, uint32_t len)
{
	size_t	 front = (size_t)h->len[0] + h->len[1];
	uint8_t	*p;

	if (pack_u32(out, h->len[2]) == -1 || pack_u32(out, off) == -1 ||
	    pack_u32(out, len) == -1)
		return -2;
	if (len == 0)
		return 0;
	if (ms->rec.len >= front + off + len)
		return buf_add(out, buf_ptr(&ms->rec) + front + off, len) ==
		    -1 ? -2 : 0;
	if ((p = buf_reserve(out, len)) == NULL)
		return -2;
	if (seglog_read_range(ms->v.log, h, 2, off, p, len) == -1)
		return -1;
	buf_commit(out, len);
	return 0;
}

/*
 * META and BODY of one message.  -1 when the record is bad, -2 when out is
 * full.
 */
static int
put_log_cols(struct mstore *ms, struct buf *out, uint16_t cols,
    const struct where_ent *e, uint32_t off, uint32_t len)
{
	struct seglog_hdr h;
	int		 ret = 0;

	if (where_hdr(ms, e, &h) != MSTORE_OK)
		return -1;
	ms->rec.max = SEGLOG_MAXREC;
	buf_truncate(&ms->rec, 0);
	if (!(cols & MSTORE_COL_BODY))
		len = 0;
	if (cols & MSTORE_COL_META || (off == 0 && len == e->size))
		ret = where_read(ms, e, &h, off == 0 ? len : 0);
	if (ret == 0 && cols & MSTORE_COL_META &&
	    (pack_u32(out, e->metalen) == -1 || buf_add(out,
	    buf_ptr(&ms->rec) + h.len[0], e->metalen) == -1))
		ret = -2;
	if (ret == 0 && cols & MSTORE_COL_BODY)
		ret = put_body(ms, out, &h, off, len);
	if (ms->rec.size > RECKEEP)
		buf_free(&ms->rec);
	return ret;
}

/* Briefs of the chunk in hand; one that is not there for want of memory or
 * because the record is damaged makes a bad record. */
static int
put_briefs(struct buf *out, uint16_t cols, uint32_t uid,
    struct brief *const briefs[MSTORE_NBRIEFS])
{
	const struct brief *b;
	uint32_t	 s = WHERE_SLOT(uid);
	int		 n;

	for (n = 0; n < MSTORE_NBRIEFS; n++) {
		if (!(cols & MSTORE_COL_BRIEF0 << n))
			continue;
		if ((b = briefs[n]) == NULL) {
			if (pack_u32(out, MSTORE_NOBRIEF) == -1)
				return -2;
			continue;
		}
		if (!(b->map >> s & 1))
			return -1;
		if (pack_u32(out, b->len[s]) == -1 || buf_add(out,
		    buf_ptr(&b->val) + b->off[s], b->len[s]) == -1)
			return -2;
	}
	return 0;
}

/* Reading so many messages for their briefs is enough for a page. */
#define BRIEFS_MADE	256

/* A place in the page, and what it may still take. */
struct page {
	struct mstore	*ms;
	struct mstore_fetch *f;
	struct buf	*out;
	size_t		 start;		/* of out, at the beginning */
	size_t		 budget;
	struct lens	 lens;		/* of the chunk at hand */
	struct brief	*briefs[MSTORE_NBRIEFS];
	unsigned int	 made;
};

static int
page_full(const struct page *pg)
{
	return pg->out->len - pg->start >= pg->budget;
}

/*
 * One record.  1: done with this uid, 0: the page is full (f says where to go
 * on), -1: out can grow no more and nothing of it remains there.
 */
static int
page_put(struct page *pg, uint32_t uid, const struct hot *h,
    const struct where_ent *e)
{
	struct mstore_fetch *f = pg->f;
	struct buf	*out = pg->out;
	uint16_t	 cols = f->cols;
	uint32_t	 off = f->bodyoff, len = 0;
	size_t		 start = out->len, room, n;
	uint8_t		*p;
	int		 r, more = 0;

	if (f->next_off != 0) {		/* the rest of a body */
		off = f->next_off;
		cols = MSTORE_COL_BODY;
	}
	if (cols & MSTORE_COL_BODY) {
		n = out->len - pg->start;
		room = n + BODYMIN < pg->budget ? pg->budget - n : BODYMIN;
		len = body_len(f, e, off, room);
		more = len < body_len(f, e, off, UINT32_MAX);
		if (off > e->size)
			off = e->size;
	}
	n = MSTORE_PAGE_HDRLEN + mstore_page_fixed(cols & MSTORE_COL_INDEX);
	if ((p = buf_reserve(out, n)) == NULL)
		return -1;
	put_index_cols(p, uid, cols, &pg->lens, h, e);
	buf_commit(out, n);
	if (cols & ~MSTORE_COL_INDEX) {
		r = 0;
		if (cols & (MSTORE_COL_META | MSTORE_COL_BODY))
			r = put_log_cols(pg->ms, out, cols, e, off, len);
		if (r == 0)
			r = put_briefs(out, cols, uid, pg->briefs);
		if (r == -2) {
			buf_truncate(out, start);
			return -1;
		}
		if (r == -1) {
			page_bad(out, start, cols);
			f->next_off = 0;
			return 1;
		}
	}
	put_le32(buf_ptr(out) + start, (uint32_t)(out->len - start - 4));
	f->next_off = more ? off + len : 0;
	f->next_uid = uid;
	return !more;
}

/* The briefs of those between first and last that were asked for. */
static enum mstore_code
page_briefs(struct page *pg, const struct mbox *x, const struct where *w,
    uint32_t first, uint32_t last)
{
	enum mstore_code code;
	uint64_t	 want;
	int		 n;

	want = ~(uint64_t)0 >> (63 - (last - first)) << WHERE_SLOT(first);
	for (n = 0; n < MSTORE_NBRIEFS; n++) {
		pg->briefs[n] = NULL;
		if (!(pg->f->cols & MSTORE_COL_BRIEF0 << n) ||
		    pg->ms->brief_ops == NULL)
			continue;
		pg->briefs[n] = brief_get(pg->ms, x, WHERE_CHUNK(first), n, w,
		    want, &pg->made, &code);
		if (pg->briefs[n] == NULL)
			return code;
	}
	return MSTORE_OK;
}

/* The messages of one WHERE chunk between first and last. */
static enum mstore_code
page_chunk(struct page *pg, uint32_t first, uint32_t last)
{
	struct mstore_fetch *f = pg->f;
	enum mstore_code code;
	struct hot	*h = NULL;
	struct where	*w = NULL;
	struct mbox	*x;
	uint32_t	 uid;
	int		 r;

	/* Flags alone need nothing of WHERE, nor the rest of HOT. */
	if ((f->cols & (MSTORE_COL_FLAGS | MSTORE_COL_MODSEQ)) ||
	    f->cols == 0) {
		h = cache_hot(pg->ms, f->mailbox, HOT_CHUNK(first), 0, &code);
		if (h == NULL)
			return code == MSTORE_NONE ? MSTORE_OK : code;
		if ((x = mbox_select(pg->ms, f->mailbox, &code)) == NULL ||
		    (code = seen_lens(pg->ms, x, f->reader,
		    HOT_CHUNK(first), &pg->lens)) != MSTORE_OK)
			return code;
	}
	if (f->cols & ~(MSTORE_COL_FLAGS | MSTORE_COL_MODSEQ)) {
		w = cache_where(pg->ms, f->mailbox, WHERE_CHUNK(first), 0,
		    &code);
		if (w == NULL)
			return code == MSTORE_NONE ? MSTORE_OK : code;
	}
	if (f->cols & MSTORE_COL_BRIEFS && w != NULL) {
		if ((x = mbox_select(pg->ms, f->mailbox, &code)) == NULL ||
		    (code = page_briefs(pg, x, w, first, last)) != MSTORE_OK)
			return code;
	}
	for (uid = first;; uid++) {
		if ((h == NULL || hot_has(h, uid)) &&
		    (w == NULL || where_has(w, uid))) {
			if (page_full(pg)) {
				f->next_uid = uid;
				return MSTORE_OK;
			}
			r = page_put(pg, uid, h, w == NULL ? NULL :
			    &w->ent[WHERE_SLOT(uid)]);
			if (r == -1)
				return MSTORE_LIMIT;
			if (r == 0)
				return MSTORE_OK;
		}
		f->next_uid = uid + 1;
		f->next_off = 0;
		if (uid == last)
			return MSTORE_OK;
	}
}

static enum mstore_code
page_run(struct page *pg, uint32_t first, uint32_t last)
{
	struct mstore_fetch *f = pg->f;
	enum mstore_code code;
	uint32_t	 end;

	if (first < f->next_uid)
		first = f->next_uid;
	while (first <= last) {
		end = first | (WHERE_SLOTS - 1);
		if (end > last)
			end = last;
		f->next_uid = first;
		code = page_chunk(pg, first, end);
		if (code != MSTORE_OK)
			return code;
		if (f->next_uid <= end && (page_full(pg) || f->next_off != 0))
			return MSTORE_OK;
		if ((code = cache_trim(pg->ms)) != MSTORE_OK)
			return code;
		first = f->next_uid = end + 1;
		if (pg->made >= BRIEFS_MADE)
			break;
	}
	return MSTORE_OK;
}

enum mstore_code
mstore_fetch(struct mstore *ms, struct mstore_fetch *f, struct buf *out,
    size_t budget)
{
	struct page	 pg = { ms, f, out, out->len, budget, { 0, NULL },
	    { NULL }, 0 };
	enum mstore_code code;
	struct mbox	*x;
	uint32_t	 end, last;
	size_t		 i;

	if (f->done)
		return MSTORE_OK;
	if ((x = mbox_select(ms, f->mailbox, &code)) == NULL)
		return code;
	end = x->m.uidnext - 1;
	for (i = 0; i < f->uids->nruns; i++) {
		last = f->uids->runs[i].last;
		if (last > end)
			last = end;
		if (f->uids->runs[i].first > end)
			break;
		if (last < f->next_uid)
			continue;
		code = page_run(&pg, f->uids->runs[i].first, last);
		/* When out is full it is sent, and the rest comes next. */
		if (code == MSTORE_LIMIT && out->len > pg.start)
			return MSTORE_OK;
		if (code != MSTORE_OK)
			return code;
		if (f->next_uid <= last)
			return MSTORE_OK;
		if (pg.made >= BRIEFS_MADE && i + 1 < f->uids->nruns)
			return MSTORE_OK;
	}
	f->done = 1;
	return MSTORE_OK;
}
