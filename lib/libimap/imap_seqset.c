#include <stdlib.h>
#include <string.h>

#include "libimap/imap_seqset.h"

static int
lex_seqnumber(struct imap_lexer *lx, struct imap_seqset *set, int stars,
    uint32_t *n)
{
	if (imap_lex_peek(lx) == '*' && stars) {
		lx->p++;
		*n = IMAP_SEQ_STAR;
		set->star = 1;
		return 1;
	}
	if (!imap_lex_nznumber(lx, n))
		return 0;
	if (*n > set->highest)
		set->highest = *n;
	return 1;
}

static int
lex_set(struct imap_lexer *lx, struct imap_seqset *set, int stars)
{
	struct imap_seqrange	*r;
	const char		*p;
	size_t			 n = 1;

	memset(set, 0, sizeof(*set));
	if (stars && imap_lex_peek(lx) == '$') {
		lx->p++;
		set->saved = 1;
		return 1;
	}
	/* Count first: room for exactly as many as there are. */
	for (p = lx->p; p < lx->end && (imap_char_is((unsigned char)*p,
	    IMAP_CH_LIST)); p++)
		n += *p == ',';
	if ((set->ranges = imap_arena_calloc(lx->arena, n,
	    sizeof(*set->ranges))) == NULL)
		return imap_lex_toobig(lx, "set too large");
	do {
		r = &set->ranges[set->n];
		if (!lex_seqnumber(lx, set, stars, &r->a))
			return 0;
		r->b = r->a;
		if (imap_lex_opt(lx, ':') &&
		    !lex_seqnumber(lx, set, stars, &r->b))
			return 0;
		set->n++;
	} while (imap_lex_opt(lx, ','));
	return imap_lex_ok(lx);
}

int
imap_lex_seqset(struct imap_lexer *lx, struct imap_seqset *set)
{
	return lex_set(lx, set, 1);
}

int
imap_lex_seqset_known(struct imap_lexer *lx, struct imap_seqset *set)
{
	return lex_set(lx, set, 0);
}

/* The range in ascending order; 0 when it stands for nothing. */
static int
range_bounds(const struct imap_seqrange *r, uint32_t max, uint32_t *lo,
    uint32_t *hi)
{
	uint32_t	a = r->a, b = r->b;

	if (a == IMAP_SEQ_STAR)
		a = max;
	if (b == IMAP_SEQ_STAR)
		b = max;
	*lo = a < b ? a : b;
	*hi = a < b ? b : a;
	return *lo != 0;
}

static int
run_cmp(const void *a, const void *b)
{
	const struct rseq_run	*ra = a, *rb = b;

	return ra->first < rb->first ? -1 : ra->first > rb->first;
}

int
imap_seqset_resolve(const struct imap_seqset *set, uint32_t max,
    struct rseq *out)
{
	struct rseq_run	*runs;
	uint32_t	 i, n = 0;
	int		 sorted = 1, r = -1;

	out->nruns = 0;
	if (set->n == 0)
		return 0;
	if ((runs = calloc(set->n, sizeof(*runs))) == NULL)
		return -1;
	for (i = 0; i < set->n; i++) {
		if (!range_bounds(&set->ranges[i], max, &runs[n].first,
		    &runs[n].last))
			continue;
		if (n > 0 && runs[n].first < runs[n - 1].first)
			sorted = 0;
		n++;
	}
	/* Ascending, each add is at the end and takes constant time. */
	if (!sorted)
		qsort(runs, n, sizeof(*runs), run_cmp);
	for (i = 0; i < n; i++)
		if (rseq_add(out, runs[i].first, runs[i].last) == -1)
			goto done;
	r = 0;
done:
	free(runs);
	return r;
}

int
imap_seqset_has(const struct imap_seqset *set, uint32_t n, uint32_t max)
{
	uint32_t	i, lo, hi;

	for (i = 0; i < set->n; i++)
		if (range_bounds(&set->ranges[i], max, &lo, &hi) &&
		    n >= lo && n <= hi)
			return 1;
	return 0;
}
