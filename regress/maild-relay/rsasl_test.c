#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "libsmtp/smtp_caps.h"
#include "relay/rsasl.h"

static struct buf	out;

static int
step(struct rsasl *a, const char *challenge, char *got, size_t size)
{
	int	 ret;

	buf_init(&out, 4096);
	ret = rsasl_step(a, challenge, challenge == NULL ? 0 :
	    strlen(challenge), &out);
	snprintf(got, size, "%.*s", (int)out.len, out.len == 0 ? "" :
	    (char *)buf_ptr(&out));
	return ret;
}

ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	struct rsasl	*a;
	char		 got[256];

	ATF_CHECK(rsasl_new(SMTP_MECH_PLAIN | SMTP_MECH_LOGIN, 0, "u", "p") ==
	    NULL);
	ATF_CHECK(rsasl_new(SMTP_MECH_CRAM_MD5, 1, "u", "p") == NULL);
	ATF_REQUIRE((a = rsasl_new(SMTP_MECH_PLAIN | SMTP_MECH_LOGIN, 1, "u",
	    "p")) != NULL);
	ATF_CHECK_EQ(SMTP_MECH_PLAIN, rsasl_mech(a));
	ATF_CHECK_EQ(0, step(a, NULL, got, sizeof(got)));
	ATF_CHECK(out.len == 4 && memcmp(buf_ptr(&out), "\0u\0p", 4) == 0);
	buf_free(&out);
	ATF_CHECK_EQ(-1, step(a, "", got, sizeof(got)));
	rsasl_free(a);
}

ATF_TC_WITHOUT_HEAD(login);
ATF_TC_BODY(login, tc)
{
	struct rsasl	*a;
	char		 got[256];

	ATF_REQUIRE((a = rsasl_new(SMTP_MECH_LOGIN, 1, "user", "pass")) !=
	    NULL);
	ATF_CHECK_EQ(1, step(a, NULL, got, sizeof(got)));
	ATF_CHECK_EQ(0, step(a, "Username:", got, sizeof(got)));
	ATF_CHECK_STREQ("user", got);
	ATF_CHECK_EQ(0, step(a, "Password:", got, sizeof(got)));
	ATF_CHECK_STREQ("pass", got);
	ATF_CHECK_EQ(-1, step(a, "More:", got, sizeof(got)));
	rsasl_free(a);
}

/* Against python's hashlib: see RFC 7677 3 for the form. */
ATF_TC_WITHOUT_HEAD(scram);
ATF_TC_BODY(scram, tc)
{
	struct rsasl	*a;
	char		 got[512], first[512], nonce[128], cmd[2048], v[128];
	FILE		*f;

	ATF_REQUIRE((a = rsasl_new(SMTP_MECH_SCRAM_SHA256 | SMTP_MECH_PLAIN,
	    0, "u=s,er", "pencil")) != NULL);
	ATF_CHECK_EQ(SMTP_MECH_SCRAM_SHA256, rsasl_mech(a));
	ATF_REQUIRE_EQ(0, step(a, NULL, first, sizeof(first)));
	ATF_REQUIRE_EQ(1, sscanf(first, "n,,n=u=3Ds=2Cer,r=%127s", nonce));
	/* Somebody else's nonce, few iterations: not that server. */
	snprintf(cmd, sizeof(cmd), "python3 -c '\n"
	    "import hmac,hashlib,base64\n"
	    "cf=\"%s\"; n=\"%sserver\"\n"
	    "sf=\"r=\"+n+\",s=c2FsdA==,i=4096\"\n"
	    "am=(cf+\",\"+sf+\",c=biws,r=\"+n).encode()\n"
	    "sp=hashlib.pbkdf2_hmac(\"sha256\",b\"pencil\",b\"salt\",4096)\n"
	    "h=lambda k,m: hmac.new(k,m,\"sha256\").digest()\n"
	    "ck=h(sp,b\"Client Key\"); sk=hashlib.sha256(ck).digest()\n"
	    "p=bytes(x^y for x,y in zip(ck,h(sk,am)))\n"
	    "print(\"c=biws,r=\"+n+\",p=\"+base64.b64encode(p).decode())\n"
	    "print(base64.b64encode(h(h(sp,b\"Server Key\"),am)).decode())'",
	    first + 3, nonce);
	ATF_REQUIRE((f = popen(cmd, "r")) != NULL);
	snprintf(cmd, sizeof(cmd), "r=%sserver,s=c2FsdA==,i=4096", nonce);
	ATF_REQUIRE_EQ(0, step(a, cmd, got, sizeof(got)));
	ATF_REQUIRE(fgets(first, sizeof(first), f) != NULL);
	first[strcspn(first, "\n")] = '\0';
	ATF_CHECK_STREQ(first, got);
	ATF_REQUIRE_EQ(1, fscanf(f, "%127s", v));
	pclose(f);
	snprintf(cmd, sizeof(cmd), "v=%s", v);
	ATF_CHECK_EQ(0, step(a, cmd, got, sizeof(got)));
	ATF_CHECK_STREQ("", got);
	rsasl_free(a);
}

ATF_TC_WITHOUT_HEAD(scram_bad);
ATF_TC_BODY(scram_bad, tc)
{
	static const char *const bad[] = {
		"", "r=%s,s=c2FsdA==,i=4096", "r=x%s,s=c2FsdA==,i=4096",
		"r=%sx,s=c2FsdA==,i=1", "r=%sx,s=c2FsdA==,i=99999999",
		"r=%sx,s=!!,i=4096", "r=%sx,s=,i=4096", "r=%sx,i=4096",
		"m=x,r=%sx,s=c2FsdA==,i=4096", "e=invalid-proof", "r", "r=",
		",,,=,",
	};
	struct rsasl	*a;
	char		 got[512], nonce[128], msg[512], *pct;
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = rsasl_new(SMTP_MECH_SCRAM_SHA256, 0, "u", "p");
		ATF_REQUIRE(a != NULL);
		ATF_REQUIRE_EQ(0, step(a, NULL, got, sizeof(got)));
		ATF_REQUIRE_EQ(1, sscanf(got, "n,,n=u,r=%127s", nonce));
		strlcpy(msg, bad[i], sizeof(msg));
		if ((pct = strstr(msg, "%s")) != NULL) {
			*pct = '\0';
			strlcat(msg, nonce, sizeof(msg));
			strlcat(msg, strstr(bad[i], "%s") + 2, sizeof(msg));
		}
		ATF_CHECK_EQ_MSG(-1, step(a, msg, got, sizeof(got)), "%s",
		    msg);
		rsasl_free(a);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, login);
	ATF_TP_ADD_TC(tp, scram);
	ATF_TP_ADD_TC(tp, scram_bad);
	return atf_no_error();
}
