/* Briefs: made when asked for, kept, and never wrong. */
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define OK(x)	ATF_REQUIRE_EQ(MSTORE_OK, (x))
#define FIRST	100		/* bytes of the message that brief 1 is */

static unsigned int	 made;	/* how often one was made */
static uint32_t		 account;
static uint64_t		 inbox;

static size_t
need(int n, struct span meta)
{
	if (n == 0)
		return 0;
	return meta.p == NULL ? 10 : FIRST;
}

/* 0: the meta and the length; 1: the first bytes. */
static int
make(int n, struct span meta, struct span head, struct buf *out)
{
	made++;
	if (n == 0)
		return buf_add(out, meta.p, meta.len);
	return buf_add(out, head.p, head.len < FIRST ? head.len : FIRST);
}

static struct mstore_brief_ops ops = { 1, need, make };

static struct mstore *
open_store(void)
{
	struct mstore_conf conf = { .dir = "s", .segsize = SEGSIZE,
	    .cache = 1U << 20, .brief = &ops, .compact_least = 1 };
	struct mstore	*ms;
	const char	*why;

	if (mkdir("s", 0700) == -1)
		ATF_REQUIRE_EQ(EEXIST, errno);
	ATF_REQUIRE_EQ(0, mstore_open(&ms, &conf, &why));
	OK(mstore_begin(ms, 1000));
	OK(mstore_account_get(ms, SPAN("a@x"), 1, &account));
	OK(mstore_commit(ms));
	OK(mstore_mailbox_find(ms, account, SPAN("INBOX"), &inbox));
	return ms;
}

static void
fill(struct mstore *ms, unsigned int n, uint64_t tag)
{
	unsigned int	 i;

	OK(mstore_begin(ms, 1000));
	for (i = 0; i < n; i++)
		OK(st_deliver(ms, account, NULL, tag + i,
		    30 + (tag + i) % 200, NULL));
	OK(mstore_commit(ms));
}

/* Ask for both briefs and all bytes, which must agree: how many messages. */
static unsigned int
look(struct mstore *ms, uint32_t first, uint32_t last)
{
	struct rseq_run	 run = { first, last };
	struct rseq	 set = { &run, 1, 1 };
	struct mstore_fetch f = { .mailbox = inbox, .uids = &set,
	    .cols = MSTORE_COL_BRIEFS | MSTORE_COL_BODY };
	struct mstore_msg m;
	struct buf	 page;
	unsigned int	 n = 0, pages = 0;
	size_t		 off, len;

	buf_init(&page, 1U << 20);
	while (!f.done) {
		buf_truncate(&page, 0);
		OK(mstore_fetch(ms, &f, &page, 64 * 1024));
		ATF_REQUIRE(++pages < 10000);
		off = 0;
		while (mstore_page_next(buf_ptr(&page), page.len, &off,
		    &m) == 1) {
			ATF_REQUIRE_EQ(0, m.status);
			n++;
			ATF_REQUIRE(m.brief[0].p != NULL);
			ATF_CHECK(span_eq(m.brief[0], SPAN("META")));
			ATF_REQUIRE(m.brief[1].p != NULL);
			len = m.whole < FIRST ? m.whole : FIRST;
			ATF_REQUIRE_EQ(len, m.brief[1].len);
			if (m.off == 0 && m.body.len >= len)
				ATF_CHECK(memcmp(m.brief[1].p, m.body.p,
				    len) == 0);
		}
	}
	buf_free(&page);
	return n;
}

ATF_TC_WITHOUT_HEAD(kept);
ATF_TC_BODY(kept, tc)
{
	struct mstore	*ms = open_store();

	made = 0;
	fill(ms, 300, 1);
	ATF_CHECK_EQ(0, made);		/* a delivery costs nothing more */
	ATF_CHECK_EQ(300, look(ms, 1, UINT32_MAX));
	ATF_CHECK_EQ(600, made);
	ATF_CHECK_EQ(300, look(ms, 1, UINT32_MAX));
	/* Those of the last chunk wait in memory to be written. */
	ATF_CHECK_EQ(600, made);
	st_work(ms);
	mstore_close(ms);
	ms = open_store();
	ATF_CHECK_EQ(300, look(ms, 1, UINT32_MAX));
	ATF_CHECK_EQ(600, made);

	/* A few are not worth making all of their chunk. */
	fill(ms, 64, 1000);
	ATF_CHECK_EQ(3, look(ms, 350, 352));
	ATF_CHECK_EQ(606, made);
	/* So few were not written, and are made again. */
	ATF_CHECK_EQ(364, look(ms, 1, UINT32_MAX));
	ATF_CHECK_EQ(734, made);

	/* Another version: all over again. */
	st_work(ms);
	mstore_close(ms);
	ops.version++;
	ms = open_store();
	made = 0;
	ATF_CHECK_EQ(364, look(ms, 1, UINT32_MAX));
	ATF_CHECK_EQ(728, made);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(none);
ATF_TC_BODY(none, tc)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 set = { &run, 1, 1 };
	struct mstore_fetch f = { .uids = &set,
	    .cols = MSTORE_COL_BRIEFS | MSTORE_COL_FLAGS };
	struct mstore	*ms = open_store();
	struct mstore_msg m;
	struct buf	 page;
	size_t		 off = 0;
	unsigned int	 n = 0;

	fill(ms, 20, 1);
	mstore_close(ms);
	ms = st_open("s", NULL);
	f.mailbox = inbox;
	buf_init(&page, 1U << 20);
	OK(mstore_fetch(ms, &f, &page, 64 * 1024));
	ATF_CHECK(f.done);
	for (; mstore_page_next(buf_ptr(&page), page.len, &off, &m) == 1; n++)
		ATF_CHECK(m.status == 0 && m.brief[0].p == NULL &&
		    m.brief[1].p == NULL);
	ATF_CHECK_EQ(20, n);
	buf_free(&page);
	mstore_close(ms);
}

static void
expunge(struct mstore *ms, uint32_t first, uint32_t last)
{
	struct rseq_run	 run = { first, last };
	struct rseq	 set = { &run, 1, 1 };

	OK(mstore_begin(ms, 1000));
	OK(mstore_expunge(ms, inbox, &set, 1, NULL, NULL));
	OK(mstore_commit(ms));
}

/* How many values the index has of briefs is told by how many are made after
 * everything in memory is gone. */
ATF_TC_WITHOUT_HEAD(expunged);
ATF_TC_BODY(expunged, tc)
{
	struct mstore	*ms = open_store();
	uint64_t	 box;

	fill(ms, 255, 1);
	ATF_CHECK_EQ(255, look(ms, 1, UINT32_MAX));
	expunge(ms, 64, 127);
	expunge(ms, 10, 19);
	ATF_CHECK_EQ(181, look(ms, 1, UINT32_MAX));
	st_work(ms);
	mstore_close(ms);
	ms = open_store();
	made = 0;
	ATF_CHECK_EQ(181, look(ms, 1, UINT32_MAX));
	ATF_CHECK_EQ(0, made);
	/* A mailbox that goes, with briefs that still wait. */
	OK(mstore_begin(ms, 1000));
	OK(mstore_mailbox_create(ms, account, SPAN("Gone"), 0, &box));
	OK(mstore_commit(ms));
	inbox = box;
	OK(mstore_begin(ms, 1000));
	for (made = 0; made < 200; made++)
		OK(st_deliver(ms, account, "Gone", made, 50, NULL));
	OK(mstore_commit(ms));
	ATF_CHECK_EQ(200, look(ms, 1, UINT32_MAX));
	OK(mstore_begin(ms, 1000));
	OK(mstore_mailbox_delete(ms, account, SPAN("Gone")));
	OK(mstore_commit(ms));
	st_work(ms);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

/* A uid of a turn that was lost is given to another message. */
ATF_TC_WITHOUT_HEAD(aborted);
ATF_TC_BODY(aborted, tc)
{
	struct mstore	*ms = open_store();
	unsigned int	 i;

	fill(ms, 40, 1);
	OK(mstore_begin(ms, 1000));
	for (i = 0; i < 100; i++)
		OK(st_deliver(ms, account, NULL, 5000 + i, 90, NULL));
	ATF_CHECK_EQ(140, look(ms, 1, UINT32_MAX));
	mstore_abort(ms);
	fill(ms, 100, 9000);
	ATF_CHECK_EQ(140, look(ms, 1, UINT32_MAX));
	st_work(ms);
	mstore_abandon(ms);
	ms = open_store();
	ATF_CHECK_EQ(140, look(ms, 1, UINT32_MAX));
	mstore_close(ms);
}

/* Some waits for a turn, not all of a large mailbox; pages end in time. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 set = { &run, 1, 1 };
	struct mstore_fetch f = { .uids = &set, .cols = MSTORE_COL_BRIEF0 };
	struct mstore	*ms = open_store();
	struct mstore_msg m;
	struct buf	 page;
	unsigned int	 i, n = 0;
	size_t		 off;

	for (i = 0; i < 5; i++)
		fill(ms, 1000, 1 + i * 1000);
	f.mailbox = inbox;
	buf_init(&page, 1U << 20);
	while (!f.done) {
		made = 0;
		buf_truncate(&page, 0);
		OK(mstore_fetch(ms, &f, &page, 1U << 20));
		ATF_CHECK(made <= 256 + 64);
		for (off = 0; mstore_page_next(buf_ptr(&page), page.len, &off,
		    &m) == 1;)
			n++;
	}
	ATF_CHECK_EQ(5000, n);
	buf_free(&page);
	mstore_close(ms);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kept);
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, expunged);
	ATF_TP_ADD_TC(tp, aborted);
	ATF_TP_ADD_TC(tp, many);
	return atf_no_error();
}
