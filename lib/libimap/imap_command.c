#include <stdlib.h>
#include <string.h>

#include "libimap/imap_command.h"

static int
name_cmp(const void *key, const void *row)
{
	const struct span	*name = key;
	const struct imap_command_def *def = row;
	size_t			 len = strlen(def->name);
	int			 r;

	r = strncasecmp(name->p, def->name, name->len < len ? name->len : len);
	if (r != 0)
		return r;
	return name->len < len ? -1 : name->len > len;
}

const struct imap_command_def *
imap_command_find(struct span name)
{
	if (name.len == 0)
		return NULL;
	return bsearch(&name, imap_command_table, IMAP_NCOMMANDS,
	    sizeof(imap_command_table[0]), name_cmp);
}

struct imap_command *
imap_command_new(size_t max)
{
	struct imap_command	*cmd;

	if ((cmd = calloc(1, sizeof(*cmd))) == NULL)
		return NULL;
	imap_arena_init(&cmd->arena, max);
	imap_arena_init(&cmd->segment, max);
	return cmd;
}

void
imap_command_reset(struct imap_command *cmd)
{
	size_t	max = cmd->arena.max;

	/* What could not be recognised may hold a password too. */
	if (cmd->def == NULL || (cmd->def->flags & IMAP_CF_SECRET) != 0)
		imap_arena_freezero(&cmd->arena);
	else
		imap_arena_free(&cmd->arena);
	imap_arena_free(&cmd->segment);
	memset(cmd, 0, sizeof(*cmd));
	imap_arena_init(&cmd->arena, max);
	imap_arena_init(&cmd->segment, max);
}

void
imap_command_free(struct imap_command *cmd)
{
	if (cmd == NULL)
		return;
	imap_command_reset(cmd);
	free(cmd);
}

/* "tag name " with perhaps UID before the name. */
static int
lex_begin(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct span	name;

	if (!imap_lex_tag(lx, &cmd->tag)) {
		cmd->tag = SPAN_NONE;
		return 0;
	}
	if (!imap_lex_sp(lx) || !imap_lex_name(lx, &name))
		return 0;
	if (span_ieqs(name, "UID")) {
		cmd->uid = 1;
		if (!imap_lex_sp(lx) || !imap_lex_name(lx, &name))
			return 0;
	}
	if ((cmd->def = imap_command_find(name)) == NULL ||
	    (cmd->uid && (cmd->def->flags & IMAP_CF_UID) == 0)) {
		cmd->def = NULL;
		return imap_lex_bad(lx, "unknown command");
	}
	cmd->id = cmd->def->id;
	return 1;
}

/* The line's end, unless a message comes. */
static enum codec
lex_finish(struct imap_lexer *lx, struct imap_command *cmd)
{
	int	stream;

	stream = cmd->def != NULL &&
	    (cmd->def->flags & IMAP_CF_STREAM) != 0 && cmd->u.append.stream;
	if (imap_lex_ok(lx) && !stream && imap_lex_crlf(lx) &&
	    lx->p != lx->end)
		imap_lex_bad(lx, "more than one line");
	cmd->why = lx->why;
	return lx->status;
}

enum codec
imap_command_parse(struct imap_command *cmd, struct span text)
{
	struct imap_lexer	lx;

	imap_lex_init(&lx, text, &cmd->arena);
	cmd->text = text;
	if (lex_begin(&lx, cmd))
		cmd->def->parse(&lx, cmd);
	return lex_finish(&lx, cmd);
}

enum codec
imap_command_segment(struct imap_command *cmd, struct span text)
{
	struct imap_lexer	lx;
	struct imap_append	saved = cmd->u.append;
	enum codec		r;

	imap_arena_free(&cmd->segment);
	text = imap_arena_copy(&cmd->segment, text);
	if (text.p == NULL) {
		cmd->why = "command too large";
		return CODEC_TOOBIG;
	}
	imap_lex_init(&lx, text, &cmd->segment);
	imap_lex_append_segment(&lx, &cmd->u.append);
	if ((r = lex_finish(&lx, cmd)) == CODEC_MORE)
		cmd->u.append = saved;
	return r;
}

void
imap_command_peek(struct span text, struct span *tag,
    const struct imap_command_def **def)
{
	struct imap_command	cmd;
	struct imap_lexer	lx;

	memset(&cmd, 0, sizeof(cmd));
	imap_lex_init(&lx, text, NULL);
	lex_begin(&lx, &cmd);
	*tag = cmd.tag;
	*def = cmd.def;
}

uint32_t
imap_command_enables(const struct imap_command *cmd)
{
	const struct imap_search	*s = NULL;

	switch (cmd->id) {
	case IMAP_ENABLE:
		return cmd->u.enable.bits;
	case IMAP_SELECT:
	case IMAP_EXAMINE:
		return cmd->u.select.condstore ? IMAP_EN_CONDSTORE : 0;
	case IMAP_STATUS:
		return (cmd->u.status.items & IMAP_ST_HIGHESTMODSEQ) != 0 ?
		    IMAP_EN_CONDSTORE : 0;
	case IMAP_FETCH:
		return cmd->u.fetch.changed || (cmd->u.fetch.types &
		    (1u << IMAP_FETCH_MODSEQ)) != 0 ? IMAP_EN_CONDSTORE : 0;
	case IMAP_STORE:
		return cmd->u.store.unchanged ? IMAP_EN_CONDSTORE : 0;
	case IMAP_SEARCH:
		s = &cmd->u.search;
		break;
	case IMAP_ESEARCH:
		s = &cmd->u.esearch.search;
		break;
	case IMAP_SORT:
		s = &cmd->u.sort.search;
		break;
	case IMAP_THREAD:
		s = &cmd->u.thread.search;
		break;
	}
	return s != NULL && s->modseq ? IMAP_EN_CONDSTORE : 0;
}
