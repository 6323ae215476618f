#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tls.h>
#include <unistd.h>

#include "conn.h"
#include "ctlrow.h"
#include "harness.h"
#include "proc.h"
#include "relay/relay.h"
#include "tlskey.h"

#define HOSTS	8

struct conf	 harness_conf;
char		 harness_said[65536];
unsigned	 harness_done, harness_mx, harness_connections;
unsigned	 harness_rcpts[3];
int		 harness_stopped;

static struct event_base	*base;
static struct {
	char		 host[64];
	char		 addr[64];
	unsigned	 port;
}			 hosts[HOSTS];
static unsigned		 nhosts;
static int		 mx_status;
static const char	*mx_text = "";
static uint64_t		 mx_cookies[64];
static unsigned		 nmx;

/* ---- what proc.c and its friends give a process ------------------------- */

uint64_t
proc_now_ms(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
proc_new_id(void)
{
	static uint64_t	 id = 1000;

	return ++id;
}

const char *
proc_print_id(uint64_t id, char *dst)
{
	snprintf(dst, PROC_IDLEN, "%llu", (unsigned long long)id);
	return dst;
}

void
proc_count_add(const char *name, uint64_t n)
{
	if (strcmp(name, "relay.connections") == 0)
		harness_connections += (unsigned)n;
}

void
proc_count_set(const char *name, uint64_t n)
{
}

void
proc_stopped(void)
{
	harness_stopped = 1;
	event_base_loopbreak(base);
	exit(harness_done == 0 ? 1 : 0);
}

void
ctlrow_begin(struct ctlrow *r)
{
}

void
ctlrow_str(struct ctlrow *r, const char *name, const char *value)
{
}

void
ctlrow_num(struct ctlrow *r, const char *name, int64_t value)
{
}

void
ctlrow_send(const struct proc_from *from, uint32_t cookie,
    const struct ctlrow *r)
{
}

void
ctlrow_end(const struct proc_from *from, uint32_t cookie, int ok,
    const char *text)
{
}

void
tlskey_init(void)
{
}

void
tlskey_load_roots(void)
{
}

struct tls_config *
tlskey_client_ca(const struct conf *conf, const char *ca)
{
	return tlskey_client(conf, 1);
}

struct tls_config *
tlskey_client(const struct conf *conf, int verify)
{
	struct tls_config	*c = tls_config_new();

	if (c != NULL && !verify) {
		tls_config_insecure_noverifycert(c);
		tls_config_insecure_noverifyname(c);
	}
	return c;
}

int
proc_send(enum proc_id proc, unsigned inst, uint32_t type, const void *msg,
    int fd)
{
	const struct msg_relay_rcpt_r	*r = msg;
	const struct msg_mx		*mx = msg;
	size_t				 n;

	switch (type) {
	case M_RELAY_RCPT_R:
		harness_rcpts[r->result]++;
		n = strlen(harness_said);
		if (n < sizeof(harness_said) - 700)
			snprintf(harness_said + n, sizeof(harness_said) - n,
			    "%llu/%u %s %u %s %s\n",
			    (unsigned long long)r->id, r->n,
			    r->result == RELAY_OK ? "ok" :
			    r->result == RELAY_TEMP ? "temp" : "perm",
			    r->code, r->enhanced, r->text);
		break;
	case M_RELAY_R:
		harness_done++;
		break;
	case M_MX:
		harness_mx++;
		ATF_REQUIRE(nmx < 64);
		mx_cookies[nmx++] = mx->cookie;
		break;
	}
	return 0;
}

/* ---- queue and lookup --------------------------------------------------- */

static void
dispatch(uint32_t type, enum proc_id proc, const void *msg, int fd)
{
	const struct proc_dispatch	*d;
	struct proc_from		 from = { proc, 0 };

	for (d = relay_def.dispatch; d->type != M_MAX; d++)
		if (d->type == type)
			d->handler(&from, msg, fd);
}

void
harness_init(void)
{
	static char	 name[] = "me.example";

	signal(SIGPIPE, SIG_IGN);
	base = event_init();
	TAILQ_INIT(&harness_conf.routes);
	TAILQ_INIT(&harness_conf.certs);
	harness_conf.hostname = name;
	harness_conf.limits.relay_connections = 20;
	harness_conf.generation = 1;
	ATF_REQUIRE_EQ(0, tls_init());
	relay_def.init();
	relay_def.conf_use(&harness_conf);
	relay_def.peer_here(PROC_QUEUE, 0);
}

void
harness_host_addr(const char *host, const char *addr, unsigned port)
{
	ATF_REQUIRE(nhosts < HOSTS);
	strlcpy(hosts[nhosts].host, host, sizeof(hosts[0].host));
	strlcpy(hosts[nhosts].addr, addr, sizeof(hosts[0].addr));
	hosts[nhosts++].port = port;
	/* All hosts share the port that the configuration says. */
	harness_conf.smtp_port = (uint16_t)port;
}

void
harness_host(const char *host, unsigned port)
{
	harness_host_addr(host, "127.0.0.1", port);
}

void
harness_mx_status(int status, const char *text)
{
	mx_status = status;
	mx_text = text;
}

static void
answer_mx(void)
{
	struct msg_mx_host	 h;
	struct msg_mx_r		 r;
	unsigned		 i, j, n = nmx;

	nmx = 0;
	for (i = 0; i < n; i++) {
		for (j = 0; mx_status == MX_OK && j < nhosts; j++) {
			memset(&h, 0, sizeof(h));
			h.cookie = mx_cookies[i];
			h.preference = (uint16_t)(10 * j);
			h.host = hosts[j].host;
			ATF_REQUIRE_EQ(0, addr_parse(&h.addr, hosts[j].addr));
			dispatch(M_MX_HOST, PROC_LOOKUP, &h, -1);
		}
		memset(&r, 0, sizeof(r));
		r.cookie = mx_cookies[i];
		r.status = (uint8_t)mx_status;
		r.text = mx_text;
		dispatch(M_MX_R, PROC_LOOKUP, &r, -1);
	}
}

static void
message(uint64_t id, const char *rcpts, const char *prefix, int fd,
    uint64_t size, uint32_t flags)
{
	struct msg_relay_rcpt	 rcpt;
	struct msg_relay	 m;
	char			 copy[32768], domain[256], *p, *last = NULL;

	memset(&m, 0, sizeof(m));
	strlcpy(copy, rcpts, sizeof(copy));
	domain[0] = '\0';
	for (p = strtok_r(copy, " ", &last); p != NULL;
	    p = strtok_r(NULL, " ", &last)) {
		memset(&rcpt, 0, sizeof(rcpt));
		rcpt.id = id;
		rcpt.n = m.count++;
		rcpt.rcpt = p;
		rcpt.orcpt = "";
		strlcpy(domain, strrchr(p, '@') + 1, sizeof(domain));
		dispatch(M_RELAY_RCPT, PROC_QUEUE, &rcpt, -1);
	}
	m.id = id;
	m.flags = flags;
	m.size = size;
	m.domain = domain;
	m.sender = "sender@me.example";
	m.envid = "";
	m.prefix.data = prefix;
	m.prefix.len = strlen(prefix);
	dispatch(M_RELAY, PROC_QUEUE, &m, fd);
}

void
harness_message(uint64_t id, const char *rcpts, const char *prefix,
    const char *body, uint32_t flags)
{
	int	 fd;

	ATF_REQUIRE((fd = memfd_create("body", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE_EQ((ssize_t)strlen(body), write(fd, body, strlen(body)));
	message(id, rcpts, prefix, fd, strlen(body), flags);
}

void
harness_message_fd(uint64_t id, const char *rcpts, int fd, uint64_t size)
{
	message(id, rcpts, "", fd, size, 0);
}

static void
turn(unsigned ms)
{
	struct timeval	 tv = { ms / 1000, (ms % 1000) * 1000 };

	relay_def.turn();
	conn_flush_all();
	if (nmx == 0) {
		event_base_loopexit(base, &tv);
		event_base_loop(base, EVLOOP_ONCE);
	}
	answer_mx();
	relay_def.turn();
	conn_flush_all();
}

void
harness_run(unsigned done)
{
	uint64_t	 limit = proc_now_ms() + 60000;

	while (harness_done < done && proc_now_ms() < limit)
		turn(1000);
	ATF_CHECK_EQ_MSG(done, harness_done, "%u, not %u: %s", harness_done,
	    done, harness_said);
}

void
harness_idle(unsigned ms)
{
	uint64_t	 limit = proc_now_ms() + ms;

	while (proc_now_ms() < limit)
		turn(50);
}

void
harness_peer_gone(int proc)
{
	relay_def.peer_gone((enum proc_id)proc, 0);
}

void
harness_stop(void)
{
	relay_def.stop();
}
