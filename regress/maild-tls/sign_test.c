/* What crypto signs and what it refuses; keys read, found and made. */
#include <sys/types.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "crypto/keygen.h"
#include "crypto/keyring.h"
#include "crypto/sign.h"
#include "libutil/base64.h"
#include "msg.h"
#include "proc.h"
#include "testcert.h"

int
proc_sync_fd(void)
{
	return -1;
}

static const uint8_t info256[19] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
	0x20 };

static int
keyfile(EVP_PKEY *key)
{
	char	*pem = testcert_keypem(key), name[] = "keyXXXXXX";
	int	 fd = mkstemp(name);

	ATF_REQUIRE(fd != -1);
	unlink(name);
	ATF_REQUIRE(write(fd, pem, strlen(pem)) == (ssize_t)strlen(pem));
	free(pem);
	return fd;
}

static void
keyhash(EVP_PKEY *key, uint8_t hash[32])
{
	uint8_t	*der = NULL;
	int	 len = i2d_PUBKEY(key, &der);

	SHA256(der, (size_t)len, hash);
	OPENSSL_free(der);
}

static struct keyring	*ring;
static EVP_PKEY		*rsa, *ec, *dkim;
static uint8_t		 hrsa[32], hec[32], hdkim[32];

static void
setup(void)
{
	const char	*why;

	keyring_init();
	ring = keyring_new();
	rsa = testcert_key(TESTCERT_RSA);
	ec = testcert_key(TESTCERT_EC);
	dkim = testcert_key(TESTCERT_RSA);
	keyhash(rsa, hrsa);
	keyhash(ec, hec);
	keyhash(dkim, hdkim);
	ATF_REQUIRE(keyring_add_tls(ring, keyfile(rsa), hrsa, 32, &why) == 0);
	ATF_REQUIRE(keyring_add_tls(ring, keyfile(ec), NULL, 0, &why) == 0);
	ATF_REQUIRE(keyring_add_dkim(ring, keyfile(dkim), "example.org", "s1",
	    &why) == 0);
}

static int
ask(enum msg_sign op, const uint8_t hash[32], const void *in, size_t len,
    uint8_t *out)
{
	struct msg_tls_sign	 m;
	const char		*why = NULL;
	int			 n;

	m.cookie = 1;
	m.op = (uint8_t)op;
	m.key.data = hash;
	m.key.len = 32;
	m.input.data = in;
	m.input.len = len;
	n = sign_tls(ring, &m, out, SIGN_OUTMAX, &why);
	ATF_CHECK(n != -1 || why != NULL);
	return n;
}

ATF_TC_WITHOUT_HEAD(pkcs1);
ATF_TC_BODY(pkcs1, tc)
{
	uint8_t	 in[600], out[SIGN_OUTMAX], back[600];
	EVP_PKEY_CTX *ctx;
	size_t	 i, len;

	setup();
	memset(in, 0x5a, sizeof(in));
	memcpy(in, info256, 19);
	ATF_REQUIRE_EQ(ask(SIGN_RSA_PKCS1, hrsa, in, 51, out), 256);
	ctx = EVP_PKEY_CTX_new(rsa, NULL);
	EVP_PKEY_verify_recover_init(ctx);
	len = sizeof(back);
	ATF_REQUIRE(EVP_PKEY_verify_recover(ctx, back, &len, out, 256) == 1);
	ATF_CHECK(len == 51 && memcmp(in, back, 51) == 0);
	EVP_PKEY_CTX_free(ctx);
	/* Every other length, and every other first byte, is no. */
	for (i = 0; i < sizeof(in); i++)
		if (i != 51)
			ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, hrsa, in, i, out),
			    -1);
	for (i = 0; i < 19; i++) {
		in[i] ^= 1;
		ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, hrsa, in, 51, out), -1);
		in[i] ^= 1;
	}
	/* Not with a DKIM key, an EC key, an unknown one, nor raw. */
	ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, hdkim, in, 51, out), -1);
	ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, hec, in, 51, out), -1);
	ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, in, in, 51, out), -1);
	ATF_CHECK_EQ(ask(SIGN_RSA_RAW_PSS, hrsa, in, 51, out), -1);
	ATF_CHECK_EQ(ask(SIGN_RSA_RAW_PSS, hrsa, in, 256, out), -1);
	ATF_CHECK_EQ(ask(77, hrsa, in, 51, out), -1);
}

ATF_TC_WITHOUT_HEAD(pss);
ATF_TC_BODY(pss, tc)
{
	const EVP_MD	*mds[3] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	uint8_t		 em[256], digest[64], out[SIGN_OUTMAX], bad[257];
	RSA		*r;
	int		 i, j;

	setup();
	r = EVP_PKEY_get1_RSA(rsa);
	for (j = 0; j < 3; j++) {
		memset(digest, j, sizeof(digest));
		ATF_REQUIRE(RSA_padding_add_PKCS1_PSS(r, em, digest, mds[j],
		    -1) == 1);
		ATF_CHECK(sign_is_pss(em, 256, 2048));
		ATF_CHECK_EQ(ask(SIGN_RSA_RAW_PSS, hrsa, em, 256, out), 256);
		/* What comes out is what RSA makes of it. */
		ATF_CHECK_EQ(RSA_public_decrypt(256, out, bad, r,
		    RSA_NO_PADDING), 256);
		ATF_CHECK(memcmp(bad, em, 256) == 0);
		for (i = 0; i < 256; i++) {
			size_t	 h = (size_t)EVP_MD_size(mds[j]);

			/* The salt may be anything. */
			if ((size_t)i >= 255 - 2 * h && (size_t)i < 255 - h)
				continue;
			memcpy(bad, em, 256);
			bad[i] ^= 0x80;
			ATF_CHECK_MSG(!sign_is_pss(bad, 256, 2048),
			    "byte %d", i);
		}
		ATF_CHECK(!sign_is_pss(em, 255, 2048));
		ATF_CHECK(!sign_is_pss(em, 256, 2047));
		ATF_CHECK(!sign_is_pss(em, 256, 2056));
		ATF_CHECK_EQ(ask(SIGN_RSA_RAW_PSS, hdkim, em, 256, out), -1);
		ATF_CHECK_EQ(ask(SIGN_RSA_PKCS1, hrsa, em, 256, out), -1);
	}
	/* A salt of another length is not TLS's; a bare number least of all. */
	ATF_REQUIRE(RSA_padding_add_PKCS1_PSS(r, em, digest, mds[0], 20) == 1);
	ATF_CHECK(!sign_is_pss(em, 256, 2048));
	memset(em, 0, sizeof(em));
	em[255] = 0xbc;
	ATF_CHECK(!sign_is_pss(em, 256, 2048));
	RSA_free(r);
}

/* Moduli whose length is no multiple of eight bits. */
ATF_TC_WITHOUT_HEAD(pss_odd);
ATF_TC_BODY(pss_odd, tc)
{
	unsigned	 bits;
	uint8_t		 em[300], digest[32] = "x";
	EVP_PKEY	*key;
	RSA		*r;

	for (bits = 2050; bits < 2056; bits += 2) {
		key = EVP_RSA_gen(bits);
		r = EVP_PKEY_get1_RSA(key);
		ATF_REQUIRE(RSA_padding_add_PKCS1_PSS(r, em, digest,
		    EVP_sha256(), -1) == 1);
		ATF_CHECK_MSG(sign_is_pss(em, (size_t)RSA_size(r), bits),
		    "%u", bits);
		em[1] ^= 1;
		ATF_CHECK(!sign_is_pss(em, (size_t)RSA_size(r), bits));
		RSA_free(r);
		EVP_PKEY_free(key);
	}
}

ATF_TC_WITHOUT_HEAD(ecdsa);
ATF_TC_BODY(ecdsa, tc)
{
	uint8_t		 in[128] = "digest", out[SIGN_OUTMAX];
	EVP_PKEY_CTX	*ctx;
	size_t		 i;
	int		 n;

	setup();
	for (i = 0; i <= sizeof(in); i++) {
		n = ask(SIGN_ECDSA, hec, in, i, out);
		if (i != 32 && i != 48 && i != 64) {
			ATF_CHECK_EQ(n, -1);
			continue;
		}
		ATF_REQUIRE(n > 0);
		ctx = EVP_PKEY_CTX_new(ec, NULL);
		EVP_PKEY_verify_init(ctx);
		ATF_CHECK_EQ(EVP_PKEY_verify(ctx, out, (size_t)n, in, i), 1);
		EVP_PKEY_CTX_free(ctx);
	}
	ATF_CHECK_EQ(ask(SIGN_ECDSA, hrsa, in, 32, out), -1);
}

ATF_TC_WITHOUT_HEAD(dkim);
ATF_TC_BODY(dkim, tc)
{
	uint8_t		 digest[33], out[SIGN_OUTMAX];
	const char	*why = NULL;
	EVP_PKEY_CTX	*ctx;
	EVP_MD_CTX	*md;
	EVP_PKEY	*ed = testcert_key(TESTCERT_ED25519);
	int		 n;

	setup();
	memset(digest, 7, sizeof(digest));
	ATF_REQUIRE(keyring_add_dkim(ring, keyfile(ed), "Example.ORG", "ed",
	    &why) == 0);
	n = sign_dkim(ring, "EXAMPLE.org", "S1", digest, 32, out, sizeof(out),
	    &why);
	ATF_REQUIRE_EQ(n, 256);
	ctx = EVP_PKEY_CTX_new(dkim, NULL);
	EVP_PKEY_verify_init(ctx);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	ATF_CHECK_EQ(EVP_PKEY_verify(ctx, out, 256, digest, 32), 1);
	EVP_PKEY_CTX_free(ctx);
	n = sign_dkim(ring, "example.org", "ed", digest, 32, out, sizeof(out),
	    &why);
	ATF_REQUIRE_EQ(n, 64);
	md = EVP_MD_CTX_new();
	ATF_REQUIRE(EVP_DigestVerifyInit(md, NULL, NULL, NULL, ed) == 1);
	ATF_CHECK_EQ(EVP_DigestVerify(md, out, 64, digest, 32), 1);
	EVP_MD_CTX_free(md);

	ATF_CHECK_EQ(sign_dkim(ring, "example.org", "s1", digest, 31, out,
	    sizeof(out), &why), -1);
	ATF_CHECK_EQ(sign_dkim(ring, "example.org", "s1", digest, 33, out,
	    sizeof(out), &why), -1);
	ATF_CHECK_EQ(sign_dkim(ring, "sub.example.org", "s1", digest, 32, out,
	    sizeof(out), &why), -1);
	ATF_CHECK_EQ(sign_dkim(ring, "example.org", "s2", digest, 32, out,
	    sizeof(out), &why), -1);
	ATF_CHECK_EQ(sign_dkim(ring, "example.org", "s1", digest, 32, out,
	    255, &why), -1);
	ATF_CHECK_EQ(sign_dkim(ring, "", "", digest, 32, out,
	    sizeof(out), &why), -1);
	EVP_PKEY_free(ed);
}

ATF_TC_WITHOUT_HEAD(files);
ATF_TC_BODY(files, tc)
{
	EVP_PKEY	*ed = testcert_key(TESTCERT_ED25519);
	const char	*why = NULL;
	char		 big[40000];
	int		 fd;

	setup();
	ATF_CHECK_EQ(keyring_add_tls(ring, keyfile(ed), NULL, 0, &why), -1);
	ATF_CHECK_STREQ(why, "the key is neither RSA nor ECDSA");
	ATF_CHECK_EQ(keyring_add_tls(ring, keyfile(rsa), hec, 32, &why), -1);
	ATF_CHECK_STREQ(why, "the key does not belong to the certificate");
	ATF_CHECK_EQ(keyring_add_tls(ring, keyfile(rsa), hrsa, 32, &why), 0);
	ATF_CHECK_EQ(keyring_add_dkim(ring, keyfile(ec), "a", "b", &why), -1);
	ATF_CHECK_EQ(keyring_add_dkim(ring, keyfile(dkim), "example.ORG", "S1",
	    &why), -1);
	fd = open("/dev/null", O_RDONLY);
	ATF_CHECK_EQ(keyring_add_tls(ring, fd, NULL, 0, &why), -1);
	memset(big, 'x', sizeof(big));
	fd = open("big", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(write(fd, big, sizeof(big)) == sizeof(big));
	ATF_CHECK_EQ(keyring_add_tls(ring, fd, NULL, 0, &why), -1);
	keyring_free(ring);
	EVP_PKEY_free(ed);
}

ATF_TC_WITHOUT_HEAD(keygen);
ATF_TC_BODY(keygen, tc)
{
	struct keyring	*r;
	const char	*why = NULL, *p;
	char		 txt[1025];
	uint8_t		 der[600], out[SIGN_OUTMAX];
	struct key	*key;
	int		 ed, fd, n;

	keyring_init();
	for (ed = 0; ed < 2; ed++) {
		r = keyring_new();
		fd = open(ed ? "ed" : "rsa", O_RDWR | O_CREAT, 0600);
		ATF_REQUIRE(keygen_dkim(ed, fd, txt, sizeof(txt), &why) == 0);
		ATF_REQUIRE_EQ(keyring_add_dkim(r, fd, "a.example", "s",
		    &why), 0);
		key = keyring_find_dkim(r, "a.example", "s");
		p = strstr(txt, "p=") + 2;
		n = base64_decode(der, sizeof(der), p, strlen(p));
		if (ed) {
			size_t	 len = 32;

			ATF_CHECK(strncmp(txt, "v=DKIM1; k=ed25519; p=", 22) ==
			    0);
			ATF_REQUIRE_EQ(n, 32);
			EVP_PKEY_get_raw_public_key(key->pkey, out, &len);
			ATF_CHECK(memcmp(out, der, 32) == 0);
		} else {
			uint8_t	 h[32];

			ATF_CHECK(strncmp(txt, "v=DKIM1; k=rsa; p=", 18) == 0);
			ATF_CHECK_EQ(EVP_PKEY_bits(key->pkey), 2048);
			SHA256(der, (size_t)n, h);
			ATF_CHECK(memcmp(h, key->hash, 32) == 0);
		}
		keyring_free(r);
	}
	ATF_CHECK_EQ(keygen_dkim(1, -1, txt, sizeof(txt), &why), -1);
	ATF_CHECK_STREQ(why, "cannot write the key");
	ATF_CHECK_EQ(keygen_dkim(1, fd, txt, 10, &why), -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pkcs1);
	ATF_TP_ADD_TC(tp, pss);
	ATF_TP_ADD_TC(tp, pss_odd);
	ATF_TP_ADD_TC(tp, ecdsa);
	ATF_TP_ADD_TC(tp, dkim);
	ATF_TP_ADD_TC(tp, files);
	ATF_TP_ADD_TC(tp, keygen);
	return atf_no_error();
}
