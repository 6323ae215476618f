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

/* local@domain in the one form; the parser has taken its quotes off. */
static int
canonical(const struct rcpts *r, const struct address *a, char *dst,
    size_t size)
{
	struct span	 domain = a->domain;
	size_t		 i;
	int		 n;

	if (a->flags != 0 || a->local.len == 0)
		return -1;
	for (i = 0; i < a->local.len; i++)
		if ((unsigned char)a->local.p[i] < ' ' ||
		    a->local.p[i] == 0x7f)
			return -1;
	if (domain.len == 0)
		domain = span_of(r->hostname);
	if ((n = smtp_local_quote(a->local, dst, size)) == -1 ||
	    (size_t)n + 2 > size)
		return -1;
	dst[n++] = '@';
	return smtp_domain_canon(domain, dst + n, size - (size_t)n);
}

int
rcpts_add(struct rcpts *r, struct span list)
{
	struct address_list	 parsed = ADDRESS_LIST_NONE;
	struct address		*a;
	char			 canon[SMTP_PATH_MAX + 1];
	size_t			 i;

	arena_reset(&r->arena);
	if (address_list_add(&r->arena, &parsed, list, RCPTS_MAX) == -1)
		return -1;
	for (i = 0; i < parsed.n; i++) {
		a = &parsed.v[i];
		if (a->kind != ADDRESS_MAILBOX)
			continue;
		if (canonical(r, a, canon, sizeof(canon)) == -1) {
			list = header_trim(list);
			if (r->bad == NULL)
				r->bad = strndup(list.p, list.len);
		} else if (rcpts_put(r, canon) == -1)
			return -1;
	}
	return 0;
}
