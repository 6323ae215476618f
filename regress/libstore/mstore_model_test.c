/*
 * Random operations on a store and on a simple model of it in memory; every so
 * often they are compared, the store is closed, killed or rebuilt.
 */
#include <sys/stat.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/mstore.h"
#include "storetest.h"

#define NBOXES	6
#define NREADERS 2		/* who are not the owner */
#define READER(r) (1000U + (uint32_t)(r))
#define MAXMSGS	4000
#define OK(x)	ATF_REQUIRE_EQ(MSTORE_OK, (x))

struct msg {
	uint32_t	 uid;
	uint16_t	 flags;
	uint64_t	 keywords;
	uint64_t	 modseq;
	uint64_t	 tag;		/* names the body */
	uint32_t	 len;
	uint8_t		 seen[NREADERS];
	uint64_t	 seenseq[NREADERS];
};

struct gone {
	uint32_t	 uid;
	uint64_t	 modseq;
};

struct box {
	int		 exists;
	char		 name[32];
	uint64_t	 id;
	uint32_t	 uidnext;
	uint64_t	 modseq;
	size_t		 n;
	struct msg	*msgs;
	size_t		 ngone;
	struct gone	*gone;
};

struct world {
	uint64_t	 seed;
	uint64_t	 tag;
	uint32_t	 acct;
	struct mstore	*ms;
	struct box	 boxes[NBOXES];
};

static void
box_reset(struct box *b)
{
	free(b->msgs);
	free(b->gone);
	memset(b, 0, sizeof(*b));
	ATF_REQUIRE((b->msgs = calloc(MAXMSGS, sizeof(*b->msgs))) != NULL);
	ATF_REQUIRE((b->gone = calloc(50000, sizeof(*b->gone))) != NULL);
}

/* A deep copy, to go back to when a turn is taken back. */
static void
world_copy(struct world *to, const struct world *from)
{
	int	 i;

	to->seed = from->seed;
	to->tag = from->tag;
	to->acct = from->acct;
	for (i = 0; i < NBOXES; i++) {
		struct msg	*m = to->boxes[i].msgs;
		struct gone	*g = to->boxes[i].gone;

		to->boxes[i] = from->boxes[i];
		to->boxes[i].msgs = m;
		to->boxes[i].gone = g;
		if (from->boxes[i].n > 0)
			memcpy(m, from->boxes[i].msgs,
			    from->boxes[i].n * sizeof(*m));
		if (from->boxes[i].ngone > 0)
			memcpy(g, from->boxes[i].gone,
			    from->boxes[i].ngone * sizeof(*g));
	}
}

static void
world_init(struct world *w)
{
	int	 i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < NBOXES; i++)
		box_reset(&w->boxes[i]);
}

static void
world_free(struct world *w)
{
	int	 i;

	for (i = 0; i < NBOXES; i++) {
		free(w->boxes[i].msgs);
		free(w->boxes[i].gone);
	}
}

static struct rseq
random_set(struct world *w, const struct box *b)
{
	struct rseq	 s;
	uint32_t	 uid = 1;

	rseq_init(&s);
	if (st_random(&w->seed, 4) == 0) {
		rseq_add(&s, 1, UINT32_MAX);
		return s;
	}
	while (uid < b->uidnext + 10) {
		uint32_t	 first = uid + st_random(&w->seed, 60);
		uint32_t	 last = first + st_random(&w->seed, 20);

		rseq_add(&s, first, last);
		uid = last + 2 + st_random(&w->seed, 300);
	}
	return s;
}

static void
do_deliver(struct world *w, struct box *b)
{
	struct msg	*m;
	uint32_t	 uid, len = st_random(&w->seed, 3000);

	if (b->n == MAXMSGS)
		return;
	OK(st_deliver(w->ms, w->acct, b->name, ++w->tag, len, &uid));
	ATF_REQUIRE_EQ(b->uidnext, uid);
	m = &b->msgs[b->n++];
	*m = (struct msg){ .uid = uid, .modseq = ++b->modseq, .tag = w->tag,
	    .len = len + 17 };
	b->uidnext++;
}

static void
do_store(struct world *w, struct box *b)
{
	static const struct span names[] = { SPAN("a"), SPAN("b"), SPAN("c"),
	    SPAN("d") };
	struct rseq	 s = random_set(w, b), changed;
	uint16_t	 flags = (uint16_t)st_random(&w->seed, 32), old;
	uint64_t	 kw = 0, modseq, oldkw, since = UINT64_MAX;
	enum mstore_flagop op = (enum mstore_flagop)st_random(&w->seed, 3);
	size_t		 i;
	int		 hit = 0;

	if (st_random(&w->seed, 2))
		OK(mstore_keyword_mask(w->ms, b->id, names, 1 +
		    st_random(&w->seed, 4), 1, &kw));
	if (st_random(&w->seed, 3) == 0)
		since = 1 + st_random(&w->seed, (uint32_t)b->modseq);
	rseq_init(&changed);
	OK(mstore_store(w->ms, b->id, &s, op, flags, kw, since, &changed,
	    NULL, &modseq));
	for (i = 0; i < b->n; i++) {
		struct msg	*m = &b->msgs[i];

		old = m->flags;
		oldkw = m->keywords;
		if (!rseq_has(&s, m->uid) || m->modseq > since) {
			ATF_REQUIRE(!rseq_has(&changed, m->uid));
			continue;
		}
		if (op == MSTORE_FLAGS_ADD) {
			m->flags |= flags;
			m->keywords |= kw;
		} else if (op == MSTORE_FLAGS_DEL) {
			m->flags &= (uint16_t)~flags;
			m->keywords &= ~kw;
		} else {
			m->flags = flags;
			m->keywords = kw;
		}
		ATF_REQUIRE_EQ(old != m->flags || oldkw != m->keywords,
		    rseq_has(&changed, m->uid));
		if (old != m->flags || oldkw != m->keywords) {
			m->modseq = b->modseq + 1;
			hit = 1;
		}
	}
	b->modseq += (uint64_t)hit;
	ATF_REQUIRE_EQ(b->modseq, modseq);
	rseq_free(&s);
	rseq_free(&changed);
}

/* As a reader sees it. */
static uint16_t
seen_flags(const struct msg *m, int r)
{
	return (uint16_t)((m->flags & ~MSTORE_SEEN) |
	    (m->seen[r] ? MSTORE_SEEN : 0));
}

static uint64_t
seen_modseq(const struct msg *m, int r)
{
	return m->seenseq[r] > m->modseq ? m->seenseq[r] : m->modseq;
}

/* STORE by a reader who may change only some flags. */
static void
do_reader(struct world *w, struct box *b)
{
	int		 r = (int)st_random(&w->seed, NREADERS);
	struct mstore_who who = { READER(r), (uint8_t)st_random(&w->seed, 32),
	    0 };
	struct rseq	 s = random_set(w, b), changed;
	uint16_t	 flags = (uint16_t)st_random(&w->seed, 32), old, new;
	enum mstore_flagop op = (enum mstore_flagop)st_random(&w->seed, 3);
	uint64_t	 modseq, since = UINT64_MAX, next;
	size_t		 i;
	int		 pass, hit;

	if (st_random(&w->seed, 3) == 0)
		since = 1 + st_random(&w->seed, (uint32_t)b->modseq);
	rseq_init(&changed);
	OK(mstore_store_by(w->ms, &who, b->id, &s, op, flags, 0, since,
	    &changed, NULL, &modseq));
	/* First what all see, then his \Seen: a modseq for each. */
	for (pass = 0; pass < 2; pass++) {
		next = b->modseq + 1;
		hit = 0;
		for (i = 0; i < b->n; i++) {
			struct msg	*m = &b->msgs[i];

			old = seen_flags(m, r);
			new = op == MSTORE_FLAGS_ADD ? old | flags :
			    op == MSTORE_FLAGS_DEL ? old & (uint16_t)~flags :
			    flags;
			new = (uint16_t)((old & ~who.flags) |
			    (new & who.flags));
			if (!rseq_has(&s, m->uid) || (seen_modseq(m, r) >
			    since && !rseq_has(&changed, m->uid)))
				continue;
			if (old != new)
				ATF_REQUIRE(rseq_has(&changed, m->uid));
			if (pass == 0 && (old ^ new) & ~MSTORE_SEEN) {
				m->flags = (uint16_t)((new & ~MSTORE_SEEN) |
				    (m->flags & MSTORE_SEEN));
				m->modseq = next;
				hit = 1;
			} else if (pass == 1 && (old ^ new) & MSTORE_SEEN) {
				m->seen[r] = !m->seen[r];
				m->seenseq[r] = next;
				hit = 1;
			}
		}
		b->modseq += (uint64_t)hit;
	}
	ATF_REQUIRE_EQ(b->modseq, modseq);
	rseq_free(&s);
	rseq_free(&changed);
}

static void
remove_msgs(struct box *b, const struct rseq *gone, uint64_t modseq)
{
	size_t	 i, k = 0;

	for (i = 0; i < b->n; i++) {
		if (rseq_has(gone, b->msgs[i].uid))
			b->gone[b->ngone++] = (struct gone){
			    b->msgs[i].uid, modseq };
		else
			b->msgs[k++] = b->msgs[i];
	}
	b->n = k;
}

static void
do_expunge(struct world *w, struct box *b)
{
	struct rseq	 s = random_set(w, b), gone, want;
	size_t		 i;

	rseq_init(&gone);
	rseq_init(&want);
	for (i = 0; i < b->n; i++)
		if ((b->msgs[i].flags & MSTORE_DELETED) &&
		    rseq_has(&s, b->msgs[i].uid))
			rseq_add(&want, b->msgs[i].uid, b->msgs[i].uid);
	OK(mstore_expunge(w->ms, b->id, &s, 0, &gone, NULL));
	ATF_REQUIRE_EQ(want.nruns, gone.nruns);
	for (i = 0; i < want.nruns; i++) {
		ATF_REQUIRE_EQ(want.runs[i].first, gone.runs[i].first);
		ATF_REQUIRE_EQ(want.runs[i].last, gone.runs[i].last);
	}
	if (gone.nruns > 0)
		remove_msgs(b, &gone, ++b->modseq);
	rseq_free(&s);
	rseq_free(&want);
	rseq_free(&gone);
}

static uint64_t
map_keywords(struct world *w, const struct box *from, const struct box *to,
    uint64_t kw)
{
	char		 name[MSTORE_MAXKEYWORD + 1];
	struct span	 s;
	uint64_t	 bit, out = 0;
	unsigned int	 i;

	for (i = 0; i < 64; i++) {
		if (!(kw >> i & 1))
			continue;
		OK(mstore_keyword_name(w->ms, from->id, i, name));
		s = span_of(name);
		OK(mstore_keyword_mask(w->ms, to->id, &s, 1, 0, &bit));
		out |= bit;
	}
	return out;
}

static void
do_copy(struct world *w, struct box *from, struct box *to)
{
	struct rseq	 s = random_set(w, from), done;
	struct msg	*picked;
	size_t		 i, n = 0;
	uint32_t	 first;
	int		 move = (int)st_random(&w->seed, 2);

	if (to->n + from->n > MAXMSGS) {
		rseq_free(&s);
		return;
	}
	ATF_REQUIRE((picked = calloc(MAXMSGS, sizeof(*picked))) != NULL);
	for (i = 0; i < from->n; i++)
		if (rseq_has(&s, from->msgs[i].uid))
			picked[n++] = from->msgs[i];
	rseq_init(&done);
	OK(mstore_copy(w->ms, from->id, &s, to->id, move, NULL, &done,
	    &first));
	ATF_REQUIRE_EQ(n, rseq_count(&done));
	if (n > 0) {
		ATF_REQUIRE_EQ(to->uidnext, first);
		to->modseq++;
		for (i = 0; i < n; i++) {
			struct msg	*m = &to->msgs[to->n++];

			*m = picked[i];
			m->uid = to->uidnext++;
			m->modseq = to->modseq;
			memset(m->seen, 0, sizeof(m->seen));
			memset(m->seenseq, 0, sizeof(m->seenseq));
			m->keywords = map_keywords(w, from, to, m->keywords);
		}
		if (move)
			remove_msgs(from, &done, ++from->modseq);
	}
	free(picked);
	rseq_free(&s);
	rseq_free(&done);
}

static void
do_create(struct world *w, struct box *b, int i)
{
	struct mstore_mailbox m;

	box_reset(b);
	snprintf(b->name, sizeof(b->name), "box/%d", i);
	OK(mstore_mailbox_create(w->ms, w->acct, span_of(b->name), 0,
	    &b->id));
	OK(mstore_mailbox_get(w->ms, b->id, &m));
	b->uidnext = m.uidnext;
	b->modseq = m.highestmodseq;
	b->exists = 1;
}

static void
do_operation(struct world *w)
{
	int		 i = (int)st_random(&w->seed, NBOXES);
	struct box	*b = &w->boxes[i];
	struct box	*to = &w->boxes[st_random(&w->seed, NBOXES)];
	char		 name[32];
	uint32_t	 k;

	if (!b->exists) {
		do_create(w, b, i);
		return;
	}
	switch (st_random(&w->seed, 16)) {
	default:
		for (k = st_random(&w->seed, 12); k > 0; k--)
			do_deliver(w, b);
		break;
	case 5: case 6: case 7: case 8:
		do_store(w, b);
		break;
	case 3: case 4:
		do_reader(w, b);
		break;
	case 9: case 10:
		do_expunge(w, b);
		break;
	case 11: case 12:
		if (to->exists)
			do_copy(w, b, to);
		break;
	case 13:
		if (st_random(&w->seed, 8) != 0)
			break;
		OK(mstore_mailbox_delete(w->ms, w->acct, span_of(b->name)));
		b->exists = 0;
		break;
	case 14:
		snprintf(name, sizeof(name), "box/%d.%u", i,
		    st_random(&w->seed, 1000));
		if (strcmp(name, b->name) == 0)
			break;
		OK(mstore_mailbox_rename(w->ms, w->acct, span_of(b->name),
		    span_of(name)));
		strlcpy(b->name, name, sizeof(b->name));
		break;
	}
}

static void
check_messages(struct world *w, const struct box *b)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_fetch f = { .mailbox = b->id, .uids = &all,
	    .cols = MSTORE_COL_ALL };
	struct mstore_msg g;
	struct buf	 page;
	size_t		 off, i = 0;
	char		*body;

	buf_init(&page, 16U << 20);
	while (!f.done) {
		buf_truncate(&page, 0);
		OK(mstore_fetch(w->ms, &f, &page, 1U << 20));
		for (off = 0; mstore_page_next(buf_ptr(&page), page.len, &off,
		    &g) == 1;) {
			const struct msg	*m = &b->msgs[i];

			if (g.off > 0)
				continue;
			ATF_REQUIRE(i < b->n);
			ATF_REQUIRE_EQ(0, g.status);
			ATF_REQUIRE_EQ(m->uid, g.uid);
			ATF_REQUIRE_EQ(m->flags, g.flags);
			ATF_REQUIRE_EQ(m->keywords, g.keywords);
			ATF_REQUIRE_EQ(m->modseq, g.modseq);
			ATF_REQUIRE_EQ(m->len, g.size);
			body = st_body(m->tag, m->len - 17);
			if (g.body.len == m->len)
				ATF_REQUIRE(memcmp(g.body.p + 17, body,
				    m->len - 17) == 0);
			free(body);
			i++;
		}
		ATF_REQUIRE_EQ(page.len, off);
	}
	ATF_REQUIRE_EQ(b->n, i);
	buf_free(&page);
}

/* Flags, counters and changes as a reader has them. */
static void
check_reader(struct world *w, const struct box *b, int r)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 }, changed, vanished;
	struct mstore_fetch f = { .mailbox = b->id, .uids = &all,
	    .reader = READER(r), .cols = MSTORE_COL_FLAGS |
	    MSTORE_COL_MODSEQ };
	struct mstore_msg g;
	struct buf	 page;
	uint64_t	 since = 1 + st_random(&w->seed, (uint32_t)b->modseq);
	uint32_t	 unseen = 0, first = 0, num = 0, u, n;
	size_t		 off = 0, i = 0;

	buf_init(&page, 16U << 20);
	rseq_init(&changed);
	rseq_init(&vanished);
	OK(mstore_changes_by(w->ms, READER(r), b->id, since, &changed,
	    &vanished));
	OK(mstore_fetch(w->ms, &f, &page, 1U << 20));
	for (; mstore_page_next(buf_ptr(&page), page.len, &off, &g) == 1; i++) {
		ATF_REQUIRE(i < b->n);
		ATF_REQUIRE_EQ(b->msgs[i].uid, g.uid);
		ATF_REQUIRE_EQ(seen_flags(&b->msgs[i], r), g.flags);
		ATF_REQUIRE_EQ(seen_modseq(&b->msgs[i], r), g.modseq);
		ATF_REQUIRE_EQ(g.modseq > since, rseq_has(&changed, g.uid));
		if (!b->msgs[i].seen[r] && unseen++ == 0) {
			first = g.uid;
			num = (uint32_t)i + 1;
		}
	}
	ATF_REQUIRE_EQ(b->n, i);
	OK(mstore_unseen(w->ms, b->id, READER(r), &n));
	ATF_REQUIRE_EQ(unseen, n);
	if (unseen > 0) {
		OK(mstore_first_unseen_by(w->ms, READER(r), b->id, &u, &n));
		ATF_REQUIRE_EQ(first, u);
		ATF_REQUIRE_EQ(num, n);
	}
	rseq_free(&changed);
	rseq_free(&vanished);
	buf_free(&page);
}

static void
check_changes(struct world *w, const struct box *b)
{
	struct rseq	 changed, vanished;
	uint64_t	 since;
	size_t		 i;

	since = 1 + st_random(&w->seed, (uint32_t)b->modseq);
	rseq_init(&changed);
	rseq_init(&vanished);
	OK(mstore_changes(w->ms, b->id, since, &changed, &vanished));
	for (i = 0; i < b->n; i++) {
		ATF_REQUIRE_EQ(b->msgs[i].modseq > since,
		    rseq_has(&changed, b->msgs[i].uid));
		ATF_REQUIRE(!rseq_has(&vanished, b->msgs[i].uid));
	}
	for (i = 0; i < b->ngone; i++) {
		ATF_REQUIRE_EQ(b->gone[i].modseq > since,
		    rseq_has(&vanished, b->gone[i].uid));
		ATF_REQUIRE(!rseq_has(&changed, b->gone[i].uid));
	}
	rseq_free(&changed);
	rseq_free(&vanished);
}

static void
check_box(struct world *w, const struct box *b)
{
	struct mstore_mailbox m;
	uint32_t	 unseen = 0, deleted = 0, first = 0, num = 0, u, n;
	uint64_t	 size = 0, id;
	size_t		 i;

	OK(mstore_mailbox_find(w->ms, w->acct, span_of(b->name), &id));
	ATF_REQUIRE_EQ(b->id, id);
	OK(mstore_mailbox_get(w->ms, b->id, &m));
	for (i = 0; i < b->n; i++) {
		if (!(b->msgs[i].flags & MSTORE_SEEN)) {
			if (unseen++ == 0) {
				first = b->msgs[i].uid;
				num = (uint32_t)i + 1;
			}
		}
		deleted += (b->msgs[i].flags & MSTORE_DELETED) != 0;
		size += b->msgs[i].len;
	}
	ATF_REQUIRE_EQ(b->n, m.exists);
	ATF_REQUIRE_EQ(unseen, m.unseen);
	ATF_REQUIRE_EQ(deleted, m.deleted);
	ATF_REQUIRE_EQ(size, m.size);
	ATF_REQUIRE_EQ(b->uidnext, m.uidnext);
	ATF_REQUIRE_EQ(b->modseq, m.highestmodseq);
	if (unseen == 0)
		ATF_REQUIRE_EQ(MSTORE_NONE, mstore_first_unseen(w->ms, b->id,
		    &u, &n));
	else {
		OK(mstore_first_unseen(w->ms, b->id, &u, &n));
		ATF_REQUIRE_EQ(first, u);
		ATF_REQUIRE_EQ(num, n);
	}
	check_messages(w, b);
	check_changes(w, b);
	for (i = 0; i < NREADERS; i++)
		check_reader(w, b, (int)i);
}

static void
check_world(struct world *w)
{
	struct mstore_quota q;
	uint64_t	 bytes = 0, messages = 0;
	size_t		 k;
	int		 i;

	for (i = 0; i < NBOXES; i++) {
		if (!w->boxes[i].exists)
			continue;
		check_box(w, &w->boxes[i]);
		messages += w->boxes[i].n;
		for (k = 0; k < w->boxes[i].n; k++)
			bytes += w->boxes[i].msgs[k].len;
	}
	OK(mstore_usage(w->ms, w->acct, &q));
	ATF_REQUIRE_EQ(bytes, q.bytes);
	ATF_REQUIRE_EQ(messages, q.messages);
}

static void
run(uint64_t seed, int turns)
{
	struct world	 w, before;
	uint32_t	 k;
	int		 i;

	world_init(&w);
	world_init(&before);
	w.seed = seed;
	w.ms = st_open("s", NULL);
	OK(mstore_begin(w.ms, 1000));
	OK(mstore_account_get(w.ms, SPAN("me"), 1, &w.acct));
	OK(mstore_commit(w.ms));
	for (i = 0; i < turns; i++) {
		/* Half of the time compaction is at it between turns. */
		for (k = i / 50 % 2 * 3; k > 0; k--)
			(void)mstore_work(w.ms, 1000 + i);
		before.ms = w.ms;
		world_copy(&before, &w);
		OK(mstore_begin(w.ms, 1000 + i));
		for (k = st_random(&w.seed, 5); k > 0; k--)
			do_operation(&w);
		if (st_random(&w.seed, 10) == 0) {
			mstore_abort(w.ms);
			before.seed = w.seed;	/* do not do it again */
			world_copy(&w, &before);
		} else
			OK(mstore_commit(w.ms));
		if (i % 40 == 39)
			check_world(&w);
		if (st_random(&w.seed, 3) == 0)
			(void)mstore_work(w.ms, 1000 + i);
		if (i % 150 == 149)
			st_check_rebuild(w.ms, "s");
		if (i % 100 == 99) {
			if (i % 200 == 199)
				mstore_close(w.ms);
			else
				mstore_abandon(w.ms);
			w.ms = st_open("s", NULL);
			ATF_REQUIRE(!mstore_rebuilt(w.ms));
			check_world(&w);
		}
	}
	ATF_REQUIRE_EQ(0, mstore_fsck(w.ms, NULL, NULL));
	st_check_rebuild(w.ms, "s");
	mstore_close(w.ms);
	st_remove_dir("s");
	world_free(&w);
	world_free(&before);
}

ATF_TC(random_operations);
ATF_TC_HEAD(random_operations, tc)
{
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(random_operations, tc)
{
	uint64_t	 seed;
	const char	*env = getenv("MAILD_TEST_SEED");

	if (env != NULL) {
		run(strtoull(env, NULL, 0), 2000);
		return;
	}
	for (seed = 1; seed <= 3; seed++)
		run(seed * 0x9e3779b97f4a7c15ULL, 600);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random_operations);
	return atf_no_error();
}
