#include <stdlib.h>
#include <string.h>

#include "libimap/imap_sort_run.h"

#define TEXT_MAX	512		/* bytes of a text that count */
#define CHUNK		65536		/* of memory for keys */
#define RUN		4096		/* rows that are sorted at once */
#define RUNS		40

struct item {
	uint64_t	 head;		/* the first 8 bytes, as a number */
	const uint8_t	*rest;
	uint32_t	 len;		/* of rest */
	uint32_t	 num;
};

struct chunk {
	struct chunk	*next;
	size_t		 used, size;
	uint8_t		 bytes[];
};

/*
 * items holds sorted runs one after the other, each at most half as long as
 * the one before it, and then those that have come since.
 */
struct imap_sorter {
	const uint8_t	*keys;
	uint32_t	 nkeys;
	struct chunk	*chunks;
	struct item	*items, *spare;
	size_t		 n, size;
	size_t		 sorted;	/* of n */
	size_t		 runs[RUNS];	/* where each begins */
	size_t		 nruns;
	uint32_t	*out;
	/* the key that is being made */
	uint8_t		 key[IMAP_SORT_KEYS * (2 * TEXT_MAX + 2)];
	size_t		 keylen;
};

struct imap_sorter *
imap_sorter_new(const uint8_t *keys, uint32_t nkeys)
{
	struct imap_sorter	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->keys = keys;
	s->nkeys = nkeys;
	return s;
}

void
imap_sorter_free(struct imap_sorter *s)
{
	struct chunk	*c;

	if (s == NULL)
		return;
	while ((c = s->chunks) != NULL) {
		s->chunks = c->next;
		free(c);
	}
	free(s->items);
	free(s->spare);
	free(s->out);
	free(s);
}

/* ---- keys --------------------------------------------------------------- */

/* Negative numbers come before the others. */
static void
key_number(struct imap_sorter *s, uint64_t v)
{
	int	 i;

	for (i = 56; i >= 0; i -= 8)
		s->key[s->keylen++] = v >> i;
}

/* A NUL in it sorts above the end, and below all other bytes. */
static void
key_text(struct imap_sorter *s, struct span text)
{
	size_t	 i;

	if (text.len > TEXT_MAX)
		text.len = TEXT_MAX;
	for (i = 0; i < text.len; i++) {
		s->key[s->keylen++] = text.p[i];
		if (text.p[i] == '\0')
			s->key[s->keylen++] = 0xff;
	}
	s->key[s->keylen++] = 0;
	s->key[s->keylen++] = 0;
}

static void
key_add(struct imap_sorter *s, uint8_t key, const struct imap_sort_row *r)
{
	const uint64_t	 sign = (uint64_t)1 << 63;

	switch (key) {
	case IMAP_SORT_ARRIVAL:
		key_number(s, (uint64_t)r->arrival ^ sign);
		break;
	case IMAP_SORT_DATE:
		key_number(s, (uint64_t)r->date ^ sign);
		break;
	case IMAP_SORT_SIZE:
		key_number(s, r->size);
		break;
	case IMAP_SORT_SUBJECT:
		key_text(s, r->subject);
		break;
	case IMAP_SORT_FROM:
		key_text(s, r->from);
		break;
	case IMAP_SORT_TO:
		key_text(s, r->to);
		break;
	case IMAP_SORT_CC:
		key_text(s, r->cc);
		break;
	case IMAP_SORT_DISPLAYFROM:
		key_text(s, r->disp_from);
		break;
	case IMAP_SORT_DISPLAYTO:
		key_text(s, r->disp_to);
		break;
	default:
		break;
	}
}

static void
key_make(struct imap_sorter *s, const struct imap_sort_row *r)
{
	uint32_t	 i;
	size_t		 at;

	s->keylen = 0;
	for (i = 0; i < s->nkeys; i++) {
		at = s->keylen;
		key_add(s, s->keys[i] & ~IMAP_SORT_REVERSE, r);
		if (!(s->keys[i] & IMAP_SORT_REVERSE))
			continue;
		for (; at < s->keylen; at++)
			s->key[at] = ~s->key[at];
	}
}

static const uint8_t *
keep(struct imap_sorter *s, const uint8_t *p, size_t len)
{
	struct chunk	*c = s->chunks;

	if (c == NULL || c->size - c->used < len) {
		if ((c = malloc(sizeof(*c) + CHUNK)) == NULL)
			return NULL;
		c->size = CHUNK;
		c->used = 0;
		c->next = s->chunks;
		s->chunks = c;
	}
	memcpy(c->bytes + c->used, p, len);
	c->used += len;
	return c->bytes + c->used - len;
}

/* ---- sorting ------------------------------------------------------------ */

static int
compare(const void *va, const void *vb)
{
	const struct item	*a = va, *b = vb;
	uint32_t		 len = a->len < b->len ? a->len : b->len;
	int			 rc;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	if (len > 0 && (rc = memcmp(a->rest, b->rest, len)) != 0)
		return rc;
	/* Keys of one sorter never are the beginning of another. */
	return a->num < b->num ? -1 : a->num > b->num;
}

/* The last two runs become one, by way of the spare. */
static void
merge_last(struct imap_sorter *s)
{
	size_t	 a = s->runs[s->nruns - 2], mid = s->runs[s->nruns - 1];
	size_t	 b = mid, n = 0;

	s->nruns--;
	while (a < mid && b < s->sorted)
		s->spare[n++] = compare(&s->items[a], &s->items[b]) < 0 ?
		    s->items[a++] : s->items[b++];
	while (a < mid)
		s->spare[n++] = s->items[a++];
	/* What is left of b is where it belongs. */
	memcpy(s->items + s->runs[s->nruns - 1], s->spare,
	    n * sizeof(*s->spare));
}

static int
take_run(struct imap_sorter *s, int all)
{
	struct item	*spare;
	size_t		 last;

	if (s->n > s->sorted) {
		qsort(s->items + s->sorted, s->n - s->sorted,
		    sizeof(*s->items), compare);
		s->runs[s->nruns++] = s->sorted;
		s->sorted = s->n;
	}
	if (s->nruns < 2)
		return 0;
	spare = reallocarray(s->spare, s->n, sizeof(*spare));
	if (spare == NULL)
		return -1;
	s->spare = spare;
	while (s->nruns > 1) {
		last = s->n - s->runs[s->nruns - 1];
		if (!all && s->nruns < RUNS && s->runs[s->nruns - 1] -
		    s->runs[s->nruns - 2] > last)
			break;
		merge_last(s);
	}
	return 0;
}

int
imap_sorter_add(struct imap_sorter *s, uint32_t num,
    const struct imap_sort_row *row)
{
	struct item	*it;
	size_t		 size, i;

	if (s->n == s->size) {
		size = s->size == 0 ? 256 : 2 * s->size;
		it = reallocarray(s->items, size, sizeof(*it));
		if (it == NULL)
			return -1;
		s->items = it;
		s->size = size;
	}
	key_make(s, row);
	it = &s->items[s->n];
	it->head = 0;
	for (i = 0; i < 8; i++)
		it->head = it->head << 8 | (i < s->keylen ? s->key[i] : 0);
	it->len = s->keylen > 8 ? s->keylen - 8 : 0;
	it->num = num;
	it->rest = NULL;
	if (it->len > 0 && (it->rest = keep(s, s->key + 8, it->len)) == NULL)
		return -1;
	s->n++;
	return s->n - s->sorted == RUN ? take_run(s, 0) : 0;
}

int
imap_sorter_insert(struct imap_sorter *s, uint32_t num,
    const struct imap_sort_row *row, size_t *at)
{
	struct item	 it;
	size_t		 lo = 0, hi, mid;

	if (imap_sorter_add(s, num, row) == -1)
		return -1;
	hi = s->n - 1;
	it = s->items[s->n - 1];
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare(&s->items[mid], &it) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	memmove(s->items + lo + 1, s->items + lo,
	    (s->n - 1 - lo) * sizeof(it));
	s->items[lo] = it;
	s->sorted = s->n;
	*at = lo + 1;
	return 0;
}

void
imap_sorter_each(const struct imap_sorter *s, const struct rseq *set,
    void (*told)(void *, size_t, uint32_t), void *arg)
{
	size_t	 i;

	for (i = 0; i < s->n; i++) {
		if (rseq_has(set, s->items[i].num))
			told(arg, i + 1, s->items[i].num);
	}
}

void
imap_sorter_remove(struct imap_sorter *s, const struct rseq *set,
    void (*told)(void *, size_t, uint32_t), void *arg)
{
	size_t	 i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (rseq_has(set, s->items[i].num))
			told(arg, n + 1, s->items[i].num);
		else
			s->items[n++] = s->items[i];
	}
	s->n = s->sorted = n;
}

uint32_t *
imap_sorter_end(struct imap_sorter *s, size_t *n)
{
	size_t	 i;

	if (take_run(s, 1) == -1)
		return NULL;
	free(s->out);
	if ((s->out = reallocarray(NULL, s->n + 1, sizeof(*s->out))) == NULL)
		return NULL;
	for (i = 0; i < s->n; i++)
		s->out[i] = s->items[i].num;
	*n = s->n;
	return s->out;
}
