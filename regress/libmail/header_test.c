/* Header fields over memory. */
#include <atf-c.h>

#include <stdlib.h>
#include <string.h>

#include "libmail/header.h"

#define ATF_SPAN_EQ(s, want)						\
	ATF_CHECK_MSG(span_eq((s), span_of(want)), "<%.*s>, not <%s>",	\
	    (int)(s).len, (s).p, (want))

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	struct span n;
	char lower[64];
	size_t j;
	int i;

	for (i = HEADER_DATE; i < HEADER_NIDS; i++) {
		n = header_name((enum header_id)i);
		ATF_CHECK_MSG(header_id(n) == (enum header_id)i, "%s", n.p);
		for (j = 0; j < n.len; j++)
			lower[j] = n.p[j] >= 'A' && n.p[j] <= 'Z' ?
			    (char)(n.p[j] + 32) : n.p[j];
		ATF_CHECK(header_id((struct span){ lower, n.len }) ==
		    (enum header_id)i);
		ATF_CHECK_EQ(header_name_hash(n),
		    header_name_hash((struct span){ lower, n.len }));
	}
	ATF_CHECK_EQ(header_id(SPAN("X-Nothing")), HEADER_OTHER);
	ATF_CHECK_EQ(header_id(SPAN("")), HEADER_OTHER);
	ATF_CHECK_EQ(header_id(SPAN("T")), HEADER_OTHER);
}

ATF_TC_WITHOUT_HEAD(fields);
ATF_TC_BODY(fields, tc)
{
	static const char msg[] = "From a@b Tue Jul  1 10:52:37 2003\n"
	    "Subject : one\r\n two\r\n\tthree\r\nX-Bare: lf\nno colon\n"
	    ": no name\nEmpty:\nTwo words: junk\r\n\r\nBody: x\r\n";
	struct header_iter it;
	struct header h;

	header_iter_init(&it, msg, sizeof(msg) - 1);
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_JUNK);
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_SUBJECT);
	ATF_SPAN_EQ(h.name, "Subject");
	ATF_SPAN_EQ(h.value, " one\r\n two\r\n\tthree");
	ATF_SPAN_EQ(h.raw, "Subject : one\r\n two\r\n\tthree\r\n");
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_OTHER);
	ATF_SPAN_EQ(h.value, " lf");
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_JUNK);
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_JUNK);
	ATF_REQUIRE(header_next(&it, &h));
	ATF_SPAN_EQ(h.name, "Empty");
	ATF_SPAN_EQ(h.value, "");
	ATF_REQUIRE(header_next(&it, &h));
	ATF_CHECK_EQ(h.id, HEADER_JUNK);
	ATF_CHECK(!header_next(&it, &h));
	ATF_CHECK(!header_next(&it, &h));
	ATF_CHECK_EQ(strcmp(it.body, "Body: x\r\n"), 0);
	ATF_CHECK_EQ(header_length(msg, sizeof(msg) - 1),
	    sizeof(msg) - 1 - strlen("Body: x\r\n"));
	ATF_CHECK(header_find(msg, sizeof(msg) - 1, SPAN("x-BARE"), &h));
	ATF_CHECK(!header_find(msg, sizeof(msg) - 1, SPAN("Body"), &h));
}

ATF_TC_WITHOUT_HEAD(unfold);
ATF_TC_BODY(unfold, tc)
{
	struct buf b;

	buf_init(&b, 100);
	ATF_CHECK_EQ(header_unfold(SPAN(" a\r\n b\n\tc \r\n"), &b), 0);
	ATF_SPAN_EQ(((struct span){ (char *)buf_ptr(&b), b.len }), "a b\tc");
	buf_truncate(&b, 0);
	ATF_CHECK_EQ(header_unfold(SPAN(" \r\n "), &b), 0);
	ATF_CHECK_EQ(b.len, 0);
	buf_free(&b);
	buf_init(&b, 3);
	ATF_CHECK_EQ(header_unfold(SPAN("ab\r\n cd"), &b), -1);
	ATF_CHECK_EQ(b.len, 0);
	buf_free(&b);
}

/* Every prefix: fields lie one after the other and end with the memory. */
ATF_TC_WITHOUT_HEAD(prefixes);
ATF_TC_BODY(prefixes, tc)
{
	static const char msg[] = "A: b\r\n c\r\nD\r\n e\r\n:\n\r\nbody";
	struct header_iter it;
	struct header h;
	const char *at;
	char *p;
	size_t n;

	for (n = 0; n < sizeof(msg); n++) {
		ATF_REQUIRE((p = malloc(n + 1)) != NULL);
		p = realloc(p, n == 0 ? 1 : n);
		memcpy(p, msg, n);
		header_iter_init(&it, p, n);
		for (at = p; header_next(&it, &h); at += h.raw.len) {
			ATF_CHECK_EQ(h.raw.p, at);
			ATF_CHECK(h.raw.len > 0);
			ATF_CHECK(h.value.p + h.value.len <=
			    h.raw.p + h.raw.len);
		}
		ATF_CHECK(it.body >= at && it.body <= p + n);
		free(p);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, fields);
	ATF_TP_ADD_TC(tp, unfold);
	ATF_TP_ADD_TC(tp, prefixes);
	return atf_no_error();
}
