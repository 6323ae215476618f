/* Mailboxes: each operation. */
#include <sys/mman.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define OK(x)	ATF_REQUIRE_EQ(MSTORE_OK, (x))

static void
fill(struct mstore *ms, const char *name, uint32_t *acct)
{
	OK(mstore_begin(ms, 1000));
	OK(mstore_account_get(ms, span_of(name), 1, acct));
	OK(mstore_commit(ms));
}

static uint64_t
find(struct mstore *ms, uint32_t acct, const char *name)
{
	uint64_t	 id = 0;

	ATF_REQUIRE_EQ_MSG(MSTORE_OK, mstore_mailbox_find(ms, acct,
	    span_of(name), &id), "%s", name);
	return id;
}

static void
check_set(const struct rseq *s, const char *want)
{
	char	 text[1024];

	text[0] = '\0';
	if (s->nruns > 0)
		ATF_REQUIRE(rseq_print(s, text, sizeof(text)) != -1);
	ATF_REQUIRE_STREQ(want, text);
}

static struct rseq
set(uint32_t first, uint32_t last)
{
	struct rseq	 s;

	rseq_init(&s);
	ATF_REQUIRE(rseq_add(&s, first, last) == 0);
	return s;
}

/* Names of an account's mailboxes, each followed by its flags. */
static void
list(struct mstore *ms, uint32_t acct, char *out, size_t len)
{
	struct mstore_listent ent;
	char		 after[MSTORE_MAXNAME + 1] = "";
	size_t		 n = 0;

	out[0] = '\0';
	while (mstore_list_next(ms, acct, span_of(after), &ent) == MSTORE_OK) {
		n += (size_t)snprintf(out + n, len - n, "%s%s%s:%x",
		    n > 0 ? " " : "", ent.name, mstore_has_children(ms, acct,
		    span_of(ent.name)) ? "+" : "",
		    ent.flags);
		strlcpy(after, ent.name, sizeof(after));
	}
}

ATF_TC_WITHOUT_HEAD(accounts);
ATF_TC_BODY(accounts, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	uint32_t	 a, b, id;
	char		 name[MSTORE_MAXACCOUNT + 1], text[512];

	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_account_get(ms, SPAN("a@x"), 0,
	    &a));
	ATF_REQUIRE_EQ(MSTORE_TEMPFAIL, mstore_account_get(ms, SPAN("a@x"), 1,
	    &a));
	fill(ms, "a@x", &a);
	fill(ms, "b@x", &b);
	ATF_REQUIRE(a != b);
	list(ms, a, text, sizeof(text));
	ATF_REQUIRE_STREQ("Archive:10 Drafts:1 INBOX:0 Junk:4 Sent:2 Trash:8",
	    text);
	ATF_REQUIRE(mstore_is_subscribed(ms, a, SPAN("Drafts")));
	OK(mstore_account_name(ms, b, name));
	ATF_REQUIRE_STREQ("b@x", name);
	OK(mstore_account_next(ms, SPAN("a@x"), &id, name));
	ATF_REQUIRE_EQ(b, id);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_account_next(ms, SPAN("b@x"), &id,
	    name));
	OK(mstore_begin(ms, 1001));
	OK(st_deliver(ms, a, NULL, 1, 100, NULL));
	OK(mstore_commit(ms));
	OK(mstore_begin(ms, 1002));
	OK(mstore_account_delete(ms, a));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_account_get(ms, SPAN("a@x"), 0,
	    &a));
	st_check_rebuild(ms, "s");
	fill(ms, "a@x", &id);
	ATF_REQUIRE(id != a && id != b);
	mstore_close(ms);
	ms = st_open("s", NULL);
	ATF_REQUIRE(!mstore_rebuilt(ms));
	OK(mstore_account_get(ms, SPAN("a@x"), 0, &a));
	ATF_REQUIRE_EQ(id, a);
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(mailboxes);
ATF_TC_BODY(mailboxes, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_mailbox m;
	uint32_t	 a, v;
	uint64_t	 id, child;
	char		 text[1024];

	fill(ms, "a", &a);
	OK(mstore_begin(ms, 1000));
	OK(mstore_mailbox_create(ms, a, SPAN("x/y/z"), 0, &id));
	ATF_REQUIRE_EQ(MSTORE_EXISTS, mstore_mailbox_create(ms, a, SPAN("x/y"),
	    0, &id));
	ATF_REQUIRE_EQ(MSTORE_EXISTS, mstore_mailbox_create(ms, a,
	    SPAN("inbox"), 0, &id));
	ATF_REQUIRE_EQ(MSTORE_INVALID, mstore_mailbox_create(ms, a,
	    SPAN("a//b"), 0, &id));
	ATF_REQUIRE_EQ(MSTORE_INVALID, mstore_mailbox_create(ms, a,
	    SPAN("a\xff"), 0, &id));
	OK(mstore_mailbox_create(ms, a, SPAN("inBox/k"), 0, &child));
	OK(mstore_commit(ms));
	list(ms, a, text, sizeof(text));
	ATF_REQUIRE_STREQ("Archive:10 Drafts:1 INBOX+:0 INBOX/k:0 Junk:4 "
	    "Sent:2 Trash:8 x+:0 x/y+:0 x/y/z:0", text);
	id = find(ms, a, "x/y");
	OK(mstore_mailbox_get(ms, id, &m));
	v = m.uidvalidity;
	child = find(ms, a, "x/y/z");

	/* With its children, keeping ids and uidvalidity. */
	OK(mstore_begin(ms, 1000));
	ATF_REQUIRE_EQ(MSTORE_CANNOT, mstore_mailbox_rename(ms, a, SPAN("x"),
	    SPAN("x/q")));
	OK(mstore_mailbox_rename(ms, a, SPAN("x/y"), SPAN("p/q")));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(id, find(ms, a, "p/q"));
	ATF_REQUIRE_EQ(child, find(ms, a, "p/q/z"));
	OK(mstore_mailbox_get(ms, id, &m));
	ATF_REQUIRE_EQ(v, m.uidvalidity);
	ATF_REQUIRE_STREQ("p/q", m.name);

	/* A name with children stays, and takes no mail. */
	OK(mstore_begin(ms, 1000));
	OK(mstore_mailbox_delete(ms, a, SPAN("p/q")));
	ATF_REQUIRE_EQ(MSTORE_CANNOT, mstore_mailbox_delete(ms, a,
	    SPAN("p/q")));
	ATF_REQUIRE_EQ(MSTORE_CANNOT, mstore_mailbox_delete(ms, a,
	    SPAN("INBOX")));
	OK(mstore_commit(ms));
	list(ms, a, text, sizeof(text));
	ATF_REQUIRE_STREQ("Archive:10 Drafts:1 INBOX+:0 INBOX/k:0 Junk:4 "
	    "Sent:2 Trash:8 p+:0 p/q+:100 p/q/z:0 x:0", text);
	OK(mstore_begin(ms, 1000));
	OK(mstore_mailbox_create(ms, a, SPAN("p/q"), MSTORE_USE_SENT, &id));
	OK(mstore_mailbox_delete(ms, a, SPAN("p/q/z")));
	OK(mstore_mailbox_delete(ms, a, SPAN("p/q")));
	OK(mstore_mailbox_create(ms, a, SPAN("p/q"), 0, &id));
	OK(mstore_commit(ms));
	OK(mstore_mailbox_get(ms, id, &m));
	ATF_REQUIRE(m.uidvalidity > v);

	OK(mstore_begin(ms, 1000));
	OK(mstore_subscribe(ms, a, SPAN("not/there"), 1));
	OK(mstore_commit(ms));
	ATF_REQUIRE(mstore_is_subscribed(ms, a, SPAN("not/there")));
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(rename_inbox);
ATF_TC_BODY(rename_inbox, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_mailbox m;
	uint32_t	 a;
	uint64_t	 in;

	fill(ms, "a", &a);
	in = find(ms, a, "INBOX");
	OK(mstore_begin(ms, 1000));
	OK(st_deliver(ms, a, NULL, 1, 100, NULL));
	OK(st_deliver(ms, a, NULL, 2, 100, NULL));
	OK(mstore_mailbox_rename(ms, a, SPAN("INBOX"), SPAN("old")));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(in, find(ms, a, "INBOX"));
	OK(mstore_mailbox_get(ms, in, &m));
	ATF_REQUIRE_EQ(0, m.exists);
	OK(mstore_mailbox_get(ms, find(ms, a, "old"), &m));
	ATF_REQUIRE_EQ(2, m.exists);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(deliver);
ATF_TC_BODY(deliver, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct span	 kw[2] = { SPAN("$Junk"), SPAN("work") };
	struct mstore_content c = { .meta = "M", .metalen = 1, .body = "hello",
	    .bodylen = 5, .fd = -1, .date = 5 };
	struct mstore_dest d[5];
	struct mstore_mailbox m;
	struct mstore_quota q;
	struct mstore_event ev;
	uint32_t	 a, b;
	char		 name[MSTORE_MAXKEYWORD + 1];

	fill(ms, "a", &a);
	fill(ms, "b", &b);
	memset(d, 0, sizeof(d));
	d[0].account = a;
	d[0].ext = SPAN("junk");	/* there is Junk */
	d[1].account = b;
	d[1].ext = SPAN("nothere");
	d[2].account = b;		/* the same mailbox again */
	d[3].account = b;
	d[3].mailbox = SPAN("lists/c");
	d[3].create = 1;
	d[3].keywords = kw;
	d[3].nkeywords = 2;
	d[4].account = a;
	d[4].limit.bytes = 3;
	OK(mstore_begin(ms, 1000));
	OK(mstore_deliver(ms, 77, &c, d, 5));
	OK(mstore_commit(ms));
	OK(d[0].code);
	ATF_REQUIRE_EQ(find(ms, a, "Junk"), d[0].mailbox_id);
	ATF_REQUIRE_EQ(find(ms, b, "INBOX"), d[1].mailbox_id);
	OK(d[2].code);
	ATF_REQUIRE_EQ(1, d[2].uid);
	OK(d[3].code);
	ATF_REQUIRE_EQ(MSTORE_OVERQUOTA, d[4].code);
	OK(mstore_mailbox_get(ms, d[1].mailbox_id, &m));
	ATF_REQUIRE_EQ(1, m.exists);
	ATF_REQUIRE_EQ(1, m.unseen);
	ATF_REQUIRE_EQ(2, m.uidnext);
	OK(mstore_usage(ms, b, &q));
	ATF_REQUIRE_EQ(2, q.messages);
	ATF_REQUIRE_EQ(10, q.bytes);
	OK(mstore_keyword_name(ms, d[3].mailbox_id, 1, name));
	ATF_REQUIRE_STREQ("work", name);
	ATF_REQUIRE_EQ(0, mstore_event(ms, 0, &ev));

	/* Once more is none more, also after a rebuild. */
	OK(mstore_begin(ms, 1000));
	ATF_REQUIRE_EQ(MSTORE_DUPLICATE, mstore_deliver(ms, 77, &c, d, 2));
	OK(mstore_commit(ms));
	st_check_rebuild(ms, "s");
	mstore_close(ms);
	st_remove_dir("s/index");
	ms = st_open("s", NULL);
	ATF_REQUIRE(mstore_rebuilt(ms));
	OK(mstore_begin(ms, 1000));
	ATF_REQUIRE_EQ(MSTORE_DUPLICATE, mstore_deliver(ms, 77, &c, d, 2));
	OK(mstore_deliver(ms, 78, &c, d, 2));
	ATF_REQUIRE_EQ(2, d[1].uid);
	mstore_abort(ms);
	OK(mstore_mailbox_get(ms, d[1].mailbox_id, &m));
	ATF_REQUIRE_EQ(1, m.exists);
	/* A day later it is forgotten. */
	OK(mstore_begin(ms, 1000 + 86401));
	OK(mstore_deliver(ms, 77, &c, d, 2));
	OK(mstore_commit(ms));
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(fetch);
ATF_TC_BODY(fetch, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq	 all = set(1, UINT32_MAX), one = set(3, 3);
	struct mstore_fetch f = { .uids = &all, .cols = MSTORE_COL_ALL };
	struct mstore_msg g;
	struct buf	 page;
	uint32_t	 a, i, got, uid, off;
	size_t		 pos, budget;
	char		*body, text[200 * 1024];

	fill(ms, "a", &a);
	OK(mstore_begin(ms, 1000));
	for (i = 1; i <= 300; i++)
		OK(st_deliver(ms, a, NULL, i, i == 3 ? 150000 : 100 + i, NULL));
	/* What is not yet written can be read, too. */
	f.mailbox = find(ms, a, "INBOX");
	buf_init(&page, 8U << 20);
	f.uids = &one;
	OK(mstore_fetch(ms, &f, &page, 1U << 20));
	pos = 0;
	ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&page), page.len, &pos,
	    &g));
	ATF_REQUIRE_EQ(150017, g.body.len);
	OK(mstore_commit(ms));

	for (budget = 5000; budget < 400000; budget += 97771) {
		f = (struct mstore_fetch){ .mailbox = f.mailbox, .uids = &all,
		    .cols = MSTORE_COL_ALL };
		got = uid = off = 0;
		while (!f.done) {
			buf_truncate(&page, 0);
			OK(mstore_fetch(ms, &f, &page, budget));
			ATF_REQUIRE(page.len < budget + 5000);
			for (pos = 0; mstore_page_next(buf_ptr(&page),
			    page.len, &pos, &g) == 1;) {
				ATF_REQUIRE_EQ(0, g.status);
				if (g.uid != uid) {
					ATF_REQUIRE_EQ(uid + 1, g.uid);
					ATF_REQUIRE(span_eq(SPAN("META"),
					    g.meta));
					ATF_REQUIRE_EQ(g.uid,
					    (uint32_t)g.internaldate);
					ATF_REQUIRE_EQ(60, g.zone);
					off = 0;
					got++;
				}
				uid = g.uid;
				ATF_REQUIRE_EQ(off, g.off);
				memcpy(text + off, g.body.p, g.body.len);
				off += (uint32_t)g.body.len;
				if (off == g.whole) {
					body = st_body(uid, off - 17);
					ATF_REQUIRE(memcmp(text + 17, body,
					    off - 17) == 0);
					free(body);
				}
			}
			ATF_REQUIRE_EQ(page.len, pos);
		}
		ATF_REQUIRE_EQ(300, got);
	}
	/* A part of a body; nothing of it. */
	f = (struct mstore_fetch){ .mailbox = f.mailbox, .uids = &one,
	    .cols = MSTORE_COL_BODY, .bodyoff = 17, .bodylen = 7 };
	buf_truncate(&page, 0);
	OK(mstore_fetch(ms, &f, &page, 100));
	pos = 0;
	ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&page), page.len, &pos,
	    &g));
	ATF_REQUIRE(span_eq(SPAN("message"), g.body));
	ATF_REQUIRE_EQ(150017, g.whole);
	ATF_REQUIRE(f.done);
	f = (struct mstore_fetch){ .mailbox = f.mailbox, .uids = &one,
	    .cols = MSTORE_COL_BODY, .bodyoff = 150020, .bodylen = 7 };
	buf_truncate(&page, 0);
	OK(mstore_fetch(ms, &f, &page, 100));
	ATF_REQUIRE(f.done);
	/* Every prefix of a page is refused or ends between two records. */
	f = (struct mstore_fetch){ .mailbox = f.mailbox, .uids = &all,
	    .cols = MSTORE_COL_ALL };
	buf_truncate(&page, 0);
	OK(mstore_fetch(ms, &f, &page, 2000));
	for (i = 0; i < page.len; i++) {
		pos = 0;
		while (mstore_page_next(buf_ptr(&page), i, &pos, &g) == 1)
			;
		ATF_REQUIRE(pos <= i);
	}
	buf_free(&page);
	rseq_free(&all);
	rseq_free(&one);
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(flags);
ATF_TC_BODY(flags, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq	 s = set(1, 1000), t = set(250, 260), changed, failed;
	struct mstore_mailbox m;
	uint32_t	 a, i, uid, num;
	uint64_t	 box, modseq, before;

	fill(ms, "a", &a);
	box = find(ms, a, "INBOX");
	OK(mstore_begin(ms, 1000));
	for (i = 0; i < 300; i++)
		OK(st_deliver(ms, a, NULL, i, 10, NULL));
	OK(mstore_commit(ms));
	rseq_init(&changed);
	rseq_init(&failed);
	OK(mstore_first_unseen(ms, box, &uid, &num));
	ATF_REQUIRE_EQ(1, uid);
	OK(mstore_begin(ms, 1000));
	OK(mstore_store(ms, box, &t, MSTORE_FLAGS_ADD, MSTORE_SEEN, 0,
	    UINT64_MAX, &changed, &failed, &before));
	check_set(&changed, "250:260");
	OK(mstore_store(ms, box, &s, MSTORE_FLAGS_ADD, MSTORE_SEEN, 0,
	    before - 1, &changed, &failed, &modseq));
	check_set(&changed, "1:249,261:300");
	check_set(&failed, "250:260");
	/* What is so already does not change. */
	OK(mstore_store(ms, box, &s, MSTORE_FLAGS_ADD, MSTORE_SEEN, 0,
	    UINT64_MAX, &changed, &failed, &before));
	check_set(&changed, "");
	ATF_REQUIRE_EQ(modseq, before);
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE_EQ(0, m.unseen);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_first_unseen(ms, box, &uid, &num));
	OK(mstore_store(ms, box, &t, MSTORE_FLAGS_SET, MSTORE_DELETED, 0,
	    UINT64_MAX, &changed, NULL, &modseq));
	OK(mstore_first_unseen(ms, box, &uid, &num));
	ATF_REQUIRE_EQ(250, uid);
	ATF_REQUIRE_EQ(250, num);
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE_EQ(11, m.deleted);
	ATF_REQUIRE_EQ(11 * 27, m.deleted_size);
	OK(mstore_commit(ms));

	/* Expunge within a set, then all. */
	OK(mstore_begin(ms, 1000));
	rseq_free(&t);
	t = set(255, 300);
	OK(mstore_expunge(ms, box, &t, 0, &changed, &modseq));
	check_set(&changed, "255:260");
	OK(mstore_expunge(ms, box, NULL, 0, &changed, NULL));
	check_set(&changed, "250:254");
	OK(mstore_expunge(ms, box, NULL, 0, &changed, NULL));
	check_set(&changed, "");
	OK(mstore_commit(ms));
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE_EQ(289, m.exists);
	ATF_REQUIRE_EQ(0, m.deleted);
	ATF_REQUIRE_EQ(301, m.uidnext);
	rseq_free(&changed);
	OK(mstore_uids(ms, box, &changed));
	check_set(&changed, "1:249,261:300");

	/* What happened since. */
	rseq_free(&changed);
	rseq_free(&failed);
	OK(mstore_changes(ms, box, modseq - 1, &changed, &failed));
	check_set(&changed, "");
	check_set(&failed, "250:260");
	OK(mstore_changes(ms, box, 1, &changed, &failed));
	check_set(&changed, "1:249,261:300");
	rseq_free(&changed);
	rseq_free(&failed);
	rseq_free(&s);
	rseq_free(&t);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(copy);
ATF_TC_BODY(copy, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq	 s = set(1, 5), done;
	struct span	 kw[2] = { SPAN("one"), SPAN("two") };
	struct mstore_fetch f = { .cols = MSTORE_COL_ALL };
	struct mstore_quota limit = { 0, 22 };
	struct mstore_mailbox m;
	struct mstore_stats st, st2;
	struct mstore_msg g, g2;
	struct buf	 page, page2;
	uint32_t	 a, i, first;
	uint64_t	 in, out, mask;
	size_t		 pos = 0, pos2 = 0;

	fill(ms, "a", &a);
	in = find(ms, a, "INBOX");
	out = find(ms, a, "Archive");
	OK(mstore_begin(ms, 1000));
	for (i = 0; i < 20; i++)
		OK(st_deliver(ms, a, NULL, i, 1000, NULL));
	OK(mstore_keyword_mask(ms, out, &kw[1], 1, 1, &mask));
	OK(mstore_keyword_mask(ms, in, kw, 2, 1, &mask));
	ATF_REQUIRE_EQ(3, mask);
	OK(mstore_store(ms, in, &s, MSTORE_FLAGS_ADD, MSTORE_FLAGGED, 2,
	    UINT64_MAX, NULL, NULL, NULL));
	OK(mstore_commit(ms));
	mstore_stats(ms, &st);
	rseq_init(&done);
	OK(mstore_begin(ms, 2000));
	ATF_REQUIRE_EQ(MSTORE_OVERQUOTA, mstore_copy(ms, in, &s, out, 0,
	    &limit, &done, &first));
	OK(mstore_copy(ms, in, &s, out, 0, NULL, &done, &first));
	check_set(&done, "1:5");
	ATF_REQUIRE_EQ(1, first);
	OK(mstore_commit(ms));
	buf_init(&page, 1 << 20);
	buf_init(&page2, 1 << 20);
	f.uids = &s;
	f.mailbox = in;
	OK(mstore_fetch(ms, &f, &page, 1 << 20));
	f = (struct mstore_fetch){ .cols = MSTORE_COL_ALL, .uids = &s,
	    .mailbox = out };
	OK(mstore_fetch(ms, &f, &page2, 1 << 20));
	for (i = 0; i < 5; i++) {
		ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&page), page.len,
		    &pos, &g));
		ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&page2), page2.len,
		    &pos2, &g2));
		ATF_REQUIRE_EQ(g.emailid, g2.emailid);
		ATF_REQUIRE_EQ(g.threadid, g2.threadid);
		ATF_REQUIRE(span_eq(g.body, g2.body));
		ATF_REQUIRE_EQ(MSTORE_FLAGGED, g2.flags);
		ATF_REQUIRE_EQ(1, g2.keywords);	/* "two" is the first there */
		ATF_REQUIRE_EQ(2000, g2.savedate);
		ATF_REQUIRE_EQ(g.internaldate, g2.internaldate);
	}
	buf_free(&page);
	buf_free(&page2);
	/* The bytes are there once, and as long as one place has them. */
	mstore_stats(ms, &st2);
	ATF_REQUIRE_EQ(st.live, st2.live);
	OK(mstore_begin(ms, 3000));
	OK(mstore_expunge(ms, in, &s, 1, NULL, NULL));
	OK(mstore_commit(ms));
	mstore_stats(ms, &st2);
	ATF_REQUIRE_EQ(st.live, st2.live);
	OK(mstore_begin(ms, 3000));
	OK(mstore_copy(ms, out, &s, in, 1, &limit, &done, &first));
	ATF_REQUIRE_EQ(21, first);
	OK(mstore_commit(ms));
	mstore_stats(ms, &st2);
	ATF_REQUIRE_EQ(st.live, st2.live);
	OK(mstore_mailbox_get(ms, out, &m));
	ATF_REQUIRE_EQ(0, m.exists);
	rseq_free(&s);
	s = set(1, 100);
	OK(mstore_begin(ms, 3000));
	OK(mstore_copy(ms, in, &s, in, 1, NULL, &done, &first));
	OK(mstore_expunge(ms, in, &s, 1, NULL, NULL));
	OK(mstore_commit(ms));
	mstore_stats(ms, &st2);
	ATF_REQUIRE_EQ(0, st2.live);
	rseq_free(&s);
	rseq_free(&done);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(append);
ATF_TC_BODY(append, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_append ap[3];
	struct mstore_quota limit = { 0, 2 };
	struct mstore_mailbox m;
	uint32_t	 a, first;
	uint64_t	 box;
	char		*body = st_body(9, 300000);
	int		 fd;

	fill(ms, "a", &a);
	box = find(ms, a, "Sent");
	ATF_REQUIRE((fd = memfd_create("body", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE(write(fd, body, 300000) == 300000);
	memset(ap, 0, sizeof(ap));
	ap[0].content = (struct mstore_content){ .body = "x", .bodylen = 1,
	    .fd = -1 };
	ap[1].content = (struct mstore_content){ .fd = fd, .fdoff = 10,
	    .bodylen = 299990 };
	ap[1].flags = MSTORE_SEEN;
	ap[2].content = (struct mstore_content){ .fd = fd, .fdoff = 10,
	    .bodylen = 299991 };
	OK(mstore_begin(ms, 1000));
	/* One is too short: all or none. */
	ATF_REQUIRE_EQ(MSTORE_BADMSG, mstore_append(ms, box, ap, 3, NULL,
	    &first));
	ap[2].content.bodylen = 100000;
	ATF_REQUIRE_EQ(MSTORE_OVERQUOTA, mstore_append(ms, box, ap, 3, &limit,
	    &first));
	OK(mstore_append(ms, box, ap, 3, NULL, &first));
	ATF_REQUIRE_EQ(1, first);
	OK(mstore_commit(ms));
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE_EQ(3, m.exists);
	ATF_REQUIRE_EQ(2, m.unseen);
	ATF_REQUIRE_EQ(1 + 299990 + 100000, m.size);
	ATF_REQUIRE_EQ(0, mstore_fsck(ms, NULL, NULL));
	close(fd);
	free(body);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(threads);
ATF_TC_BODY(threads, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq	 all = set(1, UINT32_MAX);
	struct mstore_content c = { .body = "x", .bodylen = 1, .fd = -1 };
	struct mstore_dest d = { 0 };
	struct mstore_fetch f = { .cols = MSTORE_COL_IDS, .uids = &all };
	struct mstore_msg g[5];
	struct buf	 page;
	uint64_t	 refs[2];
	uint32_t	 a, i;
	size_t		 pos = 0;

	fill(ms, "a", &a);
	d.account = a;
	OK(mstore_begin(ms, 1000));
	c.msgid = 100;
	OK(mstore_deliver(ms, 0, &c, &d, 1));
	c.msgid = 101;			/* answers it */
	c.refs = refs;
	c.nrefs = 1;
	refs[0] = 100;
	OK(mstore_deliver(ms, 0, &c, &d, 1));
	c.msgid = 103;			/* answers one that is not here */
	refs[0] = 102;
	refs[1] = 101;
	c.nrefs = 2;
	OK(mstore_deliver(ms, 0, &c, &d, 1));
	c.msgid = 102;			/* which comes now */
	c.nrefs = 0;
	OK(mstore_deliver(ms, 0, &c, &d, 1));
	c.msgid = 0;
	OK(mstore_deliver(ms, 0, &c, &d, 1));
	OK(mstore_commit(ms));
	f.mailbox = d.mailbox_id;
	buf_init(&page, 1 << 20);
	OK(mstore_fetch(ms, &f, &page, 1 << 20));
	for (i = 0; i < 5; i++)
		ATF_REQUIRE_EQ(1, mstore_page_next(buf_ptr(&page), page.len,
		    &pos, &g[i]));
	for (i = 1; i < 4; i++)
		ATF_REQUIRE_EQ(g[0].threadid, g[i].threadid);
	ATF_REQUIRE(g[0].threadid != g[4].threadid);
	ATF_REQUIRE(g[0].emailid != g[1].emailid);
	buf_free(&page);
	rseq_free(&all);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(changes_bounded);
ATF_TC_BODY(changes_bounded, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct rseq	 changed, gone, s = set(1, 1);
	struct mstore_mailbox m;
	uint32_t	 a, i;
	uint64_t	 box;

	fill(ms, "a", &a);
	box = find(ms, a, "INBOX");
	rseq_init(&changed);
	rseq_init(&gone);
	for (i = 0; i < 60; i++) {
		OK(mstore_begin(ms, 1000));
		while (mstore_mailbox_get(ms, box, &m) == MSTORE_OK &&
		    m.highestmodseq < i * 50)
			OK(mstore_store(ms, box, &s, m.highestmodseq % 2 ?
			    MSTORE_FLAGS_ADD : MSTORE_FLAGS_DEL, MSTORE_SEEN,
			    0, UINT64_MAX, NULL, NULL, NULL));
		if (i == 0) {
			OK(st_deliver(ms, a, NULL, 1, 10, NULL));
			OK(st_deliver(ms, a, NULL, 2, 10, NULL));
		}
		OK(mstore_commit(ms));
	}
	OK(mstore_mailbox_get(ms, box, &m));
	ATF_REQUIRE(m.highestmodseq >= 2900);
	ATF_REQUIRE(m.changes_from >= 700);
	ATF_REQUIRE_EQ(MSTORE_LIMIT, mstore_changes(ms, box, 3, &changed,
	    &gone));
	check_set(&changed, "1");
	rseq_free(&changed);
	OK(mstore_changes(ms, box, m.changes_from, &changed, &gone));
	check_set(&changed, "1");
	rseq_free(&changed);
	OK(mstore_changes(ms, box, m.highestmodseq, &changed, &gone));
	check_set(&changed, "");
	rseq_free(&s);
	st_check_rebuild(ms, "s");
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(properties);
ATF_TC_BODY(properties, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct buf	 b;
	uint32_t	 a;
	uint64_t	 box;

	fill(ms, "a", &a);
	box = find(ms, a, "INBOX");
	buf_init(&b, 1000);
	OK(mstore_begin(ms, 1000));
	OK(mstore_prop_set(ms, 0, 0, SPAN("meta/motd"), SPAN("hi")));
	OK(mstore_prop_set(ms, a, 0, SPAN("sieve/main"), SPAN("keep;")));
	OK(mstore_prop_set(ms, a, box, SPAN("acl/b"), SPAN("lrs")));
	OK(mstore_prop_set(ms, a, box, SPAN("acl/c"), SPAN("l")));
	OK(mstore_prop_set(ms, a, box, SPAN("acl/c"), SPAN("")));
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_prop_set(ms, a, 999, SPAN("x"),
	    SPAN("y")));
	OK(mstore_commit(ms));
	OK(mstore_prop_get(ms, a, box, SPAN("acl/b"), &b));
	ATF_REQUIRE(b.len == 3 && memcmp(buf_ptr(&b), "lrs", 3) == 0);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_prop_get(ms, a, box, SPAN("acl/c"),
	    &b));
	buf_truncate(&b, 0);
	OK(mstore_prop_next(ms, a, box, SPAN("acl/"), &b));
	ATF_REQUIRE(b.len == 5 && memcmp(buf_ptr(&b), "acl/b", 5) == 0);
	ATF_REQUIRE_EQ(MSTORE_NONE, mstore_prop_next(ms, a, box,
	    SPAN("acl/b"), &b));
	st_check_rebuild(ms, "s");
	buf_free(&b);
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(recent);
ATF_TC_BODY(recent, tc)
{
	struct mstore	*ms = st_open("s", NULL);
	struct mstore_stats st, st2;
	uint32_t	 a, from;
	uint64_t	 box;

	fill(ms, "a", &a);
	box = find(ms, a, "INBOX");
	OK(mstore_begin(ms, 1000));
	OK(st_deliver(ms, a, NULL, 1, 10, NULL));
	OK(mstore_commit(ms));
	mstore_stats(ms, &st);
	OK(mstore_begin(ms, 1000));
	OK(mstore_take_recent(ms, box, &from));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(1, from);
	mstore_stats(ms, &st2);
	ATF_REQUIRE_EQ(st.flushes, st2.flushes);
	mstore_close(ms);
	ms = st_open("s", NULL);
	OK(mstore_begin(ms, 1000));
	OK(mstore_take_recent(ms, box, &from));
	OK(mstore_commit(ms));
	ATF_REQUIRE_EQ(2, from);
	mstore_close(ms);
}

ATF_TC_WITHOUT_HEAD(reserve);
ATF_TC_BODY(reserve, tc)
{
	struct mstore_conf conf = { .dir = ".", .segsize = SEGSIZE,
	    .reserve_bytes = UINT64_MAX };
	struct rseq	 s = set(1, 1);
	struct mstore	*ms;
	const char	*why;
	uint32_t	 a;
	uint64_t	 box;

	ATF_REQUIRE_EQ(0, mstore_open(&ms, &conf, &why));
	fill(ms, "a", &a);
	box = find(ms, a, "INBOX");
	ATF_REQUIRE_EQ(MSTORE_NOSPACE, mstore_reserve(ms));
	OK(mstore_begin(ms, 1000));
	ATF_REQUIRE_EQ(MSTORE_NOSPACE, st_deliver(ms, a, NULL, 1, 10, NULL));
	OK(mstore_expunge(ms, box, &s, 1, NULL, NULL));
	OK(mstore_commit(ms));
	rseq_free(&s);
	mstore_close(ms);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, accounts);
	ATF_TP_ADD_TC(tp, mailboxes);
	ATF_TP_ADD_TC(tp, rename_inbox);
	ATF_TP_ADD_TC(tp, deliver);
	ATF_TP_ADD_TC(tp, fetch);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, copy);
	ATF_TP_ADD_TC(tp, append);
	ATF_TP_ADD_TC(tp, threads);
	ATF_TP_ADD_TC(tp, changes_bounded);
	ATF_TP_ADD_TC(tp, properties);
	ATF_TP_ADD_TC(tp, recent);
	ATF_TP_ADD_TC(tp, reserve);
	return atf_no_error();
}
