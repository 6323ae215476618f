/*
 * How fast the store is, without processes and sockets around it:
 *
 *	store_bench [-d dir] [-n messages] [-s octets]
 *
 * Everything that changes something is durable when its time is taken.
 */
#include <sys/stat.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libstore/mstore.h"
#include "libstore/spool.h"

static char	*body;
static char	 meta[700];
static size_t	 bodylen = 4096;
static struct mstore *ms;

static double
now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
must(enum mstore_code code, const char *what)
{
	if (code != MSTORE_OK)
		errx(1, "%s: %s", what, mstore_strcode(code));
}

static void
rate(const char *what, double t, double n)
{
	printf("%-44s %10.0f /s %10.1f us each\n", what, n / t, t / n * 1e6);
}

static void
took(const char *what, double t)
{
	printf("%-44s %10.2f ms\n", what, t * 1e3);
}

static uint32_t
account(const char *name)
{
	uint32_t	 id;

	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_account_get(ms, span_of(name), 1, &id), "account");
	must(mstore_commit(ms), "commit");
	return id;
}

static void
deliver_one(uint32_t acct, uint64_t id)
{
	struct mstore_content c = { .meta = meta, .metalen = sizeof(meta),
	    .prefix = "Return-Path: <a@example.org>\r\n", .prefixlen = 30,
	    .body = body, .bodylen = bodylen, .fd = -1, .date = 1700000000,
	    .msgid = id };
	struct mstore_dest d = { .account = acct };

	must(mstore_deliver(ms, id, &c, &d, 1), "deliver");
}

/* n messages in turns of `batch', to accounts first..first + naccts - 1. */
static void
deliver(const char *what, int n, int batch, uint32_t first, uint32_t naccts)
{
	static uint64_t	 id = 1;
	double		 t = now();
	int		 i, j;

	for (i = 0; i < n; i += batch) {
		must(mstore_begin(ms, time(NULL)), "begin");
		for (j = 0; j < batch; j++, id++)
			deliver_one(first + (uint32_t)id % naccts,
			    id * 0x9e3779b97f4a7c15ULL);
		must(mstore_commit(ms), "commit");
	}
	rate(what, now() - t, n);
}

static void
fetch(const char *what, uint64_t box, uint16_t cols)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_fetch f = { .mailbox = box, .uids = &all, .cols = cols };
	struct mstore_msg m;
	struct buf	 page;
	double		 t = now(), parse = 0, p;
	size_t		 off, n = 0, total = 0;

	buf_init(&page, 16U << 20);
	while (!f.done) {
		buf_truncate(&page, 0);
		must(mstore_fetch(ms, &f, &page, 1U << 20), "fetch");
		total += page.len;
		p = now();
		for (off = 0; mstore_page_next(buf_ptr(&page), page.len, &off,
		    &m) == 1;)
			n++;
		parse += now() - p;
	}
	t = now() - t;
	buf_free(&page);
	printf("%-44s %10.2f ms (%zu records, %zu KB, reading them %.2f ms)\n",
	    what, t * 1e3, n, total / 1024, parse * 1e3);
}

static void
flags(uint64_t box)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 }, some;
	double		 t;
	uint32_t	 i;
	int		 round;

	for (round = 0; round < 4; round++) {
		t = now();
		must(mstore_begin(ms, time(NULL)), "begin");
		must(mstore_store(ms, box, &all, round % 2 == 0 ?
		    MSTORE_FLAGS_ADD : MSTORE_FLAGS_DEL, MSTORE_FLAGGED, 0,
		    UINT64_MAX, NULL, NULL, NULL), "store");
		must(mstore_commit(ms), "commit");
		took("STORE +FLAGS over all, durable", now() - t);
	}
	rseq_init(&some);
	for (i = 1; i < 20000; i += 2)
		rseq_add(&some, i, i);
	t = now();
	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_store(ms, box, &some, MSTORE_FLAGS_ADD, MSTORE_SEEN, 0,
	    UINT64_MAX, NULL, NULL, NULL), "store");
	must(mstore_commit(ms), "commit");
	took("STORE +FLAGS over every second, durable", now() - t);
	rseq_free(&some);
	t = now();
	for (i = 1; i <= 1000; i++) {
		struct rseq_run	 r1 = { i * 7, i * 7 };
		struct rseq	 one = { &r1, 1, 1 };

		must(mstore_begin(ms, time(NULL)), "begin");
		must(mstore_store(ms, box, &one, MSTORE_FLAGS_ADD,
		    MSTORE_ANSWERED, 0, UINT64_MAX, NULL, NULL, NULL),
		    "store");
		must(mstore_commit(ms), "commit");
	}
	rate("STORE of one, a flush each", now() - t, 1000);
}

static void
copying(uint32_t acct, uint64_t box)
{
	struct rseq_run	 run = { 1, UINT32_MAX };
	struct rseq	 all = { &run, 1, 1 };
	struct mstore_mailbox m;
	uint64_t	 to, third;
	uint32_t	 first;
	double		 t;

	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_mailbox_create(ms, acct, SPAN("copy"), 0, &to), "create");
	must(mstore_mailbox_create(ms, acct, SPAN("move"), 0, &third),
	    "create");
	must(mstore_commit(ms), "commit");
	t = now();
	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_copy(ms, box, &all, to, 0, NULL, NULL, &first), "copy");
	must(mstore_commit(ms), "commit");
	took("COPY of all, durable", now() - t);
	t = now();
	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_copy(ms, to, &all, third, 1, NULL, NULL, &first), "move");
	must(mstore_commit(ms), "commit");
	took("MOVE of all, durable", now() - t);
	t = now();
	must(mstore_begin(ms, time(NULL)), "begin");
	must(mstore_expunge(ms, third, &all, 1, NULL, NULL), "expunge");
	must(mstore_commit(ms), "commit");
	took("EXPUNGE of all, durable", now() - t);
	must(mstore_mailbox_get(ms, third, &m), "get");
	if (m.exists != 0)
		errx(1, "expunge left %u", m.exists);
}

static void
selects(uint64_t box)
{
	struct mstore_mailbox m;
	struct rseq	 uids;
	uint32_t	 uid, num;
	double		 t = now();
	int		 i;

	for (i = 0; i < 10000; i++)
		must(mstore_mailbox_get(ms, box, &m), "get");
	rate("SELECT/STATUS counters", now() - t, 10000);
	t = now();
	for (i = 0; i < 100; i++) {
		rseq_init(&uids);
		must(mstore_uids(ms, box, &uids), "uids");
		rseq_free(&uids);
	}
	took("uid list", (now() - t) / 100);
	t = now();
	(void)mstore_first_unseen(ms, box, &uid, &num);
	took("first unseen", now() - t);
}

static void
spooling(const char *dir, int n, int batch)
{
	struct spool_conf conf = { .dir = dir };
	struct spool_body b = { .mem = body, .len = bodylen };
	struct spool_entry e;
	struct spool	*sp;
	const char	*why;
	char		 what[64];
	double		 t;
	int		 i, j;

	mkdir(dir, 0700);
	if (spool_open(&sp, &conf, &why) == -1)
		err(1, "%s", why);
	t = now();
	for (i = 0; i < n; i += batch) {
		spool_begin(sp, i);
		for (j = 0; j < batch; j++)
			if (spool_enqueue(sp, (uint64_t)(i + j + 1),
			    SPAN("an envelope of some sort or other, like so"),
			    &b, 1000 + i) != SPOOL_OK)
				errx(1, "enqueue");
		if (spool_commit(sp) != SPOOL_OK)
			errx(1, "commit");
	}
	snprintf(what, sizeof(what), "spool: enqueue, %d to a flush", batch);
	rate(what, now() - t, n);
	spool_close(sp);
	t = now();
	if (spool_open(&sp, &conf, &why) == -1)
		err(1, "%s", why);
	snprintf(what, sizeof(what), "spool: open with %d entries", n);
	took(what, now() - t);
	t = now();
	memset(&e, 0, sizeof(e));
	e.next = INT64_MIN;
	for (i = 0; spool_next(sp, e.next, e.id, &e) == SPOOL_OK; i++)
		;
	rate("spool: walk in order of time", now() - t, i);
	t = now();
	for (i = 0; i < n; i += batch) {
		spool_begin(sp, i);
		for (j = 0; j < batch; j++)
			if (spool_remove(sp, (uint64_t)(i + j + 1)) !=
			    SPOOL_OK)
				errx(1, "remove");
		spool_commit(sp);
	}
	rate("spool: remove", now() - t, n);
	t = now();
	while (spool_work(sp, 0) == 1)
		;
	took("spool: free segments", now() - t);
	spool_close(sp);
}

static void
reopen(struct mstore_conf *conf, const char *what)
{
	const char	*why;
	double		 t = now();

	if (mstore_open(&ms, conf, &why) == -1)
		err(1, "%s", why);
	took(what, now() - t);
}

int
main(int argc, char **argv)
{
	struct mstore_conf conf = { 0 };
	char		 dir[256], path[512], cmd[600];
	uint32_t	 acct, first = 0, i;
	uint64_t	 box;
	int		 ch, n = 10000;
	double		 t;

	strlcpy(dir, "store_bench.tmp", sizeof(dir));
	while ((ch = getopt(argc, argv, "d:n:s:")) != -1) {
		switch (ch) {
		case 'd':
			strlcpy(dir, optarg, sizeof(dir));
			break;
		case 'n':
			n = atoi(optarg);
			break;
		case 's':
			bodylen = (size_t)atoi(optarg);
			break;
		default:
			errx(1, "usage: store_bench [-d dir] [-n messages] "
			    "[-s octets]");
		}
	}
	if (mkdir(dir, 0700) == -1)
		err(1, "%s", dir);
	if ((body = malloc(bodylen + 1)) == NULL)
		err(1, NULL);
	memset(body, 'x', bodylen);
	memset(meta, 'm', sizeof(meta));
	snprintf(path, sizeof(path), "%s/mail", dir);
	mkdir(path, 0700);
	conf.dir = path;
	reopen(&conf, "open, new");
	acct = account("one");
	for (i = 0; i < 1000; i++) {
		snprintf(cmd, sizeof(cmd), "user%u@example.org", i);
		if (i == 0)
			first = account(cmd);
		else
			account(cmd);
	}
	must(mstore_mailbox_find(ms, acct, SPAN("INBOX"), &box), "find");
	deliver("deliver, 1 to a flush, one mailbox", 2000, 1, acct, 1);
	deliver("deliver, 16 to a flush, one mailbox", 8000, 16, acct, 1);
	deliver("deliver, 64 to a flush, one mailbox", n > 10048 ? n - 10000 :
	    64, 64, acct, 1);
	deliver("deliver, 1 to a flush, 1000 mailboxes", 2000, 1, first, 1000);
	deliver("deliver, 16 to a flush, 1000 mailboxes", 8000, 16, first,
	    1000);
	deliver("deliver, 64 to a flush, 1000 mailboxes", 32000, 64, first,
	    1000);
	selects(box);
	fetch("FETCH (FLAGS)", box, MSTORE_COL_FLAGS);
	fetch("FETCH (FLAGS), again", box, MSTORE_COL_FLAGS);
	fetch("FETCH (FLAGS MODSEQ SIZE DATES IDS)", box, MSTORE_COL_INDEX);
	fetch("FETCH meta (ENVELOPE BODYSTRUCTURE)", box,
	    MSTORE_COL_FLAGS | MSTORE_COL_META);
	fetch("FETCH bodies", box, MSTORE_COL_BODY);
	flags(box);
	copying(acct, box);
	t = now();
	mstore_close(ms);
	took("close", now() - t);
	reopen(&conf, "open");
	mstore_abandon(ms);
	reopen(&conf, "open after abandon");
	mstore_close(ms);
	snprintf(cmd, sizeof(cmd), "rm -rf %s/index", path);
	if (system(cmd) != 0)
		errx(1, "rm");
	reopen(&conf, "rebuild from the log");
	mstore_close(ms);
	snprintf(path, sizeof(path), "%s/spool1", dir);
	spooling(path, 2000, 1);
	snprintf(path, sizeof(path), "%s/spool", dir);
	spooling(path, 100000, 100);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0;
}
