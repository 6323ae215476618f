/* smtp_reply, smtp_caps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_reply.h"

static void
run(const char *in, size_t len, size_t first, char *log, size_t logsize)
{
	struct smtp_reply_parser rp;
	struct smtp_reply	 r;
	size_t			 off = 0, have = first, used, n = 0;
	enum codec		 codec;
	char			*p;

	smtp_reply_init(&rp);
	log[0] = '\0';
	for (;;) {
		p = malloc(have - off + 1);
		ATF_REQUIRE(p != NULL);
		memcpy(p, in + off, have - off);
		memset(&r, 0, sizeof(r));
		codec = smtp_reply_parse(&rp, p, have - off, &used, &r);
		ATF_REQUIRE(used <= have - off);
		off += used;
		n = strlen(log);
		if (codec == CODEC_DONE)
			snprintf(log + n, logsize - n, "%d %d.%d.%d[%.*s]",
			    r.code, r.enhanced.class, r.enhanced.subject,
			    r.enhanced.detail, (int)r.text.len, r.text.p);
		else if (codec != CODEC_MORE)
			strlcat(log, codec == CODEC_BAD ? "B" : "T", logsize);
		free(p);
		if (codec == CODEC_MORE) {
			if (have == len)
				break;
			have = len;
		} else if (codec != CODEC_DONE)
			break;
	}
	smtp_reply_free(&rp);
}

static void
check(const char *in, const char *want)
{
	char	 log[512];
	size_t	 i, len = strlen(in);

	for (i = 0; i <= len; i++) {
		run(in, len, i, log, sizeof(log));
		ATF_CHECK_STREQ_MSG(want, log, "split at %zu: %s", i, log);
	}
}

ATF_TC_WITHOUT_HEAD(splits);
ATF_TC_BODY(splits, tc)
{
	check("", "");
	check("250", "");
	check("250 ok\r", "");
	check("250 ok\r\n", "250 0.0.0[ok]");
	check("250\r\n", "250 0.0.0[]");
	check("250 \r\n", "250 0.0.0[]");
	check("250 ok\n", "250 0.0.0[ok]");
	check("250 2.1.5 ok\r\n354 go\r\n", "250 2.1.5[2.1.5 ok]354 0.0.0[go]");
	check("250-a\r\n250-b\r\n250 c\r\n", "250 0.0.0[a\nb\nc]");
	check("250-\r\n250 \r\n", "250 0.0.0[\n]");
	check("550-5.1.1 no\r\n550 5.1.1 such\r\n250 x\r\n",
	    "550 5.1.1[5.1.1 no\n5.1.1 such]250 0.0.0[x]");
	check("250-a\r\n251 b\r\n", "251 0.0.0[a\nb]");
	check("250-a\r\n550 b\r\n", "B");
	check("550 2.1.5 liar\r\n", "550 0.0.0[2.1.5 liar]");
	check("550 5.1 x\r\n", "550 0.0.0[5.1 x]");
	check("550 5.1.1x\r\n", "550 0.0.0[5.1.1x]");
	check("550 5.1.1\r\n", "550 5.1.1[5.1.1]");
	check("550 5.1.1234 x\r\n", "550 0.0.0[5.1.1234 x]");
	check("HTTP/1.1 200 OK\r\n", "B");
	check("25 ok\r\n", "B");
	check("250+ok\r\n", "B");
	check("150 ok\r\n", "B");
	check("\r\n", "B");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct smtp_reply_parser rp;
	struct smtp_reply	 r;
	char			 line[3000];
	enum codec		 codec = CODEC_MORE;
	size_t			 used, i;

	/* endless lines */
	smtp_reply_init(&rp);
	for (i = 0; i < 1000 && codec == CODEC_MORE; i++)
		codec = smtp_reply_parse(&rp, "250-x\r\n", 7, &used, &r);
	ATF_CHECK_EQ(CODEC_TOOBIG, codec);
	ATF_CHECK_EQ(SMTP_REPLY_LINES + 1, i);
	smtp_reply_free(&rp);
	/* long ones */
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	line[1999] = '\n';
	smtp_reply_init(&rp);
	codec = CODEC_MORE;
	for (i = 0; i < 1000 && codec == CODEC_MORE; i++)
		codec = smtp_reply_parse(&rp, line, 2000, &used, &r);
	ATF_CHECK_EQ(CODEC_TOOBIG, codec);
	ATF_CHECK_EQ(9, i);
	smtp_reply_free(&rp);
	/* one too long */
	smtp_reply_init(&rp);
	line[1999] = 'x';
	line[2999] = '\n';
	ATF_CHECK_EQ(CODEC_TOOBIG,
	    smtp_reply_parse(&rp, line, 3000, &used, &r));
	smtp_reply_free(&rp);
}

ATF_TC_WITHOUT_HEAD(print);
ATF_TC_BODY(print, tc)
{
	struct smtp_reply	 r = { .code = 550 };
	char			 buf[64], one[8];

	r.text = SPAN("5.1.1 no\nsuch\001\377 \303\274ser \n");
	smtp_enhanced_parse(r.text, &r.enhanced);
	ATF_CHECK_STREQ("550 5.1.1 no such?? \303\274ser",
	    smtp_reply_print(&r, buf, sizeof(buf)));
	ATF_CHECK_STREQ("550 5.1", smtp_reply_print(&r, one, sizeof(one)));
	ATF_CHECK_STREQ("5.1.1", smtp_reply_status(&r, buf, sizeof(buf)));
	memset(&r.enhanced, 0, sizeof(r.enhanced));
	ATF_CHECK_STREQ("5.0.0", smtp_reply_status(&r, buf, sizeof(buf)));
	r.code = 421;
	ATF_CHECK_STREQ("4.0.0", smtp_reply_status(&r, buf, sizeof(buf)));
	r.code = 250;
	ATF_CHECK_STREQ("2.0.0", smtp_reply_status(&r, buf, sizeof(buf)));
	/* a character is not cut in two */
	r.text = SPAN("ab\303\274");
	ATF_CHECK_STREQ("250 ab", smtp_reply_print(&r, one, sizeof(one)));
}

ATF_TC_WITHOUT_HEAD(caps);
ATF_TC_BODY(caps, tc)
{
	struct smtp_reply	 r = { .code = 250 };
	struct smtp_caps	 c;

	r.text = SPAN("SIZE 1\npipelining\nSIZE 10240000\n8BITMIME\n"
	    "SMTPUTF8\nCHUNKING\nSTARTTLS\nAUTH PLAIN LOGIN SCRAM-SHA-256 X\n"
	    "AUTH=CRAM-MD5\nDSN\nENHANCEDSTATUSCODES\nREQUIRETLS\n"
	    "LIMITS RCPTMAX=100 MAILMAX=5 FOO=1\nXYZZY\n\nPIPELINE");
	smtp_caps_parse(&c, &r);
	ATF_CHECK_EQ(SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_8BITMIME |
	    SMTP_CAP_SMTPUTF8 | SMTP_CAP_CHUNKING | SMTP_CAP_STARTTLS |
	    SMTP_CAP_AUTH | SMTP_CAP_DSN | SMTP_CAP_ENHANCED |
	    SMTP_CAP_REQUIRETLS | SMTP_CAP_LIMITS, c.has);
	ATF_CHECK_EQ(10240000, c.size);
	ATF_CHECK_EQ(SMTP_MECH_PLAIN | SMTP_MECH_LOGIN |
	    SMTP_MECH_SCRAM_SHA256 | SMTP_MECH_CRAM_MD5, c.mechs);
	ATF_CHECK_EQ(100, c.rcptmax);
	ATF_CHECK_EQ(5, c.mailmax);
	ATF_CHECK_EQ(0, c.rcptdomainmax);

	r.text = SPAN("x\nSIZE 99999999999999999999\nSIZE -1\nSIZE");
	smtp_caps_parse(&c, &r);
	ATF_CHECK_EQ(SMTP_CAP_SIZE, c.has);
	ATF_CHECK_EQ(0, c.size);
	r.text = SPAN("PIPELINING");	/* the greeting */
	smtp_caps_parse(&c, &r);
	ATF_CHECK_EQ(0, c.has);
}

/* What one side writes the other reads. */
ATF_TC_WITHOUT_HEAD(caps_round_trip);
ATF_TC_BODY(caps_round_trip, tc)
{
	struct smtp_reply_parser rp;
	struct smtp_caps	 c = { 0 }, back;
	struct smtp_reply	 r;
	struct buf		 out;
	size_t			 used;
	uint32_t		 bit;

	for (bit = 1; bit <= 0x4000; bit <<= 1) {
		c.has = (bit - 1) & 0x3fff;
		c.size = c.has & SMTP_CAP_SIZE ? 12345678901ULL : 0;
		c.mechs = c.has & SMTP_CAP_AUTH ? 0x3ff : 0;
		c.mailmax = c.rcptmax = c.rcptdomainmax =
		    c.has & SMTP_CAP_LIMITS ? bit : 0;
		buf_init(&out, 4096);
		ATF_REQUIRE_EQ(0, smtp_caps_put(&out, &c, "mx.example.org"));
		smtp_reply_init(&rp);
		ATF_REQUIRE_EQ(CODEC_DONE, smtp_reply_parse(&rp,
		    (char *)buf_ptr(&out), out.len, &used, &r));
		ATF_CHECK_EQ(out.len, used);
		ATF_CHECK_EQ(250, r.code);
		smtp_caps_parse(&back, &r);
		ATF_CHECK_EQ(c.has, back.has);
		ATF_CHECK_EQ(c.size, back.size);
		ATF_CHECK_EQ(c.mechs, back.mechs);
		ATF_CHECK_EQ(c.mailmax, back.mailmax);
		ATF_CHECK_EQ(c.rcptmax, back.rcptmax);
		ATF_CHECK_EQ(c.rcptdomainmax, back.rcptdomainmax);
		smtp_reply_free(&rp);
		buf_free(&out);
	}
	buf_init(&out, 20);
	ATF_CHECK_EQ(-1, smtp_caps_put(&out, &c, "mx.example.org"));
	ATF_CHECK_EQ(0, out.len);
	buf_free(&out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, splits);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, print);
	ATF_TP_ADD_TC(tp, caps);
	ATF_TP_ADD_TC(tp, caps_round_trip);
	return atf_no_error();
}
