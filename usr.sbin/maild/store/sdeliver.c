#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "keywords.h"
#include "libutil/hashtab.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "limits.h"
#include "sdeliver.h"
#include "sgrant.h"
#include "srights.h"

#define META_LIMIT	(1024 * 1024)
#define DESTS		2000

/* One message of an append. */
struct item {
	int		 fd;
	uint8_t		*meta;
	size_t		 metalen;
	struct msg_store_append_msg msg;
	char		*keywords;
};

/* What has come of a delivery or an append before its last message. */
struct incoming {
	uint64_t	 cookie;
	struct mstore_dest *dests;
	uint32_t	*numbers;	/* n of each M_DELIVER_TO */
	char		**names;	/* accounts and sub-addresses */
	size_t		 ndests;
	struct item	*items;
	size_t		 nitems;
};

static struct hashtab	 incoming;

static const void *
incoming_key(const void *entry, size_t *len)
{
	const struct incoming	*in = entry;

	*len = sizeof(in->cookie);
	return &in->cookie;
}

void
sdeliver_init(void)
{
	hashtab_init(&incoming, incoming_key);
}

static struct incoming *
incoming_get(uint64_t cookie)
{
	struct incoming	*in;

	in = hashtab_find(&incoming, &cookie, sizeof(cookie));
	if (in != NULL)
		return in;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		fatal("deliver");
	in->cookie = cookie;
	if (hashtab_insert(&incoming, in) == -1)
		fatal("deliver");
	return in;
}

static void
incoming_free(struct incoming *in)
{
	size_t	 i;

	hashtab_remove(&incoming, &in->cookie, sizeof(in->cookie));
	for (i = 0; i < 2 * in->ndests; i++)
		free(in->names[i]);
	for (i = 0; i < in->nitems; i++) {
		if (in->items[i].fd != -1)
			close(in->items[i].fd);
		free(in->items[i].meta);
		free(in->items[i].keywords);
	}
	free(in->dests);
	free(in->numbers);
	free(in->names);
	free(in->items);
	free(in);
}

void
sdeliver_queue_gone(void)
{
	struct incoming	*in;
	size_t		 iter = 0;

	while ((in = hashtab_next(&incoming, &iter)) != NULL)
		incoming_free(in);
}

/* ---- pieces ------------------------------------------------------------- */

static void *
more(void *array, size_t n, size_t size)
{
	void	*p;

	if ((p = reallocarray(array, n, size)) == NULL)
		fatal("deliver");
	return p;
}

void
sdeliver_to(const struct msg_deliver_to *m)
{
	struct incoming		*in = incoming_get(m->cookie);
	struct mstore_dest	*d;
	size_t			 n = in->ndests;

	if (n >= DESTS)
		fatalx("queue: too many destinations");
	in->dests = more(in->dests, n + 1, sizeof(*in->dests));
	in->numbers = more(in->numbers, n + 1, sizeof(*in->numbers));
	in->names = more(in->names, 2 * (n + 1), sizeof(*in->names));
	if ((in->names[2 * n] = strdup(m->account)) == NULL ||
	    (in->names[2 * n + 1] = strdup(m->mailbox)) == NULL)
		fatal("deliver");
	in->ndests++;
	in->numbers[n] = m->n;
	d = &in->dests[n];
	memset(d, 0, sizeof(*d));
	if (m->mailbox[0] != '\0')
		d->ext = span_of(in->names[2 * n + 1]);
	d->limit.bytes = m->quota_bytes;
	d->limit.messages = m->quota_messages;
	/* It may have waited in the spool: today's, unless it has to go in. */
	if (d->limit.bytes != 0 || d->limit.messages != 0)
		(void)limits_get(m->account, &d->limit);
}

static struct item *
item_get(struct incoming *in, uint32_t n)
{
	if (n > in->nitems)
		fatalx("queue: messages out of order");
	if (n == in->nitems) {
		in->items = more(in->items, n + 1, sizeof(*in->items));
		memset(&in->items[n], 0, sizeof(*in->items));
		in->items[n].fd = -1;
		in->nitems++;
	}
	return &in->items[n];
}

void
sdeliver_meta(const struct msg_deliver_meta *m, int fd)
{
	struct item	*it = item_get(incoming_get(m->cookie), m->n);

	if (m->size > META_LIMIT || it->meta != NULL)
		fatalx("queue: meta too large");
	if ((it->meta = malloc(m->size + 1)) == NULL)
		fatal("deliver");
	it->metalen = m->size;
	if (pread(fd, it->meta, m->size, 0) != (ssize_t)m->size)
		fatalx("queue: meta is shorter than said");
	close(fd);
}

static void
set_threads(struct mstore_content *c, const uint64_t keys[4])
{
	c->msgid = keys[0];
	c->refs = keys + 1;
	for (c->nrefs = 0; c->nrefs < 3 && keys[1 + c->nrefs] != 0; c->nrefs++)
		;
}

/* ---- a delivery --------------------------------------------------------- */

static void
answer_one(const struct incoming *in, size_t i, enum mstore_code code)
{
	struct msg_deliver_r	 r = { .cookie = in->cookie,
	    .n = in->numbers[i] };
	struct mstore_mailbox	 mb;

	r.code = engine_code(code);
	/* A duplicate was stored the first time: that is what counts. */
	r.mailbox = "";
	if (code == MSTORE_OK && mstore_mailbox_get(engine(),
	    in->dests[i].mailbox_id, &mb) == MSTORE_OK) {
		r.mailbox = mb.name;
		r.uid = in->dests[i].uid;
	}
	(void)proc_send(PROC_QUEUE, 0, M_DELIVER_R, &r, -1);
}

/* The accounts by their names; a new one is made with its mailboxes. */
static void
find_accounts(struct incoming *in)
{
	size_t	 i;

	for (i = 0; i < in->ndests; i++) {
		if (engine_code(mstore_account_get(engine_begin(),
		    span_of(in->names[2 * i]), 1,
		    &in->dests[i].account)) != ST_OK)
			fatalx("store: account %s cannot be opened",
			    in->names[2 * i]);
	}
}

/* Is there somebody whom it is too much for? */
static int
somebody_full(const struct incoming *in, uint64_t size)
{
	const struct mstore_quota	*limit;
	struct mstore_quota		 use;
	size_t				 i;

	for (i = 0; i < in->ndests; i++) {
		limit = &in->dests[i].limit;
		if ((limit->bytes == 0 && limit->messages == 0) ||
		    mstore_usage(engine(), in->dests[i].account,
		    &use) != MSTORE_OK)
			continue;
		if ((limit->bytes != 0 && use.bytes + size > limit->bytes) ||
		    (limit->messages != 0 && use.messages >= limit->messages))
			return 1;
	}
	return 0;
}

/* The id of one account's part of a delivery. */
static uint64_t
part_id(uint64_t id, uint32_t account)
{
	id ^= ((uint64_t)account + 1) * 0x9e3779b97f4a7c15ULL;
	id ^= id >> 29;
	id *= 0xbf58476d1ce4e5b9ULL;
	id ^= id >> 32;
	return id == 0 ? 1 : id;
}

/* To all the places of one account, from the i-th on. */
static void
deliver_part(struct incoming *in, size_t i, uint64_t id,
    const struct mstore_content *c, struct mstore_dest *part, size_t *where)
{
	enum mstore_code	 code;
	size_t			 k, n = 0;

	for (k = i; k < in->ndests; k++) {
		if (in->dests[k].account != in->dests[i].account)
			continue;
		part[n] = in->dests[k];
		where[n++] = k;
	}
	code = mstore_deliver(engine_begin(), part_id(id,
	    in->dests[i].account), c, part, n);
	for (k = 0; k < n; k++) {
		if (code != MSTORE_OK)
			part[k].code = code;
		in->dests[where[k]] = part[k];
	}
}

/*
 * What is found to be a double was stored for all whom it was for.  So with
 * somebody who has no room, and whenever it may be a second attempt at such a
 * one, each account's part is remembered by itself.
 */
static void
deliver_parts(struct incoming *in, uint64_t id, const struct mstore_content *c)
{
	struct mstore_dest	*part;
	uint8_t			*done;
	size_t			*where, i, k;

	part = calloc(in->ndests, sizeof(*part));
	where = calloc(in->ndests, sizeof(*where));
	done = calloc(in->ndests, 1);
	if (part == NULL || where == NULL || done == NULL)
		fatal("deliver");
	for (i = 0; i < in->ndests; i++) {
		if (done[i])
			continue;
		deliver_part(in, i, id, c, part, where);
		for (k = i; k < in->ndests; k++)
			done[k] |= in->dests[k].account == in->dests[i].account;
	}
	free(part);
	free(where);
	free(done);
}

/* Each place gets its code. */
static void
deliver(struct incoming *in, const struct msg_deliver *m,
    const struct mstore_content *c)
{
	enum mstore_code	 code;
	size_t			 i;

	if (!engine_has_room())
		code = MSTORE_NOSPACE;
	else if (m->dedupe && mstore_delivered(engine(), m->id))
		code = MSTORE_DUPLICATE;
	else {
		find_accounts(in);
		if (m->dedupe || (in->ndests > 1 &&
		    somebody_full(in, m->prefix.len + m->size))) {
			deliver_parts(in, m->id, c);
			return;
		}
		code = mstore_deliver(engine_begin(), m->id, c, in->dests,
		    in->ndests);
	}
	for (i = 0; i < in->ndests; i++) {
		if (code != MSTORE_OK && code != MSTORE_OVERQUOTA)
			in->dests[i].code = code;
	}
}

void
sdeliver_message(const struct msg_deliver *m, int fd)
{
	struct incoming		*in = incoming_get(m->cookie);
	struct mstore_content	 c = { .fd = fd };
	size_t			 i;

	if (in->ndests == 0 || m->count != in->ndests)
		fatalx("queue: delivery without destinations");
	c.meta = in->nitems > 0 ? in->items[0].meta : m->meta.data;
	c.metalen = in->nitems > 0 ? in->items[0].metalen : m->meta.len;
	c.prefix = m->prefix.data;
	c.prefixlen = m->prefix.len;
	c.bodylen = m->size;
	c.date = m->date;
	set_threads(&c, m->threadkeys);
	deliver(in, m, &c);
	for (i = 0; i < in->ndests; i++)
		answer_one(in, i, in->dests[i].code);
	proc_count_add("store_deliveries", in->ndests);
	close(fd);
	incoming_free(in);
}

/* ---- an append ---------------------------------------------------------- */

void
sdeliver_append_msg(const struct msg_store_append_msg *m, int fd)
{
	struct item	*it = item_get(incoming_get(m->cookie), m->n);

	if (it->fd != -1)
		fatalx("queue: message comes twice");
	it->fd = fd;
	it->msg = *m;
	if ((it->keywords = strdup(m->keywords)) == NULL)
		fatal("append");
	if (it->meta == NULL) {
		if ((it->meta = malloc(m->meta.len + 1)) == NULL)
			fatal("append");
		memcpy(it->meta, m->meta.data, m->meta.len);
		it->metalen = m->meta.len;
	}
}

static enum mstore_code
fill(struct mstore_append *v, struct incoming *in, uint64_t mbox, int keywords)
{
	enum mstore_code	 code;
	struct item		*it;
	size_t			 i;

	for (i = 0; i < in->nitems; i++) {
		it = &in->items[i];
		v[i].content.fd = it->fd;
		v[i].content.meta = it->meta;
		v[i].content.metalen = it->metalen;
		v[i].content.bodylen = it->msg.size;
		v[i].content.date = it->msg.date;
		v[i].content.zone = (int16_t)it->msg.zone;
		v[i].flags = it->msg.flags & MSTORE_FLAGS_ALL;
		set_threads(&v[i].content, it->msg.threadkeys);
		if (keywords && (code = keywords_mask(mbox, it->keywords, 1,
		    &v[i].keywords)) != MSTORE_OK)
			return code;
	}
	return MSTORE_OK;
}

/* The size of one message; -1: it is not there. */
static int
size_of(uint64_t mbox, uint32_t uid, uint32_t *size)
{
	struct rseq_run		 run = { uid, uid };
	struct rseq		 one = { &run, 1, 1 };
	struct mstore_fetch	 f = { .mailbox = mbox, .uids = &one,
	    .cols = MSTORE_COL_SIZE };
	struct mstore_msg	 m;
	struct buf		 b;
	size_t			 off = 0;
	int			 there;

	buf_init(&b, 4096);
	there = mstore_fetch(engine(), &f, &b, 1024) == MSTORE_OK &&
	    mstore_page_next(buf_ptr(&b), b.len, &off, &m) == 1;
	if (there)
		*size = m.size;
	buf_free(&b);
	return there ? 0 : -1;
}

/*
 * REPLACE (RFC 8508): the old message must be there, and the room that it
 * leaves is room for the new one, where both are of one account.
 */
static enum msg_st
replace_check(const struct msg_store_append *m, uint32_t account,
    struct mstore_quota *limit)
{
	struct mstore_mailbox	 mb;
	enum msg_st		 code;
	uint32_t		 size;
	uint16_t		 rights;

	if (sgrant_mailbox(m->origin.inst, m->origin.sid, m->oldmbox, RIGHT_R |
	    RIGHT_T | RIGHT_E, &mb, &rights, &code) == NULL)
		return code == ST_DENIED ? code : ST_GONE;
	if (size_of(m->oldmbox, m->olduid, &size) == -1)
		return ST_GONE;
	if (mb.account != account)
		return ST_OK;
	if (limit->bytes != 0)
		limit->bytes += size;
	if (limit->messages != 0)
		limit->messages++;
	return ST_OK;
}

/* In the same turn, and so in the same commit, as the new one. */
static enum mstore_code
replace_end(const struct msg_store_append *m)
{
	struct rseq_run		 run = { m->olduid, m->olduid };
	struct rseq		 one = { &run, 1, 1 }, gone;
	enum mstore_code	 code;

	rseq_init(&gone);
	code = mstore_expunge(engine_begin(), m->oldmbox, &one, 1, &gone,
	    NULL);
	rseq_free(&gone);
	return code;
}

static enum mstore_code
append_all(struct incoming *in, const struct mstore_mailbox *mb,
    const struct mstore_who *who, const struct mstore_quota *limit,
    const struct msg_store_append *m, struct msg_store_append_r *r)
{
	struct mstore_append	*v;
	enum mstore_code	 code;

	if (!engine_has_room())
		return MSTORE_NOSPACE;
	if ((v = calloc(in->nitems, sizeof(*v))) == NULL)
		fatal("append");
	if ((code = fill(v, in, mb->id, who->keywords)) == MSTORE_OK)
		code = mstore_append_by(engine_begin(), who, mb->id, v,
		    in->nitems, limit, &r->first);
	if (code == MSTORE_OK && m->olduid != 0)
		code = replace_end(m);
	r->uidvalidity = mb->uidvalidity;
	r->last = r->first + in->nitems - 1;
	free(v);
	return code;
}

static enum msg_st
append(struct incoming *in, struct sgrant *g, const struct msg_store_append *m,
    struct msg_store_append_r *r)
{
	struct mstore_mailbox	 mb;
	struct mstore_quota	 limit;
	struct mstore_who	 who;
	enum msg_st		 code;
	uint16_t		 rights;

	code = srights_find(g, m->mailbox, RIGHT_I, &mb, &rights);
	if (code == ST_OK && mb.flags & MSTORE_NOSELECT)
		code = ST_NONEXISTENT;
	if (code != ST_OK)
		return code;
	limit = srights_limit(g, mb.account);
	if (m->olduid != 0 && (code = replace_check(m, mb.account, &limit)) !=
	    ST_OK)
		return code;
	who = srights_who(g, rights);
	return engine_code(append_all(in, &mb, &who, &limit, m, r));
}

void
sdeliver_append(const struct msg_store_append *m)
{
	struct msg_store_append_r r = { .cookie = m->cookie, .text = "" };
	struct incoming		*in = incoming_get(m->cookie);
	struct sgrant		*g = NULL;
	size_t			 i;

	for (i = 0; i < in->nitems && in->items[i].fd != -1; i++)
		;
	if (i == 0 || i != in->nitems || m->count != i)
		fatalx("queue: append without messages");
	if (m->origin.proc == PROC_IMAP)
		g = sgrant_find(m->origin.inst, m->origin.sid);
	if (g == NULL)
		r.code = ST_DENIED;
	else
		r.code = append(in, g, m, &r);
	proc_count_add("store_appends", in->nitems);
	(void)proc_send(PROC_QUEUE, 0, M_STORE_APPEND_R, &r, -1);
	incoming_free(in);
}
