/* POP3 sessions: their lives, and their input line by line. */
#include <stdlib.h>
#include <string.h>

#include "ctlrow.h"
#include "libpop3/pop3_put.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "proc.h"
#include "uidlist.h"

#define POP3_INPUT	(64 * 1024)	/* read ahead of one client */
#define POP3_OUTPUT	(16 * 1024 * 1024)
#define POP3_LINES	50		/* commands of one client in a turn */
#define POP3_ENDLESS	(256 * 1024)	/* of one line: he is no client */

static int
ready(const struct pop3_session *s)
{
	return s->wait == POP3_WAIT_NONE && caller_open(&s->c);
}

/* ---- what is said ------------------------------------------------------- */

void
pop3_session_ok(struct pop3_session *s, const char *text)
{
	if (s->c.conn == NULL)
		return;
	if (pop3_put_ok(conn_out(s->c.conn), text) == -1)
		conn_out_lost(s->c.conn);
	conn_out_done(s->c.conn);
}

void
pop3_session_err(struct pop3_session *s, const char *code, const char *text)
{
	if (s->c.conn == NULL)
		return;
	if (pop3_put_err(conn_out(s->c.conn), code, text) == -1)
		conn_out_lost(s->c.conn);
	conn_out_done(s->c.conn);
}

/* ---- the end ------------------------------------------------------------ */

static void
job_end(struct pop3_session *s)
{
	void	(*fn)(void *) = s->job_free;
	void	*job = s->job;

	s->job = NULL;
	s->job_free = NULL;
	s->drained = NULL;
	if (fn != NULL)
		fn(job);
}

void
pop3_session_close(struct pop3_session *s)
{
	caller_close(&s->c);
}

static void
bye(struct pop3_session *s, const char *text)
{
	/* In the midst of a message it would be taken for a part of it. */
	if (s->wait != POP3_WAIT_JOB)
		pop3_session_err(s, "SYS/TEMP", text);
	pop3_session_close(s);
}

/* ---- input -------------------------------------------------------------- */

/* A line, or what is wrong with it.  0: there is none yet. */
static int
next_line(struct pop3_session *s)
{
	const uint8_t	*in;
	struct span	 line = SPAN_NONE;
	char		 copy[POP3_LINE_MAX_AUTH];
	int		 sasl = s->st.phase == POP3_PHASE_SASL;
	enum codec	 c;
	size_t		 len, used;

	if ((in = conn_in(s->c.conn, &len)) == NULL || len == 0)
		return 0;
	c = pop3_line_get(&s->line, sasl, (const char *)in, len, &line,
	    &used);
	/* The handler may write, wait, or end the session: keep the line. */
	if (c == CODEC_DONE) {
		memcpy(copy, line.p, line.len);
		line.p = copy;
	}
	conn_consume(s->c.conn, used);
	if (c == CODEC_MORE) {
		if ((s->endless += used) > POP3_ENDLESS)
			bye(s, "Line too long");
		return 0;
	}
	s->endless = 0;
	if (c == CODEC_DONE && sasl)
		login_line(&s->c, line);
	else if (c == CODEC_DONE)
		pop3_cmd_line(s, line);
	else if (sasl)
		login_malformed(&s->c);
	else {
		s->c.errors++;
		pop3_session_err(s, NULL, c == CODEC_TOOBIG ?
		    "Line too long" : "Malformed line");
	}
	explicit_bzero(copy, line.len);
	return 1;
}

/* Handle input until it is used up or the session waits for somebody. */
static void
input(struct pop3_session *s)
{
	uint64_t	 sid = s->c.sid;
	unsigned	 lines = 0, max = conn_share(POP3_LINES);

	while (ready(s)) {
		if (conn_pending(s->c.conn) >= POP3_OUT_HIGH) {
			s->stalled = 1;
			return;
		}
		if (lines++ >= max && !caller_used_up(&s->c)) {
			conn_again(s->c.conn);
			return;
		}
		if (!next_line(s))
			break;
		if (caller_find(&pop3_proto, sid) == NULL)
			return;
		if (caller_nuisance(&s->c)) {
			bye(s, "Too many errors");
			return;
		}
	}
	if (caller_find(&pop3_proto, sid) == NULL)
		return;
	/* Without QUIT nothing is removed (RFC 1939 6). */
	if (s->c.eof && ready(s))
		pop3_session_close(s);
}

void
pop3_session_done(struct pop3_session *s)
{
	job_end(s);
	s->wait = POP3_WAIT_NONE;
	if (caller_stopping())
		bye(s, "Shutting down, try again later");
	else
		conn_again(s->c.conn);
	/* At the end of input there may be nothing left to be called for. */
	if (!caller_stopping() && s->c.eof) {
		size_t	 len;

		if (conn_in(s->c.conn, &len) == NULL || len == 0)
			pop3_session_close(s);
	}
}

/* ---- life --------------------------------------------------------------- */

static void
begin(struct caller *c, const struct conf_listen *l)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	pop3_state_init(&s->st, (caller_tls() != NULL ? POP3_CAN_TLS : 0) |
	    (caller_conf()->plain_auth_cleartext ? POP3_PLAIN_OK : 0));
}

static void
greet(struct caller *c)
{
	char	 text[300];

	strlcpy(text, caller_conf()->hostname, sizeof(text));
	strlcat(text, " ready", sizeof(text));
	caller_unknown(c);
	pop3_session_ok((struct pop3_session *)c, text);
}

static void
secured(struct caller *c)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	if (pop3_state_event(&s->st, POP3_EV_TLS) == -1)
		fatalx("pop3: TLS in the wrong place");
	/* What was said before is forgotten (RFC 2595 4). */
	free(s->user);
	s->user = NULL;
	memset(&s->line, 0, sizeof(s->line));
	caller_unknown(c);
}

static void
drained(struct pop3_session *s)
{
	void	(*fn)(struct pop3_session *) = s->drained;

	s->drained = NULL;
	if (fn != NULL)
		fn(s);
	else if (s->stalled) {
		s->stalled = 0;
		input(s);
	}
}

/* QUIT was said: what it began goes on without a client to answer. */
static void
lost_client(struct pop3_session *s)
{
	if (s->st.phase == POP3_PHASE_UPDATE && s->wait == POP3_WAIT_JOB) {
		conn_free(s->c.conn);
		s->c.conn = NULL;
	} else
		pop3_session_close(s);
}

static void
event(struct caller *c, enum conn_event ev)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	switch (ev) {
	case CONN_READABLE:
	case CONN_EOF:
		/* What he asked before his end is still answered. */
		if (ready(s) && !s->stalled)
			input(s);
		break;
	case CONN_DRAINED:
		drained(s);
		break;
	case CONN_ERROR:
	case CONN_TIMEOUT:
		/* Nothing is said and nothing removed (RFC 1939 3). */
		lost_client(s);
		break;
	default:
		break;
	}
}

static void
refuse(struct caller *c, int code, const char *text)
{
	bye((struct pop3_session *)c, text);
}

static void
stop(struct caller *c)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	if (s->wait != POP3_WAIT_JOB)
		bye(s, "Shutting down, try again later");
}

static void
gone(struct caller *c, enum proc_id proc)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	if (proc == PROC_STORE && s->st.phase != POP3_PHASE_UPDATE &&
	    c->account != NULL)
		bye(s, "The store has gone away, try again");
}

static void
end(struct caller *c)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	request_forget(s);
	job_end(s);
	uidlist_unref(s->uids);
	pop3_drop_free(&s->drop);
	rows_free(&s->page);
	free(s->user);
}

static void
row(struct caller *c, struct ctlrow *row)
{
	struct pop3_session	*s = (struct pop3_session *)c;

	ctlrow_num(row, "messages", s->retrieved);
	ctlrow_str(row, "state", !ready(s) ? "command" :
	    s->st.phase == POP3_PHASE_TRANSACTION ? "maildrop" : "waiting");
}

const struct caller_proto pop3_proto = {
	.size = sizeof(struct pop3_session),
	.proc = PROC_IMAP,
	.keeper = PROC_STORE,
	.by_account = 1,
	.service = SERVICE_POP3,
	.inmax = POP3_INPUT,
	.outmax = POP3_OUTPUT,
	.busy = "-ERR [SYS/TEMP] Too many sessions\r\n",
	.n_sessions = "pop3_sessions",
	.n_tls = "pop3_tls",
	.n_timeouts = "pop3_timeouts",
	.n_logins = "pop3_logins",
	.n_refused = "pop3_logins_refused",
	.begin = begin,
	.greet = greet,
	.secured = secured,
	.event = event,
	.refuse = refuse,
	.gone = gone,
	.stop = stop,
	.end = end,
	.row = row,
	.challenge = pop3_login_challenge,
	.logged_in = pop3_open,
	.not_logged_in = pop3_login_failed
};
