/* The ordered table: what every engine behind kv.h must do. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/kv.h"

static struct kv *
open_kv(void)
{
	struct kv_conf	 conf = { .dir = "kv", .cache = 256 * 1024,
	    .scattered = "xbz" };
	struct kv	*kv;

	mkdir("kv", 0700);
	ATF_REQUIRE_EQ(KV_OK, kv_open(&kv, &conf));
	return kv;
}

static void
put(struct kv *kv, const char *key, const char *val)
{
	ATF_REQUIRE_EQ(KV_OK, kv_put(kv, key, strlen(key), val, strlen(val)));
}

static void
want(struct kv *kv, const char *key, const char *val)
{
	const void	*p;
	size_t		 len;

	if (val == NULL) {
		ATF_REQUIRE_EQ(KV_NONE, kv_get(kv, key, strlen(key), &p,
		    &len));
		return;
	}
	ATF_REQUIRE_EQ(KV_OK, kv_get(kv, key, strlen(key), &p, &len));
	ATF_REQUIRE_EQ(strlen(val), len);
	ATF_REQUIRE(memcmp(p, val, len) == 0);
}

ATF_TC_WITHOUT_HEAD(transactions);
ATF_TC_BODY(transactions, tc)
{
	struct kv	*kv = open_kv();

	ATF_REQUIRE_EQ(KV_OK, kv_begin(kv));
	put(kv, "a", "1");
	put(kv, "b", "2");
	want(kv, "a", "1");
	ATF_REQUIRE_EQ(KV_OK, kv_commit(kv));
	ATF_REQUIRE_EQ(KV_OK, kv_begin(kv));
	put(kv, "a", "3");
	ATF_REQUIRE_EQ(KV_OK, kv_del(kv, "b", 1));
	ATF_REQUIRE_EQ(KV_NONE, kv_del(kv, "c", 1));
	want(kv, "b", NULL);
	kv_abort(kv);
	want(kv, "a", "1");
	want(kv, "b", "2");
	kv_close(kv);
	kv = open_kv();
	want(kv, "a", "1");
	put(kv, "a", "");
	want(kv, "a", "");
	kv_close(kv);
	ATF_REQUIRE_EQ(0, kv_destroy("kv"));
	kv = open_kv();
	want(kv, "a", NULL);
	kv_close(kv);
}

ATF_TC_WITHOUT_HEAD(cursor);
ATF_TC_BODY(cursor, tc)
{
	struct kv	*kv = open_kv();
	struct kv_cursor *c;
	const uint8_t	*k;
	char		 key[16];
	size_t		 len;
	int		 i, n;

	ATF_REQUIRE_EQ(KV_OK, kv_begin(kv));
	for (i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%04d", (i * 7) % 1000);
		put(kv, key, key + 1);
	}
	ATF_REQUIRE_EQ(KV_OK, kv_cursor_open(kv, &c));
	ATF_REQUIRE_EQ(KV_OK, kv_cursor_seek(c, "k0500x", 6));
	for (i = 501, n = 0;; i++, n++) {
		k = kv_cursor_key(c, &len);
		ATF_REQUIRE_EQ(5, len);
		snprintf(key, sizeof(key), "k%04d", i);
		ATF_REQUIRE(memcmp(key, k, 5) == 0);
		ATF_REQUIRE(memcmp(key + 1, kv_cursor_val(c, &len), 4) == 0);
		/* What is behind and ahead may go meanwhile. */
		if (i % 3 == 0 && i < 998) {
			ATF_REQUIRE_EQ(KV_OK, kv_del(kv, key, 5));
		}
		if (kv_cursor_next(c) != KV_OK)
			break;
	}
	ATF_REQUIRE_EQ(999, i);
	ATF_REQUIRE_EQ(KV_NONE, kv_cursor_seek(c, "l", 1));
	kv_cursor_close(c);
	ATF_REQUIRE_EQ(KV_OK, kv_commit(kv));
	kv_close(kv);
}

ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	struct kv	*kv = open_kv();
	const void	*p;
	char		*val;
	size_t		 len, n;

	ATF_REQUIRE((val = malloc(1 << 20)) != NULL);
	memset(val, 'v', 1 << 20);
	for (n = 1; n <= 1 << 20; n *= 2) {
		ATF_REQUIRE_EQ(KV_OK, kv_put(kv, &n, sizeof(n), val, n));
		ATF_REQUIRE_EQ(KV_OK, kv_get(kv, &n, sizeof(n), &p, &len));
		ATF_REQUIRE_EQ(n, len);
	}
	free(val);
	ATF_REQUIRE_EQ(KV_OK, kv_checkpoint(kv, 0));
	kv_close(kv);
}

/* A killed process leaves whole transactions, in order. */
ATF_TC_WITHOUT_HEAD(killed);
ATF_TC_BODY(killed, tc)
{
	struct kv	*kv;
	const void	*a, *b;
	uint32_t	 va = 0;
	size_t		 len;
	pid_t		 pid;
	int		 i, round, status;

	/* One that was not made whole is broken, and may say so. */
	kv_close(open_kv());
	for (round = 0; round < 10; round++) {
		if ((pid = fork()) == 0) {
			kv = open_kv();
			for (i = 0; i < 100000; i++) {
				kv_begin(kv);
				kv_put(kv, "a", 1, &i, sizeof(i));
				kv_put(kv, "b", 1, &i, sizeof(i));
				kv_put(kv, &i, sizeof(i), "x", 1);
				kv_commit(kv);
			}
			_exit(0);
		}
		usleep(20000 + (useconds_t)round * 7000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		kv = open_kv();
		if (kv_get(kv, "a", 1, &a, &len) == KV_OK) {
			memcpy(&va, a, sizeof(va));
			ATF_REQUIRE_EQ(KV_OK, kv_get(kv, "b", 1, &b, &len));
			ATF_REQUIRE(memcmp(&va, b, sizeof(va)) == 0);
			ATF_REQUIRE_EQ(KV_OK, kv_get(kv, &va, sizeof(va), &b,
			    &len));
		}
		kv_close(kv);
	}
}

/* A damaged table is said to be so, or works: never a crash. */
ATF_TC_WITHOUT_HEAD(damaged);
ATF_TC_BODY(damaged, tc)
{
	struct kv_conf	 conf = { .dir = "kv", .scattered = "xbz" };
	struct kv	*kv;
	const void	*p;
	uint32_t	 i;
	size_t		 len;
	int		 fd, bad = 0;
	enum kv_code	 kc;

	kv = open_kv();
	for (i = 0; i < 20000; i++)
		ATF_REQUIRE_EQ(KV_OK, kv_put(kv, &i, sizeof(i), "0123456789",
		    10));
	kv_close(kv);
	ATF_REQUIRE((fd = open("kv/index.db", O_WRONLY)) != -1);
	for (i = 16384 + 100; i < 200000; i += 16384)
		ATF_REQUIRE(pwrite(fd, "garbage", 7, i) == 7);
	close(fd);
	kc = kv_open(&kv, &conf);
	if (kc == KV_OK) {
		for (i = 0; i < 20000 && !bad; i++)
			bad = kv_get(kv, &i, sizeof(i), &p, &len) ==
			    KV_BROKEN;
		ATF_REQUIRE(bad);
		kv_abandon(kv);
	} else
		ATF_REQUIRE_EQ(KV_BROKEN, kc);
	ATF_REQUIRE_EQ(0, kv_destroy("kv"));
	kv = open_kv();
	kv_close(kv);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, transactions);
	ATF_TP_ADD_TC(tp, cursor);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, damaged);
	return atf_no_error();
}
