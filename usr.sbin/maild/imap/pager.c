#include <string.h>
#include <unistd.h>

#include "isession.h"
#include "libutil/log.h"
#include "pager.h"
#include "uidlist.h"
#include "view.h"

/* Runs that fit into a message with room to spare. */
#define PAGER_RUNS	1500

static void	pager_ask(struct pager *);

/*
 * The uids from p->first on.  What lies between two messages with adjacent
 * numbers is not there and never will be, so runs of numbers are enough.
 */
static int
next_uids(struct pager *p, struct rseq *uids)
{
	const struct rseq_run	*r;
	uint32_t		 a, b;

	for (; p->run < p->seqs->nruns; p->run++) {
		if (uidlist_uid(p->snap, p->seqs->runs[p->run].last) >=
		    p->first)
			break;
	}
	for (p->run_end = p->run; p->run_end < p->seqs->nruns &&
	    uids->nruns < PAGER_RUNS; p->run_end++) {
		r = &p->seqs->runs[p->run_end];
		a = uidlist_uid(p->snap, r->first);
		b = uidlist_uid(p->snap, r->last);
		if (a < p->first)
			a = p->first;
		if (rseq_add(uids, a, b) == -1)
			fatal("pager");
	}
	return uids->nruns > 0;
}

static int
open_page(struct pager *p, struct pager_page *page,
    const struct msg_st_fetch_r *r, int fd)
{
	memset(page, 0, sizeof(*page));
	if (rows_open(&page->rows, &r->rows, r->size, fd) == -1)
		return -1;
	/* Inline rows are the message's: they go when its handler ends. */
	if (rows_keep(&page->rows) == -1)
		fatal("pager");
	page->full = 1;
	if (r->next == 0) {
		p->run = p->run_end;
		p->off = 0;
	} else if (r->next_off != 0 && !p->pieces) {
		if (r->next == UINT32_MAX)
			p->run = p->run_end = p->seqs->nruns;
		p->first = r->next + 1;
		p->off = 0;
	} else {
		/* Neither forward nor a byte of a body: it would never end. */
		if (r->next < p->first || (page->rows.len == 0 &&
		    r->next == p->first && r->next_off <= p->off))
			fatalx("store: a page without progress");
		p->first = r->next;
		p->off = r->next_off;
	}
	return 0;
}

static void
wake(void *arg)
{
	struct pager	*p = arg;

	p->waits = 0;
	p->ready(p->arg);
}

static void
on_page(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_fetch_r	*r = msg;
	struct pager			*p = arg;
	struct pager_page		 page;

	p->asked = 0;
	if (type != M_ST_FETCH_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		p->code = type == M_ST_FETCH_R ? r->code :
		    ((const struct msg_st_r *)msg)->code;
		p->ended = 1;
	} else if (open_page(p, &page, r, fd) == -1) {
		p->code = ST_TEMP;
		p->ended = 1;
	} else if (p->now.full)
		p->ahead = page;
	else {
		p->now = page;
		pager_ask(p);
	}
	/* The next request leaves at the end of this turn: only then work. */
	if (p->waits)
		later_call(&p->later, wake, p);
}

static void
pager_ask(struct pager *p)
{
	struct msg_st_fetch	 m = { .sid = p->sid, .mbox = p->mbox,
	    .columns = p->columns, .offset = p->offset, .length = p->length,
	    .next_off = p->off, .budget = p->budget };
	struct rseq		 uids;
	uint8_t			 wire[4 + 8 * PAGER_RUNS];

	if (p->ended || p->asked || p->ahead.full)
		return;
	rseq_init(&uids);
	if (!next_uids(p, &uids)) {
		p->ended = 1;
		return;
	}
	/* After a piece of a body the first uid is the one to go on with. */
	m.uids.len = rseq_wirelen(&uids);
	m.uids.data = wire;
	rseq_put(&uids, wire);
	rseq_free(&uids);
	p->asked = 1;
	m.req = request_new(on_page, p);
	request_send(m.req, M_ST_FETCH, &m);
}

void
pager_start(struct pager *p, const struct view *v)
{
	p->sid = isession_sid(v->session);
	p->mbox = v->mbox->id;
	p->snap = uidlist_ref(v->snap);
	p->first = 1;
	pager_ask(p);
}

void
pager_free(struct pager *p)
{
	if (p->asked)
		request_forget(p);
	later_forget(&p->later);
	rows_free(&p->now.rows);
	rows_free(&p->ahead.rows);
	uidlist_unref(p->snap);
	memset(p, 0, sizeof(*p));
}

enum pager_got
pager_next(struct pager *p, struct mstore_msg *m, uint32_t *seq)
{
	int	 rc;

	for (;;) {
		if (!p->now.full && p->ahead.full) {
			p->now = p->ahead;
			memset(&p->ahead, 0, sizeof(p->ahead));
			pager_ask(p);
		}
		if (!p->now.full && !p->asked && p->ended)
			return PAGER_END;
		if (!p->now.full) {
			p->waits = 1;
			return PAGER_WAIT;
		}
		rc = mstore_page_next(p->now.rows.data, p->now.rows.len,
		    &p->now.off, m);
		if (rc == -1)
			fatalx("store: malformed page");
		if (rc == 0) {
			rows_free(&p->now.rows);
			memset(&p->now, 0, sizeof(p->now));
			continue;
		}
		/* What came between two runs is not what was asked for. */
		*seq = uidlist_seq_near(p->snap, &p->hint, m->uid);
		if (*seq != 0)
			return PAGER_ROW;
	}
}
