/*
 * maild(8): the parent.  Reads the configuration, opens what only root may
 * open, starts the others, and from then on reloads, restarts and reaps.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "config.h"
#include "libutil/log.h"
#include "libutil/sandbox.h"
#include "conf.h"
#include "conf_local.h"
#include "parent.h"
#include "proc.h"
#include "proc_local.h"

#define PROMISES "stdio recvfd sendfd inet unix rpath wpath cpath flock proc"
#define MACROS	64

struct parent	 parent = { .booting = 1 };

static int		 ready_fd = -1;		/* to who started us */
static char		*pid_path;
static struct event	 ev_hup, ev_term, ev_int, ev_chld;

static void
usage(void)
{
	fprintf(stderr, "usage: maild [-dnv] [-D name=value] [-f file] "
	    "[-P directory]\n");
	exit(2);
}

/* ---- signals ------------------------------------------------------------ */

static void
sig_hup(int sig, short what, void *arg)
{
	site_reload(NULL, 0);
}

static void
sig_stop(int sig, short what, void *arg)
{
	struct child	*c;

	if (!parent.stopping) {
		log_info("stopping: signal %d", sig);
		notify("STOPPING=1");
		children_stop();
		return;
	}
	/* Somebody is impatient. */
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (c->pid > 0)
			kill(c->pid, SIGKILL);
}

static void
sig_chld(int sig, short what, void *arg)
{
	children_reap();
}

static void
signals_init(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal_set(&ev_hup, SIGHUP, sig_hup, NULL);
	signal_set(&ev_term, SIGTERM, sig_stop, NULL);
	signal_set(&ev_int, SIGINT, sig_stop, NULL);
	signal_set(&ev_chld, SIGCHLD, sig_chld, NULL);
	signal_add(&ev_hup, NULL);
	signal_add(&ev_term, NULL);
	signal_add(&ev_int, NULL);
	signal_add(&ev_chld, NULL);
}

/* ---- start -------------------------------------------------------------- */

/* Before there is a log: as it is, for whoever typed the command. */
static void
error_to_stderr(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static char *
absolute(const char *path)
{
	char	 cwd[PATH_MAX], *full;

	if (path[0] == '/')
		return conf_strdup(path);
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		fatal("getcwd");
	if (asprintf(&full, "%s/%s", cwd, path) == -1)
		fatal("asprintf");
	return full;
}

/* Two of us would write to the same mailboxes: the second one ends here. */
static void
pid_lock(const struct conf *conf)
{
	char	*slash, text[32] = "";
	int	 fd;
	ssize_t	 n;

	if ((pid_path = malloc(strlen(conf->path_control) + 16)) == NULL)
		fatal("malloc");
	strlcpy(pid_path, conf->path_control, strlen(conf->path_control) + 1);
	if ((slash = strrchr(pid_path, '/')) == NULL)
		fatalx("%s: not an absolute path", conf->path_control);
	memcpy(slash, "/maild.pid", sizeof("/maild.pid"));
	if ((fd = open(pid_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644)) == -1)
		fatal("%s", pid_path);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			fatal("%s", pid_path);
		n = read(fd, text, sizeof(text) - 1);
		text[n < 0 ? 0 : n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		fatalx("maild is running already, pid %s (%s)", text,
		    pid_path);
	}
	if (ftruncate(fd, 0) == -1 ||
	    dprintf(fd, "%ld\n", (long)getpid()) < 0)
		fatal("%s", pid_path);
	/* The descriptor stays open: it is the lock. */
}

/*
 * Into the background.  Who started us waits until all processes serve, so
 * that the exit status tells the truth.
 */
static void
background(void)
{
	char	 ok;
	int	 fds[2], null;

	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		break;
	default:
		close(fds[1]);
		if (read(fds[0], &ok, 1) == 1)
			_exit(0);
		fprintf(stderr, "maild: did not start; the log says why\n");
		_exit(1);
	}
	close(fds[0]);
	ready_fd = fds[1];
	if (setsid() == -1 || chdir("/") == -1)
		fatal("setsid");
	if ((null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		fatal("/dev/null");
	if (null > STDERR_FILENO)
		close(null);
}

static void
limits_raise(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("setrlimit");
}

void
parent_ready(void)
{
	const char	*what = "";

	if (sandbox(PROMISES, NULL, STDERR_FILENO, &what) == -1) {
		if (!parent.site->conf->sandbox_optional)
			fatal("no sandbox (%s)", what);
		log_warn("running without all of the sandbox (%s)", what);
	}
	log_info("ready, pid=%ld hostname=%s", (long)getpid(),
	    parent.site->conf->hostname);
	notify("READY=1");
	if (ready_fd != -1) {
		if (write(ready_fd, "", 1) == -1)
			log_debug("whoever started us has not waited");
		close(ready_fd);
		ready_fd = -1;
	}
}

void
parent_exit(int status)
{
	struct child	*c;

	/* With status 0 all are gone already. */
	for (c = child_next(NULL); c != NULL; c = child_next(c))
		if (c->pid > 0)
			kill(c->pid, SIGKILL);
	site_unlink_sockets();
	if (pid_path != NULL)
		unlink(pid_path);
	log_info("stopped");
	exit(status);
}

static void
start(void)
{
	const char	*name;

	conf_error_hook(error_to_stderr);
	if ((parent.site = site_load()) == NULL)
		exit(1);
	users_init();
	dirs_init(parent.site->conf);
	if (!parent.debug) {
		/* A supervisor that listens wants us where we are. */
		if ((name = getenv("NOTIFY_SOCKET")) == NULL || *name == '\0')
			background();
		log_init("maild", 0);
	}
	log_setverbose(parent.debug || parent.site->conf->verbose ||
	    log_getverbose());
	conf_error_hook(NULL);
	pid_lock(parent.site->conf);
	limits_raise();
	proc_begin(PROC_PARENT, 0, parent.debug);
	signals_init();
	proc_os_title("parent");
	if (site_listen(parent.site) == -1)
		fatalx("cannot listen");
	children_start();
	proc_loop(NULL, 0);
}

static void
check_only(int print)
{
	struct site	*s;

	conf_error_hook(error_to_stderr);
	if ((s = site_load()) == NULL)
		exit(1);
	if (print)
		conf_print(s->conf, STDOUT_FILENO);
	else
		fprintf(stderr, "%s: good\n", parent.file);
	site_free(s);
	exit(0);
}

static void
child_main(int argc, char **argv)
{
	int	 i;

	for (i = 0; i < PROC_MAX; i++)
		if (strcmp(argv[2], proc_names[i]) == 0 &&
		    parent_def(i) != NULL)
			proc_run(parent_def(i), argc, argv);
	fprintf(stderr, "maild: no process %s\n", argv[2]);
	exit(2);
}

int
main(int argc, char **argv)
{
	static char	*macros[MACROS];
	char		*file = NULL;
	int		 ch, check = 0, verbose = 0;

	proc_os_init(argc, argv);
	if (argc > 2 && strcmp(argv[1], "-x") == 0)
		child_main(argc, argv);
	log_init("maild", 1);
	log_setverbose(0);
	parent.macros = macros;
	while ((ch = getopt(argc, argv, "D:df:nP:v")) != -1)
		switch (ch) {
		case 'D':
			if (strchr(optarg, '=') == NULL ||
			    parent.nmacros == MACROS)
				usage();
			macros[parent.nmacros++] = optarg;
			break;
		case 'd':
			parent.debug = 1;
			break;
		case 'f':
			file = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'P':
			parent.prefix = absolute(optarg);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
	if (file != NULL)
		parent.file = absolute(file);
	else if (parent.prefix == NULL)
		parent.file = PATH_SYSCONF "/mail/maild.conf";
	else if (asprintf(&file, "%s/maild.conf", parent.prefix) == -1)
		fatal("asprintf");
	else
		parent.file = file;
	if (check)
		check_only(verbose);
	log_setverbose(verbose);
	start();
}
