/* Mailboxes: one by one. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mstore-int.h"
#include "pack.h"

struct span
mbox_name_normal(struct span name)
{
	return span_ieqs(name, "INBOX") ? SPAN("INBOX") : name;
}

/* Bytes of one UTF-8 character at p, 0 when it is none (RFC 3629). */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	size_t	 n, i;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
	    p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than needed, surrogates, beyond the last. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

int
mstore_name_valid(struct span name)
{
	const unsigned char *p = (const unsigned char *)name.p;
	size_t	 i, n;

	if (name.len == 0 || name.len > MSTORE_MAXNAME ||
	    p[0] == MSTORE_SEPARATOR || p[name.len - 1] == MSTORE_SEPARATOR)
		return 0;
	for (i = 0; i < name.len; i += n) {
		if (p[i] < 0x20 || p[i] == 0x7f)
			return 0;
		if (p[i] == MSTORE_SEPARATOR && p[i + 1] == MSTORE_SEPARATOR)
			return 0;
		if ((n = utf8_len(p + i, name.len - i)) == 0)
			return 0;
		/* C1 controls, and the line ends of RFC 9051 5.1 */
		if ((p[i] == 0xc2 && p[i + 1] < 0xa0) || (p[i] == 0xe2 &&
		    p[i + 1] == 0x80 && (p[i + 2] == 0xa8 ||
		    p[i + 2] == 0xa9)))
			return 0;
	}
	return 1;
}

enum mstore_code
mstore_mailbox_find(struct mstore *ms, uint32_t account, struct span name,
    uint64_t *id)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*val;
	size_t		 len;

	if (name.len == 0 || name.len > MSTORE_MAXNAME)
		return MSTORE_NONE;
	code = idx_get(ms, key, key_acct(key, account, 'n',
	    mbox_name_normal(name)), &val, &len);
	if (code == MSTORE_OK && len >= 8)
		*id = get_le64(val);
	return code;
}

enum mstore_code
mstore_mailbox_get(struct mstore *ms, uint64_t id, struct mstore_mailbox *m)
{
	enum mstore_code code;
	struct mbox	*x;

	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code;
	if (x->m.flags & MSTORE_DELETED_MBOX)
		return MSTORE_NONE;
	*m = x->m;
	return ms->v.in_turn ? MSTORE_OK : cache_trim(ms);
}

struct mbox *
mbox_select(struct mstore *ms, uint64_t id, enum mstore_code *code)
{
	struct mbox	*x;

	if ((x = cache_mbox(ms, id, 0, code)) == NULL)
		return NULL;
	if (x->m.flags & MSTORE_DELETED_MBOX)
		*code = MSTORE_NONE;
	else if (x->m.flags & MSTORE_NOSELECT)
		*code = MSTORE_CANNOT;
	else
		return x;
	return NULL;
}

void
mbox_record(const struct mbox *x, struct rec_mailbox *r)
{
	unsigned int	 i;

	r->id = x->m.id;
	r->account = x->m.account;
	r->flags = x->m.flags;
	r->uidvalidity = x->m.uidvalidity;
	r->uidnext = x->m.uidnext;
	r->recent = x->m.recent;
	r->highestmodseq = x->m.highestmodseq;
	r->name = span_of(x->m.name);
	r->nkeywords = (uint8_t)x->m.nkeywords;
	for (i = 0; i < x->m.nkeywords; i++)
		r->keywords[i] = span_of(x->keywords[i]);
}

enum mstore_code
mbox_log(struct mstore *ms, const struct rec_mailbox *r)
{
	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_MAILBOX, rec_mailbox_put(&ms->head, r));
}

enum mstore_code
mstore_mailbox_use(struct mstore *ms, uint64_t id, uint32_t use)
{
	enum mstore_code code;
	struct rec_mailbox r;
	struct mbox	*x;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	mbox_record(x, &r);
	r.flags = (r.flags & ~MSTORE_USE_MASK) | (use & MSTORE_USE_MASK);
	return mbox_log(ms, &r);
}

enum mstore_code
mstore_keyword_name(struct mstore *ms, uint64_t id, unsigned int i,
    char name[MSTORE_MAXKEYWORD + 1])
{
	enum mstore_code code;
	struct mbox	*x;

	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code;
	if (i >= x->m.nkeywords)
		return MSTORE_NONE;
	strlcpy(name, x->keywords[i], MSTORE_MAXKEYWORD + 1);
	return MSTORE_OK;
}

/* Bit of a keyword among the first n of a record, or -1. */
static int
keyword_find(const struct rec_mailbox *r, struct span name)
{
	int	 i;

	for (i = 0; i < r->nkeywords; i++)
		if (span_ieq(r->keywords[i], name))
			return i;
	return -1;
}

/* An atom (RFC 9051 flag-keyword): no system flag, nothing that breaks it. */
static int
keyword_valid(struct span name)
{
	size_t	 i;

	if (name.len == 0 || name.len > MSTORE_MAXKEYWORD)
		return 0;
	for (i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f ||
		    strchr("(){%*\"\\]", name.p[i]) != NULL)
			return 0;
	return 1;
}

enum mstore_code
mstore_keyword_mask(struct mstore *ms, uint64_t id, const struct span *names,
    size_t n, int create, uint64_t *mask)
{
	enum mstore_code code, ret = MSTORE_OK;
	struct rec_mailbox r;
	struct mbox	*x;
	size_t		 i;
	int		 bit, added = 0;

	*mask = 0;
	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code;
	mbox_record(x, &r);
	for (i = 0; i < n; i++) {
		if ((bit = keyword_find(&r, names[i])) == -1) {
			if (!create || !keyword_valid(names[i]) ||
			    r.nkeywords == MSTORE_NKEYWORDS) {
				ret = MSTORE_LIMIT;
				continue;
			}
			bit = r.nkeywords++;
			r.keywords[bit] = names[i];
			added = 1;
		}
		*mask |= (uint64_t)1 << bit;
	}
	if (added) {
		if ((code = turn_check(ms)) != MSTORE_OK ||
		    (code = mbox_log(ms, &r)) != MSTORE_OK)
			return code;
	}
	return ret;
}

enum mstore_code
mstore_take_recent(struct mstore *ms, uint64_t id, uint32_t *from)
{
	enum mstore_code code;
	struct mbox	*x;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	*from = x->m.recent;
	if (x->m.recent != x->m.uidnext) {
		/* In the index alone: it is not worth a flush. */
		x->m.recent = x->m.uidnext;
		cache_dirty(x);
	}
	return MSTORE_OK;
}

/* The least slot >= s of a chunk without \Seen, HOT_SLOTS when none; *below
 * counts those that were passed. */
static uint32_t
unseen_slot(const struct hot *h, uint32_t s, uint32_t *below)
{
	for (; s < HOT_SLOTS; s++) {
		if (!hot_has(h, s))
			continue;
		if (!(h->flags[s] & MSTORE_SEEN))
			return s;
		(*below)++;
	}
	return HOT_SLOTS;
}

enum mstore_code
mstore_first_unseen(struct mstore *ms, uint64_t id, uint32_t *uid,
    uint32_t *number)
{
	enum mstore_code code;
	struct mbox	*x;
	struct hot	*h;
	uint32_t	 c, s, below, from, next;

	if ((x = mbox_select(ms, id, &code)) == NULL)
		return code;
	if (x->m.unseen == 0)
		return MSTORE_NONE;
	from = x->hint_uid;
	below = x->hint_below;
	next = x->m.uidnext;
	for (c = HOT_CHUNK(from); c <= HOT_CHUNK(next); c++) {
		h = cache_hot(ms, id, c, 0, &code);
		if (h == NULL && code != MSTORE_NONE)
			return code;
		s = h == NULL ? HOT_SLOTS : unseen_slot(h,
		    c == HOT_CHUNK(from) ? HOT_SLOT(from) : 0, &below);
		if (s < HOT_SLOTS) {
			*uid = c << HOT_SHIFT | s;
			*number = below + 1;
			/* Remember; it reaches the index with the next turn
			 * that writes this mailbox. */
			if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
				return code;
			x->hint_uid = *uid;
			x->hint_below = below;
			if (ms->v.in_turn)
				cache_dirty(x);
			return MSTORE_OK;
		}
		if (!ms->v.in_turn && (code = cache_trim(ms)) != MSTORE_OK)
			return code;
	}
	return MSTORE_NONE;
}
