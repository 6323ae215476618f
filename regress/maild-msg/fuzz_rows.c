/*
 * Rows within messages: those for mailctl, those of LIST and annotations.  The
 * first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctlrow.h"
#include "proprow.h"
#include "rights.h"
#include "strow.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* ctlrow.c wants it, and has no row to send here. */
int
proc_send(enum proc_id id, unsigned inst, uint32_t type, const void *msg,
    int fd)
{
	return -1;
}

static void
check_control(const uint8_t *p, size_t len)
{
	struct msg_blob	 row = { p, len };
	struct ctlrow	*again;
	const char	*name, *value;
	size_t		 off = 0;
	int		 kind;

	if ((again = malloc(sizeof(*again))) == NULL)
		abort();
	ctlrow_begin(again);
	while ((kind = ctlrow_next(&row, &off, &name, &value)) > 0) {
		if (strlen(name) + strlen(value) + 3 > off || off > len)
			abort();
		if (kind == 's')
			ctlrow_str(again, name, value);
		else
			ctlrow_num(again, name, strtoll(value, NULL, 10));
	}
	row.data = again->data;
	row.len = again->len;
	for (off = 0; (kind = ctlrow_next(&row, &off, &name, &value)) > 0;)
		;
	if (kind == -1)
		abort();
	free(again);
}

static void
check_list(const uint8_t *p, size_t len)
{
	struct strow	 r, again;
	struct buf	 b;
	size_t		 off = 0, o;

	while (strow_next(p, len, &off, &r) == 1) {
		if (off > len || (const uint8_t *)r.name.p + r.name.len >
		    p + off)
			abort();
		buf_init(&b, 1 << 17);
		o = 0;
		if (strow_put(&b, &r) == -1 ||
		    strow_next(buf_ptr(&b), b.len, &o, &again) != 1 ||
		    o != b.len || again.id != r.id ||
		    again.name.len != r.name.len ||
		    again.deleted_size != r.deleted_size)
			abort();
		buf_free(&b);
	}
}

static void
check_props(const uint8_t *p, size_t len)
{
	struct proprow	 r;
	struct buf	 b;
	size_t		 off = 0;

	buf_init(&b, len);
	while (proprow_next(p, len, &off, &r) == 1) {
		if (off > len || proprow_put(&b, &r) == -1 || b.len != off)
			abort();
	}
	if (b.len > 0 && memcmp(buf_ptr(&b), p, b.len) != 0)
		abort();
	buf_free(&b);
}

static void
check_acl(const uint8_t *p, size_t len)
{
	struct aclrow	 r;
	struct buf	 b;
	size_t		 off = 0;
	uint16_t	 rights;
	char		 text[RIGHTS_LEN];

	buf_init(&b, len);
	while (aclrow_next(p, len, &off, &r) == 1) {
		if (off > len || aclrow_put(&b, &r) == -1 || b.len != off)
			abort();
		/* An identifier may be letters too: these come back. */
		if (rights_parse(r.ident, &rights) == -1)
			continue;
		rights_print(rights, 0, text);
		r.ident = span_of(text);
		if (rights_parse(r.ident, &r.rights) == -1 ||
		    r.rights != rights)
			abort();
	}
	if (b.len > 0 && memcmp(buf_ptr(&b), p, b.len) != 0)
		abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > MSG_BLOB)
		return 0;
	if (data[0] & 1)
		check_control(data + 1, len - 1);
	else if (data[0] & 2)
		check_props(data + 1, len - 1);
	else if (data[0] & 4)
		check_acl(data + 1, len - 1);
	else
		check_list(data + 1, len - 1);
	return 0;
}
