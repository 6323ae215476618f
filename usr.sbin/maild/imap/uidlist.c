#include <stdlib.h>
#include <string.h>

#include "uidlist.h"

/* Counts up to each run, from where they are still true. */
static int
uidlist_index(struct uidlist *l)
{
	const struct rseq_run	*r = l->uids.runs;
	uint32_t		*p;
	size_t			 n = l->uids.nruns;

	if (l->nbefore == n)
		return 0;
	if ((p = reallocarray(l->before, n, sizeof(*p))) == NULL)
		return -1;
	l->before = p;
	if (l->nbefore == 0) {
		p[0] = 0;
		l->nbefore = 1;
	}
	for (; l->nbefore < n; l->nbefore++)
		p[l->nbefore] = p[l->nbefore - 1] +
		    (r[l->nbefore - 1].last - r[l->nbefore - 1].first + 1);
	return 0;
}

struct uidlist *
uidlist_new(struct rseq *uids)
{
	struct uidlist	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->refs = 1;
	l->uids = *uids;
	rseq_init(uids);
	l->count = rseq_count(&l->uids);
	return l;
}

struct uidlist *
uidlist_ref(struct uidlist *l)
{
	l->refs++;
	return l;
}

void
uidlist_unref(struct uidlist *l)
{
	if (l == NULL || --l->refs > 0)
		return;
	rseq_free(&l->uids);
	free(l->before);
	free(l);
}

int
uidlist_append(struct uidlist *l, uint32_t first, uint32_t last)
{
	if (rseq_add(&l->uids, first, last) == -1)
		return -1;
	l->count += last - first + 1;
	return 0;
}

struct uidlist *
uidlist_remove(struct uidlist *l, const struct rseq *gone)
{
	struct uidlist	*new = l;
	struct rseq	 copy;
	size_t		 i;

	if (l->refs > 1) {
		rseq_init(&copy);
		if (rseq_copy(&copy, &l->uids) == -1 ||
		    (new = uidlist_new(&copy)) == NULL) {
			rseq_free(&copy);
			return NULL;
		}
		uidlist_unref(l);
	}
	for (i = 0; i < gone->nruns; i++) {
		if (rseq_remove(&new->uids, gone->runs[i].first,
		    gone->runs[i].last) == -1)
			return NULL;
	}
	new->nbefore = 0;
	new->count = rseq_count(&new->uids);
	return new;
}

/* Index of the run that has the uid, or of the first one after it. */
static size_t
find_uid(const struct uidlist *l, uint32_t uid)
{
	size_t	 lo = 0, hi = l->uids.nruns, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (l->uids.runs[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Index of the run that has the number, which is in the list. */
static size_t
find_seq(const struct uidlist *l, uint32_t seq)
{
	size_t	 lo = 0, hi = l->uids.nruns, mid;

	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (l->before[mid] < seq)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

uint32_t
uidlist_seq(struct uidlist *l, uint32_t uid)
{
	size_t	 i;

	if (uidlist_index(l) == -1)
		return 0;
	i = find_uid(l, uid);
	if (i == l->uids.nruns || l->uids.runs[i].first > uid)
		return 0;
	return l->before[i] + (uid - l->uids.runs[i].first) + 1;
}

uint32_t
uidlist_seq_near(struct uidlist *l, size_t *hint, uint32_t uid)
{
	const struct rseq_run	*r = l->uids.runs;
	size_t			 i = *hint;

	if (l->nbefore != l->uids.nruns && uidlist_index(l) == -1)
		return 0;
	if (i >= l->uids.nruns || uid < r[i].first || uid > r[i].last) {
		if (i + 1 < l->uids.nruns && uid >= r[i + 1].first &&
		    uid <= r[i + 1].last)
			i++;
		else if ((i = find_uid(l, uid)) == l->uids.nruns ||
		    r[i].first > uid)
			return 0;
		*hint = i;
	}
	return l->before[i] + (uid - r[i].first) + 1;
}

uint32_t
uidlist_uid(struct uidlist *l, uint32_t seq)
{
	size_t	 i;

	if (seq == 0 || seq > l->count || uidlist_index(l) == -1)
		return 0;
	i = find_seq(l, seq);
	return l->uids.runs[i].first + (seq - l->before[i] - 1);
}

uint32_t
uidlist_run_left(const struct uidlist *l, uint32_t uid)
{
	size_t	 i = find_uid(l, uid);

	if (i == l->uids.nruns || l->uids.runs[i].first > uid)
		return 0;
	return l->uids.runs[i].last - uid;
}

/* Numbers a..b, of which all are in the list, as runs of uids. */
static int
add_range(struct uidlist *l, uint32_t a, uint32_t b, struct rseq *uids)
{
	const struct rseq_run	*r;
	uint32_t		 first, n;
	size_t			 i;

	for (i = find_seq(l, a); a <= b; i++) {
		r = &l->uids.runs[i];
		first = r->first + (a - l->before[i] - 1);
		n = r->last - first + 1;
		if (n > b - a + 1)
			n = b - a + 1;
		if (rseq_add(uids, first, first + n - 1) == -1)
			return -1;
		a += n;
	}
	return 0;
}

int
uidlist_from_seqs(struct uidlist *l, uint32_t max, const struct rseq *seqs,
    struct rseq *uids)
{
	uint32_t	 a, b;
	size_t		 i;

	if (uidlist_index(l) == -1)
		return -1;
	if (max > l->count)
		max = l->count;
	for (i = 0; i < seqs->nruns; i++) {
		a = seqs->runs[i].first;
		b = seqs->runs[i].last;
		if (b > max)
			b = max;
		if (a == 0 || a > b)
			continue;
		if (add_range(l, a, b, uids) == -1)
			return -1;
	}
	return 0;
}

int
uidlist_from_uids(struct uidlist *l, uint32_t max, const struct rseq *some,
    struct rseq *uids)
{
	uint32_t	 last;

	if (rseq_intersect(uids, some, &l->uids) == -1)
		return -1;
	/* Not those that came after what the client was told. */
	if (max < l->count) {
		last = max == 0 ? 0 : uidlist_uid(l, max);
		if (last < UINT32_MAX &&
		    rseq_remove(uids, last + 1, UINT32_MAX) == -1)
			return -1;
	}
	return 0;
}

int
uidlist_to_seqs(struct uidlist *l, const struct rseq *uids, struct rseq *seqs)
{
	uint32_t	 a, b;
	size_t		 i;

	for (i = 0; i < uids->nruns; i++) {
		a = uidlist_seq(l, uids->runs[i].first);
		b = uidlist_seq(l, uids->runs[i].last);
		if (a == 0 || b == 0 || rseq_add(seqs, a, b) == -1)
			return -1;
	}
	return 0;
}
