/* pop3_state, pop3_caps: the order of commands and what is offered. */
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_caps.h"
#include "libpop3/pop3_state.h"

#define OK(s, v)	ATF_CHECK(pop3_state_check(s, v) == NULL)
#define NO(s, v)	ATF_CHECK(pop3_state_check(s, v) != NULL)

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	struct pop3_state	 s;
	int			 v;

	pop3_state_init(&s, POP3_TLS);
	OK(&s, POP3_CAPA);
	OK(&s, POP3_USER);
	OK(&s, POP3_AUTH);
	OK(&s, POP3_QUIT);
	NO(&s, POP3_PASS);
	NO(&s, POP3_STAT);
	NO(&s, POP3_DELE);
	NO(&s, POP3_STLS);
	NO(&s, POP3_APOP);
	ATF_CHECK_EQ(-1, pop3_state_event(&s, POP3_EV_LOGIN_OK));
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_USER));
	OK(&s, POP3_PASS);
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_SASL));
	for (v = 0; v < POP3_NVERBS; v++)
		NO(&s, v);
	/* It failed: the name is to be given again. */
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_LOGIN_NO));
	NO(&s, POP3_PASS);
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_SASL));
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_LOGIN_OK));
	OK(&s, POP3_STAT);
	OK(&s, POP3_RETR);
	OK(&s, POP3_LANG);
	OK(&s, POP3_CAPA);
	NO(&s, POP3_USER);
	NO(&s, POP3_AUTH);
	NO(&s, POP3_UTF8);
	NO(&s, POP3_STLS);
	ATF_CHECK_EQ(-1, pop3_state_event(&s, POP3_EV_TLS));
	ATF_CHECK_EQ(-1, pop3_state_event(&s, POP3_EV_SASL));
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_QUIT));
	for (v = 0; v < POP3_NVERBS; v++)
		NO(&s, v);
	ATF_CHECK_EQ(-1, pop3_state_event(&s, POP3_EV_QUIT));
	NO(&s, POP3_NVERBS);
}

ATF_TC_WITHOUT_HEAD(privacy);
ATF_TC_BODY(privacy, tc)
{
	struct pop3_state	 s;

	pop3_state_init(&s, POP3_CAN_TLS);
	NO(&s, POP3_USER);
	NO(&s, POP3_PASS);
	NO(&s, POP3_AUTH);
	OK(&s, POP3_STLS);
	ATF_CHECK(!pop3_state_may_login(&s));
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_UTF8));
	NO(&s, POP3_STLS);
	pop3_state_init(&s, POP3_CAN_TLS);
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_USER));
	ATF_CHECK_EQ(0, pop3_state_event(&s, POP3_EV_TLS));
	/* What was said in the clear is forgotten (RFC 2595 4). */
	NO(&s, POP3_PASS);
	OK(&s, POP3_USER);
	NO(&s, POP3_STLS);
	ATF_CHECK(pop3_state_may_login(&s));
	pop3_state_init(&s, POP3_PLAIN_OK);
	OK(&s, POP3_USER);
	NO(&s, POP3_STLS);
	pop3_state_init(&s, 0);
	NO(&s, POP3_USER);
}

static int
offered(const struct pop3_state *s, uint32_t delay, const char *line)
{
	struct pop3_caps	 c = { "PLAIN SCRAM-SHA-256", delay };
	struct buf		 b;
	char			 want[64];
	int			 found;

	buf_init(&b, 1024);
	ATF_REQUIRE_EQ(0, pop3_caps_put(&b, s, &c));
	ATF_REQUIRE_EQ(0, buf_addc(&b, '\0'));
	ATF_CHECK(strncmp((char *)buf_ptr(&b), "+OK", 3) == 0);
	ATF_CHECK(strcmp((char *)buf_ptr(&b) + b.len - 6, "\r\n.\r\n") == 0);
	strlcpy(want, "\r\n", sizeof(want));
	strlcat(want, line, sizeof(want));
	strlcat(want, "\r\n", sizeof(want));
	found = strstr((char *)buf_ptr(&b), want) != NULL;
	buf_free(&b);
	return found;
}

ATF_TC_WITHOUT_HEAD(caps);
ATF_TC_BODY(caps, tc)
{
	static const char	*const always[] = { "TOP", "UIDL",
	    "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER",
	    "UTF8 USER", "LANG", "IMPLEMENTATION maild" };
	struct pop3_caps	 c = { "PLAIN", 0 };
	struct pop3_state	 s;
	struct buf		 b;
	size_t			 i;

	pop3_state_init(&s, POP3_CAN_TLS);
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		ATF_CHECK(offered(&s, 0, always[i]));
	ATF_CHECK(offered(&s, 0, "STLS"));
	ATF_CHECK(!offered(&s, 0, "USER"));
	ATF_CHECK(!offered(&s, 0, "SASL PLAIN SCRAM-SHA-256"));
	ATF_CHECK(!offered(&s, 0, "LOGIN-DELAY 0"));
	ATF_CHECK(offered(&s, 60, "LOGIN-DELAY 60"));
	s.flags |= POP3_TLS;
	ATF_CHECK(!offered(&s, 0, "STLS"));
	ATF_CHECK(offered(&s, 0, "USER"));
	ATF_CHECK(offered(&s, 0, "SASL PLAIN SCRAM-SHA-256"));
	for (i = 0; i < 200; i++) {
		buf_init(&b, i);
		(void)pop3_caps_put(&b, &s, &c);
		buf_free(&b);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, privacy);
	ATF_TP_ADD_TC(tp, caps);
	return atf_no_error();
}
