/*
 * The process that knows who may log in.  It judges, and tells the one that
 * holds what the session wants (DESIGN 2, rule 2): queue, who may send as
 * whom; store, whose mail may be read.
 */
#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/delays.h"
#include "auth/failures.h"
#include "auth/logins.h"
#include "auth/pool.h"
#include "auth/sasl_plain.h"
#include "auth/sasl_scram.h"
#include "auth/site.h"
#include "auth/tokens.h"
#include "conf.h"
#include "ctlrow.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "msg.h"
#include "proc.h"

#define EXCHANGES	20000	/* under way at once, of all workers */
#define DELAY_STEP	500	/* ms more for each failure of an address */
#define DELAY_MAX	3000
#define FAILURES_FACTOR	10	/* times auth-failures: then no more trying */

enum exchange_state {
	WANT_FIRST,		/* the client's first message */
	WANT_FINAL,		/* SCRAM: its last one */
	WAIT_POOL,
	WAIT_DELAY		/* it has failed; the answer comes later */
};

/* From M_AUTH_START to M_AUTH_R. */
struct exchange {
	uint8_t		 key[10];	/* proc, inst, sid */
	uint8_t		 mech;
	uint8_t		 service;
	uint8_t		 tls;
	uint8_t		 bindinglen;
	uint8_t		 binding[64];
	enum exchange_state state;
	struct proc_from from;
	uint64_t	 sid;
	struct addr	 client;
	struct sasl_scram *scram;
	struct pool_job	*job;
	struct site_account account;
	uint8_t		 token[CACHE_TOKEN];
	int		 cacheable;
	uint32_t	 generation;	/* of the tables that it was given */
	struct event	 delay;
};

static struct hashtab	 exchanges;
static unsigned		 nexchanges[PROC_MAX][256];	/* by worker */
static struct site	 site, newsite;
static uint32_t		 generation;
static int		 started;

static const char *const mechs[] = {
	"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
};
static const char *const services[] = { "smtp", "imap", "pop3", "sieve" };

/* ---- exchanges ---------------------------------------------------------- */

static const void *
exchange_key(const void *entry, size_t *len)
{
	*len = sizeof(((const struct exchange *)entry)->key);
	return ((const struct exchange *)entry)->key;
}

static void
make_key(uint8_t key[10], const struct proc_from *from, uint64_t sid)
{
	key[0] = (uint8_t)from->proc;
	key[1] = (uint8_t)from->inst;
	memcpy(key + 2, &sid, sizeof(sid));
}

static struct exchange *
exchange_find(const struct proc_from *from, uint64_t sid)
{
	uint8_t	 key[10];

	make_key(key, from, sid);
	return hashtab_find(&exchanges, key, sizeof(key));
}

static void
exchange_free(struct exchange *x)
{
	hashtab_remove(&exchanges, x->key, sizeof(x->key));
	nexchanges[x->from.proc][x->from.inst]--;
	if (x->job != NULL)
		pool_forget(x->job);
	if (x->state == WAIT_DELAY)
		evtimer_del(&x->delay);
	if (x->scram != NULL) {
		sasl_scram_clear(x->scram);
		free(x->scram);
	}
	freezero(x, sizeof(*x));
}

/* Send the verdict; the exchange is over. */
static void
reply(struct exchange *x, enum msg_auth result, const char *text,
    const struct buf *final)
{
	struct msg_auth_r	 r;

	r.sid = x->sid;
	r.result = (uint8_t)result;
	r.account = result == AUTH_OK ? x->account.name : "";
	r.text = text;
	r.final.data = final == NULL ? NULL : buf_ptr(final);
	r.final.len = final == NULL ? 0 : final->len;
	(void)proc_send(x->from.proc, x->from.inst, M_AUTH_R, &r, -1);
	exchange_free(x);
}

static void
log_result(const struct exchange *x, const char *result, const char *why)
{
	char	 id[PROC_IDLEN], client[ADDR_STRLEN], name[400];

	log_info("login: session=%s result=%s service=%s mech=%s tls=%s "
	    "client=%s account=%s%s%s%s", proc_print_id(x->sid, id), result,
	    services[x->service], mechs[x->mech], x->tls ? "yes" : "no",
	    addr_print(&x->client, client, sizeof(client)),
	    log_quote(name, sizeof(name), x->account.name,
	    strlen(x->account.name)), why[0] == '\0' ? "" : " reason=\"", why,
	    why[0] == '\0' ? "" : "\"");
}

static void
delayed(int fd, short what, void *arg)
{
	struct exchange	*x = arg;

	reply(x, AUTH_BAD, "Authentication failed", NULL);
}

/* Say no, the later the more often that address has been wrong. */
static void
fail(struct exchange *x, const char *why)
{
	struct timeval	 tv;
	unsigned	 n, ms;

	log_result(x, "failed", why);
	proc_count_add("auth.failed", 1);
	n = failures_add(&x->client, (int64_t)(proc_now_ms() / 1000));
	ms = n > DELAY_MAX / DELAY_STEP ? DELAY_MAX : n * DELAY_STEP;
	if (x->scram != NULL)
		sasl_scram_clear(x->scram);
	explicit_bzero(x->account.secret, sizeof(x->account.secret));
	x->state = WAIT_DELAY;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	evtimer_set(&x->delay, delayed, x);
	evtimer_add(&x->delay, &tv);
}

static void
later(struct exchange *x, const char *why)
{
	log_result(x, "later", why);
	proc_count_add("auth.later", 1);
	reply(x, AUTH_TEMP, "Try again later", NULL);
}

/* The grant goes out before the worker hears of it. */
static void
succeed(struct exchange *x, const struct buf *final, const char *how)
{
	struct msg_grant	 g;
	enum proc_id		 to;
	int			 pop3 = x->service == SERVICE_POP3;
	int64_t			 now = (int64_t)(proc_now_ms() / 1000);

	if (pop3 && delays_left(x->account.name, now,
	    site.conf->limits.pop3_login_delay) > 0) {
		log_result(x, "limit", "too soon after the last login");
		proc_count_add("auth.limit", 1);
		reply(x, AUTH_DELAY, "Too soon after the last login", NULL);
		return;
	}
	if (logins_add(x->from.proc, x->from.inst, x->sid, x->account.name,
	    site.conf->limits.sessions_per_account) == -1) {
		log_result(x, "limit", "too many sessions of the account");
		proc_count_add("auth.limit", 1);
		reply(x, pop3 ? AUTH_INUSE : AUTH_LIMIT, "Too many sessions",
		    NULL);
		return;
	}
	to = x->from.proc == PROC_IMAP ? PROC_STORE : PROC_QUEUE;
	g.origin.proc = (uint8_t)x->from.proc;
	g.origin.inst = (uint8_t)x->from.inst;
	g.origin.sid = x->sid;
	g.account = x->account.name;
	g.quota_bytes = x->account.quota_bytes;
	g.quota_messages = x->account.quota_messages;
	if (proc_send(to, 0, M_GRANT, &g, -1) == -1) {
		logins_remove(x->from.proc, x->from.inst, x->sid);
		later(x, "who should hear of it is away");
		return;
	}
	if (pop3 && site.conf->limits.pop3_login_delay > 0)
		delays_add(x->account.name, now,
		    site.conf->limits.pop3_login_delay);
	log_result(x, "ok", how);
	proc_count_add("auth.ok", 1);
	reply(x, AUTH_OK, "", final);
}

/* ---- PLAIN -------------------------------------------------------------- */

static void
pool_result(void *arg, int result)
{
	struct exchange	*x = arg;

	x->job = NULL;
	x->state = WANT_FIRST;		/* nothing to take back any more */
	if (x->generation != generation) {
		/* Checked against what no longer holds. */
		later(x, "the tables were changed just now");
		return;
	}
	if (result != 1 || !x->account.exists) {
		fail(x, !x->account.exists ? x->account.why :
		    result == 0 ? "wrong password" :
		    "the secret in the table is of no known form");
		return;
	}
	if (x->cacheable)
		cache_add(x->account.name, x->token,
		    (int64_t)(proc_now_ms() / 1000));
	succeed(x, NULL, "");
}

/* An authorization identity may be given, but only one's own. */
static int
own_name(const struct exchange *x, const char *authzid, size_t len)
{
	struct site_account	 a;
	int			 ret;

	if (len == 0)
		return 1;
	site_find(&site, authzid, len, &a);
	ret = strcmp(a.name, x->account.name) == 0;
	explicit_bzero(&a, sizeof(a));
	return ret;
}

static void
plain(struct exchange *x, const void *data, size_t len)
{
	struct sasl_plain	 m;

	if (sasl_plain_parse(data, len, &m) == -1) {
		fail(x, "malformed message");
		return;
	}
	site_find(&site, m.authcid.p, m.authcid.len, &x->account);
	if (!own_name(x, m.authzid.p, m.authzid.len)) {
		fail(x, "another's name to act as");
		return;
	}
	if (x->account.exists && x->service == SERVICE_IMAP &&
	    tokens_take(x->account.name, m.password.p, m.password.len,
	    (int64_t)(proc_now_ms() / 1000))) {
		succeed(x, NULL, "token");
		return;
	}
	x->cacheable = x->account.exists && cache_token(x->account.name,
	    m.password.p, m.password.len, x->token) == 0;
	if (x->cacheable && cache_check(x->account.name, x->token,
	    (int64_t)(proc_now_ms() / 1000))) {
		proc_count_add("auth.cached", 1);
		succeed(x, NULL, "");
		return;
	}
	x->generation = generation;
	x->job = pool_check(x->account.secret, m.password.p, m.password.len,
	    x);
	explicit_bzero(x->account.secret, sizeof(x->account.secret));
	if (x->job == NULL)
		later(x, "too many passwords to check");
	else
		x->state = WAIT_POOL;
}

/* ---- SCRAM -------------------------------------------------------------- */

static const char *
scram_why(enum sasl_scram_result r)
{
	switch (r) {
	case SASL_SCRAM_MALFORMED:
		return "malformed message";
	case SASL_SCRAM_BINDING_BAD:
		return "channel binding does not match";
	default:
		return "wrong password";
	}
}

static void
scram_first(struct exchange *x, const void *data, size_t len)
{
	struct msg_auth_challenge	 c;
	struct scram_secret		 secret;
	struct buf			 out;
	uint8_t				 nonce[18];
	enum sasl_scram_result		 r;
	int				 ok;

	if ((x->scram = malloc(sizeof(*x->scram))) == NULL) {
		later(x, "no memory");
		return;
	}
	sasl_scram_init(x->scram);
	r = sasl_scram_first(x->scram, data, len,
	    x->mech == MECH_SCRAM256_PLUS, x->tls, x->binding,
	    x->bindinglen);
	if (r != SASL_SCRAM_OK) {
		fail(x, scram_why(r));
		return;
	}
	site_find(&site, x->scram->name, strlen(x->scram->name), &x->account);
	if (!own_name(x, x->scram->authzid, strlen(x->scram->authzid))) {
		fail(x, "another's name to act as");
		return;
	}
	ok = site_scram(&site, &x->account, &secret);
	explicit_bzero(x->account.secret, sizeof(x->account.secret));
	x->generation = generation;
	arc4random_buf(nonce, sizeof(nonce));
	buf_init(&out, MSG_SASL);
	if (sasl_scram_challenge(x->scram, &secret, !ok, nonce, &out) == -1)
		fail(x, "malformed message");
	else {
		c.sid = x->sid;
		c.data.data = buf_ptr(&out);
		c.data.len = out.len;
		(void)proc_send(x->from.proc, x->from.inst, M_AUTH_CHALLENGE,
		    &c, -1);
		x->state = WANT_FINAL;
	}
	explicit_bzero(&secret, sizeof(secret));
	buf_freezero(&out);
}

static void
scram_final(struct exchange *x, const void *data, size_t len)
{
	enum sasl_scram_result	 r;
	struct buf		 out;

	buf_init(&out, MSG_SASL);
	r = sasl_scram_final(x->scram, data, len, &out);
	if (r != SASL_SCRAM_OK)
		fail(x, x->account.exists ? scram_why(r) : x->account.why);
	else if (x->generation != generation)
		later(x, "the tables were changed just now");
	else
		succeed(x, &out, "");
	buf_freezero(&out);
}

/* ---- messages ----------------------------------------------------------- */

static void
first(struct exchange *x, const void *data, size_t len)
{
	switch (x->mech) {
	case MECH_PLAIN:
		plain(x, data, len);
		break;
	case MECH_SCRAM256:
	case MECH_SCRAM256_PLUS:
		scram_first(x, data, len);
		break;
	default:
		fail(x, "unknown mechanism");
		break;
	}
}

/* Somebody is guessing: do not look.  Our own machine is never shut out. */
static int
shut_out(const struct addr *client)
{
	unsigned	 max = site.conf->limits.auth_failures;

	if (max == 0 || client->family == 0 || addr_is_own(client))
		return 0;
	return failures_count(client, (int64_t)(proc_now_ms() / 1000)) >=
	    max * FAILURES_FACTOR;
}

/* What one worker may have under way: it takes nothing from the others. */
static unsigned
share(void)
{
	unsigned	 workers;

	workers = proc_count(PROC_SMTP) + proc_count(PROC_IMAP);
	return workers == 0 ? EXCHANGES : EXCHANGES / workers;
}

static void
on_start(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_start	*m = msg;
	struct msg_auth_challenge	 c;
	struct msg_auth_r		 r;
	struct exchange			*x;

	if (exchange_find(from, m->sid) != NULL) {
		proc_bad(from, "AUTH_START twice for one session");
		return;
	}
	if (nexchanges[from->proc][from->inst] >= share() ||
	    (x = calloc(1, sizeof(*x))) == NULL) {
		memset(&r, 0, sizeof(r));
		r.sid = m->sid;
		r.result = AUTH_TEMP;
		r.account = "";
		r.text = "Try again later";
		(void)proc_send(from->proc, from->inst, M_AUTH_R, &r, -1);
		return;
	}
	make_key(x->key, from, m->sid);
	x->from = *from;
	x->sid = m->sid;
	x->mech = m->mech;
	x->service = m->service;
	x->tls = m->tls;
	x->client = m->client;
	if (m->binding.len > 0 && m->binding.len <= sizeof(x->binding)) {
		memcpy(x->binding, m->binding.data, m->binding.len);
		x->bindinglen = (uint8_t)m->binding.len;
	}
	if (hashtab_insert(&exchanges, x) == -1)
		fatal("exchanges");
	nexchanges[from->proc][from->inst]++;
	if (shut_out(&x->client)) {
		log_result(x, "limit", "too many failures from there");
		proc_count_add("auth.limit", 1);
		reply(x, AUTH_LIMIT, "Too many failures, try again later",
		    NULL);
		return;
	}
	if (m->has_initial) {
		first(x, m->initial.data, m->initial.len);
		return;
	}
	memset(&c, 0, sizeof(c));
	c.sid = m->sid;
	(void)proc_send(from->proc, from->inst, M_AUTH_CHALLENGE, &c, -1);
}

static void
on_cont(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_cont	*m = msg;
	struct msg_auth_r		 r;
	struct exchange			*x;

	if ((x = exchange_find(from, m->sid)) == NULL) {
		/* Begun with one of us who has died since. */
		memset(&r, 0, sizeof(r));
		r.sid = m->sid;
		r.result = AUTH_TEMP;
		r.account = "";
		r.text = "Try again later";
		(void)proc_send(from->proc, from->inst, M_AUTH_R, &r, -1);
		return;
	}
	switch (x->state) {
	case WANT_FIRST:
		first(x, m->data.data, m->data.len);
		break;
	case WANT_FINAL:
		scram_final(x, m->data.data, m->data.len);
		break;
	default:
		proc_bad(from, "AUTH_CONT before our answer");
		break;
	}
}

static void
on_abort(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_abort	*m = msg;
	struct exchange			*x;

	if ((x = exchange_find(from, m->sid)) != NULL)
		exchange_free(x);
	/* Our "ok" may have crossed it on the way. */
	logins_remove(from->proc, from->inst, m->sid);
}

static void
on_end(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_session_end	*m = msg;
	struct exchange			*x;

	if ((x = exchange_find(from, m->sid)) != NULL)
		exchange_free(x);
	logins_remove(from->proc, from->inst, m->sid);
}

/* ---- life --------------------------------------------------------------- */

static void
init(void)
{
	/* libcrypto reads its configuration now, outside of the sandbox. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		fatalx("libcrypto");
	hashtab_init(&exchanges, exchange_key);
	cache_init();
	failures_init();
	logins_init();
	delays_init();
}

static int
check(struct conf *conf, char *err, size_t errsize)
{
	if (site_open(&newsite, conf) == 0)
		return 0;
	strlcpy(err, "auth: a table is damaged", errsize);
	return -1;
}

static void
use(struct conf *conf)
{
	site_close(&site);
	site = newsite;
	site_close(&newsite);
	generation++;
	cache_flush();
	if (!started)
		pool_start(pool_result);
	started = 1;
}

static void
drop(struct conf *conf)
{
	site_close(&newsite);
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	struct exchange	*x;
	size_t		 i = 0;

	if (proc != PROC_SMTP && proc != PROC_IMAP)
		return;
	while ((x = hashtab_next(&exchanges, &i)) != NULL)
		if (x->from.proc == proc && x->from.inst == inst)
			exchange_free(x);
	logins_forget(proc, inst);
}

static const struct proc_dispatch dispatch[] = {
	{ M_AUTH_START,		on_start },
	{ M_AUTH_CONT,		on_cont },
	{ M_AUTH_ABORT,		on_abort },
	{ M_SESSION_END,	on_end },
	{ M_MAX,		NULL }
};

/* mailctl wants to act for an account: it gets in once. */
static void
ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	struct site_account	 a;
	struct ctlrow		 row;
	char			 token[TOKEN_LEN + 1];
	int			 exists;

	if (m->verb != CTL_LOGIN) {
		ctlrow_end(from, m->cookie, 0, "auth does not know that");
		return;
	}
	site_find(&site, m->arg, strlen(m->arg), &a);
	exists = a.exists;
	explicit_bzero(a.secret, sizeof(a.secret));
	if (!exists) {
		ctlrow_end(from, m->cookie, 0, "there is no such account");
		return;
	}
	tokens_new(a.name, (int64_t)(proc_now_ms() / 1000), token);
	log_info("login: token for mailctl account=%s", a.name);
	ctlrow_begin(&row);
	ctlrow_str(&row, "account", a.name);
	ctlrow_str(&row, "token", token);
	ctlrow_send(from, m->cookie, &row);
	ctlrow_end(from, m->cookie, 1, "");
	explicit_bzero(token, sizeof(token));
	explicit_bzero(&row, sizeof(row));
}

const struct proc_def auth_def = {
	.id = PROC_AUTH,
	.promises = "stdio recvfd thread",
	.dispatch = dispatch,
	.init = init,
	.conf_check = check,
	.conf_use = use,
	.conf_drop = drop,
	.peer_gone = peer_gone,
	.ctl = ctl
};
