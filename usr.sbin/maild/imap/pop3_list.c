/* STAT, LIST and UIDL; and the sizes, when they are first needed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chunk.h"
#include "libpop3/pop3_put.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "pop3_session.h"
#include "uidlist.h"

#define SIZES_BUDGET	(256 * 1024)	/* bytes of a page of the store */
#define LIST_LINES	4096		/* between looks at the output */

typedef void (*sized_cb)(struct pop3_session *);

/* Getting the sizes of some or all messages. */
struct pop3_sizing {
	struct pop3_session	*s;
	struct chunk		 chunk;
	struct rseq		 seqs;
	struct rseq		 uids;	/* of the chunk, still to come */
	size_t			 hint;
	uint32_t		 one;	/* just this number; 0: all */
	uint32_t		 octets;
	uint8_t			 found;
	sized_cb		 then;
};

/* Writing a list, as the client takes it. */
struct pop3_listing {
	struct pop3_session	*s;
	uint32_t		 at;
	int			 uidl;
};

static void	sizing_next(struct pop3_sizing *);

/* ---- sizes -------------------------------------------------------------- */

static void
sizing_free(void *arg)
{
	struct pop3_sizing	*j = arg;

	request_forget(j);
	rseq_free(&j->seqs);
	rseq_free(&j->uids);
	free(j);
}

static void
sizing_failed(struct pop3_sizing *j)
{
	struct pop3_session	*s = j->s;

	if (j->one == 0) {
		free(s->drop.sizes);
		s->drop.sizes = NULL;
		s->drop.total_known = 0;
	}
	pop3_session_err(s, "SYS/TEMP", "Not possible just now");
	pop3_session_done(s);
}

static void
take_sizes(struct pop3_sizing *j, const struct rows *rows)
{
	struct pop3_session	*s = j->s;
	struct mstore_msg	 m;
	uint32_t		 n;
	size_t			 off = 0;
	int			 rc;

	while ((rc = mstore_page_next(rows->data, rows->len, &off,
	    &m)) == 1) {
		n = uidlist_seq_near(s->uids, &j->hint, m.uid);
		if (n == 0)
			continue;	/* came after the login */
		if (j->one != 0) {
			j->octets = m.size;
			j->found = 1;
		} else
			pop3_drop_size(&s->drop, n, m.size);
	}
	if (rc == -1)
		fatalx("store: malformed page");
}

static void
on_sizes(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_fetch_r	*r = msg;
	struct pop3_sizing		*j = arg;
	struct rows			 rows;
	uint32_t			 first;

	if (type != M_ST_FETCH_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		sizing_failed(j);
		return;
	}
	if (rows_open(&rows, &r->rows, r->size, fd) == -1) {
		sizing_failed(j);
		return;
	}
	take_sizes(j, &rows);
	rows_free(&rows);
	first = j->uids.nruns > 0 ? j->uids.runs[0].first : 0;
	if (r->next == 0)
		rseq_free(&j->uids);
	else if (r->next <= first)
		fatalx("store: a page without progress");
	else if (rseq_remove(&j->uids, 1, r->next - 1) == -1)
		fatal("pop3");
	sizing_next(j);
}

static void
sizing_next(struct pop3_sizing *j)
{
	struct pop3_session	*s = j->s;
	struct msg_st_fetch	 m = { .sid = s->c.sid, .mbox = s->mbox,
	    .columns = ST_FETCH_WHERE, .budget = SIZES_BUDGET };
	struct msg_blob		 next;
	sized_cb		 then = j->then;

	if (j->uids.nruns == 0) {
		if (!chunk_next(&j->chunk, &next)) {
			then(s);
			return;
		}
		if (rseq_get(&j->uids, next.data, next.len) == -1)
			fatal("pop3");
	}
	m.uids.len = rseq_wirelen(&j->uids);
	m.uids.data = j->chunk.wire;
	rseq_put(&j->uids, j->chunk.wire);
	m.req = request_new(on_sizes, j);
	request_send(m.req, M_ST_FETCH, &m);
}

/* All sizes, or that of one message; then the rest of the command. */
static void
get_sizes(struct pop3_session *s, uint32_t one, sized_cb then)
{
	struct pop3_sizing	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL ||
	    rseq_add(&j->seqs, one == 0 ? 1 : one,
	    one == 0 ? s->drop.count : one) == -1 ||
	    (one == 0 && pop3_drop_sizes(&s->drop) == -1))
		fatal("pop3");
	j->s = s;
	j->one = one;
	j->then = then;
	chunk_start(&j->chunk, &j->seqs, s->uids, 0);
	s->job = j;
	s->job_free = sizing_free;
	s->wait = POP3_WAIT_JOB;
	sizing_next(j);
}

/* ---- STAT --------------------------------------------------------------- */

static void
say_stat(struct pop3_session *s)
{
	char		 text[64];
	uint64_t	 octets;
	uint32_t	 count;

	if (pop3_drop_stat(&s->drop, &count, &octets) == -1)
		fatalx("pop3: sizes are missing");
	snprintf(text, sizeof(text), "%u %llu", count,
	    (unsigned long long)octets);
	pop3_session_ok(s, text);
}

static void
stat_sized(struct pop3_session *s)
{
	say_stat(s);
	pop3_session_done(s);
}

void
pop3_list_stat(struct pop3_session *s)
{
	uint64_t	 octets;
	uint32_t	 count;

	if (pop3_drop_stat(&s->drop, &count, &octets) == 0)
		say_stat(s);
	else
		get_sizes(s, 0, stat_sized);
}

/* ---- LIST and UIDL ------------------------------------------------------ */

static void	listing_step(struct pop3_session *);

static void
say_size(struct pop3_session *s, uint32_t n, uint32_t octets)
{
	char	 text[64];

	snprintf(text, sizeof(text), "%u %u", n, octets);
	pop3_session_ok(s, text);
}

static void
one_sized(struct pop3_session *s)
{
	struct pop3_sizing	*j = s->job;

	if (j->found)
		say_size(s, j->one, j->octets);
	else
		pop3_session_err(s, NULL, "This message has been removed");
	pop3_session_done(s);
}

static int
put_line(struct pop3_listing *l, struct buf *b)
{
	struct pop3_session	*s = l->s;

	if (l->uidl)
		return pop3_put_uid(b, l->at, s->uidvalidity,
		    uidlist_uid(s->uids, l->at));
	return pop3_put_size(b, l->at, s->drop.sizes[l->at - 1]);
}

/* As many lines as may be waiting; the rest when those are out. */
static void
listing_step(struct pop3_session *s)
{
	struct pop3_listing	*l = s->job;
	struct buf		*b = conn_out(s->c.conn);
	int			 i;

	for (i = 0; i < LIST_LINES && l->at != 0; i++) {
		if (put_line(l, b) == -1) {
			pop3_session_close(s);
			return;
		}
		l->at = pop3_drop_next(&s->drop, l->at);
	}
	if (l->at == 0 && buf_addstr(b, ".\r\n") == -1) {
		pop3_session_close(s);
		return;
	}
	conn_out_done(s->c.conn);
	if (l->at == 0)
		pop3_session_done(s);
	else
		s->drained = listing_step;
}

static void
listing_start(struct pop3_session *s, int uidl)
{
	struct pop3_listing	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("pop3");
	l->s = s;
	l->uidl = uidl;
	l->at = pop3_drop_next(&s->drop, 0);
	s->job = l;
	s->job_free = free;
	s->wait = POP3_WAIT_JOB;
	pop3_session_ok(s, uidl ? "Unique ids follow" : "Sizes follow");
	listing_step(s);
}

static void
list_sized(struct pop3_session *s)
{
	/* The job is done; the list is one of its own. */
	s->job_free(s->job);
	listing_start(s, 0);
}

void
pop3_list_list(struct pop3_session *s, const struct pop3_command *c)
{
	if (c->has_number && !pop3_drop_has(&s->drop, c->number))
		pop3_session_err(s, NULL, "No such message");
	else if (c->has_number && s->drop.sizes == NULL)
		get_sizes(s, c->number, one_sized);
	else if (c->has_number)
		say_size(s, c->number, s->drop.sizes[c->number - 1]);
	else if (s->drop.sizes == NULL && s->drop.count > 0)
		get_sizes(s, 0, list_sized);
	else
		listing_start(s, 0);
}

void
pop3_list_uidl(struct pop3_session *s, const struct pop3_command *c)
{
	char	 text[64];

	if (!c->has_number) {
		listing_start(s, 1);
		return;
	}
	if (!pop3_drop_has(&s->drop, c->number)) {
		pop3_session_err(s, NULL, "No such message");
		return;
	}
	snprintf(text, sizeof(text), "%u %u.%u", c->number, s->uidvalidity,
	    uidlist_uid(s->uids, c->number));
	pop3_session_ok(s, text);
}
