/* Shared mailboxes: each reader's own \Seen, and lists of rights. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define OK(x)	ATF_REQUIRE_EQ(MSTORE_OK, (x))
#define ALL	MSTORE_FLAGS_ALL

static uint32_t	 own, rd1, rd2;
static uint64_t	 box;

/* Three accounts and ten messages in the INBOX of the first. */
static struct mstore *
begin(void)
{
	struct mstore	*ms = st_open("s", NULL);
	uint64_t	 i;

	OK(mstore_begin(ms, 1000));
	OK(mstore_account_get(ms, SPAN("own@x"), 1, &own));
	OK(mstore_account_get(ms, SPAN("one@x"), 1, &rd1));
	OK(mstore_account_get(ms, SPAN("two@x"), 1, &rd2));
	for (i = 1; i <= 10; i++)
		OK(st_deliver(ms, own, NULL, i, 100, NULL));
	OK(mstore_commit(ms));
	OK(mstore_mailbox_find(ms, own, SPAN("INBOX"), &box));
	return ms;
}

static struct rseq
set(uint32_t first, uint32_t last)
{
	struct rseq	 s;

	rseq_init(&s);
	ATF_REQUIRE(rseq_add(&s, first, last) == 0);
	return s;
}

/* Flags and modseq of one message as somebody sees them. */
static unsigned
flags(struct mstore *ms, uint32_t reader, uint64_t id, uint32_t uid,
    uint64_t *modseq)
{
	struct rseq	 one = set(uid, uid);
	struct mstore_fetch f = { .mailbox = id, .uids = &one,
	    .reader = reader, .cols = MSTORE_COL_FLAGS | MSTORE_COL_MODSEQ };
	struct mstore_msg m;
	struct buf	 b;
	size_t		 off = 0;

	buf_init(&b, 4096);
	OK(mstore_fetch(ms, &f, &b, 4096));
	ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&b), b.len, &off, &m));
	if (modseq != NULL)
		*modseq = m.modseq;
	buf_free(&b);
	rseq_free(&one);
	return m.flags;
}

static void
store(struct mstore *ms, struct mstore_who who, enum mstore_flagop op,
    uint16_t bits, uint32_t first, uint32_t last)
{
	struct rseq	 s = set(first, last);

	OK(mstore_begin(ms, 2000));
	OK(mstore_store_by(ms, &who, box, &s, op, bits, 0, UINT64_MAX, NULL,
	    NULL, NULL));
	OK(mstore_commit(ms));
	rseq_free(&s);
}

static uint32_t
unseen(struct mstore *ms, uint32_t reader)
{
	uint32_t	 n;

	OK(mstore_unseen(ms, box, reader, &n));
	return n;
}

static void
check_set(struct rseq *s, const char *want)
{
	char	 text[256] = "";

	if (s->nruns > 0)
		ATF_REQUIRE(rseq_print(s, text, sizeof(text)) != -1);
	ATF_REQUIRE_STREQ(want, text);
	rseq_free(s);
}

static void
check_changes(struct mstore *ms, uint32_t reader, uint64_t since,
    const char *want)
{
	struct rseq	 changed, gone;

	rseq_init(&changed);
	rseq_init(&gone);
	OK(mstore_changes_by(ms, reader, box, since, &changed, &gone));
	check_set(&changed, want);
	rseq_free(&gone);
}

ATF_TC_WITHOUT_HEAD(seen);
ATF_TC_BODY(seen, tc)
{
	struct mstore	*ms = begin();
	struct mstore_mailbox m;
	struct mstore_who one = { rd1, ALL, 1 }, two = { rd2, ALL, 1 };
	uint64_t	 before, seq;
	uint32_t	 uid, number;

	OK(mstore_mailbox_get(ms, box, &m));
	before = m.highestmodseq;
	store(ms, one, MSTORE_FLAGS_ADD, MSTORE_SEEN, 1, 3);
	ATF_REQUIRE_EQ(10, unseen(ms, own));
	ATF_REQUIRE_EQ(10, unseen(ms, 0));
	ATF_REQUIRE_EQ(7, unseen(ms, rd1));
	ATF_REQUIRE_EQ(10, unseen(ms, rd2));
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, rd1, box, 2, &seq));
	ATF_REQUIRE_EQ(before + 1, seq);
	ATF_REQUIRE_EQ(0, flags(ms, rd2, box, 2, &seq));
	ATF_REQUIRE(seq <= before);
	ATF_REQUIRE_EQ(0, flags(ms, 0, box, 2, &seq));
	ATF_REQUIRE(seq <= before);
	/* The mailbox moved on for all, what changed only for one. */
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE_EQ(before + 1, m.highestmodseq);
	check_changes(ms, rd1, before, "1:3");
	check_changes(ms, rd2, before, "");
	check_changes(ms, 0, before, "");
	/* A shared flag and one's own at once. */
	store(ms, two, MSTORE_FLAGS_SET, MSTORE_SEEN | MSTORE_FLAGGED, 3, 4);
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_FLAGGED, flags(ms, rd2, box, 3,
	    NULL));
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_FLAGGED, flags(ms, rd1, box, 3,
	    NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, rd1, box, 4, NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, own, box, 4, NULL));
	/* The owner's goes its own way, and another's SET leaves it. */
	store(ms, (struct mstore_who){ own, ALL, 1 }, MSTORE_FLAGS_ADD,
	    MSTORE_SEEN, 5, 5);
	store(ms, two, MSTORE_FLAGS_SET, MSTORE_ANSWERED, 5, 5);
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_ANSWERED, flags(ms, 0, box, 5,
	    NULL));
	ATF_REQUIRE_EQ(MSTORE_ANSWERED, flags(ms, rd2, box, 5, NULL));
	OK(mstore_first_unseen_by(ms, rd1, box, &uid, &number));
	ATF_REQUIRE_EQ(4, uid);
	ATF_REQUIRE_EQ(4, number);
	OK(mstore_first_unseen_by(ms, 0, box, &uid, &number));
	ATF_REQUIRE_EQ(1, uid);
	store(ms, one, MSTORE_FLAGS_DEL, MSTORE_SEEN, 2, 2);
	OK(mstore_first_unseen_by(ms, rd1, box, &uid, &number));
	ATF_REQUIRE_EQ(2, uid);
	ATF_REQUIRE_EQ(8, unseen(ms, rd1));
	st_check_rebuild(ms, "s");
	mstore_close(ms);
	/* The same after an open. */
	ms = st_open("s", NULL);
	ATF_REQUIRE(!mstore_rebuilt(ms));
	ATF_REQUIRE_EQ(8, unseen(ms, rd1));
	ATF_REQUIRE_EQ(8, unseen(ms, rd2));
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, rd1, box, 1, NULL));
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(conditional);
ATF_TC_BODY(conditional, tc)
{
	struct mstore	*ms = begin();
	struct mstore_who one = { rd1, ALL, 1 };
	struct mstore_mailbox m;
	struct rseq	 s = set(1, 4), changed, failed;
	uint64_t	 before, seq;

	OK(mstore_mailbox_get(ms, box, &m));
	before = m.highestmodseq;
	store(ms, one, MSTORE_FLAGS_ADD, MSTORE_SEEN, 2, 2);
	rseq_init(&changed);
	rseq_init(&failed);
	OK(mstore_begin(ms, 2000));
	OK(mstore_store_by(ms, &one, box, &s, MSTORE_FLAGS_ADD, MSTORE_FLAGGED,
	    0, before, &changed, &failed, &seq));
	check_set(&changed, "1,3:4");
	check_set(&failed, "2");
	/* To the owner nothing had happened to 2. */
	rseq_init(&changed);
	rseq_init(&failed);
	OK(mstore_store(ms, box, &s, MSTORE_FLAGS_ADD, MSTORE_DRAFT, 0,
	    before, &changed, &failed, &seq));
	check_set(&changed, "2");
	check_set(&failed, "1,3:4");
	OK(mstore_commit(ms));
	rseq_free(&s);
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(masks);
ATF_TC_BODY(masks, tc)
{
	struct mstore	*ms = begin();
	struct mstore_who seer = { rd1, MSTORE_SEEN, 0 };
	struct mstore_who marker = { rd1, MSTORE_DELETED, 0 };
	struct rseq	 s = set(1, 1);
	struct span	 kw = SPAN("$Work");
	uint64_t	 mask;

	OK(mstore_begin(ms, 2000));
	OK(mstore_keyword_mask(ms, box, &kw, 1, 1, &mask));
	OK(mstore_store(ms, box, &s, MSTORE_FLAGS_SET, MSTORE_FLAGGED, mask,
	    UINT64_MAX, NULL, NULL, NULL));
	OK(mstore_commit(ms));
	store(ms, seer, MSTORE_FLAGS_SET, ALL, 1, 1);
	ATF_REQUIRE_EQ(MSTORE_FLAGGED | MSTORE_SEEN, flags(ms, rd1, box, 1,
	    NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, 0, box, 1, NULL));
	store(ms, marker, MSTORE_FLAGS_SET, MSTORE_DELETED, 1, 1);
	ATF_REQUIRE_EQ(MSTORE_FLAGGED | MSTORE_SEEN | MSTORE_DELETED,
	    flags(ms, rd1, box, 1, NULL));
	store(ms, marker, MSTORE_FLAGS_SET, 0, 1, 1);
	store(ms, marker, MSTORE_FLAGS_DEL, ALL, 1, 1);
	store(ms, marker, MSTORE_FLAGS_ADD, MSTORE_DRAFT, 1, 1);
	ATF_REQUIRE_EQ(MSTORE_FLAGGED | MSTORE_SEEN, flags(ms, rd1, box, 1,
	    NULL));
	rseq_free(&s);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(expunge);
ATF_TC_BODY(expunge, tc)
{
	struct mstore	*ms = begin();
	struct mstore_who one = { rd1, ALL, 1 }, two = { rd2, ALL, 1 };
	struct rseq	 s = set(1, 5), gone;
	uint32_t	 uid, number;

	store(ms, one, MSTORE_FLAGS_ADD, MSTORE_SEEN, 1, 7);
	store(ms, two, MSTORE_FLAGS_ADD, MSTORE_SEEN, 4, 6);
	OK(mstore_first_unseen_by(ms, rd1, box, &uid, &number));
	ATF_REQUIRE_EQ(8, number);
	rseq_init(&gone);
	OK(mstore_begin(ms, 3000));
	OK(mstore_expunge(ms, box, &s, 1, &gone, NULL));
	OK(mstore_commit(ms));
	rseq_free(&gone);
	rseq_free(&s);
	ATF_REQUIRE_EQ(5, unseen(ms, 0));
	ATF_REQUIRE_EQ(3, unseen(ms, rd1));
	ATF_REQUIRE_EQ(4, unseen(ms, rd2));
	OK(mstore_first_unseen_by(ms, rd1, box, &uid, &number));
	ATF_REQUIRE_EQ(8, uid);
	ATF_REQUIRE_EQ(3, number);
	st_check_rebuild(ms, "s");
	/* With the mailbox all of it goes. */
	OK(mstore_begin(ms, 4000));
	OK(mstore_account_delete(ms, own));
	OK(mstore_commit(ms));
	st_work(ms);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(copy);
ATF_TC_BODY(copy, tc)
{
	struct mstore	*ms = begin();
	struct mstore_who one = { rd1, ALL, 1 };
	struct mstore_who poor = { rd1, 0, 0 };
	struct rseq	 s = set(1, 4), done;
	uint64_t	 mine, other;
	uint32_t	 first;

	store(ms, one, MSTORE_FLAGS_ADD, MSTORE_SEEN, 2, 3);
	store(ms, (struct mstore_who)MSTORE_OWNER, MSTORE_FLAGS_ADD,
	    MSTORE_SEEN | MSTORE_FLAGGED, 3, 4);
	OK(mstore_mailbox_find(ms, rd1, SPAN("Archive"), &mine));
	OK(mstore_mailbox_find(ms, own, SPAN("Archive"), &other));
	rseq_init(&done);
	OK(mstore_begin(ms, 3000));
	/* To his own mailbox, with his \Seen. */
	OK(mstore_copy_by(ms, &one, box, &s, mine, 0, NULL, &done, &first));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(0, flags(ms, rd1, mine, 1, NULL));
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, 0, mine, 2, NULL));
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_FLAGGED, flags(ms, 0, mine, 3,
	    NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, 0, mine, 4, NULL));
	/* Between two of the owner's: both have theirs. */
	OK(mstore_begin(ms, 3000));
	OK(mstore_copy_by(ms, &one, box, &s, other, 0, NULL, &done, &first));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, rd1, other, 2, NULL));
	ATF_REQUIRE_EQ(0, flags(ms, 0, other, 2, NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, rd1, other, 4, NULL));
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_FLAGGED, flags(ms, 0, other, 4,
	    NULL));
	/* From his own to the other's, moved, and without a right to flags. */
	OK(mstore_begin(ms, 3000));
	OK(mstore_copy_by(ms, &one, mine, &s, box, 1, NULL, &done, &first));
	ATF_REQUIRE_EQ(11, first);
	OK(mstore_copy_by(ms, &poor, box, &s, mine, 0, NULL, &done, &first));
	ATF_REQUIRE_EQ(5, first);
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, rd1, box, 12, NULL));
	ATF_REQUIRE_EQ(0, flags(ms, 0, box, 12, NULL));
	ATF_REQUIRE_EQ(MSTORE_SEEN | MSTORE_FLAGGED, flags(ms, rd1, box, 13,
	    NULL));
	ATF_REQUIRE_EQ(0, flags(ms, 0, mine, 7, NULL));
	rseq_free(&done);
	rseq_free(&s);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(append);
ATF_TC_BODY(append, tc)
{
	struct mstore	*ms = begin();
	struct mstore_who one = { rd1, MSTORE_SEEN | MSTORE_FLAGGED, 0 };
	struct mstore_append ap[2] = {
		{ .content = { .body = "x", .bodylen = 1, .fd = -1 },
		    .flags = MSTORE_SEEN | MSTORE_DRAFT },
		{ .content = { .body = "y", .bodylen = 1, .fd = -1 },
		    .flags = MSTORE_FLAGGED }
	};
	uint32_t	 first;

	OK(mstore_begin(ms, 3000));
	OK(mstore_append_by(ms, &one, box, ap, 2, NULL, &first));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(11, first);
	ATF_REQUIRE_EQ(MSTORE_SEEN, flags(ms, rd1, box, 11, NULL));
	ATF_REQUIRE_EQ(0, flags(ms, 0, box, 11, NULL));
	ATF_REQUIRE_EQ(MSTORE_FLAGGED, flags(ms, 0, box, 12, NULL));
	ATF_REQUIRE_EQ(12, unseen(ms, 0));
	ATF_REQUIRE_EQ(11, unseen(ms, rd1));
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

/* Many chunks, many readers, and what a run of them costs is the same. */
ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	struct mstore	*ms = begin();
	struct rseq	 s = set(1, 2000);
	uint32_t	 first, i;
	struct mstore_who who = { 0, ALL, 1 };

	OK(mstore_begin(ms, 2000));
	for (i = 11; i <= 2000; i++)
		OK(st_deliver(ms, own, NULL, i, 20, NULL));
	OK(mstore_commit(ms));
	for (i = 1; i <= 20; i++) {
		who.reader = 1000 + i;
		store(ms, who, MSTORE_FLAGS_ADD, MSTORE_SEEN, i, 100 * i);
	}
	for (i = 1; i <= 20; i++)
		ATF_REQUIRE_EQ(2000 - (100 * i - i + 1), unseen(ms, 1000 + i));
	rseq_free(&s);
	s = set(500, 1499);
	OK(mstore_begin(ms, 2000));
	OK(mstore_expunge(ms, box, &s, 1, NULL, NULL));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(1000 - (499 - 9), unseen(ms, 1010));
	OK(mstore_first_unseen_by(ms, 1003, box, &i, &first));
	ATF_REQUIRE_EQ(1, i);
	st_check_rebuild(ms, "s");
	rseq_free(&s);
	mstore_close(ms);
}

static void
grant(struct mstore *ms, uint64_t id, const char *name, const char *rights)
{
	OK(mstore_prop_set(ms, 0, id, span_of(name), span_of(rights)));
}

static void
check_named(struct mstore *ms, const char *ident, unsigned n)
{
	uint64_t	 id = 0;

	while (mstore_acl_next(ms, span_of(ident), &id) == MSTORE_OK)
		n--;
	ATF_REQUIRE_EQ(0, n);
}

ATF_TC_WITHOUT_HEAD(acl);
ATF_TC_BODY(acl, tc)
{
	struct mstore	*ms = begin();
	struct buf	 b;
	uint64_t	 sub;

	buf_init(&b, 1000);
	OK(mstore_begin(ms, 2000));
	grant(ms, box, "acl/u/one@x", "lr");
	grant(ms, box, "acl/-u/two@x", "s");
	grant(ms, box, "acl/g/team@x", "l");
	OK(mstore_mailbox_create(ms, own, SPAN("INBOX/a/b"), 0, &sub));
	OK(mstore_commit(ms));
	/* Parents that were made on the way have them too. */
	check_named(ms, "u/one@x", 3);
	check_named(ms, "u/two@x", 0);
	OK(mstore_prop_get(ms, 0, sub, SPAN("acl/-u/two@x"), &b));
	ATF_REQUIRE_EQ(1, b.len);
	buf_truncate(&b, 0);
	OK(mstore_acl_ident(ms, SPAN("g/"), &b));
	ATF_REQUIRE_EQ(8, b.len);
	ATF_REQUIRE(memcmp("g/team@x", buf_ptr(&b), 8) == 0);
	buf_truncate(&b, 0);
	OK(mstore_acl_ident(ms, SPAN("g/team@x"), &b));
	ATF_REQUIRE(memcmp("u/one@x", buf_ptr(&b), 7) == 0);
	buf_truncate(&b, 0);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_acl_ident(ms, SPAN("u/one@x"), &b));
	st_check_rebuild(ms, "s");
	/* A grant taken back, a mailbox gone, an account gone. */
	OK(mstore_begin(ms, 2000));
	grant(ms, sub, "acl/u/one@x", "");
	OK(mstore_mailbox_delete(ms, own, SPAN("INBOX/a/b")));
	OK(mstore_commit(ms));
	st_work(ms);
	check_named(ms, "u/one@x", 2);
	check_named(ms, "g/team@x", 2);
	OK(mstore_begin(ms, 2000));
	OK(mstore_account_delete(ms, rd1));
	OK(mstore_commit(ms));
	check_named(ms, "u/one@x", 0);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_prop_get(ms, 0, box,
	    SPAN("acl/u/one@x"), &b));
	st_work(ms);
	st_check_rebuild(ms, "s");
	buf_free(&b);
	mstore_close(ms);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, seen);
	ATF_TP_ADD_TC(tp, conditional);
	ATF_TP_ADD_TC(tp, masks);
	ATF_TP_ADD_TC(tp, expunge);
	ATF_TP_ADD_TC(tp, copy);
	ATF_TP_ADD_TC(tp, append);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, acl);
	return atf_no_error();
}
