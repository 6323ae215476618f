/* Children: started, heard, wired, buried, started again. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "msg.h"
#include "parent.h"

#ifndef BACKOFF_MAX		/* regress/abuse does not want to wait */
#define BACKOFF_MAX	60		/* seconds */
#endif
#define STEADY_MS	60000		/* after that a death is a first one */
#define LOG_READS	64		/* of a dead one's last words */
#define STOP_WORKERS	10		/* seconds to finish what was begun */
#define STOP_OTHERS	10

static struct child	*children[PROC_MAX][PROC_INSTS];
static struct event	 stop_timer;
static int		 stop_stage = -1;

static void	 child_ready(struct child *);
static void	 child_start(struct child *);
static void	 stop_next(void);

/*
 * Who feeds the others stops first.  A process is told when all of the rows
 * before its own are gone.
 */
static const enum proc_id stop_order[][5] = {
	{ PROC_SMTP, PROC_IMAP, PROC_RELAY, PROC_PARENT },
	{ PROC_QUEUE, PROC_PARENT },
	{ PROC_SCAN, PROC_STORE, PROC_PARENT },
	{ PROC_LOOKUP, PROC_AUTH, PROC_CRYPTO, PROC_CONTROL, PROC_PARENT },
};
#define STAGES	((int)(sizeof(stop_order) / sizeof(stop_order[0])))

struct child *
child_find(enum proc_id id, unsigned inst)
{
	return id < PROC_MAX && inst < PROC_INSTS ? children[id][inst] : NULL;
}

struct child *
child_next(const struct child *c)
{
	unsigned	 id = c == NULL ? 0 : c->id;
	unsigned	 inst = c == NULL ? 0 : c->inst + 1;

	for (; id < PROC_MAX; id++, inst = 0)
		for (; inst < PROC_INSTS; inst++)
			if (children[id][inst] != NULL)
				return children[id][inst];
	return NULL;
}

/* "queue", but "smtp[1]" where there may be several. */
static const char *
child_name(const struct child *c)
{
	if (c->id == PROC_SMTP || c->id == PROC_IMAP || c->id == PROC_SCAN)
		return peer_name_of(c->id, c->inst);
	return proc_names[c->id];
}

/* ---- what it writes to standard error ----------------------------------- */

static void
child_log_line(struct child *c)
{
	size_t	 i;

	c->line[c->linelen] = '\0';
	for (i = 0; i < c->linelen; i++)
		if ((unsigned char)c->line[i] < ' ' || c->line[i] == 0x7f)
			c->line[i] = '?';
	if (c->linelen > 0)
		log_line(LOG_ERR, child_name(c), c->line);
	c->linelen = 0;
}

static void
child_log_read(int fd, short what, void *arg)
{
	struct child	*c = arg;
	char		 buf[1024];
	ssize_t		 n, i;

	n = read(fd, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	for (i = 0; i < n; i++) {
		if (buf[i] != '\n')
			c->line[c->linelen++] = buf[i];
		if (buf[i] == '\n' || c->linelen == sizeof(c->line) - 1)
			child_log_line(c);
	}
	if (n <= 0) {
		child_log_line(c);
		event_del(&c->evlog);
		close(c->logfd);
		c->logfd = -1;
	}
}

/* ---- what it says ------------------------------------------------------- */

/* Its successor, if that has come already, is not to blame. */
static void
child_denounced(const struct child *by, const struct msg_peer_bad *m)
{
	struct child	*c = child_find(m->proc, m->inst);
	char		 why[2 * MSG_TEXT];

	if (c == NULL || !proc_is_worker(c->id) || c->state != CHILD_UP ||
	    c->restarts != m->restarts)
		return;
	snprintf(why, sizeof(why), "bad message to %s", child_name(by));
	child_kill(c, why);
}

static void
child_msg(struct peer *p, uint32_t type, const void *msg, int fd)
{
	struct proc_from	 from = { .proc = p->proc, .inst = p->inst };
	struct child		*c = child_find(p->proc, p->inst);
	const struct msg_log	*log = msg;

	/* Not one of these brings a descriptor: the table sees to that. */
	switch (type) {
	case M_LOG:
		log_line(log->prio, child_name(c), log->line);
		break;
	case M_CONF_CHECK_R:
		site_checked(c, msg);
		break;
	case M_READY:
		child_ready(c);
		break;
	case M_CTL:
		parent_ctl(&from, msg);
		break;
	case M_CTL_KEYGEN_R:
		parent_keygen_r(msg);
		break;
	case M_PEER_BAD:
		child_denounced(c, msg);
		break;
	default:
		child_kill(c, "says what the parent does not hear");
		break;
	}
}

/* A broken worker is not a broken server: the parent buries it and goes on. */
static void
child_end(struct peer *p, const char *why)
{
	struct child	*c = child_find(p->proc, p->inst);

	if (why != NULL) {
		child_kill(c, why);
		return;
	}
	proc_slot_set(p->proc, p->inst, NULL);
	c->peer = NULL;
	peer_free(p);
}

void
child_kill(struct child *c, const char *why)
{
	log_warnx("%s: killed: %s", child_name(c), why);
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
	if (c->peer != NULL) {
		proc_slot_set(c->id, c->inst, NULL);
		peer_free(c->peer);
		c->peer = NULL;
	}
}

/* ---- start -------------------------------------------------------------- */

/* In the child of fork: nothing of the parent's goes along. */
static void
child_exec(struct child *c, int channel, int logfd)
{
	char	 user[48], inst[16], *argv[16];
	int	 n = 0, null;

	if ((null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(logfd, STDERR_FILENO) == -1)
		_exit(1);
	/* dup2 onto itself would keep close-on-exec. */
	if (channel == PROC_FD) {
		if (fcntl(channel, F_SETFD, 0) == -1)
			_exit(1);
	} else if (dup2(channel, PROC_FD) == -1)
		_exit(1);
	closefrom(PROC_FD + 1);

	snprintf(inst, sizeof(inst), "%u", c->inst + 1);
	snprintf(user, sizeof(user), "%u:%u", (unsigned)user_of(c->id)->uid,
	    (unsigned)user_of(c->id)->gid);
	argv[n++] = (char *)(uintptr_t)"maild";
	argv[n++] = (char *)(uintptr_t)"-x";
	argv[n++] = (char *)(uintptr_t)proc_names[c->id];
	argv[n++] = (char *)(uintptr_t)"-i";
	argv[n++] = inst;
	argv[n++] = (char *)(uintptr_t)"-r";
	argv[n++] = (char *)(uintptr_t)user_root(parent.site->conf, c->id);
	if (geteuid() == 0) {
		argv[n++] = (char *)(uintptr_t)"-u";
		argv[n++] = user;
	}
	if (parent.site->conf->sandbox_optional)
		argv[n++] = (char *)(uintptr_t)"-o";
	if (parent.debug)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (log_getverbose())
		argv[n++] = (char *)(uintptr_t)"-v";
	argv[n] = NULL;
	signal(SIGPIPE, SIG_DFL);
	unsetenv("NOTIFY_SOCKET");
	proc_os_exec(argv);
	dprintf(STDERR_FILENO, "cannot execute maild: %s\n", strerror(errno));
	_exit(1);
}

static void
child_start(struct child *c)
{
	sigset_t	 none;
	int		 sp[2], lp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) == -1 ||
	    pipe2(lp, O_CLOEXEC) == -1)
		fatal("socketpair");
	c->since = proc_now_ms();
	switch (c->pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		child_exec(c, sp[1], lp[1]);
	}
	close(sp[1]);
	close(lp[1]);
	if (c->logfd != -1) {
		event_del(&c->evlog);
		close(c->logfd);
	}
	c->logfd = lp[0];
	c->linelen = 0;
	if (fcntl(c->logfd, F_SETFL, O_NONBLOCK) == -1)
		fatal("fcntl");
	event_set(&c->evlog, c->logfd, EV_READ | EV_PERSIST, child_log_read,
	    c);
	event_add(&c->evlog, NULL);
	c->peer = peer_new(c->id, c->inst, sp[0], child_msg, child_end);
	proc_slot_set(c->id, c->inst, c->peer);
	c->state = CHILD_STARTING;
	site_send(parent.site, c);
}

static void
child_restart(int fd, short what, void *arg)
{
	struct child	*c = arg;

	if (parent.stopping || c->state != CHILD_DOWN)
		return;
	c->restarts++;
	child_start(c);
}

/* Who takes clients from the net, and has nothing to tell them alone. */
static int
child_is_front(const struct child *c)
{
	return c->id == PROC_SMTP || c->id == PROC_IMAP;
}

/* At boot clients wait in the backlog until there is somebody behind these. */
static void
fronts_start(void)
{
	struct child	*c;

	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (!child_is_front(c) && !c->ready)
			return;
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (child_is_front(c) && c->pid == 0)
			child_start(c);
}

void
children_start(void)
{
	struct child	*c;
	unsigned	 id, inst;

	for (id = 0; id < PROC_MAX; id++) {
		if (id == PROC_PARENT || parent_def(id) == NULL)
			continue;
		for (inst = 0; inst < parent.site->conf->nproc[id]; inst++) {
			if ((c = calloc(1, sizeof(*c))) == NULL)
				fatal("calloc");
			c->id = id;
			c->inst = inst;
			c->logfd = -1;
			evtimer_set(&c->evstart, child_restart, c);
			children[id][inst] = c;
			if (!child_is_front(c))
				child_start(c);
		}
	}
}

/* ---- wires -------------------------------------------------------------- */

/* TLS workers ask crypto in the middle of a handshake, and wait. */
static int
child_waits_for(enum proc_id id, enum proc_id other)
{
	return other == PROC_CRYPTO && (id == PROC_SMTP || id == PROC_IMAP ||
	    id == PROC_RELAY);
}

/*
 * The old one is told at once, the new one at the end of the turn: whoever
 * answers a question that came to it by way of a third (imap asks auth, auth
 * tells store, store tells imap) must know the new one before that can ask.
 */
static void
child_wire(struct child *new, struct child *old)
{
	struct msg_peer	 to_new = { .proc = (uint8_t)old->id,
			    .inst = (uint8_t)old->inst,
			    .sync = (uint8_t)child_waits_for(new->id,
			    old->id), .restarts = old->restarts };
	struct msg_peer	 to_old = { .proc = (uint8_t)new->id,
			    .inst = (uint8_t)new->inst,
			    .sync = (uint8_t)child_waits_for(old->id,
			    new->id), .restarts = new->restarts };
	int		 sp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) == -1)
		fatal("socketpair");
	peer_send(old->peer, M_PEER, &to_old, sp[1]);
	(void)peer_flush_wait(old->peer, 0);
	peer_send(new->peer, M_PEER, &to_new, sp[0]);
}

void
child_up(struct child *c)
{
	struct msg_wired	 m = { 0 };
	struct child		*o;

	c->state = CHILD_UP;
	for (o = child_next(NULL); o != NULL; o = child_next(o))
		if (o != c && o->state == CHILD_UP && o->peer != NULL &&
		    c->peer != NULL && msg_wired(c->id, o->id))
			child_wire(c, o);
	if (c->peer != NULL)
		peer_send(c->peer, M_WIRED, &m, -1);
}

/* It has what it needs and serves: to open a store may take its time. */
static void
child_ready(struct child *c)
{
	struct child	*o;

	c->ready = 1;
	if (!parent.booting) {
		log_info("%s is back, restarts=%u", child_name(c),
		    c->restarts);
		return;
	}
	if (!parent.stopping)
		fronts_start();
	for (o = child_next(NULL); o != NULL; o = child_next(o))
		if (!o->ready)
			return;
	parent.booting = 0;
	parent_ready();
}

/* ---- death -------------------------------------------------------------- */

static void
child_tell_gone(const struct child *c)
{
	struct msg_peer_gone	 m = { .proc = (uint8_t)c->id,
				    .inst = (uint8_t)c->inst };
	struct child		*o;

	for (o = child_next(NULL); o != NULL; o = child_next(o))
		if (o != c && o->peer != NULL && o->state == CHILD_UP &&
		    msg_wired(c->id, o->id))
			peer_send(o->peer, M_PEER_GONE, &m, -1);
}

static void
child_obituary(const struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_warnx("%s: died of signal %d (%s)", child_name(c),
		    WTERMSIG(status), WTERMSIG(status) == SIGSYS ?
		    "a system call outside of its sandbox" :
		    strsignal(WTERMSIG(status)));
	else if (!parent.stopping || WEXITSTATUS(status) != 0)
		log_warnx("%s: exited with status %d", child_name(c),
		    WEXITSTATUS(status));
}

static void
child_died(struct child *c, int status)
{
	struct timeval	 tv = { 0, 0 };
	int		 i;

	/* What it wrote last stands in the pipe and in the channel. */
	if (c->peer != NULL)
		peer_drain(c->peer);
	if (c->peer != NULL)
		child_end(c->peer, NULL);
	for (i = 0; i < LOG_READS && c->logfd != -1; i++)
		child_log_read(c->logfd, 0, c);
	child_obituary(c, status);
	c->pid = 0;
	if (c->state == CHILD_UP)
		child_tell_gone(c);
	c->state = CHILD_DOWN;
	c->ready = 0;
	site_child_gone(c);
	if (c->id == PROC_CRYPTO)
		parent_keygen_gone();
	if (parent.stopping) {
		stop_next();
		return;
	}
	if (parent.booting) {
		log_warnx("%s cannot start, so maild does not",
		    child_name(c));
		parent_exit(1);
	}
	if (proc_now_ms() - c->since > STEADY_MS)
		c->backoff = 0;
	tv.tv_sec = c->backoff;
	c->backoff = c->backoff == 0 ? 1 : c->backoff * 2;
	if (c->backoff > BACKOFF_MAX)
		c->backoff = BACKOFF_MAX;
	if (tv.tv_sec > 0)
		log_info("%s: restart in %lld s", child_name(c),
		    (long long)tv.tv_sec);
	evtimer_add(&c->evstart, &tv);
}

void
children_reap(void)
{
	struct child	*c;
	pid_t		 pid;
	int		 status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (c = child_next(NULL); c != NULL; c = child_next(c))
			if (c->pid == pid) {
				child_died(c, status);
				break;
			}
}

/* ---- the end ------------------------------------------------------------ */

static int
stop_has(int stage, enum proc_id id)
{
	int	 i;

	for (i = 0; stop_order[stage][i] != PROC_PARENT; i++)
		if (stop_order[stage][i] == id)
			return 1;
	return 0;
}

static void
stop_late(int fd, short what, void *arg)
{
	struct child	*c;

	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (c->pid > 0 && stop_has(stop_stage, c->id))
			child_kill(c, "it does not stop");
}

/* On to the first stage that has somebody alive. */
static void
stop_next(void)
{
	struct msg_stop	 m = { 0 };
	struct timeval	 tv = { STOP_OTHERS, 0 };
	struct child	*c;
	int		 alive = 0;

	if (stop_stage >= 0)
		for (c = child_next(NULL); c != NULL; c = child_next(c))
			alive += c->pid > 0 && stop_has(stop_stage, c->id);
	while (alive == 0) {
		if (++stop_stage == STAGES)
			parent_exit(0);
		for (c = child_next(NULL); c != NULL; c = child_next(c)) {
			if (c->pid <= 0 || !stop_has(stop_stage, c->id))
				continue;
			alive++;
			if (c->peer != NULL && c->state == CHILD_UP)
				peer_send(c->peer, M_STOP, &m, -1);
			else
				kill(c->pid, SIGKILL);
		}
		if (stop_stage == 0)
			tv.tv_sec = STOP_WORKERS;
		if (alive > 0) {
			evtimer_del(&stop_timer);
			evtimer_add(&stop_timer, &tv);
		}
	}
}

void
children_stop(void)
{
	struct child	*c;

	parent.stopping = 1;
	evtimer_set(&stop_timer, stop_late, NULL);
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		evtimer_del(&c->evstart);
	stop_next();
}
