#include <unistd.h>

#include "events.h"
#include "iappend.h"
#include "imap.h"
#include "isession.h"
#include "listen.h"
#include "mbox.h"
#include "pop3_session.h"
#include "proc.h"
#include "request.h"
#include "search.h"
#include "tlskey.h"

/* ---- answers of the queue ----------------------------------------------- */

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
on_event(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_st_event	*m = msg;
	struct isession			*s;

	if ((s = isession_find(m->sid)) != NULL)
		events_got(s, m);
}

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
ANSWER(st_acl_r, M_ST_ACL_R)
ANSWER(st_r, M_ST_R)

static const struct proc_dispatch dispatch[] = {
	{ M_CONNECT_R,		caller_on_connect },
	{ M_AUTH_CHALLENGE,	login_on_challenge },
	{ M_AUTH_R,		login_on_result },
	{ M_GRANTED,		login_on_granted },
	{ M_APPEND_OPEN_R,	on_append_open_r },
	{ M_APPEND_R,		on_append_r },
	{ M_ST_CHANGED,		on_changed },
	{ M_ST_EVENT,		on_event },
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
	{ M_ST_ACL_R,		on_st_acl_r },
	{ M_ST_R,		on_st_r },
	{ M_MAX,		NULL }
};

/* ---- life -------------------------------------------------------------- */

static void
accept_client(const struct conf_listen *l, int fd, const struct addr *client,
    uint32_t uid)
{
	caller_accept(l->kind == LISTEN_POP3 || l->kind == LISTEN_POP3S ?
	    &pop3_proto : &isession_proto, l, fd, client, uid);
}

static void
use(struct conf *new)
{
	caller_conf_use(new, accept_client);
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	/* Sessions of a lost store end; what they wait for comes to nothing. */
	caller_peer_gone(proc);
	if (proc == PROC_STORE)
		request_store_gone();
}

static void
stats(void)
{
	proc_count_set("imap_open", caller_count(&isession_proto));
	proc_count_set("pop3_open", caller_count(&pop3_proto));
}

static void
init(void)
{
	tlskey_init();
	search_init();
	request_init();
	mbox_init();
}

const struct proc_def imap_def = {
	.id = PROC_IMAP,
	.promises = "stdio recvfd sendfd inet",
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
