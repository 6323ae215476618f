/* SORT and THREAD (RFC 5256, 5255, 5267, 5957): a search, then an order. */
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "handlers.h"
#include "libimap/imap_sort_run.h"
#include "libimap/imap_thread_run.h"
#include "libimap/imap_write_sort.h"
#include "libutil/log.h"
#include "search.h"

#define PAGE_ROWS	(256 * 1024)
#define REFS_MAX	256	/* more than a meta has */

/* Behind the search's arg; one of the two. */
struct sortjob {
	struct imap_sorter	*sorter;
	struct imap_threads	*threads;
	enum imap_thread_alg	 alg;
};

static void
job_free(void *arg)
{
	struct search	*j = arg;
	struct sortjob	*job = j->arg;

	if (job != NULL) {
		imap_sorter_free(job->sorter);
		imap_threads_free(job->threads);
		free(job);
	}
	search_free(j);
}

/* ---- rows --------------------------------------------------------------- */

/* Without a readable Date it is the day of arrival (RFC 5256 2.2). */
static int64_t
sent(const struct search *j)
{
	return j->meta.flags & META_F_NODATE ? j->msg.internaldate :
	    j->meta.sent.t;
}

/* What cannot be read has no subject, no date and no names. */
static void
open_row(struct search *j)
{
	const struct mstore_msg *m = &j->msg;

	if (m->cols & MSTORE_COL_META && !(m->status & MSTORE_PAGE_BAD) &&
	    meta_open(&j->meta, m->meta.p, m->meta.len) == 0)
		return;
	memset(&j->meta, 0, sizeof(j->meta));
	j->meta.flags = META_F_NODATE;
}

static void
fill_row(struct search *j, struct imap_sort_row *r)
{
	const struct span	*text = j->meta.text;

	r->arrival = j->msg.internaldate;
	r->date = sent(j);
	r->size = j->msg.size;
	r->subject = text[META_BASESUBJ];
	r->from = text[META_SORT_FROM];
	r->to = text[META_SORT_TO];
	r->cc = text[META_SORT_CC];
	r->disp_from = text[META_DISP_FROM];
	r->disp_to = text[META_DISP_TO];
}

void
sort_row(struct search *j, struct imap_sort_row *r)
{
	open_row(j);
	fill_row(j, r);
}

static void
add_sort(struct search *j, struct sortjob *job, uint32_t num)
{
	struct imap_sort_row	 r;

	fill_row(j, &r);
	if (imap_sorter_add(job->sorter, num, &r) == -1)
		fatal("sort");
}

static void
add_thread(struct search *j, struct sortjob *job, uint32_t num)
{
	uint64_t		 refs[REFS_MAX];
	struct imap_thread_row	 r = { .num = num, .refs = refs,
	    .subject = j->meta.subject, .msgid = j->meta.msgid,
	    .reply = (j->meta.flags & META_F_REPLY) != 0 };
	uint32_t		 i;

	r.date = job->alg == IMAP_THREAD_REFS ? j->msg.internaldate : sent(j);
	for (i = 0; i < j->meta.nrefs && i < REFS_MAX; i++)
		refs[i] = meta_ref(&j->meta, i);
	r.nrefs = i;
	if (imap_threads_add(job->threads, &r) == -1)
		fatal("thread");
}

static void	job_end(struct search *);

/* An order that is kept up to date is one of uids. */
static int
by_uid(const struct search *j)
{
	return (j->q->ret & IMAP_RET_UPDATE) != 0;
}

static void
rows_go(void *arg)
{
	struct search	*j = arg;
	struct sortjob	*job = j->arg;
	const struct mstore_msg *m = &j->msg;
	uint32_t	 num;

	for (;;) {
		switch (pager_next(&j->pager, &j->msg, &j->seq)) {
		case PAGER_WAIT:
			j->s->progress.done = j->total + j->rows;
			return;
		case PAGER_END:
			job_end(j);
			return;
		case PAGER_ROW:
			break;
		}
		j->rows++;
		open_row(j);
		num = j->s->cmd->uid || by_uid(j) ? m->uid : j->seq;
		if (job->sorter != NULL)
			add_sort(j, job, num);
		else
			add_thread(j, job, num);
	}
}

uint32_t
sort_columns(const struct imap_command *cmd)
{
	uint32_t	 i, cols = 0;

	if (cmd->id == IMAP_THREAD)
		return ST_FETCH_WHERE | ST_FETCH_META;
	for (i = 0; i < cmd->u.sort.nkeys; i++) {
		switch (cmd->u.sort.keys[i] & ~IMAP_SORT_REVERSE) {
		case IMAP_SORT_ARRIVAL:
		case IMAP_SORT_SIZE:
			cols |= ST_FETCH_WHERE;
			break;
		case IMAP_SORT_DATE:
			cols |= ST_FETCH_WHERE | ST_FETCH_META;
			break;
		default:
			cols |= ST_FETCH_META;
			break;
		}
	}
	return cols;
}

/* The search is done: the columns of what it found. */
static void
on_found(struct search *j, uint8_t code)
{
	struct pager	*p = &j->pager;

	if (code != ST_OK) {
		isession_done_st(j->s, code, NULL);
		return;
	}
	pager_free(p);
	p->seqs = &j->found;
	p->columns = sort_columns(j->s->cmd);
	p->budget = PAGE_ROWS;
	p->ready = rows_go;
	p->arg = j;
	pager_start(p, j->v);
	rows_go(j);
}

/* ---- the answer --------------------------------------------------------- */

/* RFC 5182 2.1, as of SEARCH: all of it, or its ends; always by uid. */
static void
save(struct search *j, const uint32_t *v, size_t n)
{
	uint32_t	 ret = j->q->ret, uid;
	size_t		 i;
	int		 ends = ret & (IMAP_RET_MIN | IMAP_RET_MAX) &&
	    !(ret & (IMAP_RET_ALL | IMAP_RET_COUNT | IMAP_RET_PARTIAL));

	rseq_free(&j->v->saved);
	for (i = 0; i < n; i++) {
		if (ends && !(ret & IMAP_RET_MIN && i == 0) &&
		    !(ret & IMAP_RET_MAX && i == n - 1))
			continue;
		uid = j->s->cmd->uid || by_uid(j) ? v[i] :
		    uidlist_uid(j->v->snap, v[i]);
		if (rseq_add(&j->v->saved, uid, uid) == -1)
			fatal("sort");
	}
}

/* Uids to the numbers that the client asked for, in place. */
static void
to_numbers(struct search *j, uint32_t *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		v[i] = uidlist_seq(j->v->snap, v[i]);
}

static void
tell_sort(struct search *j, struct sortjob *job)
{
	struct isession	*s = j->s;
	struct imap_out	*o;
	uint32_t	*v;
	uint64_t	 modseq = j->q->modseq ? j->modseq : 0;
	size_t		 n;

	if ((v = imap_sorter_end(job->sorter, &n)) == NULL)
		fatal("sort");
	if (j->q->extended && j->q->ret & IMAP_RET_SAVE)
		save(j, v, n);
	if (by_uid(j) && !s->cmd->uid)
		to_numbers(j, v, n);
	o = isession_out(s);
	if (!j->q->extended)
		imap_out_sort(o, v, n, modseq);
	else if (j->q->ret & ~(uint32_t)IMAP_RET_SAVE)
		imap_out_esort(o, s->cmd->tag, s->cmd->uid, j->q, v, n,
		    modseq);
	if (by_uid(j)) {
		context_sort(s, j->q, job->sorter);
		job->sorter = NULL;
	}
}

static void
tell_threads(struct search *j, struct sortjob *job)
{
	struct imap_out	*o = isession_out(j->s);

	if (imap_threads_end(job->threads) == -1)
		fatal("thread");
	imap_out_str(o, j->found.nruns == 0 ? "* THREAD" : "* THREAD ");
	imap_threads_write(job->threads, o);
	imap_out_crlf(o);
}

static void
job_end(struct search *j)
{
	struct isession	*s = j->s;
	struct sortjob	*job = j->arg;
	int		 sort = job->sorter != NULL;

	if (j->pager.code != ST_OK) {
		isession_done_st(s, j->pager.code, NULL);
		return;
	}
	if (sort)
		tell_sort(j, job);
	else
		tell_threads(j, job);
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, sort ?
	    "Sort completed." : "Thread completed.");
}

/* ---- the beginning ------------------------------------------------------ */

static void
start(struct isession *s, struct imap_search *q, struct sortjob *job)
{
	if (job->sorter == NULL && job->threads == NULL)
		fatal("sort");
	search_start_with(s, q, on_found, job, job_free);
}

void
sort_sort(struct isession *s)
{
	struct imap_sort	*c = &s->cmd->u.sort;
	struct sortjob		*job;
	uint32_t		 i;

	for (i = 0; i < c->nkeys; i++) {
		if ((c->keys[i] & ~IMAP_SORT_REVERSE) == IMAP_SORT_RELEVANCY) {
			isession_done(s, IMAP_RESULT_BAD, NULL,
			    "RELEVANCY is not offered here.");
			return;
		}
	}
	if ((job = calloc(1, sizeof(*job))) == NULL)
		fatal("sort");
	job->sorter = imap_sorter_new(c->keys, c->nkeys);
	start(s, &c->search, job);
}

void
sort_thread(struct isession *s)
{
	struct imap_thread	*c = &s->cmd->u.thread;
	struct sortjob		*job;

	if ((job = calloc(1, sizeof(*job))) == NULL)
		fatal("thread");
	job->alg = c->alg;
	job->threads = imap_threads_new(c->alg);
	start(s, &c->search, job);
}
