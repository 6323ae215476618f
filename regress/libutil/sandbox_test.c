#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event.h>

#include "config.h"
#include "libutil/sandbox.h"

/*
 * Each check runs in a child with its own promises: the child returns 0 when
 * all went well, else the line of the failure.
 */
typedef int (*act)(void);

#define NEED(e)	do {							\
	if (!(e)) {							\
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #e, \
		    strerror(errno));					\
		return 1;						\
	}								\
} while (0)

static char	 report[256];	/* what the last child wrote to logfd */

static int
run(const char *promises, const char *root, act fn)
{
	const char	*what = "?";
	size_t		 len = 0;
	ssize_t		 n;
	pid_t		 pid;
	int		 fd[2], status;

	ATF_REQUIRE(pipe(fd) == 0);
	fflush(NULL);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		close(fd[0]);
		if (sandbox(promises, root, fd[1], &what) == -1) {
			fprintf(stderr, "sandbox: %s: %s\n", what,
			    strerror(errno));
			_exit(99);
		}
		_exit(fn());
	}
	close(fd[1]);
	while (len < sizeof(report) - 1 && (n = read(fd[0], report + len,
	    sizeof(report) - 1 - len)) > 0)
		len += (size_t)n;
	report[len] = '\0';
	close(fd[0]);
	ATF_REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

static void
allowed(const char *promises, const char *root, act fn)
{
	int	 status = run(promises, root, fn);

	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "\"%s\": status %#x, %s", promises, status, report);
	ATF_CHECK_STREQ("", report);
}

/* name NULL: killed at once and without a line */
static void
forbidden(const char *promises, const char *root, act fn, const char *name)
{
	char	 want[64];
	int	 status = run(promises, root, fn);

	ATF_CHECK_MSG(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "\"%s\" %s: status %#x", promises, name == NULL ? "" : name,
	    status);
	if (name == NULL) {
		ATF_CHECK_STREQ("", report);
		return;
	}
	snprintf(want, sizeof(want), "unexpected system call %s (", name);
	ATF_CHECK_MSG(strncmp(report, want, strlen(want)) == 0 &&
	    strchr(report, '\n') == report + strlen(report) - 1,
	    "%s: \"%s\"", name, report);
}

static int
do_stdio(void)
{
	struct stat	 st;
	struct rlimit	 rl;
	struct timespec	 ts = { 0, 1 };
	char		 byte;
	void		*p;
	int		 fd, sv[2], n;

	NEED((fd = memfd_create("t", MFD_ALLOW_SEALING)) != -1);
	NEED(ftruncate(fd, 8192) == 0);
	NEED(fstat(fd, &st) == 0 && st.st_size == 8192);
	NEED(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED && munmap(p, 8192) == 0);
	NEED((p = malloc(1 << 22)) != NULL);
	memset(p, 1, 1 << 22);
	NEED((p = realloc(p, 1 << 23)) != NULL);
	free(p);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	NEED(ioctl(sv[0], FIONREAD, &n) == 0);
	NEED(send(sv[0], "x", 1, MSG_NOSIGNAL) == 1);
	NEED(recv(sv[1], &byte, 1, 0) == 1);
	NEED(!isatty(sv[0]));
	NEED(clock_gettime(CLOCK_MONOTONIC, &ts) == 0 && time(NULL) > 0);
	ts.tv_sec = 0;
	NEED(nanosleep(&ts, NULL) == 0);
	NEED(getrlimit(RLIMIT_NOFILE, &rl) == 0);
	NEED(getrlimit(RLIMIT_CORE, &rl) == 0 && rl.rlim_max == 0);
	NEED(getrlimit(RLIMIT_NPROC, &rl) == 0 && rl.rlim_max == 0);
	NEED(sysconf(_SC_PAGESIZE) > 0 && getpid() > 0);
	arc4random_buf(&byte, 1);
	return 0;
}

/* Files are not there, and asking does no harm. */
static int
do_no_path(void)
{
	struct stat	 st;
	time_t		 now = 0;
	char		 buf[64];

	NEED(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	NEED(fopen("/etc/localtime", "r") == NULL && errno == EACCES);
	NEED(open("/tmp/x", O_RDWR | O_CREAT, 0600) == -1 && errno == EACCES);
	NEED(stat("/etc/passwd", &st) == -1 && errno == EACCES);
	NEED(access("/etc/passwd", R_OK) == -1 && errno == EACCES);
	NEED(readlink("/proc/self/exe", buf, sizeof(buf)) == -1);
	tzset();
	NEED(localtime(&now) != NULL);
	return 0;
}

static void
tick(int fd, short what, void *arg)
{
	(*(int *)arg)++;
}

static int
do_libevent(void)
{
	struct event_base	*base;
	struct event		 timer, sig, ev;
	struct timeval		 tv = { 0, 1000 };
	int			 n = 0, sv[2];

	NEED((base = event_base_new()) != NULL);
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == 0);
	evtimer_set(&timer, tick, &n);
	event_base_set(base, &timer);
	evtimer_add(&timer, &tv);
	signal_set(&sig, SIGUSR1, tick, &n);
	event_base_set(base, &sig);
	signal_add(&sig, NULL);
	event_set(&ev, sv[0], EV_READ, tick, &n);
	event_base_set(base, &ev);
	event_add(&ev, NULL);
	NEED(raise(SIGUSR1) == 0 && write(sv[1], "x", 1) == 1);
	while (n < 3)
		NEED(event_base_loop(base, EVLOOP_ONCE) == 0);
	return 0;
}

static int
do_inet(void)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 l, c, a, on = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	NEED((l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) != -1);
	NEED(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
	NEED(bind(l, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	NEED(listen(l, 1) == 0);
	NEED(getsockname(l, (struct sockaddr *)&sin, &len) == 0);
	NEED((c = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	NEED(connect(c, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	NEED((a = accept4(l, NULL, NULL, SOCK_NONBLOCK)) != -1);
	NEED(write(a, "x", 1) == 1);
	NEED(socket(AF_INET, SOCK_DGRAM, 0) != -1);
	NEED(socket(AF_NETLINK, SOCK_RAW, 0) == -1);
	return 0;
}

static void *
thread_main(void *arg)
{
	*(int *)arg = 1;
	return arg;
}

static int
do_thread(void)
{
	pthread_t	 t;
	int		 done = 0;

	NEED(pthread_create(&t, NULL, thread_main, &done) == 0);
	NEED(pthread_join(t, NULL) == 0);
	NEED(done);
	return 0;
}

static int
do_files(void)
{
	struct stat	 st;
	int		 fd;

	NEED((fd = open("dir/a", O_RDWR | O_CREAT | O_EXCL, 0600)) != -1);
	NEED(write(fd, "x", 1) == 1 && fdatasync(fd) == 0);
	NEED(rename("dir/a", "dir/b") == 0);
	NEED(mkdir("dir/d", 0700) == 0 && rmdir("dir/d") == 0);
	NEED(stat("dir/b", &st) == 0 && st.st_size == 1);
	NEED(truncate("dir/b", 0) == 0);
	NEED(unlink("dir/b") == 0);
	NEED(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
	/* Outside of the one directory, landlock says no. */
	NEED(open("secret", O_RDONLY) == -1 && errno == EACCES);
	NEED(open("dir/../secret", O_RDONLY) == -1 && errno == EACCES);
	NEED(open("new", O_RDWR | O_CREAT, 0600) == -1 && errno == EACCES);
	NEED(rename("secret", "dir/secret") == -1);
	NEED(unlink("secret") == -1);
	return 0;
}

static int
do_read_only(void)
{
	NEED(open("dir/there", O_RDONLY) != -1);
	NEED(open("secret", O_RDONLY) == -1 && errno == EACCES);
	return 0;
}

static int
do_open_write(void)
{
	return open("dir/there", O_WRONLY) == -1;
}

static int
do_open_create(void)
{
	return open("dir/new", O_RDWR | O_CREAT, 0600) == -1;
}

static int
do_flock(void)
{
	struct flock	 fl;
	int		 fd;

	memset(&fl, 0, sizeof(fl));
	fl.l_type = F_WRLCK;
	NEED((fd = memfd_create("t", 0)) != -1);
	NEED(fcntl(fd, F_SETLK, &fl) == 0);
	return 0;
}

static int
do_abort(void)
{
	abort();
}

#ifndef WITH_SANITIZER
static int
do_unlisted(void)
{
	return (int)syscall(SYS_mincore, NULL, 0, NULL) + 1;
}
#endif

static int
do_setrlimit(void)
{
	struct rlimit	 rl = { 1, 1 };

	return setrlimit(RLIMIT_NOFILE, &rl) + 1;
}

static int
do_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int
do_mprotect(void)
{
	void	*p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int
do_ioctl(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static int
do_sigsys(void)
{
	return signal(SIGSYS, SIG_IGN) == SIG_ERR;
}

static int
do_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
do_setowner(void)
{
	return fcntl(0, F_SETOWN, getpid());
}

static int
do_fork(void)
{
	return fork() == -1;
}

static int
do_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
do_ptrace(void)
{
	return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
}

static int
do_kill(void)
{
	return kill(getppid(), 0);
}

static int
do_setuid(void)
{
	return setuid(0);
}

static int
do_chroot(void)
{
	return chroot("/");
}

static int
do_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1;
}

static int
do_socket_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) == -1;
}

static int
do_socket_raw(void)
{
	return socket(AF_INET, SOCK_RAW, 1) == -1;
}

static int
do_tgkill_parent(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int
do_accept(void)
{
	return accept(0, NULL, NULL) == -1 ? 0 : 1;
}

static int
do_parent(void)
{
	pid_t	 pid;
	int	 status;

	NEED((pid = fork()) != -1);
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	NEED(open("/etc/passwd", O_RDONLY) != -1);
	/* What a child does to itself must go on working. */
	NEED((pid = fork()) != -1);
	if (pid == 0)
		_exit(chroot("/") == -1 && errno != EPERM);
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

static void
make_files(void)
{
	int	 fd;

	ATF_REQUIRE(mkdir("dir", 0700) == 0);
	ATF_REQUIRE((fd = creat("secret", 0600)) != -1);
	close(fd);
	ATF_REQUIRE((fd = creat("dir/there", 0600)) != -1);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(allowed);
ATF_TC_BODY(allowed, tc)
{
	allowed("stdio", NULL, do_stdio);
	allowed("stdio", NULL, do_no_path);
	allowed("stdio recvfd sendfd", NULL, do_libevent);
	allowed("stdio inet", NULL, do_inet);
	allowed("stdio inet", NULL, do_no_path);
	allowed("stdio thread", NULL, do_thread);
	allowed("stdio flock", NULL, do_flock);
	allowed("stdio unix", NULL, do_accept);
	allowed("  stdio  proc ", NULL, do_parent);
}

ATF_TC_WITHOUT_HEAD(files);
ATF_TC_BODY(files, tc)
{
	make_files();
	allowed("stdio rpath wpath cpath", "dir", do_files);
	allowed("stdio rpath", "dir", do_read_only);
	forbidden("stdio rpath", "dir", do_open_write, "openat");
	forbidden("stdio rpath", "dir", do_open_create, "openat");
	forbidden("stdio rpath wpath", "dir", do_open_create, "openat");
}

ATF_TC_WITHOUT_HEAD(reported);
ATF_TC_BODY(reported, tc)
{
#ifndef WITH_SANITIZER
	forbidden("stdio", NULL, do_unlisted, "mincore");
#endif
	forbidden("stdio", NULL, do_setrlimit, "prlimit64");
	forbidden("stdio", NULL, do_exec_memory, "mmap");
	forbidden("stdio", NULL, do_mprotect, "mprotect");
	forbidden("stdio", NULL, do_ioctl, "ioctl");
	forbidden("stdio", NULL, do_sigsys, "rt_sigaction");
	forbidden("stdio", NULL, do_prctl, "prctl");
	forbidden("stdio", NULL, do_setowner, "fcntl");
	forbidden("stdio", NULL, do_flock, "fcntl");
	forbidden("stdio", NULL, do_accept, "accept");
	forbidden("stdio", NULL, do_tgkill_parent, "tgkill");
	forbidden("stdio inet", NULL, do_socket_unix, "socket");
	forbidden("stdio inet", NULL, do_socket_raw, "socket");
	forbidden("stdio thread", NULL, do_fork, "clone");
}

ATF_TC_WITHOUT_HEAD(killed);
ATF_TC_BODY(killed, tc)
{
	forbidden("stdio inet", NULL, do_fork, NULL);
	forbidden("stdio inet", NULL, do_exec, NULL);
	forbidden("stdio", NULL, do_ptrace, NULL);
	forbidden("stdio", NULL, do_kill, NULL);
	forbidden("stdio", NULL, do_setuid, NULL);
	forbidden("stdio", NULL, do_chroot, NULL);
	forbidden("stdio", NULL, do_socket, NULL);
	forbidden("stdio unix", NULL, do_socket_unix, NULL);
	forbidden("stdio proc", NULL, do_ptrace, NULL);
}

/* An abort must look like one, not like a broken promise. */
ATF_TC_WITHOUT_HEAD(aborts);
ATF_TC_BODY(aborts, tc)
{
	int	 status = run("stdio", NULL, do_abort);

	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ATF_CHECK_STREQ("", report);
}

static int
do_status(void)
{
	sleep(10);
	return 0;
}

/* What the kernel itself says about a child. */
ATF_TC_WITHOUT_HEAD(status);
ATF_TC_BODY(status, tc)
{
	char		 path[64], line[256];
	const char	*what;
	FILE		*f;
	pid_t		 pid;
	int		 fd[2], found = 0;

	ATF_REQUIRE(pipe(fd) == 0);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		if (sandbox("stdio", NULL, -1, &what) == -1 ||
		    write(fd[1], "x", 1) != 1)
			_exit(1);
		_exit(do_status());
	}
	ATF_REQUIRE(read(fd[0], line, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	ATF_REQUIRE((f = fopen(path, "r")) != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		found += strcmp(line, "NoNewPrivs:\t1\n") == 0 ||
		    strcmp(line, "Seccomp:\t2\n") == 0;
	fclose(f);
	kill(pid, SIGKILL);
	ATF_CHECK_EQ(2, found);
}

ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	const char	*what = NULL;

	ATF_CHECK(sandbox("stdio inets", NULL, -1, &what) == -1);
	ATF_CHECK_EQ(EINVAL, errno);
	ATF_CHECK_STREQ("promise", what);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, allowed);
	ATF_TP_ADD_TC(tp, files);
	ATF_TP_ADD_TC(tp, reported);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, aborts);
	ATF_TP_ADD_TC(tp, status);
	ATF_TP_ADD_TC(tp, words);
	return atf_no_error();
}
