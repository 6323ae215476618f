#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctlrow.h"
#include "libsmtp/smtp_caps.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

#define SESSION_INPUT	(64 * 1024)	/* bytes read ahead of one client */
#define SESSION_OUTPUT	(64 * 1024)	/* replies that he has not read */
#define SESSION_LINES	100		/* commands of one client in a turn */

struct session *
session_find(uint64_t sid)
{
	return caller_find(&session_proto, sid);
}

/* A refused recipient takes the longer the more there were. */
#define TARPIT_FREE	5
#define TARPIT_STEP	250	/* ms */
#define TARPIT_MAX	5000

static int
ready(const struct session *s)
{
	return s->wait == WAIT_NONE && !s->slow && caller_open(&s->c);
}

/* ---- what is said ------------------------------------------------------- */

void
session_reply(struct session *s, int code, const char *text)
{
	if (smtp_answer_put(conn_out(s->c.conn), code, text) == -1)
		conn_out_lost(s->c.conn);
	conn_out_done(s->c.conn);
}

void
session_replyf(struct session *s, int code, const char *fmt, ...)
{
	char	 text[1024];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	session_reply(s, code, text);
}

void
session_answer(struct session *s, const struct smtp_answer *a)
{
	session_reply(s, a->code, a->text);
}

void
session_close(struct session *s, int code, const char *text)
{
	if (code != 0)
		session_reply(s, code, text);
	if (code == 221)
		caller_quit(&s->c);
	else
		caller_close(&s->c);
}

void
session_mistake(struct session *s)
{
	proc_count_add("smtp_mistakes", 1);
	s->c.errors++;
}

/* ---- who guesses addresses ---------------------------------------------- */

int
session_is_stranger(const struct session *s)
{
	return s->c.account == NULL && s->c.kind == LISTEN_SMTP;
}

/* His time is over: the replies, and on. */
static void
on_tarpit(int fd, short what, void *arg)
{
	struct session	*s = arg;

	s->slow = 0;
	if (caller_nuisance(&s->c)) {
		session_close(s, 421, "4.7.0 Too many errors");
		return;
	}
	if (s->tx != NULL)
		transaction_go_on(s);
	else
		session_continue(s);
}

void
session_refused(struct session *s)
{
	struct timeval	 tv;
	unsigned	 ms;

	session_mistake(s);
	if (++s->refused <= TARPIT_FREE || s->slow)
		return;
	ms = (s->refused - TARPIT_FREE) * TARPIT_STEP;
	if (ms > TARPIT_MAX)
		ms = TARPIT_MAX;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (ms % 1000) * 1000;
	proc_count_add("smtp_tarpits", 1);
	evtimer_add(&s->tarpit, &tv);
	s->slow = 1;
}

void
session_served(struct session *s)
{
	s->c.errors -= s->refused;
	s->refused = 0;
}

/*
 * From now on until the next whole command, or the next piece of a message:
 * one byte now and then does not keep a session (RFC 5321 4.5.3.2).
 */
void
session_patience(struct session *s)
{
	conn_deadline(s->c.conn, caller_conf()->limits.smtp_timeout);
}

/* ---- life --------------------------------------------------------------- */

static void
greet(struct caller *c)
{
	struct session	*s = (struct session *)c;

	session_patience(s);
	session_replyf(s, 220, "%s %s ready", caller_conf()->hostname,
	    c->kind == LISTEN_LMTP ? "LMTP" : "ESMTP");
}

static void
begin(struct caller *c, const struct conf_listen *l)
{
	struct session	*s = (struct session *)c;
	enum smtp_kind	 kind = SMTP_KIND_MX;
	uint32_t	 caps;
	uint8_t		 flags = 0;

	caps = SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_8BITMIME |
	    SMTP_CAP_SMTPUTF8 | SMTP_CAP_CHUNKING | SMTP_CAP_ENHANCED |
	    SMTP_CAP_DSN | SMTP_CAP_VRFY | SMTP_CAP_HELP;
	if (c->addr.family != 0 && caller_tls() != NULL)
		caps |= SMTP_CAP_STARTTLS;
	/* A local socket knows its client by his uid. */
	if (c->addr.family != 0)
		caps |= SMTP_CAP_AUTH;
	if (!caller_conf()->plain_auth_cleartext)
		flags |= SMTP_SERVER_AUTH_TLS;
	if (l->kind == LISTEN_SUBMISSION || l->kind == LISTEN_SUBMISSIONS) {
		kind = SMTP_KIND_SUBMISSION;
		flags |= SMTP_SERVER_MUST_AUTH;
	} else if (l->kind == LISTEN_LMTP)
		kind = SMTP_KIND_LMTP;
	smtp_server_init(&s->st, kind, caps, flags);
	evtimer_set(&s->tarpit, on_tarpit, s);
}

static void
secured(struct caller *c)
{
	struct session	*s = (struct session *)c;

	if (smtp_server_event(&s->st, SMTP_EV_TLS) == -1)
		fatalx("smtp: TLS in the wrong place");
	free(s->helo);
	s->helo = NULL;
	/* RFC 3207 4.2: nothing that was said in the clear counts. */
	if (c->account != NULL)
		caller_forget(c);
	memset(&s->line, 0, sizeof(s->line));
	session_patience(s);
}

/* A line, or what is wrong with it.  0: there is none yet. */
static int
next_line(struct session *s)
{
	enum smtp_line_kind	 kind;
	struct span		 line;
	const uint8_t		*in;
	char			 copy[SMTP_LINE_MAX_AUTH];
	enum codec		 c;
	size_t			 len, used;

	if ((in = conn_in(s->c.conn, &len)) == NULL || len == 0)
		return 0;
	kind = s->st.phase == SMTP_PHASE_AUTH ? SMTP_LINE_SASL :
	    SMTP_LINE_COMMAND;
	c = smtp_line_get(&s->line, kind, (const char *)in, len, &line,
	    &used);
	if (c == CODEC_MORE) {
		conn_consume(s->c.conn, used);
		if ((s->endless += used) > SESSION_ENDLESS)
			session_close(s, 500, "5.5.2 Line too long");
		return 0;
	}
	s->endless = 0;
	/* The handler may write, wait, or end the session: keep the line. */
	if (c == CODEC_DONE && line.len <= sizeof(copy)) {
		memcpy(copy, line.p, line.len);
		line.p = copy;
	}
	conn_consume(s->c.conn, used);
	session_patience(s);
	if (c == CODEC_DONE && s->st.phase == SMTP_PHASE_AUTH)
		login_line(&s->c, line);
	else if (c == CODEC_DONE)
		command_line(s, line);
	else if (s->st.phase == SMTP_PHASE_AUTH)
		login_malformed(&s->c);
	else {
		session_mistake(s);
		session_reply(s, 500, c == CODEC_TOOBIG ?
		    "5.5.2 Line too long" :
		    "5.5.2 Lines end in CR LF, and have none within");
	}
	explicit_bzero(copy, line.len < sizeof(copy) ? line.len :
	    sizeof(copy));
	return 1;
}

/* Bytes of a BDAT that was refused. */
static int
skip(struct session *s)
{
	size_t	 len;

	(void)conn_in(s->c.conn, &len);
	if (len > s->skip)
		len = s->skip;
	conn_consume(s->c.conn, len);
	s->skip -= len;
	return s->skip == 0;
}

static int
in_body(const struct session *s)
{
	return s->tx != NULL && (s->st.phase == SMTP_PHASE_DATA ||
	    s->tx->chunk > 0);
}

/* Handle input until it is used up or the session waits for somebody. */
static void
input(struct session *s)
{
	uint64_t	 sid = s->c.sid;
	unsigned	 lines = 0, max = conn_share(SESSION_LINES);
	int		 more = 1;

	while (more && ready(s)) {
		if (conn_pending(s->c.conn) > SESSION_OUTPUT) {
			s->full = 1;	/* until CONN_DRAINED */
			return;
		}
		if (s->skip > 0)
			more = skip(s);
		else if (in_body(s))
			more = data_input(s);
		else if (lines++ >= max && !caller_used_up(&s->c)) {
			conn_again(s->c.conn);
			return;
		} else
			more = next_line(s);
		if (session_find(sid) == NULL)
			return;
		if (caller_nuisance(&s->c)) {
			session_close(s, 421, "4.7.0 Too many errors");
			return;
		}
	}
	if (s->c.eof && ready(s))
		session_close(s, 0, NULL);
}

void
session_continue(struct session *s)
{
	size_t	 len;

	s->wait = WAIT_NONE;
	session_patience(s);
	if (caller_stopping() && s->tx == NULL) {
		session_close(s, 421, "4.3.2 Shutting down");
		return;
	}
	(void)conn_in(s->c.conn, &len);
	if (s->c.eof && len == 0)
		session_close(s, 0, NULL);
	else
		conn_again(s->c.conn);
}

/* He may have said all, and wait for the answers. */
static void
on_eof(struct session *s)
{
	if (!caller_open(&s->c))
		session_close(s, 0, NULL);
	else if (s->wait == WAIT_NONE)
		input(s);
	/* Else the queue has it now; see session_continue. */
}

static void
event(struct caller *c, enum conn_event ev)
{
	struct session	*s = (struct session *)c;

	switch (ev) {
	case CONN_READABLE:
		/* Talks during a wait: it must queue. */
		if (ready(s) && !s->full)
			input(s);
		break;
	case CONN_DRAINED:
		if (s->full) {
			s->full = 0;
			if (ready(s))
				input(s);
		}
		break;
	case CONN_EOF:
		on_eof(s);
		break;
	case CONN_TIMEOUT:
		/* We are slow then, and not he. */
		if (s->wait == WAIT_COMMIT)
			session_patience(s);
		else
			session_close(s, 421, "4.4.2 Timeout");
		break;
	case CONN_ERROR:
		session_close(s, 0, NULL);
		break;
	default:
		break;
	}
}

static void
refuse(struct caller *c, int code, const char *text)
{
	session_close((struct session *)c, code, text);
}

static void
stop(struct caller *c)
{
	struct session	*s = (struct session *)c;

	if (s->tx == NULL)
		session_close(s, 421, "4.3.2 Shutting down");
}

/* The queue's memory of the session went with it. */
static void
gone(struct caller *c, enum proc_id proc)
{
	struct session	*s = (struct session *)c;

	if (proc == PROC_QUEUE && (s->wait != WAIT_NONE || s->tx != NULL ||
	    c->account != NULL))
		session_close(s, 421, "4.3.0 Try again later");
}

static void
end(struct caller *c)
{
	struct session	*s = (struct session *)c;

	evtimer_del(&s->tarpit);
	transaction_end(s, 1);
	free(s->helo);
}

static void
row(struct caller *c, struct ctlrow *row)
{
	struct session	*s = (struct session *)c;

	ctlrow_num(row, "messages", s->messages);
	ctlrow_str(row, "state", s->tx == NULL ? "idle" : "message");
}

const struct caller_proto session_proto = {
	.size = sizeof(struct session),
	.proc = PROC_SMTP,
	.keeper = PROC_QUEUE,
	.service = SERVICE_SMTP,
	.asks_queue = 1,
	.needs_lookup = 1,
	.mech_login = 1,
	.inmax = SESSION_INPUT,
	.busy = "421 4.3.2 Too many sessions, try again later\r\n",
	.n_sessions = "smtp_sessions",
	.n_tls = "smtp_tls",
	.n_timeouts = "smtp_timeouts",
	.n_logins = "smtp_logins",
	.n_refused = "smtp_logins_refused",
	.begin = begin,
	.greet = greet,
	.secured = secured,
	.event = event,
	.refuse = refuse,
	.gone = gone,
	.stop = stop,
	.end = end,
	.row = row,
	.challenge = auth_challenge,
	.logged_in = auth_done,
	.not_logged_in = auth_failed
};
