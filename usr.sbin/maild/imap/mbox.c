#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "mbox.h"
#include "view.h"

struct waiter {
	SLIST_ENTRY(waiter)	 entry;
	mbox_sync_cb		 cb;
	void			*arg;
};

/* One question to the store and all who want its answer. */
struct syncjob {
	LIST_ENTRY(syncjob)	 entry;
	struct mbox		*mbox;
	uint32_t		 reader;
	uint64_t		 since;
	uint64_t		 heard;		/* mbox->modseq then */
	SLIST_HEAD(, waiter)	 waiters;
};

/* Somebody who waits for the list. */
struct loader {
	SLIST_ENTRY(loader)	 entry;
	struct mbox	*mbox;
	mbox_load_cb	 cb;
	void		*arg;
};

static struct hashtab	 mboxes;

static const void *
mbox_key(const void *entry, size_t *len)
{
	const struct mbox	*m = entry;

	*len = sizeof(m->id);
	return &m->id;
}

void
mbox_init(void)
{
	hashtab_init(&mboxes, mbox_key);
}

struct mbox *
mbox_get(uint64_t id)
{
	struct mbox	*m;

	if ((m = hashtab_find(&mboxes, &id, sizeof(id))) != NULL)
		return m;
	if ((m = calloc(1, sizeof(*m))) == NULL)
		fatal("mbox");
	m->id = id;
	TAILQ_INIT(&m->views);
	LIST_INIT(&m->jobs);
	if (hashtab_insert(&mboxes, m) == -1)
		fatal("mbox");
	return m;
}

/* Questions under way keep it; the last of them comes back here. */
void
mbox_put(struct mbox *m)
{
	if (!TAILQ_EMPTY(&m->views) || !LIST_EMPTY(&m->jobs) || m->loading > 0)
		return;
	if (hashtab_find(&mboxes, &m->id, sizeof(m->id)) == m)
		hashtab_remove(&mboxes, &m->id, sizeof(m->id));
	uidlist_unref(m->list);
	free(m->names);
	free(m->names_text);
	free(m);
}

int
mbox_set_keywords(struct mbox *m, const char *text)
{
	struct span	 names[MBOX_KEYWORDS];
	char		*copy, *p, *sp;
	unsigned	 n = 0;

	if (m->names_text != NULL && strcmp(m->names_text, text) == 0)
		return 0;
	if ((copy = strdup(text)) == NULL)
		fatal("mbox");
	for (p = copy; *p != '\0'; p = sp) {
		if (n == MBOX_KEYWORDS) {
			free(copy);
			return -1;
		}
		sp = p + strcspn(p, " ");
		names[n++] = (struct span){ p, sp - p };
		sp += *sp == ' ';
	}
	free(m->names_text);
	m->names_text = copy;
	free(m->names);
	m->names = NULL;
	if (n > 0 && (m->names = calloc(n, sizeof(names[0]))) == NULL)
		fatal("mbox");
	if (n > 0)
		memcpy(m->names, names, n * sizeof(names[0]));
	m->nnames = n;
	return 0;
}

void
mbox_changed(const struct msg_st_changed *c)
{
	struct mbox	*m;
	struct view	*v, *next;

	if ((m = hashtab_find(&mboxes, &c->mbox, sizeof(c->mbox))) == NULL)
		return;
	if (c->modseq > m->modseq)
		m->modseq = c->modseq;
	m->deleted |= c->deleted;
	m->uidnext = c->uidnext;
	m->exists = c->exists;
	TAILQ_FOREACH_SAFE(v, &m->views, entry, next)
		view_changed(v, c);
}

void
mbox_heard(struct mbox *m, uint64_t modseq)
{
	if (modseq > m->modseq)
		m->modseq = modseq;
}

/* ---- what happened ------------------------------------------------------ */

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static int
take_rseq(const uint8_t **p, size_t *len, struct rseq *out)
{
	size_t	 n;

	if (*len < 4 || (n = be32(*p)) > *len - 4 ||
	    rseq_get(out, *p + 4, n) == -1)
		return -1;
	*p += 4 + n;
	*len -= 4 + n;
	return 0;
}

/*
 * The list was true as of list_modseq, which the answer covers: take away
 * what has vanished, add what is new.
 */
static int
update_list(struct mbox *m, const struct mbox_sync *s)
{
	const struct rseq_run	*r;
	struct uidlist		*l;
	uint32_t		 first;
	size_t			 i;

	if (m->list == NULL || s->since > m->list_modseq ||
	    s->modseq <= m->list_modseq)
		return 0;
	if (s->vanished.nruns > 0) {
		if ((l = uidlist_remove(m->list, &s->vanished)) == NULL)
			return -1;
		m->list = l;
	}
	for (i = 0; i < s->changed.nruns; i++) {
		r = &s->changed.runs[i];
		first = r->first < m->list_next ? m->list_next : r->first;
		if (first <= r->last &&
		    uidlist_append(m->list, first, r->last) == -1)
			return -1;
	}
	m->list_modseq = s->modseq;
	m->list_next = s->uidnext;
	return 0;
}

static void
job_end(struct syncjob *job, const struct mbox_sync *s)
{
	struct mbox	*m = job->mbox;
	struct waiter	*w;

	LIST_REMOVE(job, entry);
	/* Callbacks may close views: the mailbox must outlive them. */
	m->loading++;
	while ((w = SLIST_FIRST(&job->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&job->waiters, entry);
		w->cb(w->arg, s);
		free(w);
	}
	m->loading--;
	free(job);
	mbox_put(m);
}

static void
sync_fail(struct syncjob *job, uint8_t code)
{
	struct mbox_sync	 s = { .code = code, .since = job->since };

	job_end(job, &s);
}

static void
sync_answer(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_sync_r	*r = msg;
	struct syncjob			*job = arg;
	struct mbox_sync		 s = { .since = job->since };
	struct rows			 rows;
	const uint8_t			*p;
	size_t				 len;

	if (type != M_ST_SYNC_R) {
		sync_fail(job, ((const struct msg_st_r *)msg)->code);
		return;
	}
	if (r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		sync_fail(job, r->code);
		return;
	}
	if (rows_open(&rows, &r->rows, r->size, fd) == -1) {
		sync_fail(job, ST_TEMP);
		return;
	}
	s.modseq = r->modseq;
	s.uidnext = r->uidnext;
	s.exists = r->exists;
	rseq_init(&s.vanished);
	rseq_init(&s.changed);
	p = rows.data;
	len = rows.len;
	if (take_rseq(&p, &len, &s.vanished) == -1 ||
	    take_rseq(&p, &len, &s.changed) == -1 ||
	    mbox_set_keywords(job->mbox, r->keywords) == -1)
		fatalx("store: malformed changes");
	s.rows = p;
	s.rowslen = len;
	if (r->modseq > job->mbox->modseq)
		job->mbox->modseq = r->modseq;
	if (update_list(job->mbox, &s) == -1)
		fatal("mbox");
	job_end(job, &s);
	rseq_free(&s.vanished);
	rseq_free(&s.changed);
	rows_free(&rows);
}

void
mbox_sync(struct mbox *m, uint64_t sid, uint32_t reader, uint64_t since,
    mbox_sync_cb cb, void *arg)
{
	struct msg_st_sync	 msg = { .sid = sid, .mbox = m->id,
	    .since = since };
	struct syncjob		*job;
	struct waiter		*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("mbox");
	w->cb = cb;
	w->arg = arg;
	LIST_FOREACH(job, &m->jobs, entry) {
		/* One that was asked before the last change says too little. */
		if (job->since == since && job->heard == m->modseq &&
		    job->reader == reader)
			break;
	}
	if (job == NULL) {
		if ((job = calloc(1, sizeof(*job))) == NULL)
			fatal("mbox");
		job->mbox = m;
		job->reader = reader;
		job->since = since;
		job->heard = m->modseq;
		SLIST_INIT(&job->waiters);
		LIST_INSERT_HEAD(&m->jobs, job, entry);
		msg.req = request_new(sync_answer, job);
		request_send(msg.req, M_ST_SYNC, &msg);
	}
	SLIST_INSERT_HEAD(&job->waiters, w, entry);
}

/* ---- the list ----------------------------------------------------------- */

static void
load_end(struct loader *l, int ok)
{
	struct mbox	*m = l->mbox;

	if (l->cb != NULL)
		l->cb(l->arg, ok);
	SLIST_REMOVE(&m->loaders, l, loader, entry);
	m->loading--;
	free(l);
	mbox_put(m);
}

static void
load_answer(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_uids_r	*r = msg;
	struct loader			*l = arg;
	struct mbox			*m = l->mbox;
	struct rseq			 uids;
	struct rows			 rows;

	if (type != M_ST_UIDS_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		load_end(l, 0);
		return;
	}
	if (rows_open(&rows, &r->uids, r->size, fd) == -1) {
		load_end(l, 0);
		return;
	}
	rseq_init(&uids);
	if (rseq_get(&uids, rows.data, rows.len) == -1)
		fatalx("store: malformed uids");
	rows_free(&rows);
	/* Another session may have been first, or its changes may have. */
	if (m->list == NULL || r->modseq > m->list_modseq) {
		uidlist_unref(m->list);
		if ((m->list = uidlist_new(&uids)) == NULL)
			fatal("mbox");
		m->list_modseq = r->modseq;
		m->list_next = r->uidnext;
		if (r->modseq > m->modseq)
			m->modseq = r->modseq;
	}
	rseq_free(&uids);
	load_end(l, 1);
}

void
mbox_load(struct mbox *m, uint64_t sid, mbox_load_cb cb, void *arg)
{
	struct msg_st_uids	 msg = { .sid = sid, .mbox = m->id };
	struct loader		*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("mbox");
	l->mbox = m;
	l->cb = cb;
	l->arg = arg;
	SLIST_INSERT_HEAD(&m->loaders, l, entry);
	m->loading++;
	msg.req = request_new(load_answer, l);
	request_send(msg.req, M_ST_UIDS, &msg);
}

void
mbox_forget(struct mbox *m, void *arg)
{
	struct syncjob	*job;
	struct waiter	*w, *next;
	struct loader	*l;

	LIST_FOREACH(job, &m->jobs, entry) {
		SLIST_FOREACH_SAFE(w, &job->waiters, entry, next) {
			if (w->arg != arg)
				continue;
			SLIST_REMOVE(&job->waiters, w, waiter, entry);
			free(w);
		}
	}
	SLIST_FOREACH(l, &m->loaders, entry) {
		if (l->arg == arg)
			l->cb = NULL;
	}
}
