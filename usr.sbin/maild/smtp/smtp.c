#include <unistd.h>

#include "listen.h"
#include "proc.h"
#include "session.h"
#include "smtp.h"
#include "tlskey.h"

/* ---- answers of the queue ----------------------------------------------- */

static void
on_rcpt_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_env_rcpt_r	*m = msg;
	struct session			*s;

	s = session_find(m->sid);
	if (s == NULL || s->tx == NULL || s->txn != m->txn) {
		if (fd != -1)
			close(fd);
		return;
	}
	transaction_rcpt_reply(s, m, fd);
}

static void
on_spill_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_env_spill_r	*m = msg;
	struct session			*s;

	s = session_find(m->sid);
	if (s == NULL || s->wait != WAIT_SPILL || s->txn != m->txn) {
		if (fd != -1)
			close(fd);
		return;
	}
	data_spilled(s, m->ok, fd);
}

static void
on_commit_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_env_commit_r	*m = msg;
	struct session			*s;

	s = session_find(m->sid);
	if (s != NULL && s->wait == WAIT_COMMIT && s->txn == m->txn)
		transaction_committed(s, m);
}

static const struct proc_dispatch dispatch[] = {
	{ M_CONNECT_R,		caller_on_connect },
	{ M_AUTH_CHALLENGE,	login_on_challenge },
	{ M_AUTH_R,		login_on_result },
	{ M_GRANTED,		login_on_granted },
	{ M_ENV_RCPT_R,		on_rcpt_r },
	{ M_ENV_SPILL_R,	on_spill_r },
	{ M_ENV_COMMIT_R,	on_commit_r },
	{ M_MAX,		NULL }
};

/* ---- life --------------------------------------------------------------- */

static void
accept_client(const struct conf_listen *l, int fd, const struct addr *client,
    uint32_t uid)
{
	caller_accept(&session_proto, l, fd, client, uid);
}

static void
use(struct conf *new)
{
	caller_conf_use(new, accept_client);
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	caller_peer_gone(proc);
}

static void
stats(void)
{
	proc_count_set("smtp_open", caller_count(&session_proto));
}

static void
init(void)
{
	tlskey_init();
}

const struct proc_def smtp_def = {
	.id = PROC_SMTP,
	.promises = "stdio recvfd sendfd inet unix",
	.dispatch = dispatch,
	.init = init,
	.conf_check = caller_conf_check,
	.conf_use = use,
	.conf_drop = caller_conf_drop,
	.conf_listen = listen_stage,
	.peer_gone = peer_gone,
	.stop = caller_stop,
	.ctl = caller_ctl,
	.stats = stats
};
