#include <string.h>
#include <time.h>

#include "libimap/imap_url.h"

struct cursor {
	struct imap_arena	*arena;
	const char		*p, *end;
};

static int
hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded; -1: not well formed, a NUL, or memory. */
static int
decode(struct cursor *c, struct span s, struct span *out)
{
	char	*to;
	size_t	 i;
	int	 a, b;

	if ((to = imap_arena_alloc(c->arena, s.len + 1)) == NULL)
		return -1;
	out->p = to;
	for (i = 0; i < s.len; i++) {
		*to = s.p[i];
		if (s.p[i] == '%') {
			if (s.len - i < 3 || (a = hex(s.p[i + 1])) == -1 ||
			    (b = hex(s.p[i + 2])) == -1)
				return -1;
			*to = (char)(a << 4 | b);
			i += 2;
		} else if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 127)
			return -1;
		if (*to++ == '\0')
			return -1;
	}
	out->len = to - out->p;
	return 0;
}

/* Is it this, whatever the case?  Then it is taken. */
static int
take(struct cursor *c, const char *word)
{
	size_t	 n = strlen(word);

	if ((size_t)(c->end - c->p) < n || strncasecmp(c->p, word, n) != 0)
		return 0;
	c->p += n;
	return 1;
}

/* Up to one of these characters, or the end. */
static struct span
until(struct cursor *c, const char *stops)
{
	struct span	 s = { c->p, 0 };

	while (c->p < c->end && strchr(stops, *c->p) == NULL)
		c->p++;
	s.len = c->p - s.p;
	return s;
}

static int
number(struct cursor *c, uint32_t *n)
{
	uint64_t	 v = 0;
	const char	*from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		v = v * 10 + (*c->p++ - '0');
		if (v > UINT32_MAX)
			return -1;
	}
	*n = v;
	return c->p == from ? -1 : 0;
}

/* "imap://user;AUTH=x@host:1/": up to the last slash. */
static int
lex_server(struct cursor *c, struct imap_url *u)
{
	struct cursor	 in = *c;
	struct span	 s = until(c, "/"), user;
	const char	*at;

	at = s.len > 0 ? memchr(s.p, '@', s.len) : NULL;
	if (at != NULL) {
		in.end = at;
		user = until(&in, ";");
		if (decode(c, user, &u->user) == -1)
			return -1;
		s.len -= at + 1 - s.p;
		s.p = at + 1;
	}
	return decode(c, s, &u->host);
}

static const char *
find_uid(const struct cursor *c)
{
	const char	*p;

	for (p = c->p; c->end - p >= 6; p++) {
		if (strncasecmp(p, "/;UID=", 6) == 0)
			return p;
	}
	return NULL;
}

/* "/INBOX;UIDVALIDITY=3" */
static int
lex_mailbox(struct cursor *c, struct imap_url *u)
{
	struct cursor	 in = *c;
	struct span	 name;

	if ((in.end = find_uid(c)) == NULL)
		return -1;
	c->p = in.end + 1;
	if (in.p == in.end)
		return 0;
	if (!take(&in, "/"))
		return -1;
	name = until(&in, ";");
	if (name.len == 0 || decode(c, name, &u->mailbox) == -1)
		return -1;
	if (take(&in, ";UIDVALIDITY=") && number(&in, &u->uidvalidity) == -1)
		return -1;
	return in.p == in.end ? 0 : -1;
}

static int
lex_section(struct cursor *c, struct imap_url *u)
{
	struct imap_lexer	 lx;
	struct span		 s;
	char			*text;

	/* `/' ends it; it may have `;' nowhere. */
	if (decode(c, until(c, "/;"), &s) == -1 || s.len == 0 ||
	    (text = imap_arena_alloc(c->arena, s.len + 2)) == NULL)
		return -1;
	text[0] = '[';
	memcpy(text + 1, s.p, s.len);
	text[s.len + 1] = ']';
	imap_lex_init(&lx, (struct span){ text, s.len + 2 }, c->arena);
	return imap_lex_section(&lx, 0, &u->section) && lx.p == lx.end ?
	    0 : -1;
}

static int
lex_partial(struct cursor *c, struct imap_url *u)
{
	u->partial = 1;
	if (number(c, &u->off) == -1)
		return -1;
	if (!take(c, "."))
		return 0;
	return number(c, &u->len) == -1 || u->len == 0 ? -1 : 0;
}

static int
two(struct cursor *c, const char *sep, int max, int *n)
{
	if (!take(c, sep) || c->end - c->p < 2 || c->p[0] < '0' ||
	    c->p[0] > '9' || c->p[1] < '0' || c->p[1] > '9')
		return -1;
	*n = (c->p[0] - '0') * 10 + (c->p[1] - '0');
	c->p += 2;
	return *n > max ? -1 : 0;
}

/* "2026-11-20T10:00:00.5Z" or "...+01:00" (RFC 3339). */
static int
lex_expire(struct cursor *c, struct imap_url *u)
{
	struct tm	 tm;
	int		 century, year, h, m, sign;
	uint32_t	 fraction;

	memset(&tm, 0, sizeof(tm));
	if (two(c, "", 99, &century) == -1 || two(c, "", 99, &year) == -1 ||
	    two(c, "-", 12, &tm.tm_mon) == -1 || tm.tm_mon == 0 ||
	    two(c, "-", 31, &tm.tm_mday) == -1 || tm.tm_mday == 0 ||
	    two(c, "T", 23, &tm.tm_hour) == -1 ||
	    two(c, ":", 59, &tm.tm_min) == -1 ||
	    two(c, ":", 60, &tm.tm_sec) == -1)
		return -1;
	if (take(c, ".") && number(c, &fraction) == -1)
		return -1;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon--;
	u->expires = 1;
	u->expire = timegm(&tm);
	if (take(c, "Z"))
		return 0;
	sign = take(c, "+") ? 1 : take(c, "-") ? -1 : 0;
	if (sign == 0 || two(c, "", 23, &h) == -1 || two(c, ":", 59, &m) == -1)
		return -1;
	u->expire -= (int64_t)sign * (h * 3600 + m * 60);
	return 0;
}

/* ";URLAUTH=user+fred:INTERNAL:91354a" */
static int
lex_auth(struct cursor *c, struct imap_url *u, const char *start)
{
	int	 named = 1;

	if (take(c, "submit+"))
		u->access = IMAP_URL_SUBMIT;
	else if (take(c, "user+"))
		u->access = IMAP_URL_USER;
	else {
		named = 0;
		if (take(c, "authuser"))
			u->access = IMAP_URL_AUTHUSER;
		else if (take(c, "anonymous"))
			u->access = IMAP_URL_ANONYMOUS;
		else
			return -1;
	}
	if (named && (decode(c, until(c, ":"), &u->grantee) == -1 ||
	    u->grantee.len == 0))
		return -1;
	u->rump = (struct span){ start, c->p - start };
	if (c->p == c->end)
		return 0;
	if (!take(c, ":"))
		return -1;
	u->mech = until(c, ":");
	if (u->mech.len == 0 || !take(c, ":"))
		return -1;
	u->token = until(c, "");
	return u->token.len == 0 ? -1 : 0;
}

int
imap_url_parse(struct imap_arena *arena, struct span text, struct imap_url *u)
{
	struct cursor	 c = { arena, text.p, text.p + text.len };

	memset(u, 0, sizeof(*u));
	if (text.len == 0 || text.len > IMAP_URL_MAX ||
	    memchr(text.p, '\0', text.len) != NULL)
		return -1;
	if (take(&c, "imap://") && lex_server(&c, u) == -1)
		return -1;
	/* ";UID=7" and "/;UID=7" are of the selected mailbox. */
	if (*text.p != ';' && lex_mailbox(&c, u) == -1)
		return -1;
	if (!take(&c, ";UID=") || number(&c, &u->uid) == -1 || u->uid == 0)
		return -1;
	if (take(&c, "/;SECTION=") && lex_section(&c, u) == -1)
		return -1;
	if (take(&c, "/;PARTIAL=") && lex_partial(&c, u) == -1)
		return -1;
	if (take(&c, ";EXPIRE=") && lex_expire(&c, u) == -1)
		return -1;
	if (take(&c, ";URLAUTH=") && lex_auth(&c, u, text.p) == -1)
		return -1;
	return c.p == c.end ? 0 : -1;
}
