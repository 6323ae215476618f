/* USER and PASS, and AUTH (RFC 5034), as POP3 says it: see login.h. */
#include <stdlib.h>
#include <string.h>

#include "libpop3/pop3_put.h"
#include "pop3_session.h"

void
pop3_login_pass(struct pop3_session *s, struct span password)
{
	struct span	 name = { s->user, strlen(s->user) };

	(void)pop3_state_event(&s->st, POP3_EV_SASL);
	login_plain(&s->c, name, password);
}

/* Some clients of old ask so for what CAPA says now. */
static void
show_mechs(struct pop3_session *s)
{
	const char	*p = login_mechs(&s->c);
	int		 n;

	(void)conn_writef(s->c.conn, "+OK Mechanisms follow\r\n");
	for (; *p != '\0'; p += n + (p[n] == ' ')) {
		n = (int)strcspn(p, " ");
		(void)conn_writef(s->c.conn, "%.*s\r\n", n, p);
	}
	(void)conn_writef(s->c.conn, ".\r\n");
}

void
pop3_login_auth(struct pop3_session *s, const struct pop3_command *c)
{
	if (c->mech.p == NULL) {
		show_mechs(s);
		return;
	}
	(void)pop3_state_event(&s->st, POP3_EV_SASL);
	login_begin(&s->c, c->mech, c->initial);
}

/* The line that comes next is the client's part of the exchange. */
void
pop3_login_challenge(struct caller *c, const void *data, size_t len)
{
	if (pop3_put_challenge(conn_out(c->conn), data, len) == -1)
		conn_out_lost(c->conn);
	conn_out_done(c->conn);
	conn_again(c->conn);
}

void
pop3_login_failed(struct caller *c, enum login_why why, const char *text,
    int end)
{
	static const struct {
		const char	*code, *text;
	} answers[LOGIN_NWHY] = {
	[LOGIN_BAD] =	{ "AUTH", "Authentication failed" },
	[LOGIN_LIMIT] =	{ "SYS/TEMP", "Too many failures" },
	[LOGIN_TEMP] =	{ "SYS/TEMP", "Try again later" },
	[LOGIN_INUSE] =	{ "IN-USE", "Too many sessions of this account" },
	[LOGIN_DELAY] =	{ "LOGIN-DELAY", "Too soon after the last login" },
	[LOGIN_CANCELLED] = { NULL, "Authentication cancelled" },
	[LOGIN_SYNTAX] = { NULL, "That is not base64" },
	[LOGIN_MECH] =	{ NULL, "Mechanism is not offered" }
	};
	struct pop3_session	*s = (struct pop3_session *)c;

	(void)pop3_state_event(&s->st, POP3_EV_LOGIN_NO);
	free(s->user);
	s->user = NULL;
	if (answers[why].code == NULL)
		c->errors++;
	pop3_session_err(s, answers[why].code, text[0] != '\0' ? text :
	    answers[why].text);
	if (end)
		caller_close(c);
	else
		pop3_session_done(s);
}
