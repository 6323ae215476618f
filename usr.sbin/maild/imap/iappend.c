#include <sys/mman.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers.h"
#include "iappend.h"
#include "iappend_binary.h"
#include "libstore/mstore_page.h"
#include "libutil/buf.h"
#include "libutil/log.h"
#include "name.h"
#include "proc.h"
#include "isession.h"
#include "urlread.h"
#include "view.h"

#define APPEND_SMALL	65536	/* written to memory of our own */

/*
 * One APPEND.  The command itself stays the parser's until its last segment;
 * what is needed of each segment is copied here.
 */
struct append {
	uint32_t	 n;		/* messages that the queue has */
	int		 fd;		/* of the message in hand, or -1 */
	uint64_t	 size;		/* announced, still to be read */
	uint64_t	 written;
	uint32_t	 flags;		/* MSTORE_... */
	struct buf	 keywords;
	int64_t		 date;
	int		 zone;
	uint8_t		 own;		/* fd is ours, not the queue's */
	uint8_t		 nul;		/* the message has some */
	uint8_t		 finding;	/* it: the view calls back */
	uint32_t	 replaces;	/* uid of the message that goes */
	uint8_t		 failed;
	uint8_t		 bad;		/* BAD, not NO */
	const char	*code, *text;	/* why */
	char		 codetext[600];
	/* the segment in hand */
	struct imap_command *cmd;
	uint32_t	 part;		/* of its parts */
	uint8_t		 opening;	/* its message has been begun */
	uint8_t		 last;		/* the command ends with it */
	uint8_t		 catenate;	/* the message is made of parts */
	struct urlread	*url;		/* that is being copied */
	char		 mailbox[IMAP_NAME_MAX + 1];
	struct msg_append_r result;
};

static const struct {
	uint32_t	 bit;
	uint16_t	 stored;
} flagmap[] = {
	{ IMAP_FLAG_SEEN,	MSTORE_SEEN },
	{ IMAP_FLAG_ANSWERED,	MSTORE_ANSWERED },
	{ IMAP_FLAG_FLAGGED,	MSTORE_FLAGGED },
	{ IMAP_FLAG_DELETED,	MSTORE_DELETED },
	{ IMAP_FLAG_DRAFT,	MSTORE_DRAFT }
};

static void
append_free(void *job)
{
	struct append	*a = job;

	urlread_free(a->url);
	if (a->fd != -1)
		close(a->fd);
	buf_free(&a->keywords);
	free(a);
}

static struct append *
append_get(struct isession *s)
{
	struct append	*a;

	if (s->mode == INPUT_APPEND)
		return s->job;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("append");
	a->fd = -1;
	buf_init(&a->keywords, 65536);
	s->job = a;
	s->job_free = append_free;
	s->mode = INPUT_APPEND;
	s->txn++;
	return a;
}

static void
abort_queue(struct isession *s)
{
	struct msg_append_abort	 m = { .sid = s->c.sid, .txn = s->txn };

	(void)proc_send(PROC_QUEUE, 0, M_APPEND_ABORT, &m, -1);
}

static void
fail(struct append *a, const char *code, const char *text)
{
	if (a->failed)
		return;
	a->failed = 1;
	a->code = code;
	a->text = text;
}

/* The message's options, before its bytes. */
static int
take_options(struct append *a, const struct imap_append_part *p)
{
	uint32_t	 i;
	size_t		 j;

	a->flags = 0;
	for (j = 0; j < sizeof(flagmap) / sizeof(flagmap[0]); j++) {
		if (p->flags.bits & flagmap[j].bit)
			a->flags |= flagmap[j].stored;
	}
	buf_truncate(&a->keywords, 0);
	for (i = 0; i < p->flags.nkeywords; i++) {
		if ((i > 0 && buf_addc(&a->keywords, ' ') == -1) ||
		    buf_add(&a->keywords, p->flags.keywords[i].p,
		    p->flags.keywords[i].len) == -1)
			return -1;
	}
	a->date = p->has_date ? p->date.t : INT64_MIN;
	a->zone = p->has_date ? p->date.zone : 0;
	a->catenate = p->kind != IMAP_APPEND_LITERAL;
	a->nul = 0;
	a->written = 0;
	return buf_addc(&a->keywords, '\0');
}

/* The command is over before its end: skip what belongs to it, then say NO. */
static void
refuse(struct isession *s, struct imap_command *cmd)
{
	s->waits = 0;
	if (s->tag == NULL && (s->tag = strndup(cmd->tag.p,
	    cmd->tag.len)) == NULL)
		fatal("append");
	if (imap_parser_refuse(&s->parser))
		iappend_refused(s);
	else
		conn_again(s->c.conn);
}

/* The tagged NO, without a parsed command to go by. */
void
iappend_refused(struct isession *s)
{
	struct append	*a = s->job;

	imap_out_reply(isession_out(s), span_of(s->tag), a->bad ? "BAD" : "NO",
	    a->code, a->text);
	isession_out_done(s);
	iappend_broken(s);
}

void
iappend_broken(struct isession *s)
{
	abort_queue(s);
	s->job_free(s->job);
	s->job = NULL;
	s->job_free = NULL;
	free(s->tag);
	s->tag = NULL;
	s->mode = INPUT_COMMANDS;
	s->waits = 0;
	conn_again(s->c.conn);
}

static void
open_message(struct isession *s, struct append *a)
{
	struct msg_append_open	 m = { .sid = s->c.sid, .txn = s->txn,
	    .n = a->n };
	const struct imap_append_part *p =
	    &a->cmd->u.append.parts[a->part];

	/* How large it will be nobody knows: not to be held in memory. */
	m.size = a->catenate ? caller_conf()->limits.message_size :
	    p->literal.size;
	/* The queue need not be asked for what is small. */
	a->own = m.size <= APPEND_SMALL && a->n < APPEND_OWN_N &&
	    !a->catenate && (a->fd = memfd_create("message", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING)) != -1;
	if (a->own)
		return;
	s->waits = 1;
	if (proc_send(PROC_QUEUE, 0, M_APPEND_OPEN, &m, -1) == -1) {
		s->waits = 0;
		fail(a, "UNAVAILABLE", "Not possible just now.");
	}
}

static void	run_parts(struct isession *, struct append *);

/* REPLACE: which message it is for. */
static void
find_replaced(void *arg, int ok)
{
	struct isession		*s = arg;
	struct append		*a = s->job;
	struct view		*v = s->view;
	uint32_t		 n = a->cmd->u.append.number;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	s->waits = 0;
	a->finding = 0;
	if (n == 0)
		a->replaces = v->exists == 0 ? 0 :
		    uidlist_uid(v->snap, v->exists);
	else if (!a->cmd->uid)
		a->replaces = n > v->exists ? 0 : uidlist_uid(v->snap, n);
	else if (uidlist_seq(v->snap, n) != 0 && n < v->uidnext)
		a->replaces = n;
	if (a->replaces == 0)
		fail(a, "NONEXISTENT", "No such message.");
	run_parts(s, a);
}

static void
check_state(struct isession *s, struct append *a, struct imap_command *cmd)
{
	const char		*code, *why;
	enum imap_verdict	 verdict;

	verdict = imap_state_check(&s->st, cmd, &code, &why);
	if (verdict == IMAP_ALLOW)
		return;
	a->bad = verdict == IMAP_DENY_BAD;
	fail(a, code, why == NULL ? "Not now." : why);
}

/* RFC 9738; 0: none. */
static uint32_t
save_limit(void)
{
	const struct conf	*conf = caller_conf();

	return conf->limits.imap_messages != 0 ? conf->limits.imap_messages :
	    conf->limits.imap_save;
}

/* All bytes of this message are written. */
static void
message_done(struct isession *s, struct append *a)
{
	struct msg_append_msg	 m = { .sid = s->c.sid, .txn = s->txn,
	    .n = a->n, .flags = a->flags, .date = a->date,
	    .zone = a->zone };
	int			 rc;

	m.keywords = (char *)buf_ptr(&a->keywords);
	if (a->written == 0)
		fail(a, NULL, "Message is empty.");
	if (a->nul) {
		rc = iappend_binary(a->fd, &a->written,
		    caller_conf()->limits.message_size);
		if (rc == IAPPEND_TOOBIG)
			fail(a, "TOOBIG", "Message is too big in base64.");
		else if (rc != IAPPEND_DONE)
			fail(a, "UNKNOWN-CTE", "NULs where none can be.");
	}
	/* In base64 it is larger, but hardly ever that much. */
	if (a->own && a->written > APPEND_OWN)
		fail(a, "TOOBIG", "Message is too big in base64.");
	m.size = a->written;
	if (a->failed || !a->own) {
		close(a->fd);
		a->fd = -1;
	}
	if (!a->failed && proc_send(PROC_QUEUE, 0, M_APPEND_MSG, &m,
	    a->fd) == -1)
		fail(a, "UNAVAILABLE", "Not possible just now.");
	a->fd = -1;		/* sent, or closed */
	a->n++;
}

static void
write_bytes(struct append *a, const char *p, size_t len)
{
	ssize_t		 n;
	size_t		 off = 0;

	if (a->written + len > caller_conf()->limits.message_size)
		fail(a, "TOOBIG", "Message is too big.");
	while (!a->failed && off < len) {
		n = write(a->fd, p + off, len - off);
		if (n == -1 && errno != EINTR) {
			log_warn("append");
			fail(a, "UNAVAILABLE", "Cannot write the message.");
		} else if (n > 0)
			off += n;
	}
	if (!a->nul && len > 0 && memchr(p, '\0', len) != NULL)
		a->nul = 1;
	a->written += len;
}

/* All messages are with the queue: make them one append. */
static void
commit(struct isession *s, struct append *a)
{
	struct msg_append_commit m = { .sid = s->c.sid, .txn = s->txn,
	    .count = a->n, .mailbox = a->mailbox, .olduid = a->replaces };

	s->mode = INPUT_COMMANDS;
	if (a->replaces != 0)
		m.oldmbox = s->view->mbox->id;
	if (!a->failed && proc_send(PROC_QUEUE, 0, M_APPEND_COMMIT, &m,
	    -1) == -1)
		fail(a, "UNAVAILABLE", "Not possible just now.");
	if (a->failed) {
		abort_queue(s);
		isession_done(s, IMAP_RESULT_NO, a->code, a->text);
	} else
		s->appending = 1;
}

/* ---- the parts of a segment --------------------------------------------- */

static void
begin_message(struct isession *s, struct append *a,
    const struct imap_append_part *p)
{
	uint32_t	 limit = save_limit();

	if (limit != 0 && a->n >= limit) {
		snprintf(a->codetext, sizeof(a->codetext),
		    "MESSAGELIMIT %u", limit);
		fail(a, a->codetext, "Too many messages at once.");
	} else if (p->kind == IMAP_APPEND_LITERAL && p->literal.size == 0)
		fail(a, NULL, "Message is empty.");
	else if (p->kind == IMAP_APPEND_LITERAL && p->literal.size >
	    caller_conf()->limits.message_size)
		fail(a, "TOOBIG", "Message is too big.");
	else if (take_options(a, p) == -1)
		fail(a, "LIMIT", "Too many flags.");
	if (a->failed)
		return;
	a->opening = 1;
	open_message(s, a);
}

static void
url_begin(void *arg, uint64_t total)
{
}

static int
url_data(void *arg, const char *p, size_t len)
{
	struct isession	*s = arg;
	struct append	*a = s->job;

	write_bytes(a, p, len);
	return a->failed ? -1 : 0;
}

/* RFC 4469 5: which one it was, where that can be said in a code. */
static void
bad_url(struct append *a)
{
	struct span	 url = a->cmd->u.append.parts[a->part].url;
	size_t		 i;

	for (i = 0; i < url.len && url.p[i] > ' ' && url.p[i] < 127 &&
	    url.p[i] != ']'; i++)
		;
	if (i == url.len && url.len > 0 &&
	    url.len < sizeof(a->codetext) - 16) {
		snprintf(a->codetext, sizeof(a->codetext), "BADURL %.*s",
		    (int)url.len, url.p);
		fail(a, a->codetext, "There is no such thing.");
	} else
		fail(a, NULL, "Bad URL.");
}

static void
url_done(void *arg, int ok)
{
	struct isession	*s = arg;
	struct append	*a = s->job;

	urlread_free(a->url);
	a->url = NULL;
	s->waits = 0;
	if (!ok)
		bad_url(a);
	a->part++;
	a->opening = 0;
	run_parts(s, a);
}

static const struct urlread_ops	 url_ops = {
	url_begin, url_data, url_done
};

/* Its bytes come next. */
static void
take_literal(struct isession *s, struct append *a,
    const struct imap_append_part *p)
{
	a->size = p->literal.size;
	a->part++;
	a->opening = 0;
	if (p->literal.sync) {
		imap_out_str(isession_out(s), "+ OK\r\n");
		isession_out_done(s);
	}
	imap_parser_accept(&s->parser);
	conn_again(s->c.conn);
}

static void
end_parts(struct isession *s, struct append *a)
{
	if (a->fd != -1 && !a->failed)
		message_done(s, a);
	if (a->failed && !a->last) {
		refuse(s, a->cmd);
		return;
	}
	if (a->last)
		commit(s, a);
}

/* From where they stand on, until something has to be waited for. */
static void
run_parts(struct isession *s, struct append *a)
{
	const struct imap_append	*c = &a->cmd->u.append;
	const struct imap_append_part	*p;

	while (!a->failed && !s->waits && a->part < c->nparts) {
		p = &c->parts[a->part];
		if (p->first && !a->opening) {
			if (a->fd != -1)
				message_done(s, a);
			if (!a->failed)
				begin_message(s, a, p);
			continue;
		}
		if (p->kind == IMAP_APPEND_URL) {
			s->waits = 1;
			a->url = urlread_start(s, p->url, 0, &url_ops, s);
			return;
		}
		if (p->literal.size > caller_conf()->limits.message_size -
		    a->written) {
			fail(a, "TOOBIG", "Message is too big.");
			break;
		}
		take_literal(s, a, p);
		return;
	}
	if (a->failed || !s->waits)
		end_parts(s, a);
}

/* The first of a command: which mailbox, which message. */
static void
begin_append(struct isession *s, struct append *a)
{
	struct imap_command	*cmd = a->cmd;
	const char		*why;
	int			 utf8;

	utf8 = s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2) ?
	    IMAP_NAME_UTF8 : 0;
	if (!a->failed && imap_name_read(cmd->u.append.mailbox, utf8,
	    a->mailbox, &why) == -1)
		fail(a, "TRYCREATE", why);
	if (!a->failed && cmd->id == IMAP_REPLACE) {
		s->waits = 1;
		a->finding = 1;
		view_load(s->view, find_replaced, s);
	} else
		run_parts(s, a);
}

void
iappend_segment(struct isession *s, struct imap_command *cmd)
{
	struct append	*a;
	int		 first = s->mode != INPUT_APPEND;

	a = append_get(s);
	s->append_cmd = a->cmd = cmd;
	a->part = 0;
	a->opening = 0;
	check_state(s, a, cmd);
	if (first)
		begin_append(s, a);
	else
		run_parts(s, a);
}

/* One that came as a whole: its message is made of nothing but URLs. */
void
iappend_command(struct isession *s)
{
	struct append	*a = append_get(s);

	a->cmd = s->cmd;
	a->last = 1;
	begin_append(s, a);
}

void
iappend_opened(struct isession *s, const struct msg_append_open_r *m, int fd)
{
	struct append	*a = s->job;

	if (s->mode != INPUT_APPEND || m->txn != s->txn || m->n != a->n ||
	    !s->waits) {
		if (fd != -1)
			close(fd);
		return;
	}
	s->waits = 0;
	if (m->code != ST_OK || fd == -1) {
		if (fd != -1)
			close(fd);
		if (m->code == ST_LIMIT)
			fail(a, "LIMIT", "Too many messages at once.");
		else if (m->code == ST_NOSPACE)
			fail(a, "OVERQUOTA", "Not enough room on disk.");
		else
			fail(a, "UNAVAILABLE", "No room for a message now.");
	} else
		a->fd = fd;
	run_parts(s, a);
}

void
iappend_data(struct isession *s, struct span data)
{
	struct append	*a = s->job;

	write_bytes(a, data.p, data.len);
	a->size -= data.len;
	if (a->size == 0 && !a->failed && !a->catenate)
		message_done(s, a);
}

/* The command has come to its end: the parts that are left, then all of it. */
void
iappend_last(struct isession *s, struct imap_command *cmd)
{
	struct append	*a = s->job;

	s->cmd = a->cmd = cmd;
	s->append_cmd = NULL;
	a->part = 0;
	a->opening = 0;
	a->last = 1;
	free(s->tag);
	s->tag = NULL;
	run_parts(s, a);
}

static void
done_tail(struct isession *s, struct imap_out *o)
{
	struct append	*a = s->job;
	struct rseq	 uids;

	rseq_init(&uids);
	if (rseq_add(&uids, a->result.first, a->result.last) == -1)
		fatal("append");
	imap_out_appenduid(o, a->result.uidvalidity, &uids);
	imap_out_str(o, " Append completed.\r\n");
	rseq_free(&uids);
}

/* RFC 8508 3.3: the new one's uid before the old one's EXPUNGE. */
static void
replaced(struct isession *s)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, "* OK ");
	done_tail(s, o);
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, "Replaced.");
}

void
iappend_result(struct isession *s, const struct msg_append_r *m)
{
	struct append	*a = s->job;

	if (!s->appending || m->txn != s->txn)
		return;
	s->appending = 0;
	a->result = *m;
	/* Into the mailbox that he looks at: he hears of it at once. */
	if (m->code == ST_OK && s->view != NULL && (a->replaces != 0 ||
	    (m->uidvalidity == s->view->uidvalidity &&
	    m->last >= s->view->uidnext)))
		mbox_heard(s->view->mbox, s->view->modseq + 1);
	if (m->code == ST_OK && a->replaces != 0)
		replaced(s);
	else if (m->code == ST_OK)
		isession_done_with(s, IMAP_RESULT_OK, done_tail);
	else if (m->code == ST_NONEXISTENT)
		isession_done(s, IMAP_RESULT_NO, "TRYCREATE",
		    "No such mailbox.");
	else
		isession_done_st(s, m->code, m->text);
}

void
iappend_queue_gone(struct isession *s)
{
	struct append	*a = s->job;

	fail(a, "UNAVAILABLE", "Not possible just now.");
	if (s->appending) {
		s->appending = 0;
		isession_done(s, IMAP_RESULT_NO, a->code, a->text);
	} else if (s->waits && !a->finding) {
		s->waits = 0;
		urlread_free(a->url);
		a->url = NULL;
		run_parts(s, a);
	}
}
