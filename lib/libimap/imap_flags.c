#include <string.h>

#include "libimap/imap_flags.h"

struct bitname {
	uint32_t	bit;
	const char	*name;
};

static const struct bitname flag_names[] = {
	{ IMAP_FLAG_ANSWERED,	"\\Answered" },
	{ IMAP_FLAG_FLAGGED,	"\\Flagged" },
	{ IMAP_FLAG_DELETED,	"\\Deleted" },
	{ IMAP_FLAG_SEEN,	"\\Seen" },
	{ IMAP_FLAG_DRAFT,	"\\Draft" },
	{ IMAP_FLAG_RECENT,	"\\Recent" },
	{ 0, NULL }
};

static const struct bitname use_names[] = {
	{ IMAP_USE_ALL,		"\\All" },
	{ IMAP_USE_ARCHIVE,	"\\Archive" },
	{ IMAP_USE_DRAFTS,	"\\Drafts" },
	{ IMAP_USE_FLAGGED,	"\\Flagged" },
	{ IMAP_USE_JUNK,	"\\Junk" },
	{ IMAP_USE_SENT,	"\\Sent" },
	{ IMAP_USE_TRASH,	"\\Trash" },
	{ IMAP_USE_IMPORTANT,	"\\Important" },
	{ 0, NULL }
};

static uint32_t
name_bit(const struct bitname *t, struct span s)
{
	for (; t->name != NULL; t++)
		if (span_ieqs(s, t->name))
			return t->bit;
	return 0;
}

static struct span
bit_name(const struct bitname *t, uint32_t bit)
{
	for (; t->name != NULL; t++)
		if (t->bit == bit)
			return span_of(t->name);
	return SPAN_NONE;
}

uint32_t
imap_flag_bit(struct span s)
{
	return name_bit(flag_names, s);
}

struct span
imap_flag_name(uint32_t bit)
{
	return bit_name(flag_names, bit);
}

uint32_t
imap_use_bit(struct span s)
{
	return name_bit(use_names, s);
}

struct span
imap_use_name(uint32_t bit)
{
	return bit_name(use_names, bit);
}

static int
flags_add_keyword(struct imap_lexer *lx, struct imap_flags *f,
    struct span s)
{
	uint32_t	i;

	if (s.len > IMAP_KEYWORD_MAX)
		return imap_lex_bad(lx, "keyword too long");
	for (i = 0; i < f->nkeywords; i++)
		if (span_ieq(f->keywords[i], s))
			return 1;
	if (f->nkeywords == IMAP_KEYWORDS_MAX)
		return imap_lex_toobig(lx, "too many keywords");
	if ((f->keywords = imap_arena_more(lx->arena, f->keywords,
	    f->nkeywords, sizeof(*f->keywords))) == NULL)
		return imap_lex_toobig(lx, "command too large");
	f->keywords[f->nkeywords++] = s;
	return 1;
}

static int
lex_flag(struct imap_lexer *lx, struct imap_flags *f)
{
	struct span	s;
	uint32_t	bit;
	int		system;

	system = imap_lex_opt(lx, '\\');
	if (!imap_lex_atom(lx, &s))
		return 0;
	if (!system)
		return flags_add_keyword(lx, f, s);
	s.p--;
	s.len++;
	bit = imap_flag_bit(s);
	if ((bit & IMAP_FLAG_SYSTEM) == 0)
		return imap_lex_bad(lx, "no such system flag");
	f->bits |= bit;
	return 1;
}

int
imap_lex_flaglist(struct imap_lexer *lx, struct imap_flags *f)
{
	memset(f, 0, sizeof(*f));
	if (!imap_lex_char(lx, '('))
		return 0;
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if (!lex_flag(lx, f))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

int
imap_lex_flags(struct imap_lexer *lx, struct imap_flags *f)
{
	if (imap_lex_peek(lx) == '(')
		return imap_lex_flaglist(lx, f);
	memset(f, 0, sizeof(*f));
	do {
		if (!lex_flag(lx, f))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_ok(lx);
}
