/* Against a real server: unbound with data of its own on a loopback port. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "dns.h"
#include "mx.h"
#include "proc.h"
#include "ptr.h"

static const char zones[] =
    "server:\n"
    " interface: 127.0.0.1@%u\n do-daemonize: no\n chroot: \"\"\n"
    " directory: \".\"\n username: \"\"\n pidfile: \"\"\n use-syslog: no\n"
    " logfile: \"\"\n verbosity: 1\n module-config: iterator\n"
    " do-not-query-localhost: no\n"
    " local-zone: \"example.\" static\n"
    " local-zone: \"2.0.192.in-addr.arpa.\" static\n"
    " local-zone: \"8.b.d.0.1.0.0.2.ip6.arpa.\" static\n"
    " local-zone: \"broken.\" always_refuse\n"
    " local-data: \"two.example. MX 20 b.example.\"\n"
    " local-data: \"two.example. MX 10 a.example.\"\n"
    " local-data: \"a.example. A 192.0.2.1\"\n"
    " local-data: \"a.example. AAAA 2001:db8::1\"\n"
    " local-data: \"b.example. A 192.0.2.3\"\n"
    " local-data: \"null.example. MX 0 .\"\n"
    " local-data: \"bare.example. A 192.0.2.4\"\n"
    " local-data: \"text.example. TXT x\"\n"
    " local-data: \"nohost.example. MX 10 missing.example.\"\n"
    " local-data: \"loop.example. MX 10 a.example.\"\n"
    " local-data: \"loop.example. MX 20 me.example.\"\n"
    " local-data: \"loop.example. MX 20 b.example.\"\n"
    " local-data: \"loop.example. MX 30 b.example.\"\n"
    " local-data: \"only.example. MX 20 ME.example.\"\n"
    " local-data: \"half.example. MX 10 x.broken.\"\n"
    " local-data: \"half.example. MX 20 b.example.\"\n"
    " local-data: \"xn--mnchen-3ya.example. MX 10 b.example.\"\n"
    " local-data: \"1.2.0.192.in-addr.arpa. PTR wrong.example.\"\n"
    " local-data: \"1.2.0.192.in-addr.arpa. PTR a.example.\"\n"
    " local-data: \"3.2.0.192.in-addr.arpa. PTR a.example.\"\n"
    " local-data: \"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
    "8.b.d.0.1.0.0.2.ip6.arpa. PTR a.example.\"\n"
    "forward-zone:\n name: .\n forward-addr: 127.0.0.1@1\n"
    "remote-control:\n control-enable: no\n";

static pid_t		 server;
static char		 result[1024];
static unsigned		 answers;

static unsigned
free_port(void)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ATF_REQUIRE(fd != -1 && bind(fd, (struct sockaddr *)&sin,
	    sizeof(sin)) == 0 && getsockname(fd, (struct sockaddr *)&sin,
	    &len) == 0);
	close(fd);
	return ntohs(sin.sin_port);
}

static void
stop(void)
{
	if (server > 0)
		kill(server, SIGTERM);
}

/* Started when its log says so. */
static void
start(struct conf *conf)
{
	char	 line[512], err[128];
	FILE	*f;
	int	 p[2];

	memset(conf, 0, sizeof(*conf));
	conf->dns_port = (uint16_t)free_port();
	conf->dns_insecure = 1;
	ATF_REQUIRE((conf->dns_server = strdup("127.0.0.1")) != NULL);
	ATF_REQUIRE((f = fopen("unbound.conf", "w")) != NULL);
	fprintf(f, zones, conf->dns_port);
	fclose(f);
	ATF_REQUIRE_EQ(0, pipe(p));
	if ((server = fork()) == 0) {
		dup2(p[1], STDERR_FILENO);
		dup2(p[1], STDOUT_FILENO);
		close(p[0]);
		execlp("unbound", "unbound", "-d", "-p", "-c", "unbound.conf",
		    NULL);
		execl("/usr/sbin/unbound", "unbound", "-d", "-p", "-c",
		    "unbound.conf", NULL);
		_exit(1);
	}
	atexit(stop);
	close(p[1]);
	ATF_REQUIRE((f = fdopen(p[0], "r")) != NULL);
	for (;;) {
		if (fgets(line, sizeof(line), f) == NULL)
			atf_tc_fail("unbound did not start: %s", line);
		if (strstr(line, "start of service") != NULL)
			break;
	}
	dns_init();
	ptr_init();
	if (dns_conf_check(conf, err, sizeof(err)) == -1)
		atf_tc_fail("%s", err);
	dns_conf_use();
}

static void
turns(unsigned until)
{
	uint64_t	 limit = proc_now_ms() + 20000;
	struct timeval	 tv;

	dns_turn();
	while (answers < until && proc_now_ms() < limit) {
		tv = (struct timeval){ 0, 100000 };
		event_base_loopexit(proc_base(), &tv);
		event_base_loop(proc_base(), EVLOOP_ONCE);
		dns_turn();
	}
	ATF_CHECK_EQ(until, answers);
}

static void
got_mx(const struct mx_answer *a, void *arg)
{
	char		 addr[ADDR_STRLEN];
	size_t		 n;
	unsigned	 i, j;

	answers++;
	n = (size_t)snprintf(result, sizeof(result), "%d", a->status);
	for (i = 0; i < a->nhosts; i++) {
		n += (size_t)snprintf(result + n, sizeof(result) - n, " %u:%s",
		    a->hosts[i].preference, a->hosts[i].name);
		for (j = 0; j < a->hosts[i].naddrs; j++)
			n += (size_t)snprintf(result + n, sizeof(result) - n,
			    "%c%s", j == 0 ? '=' : ',', addr_print(
			    &a->hosts[i].addrs[j], addr, sizeof(addr)));
	}
	if (a->nhosts == 0)
		snprintf(result + n, sizeof(result) - n, " %s", a->text);
}

static void
check_mx(const char *name, int host_only, const char *want)
{
	answers = 0;
	mx_ask(name, host_only, host_only ? NULL : "me.example", got_mx,
	    NULL);
	turns(1);
	ATF_CHECK_MSG(strcmp(want, result) == 0, "%s: %s, not %s", name,
	    result, want);
}

static void
got_ptr(const char *name, void *arg)
{
	answers++;
	strlcpy(result, name, sizeof(result));
}

static void
check_ptr(const char *addr, const char *want)
{
	struct addr	 a;

	answers = 0;
	ATF_REQUIRE_EQ(0, addr_parse(&a, addr));
	ptr_ask(&a, got_ptr, NULL);
	turns(1);
	ATF_CHECK_MSG(strcmp(want, result) == 0, "%s: %s, not %s", addr,
	    result, want);
	ATF_REQUIRE(ptr_cached(&a) != NULL);
	ATF_CHECK_STREQ(want, ptr_cached(&a));
}

ATF_TC(server);
ATF_TC_HEAD(server, tc)
{
	atf_tc_set_md_var(tc, "require.progs", "/usr/sbin/unbound");
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(server, tc)
{
	struct conf	 conf;
	int		 i;

	start(&conf);
	check_mx("Two.Example", 0, "0 10:a.example=2001:db8::1,192.0.2.1 "
	    "20:b.example=192.0.2.3");
	check_mx("null.example", 0, "2 domain does not accept mail");
	check_mx("bare.example", 0, "0 0:bare.example=192.0.2.4");
	check_mx("text.example", 0, "1 no address of its mail host");
	check_mx("nohost.example", 0, "1 no address of its mail host");
	check_mx("missing.example", 0, "1 no such domain");
	check_mx("loop.example", 0, "0 10:a.example=2001:db8::1,192.0.2.1");
	check_mx("only.example", 0, "1 mail for it loops back to us");
	check_mx("me.example", 0, "1 no such domain");
	check_mx("x.broken", 0, "3 DNS server failure");
	check_mx("half.example", 0, "0 20:b.example=192.0.2.3");
	check_mx("münchen.example", 0, "0 10:b.example=192.0.2.3");
	check_mx("no such", 0, "1 not a domain name");
	check_mx("[192.0.2.77]", 0, "0 0:192.0.2.77=192.0.2.77");
	check_mx("[IPv6:2001:db8::2]", 0, "0 0:2001:db8::2=2001:db8::2");
	check_mx("b.example", 1, "0 0:b.example=192.0.2.3");
	check_mx("192.0.2.5", 1, "0 0:192.0.2.5=192.0.2.5");
	check_mx("two.example", 1, "1 no address of its mail host");

	check_ptr("192.0.2.1", "a.example");
	check_ptr("192.0.2.3", "");
	check_ptr("192.0.2.9", "");
	check_ptr("2001:db8::1", "a.example");

	/* Many at once, of which the equal ones are asked once. */
	answers = 0;
	for (i = 0; i < 500; i++)
		mx_ask(i % 2 == 0 ? "two.example" : "bare.example", 0, NULL,
		    got_mx, NULL);
	ATF_CHECK(dns_pending() <= 2);
	turns(500);
	ATF_CHECK_EQ(0, dns_pending());

	/* A server that is gone is a temporary failure. */
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	server = 0;
	free(conf.dns_server);
}

static void
never(const struct dns_answer *a, void *arg)
{
	atf_tc_fail("called back");
}

/* Questions that are under way when the settings change are answered. */
ATF_TC_WITHOUT_HEAD(reload);
ATF_TC_BODY(reload, tc)
{
	static char	 here[] = "127.0.0.1";
	struct conf	 conf;
	char		 err[128];

	memset(&conf, 0, sizeof(conf));
	conf.dns_server = here;
	conf.dns_port = (uint16_t)free_port();
	conf.dns_insecure = 1;
	dns_init();
	ATF_REQUIRE_EQ(0, dns_conf_check(&conf, err, sizeof(err)));
	dns_conf_use();
	mx_ask("two.example", 0, NULL, got_mx, NULL);
	dns_cancel(dns_ask("one.example", DNS_A, never, NULL));
	/* The same settings change nothing. */
	ATF_REQUIRE_EQ(0, dns_conf_check(&conf, err, sizeof(err)));
	dns_conf_use();
	ATF_CHECK_EQ(2, dns_pending());
	conf.dns_insecure = 0;
	ATF_REQUIRE_EQ(0, dns_conf_check(&conf, err, sizeof(err)));
	dns_conf_drop();
	ATF_CHECK_EQ(2, dns_pending());
	ATF_REQUIRE_EQ(0, dns_conf_check(&conf, err, sizeof(err)));
	dns_conf_use();
	turns(1);
	ATF_CHECK_STREQ("3 DNS was configured anew", result);
	ATF_CHECK_EQ(0, dns_pending());
}

static void
parse(const char *pkt, size_t len, uint16_t type, int want, size_t wantn)
{
	struct dnspkt_rr	 rrs[4];
	unsigned		 rcode;
	uint8_t			*copy;
	size_t			 cut, n;

	for (cut = 0; cut <= len; cut++) {
		ATF_REQUIRE((copy = malloc(cut == 0 ? 1 : cut)) != NULL);
		memcpy(copy, pkt, cut);
		if (cut < len)
			ATF_CHECK_EQ(-1, dnspkt_parse(copy, cut, type, rrs, 4,
			    &n, &rcode));
		else {
			ATF_CHECK_EQ(want, dnspkt_parse(copy, cut, type, rrs,
			    4, &n, &rcode));
			ATF_CHECK_EQ(wantn, n);
		}
		free(copy);
	}
}

ATF_TC_WITHOUT_HEAD(packet);
ATF_TC_BODY(packet, tc)
{
	static const char mx[] =
	    "\0\1\x81\x80\0\1\0\1\0\0\0\0" "\1a\1B\0\0\17\0\1"
	    "\xc0\x0c\0\17\0\1\0\0\0\1\0\6\0\12\1c\xc0\x0e";
	static const char self[] =
	    "\0\1\x81\x80\0\1\0\1\0\0\0\0" "\xc0\x0c\0\17\0\1";

	parse(mx, sizeof(mx) - 1, DNS_MX, 0, 1);
	parse(mx, sizeof(mx) - 1, DNS_A, 0, 0);
	parse(self, sizeof(self) - 1, DNS_MX, -1, 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, packet);
	ATF_TP_ADD_TC(tp, server);
	ATF_TP_ADD_TC(tp, reload);
	return atf_no_error();
}
