/*
 * Bytes of the message in hand: those that came with its row, or others that
 * the store is asked for, all at once or as a stream.
 */
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "libutil/log.h"

#define PIECE	(1024 * 1024)	/* the most that the store sends at once */

int
fetch_full(const struct fetch *j)
{
	return conn_pending(j->s->c.conn) > FETCH_PENDING;
}

static void	on_bytes(void *, uint32_t, const void *, int);

static void
ask(struct fetch *j, uint32_t from, uint32_t to)
{
	struct rseq_run		 run = { j->row.uid, j->row.uid };
	struct rseq		 one = { &run, 1, 1 };
	uint8_t			 wire[12];
	struct msg_st_fetch	 m = { .sid = j->s->c.sid,
	    .mbox = j->v->mbox->id, .columns = ST_FETCH_BODY,
	    .offset = from, .length = to - from, .budget = PIECE };

	rseq_put(&one, wire);
	m.uids.data = wire;
	m.uids.len = rseq_wirelen(&one);
	m.req = j->req = request_new(on_bytes, j);
	request_send(m.req, M_ST_FETCH, &m);
}

/* The one row of the answer, which is to begin at `from'; 0 or -1. */
static int
read_piece(struct fetch *j, struct pager_page *page, uint32_t type,
    const void *msg, int fd, struct mstore_msg *m, uint32_t from)
{
	const struct msg_st_fetch_r	*r = msg;

	memset(page, 0, sizeof(*page));
	if (type != M_ST_FETCH_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (rows_open(&page->rows, &r->rows, r->size, fd) == -1)
		return -1;
	switch (mstore_page_next(page->rows.data, page->rows.len, &page->off,
	    m)) {
	case 1:
		break;
	case 0:
		return -1;
	default:
		fatalx("store: malformed page");
	}
	return m->uid == j->row.uid && m->status == 0 && m->off == from &&
	    m->body.len > 0 ? 0 : -1;
}

static void
hold_piece(struct fetch *j, uint32_t type, const void *msg, int fd)
{
	struct fetch_hold	*h = &j->hold;
	struct pager_page	 page;
	struct mstore_msg	 m;
	uint32_t		 at = h->lo + h->buf.len;
	size_t			 n;

	if (read_piece(j, &page, type, msg, fd, &m, at) == -1)
		h->failed = 1;
	else {
		n = m.body.len < h->hi - at ? m.body.len : h->hi - at;
		if (buf_add(&h->buf, m.body.p, n) == -1)
			h->failed = 1;
	}
	rows_free(&page.rows);
	if (!h->failed && h->lo + h->buf.len < h->hi)
		ask(j, h->lo + h->buf.len, h->hi);
	else
		fetch_go(j);
}

enum fetch_step
fetch_bytes_get(struct fetch *j, uint32_t lo, uint32_t hi, const char **p)
{
	const struct mstore_msg	*m = &j->row;
	struct fetch_hold	*h = &j->hold;

	*p = "";
	if (lo >= hi)
		return FETCH_DONE;
	if (m->cols & MSTORE_COL_BODY && lo >= m->off &&
	    hi - m->off <= m->body.len) {
		*p = m->body.p + (lo - m->off);
		return FETCH_DONE;
	}
	if (h->hi != 0 && lo >= h->lo && hi <= h->hi) {
		if (h->failed)
			return FETCH_DEAD;
		if (h->lo + h->buf.len < hi)
			return FETCH_WAIT;
		*p = (const char *)buf_ptr(&h->buf) + (lo - h->lo);
		return FETCH_DONE;
	}
	buf_free(&h->buf);
	buf_init(&h->buf, UINT32_MAX);
	h->lo = lo;
	h->hi = hi;
	h->failed = 0;
	ask(j, lo, hi);
	return FETCH_WAIT;
}

/* ---- streams ------------------------------------------------------------ */

static void
stream_ask(struct fetch *j, uint32_t from)
{
	j->stream.asked = from;
	j->stream.waits = 1;
	ask(j, from, j->stream.end);
}

static void
go_on(void *arg)
{
	fetch_go(arg);
}

static void
stream_piece(struct fetch *j, uint32_t type, const void *msg, int fd)
{
	struct fetch_stream	*st = &j->stream;
	struct pager_page	*page;
	struct mstore_msg	 m;

	st->waits = 0;
	page = st->page.full ? &st->ahead : &st->page;
	if (read_piece(j, page, type, msg, fd, &m, st->asked) == -1 ||
	    rows_keep(&page->rows) == -1) {
		/* What was announced cannot be sent any more. */
		log_info("a message went away while it was sent");
		isession_close(j->s);
		return;
	}
	page->off = 0;
	page->full = 1;
	st->next = st->asked + m.body.len;
	/* Ask for the next piece now, and write this one in the next turn,
	 * while it is on its way. */
	if (page == &st->page && st->next < st->end)
		stream_ask(j, st->next);
	later_call(&j->later, go_on, j);
}

static void
on_bytes(void *arg, uint32_t type, const void *msg, int fd)
{
	struct fetch	*j = arg;

	j->req = 0;
	if (j->stream.on)
		stream_piece(j, type, msg, fd);
	else
		hold_piece(j, type, msg, fd);
}

void
fetch_bytes_stream(struct fetch *j, uint32_t lo, uint32_t hi)
{
	j->stream.on = 1;
	j->stream.pos = lo;
	j->stream.end = hi;
}

/* Write the piece that begins at pos. */
static int
stream_write(struct fetch *j, const char *p, size_t n)
{
	struct fetch_stream	*st = &j->stream;

	if (n > st->end - st->pos)
		n = st->end - st->pos;
	st->pos += n;
	return conn_write(j->s->c.conn, p, n);
}

enum fetch_step
fetch_bytes_more(struct fetch *j)
{
	struct fetch_stream	*st = &j->stream;
	const struct mstore_msg	*m = &j->row;
	struct mstore_msg	 piece;
	int			 rc;

	while (st->pos < st->end) {
		if (m->cols & MSTORE_COL_BODY && st->pos >= m->off &&
		    st->pos - m->off < m->body.len) {
			rc = stream_write(j, m->body.p + (st->pos - m->off),
			    m->body.len - (st->pos - m->off));
			if (rc == -1)
				return FETCH_WAIT;
			continue;
		}
		if (fetch_full(j)) {
			j->blocked = 1;
			return FETCH_WAIT;
		}
		if (!st->page.full && st->ahead.full) {
			st->page = st->ahead;
			memset(&st->ahead, 0, sizeof(st->ahead));
			if (st->next < st->end)
				stream_ask(j, st->next);
		}
		if (!st->page.full) {
			if (!st->waits)
				stream_ask(j, st->pos);
			return FETCH_WAIT;
		}
		if (mstore_page_next(st->page.rows.data, st->page.rows.len,
		    &st->page.off, &piece) != 1)
			fatalx("store: malformed page");
		rc = stream_write(j, piece.body.p, piece.body.len);
		rows_free(&st->page.rows);
		st->page.full = 0;
		/* The connection is gone: its event ends all this. */
		if (rc == -1)
			return FETCH_WAIT;
	}
	st->on = 0;
	return FETCH_DONE;
}

void
fetch_bytes_drop(struct fetch *j)
{
	if (j->req != 0)
		request_forget(j);
	j->req = 0;
	buf_free(&j->hold.buf);
	memset(&j->hold, 0, sizeof(j->hold));
	later_forget(&j->later);
	rows_free(&j->stream.page.rows);
	rows_free(&j->stream.ahead.rows);
	memset(&j->stream, 0, sizeof(j->stream));
	buf_free(&j->fields);
}
