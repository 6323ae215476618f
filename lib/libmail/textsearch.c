/* Is a text in a part of a message? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/casemap.h"
#include "libmail/encword.h"
#include "libmail/header.h"
#include "libmail/textsearch.h"

#define PIECE		(16 * 1024)
#define HEADER_MAXTEXT	(256 * 1024)	/* of one field */

struct textsearch {
	struct charset_ctx	*cs;
	struct buf		 needle;	/* folded */
	struct buf		 raw, text;	/* scratch */
	struct buf		 window;	/* folded, with what is left
						 * of the last piece */
	struct meta_part	*parts;
	uint32_t		 nparts;
};

struct textsearch *
textsearch_new(struct charset_ctx *cs, struct span needle)
{
	struct textsearch *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->cs = cs;
	buf_init(&t->needle, 20 * needle.len + 16);
	buf_init(&t->raw, HEADER_MAXTEXT);
	buf_init(&t->text, 4 * HEADER_MAXTEXT);
	/* no character folds to more than 18 of them (U+FDFA) */
	buf_init(&t->window, 64 * HEADER_MAXTEXT + t->needle.max);
	if (casemap_add(needle, &t->needle) == -1) {
		textsearch_free(t);
		return NULL;
	}
	return t;
}

void
textsearch_free(struct textsearch *t)
{
	if (t == NULL)
		return;
	buf_free(&t->needle);
	buf_free(&t->raw);
	buf_free(&t->text);
	buf_free(&t->window);
	free(t->parts);
	free(t);
}

int
textsearch_folded(const struct textsearch *t, struct span s)
{
	if (t->needle.len == 0)
		return 1;
	if (s.len < t->needle.len)
		return 0;
	return memmem(s.p, s.len, buf_ptr(&t->needle), t->needle.len) != NULL;
}

/* Fold a piece behind what is left of the last one, and look. */
static int
look(struct textsearch *t, const void *p, size_t len)
{
	struct buf *w = &t->window;
	size_t keep = t->needle.len - 1;

	if (len == 0)
		return 0;
	if (casemap_add((struct span){ p, len }, w) == -1)
		return -1;
	if (textsearch_folded(t, (struct span){ (const char *)buf_ptr(w),
	    w->len }))
		return 1;
	if (w->len > keep) {
		memmove(buf_ptr(w), buf_ptr(w) + w->len - keep, keep);
		buf_truncate(w, keep);
	}
	return 0;
}

/* Sets in which ASCII bytes are ASCII. */
static int
is_ascii_superset(enum charset cs)
{
	return cs < CHARSET_UTF16 || (cs >= CHARSET_GB18030 &&
	    cs != CHARSET_ISO_2022_JP && cs != CHARSET_ISO_2022_KR);
}

/* Decoded bytes; a piece of plain ASCII needs no charset decoder. */
static int
look_decoded(struct textsearch *t, struct charset_dec *d, const void *p,
    size_t len)
{
	if (d->ncarry == 0 && is_ascii_superset(d->cs) &&
	    ascii_prefix(p, len) == len)
		return look(t, p, len);
	buf_truncate(&t->text, 0);
	if (charset_dec_add(d, p, len, &t->text) == -1)
		return -1;
	return look(t, buf_ptr(&t->text), t->text.len);
}

int
textsearch_part(struct textsearch *t, enum transfer enc, enum charset cs,
    const void *body, size_t len)
{
	struct transfer_dec dec;
	struct charset_dec d;
	const char *p = body;
	size_t n;
	int r = 0, copy = enc == TRANSFER_QP || enc == TRANSFER_BASE64;

	if (t->needle.len == 0)
		return 1;
	buf_truncate(&t->window, 0);
	transfer_dec_init(&dec, enc);
	charset_dec_init(&d, t->cs, cs);
	for (; len > 0 && r == 0; p += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		if (!copy) {
			r = look_decoded(t, &d, p, n);
			continue;
		}
		buf_truncate(&t->raw, 0);
		if (transfer_dec_add(&dec, p, n, &t->raw) == -1 ||
		    (n == len && transfer_dec_end(&dec, &t->raw) == -1))
			return -1;
		if (t->raw.len > 0)
			r = look_decoded(t, &d, buf_ptr(&t->raw), t->raw.len);
	}
	if (r != 0)
		return r;
	buf_truncate(&t->text, 0);
	if (charset_dec_end(&d, &t->text) == -1)
		return -1;
	return look(t, buf_ptr(&t->text), t->text.len);
}

void
textsearch_begin(struct textsearch *t)
{
	buf_truncate(&t->window, 0);
}

int
textsearch_piece(struct textsearch *t, const void *text, size_t len)
{
	return t->needle.len == 0 ? 1 : look(t, text, len);
}

static int
look_field(struct textsearch *t, struct span raw)
{
	if (raw.len > HEADER_MAXTEXT / 4)
		raw.len = HEADER_MAXTEXT / 4;
	buf_truncate(&t->text, 0);
	buf_truncate(&t->window, 0);
	if (encword_decode(t->cs, raw, &t->text) == -1 && errno != EMSGSIZE)
		return -1;
	if (t->text.len == 0)
		return 0;
	return look(t, buf_ptr(&t->text), t->text.len);
}

int
textsearch_value(struct textsearch *t, struct span value)
{
	return t->needle.len == 0 ? 1 : look_field(t, value);
}

int
textsearch_header(struct textsearch *t, struct span s)
{
	struct header_iter it;
	struct header h;
	int r;

	if (t->needle.len == 0)
		return 1;
	header_iter_init(&it, s.p, s.len);
	while (header_next(&it, &h))
		if ((r = look_field(t, h.raw)) != 0)
			return r;
	return 0;
}

static struct span
stretch(struct span msg, uint32_t off, uint32_t len)
{
	if (off > msg.len)
		return SPAN("");
	if (len > msg.len - off)
		len = msg.len - off;
	return (struct span){ msg.p + off, len };
}

/* A multipart in which no part was found is shown as text, if at all. */
static int
look_part(struct textsearch *t, const struct meta_part *p, int childless,
    struct span msg, int headers)
{
	struct span s = stretch(msg, p->hdr_off, p->hdr_len);
	int r;

	if (headers && s.len > 0 && (r = textsearch_header(t, s)) != 0)
		return r;
	if (!mime_is_text(p->class) &&
	    (p->class != MIME_MULTIPART || !childless))
		return 0;
	s = stretch(msg, p->body_off, p->body_len);
	return textsearch_part(t, p->encoding, p->charset, s.p, s.len);
}

int
textsearch_message(struct textsearch *t, const struct meta *m,
    const void *msg, size_t len, int headers)
{
	struct span s = { msg, len };
	struct meta_part *v;
	uint32_t i, n;
	int inner, r;

	if (t->needle.len == 0)
		return 1;
	if (m->nparts > t->nparts) {
		if ((v = reallocarray(t->parts, m->nparts, sizeof(*v))) ==
		    NULL)
			return -1;
		t->parts = v;
		t->nparts = m->nparts;
	}
	n = meta_parts(m, t->parts, m->nparts);
	for (i = 0; i < n; i++) {
		v = &t->parts[i];
		/* the header of a message within this one is of its body */
		inner = v->parent < i &&
		    t->parts[v->parent].class == MIME_MESSAGE;
		r = look_part(t, v, i + 1 == n || v[1].parent != i, s,
		    headers || inner);
		if (r != 0)
			return r;
	}
	return 0;
}
