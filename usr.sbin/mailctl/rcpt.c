/* The recipients of a message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/address.h"
#include "libmail/header.h"
#include "libsmtp/smtp_path.h"
#include "rcpt.h"

#define ARENA_MAX	(512UL * 1024 * 1024)

static const void *
rcpt_key(const void *entry, size_t *len)
{
	*len = strlen(entry);
	return entry;
}

void
rcpts_init(struct rcpts *r, const char *hostname)
{
	memset(r, 0, sizeof(*r));
	r->hostname = hostname;
	hashtab_init(&r->seen, rcpt_key);
	arena_init(&r->arena, ARENA_MAX);
}

void
rcpts_free(struct rcpts *r)
{
	size_t	 i;

	for (i = 0; i < r->n; i++)
		free(r->v[i]);
	free(r->v);
	free(r->bad);
	hashtab_free(&r->seen);
	arena_free(&r->arena);
}

static int
rcpts_put(struct rcpts *r, const char *canon)
{
	char	**v, *copy;

	if (hashtab_find(&r->seen, canon, strlen(canon)) != NULL)
		return 0;
	if (r->n == RCPTS_MAX) {
		errno = E2BIG;
		return -1;
	}
	/* It doubles whenever the count is a power of two. */
	if ((r->n & (r->n - 1)) == 0) {
		v = reallocarray(r->v, r->n == 0 ? 1 : 2 * r->n, sizeof(*v));
		if (v == NULL)
			return -1;
		r->v = v;
	}
	if ((copy = strdup(canon)) == NULL)
		return -1;
	if (hashtab_insert(&r->seen, copy) == -1) {
		free(copy);
		return -1;
	}
	r->v[r->n++] = copy;
	return 0;
}

/* Signs that divide a local part from a domain: not quoted, no comment. */
static size_t
count_at(struct span s)
{
	size_t	 i, n = 0, depth = 0;
	int	 quoted = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"' && depth == 0)
			quoted = !quoted;
		else if (s.p[i] == '(' && !quoted)
			depth++;
		else if (s.p[i] == ')' && !quoted && depth > 0)
			depth--;
		else if (s.p[i] == '@' && !quoted && depth == 0)
			n++;
	}
	return n;
}

/* `a@b <a@b>' is written often and has no other meaning. */
static int
in_brackets(const struct address *a, struct span list)
{
	char	 text[SMTP_PATH_MAX + 4];
	int	 n;

	n = snprintf(text, sizeof(text), "<%.*s@%.*s>", (int)a->local.len,
	    a->local.p, (int)a->domain.len, a->domain.p);
	return n > 0 && (size_t)n < sizeof(text) &&
	    memmem(list.p, list.len, text, (size_t)n) != NULL;
}

/*
 * Mail must not go to somebody because of a slip: what the parser calls
 * invalid is good only as a name alone (a user of this host), or in brackets.
 * loose: the list has more @ signs than addresses with a domain.
 */
static int
is_good(const struct address *a, struct span list, int loose)
{
	size_t	 i;

	if (a->local.len == 0 || a->flags & (ADDRESS_SYNTAX |
	    ADDRESS_BADROUTE))
		return 0;
	for (i = 0; i < a->local.len; i++)
		if ((unsigned char)a->local.p[i] < ' ' ||
		    a->local.p[i] == 0x7f)
			return 0;
	if (a->flags == 0)
		return 1;
	if (a->domain.len == 0)
		return !loose;
	return in_brackets(a, list);
}

/* local@domain in the one form; the parser has taken its quotes off. */
static int
canonical(const struct rcpts *r, const struct address *a, char *dst,
    size_t size)
{
	struct span	 domain = a->domain;
	struct smtp_path p;
	int		 n;

	if (domain.len == 0)
		domain = span_of(r->hostname);
	if ((n = smtp_local_quote(a->local, dst, size)) == -1 ||
	    (size_t)n + 2 > size)
		return -1;
	dst[n++] = '@';
	if (smtp_domain_canon(domain, dst + n, size - (size_t)n) == -1)
		return -1;
	/* A header may hold what RCPT cannot: bytes that are no UTF-8. */
	return smtp_mailbox_parse(&p, dst, strlen(dst),
	    SMTP_PATH_ALLOW_UTF8) == SMTP_PATH_OK ? 0 : -1;
}

int
rcpts_add(struct rcpts *r, struct span list)
{
	struct address_list	 parsed = ADDRESS_LIST_NONE;
	struct address		*a;
	char			 canon[SMTP_PATH_MAX + 1];
	size_t			 i, ndomains = 0;
	int			 loose;

	arena_reset(&r->arena);
	if (address_list_add(&r->arena, &parsed, list, RCPTS_MAX) == -1)
		return -1;
	for (i = 0; i < parsed.n; i++)
		ndomains += parsed.v[i].domain.len > 0;
	loose = count_at(list) > ndomains;
	for (i = 0; i < parsed.n; i++) {
		a = &parsed.v[i];
		if (a->kind != ADDRESS_MAILBOX)
			continue;
		if (!is_good(a, list, loose) || canonical(r, a,
		    canon, sizeof(canon)) == -1) {
			list = header_trim(list);
			if (r->bad == NULL)
				r->bad = strndup(list.p, list.len);
		} else if (rcpts_put(r, canon) == -1)
			return -1;
	}
	return 0;
}
