/* Changes to tables.  See edit.h for what is promised. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edit.h"
#include "libtable/tabset.h"

#define EDIT_FILE	(256 * 1024 * 1024)

/* One file while it is being replaced. */
struct edit {
	char		 path[PATH_MAX];	/* no symbolic link */
	char		 temp[PATH_MAX];	/* beside it, "" when none */
	struct stat	 st;			/* as it was read */
	int		 exists;
	int		 fd;			/* of temp, or -1 */
	struct buf	*errors;
};

static int
edit_fail(struct buf *errors, const char *path, const char *what)
{
	int	 saved = errno;

	buf_addf(errors, "%s: %s%s%s\n", path, what, *what == '\0' ? "" :
	    ": ", strerror(saved));
	errno = 0;
	return -1;
}

/* ---- reading ------------------------------------------------------------ */

static char *
edit_read_fd(int fd, size_t *len)
{
	struct stat	 st;
	char		*text;
	ssize_t		 n;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > EDIT_FILE) {
		errno = EFBIG;
		return NULL;
	}
	if ((text = malloc((size_t)st.st_size + 1)) == NULL)
		return NULL;
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n == -1) {
			edit_free(text, *len);
			return NULL;
		}
		if (n == 0)
			break;
	}
	return text;
}

char *
edit_read(const char *path, size_t *len)
{
	char	*text;
	int	 fd, saved;

	*len = 0;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? calloc(1, 1) : NULL;
	text = edit_read_fd(fd, len);
	saved = errno;
	close(fd);
	errno = saved;
	return text;
}

/* Secrets may have been in it. */
void
edit_free(char *text, size_t len)
{
	freezero(text, len);
}

/* ---- one at a time ------------------------------------------------------ */

/*
 * The lock of all tables is that of the accounts' file, which none but its
 * owner can open and so nobody else can hold.  Its name may come to mean
 * another file while we wait: then that one is to be locked.
 */
static int
edit_lock(const struct site *site)
{
	const char	*path = site->tables[TAB_ACCOUNTS];
	struct stat	 held, named;
	int		 fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd == -1)
			return -1;
		while (flock(fd, LOCK_EX) == -1)
			if (errno != EINTR)
				goto fail;
		if (fstat(fd, &held) == -1)
			goto fail;
		if (stat(path, &named) == 0 && held.st_dev == named.st_dev &&
		    held.st_ino == named.st_ino)
			return fd;
		close(fd);
	}
fail:
	close(fd);
	return -1;
}

/* ---- checking ----------------------------------------------------------- */

static void
edit_complaint(const char *file, unsigned line, const char *word,
    const char *text, void *arg)
{
	struct buf	*errors = arg;

	buf_addf(errors, "%s:%u: %s%s%s\n", file, line, word, *word == '\0' ?
	    "" : ": ", text);
}

/* All three, with text in the place of that kind's file. */
static int
edit_check(const struct site *site, enum tabkind kind, const char *text,
    size_t len, struct buf *errors)
{
	static const enum tabkind	 kinds[] = { TAB_DOMAINS,
					    TAB_ACCOUNTS, TAB_ALIASES };
	struct tabset	*set;
	char		*other;
	size_t		 i, n;
	int		 bad = 0;

	set = tabset_new(site->subaddress, edit_complaint, errors);
	if (set == NULL)
		return edit_fail(errors, site->tables[kind], "");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char	*path = site->tables[kinds[i]];

		if (kinds[i] == kind) {
			bad |= tabset_add(set, kind, path, text, len);
			continue;
		}
		if ((other = edit_read(path, &n)) == NULL) {
			bad = edit_fail(errors, path, "");
			continue;
		}
		bad |= tabset_add(set, kinds[i], path, other, n);
		edit_free(other, n);
	}
	/* Good each for itself, they are compared. */
	if (!bad)
		bad = tabset_check(set);
	tabset_free(set);
	return bad ? -1 : 0;
}

/* Is it the tables that are bad, and not the change? */
static void
edit_blame(const struct site *site, enum tabkind kind, const char *text,
    size_t len, struct buf *errors)
{
	struct buf	 ignored;

	buf_init(&ignored, SIZE_MAX);
	if (edit_check(site, kind, text, len, &ignored) == -1)
		buf_addf(errors, "the tables had errors before: mend them "
		    "with an editor first\n");
	buf_free(&ignored);
}

/* ---- replacing ---------------------------------------------------------- */

static int
edit_write_all(int fd, const char *p, size_t len)
{
	ssize_t	 n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

/* A file of that text next to the other, of the same owner and mode. */
static int
edit_temp(struct edit *e, enum tabkind kind, const char *text, size_t len)
{
	const char	*slash = strrchr(e->path, '/');
	mode_t		 mode = kind == TAB_ACCOUNTS ? 0600 : 0644;

	if ((size_t)snprintf(e->temp, sizeof(e->temp), "%.*s/.%s.XXXXXX",
	    (int)(slash - e->path), e->path, slash + 1) >= sizeof(e->temp)) {
		e->temp[0] = '\0';
		errno = ENAMETOOLONG;
		return edit_fail(e->errors, e->path, "");
	}
	if ((e->fd = mkostemp(e->temp, O_CLOEXEC)) == -1) {
		e->temp[0] = '\0';
		return edit_fail(e->errors, e->path, "");
	}
	if (e->exists) {
		mode = e->st.st_mode & 07777;
		/* First the owner: chown(2) clears bits of the mode. */
		if ((e->st.st_uid != geteuid() || e->st.st_gid != getegid()) &&
		    fchown(e->fd, e->st.st_uid, e->st.st_gid) == -1)
			return edit_fail(e->errors, e->path,
			    "cannot keep its owner");
	}
	if (fchmod(e->fd, mode) == -1 ||
	    edit_write_all(e->fd, text, len) == -1 || fsync(e->fd) == -1)
		return edit_fail(e->errors, e->temp, "");
	return 0;
}

/* An editor knows nothing of our lock. */
static int
edit_untouched(struct edit *e)
{
	struct stat	 st;

	if (stat(e->path, &st) == -1) {
		if (errno == ENOENT && !e->exists)
			return 0;
		return edit_fail(e->errors, e->path, "");
	}
	if (e->exists && st.st_ino == e->st.st_ino &&
	    st.st_dev == e->st.st_dev && st.st_size == e->st.st_size &&
	    st.st_mtim.tv_sec == e->st.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == e->st.st_mtim.tv_nsec)
		return 0;
	buf_addf(e->errors, "%s: somebody else has changed it meanwhile\n",
	    e->path);
	errno = 0;
	return -1;
}

static int
edit_rename(struct edit *e)
{
	char	 dir[PATH_MAX];
	int	 fd, ret;

	if (edit_untouched(e) == -1)
		return -1;
	if (rename(e->temp, e->path) == -1)
		return edit_fail(e->errors, e->path, "");
	e->temp[0] = '\0';
	/* The name must last as well as the bytes do. */
	strlcpy(dir, e->path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	if ((fd = open(dir[0] == '\0' ? "/" : dir,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return edit_fail(e->errors, dir, "");
	if ((ret = fsync(fd)) == -1)
		edit_fail(e->errors, dir, "");
	close(fd);
	return ret;
}

static int
edit_open(struct edit *e, const char *path, char **text, size_t *len)
{
	char	 full[PATH_MAX];
	int	 fd;

	/* A table may be a link into a repository: that stays. */
	if (realpath(path, full) == NULL) {
		if (errno != ENOENT)
			return edit_fail(e->errors, path, "");
		strlcpy(full, path, sizeof(full));
	}
	if (full[0] != '/' || strlcpy(e->path, full, sizeof(e->path)) >=
	    sizeof(e->path)) {
		buf_addf(e->errors, "%s: not an absolute path\n", full);
		errno = 0;
		return -1;
	}
	*len = 0;
	if ((fd = open(e->path, O_RDONLY | O_CLOEXEC)) == -1) {
		if (errno != ENOENT || (*text = calloc(1, 1)) == NULL)
			return edit_fail(e->errors, path, "");
		return 0;
	}
	e->exists = 1;
	if (fstat(fd, &e->st) == -1 ||
	    (*text = edit_read_fd(fd, len)) == NULL) {
		edit_fail(e->errors, path, "");
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

int
edit_table(const struct site *site, enum tabkind kind, edit_fn fn, void *arg,
    struct buf *errors)
{
	struct edit	 e = { .fd = -1, .errors = errors };
	struct buf	 out;
	char		*text = NULL;
	size_t		 len = 0;
	int		 lock, ret = -1, saved = 0;

	buf_init(&out, EDIT_FILE);
	out.secret = 1;
	if ((lock = edit_lock(site)) == -1)
		return edit_fail(errors, site->tables[TAB_ACCOUNTS], "");
	if (edit_open(&e, site->tables[kind], &text, &len) == -1)
		goto done;
	if (fn(text, len, &out, arg) == -1) {
		saved = errno;
		if (saved == EINVAL)
			buf_addf(errors, "%s: the entry, or what is there of "
			    "it, is not well formed\n", site->tables[kind]);
		else if (saved != EEXIST && saved != ENOENT)
			edit_fail(errors, site->tables[kind], "");
		goto done;
	}
	if (edit_check(site, kind, (char *)buf_ptr(&out), out.len, errors) ==
	    -1) {
		edit_blame(site, kind, text, len, errors);
		goto done;
	}
	if (edit_temp(&e, kind, (char *)buf_ptr(&out), out.len) == 0 &&
	    edit_rename(&e) == 0)
		ret = 0;
done:
	if (e.temp[0] != '\0')
		unlink(e.temp);
	if (e.fd != -1)
		close(e.fd);
	if (text != NULL)
		edit_free(text, len);
	buf_freezero(&out);
	close(lock);
	errno = saved == EEXIST || saved == ENOENT ? saved : 0;
	return ret;
}
