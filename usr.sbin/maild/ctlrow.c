/* Rows of an answer to mailctl. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libutil/log.h"
#include "ctlrow.h"
#include "msg.h"
#include "proc.h"

void
ctlrow_begin(struct ctlrow *row)
{
	row->len = 0;
}

/* What does not fit is left out: a row is for people, and has a cap. */
static void
ctlrow_add(struct ctlrow *row, char kind, const char *name, const char *value)
{
	size_t	 n = strlen(name) + 1, v = strlen(value) + 1;

	if (sizeof(row->data) - row->len < 1 + n + v)
		return;
	row->data[row->len++] = kind;
	memcpy(row->data + row->len, name, n);
	memcpy(row->data + row->len + n, value, v);
	row->len += n + v;
}

void
ctlrow_str(struct ctlrow *row, const char *name, const char *value)
{
	ctlrow_add(row, 's', name, value);
}

void
ctlrow_num(struct ctlrow *row, const char *name, int64_t value)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	ctlrow_add(row, 'n', name, text);
}

void
ctlrow_send(const struct proc_from *to, uint32_t cookie,
    const struct ctlrow *row)
{
	struct msg_ctl_row	 m;

	m.cookie = cookie;
	m.row.data = row->data;
	m.row.len = row->len;
	(void)proc_send(to->proc, to->inst, M_CTL_ROW, &m, -1);
}

void
ctlrow_end(const struct proc_from *to, uint32_t cookie, int ok,
    const char *text)
{
	struct msg_ctl_end	 m;
	char			 cut[2 * MSG_TEXT + 1];

	strlcpy(cut, text == NULL ? "" : text, sizeof(cut));
	m.cookie = cookie;
	m.ok = ok != 0;
	m.text = cut;
	(void)proc_send(to->proc, to->inst, M_CTL_END, &m, -1);
}

/* A string of the row that ends before its end, and where it ends. */
static const char *
ctlrow_string(const struct msg_blob *row, size_t *off)
{
	const char	*p = (const char *)row->data + *off;
	size_t		 n = strnlen(p, row->len - *off);

	if (n == row->len - *off)
		return NULL;
	*off += n + 1;
	return p;
}

int
ctlrow_next(const struct msg_blob *row, size_t *off, const char **name,
    const char **value)
{
	char	 kind;

	if (*off == row->len)
		return 0;
	if (*off > row->len)
		return -1;
	kind = ((const char *)row->data)[(*off)++];
	if ((kind != 's' && kind != 'n') ||
	    (*name = ctlrow_string(row, off)) == NULL ||
	    (*value = ctlrow_string(row, off)) == NULL)
		return -1;
	return kind;
}
