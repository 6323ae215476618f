/*
 * The keys of SEARCH that look for text: first in the meta, whose strings are
 * decoded and casemapped already, then in the header's and the body's bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "libmail/textsearch.h"
#include "libutil/log.h"
#include "search.h"
#include "search_stream.h"

static struct charset_ctx	*charsets;

/* While modules can still be loaded. */
void
search_init(void)
{
	if ((charsets = charset_ctx_new()) == NULL)
		fatal("search");
	(void)charset_preload(charsets);
}

struct charset_ctx *
search_charsets(void)
{
	return charsets;
}

static int
has_text(const struct imap_search_key *k)
{
	return k->op >= IMAP_S_FROM && k->op <= IMAP_S_TEXT;
}

int
search_charset(struct span charset)
{
	return charset.p == NULL || span_ieqs(charset, "US-ASCII") ||
	    span_ieqs(charset, "UTF-8");
}

int
search_text_bind(struct search *j, struct span charset)
{
	struct imap_search_key	*k;
	struct search_needle	*n;
	uint32_t		 i;

	if (!search_charset(charset))
		return -1;
	for (i = 0; i < j->q->nkeys; i++) {
		k = &j->q->keys[i];
		if (!has_text(k))
			continue;
		if ((n = calloc(1, sizeof(*n))) == NULL ||
		    (n->text = textsearch_new(charsets, k->text)) == NULL)
			fatal("search");
		if (k->op == IMAP_S_HEADER) {
			n->id = header_id(k->field);
			n->hash = header_name_hash(k->field);
		}
		k->bound = n;
	}
	return 0;
}

void
search_text_unbind(struct imap_search *q)
{
	struct search_needle	*n;
	uint32_t		 i;

	for (i = 0; i < q->nkeys; i++) {
		if (!has_text(&q->keys[i]) || (n = q->keys[i].bound) == NULL)
			continue;
		textsearch_free(n->text);
		free(n);
		q->keys[i].bound = NULL;
	}
}

static enum imap_tri
found(int rc)
{
	if (rc == -1)
		fatal("search");
	return rc ? IMAP_YES : IMAP_NO;
}

/* ---- fields ------------------------------------------------------------- */

/* Value of a field that is of that name, in its bytes; 0 if it is not. */
static int
field_value(struct span raw, struct span name, struct span *value)
{
	struct header_iter	 it;
	struct header		 h;

	header_iter_init(&it, raw.p, raw.len);
	if (!header_next(&it, &h) || !span_ieq(h.name, name))
		return 0;
	*value = h.value;
	return 1;
}

/* All bytes of the header are wanted: its index is not complete. */
static enum imap_tri
look_unindexed(struct search *j, struct search_needle *n, struct span name)
{
	struct header_iter	 it;
	struct header		 h;
	size_t			 len = j->meta.hdr_len;

	if (j->have < IMAP_COST_HEADER || (len > j->body.len &&
	    j->have < IMAP_COST_BODY))
		return IMAP_MAYBE;
	if (len > j->body.len)
		len = j->body.len;
	header_iter_init(&it, j->body.p, len);
	while (header_next(&it, &h)) {
		if (span_ieq(h.name, name) &&
		    found(textsearch_value(n->text, h.value)) == IMAP_YES)
			return IMAP_YES;
	}
	return IMAP_NO;
}

/* One field of the index, of which nothing but its name is known. */
static enum imap_tri
look_field(struct search *j, struct search_needle *n, struct span name,
    const struct meta_field *f, int is, int empty)
{
	struct span	 value;

	if (empty && is == 2)
		return IMAP_YES;
	if (j->have < IMAP_COST_HEADER)
		return IMAP_MAYBE;
	if (f->off + f->len > j->body.len)
		return j->have < IMAP_COST_BODY ? IMAP_MAYBE : IMAP_NO;
	if (!field_value((struct span){ j->body.p + f->off, f->len }, name,
	    &value))
		return IMAP_NO;
	return found(textsearch_value(n->text, value));
}

static enum imap_tri
look_header(struct search *j, struct search_needle *n, struct span name,
    enum header_id id, uint32_t hash, int empty)
{
	struct meta_iter	 it;
	struct meta_field	 f;
	enum imap_tri		 v = IMAP_NO, one;
	int			 is;

	if (j->meta.flags & META_F_FIELDS_CUT)
		return look_unindexed(j, n, name);
	meta_field_first(&j->meta, &it);
	while (v != IMAP_YES && meta_field_next(&it, &f)) {
		if ((is = meta_field_is(&f, id, hash)) == 0)
			continue;
		one = look_field(j, n, name, &f, is, empty);
		if (one > v)
			v = one;
	}
	return v;
}

/* The fields of that name, if all of them are in the brief. */
static enum imap_tri
look_brief(struct search *j, struct search_needle *n, struct span name,
    enum header_id id, uint32_t hash)
{
	struct brief_fields	 b = j->fields;
	enum header_id		 have;
	struct span		 raw, value;

	if (!j->has_fields)
		return IMAP_MAYBE;
	while (brief_fields_next(&b, &have, &raw)) {
		if (have == id && field_value(raw, name, &value) &&
		    found(textsearch_value(n->text, value)) == IMAP_YES)
			return IMAP_YES;
	}
	return brief_fields_lacks(&b, hash) ? IMAP_MAYBE : IMAP_NO;
}

/* The five fields whose text brief and meta have. */
static enum imap_tri
look_meta(struct search *j, const struct imap_search_key *k,
    enum meta_text text, enum header_id id)
{
	struct search_needle	*n = k->bound;
	struct span		 have;
	uint32_t		 flags;

	if (j->have > IMAP_COST_BRIEF) {
		have = j->meta.text[text];
		flags = j->meta.flags;
	} else {
		if (!j->has_brief)
			return IMAP_MAYBE;
		have = j->brief.text[text - META_SUBJECT];
		flags = j->brief.flags;
	}
	if (k->text.len == 0 && have.p != NULL)
		return IMAP_YES;
	if (have.p != NULL && textsearch_folded(n->text, have))
		return IMAP_YES;
	if (!(flags & META_F_CUT(text)))
		return IMAP_NO;
	if (j->have <= IMAP_COST_BRIEF)
		return IMAP_MAYBE;
	return look_header(j, n, header_name(id), id, 0, k->text.len == 0);
}

static const struct {
	uint8_t		 op;
	enum meta_text	 text;
	enum header_id	 id;
} known[] = {
	{ IMAP_S_FROM,		META_FROM,	HEADER_FROM },
	{ IMAP_S_TO,		META_TO,	HEADER_TO },
	{ IMAP_S_CC,		META_CC,	HEADER_CC },
	{ IMAP_S_BCC,		META_BCC,	HEADER_BCC },
	{ IMAP_S_SUBJECT,	META_SUBJECT,	HEADER_SUBJECT }
};

/* Is it one of the five? */
static int
is_known(enum header_id id)
{
	size_t	 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].id == id)
			return 1;
	}
	return 0;
}

uint32_t
search_text_columns(const struct imap_search *q)
{
	const struct imap_search_key	*k;
	const struct search_needle	*n;
	uint32_t			 i, cols = 0;

	for (i = 0; i < q->nkeys; i++) {
		k = &q->keys[i];
		if (k->op <= IMAP_S_NOT || k->cost != IMAP_COST_BRIEF)
			continue;
		n = k->bound;
		cols |= k->op == IMAP_S_HEADER && !is_known(n->id) ?
		    ST_FETCH_FIELDS : ST_FETCH_SEARCH;
	}
	return cols;
}

/* ---- bodies ------------------------------------------------------------- */

uint32_t
search_parts(struct search *j)
{
	struct meta_part	*p;

	if (j->meta.nparts > j->nparts) {
		p = reallocarray(j->parts, j->meta.nparts, sizeof(*p));
		if (p == NULL)
			fatal("search");
		j->parts = p;
		j->nparts = j->meta.nparts;
	}
	return meta_parts(&j->meta, j->parts, j->meta.nparts);
}

enum imap_tri
search_text_leaf(struct search *j, const struct imap_search_key *k)
{
	struct search_needle	*n = k->bound;
	size_t			 i;

	switch (k->op) {
	case IMAP_S_TEXT:
	case IMAP_S_BODY:
		if (j->have < IMAP_COST_BODY)
			return IMAP_MAYBE;
		if (j->stream != NULL)
			return found((n->hits & (STREAM_TEXT | (k->op ==
			    IMAP_S_TEXT ? STREAM_HEADER : STREAM_NESTED))) !=
			    0);
		return found(textsearch_message(n->text, &j->meta, j->body.p,
		    j->body.len, k->op == IMAP_S_TEXT));
	case IMAP_S_HEADER:
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (known[i].id == n->id)
				return look_meta(j, k, known[i].text, n->id);
		}
		if (j->have <= IMAP_COST_BRIEF)
			return look_brief(j, n, k->field, n->id, n->hash);
		return look_header(j, n, k->field, n->id, n->hash,
		    k->text.len == 0);
	default:
		for (i = 0; known[i].op != k->op; i++)
			;
		return look_meta(j, k, known[i].text, known[i].id);
	}
}
