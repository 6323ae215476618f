#include <string.h>

#include "libimap/imap_search.h"

static enum imap_tri
eval_leaf(const struct imap_search_key *k, enum imap_cost have,
    imap_search_leaf leaf, void *arg, enum imap_cost *need)
{
	enum imap_tri	v = IMAP_MAYBE;
	enum imap_cost	want = k->cost;

	if (k->op == IMAP_S_ALL)
		return IMAP_YES;
	if (want <= have) {
		v = leaf(k, arg);
		/* Nothing dearer than all of it can be asked for. */
		if (v == IMAP_MAYBE && have < IMAP_COST_BODY)
			want = have + 1;
	}
	if (v == IMAP_MAYBE && want < *need)
		*need = want;
	return v;
}

/* An operand v for a key: its new value; *stop when it is settled. */
static enum imap_tri
fold(uint8_t op, enum imap_tri acc, enum imap_tri v, int *stop)
{
	switch (op) {
	case IMAP_S_AND:
		if (v < acc)
			acc = v;
		*stop = acc == IMAP_NO;
		return acc;
	case IMAP_S_OR:
		if (v > acc)
			acc = v;
		*stop = acc == IMAP_YES;
		return acc;
	default:
		*stop = 1;
		return IMAP_YES - v;
	}
}

enum imap_tri
imap_search_eval(const struct imap_search *s, enum imap_cost have,
    imap_search_leaf leaf, void *arg, enum imap_cost *need)
{
	struct {
		uint32_t	key;
		enum imap_tri	acc;
	} stack[IMAP_SEARCH_DEPTH + 1];
	enum imap_cost	want = IMAP_COST_MAX;
	enum imap_tri	v = IMAP_YES;
	uint32_t	i = 0, depth = 0, end;
	int		stop;

	while (i < s->nkeys) {
		if (s->keys[i].op <= IMAP_S_NOT) {
			stack[depth].key = i++;
			stack[depth].acc = s->keys[i - 1].op == IMAP_S_OR ?
			    IMAP_NO : IMAP_YES;
			depth++;
			continue;
		}
		v = eval_leaf(&s->keys[i++], have, leaf, arg, &want);
		/* Fold it upwards as far as it completes a key. */
		while (depth > 0) {
			end = s->keys[stack[depth - 1].key].end;
			v = fold(s->keys[stack[depth - 1].key].op,
			    stack[depth - 1].acc, v, &stop);
			if (!stop && i < end) {
				stack[depth - 1].acc = v;
				break;
			}
			i = end;
			depth--;
		}
		if (depth == 0)
			break;
	}
	if (need != NULL)
		*need = v == IMAP_MAYBE ? want : IMAP_COST_NONE;
	return v;
}

static enum imap_tri
tri(int yes)
{
	return yes ? IMAP_YES : IMAP_NO;
}

static enum imap_tri
row_day(int32_t have, int op, int before, int on, int32_t want)
{
	if (have == IMAP_DAY_NONE)
		return IMAP_NO;
	if (op == before)
		return tri(have < want);
	if (op == on)
		return tri(have == want);
	return tri(have >= want);
}

static enum imap_tri
row_set(const struct imap_search_key *k, const struct imap_search_row *r)
{
	if (k->set->saved)
		return tri(r->saved != NULL && rseq_has(r->saved, r->uid));
	if (k->bound != NULL)
		return tri(rseq_has(k->bound,
		    k->op == IMAP_S_UID ? r->uid : r->seq));
	if (k->op == IMAP_S_UID)
		return tri(imap_seqset_has(k->set, r->uid, r->maxuid));
	return tri(imap_seqset_has(k->set, r->seq, r->maxseq));
}

static enum imap_tri
row_keyword(const struct imap_search_key *k, const struct imap_search_row *r)
{
	if (k->bit < 0 || (uint32_t)k->bit >= r->nkeywords)
		return IMAP_NO;
	return tri((r->keywords[k->bit / 64] >> (k->bit % 64)) & 1);
}

enum imap_tri
imap_search_row(const struct imap_search_key *k,
    const struct imap_search_row *r)
{
	switch (k->op) {
	case IMAP_S_ALL:
	case IMAP_S_SAVEDATESUPPORTED:
		return IMAP_YES;
	case IMAP_S_SEQ:
	case IMAP_S_UID:
		return row_set(k, r);
	case IMAP_S_FLAG:
		return tri((r->flags & k->n) == k->n);
	case IMAP_S_KEYWORD:
		return row_keyword(k, r);
	case IMAP_S_MODSEQ:
		return tri(r->modseq >= k->n);
	case IMAP_S_LARGER:
		return tri(r->size > k->n);
	case IMAP_S_SMALLER:
		return tri(r->size < k->n);
	case IMAP_S_BEFORE:
	case IMAP_S_ON:
	case IMAP_S_SINCE:
		return row_day(r->day, k->op, IMAP_S_BEFORE, IMAP_S_ON,
		    k->day);
	case IMAP_S_SENTBEFORE:
	case IMAP_S_SENTON:
	case IMAP_S_SENTSINCE:
		return row_day(r->sentday, k->op, IMAP_S_SENTBEFORE,
		    IMAP_S_SENTON, k->day);
	case IMAP_S_SAVEDBEFORE:
	case IMAP_S_SAVEDON:
	case IMAP_S_SAVEDSINCE:
		return row_day(r->savedday, k->op, IMAP_S_SAVEDBEFORE,
		    IMAP_S_SAVEDON, k->day);
	case IMAP_S_OLDER:
		return tri(r->date <= r->now - (int64_t)k->n);
	case IMAP_S_YOUNGER:
		return tri(r->date >= r->now - (int64_t)k->n);
	case IMAP_S_EMAILID:
		return tri(span_eq(k->text, r->emailid));
	case IMAP_S_THREADID:
		return tri(span_eq(k->text, r->threadid));
	default:
		return IMAP_MAYBE;
	}
}
