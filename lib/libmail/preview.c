/* PREVIEW (RFC 8970): the beginning of what a message says. */
#include <string.h>

#include "libmail/html.h"
#include "libmail/preview.h"

/* So much of a part is read; html can be all style for long. */
#define PREVIEW_MAXRAW	(32 * 1024)
#define PREVIEW_PIECE	1024

/* Text comes in, one line goes out. */
struct collect {
	struct buf	*out;
	size_t		 left;		/* characters */
	int		 space;		/* one is due */
	int		 bol;		/* at the begin of a line */
	int		 quoted;	/* in a line that quotes */
	int		 quotes;	/* keep those lines */
	int		 any;
	int		 nomem;
};

static int
is_blank(uint32_t cp)
{
	return cp <= ' ' || (cp >= 0x7f && cp <= 0xa0) || cp == 0xad ||
	    cp == 0x34f || (cp >= 0x2000 && cp <= 0x200f) ||
	    (cp >= 0x2028 && cp <= 0x202f) || (cp >= 0x2060 && cp <= 0x2064) ||
	    cp == 0x3000 || cp == 0xfeff;
}

static void
collect_char(struct collect *c, uint32_t cp)
{
	char tmp[5];
	size_t n = 0;

	if (cp == '\n') {
		c->bol = 1;
		c->quoted = 0;
		c->space = c->any;
		return;
	}
	if (c->bol && cp == '>' && !c->quotes)
		c->quoted = 1;
	if (c->quoted)
		return;
	if (is_blank(cp)) {
		c->space = c->any;
		return;
	}
	c->bol = 0;
	if (c->space) {
		if (c->left < 2) {
			c->left = 0;
			return;
		}
		tmp[n++] = ' ';
		c->left--;
		c->space = 0;
	}
	n += utf8_put(tmp + n, cp);
	c->left--;
	c->any = 1;
	if (buf_add(c->out, tmp, n) == -1) {
		c->nomem = 1;
		c->left = 0;
	}
}

static void
collect_add(struct collect *c, const char *p, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len > 0 && c->left > 0; p += n, len -= n) {
		n = utf8_get(p, len, &cp);
		collect_char(c, cp);
	}
}

struct stages {
	struct transfer_dec	dec;
	struct charset_dec	cs;
	struct html_dec		html;
	struct buf		raw, text, plain;
};

static void
drain(struct buf *b)
{
	buf_truncate(b, 0);
}

/* One piece through all stages; the last one flushes them. */
static int
stages_add(struct stages *s, int html, const char *p, size_t n, int last,
    struct collect *c)
{
	struct buf *b = &s->text;

	if (transfer_dec_add(&s->dec, p, n, &s->raw) == -1 ||
	    (last && transfer_dec_end(&s->dec, &s->raw) == -1) ||
	    charset_dec_add(&s->cs, buf_ptr(&s->raw), s->raw.len, b) == -1 ||
	    (last && charset_dec_end(&s->cs, b) == -1))
		return -1;
	if (html) {
		if (html_dec_add(&s->html, buf_ptr(b), b->len,
		    &s->plain) == -1 ||
		    (last && html_dec_end(&s->html, &s->plain) == -1))
			return -1;
		b = &s->plain;
	}
	if (b->len > 0)
		collect_add(c, (const char *)buf_ptr(b), b->len);
	drain(&s->raw);
	drain(&s->text);
	drain(&s->plain);
	return 0;
}

static int
collect_part(struct charset_ctx *ctx, const struct mime_part *part,
    const char *p, size_t len, struct collect *c)
{
	struct stages s;
	size_t n;
	int r = 0, html = part->class == MIME_TEXT_HTML;

	if (!html && part->encoding <= TRANSFER_BINARY &&
	    (part->charset == CHARSET_ASCII || part->charset == CHARSET_UTF8)) {
		collect_add(c, p, len);
		return 0;
	}
	transfer_dec_init(&s.dec, part->encoding);
	charset_dec_init(&s.cs, ctx, part->charset);
	html_dec_init(&s.html);
	buf_init(&s.raw, PREVIEW_MAXRAW);
	buf_init(&s.text, PREVIEW_MAXRAW);
	buf_init(&s.plain, PREVIEW_MAXRAW);
	while (len > 0 && c->left > 0 && r == 0) {
		n = len < PREVIEW_PIECE ? len : PREVIEW_PIECE;
		r = stages_add(&s, html, p, n, n == len, c);
		p += n;
		len -= n;
	}
	buf_free(&s.raw);
	buf_free(&s.text);
	buf_free(&s.plain);
	return r;
}

/* Parts of enclosed messages do not speak for this one. */
static int
is_candidate(const struct mime *m, size_t i, enum mime_class class)
{
	const struct mime_part *p = &m->parts[i];

	if (p->class != class || p->body_len == 0 ||
	    span_ieqs(p->disposition, "attachment"))
		return 0;
	while (p->parent != MIME_NOPARENT) {
		p = &m->parts[p->parent];
		if (p->class == MIME_MESSAGE)
			return 0;
	}
	return 1;
}

int
preview_make(struct charset_ctx *ctx, const struct mime *m, struct span msg,
    size_t off, size_t maxchars, struct buf *out)
{
	static const enum mime_class wanted[] = {
		MIME_TEXT_PLAIN, MIME_TEXT_HTML, MIME_TEXT
	};
	struct collect c;
	const struct mime_part *part;
	size_t i, w, len, parts = m->nparts < 64 ? m->nparts : 64;
	int quotes;

	for (w = 0; w < 3; w++) {
		for (i = 0; i < parts; i++) {
			if (!is_candidate(m, i, wanted[w]))
				continue;
			part = &m->parts[i];
			len = part->body_len < PREVIEW_MAXRAW ?
			    part->body_len : PREVIEW_MAXRAW;
			/* a reply that says nothing new shows what it quotes */
			for (quotes = 0; quotes < 2; quotes++) {
				memset(&c, 0, sizeof(c));
				c.out = out;
				c.left = maxchars;
				c.bol = 1;
				c.quotes = quotes;
				if (collect_part(ctx, part, msg.p +
				    (part->body_off - off), len, &c) == -1 ||
				    c.nomem)
					return -1;
				if (c.any)
					return 0;
			}
		}
	}
	return 0;
}
