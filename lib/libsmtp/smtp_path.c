/* Paths and mailboxes (RFC 5321 4.1.2, RFC 6531 3.3). */

#include <ctype.h>
#include <string.h>

#include "libsmtp/smtp_path.h"
#include "libsmtp/smtp_utf8.h"

struct cursor {
	const char	*p;
	const char	*end;
	int		 allow;
	int		 utf8;		/* some character was over 127 */
};

static int
peek(const struct cursor *c)
{
	return c->p < c->end ? (unsigned char)*c->p : -1;
}

/* RFC 5322 3.2.3 */
static int
is_atext(int c)
{
	return c > 0 && c < 0x80 &&
	    (isalnum(c) || strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Step over one character over 127. */
static enum smtp_path_error
take_utf8(struct cursor *c)
{
	size_t	 n;

	if (!(c->allow & SMTP_PATH_ALLOW_UTF8))
		return SMTP_PATH_NEEDS_UTF8;
	if ((n = smtp_utf8_len(c->p, (size_t)(c->end - c->p))) == 0)
		return SMTP_PATH_BADUTF8;
	c->p += n;
	c->utf8 = 1;
	return SMTP_PATH_OK;
}

/*
 * Dot-string, with dots anywhere: mail from Japanese telephones has them at
 * the end and in pairs.  smtp_path_canon puts such in quotes.
 */
static enum smtp_path_error
take_dotstring(struct cursor *c)
{
	enum smtp_path_error	 error;
	const char		*start = c->p;

	while (c->p < c->end) {
		if (is_atext(peek(c)) || *c->p == '.')
			c->p++;
		else if (peek(c) < 0x80)
			break;
		else if ((error = take_utf8(c)) != SMTP_PATH_OK)
			return error;
	}
	return c->p == start ? SMTP_PATH_SYNTAX : SMTP_PATH_OK;
}

static enum smtp_path_error
take_quoted(struct cursor *c)
{
	enum smtp_path_error	 error;
	int			 ch;

	c->p++;			/* the quote */
	for (;;) {
		if ((ch = peek(c)) == -1)
			return SMTP_PATH_SYNTAX;
		if (ch == '"') {
			c->p++;
			return SMTP_PATH_OK;
		}
		if (ch == '\\') {
			c->p++;
			if ((ch = peek(c)) < ' ' || ch > '~')
				return SMTP_PATH_SYNTAX;
			c->p++;
		} else if (ch >= 0x80) {
			if ((error = take_utf8(c)) != SMTP_PATH_OK)
				return error;
		} else if (ch >= ' ' && ch <= '~')
			c->p++;
		else
			return SMTP_PATH_SYNTAX;
	}
}

/*
 * Domain: labels of letters, digits, hyphens and (there are such) underscores
 * between single dots.  More is smtp_domain_canon's to say.
 */
static enum smtp_path_error
take_domain(struct cursor *c)
{
	enum smtp_path_error	 error;
	const char		*start = c->p;
	int			 ch, label = 0;

	while ((ch = peek(c)) != -1) {
		if (ch == '.') {
			if (!label)
				return SMTP_PATH_SYNTAX;
			label = 0;
			c->p++;
		} else if (ch >= 0x80) {
			if ((error = take_utf8(c)) != SMTP_PATH_OK)
				return error;
			label = 1;
		} else if (isalnum(ch) || ch == '-' || ch == '_') {
			if (ch == '-' && !label)
				return SMTP_PATH_SYNTAX;
			label = 1;
			c->p++;
		} else
			break;
	}
	if (!label || c->p[-1] == '-')
		return SMTP_PATH_SYNTAX;
	if (c->p - start > SMTP_PATH_DOMAIN_MAX)
		return SMTP_PATH_TOOLONG;
	return SMTP_PATH_OK;
}

static enum smtp_path_error
take_literal(struct cursor *c, struct span *out)
{
	char		 canon[SMTP_PATH_DOMAIN_MAX + 1];
	const char	*start = c->p, *close;

	if ((close = memchr(start, ']', (size_t)(c->end - start))) == NULL)
		return SMTP_PATH_SYNTAX;
	c->p = close + 1;
	out->p = start;
	out->len = (size_t)(c->p - start);
	if (smtp_domain_canon(*out, canon, sizeof(canon)) == -1)
		return SMTP_PATH_SYNTAX;
	return SMTP_PATH_OK;
}

static enum smtp_path_error
take_mailbox(struct cursor *c, struct smtp_path *path)
{
	enum smtp_path_error	 error;
	const char		*start = c->p;

	if (peek(c) == '"') {
		path->flags |= SMTP_PATH_QUOTED;
		error = take_quoted(c);
	} else
		error = take_dotstring(c);
	if (error != SMTP_PATH_OK)
		return error;
	path->local.p = start;
	path->local.len = (size_t)(c->p - start);
	if (path->local.len > SMTP_PATH_LOCAL_MAX)
		return SMTP_PATH_TOOLONG;
	if (peek(c) != '@') {
		if (!(c->allow & SMTP_PATH_ALLOW_POSTMASTER) ||
		    !span_ieqs(path->local, "postmaster"))
			return SMTP_PATH_SYNTAX;
		path->flags |= SMTP_PATH_POSTMASTER;
		return SMTP_PATH_OK;
	}
	c->p++;
	if (peek(c) == '[') {
		path->flags |= SMTP_PATH_LITERAL;
		return take_literal(c, &path->domain);
	}
	path->domain.p = c->p;
	if ((error = take_domain(c)) != SMTP_PATH_OK)
		return error;
	path->domain.len = (size_t)(c->p - path->domain.p);
	if (path->local.len + 1 + path->domain.len > SMTP_PATH_MAX)
		return SMTP_PATH_TOOLONG;
	return SMTP_PATH_OK;
}

/* Source route: @a,@b: (RFC 5321 appendix C: accept, ignore). */
static enum smtp_path_error
take_route(struct cursor *c)
{
	enum smtp_path_error	 error;
	const char		*start = c->p;
	struct span		 literal;

	for (;;) {
		if (peek(c) != '@')
			return SMTP_PATH_SYNTAX;
		c->p++;
		if (peek(c) == '[')
			error = take_literal(c, &literal);
		else
			error = take_domain(c);
		if (error != SMTP_PATH_OK)
			return error;
		if (c->p - start > SMTP_PATH_ROUTE_MAX)
			return SMTP_PATH_TOOLONG;
		if (peek(c) != ',')
			break;
		c->p++;
	}
	if (peek(c) != ':')
		return SMTP_PATH_SYNTAX;
	c->p++;
	return SMTP_PATH_OK;
}

enum smtp_path_error
smtp_path_parse(struct smtp_path *path, const char *p, size_t len, int allow,
    size_t *used)
{
	struct cursor		 c = { p, p + len, allow, 0 };
	enum smtp_path_error	 error;

	memset(path, 0, sizeof(*path));
	*used = 0;
	if (peek(&c) != '<')
		return SMTP_PATH_SYNTAX;
	c.p++;
	if (peek(&c) == '>') {
		if (!(allow & SMTP_PATH_ALLOW_NULL))
			return SMTP_PATH_SYNTAX;
		path->flags = SMTP_PATH_NULL;
		*used = 2;
		return SMTP_PATH_OK;
	}
	if (peek(&c) == '@') {
		if ((error = take_route(&c)) != SMTP_PATH_OK)
			return error;
		path->flags |= SMTP_PATH_ROUTE;
		/* What a route leads to has a domain, and is no matter. */
		c.allow &= ~SMTP_PATH_ALLOW_POSTMASTER;
	}
	if ((error = take_mailbox(&c, path)) != SMTP_PATH_OK)
		return error;
	if (peek(&c) != '>')
		return SMTP_PATH_SYNTAX;
	c.p++;
	if (c.utf8)
		path->flags |= SMTP_PATH_UTF8;
	*used = (size_t)(c.p - p);
	return SMTP_PATH_OK;
}

enum smtp_path_error
smtp_mailbox_parse(struct smtp_path *path, const char *p, size_t len,
    int allow)
{
	struct cursor		 c = { p, p + len, allow, 0 };
	enum smtp_path_error	 error;

	memset(path, 0, sizeof(*path));
	if (len == 0) {
		if (!(allow & SMTP_PATH_ALLOW_NULL))
			return SMTP_PATH_SYNTAX;
		path->flags = SMTP_PATH_NULL;
		return SMTP_PATH_OK;
	}
	if ((error = take_mailbox(&c, path)) != SMTP_PATH_OK)
		return error;
	if (c.p != c.end)
		return SMTP_PATH_SYNTAX;
	if (c.utf8)
		path->flags |= SMTP_PATH_UTF8;
	return SMTP_PATH_OK;
}

int
smtp_path_local(const struct smtp_path *path, char *dst, size_t dstsize)
{
	const char	*p = path->local.p;
	size_t		 len = path->local.len, n = 0;

	if (path->flags & SMTP_PATH_QUOTED) {
		p++;
		len -= 2;
	}
	for (; len > 0; p++, len--) {
		if ((path->flags & SMTP_PATH_QUOTED) && *p == '\\') {
			p++;
			len--;
		}
		if (n + 1 >= dstsize)
			return -1;
		dst[n++] = *p;
	}
	if (dstsize == 0)
		return -1;
	dst[n] = '\0';
	return (int)n;
}

/* Can it stand without quotes?  (RFC 5321 4.1.2 Dot-string) */
static int
local_is_dotstring(struct span local)
{
	size_t	 i;
	int	 c, dot = 1;

	for (i = 0; i < local.len; i++) {
		c = (unsigned char)local.p[i];
		if (c == '.') {
			if (dot)
				return 0;
			dot = 1;
		} else {
			if (c < 0x80 && !is_atext(c))
				return 0;
			dot = 0;
		}
	}
	return !dot;
}

int
smtp_local_quote(struct span local, char *dst, size_t dstsize)
{
	size_t	 i, n = 0;

	if (local_is_dotstring(local)) {
		if (local.len >= dstsize)
			return -1;
		memcpy(dst, local.p, local.len);
		dst[local.len] = '\0';
		return (int)local.len;
	}
	if (dstsize < 3)
		return -1;
	dst[n++] = '"';
	for (i = 0; i < local.len; i++) {
		/* a backslash, the character, the quote, the NUL */
		if (n + 4 > dstsize)
			return -1;
		if (local.p[i] == '"' || local.p[i] == '\\')
			dst[n++] = '\\';
		dst[n++] = local.p[i];
	}
	dst[n++] = '"';
	dst[n] = '\0';
	return (int)n;
}

int
smtp_path_canon(const struct smtp_path *path, char *dst, size_t dstsize)
{
	char	 local[SMTP_PATH_LOCAL_MAX + 1];
	int	 n, m;

	if (dstsize == 0)
		return -1;
	if (path->flags & SMTP_PATH_NULL) {
		dst[0] = '\0';
		return 0;
	}
	if ((n = smtp_path_local(path, local, sizeof(local))) == -1)
		return -1;
	n = smtp_local_quote((struct span){ local, (size_t)n }, dst, dstsize);
	if (n == -1)
		return -1;
	if (path->flags & SMTP_PATH_POSTMASTER) {
		memcpy(dst, "postmaster", 10);
		return n;
	}
	if ((size_t)n + 2 > dstsize)
		return -1;
	dst[n++] = '@';
	m = smtp_domain_canon(path->domain, dst + n, dstsize - (size_t)n);
	if (m == -1 || n + m > SMTP_PATH_MAX)
		return -1;
	return n + m;
}

const char *
smtp_address_domain(const char *addr)
{
	const char	*at;

	/* No domain holds `@', so the last one is it whatever is quoted. */
	if ((at = strrchr(addr, '@')) == NULL)
		return addr + strlen(addr);
	return at + 1;
}
