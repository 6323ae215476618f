/*
 * A library to be preloaded into maild for the tests: it writes down what store
 * and queue do to their files, makes the n-th operation of one process fail,
 * refuses memory, and moves the clock.  See shim.h.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

/* The C library's own, under the names that its headers do not declare. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);
int	 seccomp_load(const void *);
int	 seccomp_attr_set(void *, int, uint32_t);
int	 seccomp_rule_add_array(void *, uint32_t, int, unsigned int,
	    const void *);

static struct shim_ctl	*ctl;
static char		 role[16];
static int		 logfd = -1;
static int		 nosync, nosandbox, trace;

#define NEXT(name)							\
	static __typeof__(name) *next;					\
	if (next == NULL)						\
		*(void **)(void *)&next = dlsym(RTLD_NEXT, #name)

/* ---- who we are --------------------------------------------------------- */

static void
role_find(void)
{
	char	 args[256];
	ssize_t	 n;
	size_t	 i;
	int	 fd;

	if ((fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)) == -1)
		return;
	n = read(fd, args, sizeof(args) - 1);
	close(fd);
	if (n <= 0)
		return;
	args[n] = '\0';
	i = strlen(args) + 1;
	if (i + 3 < (size_t)n && strcmp(args + i, "-x") == 0)
		strncpy(role, args + i + 3, sizeof(role) - 1);
}

static int	 ours_find(struct dl_phdr_info *, size_t, void *);
static void	 shim_init(void) __attribute__((__constructor__));

static void
shim_init(void)
{
	struct shim_ctl	*p;
	const char	*path;
	int		 fd;

	role_find();
	(void)dl_iterate_phdr(ours_find, NULL);
	if ((trace = getenv("SHIM_TRACE") != NULL)) {
		void	*stack[1];

		(void)backtrace(stack, 1);	/* it loads a library */
	}
	nosync = getenv("SHIM_NOSYNC") != NULL;
	nosandbox = getenv("SHIM_NOSANDBOX") != NULL;
	if ((path = getenv("SHIM_LOG")) != NULL && (strcmp(role,
	    "store") == 0 || strcmp(role, "queue") == 0))
		logfd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if ((path = getenv("SHIM_CTL")) == NULL ||
	    (fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return;
	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED && p->magic == SHIM_MAGIC)
		ctl = p;
}

/* ---- failing ------------------------------------------------------------ */

/* Is it this one's turn?  Sets errno. */
static int
fails(enum shim_what what)
{
	int64_t	 n;

	if (ctl == NULL || ctl->what != what ||
	    strncmp(ctl->role, role, sizeof(role)) != 0)
		return 0;
	n = __atomic_fetch_add(&ctl->calls, 1, __ATOMIC_SEQ_CST);
	if (ctl->sticky ? n < ctl->at : n != ctl->at)
		return 0;
	__atomic_fetch_add(&ctl->failed, 1, __ATOMIC_SEQ_CST);
	if (trace) {
		void	*stack[16];

		backtrace_symbols_fd(stack, backtrace(stack, 16),
		    STDERR_FILENO);
	}
	errno = ctl->error;
	return 1;
}

/* Only files and directories: no pipe, no socket, no shared memory. */
static int
on_disk(int fd, struct stat *st)
{
	static dev_t	 memory;
	int		 saved = errno, m;

	if (memory == 0 && (m = memfd_create("shim", MFD_CLOEXEC)) != -1) {
		if (fstat(m, st) == 0)
			memory = st->st_dev;
		close(m);
	}
	if (fstat(fd, st) == -1)
		st->st_mode = 0;
	errno = saved;
	return (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) &&
	    st->st_dev != memory;
}

static int
fd_fails(int fd, enum shim_what what)
{
	struct stat	 st;

	return ctl != NULL && ctl->what == what && on_disk(fd, &st) &&
	    fails(what);
}

/* ---- writing down ------------------------------------------------------- */

static void
put(struct shim_rec *r, const void *name, const void *data, size_t len)
{
	struct iovec	 iov[3];
	ssize_t		 n;
	int		 saved = errno;

	r->size = (uint32_t)(sizeof(*r) + r->namelen + len);
	iov[0].iov_base = r;
	iov[0].iov_len = sizeof(*r);
	memcpy(&iov[1].iov_base, &name, sizeof(name));
	iov[1].iov_len = r->namelen;
	memcpy(&iov[2].iov_base, &data, sizeof(data));
	iov[2].iov_len = len;
	n = syscall(SYS_writev, logfd, iov, 3);
	if (n != (ssize_t)r->size)
		abort();	/* half a record is worse than none */
	errno = saved;
}

static void
put_fd(enum shim_op op, int fd, uint64_t off, const void *data, size_t len)
{
	struct shim_rec	 r = { .op = (uint16_t)op, .off = off, .len = len };
	struct stat	 st;
	const char	*p = data;

	if (logfd == -1 || !on_disk(fd, &st))
		return;
	r.ino = st.st_ino;
	/* Mostly zeros that are written ahead. */
	if (len > 0 && p[0] == '\0' && memcmp(p, p + 1, len - 1) == 0)
		len = 0;
	put(&r, NULL, data, len);
}

/* A name's directory, which is open as dirfd or part of the path. */
static uint64_t
dir_of(int dirfd, const char *path, const char **name)
{
	char		 dir[1024];
	struct stat	 st;
	const char	*slash = strrchr(path, '/');
	size_t		 n;

	*name = path;
	strcpy(dir, ".");
	if (slash != NULL) {
		*name = slash + 1;
		n = (size_t)(slash - path);
		if (n == 0 || n >= sizeof(dir))
			return 0;
		memcpy(dir, path, n);
		dir[n] = '\0';
	} else if (dirfd != AT_FDCWD)
		return fstat(dirfd, &st) == -1 ? 0 : st.st_ino;
	return fstatat(dirfd, dir, &st, 0) == -1 ? 0 : st.st_ino;
}

static void
put_name(enum shim_op op, int dirfd, const char *path, uint64_t ino)
{
	struct shim_rec	 r = { .op = (uint16_t)op, .ino = ino };
	const char	*name;
	int		 saved = errno;

	if (logfd == -1)
		return;
	if ((r.dir = dir_of(dirfd, path, &name)) != 0) {
		r.namelen = (uint16_t)strlen(name);
		put(&r, name, NULL, 0);
	}
	errno = saved;
}

/* ---- files -------------------------------------------------------------- */

static int
open_with(int dirfd, const char *path, int flags, mode_t mode)
{
	struct stat	 st;
	int		 fd, fresh = 0, saved = errno;

	if (flags & O_CREAT) {
		if (fails(SHIM_CHANGE))
			return -1;
		fresh = logfd != -1 && fstatat(dirfd, path, &st,
		    AT_SYMLINK_NOFOLLOW) == -1;
	}
	errno = saved;
	fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
	if (fd == -1)
		return -1;
	if (fresh && fstat(fd, &st) == 0)
		put_name(SHIM_CREATE, dirfd, path, st.st_ino);
	else if (flags & O_TRUNC)
		put_fd(SHIM_TRUNCATE, fd, 0, NULL, 0);
	return fd;
}

int
open(const char *path, int flags, ...)
{
	va_list	 ap;
	mode_t	 mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_with(AT_FDCWD, path, flags, mode);
}

int
openat(int dirfd, const char *path, int flags, ...)
{
	va_list	 ap;
	mode_t	 mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_with(dirfd, path, flags, mode);
}

/* How much of a write is to be done. */
static ssize_t
share(int fd, size_t n)
{
	if (!fd_fails(fd, SHIM_CHANGE))
		return (ssize_t)n;
	return ctl->half && n > 1 ? (ssize_t)(n / 2) : -1;
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t off)
{
	ssize_t	 n;

	if ((n = share(fd, len)) == -1)
		return -1;
	if ((n = syscall(SYS_pwrite64, fd, p, (size_t)n, off)) > 0)
		put_fd(SHIM_WRITE, fd, (uint64_t)off, p, (size_t)n);
	return n;
}

ssize_t
write(int fd, const void *p, size_t len)
{
	struct stat	 st;
	ssize_t		 n;
	off_t		 off;

	if (fd <= STDERR_FILENO || !on_disk(fd, &st))
		return syscall(SYS_write, fd, p, len);
	if ((n = share(fd, len)) == -1)
		return -1;
	off = lseek(fd, 0, SEEK_CUR);
	if ((n = syscall(SYS_write, fd, p, (size_t)n)) > 0)
		put_fd(SHIM_WRITE, fd, (uint64_t)off, p, (size_t)n);
	return n;
}

ssize_t
pread(int fd, void *p, size_t len, off_t off)
{
	if (fd_fails(fd, SHIM_READ))
		return -1;
	return syscall(SYS_pread64, fd, p, len, off);
}

int
ftruncate(int fd, off_t len)
{
	if (fd_fails(fd, SHIM_CHANGE) || syscall(SYS_ftruncate, fd, len) == -1)
		return -1;
	put_fd(SHIM_TRUNCATE, fd, (uint64_t)len, NULL, 0);
	return 0;
}

int
posix_fallocate(int fd, off_t off, off_t len)
{
	struct stat	 st;
	int		 saved = errno, e = 0;

	/* Memory's file systems would fill it. */
	if (nosync)
		return fstat(fd, &st) == 0 && st.st_size >= off + len ? 0 :
		    (int)syscall(SYS_ftruncate, fd, off + len);
	if (fd_fails(fd, SHIM_CHANGE) ||
	    syscall(SYS_fallocate, fd, 0, off, len) == -1)
		e = errno;
	else
		put_fd(SHIM_ALLOCATE, fd, (uint64_t)(off + len), NULL, 0);
	errno = saved;
	return e;
}

int
fsync(int fd)
{
	if (fd_fails(fd, SHIM_CHANGE) ||
	    (!nosync && syscall(SYS_fsync, fd) == -1))
		return -1;
	put_fd(SHIM_FSYNC, fd, 0, NULL, 0);
	return 0;
}

int
fdatasync(int fd)
{
	if (fd_fails(fd, SHIM_CHANGE) ||
	    (!nosync && syscall(SYS_fdatasync, fd) == -1))
		return -1;
	put_fd(SHIM_FSYNC, fd, 0, NULL, 0);
	return 0;
}

int
unlinkat(int dirfd, const char *path, int flags)
{
	if (fails(SHIM_CHANGE) ||
	    syscall(SYS_unlinkat, dirfd, path, flags) == -1)
		return -1;
	put_name(SHIM_UNLINK, dirfd, path, 0);
	return 0;
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
renameat(int fromfd, const char *from, int tofd, const char *to)
{
	struct shim_rec	 r = { .op = SHIM_RENAME };
	const char	*a, *b;
	char		 names[512];

	if (fails(SHIM_CHANGE) ||
	    syscall(SYS_renameat, fromfd, from, tofd, to) == -1)
		return -1;
	if (logfd == -1)
		return 0;
	/* Both are in one directory, here. */
	r.dir = dir_of(fromfd, from, &a);
	(void)dir_of(tofd, to, &b);
	if (r.dir == 0 || strlen(a) + strlen(b) + 2 > sizeof(names))
		return 0;
	strcpy(names, a);
	strcpy(names + strlen(a) + 1, b);
	r.namelen = (uint16_t)(strlen(a) + 1 + strlen(b));
	put(&r, names, NULL, 0);
	return 0;
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
mkdir(const char *path, mode_t mode)
{
	struct stat	 st;

	if (fails(SHIM_CHANGE) ||
	    syscall(SYS_mkdirat, AT_FDCWD, path, mode) == -1)
		return -1;
	if (logfd != -1 && stat(path, &st) == 0)
		put_name(SHIM_MKDIR, AT_FDCWD, path, st.st_ino);
	return 0;
}

/* ---- memory ------------------------------------------------------------- */

/* Where maild's own code is, and libbsd's, that it calls for memory. */
static struct {
	uintptr_t	 first;
	uintptr_t	 last;
} ours[2];

static int
ours_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char	*name = info->dlpi_name;
	int		 i, n = -1;

	if (name[0] == '\0')
		n = 0;
	else if (strstr(name, "/libbsd.so") != NULL)
		n = 1;
	for (i = 0; n != -1 && i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD ||
		    (info->dlpi_phdr[i].p_flags & PF_X) == 0)
			continue;
		ours[n].first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		ours[n].last = ours[n].first + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

/* Other libraries' care for memory is not ours to test: some have none. */
static int
refused(const void *caller)
{
	uintptr_t	 p = (uintptr_t)caller;

	if (ctl == NULL || ctl->what != SHIM_MEMORY)
		return 0;
	return ((p >= ours[0].first && p < ours[0].last) ||
	    (p >= ours[1].first && p < ours[1].last)) && fails(SHIM_MEMORY);
}

void *
malloc(size_t n)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL :
	    __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return refused(__builtin_return_address(0)) ? NULL :
	    __libc_realloc(p, n);
}

/* ---- the time of day ---------------------------------------------------- */

static int64_t
shift(void)
{
	return ctl == NULL ? 0 : __atomic_load_n(&ctl->clock,
	    __ATOMIC_SEQ_CST);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	NEXT(clock_gettime);
	if (next(id, ts) == -1)
		return -1;
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		ts->tv_sec += shift();
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *t)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

/* ---- the sandbox -------------------------------------------------------- */

int
seccomp_load(const void *ctx)
{
	NEXT(seccomp_load);
	return nosandbox ? 0 : next(ctx);
}

int
seccomp_attr_set(void *ctx, int attr, uint32_t value)
{
	NEXT(seccomp_attr_set);
	return nosandbox ? 0 : next(ctx, attr, value);
}

int
seccomp_rule_add_array(void *ctx, uint32_t action, int nr, unsigned int n,
    const void *args)
{
	NEXT(seccomp_rule_add_array);
	return nosandbox ? 0 : next(ctx, action, nr, n, args);
}

/* valgrind's own program is what it would find by that name. */
int
execv(const char *path, char *const *argv)
{
	const char	*exe = getenv("SHIM_EXE");
	NEXT(execv);

	return next(exe != NULL && strcmp(path, "/proc/self/exe") == 0 ? exe :
	    path, argv);
}

/* landlock(7) has no functions of its own: 444 to 446. */
long
syscall(long number, ...)
{
	va_list	 ap;
	long	 a[6];
	int	 i;
	NEXT(syscall);

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nosandbox && number >= 444 && number <= 446)
		return number == 444 && a[0] == 0 ? 1 :
		    number == 444 ? dup(STDERR_FILENO) : 0;
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
