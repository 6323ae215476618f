#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

typedef void (*command_fn)(struct session *, const struct smtp_command *);

/*
 * What a client says now and then, and not without an end: it keeps us at work
 * and brings no mail.
 */
static void
junk(struct session *s)
{
	if (++s->junk > SESSION_JUNK)
		session_mistake(s);
}

static void
drop_transaction(struct session *s)
{
	transaction_end(s, 1);
	(void)smtp_server_event(&s->st, SMTP_EV_RSET);
}

static void
set_helo(struct session *s, const struct smtp_command *c)
{
	junk(s);
	drop_transaction(s);
	free(s->helo);
	if ((s->helo = strndup(c->helo.p, c->helo.len)) == NULL)
		fatal("command");
}

static void
do_ehlo(struct session *s, const struct smtp_command *c)
{
	struct smtp_caps	 caps = { 0 };
	char			 hello[600], client[ADDR_STRLEN];

	set_helo(s, c);
	(void)smtp_server_event(&s->st, SMTP_EV_EHLO);
	caps.has = smtp_server_caps(&s->st);
	caps.mechs = SMTP_MECH_PLAIN | SMTP_MECH_LOGIN |
	    SMTP_MECH_SCRAM_SHA256;
	if (s->st.flags & SMTP_SERVER_TLS)
		caps.mechs |= SMTP_MECH_SCRAM_SHA256_PLUS;
	caps.size = caller_conf()->limits.message_size;
	snprintf(hello, sizeof(hello), "%s Hello %s [%s]",
	    caller_conf()->hostname, s->helo,
	    addr_print(&s->c.addr, client, sizeof(client)));
	if (smtp_caps_put(conn_out(s->c.conn), &caps, hello) == -1)
		conn_out_lost(s->c.conn);
	conn_out_done(s->c.conn);
}

static void
do_helo(struct session *s, const struct smtp_command *c)
{
	set_helo(s, c);
	(void)smtp_server_event(&s->st, SMTP_EV_HELO);
	session_reply(s, 250, caller_conf()->hostname);
}

static void
do_mail(struct session *s, const struct smtp_command *c)
{
	const struct smtp_params	*p = &c->params;
	char				 sender[SMTP_PATH_MAX + 1];

	if (conf_over(s->messages,
	    caller_conf()->limits.messages_per_session)) {
		session_close(s, 421, "4.7.0 Too many messages, call again");
		return;
	}
	if (p->set & SMTP_PARAM_SIZE &&
	    p->size > caller_conf()->limits.message_size) {
		junk(s);
		session_reply(s, 552, "5.3.4 Message too big");
		return;
	}
	if (smtp_path_canon(&c->path, sender, sizeof(sender)) == -1) {
		session_mistake(s);
		session_reply(s, 553, "5.1.7 Bad sender's domain");
		return;
	}
	transaction_begin(s, c, sender);
}

static const struct smtp_answer	 too_many = {
	452, "4.5.3 Too many recipients" };
static const struct smtp_answer	 bad_domain = {
	553, "5.1.3 Bad recipient's domain" };

static void
do_rcpt(struct session *s, const struct smtp_command *c)
{
	char	 rcpt[SMTP_PATH_MAX + 1];

	if (conf_over(s->tx->nrcpt, caller_conf()->limits.recipients)) {
		junk(s);
		transaction_rcpt_local(s, &too_many);
	} else if (smtp_path_canon(&c->path, rcpt, sizeof(rcpt)) == -1) {
		session_mistake(s);
		transaction_rcpt_local(s, &bad_domain);
	} else
		transaction_rcpt(s, c, rcpt);
}

static void
do_data(struct session *s, const struct smtp_command *c)
{
	data_begin(s);
}

static void
do_bdat(struct session *s, const struct smtp_command *c)
{
	data_chunk(s, c->bytes, c->last);
}

static void
do_rset(struct session *s, const struct smtp_command *c)
{
	junk(s);
	drop_transaction(s);
	session_reply(s, 250, "2.0.0 Ok");
}

static void
do_noop(struct session *s, const struct smtp_command *c)
{
	junk(s);
	session_reply(s, 250, "2.0.0 Ok");
}

static void
do_quit(struct session *s, const struct smtp_command *c)
{
	session_close(s, 221, "2.0.0 Bye");
}

/* RFC 5321 3.5.3: who is here is told at RCPT, and to nobody else. */
static void
do_vrfy(struct session *s, const struct smtp_command *c)
{
	junk(s);
	session_reply(s, 252,
	    "2.5.2 Cannot VRFY, but will take mail and try to deliver it");
}

static void
do_help(struct session *s, const struct smtp_command *c)
{
	junk(s);
	session_reply(s, 214, "2.0.0 Commands: EHLO HELO MAIL RCPT DATA BDAT "
	    "RSET NOOP QUIT VRFY HELP STARTTLS AUTH\n2.0.0 See RFC 5321");
}

static void
do_starttls(struct session *s, const struct smtp_command *c)
{
	/* A reload may have taken the certificates since EHLO. */
	if (caller_tls() == NULL) {
		session_reply(s, 454, "4.7.0 TLS is not available just now");
		return;
	}
	session_reply(s, 220, "2.0.0 Go ahead");
	caller_starttls(&s->c);
}

static const command_fn	 handlers[SMTP_NVERBS] = {
	[SMTP_EHLO] = do_ehlo,
	[SMTP_LHLO] = do_ehlo,
	[SMTP_HELO] = do_helo,
	[SMTP_MAIL] = do_mail,
	[SMTP_RCPT] = do_rcpt,
	[SMTP_DATA] = do_data,
	[SMTP_BDAT] = do_bdat,
	[SMTP_RSET] = do_rset,
	[SMTP_NOOP] = do_noop,
	[SMTP_QUIT] = do_quit,
	[SMTP_VRFY] = do_vrfy,
	[SMTP_HELP] = do_help,
	[SMTP_STARTTLS] = do_starttls,
	[SMTP_AUTH] = auth_start
};

/*
 * A refused BDAT has its bytes behind it all the same, and its transaction is
 * over (RFC 3030 2).
 */
static void
refuse(struct session *s, const struct smtp_command *c,
    const struct smtp_answer *a)
{
	session_mistake(s);
	if (c->verb == SMTP_BDAT)
		s->skip = c->bytes;
	if (c->verb == SMTP_RCPT && s->tx != NULL)
		transaction_rcpt_local(s, a);
	else
		session_answer(s, a);
}

/*
 * One command.  While RCPTs are at lookup only more of them may come; another
 * command is kept until they are answered: see transaction_rcpt_reply.
 */
void
command_line(struct session *s, struct span line)
{
	struct smtp_command_opts	 opts;
	struct smtp_command		 c;
	const struct smtp_answer	*a, *order;

	opts.params = smtp_server_params(&s->st);
	opts.utf8 = s->tx != NULL && s->tx->flags & ENV_UTF8;
	a = smtp_command_parse(&c, line, &opts);
	if (transaction_waits(s, c.verb)) {
		/* Read it again when the last one is answered. */
		s->wait = WAIT_RCPT;
		transaction_hold(s, line);
		return;
	}
	if (c.verb == SMTP_FOREIGN) {
		session_close(s, a->code, a->text);
		return;
	}
	order = smtp_server_check(&s->st, c.verb);
	if (a != NULL && c.verb == SMTP_UNKNOWN)
		order = NULL;
	if (order != NULL || a != NULL) {
		refuse(s, &c, order != NULL ? order : a);
		return;
	}
	handlers[c.verb](s, &c);
}
