#include <string.h>
#include <strings.h>

#include "filter.h"
#include "isession.h"
#include "libutil/log.h"
#include "proprow.h"

/* In all, however they are made of one another. */
#define FILTERS_MAX	100

/* Mine before the site's. */
static const char *const	 places[] = {
	"/private/filters/values/", "/shared/filters/values/"
};

static uint32_t
find_key(const struct imap_search *q)
{
	uint32_t	 i;

	for (i = 0; i < q->nkeys; i++) {
		if (q->keys[i].op == IMAP_S_FILTER)
			break;
	}
	return i;
}

/* Its text, in the rows; 0: there is none such. */
static int
find_value(const struct rows *rows, struct span name, struct span *value)
{
	struct proprow	 row;
	size_t		 i, n, off;
	int		 rc;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		n = strlen(places[i]);
		off = 0;
		while ((rc = proprow_next(rows->data, rows->len, &off,
		    &row)) == 1) {
			if (row.name.len != n + name.len ||
			    memcmp(row.name.p, places[i], n) != 0 ||
			    strncasecmp(row.name.p + n, name.p, name.len) != 0)
				continue;
			*value = row.value;
			return row.value.p != NULL;
		}
		if (rc == -1)
			fatalx("store: malformed annotations");
	}
	return 0;
}

static void
undefined(struct isession *s, struct imap_out *o)
{
	imap_out_str(o, "[UNDEFINED-FILTER ");
	imap_out_span(o, s->filter.name);
	imap_out_str(o, "] No such filter.\r\n");
}

/* One after the other: what one stands for may have others in it. */
static int
expand(struct isession *s, const struct rows *rows)
{
	struct imap_search	*q = s->filter.search;
	struct imap_search	 sub;
	struct span		 value;
	uint32_t		 i, n;

	for (n = 0; (i = find_key(q)) < q->nkeys; n++) {
		s->filter.name = q->keys[i].text;
		if (n == FILTERS_MAX ||
		    !find_value(rows, q->keys[i].text, &value) ||
		    imap_search_parse(&s->cmd->arena, value, &sub) == -1 ||
		    imap_search_splice(&s->cmd->arena, q, i, &sub) == -1)
			return -1;
	}
	return 0;
}

static void
on_props(void *arg, uint32_t type, const void *msg, int fd)
{
	const struct msg_st_props_r	*r = msg;
	struct isession			*s = arg;
	struct rows			 rows;
	int				 rc;

	if (type != M_ST_PROPS_R) {
		isession_done_st(s, ((const struct msg_st_r *)msg)->code,
		    NULL);
		return;
	}
	if (rows_open(&rows, &r->rows, r->size, fd) == -1) {
		isession_done_st(s, ST_TEMP, NULL);
		return;
	}
	rc = expand(s, &rows);
	rows_free(&rows);
	if (rc == -1)
		isession_done_with(s, IMAP_RESULT_NO, undefined);
	else
		s->filter.next(s);
}

void
filter_expand(struct isession *s, struct imap_search *q,
    void (*next)(struct isession *))
{
	struct msg_st_props	 m = { .sid = s->c.sid, .name = "" };

	if (find_key(q) == q->nkeys) {
		next(s);
		return;
	}
	s->filter.search = q;
	s->filter.next = next;
	m.req = request_new(on_props, s);
	request_send(m.req, M_ST_PROPS, &m);
}
