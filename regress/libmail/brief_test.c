/* Briefs: what is in them is what the message says, and the rest is missed. */
#include <atf-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libmail/brief.h"
#include "libmail/charset.h"

static struct charset_ctx *cs;
static struct meta_ctx *ctx;
static struct buf blob, brief;

static void
build(const char *msg, struct meta *m)
{
	if (ctx == NULL) {
		ATF_REQUIRE((cs = charset_ctx_new()) != NULL);
		ATF_REQUIRE((ctx = meta_ctx_new(cs)) != NULL);
		buf_init(&blob, META_MAX);
		buf_init(&brief, META_MAX);
	}
	buf_truncate(&blob, 0);
	buf_truncate(&brief, 0);
	ATF_REQUIRE_EQ(0, meta_build(ctx, SPAN("Return-Path: <x@y>\r\n"),
	    span_of(msg), &blob));
	ATF_REQUIRE_EQ(0, meta_open(m, buf_ptr(&blob), blob.len));
}

/* Each prefix and each byte more is malformed, and nothing else happens. */
static void
prefixes(int search)
{
	struct brief_search s;
	struct brief_fields f;
	char *p;
	size_t i;
	int r;

	for (i = 0; i < brief.len; i++) {
		ATF_REQUIRE((p = malloc(i + 1)) != NULL);
		memcpy(p, buf_ptr(&brief), i);
		r = search ? brief_search_open(&s, p, i) :
		    brief_fields_open(&f, p, i);
		ATF_CHECK_EQ_MSG(-1, r, "%zu of %zu", i, brief.len);
		free(p);
	}
	ATF_REQUIRE_EQ(0, buf_addc(&brief, 'x'));
	ATF_CHECK_EQ(-1, search ?
	    brief_search_open(&s, buf_ptr(&brief), brief.len) :
	    brief_fields_open(&f, buf_ptr(&brief), brief.len));
}

ATF_TC_WITHOUT_HEAD(search);
ATF_TC_BODY(search, tc)
{
	struct brief_search s;
	struct meta m;
	int i;

	build("From: Zo\xc3\xab <z@example.org>\r\nSubject: =?utf-8?q?GR=C3="
	    "9Cn?=\r\nDate: Mon, 5 Oct 2026 12:34:56 +0200\r\n"
	    "Cc: one@example.org\r\n\r\nbody\r\n", &m);
	ATF_REQUIRE_EQ(0, brief_search_put(&m, &brief));
	ATF_REQUIRE_EQ(0, brief_search_open(&s, buf_ptr(&brief), brief.len));
	ATF_CHECK_EQ(s.flags, m.flags);
	ATF_CHECK_EQ(s.sent.t, m.sent.t);
	ATF_CHECK_EQ(s.sent.zone, 120);
	for (i = 0; i < BRIEF_NTEXTS; i++) {
		ATF_CHECK_EQ(s.text[i].p == NULL,
		    m.text[META_SUBJECT + i].p == NULL);
		ATF_CHECK(s.text[i].p == NULL ||
		    span_eq(s.text[i], m.text[META_SUBJECT + i]));
	}
	ATF_CHECK(s.text[META_TO - META_SUBJECT].p == NULL);
	prefixes(1);

	build("\r\n", &m);
	ATF_REQUIRE_EQ(0, brief_search_put(&m, &brief));
	ATF_REQUIRE_EQ(0, brief_search_open(&s, buf_ptr(&brief), brief.len));
	ATF_CHECK((s.flags & META_F_NODATE) != 0);
}

static void
make_fields(const char *msg, struct brief_fields *f)
{
	char whole[70000];
	struct meta m;
	size_t n;

	build(msg, &m);
	n = (size_t)snprintf(whole, sizeof(whole), "Return-Path: <x@y>\r\n%s",
	    msg);
	ATF_REQUIRE(n < sizeof(whole));
	ATF_REQUIRE_EQ(0, brief_fields_put(&m, (struct span){ whole,
	    m.hdr_len }, &brief));
	ATF_REQUIRE_EQ(0, brief_fields_open(f, buf_ptr(&brief), brief.len));
}

static void
next_is(struct brief_fields *f, enum header_id id, const char *want)
{
	enum header_id have;
	struct span raw;

	ATF_REQUIRE_EQ(1, brief_fields_next(f, &have, &raw));
	ATF_CHECK_EQ(id, have);
	ATF_CHECK_MSG(span_eq(raw, span_of(want)), "<%.*s>, not <%s>",
	    (int)raw.len, raw.p, want);
}

static int
lacks(const struct brief_fields *f, const char *name)
{
	return brief_fields_lacks(f, header_name_hash(span_of(name)));
}

ATF_TC_WITHOUT_HEAD(fields);
ATF_TC_BODY(fields, tc)
{
	struct brief_fields f;
	enum header_id id;
	struct span raw;

	make_fields("Received: from a\r\n\tby b\r\nFrom: a@b\r\nX-One: 1\r\n"
	    "no field\r\nSubject: folded\r\n here\r\nsubject: again\r\n"
	    "DKIM-Signature: v=1\r\n\r\nbody", &f);
	ATF_CHECK(lacks(&f, "received"));
	ATF_CHECK(lacks(&f, "Dkim-Signature"));
	ATF_CHECK(!lacks(&f, "Subject"));
	ATF_CHECK(!lacks(&f, "X-Two"));
	ATF_CHECK(brief_fields_never(SPAN("RECEIVED")));
	ATF_CHECK(!brief_fields_never(SPAN("Subject")));
	ATF_CHECK(!brief_fields_never(SPAN("X-One")));
	next_is(&f, HEADER_RETURN_PATH, "Return-Path: <x@y>\r\n");
	next_is(&f, HEADER_FROM, "From: a@b\r\n");
	next_is(&f, HEADER_OTHER, "X-One: 1\r\n");
	next_is(&f, HEADER_SUBJECT, "Subject: folded\r\n here\r\n");
	next_is(&f, HEADER_SUBJECT, "subject: again\r\n");
	ATF_CHECK_EQ(0, brief_fields_next(&f, &id, &raw));
	prefixes(0);
}

ATF_TC_WITHOUT_HEAD(long_ones);
ATF_TC_BODY(long_ones, tc)
{
	static char msg[60000];
	struct brief_fields f;
	enum header_id id;
	struct span raw;
	size_t n = 0, i, sum = 0;

	/* An unknown one that is long, and more than there is room for. */
	n += (size_t)sprintf(msg + n, "X-Long: %0600d\r\nX-Short: 1\r\n", 1);
	for (i = 0; i < 20; i++)
		n += (size_t)sprintf(msg + n, "To: %0390d\r\n", (int)i);
	sprintf(msg + n, "Cc: c\r\n\r\n");
	make_fields(msg, &f);
	ATF_CHECK(brief.len < 5000);
	ATF_CHECK(lacks(&f, "X-Long"));
	ATF_CHECK(!lacks(&f, "X-Short"));
	ATF_CHECK(lacks(&f, "To"));
	ATF_CHECK(!lacks(&f, "Cc"));
	while (brief_fields_next(&f, &id, &raw))
		sum += id == HEADER_CC;
	ATF_CHECK_EQ(1, sum);

	/* More names than can be said: nothing is sure any more. */
	for (n = 0, i = 0; i < 700; i++)
		n += (size_t)sprintf(msg + n, "X-%zu-%zu: 1\r\n", i, i * 7);
	sprintf(msg + n, "\r\n");
	make_fields(msg, &f);
	ATF_CHECK(lacks(&f, "Anything"));
	ATF_CHECK_EQ(0, brief_fields_next(&f, &id, &raw));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, search);
	ATF_TP_ADD_TC(tp, fields);
	ATF_TP_ADD_TC(tp, long_ones);
	return atf_no_error();
}
