#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/base64.h"

/* RFC 4648 10 */
static const char *const	 vectors[][2] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xff\xef\xbe", "/+++" }
};

static const char *const	 bad[] = {
	"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm8=Zg==",
	"Zh==",		/* bits below the padding */
	"Zm9=", "Zm 9v", "Zm9v\n", "\nZm9", "Zm9-", "Zm9_", "Z=9v", "Zg=g",
	"Zm9\x80", "Zm9v=", "=Zm9"
};

ATF_TC_WITHOUT_HEAD(vectors);
ATF_TC_BODY(vectors, tc)
{
	char	 dst[64];
	size_t	 i, len, n;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		len = strlen(vectors[i][0]);
		n = strlen(vectors[i][1]);
		ATF_CHECK_EQ(BASE64_LEN(len), n);
		ATF_CHECK_EQ((int)n, base64_encode(dst, n + 1, vectors[i][0],
		    len));
		ATF_CHECK_STREQ(vectors[i][1], dst);
		ATF_CHECK_EQ(-1, base64_encode(dst, n, vectors[i][0], len));
		ATF_CHECK_EQ((int)len, base64_decode(dst, len, vectors[i][1],
		    n));
		ATF_CHECK_EQ(0, memcmp(dst, vectors[i][0], len));
		if (len > 0)
			ATF_CHECK_EQ(-1, base64_decode(dst, len - 1,
			    vectors[i][1], n));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(base64_decode(dst, sizeof(dst), bad[i],
		    strlen(bad[i])) == -1, "%s", bad[i]);
	/* A NUL is a byte as any other. */
	ATF_CHECK_EQ(-1, base64_decode(dst, sizeof(dst), "Zm9v\0\0\0\0", 8));
}

ATF_TC_WITHOUT_HEAD(all);
ATF_TC_BODY(all, tc)
{
	unsigned char	 src[300], back[300];
	char		 dst[512];
	size_t		 i, len;
	int		 n;

	for (i = 0; i < sizeof(src); i++)
		src[i] = (unsigned char)(i * 151);
	for (len = 0; len < sizeof(src); len++) {
		n = base64_encode(dst, sizeof(dst), src, len);
		ATF_REQUIRE_EQ((int)BASE64_LEN(len), n);
		ATF_REQUIRE_EQ((int)len, base64_decode(back, len, dst,
		    (size_t)n));
		ATF_REQUIRE_EQ(0, memcmp(src, back, len));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, vectors);
	ATF_TP_ADD_TC(tp, all);
	return atf_no_error();
}
