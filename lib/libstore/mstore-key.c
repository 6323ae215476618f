/* Keys of the index, and its answers in mstore's words. */
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

size_t
key_acct(uint8_t k[KEY_MAX], uint32_t account, int sub, struct span name)
{
	k[0] = 'A';
	put_be32(k + 1, account);
	k[5] = (uint8_t)sub;
	if (name.len > MSTORE_MAXNAME)
		name.len = MSTORE_MAXNAME;
	if (name.len > 0)
		memcpy(k + 6, name.p, name.len);
	return 6 + name.len;
}

size_t
key_mbox(uint8_t k[KEY_MAX], uint64_t mbox, int sub)
{
	k[0] = 'M';
	put_be64(k + 1, mbox);
	k[9] = (uint8_t)sub;
	return 10;
}

size_t
key_chunk(uint8_t k[KEY_MAX], uint64_t mbox, int sub, uint32_t chunk)
{
	key_mbox(k, mbox, sub);
	put_be32(k + 10, chunk);
	return 14;
}

size_t
key_reader(uint8_t k[KEY_MAX], uint64_t mbox, uint32_t reader)
{
	return key_chunk(k, mbox, 'r', reader);
}

size_t
key_seen(uint8_t k[KEY_MAX], uint64_t mbox, uint32_t reader, uint32_t chunk)
{
	key_chunk(k, mbox, 's', reader);
	put_be32(k + 14, chunk);
	return 18;
}

size_t
key_change(uint8_t k[KEY_MAX], uint64_t mbox, uint64_t modseq)
{
	key_mbox(k, mbox, 'x');
	put_be64(k + 10, modseq);
	return 18;
}

size_t
key_name(uint8_t k[KEY_MAX], int table, struct span name)
{
	k[0] = (uint8_t)table;
	if (name.len > MSTORE_MAXNAME)
		name.len = MSTORE_MAXNAME;
	if (name.len > 0)
		memcpy(k + 1, name.p, name.len);
	return 1 + name.len;
}

size_t
key_u64(uint8_t k[KEY_MAX], int table, uint64_t n)
{
	k[0] = (uint8_t)table;
	put_be64(k + 1, n);
	return 9;
}

size_t
key_pos(uint8_t k[KEY_MAX], struct seglog_pos pos)
{
	k[0] = 'R';
	put_be32(k + 1, pos.seg);
	put_be32(k + 5, pos.off);
	return 9;
}

size_t
key_seg(uint8_t k[KEY_MAX], uint32_t seg)
{
	k[0] = 'G';
	put_be32(k + 1, seg);
	return 5;
}

size_t
key_prop(uint8_t k[KEY_MAX], uint32_t account, uint64_t mbox,
    struct span name)
{
	size_t	 n;

	if (mbox == 0)
		return account == 0 ? key_name(k, 'P', name) :
		    key_acct(k, account, 'p', name);
	n = key_mbox(k, mbox, 'p');
	if (name.len > MSTORE_MAXNAME)
		name.len = MSTORE_MAXNAME;
	if (name.len > 0)
		memcpy(k + n, name.p, name.len);
	return n + name.len;
}

size_t
key_thread(uint8_t k[KEY_MAX], uint32_t account, uint64_t hash)
{
	k[0] = 'H';
	put_be32(k + 1, account);
	put_be64(k + 5, hash);
	return 13;
}

enum mstore_code
idx_code(struct mstore *ms, enum kv_code kc)
{
	switch (logview_code(&ms->v, kc)) {
	case KV_OK:
		return MSTORE_OK;
	case KV_NONE:
		return MSTORE_NONE;
	default:
		return MSTORE_TEMPFAIL;
	}
}

enum mstore_code
idx_get(struct mstore *ms, const uint8_t *key, size_t klen,
    const uint8_t **val, size_t *vlen)
{
	return idx_code(ms, logview_get(&ms->v, key, klen, val, vlen));
}

enum mstore_code
idx_put(struct mstore *ms, const uint8_t *key, size_t klen, const void *val,
    size_t vlen)
{
	return idx_code(ms, logview_put(&ms->v, key, klen, val, vlen));
}

enum mstore_code
idx_del(struct mstore *ms, const uint8_t *key, size_t klen)
{
	return idx_code(ms, logview_del(&ms->v, key, klen));
}
