/* Marks and sizes of the messages of one maildrop. */

#include <stdlib.h>
#include <string.h>

#include "libpop3/pop3_drop.h"

static int
bit(const uint8_t *bits, uint32_t n)
{
	return bits != NULL && (bits[(n - 1) / 8] >> ((n - 1) % 8) & 1);
}

/* Set it; how many were set by that, or -1. */
static int
set_bit(uint8_t **bits, uint32_t count, uint32_t n)
{
	if (*bits == NULL && (*bits = calloc(1, count / 8 + 1)) == NULL)
		return -1;
	if (bit(*bits, n))
		return 0;
	(*bits)[(n - 1) / 8] |= (uint8_t)(1U << ((n - 1) % 8));
	return 1;
}

void
pop3_drop_init(struct pop3_drop *d, uint32_t count)
{
	memset(d, 0, sizeof(*d));
	d->count = count;
	d->total_known = count == 0;
}

void
pop3_drop_free(struct pop3_drop *d)
{
	free(d->sizes);
	free(d->deleted);
	free(d->seen);
	memset(d, 0, sizeof(*d));
}

int
pop3_drop_has(const struct pop3_drop *d, uint32_t n)
{
	return n >= 1 && n <= d->count && !bit(d->deleted, n);
}

int
pop3_drop_delete(struct pop3_drop *d, uint32_t n)
{
	int	 new;

	if ((new = set_bit(&d->deleted, d->count, n)) == -1)
		return -1;
	d->ndeleted += (uint32_t)new;
	return 0;
}

int
pop3_drop_see(struct pop3_drop *d, uint32_t n)
{
	int	 new;

	if ((new = set_bit(&d->seen, d->count, n)) == -1)
		return -1;
	d->nseen += (uint32_t)new;
	return 0;
}

void
pop3_drop_reset(struct pop3_drop *d)
{
	free(d->deleted);
	d->deleted = NULL;
	d->ndeleted = 0;
}

uint32_t
pop3_drop_next(const struct pop3_drop *d, uint32_t n)
{
	while (n < d->count) {
		n++;
		/* Whole bytes of what is deleted at once. */
		while (d->deleted != NULL && (n - 1) % 8 == 0 &&
		    n + 7 <= d->count && d->deleted[(n - 1) / 8] == 0xff) {
			if (n + 7 == d->count)
				return 0;
			n += 8;
		}
		if (!bit(d->deleted, n))
			return n;
	}
	return 0;
}

void
pop3_drop_total(struct pop3_drop *d, uint64_t octets)
{
	d->octets = octets;
	d->total_known = 1;
}

int
pop3_drop_sizes(struct pop3_drop *d)
{
	free(d->sizes);
	d->sizes = calloc((size_t)d->count + 1, sizeof(*d->sizes));
	if (d->sizes == NULL)
		return -1;
	d->octets = 0;
	d->total_known = 1;
	return 0;
}

void
pop3_drop_size(struct pop3_drop *d, uint32_t n, uint32_t octets)
{
	d->octets -= d->sizes[n - 1];
	d->sizes[n - 1] = octets;
	d->octets += octets;
}

int
pop3_drop_stat(const struct pop3_drop *d, uint32_t *count, uint64_t *octets)
{
	uint32_t	 n;

	if (!d->total_known || (d->ndeleted > 0 && d->ndeleted < d->count &&
	    d->sizes == NULL))
		return -1;
	*count = d->count - d->ndeleted;
	*octets = *count > 0 ? d->octets : 0;
	if (d->ndeleted == 0 || *count == 0)
		return 0;
	for (n = 1; n <= d->count; n++) {
		if (bit(d->deleted, n))
			*octets -= d->sizes[n - 1];
	}
	return 0;
}

/* The numbers whose bits are in `in' and not in `out'. */
static int
collect(const uint8_t *in, const uint8_t *out, uint32_t count,
    struct rseq *set)
{
	uint32_t	 n;

	if (in == NULL)
		return 0;
	for (n = 1; n <= count; n++) {
		if ((n - 1) % 8 == 0 && in[(n - 1) / 8] == 0) {
			n += 7;
			continue;
		}
		if (bit(in, n) && !bit(out, n) && rseq_add(set, n, n) == -1)
			return -1;
	}
	return 0;
}

int
pop3_drop_deleted(const struct pop3_drop *d, struct rseq *set)
{
	return collect(d->deleted, NULL, d->count, set);
}

int
pop3_drop_seen(const struct pop3_drop *d, struct rseq *set)
{
	return collect(d->seen, d->deleted, d->count, set);
}
