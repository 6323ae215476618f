/* A client's session, SMTP or LMTP, without I/O. */

#include <string.h>

#include "libsmtp/smtp_client_state.h"
#include "libsmtp/smtp_client_put.h"
#include "libsmtp/smtp_sasl.h"

/* More commands than this are never unanswered. */
#define CLIENT_PIPELINE	100

enum phase {
	WAIT_GREETING,
	SEND_EHLO,
	WAIT_EHLO,
	SEND_HELO,
	WAIT_HELO,
	SEND_STARTTLS,
	WAIT_STARTTLS,
	WAIT_TLS,		/* for the caller */
	WAIT_AUTH,		/* for the caller */
	WAIT_AUTH_STEP,		/* for the caller */
	WAIT_AUTH_REPLY,
	READY,
	OVER
};

/* What of a transaction is to be sent next. */
enum step {
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_WAIT,		/* for 354 */
	STEP_BODY,
	STEP_ABORT,		/* 354, but nobody is there to get it */
	STEP_RSET,
	STEP_RSET_WAIT,
	STEP_DONE
};

/* What has happened to a transaction. */
#define MARK_MAIL_GOT	0x01
#define MARK_MAIL_OK	0x02
#define MARK_DATA	0x04	/* DATA sent */
#define MARK_DATA_GOT	0x08
#define MARK_BODY	0x10	/* 354 came, or BDAT was sent */
#define MARK_BODY_SENT	0x20
#define MARK_PLAIN	0x40	/* by BDAT */
#define MARK_END_GOT	0x80

enum { RCPT_OPEN, RCPT_ACCEPTED, RCPT_RESOLVED };

#define LOCAL(name, n, s)						\
	static const struct smtp_reply name = {				\
		.code = n, .text = { s, sizeof(s) - 1 }			\
	}

LOCAL(local_lost, 421, "4.4.2 Connection lost");
LOCAL(local_memory, 451, "4.3.0 Out of memory");
LOCAL(local_protocol, 451, "4.5.0 The server broke the protocol");
LOCAL(local_early, 451, "4.5.0 The server answered before the message's end");
LOCAL(local_notls, 454, "4.7.10 The server does not offer STARTTLS");
LOCAL(local_noauth, 454, "4.7.0 The server does not offer AUTH");
LOCAL(local_address, 553, "5.1.3 An address is not fit to be sent");
LOCAL(local_size, 552, "5.3.4 The message is larger than the server takes");
LOCAL(local_utf8, 550,
    "5.6.7 The message needs SMTPUTF8, which the server does not offer");
LOCAL(local_requiretls, 550,
    "5.7.30 The message needs REQUIRETLS, which the server does not offer");

static void
client_result(struct smtp_client *c, struct smtp_trans *t, size_t i,
    enum smtp_stage stage, const struct smtp_reply *r)
{
	struct smtp_reply	 copy = *r;

	if (t->rcpts[i].state == RCPT_RESOLVED)
		return;
	/* Our own are written without; those of the server had theirs. */
	if (copy.enhanced.class == 0)
		smtp_enhanced_parse(copy.text, &copy.enhanced);
	if (copy.enhanced.class != copy.code / 100)
		memset(&copy.enhanced, 0, sizeof(copy.enhanced));
	t->rcpts[i].state = RCPT_RESOLVED;
	c->ops->result(c->arg, t, i, stage, &copy);
}

/* All that have no answer yet. */
static void
client_result_all(struct smtp_client *c, struct smtp_trans *t,
    enum smtp_stage stage, const struct smtp_reply *r)
{
	size_t	 i;

	for (i = 0; i < t->nrcpts; i++)
		client_result(c, t, i, stage, r);
}

/* If all is sent and answered: out of the list. */
static void
client_finish(struct smtp_client *c, struct smtp_trans *t)
{
	if (t->step != STEP_DONE)
		return;
	if (c->send == t)
		c->send = TAILQ_NEXT(t, entry);
	if (t->pending > 0)
		return;
	TAILQ_REMOVE(&c->list, t, entry);
	c->ntrans--;
	c->ops->done(c->arg, t);
}

static enum smtp_stage
trans_stage(const struct smtp_trans *t)
{
	if (t->marks & MARK_BODY_SENT)
		return SMTP_STAGE_END;
	if (t->marks & MARK_BODY)
		return SMTP_STAGE_BODY;
	if (t->marks & MARK_DATA)
		return SMTP_STAGE_DATA;
	if (t->marks & MARK_MAIL_GOT)
		return SMTP_STAGE_RCPT;
	return SMTP_STAGE_MAIL;
}

/* The session is over; stage is where it was if it never came to READY. */
static void
client_fail(struct smtp_client *c, enum smtp_stage stage,
    const struct smtp_reply *r)
{
	struct smtp_trans	*t;
	int			 ready = c->phase == READY;

	c->phase = OVER;
	c->send = NULL;
	c->pending = 0;
	while ((t = TAILQ_FIRST(&c->list)) != NULL) {
		if (ready)
			stage = t->step == STEP_MAIL ? SMTP_STAGE_UNSENT :
			    trans_stage(t);
		client_result_all(c, t, stage, r);
		TAILQ_REMOVE(&c->list, t, entry);
		c->ntrans--;
		c->ops->done(c->arg, t);
	}
}

void
smtp_client_init(struct smtp_client *c, const struct smtp_client_opts *opts,
    const struct smtp_client_ops *ops, void *arg)
{
	memset(c, 0, sizeof(*c));
	c->opts = *opts;
	if (c->opts.window == 0)
		c->opts.window = 2;
	c->ops = ops;
	c->arg = arg;
	TAILQ_INIT(&c->list);
	c->phase = WAIT_GREETING;
	c->tls = opts->tls == SMTP_TLS_ON;
}

/* ---- sending ------------------------------------------------------------ */

static int
client_pipelining(const struct smtp_client *c)
{
	return (c->caps.has & SMTP_CAP_PIPELINING) && !c->opts.nopipelining;
}

static int
client_may_issue(const struct smtp_client *c)
{
	return c->pending < (client_pipelining(c) ? CLIENT_PIPELINE : 1);
}

static void
client_expect(struct smtp_client *c, struct smtp_trans *t)
{
	t->pending++;
	c->pending++;
}

/* What the server cannot take, known before a word is said. */
static const struct smtp_reply *
trans_preflight(const struct smtp_client *c, const struct smtp_trans *t)
{
	switch (smtp_put_check(t)) {
	case SMTP_PUT_UTF8:
		if (!(t->flags & SMTP_TRANS_UTF8) ||
		    !(c->caps.has & SMTP_CAP_SMTPUTF8))
			return &local_utf8;
		break;
	case SMTP_PUT_BAD:
		return &local_address;
	default:
		break;
	}
	if (c->caps.size != 0 && t->size > c->caps.size)
		return &local_size;
	if ((t->flags & SMTP_TRANS_UTF8) &&
	    !(c->caps.has & SMTP_CAP_SMTPUTF8))
		return &local_utf8;
	if ((t->flags & SMTP_TRANS_REQUIRETLS) &&
	    (!c->tls || !(c->caps.has & SMTP_CAP_REQUIRETLS)))
		return &local_requiretls;
	return NULL;
}

/*
 * Not with LMTP: whether a refused BDAT has one answer or one for each
 * recipient is nowhere written.
 */
static int
trans_chunked(const struct smtp_client *c, const struct smtp_trans *t)
{
	return (c->caps.has & SMTP_CAP_CHUNKING) && !c->opts.nochunking &&
	    !c->opts.lmtp && t->size != 0;
}

/* DATA or BDAT, when it is time for it.  1: go on, 0: wait, -1: no room. */
static int
send_data(struct smtp_client *c, struct smtp_trans *t, struct buf *out)
{
	int	 known = (t->marks & MARK_MAIL_GOT) && t->rcpt_got == t->nrcpts;

	if (known && t->accepted == 0) {
		t->step = STEP_RSET;
		return 1;
	}
	if (!client_may_issue(c))
		return 0;
	if (!trans_chunked(c, t)) {
		if (buf_addstr(out, "DATA\r\n") == -1)
			return -1;
		t->marks |= MARK_DATA;
		client_expect(c, t);
		t->step = STEP_WAIT;
		return 1;
	}
	/* To send a large message before it is wanted would be rude. */
	if (!known && t->size > c->opts.eager)
		return 0;
	if (buf_addf(out, "BDAT %llu LAST\r\n",
	    (unsigned long long)t->size) == -1)
		return -1;
	t->marks |= MARK_BODY | MARK_PLAIN;
	client_expect(c, t);
	t->step = STEP_BODY;
	return 1;
}

/* One step of the transaction that is being sent; as send_data. */
static int
send_step(struct smtp_client *c, struct smtp_trans *t, struct buf *out)
{
	const struct smtp_reply	*no;

	switch (t->step) {
	case STEP_MAIL:
		if ((no = trans_preflight(c, t)) != NULL) {
			t->step = STEP_DONE;
			client_result_all(c, t, SMTP_STAGE_LOCAL, no);
			return 1;
		}
		if (!client_may_issue(c))
			return 0;
		if (smtp_put_mail(out, c->caps.has, t) == -1)
			return -1;
		c->nmails++;
		client_expect(c, t);
		t->step = STEP_RCPT;
		return 1;
	case STEP_RCPT:
		if (t->rcpt_sent == t->nrcpts) {
			t->step = STEP_DATA;
			return 1;
		}
		if (!client_may_issue(c))
			return 0;
		if (smtp_put_rcpt(out, c->caps.has, t, t->rcpt_sent) == -1)
			return -1;
		t->rcpt_sent++;
		client_expect(c, t);
		return 1;
	case STEP_DATA:
		return send_data(c, t, out);
	case STEP_ABORT:
		if (buf_addstr(out, ".\r\n") == -1)
			return -1;
		t->marks |= MARK_BODY | MARK_BODY_SENT;
		client_expect(c, t);
		t->step = STEP_DONE;
		return 1;
	case STEP_RSET:
		if (!client_may_issue(c))
			return 0;
		if (buf_addstr(out, "RSET\r\n") == -1)
			return -1;
		client_expect(c, t);
		/*
		 * A recipient who was accepted must not get the next message,
		 * whatever this server makes of RSET.  Behind BDAT it has to
		 * do: to wait each time would cost what BDAT saves.
		 */
		t->step = (t->marks & MARK_PLAIN) ? STEP_DONE :
		    STEP_RSET_WAIT;
		return 1;
	default:
		return 0;
	}
}

static enum smtp_want
client_pump(struct smtp_client *c, struct buf *out)
{
	struct smtp_trans	*t;
	int			 ret;

	while ((t = c->send) != NULL) {
		if (t->step == STEP_BODY)
			return SMTP_WANT_BODY;
		if (t->step == STEP_DONE) {
			client_finish(c, t);
			continue;
		}
		ret = send_step(c, t, out);
		if (ret == -1) {
			client_fail(c, SMTP_STAGE_LOCAL, &local_memory);
			return SMTP_WANT_CLOSE;
		}
		if (ret == 0)
			return SMTP_WANT_REPLY;
	}
	if (c->quit == 1 && client_may_issue(c)) {
		if (buf_addstr(out, "QUIT\r\n") == -1) {
			client_fail(c, SMTP_STAGE_LOCAL, &local_memory);
			return SMTP_WANT_CLOSE;
		}
		c->quit = 2;
		c->pending++;
	}
	if (c->quit || c->ntrans >= c->opts.window)
		return SMTP_WANT_REPLY;
	return SMTP_WANT_MAIL;
}

enum smtp_want
smtp_client_next(struct smtp_client *c, struct buf *out)
{
	int	 e = 0;

	switch (c->phase) {
	case SEND_EHLO:
		e = buf_addf(out, "%s %s\r\n", c->opts.lmtp ? "LHLO" : "EHLO",
		    c->opts.helo);
		c->phase = WAIT_EHLO;
		break;
	case SEND_HELO:
		e = buf_addf(out, "HELO %s\r\n", c->opts.helo);
		c->phase = WAIT_HELO;
		break;
	case SEND_STARTTLS:
		e = buf_addstr(out, "STARTTLS\r\n");
		c->phase = WAIT_STARTTLS;
		break;
	case WAIT_TLS:
		return SMTP_WANT_TLS;
	case WAIT_AUTH:
		return SMTP_WANT_AUTH;
	case WAIT_AUTH_STEP:
		return SMTP_WANT_AUTH_STEP;
	case READY:
		return client_pump(c, out);
	case OVER:
		return SMTP_WANT_CLOSE;
	default:
		break;
	}
	if (e == -1) {
		client_fail(c, SMTP_STAGE_LOCAL, &local_memory);
		return SMTP_WANT_CLOSE;
	}
	return SMTP_WANT_REPLY;
}

/* ---- replies to a transaction ------------------------------------------- */

static void
got_mail(struct smtp_client *c, struct smtp_trans *t,
    const struct smtp_reply *r)
{
	t->marks |= MARK_MAIL_GOT;
	if (r->code / 100 == 2) {
		t->marks |= MARK_MAIL_OK;
		return;
	}
	client_result_all(c, t, SMTP_STAGE_MAIL, r);
	/* The server is not within a transaction: nothing to reset. */
	if (t->step == STEP_RCPT || t->step == STEP_DATA)
		t->step = STEP_DONE;
}

static void
got_rcpt(struct smtp_client *c, struct smtp_trans *t,
    const struct smtp_reply *r)
{
	size_t	 i = t->rcpt_got++;

	if (t->rcpts[i].state == RCPT_RESOLVED)
		return;
	if (r->code / 100 == 2) {
		t->rcpts[i].state = RCPT_ACCEPTED;
		t->accepted++;
	} else
		client_result(c, t, i, SMTP_STAGE_RCPT, r);
}

static void
got_data(struct smtp_client *c, struct smtp_trans *t,
    const struct smtp_reply *r)
{
	t->marks |= MARK_DATA_GOT;
	if (r->code == 354) {
		if (t->accepted > 0) {
			t->marks |= MARK_BODY;
			t->step = STEP_BODY;
			client_expect(c, t);
		} else if (c->opts.lmtp) {
			/* How many answers to nothing?  RFC 2033 has none. */
			client_fail(c, SMTP_STAGE_DATA, &local_protocol);
		} else
			t->step = STEP_ABORT;
		return;
	}
	client_result_all(c, t, SMTP_STAGE_DATA, r->code / 100 >= 4 ? r :
	    &local_protocol);
	t->step = t->marks & MARK_MAIL_OK ? STEP_RSET : STEP_DONE;
}

/* The recipient that the next LMTP answer is for, or nrcpts. */
static size_t
lmtp_rcpt(const struct smtp_trans *t)
{
	size_t	 i;

	for (i = 0; i < t->nrcpts; i++) {
		if (t->rcpts[i].state == RCPT_ACCEPTED)
			return i;
	}
	return i;
}

static void
got_end(struct smtp_client *c, struct smtp_trans *t,
    const struct smtp_reply *r)
{
	size_t	 i;

	if (!(t->marks & MARK_BODY_SENT)) {
		/* It will not hear the rest: there is no way on from here. */
		client_result_all(c, t, SMTP_STAGE_BODY,
		    r->code / 100 >= 4 ? r : &local_early);
		client_fail(c, SMTP_STAGE_BODY, &local_early);
		return;
	}
	if (c->opts.lmtp && t->accepted > 0) {
		if ((i = lmtp_rcpt(t)) < t->nrcpts)
			client_result(c, t, i, SMTP_STAGE_END, r);
		if (++t->end_got < t->accepted) {
			client_expect(c, t);	/* one more */
			return;
		}
	} else
		client_result_all(c, t, SMTP_STAGE_END, r);
	t->marks |= MARK_END_GOT;
}

static void
client_trans_reply(struct smtp_client *c, struct smtp_trans *t,
    const struct smtp_reply *r)
{
	t->pending--;
	if (!(t->marks & MARK_MAIL_GOT))
		got_mail(c, t, r);
	else if (t->rcpt_got < t->rcpt_sent)
		got_rcpt(c, t, r);
	else if ((t->marks & (MARK_DATA | MARK_DATA_GOT)) == MARK_DATA)
		got_data(c, t, r);
	else if ((t->marks & (MARK_BODY | MARK_END_GOT)) == MARK_BODY)
		got_end(c, t, r);
	else if (r->code / 100 != 2)	/* to RSET */
		client_fail(c, SMTP_STAGE_MAIL, r);
	else
		t->step = STEP_DONE;
	if (c->phase != OVER)
		client_finish(c, t);
}

/* ---- replies before that ------------------------------------------------ */

/* EHLO was answered: what comes now? */
static void
client_greeted(struct smtp_client *c)
{
	if (!c->tls && (c->opts.tls == SMTP_TLS_MAY ||
	    c->opts.tls == SMTP_TLS_MUST)) {
		if (c->caps.has & SMTP_CAP_STARTTLS) {
			c->phase = SEND_STARTTLS;
			return;
		}
		if (c->opts.tls == SMTP_TLS_MUST) {
			client_fail(c, SMTP_STAGE_STARTTLS, &local_notls);
			return;
		}
	}
	if (c->opts.auth && !c->authed) {
		if (c->caps.has & SMTP_CAP_AUTH)
			c->phase = WAIT_AUTH;
		else
			client_fail(c, SMTP_STAGE_AUTH, &local_noauth);
		return;
	}
	c->phase = READY;
}

static void
got_ehlo(struct smtp_client *c, const struct smtp_reply *r)
{
	if (r->code / 100 == 2) {
		smtp_caps_parse(&c->caps, r);
		c->esmtp = 1;
		client_greeted(c);
		return;
	}
	memset(&c->caps, 0, sizeof(c->caps));
	/* RFC 5321 3.2: an old server; but not where HELO would not do. */
	if (r->code / 100 == 5 && !c->opts.lmtp && !c->opts.auth &&
	    c->opts.tls != SMTP_TLS_MUST)
		c->phase = SEND_HELO;
	else
		client_fail(c, SMTP_STAGE_EHLO, r);
}

static void
got_starttls(struct smtp_client *c, const struct smtp_reply *r)
{
	if (r->code == 220) {
		c->phase = WAIT_TLS;
		return;
	}
	if (c->opts.tls == SMTP_TLS_MUST) {
		client_fail(c, SMTP_STAGE_STARTTLS, r);
		return;
	}
	/* Opportunistic: do not ask again. */
	c->opts.tls = SMTP_TLS_NONE;
	client_greeted(c);
}

static void
got_auth(struct smtp_client *c, const struct smtp_reply *r)
{
	if (r->code == 334) {
		c->challenge = r->text;
		c->phase = WAIT_AUTH_STEP;
	} else if (r->code / 100 == 2) {
		c->authed = 1;
		c->phase = READY;
	} else
		client_fail(c, SMTP_STAGE_AUTH, r);
}

static enum smtp_stage
client_stage(const struct smtp_client *c)
{
	switch (c->phase) {
	case WAIT_GREETING:
		return SMTP_STAGE_GREETING;
	case SEND_EHLO:
	case WAIT_EHLO:
	case SEND_HELO:
	case WAIT_HELO:
		return SMTP_STAGE_EHLO;
	case SEND_STARTTLS:
	case WAIT_STARTTLS:
	case WAIT_TLS:
		return SMTP_STAGE_STARTTLS;
	case WAIT_AUTH:
	case WAIT_AUTH_STEP:
	case WAIT_AUTH_REPLY:
		return SMTP_STAGE_AUTH;
	default:
		return SMTP_STAGE_MAIL;
	}
}

static void
got_ready(struct smtp_client *c, const struct smtp_reply *r)
{
	struct smtp_trans	*t;

	if (c->pending == 0) {
		client_fail(c, SMTP_STAGE_MAIL, &local_protocol);
		return;
	}
	c->pending--;
	TAILQ_FOREACH(t, &c->list, entry) {
		if (t->pending > 0) {
			client_trans_reply(c, t, r);
			return;
		}
	}
	c->phase = OVER;	/* to QUIT */
}

void
smtp_client_reply(struct smtp_client *c, const struct smtp_reply *r)
{
	if (c->phase == OVER)
		return;
	/* RFC 5321 3.8: it closes, whatever it was asked. */
	if (r->code == 421) {
		client_fail(c, client_stage(c), r);
		return;
	}
	switch (c->phase) {
	case WAIT_GREETING:
		if (r->code / 100 == 2)
			c->phase = SEND_EHLO;
		else
			client_fail(c, SMTP_STAGE_GREETING, r);
		break;
	case WAIT_EHLO:
		got_ehlo(c, r);
		break;
	case WAIT_HELO:
		if (r->code / 100 == 2)
			client_greeted(c);
		else
			client_fail(c, SMTP_STAGE_EHLO, r);
		break;
	case WAIT_STARTTLS:
		got_starttls(c, r);
		break;
	case WAIT_AUTH_REPLY:
		got_auth(c, r);
		break;
	case READY:
		got_ready(c, r);
		break;
	default:
		/* Nothing was asked. */
		client_fail(c, client_stage(c), &local_protocol);
		break;
	}
}

void
smtp_client_tls_done(struct smtp_client *c)
{
	if (c->phase != WAIT_TLS)
		return;
	c->tls = 1;
	c->esmtp = 0;
	memset(&c->caps, 0, sizeof(c->caps));
	c->phase = SEND_EHLO;
}

int
smtp_client_auth(struct smtp_client *c, struct buf *out, uint32_t mech,
    const void *initial, size_t len)
{
	const char	*name = smtp_mech_name(mech);

	if (c->phase != WAIT_AUTH || name == NULL)
		return -1;
	if (buf_addf(out, "AUTH %s", name) == -1 ||
	    (initial != NULL && (buf_addc(out, ' ') == -1 ||
	    smtp_sasl_encode(out, initial, len, 1) == -1)) ||
	    buf_addstr(out, "\r\n") == -1)
		return -1;
	c->phase = WAIT_AUTH_REPLY;
	return 0;
}

int
smtp_client_auth_step(struct smtp_client *c, struct buf *out,
    const void *data, size_t len)
{
	if (c->phase != WAIT_AUTH_STEP ||
	    smtp_sasl_encode(out, data, len, 0) == -1 ||
	    buf_addstr(out, "\r\n") == -1)
		return -1;
	c->phase = WAIT_AUTH_REPLY;
	return 0;
}

void
smtp_client_mail(struct smtp_client *c, struct smtp_trans *t)
{
	size_t	 i;

	t->rcpt_sent = t->rcpt_got = t->accepted = t->end_got = 0;
	t->pending = 0;
	t->step = STEP_MAIL;
	t->marks = 0;
	for (i = 0; i < t->nrcpts; i++)
		t->rcpts[i].state = RCPT_OPEN;
	TAILQ_INSERT_TAIL(&c->list, t, entry);
	c->ntrans++;
	if (c->send == NULL)
		c->send = t;
	if (c->phase == OVER)
		client_fail(c, SMTP_STAGE_UNSENT, &local_lost);
}

struct smtp_trans *
smtp_client_body(struct smtp_client *c, int *plain)
{
	if (c->phase != READY || c->send == NULL || c->send->step != STEP_BODY)
		return NULL;
	*plain = (c->send->marks & MARK_PLAIN) != 0;
	return c->send;
}

void
smtp_client_body_done(struct smtp_client *c)
{
	struct smtp_trans	*t = c->send;

	if (c->phase != READY || t == NULL || t->step != STEP_BODY)
		return;
	t->marks |= MARK_BODY_SENT;
	/*
	 * RFC 3030 2: after a BDAT that failed the server must be told RSET.
	 * Whether it will fail is not known, and to wait would cost the round
	 * trip that BDAT saves.
	 */
	t->step = (t->marks & MARK_PLAIN) ? STEP_RSET : STEP_DONE;
	if (t->step == STEP_RSET && c->quit && TAILQ_NEXT(t, entry) == NULL)
		t->step = STEP_DONE;
}

void
smtp_client_quit(struct smtp_client *c)
{
	if (c->quit == 0)
		c->quit = 1;
}

void
smtp_client_lost(struct smtp_client *c, const struct smtp_reply *why)
{
	if (c->phase != OVER)
		client_fail(c, client_stage(c), why != NULL ? why :
		    &local_lost);
}

const char *
smtp_stage_name(enum smtp_stage stage)
{
	static const char *const	 names[] = {
		[SMTP_STAGE_LOCAL] = "local check",
		[SMTP_STAGE_UNSENT] = "not yet tried",
		[SMTP_STAGE_GREETING] = "greeting",
		[SMTP_STAGE_EHLO] = "EHLO",
		[SMTP_STAGE_STARTTLS] = "STARTTLS",
		[SMTP_STAGE_AUTH] = "AUTH",
		[SMTP_STAGE_MAIL] = "MAIL",
		[SMTP_STAGE_RCPT] = "RCPT",
		[SMTP_STAGE_DATA] = "DATA",
		[SMTP_STAGE_BODY] = "message",
		[SMTP_STAGE_END] = "end of message",
	};

	return names[stage];
}
