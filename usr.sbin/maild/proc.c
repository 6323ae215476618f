/* What all processes share: peers by name, turns, clock, ids, counters. */
#include <sys/types.h>
#include <sys/time.h>

#include <event.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libutil/log.h"
#include "conn.h"
#include "ctlrow.h"
#include "msg.h"
#include "proc.h"
#include "proc_local.h"
#include "proc_peer.h"

#define COUNTERS	100
#define TRIM_EVERY	10	/* seconds */
#define BATCH_PASSES	16	/* a turn must end, however many ask */

const char *const proc_names[PROC_MAX] = {
	[PROC_PARENT] = "parent",
	[PROC_CONTROL] = "control",
	[PROC_SMTP] = "smtp",
	[PROC_RELAY] = "relay",
	[PROC_IMAP] = "imap",
	[PROC_QUEUE] = "queue",
	[PROC_STORE] = "store",
	[PROC_LOOKUP] = "lookup",
	[PROC_AUTH] = "auth",
	[PROC_CRYPTO] = "crypto",
	[PROC_SCAN] = "scan",
};

struct counter {
	const char	*name;
	uint64_t	 value;
};

static struct peer	*proc_peers[PROC_MAX][PROC_INSTS];
static unsigned		 proc_counts[PROC_MAX];
static unsigned		 proc_number;
static enum proc_id	 proc_id;
static int		 proc_debugging;
static int		 proc_sync = -1;
static struct event_base *proc_events;
static struct event	 proc_trimming;
static struct counter	 counters[COUNTERS];
static unsigned		 ncounters;
static uint64_t		 now_ms;	/* 0: to be asked */
static int64_t		 now_wall;

void
proc_begin(enum proc_id id, unsigned inst, int debug)
{
	proc_id = id;
	proc_number = inst;
	proc_debugging = debug;
	peer_self(id);
	/* 0: what the parent says; 1: all else, by default. */
	if ((proc_events = event_init()) == NULL ||
	    event_priority_init(2) == -1)
		fatalx("event_init");
}

struct event_base *
proc_base(void)
{
	return proc_events;
}

unsigned
proc_count(enum proc_id id)
{
	return proc_counts[id];
}

void
proc_set_count(enum proc_id id, unsigned n)
{
	proc_counts[id] = n;
}

int
proc_sync_fd(void)
{
	return proc_sync;
}

void
proc_set_sync_fd(int fd)
{
	if (proc_sync != -1)
		close(proc_sync);
	proc_sync = fd;
}

struct peer *
proc_slot(enum proc_id id, unsigned inst)
{
	return id < PROC_MAX && inst < PROC_INSTS ? proc_peers[id][inst] :
	    NULL;
}

void
proc_slot_set(enum proc_id id, unsigned inst, struct peer *p)
{
	if (inst >= PROC_INSTS)
		fatalx("%s: too many", proc_names[id]);
	proc_peers[id][inst] = p;
}

void
proc_slots_each(void (*fn)(struct peer *))
{
	unsigned	 i, j;

	for (i = 0; i < PROC_MAX; i++)
		for (j = 0; j < PROC_INSTS; j++)
			if (proc_peers[i][j] != NULL)
				fn(proc_peers[i][j]);
}

/* The peer, if it may be spoken to. */
static struct peer *
proc_live(enum proc_id id, unsigned inst)
{
	struct peer	*p = proc_slot(id, inst);

	return p == NULL || p->mute ? NULL : p;
}

int
proc_send(enum proc_id id, unsigned inst, uint32_t type, const void *msg,
    int fd)
{
	struct peer	*p = proc_live(id, inst);

	if (p == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	peer_send(p, type, msg, fd);
	return 0;
}

int
proc_peer_up(enum proc_id id, unsigned inst)
{
	return proc_live(id, inst) != NULL;
}

size_t
proc_backlog(enum proc_id id, unsigned inst)
{
	struct peer	*p = proc_live(id, inst);

	return p == NULL ? 0 : peer_backlog(p);
}

int
proc_is_worker(enum proc_id id)
{
	return id == PROC_SMTP || id == PROC_IMAP || id == PROC_RELAY ||
	    id == PROC_SCAN || id == PROC_CONTROL;
}

void
proc_bad(const struct proc_from *from, const char *fmt, ...)
{
	struct msg_peer_bad	 m = { .proc = (uint8_t)from->proc,
				    .inst = (uint8_t)from->inst };
	struct peer		*p = proc_live(from->proc, from->inst);
	char			 text[MSG_TEXT + 1];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Nor can a worker judge who feeds it. */
	if (!proc_is_worker(from->proc) ||
	    !msg_allowed(M_PEER_BAD, proc_id, PROC_PARENT))
		fatalx("bad message from %s: %s", peer_name_of(from->proc,
		    from->inst), text);
	if (p == NULL)
		return;		/* it is on its way out already */
	log_warnx("bad message from %s: %s", peer_name(p), text);
	m.restarts = p->restarts;
	m.text = text;
	peer_mute(p);
	(void)proc_send(PROC_PARENT, 0, M_PEER_BAD, &m, -1);
}

/* ---- turns -------------------------------------------------------------- */

/* What a busy time took is given back, now and then. */
static void
proc_trim(int fd, short what, void *arg)
{
	static const struct timeval	 later = { TRIM_EVERY, 0 };

	proc_os_trim();
	evtimer_add(&proc_trimming, &later);
}

/*
 * Handlers run inside event_loop and leave their output in queues; one pass
 * sees each descriptor that is ready once.  A process that commits by the
 * turn first takes in whatever else has come meanwhile.
 */
void
proc_loop(void (*turn)(void), int batch)
{
	int	 i;

	evtimer_set(&proc_trimming, proc_trim, NULL);
	proc_trim(-1, 0, NULL);
	for (;;) {
		/* First, so that what was said before the loop goes out. */
		conn_flush_all();
		peer_flush_all();
		now_ms = 0;
		if (event_loop(EVLOOP_ONCE) == -1)
			fatal("event_loop");
		for (i = 0; batch && i < BATCH_PASSES && peer_handled() > 0;
		    i++)
			if (event_loop(EVLOOP_NONBLOCK) == -1)
				fatal("event_loop");
		peer_bury_all();
		if (turn != NULL)
			turn();
		peer_bury_all();
	}
}

static void
proc_clock(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (now_ms == 0)
		now_ms = 1;
	clock_gettime(CLOCK_REALTIME, &ts);
	now_wall = ts.tv_sec;
}

uint64_t
proc_now_ms(void)
{
	if (now_ms == 0)
		proc_clock();
	return now_ms;
}

int64_t
proc_time(void)
{
	if (now_ms == 0)
		proc_clock();
	return now_wall;
}

/* ---- ids ---------------------------------------------------------------- */

/* No i, l, o, u: they are misread, and make words. */
static const char	 id_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Chance by the handful: one asks the system, often, who we are. */
static uint16_t
id_chance(void)
{
	static uint16_t	 pool[128];
	static size_t	 left;

	if (left == 0) {
		arc4random_buf(pool, sizeof(pool));
		left = sizeof(pool) / sizeof(pool[0]);
	}
	return pool[--left];
}

/*
 * 41 bits of milliseconds since 1970, then a count within one, then chance.
 * Ids that grow keep the indexes that they are keys of small: what comes now
 * goes to the end, not into any page.
 */
uint64_t
proc_new_id(void)
{
	static uint64_t	 last;
	struct timespec	 ts;
	uint64_t	 ms;

	clock_gettime(CLOCK_REALTIME, &ts);
	ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	ms &= ((uint64_t)1 << 41) - 1;
	/* The clock may stand, or go back: the numbers go on. */
	if (last >> 13 >= ms << 10)
		last += (uint64_t)1 << 13;
	else
		last = ms << 23;
	return (last & ~(uint64_t)0x1fff) | (id_chance() & 0x1fff);
}

const char *
proc_print_id(uint64_t id, char *dst)
{
	int	 i;

	for (i = PROC_IDLEN - 2; i >= 0; i--, id >>= 5)
		dst[i] = id_digits[id & 31];
	dst[PROC_IDLEN - 1] = '\0';
	return dst;
}

int
proc_parse_id(const char *s, uint64_t *id)
{
	const char	*d;
	uint64_t	 v = 0;
	int		 i;

	if (strlen(s) != PROC_IDLEN - 1)
		return -1;
	for (i = 0; i < PROC_IDLEN - 1; i++) {
		if ((d = strchr(id_digits, s[i])) == NULL || v >> 59 != 0)
			return -1;
		v = v << 5 | (uint64_t)(d - id_digits);
	}
	*id = v;
	return v == 0 ? -1 : 0;
}

/* ---- counters ----------------------------------------------------------- */

static struct counter *
counter_find(const char *name)
{
	unsigned	 i;

	/* The same literal is mostly at the same place. */
	for (i = 0; i < ncounters; i++)
		if (counters[i].name == name)
			return &counters[i];
	for (i = 0; i < ncounters; i++)
		if (strcmp(counters[i].name, name) == 0)
			return &counters[i];
	if (ncounters == COUNTERS)
		fatalx("more than %d counters", COUNTERS);
	counters[ncounters].name = name;
	return &counters[ncounters++];
}

void
proc_count_add(const char *name, uint64_t n)
{
	counter_find(name)->value += n;
}

void
proc_count_set(const char *name, uint64_t n)
{
	counter_find(name)->value = n;
}

void
proc_send_stats(const struct proc_from *from, uint32_t cookie)
{
	struct ctlrow	 row;
	unsigned	 i;

	ctlrow_begin(&row);
	ctlrow_str(&row, "process", proc_names[proc_id]);
	ctlrow_num(&row, "instance", proc_number + 1);
	for (i = 0; i < ncounters; i++)
		ctlrow_num(&row, counters[i].name, (int64_t)counters[i].value);
	ctlrow_send(from, cookie, &row);
	ctlrow_end(from, cookie, 1, "");
}
