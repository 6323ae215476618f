#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "caller.h"
#include "ctlrow.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "listen.h"
#include "proc.h"
#include "tlskey.h"

#define BEGIN_SECONDS	30	/* for a handshake, for lookup's answer */
#define UNKNOWN_SECONDS	60	/* of silence before the login */
#define UNKNOWN_IN_ALL	300
#define AWAY_SLOTS	256
#define AWAY_MS		1000

static struct hashtab		 by_sid;
static TAILQ_HEAD(, caller)	 callers = TAILQ_HEAD_INITIALIZER(callers);
static const struct conf	*conf;
static struct tls		*tls, *newtls;
static int			 stopping;

/* Who was refused just now: he need not be asked about again so soon. */
static struct {
	uint8_t		 net[9];	/* family, /64 */
	uint64_t	 until;		/* ms */
}				 away[AWAY_SLOTS];

static const void *
caller_key(const void *entry, size_t *len)
{
	const struct caller	*c = entry;

	*len = sizeof(c->sid);
	return &c->sid;
}

struct tls *
caller_tls(void)
{
	return tls;
}

const struct conf *
caller_conf(void)
{
	return conf;
}

int
caller_stopping(void)
{
	return stopping;
}

size_t
caller_count(const struct caller_proto *proto)
{
	struct caller	*c;
	size_t		 n = 0;

	TAILQ_FOREACH(c, &callers, entry)
		n += c->proto == proto;
	return n;
}

struct caller *
caller_any(uint64_t sid)
{
	return hashtab_find(&by_sid, &sid, sizeof(sid));
}

void *
caller_find(const struct caller_proto *proto, uint64_t sid)
{
	struct caller	*c = caller_any(sid);

	return c != NULL && c->proto == proto ? c : NULL;
}

int
caller_open(const struct caller *c)
{
	return c->state == CALLER_OPEN && c->login.state != LOGIN_JUDGE;
}

int
caller_used_up(const struct caller *c)
{
	size_t	 len;

	return conn_in(c->conn, &len) == NULL || len == 0;
}

int
caller_nuisance(const struct caller *c)
{
	return c->errors > 0 &&
	    conf_over(c->errors - 1, conf->limits.errors);
}

/* ---- the configuration -------------------------------------------------- */

int
caller_conf_check(struct conf *new, char *err, size_t errsize)
{
	newtls = NULL;
	if (TAILQ_EMPTY(&new->certs))
		return 0;
	if ((newtls = tlskey_server(new)) == NULL) {
		strlcpy(err, "certificates are not usable", errsize);
		return -1;
	}
	return 0;
}

void
caller_conf_use(struct conf *new, void (*cb)(const struct conf_listen *,
    int, const struct addr *, uint32_t))
{
	struct tls	*old = tls;

	if (conf == NULL)
		hashtab_init(&by_sid, caller_key);
	conf = new;
	tls = newtls;
	newtls = NULL;
	if (!stopping)
		listen_swap(new, cb);
	if (old != NULL)
		tlskey_free(old);
}

void
caller_conf_drop(struct conf *new)
{
	listen_drop();
	tlskey_free(newtls);
	newtls = NULL;
}

/* ---- the end ------------------------------------------------------------ */

static void
tell_end(struct caller *c)
{
	struct msg_session_end	 end = { .sid = c->sid };

	/* A grant may be on its way, whatever we have heard of it. */
	if (c->login.begun || c->account != NULL)
		(void)proc_send(c->proto->keeper, 0, M_SESSION_END, &end, -1);
	if (c->proto->asks_queue)
		(void)proc_send(PROC_QUEUE, 0, M_SESSION_END, &end, -1);
	login_end(c);
}

void
caller_forget(struct caller *c)
{
	tell_end(c);
	free(c->account);
	c->account = NULL;
}

static void
tell_lookup(struct caller *c)
{
	struct msg_disconnect	 gone = { .sid = c->sid };

	if (c->counted)
		(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &gone, -1);
	c->counted = 0;
}

void
caller_known(struct caller *c)
{
	if (c->proto->by_account)
		tell_lookup(c);
}

void
caller_close(struct caller *c)
{
	if (c->conn != NULL)
		conn_close(c->conn);
	c->conn = NULL;
	c->proto->end(c);
	tell_end(c);
	tell_lookup(c);
	hashtab_remove(&by_sid, &c->sid, sizeof(c->sid));
	TAILQ_REMOVE(&callers, c, entry);
	free(c->account);
	free(c->rdns);
	free(c);
	if (stopping && by_sid.count == 0)
		proc_stopped();
}

void
caller_quit(struct caller *c)
{
	conn_quit(c->conn);
	c->conn = NULL;
	caller_close(c);
}

/* Before a handshake there is nothing that could be said. */
static int
mute(const struct caller *c)
{
	return c->state == CALLER_TLS || (!c->tls &&
	    (c->kind == LISTEN_SUBMISSIONS || c->kind == LISTEN_IMAPS ||
	    c->kind == LISTEN_POP3S));
}

void
caller_stop(void)
{
	struct caller	*c, *next;

	stopping = 1;
	listen_stop();
	if (by_sid.count == 0)
		proc_stopped();
	TAILQ_FOREACH_SAFE(c, &callers, entry, next) {
		if (mute(c))
			caller_close(c);
		else
			c->proto->stop(c);
	}
}

/* ---- the beginning ------------------------------------------------------ */

void
caller_unknown(struct caller *c)
{
	conn_timeout(c->conn, UNKNOWN_SECONDS);
	conn_deadline(c->conn, UNKNOWN_IN_ALL);
}

static void
greet(struct caller *c)
{
	c->state = CALLER_OPEN;
	c->greeted = 1;
	c->proto->greet(c);
	conn_again(c->conn);
}

static void
admit(struct caller *c)
{
	conn_resume(c->conn);
	if (mute(c))
		caller_starttls(c);
	else
		greet(c);
}

static void
refuse(struct caller *c, int code, const char *text)
{
	if (mute(c))
		caller_close(c);
	else
		c->proto->refuse(c, code, text);
}

/* Where nobody counts, who wants to read his mail may do so. */
static void
without_lookup(struct caller *c)
{
	if (c->proto->needs_lookup)
		refuse(c, 421, "4.3.2 Not ready, try again later");
	else
		admit(c);
}

/* His place in `away'; net is filled in. */
static size_t
away_slot(const struct addr *a, uint8_t net[9])
{
	net[0] = a->family;
	memcpy(net + 1, a->bytes, 8);
	return hash_bytes(net, 9) % AWAY_SLOTS;
}

static int
is_away(const struct addr *a)
{
	uint8_t	 net[9];
	size_t	 i = away_slot(a, net);

	return away[i].until > proc_now_ms() &&
	    memcmp(away[i].net, net, sizeof(net)) == 0;
}

static void
send_away(const struct addr *a)
{
	uint8_t	 net[9];
	size_t	 i = away_slot(a, net);

	memcpy(away[i].net, net, sizeof(net));
	away[i].until = proc_now_ms() + AWAY_MS;
}

/* May he?  First of all: a handshake is dear. */
static void
ask_lookup(struct caller *c)
{
	struct msg_connect	 m = { .sid = c->sid,
	    .listener = c->listener, .client = c->addr };

	c->state = CALLER_LOOKUP;
	/* What comes meanwhile may be for TLS. */
	conn_pause(c->conn);
	if (c->addr.family == 0)
		admit(c);
	else if (proc_send(PROC_LOOKUP, 0, M_CONNECT, &m, -1) == -1)
		without_lookup(c);
	else
		c->counted = 1;
}

void
caller_on_connect(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_connect_r	*m = msg;
	struct caller			*c;

	if ((c = caller_any(m->sid)) == NULL || c->state != CALLER_LOOKUP)
		return;
	if (m->code != 0) {
		send_away(&c->addr);
		c->counted = 0;
		refuse(c, m->code, m->text);
		return;
	}
	if (m->rdns[0] != '\0' && (c->rdns = strdup(m->rdns)) == NULL)
		fatal("caller");
	admit(c);
}

static void
secured(struct caller *c)
{
	proc_count_add(c->proto->n_tls, 1);
	c->tls = 1;
	c->state = CALLER_OPEN;
	c->proto->secured(c);
	if (c->greeted)
		conn_again(c->conn);
	else
		greet(c);
}

static void
on_conn(struct conn *conn, enum conn_event ev, void *arg)
{
	struct caller	*c = arg;

	if (ev == CONN_SECURED) {
		secured(c);
		return;
	}
	if (ev == CONN_TIMEOUT)
		proc_count_add(c->proto->n_timeouts, 1);
	if (ev == CONN_ERROR)
		log_debug("caller: %s", conn_error(conn));
	if (ev == CONN_EOF)
		c->eof = 1;
	if (c->state == CALLER_OPEN) {
		/* Who talks while he should wait is heard later. */
		if (ev != CONN_READABLE || caller_open(c))
			c->proto->event(c, ev);
	} else if (ev == CONN_EOF || ev == CONN_ERROR || ev == CONN_TIMEOUT)
		caller_close(c);
}

void
caller_starttls(struct caller *c)
{
	c->state = CALLER_TLS;
	conn_timeout(c->conn, 0);
	conn_deadline(c->conn, BEGIN_SECONDS);
	if (tls == NULL || conn_starttls_server(c->conn, tls) == -1)
		caller_close(c);
}

static struct caller *
caller_new(const struct caller_proto *proto, const struct conf_listen *l,
    int fd, const struct addr *addr)
{
	struct caller	*c;

	if ((c = calloc(1, proto->size)) == NULL) {
		close(fd);
		return NULL;
	}
	c->sid = proc_new_id();
	c->proto = proto;
	c->kind = l->kind;
	c->listener = l->index;
	c->addr = *addr;
	c->since = proc_now_ms();
	if ((c->conn = conn_new(fd, proto->inmax, on_conn, c)) == NULL ||
	    hashtab_insert(&by_sid, c) == -1) {
		if (c->conn != NULL)
			conn_free(c->conn);
		free(c);
		return NULL;
	}
	if (proto->outmax != 0)
		conn_outmax(c->conn, proto->outmax);
	TAILQ_INSERT_TAIL(&callers, c, entry);
	return c;
}

void
caller_accept(const struct caller_proto *proto, const struct conf_listen *l,
    int fd, const struct addr *addr, uint32_t uid)
{
	struct caller	*c;

	/* The limit is for all processes of the kind together. */
	if (is_away(addr) || conf_over(by_sid.count *
	    proc_count(proto->proc), conf->limits.sessions)) {
		if (l->kind != LISTEN_SUBMISSIONS && l->kind != LISTEN_IMAPS &&
		    l->kind != LISTEN_POP3S)
			(void)!write(fd, proto->busy, strlen(proto->busy));
		close(fd);
		return;
	}
	if ((c = caller_new(proto, l, fd, addr)) == NULL)
		return;
	c->uid = uid;
	proto->begin(c, l);
	proc_count_add(proto->n_sessions, 1);
	conn_deadline(c->conn, BEGIN_SECONDS);
	ask_lookup(c);
}

/* ---- the others --------------------------------------------------------- */

static void
lost(struct caller *c, enum proc_id proc)
{
	if (proc == PROC_LOOKUP)
		c->counted = 0;
	if (c->state == CALLER_LOOKUP && proc == PROC_LOOKUP)
		without_lookup(c);
	else if (c->login.state == LOGIN_JUDGE &&
	    (proc == PROC_AUTH || proc == c->proto->keeper))
		login_lost(c);
	else if (c->login.state == LOGIN_HIM && c->account != NULL &&
	    proc == c->proto->keeper)
		login_lost(c);
	else if (c->state == CALLER_OPEN)
		c->proto->gone(c, proc);
}

void
caller_peer_gone(enum proc_id proc)
{
	struct caller	*c, *next;

	if (conf == NULL)
		return;
	TAILQ_FOREACH_SAFE(c, &callers, entry, next)
		lost(c, proc);
}

void
caller_ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	struct ctlrow	 row;
	struct caller	*c;
	char		 id[PROC_IDLEN], client[ADDR_STRLEN];

	TAILQ_FOREACH(c, &callers, entry) {
		if (m->verb != CTL_SESSIONS)
			break;
		ctlrow_begin(&row);
		ctlrow_str(&row, "id", proc_print_id(c->sid, id));
		ctlrow_str(&row, "protocol", conf_kind_name(c->kind));
		ctlrow_str(&row, "client", addr_print(&c->addr, client,
		    sizeof(client)));
		ctlrow_str(&row, "account", c->account == NULL ? "" :
		    c->account);
		ctlrow_num(&row, "tls", c->tls);
		ctlrow_num(&row, "seconds", (proc_now_ms() - c->since) / 1000);
		c->proto->row(c, &row);
		ctlrow_send(from, m->cookie, &row);
	}
	ctlrow_end(from, m->cookie, m->verb == CTL_SESSIONS, "");
}
