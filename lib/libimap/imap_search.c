#include <string.h>

#include "libimap/imap_search.h"

enum arg {
	ARG_NONE, ARG_FLAG, ARG_NOTFLAG, ARG_TEXT, ARG_DATE, ARG_NUMBER,
	ARG_NZNUMBER, ARG_KEYWORD, ARG_NOTKEYWORD, ARG_HEADER, ARG_MODSEQ,
	ARG_ID, ARG_UID, ARG_UIDAFTER, ARG_UIDBEFORE, ARG_ATOM, ARG_NEW,
	ARG_OLD, ARG_OR, ARG_NOT, ARG_FUZZY
};

/*
 * name, op, what follows it, cost, flag.  The meta blob decides most of what
 * asks for header fields; where it cannot, the leaf says MAYBE there.
 */
static const struct word {
	const char	*name;
	uint8_t		 op, arg, cost, flag;
} words[] = {
#define C(x)	IMAP_COST_ ## x
	{ "ALL", IMAP_S_ALL, ARG_NONE, C(NONE), 0 },
	{ "ANSWERED", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_ANSWERED },
	{ "BCC", IMAP_S_BCC, ARG_TEXT, C(BRIEF), 0 },
	{ "BEFORE", IMAP_S_BEFORE, ARG_DATE, C(WHERE), 0 },
	{ "BODY", IMAP_S_BODY, ARG_TEXT, C(BODY), 0 },
	{ "CC", IMAP_S_CC, ARG_TEXT, C(BRIEF), 0 },
	{ "DELETED", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_DELETED },
	{ "DRAFT", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_DRAFT },
	{ "EMAILID", IMAP_S_EMAILID, ARG_ID, C(WHERE), 0 },
	{ "FILTER", IMAP_S_FILTER, ARG_ATOM, C(BODY), 0 },
	{ "FLAGGED", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_FLAGGED },
	{ "FROM", IMAP_S_FROM, ARG_TEXT, C(BRIEF), 0 },
	{ "FUZZY", IMAP_S_ALL, ARG_FUZZY, C(NONE), 0 },
	{ "HEADER", IMAP_S_HEADER, ARG_HEADER, C(BRIEF), 0 },
	{ "KEYWORD", IMAP_S_KEYWORD, ARG_KEYWORD, C(HOT), 0 },
	{ "LARGER", IMAP_S_LARGER, ARG_NUMBER, C(WHERE), 0 },
	{ "MODSEQ", IMAP_S_MODSEQ, ARG_MODSEQ, C(HOT), 0 },
	{ "NEW", IMAP_S_FLAG, ARG_NEW, C(HOT), 0 },
	{ "NOT", IMAP_S_NOT, ARG_NOT, C(NONE), 0 },
	{ "OLD", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT), IMAP_FLAG_RECENT },
	{ "OLDER", IMAP_S_OLDER, ARG_NZNUMBER, C(WHERE), 0 },
	{ "ON", IMAP_S_ON, ARG_DATE, C(WHERE), 0 },
	{ "OR", IMAP_S_OR, ARG_OR, C(NONE), 0 },
	{ "RECENT", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_RECENT },
	{ "SAVEDATESUPPORTED", IMAP_S_SAVEDATESUPPORTED, ARG_NONE,
	    C(NONE), 0 },
	{ "SAVEDBEFORE", IMAP_S_SAVEDBEFORE, ARG_DATE, C(WHERE), 0 },
	{ "SAVEDON", IMAP_S_SAVEDON, ARG_DATE, C(WHERE), 0 },
	{ "SAVEDSINCE", IMAP_S_SAVEDSINCE, ARG_DATE, C(WHERE), 0 },
	{ "SEEN", IMAP_S_FLAG, ARG_FLAG, C(HOT), IMAP_FLAG_SEEN },
	{ "SENTBEFORE", IMAP_S_SENTBEFORE, ARG_DATE, C(BRIEF), 0 },
	{ "SENTON", IMAP_S_SENTON, ARG_DATE, C(BRIEF), 0 },
	{ "SENTSINCE", IMAP_S_SENTSINCE, ARG_DATE, C(BRIEF), 0 },
	{ "SINCE", IMAP_S_SINCE, ARG_DATE, C(WHERE), 0 },
	{ "SMALLER", IMAP_S_SMALLER, ARG_NUMBER, C(WHERE), 0 },
	{ "SUBJECT", IMAP_S_SUBJECT, ARG_TEXT, C(BRIEF), 0 },
	{ "TEXT", IMAP_S_TEXT, ARG_TEXT, C(BODY), 0 },
	{ "THREADID", IMAP_S_THREADID, ARG_ID, C(WHERE), 0 },
	{ "TO", IMAP_S_TO, ARG_TEXT, C(BRIEF), 0 },
	{ "UID", IMAP_S_UID, ARG_UID, C(NONE), 0 },
	{ "UIDAFTER", IMAP_S_UID, ARG_UIDAFTER, C(NONE), 0 },
	{ "UIDBEFORE", IMAP_S_UID, ARG_UIDBEFORE, C(NONE), 0 },
	{ "UNANSWERED", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT),
	    IMAP_FLAG_ANSWERED },
	{ "UNDELETED", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT), IMAP_FLAG_DELETED },
	{ "UNDRAFT", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT), IMAP_FLAG_DRAFT },
	{ "UNFLAGGED", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT), IMAP_FLAG_FLAGGED },
	{ "UNKEYWORD", IMAP_S_KEYWORD, ARG_NOTKEYWORD, C(HOT), 0 },
	{ "UNSEEN", IMAP_S_FLAG, ARG_NOTFLAG, C(HOT), IMAP_FLAG_SEEN },
	{ "YOUNGER", IMAP_S_YOUNGER, ARG_NZNUMBER, C(WHERE), 0 }
#undef C
};
#define NWORDS	(sizeof(words) / sizeof(words[0]))

/* A key that is still open: how many operands it waits for. */
struct open {
	uint32_t	key;
	uint32_t	left;		/* LIST: until `)' or the end */
	uint8_t		fuzzy;
};
#define LIST	UINT32_MAX

struct program {
	struct imap_lexer	*lx;
	struct imap_search	*s;
	struct open		 stack[IMAP_SEARCH_DEPTH];
	uint32_t		 depth;
	uint8_t			 fuzzy;		/* for the next key */
	uint8_t			 whole;		/* an operand was completed */
};

static struct imap_search_key *
key_add(struct program *p, uint8_t op, uint8_t cost)
{
	struct imap_search	*s = p->s;
	struct imap_search_key	*k;

	if (s->nkeys == IMAP_SEARCH_KEYS) {
		imap_lex_toobig(p->lx, "search too large");
		return NULL;
	}
	if ((s->keys = imap_arena_more(p->lx->arena, s->keys, s->nkeys,
	    sizeof(*s->keys))) == NULL) {
		imap_lex_toobig(p->lx, "command too large");
		return NULL;
	}
	k = &s->keys[s->nkeys++];
	memset(k, 0, sizeof(*k));
	k->op = op;
	k->cost = cost;
	k->bit = -1;
	k->end = s->nkeys;
	k->fuzzy = p->fuzzy ||
	    (p->depth > 0 && p->stack[p->depth - 1].fuzzy);
	if (op > IMAP_S_NOT)
		s->costs |= IMAP_COST_BIT(cost);
	return k;
}

static int
key_open(struct program *p, uint8_t op, uint32_t left)
{
	struct open	*top;

	/* OR in OR is one OR of more, so that chains do not go deep. */
	if (op == IMAP_S_OR && p->depth > 0) {
		top = &p->stack[p->depth - 1];
		if (p->s->keys[top->key].op == IMAP_S_OR &&
		    top->fuzzy >= p->fuzzy) {
			top->left++;
			return 1;
		}
	}
	if (p->depth == IMAP_SEARCH_DEPTH)
		return imap_lex_toobig(p->lx, "search too deep");
	if (key_add(p, op, IMAP_COST_NONE) == NULL)
		return 0;
	top = &p->stack[p->depth++];
	top->key = p->s->nkeys - 1;
	top->left = left;
	top->fuzzy = p->s->keys[top->key].fuzzy;
	p->fuzzy = 0;
	return 1;
}

/* An operand is complete: close whatever has got its last one. */
static void
key_closed(struct program *p)
{
	struct imap_search_key	*k, *up;
	struct open		*top;
	uint32_t		 done = p->s->nkeys - 1;

	while (p->depth > 0) {
		top = &p->stack[p->depth - 1];
		if (top->left == LIST || --top->left > 0)
			return;
		p->depth--;
		done = top->key;
		k = &p->s->keys[done];
		k->end = p->s->nkeys;
		if (p->depth == 0)
			return;
		up = &p->s->keys[p->stack[p->depth - 1].key];
		if (up->cost < k->cost)
			up->cost = k->cost;
	}
}

/* A leaf is complete: its cost counts for the key above it. */
static int
leaf_done(struct program *p)
{
	struct imap_search_key	*k = &p->s->keys[p->s->nkeys - 1], *up;

	if (!imap_lex_ok(p->lx))
		return 0;
	if (p->depth > 0) {
		up = &p->s->keys[p->stack[p->depth - 1].key];
		if (up->cost < k->cost)
			up->cost = k->cost;
	}
	p->fuzzy = 0;
	p->whole = 1;
	key_closed(p);
	return 1;
}

static int
lex_date(struct imap_lexer *lx, int32_t *day)
{
	struct span	s;

	if (imap_lex_peek(lx) == '"' ? !imap_lex_quoted(lx, &s) :
	    !imap_lex_atom(lx, &s))
		return 0;
	if (imap_date_parse(s, day) == -1)
		return imap_lex_bad(lx, "bad date");
	return 1;
}

static int
lex_set_key(struct program *p, struct imap_search_key *k)
{
	if ((k->set = imap_arena_alloc(p->lx->arena,
	    sizeof(*k->set))) == NULL)
		return imap_lex_toobig(p->lx, "command too large");
	if (!imap_lex_seqset(p->lx, k->set))
		return 0;
	if (k->set->saved)
		p->s->saved = 1;
	else if (k->op == IMAP_S_SEQ)
		p->s->seqs = 1;
	return 1;
}

/* RFC 9738 3.3: above, or below, a uid. */
static int
lex_uid_side(struct program *p, struct imap_search_key *k, int after)
{
	struct imap_seqrange	*r;
	uint32_t		 n;

	k->set = imap_arena_calloc(p->lx->arena, 1, sizeof(*k->set));
	r = imap_arena_calloc(p->lx->arena, 1, sizeof(*r));
	if (k->set == NULL || r == NULL)
		return imap_lex_toobig(p->lx, "command too large");
	if (!imap_lex_nznumber(p->lx, &n))
		return 0;
	r->a = after ? n + 1 : 1;
	r->b = after ? UINT32_MAX : n - 1;
	k->set->ranges = r;
	k->set->n = n != (after ? UINT32_MAX : 1);
	k->set->highest = r->b;
	return 1;
}

/* "MODSEQ ["/flags/\\draft" all] 620162338" (RFC 7162 3.1.5) */
static int
lex_modseq(struct imap_lexer *lx, uint64_t *n)
{
	struct span	entry, type;

	if (imap_lex_peek(lx) == '"') {
		if (!imap_lex_quoted(lx, &entry) || !imap_lex_sp(lx) ||
		    !imap_lex_atom(lx, &type) || !imap_lex_sp(lx))
			return 0;
		if (!span_ieqs(type, "all") && !span_ieqs(type, "priv") &&
		    !span_ieqs(type, "shared"))
			return imap_lex_bad(lx, "bad entry type");
	}
	return imap_lex_number64(lx, n);
}

/* Two keys under a new NOT or AND: UNSEEN, NEW. */
static int
key_negated(struct program *p, const struct word *w)
{
	if (!key_open(p, IMAP_S_NOT, 1) ||
	    key_add(p, w->op, w->cost) == NULL)
		return 0;
	p->s->keys[p->s->nkeys - 1].n = w->flag;
	return 1;
}

static int
key_new(struct program *p)
{
	static const struct word unseen = {
		"", IMAP_S_FLAG, ARG_NOTFLAG, IMAP_COST_HOT, IMAP_FLAG_SEEN
	};
	struct imap_search_key	*k;

	if (!key_open(p, IMAP_S_AND, 2) ||
	    (k = key_add(p, IMAP_S_FLAG, IMAP_COST_HOT)) == NULL)
		return 0;
	k->n = IMAP_FLAG_RECENT;
	return leaf_done(p) && key_negated(p, &unseen) && leaf_done(p);
}

static int
lex_text_arg(struct program *p, struct imap_search_key *k, uint8_t arg)
{
	struct imap_lexer	*lx = p->lx;

	if (!imap_lex_sp(lx))
		return 0;
	switch (arg) {
	case ARG_HEADER:
		return imap_lex_astring(lx, &k->field) && imap_lex_sp(lx) &&
		    imap_lex_astring(lx, &k->text);
	case ARG_TEXT:
		return imap_lex_astring(lx, &k->text);
	default:
		return imap_lex_atom(lx, &k->text);
	}
}

static int
lex_number_arg(struct program *p, struct imap_search_key *k, uint8_t arg)
{
	uint32_t	n;

	if (!imap_lex_sp(p->lx))
		return 0;
	switch (arg) {
	case ARG_MODSEQ:
		p->s->modseq = 1;
		return lex_modseq(p->lx, &k->n);
	case ARG_NZNUMBER:
		if (!imap_lex_nznumber(p->lx, &n))
			return 0;
		k->n = n;
		return 1;
	default:
		/* RFC 9051 widens sizes to 63 bits. */
		return imap_lex_number64(p->lx, &k->n);
	}
}

/* What follows the word of a leaf. */
static int
lex_leaf(struct program *p, const struct word *w)
{
	struct imap_search_key	*k;

	if (w->arg == ARG_NEW)
		return key_new(p);
	if (w->arg == ARG_NOTFLAG || w->arg == ARG_NOTKEYWORD) {
		if (!key_negated(p, w))
			return 0;
		k = &p->s->keys[p->s->nkeys - 1];
	} else if ((k = key_add(p, w->op, w->cost)) == NULL)
		return 0;
	switch (w->arg) {
	case ARG_FLAG:
		k->n = w->flag;
		break;
	case ARG_TEXT:
	case ARG_HEADER:
	case ARG_KEYWORD:
	case ARG_NOTKEYWORD:
	case ARG_ID:
	case ARG_ATOM:
		if (!lex_text_arg(p, k, w->arg))
			return 0;
		break;
	case ARG_NUMBER:
	case ARG_NZNUMBER:
	case ARG_MODSEQ:
		if (!lex_number_arg(p, k, w->arg))
			return 0;
		break;
	case ARG_DATE:
		if (!imap_lex_sp(p->lx) || !lex_date(p->lx, &k->day))
			return 0;
		break;
	case ARG_UID:
		if (!imap_lex_sp(p->lx) || !lex_set_key(p, k))
			return 0;
		break;
	case ARG_UIDAFTER:
	case ARG_UIDBEFORE:
		if (!imap_lex_sp(p->lx) ||
		    !lex_uid_side(p, k, w->arg == ARG_UIDAFTER))
			return 0;
		break;
	}
	return leaf_done(p);
}

static int
lex_word(struct program *p)
{
	const struct word	*w;
	struct span		 name;
	size_t			 i;

	if (!imap_lex_name(p->lx, &name))
		return 0;
	for (i = 0; i < NWORDS; i++)
		if (span_ieqs(name, words[i].name))
			break;
	if (i == NWORDS)
		return imap_lex_bad(p->lx, "no such search key");
	w = &words[i];
	switch (w->arg) {
	case ARG_OR:
		return key_open(p, IMAP_S_OR, 2) && imap_lex_sp(p->lx);
	case ARG_NOT:
		return key_open(p, IMAP_S_NOT, 1) && imap_lex_sp(p->lx);
	case ARG_FUZZY:
		p->fuzzy = 1;
		return imap_lex_sp(p->lx);
	default:
		return lex_leaf(p, w);
	}
}

/* One step: the beginning of a key.  After it an operand may be complete. */
static int
lex_key(struct program *p)
{
	struct imap_search_key	*k;
	int			 c = imap_lex_peek(p->lx);

	p->whole = 0;
	if (c == '(') {
		p->lx->p++;
		return key_open(p, IMAP_S_AND, LIST);
	}
	if (c == '*' || c == '$' || (c >= '0' && c <= '9')) {
		if ((k = key_add(p, IMAP_S_SEQ, IMAP_COST_NONE)) == NULL)
			return 0;
		return lex_set_key(p, k) && leaf_done(p);
	}
	return lex_word(p);
}

/* `)' closes a list, and that may complete what it stands in. */
static int
lex_close(struct program *p)
{
	while (p->depth > 1 && p->stack[p->depth - 1].left == LIST &&
	    imap_lex_opt(p->lx, ')')) {
		p->stack[p->depth - 1].left = 1;
		key_closed(p);
	}
	return imap_lex_ok(p->lx);
}

int
imap_lex_search_keys(struct imap_lexer *lx, struct imap_search *s)
{
	struct program	p;

	memset(&p, 0, sizeof(p));
	p.lx = lx;
	p.s = s;
	if (!key_open(&p, IMAP_S_AND, LIST))
		return 0;
	for (;;) {
		if (!lex_key(&p))
			return 0;
		if (!p.whole)
			continue;
		if (!lex_close(&p))
			return 0;
		if (!imap_lex_opt(lx, ' '))
			break;
	}
	if (!imap_lex_ok(lx))
		return 0;
	if (p.depth != 1)
		return imap_lex_bad(lx, "search key expected");
	s->keys[0].end = s->nkeys;
	return 1;
}

static int
lex_return_option(struct imap_lexer *lx, struct imap_search *s)
{
	static const struct {
		const char	*name;
		uint32_t	 bit;
	} opts[] = {
		{ "MIN",	IMAP_RET_MIN },
		{ "MAX",	IMAP_RET_MAX },
		{ "ALL",	IMAP_RET_ALL },
		{ "COUNT",	IMAP_RET_COUNT },
		{ "SAVE",	IMAP_RET_SAVE },
		{ "PARTIAL",	IMAP_RET_PARTIAL },
		{ "UPDATE",	IMAP_RET_UPDATE },
		{ "CONTEXT",	IMAP_RET_CONTEXT },
		{ "RELEVANCY",	IMAP_RET_RELEVANCY }
	};
	struct span	name;
	size_t		i, n = sizeof(opts) / sizeof(opts[0]);

	if (!imap_lex_name(lx, &name))
		return 0;
	for (i = 0; i < n; i++)
		if (span_ieqs(name, opts[i].name))
			break;
	if (i == n)
		return imap_lex_bad(lx, "no such return option");
	s->ret |= opts[i].bit;
	if (opts[i].bit != IMAP_RET_PARTIAL)
		return 1;
	return imap_lex_sp(lx) &&
	    imap_lex_partial(lx, &s->partial_a, &s->partial_b);
}

/* Is the next word, after a space, this one?  Then it is taken. */
static int
lex_opt_word(struct imap_lexer *lx, const char *word)
{
	const char	*back = lx->p;
	struct span	 name;
	int		 c;

	if (!imap_lex_sp(lx))
		return 0;
	c = imap_lex_peek(lx);
	if (imap_char_is(c, IMAP_CH_NAME)) {
		if (!imap_lex_name(lx, &name))
			return 0;
		if (span_ieqs(name, word))
			return 1;
	}
	lx->p = back;
	return 0;
}

int
imap_lex_search_return(struct imap_lexer *lx, struct imap_search *s)
{
	if (!lex_opt_word(lx, "RETURN"))
		return imap_lex_ok(lx);
	s->extended = 1;
	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	if (!imap_lex_opt(lx, ')')) {
		do {
			if (!lex_return_option(lx, s))
				return 0;
		} while (imap_lex_opt(lx, ' '));
		if (!imap_lex_char(lx, ')'))
			return 0;
	}
	/* RFC 9394 3.1: one of the two. */
	if ((s->ret & IMAP_RET_ALL) != 0 && (s->ret & IMAP_RET_PARTIAL) != 0)
		return imap_lex_bad(lx, "both ALL and PARTIAL");
	/* RFC 4731 3.1, RFC 5182 2.1: nothing said means ALL. */
	if (s->ret == 0)
		s->ret = IMAP_RET_ALL;
	return 1;
}

int
imap_lex_search_program(struct imap_lexer *lx, struct imap_search *s)
{
	if (lex_opt_word(lx, "CHARSET") &&
	    (!imap_lex_sp(lx) || !imap_lex_astring(lx, &s->charset)))
		return 0;
	return imap_lex_sp(lx) && imap_lex_search_keys(lx, s);
}

int
imap_search_parse(struct imap_arena *arena, struct span text,
    struct imap_search *s)
{
	struct imap_lexer	 lx;

	char			*copy;

	memset(s, 0, sizeof(*s));
	if ((copy = imap_arena_alloc(arena, text.len + 2)) == NULL)
		return -1;
	/* With the end of a line, since without it there may be more. */
	memcpy(copy, text.p, text.len);
	memcpy(copy + text.len, "\r\n", 2);
	imap_lex_init(&lx, (struct span){ copy, text.len + 2 }, arena);
	return imap_lex_search_keys(&lx, s) && lx.p == lx.end - 2 ? 0 : -1;
}

/* Keys that are open at each index, at most. */
static uint32_t
depth_of(const struct imap_search *s)
{
	uint32_t	 stack[IMAP_SEARCH_DEPTH + 1], i, n = 0, max = 0;

	for (i = 0; i < s->nkeys; i++) {
		while (n > 0 && stack[n - 1] <= i)
			n--;
		if (s->keys[i].op > IMAP_S_NOT)
			continue;
		if (n > IMAP_SEARCH_DEPTH)
			return n;
		stack[n++] = s->keys[i].end;
		if (n > max)
			max = n;
	}
	return max;
}

int
imap_search_splice(struct imap_arena *arena, struct imap_search *s,
    uint32_t at, const struct imap_search *sub)
{
	struct imap_search	 out = *s;
	struct imap_search_key	*k;
	uint32_t		 i, more = sub->nkeys - 1;

	if (s->nkeys + more > IMAP_SEARCH_KEYS || (out.keys =
	    imap_arena_calloc(arena, s->nkeys + more,
	    sizeof(*out.keys))) == NULL)
		return -1;
	memcpy(out.keys, s->keys, at * sizeof(*k));
	memcpy(out.keys + at, sub->keys, sub->nkeys * sizeof(*k));
	memcpy(out.keys + at + sub->nkeys, s->keys + at + 1,
	    (s->nkeys - at - 1) * sizeof(*k));
	out.nkeys += more;
	out.costs = 0;
	for (i = 0; i < out.nkeys; i++) {
		k = &out.keys[i];
		if (i >= at && i < at + sub->nkeys)
			k->end += at;
		else if (k->end > at)
			k->end += more;
		if (k->op > IMAP_S_NOT)
			out.costs |= IMAP_COST_BIT(k->cost);
	}
	if (depth_of(&out) > IMAP_SEARCH_DEPTH)
		return -1;
	out.modseq |= sub->modseq;
	out.saved |= sub->saved;
	out.seqs |= sub->seqs;
	*s = out;
	return 0;
}
