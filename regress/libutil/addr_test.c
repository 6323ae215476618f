#include <sys/un.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <string.h>

#include "libutil/addr.h"

static const struct {
	const char	*in;
	const char	*out;		/* NULL: refused */
	const char	*literal;
} addresses[] = {
	{ "192.0.2.1",	"192.0.2.1",	"[192.0.2.1]" },
	{ "2001:DB8::1", "2001:db8::1",	"[IPv6:2001:db8::1]" },
	{ "::",		"::",		"[IPv6:::]" },
	{ "::ffff:192.0.2.1", "192.0.2.1", "[192.0.2.1]" },
	{ "local",	"local",	"local" },
	{ "192.0.2",	NULL,		NULL },
	{ "192.0.2.01",	NULL,		NULL },
	{ "192.0.2.256", NULL,		NULL },
	{ " 192.0.2.1",	NULL,		NULL },
	{ "",		NULL,		NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL,	NULL },
};

static const struct {
	const char	*net;
	const char	*addr;		/* NULL: no network */
	int		 match;
} networks[] = {
	{ "192.0.2.0/24",	"192.0.2.255",	1 },
	{ "192.0.2.0/24",	"192.0.3.0",	0 },
	{ "192.0.2.0/25",	"192.0.2.127",	1 },
	{ "192.0.2.0/25",	"192.0.2.128",	0 },
	{ "192.0.2.1",		"192.0.2.1",	1 },
	{ "192.0.2.1",		"192.0.2.2",	0 },
	{ "0.0.0.0/0",		"255.1.2.3",	1 },
	{ "0.0.0.0/0",		"::1",		0 },
	{ "::/0",		"::1",		1 },
	{ "::/0",		"127.0.0.1",	0 },
	{ "2001:db8::/33",	"2001:db8:7fff::1", 1 },
	{ "2001:db8::/33",	"2001:db8:8000::1", 0 },
	{ "::1",		"::1",		1 },
	{ "::ffff:10.0.0.0/104", "10.1.2.3",	1 },
	{ "::ffff:10.0.0.0/104", "11.1.2.3",	0 },
	{ "local",		"local",	1 },
	{ "local",		"127.0.0.1",	0 },
	{ "127.0.0.1",		"local",	0 },
	{ "192.0.2.1/24",	NULL,		0 },
	{ "192.0.2.0/33",	NULL,		0 },
	{ "192.0.2.0/",		NULL,		0 },
	{ "192.0.2.0/-1",	NULL,		0 },
	{ "192.0.2.0/024",	NULL,		0 },
	{ "192.0.2.0/24x",	NULL,		0 },
	{ "192.0.2.0/24/24",	NULL,		0 },
	{ "2001:db8::1/64",	NULL,		0 },
	{ "::/129",		NULL,		0 },
	{ "::ffff:0.0.0.0/80",	NULL,		0 },
	{ "local/0",		NULL,		0 },
	{ "/8",			NULL,		0 },
};

ATF_TC_WITHOUT_HEAD(text);
ATF_TC_BODY(text, tc)
{
	struct addr	 a;
	char		 s[ADDR_STRLEN];
	size_t		 i;
	int		 ret;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		ret = addr_parse(&a, addresses[i].in);
		ATF_CHECK_MSG((ret == 0) == (addresses[i].out != NULL), "%s",
		    addresses[i].in);
		if (ret != 0 || addresses[i].out == NULL)
			continue;
		ATF_CHECK_STREQ(addresses[i].out, addr_print(&a, s,
		    sizeof(s)));
		ATF_CHECK_STREQ(addresses[i].literal,
		    addr_print_literal(&a, s, sizeof(s)));
	}
}

ATF_TC_WITHOUT_HEAD(networks);
ATF_TC_BODY(networks, tc)
{
	struct addrnet	 n;
	struct addr	 a;
	size_t		 i;
	int		 ret;

	for (i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		ret = addrnet_parse(&n, networks[i].net);
		ATF_CHECK_MSG((ret == 0) == (networks[i].addr != NULL), "%s",
		    networks[i].net);
		if (ret != 0 || networks[i].addr == NULL)
			continue;
		ATF_REQUIRE_EQ(0, addr_parse(&a, networks[i].addr));
		ATF_CHECK_MSG(addrnet_match(&n, &a) == networks[i].match,
		    "%s in %s", networks[i].addr, networks[i].net);
	}
}

ATF_TC_WITHOUT_HEAD(sockaddr);
ATF_TC_BODY(sockaddr, tc)
{
	struct sockaddr_storage	 ss;
	struct sockaddr_in6	 in6;
	struct addr		 a, b;

	ATF_REQUIRE_EQ(0, addr_parse(&a, "2001:db8::1"));
	a.port = 25;
	ATF_CHECK_EQ(sizeof(in6), addr_to_sockaddr(&a, &ss));
	memcpy(&in6, &ss, sizeof(in6));
	ATF_CHECK_EQ(htons(25), in6.sin6_port);
	ATF_REQUIRE_EQ(0, addr_from_sockaddr(&b, (struct sockaddr *)&ss));
	ATF_CHECK(addr_equal(&a, &b) && b.port == 25);
	b.port = 26;
	ATF_CHECK(addr_equal(&a, &b));

	ATF_REQUIRE_EQ(0, addr_parse(&a, "192.0.2.1"));
	ATF_CHECK(!addr_equal(&a, &b));
	ATF_CHECK_EQ(sizeof(struct sockaddr_in), addr_to_sockaddr(&a, &ss));
	ATF_REQUIRE_EQ(0, addr_from_sockaddr(&b, (struct sockaddr *)&ss));
	ATF_CHECK(addr_equal(&a, &b));

	/* As accept(2) gives it on a socket for both. */
	memset(&in6, 0, sizeof(in6));
	in6.sin6_family = AF_INET6;
	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(in6.sin6_addr.s6_addr + 12, a.bytes, 4);
	memcpy(&ss, &in6, sizeof(in6));
	ATF_REQUIRE_EQ(0, addr_from_sockaddr(&b, (struct sockaddr *)&ss));
	ATF_CHECK(addr_equal(&a, &b));

	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	ATF_REQUIRE_EQ(0, addr_from_sockaddr(&b, (struct sockaddr *)&ss));
	ATF_CHECK_EQ(0, b.family);
	ss.ss_family = AF_UNSPEC;
	ATF_CHECK(addr_from_sockaddr(&b, (struct sockaddr *)&ss) == -1 &&
	    errno == EAFNOSUPPORT);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, text);
	ATF_TP_ADD_TC(tp, networks);
	ATF_TP_ADD_TC(tp, sockaddr);
	return atf_no_error();
}
