/* What is in the tables. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "edit.h"
#include "libtable/taddr.h"
#include "show.h"
#include "site.h"

/* The table's text as it is read. */
struct listing {
	json_t		*rows;
	const char	*file;
	int		 bad;
};

static json_t *
json_span(struct span s)
{
	json_t	*v;

	if ((v = json_stringn(s.p == NULL ? "" : s.p, s.len)) == NULL)
		v = json_string("(not UTF-8)");
	if (v == NULL)
		err(1, NULL);
	return v;
}

static void
set_span(json_t *row, const char *key, struct span s)
{
	json_object_set_new(row, key, json_span(s));
}

/* A quota: a number, 0 for none, left out when the default holds. */
static void
set_limit(json_t *row, const char *key, uint64_t n)
{
	if (n != TABTEXT_DEFAULT)
		json_object_set_new(row, key, json_integer((json_int_t)n));
}

static void
listing_error(unsigned line, struct span word, const char *text, void *arg)
{
	struct listing	*l = arg;

	fprintf(stderr, "%s:%u: %.*s%s%s\n", l->file, line, (int)word.len,
	    word.len > 0 ? word.p : "", word.len > 0 ? ": " : "", text);
	l->bad = 1;
}

static int
domain_row(const struct tabrow *t, void *arg)
{
	struct listing	*l = arg;
	json_t		*row = json_object();

	set_span(row, "domain", t->key);
	if (t->alias_of.len > 0)
		set_span(row, "alias-of", t->alias_of);
	if (t->catch_all.len > 0)
		set_span(row, "catch-all", t->catch_all);
	json_array_append_new(l->rows, row);
	return 0;
}

static int
account_row(const struct tabrow *t, void *arg)
{
	struct listing	*l = arg;
	json_t		*row = json_object();

	set_span(row, "account", t->key);
	json_object_set_new(row, "login", json_boolean(t->secret.len > 0 &&
	    !t->disabled));
	json_object_set_new(row, "state", json_string(t->disabled ?
	    "disabled" : t->secret.len == 0 ? "no password" : "active"));
	set_limit(row, "quota", t->quota_bytes);
	set_limit(row, "quota-messages", t->quota_messages);
	if (t->display.len > 0)
		set_span(row, "name", t->display);
	json_array_append_new(l->rows, row);
	return 0;
}

/* A row for each alias, with an array of its members. */
static int
alias_row(const struct tabrow *t, void *arg)
{
	struct listing	*l = arg;
	json_t		*row;

	if (t->member_n == 0) {
		row = json_object();
		set_span(row, "alias", t->key);
		json_object_set_new(row, "members", json_array());
		json_array_append_new(l->rows, row);
	}
	row = json_array_get(l->rows, json_array_size(l->rows) - 1);
	json_array_append_new(json_object_get(row, "members"),
	    json_span(t->member));
	return 0;
}

/* Good rows are shown even when there are bad ones. */
static int
list(struct mailctl *m, enum tabkind kind, tabtext_row fn, json_t *rows)
{
	struct listing	 l = { .rows = rows };
	char		*text;
	size_t		 len;

	l.file = mailctl_site(m, 1)->tables[kind];
	if ((text = edit_read(l.file, &len)) == NULL) {
		warn("%s", l.file);
		return 1;
	}
	tabtext_parse(kind, text, len, fn, listing_error, &l);
	edit_free(text, len);
	return l.bad;
}

static const struct column domain_cols[] = {
	{ "domain",	"DOMAIN",	SHOW_TEXT },
	{ "alias-of",	"ALIAS-OF",	SHOW_TEXT },
	{ "catch-all",	"CATCH-ALL",	SHOW_TEXT },
	{ NULL,		NULL,		SHOW_TEXT }
};

static void
show_rows(const struct mailctl *m, const json_t *rows,
    const struct column *cols)
{
	if (m->json)
		show_json(rows);
	else
		show_table(rows, cols);
}

int
act_domain_list(struct mailctl *m, const struct request *r)
{
	json_t	*rows = act_rows();
	int	 ret;

	ret = list(m, TAB_DOMAINS, domain_row, rows);
	show_rows(m, rows, domain_cols);
	json_decref(rows);
	return ret;
}

static const struct column account_cols[] = {
	{ "account",		"ACCOUNT",	SHOW_TEXT },
	{ "state",		"STATE",	SHOW_TEXT },
	{ "messages",		"MESSAGES",	SHOW_NUMBER },
	{ "quota-messages",	"OF",		SHOW_COUNT },
	{ "bytes",		"SIZE",		SHOW_SIZE },
	{ "quota",		"QUOTA",	SHOW_LIMIT },
	{ "name",		"NAME",		SHOW_TEXT },
	{ "login",		"LOGIN",	SHOW_NOT },
	{ NULL,			NULL,		SHOW_TEXT }
};

static int
by_account(const void *a, const void *b)
{
	json_t *const	*x = a, *const *y = b;

	return strcmp(json_string_value(json_object_get(*x, "account")),
	    json_string_value(json_object_get(*y, "account")));
}

/* What the store says of an account becomes part of its row. */
static void
add_usage(json_t *rows, json_t *usage)
{
	json_t		**sorted, *row, **hit, *key;
	char		 canon[TADDR_MAX + 1];
	const char	*name;
	size_t		 i, n = 0;

	sorted = calloc(json_array_size(usage) + 1, sizeof(*sorted));
	if (sorted == NULL)
		err(1, NULL);
	json_array_foreach(usage, i, row)
		if (json_is_string(json_object_get(row, "account")))
			sorted[n++] = row;
	qsort(sorted, n, sizeof(*sorted), by_account);
	json_array_foreach(rows, i, row) {
		name = json_string_value(json_object_get(row, "account"));
		if (taddr_canon(canon, NULL, name, strlen(name)) == -1)
			continue;
		if ((key = json_pack("{s:s}", "account", canon)) == NULL)
			err(1, NULL);
		hit = bsearch(&key, sorted, n, sizeof(*sorted), by_account);
		if (hit != NULL)
			json_object_update_missing(row, *hit);
		json_decref(key);
	}
	free(sorted);
}

int
act_account_list(struct mailctl *m, const struct request *r)
{
	char	 text[ASK_TEXT];
	json_t	*rows = act_rows(), *usage = act_rows();
	int	 ret;

	ret = list(m, TAB_ACCOUNTS, account_row, rows);
	if (r->usage && act_ask(m, NULL, "account-usage", NULL, usage, text,
	    NULL) != 1) {
		warnx("%s", text);
		ret = 1;
	}
	add_usage(rows, usage);
	show_rows(m, rows, account_cols);
	json_decref(rows);
	json_decref(usage);
	return ret;
}

static const struct column alias_cols[] = {
	{ "alias",	"ALIAS",	SHOW_TEXT },
	{ "members",	"MEMBERS",	SHOW_TEXT },
	{ NULL,		NULL,		SHOW_TEXT }
};

/* For people the members are one text; the rows are not changed. */
static json_t *
joined(const json_t *rows)
{
	struct buf	 b;
	json_t		*out = act_rows(), *row, *member;
	size_t		 i, n;

	json_array_foreach(rows, i, row) {
		buf_init(&b, SIZE_MAX);
		json_array_foreach(json_object_get(row, "members"), n, member)
			buf_addf(&b, "%s%s", n > 0 ? ", " : "",
			    json_string_value(member));
		json_array_append_new(out, json_pack("{s:O, s:s%}", "alias",
		    json_object_get(row, "alias"), "members", buf_ptr(&b),
		    b.len));
		buf_free(&b);
	}
	return out;
}

int
act_alias_list(struct mailctl *m, const struct request *r)
{
	json_t	*rows = act_rows(), *text;
	int	 ret;

	ret = list(m, TAB_ALIASES, alias_row, rows);
	if (m->json)
		show_json(rows);
	else {
		text = joined(rows);
		show_table(text, alias_cols);
		json_decref(text);
	}
	json_decref(rows);
	return ret;
}
