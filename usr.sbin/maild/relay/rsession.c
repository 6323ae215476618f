/* One connection to a server: bytes, TLS, time limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>

#include "conn.h"
#include "libsmtp/smtp_sasl.h"
#include "libutil/log.h"
#include "proc.h"
#include "rhost.h"
#include "rsession.h"
#include "rsession_result.h"
#include "tlskey.h"

/* Seconds; RFC 5321 4.5.3.2, but for the first and the last. */
#define TIME_CONNECT	30
#define TIME_GREETING	300
#define TIME_COMMAND	300
#define TIME_TLS	60
#define TIME_BLOCK	180
#define TIME_END	600
#define TIME_IDLE	3
#define TIME_MESSAGE	3600		/* from one's end to the next's */

#define RSESSION_INMAX	(64 * 1024)
#define RSESSION_EAGER	(64 * 1024)	/* BDAT unasked up to this size */
#define RSESSION_WINDOW	16		/* messages in flight, with BDAT */

static int	rsession_pump(struct rsession *);
static void	rsession_event(struct conn *, enum conn_event, void *);

static struct tls_config	*rsession_tls_any, *rsession_tls_verify;

void
rsession_conf(const struct conf *conf)
{
	tls_config_free(rsession_tls_any);
	tls_config_free(rsession_tls_verify);
	rsession_tls_any = tlskey_client(conf, 0);
	rsession_tls_verify = tlskey_client(conf, 1);
}

static void
rsession_timeout(struct rsession *s, unsigned seconds)
{
	if (s->seconds == seconds)
		return;
	s->seconds = seconds;
	conn_timeout(s->conn, seconds);
}

void
rsession_message_over(struct rsession *s)
{
	if (!s->losing)
		conn_deadline(s->conn, TIME_MESSAGE);
}

static enum smtp_tls
rsession_tls_mode(const struct route *r, const struct rtarget *t)
{
	if (r->implicit_tls)
		return SMTP_TLS_ON;
	if (r->require_tls)
		return SMTP_TLS_MUST;
	if (rsession_tls_any == NULL || rhost_is_notls(&t->addr))
		return SMTP_TLS_NONE;
	return SMTP_TLS_MAY;
}

int
rsession_open(struct route *r, const struct rtarget *t)
{
	struct smtp_client_opts	 opts;
	struct rsession		*s;
	char			 text[RHOST_TEXT], addr[ADDR_STRLEN];

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("rsession");
	s->id = proc_new_id();
	s->route = r;
	s->target = *t;
	s->since = proc_now_ms();
	s->conn = conn_connect(&t->addr, NULL, TIME_CONNECT, RSESSION_INMAX,
	    rsession_event, s);
	if (s->conn == NULL) {
		snprintf(text, sizeof(text), "connect to %.100s [%s]: %s",
		    t->host, addr_print(&t->addr, addr, sizeof(addr)),
		    strerror(errno));
		rhost_set_bad(&t->addr, 451, text);
		free(s);
		return -1;
	}
	s->seconds = TIME_CONNECT;
	/* A byte now and then is not enough. */
	conn_deadline(s->conn, TIME_MESSAGE);
	memset(&opts, 0, sizeof(opts));
	opts.helo = route_conf_get()->hostname;
	opts.tls = (uint8_t)rsession_tls_mode(r, t);
	opts.auth = r->user != NULL;
	opts.eager = RSESSION_EAGER;
	smtp_client_init(&s->client, &opts, &rsession_ops, s);
	smtp_reply_init(&s->parser);
	LIST_INSERT_HEAD(&r->sessions, s, entry);
	proc_count_add("relay.connections", 1);
	return 0;
}

/* The struct goes; its transactions must be gone already. */
static void
rsession_free(struct rsession *s)
{
	struct route	*r = s->route;

	LIST_REMOVE(s, entry);
	conn_free(s->conn);
	rsasl_free(s->sasl);
	smtp_reply_free(&s->parser);
	free(s);
	route_closed(r);
}

/*
 * It came to nothing.  A host is to blame that never let us in, or that hung
 * up on the first message; but one that has us connected already may just
 * want no more.
 */
static void
rsession_blame(struct rsession *s, uint16_t code, const char *why)
{
	char		 text[RHOST_TEXT], addr[ADDR_STRLEN];
	struct rsession	*other;

	if (s->progress)
		return;
	LIST_FOREACH(other, &s->route->sessions, entry) {
		if (other != s && other->progress &&
		    addr_equal(&other->target.addr, &s->target.addr)) {
			route_enough(s->route);
			return;
		}
	}
	snprintf(text, sizeof(text), "%.100s [%s]: %s", s->target.host,
	    addr_print(&s->target.addr, addr, sizeof(addr)), why);
	/* What a host says of itself decides nothing for good. */
	rhost_set_bad(&s->target.addr, code >= 400 && code < 500 ? code : 451,
	    text);
	proc_count_add("relay.connections.failed", 1);
	log_info("route=\"%s\" host=%s addr=%s result=failed reason=\"%s\"",
	    s->route->key, s->target.host, addr, why);
}

/* The connection is of no use any more. */
static void
rsession_lost(struct rsession *s, const char *why)
{
	struct smtp_reply	 r;
	char			 text[300];

	if (s->unproven && s->client.opts.tls == SMTP_TLS_MAY) {
		/* Better in the clear than not at all (RFC 7435). */
		log_info("route=\"%s\" host=%s result=notls reason=\"%s\"",
		    s->route->key, s->target.host, why);
		rhost_set_notls(&s->target.addr);
	} else
		rsession_blame(s, 451, why);
	snprintf(text, sizeof(text), "4.4.2 %s: %s", s->target.host, why);
	memset(&r, 0, sizeof(r));
	r.code = 451;
	r.text = span_of(text);
	s->losing = 1;
	smtp_client_lost(&s->client, &r);
	rsession_free(s);
}

void
rsession_drop(struct rsession *s)
{
	struct smtp_trans	*t;

	while ((t = TAILQ_FIRST(&s->client.list)) != NULL) {
		TAILQ_REMOVE(&s->client.list, t, entry);
		rmsg_free(t->arg);
	}
	rsession_free(s);
}

/* Over, and nobody is to blame: say goodbye and let conn do the rest. */
static void
rsession_bye(struct rsession *s)
{
	conn_close(s->conn);
	s->conn = NULL;
	rsession_free(s);
}

/* The state machine has ended it. */
static void
rsession_over(struct rsession *s)
{
	if (s->client.quit == 2) {
		rsession_bye(s);
		return;
	}
	if (!s->ready || !s->progress)
		rsession_blame(s, s->why_code, s->why_code >= 400 ? s->why :
		    "offers no TLS or no AUTH that we need");
	conn_out_done(s->conn);
	rsession_bye(s);
}

/* ---- TLS and AUTH ------------------------------------------------------- */

static int
rsession_starttls(struct rsession *s)
{
	struct tls_config	*config = rsession_tls_any, *own = NULL;
	const char		*name = s->target.host;
	struct addr		 a;
	int			 ret;

	/* To demand TLS of a named host is to mean that host. */
	if (s->route->host != NULL && (s->route->require_tls ||
	    s->route->implicit_tls))
		config = rsession_tls_verify;
	if (s->route->host != NULL && s->route->ca != NULL)
		config = own = tlskey_client_ca(route_conf_get(),
		    s->route->ca);
	if (addr_parse(&a, name) == 0)
		name = NULL;
	/* libtls takes an EOF within the handshake for its good end. */
	s->handshake = s->unproven = 1;
	conn_out_done(s->conn);
	rsession_timeout(s, TIME_TLS);
	ret = config == NULL ? -1 :
	    conn_starttls_client(s->conn, config, name);
	tls_config_free(own);		/* the connection has its own hold */
	return ret;
}

/* The password goes in the clear only to this very machine. */
static int
rsession_is_private(const struct rsession *s)
{
	static const uint8_t	 loopback6[16] = { [15] = 1 };
	const struct addr	*a = &s->target.addr;

	return s->secured || (a->family == 4 && a->bytes[0] == 127) ||
	    (a->family == 6 && memcmp(a->bytes, loopback6, 16) == 0);
}

static int
rsession_auth(struct rsession *s)
{
	struct buf	 initial;
	int		 ret;

	rsasl_free(s->sasl);
	s->sasl = rsasl_new(s->client.caps.mechs, rsession_is_private(s),
	    s->route->user, s->route->password == NULL ? "" :
	    s->route->password);
	if (s->sasl == NULL)
		return -1;
	buf_init(&initial, SMTP_SASL_MAX);
	if ((ret = rsasl_step(s->sasl, NULL, 0, &initial)) != -1)
		ret = smtp_client_auth(&s->client, conn_out(s->conn),
		    rsasl_mech(s->sasl), ret == 1 ? NULL : initial.len == 0 ?
		    (const uint8_t *)"" : buf_ptr(&initial), initial.len);
	buf_freezero(&initial);
	return ret;
}

static int
rsession_auth_step(struct rsession *s)
{
	struct buf	 answer;
	uint8_t		 challenge[1024];
	size_t		 n;
	int		 ret = -1;

	buf_init(&answer, SMTP_SASL_MAX);
	if (s->sasl != NULL && smtp_sasl_decode(s->client.challenge, 0,
	    challenge, sizeof(challenge), &n) == SMTP_SASL_DATA &&
	    rsasl_step(s->sasl, challenge, n, &answer) == 0)
		ret = smtp_client_auth_step(&s->client, conn_out(s->conn),
		    answer.len == 0 ? (const uint8_t *)"" : buf_ptr(&answer),
		    answer.len);
	buf_freezero(&answer);
	return ret;
}

/* ---- work --------------------------------------------------------------- */

/* 1: gave it a message; 0: there is none, or it has had enough. */
static int
rsession_feed(struct rsession *s)
{
	const struct smtp_caps	*caps = &s->client.caps;
	struct rmsg		*rm;

	if (!s->ready) {
		s->ready = 1;
		rhost_set_good(&s->target.addr);
		rsasl_free(s->sasl);
		s->sasl = NULL;
		if (caps->has & SMTP_CAP_CHUNKING)
			s->client.opts.window = RSESSION_WINDOW;
	}
	if (caps->mailmax != 0 && s->client.nmails >= caps->mailmax) {
		smtp_client_quit(&s->client);
		return 1;
	}
	if ((rm = route_next(s->route)) == NULL)
		return 0;
	smtp_client_mail(&s->client, rmsg_begin(rm, caps->rcptmax));
	return 1;
}

/* As much of the body as goes; 1: all of it, 0: wait, -1: the session ended. */
static int
rsession_body(struct rsession *s)
{
	struct smtp_trans	*t;
	int			 plain;

	if (s->body.msg == NULL) {
		t = smtp_client_body(&s->client, &plain);
		rbody_begin(&s->body, t->arg, plain);
	}
	/* Keep the order: what was built in place goes before it. */
	conn_out_done(s->conn);
	switch (rbody_send(&s->body, s->conn)) {
	case RBODY_DONE:
		smtp_client_body_done(&s->client);
		return 1;
	case RBODY_BLOCKED:
		return 0;
	case RBODY_CONN:
		rsession_lost(s, conn_error(s->conn) == NULL ?
		    "cannot write" : conn_error(s->conn));
		return -1;
	case RBODY_FILE:
		log_warnx("msg=%016llx result=unreadable",
		    (unsigned long long)s->body.msg->id);
		rsession_unreadable(s->body.msg);
		s->progress = 1;	/* not the host's fault */
		rsession_lost(s, "message cannot be read");
		return -1;
	}
	return -1;
}

/* How long may it keep us waiting now? */
static void
rsession_set_time(struct rsession *s)
{
	const struct smtp_trans	*t = TAILQ_FIRST(&s->client.list);

	if (!s->ready)
		rsession_timeout(s, s->connected ? TIME_GREETING :
		    TIME_CONNECT);
	else if (t == NULL)
		rsession_timeout(s, TIME_IDLE);
	else if (s->body.msg != NULL)
		rsession_timeout(s, TIME_BLOCK);
	else if (s->client.send != t)
		rsession_timeout(s, TIME_END);
	else
		rsession_timeout(s, TIME_COMMAND);
}

/* Say all that can be said.  0: the session is gone. */
static int
rsession_pump(struct rsession *s)
{
	int	 ret;

	for (;;) {
		s->hungry = 0;
		switch (smtp_client_next(&s->client, conn_out(s->conn))) {
		case SMTP_WANT_MAIL:
			if (rsession_feed(s))
				continue;
			s->hungry = 1;
			break;
		case SMTP_WANT_BODY:
			if ((ret = rsession_body(s)) == -1)
				return 0;
			if (ret == 1)
				continue;
			break;
		case SMTP_WANT_TLS:
			if (rsession_starttls(s) == 0)
				return 1;
			rsession_lost(s, "cannot begin with TLS");
			return 0;
		case SMTP_WANT_AUTH:
			if (rsession_auth(s) == 0)
				continue;
			rsession_lost(s, "offers no AUTH that we can use");
			return 0;
		case SMTP_WANT_AUTH_STEP:
			if (rsession_auth_step(s) == 0)
				continue;
			rsession_lost(s, "AUTH went wrong");
			return 0;
		case SMTP_WANT_CLOSE:
			rsession_over(s);
			return 0;
		case SMTP_WANT_REPLY:
			break;
		}
		break;
	}
	conn_out_done(s->conn);
	if (s->client.quit == 2 && s->client.ntrans == 0) {
		/* Nothing is left to hear but the goodbye. */
		rsession_bye(s);
		return 0;
	}
	rsession_set_time(s);
	return 1;
}

void
rsession_wake(struct rsession *s)
{
	(void)rsession_pump(s);
}

void
rsession_quit(struct rsession *s)
{
	if (!s->ready) {
		rsession_bye(s);
		return;
	}
	smtp_client_quit(&s->client);
	(void)rsession_pump(s);
}

const char *
rsession_state(const struct rsession *s)
{
	if (!s->connected)
		return "connecting";
	if (!s->ready)
		return "greeting";
	if (s->client.ntrans == 0)
		return "idle";
	return s->body.msg != NULL ? "sending" : "waiting";
}

/* A reply before the session is ready: keep what must outlive its bytes. */
static void
rsession_keep(struct rsession *s, const struct smtp_reply *r)
{
	struct span	*c = &s->client.challenge;

	s->why_code = r->code;
	smtp_reply_print(r, s->why, sizeof(s->why));
	if (r->code != 334)
		return;
	*c = r->text;
	if (c->len > sizeof(s->challenge))
		c->len = 0;
	if (c->len > 0)
		memcpy(s->challenge, c->p, c->len);
	c->p = s->challenge;
}

static void
rsession_read(struct rsession *s)
{
	struct smtp_reply	 reply;
	const uint8_t		*in;
	size_t			 len, used;
	enum codec		 ret;

	if (s->secured)
		s->unproven = 0;
	for (;;) {
		in = conn_in(s->conn, &len);
		if (len == 0)
			break;
		ret = smtp_reply_parse(&s->parser, (const char *)in, len,
		    &used, &reply);
		if (ret == CODEC_DONE) {
			smtp_client_reply(&s->client, &reply);
			if (!s->ready || !s->progress)
				rsession_keep(s, &reply);
		}
		conn_consume(s->conn, used);
		if (ret == CODEC_MORE)
			break;
		if (ret != CODEC_DONE) {
			rsession_lost(s, "does not speak SMTP");
			return;
		}
		/* What follows a reply to STARTTLS is not SMTP. */
		if (!s->ready && (!rsession_pump(s) || s->handshake))
			return;
	}
	(void)rsession_pump(s);
}

static void
rsession_secured(struct rsession *s)
{
	s->handshake = 0;
	s->secured = 1;
	if (s->client.opts.tls == SMTP_TLS_ON) {
		rsession_set_time(s);
		return;
	}
	smtp_reply_free(&s->parser);
	smtp_reply_init(&s->parser);
	smtp_client_tls_done(&s->client);
	(void)rsession_pump(s);
}

static void
rsession_event(struct conn *c, enum conn_event what, void *arg)
{
	struct rsession	*s = arg;

	switch (what) {
	case CONN_CONNECTED:
		s->connected = 1;
		if (s->client.opts.tls == SMTP_TLS_ON) {
			if (rsession_starttls(s) == -1)
				rsession_lost(s, "cannot begin with TLS");
			return;
		}
		rsession_set_time(s);
		return;
	case CONN_SECURED:
		rsession_secured(s);
		return;
	case CONN_READABLE:
		rsession_read(s);
		return;
	case CONN_DRAINED:
		if (s->body.msg != NULL)
			(void)rsession_pump(s);
		return;
	case CONN_EOF:
		if (s->ready && s->client.ntrans == 0)
			rsession_free(s);
		else
			rsession_lost(s, "closed the connection");
		return;
	case CONN_ERROR:
		rsession_lost(s, conn_error(c) == NULL ? "connection lost" :
		    conn_error(c));
		return;
	case CONN_TIMEOUT:
		if (s->ready && s->client.ntrans == 0)
			rsession_quit(s);
		else
			rsession_lost(s, s->connected ? "timed out" :
			    "connection timed out");
		return;
	}
}
