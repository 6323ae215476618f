/* NOTIFY (RFC 5465), ESEARCH (RFC 7377), URLAUTH (RFC 4467) and others. */
#include "libimap/imap_cmd.h"

struct choice {
	const char	*name;
	uint32_t	 value;
};

static const struct choice kinds[] = {
	{ "SELECTED",		IMAP_MB_SELECTED },
	{ "SELECTED-DELAYED",	IMAP_MB_SELECTED_DELAYED },
	{ "INBOXES",		IMAP_MB_INBOXES },
	{ "PERSONAL",		IMAP_MB_PERSONAL },
	{ "SUBSCRIBED",		IMAP_MB_SUBSCRIBED },
	{ "SUBTREE",		IMAP_MB_SUBTREE },
	{ "SUBTREE-ONE",	IMAP_MB_SUBTREE_ONE },
	{ "MAILBOXES",		IMAP_MB_MAILBOXES },
	{ NULL, 0 }
};

static const struct choice events[] = {
	{ "MessageNew",		IMAP_NE_MESSAGENEW },
	{ "MessageExpunge",	IMAP_NE_EXPUNGE },
	{ "FlagChange",		IMAP_NE_FLAGCHANGE },
	{ "AnnotationChange",	IMAP_NE_ANNOTATION },
	{ "MailboxName",	IMAP_NE_MAILBOXNAME },
	{ "SubscriptionChange",	IMAP_NE_SUBSCRIPTION },
	{ "MailboxMetadataChange", IMAP_NE_MBOXMETADATA },
	{ "ServerMetadataChange", IMAP_NE_SERVERMETADATA },
	{ NULL, 0 }
};

static const struct choice *
choose(const struct choice *c, struct span name)
{
	for (; c->name != NULL; c++)
		if (span_ieqs(name, c->name))
			return c;
	return NULL;
}

int
imap_lex_mboxes(struct imap_lexer *lx, struct imap_mboxes *m)
{
	const struct choice	*c;
	struct span		 name;

	if (!imap_lex_name(lx, &name))
		return 0;
	if ((c = choose(kinds, name)) == NULL)
		return imap_lex_bad(lx, "no such mailbox filter");
	m->kind = (uint8_t)c->value;
	if (m->kind < IMAP_MB_SUBTREE)
		return 1;
	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_opt(lx, '('))
		return imap_cmd_words(lx, imap_lex_astring, &m->names) &&
		    imap_lex_char(lx, ')');
	if ((m->names.v = imap_cmd_add(lx, NULL, &m->names.n,
	    sizeof(*m->names.v))) == NULL)
		return 0;
	return imap_lex_astring(lx, m->names.v);
}

static int
lex_event(struct imap_lexer *lx, struct imap_notify_group *g)
{
	const struct choice	*c;
	struct span		 name;

	if (!imap_lex_name(lx, &name))
		return 0;
	if ((c = choose(events, name)) == NULL) {
		g->unknown = 1;		/* NO [BADEVENT] */
		return 1;
	}
	g->events |= c->value;
	if (c->value != IMAP_NE_MESSAGENEW || !imap_lex_optsp(lx, '('))
		return imap_lex_ok(lx);
	if ((g->attrs = imap_arena_alloc(lx->arena,
	    sizeof(*g->attrs))) == NULL)
		return imap_lex_toobig(lx, "command too large");
	lx->p--;
	return imap_lex_fetch_items(lx, g->attrs);
}

static int
lex_group(struct imap_lexer *lx, struct imap_notify_group *g)
{
	struct span	name;

	if (!imap_lex_char(lx, '(') || !imap_lex_mboxes(lx, &g->which) ||
	    !imap_lex_sp(lx))
		return 0;
	if (!imap_lex_opt(lx, '(')) {
		if (!imap_lex_name(lx, &name))
			return 0;
		if (!span_ieqs(name, "NONE"))
			return imap_lex_bad(lx, "events or NONE expected");
		return imap_lex_char(lx, ')');
	}
	do {
		if (!lex_event(lx, g))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')') && imap_lex_char(lx, ')');
}

int
imap_cmd_notify(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_notify	*n = &cmd->u.notify;
	struct span		 name;

	if (!imap_lex_sp(lx) || !imap_lex_name(lx, &name))
		return 0;
	if (span_ieqs(name, "NONE")) {
		n->none = 1;
		return 1;
	}
	if (!span_ieqs(name, "SET"))
		return imap_lex_bad(lx, "SET or NONE expected");
	if (!imap_lex_sp(lx))
		return 0;
	if (imap_lex_peek(lx) != '(') {
		if (!imap_lex_name(lx, &name))
			return 0;
		if (!span_ieqs(name, "STATUS"))
			return imap_lex_bad(lx, "STATUS expected");
		n->status = 1;
		if (!imap_lex_sp(lx))
			return 0;
	}
	do {
		if ((n->groups = imap_cmd_add(lx, n->groups, &n->n,
		    sizeof(*n->groups))) == NULL ||
		    !lex_group(lx, &n->groups[n->n - 1]))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_ok(lx);
}

/* " IN (mailboxes ...)" */
static int
lex_sources(struct imap_lexer *lx, struct imap_esearch *e)
{
	const char	*back = lx->p;
	struct span	 name;

	if (!imap_lex_sp(lx))
		return 0;
	if (!imap_char_is(imap_lex_peek(lx), IMAP_CH_NAME)) {
		lx->p = back;
		return imap_lex_ok(lx);
	}
	if (!imap_lex_name(lx, &name))
		return 0;
	if (!span_ieqs(name, "IN")) {
		lx->p = back;
		return 1;
	}
	if (!imap_lex_sp(lx) || !imap_lex_char(lx, '('))
		return 0;
	do {
		if ((e->sources = imap_cmd_add(lx, e->sources, &e->nsources,
		    sizeof(*e->sources))) == NULL ||
		    !imap_lex_mboxes(lx, &e->sources[e->nsources - 1]))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_char(lx, ')');
}

int
imap_cmd_esearch(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_esearch	*e = &cmd->u.esearch;

	if (!lex_sources(lx, e) ||
	    !imap_lex_search_return(lx, &e->search) ||
	    !imap_lex_search_program(lx, &e->search))
		return 0;
	if (!e->search.extended)
		e->search.ret = IMAP_RET_ALL;
	e->search.extended = 1;
	return 1;
}

int
imap_cmd_cancelupdate(struct imap_lexer *lx, struct imap_command *cmd)
{
	return imap_lex_sp(lx) &&
	    imap_cmd_words(lx, imap_lex_quoted, &cmd->u.words);
}

/* "UIDBATCHES size [first:last]" */
int
imap_cmd_uidbatches(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_uidbatches	*b = &cmd->u.uidbatches;

	if (!imap_lex_sp(lx) || !imap_lex_nznumber(lx, &b->size))
		return 0;
	if (!imap_lex_opt(lx, ' '))
		return imap_lex_ok(lx);
	return imap_lex_nznumber(lx, &b->first) && imap_lex_char(lx, ':') &&
	    imap_lex_nznumber(lx, &b->last);
}

static struct imap_pair *
add_url(struct imap_lexer *lx, struct imap_urls *u)
{
	if ((u->pairs = imap_cmd_add(lx, u->pairs, &u->n,
	    sizeof(*u->pairs))) == NULL)
		return NULL;
	return &u->pairs[u->n - 1];
}

int
imap_cmd_genurlauth(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_pair	*p;

	if (!imap_lex_sp(lx))
		return 0;
	do {
		if ((p = add_url(lx, &cmd->u.urls)) == NULL ||
		    !imap_lex_astring(lx, &p->key) || !imap_lex_sp(lx) ||
		    !imap_lex_atom(lx, &p->val))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_ok(lx);
}

/* A URL, or "(url BODYPARTSTRUCTURE BINARY)" (RFC 5524): val is the rest. */
int
imap_cmd_urlfetch(struct imap_lexer *lx, struct imap_command *cmd)
{
	struct imap_pair	*p;
	struct span		 name;
	int			 list;

	if (!imap_lex_sp(lx))
		return 0;
	do {
		if ((p = add_url(lx, &cmd->u.urls)) == NULL)
			return 0;
		list = imap_lex_opt(lx, '(');
		if (!imap_lex_astring(lx, &p->key))
			return 0;
		if (!list)
			continue;
		if (!imap_lex_sp(lx))
			return 0;
		p->val.p = lx->p;
		do {
			if (!imap_lex_name(lx, &name))
				return 0;
			p->val.len = lx->p - p->val.p;
		} while (imap_lex_opt(lx, ' '));
		if (!imap_lex_char(lx, ')'))
			return 0;
	} while (imap_lex_opt(lx, ' '));
	return imap_lex_ok(lx);
}
