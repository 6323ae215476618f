/* Commands about the session and who it belongs to. */
#include "libimap/imap_cmd.h"

void *
imap_cmd_add(struct imap_lexer *lx, void *v, uint32_t *n, size_t size)
{
	if (*n == IMAP_WORDS_MAX) {
		imap_lex_toobig(lx, "list too long");
		return NULL;
	}
	if ((v = imap_arena_more(lx->arena, v, *n, size)) == NULL)
		imap_lex_toobig(lx, "command too large");
	else
		(*n)++;
	return v;
}

int
imap_cmd_words(struct imap_lexer *lx, imap_lex_fn fn, struct imap_words *w)
{
	struct span	s;

	do {
		if (!fn(lx, &s) || (w->v = imap_cmd_add(lx, w->v, &w->n,
		    sizeof(*w->v))) == NULL)
			return 0;
		w->v[w->n - 1] = s;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_ok(lx);
}

int
imap_cmd_none(struct imap_lexer *lx, struct imap_command *cmd)
{
	return 1;
}

int
imap_cmd_login(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.login.user) &&
	    imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.login.pass);
}

/* RFC 4959: "=" is an initial response of no bytes. */
int
imap_cmd_authenticate(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_authenticate	*a = &cmd->u.auth;

	if (!imap_lex_sp(lx) || !imap_lex_atom(lx, &a->mech))
		return 0;
	if (!imap_lex_opt(lx, ' '))
		return imap_lex_ok(lx);
	a->has_initial = 1;
	if (imap_lex_opt(lx, '=')) {
		a->initial = SPAN("");
		return 1;
	}
	return imap_lex_base64(lx, &a->initial);
}

int
imap_cmd_enable(struct imap_lexer *lx, struct imap_command *cmd)
{
	static const struct {
		const char	*name;
		uint32_t	 bits;
	} caps[] = {
		{ "CONDSTORE",	IMAP_EN_CONDSTORE },
		/* RFC 7162 3.2.3: it brings CONDSTORE with it. */
		{ "QRESYNC",	IMAP_EN_QRESYNC | IMAP_EN_CONDSTORE },
		{ "UTF8=ACCEPT", IMAP_EN_UTF8 },
		{ "IMAP4rev2",	IMAP_EN_REV2 },
		{ "UIDONLY",	IMAP_EN_UIDONLY }
	};
	struct imap_words	w = { NULL, 0 };
	uint32_t		i;
	size_t			c;

	if (!imap_lex_sp(lx) || !imap_cmd_words(lx, imap_lex_atom, &w))
		return 0;
	for (i = 0; i < w.n; i++)
		for (c = 0; c < sizeof(caps) / sizeof(caps[0]); c++)
			if (span_ieqs(w.v[i], caps[c].name))
				cmd->u.enable.bits |= caps[c].bits;
	return 1;
}

int
imap_cmd_id(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_id		*id = &cmd->u.id;
	struct imap_pair	*p;
	struct span		 nil;

	if (!imap_lex_sp(lx))
		return 0;
	if (!imap_lex_opt(lx, '(')) {
		if (!imap_lex_nstring(lx, &nil))
			return 0;
		return nil.p == NULL || imap_lex_bad(lx, "( or NIL expected");
	}
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if ((id->pairs = imap_cmd_add(lx, id->pairs, &id->n,
		    sizeof(*p))) == NULL)
			return 0;
		p = &id->pairs[id->n - 1];
		if (!imap_lex_string(lx, &p->key) || !imap_lex_sp(lx) ||
		    !imap_lex_nstring(lx, &p->val))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

/* COMPRESS */
int
imap_cmd_atom(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_atom(lx, &cmd->u.word);
}

/* LANGUAGE, COMPARATOR, RESETKEY: any number of words. */
int
imap_cmd_optwords(struct imap_lexer *lx, struct imap_command *cmd)
{
	if (!imap_lex_opt(lx, ' '))
		return imap_lex_ok(lx);
	return imap_cmd_words(lx, imap_lex_astring, &cmd->u.words);
}
