/* Whether a configuration can be, and what it means where it is silent. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"
#include "msg.h"

#define PASSWORD_MAX	512
#define PATH_LEN	104		/* of sun_path, the shortest of them */

static const struct conf_pos	 nowhere;

/* ---- defaults ----------------------------------------------------------- */

/* Below the directory of -P all stands side by side. */
static void
default_path(const struct conf *conf, char **where, const char *path)
{
	if (*where != NULL)
		return;
	if (conf->prefix == NULL)
		*where = conf_strdup(path);
	else if (asprintf(where, "%s%s", conf->prefix, strrchr(path, '/')) ==
	    -1)
		fatal("asprintf");
}

/* Tables and DKIM keys stand next to the file. */
static void
default_beside(const struct conf *conf, char **where, const char *name)
{
	if (*where == NULL)
		*where = conf_path(conf, 0, name);
}

static void
default_hostname(struct conf *conf)
{
	char	 name[256];

	if (conf->hostname != NULL)
		return;
	if (gethostname(name, sizeof(name)) == -1)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	conf->hostname = conf_strdup(name);
}

/*
 * smtp and imap mostly wait for others, so that one is enough for two
 * processors; scan works.
 */
static void
default_processes(struct conf *conf)
{
	long		 cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned	 n = cpus < 1 ? 1 : cpus > 16 ? 16 : (unsigned)cpus;
	int		 i;

	if (conf->nproc[PROC_SMTP] == 0)
		conf->nproc[PROC_SMTP] = (n + 3) / 4;
	if (conf->nproc[PROC_IMAP] == 0)
		conf->nproc[PROC_IMAP] = (n + 3) / 4;
	if (conf->nproc[PROC_SCAN] == 0)
		conf->nproc[PROC_SCAN] = n <= 2 ? 2 : (n + 1) / 2;
	for (i = 0; i < PROC_MAX; i++)
		if (conf->nproc[i] == 0)
			conf->nproc[i] = 1;
}

static void
default_sockets(struct conf *conf)
{
	struct conf_listen	*l;
	int			 local = 0, control = 0, imap = 0;

	TAILQ_FOREACH(l, &conf->listens, entry) {
		imap |= l->kind == LISTEN_IMAP && l->path != NULL;
		local |= l->kind == LISTEN_LOCAL;
		control |= l->kind == LISTEN_CONTROL;
	}
	if (!local) {
		l = conf_add_listen(conf, nowhere, LISTEN_LOCAL);
		default_path(conf, &l->path, PATH_RUN "/maild/sendmail.sock");
	}
	if (!imap) {
		l = conf_add_listen(conf, nowhere, LISTEN_IMAP);
		default_path(conf, &l->path, PATH_RUN "/maild/imap.sock");
	}
	if (!control) {
		l = conf_add_listen(conf, nowhere, LISTEN_CONTROL);
		l->path = conf_strdup(conf->path_control);
	}
}

static void
conf_defaults(struct conf *conf)
{
	default_hostname(conf);
	default_processes(conf);
	default_path(conf, &conf->dir_store, PATH_VAR "/maild/store");
	default_path(conf, &conf->dir_spool, PATH_VAR "/maild/spool");
	default_path(conf, &conf->path_control,
	    PATH_RUN "/maild/control.sock");
	default_beside(conf, &conf->dir_dkim, "dkim");
	default_beside(conf, &conf->file_domains, "domains");
	default_beside(conf, &conf->file_accounts, "accounts");
	default_beside(conf, &conf->file_aliases, "aliases");
	default_sockets(conf);
	if (conf->dns_server == NULL)
		conf->dns_server = conf_strdup("");
}

/* ---- checks ------------------------------------------------------------- */

int
conf_domain(char *s, int fqdn)
{
	size_t	 len = strlen(s), label = 0, i;
	int	 dots = 0, digits = 1;

	if (len == 0 || len > 253)
		return -1;
	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return -1;
			label = 0;
			digits = 1;
			dots++;
			continue;
		}
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' &&
		    (s[i] != '-' || label == 0))
			return -1;
		if (!isdigit((unsigned char)s[i]))
			digits = 0;
		if (++label > 63)
			return -1;
		s[i] = (char)tolower((unsigned char)s[i]);
	}
	if (label == 0 || s[len - 1] == '-' || (fqdn && (dots == 0 || digits)))
		return -1;
	return 0;
}

static int
check_hostname(struct conf *conf)
{
	if (conf_domain(conf->hostname, 1) == 0)
		return 0;
	conf_error(conf, conf->pos_hostname, conf->hostname, "the hostname "
	    "is not a full domain name, as mail.example.org is: say hostname "
	    "\"...\"");
	return -1;
}

static int
check_path(const struct conf *conf, struct conf_pos pos, const char *path,
    size_t max)
{
	if (path[0] != '/')
		conf_error(conf, pos, path, "not an absolute path");
	else if (strlen(path) >= max)
		conf_error(conf, pos, path, "the path is too long");
	else
		return 0;
	return -1;
}

static int
check_paths(const struct conf *conf)
{
	const char *const	 paths[] = { conf->dir_store, conf->dir_spool,
				    conf->dir_dkim, conf->file_domains,
				    conf->file_accounts, conf->file_aliases };
	size_t			 i;
	int			 bad = 0;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		bad |= check_path(conf, nowhere, paths[i], PATH_MAX);
	if (strcmp(conf->dir_store, conf->dir_spool) == 0) {
		conf_error(conf, nowhere, conf->dir_store,
		    "store and queue cannot be in one directory");
		bad = -1;
	}
	return bad;
}

static int
listen_same(const struct conf_listen *a, const struct conf_listen *b)
{
	if (a->path != NULL || b->path != NULL)
		return a->path != NULL && b->path != NULL &&
		    strcmp(a->path, b->path) == 0;
	return addr_equal(&a->addr, &b->addr) &&
	    a->addr.port == b->addr.port;
}

static int
check_listens(struct conf *conf)
{
	struct conf_listen	*l, *m;
	uint32_t		 n = 0;
	int			 bad = 0, login = 0;

	TAILQ_FOREACH(l, &conf->listens, entry) {
		l->index = n++;
		if (l->path != NULL)
			bad |= check_path(conf, l->pos, l->path, PATH_LEN);
		for (m = TAILQ_FIRST(&conf->listens); m != l;
		    m = TAILQ_NEXT(m, entry))
			if (listen_same(l, m)) {
				bad = -1;
				if (conf_listen_both(l) && l->addr.family == 6)
					break;
				conf_error(conf, l->pos, l->path != NULL ?
				    l->path : l->tag,
				    "two listeners in the same place");
				break;
			}
		switch (l->kind) {
		case LISTEN_SUBMISSIONS:
		case LISTEN_IMAPS:
		case LISTEN_POP3S:
			if (!TAILQ_EMPTY(&conf->certs) ||
			    (conf_listen_both(l) && l->addr.family == 6))
				break;
			conf_error(conf, l->pos, conf_kind_name(l->kind),
			    "needs a certificate, and there is none");
			bad = -1;
			break;
		case LISTEN_SUBMISSION:
		case LISTEN_IMAP:
		case LISTEN_POP3:
			login |= l->path == NULL;
			break;
		default:
			break;
		}
	}
	if (login && TAILQ_EMPTY(&conf->certs) && !conf->plain_auth_cleartext)
		conf_warning(conf, nowhere, "", "without a certificate "
		    "nobody can log in");
	return bad;
}

static int
check_certs(struct conf *conf)
{
	struct conf_cert	*c, *d;
	int			 bad = 0;

	TAILQ_FOREACH(c, &conf->certs, entry) {
		for (d = TAILQ_FIRST(&conf->certs); d != c;
		    d = TAILQ_NEXT(d, entry))
			if (strcmp(c->name, d->name) == 0) {
				conf_error(conf, c->pos, c->name,
				    "two certificates of one name");
				bad = -1;
				break;
			}
		if (c->name[0] == '\0' || strlen(c->name) > MSG_DOMAIN) {
			conf_error(conf, c->pos, c->name,
			    "not a name for a certificate");
			bad = -1;
		}
		if (check_path(conf, c->pos, c->certfile, PATH_MAX) == -1 ||
		    check_path(conf, c->pos, c->keyfile, PATH_MAX) == -1 ||
		    conf_cert_load(conf, c) == -1)
			bad = -1;
	}
	return bad;
}

/* The first line of a file that others may not read. */
static int
password_load(struct conf *conf, struct conf_route *r)
{
	char		 line[PASSWORD_MAX + 2];
	const char	*why = NULL;
	struct stat	 st;
	FILE		*fp;

	if ((fp = fopen(r->password_file, "re")) == NULL ||
	    fstat(fileno(fp), &st) == -1)
		why = strerror(errno);
	else if (st.st_mode & S_IRWXO)
		why = "everybody may read it: chmod o= it";
	else if (fgets(line, sizeof(line), fp) == NULL ||
	    strcspn(line, "\n") == 0)
		why = "its first line holds no password";
	else if (strcspn(line, "\n") > PASSWORD_MAX)
		why = "its first line is too long";
	else {
		line[strcspn(line, "\n")] = '\0';
		if (r->password != NULL)
			freezero(r->password, strlen(r->password));
		r->password = conf_strdup(line);
	}
	explicit_bzero(line, sizeof(line));
	if (fp != NULL)
		fclose(fp);
	if (why == NULL)
		return 0;
	conf_error(conf, r->pos, r->password_file, "%s", why);
	return -1;
}

/* Certificates that a smarthost's may be signed by. */
static int
ca_load(struct conf *conf, struct conf_route *r)
{
	const char	*why = NULL;
	FILE		*fp;
	char		*pem;
	size_t		 n = 0;

	if ((pem = malloc(CONF_CA_MAX + 1)) == NULL)
		fatal("ca");
	if ((fp = fopen(r->ca_file, "re")) == NULL ||
	    ((n = fread(pem, 1, CONF_CA_MAX + 1, fp)) == 0 && ferror(fp)))
		why = strerror(errno);
	else if (n > CONF_CA_MAX)
		why = "it is too large";
	else {
		pem[n] = '\0';
		if (strlen(pem) != n || strstr(pem,
		    "-----BEGIN CERTIFICATE-----") == NULL)
			why = "it holds no certificate";
	}
	if (fp != NULL)
		fclose(fp);
	if (why == NULL) {
		free(r->ca);
		r->ca = conf_strdup(pem);
	} else
		conf_error(conf, r->pos, r->ca_file, "%s", why);
	free(pem);
	return why == NULL ? 0 : -1;
}

static int
check_routes(struct conf *conf)
{
	struct conf_route	*r;
	struct addr		 addr;
	int			 bad = 0;

	TAILQ_FOREACH(r, &conf->routes, entry) {
		if (strcmp(r->domain, "*") != 0 && conf_domain(r->domain +
		    (r->domain[0] == '.'), 0) == -1) {
			conf_error(conf, r->pos, r->domain,
			    "neither a domain nor any");
			bad = -1;
		}
		if (r->host == NULL)
			continue;
		if (addr_parse(&addr, r->host) == -1 &&
		    conf_domain(r->host, 0) == -1) {
			conf_error(conf, r->pos, r->host,
			    "neither a host's name nor an address");
			bad = -1;
		}
		/* Nothing is said in the clear that others must not hear. */
		if (r->user != NULL)
			r->require_tls = 1;
		if (r->password_file != NULL &&
		    (check_path(conf, r->pos, r->password_file, PATH_MAX) ==
		    -1 || password_load(conf, r) == -1))
			bad = -1;
		/* To name who vouches for it is to mean it. */
		if (r->ca_file != NULL)
			r->require_tls = 1;
		if (r->ca_file != NULL && (check_path(conf, r->pos,
		    r->ca_file, PATH_MAX) == -1 || ca_load(conf, r) == -1))
			bad = -1;
	}
	return bad;
}

static int
check_rest(struct conf *conf)
{
	struct addr	 addr;
	int		 bad = 0;

	if (conf->postmaster != NULL &&
	    strlen(conf->postmaster) > MSG_ADDRESS) {
		conf_error(conf, nowhere, conf->postmaster, "too long");
		bad = -1;
	}
	if (conf->dns_server[0] != '\0' && (addr_parse(&addr,
	    conf->dns_server) == -1 || addr.family == 0)) {
		conf_error(conf, nowhere, conf->dns_server, "not an address");
		bad = -1;
	}
	if (conf->queue_warn >= conf->queue_lifetime)
		conf->queue_warn = 0;
	return bad;
}

int
conf_check(struct conf *conf)
{
	int	 bad = 0;

	conf_defaults(conf);
	bad |= check_hostname(conf);
	bad |= check_paths(conf);
	bad |= check_certs(conf);
	bad |= check_listens(conf);
	bad |= check_routes(conf);
	bad |= check_rest(conf);
	bad |= conf_dkim_find(conf);
	bad |= conf_keys_check(conf);
	return bad ? -1 : 0;
}
