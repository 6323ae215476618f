/*
 * Access control lists, as far as the store has to know of them: which
 * mailboxes name whom, and what a new mailbox gets of its parent.
 */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

#define ACLLEN	(sizeof(MSTORE_ACL) - 1)

static int
is_acl(struct span prop)
{
	return prop.len > ACLLEN && memcmp(prop.p, MSTORE_ACL, ACLLEN) == 0;
}

size_t
key_acl(uint8_t key[KEY_MAX], struct span prop, uint64_t mbox)
{
	size_t	 n;

	/* What takes rights away opens nothing. */
	if (!is_acl(prop) || prop.p[ACLLEN] == '-')
		return 0;
	prop.p += ACLLEN;
	prop.len -= ACLLEN;
	n = key_name(key, 'L', prop);
	key[n++] = '\0';
	put_be64(key + n, mbox);
	return n + 8;
}

enum mstore_code
apply_acl(struct mstore *ms, const struct rec_prop *r)
{
	uint8_t	 key[KEY_MAX];
	size_t	 klen;

	if (r->mailbox == 0 || (klen = key_acl(key, r->name, r->mailbox)) == 0)
		return MSTORE_OK;
	return r->value.len == 0 ? idx_del(ms, key, klen) :
	    idx_put(ms, key, klen, "", 0);
}

enum mstore_code
mstore_acl_next(struct mstore *ms, struct span ident, uint64_t *id)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*k;
	size_t		 klen, n;

	if (*id == UINT64_MAX)
		return MSTORE_NONE;
	n = key_name(key, 'L', ident);
	key[n++] = '\0';
	put_be64(key + n, *id + 1);
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	code = idx_code(ms, kv_cursor_seek(c, key, n + 8));
	if (code == MSTORE_OK) {
		k = kv_cursor_key(c, &klen);
		if (klen != n + 8 || memcmp(k, key, n) != 0)
			code = MSTORE_NONE;
		else
			*id = get_be64(k + n);
	}
	kv_cursor_close(c);
	return code;
}

enum mstore_code
mstore_acl_ident(struct mstore *ms, struct span after, struct buf *ident)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*k, *end;
	size_t		 klen, n;

	n = key_name(key, 'L', after);
	if (after.len > 0)
		key[n++] = 1;	/* behind all its mailboxes */
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	code = idx_code(ms, kv_cursor_seek(c, key, n));
	if (code == MSTORE_OK) {
		k = kv_cursor_key(c, &klen);
		end = klen > 1 ? memchr(k + 1, '\0', klen - 1) : NULL;
		if (k[0] != 'L' || end == NULL)
			code = MSTORE_NONE;
		else if (buf_add(ident, k + 1, (size_t)(end - k - 1)) == -1)
			code = MSTORE_LIMIT;
	}
	kv_cursor_close(c);
	return code;
}

/* One of the two properties of an identifier in a mailbox. */
static enum mstore_code
forget_one(struct mstore *ms, uint64_t mbox, const char *sign,
    struct span ident)
{
	enum mstore_code code;
	struct buf	 name, value;

	buf_init(&name, MSTORE_MAXNAME);
	buf_init(&value, MSTORE_MAXPROP);
	if (buf_addstr(&name, MSTORE_ACL) == -1 ||
	    buf_addstr(&name, sign) == -1 ||
	    buf_add(&name, ident.p, ident.len) == -1)
		code = MSTORE_INVALID;
	else {
		code = mstore_prop_get(ms, 0, mbox, (struct span){
		    (const char *)buf_ptr(&name), name.len }, &value);
		if (code == MSTORE_OK)
			code = mstore_prop_set(ms, 0, mbox, (struct span){
			    (const char *)buf_ptr(&name), name.len },
			    SPAN(""));
	}
	buf_free(&name);
	buf_free(&value);
	return code == MSTORE_NONE ? MSTORE_OK : code;
}

enum mstore_code
mstore_acl_forget(struct mstore *ms, struct span ident)
{
	enum mstore_code code;
	uint64_t	 id = 0;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	while ((code = mstore_acl_next(ms, ident, &id)) == MSTORE_OK) {
		if ((code = forget_one(ms, id, "", ident)) != MSTORE_OK ||
		    (code = forget_one(ms, id, "-", ident)) != MSTORE_OK ||
		    (code = cache_trim(ms)) != MSTORE_OK)
			return code;
	}
	return code == MSTORE_NONE ? MSTORE_OK : code;
}

/* Each entry of the one mailbox to the other. */
static enum mstore_code
copy_entries(struct mstore *ms, uint64_t from, uint64_t to)
{
	enum mstore_code code;
	struct buf	 name, value;
	char		 after[MSTORE_MAXNAME + 1] = MSTORE_ACL;
	struct span	 s = SPAN(MSTORE_ACL);

	buf_init(&name, MSTORE_MAXNAME);
	buf_init(&value, MSTORE_MAXPROP);
	while ((code = mstore_prop_next(ms, 0, from, s, &name)) ==
	    MSTORE_OK) {
		memcpy(after, buf_ptr(&name), name.len);
		s = (struct span){ after, name.len };
		buf_truncate(&name, 0);
		if (!is_acl(s)) {
			code = MSTORE_NONE;
			break;
		}
		buf_truncate(&value, 0);
		if ((code = mstore_prop_get(ms, 0, from, s, &value)) !=
		    MSTORE_OK || (code = mstore_prop_set(ms, 0, to, s,
		    (struct span){ (const char *)buf_ptr(&value),
		    value.len })) != MSTORE_OK)
			break;
	}
	buf_free(&name);
	buf_free(&value);
	return code == MSTORE_NONE ? MSTORE_OK : code;
}

enum mstore_code
acl_inherit(struct mstore *ms, uint32_t account, struct span name, uint64_t id)
{
	enum mstore_code code;
	uint64_t	 parent;

	while (name.len > 0 && name.p[name.len - 1] != MSTORE_SEPARATOR)
		name.len--;
	if (name.len <= 1)
		return MSTORE_OK;
	name.len--;
	code = mstore_mailbox_find(ms, account, name, &parent);
	if (code != MSTORE_OK)
		return code == MSTORE_NONE ? MSTORE_OK : code;
	return copy_entries(ms, parent, id);
}
