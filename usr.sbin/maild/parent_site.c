/*
 * A configuration and what goes with it: loaded whole, sent whole, checked by
 * every child, and only then in force, or not at all.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libimsg/imsg.h"
#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"
#include "ctlrow.h"
#include "msg.h"
#include "parent.h"

#define CONF_MAX	(64 * 1024 * 1024)
#define CHECK_SECONDS	60
#define BACKLOG		1024

#define P(p)		(1U << PROC_##p)

/* Who maps which table. */
static const unsigned table_for[] = {
	[TABLE_DOMAINS] = P(LOOKUP) | P(AUTH) | P(QUEUE),
	[TABLE_ALIASES] = P(LOOKUP) | P(STORE),
	[TABLE_ACCOUNTS] = P(LOOKUP) | P(AUTH) | P(STORE),
	[TABLE_SECRETS] = P(AUTH),
};
#define TABLES	(sizeof(table_for) / sizeof(table_for[0]))

static struct event	 check_timer;

/* ---- loading ------------------------------------------------------------ */

static int
write_all(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	ssize_t		 n;

	while (len > 0) {
		if ((n = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
site_memfd(const char *name, const void *data, size_t len)
{
	int	 fd;

	if ((fd = proc_os_memfd(name)) == -1 ||
	    write_all(fd, data, len) == -1 || proc_os_seal(fd) == -1) {
		conf_error_line(name, 0, "", strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

static int
site_tables(struct site *s)
{
	struct conf_packed	 packed[TABLES];
	size_t			 i;
	int			 bad = 0;

	if (conf_tables_load(s->conf, packed) == -1)
		return -1;
	for (i = 0; i < TABLES; i++)
		if ((s->tables[i] = site_memfd("maild-table", packed[i].data,
		    packed[i].len)) == -1)
			bad = -1;
	conf_tables_free(packed);
	return bad;
}

/* Opened and never read here; held for when crypto has to be restarted. */
static int
site_open_key(struct site *s, const char *file)
{
	int	 fd;

	s->keys = reallocarray(s->keys, s->nkeys + 1, sizeof(s->keys[0]));
	if (s->keys == NULL)
		fatal("reallocarray");
	if ((fd = open(file, O_RDONLY | O_CLOEXEC)) == -1)
		conf_error_line(file, 0, "", strerror(errno));
	s->keys[s->nkeys++] = fd;
	return fd == -1 ? -1 : 0;
}

static int
site_keys(struct site *s)
{
	struct conf_cert	*c;
	struct conf_dkim	*d;
	int			 bad = 0;

	TAILQ_FOREACH(c, &s->conf->certs, entry)
		bad |= site_open_key(s, c->keyfile);
	TAILQ_FOREACH(d, &s->conf->dkims, entry)
		bad |= site_open_key(s, d->keyfile);
	return bad;
}

struct site *
site_load(void)
{
	struct site	*s;
	size_t		 i;

	conf_error_reset();
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("calloc");
	for (i = 0; i < TABLES; i++)
		s->tables[i] = -1;
	s->conf = conf_parse(parent.file, parent.prefix, parent.macros,
	    parent.nmacros);
	if (s->conf == NULL || conf_check(s->conf) == -1 ||
	    site_tables(s) == -1 || site_keys(s) == -1) {
		site_free(s);
		return NULL;
	}
	s->conf->generation = ++parent.generation;
	/* Sessions are resumed across workers and reloads. */
	if (parent.site != NULL) {
		memcpy(s->conf->ticket_key, parent.site->conf->ticket_key,
		    sizeof(s->conf->ticket_key));
		s->conf->ticket_rev = parent.site->conf->ticket_rev;
	} else {
		arc4random_buf(s->conf->ticket_key,
		    sizeof(s->conf->ticket_key));
		s->conf->ticket_rev = 1;
	}
	return s;
}

void
site_free(struct site *s)
{
	struct conf_listen	*l;
	size_t			 i;

	if (s == NULL)
		return;
	if (s->conf != NULL)
		TAILQ_FOREACH(l, &s->conf->listens, entry)
			if (l->fd != -1)
				close(l->fd);
	for (i = 0; i < TABLES; i++)
		if (s->tables[i] != -1)
			close(s->tables[i]);
	for (i = 0; i < s->nkeys; i++)
		if (s->keys[i] != -1)
			close(s->keys[i]);
	free(s->keys);
	conf_free(s->conf);
	free(s);
}

/* ---- listeners ---------------------------------------------------------- */

static int
listen_failed(const struct conf *conf, const struct conf_listen *l,
    const char *what)
{
	char	 text[ADDR_STRLEN], where[ADDR_STRLEN + 8];

	snprintf(where, sizeof(where), "%s port %u",
	    addr_print(&l->addr, text, sizeof(text)), l->addr.port);
	conf_error(conf, l->pos, l->path != NULL ? l->path : where, "%s: %s",
	    what, strerror(errno));
	return -1;
}

static int
listen_path(const struct conf *conf, struct conf_listen *l)
{
	struct sockaddr_un	 sun;
	mode_t			 mode, mask;
	int			 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strlcpy(sun.sun_path, l->path, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return listen_failed(conf, l, "socket");
	/* Ours alone: the lock of the pid file is held. */
	if (unlink(l->path) == -1 && errno != ENOENT) {
		close(fd);
		return listen_failed(conf, l, "unlink");
	}
	/* Any local user may hand in mail; who rules is root. */
	mode = l->kind == LISTEN_CONTROL || l->kind == LISTEN_IMAP ? 0600 :
	    0666;
	mask = umask(0777 & ~mode);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		umask(mask);
		close(fd);
		return listen_failed(conf, l, "bind");
	}
	umask(mask);
	l->fd = fd;
	return 0;
}

/*
 * "*" and one of its addresses may not be bound both, but for those who share
 * by SO_REUSEPORT: the sockets in force, and the new one, for a moment.  So
 * one can take the place of the other while clients come.
 */
static void
listen_share(int fd, int on)
{
	struct conf_listen	*o;

	if (parent.site == NULL)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	TAILQ_FOREACH(o, &parent.site->conf->listens, entry)
		if (o->fd != -1 && o->path == NULL)
			(void)setsockopt(o->fd, SOL_SOCKET, SO_REUSEPORT, &on,
			    sizeof(on));
}

static int
listen_addr(const struct conf *conf, struct conf_listen *l)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len = addr_to_sockaddr(&l->addr, &ss);
	const char		*what = "socket";
	int			 fd, error, on = 1;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		goto fail;
	what = "setsockopt";
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (ss.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1))
		goto fail;
	what = "bind";
	listen_share(fd, 1);
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		goto fail;
	what = "listen";
	if (listen(fd, BACKLOG) == -1)
		goto fail;
	listen_share(fd, 0);
	l->fd = fd;
	return 0;
fail:
	error = errno;
	listen_share(fd, 0);
	errno = error;
	/* "*" is what there is: a machine may have no IPv6. */
	if (conf_listen_both(l) &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		if (fd != -1)
			close(fd);
		return 0;
	}
	(void)listen_failed(conf, l, what);
	if (fd != -1)
		close(fd);
	return -1;
}

static const struct conf_listen *
listen_in_force(const struct conf_listen *l)
{
	const struct conf_listen	*o;

	if (parent.site == NULL)
		return NULL;
	TAILQ_FOREACH(o, &parent.site->conf->listens, entry) {
		if (o->fd == -1 || (o->path == NULL) != (l->path == NULL))
			continue;
		if (o->path != NULL ? strcmp(o->path, l->path) == 0 &&
		    o->kind == l->kind : addr_equal(&o->addr, &l->addr) &&
		    o->addr.port == l->addr.port)
			return o;
	}
	return NULL;
}

int
site_listen(struct site *s)
{
	const struct conf_listen	*old;
	struct conf_listen		*l;
	int				 bad = 0;

	TAILQ_FOREACH(l, &s->conf->listens, entry) {
		if ((old = listen_in_force(l)) != NULL) {
			/* The same socket: no client notices anything. */
			if ((l->fd = fcntl(old->fd, F_DUPFD_CLOEXEC, 0)) ==
			    -1)
				bad |= listen_failed(s->conf, l, "dup");
		} else if (l->path != NULL)
			bad |= listen_path(s->conf, l);
		else
			bad |= listen_addr(s->conf, l);
	}
	return bad;
}

/* Names of local sockets that s has and other has not. */
static void
listen_unlink(const struct site *s, const struct site *other)
{
	const struct conf_listen	*l, *o;

	TAILQ_FOREACH(l, &s->conf->listens, entry) {
		if (l->path == NULL || l->fd == -1)
			continue;
		o = NULL;
		if (other != NULL)
			TAILQ_FOREACH(o, &other->conf->listens, entry)
				if (o->path != NULL &&
				    strcmp(o->path, l->path) == 0)
					break;
		if (o == NULL)
			unlink(l->path);
	}
}

void
site_unlink_sockets(void)
{
	if (parent.site != NULL)
		listen_unlink(parent.site, NULL);
}

/* ---- sending ------------------------------------------------------------ */

static int
dup_fd(int fd)
{
	int	 copy;

	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		fatal("dup");
	return copy;
}

static void
send_conf(const struct site *s, struct child *c)
{
	struct msg_conf	 m = { .generation = s->conf->generation };
	struct ibuf	*b;
	int		 fd;

	if ((b = ibuf_dynamic(4096, CONF_MAX)) == NULL ||
	    conf_encode(s->conf, c->id, b) == -1 ||
	    (fd = proc_os_memfd("maild-conf")) == -1 ||
	    write_all(fd, ibuf_data(b), ibuf_size(b)) == -1)
		fatal("configuration");
	explicit_bzero(ibuf_data(b), ibuf_size(b));
	ibuf_free(b);
	peer_send(c->peer, M_CONF, &m, fd);
}

static void
send_keys(const struct site *s, struct child *c)
{
	struct msg_conf_key	 m = { .generation = s->conf->generation };
	struct conf_cert	*cert;
	struct conf_dkim	*dkim;
	size_t			 i = 0;

	/* The offset is common to all copies: crypto may have read it once. */
	m.kind = KEY_TLS;
	m.selector = "";
	TAILQ_FOREACH(cert, &s->conf->certs, entry) {
		m.name = cert->name;
		m.pubhash.data = cert->pubhash;
		m.pubhash.len = sizeof(cert->pubhash);
		(void)lseek(s->keys[i], 0, SEEK_SET);
		peer_send(c->peer, M_CONF_KEY, &m, dup_fd(s->keys[i++]));
	}
	m.kind = KEY_DKIM;
	m.pubhash.len = 0;
	TAILQ_FOREACH(dkim, &s->conf->dkims, entry) {
		m.name = dkim->domain;
		m.selector = dkim->selector;
		(void)lseek(s->keys[i], 0, SEEK_SET);
		peer_send(c->peer, M_CONF_KEY, &m, dup_fd(s->keys[i++]));
	}
}

static int
listen_is_for(enum conf_listen_kind kind, enum proc_id id)
{
	switch (kind) {
	case LISTEN_SMTP:
	case LISTEN_SUBMISSION:
	case LISTEN_SUBMISSIONS:
	case LISTEN_LMTP:
	case LISTEN_LOCAL:
		return id == PROC_SMTP;
	case LISTEN_IMAP:
	case LISTEN_IMAPS:
	case LISTEN_POP3:
	case LISTEN_POP3S:
		return id == PROC_IMAP;
	case LISTEN_CONTROL:
		return id == PROC_CONTROL;
	default:
		return 0;
	}
}

void
site_send(const struct site *s, struct child *c)
{
	struct msg_conf_table	 table = { .generation = s->conf->generation };
	struct msg_conf_listen	 listener = { .generation =
				    s->conf->generation };
	struct msg_conf_check	 check = { .generation = s->conf->generation };
	struct conf_listen	*l;
	size_t			 i;

	send_conf(s, c);
	for (i = 0; i < TABLES; i++)
		if (table_for[i] & (1U << c->id)) {
			table.table = (uint8_t)i;
			peer_send(c->peer, M_CONF_TABLE, &table,
			    dup_fd(s->tables[i]));
		}
	if (c->id == PROC_CRYPTO)
		send_keys(s, c);
	TAILQ_FOREACH(l, &s->conf->listens, entry)
		if (l->fd != -1 && listen_is_for(l->kind, c->id)) {
			listener.listener = l->index;
			peer_send(c->peer, M_CONF_LISTEN, &listener,
			    dup_fd(l->fd));
		}
	peer_send(c->peer, M_CONF_CHECK, &check, -1);
}

/* ---- swapping ----------------------------------------------------------- */

static char	 reload_note[160];	/* what it does not change */

static void
reload_answer(int ok, const char *text)
{
	if (parent.next_asked)
		ctlrow_end(&parent.next_from, parent.next_cookie, ok, text);
	parent.next_asked = 0;
	notify("READY=1");
}

/* Everybody asked, or nobody: then the old one stays. */
static void
reload_end(int use, const char *text)
{
	struct msg_conf_swap	 m = { .generation =
				    parent.next->conf->generation };
	struct site		*old = parent.next;
	struct child		*c;

	evtimer_del(&check_timer);
	m.use = (uint8_t)use;
	for (c = child_next(NULL); c != NULL; c = child_next(c)) {
		if (c->asked && c->peer != NULL && c->state == CHILD_UP)
			peer_send(c->peer, M_CONF_SWAP, &m, -1);
		c->asked = 0;
	}
	if (use) {
		old = parent.site;
		parent.site = parent.next;
		/* mailctl may have said otherwise: only a change counts. */
		if (old->conf->verbose != parent.site->conf->verbose)
			parent_loglevel(parent.site->conf->verbose);
		log_info("configuration reloaded, generation=%u",
		    parent.site->conf->generation);
	} else
		log_warnx("reload failed, the old configuration stays: %s",
		    text);
	listen_unlink(old, parent.site);
	parent.next = NULL;
	site_free(old);
	reload_answer(use, use ? reload_note : text);
}

static void
reload_late(int fd, short what, void *arg)
{
	reload_end(0, "not all processes have answered");
}

/* Said in the log, and to whoever asked for the reload. */
static void
reload_counts(struct conf *new, const struct conf *old)
{
	unsigned	 i;

	reload_note[0] = '\0';
	for (i = 0; i < PROC_MAX; i++) {
		if (new->nproc[i] == old->nproc[i])
			continue;
		log_warnx("processes %s %u: counts from the next start on",
		    proc_names[i], new->nproc[i]);
		if (reload_note[0] == '\0')
			strlcpy(reload_note, "reloaded, but `processes' "
			    "counts from the next start on:",
			    sizeof(reload_note));
		strlcat(reload_note, " ", sizeof(reload_note));
		strlcat(reload_note, proc_names[i], sizeof(reload_note));
		new->nproc[i] = old->nproc[i];
	}
}

void
site_reload(const struct proc_from *from, uint32_t cookie)
{
	struct timeval	 tv = { CHECK_SECONDS, 0 };
	struct timespec	 now;
	struct child	*c;
	char		 text[128];

	if (parent.next != NULL || parent.booting || parent.stopping) {
		if (from != NULL)
			ctlrow_end(from, cookie, 0, "busy");
		log_warnx("reload: busy");
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld%06ld",
	    (long long)now.tv_sec, now.tv_nsec / 1000);
	notify(text);
	if ((parent.next_asked = from != NULL) != 0) {
		parent.next_from = *from;
		parent.next_cookie = cookie;
	}
	if ((parent.next = site_load()) == NULL ||
	    site_listen(parent.next) == -1) {
		if (parent.next != NULL)
			listen_unlink(parent.next, parent.site);
		site_free(parent.next);
		parent.next = NULL;
		log_warnx("reload failed, the old configuration stays");
		reload_answer(0, conf_error_first());
		return;
	}
	reload_counts(parent.next->conf, parent.site->conf);
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (c->state == CHILD_UP && c->peer != NULL) {
			c->asked = 1;
			site_send(parent.next, c);
		}
	evtimer_set(&check_timer, reload_late, NULL);
	evtimer_add(&check_timer, &tv);
}

void
site_checked(struct child *c, const struct msg_conf_check_r *m)
{
	struct msg_conf_swap	 swap = { .generation = m->generation };
	struct child		*o;
	char			 text[2 * MSG_TEXT + 64];

	snprintf(text, sizeof(text), "%s: %s", proc_names[c->id], m->text);
	if (c->state == CHILD_STARTING) {
		/* A reload has been quicker than its start: once more. */
		swap.use = m->ok &&
		    m->generation == parent.site->conf->generation;
		peer_send(c->peer, M_CONF_SWAP, &swap, -1);
		if (!m->ok)
			child_kill(c, text);
		else if (!swap.use)
			site_send(parent.site, c);
		else
			child_up(c);
		return;
	}
	if (parent.next == NULL || !c->asked ||
	    m->generation != parent.next->conf->generation)
		return;
	if (!m->ok) {
		reload_end(0, text);
		return;
	}
	c->asked = 2;
	for (o = child_next(NULL); o != NULL; o = child_next(o))
		if (o->asked == 1)
			return;
	reload_end(1, "");
}

void
site_child_gone(struct child *c)
{
	char	 text[64];

	if (parent.next == NULL || !c->asked)
		return;
	c->asked = 0;
	snprintf(text, sizeof(text), "%s died", proc_names[c->id]);
	reload_end(0, text);
}
