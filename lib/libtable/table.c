/* Reads a packed table; see table_local.h for the form. */
#include <stdio.h>
#include <string.h>

#include "libtable/table.h"
#include "libtable/table_local.h"
#include "libutil/base64.h"

/* What is left of a record; bad is set by a read past the end. */
struct table_cur {
	const uint8_t	*p;
	size_t		 left;
	int		 bad;
};

static const uint8_t *
table_take(struct table_cur *c, size_t n)
{
	const uint8_t	*p = c->p;

	if (c->bad || n > c->left) {
		c->bad = 1;
		return NULL;
	}
	c->p += n;
	c->left -= n;
	return p;
}

static uint64_t
table_number(struct table_cur *c, size_t bytes)
{
	const uint8_t	*p = table_take(c, bytes);
	uint64_t	 v = 0;

	if (p != NULL)
		while (bytes-- > 0)
			v = v << 8 | *p++;
	return v;
}

/* A string after its length of `bytes' bytes; empty when damaged. */
static struct span
table_string(struct table_cur *c, size_t bytes)
{
	size_t		 len = (size_t)table_number(c, bytes);
	const uint8_t	*p = table_take(c, len);

	if (p == NULL)
		return SPAN_NONE;
	return (struct span){ (const char *)p, len };
}

static uint32_t
table_header(const uint8_t *data, size_t off, size_t bytes)
{
	struct table_cur	 c = { data + off, bytes, 0 };

	return (uint32_t)table_number(&c, bytes);
}

int
table_open(struct table *t, enum tabkind kind, const void *data, size_t len)
{
	const uint8_t	*p = data;

	memset(t, 0, sizeof(*t));
	if (len == 0)
		return 0;
	if (len < TABLE_HEADER || len > UINT32_MAX ||
	    table_header(p, TABLE_OFF_MAGIC, 4) != TABLE_MAGIC ||
	    table_header(p, TABLE_OFF_VERSION, 2) != TABLE_VERSION ||
	    table_header(p, TABLE_OFF_KIND, 2) != (uint32_t)kind ||
	    table_header(p, TABLE_OFF_LEN, 4) != len)
		return -1;
	t->count = table_header(p, TABLE_OFF_COUNT, 4);
	t->first = table_header(p, TABLE_OFF_FIRST, 4);
	if (t->count > (len - TABLE_HEADER) / 4)
		return -1;
	t->data = p;
	t->len = len;
	return 0;
}

/* Where record i begins; its name is read. */
static struct span
table_record(const struct table *t, uint32_t i, struct table_cur *c)
{
	uint32_t	 off;

	*c = (struct table_cur){ NULL, 0, 1 };
	if (i >= t->count)
		return SPAN_NONE;
	off = table_header(t->data, TABLE_HEADER + 4 * (size_t)i, 4);
	if (off < TABLE_HEADER || off >= t->len)
		return SPAN_NONE;
	*c = (struct table_cur){ t->data + off, t->len - off, 0 };
	return table_string(c, 2);
}

uint32_t
table_find(const struct table *t, const char *key, size_t len)
{
	struct table_cur	 c;
	struct span		 name;
	uint32_t		 lo = 0, hi = t->count, mid;
	int			 cmp;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		name = table_record(t, mid, &c);
		if (c.bad)
			return TABLE_NONE;
		cmp = memcmp(key, name.p, len < name.len ? len : name.len);
		if (cmp == 0 && len == name.len)
			return mid;
		if (cmp < 0 || (cmp == 0 && len < name.len))
			hi = mid;
		else
			lo = mid + 1;
	}
	return TABLE_NONE;
}

int
table_domain_get(const struct table *t, uint32_t i, struct table_domain *d)
{
	struct table_cur	 c;

	d->name = table_record(t, i, &c);
	d->alias_of = table_string(&c, 2);
	d->catch_all = table_string(&c, 2);
	return c.bad ? -1 : 0;
}

int
table_account_get(const struct table *t, uint32_t i, struct table_account *a)
{
	struct table_cur	 c;
	unsigned		 flags;

	memset(a, 0, sizeof(*a));
	a->name = table_record(t, i, &c);
	flags = (unsigned)table_number(&c, 1);
	a->disabled = (flags & ACCOUNT_DISABLED) != 0;
	a->login = (flags & ACCOUNT_LOGIN) != 0;
	a->quota_bytes = a->quota_messages = TABTEXT_DEFAULT;
	if (flags & ACCOUNT_BYTES)
		a->quota_bytes = table_number(&c, 8);
	if (flags & ACCOUNT_MESSAGES)
		a->quota_messages = table_number(&c, 8);
	if (flags & ACCOUNT_DISPLAY)
		a->display = table_string(&c, 1);
	return c.bad ? -1 : 0;
}

int
table_alias_get(const struct table *t, uint32_t i, struct table_alias *al)
{
	struct table_cur	 c;

	al->name = table_record(t, i, &c);
	al->nmembers = (uint32_t)table_number(&c, 2);
	al->next = c.p;
	al->left = c.left;
	return c.bad ? -1 : 0;
}

int
table_member(struct table_alias *al, struct table_member *m)
{
	struct table_cur	 c = { al->next, al->left, 0 };

	if (al->nmembers == 0)
		return 0;
	m->kind = table_number(&c, 1) == 0 ? MEMBER_ADDRESS : MEMBER_DISCARD;
	m->address = table_string(&c, 2);
	if (c.bad)
		return -1;
	al->nmembers--;
	al->next = c.p;
	al->left = c.left;
	return 1;
}

static int
table_scram(struct table_cur *c, char *dst)
{
	uint32_t	 iter = (uint32_t)table_number(c, 4);
	struct span	 salt = table_string(c, 1);
	const uint8_t	*keys = table_take(c, 2 * SECRET_KEY);
	char		 a[BASE64_LEN(SECRET_SALT) + 1];
	char		 b[BASE64_LEN(SECRET_KEY) + 1];
	char		 d[BASE64_LEN(SECRET_KEY) + 1];

	if (c->bad || salt.len > SECRET_SALT)
		return -1;
	a[0] = b[0] = d[0] = '\0';
	base64_encode(a, sizeof(a), salt.p, salt.len);
	base64_encode(b, sizeof(b), keys, SECRET_KEY);
	base64_encode(d, sizeof(d), keys + SECRET_KEY, SECRET_KEY);
	snprintf(dst, TABTEXT_SECRET + 1, "%s%u:%s$%s:%s", SCRAM_PREFIX, iter,
	    a, b, d);
	return 0;
}

int
table_secret_get(const struct table *t, uint32_t i, char *dst)
{
	struct table_cur	 c;
	struct span		 text;

	table_record(t, i, &c);
	switch (table_number(&c, 1)) {
	case SECRET_TEXT:
		text = table_string(&c, 2);
		if (c.bad || text.len > TABTEXT_SECRET)
			return -1;
		memcpy(dst, text.p, text.len);
		dst[text.len] = '\0';
		return 0;
	case SECRET_SCRAM:
		return table_scram(&c, dst);
	default:
		return -1;
	}
}

int
table_domain_find(const struct table *t, const char *name,
    struct table_domain *d)
{
	uint32_t	 i = table_find(t, name, strlen(name));

	if (i == TABLE_NONE)
		return 0;
	return table_domain_get(t, i, d) == -1 ? -1 : 1;
}

int
table_account_find(const struct table *t, const char *name,
    struct table_account *a)
{
	uint32_t	 i = table_find(t, name, strlen(name));

	if (i == TABLE_NONE)
		return 0;
	return table_account_get(t, i, a) == -1 ? -1 : 1;
}
