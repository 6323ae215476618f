/* The little of maild.conf(5) that mailctl needs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "libutil/conf_lex.h"
#include "site.h"

#define SITE_WORDS	8	/* of a statement that are looked at */
#define SITE_FILES	100	/* that are included */

/* One statement, and where it stands. */
struct reader {
	struct site	*site;
	struct lex	 lex;
	char		*files[SITE_FILES];
	unsigned	 nfiles;
	char		*words[SITE_WORDS];
	unsigned	 nwords;
	unsigned	 file;		/* of the first word */
	int		 equals;	/* the second token was = */
	int		 bad;
	int		 nomem;
};

static void
reader_reset(struct reader *r)
{
	while (r->nwords > 0)
		free(r->words[--r->nwords]);
	r->equals = r->bad = 0;
}

/* Relative to the file that says so, as maild reads it. */
static char *
reader_path(const struct reader *r, unsigned file, const char *path)
{
	const char	*from, *slash;
	char		*full;

	if (path[0] == '/' || file >= r->nfiles)
		return strdup(path);
	from = r->files[file];
	if ((slash = strrchr(from, '/')) == NULL)
		return strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - from), from, path) == -1)
		return NULL;
	return full;
}

/* What is given twice is an error to maild; here the first one counts. */
static void
reader_set(struct reader *r, char **where, const char *value, int path)
{
	if (*where != NULL)
		return;
	*where = path ? reader_path(r, r->file, value) : strdup(value);
	if (*where == NULL)
		r->nomem = 1;
}

static int
reader_is(const struct reader *r, unsigned n, const char *a, const char *b)
{
	return r->nwords == n && strcmp(r->words[0], a) == 0 &&
	    (b == NULL || strcmp(r->words[1], b) == 0);
}

static void
reader_include(struct reader *r, const char *path)
{
	char	*full;

	if (r->nfiles == SITE_FILES)
		return;
	if ((full = reader_path(r, r->file, path)) == NULL) {
		r->nomem = 1;
		return;
	}
	r->files[r->nfiles] = full;
	if (lex_push(&r->lex, full, r->nfiles++) != NULL)
		return;		/* maild will say so */
}

static void
reader_statement(struct reader *r)
{
	struct site	*s = r->site;
	char		**w = r->words;

	if (r->bad || r->nwords == 0)
		return;
	if (r->equals) {
		if (r->nwords == 2 &&
		    lex_macro_set(&r->lex, w[0], w[1], 0) == -1)
			r->nomem = 1;
	} else if (reader_is(r, 2, "include", NULL))
		reader_include(r, w[1]);
	else if (reader_is(r, 2, "hostname", NULL))
		reader_set(r, &s->hostname, w[1], 0);
	else if (reader_is(r, 3, "table", "domains"))
		reader_set(r, &s->tables[TAB_DOMAINS], w[2], 1);
	else if (reader_is(r, 3, "table", "accounts"))
		reader_set(r, &s->tables[TAB_ACCOUNTS], w[2], 1);
	else if (reader_is(r, 3, "table", "aliases"))
		reader_set(r, &s->tables[TAB_ALIASES], w[2], 1);
	else if (reader_is(r, 3, "store", "directory"))
		reader_set(r, &s->store, w[2], 1);
	else if (reader_is(r, 3, "queue", "directory"))
		reader_set(r, &s->spool, w[2], 1);
	else if (reader_is(r, 3, "control", "socket"))
		reader_set(r, &s->control, w[2], 1);
	else if (reader_is(r, 5, "listen", "on") &&
	    strcmp(w[2], "socket") == 0 && strcmp(w[4], "local") == 0)
		reader_set(r, &s->local, w[3], 1);
	else if (reader_is(r, 5, "listen", "on") &&
	    strcmp(w[2], "socket") == 0 && strcmp(w[4], "imap") == 0)
		reader_set(r, &s->imap, w[3], 1);
	else if (reader_is(r, 2, "subaddress", NULL))
		s->subaddress = strcmp(w[1], "none") == 0 ? 0 : w[1][0];
}

static void
reader_word(struct reader *r)
{
	if (r->nwords == 0)
		r->file = r->lex.file;
	if (r->nwords == SITE_WORDS)
		return;
	if ((r->words[r->nwords] = strdup(r->lex.word)) == NULL)
		r->nomem = 1;
	else
		r->nwords++;
}

static void
reader_run(struct reader *r)
{
	unsigned	 depth = 0;	/* of braces: nothing of ours there */

	for (;;) {
		switch (lex_next(&r->lex)) {
		case LEX_END:
			return;
		case LEX_NEWLINE:
			if (depth == 0) {
				reader_statement(r);
				reader_reset(r);
			}
			break;
		case LEX_STRING:
		case LEX_QUOTED:
			if (depth == 0)
				reader_word(r);
			break;
		case LEX_PUNCT:
			if (r->lex.word[0] == '{')
				depth++;
			else if (r->lex.word[0] == '}' && depth > 0)
				depth--;
			else if (r->lex.word[0] == '=' && r->nwords == 1)
				r->equals = 1;
			break;
		case LEX_ERROR:
			r->bad = 1;
			break;
		}
	}
}

/* Below the directory of -P all stands side by side. */
static void
site_default(struct reader *r, char **where, const char *prefix,
    const char *path)
{
	if (*where != NULL)
		return;
	if (prefix == NULL)
		*where = strdup(path);
	else if (asprintf(where, "%s%s", prefix, strrchr(path, '/')) == -1)
		*where = NULL;
	if (*where == NULL)
		r->nomem = 1;
}

static void
site_beside(struct reader *r, char **where, const char *name)
{
	if (*where == NULL && (*where = reader_path(r, 0, name)) == NULL)
		r->nomem = 1;
}

static void
site_defaults(struct reader *r, const char *prefix)
{
	struct site	*s = r->site;
	char		 name[256];

	site_beside(r, &s->tables[TAB_DOMAINS], "domains");
	site_beside(r, &s->tables[TAB_ACCOUNTS], "accounts");
	site_beside(r, &s->tables[TAB_ALIASES], "aliases");
	site_default(r, &s->control, prefix, PATH_RUN "/maild/control.sock");
	site_default(r, &s->store, prefix, PATH_VAR "/maild/store");
	site_default(r, &s->spool, prefix, PATH_VAR "/maild/spool");
	site_default(r, &s->local, prefix, PATH_RUN "/maild/sendmail.sock");
	site_default(r, &s->imap, prefix, PATH_RUN "/maild/imap.sock");
	if (s->hostname == NULL) {
		if (gethostname(name, sizeof(name)) == -1 || name[0] == '\0')
			strlcpy(name, "localhost", sizeof(name));
		name[sizeof(name) - 1] = '\0';
		reader_set(r, &s->hostname, name, 0);
	}
}

static void
reader_macros(struct reader *r, char *const *macros, unsigned nmacros)
{
	char		 name[128];
	const char	*eq;
	unsigned	 i;

	for (i = 0; i < nmacros; i++) {
		if ((eq = strchr(macros[i], '=')) == NULL ||
		    (size_t)(eq - macros[i]) >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(eq - macros[i]),
		    macros[i]);
		if (lex_macro_set(&r->lex, name, eq + 1, 1) == -1)
			r->nomem = 1;
	}
}

struct site *
site_new(const char *file, const char *prefix, char *const *macros,
    unsigned nmacros)
{
	struct reader	*r;
	struct site	*s;
	unsigned	 i;
	int		 nomem;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (r = calloc(1, sizeof(*r))) == NULL) {
		free(s);
		return NULL;
	}
	r->site = s;
	s->subaddress = '+';
	if (file != NULL)
		s->file = strdup(file);
	else
		site_default(r, &s->file, prefix,
		    PATH_SYSCONF "/mail/maild.conf");
	if (s->file != NULL && (r->files[0] = strdup(s->file)) != NULL) {
		r->nfiles = 1;
		reader_macros(r, macros, nmacros);
		errno = 0;
		if (lex_push(&r->lex, s->file, 0) == NULL)
			reader_run(r);
		else
			s->error = errno == 0 ? EINVAL : errno;
		reader_reset(r);
		site_defaults(r, prefix);
	} else
		r->nomem = 1;
	lex_free(&r->lex);
	for (i = 0; i < r->nfiles; i++)
		free(r->files[i]);
	nomem = r->nomem;
	free(r);
	if (nomem) {
		site_free(s);
		return NULL;
	}
	return s;
}

void
site_free(struct site *s)
{
	int	 i;

	if (s == NULL)
		return;
	for (i = 0; i < TAB_MAX; i++)
		free(s->tables[i]);
	free(s->file);
	free(s->hostname);
	free(s->control);
	free(s->local);
	free(s->imap);
	free(s->store);
	free(s->spool);
	free(s);
}
