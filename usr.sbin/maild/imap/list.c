/* LIST, LSUB, STATUS, NAMESPACE (RFC 9051 6.3.9-6.3.11, RFC 5258, 5819). */
#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "handlers.h"
#include "libimap/imap_match.h"
#include "libimap/imap_tree.h"
#include "libstore/mstore.h"
#include "libutil/log.h"
#include "metadata.h"
#include "name.h"
#include "objid.h"
#include "isession.h"
#include "rights.h"
#include "strow.h"

void
list_namespace(struct isession *s)
{
	imap_out_str(isession_out(s),
	    "* NAMESPACE ((\"\" \"/\")) ((\"" OTHER_USERS "\" \"/\")) NIL\r\n");
	isession_out_done(s);
	isession_done(s, IMAP_RESULT_OK, NULL, NULL);
}

/* ---- STATUS ------------------------------------------------------------ */

static void
status_row(struct isession *s, struct span name, uint32_t items,
    const struct msg_st_status_r *r)
{
	const struct {
		uint32_t	 item;
		uint64_t	 value;
	} values[] = {
		{ IMAP_ST_MESSAGES,	r->exists },
		{ IMAP_ST_RECENT,	r->recent },
		{ IMAP_ST_UIDNEXT,	r->uidnext },
		{ IMAP_ST_UIDVALIDITY,	r->uidvalidity },
		{ IMAP_ST_UNSEEN,	r->unseen },
		{ IMAP_ST_DELETED,	r->deleted },
		{ IMAP_ST_SIZE,		r->size },
		{ IMAP_ST_HIGHESTMODSEQ, r->highestmodseq },
		{ IMAP_ST_APPENDLIMIT, caller_conf()->limits.message_size },
		{ IMAP_ST_DELETED_STORAGE, r->deleted_size }
	};
	struct imap_out	*o = isession_out(s);
	char		 id[OBJID_LEN];
	size_t		 i;

	imap_out_status_begin(o, name);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (items & values[i].item)
			imap_out_status_item(o, values[i].item,
			    values[i].value);
	}
	if (items & IMAP_ST_MAILBOXID) {
		objid_put(id, 'F', r->mbox);
		imap_out_status_id(o, (struct span){ id, OBJID_LEN });
	}
	imap_out_status_end(o);
	isession_out_done(s);
}

static void
on_status(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_status_r	*r = msg;
	struct isession			*s = arg;

	if (type != M_ST_STATUS_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    ((const struct msg_st_r *)msg)->text);
		return;
	}
	if (r->code == ST_OK)
		status_row(s, span_of(s->job), s->cmd->u.status.items, r);
	isession_done_st(s, r->code, NULL);
}

void
list_status(struct isession *s)
{
	struct msg_st_status	 m = { .sid = s->c.sid };
	char			 name[IMAP_NAME_MAX + 1];

	if (name_read(s, s->cmd->u.status.mailbox, 0, name) == -1)
		return;
	if ((s->job = strdup(name)) == NULL)
		fatal("status");
	s->job_free = free;
	m.name = name;
	m.req = request_new(on_status, s);
	request_send(m.req, M_ST_STATUS, &m);
}

/* ---- LIST, LSUB -------------------------------------------------------- */

/* A mailbox's row as the store gave it, for STATUS in the answer. */
static void
row_status(struct isession *s, const struct imap_tree_node *n)
{
	const struct strow	*row = n->arg;
	struct msg_st_status_r	 r = { 0 };

	if (row == NULL || !row->counters || row->flags & MSTORE_NOSELECT)
		return;
	r.mbox = row->id;
	r.exists = row->exists;
	r.recent = row->recent;
	r.uidnext = row->uidnext;
	r.uidvalidity = row->uidvalidity;
	r.unseen = row->unseen;
	r.deleted = row->deleted;
	r.size = row->size;
	r.highestmodseq = row->highestmodseq;
	r.deleted_size = row->deleted_size;
	status_row(s, row->name, s->cmd->u.list.status, &r);
}

/* RFC 8440 */
static void
row_myrights(struct isession *s, const struct imap_tree_node *n)
{
	const struct strow	*row = n->arg;

	if (row == NULL || row->id == 0)
		return;
	acl_write_mine(isession_out(s), row->name, row->rights);
	isession_out_done(s);
}

/* RFC 9590: the annotations of all mailboxes wait behind the session's job. */
static void
row_metadata(struct isession *s, const struct imap_tree_node *n)
{
	const struct imap_list	*l = &s->cmd->u.list;
	struct metadata_ask	 ask = { .entries = l->entries,
	    .n = l->nentries, .maxsize = UINT32_MAX };
	const struct strow	*row = n->arg;

	if (row == NULL || row->id == 0)
		return;
	metadata_write(isession_out(s), &ask, s->job, row->id, row->name);
	isession_out_done(s);
}

static int
tree_flags(const struct strow *row)
{
	int	 flags = 0;

	if (row->id != 0)
		flags |= IMAP_TREE_EXISTS;
	if (row->subscribed)
		flags |= IMAP_TREE_SUBSCRIBED;
	if (row->flags & MSTORE_NOSELECT)
		flags |= IMAP_TREE_NOSELECT;
	return flags;
}

/* All rows into the tree.  -1: out of memory. */
static int
fill_tree(struct imap_tree *tree, struct strow **rows, const struct rows *data)
{
	struct strow	*p;
	size_t		 off = 0, n = 0, size = 0;
	int		 rc;

	for (;;) {
		if (n == size) {
			size = size == 0 ? 32 : 2 * size;
			p = reallocarray(*rows, size, sizeof(*p));
			if (p == NULL)
				return -1;
			*rows = p;
		}
		rc = strow_next(data->data, data->len, &off, *rows + n);
		if (rc == -1)
			fatalx("store: malformed list");
		if (rc == 0)
			break;
		n++;
	}
	for (size = 0; size < n; size++) {
		p = *rows + size;
		if (imap_tree_add(tree, p->name, tree_flags(p),
		    name_use_from_store(p->flags & MSTORE_USE_MASK), p) == -1)
			return -1;
	}
	return 0;
}

static int
read_patterns(struct isession *s, struct imap_match *match)
{
	const struct imap_list	*l = &s->cmd->u.list;
	char			 pattern[IMAP_NAME_MAX + 1];
	int			 flags = 0;
	uint32_t		 i;

	if (s->st.enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2))
		flags |= IMAP_NAME_UTF8;
	for (i = 0; i < l->npatterns; i++) {
		imap_match_none(&match[i]);
		if (imap_pattern_read(l->reference, l->patterns[i], flags,
		    pattern) == -1)
			continue;
		if (imap_match_init(&match[i], span_of(pattern)) == -1)
			return -1;
	}
	return 0;
}

static void
answer_rows(struct isession *s, const struct rows *data)
{
	const struct imap_list	*l = &s->cmd->u.list;
	struct imap_match	*match;
	struct imap_tree	 tree;
	struct strow		*rows = NULL;
	struct imap_out		*o;
	uint32_t		 i;
	int			 lsub = s->cmd->id == IMAP_LSUB;

	imap_tree_init(&tree);
	match = calloc(l->npatterns, sizeof(*match));
	if (match == NULL || read_patterns(s, match) == -1 ||
	    fill_tree(&tree, &rows, data) == -1 ||
	    imap_tree_select(&tree, l, match, l->npatterns, lsub) == -1)
		fatal("list");
	o = isession_out(s);
	for (i = 0; i < tree.n; i++) {
		if (!(tree.nodes[i].flags & IMAP_TREE_ROW))
			continue;
		imap_out_list(o, &tree.nodes[i], l, lsub);
		if (l->ret & IMAP_LRET_STATUS)
			row_status(s, &tree.nodes[i]);
		if (l->ret & IMAP_LRET_MYRIGHTS)
			row_myrights(s, &tree.nodes[i]);
		if (l->ret & IMAP_LRET_METADATA)
			row_metadata(s, &tree.nodes[i]);
	}
	isession_out_done(s);
	for (i = 0; i < l->npatterns; i++)
		imap_match_free(&match[i]);
	free(match);
	free(rows);
	imap_tree_free(&tree);
}

static void
on_list(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_list_r	*r = msg;
	struct isession			*s = arg;
	struct rows			 data;

	if (type != M_ST_LIST_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    ((const struct msg_st_r *)msg)->text);
		return;
	}
	if (rows_open(&data, &r->rows, r->size, fd) == -1) {
		isession_done_st(s, ST_TEMP, NULL);
		return;
	}
	if (r->code == ST_OK)
		answer_rows(s, &data);
	rows_free(&data);
	isession_done_st(s, r->code, NULL);
}

static void
ask_list(struct isession *s)
{
	struct msg_st_list	 m = { .sid = s->c.sid };

	if (s->cmd->u.list.ret & IMAP_LRET_STATUS)
		m.flags |= ST_LIST_COUNTERS;
	m.req = request_new(on_list, s);
	request_send(m.req, M_ST_LIST, &m);
}

static void
free_props(void *arg)
{
	rows_free(arg);
	free(arg);
}

static void
on_props(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_props_r	*r = msg;
	struct isession			*s = arg;
	struct rows			*rows;

	if (type != M_ST_PROPS_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    NULL);
		return;
	}
	if ((rows = calloc(1, sizeof(*rows))) == NULL)
		fatal("list");
	s->job = rows;
	s->job_free = free_props;
	if (rows_open(rows, &r->rows, r->size, fd) == -1 ||
	    rows_keep(rows) == -1) {
		isession_done_st(s, ST_TEMP, NULL);
		return;
	}
	ask_list(s);
}

/* LIST "" "" asks for the separator alone. */
static int
only_separator(const struct imap_list *l)
{
	return !l->extended && l->npatterns == 1 && l->patterns[0].len == 0;
}

void
list_list(struct isession *s)
{
	const struct imap_list	*l = &s->cmd->u.list;
	struct msg_st_props	 m = { .sid = s->c.sid, .all = 1 };

	if (only_separator(l)) {
		imap_out_str(isession_out(s), s->cmd->id == IMAP_LSUB ?
		    "* LSUB (\\Noselect) \"/\" \"\"\r\n" :
		    "* LIST (\\Noselect) \"/\" \"\"\r\n");
		isession_out_done(s);
		isession_done(s, IMAP_RESULT_OK, NULL, NULL);
		return;
	}
	if (!(l->ret & IMAP_LRET_METADATA)) {
		ask_list(s);
		return;
	}
	m.req = request_new(on_props, s);
	request_send(m.req, M_ST_PROPS, &m);
}
