/* The list of an account: walking, creating, deleting, renaming. */
#include <stdlib.h>
#include <string.h>

#include "mstore-int.h"
#include "pack.h"

/* The first entry of a sub-table of an account whose name follows `after'. */
static enum mstore_code
name_next(struct mstore *ms, uint32_t account, int sub, struct span after,
    struct mstore_listent *ent)
{
	struct kv_cursor *c;
	enum kv_code	 kc;
	uint8_t		 key[KEY_MAX + 1];
	const uint8_t	*k, *v;
	size_t		 klen, vlen, n;

	n = key_acct(key, account, sub, after);
	key[n++] = '\0';
	memset(ent, 0, offsetof(struct mstore_listent, name));
	if ((kc = kv_cursor_open(ms->v.kv, &c)) != KV_OK)
		return idx_code(ms, kc);
	kc = kv_cursor_seek(c, key, n);
	if (kc == KV_OK) {
		k = kv_cursor_key(c, &klen);
		v = kv_cursor_val(c, &vlen);
		if (klen <= 6 || klen - 6 > MSTORE_MAXNAME ||
		    memcmp(k, key, 6) != 0)
			kc = KV_NONE;
		else {
			memcpy(ent->name, k + 6, klen - 6);
			ent->name[klen - 6] = '\0';
			if (vlen >= 12) {
				ent->id = get_le64(v);
				ent->flags = get_le32(v + 8);
			}
		}
	}
	kv_cursor_close(c);
	return idx_code(ms, kc);
}

/* Is `child' somewhere below `parent'? */
static int
is_below(struct span parent, struct span child)
{
	return child.len > parent.len + 1 &&
	    memcmp(child.p, parent.p, parent.len) == 0 &&
	    child.p[parent.len] == MSTORE_SEPARATOR;
}

/* The first mailbox below a name, or the one after `after' among them. */
static enum mstore_code
child_next(struct mstore *ms, uint32_t account, struct span parent,
    struct span after, struct mstore_listent *ent)
{
	enum mstore_code code;
	char		 from[MSTORE_MAXNAME + 2];
	struct span	 s = after;

	if (after.len == 0) {
		/* "parent/" itself is no name: what follows it is below. */
		memcpy(from, parent.p, parent.len);
		from[parent.len] = MSTORE_SEPARATOR;
		s = (struct span){ from, parent.len + 1 };
		if (s.len > MSTORE_MAXNAME)
			return MSTORE_NONE;
	}
	code = name_next(ms, account, 'n', s, ent);
	if (code == MSTORE_OK && !is_below(parent, span_of(ent->name)))
		code = MSTORE_NONE;
	return code;
}

int
mstore_has_children(struct mstore *ms, uint32_t account, struct span name)
{
	struct mstore_listent *child;
	enum mstore_code code;

	if ((child = malloc(sizeof(*child))) == NULL)
		return 0;
	code = child_next(ms, account, name, SPAN(""), child);
	free(child);
	return code == MSTORE_OK;
}

enum mstore_code
mstore_list_next(struct mstore *ms, uint32_t account, struct span after,
    struct mstore_listent *ent)
{
	return name_next(ms, account, 'n', after, ent);
}

enum mstore_code
mstore_subscribed_next(struct mstore *ms, uint32_t account, struct span after,
    struct mstore_listent *ent)
{
	enum mstore_code code;
	uint8_t		 key[KEY_MAX];
	const uint8_t	*v;
	size_t		 len;

	if ((code = name_next(ms, account, 's', after, ent)) != MSTORE_OK)
		return code;
	code = idx_get(ms, key, key_acct(key, account, 'n',
	    span_of(ent->name)), &v, &len);
	if (code == MSTORE_OK && len >= 12) {
		ent->id = get_le64(v);
		ent->flags = get_le32(v + 8);
	}
	return code == MSTORE_TEMPFAIL ? code : MSTORE_OK;
}

int
mstore_is_subscribed(struct mstore *ms, uint32_t account, struct span name)
{
	uint8_t		 key[KEY_MAX];
	const uint8_t	*v;
	size_t		 len;

	return idx_get(ms, key, key_acct(key, account, 's',
	    mbox_name_normal(name)), &v, &len) == MSTORE_OK;
}

enum mstore_code
mstore_subscribe(struct mstore *ms, uint32_t account, struct span name, int on)
{
	struct rec_subscribe r = { account, on != 0, mbox_name_normal(name) };
	enum mstore_code code;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if (!mstore_name_valid(name))
		return MSTORE_INVALID;
	if (mstore_is_subscribed(ms, account, name) == (on != 0))
		return MSTORE_OK;
	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_SUBSCRIBE, rec_subscribe_put(&ms->head, &r));
}

/* A new mailbox, nothing asked. */
static enum mstore_code
create_one(struct mstore *ms, uint32_t account, struct span name,
    uint32_t flags, uint64_t *id)
{
	struct rec_mailbox r = { .account = account, .flags = flags,
	    .uidnext = 1, .recent = 1, .highestmodseq = 1, .name = name };
	enum mstore_code code;
	struct acct	*a;

	if ((a = cache_acct(ms, account, 0, &code)) == NULL)
		return code;
	if (a->nmailboxes >= MSTORE_MAXMAILBOXES)
		return MSTORE_LIMIT;
	if ((r.id = turn_id(ms)) == 0)
		return turn_fail(ms);
	/* Never one that this store gave out before, whatever the clock. */
	r.uidvalidity = ms->now > 0 && ms->now < UINT32_MAX ?
	    (uint32_t)ms->now : 1;
	if (r.uidvalidity <= ms->g.last_uidvalidity)
		r.uidvalidity = ms->g.last_uidvalidity + 1;
	*id = r.id;
	if ((code = mbox_log(ms, &r)) != MSTORE_OK)
		return code;
	return acl_inherit(ms, account, name, r.id);
}

static enum mstore_code
delete_one(struct mstore *ms, uint64_t id)
{
	buf_truncate(&ms->head, 0);
	return turn_log(ms, REC_MBOXDEL, rec_mboxdel_put(&ms->head, id));
}

/* Missing parents of a name; INBOX in any case is "INBOX" as a parent too. */
static enum mstore_code
create_parents(struct mstore *ms, uint32_t account, struct span name)
{
	enum mstore_code code;
	struct span	 parent;
	uint64_t	 id;
	size_t		 i;

	for (i = 1; i < name.len; i++) {
		if (name.p[i] != MSTORE_SEPARATOR)
			continue;
		parent = (struct span){ name.p, i };
		code = mstore_mailbox_find(ms, account, parent, &id);
		if (code == MSTORE_NONE)
			code = create_one(ms, account, parent, 0, &id);
		if (code != MSTORE_OK)
			return code;
	}
	return MSTORE_OK;
}

/* The name to store: "inbox/x" is below INBOX. */
static struct span
name_store(struct span name, char buf[MSTORE_MAXNAME + 1])
{
	if (name.len > MSTORE_MAXNAME || name.len < 5 ||
	    strncasecmp(name.p, "INBOX", 5) != 0 ||
	    (name.len > 5 && name.p[5] != MSTORE_SEPARATOR))
		return name;
	memcpy(buf, name.p, name.len);
	memcpy(buf, "INBOX", 5);
	return (struct span){ buf, name.len };
}

enum mstore_code
mstore_mailbox_create(struct mstore *ms, uint32_t account, struct span name,
    uint32_t use, uint64_t *id)
{
	enum mstore_code code;
	struct mbox	*x;
	char		 tmp[MSTORE_MAXNAME + 1];

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if (!mstore_name_valid(name))
		return MSTORE_INVALID;
	name = name_store(name, tmp);
	code = mstore_mailbox_find(ms, account, name, id);
	if (code == MSTORE_OK) {
		if ((x = cache_mbox(ms, *id, 0, &code)) == NULL)
			return code == MSTORE_NONE ? turn_fail(ms) : code;
		if (!(x->m.flags & MSTORE_NOSELECT))
			return MSTORE_EXISTS;
		/* Only its children were left: it becomes a new mailbox. */
		if ((code = delete_one(ms, *id)) != MSTORE_OK)
			return code;
	} else if (code != MSTORE_NONE)
		return code;
	if ((code = create_parents(ms, account, name)) != MSTORE_OK)
		return code;
	return create_one(ms, account, name, use & MSTORE_USE_MASK, id);
}

/* RFC 9051 6.3.5: the messages go; the name stays while it has children. */
enum mstore_code
mstore_mailbox_delete(struct mstore *ms, uint32_t account, struct span name)
{
	struct mstore_listent child;
	enum mstore_code code;
	struct mbox	*x;
	uint64_t	 id;
	char		 tmp[MSTORE_MAXNAME + 1];
	int		 children, noselect;

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	name = name_store(name, tmp);
	if (span_ieqs(name, "INBOX"))
		return MSTORE_CANNOT;
	if ((code = mstore_mailbox_find(ms, account, name, &id)) != MSTORE_OK)
		return code;
	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code;
	noselect = (x->m.flags & MSTORE_NOSELECT) != 0;
	code = child_next(ms, account, name, SPAN(""), &child);
	if (code != MSTORE_OK && code != MSTORE_NONE)
		return code;
	children = code == MSTORE_OK;
	if (noselect && children)
		return MSTORE_CANNOT;
	if ((code = delete_one(ms, id)) != MSTORE_OK || !children)
		return code;
	return create_one(ms, account, name, MSTORE_NOSELECT, &id);
}

static enum mstore_code
rename_one(struct mstore *ms, uint64_t id, struct span to)
{
	enum mstore_code code;
	struct rec_mailbox r;
	struct mbox	*x;

	if ((x = cache_mbox(ms, id, 0, &code)) == NULL)
		return code;
	mbox_record(x, &r);
	r.name = to;
	return mbox_log(ms, &r);
}

/* RFC 9051 6.3.6: the messages of INBOX move to a new mailbox. */
static enum mstore_code
rename_inbox(struct mstore *ms, uint32_t account, struct span to)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 }, done;
	enum mstore_code code;
	uint64_t	 from, id;
	uint32_t	 first;

	if ((code = mstore_mailbox_find(ms, account, SPAN("INBOX"), &from)) !=
	    MSTORE_OK || (code = mstore_mailbox_create(ms, account, to, 0,
	    &id)) != MSTORE_OK)
		return code;
	rseq_init(&done);
	code = mstore_copy(ms, from, &all, id, 1, NULL, &done, &first);
	rseq_free(&done);
	/* The mailbox is made already: half of a rename must not stay. */
	return code == MSTORE_OK ? code : turn_fail(ms);
}

static enum mstore_code
rename_children(struct mstore *ms, uint32_t account, struct span from,
    struct span to)
{
	struct mstore_listent child;
	enum mstore_code code;
	char		 name[2 * MSTORE_MAXNAME + 2];
	struct span	 s;

	/* Each one that is renamed leaves the range: begin again. */
	for (;;) {
		code = child_next(ms, account, from, SPAN(""), &child);
		if (code != MSTORE_OK)
			return code == MSTORE_NONE ? MSTORE_OK : code;
		s = span_of(child.name);
		memcpy(name, to.p, to.len);
		memcpy(name + to.len, s.p + from.len, s.len - from.len);
		s = (struct span){ name, to.len + s.len - from.len };
		if (s.len > MSTORE_MAXNAME || rename_one(ms, child.id, s) !=
		    MSTORE_OK)
			return turn_fail(ms);
	}
}

/* Would a child's name grow too long? */
static enum mstore_code
children_fit(struct mstore *ms, uint32_t account, struct span from,
    struct span to)
{
	struct mstore_listent child;
	enum mstore_code code;
	struct span	 after = SPAN("");
	char		 name[MSTORE_MAXNAME + 1];

	while ((code = child_next(ms, account, from, after, &child)) ==
	    MSTORE_OK) {
		if (strlen(child.name) - from.len + to.len > MSTORE_MAXNAME)
			return MSTORE_LIMIT;
		strlcpy(name, child.name, sizeof(name));
		after = span_of(name);
	}
	return code == MSTORE_NONE ? MSTORE_OK : code;
}

enum mstore_code
mstore_mailbox_rename(struct mstore *ms, uint32_t account, struct span from,
    struct span to)
{
	enum mstore_code code;
	uint64_t	 id, other;
	char		 tmp1[MSTORE_MAXNAME + 1], tmp2[MSTORE_MAXNAME + 1];

	if ((code = turn_check(ms)) != MSTORE_OK)
		return code;
	if (!mstore_name_valid(to))
		return MSTORE_INVALID;
	from = name_store(from, tmp1);
	to = name_store(to, tmp2);
	if ((code = mstore_mailbox_find(ms, account, from, &id)) != MSTORE_OK)
		return code;
	code = mstore_mailbox_find(ms, account, to, &other);
	if (code == MSTORE_OK)
		return MSTORE_EXISTS;
	if (code != MSTORE_NONE)
		return code;
	if (span_ieqs(from, "INBOX"))
		return rename_inbox(ms, account, to);
	if (is_below(from, to))
		return MSTORE_CANNOT;	/* into itself */
	if ((code = children_fit(ms, account, from, to)) != MSTORE_OK ||
	    (code = create_parents(ms, account, to)) != MSTORE_OK ||
	    (code = rename_one(ms, id, to)) != MSTORE_OK)
		return code;
	return rename_children(ms, account, from, to);
}
