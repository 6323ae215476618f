/*
 * spoolcheck: does the table of a spool agree with its segments?
 *
 *	spoolcheck spool-directory
 *
 * On a copy, as it changes the directory: checks every record and entry, lists
 * the entries, then does away with the table, and what is made anew from the
 * segments must be the same.  Exits 1 when something was wrong.
 */
#include <err.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/spool.h"

struct text {
	char	*p;
	size_t	 len;
};

static int
text_line(void *arg, const char *line)
{
	struct text	*t = arg;
	size_t		 n = strlen(line);

	if ((t->p = realloc(t->p, t->len + n + 2)) == NULL)
		err(2, NULL);
	memcpy(t->p + t->len, line, n);
	t->len += n;
	t->p[t->len++] = '\n';
	t->p[t->len] = '\0';
	return 0;
}

static void
problem(void *arg, const char *what, struct seglog_pos pos, uint64_t id)
{
	printf("problem: %s, segment %u at %u, entry %llx\n", what, pos.seg,
	    pos.off, (unsigned long long)id);
}

static struct spool *
open_spool(const char *dir)
{
	struct spool_conf	 conf = { .dir = dir };
	struct spool		*sp;
	const char		*why;

	if (spool_open(&sp, &conf, &why) == -1)
		err(2, "%s: %s", dir, why);
	return sp;
}

static void
remove_tree(const char *dir)
{
	char	*paths[] = { NULL, NULL };
	FTS	*fts;
	FTSENT	*e;

	if ((paths[0] = strdup(dir)) == NULL ||
	    (fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL)) == NULL)
		err(2, "%s", dir);
	while ((e = fts_read(fts)) != NULL)
		if (e->fts_info != FTS_D && remove(e->fts_path) == -1)
			err(2, "%s", e->fts_path);
	fts_close(fts);
	free(paths[0]);
}

int
main(int argc, char *argv[])
{
	struct text	 before = { NULL, 0 }, after = { NULL, 0 };
	struct spool	*sp;
	char		 index[4096];
	int64_t		 bad;
	int		 same, rebuilt;

	if (argc != 2)
		errx(2, "one directory, please");
	text_line(&before, "entries:");
	text_line(&after, "entries:");
	sp = open_spool(argv[1]);
	rebuilt = spool_rebuilt(sp);
	bad = spool_check(sp, problem, NULL);
	if (spool_dump(sp, text_line, &before) != 0)
		errx(2, "dump");
	printf("%scount %llu\n", before.p, (unsigned long long)spool_count(sp));
	spool_close(sp);
	snprintf(index, sizeof(index), "%s/index", argv[1]);
	remove_tree(index);
	sp = open_spool(argv[1]);
	if (spool_dump(sp, text_line, &after) != 0)
		errx(2, "dump of the new table");
	spool_close(sp);
	same = strcmp(before.p, after.p) == 0;
	if (!same)
		printf("but the log says: %s", after.p);
	printf("same=%d bad=%lld rebuilt=%d\n", same, (long long)bad, rebuilt);
	free(before.p);
	free(after.p);
	return !same || bad != 0;
}
