#include <string.h>

#include "libimap/imap_append.h"
#include "libimap/imap_date.h"

static struct imap_append_part *
part_add(struct imap_lexer *lx, struct imap_append *a)
{
	struct imap_append_part	*p;

	if (a->catparts == IMAP_APPEND_PARTS) {
		imap_lex_toobig(lx, "too many parts");
		return NULL;
	}
	if ((a->parts = imap_arena_more(lx->arena, a->parts, a->nparts,
	    sizeof(*a->parts))) == NULL) {
		imap_lex_toobig(lx, "command too large");
		return NULL;
	}
	p = &a->parts[a->nparts];
	memset(p, 0, sizeof(*p));
	return p;
}

static int
lex_message_date(struct imap_lexer *lx, struct imap_append_part *p)
{
	struct span	s;

	if (!imap_lex_quoted(lx, &s))
		return 0;
	if (imap_datetime_parse(s, &p->date) == -1)
		return imap_lex_bad(lx, "bad date-time");
	p->has_date = 1;
	return 1;
}

/* The part that p describes is the last one of the segment: its bytes come. */
static int
part_literal(struct imap_lexer *lx, struct imap_append *a,
    struct imap_append_part *p, uint8_t kind, uint8_t next)
{
	p->kind = kind;
	if (!imap_lex_literal_header(lx, &p->literal))
		return 0;
	if (p->utf8 && !p->literal.binary)
		return imap_lex_bad(lx, "literal8 expected");
	a->nparts++;
	a->catparts++;
	a->state = next;
	a->stream = 1;
	return 1;
}

/* One part of CATENATE: "TEXT {n}" or "URL astring". */
static int
lex_cat_part(struct imap_lexer *lx, struct imap_append *a,
    struct imap_append_part *p)
{
	struct span	name;

	if (!imap_lex_name(lx, &name) || !imap_lex_sp(lx))
		return 0;
	if (span_ieqs(name, "TEXT"))
		return part_literal(lx, a, p, IMAP_APPEND_TEXT,
		    IMAP_APPEND_CAT);
	if (!span_ieqs(name, "URL"))
		return imap_lex_bad(lx, "TEXT or URL expected");
	p->kind = IMAP_APPEND_URL;
	if (!imap_lex_astring(lx, &p->url))
		return 0;
	a->nparts++;
	a->catparts++;
	a->state = IMAP_APPEND_CAT;
	return 1;
}

/* " (flags) "date" literal" up to where the bytes begin. */
static int
lex_message(struct imap_lexer *lx, struct imap_append *a)
{
	struct imap_append_part	*p;
	struct span		 name;
	int			 c;

	if (a->messages == IMAP_APPEND_MESSAGES)
		return imap_lex_toobig(lx, "too many messages");
	a->catparts = 0;
	if ((p = part_add(lx, a)) == NULL)
		return 0;
	a->messages++;
	p->first = 1;
	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_peek(lx) == '(' &&
	    (!imap_lex_flaglist(lx, &p->flags) || !imap_lex_sp(lx)))
		return 0;
	if (imap_lex_peek(lx) == '"' &&
	    (!lex_message_date(lx, p) || !imap_lex_sp(lx)))
		return 0;
	c = imap_lex_peek(lx);
	if (c == '{' || c == '~')
		return part_literal(lx, a, p, IMAP_APPEND_LITERAL,
		    IMAP_APPEND_AFTER);
	if (!imap_lex_name(lx, &name) || !imap_lex_sp(lx) ||
	    !imap_lex_char(lx, '('))
		return 0;
	if (span_ieqs(name, "UTF8")) {
		p->utf8 = 1;
		return part_literal(lx, a, p, IMAP_APPEND_LITERAL,
		    IMAP_APPEND_UTF8);
	}
	if (!span_ieqs(name, "CATENATE"))
		return imap_lex_bad(lx, "literal expected");
	a->catenate = 1;
	return lex_cat_part(lx, a, p);
}

/* One step on; the segment ends when stream is set or the state is DONE. */
static int
append_step(struct imap_lexer *lx, struct imap_append *a)
{
	struct imap_append_part	*p;

	switch (a->state) {
	case IMAP_APPEND_START:
		return lex_message(lx, a);
	case IMAP_APPEND_UTF8:
		a->state = IMAP_APPEND_AFTER;
		return imap_lex_char(lx, ')');
	case IMAP_APPEND_CAT:
		if (imap_lex_opt(lx, ')')) {
			a->state = IMAP_APPEND_AFTER;
			return 1;
		}
		if (!imap_lex_sp(lx) || (p = part_add(lx, a)) == NULL)
			return 0;
		return lex_cat_part(lx, a, p);
	default:
		if (imap_lex_peek(lx) == ' ' && !a->single)
			a->state = IMAP_APPEND_START;
		else
			a->state = IMAP_APPEND_DONE;
		return imap_lex_ok(lx);
	}
}

int
imap_lex_append_segment(struct imap_lexer *lx, struct imap_append *a)
{
	a->parts = NULL;
	a->nparts = 0;
	a->stream = 0;
	while (!a->stream && a->state != IMAP_APPEND_DONE)
		if (!append_step(lx, a))
			return 0;
	return 1;
}
