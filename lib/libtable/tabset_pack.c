/* Checked tables into the packed form of table_local.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtable/tabset_local.h"
#include "libtable/table_local.h"
#include "libutil/base64.h"
#include "libutil/buf.h"

#define TABSET_PACKMAX	(1U << 30)
/* No record is longer: TABSET_MEMBERS addresses and a name. */
#define TABSET_RECORD	(512 * 1024)

static void
tabset_put16(struct buf *b, uint64_t v)
{
	uint8_t	 p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_add(b, p, sizeof(p));
}

static void
tabset_put32(struct buf *b, uint64_t v)
{
	tabset_put16(b, v >> 16);
	tabset_put16(b, v & 0xffff);
}

static void
tabset_put64(struct buf *b, uint64_t v)
{
	tabset_put32(b, v >> 32);
	tabset_put32(b, v & 0xffffffff);
}

static void
tabset_putstr(struct buf *b, const char *s)
{
	size_t	 len = s == NULL ? 0 : strlen(s);

	tabset_put16(b, len);
	buf_add(b, s, len);
}

static void
tabset_pack_account(struct buf *b, const struct tabset_account *a)
{
	int	 flags = 0;

	if (a->disabled)
		flags |= ACCOUNT_DISABLED;
	if (a->secret != NULL)
		flags |= ACCOUNT_LOGIN;
	if (a->quota_bytes != TABTEXT_DEFAULT)
		flags |= ACCOUNT_BYTES;
	if (a->quota_messages != TABTEXT_DEFAULT)
		flags |= ACCOUNT_MESSAGES;
	if (a->display != NULL)
		flags |= ACCOUNT_DISPLAY;
	buf_addc(b, flags);
	if (flags & ACCOUNT_BYTES)
		tabset_put64(b, a->quota_bytes);
	if (flags & ACCOUNT_MESSAGES)
		tabset_put64(b, a->quota_messages);
	if (flags & ACCOUNT_DISPLAY) {
		buf_addc(b, (int)strlen(a->display));
		buf_addstr(b, a->display);
	}
}

/* Base64 between two places of a string; the bytes, or -1. */
static int
tabset_unbase64(uint8_t *dst, size_t dstsize, const char *from, const char *to)
{
	return base64_decode(dst, dstsize, from, (size_t)(to - from));
}

/*
 * SCRAM-SHA-256$iterations:salt$stored:server in half its bytes.  -1 when it
 * does not read back exactly: then it is kept as text.
 */
static int
tabset_pack_scram(struct buf *b, const char *secret)
{
	const char	*p, *salt, *stored, *server;
	char		 back[2 * SECRET_SALT];
	uint8_t		 saltb[SECRET_SALT], keys[2][SECRET_KEY];
	unsigned long	 iter;
	char		*end;
	int		 saltlen;

	if (strncmp(secret, SCRAM_PREFIX, sizeof(SCRAM_PREFIX) - 1) != 0)
		return -1;
	p = secret + sizeof(SCRAM_PREFIX) - 1;
	if (*p < '1' || *p > '9')
		return -1;
	iter = strtoul(p, &end, 10);
	if (*end != ':' || iter > UINT32_MAX)
		return -1;
	salt = end + 1;
	if ((stored = strchr(salt, '$')) == NULL ||
	    (server = strchr(stored, ':')) == NULL)
		return -1;
	saltlen = tabset_unbase64(saltb, sizeof(saltb), salt, stored);
	if (saltlen == -1 ||
	    tabset_unbase64(keys[0], SECRET_KEY, stored + 1, server) !=
	    SECRET_KEY || tabset_unbase64(keys[1], SECRET_KEY, server + 1,
	    server + 1 + strlen(server + 1)) != SECRET_KEY)
		return -1;
	if (base64_encode(back, sizeof(back), saltb, (size_t)saltlen) !=
	    stored - salt || memcmp(back, salt, (size_t)(stored - salt)) != 0)
		return -1;
	buf_addc(b, SECRET_SCRAM);
	tabset_put32(b, iter);
	buf_addc(b, saltlen);
	buf_add(b, saltb, (size_t)saltlen);
	buf_add(b, keys, sizeof(keys));
	explicit_bzero(keys, sizeof(keys));
	return 0;
}

static void
tabset_pack_secret(struct buf *b, const char *secret)
{
	if (tabset_pack_scram(b, secret) == 0)
		return;
	buf_addc(b, SECRET_TEXT);
	tabset_putstr(b, secret);
}

static void
tabset_pack_alias(const struct tabset *ts, struct buf *b,
    const struct tabset_alias *al)
{
	const struct tabset_member	*m;
	uint32_t			 i;

	tabset_put16(b, al->count);
	for (i = 0; i < al->count; i++) {
		m = &ts->members[al->first + i];
		buf_addc(b, m->discard);
		tabset_putstr(b, m->address);
	}
}

/* The i-th record of a kind, in the order of the names; 0: none for it. */
static int
tabset_pack_record(const struct tabset *ts, enum tabkind kind, size_t i,
    struct buf *b)
{
	switch (kind) {
	case TAB_DOMAINS:
		tabset_putstr(b, ts->domains[i].name);
		tabset_putstr(b, ts->domains[i].alias_of);
		tabset_putstr(b, ts->domains[i].catch_all);
		break;
	case TAB_ALIASES:
		tabset_putstr(b, ts->aliases[i].name);
		tabset_pack_alias(ts, b, &ts->aliases[i]);
		break;
	case TAB_ACCOUNTS:
		tabset_putstr(b, ts->accounts[i].name);
		tabset_pack_account(b, &ts->accounts[i]);
		break;
	default:
		if (ts->accounts[i].secret == NULL)
			return 0;
		tabset_putstr(b, ts->accounts[i].name);
		tabset_pack_secret(b, ts->accounts[i].secret);
		break;
	}
	return 1;
}

/* How many records there will be, and which account is the file's first. */
static size_t
tabset_pack_count(const struct tabset *ts, enum tabkind kind, size_t *first)
{
	size_t	 i, n = 0;

	*first = 0;
	for (i = 0; i < ts->naccounts; i++) {
		if (ts->accounts[i].order == 0 && kind == TAB_ACCOUNTS)
			*first = i;
		if (ts->accounts[i].secret != NULL)
			n++;
	}
	return kind == TAB_SECRETS ? n : tabset_count(ts, kind);
}

int
tabset_pack(const struct tabset *ts, enum tabkind kind, uint8_t **data,
    size_t *len)
{
	struct buf	 b, head;
	size_t		 i, n, first, total, base, at;

	buf_init(&b, TABSET_PACKMAX);
	buf_init(&head, TABSET_PACKMAX);
	b.secret = kind == TAB_SECRETS;
	n = tabset_pack_count(ts, kind, &first);
	base = TABLE_HEADER + 4 * n;
	total = tabset_count(ts, kind);
	tabset_put32(&head, TABLE_MAGIC);
	tabset_put16(&head, TABLE_VERSION);
	tabset_put16(&head, kind);
	tabset_put32(&head, n);
	tabset_put32(&head, first);
	tabset_put32(&head, 0);
	*data = NULL;
	for (i = 0; i < total; i++) {
		/* From here the adders cannot fail. */
		if (buf_reserve(&b, TABSET_RECORD) == NULL)
			goto done;
		at = b.len;
		if (tabset_pack_record(ts, kind, i, &b))
			tabset_put32(&head, base + at);
	}
	*len = base + b.len;
	if (head.len == base && *len <= TABSET_PACKMAX)
		*data = malloc(*len);
	if (*data != NULL) {
		memcpy(*data, buf_ptr(&head), base);
		if (b.len > 0)
			memcpy(*data + base, buf_ptr(&b), b.len);
		for (i = 0; i < 4; i++)
			(*data)[TABLE_OFF_LEN + i] =
			    (uint8_t)(*len >> (24 - 8 * i));
	}
done:
	buf_free(&head);
	buf_free(&b);
	if (*data == NULL)
		errno = ENOMEM;
	return *data == NULL ? -1 : 0;
}
