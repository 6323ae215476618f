#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "trace.h"

#define STORE_PATIENCE	20000	/* ms that a client waits for its return */
#define STORE_DEATHS	2	/* then it may be this one's fault */

struct delivery {
	uint64_t		 cookie;
	struct delivery_what	 what;
	size_t			 waiting;	/* destinations not answered */
	uint64_t		 since;		/* ms, of the last sending */
	uint8_t			 sent;
	uint8_t			 deaths;	/* of the store that had it */
	delivery_cb		 cb;
	void			*arg;
};

static struct hashtab	 deliveries;	/* by cookie */
static int		 disk_full;	/* the store's */

static const void *
delivery_key(const void *entry, size_t *len)
{
	const struct delivery	*d = entry;

	*len = sizeof(d->cookie);
	return &d->cookie;
}

void
delivery_init(void)
{
	hashtab_init(&deliveries, delivery_key);
}

size_t
delivery_count(void)
{
	return deliveries.count;
}

static int
is_open(const struct destination *dst)
{
	return dst->kind == DST_ACCOUNT && dst->state == DSTATE_BUSY;
}

static void
finish(struct delivery *d)
{
	delivery_cb	 cb = d->cb;
	void		*arg = d->arg;

	hashtab_remove(&deliveries, &d->cookie, sizeof(d->cookie));
	free(d);
	cb(arg);
}

/* Nobody knows: the store did not say.  They stay pending. */
static void
give_up(struct delivery *d)
{
	struct envelope	*e = d->what.env;
	size_t		 i;

	for (i = 0; i < e->ndsts; i++) {
		if (!is_open(&e->dsts[i]))
			continue;
		e->dsts[i].state = DSTATE_PENDING;
		if (envelope_set_reply(&e->dsts[i], 451, "4.3.0",
		    "mailboxes are not available just now", "") == -1)
			fatal("delivery");
	}
	finish(d);
}

/* Both descriptors for the store, or none: it must not get half of it. */
static int
dup_both(const struct delivery_what *w, int *fd, int *metafd)
{
	*metafd = -1;
	if ((*fd = fcntl(w->fd, F_DUPFD_CLOEXEC, 0)) == -1 ||
	    (w->meta->len == 0 &&
	    (*metafd = fcntl(w->metafd, F_DUPFD_CLOEXEC, 0)) == -1)) {
		log_warn("deliver: dup");
		if (*fd != -1)
			close(*fd);
		return -1;
	}
	return 0;
}

/* -1: the store is away; whoever was told something is dead. */
static int
send_pieces(struct delivery *d, int metafd, struct msg_deliver *m)
{
	struct delivery_what	*w = &d->what;
	struct msg_deliver_meta	 meta = { .cookie = d->cookie,
	    .size = w->metasize };
	struct msg_deliver_to	 to = { .cookie = d->cookie };
	size_t			 i;

	if (metafd != -1 && proc_send(PROC_STORE, 0, M_DELIVER_META, &meta,
	    metafd) == -1)
		return -1;
	for (i = 0; i < w->env->ndsts; i++) {
		if (!is_open(&w->env->dsts[i]))
			continue;
		to.n = i;
		to.account = w->env->dsts[i].address;
		to.mailbox = w->env->dsts[i].mailbox;
		to.quota_bytes = w->env->dsts[i].quota_bytes;
		to.quota_messages = w->env->dsts[i].quota_messages;
		if (proc_send(PROC_STORE, 0, M_DELIVER_TO, &to, -1) == -1)
			return -1;
		m->count++;
	}
	return 0;
}

static int
send_all(struct delivery *d)
{
	struct delivery_what	*w = &d->what;
	struct msg_deliver	 m = { .cookie = d->cookie };
	int			 fd, metafd;

	if (dup_both(w, &fd, &metafd) == -1)
		return -1;
	if (send_pieces(d, metafd, &m) == -1) {
		close(fd);
		return -1;
	}
	m.id = w->id;
	m.dedupe = w->dedupe;
	m.date = w->date;
	m.size = w->size;
	m.prefix.data = buf_ptr(w->prefix);
	m.prefix.len = w->prefix->len;
	m.meta.data = buf_ptr(w->meta);
	m.meta.len = w->meta->len;
	memcpy(m.threadkeys, w->threadkeys, sizeof(m.threadkeys));
	if (proc_send(PROC_STORE, 0, M_DELIVER, &m, fd) == -1)
		return -1;
	/* From here on the store may have done it, whatever we hear. */
	w->dedupe = 1;
	d->sent = 1;
	return 0;
}

struct delivery *
delivery_start(const struct delivery_what *w, delivery_cb cb, void *arg)
{
	struct delivery	*d;
	size_t		 i;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->cookie = proc_new_id();
	d->what = *w;
	d->cb = cb;
	d->arg = arg;
	d->since = proc_now_ms();
	for (i = 0; i < w->env->ndsts; i++) {
		if (w->env->dsts[i].kind == DST_ACCOUNT &&
		    w->env->dsts[i].state == DSTATE_PENDING) {
			w->env->dsts[i].state = DSTATE_BUSY;
			d->waiting++;
		}
	}
	if (hashtab_insert(&deliveries, d) == -1) {
		free(d);
		return NULL;
	}
	if (send_all(d) == -1)
		log_debug("delivery waits for the store");
	return d;
}

static void
set_result(struct destination *dst, const struct msg_deliver_r *m)
{
	static const struct {
		uint8_t		 state;
		uint16_t	 code;
		const char	*enhanced, *text;
	} replies[] = {
	[ST_OK] =	{ DSTATE_DONE, 250, "2.0.0", "delivered" },
	[ST_TEMP] =	{ DSTATE_PENDING, 451, "4.3.0",
			    "mailbox is not available just now" },
	[ST_QUOTA] =	{ DSTATE_PENDING, 452, "4.2.2", "mailbox is full" },
	[ST_NOSPACE] =	{ DSTATE_PENDING, 452, "4.3.1", "disk is full" },
	[ST_DENIED] =	{ DSTATE_FAILED, 550, "5.2.1",
			    "mailbox is not available" },
	};
	const char	*mailbox = m->mailbox;
	unsigned	 code = m->code;

	if (code >= sizeof(replies) / sizeof(replies[0]) ||
	    replies[code].code == 0)
		code = ST_TEMP;
	dst->state = replies[code].state;
	if (envelope_set_reply(dst, replies[code].code, replies[code].enhanced,
	    replies[code].text, code == ST_OK ? mailbox : "") == -1)
		fatal("delivery");
}

void
delivery_answer(const struct msg_deliver_r *m)
{
	struct delivery	*d;
	struct envelope	*e;

	d = hashtab_find(&deliveries, &m->cookie, sizeof(m->cookie));
	if (d == NULL)
		return;		/* we gave it up */
	e = d->what.env;
	if (m->n >= e->ndsts || !is_open(&e->dsts[m->n]))
		fatalx("store answers what was not asked");
	set_result(&e->dsts[m->n], m);
	if (e->dsts[m->n].state == DSTATE_DONE)
		trace_dst(e, &e->dsts[m->n], "stored");
	if (--d->waiting == 0)
		finish(d);
}

void
delivery_store_gone(void)
{
	struct delivery	*d;
	size_t		 iter = 0;

	while ((d = hashtab_next(&deliveries, &iter)) != NULL) {
		if (d->sent)
			d->deaths++;
		d->sent = 0;
		d->since = proc_now_ms();
	}
	disk_full = 0;		/* it will say so anew */
}

void
delivery_store_here(void)
{
	struct delivery	*d;
	size_t		 iter = 0;

	while ((d = hashtab_next(&deliveries, &iter)) != NULL) {
		if (!d->sent && d->deaths < STORE_DEATHS)
			(void)send_all(d);
	}
}

/* Giving up calls back, and that may start another delivery: one at a time. */
void
delivery_tick(void)
{
	struct delivery	*d;
	uint64_t	 now = proc_now_ms();
	size_t		 iter = 0;

	while ((d = hashtab_next(&deliveries, &iter)) != NULL) {
		if (!d->sent && now - d->since > STORE_PATIENCE) {
			give_up(d);
			iter = 0;
		}
	}
}

void
delivery_disk(const struct msg_store_full *m)
{
	disk_full = m->full;
}

int
delivery_disk_full(void)
{
	return disk_full;
}
