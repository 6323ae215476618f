#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "libtable/taddr.h"

/* want NULL: refused */
static void
check(const char *in, const char *want, const char *remote)
{
	char	 out[TADDR_MAX + 1], *copy;
	size_t	 len = strlen(in), at;
	int	 ret;

	/* Not terminated, so that a sanitizer sees a byte too many. */
	ATF_REQUIRE((copy = malloc(len + (len == 0))) != NULL);
	memcpy(copy, in, len);
	ret = taddr_canon(out, &at, copy, len);
	ATF_CHECK_MSG((ret == 0) == (want != NULL), "%s: %d", in, ret);
	if (ret == 0 && want != NULL) {
		ATF_CHECK_STREQ(want, out);
		ATF_CHECK_EQ('@', out[at]);
	}
	ret = taddr_remote(out, copy, len);
	ATF_CHECK_MSG((ret == 0) == (remote != NULL), "%s: %d", in, ret);
	if (ret == 0 && remote != NULL)
		ATF_CHECK_STREQ(remote, out);
	free(copy);
}

ATF_TC_WITHOUT_HEAD(canon);
ATF_TC_BODY(canon, tc)
{
	check("Alice@Example.ORG", "alice@example.org", "Alice@example.org");
	check("a.b@x.y.", "a.b@x.y", "a.b@x.y");
	check("\"Alice\"@x.y", "alice@x.y", "\"Alice\"@x.y");
	check("\"a\\@b\"@x.y", "a@b@x.y", "\"a\\@b\"@x.y");
	check("\"user@other\"@here", "user@other@here",
	    "\"user@other\"@here");
	check("user%other@here", "user%other@here", "user%other@here");
	check("user@other@here", NULL, NULL);
	check("@here:user@other", NULL, NULL);
	check("JÖRG@münchen.example", "jörg@xn--mnchen-3ya.example",
	    "JÖRG@xn--mnchen-3ya.example");
	check("", NULL, NULL);
	check("@", NULL, NULL);
	check("@x.y", NULL, NULL);
	check("a@", NULL, NULL);
	check("a@.", NULL, NULL);
	check(".a@x.y", NULL, NULL);
	check("a.@x.y", NULL, NULL);
	check("a..b@x.y", NULL, NULL);
	check("a b@x.y", NULL, NULL);
	check("a@x..y", NULL, NULL);
	check("a@-x.y", NULL, NULL);
	check("a@x-.y", NULL, NULL);
	check("a@[192.0.2.1]", NULL, NULL);
	check("\"a@x.y", NULL, NULL);
	check("\"a\"b\"@x.y", NULL, NULL);
	check("\"a\\\"@x.y", NULL, NULL);
	check("\xff\xfe@x.y", NULL, "\xff\xfe@x.y");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	char	 in[1024], out[TADDR_MAX + 1];
	size_t	 n;

	for (n = 1; n < sizeof(in) - 5; n++) {
		memset(in, 'a', n);
		memcpy(in + n, "@x.y", 5);
		ATF_CHECK_EQ(n + 4 <= TADDR_MAX ? 0 : -1,
		    taddr_canon(out, NULL, in, n + 4));
		/* 'a' n times as one label: at most 63 */
		ATF_CHECK_EQ(n <= 63 ? 0 : -1, taddr_domain(out, in, n));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, canon);
	ATF_TP_ADD_TC(tp, limits);
	return atf_no_error();
}
