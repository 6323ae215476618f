/*
 * mailctl import: messages from files into a mailbox, over IMAP.  Batches of
 * them are on the way while others are read; a batch that is refused is sent
 * again one by one, so that a bad message costs no other.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "act.h"
#include "imapc.h"
#include "import.h"
#include "libmail/date.h"
#include "progress.h"
#include "show.h"

#define BATCH_MESSAGES	100
#define BATCH_BYTES	(1024 * 1024)
#define WINDOW		8		/* batches on the way */
#define TRIES		30		/* a second apart, when it is busy */

/* A message of a batch: its part of the command, and what it is called. */
struct item {
	size_t		 off;
	size_t		 len;
	char		*name;
};

struct batch {
	char		 tag[16];
	struct buf	 cmd;		/* the parts, one after the other */
	struct item	 items[BATCH_MESSAGES];
	size_t		 n;
};

struct import {
	struct mailctl	*m;
	struct imapc	*c;
	const char	*root;		/* mailbox that was named, or "" */
	char		 mailbox[IMAPC_NAME];
	int		 skip;		/* which cannot be */
	struct known	 known;
	struct buf	 text;		/* the message with CRLF */
	struct batch	*batches[WINDOW];	/* on the way; oldest first */
	size_t		 nbatches;
	struct batch	*open;		/* being filled */
	unsigned	 tag;
	struct progress	 bar;
	uint64_t	 imported;
	uint64_t	 present;
	uint64_t	 bad;
	uint64_t	 seen;
	json_t		*failed;
};

static void __attribute__((__noreturn__))
give_up(struct import *im, const char *why)
{
	progress_clear(&im->bar);
	errx(1, "%s; %llu messages are in, and the same command goes on from "
	    "there", why, (unsigned long long)im->imported);
}

void
import_bad(struct import *im, const char *name, const char *why)
{
	char	 line[2048];

	im->bad++;
	progress_clear(&im->bar);
	snprintf(line, sizeof(line), "%s: %s", name, why);
	show_clean(line);
	if (im->m->json)
		json_array_append_new(im->failed, json_pack("{s:s}",
		    "message", line));
	else
		fprintf(stderr, "%s\n", line);
}

void
import_progress(struct import *im, uint64_t done, uint64_t all)
{
	progress_show(&im->bar, done, all, im->seen, "messages");
}

uint64_t
import_limit(const struct import *im)
{
	return imapc_limit(im->c);
}

/* ---- batches ------------------------------------------------------------- */

static struct batch *
batch_new(void)
{
	struct batch	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		err(1, NULL);
	buf_init(&b->cmd, SIZE_MAX);
	return b;
}

static void
batch_free(struct batch *b)
{
	size_t	 i;

	for (i = 0; i < b->n; i++)
		free(b->items[i].name);
	buf_free(&b->cmd);
	free(b);
}

static void
append_begin(struct import *im, char tag[16])
{
	snprintf(tag, 16, "a%u", ++im->tag);
	imapc_putf(im->c, "%s APPEND ", tag);
	imapc_put_string(im->c, im->mailbox);
}

/* One message by itself.  It goes, or it is listed, or nothing goes on. */
static void
send_one(struct import *im, const struct batch *b, const struct item *it)
{
	char	 tag[16], text[ASK_TEXT];
	int	 i;

	for (i = 0; i < TRIES; i++) {
		append_begin(im, tag);
		imapc_put(im->c, buf_ptr(&b->cmd) + it->off, it->len);
		imapc_put(im->c, "\r\n", 2);
		if (imapc_wait(im->c, tag, NULL, NULL, text) == 1) {
			im->imported++;
			return;
		}
		if (strstr(text, "[OVERQUOTA]") != NULL)
			give_up(im, "the account is over its quota");
		if (strstr(text, "[UNAVAILABLE]") == NULL) {
			import_bad(im, it->name, text);
			return;
		}
		sleep(1);
	}
	give_up(im, text);
}

/* Wait for the oldest one; 0 when it was refused (and still is there). */
static int
batch_wait(struct import *im)
{
	struct batch	*b = im->batches[0];
	char		 text[ASK_TEXT];

	if (imapc_wait(im->c, b->tag, NULL, NULL, text) != 1)
		return 0;
	im->imported += b->n;
	batch_free(b);
	im->nbatches--;
	memmove(im->batches, im->batches + 1, im->nbatches *
	    sizeof(im->batches[0]));
	return 1;
}

/* All answers are in; what was refused goes again, one by one. */
static void
drain(struct import *im)
{
	struct batch	*refused[WINDOW], *b;
	size_t		 n = 0, i, k;

	while (im->nbatches > 0) {
		if (batch_wait(im))
			continue;
		refused[n++] = im->batches[0];
		im->nbatches--;
		memmove(im->batches, im->batches + 1, im->nbatches *
		    sizeof(im->batches[0]));
	}
	for (i = 0; i < n; i++) {
		b = refused[i];
		for (k = 0; k < b->n; k++)
			send_one(im, b, &b->items[k]);
		batch_free(b);
	}
}

static void
batch_send(struct import *im)
{
	struct batch	*b = im->open;

	im->open = NULL;
	if (b == NULL)
		return;
	while (im->nbatches == WINDOW)
		if (!batch_wait(im))
			drain(im);
	append_begin(im, b->tag);
	imapc_put(im->c, buf_ptr(&b->cmd), b->cmd.len);
	imapc_put(im->c, "\r\n", 2);
	imapc_flush(im->c);
	im->batches[im->nbatches++] = b;
}

/* ---- mailboxes ----------------------------------------------------------- */

static void
on_known(void *arg, struct span resp)
{
	struct import	*im = arg;
	struct imapc_msg msg;

	if (imapc_fetch(resp, &msg) && msg.has_body)
		known_add(&im->known, known_key(msg.body.p, msg.body.len,
		    msg.size));
}

/* What is in the mailbox, so that nothing comes twice. */
static void
know(struct import *im)
{
	char	 text[ASK_TEXT];

	known_free(&im->known);
	imapc_putf(im->c, "x EXAMINE ");
	imapc_put_string(im->c, im->mailbox);
	imapc_putf(im->c, "\r\n");
	if (imapc_wait(im->c, "x", NULL, NULL, text) != 1) {
		import_bad(im, im->mailbox, text);
		im->skip = 1;
		return;
	}
	imapc_putf(im->c, "f UID FETCH 1:* (RFC822.SIZE "
	    "BODY.PEEK[]<0.%u>)\r\n", KNOWN_HEAD);
	if (imapc_wait(im->c, "f", on_known, im, text) != 1 &&
	    strstr(text, "[CORRUPTION]") == NULL)
		give_up(im, text);
	imapc_putf(im->c, "u UNSELECT\r\n");
	(void)imapc_wait(im->c, "u", NULL, NULL, text);
}

void
import_mailbox(struct import *im, const char *name)
{
	char	 text[ASK_TEXT];
	int	 n, made;

	batch_send(im);
	drain(im);
	im->skip = 0;
	if (name[0] == '\0')
		n = snprintf(im->mailbox, sizeof(im->mailbox), "%s",
		    im->root[0] == '\0' ? "INBOX" : im->root);
	else
		n = snprintf(im->mailbox, sizeof(im->mailbox), "%s%s%s",
		    im->root, im->root[0] == '\0' ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof(im->mailbox))
		give_up(im, "the name of a mailbox is too long");
	imapc_putf(im->c, "c CREATE ");
	imapc_put_string(im->c, im->mailbox);
	imapc_putf(im->c, "\r\n");
	made = imapc_wait(im->c, "c", NULL, NULL, text) == 1;
	if (made) {
		imapc_putf(im->c, "s SUBSCRIBE ");
		imapc_put_string(im->c, im->mailbox);
		imapc_putf(im->c, "\r\n");
		(void)imapc_wait(im->c, "s", NULL, NULL, text);
		known_free(&im->known);
	} else
		know(im);	/* or say that there is none */
}

/* ---- messages ------------------------------------------------------------ */

/* Lines that end in CRLF; NULL or what is wrong. */
static const char *
to_crlf(struct buf *out, const uint8_t *p, size_t len)
{
	const uint8_t	*nl, *end = p + len;
	size_t		 n;

	buf_truncate(out, 0);
	if (memchr(p, '\0', len) != NULL)
		return "has a NUL in it";
	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = nl == NULL ? (size_t)(end - p) : (size_t)(nl - p);
		if (n > 0 && nl != NULL && p[n - 1] == '\r')
			n--;
		if (buf_add(out, p, n) == -1 || buf_add(out, "\r\n", 2) == -1)
			err(1, NULL);
		p = nl == NULL ? end : nl + 1;
	}
	return NULL;
}

static void
add_flags(struct buf *b, const struct import_msg *msg)
{
	static const struct {
		unsigned	 flag;
		const char	*name;
	} names[] = {
		{ IMPORT_SEEN,		"\\Seen" },
		{ IMPORT_ANSWERED,	"\\Answered" },
		{ IMPORT_FLAGGED,	"\\Flagged" },
		{ IMPORT_DELETED,	"\\Deleted" },
		{ IMPORT_DRAFT,		"\\Draft" }
	};
	const char	*space = "";
	size_t		 i;
	int		 e = buf_addstr(b, " (");

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(msg->flags & names[i].flag))
			continue;
		e |= buf_addstr(b, space) | buf_addstr(b, names[i].name);
		space = " ";
	}
	if (msg->keywords[0] != '\0')
		e |= buf_addstr(b, space) | buf_addstr(b, msg->keywords);
	if ((e | buf_addc(b, ')')) != 0)
		err(1, NULL);
}

void
import_message(struct import *im, const struct import_msg *msg)
{
	struct batch	*b;
	struct item	*it;
	const char	*why;
	char		 date[DATE_STRLEN];

	im->seen++;
	if (im->skip) {
		im->bad++;
		return;
	}
	if ((why = to_crlf(&im->text, msg->data, msg->len)) == NULL &&
	    im->text.len == 0)
		why = "is empty";
	if (why == NULL && import_limit(im) != 0 &&
	    im->text.len > import_limit(im))
		why = "is too large";
	if (why != NULL) {
		import_bad(im, msg->name, why);
		return;
	}
	if (known_take(&im->known, known_key(buf_ptr(&im->text), im->text.len,
	    im->text.len))) {
		im->present++;
		return;
	}
	if (im->open == NULL)
		im->open = batch_new();
	b = im->open;
	it = &b->items[b->n++];
	it->off = b->cmd.len;
	if ((it->name = strdup(msg->name)) == NULL)
		err(1, NULL);
	add_flags(&b->cmd, msg);
	date_format_imap(date, msg->date, 0);
	if (buf_addf(&b->cmd, " \"%s\" {%zu+}\r\n", date,
	    im->text.len) == -1 || buf_add(&b->cmd, buf_ptr(&im->text),
	    im->text.len) == -1)
		err(1, NULL);
	it->len = b->cmd.len - it->off;
	if (b->n == BATCH_MESSAGES || b->cmd.len >= BATCH_BYTES)
		batch_send(im);
}

/* ---- the command --------------------------------------------------------- */

static int
result(struct import *im)
{
	char	 text[ASK_TEXT];
	json_t	*o;

	progress_clear(&im->bar);
	if (im->m->json) {
		o = json_pack("{s:b, s:I, s:I, s:I, s:O}", "ok", im->bad == 0,
		    "imported", (json_int_t)im->imported, "present",
		    (json_int_t)im->present, "bad", (json_int_t)im->bad,
		    "failed", im->failed);
		if (o == NULL)
			err(1, NULL);
		show_json(o);
		json_decref(o);
		return im->bad == 0 ? 0 : 1;
	}
	snprintf(text, sizeof(text), "%llu messages imported, %llu were "
	    "there already, %llu could not be",
	    (unsigned long long)im->imported,
	    (unsigned long long)im->present, (unsigned long long)im->bad);
	return act_said(im->m, im->bad == 0, text);
}

int
act_import(struct mailctl *m, const struct request *r)
{
	struct import	*im;
	char		 text[ASK_TEXT], *account;
	int		 ret;

	if (access(r->path, R_OK) == -1)
		err(1, "%s", r->path);
	if ((im = calloc(1, sizeof(*im))) == NULL)
		err(1, NULL);
	account = imapc_account(r);
	im->m = m;
	im->failed = act_rows();
	buf_init(&im->text, SIZE_MAX);
	im->root = r->mailbox == NULL ||
	    strcasecmp(r->mailbox, "INBOX") == 0 ? "" : r->mailbox;
	if ((im->c = imapc_open(m, account, text)) == NULL) {
		ret = act_said(m, 0, text);
		goto out;
	}
	progress_begin(&im->bar);
	if (strcmp(r->verb, "maildir") == 0)
		import_maildir(im, r->path);
	else
		import_mbox(im, r->path);
	batch_send(im);
	drain(im);
	ret = result(im);
	known_free(&im->known);
out:
	imapc_close(im->c);
	json_decref(im->failed);
	buf_free(&im->text);
	free(account);
	free(im);
	return ret;
}
