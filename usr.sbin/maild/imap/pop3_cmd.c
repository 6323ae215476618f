/* Commands of POP3, once they may come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libpop3/pop3_caps.h"
#include "libutil/log.h"
#include "pop3_session.h"

#define USER_NAME	512

static void
do_user(struct pop3_session *s, const struct pop3_command *c)
{
	if (c->text.len > USER_NAME) {
		pop3_session_err(s, NULL, "Name too long");
		return;
	}
	free(s->user);
	if ((s->user = strndup(c->text.p, c->text.len)) == NULL)
		fatal("user");
	/* Whether there is such a user is not said. */
	(void)pop3_state_event(&s->st, POP3_EV_USER);
	pop3_session_ok(s, "Send the password");
}

static void
do_stls(struct pop3_session *s)
{
	/* Nothing of what follows in the clear may be taken. */
	pop3_session_ok(s, "Begin TLS now");
	caller_starttls(&s->c);
}

static void
do_capa(struct pop3_session *s)
{
	struct pop3_caps	 caps;

	caps.mechs = login_mechs(&s->c);
	caps.login_delay = caller_conf()->limits.pop3_login_delay;
	if (pop3_caps_put(conn_out(s->c.conn), &s->st, &caps) == -1)
		log_debug("capabilities do not fit");
	conn_out_done(s->c.conn);
}

static void
do_utf8(struct pop3_session *s)
{
	/* Messages go out as they came in: see pop3_retr.c for the rest. */
	(void)pop3_state_event(&s->st, POP3_EV_UTF8);
	pop3_session_ok(s, "UTF-8 it is");
}

/*
 * RFC 6856 3: there is one language for now, which is also the default.  A
 * range is looked up from its end (RFC 4647 3.4), so that en-GB finds en.
 */
static void
do_lang(struct pop3_session *s, const struct pop3_command *c)
{
	struct span	 l = c->text;

	if (l.p == NULL) {
		(void)conn_writef(s->c.conn, "+OK Languages follow\r\n"
		    "en English\r\ni-default Default language\r\n.\r\n");
		return;
	}
	if (l.len > 3 && strncasecmp(l.p, "en-", 3) == 0)
		l.len = 2;
	if (span_ieqs(l, "i-default"))
		pop3_session_ok(s, "i-default Language changed");
	else if (span_ieqs(l, "en") || span_ieqs(l, "*"))
		pop3_session_ok(s, "en Language changed");
	else
		pop3_session_err(s, NULL, "There is no such language here");
}

static void
do_dele(struct pop3_session *s, const struct pop3_command *c)
{
	if (!pop3_drop_has(&s->drop, c->number))
		pop3_session_err(s, NULL, "No such message");
	else if (pop3_drop_delete(&s->drop, c->number) == -1)
		pop3_session_err(s, "SYS/TEMP", "Not possible just now");
	else
		pop3_session_ok(s, "Marked to be removed");
}

static void
do_rset(struct pop3_session *s)
{
	pop3_drop_reset(&s->drop);
	pop3_session_ok(s, "Nothing will be removed");
}

static void
do_quit(struct pop3_session *s)
{
	int	 logged_in = s->st.phase == POP3_PHASE_TRANSACTION;

	(void)pop3_state_event(&s->st, POP3_EV_QUIT);
	if (logged_in)
		pop3_update(s);
	else {
		pop3_session_ok(s, "Bye");
		pop3_session_close(s);
	}
}

static void
run(struct pop3_session *s, const struct pop3_command *c)
{
	switch (c->verb) {
	case POP3_USER:
		do_user(s, c);
		break;
	case POP3_PASS:
		pop3_login_pass(s, c->text);
		break;
	case POP3_AUTH:
		pop3_login_auth(s, c);
		break;
	case POP3_STLS:
		do_stls(s);
		break;
	case POP3_CAPA:
		do_capa(s);
		break;
	case POP3_UTF8:
		do_utf8(s);
		break;
	case POP3_LANG:
		do_lang(s, c);
		break;
	case POP3_STAT:
		pop3_list_stat(s);
		break;
	case POP3_LIST:
		pop3_list_list(s, c);
		break;
	case POP3_UIDL:
		pop3_list_uidl(s, c);
		break;
	case POP3_RETR:
	case POP3_TOP:
		pop3_retr(s, c);
		break;
	case POP3_DELE:
		do_dele(s, c);
		break;
	case POP3_RSET:
		do_rset(s);
		break;
	case POP3_QUIT:
		do_quit(s);
		break;
	default:
		pop3_session_ok(s, "Nothing done");
		break;
	}
}

void
pop3_cmd_line(struct pop3_session *s, struct span line)
{
	struct pop3_command	 c;
	const char		*bad, *why;

	/* The state first: it is not told what a command wants before. */
	bad = pop3_command_parse(&c, line);
	why = c.verb == POP3_UNKNOWN ? NULL : pop3_state_check(&s->st, c.verb);
	if (why == NULL)
		why = bad;
	if (why == NULL) {
		run(s, &c);
		return;
	}
	s->c.errors++;
	pop3_session_err(s, NULL, why);
}
