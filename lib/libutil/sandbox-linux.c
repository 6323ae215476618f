/*
 * The sandbox on Linux: no_new_privs, limits, landlock for files, seccomp-bpf
 * for system calls.
 *
 * What a promise allows stands in sandbox-linux-calls.c.  For what it does not
 * there are three answers.  Calls that nothing of ours makes and that a
 * captured process would love (execve, ptrace, socket without "inet") kill at
 * once.  Calls by which libraries look for files, where there are none
 * (tzset(3), iconv(3)), fail with EACCES.  All others trap into a handler that
 * reports the name and dies: it is our mistake or a new libc, and who runs
 * the site needs to know which call it was.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "libutil/sandbox.h"
#include "libutil/sandbox-linux.h"

/* Names of the system calls by number, made before the sandbox closes. */
#define NAMES_CALLS	512
#define NAMES_BYTES	8192
static uint16_t	 names_at[NAMES_CALLS];	/* 0: none */
static char	 names[NAMES_BYTES];
static int	 report_fd = -1;
#ifdef WITH_SANITIZER
static int	 closed;	/* the sandbox is */
#endif

static const struct {
	const char	*word;
	unsigned int	 flag;
} words[] = {
	{ "stdio",	SANDBOX_STDIO },
	{ "recvfd",	SANDBOX_STDIO },	/* seccomp cannot see either */
	{ "sendfd",	SANDBOX_STDIO },
	{ "inet",	SANDBOX_INET },
	{ "unix",	SANDBOX_UNIX },
	{ "rpath",	SANDBOX_RPATH },
	{ "wpath",	SANDBOX_WPATH },
	{ "cpath",	SANDBOX_CPATH },
	{ "flock",	SANDBOX_FLOCK },
	{ "thread",	SANDBOX_THREAD },
	{ "proc",	SANDBOX_PROC },
};
#define NWORDS	(sizeof(words) / sizeof(words[0]))

static int
sandbox_parse(const char *promises, unsigned int *flags)
{
	size_t	 i, len;

	*flags = 0;
	while (*(promises += strspn(promises, " ")) != '\0') {
		len = strcspn(promises, " ");
		for (i = 0; i < NWORDS; i++)
			if (strlen(words[i].word) == len &&
			    memcmp(words[i].word, promises, len) == 0)
				break;
		if (i == NWORDS) {
			errno = EINVAL;
			return -1;
		}
		*flags |= words[i].flag;
		promises += len;
	}
	return 0;
}

static void
sandbox_name_calls(void)
{
	size_t	 used = 1, len;
	char	*name;
	int	 nr;

	for (nr = 0; nr < NAMES_CALLS; nr++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name == NULL)
			continue;
		len = strlen(name) + 1;
		if (len <= sizeof(names) - used) {
			memcpy(names + used, name, len);
			names_at[nr] = (uint16_t)used;
			used += len;
		}
		free(name);
	}
}

/* SIGSYS: only what is safe in a handler, and there is no way back. */
static void
sandbox_report(int sig, siginfo_t *info, void *context)
{
	static const char	 start[] = "unexpected system call ";
	char			 line[96], digits[12];
	const char		*name = "unknown";
	size_t			 len, i = sizeof(digits);
	unsigned int		 nr = (unsigned int)info->si_syscall, n = nr;

	(void)sig;
	(void)context;
	if (nr < NAMES_CALLS && names_at[nr] != 0)
		name = names + names_at[nr];
	digits[--i] = '\n';
	digits[--i] = ')';
	do {
		digits[--i] = (char)('0' + n % 10);
	} while ((n /= 10) > 0 && i > 0);
	memcpy(line, start, sizeof(start) - 1);
	len = sizeof(start) - 1;
	while (*name != '\0' && len < sizeof(line) - sizeof(digits) - 2)
		line[len++] = *name++;
	line[len++] = ' ';
	line[len++] = '(';
	memcpy(line + len, digits + i, sizeof(digits) - i);
	len += sizeof(digits) - i;
	if (report_fd != -1)
		(void)!write(report_fd, line, len);
	/* On the list of those that kill: the status says SIGSYS. */
	for (;;)
		syscall(SYS_ptrace, 0, 0, 0, 0);
}

static int
sandbox_handler(int logfd)
{
	struct sigaction	 sa;
	sigset_t		 set;

	report_fd = logfd;
	sandbox_name_calls();
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = sandbox_report;
	sa.sa_flags = SA_SIGINFO;
	sigfillset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL) == -1)
		return -1;
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	return sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int
sandbox_limits(unsigned int flags)
{
	struct rlimit	 none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	if ((flags & (SANDBOX_THREAD | SANDBOX_PROC)) == 0 &&
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return -1;
	/* Also closes /proc/PID to processes of the same user. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Landlock, by number: the headers of the build machine may be older than the
 * kernel that runs.  Rights that a kernel does not know are left out, for what
 * it could not restrict seccomp does.
 */
#define LL_CREATE		444
#define LL_ADD_RULE		445
#define LL_RESTRICT		446
#define LL_VERSION		1	/* flag: which ABI? */
#define LL_PATH_BENEATH		1
#define LL_WRITE_FILE		(1ULL << 1)
#define LL_READ_FILE		(1ULL << 2)
#define LL_READ_DIR		(1ULL << 3)
#define LL_REMOVE_DIR		(1ULL << 4)
#define LL_REMOVE_FILE		(1ULL << 5)
#define LL_MAKE_DIR		(1ULL << 7)
#define LL_MAKE_REG		(1ULL << 8)
#define LL_REFER		(1ULL << 13)	/* ABI 2 */
#define LL_TRUNCATE		(1ULL << 14)	/* ABI 3 */

struct ll_ruleset {
	uint64_t	 fs;
	uint64_t	 net;		/* ABI 4: bind, connect of TCP */
	uint64_t	 scoped;	/* ABI 6: abstract sockets, signals */
};

struct ll_path {
	uint64_t	 access;
	int32_t		 fd;
} __attribute__((__packed__));

static uint64_t
landlock_known(long abi)
{
	/* All rights of an ABI, so that new kinds are refused as well. */
	if (abi >= 5)
		return (1ULL << 16) - 1;
	return abi >= 3 ? (1ULL << 15) - 1 : (1ULL << (12 + abi)) - 1;
}

static uint64_t
landlock_access(unsigned int flags)
{
	uint64_t	 access = 0;

	if (flags & SANDBOX_RPATH)
		access |= LL_READ_FILE | LL_READ_DIR;
	if (flags & SANDBOX_WPATH)
		access |= LL_WRITE_FILE | LL_TRUNCATE;
	if (flags & SANDBOX_CPATH)
		access |= LL_REMOVE_DIR | LL_REMOVE_FILE | LL_MAKE_DIR |
		    LL_MAKE_REG | LL_REFER;
	return access;
}

static int
sandbox_landlock(unsigned int flags, const char *root)
{
	struct ll_ruleset	 rules;
	struct ll_path		 path;
	long			 abi;
	size_t			 size;
	int			 fd, ret = -1;

	if ((abi = syscall(LL_CREATE, NULL, 0, LL_VERSION)) < 1)
		return -1;
	memset(&rules, 0, sizeof(rules));
	rules.fs = landlock_known(abi);
	if ((flags & SANDBOX_INET) == 0)
		rules.net = 3;
	rules.scoped = 3;
	size = abi >= 6 ? sizeof(rules) : abi >= 4 ? 16 : 8;
	if ((fd = (int)syscall(LL_CREATE, &rules, size, 0)) == -1)
		return -1;
	memset(&path, 0, sizeof(path));
	path.fd = -1;
	path.access = landlock_access(flags) & rules.fs;
	if (root != NULL && path.access != 0) {
		path.fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (path.fd == -1)
			goto done;
		if (syscall(LL_ADD_RULE, fd, LL_PATH_BENEATH, &path, 0) == -1)
			goto done;
	}
	ret = (int)syscall(LL_RESTRICT, fd, 0);
done:
	if (path.fd != -1)
		close(path.fd);
	close(fd);
	return ret;
}

static int
sandbox_seccomp(unsigned int flags)
{
	scmp_filter_ctx	 ctx;
	int		 ret;

	/*
	 * The parent's children inherit its filter and must still be able to
	 * drop privileges and close their own: it only loses what none needs.
	 */
	ctx = seccomp_init(flags & SANDBOX_PROC ? SCMP_ACT_ALLOW :
	    SCMP_ACT_TRAP);
	if (ctx == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if ((ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) != 0 ||
	    (ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) != 0)
		goto done;
	/* A tree instead of a list, where this libseccomp can: faster. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((ret = sandbox_rules(ctx, flags)) == 0)
		ret = seccomp_load(ctx);
done:
	seccomp_release(ctx);
	malloc_trim(0);		/* building it took far more than it weighs */
	if (ret == 0)
		return 0;
	errno = -ret;
	return -1;
}

int
sandbox(const char *promises, const char *root, int logfd, const char **what)
{
	unsigned int	 flags;

	*what = "promise";
	if (sandbox_parse(promises, &flags) == -1)
		return -1;
	*what = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	*what = "limits";
	if (sandbox_limits(flags) == -1)
		return -1;
	/* Landlock too is inherited: not by the children of the parent. */
	*what = "landlock";
	if ((flags & SANDBOX_PROC) == 0 && sandbox_landlock(flags, root) == -1)
		return -1;
	*what = "seccomp";
	if ((flags & SANDBOX_PROC) == 0 && sandbox_handler(logfd) == -1)
		return -1;
	if (sandbox_seccomp(flags) == -1)
		return -1;
#ifdef WITH_SANITIZER
	closed = 1;
#endif
	*what = NULL;
	return 0;
}

#ifdef WITH_SANITIZER
int	__lsan_is_turned_off(void);

/* Looking for leaks at exit takes a ptrace(2) of oneself: not in here. */
int
__lsan_is_turned_off(void)
{
	return closed;
}
#endif
