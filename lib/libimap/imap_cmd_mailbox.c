/* Commands about mailboxes as a whole. */
#include "libimap/imap_cmd.h"

int
imap_cmd_mailbox(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.mailbox);
}

/* "(uidvalidity modseq [known] [(seqs uids)])" (RFC 7162 3.2.5) */
static int
lex_qresync(struct imap_lexer *lx, struct imap_select *s)
{
	int	sp;

	s->qresync = 1;
	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '(') ||
	    !imap_lex_nznumber(lx, &s->uidvalidity) || !imap_lex_sp(lx) ||
	    !imap_lex_number64(lx, &s->modseq))
		return 0;
	sp = imap_lex_opt(lx, ' ');
	if (sp && imap_lex_peek(lx) != '(') {
		if (!imap_lex_seqset_known(lx, &s->known))
			return 0;
		sp = imap_lex_opt(lx, ' ');
	}
	if (sp && (!imap_lex_char(lx, '(') ||
	    !imap_lex_seqset_known(lx, &s->match_seqs) || !imap_lex_sp(lx) ||
	    !imap_lex_seqset_known(lx, &s->match_uids) ||
	    !imap_lex_char(lx, ')')))
		return 0;
	return imap_lex_char(lx, ')');
}

int
imap_cmd_select(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_select	*s = &cmd->u.select;
	struct span		 name;

	if (!imap_lex_sp(lx) || !imap_lex_astring(lx, &s->mailbox))
		return 0;
	if (!imap_lex_optsp(lx, '('))
		return imap_lex_ok(lx);
	do {
		if (!imap_lex_name(lx, &name))
			return 0;
		if (span_ieqs(name, "CONDSTORE"))
			s->condstore = 1;
		else if (!span_ieqs(name, "QRESYNC"))
			return imap_lex_bad(lx, "no such parameter");
		else if (!lex_qresync(lx, s))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

static int
lex_use(struct imap_lexer *lx, struct imap_create *c)
{
	struct span	s;
	uint32_t	bit;

	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	if (imap_lex_opt(lx, ')'))
		return 1;
	do {
		if (!imap_lex_char(lx, '\\') || !imap_lex_atom(lx, &s))
			return 0;
		s.p--;
		s.len++;
		if ((bit = imap_use_bit(s)) == 0)
			c->use_unknown = 1;
		c->use |= bit;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

/* RFC 6154 3: "CREATE name (USE (\Drafts))" */
int
imap_cmd_create(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_create	*c = &cmd->u.create;
	struct span		 name;

	if (!imap_lex_sp(lx) || !imap_lex_astring(lx, &c->mailbox))
		return 0;
	if (!imap_lex_optsp(lx, '('))
		return imap_lex_ok(lx);
	if (!imap_lex_name(lx, &name))
		return 0;
	if (!span_ieqs(name, "USE"))
		return imap_lex_bad(lx, "no such parameter");
	return lex_use(lx, c) && imap_lex_char(lx, ')');
}

int
imap_cmd_rename(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &cmd->u.rename.from) && imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &cmd->u.rename.to);
}

int
imap_cmd_list(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_list(lx, &cmd->u.list);
}

int
imap_cmd_lsub(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_lsub(lx, &cmd->u.list);
}

int
imap_cmd_status(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) &&
	    imap_lex_astring(lx, &cmd->u.status.mailbox) &&
	    imap_lex_sp(lx) &&
	    imap_lex_status_items(lx, &cmd->u.status.items);
}
