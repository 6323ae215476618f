/* The queue's spool. */
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/spool.h"
#include "storetest.h"

#define OK(x)	ATF_REQUIRE_EQ(SPOOL_OK, (x))

static struct spool *
open_spool(const char *dir, const struct seglog_io *io)
{
	struct spool_conf conf = { .dir = dir, .segsize = SEGSIZE, .io = io };
	struct spool	*sp;
	const char	*why;

	mkdir(dir, 0700);
	ATF_REQUIRE_MSG(spool_open(&sp, &conf, &why) == 0, "%s: %s", why,
	    strerror(errno));
	return sp;
}

static enum spool_code
enqueue(struct spool *sp, uint64_t id, size_t len, int64_t next)
{
	struct spool_body b = { .len = len };
	enum spool_code	 code;
	char		 env[32], *body = st_body(id, len);

	snprintf(env, sizeof(env), "env %llu", (unsigned long long)id);
	b.mem = body;
	code = spool_enqueue(sp, id, span_of(env), &b, next);
	free(body);
	return code;
}

static void
check(struct spool *sp, uint64_t id, const char *env, int64_t next)
{
	struct spool_entry e;
	struct buf	 b;
	char		*body, *got;

	buf_init(&b, SPOOL_MAXENV);
	OK(spool_get(sp, id, &e, &b));
	ATF_REQUIRE_EQ(next, e.next);
	ATF_REQUIRE(b.len == strlen(env) &&
	    memcmp(buf_ptr(&b), env, b.len) == 0);
	buf_free(&b);
	body = st_body(id, e.bodylen);
	ATF_REQUIRE((got = malloc(e.bodylen + 1)) != NULL);
	OK(spool_read(sp, id, 0, got, e.bodylen));
	ATF_REQUIRE(memcmp(body, got, e.bodylen) == 0);
	OK(spool_verify(sp, id));
	free(got);
	free(body);
}

/* The spool, made anew from its segments, is the same. */
static void
check_rebuild(struct spool *sp, const char *dir)
{
	struct spool	*other;
	char		 from[128], *a, *b;

	st_remove_dir("rebuilt");
	ATF_REQUIRE(mkdir("rebuilt", 0700) == 0);
	snprintf(from, sizeof(from), "%s/seg", dir);
	st_copy_dir(from, "rebuilt/seg");
	other = open_spool("rebuilt", NULL);
	a = st_dump_spool(sp);
	b = st_dump_spool(other);
	st_same("rebuilt spool", a, b);
	ATF_REQUIRE_EQ(spool_count(sp), spool_count(other));
	spool_abandon(other);
	free(a);
	free(b);
}

ATF_TC_WITHOUT_HEAD(life);
ATF_TC_BODY(life, tc)
{
	struct spool	*sp = open_spool("s", NULL);
	struct spool_entry e;
	struct buf	 b;

	ATF_REQUIRE_EQ(SPOOL_TEMPFAIL, enqueue(sp, 1, 10, 5));
	OK(spool_begin(sp, 100));
	OK(enqueue(sp, 3, 1000, 300));
	OK(enqueue(sp, 1, 10, 100));
	OK(enqueue(sp, 2, 200000, 200));
	ATF_REQUIRE_EQ(SPOOL_EXISTS, enqueue(sp, 2, 1, 1));
	check(sp, 2, "env 2", 200);	/* seen before it is durable */
	OK(spool_commit(sp));
	ATF_REQUIRE_EQ(3, spool_count(sp));
	OK(spool_begin(sp, 101));
	OK(spool_update(sp, 1, SPAN("tried once"), 250));
	OK(spool_update(sp, 3, SPAN_NONE, -7));
	OK(spool_commit(sp));
	spool_close(sp);
	sp = open_spool("s", NULL);
	ATF_REQUIRE(!spool_rebuilt(sp));
	check(sp, 1, "tried once", 250);
	check(sp, 2, "env 2", 200);
	check(sp, 3, "env 3", -7);
	OK(spool_next(sp, INT64_MIN, 0, &e));
	ATF_REQUIRE_EQ(3, e.id);
	OK(spool_next(sp, e.next, e.id, &e));
	ATF_REQUIRE_EQ(2, e.id);
	ATF_REQUIRE_EQ(100, e.created);
	OK(spool_next(sp, e.next, e.id, &e));
	ATF_REQUIRE_EQ(1, e.id);
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_next(sp, e.next, e.id, &e));
	OK(spool_next_id(sp, 1, &e));
	ATF_REQUIRE_EQ(2, e.id);
	check_rebuild(sp, "s");
	OK(spool_begin(sp, 102));
	OK(spool_remove(sp, 2));
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_remove(sp, 2));
	spool_abort(sp);
	ATF_REQUIRE_EQ(3, spool_count(sp));
	OK(spool_begin(sp, 102));
	OK(spool_remove(sp, 2));
	OK(spool_commit(sp));
	ATF_REQUIRE_EQ(2, spool_count(sp));
	buf_init(&b, 100);
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_get(sp, 2, &e, &b));
	check_rebuild(sp, "s");
	spool_close(sp);
}

/* Segments are freed; one message that stays does not keep them all. */
ATF_TC_WITHOUT_HEAD(segments);
ATF_TC_BODY(segments, tc)
{
	struct spool	*sp = open_spool("s", NULL);
	uint64_t	 id;

	OK(spool_begin(sp, 100));
	OK(enqueue(sp, 1, 5000, 999));
	OK(spool_update(sp, 1, SPAN("stays"), 998));
	OK(spool_commit(sp));
	for (id = 2; id < 60; id++) {
		OK(spool_begin(sp, 100));
		OK(enqueue(sp, id, 100000, (int64_t)id));
		if (id > 4)
			OK(spool_remove(sp, id - 3));
		OK(spool_commit(sp));
		while (spool_work(sp, 100) == 1)
			;
		if (id % 10 == 0)
			check_rebuild(sp, "s");
	}
	ATF_REQUIRE_EQ(0, st_file_size("s/seg/00000001.seg"));
	ATF_REQUIRE_EQ(0, st_file_size("s/seg/00000010.seg"));
	check(sp, 1, "stays", 998);
	check(sp, 59, "env 59", 59);
	ATF_REQUIRE_EQ(4, spool_count(sp));
	spool_abandon(sp);
	sp = open_spool("s", NULL);
	check(sp, 1, "stays", 998);
	check_rebuild(sp, "s");
	spool_close(sp);
}

ATF_TC_WITHOUT_HEAD(corrupt);
ATF_TC_BODY(corrupt, tc)
{
	struct spool	*sp = open_spool("s", NULL);
	struct spool_entry e = { 0 };
	struct buf	 b;
	int		 fd, n;

	OK(spool_begin(sp, 100));
	OK(enqueue(sp, 1, 5000, 1));
	OK(enqueue(sp, 2, 5000, 2));
	OK(enqueue(sp, 3, 5000, 3));
	OK(spool_commit(sp));
	spool_close(sp);
	ATF_REQUIRE((fd = open("s/seg/00000001.seg", O_WRONLY)) != -1);
	/* the body of the first, the header of the second */
	ATF_REQUIRE(pwrite(fd, "!!!!", 4, 2000) == 4);
	ATF_REQUIRE(pwrite(fd, "!!!!", 4, 64 + 64 + 24 + 5 + 5000 + 10) == 4);
	close(fd);
	sp = open_spool("s", NULL);
	buf_init(&b, 1000);
	e.next = INT64_MIN;
	for (n = 0; spool_next(sp, e.next, e.id, &e) == SPOOL_OK; n++)
		ATF_REQUIRE_EQ(e.id == 3 ? SPOOL_OK : SPOOL_CORRUPT,
		    spool_verify(sp, e.id));
	ATF_REQUIRE_EQ(3, n);
	ATF_REQUIRE_EQ(SPOOL_CORRUPT, spool_get(sp, 2, &e, &b));
	check(sp, 3, "env 3", 3);
	/* Work steps over it and ends. */
	for (n = 0; spool_work(sp, 100) == 1; n++)
		ATF_REQUIRE(n < 100);
	OK(spool_begin(sp, 100));
	OK(spool_remove(sp, 1));
	OK(spool_remove(sp, 2));
	OK(spool_commit(sp));
	ATF_REQUIRE_EQ(1, spool_count(sp));
	buf_free(&b);
	spool_close(sp);
}

ATF_TC_WITHOUT_HEAD(faults);
ATF_TC_BODY(faults, tc)
{
	struct spool_conf conf = { .dir = "f", .segsize = SEGSIZE };
	struct spool	*sp;
	struct faults	 f;
	const char	*why;
	char		*want, *now;
	uint64_t	 id;
	long		 at;
	int		 failed = 1, poisoned;

	for (at = 0; failed; at++) {
		st_remove_dir("f");
		mkdir("f", 0700);
		st_faults_init(&f);
		f.fail_at = at;
		f.error = at % 2 ? EIO : ENOSPC;
		f.short_write = at % 3 == 0;
		conf.io = &f.io;
		if (spool_open(&sp, &conf, &why) == -1) {
			sp = open_spool("f", NULL);
			spool_abandon(sp);
			continue;
		}
		want = st_dump_spool(sp);
		for (id = 1; id < 8; id++) {
			if (spool_begin(sp, 1) != SPOOL_OK)
				break;
			if (enqueue(sp, id, 60000, 7) != SPOOL_OK ||
			    (id > 3 && (spool_remove(sp, id - 3) != SPOOL_OK ||
			    spool_update(sp, id - 1, SPAN("x"), 9) !=
			    SPOOL_OK))) {
				spool_abort(sp);
				continue;
			}
			if (spool_commit(sp) != SPOOL_OK)
				continue;
			free(want);
			want = st_dump_spool(sp);
			while (spool_work(sp, 1) == 1)
				;
		}
		failed = f.failed;
		poisoned = spool_broken(sp);
		spool_abandon(sp);
		sp = open_spool("f", NULL);
		now = st_dump_spool(sp);
		if (!poisoned)
			st_same("spool after a fault", want, now);
		check_rebuild(sp, "f");
		spool_abandon(sp);
		free(want);
		free(now);
	}
	ATF_REQUIRE(at > 20);
}

ATF_TC_WITHOUT_HEAD(traces);
ATF_TC_BODY(traces, tc)
{
	struct spool	*sp = open_spool("s", NULL);
	struct buf	 b;
	uint64_t	 id;
	int64_t		 when;

	OK(spool_begin(sp, 100));
	OK(spool_trace_add(sp, 7, SPAN("a@x"), SPAN("accepted"), 1000));
	OK(spool_trace_add(sp, 7, SPAN("b@x"), SPAN("rcpt"), 1000));
	OK(spool_trace_add(sp, 8, SPAN("a@x"), SPAN("accepted"), 2000));
	OK(spool_commit(sp));
	OK(spool_begin(sp, 200));
	OK(spool_trace_add(sp, 7, SPAN_NONE, SPAN("relayed"), 1000));
	OK(spool_commit(sp));
	buf_init(&b, 1000);
	OK(spool_trace_get(sp, 7, 2, &when, &b));
	ATF_REQUIRE_EQ(200, when);
	ATF_REQUIRE(b.len == 7 && memcmp(buf_ptr(&b), "relayed", 7) == 0);
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_trace_get(sp, 7, 3, &when, &b));
	OK(spool_trace_find(sp, SPAN("a@x"), 0, &id));
	ATF_REQUIRE_EQ(7, id);
	OK(spool_trace_find(sp, SPAN("a@x"), id, &id));
	ATF_REQUIRE_EQ(8, id);
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_trace_find(sp, SPAN("a@x"), id, &id));
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_trace_find(sp, SPAN("a@"), 0, &id));
	while (spool_work(sp, 1500) == 1)
		;
	ATF_REQUIRE_EQ(SPOOL_NONE, spool_trace_get(sp, 7, 0, &when, &b));
	OK(spool_trace_find(sp, SPAN("a@x"), 0, &id));
	ATF_REQUIRE_EQ(8, id);
	buf_free(&b);
	spool_close(sp);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, life);
	ATF_TP_ADD_TC(tp, segments);
	ATF_TP_ADD_TC(tp, corrupt);
	ATF_TP_ADD_TC(tp, faults);
	ATF_TP_ADD_TC(tp, traces);
	return atf_no_error();
}
