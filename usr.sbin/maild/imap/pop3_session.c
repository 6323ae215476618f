/* POP3 sessions: their lives, and their input line by line. */
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "isession.h"
#include "libpop3/pop3_put.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "proc.h"
#include "uidlist.h"

#define POP3_INPUT	(64 * 1024)	/* read ahead of one client */
#define POP3_OUTPUT	(16 * 1024 * 1024)
#define POP3_LINES	50		/* commands of one client in a turn */
#define POP3_ENDLESS	(256 * 1024)	/* of one line: he is no client */

static struct hashtab		 pop3_by_sid;
static TAILQ_HEAD(, pop3_session) pop3_sessions =
				    TAILQ_HEAD_INITIALIZER(pop3_sessions);
static const struct conf	*conf;
static struct tls		*tls;
static int			 stopping;

static void	on_conn(struct conn *, enum conn_event, void *);

static const void *
session_key(const void *entry, size_t *len)
{
	const struct pop3_session	*s = entry;

	*len = sizeof(s->sid);
	return &s->sid;
}

void
pop3_session_conf(const struct conf *c, struct tls *ctx)
{
	if (conf == NULL)
		hashtab_init(&pop3_by_sid, session_key);
	conf = c;
	tls = ctx;
}

const struct conf *
pop3_session_config(void)
{
	return conf;
}

struct tls *
pop3_session_tls(void)
{
	return tls;
}

struct pop3_session *
pop3_session_find(uint64_t sid)
{
	return hashtab_find(&pop3_by_sid, &sid, sizeof(sid));
}

size_t
pop3_session_count(void)
{
	return pop3_by_sid.count;
}

void
pop3_session_each(void (*fn)(struct pop3_session *, void *), void *arg)
{
	struct pop3_session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &pop3_sessions, entry, next)
		fn(s, arg);
}

/* ---- what is said ------------------------------------------------------- */

void
pop3_session_ok(struct pop3_session *s, const char *text)
{
	if (s->conn == NULL)
		return;
	if (pop3_put_ok(conn_out(s->conn), text) == -1)
		log_debug("answer dropped");
	conn_out_done(s->conn);
}

void
pop3_session_err(struct pop3_session *s, const char *code, const char *text)
{
	if (s->conn == NULL)
		return;
	if (pop3_put_err(conn_out(s->conn), code, text) == -1)
		log_debug("answer dropped");
	conn_out_done(s->conn);
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

static void
check_stopped(void)
{
	if (stopping && pop3_by_sid.count == 0 && isession_count() == 0)
		proc_stopped();
}

static void
session_free(struct pop3_session *s)
{
	struct msg_session_end	 end = { .sid = s->sid };
	struct msg_auth_abort	 abort = { .sid = s->sid };
	struct msg_disconnect	 gone = { .sid = s->sid };

	request_forget(s);
	job_end(s);
	if (s->st.phase == POP3_PHASE_SASL)
		(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &abort, -1);
	/* A grant may be on its way, whatever we have heard of it. */
	(void)proc_send(PROC_STORE, 0, M_SESSION_END, &end, -1);
	(void)proc_send(PROC_AUTH, 0, M_SESSION_END, &end, -1);
	(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &gone, -1);
	hashtab_remove(&pop3_by_sid, &s->sid, sizeof(s->sid));
	TAILQ_REMOVE(&pop3_sessions, s, entry);
	uidlist_unref(s->uids);
	pop3_drop_free(&s->drop);
	rows_free(&s->page);
	free(s->user);
	free(s->account);
	free(s);
	check_stopped();
}

void
pop3_session_close(struct pop3_session *s)
{
	if (s->conn != NULL)
		conn_close(s->conn);
	s->conn = NULL;
	session_free(s);
}

static void
bye(struct pop3_session *s, const char *text)
{
	/* In the midst of a message it would be taken for a part of it. */
	if (s->wait != POP3_WAIT_JOB && s->wait != POP3_WAIT_TLS &&
	    (s->wait != POP3_WAIT_CONNECT || s->kind != LISTEN_POP3S))
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

	if ((in = conn_in(s->conn, &len)) == NULL || len == 0)
		return 0;
	c = pop3_line_get(&s->line, sasl, (const char *)in, len, &line,
	    &used);
	/* The handler may write, wait, or end the session: keep the line. */
	if (c == CODEC_DONE) {
		memcpy(copy, line.p, line.len);
		line.p = copy;
	}
	conn_consume(s->conn, used);
	if (c == CODEC_MORE) {
		if ((s->endless += used) > POP3_ENDLESS)
			bye(s, "Line too long");
		return 0;
	}
	s->endless = 0;
	if (c == CODEC_DONE && sasl)
		pop3_login_line(s, line);
	else if (c == CODEC_DONE)
		pop3_cmd_line(s, line);
	else if (sasl)
		pop3_login_malformed(s);
	else {
		s->errors++;
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
	uint64_t	 sid = s->sid;
	int		 lines = 0;

	while (s->wait == POP3_WAIT_NONE) {
		if (conn_pending(s->conn) >= POP3_OUT_HIGH) {
			s->stalled = 1;
			return;
		}
		if (lines++ >= POP3_LINES) {
			conn_again(s->conn);
			return;
		}
		if (!next_line(s))
			break;
		if (pop3_session_find(sid) == NULL)
			return;
		if (s->errors > 0 &&
		    conf_over(s->errors - 1, conf->limits.errors)) {
			bye(s, "Too many errors");
			return;
		}
	}
	if (pop3_session_find(sid) == NULL)
		return;
	/* Without QUIT nothing is removed (RFC 1939 6). */
	if (s->eof && s->wait == POP3_WAIT_NONE)
		pop3_session_close(s);
}

void
pop3_session_done(struct pop3_session *s)
{
	job_end(s);
	s->wait = POP3_WAIT_NONE;
	if (stopping)
		bye(s, "Shutting down, try again later");
	else
		conn_again(s->conn);
	/* At the end of input there may be nothing left to be called for. */
	if (!stopping && s->eof) {
		size_t	 len;

		if (conn_in(s->conn, &len) == NULL || len == 0)
			pop3_session_close(s);
	}
}

/* ---- life --------------------------------------------------------------- */

static void
greet(struct pop3_session *s)
{
	char	 text[300];

	s->wait = POP3_WAIT_NONE;
	strlcpy(text, conf->hostname, sizeof(text));
	strlcat(text, " ready", sizeof(text));
	conn_timeout(s->conn, ISESSION_NOAUTH);
	pop3_session_ok(s, text);
	conn_again(s->conn);
}

/* He may: a handshake is dear, and comes after that. */
static void
admitted(struct pop3_session *s)
{
	s->wait = POP3_WAIT_TLS;
	conn_resume(s->conn);
	if (s->kind != LISTEN_POP3S)
		greet(s);
	else if (tls == NULL || conn_starttls_server(s->conn, tls) == -1)
		pop3_session_close(s);
}

static void
ask_connect(struct pop3_session *s)
{
	struct msg_connect	 m = { .sid = s->sid,
	    .listener = s->listener, .client = s->client };

	/* What comes meanwhile may be for TLS. */
	conn_pause(s->conn);
	if (proc_send(PROC_LOOKUP, 0, M_CONNECT, &m, -1) == -1)
		admitted(s);	/* limits are off, mail can be read */
	else
		s->wait = POP3_WAIT_CONNECT;
}

void
pop3_session_connected(const struct msg_connect_r *m)
{
	struct pop3_session	*s;

	if ((s = pop3_session_find(m->sid)) == NULL ||
	    s->wait != POP3_WAIT_CONNECT)
		return;
	if (m->code == 0)
		admitted(s);
	else
		bye(s, m->text);
}

void
pop3_session_accept(const struct conf_listen *l, int fd,
    const struct addr *client, uint32_t uid)
{
	static const char	 busy[] =
	    "-ERR [SYS/TEMP] Too many sessions\r\n";
	struct pop3_session	*s;

	/* The limit is for all the imap processes together. */
	if (conf_over((pop3_by_sid.count + isession_count()) *
	    proc_count(PROC_IMAP), conf->limits.sessions)) {
		(void)!write(fd, busy, sizeof(busy) - 1);
		close(fd);
		return;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return;
	}
	s->sid = proc_new_id();
	s->kind = l->kind;
	s->listener = l->index;
	s->client = *client;
	s->since = proc_now_ms();
	pop3_state_init(&s->st, (tls != NULL ? POP3_CAN_TLS : 0) |
	    (conf->plain_auth_cleartext ? POP3_PLAIN_OK : 0));
	if ((s->conn = conn_new(fd, POP3_INPUT, on_conn, s)) == NULL ||
	    hashtab_insert(&pop3_by_sid, s) == -1) {
		if (s->conn != NULL)
			conn_free(s->conn);
		free(s);
		return;
	}
	conn_outmax(s->conn, POP3_OUTPUT);
	TAILQ_INSERT_TAIL(&pop3_sessions, s, entry);
	proc_count_add("pop3_sessions", 1);
	conn_timeout(s->conn, ISESSION_NOAUTH);
	conn_deadline(s->conn, ISESSION_NOAUTH_IN_ALL);
	ask_connect(s);
}

static void
secured(struct pop3_session *s)
{
	proc_count_add("pop3_tls", 1);
	s->wait = POP3_WAIT_NONE;
	if (pop3_state_event(&s->st, POP3_EV_TLS) == -1)
		fatalx("pop3: TLS in the wrong place");
	/* What was said before is forgotten (RFC 2595 4). */
	free(s->user);
	s->user = NULL;
	memset(&s->line, 0, sizeof(s->line));
	if (s->kind == LISTEN_POP3S)
		greet(s);
	else
		conn_again(s->conn);
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
		conn_free(s->conn);
		s->conn = NULL;
	} else
		pop3_session_close(s);
}

static void
on_conn(struct conn *c, enum conn_event ev, void *arg)
{
	struct pop3_session	*s = arg;

	switch (ev) {
	case CONN_SECURED:
		secured(s);
		break;
	case CONN_READABLE:
		if (s->wait == POP3_WAIT_NONE && !s->stalled)
			input(s);
		break;
	case CONN_DRAINED:
		drained(s);
		break;
	case CONN_EOF:
		/* What he asked before his end is still answered. */
		s->eof = 1;
		if (s->wait == POP3_WAIT_NONE && !s->stalled)
			input(s);
		break;
	case CONN_ERROR:
		log_debug("pop3: %s", conn_error(c));
		lost_client(s);
		break;
	case CONN_TIMEOUT:
		/* Nothing is said and nothing removed (RFC 1939 3). */
		proc_count_add("pop3_timeouts", 1);
		lost_client(s);
		break;
	default:
		break;
	}
}

void
pop3_session_stop_all(void)
{
	struct pop3_session	*s, *next;

	stopping = 1;
	check_stopped();
	TAILQ_FOREACH_SAFE(s, &pop3_sessions, entry, next) {
		if (s->wait != POP3_WAIT_JOB)
			bye(s, "Shutting down, try again later");
	}
}

static void
lost(struct pop3_session *s, enum proc_id proc)
{
	if (proc == PROC_AUTH && s->st.phase == POP3_PHASE_SASL &&
	    s->wait != POP3_WAIT_JOB)
		pop3_login_lost(s);
	else if (proc == PROC_LOOKUP && s->wait == POP3_WAIT_CONNECT)
		admitted(s);
	else if (proc == PROC_STORE && s->st.phase != POP3_PHASE_UPDATE &&
	    (s->account != NULL || s->wait == POP3_WAIT_AUTH))
		bye(s, "The store has gone away, try again");
}

void
pop3_session_peer_gone(enum proc_id proc)
{
	struct pop3_session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &pop3_sessions, entry, next)
		lost(s, proc);
}
