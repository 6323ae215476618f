/* SASL steps, the cache, failures, logins: all that is pure. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "auth/cache.h"
#include "auth/failures.h"
#include "auth/logins.h"
#include "auth/password.h"
#include "auth/sasl_plain.h"
#include "auth/sasl_scram.h"
#include "libutil/base64.h"
#include "stub.h"

ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	static const char	 ok[] = "\0tim\0tanstaaftanstaaf";
	static const char	 zid[] = "Ursel\0Kurt\0xipj3plmq";
	struct sasl_plain	 m;
	char			 big[SASL_PASSWORD_MAX + 10] = "\0u\0";
	size_t			 i;

	/* RFC 4616 4 */
	ATF_REQUIRE(sasl_plain_parse(ok, sizeof(ok) - 1, &m) == 0);
	ATF_CHECK_EQ(m.authzid.len, 0);
	ATF_CHECK(span_eq(m.authcid, SPAN("tim")));
	ATF_CHECK(span_eq(m.password, SPAN("tanstaaftanstaaf")));
	ATF_REQUIRE(sasl_plain_parse(zid, sizeof(zid) - 1, &m) == 0);
	ATF_CHECK(span_eq(m.authzid, SPAN("Ursel")));
	ATF_CHECK(span_eq(m.authcid, SPAN("Kurt")));
	for (i = 0; i <= 5; i++)
		ATF_CHECK(sasl_plain_parse(ok, i, &m) == -1);
	ATF_CHECK(sasl_plain_parse("\0\0pw", 4, &m) == -1);
	ATF_CHECK(sasl_plain_parse("\0u\0p\0", 5, &m) == -1);
	ATF_CHECK(sasl_plain_parse("u p", 3, &m) == -1);
	memset(big + 3, 'x', SASL_PASSWORD_MAX + 1);
	ATF_CHECK(sasl_plain_parse(big, SASL_PASSWORD_MAX + 3, &m) == 0);
	ATF_CHECK(sasl_plain_parse(big, SASL_PASSWORD_MAX + 4, &m) == -1);
}

/* RFC 7677 3 */
static const char rfc_first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
static const char rfc_server[] =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char rfc_final[] =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

static void
rfc_secret(struct scram_secret *s)
{
	static const char text[] = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ"
	    "==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ"
	    "7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

	ATF_REQUIRE(scram_secret_parse(text, sizeof(text) - 1, s) == 0);
}

/* The vector's server nonce is no base64: put it in by hand. */
static void
rfc_exchange(struct sasl_scram *s, int fake)
{
	struct scram_secret	 secret;
	struct buf		 out;
	uint8_t			 nonce[18] = { 0 };

	rfc_secret(&secret);
	sasl_scram_init(s);
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(sasl_scram_first(s, rfc_first, sizeof(rfc_first) - 1,
	    0, 0, NULL, 0), SASL_SCRAM_OK);
	ATF_CHECK_STREQ(s->name, "user");
	ATF_REQUIRE(sasl_scram_challenge(s, &secret, fake, nonce, &out) == 0);
	ATF_CHECK(memcmp(buf_ptr(&out), "r=rOprNGfwEbeRWgbNEkqOAAAA", 26) ==
	    0);
	buf_free(&out);
	buf_free(&s->first_server);
	buf_addstr(&s->first_server, rfc_server);
	strlcpy(s->nonce, "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	    sizeof(s->nonce));
}

ATF_TC_WITHOUT_HEAD(scram_rfc);
ATF_TC_BODY(scram_rfc, tc)
{
	struct sasl_scram	 s;
	struct buf		 out;
	char			 bad[sizeof(rfc_final)];
	size_t			 i, n = sizeof(rfc_final) - 1;

	rfc_exchange(&s, 0);
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(sasl_scram_final(&s, rfc_final, n, &out),
	    SASL_SCRAM_OK);
	ATF_CHECK_EQ(out.len, 46);
	ATF_CHECK(memcmp(buf_ptr(&out),
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", 46) == 0);
	buf_free(&out);
	/* Every prefix and every changed byte is no. */
	for (i = 0; i < n; i++) {
		ATF_CHECK(sasl_scram_final(&s, rfc_final, i, &out) !=
		    SASL_SCRAM_OK);
		memcpy(bad, rfc_final, n);
		bad[i] ^= 1;
		ATF_CHECK_MSG(sasl_scram_final(&s, bad, n, &out) !=
		    SASL_SCRAM_OK, "%zu", i);
	}
	ATF_CHECK(sasl_scram_final(&s, rfc_final, n, &out) == SASL_SCRAM_OK);
	sasl_scram_clear(&s);
	/* The same words for a name that does not exist. */
	rfc_exchange(&s, 1);
	ATF_CHECK_EQ(sasl_scram_final(&s, rfc_final, n, &out),
	    SASL_SCRAM_WRONG);
	sasl_scram_clear(&s);
}

ATF_TC_WITHOUT_HEAD(scram_first);
ATF_TC_BODY(scram_first, tc)
{
	static const struct {
		const char	*msg;
		int		 plus, offered;
		enum sasl_scram_result want;
		const char	*name;
	} t[] = {
		{ "n,,n=a,r=b", 0, 0, SASL_SCRAM_OK, "a" },
		{ "n,,n=a,r=b", 0, 1, SASL_SCRAM_OK, "a" },
		{ "n,a=z,n=a,r=b", 0, 0, SASL_SCRAM_OK, "a" },
		{ "n,,n=a=2Cb=3Dc,r=b,x=y", 0, 0, SASL_SCRAM_OK, "a,b=c" },
		{ "y,,n=a,r=b", 0, 0, SASL_SCRAM_OK, "a" },
		{ "y,,n=a,r=b", 0, 1, SASL_SCRAM_BINDING_BAD, NULL },
		{ "y,,n=a,r=b", 1, 1, SASL_SCRAM_BINDING_BAD, NULL },
		{ "n,,n=a,r=b", 1, 1, SASL_SCRAM_BINDING_BAD, NULL },
		{ "p=tls-exporter,,n=a,r=b", 1, 1, SASL_SCRAM_OK, "a" },
		{ "p=tls-exporter,,n=a,r=b", 0, 1, SASL_SCRAM_BINDING_BAD,
		    NULL },
		{ "p=tls-unique,,n=a,r=b", 1, 1, SASL_SCRAM_BINDING_BAD,
		    NULL },
		{ "x,,n=a,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,n=a,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,m=x,n=a,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=a", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=a,r=", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=a=2,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=a=41,r=b", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,n=a,r=b c", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,r=b,n=a", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,", 0, 0, SASL_SCRAM_MALFORMED, NULL },
		{ "n,,", 0, 0, SASL_SCRAM_MALFORMED, NULL }
	};
	struct sasl_scram	 s;
	char			 big[1000];
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sasl_scram_init(&s);
		ATF_CHECK_MSG(sasl_scram_first(&s, t[i].msg, strlen(t[i].msg),
		    t[i].plus, t[i].offered, "binding", 7) == t[i].want, "%s",
		    t[i].msg);
		if (t[i].name != NULL)
			ATF_CHECK_STREQ(s.name, t[i].name);
		sasl_scram_clear(&s);
	}
	/* Nonces and names beyond the limit. */
	snprintf(big, sizeof(big), "n,,n=a,r=%0*d", SASL_SCRAM_NONCE, 0);
	sasl_scram_init(&s);
	ATF_CHECK_EQ(sasl_scram_first(&s, big, strlen(big), 0, 0, NULL, 0),
	    SASL_SCRAM_OK);
	sasl_scram_clear(&s);
	snprintf(big, sizeof(big), "n,,n=a,r=%0*d", SASL_SCRAM_NONCE + 1, 0);
	sasl_scram_init(&s);
	ATF_CHECK_EQ(sasl_scram_first(&s, big, strlen(big), 0, 0, NULL, 0),
	    SASL_SCRAM_MALFORMED);
	sasl_scram_clear(&s);
	snprintf(big, sizeof(big), "n,,n=%0*d,r=b", SASL_SCRAM_NAME + 1, 0);
	sasl_scram_init(&s);
	ATF_CHECK_EQ(sasl_scram_first(&s, big, strlen(big), 0, 0, NULL, 0),
	    SASL_SCRAM_MALFORMED);
	sasl_scram_clear(&s);
	/* -PLUS without the channel's data. */
	sasl_scram_init(&s);
	ATF_CHECK_EQ(sasl_scram_first(&s, "p=tls-exporter,,n=a,r=b", 23, 1, 1,
	    NULL, 0), SASL_SCRAM_BINDING_BAD);
	sasl_scram_clear(&s);
}

/* -PLUS: c= must hold the header and the channel's own data. */
ATF_TC_WITHOUT_HEAD(scram_plus);
ATF_TC_BODY(scram_plus, tc)
{
	static const char	 first[] = "p=tls-exporter,,n=user,r=cn";
	struct sasl_scram	 s;
	struct scram_secret	 secret;
	struct buf		 out, auth;
	uint8_t			 nonce[18] = "nonce", salted[32], key[32];
	uint8_t			 sig[32], proof[32], cb[48];
	char			 c[100], p[100], without[400], msg[600];
	int			 i, bad;

	rfc_secret(&secret);
	for (bad = 0; bad < 2; bad++) {
		sasl_scram_init(&s);
		buf_init(&out, 4096);
		buf_init(&auth, 4096);
		ATF_REQUIRE_EQ(sasl_scram_first(&s, first, sizeof(first) - 1,
		    1, 1, "0123456789abcdef0123456789abcdef", 32),
		    SASL_SCRAM_OK);
		ATF_REQUIRE(sasl_scram_challenge(&s, &secret, 0, nonce,
		    &out) == 0);
		/* The client's side of it. */
		memcpy(cb, "p=tls-exporter,,", 16);
		memcpy(cb + 16, "0123456789abcdef0123456789abcdef", 32);
		cb[47] ^= (uint8_t)bad;
		base64_encode(c, sizeof(c), cb, 48);
		snprintf(without, sizeof(without), "c=%s,r=%s", c, s.nonce);
		buf_addf(&auth, "n=user,r=cn,%.*s,%s", (int)out.len,
		    (char *)buf_ptr(&out), without);
		PKCS5_PBKDF2_HMAC("pencil", 6, secret.salt, secret.saltlen,
		    4096, EVP_sha256(), 32, salted);
		scram_hmac(salted, "Client Key", 10, key);
		scram_hash(key, 32, sig);
		scram_hmac(sig, buf_ptr(&auth), auth.len, proof);
		for (i = 0; i < 32; i++)
			proof[i] ^= key[i];
		base64_encode(p, sizeof(p), proof, 32);
		snprintf(msg, sizeof(msg), "%s,p=%s", without, p);
		buf_free(&out);
		ATF_CHECK_EQ(sasl_scram_final(&s, msg, strlen(msg), &out),
		    bad ? SASL_SCRAM_BINDING_BAD : SASL_SCRAM_OK);
		buf_free(&out);
		buf_free(&auth);
		sasl_scram_clear(&s);
	}
}

ATF_TC_WITHOUT_HEAD(password);
ATF_TC_BODY(password, tc)
{
	static const char *const hashes[] = {
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkd"
		    "i4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGP"
		    "lZqQxSrmfPwDl2dU="
	};
	char	 cmd[] = "openssl passwd -6 -salt saltsalt pencil";
	char	 hash[200];
	FILE	*f;

	ATF_CHECK_EQ(password_check(hashes[0], "pencil", 6), 1);
	ATF_CHECK_EQ(password_check(hashes[0], "pencils", 7), 0);
	if ((f = popen(cmd, "r")) != NULL && fgets(hash, sizeof(hash), f)) {
		hash[strcspn(hash, "\n")] = '\0';
		ATF_CHECK_EQ(password_check(hash, "pencil", 6), 1);
		ATF_CHECK_EQ(password_check(hash, "pencim", 6), 0);
		pclose(f);
	}
	ATF_CHECK_EQ(password_check("", "", 0), -1);
	ATF_CHECK_EQ(password_check("*", "x", 1), -1);
	ATF_CHECK_EQ(password_check("!$6$x$y", "x", 1), -1);
	ATF_CHECK_EQ(password_check("x", "x", 1), -1);
	ATF_CHECK(password_check("$9$what", "x", 1) != 1);
	ATF_CHECK(password_check("SCRAM-SHA-256$1:x", "x", 1) != 1);
}

ATF_TC_WITHOUT_HEAD(cache);
ATF_TC_BODY(cache, tc)
{
	uint8_t	 t[CACHE_TOKEN], u[CACHE_TOKEN];
	char	 name[40];
	int	 i;

	cache_init();
	ATF_REQUIRE(cache_token("a@b", "pw", 2, t) == 0);
	ATF_REQUIRE(cache_token("a@b", "pX", 2, u) == 0);
	ATF_CHECK_EQ(cache_check("a@b", t, 0), 0);
	cache_add("a@b", t, 0);
	ATF_CHECK_EQ(cache_check("a@b", t, 1), 1);
	ATF_CHECK_EQ(cache_check("a@b", u, 1), 0);
	ATF_CHECK_EQ(cache_check("a@c", t, 1), 0);
	ATF_CHECK_EQ(cache_check("a@b", t, CACHE_SECONDS - 1), 1);
	ATF_CHECK_EQ(cache_check("a@b", t, CACHE_SECONDS), 0);
	ATF_CHECK_EQ(cache_check("a@b", t, 1), 0);
	/* The token is of name and password both. */
	ATF_REQUIRE(cache_token("a@", "bpw", 3, u) == 0);
	ATF_CHECK(memcmp(t, u, sizeof(t)) != 0);
	for (i = 0; i < CACHE_MAX + 10; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		cache_add(name, t, 0);
	}
	ATF_CHECK_EQ(cache_count(), CACHE_MAX);
	ATF_CHECK_EQ(cache_check("u0", t, 1), 0);
	ATF_CHECK_EQ(cache_check("u10", t, 1), 1);
	cache_flush();
	ATF_CHECK_EQ(cache_count(), 0);
	ATF_CHECK_EQ(cache_check("u10", t, 1), 0);
}

ATF_TC_WITHOUT_HEAD(failures);
ATF_TC_BODY(failures, tc)
{
	struct addr	 a, b, c;
	int		 i;

	failures_init();
	addr_parse(&a, "192.0.2.1");
	addr_parse(&b, "2001:db8::1");
	addr_parse(&c, "2001:db8::ffff:1");
	ATF_CHECK_EQ(failures_count(&a, 0), 0);
	for (i = 1; i < 10; i++)
		ATF_CHECK_EQ(failures_add(&a, i), (unsigned)i);
	ATF_CHECK_EQ(failures_count(&a, 20), 9);
	ATF_CHECK_EQ(failures_count(&b, 20), 0);
	/* One IPv6 network is one client. */
	failures_add(&b, 20);
	ATF_CHECK_EQ(failures_count(&c, 20), 1);
	ATF_CHECK_EQ(failures_count(&a, FAILURES_WINDOW + 1), 0);
	ATF_CHECK_EQ(failures_add(&a, FAILURES_WINDOW + 1), 1);
	for (i = 0; i < FAILURES_MAX + 100; i++) {
		a.bytes[1] = (uint8_t)(i >> 8);
		a.bytes[2] = (uint8_t)i;
		failures_add(&a, 2000);
	}
	ATF_CHECK_EQ(failures_size(), FAILURES_MAX);
}

ATF_TC_WITHOUT_HEAD(logins);
ATF_TC_BODY(logins, tc)
{
	logins_init();
	ATF_CHECK_EQ(logins_add(2, 0, 77, "a@b", 2), 0);
	ATF_CHECK_EQ(logins_add(2, 1, 77, "a@b", 2), 0);
	ATF_CHECK_EQ(logins_add(4, 0, 77, "a@b", 2), -1);
	ATF_CHECK_EQ(logins_add(4, 0, 77, "c@b", 2), 0);
	ATF_CHECK_EQ(logins_add(4, 0, 78, "a@b", 0), 0);
	logins_remove(4, 0, 78);
	logins_remove(4, 0, 78);
	/* The same session anew counts once. */
	ATF_CHECK_EQ(logins_add(2, 0, 77, "a@b", 2), 0);
	ATF_CHECK_EQ(logins_count(), 3);
	logins_forget(2, 0);
	ATF_CHECK_EQ(logins_count(), 2);
	ATF_CHECK_EQ(logins_add(4, 0, 79, "a@b", 2), 0);
	logins_forget(2, 1);
	logins_forget(4, 0);
	ATF_CHECK_EQ(logins_count(), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, scram_rfc);
	ATF_TP_ADD_TC(tp, scram_first);
	ATF_TP_ADD_TC(tp, scram_plus);
	ATF_TP_ADD_TC(tp, password);
	ATF_TP_ADD_TC(tp, cache);
	ATF_TP_ADD_TC(tp, failures);
	ATF_TP_ADD_TC(tp, logins);
	return atf_no_error();
}
