#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "conf.h"
#include "conn.h"
#include "ctlrow.h"
#include "libutil/log.h"
#include "listen.h"
#include "session.h"
#include "smtp.h"
#include "tlskey.h"

static const struct conf *conf;
static struct tls	*tls, *newtls;
static int		 stopping;

/* ---- answers of the others ---------------------------------------------- */

static void
on_connect_r(const struct proc_from *from, const void *msg, int fd)
{
	session_connected(msg);
}

static void
on_challenge(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_challenge	*m = msg;
	struct session			*s;

	if ((s = session_find(m->sid)) != NULL && s->wait == WAIT_AUTH)
		login_challenge(s, &m->data);
}

static void
on_auth_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_r	*m = msg;
	struct session		*s;

	if ((s = session_find(m->sid)) != NULL && s->wait == WAIT_AUTH)
		login_result(s, m);
}

static void
on_granted(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_granted	*m = msg;
	struct session			*s;

	if ((s = session_find(m->sid)) != NULL &&
	    s->st.phase == SMTP_PHASE_AUTH)
		login_granted(s, m);
}

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
	{ M_CONNECT_R,		on_connect_r },
	{ M_AUTH_CHALLENGE,	on_challenge },
	{ M_AUTH_R,		on_auth_r },
	{ M_GRANTED,		on_granted },
	{ M_ENV_RCPT_R,		on_rcpt_r },
	{ M_ENV_SPILL_R,	on_spill_r },
	{ M_ENV_COMMIT_R,	on_commit_r },
	{ M_MAX,		NULL }
};

/* ---- life --------------------------------------------------------------- */

static int
check(struct conf *new, char *err, size_t errsize)
{
	newtls = NULL;
	if (TAILQ_EMPTY(&new->certs))
		return 0;
	if ((newtls = tlskey_server(new)) == NULL) {
		strlcpy(err, "smtp: certificates are not usable", errsize);
		return -1;
	}
	return 0;
}

static void
use(struct conf *new)
{
	struct tls	*old = tls;

	conf = new;
	tls = newtls;
	newtls = NULL;
	session_conf(new, tls);
	if (!stopping)
		listen_swap(new, session_accept);
	if (old != NULL)
		tlskey_free(old);
}

static void
drop(struct conf *new)
{
	listen_drop();
	tlskey_free(newtls);
	newtls = NULL;
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	if (conf != NULL)
		session_peer_gone(proc);
}

static void
stop(void)
{
	stopping = 1;
	listen_stop();
	session_stop_all();
}

struct ask {
	const struct proc_from	*from;
	uint32_t		 cookie;
};

static void
show_session(struct session *s, void *arg)
{
	static const char	*const kinds[] = {
		[LISTEN_SMTP] = "smtp",
		[LISTEN_SUBMISSION] = "submission",
		[LISTEN_SUBMISSIONS] = "submissions",
		[LISTEN_LMTP] = "lmtp",
		[LISTEN_LOCAL] = "local"
	};
	struct ask		*ask = arg;
	struct ctlrow		 row;
	char			 id[PROC_IDLEN], client[ADDR_STRLEN];

	ctlrow_begin(&row);
	ctlrow_str(&row, "id", proc_print_id(s->sid, id));
	ctlrow_str(&row, "protocol", kinds[s->kind]);
	ctlrow_str(&row, "client", addr_print(&s->client, client,
	    sizeof(client)));
	ctlrow_str(&row, "account", s->account == NULL ? "" : s->account);
	ctlrow_num(&row, "tls", (s->st.flags & SMTP_SERVER_TLS) != 0);
	ctlrow_num(&row, "seconds", (proc_now_ms() - s->since) / 1000);
	ctlrow_num(&row, "messages", s->messages);
	ctlrow_str(&row, "state", s->tx == NULL ? "idle" : "message");
	ctlrow_send(ask->from, ask->cookie, &row);
}

static void
ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	struct ask	 ask = { from, m->cookie };

	if (m->verb == CTL_SESSIONS)
		session_each(show_session, &ask);
	ctlrow_end(from, m->cookie, m->verb == CTL_SESSIONS, "");
}

static void
stats(void)
{
	proc_count_set("smtp_open", session_count());
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
	.conf_check = check,
	.conf_use = use,
	.conf_drop = drop,
	.conf_listen = listen_stage,
	.peer_gone = peer_gone,
	.stop = stop,
	.ctl = ctl,
	.stats = stats
};
