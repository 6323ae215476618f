/* pop3_command: what is good, what is not, and what is taken from it. */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libpop3/pop3_command.h"

static const struct {
	const char	*line;
	int		 verb;
	int		 good;
	const char	*text;		/* or NULL */
	int64_t		 number;	/* -1: none */
	uint32_t	 lines;
	const char	*mech, *initial;
} lines[] = {
	{ "CAPA", POP3_CAPA, 1, NULL, -1, 0, NULL, NULL },
	{ "capa ", POP3_CAPA, 1, NULL, -1, 0, NULL, NULL },
	{ "CAPA x", POP3_CAPA, 0, NULL, -1, 0, NULL, NULL },
	{ "STAT", POP3_STAT, 1, NULL, -1, 0, NULL, NULL },
	{ "QUIT now", POP3_QUIT, 0, NULL, -1, 0, NULL, NULL },
	{ "LIST", POP3_LIST, 1, NULL, -1, 0, NULL, NULL },
	{ "LIST ", POP3_LIST, 1, NULL, -1, 0, NULL, NULL },
	{ "LIST 0", POP3_LIST, 1, NULL, 0, 0, NULL, NULL },
	{ "LIST 12", POP3_LIST, 1, NULL, 12, 0, NULL, NULL },
	{ "LIST 12 ", POP3_LIST, 1, NULL, 12, 0, NULL, NULL },
	{ "LIST 12 3", POP3_LIST, 0, NULL, 12, 0, NULL, NULL },
	{ "LIST -1", POP3_LIST, 0, NULL, -1, 0, NULL, NULL },
	{ "LIST 1x", POP3_LIST, 0, NULL, -1, 0, NULL, NULL },
	{ "UIDL 00000000000000000007", POP3_UIDL, 1, NULL, 7, 0, NULL,
	    NULL },
	{ "RETR 4294967296", POP3_RETR, 1, NULL, UINT32_MAX, 0, NULL, NULL },
	{ "RETR 99999999999999999999999999999999", POP3_RETR, 1, NULL,
	    UINT32_MAX, 0, NULL, NULL },
	{ "RETR", POP3_RETR, 0, NULL, -1, 0, NULL, NULL },
	{ "DELE ", POP3_DELE, 0, NULL, -1, 0, NULL, NULL },
	{ "TOP 1 0", POP3_TOP, 1, NULL, 1, 0, NULL, NULL },
	{ "tOp 2   33 ", POP3_TOP, 1, NULL, 2, 33, NULL, NULL },
	{ "TOP 1", POP3_TOP, 0, NULL, 1, 0, NULL, NULL },
	{ "TOP", POP3_TOP, 0, NULL, -1, 0, NULL, NULL },
	{ "TOP 1 2 3", POP3_TOP, 0, NULL, 1, 2, NULL, NULL },
	{ "TOP 1 -2", POP3_TOP, 0, NULL, 1, 0, NULL, NULL },
	{ "USER you@example.test", POP3_USER, 1, "you@example.test", -1, 0,
	    NULL, NULL },
	{ "USER \303\274 x", POP3_USER, 1, "\303\274 x", -1, 0, NULL, NULL },
	{ "USER", POP3_USER, 0, NULL, -1, 0, NULL, NULL },
	{ "USER ", POP3_USER, 0, NULL, -1, 0, NULL, NULL },
	/* Spaces are part of a password. */
	{ "PASS a b ", POP3_PASS, 1, "a b ", -1, 0, NULL, NULL },
	{ "PASS  x", POP3_PASS, 1, " x", -1, 0, NULL, NULL },
	{ "LANG", POP3_LANG, 1, NULL, -1, 0, NULL, NULL },
	{ "LANG *", POP3_LANG, 1, "*", -1, 0, NULL, NULL },
	{ "LANG de fr", POP3_LANG, 0, "de", -1, 0, NULL, NULL },
	{ "AUTH", POP3_AUTH, 1, NULL, -1, 0, NULL, NULL },
	{ "AUTH plain", POP3_AUTH, 1, NULL, -1, 0, "plain", NULL },
	{ "AUTH PLAIN =", POP3_AUTH, 1, NULL, -1, 0, "PLAIN", "=" },
	{ "AUTH SCRAM-SHA-256 bixh", POP3_AUTH, 1, NULL, -1, 0,
	    "SCRAM-SHA-256", "bixh" },
	{ "AUTH PLAIN a b", POP3_AUTH, 0, NULL, -1, 0, "PLAIN", "a" },
	{ "AUTH a/b", POP3_AUTH, 0, NULL, -1, 0, NULL, NULL },
	{ "AUTH ABCDEFGHIJKLMNOPQRSTU", POP3_AUTH, 0, NULL, -1, 0, NULL,
	    NULL },
	{ "APOP you 0123", POP3_APOP, 1, "you 0123", -1, 0, NULL, NULL },
	{ "UTF8", POP3_UTF8, 1, NULL, -1, 0, NULL, NULL },
	{ "", POP3_UNKNOWN, 0, NULL, -1, 0, NULL, NULL },
	{ " QUIT", POP3_UNKNOWN, 0, NULL, -1, 0, NULL, NULL },
	{ "STATS", POP3_UNKNOWN, 0, NULL, -1, 0, NULL, NULL },
	{ "GET / HTTP/1.1", POP3_UNKNOWN, 0, NULL, -1, 0, NULL, NULL },
	{ "\026\003\001", POP3_UNKNOWN, 0, NULL, -1, 0, NULL, NULL },
};

static void
check_span(const char *line, struct span s, const char *want)
{
	if (want == NULL)
		ATF_CHECK_MSG(s.p == NULL, "%s", line);
	else
		ATF_CHECK_MSG(span_eq(s, span_of(want)), "%s: %.*s", line,
		    (int)s.len, s.p);
}

ATF_TC_WITHOUT_HEAD(parse);
ATF_TC_BODY(parse, tc)
{
	struct pop3_command	 c;
	struct span		 line;
	const char		*why;
	size_t			 i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* Of just that size: nothing behind it is looked at. */
		line.len = strlen(lines[i].line);
		line.p = malloc(line.len + 1);
		ATF_REQUIRE(line.p != NULL);
		memcpy((void *)(uintptr_t)line.p, lines[i].line, line.len);
		why = pop3_command_parse(&c, line);
		ATF_CHECK_EQ_MSG(lines[i].verb, (int)c.verb, "%s",
		    lines[i].line);
		ATF_CHECK_MSG((why == NULL) == lines[i].good, "%s: %s",
		    lines[i].line, why == NULL ? "good" : why);
		check_span(lines[i].line, c.text, lines[i].text);
		check_span(lines[i].line, c.mech, lines[i].mech);
		check_span(lines[i].line, c.initial, lines[i].initial);
		ATF_CHECK_EQ_MSG(lines[i].number,
		    c.has_number ? (int64_t)c.number : -1, "%s",
		    lines[i].line);
		ATF_CHECK_EQ(lines[i].lines, c.lines);
		free((void *)(uintptr_t)line.p);
	}
	ATF_CHECK_STREQ("RETR", pop3_verb_name(POP3_RETR));
	ATF_CHECK_STREQ("?", pop3_verb_name(POP3_UNKNOWN));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parse);
	return atf_no_error();
}
