#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "sgrant.h"
#include "snotify.h"
#include "srights.h"

#define NOTIFY_MAX	20000	/* sessions */
#define CHANGED_MAX	4096	/* mailboxes of one turn that are told of */

/* Those of one account. */
struct listeners {
	uint32_t		 account;
	LIST_HEAD(, sgrant)	 list;
};

struct changed {
	uint64_t		 mbox;
	uint8_t			 bits;
	TAILQ_ENTRY(changed)	 entry;
};

static struct hashtab		 accounts, changed;
static TAILQ_HEAD(, changed)	 order = TAILQ_HEAD_INITIALIZER(order);
static unsigned			 count;

static const void *
listeners_key(const void *entry, size_t *len)
{
	const struct listeners	*l = entry;

	*len = sizeof(l->account);
	return &l->account;
}

static const void *
changed_key(const void *entry, size_t *len)
{
	const struct changed	*c = entry;

	*len = sizeof(c->mbox);
	return &c->mbox;
}

void
snotify_init(void)
{
	hashtab_init(&accounts, listeners_key);
	hashtab_init(&changed, changed_key);
}

void
snotify_end(struct sgrant *g)
{
	struct listeners	*l;

	if (!g->notify)
		return;
	g->notify = 0;
	count--;
	LIST_REMOVE(g, listening);
	l = hashtab_find(&accounts, &g->account, sizeof(g->account));
	if (l == NULL || !LIST_EMPTY(&l->list))
		return;
	hashtab_remove(&accounts, &l->account, sizeof(l->account));
	free(l);
}

void
snotify_set(const struct proc_from *from, const struct msg_st_notify *m)
{
	struct listeners	*l;
	struct sgrant		*g;

	if ((g = sgrant_find(from->inst, m->sid)) == NULL)
		return;
	if (!m->on)
		snotify_end(g);
	if (!m->on || g->notify || count >= NOTIFY_MAX)
		return;
	l = hashtab_find(&accounts, &g->account, sizeof(g->account));
	if (l == NULL) {
		if ((l = calloc(1, sizeof(*l))) == NULL)
			fatal("notify");
		l->account = g->account;
		if (hashtab_insert(&accounts, l) == -1)
			fatal("notify");
	}
	g->notify = 1;
	count++;
	LIST_INSERT_HEAD(&l->list, g, listening);
}

/* ---- who may hear of it ------------------------------------------------ */

static void
send_event(const struct sgrant *g, struct msg_st_event *m)
{
	m->sid = g->key.sid;
	m->subscribed = mstore_is_subscribed(engine(), g->account,
	    span_of(m->name));
	(void)proc_send(PROC_IMAP, (unsigned)g->key.inst, M_ST_EVENT, m, -1);
}

/* Does its list of rights name anybody? */
static int
is_shared(uint64_t mbox)
{
	struct buf	 name;
	int		 is;

	buf_init(&name, MSTORE_MAXNAME);
	is = mstore_prop_next(engine(), 0, mbox, SPAN(MSTORE_ACL),
	    &name) == MSTORE_OK && name.len > sizeof(MSTORE_ACL) - 1 &&
	    memcmp(buf_ptr(&name), MSTORE_ACL, sizeof(MSTORE_ACL) - 1) == 0;
	buf_free(&name);
	return is;
}

static void
to_others(const struct mstore_mailbox *mb, const struct sgrant *by,
    uint16_t need, struct msg_st_event *m)
{
	struct listeners	*l;
	struct sgrant		*g;
	struct mstore_mailbox	 was = *mb;
	char			 name[MSTORE_MAXNAME + 1];
	char			 old[MSTORE_MAXNAME + 1];
	size_t			 iter = 0;

	if (!is_shared(mb->id) || srights_fullname(mb, name) == -1)
		return;
	m->name = name;
	if (m->kind == ST_EV_RENAMED) {
		strlcpy(was.name, m->other, sizeof(was.name));
		m->other = srights_fullname(&was, old) == -1 ? "" : old;
	}
	while ((l = hashtab_next(&accounts, &iter)) != NULL) {
		if (l->account == mb->account)
			continue;
		LIST_FOREACH(g, &l->list, listening) {
			if (g == by || (srights_of(g, mb) & need) != need)
				continue;
			if (m->kind == ST_EV_MESSAGES)
				(void)mstore_unseen(engine(), mb->id,
				    g->account, &m->unseen);
			send_event(g, m);
		}
	}
}

/* Everybody who has it in his list, but for the one who did it. */
static void
to_all(const struct mstore_mailbox *mb, const struct sgrant *by,
    uint16_t need, struct msg_st_event *m)
{
	struct listeners	*l;
	struct sgrant		*g;

	if (count == 0)
		return;
	m->mbox = mb->id;
	m->name = mb->name;
	l = hashtab_find(&accounts, &mb->account, sizeof(mb->account));
	if (l != NULL) {
		LIST_FOREACH(g, &l->list, listening) {
			if (g != by)
				send_event(g, m);
		}
	}
	to_others(mb, by, need, m);
}

/* ---- names ------------------------------------------------------------- */

/* Is there one below it? */
static uint8_t
has_children(const struct mstore_mailbox *mb)
{
	struct mstore_listent	 e = { 0 };
	char			 after[MSTORE_MAXNAME + 2];
	size_t			 len = strlen(mb->name);

	strlcpy(after, mb->name, sizeof(after));
	strlcat(after, "/", sizeof(after));
	return mstore_list_next(engine(), mb->account, span_of(after), &e) ==
	    MSTORE_OK && strncmp(e.name, mb->name, len) == 0 &&
	    e.name[len] == MSTORE_SEPARATOR;
}

void
snotify_name(const struct sgrant *by, enum msg_st_event_kind kind,
    uint64_t mbox, const char *old)
{
	struct msg_st_event	 m = { .kind = kind };
	struct mstore_mailbox	 mb;

	if (count == 0 || mstore_mailbox_get(engine(), mbox, &mb) != MSTORE_OK)
		return;
	m.children = has_children(&mb);
	m.other = old;
	to_all(&mb, by, RIGHT_L, &m);
}

void
snotify_rights_before(const struct mstore_mailbox *mb)
{
	struct listeners	*l;
	struct sgrant		*g;
	size_t			 iter = 0;

	while ((l = hashtab_next(&accounts, &iter)) != NULL) {
		LIST_FOREACH(g, &l->list, listening)
			g->knew = (srights_of(g, mb) & RIGHT_L) != 0;
	}
}

void
snotify_rights_after(const struct sgrant *by, const struct mstore_mailbox *mb)
{
	struct msg_st_event	 m = { .kind = ST_EV_DELETED, .other = "",
	    .mbox = mb->id };
	struct listeners	*l;
	struct sgrant		*g;
	char			 name[MSTORE_MAXNAME + 1];
	size_t			 iter = 0;

	if (count == 0 || srights_fullname(mb, name) == -1)
		return;
	m.name = name;
	while ((l = hashtab_next(&accounts, &iter)) != NULL) {
		LIST_FOREACH(g, &l->list, listening) {
			if (g != by && g->knew &&
			    !(srights_of(g, mb) & RIGHT_L))
				send_event(g, &m);
		}
	}
	snotify_name(by, ST_EV_RIGHTS, mb->id, "");
}

void
snotify_deleting(const struct sgrant *by, uint64_t mbox)
{
	snotify_name(by, ST_EV_DELETED, mbox, "");
}

void
snotify_subscribed(const struct sgrant *by, const char *name, int on)
{
	struct msg_st_event	 m = { .name = name, .other = "",
	    .kind = on ? ST_EV_SUBSCRIBED : ST_EV_UNSUBSCRIBED };
	struct listeners	*l;
	struct sgrant		*g;

	l = hashtab_find(&accounts, &by->account, sizeof(by->account));
	if (l == NULL)
		return;
	LIST_FOREACH(g, &l->list, listening) {
		if (g != by)
			send_event(g, &m);
	}
}

void
snotify_metadata(const struct sgrant *by, uint64_t mbox, struct span entry)
{
	struct msg_st_event	 m = { .kind = ST_EV_METADATA, .name = "" };
	struct mstore_mailbox	 mb;
	struct listeners	*l;
	struct sgrant		*g;
	char			 text[MSG_MAILBOX + 1];
	int			 private;

	if (count == 0 || entry.len > MSG_MAILBOX)
		return;
	memcpy(text, entry.p, entry.len);
	text[entry.len] = '\0';
	m.other = text;
	private = strncmp(text, "/private/", 9) == 0;
	if (mbox != 0) {
		if (mstore_mailbox_get(engine(), mbox, &mb) != MSTORE_OK)
			return;
		/* What is private is nobody else's. */
		if (!private || by->account == mb.account)
			to_all(&mb, by, private ? UINT16_MAX : RIGHT_R, &m);
		return;
	}
	l = hashtab_find(&accounts, &by->account, sizeof(by->account));
	if (l == NULL)
		return;
	LIST_FOREACH(g, &l->list, listening) {
		if (g != by)
			send_event(g, &m);
	}
}

/* ---- messages ---------------------------------------------------------- */

void
snotify_event(const struct mstore_event *ev)
{
	struct changed	*c;
	uint8_t		 bit;

	bit = ev->what == MSTORE_EV_NEW ? ST_EV_NEW :
	    ev->what == MSTORE_EV_FLAGS ? ST_EV_FLAGS :
	    ev->what == MSTORE_EV_EXPUNGE ? ST_EV_EXPUNGE : 0;
	if (count == 0 || bit == 0)
		return;
	c = hashtab_find(&changed, &ev->mailbox, sizeof(ev->mailbox));
	if (c == NULL) {
		if (changed.count >= CHANGED_MAX)
			return;
		if ((c = calloc(1, sizeof(*c))) == NULL)
			fatal("notify");
		c->mbox = ev->mailbox;
		if (hashtab_insert(&changed, c) == -1)
			fatal("notify");
		TAILQ_INSERT_TAIL(&order, c, entry);
	}
	c->bits |= bit;
}

void
snotify_tell(void)
{
	struct msg_st_event	 m;
	struct mstore_mailbox	 mb;
	struct changed		*c;

	while ((c = TAILQ_FIRST(&order)) != NULL) {
		TAILQ_REMOVE(&order, c, entry);
		hashtab_remove(&changed, &c->mbox, sizeof(c->mbox));
		if (mstore_mailbox_get(engine(), c->mbox, &mb) == MSTORE_OK) {
			memset(&m, 0, sizeof(m));
			m.kind = ST_EV_MESSAGES;
			m.bits = c->bits;
			m.uidvalidity = mb.uidvalidity;
			m.uidnext = mb.uidnext;
			m.exists = mb.exists;
			m.unseen = mb.unseen;
			m.highestmodseq = mb.highestmodseq;
			m.other = "";
			to_all(&mb, NULL, RIGHT_L | RIGHT_R, &m);
		}
		free(c);
	}
}
