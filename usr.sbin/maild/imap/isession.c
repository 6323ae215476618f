#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "context.h"
#include "iappend.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "isession.h"
#include "lang.h"
#include "pop3_session.h"
#include "view.h"

#define SESSION_INPUT	(256 * 1024)	/* read ahead; a command fits */
#define SESSION_OUTPUT	(16 * 1024 * 1024)
#define SESSION_STALL	(256 * 1024)	/* answers that he has not read */
#define SESSION_COMMANDS 50		/* of one client in a turn */
#define SESSION_ENDLESS	(256 * 1024)	/* of a line: that is no client */

static struct hashtab		 by_sid;
static TAILQ_HEAD(, isession)	 sessions = TAILQ_HEAD_INITIALIZER(sessions);
static const struct conf	*conf;
static struct tls		*tls;
static int			 stopping;

static void	on_conn(struct conn *, enum conn_event, void *);
static void	end_step(void *, int);

static const void *
session_key(const void *entry, size_t *len)
{
	const struct isession	*s = entry;

	*len = sizeof(s->sid);
	return &s->sid;
}

void
isession_conf(const struct conf *c, struct tls *ctx)
{
	if (conf == NULL)
		hashtab_init(&by_sid, session_key);
	conf = c;
	tls = ctx;
}

const struct conf *
isession_config(void)
{
	return conf;
}

struct tls *
isession_tls(void)
{
	return tls;
}

struct isession *
isession_find(uint64_t sid)
{
	return hashtab_find(&by_sid, &sid, sizeof(sid));
}

uint64_t
isession_sid(const struct isession *s)
{
	return s->sid;
}

uint32_t
isession_enabled(const struct isession *s)
{
	return s->st.enabled;
}

size_t
isession_count(void)
{
	return by_sid.count;
}

void
isession_each(void (*fn)(struct isession *, void *), void *arg)
{
	struct isession	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		fn(s, arg);
}

struct imap_out *
isession_out(struct isession *s)
{
	imap_out_init(&s->out, conn_out(s->conn), s->st.enabled);
	return &s->out;
}

void
isession_out_done(struct isession *s)
{
	conn_out_done(s->conn);
}

/* ---- the end of a session ----------------------------------------------- */

static void
job_end(struct isession *s)
{
	void	(*fn)(void *) = s->job_free;
	void	*job = s->job;

	progress_end(s);
	s->job = NULL;
	s->job_free = NULL;
	if (fn != NULL)
		fn(job);
}

static void
isession_free(struct isession *s)
{
	struct msg_session_end	 end = { .sid = s->sid };
	struct msg_auth_abort	 abort = { .sid = s->sid };
	struct msg_disconnect	 gone = { .sid = s->sid };

	request_forget(s);
	job_end(s);
	if (s->view != NULL)
		view_close(s->view);
	if (s->mode == INPUT_SASL || s->waits)
		(void)proc_send(PROC_AUTH, 0, M_AUTH_ABORT, &abort, -1);
	(void)proc_send(PROC_STORE, 0, M_SESSION_END, &end, -1);
	(void)proc_send(PROC_QUEUE, 0, M_SESSION_END, &end, -1);
	(void)proc_send(PROC_AUTH, 0, M_SESSION_END, &end, -1);
	(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &gone, -1);
	if (!s->keep_cmd)
		imap_command_free(s->cmd);
	imap_parser_free(&s->parser);
	hashtab_remove(&by_sid, &s->sid, sizeof(s->sid));
	TAILQ_REMOVE(&sessions, s, entry);
	free(s->account);
	free(s->tag);
	free(s);
	if (stopping && by_sid.count == 0 && pop3_session_count() == 0)
		proc_stopped();
}

void
isession_close(struct isession *s)
{
	conn_close(s->conn);
	s->conn = NULL;
	isession_free(s);
}

void
isession_bye(struct isession *s, const char *text)
{
	/* Before a handshake there is nothing that could be said. */
	if (s->kind != LISTEN_IMAPS || s->st.secure) {
		imap_out_reply(isession_out(s), SPAN_NONE, "BYE", NULL, text);
		isession_out_done(s);
	}
	isession_close(s);
}

/* ---- the end of a command ----------------------------------------------- */

static const char *const results[] = {
	[IMAP_RESULT_OK] = "OK",
	[IMAP_RESULT_NO] = "NO",
	[IMAP_RESULT_BAD] = "BAD"
};

static void
put_code(struct imap_out *o, const char *code)
{
	if (code == NULL)
		return;
	imap_out_str(o, "[");
	imap_out_str(o, code);
	imap_out_str(o, "] ");
}

/* RFC 9738 3.2: with the tagged reply, if that has no other code. */
static void
end_limited(struct isession *s, struct imap_out *o)
{
	char	*code = s->end.codetext;

	snprintf(code, sizeof(s->end.codetext), "MESSAGELIMIT %u %u",
	    conf->limits.imap_messages, s->limited);
	if (s->end.tail == NULL && s->end.code == NULL)
		s->end.code = code;
	else
		imap_out_reply(o, SPAN_NONE, "NO", code,
		    "Not all messages were looked at.");
	s->limited = 0;
}

/* What is to be said when the mailbox's news are told. */
static void
end_say(struct isession *s)
{
	struct imap_out	*o = isession_out(s);
	const char	*text = lang_text(s->lang, s->end.text);

	if (s->limited != 0)
		end_limited(s, o);
	if (s->end.tail != NULL) {
		imap_out_status(o, s->cmd->tag, results[s->end.result]);
		s->end.tail(s, o);
	} else if (text != s->end.text) {
		imap_out_status(o, s->cmd->tag, results[s->end.result]);
		put_code(o, s->end.code);
		imap_out_str(o, text);
		imap_out_crlf(o);
	} else
		imap_out_reply(o, s->cmd->tag, results[s->end.result],
		    s->end.code, s->end.text);
	isession_out_done(s);
	isession_said(s, s->end.result);
}

void
isession_said(struct isession *s, enum imap_result result)
{
	imap_state_done(&s->st, s->cmd, result);
	if (result == IMAP_RESULT_BAD)
		s->errors++;
	job_end(s);
	if (!s->keep_cmd)
		imap_command_free(s->cmd);
	s->keep_cmd = 0;
	s->cmd = NULL;
	s->busy = 0;
	if (s->bye || s->st.state == IMAP_STATE_LOGOUT)
		isession_close(s);
	else
		isession_continue(s);
}

static void
end_updated(struct isession *s)
{
	end_say(s);
}

static void
end_step(void *arg, int ok)
{
	struct isession	*s = arg;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	context_update(s->view, end_updated);
}

static void
end_command(struct isession *s)
{
	unsigned	 flags = 0;

	if (s->view == NULL || s->st.state != IMAP_STATE_SELECTED ||
	    s->bye) {
		end_say(s);
		return;
	}
	if (!imap_state_noexpunge(s->cmd))
		flags |= VIEW_EXPUNGE;
	if (s->cmd->uid)
		flags |= VIEW_UID;
	s->news = 0;
	view_sync(s->view, flags, end_step, s);
}

void
isession_done(struct isession *s, enum imap_result result, const char *code,
    const char *text)
{
	s->end.result = result;
	s->end.code = code;
	strlcpy(s->end.text, text == NULL ? "Done." : text,
	    sizeof(s->end.text));
	s->end.tail = NULL;
	end_command(s);
}

void
isession_done_with(struct isession *s, enum imap_result result,
    void (*tail)(struct isession *, struct imap_out *))
{
	s->end.result = result;
	s->end.tail = tail;
	end_command(s);
}

void
isession_done_st(struct isession *s, uint8_t st, const char *text)
{
	static const struct {
		const char	*code, *text;
	} replies[] = {
	[ST_TEMP] =	{ "UNAVAILABLE", "Not possible just now" },
	[ST_QUOTA] =	{ "OVERQUOTA", "Quota exceeded" },
	[ST_NOSPACE] =	{ "OVERQUOTA", "Not enough room on disk, try later" },
	[ST_NONEXISTENT] = { "NONEXISTENT", "No such mailbox" },
	[ST_EXISTS] =	{ "ALREADYEXISTS", "Mailbox exists already" },
	[ST_DENIED] =	{ "NOPERM", "Permission denied" },
	[ST_LIMIT] =	{ "LIMIT", "Limit reached" },
	[ST_BAD] =	{ "CANNOT", "Not possible" },
	[ST_GONE] =	{ "EXPUNGEISSUED", "Some messages are gone" },
	[ST_INUSE] =	{ "INUSE", "In use" }
	};

	if (st == ST_OK)
		isession_done(s, IMAP_RESULT_OK, NULL, text);
	else if (st >= sizeof(replies) / sizeof(replies[0]))
		isession_done(s, IMAP_RESULT_NO, "UNAVAILABLE", text);
	else
		isession_done(s, IMAP_RESULT_NO, replies[st].code,
		    text != NULL && text[0] != '\0' ? text :
		    replies[st].text);
}

/* ---- news while no command runs ----------------------------------------- */

static void	tell_news(struct isession *);
static void	idle_done(struct isession *);

static void
news_updated(struct isession *s)
{
	s->telling = 0;
	if (s->done_waits)
		idle_done(s);
	else if (s->news)
		tell_news(s);
}

static void
news_told(void *arg, int ok)
{
	struct isession	*s = arg;

	if (!ok)
		isession_bye(s, "The mailbox is not available any more");
	else
		context_update(s->view, news_updated);
}

static void
tell_news(struct isession *s)
{
	if (s->telling || s->mode != INPUT_IDLE || s->view == NULL)
		return;
	s->news = 0;
	s->telling = 1;
	view_sync(s->view, VIEW_EXPUNGE, news_told, s);
}

/* Comes from within the store's message: the client hears of it this turn. */
void
isession_news(struct isession *s)
{
	s->news = 1;
	tell_news(s);
}

/* ---- input -------------------------------------------------------------- */

static void
refuse_command(struct isession *s, const struct imap_event *ev)
{
	struct imap_out	*o = isession_out(s);

	if (ev->type == IMAP_EV_NOMEM)
		imap_out_reply(o, ev->tag, "NO", "UNAVAILABLE", ev->why);
	else
		imap_out_reply(o, ev->tag, "BAD", ev->type == IMAP_EV_TOOBIG ?
		    "TOOBIG" : NULL, ev->why);
	isession_out_done(s);
	s->errors++;
}

static void
idle_done(struct isession *s)
{
	s->done_waits = 0;
	if (s->idle_bad)
		isession_done(s, IMAP_RESULT_BAD, NULL, "Expected DONE.");
	else
		isession_done(s, IMAP_RESULT_OK, NULL, "Idle completed.");
}

static void
line(struct isession *s, struct span text)
{
	if (s->mode == INPUT_SASL) {
		ilogin_line(s, text);
		return;
	}
	/* IDLE ends with any line; only DONE ends it well. */
	s->busy = 1;
	s->mode = INPUT_COMMANDS;
	imap_parser_lines(&s->parser, 0);
	s->idle_bad = !span_ieqs(text, "DONE");
	if (s->telling)
		s->done_waits = 1;
	else
		idle_done(s);
}

/*
 * Bytes of a command that was refused already.  A literal says how long it is,
 * and may be as long as a message is; a line that does not end is no client's.
 */
static void
endless(struct isession *s, size_t n)
{
	s->endless += n;
	if (s->endless > SESSION_ENDLESS + (s->st.state == IMAP_STATE_NOAUTH ?
	    0 : 2 * conf->limits.message_size))
		isession_bye(s, "That line does not end");
}

/* One event of the parser; 0: it wants more bytes. */
static int
step(struct isession *s)
{
	struct imap_event	 ev;
	const uint8_t		*in;
	size_t			 len;
	uint64_t		 sid = s->sid;
	int			 early;

	if ((in = conn_in(s->conn, &len)) == NULL || len == 0)
		return 0;
	imap_parser_next(&s->parser, in, len, &ev);
	/* A command is a copy; its handler may throw the input away. */
	early = ev.type != IMAP_EV_DATA && ev.type != IMAP_EV_LINE;
	if (early)
		conn_consume(s->conn, ev.used);
	switch (ev.type) {
	case IMAP_EV_MORE:
		endless(s, ev.used);
		break;
	case IMAP_EV_CONTINUE:
		imap_out_str(isession_out(s), "+ OK\r\n");
		isession_out_done(s);
		break;
	case IMAP_EV_COMMAND:
		s->busy = 1;
		if (s->mode == INPUT_APPEND)
			iappend_last(s, ev.cmd);
		else {
			s->cmd = ev.cmd;
			command_start(s);
		}
		break;
	case IMAP_EV_SEGMENT:
		iappend_segment(s, ev.cmd);
		break;
	case IMAP_EV_DATA:
		iappend_data(s, ev.data);
		break;
	case IMAP_EV_REFUSED:
		iappend_refused(s);
		break;
	case IMAP_EV_LINE:
		line(s, ev.data);
		break;
	default:
		if (s->mode == INPUT_APPEND)
			iappend_broken(s);
		refuse_command(s, &ev);
		break;
	}
	/* The handler may have ended the session. */
	if (isession_find(sid) == NULL)
		return 0;
	if (!early)
		conn_consume(s->conn, ev.used);
	if (ev.type != IMAP_EV_MORE)
		s->endless = 0;
	return ev.type != IMAP_EV_MORE && ev.used > 0;
}

static void
input(struct isession *s)
{
	uint64_t	 sid = s->sid;
	int		 n = 0;

	while (!s->busy && !s->waits) {
		if (conn_pending(s->conn) > SESSION_STALL) {
			s->stalled = 1;		/* until CONN_DRAINED */
			return;
		}
		if (!step(s))
			break;
		if (isession_find(sid) == NULL)
			return;
		if (s->errors > 0 &&
		    conf_over(s->errors - 1, conf->limits.errors)) {
			isession_bye(s, "Too many errors");
			return;
		}
		if (++n >= SESSION_COMMANDS) {
			conn_again(s->conn);
			return;
		}
	}
	if (isession_find(sid) != NULL && s->eof && !s->busy && !s->waits)
		isession_close(s);
}

void
isession_continue(struct isession *s)
{
	size_t	 len;

	if (stopping && !s->busy) {
		isession_bye(s, "Server shutting down");
		return;
	}
	if (s->eof && (conn_in(s->conn, &len) == NULL || len == 0))
		isession_close(s);
	else
		conn_again(s->conn);
}

/* ---- life --------------------------------------------------------------- */

static void
greet(struct isession *s)
{
	struct imap_out	*o;

	s->waits = 0;
	conn_timeout(s->conn, ISESSION_NOAUTH);
	conn_deadline(s->conn, ISESSION_NOAUTH_IN_ALL);
	o = isession_out(s);
	imap_out_str(o, "* OK [CAPABILITY ");
	if (ilogin_caps(s, o->buf) == -1)
		log_debug("greeting does not fit");
	imap_out_str(o, "] ");
	imap_out_text(o, conf->hostname);
	imap_out_str(o, " ready.\r\n");
	isession_out_done(s);
	conn_again(s->conn);
}

/* He may: a handshake is dear, and comes after that. */
static void
admitted(struct isession *s)
{
	conn_resume(s->conn);
	if (s->kind != LISTEN_IMAPS)
		greet(s);
	else if (tls == NULL || conn_starttls_server(s->conn, tls) == -1)
		isession_close(s);
	else
		s->waits = 1;
}

static void
ask_connect(struct isession *s)
{
	struct msg_connect	 m = { .sid = s->sid,
	    .listener = s->listener, .client = s->client };

	s->waits = 1;
	/* What comes meanwhile may be for TLS. */
	conn_pause(s->conn);
	if (proc_send(PROC_LOOKUP, 0, M_CONNECT, &m, -1) == -1)
		admitted(s);	/* limits are off, mail can be read */
	else
		s->asking = 1;
}

void
isession_connected(const struct msg_connect_r *m)
{
	struct isession	*s;

	if ((s = isession_find(m->sid)) == NULL || !s->asking)
		return;
	s->asking = 0;
	if (m->code == 0)
		admitted(s);
	else
		isession_bye(s, m->text);
}

static struct isession *
isession_new(const struct conf_listen *l, int fd, const struct addr *client)
{
	struct isession	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return NULL;
	}
	s->sid = proc_new_id();
	s->kind = l->kind;
	s->listener = l->index;
	s->client = *client;
	s->since = proc_now_ms();
	/* Nobody listens on a local socket. */
	s->st.plain_ok = conf->plain_auth_cleartext || l->path != NULL;
	s->st.starttls = tls != NULL && l->path == NULL;
	imap_parser_init(&s->parser, &imap_limits_noauth);
	if ((s->conn = conn_new(fd, SESSION_INPUT, on_conn, s)) == NULL ||
	    hashtab_insert(&by_sid, s) == -1) {
		if (s->conn != NULL)
			conn_free(s->conn);
		free(s);
		return NULL;
	}
	conn_outmax(s->conn, SESSION_OUTPUT);
	TAILQ_INSERT_TAIL(&sessions, s, entry);
	return s;
}

void
isession_accept(const struct conf_listen *l, int fd, const struct addr *client,
    uint32_t uid)
{
	static const char	 busy[] = "* BYE Too many sessions\r\n";
	struct isession		*s;

	/* The limit is for all the imap processes together. */
	if (conf_over(by_sid.count * proc_count(PROC_IMAP),
	    conf->limits.sessions)) {
		(void)!write(fd, busy, sizeof(busy) - 1);
		close(fd);
		return;
	}
	if ((s = isession_new(l, fd, client)) == NULL)
		return;
	proc_count_add("imap_sessions", 1);
	conn_timeout(s->conn, ISESSION_NOAUTH);
	conn_deadline(s->conn, ISESSION_NOAUTH_IN_ALL);
	ask_connect(s);
}

static void
secured(struct isession *s)
{
	proc_count_add("imap_tls", 1);
	s->st.secure = 1;
	s->waits = 0;
	if (s->kind == LISTEN_IMAPS)
		greet(s);
	else
		conn_again(s->conn);
}

static void
on_conn(struct conn *c, enum conn_event ev, void *arg)
{
	struct isession	*s = arg;

	switch (ev) {
	case CONN_SECURED:
		secured(s);
		break;
	case CONN_READABLE:
		if (!s->stalled)
			input(s);
		break;
	case CONN_DRAINED:
		/* A long answer goes on where it stopped. */
		if (s->drained != NULL)
			s->drained(s);
		else if (s->stalled) {
			s->stalled = 0;
			input(s);
		}
		break;
	case CONN_EOF:
		/* What he asked before his end is still answered. */
		s->eof = 1;
		if (!s->busy && !s->waits && !s->stalled)
			input(s);
		break;
	case CONN_ERROR:
		isession_close(s);
		break;
	case CONN_TIMEOUT:
		proc_count_add("imap_timeouts", 1);
		isession_bye(s, "Autologout; idle for too long");
		break;
	default:
		break;
	}
}

void
isession_stop_all(void)
{
	struct isession	*s, *next;

	stopping = 1;
	if (by_sid.count == 0 && pop3_session_count() == 0)
		proc_stopped();
	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (!s->busy || s->mode == INPUT_IDLE)
			isession_bye(s, "Server shutting down");
	}
}

static void
lost(struct isession *s, enum proc_id proc)
{
	if (proc == PROC_AUTH && (s->mode == INPUT_SASL || s->waits) &&
	    s->cmd != NULL)
		ilogin_lost(s);
	else if (proc == PROC_LOOKUP && s->asking) {
		s->asking = 0;
		admitted(s);
	}
	else if (proc == PROC_QUEUE && (s->mode == INPUT_APPEND ||
	    s->appending))
		iappend_queue_gone(s);
	else if (proc == PROC_STORE && s->account != NULL)
		isession_bye(s, "The store has gone away, try again");
}

void
isession_peer_gone(enum proc_id proc)
{
	struct isession	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		lost(s, proc);
}
