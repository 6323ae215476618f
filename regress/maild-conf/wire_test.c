/* The configuration on its way to the children; numbers with units. */
#include <sys/types.h>
#include <sys/queue.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libimsg/imsg.h"
#include "conf.h"
#include "conf_local.h"

/* A configuration in which every secret and file name can be told. */
static struct conf *
sample(void)
{
	struct conf		*conf = conf_new();
	struct conf_pos		 pos = { 0, 0 };
	struct conf_listen	*l;
	struct conf_cert	*c = calloc(1, sizeof(*c));
	struct conf_dkim	*d = calloc(1, sizeof(*d));
	struct conf_net		*n = calloc(1, sizeof(*n));
	struct conf_route	*r = calloc(1, sizeof(*r));

	ATF_REQUIRE(c != NULL && d != NULL && n != NULL && r != NULL);
	conf->generation = 7;
	conf->hostname = conf_strdup("mail.example.org");
	conf->postmaster = conf_strdup("you@example.org");
	conf->dns_server = conf_strdup("");
	conf->file_domains = conf_strdup("/etc/mail/domains");
	conf->nproc[PROC_SMTP] = 3;
	conf->quota_bytes = 1ULL << 40;
	memset(conf->ticket_key, 'T', sizeof(conf->ticket_key));
	l = conf_add_listen(conf, pos, LISTEN_SMTP);
	l->index = 1;
	ATF_REQUIRE_EQ(0, addr_parse(&l->addr, "192.0.2.1"));
	l->addr.port = 25;
	l->tag = conf_strdup("*");
	l = conf_add_listen(conf, pos, LISTEN_LMTP);
	l->index = 2;
	l->path = conf_strdup("/run/x.sock");
	c->name = conf_strdup("CERTNAME");
	c->certfile = conf_strdup("CERTFILE");
	c->keyfile = conf_strdup("KEYFILE");
	c->pem = (uint8_t *)conf_strdup("PEMPEM");
	c->pemlen = 6;
	memset(c->pubhash, 'H', sizeof(c->pubhash));
	TAILQ_INSERT_TAIL(&conf->certs, c, entry);
	d->domain = conf_strdup("dkim.example.org");
	d->selector = conf_strdup("SELECTOR");
	d->keyfile = conf_strdup("DKIMFILE");
	d->ed25519 = 1;
	TAILQ_INSERT_TAIL(&conf->dkims, d, entry);
	ATF_REQUIRE_EQ(0, addrnet_parse(&n->net, "198.51.100.0/24"));
	TAILQ_INSERT_TAIL(&conf->trusted, n, entry);
	r->domain = conf_strdup("*");
	r->host = conf_strdup("ROUTEHOST");
	r->port = 587;
	r->require_tls = 1;
	r->user = conf_strdup("USER");
	r->password = conf_strdup("PASSWORD");
	r->password_file = conf_strdup("PWFILE");
	TAILQ_INSERT_TAIL(&conf->routes, r, entry);
	return conf;
}

static struct ibuf *
encode(const struct conf *conf, enum proc_id id)
{
	struct ibuf	*b;

	ATF_REQUIRE((b = ibuf_dynamic(64, 1 << 20)) != NULL);
	ATF_REQUIRE_EQ(0, conf_encode(conf, id, b));
	return b;
}

static int
has(const struct ibuf *b, const char *s)
{
	return memmem(ibuf_data(b), ibuf_size(b), s, strlen(s)) != NULL;
}

/* Who gets what: a row for each thing that not all may have. */
ATF_TC_WITHOUT_HEAD(purge);
ATF_TC_BODY(purge, tc)
{
#define P(p)	(1U << PROC_##p)
	static const struct {
		const char	*text;
		unsigned	 who;
	} things[] = {
		{ "PASSWORD", P(RELAY) },
		{ "USER", P(RELAY) },
		{ "ROUTEHOST", P(RELAY) },
		{ "PWFILE", 0 },
		{ "KEYFILE", 0 },
		{ "CERTFILE", 0 },
		{ "DKIMFILE", 0 },
		{ "PEMPEM", P(SMTP) | P(IMAP) | P(RELAY) },
		{ "CERTNAME", P(SMTP) | P(IMAP) | P(RELAY) | P(CRYPTO) },
		{ "SELECTOR", P(CRYPTO) | P(SCAN) | P(QUEUE) },
		{ "TTTTTTTTTTTTTTTT", P(SMTP) | P(IMAP) },
		{ "/etc/mail/domains", P(CONTROL) },
		{ "mail.example.org", ~0U },
	};
	struct conf	*conf = sample();
	struct ibuf	*b;
	size_t		 i;
	int		 id;

	for (id = PROC_PARENT + 1; id < PROC_MAX; id++) {
		b = encode(conf, id);
		for (i = 0; i < sizeof(things) / sizeof(things[0]); i++)
			ATF_REQUIRE_EQ_MSG(((things[i].who >> id) & 1) != 0,
			    has(b, things[i].text), "process %d and %s", id,
			    things[i].text);
		ibuf_free(b);
	}
	conf_free(conf);
}

ATF_TC_WITHOUT_HEAD(round_trip);
ATF_TC_BODY(round_trip, tc)
{
	struct conf		*conf = sample(), *got;
	struct conf_listen	*l;
	struct conf_route	*r;
	struct ibuf		*b, *again;
	uint8_t			*copy;
	size_t			 n;
	int			 id;

	for (id = PROC_PARENT + 1; id < PROC_MAX; id++) {
		b = encode(conf, id);
		ATF_REQUIRE((got = conf_decode(ibuf_data(b), ibuf_size(b))) !=
		    NULL);
		again = encode(got, id);
		ATF_REQUIRE_EQ(ibuf_size(b), ibuf_size(again));
		ATF_REQUIRE_EQ(0, memcmp(ibuf_data(b), ibuf_data(again),
		    ibuf_size(b)));
		ATF_REQUIRE_EQ(7, got->generation);
		ATF_REQUIRE_EQ(3, got->nproc[PROC_SMTP]);
		ATF_REQUIRE_EQ(1ULL << 40, got->quota_bytes);
		ATF_REQUIRE_EQ(35 << 20, got->limits.message_size);
		if (id == PROC_SMTP) {
			l = TAILQ_FIRST(&got->listens);
			ATF_REQUIRE_EQ(25, l->addr.port);
			ATF_REQUIRE_STREQ("/run/x.sock",
			    TAILQ_NEXT(l, entry)->path);
		}
		if (id == PROC_RELAY) {
			r = TAILQ_FIRST(&got->routes);
			ATF_REQUIRE_STREQ("PASSWORD", r->password);
			ATF_REQUIRE_EQ(1, r->require_tls);
		}
		conf_free(got);
		/* Cut anywhere, or with a byte more, it is none. */
		for (n = 0; n <= ibuf_size(b) + 1; n++) {
			if (n == ibuf_size(b))
				continue;
			ATF_REQUIRE((copy = calloc(1, n + 1)) != NULL);
			memcpy(copy, ibuf_data(b), n < ibuf_size(b) ? n :
			    ibuf_size(b));
			ATF_REQUIRE(conf_decode(copy, n) == NULL);
			free(copy);
		}
		ibuf_free(b);
		ibuf_free(again);
	}
	conf_free(conf);
}

ATF_TC_WITHOUT_HEAD(units);
ATF_TC_BODY(units, tc)
{
	char		 text[UNIT_LEN];
	uint64_t	 v, w;
	int		 i;

#define GOOD(u, s, n) do {						\
	ATF_CHECK_EQ(NULL, unit_parse(u, s, 0, UINT64_MAX, &v));	\
	ATF_CHECK_EQ((uint64_t)(n), v);					\
} while (0)
#define BAD(u, s)							\
	ATF_CHECK(unit_parse(u, s, 0, UINT64_MAX, &v) != NULL)

	GOOD(UNIT_SIZE, "35M", 35 << 20);
	GOOD(UNIT_SIZE, "35m", 35 << 20);
	GOOD(UNIT_SIZE, "0", 0);
	GOOD(UNIT_SIZE, "16777215T", 16777215ULL << 40);
	BAD(UNIT_SIZE, "16777216T");
	BAD(UNIT_SIZE, "1d");
	BAD(UNIT_SIZE, "M");
	BAD(UNIT_SIZE, "-1");
	BAD(UNIT_SIZE, "1M2K");
	GOOD(UNIT_TIME, "4d", 4 * 86400);
	GOOD(UNIT_TIME, "1h30m", 5400);
	GOOD(UNIT_TIME, "90", 90);
	BAD(UNIT_TIME, "1h-3");
	BAD(UNIT_TIME, "");
	BAD(UNIT_COUNT, "1K");
	BAD(UNIT_COUNT, "18446744073709551616");
	ATF_CHECK(unit_parse(UNIT_COUNT, "9", 10, 20, &v) != NULL);
	ATF_CHECK(unit_parse(UNIT_COUNT, "21", 10, 20, &v) != NULL);
	for (i = 0; i < 1000; i++) {
		w = (uint64_t)arc4random() << (i % 33);
		unit_print(UNIT_SIZE, w, text, sizeof(text));
		GOOD(UNIT_SIZE, text, w);
		unit_print(UNIT_TIME, w, text, sizeof(text));
		GOOD(UNIT_TIME, text, w);
	}
}

ATF_TC_WITHOUT_HEAD(domains);
ATF_TC_BODY(domains, tc)
{
	static const struct {
		const char	*name;
		int		 any;
		int		 fqdn;
	} names[] = {
		{ "mail.example.org", 0, 0 }, { "MAIL.Example.ORG", 0, 0 },
		{ "localhost", 0, -1 }, { "192.0.2.1", 0, -1 },
		{ "", -1, -1 }, { ".", -1, -1 }, { "a..b", -1, -1 },
		{ "a.b.", -1, -1 }, { "-a.b", -1, -1 }, { "a-.b", -1, -1 },
		{ "a.b-", -1, -1 }, { "a b.c", -1, -1 },
		{ "xn--bcher-kva.example", 0, 0 },
		{ "a1234567890123456789012345678901234567890123456789012345"
		    "67890123.example", -1, -1 },
	};
	char	 copy[256];
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strlcpy(copy, names[i].name, sizeof(copy));
		ATF_CHECK_EQ_MSG(names[i].any, conf_domain(copy, 0), "%s",
		    names[i].name);
		ATF_CHECK_EQ_MSG(names[i].fqdn, conf_domain(copy, 1), "%s",
		    names[i].name);
	}
	strlcpy(copy, "MAIL.Example.ORG", sizeof(copy));
	ATF_REQUIRE_EQ(0, conf_domain(copy, 1));
	ATF_REQUIRE_STREQ("mail.example.org", copy);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, purge);
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, units);
	ATF_TP_ADD_TC(tp, domains);
	return atf_no_error();
}
