/* One command line of a client (RFC 5321 4.1.1), taken apart. */

#include <ctype.h>
#include <string.h>

#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_utf8.h"

static const struct smtp_answer
    cmd_unknown = { 500, "5.5.1 Command not recognized" },
    cmd_bytes = { 500, "5.5.2 Line holds characters that no command has" },
    cmd_noarg = { 501, "5.5.4 This command takes no arguments" },
    cmd_needarg = { 501, "5.5.4 This command needs an argument" },
    cmd_helo = { 501, "5.5.4 Say your domain name or [address]" },
    cmd_mail = { 501, "5.5.4 Syntax: MAIL FROM:<address> [parameters]" },
    cmd_rcpt = { 501, "5.5.4 Syntax: RCPT TO:<address> [parameters]" },
    cmd_bdat = { 501, "5.5.4 Syntax: BDAT size [LAST]" },
    cmd_auth = { 501, "5.5.4 Syntax: AUTH mechanism [initial-response]" },
    path_from = { 501, "5.1.7 Syntax error in the sender's address" },
    path_to = { 501, "5.1.3 Syntax error in the recipient's address" },
    path_long_from = { 501, "5.1.7 The sender's address is too long" },
    path_long_to = { 501, "5.1.3 The recipient's address is too long" },
    path_utf8 = { 553, "5.6.7 This address needs SMTPUTF8" },
    path_badutf8 = { 501, "5.6.7 Address is not valid UTF-8" };

typedef const struct smtp_answer *(*parse_arg)(struct smtp_command *,
    const struct smtp_command_opts *);

static const struct smtp_answer *arg_none(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_any(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_some(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_helo(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_mail(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_rcpt(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_bdat(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_auth(struct smtp_command *,
    const struct smtp_command_opts *);
static const struct smtp_answer *arg_foreign(struct smtp_command *,
    const struct smtp_command_opts *);

static const struct verb {
	const char	*name;
	enum smtp_verb	 verb;
	parse_arg	 parse;
} verbs[] = {
	{ "EHLO", SMTP_EHLO, arg_helo },
	{ "HELO", SMTP_HELO, arg_helo },
	{ "LHLO", SMTP_LHLO, arg_helo },
	{ "MAIL", SMTP_MAIL, arg_mail },
	{ "RCPT", SMTP_RCPT, arg_rcpt },
	{ "DATA", SMTP_DATA, arg_none },
	{ "BDAT", SMTP_BDAT, arg_bdat },
	{ "RSET", SMTP_RSET, arg_none },
	{ "NOOP", SMTP_NOOP, arg_any },
	{ "QUIT", SMTP_QUIT, arg_none },
	{ "VRFY", SMTP_VRFY, arg_some },
	{ "EXPN", SMTP_EXPN, arg_some },
	{ "HELP", SMTP_HELP, arg_any },
	{ "STARTTLS", SMTP_STARTTLS, arg_none },
	{ "AUTH", SMTP_AUTH, arg_auth },
	/* A browser that a web page sent here: cut it off at once. */
	{ "GET", SMTP_FOREIGN, arg_foreign },
	{ "POST", SMTP_FOREIGN, arg_foreign },
	{ "PUT", SMTP_FOREIGN, arg_foreign },
	{ "HEAD", SMTP_FOREIGN, arg_foreign },
	{ "OPTIONS", SMTP_FOREIGN, arg_foreign },
	{ "CONNECT", SMTP_FOREIGN, arg_foreign },
	{ "HOST:", SMTP_FOREIGN, arg_foreign },
};

static const struct smtp_answer *
arg_none(struct smtp_command *c, const struct smtp_command_opts *o)
{
	return c->arg.len == 0 ? NULL : &cmd_noarg;
}

static const struct smtp_answer *
arg_any(struct smtp_command *c, const struct smtp_command_opts *o)
{
	return NULL;
}

static const struct smtp_answer *
arg_some(struct smtp_command *c, const struct smtp_command_opts *o)
{
	return c->arg.len > 0 ? NULL : &cmd_needarg;
}

static const struct smtp_answer *
arg_foreign(struct smtp_command *c, const struct smtp_command_opts *o)
{
	return &cmd_unknown;
}

static const struct smtp_answer *
arg_helo(struct smtp_command *c, const struct smtp_command_opts *o)
{
	size_t	 i;
	int	 ch;

	if (c->arg.len == 0 || c->arg.len > SMTP_HELO_MAX)
		return &cmd_helo;
	for (i = 0; i < c->arg.len; i++) {
		ch = (unsigned char)c->arg.p[i];
		if (ch >= 0x80 || ch == 0 ||
		    (!isalnum(ch) && strchr(".-_:[]", ch) == NULL))
			return &cmd_helo;
	}
	c->helo = c->arg;
	return NULL;
}

static void
skip_spaces(struct span *s)
{
	while (s->len > 0 && *s->p == ' ') {
		s->p++;
		s->len--;
	}
}

/* The path behind FROM: or TO: and its parameters. */
static const struct smtp_answer *
arg_path(struct smtp_command *c, const char *word, int allow, uint32_t accept)
{
	enum smtp_path_error	 error;
	size_t			 n = strlen(word), used;
	struct span		 s = c->arg;
	int			 rcpt = c->verb == SMTP_RCPT;

	if (s.len < n || strncasecmp(s.p, word, n) != 0)
		return rcpt ? &cmd_rcpt : &cmd_mail;
	s.p += n;
	s.len -= n;
	/* Not in the grammar, but many programs put a space here. */
	skip_spaces(&s);
	error = smtp_path_parse(&c->path, s.p, s.len, allow, &used);
	switch (error) {
	case SMTP_PATH_OK:
		break;
	case SMTP_PATH_SYNTAX:
		return rcpt ? &path_to : &path_from;
	case SMTP_PATH_TOOLONG:
		return rcpt ? &path_long_to : &path_long_from;
	case SMTP_PATH_NEEDS_UTF8:
		return &path_utf8;
	case SMTP_PATH_BADUTF8:
		return &path_badutf8;
	}
	s.p += used;
	s.len -= used;
	if (s.len > 0 && *s.p != ' ')
		return rcpt ? &cmd_rcpt : &cmd_mail;
	return smtp_params_parse(&c->params, s, rcpt, accept);
}

static const struct smtp_answer *
arg_mail(struct smtp_command *c, const struct smtp_command_opts *o)
{
	const struct smtp_answer	*answer;
	int				 allow = SMTP_PATH_ALLOW_NULL;

	if (o->params & SMTP_PARAM_SMTPUTF8)
		allow |= SMTP_PATH_ALLOW_UTF8;
	answer = arg_path(c, "FROM:", allow, o->params);
	if (answer != NULL)
		return answer;
	/* The word that allows it stands behind the address. */
	if ((c->path.flags & SMTP_PATH_UTF8) &&
	    !(c->params.set & SMTP_PARAM_SMTPUTF8))
		return &path_utf8;
	return NULL;
}

static const struct smtp_answer *
arg_rcpt(struct smtp_command *c, const struct smtp_command_opts *o)
{
	int	 allow = SMTP_PATH_ALLOW_POSTMASTER;

	if (o->utf8)
		allow |= SMTP_PATH_ALLOW_UTF8;
	return arg_path(c, "TO:", allow, o->params);
}

/* The next word of s, taken off it. */
static struct span
next_word(struct span *s)
{
	struct span	 word;

	skip_spaces(s);
	word.p = s->p;
	for (word.len = 0; word.len < s->len; word.len++) {
		if (s->p[word.len] == ' ')
			break;
	}
	s->p += word.len;
	s->len -= word.len;
	return word;
}

/* RFC 3030 2 */
static const struct smtp_answer *
arg_bdat(struct smtp_command *c, const struct smtp_command_opts *o)
{
	struct span	 s = c->arg, word;
	size_t		 i;

	word = next_word(&s);
	if (word.len == 0 || word.len > 18)
		return &cmd_bdat;
	for (i = 0; i < word.len; i++) {
		if (!isdigit((unsigned char)word.p[i]))
			return &cmd_bdat;
		c->bytes = c->bytes * 10 + (uint64_t)(word.p[i] - '0');
	}
	word = next_word(&s);
	if (word.len == 0)
		return NULL;
	if (!span_ieqs(word, "LAST") || next_word(&s).len != 0)
		return &cmd_bdat;
	c->last = 1;
	return NULL;
}

/* RFC 4954 4 */
static const struct smtp_answer *
arg_auth(struct smtp_command *c, const struct smtp_command_opts *o)
{
	struct span	 s = c->arg, initial;
	size_t		 i;
	int		 ch;

	c->mech = next_word(&s);
	if (c->mech.len == 0 || c->mech.len > SMTP_MECH_MAX)
		return &cmd_auth;
	for (i = 0; i < c->mech.len; i++) {
		ch = (unsigned char)c->mech.p[i];
		if (!isalnum(ch) && ch != '-' && ch != '_')
			return &cmd_auth;
	}
	initial = next_word(&s);
	if (initial.len > 0)
		c->initial = initial;
	return next_word(&s).len == 0 ? NULL : &cmd_auth;
}

/* Nothing but printable ASCII and well-formed UTF-8 is in any command. */
static int
line_clean(struct span line)
{
	size_t	 i;
	int	 c, high = 0;

	for (i = 0; i < line.len; i++) {
		c = (unsigned char)line.p[i];
		if (c < ' ' || c == 0x7f)
			return 0;
		high |= c & 0x80;
	}
	return !high || smtp_utf8_valid(line.p, line.len);
}

const struct smtp_answer *
smtp_command_parse(struct smtp_command *c, struct span line,
    const struct smtp_command_opts *opts)
{
	struct span	 verb;
	size_t		 i;

	memset(c, 0, sizeof(*c));
	c->verb = SMTP_UNKNOWN;
	/* RFC 5321 4.1.1: tolerate white space at the end. */
	while (line.len > 0 && (line.p[line.len - 1] == ' ' ||
	    line.p[line.len - 1] == '\t'))
		line.len--;
	verb.p = line.p;
	for (verb.len = 0; verb.len < line.len; verb.len++) {
		if (line.p[verb.len] == ' ')
			break;
	}
	c->arg.p = line.p + verb.len;
	c->arg.len = line.len - verb.len;
	skip_spaces(&c->arg);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!span_ieqs(verb, verbs[i].name))
			continue;
		c->verb = verbs[i].verb;
		if (!line_clean(line))
			return &cmd_bytes;
		return verbs[i].parse(c, opts);
	}
	return line_clean(line) ? &cmd_unknown : &cmd_bytes;
}

const char *
smtp_verb_name(enum smtp_verb verb)
{
	size_t	 i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verbs[i].verb == verb && verb != SMTP_FOREIGN)
			return verbs[i].name;
	}
	return "unknown";
}
