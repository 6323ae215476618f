/* Writing the meta blob. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/casemap.h"
#include "libmail/encword.h"
#include "libmail/imapstruct.h"
#include "libmail/meta.h"
#include "libmail/meta_int.h"
#include "libmail/preview.h"
#include "libmail/subject.h"

#define META_ARENA	(256 * 1024 * 1024)
#define MAXSAME		20

/* What stands in the way of META_MAX is cut more and more. */
#define LEVELS		3
static const struct {
	size_t	parts, addrs, text;
} limits[LEVELS] = {
	{ 0, MIME_MAXADDRS, SIZE_MAX },
	{ 500, 200, 500 },
	{ 1, 10, 100 }
};

struct meta_ctx {
	struct charset_ctx	*cs;
	struct arena		 arena;
	struct mime		 mime;
	struct buf		 pool;		/* texts */
	struct buf		 raw, decoded, folded;	/* scratch */
	struct buf		 fields, parts, refs;
	struct span		 msg;
	size_t			 off[META_NTEXTS], len[META_NTEXTS];
	uint32_t		 have;
	uint32_t		 flags;
	uint32_t		 nfields, nrefs;
	uint64_t		 msgid, inreplyto, subject;
	uint64_t		 lastrefs[META_MAXREFS];
	struct maildate		 sent;
	uint8_t			 seen[HEADER_NIDS];
	size_t			 hdr_len;
};

struct meta_ctx *
meta_ctx_new(struct charset_ctx *cs)
{
	struct meta_ctx *x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	x->cs = cs;
	arena_init(&x->arena, META_ARENA);
	mime_init(&x->mime, &x->arena);
	buf_init(&x->pool, META_MAX);
	buf_init(&x->raw, 2 * META_TEXTMAX);
	buf_init(&x->decoded, META_TEXTMAX);
	buf_init(&x->folded, META_TEXTMAX);
	buf_init(&x->fields, META_MAX);
	buf_init(&x->parts, META_MAX);
	buf_init(&x->refs, META_MAXREFS * 8);
	return x;
}

void
meta_ctx_free(struct meta_ctx *x)
{
	if (x == NULL)
		return;
	mime_free(&x->mime);
	arena_free(&x->arena);
	buf_free(&x->pool);
	buf_free(&x->raw);
	buf_free(&x->decoded);
	buf_free(&x->folded);
	buf_free(&x->fields);
	buf_free(&x->parts);
	buf_free(&x->refs);
	free(x);
}

const struct mime *
meta_mime(const struct meta_ctx *x)
{
	return &x->mime;
}

static size_t
put_varint(uint8_t *d, uint64_t v)
{
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		d[n++] = (uint8_t)(v | 0x80);
	d[n++] = (uint8_t)v;
	return n;
}

static void
put_le(uint8_t *d, uint64_t v, size_t n)
{
	for (; n > 0; n--, v >>= 8)
		*d++ = (uint8_t)v;
}

static struct span
content(const struct buf *b)
{
	if (b->len == 0)
		return SPAN("");
	return (struct span){ (const char *)buf_ptr(b), b->len };
}

/* What was put in the pool since `from' is this text. */
static void
set_text(struct meta_ctx *x, enum meta_text t, size_t from)
{
	x->off[t] = from;
	x->len[t] = x->pool.len - from;
	x->have |= 1u << t;
}

/* A text that may be part of one which is there already. */
static int
add_text(struct meta_ctx *x, enum meta_text t, struct span s)
{
	struct span pool = content(&x->pool);
	const char *p = NULL;

	if (s.len == 0) {
		x->off[t] = x->len[t] = 0;
		x->have |= 1u << t;
		return 0;
	}
	if (s.len <= pool.len && pool.len < 16384)
		p = memmem(pool.p, pool.len, s.p, s.len);
	if (p != NULL) {
		x->off[t] = (size_t)(p - pool.p);
		x->len[t] = s.len;
		x->have |= 1u << t;
		return 0;
	}
	if (buf_add(&x->pool, s.p, s.len) == -1)
		return -1;
	set_text(x, t, x->pool.len - s.len);
	return 0;
}

/* A full scratch buffer only means that the text is cut. */
static int
soft(int r, int *cut)
{
	if (r == 0)
		return 0;
	if (errno != EMSGSIZE)
		return -1;
	*cut = 1;
	return 0;
}

/* Decode and fold a value into x->folded; it is made empty first. */
static int
fold_value(struct meta_ctx *x, struct span value, int *cut)
{
	buf_truncate(&x->decoded, 0);
	buf_truncate(&x->folded, 0);
	if (soft(encword_decode(x->cs, value, &x->decoded), cut) == -1)
		return -1;
	return soft(casemap_add(content(&x->decoded), &x->folded), cut);
}

/* The text to look into for SEARCH FROM and the like. */
static int
add_address_text(struct meta_ctx *x, enum meta_text t,
    const struct address_list *l)
{
	int cut = l->cut;

	if (l->n == 0)
		return 0;
	buf_truncate(&x->raw, 0);
	if (soft(address_list_print(l, &x->raw), &cut) == -1 ||
	    fold_value(x, content(&x->raw), &cut) == -1 ||
	    add_text(x, t, content(&x->folded)) == -1)
		return -1;
	if (cut)
		x->flags |= META_F_CUT(t);
	return 0;
}

/* SEARCH SUBJECT looks into all fields of the name: one line each. */
static int
join_subject(struct meta_ctx *x, int *cut)
{
	size_t from, len = x->len[META_SUBJECT];

	if ((x->have & 1u << META_SUBJECT) == 0)
		return add_text(x, META_SUBJECT, content(&x->folded));
	if (len + 1 + x->folded.len > META_TEXTMAX) {
		*cut = 1;
		return 0;
	}
	/* the first one may be part of another text: copy */
	if (buf_reserve(&x->pool, len + 1 + x->folded.len) == NULL)
		return -1;
	from = x->pool.len;
	(void)buf_add(&x->pool, buf_ptr(&x->pool) + x->off[META_SUBJECT], len);
	(void)buf_addc(&x->pool, '\n');
	(void)buf_add(&x->pool, content(&x->folded).p, x->folded.len);
	set_text(x, META_SUBJECT, from);
	return 0;
}

static int
add_subject(struct meta_ctx *x, struct span value)
{
	struct span base;
	int cut = 0, reply;

	buf_truncate(&x->decoded, 0);
	if (soft(encword_decode(x->cs, value, &x->decoded), &cut) == -1)
		return -1;
	if (x->decoded.len > 0)
		buf_truncate(&x->decoded, subject_squeeze((char *)
		    buf_ptr(&x->decoded), x->decoded.len));
	buf_truncate(&x->folded, 0);
	if (soft(casemap_add(content(&x->decoded), &x->folded), &cut) == -1 ||
	    join_subject(x, &cut) == -1)
		return -1;
	if (cut)
		x->flags |= META_F_CUT(META_SUBJECT);
	if (x->seen[HEADER_SUBJECT] > 1)
		return 0;
	base = subject_base(content(&x->decoded), &reply);
	if (reply)
		x->flags |= META_F_REPLY;
	buf_truncate(&x->folded, 0);
	if (soft(casemap_add(base, &x->folded), &cut) == -1 ||
	    add_text(x, META_BASESUBJ, content(&x->folded)) == -1)
		return -1;
	x->subject = x->folded.len > 0 ? meta_hash(content(&x->folded)) : 0;
	return 0;
}

/* Ids in the order they stand; past the limit the first and the latest. */
static int
add_refs(struct meta_ctx *x, struct span value)
{
	uint64_t h;
	int r;

	for (;;) {
		buf_truncate(&x->decoded, 0);
		if ((r = msgid_next(&value, &x->decoded)) == 0)
			return 0;
		if (r == -1)
			return errno == EMSGSIZE ? 0 : -1;
		h = meta_hash(content(&x->decoded));
		if (x->nrefs == META_MAXREFS) {
			memmove(x->lastrefs + 1, x->lastrefs + 2,
			    (META_MAXREFS - 2) * sizeof(h));
			x->nrefs--;
		}
		x->lastrefs[x->nrefs++] = h;
	}
}

static int
first_id(struct meta_ctx *x, struct span value, uint64_t *hash)
{
	int r;

	buf_truncate(&x->decoded, 0);
	if ((r = msgid_next(&value, &x->decoded)) == -1)
		return errno == EMSGSIZE ? 0 : -1;
	*hash = r == 1 ? meta_hash(content(&x->decoded)) : 0;
	return 0;
}

static int
add_listid(struct meta_ctx *x, struct span value)
{
	const char *lt, *gt;
	char id[256];
	size_t n = 0;
	struct span s = header_trim(value);

	if ((lt = memrchr(s.p, '<', s.len)) != NULL &&
	    (gt = memchr(lt, '>', s.len - (size_t)(lt - s.p))) != NULL)
		s = (struct span){ lt + 1, (size_t)(gt - lt - 1) };
	for (; s.len > 0 && n < sizeof(id); s.p++, s.len--)
		if ((unsigned char)*s.p > ' ')
			id[n++] = *s.p >= 'A' && *s.p <= 'Z' ?
			    (char)(*s.p + 32) : *s.p;
	return add_text(x, META_LISTID, (struct span){ id, n });
}

/*
 * More fields of one name than MAXSAME are only indexed.  For sorting and
 * threading the first one counts.
 */
static int
note_field(struct meta_ctx *x, const struct header *h)
{
	if (h->id <= HEADER_JUNK)
		return 0;
	if (x->seen[h->id] == MAXSAME) {
		if (h->id == HEADER_SUBJECT)
			x->flags |= META_F_CUT(META_SUBJECT);
		return 0;
	}
	x->seen[h->id]++;
	switch (h->id) {
	case HEADER_DATE:
		if ((x->flags & META_F_NODATE) != 0 &&
		    date_parse(h->value, &x->sent) == 0)
			x->flags &= ~META_F_NODATE;
		return 0;
	case HEADER_SUBJECT:
		return add_subject(x, h->value);
	case HEADER_MESSAGE_ID:
		if (x->msgid != 0)
			return 0;
		if (first_id(x, h->value, &x->msgid) == -1)
			return -1;
		return x->msgid == 0 ? 0 :
		    add_text(x, META_MSGID, content(&x->decoded));
	case HEADER_IN_REPLY_TO:
		return x->inreplyto != 0 ? 0 :
		    first_id(x, h->value, &x->inreplyto);
	case HEADER_REFERENCES:
		return add_refs(x, h->value);
	case HEADER_LIST_ID:
		return add_listid(x, h->value);
	default:
		return 0;
	}
}

static int
index_field(struct meta_ctx *x, const struct header *h)
{
	uint8_t b[16];
	size_t n = 0;

	if (x->nfields == META_MAXFIELDS) {
		x->flags |= META_F_FIELDS_CUT;
		return 0;
	}
	b[n++] = (uint8_t)h->id;
	if (h->id == HEADER_OTHER) {
		put_le(b + n, header_name_hash(h->name), 2);
		n += 2;
	}
	n += put_varint(b + n, h->raw.len);
	x->nfields++;
	return buf_add(&x->fields, b, n);
}

static int
index_header(struct meta_ctx *x, struct span s)
{
	struct header_iter it;
	struct header h;
	size_t len;

	header_iter_init(&it, s.p, s.len);
	while (header_next(&it, &h)) {
		if (index_field(x, &h) == -1 || note_field(x, &h) == -1)
			return -1;
	}
	len = (size_t)(it.body - it.start);
	x->hdr_len += len;
	if (ascii_prefix(it.start, len) < len)
		x->flags |= META_F_8BIT;
	return 0;
}

static int
index_parts(struct meta_ctx *x)
{
	const struct mime_part *p;
	uint8_t b[80];
	size_t i, n, last = 0;

	for (i = 0; i < x->mime.nparts; i++) {
		p = &x->mime.parts[i];
		n = put_varint(b, p->parent == MIME_NOPARENT ? 0 :
		    (uint64_t)p->parent + 1);
		n += put_varint(b + n, p->number);
		b[n++] = (uint8_t)p->class;
		b[n++] = (uint8_t)p->encoding;
		b[n++] = (uint8_t)p->charset;
		n += put_varint(b + n, p->hdr_off - last);
		n += put_varint(b + n, p->hdr_len);
		n += put_varint(b + n, p->body_len);
		n += put_varint(b + n, p->body_lines);
		last = p->hdr_off;
		if ((p->flags & MIME_F_ATTACH) != 0)
			x->flags |= META_F_ATTACH;
		if ((p->flags & MIME_F_OPAQUE) != 0)
			x->flags |= META_F_PARTS_CUT;
		if (buf_add(&x->parts, b, n) == -1)
			return -1;
	}
	return 0;
}

/* SORT's keys: the first address, its local part and how it is displayed. */
static int
add_sort_keys(struct meta_ctx *x, const struct address_list *l,
    enum meta_text local, int display)
{
	const struct address *a = l->v;
	struct address bare;
	int cut = 0;

	if (l->n == 0)
		return 0;
	if (a->local.p != NULL) {
		buf_truncate(&x->folded, 0);
		if (soft(casemap_add(a->local, &x->folded), &cut) == -1 ||
		    add_text(x, local, content(&x->folded)) == -1)
			return -1;
	}
	if (display == -1)
		return 0;
	if (a->kind == ADDRESS_GROUP) {
		if (fold_value(x, a->local, &cut) == -1)
			return -1;
	} else if (a->name.len > 0) {
		if (fold_value(x, a->name, &cut) == -1)
			return -1;
	} else {
		bare = *a;
		bare.name = SPAN_NONE;
		buf_truncate(&x->decoded, 0);
		buf_truncate(&x->folded, 0);
		if (soft(address_print(&bare, &x->decoded), &cut) == -1 ||
		    soft(casemap_add(content(&x->decoded), &x->folded),
		    &cut) == -1)
			return -1;
	}
	return add_text(x, (enum meta_text)display, content(&x->folded));
}

static void
cut_envelope(struct envelope *e, int level)
{
	struct span *texts[] = { &e->date, &e->subject, &e->inreplyto,
	    &e->msgid };
	struct address_list *lists[] = { &e->from, &e->sender, &e->replyto,
	    &e->to, &e->cc, &e->bcc };
	struct address *a;
	size_t i, j, max = limits[level].text;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i]->len > max)
			texts[i]->len = max;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i]->n > limits[level].addrs)
			lists[i]->n = limits[level].addrs;
		for (j = 0; j < lists[i]->n; j++) {
			a = &lists[i]->v[j];
			a->name.len = a->name.len < max ? a->name.len : max;
			a->route.len = a->route.len < max ? a->route.len : max;
			a->local.len = a->local.len < max ? a->local.len : max;
			a->domain.len = a->domain.len < max ?
			    a->domain.len : max;
		}
	}
}

static void
cut_params(struct params *ps, int level)
{
	size_t i, max = limits[level].text;

	if (ps->n > 16)
		ps->n = 16;
	for (i = 0; i < ps->n; i++) {
		if (ps->v[i].name.len > max)
			ps->v[i].name.len = max;
		if (ps->v[i].value.len > max)
			ps->v[i].value.len = max;
	}
}

/* Render structure and envelope; from level 1 on with parts of it cut off. */
static int
add_structure(struct meta_ctx *x, int level)
{
	struct mime_part *p;
	struct span *texts[9];
	size_t i, j, from;

	for (i = 0; level > 0 && i < x->mime.nparts; i++) {
		p = &x->mime.parts[i];
		texts[0] = &p->type;
		texts[1] = &p->subtype;
		texts[2] = &p->cte;
		texts[3] = &p->id;
		texts[4] = &p->description;
		texts[5] = &p->location;
		texts[6] = &p->md5;
		texts[7] = &p->disposition;
		for (j = 0; j < 8; j++)
			if (texts[j]->len > limits[level].text)
				texts[j]->len = limits[level].text;
		p->nlangs = 0;
		cut_params(&p->params, level);
		cut_params(&p->dparams, level);
		if (p->envelope != NULL)
			cut_envelope(p->envelope, level);
		x->flags |= META_F_PARTS_CUT;
	}
	from = x->pool.len;
	if (imapstruct_envelope(x->mime.parts[0].envelope, &x->pool) == -1)
		return -1;
	set_text(x, META_ENVELOPE, from);
	from = x->pool.len;
	if (imapstruct_body(&x->mime, 1, &x->pool) == -1)
		return -1;
	set_text(x, META_BODYSTRUCTURE, from);
	/* room for the other texts and the indexes must be left */
	if (x->pool.len > META_MAX / 2) {
		errno = EMSGSIZE;
		return -1;
	}
	return 0;
}

static void
start(struct meta_ctx *x)
{
	arena_reset(&x->arena);
	buf_truncate(&x->pool, 0);
	buf_truncate(&x->fields, 0);
	buf_truncate(&x->parts, 0);
	buf_truncate(&x->refs, 0);
	x->have = 0;
	x->flags = META_F_NODATE;
	x->nfields = x->nrefs = 0;
	x->msgid = x->inreplyto = x->subject = 0;
	x->sent.t = 0;
	x->sent.zone = 0;
	x->hdr_len = 0;
	memset(x->seen, 0, sizeof(x->seen));
}

static int
collect(struct meta_ctx *x, struct span prefix, struct span msg, int level)
{
	const struct envelope *e;
	size_t from;

	start(x);
	x->mime.maxparts = limits[level].parts;
	if (mime_parse(&x->mime, prefix, msg) == -1 ||
	    add_structure(x, level) == -1)
		return -1;
	if ((prefix.len > 0 && index_header(x, prefix) == -1) ||
	    index_header(x, msg) == -1 || index_parts(x) == -1)
		return -1;
	e = x->mime.parts[0].envelope;
	if (add_address_text(x, META_FROM, &e->from) == -1 ||
	    add_address_text(x, META_TO, &e->to) == -1 ||
	    add_address_text(x, META_CC, &e->cc) == -1 ||
	    add_address_text(x, META_BCC, &e->bcc) == -1)
		return -1;
	if (add_sort_keys(x, &e->from, META_SORT_FROM, META_DISP_FROM) == -1 ||
	    add_sort_keys(x, &e->to, META_SORT_TO, META_DISP_TO) == -1 ||
	    add_sort_keys(x, &e->cc, META_SORT_CC, -1) == -1)
		return -1;
	from = x->pool.len;
	if (preview_make(x->cs, &x->mime, msg, prefix.len, META_PREVIEWLEN,
	    &x->pool) == -1)
		return -1;
	set_text(x, META_PREVIEW, from);
	if ((x->mime.parts[0].flags & MIME_F_NUL) != 0)
		x->flags |= META_F_NUL;
	if (x->nrefs == 0 && x->inreplyto != 0)
		x->lastrefs[x->nrefs++] = x->inreplyto;
	return 0;
}

static int
pack(struct meta_ctx *x, size_t size, struct buf *out)
{
	uint8_t b[META_FIXED + 10 * 10 + META_NTEXTS * 10], id[8];
	size_t n, i, from = out->len;
	uint32_t r;

	b[0] = META_MAGIC;
	b[1] = META_VERSION;
	put_le(b + 2, x->flags, 4);
	put_le(b + 6, x->msgid, 8);
	put_le(b + 14, x->inreplyto, 8);
	put_le(b + 22, x->subject, 8);
	n = META_FIXED;
	n += put_varint(b + n, size);
	n += put_varint(b + n, x->hdr_len);
	n += put_varint(b + n, zigzag(x->sent.t));
	n += put_varint(b + n, zigzag(x->sent.zone));
	n += put_varint(b + n, x->nrefs);
	n += put_varint(b + n, x->nfields);
	n += put_varint(b + n, x->fields.len);
	n += put_varint(b + n, x->mime.nparts);
	n += put_varint(b + n, x->parts.len);
	n += put_varint(b + n, x->pool.len);
	n += put_varint(b + n, x->have);
	for (i = 0; i < META_NTEXTS; i++) {
		if ((x->have & 1u << i) == 0)
			continue;
		n += put_varint(b + n, x->off[i]);
		n += put_varint(b + n, x->len[i]);
	}
	if (buf_reserve(out, n + 8 * x->nrefs + x->fields.len + x->parts.len +
	    x->pool.len) == NULL)
		return -1;
	(void)buf_add(out, b, n);
	for (r = 0; r < x->nrefs; r++) {
		put_le(id, x->lastrefs[r], 8);
		(void)buf_add(out, id, 8);
	}
	(void)buf_add(out, content(&x->fields).p, x->fields.len);
	(void)buf_add(out, content(&x->parts).p, x->parts.len);
	(void)buf_add(out, content(&x->pool).p, x->pool.len);
	if (out->len - from > META_MAX) {
		buf_truncate(out, from);
		errno = EMSGSIZE;
		return -1;
	}
	return 0;
}

int
meta_build(struct meta_ctx *x, struct span prefix, struct span msg,
    struct buf *out)
{
	int level;

	if (msg.p == NULL)
		msg = SPAN("");
	if (prefix.len > UINT32_MAX || msg.len > UINT32_MAX - prefix.len) {
		errno = EMSGSIZE;
		return -1;
	}
	for (level = 0; level < LEVELS; level++) {
		if (collect(x, prefix, msg, level) == 0)
			return pack(x, prefix.len + msg.len, out);
		if (errno != EMSGSIZE)
			return -1;
	}
	return -1;
}
