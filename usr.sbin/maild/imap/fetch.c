/* FETCH and UID FETCH (RFC 9051 6.4.5). */
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "fetch.h"
#include "handlers.h"
#include "libutil/log.h"
#include "rights.h"
#include "set.h"

#define HEADER_HINT	8192	/* most headers are shorter */
#define PART_HINT	65536	/* and most messages than this */
#define PAGE_ROWS	(256 * 1024)
#define PAGE_BODIES	(512 * 1024)
#define MESSAGE_ROOM	(64 * 1024)

static void
fetch_free(void *arg)
{
	struct fetch	*j = arg;

	j->s->drained = NULL;
	if (j->syncing)
		mbox_forget(j->v->mbox, j);
	request_forget(j);
	pager_free(&j->pager);
	fetch_bytes_drop(j);
	rseq_free(&j->seqs);
	free(j->seen_left);
	free(j);
}

/* ---- one message -------------------------------------------------------- */

/* As many of the small items as there are in a row. */
static void
put_small(struct fetch *j)
{
	const struct imap_fetch_item	*it;
	char				*p, *from;

	while (j->item < j->nitems) {
		it = &j->f->items[j->item];
		if (!fetch_item_small(j, it))
			return;
		from = buf_reserve(j->o.buf, FETCH_SMALL);
		if ((p = from) == NULL) {
			j->o.fail = 1;
			return;
		}
		do {
			if (!j->o.first)
				*p++ = ' ';
			j->o.first = 0;
			p = fetch_item_put(j, it, p);
			if (++j->item == j->nitems)
				break;
			it = &j->f->items[j->item];
		} while (fetch_item_small(j, it) &&
		    p - from < FETCH_SMALL - 160);
		buf_commit(j->o.buf, p - from);
	}
}

static enum fetch_step
put_large(struct fetch *j)
{
	const struct imap_fetch_item	*it = &j->f->items[j->item];

	switch (it->type) {
	case IMAP_FETCH_FLAGS:
		fetch_item_flags(j);
		return FETCH_DONE;
	case IMAP_FETCH_SECTION:
		return fetch_body(j, it);
	case IMAP_FETCH_BINARY:
	case IMAP_FETCH_BINARY_SIZE:
		return fetch_binary(j, it);
	default:
		fetch_item_meta(j, it);
		return FETCH_DONE;
	}
}

/* Go on with the message in hand.  FETCH_DONE: its last byte is written. */
static enum fetch_step
put_message(struct fetch *j)
{
	enum fetch_step	 step;

	for (;;) {
		if (j->stream.on) {
			step = fetch_bytes_more(j);
			if (step != FETCH_DONE)
				return step;
			j->item++;
		}
		put_small(j);
		if (j->item == j->nitems || j->o.fail)
			break;
		if ((step = put_large(j)) != FETCH_DONE)
			return step;
		j->item++;
	}
	if (j->seen_modseq != 0 && j->row.modseq >= j->seen_first &&
	    j->row.modseq <= j->seen_modseq) {
		if (!(j->f->types & 1u << IMAP_FETCH_FLAGS))
			fetch_item_flags(j);
		if (j->condstore && !(j->f->types & 1u << IMAP_FETCH_MODSEQ))
			imap_out_fetch_modseq(&j->o, j->row.modseq);
	}
	imap_out_raw(&j->o, ")\r\n", 3);
	return FETCH_DONE;
}

/* 0: not this one. */
static int
begin_message(struct fetch *j)
{
	char	*p, *from;

	if (j->since != 0 && j->row.modseq <= j->since)
		return 0;
	if (j->row.status & MSTORE_PAGE_BAD || (j->need_meta &&
	    (meta_open(&j->meta, j->row.meta.p, j->row.meta.len) == -1 ||
	    j->meta.text[META_ENVELOPE].p == NULL))) {
		j->corrupt = 1;
		return 0;
	}
	/* Room at once for what is gathered before a write. */
	from = buf_reserve(j->o.buf, j->o.buf->len == 0 ? MESSAGE_ROOM :
	    FETCH_SMALL);
	if ((p = from) == NULL) {
		j->o.fail = 1;
		return 0;
	}
	p = fetch_item_begin(j, p);
	buf_commit(j->o.buf, p - from);
	j->o.first = 1;
	j->item = 0;
	j->has_row = 1;
	return 1;
}

/* ---- all of them -------------------------------------------------------- */

static void
on_drained(struct isession *s)
{
	struct fetch	*j = s->job;

	s->drained = NULL;
	j->blocked = 0;
	fetch_go(j);
}

static void
finish(struct fetch *j)
{
	struct isession	*s = j->s;
	uint8_t		 code = j->pager.code;

	if (j->o.fail)
		isession_bye(s, "Out of memory");
	else if (code != ST_OK)
		isession_done_st(s, code, NULL);
	else if (j->done != NULL)
		j->done(s);
	else if (j->corrupt)
		isession_done(s, IMAP_RESULT_NO, "CORRUPTION",
		    "Some messages cannot be read.");
	else if (j->cte)
		isession_done(s, IMAP_RESULT_NO, "UNKNOWN-CTE",
		    "Some parts are encoded in a way not known here.");
	else if (j->seen < j->expected)
		isession_done(s, IMAP_RESULT_OK, "EXPUNGEISSUED",
		    "Some messages were expunged meanwhile.");
	else
		isession_done(s, IMAP_RESULT_OK, NULL, "Fetch completed.");
}

/* Write until something has to be waited for, or all is written. */
void
fetch_go(struct fetch *j)
{
	struct isession	*s = j->s;

	if (j->blocked)
		return;
	for (;;) {
		if (!j->has_row) {
			switch (pager_next(&j->pager, &j->row, &j->seq)) {
			case PAGER_WAIT:
				s->progress.done = j->seen;
				s->progress.amid = 0;
				isession_out_done(s);
				return;
			case PAGER_END:
				isession_out_done(s);
				finish(j);
				return;
			case PAGER_ROW:
				break;
			}
			j->seen++;
			s->progress.amid = 1;
			if (!begin_message(j))
				continue;
		}
		switch (put_message(j)) {
		case FETCH_DEAD:
			return;
		case FETCH_WAIT:
			if (j->blocked)
				s->drained = on_drained;
			isession_out_done(s);
			return;
		case FETCH_DONE:
			break;
		}
		j->has_row = 0;
		if (j->hold.hi != 0)
			fetch_bytes_drop(j);
		if (j->o.fail)
			break;
		if (j->o.buf->len < MESSAGE_ROOM - 1024)
			continue;
		isession_out_done(s);
		if (fetch_full(j)) {
			j->blocked = 1;
			s->drained = on_drained;
			return;
		}
	}
	finish(j);
}

static void
go(void *arg)
{
	fetch_go(arg);
}

/* ---- what to ask for ---------------------------------------------------- */

static void
want(struct pager *p, uint64_t length)
{
	p->columns |= ST_FETCH_BODY;
	if (length > p->length)
		p->length = length;
}

/* HEADER.FIELDS of what the briefs most likely have. */
static int
is_brief(const struct imap_section *s)
{
	uint16_t	 i;

	if (s->npath > 0 || s->text != IMAP_SECTION_FIELDS_OF)
		return 0;
	for (i = 0; i < s->nfields; i++) {
		if (brief_fields_never(s->fields[i]))
			return 0;
	}
	return 1;
}

/* The bytes that an item will most likely need. */
static void
want_section(struct fetch *j, const struct imap_fetch_item *it, int many)
{
	const struct imap_section	*s = &it->section;
	struct pager			*p = &j->pager;

	if (s->npath == 0 && (s->text == IMAP_SECTION_ALL ||
	    s->text == IMAP_SECTION_TEXT)) {
		if (s->text == IMAP_SECTION_TEXT)
			j->need_meta = 1;
		if (!it->partial || it->type != IMAP_FETCH_SECTION)
			want(p, UINT64_MAX);
		else if (it->first == 0 || many)
			want(p, (uint64_t)it->first + it->count < PART_HINT ?
			    (uint64_t)it->first + it->count : PART_HINT);
		else
			j->need_meta = 1;
		return;
	}
	if (is_brief(s)) {
		/* Where the brief lacks one, its size helps to get it. */
		p->columns |= ST_FETCH_FIELDS | ST_FETCH_WHERE;
		return;
	}
	j->need_meta = 1;
	if (s->npath == 0)
		want(p, HEADER_HINT);
	else if (many)
		want(p, PART_HINT);
}

static void
choose_columns(struct fetch *j)
{
	const struct imap_fetch	*f = j->f;
	struct pager		*p = &j->pager;
	uint32_t		 i;

	if (f->costs & IMAP_COST_BIT(IMAP_COST_HOT) || j->seen_modseq != 0 ||
	    j->since != 0)
		p->columns |= ST_FETCH_HOT;
	if (f->costs & IMAP_COST_BIT(IMAP_COST_WHERE))
		p->columns |= ST_FETCH_WHERE;
	for (i = 0; i < f->nitems; i++) {
		if (f->items[i].type >= IMAP_FETCH_SECTION)
			want_section(j, &f->items[i], j->expected > 1);
		else if (f->items[i].type >= IMAP_FETCH_ENVELOPE)
			j->need_meta = 1;
	}
	if (j->need_meta)
		p->columns |= ST_FETCH_META;
	p->budget = p->columns & ST_FETCH_BODY ? PAGE_BODIES : PAGE_ROWS;
}

/* ---- \Seen -------------------------------------------------------------- */

static void
on_seen(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_flags_r	*r = msg;
	struct fetch			*j = arg;

	if (type == M_ST_FLAGS_R && r->code == ST_OK && r->changed) {
		if (j->seen_first == 0)
			j->seen_first = r->modseq;
		j->seen_modseq = r->modseq;
		view_told(j->v, r->modseq);
	}
}

static void	ask_rows(struct fetch *);
static void	set_seen(struct fetch *);

/* Of many: a piece at a time, so that the store has time for others. */
static void
on_seen_some(void *arg, uint32_t type, const void *msg, int fd)
{
	struct fetch	*j = arg;

	on_seen(arg, type, msg, fd);
	set_seen(j);
	if (!chunk_more(j->seen_left))
		ask_rows(j);
}

/* Asked for before the messages, so that their flags show it. */
static void
set_seen(struct fetch *j)
{
	struct msg_st_flags	 m = { .sid = j->s->c.sid,
	    .mbox = j->v->mbox->id, .op = ST_FLAGS_ADD,
	    .flags = MSTORE_SEEN, .keywords = "",
	    .unchangedsince = UINT64_MAX };

	if (chunk_next(j->seen_left, &m.uids)) {
		m.req = request_new(chunk_more(j->seen_left) ? on_seen_some :
		    on_seen, j);
		request_send(m.req, M_ST_FLAGS, &m);
	}
}

/* ---- the beginning ------------------------------------------------------ */

static void
ask_rows(struct fetch *j)
{
	free(j->seen_left);
	j->seen_left = NULL;
	j->pager.seqs = &j->seqs;
	j->pager.ready = go;
	j->pager.arg = j;
	pager_start(&j->pager, j->v);
	fetch_go(j);
}

static void
start(struct fetch *j)
{
	int	 seen = j->f->sets_seen && !j->v->readonly &&
	    j->v->rights & RIGHT_S;

	j->expected = rseq_count(&j->seqs);
	if (j->expected == 0) {
		finish(j);
		return;
	}
	/* Flags are then wanted, to see which of them it has changed. */
	j->seen_modseq = seen;
	choose_columns(j);
	j->seen_modseq = 0;
	progress_begin(j->s, j->expected);
	if (seen) {
		if ((j->seen_left = malloc(sizeof(*j->seen_left))) == NULL)
			fatal("fetch");
		chunk_start(j->seen_left, &j->seqs, j->v->snap, 0);
		set_seen(j);
		if (chunk_more(j->seen_left))
			return;
	}
	ask_rows(j);
}

static void
swap(struct rseq *a, struct rseq *b)
{
	struct rseq	 c = *a;

	*a = *b;
	*b = c;
	rseq_free(b);
}

/* RFC 9394 3.2: the a-th to the b-th of them. */
static void
take_partial(struct fetch *j)
{
	uint64_t	 a, b, n = rseq_count(&j->seqs), at = 0;
	uint64_t	 len, lo, hi;
	struct rseq	 out;
	size_t		 i;
	int		 back = j->f->partial_a < 0;

	a = back ? -j->f->partial_a : j->f->partial_a;
	b = back ? -j->f->partial_b : j->f->partial_b;
	lo = a < b ? a : b;
	hi = a < b ? b : a;
	if (hi > n)
		hi = n;
	rseq_init(&out);
	if (back && lo <= hi) {
		len = hi;
		hi = n - lo + 1;
		lo = n - len + 1;
	}
	for (i = 0; lo <= hi && i < j->seqs.nruns; i++) {
		const struct rseq_run	*r = &j->seqs.runs[i];

		len = (uint64_t)r->last - r->first + 1;
		a = lo > at + 1 ? lo - at : 1;
		b = hi < at + len ? hi - at : len;
		if (hi > at && a <= b && rseq_add(&out, r->first + (a - 1),
		    r->first + (b - 1)) == -1)
			fatal("fetch");
		at += len;
	}
	swap(&j->seqs, &out);
}

/* RFC 7162 3.2.6: of the uids that he named, those that are gone. */
static void
tell_vanished(struct fetch *j, const struct mbox_sync *sync)
{
	struct view	*v = j->v;
	struct rseq	 asked, gone;
	uint32_t	 max = v->uidnext - 1;	/* `*', if it is gone too */
	size_t		 i;

	rseq_init(&asked);
	rseq_init(&gone);
	if (j->f->set.saved ? rseq_copy(&asked, &v->saved) == -1 :
	    imap_seqset_resolve(&j->f->set, max, &asked) == -1)
		fatal("fetch");
	if (sync->code == ST_OK) {
		if (rseq_intersect(&gone, &asked, &sync->vanished) == -1)
			fatal("fetch");
	} else if (rseq_copy(&gone, &asked) == -1)
		fatal("fetch");
	/* What he still counts he will be told of in its turn. */
	for (i = 0; i < v->snap->uids.nruns; i++) {
		if (rseq_remove(&gone, v->snap->uids.runs[i].first,
		    v->snap->uids.runs[i].last) == -1)
			fatal("fetch");
	}
	if (gone.nruns > 0 && rseq_remove(&gone,
	    v->uidnext, UINT32_MAX) == -1)
		fatal("fetch");
	imap_out_vanished(isession_out(j->s), &gone, 1);
	isession_out_done(j->s);
	rseq_free(&asked);
	rseq_free(&gone);
}

static void
on_changes(void *arg, const struct mbox_sync *sync)
{
	struct fetch	*j = arg;
	struct rseq	 uids, seqs, both;

	j->syncing = 0;
	if (j->f->vanished)
		tell_vanished(j, sync);
	rseq_init(&uids);
	rseq_init(&seqs);
	rseq_init(&both);
	if (sync->code != ST_OK)
		/* Too long ago: go by the modseq of each. */
		j->since = j->f->changedsince;
	else {
		if (uidlist_from_uids(j->v->snap, j->v->exists,
		    &sync->changed, &uids) == -1 ||
		    uidlist_to_seqs(j->v->snap, &uids, &seqs) == -1 ||
		    rseq_intersect(&both, &j->seqs, &seqs) == -1)
			fatal("fetch");
		swap(&j->seqs, &both);
	}
	rseq_free(&uids);
	rseq_free(&seqs);
	start(j);
}

static void
on_loaded(void *arg, int ok)
{
	struct fetch		*j = arg;
	struct isession		*s = j->s;
	const struct imap_fetch	*f = j->f;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	if (set_resolve(s, &f->set, j->uid, &j->seqs) == -1)
		return;
	if (f->partial)
		take_partial(j);
	if (j->done == NULL)
		set_limit(s, &j->seqs);
	if (f->changed) {
		j->syncing = 1;
		mbox_sync(j->v->mbox, s->c.sid, j->v->reader, f->changedsince,
		    on_changes, j);
	} else
		start(j);
}

static void
begin(struct isession *s, const struct imap_fetch *f, int uid,
    void (*done)(struct isession *))
{
	struct fetch	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("fetch");
	fetch_item_init();
	j->s = s;
	j->v = s->view;
	j->f = f;
	j->uid = uid;
	j->done = done;
	imap_out_init(&j->o, conn_out(s->c.conn), s->st.enabled);
	j->uidonly = (s->st.enabled & IMAP_EN_UIDONLY) != 0;
	j->condstore = (s->st.enabled & IMAP_EN_CONDSTORE) != 0;
	j->nitems = f->nitems;
	/* UID FETCH has added it, and UIDFETCH says it anyway. */
	if (j->uidonly && f->nitems > 1 &&
	    f->items[f->nitems - 1].type == IMAP_FETCH_UID)
		j->nitems--;
	s->job = j;
	s->job_free = fetch_free;
	view_load(s->view, on_loaded, j);
}

void
fetch_run(struct isession *s, const struct imap_fetch *f,
    void (*done)(struct isession *))
{
	begin(s, f, 1, done);
}

void
fetch_fetch(struct isession *s)
{
	begin(s, &s->cmd->u.fetch, s->cmd->uid, NULL);
}
