#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iappend.h"
#include "iappend_binary.h"
#include "libstore/mstore_page.h"
#include "libutil/buf.h"
#include "libutil/log.h"
#include "name.h"
#include "proc.h"
#include "isession.h"
#include "view.h"

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
	uint8_t		 sync;		/* the client waits for "+" */
	uint8_t		 nul;		/* the message has some */
	uint32_t	 replaces;	/* uid of the message that goes */
	uint8_t		 failed;
	uint8_t		 bad;		/* BAD, not NO */
	const char	*code, *text;	/* why */
	char		 codetext[32];
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
	a->size = p->literal.size;
	a->sync = p->literal.sync;
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
	    .n = a->n, .size = a->size };

	s->waits = 1;
	if (proc_send(PROC_QUEUE, 0, M_APPEND_OPEN, &m, -1) == -1)
		fail(a, "UNAVAILABLE", "Not possible just now.");
}

/* REPLACE: which message it is for. */
static void
find_replaced(void *arg, int ok)
{
	struct isession		*s = arg;
	struct append		*a = s->job;
	struct view		*v = s->view;
	uint32_t		 n = s->append_cmd->u.append.number;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	s->waits = 0;
	if (n == 0)
		a->replaces = v->exists == 0 ? 0 :
		    uidlist_uid(v->snap, v->exists);
	else if (!s->append_cmd->uid)
		a->replaces = n > v->exists ? 0 : uidlist_uid(v->snap, n);
	else if (uidlist_seq(v->snap, n) != 0 && n < v->uidnext)
		a->replaces = n;
	if (a->replaces == 0)
		fail(a, "NONEXISTENT", "No such message.");
	else
		open_message(s, a);
	if (a->failed)
		refuse(s, s->append_cmd);
}

static void
check_state(struct isession *s, struct append *a, struct imap_command *cmd)
{
	const char		*code, *why;
	enum imap_verdict	 verdict;

	verdict = imap_state_check(&s->st, cmd, &code, &why);
	if (verdict != IMAP_ALLOW) {
		a->bad = verdict == IMAP_DENY_BAD;
		fail(a, code, why == NULL ? "Not now." : why);
	} else if (cmd->u.append.catenate)
		fail(a, NULL, "Not offered here.");
}

/* RFC 9738; 0: none. */
static uint32_t
save_limit(void)
{
	const struct conf	*conf = caller_conf();

	return conf->limits.imap_messages != 0 ? conf->limits.imap_messages :
	    conf->limits.imap_save;
}

void
iappend_segment(struct isession *s, struct imap_command *cmd)
{
	const struct imap_append_part	*p;
	struct append			*a;
	const char			*why;
	int				 first = s->mode != INPUT_APPEND;
	uint32_t			 limit = save_limit();
	int				 utf8;

	a = append_get(s);
	p = &cmd->u.append.parts[cmd->u.append.nparts - 1];
	s->append_cmd = cmd;
	check_state(s, a, cmd);
	utf8 = s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2) ?
	    IMAP_NAME_UTF8 : 0;
	if (first && !a->failed && imap_name_read(cmd->u.append.mailbox, utf8,
	    a->mailbox, &why) == -1)
		fail(a, "TRYCREATE", why);
	if (!a->failed && p->literal.size >
	    caller_conf()->limits.message_size)
		fail(a, "TOOBIG", "Message is too big.");
	if (!a->failed && limit != 0 && a->n >= limit) {
		snprintf(a->codetext, sizeof(a->codetext),
		    "MESSAGELIMIT %u", limit);
		fail(a, a->codetext, "Too many messages at once.");
	}
	if (!a->failed && p->literal.size == 0)
		fail(a, NULL, "Message is empty.");
	if (!a->failed && take_options(a, p) == -1)
		fail(a, "LIMIT", "Too many flags.");
	if (!a->failed && first && cmd->id == IMAP_REPLACE) {
		s->waits = 1;
		view_load(s->view, find_replaced, s);
		return;
	}
	if (!a->failed)
		open_message(s, a);
	if (a->failed)
		refuse(s, cmd);
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
		refuse(s, s->append_cmd);
		return;
	}
	a->fd = fd;
	if (a->sync) {
		imap_out_str(isession_out(s), "+ OK\r\n");
		isession_out_done(s);
	}
	imap_parser_accept(&s->parser);
	conn_again(s->c.conn);
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
	if (a->nul) {
		rc = iappend_binary(a->fd, &a->written,
		    caller_conf()->limits.message_size);
		if (rc == IAPPEND_TOOBIG)
			fail(a, "TOOBIG", "Message is too big in base64.");
		else if (rc != IAPPEND_DONE)
			fail(a, "UNKNOWN-CTE", "NULs where none can be.");
	}
	m.size = a->written;
	close(a->fd);
	a->fd = -1;
	if (!a->failed && proc_send(PROC_QUEUE, 0, M_APPEND_MSG, &m, -1) ==
	    -1)
		fail(a, "UNAVAILABLE", "Not possible just now.");
	a->n++;
}

void
iappend_data(struct isession *s, struct span data)
{
	struct append	*a = s->job;
	ssize_t		 n;
	size_t		 off = 0;

	while (!a->failed && off < data.len) {
		n = write(a->fd, data.p + off, data.len - off);
		if (n == -1 && errno != EINTR) {
			log_warn("append");
			fail(a, "UNAVAILABLE", "Cannot write the message.");
		} else if (n > 0)
			off += n;
	}
	if (!a->nul && memchr(data.p, '\0', data.len) != NULL)
		a->nul = 1;
	a->written += data.len;
	a->size -= data.len;
	if (a->size == 0 && !a->failed)
		message_done(s, a);
}

/* The command has come to its end: make all of it one append. */
void
iappend_last(struct isession *s, struct imap_command *cmd)
{
	struct append		*a = s->job;
	struct msg_append_commit m = { .sid = s->c.sid, .txn = s->txn,
	    .count = a->n, .mailbox = a->mailbox, .olduid = a->replaces };

	if (a->replaces != 0)
		m.oldmbox = s->view->mbox->id;
	s->cmd = cmd;
	s->append_cmd = NULL;
	s->mode = INPUT_COMMANDS;
	free(s->tag);
	s->tag = NULL;
	if (!a->failed && proc_send(PROC_QUEUE, 0, M_APPEND_COMMIT, &m,
	    -1) == -1)
		fail(a, "UNAVAILABLE", "Not possible just now.");
	if (a->failed) {
		abort_queue(s);
		isession_done(s, IMAP_RESULT_NO, a->code, a->text);
	} else
		s->appending = 1;
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
	} else if (s->waits)
		refuse(s, s->append_cmd);
}
