/* The larger responses: FETCH, LIST, STATUS, SEARCH. */
#include <string.h>

#include "libimap/imap_name.h"
#include "libimap/imap_write.h"

void
imap_out_fetch(struct imap_out *o, uint32_t seq, uint32_t uid, int uidonly)
{
	imap_out_raw(o, "* ", 2);
	imap_out_num(o, uidonly ? uid : seq);
	imap_out_str(o, uidonly ? " UIDFETCH " : " FETCH ");
	imap_out_open(o);
}

void
imap_out_fetch_end(struct imap_out *o)
{
	imap_out_close(o);
	imap_out_crlf(o);
}

static void
fetch_name(struct imap_out *o, const char *name)
{
	imap_out_item(o);
	imap_out_str(o, name);
	imap_out_raw(o, " ", 1);
}

void
imap_out_fetch_num(struct imap_out *o, const char *name, uint64_t n)
{
	fetch_name(o, name);
	imap_out_num(o, n);
}

void
imap_out_fetch_uid(struct imap_out *o, uint32_t uid)
{
	imap_out_fetch_num(o, "UID", uid);
}

void
imap_out_fetch_flags(struct imap_out *o, uint32_t bits,
    const uint64_t *keywords, const struct span *names, uint32_t n)
{
	fetch_name(o, "FLAGS");
	imap_out_flags(o, bits, keywords, names, n);
}

void
imap_out_fetch_modseq(struct imap_out *o, uint64_t modseq)
{
	fetch_name(o, "MODSEQ");
	imap_out_open(o);
	imap_out_num(o, modseq);
	imap_out_close(o);
}

void
imap_out_fetch_date(struct imap_out *o, const char *name, int64_t secs,
    int zone)
{
	fetch_name(o, name);
	imap_out_datetime(o, secs, zone);
}

void
imap_out_fetch_id(struct imap_out *o, const char *name, struct span id)
{
	fetch_name(o, name);
	if (id.p == NULL) {
		imap_out_str(o, "NIL");
		return;
	}
	imap_out_open(o);
	imap_out_span(o, id);
	imap_out_close(o);
}

void
imap_out_fetch_raw(struct imap_out *o, const char *name, struct span s)
{
	fetch_name(o, name);
	imap_out_span(o, s);
}

void
imap_out_fetch_nstring(struct imap_out *o, const char *name, struct span s)
{
	fetch_name(o, name);
	imap_out_nstring(o, s);
}

void
imap_out_fetch_section(struct imap_out *o, const struct imap_fetch_item *it,
    uint64_t n, int binary)
{
	imap_out_item(o);
	if (!o->fail && imap_fetch_item_print(it, o->buf) == -1)
		o->fail = 1;
	imap_out_raw(o, " ", 1);
	if (n == UINT64_MAX)
		imap_out_str(o, "NIL");
	else
		imap_out_literal(o, n, binary);
}

static void
list_attr(struct imap_out *o, const char *name)
{
	imap_out_item(o);
	imap_out_str(o, name);
}

static void
list_use(struct imap_out *o, uint32_t use)
{
	uint32_t	bit;

	for (bit = 1; use != 0; bit <<= 1)
		if ((use & bit) != 0) {
			imap_out_item(o);
			imap_out_span(o, imap_use_name(bit));
			use &= ~bit;
		}
}

/*
 * \NonExistent implies \NoSelect (RFC 9051 7.3.1), but a client of rev1 that
 * did not use the extended form knows only the latter.
 */
static void
list_attrs(struct imap_out *o, const struct imap_tree_node *n,
    const struct imap_list *l, int lsub)
{
	int	extended = l->extended || o->rev2;

	if (lsub) {
		if ((n->flags & IMAP_TREE_SUBSCRIBED) == 0 ||
		    (n->flags & IMAP_TREE_EXISTS) == 0)
			list_attr(o, "\\Noselect");
		return;
	}
	if ((n->flags & IMAP_TREE_EXISTS) == 0)
		list_attr(o, extended ? "\\NonExistent" : "\\Noselect");
	else if ((n->flags & IMAP_TREE_NOSELECT) != 0)
		list_attr(o, "\\Noselect");
	if ((n->flags & IMAP_TREE_NOINFERIORS) != 0)
		list_attr(o, "\\Noinferiors");
	else if ((n->flags & IMAP_TREE_HASCHILDREN) != 0)
		list_attr(o, "\\HasChildren");
	else
		list_attr(o, "\\HasNoChildren");
	if ((n->flags & IMAP_TREE_SUBSCRIBED) != 0 &&
	    ((l->ret & IMAP_LRET_SUBSCRIBED) != 0 ||
	    (l->select & IMAP_LSEL_SUBSCRIBED) != 0))
		list_attr(o, "\\Subscribed");
	/* RFC 6154 2: a plain LIST may tell them too, and clients like it. */
	list_use(o, n->use);
}

static void
list_childinfo(struct imap_out *o, const struct imap_list *l)
{
	imap_out_str(o, " (CHILDINFO ");
	imap_out_open(o);
	if ((l->select & IMAP_LSEL_SUBSCRIBED) != 0) {
		imap_out_item(o);
		imap_out_str(o, "\"SUBSCRIBED\"");
	}
	if ((l->select & IMAP_LSEL_USE) != 0) {
		imap_out_item(o);
		imap_out_str(o, "\"SPECIAL-USE\"");
	}
	imap_out_close(o);
	imap_out_str(o, ")");
}

void
imap_out_list(struct imap_out *o, const struct imap_tree_node *n,
    const struct imap_list *l, int lsub)
{
	imap_out_str(o, lsub ? "* LSUB " : "* LIST ");
	imap_out_open(o);
	list_attrs(o, n, l, lsub);
	imap_out_close(o);
	imap_out_str(o, " \"/\" ");
	imap_out_mailbox(o, n->name);
	if (!lsub && (l->select & IMAP_LSEL_RECURSIVE) != 0 &&
	    (n->flags & IMAP_TREE_CHILDINFO) != 0)
		list_childinfo(o, l);
	imap_out_crlf(o);
}

void
imap_out_status_begin(struct imap_out *o, struct span mailbox)
{
	imap_out_str(o, "* STATUS ");
	imap_out_mailbox(o, mailbox);
	imap_out_str(o, " ");
	imap_out_open(o);
}

void
imap_out_status_item(struct imap_out *o, uint32_t bit, uint64_t n)
{
	const char	*name = imap_status_item_name(bit);

	if (name == NULL) {
		o->fail = 1;
		return;
	}
	fetch_name(o, name);
	if (n == UINT64_MAX)
		imap_out_str(o, "NIL");
	else
		imap_out_num(o, n);
}

void
imap_out_status_id(struct imap_out *o, struct span id)
{
	imap_out_fetch_id(o, "MAILBOXID", id);
}

void
imap_out_status_end(struct imap_out *o)
{
	imap_out_close(o);
	imap_out_crlf(o);
}

void
imap_out_search(struct imap_out *o, const struct rseq *s, uint64_t modseq)
{
	uint32_t	n;
	size_t		i;

	imap_out_str(o, "* SEARCH");
	for (i = 0; i < s->nruns && !o->fail; i++)
		for (n = s->runs[i].first; ; n++) {
			imap_out_raw(o, " ", 1);
			imap_out_num(o, n);
			if (n == s->runs[i].last || o->fail)
				break;
		}
	if (modseq != 0 && s->nruns > 0) {
		imap_out_str(o, " (MODSEQ ");
		imap_out_num(o, modseq);
		imap_out_str(o, ")");
	}
	imap_out_crlf(o);
}

/* The k-th of all numbers, k from 0 and in range. */
static uint32_t
rseq_nth(const struct rseq *s, uint64_t k)
{
	uint64_t	n;
	size_t		i;

	for (i = 0; i < s->nruns; i++) {
		n = (uint64_t)s->runs[i].last - s->runs[i].first + 1;
		if (k < n)
			break;
		k -= n;
	}
	return (uint32_t)(s->runs[i].first + k);
}

/* Write those from the lo-th to the hi-th as a set. */
static void
out_slice(struct imap_out *o, const struct rseq *s, uint64_t lo, uint64_t hi)
{
	struct rseq_run	 run;
	struct rseq	 one = { &run, 1, 1 };
	uint32_t	 first = rseq_nth(s, lo), last = rseq_nth(s, hi);
	int		 comma = 0;
	size_t		 i;

	for (i = 0; i < s->nruns && !o->fail; i++) {
		run = s->runs[i];
		if (run.last < first || run.first > last)
			continue;
		if (run.first < first)
			run.first = first;
		if (run.last > last)
			run.last = last;
		if (comma)
			imap_out_raw(o, ",", 1);
		comma = 1;
		imap_out_rseq(o, &one);
	}
}

static void
out_signed(struct imap_out *o, int64_t n)
{
	if (n < 0)
		imap_out_raw(o, "-", 1);
	imap_out_num(o, (uint64_t)(n < 0 ? -n : n));
}

/* " PARTIAL (-1:-100 1:5)": counted from the end when negative. */
static void
out_partial(struct imap_out *o, const struct imap_search *q,
    const struct rseq *s, uint64_t count)
{
	uint64_t	lo, hi, a, b;
	int		back = q->partial_a < 0;

	a = (uint64_t)(back ? -q->partial_a : q->partial_a);
	b = (uint64_t)(back ? -q->partial_b : q->partial_b);
	lo = a < b ? a : b;
	hi = a < b ? b : a;
	imap_out_str(o, " PARTIAL (");
	out_signed(o, q->partial_a);
	imap_out_raw(o, ":", 1);
	out_signed(o, q->partial_b);
	imap_out_raw(o, " ", 1);
	if (hi > count)
		hi = count;
	if (lo > hi)
		imap_out_str(o, "NIL");
	else if (back)
		out_slice(o, s, count - hi, count - lo);
	else
		out_slice(o, s, lo - 1, hi - 1);
	imap_out_raw(o, ")", 1);
}

static void
out_results(struct imap_out *o, const struct imap_search *q,
    const struct rseq *s, uint64_t modseq)
{
	uint64_t	count = rseq_count(s);

	/* RFC 4731 3.1: MIN, MAX and ALL stay away when nothing was found. */
	if ((q->ret & IMAP_RET_MIN) != 0 && count > 0) {
		imap_out_str(o, " MIN ");
		imap_out_num(o, s->runs[0].first);
	}
	if ((q->ret & IMAP_RET_MAX) != 0 && count > 0) {
		imap_out_str(o, " MAX ");
		imap_out_num(o, s->runs[s->nruns - 1].last);
	}
	if ((q->ret & IMAP_RET_ALL) != 0 && count > 0) {
		imap_out_str(o, " ALL ");
		imap_out_rseq(o, s);
	}
	if ((q->ret & IMAP_RET_PARTIAL) != 0)
		out_partial(o, q, s, count);
	if ((q->ret & IMAP_RET_COUNT) != 0) {
		imap_out_str(o, " COUNT ");
		imap_out_num(o, count);
	}
	if (modseq != 0 && count > 0) {
		imap_out_str(o, " MODSEQ ");
		imap_out_num(o, modseq);
	}
	imap_out_crlf(o);
}

void
imap_out_esearch(struct imap_out *o, struct span tag, int uid,
    const struct imap_search *q, const struct rseq *s, uint64_t modseq)
{
	imap_out_str(o, "* ESEARCH (TAG ");
	imap_out_quoted(o, tag);
	imap_out_str(o, uid ? ") UID" : ")");
	out_results(o, q, s, modseq);
}

void
imap_out_esearch_in(struct imap_out *o, struct span tag, struct span mailbox,
    uint32_t uidvalidity, const struct imap_search *q, const struct rseq *s,
    uint64_t modseq)
{
	imap_out_str(o, "* ESEARCH (TAG ");
	imap_out_quoted(o, tag);
	imap_out_str(o, " MAILBOX ");
	imap_out_mailbox(o, mailbox);
	imap_out_str(o, " UIDVALIDITY ");
	imap_out_num(o, uidvalidity);
	imap_out_str(o, ") UID");
	out_results(o, q, s, modseq);
}
