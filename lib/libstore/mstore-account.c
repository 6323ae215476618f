/* Accounts: names, default mailboxes, usage; properties of anything. */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

static const struct {
	struct span	 name;
	uint32_t	 use;
} defaults[] = {
	{ SPAN("INBOX"), 0 },
	{ SPAN("Drafts"), MSTORE_USE_DRAFTS },
	{ SPAN("Sent"), MSTORE_USE_SENT },
	{ SPAN("Junk"), MSTORE_USE_JUNK },
	{ SPAN("Trash"), MSTORE_USE_TRASH },
	{ SPAN("Archive"), MSTORE_USE_ARCHIVE }
};

static enum mstore_code
account_log(struct mstore *ms, uint32_t id, struct span name, int deleted)
{
	struct rec_account r = { id, (uint8_t)deleted, name };

	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_ACCOUNT, rec_account_put(&ms->head, &r));
}

static enum mstore_code
account_create(struct mstore *ms, struct span name, uint32_t *id)
{
	enum mstore_code code;
	uint64_t	 mbox;
	size_t		 i;

	*id = ms->g.next_account;
	if (*id == 0 || *id == UINT32_MAX)
		return MSTORE_LIMIT;
	if ((code = account_log(ms, *id, name, 0)) != MSTORE_OK)
		return code;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if ((code = mstore_mailbox_create(ms, *id, defaults[i].name,
		    defaults[i].use, &mbox)) != MSTORE_OK ||
		    (code = mstore_subscribe(ms, *id, defaults[i].name,
		    1)) != MSTORE_OK)
			return turn_fail(ms);	/* no half of an account */
	}
	return MSTORE_OK;
}

enum mstore_code
mstore_account_get(struct mstore *ms, struct span name, int create,
    uint32_t *id)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	if (name.len == 0 || name.len > MSTORE_MAXACCOUNT ||
	    memchr(name.p, '\0', name.len) != NULL)
		return MSTORE_INVALID;
	code = idx_get(ms, key, key_name(key, 'N', name), &val, &len);
	if (code == MSTORE_OK && len >= 4) {
		*id = get_le32(val);
		return MSTORE_OK;
	}
	if (code != MSTORE_NONE || !create)
		return code;
	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	return account_create(ms, name, id);
}

enum mstore_code
mstore_account_delete(struct mstore *ms, uint32_t id)
{
	enum mstore_code code;
	struct mstore_listent ent;
	char		 name[MSTORE_MAXACCOUNT + 1];
	char		 ident[MSTORE_MAXACCOUNT + 3] = "u/";
	struct span	 after = SPAN("");

	if ((code = turn_check(ms)) != MSTORE_OK ||
	    (code = mstore_account_name(ms, id, name)) != MSTORE_OK)
		return code;
	while ((code = mstore_list_next(ms, id, after, &ent)) == MSTORE_OK) {
		buf_truncate(&ms->head, 0);
		if ((code = turn_log(ms, REC_MBOXDEL, rec_mboxdel_put(
		    &ms->head, ent.id))) != MSTORE_OK)
			return turn_fail(ms);
		after = span_of(ent.name);
	}
	if (code != MSTORE_NONE)
		return code;
	while ((code = mstore_subscribed_next(ms, id, SPAN(""), &ent)) ==
	    MSTORE_OK)
		if (mstore_subscribe(ms, id, span_of(ent.name), 0) !=
		    MSTORE_OK)
			return turn_fail(ms);
	if (code != MSTORE_NONE)
		return code;
	/* What others have granted him. */
	strlcat(ident, name, sizeof(ident));
	if (mstore_acl_forget(ms, span_of(ident)) != MSTORE_OK)
		return turn_fail(ms);
	return account_log(ms, id, span_of(name), 1);
}

enum mstore_code
mstore_account_name(struct mstore *ms, uint32_t id,
    char name[MSTORE_MAXACCOUNT + 1])
{
	enum mstore_code code;
	struct acct	*a;

	if ((a = cache_acct(ms, id, 0, &code)) == NULL)
		return code;
	if (a->deleted)
		return MSTORE_NONE;
	strlcpy(name, a->name, MSTORE_MAXACCOUNT + 1);
	return MSTORE_OK;
}

enum mstore_code
mstore_account_next(struct mstore *ms, struct span after, uint32_t *id,
    char name[MSTORE_MAXACCOUNT + 1])
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX + 1];
	const uint8_t	*k, *v;
	size_t		 klen, vlen, n;

	n = key_name(key, 'N', after);
	key[n++] = '\0';	/* the least name that is greater */
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	kc = kv_cursor_seek(c, key, n);
	if (kc == KV_OK) {
		k = kv_cursor_key(c, &klen);
		v = kv_cursor_val(c, &vlen);
		if (klen < 1 || k[0] != 'N' || klen - 1 > MSTORE_MAXACCOUNT ||
		    vlen < 4)
			kc = KV_NONE;
		else {
			memcpy(name, k + 1, klen - 1);
			name[klen - 1] = '\0';
			*id = get_le32(v);
		}
	}
	kv_cursor_close(c);
	return idx_code(ms, kc);
}

enum mstore_code
mstore_usage(struct mstore *ms, uint32_t account, struct mstore_quota *q)
{
	enum mstore_code code;
	struct acct	*a;

	if ((a = cache_acct(ms, account, 0, &code)) == NULL)
		return code;
	*q = a->usage;
	return MSTORE_OK;
}

/* Properties of the server, an account or a mailbox. */

static int
prop_name_valid(struct span name)
{
	return name.len > 0 && name.len <= MSTORE_MAXNAME;
}

enum mstore_code
mstore_prop_get(struct mstore *ms, uint32_t account, uint64_t mailbox,
    struct span name, struct buf *value)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	if (!prop_name_valid(name))
		return MSTORE_NONE;
	code = idx_get(ms, key, key_prop(key, account, mailbox, name), &val,
	    &len);
	if (code == MSTORE_OK && buf_add(value, val, len) == -1)
		return MSTORE_LIMIT;
	return code;
}

enum mstore_code
mstore_prop_set(struct mstore *ms, uint32_t account, uint64_t mailbox,
    struct span name, struct span value)
{
	struct rec_prop	 r = { account, mailbox, name, value };
	enum mstore_code code;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if (!prop_name_valid(name))
		return MSTORE_INVALID;
	if (value.len > MSTORE_MAXPROP)
		return MSTORE_LIMIT;
	if (mailbox != 0 && cache_mbox(ms, mailbox, 0, &code) == NULL)
		return code;
	if (mailbox == 0 && account != 0 &&
	    cache_acct(ms, account, 0, &code) == NULL)
		return code;
	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_PROP, rec_prop_put(&ms->head, &r));
}

enum mstore_code
mstore_prop_next(struct mstore *ms, uint32_t account, uint64_t mailbox,
    struct span after, struct buf *name)
{
	struct kv_cursor *c;
	enum mstore_code code;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX + 1];
	const uint8_t	*k;
	size_t		 klen, n, plen;

	plen = key_prop(key, account, mailbox, SPAN_NONE);
	n = key_prop(key, account, mailbox, after);
	key[n++] = '\0';
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	kc = kv_cursor_seek(c, key, n);
	code = idx_code(ms, kc);
	if (code == MSTORE_OK) {
		k = kv_cursor_key(c, &klen);
		if (klen <= plen || memcmp(k, key, plen) != 0)
			code = MSTORE_NONE;
		else if (buf_add(name, k + plen, klen - plen) == -1)
			code = MSTORE_LIMIT;
	}
	kv_cursor_close(c);
	return code;
}
