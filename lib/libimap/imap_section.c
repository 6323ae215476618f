#include <string.h>

#include "libimap/imap_section.h"

/* Upper case, as the answer has them; the order is that of the enum. */
static const char *const text_names[] = {
	"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"
};

static int
lex_path(struct imap_lexer *lx, struct imap_section *s)
{
	uint32_t	path[IMAP_SECTION_DEPTH];
	int		c;

	do {
		if (s->npath == IMAP_SECTION_DEPTH)
			return imap_lex_bad(lx, "section too deep");
		if (!imap_lex_nznumber(lx, &path[s->npath]))
			return 0;
		s->npath++;
		if (!imap_lex_opt(lx, '.'))
			break;
		c = imap_lex_peek(lx);
	} while (c >= '0' && c <= '9');
	if (!imap_lex_ok(lx))
		return 0;
	if ((s->path = imap_arena_calloc(lx->arena, s->npath,
	    sizeof(*path))) == NULL)
		return imap_lex_toobig(lx, "command too large");
	memcpy(s->path, path, s->npath * sizeof(*path));
	return 1;
}

/* A field name: printable, no colon, no space (RFC 5322 2.2). */
static int
field_valid(struct span f)
{
	size_t	i;

	for (i = 0; i < f.len; i++)
		if (f.p[i] <= ' ' || f.p[i] == ':' || f.p[i] == 127)
			return 0;
	return f.len > 0;
}

static int
lex_fields(struct imap_lexer *lx, struct imap_section *s)
{
	struct span	f;

	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	do {
		if (!imap_lex_astring(lx, &f))
			return 0;
		if (!field_valid(f))
			return imap_lex_bad(lx, "bad header field name");
		if (s->nfields == IMAP_SECTION_FIELDS)
			return imap_lex_toobig(lx, "too many header fields");
		if ((s->fields = imap_arena_more(lx->arena, s->fields,
		    s->nfields, sizeof(*s->fields))) == NULL)
			return imap_lex_toobig(lx, "command too large");
		s->fields[s->nfields++] = f;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
lex_text(struct imap_lexer *lx, struct imap_section *s)
{
	struct span	name;
	uint8_t		i;

	if (!imap_lex_name(lx, &name))
		return 0;
	for (i = IMAP_SECTION_HEADER; i <= IMAP_SECTION_MIME; i++)
		if (span_ieqs(name, text_names[i]))
			break;
	if (i > IMAP_SECTION_MIME ||
	    (i == IMAP_SECTION_MIME && s->npath == 0))
		return imap_lex_bad(lx, "no such section");
	s->text = i;
	if (i == IMAP_SECTION_FIELDS_OF || i == IMAP_SECTION_FIELDS_NOT)
		return lex_fields(lx, s);
	return 1;
}

int
imap_lex_section(struct imap_lexer *lx, int binary, struct imap_section *s)
{
	int	c;

	memset(s, 0, sizeof(*s));
	if (!imap_lex_char(lx, '['))
		return 0;
	c = imap_lex_peek(lx);
	if (c >= '0' && c <= '9') {
		if (!lex_path(lx, s))
			return 0;
		/* lex_path has taken the dot before a word. */
		if (lx->p[-1] == '.' && (binary || !lex_text(lx, s)))
			return imap_lex_bad(lx, "no such section");
	} else if (c != ']' && (binary || !lex_text(lx, s)))
		return imap_lex_bad(lx, "no such section");
	return imap_lex_char(lx, ']');
}

static int
put_upper(struct buf *b, struct span s)
{
	char	*d;
	size_t	 i;

	if ((d = buf_reserve(b, s.len)) == NULL)
		return -1;
	for (i = 0; i < s.len; i++)
		d[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ?
		    (char)(s.p[i] - 'a' + 'A') : s.p[i];
	buf_commit(b, s.len);
	return 0;
}

/* A field name as an astring: nearly all are atoms. */
static int
put_field(struct buf *b, struct span f)
{
	size_t	i;
	int	atom = 1;

	for (i = 0; i < f.len; i++)
		if (!imap_char_is((unsigned char)f.p[i], IMAP_CH_ASTRING))
			atom = 0;
	if (atom)
		return put_upper(b, f);
	if (buf_addc(b, '"') == -1)
		return -1;
	for (i = 0; i < f.len; i++) {
		if ((f.p[i] == '"' || f.p[i] == '\\') &&
		    buf_addc(b, '\\') == -1)
			return -1;
		if (put_upper(b, (struct span){ f.p + i, 1 }) == -1)
			return -1;
	}
	return buf_addc(b, '"');
}

int
imap_section_print(const struct imap_section *s, struct buf *b)
{
	unsigned	i;

	if (buf_addc(b, '[') == -1)
		return -1;
	for (i = 0; i < s->npath; i++)
		if (buf_addf(b, "%s%u", i == 0 ? "" : ".", s->path[i]) == -1)
			return -1;
	if (s->text != IMAP_SECTION_ALL && s->npath > 0 &&
	    buf_addc(b, '.') == -1)
		return -1;
	if (buf_addstr(b, text_names[s->text]) == -1)
		return -1;
	for (i = 0; i < s->nfields; i++)
		if (buf_addstr(b, i == 0 ? " (" : " ") == -1 ||
		    put_field(b, s->fields[i]) == -1)
			return -1;
	return buf_addstr(b, s->nfields > 0 ? ")]" : "]");
}

int
imap_section_is_header(const struct imap_section *s)
{
	return s->npath == 0 && (s->text == IMAP_SECTION_HEADER ||
	    s->text == IMAP_SECTION_FIELDS_OF ||
	    s->text == IMAP_SECTION_FIELDS_NOT);
}
