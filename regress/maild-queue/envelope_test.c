#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "msg.h"

static struct envelope *
make(void)
{
	struct destination	*d;
	struct envelope		*e;

	ATF_REQUIRE((e = envelope_new()) != NULL);
	e->id = 0x123456789abcdefULL;
	e->created = -5;
	e->next = INT64_MAX;
	e->flags = ENV_8BIT | ENV_UTF8;
	e->tries = 3;
	e->hold = 1;
	e->warned = 1;
	e->size = 1 << 20;
	ATF_REQUIRE(envelope_set(&e->sender, "a@b.zz") == 0);
	ATF_REQUIRE(envelope_set(&e->envid, "QQ314159") == 0);
	ATF_REQUIRE(buf_addstr(&e->prefix, "X: y\r\n") == 0);
	ATF_REQUIRE(envelope_add_rcpt(e, "one@x.zz", "rfc822;o", 2) != NULL);
	d = envelope_add_dst(e, DST_REMOTE, "one@x.zz", "");
	ATF_REQUIRE(d != NULL);
	d->state = DSTATE_DONE;
	ATF_REQUIRE(envelope_set_reply(d, 250, "2.0.0", "ok", "mx") == 0);
	ATF_REQUIRE(envelope_add_rcpt(e, "two@x.zz", "", 0) != NULL);
	d = envelope_add_dst(e, DST_ACCOUNT, "two@x.zz", "ext");
	ATF_REQUIRE(d != NULL);
	d->quota_bytes = 7;
	d->quota_messages = 8;
	return e;
}

ATF_TC_WITHOUT_HEAD(round_trip);
ATF_TC_BODY(round_trip, tc)
{
	struct envelope	*e = make(), *f;
	struct buf	 b, c;

	buf_init(&b, 65536);
	buf_init(&c, 65536);
	ATF_REQUIRE(envelope_encode(e, &b) == 0);
	ATF_REQUIRE((f = envelope_decode(buf_ptr(&b), b.len)) != NULL);
	ATF_CHECK(f->id == e->id && f->created == -5 && f->hold == 1);
	ATF_CHECK_STREQ(f->sender, "a@b.zz");
	ATF_CHECK(f->nrcpts == 2 && f->ndsts == 2);
	ATF_CHECK_STREQ(f->dsts[0].host, "mx");
	ATF_CHECK_STREQ(f->dsts[1].mailbox, "ext");
	ATF_CHECK(f->dsts[1].rcpt == 1 && f->dsts[1].quota_messages == 8);
	ATF_REQUIRE(envelope_encode(f, &c) == 0);
	ATF_CHECK(b.len == c.len &&
	    memcmp(buf_ptr(&b), buf_ptr(&c), b.len) == 0);
	/* What was decoded can grow. */
	ATF_CHECK(envelope_add_rcpt(f, "3@x.zz", "", 0) != NULL);
	ATF_CHECK(envelope_add_dst(f, DST_REMOTE, "3@x.zz", "") != NULL);
	envelope_free(e);
	envelope_free(f);
	buf_free(&b);
	buf_free(&c);
}

ATF_TC_WITHOUT_HEAD(cut_and_extended);
ATF_TC_BODY(cut_and_extended, tc)
{
	struct envelope	*e = make();
	struct buf	 b;
	uint8_t		*copy;
	size_t		 n;

	buf_init(&b, 65536);
	ATF_REQUIRE(envelope_encode(e, &b) == 0);
	for (n = 0; n < b.len; n++) {
		/* Exactly as large, so that a sanitizer sees one byte more. */
		ATF_REQUIRE((copy = malloc(n == 0 ? 1 : n)) != NULL);
		memcpy(copy, buf_ptr(&b), n);
		ATF_CHECK(envelope_decode(copy, n) == NULL);
		free(copy);
	}
	ATF_REQUIRE(buf_addc(&b, 0) == 0);
	ATF_CHECK(envelope_decode(buf_ptr(&b), b.len) == NULL);
	envelope_free(e);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(busy_is_pending);
ATF_TC_BODY(busy_is_pending, tc)
{
	struct envelope	*e = make(), *f;
	struct buf	 b;

	/* Nobody has it any more after a crash. */
	e->dsts[1].state = DSTATE_BUSY;
	buf_init(&b, 65536);
	ATF_REQUIRE(envelope_encode(e, &b) == 0);
	ATF_REQUIRE((f = envelope_decode(buf_ptr(&b), b.len)) != NULL);
	ATF_CHECK(f->dsts[1].state == DSTATE_PENDING);
	envelope_free(e);
	envelope_free(f);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(doubles);
ATF_TC_BODY(doubles, tc)
{
	struct envelope		*e = make();
	struct destination	*d;
	char			 a[32];
	int			 i;

	d = envelope_add_dst(e, DST_REMOTE, "one@x.zz", "");
	ATF_CHECK(d == &e->dsts[0] && e->ndsts == 2);
	for (i = 0; e->ndsts < ENVELOPE_DSTS; i++) {
		snprintf(a, sizeof(a), "n%d@y.zz", i);
		ATF_REQUIRE(envelope_add_dst(e, DST_REMOTE, a, "") != NULL);
	}
	ATF_CHECK(envelope_add_dst(e, DST_REMOTE, "more@y.zz", "") == NULL);
	ATF_CHECK_STREQ(envelope_domain("a@b@c.zz"), "c.zz");
	ATF_CHECK_STREQ(envelope_domain("nobody"), "");
	envelope_free(e);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, cut_and_extended);
	ATF_TP_ADD_TC(tp, busy_is_pending);
	ATF_TP_ADD_TC(tp, doubles);
	return atf_no_error();
}
