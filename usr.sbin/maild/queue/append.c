#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "body.h"
#include "conf.h"
#include "delivery.h"
#include "libutil/buf.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "scanjob.h"

#define APPEND_MESSAGES	1000	/* of one MULTIAPPEND */
#define APPEND_ITEMS	4000	/* of one imap process at once */

struct append;

struct append_item {
	struct append	*append;
	int		 fd;
	int		 metafd;
	uint32_t	 metasize;
	uint8_t		 complete;	/* imap has written it */
	uint8_t		 scanned;
	struct msg_append_msg msg;
	char		*keywords;
	struct buf	 meta;
	uint64_t	 threadkeys[4];
	struct msg_scan	 scanmsg;
	struct scanjob	*job;
};

struct append_key {
	uint64_t	 sid;
	uint64_t	 inst;
};

struct append {
	struct append_key key;
	uint32_t	 txn;
	uint64_t	 cookie;	/* at the store; 0 until it is asked */
	struct append_item **items;
	size_t		 nitems;
	size_t		 scanning;
	uint8_t		 failed;	/* enum msg_st */
	uint8_t		 committed;
	char		*mailbox;
	uint64_t	 oldmbox;	/* of REPLACE */
	uint32_t	 olduid;
};

static struct hashtab	 appends;	/* by session */
static unsigned		 nitems[256];	/* by instance */
static struct hashtab	 stored;	/* by cookie: the store has them */
static const struct conf *conf;

static const void *
append_key(const void *entry, size_t *len)
{
	const struct append	*a = entry;

	*len = sizeof(a->key);
	return &a->key;
}

static const void *
stored_key(const void *entry, size_t *len)
{
	const struct append	*a = entry;

	*len = sizeof(a->cookie);
	return &a->cookie;
}

void
append_init(void)
{
	hashtab_init(&appends, append_key);
	hashtab_init(&stored, stored_key);
}

void
append_conf(const struct conf *c)
{
	conf = c;
}

static struct append *
append_find(unsigned inst, uint64_t sid, uint32_t txn)
{
	struct append_key	 key = { sid, inst };
	struct append		*a;

	a = hashtab_find(&appends, &key, sizeof(key));
	return a != NULL && a->txn == txn ? a : NULL;
}

static void
append_free(struct append *a)
{
	struct append_item	*it;
	size_t			 i;

	if (hashtab_find(&appends, &a->key, sizeof(a->key)) == a)
		hashtab_remove(&appends, &a->key, sizeof(a->key));
	if (a->cookie != 0)
		hashtab_remove(&stored, &a->cookie, sizeof(a->cookie));
	for (i = 0; i < a->nitems; i++) {
		it = a->items[i];
		if (it->job != NULL)
			scanjob_cancel(it->job);
		if (it->fd != -1)
			close(it->fd);
		if (it->metafd != -1)
			close(it->metafd);
		buf_free(&it->meta);
		free(it->keywords);
		free(it);
	}
	nitems[a->key.inst] -= a->nitems;
	free(a->items);
	free(a->mailbox);
	free(a);
}

static void
append_reply(struct append *a, uint8_t code, uint32_t uidvalidity,
    uint32_t first, uint32_t last, const char *text)
{
	struct msg_append_r	 r = { .sid = a->key.sid, .txn = a->txn,
	    .code = code, .uidvalidity = uidvalidity, .first = first,
	    .last = last, .text = text };

	(void)proc_send(PROC_IMAP, a->key.inst, M_APPEND_R, &r, -1);
	append_free(a);
}

static struct append *
append_new(unsigned inst, uint64_t sid, uint32_t txn)
{
	struct append_key	 key = { sid, inst };
	struct append		*a;

	if ((a = hashtab_find(&appends, &key, sizeof(key))) != NULL)
		append_free(a);
	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("append");
	a->key = key;
	a->txn = txn;
	if (hashtab_insert(&appends, a) == -1)
		fatal("append");
	return a;
}

static struct append_item *
item_new(struct append *a)
{
	struct append_item	**p, *it;

	p = reallocarray(a->items, a->nitems + 1, sizeof(*p));
	if (p == NULL || (it = calloc(1, sizeof(*it))) == NULL)
		fatal("append");
	a->items = p;
	p[a->nitems++] = it;
	nitems[a->key.inst]++;
	it->append = a;
	it->fd = it->metafd = -1;
	buf_init(&it->meta, MSG_BLOB);
	return it;
}

/* A descriptor for the n-th message, before a byte of it is taken. */
static uint8_t
open_item(struct append *a, uint64_t size, int *fd)
{
	struct append_item	*it;

	if (a->nitems >= APPEND_MESSAGES ||
	    size > conf->limits.message_size)
		return ST_LIMIT;
	if (delivery_disk_full() || !body_disk_ok())
		return ST_NOSPACE;
	if (nitems[a->key.inst] >= APPEND_ITEMS)
		return ST_TEMP;
	it = item_new(a);
	if ((it->fd = body_open(size)) == -1 ||
	    (*fd = fcntl(it->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		if (errno == ENOSPC)
			return ST_NOSPACE;
		log_warn("append");
		return ST_TEMP;
	}
	return ST_OK;
}

void
append_open(const struct proc_from *from, const struct msg_append_open *m)
{
	struct msg_append_open_r r = { .sid = m->sid, .txn = m->txn,
	    .n = m->n };
	struct append		*a;
	int			 fd = -1;

	a = append_find(from->inst, m->sid, m->txn);
	if (a == NULL && m->n == 0)
		a = append_new(from->inst, m->sid, m->txn);
	if (a == NULL || m->n != a->nitems || a->committed) {
		proc_bad(from, "APPEND_OPEN out of order");
		return;
	}
	r.code = open_item(a, m->size, &fd);
	(void)proc_send(PROC_IMAP, from->inst, M_APPEND_OPEN_R, &r, fd);
	if (r.code != ST_OK)
		append_free(a);
}

static int
store_item(struct append *a, size_t n)
{
	struct append_item		*it = a->items[n];
	struct msg_store_append_msg	 m = { .cookie = a->cookie, .n = n };
	struct msg_deliver_meta		 mm = { .cookie = a->cookie, .n = n };
	int				 fd;

	if (it->metafd != -1) {
		mm.size = it->metasize;
		fd = it->metafd;
		it->metafd = -1;
		if (proc_send(PROC_STORE, 0, M_DELIVER_META, &mm, fd) == -1)
			return -1;
	}
	m.size = it->msg.size;
	m.flags = it->msg.flags;
	m.date = it->msg.date;
	m.zone = it->msg.zone;
	m.keywords = it->keywords;
	m.meta.data = buf_ptr(&it->meta);
	m.meta.len = it->meta.len;
	memcpy(m.threadkeys, it->threadkeys, sizeof(m.threadkeys));
	fd = it->fd;
	it->fd = -1;
	return proc_send(PROC_STORE, 0, M_STORE_APPEND_MSG, &m, fd);
}

/* All are scanned and imap said commit: to the store with them. */
static void
append_store(struct append *a)
{
	struct msg_store_append	 m = { 0 };
	size_t			 i;

	if (!a->committed || a->scanning > 0)
		return;
	if (a->failed) {
		append_reply(a, a->failed, 0, 0, 0,
		    "message cannot be processed");
		return;
	}
	a->cookie = proc_new_id();
	if (hashtab_insert(&stored, a) == -1)
		fatal("append");
	for (i = 0; i < a->nitems; i++) {
		if (store_item(a, i) == -1)
			goto gone;
	}
	m.cookie = a->cookie;
	m.origin.proc = PROC_IMAP;
	m.origin.inst = a->key.inst;
	m.origin.sid = a->key.sid;
	m.count = a->nitems;
	m.mailbox = a->mailbox;
	m.oldmbox = a->oldmbox;
	m.olduid = a->olduid;
	if (proc_send(PROC_STORE, 0, M_STORE_APPEND, &m, -1) == 0)
		return;
gone:
	append_reply(a, ST_TEMP, 0, 0, 0, "store is not available just now");
}

static void
on_scan(void *arg, const struct msg_scan_r *r, int fd)
{
	struct append_item	*it = arg;

	it->job = NULL;
	it->metafd = fd;
	it->scanned = 1;
	it->append->scanning--;
	if (r == NULL)
		it->append->failed = ST_BAD;
	else if (r->status != SCAN_OK ||
	    (fd == -1 && r->meta.len == 0) || buf_add(&it->meta, r->meta.data,
	    r->meta.len) == -1 || (fd != -1 && body_meta(fd,
	    &it->metasize) == -1))
		it->append->failed = ST_TEMP;
	else
		memcpy(it->threadkeys, r->threadkeys, sizeof(it->threadkeys));
	append_store(it->append);
}

/* The next message, in memory of imap's own making.  NULL: out of order. */
static struct append *
take_own(const struct proc_from *from, const struct msg_append_msg *m, int fd)
{
	struct append		*a;
	struct append_item	*it;

	a = append_find(from->inst, m->sid, m->txn);
	if (a == NULL && m->n == 0)
		a = append_new(from->inst, m->sid, m->txn);
	if (a == NULL || m->n != a->nitems || m->n >= APPEND_OWN_N ||
	    a->committed || m->size > APPEND_OWN) {
		close(fd);
		return NULL;
	}
	if (delivery_disk_full() || !body_disk_ok())
		a->failed = ST_NOSPACE;
	else if (m->size > conf->limits.message_size)
		a->failed = ST_LIMIT;
	else if (nitems[a->key.inst] >= APPEND_ITEMS)
		a->failed = ST_TEMP;
	it = item_new(a);
	if (a->failed)
		close(fd);
	else
		it->fd = fd;
	return a;
}

void
append_msg(const struct proc_from *from, const struct msg_append_msg *m,
    int fd)
{
	struct append_item	*it;
	struct append		*a;

	if (fd != -1) {
		if ((a = take_own(from, m, fd)) == NULL) {
			proc_bad(from, "APPEND_MSG not in order");
			return;
		}
	} else if ((a = append_find(from->inst, m->sid, m->txn)) == NULL)
		/* A session that ended has none any more; imap may not know
		 * yet. */
		return;
	if (m->n >= a->nitems || a->items[m->n]->complete || a->committed) {
		proc_bad(from, "APPEND_MSG out of order");
		return;
	}
	it = a->items[m->n];
	it->complete = 1;
	it->msg = *m;
	if ((it->keywords = strdup(m->keywords)) == NULL)
		fatal("append");
	if (m->date == INT64_MIN)
		it->msg.date = proc_time();
	if (a->failed)
		return;
	if ((fd != -1 ? body_seal_memory(it->fd, m->size) :
	    body_seal(it->fd, m->size)) == -1) {
		a->failed = ST_TEMP;
		return;
	}
	it->scanmsg.size = m->size;
	it->scanmsg.flags = SCAN_APPEND;
	it->scanmsg.now = proc_time();
	it->scanmsg.id = proc_new_id();
	it->scanmsg.sender = it->scanmsg.domain = "";
	it->scanmsg.hostname = conf->hostname;
	a->scanning++;
	if ((it->job = scanjob_start(&it->scanmsg, it->fd, on_scan,
	    it)) == NULL)
		fatal("append");
}

void
append_commit(const struct proc_from *from, const struct msg_append_commit *m)
{
	struct append	*a;
	size_t		 i;

	if ((a = append_find(from->inst, m->sid, m->txn)) == NULL)
		return;
	for (i = 0; i < a->nitems && a->items[i]->complete; i++)
		;
	if (a->committed || m->count != a->nitems || i != a->nitems) {
		proc_bad(from, "APPEND_COMMIT out of order");
		return;
	}
	a->committed = 1;
	a->oldmbox = m->oldmbox;
	a->olduid = m->olduid;
	if ((a->mailbox = strdup(m->mailbox)) == NULL)
		fatal("append");
	append_store(a);
}

void
append_abort(const struct proc_from *from, const struct msg_append_abort *m)
{
	struct append	*a;

	if ((a = append_find(from->inst, m->sid, m->txn)) != NULL)
		append_free(a);
}

void
append_stored(const struct msg_store_append_r *m)
{
	struct append	*a;

	a = hashtab_find(&stored, &m->cookie, sizeof(m->cookie));
	if (a != NULL)
		append_reply(a, m->code, m->uidvalidity, m->first, m->last,
		    m->text);
}

void
append_session_end(const struct proc_from *from, uint64_t sid)
{
	struct append_key	 key = { sid, from->inst };
	struct append		*a;

	if ((a = hashtab_find(&appends, &key, sizeof(key))) != NULL)
		append_free(a);
}

void
append_worker_gone(unsigned inst)
{
	struct append	*a;
	size_t		 iter = 0;

	while ((a = hashtab_next(&appends, &iter)) != NULL) {
		if (a->key.inst == inst)
			append_free(a);
	}
}

void
append_store_gone(void)
{
	struct append	*a;
	size_t		 iter = 0;

	while ((a = hashtab_next(&stored, &iter)) != NULL)
		append_reply(a, ST_TEMP, 0, 0, 0,
		    "store is not available just now");
}
