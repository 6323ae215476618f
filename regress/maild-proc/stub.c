/*
 * Processes that do next to nothing, in the place of maild's own, so that the
 * parent and the glue can be tried alone.  What they do they are told by the
 * configuration's postmaster (of all the words in it the freest):
 *
 *	ping		smtp asks lookup, lookup answers, smtp logs it
 *	badsender	smtp says to queue what only auth may
 *	badparent	smtp says to the parent what is no message
 *	stray		smtp sends lookup a descriptor too many
 *	short		smtp sends lookup half a message
 *	senseless	smtp sends lookup what its handler cannot use
 *	deaf		smtp asks lookup without an end and takes no answer
 *	flood		lookup tells smtp things until it is given up
 *	cap		smtp sends a field over its cap
 *	refuse		store does not like the configuration
 *	late		store is slow to stop
 *	syscall		scan does what its sandbox forbids
 *	dies		scan dies whenever it has started
 *	status, dkim	control asks the parent for that
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conf.h"
#include "conn.h"
#include "ctlrow.h"
#include "msg.h"
#include "parent.h"
#include "proc.h"
#include "proc_local.h"

static char	 word[64];
static int	 listeners, tables, keys;
static unsigned	 asked, heard;		/* by the deaf */

static int
told(const char *w)
{
	return strcmp(word, w) == 0;
}

void
conn_flush_all(void)
{
}

static int
stub_check(struct conf *conf, char *err, size_t errsize)
{
	unsigned	 i;

	for (i = 0, tables = 0; i < 4; i++)
		tables += conf->tables[i].data != NULL;
	if (conf->postmaster != NULL &&
	    strcmp(conf->postmaster, "refuse") == 0) {
		snprintf(err, errsize, "this is not to my liking");
		return -1;
	}
	return 0;
}

static void
stub_use(struct conf *conf)
{
	strlcpy(word, conf->postmaster == NULL ? "" : conf->postmaster,
	    sizeof(word));
	log_info("stub uses generation=%u word=%s certs=%d routes=%d "
	    "listeners=%d tables=%d keys=%d peers=%d", conf->generation, word,
	    !TAILQ_EMPTY(&conf->certs), !TAILQ_EMPTY(&conf->routes),
	    listeners, tables, keys, proc_peer_up(PROC_QUEUE, 0) +
	    proc_peer_up(PROC_LOOKUP, 0) + proc_peer_up(PROC_AUTH, 0));
	listeners = keys = 0;
}

static void
stub_drop(struct conf *conf)
{
	log_info("stub drops generation=%u", conf->generation);
	listeners = keys = 0;
}

static void
stub_listen(const struct msg_conf_listen *m, int fd)
{
	listeners++;
	close(fd);
}

static void
stub_key(const struct msg_conf_key *m, int fd)
{
	char	 buf[64];

	keys += read(fd, buf, sizeof(buf)) > 0;
	explicit_bzero(buf, sizeof(buf));
	close(fd);
}

static void
stub_gone(enum proc_id id, unsigned inst)
{
	log_info("stub lost %s %u", proc_names[id], inst + 1);
}

/* ---- smtp and lookup ---------------------------------------------------- */

/* Past all checks of our own side. */
static void
send_raw(enum proc_id id, uint32_t type, int fd, const void *data, size_t len)
{
	struct peer	*p = proc_slot(id, 0);

	if (imsg_compose(&p->ibuf, type, 0, 0, fd, data, len) == -1 ||
	    imsgbuf_flush(&p->ibuf) == -1)
		fatal("imsg_compose");
}

/* For three seconds; the socket takes some, and lookup some. */
static void
smtp_deaf(void)
{
	struct peer		*p = proc_slot(PROC_LOOKUP, 0);
	struct msg_connect	 c = { .sid = 78 };
	unsigned		 waits = 0;

	for (; asked < 300000 && waits < 60; asked++) {
		peer_send(p, M_CONNECT, &c, -1);
		while (imsgbuf_write(&p->ibuf) == 0 &&
		    imsgbuf_queuelen(&p->ibuf) > 0 && waits++ < 60)
			usleep(50000);
	}
	log_info("stub deaf: %s", asked < 300000 ? "it hears me no more" :
	    "all of it was taken");
}

static void
smtp_here(enum proc_id id, unsigned inst)
{
	static const uint8_t	 disconnect[8] = { 1 };
	static char	 helo[MSG_DOMAIN + 2];
	struct msg_connect	 c = { .sid = 77, .listener = 0 };
	struct msg_disconnect	 d = { .sid = 77 };
	struct msg_env_from	 e = { .sid = 1 };

	log_info("stub found %s %u", proc_names[id], inst + 1);
	if (id == PROC_LOOKUP && told("ping"))
		(void)proc_send(PROC_LOOKUP, 0, M_CONNECT, &c, -1);
	if (id == PROC_LOOKUP && told("stray"))
		send_raw(id, M_DISCONNECT, dup(STDIN_FILENO), disconnect, 8);
	if (id == PROC_LOOKUP && told("short"))
		send_raw(id, M_DISCONNECT, -1, disconnect, 4);
	if (id == PROC_LOOKUP && told("deaf"))
		smtp_deaf();
	if (id == PROC_LOOKUP && told("flood"))
		(void)proc_send(PROC_LOOKUP, 0, M_CONNECT, &c, -1);
	if (id == PROC_LOOKUP && told("senseless")) {
		(void)proc_send(PROC_LOOKUP, 0, M_DISCONNECT, &d, -1);
		(void)proc_send(PROC_LOOKUP, 0, M_CONNECT, &c, -1);
	}
	if (id == PROC_QUEUE && told("badsender"))
		send_raw(id, M_GRANT, -1, disconnect, 8);
	if (id == PROC_QUEUE && told("badparent"))
		send_raw(PROC_PARENT, 9999, -1, disconnect, 8);
	if (id == PROC_QUEUE && told("cap")) {
		memset(helo, 'x', sizeof(helo) - 1);
		e.helo = helo;
		(void)proc_send(PROC_QUEUE, 0, M_ENV_FROM, &e, -1);
	}
}

static void
smtp_connect_r(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_connect_r	*m = msg;

	if (m->sid == 78 && ++heard == asked)
		log_info("stub deaf: all were answered");
	if (m->sid > 77)
		return;
	log_info("stub pong sid=%llu rdns=%s sync=%d",
	    (unsigned long long)m->sid, m->rdns, proc_sync_fd() != -1);
	proc_count_add("pongs", 1);
}

/* Until it is told otherwise; smtp is stopped meanwhile. */
static void
lookup_flood(int fd, short what, void *arg)
{
	static struct event	 ev;
	static struct timeval	 soon = { 0, 10000 };
	struct msg_connect_r	 r = { .sid = 79, .rdns = "" };
	int			 i;

	for (i = 0; i < 5000; i++) {
		if (proc_send(PROC_SMTP, 0, M_CONNECT_R, &r, -1) == -1) {
			log_info("stub flood ends");
			return;
		}
	}
	evtimer_set(&ev, lookup_flood, NULL);
	evtimer_add(&ev, &soon);
}

static void
lookup_connect(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_connect	*m = msg;
	struct msg_connect_r		 r = { .sid = m->sid,
					    .rdns = "one.example" };

	if (told("flood") && m->sid == 77)
		lookup_flood(-1, 0, NULL);
	if (proc_send(from->proc, from->inst, M_CONNECT_R, &r, -1) == -1)
		log_info("stub cannot answer");
}

static void
lookup_disconnect(const struct proc_from *from, const void *msg, int fd)
{
	proc_bad(from, "nobody has come");
	/* Nothing goes there any more, and what is said twice counts once. */
	lookup_connect(from, msg, fd);
	proc_bad(from, "nobody at all");
}

/* ---- scan and store ----------------------------------------------------- */

static void
scan_use(struct conf *conf)
{
	stub_use(conf);
	if (told("syscall"))
		(void)setpriority(PRIO_PROCESS, 0, 5);
	if (told("dies"))
		exit(3);
}

static void
store_stop(void)
{
	log_info("stub stops");
	proc_stopped();
}

static void
late_stop(void)
{
	if (!told("late"))
		proc_stopped();
}

/* ---- control and crypto ------------------------------------------------- */

static void
control_ask(int fd, short what, void *arg)
{
	struct msg_ctl	 m = { .cookie = 5 };

	m.verb = told("status") ? CTL_STATUS : CTL_DKIM_ADD;
	m.arg = "Example.ORG s1 ed25519";
	(void)proc_send(PROC_PARENT, 0, M_CTL, &m, -1);
}

static void
control_use(struct conf *conf)
{
	static struct event	 ev;
	struct timeval		 tv = { 0, 200000 };

	stub_use(conf);
	evtimer_set(&ev, control_ask, NULL);
	if (told("status") || told("dkim"))
		evtimer_add(&ev, &tv);
}

static void
control_row(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_ctl_row	*m = msg;
	const char			*name, *value;
	size_t				 off = 0;
	char				 line[512] = "";

	while (ctlrow_next(&m->row, &off, &name, &value) > 0) {
		strlcat(line, " ", sizeof(line));
		strlcat(line, name, sizeof(line));
		strlcat(line, "=", sizeof(line));
		strlcat(line, value, sizeof(line));
	}
	log_info("stub row:%s", line);
}

static void
control_end(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_ctl_end	*m = msg;

	log_info("stub end: cookie=%u ok=%u %s", m->cookie, m->ok, m->text);
}

static void
crypto_keygen(const struct proc_from *from, const void *msg, int fd)
{
	const struct msg_ctl_keygen	*m = msg;
	struct msg_ctl_keygen_r		 r = { .cookie = m->cookie, .ok = 1,
					    .text = "v=DKIM1; p=abc" };

	if (write(fd, "a key\n", 6) != 6)
		r.ok = 0;
	close(fd);
	(void)proc_send(PROC_PARENT, 0, M_CTL_KEYGEN_R, &r, -1);
}

static const struct proc_dispatch control_dispatch[] = {
	{ M_CTL_ROW, control_row },
	{ M_CTL_END, control_end },
	{ M_MAX, NULL }
};
static const struct proc_dispatch crypto_dispatch[] = {
	{ M_CTL_KEYGEN, crypto_keygen },
	{ M_MAX, NULL }
};
static const struct proc_dispatch smtp_dispatch[] = {
	{ M_CONNECT_R, smtp_connect_r },
	{ M_MAX, NULL }
};
static const struct proc_dispatch lookup_dispatch[] = {
	{ M_CONNECT, lookup_connect },
	{ M_DISCONNECT, lookup_disconnect },
	{ M_MAX, NULL }
};
static const struct proc_dispatch no_dispatch[] = { { M_MAX, NULL } };

#define STUB(p) .id = PROC_##p, .promises = "stdio recvfd sendfd",	\
	.conf_check = stub_check, .conf_drop = stub_drop,		\
	.conf_listen = stub_listen, .conf_key = stub_key,		\
	.peer_gone = stub_gone

static const struct proc_def control_def = { STUB(CONTROL),
	.dispatch = control_dispatch, .conf_use = control_use };
static const struct proc_def smtp_def = { STUB(SMTP),
	.dispatch = smtp_dispatch, .conf_use = stub_use,
	.peer_here = smtp_here };
static const struct proc_def relay_def = { STUB(RELAY),
	.dispatch = no_dispatch, .conf_use = stub_use };
static const struct proc_def imap_def = { STUB(IMAP),
	.dispatch = no_dispatch, .conf_use = stub_use };
static const struct proc_def queue_def = { STUB(QUEUE),
	.dispatch = no_dispatch, .conf_use = stub_use, .stop = late_stop };
static const struct proc_def store_def = { STUB(STORE),
	.dispatch = no_dispatch, .conf_use = stub_use, .stop = store_stop };
static const struct proc_def lookup_def = { STUB(LOOKUP),
	.dispatch = lookup_dispatch, .conf_use = stub_use };
static const struct proc_def auth_def = { STUB(AUTH),
	.dispatch = no_dispatch, .conf_use = stub_use };
static const struct proc_def crypto_def = { STUB(CRYPTO),
	.dispatch = crypto_dispatch, .conf_use = stub_use };
static const struct proc_def scan_def = { STUB(SCAN),
	.dispatch = no_dispatch, .conf_use = scan_use };

const struct proc_def *
parent_def(enum proc_id id)
{
	static const struct proc_def *const defs[PROC_MAX] = {
		[PROC_CONTROL] = &control_def, [PROC_SMTP] = &smtp_def,
		[PROC_RELAY] = &relay_def, [PROC_IMAP] = &imap_def,
		[PROC_QUEUE] = &queue_def, [PROC_STORE] = &store_def,
		[PROC_LOOKUP] = &lookup_def, [PROC_AUTH] = &auth_def,
		[PROC_CRYPTO] = &crypto_def, [PROC_SCAN] = &scan_def,
	};

	return defs[id];
}
