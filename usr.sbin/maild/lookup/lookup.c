/* lookup: answers questions about names and addresses. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "dns.h"
#include "expand.h"
#include "libutil/log.h"
#include "limit.h"
#include "lookup.h"
#include "mx.h"
#include "proc.h"
#include "ptr.h"

#define ASKERS	4000	/* questions of one worker that wait for DNS */

/* Who waits for an answer of DNS. */
struct asker {
	struct proc_from from;
	uint64_t	 cookie;
};

static unsigned			 askers[PROC_MAX][256];
static struct conf		*lookup_conf;
static struct expand_site	 lookup_site;
static struct expand_site	 lookup_next;	/* of the one being checked */

/* NULL: it has more under way than it could make sense of. */
static struct asker *
asker_new(const struct proc_from *from, uint64_t cookie)
{
	struct asker	*a;

	if (askers[from->proc][from->inst] >= ASKERS) {
		proc_count_add("lookup.too_many", 1);
		return NULL;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("lookup");
	a->from = *from;
	a->cookie = cookie;
	askers[from->proc][from->inst]++;
	return a;
}

static void
asker_free(struct asker *a)
{
	askers[a->from.proc][a->from.inst]--;
	free(a);
}

/* ---- clients ------------------------------------------------------------ */

/* Whose sessions are not counted by address. */
static int
lookup_exempt(const struct addr *a)
{
	return a->family == 0 || addr_is_own(a) ||
	    expand_trusted_client(lookup_conf, a);
}

/* Whose session it is: limits of smtp and of imap are apart. */
static unsigned
lookup_worker(const struct proc_from *from)
{
	return LIMIT_WORKER(from->proc, from->inst);
}

static enum limit
lookup_limit(const struct proc_from *from, const struct msg_connect *m)
{
	const struct conf_limits	*l = &lookup_conf->limits;
	int				 exempt = lookup_exempt(&m->client);

	if (!exempt && limit_rate(&m->client, proc_now_ms() / 1000,
	    l->connections_per_minute))
		return LIMIT_RATE;
	return limit_add(lookup_worker(from), m->sid, &m->client,
	    exempt ? 0 : l->sessions_per_address, l->sessions);
}

/* The answer only warms the cache, for the M_PTR that may follow. */
static void
lookup_ptr_ignore(const char *name, void *arg)
{
	asker_free(arg);
}

static void
lookup_connect(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_connect	*m = msg;
	struct msg_connect_r		 r;
	const char			*name;
	struct asker			*a;

	memset(&r, 0, sizeof(r));
	r.sid = m->sid;
	r.text = r.rdns = "";
	switch (lookup_limit(from, m)) {
	case LIMIT_OK:
		break;
	case LIMIT_ADDRESS:
		r.code = 421;
		r.text = "too many connections from your address";
		proc_count_add("lookup.connect.address_limit", 1);
		break;
	case LIMIT_RATE:
		r.code = 421;
		r.text = "too many connections, try again in a minute";
		proc_count_add("lookup.connect.rate_limit", 1);
		break;
	case LIMIT_TOTAL:
		r.code = 421;
		r.text = "too many connections, try later";
		proc_count_add("lookup.connect.total_limit", 1);
		break;
	}
	if (r.code == 0 && m->client.family != 0 && from->proc == PROC_SMTP) {
		if ((name = ptr_cached(&m->client)) != NULL)
			r.rdns = name;
		else if ((a = asker_new(from, 0)) != NULL)
			ptr_ask(&m->client, lookup_ptr_ignore, a);
	}
	(void)proc_send(from->proc, from->inst, M_CONNECT_R, &r, -1);
}

static void
lookup_disconnect(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_disconnect	*m = msg;

	limit_remove(lookup_worker(from), m->sid);
}

static void
lookup_ptr_answer(const char *name, void *arg)
{
	struct asker		*a = arg;
	struct msg_ptr_r	 r;

	r.cookie = a->cookie;
	r.name = name;
	(void)proc_send(a->from.proc, a->from.inst, M_PTR_R, &r, -1);
	asker_free(a);
}

static void
lookup_ptr(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_ptr	*m = msg;
	struct msg_ptr_r	 r = { .cookie = m->cookie, .name = "" };
	struct asker		*a;

	if ((a = asker_new(from, m->cookie)) != NULL)
		ptr_ask(&m->addr, lookup_ptr_answer, a);
	else
		(void)proc_send(from->proc, from->inst, M_PTR_R, &r, -1);
}

/* ---- recipients --------------------------------------------------------- */

static void
lookup_expand(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_expand	*m = msg;
	struct expand_result	 res;
	struct msg_expand_dst	 d;
	struct msg_expand_r	 r;
	size_t			 i;

	expand_rcpt(&lookup_site, m, &res);
	proc_count_add(res.code == 250 ? "lookup.rcpt.ok" :
	    "lookup.rcpt.refused", 1);
	for (i = 0; res.code == 250 && i < res.ndsts; i++) {
		d.cookie = m->cookie;
		d.kind = (uint8_t)res.dsts[i].kind;
		d.address = res.dsts[i].address;
		d.mailbox = res.dsts[i].mailbox;
		d.quota_bytes = res.dsts[i].quota_bytes;
		d.quota_messages = res.dsts[i].quota_messages;
		(void)proc_send(from->proc, from->inst, M_EXPAND_DST, &d, -1);
	}
	memset(&r, 0, sizeof(r));
	r.cookie = m->cookie;
	r.code = res.code;
	r.enhanced = res.enhanced;
	r.text = res.text;
	r.own_sender = res.own_sender;
	r.trusted = res.trusted;
	r.alias = "";		/* forwards keep the sender; SRS goes here */
	(void)proc_send(from->proc, from->inst, M_EXPAND_R, &r, -1);
	expand_result_free(&res);
}

/* ---- mail hosts --------------------------------------------------------- */

static void
lookup_mx_answer(const struct mx_answer *a, void *arg)
{
	struct asker		*asker = arg;
	struct msg_mx_host	 h;
	struct msg_mx_r		 r;
	unsigned		 i, j;

	for (i = 0; i < a->nhosts; i++) {
		for (j = 0; j < a->hosts[i].naddrs; j++) {
			h.cookie = asker->cookie;
			h.preference = a->hosts[i].preference;
			h.secure = a->hosts[i].secure && a->secure;
			h.host = a->hosts[i].name;
			h.addr = a->hosts[i].addrs[j];
			(void)proc_send(asker->from.proc, asker->from.inst,
			    M_MX_HOST, &h, -1);
		}
	}
	r.cookie = asker->cookie;
	r.status = (uint8_t)a->status;
	r.secure = a->secure;
	r.text = a->text;
	(void)proc_send(asker->from.proc, asker->from.inst, M_MX_R, &r, -1);
	asker_free(asker);
}

static void
lookup_mx(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_mx	*m = msg;
	struct msg_mx_r		 r = { .cookie = m->cookie, .status = MX_TEMP,
				    .text = "too many DNS questions" };
	struct asker		*a;

	proc_count_add("lookup.mx", 1);
	if ((a = asker_new(from, m->cookie)) != NULL)
		mx_ask(m->name, m->host_only, m->host_only ? NULL :
		    lookup_conf->hostname, lookup_mx_answer, a);
	else
		(void)proc_send(from->proc, from->inst, M_MX_R, &r, -1);
}

/* ---- the process -------------------------------------------------------- */

static void
lookup_init(void)
{
	dns_init();
	ptr_init();
	limit_init();
}

static int
lookup_conf_check(struct conf *conf, char *err, size_t errsize)
{
	if (expand_site_init(&lookup_next, conf) == -1) {
		strlcpy(err, "a table is damaged", errsize);
		return -1;
	}
	return dns_conf_check(conf, err, errsize);
}

static void
lookup_conf_use(struct conf *conf)
{
	lookup_conf = conf;
	lookup_site = lookup_next;
	dns_conf_use();
}

static void
lookup_conf_drop(struct conf *conf)
{
	dns_conf_drop();
}

static void
lookup_peer_gone(enum proc_id proc, unsigned inst)
{
	if (proc == PROC_SMTP || proc == PROC_IMAP)
		limit_forget(LIMIT_WORKER(proc, inst));
}

static void
lookup_stats(void)
{
	proc_count_set("lookup.sessions", limit_count());
	proc_count_set("lookup.dns_pending", dns_pending());
}

static const struct proc_dispatch lookup_dispatch[] = {
	{ M_CONNECT,	lookup_connect },
	{ M_DISCONNECT,	lookup_disconnect },
	{ M_EXPAND,	lookup_expand },
	{ M_MX,		lookup_mx },
	{ M_PTR,	lookup_ptr },
	{ M_MAX,	NULL }
};

const struct proc_def lookup_def = {
	.id = PROC_LOOKUP,
	.promises = "stdio recvfd inet",
	.dispatch = lookup_dispatch,
	.init = lookup_init,
	.conf_check = lookup_conf_check,
	.conf_use = lookup_conf_use,
	.conf_drop = lookup_conf_drop,
	.turn = dns_turn,
	.peer_gone = lookup_peer_gone,
	.stop = proc_stopped,
	.stats = lookup_stats,
};
