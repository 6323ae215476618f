/* Questions to libunbound. */
#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unbound-event.h>

#include "conf.h"
#include "dns.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "proc.h"

#define DNS_QUESTIONS	4000	/* under way; more: try later */
#define DNS_SECONDS	30	/* then it counts as a temporary failure */
#define DNS_SERVERS	3	/* of resolv.conf */
#define DNS_ANCHORS	8
#define DNS_ANCHOR	512	/* bytes of one */

struct dns_waiter {
	TAILQ_ENTRY(dns_waiter)	 entry;
	struct dns_question	*question;
	dns_cb			 cb;
	void			*arg;
};
TAILQ_HEAD(dns_waiters, dns_waiter);

/* The key of a question: its type, then its name. */
struct dns_key {
	uint16_t	 type;
	char		 name[DNSPKT_NAME];
};

struct dns_question {
	TAILQ_ENTRY(dns_question) entry;	/* asked or done */
	struct dns_waiters	 waiters;
	struct dns_key		 key;
	uint64_t		 deadline;
	int			 id;		/* libunbound's */
	int			 done;
	enum dns_status		 status;
	int			 secure;
	char			*why;
	struct dnspkt_rr	*rrs;
	size_t			 n;
};
TAILQ_HEAD(dns_questions, dns_question);

static struct ub_ctx		*dns_ctx;
static struct ub_ctx		*dns_next;	/* checked, not in use */
static char			 dns_has[384], dns_next_settings[384];
static struct hashtab		 dns_table;	/* those not done */
static struct dns_questions	 dns_asked = TAILQ_HEAD_INITIALIZER(dns_asked);
static struct dns_questions	 dns_done = TAILQ_HEAD_INITIALIZER(dns_done);
static struct event		 dns_timer;
static int			 dns_timing;

/* What the files said at start. */
static char	 dns_servers[DNS_SERVERS][64];
static unsigned	 dns_nservers;
static char	 dns_anchors[DNS_ANCHORS][DNS_ANCHOR];
static unsigned	 dns_nanchors;

/* IANA's root key-signing keys of 2017 and 2024, should the file not be. */
static const char *const dns_builtin[] = {
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457"
	"104237C7F8EC8D",
	". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483A"
	"F444A4C0FB2B16",
};

static const void *
dns_question_key(const void *entry, size_t *len)
{
	const struct dns_question	*q = entry;

	*len = sizeof(q->key.type) + strlen(q->key.name);
	return &q->key;
}

static void
dns_read_resolvconf(void)
{
	FILE	*f;
	char	 line[512], word[64];

	if ((f = fopen("/etc/resolv.conf", "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, " nameserver %63s", word) != 1 ||
		    dns_nservers == DNS_SERVERS)
			continue;
		strlcpy(dns_servers[dns_nservers++], word,
		    sizeof(dns_servers[0]));
	}
	fclose(f);
}

/* One record a line; comments begin with a semicolon. */
static void
dns_read_anchors(void)
{
	FILE	*f;
	char	 line[1024], *end;

	if ((f = fopen("/usr/share/dns/root.key", "re")) == NULL &&
	    (f = fopen("/var/unbound/db/root.key", "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if ((end = strpbrk(line, ";\r\n")) != NULL)
			*end = '\0';
		if (line[0] != '.' || strlen(line) >= DNS_ANCHOR ||
		    dns_nanchors == DNS_ANCHORS)
			continue;
		strlcpy(dns_anchors[dns_nanchors++], line, DNS_ANCHOR);
	}
	fclose(f);
}

static void
dns_nothing(void *arg, int rcode, void *pkt, int len, int sec, char *why,
    int limited)
{
}

/*
 * The first context makes libunbound and libcrypto open whatever they want to
 * see; later there is nothing to be seen.
 */
static void
dns_warm_up(void)
{
	struct event_base	*base;
	struct ub_ctx		*ctx;
	int			 id;

	if ((base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if ((ctx = ub_ctx_create_event(base)) != NULL) {
		ub_resolve_event(ctx, "localhost", DNS_A, 1, NULL, dns_nothing,
		    &id);
		ub_ctx_delete(ctx);
	}
	event_base_free(base);
}

void
dns_init(void)
{
	hashtab_init(&dns_table, dns_question_key);
	dns_read_resolvconf();
	dns_read_anchors();
	dns_warm_up();
}

/* ---- configuration ------------------------------------------------------ */

static int
dns_set_options(struct ub_ctx *ctx, int forward, int validate)
{
	/* Small caches: what mail asks for comes in bursts. */
	static const char *const options[][2] = {
		{ "msg-cache-size:", "512k" },
		{ "rrset-cache-size:", "1m" },
		{ "key-cache-size:", "256k" },
		{ "neg-cache-size:", "64k" },
		{ "infra-cache-numhosts:", "1000" },
		{ "num-queries-per-thread:", "1024" },
		{ "outgoing-range:", "400" },
		{ "do-not-query-localhost:", "no" },
		{ "qname-minimisation:", "yes" },
	};
	size_t	 i;
	int	 ret;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((ret = ub_ctx_set_option(ctx, options[i][0],
		    options[i][1])) != 0)
			return ret;
	ret = ub_ctx_set_option(ctx, "module-config:", validate ?
	    "validator iterator" : "iterator");
	/*
	 * Somebody's resolver in front of us may strip signatures: then
	 * nothing is secure, but mail still flows.
	 */
	if (ret == 0 && forward && validate)
		ret = ub_ctx_set_option(ctx, "val-permissive-mode:", "yes");
	/* Its answers about private networks are what we want to know. */
	if (ret == 0 && forward)
		ret = ub_ctx_set_option(ctx, "unblock-lan-zones:", "yes");
	return ret;
}

static int
dns_set_anchors(struct ub_ctx *ctx)
{
	unsigned	 i;
	int		 ret = 0;

	for (i = 0; i < dns_nanchors && ret == 0; i++)
		ret = ub_ctx_add_ta(ctx, dns_anchors[i]);
	for (i = 0; dns_nanchors == 0 && i < 2 && ret == 0; i++)
		ret = ub_ctx_add_ta(ctx, dns_builtin[i]);
	return ret;
}

static int
dns_set_servers(struct ub_ctx *ctx, const struct conf *conf)
{
	char		 server[128];
	unsigned	 i;
	int		 ret = 0;

	if (conf->dns_server != NULL && *conf->dns_server != '\0') {
		snprintf(server, sizeof(server), "%s@%u", conf->dns_server,
		    conf->dns_port == 0 ? 53 : conf->dns_port);
		return ub_ctx_set_fwd(ctx, server);
	}
	for (i = 0; i < dns_nservers && ret == 0; i++)
		ret = ub_ctx_set_fwd(ctx, dns_servers[i]);
	return ret;
}

static void	dns_finish(struct dns_question *, enum dns_status,
		    const char *);

/* What a context was made from, to see whether a new one is needed. */
static const char *
dns_settings(const struct conf *conf, char *dst, size_t dstsize)
{
	snprintf(dst, dstsize, "%s@%u insecure %d",
	    conf->dns_server == NULL ? "" : conf->dns_server, conf->dns_port,
	    conf->dns_insecure);
	return dst;
}

int
dns_conf_check(const struct conf *conf, char *err, size_t errsize)
{
	int	 forward, ret;

	dns_conf_drop();
	dns_settings(conf, dns_next_settings, sizeof(dns_next_settings));
	if (dns_ctx != NULL && strcmp(dns_next_settings, dns_has) == 0)
		return 0;
	if ((dns_next = ub_ctx_create_event(proc_base())) == NULL) {
		snprintf(err, errsize, "no DNS context");
		return -1;
	}
	forward = (conf->dns_server != NULL && *conf->dns_server != '\0') ||
	    dns_nservers > 0;
	ret = dns_set_options(dns_next, forward, !conf->dns_insecure);
	if (ret == 0 && !conf->dns_insecure)
		ret = dns_set_anchors(dns_next);
	if (ret == 0)
		ret = dns_set_servers(dns_next, conf);
	if (ret != 0) {
		snprintf(err, errsize, "dns: %s", ub_strerror(ret));
		dns_conf_drop();
		return -1;
	}
	return 0;
}

void
dns_conf_use(void)
{
	struct dns_question	*q, *next;

	if (dns_next == NULL)
		return;
	if (dns_ctx != NULL) {
		/* Its questions die with it, without a word. */
		TAILQ_FOREACH_SAFE(q, &dns_asked, entry, next)
			dns_finish(q, DNS_TEMP, "DNS was configured anew");
		ub_ctx_delete(dns_ctx);
	}
	dns_ctx = dns_next;
	dns_next = NULL;
	strlcpy(dns_has, dns_next_settings, sizeof(dns_has));
}

void
dns_conf_drop(void)
{
	if (dns_next != NULL)
		ub_ctx_delete(dns_next);
	dns_next = NULL;
}

/* ---- questions ---------------------------------------------------------- */

static void
dns_finish(struct dns_question *q, enum dns_status status, const char *why)
{
	q->status = status;
	if (why != NULL && q->why == NULL)
		q->why = strdup(why);
	q->done = 1;
	hashtab_remove(&dns_table, &q->key, sizeof(q->key.type) +
	    strlen(q->key.name));
	TAILQ_REMOVE(&dns_asked, q, entry);
	TAILQ_INSERT_TAIL(&dns_done, q, entry);
}

static void
dns_parse(struct dns_question *q, const uint8_t *pkt, size_t len, int sec)
{
	struct dnspkt_rr	 rrs[DNSPKT_RRS];
	unsigned		 rcode;
	size_t			 n;

	if (dnspkt_parse(pkt, len, q->key.type, rrs, DNSPKT_RRS, &n,
	    &rcode) == -1) {
		dns_finish(q, DNS_TEMP, "malformed DNS answer");
		return;
	}
	q->secure = sec == 2;
	if (rcode == 3)
		dns_finish(q, DNS_NXDOMAIN, NULL);
	else if (rcode != 0)
		dns_finish(q, DNS_TEMP, "DNS server failure");
	else if (n == 0)
		dns_finish(q, DNS_NODATA, NULL);
	else if ((q->rrs = calloc(n, sizeof(*rrs))) == NULL)
		dns_finish(q, DNS_TEMP, "out of memory");
	else {
		memcpy(q->rrs, rrs, n * sizeof(*rrs));
		q->n = n;
		dns_finish(q, DNS_OK, NULL);
	}
}

static void
dns_answered(void *arg, int rcode, void *pkt, int len, int sec, char *why,
    int limited)
{
	struct dns_question	*q = arg;

	q->id = -1;
	if (q->done)
		return;
	if (sec == 1)
		dns_finish(q, DNS_TEMP, why == NULL ? "DNSSEC: bogus" : why);
	else if (pkt != NULL && len > 0 && (rcode == 0 || rcode == 3))
		dns_parse(q, pkt, (size_t)len, sec);
	else if (rcode == 3)
		dns_finish(q, DNS_NXDOMAIN, NULL);
	else
		dns_finish(q, DNS_TEMP, rcode == 2 ? "DNS server failure" :
		    "DNS error");
}

static void
dns_expire(int fd, short ev, void *arg)
{
	static const struct timeval	 tv = { 5, 0 };
	struct dns_question		*q;

	dns_timing = 0;
	while ((q = TAILQ_FIRST(&dns_asked)) != NULL &&
	    q->deadline <= proc_now_ms()) {
		if (q->id != -1)
			ub_cancel(dns_ctx, q->id);
		dns_finish(q, DNS_TEMP, "no answer from DNS in time");
	}
	if (q != NULL) {
		evtimer_add(&dns_timer, &tv);
		dns_timing = 1;
	}
}

static void
dns_start(struct dns_question *q)
{
	static const struct timeval	 tv = { 5, 0 };
	int				 ret;

	q->id = -1;
	q->deadline = proc_now_ms() + DNS_SECONDS * 1000;
	if (dns_table.count > DNS_QUESTIONS || dns_ctx == NULL) {
		dns_finish(q, DNS_TEMP, "too many DNS questions");
		return;
	}
	/* May call back from inside. */
	ret = ub_resolve_event(dns_ctx, q->key.name, q->key.type, 1, q,
	    dns_answered, &q->id);
	if (q->done)
		q->id = -1;
	else if (ret != 0)
		dns_finish(q, DNS_TEMP, ub_strerror(ret));
	else if (!dns_timing) {
		evtimer_set(&dns_timer, dns_expire, NULL);
		evtimer_add(&dns_timer, &tv);
		dns_timing = 1;
	}
}

struct dns_waiter *
dns_ask(const char *name, uint16_t type, dns_cb cb, void *arg)
{
	struct dns_question	*q;
	struct dns_waiter	*w;
	struct dns_key		 key;

	memset(&key, 0, sizeof(key));
	key.type = type;
	strlcpy(key.name, name, sizeof(key.name));
	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("dns");
	q = hashtab_find(&dns_table, &key, sizeof(key.type) +
	    strlen(key.name));
	if (q == NULL) {
		if ((q = calloc(1, sizeof(*q))) == NULL)
			fatal("dns");
		TAILQ_INIT(&q->waiters);
		q->key = key;
		if (hashtab_insert(&dns_table, q) == -1)
			fatal("dns");
		TAILQ_INSERT_TAIL(&dns_asked, q, entry);
		dns_start(q);
	}
	w->question = q;
	w->cb = cb;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&q->waiters, w, entry);
	return w;
}

/* The question goes on: its answer fills the cache. */
void
dns_cancel(struct dns_waiter *w)
{
	TAILQ_REMOVE(&w->question->waiters, w, entry);
	free(w);
}

void
dns_turn(void)
{
	struct dns_question	*q;
	struct dns_waiter	*w;
	struct dns_answer	 a;

	while ((q = TAILQ_FIRST(&dns_done)) != NULL) {
		a.status = q->status;
		a.secure = q->secure;
		a.why = q->why == NULL ? "" : q->why;
		a.rrs = q->rrs;
		a.n = q->n;
		while ((w = TAILQ_FIRST(&q->waiters)) != NULL) {
			TAILQ_REMOVE(&q->waiters, w, entry);
			w->cb(&a, w->arg);
			free(w);
		}
		TAILQ_REMOVE(&dns_done, q, entry);
		free(q->rrs);
		free(q->why);
		free(q);
	}
}

size_t
dns_pending(void)
{
	return dns_table.count;
}
