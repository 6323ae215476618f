/*
 * The plan: to everybody, every message there is; those that may be said with
 * every value of every field that is wrong in another way, the others once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captive.h"
#include "libutil/log.h"
#include "msg_table.h"

#define SIZE		16368
#define WHOLE		12	/* variants that are not of one field */
#define VALUES		9	/* of one field */

struct out {
	uint8_t	 data[SIZE + 512];
	size_t	 len;
};

struct plan {
	uint8_t	 to;
	uint8_t	 legal;
	uint32_t type;
	unsigned first;		/* number of its first variant */
	unsigned count;
};

static struct plan	*plan;
static unsigned		 nplan, ntotal;

static void
put(struct out *o, const void *p, size_t len)
{
	if (len > sizeof(o->data) - o->len)
		len = sizeof(o->data) - o->len;
	memcpy(o->data + o->len, p, len);
	o->len += len;
}

static void
put_num(struct out *o, uint64_t v, int bytes)
{
	uint8_t	 b[8];
	int	 i;

	for (i = 0; i < bytes; i++)
		b[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	put(o, b, (size_t)bytes);
}

/* value -1: as it should be, about. */
static void
put_number(struct out *o, const struct msg_field *f, int bytes, int value)
{
	static const uint64_t	 values[VALUES] = { 0, 1, 2, 0x7f,
	    0x7fffffff, 0xffffffff, UINT64_MAX, 0x8000000000000000ULL, 0 };
	uint64_t		 v = 1;

	if (strcmp(f->name, "sid") == 0)
		v = CAPTIVE_SID;
	if (value == VALUES - 1)
		v = strcmp(f->name, "sid") == 0 ? state->victim :
		    (uint64_t)f->cap + 1;
	else if (value >= 0)
		v = values[value];
	put_num(o, v, bytes);
}

static void
put_text(struct out *o, const struct msg_field *f, int value)
{
	static char	 buf[SIZE + 600];
	size_t		 len = 1;

	memset(buf, 'x', sizeof(buf));
	switch (value) {
	case 0:
		len = 0;
		break;
	case 1:
		len = f->cap;
		break;
	case 2:
		len = (size_t)f->cap + 1;
		break;
	case 3:
		len = f->cap < 20 ? f->cap : 20;
		memset(buf, 0xff, len);
		break;
	case 4:
		len = (size_t)snprintf(buf, sizeof(buf),
		    "victim@example.test");
		break;
	case 5:
		len = (size_t)snprintf(buf, sizeof(buf), "../../..");
		break;
	case 6:
		len = (size_t)snprintf(buf, sizeof(buf), "a\r\n.\r\nb");
		break;
	case 7:
		len = 4;
		buf[1] = '\0';		/* a NUL within */
		break;
	case 8:
		len = (size_t)snprintf(buf, sizeof(buf), "INBOX");
		break;
	}
	if (len > SIZE)
		len = SIZE;
	put_num(o, len, 2);
	buf[len] = '\0';
	put(o, buf, len + 1);
}

static void
put_blob(struct out *o, const struct msg_field *f, int value)
{
	static uint8_t	 buf[SIZE + 600];
	/* 1:4294967295 in rseq's wire form, or nearly */
	static const uint8_t	 all[8] = { 0, 0, 0, 1, 0xff, 0xff, 0xff,
				    0xff };
	size_t		 len = 0;

	switch (value) {
	case 1:
	case 2:
		len = (size_t)f->cap + (value == 2);
		arc4random_buf(buf, sizeof(buf));
		break;
	case 3:
		len = f->cap < 64 ? f->cap : 64;
		arc4random_buf(buf, len);
		break;
	case 4:
		len = f->cap < 64 ? f->cap : 64;
		memset(buf, 0xff, len);
		break;
	case 5:
		len = f->cap < 32 ? f->cap : 32;
		memset(buf, 0, len);
		break;
	case 6:
		len = sizeof(all);
		memcpy(buf, all, len);
		break;
	case 7:
		len = 1;
		break;
	case 8:
		len = f->cap;
		memset(buf, 0, len);
		break;
	}
	if (len > SIZE)
		len = SIZE;
	put_num(o, len, 2);
	put(o, buf, len);
}

static void
put_addr(struct out *o, int value)
{
	static const uint8_t	 families[VALUES] = { 0, 4, 6, 1, 5, 7, 99,
	    255, 4 };
	uint8_t			 bytes[16] = { 203, 0, 113, 5 };

	put_num(o, value < 0 ? 4 : families[value], 1);
	if (value == 6)
		memset(bytes, 0xff, sizeof(bytes));
	put(o, bytes, sizeof(bytes));
	put_num(o, 0xffff, 2);
}

static void
put_field(struct out *o, const struct msg_field *f, int value)
{
	int	 i;

	switch (f->kind) {
	case FIELD_U8:
		put_number(o, f, 1, value);
		break;
	case FIELD_U16:
		put_number(o, f, 2, value);
		break;
	case FIELD_U32:
		put_number(o, f, 4, value);
		break;
	case FIELD_U64:
	case FIELD_I64:
		put_number(o, f, 8, value);
		break;
	case FIELD_STR:
		put_text(o, f, value);
		break;
	case FIELD_BLOB:
		put_blob(o, f, value);
		break;
	case FIELD_ADDR:
		put_addr(o, value);
		break;
	case FIELD_ORIGIN:
		put_num(o, value < 0 ? PROC_IMAP : (uint64_t)value, 1);
		put_num(o, value < 0 ? 0 : 1, 1);
		put_num(o, state->victim, 8);
		break;
	case FIELD_KEYS:
		for (i = 0; i < 4; i++)
			put_num(o, value < 0 ? 0 : UINT64_MAX, 8);
		break;
	}
}

/* field -1: all are right. */
static void
encode(struct out *o, const struct msg_row *row, int field, int value)
{
	int	 i;

	o->len = 0;
	for (i = 0; i < row->nfields; i++)
		put_field(o, &row->fields[i], i == field ? value : -1);
}

/* ---- the plan ----------------------------------------------------------- */

static void
plan_add(unsigned to, uint32_t type)
{
	const struct msg_row	*row = type < M_MAX ? msg_row(type) : NULL;
	struct plan		*p;

	plan = reallocarray(plan, nplan + 1, sizeof(*plan));
	if (plan == NULL)
		fatal("plan");
	p = &plan[nplan++];
	p->to = (uint8_t)to;
	p->type = type;
	p->legal = row != NULL && msg_allowed(type, captive_me, to);
	p->first = ntotal;
	p->count = p->legal ? WHOLE + row->nfields * VALUES : 1;
	ntotal += p->count;
}

unsigned
captive_say_count(void)
{
	unsigned	 id;
	uint32_t	 type;

	if (ntotal > 0)
		return ntotal;
	for (id = 0; id < PROC_MAX; id++) {
		if (id == captive_me || (id != PROC_PARENT &&
		    !msg_wired(captive_me, id)))
			continue;
		for (type = 0; type < M_MAX + 2; type++)
			plan_add(id, type == M_MAX + 1 ? UINT32_MAX : type);
	}
	return ntotal;
}

static const struct plan *
plan_find(unsigned n)
{
	unsigned	 lo = 0, hi = nplan, mid;

	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (plan[mid].first <= n)
			lo = mid;
		else
			hi = mid;
	}
	return &plan[lo];
}

/* Would msg_get and the table have it? */
static int
well_formed(const struct plan *p, const struct out *o, int fd)
{
	union {
		uint8_t		bytes[MSG_STRUCTMAX];
		uint64_t	align;
	}		 msg;
	static uint8_t	 copy[SIZE + 512];

	if (!p->legal || o->len > MSG_SIZE)
		return 0;
	memcpy(copy, o->data, o->len);
	return msg_fd_ok(p->type, fd != -1) &&
	    msg_get(copy, o->len, p->type, &msg) == 0;
}

static int
make(unsigned n, const struct plan *p, struct out *o)
{
	const struct msg_row	*row;
	unsigned		 v = n - p->first;
	int			 fd = -1;

	o->len = 0;
	if (p->type >= M_MAX)
		return -1;
	row = msg_row(p->type);
	if (row->fd == FD_MUST)
		fd = captive_fd(n);
	if (v >= WHOLE) {
		v -= WHOLE;
		encode(o, row, (int)(v / VALUES), (int)(v % VALUES));
		return row->fd == FD_MAY && n % 2 ? captive_fd(n) : fd;
	}
	encode(o, row, -1, 0);
	switch (v) {
	case 1:
		o->len--;
		break;
	case 2:
		o->len /= 2;
		break;
	case 3:
		o->len = 0;
		break;
	case 4:
		put(o, "", 1);
		break;
	case 5:
		arc4random_buf(o->data, o->len);
		break;
	default:
		/* With each kind of descriptor, wanted or not. */
		if (v >= 12 - CAPTIVE_FDS + 1)
			fd = captive_fd(v);
		break;
	}
	return fd;
}

int
captive_say_deadly(unsigned n)
{
	static struct out	 o;
	const struct plan	*p = plan_find(n);
	int			 fd;

	if (!p->legal)
		return 1;
	fd = make(n, p, &o);
	return !well_formed(p, &o, fd);
}

int
captive_say(unsigned n)
{
	static struct out	 o;
	const struct plan	*p = plan_find(n);
	int			 fd = make(n, p, &o);

	captive_label("%u: %s to %s, variant %u, %zu bytes%s", n,
	    p->type < M_MAX ? msg_name(p->type) : "no type",
	    proc_names[p->to], n - p->first, o.len, fd == -1 ? "" : ", fd");
	captive_raw(p->to, 0, p->type, o.data, o.len, fd);
	return !well_formed(p, &o, fd);
}
