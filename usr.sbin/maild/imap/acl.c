/*
 * SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314).  The judge is
 * the store; here are names and letters.
 */
#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "handlers.h"
#include "isession.h"
#include "libutil/log.h"
#include "name.h"
#include "rights.h"

static void
put_rights(struct imap_out *o, uint16_t rights)
{
	char	 text[RIGHTS_LEN];

	rights_print(rights, 1, text);
	imap_out_astring(o, span_of(text));
}

static void
put_head(struct isession *s, const char *what)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, what);
	imap_out_mailbox(o, span_of(s->job));
	imap_out_str(o, " ");
}

void
acl_write_mine(struct imap_out *o, struct span name, uint16_t rights)
{
	imap_out_str(o, "* MYRIGHTS ");
	imap_out_mailbox(o, name);
	imap_out_str(o, " ");
	put_rights(o, rights);
	imap_out_crlf(o);
}

/* ---- answers ----------------------------------------------------------- */

static int
put_acl(struct isession *s, const struct msg_st_acl_r *r, int fd)
{
	struct imap_out	*o = &s->out;
	struct aclrow	 row;
	struct rows	 rows;
	size_t		 off = 0;
	int		 rc;

	if (rows_open(&rows, &r->rows, r->size, fd) == -1)
		return -1;
	put_head(s, "* ACL ");
	/* A space stands before each pair but the first. */
	buf_truncate(o->buf, o->buf->len - 1);
	while ((rc = aclrow_next(rows.data, rows.len, &off, &row)) == 1) {
		imap_out_str(o, " ");
		imap_out_astring(o, row.ident);
		imap_out_str(o, " ");
		put_rights(o, row.rights);
	}
	if (rc == -1)
		fatalx("store: malformed access control list");
	imap_out_crlf(o);
	rows_free(&rows);
	return 0;
}

/* Required, then one by one what may be granted. */
static void
put_listrights(struct isession *s, uint16_t required)
{
	static const char	 all[] = "lrswipkxtecda";
	struct imap_out		*o = &s->out;
	size_t			 i;

	put_head(s, "* LISTRIGHTS ");
	imap_out_astring(o, s->cmd->u.acl.identifier);
	if (required != 0) {
		imap_out_str(o, " ");
		put_rights(o, required);
	} else {
		imap_out_str(o, " \"\"");
		for (i = 0; all[i] != '\0'; i++) {
			imap_out_str(o, " ");
			imap_out_raw(o, &all[i], 1);
		}
	}
	imap_out_crlf(o);
}

static void
on_answer(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_acl_r	*r = msg;
	const struct msg_st_r		*plain = msg;
	struct isession			*s = arg;
	uint8_t				 code = ST_OK;

	if (type != M_ST_ACL_R) {
		if (plain->code == ST_BAD)
			isession_done(s, IMAP_RESULT_NO, "CANNOT",
			    "Nobody of that name, or the owner himself.");
		else
			isession_done_st(s, plain->code, NULL);
		return;
	}
	switch (s->cmd->id) {
	case IMAP_GETACL:
		if (put_acl(s, r, fd) == -1)
			code = ST_TEMP;
		break;
	case IMAP_LISTRIGHTS:
		put_listrights(s, r->rights);
		break;
	default:
		acl_write_mine(isession_out(s), span_of(s->job), r->rights);
		break;
	}
	isession_out_done(s);
	isession_done_st(s, code, NULL);
}

/* ---- commands ---------------------------------------------------------- */

static void
ask(struct isession *s, uint8_t op, struct span mailbox, struct span ident,
    uint16_t rights)
{
	struct msg_st_acl	 m = { .sid = s->c.sid, .op = op,
	    .rights = rights };
	char			 name[IMAP_NAME_MAX + 1];
	char			 who[MSG_IDENT + 1];

	if (ident.len > MSG_IDENT || memchr(ident.p == NULL ? "" : ident.p,
	    '\0', ident.len) != NULL) {
		isession_done(s, IMAP_RESULT_NO, "CANNOT", "Nobody.");
		return;
	}
	if (name_read(s, mailbox, 0, name) == -1)
		return;
	if (ident.len > 0)
		memcpy(who, ident.p, ident.len);
	who[ident.len] = '\0';
	if ((s->job = strdup(name)) == NULL)
		fatal("acl");
	s->job_free = free;
	m.name = name;
	m.identifier = who;
	m.req = request_new(on_answer, s);
	request_send(m.req, M_ST_ACL, &m);
}

void
acl_set(struct isession *s)
{
	const struct imap_acl	*a = &s->cmd->u.acl;
	uint16_t		 rights;

	if (rights_parse(a->rights, &rights) == -1) {
		isession_done(s, IMAP_RESULT_BAD, NULL, "No such right.");
		return;
	}
	ask(s, a->mod == '+' ? ST_ACL_ADD : a->mod == '-' ? ST_ACL_DEL :
	    ST_ACL_SET, a->mailbox, a->identifier, rights);
}

void
acl_delete(struct isession *s)
{
	ask(s, ST_ACL_DELETE, s->cmd->u.acl.mailbox,
	    s->cmd->u.acl.identifier, 0);
}

void
acl_listrights(struct isession *s)
{
	ask(s, ST_ACL_LIST, s->cmd->u.acl.mailbox, s->cmd->u.acl.identifier,
	    0);
}

void
acl_get(struct isession *s)
{
	ask(s, ST_ACL_GET, s->cmd->u.mailbox, SPAN_NONE, 0);
}

void
acl_mine(struct isession *s)
{
	ask(s, ST_ACL_MINE, s->cmd->u.mailbox, SPAN_NONE, 0);
}
