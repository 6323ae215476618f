/* Address lists, and how ENVELOPE shows them. */
#include <atf-c.h>

#include <stdlib.h>
#include <string.h>

#include "libmail/address.h"

/*
 * "name|route|local|domain", - for what is missing; `:name' begins a group
 * and `;' ends it.
 */
static void
check(const char *value, const char *want)
{
	struct address_list l = ADDRESS_LIST_NONE;
	struct arena a;
	struct buf b;
	struct span *f[4];
	size_t i, j;

	arena_init(&a, 1 << 20);
	buf_init(&b, 4096);
	ATF_REQUIRE_EQ(address_list_add(&a, &l, span_of(value), 100), 0);
	for (i = 0; i < l.n; i++) {
		if (i > 0)
			buf_addc(&b, ' ');
		if (l.v[i].kind == ADDRESS_GROUP)
			buf_addf(&b, ":%.*s", (int)l.v[i].local.len,
			    l.v[i].local.p);
		else if (l.v[i].kind == ADDRESS_GROUPEND)
			buf_addc(&b, ';');
		else {
			f[0] = &l.v[i].name;
			f[1] = &l.v[i].route;
			f[2] = &l.v[i].local;
			f[3] = &l.v[i].domain;
			for (j = 0; j < 4; j++) {
				if (j > 0)
					buf_addc(&b, '|');
				if (f[j]->p == NULL)
					buf_addc(&b, '-');
				buf_add(&b, f[j]->p, f[j]->len);
			}
		}
	}
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((const char *)buf_ptr(&b), want);
	buf_free(&b);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	check("a@b.c", "-|-|a|b.c");
	check("Joe <a@b.c>, d@e", "Joe|-|a|b.c -|-|d|e");
	check("\"Joe, \\\"X\\\"\" <a@b>", "Joe, \"X\"|-|a|b");
	check("Joe  Q.\r\n Public <a@b>", "Joe Q. Public|-|a|b");
	check("a@b (Joe (x) \\) y)", "Joe (x) ) y|-|a|b");
	check("\"odd local\"@[192.0.2.1]", "-|-|odd local|[192.0.2.1]");
	check("<@x.y,@z:a@b>", "-|@x.y,@z|a|b");
	check("a . b @ c (x) . d", "x|-|a.b|c.d");
	check("\"a\".\"b c\"@d", "-|-|a.b c|d");
	check("G: a@b, C <c@d>;, e@f",
	    ":G -|-|a|b C|-|c|d ; -|-|e|f");
	check("Undisclosed recipients:;", ":Undisclosed recipients ;");
	check("=?utf-8?q?x?= y <a@b>", "=?utf-8?q?x?= y|-|a|b");
	check("J\xc3\xb6rg <j\xc3\xb6@\xc3\xa4.example>",
	    "J\xc3\xb6rg|-|j\xc3\xb6|\xc3\xa4.example");
	check("a@b, , c@d,", "-|-|a|b -|-|c|d");
	check("", "");
	check(" \r\n ", "");
}

ATF_TC_WITHOUT_HEAD(broken);
ATF_TC_BODY(broken, tc)
{
	check("root", "-|-|root|-");
	check("John Doe", "John Doe|-|-|-");
	check("Dr. Who", "Dr. Who|-|-|-");
	check("\"John Doe\"", "John Doe|-|-|-");
	check("a@b <a@b>", "a@b|-|a|b");
	check("[x] Joe <a@b>", "[x] Joe|-|a|b");
	check("a@b; c@d", "-|-|a|b -|-|c|d");
	check("<a b@c>, d@e", "-|-|a|- -|-|d|e");
	check("<x:;>, d@e", "-|-|x|- -|-|d|e");
	check("first..last.@b", "-|-|first..last.|b");
	check("<>", "-|-|-|-");
	check("G: a@b", ":G -|-|a|b ;");
	check("a@b c@d, e@f", "-|-|a|b -|-|e|f");
}

ATF_TC_WITHOUT_HEAD(nul);
ATF_TC_BODY(nul, tc)
{
	struct address_list l = ADDRESS_LIST_NONE;
	struct arena a;

	arena_init(&a, 1 << 20);
	ATF_REQUIRE_EQ(address_list_add(&a, &l, SPAN("\"x\0y\" <a@b>"), 9), 0);
	ATF_REQUIRE_EQ(l.n, 1);
	ATF_CHECK(span_eq(l.v[0].name, SPAN("x\xef\xbf\xbdy")));
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	struct address_list l = ADDRESS_LIST_NONE;
	struct arena a;

	arena_init(&a, 1 << 20);
	ATF_REQUIRE_EQ(address_list_add(&a, &l, SPAN("a@b,c@d,e@f"), 2), 0);
	ATF_CHECK_EQ(l.n, 2);
	ATF_CHECK(l.cut);
	arena_free(&a);
	arena_init(&a, 10);
	l = ADDRESS_LIST_NONE;
	ATF_CHECK_EQ(address_list_add(&a, &l, SPAN("a@b,c@d,e@f"), 2), -1);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(spec);
ATF_TC_BODY(spec, tc)
{
	static const char *const good[] = {
		"a@b", "a.b+c@d-e.f", "\"x y\"@b.c", "a@[IPv6:::1]",
		"\xc3\xb6@\xc3\xa4.example"
	};
	static const char *const bad[] = {
		"", "a", "@b", "a@", "a..b@c", ".a@b", "a.@b", "a b@c",
		"a@b@c", "a@-b", "a@b-", "a@b..c", "a@b.", "a@[", "a@[]",
		"\"a@b", "a@b c", "a@b>", "a@[x]y", "\"a\x01\"@b"
	};
	struct span l, d;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ATF_CHECK_MSG(address_spec_parse(span_of(good[i]), &l, &d) ==
		    0, "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(address_spec_parse(span_of(bad[i]), &l, &d) ==
		    -1, "%s", bad[i]);
	ATF_REQUIRE_EQ(address_spec_parse(SPAN("\"x@y\"@b.c"), &l, &d), 0);
	ATF_CHECK(span_eq(l, SPAN("\"x@y\"")) && span_eq(d, SPAN("b.c")));
}

ATF_TC_WITHOUT_HEAD(from_domain);
ATF_TC_BODY(from_domain, tc)
{
	struct arena a;
	struct span d;

	arena_init(&a, 1 << 20);
	ATF_CHECK_EQ(address_from_domain(&a,
	    SPAN("\"x@evil.example\" <u@Example.ORG>"), &d), 1);
	ATF_CHECK(span_eq(d, SPAN("Example.ORG")));
	ATF_CHECK_EQ(address_from_domain(&a, SPAN("a@b, c@d"), &d), 2);
	ATF_CHECK(span_eq(d, SPAN("b")));
	ATF_CHECK_EQ(address_from_domain(&a, SPAN("nobody"), &d), 0);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(print);
ATF_TC_BODY(print, tc)
{
	static const char *const same[] = {
		"a@b", "Joe Q Public <a@b>", "\"Joe Q. Public\" <a@b>",
		"\"a\\\"b\" <\"c d\"@e>"
	};
	struct address_list l;
	struct arena a;
	struct buf b;
	size_t i;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		l = ADDRESS_LIST_NONE;
		ATF_REQUIRE_EQ(address_list_add(&a, &l, span_of(same[i]), 9),
		    0);
		buf_truncate(&b, 0);
		ATF_REQUIRE_EQ(address_print(&l.v[0], &b), 0);
		buf_addc(&b, '\0');
		ATF_CHECK_STREQ((char *)buf_ptr(&b), same[i]);
	}
	buf_free(&b);
	arena_free(&a);
}

/* The form that SEARCH FROM looks into. */
ATF_TC_WITHOUT_HEAD(print_list);
ATF_TC_BODY(print_list, tc)
{
	struct address_list l = ADDRESS_LIST_NONE;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1000);
	ATF_REQUIRE_EQ(address_list_add(&a, &l, SPAN("a@b, Joe \"O'X\" <"
	    "@r:\"c d\"@e>, G H: =?utf-8?q?x?= y <f@g>, root;, i@j"), 99), 0);
	ATF_REQUIRE_EQ(address_list_print(&l, &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), "<a@b>, \"Joe O\\'X\" <@r:\"c d\""
	    "@e>, \"G H\": =?utf-8?q?x?= y <f@g>, <root>;, <i@j>");
	buf_free(&b);
	buf_init(&b, 7);
	ATF_CHECK_EQ(address_list_print(&l, &b), -1);
	buf_free(&b);
	arena_free(&a);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, broken);
	ATF_TP_ADD_TC(tp, nul);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, spec);
	ATF_TP_ADD_TC(tp, from_domain);
	ATF_TP_ADD_TC(tp, print);
	ATF_TP_ADD_TC(tp, print_list);
	return atf_no_error();
}
