/*
 * The codec of the messages between processes, driven by msg_table.c.  A
 * hundred thousand go through here in a second: lengths are added up first,
 * room is asked for once, and nothing is allocated or copied on the way in.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "msg.h"
#include "msg_table.h"

#define ADDR_LEN	(1 + 16 + 2)
#define ORIGIN_LEN	(1 + 1 + 8)
#define KEYS		4

const struct msg_row *
msg_row(uint32_t type)
{
	return type < M_MAX ? &msg_table[type] : NULL;
}

const char *
msg_name(uint32_t type)
{
	return type < M_MAX ? msg_table[type].name : "(no such message)";
}

int
msg_allowed(uint32_t type, enum proc_id from, enum proc_id to)
{
	if (type >= M_MAX || from >= PROC_MAX || to >= PROC_MAX)
		return 0;
	return (msg_table[type].to[from] >> to) & 1;
}

int
msg_fd_ok(uint32_t type, int has_fd)
{
	if (type >= M_MAX)
		return 0;
	switch (msg_table[type].fd) {
	case FD_NONE:
		return !has_fd;
	case FD_MUST:
		return has_fd;
	default:
		return 1;
	}
}

int
msg_wired(enum proc_id a, enum proc_id b)
{
	uint32_t	 type;

	for (type = 0; type < M_MAX; type++)
		if (msg_allowed(type, a, b) || msg_allowed(type, b, a))
			return 1;
	return 0;
}

size_t
msg_structsize(uint32_t type)
{
	return type < M_MAX ? msg_table[type].size : 0;
}

/* Members lie in the struct at the offset of their row. */
static inline void
member_load(void *dst, const void *msg, const struct msg_field *f, size_t n)
{
	memcpy(dst, (const uint8_t *)msg + f->off, n);
}

static inline void
member_store(void *msg, const struct msg_field *f, const void *src, size_t n)
{
	memcpy((uint8_t *)msg + f->off, src, n);
}

static inline uint8_t *
put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, 2);
	return p + 2;
}

static inline uint8_t *
put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, 8);
	return p + 8;
}

static inline uint16_t
get16(const uint8_t *p)
{
	uint16_t	 v;

	memcpy(&v, p, 2);
	return be16toh(v);
}

static inline uint32_t
get32(const uint8_t *p)
{
	uint32_t	 v;

	memcpy(&v, p, 4);
	return be32toh(v);
}

static inline uint64_t
get64(const uint8_t *p)
{
	uint64_t	 v;

	memcpy(&v, p, 8);
	return be64toh(v);
}

/*
 * Bytes on the wire of one field, or 0 when it is over its cap.  Strings and
 * blobs leave their bare length in *body.
 */
static size_t
field_length(const struct msg_field *f, const void *msg, uint16_t *body)
{
	const char		*s;
	struct msg_blob		 b;
	struct msg_origin	 o;
	struct addr		 a;
	uint32_t		 v32;
	uint16_t		 v16;
	size_t			 len;

	switch (f->kind) {
	case FIELD_U8:
		return *((const uint8_t *)msg + f->off) <= f->cap ? 1 : 0;
	case FIELD_U16:
		member_load(&v16, msg, f, sizeof(v16));
		return v16 <= f->cap ? 2 : 0;
	case FIELD_U32:
		member_load(&v32, msg, f, sizeof(v32));
		return v32 <= f->cap ? 4 : 0;
	case FIELD_U64:
	case FIELD_I64:
		return 8;
	case FIELD_STR:
		member_load(&s, msg, f, sizeof(s));
		len = s == NULL ? 0 : strnlen(s, (size_t)f->cap + 1);
		*body = (uint16_t)len;
		return len <= f->cap ? 2 + len + 1 : 0;
	case FIELD_BLOB:
		member_load(&b, msg, f, sizeof(b));
		*body = (uint16_t)b.len;
		return b.len <= f->cap ? 2 + b.len : 0;
	case FIELD_ADDR:
		member_load(&a, msg, f, sizeof(a));
		return a.family == 0 || a.family == 4 || a.family == 6 ?
		    ADDR_LEN : 0;
	case FIELD_ORIGIN:
		member_load(&o, msg, f, sizeof(o));
		return o.proc < PROC_MAX ? ORIGIN_LEN : 0;
	case FIELD_KEYS:
		return KEYS * 8;
	}
	return 0;
}

static size_t
row_length(const struct msg_row *row, const void *msg, uint16_t *body,
    const char **field)
{
	size_t		 total = 0, n;
	unsigned	 i;

	for (i = 0; i < row->nfields; i++) {
		*field = row->fields[i].name;
		if ((n = field_length(&row->fields[i], msg, &body[i])) == 0)
			return 0;
		total += n;
	}
	*field = "the whole";
	return total <= MSG_SIZE ? total : 0;
}

size_t
msg_length(uint32_t type, const void *msg, const char **field)
{
	uint16_t	 body[MSG_FIELDS];
	const char	*dummy;

	if (type >= M_MAX)
		return 0;
	return row_length(&msg_table[type], msg, body,
	    field == NULL ? &dummy : field);
}

static uint8_t *
field_put(uint8_t *p, const struct msg_field *f, const void *msg, size_t body)
{
	const uint8_t		*m = (const uint8_t *)msg + f->off;
	const char		*s;
	struct msg_blob		 b;
	struct msg_origin	 o;
	struct addr		 a;
	uint64_t		 v64;
	uint32_t		 v32;
	uint16_t		 v16;
	int			 i;

	switch (f->kind) {
	case FIELD_U8:
		*p = *m;
		return p + 1;
	case FIELD_U16:
		memcpy(&v16, m, 2);
		return put16(p, v16);
	case FIELD_U32:
		memcpy(&v32, m, 4);
		v32 = htobe32(v32);
		memcpy(p, &v32, 4);
		return p + 4;
	case FIELD_U64:
	case FIELD_I64:
		memcpy(&v64, m, 8);
		return put64(p, v64);
	case FIELD_STR:
		memcpy(&s, m, sizeof(s));
		p = put16(p, (uint16_t)body);
		if (body > 0)
			memcpy(p, s, body);
		p[body] = '\0';
		return p + body + 1;
	case FIELD_BLOB:
		memcpy(&b, m, sizeof(b));
		p = put16(p, (uint16_t)body);
		if (body > 0)
			memcpy(p, b.data, body);
		return p + body;
	case FIELD_ADDR:
		memcpy(&a, m, sizeof(a));
		*p++ = a.family;
		memcpy(p, a.bytes, 16);
		return put16(p + 16, a.port);
	case FIELD_ORIGIN:
		memcpy(&o, m, sizeof(o));
		*p++ = o.proc;
		*p++ = o.inst;
		return put64(p, o.sid);
	case FIELD_KEYS:
		for (i = 0; i < KEYS; i++) {
			memcpy(&v64, m + 8 * i, 8);
			p = put64(p, v64);
		}
		return p;
	}
	return p;
}

int
msg_put(struct ibuf *ibuf, uint32_t type, const void *msg)
{
	const struct msg_row	*row;
	const char		*field;
	uint16_t		 body[MSG_FIELDS];
	uint8_t			*p;
	size_t			 len;
	unsigned		 i;

	if ((row = msg_row(type)) == NULL ||
	    (len = row_length(row, msg, body, &field)) == 0 ||
	    (p = ibuf_reserve(ibuf, len)) == NULL)
		return -1;
	for (i = 0; i < row->nfields; i++)
		p = field_put(p, &row->fields[i], msg, body[i]);
	return 0;
}

/* Reads of the members that hold more than a number; NULL: not well formed. */
static const uint8_t *
get_string(const uint8_t *p, const uint8_t *end, const struct msg_field *f,
    void *msg)
{
	const char	*s;
	size_t		 len;

	if (end - p < 3)
		return NULL;
	len = get16(p);
	p += 2;
	if (len > f->cap || (size_t)(end - p) < len + 1 ||
	    memchr(p, '\0', len + 1) != p + len)
		return NULL;
	s = (const char *)p;
	member_store(msg, f, &s, sizeof(s));
	return p + len + 1;
}

static const uint8_t *
get_blob(const uint8_t *p, const uint8_t *end, const struct msg_field *f,
    void *msg)
{
	struct msg_blob	 b;

	if (end - p < 2)
		return NULL;
	b.len = get16(p);
	b.data = p += 2;
	if (b.len > f->cap || (size_t)(end - p) < b.len)
		return NULL;
	member_store(msg, f, &b, sizeof(b));
	return p + b.len;
}

static const uint8_t *
get_addr(const uint8_t *p, const uint8_t *end, const struct msg_field *f,
    void *msg)
{
	struct addr	 a;

	if (end - p < ADDR_LEN)
		return NULL;
	memset(&a, 0, sizeof(a));
	a.family = p[0];
	memcpy(a.bytes, p + 1, 16);
	a.port = get16(p + 17);
	if (a.family != 0 && a.family != 4 && a.family != 6)
		return NULL;
	member_store(msg, f, &a, sizeof(a));
	return p + ADDR_LEN;
}

static const uint8_t *
get_origin(const uint8_t *p, const uint8_t *end, const struct msg_field *f,
    void *msg)
{
	struct msg_origin	 o;

	if (end - p < ORIGIN_LEN)
		return NULL;
	memset(&o, 0, sizeof(o));
	o.proc = p[0];
	o.inst = p[1];
	o.sid = get64(p + 2);
	if (o.proc >= PROC_MAX)
		return NULL;
	member_store(msg, f, &o, sizeof(o));
	return p + ORIGIN_LEN;
}

static const uint8_t *
field_get(const uint8_t *p, const uint8_t *end, const struct msg_field *f,
    void *msg)
{
	uint64_t	 keys[KEYS];
	uint64_t	 v64;
	uint32_t	 v32;
	uint16_t	 v16;
	int		 i;

	switch (f->kind) {
	case FIELD_U8:
		if (end - p < 1 || *p > f->cap)
			return NULL;
		*((uint8_t *)msg + f->off) = *p;
		return p + 1;
	case FIELD_U16:
		if (end - p < 2 || (v16 = get16(p)) > f->cap)
			return NULL;
		member_store(msg, f, &v16, 2);
		return p + 2;
	case FIELD_U32:
		if (end - p < 4 || (v32 = get32(p)) > f->cap)
			return NULL;
		member_store(msg, f, &v32, 4);
		return p + 4;
	case FIELD_U64:
	case FIELD_I64:
		if (end - p < 8)
			return NULL;
		v64 = get64(p);
		member_store(msg, f, &v64, 8);
		return p + 8;
	case FIELD_STR:
		return get_string(p, end, f, msg);
	case FIELD_BLOB:
		return get_blob(p, end, f, msg);
	case FIELD_ADDR:
		return get_addr(p, end, f, msg);
	case FIELD_ORIGIN:
		return get_origin(p, end, f, msg);
	case FIELD_KEYS:
		if (end - p < KEYS * 8)
			return NULL;
		for (i = 0; i < KEYS; i++)
			keys[i] = get64(p + 8 * i);
		member_store(msg, f, keys, sizeof(keys));
		return p + KEYS * 8;
	}
	return NULL;
}

int
msg_get(const void *data, size_t len, uint32_t type, void *msg)
{
	const struct msg_row	*row;
	const uint8_t		*p = data, *end;
	unsigned		 i;

	if ((row = msg_row(type)) == NULL || len == 0 || len > MSG_SIZE)
		return -1;
	end = p + len;
	memset(msg, 0, row->size);
	for (i = 0; i < row->nfields; i++)
		if ((p = field_get(p, end, &row->fields[i], msg)) == NULL)
			return -1;
	return p == end ? 0 : -1;
}
