/* Command lines, by a table of verbs and what follows each. */

#include <string.h>

#include "libpop3/pop3_command.h"

enum follows {
	NOTHING,
	TEXT,			/* the rest of the line, not empty */
	WORD_OR_NONE,
	NUMBER,
	NUMBER_OR_NONE,
	TWO_NUMBERS,
	MECHANISM
};

static const struct {
	char		name[5];
	uint8_t		follows;
} verbs[POP3_UNKNOWN] = {
	[POP3_APOP] =	{ "APOP", TEXT },
	[POP3_AUTH] =	{ "AUTH", MECHANISM },
	[POP3_CAPA] =	{ "CAPA", NOTHING },
	[POP3_DELE] =	{ "DELE", NUMBER },
	[POP3_LANG] =	{ "LANG", WORD_OR_NONE },
	[POP3_LIST] =	{ "LIST", NUMBER_OR_NONE },
	[POP3_NOOP] =	{ "NOOP", NOTHING },
	[POP3_PASS] =	{ "PASS", TEXT },
	[POP3_QUIT] =	{ "QUIT", NOTHING },
	[POP3_RETR] =	{ "RETR", NUMBER },
	[POP3_RSET] =	{ "RSET", NOTHING },
	[POP3_STAT] =	{ "STAT", NOTHING },
	[POP3_STLS] =	{ "STLS", NOTHING },
	[POP3_TOP] =	{ "TOP", TWO_NUMBERS },
	[POP3_UIDL] =	{ "UIDL", NUMBER_OR_NONE },
	[POP3_USER] =	{ "USER", TEXT },
	[POP3_UTF8] =	{ "UTF8", NOTHING }
};

static const char	 none_expected[] = "This command takes no argument";
static const char	 number_expected[] = "A message number is expected";
static const char	 numbers_expected[] =
			    "A message number and a line count are expected";
static const char	 text_expected[] = "An argument is expected";
static const char	 mech_expected[] =
			    "A mechanism and base64 at most are expected";
static const char	 lang_expected[] = "One language tag is expected";

const char *
pop3_verb_name(enum pop3_verb verb)
{
	return (unsigned)verb < POP3_UNKNOWN ? verbs[verb].name : "?";
}

/* What comes up to the next space; *s moves behind that and others. */
static struct span
next_word(struct span *s)
{
	struct span	 w = { s->p, 0 };

	while (w.len < s->len && s->p[w.len] != ' ')
		w.len++;
	s->p += w.len;
	s->len -= w.len;
	while (s->len > 0 && *s->p == ' ') {
		s->p++;
		s->len--;
	}
	return w;
}

static int
number(struct span w, uint32_t *n)
{
	uint64_t	 v = 0;
	size_t		 i;

	if (w.len == 0)
		return -1;
	for (i = 0; i < w.len; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(w.p[i] - '0');
		if (v > UINT32_MAX)
			v = UINT32_MAX;
	}
	*n = (uint32_t)v;
	return 0;
}

static const char *
numbers(struct pop3_command *c, struct span rest, enum follows follows)
{
	struct span	 w;

	if (rest.len == 0 && follows == NUMBER_OR_NONE)
		return NULL;
	w = next_word(&rest);
	if (number(w, &c->number) == -1)
		return follows == TWO_NUMBERS ? numbers_expected :
		    number_expected;
	c->has_number = 1;
	if (follows == TWO_NUMBERS) {
		w = next_word(&rest);
		if (number(w, &c->lines) == -1)
			return numbers_expected;
	}
	if (rest.len > 0)
		return follows == TWO_NUMBERS ? numbers_expected :
		    number_expected;
	return NULL;
}

static const char *
mechanism(struct pop3_command *c, struct span rest)
{
	struct span	 w;
	size_t		 i;

	if (rest.len == 0)
		return NULL;	/* some ask so what there is */
	w = next_word(&rest);
	if (w.len > POP3_MECH_MAX)
		return mech_expected;
	/* RFC 4422 3.1 */
	for (i = 0; i < w.len; i++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
		    "uvwxyz0123456789-_", w.p[i]) == NULL)
			return mech_expected;
	}
	c->mech = w;
	if (rest.len > 0)
		c->initial = next_word(&rest);
	return rest.len > 0 ? mech_expected : NULL;
}

const char *
pop3_command_parse(struct pop3_command *c, struct span line)
{
	struct span	 rest = line, w;
	size_t		 i;

	memset(c, 0, sizeof(*c));
	c->verb = POP3_UNKNOWN;
	w = next_word(&rest);
	for (i = 0; i < POP3_UNKNOWN; i++) {
		if (span_ieqs(w, verbs[i].name)) {
			c->verb = (enum pop3_verb)i;
			break;
		}
	}
	if (c->verb == POP3_UNKNOWN)
		return "Unknown command";
	switch (verbs[i].follows) {
	case NOTHING:
		return rest.len > 0 ? none_expected : NULL;
	case TEXT:
		/* One space is the grammar's, the others may be theirs. */
		if (line.len <= w.len + 1)
			return text_expected;
		c->text.p = line.p + w.len + 1;
		c->text.len = line.len - w.len - 1;
		return NULL;
	case WORD_OR_NONE:
		if (rest.len > 0)
			c->text = next_word(&rest);
		return rest.len > 0 ? lang_expected : NULL;
	case MECHANISM:
		return mechanism(c, rest);
	default:
		return numbers(c, rest, (enum follows)verbs[i].follows);
	}
}
