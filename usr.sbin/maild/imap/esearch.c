/*
 * ESEARCH (RFC 7377): one search in many mailboxes.  One after the other, each
 * opened for reading and left again, with a turn for everybody else between.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "handlers.h"
#include "libstore/mstore.h"
#include "libutil/log.h"
#include "name.h"
#include "search.h"
#include "rights.h"
#include "strow.h"

struct place {
	uint64_t	 id;
	char		*name;
};

struct esearch {
	struct isession	*s;
	struct imap_search *q;
	struct place	*places;	/* in the order of the store's list */
	size_t		 nplaces, size;
	size_t		 at;		/* the one in hand */
	struct view	*view;		/* it, or NULL */
	struct search	*search;
	struct later	 later;
};

static void	next(void *);

/* The mailbox in hand is left; the selected one stays. */
static void
leave(struct esearch *j)
{
	if (j->search != NULL)
		search_free(j->search);
	j->search = NULL;
	if (j->view != NULL && j->view != j->s->view)
		view_close(j->view);
	j->view = NULL;
}

static void
esearch_free(void *arg)
{
	struct esearch	*j = arg;
	size_t		 i;

	later_forget(&j->later);
	request_forget(j);
	leave(j);
	for (i = 0; i < j->nplaces; i++)
		free(j->places[i].name);
	free(j->places);
	free(j);
}

/* ---- one mailbox ------------------------------------------------------- */

static void
go_on(struct esearch *j)
{
	leave(j);
	j->at++;
	later_call(&j->later, next, j);
}

static void
on_found(struct search *search, uint8_t code)
{
	struct esearch	*j = search->arg;
	struct isession	*s = j->s;
	struct imap_out	*o;
	struct rseq	 uids;

	rseq_init(&uids);
	if (uidlist_from_seqs(j->view->snap, j->view->exists, &search->found,
	    &uids) == -1)
		fatal("esearch");
	if (j->q->ret & IMAP_RET_SAVE)
		search_save(search, &uids);
	if (code == ST_OK && uids.nruns > 0 && j->q->ret & ~IMAP_RET_SAVE) {
		o = isession_out(s);
		imap_out_esearch_in(o, s->cmd->tag,
		    span_of(j->places[j->at].name), j->view->uidvalidity,
		    j->q, &uids, search_modseq(search));
		isession_out_done(s);
	}
	rseq_free(&uids);
	go_on(j);
}

static void
on_loaded(void *arg, int ok)
{
	struct esearch	*j = arg;

	if (!ok && j->view == j->s->view) {
		isession_bye(j->s, "The mailbox is not available any more");
		return;
	}
	if (!ok) {
		go_on(j);
		return;
	}
	/* The charset was looked at before the first one. */
	if ((j->search = search_new(j->view, j->q, on_found, j)) == NULL)
		fatalx("esearch: charset");
	search_go(j->search, NULL);
}

static void
on_select(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_select_r	*r = msg;
	struct esearch			*j = arg;

	/* It went away meanwhile: there is nothing to find. */
	if (type != M_ST_SELECT_R || r->code != ST_OK) {
		go_on(j);
		return;
	}
	j->view = view_open(j->s, r);
	view_load(j->view, on_loaded, j);
}

static void
next(void *arg)
{
	struct esearch		*j = arg;
	struct isession		*s = j->s;
	struct msg_st_select	 m = { .sid = s->c.sid,
	    .flags = ST_SELECT_READONLY };

	s->progress.done = j->at;
	if (j->at == j->nplaces) {
		isession_done(s, IMAP_RESULT_OK, NULL, "Search completed.");
		return;
	}
	if (s->view != NULL && s->view->mbox->id == j->places[j->at].id) {
		j->view = s->view;
		view_load(j->view, on_loaded, j);
		return;
	}
	m.name = j->places[j->at].name;
	m.req = request_new(on_select, j);
	request_send(m.req, M_ST_SELECT, &m);
}

/* ---- which mailboxes --------------------------------------------------- */

/* Is name the mailbox itself, or below it as deep as is wanted? */
static int
below(const char *name, const char *top, int kind)
{
	size_t	 n = strlen(top);

	if (n > 0 && (strncmp(name, top, n) != 0 ||
	    (name[n] != '\0' && name[n] != MSTORE_SEPARATOR)))
		return 0;
	if (name[n] == '\0')
		return 1;
	if (kind == IMAP_MB_SUBTREE)
		return 1;
	return kind == IMAP_MB_SUBTREE_ONE && strchr(name + n + (n > 0),
	    MSTORE_SEPARATOR) == NULL;
}

/* Names that are none are those of no mailbox. */
static int
named(struct esearch *j, const struct imap_mboxes *m, const char *name)
{
	char		 top[IMAP_NAME_MAX + 1];
	const char	*why;
	uint32_t	 i;
	int		 flags = 0;

	if (j->s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2))
		flags |= IMAP_NAME_UTF8;
	for (i = 0; i < m->names.n; i++) {
		if (m->names.v[i].len == 0 && m->kind != IMAP_MB_MAILBOXES)
			top[0] = '\0';
		else if (imap_name_read(m->names.v[i], flags, top, &why) == -1)
			continue;
		if (below(name, top, m->kind))
			return 1;
	}
	return 0;
}

static int
wanted(struct esearch *j, const struct strow *row, const char *name)
{
	const struct imap_esearch	*e = &j->s->cmd->u.esearch;
	const struct imap_mboxes	*m;
	uint32_t			 i;
	int				 yes, selected;

	selected = j->s->view != NULL && j->s->view->mbox->id == row->id;
	/* What is empty has nothing to be found. */
	if (row->counters && row->exists == 0 && !selected)
		return 0;
	yes = selected && e->nsources == 0;
	for (i = 0; i < e->nsources && !yes; i++) {
		m = &e->sources[i];
		switch (m->kind) {
		case IMAP_MB_SELECTED:
			yes = selected;
			break;
		case IMAP_MB_INBOXES:
			yes = strcmp(name, "INBOX") == 0;
			break;
		case IMAP_MB_PERSONAL:
			yes = strncmp(name, OTHER_USERS,
			    sizeof(OTHER_USERS) - 1) != 0;
			break;
		case IMAP_MB_SUBSCRIBED:
			yes = row->subscribed;
			break;
		default:
			yes = named(j, m, name);
			break;
		}
	}
	return yes;
}

static void
add_place(struct esearch *j, const struct strow *row)
{
	struct place	*p;
	char		*name;

	if (row->id == 0 || row->flags & MSTORE_NOSELECT ||
	    !(row->rights & RIGHT_R))
		return;
	if ((name = strndup(row->name.p, row->name.len)) == NULL)
		fatal("esearch");
	if (!wanted(j, row, name)) {
		free(name);
		return;
	}
	if (j->nplaces == j->size) {
		j->size = j->size == 0 ? 16 : 2 * j->size;
		p = reallocarray(j->places, j->size, sizeof(*p));
		if (p == NULL)
			fatal("esearch");
		j->places = p;
	}
	p = &j->places[j->nplaces++];
	p->id = row->id;
	p->name = name;
}

static void
on_list(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_list_r	*r = msg;
	struct esearch			*j = arg;
	struct rows			 data;
	struct strow			 row;
	size_t				 off = 0;
	int				 rc;

	if (type != M_ST_LIST_R) {
		isession_done_st(j->s, ((const struct msg_st_r *)msg)->code,
		    NULL);
		return;
	}
	if (rows_open(&data, &r->rows, r->size, fd) == -1) {
		isession_done_st(j->s, ST_TEMP, NULL);
		return;
	}
	while ((rc = strow_next(data.data, data.len, &off, &row)) == 1)
		add_place(j, &row);
	if (rc == -1)
		fatalx("store: malformed list");
	rows_free(&data);
	progress_begin(j->s, j->nplaces);
	next(j);
}

/* ---- the command ------------------------------------------------------- */

/* RFC 7377 2: what makes sense in one mailbox only. */
static const char *
check(const struct isession *s, const struct imap_esearch *e)
{
	uint32_t	 i;

	if (e->nsources == 0 && s->view == NULL)
		return "No mailbox is selected.";
	for (i = 0; i < e->nsources; i++) {
		if (e->sources[i].kind == IMAP_MB_SELECTED_DELAYED)
			return "Not a source to search in.";
		if (e->sources[i].kind == IMAP_MB_SELECTED && s->view == NULL)
			return "No mailbox is selected.";
	}
	if (e->nsources == 0 || (e->nsources == 1 &&
	    e->sources[0].kind == IMAP_MB_SELECTED))
		return NULL;
	if (e->search.seqs || e->search.saved)
		return "Message numbers are of one mailbox.";
	if (e->search.ret & IMAP_RET_SAVE)
		return "What is saved is of one mailbox.";
	return NULL;
}

static void
refuse_update(struct isession *s)
{
	struct imap_out	*o = isession_out(s);

	imap_out_str(o, "* NO [NOUPDATE ");
	imap_out_quoted(o, s->cmd->tag);
	imap_out_str(o, "] Not over mailboxes.\r\n");
	isession_out_done(s);
}

static void
ask_list(struct isession *s)
{
	struct msg_st_list	 m = { .sid = s->c.sid,
	    .flags = ST_LIST_COUNTERS };
	const char		*why;

	/* A filter may have them too. */
	if ((why = check(s, &s->cmd->u.esearch)) != NULL) {
		isession_done(s, IMAP_RESULT_BAD, NULL, why);
		return;
	}
	m.req = request_new(on_list, s->job);
	request_send(m.req, M_ST_LIST, &m);
}

void
esearch_esearch(struct isession *s)
{
	struct imap_esearch	*e = &s->cmd->u.esearch;
	const char		*why;
	struct esearch		*j;

	if ((why = check(s, e)) != NULL) {
		isession_done(s, IMAP_RESULT_BAD, NULL, why);
		return;
	}
	if (e->search.ret & IMAP_RET_UPDATE)
		refuse_update(s);
	e->search.ret &= ~(uint32_t)IMAP_RET_UPDATE;
	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("esearch");
	j->s = s;
	j->q = &e->search;
	s->job = j;
	s->job_free = esearch_free;
	if (!search_charset(e->search.charset)) {
		search_bad_charset(s);
		return;
	}
	filter_expand(s, j->q, ask_list);
}
