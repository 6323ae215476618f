#include <string.h>

#include "libimap/imap_fetch.h"

#define C(x)	IMAP_COST_BIT(IMAP_COST_ ## x)

/* Items that are a word and nothing more. */
static const struct {
	const char	*name;
	uint8_t		 type;
	uint8_t		 cost;
} words[] = {
	{ "UID",		IMAP_FETCH_UID,		C(NONE) },
	{ "FLAGS",		IMAP_FETCH_FLAGS,	C(HOT) },
	{ "MODSEQ",		IMAP_FETCH_MODSEQ,	C(HOT) },
	{ "INTERNALDATE",	IMAP_FETCH_INTERNALDATE, C(WHERE) },
	{ "SAVEDATE",		IMAP_FETCH_SAVEDATE,	C(WHERE) },
	{ "RFC822.SIZE",	IMAP_FETCH_SIZE,	C(WHERE) },
	{ "EMAILID",		IMAP_FETCH_EMAILID,	C(WHERE) },
	{ "THREADID",		IMAP_FETCH_THREADID,	C(WHERE) },
	{ "ENVELOPE",		IMAP_FETCH_ENVELOPE,	C(META) },
	{ "BODYSTRUCTURE",	IMAP_FETCH_STRUCTURE,	C(META) },
	{ "BODY",		IMAP_FETCH_BODY,	C(META) },
	{ "PREVIEW",		IMAP_FETCH_PREVIEW,	C(META) }
};
#define NWORDS	(sizeof(words) / sizeof(words[0]))

#undef C

/* Room for one more item, zeroed; NULL: the lexer has failed. */
static struct imap_fetch_item *
fetch_add(struct imap_lexer *lx, struct imap_fetch *f, uint8_t type)
{
	struct imap_fetch_item	*it;

	if (f->nitems == IMAP_FETCH_ITEMS) {
		imap_lex_toobig(lx, "too many items");
		return NULL;
	}
	if ((f->items = imap_arena_more(lx->arena, f->items, f->nitems,
	    sizeof(*f->items))) == NULL) {
		imap_lex_toobig(lx, "command too large");
		return NULL;
	}
	it = &f->items[f->nitems++];
	memset(it, 0, sizeof(*it));
	it->type = type;
	f->types |= 1u << type;
	return it;
}

/* A word, once however often it is named. */
static int
fetch_add_word(struct imap_lexer *lx, struct imap_fetch *f, uint8_t type)
{
	size_t	i;

	if ((f->types & (1u << type)) != 0)
		return 1;
	for (i = 0; i < NWORDS; i++)
		if (words[i].type == type)
			f->costs |= words[i].cost;
	return fetch_add(lx, f, type) != NULL;
}

static int
fetch_macro(struct imap_lexer *lx, struct imap_fetch *f, struct span name)
{
	static const uint8_t	all[] = {
		IMAP_FETCH_FLAGS, IMAP_FETCH_INTERNALDATE, IMAP_FETCH_SIZE,
		IMAP_FETCH_ENVELOPE, IMAP_FETCH_BODY
	};
	size_t			i, n;

	if (span_ieqs(name, "FAST"))
		n = 3;
	else if (span_ieqs(name, "ALL"))
		n = 4;
	else if (span_ieqs(name, "FULL"))
		n = 5;
	else
		return 0;
	for (i = 0; i < n; i++)
		fetch_add_word(lx, f, all[i]);
	return 1;
}

/* "<0.100>" after a section */
static int
lex_range(struct imap_lexer *lx, struct imap_fetch_item *it)
{
	if (!imap_lex_opt(lx, '<'))
		return imap_lex_ok(lx);
	it->partial = 1;
	return imap_lex_number(lx, &it->first) && imap_lex_char(lx, '.') &&
	    imap_lex_nznumber(lx, &it->count) && imap_lex_char(lx, '>');
}

static void
section_costs(struct imap_fetch *f, const struct imap_section *s)
{
	if (imap_section_is_header(s))
		f->costs |= IMAP_COST_BIT(IMAP_COST_HEADER);
	else {
		f->costs |= IMAP_COST_BIT(IMAP_COST_BODY);
		if (s->npath > 0 || s->text != IMAP_SECTION_ALL)
			f->costs |= IMAP_COST_BIT(IMAP_COST_META);
	}
}

static int
lex_section_item(struct imap_lexer *lx, struct imap_fetch *f,
    struct span name)
{
	struct imap_fetch_item	*it;
	uint8_t			 type = IMAP_FETCH_SECTION;
	int			 peek = 0;

	if (span_ieqs(name, "BODY.PEEK"))
		peek = 1;
	else if (span_ieqs(name, "BINARY"))
		type = IMAP_FETCH_BINARY;
	else if (span_ieqs(name, "BINARY.PEEK")) {
		type = IMAP_FETCH_BINARY;
		peek = 1;
	} else if (span_ieqs(name, "BINARY.SIZE")) {
		type = IMAP_FETCH_BINARY_SIZE;
		peek = 1;
	} else if (!span_ieqs(name, "BODY"))
		return imap_lex_bad(lx, "no such fetch item");
	if ((it = fetch_add(lx, f, type)) == NULL)
		return 0;
	it->peek = (uint8_t)peek;
	if (!peek)
		f->sets_seen = 1;
	if (!imap_lex_section(lx, type != IMAP_FETCH_SECTION, &it->section))
		return 0;
	if (type == IMAP_FETCH_SECTION)
		section_costs(f, &it->section);
	else
		f->costs |= IMAP_COST_BIT(IMAP_COST_BODY) |
		    IMAP_COST_BIT(IMAP_COST_META);
	return type == IMAP_FETCH_BINARY_SIZE || lex_range(lx, it);
}

/* RFC822, RFC822.HEADER, RFC822.TEXT; 0: another name. */
static int
fetch_rfc822(struct imap_lexer *lx, struct imap_fetch *f, struct span name)
{
	struct imap_fetch_item	*it;
	int			 as, text;

	if (span_ieqs(name, "RFC822")) {
		as = IMAP_FETCH_AS_RFC822;
		text = IMAP_SECTION_ALL;
	} else if (span_ieqs(name, "RFC822.HEADER")) {
		as = IMAP_FETCH_AS_HEADER;
		text = IMAP_SECTION_HEADER;
	} else if (span_ieqs(name, "RFC822.TEXT")) {
		as = IMAP_FETCH_AS_TEXT;
		text = IMAP_SECTION_TEXT;
	} else
		return 0;
	if ((it = fetch_add(lx, f, IMAP_FETCH_SECTION)) == NULL)
		return 1;
	it->name = (uint8_t)as;
	it->section.text = (uint8_t)text;
	it->peek = as == IMAP_FETCH_AS_HEADER;
	if (!it->peek)
		f->sets_seen = 1;
	section_costs(f, &it->section);
	return 1;
}

/*
 * "(LAZY)" after PREVIEW.  Where PREVIEW is the only item, " (" may as well
 * begin the modifiers of FETCH.
 */
static int
lex_preview(struct imap_lexer *lx, struct imap_fetch *f, int inlist)
{
	const char	*back = lx->p;
	struct span	 word;
	uint32_t	 i;

	if (!imap_lex_optsp(lx, '('))
		return imap_lex_ok(lx);
	if (!imap_lex_name(lx, &word))
		return 0;
	if (!span_ieqs(word, "LAZY")) {
		if (inlist)
			return imap_lex_bad(lx, "no such modifier");
		lx->p = back;
		return 1;
	}
	for (i = 0; i < f->nitems; i++)
		if (f->items[i].type == IMAP_FETCH_PREVIEW)
			f->items[i].lazy = 1;
	return imap_lex_char(lx, ')');
}

static int
lex_item(struct imap_lexer *lx, struct imap_fetch *f, int inlist)
{
	struct span	name;
	size_t		i;

	if (!imap_lex_name(lx, &name))
		return 0;
	if (imap_lex_peek(lx) == '[')
		return lex_section_item(lx, f, name);
	if (!inlist && fetch_macro(lx, f, name))
		return imap_lex_ok(lx);
	if (fetch_rfc822(lx, f, name))
		return imap_lex_ok(lx);
	for (i = 0; i < NWORDS; i++)
		if (span_ieqs(name, words[i].name))
			break;
	if (i == NWORDS)
		return imap_lex_bad(lx, "no such fetch item");
	if (!fetch_add_word(lx, f, words[i].type))
		return 0;
	return words[i].type != IMAP_FETCH_PREVIEW ||
	    lex_preview(lx, f, inlist);
}

int
imap_lex_fetch_items(struct imap_lexer *lx, struct imap_fetch *f)
{
	if (!imap_lex_opt(lx, '('))
		return imap_lex_ok(lx) && lex_item(lx, f, 0);
	do {
		if (!lex_item(lx, f, 1))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
lex_partial_number(struct imap_lexer *lx, int64_t *n)
{
	uint32_t	v;
	int		neg;

	neg = imap_lex_opt(lx, '-');
	if (!imap_lex_nznumber(lx, &v))
		return 0;
	*n = neg ? -(int64_t)v : (int64_t)v;
	return 1;
}

int
imap_lex_partial(struct imap_lexer *lx, int64_t *a, int64_t *b)
{
	if (!lex_partial_number(lx, a) || !imap_lex_char(lx, ':') ||
	    !lex_partial_number(lx, b))
		return 0;
	if ((*a < 0) != (*b < 0))
		return imap_lex_bad(lx, "bad partial range");
	return 1;
}

static int
lex_modifier(struct imap_lexer *lx, struct imap_fetch *f)
{
	struct span	name;

	if (!imap_lex_name(lx, &name))
		return 0;
	if (span_ieqs(name, "CHANGEDSINCE")) {
		f->changed = 1;
		return imap_lex_sp(lx) &&
		    imap_lex_number64(lx, &f->changedsince);
	}
	if (span_ieqs(name, "VANISHED")) {
		f->vanished = 1;
		return 1;
	}
	if (span_ieqs(name, "PARTIAL")) {
		f->partial = 1;
		return imap_lex_sp(lx) &&
		    imap_lex_partial(lx, &f->partial_a, &f->partial_b);
	}
	return imap_lex_bad(lx, "no such fetch modifier");
}

int
imap_lex_fetch(struct imap_lexer *lx, struct imap_fetch *f)
{
	memset(f, 0, sizeof(*f));
	if (!imap_lex_sp(lx) || !imap_lex_seqset(lx, &f->set) ||
	    !imap_lex_sp(lx) || !imap_lex_fetch_items(lx, f))
		return 0;
	if (imap_lex_optsp(lx, '(')) {
		do {
			if (!lex_modifier(lx, f))
				return 0;
		} while (imap_lex_opt(lx, ' '));
		if (!imap_lex_char(lx, ')'))
			return 0;
	}
	if (f->vanished && !f->changed)
		return imap_lex_bad(lx, "VANISHED needs CHANGEDSINCE");
	/* RFC 7162 3.1.4.1: the answers then carry MODSEQ. */
	if (f->changed && !fetch_add_word(lx, f, IMAP_FETCH_MODSEQ))
		return 0;
	return imap_lex_ok(lx);
}

int
imap_fetch_add_uid(struct imap_lexer *lx, struct imap_fetch *f)
{
	return fetch_add_word(lx, f, IMAP_FETCH_UID);
}

int
imap_fetch_item_print(const struct imap_fetch_item *it, struct buf *b)
{
	static const char *const as[] = {
		"BODY", "RFC822", "RFC822.HEADER", "RFC822.TEXT"
	};
	size_t	 i;

	switch (it->type) {
	case IMAP_FETCH_SECTION:
		if (buf_addstr(b, as[it->name]) == -1)
			return -1;
		if (it->name != IMAP_FETCH_AS_BODY)
			return 0;
		break;
	case IMAP_FETCH_BINARY:
		if (buf_addstr(b, "BINARY") == -1)
			return -1;
		break;
	case IMAP_FETCH_BINARY_SIZE:
		if (buf_addstr(b, "BINARY.SIZE") == -1)
			return -1;
		break;
	default:
		for (i = 0; i < NWORDS; i++)
			if (words[i].type == it->type)
				return buf_addstr(b, words[i].name);
		return -1;
	}
	if (imap_section_print(&it->section, b) == -1)
		return -1;
	if (it->partial)
		return buf_addf(b, "<%u>", it->first);
	return 0;
}
