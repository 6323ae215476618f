/* Which message goes to which scan, and what happens when one dies. */
#include <atf-c.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The file itself: the other programs here have no proc_send to link with. */
#include "scanjob.c"

#define INSTANCES	2

static struct {
	uint64_t	 cookie;
	unsigned	 inst;
} sent[64];
static size_t		 nsent;
static int		 up[INSTANCES];
static uint64_t		 next_id = 1, now = 1;
static unsigned		 kept, nbad;

int
proc_send(enum proc_id id, unsigned inst, uint32_t type, const void *msg,
    int fd)
{
	const struct msg_scan	*m = msg;

	ATF_REQUIRE(id == PROC_SCAN && type == M_SCAN && up[inst]);
	ATF_REQUIRE(nsent < 64 && fd != -1);
	close(fd);
	sent[nsent].cookie = m->cookie;
	sent[nsent++].inst = inst;
	return 0;
}

void
proc_bad(const struct proc_from *from, const char *fmt, ...)
{
	nbad++;
}

int
proc_peer_up(enum proc_id id, unsigned inst)
{
	return up[inst];
}

unsigned
proc_count(enum proc_id id)
{
	return INSTANCES;
}

uint64_t
proc_now_ms(void)
{
	return now;
}

uint64_t
proc_new_id(void)
{
	return next_id++;
}

void
corrupt_keep(uint64_t id, const char *sender, int fd, const char *why)
{
	kept++;
}

static void
on_answer(void *arg, const struct msg_scan_r *r, int fd)
{
	*(int *)arg = r == NULL ? -1 : 1;
}

static void
start_size(int *result, uint64_t size)
{
	struct msg_scan	 m = { .sender = "", .domain = "",
	    .hostname = "", .size = size };

	*result = 0;
	ATF_REQUIRE(scanjob_start(&m, STDIN_FILENO, on_answer, result) !=
	    NULL);
}

static void
start(int *result)
{
	start_size(result, 1000);
}

/* The i-th message sent is answered by whoever has it. */
static void
answer(size_t i)
{
	struct proc_from	 from = { PROC_SCAN, sent[i].inst };
	struct msg_scan_r	 r = { .cookie = sent[i].cookie };

	scanjob_answer(&from, &r, -1);
}

static void
die(unsigned inst)
{
	up[inst] = 0;
	scanjob_gone(inst);
}

static void
come(unsigned inst)
{
	up[inst] = 1;
	scanjob_here(inst);
}

static void
begin(void)
{
	ATF_REQUIRE(fcntl(STDIN_FILENO, F_GETFD) != -1 ||
	    open("/dev/null", O_RDONLY) == STDIN_FILENO);
	scanjob_init();
	up[0] = up[1] = 1;
}

ATF_TC_WITHOUT_HEAD(spread);
ATF_TC_BODY(spread, tc)
{
	int	 a, b, c;

	begin();
	start(&a);
	start(&b);
	ATF_CHECK(nsent == 2 && sent[0].inst != sent[1].inst);
	answer(1);
	start(&c);
	ATF_CHECK(b == 1 && sent[2].inst == sent[1].inst);
	answer(0);
	answer(2);
	ATF_CHECK(a == 1 && c == 1 && scanjob_count() == 0);
}

/* Both go on: the innocent is answered, the other is set aside. */
ATF_TC_WITHOUT_HEAD(killer);
ATF_TC_BODY(killer, tc)
{
	int	 bad, good;

	begin();
	up[1] = 0;
	start(&bad);
	start(&good);
	die(0);
	ATF_CHECK(bad == 0 && good == 0 && nsent == 2);
	come(0);
	ATF_CHECK_EQ(nsent, 3);		/* one of them, alone */
	if (sent[2].cookie != sent[0].cookie) {
		answer(2);
		ATF_CHECK(good == 1 && nsent == 4);
		die(0);
		ATF_CHECK(bad == -1 && kept == 1 && scanjob_count() == 0);
		return;
	}
	die(0);
	ATF_CHECK(bad == -1 && kept == 1);
	come(0);
	ATF_CHECK_EQ(nsent, 4);
	answer(3);
	ATF_CHECK(good == 1 && scanjob_count() == 0);
}

/* A suspect's turn comes though nobody ever has nothing to do. */
ATF_TC_WITHOUT_HEAD(busy);
ATF_TC_BODY(busy, tc)
{
	int	 suspect, other[20];
	size_t	 i;

	begin();
	up[1] = 0;
	start(&suspect);
	up[1] = 1;
	start(&other[0]);
	start(&other[1]);
	ATF_CHECK(nsent == 3 && sent[0].inst == 0 && sent[1].inst == 1);
	answer(2);
	up[1] = 1;
	die(0);				/* now only 1 is there, and busy */
	for (i = 2; i < 6; i++)
		start(&other[i]);
	ATF_CHECK_EQ(nsent, 3);		/* what is new waits behind it */
	answer(1);
	ATF_CHECK(nsent == 4 && sent[3].inst == 1);
	come(0);			/* meanwhile the others may go there */
	ATF_CHECK_EQ(nsent, 8);
	for (i = 4; i < 8; i++)
		ATF_CHECK_EQ(sent[i].inst, 0);
	answer(3);
	ATF_CHECK_EQ(suspect, 1);
	for (i = 4; i < 8; i++)
		answer(i);
	ATF_CHECK_EQ(scanjob_count(), 0);
}

/* An answer that nobody waits for, or another's: the instance is given up. */
ATF_TC_WITHOUT_HEAD(unasked);
ATF_TC_BODY(unasked, tc)
{
	struct proc_from	 from = { PROC_SCAN, 0 };
	struct msg_scan_r	 r = { .cookie = 4711 };
	int			 a;

	begin();
	start(&a);
	scanjob_answer(&from, &r, dup(STDIN_FILENO));
	ATF_CHECK_EQ(nbad, 1);
	from.inst = 1 - sent[0].inst;
	r.cookie = sent[0].cookie;
	scanjob_answer(&from, &r, -1);
	ATF_CHECK_EQ(nbad, 2);
	ATF_CHECK_EQ(a, 0);
	die(from.inst);
	answer(0);
	ATF_CHECK_EQ(a, 1);
	ATF_CHECK_EQ(nbad, 2);
}

/* Large ones do not get into the way of small ones. */
ATF_TC_WITHOUT_HEAD(large_ones);
ATF_TC_BODY(large_ones, tc)
{
	int	 a, b, c;

	begin();
	start_size(&a, 10 * SCAN_LARGE);
	start_size(&b, 10 * SCAN_LARGE);
	ATF_CHECK_EQ(1, nsent);
	start(&c);
	start(&c);
	ATF_CHECK_EQ(3, nsent);
	ATF_CHECK(sent[1].inst != sent[0].inst);
	ATF_CHECK_EQ(sent[1].inst, sent[2].inst);
	answer(0);
	ATF_CHECK_EQ(4, nsent);
	ATF_CHECK(a == 1 && b == 0);
	/* With one instance alone, one at a time. */
	die(sent[1].inst);
	start_size(&a, SCAN_LARGE);
	ATF_CHECK_EQ(0, a);
	answer(3);
	ATF_CHECK_EQ(1, b);
}

/* Who says nothing for long is ended. */
static void
pass(int seconds)
{
	while (seconds-- > 0) {
		now += 1000;
		scanjob_tick();
	}
}

ATF_TC_WITHOUT_HEAD(silence);
ATF_TC_BODY(silence, tc)
{
	int	 a, b;

	begin();
	nbad = 0;
	start(&a);
	start(&b);
	pass(SCAN_SILENCE / 1000);
	ATF_CHECK_EQ(0, nbad);
	answer(0);
	/* The queue was away: the others' answers are still to be read. */
	now += 2 * SCAN_SILENCE;
	scanjob_tick();
	ATF_CHECK_EQ(0, nbad);
	pass(SCAN_SILENCE / 1000);
	ATF_CHECK_EQ(0, nbad);
	pass(1);
	ATF_CHECK_EQ(1, nbad);
	answer(1);
	pass(1);
	ATF_CHECK_EQ(1, nbad);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, spread);
	ATF_TP_ADD_TC(tp, killer);
	ATF_TP_ADD_TC(tp, busy);
	ATF_TP_ADD_TC(tp, unasked);
	ATF_TP_ADD_TC(tp, large_ones);
	ATF_TP_ADD_TC(tp, silence);
	return atf_no_error();
}
