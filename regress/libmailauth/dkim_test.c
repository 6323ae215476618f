/* DKIM: the RFC's vectors, our own signatures, and what must not pass. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "libmailauth/dkim_sign.h"
#include "libmailauth/dkim_verify.h"
#include "libmailauth/taglist.h"
#include "libutil/base64.h"

/* RFC 8463 appendix A */
static const char rfc8463[] =
"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
" d=football.example.com; i=@football.example.com;\r\n"
" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
" subject : date : message-id : from : subject : date;\r\n"
" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
" d=football.example.com; i=@football.example.com;\r\n"
" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
" date : message-id : from : subject : date;\r\n"
" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
"From: Joe SixPack <joe@football.example.com>\r\n"
"To: Suzie Q <suzie@shopping.example.net>\r\n"
"Subject: Is dinner ready?\r\n"
"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
"\r\n"
"Hi.\r\n"
"\r\n"
"We lost the game.  Are you hungry yet?\r\n"
"\r\n"
"Joe.\r\n";

static const char *const rfckeys[] = {
"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5"
"V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC"
"/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTI"
"KT+l/K4w3QIDAQAB"
};

/* Verdict on the n-th signature of a message. */
static enum dkim_result
verdict(const char *msg, size_t len, int n, const char *key, const char **why)
{
	struct header_iter	 it;
	struct header		 h;
	struct dkim_sig		 sig;

	header_iter_init(&it, msg, len);
	while (header_next(&it, &h))
		if (h.id == HEADER_DKIM_SIGNATURE && n-- == 0) {
			if (dkim_sig_parse(&h, &sig, why) == -1)
				return DKIM_PERMERROR;
			return dkim_verify(&sig, (struct span){ msg, len },
			    span_of(key), 1700000000, why);
		}
	atf_tc_fail("no such signature");
}

ATF_TC_WITHOUT_HEAD(rfc);
ATF_TC_BODY(rfc, tc)
{
	const char	*why = "";
	char		*msg;
	int		 i;

	for (i = 0; i < 2; i++)
		ATF_CHECK_MSG(verdict(rfc8463, sizeof(rfc8463) - 1, i,
		    rfckeys[i], &why) == DKIM_PASS, "%d: %s", i, why);
	/* The other key, a changed body, header, an added From. */
	ATF_CHECK_EQ(verdict(rfc8463, sizeof(rfc8463) - 1, 0, rfckeys[1],
	    &why), DKIM_PERMERROR);
	msg = strdup(rfc8463);
	strstr(msg, "hungry")[0] = 'H';
	ATF_CHECK_EQ(verdict(msg, strlen(msg), 1, rfckeys[1], &why),
	    DKIM_FAIL);
	ATF_CHECK_STREQ(why, "body has changed");
	free(msg);
	msg = strdup(rfc8463);
	strstr(msg, "Suzie")[0] = 's';
	ATF_CHECK_EQ(verdict(msg, strlen(msg), 1, rfckeys[1], &why),
	    DKIM_FAIL);
	ATF_CHECK_STREQ(why, "signature does not fit");
	free(msg);
	ATF_REQUIRE(asprintf(&msg, "From: me\r\n%s", rfc8463) > 0);
	ATF_CHECK_EQ(verdict(msg, strlen(msg), 0, rfckeys[0], &why),
	    DKIM_FAIL);
	free(msg);
	/* White space that relaxed does not see. */
	ATF_REQUIRE(asprintf(&msg, "X-New: field\r\n%s\r\n \r\n", rfc8463) >
	    0);
	ATF_CHECK_EQ(verdict(msg, strlen(msg), 1, rfckeys[1], &why),
	    DKIM_PASS);
	free(msg);
}

ATF_TC_WITHOUT_HEAD(keys);
ATF_TC_BODY(keys, tc)
{
	static const char *const bad[] = {
		"", "v=DKIM1", "v=DKIM1; p=", "v=DKIM2; p=AAAA",
		"p=AAAA; v=DKIM1", "k=dsa; p=AAAA", "h=sha1; p=AAAA",
		"s=web; p=AAAA", "p=!!!!", "p=AAAA", "k=ed25519; p=AAAA",
		"p=AAAA; =x"
	};
	const char	*why = NULL;
	char		 key[1000];
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(verdict(rfc8463, sizeof(rfc8463) - 1, 1, bad[i],
		    &why) == DKIM_PERMERROR, "%s", bad[i]);
	/* Flags and lists that do not forbid; folded base64. */
	snprintf(key, sizeof(key), "%s; t=y; h=sha1:sha256; s=web : email; "
	    "n=note", rfckeys[1]);
	ATF_CHECK_EQ(verdict(rfc8463, sizeof(rfc8463) - 1, 1, key, &why),
	    DKIM_PASS);
	snprintf(key, sizeof(key), "p= %.30s \r\n\t%s",
	    strstr(rfckeys[1], "p=") + 2, strstr(rfckeys[1], "p=") + 32);
	ATF_CHECK_EQ(verdict(rfc8463, sizeof(rfc8463) - 1, 1, key, &why),
	    DKIM_PASS);
}

ATF_TC_WITHOUT_HEAD(parse);
ATF_TC_BODY(parse, tc)
{
	static const char *const bad[] = {
		"v=1",
		"v=2; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s",
		"v=1; a=rsa-sha1; b=x; bh=x; d=a.b; h=from; s=s",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=to; s=s",
		"v=1; a=rsa-sha256; b=x; bh=x; d=; h=from; s=s",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; s=t",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; i=@c.b",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; i=@ca.b",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; i=a.b",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; t=5; x=4",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; l=-1",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; "
		    "l=99999999999999999999",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; c=strict",
		"v=1; a=rsa-sha256; b=x; bh=x; d=a.b; h=from; s=s; junk",
	};
	struct dkim_sig	 sig;
	struct header	 h;
	const char	*why;
	size_t		 i;

	memset(&h, 0, sizeof(h));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		h.value = span_of(bad[i]);
		why = NULL;
		ATF_CHECK_MSG(dkim_sig_parse(&h, &sig, &why) == -1, "%s",
		    bad[i]);
		ATF_CHECK(why != NULL);
	}
	h.value = SPAN("v=1;a=RSA-SHA256;b=x y;bh=z ; d=a.b;h=To:From;s=s;"
	    "c=Relaxed; i=me@x.A.B;l=0;t=7;new=thing;");
	ATF_REQUIRE_MSG(dkim_sig_parse(&h, &sig, &why) == 0, "%s", why);
	ATF_CHECK_EQ(sig.canon_header, CANON_RELAXED);
	ATF_CHECK_EQ(sig.canon_body, CANON_SIMPLE);
	ATF_CHECK_EQ(sig.length, 0);
	ATF_CHECK_EQ(sig.time, 7);
	ATF_CHECK_EQ(sig.expire, -1);
}

/* ---- our own signatures ----------------------------------------------- */

static size_t
sign(EVP_PKEY *key, const uint8_t *digest, uint8_t *out, size_t size)
{
	EVP_PKEY_CTX	*ctx;
	EVP_MD_CTX	*md;
	size_t		 n = size;

	if (EVP_PKEY_base_id(key) == EVP_PKEY_ED25519) {
		md = EVP_MD_CTX_new();
		ATF_REQUIRE(EVP_DigestSignInit(md, NULL, NULL, NULL, key) ==
		    1);
		ATF_REQUIRE(EVP_DigestSign(md, out, &n, digest, 32) == 1);
		EVP_MD_CTX_free(md);
		return n;
	}
	ctx = EVP_PKEY_CTX_new(key, NULL);
	ATF_REQUIRE(EVP_PKEY_sign_init(ctx) == 1);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	ATF_REQUIRE(EVP_PKEY_sign(ctx, out, &n, digest, 32) == 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static void
key_record(EVP_PKEY *key, char *txt, size_t size)
{
	uint8_t	*der = NULL;
	char	 b64[1000];
	int	 len = i2d_PUBKEY(key, &der), ed;

	ed = EVP_PKEY_base_id(key) == EVP_PKEY_ED25519;
	base64_encode(b64, sizeof(b64), der + (ed ? len - 32 : 0),
	    (size_t)(ed ? 32 : len));
	snprintf(txt, size, "v=DKIM1; k=%s; p=%s", ed ? "ed25519" : "rsa",
	    b64);
	OPENSSL_free(der);
}

/* What goes out: signature, prefix, message. */
static char *
assemble(EVP_PKEY *key, enum dkim_alg alg, const char *prefix, const char *msg)
{
	struct dkim_spec	 spec = { SPAN("example.org"), SPAN("sel"),
				    alg, 1600000000, 0 };
	struct span		 parts[2];
	struct buf		 header;
	uint8_t			 bh[32], digest[32], sig[1024];
	char			 b64[2000], *out;
	size_t			 n, hlen;

	parts[0] = span_of(prefix);
	parts[1] = span_of(msg);
	buf_init(&header, 65536);
	hlen = header_length(msg, strlen(msg));
	ATF_REQUIRE(dkim_body_hash(CANON_RELAXED, (struct span){ msg + hlen,
	    strlen(msg) - hlen }, bh) == 0);
	ATF_REQUIRE(dkim_sign_prepare(&spec, parts, 2, bh, &header, digest) ==
	    0);
	n = sign(key, digest, sig, sizeof(sig));
	base64_encode(b64, sizeof(b64), sig, n);
	ATF_REQUIRE(asprintf(&out, "%.*s%.60s\r\n\t%s\r\n%s%s",
	    (int)header.len, (char *)buf_ptr(&header), b64, b64 + 60, prefix,
	    msg) > 0);
	buf_free(&header);
	return out;
}

static const char *const messages[] = {
	"From: a@example.org\r\n\r\n",
	"From: a@example.org\r\n\r\nbody\r\n",
	"From: a@example.org\r\nTo: b@c.example\r\nSubject: x  y \r\n"
	    "\tz\r\n\r\nbody  with \t spaces \r\n\r\n\r\n",
	"Received: from x\r\nTo: 1\r\nTo: 2\r\nfrom: a@example.org\r\n"
	    "Content-Type: multipart/mixed;\r\n boundary=x\r\n"
	    "MIME-Version: 1.0\r\nList-Id: <l>\r\nX-Other: y\r\n\r\nno end",
	"Subject: =?utf-8?q?x?= \xc3\xa9\r\nReferences: <1@a>\r\n <2@a>\r\n"
	    "From: a@example.org\r\n\r\n\xc3\xa9\r\n.\r\n..\r\n"
};

/* It frees the key. */
static void
roundtrip(EVP_PKEY *key, enum dkim_alg alg, int outside)
{
	const char	*why = "", *p, *nl;
	char		 txt[1100], *out, *more;
	size_t		 i;
	FILE		*f;

	key_record(key, txt, sizeof(txt));
	f = fopen("key.txt", "w");
	fputs(txt, f);
	fclose(f);
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		out = assemble(key, alg, i % 2 ? "Date: now\r\n" : "",
		    messages[i]);
		ATF_CHECK_MSG(verdict(out, strlen(out), 0, txt, &why) ==
		    DKIM_PASS, "%zu: %s\n%s", i, why, out);
		/* Our part of it keeps to the width that lines should have. */
		for (p = out; (nl = strstr(p, "\r\n")) != NULL &&
		    strncmp(p, "\tb=", 3) != 0; p = nl + 2)
			ATF_CHECK(nl - p <= 78);
		/* A second From, on top or below, must not go unnoticed. */
		ATF_REQUIRE(asprintf(&more, "From: evil\r\n%s", out) > 0);
		ATF_CHECK_EQ(verdict(more, strlen(more), 0, txt, &why),
		    DKIM_FAIL);
		free(more);
		ATF_REQUIRE(asprintf(&more, "Subject: more\r\n%s", out) > 0);
		ATF_CHECK_EQ(verdict(more, strlen(more), 0, txt, &why),
		    DKIM_FAIL);
		free(more);
		/* A list's fields may come on top. */
		ATF_REQUIRE(asprintf(&more, "Sender: list\r\nX-Y: z\r\n%s",
		    out) > 0);
		ATF_CHECK_EQ(verdict(more, strlen(more), 0, txt, &why),
		    DKIM_PASS);
		free(more);
		if (outside) {
			f = fopen("msg.eml", "w");
			fwrite(out, 1, strlen(out), f);
			fclose(f);
			ATF_CHECK_MSG(system("/usr/bin/python3 "
			    "$SRC/dkimverify.py msg.eml key.txt") == 0,
			    "dkimpy: %s", out);
		}
		free(out);
	}
	EVP_PKEY_free(key);
}

ATF_TC(sign_rsa);
ATF_TC_HEAD(sign_rsa, tc)
{
}
ATF_TC_BODY(sign_rsa, tc)
{
	roundtrip(EVP_RSA_gen(2048), DKIM_RSA_SHA256, 0);
}

ATF_TC_WITHOUT_HEAD(sign_ed25519);
ATF_TC_BODY(sign_ed25519, tc)
{
	roundtrip(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	    DKIM_ED25519_SHA256, 0);
}

/* The same before the eyes of an independent program. */
ATF_TC(sign_outside);
ATF_TC_HEAD(sign_outside, tc)
{
	atf_tc_set_md_var(tc, "require.progs", "/usr/bin/python3");
}
ATF_TC_BODY(sign_outside, tc)
{
	if (system("/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null") != 0)
		atf_tc_skip("python3-dkim and python3-nacl are not there");
	setenv("SRC", atf_tc_get_config_var(tc, "srcdir"), 1);
	roundtrip(EVP_RSA_gen(2048), DKIM_RSA_SHA256, 1);
	roundtrip(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	    DKIM_ED25519_SHA256, 1);
}

ATF_TC_WITHOUT_HEAD(sign_refused);
ATF_TC_BODY(sign_refused, tc)
{
	struct dkim_spec	 spec = { SPAN("example.org"), SPAN("sel"),
				    DKIM_RSA_SHA256, 1, 0 };
	struct span		 part = SPAN("To: x\r\n\r\nFrom: y\r\n");
	struct buf		 header, many;
	uint8_t			 bh[32] = { 0 }, digest[32];
	int			 i;

	buf_init(&header, 65536);
	ATF_CHECK(dkim_sign_prepare(&spec, &part, 1, bh, &header, digest) ==
	    -1);
	buf_init(&many, 65536);
	buf_addstr(&many, "From: x\r\n");
	for (i = 0; i < DKIM_SIGNED_MAX; i++)
		buf_addstr(&many, "To: x\r\n");
	part.p = (const char *)buf_ptr(&many);
	part.len = many.len;
	ATF_CHECK(dkim_sign_prepare(&spec, &part, 1, bh, &header, digest) ==
	    -1);
}

ATF_TC_WITHOUT_HEAD(tags);
ATF_TC_BODY(tags, tc)
{
	struct span	 s = SPAN(" a = b c ;\r\n\td=;e=f=g;");
	struct tag	 t;
	int64_t		 n;

	ATF_REQUIRE_EQ(taglist_next(&s, &t), 1);
	ATF_CHECK(span_eq(t.name, SPAN("a")) && span_eq(t.value,
	    SPAN("b c")));
	ATF_REQUIRE_EQ(taglist_next(&s, &t), 1);
	ATF_CHECK(span_eq(t.name, SPAN("d")) && t.value.len == 0);
	ATF_REQUIRE_EQ(taglist_next(&s, &t), 1);
	ATF_CHECK(span_eq(t.name, SPAN("e")) && span_eq(t.value,
	    SPAN("f=g")));
	ATF_CHECK_EQ(taglist_next(&s, &t), 0);
	s = SPAN("a b=c");
	ATF_CHECK_EQ(taglist_next(&s, &t), -1);
	s = SPAN("1=c");
	ATF_CHECK_EQ(taglist_next(&s, &t), -1);
	s = SPAN("a=1;;b=2");
	ATF_CHECK_EQ(taglist_next(&s, &t), 1);
	ATF_CHECK_EQ(taglist_next(&s, &t), -1);
	ATF_CHECK_EQ(taglist_number(SPAN("9223372036854775807"), &n), 0);
	ATF_CHECK_EQ(n, INT64_MAX);
	ATF_CHECK_EQ(taglist_number(SPAN("9223372036854775808"), &n), -1);
	ATF_CHECK_EQ(taglist_number(SPAN(""), &n), -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rfc);
	ATF_TP_ADD_TC(tp, keys);
	ATF_TP_ADD_TC(tp, parse);
	ATF_TP_ADD_TC(tp, sign_rsa);
	ATF_TP_ADD_TC(tp, sign_ed25519);
	ATF_TP_ADD_TC(tp, sign_outside);
	ATF_TP_ADD_TC(tp, sign_refused);
	ATF_TP_ADD_TC(tp, tags);
	return atf_no_error();
}
