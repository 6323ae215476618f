/* GENURLAUTH, RESETKEY, URLFETCH (RFC 4467). */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "isession.h"
#include "libimap/imap_url.h"
#include "libutil/log.h"
#include "name.h"
#include "urlread.h"

/* Of GENURLAUTH or URLFETCH: one URL after the other. */
struct urls {
	struct isession	*s;
	uint32_t	 at;
	struct buf	 answer;	/* GENURLAUTH's */
	struct urlread	*url;
	uint8_t		 begun;		/* a literal was announced */
};

static void	generate_next(struct urls *);
static void	fetch_next(struct urls *);

static void
urls_free(void *arg)
{
	struct urls	*j = arg;

	j->s->drained = NULL;
	request_forget(j);
	urlread_free(j->url);
	buf_free(&j->answer);
	free(j);
}

static struct urls *
urls_new(struct isession *s)
{
	struct urls	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("urls");
	j->s = s;
	s->job = j;
	s->job_free = urls_free;
	buf_init(&j->answer, 1024 * 1024);
	return j;
}

/* ---- GENURLAUTH -------------------------------------------------------- */

static void
on_token(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct urls		*j = arg;
	struct isession		*s = j->s;
	struct span		 url = s->cmd->u.urls.pairs[j->at].key;
	struct imap_out		 o;

	if (r->code != ST_OK) {
		isession_done(s, r->code == ST_BAD ? IMAP_RESULT_BAD :
		    IMAP_RESULT_NO, NULL, "Not a URL of yours to sign.");
		return;
	}
	/* A URL has no character that a quoted string has not. */
	imap_out_init(&o, &j->answer, 0);
	imap_out_str(&o, " \"");
	imap_out_span(&o, url);
	imap_out_str(&o, ":INTERNAL:");
	imap_out_str(&o, r->text);
	imap_out_str(&o, "\"");
	if (o.fail) {
		isession_done(s, IMAP_RESULT_NO, "LIMIT", "Too many URLs.");
		return;
	}
	j->at++;
	generate_next(j);
}

static void
generate_next(struct urls *j)
{
	const struct imap_urls	*u = &j->s->cmd->u.urls;
	struct isession		*s = j->s;
	struct msg_st_urlkey	 m = { .sid = s->c.sid, .op = ST_URL_SIGN };
	struct imap_out		*o;
	char			 text[IMAP_URL_MAX + 1];
	struct span		 url;

	if (j->at == u->n) {
		o = isession_out(s);
		imap_out_str(o, "* GENURLAUTH");
		imap_out_raw(o, buf_ptr(&j->answer), j->answer.len);
		imap_out_crlf(o);
		isession_out_done(s);
		isession_done(s, IMAP_RESULT_OK, NULL, NULL);
		return;
	}
	url = u->pairs[j->at].key;
	if (!span_ieqs(u->pairs[j->at].val, "INTERNAL")) {
		isession_done(s, IMAP_RESULT_NO, "CANNOT",
		    "Only INTERNAL is known here.");
		return;
	}
	if (url.len > IMAP_URL_MAX || memchr(url.p, '\0', url.len) != NULL ||
	    memchr(url.p, '"', url.len) != NULL ||
	    memchr(url.p, '\\', url.len) != NULL) {
		isession_done(s, IMAP_RESULT_BAD, NULL, "Bad URL.");
		return;
	}
	memcpy(text, url.p, url.len);
	text[url.len] = '\0';
	m.text = text;
	m.req = request_new(on_token, j);
	request_send(m.req, M_ST_URLKEY, &m);
}

void
urlauth_generate(struct isession *s)
{
	generate_next(urls_new(s));
}

/* ---- RESETKEY ---------------------------------------------------------- */

static void
on_reset(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct isession		*s = arg;

	if (r->code == ST_OK)
		isession_done(s, IMAP_RESULT_OK, "URLMECH INTERNAL",
		    "What was signed before is void.");
	else
		isession_done_st(s, r->code, NULL);
}

void
urlauth_reset(struct isession *s)
{
	const struct imap_words	*w = &s->cmd->u.words;
	struct msg_st_urlkey	 m = { .sid = s->c.sid, .op = ST_URL_RESET };
	char			 name[IMAP_NAME_MAX + 1] = "";
	uint32_t		 i;

	if (w->n > 0 && name_read(s, w->v[0], 0, name) == -1)
		return;
	for (i = 1; i < w->n; i++) {
		if (!span_ieqs(w->v[i], "INTERNAL")) {
			isession_done(s, IMAP_RESULT_NO, "CANNOT",
			    "Only INTERNAL is known here.");
			return;
		}
	}
	m.text = name;
	m.req = request_new(on_reset, s);
	request_send(m.req, M_ST_URLKEY, &m);
}

/* ---- URLFETCH ---------------------------------------------------------- */

static void
put_head(struct urls *j)
{
	struct imap_out	*o = isession_out(j->s);

	imap_out_str(o, "* URLFETCH ");
	imap_out_astring(o, j->s->cmd->u.urls.pairs[j->at].key);
	imap_out_str(o, " ");
}

static void
on_begin(void *arg, uint64_t total)
{
	struct urls	*j = arg;

	put_head(j);
	imap_out_literal(isession_out(j->s), total, 0);
	isession_out_done(j->s);
	j->begun = 1;
}

static void
on_drained(struct isession *s)
{
	struct urls	*j = s->job;

	s->drained = NULL;
	urlread_resume(j->url);
}

static int
on_data(void *arg, const char *p, size_t len)
{
	struct urls	*j = arg;

	if (conn_write(j->s->c.conn, p, len) == -1)
		return 1;	/* its end comes by an event */
	if (conn_pending(j->s->c.conn) <= 256 * 1024)
		return 0;
	j->s->drained = on_drained;
	return 1;
}

static void
on_done(void *arg, int ok)
{
	struct urls	*j = arg;
	struct isession	*s = j->s;

	urlread_free(j->url);
	j->url = NULL;
	if (!ok && j->begun) {
		/* What was announced cannot be sent any more. */
		isession_close(s);
		return;
	}
	if (!ok) {
		put_head(j);
		imap_out_str(isession_out(s), "NIL");
	}
	imap_out_crlf(isession_out(s));
	isession_out_done(s);
	j->begun = 0;
	j->at++;
	fetch_next(j);
}

static void
fetch_next(struct urls *j)
{
	static const struct urlread_ops	 ops = { on_begin, on_data, on_done };
	const struct imap_urls		*u = &j->s->cmd->u.urls;

	if (j->at < u->n)
		j->url = urlread_start(j->s, u->pairs[j->at].key, 1, &ops, j);
	else
		isession_done(j->s, IMAP_RESULT_OK, NULL, NULL);
}

void
urlauth_fetch(struct isession *s)
{
	const struct imap_urls	*u = &s->cmd->u.urls;
	uint32_t		 i;

	/* RFC 5524's forms are not offered. */
	for (i = 0; i < u->n; i++) {
		if (u->pairs[i].val.p != NULL) {
			isession_done(s, IMAP_RESULT_BAD, NULL,
			    "Not offered here.");
			return;
		}
	}
	fetch_next(urls_new(s));
}
