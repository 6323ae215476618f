#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "expand.h"
#include "libtable/tabset.h"
#include "resolve.h"

static const char domains[] =
    "example.org\nexample.net alias-of example.org\n"
    "all.example catch-all carol@example.org\n"
    "wild.example\n";
static const char accounts[] =
    "alice@example.org:x:quota=1G\n"
    "bob@example.org:x:messages=7\n"
    "carol@example.org:x\n"
    "gone@example.org:x:disabled\n"
    "jörg@example.org:x\n";
static const char aliases[] =
    "sales@example.org: alice@example.org, Ext@Else.where,\n"
    "\tteam@example.org\n"
    "team@example.org: bob@example.org, alice+work@example.org\n"
    "alice+list@example.org: bob@example.org\n"
    "bob@example.org: bob@example.org, bob@else.where\n"
    "null@example.org: discard\n"
    "old@example.org: gone@example.org\n"
    "@wild.example: alice@example.org\n"
    "root: carol@example.org\n";

static struct conf		 conf;
static struct conf_net		 net;
static struct conf_listen	 sock;
static struct expand_site	 site;

static void
error(const char *file, unsigned line, const char *word, const char *text,
    void *arg)
{
	atf_tc_fail("%s:%u: %s: %s", file, line, word, text);
}

static void
setup_tables(const char *d, const char *a, const char *l)
{
	struct tabset	*ts;
	uint8_t		*p;
	size_t		 len;
	int		 kind;

	ATF_REQUIRE((ts = tabset_new('+', error, NULL)) != NULL);
	ATF_REQUIRE_EQ(0, tabset_add(ts, TAB_DOMAINS, "d", d, strlen(d)));
	ATF_REQUIRE_EQ(0, tabset_add(ts, TAB_ACCOUNTS, "a", a, strlen(a)));
	ATF_REQUIRE_EQ(0, tabset_add(ts, TAB_ALIASES, "l", l, strlen(l)));
	ATF_REQUIRE_EQ(0, tabset_check(ts));
	for (kind = 0; kind < TAB_MAX; kind++) {
		ATF_REQUIRE_EQ(0, tabset_pack(ts, kind, &p, &len));
		conf.tables[kind].data = p;
		conf.tables[kind].len = len;
	}
	tabset_free(ts);
	ATF_REQUIRE_EQ(0, expand_site_init(&site, &conf));
}

static void
setup(void)
{
	static char	 hostname[] = "mx.example.org";

	memset(&conf, 0, sizeof(conf));
	TAILQ_INIT(&conf.listens);
	TAILQ_INIT(&conf.trusted);
	conf.hostname = hostname;
	conf.subaddress = '+';
	conf.quota_bytes = 1000;
	ATF_REQUIRE_EQ(0, addrnet_parse(&net.net, "10.0.0.0/8"));
	TAILQ_INSERT_TAIL(&conf.trusted, &net, entry);
	sock.kind = LISTEN_LOCAL;
	sock.index = 5;
	TAILQ_INSERT_TAIL(&conf.listens, &sock, entry);
	setup_tables(domains, accounts, aliases);
}

/* From whom: an account, or "" and where from. */
struct client {
	const char	*account;
	const char	*addr;
	uint32_t	 flags;
};
static const struct client	 outside = { "", "192.0.2.9", 0 };
static const struct client	 inside = { "", "10.1.2.3", 0 };
static const struct client	 local = { "", "local", ENV_LOCAL };
static const struct client	 mua = { "", "192.0.2.9", ENV_SUBMISSION };
static const struct client	 trusted_mua = { "", "10.1.2.3",
				    ENV_SUBMISSION };
static const struct client	 alice = { "alice@example.org", "192.0.2.9",
				    ENV_SUBMISSION };
static const struct client	 carol = { "carol@example.org", "192.0.2.9",
				    ENV_SUBMISSION };

/* want: "code" or "250 kind:address[/mailbox] ..." in order. */
static void
check(const struct client *c, const char *sender, const char *rcpt,
    const char *want)
{
	struct expand_result	 res;
	struct msg_expand	 m;
	char			 got[4096];
	size_t			 i, n;

	memset(&m, 0, sizeof(m));
	m.flags = c->flags;
	m.account = c->account;
	m.sender = sender;
	m.rcpt = rcpt;
	m.uid = 0;
	m.listener = c->flags & ENV_LOCAL ? 5 : 0;
	ATF_REQUIRE_EQ(0, addr_parse(&m.client, c->addr));
	expand_rcpt(&site, &m, &res);
	n = (size_t)snprintf(got, sizeof(got), "%u", res.code);
	for (i = 0; res.code == 250 && i < res.ndsts; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, " %c:%s%s%s",
		    "ARD"[res.dsts[i].kind], res.dsts[i].address,
		    *res.dsts[i].mailbox == '\0' ? "" : "/",
		    res.dsts[i].mailbox);
	ATF_CHECK_MSG(strcmp(got, want) == 0, "%s -> %s: %s, not %s", sender,
	    rcpt, got, want);
	expand_result_free(&res);
}

ATF_TC_WITHOUT_HEAD(local_mail);
ATF_TC_BODY(local_mail, tc)
{
	setup();
	check(&outside, "x@y.z", "alice@example.org",
	    "250 A:alice@example.org");
	check(&outside, "", "ALICE@Example.NET", "250 A:alice@example.org");
	check(&outside, "", "\"alice\"@example.org",
	    "250 A:alice@example.org");
	check(&outside, "", "JÖRG@example.org", "250 A:jörg@example.org");
	check(&outside, "", "alice+Lists@example.org",
	    "250 A:alice@example.org/Lists");
	check(&outside, "", "\"alice+a b\"@example.org",
	    "250 A:alice@example.org/a b");
	check(&outside, "", "alice+@example.org", "250 A:alice@example.org");
	check(&outside, "", "+alice@example.org", "550");
	/* A fuller name goes first. */
	check(&outside, "", "alice+list@example.org",
	    "250 A:bob@example.org R:bob@else.where");
	check(&outside, "", "nobody@example.org", "550");
	check(&outside, "", "gone@example.org", "550");
	check(&outside, "", "old@example.org", "550");
	check(&outside, "", "null@example.org", "250 D:null@example.org");
	check(&outside, "", "any@all.example", "250 A:carol@example.org");
	check(&outside, "", "any+x@wild.example", "250 A:alice@example.org");
	check(&outside, "", "sales@example.org", "250 A:alice@example.org "
	    "R:Ext@else.where A:bob@example.org R:bob@else.where");
	/* His alias keeps a copy for the account of the same name. */
	check(&outside, "", "bob@example.org",
	    "250 A:bob@example.org R:bob@else.where");
	/* Our own domain as sender, from outside: SPF's matter. */
	check(&outside, "bob@example.org", "alice@example.org",
	    "250 A:alice@example.org");
}

ATF_TC_WITHOUT_HEAD(roles);
ATF_TC_BODY(roles, tc)
{
	static char	 pm[] = "carol@example.org", self[] =
			    "postmaster@example.org";

	setup();
	check(&outside, "", "postmaster", "250 A:alice@example.org");
	check(&outside, "", "Postmaster@example.org",
	    "250 A:alice@example.org");
	check(&outside, "", "abuse@example.net", "250 A:alice@example.org");
	check(&outside, "", "postmaster@mx.example.org",
	    "250 A:alice@example.org");
	check(&outside, "", "postmaster@wild.example",
	    "250 A:alice@example.org");
	conf.postmaster = pm;
	check(&outside, "", "postmaster@example.org",
	    "250 A:carol@example.org");
	conf.postmaster = self;
	check(&outside, "", "abuse@example.org", "250 A:alice@example.org");
	conf.postmaster = NULL;
	/* This host's own users. */
	check(&local, "root@mx.example.org", "root@mx.example.org",
	    "250 A:carol@example.org");
	check(&local, "www@mx.example.org", "www@mx.example.org",
	    "250 A:carol@example.org");
	check(&local, "www@localhost", "nosuch@localhost",
	    "250 A:carol@example.org");
	check(&outside, "x@y.z", "www@mx.example.org", "550");
	check(&outside, "x@y.z", "alice@localhost", "550");
	setup_tables("example.org\n", "", "postmaster: x@else.where\n");
	check(&outside, "", "abuse@example.org", "451");
	check(&outside, "", "postmaster@example.org", "250 R:x@else.where");
}

ATF_TC_WITHOUT_HEAD(relay);
ATF_TC_BODY(relay, tc)
{
	static const char *const odd[] = {
		"user%other@example.org", "\"user@other\"@example.org",
		"\"user@other.net\"@example.org", "other!user@example.org",
		"\"other!user\"@example.org", "user@other@example.org",
		"@example.org:user@other.net", "user@other.net",
		"user@[192.0.2.1]", "user@[IPv6:::1]", "\"u\"@other.net",
		"user%other.net@[127.0.0.1]", "user%other.net@localhost",
		"user%other.net@mx.example.org", "user@sub.example.org",
		"user@example.org.other.net", "", "@", "user", "user@",
		"@example.org", "\"\"@example.org", "user@[local]",
		"user@example.org ", " user@other.net", "user@exa mple",
	};
	size_t	 i;

	setup();
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct expand_result	 res;
		struct msg_expand	 m;

		memset(&m, 0, sizeof(m));
		m.account = "";
		m.sender = i % 2 == 0 ? "" : "alice@example.org";
		m.rcpt = odd[i];
		ATF_REQUIRE_EQ(0, addr_parse(&m.client, "127.0.0.1"));
		expand_rcpt(&site, &m, &res);
		ATF_CHECK_MSG(res.code >= 500 && res.ndsts == 0, "%s: %u",
		    odd[i], res.code);
		expand_result_free(&res);
	}
	check(&inside, "x@y.z", "user@Other.NET", "250 R:user@other.net");
	check(&inside, "x@y.z", "user@[192.0.2.1]", "250 R:user@[192.0.2.1]");
	check(&inside, "x@y.z", "user@[300.0.2.1]", "553");
	check(&local, "root@mx.example.org", "user@other.net",
	    "250 R:user@other.net");
	check(&mua, "alice@example.org", "bob@example.org", "530");
	check(&mua, "alice@example.org", "user@other.net", "530");
	check(&trusted_mua, "alice@example.org", "user@other.net", "530");
	check(&alice, "alice@example.org", "USER@münchen.example",
	    "250 R:USER@xn--mnchen-3ya.example");
	check(&alice, "", "user@other.net", "250 R:user@other.net");
}

/* Which addresses an account may send as. */
ATF_TC_WITHOUT_HEAD(senders);
ATF_TC_BODY(senders, tc)
{
	setup();
	check(&alice, "Alice@example.net", "u@o.n", "250 R:u@o.n");
	check(&alice, "alice+x@example.org", "u@o.n", "250 R:u@o.n");
	check(&alice, "sales@example.org", "u@o.n", "250 R:u@o.n");
	check(&alice, "team@example.org", "u@o.n", "250 R:u@o.n");
	check(&alice, "anything@wild.example", "u@o.n", "250 R:u@o.n");
	check(&alice, "postmaster@example.org", "u@o.n", "250 R:u@o.n");
	check(&alice, "alice+list@example.org", "u@o.n", "553");
	check(&alice, "bob@example.org", "u@o.n", "553");
	check(&alice, "bob@example.org", "bob@example.org", "553");
	check(&alice, "nobody@example.org", "u@o.n", "553");
	check(&alice, "anything@all.example", "u@o.n", "553");
	check(&alice, "alice@other.net", "u@o.n", "553");
	check(&alice, "alice", "u@o.n", "553");
	check(&carol, "anything@all.example", "u@o.n", "250 R:u@o.n");
	check(&carol, "sales@example.org", "u@o.n", "553");
	check(&carol, "root@mx.example.org", "u@o.n", "250 R:u@o.n");
}

ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	static char	 list[1 << 20];
	size_t		 n = 0;
	int		 i, j;

	setup();
	for (i = 0; i < 11; i++) {
		n += (size_t)snprintf(list + n, sizeof(list) - n,
		    "l%d@example.org:", i);
		for (j = 0; j < 100; j++)
			n += (size_t)snprintf(list + n, sizeof(list) - n,
			    "\n\tu%d.%d@else.where,", i, j);
		n += (size_t)snprintf(list + n, sizeof(list) - n, "\n");
	}
	n += (size_t)snprintf(list + n, sizeof(list) - n, "ten@example.org:");
	for (i = 0; i < 10; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n,
		    " l%d@example.org,", i);
	n += (size_t)snprintf(list + n, sizeof(list) - n, "\neleven@"
	    "example.org: ten@example.org, l10@example.org\n");
	setup_tables(domains, accounts, list);
	check(&outside, "", "eleven@example.org", "452");
	{
		struct expand_result	 res;
		struct msg_expand	 m;

		memset(&m, 0, sizeof(m));
		m.account = m.sender = "";
		m.rcpt = "ten@example.org";
		expand_rcpt(&site, &m, &res);
		ATF_CHECK_EQ(250, res.code);
		ATF_CHECK_EQ(1000, res.ndsts);
		expand_result_free(&res);
	}
}

ATF_TC_WITHOUT_HEAD(quota);
ATF_TC_BODY(quota, tc)
{
	struct expand_result	 res;
	struct msg_expand	 m;

	setup();
	memset(&m, 0, sizeof(m));
	m.account = m.sender = "";
	m.rcpt = "alice@example.org";
	expand_rcpt(&site, &m, &res);
	ATF_REQUIRE_EQ(1, res.ndsts);
	ATF_CHECK_EQ(1ULL << 30, res.dsts[0].quota_bytes);
	ATF_CHECK_EQ(0, res.dsts[0].quota_messages);
	ATF_CHECK(!res.trusted && !res.own_sender);
	expand_result_free(&res);
	m.rcpt = "bob@example.org";
	m.sender = "carol@Example.Net";
	expand_rcpt(&site, &m, &res);
	ATF_REQUIRE_EQ(2, res.ndsts);
	ATF_CHECK_EQ(1000, res.dsts[0].quota_bytes);
	ATF_CHECK_EQ(7, res.dsts[0].quota_messages);
	ATF_CHECK(!res.trusted && res.own_sender);
	expand_result_free(&res);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, local_mail);
	ATF_TP_ADD_TC(tp, roles);
	ATF_TP_ADD_TC(tp, relay);
	ATF_TP_ADD_TC(tp, senders);
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, quota);
	return atf_no_error();
}
