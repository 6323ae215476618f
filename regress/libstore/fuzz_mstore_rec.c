/*
 * The records of the mailbox log, as after damage that the checksum missed:
 * first octet the kind, the rest the record.  What is read is written again and
 * must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/mstore-rec.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
same(const struct buf *b, int e, const uint8_t *p, size_t len)
{
	if (e != 0 || b->len != len ||
	    (len > 0 && memcmp(buf_ptr(b), p, len) != 0))
		abort();
}

static void
message(struct buf *b, const uint8_t *p, size_t len)
{
	struct rec_message r;
	struct rec_place pl;
	uint32_t	 i;
	int		 e;

	if (rec_message_get(&r, p, len) == -1)
		return;
	e = rec_message_put(b, &r);
	for (i = 0; i < r.nplaces; i++) {
		rec_place_get(&r, i, &pl);
		e |= rec_place_put(b, &pl);
	}
	same(b, e, p, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct rec_account a;
	struct rec_mailbox m;
	struct rec_subscribe s;
	struct rec_copy	 c;
	struct rec_change ch;
	struct rec_seen	 sn;
	struct rec_prop	 pr;
	struct rec_globals g;
	struct buf	 b;
	uint64_t	 id;
	uint8_t		 kind;

	if (len == 0)
		return 0;
	kind = p[0] % (REC_GLOBALS + 1);
	p++;
	len--;
	buf_init(&b, 32U << 20);
	if (kind == REC_ACCOUNT && rec_account_get(&a, p, len) == 0)
		same(&b, rec_account_put(&b, &a), p, len);
	if (kind == REC_MAILBOX && rec_mailbox_get(&m, p, len) == 0)
		same(&b, rec_mailbox_put(&b, &m), p, len);
	if (kind == REC_MBOXDEL && rec_mboxdel_get(&id, p, len) == 0)
		same(&b, rec_mboxdel_put(&b, id), p, len);
	if (kind == REC_SUBSCRIBE && rec_subscribe_get(&s, p, len) == 0)
		same(&b, rec_subscribe_put(&b, &s), p, len);
	if (kind == REC_MESSAGE)
		message(&b, p, len);
	if (kind == REC_COPY) {
		if (rec_copy_get(&c, p, len) == 0)
			same(&b, rec_copy_put(&b, &c), p, len);
		rseq_free(&c.uids);
	}
	if (kind == REC_FLAGS || kind == REC_EXPUNGE) {
		if (rec_change_get(&ch, p, len) == 0)
			same(&b, rec_change_put(&b, &ch), p, len);
		rseq_free(&ch.uids);
	}
	if (kind == REC_SEEN) {
		if (rec_seen_get(&sn, p, len) == 0)
			same(&b, rec_seen_put(&b, &sn), p, len);
		rseq_free(&sn.uids);
	}
	if (kind == REC_PROP && rec_prop_get(&pr, p, len) == 0)
		same(&b, rec_prop_put(&b, &pr), p, len);
	if (kind == REC_GLOBALS && rec_globals_get(&g, p, len) == 0)
		same(&b, rec_globals_put(&b, &g), p, len);
	buf_free(&b);
	return 0;
}
