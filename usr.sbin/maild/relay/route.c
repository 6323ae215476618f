/* Routes: who goes where, through how many connections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"
#include "rhost.h"
#include "route.h"
#include "rsession.h"

#define ROUTE_PER_CONN	8	/* messages waiting that warrant one more */
#define ROUTE_FRESH	(120 * 1000)	/* milliseconds that hosts are known */
#define ROUTE_ENOUGH	(60 * 1000)	/* respect a host's limit so long */

static struct hashtab			 routes;	/* by key */
static TAILQ_HEAD(, route)		 route_dirty =
    TAILQ_HEAD_INITIALIZER(route_dirty);
static const struct conf		*route_cf;
static size_t				 route_nsessions;

static const void *
route_key(const void *entry, size_t *len)
{
	const struct route	*r = entry;

	*len = strlen(r->key);
	return r->key;
}

void
route_init(void)
{
	hashtab_init(&routes, route_key);
}

void
route_conf(const struct conf *conf)
{
	route_cf = conf;
}

const struct conf *
route_conf_get(void)
{
	return route_cf;
}

void
route_mark(struct route *r)
{
	if (r->dirty)
		return;
	r->dirty = 1;
	TAILQ_INSERT_TAIL(&route_dirty, r, dirty_entry);
}

/* ---- which -------------------------------------------------------------- */

static int
route_matches(const struct conf_route *cr, const char *domain)
{
	size_t	 len, plen;

	if (strcmp(cr->domain, "*") == 0)
		return 1;
	if (cr->domain[0] != '.')
		return strcasecmp(cr->domain, domain) == 0;
	len = strlen(domain);
	plen = strlen(cr->domain);
	return len > plen && strcasecmp(domain + len - plen, cr->domain) == 0;
}

/* The first in the configuration that matches; NULL: by MX, as usual. */
static const struct conf_route *
route_configured(const char *domain)
{
	const struct conf_route	*cr;

	TAILQ_FOREACH(cr, &route_cf->routes, entry)
		if (route_matches(cr, domain))
			return cr;
	return NULL;
}

static uint16_t
route_port(const struct conf_route *cr)
{
	if (cr == NULL || cr->host == NULL)
		return route_cf->smtp_port == 0 ? 25 : route_cf->smtp_port;
	if (cr->port != 0)
		return cr->port;
	return cr->implicit_tls ? 465 : cr->user != NULL ? 587 : 25;
}

static void
route_set(char **dst, const char *src)
{
	free(*dst);
	*dst = NULL;
	if (src != NULL && (*dst = strdup(src)) == NULL)
		fatal("route");
}

/* Take over what the configuration says now. */
static void
route_configure(struct route *r, const struct conf_route *cr)
{
	r->generation = route_cf->generation;
	route_set(&r->host, cr == NULL ? NULL : cr->host);
	if (r->password != NULL)
		explicit_bzero(r->password, strlen(r->password));
	route_set(&r->user, cr == NULL ? NULL : cr->user);
	route_set(&r->password, cr == NULL ? NULL : cr->password);
	route_set(&r->ca, cr == NULL ? NULL : cr->ca);
	r->port = route_port(cr);
	r->implicit_tls = cr != NULL && cr->host != NULL && cr->implicit_tls;
	r->require_tls = cr != NULL && cr->require_tls;
}

static struct route *
route_get(const char *domain)
{
	const struct conf_route	*cr = route_configured(domain);
	struct route		*r;
	char			 key[1024];

	if (cr != NULL && cr->host != NULL)
		snprintf(key, sizeof(key), "host %s %u %d%d %s", cr->host,
		    route_port(cr), cr->implicit_tls, cr->require_tls,
		    cr->user == NULL ? "" : cr->user);
	else
		snprintf(key, sizeof(key), "mx %s%s",
		    cr != NULL && cr->require_tls ? "tls " : "", domain);
	if ((r = hashtab_find(&routes, key, strlen(key))) == NULL) {
		r = calloc(1, sizeof(*r) + strlen(key) + 1);
		if (r == NULL)
			fatal("route");
		memcpy(r->key, key, strlen(key) + 1);
		TAILQ_INIT(&r->waiting);
		LIST_INIT(&r->sessions);
		if (hashtab_insert(&routes, r) == -1)
			fatal("route");
		route_configure(r, cr);
	} else if (r->generation != route_cf->generation)
		route_configure(r, cr);
	return r;
}

static void
route_free(struct route *r)
{
	hashtab_remove(&routes, r->key, strlen(r->key));
	if (r->dirty)
		TAILQ_REMOVE(&route_dirty, r, dirty_entry);
	route_set(&r->host, NULL);
	route_set(&r->user, NULL);
	if (r->password != NULL)
		explicit_bzero(r->password, strlen(r->password));
	route_set(&r->password, NULL);
	route_set(&r->ca, NULL);
	free(r->targets);
	free(r);
}

/* ---- messages ----------------------------------------------------------- */

void
route_add(struct rmsg *rm)
{
	struct route	*r = route_get(rm->domain);

	TAILQ_INSERT_TAIL(&r->waiting, rm, entry);
	r->nwaiting++;
	route_mark(r);
}

struct rmsg *
route_next(struct route *r)
{
	struct rmsg	*rm;

	if ((rm = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, rm, entry);
		r->nwaiting--;
	}
	return rm;
}

void
route_requeue(struct route *r, struct rmsg *rm)
{
	TAILQ_INSERT_HEAD(&r->waiting, rm, entry);
	r->nwaiting++;
	route_mark(r);
}

static void
route_fail(struct route *r, const struct rmsg_result *res)
{
	struct rmsg	*rm;

	log_debug("route=\"%s\" result=%s messages=%zu code=%u reason=\"%s\"",
	    r->key, res->result == RELAY_PERM ? "refused" : "deferred",
	    r->nwaiting, res->code, res->text);
	while ((rm = route_next(r)) != NULL) {
		rmsg_result_all(rm, res);
		rmsg_end(rm);
	}
	r->state = ROUTE_UNKNOWN;
	r->ntargets = 0;
}

static void
route_fail_text(struct route *r, enum msg_relay_result result, uint16_t code,
    const char *enhanced, const char *text)
{
	struct rmsg_result	 res;

	memset(&res, 0, sizeof(res));
	res.result = result;
	res.code = code;
	res.enhanced = enhanced;
	res.text = text;
	res.host = r->host == NULL ? "" : r->host;
	route_fail(r, &res);
}

/* ---- hosts -------------------------------------------------------------- */

static struct route *
route_by_cookie(uint64_t cookie)
{
	struct route	*r;
	size_t		 iter = 0;

	/* Answers are rare against messages: a walk will do. */
	while ((r = hashtab_next(&routes, &iter)) != NULL)
		if (r->state == ROUTE_RESOLVING && r->cookie == cookie)
			return r;
	return NULL;
}

static void
route_resolve(struct route *r)
{
	struct msg_mx	 m;

	r->cookie = proc_new_id();
	r->ntargets = 0;
	r->state = ROUTE_RESOLVING;
	m.cookie = r->cookie;
	m.host_only = r->host != NULL;
	m.name = r->host != NULL ? r->host : strrchr(r->key, ' ') + 1;
	if (proc_send(PROC_LOOKUP, 0, M_MX, &m, -1) == -1)
		route_fail_text(r, RELAY_TEMP, 451, "4.4.3",
		    "cannot look up its mail hosts just now");
}

void
route_mx_host(const struct msg_mx_host *m)
{
	struct route	*r = route_by_cookie(m->cookie);
	struct rtarget	*t;

	if (r == NULL || r->ntargets == ROUTE_TARGETS)
		return;
	/* Doubles whenever the count is a power of two. */
	if ((r->ntargets & (r->ntargets - 1)) == 0) {
		r->targets = reallocarray(r->targets, r->ntargets == 0 ? 1 :
		    2 * r->ntargets, sizeof(*t));
		if (r->targets == NULL)
			fatal("route");
	}
	t = &r->targets[r->ntargets++];
	t->addr = m->addr;
	t->addr.port = r->port;
	t->preference = m->preference;
	t->secure = m->secure;
	strlcpy(t->host, m->host, sizeof(t->host));
}

void
route_mx_done(const struct msg_mx_r *m)
{
	struct route	*r = route_by_cookie(m->cookie);

	if (r == NULL)
		return;
	route_mark(r);
	switch (m->status) {
	case MX_OK:
		r->state = ROUTE_KNOWN;
		r->resolved = proc_now_ms();
		break;
	case MX_NONE:
		/* A smarthost without an address is somebody's mistake. */
		if (r->host != NULL)
			route_fail_text(r, RELAY_TEMP, 451, "4.4.4", m->text);
		else
			route_fail_text(r, RELAY_PERM, 550, "5.4.4", m->text);
		break;
	case MX_NULL:
		route_fail_text(r, RELAY_PERM, 556, "5.1.10", m->text);
		break;
	default:
		route_fail_text(r, RELAY_TEMP, 451, "4.4.3", m->text);
		break;
	}
}

void
route_lookup_gone(void)
{
	struct route	*r;
	size_t		 iter = 0;

	while ((r = hashtab_next(&routes, &iter)) != NULL) {
		if (r->state != ROUTE_RESOLVING)
			continue;
		r->state = ROUTE_UNKNOWN;
		/* lookup is coming back; the next turn asks it again. */
		route_fail_text(r, RELAY_TEMP, 451, "4.4.3",
		    "cannot look up its mail hosts just now");
		route_mark(r);
	}
}

/* The first that is not known to be bad; else *bad says why it is. */
static const struct rtarget *
route_pick(const struct route *r, const struct rhost **bad,
    const struct rtarget **badtarget)
{
	const struct rhost	*h;
	size_t			 i;

	*bad = NULL;
	*badtarget = NULL;
	for (i = 0; i < r->ntargets; i++) {
		if ((h = rhost_is_bad(&r->targets[i].addr)) == NULL)
			return &r->targets[i];
		*bad = h;
		*badtarget = &r->targets[i];
	}
	return NULL;
}

/* ---- connections -------------------------------------------------------- */

static unsigned
route_limit(const struct route *r)
{
	unsigned	 max = route_cf->limits.relay_connections;

	if (max == 0)
		max = 1000;
	if (r->limit != 0 && r->limit_until > proc_now_ms() && r->limit < max)
		return r->limit;
	return max;
}

void
route_enough(struct route *r)
{
	/* The one that was turned away still counts. */
	r->limit = r->nsessions > 1 ? r->nsessions - 1 : 1;
	r->limit_until = proc_now_ms() + ROUTE_ENOUGH;
}

void
route_closed(struct route *r)
{
	r->nsessions--;
	route_nsessions--;
	route_mark(r);
}

/* None of the hosts will do: tell why, by the last of them. */
static void
route_unreachable(struct route *r, const struct rhost *bad,
    const struct rtarget *t)
{
	struct rmsg_result	 res;
	char			 text[RHOST_TEXT], host[256];

	memset(&res, 0, sizeof(res));
	res.result = RELAY_TEMP;
	res.code = bad == NULL ? 451 : bad->code;
	res.enhanced = "4.4.1";
	strlcpy(text, bad == NULL ? "no mail host can be reached" : bad->text,
	    sizeof(text));
	strlcpy(host, t == NULL ? "" : t->host, sizeof(host));
	res.text = text;
	res.host = host;
	route_fail(r, &res);
}

static void
route_connect(struct route *r)
{
	const struct rtarget	*t, *badtarget;
	const struct rhost	*bad;
	size_t			 want;

	want = 1 + r->nwaiting / ROUTE_PER_CONN;
	if (want > route_limit(r))
		want = route_limit(r);
	while (r->nsessions < want) {
		if ((t = route_pick(r, &bad, &badtarget)) == NULL) {
			if (r->nsessions == 0)
				route_unreachable(r, bad, badtarget);
			return;
		}
		r->nsessions++;
		route_nsessions++;
		if (rsession_open(r, t) == -1)
			route_closed(r);
	}
}

/* One look at a route: work for the connections, connections for the work. */
static void
route_run(struct route *r)
{
	struct rsession	*s, *next;

	for (s = LIST_FIRST(&r->sessions); s != NULL && r->nwaiting > 0;
	    s = next) {
		next = LIST_NEXT(s, entry);
		if (s->hungry)
			rsession_wake(s);
	}
	if (r->nwaiting > 0) {
		if (r->state == ROUTE_KNOWN && r->nsessions == 0 &&
		    proc_now_ms() - r->resolved > ROUTE_FRESH)
			r->state = ROUTE_UNKNOWN;
		if (r->state == ROUTE_UNKNOWN)
			route_resolve(r);
		else if (r->state == ROUTE_KNOWN)
			route_connect(r);
	}
	if (r->nwaiting == 0 && r->nsessions == 0 &&
	    r->state != ROUTE_RESOLVING)
		route_free(r);
}

void
route_turn(void)
{
	struct route	*r;

	while ((r = TAILQ_FIRST(&route_dirty)) != NULL) {
		TAILQ_REMOVE(&route_dirty, r, dirty_entry);
		r->dirty = 0;
		route_run(r);
	}
}

void
route_drop_waiting(void)
{
	struct rmsg	*rm;
	struct route	*r;
	size_t		 iter = 0;

	while ((r = hashtab_next(&routes, &iter)) != NULL) {
		while ((rm = route_next(r)) != NULL)
			rmsg_free(rm);
		route_mark(r);
	}
}

void
route_drop_all(void)
{
	struct rsession	*s;
	struct route	*r;
	size_t		 iter = 0;

	route_drop_waiting();
	while ((r = hashtab_next(&routes, &iter)) != NULL) {
		while ((s = LIST_FIRST(&r->sessions)) != NULL)
			rsession_drop(s);
		route_mark(r);
	}
}

void
route_each(void (*cb)(struct rsession *, void *), void *arg)
{
	struct rsession	*s, *next;
	struct route	*r;
	size_t		 iter = 0;

	while ((r = hashtab_next(&routes, &iter)) != NULL) {
		for (s = LIST_FIRST(&r->sessions); s != NULL; s = next) {
			next = LIST_NEXT(s, entry);
			cb(s, arg);
		}
	}
}

size_t
route_sessions(void)
{
	return route_nsessions;
}
