#include <stdlib.h>
#include <string.h>

#include "libmail/textsearch.h"
#include "libutil/log.h"
#include "search.h"
#include "search_stream.h"

#define HEADER_MAX	(1024 * 1024)	/* of one header block */
#define PIECE		(16 * 1024)

struct search_stream {
	struct mstore_msg row;		/* the first piece's */
	struct buf	 meta, root;	/* its blob, the root's header */
	uint32_t	 nparts;
	uint32_t	 at;		/* bytes that were seen */
	/* the stretch in hand: header (0) or body of a part */
	uint32_t	 part;
	int		 body;
	int		 begun;
	struct buf	 header;
	struct transfer_dec dec;
	struct charset_dec cd;
	struct buf	 raw, text;	/* scratch */
};

void
search_stream_free(struct search *j)
{
	struct search_stream	*st = j->stream;

	if (st == NULL)
		return;
	buf_free(&st->meta);
	buf_free(&st->root);
	buf_free(&st->header);
	buf_free(&st->raw);
	buf_free(&st->text);
	free(st);
	j->stream = NULL;
}

/* ---- what is found ------------------------------------------------------ */

static int
is_wanted(const struct imap_search_key *k)
{
	return k->op == IMAP_S_TEXT || k->op == IMAP_S_BODY;
}

static void
look_text(struct search *j, const void *p, size_t len)
{
	struct search_needle	*n;
	uint32_t		 i;
	int			 rc;

	for (i = 0; i < j->q->nkeys; i++) {
		if (!is_wanted(&j->q->keys[i]))
			continue;
		n = j->q->keys[i].bound;
		if (n->hits & STREAM_TEXT)
			continue;
		if ((rc = textsearch_piece(n->text, p, len)) == -1)
			fatal("search");
		if (rc)
			n->hits |= STREAM_TEXT;
	}
}

static void
look_header(struct search *j, const struct meta_part *p)
{
	struct search_stream	*st = j->stream;
	struct search_needle	*n;
	struct span		 s;
	uint32_t		 i;
	int			 rc, nested;

	s.p = (const char *)buf_ptr(&st->header);
	s.len = st->header.len;
	nested = p->parent < st->nparts &&
	    j->parts[p->parent].class == MIME_MESSAGE;
	for (i = 0; i < j->q->nkeys && s.len > 0; i++) {
		if (!is_wanted(&j->q->keys[i]))
			continue;
		n = j->q->keys[i].bound;
		if ((rc = textsearch_header(n->text, s)) == -1)
			fatal("search");
		if (rc)
			n->hits |= STREAM_HEADER |
			    (nested ? STREAM_NESTED : 0);
	}
}

/* ---- stretches ---------------------------------------------------------- */

static void
text_begin(struct search *j, const struct meta_part *p)
{
	struct search_stream	*st = j->stream;
	uint32_t		 i;

	transfer_dec_init(&st->dec, p->encoding);
	charset_dec_init(&st->cd, search_charsets(), p->charset);
	for (i = 0; i < j->q->nkeys; i++) {
		if (is_wanted(&j->q->keys[i]))
			textsearch_begin(((struct search_needle *)
			    j->q->keys[i].bound)->text);
	}
}

static void
text_decoded(struct search *j, const void *p, size_t len)
{
	struct search_stream	*st = j->stream;

	buf_truncate(&st->text, 0);
	if (charset_dec_add(&st->cd, p, len, &st->text) == -1)
		fatal("search");
	look_text(j, buf_ptr(&st->text), st->text.len);
}

static void
text_add(struct search *j, const char *p, size_t len)
{
	struct search_stream	*st = j->stream;
	size_t			 n;

	for (; len > 0; p += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		buf_truncate(&st->raw, 0);
		if (transfer_dec_add(&st->dec, p, n, &st->raw) == -1)
			fatal("search");
		if (st->raw.len > 0)
			text_decoded(j, buf_ptr(&st->raw), st->raw.len);
	}
}

static void
text_end(struct search *j)
{
	struct search_stream	*st = j->stream;

	buf_truncate(&st->raw, 0);
	if (transfer_dec_end(&st->dec, &st->raw) == -1)
		fatal("search");
	if (st->raw.len > 0)
		text_decoded(j, buf_ptr(&st->raw), st->raw.len);
	buf_truncate(&st->text, 0);
	if (charset_dec_end(&st->cd, &st->text) == -1)
		fatal("search");
	look_text(j, buf_ptr(&st->text), st->text.len);
}

static void
stretch_begin(struct search *j, const struct meta_part *p)
{
	if (j->stream->body)
		text_begin(j, p);
	else
		buf_truncate(&j->stream->header, 0);
	j->stream->begun = 1;
}

/* What is beyond the most that a header may have is not looked at. */
static void
keep(struct buf *b, const char *p, size_t len)
{
	if (len > HEADER_MAX - b->len)
		len = HEADER_MAX - b->len;
	if (len > 0 && buf_add(b, p, len) == -1)
		fatal("search");
}

static void
stretch_add(struct search *j, const char *p, size_t len)
{
	if (j->stream->body)
		text_add(j, p, len);
	else
		keep(&j->stream->header, p, len);
}

static void
stretch_end(struct search *j, const struct meta_part *p)
{
	struct search_stream	*st = j->stream;

	if (st->begun && st->body)
		text_end(j);
	else if (st->begun)
		look_header(j, p);
	st->begun = 0;
	st->part += st->body;
	st->body = !st->body;
}

/* As textsearch_message has it: also a multipart without a part. */
static int
is_text(const struct search *j, uint32_t i)
{
	return mime_is_text(j->parts[i].class) ||
	    (j->parts[i].class == MIME_MULTIPART &&
	    (i + 1 == j->stream->nparts || j->parts[i + 1].parent != i));
}

/* The bytes from st->at on: stretches lie one behind the other. */
static void
feed(struct search *j, const char *data, uint32_t len)
{
	struct search_stream	*st = j->stream;
	const struct meta_part	*p;
	uint64_t		 from = st->at, to = from + len, lo, hi;

	while (st->part < st->nparts) {
		p = &j->parts[st->part];
		lo = st->body ? p->body_off : p->hdr_off;
		hi = lo + (st->body ? p->body_len : p->hdr_len);
		if (st->body && !is_text(j, st->part))
			hi = lo = 0;
		if (lo < from)
			lo = from;
		if (lo < hi && lo < to) {
			if (!st->begun)
				stretch_begin(j, p);
			stretch_add(j, data + (lo - from),
			    (hi < to ? hi : to) - lo);
		}
		if (hi > to)
			return;
		stretch_end(j, p);
	}
}

/* ---- pieces ------------------------------------------------------------- */

static int
begin(struct search *j)
{
	const struct mstore_msg	*m = &j->msg;
	struct search_stream	*st;
	uint32_t		 i;

	search_stream_free(j);
	if ((st = calloc(1, sizeof(*st))) == NULL)
		fatal("search");
	j->stream = st;
	st->row = *m;
	buf_init(&st->meta, META_MAX);
	buf_init(&st->root, HEADER_MAX);
	buf_init(&st->header, HEADER_MAX);
	buf_init(&st->raw, 4 * PIECE);
	buf_init(&st->text, 64 * PIECE);
	if (buf_add(&st->meta, m->meta.p, m->meta.len) == -1)
		fatal("search");
	for (i = 0; i < j->q->nkeys; i++) {
		if (is_wanted(&j->q->keys[i]))
			((struct search_needle *)j->q->keys[i].bound)->hits =
			    0;
	}
	if (meta_open(&j->meta, (const char *)buf_ptr(&st->meta),
	    st->meta.len) == -1)
		return -1;
	st->nparts = search_parts(j);
	return 0;
}

int
search_stream_row(struct search *j)
{
	struct mstore_msg	*m = &j->msg;
	struct search_stream	*st;

	if (m->off == 0 && begin(j) == -1)
		search_stream_free(j);
	if ((st = j->stream) == NULL || m->uid != st->row.uid ||
	    m->off != st->at) {
		search_stream_free(j);
		return 0;
	}
	if (st->at < j->meta.hdr_len)
		keep(&st->root, m->body.p, m->body.len <
		    j->meta.hdr_len - st->at ? m->body.len :
		    j->meta.hdr_len - st->at);
	feed(j, m->body.p, m->body.len);
	st->at += m->body.len;
	if (st->at < st->row.whole)
		return 0;
	/* One that the meta has longer than it is. */
	if (st->begun)
		stretch_end(j, &j->parts[st->part]);
	*m = st->row;
	m->meta.p = (const char *)buf_ptr(&st->meta);
	m->body.p = (const char *)buf_ptr(&st->root);
	m->body.len = st->root.len;
	return 1;
}
