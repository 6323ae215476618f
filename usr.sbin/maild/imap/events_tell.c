/* What NOTIFY tells: STATUS, LIST, METADATA, and FETCH of new messages. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "handlers.h"
#include "isession.h"
#include "libutil/log.h"
#include "progress.h"
#include "rights.h"
#include "view.h"

/* ---- responses --------------------------------------------------------- */

void
events_write_status(struct isession *s, const struct pending *p, int all)
{
	struct imap_out	*o = isession_out(s);

	imap_out_status_begin(o, span_of(p->name));
	if (all || p->events & (IMAP_NE_MESSAGENEW | IMAP_NE_EXPUNGE)) {
		imap_out_status_item(o, IMAP_ST_MESSAGES, p->exists);
		imap_out_status_item(o, IMAP_ST_UIDNEXT, p->uidnext);
	}
	if (all)
		imap_out_status_item(o, IMAP_ST_UIDVALIDITY, p->uidvalidity);
	imap_out_status_item(o, IMAP_ST_UNSEEN, p->unseen);
	if (s->st.enabled & IMAP_EN_CONDSTORE)
		imap_out_status_item(o, IMAP_ST_HIGHESTMODSEQ,
		    p->highestmodseq);
	imap_out_status_end(o);
}

static void
write_list(struct isession *s, const struct pending *p)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, "* LIST ");
	imap_out_open(o);
	if (p->gone && p->events & IMAP_NE_MAILBOXNAME) {
		imap_out_item(o);
		imap_out_str(o, p->children ? "\\NoSelect" : "\\NonExistent");
	}
	if (p->subscribed) {
		imap_out_item(o);
		imap_out_str(o, "\\Subscribed");
	}
	imap_out_close(o);
	imap_out_str(o, " \"/\" ");
	imap_out_mailbox(o, span_of(p->name));
	if (p->events & IMAP_NE_MAILBOXNAME && p->other[0] != '\0') {
		imap_out_str(o, " (\"OLDNAME\" (");
		imap_out_mailbox(o, span_of(p->other));
		imap_out_str(o, "))");
	}
	imap_out_crlf(o);
}

static void
write_metadata(struct isession *s, const struct pending *p)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, "* METADATA ");
	imap_out_mailbox(o, span_of(p->name));
	imap_out_str(o, " ");
	imap_out_astring(o, span_of(p->other));
	imap_out_crlf(o);
}

static void
write_pending(struct isession *s, const struct pending *p)
{
	if (p->events & EVENTS_MESSAGES)
		events_write_status(s, p, 0);
	else if (p->events & (IMAP_NE_MAILBOXNAME | IMAP_NE_SUBSCRIPTION))
		write_list(s, p);
	else
		write_metadata(s, p);
}

static void
pending_free(struct events *ev, struct pending *p)
{
	TAILQ_REMOVE(&ev->pending, p, entry);
	ev->npending--;
	free(p->name);
	free(p->other);
	free(p);
}

void
events_flush(struct isession *s)
{
	struct events	*ev = s->events;
	struct pending	*p;

	if (s->overflow && ev != NULL) {
		s->overflow = 0;
		events_overflow(s);
		return;
	}
	if (ev == NULL || TAILQ_EMPTY(&ev->pending))
		return;
	while ((p = TAILQ_FIRST(&ev->pending)) != NULL) {
		/* What has been selected meanwhile speaks for itself. */
		if (!(p->events & EVENTS_MESSAGES) || s->view == NULL ||
		    s->view->mbox->id != p->mbox)
			write_pending(s, p);
		pending_free(ev, p);
	}
	isession_out_done(s);
}

/* ---- what the store says ----------------------------------------------- */

static uint32_t
event_bits(const struct msg_st_event *m)
{
	uint32_t	 events = 0;

	switch (m->kind) {
	case ST_EV_MESSAGES:
		if (m->bits & ST_EV_NEW)
			events |= IMAP_NE_MESSAGENEW;
		if (m->bits & ST_EV_EXPUNGE)
			events |= IMAP_NE_EXPUNGE;
		if (m->bits & ST_EV_FLAGS)
			events |= IMAP_NE_FLAGCHANGE;
		return events;
	case ST_EV_SUBSCRIBED:
	case ST_EV_UNSUBSCRIBED:
		return IMAP_NE_SUBSCRIPTION;
	case ST_EV_METADATA:
		return m->name[0] == '\0' ? IMAP_NE_SERVERMETADATA :
		    IMAP_NE_MBOXMETADATA;
	}
	return IMAP_NE_MAILBOXNAME;
}

/* The server's annotations are of no mailbox: any group may ask for them. */
static uint32_t
wanted(const struct events *ev, const struct msg_st_event *m)
{
	uint32_t	 events = 0, i;

	if (m->kind == ST_EV_METADATA && m->name[0] == '\0') {
		for (i = 0; i < ev->n; i++)
			events |= ev->groups[i].g->events;
		return events;
	}
	events = events_wanted(ev, span_of(m->name), m->subscribed ||
	    m->kind == ST_EV_UNSUBSCRIBED);
	/* By its old name it may be one that he asked for. */
	if (m->kind == ST_EV_RENAMED && events == 0 && m->other[0] != '\0')
		events = events_wanted(ev, span_of(m->other), m->subscribed);
	return events;
}

static struct pending *
pending_get(struct events *ev, const struct msg_st_event *m, uint32_t events)
{
	struct pending	*p;

	/* Counters: the last word is enough. */
	if (m->kind == ST_EV_MESSAGES) {
		TAILQ_FOREACH(p, &ev->pending, entry) {
			if (p->mbox == m->mbox && p->events & EVENTS_MESSAGES)
				break;
		}
		if (p != NULL) {
			p->events |= events;
			return p;
		}
	}
	if (ev->npending >= EVENTS_PENDING)
		return NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->name = strdup(m->name)) == NULL ||
	    (p->other = strdup(m->other)) == NULL)
		fatal("notify");
	p->events = events;
	p->mbox = m->mbox;
	TAILQ_INSERT_TAIL(&ev->pending, p, entry);
	ev->npending++;
	return p;
}

void
events_got(struct isession *s, const struct msg_st_event *m)
{
	struct events	*ev = s->events;
	struct pending	*p;
	uint32_t	 events;

	if (ev == NULL || (m->kind == ST_EV_MESSAGES && s->view != NULL &&
	    s->view->mbox->id == m->mbox))
		return;
	events = event_bits(m) & wanted(ev, m);
	if (events == 0)
		return;
	if (conn_pending(s->c.conn) > EVENTS_OUTPUT ||
	    (p = pending_get(ev, m, events)) == NULL) {
		if (s->busy || s->telling)
			s->overflow = 1;
		else
			events_overflow(s);
		return;
	}
	p->gone = m->kind == ST_EV_DELETED;
	p->children = m->children;
	p->subscribed = m->kind == ST_EV_SUBSCRIBED;
	p->uidvalidity = m->uidvalidity;
	p->uidnext = m->uidnext;
	p->exists = m->exists;
	p->unseen = m->unseen;
	p->highestmodseq = m->highestmodseq;
	/* A command's answer is not to be broken into. */
	if (!s->busy && !s->waits && !s->telling && s->mode != INPUT_SASL &&
	    s->mode != INPUT_APPEND)
		events_flush(s);
}

/* ---- new messages of the selected mailbox ------------------------------- */

static void
fetched(struct isession *s)
{
	struct events	*ev = s->events;
	void		(*done)(struct isession *) = ev->fetched;
	void		(*job_free)(void *) = s->job_free;
	void		*job = s->job;

	progress_end(s);
	s->job = NULL;
	s->job_free = NULL;
	if (job_free != NULL)
		job_free(job);
	imap_command_free(ev->fetch);
	ev->fetch = NULL;
	s->cmd = ev->saved;
	ev->saved = NULL;
	done(s);
}

/* What he asked for, and the uid in any case (RFC 5465 5.2). */
static void
with_uid(struct imap_command *cmd, struct imap_fetch *f,
    const struct imap_fetch *attrs)
{
	uint32_t	 i, n = 0;

	*f = *attrs;
	f->items = imap_arena_calloc(&cmd->arena, attrs->nitems + 1,
	    sizeof(*f->items));
	if (f->items == NULL)
		fatal("notify");
	for (i = 0; i < attrs->nitems; i++) {
		if (attrs->items[i].type != IMAP_FETCH_UID)
			f->items[n++] = attrs->items[i];
	}
	f->items[n++].type = IMAP_FETCH_UID;
	f->nitems = n;
	f->types |= 1u << IMAP_FETCH_UID;
}

int
events_fetch_ended(struct isession *s)
{
	if (s->events == NULL || s->events->fetch == NULL ||
	    s->events->fetch != s->cmd)
		return 0;
	fetched(s);
	return 1;
}

int
events_fetch_new(struct isession *s, uint32_t first,
    void (*done)(struct isession *))
{
	struct events		*ev = s->events;
	struct imap_command	*cmd;
	struct imap_seqrange	*range;
	struct imap_fetch	*f;

	if (ev == NULL || ev->selected == NULL || ev->selected->attrs ==
	    NULL || s->view->uidnext <= first || s->job != NULL)
		return 0;
	if ((cmd = imap_command_new(imap_limits_auth.memory)) == NULL ||
	    (f = imap_arena_calloc(&cmd->arena, 1, sizeof(*f))) == NULL ||
	    (range = imap_arena_calloc(&cmd->arena, 1,
	    sizeof(*range))) == NULL)
		fatal("notify");
	with_uid(cmd, f, ev->selected->attrs);
	range->a = first;
	range->b = s->view->uidnext - 1;
	memset(&f->set, 0, sizeof(f->set));
	f->set.ranges = range;
	f->set.n = 1;
	cmd->id = IMAP_FETCH;
	cmd->uid = 1;
	ev->fetch = cmd;
	ev->saved = s->cmd;
	ev->fetched = done;
	s->cmd = cmd;
	fetch_run(s, f, fetched);
	return 1;
}
