/* Commands about messages. */
#include "libimap/imap_cmd.h"

int
imap_cmd_append(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_append	*a = &cmd->u.append;

	return imap_lex_sp(lx) && imap_lex_astring(lx, &a->mailbox) &&
	    imap_lex_append_segment(lx, a);
}

/* RFC 8508 3.3 */
int
imap_cmd_replace(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_append	*a = &cmd->u.append;

	a->single = 1;
	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_opt(lx, '*'))
		a->number = IMAP_SEQ_STAR;
	else if (!imap_lex_nznumber(lx, &a->number))
		return 0;
	return imap_lex_sp(lx) && imap_lex_astring(lx, &a->mailbox) &&
	    imap_lex_append_segment(lx, a);
}

int
imap_cmd_expunge(struct imap_lexer *lx, struct imap_command *cmd)
{
	if (!cmd->uid)
		return 1;
	return imap_lex_sp(lx) && imap_lex_seqset(lx, &cmd->u.set);
}

int
imap_cmd_search(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_search_return(lx, &cmd->u.search) &&
	    imap_lex_search_program(lx, &cmd->u.search);
}

int
imap_cmd_sort(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sort(lx, &cmd->u.sort);
}

int
imap_cmd_thread(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_thread(lx, &cmd->u.thread);
}

int
imap_cmd_fetch(struct imap_lexer *lx, struct imap_command *cmd)
{
	if (!imap_lex_fetch(lx, &cmd->u.fetch))
		return 0;
	if (cmd->u.fetch.vanished && !cmd->uid)
		return imap_lex_bad(lx, "VANISHED needs UID FETCH");
	return !cmd->uid || imap_fetch_add_uid(lx, &cmd->u.fetch);
}

static int
lex_store_op(struct imap_lexer *lx, struct imap_store *s)
{
	static const struct {
		const char	*name;
		uint8_t		 op, silent;
	} ops[] = {
		{ "FLAGS",		IMAP_STORE_SET, 0 },
		{ "FLAGS.SILENT",	IMAP_STORE_SET, 1 },
		{ "+FLAGS",		IMAP_STORE_ADD, 0 },
		{ "+FLAGS.SILENT",	IMAP_STORE_ADD, 1 },
		{ "-FLAGS",		IMAP_STORE_DEL, 0 },
		{ "-FLAGS.SILENT",	IMAP_STORE_DEL, 1 }
	};
	struct span	name;
	size_t		i;

	if (!imap_lex_name(lx, &name))
		return 0;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (span_ieqs(name, ops[i].name)) {
			s->op = ops[i].op;
			s->silent = ops[i].silent;
			return 1;
		}
	return imap_lex_bad(lx, "no such store item");
}

/* "(UNCHANGEDSINCE 12345) " (RFC 7162 3.1.3) */
static int
lex_store_modifiers(struct imap_lexer *lx, struct imap_store *s)
{
	struct span	name;

	if (!imap_lex_opt(lx, '('))
		return imap_lex_ok(lx);
	if (!imap_lex_name(lx, &name))
		return 0;
	if (!span_ieqs(name, "UNCHANGEDSINCE"))
		return imap_lex_bad(lx, "no such store modifier");
	s->unchanged = 1;
	return imap_lex_sp(lx) &&
	    imap_lex_number64(lx, &s->unchangedsince) &&
	    imap_lex_char(lx, ')') && imap_lex_sp(lx);
}

int
imap_cmd_store(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_store	*s = &cmd->u.store;

	return imap_lex_sp(lx) && imap_lex_seqset(lx, &s->set) &&
	    imap_lex_sp(lx) && lex_store_modifiers(lx, s) &&
	    lex_store_op(lx, s) && imap_lex_sp(lx) &&
	    imap_lex_flags(lx, &s->flags);
}

int
imap_cmd_copy(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) && imap_lex_seqset(lx, &cmd->u.copy.set) &&
	    imap_lex_sp(lx) && imap_lex_astring(lx, &cmd->u.copy.mailbox);
}
