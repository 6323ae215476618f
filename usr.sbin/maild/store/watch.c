#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "snotify.h"
#include "watch.h"

#define WATCH_INSTS	64

struct watched {
	uint64_t		 mbox;
	struct watchlist	 watchers;
	/* of the turn that is told */
	uint8_t			 changed, arrived, deleted;
	TAILQ_ENTRY(watched)	 entry;
};

TAILQ_HEAD(markedlist, watched);

static struct hashtab		 watched;
static int			 disk_full;

static const void *
watched_key(const void *entry, size_t *len)
{
	const struct watched	*w = entry;

	*len = sizeof(w->mbox);
	return &w->mbox;
}

void
watch_init(void)
{
	hashtab_init(&watched, watched_key);
}

static struct watched *
watched_get(uint64_t mbox)
{
	struct watched	*w;

	if ((w = hashtab_find(&watched, &mbox, sizeof(mbox))) != NULL)
		return w;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("watch");
	w->mbox = mbox;
	LIST_INIT(&w->watchers);
	if (hashtab_insert(&watched, w) == -1)
		fatal("watch");
	return w;
}

static struct watcher *
watcher_find(const struct watches *own, uint64_t mbox)
{
	struct watcher	*who;

	LIST_FOREACH(who, &own->list, ofsession) {
		if (who->of->mbox == mbox)
			return who;
	}
	return NULL;
}

int
watch_add(struct watches *own, unsigned inst, uint64_t sid, uint64_t mbox,
    int readonly)
{
	struct watcher	*who;

	if ((who = watcher_find(own, mbox)) == NULL) {
		if (own->count >= WATCH_MAX)
			return -1;
		if ((who = calloc(1, sizeof(*who))) == NULL)
			fatal("watch");
		who->of = watched_get(mbox);
		LIST_INSERT_HEAD(&who->of->watchers, who, entry);
		LIST_INSERT_HEAD(&own->list, who, ofsession);
		own->count++;
	}
	who->inst = inst;
	who->sid = sid;
	who->readonly = readonly;
	return 0;
}

/* The mailbox too when it was the last. */
static void
watcher_free(struct watches *own, struct watcher *who)
{
	struct watched	*w = who->of;

	LIST_REMOVE(who, entry);
	LIST_REMOVE(who, ofsession);
	own->count--;
	free(who);
	if (LIST_EMPTY(&w->watchers)) {
		hashtab_remove(&watched, &w->mbox, sizeof(w->mbox));
		free(w);
	}
}

void
watch_remove(struct watches *own, uint64_t mbox)
{
	struct watcher	*who;

	if ((who = watcher_find(own, mbox)) != NULL)
		watcher_free(own, who);
}

void
watch_remove_all(struct watches *own)
{
	struct watcher	*who;

	while ((who = LIST_FIRST(&own->list)) != NULL)
		watcher_free(own, who);
}

/* ---- telling ------------------------------------------------------------ */

static void
mark(const struct mstore_event *ev, struct markedlist *list)
{
	struct watched	*w;

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

void
watch_tell(void)
{
	struct markedlist	 list = TAILQ_HEAD_INITIALIZER(list);
	struct mstore_event	 ev;
	struct watched		*w;
	size_t			 i;

	for (i = 0; mstore_event(engine(), i, &ev) == 0; i++) {
		mark(&ev, &list);
		snotify_event(&ev);
	}
	snotify_tell();
	while ((w = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, w, entry);
		tell(w);
		w->changed = w->arrived = w->deleted = 0;
	}
}

/* ---- the disk ----------------------------------------------------------- */

static void
tell_queue(void)
{
	struct msg_store_full	 m = { .full = disk_full };

	(void)proc_send(PROC_QUEUE, 0, M_STORE_FULL, &m, -1);
}

void
watch_queue_here(void)
{
	if (disk_full)
		tell_queue();
}

void
watch_disk(void)
{
	int	 full = !engine_has_room();

	if (full == disk_full)
		return;
	disk_full = full;
	log_warnx("store: the disk is %s its reserve", disk_full ? "below" :
	    "above");
	tell_queue();
}
