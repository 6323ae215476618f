/*
 * Sets of numbers: the wire form of a peer, and a script of changes that a
 * plain array follows.  First byte: which of the two.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/rseq.h"

#define MODEL	256

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_order(const struct rseq *s)
{
	size_t	 i;

	for (i = 0; i < s->nruns; i++) {
		if (s->runs[i].first > s->runs[i].last)
			abort();
		if (i > 0 && (s->runs[i - 1].last == UINT32_MAX ||
		    s->runs[i].first <= s->runs[i - 1].last + 1))
			abort();
	}
}

static void
check_wire(const uint8_t *p, size_t len)
{
	struct rseq	 s, other, both;
	uint8_t		*out;

	rseq_init(&s);
	if (rseq_get(&s, p, len) == -1) {
		rseq_free(&s);
		return;
	}
	check_order(&s);
	if (rseq_wirelen(&s) != len || (out = malloc(len)) == NULL)
		abort();
	rseq_put(&s, out);
	if (memcmp(out, p, len) != 0)
		abort();
	free(out);
	rseq_init(&other);
	rseq_init(&both);
	if (rseq_copy(&other, &s) == -1 ||
	    rseq_intersect(&both, &s, &other) == -1 ||
	    rseq_count(&both) != rseq_count(&s))
		abort();
	rseq_free(&s);
	rseq_free(&other);
	rseq_free(&both);
}

static void
check_script(const uint8_t *p, size_t len)
{
	struct rseq	 s;
	uint8_t		 model[MODEL] = { 0 };
	unsigned	 i, first, last;
	uint64_t	 n = 0;

	rseq_init(&s);
	for (; len >= 3; p += 3, len -= 3) {
		first = p[1];
		last = p[2];
		if (p[0] & 1 ? rseq_remove(&s, first, last) == -1 :
		    rseq_add(&s, first, last) == -1) {
			if (first <= last)
				abort();
			continue;
		}
		for (i = first; i <= last; i++)
			model[i] = !(p[0] & 1);
		check_order(&s);
	}
	for (i = 0; i < MODEL; i++) {
		if (rseq_has(&s, i) != model[i])
			abort();
		n += model[i];
	}
	if (rseq_count(&s) != n)
		abort();
	rseq_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > 3000)
		return 0;
	if (data[0] & 1)
		check_wire(data + 1, len - 1);
	else
		check_script(data + 1, len - 1);
	return 0;
}
