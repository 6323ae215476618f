/*
 * smtp_client_state: exact conversations, then thousands of random ones
 * against a server made of the library's other half.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_client_state.h"
#include "libsmtp/smtp_command.h"
#include "libsmtp/smtp_dot.h"
#include "libsmtp/smtp_line.h"
#include "libsmtp/smtp_param.h"
#include "libsmtp/smtp_server_state.h"

/* ---- exact conversations ------------------------------------------------ */

static char	 results[1024];
static int	 ndone;

static void
note_result(void *arg, struct smtp_trans *t, size_t rcpt,
    enum smtp_stage stage, const struct smtp_reply *r)
{
	size_t	 n = strlen(results);

	snprintf(results + n, sizeof(results) - n, "%s:%s:%d;",
	    t->rcpts[rcpt].addr, smtp_stage_name(stage), r->code);
}

static void
note_done(void *arg, struct smtp_trans *t)
{
	ndone++;
}

static const struct smtp_client_ops	 note_ops = { note_result, note_done };

/* What the client says now is `want', and it wants `w' then. */
static void
says(struct smtp_client *c, const char *want, enum smtp_want w)
{
	struct buf	 out;
	enum smtp_want	 got;

	buf_init(&out, 65536);
	got = smtp_client_next(c, &out);
	ATF_REQUIRE_EQ(0, buf_addc(&out, '\0'));
	ATF_CHECK_STREQ(want, (char *)buf_ptr(&out));
	ATF_CHECK_EQ_MSG(w, got, "wants %d, not %d, after %s", got, w, want);
	buf_free(&out);
}

static void
hears(struct smtp_client *c, const char *text)
{
	struct smtp_reply_parser rp;
	struct smtp_reply	 r;
	size_t			 used;

	smtp_reply_init(&rp);
	while (*text != '\0') {
		ATF_REQUIRE_EQ(CODEC_DONE, smtp_reply_parse(&rp, text,
		    strlen(text), &used, &r));
		smtp_client_reply(c, &r);
		text += used;
	}
	smtp_reply_free(&rp);
}

static void
begin(struct smtp_client *c, const struct smtp_client_opts *o)
{
	results[0] = '\0';
	ndone = 0;
	smtp_client_init(c, o, &note_ops, NULL);
}

#define EHLO_PIPE	"250-mx\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"

ATF_TC_WITHOUT_HEAD(pipelined);
ATF_TC_BODY(pipelined, tc)
{
	struct smtp_client_opts	 o = { .helo = "me" };
	struct smtp_rcpt	 r1[3] = { { .addr = "a@x" },
				    { .addr = "b@x" }, { .addr = "c@x" } };
	struct smtp_rcpt	 r2[1] = { { .addr = "d@x" } };
	struct smtp_trans	 t1 = { .from = "s@y", .size = 10,
				    .rcpts = r1, .nrcpts = 3 };
	struct smtp_trans	 t2 = { .from = "", .rcpts = r2,
				    .nrcpts = 1 };
	struct smtp_client	 c;
	int			 plain;

	begin(&c, &o);
	says(&c, "", SMTP_WANT_REPLY);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	says(&c, "", SMTP_WANT_REPLY);
	hears(&c, EHLO_PIPE);
	says(&c, "", SMTP_WANT_MAIL);
	smtp_client_mail(&c, &t1);
	says(&c, "MAIL FROM:<s@y> SIZE=10\r\nRCPT TO:<a@x>\r\n"
	    "RCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\nDATA\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n250 ok\r\n550 5.1.1 no\r\n250 ok\r\n");
	ATF_CHECK_STREQ("b@x:RCPT:550;", results);
	says(&c, "", SMTP_WANT_REPLY);
	hears(&c, "354 go\r\n");
	says(&c, "", SMTP_WANT_BODY);
	ATF_CHECK_EQ(&t1, smtp_client_body(&c, &plain));
	ATF_CHECK_EQ(0, plain);
	smtp_client_body_done(&c);
	/* the next one goes out behind the body */
	says(&c, "", SMTP_WANT_MAIL);
	smtp_client_mail(&c, &t2);
	says(&c, "MAIL FROM:<>\r\nRCPT TO:<d@x>\r\nDATA\r\n",
	    SMTP_WANT_REPLY);
	ATF_CHECK_EQ(0, ndone);
	hears(&c, "250 queued\r\n");
	ATF_CHECK_STREQ("b@x:RCPT:550;a@x:end of message:250;"
	    "c@x:end of message:250;", results);
	ATF_CHECK_EQ(1, ndone);
	smtp_client_quit(&c);
	hears(&c, "250 ok\r\n250 ok\r\n354 go\r\n");
	says(&c, "", SMTP_WANT_BODY);
	smtp_client_body_done(&c);
	says(&c, "QUIT\r\n", SMTP_WANT_REPLY);
	hears(&c, "451 4.3.0 later\r\n");
	ATF_CHECK_EQ(2, ndone);
	ATF_CHECK(strstr(results, "d@x:end of message:451;") != NULL);
	hears(&c, "221 bye\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
}

ATF_TC_WITHOUT_HEAD(one_by_one);
ATF_TC_BODY(one_by_one, tc)
{
	struct smtp_client_opts	 o = { .helo = "me", .tls = SMTP_TLS_MAY };
	struct smtp_rcpt	 r[2] = { { .addr = "a@x" },
				    { .addr = "b@x" } };
	struct smtp_trans	 t = { .from = "s@y", .rcpts = r,
				    .nrcpts = 2 };
	struct smtp_client	 c;

	/* an old server: HELO, no pipelining; all refused: RSET */
	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "500 what\r\n");
	says(&c, "HELO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 mx\r\n");
	says(&c, "", SMTP_WANT_MAIL);
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	says(&c, "RCPT TO:<a@x>\r\n", SMTP_WANT_REPLY);
	hears(&c, "550 no\r\n");
	says(&c, "RCPT TO:<b@x>\r\n", SMTP_WANT_REPLY);
	hears(&c, "450 no\r\n");
	says(&c, "RSET\r\n", SMTP_WANT_REPLY);
	ATF_CHECK_STREQ("a@x:RCPT:550;b@x:RCPT:450;", results);
	hears(&c, "250 ok\r\n");
	ATF_CHECK_EQ(1, ndone);
	/* MAIL refused: nothing to reset */
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\n", SMTP_WANT_REPLY);
	hears(&c, "552 no\r\n");
	says(&c, "", SMTP_WANT_MAIL);
	ATF_CHECK_EQ(2, ndone);
	/* DATA refused */
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	says(&c, "RCPT TO:<a@x>\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	says(&c, "RCPT TO:<b@x>\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	says(&c, "DATA\r\n", SMTP_WANT_REPLY);
	hears(&c, "451 no\r\n");
	says(&c, "RSET\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	ATF_CHECK_EQ(3, ndone);
	smtp_client_quit(&c);
	says(&c, "QUIT\r\n", SMTP_WANT_REPLY);
	smtp_client_lost(&c, NULL);
	says(&c, "", SMTP_WANT_CLOSE);
}

ATF_TC_WITHOUT_HEAD(nobody);
ATF_TC_BODY(nobody, tc)
{
	struct smtp_client_opts	 o = { .helo = "me" };
	struct smtp_rcpt	 r[1] = { { .addr = "a@x" } };
	struct smtp_trans	 t = { .from = "s@y", .rcpts = r,
				    .nrcpts = 1 };
	struct smtp_client	 c;

	/* 354 although nobody is there: a lone dot (RFC 2920 3.1) */
	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, EHLO_PIPE);
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\nRCPT TO:<a@x>\r\nDATA\r\n",
	    SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n550 no\r\n354 go\r\n");
	says(&c, ".\r\n", SMTP_WANT_MAIL);
	hears(&c, "554 nobody\r\n");
	ATF_CHECK_STREQ("a@x:RCPT:550;", results);
	ATF_CHECK_EQ(1, ndone);
	/* or it says no */
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\nRCPT TO:<a@x>\r\nDATA\r\n",
	    SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n550 no\r\n554 nobody\r\n");
	says(&c, "RSET\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	ATF_CHECK_EQ(2, ndone);
	/* too large to try: no word is said */
	t.size = 1001;
	smtp_client_mail(&c, &t);
	says(&c, "", SMTP_WANT_MAIL);
	ATF_CHECK(strstr(results, "a@x:local check:552;") != NULL);
	t.size = 0;
	t.flags = SMTP_TRANS_UTF8;
	smtp_client_mail(&c, &t);
	says(&c, "", SMTP_WANT_MAIL);
	ATF_CHECK(strstr(results, "a@x:local check:550;") != NULL);
	t.flags = 0;
	r[0].addr = "a@x>\r\nDATA";
	smtp_client_mail(&c, &t);
	says(&c, "", SMTP_WANT_MAIL);
	ATF_CHECK(strstr(results, ":local check:553;") != NULL);
	ATF_CHECK_EQ(5, ndone);
}

ATF_TC_WITHOUT_HEAD(chunking);
ATF_TC_BODY(chunking, tc)
{
	struct smtp_client_opts	 o = { .helo = "me", .eager = 100,
				    .window = 3 };
	struct smtp_rcpt	 r1[1] = { { .addr = "a@x" } };
	struct smtp_rcpt	 r2[1] = { { .addr = "b@x" } };
	struct smtp_trans	 t1 = { .from = "s@y", .size = 100,
				    .rcpts = r1, .nrcpts = 1 };
	struct smtp_trans	 t2 = { .from = "s@y", .size = 101,
				    .rcpts = r2, .nrcpts = 1 };
	struct smtp_client	 c;
	int			 plain;

	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
	smtp_client_mail(&c, &t1);
	smtp_client_mail(&c, &t2);
	/* small enough to go at once, and the next behind it */
	says(&c, "MAIL FROM:<s@y>\r\nRCPT TO:<a@x>\r\nBDAT 100 LAST\r\n",
	    SMTP_WANT_BODY);
	ATF_CHECK_EQ(&t1, smtp_client_body(&c, &plain));
	ATF_CHECK_EQ(1, plain);
	smtp_client_body_done(&c);
	/* not this one */
	says(&c, "RSET\r\nMAIL FROM:<s@y>\r\nRCPT TO:<b@x>\r\n",
	    SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n550 no\r\n503 nobody\r\n250 reset\r\n");
	ATF_CHECK_STREQ("a@x:RCPT:550;", results);
	ATF_CHECK_EQ(1, ndone);
	hears(&c, "250 ok\r\n250 ok\r\n");
	says(&c, "BDAT 101 LAST\r\n", SMTP_WANT_BODY);
	smtp_client_quit(&c);
	smtp_client_body_done(&c);
	says(&c, "QUIT\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	ATF_CHECK(strstr(results, "b@x:end of message:250;") != NULL);
	hears(&c, "221 bye\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
}

ATF_TC_WITHOUT_HEAD(lmtp);
ATF_TC_BODY(lmtp, tc)
{
	struct smtp_client_opts	 o = { .helo = "me", .lmtp = 1 };
	struct smtp_rcpt	 r[3] = { { .addr = "a@x" },
				    { .addr = "b@x" }, { .addr = "c@x" } };
	struct smtp_trans	 t = { .from = "s@y", .rcpts = r,
				    .nrcpts = 3 };
	struct smtp_client	 c;

	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "LHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, EHLO_PIPE);
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\n"
	    "RCPT TO:<c@x>\r\nDATA\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n");
	says(&c, "", SMTP_WANT_BODY);
	smtp_client_body_done(&c);
	says(&c, "", SMTP_WANT_MAIL);
	hears(&c, "250 a ok\r\n");
	ATF_CHECK_EQ(0, ndone);
	hears(&c, "452 c full\r\n");
	ATF_CHECK_EQ(1, ndone);
	ATF_CHECK_STREQ("b@x:RCPT:550;a@x:end of message:250;"
	    "c@x:end of message:452;", results);
}

ATF_TC_WITHOUT_HEAD(tls_auth);
ATF_TC_BODY(tls_auth, tc)
{
	struct smtp_client_opts	 o = { .helo = "me", .tls = SMTP_TLS_MUST,
				    .auth = 1 };
	struct smtp_rcpt	 r[1] = { { .addr = "a@x", .notify =
				    SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY,
				    .orcpt = "rfc822;z+q@x" } };
	struct smtp_trans	 t = { .from = "s@y", .envid = "a=b",
				    .flags = SMTP_TRANS_8BIT |
				    SMTP_TRANS_RET_HDRS |
				    SMTP_TRANS_REQUIRETLS,
				    .rcpts = r, .nrcpts = 1 };
	struct smtp_client	 c;
	struct buf		 out;

	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n");
	says(&c, "STARTTLS\r\n", SMTP_WANT_REPLY);
	hears(&c, "220 go\r\n");
	says(&c, "", SMTP_WANT_TLS);
	smtp_client_tls_done(&c);
	ATF_CHECK_EQ(0, c.caps.has);
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250-mx\r\n250-8BITMIME\r\n250-DSN\r\n250-REQUIRETLS\r\n"
	    "250 AUTH LOGIN PLAIN\r\n");
	says(&c, "", SMTP_WANT_AUTH);
	ATF_CHECK_EQ(SMTP_MECH_PLAIN | SMTP_MECH_LOGIN, c.caps.mechs);
	buf_init(&out, 1000);
	ATF_CHECK_EQ(0, smtp_client_auth(&c, &out, SMTP_MECH_PLAIN, NULL, 0));
	says(&c, "", SMTP_WANT_REPLY);
	hears(&c, "334 \r\n");
	says(&c, "", SMTP_WANT_AUTH_STEP);
	ATF_CHECK_EQ(0, smtp_client_auth_step(&c, &out, "\0a\0b", 4));
	ATF_CHECK_EQ(0, buf_addc(&out, '\0'));
	ATF_CHECK_STREQ("AUTH PLAIN\r\nAGEAYg==\r\n", (char *)buf_ptr(&out));
	buf_free(&out);
	hears(&c, "235 ok\r\n");
	says(&c, "", SMTP_WANT_MAIL);
	smtp_client_mail(&c, &t);
	says(&c, "MAIL FROM:<s@y> BODY=8BITMIME REQUIRETLS RET=HDRS "
	    "ENVID=a+3Db\r\n", SMTP_WANT_REPLY);
	hears(&c, "250 ok\r\n");
	says(&c, "RCPT TO:<a@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;z+2Bq@x\r\n",
	    SMTP_WANT_REPLY);
	hears(&c, "421 4.3.2 going down\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
	ATF_CHECK_STREQ("a@x:RCPT:421;", results);

	/* no STARTTLS where it must be */
	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	smtp_client_mail(&c, &t);
	hears(&c, "250 mx\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
	ATF_CHECK_STREQ("a@x:STARTTLS:454;", results);
	/* refused where it may be */
	o.tls = SMTP_TLS_MAY;
	o.auth = 0;
	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250-mx\r\n250 STARTTLS\r\n");
	says(&c, "STARTTLS\r\n", SMTP_WANT_REPLY);
	hears(&c, "454 not now\r\n");
	says(&c, "", SMTP_WANT_MAIL);
	/* wrong password */
	o.auth = 1;
	begin(&c, &o);
	hears(&c, "220 mx\r\n");
	says(&c, "EHLO me\r\n", SMTP_WANT_REPLY);
	hears(&c, "250-mx\r\n250 AUTH PLAIN\r\n");
	says(&c, "", SMTP_WANT_AUTH);
	buf_init(&out, 1000);
	ATF_CHECK_EQ(0, smtp_client_auth(&c, &out, SMTP_MECH_PLAIN, "", 0));
	buf_free(&out);
	smtp_client_mail(&c, &t);
	hears(&c, "535 no\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
	ATF_CHECK_STREQ("a@x:AUTH:535;", results);
	/* not welcome */
	begin(&c, &o);
	smtp_client_mail(&c, &t);
	hears(&c, "554 go away\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
	ATF_CHECK_STREQ("a@x:greeting:554;", results);
	/* a reply to nothing */
	begin(&c, &o);
	hears(&c, "220 mx\r\n250 what\r\n");
	says(&c, "", SMTP_WANT_CLOSE);
}

/* ---- random conversations ----------------------------------------------- */

#define NTRANS	6
#define NRCPT	4

struct world {
	unsigned int		 seed;
	struct smtp_client	 client;
	struct smtp_trans	 trans[NTRANS];
	struct smtp_rcpt	 rcpts[NTRANS][NRCPT];
	char			 addr[NTRANS][NRCPT][32];
	char			 body[NTRANS][64];
	int			 result[NTRANS][NRCPT];	/* code, 0 none */
	enum smtp_stage		 stage[NTRANS][NRCPT];
	int			 done[NTRANS];
	int			 next;
	/* the server */
	struct smtp_server	 server;
	struct smtp_line	 line;
	struct buf		 in;		/* to the server */
	struct buf		 replies;	/* to the client */
	int			 accepted[NRCPT];
	int			 naccepted;
	int			 cur;		/* transaction, by its sender */
	uint64_t		 skip;		/* of a refused BDAT */
	uint64_t		 chunk;
	struct smtp_dot		 dot;
	struct buf		 got;
	int			 delivered[NTRANS][NRCPT];
	int			 closed;
	int			 faults;	/* one in so many goes wrong */
};

static unsigned int
rnd(struct world *w, unsigned int n)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (w->seed >> 12) % n;
}

static int
fault(struct world *w)
{
	return w->faults != 0 && rnd(w, (unsigned int)w->faults) == 0;
}

static void
w_result(void *arg, struct smtp_trans *t, size_t rcpt,
    enum smtp_stage stage, const struct smtp_reply *r)
{
	struct world	*w = arg;
	size_t		 i = (size_t)(t - w->trans);

	ATF_REQUIRE_EQ(0, w->result[i][rcpt]);
	ATF_REQUIRE_EQ(0, w->done[i]);
	w->result[i][rcpt] = r->code;
	w->stage[i][rcpt] = stage;
}

static void
w_done(void *arg, struct smtp_trans *t)
{
	struct world	*w = arg;
	size_t		 i = (size_t)(t - w->trans), k;

	ATF_REQUIRE_EQ(0, w->done[i]);
	w->done[i] = 1;
	for (k = 0; k < t->nrcpts; k++)
		ATF_REQUIRE(w->result[i][k] != 0);
}

static const struct smtp_client_ops	 w_ops = { w_result, w_done };

static void
s_reply(struct world *w, int code, const char *text)
{
	ATF_REQUIRE_EQ(0, smtp_answer_put(&w->replies, code, text));
}

static void
s_event(struct world *w, enum smtp_event ev)
{
	ATF_REQUIRE_EQ(0, smtp_server_event(&w->server, ev));
}

/* The message is complete: deliver it or do not. */
static void
s_end(struct world *w, int good)
{
	int	 i, code;

	ATF_REQUIRE(w->cur >= 0);
	if (good)
		ATF_REQUIRE(w->got.len == strlen(w->body[w->cur]) &&
		    memcmp(buf_ptr(&w->got), w->body[w->cur],
		    w->got.len) == 0);
	code = fault(w) ? 451 : 250;
	for (i = 0; i < w->naccepted; i++) {
		if (w->server.kind == SMTP_KIND_LMTP)
			code = fault(w) ? 552 : 250;
		if (code == 250)
			w->delivered[w->cur][w->accepted[i]]++;
		if (w->server.kind == SMTP_KIND_LMTP)
			s_reply(w, code, "x.x done");
	}
	if (w->server.kind != SMTP_KIND_LMTP)
		s_reply(w, code, "done");
	s_event(w, SMTP_EV_END);
	w->naccepted = 0;
	buf_free(&w->got);
}

static void
s_command(struct world *w, struct span line)
{
	struct smtp_command_opts	 o;
	const struct smtp_answer	*a;
	struct smtp_command		 c;
	struct smtp_caps		 caps = { 0 };
	char				 addr[64];
	int				 t, r;

	o.params = smtp_server_params(&w->server);
	o.utf8 = 0;
	a = smtp_command_parse(&c, line, &o);
	if (a == NULL)
		a = smtp_server_check(&w->server, c.verb);
	/* RSET is not refused where MAIL may be behind it. */
	if (a == NULL && fault(w) && !(c.verb == SMTP_RSET &&
	    (w->server.caps & SMTP_CAP_CHUNKING))) {
		static const struct smtp_answer	 bad = { 450, "not today" },
		    gone = { 421, "closing" };

		a = rnd(w, 10) == 0 ? &gone : &bad;
	}
	if (a != NULL) {
		if (c.verb == SMTP_BDAT)
			w->skip = c.bytes;
		/* Our client says nothing that is not SMTP, and 503 only
		 * comes after something else was refused. */
		ATF_REQUIRE(a->code != 500 && a->code != 501 &&
		    a->code != 555);
		if (w->faults == 0)
			ATF_REQUIRE(a->code != 503);
		ATF_REQUIRE_EQ(0, smtp_answer_add(&w->replies, a));
		if (a->code == 421)
			w->closed = 1;
		return;
	}
	switch (c.verb) {
	case SMTP_EHLO:
	case SMTP_LHLO:
		s_event(w, SMTP_EV_EHLO);
		caps.has = smtp_server_caps(&w->server);
		caps.mechs = SMTP_MECH_PLAIN;
		ATF_REQUIRE_EQ(0, smtp_caps_put(&w->replies, &caps, "mx"));
		return;
	case SMTP_HELO:
		s_event(w, SMTP_EV_HELO);
		break;
	case SMTP_STARTTLS:
		s_reply(w, 220, "go");
		s_event(w, SMTP_EV_TLS);
		ATF_REQUIRE_EQ(0, w->in.len);	/* nothing behind it */
		return;
	case SMTP_AUTH:
		s_event(w, SMTP_EV_AUTH);
		s_event(w, SMTP_EV_AUTH_OK);
		s_reply(w, 235, "ok");
		return;
	case SMTP_MAIL:
		s_event(w, SMTP_EV_MAIL);
		ATF_REQUIRE(smtp_path_canon(&c.path, addr, sizeof(addr)) > 0);
		ATF_REQUIRE_EQ(1, sscanf(addr, "s%d@y", &w->cur));
		w->naccepted = 0;
		buf_free(&w->got);
		break;
	case SMTP_RCPT:
		s_event(w, SMTP_EV_RCPT);
		ATF_REQUIRE(smtp_path_canon(&c.path, addr, sizeof(addr)) > 0);
		ATF_REQUIRE_EQ(2, sscanf(addr, "r%d.%d@x", &t, &r));
		ATF_REQUIRE_EQ(w->cur, t);
		if (fault(w)) {
			s_event(w, SMTP_EV_RCPT_NO);
			s_reply(w, 550, "5.1.1 no");
			return;
		}
		s_event(w, SMTP_EV_RCPT_OK);
		w->accepted[w->naccepted++] = r;
		break;
	case SMTP_DATA:
		s_event(w, SMTP_EV_DATA);
		smtp_dot_init(&w->dot, SMTP_DOT_DATA, 0, 0);
		s_reply(w, 354, "go");
		return;
	case SMTP_BDAT:
		ATF_REQUIRE(c.last);
		w->chunk = c.bytes;
		smtp_dot_init(&w->dot, SMTP_DOT_PLAIN, 0, 0);
		s_event(w, SMTP_EV_CHUNK);
		return;
	case SMTP_RSET:
		s_event(w, SMTP_EV_RSET);
		break;
	case SMTP_QUIT:
		s_reply(w, 221, "bye");
		w->closed = 1;
		return;
	default:
		atf_tc_fail("%s?", smtp_verb_name(c.verb));
	}
	s_reply(w, 250, "ok");
}

/* Take something off the server's input; 0 when there is nothing to do. */
static int
s_run(struct world *w)
{
	struct iovec	 iov[2];
	struct span	 line;
	enum codec	 codec;
	size_t		 used, len;
	char		*copy;
	int		 n = 2, i;

	if (w->in.len == 0 || w->closed)
		return 0;
	len = w->in.len;
	if (w->skip > 0) {
		if (len > w->skip)
			len = (size_t)w->skip;
		buf_drain(&w->in, len);
		w->skip -= len;
		return 1;
	}
	if (w->server.phase == SMTP_PHASE_DATA ||
	    w->server.phase == SMTP_PHASE_BDAT) {
		if (w->server.phase == SMTP_PHASE_BDAT && len > w->chunk)
			len = (size_t)w->chunk;
		codec = smtp_dot_decode(&w->dot, buf_ptr(&w->in), len, &used,
		    iov, &n);
		for (i = 0; i < n; i++)
			ATF_REQUIRE_EQ(0, buf_add(&w->got, iov[i].iov_base,
			    iov[i].iov_len));
		buf_drain(&w->in, used);
		if (w->server.phase == SMTP_PHASE_BDAT) {
			w->chunk -= used;
			if (w->chunk == 0)
				s_end(w, 1);
		} else if (codec != CODEC_MORE) {
			ATF_REQUIRE_EQ(CODEC_DONE, codec);
			s_end(w, 1);
		}
		return 1;
	}
	codec = smtp_line_get(&w->line, SMTP_LINE_COMMAND,
	    (char *)buf_ptr(&w->in), w->in.len, &line, &used);
	if (codec == CODEC_MORE)
		return 0;
	ATF_REQUIRE_EQ(CODEC_DONE, codec);
	copy = strndup(line.p, line.len);
	ATF_REQUIRE(copy != NULL);
	buf_drain(&w->in, used);
	s_command(w, span_of(copy));
	free(copy);
	return 1;
}

static void
c_body(struct world *w)
{
	struct smtp_trans	*t;
	struct smtp_dotenc	 e;
	char			 out[256];
	const char		*body;
	size_t			 n, used;
	int			 plain;

	t = smtp_client_body(&w->client, &plain);
	ATF_REQUIRE(t != NULL);
	body = w->body[t - w->trans];
	if (plain)
		ATF_REQUIRE_EQ(0, buf_addstr(&w->in, body));
	else {
		smtp_dotenc_init(&e, 0);
		n = smtp_dotenc_add(&e, out, sizeof(out), body, strlen(body),
		    &used);
		ATF_REQUIRE_EQ(strlen(body), used);
		ATF_REQUIRE_EQ(0, buf_add(&w->in, out, n));
		n = smtp_dotenc_end(&e, out);
		ATF_REQUIRE_EQ(0, buf_add(&w->in, out, n));
	}
	smtp_client_body_done(&w->client);
}

static void
world_init(struct world *w, unsigned int seed, struct smtp_client_opts *o)
{
	static const char *const bodies[] = { "a\r\n", ".\r\n", "..\r\n.\r\n",
	    "From: x\r\n\r\nhello\r\n.world\r\n" };
	uint32_t	 caps;
	size_t		 i, k;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->faults = (int[]){ 0, 3, 10, 30 }[rnd(w, 4)];
	buf_init(&w->in, 1 << 20);
	buf_init(&w->replies, 1 << 20);
	buf_init(&w->got, 1 << 20);
	caps = rnd(w, 0x1000) & ~(uint32_t)SMTP_CAP_BINARYMIME;
	o->lmtp = rnd(w, 4) == 0;
	o->tls = (uint8_t)rnd(w, 2);
	o->auth = rnd(w, 4) == 0;
	o->window = (uint8_t)rnd(w, 5);
	o->eager = rnd(w, 2) * 20;
	if (o->auth)
		caps |= SMTP_CAP_AUTH;
	smtp_server_init(&w->server, o->lmtp ? SMTP_KIND_LMTP : SMTP_KIND_MX,
	    caps, 0);
	smtp_client_init(&w->client, o, &w_ops, w);
	for (i = 0; i < NTRANS; i++) {
		strlcpy(w->body[i], bodies[rnd(w, 4)], sizeof(w->body[i]));
		w->trans[i].from = "";
		w->trans[i].rcpts = w->rcpts[i];
		w->trans[i].nrcpts = 1 + rnd(w, NRCPT);
		if (rnd(w, 3) != 0)
			w->trans[i].size = strlen(w->body[i]);
		for (k = 0; k < w->trans[i].nrcpts; k++) {
			snprintf(w->addr[i][k], sizeof(w->addr[i][k]),
			    "r%zu.%zu@x", i, k);
			w->rcpts[i][k].addr = w->addr[i][k];
		}
	}
	s_reply(w, 220, "mx");
}

/* Give the client one reply, if there is one. */
static int
c_hear(struct world *w, struct smtp_reply_parser *rp)
{
	struct smtp_reply	 r;
	size_t			 used;
	enum codec		 codec;

	codec = smtp_reply_parse(rp, (char *)buf_ptr(&w->replies),
	    w->replies.len, &used, &r);
	if (codec == CODEC_DONE)
		smtp_client_reply(&w->client, &r);
	else
		ATF_REQUIRE_EQ(CODEC_MORE, codec);
	buf_drain(&w->replies, used);
	return codec == CODEC_DONE;
}

static void
world_run(struct world *w, struct smtp_reply_parser *rp)
{
	static char	 from[NTRANS][32];
	enum smtp_want	 want;
	int		 steps, idle = 0;

	for (steps = 0; steps < 10000; steps++) {
		want = smtp_client_next(&w->client, &w->in);
		if (w->faults != 0 && rnd(w, 300) == 0)
			smtp_client_lost(&w->client, NULL);
		switch (want) {
		case SMTP_WANT_CLOSE:
			return;
		case SMTP_WANT_TLS:
			smtp_client_tls_done(&w->client);
			continue;
		case SMTP_WANT_AUTH:
			smtp_client_auth(&w->client, &w->in, SMTP_MECH_PLAIN,
			    "x", 1);
			continue;
		case SMTP_WANT_BODY:
			if (w->client.phase == 0 || smtp_client_body(
			    &w->client, &(int){ 0 }) == NULL)
				continue;	/* lost just now */
			c_body(w);
			continue;
		case SMTP_WANT_MAIL:
			if (w->next == NTRANS)
				smtp_client_quit(&w->client);
			else if (idle || rnd(w, 2) == 0) {
				snprintf(from[w->next], sizeof(from[0]),
				    "s%d@y", w->next);
				w->trans[w->next].from = from[w->next];
				smtp_client_mail(&w->client,
				    &w->trans[w->next++]);
				idle = 0;
				continue;
			}
			break;
		default:
			break;
		}
		/* In any order that a network could bring. */
		idle = 0;
		if (rnd(w, 2) == 0 ? s_run(w) : c_hear(w, rp))
			continue;
		if (s_run(w) || (w->replies.len > 0 && c_hear(w, rp)))
			continue;
		if (w->closed && w->replies.len == 0) {
			smtp_client_lost(&w->client, NULL);
			continue;
		}
		ATF_REQUIRE_MSG(want == SMTP_WANT_MAIL,
		    "both wait: want %d phase %d", want, w->server.phase);
		idle = 1;
	}
	atf_tc_fail("no end");
}

ATF_TC(conversations);
ATF_TC_HEAD(conversations, tc)
{
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(conversations, tc)
{
	static struct world		 w;
	struct smtp_client_opts		 o = { .helo = "me" };
	struct smtp_reply_parser	 rp;
	unsigned int			 seed, all = 0;
	int				 i;
	size_t				 k;

	for (seed = 1; seed <= 20000; seed++) {
		world_init(&w, seed * 7919, &o);
		smtp_reply_init(&rp);
		world_run(&w, &rp);
		for (i = 0; i < w.next; i++) {
			ATF_REQUIRE_EQ_MSG(1, w.done[i], "seed %u", seed);
			for (k = 0; k < w.trans[i].nrcpts; k++) {
				/* never more than once, never for nothing */
				ATF_REQUIRE(w.delivered[i][k] <= 1);
				if (w.result[i][k] / 100 == 2)
					ATF_REQUIRE_EQ(1, w.delivered[i][k]);
				else if (w.delivered[i][k])
					ATF_REQUIRE_EQ_MSG(SMTP_STAGE_END,
					    w.stage[i][k], "seed %u", seed);
				all += (unsigned int)w.delivered[i][k];
			}
		}
		if (w.faults == 0 && w.client.opts.auth == 0)
			ATF_REQUIRE_EQ(NTRANS, w.next);
		smtp_reply_free(&rp);
		buf_free(&w.in);
		buf_free(&w.replies);
		buf_free(&w.got);
	}
	ATF_CHECK_MSG(all > 50000, "%u", all);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pipelined);
	ATF_TP_ADD_TC(tp, one_by_one);
	ATF_TP_ADD_TC(tp, nobody);
	ATF_TP_ADD_TC(tp, chunking);
	ATF_TP_ADD_TC(tp, lmtp);
	ATF_TP_ADD_TC(tp, tls_auth);
	ATF_TP_ADD_TC(tp, conversations);
	return atf_no_error();
}
