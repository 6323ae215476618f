/* smtp_server_state: sessions as scripts of commands and answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_server_state.h"

#define CAPS	(SMTP_CAP_STARTTLS | SMTP_CAP_AUTH | SMTP_CAP_CHUNKING | \
		SMTP_CAP_SIZE | SMTP_CAP_8BITMIME | SMTP_CAP_REQUIRETLS)

static int
ask(const struct smtp_server *s, enum smtp_verb verb)
{
	const struct smtp_answer	*a = smtp_server_check(s, verb);

	return a == NULL ? 0 : a->code;
}

static void
must(struct smtp_server *s, enum smtp_event ev)
{
	ATF_REQUIRE_EQ_MSG(0, smtp_server_event(s, ev), "event %d", ev);
}

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	struct smtp_server	 s;

	smtp_server_init(&s, SMTP_KIND_MX, CAPS, 0);
	ATF_CHECK_EQ(503, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(503, ask(&s, SMTP_RCPT));
	ATF_CHECK_EQ(503, ask(&s, SMTP_DATA));
	ATF_CHECK_EQ(503, ask(&s, SMTP_STARTTLS));
	ATF_CHECK_EQ(503, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(500, ask(&s, SMTP_LHLO));
	ATF_CHECK_EQ(0, ask(&s, SMTP_NOOP));
	ATF_CHECK_EQ(0, ask(&s, SMTP_RSET));
	ATF_CHECK_EQ(0, ask(&s, SMTP_QUIT));
	must(&s, SMTP_EV_RSET);
	ATF_CHECK_EQ(SMTP_PHASE_START, s.phase);
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(503, ask(&s, SMTP_RCPT));
	ATF_CHECK_EQ(503, ask(&s, SMTP_DATA));
	ATF_CHECK_EQ(503, ask(&s, SMTP_BDAT));
	ATF_CHECK_EQ(502, ask(&s, SMTP_EXPN));
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));
	must(&s, SMTP_EV_MAIL);
	ATF_CHECK_EQ(503, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(503, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(503, ask(&s, SMTP_STARTTLS));
	ATF_CHECK_EQ(503, ask(&s, SMTP_DATA));
	ATF_CHECK_EQ(503, ask(&s, SMTP_BDAT));
	/* refused recipients make a difference */
	must(&s, SMTP_EV_RCPT);
	ATF_CHECK(smtp_server_waits(&s, SMTP_DATA));
	ATF_CHECK(smtp_server_waits(&s, SMTP_RSET));
	ATF_CHECK(!smtp_server_waits(&s, SMTP_RCPT));
	must(&s, SMTP_EV_RCPT_NO);
	ATF_CHECK(!smtp_server_waits(&s, SMTP_DATA));
	ATF_CHECK_EQ(554, ask(&s, SMTP_DATA));
	ATF_CHECK_EQ(554, ask(&s, SMTP_BDAT));
	must(&s, SMTP_EV_RCPT);
	must(&s, SMTP_EV_RCPT);
	must(&s, SMTP_EV_RCPT_OK);
	ATF_CHECK_EQ(-1, smtp_server_event(&s, SMTP_EV_DATA));
	must(&s, SMTP_EV_RCPT_OK);
	ATF_CHECK_EQ(2, s.accepted);
	ATF_CHECK_EQ(0, ask(&s, SMTP_DATA));
	must(&s, SMTP_EV_DATA);
	ATF_CHECK_EQ(2, s.accepted);
	ATF_CHECK_EQ(503, ask(&s, SMTP_NOOP));
	must(&s, SMTP_EV_END);
	ATF_CHECK_EQ(0, s.accepted);
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(503, ask(&s, SMTP_RCPT));

	/* BDAT: no mixing */
	must(&s, SMTP_EV_MAIL);
	must(&s, SMTP_EV_RCPT);
	must(&s, SMTP_EV_RCPT_OK);
	must(&s, SMTP_EV_CHUNK);
	ATF_CHECK_EQ(503, ask(&s, SMTP_DATA));
	ATF_CHECK_EQ(503, ask(&s, SMTP_RCPT));
	ATF_CHECK_EQ(503, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(0, ask(&s, SMTP_BDAT));
	ATF_CHECK_EQ(0, ask(&s, SMTP_NOOP));
	must(&s, SMTP_EV_CHUNK);
	ATF_CHECK_EQ(1, s.accepted);
	must(&s, SMTP_EV_END);
	ATF_CHECK_EQ(SMTP_PHASE_READY, s.phase);

	/* EHLO and RSET within a transaction */
	must(&s, SMTP_EV_MAIL);
	must(&s, SMTP_EV_RSET);
	ATF_CHECK_EQ(SMTP_PHASE_READY, s.phase);
	must(&s, SMTP_EV_MAIL);
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(SMTP_PHASE_READY, s.phase);
	ATF_CHECK_EQ(-1, smtp_server_event(&s, SMTP_EV_RCPT_OK));
	ATF_CHECK_EQ(-1, smtp_server_event(&s, SMTP_EV_DATA));
	ATF_CHECK_EQ(-1, smtp_server_event(&s, SMTP_EV_CHUNK));
	ATF_CHECK_EQ(-1, smtp_server_event(&s, SMTP_EV_AUTH_OK));
}

ATF_TC_WITHOUT_HEAD(tls_auth);
ATF_TC_BODY(tls_auth, tc)
{
	struct smtp_server	 s;

	/* submission on 587 */
	smtp_server_init(&s, SMTP_KIND_SUBMISSION, CAPS,
	    SMTP_SERVER_MUST_TLS | SMTP_SERVER_MUST_AUTH |
	    SMTP_SERVER_AUTH_TLS);
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(SMTP_CAP_STARTTLS, smtp_server_caps(&s) &
	    (SMTP_CAP_STARTTLS | SMTP_CAP_AUTH | SMTP_CAP_REQUIRETLS));
	ATF_CHECK_EQ(530, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(538, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(0, ask(&s, SMTP_STARTTLS));
	must(&s, SMTP_EV_TLS);
	ATF_CHECK_EQ(SMTP_PHASE_START, s.phase);
	ATF_CHECK_EQ(503, ask(&s, SMTP_AUTH));
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(SMTP_CAP_AUTH | SMTP_CAP_REQUIRETLS, smtp_server_caps(&s) &
	    (SMTP_CAP_STARTTLS | SMTP_CAP_AUTH | SMTP_CAP_REQUIRETLS));
	ATF_CHECK_EQ(503, ask(&s, SMTP_STARTTLS));
	ATF_CHECK_EQ(530, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(0, ask(&s, SMTP_AUTH));
	must(&s, SMTP_EV_AUTH);
	must(&s, SMTP_EV_AUTH_NO);
	ATF_CHECK_EQ(530, ask(&s, SMTP_MAIL));
	must(&s, SMTP_EV_AUTH);
	must(&s, SMTP_EV_AUTH_OK);
	ATF_CHECK_EQ(503, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));
	ATF_CHECK_STREQ("ESMTPSA", smtp_server_with(&s, 0));
	ATF_CHECK_STREQ("UTF8SMTPSA", smtp_server_with(&s, 1));
	ATF_CHECK(smtp_server_params(&s) & SMTP_PARAM_REQUIRETLS);
	ATF_CHECK(smtp_server_params(&s) & SMTP_PARAM_SIZE);
	ATF_CHECK(!(smtp_server_params(&s) & SMTP_PARAM_SMTPUTF8));

	/* HELO: no extensions */
	smtp_server_init(&s, SMTP_KIND_MX, CAPS, 0);
	must(&s, SMTP_EV_HELO);
	ATF_CHECK_EQ(503, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(0, smtp_server_params(&s));
	ATF_CHECK_STREQ("SMTP", smtp_server_with(&s, 0));
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));

	/* nothing offered */
	smtp_server_init(&s, SMTP_KIND_MX, 0, 0);
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(502, ask(&s, SMTP_AUTH));
	ATF_CHECK_EQ(502, ask(&s, SMTP_STARTTLS));
	ATF_CHECK_EQ(502, ask(&s, SMTP_BDAT));
	ATF_CHECK_STREQ("ESMTP", smtp_server_with(&s, 0));

	/* implicit TLS */
	smtp_server_init(&s, SMTP_KIND_SUBMISSION, CAPS, SMTP_SERVER_TLS |
	    SMTP_SERVER_MUST_TLS);
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));

	smtp_server_init(&s, SMTP_KIND_LMTP, CAPS, 0);
	ATF_CHECK_EQ(500, ask(&s, SMTP_EHLO));
	ATF_CHECK_EQ(500, ask(&s, SMTP_HELO));
	ATF_CHECK_EQ(503, ask(&s, SMTP_MAIL));
	ATF_CHECK_EQ(0, ask(&s, SMTP_LHLO));
	must(&s, SMTP_EV_EHLO);
	ATF_CHECK_EQ(0, ask(&s, SMTP_MAIL));
	ATF_CHECK_STREQ("LMTP", smtp_server_with(&s, 0));
}

/*
 * A thousand random walks: what check allows event takes, what it does not
 * it refuses, and the counters stay right.
 */
ATF_TC_WITHOUT_HEAD(walks);
ATF_TC_BODY(walks, tc)
{
	struct smtp_server	 s;
	unsigned int		 walk, i, seed = 1;

	for (walk = 0; walk < 1000; walk++) {
		smtp_server_init(&s, walk % 3, CAPS,
		    (uint8_t)(walk % 64 & ~SMTP_SERVER_ESMTP));
		for (i = 0; i < 100; i++) {
			seed = seed * 1103515245 + 12345;
			smtp_server_event(&s,
			    (enum smtp_event)((seed >> 16) % SMTP_NEVENTS));
			smtp_server_check(&s,
			    (enum smtp_verb)((seed >> 8) % (SMTP_NVERBS + 2)));
			ATF_REQUIRE(s.phase < SMTP_NPHASES);
			if (s.phase == SMTP_PHASE_RCPT ||
			    s.phase == SMTP_PHASE_DATA ||
			    s.phase == SMTP_PHASE_BDAT)
				ATF_REQUIRE(s.accepted > 0);
			else
				ATF_REQUIRE(s.accepted == 0);
			if (s.waiting > 0)
				ATF_REQUIRE(s.phase == SMTP_PHASE_MAIL ||
				    s.phase == SMTP_PHASE_RCPT);
			ATF_REQUIRE(smtp_server_with(&s, 0) != NULL);
		}
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, tls_auth);
	ATF_TP_ADD_TC(tp, walks);
	return atf_no_error();
}
