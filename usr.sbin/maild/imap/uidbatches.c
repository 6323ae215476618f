/* UIDBATCHES (RFC 10022): uids that part a mailbox into equal pieces. */
#include "handlers.h"
#include "isession.h"
#include "view.h"

#define BATCH_MIN	500	/* the least that is worth a command */

/* The highest first; the last of them reaches down to 1. */
static void
put_batches(struct isession *s, const struct imap_uidbatches *b)
{
	struct view	*v = s->view;
	struct imap_out	*o = isession_out(s);
	uint32_t	 i, n, count, high, low;

	imap_out_str(o, "* UIDBATCHES (TAG ");
	imap_out_quoted(o, s->cmd->tag);
	imap_out_str(o, ")");
	count = v->exists / b->size + (v->exists % b->size != 0);
	for (i = b->first == 0 ? 1 : b->first, n = 0; i <= count &&
	    (b->last == 0 || i <= b->last); i++, n++) {
		high = i == 1 ? uidlist_uid(v->snap, v->exists) :
		    uidlist_uid(v->snap, v->exists - (i - 1) * b->size + 1) - 1;
		low = i == count ? 1 :
		    uidlist_uid(v->snap, v->exists - i * b->size + 1);
		imap_out_str(o, n == 0 ? " " : ",");
		imap_out_num(o, high);
		imap_out_str(o, ":");
		imap_out_num(o, low);
	}
	imap_out_crlf(o);
	isession_out_done(s);
}

static void
on_loaded(void *arg, int ok)
{
	struct isession	*s = arg;

	if (!ok) {
		isession_bye(s, "The mailbox is not available any more");
		return;
	}
	put_batches(s, &s->cmd->u.uidbatches);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

void
uidbatches_uidbatches(struct isession *s)
{
	const struct imap_uidbatches	*b = &s->cmd->u.uidbatches;

	if (b->first > b->last)
		isession_done(s, IMAP_RESULT_BAD, "CLIENTBUG",
		    "The range is the wrong way round.");
	else if (b->size < BATCH_MIN)
		isession_done(s, IMAP_RESULT_NO, "TOOFEW",
		    "A batch has 500 messages at least.");
	else
		view_load(s->view, on_loaded, s);
}
