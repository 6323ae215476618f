/* mailctl export: mailboxes of an account to files, over IMAP. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "act.h"
#include "export.h"
#include "imapc.h"
#include "progress.h"
#include "show.h"

#define CHUNK		200	/* messages of one FETCH */

struct box {
	char		*name;
	uint32_t	 messages;
};

struct export {
	struct mailctl	*m;
	struct imapc	*c;
	const struct export_kind *kind;
	struct box	*boxes;
	size_t		 nboxes;
	const char	*name;		/* of the mailbox at work */
	uint32_t	 uidvalidity;
	struct rseq	 got;		/* of the chunk */
	struct buf	 text;
	struct progress	 bar;
	uint64_t	 done;
	uint64_t	 all;
	uint64_t	 exported;
	uint64_t	 present;
	uint64_t	 bad;
	json_t		*failed;
};

/* ---- which mailboxes ----------------------------------------------------- */

static void
add_box(struct export *ex, const char *name)
{
	struct box	*b;

	b = reallocarray(ex->boxes, ex->nboxes + 1, sizeof(*b));
	if (b == NULL || (b[ex->nboxes].name = strdup(name)) == NULL)
		err(1, NULL);
	ex->boxes = b;
	b[ex->nboxes++].messages = 0;
}

static void
on_list(void *arg, struct span resp)
{
	char	 name[IMAPC_NAME];
	int	 noselect;

	if (imapc_list(resp, name, &noselect) && !noselect)
		add_box(arg, name);
}

static void
list(struct export *ex)
{
	char	 text[ASK_TEXT];

	imapc_putf(ex->c, "l LIST \"\" *\r\n");
	if (imapc_wait(ex->c, "l", on_list, ex, text) != 1)
		errx(1, "%s", text);
}

static void
on_status(void *arg, struct span resp)
{
	struct box	*b = arg;
	size_t		 i;

	for (i = 0; i + 9 < resp.len; i++)
		if (strncasecmp(resp.p + i, "MESSAGES ", 9) == 0)
			b->messages = (uint32_t)strtoul(resp.p + i + 9, NULL,
			    10);
}

/* How much there is, for the progress. */
static void
count(struct export *ex)
{
	char	 text[ASK_TEXT];
	size_t	 i;

	for (i = 0; i < ex->nboxes; i++) {
		imapc_putf(ex->c, "s STATUS ");
		imapc_put_string(ex->c, ex->boxes[i].name);
		imapc_putf(ex->c, " (MESSAGES)\r\n");
		(void)imapc_wait(ex->c, "s", on_status, &ex->boxes[i], text);
		ex->all += ex->boxes[i].messages;
	}
}

/* ---- messages ------------------------------------------------------------ */

static void
bad(struct export *ex, const char *what, uint32_t uid, const char *why)
{
	char	 line[2048], num[32] = "";

	ex->bad++;
	progress_clear(&ex->bar);
	if (uid != 0)
		snprintf(num, sizeof(num), " uid %u", uid);
	snprintf(line, sizeof(line), "%s%s: %s", what, num, why);
	show_clean(line);
	if (ex->m->json)
		json_array_append_new(ex->failed, json_pack("{s:s}",
		    "message", line));
	else
		fprintf(stderr, "%s\n", line);
}

/* Files have lines that end in LF. */
static void
to_lf(struct buf *out, struct span s)
{
	const char	*p = s.p, *end = s.p + s.len, *nl;
	size_t		 n;

	buf_truncate(out, 0);
	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p);
		if (n > 0 && nl != NULL && p[n - 1] == '\r')
			n--;
		if (buf_add(out, p, n) == -1 ||
		    (nl != NULL && buf_addc(out, '\n') == -1))
			err(1, NULL);
		p = nl == NULL ? end : nl + 1;
	}
}

static void
on_message(void *arg, struct span resp)
{
	struct export	*ex = arg;
	struct imapc_msg msg;
	struct export_msg m;

	if (!imapc_fetch(resp, &msg) || !msg.has_body)
		return;
	if (rseq_add(&ex->got, msg.uid, msg.uid) == -1)
		err(1, NULL);
	to_lf(&ex->text, msg.body);
	m.uid = msg.uid;
	m.uidvalidity = ex->uidvalidity;
	m.date = msg.date;
	m.flags = msg.flags;
	m.data = ex->text.len == 0 ? (const uint8_t *)"" : buf_ptr(&ex->text);
	m.len = ex->text.len;
	ex->kind->message(&m);
	ex->exported++;
	ex->done++;
	progress_show(&ex->bar, ex->done, ex->all, ex->done, "messages");
}

/* The next so many uids of a set, from (run, uid) on; 0 none. */
static int
next_chunk(const struct rseq *all, size_t *run, uint32_t *uid,
    struct rseq *chunk)
{
	uint32_t	 n = CHUNK, last;

	rseq_free(chunk);
	for (; n > 0 && *run < all->nruns; (*run)++, *uid = 0) {
		if (*uid < all->runs[*run].first)
			*uid = all->runs[*run].first;
		last = all->runs[*run].last;
		if (last - *uid >= n)
			last = *uid + n - 1;
		if (rseq_add(chunk, *uid, last) == -1)
			err(1, NULL);
		n -= last - *uid + 1;
		if (last < all->runs[*run].last) {
			*uid = last + 1;
			break;
		}
	}
	return chunk->nruns > 0;
}

static void
ask_chunk(struct export *ex, const struct rseq *chunk, const char *tag)
{
	size_t	 i;

	imapc_putf(ex->c, "%s UID FETCH ", tag);
	for (i = 0; i < chunk->nruns; i++)
		imapc_putf(ex->c, "%s%u:%u", i == 0 ? "" : ",",
		    chunk->runs[i].first, chunk->runs[i].last);
	imapc_putf(ex->c, " (FLAGS INTERNALDATE BODY.PEEK[])\r\n");
	imapc_flush(ex->c);
}

/* Messages that were asked for and did not come: they cannot be read. */
static void
missing(struct export *ex, const struct rseq *chunk, const char *text)
{
	uint32_t	 uid;
	size_t		 i;

	for (i = 0; i < chunk->nruns; i++)
		for (uid = chunk->runs[i].first;; uid++) {
			if (!rseq_has(&ex->got, uid))
				bad(ex, ex->name, uid, text);
			if (uid == chunk->runs[i].last)
				break;
		}
}

/* The next chunk is asked for before the answer to the last one is read. */
static void
fetch(struct export *ex, const struct rseq *uids)
{
	struct rseq	 chunks[2];
	const char	*tags[2] = { "f0", "f1" };
	char		 text[ASK_TEXT];
	size_t		 run = 0;
	uint32_t	 uid = 0;
	int		 turn = 0;

	rseq_init(&chunks[0]);
	rseq_init(&chunks[1]);
	if (next_chunk(uids, &run, &uid, &chunks[0]))
		ask_chunk(ex, &chunks[0], tags[0]);
	while (chunks[turn].nruns > 0) {
		if (next_chunk(uids, &run, &uid, &chunks[!turn]))
			ask_chunk(ex, &chunks[!turn], tags[!turn]);
		rseq_free(&ex->got);
		if (imapc_wait(ex->c, tags[turn], on_message, ex, text) != 1)
			missing(ex, &chunks[turn], text);
		turn = !turn;
	}
	rseq_free(&chunks[0]);
	rseq_free(&chunks[1]);
}

/* ---- mailboxes ----------------------------------------------------------- */

static void
on_examine(void *arg, struct span resp)
{
	struct export	*ex = arg;
	uint32_t	 n;

	if ((n = imapc_code(resp, "UIDVALIDITY")) != 0)
		ex->uidvalidity = n;
}

static void
on_search(void *arg, struct span resp)
{
	(void)imapc_esearch(resp, arg);
}

static void
do_box(struct export *ex, const struct box *b)
{
	struct rseq	 uids;
	char		 text[ASK_TEXT];
	uint64_t	 before;

	ex->name = b->name;
	ex->uidvalidity = 0;
	imapc_putf(ex->c, "x EXAMINE ");
	imapc_put_string(ex->c, b->name);
	imapc_putf(ex->c, "\r\n");
	if (imapc_wait(ex->c, "x", on_examine, ex, text) != 1) {
		bad(ex, b->name, 0, text);
		return;
	}
	rseq_init(&uids);
	imapc_putf(ex->c, "u UID SEARCH RETURN (ALL) ALL\r\n");
	if (imapc_wait(ex->c, "u", on_search, &uids, text) != 1)
		bad(ex, b->name, 0, text);
	before = rseq_count(&uids);
	ex->kind->mailbox(b->name, ex->uidvalidity, &uids);
	before -= rseq_count(&uids);
	ex->present += before;
	ex->done += before;
	fetch(ex, &uids);
	rseq_free(&uids);
}

static int
result(struct export *ex)
{
	json_t	*o;

	progress_clear(&ex->bar);
	if (ex->m->json) {
		o = json_pack("{s:b, s:I, s:I, s:I, s:O}", "ok", ex->bad == 0,
		    "exported", (json_int_t)ex->exported, "present",
		    (json_int_t)ex->present, "bad", (json_int_t)ex->bad,
		    "failed", ex->failed);
		if (o == NULL)
			err(1, NULL);
		if (json_dumpf(o, stderr, JSON_COMPACT) == 0)
			fputc('\n', stderr);
		json_decref(o);
	} else
		/* Standard output may be the mail itself. */
		fprintf(stderr, "%llu messages exported, %llu were there "
		    "already, %llu could not be\n",
		    (unsigned long long)ex->exported,
		    (unsigned long long)ex->present,
		    (unsigned long long)ex->bad);
	return ex->bad == 0 ? 0 : 1;
}

int
act_export(struct mailctl *m, const struct request *r)
{
	struct export	*ex;
	char		 text[ASK_TEXT], *account;
	size_t		 i;
	int		 ret;

	if ((ex = calloc(1, sizeof(*ex))) == NULL)
		err(1, NULL);
	ex->m = m;
	ex->kind = strcmp(r->verb, "tar") == 0 ? &export_tar :
	    strcmp(r->verb, "mbox") == 0 ? &export_mbox : &export_maildir;
	ex->failed = act_rows();
	rseq_init(&ex->got);
	buf_init(&ex->text, SIZE_MAX);
	account = imapc_account(r);
	if ((ex->c = imapc_open(m, account, text)) == NULL) {
		ret = act_said(m, 0, text);
		goto out;
	}
	if (r->mailbox != NULL)
		add_box(ex, r->mailbox);
	else
		list(ex);
	count(ex);
	ex->kind->begin(r->path, r->mailbox != NULL);
	progress_begin(&ex->bar);
	for (i = 0; i < ex->nboxes; i++)
		do_box(ex, &ex->boxes[i]);
	ex->kind->end();
	ret = result(ex);
out:
	for (i = 0; i < ex->nboxes; i++)
		free(ex->boxes[i].name);
	free(ex->boxes);
	imapc_close(ex->c);
	json_decref(ex->failed);
	rseq_free(&ex->got);
	buf_free(&ex->text);
	free(account);
	free(ex);
	return ret;
}
