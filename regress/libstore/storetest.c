/* What the tests of the store share.  See storetest.h. */
#include <sys/stat.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/mstore.h"
#include "libstore/spool.h"
#include "storetest.h"

/* Libraries that leak at their end: ATF always, Berkeley DB after a panic. */
const char	*__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libatf-c\nleak:libdb\n";
}

struct mstore *
st_open(const char *dir, const struct seglog_io *io)
{
	struct mstore_conf conf = { .dir = dir, .segsize = SEGSIZE,
	    .cache = 1U << 20, .io = io, .compact_least = 1 };
	struct mstore	*ms;
	const char	*why;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		atf_tc_fail("mkdir %s: %s", dir, strerror(errno));
	if (mstore_open(&ms, &conf, &why) == -1)
		atf_tc_fail("mstore_open %s: %s: %s", dir, why,
		    strerror(errno));
	return ms;
}

struct text {
	char	*p;
	size_t	 len;
	size_t	 size;
};

static int
text_line(void *arg, const char *line)
{
	struct text	*t = arg;
	size_t		 n = strlen(line);

	if (t->len + n + 2 > t->size) {
		t->size = (t->len + n + 2) * 2;
		t->p = realloc(t->p, t->size);
		ATF_REQUIRE(t->p != NULL);
	}
	memcpy(t->p + t->len, line, n);
	t->len += n;
	t->p[t->len++] = '\n';
	t->p[t->len] = '\0';
	return 0;
}

char *
st_dump(struct mstore *ms)
{
	struct text	 t = { NULL, 0, 0 };

	ATF_REQUIRE_EQ(0, mstore_dump(ms, text_line, &t));
	return t.p;
}

char *
st_dump_spool(struct spool *sp)
{
	struct text	 t = { NULL, 0, 0 };

	text_line(&t, "spool");
	ATF_REQUIRE_EQ(0, spool_dump(sp, text_line, &t));
	return t.p;
}

void
st_same(const char *what, const char *a, const char *b)
{
	const char	*la = a, *lb = b;
	size_t		 i;

	if (strcmp(a, b) == 0)
		return;
	for (i = 0; a[i] == b[i]; i++) {
		if (a[i] == '\n') {
			la = a + i + 1;
			lb = b + i + 1;
		}
	}
	atf_tc_fail("%s differs:\n%.*s\nbut\n%.*s", what,
	    (int)strcspn(la, "\n"), la, (int)strcspn(lb, "\n"), lb);
}

void
st_check_rebuild(struct mstore *ms, const char *dir)
{
	char		 from[512], to[512], again[512], *a, *b;
	struct mstore	*other;

	snprintf(from, sizeof(from), "%s/seg", dir);
	snprintf(again, sizeof(again), "%s.rebuilt", dir);
	snprintf(to, sizeof(to), "%s.rebuilt/seg", dir);
	st_remove_dir(again);
	ATF_REQUIRE(mkdir(again, 0700) == 0);
	st_copy_dir(from, to);
	st_work(ms);
	a = st_dump(ms);
	other = st_open(again, NULL);
	ATF_REQUIRE(mstore_rebuilt(other));
	st_work(other);
	b = st_dump(other);
	st_same("rebuilt store", a, b);
	mstore_abandon(other);
	st_remove_dir(again);
	free(a);
	free(b);
}

static void
copy_file(const char *from, const char *to)
{
	char	 buf[65536];
	ssize_t	 n;
	off_t	 off = 0;
	int	 in, out;

	ATF_REQUIRE((in = open(from, O_RDONLY)) != -1);
	ATF_REQUIRE((out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600)) !=
	    -1);
	while ((n = pread(in, buf, sizeof(buf), off)) > 0) {
		ATF_REQUIRE(pwrite(out, buf, (size_t)n, off) == n);
		off += n;
	}
	close(in);
	close(out);
}

void
st_work(struct mstore *ms)
{
	static int64_t	 clock = 1000000;
	int		 idle = 0;

	/* It looks for a segment once a second, and rests after a failure. */
	while (idle < 3) {
		if (mstore_work(ms, clock) == 1)
			idle = 0;
		else {
			idle++;
			clock += 60;
		}
	}
}

void
st_copy_dir(const char *from, const char *to)
{
	char		 a[1024], b[1024];
	struct dirent	*de;
	struct stat	 st;
	DIR		*dir;

	ATF_REQUIRE(mkdir(to, 0700) == 0);
	ATF_REQUIRE((dir = opendir(from)) != NULL);
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(a, sizeof(a), "%s/%s", from, de->d_name);
		snprintf(b, sizeof(b), "%s/%s", to, de->d_name);
		ATF_REQUIRE(stat(a, &st) == 0);
		if (S_ISDIR(st.st_mode))
			st_copy_dir(a, b);
		else
			copy_file(a, b);
	}
	closedir(dir);
}

void
st_remove_dir(const char *path)
{
	char		 a[1024];
	struct dirent	*de;
	DIR		*dir;

	if ((dir = opendir(path)) == NULL)
		return;
	while ((de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		snprintf(a, sizeof(a), "%s/%s", path, de->d_name);
		if (unlink(a) == -1)
			st_remove_dir(a);
	}
	closedir(dir);
	rmdir(path);
}

size_t
st_file_size(const char *path)
{
	struct stat	 st;

	return stat(path, &st) == -1 ? 0 : (size_t)st.st_size;
}

uint32_t
st_random(uint64_t *state, uint32_t below)
{
	uint64_t	 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return below == 0 ? 0 : (uint32_t)((x >> 20) % below);
}

char *
st_body(uint64_t tag, size_t len)
{
	char	*p, head[64];
	size_t	 i, n;

	ATF_REQUIRE((p = malloc(len + 1)) != NULL);
	n = (size_t)snprintf(head, sizeof(head), "message %llu\r\n",
	    (unsigned long long)tag);
	for (i = 0; i < len; i++)
		p[i] = i < n ? head[i] : (char)('a' + (i + tag) % 26);
	p[len] = '\0';
	return p;
}

enum mstore_code
st_deliver(struct mstore *ms, uint32_t account, const char *mailbox,
    uint64_t tag, size_t len, uint32_t *uid)
{
	struct mstore_content c = { .meta = "META", .metalen = 4,
	    .prefix = "Return-Path: <>\r\n", .prefixlen = 17, .fd = -1,
	    .date = (int64_t)tag, .zone = 60 };
	struct mstore_dest d = { .account = account };
	enum mstore_code code;
	char		*body = st_body(tag, len);

	c.body = body;
	c.bodylen = len;
	if (mailbox != NULL)
		d.mailbox = span_of(mailbox);
	code = mstore_deliver(ms, 0, &c, &d, 1);
	if (uid != NULL)
		*uid = d.uid;
	free(body);
	return code;
}

/* 0 go on, -1 fail now (errno set), 1 do half of it, then fail. */
static int
fault(struct faults *f, int is_write)
{
	long	 n = f->calls++;

	if (n == f->hook_at)
		f->hook();
	if (f->fail_at < 0 || (f->sticky ? n < f->fail_at : n != f->fail_at))
		return 0;
	f->failed++;
	errno = f->error;
	return is_write && f->short_write ? 1 : -1;
}

static int
f_open(void *arg, int dirfd, const char *name, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && fault(arg, 0) != 0)
		return -1;
	return seglog_io_system.open(NULL, dirfd, name, flags, mode);
}

static ssize_t
f_pread(void *arg, int fd, void *p, size_t n, off_t off)
{
	return seglog_io_system.pread(NULL, fd, p, n, off);
}

static ssize_t
f_pwrite(void *arg, int fd, const void *p, size_t n, off_t off)
{
	struct faults	*f = arg;
	int		 r = fault(f, 1);

	if (r == -1)
		return -1;
	if (r == 1) {
		if (n < 2 || seglog_io_system.pwrite(NULL, fd, p, n / 2,
		    off) == -1) {
			errno = f->error;
			return -1;
		}
		return (ssize_t)(n / 2);	/* and the next one fails */
	}
	return seglog_io_system.pwrite(NULL, fd, p, n, off);
}

static int
f_fdatasync(void *arg, int fd)
{
	return fault(arg, 0) != 0 ? -1 :
	    seglog_io_system.fdatasync(NULL, fd);
}

static int
f_fsync(void *arg, int fd)
{
	return fault(arg, 0) != 0 ? -1 : seglog_io_system.fsync(NULL, fd);
}

static int
f_allocate(void *arg, int fd, off_t len)
{
	return fault(arg, 0) != 0 ? -1 :
	    seglog_io_system.allocate(NULL, fd, len);
}

static int
f_truncate(void *arg, int fd, off_t len)
{
	return fault(arg, 0) != 0 ? -1 :
	    seglog_io_system.truncate(NULL, fd, len);
}

static int
f_unlink(void *arg, int dirfd, const char *name)
{
	return fault(arg, 0) != 0 ? -1 :
	    seglog_io_system.unlink(NULL, dirfd, name);
}

static int
f_close(void *arg, int fd)
{
	return seglog_io_system.close(NULL, fd);
}

static int
f_rename(void *arg, int dirfd, const char *from, const char *to)
{
	return fault(arg, 0) != 0 ? -1 :
	    seglog_io_system.rename(NULL, dirfd, from, to);
}

static void
f_writeback(void *arg, int fd, off_t off, off_t len)
{
}

void
st_faults_init(struct faults *f)
{
	memset(f, 0, sizeof(*f));
	f->io = (struct seglog_io){ f, f_open, f_pread, f_pwrite,
	    f_fdatasync, f_fsync, f_allocate, f_truncate, f_unlink, f_close,
	    f_rename, f_writeback };
	f->fail_at = f->hook_at = -1;
	f->error = EIO;
}
