/* The configuration: making, freeing, errors with their place. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"

static const struct {
	const char	*name;
	int		 port;
} conf_kinds[LISTEN_KINDS] = {
	[LISTEN_SMTP] = { "smtp", 25 },
	[LISTEN_SUBMISSION] = { "submission", 587 },
	[LISTEN_SUBMISSIONS] = { "submissions", 465 },
	[LISTEN_LMTP] = { "lmtp", 0 },
	[LISTEN_LOCAL] = { "local", 0 },
	[LISTEN_IMAP] = { "imap", 143 },
	[LISTEN_IMAPS] = { "imaps", 993 },
	[LISTEN_POP3] = { "pop3", 110 },
	[LISTEN_POP3S] = { "pop3s", 995 },
	[LISTEN_CONTROL] = { "control", 0 },
};

static void	(*error_hook)(const char *);
static char	 error_first[1024];

int
conf_port(enum conf_listen_kind kind)
{
	return kind < LISTEN_KINDS ? conf_kinds[kind].port : 0;
}

const char *
conf_kind_name(enum conf_listen_kind kind)
{
	return kind < LISTEN_KINDS ? conf_kinds[kind].name : "?";
}

int
conf_kind(const char *name)
{
	int	 i;

	/* LISTEN_CONTROL has a statement of its own. */
	for (i = 0; i < LISTEN_CONTROL; i++)
		if (strcmp(conf_kinds[i].name, name) == 0)
			return i;
	return -1;
}

int
conf_listen_both(const struct conf_listen *l)
{
	return l->path == NULL && (strcmp(l->tag, "*") == 0 ||
	    strcmp(l->tag, "localhost") == 0);
}

char *
conf_strdup(const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		fatal("strdup");
	return copy;
}

struct conf *
conf_new(void)
{
	const struct conf_limit	*l;
	struct conf		*conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		fatal("calloc");
	TAILQ_INIT(&conf->listens);
	TAILQ_INIT(&conf->certs);
	TAILQ_INIT(&conf->dkims);
	TAILQ_INIT(&conf->trusted);
	TAILQ_INIT(&conf->routes);
	for (l = conf_limit_table; l->name != NULL; l++)
		conf_limit_set(conf, l, l->dflt);
	conf->queue_lifetime = 5 * 86400;
	conf->queue_warn = 4 * 3600;
	conf->trace_lifetime = 14 * 86400;
	conf->subaddress = '+';
	conf->dns_port = 53;
	conf->smtp_port = 25;
	return conf;
}

uint32_t
conf_add_file(struct conf *conf, const char *file)
{
	unsigned	 i;

	for (i = 0; i < conf->nfiles; i++)
		if (strcmp(conf->files[i], file) == 0)
			return i;
	conf->files = reallocarray(conf->files, conf->nfiles + 1,
	    sizeof(conf->files[0]));
	if (conf->files == NULL)
		fatal("reallocarray");
	conf->files[conf->nfiles] = conf_strdup(file);
	return conf->nfiles++;
}

struct conf_listen *
conf_add_listen(struct conf *conf, struct conf_pos pos,
    enum conf_listen_kind kind)
{
	struct conf_listen	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("calloc");
	l->pos = pos;
	l->kind = kind;
	l->fd = -1;
	TAILQ_INSERT_TAIL(&conf->listens, l, entry);
	return l;
}

char *
conf_path(const struct conf *conf, uint32_t file, const char *path)
{
	const char	*from, *slash;
	char		*full;

	if (path[0] == '/' || file >= conf->nfiles)
		return conf_strdup(path);
	from = conf->files[file];
	if ((slash = strrchr(from, '/')) == NULL)
		return conf_strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - from), from, path) == -1)
		fatal("asprintf");
	return full;
}

/* ---- errors ------------------------------------------------------------- */

static void
conf_say(const char *line)
{
	if (error_hook != NULL)
		error_hook(line);
	else
		log_warnx("%s", line);
}

void
conf_error_hook(void (*hook)(const char *))
{
	error_hook = hook;
}

void
conf_error_reset(void)
{
	error_first[0] = '\0';
}

const char *
conf_error_first(void)
{
	return error_first;
}

static void
conf_format(char *dst, size_t size, const char *file, unsigned line,
    const char *word, const char *text)
{
	char	 at[16] = "";

	if (line > 0)
		snprintf(at, sizeof(at), ":%u", line);
	snprintf(dst, size, "%s%s: %s%s%s", file, at,
	    word == NULL ? "" : word, word == NULL || word[0] == '\0' ? "" :
	    ": ", text);
}

void
conf_error_line(const char *file, unsigned line, const char *word,
    const char *text)
{
	char	 full[sizeof(error_first)];

	conf_format(full, sizeof(full), file, line, word, text);
	if (error_first[0] == '\0')
		strlcpy(error_first, full, sizeof(error_first));
	conf_say(full);
}

static const char *
conf_file_of(const struct conf *conf, struct conf_pos pos)
{
	return pos.file < conf->nfiles ? conf->files[pos.file] : "maild.conf";
}

void
conf_error(const struct conf *conf, struct conf_pos pos, const char *word,
    const char *fmt, ...)
{
	char	 text[768];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_error_line(conf_file_of(conf, pos), pos.line, word, text);
}

void
conf_warning(const struct conf *conf, struct conf_pos pos, const char *word,
    const char *fmt, ...)
{
	char	 text[768], full[1024];
	size_t	 n;
	va_list	 ap;

	n = strlcpy(text, "warning: ", sizeof(text));
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	conf_format(full, sizeof(full), conf_file_of(conf, pos), pos.line,
	    word, text);
	conf_say(full);
}

/* ---- the end ------------------------------------------------------------ */

static void
conf_free_lists(struct conf *conf)
{
	struct conf_listen	*l;
	struct conf_cert	*c;
	struct conf_dkim	*d;
	struct conf_net		*n;
	struct conf_route	*r;

	while ((l = TAILQ_FIRST(&conf->listens)) != NULL) {
		TAILQ_REMOVE(&conf->listens, l, entry);
		free(l->path);
		free(l->tag);
		free(l);
	}
	while ((c = TAILQ_FIRST(&conf->certs)) != NULL) {
		TAILQ_REMOVE(&conf->certs, c, entry);
		free(c->name);
		free(c->certfile);
		free(c->keyfile);
		free(c->pem);
		free(c);
	}
	while ((d = TAILQ_FIRST(&conf->dkims)) != NULL) {
		TAILQ_REMOVE(&conf->dkims, d, entry);
		free(d->domain);
		free(d->selector);
		free(d->keyfile);
		free(d);
	}
	while ((n = TAILQ_FIRST(&conf->trusted)) != NULL) {
		TAILQ_REMOVE(&conf->trusted, n, entry);
		free(n);
	}
	while ((r = TAILQ_FIRST(&conf->routes)) != NULL) {
		TAILQ_REMOVE(&conf->routes, r, entry);
		free(r->domain);
		free(r->host);
		free(r->user);
		if (r->password != NULL)
			freezero(r->password, strlen(r->password));
		free(r->password_file);
		free(r->ca);
		free(r->ca_file);
		free(r);
	}
}

void
conf_free(struct conf *conf)
{
	unsigned	 i;

	if (conf == NULL)
		return;
	conf_free_lists(conf);
	for (i = 0; i < conf->nfiles; i++)
		free(conf->files[i]);
	free(conf->files);
	free(conf->hostname);
	free(conf->file);
	free(conf->prefix);
	free(conf->dir_store);
	free(conf->dir_spool);
	free(conf->dir_dkim);
	free(conf->path_control);
	free(conf->file_domains);
	free(conf->file_accounts);
	free(conf->file_aliases);
	free(conf->postmaster);
	free(conf->dns_server);
	freezero(conf, sizeof(*conf));
}
