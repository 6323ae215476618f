/* The segment log. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/seglog.h"
#include "storetest.h"

struct reports {
	int	 bad;
	int	 torn;
};

static void
report(void *arg, struct seglog_pos from, struct seglog_pos to, int torn)
{
	struct reports	*r = arg;

	if (torn)
		r->torn++;
	else
		r->bad++;
	ATF_REQUIRE(seglog_pos_cmp(from, to) < 0);
}

static struct seglog *
open_log(const char *dir, const struct seglog_io *io, struct reports *r)
{
	struct seglog_conf conf = { .dir = dir, .segsize = SEGSIZE, .io = io };
	struct seglog	*log;

	if (r != NULL) {
		memset(r, 0, sizeof(*r));
		conf.report = report;
		conf.report_arg = r;
	}
	ATF_REQUIRE_MSG(seglog_open(&log, &conf) == 0, "%s: %s", dir,
	    strerror(errno));
	return log;
}

/* A record whose parts are made from a number, which is its part 0. */
static int
put(struct seglog *log, uint32_t n, size_t len, struct seglog_pos *pos)
{
	char		*body = st_body(n, len);
	struct seglog_piece pc[4] = { { &n, -1, 0, sizeof(n) },
	    { "meta", -1, 0, 4 }, { body, -1, 0, len / 2 },
	    { body + len / 2, -1, 0, len - len / 2 } };
	struct seglog_part parts[3] = { { &pc[0], 1 }, { &pc[1], 1 },
	    { &pc[2], 2 } };
	struct seglog_pos where;
	int		 r;

	r = seglog_append(log, 7, 1, 0, parts, &where);
	if (pos != NULL)
		*pos = where;
	free(body);
	return r;
}

static uint32_t
check(struct seglog *log, const struct seglog_hdr *h)
{
	struct seglog_hdr h2;
	struct buf	 b;
	char		*body;
	uint32_t	 n;
	size_t		 len = h->len[2];

	buf_init(&b, 16U << 20);
	ATF_REQUIRE_EQ(7, h->kind);
	ATF_REQUIRE_EQ(0, seglog_read_part(log, h, 0, &b));
	memcpy(&n, buf_ptr(&b), sizeof(n));
	buf_truncate(&b, 0);
	ATF_REQUIRE_EQ(0, seglog_read_part(log, h, 2, &b));
	body = st_body(n, len);
	ATF_REQUIRE(b.len == len && (len == 0 ||
	    memcmp(body, buf_ptr(&b), len) == 0));
	buf_truncate(&b, 0);
	ATF_REQUIRE_EQ(0, seglog_read(log, h->pos, n % 3 * 100, 2, &h2, &b));
	ATF_REQUIRE_EQ(8 + len, b.len);
	ATF_REQUIRE(memcmp(body, buf_ptr(&b) + 8, len) == 0);
	ATF_REQUIRE_EQ(0, seglog_verify(log, h));
	if (len > 10) {
		char	 part[5];

		ATF_REQUIRE_EQ(0, seglog_read_range(log, h, 2, 5, part, 5));
		ATF_REQUIRE(memcmp(part, body + 5, 5) == 0);
	}
	free(body);
	buf_free(&b);
	return n;
}

/* Walk from the start: the numbers must be first..last, without gaps. */
static void
walk(struct seglog *log, uint32_t first, uint32_t last)
{
	struct seglog_pos pos = { 0, 0 };
	struct seglog_hdr h;
	uint32_t	 n = first;

	while (seglog_next(log, &pos, &h) == 1)
		ATF_REQUIRE_EQ(n++, check(log, &h));
	ATF_REQUIRE_EQ_MSG(last + 1, n, "%u records, not %u", n - 1, last);
}

ATF_TC_WITHOUT_HEAD(roundtrip);
ATF_TC_BODY(roundtrip, tc)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 100, 5000, 70000, 300000,
	    1500000, 3 };
	struct seglog	*log;
	struct seglog_pos pos;
	struct seglog_hdr h;
	uint32_t	 n = 0, first, last, i;
	uint64_t	 batch = 0;

	mkdir("l", 0700);
	log = open_log("l", NULL, NULL);
	for (i = 0; i < 60; i++) {
		n++;
		ATF_REQUIRE(seglog_batch(log) > batch);
		ATF_REQUIRE_EQ(0, put(log, n, sizes[i % 10], &pos));
		/* It can be read before it is flushed. */
		ATF_REQUIRE_EQ(0, seglog_read_hdr(log, pos, &h));
		ATF_REQUIRE_EQ(n, check(log, &h));
		if (i % 4 == 3) {
			batch = seglog_batch(log);
			ATF_REQUIRE_EQ(0, seglog_flush(log));
		}
		if (i % 7 == 6) {
			seglog_close(log);
			log = open_log("l", NULL, NULL);
			n -= i % 4 == 3 ? 0 : (i + 1) % 4;
			walk(log, 1, n);
		}
	}
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	walk(log, 1, n);
	seglog_segments(log, &first, &last);
	ATF_REQUIRE(last > 5);
	ATF_REQUIRE_EQ(0, seglog_segment_remove(log, 2));
	ATF_REQUIRE_EQ(-1, seglog_segment_remove(log, last));
	ATF_REQUIRE(!seglog_segment_exists(log, 2));
	pos = (struct seglog_pos){ 0, 0 };
	for (i = 0; seglog_next(log, &pos, &h) == 1; i++)
		check(log, &h);
	ATF_REQUIRE(i > 0 && i < n);
	seglog_close(log);
	log = open_log("l", NULL, NULL);
	seglog_trim(log);
	seglog_close(log);
}

ATF_TC_WITHOUT_HEAD(descriptor);
ATF_TC_BODY(descriptor, tc)
{
	struct seglog	*log;
	struct seglog_piece pc = { NULL, -1, 3, 100000 };
	struct seglog_part parts[3] = { { NULL, 0 }, { NULL, 0 }, { &pc, 1 } };
	struct seglog_pos pos;
	struct seglog_hdr h;
	struct buf	 b;
	char		*body = st_body(1, 100003);

	mkdir("l", 0700);
	log = open_log("l", NULL, NULL);
	ATF_REQUIRE((pc.fd = memfd_create("x", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE(write(pc.fd, body, 100003) == 100003);
	ATF_REQUIRE_EQ(0, put(log, 1, 10, NULL));
	ATF_REQUIRE_EQ(0, seglog_append(log, 7, 1, 0, parts, &pos));
	/* Shorter than said: that one is not queued, the others are. */
	pc.len = 100001;
	ATF_REQUIRE_EQ(-1, seglog_append(log, 7, 1, 0, parts, &pos));
	ATF_REQUIRE_EQ(EPIPE, errno);
	pc.len = 3000000;
	ATF_REQUIRE_EQ(-1, seglog_append(log, 7, 1, 0, parts, &pos));
	ATF_REQUIRE_EQ(EPIPE, errno);
	ATF_REQUIRE_EQ(0, put(log, 2, 10, NULL));
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	pos = (struct seglog_pos){ 0, 0 };
	ATF_REQUIRE_EQ(1, seglog_next(log, &pos, &h));
	ATF_REQUIRE_EQ(1, check(log, &h));
	ATF_REQUIRE_EQ(1, seglog_next(log, &pos, &h));
	buf_init(&b, 1 << 20);
	ATF_REQUIRE_EQ(0, seglog_read_part(log, &h, 2, &b));
	ATF_REQUIRE(b.len == 100000 && memcmp(buf_ptr(&b), body + 3,
	    100000) == 0);
	ATF_REQUIRE_EQ(1, seglog_next(log, &pos, &h));
	ATF_REQUIRE_EQ(2, check(log, &h));
	ATF_REQUIRE_EQ(0, seglog_next(log, &pos, &h));
	buf_free(&b);
	free(body);
	close(pc.fd);
	seglog_close(log);
}

/* A file's content, to be changed and written elsewhere. */
static uint8_t *
slurp(const char *path, size_t *len)
{
	uint8_t	*p;
	int	 fd;

	*len = st_file_size(path);
	ATF_REQUIRE((p = malloc(*len)) != NULL);
	ATF_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	ATF_REQUIRE(read(fd, p, *len) == (ssize_t)*len);
	close(fd);
	return p;
}

static void
spit(const char *path, const uint8_t *p, size_t len)
{
	int	 fd;

	ATF_REQUIRE((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) !=
	    -1);
	ATF_REQUIRE(write(fd, p, len) == (ssize_t)len);
	close(fd);
}

/* Three batches; the offsets at which the last begins and ends. */
static uint8_t *
three_batches(size_t *len, uint32_t *begin, uint32_t *end)
{
	struct seglog	*log;
	uint32_t	 n = 0;
	int		 i, j;

	mkdir("l", 0700);
	log = open_log("l", NULL, NULL);
	for (i = 0; i < 3; i++) {
		*begin = seglog_end(log).off;
		for (j = 0; j < 3; j++, n++)
			ATF_REQUIRE_EQ(0, put(log, n + 1, 90 + n, NULL));
		ATF_REQUIRE_EQ(0, seglog_flush(log));
	}
	*end = seglog_end(log).off;
	seglog_close(log);
	mkdir("m", 0700);
	return slurp("l/00000001.seg", len);
}

/* After any cut: all of the batch or none, and the log goes on. */
static void
check_cut(uint32_t last)
{
	struct seglog	*log;
	struct reports	 r;
	uint32_t	 i;

	log = open_log("m", NULL, &r);
	ATF_REQUIRE_EQ(0, r.bad);
	walk(log, 1, last);
	for (i = 1; i <= 2; i++)
		ATF_REQUIRE_EQ(0, put(log, last + i, 10, NULL));
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	seglog_close(log);
	log = open_log("m", NULL, &r);
	ATF_REQUIRE_EQ(0, r.bad + r.torn);
	walk(log, 1, last + 2);
	seglog_close(log);
}

ATF_TC_WITHOUT_HEAD(torn);
ATF_TC_BODY(torn, tc)
{
	uint8_t		*p, *q;
	size_t		 len;
	uint32_t	 begin, end, i, last;

	p = three_batches(&len, &begin, &end);
	ATF_REQUIRE((q = malloc(len)) != NULL);
	for (i = begin; i <= end; i++) {
		/* Padding behind the last record may be missing. */
		for (last = i; last < end && p[last] == 0; last++)
			;
		/* cut off */
		spit("m/00000001.seg", p, i);
		check_cut(last == end ? 9 : 6);
		/* only zeros from there on, in a preallocated file */
		memcpy(q, p, len);
		memset(q + i, 0, len - i);
		spit("m/00000001.seg", q, len);
		check_cut(last == end ? 9 : 6);
	}
	free(q);
	free(p);
}

/* The disk wrote some blocks of the last batch and not others. */
ATF_TC_WITHOUT_HEAD(reordered);
ATF_TC_BODY(reordered, tc)
{
	uint8_t		*p, *q;
	size_t		 len;
	uint32_t	 begin, end, i, from, to, block = 64, mask;

	p = three_batches(&len, &begin, &end);
	ATF_REQUIRE((q = malloc(len)) != NULL);
	ATF_REQUIRE((end - begin) / block < 16);
	for (mask = 1; mask < 1U << ((end - begin) / block); mask++) {
		if (mask % 3 != 0 && mask > 300)
			continue;
		memcpy(q, p, len);
		for (i = 0; begin + i * block < end; i++) {
			from = begin + i * block;
			to = from + block > end ? end : from + block;
			if (mask >> i & 1)
				memset(q + from, 0, to - from);
		}
		spit("m/00000001.seg", q, len);
		check_cut(6);
	}
	free(q);
	free(p);
}

/* One bad byte anywhere before the last batch costs one record. */
ATF_TC_WITHOUT_HEAD(damage);
ATF_TC_BODY(damage, tc)
{
	struct seglog	*log;
	struct seglog_pos pos;
	struct seglog_hdr h;
	struct reports	 r;
	uint8_t		*p;
	size_t		 len;
	uint32_t	 begin, end, i;
	int		 n, bad;

	p = three_batches(&len, &begin, &end);
	for (i = 64; i < begin; i++) {
		p[i] ^= 0x20;
		spit("m/00000001.seg", p, len);
		p[i] ^= 0x20;
		log = open_log("m", NULL, &r);
		pos = (struct seglog_pos){ 0, 0 };
		n = bad = 0;
		while (seglog_next(log, &pos, &h) == 1) {
			n++;
			if (seglog_verify(log, &h) == -1)
				bad++;
			else
				check(log, &h);
		}
		ATF_REQUIRE(n == 9 || n == 8);
		ATF_REQUIRE_EQ(9 - n, r.bad);
		ATF_REQUIRE(bad + r.bad <= 1);
		ATF_REQUIRE_EQ(0, r.torn);
		seglog_close(log);
	}
	/* What is known to be whole is not cut, damaged as it may be. */
	for (i = begin; i < end; i += 11) {
		struct seglog_conf conf = { .dir = "m", .segsize = SEGSIZE,
		    .known = { 1, end }, .known_batch = 4 };

		p[i] ^= 1;
		spit("m/00000001.seg", p, len);
		p[i] ^= 1;
		ATF_REQUIRE_EQ(0, seglog_open(&log, &conf));
		ATF_REQUIRE_EQ(end, seglog_end(log).off);
		seglog_close(log);
	}
	free(p);
}

/* A message that holds records of the log itself is no way into it. */
ATF_TC_WITHOUT_HEAD(forged);
ATF_TC_BODY(forged, tc)
{
	struct seglog	*log;
	struct seglog_pos pos = { 0, 0 };
	struct seglog_piece pc;
	struct seglog_part parts[3] = { { NULL, 0 }, { NULL, 0 }, { &pc, 1 } };
	struct seglog_hdr h;
	struct reports	 r;
	uint8_t		*p;
	size_t		 len;
	uint32_t	 begin, end;

	p = three_batches(&len, &begin, &end);
	st_remove_dir("m");
	st_copy_dir("l", "m");
	log = open_log("m", NULL, &r);
	pc = (struct seglog_piece){ p, -1, 0, end };
	ATF_REQUIRE_EQ(0, seglog_append(log, 9, 1, 0, parts, &pos));
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	ATF_REQUIRE_EQ(0, put(log, 10, 5, NULL));
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	seglog_close(log);
	free(p);
	p = slurp("m/00000001.seg", &len);
	p[pos.off + 20] ^= 1;	/* now one has to look for the next */
	spit("m/00000001.seg", p, len);
	free(p);
	log = open_log("m", NULL, &r);
	pos = (struct seglog_pos){ 0, 0 };
	for (begin = 1; seglog_next(log, &pos, &h) == 1; begin++)
		ATF_REQUIRE_EQ(begin, check(log, &h));
	ATF_REQUIRE_EQ(11, begin);
	ATF_REQUIRE_EQ(1, r.bad);
	seglog_close(log);
}

/*
 * Each file operation fails once, or for good: a flush that said yes holds, one
 * that said no left nothing, and the log goes on or says that it does not.
 */
static void
fault_round(long at, int error, int sticky, int short_write, int *reached)
{
	struct seglog	*log;
	struct faults	 f;
	struct reports	 r;
	struct seglog_conf conf = { .dir = "f", .segsize = SEGSIZE };
	uint32_t	 n = 0, queued, i;

	st_remove_dir("f");
	mkdir("f", 0700);
	st_faults_init(&f);
	f.fail_at = at;
	f.error = error;
	f.sticky = sticky;
	f.short_write = short_write;
	conf.io = &f.io;
	if (seglog_open(&log, &conf) == -1) {
		ATF_REQUIRE(f.failed > 0);
		*reached = 1;
		log = open_log("f", NULL, &r);
		walk(log, 1, 0);
		seglog_close(log);
		return;
	}
	for (i = 0; i < 24; i++) {
		queued = 0;
		for (; queued < 3; queued++)
			if (put(log, n + queued + 1, i == 5 ? 1200000 :
			    i % 2 ? 30000 : 100, NULL) == -1)
				break;
		if (queued < 3 || i == 11) {
			if (seglog_undo(log) == -1)
				ATF_REQUIRE(seglog_poisoned(log));
		} else if (seglog_flush(log) == 0) {
			ATF_REQUIRE(!seglog_poisoned(log) || i == 0);
			n += 3;
			if (i == 9) {
				/* and taken back again */
				n -= 3;
				if (seglog_revoke(log) == -1)
					break;
			}
		}
		if (!seglog_poisoned(log) && i % 8 == 7)
			walk(log, 1, n);
	}
	*reached = f.failed > 0;
	if (!*reached)
		ATF_REQUIRE_EQ(3 * 22, n);
	i = (uint32_t)seglog_poisoned(log);
	seglog_close(log);
	log = open_log("f", NULL, &r);
	if (i == 0)
		walk(log, 1, n);
	else {
		/* The disk failed while a batch was cut off: it may be there,
		 * whole, though nobody was told so. */
		struct seglog_pos pos = { 0, 0 };
		struct seglog_hdr h;
		uint32_t	 have = 0;

		while (seglog_next(log, &pos, &h) == 1)
			ATF_REQUIRE_EQ(++have, check(log, &h));
		ATF_REQUIRE_MSG(have == n || have == n + 3, "%u, not %u",
		    have, n);
		n = have;
	}
	ATF_REQUIRE_EQ(0, r.bad);
	ATF_REQUIRE_EQ(0, put(log, n + 1, 10, NULL));
	ATF_REQUIRE_EQ(0, seglog_flush(log));
	walk(log, 1, n + 1);
	seglog_close(log);
}

static void
fault_all(int error, int sticky, int short_write)
{
	long	 at;
	int	 reached = 1;

	for (at = 0; reached; at++)
		fault_round(at, error, sticky, short_write, &reached);
	ATF_REQUIRE(at > 50);
}

ATF_TC_WITHOUT_HEAD(faults_eio);
ATF_TC_BODY(faults_eio, tc)
{
	fault_all(EIO, 0, 0);
}

ATF_TC_WITHOUT_HEAD(faults_enospc);
ATF_TC_BODY(faults_enospc, tc)
{
	fault_all(ENOSPC, 0, 1);
}

ATF_TC_WITHOUT_HEAD(faults_forever);
ATF_TC_BODY(faults_forever, tc)
{
	fault_all(EIO, 1, 1);
}

ATF_TC_WITHOUT_HEAD(formats);
ATF_TC_BODY(formats, tc)
{
	struct seglog_conf conf = { .dir = "l", .segsize = SEGSIZE };
	struct seglog	*log;
	struct reports	 r;
	uint8_t		*p;
	size_t		 len;
	uint32_t	 begin, end;

	p = three_batches(&len, &begin, &end);
	/* newer */
	p[8] = 3;
	spit("l/00000001.seg", p, len);
	ATF_REQUIRE_EQ(-1, seglog_open(&log, &conf));
	ATF_REQUIRE_EQ(EINVAL, errno);
	/* no log */
	p[8] = 1;
	p[0] = 'X';
	spit("l/00000001.seg", p, len);
	ATF_REQUIRE_EQ(-1, seglog_open(&log, &conf));
	p[0] = 'M';
	spit("l/00000001.seg", p, len);
	/* a segment that was just being made */
	spit("l/00000002.seg", p, 0);
	log = open_log("l", NULL, &r);
	walk(log, 1, 9);
	seglog_close(log);
	/* not one of this log: its records are not taken for ours */
	p[30] ^= 1;
	spit("l/00000002.seg", p, len);
	log = open_log("l", NULL, &r);
	walk(log, 1, 9);
	seglog_close(log);
	free(p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, roundtrip);
	ATF_TP_ADD_TC(tp, descriptor);
	ATF_TP_ADD_TC(tp, torn);
	ATF_TP_ADD_TC(tp, reordered);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, forged);
	ATF_TP_ADD_TC(tp, faults_eio);
	ATF_TP_ADD_TC(tp, faults_enospc);
	ATF_TP_ADD_TC(tp, faults_forever);
	ATF_TP_ADD_TC(tp, formats);
	return atf_no_error();
}
