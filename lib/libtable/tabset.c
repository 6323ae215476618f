/* The tables of a site, read and checked against one another. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libtable/tabset_local.h"
#include "libtable/taddr.h"

#define TABSET_CHUNK	65536

struct tabset *
tabset_new(char subaddress, tabset_error error, void *arg)
{
	struct tabset	*ts;

	if ((ts = calloc(1, sizeof(*ts))) == NULL)
		return NULL;
	ts->subaddress = subaddress;
	ts->error = error;
	ts->arg = arg;
	return ts;
}

void
tabset_free(struct tabset *ts)
{
	struct tabset_chunk	*chunk;
	int			 i;

	if (ts == NULL)
		return;
	while ((chunk = ts->chunks) != NULL) {
		ts->chunks = chunk->next;
		/* Secrets are among the strings. */
		explicit_bzero(chunk->data, chunk->used);
		free(chunk);
	}
	for (i = 0; i < TAB_MAX; i++)
		free(ts->files[i]);
	free(ts->domains);
	free(ts->accounts);
	free(ts->aliases);
	free(ts->members);
	free(ts);
}

size_t
tabset_count(const struct tabset *ts, enum tabkind kind)
{
	switch (kind) {
	case TAB_DOMAINS:
		return ts->ndomains;
	case TAB_ALIASES:
		return ts->naliases;
	default:
		return ts->naccounts;
	}
}

void
tabset_fail(struct tabset *ts, enum tabkind kind, unsigned line,
    const char *word, const char *fmt, ...)
{
	va_list	 ap;
	char	 text[1024];

	if (ts->nerrors++ > TABSET_ERRORS)
		return;
	if (ts->nerrors > TABSET_ERRORS) {
		ts->error(ts->files[kind], line, "", "too many errors, not "
		    "all are shown", ts->arg);
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ts->error(ts->files[kind], line, word, text, ts->arg);
}

/* A copy that lives as long as the set; NULL marks it as out of memory. */
static const char *
tabset_copy(struct tabset *ts, const char *s, size_t len)
{
	struct tabset_chunk	*chunk = ts->chunks;
	char			*copy;

	if (chunk == NULL || TABSET_CHUNK - chunk->used < len + 1) {
		chunk = malloc(sizeof(*chunk) + TABSET_CHUNK);
		if (chunk == NULL) {
			ts->nomem = 1;
			return NULL;
		}
		chunk->used = 0;
		chunk->next = ts->chunks;
		ts->chunks = chunk;
	}
	copy = chunk->data + chunk->used;
	memcpy(copy, s, len);
	copy[len] = '\0';
	chunk->used += len + 1;
	return copy;
}

/* Room for one more of size bytes at the end of an array: where, or NULL. */
static void *
tabset_grow(struct tabset *ts, void *arrayp, size_t *n, size_t size)
{
	void	*array;

	memcpy(&array, arrayp, sizeof(array));
	/* Doubles whenever the count is a power of two. */
	if (*n == 0 || (*n & (*n - 1)) == 0) {
		array = reallocarray(array, *n == 0 ? 1 : *n * 2, size);
		if (array == NULL) {
			ts->nomem = 1;
			return NULL;
		}
		memcpy(arrayp, &array, sizeof(array));
	}
	return memset((char *)array + (*n)++ * size, 0, size);
}

/* A span as a word for an error message. */
static const char *
tabset_word(char *dst, size_t dstsize, struct span s)
{
	snprintf(dst, dstsize, "%.*s", (int)(s.len > 400 ? 400 : s.len),
	    s.p == NULL ? "" : s.p);
	return dst;
}

/* Canonical copy of an address in a table, or NULL with the error told. */
static const char *
tabset_address(struct tabset *ts, enum tabkind kind, unsigned line,
    struct span s)
{
	char	 canon[TADDR_MAX + 1], word[512];

	if (s.len > 0 && s.p[0] != '"' &&
	    taddr_canon(canon, NULL, s.p, s.len) == 0)
		return tabset_copy(ts, canon, strlen(canon));
	tabset_fail(ts, kind, line, tabset_word(word, sizeof(word), s),
	    "not an address");
	return NULL;
}

static const char *
tabset_name(struct tabset *ts, enum tabkind kind, unsigned line,
    struct span s)
{
	char	 canon[TADDR_DOMAIN + 1], word[512];

	if (s.len > 0 && taddr_domain(canon, s.p, s.len) == 0)
		return tabset_copy(ts, canon, strlen(canon));
	tabset_fail(ts, kind, line, tabset_word(word, sizeof(word), s),
	    "not a domain name");
	return NULL;
}

static int
tabset_row_domain(struct tabset *ts, const struct tabrow *row)
{
	struct tabset_domain	*d;
	const char		*name;

	name = tabset_name(ts, TAB_DOMAINS, row->line, row->key);
	if (name == NULL)
		return 0;
	d = tabset_grow(ts, &ts->domains, &ts->ndomains, sizeof(*d));
	if (d == NULL)
		return 0;
	d->name = name;
	d->line = row->line;
	if (row->alias_of.len > 0)
		d->alias_of = tabset_name(ts, TAB_DOMAINS, row->line,
		    row->alias_of);
	if (row->catch_all.len > 0)
		d->catch_all = tabset_address(ts, TAB_DOMAINS, row->line,
		    row->catch_all);
	return 0;
}

static int
tabset_row_account(struct tabset *ts, const struct tabrow *row)
{
	struct tabset_account	*a;
	const char		*name;

	name = tabset_address(ts, TAB_ACCOUNTS, row->line, row->key);
	if (name == NULL)
		return 0;
	a = tabset_grow(ts, &ts->accounts, &ts->naccounts, sizeof(*a));
	if (a == NULL)
		return 0;
	a->name = name;
	a->line = row->line;
	a->order = (uint32_t)(ts->naccounts - 1);
	a->quota_bytes = row->quota_bytes;
	a->quota_messages = row->quota_messages;
	a->disabled = row->disabled;
	if (row->secret.len > 0)
		a->secret = tabset_copy(ts, row->secret.p, row->secret.len);
	if (row->display.len > 0)
		a->display = tabset_copy(ts, row->display.p, row->display.len);
	return 0;
}

/* a@d, @d or a: the canonical key of an alias. */
static const char *
tabset_aliaskey(struct tabset *ts, const struct tabrow *row)
{
	char	 canon[TADDR_MAX + 2], word[512];

	if (row->key.p[0] == '@') {
		canon[0] = '@';
		if (taddr_domain(canon + 1, row->key.p + 1,
		    row->key.len - 1) == 0)
			return tabset_copy(ts, canon, strlen(canon));
	} else if (memchr(row->key.p, '@', row->key.len) == NULL) {
		if (taddr_local(canon, row->key.p, row->key.len) == 0)
			return tabset_copy(ts, canon, strlen(canon));
	} else
		return tabset_address(ts, TAB_ALIASES, row->line, row->key);
	tabset_fail(ts, TAB_ALIASES, row->line, tabset_word(word,
	    sizeof(word), row->key), "not an address, @domain or name");
	return NULL;
}

static int
tabset_row_alias(struct tabset *ts, const struct tabrow *row)
{
	struct tabset_alias	*al;
	struct tabset_member	*m;
	const char		*key;
	char			 addr[TADDR_MAX + 1], word[512];

	if (row->member_n == 0) {
		ts->skip = 1;
		if ((key = tabset_aliaskey(ts, row)) == NULL)
			return 0;
		al = tabset_grow(ts, &ts->aliases, &ts->naliases, sizeof(*al));
		if (al == NULL)
			return 0;
		al->name = key;
		al->line = row->line;
		al->first = ts->nmembers;
		ts->skip = 0;
	} else if (ts->skip)
		return 0;
	al = &ts->aliases[ts->naliases - 1];
	if (al->count == TABSET_MEMBERS) {
		tabset_fail(ts, TAB_ALIASES, row->member_line, al->name,
		    "more than %d members", TABSET_MEMBERS);
		ts->skip = 1;
		return 0;
	}
	m = tabset_grow(ts, &ts->members, &ts->nmembers, sizeof(*m));
	if (m == NULL)
		return 0;
	m->line = row->member_line;
	m->target = TABSET_NOTARGET;
	al->count++;
	if (span_ieqs(row->member, "discard"))
		m->discard = 1;
	else if (taddr_remote(addr, row->member.p, row->member.len) == 0)
		m->address = tabset_copy(ts, addr, strlen(addr));
	else
		tabset_fail(ts, TAB_ALIASES, m->line, tabset_word(word,
		    sizeof(word), row->member), "not an address");
	return 0;
}

static int
tabset_row(const struct tabrow *row, void *arg)
{
	struct tabset	*ts = arg;

	switch (ts->reading) {
	case TAB_DOMAINS:
		return tabset_row_domain(ts, row);
	case TAB_ACCOUNTS:
		return tabset_row_account(ts, row);
	default:
		return tabset_row_alias(ts, row);
	}
}

static void
tabset_texterror(unsigned line, struct span word, const char *text, void *arg)
{
	struct tabset	*ts = arg;
	char		 buf[512];

	tabset_fail(ts, ts->reading, line, tabset_word(buf, sizeof(buf), word),
	    "%s", text);
}

int
tabset_add(struct tabset *ts, enum tabkind kind, const char *file,
    const char *text, size_t len)
{
	unsigned	 before = ts->nerrors;

	free(ts->files[kind]);
	if ((ts->files[kind] = strdup(file)) == NULL)
		return -1;
	ts->reading = kind;
	tabtext_parse(kind, text, len, tabset_row, tabset_texterror, ts);
	if (ts->nomem) {
		ts->error(file, 0, "", "out of memory", ts->arg);
		return -1;
	}
	return ts->nerrors == before ? 0 : -1;
}
