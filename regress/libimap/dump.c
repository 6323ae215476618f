#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

#define OUT_MAX	(64 * 1024 * 1024)

static void
num(struct buf *b, const char *name, long long n)
{
	buf_addf(b, " %s=%lld", name, n);
}

static void
bytes(struct buf *b, struct span s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] == 127)
			buf_addf(b, "\\x%02x", (unsigned char)s.p[i]);
		else
			buf_addc(b, s.p[i]);
}

void
dump_span(struct buf *b, struct span s)
{
	if (s.p == NULL) {
		buf_addstr(b, "NIL");
		return;
	}
	buf_addc(b, '[');
	bytes(b, s);
	buf_addc(b, ']');
}

static void
span(struct buf *b, const char *name, struct span s)
{
	buf_addf(b, " %s=", name);
	dump_span(b, s);
}

static void
words(struct buf *b, const struct imap_words *w)
{
	uint32_t	i;

	for (i = 0; i < w->n; i++) {
		buf_addc(b, ' ');
		dump_span(b, w->v[i]);
	}
}

static void
pairs(struct buf *b, const struct imap_pair *p, uint32_t n)
{
	uint32_t	i;

	for (i = 0; i < n; i++) {
		buf_addc(b, ' ');
		dump_span(b, p[i].key);
		buf_addc(b, '=');
		dump_span(b, p[i].val);
		if (p[i].binary)
			buf_addc(b, '~');
	}
}

void
dump_seqset(struct buf *b, const struct imap_seqset *s)
{
	uint32_t	i;

	if (s->saved)
		buf_addc(b, '$');
	for (i = 0; i < s->n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		buf_addf(b, "%u", s->ranges[i].a);
		if (s->ranges[i].b != s->ranges[i].a)
			buf_addf(b, ":%u", s->ranges[i].b);
	}
}

static void
seqset(struct buf *b, const char *name, const struct imap_seqset *s)
{
	buf_addf(b, " %s=", name);
	dump_seqset(b, s);
}

static void
flags(struct buf *b, const struct imap_flags *f)
{
	uint32_t	i;

	buf_addf(b, " flags=%x", f->bits);
	for (i = 0; i < f->nkeywords; i++) {
		buf_addc(b, ',');
		dump_span(b, f->keywords[i]);
	}
}

static void
search_key(struct buf *b, const struct imap_search_key *k)
{
	static const char *const names[] = {
		"and", "or", "not", "all", "seq", "uid", "flag", "keyword",
		"larger", "smaller", "before", "on", "since", "sentbefore",
		"senton", "sentsince", "savedbefore", "savedon",
		"savedsince", "savedatesupported", "older", "younger",
		"modseq", "emailid", "threadid", "from", "to", "cc", "bcc",
		"subject", "header", "body", "text", "filter"
	};

	buf_addf(b, "%s%s", k->fuzzy ? "~" : "", names[k->op]);
	if (k->set != NULL) {
		buf_addc(b, ' ');
		dump_seqset(b, k->set);
	}
	if (k->field.p != NULL) {
		buf_addc(b, ' ');
		dump_span(b, k->field);
	}
	if (k->text.p != NULL) {
		buf_addc(b, ' ');
		dump_span(b, k->text);
	}
	if (k->n != 0)
		buf_addf(b, " %llu", (unsigned long long)k->n);
	if (k->day != 0)
		buf_addf(b, " d%d", k->day);
}

/* Prefix order with parentheses; recursion is bounded by the parser. */
static uint32_t
search_tree(struct buf *b, const struct imap_search *s, uint32_t i)
{
	const struct imap_search_key	*k = &s->keys[i];

	search_key(b, k);
	if (k->op > IMAP_S_NOT)
		return i + 1;
	buf_addc(b, '(');
	for (i++; i < k->end; ) {
		i = search_tree(b, s, i);
		if (i < k->end)
			buf_addstr(b, ", ");
	}
	buf_addf(b, ")");
	return k->end;
}

void
dump_search(struct buf *b, const struct imap_search *s)
{
	if (s->extended)
		buf_addf(b, " ret=%x", s->ret);
	if (s->ret & IMAP_RET_PARTIAL)
		buf_addf(b, " partial=%lld:%lld", (long long)s->partial_a,
		    (long long)s->partial_b);
	if (s->charset.p != NULL)
		span(b, "charset", s->charset);
	if (s->modseq)
		buf_addstr(b, " modseq");
	if (s->nkeys > 0) {
		buf_addc(b, ' ');
		search_tree(b, s, 0);
	}
}

static void
fetch_items(struct buf *b, const struct imap_fetch *f)
{
	uint32_t	i;

	for (i = 0; i < f->nitems; i++) {
		buf_addc(b, ' ');
		imap_fetch_item_print(&f->items[i], b);
		if (f->items[i].partial)
			buf_addf(b, "+%u", f->items[i].count);
		if (f->items[i].peek)
			buf_addc(b, '^');
		if (f->items[i].lazy)
			buf_addstr(b, "?lazy");
	}
}

static void
fetch(struct buf *b, const struct imap_fetch *f)
{
	seqset(b, "set", &f->set);
	fetch_items(b, f);
	if (f->changed)
		num(b, "changedsince", (long long)f->changedsince);
	if (f->vanished)
		buf_addstr(b, " vanished");
	if (f->partial)
		buf_addf(b, " partial=%lld:%lld", (long long)f->partial_a,
		    (long long)f->partial_b);
	if (f->sets_seen)
		buf_addstr(b, " seen");
	num(b, "costs", f->costs);
}

static void
mboxes(struct buf *b, const struct imap_mboxes *m)
{
	buf_addf(b, " in%d", m->kind);
	words(b, &m->names);
}

static void
append(struct buf *b, const struct imap_append *a)
{
	const struct imap_append_part	*p;
	uint32_t			 i;

	for (i = 0; i < a->nparts; i++) {
		p = &a->parts[i];
		buf_addf(b, " {%s%s", p->first ? "msg " : "",
		    p->kind == IMAP_APPEND_LITERAL ? "literal" :
		    p->kind == IMAP_APPEND_TEXT ? "text" : "url");
		if (p->first) {
			flags(b, &p->flags);
			if (p->has_date)
				buf_addf(b, " date=%lld%+d",
				    (long long)p->date.t, p->date.zone);
		}
		if (p->kind == IMAP_APPEND_URL)
			span(b, "url", p->url);
		else
			buf_addf(b, " size=%llu%s%s%s",
			    (unsigned long long)p->literal.size,
			    p->literal.sync ? " sync" : "",
			    p->literal.binary ? " bin" : "",
			    p->utf8 ? " utf8" : "");
		buf_addc(b, '}');
	}
}

static void
dump_list(struct buf *b, const struct imap_list *l)
{
	struct imap_words	w = { l->patterns, l->npatterns };

	span(b, "ref", l->reference);
	words(b, &w);
	if (l->extended)
		buf_addstr(b, " ext");
	num(b, "sel", l->select);
	num(b, "ret", l->ret);
	if (l->status != 0)
		buf_addf(b, " status=%x", l->status);
	w.v = l->entries;
	w.n = l->nentries;
	words(b, &w);
}

static void
notify(struct buf *b, const struct imap_notify *n)
{
	uint32_t	i;

	if (n->none)
		buf_addstr(b, " none");
	if (n->status)
		buf_addstr(b, " status");
	for (i = 0; i < n->n; i++) {
		mboxes(b, &n->groups[i].which);
		buf_addf(b, " events=%x%s", n->groups[i].events,
		    n->groups[i].unknown ? "?" : "");
		if (n->groups[i].attrs != NULL)
			fetch_items(b, n->groups[i].attrs);
	}
}

static void
dump_select(struct buf *b, const struct imap_select *s)
{
	span(b, "mbox", s->mailbox);
	if (s->condstore)
		buf_addstr(b, " condstore");
	if (!s->qresync)
		return;
	num(b, "uidvalidity", s->uidvalidity);
	num(b, "modseq", (long long)s->modseq);
	if (s->known.n > 0)
		seqset(b, "known", &s->known);
	if (s->match_seqs.n > 0) {
		seqset(b, "seqs", &s->match_seqs);
		seqset(b, "uids", &s->match_uids);
	}
}

static void
acl(struct buf *b, const struct imap_acl *a)
{
	span(b, "mbox", a->mailbox);
	span(b, "id", a->identifier);
	if (a->rights.p != NULL)
		span(b, "rights", a->rights);
	if (a->mod != 0)
		buf_addf(b, " %c", a->mod);
}

static void
getmetadata(struct buf *b, const struct imap_getmetadata *g)
{
	span(b, "mbox", g->mailbox);
	words(b, &g->entries);
	if (g->has_maxsize)
		num(b, "maxsize", g->maxsize);
	if (g->depth != 0)
		num(b, "depth", g->depth);
}

static void
setquota(struct buf *b, const struct imap_setquota *q)
{
	uint32_t	i;

	span(b, "root", q->root);
	for (i = 0; i < q->n; i++) {
		buf_addc(b, ' ');
		dump_span(b, q->limits[i].resource);
		buf_addf(b, "=%llu",
		    (unsigned long long)q->limits[i].limit);
	}
}

/* Commands about messages; 0: it is another one. */
static int
dump_message_command(struct buf *b, const struct imap_command *c)
{
	uint32_t	i;

	switch (c->id) {
	case IMAP_EXPUNGE:
		if (c->uid)
			seqset(b, "set", &c->u.set);
		return 1;
	case IMAP_SEARCH:
		dump_search(b, &c->u.search);
		return 1;
	case IMAP_ESEARCH:
		for (i = 0; i < c->u.esearch.nsources; i++)
			mboxes(b, &c->u.esearch.sources[i]);
		dump_search(b, &c->u.esearch.search);
		return 1;
	case IMAP_SORT:
		for (i = 0; i < c->u.sort.nkeys; i++)
			num(b, "key", c->u.sort.keys[i]);
		dump_search(b, &c->u.sort.search);
		return 1;
	case IMAP_THREAD:
		num(b, "alg", c->u.thread.alg);
		dump_search(b, &c->u.thread.search);
		return 1;
	case IMAP_FETCH:
		fetch(b, &c->u.fetch);
		return 1;
	case IMAP_STORE:
		seqset(b, "set", &c->u.store.set);
		num(b, "op", c->u.store.op);
		if (c->u.store.silent)
			buf_addstr(b, " silent");
		if (c->u.store.unchanged)
			num(b, "unchangedsince",
			    (long long)c->u.store.unchangedsince);
		flags(b, &c->u.store.flags);
		return 1;
	case IMAP_COPY:
	case IMAP_MOVE:
		seqset(b, "set", &c->u.copy.set);
		span(b, "mbox", c->u.copy.mailbox);
		return 1;
	case IMAP_APPEND:
	case IMAP_REPLACE:
		if (c->id == IMAP_REPLACE)
			num(b, "number", c->u.append.number);
		span(b, "mbox", c->u.append.mailbox);
		append(b, &c->u.append);
		return 1;
	default:
		return 0;
	}
}

static int
dump_session_command(struct buf *b, const struct imap_command *c)
{
	switch (c->id) {
	case IMAP_LOGIN:
		span(b, "user", c->u.login.user);
		span(b, "pass", c->u.login.pass);
		return 1;
	case IMAP_AUTHENTICATE:
		span(b, "mech", c->u.auth.mech);
		if (c->u.auth.has_initial)
			span(b, "ir", c->u.auth.initial);
		return 1;
	case IMAP_ENABLE:
		buf_addf(b, " bits=%x", c->u.enable.bits);
		return 1;
	case IMAP_ID:
		pairs(b, c->u.id.pairs, c->u.id.n);
		return 1;
	case IMAP_COMPRESS:
	case IMAP_GETQUOTA:
		span(b, "word", c->u.word);
		return 1;
	case IMAP_LANGUAGE:
	case IMAP_COMPARATOR:
	case IMAP_CANCELUPDATE:
	case IMAP_RESETKEY:
		words(b, &c->u.words);
		return 1;
	case IMAP_GENURLAUTH:
	case IMAP_URLFETCH:
		pairs(b, c->u.urls.pairs, c->u.urls.n);
		return 1;
	case IMAP_NOTIFY:
		notify(b, &c->u.notify);
		return 1;
	case IMAP_UIDBATCHES:
		num(b, "size", c->u.uidbatches.size);
		num(b, "first", c->u.uidbatches.first);
		num(b, "last", c->u.uidbatches.last);
		return 1;
	default:
		return 0;
	}
}

static void
dump_mailbox_command(struct buf *b, const struct imap_command *c)
{
	switch (c->id) {
	case IMAP_SELECT:
	case IMAP_EXAMINE:
		dump_select(b, &c->u.select);
		break;
	case IMAP_CREATE:
		span(b, "mbox", c->u.create.mailbox);
		buf_addf(b, " use=%x%s", c->u.create.use,
		    c->u.create.use_unknown ? "?" : "");
		break;
	case IMAP_RENAME:
		span(b, "from", c->u.rename.from);
		span(b, "to", c->u.rename.to);
		break;
	case IMAP_LIST:
	case IMAP_LSUB:
		dump_list(b, &c->u.list);
		break;
	case IMAP_STATUS:
		span(b, "mbox", c->u.status.mailbox);
		buf_addf(b, " items=%x", c->u.status.items);
		break;
	case IMAP_SETQUOTA:
		setquota(b, &c->u.setquota);
		break;
	case IMAP_GETMETADATA:
		getmetadata(b, &c->u.getmetadata);
		break;
	case IMAP_SETMETADATA:
		span(b, "mbox", c->u.setmetadata.mailbox);
		pairs(b, c->u.setmetadata.entries, c->u.setmetadata.n);
		break;
	case IMAP_SETACL:
	case IMAP_DELETEACL:
	case IMAP_LISTRIGHTS:
		acl(b, &c->u.acl);
		break;
	case IMAP_DELETE:
	case IMAP_SUBSCRIBE:
	case IMAP_UNSUBSCRIBE:
	case IMAP_GETQUOTAROOT:
	case IMAP_GETACL:
	case IMAP_MYRIGHTS:
		span(b, "mbox", c->u.mailbox);
		break;
	}
}

void
dump_command(struct buf *b, const struct imap_command *c)
{
	buf_add(b, c->tag.p, c->tag.len);
	buf_addf(b, " %s%s", c->uid ? "UID " : "", c->def->name);
	if (!dump_message_command(b, c) && !dump_session_command(b, c))
		dump_mailbox_command(b, c);
}

void
feed_init(struct feed *f, const struct imap_limits *limits)
{
	memset(f, 0, sizeof(*f));
	imap_parser_init(&f->parser, limits);
	buf_init(&f->in, OUT_MAX);
	buf_init(&f->out, OUT_MAX);
}

void
feed_free(struct feed *f)
{
	imap_parser_free(&f->parser);
	buf_free(&f->in);
	buf_free(&f->out);
}

static void
feed_reply(struct feed *f, const char *what, const struct imap_event *ev)
{
	buf_addf(&f->out, "%s ", what);
	if (ev->tag.p == NULL)
		buf_addc(&f->out, '*');
	else
		buf_add(&f->out, ev->tag.p, ev->tag.len);
	buf_addf(&f->out, " %s\n", ev->why == NULL ? "-" : ev->why);
}

static void
feed_segment(struct feed *f, const struct imap_event *ev)
{
	struct imap_append	*a = &ev->cmd->u.append;

	buf_addstr(&f->out, "SEGMENT ");
	dump_command(&f->out, ev->cmd);
	buf_addc(&f->out, '\n');
	/* The mailbox says what becomes of it. */
	if (span_ieqs(a->mailbox, "refuse") ||
	    (span_ieqs(a->mailbox, "second") && a->messages == 2)) {
		if (imap_parser_refuse(&f->parser))
			buf_addstr(&f->out, "REFUSED at once\n");
	} else
		imap_parser_accept(&f->parser);
}

static void
feed_event(struct feed *f, const struct imap_event *ev)
{
	if (ev->type == IMAP_EV_DATA) {
		/* Pieces are joined: where they were cut is no matter. */
		if (!f->indata)
			buf_addstr(&f->out, "DATA [");
		f->indata = 1;
		f->data += ev->data.len;
		bytes(&f->out, ev->data);
		return;
	}
	if (ev->type != IMAP_EV_MORE && f->indata) {
		buf_addstr(&f->out, "]\n");
		f->indata = 0;
	}
	switch (ev->type) {
	case IMAP_EV_CONTINUE:
		buf_addstr(&f->out, "CONTINUE\n");
		break;
	case IMAP_EV_COMMAND:
		buf_addstr(&f->out, "OK ");
		dump_command(&f->out, ev->cmd);
		buf_addc(&f->out, '\n');
		imap_command_free(ev->cmd);
		break;
	case IMAP_EV_SEGMENT:
		feed_segment(f, ev);
		break;
	case IMAP_EV_LINE:
		buf_addstr(&f->out, "LINE ");
		dump_span(&f->out, ev->data);
		buf_addc(&f->out, '\n');
		break;
	case IMAP_EV_REFUSED:
		feed_reply(f, "REFUSED", ev);
		break;
	case IMAP_EV_BAD:
		feed_reply(f, "BAD", ev);
		break;
	case IMAP_EV_TOOBIG:
		feed_reply(f, "TOOBIG", ev);
		break;
	case IMAP_EV_NOMEM:
		feed_reply(f, "NOMEM", ev);
		break;
	default:
		break;
	}
}

void
feed_add(struct feed *f, const void *p, size_t len)
{
	struct imap_event	 ev;
	uint8_t			*copy;

	if (len > 0 && buf_add(&f->in, p, len) == -1)
		err(1, NULL);
	do {
		/* In memory of just that size, for the sanitizer. */
		if ((copy = malloc(f->in.len == 0 ? 1 : f->in.len)) == NULL)
			err(1, NULL);
		if (f->in.len > 0)
			memcpy(copy, buf_ptr(&f->in), f->in.len);
		imap_parser_next(&f->parser, copy, f->in.len, &ev);
		if (ev.used > f->in.len)
			errx(1, "took more than there is");
		feed_event(f, &ev);
		free(copy);
		buf_drain(&f->in, ev.used);
	} while (ev.type != IMAP_EV_MORE);
}

static char *
feed_done(struct feed *f)
{
	char	*s;

	if ((s = malloc(f->out.len + 1)) == NULL)
		err(1, NULL);
	if (f->out.len > 0)
		memcpy(s, buf_ptr(&f->out), f->out.len);
	s[f->out.len] = '\0';
	feed_free(f);
	return s;
}

char *
feed_cut(const struct imap_limits *limits, const void *p, size_t len,
    size_t cut)
{
	struct feed	f;

	feed_init(&f, limits);
	feed_add(&f, p, cut);
	feed_add(&f, (const char *)p + cut, len - cut);
	return feed_done(&f);
}

char *
feed_pieces(const struct imap_limits *limits, const void *p, size_t len,
    size_t n)
{
	struct feed	f;
	size_t		at, m;

	feed_init(&f, limits);
	for (at = 0; at < len; at += m) {
		m = len - at < n ? len - at : n;
		feed_add(&f, (const char *)p + at, m);
	}
	return feed_done(&f);
}
