#include <sys/time.h>

#include <event.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "ctlrow.h"
#include "engine.h"
#include "libutil/log.h"
#include "limits.h"
#include "sacl.h"
#include "sdeliver.h"
#include "sfsck.h"
#include "sgrant.h"
#include "snotify.h"
#include "sprops.h"
#include "sread.h"
#include "srights.h"
#include "sroom.h"
#include "store.h"
#include "surl.h"
#include "swrite.h"
#include "watch.h"

static struct event	 tick, work;
static struct conf	*conf;

static void
on_grant(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_grant	*m = msg;

	if (m->origin.proc != PROC_IMAP)
		fatalx("auth grants what is not for the store");
	sgrant_add(m);
}

static void
on_session_end(const struct proc_from *from, const void *msg, int fd)
{
	sgrant_end(from->inst, ((const struct msg_session_end *)msg)->sid);
}

static void
on_deliver(const struct proc_from *from, const void *msg, int fd)
{
	sdeliver_message(msg, fd);
}

static void
on_deliver_to(const struct proc_from *from, const void *msg, int fd)
{
	sdeliver_to(msg);
}

static void
on_deliver_meta(const struct proc_from *from, const void *msg, int fd)
{
	sdeliver_meta(msg, fd);
}

static void
on_append_msg(const struct proc_from *from, const void *msg, int fd)
{
	sdeliver_append_msg(msg, fd);
}

static void
on_append(const struct proc_from *from, const void *msg, int fd)
{
	sdeliver_append(msg);
}

static void
on_room(const struct proc_from *from, const void *msg, int fd)
{
	sroom_answer(msg);
}

/* The same for each request of imap: the handler has the message's name. */
#define REQUEST(fn)							\
static void								\
on_##fn(const struct proc_from *from, const void *msg, int fd)		\
{									\
	fn(from, msg);							\
}

REQUEST(sread_list)
REQUEST(sread_status)
REQUEST(sread_select)
REQUEST(sread_unselect)
REQUEST(sread_uids)
REQUEST(sread_sync)
REQUEST(sread_fetch)
REQUEST(sread_quota)
REQUEST(swrite_mailbox)
REQUEST(swrite_flags)
REQUEST(swrite_expunge)
REQUEST(swrite_copy)
REQUEST(sprops_get)
REQUEST(sprops_set)
REQUEST(sacl_acl)
REQUEST(surl_fetch)
REQUEST(surl_key)
REQUEST(snotify_set)

static const struct proc_dispatch dispatch[] = {
	{ M_GRANT,		on_grant },
	{ M_SESSION_END,	on_session_end },
	{ M_DELIVER_TO,		on_deliver_to },
	{ M_DELIVER,		on_deliver },
	{ M_DELIVER_META,	on_deliver_meta },
	{ M_STORE_APPEND_MSG,	on_append_msg },
	{ M_STORE_APPEND,	on_append },
	{ M_ROOM,		on_room },
	{ M_ST_LIST,		on_sread_list },
	{ M_ST_MAILBOX,		on_swrite_mailbox },
	{ M_ST_STATUS,		on_sread_status },
	{ M_ST_SELECT,		on_sread_select },
	{ M_ST_UNSELECT,	on_sread_unselect },
	{ M_ST_UIDS,		on_sread_uids },
	{ M_ST_SYNC,		on_sread_sync },
	{ M_ST_FETCH,		on_sread_fetch },
	{ M_ST_FLAGS,		on_swrite_flags },
	{ M_ST_EXPUNGE,		on_swrite_expunge },
	{ M_ST_COPY,		on_swrite_copy },
	{ M_ST_QUOTA,		on_sread_quota },
	{ M_ST_PROPS,		on_sprops_get },
	{ M_ST_SETPROPS,	on_sprops_set },
	{ M_ST_ACL,		on_sacl_acl },
	{ M_ST_URL,		on_surl_fetch },
	{ M_ST_URLKEY,		on_surl_key },
	{ M_ST_NOTIFY,		on_snotify_set },
	{ M_MAX,		NULL }
};

/* ---- life --------------------------------------------------------------- */

static void
on_tick(int fd, short what, void *arg)
{
	static const struct timeval	 second = { 1, 0 };

	watch_disk();
	evtimer_add(&tick, &second);
}

/* A piece at a time, with room for everybody else between. */
static void
on_work(int fd, short what, void *arg)
{
	static const struct timeval	 second = { 1, 0 };
	static const struct timeval	 soon = { 0, 20000 };

	evtimer_add(&work, engine_work() ? &soon : &second);
}

static void
use(struct conf *new)
{
	int	 first = conf == NULL;

	conf = new;
	limits_conf(new);
	srights_conf(new);
	if (!first) {
		sgrant_limits();
		return;
	}
	watch_init();
	snotify_init();
	sgrant_init();
	sdeliver_init();
	sfsck_init();
	engine_open(new);
	evtimer_set(&tick, on_tick, NULL);
	evtimer_set(&work, on_work, NULL);
	on_tick(-1, 0, NULL);
	on_work(-1, 0, NULL);
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	if (conf == NULL)
		return;
	if (proc == PROC_IMAP)
		sgrant_worker_gone(inst);
	else if (proc == PROC_QUEUE)
		sdeliver_queue_gone();
}

static void
peer_here(enum proc_id proc, unsigned inst)
{
	if (conf != NULL && proc == PROC_QUEUE)
		watch_queue_here();
}

static void
stop(void)
{
	engine_close();
	proc_stopped();
}

/* ---- mailctl ------------------------------------------------------------ */

static void
usage_row(const struct proc_from *from, uint32_t cookie, uint32_t id,
    const char *name)
{
	struct mstore_quota	 use;
	struct ctlrow		 row;

	if (mstore_usage(engine(), id, &use) != MSTORE_OK)
		return;
	ctlrow_begin(&row);
	ctlrow_str(&row, "account", name);
	ctlrow_num(&row, "bytes", use.bytes);
	ctlrow_num(&row, "messages", use.messages);
	ctlrow_send(from, cookie, &row);
}

static void
usage(const struct proc_from *from, const struct msg_ctl *m)
{
	char		 name[MSTORE_MAXACCOUNT + 1] = "";
	uint32_t	 id;

	while (mstore_account_next(engine(), span_of(name), &id,
	    name) == MSTORE_OK) {
		if (m->arg[0] == '\0' || strcmp(m->arg, name) == 0)
			usage_row(from, m->cookie, id, name);
	}
	ctlrow_end(from, m->cookie, 1, "");
}

static void
purge(const struct proc_from *from, const struct msg_ctl *m)
{
	char		 ident[MSTORE_MAXACCOUNT + 3] = "u/";
	uint32_t	 id;

	/* What others granted him goes, whether he ever had mail or not. */
	strlcat(ident, m->arg, sizeof(ident));
	(void)engine_code(mstore_acl_forget(engine_begin(), span_of(ident)));
	srights_changed();
	if (mstore_account_get(engine(), span_of(m->arg), 0,
	    &id) != MSTORE_OK) {
		ctlrow_end(from, m->cookie, 0, "no mail of that account");
		return;
	}
	if (engine_code(mstore_account_delete(engine_begin(), id)) == ST_OK)
		ctlrow_end(from, m->cookie, 1, "its mail is removed");
	else
		ctlrow_end(from, m->cookie, 0, "not possible");
}

static void
ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	if (m->verb == CTL_ACCOUNT_USAGE)
		usage(from, m);
	else if (m->verb == CTL_ACCOUNT_PURGE)
		purge(from, m);
	else if (m->verb == CTL_FSCK)
		sfsck_begin(from, m->cookie);
	else
		ctlrow_end(from, m->cookie, 0, "the store does not know that");
}

static void
stats(void)
{
	struct mstore_stats	 st;

	mstore_stats(engine(), &st);
	proc_count_set("store_segments", st.segments);
	proc_count_set("store_bytes", st.bytes);
	proc_count_set("store_live_bytes", st.live);
	proc_count_set("store_turns", st.turns);
	proc_count_set("store_flushes", st.flushes);
	proc_count_set("store_records", st.records);
	proc_count_set("store_compactions", st.compactions);
}

const struct proc_def store_def = {
	.id = PROC_STORE,
	.promises = "stdio recvfd sendfd rpath wpath cpath flock",
	.dispatch = dispatch,
	.init = surl_init,
	.conf_use = use,
	.turn = engine_turn,
	.peer_gone = peer_gone,
	.peer_here = peer_here,
	.stop = stop,
	.ctl = ctl,
	.stats = stats
};
