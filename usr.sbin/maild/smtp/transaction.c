#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsmtp/smtp_xtext.h"
#include "libutil/log.h"
#include "proc.h"
#include "session.h"

#define OPEN_REPLIES	1000	/* to RCPT, of one client */
#define OPEN_STRANGER	50	/* who may ask for no more than counts */

static uint32_t
env_flags(const struct session *s, const struct smtp_params *p)
{
	static const struct {
		uint8_t		 server;
		uint32_t	 env;
	} pairs[] = {
		{ SMTP_SERVER_AUTHED,	ENV_AUTH },
		{ SMTP_SERVER_TLS,	ENV_TLS },
		{ SMTP_SERVER_ESMTP,	ENV_ESMTP }
	};
	uint32_t	 flags = 0;
	size_t		 i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (s->st.flags & pairs[i].server)
			flags |= pairs[i].env;
	}
	if (s->c.kind == LISTEN_LMTP)
		flags |= ENV_LMTP;
	else if (s->c.kind == LISTEN_LOCAL)
		flags |= ENV_LOCAL;
	else if (s->c.kind != LISTEN_SMTP)
		flags |= ENV_SUBMISSION;
	if (p->set & SMTP_PARAM_BODY && p->body != SMTP_BODY_7BIT)
		flags |= ENV_8BIT;
	if (p->set & SMTP_PARAM_SMTPUTF8)
		flags |= ENV_UTF8 | ENV_8BIT;
	if (p->set & SMTP_PARAM_REQUIRETLS)
		flags |= ENV_REQUIRETLS;
	if (p->ret == SMTP_RET_HDRS)
		flags |= ENV_RET_HDRS;
	else if (p->ret == SMTP_RET_FULL)
		flags |= ENV_RET_FULL;
	return flags;
}

void
transaction_begin(struct session *s, const struct smtp_command *c,
    const char *sender)
{
	struct msg_env_from	 m = { .sid = s->c.sid, .uid = s->c.uid };
	struct transaction	*tx;
	char			 envid[SMTP_ENVID_MAX * 3 + 1];

	if (c->params.envid.len == 0 || smtp_xtext_decode(c->params.envid,
	    envid, sizeof(envid)) == -1)
		envid[0] = '\0';
	m.txn = ++s->txn;
	m.flags = env_flags(s, &c->params);
	m.listener = s->c.listener;
	if (c->params.set & SMTP_PARAM_SIZE)
		m.size = c->params.size;
	m.client = s->c.addr;
	m.sender = sender;
	m.helo = s->helo == NULL ? "" : s->helo;
	m.rdns = s->c.rdns == NULL ? "" : s->c.rdns;
	m.envid = envid;
	if (proc_send(PROC_QUEUE, 0, M_ENV_FROM, &m, -1) == -1) {
		session_reply(s, 451, "4.3.0 Not ready, try again later");
		return;
	}
	if ((tx = calloc(1, sizeof(*tx))) == NULL ||
	    (tx->sender = strdup(sender)) == NULL)
		fatal("transaction");
	STAILQ_INIT(&tx->replies);
	tx->fd = -1;
	tx->flags = m.flags;
	s->tx = tx;
	(void)smtp_server_event(&s->st, SMTP_EV_MAIL);
	session_reply(s, 250, "2.1.0 Ok");
}

void
transaction_end(struct session *s, int tell)
{
	struct transaction	*tx = s->tx;
	struct msg_env_abort	 m = { .sid = s->c.sid, .txn = s->txn };
	struct rcpt_reply	*r;
	uint32_t		 i;

	if (tx == NULL)
		return;
	if (tell)
		(void)proc_send(PROC_QUEUE, 0, M_ENV_ABORT, &m, -1);
	while ((r = STAILQ_FIRST(&tx->replies)) != NULL) {
		STAILQ_REMOVE_HEAD(&tx->replies, entry);
		free(r);
	}
	for (i = 0; tx->lmtp_text != NULL && i < tx->nlmtp; i++)
		free(tx->lmtp_text[i]);
	if (tx->fd != -1)
		close(tx->fd);
	buf_free(&tx->head);
	free(tx->lmtp);
	free(tx->lmtp_code);
	free(tx->lmtp_text);
	free(tx->sender);
	free(tx->rcpt);
	if (tx->held != NULL)
		freezero(tx->held, tx->heldlen);
	free(tx);
	s->tx = NULL;
}

/* ---- RCPT --------------------------------------------------------------- */

static struct rcpt_reply *
reply_new(struct session *s)
{
	struct rcpt_reply	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal("transaction");
	STAILQ_INSERT_TAIL(&s->tx->replies, r, entry);
	s->tx->nreplies++;
	return r;
}

/* Say what can be said in the order of the commands. */
static void
replies_flush(struct session *s)
{
	struct rcpt_reply	*r;

	while (!s->slow && (r = STAILQ_FIRST(&s->tx->replies)) != NULL &&
	    r->done) {
		session_reply(s, r->code, r->text);
		STAILQ_REMOVE_HEAD(&s->tx->replies, entry);
		s->tx->nreplies--;
		free(r);
	}
}

void
transaction_rcpt(struct session *s, const struct smtp_command *c,
    const char *rcpt)
{
	static const struct smtp_answer	 not_ready = {
		451, "4.3.0 Not ready, try again later" };
	struct msg_env_rcpt	 m = { .sid = s->c.sid, .txn = s->txn };
	struct rcpt_reply	*r;
	char			 orcpt[SMTP_ORCPT_MAX + 1];

	if (c->params.orcpt.len == 0 || smtp_orcpt_decode(c->params.orcpt,
	    orcpt, sizeof(orcpt)) == -1)
		orcpt[0] = '\0';
	m.n = s->tx->nrcpt;
	m.notify = c->params.notify;
	m.rcpt = rcpt;
	m.orcpt = strlen(orcpt) > MSG_ADDRESS ? "" : orcpt;
	if (proc_send(PROC_QUEUE, 0, M_ENV_RCPT, &m, -1) == -1) {
		transaction_rcpt_local(s, &not_ready);
		return;
	}
	(void)smtp_server_event(&s->st, SMTP_EV_RCPT);
	r = reply_new(s);
	r->n = s->tx->nrcpt++;
	if (s->tx->nrcpt == 1)
		s->tx->rcpt = strdup(rcpt);
}

void
transaction_rcpt_local(struct session *s, const struct smtp_answer *a)
{
	struct rcpt_reply	*r;

	r = reply_new(s);
	r->n = UINT32_MAX;
	r->done = 1;
	r->code = a->code;
	strlcpy(r->text, a->text, sizeof(r->text));
	replies_flush(s);
}

static void
accept_rcpt(struct session *s, uint32_t n)
{
	struct transaction	*tx = s->tx;
	uint32_t		*p;

	if (s->c.kind != LISTEN_LMTP)
		return;
	p = reallocarray(tx->lmtp, tx->nlmtp + 1, sizeof(*p));
	if (p == NULL)
		fatal("transaction");
	tx->lmtp = p;
	p[tx->nlmtp++] = n;
}

/* The command that waited; it may end the transaction, or the session. */
static void
transaction_release(struct session *s)
{
	struct span	 line = { s->tx->held, s->tx->heldlen };
	uint64_t	 sid = s->c.sid;

	s->tx->held = NULL;
	s->wait = WAIT_NONE;
	command_line(s, line);
	freezero((void *)(uintptr_t)line.p, line.len);
	if (session_find(sid) != NULL && s->wait == WAIT_NONE)
		session_continue(s);
}

void
transaction_rcpt_reply(struct session *s, const struct msg_env_rcpt_r *m,
    int fd)
{
	struct transaction	*tx = s->tx;
	struct rcpt_reply	*r;
	int			 ok = m->code >= 200 && m->code < 300;

	STAILQ_FOREACH(r, &tx->replies, entry) {
		if (r->n == m->n && !r->done)
			break;
	}
	if (r == NULL)
		fatalx("queue answers a recipient that was not asked");
	if (fd != -1) {
		if (tx->fd != -1)
			fatalx("queue sends two descriptors");
		tx->fd = fd;
		tx->on_disk = fcntl(fd, F_GET_SEALS) == -1;
	}
	if (ok && tx->fd == -1)
		fatalx("queue accepts without a descriptor");
	tx->id = m->id;
	r->done = 1;
	r->code = m->code;
	snprintf(r->text, sizeof(r->text), "%s %s", m->enhanced, m->text);
	(void)smtp_server_event(&s->st, ok ? SMTP_EV_RCPT_OK :
	    SMTP_EV_RCPT_NO);
	if (ok)
		accept_rcpt(s, m->n);
	else
		proc_count_add("smtp_recipients_refused", 1);
	if (m->code >= 500 && session_is_stranger(s))
		session_refused(s);
	replies_flush(s);
	if (s->wait == WAIT_RCPT && s->st.waiting == 0 && !s->slow)
		transaction_release(s);
}

void
transaction_go_on(struct session *s)
{
	replies_flush(s);
	if (s->wait == WAIT_RCPT && s->st.waiting == 0)
		transaction_release(s);
	else if (s->wait == WAIT_NONE)
		session_continue(s);
}

/* Any but RCPT; and that too when more are open than a client needs. */
int
transaction_waits(const struct session *s, enum smtp_verb verb)
{
	if (smtp_server_waits(&s->st, verb))
		return 1;
	return s->st.waiting > 0 && s->tx->nreplies >=
	    (session_is_stranger(s) ? OPEN_STRANGER : OPEN_REPLIES);
}

void
transaction_hold(struct session *s, struct span line)
{
	if ((s->tx->held = malloc(line.len + 1)) == NULL)
		fatal("transaction");
	memcpy(s->tx->held, line.p, line.len);
	s->tx->heldlen = line.len;
}

/* ---- the end ------------------------------------------------------------ */

void
transaction_answer(struct session *s, int code, const char *text)
{
	uint32_t	 i, n = 1;

	if (s->c.kind == LISTEN_LMTP)
		n = s->tx->nlmtp;
	for (i = 0; i < n; i++)
		session_reply(s, code, text);
	(void)smtp_server_event(&s->st, SMTP_EV_END);
	s->messages++;
	s->junk = 0;
}

static void
commit_text(const struct msg_env_commit_r *m, char *text, size_t size)
{
	char	 id[PROC_IDLEN];

	if (m->code < 300)
		snprintf(text, size, "%s Ok: %s", m->enhanced,
		    proc_print_id(m->id, id));
	else
		snprintf(text, size, "%s %s", m->enhanced, m->text);
}

/* LMTP: they come in any order, and are said in that of the recipients. */
static int
commit_one(struct session *s, const struct msg_env_commit_r *m)
{
	struct transaction	*tx = s->tx;
	char			 text[MSG_TEXT + 64];
	uint32_t		 i;

	if (tx->lmtp_code == NULL &&
	    ((tx->lmtp_code = calloc(tx->nlmtp, sizeof(uint16_t))) == NULL ||
	    (tx->lmtp_text = calloc(tx->nlmtp, sizeof(char *))) == NULL))
		fatal("transaction");
	for (i = 0; i < tx->nlmtp && tx->lmtp[i] != m->n; i++)
		;
	if (i == tx->nlmtp || tx->lmtp_code[i] != 0)
		fatalx("queue answers a recipient that was not asked");
	commit_text(m, text, sizeof(text));
	tx->lmtp_code[i] = m->code;
	if ((tx->lmtp_text[i] = strdup(text)) == NULL)
		fatal("transaction");
	if (++tx->lmtp_done < tx->nlmtp)
		return 0;
	for (i = 0; i < tx->nlmtp; i++)
		session_reply(s, tx->lmtp_code[i], tx->lmtp_text[i]);
	(void)smtp_server_event(&s->st, SMTP_EV_END);
	s->messages++;
	s->junk = 0;
	return 1;
}

void
transaction_committed(struct session *s, const struct msg_env_commit_r *m)
{
	char	 text[MSG_TEXT + 64];

	if (s->c.kind == LISTEN_LMTP && m->n != UINT32_MAX) {
		if (!commit_one(s, m))
			return;
	} else {
		commit_text(m, text, sizeof(text));
		transaction_answer(s, m->code, text);
	}
	if (m->code < 300)
		session_served(s);
	proc_count_add(m->code < 300 ? "smtp_messages" :
	    "smtp_messages_refused", 1);
	transaction_end(s, 0);
	session_continue(s);
}
