#include <string.h>

#include "libimap/imap_list.h"

struct option {
	const char	*name;
	uint32_t	 bit;
};

static const struct option select_options[] = {
	{ "SUBSCRIBED",		IMAP_LSEL_SUBSCRIBED },
	{ "REMOTE",		IMAP_LSEL_REMOTE },
	{ "RECURSIVEMATCH",	IMAP_LSEL_RECURSIVE },
	{ "SPECIAL-USE",	IMAP_LSEL_USE },
	{ NULL, 0 }
};

static const struct option return_options[] = {
	{ "SUBSCRIBED",		IMAP_LRET_SUBSCRIBED },
	{ "CHILDREN",		IMAP_LRET_CHILDREN },
	{ "SPECIAL-USE",	IMAP_LRET_USE },
	{ "STATUS",		IMAP_LRET_STATUS },
	{ "MYRIGHTS",		IMAP_LRET_MYRIGHTS },
	{ "METADATA",		IMAP_LRET_METADATA },
	{ NULL, 0 }
};

static const struct option status_items[] = {
	{ "MESSAGES",		IMAP_ST_MESSAGES },
	{ "RECENT",		IMAP_ST_RECENT },
	{ "UIDNEXT",		IMAP_ST_UIDNEXT },
	{ "UIDVALIDITY",	IMAP_ST_UIDVALIDITY },
	{ "UNSEEN",		IMAP_ST_UNSEEN },
	{ "DELETED",		IMAP_ST_DELETED },
	{ "SIZE",		IMAP_ST_SIZE },
	{ "HIGHESTMODSEQ",	IMAP_ST_HIGHESTMODSEQ },
	{ "APPENDLIMIT",	IMAP_ST_APPENDLIMIT },
	{ "MAILBOXID",		IMAP_ST_MAILBOXID },
	{ "DELETED-STORAGE",	IMAP_ST_DELETED_STORAGE },
	{ NULL, 0 }
};

static int
lex_option(struct imap_lexer *lx, const struct option *o, uint32_t *bit)
{
	struct span	name;

	if (!imap_lex_name(lx, &name))
		return 0;
	for (; o->name != NULL; o++)
		if (span_ieqs(name, o->name)) {
			*bit = o->bit;
			return 1;
		}
	return imap_lex_bad(lx, "no such option");
}

const char *
imap_status_item_name(uint32_t bit)
{
	const struct option	*o;

	for (o = status_items; o->name != NULL; o++)
		if (o->bit == bit)
			return o->name;
	return NULL;
}

int
imap_lex_status_items(struct imap_lexer *lx, uint32_t *items)
{
	uint32_t	bit;

	*items = 0;
	if (!imap_lex_char(lx, '('))
		return 0;
	do {
		if (!lex_option(lx, status_items, &bit))
			return 0;
		*items |= bit;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
add_span(struct imap_lexer *lx, struct span **v, uint32_t *n, uint32_t max,
    struct span s)
{
	if (*n == max)
		return imap_lex_toobig(lx, "list too long");
	if ((*v = imap_arena_more(lx->arena, *v, *n, sizeof(**v))) == NULL)
		return imap_lex_toobig(lx, "command too large");
	(*v)[(*n)++] = s;
	return 1;
}

/* "(SUBSCRIBED RECURSIVEMATCH)", after the parenthesis */
static int
lex_select(struct imap_lexer *lx, struct imap_list *l)
{
	uint32_t	bit;

	l->extended = 1;
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if (!lex_option(lx, select_options, &bit))
			return 0;
		l->select |= (uint8_t)bit;
	} while (imap_lex_opt(lx, ' '));
	/* RFC 5258 3.1: it modifies another one. */
	if ((l->select & IMAP_LSEL_RECURSIVE) != 0 &&
	    (l->select & (IMAP_LSEL_SUBSCRIBED | IMAP_LSEL_USE)) == 0 &&
	    imap_lex_ok(lx))
		return imap_lex_bad(lx, "RECURSIVEMATCH alone");
	return imap_lex_char(lx, ')');
}

static int
lex_patterns(struct imap_lexer *lx, struct imap_list *l)
{
	struct span	s;

	if (!imap_lex_opt(lx, '('))
		return imap_lex_listmailbox(lx, &s) && add_span(lx,
		    &l->patterns, &l->npatterns, IMAP_LIST_PATTERNS, s);
	l->extended = 1;
	do {
		if (!imap_lex_listmailbox(lx, &s) || !add_span(lx,
		    &l->patterns, &l->npatterns, IMAP_LIST_PATTERNS, s))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
lex_entries(struct imap_lexer *lx, struct imap_list *l)
{
	struct span	s;

	if (!imap_lex_char(lx, '('))
		return 0;
	do {
		if (!imap_lex_astring(lx, &s) || !add_span(lx, &l->entries,
		    &l->nentries, IMAP_LIST_ENTRIES, s))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

/* " RETURN (...)" if it is there. */
static int
lex_return(struct imap_lexer *lx, struct imap_list *l)
{
	struct span	name;
	uint32_t	bit;

	if (!imap_lex_opt(lx, ' '))
		return imap_lex_ok(lx);
	l->extended = 1;
	if (!imap_lex_name(lx, &name))
		return 0;
	if (!span_ieqs(name, "RETURN"))
		return imap_lex_bad(lx, "RETURN expected");
	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if (!lex_option(lx, return_options, &bit))
			return 0;
		l->ret |= (uint8_t)bit;
		if (bit == IMAP_LRET_STATUS && (!imap_lex_sp(lx) ||
		    !imap_lex_status_items(lx, &l->status)))
			return 0;
		if (bit == IMAP_LRET_METADATA && (!imap_lex_sp(lx) ||
		    !lex_entries(lx, l)))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

int
imap_lex_list(struct imap_lexer *lx, struct imap_list *l)
{
	memset(l, 0, sizeof(*l));
	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_opt(lx, '(') && (!lex_select(lx, l) || !imap_lex_sp(lx)))
		return 0;
	return imap_lex_astring(lx, &l->reference) && imap_lex_sp(lx) &&
	    lex_patterns(lx, l) && lex_return(lx, l);
}

int
imap_lex_lsub(struct imap_lexer *lx, struct imap_list *l)
{
	struct span	s;

	memset(l, 0, sizeof(*l));
	l->select = IMAP_LSEL_SUBSCRIBED;
	return imap_lex_sp(lx) && imap_lex_astring(lx, &l->reference) &&
	    imap_lex_sp(lx) && imap_lex_listmailbox(lx, &s) && add_span(lx,
	    &l->patterns, &l->npatterns, IMAP_LIST_PATTERNS, s);
}
