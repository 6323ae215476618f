/*
 * The configuration on its way to a child, who gets what its role needs: no
 * file names of keys for anybody, chains for those who speak TLS, passwords
 * for relay alone.  Comes from the parent, but is read with the same care.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"
#include "msg.h"

#define WIRE_NULL	UINT32_MAX	/* the length of a NULL string */
#define WIRE_STRING	4096
#define WIRE_PEM	(1024 * 1024)
#define WIRE_LIST	1000000		/* entries */

#define P(p)		(1U << PROC_##p)
#define WORKERS		(P(SMTP) | P(IMAP))

/* Who gets what. */
#define GET_LISTENS	(WORKERS | P(CONTROL) | P(LOOKUP) | P(QUEUE))
#define GET_CHAINS	(WORKERS | P(RELAY))
#define GET_CERTS	(GET_CHAINS | P(CRYPTO))
#define GET_DKIMS	(P(CRYPTO) | P(SCAN) | P(QUEUE))
#define GET_TRUSTED	(P(LOOKUP) | WORKERS)
#define GET_ROUTES	P(RELAY)
#define GET_TICKETS	WORKERS
#define GET_TABLEFILES	P(CONTROL)

static int
may(enum proc_id to, unsigned mask)
{
	return (mask >> to) & 1;
}

/* ---- out: failures are memory, and collected ---------------------------- */

struct out {
	struct ibuf	*b;
	int		 bad;
};

static void
put(struct out *o, const void *p, size_t n)
{
	if (n > 0 && ibuf_add(o->b, p, n) == -1)
		o->bad = 1;
}

static void
put_n(struct out *o, uint64_t v)
{
	if (ibuf_add_n64(o->b, v) == -1)
		o->bad = 1;
}

static void
put_blob(struct out *o, const void *p, size_t n)
{
	if (ibuf_add_n32(o->b, n) == -1)
		o->bad = 1;
	put(o, p, n);
}

static void
put_s(struct out *o, const char *s)
{
	if (s != NULL)
		put_blob(o, s, strlen(s));
	else if (ibuf_add_n32(o->b, WIRE_NULL) == -1)
		o->bad = 1;
}

static void
put_addr(struct out *o, const struct addr *a)
{
	put_n(o, a->family);
	put(o, a->bytes, sizeof(a->bytes));
	put_n(o, a->port);
}

static void
put_base(struct out *o, const struct conf *conf)
{
	const struct conf_limit	*l;
	int			 i;

	put_n(o, conf->generation);
	put_s(o, conf->hostname);
	put_s(o, conf->postmaster);
	put_s(o, conf->dns_server);
	for (l = conf_limit_table; l->name != NULL; l++)
		put_n(o, conf_limit_get(conf, l));
	for (i = 0; i < PROC_MAX; i++)
		put_n(o, conf->nproc[i]);
	put_n(o, conf->quota_bytes);
	put_n(o, conf->quota_messages);
	put_n(o, conf->queue_lifetime);
	put_n(o, conf->queue_warn);
	put_n(o, conf->trace_lifetime);
	put_n(o, (uint8_t)conf->subaddress);
	put_n(o, conf->sandbox_optional);
	put_n(o, conf->plain_auth_cleartext);
	put_n(o, conf->verbose);
	put_n(o, conf->dns_port);
	put_n(o, conf->dns_insecure);
	put_n(o, conf->smtp_port);
}

static void
put_listens(struct out *o, const struct conf *conf, enum proc_id to)
{
	const struct conf_listen	*l;

	if (may(to, GET_LISTENS))
		TAILQ_FOREACH(l, &conf->listens, entry) {
			put_n(o, 1);
			put_n(o, l->index);
			put_n(o, l->kind);
			put_addr(o, &l->addr);
			put_s(o, l->path);
			put_s(o, l->tag);
		}
	put_n(o, 0);
}

static void
put_certs(struct out *o, const struct conf *conf, enum proc_id to)
{
	const struct conf_cert	*c;

	if (may(to, GET_CERTS))
		TAILQ_FOREACH(c, &conf->certs, entry) {
			put_n(o, 1);
			put_s(o, c->name);
			put(o, c->pubhash, sizeof(c->pubhash));
			put_blob(o, c->pem, may(to, GET_CHAINS) ?
			    c->pemlen : 0);
		}
	put_n(o, 0);
}

static void
put_dkims(struct out *o, const struct conf *conf, enum proc_id to)
{
	const struct conf_dkim	*d;

	if (may(to, GET_DKIMS))
		TAILQ_FOREACH(d, &conf->dkims, entry) {
			put_n(o, 1);
			put_s(o, d->domain);
			put_s(o, d->selector);
			put_n(o, d->ed25519);
		}
	put_n(o, 0);
}

static void
put_trusted(struct out *o, const struct conf *conf, enum proc_id to)
{
	const struct conf_net	*n;

	if (may(to, GET_TRUSTED))
		TAILQ_FOREACH(n, &conf->trusted, entry) {
			put_n(o, 1);
			put_addr(o, &n->net.addr);
			put_n(o, n->net.bits);
		}
	put_n(o, 0);
}

static void
put_routes(struct out *o, const struct conf *conf, enum proc_id to)
{
	const struct conf_route	*r;

	if (may(to, GET_ROUTES))
		TAILQ_FOREACH(r, &conf->routes, entry) {
			put_n(o, 1);
			put_s(o, r->domain);
			put_s(o, r->host);
			put_n(o, r->port);
			put_n(o, r->implicit_tls);
			put_n(o, r->require_tls);
			put_s(o, r->user);
			put_s(o, r->password);
			put_s(o, r->ca);
		}
	put_n(o, 0);
}

int
conf_encode(const struct conf *conf, enum proc_id to, struct ibuf *b)
{
	struct out	 o = { .b = b, .bad = 0 };
	int		 i;

	put_base(&o, conf);
	put_listens(&o, conf, to);
	put_certs(&o, conf, to);
	put_dkims(&o, conf, to);
	put_trusted(&o, conf, to);
	put_routes(&o, conf, to);
	i = may(to, GET_TICKETS);
	put_n(&o, (uint64_t)i);
	if (i) {
		put(&o, conf->ticket_key, sizeof(conf->ticket_key));
		put_n(&o, conf->ticket_rev);
	}
	i = may(to, GET_TABLEFILES);
	put_s(&o, i ? conf->file_domains : NULL);
	put_s(&o, i ? conf->file_accounts : NULL);
	put_s(&o, i ? conf->file_aliases : NULL);
	put_s(&o, i ? conf->file : NULL);
	return o.bad ? -1 : 0;
}

/* ---- in: the first failure stays, and makes all that follows empty ------ */

struct in {
	const uint8_t	*p;
	const uint8_t	*end;
	int		 bad;
};

static const uint8_t *
get(struct in *in, size_t n)
{
	const uint8_t	*p = in->p;

	if (in->bad || (size_t)(in->end - p) < n) {
		in->bad = 1;
		return NULL;
	}
	in->p += n;
	return p;
}

static uint64_t
get_n(struct in *in, uint64_t max)
{
	const uint8_t	*p;
	uint64_t	 v = 0;
	int		 i;

	if ((p = get(in, 8)) == NULL)
		return 0;
	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	if (v > max)
		in->bad = 1;
	return v > max ? 0 : v;
}

static void
get_bytes(struct in *in, uint8_t *dst, size_t n)
{
	const uint8_t	*p;

	if ((p = get(in, n)) != NULL)
		memcpy(dst, p, n);
}

static size_t
get_len(struct in *in, size_t max, int *null)
{
	const uint8_t	*p;
	uint32_t	 n;

	*null = 1;
	if ((p = get(in, 4)) == NULL)
		return 0;
	n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	if (n == WIRE_NULL)
		return 0;
	if (n > max) {
		in->bad = 1;
		return 0;
	}
	*null = 0;
	return n;
}

static char *
get_text(struct in *in, size_t max)
{
	const uint8_t	*p;
	char		*s;
	size_t		 n;
	int		 null;

	n = get_len(in, max, &null);
	if (null || (p = get(in, n)) == NULL)
		return NULL;
	if (memchr(p, '\0', n) != NULL) {
		in->bad = 1;
		return NULL;
	}
	if ((s = malloc(n + 1)) == NULL)
		fatal("malloc");
	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

static char *
get_s(struct in *in)
{
	return get_text(in, WIRE_STRING);
}

/* For a string that must be there. */
static char *
get_must(struct in *in)
{
	char	*s;

	if ((s = get_s(in)) == NULL)
		in->bad = 1;
	return s;
}

static void
get_addr(struct in *in, struct addr *a)
{
	a->family = (uint8_t)get_n(in, 6);
	get_bytes(in, a->bytes, sizeof(a->bytes));
	a->port = (uint16_t)get_n(in, UINT16_MAX);
	if (a->family != 0 && a->family != 4 && a->family != 6)
		in->bad = 1;
}

static void
get_base(struct in *in, struct conf *conf)
{
	const struct conf_limit	*l;
	int			 i;

	conf->generation = (uint32_t)get_n(in, UINT32_MAX);
	conf->hostname = get_must(in);
	conf->postmaster = get_s(in);
	conf->dns_server = get_must(in);
	for (l = conf_limit_table; l->name != NULL; l++)
		conf_limit_set(conf, l, get_n(in, l->max));
	for (i = 0; i < PROC_MAX; i++)
		conf->nproc[i] = (unsigned)get_n(in, UINT8_MAX);
	conf->quota_bytes = get_n(in, UINT64_MAX);
	conf->quota_messages = get_n(in, UINT64_MAX);
	conf->queue_lifetime = (uint32_t)get_n(in, UINT32_MAX);
	conf->queue_warn = (uint32_t)get_n(in, UINT32_MAX);
	conf->trace_lifetime = (uint32_t)get_n(in, UINT32_MAX);
	conf->subaddress = (char)get_n(in, 127);
	conf->sandbox_optional = (uint8_t)get_n(in, 1);
	conf->plain_auth_cleartext = (uint8_t)get_n(in, 1);
	conf->verbose = (uint8_t)get_n(in, 1);
	conf->dns_port = (uint16_t)get_n(in, UINT16_MAX);
	conf->dns_insecure = (uint8_t)get_n(in, 1);
	conf->smtp_port = (uint16_t)get_n(in, UINT16_MAX);
}

/* Lists: a 1 before each entry, a 0 after the last. */
static void *
get_entry(struct in *in, size_t size, unsigned *n)
{
	void	*p;

	if (get_n(in, 1) == 0)
		return NULL;
	if (++*n > WIRE_LIST) {
		in->bad = 1;
		return NULL;
	}
	if ((p = calloc(1, size)) == NULL)
		fatal("calloc");
	return p;
}

static void
get_listens(struct in *in, struct conf *conf)
{
	struct conf_listen	*l;
	unsigned		 n = 0;

	while ((l = get_entry(in, sizeof(*l), &n)) != NULL) {
		TAILQ_INSERT_TAIL(&conf->listens, l, entry);
		l->fd = -1;
		l->index = (uint32_t)get_n(in, UINT32_MAX);
		l->kind = (enum conf_listen_kind)get_n(in, LISTEN_KINDS - 1);
		get_addr(in, &l->addr);
		l->path = get_s(in);
		l->tag = get_s(in);
	}
}

static void
get_certs(struct in *in, struct conf *conf)
{
	struct conf_cert	*c;
	const uint8_t		*p;
	unsigned		 n = 0;
	int			 null;

	while ((c = get_entry(in, sizeof(*c), &n)) != NULL) {
		TAILQ_INSERT_TAIL(&conf->certs, c, entry);
		c->name = get_must(in);
		get_bytes(in, c->pubhash, sizeof(c->pubhash));
		c->pemlen = get_len(in, WIRE_PEM, &null);
		if (c->pemlen == 0 || (p = get(in, c->pemlen)) == NULL)
			continue;
		if ((c->pem = malloc(c->pemlen)) == NULL)
			fatal("malloc");
		memcpy(c->pem, p, c->pemlen);
	}
}

static void
get_dkims(struct in *in, struct conf *conf)
{
	struct conf_dkim	*d;
	unsigned		 n = 0;

	while ((d = get_entry(in, sizeof(*d), &n)) != NULL) {
		TAILQ_INSERT_TAIL(&conf->dkims, d, entry);
		d->domain = get_must(in);
		d->selector = get_must(in);
		d->ed25519 = (uint8_t)get_n(in, 1);
	}
}

static void
get_trusted(struct in *in, struct conf *conf)
{
	struct conf_net	*e;
	unsigned	 n = 0;

	while ((e = get_entry(in, sizeof(*e), &n)) != NULL) {
		TAILQ_INSERT_TAIL(&conf->trusted, e, entry);
		get_addr(in, &e->net.addr);
		e->net.bits = (uint8_t)get_n(in, 128);
	}
}

static void
get_routes(struct in *in, struct conf *conf)
{
	struct conf_route	*r;
	unsigned		 n = 0;

	while ((r = get_entry(in, sizeof(*r), &n)) != NULL) {
		TAILQ_INSERT_TAIL(&conf->routes, r, entry);
		r->domain = get_must(in);
		r->host = get_s(in);
		r->port = (uint16_t)get_n(in, UINT16_MAX);
		r->implicit_tls = (uint8_t)get_n(in, 1);
		r->require_tls = (uint8_t)get_n(in, 1);
		r->user = get_s(in);
		r->password = get_s(in);
		r->ca = get_text(in, CONF_CA_MAX);
	}
}

struct conf *
conf_decode(const void *data, size_t len)
{
	struct in	 in = { .p = data, .bad = 0 };
	struct conf	*conf = conf_new();

	in.end = in.p + len;
	get_base(&in, conf);
	get_listens(&in, conf);
	get_certs(&in, conf);
	get_dkims(&in, conf);
	get_trusted(&in, conf);
	get_routes(&in, conf);
	if (get_n(&in, 1)) {
		get_bytes(&in, conf->ticket_key, sizeof(conf->ticket_key));
		conf->ticket_rev = (uint32_t)get_n(&in, UINT32_MAX);
	}
	conf->file_domains = get_s(&in);
	conf->file_accounts = get_s(&in);
	conf->file_aliases = get_s(&in);
	conf->file = get_s(&in);
	if (in.bad || in.p != in.end) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}
