#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "conf.h"
#include "conn.h"
#include "ctlrow.h"
#include "iappend.h"
#include "imap.h"
#include "isession.h"
#include "libutil/log.h"
#include "listen.h"
#include "mbox.h"
#include "pop3_session.h"
#include "request.h"
#include "search.h"
#include "tlskey.h"

static const struct conf *conf;
static struct tls	*tls, *newtls;
static int		 stopping;

/* ---- answers of auth, lookup and queue --------------------------------- */

static void
on_connect_r(const struct proc_from *from, const void *msg, int fd)
{
	isession_connected(msg);
	pop3_session_connected(msg);
}

static void
on_challenge(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_challenge	*m = msg;
	struct isession			*s;
	struct pop3_session		*p;

	if ((s = isession_find(m->sid)) != NULL && s->waits && s->cmd != NULL)
		ilogin_challenge(s, &m->data);
	else if ((p = pop3_session_find(m->sid)) != NULL &&
	    p->wait == POP3_WAIT_AUTH)
		pop3_login_challenge(p, &m->data);
}

static void
on_auth_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_auth_r	*m = msg;
	struct isession		*s;
	struct pop3_session	*p;

	if ((s = isession_find(m->sid)) != NULL && s->waits && s->cmd != NULL)
		ilogin_result(s, m);
	else if ((p = pop3_session_find(m->sid)) != NULL &&
	    p->wait == POP3_WAIT_AUTH)
		pop3_login_result(p, m);
}

static void
on_granted(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_granted	*m = msg;
	struct isession			*s;
	struct pop3_session		*p;

	s = isession_find(m->sid);
	if (s != NULL && s->st.state == IMAP_STATE_NOAUTH && s->cmd != NULL)
		ilogin_granted(s, m);
	else if ((p = pop3_session_find(m->sid)) != NULL &&
	    p->st.phase == POP3_PHASE_SASL && p->wait != POP3_WAIT_JOB)
		pop3_login_granted(p, m);
}

static void
on_append_open_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_append_open_r	*m = msg;
	struct isession			*s;

	if ((s = isession_find(m->sid)) != NULL)
		iappend_opened(s, m, fd);
	else if (fd != -1)
		close(fd);
}

static void
on_append_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_append_r	*m = msg;
	struct isession			*s;

	if ((s = isession_find(m->sid)) != NULL)
		iappend_result(s, m);
}

/* ---- answers of the store ---------------------------------------------- */

static void
on_changed(const struct proc_from *from, const void *msg, int fd)
{
	mbox_changed(msg);
}

#define ANSWER(name, type)						\
static void								\
on_##name(const struct proc_from *from, const void *msg, int fd)	\
{									\
	const struct msg_##name	*m = msg;				\
									\
	request_answer(m->req, type, msg, fd);				\
}

ANSWER(st_list_r, M_ST_LIST_R)
ANSWER(st_status_r, M_ST_STATUS_R)
ANSWER(st_select_r, M_ST_SELECT_R)
ANSWER(st_uids_r, M_ST_UIDS_R)
ANSWER(st_sync_r, M_ST_SYNC_R)
ANSWER(st_fetch_r, M_ST_FETCH_R)
ANSWER(st_flags_r, M_ST_FLAGS_R)
ANSWER(st_copy_r, M_ST_COPY_R)
ANSWER(st_quota_r, M_ST_QUOTA_R)
ANSWER(st_props_r, M_ST_PROPS_R)
ANSWER(st_r, M_ST_R)

static const struct proc_dispatch dispatch[] = {
	{ M_CONNECT_R,		on_connect_r },
	{ M_AUTH_CHALLENGE,	on_challenge },
	{ M_AUTH_R,		on_auth_r },
	{ M_GRANTED,		on_granted },
	{ M_APPEND_OPEN_R,	on_append_open_r },
	{ M_APPEND_R,		on_append_r },
	{ M_ST_CHANGED,		on_changed },
	{ M_ST_LIST_R,		on_st_list_r },
	{ M_ST_STATUS_R,	on_st_status_r },
	{ M_ST_SELECT_R,	on_st_select_r },
	{ M_ST_UIDS_R,		on_st_uids_r },
	{ M_ST_SYNC_R,		on_st_sync_r },
	{ M_ST_FETCH_R,		on_st_fetch_r },
	{ M_ST_FLAGS_R,		on_st_flags_r },
	{ M_ST_COPY_R,		on_st_copy_r },
	{ M_ST_QUOTA_R,		on_st_quota_r },
	{ M_ST_PROPS_R,		on_st_props_r },
	{ M_ST_R,		on_st_r },
	{ M_MAX,		NULL }
};

/* ---- life -------------------------------------------------------------- */

static void
accept_client(const struct conf_listen *l, int fd, const struct addr *client,
    uint32_t uid)
{
	if (l->kind == LISTEN_POP3 || l->kind == LISTEN_POP3S)
		pop3_session_accept(l, fd, client, uid);
	else
		isession_accept(l, fd, client, uid);
}

static int
check(struct conf *new, char *err, size_t errsize)
{
	newtls = NULL;
	if (TAILQ_EMPTY(&new->certs))
		return 0;
	if ((newtls = tlskey_server(new)) == NULL) {
		strlcpy(err, "imap: certificates are not usable", errsize);
		return -1;
	}
	return 0;
}

static void
use(struct conf *new)
{
	struct tls	*old = tls;

	if (conf == NULL) {
		request_init();
		mbox_init();
	}
	conf = new;
	tls = newtls;
	newtls = NULL;
	isession_conf(new, tls);
	pop3_session_conf(new, tls);
	if (!stopping)
		listen_swap(new, accept_client);
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
	if (conf == NULL)
		return;
	/* Sessions of a lost store end; what they wait for comes to nothing. */
	isession_peer_gone(proc);
	pop3_session_peer_gone(proc);
	if (proc == PROC_STORE)
		request_store_gone();
}

static void
stop(void)
{
	stopping = 1;
	listen_stop();
	isession_stop_all();
	pop3_session_stop_all();
}

struct ask {
	const struct proc_from	*from;
	uint32_t		 cookie;
};

static void
show_session(struct isession *s, void *arg)
{
	struct ask	*ask = arg;
	struct ctlrow	 row;
	char		 id[PROC_IDLEN], client[ADDR_STRLEN];

	ctlrow_begin(&row);
	ctlrow_str(&row, "id", proc_print_id(s->sid, id));
	ctlrow_str(&row, "protocol", s->kind == LISTEN_IMAPS ? "imaps" :
	    "imap");
	ctlrow_str(&row, "client", addr_print(&s->client, client,
	    sizeof(client)));
	ctlrow_str(&row, "account", s->account == NULL ? "" : s->account);
	ctlrow_num(&row, "tls", s->st.secure);
	ctlrow_num(&row, "seconds", (proc_now_ms() - s->since) / 1000);
	ctlrow_num(&row, "messages", 0);
	ctlrow_str(&row, "state", s->mode == INPUT_IDLE ? "idle" :
	    s->busy ? "command" : s->st.state == IMAP_STATE_SELECTED ?
	    "selected" : "waiting");
	ctlrow_send(ask->from, ask->cookie, &row);
}

static void
show_pop3(struct pop3_session *s, void *arg)
{
	struct ask	*ask = arg;
	struct ctlrow	 row;
	char		 id[PROC_IDLEN], client[ADDR_STRLEN];

	ctlrow_begin(&row);
	ctlrow_str(&row, "id", proc_print_id(s->sid, id));
	ctlrow_str(&row, "protocol", conf_kind_name(s->kind));
	ctlrow_str(&row, "client", addr_print(&s->client, client,
	    sizeof(client)));
	ctlrow_str(&row, "account", s->account == NULL ? "" : s->account);
	ctlrow_num(&row, "tls", (s->st.flags & POP3_TLS) != 0);
	ctlrow_num(&row, "seconds", (proc_now_ms() - s->since) / 1000);
	ctlrow_num(&row, "messages", s->retrieved);
	ctlrow_str(&row, "state", s->wait != POP3_WAIT_NONE ? "command" :
	    s->st.phase == POP3_PHASE_TRANSACTION ? "maildrop" : "waiting");
	ctlrow_send(ask->from, ask->cookie, &row);
}

static void
ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	struct ask	 ask = { from, m->cookie };

	if (m->verb == CTL_SESSIONS) {
		isession_each(show_session, &ask);
		pop3_session_each(show_pop3, &ask);
	}
	ctlrow_end(from, m->cookie, m->verb == CTL_SESSIONS, "");
}

static void
stats(void)
{
	proc_count_set("imap_open", isession_count());
	proc_count_set("pop3_open", pop3_session_count());
}

static void
init(void)
{
	tlskey_init();
	search_init();
}

const struct proc_def imap_def = {
	.id = PROC_IMAP,
	.promises = "stdio recvfd sendfd inet",
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
