/* What the fields of a part say (RFC 2045, 2183, 3282, 5322 3.6). */
#include <string.h>

#include "libmail/encword.h"
#include "libmail/lex.h"
#include "libmail/mime_int.h"

struct span
header_value(const struct header *h)
{
	struct span s = h->value;
	size_t i = 0, line;
	const char *lf;

	/* white space of the first line only; if it has nothing else, one */
	lf = s.len > 0 ? memchr(s.p, '\n', s.len) : NULL;
	line = lf == NULL ? s.len : (size_t)(lf - s.p);
	if (lf != NULL && line > 0 && s.p[line - 1] == '\r')
		line--;
	while (i < line && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (i == line && i > 1)
		i = 1;
	return (struct span){ s.p + i, s.len - i };
}

/* Take the value of a structured field out of the message's budget. */
static struct span
budget(struct mime *m, struct span s)
{
	if (s.len > MIME_MAXVALUE)
		s.len = MIME_MAXVALUE;
	if (s.len > m->text_left)
		s.len = m->text_left;
	m->text_left -= s.len;
	return s;
}

static int
add_addresses(struct mime *m, struct address_list *l, struct span value)
{
	size_t before = l->n, max = l->n + m->addrs_left;

	if (address_list_add(m->arena, l, budget(m, value), max) == -1)
		return -1;
	/* the end of a group may come on top */
	before = l->n - before;
	m->addrs_left -= before < m->addrs_left ? before : m->addrs_left;
	return 0;
}

/* Lists of repeated fields are joined; of other fields the last one counts. */
int
mime_envelope_field(struct mime *m, struct envelope *e,
    const struct header *h)
{
	struct span v = header_value(h);

	switch (h->id) {
	case HEADER_DATE:
		e->date = v;
		break;
	case HEADER_SUBJECT:
		e->subject = v;
		break;
	case HEADER_IN_REPLY_TO:
		e->inreplyto = v;
		break;
	case HEADER_MESSAGE_ID:
		e->msgid = v;
		break;
	case HEADER_FROM:
		return add_addresses(m, &e->from, v);
	case HEADER_SENDER:
		return add_addresses(m, &e->sender, v);
	case HEADER_REPLY_TO:
		return add_addresses(m, &e->replyto, v);
	case HEADER_TO:
		return add_addresses(m, &e->to, v);
	case HEADER_CC:
		return add_addresses(m, &e->cc, v);
	case HEADER_BCC:
		return add_addresses(m, &e->bcc, v);
	default:
		break;
	}
	return 0;
}

/*
 * type "/" subtype *(";" parameter).  One without a subtype, or no type at
 * all, leaves text/plain (RFC 2045 5.2) with MIME_F_BADTYPE.
 */
static int
content_type(struct mime *m, struct mime_part *p, struct span value)
{
	struct span s = budget(m, value), type, subtype;
	struct lex x;
	size_t mark;
	int r;

	if (lex_init(&x, m->arena, s) == -1)
		return -1;
	p->flags |= MIME_F_BADTYPE;
	if (lex_cfws(&x) <= 0)
		return 0;
	mark = x.n;
	r = lex_token(&x);
	type = lex_since(&x, mark);
	if (r > 0 && *x.p == '/' && type.len > 0) {
		x.p++;
		if (lex_cfws(&x) > 0) {
			mark = x.n;
			r = lex_token(&x);
			subtype = lex_since(&x, mark);
			if (subtype.len > 0) {
				p->type = type;
				p->subtype = subtype;
				p->flags &= ~MIME_F_BADTYPE;
			}
		}
	}
	s.len = (size_t)(x.end - x.p);
	s.p = x.p;
	arena_shrink(m->arena, x.out, x.cap, x.n);
	if ((p->flags & MIME_F_BADTYPE) != 0 && !span_ieqs(type, "text"))
		return 0;
	return rfc2231_parse(m->arena, s, &p->params);
}

static int
content_disposition(struct mime *m, struct mime_part *p, struct span value)
{
	struct span s = budget(m, value);
	struct lex x;
	int r;

	if (lex_init(&x, m->arena, s) == -1)
		return -1;
	if (lex_cfws(&x) <= 0)
		return 0;
	(void)lex_token(&x);
	p->disposition = x.n > 0 ? lex_since(&x, 0) : SPAN("attachment");
	s.len = (size_t)(x.end - x.p);
	s.p = x.p;
	arena_shrink(m->arena, x.out, x.cap, x.n);
	if ((r = rfc2231_parse(m->arena, s, &p->dparams)) == 0 &&
	    x.n == 0 && p->dparams.n == 0)
		p->disposition = SPAN_NONE;
	return r;
}

static int
content_encoding(struct mime *m, struct mime_part *p, struct span value)
{
	struct lex x;

	if (lex_init(&x, m->arena, budget(m, value)) == -1)
		return -1;
	if (lex_cfws(&x) > 0 && lex_token(&x) >= 0 && x.n > 0 &&
	    (x.p == x.end || *x.p == ';'))
		p->cte = lex_since(&x, 0);
	arena_shrink(m->arena, x.out, x.cap, x.n);
	return 0;
}

static int
content_language(struct mime *m, struct mime_part *p, struct span value)
{
	struct lex x;
	size_t mark, cap = 0;

	if (lex_init(&x, m->arena, budget(m, value)) == -1)
		return -1;
	while (lex_cfws(&x) > 0 && p->nlangs < 64) {
		mark = x.n;
		if (lex_atom(&x) == -1 && x.n == mark)
			break;
		p->langs = arena_grow(m->arena, p->langs, p->nlangs, &cap,
		    sizeof(p->langs[0]));
		if (p->langs == NULL)
			return -1;
		p->langs[p->nlangs++] = lex_since(&x, mark);
		if (x.p >= x.end || *x.p != ',')
			break;
		x.p++;
	}
	return 0;
}

/* Of each field the first one counts. */
int
mime_content_field(struct mime *m, struct mime_part *p,
    const struct header *h)
{
	struct span v = header_value(h);

	switch (h->id) {
	case HEADER_MIME_VERSION:
		p->flags |= MIME_F_MIME;
		break;
	case HEADER_CONTENT_TYPE:
		p->flags |= MIME_F_MIME;
		if (p->type.p != NULL || (p->flags & MIME_F_BADTYPE) != 0)
			break;
		return content_type(m, p, v);
	case HEADER_CONTENT_TRANSFER_ENCODING:
		return p->cte.p != NULL ? 0 : content_encoding(m, p, v);
	case HEADER_CONTENT_DISPOSITION:
		return p->disposition.p != NULL ? 0 :
		    content_disposition(m, p, v);
	case HEADER_CONTENT_LANGUAGE:
		return p->langs != NULL ? 0 : content_language(m, p, v);
	case HEADER_CONTENT_ID:
		if (p->id.p == NULL)
			p->id = v;
		break;
	case HEADER_CONTENT_DESCRIPTION:
		if (p->description.p == NULL)
			p->description = v;
		break;
	case HEADER_CONTENT_LOCATION:
		if (p->location.p == NULL)
			p->location = v;
		break;
	case HEADER_CONTENT_MD5:
		if (p->md5.p == NULL)
			p->md5 = v;
		break;
	default:
		break;
	}
	return 0;
}

static const struct {
	const char	*type, *subtype;	/* subtype NULL: any */
	enum mime_class	 class;
} classes[] = {
	{ "text", "plain", MIME_TEXT_PLAIN },
	{ "text", "html", MIME_TEXT_HTML },
	{ "text", "calendar", MIME_CALENDAR },
	{ "text", NULL, MIME_TEXT },
	{ "multipart", NULL, MIME_MULTIPART },
	{ "message", "rfc822", MIME_MESSAGE },
	{ "message", "delivery-status", MIME_DELIVERY_STATUS },
	{ "message", NULL, MIME_MESSAGE_TEXT },
	{ "image", NULL, MIME_IMAGE },
	{ "audio", NULL, MIME_AUDIO },
	{ "video", NULL, MIME_VIDEO },
	{ "application", "pgp-signature", MIME_SIGNATURE },
	{ "application", "pkcs7-signature", MIME_SIGNATURE },
	{ "application", "x-pkcs7-signature", MIME_SIGNATURE },
	{ "application", NULL, MIME_APPLICATION }
};

/* Without MIME the Content fields mean nothing. */
static void
forget_content(struct mime_part *p)
{
	p->type = p->subtype = p->cte = SPAN_NONE;
	p->id = p->description = p->location = p->md5 = SPAN_NONE;
	p->disposition = SPAN_NONE;
	p->params = p->dparams = (struct params){ NULL, 0, 0 };
	p->langs = NULL;
	p->nlangs = 0;
	p->flags = 0;
}

/* The header is read: defaults, and what kind of part it is. */
void
mime_classify(struct mime_part *p, int in_digest)
{
	size_t i;

	if ((p->flags & MIME_F_MIME) == 0)
		forget_content(p);
	p->encoding = transfer_lookup(p->cte);
	if (p->type.p == NULL && (p->flags & MIME_F_BADTYPE) != 0 &&
	    p->encoding == TRANSFER_BASE64) {
		p->type = SPAN("application");
		p->subtype = SPAN("octet-stream");
	} else if (p->type.p == NULL && in_digest &&
	    (p->flags & MIME_F_BADTYPE) == 0) {
		p->type = SPAN("message");
		p->subtype = SPAN("rfc822");
	} else if (p->type.p == NULL) {
		p->type = SPAN("text");
		p->subtype = SPAN("plain");
	}
	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (span_ieqs(p->type, classes[i].type) &&
		    (classes[i].subtype == NULL ||
		    span_ieqs(p->subtype, classes[i].subtype)))
			break;
	if (i < sizeof(classes) / sizeof(classes[0]))
		p->class = classes[i].class;
	if (p->class == MIME_MULTIPART && span_ieqs(p->subtype, "digest"))
		p->flags |= MIME_F_DIGEST;
	if (span_ieqs(p->type, "text")) {
		struct span cs = rfc2231_get(&p->params, "charset");

		p->charset = cs.len == 0 ? CHARSET_ASCII : charset_lookup(cs);
	} else if (mime_is_text(p->class))
		p->charset = CHARSET_UTF8;
	if (span_ieqs(p->disposition, "attachment") ||
	    (p->class >= MIME_IMAGE && p->class <= MIME_APPLICATION &&
	    p->id.p == NULL && !span_ieqs(p->disposition, "inline")) ||
	    (p->class == MIME_OTHER && p->disposition.p == NULL))
		p->flags |= MIME_F_ATTACH;
}
