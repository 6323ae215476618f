/* AUTH (RFC 4954): its lines and replies; login.c does the rest. */
#include "libsmtp/smtp_sasl.h"
#include "session.h"

void
auth_start(struct session *s, const struct smtp_command *c)
{
	(void)smtp_server_event(&s->st, SMTP_EV_AUTH);
	login_begin(&s->c, c->mech, c->initial);
}

void
auth_challenge(struct caller *c, const void *data, size_t len)
{
	if (smtp_sasl_challenge(conn_out(c->conn), data, len) == -1)
		conn_out_lost(c->conn);
	conn_out_done(c->conn);
	session_continue((struct session *)c);
}

void
auth_done(struct caller *c)
{
	struct session	*s = (struct session *)c;

	(void)smtp_server_event(&s->st, SMTP_EV_AUTH_OK);
	session_reply(s, 235, "2.7.0 Authentication successful");
	session_continue(s);
}

void
auth_failed(struct caller *c, enum login_why why, const char *text, int end)
{
	static const struct {
		int		 code;
		const char	*text;
	} replies[LOGIN_NWHY] = {
	[LOGIN_BAD] =	{ 535, "5.7.8 Authentication failed" },
	[LOGIN_LIMIT] =	{ 421, "4.7.0 Too many failures" },
	[LOGIN_TEMP] =	{ 454, "4.7.0 Temporary authentication failure" },
	[LOGIN_INUSE] =	{ 454, "4.7.0 Too many sessions" },
	[LOGIN_DELAY] =	{ 454, "4.7.0 Too soon after the last login" },
	[LOGIN_CANCELLED] = { 501, "5.7.0 Authentication cancelled" },
	[LOGIN_SYNTAX] = { 501, "5.5.2 That is not base64" },
	[LOGIN_MECH] =	{ 504, "5.5.4 Mechanism is not offered" }
	};
	struct session	*s = (struct session *)c;

	(void)smtp_server_event(&s->st, SMTP_EV_AUTH_NO);
	if (why == LOGIN_SYNTAX || why == LOGIN_MECH || why == LOGIN_CANCELLED)
		session_mistake(s);
	if (end && why == LOGIN_BAD)
		why = LOGIN_LIMIT;
	session_reply(s, replies[why].code, replies[why].text);
	if (end)
		caller_close(c);
	else
		session_continue(s);
}
