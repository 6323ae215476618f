#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define HELLO	">220 mx.example ESMTP\n<EHLO me.example\n"
#define PLAIN	HELLO ">250 mx.example\n"
#define PIPE	HELLO ">250-mx.example\n>250 PIPELINING\n"
#define TALK(rcpt)							\
	"<MAIL FROM:<sender@me.example>\n>250 ok\n<RCPT TO:<" rcpt ">\n"\
	">250 ok\n<DATA\n>354 go\n.\n>250 2.0.0 taken\n"
#define BODY	"Subject: x\r\n\r\n.dot\r\nend\r\n"

static const char *
bodies(void)
{
	static char	 text[65536];
	FILE		*f;
	size_t		 n;

	if ((f = fopen("bodies", "r")) == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

ATF_TC_WITHOUT_HEAD(simple);
ATF_TC_BODY(simple, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(PLAIN TALK("a@x.example")
	    "<QUIT\n>221 bye\n"));
	harness_message(1, "a@x.example", "Received: here\r\n", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n", harness_said);
	ATF_CHECK_STREQ("Received: here\nSubject: x\n\n..dot\nend\n.\n",
	    bodies());
	harness_idle(5000);	/* until it is idle for long enough */
	harness_server_end();
	ATF_CHECK_EQ(1, harness_mx);
	ATF_CHECK_EQ(1, harness_connections);
}

/* One connection for all; in each write the next one's envelope. */
ATF_TC_WITHOUT_HEAD(pipelining);
ATF_TC_BODY(pipelining, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(PIPE
	    "<MAIL FROM:<sender@me.example>\n<RCPT TO:<a@x.example>\n<DATA\n"
	    ">250 ok\n>250 ok\n>354 go\n.\n"
	    "<MAIL\n<RCPT TO:<b@x.example>\n<RCPT TO:<c@x.example>\n<DATA\n"
	    ">250 one\n>250 ok\n>250 ok\n>550 5.1.1 no c\n>354 go\n.\n"
	    "<MAIL\n<RCPT TO:<d@x.example>\n<DATA\n"
	    ">250 two\n>250 ok\n>550 5.1.1 no d\n>554 nobody\n<RSET\n"
	    ">250 ok\ng\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_message(2, "b@x.example c@x.example", "", BODY, 0);
	harness_message(3, "d@x.example", "", BODY, 0);
	harness_run(3);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 one\n"
	    "2/1 perm 550 5.1.1 no c\n2/0 ok 250 2.0.0 two\n"
	    "3/0 perm 550 5.1.1 no d\n", harness_said);
	harness_server_end();
	ATF_CHECK_EQ(1, harness_connections);
}

/* BDAT: nothing waits for anything. */
ATF_TC_WITHOUT_HEAD(chunking);
ATF_TC_BODY(chunking, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(HELLO
	    ">250-mx.example\n>250-PIPELINING\n>250-8BITMIME\n"
	    ">250-SIZE 1000\n>250 CHUNKING\n"
	    "<MAIL FROM:<sender@me.example> SIZE=25 BODY=8BITMIME\n<RCPT\n"
	    "<BDAT 25 LAST\n#25\n<RSET\n"
	    "<MAIL FROM:<sender@me.example> SIZE=25\n<RCPT\n"
	    "<BDAT 25 LAST\n#25\n<RSET\n"
	    ">250 ok\n>250 ok\n>250 one\n>250 ok\n"
	    ">250 ok\n>250 ok\n>250 two\n>250 ok\ng\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "a@x.example", "", BODY, ENV_8BIT);
	harness_message(2, "b@x.example", "", BODY, 0);
	harness_run(2);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 one\n2/0 ok 250 2.0.0 two\n",
	    harness_said);
	ATF_CHECK(strstr(bodies(), "\r\n.dot\r\nend\r\nSubject") != NULL);
	harness_server_end();
}

/* What the server cannot take. */
ATF_TC_WITHOUT_HEAD(downgrade);
ATF_TC_BODY(downgrade, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(HELLO
	    ">250-mx.example\n>250 SIZE 30\n"
	    "<MAIL FROM:<sender@me.example> SIZE=25\n"
	    ">452 4.3.1 full\ng\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "jörg@x.example", "", BODY, ENV_UTF8);
	harness_message(2, "a@x.example", "More: bytes\r\n", BODY, 0);
	harness_message(3, "a@x.example", "", BODY, ENV_REQUIRETLS);
	harness_message(4, "a@x.example", "", BODY, ENV_8BIT);
	harness_run(4);
	ATF_CHECK_STREQ(
	    "1/0 perm 550 5.6.7 The message needs SMTPUTF8, which the server "
	    "does not offer\n"
	    "2/0 perm 552 5.3.4 The message is larger than the server takes\n"
	    "3/0 perm 550 5.7.30 The message needs REQUIRETLS, which the "
	    "server does not offer\n"
	    "4/0 temp 452 4.3.1 full\n", harness_said);
	harness_server_end();
}

/* Some recipients are too many at once; they follow at once. */
ATF_TC_WITHOUT_HEAD(too_many_rcpts);
ATF_TC_BODY(too_many_rcpts, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(PLAIN
	    "<MAIL\n>250 ok\n<RCPT TO:<a@\n>250 ok\n<RCPT TO:<b@\n"
	    ">452 4.5.3 too many\n<RCPT TO:<c@\n>452 4.5.3 too many\n<DATA\n"
	    ">354 go\n.\n>250 one\n"
	    "<MAIL\n>250 ok\n<RCPT TO:<b@\n>250 ok\n<RCPT TO:<c@\n"
	    ">550 5.1.1 no\n<DATA\n>354 go\n.\n>250 two\ng\n"));
	harness_message(1, "a@x.example b@x.example c@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 one\n1/2 perm 550 5.1.1 no\n"
	    "1/1 ok 250 2.0.0 two\n", harness_said);
	harness_server_end();
}

/* A host that is not there: the next one. */
ATF_TC_WITHOUT_HEAD(next_host);
ATF_TC_BODY(next_host, tc)
{
	unsigned	 port = harness_server(PLAIN TALK("a@x.example") "g\n");

	harness_init();
	/* All share a port: other addresses of loopback refuse. */
	harness_host_addr("a.example", "127.0.0.2", port);
	harness_host_addr("b.example", "127.0.0.3", port);
	harness_host("mx.example", port);
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n", harness_said);
	ATF_CHECK_EQ(3, harness_connections);
	harness_server_end();
}

ATF_TC_WITHOUT_HEAD(no_host);
ATF_TC_BODY(no_host, tc)
{
	harness_init();
	harness_host("mx.example", harness_dead_port());
	harness_message(1, "a@x.example b@x.example", "", BODY, 0);
	harness_message(2, "a@x.example", "", BODY, 0);
	harness_run(2);
	ATF_CHECK_EQ(3, harness_rcpts[RELAY_TEMP]);
	ATF_CHECK(strstr(harness_said, "1/0 temp 451 4.4.1 mx.example "
	    "[127.0.0.1]: Connection refused\n") != NULL);
	/* It is remembered. */
	ATF_CHECK_EQ(1, harness_connections);
	harness_message(3, "a@x.example", "", BODY, 0);
	harness_run(3);
	ATF_CHECK_EQ(1, harness_connections);
}

ATF_TC_WITHOUT_HEAD(dns);
ATF_TC_BODY(dns, tc)
{
	harness_init();
	harness_mx_status(MX_NONE, "no such domain");
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	harness_mx_status(MX_NULL, "domain does not accept mail");
	harness_message(2, "a@x.example", "", BODY, 0);
	harness_run(2);
	harness_mx_status(MX_TEMP, "DNS server failure");
	harness_message(3, "a@x.example", "", BODY, 0);
	harness_run(3);
	ATF_CHECK_STREQ("1/0 perm 550 5.4.4 no such domain\n"
	    "2/0 perm 556 5.1.10 domain does not accept mail\n"
	    "3/0 temp 451 4.4.3 DNS server failure\n", harness_said);
}

/* Where the connection breaks, and what becomes of the message then. */
static void
breaks(const char *script, const char *want, unsigned connections)
{
	harness_init();
	harness_host("mx.example", harness_server(script));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ(want, harness_said);
	ATF_CHECK_EQ(connections, harness_connections);
	harness_server_end();
}

#define BREAK(name, script, want, connections)				\
	ATF_TC_WITHOUT_HEAD(break_##name);				\
	ATF_TC_BODY(break_##name, tc)					\
	{								\
		breaks(script, want, connections);			\
	}

BREAK(connect, "x\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: closed the connection\n", 1)
BREAK(greeting, ">554 go away\ng\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: 554 go away\n", 1)
BREAK(greeting421, ">421 4.3.2 busy\ng\n",
    "1/0 temp 421 4.4.1 mx.example [127.0.0.1]: 421 4.3.2 busy\n", 1)
BREAK(garbage, ">HTTP/1.0 400 Bad Request\ng\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: does not speak SMTP\n", 1)
BREAK(ehlo, HELLO "x\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: closed the connection\n", 1)
BREAK(helo, HELLO ">500 what\n<HELO me.example\n>250 ok\n"
    TALK("a@x.example") "g\n", "1/0 ok 250 2.0.0 taken\n", 1)
/* It hangs up on the first message: that host is of no use just now. */
BREAK(mail, PLAIN "<MAIL\nx\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: closed the connection\n", 1)
BREAK(rcpt, PLAIN "<MAIL\n>250 ok\n<RCPT\nx\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: closed the connection\n", 1)
BREAK(data, PLAIN "<MAIL\n>250 ok\n<RCPT\n>250 ok\n<DATA\nx\n",
    "1/0 temp 451 4.4.1 mx.example [127.0.0.1]: closed the connection\n", 1)
/* It may have it: no second try by ourselves. */
BREAK(end, PLAIN "<MAIL\n>250 ok\n<RCPT\n>250 ok\n<DATA\n>354 go\n.\nx\n",
    "1/0 temp 451 4.4.2 mx.example: closed the connection\n", 1)
BREAK(mail421, PLAIN "<MAIL\n>421 4.7.0 later\ng\n",
    "1/0 temp 421 4.4.1 mx.example [127.0.0.1]: 421 4.7.0 later\n", 1)
BREAK(mail550, PLAIN "<MAIL\n>550 5.7.1 not you\ng\n",
    "1/0 perm 550 5.7.1 not you\n", 1)
BREAK(end451, PLAIN "<MAIL\n>250 ok\n<RCPT\n>250 ok\n<DATA\n>354 go\n.\n"
    ">451 4.7.1 greylisted\ng\n", "1/0 temp 451 4.7.1 greylisted\n", 1)
BREAK(end552, PLAIN "<MAIL\n>250 ok\n<RCPT\n>552 full\n<RSET\n>250 ok\ng\n",
    "1/0 temp 552 5.0.0 full\n", 1)

/* After a success the connection ends: the rest goes through another. */
ATF_TC_WITHOUT_HEAD(reconnect);
ATF_TC_BODY(reconnect, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(
	    PLAIN TALK("a@x.example") "<MAIL\n>421 4.7.0 enough\nx\na\n"
	    PLAIN TALK("b@x.example") "<MAIL\nx\na\n"
	    PLAIN TALK("c@x.example") "g\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_message(2, "b@x.example", "", BODY, 0);
	harness_message(3, "c@x.example", "", BODY, 0);
	harness_run(3);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n2/0 ok 250 2.0.0 taken\n"
	    "3/0 ok 250 2.0.0 taken\n", harness_said);
	ATF_CHECK_EQ(3, harness_connections);
	harness_server_end();
}

ATF_TC_WITHOUT_HEAD(starttls);
ATF_TC_BODY(starttls, tc)
{
	harness_init();
	harness_host("localhost", harness_server(HELLO
	    ">250-mx.example\n>250 STARTTLS\n<STARTTLS\n>220 go\nt\n"
	    "<EHLO me.example\n>250 mx.example\n" TALK("a@x.example")
	    "g\n"));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n", harness_said);
	harness_server_end();
}

/* The handshake fails: in the clear, on another connection. */
ATF_TC_WITHOUT_HEAD(starttls_fails);
ATF_TC_BODY(starttls_fails, tc)
{
	harness_init();
	harness_host("localhost", harness_server(HELLO
	    ">250-mx.example\n>250 STARTTLS\n<STARTTLS\n>220 go\n"
	    ">this is not TLS at all, or is it\nx\na\n" HELLO
	    ">250-mx.example\n>250 STARTTLS\n" TALK("a@x.example") "g\n"));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n", harness_said);
	ATF_CHECK_EQ(2, harness_connections);
	harness_server_end();
}

static struct conf_route	 route;

static void
smarthost(unsigned port)
{
	static char	 any[] = "*", host[] = "smart.example", user[] = "u",
			 password[] = "p";

	route.domain = any;
	route.host = host;
	route.port = (uint16_t)port;
	route.user = user;
	route.password = password;
	TAILQ_INSERT_TAIL(&harness_conf.routes, &route, entry);
	harness_host("smart.example", port);
}

ATF_TC_WITHOUT_HEAD(smarthost_auth);
ATF_TC_BODY(smarthost_auth, tc)
{
	harness_init();
	smarthost(harness_server(HELLO ">250-x\n>250 AUTH LOGIN PLAIN\n"
	    "<AUTH PLAIN AHUAcA==\n>235 ok\n" TALK("a@x.example")
	    TALK("b@y.example") "g\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_message(2, "b@y.example", "", BODY, 0);
	harness_run(2);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n2/0 ok 250 2.0.0 taken\n",
	    harness_said);
	ATF_CHECK_EQ(1, harness_mx);
	harness_server_end();
}

ATF_TC_WITHOUT_HEAD(smarthost_login);
ATF_TC_BODY(smarthost_login, tc)
{
	harness_init();
	smarthost(harness_server(HELLO ">250-x\n>250 AUTH LOGIN\n"
	    "<AUTH LOGIN\n>334 VXNlcm5hbWU6\n<dQ==\n>334 UGFzc3dvcmQ6\n"
	    "<cA==\n>535 5.7.8 no\ng\n"));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 temp 451 4.4.1 smart.example [127.0.0.1]: 535 "
	    "5.7.8 no\n", harness_said);
	harness_server_end();
}

/* TLS is required and not to be had. */
ATF_TC_WITHOUT_HEAD(smarthost_tls);
ATF_TC_BODY(smarthost_tls, tc)
{
	harness_init();
	route.require_tls = 1;
	smarthost(harness_server(HELLO ">250-x\n>250 AUTH LOGIN\ng\n"));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 temp 451 4.4.1 smart.example [127.0.0.1]: offers "
	    "no TLS or no AUTH that we need\n", harness_said);
	harness_server_end();
}

/* And an untrusted certificate is none, where it is required. */
ATF_TC_WITHOUT_HEAD(smarthost_untrusted);
ATF_TC_BODY(smarthost_untrusted, tc)
{
	harness_init();
	route.require_tls = 1;
	smarthost(harness_server(HELLO ">250-x\n>250 STARTTLS\n<STARTTLS\n"
	    ">220 go\nt\ng\n"));
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_run(1);
	ATF_CHECK_EQ(1, harness_rcpts[RELAY_TEMP]);
	ATF_CHECK_MSG(strstr(harness_said, "certificate") != NULL, "%s",
	    harness_said);
	harness_server_end();
}

/* The body is shorter than queue said. */
ATF_TC_WITHOUT_HEAD(unreadable);
ATF_TC_BODY(unreadable, tc)
{
	int	 fd;

	harness_init();
	harness_host("mx.example", harness_server(PLAIN
	    "<MAIL\n>250 ok\n<RCPT\n>250 ok\n<DATA\n>354 go\ng\n"));
	ATF_REQUIRE((fd = memfd_create("x", 0)) != -1);
	ATF_REQUIRE_EQ(3, write(fd, "a\r\n", 3));
	harness_message_fd(1, "a@x.example", fd, 100);
	harness_run(1);
	ATF_CHECK_STREQ("1/0 temp 451 4.3.0 message cannot be read just now\n",
	    harness_said);
	harness_server_end();
}

ATF_TC_WITHOUT_HEAD(queue_gone);
ATF_TC_BODY(queue_gone, tc)
{
	harness_init();
	harness_host("mx.example", harness_server(PLAIN "<MAIL\ng\n"));
	harness_conf.limits.relay_connections = 1;
	harness_message(1, "a@x.example", "", BODY, 0);
	harness_message(2, "b@x.example", "", BODY, 0);
	harness_idle(500);
	harness_peer_gone(PROC_QUEUE);
	harness_idle(200);
	harness_server_end();
	ATF_CHECK_EQ(0, harness_done);
	ATF_CHECK_STREQ("", harness_said);
}

/* Large bodies, over and over, through a slow reader. */
ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	static char	 line[] = "....................................."
			    "........................................\r\n";
	size_t		 i, n = 300000;
	int		 fd;

	harness_init();
	harness_host("mx.example", harness_server(PLAIN TALK("a@x.example")
	    "g\n"));
	ATF_REQUIRE((fd = memfd_create("x", 0)) != -1);
	for (i = 0; i < n; i++)
		ATF_REQUIRE(write(fd, line, sizeof(line) - 1) > 0);
	harness_message_fd(1, "a@x.example", fd, n * (sizeof(line) - 1));
	harness_run(1);
	ATF_CHECK_STREQ("1/0 ok 250 2.0.0 taken\n", harness_said);
	harness_server_end();
}

/* It is there when it lets us in. */
static void
sink_wait(unsigned port)
{
	struct sockaddr_in	 sin;
	int			 fd, i, ret = -1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 1000 && ret == -1; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		ret = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
		close(fd);
		if (ret == -1)
			usleep(10000);
	}
	ATF_REQUIRE_EQ(0, ret);
}

/* Against Postfix's sink: all arrive, through several connections. */
ATF_TC(sink);
ATF_TC_HEAD(sink, tc)
{
	atf_tc_set_md_var(tc, "require.progs", "/usr/sbin/smtp-sink");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(sink, tc)
{
	char		 rcpt[64], port[32];
	unsigned	 p = harness_dead_port(), i, n = 5000;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		snprintf(port, sizeof(port), "127.0.0.1:%u", p);
		execl("/usr/sbin/smtp-sink", "smtp-sink", "-u", "nobody", port,
		    "100", NULL);
		_exit(1);
	}
	harness_init();
	harness_host("mx.example", p);
	sink_wait(p);
	for (i = 0; i < n; i += 1000) {
		unsigned	 j;

		for (j = i; j < i + 1000; j++) {
			snprintf(rcpt, sizeof(rcpt), "u%u@x.example", j);
			harness_message(100000 + j, rcpt, "X: y\r\n", BODY, 0);
		}
		harness_run(i + 1000);
	}
	ATF_CHECK_EQ(n, harness_rcpts[RELAY_OK]);
	ATF_CHECK(harness_connections <= 25);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, simple);
	ATF_TP_ADD_TC(tp, pipelining);
	ATF_TP_ADD_TC(tp, chunking);
	ATF_TP_ADD_TC(tp, downgrade);
	ATF_TP_ADD_TC(tp, too_many_rcpts);
	ATF_TP_ADD_TC(tp, next_host);
	ATF_TP_ADD_TC(tp, no_host);
	ATF_TP_ADD_TC(tp, dns);
	ATF_TP_ADD_TC(tp, break_connect);
	ATF_TP_ADD_TC(tp, break_greeting);
	ATF_TP_ADD_TC(tp, break_greeting421);
	ATF_TP_ADD_TC(tp, break_garbage);
	ATF_TP_ADD_TC(tp, break_ehlo);
	ATF_TP_ADD_TC(tp, break_helo);
	ATF_TP_ADD_TC(tp, break_mail);
	ATF_TP_ADD_TC(tp, break_rcpt);
	ATF_TP_ADD_TC(tp, break_data);
	ATF_TP_ADD_TC(tp, break_end);
	ATF_TP_ADD_TC(tp, break_mail421);
	ATF_TP_ADD_TC(tp, break_mail550);
	ATF_TP_ADD_TC(tp, break_end451);
	ATF_TP_ADD_TC(tp, break_end552);
	ATF_TP_ADD_TC(tp, reconnect);
	ATF_TP_ADD_TC(tp, starttls);
	ATF_TP_ADD_TC(tp, starttls_fails);
	ATF_TP_ADD_TC(tp, smarthost_auth);
	ATF_TP_ADD_TC(tp, smarthost_login);
	ATF_TP_ADD_TC(tp, smarthost_tls);
	ATF_TP_ADD_TC(tp, smarthost_untrusted);
	ATF_TP_ADD_TC(tp, unreadable);
	ATF_TP_ADD_TC(tp, queue_gone);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, sink);
	return atf_no_error();
}
