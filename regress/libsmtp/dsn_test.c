/* smtp_dsn, smtp_received. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_dsn.h"
#include "libsmtp/smtp_received.h"

static char *
text_of(struct buf *b)
{
	ATF_REQUIRE_EQ(0, buf_addc(b, '\0'));
	return (char *)buf_ptr(b);
}

/* Lines end in CRLF, none is over 998, and 8-bit only where it may be. */
static void
check_lines(const char *s, int eightbit)
{
	const char	*nl;

	for (; *s != '\0'; s = nl + 1) {
		nl = strchr(s, '\n');
		ATF_REQUIRE(nl != NULL && nl > s && nl[-1] == '\r');
		ATF_CHECK(nl - s < 999);
		for (; s < nl - 1; s++) {
			ATF_CHECK(*s != '\r');
			ATF_CHECK(eightbit || (*s & 0x80) == 0);
		}
	}
}

static const struct smtp_dsn_rcpt	 rcpts[] = {
	{ .addr = "bob@example.net", .orcpt = "rfc822;robert+x@example.net",
	    .action = SMTP_DSN_FAILED, .status = "5.1.1",
	    .mta = "mx.example.net",
	    .diag = "550 5.1.1 There is nobody of that name here and there "
	    "never was one, see http://example.net/help for the reasons",
	    .attempt = 1700000000 },
	{ .addr = "carol@example.net", .action = SMTP_DSN_DELAYED,
	    .diag = "Connection timed out", .until = 1700400000 },
};

ATF_TC_WITHOUT_HEAD(failed);
ATF_TC_BODY(failed, tc)
{
	struct smtp_dsn	 d = {
		.host = "mx.example.org", .to = "alice@example.org",
		.id = "1.2", .boundary = "=_b", .queue_id = "4f2a",
		.envid = "QQ314159", .time = 1700000001,
		.arrival = 1699990000, .zone = 60, .rcpts = rcpts,
		.nrcpts = 2,
	};
	struct buf	 out;
	const char	*s;

	buf_init(&out, 1 << 16);
	ATF_REQUIRE_EQ(0, smtp_dsn_put(&out, &d,
	    SPAN("From: alice@example.org\r\nSubject: hi\r\n")));
	s = text_of(&out);
	check_lines(s, 0);
#define HAS(x)	ATF_CHECK_MSG(strstr(s, x) != NULL, "no %s in %s", x, s)
	HAS("From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n");
	HAS("\r\nTo: <alice@example.org>\r\n");
	HAS("\r\nSubject: Undelivered mail\r\n");
	HAS("\r\nAuto-Submitted: auto-replied\r\n");
	HAS("\r\nContent-Type: multipart/report; report-type=delivery-status;"
	    "\r\n\tboundary=\"=_b\"\r\n\r\n--=_b\r\n");
	HAS("\r\n    <bob@example.net>\r\n        mx.example.net said:\r\n");
	HAS("\r\n--=_b\r\nContent-Type: message/delivery-status\r\n\r\n"
	    "Original-Envelope-Id: QQ314159\r\n"
	    "Reporting-MTA: dns; mx.example.org\r\n"
	    "X-Maild-ID: 4f2a\r\n"
	    "Arrival-Date: Tue, 14 Nov 2023 20:26:40 +0100\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822; robert+x@example.net\r\n"
	    "Final-Recipient: rfc822; bob@example.net\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.example.net\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 There is nobody");
	HAS("\r\n\r\nFinal-Recipient: rfc822; carol@example.net\r\n"
	    "Action: delayed\r\nStatus: 4.0.0\r\n"
	    "Diagnostic-Code: X-maild; Connection timed out\r\n"
	    "Will-Retry-Until: ");
	HAS("\r\n\r\n--=_b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
	    "From: alice@example.org\r\nSubject: hi\r\n\r\n--=_b--\r\n");
	buf_free(&out);

	d.flags = SMTP_DSN_FULL | SMTP_DSN_8BIT;
	buf_init(&out, 1 << 16);
	ATF_REQUIRE_EQ(0, smtp_dsn_put(&out, &d,
	    SPAN("Subject: hi\r\n\r\nb\303\266dy\r\n")));
	s = text_of(&out);
	check_lines(s, 1);
	HAS("\r\n--=_b\r\nContent-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\nSubject: hi\r\n\r\n");
	buf_free(&out);

	/* no room: nothing is left behind */
	buf_init(&out, 900);
	ATF_REQUIRE_EQ(0, buf_addstr(&out, "x"));
	ATF_CHECK_EQ(-1, smtp_dsn_put(&out, &d, SPAN("")));
	ATF_CHECK_EQ(1, out.len);
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(utf8);
ATF_TC_BODY(utf8, tc)
{
	const struct smtp_dsn_rcpt	 r = {
		.addr = "j\303\274rgen@example.net",
		.orcpt = "utf-8;j\303\274rgen@example.net",
		.action = SMTP_DSN_FAILED, .diag = "550 Gr\303\274\303\237e",
	};
	struct smtp_dsn			 d = {
		.host = "mx.example.org", .to = "alice@example.org",
		.id = "1.2", .boundary = "=_b", .time = 1, .rcpts = &r,
		.nrcpts = 1, .flags = SMTP_DSN_UTF8,
	};
	struct buf			 out;
	const char			*s;

	buf_init(&out, 1 << 16);
	ATF_REQUIRE_EQ(0, smtp_dsn_put(&out, &d, SPAN("Subject: hi\r\n")));
	s = text_of(&out);
	check_lines(s, 1);
	HAS("report-type=global-delivery-status");
	HAS("Content-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n");
	HAS("Original-Recipient: utf-8; j\303\274rgen@example.net\r\n"
	    "Final-Recipient: utf-8; j\303\274rgen@example.net\r\n");
	HAS("Content-Type: message/global-headers\r\n");
	HAS("Diagnostic-Code: smtp; 550 Gr\303\274\303\237e\r\n");
	buf_free(&out);

	/* to a sender whose server has no SMTPUTF8 */
	d.flags = 0;
	buf_init(&out, 1 << 16);
	ATF_REQUIRE_EQ(0, smtp_dsn_put(&out, &d, SPAN("Subject: hi\r\n")));
	s = text_of(&out);
	check_lines(s, 0);
	HAS("report-type=delivery-status");
	HAS("Final-Recipient: utf-8; j\\x{FC}rgen@example.net\r\n");
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	const struct smtp_dsn_rcpt	 r = {
		.addr = "a@b\r\nBcc: x", .orcpt = "rfc822;x\r\n\r\n--=_b--",
		.action = SMTP_DSN_FAILED, .mta = "m\r\nX: y",
		.diag = "550 a\r\n\r\n--=_b--\r\n\001\377",
		.status = "5\r\n.1",
	};
	struct smtp_dsn			 d = {
		.host = "mx.example.org", .to = "alice\r\nBcc: z@x",
		.id = "1\r\n2", .boundary = "=_b", .envid = "e\r\nX: y",
		.time = 1, .rcpts = &r, .nrcpts = 1,
	};
	struct buf			 out;
	const char			*s, *p;
	int				 n = 0;

	buf_init(&out, 1 << 16);
	ATF_REQUIRE_EQ(0, smtp_dsn_put(&out, &d, SPAN("Subject: hi\r\n")));
	s = text_of(&out);
	check_lines(s, 0);
	ATF_CHECK(strstr(s, "\nBcc:") == NULL);
	ATF_CHECK(strstr(s, "\nX: y") == NULL);
	for (p = s; (p = strstr(p, "\n--=_b")) != NULL; p++)
		n++;
	ATF_CHECK_EQ(4, n);
	buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(received);
ATF_TC_BODY(received, tc)
{
	struct smtp_received	 r = {
		.helo = "client.example.net", .rdns = "mail.example.net",
		.by = "mx.example.org", .with = "ESMTPS", .id = "4f2a",
		.tls_version = "TLSv1.3",
		.tls_cipher = "TLS_AES_256_GCM_SHA384",
		.rcpt = "bob@example.org", .time = 1700000000, .zone = 60,
	};
	struct buf		 out;

	ATF_REQUIRE_EQ(0, addr_parse(&r.client, "192.0.2.1"));
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(0, smtp_received_put(&out, &r));
	ATF_CHECK_STREQ("Received: from client.example.net "
	    "(mail.example.net [192.0.2.1])\r\n"
	    "\tby mx.example.org (maild) with ESMTPS id 4f2a\r\n"
	    "\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
	    "\tfor <bob@example.org>;\r\n"
	    "\tTue, 14 Nov 2023 23:13:20 +0100\r\n", text_of(&out));
	buf_free(&out);

	r.rdns = r.rcpt = r.tls_version = NULL;
	r.helo = "a\r\n(x)\\ y";
	r.zone = 0;
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(0, smtp_received_put(&out, &r));
	ATF_CHECK_STREQ("Received: from a???x???y ([192.0.2.1])\r\n"
	    "\tby mx.example.org (maild) with ESMTPS id 4f2a;\r\n"
	    "\tTue, 14 Nov 2023 22:13:20 +0000\r\n", text_of(&out));
	buf_free(&out);

	r.hide_client = 1;
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(0, smtp_received_put(&out, &r));
	ATF_CHECK_STREQ("Received: by mx.example.org (maild) with ESMTPS "
	    "id 4f2a;\r\n\tTue, 14 Nov 2023 22:13:20 +0000\r\n",
	    text_of(&out));
	buf_free(&out);

	r.hide_client = 0;
	memset(&r.client, 0, sizeof(r.client));
	r.helo = "mx";
	buf_init(&out, 4096);
	ATF_REQUIRE_EQ(0, smtp_received_put(&out, &r));
	ATF_CHECK(strncmp(text_of(&out), "Received: from mx (local)\r\n",
	    27) == 0);
	buf_free(&out);

	buf_init(&out, 60);
	ATF_CHECK_EQ(-1, smtp_received_put(&out, &r));
	ATF_CHECK_EQ(0, out.len);
	buf_free(&out);

	buf_init(&out, 100);
	ATF_CHECK_EQ(0, smtp_return_path_put(&out, ""));
	ATF_CHECK_EQ(0, smtp_return_path_put(&out, "\"a b\"@c\r\n"));
	ATF_CHECK_STREQ("Return-Path: <>\r\n"
	    "Return-Path: <\"a b\"@c?\?>\r\n", text_of(&out));
	buf_free(&out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, failed);
	ATF_TP_ADD_TC(tp, utf8);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, received);
	return atf_no_error();
}
