/* Changes to the tables, and telling the daemon. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "act.h"
#include "edit.h"
#include "libtable/tabedit.h"
#include "password.h"
#include "show.h"
#include "site.h"

#define RELOAD_TRIES	100		/* 0.1 s each: one may be under way */

/* What an edit_fn is to do. */
struct change {
	const struct request	*r;
	enum tabkind		 kind;
	const char		*line;		/* a new entry */
	const char		*secret;
	const char		*member;	/* that could not be */
};

/* ---- how it went -------------------------------------------------------- */

/* errors: lines; JSON has them as one text. */
static int
refused(const struct mailctl *m, const struct buf *errors)
{
	char	*text, *line, *rest;

	if ((text = strndup((const char *)buf_ptr(errors), errors->len)) ==
	    NULL)
		err(1, NULL);
	if (errors->len > 0)
		text[errors->len - 1] = '\0';
	if (m->json) {
		json_t	*o = json_pack("{s:b, s:s}", "ok", 0, "text", text);

		if (o == NULL)
			o = json_pack("{s:b, s:s}", "ok", 0, "text",
			    "not UTF-8");
		show_json(o);
		json_decref(o);
	} else {
		rest = text;
		while ((line = strsep(&rest, "\n")) != NULL) {
			show_clean(line);
			fprintf(stderr, "%s\n", line);
		}
		warnx("nothing was changed");
	}
	free(text);
	return 1;
}

/*
 * Tell the daemon.  A site may be set up before it first runs, so that it is
 * no error when it does not.
 */
static int
reload(struct mailctl *m, char text[ASK_TEXT], int *down)
{
	static const struct timespec	 pause = { 0, 100000000 };
	json_t	*rows = act_rows();
	int	 ok, i;

	for (i = 0; i < RELOAD_TRIES; i++) {
		ok = act_ask(m, NULL, "reload", NULL, rows, text, down);
		if (ok != 0 || strcmp(text, "busy") != 0)
			break;
		nanosleep(&pause, NULL);
	}
	json_decref(rows);
	return ok;
}

/* name did what: reload and say so. */
static int
changed(struct mailctl *m, const char *name, const char *what)
{
	char	 text[ASK_TEXT], said[ASK_TEXT * 2];
	int	 ok, down = 0;

	ok = reload(m, text, &down);
	if (ok == 1)
		snprintf(said, sizeof(said), "%s %s", name, what);
	else if (down)
		snprintf(said, sizeof(said), "%s %s; maild does not run",
		    name, what);
	else
		snprintf(said, sizeof(said), "%s %s, but maild did not take "
		    "it: %s", name, what, text);
	said[ASK_TEXT - 1] = '\0';
	return act_said(m, ok == 1 || down ? 1 : 0, said);
}

/* Do it; 0, or -1 after it was said why not. */
static int
change(struct mailctl *m, enum tabkind kind, edit_fn fn, struct change *c)
{
	static const char *const	 names[] = {
		[TAB_DOMAINS] = "domain",
		[TAB_ACCOUNTS] = "account",
		[TAB_ALIASES] = "alias",
	};
	struct site	*site = mailctl_site(m, 1);
	struct buf	 errors;
	char		 text[ASK_TEXT];
	int		 ret;

	buf_init(&errors, SIZE_MAX);
	c->kind = kind;
	ret = edit_table(site, kind, fn, c, &errors);
	if (ret == -1 && errors.len == 0) {
		if (c->member != NULL)
			snprintf(text, sizeof(text), "%s is %s member of %s",
			    c->member, errno == EEXIST ? "already a" : "no",
			    c->r->name);
		else
			snprintf(text, sizeof(text), errno == EEXIST ?
			    "%s is there already" : "there is no %s",
			    c->r->name);
		if (c->member == NULL && errno == ENOENT)
			snprintf(text, sizeof(text), "there is no %s %s",
			    names[kind], c->r->name);
		act_said(m, 0, text);
	} else if (ret == -1)
		refused(m, &errors);
	buf_free(&errors);
	return ret;
}

/* ---- changes ------------------------------------------------------------ */

static int
do_add(const char *text, size_t len, struct buf *out, void *arg)
{
	struct change	*c = arg;

	return tabedit_add(c->kind, text, len, c->line, out);
}

static int
do_remove(const char *text, size_t len, struct buf *out, void *arg)
{
	struct change	*c = arg;

	return tabedit_remove(c->kind, text, len, c->r->name, out);
}

static int
do_secret(const char *text, size_t len, struct buf *out, void *arg)
{
	struct change	*c = arg;

	return tabedit_secret(text, len, c->r->name, c->secret, out);
}

/* All members or none. */
static int
do_members(const char *text, size_t len, struct buf *out, void *arg,
    int (*edit)(const char *, size_t, const char *, const char *,
    struct buf *))
{
	struct change	*c = arg;
	struct buf	 last;
	size_t		 i;
	int		 ret = 0, saved;

	buf_init(&last, out->max);
	if (buf_add(&last, text, len) == -1)
		return -1;
	for (i = 0; ret == 0 && i < c->r->nmembers; i++) {
		buf_truncate(out, 0);
		c->member = c->r->members[i];
		ret = edit((char *)buf_ptr(&last), last.len, c->r->name,
		    c->member, out);
		saved = errno;
		buf_truncate(&last, 0);
		if (ret == 0 && out->len > 0)
			ret = buf_add(&last, buf_ptr(out), out->len);
		errno = saved;
	}
	saved = errno;
	buf_free(&last);
	errno = saved;
	return ret;
}

static int
do_member_add(const char *text, size_t len, struct buf *out, void *arg)
{
	return do_members(text, len, out, arg, tabedit_member_add);
}

static int
do_member_remove(const char *text, size_t len, struct buf *out, void *arg)
{
	return do_members(text, len, out, arg, tabedit_member_remove);
}

/* ---- domains ------------------------------------------------------------ */

int
act_domain_add(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };
	char		 line[1024];

	snprintf(line, sizeof(line), "%s%s%s%s%s", r->name,
	    r->alias_of != NULL ? " alias-of " : "",
	    r->alias_of != NULL ? r->alias_of : "",
	    r->catch_all != NULL ? " catch-all " : "",
	    r->catch_all != NULL ? r->catch_all : "");
	c.line = line;
	if (change(m, TAB_DOMAINS, do_add, &c) == -1)
		return 1;
	return changed(m, r->name, "added");
}

int
act_domain_remove(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };

	if (change(m, TAB_DOMAINS, do_remove, &c) == -1)
		return 1;
	return changed(m, r->name, "removed");
}

/* ---- accounts ----------------------------------------------------------- */

static int
secret_read(const struct request *r, char *secret, size_t size)
{
	char	 password[PASSWORD_MAX + 1];
	int	 ret;

	if (password_read(r->name, password) == -1)
		return -1;
	if (!r->hashed)
		ret = password_secret(password, secret, size);
	else if (strlen(password) > TABTEXT_SECRET ||
	    strpbrk(password, " \t#\"") != NULL ||
	    (strchr(password, ':') != NULL &&
	    strncmp(password, "SCRAM-", 6) != 0)) {
		warnx("that is no secret as tables(5) has it");
		ret = -1;
	} else {
		strlcpy(secret, password, size);
		ret = 0;
	}
	explicit_bzero(password, sizeof(password));
	return ret;
}

static int
add_option(struct buf *line, const char *name, const char *value,
    const char *quote)
{
	if (value == NULL)
		return 0;
	return buf_addf(line, "%s%s=%s%s%s", line->len > 0 &&
	    buf_ptr(line)[line->len - 1] == ':' ? "" : ",", name, quote,
	    value, quote);
}

int
act_account_add(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };
	struct buf	 line;
	char		 secret[TABTEXT_SECRET + 1];
	int		 e, ret;

	(void)mailctl_site(m, 1);	/* before anything is typed */
	if (secret_read(r, secret, sizeof(secret)) == -1)
		return 1;
	buf_init(&line, TABTEXT_LINE);
	e = buf_addf(&line, "%s:%s", r->name, secret);
	explicit_bzero(secret, sizeof(secret));
	if (r->quota != NULL || r->messages != NULL || r->display != NULL)
		e |= buf_addc(&line, ':');
	e |= add_option(&line, "quota", r->quota, "");
	e |= add_option(&line, "messages", r->messages, "");
	e |= add_option(&line, "name", r->display, "\"");
	e |= buf_addc(&line, '\0');
	if (e != 0)
		errx(1, "the line is too long");
	c.line = (char *)buf_ptr(&line);
	ret = change(m, TAB_ACCOUNTS, do_add, &c);
	buf_freezero(&line);
	return ret == -1 ? 1 : changed(m, r->name, "added");
}

int
act_account_passwd(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };
	char		 secret[TABTEXT_SECRET + 1];
	int		 ret;

	(void)mailctl_site(m, 1);
	if (secret_read(r, secret, sizeof(secret)) == -1)
		return 1;
	c.secret = secret;
	ret = change(m, TAB_ACCOUNTS, do_secret, &c);
	explicit_bzero(secret, sizeof(secret));
	return ret == -1 ? 1 : changed(m, r->name, "has a new password");
}

/*
 * The mail goes only when nobody can deliver to it any more, that is after
 * the daemon has taken the new table.
 */
int
act_account_remove(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };
	char		 text[ASK_TEXT], said[ASK_TEXT * 2];
	json_t		*rows;
	int		 ok, down = 0;

	if (change(m, TAB_ACCOUNTS, do_remove, &c) == -1)
		return 1;
	if (!r->purge)
		return changed(m, r->name, "removed; its mail is still there");
	rows = act_rows();
	if ((ok = reload(m, text, &down)) == 1)
		ok = act_ask(m, NULL, "account-purge", r->name, rows, text,
		    NULL);
	json_decref(rows);
	snprintf(said, sizeof(said), ok == 1 ? "%s removed with its mail" :
	    "%s removed, but its mail is still there: %s", r->name, text);
	said[ASK_TEXT - 1] = '\0';
	return act_said(m, ok, said);
}

/* ---- aliases ------------------------------------------------------------ */

int
act_alias_add(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };

	if (change(m, TAB_ALIASES, do_member_add, &c) == -1)
		return 1;
	return changed(m, r->name, "added");
}

int
act_alias_remove(struct mailctl *m, const struct request *r)
{
	struct change	 c = { .r = r };
	int		 ret;

	ret = change(m, TAB_ALIASES, r->nmembers > 0 ? do_member_remove :
	    do_remove, &c);
	return ret == -1 ? 1 : changed(m, r->name, "removed");
}
