/*
 * A Maildir with its folders, be they as Maildir++ has them (.Name.Child) or
 * directories in one another.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imapc.h"
#include "import.h"
#include "libimap/mutf7.h"

#define DEPTH		20
#define LETTERS		26		/* of dovecot-keywords */
#define MAXFILE		(512U << 20)

struct entry {
	char	*name;		/* cur/... or new/... */
	time_t	 date;
};

struct maildir {
	struct import	*im;
	struct entry	*entries;
	size_t		 n;
	size_t		 size;
	char		*keywords[LETTERS];
	struct buf	 data;
	uint64_t	 done;
	uint64_t	 all;
};

/* ---- one folder ---------------------------------------------------------- */

static void
add_entry(struct maildir *md, const char *sub, const char *name, time_t date)
{
	struct entry	*e;
	size_t		 size;

	if (md->n == md->size) {
		size = md->size == 0 ? 256 : md->size * 2;
		e = reallocarray(md->entries, size, sizeof(*e));
		if (e == NULL)
			err(1, NULL);
		md->entries = e;
		md->size = size;
	}
	e = &md->entries[md->n++];
	if (asprintf(&e->name, "%s/%s", sub, name) == -1)
		err(1, NULL);
	e->date = date;
}

/* The files of cur or new; count: only how many there are. */
static void
look(struct maildir *md, const char *path, const char *sub, int count)
{
	struct dirent	*de;
	struct stat	 st;
	char		 dir[2048];
	DIR		*d;

	snprintf(dir, sizeof(dir), "%s/%s", path, sub);
	if ((d = opendir(dir)) == NULL) {
		if (!count && errno != ENOENT)
			import_bad(md->im, dir, strerror(errno));
		return;
	}
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		if (count) {
			md->all++;
			continue;
		}
		if (fstatat(dirfd(d), de->d_name, &st, 0) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		add_entry(md, sub, de->d_name, st.st_mtime);
	}
	closedir(d);
}

/* In the order in which they came. */
static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return strcmp(x->name + 4, y->name + 4);
}

static void
read_keywords(struct maildir *md, const char *path)
{
	char	 file[2048], line[512], *word, *end;
	FILE	*fp;
	long	 n;

	for (n = 0; n < LETTERS; n++) {
		free(md->keywords[n]);
		md->keywords[n] = NULL;
	}
	snprintf(file, sizeof(file), "%s/dovecot-keywords", path);
	if ((fp = fopen(file, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), fp) != NULL) {
		n = strtol(line, &end, 10);
		word = end + strspn(end, " ");
		word[strcspn(word, "\r\n")] = '\0';
		/* Only what may stand among flags as it is. */
		if (end == line || n < 0 || n >= LETTERS || word[0] == '\0' ||
		    word[0] == '\\' || strpbrk(word, " ()\"%*]{\\") != NULL ||
		    md->keywords[n] != NULL)
			continue;
		if ((md->keywords[n] = strdup(word)) == NULL)
			err(1, NULL);
	}
	fclose(fp);
}

static void
add_keyword(struct import_msg *msg, const char *word)
{
	size_t	 n = strlen(msg->keywords);

	if (n + strlen(word) + 2 <= sizeof(msg->keywords))
		snprintf(msg->keywords + n, sizeof(msg->keywords) - n,
		    "%s%s", n == 0 ? "" : " ", word);
}

/* What stands behind :2, in the name. */
static void
flags_of(const struct maildir *md, const char *name, struct import_msg *msg)
{
	static const char	 letters[] = "SRFTD";
	static const unsigned	 flags[] = { IMPORT_SEEN, IMPORT_ANSWERED,
				    IMPORT_FLAGGED, IMPORT_DELETED,
				    IMPORT_DRAFT };
	const char	*p = strrchr(name, ','), *q;

	msg->flags = 0;
	msg->keywords[0] = '\0';
	if (strncmp(name, "cur/", 4) != 0 || p == NULL || p - name < 2 ||
	    p[-1] != '2' || strchr(":;!", p[-2]) == NULL)
		return;
	while (*++p != '\0') {
		if ((q = strchr(letters, *p)) != NULL)
			msg->flags |= flags[q - letters];
		else if (*p == 'P')
			add_keyword(msg, "$Forwarded");
		else if (*p >= 'a' && *p <= 'z' &&
		    md->keywords[*p - 'a'] != NULL)
			add_keyword(msg, md->keywords[*p - 'a']);
	}
}

static const char *
read_file(struct maildir *md, const char *file)
{
	struct stat	 st;
	uint8_t		*p;
	ssize_t		 n;
	int		 fd;
	const char	*why = NULL;

	buf_truncate(&md->data, 0);
	if ((fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return strerror(errno);
	if (fstat(fd, &st) == -1)
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode) || st.st_size > MAXFILE)
		why = "is too large";
	while (why == NULL) {
		if ((p = buf_reserve(&md->data, (size_t)st.st_size + 1)) ==
		    NULL)
			err(1, NULL);
		n = read(fd, p, (size_t)st.st_size + 1);
		if (n == -1)
			why = strerror(errno);
		if (n <= 0)
			break;
		buf_commit(&md->data, (size_t)n);
	}
	close(fd);
	return why;
}

static void
do_folder(struct maildir *md, const char *path, const char *name)
{
	struct import_msg msg;
	const char	*why;
	char		 file[4096];
	size_t		 i;

	import_mailbox(md->im, name);
	read_keywords(md, path);
	look(md, path, "cur", 0);
	look(md, path, "new", 0);
	if (md->n > 0)
		qsort(md->entries, md->n, sizeof(*md->entries), entry_cmp);
	for (i = 0; i < md->n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path,
		    md->entries[i].name);
		if ((why = read_file(md, file)) != NULL)
			import_bad(md->im, file, why);
		else {
			msg.name = file;
			msg.data = md->data.len == 0 ?
			    (const uint8_t *)"" : buf_ptr(&md->data);
			msg.len = md->data.len;
			msg.date = md->entries[i].date;
			flags_of(md, md->entries[i].name, &msg);
			import_message(md->im, &msg);
		}
		import_progress(md->im, ++md->done, md->all);
		free(md->entries[i].name);
	}
	md->n = 0;
}

/* ---- all folders --------------------------------------------------------- */

static int
is_maildir(const char *path)
{
	char		 cur[2060];
	struct stat	 st;

	snprintf(cur, sizeof(cur), "%s/cur", path);
	return stat(cur, &st) == 0 && S_ISDIR(st.st_mode);
}

/* One part of a mailbox's name, from the form that it has on disk. */
static int
decode(char *dst, size_t size, const char *p, size_t len)
{
	char	 raw[512];
	size_t	 n = 0, i;
	int	 k;

	/* A dot cannot be written otherwise. */
	for (i = 0; i < len && n < sizeof(raw) - 1;) {
		if (len - i >= 5 && strncmp(p + i, "&AC4-", 5) == 0) {
			raw[n++] = '.';
			i += 5;
		} else
			raw[n++] = p[i++];
	}
	k = mutf7_decode(dst, size - 1, (struct span){ raw, n });
	if (k <= 0) {
		/* Then it is UTF-8, or the server will say what it is. */
		if (n == 0 || n >= size)
			return -1;
		memcpy(dst, raw, n);
		k = (int)n;
	}
	for (i = 0; i < (size_t)k; i++)
		if (dst[i] == '/')
			dst[i] = '_';
	dst[k] = '\0';
	return 0;
}

/* ".Sent.2023" is Sent/2023; other names are one part. */
static int
folder_name(char name[IMAPC_NAME], const char *parent, const char *file)
{
	const char	*p = file, *dot;
	size_t		 n, len;
	int		 dots = file[0] == '.';

	n = strlcpy(name, parent, IMAPC_NAME);
	p += dots;
	for (;;) {
		dot = dots ? strchr(p, '.') : NULL;
		len = dot != NULL ? (size_t)(dot - p) : strlen(p);
		if (n > 0 && n < IMAPC_NAME - 1)
			name[n++] = '/';
		if (n >= IMAPC_NAME - 1 || decode(name + n, IMAPC_NAME - n, p,
		    len) == -1)
			return -1;
		n += strlen(name + n);
		if (dot == NULL)
			return 0;
		p = dot + 1;
	}
}

static int
not_special(const struct dirent *de)
{
	static const char *const names[] = { ".", "..", "cur", "new", "tmp",
	    NULL };
	int	 i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(de->d_name, names[i]) == 0)
			return 0;
	return 1;
}

static void
walk(struct maildir *md, const char *path, const char *name, int depth,
    int count)
{
	struct dirent	**list;
	char		 sub[2048], subname[IMAPC_NAME];
	struct stat	 st;
	int		 n, i;

	if (is_maildir(path)) {
		if (count) {
			look(md, path, "cur", 1);
			look(md, path, "new", 1);
		} else
			do_folder(md, path, name);
	}
	if (depth == DEPTH || (n = scandir(path, &list, not_special,
	    alphasort)) == -1)
		return;
	for (i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
		if (lstat(sub, &st) == 0 && S_ISDIR(st.st_mode)) {
			if (folder_name(subname, name, list[i]->d_name) == 0)
				walk(md, sub, subname, depth + 1, count);
			else if (!count && is_maildir(sub))
				import_bad(md->im, sub,
				    "not the name of a mailbox");
		}
		free(list[i]);
	}
	free(list);
}

void
import_maildir(struct import *im, const char *path)
{
	struct maildir	 md = { .im = im };
	int		 i;

	if (!is_maildir(path))
		warnx("%s: no cur in it: only what is below is looked at",
		    path);
	buf_init(&md.data, MAXFILE + 1);
	walk(&md, path, "", 0, 1);
	walk(&md, path, "", 0, 0);
	buf_free(&md.data);
	free(md.entries);
	for (i = 0; i < LETTERS; i++)
		free(md.keywords[i]);
}
