/*
 * The items that cost little: written by hand into memory that was taken for
 * the whole message, since clients ask for those of ten thousand at once.
 */
#include <string.h>

#include "fetch.h"
#include "libmail/date.h"
#include "objid.h"

#define PUT(p, s)	(memcpy((p), (s), sizeof(s) - 1), (p) + sizeof(s) - 1)

/* "FLAGS (...)" of the five system flags and \Recent. */
static char	 flagtext[64][72];
static uint8_t	 flaglen[64];

void
fetch_item_init(void)
{
	static const struct {
		unsigned	 bit;
		const char	*name;
	} names[] = {
		{ MSTORE_ANSWERED,	"\\Answered" },
		{ MSTORE_FLAGGED,	"\\Flagged" },
		{ MSTORE_DELETED,	"\\Deleted" },
		{ MSTORE_SEEN,		"\\Seen" },
		{ MSTORE_DRAFT,		"\\Draft" },
		{ MSTORE_FLAGS_ALL + 1,	"\\Recent" }
	};
	unsigned	 i;
	size_t		 j;
	char		*t;

	if (flaglen[0] != 0)
		return;
	for (i = 0; i < 64; i++) {
		t = flagtext[i];
		strlcpy(t, "FLAGS (", sizeof(flagtext[i]));
		for (j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			if (!(i & names[j].bit))
				continue;
			if (t[strlen(t) - 1] != '(')
				strlcat(t, " ", sizeof(flagtext[i]));
			strlcat(t, names[j].name, sizeof(flagtext[i]));
		}
		strlcat(t, ")", sizeof(flagtext[i]));
		flaglen[i] = strlen(t);
	}
}

static char *
put_num(char *p, uint64_t n)
{
	char	 tmp[20], *t = tmp + sizeof(tmp);
	size_t	 len;

	do {
		*--t = '0' + n % 10;
		n /= 10;
	} while (n > 0);
	len = tmp + sizeof(tmp) - t;
	memcpy(p, t, len);
	return p + len;
}

char *
fetch_item_begin(const struct fetch *j, char *p)
{
	p = put_num(PUT(p, "* "), j->uidonly ? j->row.uid : j->seq);
	return j->uidonly ? PUT(p, " UIDFETCH (") : PUT(p, " FETCH (");
}

static char *
put_date(char *p, int64_t t, int zone)
{
	*p++ = '"';
	p += date_format_imap(p, t, zone);
	*p++ = '"';
	return p;
}

static char *
put_flags(const struct fetch *j, char *p)
{
	unsigned	 i = j->row.flags & MSTORE_FLAGS_ALL;

	if (j->v->recent.nruns > 0 && rseq_has(&j->v->recent, j->row.uid))
		i |= MSTORE_FLAGS_ALL + 1;
	memcpy(p, flagtext[i], flaglen[i]);
	return p + flaglen[i];
}

int
fetch_item_small(const struct fetch *j, const struct imap_fetch_item *it)
{
	if (it->type == IMAP_FETCH_FLAGS)
		return j->row.keywords == 0;
	return it->type < IMAP_FETCH_ENVELOPE;
}

char *
fetch_item_put(const struct fetch *j, const struct imap_fetch_item *it,
    char *p)
{
	const struct mstore_msg	*m = &j->row;

	switch (it->type) {
	case IMAP_FETCH_UID:
		return put_num(PUT(p, "UID "), m->uid);
	case IMAP_FETCH_FLAGS:
		return put_flags(j, p);
	case IMAP_FETCH_MODSEQ:
		p = put_num(PUT(p, "MODSEQ ("), m->modseq);
		break;
	case IMAP_FETCH_INTERNALDATE:
		return put_date(PUT(p, "INTERNALDATE "), m->internaldate,
		    m->zone);
	case IMAP_FETCH_SAVEDATE:
		if (m->savedate == 0)
			return PUT(p, "SAVEDATE NIL");
		return put_date(PUT(p, "SAVEDATE "), m->savedate, 0);
	case IMAP_FETCH_SIZE:
		return put_num(PUT(p, "RFC822.SIZE "), m->size);
	case IMAP_FETCH_EMAILID:
		p = objid_put(PUT(p, "EMAILID ("), 'M', m->emailid);
		break;
	default:
		if (m->threadid == 0)
			return PUT(p, "THREADID NIL");
		p = objid_put(PUT(p, "THREADID ("), 'T', m->threadid);
		break;
	}
	*p++ = ')';
	return p;
}

void
fetch_item_flags(struct fetch *j)
{
	/*
	 * Keywords that the client has not seen in FLAGS are left out: the
	 * change that brought them is news, which will be told with FLAGS.
	 */
	imap_out_fetch_flags(&j->o, view_flags(j->v, j->row.uid,
	    j->row.flags), &j->row.keywords, j->v->mbox->names,
	    j->v->nnames);
}

void
fetch_item_meta(struct fetch *j, const struct imap_fetch_item *it)
{
	const struct meta	*m = &j->meta;

	switch (it->type) {
	case IMAP_FETCH_ENVELOPE:
		imap_out_fetch_raw(&j->o, "ENVELOPE",
		    m->text[META_ENVELOPE]);
		break;
	case IMAP_FETCH_STRUCTURE:
		imap_out_fetch_raw(&j->o, "BODYSTRUCTURE",
		    m->text[META_BODYSTRUCTURE]);
		break;
	case IMAP_FETCH_BODY:
		imap_out_fetch_raw(&j->o, "BODY", SPAN_NONE);
		if (meta_body(m, j->o.buf) == -1)
			j->o.fail = 1;
		break;
	default:
		imap_out_fetch_nstring(&j->o, "PREVIEW",
		    m->text[META_PREVIEW].p == NULL ? SPAN("") :
		    m->text[META_PREVIEW]);
		break;
	}
}
