#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "engine.h"
#include "libtable/table.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "watch.h"

#define WATCH_INSTS	64

struct watcher {
	LIST_ENTRY(watcher)	 entry;
	unsigned		 inst;
	uint64_t		 sid;
	uint8_t			 readonly;
};

struct watched {
	uint64_t		 mbox;
	LIST_HEAD(, watcher)	 watchers;
	/* of the turn that is told */
	uint8_t			 changed, arrived, deleted;
	TAILQ_ENTRY(watched)	 entry;
};

TAILQ_HEAD(markedlist, watched);

struct full {
	uint32_t		 account;
	struct mstore_quota	 limit;
	uint8_t			 changed;	/* it has lost messages */
};

static struct hashtab		 watched, fulls;
static int			 disk_full;

static const void *
watched_key(const void *entry, size_t *len)
{
	const struct watched	*w = entry;

	*len = sizeof(w->mbox);
	return &w->mbox;
}

static const void *
full_key(const void *entry, size_t *len)
{
	const struct full	*f = entry;

	*len = sizeof(f->account);
	return &f->account;
}

void
watch_init(void)
{
	hashtab_init(&watched, watched_key);
	hashtab_init(&fulls, full_key);
}

void
watch_add(unsigned inst, uint64_t sid, uint64_t mbox, int readonly)
{
	struct watched	*w;
	struct watcher	*who;

	w = hashtab_find(&watched, &mbox, sizeof(mbox));
	if (w == NULL) {
		if ((w = calloc(1, sizeof(*w))) == NULL)
			fatal("watch");
		w->mbox = mbox;
		LIST_INIT(&w->watchers);
		if (hashtab_insert(&watched, w) == -1)
			fatal("watch");
	}
	if ((who = calloc(1, sizeof(*who))) == NULL)
		fatal("watch");
	who->inst = inst;
	who->sid = sid;
	who->readonly = readonly;
	LIST_INSERT_HEAD(&w->watchers, who, entry);
}

/* Those for whom the test says so; the mailbox too when it was the last. */
static void
remove_from(struct watched *w, unsigned inst, uint64_t sid, int all)
{
	struct watcher	*who, *next;

	LIST_FOREACH_SAFE(who, &w->watchers, entry, next) {
		if (who->inst != inst || (!all && who->sid != sid))
			continue;
		LIST_REMOVE(who, entry);
		free(who);
	}
	if (LIST_EMPTY(&w->watchers)) {
		hashtab_remove(&watched, &w->mbox, sizeof(w->mbox));
		free(w);
	}
}

void
watch_remove(unsigned inst, uint64_t sid, uint64_t mbox)
{
	struct watched	*w;

	w = hashtab_find(&watched, &mbox, sizeof(mbox));
	if (w != NULL)
		remove_from(w, inst, sid, 0);
}

void
watch_worker_gone(unsigned inst)
{
	struct watched	*w;
	size_t		 iter = 0;

	while ((w = hashtab_next(&watched, &iter)) != NULL)
		remove_from(w, inst, 0, 1);
}

/* ---- telling ------------------------------------------------------------ */

static void
mark(const struct mstore_event *ev, struct markedlist *list)
{
	struct watched	*w;
	struct full	*f;

	f = hashtab_find(&fulls, &ev->account, sizeof(ev->account));
	if (f != NULL && (ev->what == MSTORE_EV_EXPUNGE ||
	    ev->what == MSTORE_EV_DELETED))
		f->changed = 1;
	w = hashtab_find(&watched, &ev->mailbox, sizeof(ev->mailbox));
	if (w == NULL)
		return;
	if (!w->changed)
		TAILQ_INSERT_TAIL(list, w, entry);
	w->changed = 1;
	if (ev->what == MSTORE_EV_NEW)
		w->arrived = 1;
	else if (ev->what == MSTORE_EV_DELETED)
		w->deleted = 1;
}

/* New ones are \Recent to the one who watches longest and may write. */
static uint64_t
take_recent(struct watched *w)
{
	struct watcher	*who;
	uint64_t	 sid = 0;
	uint32_t	 from;

	LIST_FOREACH(who, &w->watchers, entry) {
		if (!who->readonly)
			sid = who->sid;
	}
	if (sid != 0)
		(void)engine_code(mstore_take_recent(engine_begin(), w->mbox,
		    &from));
	return sid;
}

static void
tell(struct watched *w)
{
	struct msg_st_changed	 m = { .mbox = w->mbox };
	struct mstore_mailbox	 mb;
	struct watcher		*who;
	uint64_t		 told = 0;

	if (w->deleted || mstore_mailbox_get(engine(), w->mbox,
	    &mb) != MSTORE_OK)
		m.deleted = 1;
	else {
		m.modseq = mb.highestmodseq;
		m.uidnext = mb.uidnext;
		m.exists = mb.exists;
		if (w->arrived)
			m.recent_sid = take_recent(w);
	}
	LIST_FOREACH(who, &w->watchers, entry) {
		if (who->inst >= WATCH_INSTS || told >> who->inst & 1)
			continue;
		told |= (uint64_t)1 << who->inst;
		(void)proc_send(PROC_IMAP, who->inst, M_ST_CHANGED, &m, -1);
	}
}

static void
tell_full(const struct full *f, int is)
{
	char			 name[MSTORE_MAXACCOUNT + 1];
	struct msg_account_full	 m = { .account = name, .full = is };

	if (mstore_account_name(engine(), f->account, name) == MSTORE_OK)
		(void)proc_send(PROC_QUEUE, 0, M_ACCOUNT_FULL, &m, -1);
}

static int
is_full(const struct full *f)
{
	struct mstore_quota	 use;

	if (mstore_usage(engine(), f->account, &use) != MSTORE_OK)
		return 0;
	return (f->limit.bytes != 0 && use.bytes >= f->limit.bytes) ||
	    (f->limit.messages != 0 && use.messages >= f->limit.messages);
}

/* Those who may have room again. */
static void
check_fulls(int all)
{
	struct full	*f;
	size_t		 iter = 0;

	while ((f = hashtab_next(&fulls, &iter)) != NULL) {
		if (!all && !f->changed)
			continue;
		f->changed = 0;
		if (is_full(f))
			continue;
		tell_full(f, 0);
		hashtab_remove(&fulls, &f->account, sizeof(f->account));
		free(f);
	}
}

void
watch_tell(void)
{
	struct markedlist	 list = TAILQ_HEAD_INITIALIZER(list);
	struct mstore_event	 ev;
	struct watched		*w;
	size_t			 i;

	if (watched.count == 0 && fulls.count == 0)
		return;
	for (i = 0; mstore_event(engine(), i, &ev) == 0; i++)
		mark(&ev, &list);
	while ((w = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, w, entry);
		tell(w);
		w->changed = w->arrived = w->deleted = 0;
	}
	check_fulls(0);
}

/* ---- quota and disk ----------------------------------------------------- */

void
watch_full(uint32_t account, uint64_t bytes, uint64_t messages)
{
	struct full	*f, like = { .account = account,
	    .limit = { bytes, messages } };

	if (!is_full(&like) ||
	    hashtab_find(&fulls, &account, sizeof(account)) != NULL)
		return;
	if ((f = malloc(sizeof(*f))) == NULL)
		fatal("watch");
	*f = like;
	if (hashtab_insert(&fulls, f) == -1)
		fatal("watch");
	tell_full(f, 1);
}

void
watch_queue_here(void)
{
	struct msg_account_full	 m = { .account = "", .full = 1 };
	struct full		*f;
	size_t			 iter = 0;

	while ((f = hashtab_next(&fulls, &iter)) != NULL)
		tell_full(f, 1);
	if (disk_full)
		(void)proc_send(PROC_QUEUE, 0, M_ACCOUNT_FULL, &m, -1);
}

void
watch_disk(void)
{
	struct msg_account_full	 m = { .account = "" };

	m.full = !engine_has_room();
	if (m.full == disk_full)
		return;
	disk_full = m.full;
	log_warnx("store: the disk is %s its reserve", disk_full ? "below" :
	    "above");
	(void)proc_send(PROC_QUEUE, 0, M_ACCOUNT_FULL, &m, -1);
}

void
watch_limits(const struct conf *conf)
{
	char			 name[MSTORE_MAXACCOUNT + 1];
	struct table_account	 ta;
	struct table		 t;
	struct full		*f;
	size_t			 iter = 0;

	if (table_open(&t, TAB_ACCOUNTS, conf->tables[TABLE_ACCOUNTS].data,
	    conf->tables[TABLE_ACCOUNTS].len) == -1)
		fatalx("accounts: not a packed table");
	while ((f = hashtab_next(&fulls, &iter)) != NULL) {
		if (mstore_account_name(engine(), f->account,
		    name) != MSTORE_OK ||
		    table_account_find(&t, name, &ta) != 1)
			continue;
		f->limit.bytes = ta.quota_bytes == TABTEXT_DEFAULT ?
		    conf->quota_bytes : ta.quota_bytes;
		f->limit.messages = ta.quota_messages == TABTEXT_DEFAULT ?
		    conf->quota_messages : ta.quota_messages;
	}
	check_fulls(1);
}
