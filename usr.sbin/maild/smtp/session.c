#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "libsmtp/smtp_caps.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

#define SESSION_INPUT	(64 * 1024)	/* bytes read ahead of one client */
#define SESSION_OUTPUT	(64 * 1024)	/* replies that he has not read */
#define SESSION_LINES	100		/* commands of one client in a turn */

static struct hashtab		 by_sid;
static TAILQ_HEAD(, session)	 sessions = TAILQ_HEAD_INITIALIZER(sessions);
static const struct conf	*conf;
static struct tls		*tls;
static int			 stopping;

static void	on_conn(struct conn *, enum conn_event, void *);

static const void *
session_key(const void *entry, size_t *len)
{
	const struct session	*s = entry;

	*len = sizeof(s->sid);
	return &s->sid;
}

/* Sessions go on with the new one: they ask for it when they need it. */
void
session_conf(const struct conf *c, struct tls *ctx)
{
	struct session	*s;

	if (conf == NULL)
		hashtab_init(&by_sid, session_key);
	conf = c;
	tls = ctx;
	TAILQ_FOREACH(s, &sessions, entry)
		s->conf = c;
}

struct tls *
session_tls(void)
{
	return tls;
}

struct session *
session_find(uint64_t sid)
{
	return hashtab_find(&by_sid, &sid, sizeof(sid));
}

size_t
session_count(void)
{
	return by_sid.count;
}

void
session_each(void (*fn)(struct session *, void *), void *arg)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		fn(s, arg);
}

/* ---- what is said ------------------------------------------------------- */

void
session_reply(struct session *s, int code, const char *text)
{
	if (smtp_answer_put(conn_out(s->conn), code, text) == -1)
		log_debug("reply dropped");
	conn_out_done(s->conn);
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

static void
session_free(struct session *s)
{
	struct msg_session_end	 end = { .sid = s->sid };
	struct msg_disconnect	 gone = { .sid = s->sid };

	/* Also when it is the client's turn: auth keeps the exchange. */
	if (s->st.phase == SMTP_PHASE_AUTH) {
		struct msg_auth_abort	 abort = { .sid = s->sid };

		(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &abort, -1);
	}
	transaction_end(s, 1);
	(void)proc_send(PROC_QUEUE, 0, M_SESSION_END, &end, -1);
	if (s->account != NULL)
		(void)proc_send(PROC_AUTH, 0, M_SESSION_END, &end, -1);
	if (s->client.family != 0)
		(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &gone, -1);
	if (s->conn != NULL)
		conn_free(s->conn);
	hashtab_remove(&by_sid, &s->sid, sizeof(s->sid));
	TAILQ_REMOVE(&sessions, s, entry);
	free(s->helo);
	free(s->rdns);
	free(s->account);
	free(s->login);
	free(s);
	if (stopping && by_sid.count == 0)
		proc_stopped();
}

/*
 * The session may still be on the stack of its own callback, which looks at
 * `closing' and nothing else; it is freed from the callback's end.
 */
void
session_close(struct session *s, int code, const char *text)
{
	if (s->closing)
		return;
	if (code != 0)
		session_reply(s, code, text);
	s->closing = 1;
	if (code == 221)
		conn_quit(s->conn);
	else
		conn_close(s->conn);
	s->conn = NULL;
	session_free(s);
}

void
session_mistake(struct session *s)
{
	proc_count_add("smtp_mistakes", 1);
	s->errors++;
}

/*
 * From now on until the next whole command, or the next piece of a message:
 * one byte now and then does not keep a session (RFC 5321 4.5.3.2).
 */
void
session_patience(struct session *s)
{
	conn_deadline(s->conn, conf->limits.smtp_timeout);
}

/* ---- life --------------------------------------------------------------- */

static void
banner(struct session *s)
{
	s->wait = WAIT_NONE;
	session_patience(s);
	session_replyf(s, 220, "%s %s ready", conf->hostname,
	    s->kind == LISTEN_LMTP ? "LMTP" : "ESMTP");
}

/* Before a handshake there is nothing that could be said. */
static int
cleartext(const struct session *s, int code)
{
	return s->kind == LISTEN_SUBMISSIONS && conn_tls(s->conn) == NULL ?
	    0 : code;
}

static void
ask_connect(struct session *s)
{
	struct msg_connect	 m = { .sid = s->sid,
	    .listener = s->listener, .client = s->client };

	if (s->client.family == 0)
		banner(s);
	else if (proc_send(PROC_LOOKUP, 0, M_CONNECT, &m, -1) == -1)
		session_close(s, cleartext(s, 421),
		    "4.3.2 Not ready, try again later");
	else {
		/* What comes meanwhile may be for TLS. */
		conn_pause(s->conn);
		s->wait = WAIT_CONNECT;
	}
}

static void
init_state(struct session *s)
{
	enum smtp_kind	 kind = SMTP_KIND_MX;
	uint32_t	 caps;
	uint8_t		 flags = 0;

	caps = SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_8BITMIME |
	    SMTP_CAP_SMTPUTF8 | SMTP_CAP_CHUNKING | SMTP_CAP_ENHANCED |
	    SMTP_CAP_DSN | SMTP_CAP_VRFY | SMTP_CAP_HELP;
	if (s->client.family != 0 && tls != NULL)
		caps |= SMTP_CAP_STARTTLS;
	/* A local socket knows its client by his uid. */
	if (s->client.family != 0)
		caps |= SMTP_CAP_AUTH;
	if (!conf->plain_auth_cleartext)
		flags |= SMTP_SERVER_AUTH_TLS;
	if (s->kind == LISTEN_SUBMISSION || s->kind == LISTEN_SUBMISSIONS) {
		kind = SMTP_KIND_SUBMISSION;
		flags |= SMTP_SERVER_MUST_AUTH;
	} else if (s->kind == LISTEN_LMTP)
		kind = SMTP_KIND_LMTP;
	smtp_server_init(&s->st, kind, caps, flags);
}

void
session_accept(const struct conf_listen *l, int fd, const struct addr *client,
    uint32_t uid)
{
	struct session	*s;

	/* The limit is for all the smtp processes together. */
	if (conf_over(by_sid.count * proc_count(PROC_SMTP),
	    conf->limits.sessions)) {
		static const char	 busy[] =
		    "421 4.3.2 Too many sessions, try again later\r\n";

		(void)!write(fd, busy, sizeof(busy) - 1);
		close(fd);
		return;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return;
	}
	s->sid = proc_new_id();
	s->conf = conf;
	s->kind = l->kind;
	s->listener = l->index;
	s->client = *client;
	s->uid = uid;
	s->since = proc_now_ms();
	init_state(s);
	if ((s->conn = conn_new(fd, SESSION_INPUT, on_conn, s)) == NULL ||
	    hashtab_insert(&by_sid, s) == -1) {
		if (s->conn != NULL)
			conn_free(s->conn);
		free(s);
		return;
	}
	TAILQ_INSERT_TAIL(&sessions, s, entry);
	proc_count_add("smtp_sessions", 1);
	conn_deadline(s->conn, SESSION_TLS_SECONDS);
	/* First of all: a handshake is dear. */
	ask_connect(s);
}

static void
secured(struct session *s)
{
	proc_count_add("smtp_tls", 1);
	s->wait = WAIT_NONE;
	if (smtp_server_event(&s->st, SMTP_EV_TLS) == -1)
		fatalx("smtp: TLS in the wrong place");
	free(s->helo);
	s->helo = NULL;
	memset(&s->line, 0, sizeof(s->line));
	if (s->kind == LISTEN_SUBMISSIONS)
		banner(s);
	else
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

	if ((in = conn_in(s->conn, &len)) == NULL || len == 0)
		return 0;
	kind = s->st.phase == SMTP_PHASE_AUTH ? SMTP_LINE_SASL :
	    SMTP_LINE_COMMAND;
	c = smtp_line_get(&s->line, kind, (const char *)in, len, &line,
	    &used);
	if (c == CODEC_MORE) {
		conn_consume(s->conn, used);
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
	conn_consume(s->conn, used);
	session_patience(s);
	if (c == CODEC_DONE && s->st.phase == SMTP_PHASE_AUTH)
		login_line(s, line);
	else if (c == CODEC_DONE)
		command_line(s, line);
	else if (s->st.phase == SMTP_PHASE_AUTH)
		login_fail(s, 500, "5.5.6 That is no base64 line");
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

	(void)conn_in(s->conn, &len);
	if (len > s->skip)
		len = s->skip;
	conn_consume(s->conn, len);
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
	uint64_t	 sid = s->sid;
	int		 lines = 0, more = 1;

	while (more && s->wait == WAIT_NONE) {
		if (conn_pending(s->conn) > SESSION_OUTPUT) {
			s->full = 1;	/* until CONN_DRAINED */
			return;
		}
		if (s->skip > 0)
			more = skip(s);
		else if (in_body(s))
			more = data_input(s);
		else if (lines++ >= SESSION_LINES) {
			conn_again(s->conn);
			return;
		} else
			more = next_line(s);
		if (session_find(sid) == NULL)
			return;
		if (s->errors > 0 &&
		    conf_over(s->errors - 1, conf->limits.errors)) {
			session_close(s, 421, "4.7.0 Too many errors");
			return;
		}
	}
	if (s->eof && s->wait == WAIT_NONE)
		session_close(s, 0, NULL);
}

void
session_continue(struct session *s)
{
	size_t	 len;

	if (s->closing)
		return;
	s->wait = WAIT_NONE;
	session_patience(s);
	if (stopping && s->tx == NULL) {
		session_close(s, 421, "4.3.2 Shutting down");
		return;
	}
	(void)conn_in(s->conn, &len);
	if (s->eof && len == 0)
		session_close(s, 0, NULL);
	else
		conn_again(s->conn);
}

/* He may have said all, and wait for the answers. */
static void
on_eof(struct session *s)
{
	s->eof = 1;
	switch (s->wait) {
	case WAIT_NONE:
		input(s);
		break;
	case WAIT_RCPT:
	case WAIT_SPILL:
	case WAIT_COMMIT:
		break;		/* the queue has it now; see session_continue */
	default:
		session_close(s, 0, NULL);
		break;
	}
}

static void
on_conn(struct conn *c, enum conn_event ev, void *arg)
{
	struct session	*s = arg;

	switch (ev) {
	case CONN_SECURED:
		secured(s);
		break;
	case CONN_READABLE:
		/* Talks before the banner (or during a wait): it must queue. */
		if (s->wait == WAIT_NONE && !s->full)
			input(s);
		break;
	case CONN_DRAINED:
		if (s->full) {
			s->full = 0;
			if (s->wait == WAIT_NONE)
				input(s);
		}
		break;
	case CONN_EOF:
		on_eof(s);
		break;
	case CONN_TIMEOUT:
		/* We are slow then, and not he. */
		if (s->wait == WAIT_COMMIT) {
			session_patience(s);
			break;
		}
		proc_count_add("smtp_timeouts", 1);
		session_close(s, s->wait == WAIT_TLS ? 0 :
		    cleartext(s, 421), "4.4.2 Timeout");
		break;
	case CONN_ERROR:
		log_debug("session: %s", conn_error(c));
		session_close(s, 0, NULL);
		break;
	default:
		break;
	}
}

void
session_connected(const struct msg_connect_r *m)
{
	struct session	*s;

	if ((s = session_find(m->sid)) == NULL || s->wait != WAIT_CONNECT)
		return;
	if (m->code != 0) {
		session_close(s, cleartext(s, m->code), m->text);
		return;
	}
	free(s->rdns);
	if ((s->rdns = strdup(m->rdns)) == NULL)
		fatal("session");
	conn_resume(s->conn);
	if (s->kind != LISTEN_SUBMISSIONS) {
		banner(s);
		conn_again(s->conn);
	} else if (tls == NULL || conn_starttls_server(s->conn, tls) == -1)
		session_close(s, 0, NULL);
	else
		s->wait = WAIT_TLS;
}

void
session_stop_all(void)
{
	struct session	*s, *next;

	stopping = 1;
	if (by_sid.count == 0)
		proc_stopped();
	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (s->tx == NULL || s->wait == WAIT_CONNECT)
			session_close(s, s->wait == WAIT_TLS ? 0 :
			    cleartext(s, 421), "4.3.2 Shutting down");
	}
}

static void
lost(struct session *s, enum proc_id proc)
{
	switch (s->wait) {
	case WAIT_CONNECT:
		if (proc == PROC_LOOKUP)
			session_close(s, cleartext(s, 421),
			    "4.3.2 Try again later");
		break;
	case WAIT_AUTH:
		if (proc == PROC_AUTH || proc == PROC_QUEUE)
			login_fail(s, 454, "4.7.0 Try again later");
		break;
	case WAIT_SPILL:
	case WAIT_COMMIT:
	case WAIT_RCPT:
		/* The queue's memory of the session went with it. */
		if (proc == PROC_QUEUE)
			session_close(s, 421, "4.3.0 Try again later");
		break;
	default:
		if (proc == PROC_QUEUE && (s->tx != NULL ||
		    s->account != NULL))
			session_close(s, 421, "4.3.0 Try again later");
		break;
	}
}

void
session_peer_gone(enum proc_id proc)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		lost(s, proc);
}
