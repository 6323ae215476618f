/*
 * RETR and TOP: the message page by page, each asked for while the one before
 * it is on its way to the client.  A client that takes one message after the
 * other gets the next ones out of the same page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libmail/address.h"
#include "libmail/charset.h"
#include "libmail/header.h"
#include "libpop3/pop3_top.h"
#include "libsmtp/smtp_dot.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "uidlist.h"

#define RETR_BUDGET	(256 * 1024)	/* bytes of a page */
#define RETR_AHEAD	32		/* messages of a page */
#define TOP_BYTES	(16 * 1024)	/* most headers fit */
#define ENCODE_BYTES	(64 * 1024)
#define ADDRESSES_MAX	1000		/* of a field */
#define ARENA_MAX	(4 * 1024 * 1024)

struct pop3_retrieval {
	struct pop3_session	*s;
	uint32_t		 number;
	uint32_t		 uid;
	uint32_t		 off;	/* what came of it so far */
	uint32_t		 whole;
	uint8_t			 top;
	uint8_t			 begun;	/* +OK was said */
	uint8_t			 fresh;	/* the page is the answer to us */
	struct pop3_top		 scan;
	struct smtp_dotenc	 enc;
};

static void	retr_more(struct pop3_session *);

static void
retr_free(void *arg)
{
	request_forget(arg);
	free(arg);
}

static void
drop_page(struct pop3_session *s)
{
	rows_free(&s->page);
	s->page_off = 0;
}

/* It cannot be had, or no more of it. */
static void
retr_failed(struct pop3_retrieval *j, const char *code, const char *text)
{
	struct pop3_session	*s = j->s;

	if (j->begun) {
		/* Without its end it is not taken for the whole. */
		log_warnx("pop3: message %u of mailbox %llu could not be "
		    "read to its end", j->uid, (unsigned long long)s->mbox);
		pop3_session_close(s);
		return;
	}
	pop3_session_err(s, code, text);
	pop3_session_done(s);
}

/* ---- the page ----------------------------------------------------------- */

/* The piece that is due, if the page has it. */
static int
take_piece(struct pop3_retrieval *j, struct mstore_msg *m)
{
	struct pop3_session	*s = j->s;
	size_t			 off = s->page_off;
	int			 rc;

	while (s->page.len > 0) {
		rc = mstore_page_next(s->page.data, s->page.len, &off, m);
		if (rc == -1)
			fatalx("store: malformed page");
		if (rc == 0 || m->uid > j->uid)
			return 0;
		s->page_off = off;
		if (m->uid == j->uid && (m->off == j->off ||
		    m->status & MSTORE_PAGE_BAD))
			return 1;
	}
	return 0;
}

static void
on_page(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_fetch_r	*r = msg;
	struct pop3_retrieval		*j = arg;
	struct pop3_session		*s = j->s;

	if (type != M_ST_FETCH_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		retr_failed(j, "SYS/TEMP", "Not possible just now");
		return;
	}
	drop_page(s);
	if (rows_open(&s->page, &r->rows, r->size, fd) == -1 ||
	    rows_keep(&s->page) == -1) {
		memset(&s->page, 0, sizeof(s->page));
		retr_failed(j, "SYS/TEMP", "Not possible just now");
		return;
	}
	j->fresh = 1;
	retr_more(s);
}

static void
ask(struct pop3_retrieval *j)
{
	struct pop3_session	*s = j->s;
	struct msg_st_fetch	 m = { .sid = s->c.sid, .mbox = s->mbox,
	    .columns = ST_FETCH_BODY, .offset = j->off,
	    .length = j->top ? TOP_BYTES : UINT64_MAX,
	    .budget = RETR_BUDGET };
	uint8_t			 wire[4 + 8 * RETR_AHEAD];
	struct rseq		 uids;
	uint32_t		 n = j->number;
	int			 i = 1;

	drop_page(s);
	rseq_init(&uids);
	if (rseq_add(&uids, j->uid, j->uid) == -1)
		fatal("pop3");
	/* He goes through them in their order: the next ones too. */
	if (j->off != 0 || pop3_drop_next(&s->drop, s->last) != j->number)
		i = RETR_AHEAD;
	while (i++ < RETR_AHEAD && (n = pop3_drop_next(&s->drop, n)) != 0) {
		if (rseq_add(&uids, uidlist_uid(s->uids, n),
		    uidlist_uid(s->uids, n)) == -1)
			fatal("pop3");
	}
	m.uids.len = rseq_wirelen(&uids);
	m.uids.data = wire;
	rseq_put(&uids, wire);
	rseq_free(&uids);
	m.req = request_new(on_page, j);
	request_send(m.req, M_ST_FETCH, &m);
}

/* ---- to the client ------------------------------------------------------ */

static void
begin(struct pop3_retrieval *j, uint32_t whole)
{
	char	 text[40];

	j->begun = 1;
	j->whole = whole;
	if (j->top)
		strlcpy(text, "Top of message follows", sizeof(text));
	else
		snprintf(text, sizeof(text), "%u octets", whole);
	pop3_session_ok(j->s, text);
}

/* Lines end in CRLF, whatever was stored, and none begins with one dot. */
static int
emit(struct pop3_retrieval *j, const char *p, size_t len)
{
	struct buf	*out = conn_out(j->s->c.conn);
	size_t		 want, used;
	char		*dst;

	while (len > 0) {
		want = len < ENCODE_BYTES ? len + len / 32 + 64 : ENCODE_BYTES;
		if ((dst = buf_reserve(out, want)) == NULL)
			return -1;
		buf_commit(out, smtp_dotenc_add(&j->enc, dst, want, p, len,
		    &used));
		p += used;
		len -= used;
	}
	conn_out_done(j->s->c.conn);
	return 0;
}

static void
finish(struct pop3_retrieval *j)
{
	struct pop3_session	*s = j->s;
	char			 end[5];

	if (conn_write(s->c.conn, end, smtp_dotenc_end(&j->enc, end)) == -1) {
		pop3_session_close(s);
		return;
	}
	if (!j->top) {
		s->retrieved++;
		if (pop3_drop_see(&s->drop, j->number) == -1)
			fatal("pop3");
	}
	s->last = j->number;
	pop3_session_done(s);
}

/* Is one of the addresses of a field in UTF-8? */
static int
has_utf8_address(struct arena *arena, struct span value)
{
	struct address_list	 list = ADDRESS_LIST_NONE;
	const struct address	*a;
	size_t			 i;

	if (ascii_prefix(value.p, value.len) == value.len ||
	    address_list_add(arena, &list, value, ADDRESSES_MAX) == -1)
		return 0;
	for (i = 0; i < list.n; i++) {
		a = &list.v[i];
		if (a->kind != ADDRESS_MAILBOX || a->domain.p == NULL)
			continue;
		if ((ascii_prefix(a->local.p, a->local.len) != a->local.len &&
		    utf8_valid(a->local.p, a->local.len)) ||
		    (ascii_prefix(a->domain.p, a->domain.len) !=
		    a->domain.len && utf8_valid(a->domain.p, a->domain.len)))
			return 1;
	}
	return 0;
}

/*
 * RFC 6856 5: a message that is of no use without UTF-8, since its addresses
 * are in it (RFC 6532), is not for a client that has not said UTF8.  What else
 * is there above ASCII, in subjects and names and in the wrong charset, he has
 * always got, and gets still.
 */
static int
needs_utf8(const char *p, size_t len)
{
	struct header_iter	 it;
	struct header		 h;
	struct arena		 arena;
	int			 needs = 0;

	if (ascii_prefix(p, len) == len)
		return 0;
	arena_init(&arena, ARENA_MAX);
	header_iter_init(&it, p, len);
	while (!needs && header_next(&it, &h)) {
		switch (h.id) {
		case HEADER_FROM:
		case HEADER_SENDER:
		case HEADER_REPLY_TO:
		case HEADER_TO:
		case HEADER_CC:
		case HEADER_BCC:
			needs = has_utf8_address(&arena, h.value);
			break;
		default:
			break;
		}
	}
	arena_free(&arena);
	return needs;
}

/* One piece.  1: go on, 0: the session has been told the end. */
static int
piece(struct pop3_retrieval *j, const struct mstore_msg *m)
{
	size_t	 len = m->body.len;

	if (m->status & MSTORE_PAGE_BAD || !(m->cols & MSTORE_COL_BODY)) {
		retr_failed(j, "SYS/PERM", "The message cannot be read");
		return 0;
	}
	if (!j->begun && !(j->s->st.flags & POP3_UTF8_MODE) &&
	    needs_utf8(m->body.p, len)) {
		retr_failed(j, "UTF8", "This message takes the command UTF8");
		return 0;
	}
	if (!j->begun)
		begin(j, m->whole);
	if (m->whole != j->whole || (len == 0 && j->off < j->whole))
		fatalx("store: a page without progress");
	if (j->top)
		len = pop3_top_add(&j->scan, m->body.p, len);
	if (emit(j, m->body.p, len) == -1) {
		pop3_session_close(j->s);
		return 0;
	}
	j->off += (uint32_t)m->body.len;
	if (j->off < j->whole && !(j->top && j->scan.done))
		return 1;
	finish(j);
	return 0;
}

static void
retr_more(struct pop3_session *s)
{
	struct pop3_retrieval	*j = s->job;
	struct mstore_msg	 m;

	while (take_piece(j, &m)) {
		j->fresh = 0;
		if (!piece(j, &m))
			return;
		if (conn_pending(s->c.conn) >= POP3_OUT_HIGH) {
			s->drained = retr_more;
			return;
		}
	}
	if (j->fresh)
		retr_failed(j, NULL, "This message has been removed");
	else
		ask(j);
}

void
pop3_retr(struct pop3_session *s, const struct pop3_command *c)
{
	struct pop3_retrieval	*j;

	if (!pop3_drop_has(&s->drop, c->number)) {
		pop3_session_err(s, NULL, "No such message");
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("pop3");
	j->s = s;
	j->number = c->number;
	j->uid = uidlist_uid(s->uids, c->number);
	j->top = c->verb == POP3_TOP;
	pop3_top_init(&j->scan, c->lines);
	smtp_dotenc_init(&j->enc, 1);
	s->job = j;
	s->job_free = retr_free;
	s->wait = POP3_WAIT_JOB;
	retr_more(s);
}
