/* SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 6.3.2, 6.3.3, 6.4.1, 6.4.2). */
#include <string.h>

#include "handlers.h"
#include "libutil/log.h"
#include "name.h"
#include "objid.h"
#include "isession.h"
#include "rights.h"
#include "view.h"

void
select_leave(struct isession *s)
{
	if (s->view == NULL)
		return;
	view_close(s->view);
	s->view = NULL;
	s->news = 0;
}

static void
select_tail(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, s->view->readonly ? "[READ-ONLY] " :
	    "[READ-WRITE] ");
	imap_out_str(o, s->cmd->id == IMAP_EXAMINE ? "Examine" : "Select");
	imap_out_str(o, " completed.\r\n");
}

static void
untagged_ok(struct imap_out *o, const char *code, uint64_t n,
    const char *text)
{
	imap_out_str(o, "* OK [");
	imap_out_str(o, code);
	imap_out_str(o, " ");
	imap_out_num(o, n);
	imap_out_str(o, "] ");
	imap_out_str(o, text);
	imap_out_crlf(o);
}

/* RFC 9051 6.3.2: what its name really is. */
static void
tell_name(struct isession *s, struct imap_out *o)
{
	char		 name[IMAP_NAME_MAX + 1];
	const char	*why;

	if (imap_name_read(s->cmd->u.select.mailbox, IMAP_NAME_UTF8, name,
	    &why) == -1)
		return;
	imap_out_str(o, "* LIST () \"/\" ");
	imap_out_mailbox(o, span_of(name));
	imap_out_crlf(o);
}

/* All but the flags and what needs the number of the first unseen. */
static void
tell_counters(struct isession *s, const struct msg_st_select_r *r)
{
	struct imap_out	*o = isession_out(s);
	char		 id[OBJID_LEN];

	imap_out_count(o, r->exists, "EXISTS");
	if (!(s->st.enabled & IMAP_EN_REV2)) {
		imap_out_count(o, rseq_count(&s->view->recent), "RECENT");
		if (r->first_unseen != 0)
			untagged_ok(o, "UNSEEN", r->first_unseen,
			    "First unseen.");
	}
	untagged_ok(o, "UIDVALIDITY", r->uidvalidity, "UIDs valid.");
	untagged_ok(o, "UIDNEXT", r->uidnext, "Predicted next UID.");
	untagged_ok(o, "HIGHESTMODSEQ", r->highestmodseq, "Highest.");
	imap_out_str(o, "* OK [MAILBOXID (");
	imap_out_raw(o, id, objid_put(id, 'F', r->mbox) - id);
	imap_out_str(o, ")] Its id.\r\n");
	if (s->st.enabled & IMAP_EN_REV2)
		tell_name(s, o);
	isession_out_done(s);
}

/* ---- QRESYNC (RFC 7162 3.2.5) ------------------------------------------- */

static void
resynced(struct isession *s)
{
	isession_done_with(s, IMAP_RESULT_OK, select_tail);
}

/*
 * What has changed is told as in UID FETCH known (UID FLAGS MODSEQ)
 * (CHANGEDSINCE modseq VANISHED).
 */
static void
resync(struct isession *s, const struct imap_select *c)
{
	static const uint8_t	 types[] = {
		IMAP_FETCH_UID, IMAP_FETCH_FLAGS, IMAP_FETCH_MODSEQ
	};
	struct imap_arena	*arena = &s->cmd->arena;
	struct imap_fetch	*f;
	struct imap_seqrange	*range;
	size_t			 i;

	f = imap_arena_calloc(arena, 1, sizeof(*f));
	range = imap_arena_calloc(arena, 1, sizeof(*range));
	if (f == NULL || range == NULL || (f->items = imap_arena_calloc(arena,
	    sizeof(types), sizeof(*f->items))) == NULL)
		fatal("select");
	f->nitems = sizeof(types);
	for (i = 0; i < sizeof(types); i++) {
		f->items[i].type = types[i];
		f->types |= 1u << types[i];
	}
	f->costs = IMAP_COST_BIT(IMAP_COST_HOT);
	f->changed = f->vanished = 1;
	f->changedsince = c->modseq;
	f->set = c->known;
	if (c->known.n == 0 && s->view->uidnext > 1) {
		range->a = 1;
		range->b = s->view->uidnext - 1;
		f->set.ranges = range;
		f->set.n = 1;
	}
	fetch_run(s, f, resynced);
}

static void
on_select(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_select_r	*r = msg;
	struct isession			*s = arg;
	const struct imap_select	*c = &s->cmd->u.select;

	if (type != M_ST_SELECT_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    ((const struct msg_st_r *)msg)->text);
		return;
	}
	if (r->code != ST_OK) {
		isession_done_st(s, r->code, r->text);
		return;
	}
	s->view = view_open(s, r);
	s->st.readonly = r->readonly;
	view_tell_flags(s->view);
	tell_counters(s, r);
	if (c->qresync && c->uidvalidity == r->uidvalidity &&
	    c->modseq < r->highestmodseq)
		resync(s, c);
	else
		resynced(s);
}

void
select_select(struct isession *s)
{
	struct msg_st_select	 m = { .sid = s->c.sid };
	char			 name[IMAP_NAME_MAX + 1];

	/* The old one is left whether the new one can be had or not. */
	if (s->view != NULL) {
		select_leave(s);
		if (s->st.enabled & (IMAP_EN_REV2 | IMAP_EN_QRESYNC)) {
			imap_out_reply(isession_out(s), SPAN_NONE, "OK",
			    "CLOSED", "Previous mailbox closed.");
			isession_out_done(s);
		}
	}
	if (name_read(s, s->cmd->u.select.mailbox, 0, name) == -1)
		return;
	if (s->cmd->id == IMAP_EXAMINE)
		m.flags = ST_SELECT_READONLY;
	m.name = name;
	m.req = request_new(on_select, s);
	request_send(m.req, M_ST_SELECT, &m);
}

static void
on_closed(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct isession		*s = arg;

	if (r->code == ST_MORE) {
		select_close(s);
		return;
	}
	select_leave(s);
	isession_done(s, IMAP_RESULT_OK, NULL, "Close completed.");
}

/* What is \Deleted goes, and nothing is said of it. */
void
select_close(struct isession *s)
{
	struct msg_st_expunge	 m = { .sid = s->c.sid };

	/* Who may not expunge may close. */
	if (s->view->readonly || !(s->view->rights & RIGHT_E)) {
		select_unselect(s);
		return;
	}
	m.mbox = s->view->mbox->id;
	m.req = request_new(on_closed, s);
	request_send(m.req, M_ST_EXPUNGE, &m);
}

void
select_unselect(struct isession *s)
{
	select_leave(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}
