#include <stdlib.h>

#include "context.h"
#include "handlers.h"
#include "libimap/imap_sort_run.h"
#include "libimap/imap_write_sort.h"
#include "libutil/log.h"
#include "search.h"

#define CONTEXTS_MAX	16	/* of a session */
#define CONTEXTS_ROWS	1000000	/* messages in all of them */
#define PAGE_ROWS	(64 * 1024)

struct context {
	TAILQ_ENTRY(context)	 entry;
	struct imap_command	*cmd;
	struct imap_search	*q;	/* cmd's */
	struct rseq		 found;	/* SEARCH's uids */
	struct imap_sorter	*sorter; /* or SORT's, in their order */
};

/* A position that is to be told. */
struct place {
	uint32_t	 at, uid;
};

/* All contexts of a view, one after the other, after its news. */
struct updating {
	struct view	*view;
	struct context	*context;	/* the one in hand */
	struct rseq	 uids, seqs;	/* that are looked at */
	struct rseq	 added;		/* numbers; SORT */
	struct search	*search;
	struct place	*places;
	size_t		 nplaces;
	void		(*done)(struct isession *);
};

static void	next(struct updating *);

/* ---- life -------------------------------------------------------------- */

int
context_find(const struct view *v, struct span tag)
{
	const struct context	*c;

	TAILQ_FOREACH(c, &v->contexts, entry) {
		if (span_eq(c->cmd->tag, tag))
			return 1;
	}
	return 0;
}

static void
context_free(struct view *v, struct context *c)
{
	TAILQ_REMOVE(&v->contexts, c, entry);
	imap_sorter_free(c->sorter);
	rseq_free(&c->found);
	imap_command_free(c->cmd);
	free(c);
}

static void
updating_free(struct updating *u)
{
	u->view->updating = NULL;
	if (u->search != NULL)
		search_free(u->search);
	rseq_free(&u->uids);
	rseq_free(&u->seqs);
	rseq_free(&u->added);
	free(u->places);
	free(u);
}

void
context_end(struct view *v)
{
	struct context	*c;

	if (v->updating != NULL)
		updating_free(v->updating);
	while ((c = TAILQ_FIRST(&v->contexts)) != NULL)
		context_free(v, c);
	rseq_free(&v->touched);
}

/* A set as the keys have them. */
static struct imap_seqset *
to_seqset(struct imap_arena *arena, const struct rseq *uids)
{
	struct imap_seqset	*set;
	size_t			 i;

	set = imap_arena_calloc(arena, 1, sizeof(*set));
	if (set == NULL || (uids->nruns > 0 && (set->ranges =
	    imap_arena_calloc(arena, uids->nruns,
	    sizeof(*set->ranges))) == NULL))
		return NULL;
	for (i = 0; i < uids->nruns; i++) {
		set->ranges[i].a = uids->runs[i].first;
		set->ranges[i].b = set->highest = uids->runs[i].last;
	}
	set->n = uids->nruns;
	return set;
}

/*
 * RFC 5267 4.3: numbers, and so "$", mean what they meant when the command
 * came.  0, or -1: that is too much to remember.
 */
static int
freeze(struct view *v, struct imap_command *cmd, struct imap_search *q)
{
	struct imap_search_key	*k;
	struct imap_seqset	*set;
	struct rseq		 uids;
	uint32_t		 i;

	for (i = 0; i < q->nkeys; i++) {
		k = &q->keys[i];
		if ((k->op != IMAP_S_SEQ && k->op != IMAP_S_UID) ||
		    (k->op == IMAP_S_UID && !k->set->saved))
			continue;
		rseq_init(&uids);
		if (k->set->saved ? rseq_copy(&uids, &v->saved) == -1 :
		    uidlist_from_seqs(v->snap, v->exists, k->bound,
		    &uids) == -1)
			fatal("context");
		set = to_seqset(&cmd->arena, &uids);
		rseq_free(&uids);
		if (set == NULL)
			return -1;
		k->op = IMAP_S_UID;
		k->set = set;
	}
	return 0;
}

static struct context *
context_new(struct isession *s, struct imap_search *q)
{
	struct context	*c;
	struct imap_out	*o;
	unsigned	 n = 0;

	TAILQ_FOREACH(c, &s->view->contexts, entry)
		n++;
	if (n >= CONTEXTS_MAX || (n > 0 &&
	    (uint64_t)(n + 1) * s->view->exists > CONTEXTS_ROWS) ||
	    freeze(s->view, s->cmd, q) == -1) {
		o = isession_out(s);
		imap_out_str(o, "* NO [NOUPDATE ");
		imap_out_quoted(o, s->cmd->tag);
		imap_out_str(o, "] Too many contexts.\r\n");
		isession_out_done(s);
		return NULL;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("context");
	c->cmd = s->cmd;
	c->q = q;
	s->keep_cmd = 1;
	TAILQ_INSERT_TAIL(&s->view->contexts, c, entry);
	return c;
}

void
context_search(struct isession *s, struct imap_search *q,
    const struct rseq *uids)
{
	struct context	*c;

	if ((c = context_new(s, q)) != NULL && rseq_copy(&c->found,
	    uids) == -1)
		fatal("context");
}

void
context_sort(struct isession *s, struct imap_search *q,
    struct imap_sorter *sorter)
{
	struct context	*c;

	if ((c = context_new(s, q)) != NULL)
		c->sorter = sorter;
	else
		imap_sorter_free(sorter);
}

/* CANCELUPDATE: all of them are known, or none is cancelled. */
void
context_cancel(struct isession *s)
{
	const struct imap_words	*w = &s->cmd->u.words;
	struct context		*c, *after;
	uint32_t		 i;

	for (i = 0; i < w->n; i++) {
		if (!context_find(s->view, w->v[i])) {
			isession_done(s, IMAP_RESULT_BAD, NULL,
			    "No such context.");
			return;
		}
	}
	for (i = 0; i < w->n; i++) {
		TAILQ_FOREACH_SAFE(c, &s->view->contexts, entry, after) {
			if (span_eq(c->cmd->tag, w->v[i]))
				context_free(s->view, c);
		}
	}
	isession_done(s, IMAP_RESULT_OK, NULL, "No further updates.");
}

/* ---- what goes --------------------------------------------------------- */

static void
add_place(struct updating *u, uint32_t at, uint32_t uid)
{
	struct place	*p;

	/* In powers of two. */
	if ((u->nplaces & (u->nplaces - 1)) == 0) {
		p = reallocarray(u->places, u->nplaces == 0 ? 1 :
		    2 * u->nplaces, sizeof(*p));
		if (p == NULL)
			fatal("context");
		u->places = p;
	}
	u->places[u->nplaces].at = at;
	u->places[u->nplaces++].uid = uid;
}

static void
on_removed(void *arg, size_t at, uint32_t uid)
{
	add_place(arg, at, uid);
}

/* In the numbers that the client has just now. */
static void
tell_set(struct view *v, const struct context *c, const char *what,
    const struct rseq *uids)
{
	struct rseq	 seqs;

	rseq_init(&seqs);
	if (!c->cmd->uid && uidlist_to_seqs(v->snap, uids, &seqs) == -1)
		fatal("context");
	imap_out_update(isession_out(v->session), c->cmd->tag, c->cmd->uid,
	    what, c->cmd->uid ? uids : &seqs);
	isession_out_done(v->session);
	rseq_free(&seqs);
}

static void
tell_places(struct updating *u, const struct context *c, const char *what)
{
	struct imap_out	*o;
	struct view	*v = u->view;
	size_t		 i;

	if (u->nplaces > 0) {
		o = isession_out(v->session);
		imap_out_update_begin(o, c->cmd->tag, c->cmd->uid, what);
		for (i = 0; i < u->nplaces; i++)
			imap_out_update_at(o, u->places[i].at, c->cmd->uid ?
			    u->places[i].uid :
			    uidlist_seq(v->snap, u->places[i].uid));
		imap_out_update_end(o);
		isession_out_done(v->session);
	}
	free(u->places);
	u->places = NULL;
	u->nplaces = 0;
}

static void
drop(struct rseq *set, const struct rseq *these)
{
	size_t	 i;

	for (i = 0; i < these->nruns; i++) {
		if (rseq_remove(set, these->runs[i].first,
		    these->runs[i].last) == -1)
			fatal("context");
	}
}

/* Of those uids the ones that are in the answer go. */
static void
take_out(struct updating *u, struct context *c, const struct rseq *uids)
{
	struct rseq	 both;

	if (c->sorter != NULL) {
		imap_sorter_remove(c->sorter, uids, on_removed, u);
		tell_places(u, c, "REMOVEFROM");
		return;
	}
	rseq_init(&both);
	if (rseq_intersect(&both, &c->found, uids) == -1)
		fatal("context");
	tell_set(u->view, c, "REMOVEFROM", &both);
	drop(&c->found, &both);
	rseq_free(&both);
}

void
context_gone(struct view *v, const struct rseq *uids)
{
	struct updating	 u = { .view = v };
	struct context	*c;

	TAILQ_FOREACH(c, &v->contexts, entry)
		take_out(&u, c, uids);
	drop(&v->touched, uids);
}

/* ---- what comes -------------------------------------------------------- */

void
context_touch(struct view *v, const struct rseq *uids)
{
	size_t	 i;

	if (TAILQ_EMPTY(&v->contexts))
		return;
	for (i = 0; i < uids->nruns; i++) {
		if (rseq_add(&v->touched, uids->runs[i].first,
		    uids->runs[i].last) == -1)
			fatal("context");
	}
}

static void
context_done(struct updating *u)
{
	search_free(u->search);
	u->search = NULL;
	rseq_free(&u->added);
	u->context = TAILQ_NEXT(u->context, entry);
	next(u);
}

static void
rows_go(void *arg)
{
	struct search		*j = arg;
	struct updating		*u = j->arg;
	struct imap_sort_row	 row;
	size_t			 at;

	for (;;) {
		switch (pager_next(&j->pager, &j->msg, &j->seq)) {
		case PAGER_WAIT:
			return;
		case PAGER_END:
			tell_places(u, u->context, "ADDTO");
			context_done(u);
			return;
		case PAGER_ROW:
			break;
		}
		sort_row(j, &row);
		if (imap_sorter_insert(u->context->sorter, j->msg.uid, &row,
		    &at) == -1)
			fatal("context");
		add_place(u, at, j->msg.uid);
	}
}

/* Where new ones belong is to be found: by what the order is made of. */
static void
put_in(struct updating *u, const struct rseq *uids)
{
	struct pager	*p = &u->search->pager;

	if (uidlist_to_seqs(u->view->snap, uids, &u->added) == -1)
		fatal("context");
	pager_free(p);
	p->seqs = &u->added;
	p->columns = sort_columns(u->context->cmd);
	p->budget = PAGE_ROWS;
	p->ready = rows_go;
	p->arg = u->search;
	pager_start(p, u->view);
	rows_go(u->search);
}

static void
collect(void *arg, size_t at, uint32_t uid)
{
	if (rseq_add(arg, uid, uid) == -1)
		fatal("context");
}

/* What of the touched ones is in the answer now, and was not; and back. */
static void
on_found(struct search *j, uint8_t code)
{
	struct updating	*u = j->arg;
	struct context	*c = u->context;
	struct rseq	 now, out;

	if (code != ST_OK) {
		context_done(u);
		return;
	}
	rseq_init(&now);
	rseq_init(&out);
	if (uidlist_from_seqs(u->view->snap, u->view->exists, &j->found,
	    &now) == -1 || rseq_copy(&out, &u->uids) == -1)
		fatal("context");
	drop(&out, &now);
	take_out(u, c, &out);
	rseq_free(&out);
	if (c->sorter == NULL) {
		drop(&now, &c->found);
		tell_set(u->view, c, "ADDTO", &now);
		for (size_t i = 0; i < now.nruns; i++) {
			if (rseq_add(&c->found, now.runs[i].first,
			    now.runs[i].last) == -1)
				fatal("context");
		}
	} else {
		imap_sorter_each(c->sorter, &now, collect, &out);
		drop(&now, &out);
		rseq_free(&out);
		if (now.nruns > 0) {
			put_in(u, &now);
			rseq_free(&now);
			return;
		}
	}
	rseq_free(&now);
	context_done(u);
}

/* All are done: what the client has not been told of stays touched. */
static void
finish(struct updating *u)
{
	struct view	*v = u->view;
	void		(*done)(struct isession *) = u->done;

	drop(&v->touched, &u->uids);
	if (v->uidnext > 1 && rseq_remove(&v->touched, 1,
	    v->uidnext - 1) == -1)
		fatal("context");
	updating_free(u);
	done(v->session);
}

static void
next(struct updating *u)
{
	if (u->context == NULL) {
		finish(u);
		return;
	}
	if ((u->search = search_new(u->view, u->context->q, on_found,
	    u)) == NULL)
		fatalx("context: charset");
	search_go(u->search, &u->seqs);
}

void
context_update(struct view *v, void (*done)(struct isession *))
{
	struct updating	*u;

	if (TAILQ_EMPTY(&v->contexts) || v->touched.nruns == 0 ||
	    v->snap == NULL) {
		done(v->session);
		return;
	}
	if ((u = calloc(1, sizeof(*u))) == NULL)
		fatal("context");
	v->updating = u;
	u->view = v;
	u->done = done;
	if (uidlist_from_uids(v->snap, v->exists, &v->touched,
	    &u->uids) == -1 ||
	    uidlist_to_seqs(v->snap, &u->uids, &u->seqs) == -1)
		fatal("context");
	u->context = u->uids.nruns > 0 ? TAILQ_FIRST(&v->contexts) : NULL;
	next(u);
}
