#include <sys/time.h>

#include <event.h>
#include <unistd.h>

#include "admin.h"
#include "append.h"
#include "body.h"
#include "bounce.h"
#include "conf.h"
#include "delivery.h"
#include "expand.h"
#include "grant.h"
#include "intake.h"
#include "libutil/log.h"
#include "qfsck.h"
#include "queue.h"
#include "relayjob.h"
#include "room.h"
#include "scanjob.h"
#include "schedule.h"
#include "trace.h"
#include "transit.h"
#include "turn.h"

static struct event	 tick;
static struct conf	*conf;
static int		 stopping;

/* ---- messages: each handler only hands on to who knows ------------------ */

static void
on_grant(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_grant	*m = msg;
	struct msg_granted	 r = { .sid = m->origin.sid, .ok = 1,
	    .text = "" };

	if (m->origin.proc != PROC_SMTP)
		fatalx("auth grants what is not for the queue");
	grant_add(m);
	(void)proc_send(PROC_SMTP, m->origin.inst, M_GRANTED, &r, -1);
}

static void
on_session_end(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_session_end	*m = msg;

	grant_end(from->proc, from->inst, m->sid);
	if (from->proc == PROC_SMTP)
		intake_session_end(from, m->sid);
	else
		append_session_end(from, m->sid);
}

static void
on_env_from(const struct proc_from *from, const void *msg, int fd)
{
	intake_from(from, msg);
}

static void
on_env_rcpt(const struct proc_from *from, const void *msg, int fd)
{
	intake_rcpt(from, msg);
}

static void
on_env_spill(const struct proc_from *from, const void *msg, int fd)
{
	intake_spill(from, msg);
}

static void
on_env_commit(const struct proc_from *from, const void *msg, int fd)
{
	intake_commit(from, msg);
}

static void
on_env_abort(const struct proc_from *from, const void *msg, int fd)
{
	intake_abort(from, msg);
}

static void
on_append_open(const struct proc_from *from, const void *msg, int fd)
{
	append_open(from, msg);
}

static void
on_append_msg(const struct proc_from *from, const void *msg, int fd)
{
	append_msg(from, msg, fd);
}

static void
on_append_commit(const struct proc_from *from, const void *msg, int fd)
{
	append_commit(from, msg);
}

static void
on_append_abort(const struct proc_from *from, const void *msg, int fd)
{
	append_abort(from, msg);
}

static void
on_expand_dst(const struct proc_from *from, const void *msg, int fd)
{
	expand_dst(msg);
}

static void
on_expand_r(const struct proc_from *from, const void *msg, int fd)
{
	expand_done(msg);
}

static void
on_scan_r(const struct proc_from *from, const void *msg, int fd)
{
	scanjob_answer(from, msg, fd);
}

static void
on_dkim_sign_r(const struct proc_from *from, const void *msg, int fd)
{
	transit_signed(msg);
}

static void
on_deliver_r(const struct proc_from *from, const void *msg, int fd)
{
	delivery_answer(msg);
}

static void
on_store_append_r(const struct proc_from *from, const void *msg, int fd)
{
	append_stored(msg);
}

static void
on_room_r(const struct proc_from *from, const void *msg, int fd)
{
	room_answer(msg);
}

static void
on_store_full(const struct proc_from *from, const void *msg, int fd)
{
	delivery_disk(msg);
}

static void
on_relay_rcpt_r(const struct proc_from *from, const void *msg, int fd)
{
	relayjob_rcpt_result(from, msg);
}

static void
on_relay_r(const struct proc_from *from, const void *msg, int fd)
{
	relayjob_done(from, msg);
}

static void
on_relay_window(const struct proc_from *from, const void *msg, int fd)
{
	relayjob_window(((const struct msg_relay_window *)msg)->messages);
}

static void
on_ctl_more(const struct proc_from *from, const void *msg, int fd)
{
	admin_more(msg);
}

static const struct proc_dispatch dispatch[] = {
	{ M_GRANT,		on_grant },
	{ M_SESSION_END,	on_session_end },
	{ M_ENV_FROM,		on_env_from },
	{ M_ENV_RCPT,		on_env_rcpt },
	{ M_ENV_SPILL,		on_env_spill },
	{ M_ENV_COMMIT,		on_env_commit },
	{ M_ENV_ABORT,		on_env_abort },
	{ M_APPEND_OPEN,	on_append_open },
	{ M_APPEND_MSG,		on_append_msg },
	{ M_APPEND_COMMIT,	on_append_commit },
	{ M_APPEND_ABORT,	on_append_abort },
	{ M_EXPAND_DST,		on_expand_dst },
	{ M_EXPAND_R,		on_expand_r },
	{ M_SCAN_R,		on_scan_r },
	{ M_DKIM_SIGN_R,	on_dkim_sign_r },
	{ M_DELIVER_R,		on_deliver_r },
	{ M_STORE_APPEND_R,	on_store_append_r },
	{ M_ROOM_R,		on_room_r },
	{ M_STORE_FULL,		on_store_full },
	{ M_RELAY_RCPT_R,	on_relay_rcpt_r },
	{ M_RELAY_R,		on_relay_r },
	{ M_RELAY_WINDOW,	on_relay_window },
	{ M_CTL_MORE,		on_ctl_more },
	{ M_MAX,		NULL }
};

/* ---- life --------------------------------------------------------------- */

static void
on_tick(int fd, short what, void *arg)
{
	static const struct timeval	 second = { 1, 0 };

	delivery_tick();
	scanjob_tick();
	room_tick();
	if (!stopping)
		schedule_tick();
	if (!spool_in_turn(turn_spool()))
		(void)spool_work(turn_spool(), proc_time());
	evtimer_add(&tick, &second);
}

static int
check(struct conf *new, char *err, size_t errsize)
{
	return 0;
}

static void
use(struct conf *new)
{
	struct conf	*old = conf;

	conf = new;
	body_conf(new);
	trace_conf(new);
	transit_conf(new);
	intake_conf(new);
	append_conf(new);
	schedule_conf(new);
	if (old != NULL)
		return;
	scanjob_init();
	delivery_init();
	expand_init();
	room_init();
	grant_init();
	transit_init();
	intake_init();
	append_init();
	schedule_init();
	qfsck_init();
	turn_open(conf->limits.disk_reserve, conf->limits.inode_reserve);
	evtimer_set(&tick, on_tick, NULL);
	on_tick(-1, 0, NULL);
}

static void
turn(void)
{
	if (conf == NULL)
		return;
	expand_turn();
	if (!stopping)
		schedule_turn();
	else
		schedule_settle(1);
	turn_commit();
	if (stopping && transit_count() == 0 && delivery_count() == 0) {
		turn_close();
		proc_stopped();
	}
}

static void
peer_gone(enum proc_id proc, unsigned inst)
{
	if (conf == NULL)
		return;
	switch (proc) {
	case PROC_SMTP:
		intake_worker_gone(inst);
		grant_worker_gone(proc, inst);
		break;
	case PROC_IMAP:
		append_worker_gone(inst);
		break;
	case PROC_SCAN:
		scanjob_gone(inst);
		break;
	case PROC_STORE:
		delivery_store_gone();
		room_store_gone();
		append_store_gone();
		break;
	case PROC_LOOKUP:
		expand_lookup_gone();
		break;
	case PROC_CONTROL:
		admin_control_gone();
		break;
	case PROC_CRYPTO:
		transit_crypto_gone();
		break;
	case PROC_RELAY:
		relayjob_relay_gone();
		break;
	default:
		break;
	}
}

static void
peer_here(enum proc_id proc, unsigned inst)
{
	if (conf == NULL)
		return;
	if (proc == PROC_SCAN)
		scanjob_here(inst);
	else if (proc == PROC_STORE) {
		delivery_store_here();
		room_store_here();
	}
}

/* The workers are gone by now: what they had begun is all there is. */
static void
stop(void)
{
	stopping = 1;
}

const struct proc_def queue_def = {
	.id = PROC_QUEUE,
	.promises = "stdio recvfd sendfd rpath wpath cpath flock",
	.dispatch = dispatch,
	.conf_check = check,
	.conf_use = use,
	.turn = turn,
	.peer_gone = peer_gone,
	.peer_here = peer_here,
	.stop = stop,
	.ctl = admin_ctl,
	.stats = admin_stats
};
