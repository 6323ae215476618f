/* What is done between the turns, and looking at the whole. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define WORK_CHUNKS	64		/* of a deleted mailbox at a time */
#define WORK_JOURNAL	(4 * 1024)	/* kilobytes between checkpoints */

/* A deleted mailbox's message bytes lose a place each. */
static enum mstore_code
clean_where(struct mstore *ms, uint64_t mbox, uint32_t chunk)
{
	enum mstore_code code;
	struct where	*w;
	uint64_t	 m;
	uint32_t	 s;

	if ((w = cache_where(ms, mbox, chunk, 0, &code)) == NULL)
		return code;
	for (m = w->map; m != 0; m &= m - 1) {
		s = (uint32_t)__builtin_ctzll(m);
		if ((code = ref_drop(ms, mbox, (chunk << WHERE_SHIFT) + s,
		    &w->ent[s])) != MSTORE_OK)
			return code;
	}
	return MSTORE_OK;
}

/* What says that its ACL names somebody. */
static enum mstore_code
clean_acl(struct mstore *ms, uint64_t mbox, struct span prop)
{
	uint8_t	 key[KEY_MAX];
	size_t	 klen;

	if ((klen = key_acl(key, prop, mbox)) == 0)
		return MSTORE_OK;
	return idx_del(ms, key, klen);
}

/*
 * Take out some of what there is under a mailbox's prefix; *more 0 when that
 * was the last.  The mailbox itself sorts first and goes last.
 */
enum mstore_code
mbox_clean(struct mstore *ms, uint64_t mbox, int *more)
{
	struct kv_cursor *c;
	enum mstore_code code = MSTORE_OK;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX], found[WORK_CHUNKS][KEY_MAX];
	const uint8_t	*k;
	size_t		 klen, lens[WORK_CHUNKS], n = 0, i;

	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	klen = key_mbox(key, mbox, 1);
	for (kc = kv_cursor_seek(c, key, klen); kc == KV_OK &&
	    n < WORK_CHUNKS; kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &klen);
		if (klen < 10 || klen > KEY_MAX || memcmp(k, key, 9) != 0)
			break;
		memcpy(found[n], k, klen);
		lens[n++] = klen;
	}
	kv_cursor_close(c);
	*more = n == WORK_CHUNKS;
	for (i = 0; i < n && code == MSTORE_OK; i++) {
		if (found[i][9] == 'w' && lens[i] == 14)
			code = clean_where(ms, mbox, get_be32(found[i] + 10));
		if (found[i][9] == 'p' && code == MSTORE_OK)
			code = clean_acl(ms, mbox, (struct span){ (const char *)
			    found[i] + 10, lens[i] - 10 });
		if (code == MSTORE_OK)
			code = idx_del(ms, found[i], lens[i]);
	}
	cache_forget(ms, mbox);
	if (code == MSTORE_OK && !*more) {
		klen = key_mbox(key, mbox, 0);
		if ((code = idx_del(ms, key, klen)) == MSTORE_OK)
			code = idx_del(ms, key, key_u64(key, 'T', mbox));
	}
	return code;
}

/* The first mailbox that waits for it; 0 none. */
static uint64_t
clean_next(struct mstore *ms)
{
	struct kv_cursor *c;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*k;
	uint64_t	 id = 0;
	size_t		 klen;

	if (kv_cursor_open(ms->v.kv, &c) != KV_OK)
		return 0;
	if (kv_cursor_seek(c, key, key_u64(key, 'T', 0)) == KV_OK) {
		k = kv_cursor_key(c, &klen);
		if (klen == 9 && k[0] == 'T')
			id = get_be64(k + 1);
	}
	kv_cursor_close(c);
	return id;
}

int
mstore_work(struct mstore *ms, int64_t now)
{
	uint64_t	 id;
	int		 more = 0;

	if (ms->v.in_turn || mstore_broken(ms))
		return 0;
	if (kv_checkpoint(ms->v.kv, WORK_JOURNAL) == KV_BROKEN) {
		ms->v.broken = 1;
		return 0;
	}
	if ((id = clean_next(ms)) == 0 && ms->brief_waiting == 0)
		return compact_work(ms, now);
	if (mstore_begin(ms, now) != MSTORE_OK)
		return 0;
	if (id != 0 && mbox_clean(ms, id, &more) != MSTORE_OK)
		turn_fail(ms);
	return mstore_commit(ms) == MSTORE_OK;
}

/* Every record of the log, its checksums, and what the index says is where. */
int64_t
mstore_fsck(struct mstore *ms, seglog_report report, void *arg)
{
	struct seglog_pos pos = { 0, 0 };
	struct seglog_hdr h;
	int64_t		 bad = 0;
	int		 r;

	while ((r = seglog_next(ms->v.log, &pos, &h)) == 1) {
		if (seglog_verify(ms->v.log, &h) == 0)
			continue;
		if (errno != EBADMSG && errno != EIO)
			return -1;
		bad++;
		if (report != NULL)
			report(arg, h.pos, pos, 0);
	}
	return r == -1 ? -1 : bad;
}

void
mstore_stats(struct mstore *ms, struct mstore_stats *st)
{
	enum mstore_code code;
	struct seguse	*s;
	uint32_t	 first, last, i;

	memset(st, 0, sizeof(*st));
	st->turns = ms->turns;
	st->flushes = ms->v.flushes;
	st->records = ms->v.records;
	st->compactions = ms->compactions;
	seglog_segments(ms->v.log, &first, &last);
	for (i = first; i <= last; i++) {
		if (!seglog_segment_exists(ms->v.log, i))
			continue;
		st->segments++;
		st->bytes += seglog_segment_used(ms->v.log, i);
		if ((s = cache_seg(ms, i, &code)) != NULL && s->live > 0)
			st->live += (uint64_t)s->live;
		if (!ms->v.in_turn)
			(void)cache_trim(ms);
	}
}

/* The dump: what a rebuild must bring back. */

struct dump {
	struct mstore	*ms;
	int		(*line)(void *, const char *);
	void		*arg;
	char		 text[2048];
};

static int
dump_line(struct dump *d)
{
	return d->line(d->arg, d->text);
}

static int
dump_messages(struct dump *d, const struct mstore_mailbox *m)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_fetch f = { .mailbox = m->id, .uids = &all,
	    .cols = MSTORE_COL_INDEX };
	struct mstore_msg g;
	struct buf	 page;
	size_t		 off;
	int		 ret = 0;

	buf_init(&page, 1U << 20);
	while (ret == 0 && !f.done) {
		buf_truncate(&page, 0);
		if (mstore_fetch(d->ms, &f, &page, 256 * 1024) != MSTORE_OK)
			ret = -1;
		for (off = 0; ret == 0 && mstore_page_next(buf_ptr(&page),
		    page.len, &off, &g) == 1;) {
			snprintf(d->text, sizeof(d->text), " %" PRIu32
			    " flags %x/%" PRIx64 " modseq %" PRIu64
			    " size %" PRIu32 "+%" PRIu32 "/%" PRIu32
			    " date %" PRId64 "/%d saved %" PRId64
			    " ids %" PRIx64 " %" PRIx64, g.uid, g.flags,
			    g.keywords, g.modseq, g.prefixlen, g.size,
			    g.metalen, g.internaldate, g.zone, g.savedate,
			    g.emailid, g.threadid);
			ret = dump_line(d);
		}
	}
	buf_free(&page);
	return ret;
}

static int
dump_mailbox(struct dump *d, uint64_t id)
{
	struct mstore_mailbox *m;
	char		 kw[MSTORE_MAXKEYWORD + 1];
	unsigned int	 i;
	int		 ret = -1;

	if ((m = malloc(sizeof(*m))) == NULL)
		return -1;
	if (mstore_mailbox_get(d->ms, id, m) == MSTORE_OK) {
		snprintf(d->text, sizeof(d->text), "mailbox %" PRIx64
		    " %s flags %x validity %u next %u modseq %" PRIu64
		    " exists %u unseen %u deleted %u size %" PRIu64 " %" PRIu64
		    " changes %" PRIu64, m->id, m->name, m->flags,
		    m->uidvalidity, m->uidnext, m->highestmodseq, m->exists,
		    m->unseen, m->deleted, m->size, m->deleted_size,
		    m->changes_from);
		ret = dump_line(d);
		for (i = 0; ret == 0 && i < m->nkeywords; i++) {
			mstore_keyword_name(d->ms, id, i, kw);
			snprintf(d->text, sizeof(d->text), " keyword %u %s",
			    i, kw);
			ret = dump_line(d);
		}
		if (ret == 0)
			ret = dump_messages(d, m);
	}
	free(m);
	return ret;
}

static int
dump_account(struct dump *d, uint32_t id, const char *name)
{
	struct mstore_quota q;
	struct mstore_listent ent;
	enum mstore_code code;
	char		 after[MSTORE_MAXNAME + 1] = "";
	int		 ret;

	if (mstore_usage(d->ms, id, &q) != MSTORE_OK)
		return -1;
	snprintf(d->text, sizeof(d->text), "account %u %s bytes %" PRIu64
	    " messages %" PRIu64, id, name, q.bytes, q.messages);
	ret = dump_line(d);
	while (ret == 0 && (code = mstore_list_next(d->ms, id, span_of(after),
	    &ent)) != MSTORE_NONE) {
		if (code != MSTORE_OK)
			return -1;
		strlcpy(after, ent.name, sizeof(after));
		ret = dump_mailbox(d, ent.id);
	}
	after[0] = '\0';
	while (ret == 0 && mstore_subscribed_next(d->ms, id, span_of(after),
	    &ent) == MSTORE_OK) {
		strlcpy(after, ent.name, sizeof(after));
		snprintf(d->text, sizeof(d->text), "subscribed %s", after);
		ret = dump_line(d);
	}
	return ret;
}

/* One of the tables that are dumped byte by byte. */
static int
dump_raw(struct dump *d, char table)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	const uint8_t	*k, *v;
	size_t		 klen, vlen, i;
	int		 n, ret = 0;

	if (kv_cursor_open(d->ms->v.kv, &c) != KV_OK)
		return -1;
	for (kc = kv_cursor_seek(c, &table, 1); kc == KV_OK && ret == 0;
	    kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &klen);
		v = kv_cursor_val(c, &vlen);
		if (k[0] != (uint8_t)table)
			break;
		/* Of mailboxes and accounts the rest was told in words. */
		if ((table == 'M' && (klen < 10 || k[9] == '\0' ||
		    strchr("xprs", k[9]) == NULL)) ||
		    (table == 'A' && (klen < 6 || k[5] != 'p')))
			continue;
		n = 0;
		for (i = 0; i < klen && i < 200; i++)
			n += snprintf(d->text + n, sizeof(d->text) - (size_t)n,
			    "%02x", k[i]);
		/* Hints are not in the log. */
		if (table == 'M' && k[9] == 'r' && vlen > 4)
			vlen = 4;
		n += snprintf(d->text + n, sizeof(d->text) - (size_t)n, " = ");
		for (i = 0; i < vlen && i < 500; i++)
			n += snprintf(d->text + n, sizeof(d->text) - (size_t)n,
			    "%02x", v[i]);
		ret = dump_line(d);
	}
	kv_cursor_close(c);
	return ret;
}

int
mstore_dump(struct mstore *ms, int (*line)(void *, const char *), void *arg)
{
	static const char tables[] = "AGHLMPRT";
	struct dump	*d;
	const char	*t;
	char		 name[MSTORE_MAXACCOUNT + 1] = "";
	char		 after[MSTORE_MAXACCOUNT + 1] = "";
	uint32_t	 id;
	int		 ret = 0;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -1;
	d->ms = ms;
	d->line = line;
	d->arg = arg;
	snprintf(d->text, sizeof(d->text), "next account %u validity %u",
	    ms->g.next_account, ms->g.last_uidvalidity);
	ret = dump_line(d);
	while (ret == 0 && mstore_account_next(ms, span_of(after), &id,
	    name) == MSTORE_OK) {
		strlcpy(after, name, sizeof(after));
		ret = dump_account(d, id, name);
	}
	for (t = tables; *t != '\0' && ret == 0; t++)
		ret = dump_raw(d, *t);
	free(d);
	return ret;
}
