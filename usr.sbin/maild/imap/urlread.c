#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "libimap/imap_name.h"
#include "libimap/imap_url.h"
#include "libutil/log.h"
#include "urlread.h"

#define PIECE		(256 * 1024)
#define ARENA_MAX	65536

struct urlread {
	struct isession	*s;
	const struct urlread_ops *ops;
	void		*arg;
	struct imap_arena arena;
	struct imap_url	 url;
	struct span	 text;
	int		 auth;
	uint64_t	 mbox;
	uint32_t	 at, end;	/* still to come */
	struct later	 later;
};

void
urlread_free(struct urlread *u)
{
	if (u == NULL)
		return;
	request_forget(u);
	later_forget(&u->later);
	imap_arena_free(&u->arena);
	free(u);
}

static void
failed(void *arg)
{
	struct urlread	*u = arg;

	u->ops->done(u->arg, 0);
}

/* ---- rows --------------------------------------------------------------- */

/* Of its own mailbox, or by the URL that says who may. */
static void
ask(struct urlread *u, uint32_t columns, request_cb cb)
{
	struct rseq_run		 run = { u->url.uid, u->url.uid };
	struct rseq		 one = { &run, 1, 1 };
	uint8_t			 wire[12];
	char			 text[IMAP_URL_MAX + 1];
	struct msg_st_fetch	 m = { .sid = u->s->c.sid, .mbox = u->mbox,
	    .columns = columns, .offset = u->at, .length = u->end - u->at,
	    .budget = PIECE };
	struct msg_st_url	 mu = { .sid = u->s->c.sid, .columns = columns,
	    .offset = u->at, .length = u->end - u->at, .budget = PIECE };

	if (u->auth) {
		memcpy(text, u->text.p, u->text.len);
		text[u->text.len] = '\0';
		mu.url = text;
		mu.req = request_new(cb, u);
		request_send(mu.req, M_ST_URL, &mu);
		return;
	}
	rseq_put(&one, wire);
	m.uids.data = wire;
	m.uids.len = rseq_wirelen(&one);
	m.req = request_new(cb, u);
	request_send(m.req, M_ST_FETCH, &m);
}

/* The one row; 0, or -1: it is not there. */
static int
read_row(struct urlread *u, uint32_t type, const void *msg, int fd,
    struct rows *rows, struct mstore_msg *m)
{
	const struct msg_st_fetch_r	*r = msg;
	size_t				 off = 0;
	int				 rc;

	memset(rows, 0, sizeof(*rows));
	if (type != M_ST_FETCH_R || r->code != ST_OK) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (rows_open(rows, &r->rows, r->size, fd) == -1)
		return -1;
	rc = mstore_page_next(rows->data, rows->len, &off, m);
	if (rc == -1)
		fatalx("store: malformed page");
	if (rc == 1 && m->uid == u->url.uid && m->status == 0)
		return 0;
	rows_free(rows);
	return -1;
}

static void
on_piece(void *arg, uint32_t type, const void *msg, int fd)
{
	struct urlread		*u = arg;
	struct mstore_msg	 m;
	struct rows		 rows;
	size_t			 n;
	int			 rc;

	if (read_row(u, type, msg, fd, &rows, &m) == -1) {
		failed(u);
		return;
	}
	n = m.body.len < u->end - u->at ? m.body.len : u->end - u->at;
	rc = m.off != u->at || n == 0 ? -1 : u->ops->data(u->arg, m.body.p, n);
	rows_free(&rows);
	u->at += n;
	if (rc == -1)
		failed(u);
	else if (rc == 0)
		urlread_resume(u);
}

static void
resume(void *arg)
{
	struct urlread	*u = arg;

	if (u->at == u->end)
		u->ops->done(u->arg, 1);
	else
		ask(u, ST_FETCH_BODY, on_piece);
}

void
urlread_resume(struct urlread *u)
{
	later_call(&u->later, resume, u);
}

/* What the section and ;PARTIAL= leave of the message. */
static int
choose(struct urlread *u, const struct meta *meta)
{
	uint32_t	 lo, hi;

	if (fetch_range(meta, meta->size, &u->url.section, &lo, &hi) == -1)
		return -1;
	if (u->url.partial) {
		lo = u->url.off < hi - lo ? lo + u->url.off : hi;
		if (u->url.len != 0 && u->url.len < hi - lo)
			hi = lo + u->url.len;
	}
	u->at = lo;
	u->end = hi;
	return 0;
}

static void
on_meta(void *arg, uint32_t type, const void *msg, int fd)
{
	struct urlread		*u = arg;
	struct mstore_msg	 m;
	struct rows		 rows;
	struct meta		 meta;
	int			 rc;

	if (read_row(u, type, msg, fd, &rows, &m) == -1) {
		failed(u);
		return;
	}
	rc = meta_open(&meta, m.meta.p, m.meta.len) == -1 ||
	    choose(u, &meta) == -1 ? -1 : 0;
	rows_free(&rows);
	if (rc == -1) {
		failed(u);
		return;
	}
	u->ops->begin(u->arg, u->end - u->at);
	urlread_resume(u);
}

/* ---- the mailbox -------------------------------------------------------- */

static void
on_status(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_status_r	*r = msg;
	struct urlread			*u = arg;

	if (type != M_ST_STATUS_R || r->code != ST_OK ||
	    (u->url.uidvalidity != 0 && u->url.uidvalidity !=
	    r->uidvalidity)) {
		failed(u);
		return;
	}
	u->mbox = r->mbox;
	ask(u, ST_FETCH_META, on_meta);
}

static void
find_mailbox(struct urlread *u)
{
	struct msg_st_status	 m = { .sid = u->s->c.sid };
	char			 name[IMAP_NAME_MAX + 1];
	const char		*why;

	if (imap_name_read(u->url.mailbox, IMAP_NAME_UTF8, name, &why) == -1) {
		later_call(&u->later, failed, u);
		return;
	}
	m.name = name;
	m.req = request_new(on_status, u);
	request_send(m.req, M_ST_STATUS, &m);
}

struct urlread *
urlread_start(struct isession *s, struct span text, int auth,
    const struct urlread_ops *ops, void *arg)
{
	struct urlread	*u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		fatal("url");
	u->s = s;
	u->ops = ops;
	u->arg = arg;
	u->auth = auth;
	imap_arena_init(&u->arena, ARENA_MAX);
	u->text = imap_arena_copy(&u->arena, text);
	if (u->text.p == NULL || imap_url_parse(&u->arena, u->text,
	    &u->url) == -1 || (auth ? u->url.token.p == NULL :
	    u->url.host.p != NULL || u->url.access != IMAP_URL_NONE ||
	    (u->url.mailbox.p == NULL && s->view == NULL)))
		later_call(&u->later, failed, u);
	else if (auth)
		ask(u, ST_FETCH_META, on_meta);
	else if (u->url.mailbox.p != NULL)
		find_mailbox(u);
	else {
		u->mbox = s->view->mbox->id;
		ask(u, ST_FETCH_META, on_meta);
	}
	return u;
}
