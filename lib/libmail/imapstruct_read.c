/* Reading rendered ENVELOPE and BODYSTRUCTURE again; nothing is trusted. */
#include <string.h>

#include "libmail/imapstruct.h"

/* Past a quoted string or a literal at p; NULL when it is broken. */
static const char *
string_end(const char *p, const char *end)
{
	size_t n = 0;

	if (*p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\' && ++p == end)
				return NULL;
		return p < end ? p + 1 : NULL;
	}
	for (p++; p < end && *p >= '0' && *p <= '9'; p++) {
		if (n > (size_t)1 << 32)
			return NULL;
		n = n * 10 + (size_t)(*p - '0');
	}
	if (end - p < 3 || memcmp(p, "}\r\n", 3) != 0 ||
	    (size_t)(end - p - 3) < n)
		return NULL;
	return p + 3 + n;
}

/* Past the list at p, by counting parentheses outside of strings. */
static const char *
list_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"' || *p == '{') {
			if ((p = string_end(p, end)) == NULL)
				return NULL;
			continue;
		}
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

int
imapstruct_next(struct span *in, struct imapstruct_elem *e)
{
	const char *p, *end, *q, *brace;

	if (in->len == 0)
		return 0;
	p = in->p;
	end = p + in->len;
	while (p < end && *p == ' ')
		p++;
	*in = (struct span){ p, (size_t)(end - p) };
	if (p == end)
		return 0;
	e->esc = 0;
	e->kind = *p;
	if (*p == '(') {
		if ((q = list_end(p, end)) == NULL)
			return -1;
		e->val = (struct span){ p + 1, (size_t)(q - p - 2) };
	} else if (*p == '"') {
		if ((q = string_end(p, end)) == NULL)
			return -1;
		e->val = (struct span){ p + 1, (size_t)(q - p - 2) };
		e->esc = memchr(e->val.p, '\\', e->val.len) != NULL;
	} else if (*p == '{') {
		if ((q = string_end(p, end)) == NULL)
			return -1;
		brace = memchr(p, '}', (size_t)(q - p));
		e->val = (struct span){ brace + 3, (size_t)(q - brace - 3) };
	} else {
		for (q = p; q < end && *q != ' ' && *q != '(' && *q != ')' &&
		    *q != '"' && *q != '{'; q++)
			;
		if (q == p)
			return -1;
		e->val = (struct span){ p, (size_t)(q - p) };
		e->kind = span_eq(e->val, SPAN("NIL")) ? 'n' : 'a';
	}
	e->raw = (struct span){ p, (size_t)(q - p) };
	*in = (struct span){ q, (size_t)(end - q) };
	return 1;
}

struct level {
	struct span	in;
	enum { FIRST, MULTI, MESSAGE } phase;
};

static int
copy_elem(struct level *l, int first, struct imapstruct_elem *e,
    struct buf *out)
{
	if (imapstruct_next(&l->in, e) != 1 ||
	    (!first && buf_addc(out, ' ') == -1))
		return -1;
	return buf_add(out, e->raw.p, e->raw.len);
}

/* A part that is no multipart; 1 if the body of a message comes in it. */
static int
copy_single(struct level *l, struct buf *out)
{
	struct imapstruct_elem e;
	int i, text = 0, message = 0;

	for (i = 0; i < 7; i++) {
		if (copy_elem(l, i == 0, &e, out) == -1)
			return -1;
		if (i == 0) {
			text = span_ieqs(e.val, "text");
			message = span_ieqs(e.val, "message");
		} else if (i == 1)
			message &= span_ieqs(e.val, "rfc822");
	}
	if (text)
		return copy_elem(l, 0, &e, out);
	if (!message)
		return 0;
	return copy_elem(l, 0, &e, out) == -1 || buf_addc(out, ' ') == -1 ?
	    -1 : 1;
}

int
imapstruct_body_from_ext(struct span s, struct buf *out)
{
	struct level st[MIME_MAXDEPTH + 2], *l;
	struct imapstruct_elem e;
	size_t n = 0;
	int r;

	if (imapstruct_next(&s, &e) != 1 || e.kind != '(')
		return -1;
	for (;;) {
		/* e is a list to go into */
		if (n == MIME_MAXDEPTH + 2 || buf_addc(out, '(') == -1)
			return -1;
		l = &st[n++];
		l->in = e.val;
		l->phase = l->in.len > 0 && *l->in.p == '(' ? MULTI : FIRST;
		if (l->phase == FIRST) {
			if ((r = copy_single(l, out)) == -1)
				return -1;
			if (r == 1) {
				l->phase = MESSAGE;
				if (imapstruct_next(&l->in, &e) != 1 ||
				    e.kind != '(')
					return -1;
				continue;
			}
			if (buf_addc(out, ')') == -1)
				return -1;
			n--;
		}
		/* lists that are complete now */
		for (; n > 0; n--) {
			l = &st[n - 1];
			if (imapstruct_next(&l->in, &e) != 1)
				return -1;
			if (l->phase == MULTI && e.kind == '(')
				break;
			if (buf_addc(out, ' ') == -1 ||
			    buf_add(out, e.raw.p, e.raw.len) == -1 ||
			    buf_addc(out, ')') == -1)
				return -1;
		}
		if (n == 0)
			return 0;
	}
}
