/* GETMETADATA and SETMETADATA (RFC 5464). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers.h"
#include "isession.h"
#include "libutil/log.h"
#include "metadata.h"
#include "name.h"
#include "proprow.h"

/* ---- responses --------------------------------------------------------- */

/* Is the row the entry itself (1), below it as deep as wanted (2), or not? */
static int
matches(struct span row, struct span entry, int depth)
{
	struct span	 rest;

	if (row.len < entry.len || strncasecmp(row.p, entry.p,
	    entry.len) != 0)
		return 0;
	if (row.len == entry.len)
		return 1;
	if (depth == 0 || row.p[entry.len] != '/')
		return 0;
	rest.p = row.p + entry.len + 1;
	rest.len = row.len - entry.len - 1;
	return depth == -1 || memchr(rest.p, '/', rest.len) == NULL ? 2 : 0;
}

static void
put_value(struct imap_out *o, struct span value)
{
	if (value.p != NULL && memchr(value.p, '\0', value.len) != NULL) {
		imap_out_literal(o, value.len, 1);
		imap_out_span(o, value);
	} else
		imap_out_nstring(o, value);
}

static void
put_entry(struct imap_out *o, struct span name, struct span value, int *n,
    struct span mailbox)
{
	if ((*n)++ == 0) {
		imap_out_str(o, "* METADATA ");
		imap_out_mailbox(o, mailbox);
		imap_out_str(o, " (");
	} else
		imap_out_str(o, " ");
	imap_out_astring(o, name);
	imap_out_str(o, " ");
	put_value(o, value);
}

/* A row that an earlier entry of the command has told already. */
static int
told(const struct metadata_ask *ask, uint32_t before, struct span row)
{
	uint32_t	 i;

	for (i = 0; i < before; i++) {
		if (matches(row, ask->entries[i], ask->depth))
			return 1;
	}
	return 0;
}

void
metadata_write(struct imap_out *o, struct metadata_ask *ask,
    const struct rows *rows, uint64_t mbox, struct span mailbox)
{
	struct proprow	 row;
	uint32_t	 i;
	size_t		 off;
	int		 n = 0, rc, there;

	for (i = 0; i < ask->n; i++) {
		there = 0;
		off = 0;
		while ((rc = proprow_next(rows->data, rows->len, &off,
		    &row)) == 1) {
			if (row.mbox != mbox || !(rc = matches(row.name,
			    ask->entries[i], ask->depth)))
				continue;
			there |= rc == 1;
			if (told(ask, i, row.name))
				continue;
			if (row.value.len > ask->maxsize) {
				if (row.value.len > ask->longest)
					ask->longest = row.value.len;
				continue;
			}
			put_entry(o, row.name, row.value, &n, mailbox);
		}
		if (rc == -1)
			fatalx("store: malformed annotations");
		if (!there && ask->depth == 0 &&
		    !told(ask, i, ask->entries[i]))
			put_entry(o, ask->entries[i], SPAN_NONE, &n, mailbox);
	}
	if (n > 0)
		imap_out_str(o, ")\r\n");
}

/* ---- GETMETADATA ------------------------------------------------------- */

static void
longentries(struct isession *s, struct imap_out *o)
{
	uint32_t	 longest;

	memcpy(&longest, s->job, sizeof(longest));
	imap_out_str(o, "[METADATA LONGENTRIES ");
	imap_out_num(o, longest);
	imap_out_str(o, "] Some are longer.\r\n");
}

static void
on_props(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_props_r	*r = msg;
	struct isession			*s = arg;
	const struct imap_getmetadata	*c = &s->cmd->u.getmetadata;
	struct metadata_ask		 ask = { .entries = c->entries.v,
	    .n = c->entries.n, .depth = c->depth, .maxsize = UINT32_MAX };
	struct rows			 rows;
	struct proprow			 row;
	char				 name[IMAP_NAME_MAX + 1];
	size_t				 off = 0;

	if (type != M_ST_PROPS_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    ((const struct msg_st_r *)msg)->text);
		return;
	}
	if (rows_open(&rows, &r->rows, r->size, fd) == -1) {
		isession_done_st(s, ST_TEMP, NULL);
		return;
	}
	if (c->has_maxsize)
		ask.maxsize = c->maxsize;
	name[0] = '\0';
	if (c->mailbox.len > 0 && name_read(s, c->mailbox, 0, name) == -1) {
		rows_free(&rows);
		return;
	}
	/* All rows are of the one place. */
	if (proprow_next(rows.data, rows.len, &off, &row) != 1)
		row.mbox = 0;
	metadata_write(isession_out(s), &ask, &rows, row.mbox,
	    span_of(name));
	isession_out_done(s);
	rows_free(&rows);
	if (ask.longest == 0) {
		isession_done(s, IMAP_RESULT_OK, NULL, NULL);
		return;
	}
	if ((s->job = malloc(sizeof(ask.longest))) == NULL)
		fatal("metadata");
	memcpy(s->job, &ask.longest, sizeof(ask.longest));
	s->job_free = free;
	isession_done_with(s, IMAP_RESULT_OK, longentries);
}

void
metadata_get(struct isession *s)
{
	const struct imap_getmetadata	*c = &s->cmd->u.getmetadata;
	struct msg_st_props		 m = { .sid = s->c.sid };
	char				 name[IMAP_NAME_MAX + 1] = "";

	if (c->mailbox.len > 0 && name_read(s, c->mailbox, 0, name) == -1)
		return;
	m.name = name;
	m.req = request_new(on_props, s);
	request_send(m.req, M_ST_PROPS, &m);
}

/* ---- SETMETADATA ------------------------------------------------------- */

static void
on_set(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_r	*r = msg;
	struct isession		*s = arg;

	if (r->code == ST_LIMIT)
		isession_done(s, IMAP_RESULT_NO, "METADATA TOOMANY",
		    "Too many annotations.");
	else if (r->code == ST_BAD)
		isession_done(s, IMAP_RESULT_NO, "CANNOT",
		    "Not a special use.");
	else
		isession_done_st(s, r->code, NULL);
}

static void
maxsize(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[METADATA MAXSIZE ");
	imap_out_num(o, PROP_VALUE);
	imap_out_str(o, "] Too large.\r\n");
}

/* "/private/x" or "/shared/x", with something after the second slash. */
static int
name_ok(struct span name)
{
	static const struct span	 heads[] = {
		SPAN("/private/"), SPAN("/shared/")
	};
	size_t	 i;

	if (name.len > PROP_NAME)
		return 0;
	for (i = 0; i < 2; i++) {
		if (name.len > heads[i].len && strncasecmp(name.p, heads[i].p,
		    heads[i].len) == 0)
			return 1;
	}
	return 0;
}

/* The command as rows; 0, or -1 (answered). */
static int
pack(struct isession *s, struct buf *b)
{
	const struct imap_setmetadata	*c = &s->cmd->u.setmetadata;
	struct proprow			 row = { 0 };
	char				 lower[PROP_NAME];
	uint32_t			 i;
	size_t				 k;

	for (i = 0; i < c->n; i++) {
		if (!name_ok(c->entries[i].key)) {
			isession_done(s, IMAP_RESULT_NO, "CANNOT",
			    "Not the name of an annotation.");
			return -1;
		}
		row.name.p = lower;
		row.name.len = c->entries[i].key.len;
		for (k = 0; k < row.name.len; k++) {
			lower[k] = c->entries[i].key.p[k];
			if (lower[k] >= 'A' && lower[k] <= 'Z')
				lower[k] += 'a' - 'A';
		}
		row.value = c->entries[i].val;
		if (row.value.len > PROP_VALUE || proprow_put(b, &row) == -1) {
			isession_done_with(s, IMAP_RESULT_NO, maxsize);
			return -1;
		}
	}
	return 0;
}

void
metadata_set(struct isession *s)
{
	const struct imap_setmetadata	*c = &s->cmd->u.setmetadata;
	struct msg_st_setprops		 m = { .sid = s->c.sid };
	struct buf			 b;
	char				 name[IMAP_NAME_MAX + 1] = "";

	if (c->mailbox.len > 0 && name_read(s, c->mailbox, 0, name) == -1)
		return;
	/* One message to the store: all of it or nothing. */
	buf_init(&b, MSG_BLOB);
	if (pack(s, &b) == 0) {
		m.name = name;
		m.rows.data = buf_ptr(&b);
		m.rows.len = b.len;
		m.req = request_new(on_set, s);
		request_send(m.req, M_ST_SETPROPS, &m);
	}
	buf_free(&b);
}
