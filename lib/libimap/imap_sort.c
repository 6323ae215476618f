#include <string.h>

#include "libimap/imap_sort.h"

/* The order is that of the enum. */
static const char *const keys[] = {
	"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO",
	"DISPLAYFROM", "DISPLAYTO", "RELEVANCY"
};
#define NKEYS	(sizeof(keys) / sizeof(keys[0]))

static const char *const algorithms[] = {
	"ORDEREDSUBJECT", "REFERENCES", "REFS"
};
#define NALGS	(sizeof(algorithms) / sizeof(algorithms[0]))

static int
lex_sort_key(struct imap_lexer *lx, struct imap_sort *s)
{
	struct span	name;
	uint8_t		i, reverse = 0;

	if (!imap_lex_name(lx, &name))
		return 0;
	if (span_ieqs(name, "REVERSE")) {
		reverse = IMAP_SORT_REVERSE;
		if (!imap_lex_sp(lx) || !imap_lex_name(lx, &name))
			return 0;
	}
	for (i = 0; i < NKEYS; i++)
		if (span_ieqs(name, keys[i]))
			break;
	if (i == NKEYS)
		return imap_lex_bad(lx, "no such sort key");
	if (s->nkeys == IMAP_SORT_KEYS)
		return imap_lex_toobig(lx, "too many sort keys");
	s->keys[s->nkeys++] = i | reverse;
	return 1;
}

int
imap_lex_sort(struct imap_lexer *lx, struct imap_sort *s)
{
	memset(s, 0, sizeof(*s));
	if (!imap_lex_search_return(lx, &s->search) || !imap_lex_sp(lx) ||
	    !imap_lex_char(lx, '('))
		return 0;
	do {
		if (!lex_sort_key(lx, s))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')') && imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &s->search.charset) && imap_lex_sp(lx) &&
	    imap_lex_search_keys(lx, &s->search);
}

int
imap_lex_thread(struct imap_lexer *lx, struct imap_thread *t)
{
	struct span	name;
	uint8_t		i;

	memset(t, 0, sizeof(*t));
	if (!imap_lex_sp(lx) || !imap_lex_atom(lx, &name))
		return 0;
	for (i = 0; i < NALGS; i++)
		if (span_ieqs(name, algorithms[i]))
			break;
	if (i == NALGS)
		return imap_lex_bad(lx, "no such threading algorithm");
	t->alg = i;
	return imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &t->search.charset) && imap_lex_sp(lx) &&
	    imap_lex_search_keys(lx, &t->search);
}
