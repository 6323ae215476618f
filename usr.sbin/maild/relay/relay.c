/* relay: messages out of the house. */
#include <sys/resource.h>
#include <sys/time.h>

#include <event.h>
#include <string.h>

#include "conf.h"
#include "conn.h"
#include "ctlrow.h"
#include "libutil/log.h"
#include "proc.h"
#include "relay.h"
#include "rhost.h"
#include "rmsg.h"
#include "route.h"
#include "rsession.h"
#include "tlskey.h"

#define RELAY_WINDOW_MAX	2000	/* messages that queue may give us */
#define RELAY_RESERVE		200	/* descriptors for other things */
#define RELAY_STOP		5	/* seconds to finish what was begun */

/* What a walk over the sessions needs. */
struct relay_ask {
	const struct proc_from	*from;
	uint32_t		 cookie;
};

static uint32_t		 relay_window;
static int		 relay_stopping;
static struct event	 relay_stop_timer;

/* ---- queue -------------------------------------------------------------- */

static void
relay_rcpt(const struct proc_from *from, const void *msg, int fd)
{
	rmsg_add_rcpt(msg);
}

static void
relay_message(const struct proc_from *from, const void *msg, int fd)
{
	struct rmsg	*rm;

	if (rmsg_count() >= relay_window)
		fatalx("queue sends more messages than we said");
	rm = rmsg_new(msg, fd);
	if (relay_stopping)
		rmsg_free(rm);
	else
		route_add(rm);
}

static void
relay_send_window(void)
{
	struct msg_relay_window	 m;

	m.messages = relay_window;
	(void)proc_send(PROC_QUEUE, 0, M_RELAY_WINDOW, &m, -1);
}

/* ---- lookup ------------------------------------------------------------- */

static void
relay_mx_host(const struct proc_from *from, const void *msg, int fd)
{
	route_mx_host(msg);
}

static void
relay_mx_done(const struct proc_from *from, const void *msg, int fd)
{
	route_mx_done(msg);
}

/* ---- the process -------------------------------------------------------- */

/* Each message holds one descriptor, and perhaps a connection another. */
static void
relay_init(void)
{
	struct rlimit	 rl;
	rlim_t		 n;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	n = rl.rlim_cur > RELAY_RESERVE * 2 ? (rl.rlim_cur - RELAY_RESERVE) /
	    2 : RELAY_RESERVE / 2;
	relay_window = n < RELAY_WINDOW_MAX ? (uint32_t)n : RELAY_WINDOW_MAX;
	tlskey_init();
	tlskey_load_roots();
	rhost_init();
	route_init();
}

static int
relay_conf_check(struct conf *conf, char *err, size_t errsize)
{
	return 0;
}

static void
relay_conf_use(struct conf *conf)
{
	route_conf(conf);
	rsession_conf(conf);
}

static void
relay_conf_drop(struct conf *conf)
{
}

static void
relay_turn(void)
{
	if (relay_stopping)
		route_drop_waiting();
	route_turn();
	if (relay_stopping && route_sessions() == 0)
		proc_stopped();
}

static void
relay_peer_gone(enum proc_id proc, unsigned inst)
{
	if (proc == PROC_QUEUE) {
		/* It will give us all of them again: not twice. */
		rmsg_forget();
		route_drop_all();
	} else if (proc == PROC_LOOKUP)
		route_lookup_gone();
}

static void
relay_peer_here(enum proc_id proc, unsigned inst)
{
	if (proc == PROC_QUEUE)
		relay_send_window();
}

static void
relay_stop_now(int fd, short what, void *arg)
{
	proc_stopped();
}

static void
relay_quit(struct rsession *s, void *arg)
{
	rsession_quit(s);
}

/* What is in the middle of a transaction may come to its end. */
static void
relay_stop(void)
{
	static const struct timeval	 tv = { RELAY_STOP, 0 };

	relay_stopping = 1;
	route_drop_waiting();
	route_each(relay_quit, NULL);
	if (route_sessions() == 0)
		proc_stopped();
	evtimer_set(&relay_stop_timer, relay_stop_now, NULL);
	evtimer_add(&relay_stop_timer, &tv);
}

static void
relay_show(struct rsession *s, void *arg)
{
	struct relay_ask	*ask = arg;
	struct ctlrow		 row;
	char			 id[PROC_IDLEN], addr[ADDR_STRLEN];

	ctlrow_begin(&row);
	ctlrow_str(&row, "id", proc_print_id(s->id, id));
	ctlrow_str(&row, "protocol", "relay");
	ctlrow_str(&row, "client", addr_print(&s->target.addr, addr,
	    sizeof(addr)));
	ctlrow_str(&row, "account", s->target.host);
	ctlrow_num(&row, "tls", s->secured);
	ctlrow_num(&row, "seconds", (int64_t)(proc_now_ms() - s->since) /
	    1000);
	ctlrow_num(&row, "messages", s->messages);
	ctlrow_str(&row, "state", rsession_state(s));
	ctlrow_send(ask->from, ask->cookie, &row);
}

static void
relay_ctl(const struct proc_from *from, const struct msg_ctl *m)
{
	struct relay_ask	 ask = { from, m->cookie };

	if (m->verb == CTL_SESSIONS)
		route_each(relay_show, &ask);
	ctlrow_end(from, m->cookie, m->verb == CTL_SESSIONS, "");
}

static void
relay_stats(void)
{
	proc_count_set("relay.sessions", route_sessions());
	proc_count_set("relay.pending", rmsg_count());
}

static const struct proc_dispatch relay_dispatch[] = {
	{ M_RELAY_RCPT,	relay_rcpt },
	{ M_RELAY,	relay_message },
	{ M_MX_HOST,	relay_mx_host },
	{ M_MX_R,	relay_mx_done },
	{ M_MAX,	NULL }
};

const struct proc_def relay_def = {
	.id = PROC_RELAY,
	.promises = "stdio recvfd inet",
	.dispatch = relay_dispatch,
	.init = relay_init,
	.conf_check = relay_conf_check,
	.conf_use = relay_conf_use,
	.conf_drop = relay_conf_drop,
	.turn = relay_turn,
	.peer_gone = relay_peer_gone,
	.peer_here = relay_peer_here,
	.stop = relay_stop,
	.ctl = relay_ctl,
	.stats = relay_stats,
};
