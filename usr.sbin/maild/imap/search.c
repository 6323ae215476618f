/* SEARCH and UID SEARCH (RFC 9051 6.4.4, RFC 4731, 5182, 5032, 7162). */
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "filter.h"
#include "handlers.h"
#include "libutil/log.h"
#include "objid.h"
#include "proc.h"
#include "search.h"
#include "search_stream.h"
#include "set.h"

#define HEADER_HINT	16384
#define PAGE_ROWS	(256 * 1024)
#define PAGE_BODIES	(512 * 1024)
#define NUMBERS		20000

static void	pass_end(struct search *);

void
search_free(void *arg)
{
	struct search	*j = arg;
	uint32_t	 i;

	later_forget(&j->later);
	pager_free(&j->pager);
	for (i = 0; i < j->q->nkeys; i++) {
		if (j->q->keys[i].op == IMAP_S_SEQ ||
		    j->q->keys[i].op == IMAP_S_UID) {
			if (j->q->keys[i].bound != NULL)
				rseq_free(j->q->keys[i].bound);
			free(j->q->keys[i].bound);
			j->q->keys[i].bound = NULL;
		}
	}
	search_text_unbind(j->q);
	rseq_free(&j->found);
	rseq_free(&j->left);
	rseq_free(&j->next);
	search_stream_free(j);
	free(j->parts);
	free(j);
}

/* ---- one message -------------------------------------------------------- */

static enum imap_tri
leaf(const struct imap_search_key *k, void *arg)
{
	struct search	*j = arg;

	if (k->op == IMAP_S_FILTER)
		return IMAP_NO;
	if (k->op >= IMAP_S_FROM)
		return search_text_leaf(j, k);
	if (k->cost == IMAP_COST_BRIEF && j->have == IMAP_COST_BRIEF &&
	    !j->has_brief)
		return IMAP_MAYBE;
	return imap_search_row(k, &j->row);
}

static int32_t
day_of(int64_t t, int zone)
{
	struct maildate	 d = { t, zone };

	return date_day(&d);
}

static void
fill_row(struct search *j)
{
	const struct mstore_msg	*m = &j->msg;
	struct imap_search_row	*r = &j->row;

	r->seq = j->seq;
	r->uid = m->uid;
	if (m->cols & MSTORE_COL_FLAGS) {
		r->flags = view_flags(j->v, m->uid, m->flags);
		r->keywords = &m->keywords;
		r->nkeywords = MBOX_KEYWORDS;
		r->modseq = m->modseq;
	}
	if (m->cols & MSTORE_COL_SIZE) {
		r->size = m->size;
		r->date = m->internaldate;
		r->day = day_of(m->internaldate, m->zone);
		r->savedday = m->savedate == 0 ? IMAP_DAY_NONE :
		    day_of(m->savedate, 0);
		objid_put(j->emailid, 'M', m->emailid);
		objid_put(j->threadid, 'T', m->threadid);
		r->emailid = (struct span){ j->emailid, OBJID_LEN };
		r->threadid = (struct span){ j->threadid, OBJID_LEN };
	}
	if (j->has_brief)
		r->sentday = j->brief.flags & META_F_NODATE ? IMAP_DAY_NONE :
		    date_day(&j->brief.sent);
	if (m->cols & MSTORE_COL_META)
		r->sentday = j->meta.flags & META_F_NODATE ? IMAP_DAY_NONE :
		    date_day(&j->meta.sent);
}

static void
add(struct rseq *set, uint32_t seq)
{
	if (rseq_add(set, seq, seq) == -1)
		fatal("search");
}

static void
is_found(struct search *j)
{
	uint64_t	 modseq = j->msg.modseq;

	add(&j->found, j->seq);
	if (modseq > j->modseq)
		j->modseq = modseq;
	if (j->min == 0 || j->seq < j->min) {
		j->min = j->seq;
		j->modseq_min = modseq;
	}
	if (j->seq > j->max) {
		j->max = j->seq;
		j->modseq_max = modseq;
	}
}

static void
decide(struct search *j)
{
	enum imap_cost	 need;

	fill_row(j);
	switch (imap_search_eval(j->q, j->have, leaf, j, &need)) {
	case IMAP_YES:
		is_found(j);
		break;
	case IMAP_MAYBE:
		if (need <= j->have || need >= IMAP_COST_MAX)
			break;
		j->costs |= IMAP_COST_BIT(need);
		add(&j->next, j->seq);
		return;
	default:
		break;
	}
	j->decided++;
}

/* How far it has come, to be told if it takes long. */
static void
progress(struct search *j)
{
	struct progress	*p = &j->s->progress;

	if (p->session != NULL && j == j->s->job)
		p->done = j->decided;
}

/* 0: this row alone decides nothing. */
static int
take_message(struct search *j)
{
	struct mstore_msg	*m = &j->msg;

	if (m->status & MSTORE_PAGE_BAD)
		return 0;
	if (j->have == IMAP_COST_BODY && m->body.len < m->whole &&
	    !search_stream_row(j))
		return 0;
	if (m->cols & MSTORE_COL_META &&
	    meta_open(&j->meta, m->meta.p, m->meta.len) == -1)
		return 0;
	j->body = m->body;
	j->has_brief = m->brief[BRIEF_SEARCH].p != NULL &&
	    brief_search_open(&j->brief, m->brief[BRIEF_SEARCH].p,
	    m->brief[BRIEF_SEARCH].len) == 0;
	j->has_fields = m->brief[BRIEF_FIELDS].p != NULL &&
	    brief_fields_open(&j->fields, m->brief[BRIEF_FIELDS].p,
	    m->brief[BRIEF_FIELDS].len) == 0;
	return 1;
}

/* ---- passes ------------------------------------------------------------- */

static void
pass_go(void *arg)
{
	struct search	*j = arg;

	for (;;) {
		switch (pager_next(&j->pager, &j->msg, &j->seq)) {
		case PAGER_WAIT:
			progress(j);
			return;
		case PAGER_END:
			pass_end(j);
			return;
		case PAGER_ROW:
			break;
		}
		if (take_message(j)) {
			decide(j);
			search_stream_free(j);
		}
	}
}

static void
pass_start(struct search *j)
{
	struct pager	*p = &j->pager;
	uint32_t	 costs = j->q->costs;

	if (j->q->modseq)
		costs |= IMAP_COST_BIT(IMAP_COST_HOT);
	/* The cheaper keys are looked at again: what they need comes too. */
	if (costs & IMAP_COST_BIT(IMAP_COST_HOT))
		p->columns |= ST_FETCH_HOT;
	if (j->have >= IMAP_COST_WHERE &&
	    costs & IMAP_COST_BIT(IMAP_COST_WHERE))
		p->columns |= ST_FETCH_WHERE;
	if (j->have == IMAP_COST_BRIEF)
		p->columns |= search_text_columns(j->q);
	if (j->have >= IMAP_COST_META)
		p->columns |= ST_FETCH_META;
	p->budget = PAGE_ROWS;
	if (j->have >= IMAP_COST_HEADER) {
		p->columns |= ST_FETCH_BODY;
		p->length = HEADER_HINT;
		p->budget = PAGE_BODIES;
	}
	if (j->have == IMAP_COST_BODY) {
		p->length = UINT64_MAX;
		p->pieces = 1;
	}
	p->seqs = &j->left;
	p->ready = pass_go;
	p->arg = j;
	pager_start(p, j->v);
	pass_go(j);
}

static void
rseq_swap(struct rseq *a, struct rseq *b)
{
	struct rseq	 c = *a;

	*a = *b;
	*b = c;
}

/* The next pass, or none: what is not decided then is not found. */
static void
next_pass(struct search *j)
{
	enum imap_cost	 c;

	for (c = j->have + 1; c < IMAP_COST_MAX; c++) {
		if (j->costs & IMAP_COST_BIT(c))
			break;
	}
	if (c == IMAP_COST_MAX || j->left.nruns == 0) {
		j->done(j, ST_OK);
		return;
	}
	j->have = c;
	pass_start(j);
}

static void
pass_end(struct search *j)
{
	uint8_t	 code = j->pager.code;

	pager_free(&j->pager);
	if (code != ST_OK) {
		j->done(j, code);
		return;
	}
	rseq_swap(&j->left, &j->next);
	rseq_free(&j->next);
	next_pass(j);
}

/* Numbers and uids alone: the store is not asked. */
static void
pass_numbers(void *arg)
{
	struct search		*j = arg;
	const struct rseq	*left = &j->left;
	uint32_t		 n;

	/* So many in a turn. */
	for (n = 0; n < NUMBERS && j->at < left->nruns; n++) {
		j->seq = j->seq == 0 ? left->runs[j->at].first : j->seq + 1;
		j->msg.uid = uidlist_uid(j->v->snap, j->seq);
		decide(j);
		if (j->seq == left->runs[j->at].last) {
			j->at++;
			j->seq = 0;
		}
	}
	progress(j);
	if (j->at < left->nruns)
		later_call(&j->later, pass_numbers, j);
	else
		j->done(j, ST_OK);
}

/* ---- the beginning ------------------------------------------------------ */

static void
bind_set(struct search *j, struct imap_search_key *k)
{
	struct rseq	*set;
	uint32_t	 max;

	if (k->set->saved)
		return;
	max = k->op == IMAP_S_UID ? set_maxuid(j->v) : j->v->exists;
	if ((set = calloc(1, sizeof(*set))) == NULL ||
	    imap_seqset_resolve(k->set, max, set) == -1)
		fatal("search");
	k->bound = set;
}

static void
bind_keys(struct search *j)
{
	struct imap_search_key	*k;
	const struct mbox	*m = j->v->mbox;
	uint32_t		 i;
	unsigned		 n;

	for (i = 0; i < j->q->nkeys; i++) {
		k = &j->q->keys[i];
		if (k->op == IMAP_S_SEQ || k->op == IMAP_S_UID)
			bind_set(j, k);
		if (k->op != IMAP_S_KEYWORD)
			continue;
		k->bit = -1;
		for (n = 0; n < m->nnames; n++) {
			if (span_ieq(m->names[n], k->text))
				k->bit = n;
		}
	}
}

/*
 * Keys that must hold and name messages: nobody else is looked at.  1 when
 * there are no keys but these, so that they are the answer.
 */
static int
narrow(struct search *j)
{
	const struct imap_search_key	*k;
	struct rseq			 some, both;
	uint32_t			 i;
	int				 all = 1;

	for (i = 1; i < j->q->nkeys; i = k->end) {
		k = &j->q->keys[i];
		if (k->op == IMAP_S_ALL)
			continue;
		if (k->op != IMAP_S_SEQ && k->op != IMAP_S_UID) {
			all = 0;
			continue;
		}
		rseq_init(&some);
		rseq_init(&both);
		if (k->op == IMAP_S_SEQ && !k->set->saved) {
			if (rseq_copy(&some, k->bound) == -1)
				fatal("search");
		} else
			(void)set_numbers(j->v, k->set, 1, &some);
		if (rseq_intersect(&both, &j->left, &some) == -1)
			fatal("search");
		rseq_swap(&j->left, &both);
		rseq_free(&some);
		rseq_free(&both);
	}
	return all;
}

void
search_go(struct search *j, const struct rseq *seqs)
{
	uint32_t	 costs = j->q->costs & ~IMAP_COST_BIT(IMAP_COST_NONE);
	uint32_t	 limit = caller_conf()->limits.imap_messages;
	int		 all;

	j->row.maxseq = j->v->exists;
	j->row.maxuid = set_maxuid(j->v);
	j->row.saved = &j->v->saved;
	j->row.now = proc_time();
	j->row.sentday = IMAP_DAY_NONE;
	if (seqs != NULL ? rseq_copy(&j->left, seqs) == -1 :
	    j->v->exists > 0 && rseq_add(&j->left, 1, j->v->exists) == -1)
		fatal("search");
	bind_keys(j);
	all = narrow(j);
	/* RFC 9738 3.2: SORT and THREAD have no part of an answer. */
	if (j == j->s->job && j->s->cmd->id == IMAP_SEARCH)
		set_limit(j->s, &j->left);
	else if (j == j->s->job && limit != 0 &&
	    rseq_count(&j->left) > limit) {
		set_refuse(j->s, &j->left, limit);
		return;
	}
	if (all) {
		rseq_swap(&j->found, &j->left);
		j->done(j, ST_OK);
		return;
	}
	j->have = IMAP_COST_NONE;
	j->costs = costs;
	j->total = rseq_count(&j->left);
	/* A sort goes over what was found once more. */
	if (j == j->s->job)
		progress_begin(j->s, j->arg == NULL ? j->total : 2 * j->total);
	if (costs == 0 && !j->q->modseq)
		pass_numbers(j);
	else
		next_pass(j);
}

static void
bad_charset(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[BADCHARSET (US-ASCII UTF-8)] Unknown charset.\r\n");
}

void
search_bad_charset(struct isession *s)
{
	isession_done_with(s, IMAP_RESULT_NO, bad_charset);
}

static void
on_loaded(void *arg, int ok)
{
	struct isession	*s = arg;
	struct search	*j = s->job;

	if (!ok)
		isession_bye(s, "The mailbox is not available any more");
	else
		search_go(j, NULL);
}

static struct search *
search_make(struct view *v, struct imap_search *q,
    void (*done)(struct search *, uint8_t), void *arg)
{
	struct search	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("search");
	j->arg = arg;
	j->s = v->session;
	j->v = v;
	j->q = q;
	j->done = done;
	return j;
}

struct search *
search_new(struct view *v, struct imap_search *q,
    void (*done)(struct search *, uint8_t), void *arg)
{
	struct search	*j = search_make(v, q, done, arg);

	if (search_text_bind(j, q->charset) == 0)
		return j;
	search_free(j);
	return NULL;
}

static void	on_expanded(struct isession *);

void
search_start(struct isession *s, struct imap_search *q,
    void (*done)(struct search *, uint8_t))
{
	search_start_with(s, q, done, NULL, search_free);
}

void
search_start_with(struct isession *s, struct imap_search *q,
    void (*done)(struct search *, uint8_t), void *arg, void (*fn)(void *))
{
	s->job = search_make(s->view, q, done, arg);
	s->job_free = fn;
	filter_expand(s, q, on_expanded);
}

static void
on_expanded(struct isession *s)
{
	struct search		*j = s->job;
	struct imap_search	*q = j->q;

	if (q->ret & IMAP_RET_UPDATE && context_find(s->view, s->cmd->tag))
		isession_done(s, IMAP_RESULT_BAD, NULL, "Tag reuse.");
	else if (search_text_bind(j, q->charset) == -1)
		search_bad_charset(s);
	else
		view_load(s->view, on_loaded, s);
}

/* ---- SEARCH ------------------------------------------------------------- */

/* RFC 5182 2.1: what is saved depends on what is told. */
void
search_save(struct search *j, const struct rseq *uids)
{
	struct rseq	*to = &j->v->saved;
	uint32_t	 ret = j->q->ret;

	rseq_free(to);
	if (uids->nruns == 0)
		return;
	if (ret & (IMAP_RET_ALL | IMAP_RET_COUNT | IMAP_RET_PARTIAL) ||
	    !(ret & (IMAP_RET_MIN | IMAP_RET_MAX))) {
		if (rseq_copy(to, uids) == -1)
			fatal("search");
		return;
	}
	if (ret & IMAP_RET_MIN)
		add(to, uids->runs[0].first);
	if (ret & IMAP_RET_MAX)
		add(to, uids->runs[uids->nruns - 1].last);
}

/* RFC 4731 3.2: with MIN and MAX alone it is theirs. */
uint64_t
search_modseq(const struct search *j)
{
	uint32_t	 ret = j->q->ret & (IMAP_RET_MIN | IMAP_RET_MAX |
	    IMAP_RET_ALL | IMAP_RET_COUNT | IMAP_RET_PARTIAL);

	if (!j->q->modseq)
		return 0;
	if (ret == IMAP_RET_MIN)
		return j->modseq_min;
	if (ret == IMAP_RET_MAX)
		return j->modseq_max;
	if (ret == (IMAP_RET_MIN | IMAP_RET_MAX))
		return j->modseq_min > j->modseq_max ? j->modseq_min :
		    j->modseq_max;
	return j->modseq;
}

static void
tell(struct search *j, const struct rseq *set)
{
	struct isession	*s = j->s;
	struct imap_out	*o = isession_out(s);

	if (s->st.enabled & IMAP_EN_REV2 && !j->q->extended) {
		j->q->extended = 1;
		j->q->ret = IMAP_RET_ALL;
	}
	if (!j->q->extended)
		imap_out_search(o, set, search_modseq(j));
	else if (j->q->ret & ~IMAP_RET_SAVE)
		imap_out_esearch(o, s->cmd->tag, s->cmd->uid, j->q, set,
		    search_modseq(j));
	isession_out_done(s);
}

static void
search_done(struct search *j, uint8_t code)
{
	struct isession	*s = j->s;
	struct rseq	 uids;
	int		 save_it = j->q->extended && j->q->ret & IMAP_RET_SAVE;

	if (code != ST_OK) {
		if (save_it)
			rseq_free(&j->v->saved);
		isession_done_st(s, code, NULL);
		return;
	}
	rseq_init(&uids);
	if ((save_it || s->cmd->uid || j->q->ret & IMAP_RET_UPDATE) &&
	    uidlist_from_seqs(j->v->snap, j->v->exists, &j->found,
	    &uids) == -1)
		fatal("search");
	tell(j, s->cmd->uid ? &uids : &j->found);
	if (j->q->ret & IMAP_RET_UPDATE)
		context_search(s, j->q, &uids);
	if (save_it)
		search_save(j, &uids);
	rseq_free(&uids);
	isession_done(s, IMAP_RESULT_OK, NULL, "Search completed.");
}

void
search_search(struct isession *s)
{
	search_start(s, &s->cmd->u.search, search_done);
}
