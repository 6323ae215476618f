#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "ctlrow.h"
#include "events.h"
#include "iappend.h"
#include "libutil/log.h"
#include "proc.h"
#include "isession.h"
#include "lang.h"
#include "view.h"

#define SESSION_INPUT	(256 * 1024)	/* read ahead; a command fits */
#define SESSION_OUTPUT	(16 * 1024 * 1024)
#define SESSION_STALL	(256 * 1024)	/* answers that he has not read */
#define SESSION_COMMANDS 50		/* of one client in a turn */
#define SESSION_ENDLESS	(256 * 1024)	/* of a line: that is no client */

struct isession *
isession_find(uint64_t sid)
{
	return caller_find(&isession_proto, sid);
}

uint64_t
isession_sid(const struct isession *s)
{
	return s->c.sid;
}

uint32_t
isession_enabled(const struct isession *s)
{
	return s->st.enabled;
}

struct imap_out *
isession_out(struct isession *s)
{
	imap_out_init(&s->out, conn_out(s->c.conn), s->st.enabled);
	return &s->out;
}

void
isession_out_done(struct isession *s)
{
	if (s->out.fail)
		conn_out_lost(s->c.conn);
	conn_out_done(s->c.conn);
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

void
isession_close(struct isession *s)
{
	caller_close(&s->c);
}

void
isession_bye(struct isession *s, const char *text)
{
	imap_out_reply(isession_out(s), SPAN_NONE, "BYE", NULL, text);
	isession_out_done(s);
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
	    caller_conf()->limits.imap_messages, s->limited);
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
	const char	*text = lang_text(s->lang, s->end.text);
	struct imap_out	*o;

	events_flush(s);
	o = isession_out(s);
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

static void	news_fetched(struct isession *);

/* NOTIFY: of new messages that the end of a command has told. */
static int
owed(struct isession *s)
{
	if (s->events == NULL || s->view == NULL || s->mode !=
	    INPUT_COMMANDS || s->st.state != IMAP_STATE_SELECTED)
		return 0;
	s->telling = 1;
	if (events_fetch_new(s, s->told_uidnext, news_fetched)) {
		s->told_uidnext = s->view->uidnext;
		return 1;
	}
	s->telling = 0;
	return 0;
}

void
isession_said(struct isession *s, enum imap_result result)
{
	imap_state_done(&s->st, s->cmd, result);
	if (result == IMAP_RESULT_BAD)
		s->c.errors++;
	job_end(s);
	if (!s->keep_cmd)
		imap_command_free(s->cmd);
	s->keep_cmd = 0;
	s->cmd = NULL;
	s->busy = 0;
	if (s->bye || s->st.state == IMAP_STATE_LOGOUT)
		isession_close(s);
	else if (!owed(s))
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

	if (events_fetch_ended(s))
		return;
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
	s->told_uidnext = s->view->uidnext;
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
	if (s->done_waits) {
		idle_done(s);
		return;
	}
	events_flush(s);
	if (s->news)
		tell_news(s);
	/* Outside of IDLE commands have waited. */
	if (!s->telling && s->mode != INPUT_IDLE)
		isession_continue(s);
}

static void
news_fetched(struct isession *s)
{
	context_update(s->view, news_updated);
}

static void
news_told(void *arg, int ok)
{
	struct isession	*s = arg;

	if (!ok)
		isession_bye(s, "The mailbox is not available any more");
	else if (!events_fetch_new(s, s->told_uidnext, news_fetched))
		context_update(s->view, news_updated);
}

static void
tell_news(struct isession *s)
{
	if (s->telling || !events_tell_selected(s))
		return;
	s->news = 0;
	s->telling = 1;
	s->told_uidnext = s->view->uidnext;
	view_sync(s->view, events_tell_expunge(s) ? VIEW_EXPUNGE : 0,
	    news_told, s);
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
	s->c.errors++;
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
		s->busy = 1;
		s->mode = INPUT_COMMANDS;
		imap_parser_lines(&s->parser, 0);
		login_line(&s->c, text);
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
	    0 : 2 * caller_conf()->limits.message_size))
		isession_bye(s, "That line does not end");
}

/* One event of the parser; 0: it wants more bytes. */
static int
step(struct isession *s)
{
	struct imap_event	 ev;
	const uint8_t		*in;
	size_t			 len;
	uint64_t		 sid = s->c.sid;
	int			 early;

	if ((in = conn_in(s->c.conn, &len)) == NULL || len == 0)
		return 0;
	imap_parser_next(&s->parser, in, len, &ev);
	/* A command is a copy; its handler may throw the input away. */
	early = ev.type != IMAP_EV_DATA && ev.type != IMAP_EV_LINE;
	if (early)
		conn_consume(s->c.conn, ev.used);
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
		conn_consume(s->c.conn, ev.used);
	if (ev.type != IMAP_EV_MORE)
		s->endless = 0;
	return ev.type != IMAP_EV_MORE && ev.used > 0;
}

static void
input(struct isession *s)
{
	uint64_t	 sid = s->c.sid;
	unsigned	 n = 0, max = conn_share(SESSION_COMMANDS);

	while (!s->busy && !s->waits && caller_open(&s->c) &&
	    (!s->telling || s->mode == INPUT_IDLE)) {
		if (conn_pending(s->c.conn) > SESSION_STALL) {
			s->stalled = 1;		/* until CONN_DRAINED */
			return;
		}
		if (!step(s))
			break;
		if (isession_find(sid) == NULL)
			return;
		if (caller_nuisance(&s->c)) {
			isession_bye(s, "Too many errors");
			return;
		}
		if (++n >= max && !caller_used_up(&s->c)) {
			conn_again(s->c.conn);
			return;
		}
	}
	if (isession_find(sid) != NULL && s->c.eof && !s->busy && !s->waits &&
	    (!s->telling || s->mode == INPUT_IDLE))
		isession_close(s);
}

void
isession_continue(struct isession *s)
{
	size_t	 len;

	if (caller_stopping() && !s->busy) {
		isession_bye(s, "Server shutting down");
		return;
	}
	if (s->c.eof && (conn_in(s->c.conn, &len) == NULL || len == 0))
		isession_close(s);
	else
		conn_again(s->c.conn);
}

/* ---- life --------------------------------------------------------------- */

static void
begin(struct caller *c, const struct conf_listen *l)
{
	struct isession	*s = (struct isession *)c;

	/* Nobody listens on a local socket. */
	s->st.plain_ok = caller_conf()->plain_auth_cleartext ||
	    l->path != NULL;
	s->st.starttls = caller_tls() != NULL && l->path == NULL;
	imap_parser_init(&s->parser, &imap_limits_noauth);
}

static void
greet(struct caller *c)
{
	struct isession	*s = (struct isession *)c;
	struct imap_out	*o = isession_out(s);

	caller_unknown(c);
	imap_out_str(o, "* OK [CAPABILITY ");
	if (ilogin_caps(s, o->buf) == -1)
		log_debug("greeting does not fit");
	imap_out_str(o, "] ");
	imap_out_text(o, caller_conf()->hostname);
	imap_out_str(o, " ready.\r\n");
	isession_out_done(s);
}

static void
secured(struct caller *c)
{
	struct isession	*s = (struct isession *)c;

	s->st.secure = 1;
	caller_unknown(c);
}

static void
event(struct caller *c, enum conn_event ev)
{
	struct isession	*s = (struct isession *)c;

	switch (ev) {
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
		if (!s->busy && !s->waits && !s->stalled)
			input(s);
		break;
	case CONN_ERROR:
		isession_close(s);
		break;
	case CONN_TIMEOUT:
		isession_bye(s, "Autologout; idle for too long");
		break;
	default:
		break;
	}
}

static void
refuse(struct caller *c, int code, const char *text)
{
	isession_bye((struct isession *)c, text);
}

static void
stop(struct caller *c)
{
	struct isession	*s = (struct isession *)c;

	if (!s->busy || s->mode == INPUT_IDLE)
		isession_bye(s, "Server shutting down");
}

static void
gone(struct caller *c, enum proc_id proc)
{
	struct isession	*s = (struct isession *)c;

	if (proc == PROC_QUEUE && (s->mode == INPUT_APPEND || s->appending))
		iappend_queue_gone(s);
	else if (proc == PROC_STORE && c->account != NULL)
		isession_bye(s, "The store has gone away, try again");
}

static void
end(struct caller *c)
{
	struct isession	*s = (struct isession *)c;

	request_forget(s);
	job_end(s);
	if (s->view != NULL)
		view_close(s->view);
	if (!s->keep_cmd)
		imap_command_free(s->cmd);
	events_free(s);
	imap_parser_free(&s->parser);
	free(s->tag);
}

static void
row(struct caller *c, struct ctlrow *row)
{
	struct isession	*s = (struct isession *)c;

	ctlrow_num(row, "messages", 0);
	ctlrow_str(row, "state", s->mode == INPUT_IDLE ? "idle" :
	    s->busy ? "command" : s->st.state == IMAP_STATE_SELECTED ?
	    "selected" : "waiting");
}

const struct caller_proto isession_proto = {
	.size = sizeof(struct isession),
	.proc = PROC_IMAP,
	.keeper = PROC_STORE,
	.by_account = 1,
	.service = SERVICE_IMAP,
	.asks_queue = 1,
	.inmax = SESSION_INPUT,
	.outmax = SESSION_OUTPUT,
	.busy = "* BYE Too many sessions\r\n",
	.n_sessions = "imap_sessions",
	.n_tls = "imap_tls",
	.n_timeouts = "imap_timeouts",
	.n_logins = "imap_logins",
	.n_refused = "imap_logins_refused",
	.begin = begin,
	.greet = greet,
	.secured = secured,
	.event = event,
	.refuse = refuse,
	.gone = gone,
	.stop = stop,
	.end = end,
	.row = row,
	.challenge = ilogin_challenge,
	.logged_in = ilogin_done,
	.not_logged_in = ilogin_failed
};
