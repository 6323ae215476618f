/* ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 7.4.2, RFC 9051 7.5.2). */
#include <stdio.h>
#include <string.h>

#include "libmail/imapstruct.h"

/* More quotes and backslashes than this and a literal is shorter. */
#define MAXESC	4

/* A text that no child, and no type, gives way to. */
#define NO_PARTS \
	"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0"

/* What a text looks like once its line ends are taken out. */
struct look {
	size_t	len;
	size_t	esc;
	int	literal;
};

/*
 * The bytes of s as they go out, to dst unless it is NULL.  A NUL becomes
 * U+FFFD.  nolf: a line end before white space, another one or the end goes;
 * any other becomes a space.
 */
static struct look
clean(struct span s, int nolf, char *dst)
{
	struct look k = { 0, 0, 0 };
	size_t i;
	char c, next;

	for (i = 0; i < s.len; i++) {
		c = s.p[i];
		if (c == '\0') {
			if (dst != NULL)
				memcpy(dst + k.len, "\xef\xbf\xbd", 3);
			k.len += 3;
			k.literal = 1;
			continue;
		}
		if (c == '\r' || c == '\n') {
			next = i + 1 < s.len ? s.p[i + 1] : ' ';
			if (!nolf)
				k.literal = 1;
			else if (next == ' ' || next == '\t' ||
			    next == '\r' || next == '\n')
				continue;
			else
				c = ' ';
		} else if (c == '"' || c == '\\')
			k.esc++;
		else if ((unsigned char)c > 127)
			k.literal = 1;
		if (dst != NULL)
			dst[k.len] = c;
		k.len++;
	}
	if (k.esc > MAXESC)
		k.literal = 1;
	return k;
}

static int
put_literal_head(struct buf *out, size_t len)
{
	return buf_addf(out, "{%zu}\r\n", len);
}

static int
put_string(struct span s, int nolf, struct buf *out)
{
	struct look k;
	char *d;
	size_t i, esc;

	if (s.p == NULL)
		return buf_add(out, "NIL", 3);
	k = clean(s, nolf, NULL);
	if (k.literal && put_literal_head(out, k.len) == -1)
		return -1;
	if ((d = buf_reserve(out, k.len + k.esc + 2)) == NULL)
		return -1;
	if (k.literal) {
		(void)clean(s, nolf, d);
		buf_commit(out, k.len);
		return 0;
	}
	d[0] = '"';
	(void)clean(s, nolf, d + 1);
	/* spread it from the end, to make room for the backslashes */
	for (i = k.len, esc = k.esc; esc > 0 && i > 0; i--) {
		d[i + esc] = d[i];
		if (d[i] == '"' || d[i] == '\\')
			d[i + --esc] = '\\';
	}
	d[k.len + k.esc + 1] = '"';
	buf_commit(out, k.len + k.esc + 2);
	return 0;
}

int
imapstruct_nstring(struct span s, struct buf *out)
{
	return put_string(s, 0, out);
}

static int
is_lwsp(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space runs to one space, none at the ends; to dst unless NULL. */
static size_t
squeeze(struct span s, char *dst)
{
	size_t i, n = 0;
	int space = 0;

	for (i = 0; i < s.len; i++) {
		if (is_lwsp(s.p[i])) {
			space = n > 0;
			continue;
		}
		if (space) {
			if (dst != NULL)
				dst[n] = ' ';
			n++;
			space = 0;
		}
		if (s.p[i] == '\0') {
			if (dst != NULL)
				memcpy(dst + n, "\xef\xbf\xbd", 3);
			n += 3;
			continue;
		}
		if (dst != NULL)
			dst[n] = s.p[i];
		n++;
	}
	return n;
}

/* Quoted only if it can stand there byte for byte. */
static int
is_plain(struct span s)
{
	size_t i;
	int space = 1;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\0' || c == '\r' || c == '\n' || c == '\t' ||
		    c == '"' || c == '\\' || c > 127 || (c == ' ' && space))
			return 0;
		space = c == ' ';
	}
	return s.len == 0 || !space;
}

int
imapstruct_text(struct span s, struct buf *out)
{
	char *d;
	size_t n;

	if (s.p == NULL)
		return buf_add(out, "NIL", 3);
	if (is_plain(s)) {
		if ((d = buf_reserve(out, s.len + 2)) == NULL)
			return -1;
		d[0] = '"';
		memcpy(d + 1, s.p, s.len);
		d[s.len + 1] = '"';
		buf_commit(out, s.len + 2);
		return 0;
	}
	if ((n = squeeze(s, NULL)) == 0)
		return buf_add(out, "\"\"", 2);
	if (put_literal_head(out, n) == -1 ||
	    (d = buf_reserve(out, n)) == NULL)
		return -1;
	(void)squeeze(s, d);
	buf_commit(out, n);
	return 0;
}

static int
put_sp(struct buf *out)
{
	return buf_addc(out, ' ');
}

/*
 * What is missing in a mailbox is said in the words that Dovecot has for it,
 * since a NIL host would begin or end a group.
 */
static int
put_address(const struct address *a, struct buf *out)
{
	struct span route = a->route, local = a->local, domain = a->domain;

	if (a->kind == ADDRESS_MAILBOX) {
		if (local.p == NULL)
			local = SPAN("MISSING_MAILBOX");
		if ((a->flags & ADDRESS_BADROUTE) != 0)
			route = SPAN("INVALID_ROUTE");
		if ((a->flags & ADDRESS_SYNTAX) != 0)
			domain = SPAN("SYNTAX_ERROR");
		else if (domain.len == 0)
			domain = SPAN("MISSING_DOMAIN");
	}
	return buf_addc(out, '(') == -1 ||
	    imapstruct_text(a->name, out) == -1 || put_sp(out) == -1 ||
	    put_string(route, 0, out) == -1 || put_sp(out) == -1 ||
	    put_string(local, 0, out) == -1 || put_sp(out) == -1 ||
	    put_string(domain, 0, out) == -1 || buf_addc(out, ')') == -1 ?
	    -1 : 0;
}

static int
put_addresses(const struct address_list *l, struct buf *out)
{
	size_t i;

	if (l->n == 0)
		return buf_add(out, "NIL ", 4);
	if (buf_addc(out, '(') == -1)
		return -1;
	for (i = 0; i < l->n; i++)
		if (put_address(&l->v[i], out) == -1)
			return -1;
	return buf_add(out, ") ", 2);
}

int
imapstruct_envelope(const struct envelope *e, struct buf *out)
{
	const struct address_list *from = &e->from;

	return buf_addc(out, '(') == -1 ||
	    put_string(e->date, 1, out) == -1 || put_sp(out) == -1 ||
	    imapstruct_text(e->subject, out) == -1 || put_sp(out) == -1 ||
	    put_addresses(from, out) == -1 ||
	    put_addresses(e->sender.n > 0 ? &e->sender : from, out) == -1 ||
	    put_addresses(e->replyto.n > 0 ? &e->replyto : from, out) == -1 ||
	    put_addresses(&e->to, out) == -1 ||
	    put_addresses(&e->cc, out) == -1 ||
	    put_addresses(&e->bcc, out) == -1 ||
	    put_string(e->inreplyto, 1, out) == -1 || put_sp(out) == -1 ||
	    put_string(e->msgid, 1, out) == -1 ||
	    buf_addc(out, ')') == -1 ? -1 : 0;
}

static int
put_params(const struct params *ps, int text, struct buf *out)
{
	size_t i;
	int charset = 0;

	if (ps->n == 0)
		return text ? buf_addstr(out, "(\"charset\" \"us-ascii\")") :
		    buf_add(out, "NIL", 3);
	for (i = 0; i < ps->n; i++) {
		charset |= span_ieqs(ps->v[i].name, "charset");
		if (buf_addc(out, i == 0 ? '(' : ' ') == -1 ||
		    put_string(ps->v[i].name, 0, out) == -1 ||
		    put_sp(out) == -1 ||
		    put_string(ps->v[i].value, 0, out) == -1)
			return -1;
	}
	if (text && !charset &&
	    buf_addstr(out, " \"charset\" \"us-ascii\"") == -1)
		return -1;
	return buf_addc(out, ')');
}

/* Extension data: disposition, language, location. */
static int
put_common(const struct mime_part *p, struct buf *out)
{
	size_t i;

	if (put_sp(out) == -1)
		return -1;
	if (p->disposition.p == NULL) {
		if (buf_add(out, "NIL ", 4) == -1)
			return -1;
	} else if (buf_addc(out, '(') == -1 ||
	    put_string(p->disposition, 0, out) == -1 || put_sp(out) == -1 ||
	    put_params(&p->dparams, 0, out) == -1 ||
	    buf_add(out, ") ", 2) == -1)
		return -1;
	for (i = 0; i < p->nlangs; i++)
		if (buf_addc(out, i == 0 ? '(' : ' ') == -1 ||
		    put_string(p->langs[i], 0, out) == -1)
			return -1;
	if (buf_addstr(out, p->nlangs > 0 ? ") " : "NIL ") == -1)
		return -1;
	return put_string(p->location, 1, out);
}

static int
put_number(struct buf *out, size_t n)
{
	char s[24];
	size_t i = sizeof(s);

	do {
		s[--i] = (char)('0' + n % 10);
	} while ((n /= 10) != 0);
	s[--i] = ' ';
	return buf_add(out, s + i, sizeof(s) - i);
}

static int
is_text(const struct mime_part *p)
{
	return (p->flags & MIME_F_OPAQUE) == 0 && span_ieqs(p->type, "text");
}

/* Up to the size, which all but multiparts have in common. */
static int
put_basic(const struct mime_part *p, struct buf *out)
{
	if ((p->flags & MIME_F_OPAQUE) != 0) {
		if (buf_addstr(out, "\"application\" \"octet-stream\" ") == -1)
			return -1;
	} else if (p->class == MIME_MESSAGE) {
		if (buf_addstr(out, "\"message\" \"rfc822\" ") == -1)
			return -1;
	} else if (put_string(p->type, 0, out) == -1 || put_sp(out) == -1 ||
	    put_string(p->subtype, 0, out) == -1 || put_sp(out) == -1)
		return -1;
	if (put_params(&p->params, is_text(p), out) == -1 ||
	    put_sp(out) == -1 ||
	    put_string(p->id, 1, out) == -1 || put_sp(out) == -1 ||
	    put_string(p->description, 1, out) == -1 || put_sp(out) == -1 ||
	    put_string(p->cte.p == NULL ? SPAN("7bit") : p->cte, 0, out) == -1)
		return -1;
	return put_number(out, p->body_len);
}

/* A part up to its first child; 1 if there is one to come. */
static int
part_begin(const struct mime_part *p, int ext, struct buf *out)
{
	if (buf_addc(out, '(') == -1)
		return -1;
	if (p->class == MIME_MULTIPART) {
		if (p->nchildren > 0)
			return 1;
		if (buf_addstr(out, NO_PARTS) == -1 ||
		    buf_addstr(out, ext ? " NIL NIL NIL NIL)" : ")") == -1)
			return -1;
		return 0;
	}
	if (put_basic(p, out) == -1)
		return -1;
	if (p->class != MIME_MESSAGE)
		return is_text(p) ? put_number(out, p->body_lines) : 0;
	return put_sp(out);
}

/* After the last child, or at once where there is none. */
static int
part_end(const struct mime_part *p, int ext, struct buf *out)
{
	if (p->class == MIME_MULTIPART) {
		if (put_sp(out) == -1 || put_string(p->subtype, 0, out) == -1)
			return -1;
		if (ext && (put_sp(out) == -1 ||
		    put_params(&p->params, 0, out) == -1))
			return -1;
	} else {
		if (p->class == MIME_MESSAGE &&
		    put_number(out, p->body_lines) == -1)
			return -1;
		if (ext && (put_sp(out) == -1 ||
		    put_string(p->md5, 1, out) == -1))
			return -1;
	}
	if (ext && put_common(p, out) == -1)
		return -1;
	return buf_addc(out, ')');
}

int
imapstruct_body(const struct mime *m, int ext, struct buf *out)
{
	const struct mime_part *v = m->parts, *p = v;
	static const struct envelope none;

	for (;;) {
		if (part_begin(p, ext, out) == -1)
			return -1;
		if (p->class == MIME_MESSAGE) {
			if (imapstruct_envelope(v[p->first].envelope == NULL ?
			    &none : v[p->first].envelope, out) == -1 ||
			    put_sp(out) == -1)
				return -1;
		}
		if (p->first != 0) {
			p = &v[p->first];
			continue;
		}
		/* up until there is a sibling */
		for (;;) {
			if (part_end(p, ext, out) == -1)
				return -1;
			if (p->parent == MIME_NOPARENT)
				return 0;
			if (p->next != 0)
				break;
			p = &v[p->parent];
		}
		p = &v[p->next];
	}
}
