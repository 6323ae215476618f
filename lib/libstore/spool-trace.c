/* What happened to messages: for mailctl trace. */
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "spool-int.h"

#define MAXEVENTS	1000	/* of one message */
#define MAXTEXT		2048
#define EXPIRE		128	/* events at a time */

static size_t
key_event(uint8_t *k, uint64_t id, uint32_t n)
{
	k[0] = 'T';
	put_be64(k + 1, id);
	put_be32(k + 9, n);
	return 13;
}

static size_t
key_addr(uint8_t *k, struct span addr, uint64_t id)
{
	if (addr.len > SPOOL_MAXADDR)
		addr.len = SPOOL_MAXADDR;
	k[0] = 'a';
	memcpy(k + 1, addr.p, addr.len);
	k[1 + addr.len] = '\0';
	put_be64(k + 2 + addr.len, id);
	return 10 + addr.len;
}

static size_t
key_expiry(uint8_t *k, int64_t when, uint64_t id, uint32_t n)
{
	k[0] = 'x';
	put_be64(k + 1, when < 0 ? 0 : (uint64_t)when);
	put_be64(k + 9, id);
	put_be32(k + 17, n);
	return 21;
}

/* The number after the last event's, which are counted without gaps but where
 * old ones have expired. */
static enum kv_code
event_count(struct spool *sp, uint64_t id, uint32_t *n)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX];
	const uint8_t	*k;
	size_t		 len;

	*n = 0;
	if ((kc = kv_cursor_open(sp->v.kv, &c)) != KV_OK)
		return logview_code(&sp->v, kc);
	for (kc = kv_cursor_seek(c, key, key_event(key, id, 0)); kc == KV_OK;
	    kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &len);
		if (len != 13 || memcmp(k, key, 9) != 0)
			break;
		*n = get_be32(k + 9) + 1;
	}
	kv_cursor_close(c);
	return logview_code(&sp->v, kc) == KV_NONE ? KV_OK : kc;
}

enum spool_code
spool_trace_add(struct spool *sp, uint64_t id, struct span addr,
    struct span event, int64_t keep)
{
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX], val[8 + MAXTEXT];
	uint32_t	 n;
	size_t		 len;

	if (!sp->v.in_turn || sp->v.failed)
		return SPOOL_TEMPFAIL;
	if ((kc = event_count(sp, id, &n)) != KV_OK)
		return spool_of(kc);
	if (n >= MAXEVENTS)
		return SPOOL_LIMIT;
	if (event.len > MAXTEXT)
		event.len = MAXTEXT;
	put_le64(val, (uint64_t)sp->now);
	memcpy(val + 8, event.p, event.len);
	len = key_event(key, id, n);
	if ((kc = logview_put(&sp->v, key, len, val, 8 + event.len)) != KV_OK)
		return spool_of(kc);
	if (addr.p == NULL)
		addr = SPAN("");
	if (addr.len > SPOOL_MAXADDR)
		addr.len = SPOOL_MAXADDR;
	if (addr.len > 0) {
		len = key_addr(key, addr, id);
		if ((kc = logview_put(&sp->v, key, len, "", 0)) != KV_OK)
			return spool_of(kc);
	}
	len = key_expiry(key, sp->now + keep, id, n);
	return spool_of(logview_put(&sp->v, key, len, addr.p, addr.len));
}

enum spool_code
spool_trace_get(struct spool *sp, uint64_t id, uint32_t n, int64_t *when,
    struct buf *event)
{
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX];
	const uint8_t	*p;
	size_t		 len;

	kc = logview_get(&sp->v, key, key_event(key, id, n), &p, &len);
	if (kc != KV_OK)
		return spool_of(kc);
	if (len < 8)
		return SPOOL_CORRUPT;
	*when = (int64_t)get_le64(p);
	return buf_add(event, p + 8, len - 8) == -1 ? SPOOL_LIMIT : SPOOL_OK;
}

enum spool_code
spool_trace_find(struct spool *sp, struct span addr, uint64_t after,
    uint64_t *id)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX];
	const uint8_t	*k;
	size_t		 klen, len;

	klen = key_addr(key, addr, after);
	key[klen] = '\0';
	if ((kc = kv_cursor_open(sp->v.kv, &c)) != KV_OK)
		return spool_of(logview_code(&sp->v, kc));
	kc = kv_cursor_seek(c, key, klen + 1);
	if (kc == KV_OK) {
		k = kv_cursor_key(c, &len);
		if (len != klen || memcmp(k, key, klen - 8) != 0)
			kc = KV_NONE;
		else
			*id = get_be64(k + klen - 8);
	}
	kv_cursor_close(c);
	return spool_of(logview_code(&sp->v, kc));
}

/* What is found to have expired, to be taken out after the walk. */
struct expired {
	uint64_t	 id;
	uint32_t	 n;
	int64_t		 when;
	size_t		 addrlen;
	char		 addr[SPOOL_MAXADDR];
};

static size_t
expired_find(struct spool *sp, int64_t now, struct expired *ex)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[SKEY_MAX];
	const uint8_t	*k, *v;
	size_t		 len, vlen, n = 0;

	if (kv_cursor_open(sp->v.kv, &c) != KV_OK)
		return 0;
	for (kc = kv_cursor_seek(c, key, key_expiry(key, 0, 0, 0));
	    kc == KV_OK && n < EXPIRE; kc = kv_cursor_next(c)) {
		k = kv_cursor_key(c, &len);
		v = kv_cursor_val(c, &vlen);
		if (len != 21 || k[0] != 'x' || vlen > SPOOL_MAXADDR ||
		    (int64_t)get_be64(k + 1) > now)
			break;
		ex[n].when = (int64_t)get_be64(k + 1);
		ex[n].id = get_be64(k + 9);
		ex[n].n = get_be32(k + 17);
		ex[n].addrlen = vlen;
		memcpy(ex[n].addr, v, vlen);
		n++;
	}
	kv_cursor_close(c);
	return n;
}

int
trace_expire(struct spool *sp, int64_t now)
{
	struct expired	*ex;
	uint8_t		 key[SKEY_MAX];
	size_t		 n, i, len;
	int		 ret = 0;

	if ((ex = calloc(EXPIRE, sizeof(*ex))) == NULL)
		return 0;
	n = expired_find(sp, now, ex);
	if (n > 0 && spool_begin(sp, now) == SPOOL_OK) {
		for (i = 0; i < n; i++) {
			len = key_expiry(key, ex[i].when, ex[i].id, ex[i].n);
			(void)logview_del(&sp->v, key, len);
			len = key_event(key, ex[i].id, ex[i].n);
			(void)logview_del(&sp->v, key, len);
			if (ex[i].addrlen == 0)
				continue;
			len = key_addr(key, (struct span){ ex[i].addr,
			    ex[i].addrlen }, ex[i].id);
			(void)logview_del(&sp->v, key, len);
		}
		ret = spool_commit(sp) == SPOOL_OK && n == EXPIRE;
	}
	free(ex);
	return ret;
}
