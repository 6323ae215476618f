/*
 * A child: takes what the parent left it (standard error, which is a pipe
 * into the log, and the channel), drops into its root and user, closes the
 * sandbox behind itself, and only then reads the first message.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libutil/log.h"
#include "libutil/sandbox.h"
#include "conf.h"
#include "ctlrow.h"
#include "msg.h"
#include "proc.h"
#include "proc_local.h"
#include "proc_peer.h"

#define CONF_MAX	(64 * 1024 * 1024)	/* bytes of a configuration */
#define PEER_PAUSE	(1024 * 1024)	/* bytes: see peer_bound */
#define PEER_MOST	(16 * 1024 * 1024)
#define CONTROL_MOST	(64 * 1024 * 1024)
#define LOCK_TRIES	200			/* a tenth of a second each */

struct child_args {
	unsigned	 inst;
	const char	*root;
	uid_t		 uid;
	gid_t		 gid;
	int		 drop;
	int		 debug;
	int		 verbose;
	int		 optional;	/* sandbox */
};

static const struct proc_def	*child_def;
static struct peer		*child_parent;
static proc_handler		 child_handlers[M_MAX];
static struct conf		*child_conf;	/* in force */
static struct conf		*child_next;	/* being checked */
static int			 child_wired;	/* M_WIRED has come */

/* ---- the log ------------------------------------------------------------ */

static void
child_log(int prio, const char *line, void *arg)
{
	static int	 inside;
	struct msg_log	 m;

	if (inside || child_parent == NULL) {
		/* Standard error is a pipe to the parent, the second best. */
		dprintf(STDERR_FILENO, "%s\n", line);
		return;
	}
	inside = 1;
	m.prio = (uint8_t)prio;
	m.line = line;
	peer_send(child_parent, M_LOG, &m, -1);
	/* Last words must be out before we are. */
	if (prio <= LOG_CRIT)
		(void)peer_flush_wait(child_parent, 1000);
	inside = 0;
}

/* ---- peers -------------------------------------------------------------- */

static void
child_msg(struct peer *p, uint32_t type, const void *msg, int fd)
{
	struct proc_from	 from = { .proc = p->proc, .inst = p->inst };
	const struct msg_ctl	*ctl = msg;

	if (type == M_CTL) {
		if (ctl->verb == CTL_STATS) {
			if (child_def->stats != NULL)
				child_def->stats();
			proc_send_stats(&from, ctl->cookie);
		} else if (child_def->ctl != NULL)
			child_def->ctl(&from, ctl);
		else
			ctlrow_end(&from, ctl->cookie, 1, "");
		return;
	}
	if (child_handlers[type] == NULL) {
		if (fd != -1)
			close(fd);
		proc_bad(&from, "nobody takes %s here", msg_name(type));
	} else
		child_handlers[type](&from, msg, fd);
}

static void
child_gone(struct peer *p, const char *why)
{
	struct proc_from	 from = { .proc = p->proc, .inst = p->inst };

	if (why != NULL) {
		proc_bad(&from, "%s", why);	/* and we come here again */
		return;
	}
	proc_slot_set(from.proc, from.inst, NULL);
	peer_free(p);
	if (child_def->peer_gone != NULL)
		child_def->peer_gone(from.proc, from.inst);
}

/* It died, or a new one takes its place: what it has said still counts. */
static void
child_forget(enum proc_id proc, unsigned inst)
{
	struct peer	*p;

	if ((p = proc_slot(proc, inst)) == NULL)
		return;
	peer_drain(p);
	if ((p = proc_slot(proc, inst)) != NULL)
		child_gone(p, NULL);
}

static void
child_peer(const struct msg_peer *m, int fd)
{
	struct peer	*p;

	if (m->sync) {
		/* Whoever sends on it waits for the answer: it blocks. */
		if (fcntl(fd, F_SETFL, 0) == -1)
			fatal("fcntl");
		proc_set_sync_fd(fd);
		return;
	}
	child_forget(m->proc, m->inst);
	p = peer_new(m->proc, m->inst, fd, child_msg, child_gone);
	p->restarts = m->restarts;
	if (proc_is_worker(m->proc) && !proc_is_worker(child_def->id))
		peer_bound(p, PEER_PAUSE, m->proc == PROC_CONTROL ?
		    CONTROL_MOST : PEER_MOST);
	proc_slot_set(m->proc, m->inst, p);
	if (!child_wired)
		peer_hold(p);
	else if (child_def->peer_here != NULL)
		child_def->peer_here(m->proc, m->inst);
}

/* ---- configuration ------------------------------------------------------ */

static const void *
child_map(int fd, size_t *len)
{
	struct stat	 st;
	void		*p;

	if (fstat(fd, &st) == -1)
		fatal("fstat");
	if (st.st_size < 0 || st.st_size > CONF_MAX)
		fatalx("configuration of %lld bytes", (long long)st.st_size);
	*len = (size_t)st.st_size;
	if (*len == 0)
		p = NULL;
	else if ((p = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, 0)) ==
	    MAP_FAILED)
		fatal("mmap");
	close(fd);
	return p;
}

static void
child_unmap(const void *p, size_t len)
{
	if (p != NULL)
		munmap((void *)(uintptr_t)p, len);
}

static void
child_conf_free(struct conf *conf)
{
	unsigned	 i;

	if (conf == NULL)
		return;
	for (i = 0; i < sizeof(conf->tables) / sizeof(conf->tables[0]); i++)
		child_unmap(conf->tables[i].data, conf->tables[i].len);
	conf_free(conf);
}

static struct conf *
child_staged(uint32_t generation)
{
	if (child_next == NULL || child_next->generation != generation)
		fatalx("configuration %u is not at hand", generation);
	return child_next;
}

static void
child_conf_begin(const struct msg_conf *m, int fd)
{
	const void	*p;
	size_t		 len;

	if (child_next != NULL)
		fatalx("configuration %u before the end of %u", m->generation,
		    child_next->generation);
	p = child_map(fd, &len);
	if ((child_next = conf_decode(p, len)) == NULL)
		fatalx("configuration is malformed");
	child_unmap(p, len);
	child_next->generation = m->generation;
}

static void
child_conf_table(const struct msg_conf_table *m, int fd)
{
	struct conf	*conf = child_staged(m->generation);

	if (m->table >= sizeof(conf->tables) / sizeof(conf->tables[0]))
		fatalx("table %u", m->table);
	child_unmap(conf->tables[m->table].data, conf->tables[m->table].len);
	conf->tables[m->table].data = child_map(fd,
	    &conf->tables[m->table].len);
}

static void
child_conf_check(const struct msg_conf_check *m)
{
	struct msg_conf_check_r	 r;
	char			 err[2 * MSG_TEXT + 1] = "";
	struct conf		*conf = child_staged(m->generation);

	r.generation = m->generation;
	r.ok = child_def->conf_check == NULL ||
	    child_def->conf_check(conf, err, sizeof(err)) == 0;
	r.text = r.ok ? "" : err;
	peer_send(child_parent, M_CONF_CHECK_R, &r, -1);
}

static void
child_conf_swap(const struct msg_conf_swap *m)
{
	struct conf		*old = child_conf;
	struct conf		*conf = child_staged(m->generation);
	unsigned		 i;

	child_next = NULL;
	if (!m->use) {
		if (child_def->conf_drop != NULL)
			child_def->conf_drop(conf);
		child_conf_free(conf);
		return;
	}
	child_conf = conf;
	for (i = 0; i < PROC_MAX; i++)
		proc_set_count(i, conf->nproc[i]);
	/* The first one: when there is somebody to talk to. */
	if (child_def->conf_use != NULL && child_wired)
		child_def->conf_use(conf);
	child_conf_free(old);
}

static void
child_peer_here(struct peer *p)
{
	if (p == child_parent)
		return;
	peer_release(p);
	if (child_def->peer_here != NULL)
		child_def->peer_here(p->proc, p->inst);
}

/*
 * Whoever takes clients from now on has all others at hand: nobody is told to
 * come again because a wire is still on its way.
 */
static void
child_begin(void)
{
	struct msg_ready	 ready = { .pid = (uint32_t)getpid() };

	if (child_wired || child_conf == NULL)
		fatalx("wired at the wrong time");
	child_wired = 1;
	if (child_def->conf_use != NULL)
		child_def->conf_use(child_conf);
	proc_slots_each(child_peer_here);
	peer_send(child_parent, M_READY, &ready, -1);
}

/* ---- the parent --------------------------------------------------------- */

static void
child_from_parent(struct peer *p, uint32_t type, const void *msg, int fd)
{
	const struct msg_peer_gone	*gone = msg;
	const struct msg_conf_key	*key = msg;
	const struct msg_conf_listen	*listener = msg;

	switch (type) {
	case M_PEER:
		child_peer(msg, fd);
		break;
	case M_PEER_GONE:
		child_forget(gone->proc, gone->inst);
		break;
	case M_CONF:
		child_conf_begin(msg, fd);
		break;
	case M_CONF_TABLE:
		child_conf_table(msg, fd);
		break;
	case M_CONF_KEY:
		(void)child_staged(key->generation);
		child_def->conf_key(key, fd);
		break;
	case M_CONF_LISTEN:
		(void)child_staged(listener->generation);
		child_def->conf_listen(listener, fd);
		break;
	case M_CONF_CHECK:
		child_conf_check(msg);
		break;
	case M_CONF_SWAP:
		child_conf_swap(msg);
		break;
	case M_WIRED:
		child_begin();
		break;
	case M_LOGLEVEL:
		log_setverbose(((const struct msg_loglevel *)msg)->verbose);
		break;
	case M_STOP:
		if (child_def->stop == NULL)
			proc_stopped();
		child_def->stop();
		break;
	default:
		child_msg(p, type, msg, fd);
		break;
	}
}

/* Without a parent there is nobody to log to, and nothing to stay for. */
static void
child_orphan(struct peer *p, const char *why)
{
	if (why != NULL)
		fatalx("bad message from the parent: %s", why);
	exit(0);
}

static void
child_flush_last(struct peer *p)
{
	(void)peer_flush_wait(p, 1000);
}

void
proc_stopped(void)
{
	proc_slots_each(child_flush_last);
	exit(0);
}

/* ---- start -------------------------------------------------------------- */

static void
child_signals(void)
{
	/* The parent says when to stop; a terminal's ^C reaches all of us. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
}

/* The parent has raised the limit for all; few need that many. */
static void
child_limits(enum proc_id id)
{
	struct rlimit	 rl;
	rlim_t		 want;

	switch (id) {
	case PROC_CRYPTO:
	case PROC_AUTH:
	case PROC_SCAN:
		want = 256;
		break;
	case PROC_CONTROL:
	case PROC_LOOKUP:
		want = 4096;
		break;
	default:
		return;
	}
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	if (rl.rlim_max > want)
		rl.rlim_max = want;
	if (rl.rlim_cur > rl.rlim_max)
		rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("setrlimit");
}

static void
child_drop(const struct child_args *a)
{
	if (!a->drop) {
		if (chdir(a->root) == -1)
			fatal("%s", a->root);
		return;
	}
	if (chroot(a->root) == -1 || chdir("/") == -1)
		fatal("chroot %s", a->root);
	if (setgroups(1, &a->gid) == -1 ||
	    setresgid(a->gid, a->gid, a->gid) == -1 ||
	    setresuid(a->uid, a->uid, a->uid) == -1)
		fatal("cannot become user %u", (unsigned)a->uid);
	if (a->uid == 0 || setuid(0) != -1)
		fatalx("still root");
}

/*
 * One at a time in a directory, whoever the parents are: one that was killed
 * may have left a child behind that is still in the middle of a write.
 */
static void
child_lock(void)
{
	struct timespec	 ts = { 0, 100 * 1000 * 1000 };
	int		 fd, i;

	if (strstr(child_def->promises, "flock") == NULL)
		return;
	if ((fd = open(".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		fatal("open lock");
	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK)
			fatal("flock");
		if (i == LOCK_TRIES)
			fatalx("another process works in our directory");
		nanosleep(&ts, NULL);
	}
}

static void
child_sandbox(const struct child_args *a)
{
	const char	*p = child_def->promises, *what = "";
	int		 files;

	files = strstr(p, "rpath") != NULL || strstr(p, "wpath") != NULL ||
	    strstr(p, "cpath") != NULL;
	if (sandbox(p, files ? "." : NULL, STDERR_FILENO, &what) == 0)
		return;
	if (!a->optional)
		fatal("no sandbox (%s)", what);
	log_warn("running without all of the sandbox (%s)", what);
}

static void
child_args(struct child_args *a, int argc, char **argv)
{
	char	*end;
	int	 ch;

	memset(a, 0, sizeof(*a));
	optind = 1;
	while ((ch = getopt(argc, argv, "di:or:u:vx:")) != -1)
		switch (ch) {
		case 'd':
			a->debug = 1;
			break;
		case 'i':
			a->inst = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			a->optional = 1;
			break;
		case 'r':
			a->root = optarg;
			break;
		case 'u':
			a->drop = 1;
			a->uid = (uid_t)strtoul(optarg, &end, 10);
			a->gid = *end == ':' ?
			    (gid_t)strtoul(end + 1, NULL, 10) : 0;
			break;
		case 'v':
			a->verbose = 1;
			break;
		case 'x':
			break;
		default:
			exit(2);
		}
	if (a->inst == 0 || a->inst > PROC_INSTS || a->root == NULL ||
	    fcntl(PROC_FD, F_GETFD) == -1) {
		fprintf(stderr, "maild: -x is for maild's own use\n");
		exit(2);
	}
	a->inst--;
}

void
proc_run(const struct proc_def *def, int argc, char **argv)
{
	struct child_args		 a;
	const struct proc_dispatch	*d;
	char				 title[32];

	child_args(&a, argc, argv);
	child_def = def;
	snprintf(title, sizeof(title), "%s %u", proc_names[def->id],
	    a.inst + 1);
	proc_os_title(title);
	/* Standard error is the parent's, who puts our name before a line. */
	log_init(proc_names[def->id], 1);
	log_setsink(child_log, NULL);
	log_setverbose(a.verbose);
	child_signals();
	umask(077);
	tzset();
	proc_begin(def->id, a.inst, a.debug);
	for (d = def->dispatch; d != NULL && d->type < M_MAX; d++)
		child_handlers[d->type] = d->handler;

	if (def->init != NULL)
		def->init();
	child_limits(def->id);
	child_drop(&a);
	child_parent = peer_new(PROC_PARENT, 0, PROC_FD, child_from_parent,
	    child_orphan);
	peer_first(child_parent);
	proc_slot_set(PROC_PARENT, 0, child_parent);
	child_lock();
	child_sandbox(&a);
	proc_loop(def->turn, def->turn != NULL);
}
