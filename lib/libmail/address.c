/* Address lists (RFC 5322 3.4, 4.4), tolerant. */
#include <string.h>

#include "libmail/address.h"
#include "libmail/header.h"
#include "libmail/lex.h"

static int
list_put(struct arena *ar, struct address_list *l, const struct address *a)
{
	l->v = arena_grow(ar, l->v, l->n, &l->cap, sizeof(*a));
	if (l->v == NULL)
		return -1;
	l->v[l->n++] = *a;
	return 0;
}

/*
 * local-part: words and dots in any order, as real mail has "first..last",
 * "last." and the obsolete "a"."b".  White space after a dot is obsolete too,
 * but only if a domain follows: "Dr. Who" is a name.
 */
static int
local_part(struct lex *x, struct address *a)
{
	struct lex spaced;
	size_t mark = x->n;
	int r = -1, space = 0;

	for (;;) {
		while (x->p < x->end && *x->p == '.') {
			lex_put(x, x->p++, 1);
			r = 1;
			if (x->p < x->end && lex_is(*x->p, LEX_WSP)) {
				if (space++ == 0)
					spaced = *x;
				(void)lex_cfws(x);
			}
		}
		if (x->p == x->end) {
			r = r == -1 ? -1 : 0;
			break;
		}
		if (r == 1 && *x->p == '@')
			break;
		r = *x->p == '"' ? lex_quoted(x) : lex_atom(x);
		if (r <= 0 || *x->p != '.')
			break;
	}
	if (space && (r <= 0 || *x->p != '@')) {
		*x = spaced;
		(void)lex_cfws(x);
		r = -1;
	}
	if (r >= 0)
		a->local = lex_since(x, mark);
	return r;
}

static int
domain_part(struct lex *x, struct address *a)
{
	size_t mark = x->n;
	int r;

	if ((r = lex_domain(x)) >= 0)
		a->domain = lex_since(x, mark);
	return r;
}

/* obs-domain-list: *(CFWS / ",") "@" domain ... */
static int
domain_list(struct lex *x, struct address *a)
{
	size_t mark = x->n;
	int r;

	while (x->p < x->end && *x->p == '@') {
		lex_put(x, x->n > mark ? ",@" : "@", x->n > mark ? 2 : 1);
		if ((r = lex_domain(x)) <= 0)
			return r;
		while ((r = lex_cfws(x)) > 0 && *x->p == ',')
			x->p++;
		if (r <= 0)
			return r;
	}
	a->route = lex_since(x, mark);
	return 1;
}

/* "<" [route ":"] local-part "@" domain ">", at the "<". */
static int
angle_addr(struct lex *x, struct address *a)
{
	x->p++;
	if (lex_cfws(x) <= 0)
		return -1;
	if (*x->p == '@') {
		if (domain_list(x, a) > 0 && *x->p == ':')
			x->p++;
		else
			a->flags |= ADDRESS_BADROUTE | ADDRESS_INVALID;
		if (lex_cfws(x) <= 0)
			return -1;
	}
	if (*x->p != '>') {
		if (local_part(x, a) <= 0)
			return -1;
		if (*x->p == '@' && domain_part(x, a) <= 0)
			return -1;
	}
	if (*x->p != '>')
		return -1;
	x->p++;
	return lex_cfws(x);
}

/* [display-name] angle-addr; -1 when it is none. */
static int
name_addr(struct lex *x, struct address *a)
{
	size_t mark = x->n;

	if (lex_phrase(x) <= 0 || *x->p != '<')
		return -1;
	if (x->n > mark)
		a->name = lex_since(x, mark);
	if (angle_addr(x, a) == -1)
		a->flags |= ADDRESS_SYNTAX | ADDRESS_INVALID;
	return 0;
}

/*
 * addr-spec, with the name in a comment as of old.  One word alone is taken
 * as a mailbox without a domain, several as a name without a mailbox.
 */
static void
addr_spec(struct lex *x, struct address *a)
{
	size_t mark = x->n, n;
	int quoted = *x->p == '"', r, at = 0;

	x->comment = SPAN_NONE;
	r = local_part(x, a);
	if (r <= 0)
		a->flags |= ADDRESS_INVALID;
	if (r != 0 && x->p < x->end && *x->p == '@') {
		at = 1;
		if (domain_part(x, a) == -1)
			a->flags |= ADDRESS_INVALID;
	}
	if (x->comment.len > 0) {
		mark = x->n;
		lex_put_comment(x);
		a->name = lex_since(x, mark);
	} else if (!at) {
		a->flags |= ADDRESS_INVALID;
		lex_put(x, " ", 1);
		n = x->n;
		(void)lex_phrase(x);
		if (x->n > n) {
			a->name = lex_since(x, mark);
			a->local = SPAN_NONE;
		} else if (quoted) {
			a->name = a->local;
			a->local = SPAN_NONE;
		}
	}
}

/* The next comma or semicolon outside of quotes and comments. */
static const char *
list_separator(struct lex *x)
{
	const char *p;
	int quoted = 0;

	for (p = x->p; p < x->end; p++) {
		if (*p == '\\' && p + 1 < x->end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == ',' || *p == ';'))
			return p;
	}
	return x->end;
}

/*
 * Text that is no phrase before "<addr>", as in `a@b <a@b>' or `[x] y <a@b>'.
 */
static int
sloppy_name_addr(struct lex *x, struct address *a)
{
	const char *sep = list_separator(x), *lt = NULL, *p;
	struct span name;

	for (p = x->p; p < sep; p++)
		if (*p == '<')
			lt = p;
	if (lt == NULL)
		return -1;
	memset(a, 0, sizeof(*a));
	name = header_trim((struct span){ x->p, (size_t)(lt - x->p) });
	if (name.len > 0) {
		a->name = (struct span){ x->out + x->n, 0 };
		for (p = name.p; p < name.p + name.len; p++)
			if (*p != '\r' && *p != '\n' && *p != '"')
				lex_put(x, p, 1);
		a->name.len = (size_t)(x->out + x->n - a->name.p);
	}
	x->p = lt;
	if (angle_addr(x, a) == -1 || a->local.len == 0)
		return -1;
	a->flags |= ADDRESS_INVALID;
	return 0;
}

static int
at_separator(const struct lex *x)
{
	return x->p >= x->end || *x->p == ',' || *x->p == ';';
}

static int
mailbox(struct lex *x, struct arena *ar, struct address_list *l)
{
	struct address a, b;
	const char *start = x->p, *stop;

	memset(&a, 0, sizeof(a));
	if (name_addr(x, &a) == -1) {
		memset(&a, 0, sizeof(a));
		x->p = start;
		addr_spec(x, &a);
		if (!at_separator(x)) {
			stop = x->p;
			x->p = start;
			if (sloppy_name_addr(x, &b) == 0)
				a = b;
			else
				x->p = stop;
		}
	}
	if ((a.flags & ADDRESS_SYNTAX) != 0) {
		/* past the broken <...>, if it ends before the next comma */
		for (stop = x->p; stop < x->end && *stop != ',' &&
		    *stop != '>'; stop++)
			;
		if (stop < x->end && *stop == '>')
			x->p = stop + 1;
	}
	if (lex_cfws(x) > 0 && !at_separator(x)) {
		a.flags |= ADDRESS_INVALID;
		x->p = list_separator(x);
	}
	if (a.local.p == NULL || a.domain.len == 0)
		a.flags |= ADDRESS_INVALID;
	return list_put(ar, l, &a);
}

/* display-name ":" [mailboxes] ";"; 1 it was one, 0 not, -1 ENOMEM. */
static int
group(struct lex *x, struct arena *ar, struct address_list *l, size_t max)
{
	struct address a;
	const char *start = x->p;
	size_t mark = x->n;

	if (lex_phrase(x) <= 0 || *x->p != ':') {
		x->p = start;
		x->n = mark;
		return 0;
	}
	memset(&a, 0, sizeof(a));
	a.kind = ADDRESS_GROUP;
	a.local = lex_since(x, mark);
	if (list_put(ar, l, &a) == -1)
		return -1;
	for (x->p++; lex_cfws(x) > 0; x->p++) {
		if (*x->p == ',')
			continue;	/* empty elements are obsolete */
		if (*x->p == ';')
			break;
		if (l->n >= max) {
			l->cut = 1;
			x->p = x->end;
			break;
		}
		if (mailbox(x, ar, l) == -1)
			return -1;
		if (x->p < x->end && *x->p == ';')
			break;
		if (x->p >= x->end)
			break;
	}
	if (x->p < x->end)
		x->p++;		/* the semicolon */
	memset(&a, 0, sizeof(a));
	a.kind = ADDRESS_GROUPEND;
	return list_put(ar, l, &a) == -1 ? -1 : 1;
}

int
address_list_add(struct arena *ar, struct address_list *l, struct span value,
    size_t max)
{
	struct lex x;
	int r;

	if (lex_init(&x, ar, value) == -1)
		return -1;
	while (lex_cfws(&x) > 0) {
		if (*x.p == ',' || *x.p == ';') {
			x.p++;
			continue;
		}
		if (l->n >= max) {
			l->cut = 1;
			break;
		}
		if ((r = group(&x, ar, l, max)) == 0)
			r = mailbox(&x, ar, l);
		if (r == -1)
			return -1;
	}
	arena_shrink(ar, x.out, x.cap, x.n);
	return 0;
}

size_t
address_from_domain(struct arena *ar, struct span value, struct span *domain)
{
	struct address_list l = ADDRESS_LIST_NONE;
	const struct address *a;
	size_t i, n = 0;

	*domain = SPAN_NONE;
	if (address_list_add(ar, &l, value, 64) == -1)
		return 0;
	for (i = 0; i < l.n; i++) {
		a = &l.v[i];
		if (a->kind != ADDRESS_MAILBOX || a->domain.len == 0 ||
		    (a->flags & ADDRESS_SYNTAX) != 0)
			continue;
		if (n++ == 0)
			*domain = a->domain;
	}
	return n;
}

/* End of a dot-string from p on, NULL if it is none. */
static const char *
dot_string(const char *p, const char *end)
{
	const char *start = p;

	for (; p < end && (lex_is(*p, LEX_ATEXT) || *p == '.'); p++)
		if (*p == '.' && (p == start || p[-1] == '.'))
			return NULL;
	return p == start || p[-1] == '.' ? NULL : p;
}

static const char *
quoted_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return NULL;
		if (*p == '\\' && (++p == end || (unsigned char)*p < ' ' ||
		    (unsigned char)*p > 126))
			return NULL;
	}
	return NULL;
}

/* Labels of letters, digits, hyphens and 8-bit, or an address literal. */
static int
domain_ok(const char *p, const char *end)
{
	const char *label = p;

	if (p < end && *p == '[') {
		for (p++; p < end - 1; p++)
			if ((unsigned char)*p <= ' ' || *p == '[' ||
			    *p == ']' || *p == '\\' || *p == 0x7f)
				return 0;
		return p == end - 1 && *p == ']' && p > label + 1;
	}
	for (; p < end; p++) {
		if (*p == '.') {
			if (p == label || p - label > 63 || p[-1] == '-')
				return 0;
			label = p + 1;
		} else if (*p == '-') {
			if (p == label)
				return 0;
		} else if (!((*p >= '0' && *p <= '9') || *p == '_' ||
		    ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
		    (unsigned char)*p > 127))
			return 0;
	}
	return p > label && p - label <= 63 && p[-1] != '-';
}

int
address_spec_parse(struct span s, struct span *local, struct span *domain)
{
	const char *end = s.p + s.len, *at;

	if (s.len == 0)
		return -1;
	at = *s.p == '"' ? quoted_string(s.p, end) : dot_string(s.p, end);
	if (at == NULL || at == end || *at != '@' || at - s.p > 64 ||
	    end - at > 256 || !domain_ok(at + 1, end))
		return -1;
	*local = (struct span){ s.p, (size_t)(at - s.p) };
	*domain = (struct span){ at + 1, (size_t)(end - at - 1) };
	return 0;
}

static int
print_quoted(struct span s, int dots, struct buf *out)
{
	size_t i, from = out->len;
	int r, plain = s.len > 0;

	for (i = 0; i < s.len; i++)
		if (!lex_is(s.p[i], LEX_ATEXT) &&
		    (s.p[i] != '.' || !dots || i == 0 || i == s.len - 1 ||
		    s.p[i - 1] == '.') && (s.p[i] != ' ' || dots))
			plain = 0;
	if (plain)
		return buf_add(out, s.p, s.len);
	r = buf_addc(out, '"');
	for (i = 0; i < s.len && r == 0; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			continue;
		if (s.p[i] == '"' || s.p[i] == '\\')
			r = buf_addc(out, '\\');
		if (r == 0)
			r = buf_addc(out, (unsigned char)s.p[i]);
	}
	if (r == 0)
		r = buf_addc(out, '"');
	if (r == -1)
		buf_truncate(out, from);
	return r;
}

int
address_print(const struct address *a, struct buf *out)
{
	size_t from = out->len;
	int r = 0;

	if (a->name.len > 0)
		r = print_quoted(a->name, 0, out) == -1 ||
		    buf_add(out, " <", 2) == -1;
	if (r == 0 && a->local.p != NULL)
		r = print_quoted(a->local, 1, out);
	if (r == 0 && a->domain.len > 0)
		r = buf_addc(out, '@') == -1 ||
		    buf_add(out, a->domain.p, a->domain.len) == -1;
	if (r == 0 && a->name.len > 0)
		r = buf_addc(out, '>');
	if (r != 0) {
		buf_truncate(out, from);
		return -1;
	}
	return 0;
}

/* Quoted if it is not all atext; with escapes only where there must be. */
static int
print_word(struct span s, int dot_ok, struct buf *out)
{
	size_t i, from;
	int quote = 0;

	if (s.len >= 2 && memmem(s.p, s.len, "=?", 2) != NULL)
		return buf_add(out, s.p, s.len);
	for (i = 0; i < s.len && !quote; i++)
		quote = !lex_is(s.p[i], LEX_ATEXT) &&
		    !(dot_ok && s.p[i] == '.');
	if (!quote)
		return buf_add(out, s.p, s.len);
	if (buf_addc(out, '"') == -1)
		return -1;
	for (from = i = 0; i < s.len; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\' && s.p[i] != '\'')
			continue;
		if (buf_add(out, s.p + from, i - from) == -1 ||
		    buf_addc(out, '\\') == -1)
			return -1;
		from = i;
	}
	return buf_add(out, s.p + from, s.len - from) == -1 ? -1 :
	    buf_addc(out, '"');
}

static int
print_mailbox(const struct address *a, struct buf *out)
{
	if (a->name.len > 0 && (print_word(a->name, 0, out) == -1 ||
	    buf_addc(out, ' ') == -1))
		return -1;
	if (buf_addc(out, '<') == -1 ||
	    (a->route.len > 0 && (buf_add(out, a->route.p, a->route.len) ==
	    -1 || buf_addc(out, ':') == -1)) ||
	    print_word(a->local, 1, out) == -1)
		return -1;
	if (a->domain.len > 0 && (buf_addc(out, '@') == -1 ||
	    buf_add(out, a->domain.p, a->domain.len) == -1))
		return -1;
	return buf_addc(out, '>');
}

int
address_list_print(const struct address_list *l, struct buf *out)
{
	const struct address *a;
	size_t i;
	int first = 1;

	for (i = 0; i < l->n; i++) {
		a = &l->v[i];
		if (a->kind == ADDRESS_GROUPEND) {
			if (buf_addc(out, ';') == -1)
				return -1;
			continue;
		}
		if (!first && buf_add(out, ", ", 2) == -1)
			return -1;
		first = a->kind == ADDRESS_GROUP;
		if (first) {
			if (print_word(a->local, 0, out) == -1 ||
			    buf_add(out, ": ", 2) == -1)
				return -1;
		} else if (print_mailbox(a, out) == -1)
			return -1;
	}
	return 0;
}
