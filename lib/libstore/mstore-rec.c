/* Reading and writing the records of the mailbox log.  See mstore-rec.h. */
#include <errno.h>
#include <string.h>

#include "mstore-rec.h"
#include "pack.h"

static int
put_uids(struct buf *b, const struct rseq *s)
{
	size_t	 i;
	int	 r;

	r = pack_u32(b, (uint32_t)s->nruns);
	for (i = 0; i < s->nruns; i++) {
		r |= pack_u32(b, s->runs[i].first);
		r |= pack_u32(b, s->runs[i].last);
	}
	return r;
}

static int
get_uids(struct unpack *u, struct rseq *s)
{
	uint32_t	 n, i, first, last, prev = 0;

	rseq_init(s);
	n = unpack_u32(u);
	if (u->bad || n > REC_MAXRUNS || (uint64_t)n * 8 > u->left)
		return -1;
	for (i = 0; i < n; i++) {
		first = unpack_u32(u);
		last = unpack_u32(u);
		/* Ascending and apart, from 1: as they were written. */
		if (first == 0 || first > last ||
		    (prev != 0 && (first <= prev || first - prev == 1)))
			return -1;
		if (rseq_add(s, first, last) == -1)
			return -1;
		prev = last;
	}
	return 0;
}

/* A record must be read to its end and not beyond. */
static int
unpack_done(const struct unpack *u)
{
	return u->bad || u->left != 0 ? -1 : 0;
}

int
rec_account_put(struct buf *b, const struct rec_account *r)
{
	return pack_u32(b, r->id) | pack_u8(b, r->deleted) |
	    pack_str(b, r->name);
}

int
rec_account_get(struct rec_account *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	r->id = unpack_u32(&u);
	r->deleted = unpack_u8(&u);
	r->name = unpack_str(&u, MSTORE_MAXACCOUNT);
	return r->id == 0 ? -1 : unpack_done(&u);
}

int
rec_mailbox_put(struct buf *b, const struct rec_mailbox *r)
{
	int	 e, i;

	e = pack_u64(b, r->id) | pack_u32(b, r->account) |
	    pack_u32(b, r->flags) | pack_u32(b, r->uidvalidity) |
	    pack_u32(b, r->uidnext) | pack_u32(b, r->recent) |
	    pack_u64(b, r->highestmodseq) | pack_str(b, r->name) |
	    pack_u8(b, r->nkeywords);
	for (i = 0; i < r->nkeywords; i++)
		e |= pack_str(b, r->keywords[i]);
	return e;
}

int
rec_mailbox_get(struct rec_mailbox *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };
	int		 i;

	r->id = unpack_u64(&u);
	r->account = unpack_u32(&u);
	r->flags = unpack_u32(&u);
	r->uidvalidity = unpack_u32(&u);
	r->uidnext = unpack_u32(&u);
	r->recent = unpack_u32(&u);
	r->highestmodseq = unpack_u64(&u);
	r->name = unpack_str(&u, MSTORE_MAXNAME);
	r->nkeywords = unpack_u8(&u);
	if (u.bad || r->nkeywords > MSTORE_NKEYWORDS || r->id == 0)
		return -1;
	for (i = 0; i < r->nkeywords; i++)
		r->keywords[i] = unpack_str(&u, MSTORE_MAXKEYWORD);
	return unpack_done(&u);
}

int
rec_mboxdel_put(struct buf *b, uint64_t id)
{
	return pack_u64(b, id);
}

int
rec_mboxdel_get(uint64_t *id, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	*id = unpack_u64(&u);
	return unpack_done(&u);
}

int
rec_subscribe_put(struct buf *b, const struct rec_subscribe *r)
{
	return pack_u32(b, r->account) | pack_u8(b, r->on) |
	    pack_str(b, r->name);
}

int
rec_subscribe_get(struct rec_subscribe *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	r->account = unpack_u32(&u);
	r->on = unpack_u8(&u);
	r->name = unpack_str(&u, MSTORE_MAXNAME);
	return unpack_done(&u);
}

int
rec_message_put(struct buf *b, const struct rec_message *r)
{
	int	 e, i;

	e = pack_u64(b, r->emailid) | pack_u64(b, r->delivery) |
	    pack_u64(b, (uint64_t)r->time) | pack_u64(b, (uint64_t)r->date) |
	    pack_u16(b, (uint16_t)r->zone) | pack_u32(b, r->prefixlen) |
	    pack_u8(b, r->restated) | pack_u64(b, r->msgid) |
	    pack_u8(b, r->nrefs);
	for (i = 0; i < r->nrefs; i++)
		e |= pack_u64(b, r->refs[i]);
	/* The caller goes on with nplaces times rec_place_put. */
	return e | pack_u32(b, r->nplaces);
}

int
rec_place_put(struct buf *b, const struct rec_place *r)
{
	return pack_u32(b, r->account) | pack_u64(b, r->mailbox) |
	    pack_u32(b, r->uid) | pack_u64(b, r->modseq) |
	    pack_u8(b, r->flags) | pack_u64(b, r->keywords) |
	    pack_u64(b, r->threadid) | pack_u64(b, (uint64_t)r->savedate) |
	    pack_u16(b, r->newids);
}

int
rec_message_get(struct rec_message *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };
	int		 i;

	r->emailid = unpack_u64(&u);
	r->delivery = unpack_u64(&u);
	r->time = (int64_t)unpack_u64(&u);
	r->date = (int64_t)unpack_u64(&u);
	r->zone = (int16_t)unpack_u16(&u);
	r->prefixlen = unpack_u32(&u);
	r->restated = unpack_u8(&u);
	r->msgid = unpack_u64(&u);
	r->nrefs = unpack_u8(&u);
	if (u.bad || r->nrefs > MSTORE_MAXREFS)
		return -1;
	for (i = 0; i < r->nrefs; i++)
		r->refs[i] = unpack_u64(&u);
	r->nplaces = unpack_u32(&u);
	if (u.bad || r->nplaces > REC_MAXPLACES)
		return -1;
	r->places = unpack_bytes(&u, (size_t)r->nplaces * REC_PLACELEN);
	return unpack_done(&u);
}

void
rec_place_get(const struct rec_message *m, uint32_t i, struct rec_place *r)
{
	struct unpack	 u = { m->places + (size_t)i * REC_PLACELEN,
	    REC_PLACELEN, 0 };

	r->account = unpack_u32(&u);
	r->mailbox = unpack_u64(&u);
	r->uid = unpack_u32(&u);
	r->modseq = unpack_u64(&u);
	r->flags = unpack_u8(&u);
	r->keywords = unpack_u64(&u);
	r->threadid = unpack_u64(&u);
	r->savedate = (int64_t)unpack_u64(&u);
	r->newids = unpack_u16(&u);
}

int
rec_copy_put(struct buf *b, const struct rec_copy *r)
{
	return pack_u64(b, r->from) | pack_u64(b, r->to) |
	    pack_u32(b, r->first) | pack_u64(b, r->modseq) |
	    pack_u64(b, r->from_modseq) | pack_u64(b, (uint64_t)r->savedate) |
	    pack_u8(b, r->move) | buf_add(b, r->map, sizeof(r->map)) |
	    put_uids(b, &r->uids) |
	    (r->mask == MSTORE_FLAGS_ALL ? 0 : pack_u8(b, r->mask));
}

int
rec_copy_get(struct rec_copy *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };
	const uint8_t	*map;

	rseq_init(&r->uids);
	r->from = unpack_u64(&u);
	r->to = unpack_u64(&u);
	r->first = unpack_u32(&u);
	r->modseq = unpack_u64(&u);
	r->from_modseq = unpack_u64(&u);
	r->savedate = (int64_t)unpack_u64(&u);
	r->move = unpack_u8(&u);
	if ((map = unpack_bytes(&u, sizeof(r->map))) == NULL)
		return -1;
	memcpy(r->map, map, sizeof(r->map));
	if (get_uids(&u, &r->uids) == -1)
		return -1;
	/* The mask came later: without it all flags are copied. */
	r->mask = MSTORE_FLAGS_ALL;
	if (u.left > 0 && (r->mask = unpack_u8(&u)) >= MSTORE_FLAGS_ALL)
		return -1;
	return unpack_done(&u);
}

int
rec_change_put(struct buf *b, const struct rec_change *r)
{
	return pack_u64(b, r->mailbox) | pack_u64(b, r->modseq) |
	    pack_u8(b, r->op) | pack_u8(b, r->flags) |
	    pack_u64(b, r->keywords) | put_uids(b, &r->uids) |
	    (r->op != REC_FLAGS_SETIN ? 0 : pack_u8(b, r->mask) |
	    pack_u8(b, r->kwmask));
}

int
rec_change_get(struct rec_change *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	rseq_init(&r->uids);
	r->mailbox = unpack_u64(&u);
	r->modseq = unpack_u64(&u);
	r->op = unpack_u8(&u);
	r->flags = unpack_u8(&u);
	r->keywords = unpack_u64(&u);
	if (r->op > REC_FLAGS_SETIN || get_uids(&u, &r->uids) == -1)
		return -1;
	r->mask = r->kwmask = 0;
	if (r->op == REC_FLAGS_SETIN) {
		r->mask = unpack_u8(&u);
		r->kwmask = unpack_u8(&u);
	}
	return unpack_done(&u);
}

int
rec_seen_put(struct buf *b, const struct rec_seen *r)
{
	return pack_u64(b, r->mailbox) | pack_u32(b, r->reader) |
	    pack_u64(b, r->modseq) | pack_u8(b, r->add) |
	    put_uids(b, &r->uids);
}

int
rec_seen_get(struct rec_seen *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	rseq_init(&r->uids);
	r->mailbox = unpack_u64(&u);
	r->reader = unpack_u32(&u);
	r->modseq = unpack_u64(&u);
	r->add = unpack_u8(&u);
	if (r->add > 1 || get_uids(&u, &r->uids) == -1)
		return -1;
	return unpack_done(&u);
}

int
rec_prop_put(struct buf *b, const struct rec_prop *r)
{
	return pack_u32(b, r->account) | pack_u64(b, r->mailbox) |
	    pack_str(b, r->name) | pack_str(b, r->value);
}

int
rec_prop_get(struct rec_prop *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	r->account = unpack_u32(&u);
	r->mailbox = unpack_u64(&u);
	r->name = unpack_str(&u, MSTORE_MAXNAME);
	r->value = unpack_str(&u, MSTORE_MAXPROP);
	return unpack_done(&u);
}

int
rec_globals_put(struct buf *b, const struct rec_globals *r)
{
	return pack_u32(b, r->next_account) |
	    pack_u32(b, r->last_uidvalidity);
}

int
rec_globals_get(struct rec_globals *r, const void *p, size_t len)
{
	struct unpack	 u = { p, len, 0 };

	r->next_account = unpack_u32(&u);
	r->last_uidvalidity = unpack_u32(&u);
	return unpack_done(&u);
}
