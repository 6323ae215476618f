/* Messages come in: delivery and APPEND. */
#include <sys/stat.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

enum mstore_code
thread_find(struct mstore *ms, uint32_t account, const struct rec_message *r,
    uint64_t *threadid, uint16_t *newids)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	uint64_t	 hash;
	size_t		 len;
	int		 i;

	*threadid = 0;
	*newids = 0;
	/* The first id that is known names the thread: the message's own (a
	 * copy in Sent), then what it answers, nearest first. */
	for (i = 0; i <= r->nrefs; i++) {
		if ((hash = i == 0 ? r->msgid : r->refs[i - 1]) == 0)
			continue;
		code = idx_get(ms, key, key_thread(key, account, hash), &val,
		    &len);
		if (code == MSTORE_NONE)
			*newids |= (uint16_t)(1U << i);
		else if (code != MSTORE_OK)
			return code;
		else if (*threadid == 0 && len == 8)
			*threadid = get_le64(val);
	}
	if (*threadid == 0 && (*threadid = turn_id(ms)) == 0)
		return turn_fail(ms);
	return MSTORE_OK;
}

int
delivery_known(struct mstore *ms, uint64_t id)
{
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	return idx_get(ms, key, key_u64(key, 'D', id), &val, &len) ==
	    MSTORE_OK && len == 8 &&
	    (int64_t)get_le64(val) > ms->now - MSTORE_DEDUPE;
}

/*
 * Forget old delivery ids: look at the next n, round and round, n being more
 * than what comes in, so that the table stays as small as a day's ids.
 */
void
delivery_sweep(struct mstore *ms, unsigned int n)
{
	struct kv_cursor *c;
	uint8_t		 key[KEY_MAX], old[64][9];
	const uint8_t	*k, *v;
	size_t		 klen, vlen, nold = 0, i;
	enum kv_code	 kc;

	if (kv_cursor_open(ms->v.kv, &c) != KV_OK) {
		turn_fail(ms);
		return;
	}
	klen = key_u64(key, 'D', ms->g.dedupe_sweep);
	for (kc = kv_cursor_seek(c, key, klen); kc == KV_OK && n > 0 &&
	    nold < 64; kc = kv_cursor_next(c), n--) {
		k = kv_cursor_key(c, &klen);
		v = kv_cursor_val(c, &vlen);
		if (klen != 9 || k[0] != 'D')
			break;
		ms->g.dedupe_sweep = get_be64(k + 1) + 1;
		if (vlen != 8 || (int64_t)get_le64(v) <= ms->now -
		    MSTORE_DEDUPE)
			memcpy(old[nold++], k, 9);
	}
	if (n > 0 && nold < 64)
		ms->g.dedupe_sweep = 0;	/* came to the end */
	kv_cursor_close(c);
	for (i = 0; i < nold; i++)
		if (idx_del(ms, old[i], 9) != MSTORE_OK)
			return;
}

/* Lengths within bounds, and as many bytes in the descriptor as said. */
static enum mstore_code
content_check(const struct mstore_content *c)
{
	struct stat	 st;

	if (c->prefixlen > UINT16_MAX || c->metalen > SEGLOG_MAXREC / 4 ||
	    c->bodylen > SEGLOG_MAXREC / 2)
		return MSTORE_LIMIT;
	if (c->body != NULL || c->bodylen == 0)
		return MSTORE_OK;
	if (fstat(c->fd, &st) == -1 || !S_ISREG(st.st_mode) || c->fdoff < 0 ||
	    st.st_size < c->fdoff ||
	    (uint64_t)(st.st_size - c->fdoff) < c->bodylen)
		return MSTORE_BADMSG;
	return MSTORE_OK;
}

static void
content_record(const struct mstore *ms, const struct mstore_content *c,
    struct rec_message *r)
{
	size_t	 i, n = c->nrefs < MSTORE_MAXREFS ? c->nrefs : MSTORE_MAXREFS;

	memset(r, 0, sizeof(*r));
	r->time = ms->now;
	r->date = c->date;
	r->zone = c->zone;
	r->prefixlen = (uint32_t)c->prefixlen;
	r->msgid = c->msgid;
	r->nrefs = (uint8_t)n;
	for (i = 0; i < n; i++)
		r->refs[i] = c->refs[i];
}

static enum mstore_code
message_log(struct mstore *ms, const struct mstore_content *c, int e)
{
	struct seglog_piece meta = { c->meta, -1, 0, c->metalen };
	struct seglog_piece bytes[2] = {
		{ c->prefix, -1, 0, c->prefixlen },
		{ c->body, c->fd, c->fdoff, c->bodylen }
	};
	struct seglog_part pmeta = { &meta, c->metalen > 0 };
	struct seglog_part pbody = { bytes, 2 };

	if (c->prefixlen == 0) {
		pbody.pieces++;
		pbody.npieces--;
	}
	return turn_log_parts(ms, REC_MESSAGE, e, &pmeta, &pbody);
}

static enum mstore_code
quota_check(struct mstore *ms, uint32_t account,
    const struct mstore_quota *limit, uint64_t bytes, uint64_t messages)
{
	enum mstore_code code;
	struct acct	*a;

	if (limit == NULL || (limit->bytes == 0 && limit->messages == 0))
		return MSTORE_OK;
	if ((a = cache_acct(ms, account, 0, &code)) == NULL)
		return code;
	if ((limit->bytes != 0 && a->usage.bytes + bytes > limit->bytes) ||
	    (limit->messages != 0 &&
	    a->usage.messages + messages > limit->messages))
		return MSTORE_OVERQUOTA;
	return MSTORE_OK;
}

/* The mailbox of a sub-address, in the ways that people write it. */
static enum mstore_code
ext_find(struct mstore *ms, uint32_t account, struct span ext, uint64_t *id)
{
	enum mstore_code code;
	char		 name[MSTORE_MAXNAME];
	struct span	 s = { name, ext.len };
	size_t		 i;

	if (ext.len == 0 || ext.len > sizeof(name))
		return MSTORE_NONE;
	if ((code = mstore_mailbox_find(ms, account, ext, id)) != MSTORE_NONE)
		return code;
	for (i = 0; i < ext.len; i++)
		name[i] = (char)tolower((unsigned char)ext.p[i]);
	if ((code = mstore_mailbox_find(ms, account, s, id)) != MSTORE_NONE)
		return code;
	name[0] = (char)toupper((unsigned char)name[0]);
	return mstore_mailbox_find(ms, account, s, id);
}

/* Which mailbox a place means.  INBOX is always there to fall back to. */
static enum mstore_code
dest_find(struct mstore *ms, struct mstore_dest *d)
{
	enum mstore_code code = MSTORE_NONE;

	if (d->mailbox.p != NULL) {
		code = mstore_mailbox_find(ms, d->account, d->mailbox,
		    &d->mailbox_id);
		if (code == MSTORE_NONE && d->create) {
			code = mstore_mailbox_create(ms, d->account,
			    d->mailbox, 0, &d->mailbox_id);
			if (code == MSTORE_INVALID || code == MSTORE_LIMIT)
				code = MSTORE_NONE;
		}
	} else if (d->ext.p != NULL)
		code = ext_find(ms, d->account, d->ext, &d->mailbox_id);
	if (code == MSTORE_OK &&
	    mbox_select(ms, d->mailbox_id, &code) == NULL &&
	    code == MSTORE_CANNOT)
		code = MSTORE_NONE;
	if (code == MSTORE_NONE)
		code = mstore_mailbox_find(ms, d->account, SPAN("INBOX"),
		    &d->mailbox_id);
	return code;
}

/* An earlier place among those that took it, with the same mailbox, or (0)
 * the same account. */
static struct mstore_dest *
dest_same(struct mstore_dest *dests, size_t n, const struct mstore_dest *d,
    int mailbox)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (dests[i].code == MSTORE_OK && (mailbox ?
		    dests[i].mailbox_id == d->mailbox_id :
		    dests[i].account == d->account))
			return &dests[i];
	}
	return NULL;
}

/* Decide on one place; a second mention of a mailbox is one message. */
static enum mstore_code
dest_decide(struct mstore *ms, struct mstore_dest *dests, size_t i,
    size_t size, uint64_t *keywords)
{
	struct mstore_dest *d = &dests[i], *same;
	enum mstore_code code;
	struct mbox	*x;

	d->uid = 0;
	d->modseq = 0;
	*keywords = 0;
	if ((code = dest_find(ms, d)) != MSTORE_OK)
		return code;
	if ((same = dest_same(dests, i, d, 1)) != NULL) {
		d->uid = same->uid;
		d->modseq = same->modseq;
		return MSTORE_DUPLICATE;
	}
	if ((code = quota_check(ms, d->account, &d->limit, size, 1)) !=
	    MSTORE_OK)
		return code;
	if (d->nkeywords > 0) {
		/* Those that do not fit are left out: the mail is more. */
		code = mstore_keyword_mask(ms, d->mailbox_id, d->keywords,
		    d->nkeywords, 1, keywords);
		if (code != MSTORE_OK && code != MSTORE_LIMIT)
			return code;
	}
	if ((x = mbox_select(ms, d->mailbox_id, &code)) == NULL)
		return code;
	if (x->m.uidnext == UINT32_MAX)
		return MSTORE_LIMIT;
	d->uid = x->m.uidnext;
	d->modseq = x->m.highestmodseq + 1;
	return MSTORE_OK;
}

static enum mstore_code
dest_place(struct mstore *ms, struct mstore_dest *dests, size_t i,
    const struct rec_message *r, uint64_t keywords, uint64_t *threads,
    struct buf *places)
{
	struct mstore_dest *d = &dests[i], *same;
	struct rec_place pl = { .account = d->account,
	    .mailbox = d->mailbox_id, .uid = d->uid, .modseq = d->modseq,
	    .flags = d->flags & MSTORE_FLAGS_ALL, .keywords = keywords,
	    .savedate = ms->now };
	enum mstore_code code;

	if ((same = dest_same(dests, i, d, 0)) != NULL)
		pl.threadid = threads[same - dests];
	else if ((code = thread_find(ms, d->account, r, &pl.threadid,
	    &pl.newids)) != MSTORE_OK)
		return code;
	threads[i] = pl.threadid;
	return rec_place_put(places, &pl) == 0 ? MSTORE_OK : turn_fail(ms);
}

/* Fill in the codes and the places of those that take it. */
static enum mstore_code
deliver_places(struct mstore *ms, struct mstore_dest *dests, size_t n,
    size_t size, struct rec_message *r, struct buf *places)
{
	uint64_t	*threads, keywords;
	enum mstore_code code = MSTORE_OK;
	size_t		 i;

	if ((threads = calloc(n, sizeof(*threads))) == NULL)
		return turn_fail(ms);
	for (i = 0; i < n; i++)
		dests[i].code = MSTORE_TEMPFAIL;
	for (i = 0; i < n; i++) {
		code = dest_decide(ms, dests, i, size, &keywords);
		if (code == MSTORE_OK) {
			code = dest_place(ms, dests, i, r, keywords, threads,
			    places);
			r->nplaces++;
		}
		dests[i].code = code;
		if (ms->v.failed || (code = cache_trim(ms)) != MSTORE_OK) {
			code = MSTORE_TEMPFAIL;
			break;
		}
	}
	free(threads);
	return ms->v.failed ? MSTORE_TEMPFAIL : code;
}

static enum mstore_code
deliver(struct mstore *ms, uint64_t id, const struct mstore_content *c,
    struct mstore_dest *dests, size_t n, struct buf *places)
{
	struct rec_message r;
	enum mstore_code code;
	size_t		 i;
	int		 e;

	content_record(ms, c, &r);
	r.delivery = id;
	if ((r.emailid = turn_id(ms)) == 0)
		return turn_fail(ms);
	if ((code = deliver_places(ms, dests, n, c->prefixlen + c->bodylen,
	    &r, places)) != MSTORE_OK)
		return code;
	if (r.nplaces == 0)
		return dests[0].code;
	buf_truncate(&ms->head, 0);
	e = rec_message_put(&ms->head, &r) |
	    buf_add(&ms->head, buf_ptr(places), places->len);
	code = message_log(ms, c, e);
	for (i = 0; i < n; i++) {
		if (dests[i].code == MSTORE_DUPLICATE)
			dests[i].code = MSTORE_OK;
		if (dests[i].code == MSTORE_OK)
			dests[i].code = code;
	}
	if (code == MSTORE_OK && id != 0)
		ms->deliveries++;
	return code;
}

enum mstore_code
mstore_deliver(struct mstore *ms, uint64_t id, const struct mstore_content *c,
    struct mstore_dest *dests, size_t n)
{
	enum mstore_code code;
	struct buf	 places;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if (n == 0 || n > REC_MAXPLACES)
		return MSTORE_LIMIT;
	if ((code = content_check(c)) != MSTORE_OK ||
	    (code = turn_space(ms)) != MSTORE_OK)
		return code;
	if (id != 0 && delivery_known(ms, id))
		return MSTORE_DUPLICATE;
	buf_init(&places, n * REC_PLACELEN + 1);
	code = deliver(ms, id, c, dests, n, &places);
	buf_free(&places);
	return code;
}

int
mstore_delivered(struct mstore *ms, uint64_t id)
{
	return id != 0 && delivery_known(ms, id);
}

static enum mstore_code
append_one(struct mstore *ms, const struct mstore_who *who, uint64_t mailbox,
    const struct mstore_append *a, uint32_t *uid)
{
	struct rec_message r;
	struct rec_place pl = { .mailbox = mailbox,
	    .flags = a->flags & who->flags & MSTORE_FLAGS_ALL,
	    .savedate = ms->now };
	enum mstore_code code;
	struct mbox	*x;
	int		 e;

	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	if (x->m.uidnext == UINT32_MAX)
		return MSTORE_LIMIT;
	content_record(ms, &a->content, &r);
	pl.account = x->m.account;
	pl.uid = *uid = x->m.uidnext;
	pl.modseq = x->m.highestmodseq + 1;
	if (seen_foreign(x, who->reader))
		pl.flags &= (uint8_t)~MSTORE_SEEN;
	pl.keywords = who->keywords ? a->keywords : 0;
	if (x->m.nkeywords < MSTORE_NKEYWORDS)
		pl.keywords &= ((uint64_t)1 << x->m.nkeywords) - 1;
	if ((code = thread_find(ms, pl.account, &r, &pl.threadid,
	    &pl.newids)) != MSTORE_OK)
		return code;
	if ((r.emailid = turn_id(ms)) == 0)
		return turn_fail(ms);
	r.nplaces = 1;
	buf_truncate(&ms->head, 0);
	e = rec_message_put(&ms->head, &r) | rec_place_put(&ms->head, &pl);
	return message_log(ms, &a->content, e);
}

enum mstore_code
mstore_append(struct mstore *ms, uint64_t mailbox,
    const struct mstore_append *a, size_t n, const struct mstore_quota *limit,
    uint32_t *first)
{
	static const struct mstore_who owner = MSTORE_OWNER;

	return mstore_append_by(ms, &owner, mailbox, a, n, limit, first);
}

/* Those of n messages from uid first that were appended as \Seen. */
static enum mstore_code
append_seen(struct mstore *ms, uint32_t reader, uint64_t mailbox,
    const struct mstore_append *a, size_t n, uint32_t first)
{
	enum mstore_code code = MSTORE_OK;
	struct rseq	 seen;
	size_t		 i;

	rseq_init(&seen);
	for (i = 0; i < n && code == MSTORE_OK; i++)
		if (a[i].flags & MSTORE_SEEN && rseq_add(&seen,
		    first + (uint32_t)i, first + (uint32_t)i) == -1)
			code = turn_fail(ms);
	if (code == MSTORE_OK)
		code = seen_log(ms, mailbox, reader, 1, &seen, NULL);
	rseq_free(&seen);
	return code;
}

enum mstore_code
mstore_append_by(struct mstore *ms, const struct mstore_who *who,
    uint64_t mailbox, const struct mstore_append *a, size_t n,
    const struct mstore_quota *limit, uint32_t *first)
{
	enum mstore_code code;
	struct mbox	*x;
	uint64_t	 size = 0;
	uint32_t	 uid = 0;
	size_t		 i;

	if ((code = turn_check(ms)) != MSTORE_OK ||
	    (code = turn_space(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return code;
	for (i = 0; i < n; i++) {
		if ((code = content_check(&a[i].content)) != MSTORE_OK)
			return code;
		size += a[i].content.prefixlen + a[i].content.bodylen;
	}
	if ((code = quota_check(ms, x->m.account, limit, size, n)) !=
	    MSTORE_OK)
		return code;
	for (i = 0; i < n; i++) {
		if ((code = append_one(ms, who, mailbox, &a[i], &uid)) !=
		    MSTORE_OK)
			return i == 0 ? code : turn_fail(ms);
		if (i == 0)
			*first = uid;
	}
	if (n == 0)
		return MSTORE_INVALID;
	if ((x = mbox_select(ms, mailbox, &code)) == NULL)
		return turn_fail(ms);
	if (!seen_foreign(x, who->reader) || !(who->flags & MSTORE_SEEN))
		return MSTORE_OK;
	code = append_seen(ms, who->reader, mailbox, a, n, *first);
	return code == MSTORE_OK ? code : turn_fail(ms);
}
