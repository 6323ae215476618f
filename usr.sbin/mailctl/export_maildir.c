/* A Maildir with the other mailboxes as its folders (Maildir++). */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"

static char	 root[1024];
static char	 folder[3000];	/* of the mailbox */
static int	 is_single;

static void
make_dir(const char *path)
{
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		err(1, "%s", path);
}

static void
make_folder(const char *path)
{
	static const char *const subs[] = { "cur", "new", "tmp" };
	char	 sub[3100];
	int	 i;

	make_dir(path);
	for (i = 0; i < 3; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, subs[i]);
		make_dir(sub);
	}
}

static void
begin(const char *path, int single)
{
	if (strlcpy(root, path, sizeof(root)) >= sizeof(root))
		errx(1, "%s: the path is too long", path);
	is_single = single;
}

static void
write_keywords(void)
{
	struct export_keywords *k = &export_keywords;
	char	 file[3100];
	FILE	*fp;
	int	 i;

	if (!k->dirty)
		return;
	snprintf(file, sizeof(file), "%s/dovecot-keywords", folder);
	if ((fp = fopen(file, "w")) == NULL)
		err(1, "%s", file);
	for (i = 0; i < k->n; i++)
		fprintf(fp, "%d %s\n", i, k->names[i]);
	if (fclose(fp) == EOF)
		err(1, "%s", file);
	k->dirty = 0;
}

/* Letters that files have already mean the same again. */
static void
read_keywords(void)
{
	struct export_keywords *k = &export_keywords;
	char	 file[3100], word[300];
	FILE	*fp;
	int	 i;

	export_keywords_clear(k);
	snprintf(file, sizeof(file), "%s/dovecot-keywords", folder);
	if ((fp = fopen(file, "r")) == NULL)
		return;
	while (k->n < 26 && fscanf(fp, "%d %299s", &i, word) == 2)
		if (i == k->n && (k->names[k->n++] = strdup(word)) == NULL)
			err(1, NULL);
	fclose(fp);
}

static int
uid_cmp(const void *a, const void *b)
{
	const uint32_t	*x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Those whose files are there need not come. */
static void
known(uint32_t uidvalidity, struct rseq *uids)
{
	struct dirent	*de;
	struct rseq	 have;
	char		 dir[3100];
	uint32_t	*list = NULL, uid;
	size_t		 n = 0, size = 0, i;
	DIR		*d;

	snprintf(dir, sizeof(dir), "%s/cur", folder);
	if ((d = opendir(dir)) == NULL)
		err(1, "%s", dir);
	while ((de = readdir(d)) != NULL) {
		if ((uid = export_file_uid(de->d_name, uidvalidity)) == 0)
			continue;
		if (n == size) {
			size = size == 0 ? 1024 : size * 2;
			if ((list = reallocarray(list, size,
			    sizeof(*list))) == NULL)
				err(1, NULL);
		}
		list[n++] = uid;
	}
	closedir(d);
	/* In order, so that it is quick however many there are. */
	if (n > 0)
		qsort(list, n, sizeof(*list), uid_cmp);
	rseq_init(&have);
	for (i = 0; i < n; i++)
		if (rseq_add(&have, list[i], list[i]) == -1)
			err(1, NULL);
	for (i = 0; i < have.nruns; i++)
		if (rseq_remove(uids, have.runs[i].first,
		    have.runs[i].last) == -1)
			err(1, NULL);
	rseq_free(&have);
	free(list);
}

static void
mailbox(const char *name, uint32_t uidvalidity, struct rseq *uids)
{
	char	 sub[EXPORT_NAME];

	if (root[0] != '\0' && folder[0] != '\0')
		write_keywords();
	if (is_single)
		sub[0] = '\0';
	else if (export_folder(name, sub) == -1) {
		warnx("%s: a folder cannot be called so", name);
		rseq_free(uids);
		return;
	}
	make_folder(root);
	snprintf(folder, sizeof(folder), "%s%s%s", root,
	    sub[0] == '\0' ? "" : "/", sub);
	if (sub[0] != '\0')
		make_folder(folder);
	read_keywords();
	known(uidvalidity, uids);
}

/* In tmp, and from there to cur: nobody finds half of it. */
static void
message(const struct export_msg *m)
{
	struct timespec	 times[2];
	char		 tmp[5000], cur[5000], name[EXPORT_NAME];
	const uint8_t	*p = m->data;
	size_t		 left = m->len;
	ssize_t		 n;
	int		 fd;

	export_file(m, name);
	snprintf(tmp, sizeof(tmp), "%s/tmp/V%uU%u.%ld", folder,
	    m->uidvalidity, m->uid, (long)getpid());
	snprintf(cur, sizeof(cur), "%s/cur/%s", folder, name);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		err(1, "%s", tmp);
	for (; left > 0; p += n, left -= (size_t)n)
		if ((n = write(fd, p, left)) == -1)
			err(1, "%s", tmp);
	times[0].tv_sec = times[1].tv_sec = (time_t)m->date;
	times[0].tv_nsec = times[1].tv_nsec = 0;
	if (futimens(fd, times) == -1 || close(fd) == -1 ||
	    rename(tmp, cur) == -1)
		err(1, "%s", cur);
}

static void
end(void)
{
	if (folder[0] != '\0')
		write_keywords();
	export_keywords_clear(&export_keywords);
	sync();
}

const struct export_kind export_maildir = { begin, mailbox, message, end };
