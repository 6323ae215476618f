/* GETQUOTA and GETQUOTAROOT (RFC 9208): one root, the account, named "". */
#include <string.h>

#include "handlers.h"
#include "isession.h"
#include "name.h"
#include "rights.h"

static void
put_resource(struct imap_out *o, const char *name, uint64_t use,
    uint64_t limit)
{
	if (limit == 0)
		return;
	imap_out_item(o);
	imap_out_str(o, name);
	imap_out_str(o, " ");
	imap_out_num(o, use);
	imap_out_str(o, " ");
	imap_out_num(o, limit);
}

static void
on_quota(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_quota_r	*r = msg;
	struct isession			*s = arg;
	struct imap_out			*o;

	if (type != M_ST_QUOTA_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    NULL);
		return;
	}
	o = isession_out(s);
	imap_out_str(o, "* QUOTA \"\" ");
	imap_out_open(o);
	/* RFC 9208 5: storage counts in units of 1024 octets. */
	put_resource(o, "STORAGE", (r->bytes + 1023) / 1024,
	    (r->bytes_limit + 1023) / 1024);
	put_resource(o, "MESSAGE", r->messages, r->messages_limit);
	imap_out_close(o);
	imap_out_crlf(o);
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

static void
ask(struct isession *s)
{
	struct msg_st_quota	 m = { .sid = s->c.sid };

	m.req = request_new(on_quota, s);
	request_send(m.req, M_ST_QUOTA, &m);
}

void
quota_get(struct isession *s)
{
	if (s->cmd->u.word.len != 0)
		isession_done(s, IMAP_RESULT_NO, "NONEXISTENT",
		    "No such quota root.");
	else
		ask(s);
}

/* The mailbox must be there: its STATUS says so. */
static void
on_status(void *arg, uint32_t type, const void *msg, int fd)
{
	struct isession	*s = arg;
	struct imap_out	*o;
	char		 name[IMAP_NAME_MAX + 1];

	if (type != M_ST_STATUS_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    NULL);
		return;
	}
	if (name_read(s, s->cmd->u.mailbox, 0, name) == -1)
		return;
	o = isession_out(s);
	imap_out_str(o, "* QUOTAROOT ");
	imap_out_mailbox(o, span_of(name));
	/* What counts in another's mailbox is his quota, which is his alone. */
	if (strncmp(name, OTHER_USERS, sizeof(OTHER_USERS) - 1) == 0) {
		imap_out_crlf(o);
		isession_out_done(s);
		isession_done(s, IMAP_RESULT_OK, NULL, NULL);
		return;
	}
	imap_out_str(o, " \"\"\r\n");
	isession_out_done(s);
	ask(s);
}

void
quota_getroot(struct isession *s)
{
	struct msg_st_status	 m = { .sid = s->c.sid };
	char			 name[IMAP_NAME_MAX + 1];

	if (name_read(s, s->cmd->u.mailbox, 0, name) == -1)
		return;
	m.name = name;
	m.req = request_new(on_status, s);
	request_send(m.req, M_ST_STATUS, &m);
}

/* Limits are the administrator's, by mailctl and the table of accounts. */
void
quota_set(struct isession *s)
{
	isession_done(s, IMAP_RESULT_NO, "NOPERM",
	    "Quotas are set by the administrator.");
}
