#include <stdlib.h>
#include <string.h>

#include "libimap/imap_write.h"
#include "libstore/mstore_page.h"
#include "libutil/log.h"
#include "context.h"
#include "isession.h"
#include "pager.h"
#include "rights.h"
#include "view.h"

static const struct {
	uint16_t	 stored;
	uint32_t	 bit;
} flagmap[] = {
	{ MSTORE_SEEN,		IMAP_FLAG_SEEN },
	{ MSTORE_ANSWERED,	IMAP_FLAG_ANSWERED },
	{ MSTORE_FLAGGED,	IMAP_FLAG_FLAGGED },
	{ MSTORE_DELETED,	IMAP_FLAG_DELETED },
	{ MSTORE_DRAFT,		IMAP_FLAG_DRAFT }
};

uint32_t
view_flags(const struct view *v, uint32_t uid, uint16_t stored)
{
	uint32_t	 bits = 0;
	size_t		 i;

	for (i = 0; i < sizeof(flagmap) / sizeof(flagmap[0]); i++) {
		if (stored & flagmap[i].stored)
			bits |= flagmap[i].bit;
	}
	if (v->recent.nruns > 0 && rseq_has(&v->recent, uid))
		bits |= IMAP_FLAG_RECENT;
	return bits;
}

static void	relearn_free(struct view *);

struct view *
view_open(struct isession *s, const struct msg_st_select_r *r)
{
	struct view	*v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		fatal("view");
	v->session = s;
	v->mbox = mbox_get(r->mbox);
	if (mbox_set_keywords(v->mbox, r->keywords) == -1)
		fatalx("store: malformed keywords");
	if (r->highestmodseq > v->mbox->modseq)
		v->mbox->modseq = r->highestmodseq;
	v->readonly = r->readonly;
	v->rights = r->rights;
	v->reader = r->reader;
	v->uidvalidity = r->uidvalidity;
	v->modseq = r->highestmodseq;
	v->exists = r->exists;
	v->uidnext = v->recent_next = r->uidnext;
	rseq_init(&v->recent);
	rseq_init(&v->saved);
	TAILQ_INIT(&v->contexts);
	if (r->recent_first < r->uidnext && rseq_add(&v->recent,
	    r->recent_first, r->uidnext - 1) == -1)
		fatal("view");
	TAILQ_INSERT_TAIL(&v->mbox->views, v, entry);
	return v;
}

void
view_close(struct view *v)
{
	struct msg_st_unselect	 m = { .sid = isession_sid(v->session),
	    .mbox = v->mbox->id };

	(void)proc_send(PROC_STORE, 0, M_ST_UNSELECT, &m, -1);
	TAILQ_REMOVE(&v->mbox->views, v, entry);
	mbox_forget(v->mbox, v);
	relearn_free(v);
	context_end(v);
	mbox_put(v->mbox);
	uidlist_unref(v->snap);
	rseq_free(&v->recent);
	rseq_free(&v->saved);
	free(v);
}

static void
finish(struct view *v, int ok)
{
	view_cb	 done = v->done;

	v->done = NULL;
	done(v->arg, ok);
}

/* ---- the numbers -------------------------------------------------------- */

static void	load_step(struct view *);

static void
on_loaded(void *arg, int ok)
{
	if (ok)
		load_step(arg);
	else
		finish(arg, 0);
}

/* The list was behind; now it is not. */
static void
on_caught_up(void *arg, const struct mbox_sync *s)
{
	struct view	*v = arg;

	if (s->code == ST_OK)
		load_step(v);
	else if (s->code == ST_GONE)
		mbox_load(v->mbox, isession_sid(v->session), on_loaded, v);
	else
		finish(v, 0);
}

/* Where the run begins that has the uid. */
static uint32_t
run_first(const struct rseq *s, uint32_t uid)
{
	size_t	 i;

	for (i = s->nruns; i-- > 0; ) {
		if (s->runs[i].first <= uid)
			return s->runs[i].first;
	}
	return uid;
}

/* Where the gap begins in which it is. */
static uint32_t
gap_first(const struct rseq *s, uint32_t uid)
{
	size_t	 i;

	for (i = s->nruns; i-- > 0; ) {
		if (s->runs[i].last < uid)
			return s->runs[i].last + 1;
	}
	return 1;
}

/*
 * Nobody remembers any more what was there: as many uids that are gone as make
 * up the number that the client was told.  He has never seen one of them, so
 * he cannot tell; what he asks of them is answered as for expunged ones, which
 * he hears of next.
 */
static void
make_up(struct view *v, struct rseq *uids)
{
	uint32_t	 last = v->uidnext - 1, first, n;
	uint64_t	 have = rseq_count(uids);

	while (have < v->exists && last > 0) {
		if (uids->nruns > 0 && rseq_has(uids, last)) {
			last = run_first(uids, last) - 1;
			continue;
		}
		first = gap_first(uids, last);
		n = v->exists - have;
		if (last - first + 1 > n)
			first = last - n + 1;
		if (rseq_add(uids, first, last) == -1)
			fatal("view");
		have += last - first + 1;
		last = first - 1;
	}
}

/*
 * The list is ahead of what the client knows: put back what has vanished since,
 * and leave away what is new.
 */
static void
on_history(void *arg, const struct mbox_sync *s)
{
	struct view	*v = arg;
	struct rseq	 uids;
	size_t		 i;

	if (s->code != ST_OK && s->code != ST_GONE) {
		finish(v, 0);
		return;
	}
	rseq_init(&uids);
	if (rseq_copy(&uids, &v->mbox->list->uids) == -1)
		fatal("view");
	for (i = 0; i < s->vanished.nruns; i++) {
		if (rseq_add(&uids, s->vanished.runs[i].first,
		    s->vanished.runs[i].last) == -1)
			fatal("view");
	}
	if (rseq_remove(&uids, v->uidnext, UINT32_MAX) == -1)
		fatal("view");
	if (s->code == ST_GONE)
		make_up(v, &uids);
	if ((v->snap = uidlist_new(&uids)) == NULL)
		fatal("view");
	if (v->snap->count != v->exists) {
		log_warnx("a session's count differs: %u, %u",
		    v->snap->count, v->exists);
		finish(v, 0);
		return;
	}
	v->stale = 1;
	finish(v, 1);
}

static void
load_step(struct view *v)
{
	struct mbox	*m = v->mbox;
	uint64_t	 sid = isession_sid(v->session);

	if (v->snap != NULL)
		finish(v, 1);
	else if (m->list == NULL)
		mbox_load(m, sid, on_loaded, v);
	else if (m->list_modseq < v->modseq)
		mbox_sync(m, sid, v->reader, m->list_modseq, on_caught_up, v);
	else if (m->list_modseq > v->modseq)
		mbox_sync(m, sid, v->reader, v->modseq, on_history, v);
	else {
		v->snap = uidlist_ref(m->list);
		finish(v, 1);
	}
}

void
view_load(struct view *v, view_cb cb, void *arg)
{
	v->done = cb;
	v->arg = arg;
	load_step(v);
}

/* ---- the news ----------------------------------------------------------- */

void
view_told(struct view *v, uint64_t modseq)
{
	struct mbox	*m = v->mbox;

	mbox_heard(m, modseq);
	if (modseq == v->modseq + 1 && TAILQ_EMPTY(&v->contexts)) {
		/* Nothing else has happened: no need to ask. */
		v->modseq = modseq;
		if (m->list != NULL && m->list_modseq + 1 == modseq)
			m->list_modseq = modseq;
	} else
		v->told_modseq = modseq;
}

int
view_behind(const struct view *v)
{
	return v->stale || v->mbox->modseq > v->modseq || v->mbox->deleted;
}

/* Those that he has the right to change. */
static void
permanent_flags(struct view *v, struct imap_out *o)
{
	static const struct {
		uint16_t	 right;
		const char	*name;
	} flags[] = {
		{ RIGHT_W,	"\\Answered" },
		{ RIGHT_W,	"\\Flagged" },
		{ RIGHT_T,	"\\Deleted" },
		{ RIGHT_S,	"\\Seen" },
		{ RIGHT_W,	"\\Draft" }
	};
	const char	*sep = "";
	size_t		 i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!(v->rights & flags[i].right))
			continue;
		imap_out_str(o, sep);
		imap_out_str(o, flags[i].name);
		sep = " ";
	}
	if (!(v->rights & RIGHT_W))
		return;
	for (i = 0; i < v->mbox->nnames; i++) {
		imap_out_str(o, " ");
		imap_out_span(o, v->mbox->names[i]);
	}
	if (v->mbox->nnames < MBOX_KEYWORDS)
		imap_out_str(o, " \\*");
}

int
view_moved(const struct view *v)
{
	const struct mbox	*m = v->mbox;

	return v->stale || m->deleted || (m->uidnext != 0 &&
	    (m->uidnext != v->uidnext || m->exists != v->exists));
}

void
view_tell_flags(struct view *v)
{
	struct imap_out	*o = isession_out(v->session);
	uint64_t	 all = v->mbox->nnames == 64 ? UINT64_MAX :
	    ((uint64_t)1 << v->mbox->nnames) - 1;

	imap_out_str(o, "* FLAGS ");
	imap_out_flags(o, IMAP_FLAG_SYSTEM, &all, v->mbox->names,
	    v->mbox->nnames);
	imap_out_crlf(o);
	imap_out_str(o, "* OK [PERMANENTFLAGS (");
	if (!v->readonly)
		permanent_flags(v, o);
	imap_out_str(o, ")] Flags permitted.\r\n");
	isession_out_done(v->session);
	v->nnames = v->mbox->nnames;
}

/* What the client counts and the list has no more; 1 if any. */
static int
find_gone(struct view *v, struct rseq *gone)
{
	const struct rseq	*now = &v->mbox->list->uids;
	size_t			 i;

	if (v->snap == v->mbox->list)
		return 0;
	if (v->exists < v->snap->count) {
		struct rseq	 all;

		rseq_init(&all);
		if (rseq_add(&all, 1, UINT32_MAX) == -1 ||
		    uidlist_from_uids(v->snap, v->exists, &all, gone) == -1)
			fatal("view");
		rseq_free(&all);
	} else if (rseq_copy(gone, &v->snap->uids) == -1)
		fatal("view");
	for (i = 0; i < now->nruns; i++) {
		if (rseq_remove(gone, now->runs[i].first,
		    now->runs[i].last) == -1)
			fatal("view");
	}
	return gone->nruns > 0;
}

/* Highest first: then no number changes under those that follow. */
static void
tell_gone(struct view *v, const struct rseq *gone)
{
	struct imap_out	*o = isession_out(v->session);
	uint32_t	 seq, first;
	size_t		 i;

	if (isession_enabled(v->session) & (IMAP_EN_QRESYNC |
	    IMAP_EN_UIDONLY)) {
		imap_out_vanished(o, gone, 0);
		return;
	}
	for (i = gone->nruns; i-- > 0; ) {
		seq = uidlist_seq(v->snap, gone->runs[i].last);
		first = uidlist_seq(v->snap, gone->runs[i].first);
		for (; seq >= first && seq > 0; seq--)
			imap_out_count(o, seq, "EXPUNGE");
	}
}

static void
drop_gone(struct rseq *set, const struct rseq *gone)
{
	size_t	 i;

	for (i = 0; i < gone->nruns; i++) {
		if (rseq_remove(set, gone->runs[i].first,
		    gone->runs[i].last) == -1)
			fatal("view");
	}
}

static void
tell_count(struct view *v)
{
	struct imap_out	*o = isession_out(v->session);

	imap_out_count(o, v->exists, "EXISTS");
	if (!(isession_enabled(v->session) & IMAP_EN_REV2))
		imap_out_count(o, rseq_count(&v->recent), "RECENT");
}

/* Take over the list as it is now.  0: an EXPUNGE stands in the way. */
static int
tell_list(struct view *v)
{
	struct rseq	 gone;
	uint32_t	 left = v->exists;
	int		 any;

	rseq_init(&gone);
	any = find_gone(v, &gone);
	if (any && !(v->flags & VIEW_EXPUNGE)) {
		v->stale = 1;
		rseq_free(&gone);
		return 0;
	}
	if (any) {
		context_gone(v, &gone);
		tell_gone(v, &gone);
		left -= rseq_count(&gone);
		drop_gone(&v->recent, &gone);
		drop_gone(&v->saved, &gone);
	}
	rseq_free(&gone);
	uidlist_ref(v->mbox->list);
	uidlist_unref(v->snap);
	v->snap = v->mbox->list;
	v->exists = v->snap->count;
	if (v->exists != left)
		tell_count(v);
	v->stale = 0;
	return 1;
}

static void
tell_row(struct view *v, const struct mstore_msg *m, uint32_t known)
{
	struct imap_out	*o = isession_out(v->session);
	uint32_t	 enabled = isession_enabled(v->session), seq;
	int		 silent;

	/* New ones the client asks for himself. */
	if (m->uid >= known || m->modseq <= v->modseq)
		return;
	if (m->modseq == v->told_modseq)
		return;
	seq = uidlist_seq(v->snap, m->uid);
	if (seq == 0 || seq > v->exists)
		return;
	silent = m->modseq >= v->silent_first &&
	    m->modseq <= v->silent_last;
	if (silent && !(enabled & IMAP_EN_CONDSTORE))
		return;
	imap_out_fetch(o, seq, m->uid, (enabled & IMAP_EN_UIDONLY) != 0);
	if ((v->flags & VIEW_UID || enabled & IMAP_EN_QRESYNC) &&
	    !(enabled & IMAP_EN_UIDONLY))
		imap_out_fetch_uid(o, m->uid);
	if (enabled & IMAP_EN_CONDSTORE)
		imap_out_fetch_modseq(o, m->modseq);
	if (!silent)
		imap_out_fetch_flags(o, view_flags(v, m->uid, m->flags),
		    &m->keywords, v->mbox->names, v->mbox->nnames);
	imap_out_fetch_end(o);
}

static void
tell_rows(struct view *v, const struct mbox_sync *s, uint32_t known)
{
	struct mstore_msg	 m;
	size_t			 off = 0;
	int			 rc;

	if (v->nnames != v->mbox->nnames)
		view_tell_flags(v);
	while ((rc = mstore_page_next(s->rows, s->rowslen, &off, &m)) == 1)
		tell_row(v, &m, known);
	if (rc == -1)
		fatalx("store: malformed rows");
}

static void	sync_start(struct view *);

/* Nothing but new messages: no numbers are needed to say how many. */
static int
only_new(const struct view *v, const struct mbox_sync *s)
{
	return s->vanished.nruns == 0 && (s->changed.nruns == 0 ||
	    s->changed.runs[0].first >= v->uidnext);
}

static void
on_snap(void *arg, int ok)
{
	struct view	*v = arg;

	/* view_load used the same place; sync's own is in sync_done. */
	v->done = v->sync_done;
	v->arg = v->sync_arg;
	if (ok)
		sync_start(v);
	else
		finish(v, 0);
}

/* ---- too long ago: all flags are looked at ----------------------------- */

struct relearn {
	struct pager	 pager;
	struct rseq	 seqs;
	uint32_t	 known;
	uint64_t	 modseq;
};

static void
relearn_free(struct view *v)
{
	struct relearn	*r = v->relearn;

	if (r == NULL)
		return;
	pager_free(&r->pager);
	rseq_free(&r->seqs);
	free(r);
	v->relearn = NULL;
}

static void
relearn_go(void *arg)
{
	struct view		*v = arg;
	struct relearn		*r = v->relearn;
	struct mstore_msg	 m;
	uint32_t		 seq;
	uint8_t			 code;

	for (;;) {
		switch (pager_next(&r->pager, &m, &seq)) {
		case PAGER_WAIT:
			isession_out_done(v->session);
			return;
		case PAGER_ROW:
			tell_row(v, &m, r->known);
			continue;
		case PAGER_END:
			break;
		}
		break;
	}
	code = r->pager.code;
	if (r->modseq > v->modseq)
		v->modseq = r->modseq;
	relearn_free(v);
	isession_out_done(v->session);
	finish(v, code == ST_OK);
}

/* The list is new; and so are the names of keywords. */
static void
on_renamed(void *arg, const struct mbox_sync *s)
{
	struct view	*v = arg;
	struct relearn	*r;

	if (s->code != ST_OK && s->code != ST_GONE) {
		finish(v, 0);
		return;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal("view");
	v->relearn = r;
	r->known = v->uidnext;
	r->modseq = v->mbox->list_modseq;
	if (tell_list(v))
		v->uidnext = v->mbox->list_next;
	if (v->nnames != v->mbox->nnames)
		view_tell_flags(v);
	if (v->exists > 0 && rseq_add(&r->seqs, 1, v->exists) == -1)
		fatal("view");
	context_touch(v, &v->mbox->list->uids);
	r->pager.seqs = &r->seqs;
	r->pager.columns = ST_FETCH_HOT;
	r->pager.budget = 256 * 1024;
	r->pager.ready = relearn_go;
	r->pager.arg = v;
	pager_start(&r->pager, v);
	relearn_go(v);
}

static void
on_relisted(void *arg, int ok)
{
	struct view	*v = arg;

	if (ok)
		mbox_sync(v->mbox, isession_sid(v->session), v->reader,
		    v->mbox->list_modseq, on_renamed, v);
	else
		finish(v, 0);
}

static void
on_sync(void *arg, const struct mbox_sync *s)
{
	struct view	*v = arg;
	uint32_t	 known = v->uidnext;

	if (s->code != ST_OK && s->code != ST_GONE) {
		finish(v, 0);
		return;
	}
	if (s->code == ST_GONE && v->snap != NULL) {
		mbox_load(v->mbox, isession_sid(v->session), on_relisted, v);
		return;
	}
	if (v->snap == NULL && (s->code == ST_GONE || !only_new(v, s))) {
		v->sync_done = v->done;
		v->sync_arg = v->arg;
		view_load(v, on_snap, v);
		return;
	}
	if (v->snap == NULL) {
		if (s->exists != v->exists) {
			v->exists = s->exists;
			tell_count(v);
		}
		v->uidnext = s->uidnext;
	} else if (tell_list(v))
		v->uidnext = v->mbox->list_next;
	if (v->snap != NULL)
		tell_rows(v, s, known);
	context_touch(v, &s->changed);
	if (s->modseq > v->modseq)
		v->modseq = s->modseq;
	isession_out_done(v->session);
	finish(v, 1);
}

/*
 * From what the client knows, or from where the list stands if that is older:
 * then the list can be brought up to date by the same answer.
 */
static void
sync_start(struct view *v)
{
	uint64_t	 since = v->modseq;

	if (v->mbox->list != NULL && v->mbox->list_modseq < since)
		since = v->mbox->list_modseq;
	mbox_sync(v->mbox, isession_sid(v->session), v->reader, since,
	    on_sync, v);
}

void
view_sync(struct view *v, unsigned flags, view_cb cb, void *arg)
{
	v->flags = flags;
	v->done = cb;
	v->arg = arg;
	if (v->mbox->deleted)
		finish(v, 0);
	else if (v->mbox->modseq > v->modseq ||
	    (v->stale && flags & VIEW_EXPUNGE))
		sync_start(v);
	else
		finish(v, 1);
}

void
view_changed(struct view *v, const struct msg_st_changed *c)
{
	if (c->recent_sid == isession_sid(v->session) &&
	    c->uidnext > v->recent_next) {
		if (rseq_add(&v->recent, v->recent_next, c->uidnext - 1) == -1)
			fatal("view");
	}
	if (c->uidnext > v->recent_next)
		v->recent_next = c->uidnext;
	isession_news(v->session);
}
