/* smtp_answer: lines as the server writes them. */
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_answer.h"

static void
check(int code, const char *text, const char *want)
{
	struct buf	 out;

	buf_init(&out, 8192);
	ATF_REQUIRE_EQ(0, smtp_answer_put(&out, code, text));
	ATF_REQUIRE_EQ(0, buf_addc(&out, '\0'));
	ATF_CHECK_STREQ(want, (char *)buf_ptr(&out));
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	check(250, "2.0.0 Ok", "250 2.0.0 Ok\r\n");
	check(220, "mx ESMTP", "220 mx ESMTP\r\n");
	check(250, "", "250 \r\n");
	check(250, "a\nb\nc", "250-a\r\n250-b\r\n250 c\r\n");
	check(250, "a\nb\n", "250-a\r\n250 b\r\n");
	check(550, "5.1.1 a\nb", "550-5.1.1 a\r\n550 5.1.1 b\r\n");
	check(550, "5.1 a\nb", "550-5.1 a\r\n550 b\r\n");
	check(550, "5.1.1234 a", "550 5.1.1234 a\r\n");
	check(550, "5.1.1 a\r\001\177b", "550 5.1.1 a???b\r\n");
}

ATF_TC_WITHOUT_HEAD(wrapped);
ATF_TC_BODY(wrapped, tc)
{
	struct buf	 out;
	char		 text[3000];
	const char	*p, *nl;
	size_t		 i, words = 0;

	/* words of nine letters */
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 10 == 9 ? ' ' : 'w';
	memcpy(text, "5.7.1 www", 9);
	text[sizeof(text) - 1] = '\0';
	buf_init(&out, 8192);
	ATF_REQUIRE_EQ(0, smtp_answer_put(&out, 550, text));
	ATF_REQUIRE_EQ(0, buf_addc(&out, '\0'));
	for (p = (char *)buf_ptr(&out); *p != '\0'; p = nl + 1) {
		nl = strchr(p, '\n');
		ATF_REQUIRE(nl != NULL);
		ATF_CHECK(nl + 1 - p <= SMTP_ANSWER_LINE);
		ATF_CHECK_EQ('\r', nl[-1]);
		ATF_CHECK_EQ(0, strncmp(p, "550", 3));
		ATF_CHECK_EQ(nl[1] == '\0' ? ' ' : '-', p[3]);
		ATF_CHECK_EQ(0, strncmp(p + 4, "5.7.1 w", 7));
		for (i = 0; p + i < nl; i++)
			words += p[i] == 'w' && p[i + 1] != 'w';
	}
	ATF_CHECK_EQ(300, words);
	buf_free(&out);

	/* one word, of two-byte characters: cut, but not within one */
	for (i = 0; i < sizeof(text) - 1; i += 2)
		memcpy(text + i, "\303\274", 2);
	text[2000] = '\0';
	buf_init(&out, 8192);
	ATF_REQUIRE_EQ(0, smtp_answer_put(&out, 550, text));
	ATF_REQUIRE_EQ(0, buf_addc(&out, '\0'));
	for (p = (char *)buf_ptr(&out); *p != '\0'; p = nl + 1) {
		nl = strchr(p, '\n');
		ATF_REQUIRE(nl != NULL);
		ATF_CHECK(nl + 1 - p <= SMTP_ANSWER_LINE);
		ATF_CHECK_EQ('\303', p[4]);
		ATF_CHECK_EQ('\274', nl[-2]);
	}
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct buf	 out;

	buf_init(&out, 20);
	ATF_REQUIRE_EQ(0, buf_addstr(&out, "xx"));
	ATF_CHECK_EQ(-1, smtp_answer_put(&out, 250, "aaaaaaa\nbbbbbbbbb"));
	ATF_CHECK_EQ(2, out.len);
	buf_free(&out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, wrapped);
	ATF_TP_ADD_TC(tp, full);
	return atf_no_error();
}
