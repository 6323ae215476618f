/* SCRAM secrets and password preparation. */
#include <atf-c.h>
#include <string.h>

#include "libmailauth/saslprep.h"
#include "libmailauth/scram.h"
#include "libutil/base64.h"

/* RFC 7677 3: user "user", password "pencil" */
ATF_TC_WITHOUT_HEAD(secret);
ATF_TC_BODY(secret, tc)
{
	static const char	 want[] = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUE"
	    "jb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTW"
	    "hTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
	struct scram_secret	 s, t;
	uint8_t			 salt[16];
	char			 text[SCRAM_TEXTMAX];
	size_t			 i;

	ATF_REQUIRE_EQ(base64_decode(salt, 16, "W22ZaJ0SNY7soEsUEjb6gQ==",
	    24), 16);
	ATF_REQUIRE(scram_secret_make("pencil", 6, salt, 16, 4096, &s) == 0);
	ATF_REQUIRE_EQ(scram_secret_print(&s, text, sizeof(text)),
	    (int)strlen(want));
	ATF_CHECK_STREQ(text, want);
	ATF_CHECK_EQ(scram_secret_print(&s, text, strlen(want)), -1);
	ATF_REQUIRE(scram_secret_parse(want, strlen(want), &t) == 0);
	ATF_CHECK(memcmp(&s, &t, sizeof(s)) == 0);
	ATF_CHECK_EQ(scram_secret_check(&t, "pencil", 6), 1);
	ATF_CHECK_EQ(scram_secret_check(&t, "pencim", 6), 0);
	ATF_CHECK_EQ(scram_secret_check(&t, "", 0), 0);
	/* Every prefix, and every byte that is wrong, is no secret. */
	for (i = 0; i < strlen(want); i++) {
		ATF_CHECK(scram_secret_parse(want, i, &t) == -1);
		strlcpy(text, want, sizeof(text));
		text[i] = '!';
		ATF_CHECK(scram_secret_parse(text, strlen(want), &t) == -1);
	}
	ATF_CHECK(scram_secret_make("x", 1, salt, 0, 4096, &s) == -1);
	ATF_CHECK(scram_secret_make("x", 1, salt, 65, 4096, &s) == -1);
	ATF_CHECK(scram_secret_make("x", 1, salt, 16, 0, &s) == -1);
}

static void
prep(const char *in, const char *want)
{
	struct buf	 b;

	buf_init(&b, 1024);
	ATF_REQUIRE(saslprep(in, strlen(in), &b) == 0);
	ATF_CHECK_MSG(b.len == strlen(want) && (b.len == 0 ||
	    memcmp(buf_ptr(&b), want, b.len) == 0), "\"%s\": \"%.*s\"", in,
	    (int)b.len, (char *)buf_ptr(&b));
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(saslprep);
ATF_TC_BODY(saslprep, tc)
{
	/* RFC 4013 3 */
	prep("I\xc2\xadX", "IX");
	prep("user", "user");
	prep("USER", "USER");
	prep("\xc2\xaa", "a");
	prep("\xe2\x85\xa8", "IX");
	/* composed and not are one; other spaces are spaces */
	prep("e\xcc\x81", "\xc3\xa9");
	prep("\xc3\xa9", "\xc3\xa9");
	prep("a\xc2\xa0\xc3\xa9", "a \xc3\xa9");
	/* marks find their order */
	prep("q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87");
	/* the one that becomes eighteen */
	prep("\xef\xb7\xba", "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9"
	    "\x84\xd9\x87 \xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3"
	    "\xd9\x84\xd9\x85");
	/* as they are: Latin-1, control characters */
	prep("p\xe4ss", "p\xe4ss");
	prep("\xc3\xa9\x07", "\xc3\xa9\x07");
	prep("", "");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, secret);
	ATF_TP_ADD_TC(tp, saslprep);
	return atf_no_error();
}
