/*
 * Crashes and failing disks: whatever a commit said yes to is there afterwards,
 * nothing is there by half, and the index is what the log says.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define SEGFILE	"seg/00000001.seg"

/* Turn n of a script with something of everything.  MSTORE_OK: committed. */
static enum mstore_code
script(struct mstore *ms, int n)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct span	 kw = SPAN("$Label");
	enum mstore_code code;
	uint32_t	 a, first;
	uint64_t	 in, box, mask;
	char		 name[32];
	int		 i;

	if ((code = mstore_begin(ms, 1000 + n)) != MSTORE_OK)
		return code;
	if (mstore_account_get(ms, SPAN("me"), 1, &a) != MSTORE_OK ||
	    mstore_mailbox_find(ms, a, SPAN("INBOX"), &in) != MSTORE_OK)
		goto fail;
	for (i = 0; i < 3; i++)
		if (st_deliver(ms, a, NULL, (uint64_t)(n * 3 + i),
		    (size_t)(n % 5 == 4 ? 90000 : 40 + n), NULL) != MSTORE_OK)
			goto fail;
	switch (n % 6) {
	case 1:
		snprintf(name, sizeof(name), "box%d/sub", n / 6);
		if (mstore_mailbox_create(ms, a, span_of(name), 0, &box) !=
		    MSTORE_OK || mstore_copy(ms, in, &all, box, 0, NULL, NULL,
		    &first) != MSTORE_OK)
			goto fail;
		break;
	case 2:
		if (mstore_keyword_mask(ms, in, &kw, 1, 1, &mask) !=
		    MSTORE_OK || mstore_store(ms, in, &all, MSTORE_FLAGS_ADD,
		    MSTORE_SEEN, mask, UINT64_MAX, NULL, NULL, NULL) !=
		    MSTORE_OK)
			goto fail;
		break;
	case 3:
		run.last = 4;
		if (mstore_expunge(ms, in, &all, 1, NULL, NULL) != MSTORE_OK)
			goto fail;
		break;
	case 4:
		snprintf(name, sizeof(name), "box%d/sub", n / 6);
		if (mstore_mailbox_rename(ms, a, span_of(name),
		    SPAN("other")) != MSTORE_OK)
			goto fail;
		break;
	case 5:
		if (mstore_mailbox_delete(ms, a, SPAN("other")) != MSTORE_OK)
			goto fail;
		break;
	}
	return mstore_commit(ms);
fail:
	mstore_abort(ms);
	return MSTORE_TEMPFAIL;
}

static void
truncate_file(const char *path, size_t len, size_t size)
{
	/* Gone, and with zeros in its place as in a preallocated file. */
	ATF_REQUIRE(truncate(path, (off_t)len) == 0);
	ATF_REQUIRE(truncate(path, (off_t)size) == 0);
}

/* The last turn is torn at each place; with the index of before, and none. */
ATF_TC(cut);
ATF_TC_HEAD(cut, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(cut, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_stats st;
	char		*before, *after, *now;
	size_t		 begin, end, i, size;
	int		 n, index, whole;

	for (n = 0; n < 3; n++)
		ATF_REQUIRE_EQ(MSTORE_OK, script(ms, n));
	mstore_close(ms);
	st_copy_dir("s", "b");
	begin = st_file_size("s/" SEGFILE);
	ms = st_open("s", NULL);
	before = st_dump(ms);
	ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 3));
	after = st_dump(ms);
	mstore_stats(ms, &st);
	mstore_close(ms);
	end = st_file_size("s/" SEGFILE);
	size = end + 4096;
	ATF_REQUIRE(end > begin);
	for (i = begin; i <= end; i += i < begin + 150 || i > end - 40 ? 1 :
	    13) {
		for (index = 0; index < 2; index++) {
			st_remove_dir("c");
			ATF_REQUIRE(mkdir("c", 0700) == 0);
			st_copy_dir("s/seg", "c/seg");
			truncate_file("c/" SEGFILE, i, size);
			if (index)
				st_copy_dir("b/index", "c/index");
			ms = st_open("c", NULL);
			now = st_dump(ms);
			whole = strcmp(now, after) == 0;
			if (!whole)
				st_same("torn store", before, now);
			else
				ATF_REQUIRE(i > end - 8);
			if (i == end)
				ATF_REQUIRE(whole);
			free(now);
			if (!whole && i % 7 == 0) {
				/* and it goes on from there */
				ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 3));
				ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 4));
				st_check_rebuild(ms, "c");
			}
			mstore_abandon(ms);
		}
	}
	free(before);
	free(after);
}

/*
 * Each file operation of the log fails, once.  Acknowledged turns stay; a turn
 * that failed is gone, or (the log is poisoned) may be found after a restart.
 */
static int
fault_round(long at, int error, int short_write, int sticky)
{
	struct mstore_conf conf = { .dir = "f", .segsize = SEGSIZE,
	    .cache = 1U << 20 };
	struct mstore	*ms;
	struct faults	 f;
	const char	*why;
	char		*acked = NULL, *now, *other = NULL;
	int		 n, poisoned;

	st_remove_dir("f");
	ATF_REQUIRE(mkdir("f", 0700) == 0);
	st_faults_init(&f);
	f.fail_at = at;
	f.error = error;
	f.short_write = short_write;
	f.sticky = sticky;
	conf.io = &f.io;
	if (mstore_open(&ms, &conf, &why) == -1) {
		ATF_REQUIRE(f.failed > 0);
		ms = st_open("f", NULL);
		mstore_abandon(ms);
		return 1;
	}
	for (n = 0; n < 7; n++) {
		free(acked);
		acked = st_dump(ms);
		if (script(ms, n) != MSTORE_OK)
			break;
	}
	if (n == 7) {
		free(acked);
		acked = st_dump(ms);
	}
	poisoned = mstore_broken(ms);
	if (!poisoned) {
		/* The turn is undone, and the next one goes. */
		now = st_dump(ms);
		st_same("store after a failed turn", acked, now);
		free(now);
		if (n < 7 && !sticky) {
			ATF_REQUIRE(f.failed > 0);
			ATF_REQUIRE_EQ(MSTORE_OK, script(ms, n));
			free(acked);
			acked = st_dump(ms);
		}
	}
	mstore_abandon(ms);
	ms = st_open("f", NULL);
	now = st_dump(ms);
	if (!poisoned)
		st_same("store after a fault", acked, now);
	else if (strcmp(acked, now) != 0) {
		/* Then it is the whole turn. */
		mstore_abandon(ms);
		st_remove_dir("f");
		ms = st_open("f", NULL);
		while (n >= 0 && (other == NULL || strcmp(other, now) != 0)) {
			static int	 k;

			if (other == NULL)
				k = 0;
			free(other);
			ATF_REQUIRE(k <= n);
			ATF_REQUIRE_EQ(MSTORE_OK, script(ms, k++));
			other = st_dump(ms);
		}
	}
	st_check_rebuild(ms, "f");
	mstore_abandon(ms);
	free(now);
	free(acked);
	free(other);
	return f.failed > 0;
}

static void
fault_all(int error, int short_write, int sticky)
{
	long	 at;

	for (at = 0; fault_round(at, error, short_write, sticky); at++)
		;
	ATF_REQUIRE(at > 30);
}

ATF_TC(eio);
ATF_TC_HEAD(eio, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(eio, tc)
{
	fault_all(EIO, 0, 0);
}

ATF_TC(enospc);
ATF_TC_HEAD(enospc, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(enospc, tc)
{
	fault_all(ENOSPC, 1, 0);
}

ATF_TC(dead_disk);
ATF_TC_HEAD(dead_disk, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(dead_disk, tc)
{
	fault_all(EIO, 1, 1);
}

/* Delivers until it is killed, saying what is committed. */
static void
child(int out)
{
	struct mstore	*ms = st_open("k", NULL);
	uint32_t	 a, i, n;
	uint64_t	 box;
	struct mstore_mailbox m;

	mstore_begin(ms, 1000);
	mstore_account_get(ms, SPAN("me"), 1, &a);
	mstore_commit(ms);
	mstore_mailbox_find(ms, a, SPAN("INBOX"), &box);
	mstore_mailbox_get(ms, box, &m);
	for (n = m.uidnext; n < 1000000; n += 5) {
		if (mstore_begin(ms, 1000) != MSTORE_OK)
			_exit(1);
		for (i = 0; i < 5; i++)
			if (st_deliver(ms, a, NULL, n + i, 300 + n % 1000,
			    NULL) != MSTORE_OK)
				_exit(2);
		if (mstore_commit(ms) != MSTORE_OK)
			_exit(3);
		if (write(out, &n, sizeof(n)) != sizeof(n))
			_exit(4);
		if (n % 200 < 5)
			mstore_work(ms, 1000 + n);
	}
	_exit(0);
}

ATF_TC(killed);
ATF_TC_HEAD(killed, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(killed, tc)
{
	struct mstore	*ms;
	struct mstore_mailbox m;
	struct rseq	 uids;
	uint64_t	 seed = 42, box;
	uint32_t	 n, last = 0, a;
	pid_t		 pid;
	int		 round, fds[2], status;

	for (round = 0; round < 25; round++) {
		ATF_REQUIRE(pipe(fds) == 0);
		if ((pid = fork()) == 0) {
			close(fds[0]);
			child(fds[1]);
		}
		close(fds[1]);
		/* Kill it after some commits, at any instant of the next. */
		for (status = (int)st_random(&seed, 60); status >= 0; status--)
			if (read(fds[0], &n, sizeof(n)) == sizeof(n))
				last = n + 4;
		usleep(st_random(&seed, 1500));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ATF_REQUIRE(WIFSIGNALED(status));
		while (read(fds[0], &n, sizeof(n)) == sizeof(n))
			last = n + 4;
		close(fds[0]);
		ms = st_open("k", NULL);
		ATF_REQUIRE(!mstore_rebuilt(ms));
		ATF_REQUIRE_EQ(MSTORE_OK, mstore_account_get(ms, SPAN("me"), 0,
		    &a));
		ATF_REQUIRE_EQ(MSTORE_OK, mstore_mailbox_find(ms, a,
		    SPAN("INBOX"), &box));
		ATF_REQUIRE_EQ(MSTORE_OK, mstore_mailbox_get(ms, box, &m));
		/* All that was said, at most the one turn under way more. */
		ATF_REQUIRE(m.exists == last || m.exists == last + 5);
		last = m.exists;
		rseq_init(&uids);
		ATF_REQUIRE_EQ(MSTORE_OK, mstore_uids(ms, box, &uids));
		ATF_REQUIRE(last == 0 || (uids.nruns == 1 &&
		    uids.runs[0].first == 1 && uids.runs[0].last == last));
		rseq_free(&uids);
		ATF_REQUIRE_EQ(0, mstore_fsck(ms, NULL, NULL));
		if (round % 5 == 4)
			st_check_rebuild(ms, "k");
		mstore_abandon(ms);
	}
	ATF_REQUIRE(last > 100);
}

/* The index is damaged, or older than the log by any number of turns. */
ATF_TC_WITHOUT_HEAD(old_index);
ATF_TC_BODY(old_index, tc)
{
	struct mstore	*ms;
	char		*want, *now, name[32];
	int		 n, fd;

	ms = st_open("s", NULL);
	for (n = 0; n < 8; n++) {
		mstore_close(ms);
		snprintf(name, sizeof(name), "index%d", n);
		st_copy_dir("s/index", name);
		ms = st_open("s", NULL);
		ATF_REQUIRE_EQ(MSTORE_OK, script(ms, n));
	}
	st_work(ms);
	want = st_dump(ms);
	mstore_close(ms);
	for (n = 0; n < 10; n++) {
		st_remove_dir("s/index");
		snprintf(name, sizeof(name), "index%d", n % 8);
		st_copy_dir(name, "s/index");
		if (n >= 8) {
			fd = open("s/index/index.db", O_WRONLY);
			ATF_REQUIRE(pwrite(fd, "rubbish", 7, n == 8 ? 10 :
			    16384 * 2) == 7);
			close(fd);
		}
		ms = st_open("s", NULL);
		ATF_REQUIRE(n < 8 ? !mstore_rebuilt(ms) : 1);
		st_work(ms);
		now = st_dump(ms);
		st_same("store with an old index", want, now);
		free(now);
		mstore_close(ms);
	}
	free(want);
}

/* The name of a table is lost with the power: the other one is of no use. */
ATF_TC_WITHOUT_HEAD(half_index);
ATF_TC_BODY(half_index, tc)
{
	static const char *const files[] = { "s/index/scattered.db",
	    "s/index/index.db" };
	struct mstore	*ms;
	char		*want, *now;
	int		 n;

	ms = st_open("s", NULL);
	for (n = 0; n < 5; n++)
		ATF_REQUIRE_EQ(MSTORE_OK, script(ms, n));
	want = st_dump(ms);
	mstore_close(ms);
	for (n = 0; n < 2; n++) {
		ATF_REQUIRE(unlink(files[n]) == 0);
		ms = st_open("s", NULL);
		ATF_REQUIRE(mstore_rebuilt(ms));
		now = st_dump(ms);
		st_same("store with half an index", want, now);
		free(now);
		mstore_close(ms);
	}
	free(want);
}

/* Damage to messages: each is listed, and costs no other one. */
ATF_TC_WITHOUT_HEAD(damage);
ATF_TC_BODY(damage, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_fetch f = { .uids = &all, .cols = MSTORE_COL_ALL };
	struct mstore_msg g;
	struct buf	 page;
	uint32_t	 a, n = 0, bad = 0;
	size_t		 off, size;
	int		 fd;

	ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 0));
	ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 6));
	ATF_REQUIRE_EQ(MSTORE_OK, script(ms, 12));
	ATF_REQUIRE_EQ(MSTORE_OK, mstore_account_get(ms, SPAN("me"), 0, &a));
	ATF_REQUIRE_EQ(MSTORE_OK, mstore_mailbox_find(ms, a, SPAN("INBOX"),
	    &f.mailbox));
	mstore_close(ms);
	size = st_file_size("s/" SEGFILE);
	ATF_REQUIRE((fd = open("s/" SEGFILE, O_WRONLY)) != -1);
	ATF_REQUIRE(pwrite(fd, "!", 1, (off_t)size - 20) == 1);
	close(fd);
	ms = st_open("s", NULL);
	ATF_REQUIRE(!mstore_rebuilt(ms));
	buf_init(&page, 1 << 20);
	ATF_REQUIRE_EQ(MSTORE_OK, mstore_fetch(ms, &f, &page, 1 << 20));
	for (off = 0; mstore_page_next(buf_ptr(&page), page.len, &off, &g) ==
	    1;) {
		n++;
		bad += g.status == MSTORE_PAGE_BAD;
	}
	ATF_REQUIRE_EQ(9, n);
	ATF_REQUIRE_EQ(1, bad);
	ATF_REQUIRE_EQ(1, mstore_fsck(ms, NULL, NULL));
	buf_free(&page);
	mstore_close(ms);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, eio);
	ATF_TP_ADD_TC(tp, enospc);
	ATF_TP_ADD_TC(tp, dead_disk);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, old_index);
	ATF_TP_ADD_TC(tp, half_index);
	ATF_TP_ADD_TC(tp, damage);
	return atf_no_error();
}
