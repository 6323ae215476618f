/* Every row of the message table: its fields, its codec, its routes. */
#include <sys/types.h>
#include <sys/queue.h>

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "msg.h"
#include "msg_table.h"

union any {
	uint8_t		bytes[MSG_STRUCTMAX];
	uint64_t	align;
};

static size_t
field_size(const struct msg_field *f)
{
	switch (f->kind) {
	case FIELD_U8:
		return 1;
	case FIELD_U16:
		return 2;
	case FIELD_U32:
		return 4;
	case FIELD_U64:
	case FIELD_I64:
		return 8;
	case FIELD_STR:
		return sizeof(char *);
	case FIELD_BLOB:
		return sizeof(struct msg_blob);
	case FIELD_ADDR:
		return sizeof(struct addr);
	case FIELD_ORIGIN:
		return sizeof(struct msg_origin);
	case FIELD_KEYS:
		return 4 * sizeof(uint64_t);
	}
	return 0;
}

static size_t
field_align(const struct msg_field *f)
{
	switch (f->kind) {
	case FIELD_U8:
		return 1;
	case FIELD_U16:
	case FIELD_ADDR:
		return 2;
	case FIELD_U32:
		return 4;
	default:
		return 8;
	}
}

/* Every byte of the struct is of a field, but for gaps of alignment. */
static void
check_cover(uint32_t type)
{
	const struct msg_row	*row = msg_row(type);
	const struct msg_field	*f;
	size_t			 at = 0, align = 1;
	unsigned		 i;

	ATF_REQUIRE_MSG(row->name != NULL && row->nfields > 0,
	    "type %u has no row", type);
	ATF_REQUIRE(row->nfields <= MSG_FIELDS);
	ATF_REQUIRE(row->size <= MSG_STRUCTMAX);
	for (i = 0; i < row->nfields; i++) {
		f = &row->fields[i];
		if (field_align(f) > align)
			align = field_align(f);
		at = (at + field_align(f) - 1) & ~(field_align(f) - 1);
		ATF_REQUIRE_EQ_MSG(at, f->off, "%s.%s at %u, not at %zu: a "
		    "field is missing or out of order before it", row->name,
		    f->name, f->off, at);
		at += field_size(f);
		if (f->kind == FIELD_STR || f->kind == FIELD_BLOB)
			ATF_REQUIRE_MSG(f->cap > 0 && f->cap < MSG_SIZE,
			    "%s.%s has no cap", row->name, f->name);
	}
	at = (at + align - 1) & ~(align - 1);
	ATF_REQUIRE_EQ_MSG(at, row->size, "%s: a field is missing at its end",
	    row->name);
}

static char	 strings[MSG_FIELDS][MSG_SIZE + 2];

static uint64_t
rnd(void)
{
	return (uint64_t)arc4random() << 32 | arc4random();
}

static uint32_t
number(const struct msg_field *f, uint32_t max)
{
	if (f->cap < max)
		return arc4random_uniform(f->cap + 1);
	return arc4random() & max;
}

/* A random value within the cap; longest: strings as long as may be. */
static void
fill(union any *u, const struct msg_field *f, unsigned i, int longest)
{
	struct msg_blob		 b;
	struct msg_origin	 o;
	struct addr		 a;
	const char		*s = strings[i];
	uint64_t		 v64 = rnd();
	uint32_t		 v32 = number(f, UINT32_MAX);
	uint16_t		 v16 = (uint16_t)number(f, UINT16_MAX);
	size_t			 j, n;

	switch (f->kind) {
	case FIELD_U8:
		u->bytes[f->off] = (uint8_t)number(f, UINT8_MAX);
		break;
	case FIELD_U16:
		memcpy(u->bytes + f->off, &v16, 2);
		break;
	case FIELD_U32:
		memcpy(u->bytes + f->off, &v32, 4);
		break;
	case FIELD_U64:
	case FIELD_I64:
		memcpy(u->bytes + f->off, &v64, 8);
		break;
	case FIELD_STR:
	case FIELD_BLOB:
		n = longest ? f->cap : arc4random_uniform(f->cap / 8 + 1);
		for (j = 0; j < n; j++)
			strings[i][j] = (char)(1 + arc4random_uniform(255));
		strings[i][n] = '\0';
		b.data = strings[i];
		b.len = n;
		if (f->kind == FIELD_STR)
			memcpy(u->bytes + f->off, &s, sizeof(s));
		else
			memcpy(u->bytes + f->off, &b, sizeof(b));
		break;
	case FIELD_ADDR:
		memset(&a, 0, sizeof(a));
		a.family = (uint8_t[]){ 0, 4, 6 }[arc4random_uniform(3)];
		arc4random_buf(a.bytes, sizeof(a.bytes));
		a.port = v16;
		memcpy(u->bytes + f->off, &a, sizeof(a));
		break;
	case FIELD_ORIGIN:
		memset(&o, 0, sizeof(o));
		o.proc = (uint8_t)arc4random_uniform(PROC_MAX);
		o.inst = (uint8_t)v16;
		o.sid = v64;
		memcpy(u->bytes + f->off, &o, sizeof(o));
		break;
	case FIELD_KEYS:
		arc4random_buf(u->bytes + f->off, 32);
		break;
	}
}

static int
same(const union any *x, const union any *y, const struct msg_field *f)
{
	const char	*s, *t;
	struct msg_blob	 a, b;

	switch (f->kind) {
	case FIELD_STR:
		memcpy(&s, x->bytes + f->off, sizeof(s));
		memcpy(&t, y->bytes + f->off, sizeof(t));
		return strcmp(s, t) == 0;
	case FIELD_BLOB:
		memcpy(&a, x->bytes + f->off, sizeof(a));
		memcpy(&b, y->bytes + f->off, sizeof(b));
		return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
	default:
		return memcmp(x->bytes + f->off, y->bytes + f->off,
		    field_size(f)) == 0;
	}
}

static void
round_trip(uint32_t type, int longest)
{
	const struct msg_row	*row = msg_row(type);
	union any		 in, out;
	struct ibuf		*b;
	const char		*field;
	uint8_t			*copy;
	size_t			 n, len;
	unsigned		 i;

	memset(&in, 0, sizeof(in));
	for (i = 0; i < row->nfields; i++)
		fill(&in, &row->fields[i], i, longest);
	ATF_REQUIRE((b = ibuf_dynamic(64, 65536)) != NULL);
	len = msg_length(type, &in, &field);
	if (len == 0) {
		/* Only a message whose fields are all longest is too long. */
		ATF_REQUIRE_MSG(longest && strcmp(field, "the whole") == 0,
		    "%s: %s", row->name, field);
		ATF_REQUIRE_EQ(-1, msg_put(b, type, &in));
		ibuf_free(b);
		return;
	}
	ATF_REQUIRE_EQ_MSG(0, msg_put(b, type, &in), "%s", row->name);
	ATF_REQUIRE_EQ(len, ibuf_size(b));

	/* In memory of that very size: a sanitizer sees over-reads. */
	for (n = 0; n < len; n += longest && n > 200 && n + 200 < len ?
	    37 : 1) {
		ATF_REQUIRE((copy = malloc(n + 1)) != NULL);
		memcpy(copy, ibuf_data(b), n);
		ATF_REQUIRE_EQ_MSG(-1, msg_get(copy, n, type, &out),
		    "%s cut at %zu of %zu", row->name, n, len);
		free(copy);
	}
	ATF_REQUIRE((copy = calloc(1, len + 1)) != NULL);
	memcpy(copy, ibuf_data(b), len);
	ATF_REQUIRE_EQ_MSG(-1, msg_get(copy, len + 1, type, &out),
	    "%s takes a byte too many", row->name);
	memset(&out, 0xa5, sizeof(out));
	ATF_REQUIRE_EQ(0, msg_get(copy, len, type, &out));
	for (i = 0; i < row->nfields; i++)
		ATF_REQUIRE_MSG(same(&in, &out, &row->fields[i]),
		    "%s.%s changed", row->name, row->fields[i].name);
	free(copy);
	ibuf_free(b);
}

/* Where each field begins on the wire. */
static size_t
field_wire(const struct msg_field *f, const union any *u)
{
	const char	*s;
	struct msg_blob	 b;

	switch (f->kind) {
	case FIELD_STR:
		memcpy(&s, u->bytes + f->off, sizeof(s));
		return 2 + strlen(s) + 1;
	case FIELD_BLOB:
		memcpy(&b, u->bytes + f->off, sizeof(b));
		return 2 + b.len;
	case FIELD_ADDR:
		return 19;
	case FIELD_ORIGIN:
		return 10;
	default:
		return field_size(f);
	}
}

/* One byte over each cap, on both sides; a NUL inside; none at the end. */
static void
check_caps(uint32_t type)
{
	const struct msg_row	*row = msg_row(type);
	const struct msg_field	*f;
	union any		 in, out, bad;
	struct ibuf		*b;
	struct msg_blob		 blob;
	const char		*field, *s;
	uint8_t			*p, *wire;
	uint32_t		 v;
	size_t			 at, len, old, body;
	unsigned		 i;

	memset(&in, 0, sizeof(in));
	for (i = 0; i < row->nfields; i++)
		fill(&in, &row->fields[i], i, 0);
	ATF_REQUIRE((b = ibuf_dynamic(64, 65536)) != NULL);
	ATF_REQUIRE_EQ(0, msg_put(b, type, &in));
	len = ibuf_size(b);
	for (i = 0, at = 0; i < row->nfields; i++, at += old) {
		f = &row->fields[i];
		old = field_wire(f, &in);
		bad = in;
		if (f->kind == FIELD_STR || f->kind == FIELD_BLOB) {
			ATF_REQUIRE((wire = calloc(1, len + f->cap + 8)));
			p = ibuf_data(b);
			memcpy(wire, p, at);
			body = f->cap + 1;
			wire[at] = (uint8_t)(body >> 8);
			wire[at + 1] = (uint8_t)body;
			memset(wire + at + 2, 'x', body);
			body += f->kind == FIELD_STR ? 3 : 2;
			memcpy(wire + at + body, p + at + old, len - at - old);
			ATF_REQUIRE_EQ_MSG(-1, msg_get(wire,
			    len - old + body, type, &out), "%s.%s over its cap",
			    row->name, f->name);
			free(wire);
			memset(strings[i], 'x', f->cap + 1);
			strings[i][f->cap + 1] = '\0';
			s = strings[i];
			blob.data = s;
			blob.len = f->cap + 1;
			if (f->kind == FIELD_STR)
				memcpy(bad.bytes + f->off, &s, sizeof(s));
			else
				memcpy(bad.bytes + f->off, &blob, sizeof(blob));
		} else if (f->kind == FIELD_ADDR) {
			bad.bytes[f->off] = 5;
		} else if (f->kind == FIELD_ORIGIN) {
			bad.bytes[f->off] = PROC_MAX;
		} else if (f->cap != FIELD_ANY) {
			v = f->cap + 1;
			if (f->kind == FIELD_U8)
				bad.bytes[f->off] = (uint8_t)v;
			else if (f->kind == FIELD_U16)
				memcpy(bad.bytes + f->off, &(uint16_t){
				    (uint16_t)v }, 2);
			else
				memcpy(bad.bytes + f->off, &v, 4);
		} else
			continue;
		field = NULL;
		ATF_REQUIRE_EQ_MSG(0, msg_length(type, &bad, &field),
		    "%s.%s over its cap", row->name, f->name);
		ATF_REQUIRE_STREQ(f->name, field);
		if (f->kind != FIELD_STR)
			continue;
		/* in is as it was put; its string was overwritten since */
		ATF_REQUIRE((wire = malloc(len)) != NULL);
		memcpy(wire, ibuf_data(b), len);
		wire[at + old - 1] = 'x';
		ATF_REQUIRE_EQ_MSG(-1, msg_get(wire, len, type, &out),
		    "%s.%s without NUL", row->name, f->name);
		if (old > 3) {
			wire[at + old - 1] = '\0';
			wire[at + 2] = '\0';
			ATF_REQUIRE_EQ_MSG(-1, msg_get(wire, len, type, &out),
			    "%s.%s with NUL inside", row->name, f->name);
		}
		free(wire);
		strings[i][old - 3] = '\0';
	}
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(cover);
ATF_TC_BODY(cover, tc)
{
	uint32_t	 type;

	for (type = 0; type < M_MAX; type++)
		check_cover(type);
	ATF_REQUIRE(msg_row(M_MAX) == NULL);
	ATF_REQUIRE_EQ(0, msg_structsize(M_MAX));
}

ATF_TC_WITHOUT_HEAD(codec);
ATF_TC_BODY(codec, tc)
{
	uint32_t	 type;
	int		 i;

	for (type = 0; type < M_MAX; type++) {
		for (i = 0; i < 3; i++)
			round_trip(type, 0);
		round_trip(type, 1);
	}
}

ATF_TC_WITHOUT_HEAD(caps);
ATF_TC_BODY(caps, tc)
{
	uint32_t	 type;

	for (type = 0; type < M_MAX; type++)
		check_caps(type);
}

ATF_TC_WITHOUT_HEAD(null);
ATF_TC_BODY(null, tc)
{
	struct msg_ctl_end	 in = { .cookie = 7, .ok = 1 }, out;
	struct ibuf		*b;

	ATF_REQUIRE((b = ibuf_dynamic(64, 65536)) != NULL);
	ATF_REQUIRE_EQ(0, msg_put(b, M_CTL_END, &in));
	ATF_REQUIRE_EQ(0, msg_get(ibuf_data(b), ibuf_size(b), M_CTL_END,
	    &out));
	ATF_REQUIRE_STREQ("", out.text);
	ATF_REQUIRE_EQ(-1, msg_put(b, M_MAX, &in));
	ATF_REQUIRE_EQ(-1, msg_get("", 0, M_CTL_END, &out));
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(routes);
ATF_TC_BODY(routes, tc)
{
	uint32_t	 type;
	int		 a, b, n;

	for (type = 0; type < M_MAX; type++) {
		n = 0;
		for (a = 0; a < PROC_MAX; a++) {
			for (b = 0; b < PROC_MAX; b++)
				n += msg_allowed(type, a, b);
			ATF_REQUIRE_MSG(!msg_allowed(type, a, a),
			    "%s to itself", msg_name(type));
		}
		ATF_REQUIRE_MSG(n > 0, "%s has no way", msg_name(type));
	}
	ATF_REQUIRE(msg_allowed(M_GRANT, PROC_AUTH, PROC_STORE));
	ATF_REQUIRE(!msg_allowed(M_GRANT, PROC_IMAP, PROC_STORE));
	ATF_REQUIRE(!msg_allowed(M_GRANTED, PROC_QUEUE, PROC_IMAP));
	ATF_REQUIRE(!msg_allowed(M_STOP, PROC_CONTROL, PROC_STORE));
	ATF_REQUIRE(!msg_allowed(M_MAX, PROC_PARENT, PROC_STORE));
	ATF_REQUIRE(!msg_allowed(M_CTL, PROC_CONTROL, PROC_MAX));
	/* Who has no business with whom has no wire either. */
	ATF_REQUIRE(msg_wired(PROC_SMTP, PROC_QUEUE));
	ATF_REQUIRE(!msg_wired(PROC_SMTP, PROC_STORE));
	ATF_REQUIRE(!msg_wired(PROC_SMTP, PROC_IMAP));
	ATF_REQUIRE(!msg_wired(PROC_IMAP, PROC_RELAY));
	ATF_REQUIRE(!msg_wired(PROC_SCAN, PROC_STORE));
	ATF_REQUIRE(msg_fd_ok(M_SCAN, 1) && !msg_fd_ok(M_SCAN, 0));
	ATF_REQUIRE(!msg_fd_ok(M_STOP, 1) && msg_fd_ok(M_STOP, 0));
	ATF_REQUIRE(msg_fd_ok(M_SCAN_R, 1) && msg_fd_ok(M_SCAN_R, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cover);
	ATF_TP_ADD_TC(tp, codec);
	ATF_TP_ADD_TC(tp, caps);
	ATF_TP_ADD_TC(tp, null);
	ATF_TP_ADD_TC(tp, routes);
	return atf_no_error();
}
