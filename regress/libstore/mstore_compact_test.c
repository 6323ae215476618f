/*
 * Compaction: the store is the same before, after, and at each point between;
 * and so is what is made anew from its segments.
 */
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define OK(x)	ATF_REQUIRE_EQ(MSTORE_OK, (x))
#define NMSGS	600

static uint32_t
account(struct mstore *ms)
{
	uint32_t	 a;

	OK(mstore_account_get(ms, SPAN("me"), 1, &a));
	return a;
}

static uint64_t
mailbox(struct mstore *ms, const char *name)
{
	uint32_t	 a;
	uint64_t	 id;

	OK(mstore_account_get(ms, SPAN("me"), 0, &a));
	OK(mstore_mailbox_find(ms, a, span_of(name), &id));
	return id;
}

/* One delivery to two mailboxes. */
static void
deliver_two(struct mstore *ms, uint32_t a, uint64_t tag)
{
	char		*body = st_body(tag, 2000);
	struct mstore_content c = { .meta = "META", .metalen = 4,
	    .body = body, .bodylen = 2000, .fd = -1 };
	struct mstore_dest d[2] = { { .account = a },
	    { .account = a, .mailbox = SPAN("Archive") } };

	OK(mstore_deliver(ms, tag, &c, d, 2));
	free(body);
}

/* Some segments with a bit of everything, of which little stays. */
static void
fill(struct mstore *ms)
{
	struct rseq_run	 run;
	struct rseq	 set = { &run, 1, 1 };
	struct span	 kw = SPAN("$Label");
	uint32_t	 a, first;
	uint64_t	 in, box, mask;
	int		 n;

	OK(mstore_begin(ms, 1000));
	a = account(ms);
	OK(mstore_mailbox_create(ms, a, SPAN("box"), 0, &box));
	OK(mstore_commit(ms));
	in = mailbox(ms, "INBOX");
	for (n = 0; n < NMSGS; n++) {
		OK(mstore_begin(ms, 1000 + n));
		OK(st_deliver(ms, a, NULL, (uint64_t)n, (size_t)(n % 50 == 7 ?
		    60000 : 300 + n * 3), NULL));
		if (n % 20 == 5)
			deliver_two(ms, a, 5000 + (uint64_t)n);
		run.first = run.last = (uint32_t)n + 1;
		if (n % 3 == 0)
			OK(mstore_store(ms, in, &set, MSTORE_FLAGS_ADD,
			    MSTORE_SEEN, 0, UINT64_MAX, NULL, NULL, NULL));
		if (n % 9 == 0) {
			OK(mstore_keyword_mask(ms, in, &kw, 1, 1, &mask));
			OK(mstore_store(ms, in, &set, MSTORE_FLAGS_ADD,
			    MSTORE_FLAGGED, mask, UINT64_MAX, NULL, NULL,
			    NULL));
			OK(mstore_copy(ms, in, &set, box, n % 2, NULL, NULL,
			    &first));
		}
		OK(mstore_commit(ms));
	}
	OK(mstore_begin(ms, 5000));
	run = (struct rseq_run){ 4, NMSGS - 60 };
	OK(mstore_expunge(ms, in, &set, 1, NULL, NULL));
	run = (struct rseq_run){ 1, 10 };
	OK(mstore_expunge(ms, box, &set, 1, NULL, NULL));
	OK(mstore_commit(ms));
}

static void
check_readable(struct mstore *ms, const char *name)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_fetch f = { .mailbox = mailbox(ms, name), .uids = &all,
	    .cols = MSTORE_COL_ALL };
	struct mstore_msg g;
	struct buf	 page;
	size_t		 off, n = 0;

	buf_init(&page, 16U << 20);
	while (!f.done) {
		buf_truncate(&page, 0);
		OK(mstore_fetch(ms, &f, &page, 1U << 20));
		for (off = 0; mstore_page_next(buf_ptr(&page), page.len, &off,
		    &g) == 1; n++) {
			ATF_REQUIRE_EQ(0, g.status);
			ATF_REQUIRE_EQ(4, g.metalen);
		}
	}
	ATF_REQUIRE(n > 0);
	buf_free(&page);
}

static void
check_same(struct mstore *ms, const char *dir, const char *want)
{
	char	*now = st_dump(ms);

	st_same("store", want, now);
	check_readable(ms, "INBOX");
	check_readable(ms, "box");
	check_readable(ms, "Archive");
	ATF_REQUIRE_EQ(0, mstore_fsck(ms, NULL, NULL));
	if (dir != NULL)
		st_check_rebuild(ms, dir);
	free(now);
}

/* What was deleted goes, the rest stays, and it goes on. */
ATF_TC(pack);
ATF_TC_HEAD(pack, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(pack, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_stats before, after, last;
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	char		*want;
	int		 i;

	fill(ms);
	want = st_dump(ms);
	mstore_stats(ms, &before);
	ATF_REQUIRE(before.segments > 3);
	st_work(ms);
	mstore_stats(ms, &after);
	ATF_REQUIRE(after.compactions > 2);
	ATF_REQUIRE_EQ(before.live, after.live);
	ATF_REQUIRE(after.bytes < before.bytes / 2);
	check_same(ms, "s", want);
	/* Each one was done once. */
	st_work(ms);
	mstore_stats(ms, &last);
	ATF_REQUIRE_EQ(after.compactions, last.compactions);
	for (i = 0; i < 2; i++) {
		if (i == 0)
			mstore_close(ms);
		else
			mstore_abandon(ms);
		ms = st_open("s", NULL);
		ATF_REQUIRE(!mstore_rebuilt(ms));
		check_same(ms, "s", want);
	}
	free(want);
	/* A packed one is packed again. */
	OK(mstore_begin(ms, 6000));
	OK(mstore_expunge(ms, mailbox(ms, "Archive"), &all, 1, NULL, NULL));
	OK(mstore_expunge(ms, mailbox(ms, "box"), &all, 1, NULL, NULL));
	run.last = NMSGS - 20;
	OK(mstore_expunge(ms, mailbox(ms, "INBOX"), &all, 1, NULL, NULL));
	OK(mstore_commit(ms));
	want = st_dump(ms);
	mstore_stats(ms, &before);
	st_work(ms);
	mstore_stats(ms, &after);
	ATF_REQUIRE(after.compactions > before.compactions);
	ATF_REQUIRE(after.bytes < before.bytes);
	st_check_rebuild(ms, "s");
	check_readable(ms, "INBOX");
	ATF_REQUIRE_EQ(0, mstore_fsck(ms, NULL, NULL));
	mstore_close(ms);
	ms = st_open("s", NULL);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
	free(want);
}

/* It is deleted while its segment is being packed. */
ATF_TC_WITHOUT_HEAD(meanwhile);
ATF_TC_BODY(meanwhile, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq_run	 run;
	struct rseq	 set = { &run, 1, 1 };
	uint64_t	 in, box;
	uint32_t	 n, first;
	int64_t		 now;
	char		*want;

	fill(ms);
	in = mailbox(ms, "INBOX");
	box = mailbox(ms, "box");
	for (n = 1, now = 7000; now < 7400; now++) {
		(void)mstore_work(ms, now);
		if (now % 4 != 0)
			continue;
		OK(mstore_begin(ms, now));
		run.first = run.last = NMSGS - n++;
		OK(now % 8 == 0 ? mstore_expunge(ms, in, &set, 1, NULL,
		    NULL) : mstore_copy(ms, in, &set, box, 1, NULL, NULL,
		    &first));
		OK(mstore_commit(ms));
	}
	want = st_dump(ms);
	st_work(ms);
	check_same(ms, "s", want);
	mstore_close(ms);
	free(want);
}

static void
snapshot(void)
{
	st_remove_dir("d");
	st_copy_dir("c", "d");
}

/* The machine stops before each operation on a file. */
ATF_TC(crash);
ATF_TC_HEAD(crash, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(crash, tc)
{
	struct mstore_conf conf = { .dir = "c", .segsize = SEGSIZE,
	    .cache = 1U << 20, .compact_least = 1 };
	struct mstore	*ms = st_open("s", NULL);
	struct faults	 f;
	const char	*why;
	char		*want;
	long		 at, calls;

	fill(ms);
	want = st_dump(ms);
	mstore_abandon(ms);
	for (at = 0, calls = 1; at < calls; at++) {
		st_remove_dir("c");
		st_copy_dir("s", "c");
		st_faults_init(&f);
		conf.io = &f.io;
		ATF_REQUIRE_EQ(0, mstore_open(&ms, &conf, &why));
		f.calls = 0;
		f.hook_at = at;
		f.hook = snapshot;
		st_work(ms);
		calls = f.calls;
		mstore_abandon(ms);
		ms = st_open("d", NULL);
		ATF_REQUIRE(!mstore_rebuilt(ms));
		check_same(ms, at % 4 == 0 ? "d" : NULL, want);
		mstore_abandon(ms);
	}
	ATF_REQUIRE(at > 20);
	free(want);
}

static void
faults(int error, int short_write, int sticky)
{
	struct mstore_conf conf = { .dir = "c", .segsize = SEGSIZE,
	    .cache = 1U << 20, .compact_least = 1 };
	struct mstore	*ms;
	struct mstore_stats st;
	struct faults	 f;
	const char	*why;
	char		*want;
	long		 at;

	st_remove_dir("s");
	ms = st_open("s", NULL);
	fill(ms);
	want = st_dump(ms);
	mstore_abandon(ms);
	for (at = 0;; at++) {
		st_remove_dir("c");
		st_copy_dir("s", "c");
		st_faults_init(&f);
		conf.io = &f.io;
		ATF_REQUIRE_EQ(0, mstore_open(&ms, &conf, &why));
		f.calls = 0;
		f.fail_at = at;
		f.error = error;
		f.short_write = short_write;
		f.sticky = sticky;
		st_work(ms);
		ATF_REQUIRE(!mstore_broken(ms));
		f.fail_at = -1;
		check_same(ms, NULL, want);
		/* Then it goes. */
		st_work(ms);
		mstore_stats(ms, &st);
		ATF_REQUIRE(st.compactions > 2);
		check_same(ms, at % 4 == 0 ? "c" : NULL, want);
		mstore_close(ms);
		if (f.failed == 0)
			break;
	}
	ATF_REQUIRE(at > 20);
	free(want);
}

ATF_TC(failing);
ATF_TC_HEAD(failing, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(failing, tc)
{
	faults(EIO, 0, 0);
	faults(ENOSPC, 1, 1);
}

static void
scratch(const char *file, off_t off, size_t len)
{
	char	 rubbish[64];
	int	 fd;

	memset(rubbish, 'x', sizeof(rubbish));
	ATF_REQUIRE((fd = open(file, O_RDWR)) != -1);
	ATF_REQUIRE(pwrite(fd, rubbish, len, off) == (ssize_t)len);
	close(fd);
}

/* A packed file's header, its copy, its table: any two may be lost. */
ATF_TC_WITHOUT_HEAD(damage);
ATF_TC_BODY(damage, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	const char	*file = "s/seg/00000001.seg";
	char		*want;
	off_t		 size;
	int		 i;

	fill(ms);
	want = st_dump(ms);
	st_work(ms);
	mstore_close(ms);
	size = (off_t)st_file_size(file);
	ATF_REQUIRE(size < 150000);
	st_copy_dir("s", "good");
	for (i = 1; i < 7; i++) {
		st_remove_dir("s");
		st_copy_dir("good", "s");
		if (i & 1)
			scratch(file, 10, 30);
		if (i & 2)
			scratch(file, size - 50, 30);
		if (i & 4)
			scratch(file, size - 64 - 20, 12);
		ms = st_open("s", NULL);
		/* Both headers gone: it is not known what it is. */
		if ((i & 3) != 3)
			check_same(ms, "s", want);
		mstore_close(ms);
	}
	free(want);
}

/* Not where bytes are that are no record. */
ATF_TC_WITHOUT_HEAD(evidence);
ATF_TC_BODY(evidence, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	const char	*file = "s/seg/00000002.seg";
	size_t		 size;

	fill(ms);
	mstore_close(ms);
	size = st_file_size(file);
	scratch(file, 64, 60);
	ms = st_open("s", NULL);
	st_work(ms);
	ATF_REQUIRE_EQ(size, st_file_size(file));
	ATF_REQUIRE(st_file_size("s/seg/00000001.seg") < size / 2);
	mstore_close(ms);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pack);
	ATF_TP_ADD_TC(tp, meanwhile);
	ATF_TP_ADD_TC(tp, crash);
	ATF_TP_ADD_TC(tp, failing);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, evidence);
	return atf_no_error();
}
