/* What mailctl(8) asks of the parent. */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"
#include "ctlrow.h"
#include "msg.h"
#include "parent.h"

/* A key that crypto is making. */
struct keygen {
	TAILQ_ENTRY(keygen) entry;
	uint32_t	 cookie;
	struct proc_from from;
	uint32_t	 ctl;		/* the asker's cookie */
	int		 fd;
	char		 path[PATH_MAX];
	char		 name[2 * MSG_DOMAIN + 16];
};

static TAILQ_HEAD(, keygen)	 keygens = TAILQ_HEAD_INITIALIZER(keygens);
static uint32_t			 keygen_cookie;

/* ---- status ------------------------------------------------------------- */

static void
status_row(const struct proc_from *from, uint32_t cookie, const char *name,
    unsigned inst, pid_t pid, const char *state, uint64_t since,
    unsigned restarts)
{
	struct ctlrow	 row;
	uint64_t	 rss = 0, pss = 0;

	if (pid > 0)
		proc_os_memory(pid, &rss, &pss);
	ctlrow_begin(&row);
	ctlrow_str(&row, "process", name);
	ctlrow_num(&row, "instance", inst + 1);
	ctlrow_num(&row, "pid", pid);
	ctlrow_str(&row, "state", state);
	ctlrow_num(&row, "uptime",
	    (int64_t)((proc_now_ms() - since) / 1000));
	ctlrow_num(&row, "restarts", restarts);
	ctlrow_num(&row, "rss_kb", (int64_t)rss);
	ctlrow_num(&row, "pss_kb", (int64_t)pss);
	ctlrow_send(from, cookie, &row);
}

static void
ctl_status(const struct proc_from *from, uint32_t cookie)
{
	static uint64_t	 start;
	struct child	*c;

	/* The first child was started when we were. */
	for (c = child_next(NULL); start == 0 && c != NULL; c = child_next(c))
		if (c->restarts == 0)
			start = c->since;
	status_row(from, cookie, "parent", 0, getpid(), "up", start, 0);
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		status_row(from, cookie, proc_names[c->id], c->inst, c->pid,
		    c->ready ? "up" : c->state == CHILD_DOWN ? "down" :
		    "starting", c->since, c->restarts);
	ctlrow_end(from, cookie, 1, "");
}

void
parent_loglevel(int verbose)
{
	struct msg_loglevel	 level = { .verbose = verbose != 0 };
	struct child		*c;

	log_setverbose(verbose);
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (c->peer != NULL)
			peer_send(c->peer, M_LOGLEVEL, &level, -1);
}

static void
ctl_log(const struct proc_from *from, const struct msg_ctl *m)
{
	if (strcmp(m->arg, "verbose") != 0 && strcmp(m->arg, "brief") != 0) {
		ctlrow_end(from, m->cookie, 0, "neither verbose nor brief");
		return;
	}
	parent_loglevel(m->arg[0] == 'v');
	ctlrow_end(from, m->cookie, 1, "");
}

/* ---- DKIM keys ---------------------------------------------------------- */

/*
 * "domain [selector [rsa|ed25519]]" taken apart; the selector of today when
 * there is none.  NULL or what is wrong.
 */
static const char *
keygen_args(const char *arg, char *domain, char *selector, uint8_t *alg)
{
	char		 word[16] = "", extra[2] = "";
	struct tm	 tm;
	time_t		 now = time(NULL);
	int		 n;

	selector[0] = '\0';
	n = sscanf(arg, "%255s %63s %15s %1s", domain, selector, word, extra);
	*alg = strcmp(word, "ed25519") == 0;
	if (n < 1 || n > 3 || conf_domain(domain, 1) == -1)
		return "not a domain";
	if (n == 3 && !*alg && strcmp(word, "rsa") != 0)
		return "neither rsa nor ed25519";
	if (n == 1 && localtime_r(&now, &tm) != NULL)
		strftime(selector, 64, "s%Y%m%d", &tm);
	if (conf_domain(selector, 0) == -1 || strchr(selector, '.') != NULL)
		return "not a selector";
	return NULL;
}

static void
keygen_free(struct keygen *k)
{
	TAILQ_REMOVE(&keygens, k, entry);
	close(k->fd);
	free(k);
}

/* The name must last as well as the bytes. */
static int
keygen_sync(const struct keygen *k)
{
	char	 dir[PATH_MAX];
	int	 fd, ret;

	strlcpy(dir, k->path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	if (fsync(k->fd) == -1 ||
	    (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

static void
ctl_dkim_add(const struct proc_from *from, const struct msg_ctl *m)
{
	struct msg_ctl_keygen	 gen;
	struct keygen		*k;
	const char		*why, *dir = parent.site->conf->dir_dkim;
	char			 domain[256], selector[64], text[PATH_MAX + 64];
	struct child		*c = child_find(PROC_CRYPTO, 0);

	if ((why = keygen_args(m->arg, domain, selector, &gen.alg)) != NULL) {
		ctlrow_end(from, m->cookie, 0, why);
		return;
	}
	if (c == NULL || c->peer == NULL || c->state != CHILD_UP) {
		ctlrow_end(from, m->cookie, 0, "crypto is not there just now");
		return;
	}
	if ((k = calloc(1, sizeof(*k))) == NULL)
		fatal("calloc");
	k->from = *from;
	k->ctl = m->cookie;
	k->cookie = ++keygen_cookie;
	snprintf(k->path, sizeof(k->path), "%s/%s.%s.key", dir, domain,
	    selector);
	snprintf(k->name, sizeof(k->name), "%s._domainkey.%s", selector,
	    domain);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		log_warn("mkdir %s", dir);
	if ((k->fd = open(k->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600)) == -1) {
		snprintf(text, sizeof(text), "%s: %s", k->path,
		    strerror(errno));
		ctlrow_end(from, m->cookie, 0, text);
		free(k);
		return;
	}
	TAILQ_INSERT_TAIL(&keygens, k, entry);
	gen.cookie = k->cookie;
	gen.domain = domain;
	gen.selector = selector;
	peer_send(c->peer, M_CTL_KEYGEN, &gen,
	    fcntl(k->fd, F_DUPFD_CLOEXEC, 0));
}

static void
keygen_done(struct keygen *k, int ok, const char *text)
{
	struct ctlrow	 row;

	if (ok && keygen_sync(k) == -1) {
		ok = 0;
		text = strerror(errno);
	}
	if (ok) {
		ctlrow_begin(&row);
		ctlrow_str(&row, "name", k->name);
		ctlrow_str(&row, "type", "TXT");
		ctlrow_str(&row, "value", text);
		ctlrow_str(&row, "file", k->path);
		ctlrow_send(&k->from, k->ctl, &row);
		log_info("dkim: key made, file=%s", k->path);
		ctlrow_end(&k->from, k->ctl, 1, "");
	} else {
		unlink(k->path);
		ctlrow_end(&k->from, k->ctl, 0, text);
	}
	keygen_free(k);
}

void
parent_keygen_r(const struct msg_ctl_keygen_r *m)
{
	struct keygen	*k;

	TAILQ_FOREACH(k, &keygens, entry)
		if (k->cookie == m->cookie) {
			keygen_done(k, m->ok, m->text);
			return;
		}
}

void
parent_keygen_gone(void)
{
	struct keygen	*k;

	while ((k = TAILQ_FIRST(&keygens)) != NULL)
		keygen_done(k, 0, "crypto died");
}

void
parent_ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	switch (m->verb) {
	case CTL_STATUS:
		ctl_status(from, m->cookie);
		break;
	case CTL_STATS:
		proc_send_stats(from, m->cookie);
		break;
	case CTL_RELOAD:
		site_reload(from, m->cookie);
		break;
	case CTL_STOP:
		log_info("stopping: mailctl said so");
		ctlrow_end(from, m->cookie, 1, "");
		notify("STOPPING=1");
		children_stop();
		break;
	case CTL_LOG:
		ctl_log(from, m);
		break;
	case CTL_DKIM_ADD:
		ctl_dkim_add(from, m);
		break;
	default:
		ctlrow_end(from, m->cookie, 0, "not a thing of the parent's");
		break;
	}
}
