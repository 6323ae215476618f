/* SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 6.3.2, 6.3.3, 6.4.1, 6.4.2). */
#include <string.h>

#include "handlers.h"
#include "libutil/log.h"
#include "name.h"
#include "isession.h"
#include "view.h"

static void
drop_view(struct isession *s)
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

/* All but the flags and what needs the number of the first unseen. */
static void
tell_counters(struct isession *s, const struct msg_st_select_r *r)
{
	struct imap_out	*o = isession_out(s);

	imap_out_count(o, r->exists, "EXISTS");
	if (!(s->st.enabled & IMAP_EN_REV2)) {
		imap_out_count(o, rseq_count(&s->view->recent), "RECENT");
		if (r->first_unseen != 0)
			untagged_ok(o, "UNSEEN", r->first_unseen,
			    "First unseen.");
	}
	untagged_ok(o, "UIDVALIDITY", r->uidvalidity, "UIDs valid.");
	untagged_ok(o, "UIDNEXT", r->uidnext, "Predicted next UID.");
	isession_out_done(s);
}

static void
on_select(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_select_r	*r = msg;
	struct isession			*s = arg;

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
	isession_done_with(s, IMAP_RESULT_OK, select_tail);
}

void
select_select(struct isession *s)
{
	struct msg_st_select	 m = { .sid = s->sid };
	char			 name[IMAP_NAME_MAX + 1];

	/* The old one is left whether the new one can be had or not. */
	if (s->view != NULL) {
		drop_view(s);
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
	struct isession	*s = arg;

	drop_view(s);
	isession_done(s, IMAP_RESULT_OK, NULL, "Close completed.");
}

/* What is \Deleted goes, and nothing is said of it. */
void
select_close(struct isession *s)
{
	struct msg_st_expunge	 m = { .sid = s->sid };

	if (s->view->readonly) {
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
	drop_view(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}
