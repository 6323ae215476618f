/* A set of numbers kept as runs that ascend and do not touch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/rseq.h"

void
rseq_init(struct rseq *s)
{
	memset(s, 0, sizeof(*s));
}

void
rseq_free(struct rseq *s)
{
	free(s->runs);
	memset(s, 0, sizeof(*s));
}

static int
rseq_room(struct rseq *s, size_t n)
{
	struct rseq_run	*runs;
	size_t		 size;

	if (n <= s->size)
		return 0;
	size = s->size < 4 ? 4 : s->size * 2;
	if (size < n)
		size = n;
	if ((runs = reallocarray(s->runs, size, sizeof(*runs))) == NULL)
		return -1;
	s->runs = runs;
	s->size = size;
	return 0;
}

/* The first run whose last is n or more; nruns when there is none. */
static size_t
rseq_lower(const struct rseq *s, uint32_t n)
{
	size_t	 lo = 0, hi = s->nruns, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->runs[mid].last < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Put `with' runs in the place of runs [at .. at + gone). */
static int
rseq_splice(struct rseq *s, size_t at, size_t gone,
    const struct rseq_run *with, size_t nwith)
{
	if (rseq_room(s, s->nruns - gone + nwith) == -1)
		return -1;
	if (at + gone < s->nruns && gone != nwith)
		memmove(s->runs + at + nwith, s->runs + at + gone,
		    (s->nruns - at - gone) * sizeof(*s->runs));
	if (nwith > 0)
		memcpy(s->runs + at, with, nwith * sizeof(*with));
	s->nruns = s->nruns - gone + nwith;
	return 0;
}

int
rseq_add(struct rseq *s, uint32_t first, uint32_t last)
{
	struct rseq_run	 run = { first, last }, *end;
	size_t		 at, i;

	if (first > last) {
		errno = EINVAL;
		return -1;
	}
	/* The common case first: uids are added in their order. */
	if (s->nruns > 0) {
		end = &s->runs[s->nruns - 1];
		if (end->last < first && first - end->last == 1) {
			end->last = last;
			return 0;
		}
	}
	/* Runs that overlap or touch [first, last] melt into it. */
	at = s->nruns > 0 && s->runs[s->nruns - 1].last < first ? s->nruns :
	    rseq_lower(s, first == 0 ? 0 : first - 1);
	for (i = at; i < s->nruns && (last == UINT32_MAX ||
	    s->runs[i].first <= last + 1); i++) {
		if (s->runs[i].first < run.first)
			run.first = s->runs[i].first;
		if (s->runs[i].last > run.last)
			run.last = s->runs[i].last;
	}
	return rseq_splice(s, at, i - at, &run, 1);
}

int
rseq_remove(struct rseq *s, uint32_t first, uint32_t last)
{
	struct rseq_run	 left[2];
	size_t		 at, i, n = 0;

	if (first > last) {
		errno = EINVAL;
		return -1;
	}
	at = rseq_lower(s, first);
	for (i = at; i < s->nruns && s->runs[i].first <= last; i++)
		;
	if (i == at)
		return 0;
	if (s->runs[at].first < first) {
		left[n].first = s->runs[at].first;
		left[n++].last = first - 1;
	}
	if (s->runs[i - 1].last > last) {
		left[n].first = last + 1;
		left[n++].last = s->runs[i - 1].last;
	}
	return rseq_splice(s, at, i - at, left, n);
}

int
rseq_copy(struct rseq *to, const struct rseq *from)
{
	struct rseq_run	*runs = NULL;

	if (from->nruns > 0) {
		runs = reallocarray(NULL, from->nruns, sizeof(*runs));
		if (runs == NULL)
			return -1;
		memcpy(runs, from->runs, from->nruns * sizeof(*runs));
	}
	free(to->runs);
	to->runs = runs;
	to->nruns = to->size = from->nruns;
	return 0;
}

int
rseq_has(const struct rseq *s, uint32_t n)
{
	size_t	 i = rseq_lower(s, n);

	return i < s->nruns && s->runs[i].first <= n;
}

uint64_t
rseq_count(const struct rseq *s)
{
	uint64_t	 n = 0;
	size_t		 i;

	for (i = 0; i < s->nruns; i++)
		n += (uint64_t)s->runs[i].last - s->runs[i].first + 1;
	return n;
}

int
rseq_intersect(struct rseq *out, const struct rseq *a, const struct rseq *b)
{
	const struct rseq_run	*x, *y;
	size_t			 i = 0, j = 0;
	uint32_t		 first, last;

	out->nruns = 0;
	while (i < a->nruns && j < b->nruns) {
		x = &a->runs[i];
		y = &b->runs[j];
		first = x->first > y->first ? x->first : y->first;
		last = x->last < y->last ? x->last : y->last;
		if (first <= last && rseq_add(out, first, last) == -1)
			return -1;
		if (x->last < y->last)
			i++;
		else
			j++;
	}
	return 0;
}

int
rseq_print(const struct rseq *s, char *dst, size_t dstsize)
{
	size_t	 i, len = 0;
	int	 n;

	if (dstsize == 0)
		return -1;
	dst[0] = '\0';
	for (i = 0; i < s->nruns; i++) {
		if (s->runs[i].first == s->runs[i].last)
			n = snprintf(dst + len, dstsize - len, "%s%u",
			    i == 0 ? "" : ",", s->runs[i].first);
		else
			n = snprintf(dst + len, dstsize - len, "%s%u:%u",
			    i == 0 ? "" : ",", s->runs[i].first,
			    s->runs[i].last);
		if (n < 0 || (size_t)n >= dstsize - len)
			return -1;
		len += (size_t)n;
	}
	return (int)len;
}

size_t
rseq_wirelen(const struct rseq *s)
{
	return 4 + s->nruns * 8;
}

static uint8_t *
rseq_put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	return p + 4;
}

static uint32_t
rseq_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
rseq_put(const struct rseq *s, uint8_t *p)
{
	size_t	 i;

	p = rseq_put32(p, (uint32_t)s->nruns);
	for (i = 0; i < s->nruns; i++) {
		p = rseq_put32(p, s->runs[i].first);
		p = rseq_put32(p, s->runs[i].last);
	}
}

int
rseq_get(struct rseq *s, const uint8_t *p, size_t len)
{
	struct rseq_run	*runs = NULL;
	size_t		 i, n;
	uint64_t	 above = 0;	/* the least that may come next */

	if (len < 4 || (n = rseq_get32(p)) > (len - 4) / 8 || n * 8 != len - 4)
		goto bad;
	p += 4;
	if (n > 0 && (runs = reallocarray(NULL, n, sizeof(*runs))) == NULL)
		return -1;
	for (i = 0; i < n; i++, p += 8) {
		runs[i].first = rseq_get32(p);
		runs[i].last = rseq_get32(p + 4);
		/* 0 is no uid, and touching runs should have been one. */
		if (runs[i].first == 0 || runs[i].first < above ||
		    runs[i].last < runs[i].first)
			goto bad;
		above = (uint64_t)runs[i].last + 2;
	}
	free(s->runs);
	s->runs = runs;
	s->nruns = s->size = n;
	return 0;
bad:
	free(runs);
	errno = EINVAL;
	return -1;
}
