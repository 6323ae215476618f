/*
 * Applying records to the index.  What a record says happened is done, whatever
 * the index says now: a mailbox or message that is not there (its record was
 * damaged, or compacted away and restated further on) is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

static enum mstore_code
apply_account(struct mstore *ms, const void *p, size_t len)
{
	struct rec_account r;
	enum mstore_code code;
	struct acct	*a;
	uint8_t		 key[KEY_MAX], val[4];
	size_t		 klen;

	if (rec_account_get(&r, p, len) == -1)
		return MSTORE_OK;
	if ((a = cache_acct(ms, r.id, 1, &code)) == NULL)
		return code;
	a->id = r.id;
	a->deleted = r.deleted;
	memcpy(a->name, r.name.p, r.name.len);
	a->name[r.name.len] = '\0';
	cache_dirty(a);
	if (r.id >= ms->g.next_account)
		ms->g.next_account = r.id + 1;
	klen = key_name(key, 'N', r.name);
	if (r.deleted)
		return idx_del(ms, key, klen);
	put_le32(val, r.id);
	return idx_put(ms, key, klen, val, sizeof(val));
}

/* The entry of a mailbox in its account's list. */
static enum mstore_code
list_put(struct mstore *ms, const struct mstore_mailbox *m)
{
	uint8_t	 key[KEY_MAX], val[12];

	put_le64(val, m->id);
	put_le32(val + 8, m->flags);
	return idx_put(ms, key, key_acct(key, m->account, 'n',
	    span_of(m->name)), val, sizeof(val));
}

/* Takes it out if it still is this mailbox's. */
static enum mstore_code
list_del(struct mstore *ms, const struct mstore_mailbox *m)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 klen, len;

	klen = key_acct(key, m->account, 'n', span_of(m->name));
	code = idx_get(ms, key, klen, &val, &len);
	if (code == MSTORE_NONE)
		return MSTORE_OK;
	if (code != MSTORE_OK || len < 8 || get_le64(val) != m->id)
		return code;
	return idx_del(ms, key, klen);
}

static void
mailbox_fill(struct mbox *x, const struct rec_mailbox *r)
{
	int	 i;

	x->m.id = r->id;
	x->m.account = r->account;
	x->m.flags = r->flags;
	x->m.uidvalidity = r->uidvalidity;
	if (x->m.uidnext < r->uidnext)
		x->m.uidnext = r->uidnext;
	if (x->m.recent < r->recent)
		x->m.recent = r->recent;
	if (x->m.highestmodseq < r->highestmodseq)
		x->m.highestmodseq = r->highestmodseq;
	memcpy(x->m.name, r->name.p, r->name.len);
	x->m.name[r->name.len] = '\0';
	x->m.nkeywords = r->nkeywords;
	for (i = 0; i < r->nkeywords; i++) {
		memcpy(x->keywords[i], r->keywords[i].p, r->keywords[i].len);
		x->keywords[i][r->keywords[i].len] = '\0';
	}
}

static enum mstore_code
apply_mailbox(struct mstore *ms, const void *p, size_t len)
{
	struct rec_mailbox r;
	enum mstore_code code;
	enum mstore_what what = MSTORE_EV_CREATED;
	struct mbox	*x;
	struct acct	*a;

	if (rec_mailbox_get(&r, p, len) == -1)
		return MSTORE_OK;
	if ((x = cache_mbox(ms, r.id, 1, &code)) == NULL)
		return code;
	if (x->m.id != 0) {
		what = MSTORE_EV_KEYWORDS;
		if (!span_eq(span_of(x->m.name), r.name)) {
			what = MSTORE_EV_RENAMED;
			if ((code = list_del(ms, &x->m)) != MSTORE_OK)
				return code;
		}
	} else {
		/* Made now, or found again behind its damaged beginning: what
		 * was before is not known. */
		x->m.changes_from = r.highestmodseq;
		if ((a = cache_acct(ms, r.account, 0, &code)) != NULL) {
			a->nmailboxes++;
			cache_dirty(a);
		} else if (code != MSTORE_NONE)
			return code;
	}
	mailbox_fill(x, &r);
	cache_dirty(x);
	if (r.uidvalidity > ms->g.last_uidvalidity)
		ms->g.last_uidvalidity = r.uidvalidity;
	turn_event(ms, r.account, r.id, what, r.highestmodseq, 0, 0);
	return list_put(ms, &x->m);
}

/*
 * A mailbox goes: at once from the list and the quota, its messages later, a
 * piece at a time, in mbox_clean.
 */
static enum mstore_code
apply_mboxdel(struct mstore *ms, const void *p, size_t len)
{
	enum mstore_code code;
	struct mbox	*x;
	struct acct	*a;
	uint64_t	 id;
	uint8_t		 key[KEY_MAX];

	if (rec_mboxdel_get(&id, p, len) == -1)
		return MSTORE_OK;
	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	if (x->m.flags & MSTORE_DELETED_MBOX)
		return MSTORE_OK;
	if ((code = list_del(ms, &x->m)) != MSTORE_OK)
		return code;
	if ((a = cache_acct(ms, x->m.account, 0, &code)) != NULL) {
		a->usage.bytes -= x->m.size;
		a->usage.messages -= x->m.exists;
		a->nmailboxes--;
		cache_dirty(a);
	} else if (code != MSTORE_NONE)
		return code;
	x->m.flags |= MSTORE_DELETED_MBOX;
	cache_dirty(x);
	turn_event(ms, x->m.account, id, MSTORE_EV_DELETED, 0, 0, 0);
	return idx_put(ms, key, key_u64(key, 'T', id), "", 0);
}

static enum mstore_code
apply_subscribe(struct mstore *ms, const void *p, size_t len)
{
	struct rec_subscribe r;
	uint8_t		 key[KEY_MAX];
	size_t		 klen;

	if (rec_subscribe_get(&r, p, len) == -1)
		return MSTORE_OK;
	turn_event(ms, r.account, 0, MSTORE_EV_SUBSCRIBED, 0, 0, 0);
	klen = key_acct(key, r.account, 's', r.name);
	return r.on ? idx_put(ms, key, klen, "", 0) : idx_del(ms, key, klen);
}

static enum mstore_code
apply_prop(struct mstore *ms, const void *p, size_t len)
{
	struct rec_prop	 r;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	size_t		 klen;

	if (rec_prop_get(&r, p, len) == -1)
		return MSTORE_OK;
	if ((code = apply_acl(ms, &r)) != MSTORE_OK)
		return code;
	klen = key_prop(key, r.account, r.mailbox, r.name);
	return r.value.len == 0 ? idx_del(ms, key, klen) :
	    idx_put(ms, key, klen, r.value.p, r.value.len);
}

static enum mstore_code
apply_globals(struct mstore *ms, const void *p, size_t len)
{
	struct rec_globals r;

	if (rec_globals_get(&r, p, len) == -1)
		return MSTORE_OK;
	if (r.next_account > ms->g.next_account)
		ms->g.next_account = r.next_account;
	if (r.last_uidvalidity > ms->g.last_uidvalidity)
		ms->g.last_uidvalidity = r.last_uidvalidity;
	return MSTORE_OK;
}

enum mstore_code
mstore_apply(struct mstore *ms, const struct seglog_hdr *h, const void *p,
    size_t len)
{
	if (h->version != REC_VERSION)
		return MSTORE_OK;
	switch (h->kind) {
	case REC_ACCOUNT:
		return apply_account(ms, p, len);
	case REC_MAILBOX:
		return apply_mailbox(ms, p, len);
	case REC_MBOXDEL:
		return apply_mboxdel(ms, p, len);
	case REC_SUBSCRIBE:
		return apply_subscribe(ms, p, len);
	case REC_MESSAGE:
		return apply_message(ms, h, p, len);
	case REC_COPY:
		return apply_copy(ms, p, len);
	case REC_FLAGS:
		return apply_flags(ms, p, len);
	case REC_EXPUNGE:
		return apply_expunge(ms, p, len);
	case REC_SEEN:
		return apply_seen(ms, p, len);
	case REC_PROP:
		return apply_prop(ms, p, len);
	case REC_GLOBALS:
		return apply_globals(ms, p, len);
	}
	return MSTORE_OK;
}
