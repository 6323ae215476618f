/* smtp_path: the grammar, the odd relay forms, the canonical form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_path.h"

#define ALL	(SMTP_PATH_ALLOW_NULL | SMTP_PATH_ALLOW_POSTMASTER | \
		SMTP_PATH_ALLOW_UTF8)

static const struct {
	const char	*in;
	int		 allow;
	int		 error;
	int		 flags;
	const char	*canon;
} paths[] = {
	{ "<a@b.org>", 0, 0, 0, "a@b.org" },
	{ "<A.b+c@B.Org>", 0, 0, 0, "A.b+c@b.org" },
	{ "<a@localhost>", 0, 0, 0, "a@localhost" },
	{ "<a@x_y.org>", 0, 0, 0, "a@x_y.org" },
	{ "<!#$%&'*+-/=?^_`{|}~@b.org>", 0, 0, 0,
	    "!#$%&'*+-/=?^_`{|}~@b.org" },
	/* null and postmaster */
	{ "<>", SMTP_PATH_ALLOW_NULL, 0, SMTP_PATH_NULL, "" },
	{ "<>", 0, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<PostMaster>", SMTP_PATH_ALLOW_POSTMASTER, 0,
	    SMTP_PATH_POSTMASTER, "postmaster" },
	{ "<postmaster>", 0, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<abuse>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@x:postmaster>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	/* odd relay forms */
	{ "<user%other@here>", ALL, 0, 0, "user%other@here" },
	{ "<other!user@here>", ALL, 0, 0, "other!user@here" },
	{ "<\"user@other\"@here>", ALL, 0, SMTP_PATH_QUOTED,
	    "\"user@other\"@here" },
	{ "<@here:user@other>", ALL, 0, SMTP_PATH_ROUTE, "user@other" },
	{ "<@here,@[192.0.2.1],@c.d:user@other>", ALL, 0, SMTP_PATH_ROUTE,
	    "user@other" },
	{ "<user@other@here>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@here:user>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@here>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@here:>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@here,:a@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@here,other:a@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<user@other>@here", ALL, 0, 0, "user@other" },
	{ "<<a@b>>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	/* quotes: as few as can be */
	{ "<\"abc\"@b.org>", 0, 0, SMTP_PATH_QUOTED, "abc@b.org" },
	{ "<\"a\\b\\.c\"@b.org>", 0, 0, SMTP_PATH_QUOTED, "ab.c@b.org" },
	{ "<\"a b\"@b.org>", 0, 0, SMTP_PATH_QUOTED, "\"a b\"@b.org" },
	{ "<\"a\\\"\\\\\"@b.org>", 0, 0, SMTP_PATH_QUOTED,
	    "\"a\\\"\\\\\"@b.org" },
	{ "<\"\"@b.org>", 0, 0, SMTP_PATH_QUOTED, "\"\"@b.org" },
	{ "<\"a>b\"@b.org>", 0, 0, SMTP_PATH_QUOTED, "\"a>b\"@b.org" },
	{ "<\"a\"b@b.org>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<\"a@b.org>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<\"a\tb\"@b.org>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<\"a\\\tb\"@b.org>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	/* dots of Japanese telephones */
	{ "<a.@b.org>", 0, 0, 0, "\"a.\"@b.org" },
	{ "<a..b@b.org>", 0, 0, 0, "\"a..b\"@b.org" },
	{ "<.a@b.org>", 0, 0, 0, "\".a\"@b.org" },
	/* domains */
	{ "<a@>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@.b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b.>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b..c>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@-b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b->", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b c>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "a@b", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "< a@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@b >", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a b@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a,b@b>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	/* address literals */
	{ "<a@[192.0.2.1]>", 0, 0, SMTP_PATH_LITERAL, "a@[192.0.2.1]" },
	{ "<a@[IPv6:2001:DB8:0::1]>", 0, 0, SMTP_PATH_LITERAL,
	    "a@[IPv6:2001:db8::1]" },
	{ "<a@[ipv6:::1]>", 0, 0, SMTP_PATH_LITERAL, "a@[IPv6:::1]" },
	{ "<a@[192.0.2]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[192.0.2.256]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[2001:db8::1]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[IPv6:192.0.2.1]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[local]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[X400:abc]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[]>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[192.0.2.1>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	{ "<a@[192.0.2.1]x>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
	/* UTF-8 */
	{ "<j\303\274rgen@b.org>", ALL, 0, SMTP_PATH_UTF8,
	    "j\303\274rgen@b.org" },
	{ "<a@B\303\234CHER.example>", ALL, 0, SMTP_PATH_UTF8,
	    "a@xn--bcher-kva.example" },
	{ "<a@xn--bcher-kva.example>", 0, 0, 0, "a@xn--bcher-kva.example" },
	{ "<j\303\274rgen@b.org>", 0, SMTP_PATH_NEEDS_UTF8, 0, NULL },
	{ "<a@b\303\274cher.example>", 0, SMTP_PATH_NEEDS_UTF8, 0, NULL },
	{ "<\"\303\274\"@b.org>", 0, SMTP_PATH_NEEDS_UTF8, 0, NULL },
	{ "<\"\303\274 x\"@b.org>", ALL, 0,
	    SMTP_PATH_UTF8 | SMTP_PATH_QUOTED, "\"\303\274 x\"@b.org" },
	{ "<\303@b.org>", ALL, SMTP_PATH_BADUTF8, 0, NULL },
	{ "<\300\200@b.org>", ALL, SMTP_PATH_BADUTF8, 0, NULL },
	{ "<\355\240\200@b.org>", ALL, SMTP_PATH_BADUTF8, 0, NULL },
	{ "<\364\220\200\200@b.org>", ALL, SMTP_PATH_BADUTF8, 0, NULL },
	{ "<\"\\\303\274\"@b.org>", ALL, SMTP_PATH_SYNTAX, 0, NULL },
};

ATF_TC_WITHOUT_HEAD(table);
ATF_TC_BODY(table, tc)
{
	struct smtp_path	 path, again;
	char			 canon[SMTP_PATH_MAX + 1], *copy;
	size_t			 i, used, len;
	int			 error;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		len = strlen(paths[i].in);
		copy = malloc(len);
		ATF_REQUIRE(copy != NULL);
		memcpy(copy, paths[i].in, len);
		error = (int)smtp_path_parse(&path, copy, len,
		    paths[i].allow, &used);
		ATF_CHECK_EQ_MSG(paths[i].error, error, "%s: %d",
		    paths[i].in, error);
		if (error == 0 && paths[i].error == 0) {
			ATF_CHECK_EQ_MSG(paths[i].flags, path.flags, "%s: %x",
			    paths[i].in, path.flags);
			ATF_CHECK(smtp_path_canon(&path, canon,
			    sizeof(canon)) == (int)strlen(paths[i].canon));
			ATF_CHECK_STREQ(paths[i].canon, canon);
			/* the canonical form is its own canonical form */
			ATF_REQUIRE_EQ(SMTP_PATH_OK, smtp_mailbox_parse(&again,
			    canon, strlen(canon), ALL));
			ATF_CHECK(smtp_path_canon(&again, canon,
			    sizeof(canon)) >= 0);
			ATF_CHECK_STREQ(paths[i].canon, canon);
		}
		free(copy);
	}
}

ATF_TC_WITHOUT_HEAD(prefixes);
ATF_TC_BODY(prefixes, tc)
{
	static const char	*in = "<@a,@[192.0.2.1]:\"x \\\" y\"@b.org>";
	struct smtp_path	 path;
	size_t			 i, used, len = strlen(in);
	char			*copy;

	for (i = 0; i < len; i++) {
		copy = malloc(i + 1);
		ATF_REQUIRE(copy != NULL);
		memcpy(copy, in, i);
		ATF_CHECK_EQ(SMTP_PATH_SYNTAX,
		    smtp_path_parse(&path, copy, i, ALL, &used));
		free(copy);
	}
	ATF_CHECK_EQ(SMTP_PATH_OK, smtp_path_parse(&path, in, len, ALL,
	    &used));
	ATF_CHECK_EQ(len, used);
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct smtp_path	 path;
	char			 in[2000], canon[SMTP_PATH_MAX + 1];
	size_t			 used, i;

	memset(in, 'a', sizeof(in));
	in[0] = '<';
	memcpy(in + 1 + 128, "@b.org>", 7);
	ATF_CHECK_EQ(SMTP_PATH_OK, smtp_path_parse(&path, in, 136, 0, &used));
	memset(in + 1, 'a', 200);
	memcpy(in + 1 + 129, "@b.org>", 7);
	ATF_CHECK_EQ(SMTP_PATH_TOOLONG,
	    smtp_path_parse(&path, in, 137, 0, &used));

	/* 64 + 1 + 255, labels of 63 */
	memset(in, 'a', sizeof(in));
	in[0] = '<';
	in[65] = '@';
	for (i = 66 + 63; i < 66 + 255; i += 64)
		in[i] = '.';
	in[66 + 255] = '>';
	ATF_CHECK_EQ(SMTP_PATH_OK,
	    smtp_path_parse(&path, in, 322, 0, &used));
	ATF_CHECK_EQ(320, smtp_path_canon(&path, canon, sizeof(canon)));
	ATF_CHECK_EQ(-1, smtp_path_canon(&path, canon, sizeof(canon) - 1));
	in[66 + 255] = 'a';
	in[66 + 256] = '>';
	ATF_CHECK_EQ(SMTP_PATH_TOOLONG,
	    smtp_path_parse(&path, in, 323, 0, &used));

	/* a label of 64: a path, but no domain */
	memcpy(in, "<a@", 3);
	memset(in + 3, 'a', 64);
	in[67] = '>';
	ATF_CHECK_EQ(SMTP_PATH_OK, smtp_path_parse(&path, in, 68, 0, &used));
	ATF_CHECK_EQ(-1, smtp_path_canon(&path, canon, sizeof(canon)));

	/* a source route without end */
	in[0] = '<';
	for (i = 1; i + 3 < sizeof(in); i += 3)
		memcpy(in + i, "@a,", 3);
	ATF_CHECK_EQ(SMTP_PATH_TOOLONG,
	    smtp_path_parse(&path, in, sizeof(in), 0, &used));
}

ATF_TC_WITHOUT_HEAD(domains);
ATF_TC_BODY(domains, tc)
{
	static const struct {
		const char	*in, *out;
	} d[] = {
		{ "Example.ORG", "example.org" }, { "a", "a" },
		{ "", NULL }, { ".", NULL }, { "a..b", NULL },
		{ "a.", NULL }, { "-a", NULL }, { "a-.b", NULL },
		{ "a b", NULL }, { "a\tb", NULL },
		{ "stra\303\237e.de", "xn--strae-oqa.de" },
		{ "\343\203\241\343\203\274\343\203\253.jp", "xn--zckzah.jp" },
		{ "\303", NULL }, { "[127.0.0.1]", "[127.0.0.1]" },
		{ "[1.2.3.4", NULL }, { "[IPv6:]", NULL },
	};
	char	 out[SMTP_PATH_DOMAIN_MAX + 1];
	size_t	 i;
	int	 n;

	for (i = 0; i < sizeof(d) / sizeof(d[0]); i++) {
		n = smtp_domain_canon(span_of(d[i].in), out, sizeof(out));
		if (d[i].out == NULL)
			ATF_CHECK_EQ_MSG(-1, n, "%s: %s", d[i].in, out);
		else if (strstr(d[i].in, "\343") != NULL)
			ATF_CHECK(n > 0 && strncmp(out, "xn--", 4) == 0);
		else {
			ATF_CHECK_EQ_MSG((int)strlen(d[i].out), n, "%s: %d",
			    d[i].in, n);
			if (n > 0)
				ATF_CHECK_STREQ(d[i].out, out);
		}
	}
	ATF_CHECK_STREQ("b.org", smtp_address_domain("\"a@c\"@b.org"));
	ATF_CHECK_STREQ("", smtp_address_domain(""));
	ATF_CHECK_STREQ("", smtp_address_domain("postmaster"));
}

ATF_TC_WITHOUT_HEAD(local);
ATF_TC_BODY(local, tc)
{
	struct smtp_path	 path;
	char			 buf[SMTP_PATH_LOCAL_MAX + 1];
	const char		*in = "\"a\\\"b c\"@x.org";
	size_t			 n;

	ATF_REQUIRE_EQ(SMTP_PATH_OK,
	    smtp_mailbox_parse(&path, in, strlen(in), 0));
	ATF_CHECK_EQ(5, smtp_path_local(&path, buf, sizeof(buf)));
	ATF_CHECK_STREQ("a\"b c", buf);
	for (n = 0; n < 6; n++)
		ATF_CHECK_EQ(n < 6 ? -1 : 5, smtp_path_local(&path, buf, n));
	ATF_CHECK_EQ(SMTP_PATH_SYNTAX, smtp_mailbox_parse(&path, "a@b>", 4, 0));
	ATF_CHECK_EQ(SMTP_PATH_SYNTAX, smtp_mailbox_parse(&path, "", 0, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table);
	ATF_TP_ADD_TC(tp, prefixes);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, domains);
	ATF_TP_ADD_TC(tp, local);
	return atf_no_error();
}
