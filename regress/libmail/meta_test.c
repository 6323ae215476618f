/* The meta blob. */
#include <atf-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "libmail/imapstruct.h"

static const char msg[] =
    "Received: from a by b; Tue, 1 Jul 2003 10:52:37 +0200\r\n"
    "From: =?utf-8?q?J=C3=B6rg?= <Joe@Example.org>\r\n"
    "To: bob@example.net\r\nTo: Carol <carol@example.net>\r\n"
    "Subject: Re: [x] =?utf-8?q?caf=C3=A9?= time\r\n"
    "Date: Tue, 1 Jul 2003 23:52:37 -0200\r\n"
    "Message-ID: <\"2\"@example.org>\r\n"
    "References: <0@example.org>\r\n <1@example.org>\r\n"
    "In-Reply-To: <1@example.org>\r\nList-Id: L <L.Example.org>\r\n"
    "X-Odd: 1\r\nx-odd: 2\r\njunk\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nHello\r\n"
    "--b\r\nContent-Type: application/pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";

static struct meta_ctx *x;

static void
build(struct span prefix, struct span m, struct buf *b, struct meta *t)
{
	if (x == NULL)
		ATF_REQUIRE((x = meta_ctx_new(NULL)) != NULL);
	buf_init(b, META_MAX);
	ATF_REQUIRE_EQ(meta_build(x, prefix, m, b), 0);
	ATF_REQUIRE_EQ(meta_open(t, buf_ptr(b), b->len), 0);
}

#define TEXT(t, id, want)						\
	ATF_CHECK_MSG(span_eq((t).text[id], span_of(want)),		\
	    #id ": <%.*s>, not <%s>", (int)(t).text[id].len,		\
	    (t).text[id].p, (want))

ATF_TC_WITHOUT_HEAD(texts);
ATF_TC_BODY(texts, tc)
{
	struct meta t;
	struct buf b, body;

	build(SPAN_NONE, SPAN(msg), &b, &t);
	TEXT(t, META_FROM, "JO\xcc\x88RG <JOE@EXAMPLE.ORG>");
	TEXT(t, META_TO, "<BOB@EXAMPLE.NET>, CAROL <CAROL@EXAMPLE.NET>");
	TEXT(t, META_SUBJECT, "RE: [X] CAFE\xcc\x81 TIME");
	TEXT(t, META_BASESUBJ, "CAFE\xcc\x81 TIME");
	TEXT(t, META_MSGID, "2@example.org");
	TEXT(t, META_SORT_FROM, "JOE");
	TEXT(t, META_DISP_FROM, "JO\xcc\x88RG");
	TEXT(t, META_SORT_TO, "BOB");
	TEXT(t, META_DISP_TO, "BOB@EXAMPLE.NET");
	TEXT(t, META_LISTID, "l.example.org");
	TEXT(t, META_PREVIEW, "Hello");
	ATF_CHECK(t.text[META_CC].p == NULL);
	ATF_CHECK_EQ(t.flags, META_F_REPLY | META_F_ATTACH);
	ATF_CHECK_EQ(t.sent.zone, -120);
	ATF_CHECK_EQ(date_day(&t.sent), date_days(2003, 7, 1));
	ATF_CHECK_EQ(t.msgid, meta_hash(SPAN("2@example.org")));
	ATF_CHECK_EQ(t.inreplyto, meta_hash(SPAN("1@example.org")));
	ATF_CHECK_EQ(t.subject, meta_hash(t.text[META_BASESUBJ]));
	ATF_CHECK_EQ(t.nrefs, 2);
	ATF_CHECK_EQ(meta_ref(&t, 0), meta_hash(SPAN("0@example.org")));
	ATF_CHECK_EQ(meta_ref(&t, 1), t.inreplyto);
	ATF_CHECK_EQ(meta_ref(&t, 2), 0);
	ATF_CHECK_EQ(t.size, sizeof(msg) - 1);
	ATF_CHECK_EQ(t.hdr_len, header_length(msg, sizeof(msg) - 1));
	ATF_CHECK_MSG(b.len < 1200, "%zu", b.len);
	buf_init(&body, 10000);
	ATF_CHECK_EQ(meta_body(&t, &body), 0);
	buf_free(&body);
	buf_free(&b);
}

/* The fields of one name, by what the index says. */
ATF_TC_WITHOUT_HEAD(fields);
ATF_TC_BODY(fields, tc)
{
	static const struct span prefix = SPAN("Return-Path: <a@b>\r\n");
	struct meta t;
	struct meta_iter it;
	struct meta_field f;
	struct buf b;
	uint32_t hash = header_name_hash(SPAN("X-ODD"));
	int odd = 0, to = 0, junk = 0;

	build(prefix, SPAN(msg), &b, &t);
	meta_field_first(&t, &it);
	while (meta_field_next(&it, &f)) {
		odd += meta_field_is(&f, HEADER_OTHER, hash);
		junk += f.id == HEADER_JUNK;
		if (meta_field_is(&f, HEADER_TO, 0) == 2) {
			to++;
			ATF_CHECK_EQ(memcmp(msg + f.off - prefix.len, "To: ",
			    4), 0);
		}
	}
	ATF_CHECK_EQ(odd, 2);
	ATF_CHECK_EQ(to, 2);
	ATF_CHECK_EQ(junk, 1);
	ATF_CHECK_EQ(t.size, sizeof(msg) - 1 + prefix.len);
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(parts);
ATF_TC_BODY(parts, tc)
{
	struct meta t;
	struct meta_part p;
	struct buf b;
	uint32_t path = 1;

	build(SPAN("Prefix: x\r\n"), SPAN(msg), &b, &t);
	ATF_CHECK_EQ(t.nparts, 3);
	ATF_REQUIRE_EQ(meta_part_find(&t, &path, 1, &p), 0);
	ATF_CHECK_EQ(p.class, MIME_TEXT_PLAIN);
	ATF_CHECK_EQ(p.charset, CHARSET_KOI8_R);
	ATF_CHECK_EQ(memcmp(msg + p.body_off - 11, "Hello", 5), 0);
	ATF_CHECK_EQ(p.body_len, 5);
	path = 2;
	ATF_REQUIRE_EQ(meta_part_find(&t, &path, 1, &p), 0);
	ATF_CHECK_EQ(p.encoding, TRANSFER_BASE64);
	buf_free(&b);
}

/* A multipart without parts has the one that BODYSTRUCTURE shows. */
ATF_TC_WITHOUT_HEAD(partless);
ATF_TC_BODY(partless, tc)
{
	struct meta t;
	struct meta_part p;
	struct buf b;
	uint32_t path[2] = { 1, 1 };

	build(SPAN_NONE, SPAN("Content-Type: multipart/mixed; boundary=b\r\n"
	    "\r\nnothing\r\n"), &b, &t);
	ATF_CHECK_EQ(t.nparts, 1);
	ATF_REQUIRE_EQ(meta_part_find(&t, path, 1, &p), 0);
	ATF_CHECK_EQ(p.class, MIME_TEXT_PLAIN);
	ATF_CHECK_EQ(p.hdr_len, 0);
	ATF_CHECK_EQ(p.body_len, 0);
	ATF_CHECK_EQ(p.body_off, t.size);
	ATF_CHECK_EQ(meta_part_find(&t, path, 2, &p), -1);
	path[0] = 2;
	ATF_CHECK_EQ(meta_part_find(&t, path, 1, &p), -1);
	buf_free(&b);
}

/* No prefix of a blob is one; no flipped byte does harm. */
ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	struct meta t;
	struct buf b;
	uint8_t *p;
	size_t i;
	int bit;

	build(SPAN_NONE, SPAN(msg), &b, &t);
	for (i = 0; i < b.len; i++) {
		ATF_REQUIRE((p = malloc(i + (i == 0))) != NULL);
		memcpy(p, buf_ptr(&b), i);
		ATF_CHECK_EQ(meta_open(&t, p, i), -1);
		free(p);
	}
	ATF_REQUIRE((p = malloc(b.len)) != NULL);
	memcpy(p, buf_ptr(&b), b.len);
	for (i = 0; i < b.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			p[i] ^= 1 << bit;
			check_meta(p, b.len);
			p[i] ^= 1 << bit;
		}
	}
	free(p);
	buf_free(&b);
}

/* Whatever a message holds, a blob comes out of it and has its limit. */
ATF_TC_WITHOUT_HEAD(huge);
ATF_TC_BODY(huge, tc)
{
	struct meta t;
	struct buf b, m;
	size_t i;

	buf_init(&m, 1 << 27);
	buf_addstr(&m, "Subject: ");
	for (i = 0; i < 200000; i++)
		buf_addstr(&m, "0123456789");
	buf_addstr(&m, "\r\nFrom: ");
	for (i = 0; i < 200000; i++)
		buf_addstr(&m, "a@b, ");
	for (i = 0; i < 100000; i++)
		buf_addstr(&m, "\r\nX-Y: z");
	buf_addstr(&m, "\r\n\r\n");
	build(SPAN_NONE, (struct span){ (char *)buf_ptr(&m), m.len }, &b, &t);
	ATF_CHECK(b.len <= META_MAX);
	ATF_CHECK(t.flags & META_F_CUT(META_SUBJECT));
	ATF_CHECK(t.flags & META_F_CUT(META_FROM));
	ATF_CHECK(t.flags & META_F_FIELDS_CUT);
	ATF_CHECK_EQ(t.hdr_len, m.len);
	buf_free(&b);

	buf_truncate(&m, 0);
	for (i = 0; i < 400000; i++)
		buf_addstr(&m, "Subject: a\r\n");
	build(SPAN_NONE, (struct span){ (char *)buf_ptr(&m), m.len }, &b, &t);
	ATF_CHECK(t.flags & META_F_CUT(META_SUBJECT));
	buf_free(&b);

	buf_truncate(&m, 0);
	buf_addstr(&m, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (i = 0; i < 20000; i++)
		buf_addstr(&m, "--b\r\nContent-Type: text/plain; name=\""
		    "01234567890123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789"
		    "\"\r\n\r\nx\r\n");
	build(SPAN_NONE, (struct span){ (char *)buf_ptr(&m), m.len }, &b, &t);
	ATF_CHECK(b.len <= META_MAX);
	ATF_CHECK(t.nparts > 100);
	buf_free(&b);
	buf_free(&m);
}

ATF_TC_WITHOUT_HEAD(refs);
ATF_TC_BODY(refs, tc)
{
	struct meta t;
	struct buf b, m;
	char id[16];
	int i;

	buf_init(&m, 1 << 20);
	buf_addstr(&m, "References:");
	for (i = 0; i < 1000; i++)
		buf_addf(&m, "\r\n <%d@x>", i);
	build(SPAN_NONE, (struct span){ (char *)buf_ptr(&m), m.len }, &b, &t);
	ATF_CHECK_EQ(t.nrefs, 200);
	ATF_CHECK_EQ(meta_ref(&t, 0), meta_hash(SPAN("0@x")));
	for (i = 0; i < 199; i++) {
		snprintf(id, sizeof(id), "%d@x", 999 - i);
		ATF_CHECK_EQ(meta_ref(&t, (uint32_t)(199 - i)),
		    meta_hash(span_of(id)));
	}
	buf_free(&b);
	/* without References the answer to one message is known */
	buf_truncate(&m, 0);
	buf_addstr(&m, "In-Reply-To: <a@b>\r\n\r\n");
	build(SPAN_NONE, (struct span){ (char *)buf_ptr(&m), m.len }, &b, &t);
	ATF_CHECK_EQ(t.nrefs, 1);
	ATF_CHECK_EQ(meta_ref(&t, 0), meta_hash(SPAN("a@b")));
	ATF_CHECK(t.flags & META_F_NODATE);
	buf_free(&b);
	buf_free(&m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, texts);
	ATF_TP_ADD_TC(tp, fields);
	ATF_TP_ADD_TC(tp, parts);
	ATF_TP_ADD_TC(tp, partless);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, huge);
	ATF_TP_ADD_TC(tp, refs);
	return atf_no_error();
}
