#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "msg.h"

#define ENVELOPE_VERSION	1
#define ENVELOPE_STRING		65535

struct envelope *
envelope_new(void)
{
	struct envelope	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	buf_init(&e->prefix, 64 * 1024);
	if (envelope_set(&e->sender, "") == -1 ||
	    envelope_set(&e->envid, "") == -1) {
		envelope_free(e);
		return NULL;
	}
	return e;
}

void
envelope_free(struct envelope *e)
{
	struct destination	*d;
	size_t			 i;

	if (e == NULL)
		return;
	for (i = 0; i < e->nrcpts; i++) {
		free(e->rcpts[i].address);
		free(e->rcpts[i].orcpt);
	}
	for (i = 0; i < e->ndsts; i++) {
		d = &e->dsts[i];
		free(d->address);
		free(d->mailbox);
		free(d->enhanced);
		free(d->text);
		free(d->host);
	}
	free(e->rcpts);
	free(e->dsts);
	free(e->sender);
	free(e->envid);
	buf_free(&e->prefix);
	free(e);
}

int
envelope_set(char **where, const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		return -1;
	free(*where);
	*where = copy;
	return 0;
}

/* Grow by doubling: sizes 0, 1, 2, 4, ... follow from the count alone. */
static void *
grow(void *array, size_t n, size_t size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return recallocarray(array, n, n == 0 ? 1 : n * 2, size);
}

struct recipient *
envelope_add_rcpt(struct envelope *e, const char *address, const char *orcpt,
    uint8_t notify)
{
	struct recipient	*r, *p;

	if ((p = grow(e->rcpts, e->nrcpts, sizeof(*p))) == NULL)
		return NULL;
	e->rcpts = p;
	r = &p[e->nrcpts];
	memset(r, 0, sizeof(*r));
	r->notify = notify;
	if (envelope_set(&r->address, address) == -1 ||
	    envelope_set(&r->orcpt, orcpt) == -1) {
		free(r->address);
		return NULL;
	}
	e->nrcpts++;
	return r;
}

/*
 * Linear, but only groups make many destinations and lookup has expanded each
 * without doubles; what is left to find is the same one by two recipients.
 */
static struct destination *
find_dst(struct envelope *e, uint8_t kind, const char *address,
    const char *mailbox)
{
	size_t	 i;

	for (i = 0; i < e->ndsts; i++) {
		if (e->dsts[i].kind == kind &&
		    strcmp(e->dsts[i].address, address) == 0 &&
		    strcmp(e->dsts[i].mailbox, mailbox) == 0)
			return &e->dsts[i];
	}
	return NULL;
}

struct destination *
envelope_add_dst(struct envelope *e, uint8_t kind, const char *address,
    const char *mailbox)
{
	struct destination	*d, *p;

	if ((d = find_dst(e, kind, address, mailbox)) != NULL)
		return d;
	if (e->ndsts >= ENVELOPE_DSTS) {
		errno = E2BIG;
		return NULL;
	}
	if ((p = grow(e->dsts, e->ndsts, sizeof(*p))) == NULL)
		return NULL;
	e->dsts = p;
	d = &p[e->ndsts];
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	d->rcpt = e->nrcpts == 0 ? 0 : e->nrcpts - 1;
	if (envelope_set(&d->address, address) == -1 ||
	    envelope_set(&d->mailbox, mailbox) == -1 ||
	    envelope_set_reply(d, 0, "", "", "") == -1) {
		free(d->address);
		free(d->mailbox);
		free(d->enhanced);
		free(d->text);
		free(d->host);
		return NULL;
	}
	e->ndsts++;
	return d;
}

int
envelope_set_reply(struct destination *d, uint16_t code, const char *enhanced,
    const char *text, const char *host)
{
	d->code = code;
	if (envelope_set(&d->enhanced, enhanced) == -1 ||
	    envelope_set(&d->text, text) == -1 ||
	    envelope_set(&d->host, host) == -1)
		return -1;
	return 0;
}

size_t
envelope_count(const struct envelope *e, enum dst_state state)
{
	size_t	 i, n = 0;

	for (i = 0; i < e->ndsts; i++)
		n += e->dsts[i].state == state;
	return n;
}

const char *
envelope_domain(const char *address)
{
	const char	*at;

	at = strrchr(address, '@');
	return at == NULL ? "" : at + 1;
}

/* Fixed-width big endian integers; strings after their u16 length. */
static int
put(struct buf *b, uint64_t v, size_t n)
{
	uint8_t	 bytes[8];
	size_t	 i;

	for (i = 0; i < n; i++)
		bytes[i] = v >> (8 * (n - 1 - i));
	return buf_add(b, bytes, n);
}

static int
put_string(struct buf *b, const char *s)
{
	size_t	 len = strlen(s);

	if (len > ENVELOPE_STRING)
		len = ENVELOPE_STRING;
	if (put(b, len, 2) == -1)
		return -1;
	return buf_add(b, s, len);
}

static int
put_dst(struct buf *b, const struct destination *d)
{
	uint8_t	 state;

	state = d->state == DSTATE_BUSY ? DSTATE_PENDING : d->state;
	if (put(b, d->kind, 1) == -1 || put(b, state, 1) == -1 ||
	    put(b, d->rcpt, 2) == -1 || put(b, d->code, 2) == -1 ||
	    put_string(b, d->address) == -1 ||
	    put_string(b, d->mailbox) == -1 ||
	    put_string(b, d->enhanced) == -1 ||
	    put_string(b, d->text) == -1 || put_string(b, d->host) == -1 ||
	    put(b, d->quota_bytes, 8) == -1 ||
	    put(b, d->quota_messages, 8) == -1)
		return -1;
	return 0;
}

int
envelope_encode(const struct envelope *e, struct buf *b)
{
	size_t	 i;

	if (put(b, ENVELOPE_VERSION, 1) == -1 || put(b, e->id, 8) == -1 ||
	    put(b, e->created, 8) == -1 || put(b, e->next, 8) == -1 ||
	    put(b, e->flags, 4) == -1 || put(b, e->tries, 4) == -1 ||
	    put(b, e->hold, 1) == -1 || put(b, e->warned, 1) == -1 ||
	    put_string(b, e->sender) == -1 || put_string(b, e->envid) == -1 ||
	    put(b, e->size, 8) == -1 || put(b, e->prefix.len, 4) == -1 ||
	    buf_add(b, buf_ptr(&e->prefix), e->prefix.len) == -1 ||
	    put(b, e->nrcpts, 4) == -1)
		return -1;
	for (i = 0; i < e->nrcpts; i++) {
		if (put_string(b, e->rcpts[i].address) == -1 ||
		    put_string(b, e->rcpts[i].orcpt) == -1 ||
		    put(b, e->rcpts[i].notify, 1) == -1)
			return -1;
	}
	if (put(b, e->ndsts, 4) == -1)
		return -1;
	for (i = 0; i < e->ndsts; i++) {
		if (put_dst(b, &e->dsts[i]) == -1)
			return -1;
	}
	return 0;
}

struct reader {
	const uint8_t	*p;
	size_t		 left;
	int		 bad;
};

static uint64_t
get(struct reader *r, size_t n)
{
	uint64_t	 v = 0;

	if (r->left < n)
		r->bad = 1;
	if (r->bad)
		return 0;
	r->left -= n;
	while (n-- > 0)
		v = v << 8 | *r->p++;
	return v;
}

static const void *
get_bytes(struct reader *r, size_t n)
{
	const void	*p = r->p;

	if (r->left < n)
		r->bad = 1;
	if (r->bad)
		return NULL;
	r->p += n;
	r->left -= n;
	return p;
}

/* Always a string, so that what was decoded of a bad one can be freed. */
static char *
get_string(struct reader *r)
{
	const char	*p;
	char		*s;
	size_t		 n;

	n = get(r, 2);
	if ((p = get_bytes(r, n)) == NULL)
		n = 0;
	else if (memchr(p, '\0', n) != NULL)
		r->bad = 1;
	if ((s = strndup(p == NULL ? "" : p, n)) == NULL)
		r->bad = 1;
	return s;
}

static void
get_dst(struct reader *r, struct envelope *e, struct destination *d)
{
	d->kind = get(r, 1);
	d->state = get(r, 1);
	d->rcpt = get(r, 2);
	d->code = get(r, 2);
	d->address = get_string(r);
	d->mailbox = get_string(r);
	d->enhanced = get_string(r);
	d->text = get_string(r);
	d->host = get_string(r);
	d->quota_bytes = get(r, 8);
	d->quota_messages = get(r, 8);
	if (d->kind > DST_DISCARD || d->state > DSTATE_REPORTED ||
	    d->rcpt >= e->nrcpts)
		r->bad = 1;
}

/* An array's count: each element takes at least min bytes of what is left. */
static size_t
get_count(struct reader *r, size_t min)
{
	size_t	 n;

	n = get(r, 4);
	if (n > r->left / min)
		r->bad = 1;
	return r->bad ? 0 : n;
}

static size_t
round_up(size_t n)
{
	size_t	 size = 1;

	while (size < n)
		size *= 2;
	return size;
}

static void
get_arrays(struct reader *r, struct envelope *e)
{
	size_t	 i, n;

	n = get_count(r, 5);
	if ((e->rcpts = calloc(round_up(n), sizeof(*e->rcpts))) == NULL) {
		r->bad = 1;
		return;
	}
	for (i = 0; i < n && !r->bad; i++) {
		e->rcpts[i].address = get_string(r);
		e->rcpts[i].orcpt = get_string(r);
		e->rcpts[i].notify = get(r, 1);
		e->nrcpts++;
	}
	n = get_count(r, 32);
	if ((e->dsts = calloc(round_up(n), sizeof(*e->dsts))) == NULL) {
		r->bad = 1;
		return;
	}
	for (i = 0; i < n && !r->bad; i++) {
		get_dst(r, e, &e->dsts[i]);
		e->ndsts++;
	}
}

struct envelope *
envelope_decode(const void *data, size_t len)
{
	struct reader	 r = { data, len, 0 };
	struct envelope	*e;
	const void	*p;
	size_t		 n;

	if (get(&r, 1) != ENVELOPE_VERSION || (e = envelope_new()) == NULL)
		return NULL;
	e->id = get(&r, 8);
	e->created = get(&r, 8);
	e->next = get(&r, 8);
	e->flags = get(&r, 4);
	e->tries = get(&r, 4);
	e->hold = get(&r, 1);
	e->warned = get(&r, 1);
	free(e->sender);
	e->sender = get_string(&r);
	free(e->envid);
	e->envid = get_string(&r);
	e->size = get(&r, 8);
	n = get(&r, 4);
	if ((p = get_bytes(&r, n)) != NULL && buf_add(&e->prefix, p, n) == -1)
		r.bad = 1;
	if (!r.bad)
		get_arrays(&r, e);
	if (r.bad || r.left != 0) {
		envelope_free(e);
		return NULL;
	}
	return e;
}
