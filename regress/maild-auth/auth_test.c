/* The process auth without its process: messages in, messages out. */
#include <atf-c.h>
#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "auth/auth.h"
#include "auth/delays.h"
#include "conf.h"
#include "ctlrow.h"
#include "libmailauth/scram.h"
#include "libtable/tabset.h"
#include "libutil/base64.h"
#include "libutil/log.h"
#include "stub.h"

static struct conf		 conf;
static const struct proc_from	 smtp = { PROC_SMTP, 1 };
static const struct proc_from	 imap = { PROC_IMAP, 0 };
static struct addr		 client;
static int			 pop3;	/* imap speaks it */

static void
table_error(const char *file, unsigned line, const char *word,
    const char *text, void *arg)
{
	fprintf(stderr, "%s:%u: %s: %s\n", file, line, word, text);
}

static void
make_tables(const char *domains, const char *accounts)
{
	static const enum tabkind kinds[] = { TAB_DOMAINS, TAB_ALIASES,
	    TAB_ACCOUNTS, TAB_SECRETS };
	struct tabset	*ts = tabset_new('+', table_error, NULL);
	uint8_t		*data;
	size_t		 len;
	int		 i;

	ATF_REQUIRE(tabset_add(ts, TAB_DOMAINS, "domains", domains,
	    strlen(domains)) == 0);
	ATF_REQUIRE(tabset_add(ts, TAB_ACCOUNTS, "accounts", accounts,
	    strlen(accounts)) == 0);
	ATF_REQUIRE(tabset_check(ts) == 0);
	for (i = 0; i < 4; i++) {
		ATF_REQUIRE(tabset_pack(ts, kinds[i], &data, &len) == 0);
		conf.tables[i].data = data;
		conf.tables[i].len = len;
	}
	tabset_free(ts);
}

static char	accounts[4000];

static void
reload(void)
{
	char	 err[200];

	ATF_REQUIRE(auth_def.conf_check(&conf, err, sizeof(err)) == 0);
	auth_def.conf_use(&conf);
}

static void
start(const char *domains)
{
	struct scram_secret	 s;
	char			 a[SCRAM_TEXTMAX], hash[200] = "";
	FILE			*f;

	event_init();
	log_init("auth", 1);
	addr_parse(&client, "192.0.2.7");
	ATF_REQUIRE(scram_secret_make("pencil", 6,
	    (const uint8_t *)"0123456789abcdef", 16, 4096, &s) == 0);
	scram_secret_print(&s, a, sizeof(a));
	f = popen("openssl passwd -6 -salt saltsalt brush", "r");
	ATF_REQUIRE(f != NULL && fgets(hash, sizeof(hash), f) != NULL);
	hash[strcspn(hash, "\n")] = '\0';
	pclose(f);
	snprintf(accounts, sizeof(accounts),
	    "amy@example.org: %s: quota=10M\n"
	    "bob@example.org: %s\n"
	    "off@example.org: %s: disabled\n", a, hash, a);
	make_tables(domains, accounts);
	conf.limits.auth_failures = 3;
	conf.limits.sessions_per_account = 3;
	conf.quota_bytes = 777;
	auth_def.init();
	reload();
}

static void
call(uint32_t type, const struct proc_from *from, const void *msg)
{
	const struct proc_dispatch	*d;

	for (d = auth_def.dispatch; d->type != M_MAX; d++)
		if (d->type == type) {
			d->handler(from, msg, -1);
			return;
		}
	atf_tc_fail("no handler");
}

static void
begin(const struct proc_from *from, uint64_t sid, enum msg_mech mech,
    const void *data, size_t len)
{
	struct msg_auth_start	 m;

	memset(&m, 0, sizeof(m));
	m.sid = sid;
	m.mech = (uint8_t)mech;
	m.service = from->proc == PROC_SMTP ? SERVICE_SMTP :
	    pop3 ? SERVICE_POP3 : SERVICE_IMAP;
	m.client = client;
	m.has_initial = data != NULL;
	m.initial.data = data;
	m.initial.len = len;
	call(M_AUTH_START, from, &m);
}

static void
plain(const struct proc_from *from, uint64_t sid, const char *name,
    const char *password)
{
	char	 msg[1000];
	int	 n;

	n = snprintf(msg, sizeof(msg), "%c%s%c%s", 0, name, 0, password);
	begin(from, sid, MECH_PLAIN, msg, (size_t)n);
}

/* Wait for the verdict; it is taken off. */
static struct stub_sent	verdict;

static enum msg_auth
wait_r(void)
{
	int	 i;

	for (i = 0; i < 1000; i++) {
		if (stub_nsent > 0 &&
		    stub_sent[stub_nsent - 1].type == M_AUTH_R) {
			verdict = stub_sent[stub_nsent - 1];
			return verdict.result;
		}
		event_loop(EVLOOP_ONCE);
	}
	atf_tc_fail("no answer");
}

ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	start("example.org\nalias.example alias-of example.org\n");
	plain(&imap, 1, "amy@example.org", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	ATF_REQUIRE_EQ(stub_nsent, 2);
	/* store hears of it first, with what the account may have. */
	ATF_CHECK_EQ(stub_sent[0].type, M_GRANT);
	ATF_CHECK_EQ(stub_sent[0].to, PROC_STORE);
	ATF_CHECK_EQ(stub_sent[0].grant.origin.proc, PROC_IMAP);
	ATF_CHECK_EQ(stub_sent[0].grant.origin.sid, 1);
	ATF_CHECK_EQ(stub_sent[0].grant.quota_bytes, 10 * 1024 * 1024);
	ATF_CHECK_STREQ(stub_sent[0].account, "amy@example.org");
	ATF_CHECK_STREQ(verdict.account, "amy@example.org");
	ATF_CHECK_EQ(verdict.sid, 1);
	/* A crypt(3) hash, another spelling, to queue for smtp. */
	stub_nsent = 0;
	plain(&smtp, 2, "BOB@Example.ORG", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	ATF_CHECK_EQ(stub_sent[0].to, PROC_QUEUE);
	ATF_CHECK_EQ(stub_sent[0].grant.origin.inst, 1);
	ATF_CHECK_EQ(stub_sent[0].grant.quota_bytes, 777);
	ATF_CHECK_STREQ(verdict.account, "bob@example.org");
	/* The one domain goes without saying; an alias of it is it. */
	stub_nsent = 0;
	plain(&smtp, 3, "bob", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	ATF_CHECK_STREQ(verdict.account, "bob@example.org");
	stub_nsent = 0;
	plain(&smtp, 4, "bob@alias.example", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	ATF_CHECK_STREQ(verdict.account, "bob@example.org");
	/* Enough of that account. */
	stub_nsent = 0;
	plain(&smtp, 5, "bob", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_LIMIT);
	stub_nsent = 0;
	call(M_SESSION_END, &smtp, &(struct msg_session_end){ .sid = 3 });
	plain(&smtp, 5, "bob", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	/* queue is away. */
	stub_nsent = 0;
	stub_away = 1;
	plain(&smtp, 6, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_TEMP);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	static const struct {
		const char *name, *password;
	} t[] = {
		{ "amy@example.org", "pencim" },
		{ "amy@example.org", "Pencil" },
		{ "bob@example.org", "pencil" },
		{ "off@example.org", "pencil" },
		{ "nobody@example.org", "pencil" },
		{ "amy@example.net", "pencil" },
		{ "amy@", "pencil" },
		{ "@example.org", "pencil" },
		{ "\xff\xfe", "pencil" },
	};
	size_t	 i;

	start("example.org\n");
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		stub_nsent = 0;
		/* Far apart, so that they do not add up. */
		stub_ms += 1000000;
		plain(&imap, 10 + i, t[i].name, t[i].password);
		ATF_CHECK_MSG(wait_r() == AUTH_BAD, "%s", t[i].name);
		ATF_CHECK_EQ(stub_nsent, 1);
		ATF_CHECK_STREQ(verdict.account, "");
	}
	/* Acting as somebody else. */
	stub_nsent = 0;
	stub_ms += 1000000;
	begin(&imap, 1, MECH_PLAIN, "bob@example.org\0amy\0pencil", 26);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	stub_nsent = 0;
	begin(&imap, 2, MECH_PLAIN, "AMY\0amy\0pencil", 14);
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	stub_ms += 1000000;
	begin(&imap, 3, MECH_LOGIN, "amy", 3);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	/* Nothing granted, then the session is gone: nothing comes. */
	stub_nsent = 0;
	stub_ms += 1000000;
	plain(&imap, 4, "amy", "no");
	call(M_AUTH_ABORT, &imap, &(struct msg_auth_abort){ .sid = 4 });
	plain(&smtp, 5, "amy", "pencil2");
	auth_def.peer_gone(PROC_SMTP, 1);
	for (i = 0; i < 50; i++) {
		usleep(20000);
		event_loop(EVLOOP_NONBLOCK);
	}
	ATF_CHECK_EQ(stub_nsent, 0);
}

/* LOGIN-DELAY: by account, and for POP3 alone. */
ATF_TC_WITHOUT_HEAD(delay);
ATF_TC_BODY(delay, tc)
{
	char	 name[20];
	int	 i;

	start("example.org\n");
	conf.limits.pop3_login_delay = 60;
	conf.limits.sessions_per_account = 2;
	pop3 = 1;
	plain(&imap, 1, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	stub_ms += 59000;
	plain(&imap, 2, "amy@example.org", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_DELAY);
	ATF_CHECK_EQ(stub_nsent, 1);		/* and no grant */
	stub_nsent = 0;
	plain(&imap, 3, "bob", "brush");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	pop3 = 0;
	plain(&imap, 4, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	pop3 = 1;
	stub_ms += 1000;
	plain(&imap, 5, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_INUSE);	/* 1 and 4 are there */
	stub_nsent = 0;
	call(M_SESSION_END, &imap, &(struct msg_session_end){ .sid = 4 });
	plain(&imap, 5, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	/* What no longer matters is forgotten, and there is an end to it. */
	delays_add("new", (int64_t)stub_ms / 1000 + 1000, 60);
	ATF_CHECK_EQ(delays_count(), 1);
	for (i = 0; i < DELAYS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		delays_add(name, (int64_t)stub_ms / 1000 + 1000, 60);
	}
	ATF_CHECK_EQ(delays_count(), DELAYS_MAX);
}

/* Guessing from one address ends after a while; others are not concerned. */
ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	int	 i;

	start("example.org\n");
	for (i = 0; i < 30; i++) {
		begin(&imap, 100, MECH_PLAIN, "x", 1);
		if (stub_nsent == 1)
			break;
		call(M_AUTH_ABORT, &imap,
		    &(struct msg_auth_abort){ .sid = 100 });
	}
	ATF_CHECK_EQ(i, 30);
	plain(&imap, 101, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_LIMIT);
	stub_nsent = 0;
	addr_parse(&client, "192.0.2.8");
	plain(&imap, 102, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	addr_parse(&client, "192.0.2.7");
	stub_ms += 1000000;
	plain(&imap, 103, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
}

/* The second time it is known at once; after a reload it is not. */
ATF_TC_WITHOUT_HEAD(cached);
ATF_TC_BODY(cached, tc)
{
	char	*p;

	start("example.org\n");
	plain(&imap, 1, "amy", "pencil");
	ATF_CHECK_EQ(stub_nsent, 0);
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	plain(&imap, 2, "amy", "pencil");
	ATF_CHECK_EQ(stub_nsent, 2);
	stub_nsent = 0;
	plain(&imap, 3, "amy", "pencil!");
	ATF_CHECK_EQ(stub_nsent, 0);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	stub_nsent = 0;
	/* A reload while the password is being checked. */
	plain(&imap, 4, "bob", "brush");
	reload();
	ATF_CHECK_EQ(wait_r(), AUTH_TEMP);
	stub_nsent = 0;
	p = strstr(accounts, "amy");
	memcpy(p, "ann", 3);
	make_tables("example.org\n", accounts);
	reload();
	plain(&imap, 5, "amy", "pencil");
	ATF_CHECK_EQ(stub_nsent, 0);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
}

/* A client's SCRAM in small; the server's final message is checked too. */
static enum msg_auth
scram(uint64_t sid, const char *name, const char *password, char *salt64)
{
	struct msg_auth_cont	 m;
	uint8_t			 salt[64], salted[32], key[32], stored[32];
	uint8_t			 sig[32];
	char			 first[200], server[500], b64[100];
	char			 without[300], final[500], auth[1200];
	char			 nonce[200], want[100];
	unsigned		 iter;
	int			 n, i;

	stub_nsent = 0;
	snprintf(first, sizeof(first), "n,,n=%s,r=clientnonce", name);
	begin(&imap, sid, MECH_SCRAM256, first, strlen(first));
	if (stub_nsent == 0)
		return wait_r();
	ATF_REQUIRE_EQ(stub_sent[0].type, M_AUTH_CHALLENGE);
	memcpy(server, stub_sent[0].data, stub_sent[0].len);
	server[stub_sent[0].len] = '\0';
	ATF_REQUIRE_EQ(sscanf(server, "r=%199[^,],s=%99[^,],i=%u", nonce, b64,
	    &iter), 3);
	ATF_CHECK(strncmp(nonce, "clientnonce", 11) == 0);
	if (salt64 != NULL)
		strcpy(salt64, b64);
	n = base64_decode(salt, sizeof(salt), b64, strlen(b64));
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, n, (int)iter,
	    EVP_sha256(), 32, salted);
	scram_hmac(salted, "Client Key", 10, key);
	scram_hash(key, 32, stored);
	snprintf(without, sizeof(without), "c=biws,r=%s", nonce);
	snprintf(auth, sizeof(auth), "%s,%s,%s", first + 3, server, without);
	scram_hmac(stored, auth, strlen(auth), sig);
	for (i = 0; i < 32; i++)
		key[i] ^= sig[i];
	base64_encode(b64, sizeof(b64), key, 32);
	n = snprintf(final, sizeof(final), "%s,p=%s", without, b64);
	stub_nsent = 0;
	m.sid = sid;
	m.data.data = final;
	m.data.len = (size_t)n;
	call(M_AUTH_CONT, &imap, &m);
	if (wait_r() == AUTH_OK) {
		scram_hmac(salted, "Server Key", 10, key);
		scram_hmac(key, auth, strlen(auth), sig);
		base64_encode(b64, sizeof(b64), sig, 32);
		snprintf(want, sizeof(want), "v=%s", b64);
		ATF_CHECK_STREQ(verdict.data, want);
	} else
		ATF_CHECK_EQ(verdict.len, 0);
	return verdict.result;
}

ATF_TC_WITHOUT_HEAD(scram);
ATF_TC_BODY(scram, tc)
{
	struct msg_auth_cont	 m;
	char			 s1[100], s2[100], s3[100];

	start("example.org\n");
	ATF_CHECK_EQ(scram(1, "amy@example.org", "pencil", s1), AUTH_OK);
	ATF_CHECK_EQ(stub_sent[0].type, M_GRANT);
	ATF_CHECK_EQ(scram(2, "amy", "pencil", NULL), AUTH_OK);
	ATF_CHECK_EQ(scram(3, "amy", "pencim", NULL), AUTH_BAD);
	ATF_CHECK_EQ(stub_nsent, 1);
	/* Who is not there looks just like the others, each time. */
	ATF_CHECK_EQ(scram(4, "zoe", "pencil", s1), AUTH_BAD);
	reload();
	ATF_CHECK_EQ(scram(5, "ZOE@example.org", "pencil", s2), AUTH_BAD);
	ATF_CHECK_EQ(scram(6, "yon", "pencil", s3), AUTH_BAD);
	ATF_CHECK_STREQ(s1, s2);
	ATF_CHECK(strcmp(s1, s3) != 0);
	ATF_CHECK_EQ(strlen(s1), 24);
	/* So does one whose hash is no good for it. */
	stub_ms += 1000000;
	ATF_CHECK_EQ(scram(7, "bob", "brush", NULL), AUTH_BAD);
	/* Without an initial response we ask for it. */
	stub_nsent = 0;
	begin(&imap, 8, MECH_SCRAM256, NULL, 0);
	ATF_REQUIRE_EQ(stub_nsent, 1);
	ATF_CHECK_EQ(stub_sent[0].type, M_AUTH_CHALLENGE);
	ATF_CHECK_EQ(stub_sent[0].len, 0);
	m.sid = 8;
	m.data.data = "n,,n=amy,r=x";
	m.data.len = 12;
	call(M_AUTH_CONT, &imap, &m);
	ATF_REQUIRE_EQ(stub_nsent, 2);
	ATF_CHECK(strncmp(stub_sent[1].data, "r=x", 3) == 0);
	/* A word for an exchange that is not there. */
	stub_nsent = 0;
	m.sid = 999;
	call(M_AUTH_CONT, &imap, &m);
	ATF_CHECK_EQ(wait_r(), AUTH_TEMP);
}

/* Two domains: a bare name is nobody. */
ATF_TC_WITHOUT_HEAD(domains);
ATF_TC_BODY(domains, tc)
{
	start("example.org\nexample.net\n");
	plain(&imap, 1, "amy", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	stub_nsent = 0;
	plain(&imap, 2, "amy@example.org", "pencil");
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
}

/* What mailctl gets for an account; "" when nothing. */
static void
token(const char *account, char dst[100])
{
	static const struct proc_from control = { PROC_CONTROL, 0 };
	struct msg_ctl	 m = { .cookie = 7, .verb = CTL_LOGIN,
	    .arg = account };
	struct msg_blob	 row;
	const char	*name, *value;
	size_t		 off = 0;

	dst[0] = '\0';
	stub_nsent = 0;
	auth_def.ctl(&control, &m);
	ATF_CHECK_EQ(stub_sent[stub_nsent - 1].type, M_CTL_END);
	row.data = stub_sent[0].data;
	row.len = stub_sent[0].len;
	if (stub_nsent == 2)
		while (ctlrow_next(&row, &off, &name, &value) > 0)
			if (strcmp(name, "token") == 0)
				strlcpy(dst, value, 100);
	stub_nsent = 0;
}

/* A password for one login, over IMAP, of that account, within a minute. */
ATF_TC_WITHOUT_HEAD(tokens);
ATF_TC_BODY(tokens, tc)
{
	char	 one[100], two[100];

	start("example.org\n");
	token("AMY", one);
	ATF_REQUIRE_EQ(strlen(one), 64);
	plain(&imap, 1, "bob", one);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	stub_nsent = 0;
	stub_ms += 1000000;
	token("amy@example.org", one);
	plain(&smtp, 2, "amy", one);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	stub_nsent = 0;
	plain(&imap, 3, "amy", one);
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	ATF_CHECK_EQ(stub_sent[0].type, M_GRANT);
	ATF_CHECK_STREQ(verdict.account, "amy@example.org");
	stub_nsent = 0;
	plain(&imap, 4, "amy", one);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	token("amy", one);
	stub_ms += 61000;
	plain(&imap, 5, "amy", one);
	ATF_CHECK_EQ(wait_r(), AUTH_BAD);
	token("amy", one);
	token("bob", two);
	plain(&imap, 6, "bob", two);
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	stub_nsent = 0;
	plain(&imap, 7, "amy", one);
	ATF_CHECK_EQ(wait_r(), AUTH_OK);
	token("off", one);
	ATF_CHECK_STREQ(one, "");
	token("nobody@example.org", one);
	ATF_CHECK_STREQ(one, "");
}

/* Many at once: a bounded queue, and everybody gets an answer. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	unsigned	 i, ok = 0, later = 0;

	start("example.org\n");
	conf.limits.sessions_per_account = 0;
	for (i = 0; i < 300; i++) {
		plain(&imap, 1000 + i, "amy", "pencil");
		while (stub_nsent > 0)
			later += stub_sent[--stub_nsent].result == AUTH_TEMP;
	}
	ATF_CHECK(later > 0);
	for (i = 0; i < 10000 && ok + later < 300; i++) {
		stub_nsent = 0;
		event_loop(EVLOOP_ONCE);
		while (stub_nsent > 0)
			ok += stub_sent[--stub_nsent].type == M_AUTH_R;
	}
	ATF_CHECK_EQ(ok + later, 300);
	ATF_CHECK(ok >= 256);
}

/* A worker that makes no sense is given up; it harms nobody else. */
ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	struct msg_auth_cont	 cont = { .sid = 7 };
	uint64_t		 sid;

	start("example.org\n");
	begin(&smtp, 7, MECH_PLAIN, NULL, 0);
	begin(&smtp, 7, MECH_PLAIN, NULL, 0);
	ATF_CHECK_EQ(stub_nbad, 1);
	ATF_CHECK_EQ(stub_nsent, 1);
	plain(&imap, 7, "amy", "wrong");
	call(M_AUTH_CONT, &imap, &cont);
	ATF_CHECK_EQ(stub_nbad, 2);
	auth_def.peer_gone(smtp.proc, smtp.inst);
	auth_def.peer_gone(imap.proc, imap.inst);
	/* Its share and no more, until some have come to their end. */
	for (sid = 100; sid < 600; sid++, stub_nsent = 0)
		begin(&smtp, sid, MECH_PLAIN, NULL, 0);
	begin(&smtp, sid, MECH_PLAIN, NULL, 0);
	ATF_CHECK_EQ(stub_sent[stub_nsent - 1].type, M_AUTH_R);
	ATF_CHECK_EQ(stub_sent[stub_nsent - 1].result, AUTH_TEMP);
	begin(&imap, sid, MECH_PLAIN, NULL, 0);
	ATF_CHECK_EQ(stub_sent[stub_nsent - 1].type, M_AUTH_CHALLENGE);
	call(M_AUTH_ABORT, &smtp, &(struct msg_auth_abort){ .sid = 100 });
	begin(&smtp, sid, MECH_PLAIN, NULL, 0);
	ATF_CHECK_EQ(stub_sent[stub_nsent - 1].type, M_AUTH_CHALLENGE);
	ATF_CHECK_EQ(stub_nbad, 2);
	/* The check that was given up ends before these, and we after it. */
	for (sid = 7; sid < 9; sid++) {
		stub_nsent = 0;
		plain(&imap, sid, "amy", "pencil");
		ATF_CHECK_EQ(wait_r(), AUTH_OK);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, delay);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, cached);
	ATF_TP_ADD_TC(tp, scram);
	ATF_TP_ADD_TC(tp, domains);
	ATF_TP_ADD_TC(tp, tokens);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, hostile);
	return atf_no_error();
}
