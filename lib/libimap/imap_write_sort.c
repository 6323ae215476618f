/* What SORT answers (RFC 5256, RFC 5267). */
#include "libimap/imap_write_sort.h"

static void
out_numbers(struct imap_out *o, const uint32_t *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			imap_out_str(o, " ");
		imap_out_num(o, v[i]);
	}
}

/*
 * The same in order, numbers that follow one another as n:m.  Never m:n: the
 * order of that would be anybody's guess.
 */
static void
out_runs(struct imap_out *o, const uint32_t *v, size_t n)
{
	size_t	 i, end;

	for (i = 0; i < n; i = end + 1) {
		for (end = i; end + 1 < n && v[end + 1] == v[end] + 1; end++)
			;
		if (i > 0)
			imap_out_str(o, ",");
		imap_out_num(o, v[i]);
		if (end > i) {
			imap_out_str(o, ":");
			imap_out_num(o, v[end]);
		}
	}
}

void
imap_out_sort(struct imap_out *o, const uint32_t *v, size_t n, uint64_t modseq)
{
	imap_out_str(o, n > 0 ? "* SORT " : "* SORT");
	out_numbers(o, v, n);
	if (modseq != 0 && n > 0) {
		imap_out_str(o, " (MODSEQ ");
		imap_out_num(o, modseq);
		imap_out_str(o, ")");
	}
	imap_out_crlf(o);
}

static size_t
position(int64_t i, size_t n)
{
	if (i > 0)
		return i;
	return -i > (int64_t)n ? 0 : n + 1 + i;
}

static void
out_partial(struct imap_out *o, const struct imap_search *q,
    const uint32_t *v, size_t n)
{
	size_t	 a = position(q->partial_a, n), b = position(q->partial_b, n);
	size_t	 swap;

	if (a > b) {
		swap = a;
		a = b;
		b = swap;
	}
	if (a == 0)
		a = 1;
	if (b > n)
		b = n;
	imap_out_str(o, " PARTIAL (");
	if (q->partial_a < 0)
		imap_out_str(o, "-");
	imap_out_num(o, q->partial_a < 0 ? -q->partial_a : q->partial_a);
	imap_out_str(o, ":");
	if (q->partial_b < 0)
		imap_out_str(o, "-");
	imap_out_num(o, q->partial_b < 0 ? -q->partial_b : q->partial_b);
	imap_out_str(o, " ");
	if (a > b)
		imap_out_str(o, "NIL");
	else
		out_runs(o, v + a - 1, b - a + 1);
	imap_out_str(o, ")");
}

void
imap_out_esort(struct imap_out *o, struct span tag, int uid,
    const struct imap_search *q, const uint32_t *v, size_t n, uint64_t modseq)
{
	imap_out_str(o, "* ESEARCH (TAG ");
	imap_out_quoted(o, tag);
	imap_out_str(o, uid ? ") UID" : ")");
	if (q->ret & IMAP_RET_MIN && n > 0) {
		imap_out_str(o, " MIN ");
		imap_out_num(o, v[0]);
	}
	if (q->ret & IMAP_RET_MAX && n > 0) {
		imap_out_str(o, " MAX ");
		imap_out_num(o, v[n - 1]);
	}
	if (q->ret & IMAP_RET_ALL && n > 0) {
		imap_out_str(o, " ALL ");
		out_runs(o, v, n);
	}
	if (q->ret & IMAP_RET_PARTIAL)
		out_partial(o, q, v, n);
	if (q->ret & IMAP_RET_COUNT) {
		imap_out_str(o, " COUNT ");
		imap_out_num(o, n);
	}
	if (modseq != 0 && n > 0) {
		imap_out_str(o, " MODSEQ ");
		imap_out_num(o, modseq);
	}
	imap_out_crlf(o);
}

void
imap_out_update_begin(struct imap_out *o, struct span tag, int uid,
    const char *what)
{
	imap_out_str(o, "* ESEARCH (TAG ");
	imap_out_quoted(o, tag);
	imap_out_str(o, uid ? ") UID " : ") ");
	imap_out_str(o, what);
	imap_out_str(o, " ");
	imap_out_open(o);
}

void
imap_out_update_at(struct imap_out *o, uint32_t position, uint32_t num)
{
	imap_out_item(o);
	imap_out_num(o, position);
	imap_out_str(o, " ");
	imap_out_num(o, num);
}

void
imap_out_update_end(struct imap_out *o)
{
	imap_out_close(o);
	imap_out_crlf(o);
}

void
imap_out_update(struct imap_out *o, struct span tag, int uid,
    const char *what, const struct rseq *set)
{
	if (set->nruns == 0)
		return;
	imap_out_update_begin(o, tag, uid, what);
	imap_out_str(o, "0 ");
	imap_out_rseq(o, set);
	imap_out_update_end(o);
}
