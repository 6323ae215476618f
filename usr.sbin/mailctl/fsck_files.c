/* Checking the files of a maild that does not run.  See fsck.h. */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsck.h"
#include "libstore/mstore.h"
#include "libstore/spool.h"

#define SLICE	(16U << 20)

static pid_t		 child;
static FILE		*out;		/* the child's rows */

static void
put(json_t *o)
{
	if (o != NULL && json_dumpf(o, out, JSON_COMPACT) == 0) {
		putc('\n', out);
		fflush(out);
	}
	json_decref(o);
}

static void
finish(int ok, const char *text)
{
	put(json_pack("{s:b, s:b, s:s}", "end", 1, "ok", ok, "text", text));
	exit(0);
}

static void
finish_errno(const char *what)
{
	char	 text[300];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	finish(0, text);
}

static void
on_problem(void *arg, const struct mstore_problem *p)
{
	put(json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "problem",
	    p->what, "account", p->account, "mailbox", p->mailbox, "uid",
	    (json_int_t)p->uid, "segment", (json_int_t)p->pos.seg, "offset",
	    (json_int_t)p->pos.off, "length", (json_int_t)p->len));
}

static void
on_entry(void *arg, const char *what, struct seglog_pos pos, uint64_t id)
{
	put(json_pack("{s:s, s:I, s:I, s:I}", "problem", what, "message",
	    (json_int_t)id, "segment", (json_int_t)pos.seg, "offset",
	    (json_int_t)pos.off));
}

/* What is cut off at open is no problem: nobody was told of it. */
static void
on_report(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	if (torn)
		put(json_pack("{s:s}", "note",
		    "an unfinished turn was cut off"));
}

static void
on_replay(void *arg, uint64_t records)
{
	put(json_pack("{s:I}", "replayed", (json_int_t)records));
}

static void
check_store(void)
{
	struct mstore_conf conf = { .dir = ".", .report = on_report,
	    .progress = on_replay, .cache = 64U << 20 };
	struct mstore_check ck = { .problem = on_problem };
	struct mstore	*ms;
	const char	*why;
	char		 text[300];
	uint64_t	 last = 0;
	int		 r, anew;

	if (mstore_open(&ms, &conf, &why) == -1)
		finish_errno(why);
	anew = mstore_rebuilt(ms);
	while ((r = mstore_check(ms, &ck, SLICE)) == 1) {
		if (ck.done == last && ck.done != ck.all)
			continue;
		last = ck.done;
		put(json_pack("{s:I, s:I}", "done", (json_int_t)ck.done,
		    "all", (json_int_t)ck.all));
	}
	mstore_close(ms);
	if (r == -1)
		finish(0, "store: the check could not be made");
	snprintf(text, sizeof(text), "store: %s%llu records, %llu messages in "
	    "%llu mailboxes: %llu problems", anew ? "new index, " : "",
	    (unsigned long long)ck.records, (unsigned long long)ck.messages,
	    (unsigned long long)ck.mailboxes,
	    (unsigned long long)ck.problems);
	finish(ck.problems == 0, text);
}

static void
check_spool(void)
{
	struct spool_conf conf = { .dir = ".", .report = on_report };
	struct spool	*sp;
	const char	*why;
	char		 text[300];
	int64_t		 bad;
	uint64_t	 n;

	if (spool_open(&sp, &conf, &why) == -1)
		finish_errno(why);
	bad = spool_check(sp, on_entry, NULL);
	n = spool_count(sp);
	snprintf(text, sizeof(text), "queue: %s%llu messages: %lld problems",
	    spool_rebuilt(sp) ? "new index, " : "", (unsigned long long)n,
	    (long long)bad);
	spool_close(sp);
	if (bad == -1)
		finish(0, "queue: the check could not be made");
	finish(bad == 0, text);
}

/* The old index is kept: who rebuilds for nothing can have it back. */
static void
index_aside(void)
{
	struct stat	 st;
	char		 name[64];
	int		 i = 0;

	do
		snprintf(name, sizeof(name), "index.old%d", ++i);
	while (lstat(name, &st) == 0);
	if (rename("index", name) == -1 && errno != ENOENT)
		finish_errno("index");
}

/* Into the directory, and then nobody but its owner. */
static void
enter(const char *dir)
{
	struct stat	 st;
	int		 fd;

	if (chdir(dir) == -1 || stat(".", &st) == -1)
		finish_errno(dir);
	if (geteuid() == 0 && st.st_uid != 0 && (setgroups(0, NULL) == -1 ||
	    setgid(st.st_gid) == -1 || setuid(st.st_uid) == -1))
		finish_errno(dir);
	umask(077);
	/* The process that works here holds this lock: see proc_child.c. */
	if ((fd = open(".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		finish_errno(dir);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			finish(0, "maild is running");
		finish_errno(dir);
	}
}

int
fsck_files(const char *dir, enum fsck_kind kind, int rebuild)
{
	int	 fds[2];

	if (pipe(fds) == -1)
		return -1;
	fflush(NULL);
	switch (child = fork()) {
	case -1:
		close(fds[0]);
		close(fds[1]);
		return -1;
	case 0:
		break;
	default:
		close(fds[1]);
		return fds[0];
	}
	close(fds[0]);
	if ((out = fdopen(fds[1], "w")) == NULL)
		_exit(1);
	enter(dir);
	if (rebuild)
		index_aside();
	if (kind == FSCK_STORE)
		check_store();
	else
		check_spool();
	exit(0);
}

void
fsck_files_end(void)
{
	int	 status;

	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
}
