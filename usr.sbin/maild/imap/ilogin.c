/* LOGIN and AUTHENTICATE (RFC 9051 6.2), as IMAP says it: see login.h. */
#include "events.h"
#include "handlers.h"
#include "libimap/imap_caps.h"
#include "libutil/base64.h"
#include "isession.h"

/* What this server does of all that libimap knows. */
static const uint8_t	 offered[] = {
	IMAP_CAP_REV1, IMAP_CAP_LITERALPLUS, IMAP_CAP_ID, IMAP_CAP_ENABLE,
	IMAP_CAP_SASL_IR, IMAP_CAP_IDLE, IMAP_CAP_NAMESPACE,
	IMAP_CAP_CHILDREN, IMAP_CAP_UNSELECT, IMAP_CAP_UIDPLUS,
	IMAP_CAP_MOVE, IMAP_CAP_MULTIAPPEND, IMAP_CAP_SPECIAL_USE,
	IMAP_CAP_CREATE_SPECIAL_USE, IMAP_CAP_LIST_EXTENDED,
	IMAP_CAP_LIST_STATUS, IMAP_CAP_STATUS_SIZE, IMAP_CAP_ESEARCH,
	IMAP_CAP_SEARCHRES, IMAP_CAP_WITHIN, IMAP_CAP_APPENDLIMIT,
	IMAP_CAP_CONDSTORE, IMAP_CAP_QRESYNC, IMAP_CAP_REV2, IMAP_CAP_OBJECTID,
	IMAP_CAP_SAVEDATE, IMAP_CAP_PREVIEW, IMAP_CAP_BINARY,
	IMAP_CAP_COMPRESS, IMAP_CAP_QUOTA, IMAP_CAP_UTF8, IMAP_CAP_PARTIAL,
	IMAP_CAP_UIDONLY, IMAP_CAP_REPLACE, IMAP_CAP_UNAUTHENTICATE,
	IMAP_CAP_SORT, IMAP_CAP_ESORT, IMAP_CAP_SORT_DISPLAY,
	IMAP_CAP_THREAD_SUBJECT, IMAP_CAP_THREAD_REFERENCES,
	IMAP_CAP_THREAD_REFS, IMAP_CAP_I18NLEVEL1, IMAP_CAP_METADATA,
	IMAP_CAP_METADATA_SERVER, IMAP_CAP_LIST_METADATA,
	IMAP_CAP_CONTEXT_SEARCH, IMAP_CAP_CONTEXT_SORT,
	IMAP_CAP_MULTISEARCH, IMAP_CAP_INPROGRESS, IMAP_CAP_UIDBATCHES,
	IMAP_CAP_LANGUAGE, IMAP_CAP_FILTERS, IMAP_CAP_CATENATE,
	IMAP_CAP_URLAUTH, IMAP_CAP_URL_PARTIAL,
	IMAP_CAP_ACL, IMAP_CAP_LIST_MYRIGHTS,
	IMAP_CAP_NOTIFY
};

int
ilogin_caps(struct isession *s, struct buf *b)
{
	struct imap_caps	 caps = { 0 };
	size_t			 i;

	for (i = 0; i < sizeof(offered); i++)
		caps.on[offered[i]] = 1;
	/* One of the two: the first limits all that the other does. */
	caps.messagelimit = caller_conf()->limits.imap_messages;
	caps.savelimit = caller_conf()->limits.imap_save;
	caps.on[IMAP_CAP_MESSAGELIMIT] = caps.messagelimit != 0;
	caps.on[IMAP_CAP_SAVELIMIT] = caps.savelimit != 0 &&
	    caps.messagelimit == 0;
	caps.mechs = login_mechs(&s->c);
	caps.appendlimit = caller_conf()->limits.message_size;
	return imap_caps_print(&caps, &s->st, b);
}

void
ilogin_login(struct isession *s)
{
	login_plain(&s->c, s->cmd->u.login.user, s->cmd->u.login.pass);
}

void
ilogin_authenticate(struct isession *s)
{
	const struct imap_authenticate	*a = &s->cmd->u.auth;
	struct span			 initial = { "=", 1 };

	if (!a->has_initial)
		initial = SPAN_NONE;
	else if (a->initial.len > 0)
		initial = a->initial;
	login_begin(&s->c, a->mech, initial);
}

/* Lines from now on are the client's part of the exchange. */
void
ilogin_challenge(struct caller *c, const void *data, size_t len)
{
	struct isession	*s = (struct isession *)c;
	char		 text[BASE64_LEN(MSG_SASL) + 1];

	if (len > MSG_SASL ||
	    base64_encode(text, sizeof(text), data, len) == -1)
		text[0] = '\0';
	imap_out_str(isession_out(s), "+ ");
	imap_out_str(&s->out, text);
	imap_out_crlf(&s->out);
	isession_out_done(s);
	s->mode = INPUT_SASL;
	s->busy = 0;
	imap_parser_lines(&s->parser, 1);
	conn_again(c->conn);
}

static void
done_tail(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[CAPABILITY ");
	(void)ilogin_caps(s, o->buf);
	imap_out_str(o, "] Logged in.\r\n");
}

void
ilogin_done(struct caller *c)
{
	struct isession	*s = (struct isession *)c;

	imap_parser_limits(&s->parser, &imap_limits_auth);
	conn_deadline(c->conn, 0);
	conn_timeout(c->conn, caller_conf()->limits.imap_timeout);
	/* The capabilities of the state that begins with this reply. */
	s->st.state = IMAP_STATE_AUTH;
	isession_done_with(s, IMAP_RESULT_OK, done_tail);
}

void
ilogin_failed(struct caller *c, enum login_why why, const char *text, int end)
{
	static const struct {
		enum imap_result result;
		const char	*code, *text;
	} replies[LOGIN_NWHY] = {
	[LOGIN_BAD] =	{ IMAP_RESULT_NO, "AUTHENTICATIONFAILED",
			    "Authentication failed." },
	[LOGIN_LIMIT] =	{ IMAP_RESULT_NO, "LIMIT", "Too many failures." },
	[LOGIN_TEMP] =	{ IMAP_RESULT_NO, "UNAVAILABLE", "Try again later." },
	[LOGIN_INUSE] =	{ IMAP_RESULT_NO, "LIMIT", "Too many sessions." },
	[LOGIN_DELAY] =	{ IMAP_RESULT_NO, "UNAVAILABLE", "Too soon." },
	[LOGIN_CANCELLED] = { IMAP_RESULT_BAD, NULL,
			    "Authentication cancelled." },
	[LOGIN_SYNTAX] = { IMAP_RESULT_BAD, NULL, "That is not base64." },
	[LOGIN_MECH] =	{ IMAP_RESULT_NO, "CANNOT",
			    "Mechanism is not offered." }
	};
	struct isession	*s = (struct isession *)c;

	/* He may be in the middle of the exchange. */
	s->busy = 1;
	s->mode = INPUT_COMMANDS;
	imap_parser_lines(&s->parser, 0);
	s->bye = (uint8_t)end;
	isession_done(s, replies[why].result, replies[why].code,
	    text[0] != '\0' ? text : replies[why].text);
}

void
ilogin_forget(struct isession *s)
{
	select_leave(s);
	events_free(s);
	caller_forget(&s->c);
	imap_parser_limits(&s->parser, &imap_limits_noauth);
	caller_unknown(&s->c);
}
