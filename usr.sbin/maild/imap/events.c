/* The command NOTIFY, and which mailboxes it means. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "handlers.h"
#include "isession.h"
#include "libimap/imap_name.h"
#include "libstore/mstore.h"
#include "libutil/log.h"
#include "rights.h"
#include "strow.h"
#include "view.h"

static const char	 supported[] = "BADEVENT (MessageNew MessageExpunge "
			    "FlagChange MailboxName SubscriptionChange "
			    "MailboxMetadataChange ServerMetadataChange)";

static void
tell_store(struct isession *s, int on)
{
	struct msg_st_notify	 m = { .sid = s->c.sid, .on = on != 0 };

	(void)proc_send(PROC_STORE, 0, M_ST_NOTIFY, &m, -1);
}

static void
events_destroy(struct events *ev)
{
	struct pending	*p;
	uint32_t	 i, k;

	if (ev == NULL)
		return;
	while ((p = TAILQ_FIRST(&ev->pending)) != NULL) {
		TAILQ_REMOVE(&ev->pending, p, entry);
		free(p->name);
		free(p->other);
		free(p);
	}
	for (i = 0; i < ev->n; i++) {
		for (k = 0; k < ev->groups[i].n; k++)
			free(ev->groups[i].names[k]);
		free(ev->groups[i].names);
	}
	imap_command_free(ev->saved);
	imap_command_free(ev->cmd);
	free(ev->text);
	free(ev);
}

void
events_free(struct isession *s)
{
	struct events	*ev = s->events;

	if (ev == NULL)
		return;
	/* Its FETCH is the session's command, and goes with the session. */
	s->events = NULL;
	s->overflow = 0;
	events_destroy(ev);
}

/* ---- what it means ----------------------------------------------------- */

static int
is_selected(const struct imap_notify_group *g)
{
	return g->which.kind == IMAP_MB_SELECTED ||
	    g->which.kind == IMAP_MB_SELECTED_DELAYED;
}

/* RFC 5465 5, 6: NULL, or why not. */
static const char *
check_group(const struct imap_notify_group *g)
{
	uint32_t	 messages = g->events & EVENTS_MESSAGES;
	int		 new = (messages & IMAP_NE_MESSAGENEW) != 0;
	int		 gone = (messages & IMAP_NE_EXPUNGE) != 0;

	if (g->which.kind == IMAP_MB_SUBTREE_ONE)
		return "Not a filter of NOTIFY.";
	if (new != gone || (messages & IMAP_NE_FLAGCHANGE && !new))
		return "MessageNew and MessageExpunge go together.";
	if (is_selected(g) && g->events != messages)
		return "SELECTED has events of messages only.";
	if (g->attrs != NULL && !is_selected(g))
		return "Attributes are for SELECTED only.";
	return NULL;
}

/* BAD and NO are answered here: -1. */
static int
check(struct isession *s, const struct imap_notify *c)
{
	const char	*why;
	uint32_t	 i, names = 0;
	int		 selected = 0;

	for (i = 0; i < c->n; i++) {
		if ((why = check_group(&c->groups[i])) == NULL &&
		    (selected += is_selected(&c->groups[i])) > 1)
			why = "SELECTED comes twice.";
		if (why != NULL) {
			isession_done(s, IMAP_RESULT_BAD, NULL, why);
			return -1;
		}
		names += c->groups[i].which.names.n;
	}
	for (i = 0; i < c->n; i++) {
		/* There are no annotations of messages here. */
		if (c->groups[i].unknown ||
		    c->groups[i].events & IMAP_NE_ANNOTATION) {
			isession_done(s, IMAP_RESULT_NO, supported,
			    "An event is not known here.");
			return -1;
		}
	}
	if (c->n > EVENTS_GROUPS || names > EVENTS_NAMES) {
		isession_done(s, IMAP_RESULT_NO, "NOTIFICATIONOVERFLOW",
		    "Too many mailboxes.");
		return -1;
	}
	return 0;
}

/* Names that cannot be are left out: nothing ever happens to them. */
static void
read_names(struct isession *s, struct events_group *g)
{
	const struct imap_words	*w = &g->g->which.names;
	const char		*why;
	char			 name[IMAP_NAME_MAX + 1];
	uint32_t		 i;
	int			 flags = 0;

	if (s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2))
		flags |= IMAP_NAME_UTF8;
	if (w->n > 0 && (g->names = calloc(w->n, sizeof(*g->names))) == NULL)
		fatal("notify");
	for (i = 0; i < w->n; i++) {
		if (imap_name_read(w->v[i], flags, name, &why) == -1)
			continue;
		if ((g->names[g->n++] = strdup(name)) == NULL)
			fatal("notify");
	}
}

/* The command is needed as long as it is in force: a copy of it. */
static struct events *
events_new(struct isession *s)
{
	const struct imap_notify *c;
	struct events	*ev;
	struct span	 text = s->cmd->text;
	uint32_t	 i;

	if ((ev = calloc(1, sizeof(*ev))) == NULL ||
	    (ev->text = malloc(text.len + 1)) == NULL ||
	    (ev->cmd = imap_command_new(imap_limits_auth.memory)) == NULL)
		fatal("notify");
	TAILQ_INIT(&ev->pending);
	memcpy(ev->text, text.p, text.len);
	ev->text[text.len] = '\0';
	if (imap_command_parse(ev->cmd, (struct span){ ev->text, text.len }) !=
	    CODEC_DONE)
		fatalx("notify: a command is not what it was");
	c = &ev->cmd->u.notify;
	for (i = 0; i < c->n; i++) {
		ev->groups[ev->n].g = &c->groups[i];
		read_names(s, &ev->groups[ev->n++]);
		if (is_selected(&c->groups[i]))
			ev->selected = &c->groups[i];
	}
	return ev;
}

static int
matches(const struct events_group *g, struct span name, int subscribed)
{
	uint32_t	 i;

	switch (g->g->which.kind) {
	case IMAP_MB_INBOXES:
		return span_ieqs(name, "INBOX");
	case IMAP_MB_PERSONAL:
		return name.len < sizeof(OTHER_USERS) - 1 || memcmp(name.p,
		    OTHER_USERS, sizeof(OTHER_USERS) - 1) != 0;
	case IMAP_MB_SUBSCRIBED:
		return subscribed;
	case IMAP_MB_SUBTREE:
	case IMAP_MB_MAILBOXES:
		for (i = 0; i < g->n; i++) {
			if (span_eq(name, span_of(g->names[i])) ||
			    (g->g->which.kind == IMAP_MB_SUBTREE &&
			    imap_name_below(span_of(g->names[i]), name)))
				return 1;
		}
	}
	return 0;
}

uint32_t
events_wanted(const struct events *ev, struct span name, int subscribed)
{
	uint32_t	 i;

	/* The first that it is in counts. */
	for (i = 0; i < ev->n; i++) {
		if (matches(&ev->groups[i], name, subscribed))
			return ev->groups[i].g->events;
	}
	return 0;
}

int
events_tell_selected(const struct isession *s)
{
	const struct events	*ev = s->events;

	if (s->view == NULL)
		return 0;
	if (ev == NULL)
		return s->mode == INPUT_IDLE;
	if (ev->selected == NULL || ev->selected->events == 0)
		return 0;
	if (s->mode != INPUT_IDLE && (s->mode != INPUT_COMMANDS || s->busy ||
	    s->waits || s->st.state != IMAP_STATE_SELECTED))
		return 0;
	return ev->selected->events & IMAP_NE_FLAGCHANGE ||
	    view_moved(s->view);
}

int
events_tell_expunge(const struct isession *s)
{
	return s->mode == INPUT_IDLE || (s->events != NULL &&
	    s->events->selected != NULL &&
	    s->events->selected->which.kind == IMAP_MB_SELECTED);
}

/* ---- the command ------------------------------------------------------- */

/* NOTIFY SET STATUS: where all of them are now. */
static void
on_list(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_list_r	*r = msg;
	struct isession			*s = arg;
	struct pending			 p;
	struct strow			 row;
	struct rows			 rows;
	uint32_t			 wanted;
	size_t				 off = 0;

	if (type != M_ST_LIST_R || rows_open(&rows, &r->rows, r->size,
	    fd) == -1) {
		isession_done_st(s, ST_TEMP, NULL);
		return;
	}
	while (strow_next(rows.data, rows.len, &off, &row) == 1) {
		wanted = events_wanted(s->events, row.name, row.subscribed);
		if (!(wanted & EVENTS_MESSAGES) || !row.counters ||
		    row.flags & MSTORE_NOSELECT || (s->view != NULL &&
		    s->view->mbox->id == row.id))
			continue;
		memset(&p, 0, sizeof(p));
		p.events = wanted;
		if ((p.name = strndup(row.name.p, row.name.len)) == NULL)
			fatal("notify");
		p.uidvalidity = row.uidvalidity;
		p.uidnext = row.uidnext;
		p.exists = row.exists;
		p.unseen = row.unseen;
		p.highestmodseq = row.highestmodseq;
		events_write_status(s, &p, 1);
		free(p.name);
	}
	rows_free(&rows);
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

void
events_notify(struct isession *s)
{
	const struct imap_notify	*c = &s->cmd->u.notify;
	struct msg_st_list		 m = { .sid = s->c.sid,
	    .flags = ST_LIST_COUNTERS };

	if (!c->none && check(s, c) == -1)
		return;
	events_free(s);
	tell_store(s, !c->none);
	if (!c->none)
		s->events = events_new(s);
	if (c->none || !c->status) {
		isession_done(s, IMAP_RESULT_OK, NULL, NULL);
		return;
	}
	m.req = request_new(on_list, s);
	request_send(m.req, M_ST_LIST, &m);
}

void
events_overflow(struct isession *s)
{
	events_free(s);
	tell_store(s, 0);
	imap_out_reply(isession_out(s), SPAN_NONE, "OK",
	    "NOTIFICATIONOVERFLOW", "Too much happens: NOTIFY NONE.");
	isession_out_done(s);
}
