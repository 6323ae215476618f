#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "body.h"
#include "conf.h"
#include "delivery.h"
#include "envelope.h"
#include "expand.h"
#include "grant.h"
#include "intake.h"
#include "libutil/hashtab.h"
#include "libutil/log.h"
#include "room.h"
#include "schedule.h"
#include "trace.h"
#include "transit.h"

#define TXNS_MAX	262144	/* of one smtp process */

/* Sessions have one transaction at a time. */
struct txn_key {
	uint64_t	 sid;
	uint64_t	 inst;
};

struct txn {
	struct txn_key	 key;
	uint32_t	 txn;
	struct msg_env_from from;	/* strings are ours */
	struct envelope	*env;
	int		 fd;
	unsigned	 asking;	/* recipients at lookup or store */
	unsigned	 asked;		/* and in all */
	uint8_t		 dropped;	/* not in the table any more */
	size_t		*reply_n;	/* client's n of each recipient */
	uint8_t		 own_sender;
	uint8_t		 trusted;
	struct transit	*transit;	/* after COMMIT */
};

/* A recipient that lookup is asked about. */
struct asked {
	struct txn	*txn;
	uint32_t	 n;
	uint8_t		 notify;
	char		*rcpt;
	char		*orcpt;
	struct expand_answer *answer;	/* lookup's, while the store is asked */
};

static struct hashtab	 txns;
static uint32_t		 ntxns[256];	/* by instance */
static const struct conf *conf;

static const void *
txn_key(const void *entry, size_t *len)
{
	const struct txn	*t = entry;

	*len = sizeof(t->key);
	return &t->key;
}

void
intake_init(void)
{
	hashtab_init(&txns, txn_key);
}

void
intake_conf(const struct conf *c)
{
	conf = c;
}

static struct txn *
txn_find(unsigned inst, uint64_t sid, uint32_t txn)
{
	struct txn_key	 key = { sid, inst };
	struct txn	*t;

	t = hashtab_find(&txns, &key, sizeof(key));
	return t != NULL && t->txn == txn ? t : NULL;
}

static void
asked_free(struct asked *a)
{
	free(a->rcpt);
	free(a->orcpt);
	expand_answer_free(a->answer);
	free(a);
}

/* A later transaction of the session may have the key by now. */
static void
txn_unlink(struct txn *t)
{
	if (hashtab_find(&txns, &t->key, sizeof(t->key)) != t)
		return;
	hashtab_remove(&txns, &t->key, sizeof(t->key));
	ntxns[t->key.inst]--;
}

/* The client went after its last byte: what was accepted goes on its way. */
static void
on_orphan(struct transit *tr, const struct transit_result *r, void *arg)
{
	if (r->code < 300 && tr->spooled)
		schedule_fresh(transit_take_env(tr), transit_take_fd(tr));
}

static void
txn_free(struct txn *t)
{
	txn_unlink(t);
	if (t->transit != NULL)
		transit_orphan(t->transit, on_orphan);
	envelope_free(t->env);
	if (t->fd != -1)
		close(t->fd);
	free((void *)(uintptr_t)t->from.sender);
	free((void *)(uintptr_t)t->from.helo);
	free((void *)(uintptr_t)t->from.rdns);
	free((void *)(uintptr_t)t->from.envid);
	free(t->reply_n);
	free(t);
}

static void
txn_drop(struct txn *t)
{
	/* Recipients at lookup keep it until their answers came. */
	if (t->asking > 0) {
		txn_unlink(t);
		t->dropped = 1;
	} else
		txn_free(t);
}

static const char *
copy(const char *s)
{
	char	*c;

	if ((c = strdup(s)) == NULL)
		fatal("intake");
	return c;
}

void
intake_from(const struct proc_from *from, const struct msg_env_from *m)
{
	struct txn_key	 key = { m->sid, from->inst };
	struct txn	*t;

	if ((t = hashtab_find(&txns, &key, sizeof(key))) != NULL)
		txn_drop(t);
	/* A session has one at a time, so this is no honest smtp. */
	if (ntxns[from->inst] >= TXNS_MAX) {
		proc_bad(from, "too many transactions");
		return;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->env = envelope_new()) == NULL)
		fatal("intake");
	t->key = key;
	t->txn = m->txn;
	t->from = *m;
	t->from.sender = copy(m->sender);
	t->from.helo = copy(m->helo);
	t->from.rdns = copy(m->rdns);
	t->from.envid = copy(m->envid);
	t->fd = -1;
	t->env->id = proc_new_id();
	t->env->created = proc_time();
	t->env->flags = m->flags;
	if (envelope_set(&t->env->sender, m->sender) == -1 ||
	    envelope_set(&t->env->envid, m->envid) == -1 ||
	    hashtab_insert(&txns, t) == -1)
		fatal("intake");
	ntxns[from->inst]++;
}

static void
rcpt_reply(struct txn *t, uint32_t n, uint16_t code, const char *enhanced,
    const char *text, int fd)
{
	struct msg_env_rcpt_r	 r = { .sid = t->key.sid, .txn = t->txn,
	    .n = n, .id = t->env->id, .code = code, .enhanced = enhanced,
	    .text = text };

	(void)proc_send(PROC_SMTP, t->key.inst, M_ENV_RCPT_R, &r, fd);
}

/* The first accepted recipient brings the descriptor for the body. */
static int
open_body(struct txn *t, int *dupfd)
{
	*dupfd = -1;
	if (t->fd != -1)
		return 0;
	if ((t->fd = body_open(t->from.size)) == -1)
		return -1;
	if ((*dupfd = fcntl(t->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		close(t->fd);
		t->fd = -1;
		return -1;
	}
	return 0;
}

static int
add_rcpt(struct txn *t, const struct asked *q, const struct expand_answer *a)
{
	const struct expand_dst	*d;
	struct destination	*dst;
	size_t			*p, i;

	p = reallocarray(t->reply_n, t->env->nrcpts + 1, sizeof(*p));
	if (p == NULL)
		return -1;
	t->reply_n = p;
	p[t->env->nrcpts] = q->n;
	if (t->env->ndsts + a->ndsts > ENVELOPE_DSTS ||
	    envelope_add_rcpt(t->env, q->rcpt, q->orcpt, q->notify) == NULL)
		return -1;
	for (i = 0; i < a->ndsts; i++) {
		d = &a->dsts[i];
		dst = envelope_add_dst(t->env, d->kind, d->address,
		    d->mailbox);
		if (dst == NULL)
			return -1;
		dst->quota_bytes = d->quota_bytes;
		dst->quota_messages = d->quota_messages;
	}
	return 0;
}

static void
rcpt_accept(struct txn *t, const struct asked *q,
    const struct expand_answer *a)
{
	int	 fd;

	if (delivery_disk_full() || !body_disk_ok())
		rcpt_reply(t, q->n, 452, "4.3.1",
		    "not enough room on disk, try later", -1);
	else if (open_body(t, &fd) == -1) {
		if (errno != ENOSPC)
			log_warn("body_open");
		rcpt_reply(t, q->n, 452, "4.3.1",
		    "no room for a message, try later", -1);
	} else if (add_rcpt(t, q, a) == -1) {
		/* The next one that is accepted brings it. */
		if (fd != -1) {
			close(fd);
			close(t->fd);
			t->fd = -1;
		}
		rcpt_reply(t, q->n, 452, "4.5.3", "too many recipients", -1);
	} else {
		t->own_sender = a->r->own_sender;
		t->trusted = a->r->trusted;
		rcpt_reply(t, q->n, a->r->code, a->r->enhanced, a->r->text,
		    fd);
	}
}

/* Answered, or dropped meanwhile and not in the table any more. */
static void
asked_end(struct asked *q)
{
	struct txn	*t = q->txn;

	asked_free(q);
	if (--t->asking == 0 && t->dropped)
		txn_free(t);
}

static void
on_room(void *arg, enum room room)
{
	struct asked	*q = arg;
	struct txn	*t = q->txn;

	if (t->dropped)
		;
	else if (room == ROOM_YES)
		rcpt_accept(t, q, q->answer);
	else if (room == ROOM_NO) {
		proc_count_add("queue_rcpt_full", 1);
		rcpt_reply(t, q->n, 452, "4.2.2", "mailbox is full", -1);
	} else
		rcpt_reply(t, q->n, 451, "4.3.0",
		    "mailboxes are not available just now", -1);
	asked_end(q);
}

static void
on_expand(void *arg, const struct expand_answer *a)
{
	struct asked	*q = arg;
	struct txn	*t = q->txn;

	if (t->dropped)
		;
	else if (a->r->code < 200 || a->r->code >= 300)
		rcpt_reply(t, q->n, a->r->code, a->r->enhanced, a->r->text,
		    -1);
	else if (!room_needed(a))
		rcpt_accept(t, q, a);
	else {
		if ((q->answer = expand_answer_dup(a)) == NULL)
			fatal("intake");
		room_ask(q->answer, t->from.size, on_room, q);
		return;
	}
	asked_end(q);
}

void
intake_rcpt(const struct proc_from *from, const struct msg_env_rcpt *m)
{
	struct msg_expand	 x = { 0 };
	struct asked		*q;
	struct txn		*t;

	t = txn_find(from->inst, m->sid, m->txn);
	if (t == NULL || t->transit != NULL) {
		proc_bad(from, "recipient without sender");
		return;
	}
	if (conf_over(t->asked, conf->limits.recipients)) {
		rcpt_reply(t, m->n, 452, "4.5.3", "too many recipients", -1);
		return;
	}
	if ((q = calloc(1, sizeof(*q))) == NULL ||
	    (q->rcpt = strdup(m->rcpt)) == NULL ||
	    (q->orcpt = strdup(m->orcpt)) == NULL)
		fatal("intake");
	q->txn = t;
	q->n = m->n;
	q->notify = m->notify;
	x.flags = t->from.flags;
	x.uid = t->from.uid;
	x.client = t->from.client;
	x.listener = t->from.listener;
	x.account = grant_account(PROC_SMTP, from->inst, m->sid);
	x.sender = t->from.sender;
	x.rcpt = m->rcpt;
	t->asked++;
	t->asking++;
	expand_ask(&x, on_expand, q);
}

void
intake_spill(const struct proc_from *from, const struct msg_env_spill *m)
{
	struct msg_env_spill_r	 r = { .sid = m->sid, .txn = m->txn };
	struct txn		*t;
	int			 fd, dupfd = -1;

	t = txn_find(from->inst, m->sid, m->txn);
	if (t == NULL || t->fd == -1 || t->transit != NULL) {
		proc_bad(from, "spill without body");
		return;
	}
	if ((fd = body_open_file()) != -1 &&
	    (dupfd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		close(fd);
	if (dupfd != -1) {
		close(t->fd);
		t->fd = fd;
		r.ok = 1;
	}
	(void)proc_send(PROC_SMTP, from->inst, M_ENV_SPILL_R, &r, dupfd);
}

static void
commit_reply(struct txn *t, uint32_t n, uint16_t code, const char *enhanced,
    const char *text)
{
	struct msg_env_commit_r	 r = { .sid = t->key.sid, .txn = t->txn,
	    .n = n, .id = t->env == NULL ? t->transit->id : t->env->id,
	    .code = code, .enhanced = enhanced, .text = text };

	(void)proc_send(PROC_SMTP, t->key.inst, M_ENV_COMMIT_R, &r, -1);
}

/*
 * LMTP: how did it end for this recipient?  One whose destinations all were
 * another's too shares the whole's fate.
 */
static void
reply_each(struct txn *t, const struct envelope *e,
    const struct transit_result *whole)
{
	const struct destination	*d, *said;
	size_t				 i, j;

	for (i = 0; i < e->nrcpts; i++) {
		said = NULL;
		for (j = 0; j < e->ndsts; j++) {
			d = &e->dsts[j];
			if (d->rcpt != i)
				continue;
			if (said == NULL || d->state == DSTATE_DONE ||
			    (d->code < 400 && said->code >= 400))
				said = d;
			if (said->state == DSTATE_DONE)
				break;
		}
		if (said == NULL)
			commit_reply(t, t->reply_n[i], whole->code,
			    whole->enhanced, whole->text);
		else if (said->state == DSTATE_DONE || said->code < 400)
			commit_reply(t, t->reply_n[i], 250, "2.0.0", "");
		else
			commit_reply(t, t->reply_n[i], said->code,
			    said->enhanced, said->text);
	}
}

static void
on_transit(struct transit *tr, const struct transit_result *r, void *arg)
{
	struct txn	*t = arg;
	int		 spooled = tr->spooled;

	if (t->from.flags & ENV_LMTP)
		reply_each(t, tr->env, r);
	else
		commit_reply(t, UINT32_MAX, r->code, r->enhanced, r->text);
	t->transit = NULL;
	if (r->code < 300 && spooled)
		schedule_fresh(transit_take_env(tr), transit_take_fd(tr));
	txn_free(t);
}

/* What is to be done with the message depends on who brought it. */
static uint32_t
scan_flags(const struct txn *t, const char *account)
{
	uint32_t	 flags = SCAN_LOCAL;

	if (account[0] != '\0' || t->from.flags & ENV_LOCAL)
		flags |= SCAN_SUBMISSION;
	if (t->own_sender && t->trusted)
		flags |= SCAN_SIGN;
	return flags;
}

static void
describe(const struct txn *t, const char *account, char *how, size_t size)
{
	char	 client[ADDR_STRLEN], helo[256];

	addr_print(&t->from.client, client, sizeof(client));
	log_quote(helo, sizeof(helo), t->from.helo, strlen(t->from.helo));
	snprintf(how, size, "client=%s helo=%s%s%s%s", client, helo,
	    t->from.flags & ENV_TLS ? " tls=1" : "",
	    account[0] != '\0' ? " account=" : "", account);
}

void
intake_commit(const struct proc_from *from, const struct msg_env_commit *m)
{
	char		 how[1024];
	const char	*account;
	struct txn	*t;
	struct envelope	*env;

	t = txn_find(from->inst, m->sid, m->txn);
	if (t == NULL || t->asking > 0 || t->fd == -1 || t->transit != NULL) {
		proc_bad(from, "commit without recipient");
		return;
	}
	if (m->size > conf->limits.message_size + 65536 ||
	    body_seal(t->fd, m->size) == -1) {
		commit_reply(t, UINT32_MAX, 451, "4.3.0",
		    "message was not written whole");
		txn_free(t);
		return;
	}
	account = grant_account(PROC_SMTP, from->inst, m->sid);
	t->env->size = m->size;
	describe(t, account, how, sizeof(how));
	trace_accepted(t->env, how);
	env = t->env;
	t->env = NULL;
	if ((t->transit = transit_new(env, t->fd, m->size)) == NULL)
		fatal("intake");
	t->fd = -1;
	t->transit->scan = scan_flags(t, account);
	t->transit->each = (t->from.flags & ENV_LMTP) != 0;
	if (t->transit->scan & SCAN_SIGN && envelope_set(&t->transit->domain,
	    envelope_domain(env->sender)) == -1)
		fatal("intake");
	transit_start(t->transit, on_transit, t);
}

void
intake_abort(const struct proc_from *from, const struct msg_env_abort *m)
{
	struct txn	*t;

	if ((t = txn_find(from->inst, m->sid, m->txn)) != NULL)
		txn_drop(t);
}

void
intake_session_end(const struct proc_from *from, uint64_t sid)
{
	struct txn_key	 key = { sid, from->inst };
	struct txn	*t;

	if ((t = hashtab_find(&txns, &key, sizeof(key))) != NULL)
		txn_drop(t);
}

void
intake_worker_gone(unsigned inst)
{
	struct txn	*t;
	size_t		 iter = 0;

	while ((t = hashtab_next(&txns, &iter)) != NULL) {
		if (t->key.inst == inst)
			txn_drop(t);
	}
}
