/* What IMAP responses say: as much as import and export need. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imapc.h"
#include "libmail/date.h"

/* A place in a response. */
struct cur {
	const char	*p;
	const char	*end;
};

static void
skip_space(struct cur *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

static int
skip_word(struct cur *c, const char *word)
{
	size_t	 n = strlen(word);

	skip_space(c);
	if ((size_t)(c->end - c->p) < n || strncasecmp(c->p, word, n) != 0)
		return 0;
	c->p += n;
	return 1;
}

static uint64_t
number(struct cur *c)
{
	uint64_t	 n = 0;

	skip_space(c);
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++)
		n = n * 10 + (uint64_t)(*c->p - '0');
	return n;
}

/* An atom, a quoted string (as it is written) or a literal. */
static struct span
value(struct cur *c)
{
	struct span	 s = { NULL, 0 };
	const char	*q;
	size_t		 n;

	skip_space(c);
	if (c->p == c->end)
		return s;
	if (*c->p == '"') {
		for (q = ++c->p; q < c->end && *q != '"'; q++)
			if (*q == '\\' && q + 1 < c->end)
				q++;
		s = (struct span){ c->p, (size_t)(q - c->p) };
		c->p = q < c->end ? q + 1 : q;
	} else if (*c->p == '{' || (*c->p == '~' && c->p + 1 < c->end &&
	    c->p[1] == '{')) {
		c->p += *c->p == '~' ? 2 : 1;
		n = (size_t)number(c);
		if ((size_t)(c->end - c->p) < n + 3) {
			c->p = c->end;
			return s;
		}
		s = (struct span){ c->p + 3, n };	/* behind }CRLF */
		c->p += n + 3;
	} else {
		for (q = c->p; q < c->end && *q != ' ' && *q != ')'; q++)
			;
		s = (struct span){ c->p, (size_t)(q - c->p) };
		c->p = q;
	}
	return s;
}

/* What stands between parentheses, which hold no others. */
static struct span
list(struct cur *c)
{
	struct span	 s = { NULL, 0 };

	skip_space(c);
	if (c->p == c->end || *c->p != '(')
		return s;
	s.p = ++c->p;
	while (c->p < c->end && *c->p != ')')
		c->p++;
	s.len = (size_t)(c->p - s.p);
	if (c->p < c->end)
		c->p++;
	return s;
}

static int64_t
date_of(struct span s)
{
	struct maildate	 d;

	return date_parse_imap(s, &d) == 0 ? d.t : 0;
}

int
imapc_fetch(struct span resp, struct imapc_msg *m)
{
	struct cur	 c = { resp.p, resp.p + resp.len };
	struct span	 s;

	memset(m, 0, offsetof(struct imapc_msg, flags));
	m->flags[0] = '\0';
	m->has_body = 0;
	if (!skip_word(&c, "* ") || number(&c) == 0 ||
	    !skip_word(&c, "FETCH ("))
		return 0;
	while (c.p < c.end && *c.p != ')') {
		if (skip_word(&c, "UID "))
			m->uid = (uint32_t)number(&c);
		else if (skip_word(&c, "RFC822.SIZE "))
			m->size = (uint32_t)number(&c);
		else if (skip_word(&c, "INTERNALDATE "))
			m->date = date_of(value(&c));
		else if (skip_word(&c, "FLAGS ")) {
			s = list(&c);
			snprintf(m->flags, sizeof(m->flags), "%.*s",
			    (int)s.len, s.p == NULL ? "" : s.p);
		} else if (skip_word(&c, "BODY[")) {
			while (c.p < c.end && *c.p != ' ')
				c.p++;
			m->has_body = !skip_word(&c, "NIL");
			if (m->has_body)
				m->body = value(&c);
		} else {
			/* Something that was not asked for. */
			(void)value(&c);
			skip_space(&c);
			if (c.p < c.end && *c.p == '(')
				(void)list(&c);
			else
				(void)value(&c);
		}
		skip_space(&c);
	}
	return m->uid != 0;
}

int
imapc_esearch(struct span resp, struct rseq *set)
{
	struct cur	 c = { resp.p, resp.p + resp.len };
	uint64_t	 first, last;

	if (!skip_word(&c, "* ESEARCH"))
		return 0;
	(void)list(&c);
	if (!skip_word(&c, "UID") || !skip_word(&c, "ALL "))
		return 1;
	for (;;) {
		first = last = number(&c);
		if (c.p < c.end && *c.p == ':') {
			c.p++;
			last = number(&c);
		}
		if (first == 0 || last < first || last > UINT32_MAX ||
		    rseq_add(set, (uint32_t)first, (uint32_t)last) == -1)
			return 1;
		if (c.p == c.end || *c.p != ',')
			return 1;
		c.p++;
	}
}

int
imapc_list(struct span resp, char name[IMAPC_NAME], int *noselect)
{
	struct cur	 c = { resp.p, resp.p + resp.len };
	struct span	 s;
	size_t		 i, n = 0;
	char		 flags[512];

	if (!skip_word(&c, "* LIST "))
		return 0;
	s = list(&c);
	snprintf(flags, sizeof(flags), "%.*s", (int)s.len,
	    s.p == NULL ? "" : s.p);
	*noselect = strcasestr(flags, "\\Noselect") != NULL ||
	    strcasestr(flags, "\\NonExistent") != NULL;
	(void)value(&c);	/* the separator */
	skip_space(&c);
	i = c.p < c.end && *c.p == '"';
	s = value(&c);
	if (s.len >= IMAPC_NAME)
		return 0;
	if (i == 0) {
		memcpy(name, s.p, s.len);
		n = s.len;
	} else for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\\' && i + 1 < s.len)
			i++;
		name[n++] = s.p[i];
	}
	name[n] = '\0';
	return n > 0;
}

uint32_t
imapc_code(struct span resp, const char *word)
{
	const char	*p;
	size_t		 n = strlen(word);

	for (p = resp.p; p + n + 2 < resp.p + resp.len; p++)
		if (*p == '[' && strncasecmp(p + 1, word, n) == 0 &&
		    p[n + 1] == ' ')
			return (uint32_t)strtoul(p + n + 2, NULL, 10);
	return 0;
}
