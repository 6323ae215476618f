/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3.4-6.3.8). */
#include <stdlib.h>

#include "handlers.h"
#include "libimap/imap_name.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "name.h"
#include "objid.h"
#include "isession.h"
#include "view.h"

static void
created_tail(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[MAILBOXID (");
	imap_out_str(o, s->job);
	imap_out_str(o, ")] Created.\r\n");
}

static void
on_created(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*m = msg;
	struct isession		*s = arg;
	char			*id;

	if (m->code != ST_OK) {
		isession_done_st(s, m->code, m->text);
		return;
	}
	if ((id = calloc(1, OBJID_LEN + 1)) == NULL)
		fatal("create");
	objid_put(id, 'F', m->mbox);
	s->job = id;
	s->job_free = free;
	isession_done_with(s, IMAP_RESULT_OK, created_tail);
}

static void
on_deleted(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*m = msg;
	struct isession		*s = arg;

	/* He has deleted the one that he looks at: it is closed. */
	if (m->code == ST_OK && s->view != NULL &&
	    s->view->mbox->id == m->mbox) {
		select_leave(s);
		s->st.state = IMAP_STATE_AUTH;
	}
	isession_done_st(s, m->code, m->code == ST_OK ? NULL : m->text);
}

static void
on_answer(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*m = msg;

	isession_done_st(arg, m->code, m->code == ST_OK ? NULL : m->text);
}

static void
ask(struct isession *s, uint8_t op, uint32_t use, const char *name,
    const char *newname)
{
	struct msg_st_mailbox	 m = { .sid = s->c.sid, .op = op, .use = use,
	    .name = name, .newname = newname };

	m.req = request_new(op == ST_CREATE ? on_created : op == ST_DELETE ?
	    on_deleted : on_answer, s);
	request_send(m.req, M_ST_MAILBOX, &m);
}

void
mailbox_create(struct isession *s)
{
	const struct imap_create	*c = &s->cmd->u.create;
	char				 name[IMAP_NAME_MAX + 1];

	if (c->use_unknown) {
		isession_done(s, IMAP_RESULT_NO, "USEATTR",
		    "Special use is not known.");
		return;
	}
	if (name_read(s, c->mailbox, IMAP_NAME_NEW, name) == -1)
		return;
	if (imap_name_is_inbox(span_of(name)))
		isession_done_st(s, ST_EXISTS, NULL);
	else
		ask(s, ST_CREATE, name_use_to_store(c->use), name, "");
}

void
mailbox_delete(struct isession *s)
{
	char	 name[IMAP_NAME_MAX + 1];

	if (name_read(s, s->cmd->u.mailbox, 0, name) == -1)
		return;
	if (imap_name_is_inbox(span_of(name)))
		isession_done(s, IMAP_RESULT_NO, "CANNOT",
		    "INBOX cannot be deleted.");
	else
		ask(s, ST_DELETE, 0, name, "");
}

void
mailbox_rename(struct isession *s)
{
	char	 from[IMAP_NAME_MAX + 1], to[IMAP_NAME_MAX + 1];

	if (name_read(s, s->cmd->u.rename.from, 0, from) == -1 ||
	    name_read(s, s->cmd->u.rename.to, IMAP_NAME_NEW, to) == -1)
		return;
	if (imap_name_is_inbox(span_of(to)))
		isession_done_st(s, ST_EXISTS, NULL);
	else
		ask(s, ST_RENAME, 0, from, to);
}

void
mailbox_subscribe(struct isession *s)
{
	char	 name[IMAP_NAME_MAX + 1];

	if (name_read(s, s->cmd->u.mailbox, 0, name) == -1)
		return;
	ask(s, s->cmd->id == IMAP_SUBSCRIBE ? ST_SUBSCRIBE : ST_UNSUBSCRIBE,
	    0, name, "");
}
