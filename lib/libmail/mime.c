/* The structure of a message: where its parts begin and end. */
#include <stdlib.h>
#include <string.h>

#include "libmail/mime_int.h"

/* Lines of a multipart that are looked at for the boundary it did not name. */
#define SNIFF_LINES	64
#define SNIFF_MAXLEN	72

struct boundary {
	struct span	text;
	uint32_t	part;
};

/*
 * The walk goes over the message once, line by line where a boundary may
 * come.  Open multiparts stand in a stack of boundaries; the part at hand and
 * its parents are closed when one of theirs is found.
 */
struct walk {
	struct mime	*m;
	const char	*msg, *p, *end;
	size_t		 base;		/* offset of msg */
	uint32_t	 lf;		/* line feeds before p */
	const char	*from;		/* where the search for one began */
	size_t		 cut;		/* line end that a boundary took from
					 * the header of cutpart */
	uint32_t	 cutpart;
	int		 stopped;	/* a boundary ended the header */
	uint32_t	 cur;
	size_t		 nb;
	struct boundary	 b[MIME_MAXDEPTH];
};

void
mime_init(struct mime *m, struct arena *a)
{
	memset(m, 0, sizeof(*m));
	m->arena = a;
}

void
mime_free(struct mime *m)
{
	free(m->parts);
	m->parts = NULL;
	m->nparts = m->cap = 0;
}

size_t
mime_count_lines(const char *p, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t lows = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t w, acc;
	size_t n = 0, i;

	/* a byte of `acc' counts its column, so at most 255 words a round */
	while (len >= 8) {
		size_t words = len / 8 < 255 ? len / 8 : 255;

		for (acc = 0, i = 0; i < words; i++, p += 8) {
			memcpy(&w, p, 8);
			w ^= ones * '\n';
			w = ~((((w & lows) + lows) | w) | lows);
			acc += w >> 7;
		}
		len -= words * 8;
		for (i = 0; i < 8; i++)
			n += acc >> (8 * i) & 0xff;
	}
	for (; len > 0; len--)
		n += *p++ == '\n';
	return n;
}

static size_t
offset(const struct walk *w, const char *p)
{
	return w->base + (size_t)(p - w->msg);
}

/* Length of the line end right before p, which is at the start of a line. */
static size_t
eol_before(const struct walk *w, const char *p)
{
	if (p == w->msg || p[-1] != '\n')
		return 0;
	return p - w->msg > 1 && p[-2] == '\r' ? 2 : 1;
}

static int
new_part(struct walk *w, uint32_t parent)
{
	struct mime *m = w->m;
	struct mime_part *p, *v;
	size_t cap;
	uint32_t idx = (uint32_t)m->nparts, last;

	if (m->nparts == m->cap) {
		cap = m->cap == 0 ? 16 : m->cap * 2;
		if ((v = reallocarray(m->parts, cap, sizeof(*v))) == NULL)
			return -1;
		m->parts = v;
		m->cap = cap;
	}
	p = &m->parts[m->nparts++];
	memset(p, 0, sizeof(*p));
	p->parent = parent;
	p->number = 1;
	w->cur = idx;
	if (parent == MIME_NOPARENT)
		return 0;
	v = &m->parts[parent];
	p->depth = v->depth + 1;
	p->number = ++v->nchildren;
	/* `next' of a part that is still open holds its last child */
	last = v->next;
	v->next = idx;
	if (v->first == 0)
		v->first = idx;
	else
		m->parts[last].next = idx;
	if (v->class == MIME_MULTIPART)
		p->flags |= MIME_F_MIME;
	return 0;
}

/*
 * Is the line at p a boundary of an open multipart?  As RFC 2046 5.1.1 wants
 * it, the line need only begin with it; the innermost is asked first, but a
 * longer one wins, and an exact one at once.
 */
static int
find_open(const struct walk *w, const char *p, size_t *which, int *last)
{
	const struct boundary *b;
	const char *eol;
	size_t i, len, best = w->nb;
	int dashes;

	if (w->end - p < 3 || p[0] != '-' || p[1] != '-')
		return 0;
	p += 2;
	if ((eol = memchr(p, '\n', (size_t)(w->end - p))) == NULL)
		eol = w->end;
	if (eol > p && eol[-1] == '\r')
		eol--;
	len = (size_t)(eol - p);
	dashes = len > 2 && eol[-1] == '-' && eol[-2] == '-';
	for (i = w->nb; i-- > 0; ) {
		b = &w->b[i];
		if (b->text.len > len || *b->text.p != *p ||
		    (best < w->nb && w->b[best].text.len >= b->text.len) ||
		    memcmp(b->text.p, p, b->text.len) != 0)
			continue;
		best = i;
		if (b->text.len == len || (dashes && b->text.len + 2 == len))
			break;
	}
	if (best == w->nb)
		return 0;
	*which = best;
	len -= w->b[best].text.len;
	p += w->b[best].text.len;
	*last = len >= 2 && p[0] == '-' && p[1] == '-';
	return 1;
}

/* A multipart that does not say its boundary: the first line like one. */
static struct span
sniff_boundary(const struct walk *w)
{
	const char *p = w->p, *lf;
	struct span s;
	int i;

	for (i = 0; i < SNIFF_LINES && p < w->end; i++, p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(w->end - p));
		if (lf == NULL)
			break;
		for (s = (struct span){ p, (size_t)(lf - p) }; s.len > 0 &&
		    (unsigned char)s.p[s.len - 1] <= ' '; s.len--)
			;
		if (s.len > 2 && s.len <= SNIFF_MAXLEN && p[0] == '-' &&
		    p[1] == '-' && memchr(p, ' ', s.len) == NULL)
			return (struct span){ s.p + 2, s.len - 2 };
	}
	return SPAN_NONE;
}

/* Is p the boundary that the part's own header has just declared? */
static int
own_boundary(const struct walk *w, const struct mime_part *part,
    const char *p)
{
	struct span s;

	if (w->end - p < 3 || p[0] != '-' || p[1] != '-')
		return 0;
	s = rfc2231_get(&part->params, "boundary");
	return s.len > 0 && (size_t)(w->end - p) - 2 >= s.len &&
	    memcmp(s.p, p + 2, s.len) == 0;
}

static int
part_field(struct walk *w, struct mime_part *part, const struct header *h)
{
	if (part->envelope != NULL &&
	    mime_envelope_field(w->m, part->envelope, h) == -1)
		return -1;
	return mime_content_field(w->m, part, h);
}

/* Header of the part at hand, from p on; p is moved to its body. */
static int
part_header(struct walk *w)
{
	struct mime_part *part = &w->m->parts[w->cur];
	const char *start = w->p, *stop = NULL, *seen = w->p;
	struct header_iter it;
	struct header h;
	size_t which;
	int last;

	if (w->cur != 0)
		part->hdr_off = offset(w, start) - w->cut;
	if (part->parent == MIME_NOPARENT ||
	    w->m->parts[part->parent].class == MIME_MESSAGE) {
		if (part->envelope == NULL && (part->envelope =
		    arena_calloc(w->m->arena, 1, sizeof(struct envelope))) ==
		    NULL)
			return -1;
	}
	header_iter_init(&it, start, (size_t)(w->end - start));
	for (;;) {
		if (it.pos < it.end && *it.pos == '-') {
			if (find_open(w, it.pos, &which, &last)) {
				stop = it.pos;
				break;
			}
			if (own_boundary(w, part, it.pos))
				break;
		}
		if (!header_next(&it, &h))
			break;
		w->lf += (uint32_t)mime_count_lines(h.raw.p, h.raw.len);
		seen = it.pos;
		if (part_field(w, part, &h) == -1)
			return -1;
	}
	/* without a body the empty line is the line end of the boundary */
	if (stop == NULL && it.pos > seen && it.pos < it.end &&
	    *it.pos == '-' && !own_boundary(w, part, it.pos) &&
	    find_open(w, it.pos, &which, &last))
		stop = it.pos;
	w->stopped = stop != NULL;
	w->p = it.pos;
	w->lf += w->p > seen;		/* the empty line */
	if (stop != NULL && stop > start) {
		w->cut = eol_before(w, stop);
		w->cutpart = w->cur;
	}
	part->hdr_len = offset(w, w->p) - (stop != NULL ? w->cut : 0) -
	    part->hdr_off;
	part->body_off = part->hdr_off + part->hdr_len;
	return 0;
}

/* What to do with the body of the part whose header was read. */
static void
part_open(struct walk *w)
{
	struct mime *m = w->m;
	struct mime_part *part = &m->parts[w->cur];
	struct span s;
	int digest;

	digest = part->parent != MIME_NOPARENT &&
	    (m->parts[part->parent].flags & MIME_F_DIGEST) != 0;
	mime_classify(part, digest);
	part->body_lines = w->lf;	/* at its start, until it is closed */
	if (part->class != MIME_MULTIPART && part->class != MIME_MESSAGE)
		return;
	if (part->depth + 1 >= MIME_MAXDEPTH || w->nb == MIME_MAXDEPTH ||
	    m->nparts >= m->maxparts) {
		part->class = MIME_OTHER;
		part->flags |= MIME_F_OPAQUE;
		return;
	}
	if (part->class == MIME_MULTIPART && !w->stopped) {
		s = rfc2231_get(&part->params, "boundary");
		if (s.len == 0)
			s = sniff_boundary(w);
		if (s.len == 0)
			return;
		w->b[w->nb++] = (struct boundary){ s, w->cur };
		part->flags |= MIME_F_NOEND;
	}
}

/* A part and, in message/rfc822, the message in it, and so on. */
static int
enter(struct walk *w, uint32_t parent)
{
	struct mime *m = w->m;

	for (;;) {
		if ((m->nparts == 0 || parent != MIME_NOPARENT) &&
		    new_part(w, parent) == -1)
			return -1;
		if (part_header(w) == -1)
			return -1;
		part_open(w);
		if (m->parts[w->cur].class != MIME_MESSAGE)
			return 0;
		parent = w->cur;
	}
}

/*
 * Close the part at hand and its parents up to, not with, `upto'.  The line
 * end that a header lost counts for the parents of that part.
 */
static void
close_parts(struct walk *w, uint32_t upto, const char *end, uint32_t lf)
{
	struct mime_part *part;
	size_t stop;
	uint32_t lines;

	while (w->cur != upto) {
		part = &w->m->parts[w->cur];
		stop = offset(w, end) - w->cut;
		lines = lf - (w->cut > 0);
		part->body_len = stop > part->body_off ?
		    stop - part->body_off : 0;
		part->body_lines = lines > part->body_lines ?
		    lines - part->body_lines : 0;
		part->next = 0;
		if (w->cur == w->cutpart)
			w->cut = 0;
		w->cur = part->parent;
	}
	w->cut = 0;
}

/* On to the next boundary line: 1, w->p at it; 0, at the end. */
static int
next_boundary(struct walk *w, size_t *which, int *last)
{
	const char *lf;

	w->from = w->p;
	while (w->nb > 0 && w->m->nparts < w->m->maxparts && w->p < w->end) {
		if (*w->p == '-' && find_open(w, w->p, which, last))
			return 1;
		lf = memchr(w->p, '\n', (size_t)(w->end - w->p));
		if (lf == NULL)
			break;
		w->p = lf + 1;
		w->lf++;
	}
	w->lf += (uint32_t)mime_count_lines(w->p, (size_t)(w->end - w->p));
	w->p = w->end;
	return 0;
}

static int
walk_bodies(struct walk *w)
{
	const char *lf;
	size_t which, eol;
	uint32_t part;
	int last;

	while (next_boundary(w, &which, &last)) {
		part = w->b[which].part;
		/*
		 * The line end before a boundary is part of it, but not the
		 * one that ends a header or another boundary (as Dovecot has
		 * it, so that sizes agree).
		 */
		eol = w->p == w->from ? 0 : eol_before(w, w->p);
		close_parts(w, part, w->p - eol, w->lf - (eol > 0));
		lf = memchr(w->p, '\n', (size_t)(w->end - w->p));
		w->p = lf == NULL ? w->end : lf + 1;
		w->lf += lf != NULL;
		if (last) {
			w->m->parts[part].flags &= ~MIME_F_NOEND;
			w->nb = which;
			continue;
		}
		w->nb = which + 1;
		if (enter(w, part) == -1)
			return -1;
	}
	close_parts(w, MIME_NOPARENT, w->end, w->lf);
	return 0;
}

/* Lines that were put before the message count for its envelope only. */
static int
prefix_fields(struct walk *w, struct span prefix)
{
	struct mime_part *root = &w->m->parts[0];
	struct header_iter it;
	struct header h;

	root->envelope = arena_calloc(w->m->arena, 1, sizeof(struct envelope));
	if (root->envelope == NULL)
		return -1;
	header_iter_init(&it, prefix.p, prefix.len);
	while (header_next(&it, &h))
		if (mime_envelope_field(w->m, root->envelope, &h) == -1)
			return -1;
	return 0;
}

int
mime_parse(struct mime *m, struct span prefix, struct span msg)
{
	struct walk w;

	if (m->maxparts == 0)
		m->maxparts = MIME_MAXPARTS;
	m->nparts = 0;
	m->addrs_left = MIME_MAXADDRS;
	m->text_left = MIME_MAXTEXT;
	w.m = m;
	w.msg = w.p = msg.p == NULL ? "" : msg.p;
	w.end = w.msg + msg.len;
	w.base = prefix.len;
	w.lf = 0;
	w.cut = 0;
	w.cutpart = 0;
	w.stopped = 0;
	w.nb = 0;
	if (new_part(&w, MIME_NOPARENT) == -1)
		return -1;
	if (prefix.len > 0 && prefix_fields(&w, prefix) == -1)
		return -1;
	if (enter(&w, MIME_NOPARENT) == -1 || walk_bodies(&w) == -1)
		return -1;
	if (memchr(w.msg, '\0', msg.len) != NULL)
		m->parts[0].flags |= MIME_F_NUL;
	return 0;
}

/* The child of that number, 0 if there is none. */
static uint32_t
child(const struct mime *m, uint32_t part, uint32_t number)
{
	uint32_t i = m->parts[part].first;

	while (i != 0 && m->parts[i].number != number)
		i = m->parts[i].next;
	return i;
}

int
mime_find(const struct mime *m, const uint32_t *path, size_t n)
{
	uint32_t cur = 0;
	size_t i;
	int whole = 1;		/* cur is a message, not a part of one */

	for (i = 0; i < n; i++) {
		if (!whole && m->parts[cur].class == MIME_MESSAGE) {
			cur = m->parts[cur].first;
			whole = 1;
		}
		if (m->parts[cur].class == MIME_MULTIPART) {
			if ((cur = child(m, cur, path[i])) == 0)
				return -1;
		} else if (!whole || path[i] != 1)
			return -1;
		whole = 0;
	}
	return (int)cur;
}
