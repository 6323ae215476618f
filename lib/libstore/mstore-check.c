/* Looking whether all is as it should be: see mstore_check in mstore.h. */
#include <errno.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define CHECK_CHUNKS	16		/* of a mailbox in one step */

enum { PHASE_BEGIN, PHASE_LOG, PHASE_ACCOUNT, PHASE_MAILBOX, PHASE_CHUNKS,
    PHASE_DONE };

static void
problem(struct mstore_check *ck, const char *what, struct seglog_pos pos,
    uint32_t len, uint32_t uid)
{
	struct mstore_problem p = { what, pos, len, ck->account, ck->mailbox,
	    uid };

	ck->problems++;
	ck->problem(ck->arg, &p);
}

/* ---- the log ------------------------------------------------------------ */

/* seglog_next: bytes that are no record. */
static void
on_damage(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	problem(arg, to.off > from.off ? "bytes that are no record" :
	    "the table of a packed segment is damaged", from,
	    to.off - from.off, 0);
}

/* Where a message is that cannot be read: at each place there is a line. */
static void
tell_place(struct mstore *ms, struct mstore_check *ck, uint64_t mbox,
    uint32_t uid, const struct seglog_hdr *h)
{
	enum mstore_code code;
	struct where	*w;
	struct mbox	*x;

	w = cache_where(ms, mbox, WHERE_CHUNK(uid), 0, &code);
	if (w == NULL || !where_has(w, uid) || seglog_pos_cmp(
	    w->ent[WHERE_SLOT(uid)].pos, h->pos) != 0 ||
	    (x = mbox_select(ms, mbox, &code)) == NULL)
		return;
	strlcpy(ck->mailbox, x->m.name, sizeof(ck->mailbox));
	if (mstore_account_name(ms, x->m.account, ck->account) != MSTORE_OK)
		ck->account[0] = '\0';
	problem(ck, "message is damaged", h->pos,
	    seglog_after(h).off - h->pos.off, uid);
}

static void
tell_message(struct mstore *ms, struct mstore_check *ck,
    const struct seglog_hdr *h)
{
	struct rec_message r;
	struct rec_place pl;
	struct buf	 refs, head;
	uint8_t		 key[KEY_MAX], *p;
	const uint8_t	*val;
	size_t		 len, i;

	buf_init(&refs, SEGLOG_MAXREC);
	buf_init(&head, SEGLOG_MAXREC);
	if (idx_get(ms, key, key_pos(key, h->pos), &val, &len) == MSTORE_OK &&
	    buf_add(&refs, val, len) == 0) {
		p = buf_ptr(&refs);
		for (i = 0; i + 12 <= refs.len; i += 12)
			tell_place(ms, ck, get_le64(p + i),
			    get_le32(p + i + 8), h);
	} else if (seglog_read_part(ms->v.log, h, 0, &head) == 0 &&
	    rec_message_get(&r, buf_ptr(&head), head.len) == 0 &&
	    r.nplaces == 1) {
		rec_place_get(&r, 0, &pl);
		tell_place(ms, ck, pl.mailbox, pl.uid, h);
	}
	buf_free(&refs);
	buf_free(&head);
	ck->account[0] = ck->mailbox[0] = '\0';
}

static int
check_log(struct mstore *ms, struct mstore_check *ck, size_t budget)
{
	struct seglog_hdr h;
	uint64_t	 begun = ck->done, before;
	uint32_t	 len;
	int		 r = 1, i;

	while (ck->done - begun < budget &&
	    (r = seglog_next(ms->v.log, &ck->pos, &h)) == 1) {
		len = SEGLOG_HDRLEN;
		for (i = 0; i < seglog_nparts(ms->v.log, &h); i++)
			len += h.len[i];
		ck->done += len;
		ck->records++;
		if (seglog_verify(ms->v.log, &h) == 0)
			continue;
		if (errno != EBADMSG && errno != EIO)
			return -1;
		before = ck->problems;
		if (h.kind == REC_MESSAGE)
			tell_message(ms, ck, &h);
		if (ck->problems == before)
			problem(ck, "record is damaged", h.pos, len, 0);
	}
	return r;
}

/* ---- the index ---------------------------------------------------------- */

/* The first chunk of a mailbox from ck->chunk on; 0 none. */
static int
next_chunk(struct mstore *ms, struct mstore_check *ck)
{
	struct kv_cursor *c;
	const uint8_t	*k;
	uint8_t		 key[KEY_MAX];
	size_t		 klen, n;
	int		 found = 0;

	if (kv_cursor_open(ms->v.kv, &c) != KV_OK)
		return 0;
	n = key_chunk(key, ck->mailbox_id, 'w', ck->chunk);
	if (kv_cursor_seek(c, key, n) == KV_OK) {
		k = kv_cursor_key(c, &klen);
		if (klen == n && memcmp(k, key, 10) == 0) {
			ck->chunk = get_be32(k + 10);
			found = 1;
		}
	}
	kv_cursor_close(c);
	return found;
}

static void
check_message(struct mstore *ms, struct mstore_check *ck, uint32_t uid,
    const struct where_ent *e)
{
	struct seglog_hdr h;

	if (seglog_read_hdr(ms->v.log, e->pos, &h) == -1 ||
	    h.kind != REC_MESSAGE || h.len[1] != e->metalen ||
	    h.len[2] != e->size)
		problem(ck, "message is not in the log", e->pos, e->size,
		    uid);
	else if (seglog_nparts(ms->v.log, &h) != SEGLOG_NPARTS)
		problem(ck, "message's bytes were packed away", e->pos,
		    e->size, uid);
}

static int
check_chunk(struct mstore *ms, struct mstore_check *ck)
{
	enum mstore_code code;
	struct where	*w;
	struct hot	*h;
	uint64_t	 m, has = 0;
	uint32_t	 first = ck->chunk << WHERE_SHIFT, s, uid;

	w = cache_where(ms, ck->mailbox_id, ck->chunk, 0, &code);
	if (w == NULL)
		return code == MSTORE_NONE ? 0 : -1;
	h = cache_hot(ms, ck->mailbox_id, HOT_CHUNK(first), 0, &code);
	if (h == NULL && code != MSTORE_NONE)
		return -1;
	if (h != NULL)
		has = h->map[HOT_SLOT(first) / 64];
	if (has != w->map)
		problem(ck, "tables of the index differ", (struct seglog_pos){
		    0, 0 }, 0, first);
	for (m = w->map & has; m != 0; m &= m - 1) {
		s = (uint32_t)__builtin_ctzll(m);
		uid = first + s;
		ck->exists++;
		ck->messages++;
		ck->unseen += !(h->flags[HOT_SLOT(uid)] & MSTORE_SEEN);
		ck->deleted += (h->flags[HOT_SLOT(uid)] &
		    MSTORE_DELETED) != 0;
		ck->size += w->ent[s].size;
		check_message(ms, ck, uid, &w->ent[s]);
	}
	return 0;
}

/* The counters, unless the mailbox changed meanwhile. */
static void
check_counters(struct mstore *ms, struct mstore_check *ck)
{
	struct seglog_pos none = { 0, 0 };
	enum mstore_code code;
	struct mbox	*x;

	if ((x = mbox_select(ms, ck->mailbox_id, &code)) == NULL ||
	    x->m.highestmodseq != ck->modseq)
		return;
	if (x->m.exists != ck->exists)
		problem(ck, "number of messages is wrong", none, 0, 0);
	if (x->m.unseen != ck->unseen)
		problem(ck, "number of unseen messages is wrong", none, 0, 0);
	if (x->m.deleted != ck->deleted)
		problem(ck, "number of deleted messages is wrong", none, 0,
		    0);
	if (x->m.size != ck->size)
		problem(ck, "size is wrong", none, 0, 0);
}

static int
check_chunks(struct mstore *ms, struct mstore_check *ck)
{
	int	 i;

	for (i = 0; i < CHECK_CHUNKS; i++) {
		if (!next_chunk(ms, ck)) {
			check_counters(ms, ck);
			ck->phase = PHASE_MAILBOX;
			return 1;
		}
		if (check_chunk(ms, ck) == -1 || cache_trim(ms) != MSTORE_OK)
			return -1;
		ck->chunk++;
	}
	return 1;
}

static int
next_mailbox(struct mstore *ms, struct mstore_check *ck)
{
	struct mstore_listent ent;
	enum mstore_code code;
	struct mbox	*x;

	code = mstore_list_next(ms, ck->account_id, span_of(ck->mailbox),
	    &ent);
	if (code != MSTORE_OK) {
		ck->phase = PHASE_ACCOUNT;
		return code == MSTORE_NONE ? 1 : -1;
	}
	strlcpy(ck->mailbox, ent.name, sizeof(ck->mailbox));
	ck->mailboxes++;
	if ((x = mbox_select(ms, ent.id, &code)) == NULL) {
		if (code == MSTORE_NONE)
			problem(ck, "mailbox is only in the list",
			    (struct seglog_pos){ 0, 0 }, 0, 0);
		return code == MSTORE_TEMPFAIL ? -1 : 1;
	}
	ck->mailbox_id = ent.id;
	ck->modseq = x->m.highestmodseq;
	ck->chunk = ck->exists = ck->unseen = ck->deleted = 0;
	ck->size = 0;
	ck->phase = PHASE_CHUNKS;
	return 1;
}

static int
next_account(struct mstore *ms, struct mstore_check *ck)
{
	char		 name[MSTORE_MAXACCOUNT + 1];
	enum mstore_code code;

	code = mstore_account_next(ms, span_of(ck->account), &ck->account_id,
	    name);
	ck->mailbox[0] = '\0';
	if (code != MSTORE_OK) {
		ck->phase = PHASE_DONE;
		return code == MSTORE_NONE ? 0 : -1;
	}
	strlcpy(ck->account, name, sizeof(ck->account));
	ck->phase = PHASE_MAILBOX;
	return 1;
}

static void
begin(struct mstore *ms, struct mstore_check *ck)
{
	uint32_t	 first, last, i;

	seglog_segments(ms->v.log, &first, &last);
	for (i = first; i <= last; i++)
		ck->all += seglog_segment_used(ms->v.log, i);
	ck->phase = PHASE_LOG;
}

static int
check(struct mstore *ms, struct mstore_check *ck, size_t budget)
{
	int	 r;

	switch (ck->phase) {
	case PHASE_BEGIN:
		begin(ms, ck);
		return 1;
	case PHASE_LOG:
		if ((r = check_log(ms, ck, budget)) == 0) {
			ck->phase = PHASE_ACCOUNT;
			ck->done = ck->all;
			return 1;
		}
		return r;
	case PHASE_ACCOUNT:
		return next_account(ms, ck);
	case PHASE_MAILBOX:
		return next_mailbox(ms, ck);
	case PHASE_CHUNKS:
		return check_chunks(ms, ck);
	}
	return 0;
}

int
mstore_check(struct mstore *ms, struct mstore_check *ck, size_t budget)
{
	seglog_report	 report = on_damage;
	void		*arg = ck;
	int		 r, i = 0;

	if (ms->v.in_turn || mstore_broken(ms))
		return -1;
	seglog_ears(ms->v.log, &report, &arg);
	do
		r = check(ms, ck, budget);
	while (r == 1 && ck->phase > PHASE_LOG && ++i < CHECK_CHUNKS);
	seglog_ears(ms->v.log, &report, &arg);
	(void)cache_trim(ms);
	return r;
}
