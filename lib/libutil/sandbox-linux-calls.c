/*
 * Which system calls a promise allows.  By name: libseccomp knows the numbers
 * of this machine, and a name that the machine does not have is passed over.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "config.h"
#include "libutil/sandbox-linux.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41
#endif
#ifndef __O_TMPFILE
#define __O_TMPFILE	020000000
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS	1033
#define F_GET_SEALS	1034
#endif
#define SOCK_TYPE_BITS	0xfU

static const char *const allow_stdio[] = {
	/* descriptors */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
	"pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "close",
	"close_range", "dup", "dup2", "dup3", "fstat", "fstat64", "fstatfs",
	"fstatfs64", "fsync", "fdatasync", "sync_file_range", "ftruncate",
	"ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "readahead",
	"sendfile", "sendfile64", "copy_file_range", "splice", "tee",
	"memfd_create", "pipe", "pipe2",
	/* sockets that are there already */
	"sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
	"recvmmsg_time64", "shutdown", "getsockopt", "getsockname",
	"getpeername",
	/* waiting */
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
	"pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
	"timerfd_create", "timerfd_settime", "timerfd_settime64",
	"timerfd_gettime", "timerfd_gettime64", "signalfd", "signalfd4",
	"nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "pause",
	"restart_syscall", "sched_yield", "futex", "futex_time64",
	"futex_waitv", "futex_wait", "futex_wake", "futex_requeue",
	/* clocks */
	"clock_gettime", "clock_gettime64", "clock_getres",
	"clock_getres_time64", "gettimeofday", "time", "times", "alarm",
	"setitimer", "getitimer",
	/* memory; mmap and mprotect see below */
	"munmap", "mremap", "madvise", "brk", "msync", "mlock", "mlock2",
	"munlock", "membarrier",
	/* itself */
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid",
	"getegid", "getuid32", "geteuid32", "getgid32", "getegid32",
	"getresuid", "getresgid", "getgroups", "getpgrp", "getpgid", "getsid",
	"getrusage", "getrlimit", "ugetrlimit", "sysinfo", "uname", "getcwd",
	"getrandom", "getcpu", "sched_getaffinity", "sched_getparam",
	"sched_getscheduler", "set_robust_list", "get_robust_list", "rseq",
	"umask", "getpriority",
	/* signals; rt_sigaction see below */
	"rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigpending",
	"rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
	"sigaltstack",
	"exit", "exit_group", NULL
};

static const char *const allow_inet[] = {
	"accept", "accept4", "connect", "bind", "listen", "setsockopt", NULL
};

static const char *const allow_unix[] = {
	"accept", "accept4", "setsockopt", NULL
};

static const char *const allow_rpath[] = {
	"stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64",
	"statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents", "getdents64", "statfs", "statfs64", "chdir", "fchdir", NULL
};

static const char *const allow_wpath[] = {
	"truncate", "truncate64", "utimensat", "utimensat_time64", NULL
};

static const char *const allow_cpath[] = {
	"creat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename",
	"renameat", "renameat2", "link", "linkat", "chmod", "fchmod",
	"fchmodat", "fchmodat2", NULL
};

static const char *const allow_flock[] = { "flock", NULL };

static const char *const allow_thread[] = {
	"set_tid_address", "sched_setaffinity", NULL
};

/* What libraries try and can do without, where no path is promised. */
static const char *const fail_path[] = {
	"open", "openat", "openat2", "stat", "stat64", "lstat", "lstat64",
	"access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"statfs", "statfs64", NULL
};

/* Nothing of ours makes these, with any promise: whoever does is not us. */
static const char *const kill_always[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
	"pidfd_getfd", "kcmp", "bpf", "perf_event_open", "userfaultfd",
	"init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "swapon", "swapoff", "acct", "iopl",
	"ioperm", "add_key", "request_key", "keyctl", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "open_by_handle_at",
	"name_to_handle_at", "quotactl", "quotactl_fd", "syslog",
	"lookup_dcookie", "settimeofday", "clock_settime", "clock_settime64",
	"clock_adjtime", "clock_adjtime64", "adjtimex", "sethostname",
	"setdomainname", "vhangup", "pivot_root", "move_pages",
	"migrate_pages", "modify_ldt", "fanotify_init", "vmsplice", NULL
};

/* The parent does these, or its children before their own sandbox. */
static const char *const kill_child[] = {
	"execve", "execveat", "fork", "vfork", "mount", "umount", "umount2",
	"open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "setns", "unshare", "chroot", "setuid", "setgid",
	"setuid32", "setgid32", "setreuid", "setregid", "setreuid32",
	"setregid32", "setresuid", "setresgid", "setresuid32", "setresgid32",
	"setgroups", "setgroups32", "setfsuid", "setfsgid", "setfsuid32",
	"setfsgid32", "capset", "personality", "mknod", "mknodat", "chown",
	"fchown", "lchown", "fchownat", "kill", "tkill", "rt_sigqueueinfo",
	"rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal", "symlink",
	"symlinkat", "setxattr", "lsetxattr", "fsetxattr", NULL
};

/* Commands of fcntl(2) without locks and without F_SETOWN. */
static const int allow_fcntl[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
	F_ADD_SEALS, F_GET_SEALS, F_GETPIPE_SZ, F_SETPIPE_SZ
};

static const int lock_fcntl[] = {
	F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
};

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

static int
rule(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned int n,
    const struct scmp_arg_cmp *cmp)
{
	int	 nr, ret;

	nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR)
		return 0;
	ret = seccomp_rule_add_array(ctx, action, nr, n, cmp);
	/* Not on this machine. */
	return ret == -EDOM ? 0 : ret;
}

static int
rules(scmp_filter_ctx ctx, uint32_t action, const char *const *list)
{
	int	 ret = 0;

	for (; ret == 0 && *list != NULL; list++)
		ret = rule(ctx, action, *list, 0, NULL);
	return ret;
}

static int
rule1(scmp_filter_ctx ctx, uint32_t action, const char *name,
    struct scmp_arg_cmp a)
{
	return rule(ctx, action, name, 1, &a);
}

static int
rule2(scmp_filter_ctx ctx, uint32_t action, const char *name,
    struct scmp_arg_cmp a, struct scmp_arg_cmp b)
{
	struct scmp_arg_cmp	 ab[2] = { a, b };

	return rule(ctx, action, name, 2, ab);
}

static int
rules_memory(scmp_filter_ctx ctx)
{
	static const char *const	 names[] = { "mmap", "mmap2",
	    "mprotect" };
	size_t				 i;
	int				 ret = 0;

	/* No code comes into being after the start. */
	for (i = 0; ret == 0 && i < NELEM(names); i++)
		ret = rule1(ctx, SCMP_ACT_ALLOW, names[i],
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return ret;
}

static int
rules_fcntl(scmp_filter_ctx ctx, const int *list, size_t n)
{
	size_t	 i;
	int	 ret = 0;

	for (i = 0; ret == 0 && i < n; i++) {
		ret = rule1(ctx, SCMP_ACT_ALLOW, "fcntl",
		    SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)list[i]));
		if (ret == 0)
			ret = rule1(ctx, SCMP_ACT_ALLOW, "fcntl64",
			    SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)list[i]));
	}
	return ret;
}

/* The rest of stdio: calls of which only some forms are harmless. */
static int
rules_stdio(scmp_filter_ctx ctx)
{
	int	 ret;

	if ((ret = rules_memory(ctx)) != 0 ||
	    (ret = rules_fcntl(ctx, allow_fcntl, NELEM(allow_fcntl))) != 0)
		return ret;
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "ioctl",
	    SCMP_A1_32(SCMP_CMP_EQ, FIONREAD))) != 0 ||
	    (ret = rule1(ctx, SCMP_ACT_ALLOW, "ioctl",
	    SCMP_A1_32(SCMP_CMP_EQ, FIONBIO))) != 0)
		return ret;
	/* isatty(3) of standard I/O: whatever it is, it is no terminal. */
	if ((ret = rule1(ctx, SCMP_ACT_ERRNO(ENOTTY), "ioctl",
	    SCMP_A1_32(SCMP_CMP_EQ, TCGETS))) != 0)
		return ret;
	/* Nobody takes the handler away that reports. */
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "rt_sigaction",
	    SCMP_A0_32(SCMP_CMP_NE, SIGSYS))) != 0)
		return ret;
	/* abort(3) */
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "tgkill",
	    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()))) != 0)
		return ret;
	/* Reading one's own limits. */
	if ((ret = rule2(ctx, SCMP_ACT_ALLOW, "prlimit64",
	    SCMP_A0_32(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0))) != 0)
		return ret;
	/* Names for a thread and for memory; nothing else of prctl(2). */
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "prctl",
	    SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME))) != 0 ||
	    (ret = rule1(ctx, SCMP_ACT_ALLOW, "prctl",
	    SCMP_A0_32(SCMP_CMP_EQ, PR_SET_VMA))) != 0)
		return ret;
	return rule1(ctx, SCMP_ACT_ALLOW, "socketpair",
	    SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX));
}

static int
rules_inet(scmp_filter_ctx ctx)
{
	static const unsigned int	 families[] = { AF_INET, AF_INET6 };
	static const unsigned int	 types[] = { SOCK_STREAM, SOCK_DGRAM };
	size_t				 i, j;
	int				 ret;

	if ((ret = rules(ctx, SCMP_ACT_ALLOW, allow_inet)) != 0)
		return ret;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 2; j++)
			if ((ret = rule2(ctx, SCMP_ACT_ALLOW, "socket",
			    SCMP_A0_32(SCMP_CMP_EQ, families[i]),
			    SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCK_TYPE_BITS,
			    types[j]))) != 0)
				return ret;
	/* getaddrinfo(3) asks the kernel for its addresses, if it may. */
	return rule1(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket",
	    SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK));
}

/* open(2) and its flags, for the promises that are made */
static int
rules_open(scmp_filter_ctx ctx, unsigned int flags)
{
	static const char *const	 names[] = { "open", "openat", NULL };
	uint32_t			 mask;
	int				 ret;

	if (flags & SANDBOX_CPATH && flags & SANDBOX_WPATH) {
		if ((ret = rules(ctx, SCMP_ACT_ALLOW, names)) != 0)
			return ret;
	} else {
		if (flags & SANDBOX_WPATH)
			mask = O_CREAT | __O_TMPFILE;
		else
			mask = O_ACCMODE | O_CREAT | O_TRUNC | __O_TMPFILE;
		if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "open",
		    SCMP_A1_32(SCMP_CMP_MASKED_EQ, mask, 0))) != 0 ||
		    (ret = rule1(ctx, SCMP_ACT_ALLOW, "openat",
		    SCMP_A2_32(SCMP_CMP_MASKED_EQ, mask, 0))) != 0)
			return ret;
	}
	/* Its flags are in memory, where a filter cannot look. */
	return rule(ctx, SCMP_ACT_ERRNO(ENOSYS), "openat2", 0, NULL);
}

static int
rules_path(scmp_filter_ctx ctx, unsigned int flags)
{
	static const char *const	 names[] = { "newfstatat",
	    "fstatat64" };
	size_t				 i;
	int				 ret;

	if (flags & (SANDBOX_RPATH | SANDBOX_WPATH | SANDBOX_CPATH)) {
		if ((ret = rules(ctx, SCMP_ACT_ALLOW, allow_rpath)) != 0 ||
		    (ret = rules_open(ctx, flags)) != 0)
			return ret;
		if (flags & SANDBOX_WPATH && (ret = rules(ctx, SCMP_ACT_ALLOW,
		    allow_wpath)) != 0)
			return ret;
		if (flags & SANDBOX_CPATH && (ret = rules(ctx, SCMP_ACT_ALLOW,
		    allow_cpath)) != 0)
			return ret;
		return 0;
	}
	if ((ret = rules(ctx, SCMP_ACT_ERRNO(EACCES), fail_path)) != 0)
		return ret;
	/* The C library's fstat(2) is one of these, with an empty path. */
	for (i = 0; i < NELEM(names); i++) {
		if ((ret = rule1(ctx, SCMP_ACT_ALLOW, names[i],
		    SCMP_A3_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH,
		    AT_EMPTY_PATH))) != 0 ||
		    (ret = rule1(ctx, SCMP_ACT_ERRNO(EACCES), names[i],
		    SCMP_A3_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0))) != 0)
			return ret;
	}
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "statx",
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH,
	    AT_EMPTY_PATH))) != 0)
		return ret;
	return rule1(ctx, SCMP_ACT_ERRNO(EACCES), "statx",
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
}

/* A thread of this process and nothing that is more than that. */
static int
rules_thread(scmp_filter_ctx ctx, unsigned int flags)
{
	uint32_t	 need, never;
	int		 ret;

	/* Its flags are in memory; the C library then uses clone(2). */
	if ((ret = rule(ctx, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL)) != 0)
		return ret;
	if ((flags & SANDBOX_THREAD) == 0)
		return rule(ctx, SCMP_ACT_KILL_PROCESS, "clone", 0, NULL);
	need = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
	    CLONE_THREAD;
	never = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_UNTRACED |
	    CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT;
	if ((ret = rule1(ctx, SCMP_ACT_ALLOW, "clone",
	    SCMP_A0_32(SCMP_CMP_MASKED_EQ, need | never, need))) != 0)
		return ret;
	return rules(ctx, SCMP_ACT_ALLOW, allow_thread);
}

#ifdef WITH_SANITIZER
/* What a report and shadow memory take. */
static const char *const allow_sanitizer[] = {
	"mincore", "set_tid_address", "arch_prctl", NULL
};
#endif

int
sandbox_rules(scmp_filter_ctx ctx, unsigned int flags)
{
	int	 ret;

	if ((ret = rules(ctx, SCMP_ACT_KILL_PROCESS, kill_always)) != 0 ||
	    flags & SANDBOX_PROC)
		return ret;
	if ((ret = rules(ctx, SCMP_ACT_KILL_PROCESS, kill_child)) != 0 ||
	    (ret = rules(ctx, SCMP_ACT_ALLOW, allow_stdio)) != 0 ||
	    (ret = rules_stdio(ctx)) != 0 ||
	    (ret = rules_path(ctx, flags)) != 0 ||
	    (ret = rules_thread(ctx, flags)) != 0)
		return ret;
	if (flags & SANDBOX_INET)
		ret = rules_inet(ctx);
	else
		ret = rule(ctx, SCMP_ACT_KILL_PROCESS, "socket", 0, NULL);
	if (ret == 0 && (flags & (SANDBOX_UNIX | SANDBOX_INET)) ==
	    SANDBOX_UNIX)
		ret = rules(ctx, SCMP_ACT_ALLOW, allow_unix);
	if (ret == 0 && flags & SANDBOX_FLOCK) {
		ret = rules(ctx, SCMP_ACT_ALLOW, allow_flock);
		if (ret == 0)
			ret = rules_fcntl(ctx, lock_fcntl, NELEM(lock_fcntl));
	}
#ifdef WITH_SANITIZER
	if (ret == 0)
		ret = rules(ctx, SCMP_ACT_ALLOW, allow_sanitizer);
#endif
	return ret;
}
