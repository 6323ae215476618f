/* smtp_command, smtp_param: what is good, and the answer to what is not. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_command.h"

static const struct smtp_command_opts	 all = { 0x1fff, 1 };
static const struct smtp_command_opts	 none = { 0, 0 };

static const struct {
	const char	*line;
	int		 verb;
	int		 code;		/* 0: good */
	const char	*enhanced;	/* of the answer */
} lines[] = {
	{ "EHLO mx.example.org", SMTP_EHLO, 0, NULL },
	{ "ehlo [192.0.2.1]", SMTP_EHLO, 0, NULL },
	{ "eHLO [IPv6:2001:db8::1]", SMTP_EHLO, 0, NULL },
	{ "HELO my_pc  ", SMTP_HELO, 0, NULL },
	{ "LHLO x", SMTP_LHLO, 0, NULL },
	{ "EHLO", SMTP_EHLO, 501, "5.5.4" },
	{ "EHLO a b", SMTP_EHLO, 501, "5.5.4" },
	{ "EHLO a(b)", SMTP_EHLO, 501, "5.5.4" },
	{ "EHLO a\303\274", SMTP_EHLO, 501, "5.5.4" },
	{ "DATA", SMTP_DATA, 0, NULL },
	{ "DATA ", SMTP_DATA, 0, NULL },
	{ "DATA x", SMTP_DATA, 501, "5.5.4" },
	{ "RSET", SMTP_RSET, 0, NULL },
	{ "RSET x", SMTP_RSET, 501, "5.5.4" },
	{ "QUIT", SMTP_QUIT, 0, NULL },
	{ "QUIT x", SMTP_QUIT, 501, "5.5.4" },
	{ "NOOP", SMTP_NOOP, 0, NULL },
	{ "NOOP what ever", SMTP_NOOP, 0, NULL },
	{ "HELP", SMTP_HELP, 0, NULL },
	{ "HELP MAIL", SMTP_HELP, 0, NULL },
	{ "VRFY a", SMTP_VRFY, 0, NULL },
	{ "VRFY", SMTP_VRFY, 501, "5.5.4" },
	{ "EXPN a", SMTP_EXPN, 0, NULL },
	{ "STARTTLS", SMTP_STARTTLS, 0, NULL },
	{ "STARTTLS now", SMTP_STARTTLS, 501, "5.5.4" },
	{ "AUTH PLAIN", SMTP_AUTH, 0, NULL },
	{ "AUTH SCRAM-SHA-256 =", SMTP_AUTH, 0, NULL },
	{ "AUTH plain AGEAYg==", SMTP_AUTH, 0, NULL },
	{ "AUTH", SMTP_AUTH, 501, "5.5.4" },
	{ "AUTH PLAIN a b", SMTP_AUTH, 501, "5.5.4" },
	{ "AUTH ABCDEFGHIJKLMNOPQRSTU", SMTP_AUTH, 501, "5.5.4" },
	{ "AUTH A/B", SMTP_AUTH, 501, "5.5.4" },
	{ "BDAT 0", SMTP_BDAT, 0, NULL },
	{ "BDAT 1000 last", SMTP_BDAT, 0, NULL },
	{ "BDAT", SMTP_BDAT, 501, "5.5.4" },
	{ "BDAT -1", SMTP_BDAT, 501, "5.5.4" },
	{ "BDAT 1 LAST x", SMTP_BDAT, 501, "5.5.4" },
	{ "BDAT 1 FIRST", SMTP_BDAT, 501, "5.5.4" },
	{ "BDAT 9999999999999999999", SMTP_BDAT, 501, "5.5.4" },
	{ "GET / HTTP/1.1", SMTP_FOREIGN, 500, "5.5.1" },
	{ "Host: localhost", SMTP_FOREIGN, 500, "5.5.1" },
	{ "", SMTP_UNKNOWN, 500, "5.5.1" },
	{ "EHLOX", SMTP_UNKNOWN, 500, "5.5.1" },
	{ "XYZZY now", SMTP_UNKNOWN, 500, "5.5.1" },
	{ " NOOP", SMTP_UNKNOWN, 500, "5.5.1" },
	{ "NOOP \001", SMTP_NOOP, 500, "5.5.2" },
	{ "NOOP \377", SMTP_NOOP, 500, "5.5.2" },
	{ "NOOP\tx", SMTP_UNKNOWN, 500, "5.5.2" },
	{ "\026\003\001", SMTP_UNKNOWN, 500, "5.5.2" },

	{ "MAIL FROM:<>", SMTP_MAIL, 0, NULL },
	{ "mail from:<a@b>", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM: <a@b>", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b>  SIZE=1  BODY=7bit ", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<\303\274@b> SMTPUTF8", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<\303\274@b>", SMTP_MAIL, 553, "5.6.7" },
	{ "MAIL FROM:<postmaster>", SMTP_MAIL, 501, "5.1.7" },
	{ "MAIL FROM:a@b", SMTP_MAIL, 501, "5.1.7" },
	{ "MAIL FROM <a@b>", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL TO:<a@b>", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b>SIZE=1", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> SIZE", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> SIZE=", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> SIZE=x", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> SIZE=1 SIZE=2", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> BODY=BINARYMIME", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> BODY=QP", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> SMTPUTF8=1", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> AUTH=<>", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> AUTH=e+3Dmc2@x.org", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> AUTH=e+0Amc2", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> RET=FULL ENVID=a+2Bb", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> RET=BODY", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> ENVID=a+zz", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> REQUIRETLS", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> HOLDFOR=60", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> HOLDUNTIL=2030-01-02T03:04:05Z", SMTP_MAIL, 0,
	    NULL },
	{ "MAIL FROM:<a@b> HOLDUNTIL=2030-13-02T03:04:05Z", SMTP_MAIL, 501,
	    "5.5.4" },
	{ "MAIL FROM:<a@b> HOLDFOR=1 HOLDUNTIL=2030-01-02T03:04:05Z",
	    SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> BY=120;R", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> BY=-120;NT", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> BY=-120;R", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> MT-PRIORITY=-9", SMTP_MAIL, 0, NULL },
	{ "MAIL FROM:<a@b> MT-PRIORITY=10", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> NOTIFY=NEVER", SMTP_MAIL, 555, "5.5.4" },
	{ "MAIL FROM:<a@b> XYZ=1", SMTP_MAIL, 555, "5.5.4" },
	{ "MAIL FROM:<a@b> X=1=2", SMTP_MAIL, 501, "5.5.4" },
	{ "MAIL FROM:<a@b> =1", SMTP_MAIL, 501, "5.5.4" },

	{ "RCPT TO:<a@b>", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<postmaster>", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<>", SMTP_RCPT, 501, "5.1.3" },
	{ "RCPT TO:<a@b@c>", SMTP_RCPT, 501, "5.1.3" },
	{ "RCPT FROM:<a@b>", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<\303\274@b>", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<a@b> NOTIFY=success,FAILURE,Delay", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<a@b> NOTIFY=NEVER", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<a@b> NOTIFY=NEVER,DELAY", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> NOTIFY=", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> NOTIFY=DELAY,", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> NOTIFY=,DELAY", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> ORCPT=rfc822;a+2Bb@c", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{FC}@c", SMTP_RCPT, 0, NULL },
	{ "RCPT TO:<a@b> ORCPT=a@c", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> ORCPT=rfc822;", SMTP_RCPT, 501, "5.5.4" },
	{ "RCPT TO:<a@b> SIZE=1", SMTP_RCPT, 555, "5.5.4" },
};

ATF_TC_WITHOUT_HEAD(table);
ATF_TC_BODY(table, tc)
{
	const struct smtp_answer	*a;
	struct smtp_command		 c;
	char				*copy;
	size_t				 i, len;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = strlen(lines[i].line);
		copy = malloc(len + (len == 0));
		ATF_REQUIRE(copy != NULL);
		memcpy(copy, lines[i].line, len);
		a = smtp_command_parse(&c, (struct span){ copy, len }, &all);
		ATF_CHECK_EQ_MSG(lines[i].verb, (int)c.verb, "%s: %s",
		    lines[i].line, smtp_verb_name(c.verb));
		ATF_CHECK_EQ_MSG(lines[i].code, a == NULL ? 0 : a->code,
		    "%s: %s", lines[i].line, a == NULL ? "" : a->text);
		if (a != NULL && lines[i].enhanced != NULL)
			ATF_CHECK_EQ_MSG(0, strncmp(a->text, lines[i].enhanced,
			    strlen(lines[i].enhanced)), "%s: %s",
			    lines[i].line, a->text);
		free(copy);
	}
}

static const struct smtp_answer *
parse(struct smtp_command *c, const char *line,
    const struct smtp_command_opts *o)
{
	return smtp_command_parse(c, span_of(line), o);
}

ATF_TC_WITHOUT_HEAD(values);
ATF_TC_BODY(values, tc)
{
	struct smtp_command	 c;

	ATF_CHECK(parse(&c, "MAIL FROM:<a@b> SIZE=12345 BODY=8BITMIME "
	    "SMTPUTF8 RET=HDRS ENVID=QQ314159 AUTH=<> REQUIRETLS HOLDFOR=60 "
	    "BY=-5;nt MT-PRIORITY=-3", &all) == NULL);
	ATF_CHECK_EQ(12345, c.params.size);
	ATF_CHECK_EQ(SMTP_BODY_8BITMIME, c.params.body);
	ATF_CHECK_EQ(SMTP_RET_HDRS, c.params.ret);
	ATF_CHECK(span_ieqs(c.params.envid, "QQ314159"));
	ATF_CHECK(span_ieqs(c.params.auth, "<>"));
	ATF_CHECK_EQ(60, c.params.hold);
	ATF_CHECK_EQ(0, c.params.hold_is_until);
	ATF_CHECK_EQ(-5, c.params.by);
	ATF_CHECK_EQ(1, c.params.by_trace);
	ATF_CHECK_EQ(0, c.params.by_return);
	ATF_CHECK_EQ(-3, c.params.priority);
	ATF_CHECK_EQ(SMTP_PARAM_SIZE | SMTP_PARAM_BODY | SMTP_PARAM_SMTPUTF8 |
	    SMTP_PARAM_RET | SMTP_PARAM_ENVID | SMTP_PARAM_AUTH |
	    SMTP_PARAM_REQUIRETLS | SMTP_PARAM_HOLD | SMTP_PARAM_BY |
	    SMTP_PARAM_PRIORITY, c.params.set);

	ATF_CHECK(parse(&c, "MAIL FROM:<> SIZE=99999999999999999999", &all) ==
	    NULL);
	ATF_CHECK_EQ(UINT64_MAX, c.params.size);
	ATF_CHECK(c.path.flags & SMTP_PATH_NULL);
	ATF_CHECK(parse(&c, "MAIL FROM:<> SIZE=18446744073709551615", &all) ==
	    NULL);
	ATF_CHECK_EQ(UINT64_MAX, c.params.size);

	ATF_CHECK(parse(&c, "MAIL FROM:<> HOLDUNTIL=1970-01-02T00:00:01Z",
	    &all) == NULL);
	ATF_CHECK_EQ(86401, c.params.hold);
	ATF_CHECK_EQ(1, c.params.hold_is_until);

	ATF_CHECK(parse(&c, "RCPT TO:<x@y> NOTIFY=SUCCESS,DELAY "
	    "ORCPT=rfc822;z@y", &all) == NULL);
	ATF_CHECK_EQ(SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY, c.params.notify);
	ATF_CHECK(span_ieqs(c.params.orcpt, "rfc822;z@y"));

	ATF_CHECK(parse(&c, "BDAT 86 LAST", &all) == NULL);
	ATF_CHECK_EQ(86, c.bytes);
	ATF_CHECK_EQ(1, c.last);
	ATF_CHECK(parse(&c, "BDAT 1000", &all) == NULL);
	ATF_CHECK_EQ(0, c.last);

	ATF_CHECK(parse(&c, "AUTH PLAIN AGE=", &all) == NULL);
	ATF_CHECK(span_ieqs(c.mech, "plain"));
	ATF_CHECK(span_ieqs(c.initial, "AGE="));
	ATF_CHECK(parse(&c, "AUTH LOGIN", &all) == NULL);
	ATF_CHECK(c.initial.p == NULL);
}

ATF_TC_WITHOUT_HEAD(not_offered);
ATF_TC_BODY(not_offered, tc)
{
	const struct smtp_command_opts	 body = { SMTP_PARAM_BODY, 0 };
	const struct smtp_answer	*a;
	struct smtp_command		 c;

	a = parse(&c, "MAIL FROM:<a@b> SIZE=1", &none);
	ATF_REQUIRE(a != NULL);
	ATF_CHECK_EQ(555, a->code);
	a = parse(&c, "RCPT TO:<\303\274@b>", &none);
	ATF_REQUIRE(a != NULL);
	ATF_CHECK_EQ(553, a->code);
	a = parse(&c, "MAIL FROM:<\303\274@b> SMTPUTF8", &none);
	ATF_REQUIRE(a != NULL);
	ATF_CHECK_EQ(553, a->code);
	a = parse(&c, "MAIL FROM:<a@b> BODY=BINARYMIME", &body);
	ATF_REQUIRE(a != NULL);
	ATF_CHECK_EQ(501, a->code);
}

/* No prefix of a line may be read past its end; ASan looks. */
ATF_TC_WITHOUT_HEAD(prefixes);
ATF_TC_BODY(prefixes, tc)
{
	struct smtp_command	 c;
	size_t			 i, n, len;
	char			*copy;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = strlen(lines[i].line);
		for (n = 0; n <= len; n++) {
			copy = malloc(n + (n == 0));
			ATF_REQUIRE(copy != NULL);
			memcpy(copy, lines[i].line, n);
			smtp_command_parse(&c, (struct span){ copy, n }, &all);
			free(copy);
		}
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table);
	ATF_TP_ADD_TC(tp, values);
	ATF_TP_ADD_TC(tp, not_offered);
	ATF_TP_ADD_TC(tp, prefixes);
	return atf_no_error();
}
