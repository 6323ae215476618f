/* Quota (RFC 9208), metadata (RFC 5464) and access control (RFC 4314). */
#include "libimap/imap_cmd.h"

int
imap_cmd_getquota(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.word);
}

int
imap_cmd_setquota(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_setquota	*q = &cmd->u.setquota;
	struct imap_quota_limit	*l;

	if (!imap_lex_sp(lx) || !imap_lex_astring(lx, &q->root) ||
	    !imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if ((q->limits = imap_cmd_add(lx, q->limits, &q->n,
		    sizeof(*l))) == NULL)
			return 0;
		l = &q->limits[q->n - 1];
		if (!imap_lex_atom(lx, &l->resource) || !imap_lex_sp(lx) ||
		    !imap_lex_number64(lx, &l->limit))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

/*
 * An entry's name: slashes with something after each, no wildcards (RFC 5464
 * 3.2), ASCII.
 */
static int
lex_entry(struct imap_lexer *lx, struct span *s)
{
	size_t	i;
	char	c;

	if (!imap_lex_astring(lx, s))
		return 0;
	if (s->len < 2 || s->p[0] != '/' || s->p[s->len - 1] == '/')
		return imap_lex_bad(lx, "bad entry name");
	for (i = 1; i < s->len; i++) {
		c = s->p[i];
		if (c < ' ' || c == 127 || c == '*' || c == '%' ||
		    (c == '/' && s->p[i - 1] == '/'))
			return imap_lex_bad(lx, "bad entry name");
	}
	return 1;
}

/* "(MAXSIZE 1024 DEPTH infinity)", after the parenthesis */
static int
lex_metadata_options(struct imap_lexer *lx, struct imap_getmetadata *g)
{
	struct span	name;

	do {
		if (!imap_lex_name(lx, &name) || !imap_lex_sp(lx))
			return 0;
		if (span_ieqs(name, "MAXSIZE")) {
			g->has_maxsize = 1;
			if (!imap_lex_number(lx, &g->maxsize))
				return 0;
			continue;
		}
		if (!span_ieqs(name, "DEPTH"))
			return imap_lex_bad(lx, "no such option");
		if (!imap_lex_name(lx, &name))
			return 0;
		if (span_ieqs(name, "0"))
			g->depth = 0;
		else if (span_ieqs(name, "1"))
			g->depth = 1;
		else if (span_ieqs(name, "infinity"))
			g->depth = -1;
		else
			return imap_lex_bad(lx, "bad depth");
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')') && imap_lex_sp(lx);
}

/* The ABNF has the options before the mailbox, the examples after it. */
int
imap_cmd_getmetadata(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_getmetadata	*g = &cmd->u.getmetadata;
	int			 list;

	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_opt(lx, '(') && !lex_metadata_options(lx, g))
		return 0;
	if (!imap_lex_astring(lx, &g->mailbox) || !imap_lex_sp(lx))
		return 0;
	list = imap_lex_opt(lx, '(');
	if (list && imap_char_is(imap_lex_peek(lx), IMAP_CH_NAME)) {
		if (!lex_metadata_options(lx, g))
			return 0;
		list = imap_lex_opt(lx, '(');
	}
	if (list)
		return imap_cmd_words(lx, lex_entry, &g->entries) &&
		    imap_lex_char(lx, ')');
	if ((g->entries.v = imap_cmd_add(lx, NULL, &g->entries.n,
	    sizeof(*g->entries.v))) == NULL)
		return 0;
	return lex_entry(lx, g->entries.v);
}

int
imap_cmd_setmetadata(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_setmetadata	*s = &cmd->u.setmetadata;
	struct imap_pair	*p;

	if (!imap_lex_sp(lx) || !imap_lex_astring(lx, &s->mailbox) ||
	    !imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	do {
		if ((s->entries = imap_cmd_add(lx, s->entries, &s->n,
		    sizeof(*p))) == NULL)
			return 0;
		p = &s->entries[s->n - 1];
		if (!lex_entry(lx, &p->key) || !imap_lex_sp(lx) ||
		    !imap_lex_value(lx, &p->val, &p->binary))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
rights_valid(struct span s)
{
	size_t	i;

	/* RFC 4314 2: small letters and digits only. */
	for (i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9'))
			return 0;
	return 1;
}

int
imap_cmd_setacl(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_acl	*a = &cmd->u.acl;

	if (!imap_cmd_identifier(lx, cmd) || !imap_lex_sp(lx) ||
	    !imap_lex_astring(lx, &a->rights))
		return 0;
	if (a->rights.len > 0 &&
	    (a->rights.p[0] == '+' || a->rights.p[0] == '-')) {
		a->mod = a->rights.p[0];
		a->rights.p++;
		a->rights.len--;
	}
	return rights_valid(a->rights) || imap_lex_bad(lx, "bad rights");
}

/* DELETEACL, LISTRIGHTS */
int
imap_cmd_identifier(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.acl.mailbox) &&
	    imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &cmd->u.acl.identifier);
}
