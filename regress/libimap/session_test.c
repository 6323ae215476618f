/* States, sequence sets, dates, memory: the small things. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_command.h"
#include "libimap/imap_date.h"
#include "libimap/imap_state.h"

static struct imap_command *
command(const char *line)
{
	struct imap_command	*cmd;
	char			*copy;

	ATF_REQUIRE((cmd = imap_command_new(65536)) != NULL);
	ATF_REQUIRE((copy = imap_arena_alloc(&cmd->arena,
	    strlen(line) + 10)) != NULL);
	sprintf(copy, "a %s\r\n", line);
	ATF_REQUIRE_EQ_MSG(imap_command_parse(cmd, span_of(copy)),
	    CODEC_DONE, "%s: %s", line, cmd->why);
	return cmd;
}

static void
verdict(const struct imap_session_state *st, const char *line,
    enum imap_verdict want, const char *want_code)
{
	struct imap_command	*cmd = command(line);
	const char		*code, *why;
	enum imap_verdict	 got = imap_state_check(st, cmd, &code, &why);

	ATF_CHECK_EQ_MSG(got, want, "%s: %d", line, got);
	ATF_CHECK_STREQ_MSG(code == NULL ? "" : code, want_code, "%s", line);
	ATF_CHECK((got == IMAP_ALLOW) == (why == NULL));
	imap_command_free(cmd);
}

static void
done(struct imap_session_state *st, const char *line, enum imap_result r)
{
	struct imap_command	*cmd = command(line);

	imap_state_done(st, cmd, r);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(states);
ATF_TC_BODY(states, tc)
{
	struct imap_session_state	st;

	memset(&st, 0, sizeof(st));
	st.starttls = 1;
	verdict(&st, "NOOP", IMAP_ALLOW, "");
	verdict(&st, "SELECT x", IMAP_DENY_BAD, "");
	verdict(&st, "LOGIN a b", IMAP_DENY_NO, "PRIVACYREQUIRED");
	verdict(&st, "AUTHENTICATE PLAIN", IMAP_DENY_NO, "PRIVACYREQUIRED");
	verdict(&st, "STARTTLS", IMAP_ALLOW, "");
	done(&st, "STARTTLS", IMAP_RESULT_OK);
	verdict(&st, "STARTTLS", IMAP_DENY_BAD, "");
	verdict(&st, "LOGIN a b", IMAP_ALLOW, "");
	done(&st, "LOGIN a b", IMAP_RESULT_NO);
	ATF_CHECK_EQ(st.state, IMAP_STATE_NOAUTH);
	done(&st, "LOGIN a b", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.state, IMAP_STATE_AUTH);
	verdict(&st, "LOGIN a b", IMAP_DENY_BAD, "");
	verdict(&st, "FETCH 1 UID", IMAP_DENY_BAD, "");
	verdict(&st, "SELECT x (QRESYNC (1 2))", IMAP_DENY_BAD, "");
	done(&st, "ENABLE QRESYNC", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.enabled, IMAP_EN_QRESYNC | IMAP_EN_CONDSTORE);
	verdict(&st, "SELECT x (QRESYNC (1 2))", IMAP_ALLOW, "");
	done(&st, "SELECT x", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.state, IMAP_STATE_SELECTED);
	verdict(&st, "FETCH 1 UID", IMAP_ALLOW, "");
	verdict(&st, "STORE 1 FLAGS ()", IMAP_ALLOW, "");
	done(&st, "EXAMINE x", IMAP_RESULT_OK);
	verdict(&st, "STORE 1 FLAGS ()", IMAP_DENY_NO, "");
	verdict(&st, "COPY 1 x", IMAP_ALLOW, "");
	/* A SELECT that fails leaves nothing selected. */
	done(&st, "SELECT y", IMAP_RESULT_BAD);
	ATF_CHECK_EQ(st.state, IMAP_STATE_SELECTED);
	done(&st, "SELECT y", IMAP_RESULT_NO);
	ATF_CHECK_EQ(st.state, IMAP_STATE_AUTH);
	done(&st, "SELECT x", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.readonly, 0);
	done(&st, "CLOSE", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.state, IMAP_STATE_AUTH);
	done(&st, "SELECT x", IMAP_RESULT_OK);
	done(&st, "ENABLE UIDONLY", IMAP_RESULT_OK);
	verdict(&st, "FETCH 1 UID", IMAP_DENY_BAD, "UIDREQUIRED");
	verdict(&st, "UID FETCH 1 UID", IMAP_ALLOW, "");
	done(&st, "COMPRESS DEFLATE", IMAP_RESULT_OK);
	verdict(&st, "COMPRESS DEFLATE", IMAP_DENY_NO, "COMPRESSIONACTIVE");
	done(&st, "UNAUTHENTICATE", IMAP_RESULT_OK);
	ATF_CHECK_EQ(st.state, IMAP_STATE_NOAUTH);
	ATF_CHECK_EQ(st.enabled, 0);
	done(&st, "LOGOUT", IMAP_RESULT_OK);
	verdict(&st, "NOOP", IMAP_DENY_BAD, "");
}

ATF_TC_WITHOUT_HEAD(features);
ATF_TC_BODY(features, tc)
{
	static const struct {
		const char	*line;
		uint32_t	 enables;
		int		 noexpunge;
	} t[] = {
		{ "NOOP", 0, 0 },
		{ "FETCH 1 FLAGS", 0, 1 },
		{ "UID FETCH 1 FLAGS", 0, 0 },
		{ "FETCH 1 MODSEQ", IMAP_EN_CONDSTORE, 1 },
		{ "FETCH 1 FLAGS (CHANGEDSINCE 5)", IMAP_EN_CONDSTORE, 1 },
		{ "STORE 1 (UNCHANGEDSINCE 5) FLAGS ()", IMAP_EN_CONDSTORE,
		    1 },
		{ "SEARCH MODSEQ 5", IMAP_EN_CONDSTORE, 1 },
		{ "UID SEARCH ALL", 0, 0 },
		{ "SORT (DATE) UTF-8 MODSEQ 1", IMAP_EN_CONDSTORE, 1 },
		{ "THREAD REFS UTF-8 ALL", 0, 1 },
		{ "COPY 1 x", 0, 0 },
		{ "STATUS x (HIGHESTMODSEQ)", IMAP_EN_CONDSTORE, 0 },
		{ "SELECT x (CONDSTORE)", IMAP_EN_CONDSTORE, 0 },
		{ "ENABLE IMAP4rev2", IMAP_EN_REV2, 0 }
	};
	struct imap_command	*cmd;
	size_t			 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cmd = command(t[i].line);
		ATF_CHECK_EQ_MSG(imap_command_enables(cmd), t[i].enables,
		    "%s", t[i].line);
		ATF_CHECK_EQ_MSG(imap_state_noexpunge(cmd), t[i].noexpunge,
		    "%s", t[i].line);
		imap_command_free(cmd);
	}
}

static void
seqset(const char *set, uint32_t max, const char *want)
{
	char			 line[70100], out[400];
	struct imap_command	*cmd;
	struct rseq		 r;
	uint32_t		 n;
	int			 len;

	rseq_init(&r);
	snprintf(line, sizeof(line), "UID EXPUNGE %s", set);
	ATF_REQUIRE((cmd = imap_command_new(1 << 20)) != NULL);
	len = snprintf(line, sizeof(line), "a UID EXPUNGE %s\r\n", set);
	ATF_REQUIRE_EQ(imap_command_parse(cmd,
	    (struct span){ line, (size_t)len }), CODEC_DONE);
	ATF_REQUIRE_EQ(imap_seqset_resolve(&cmd->u.set, max, &r), 0);
	len = rseq_print(&r, out, sizeof(out) - 1);
	ATF_REQUIRE(len >= 0);
	out[len] = '\0';
	ATF_CHECK_STREQ_MSG(out, want, "%.100s", set);
	for (n = 1; n < 30; n++)
		ATF_CHECK_EQ_MSG(imap_seqset_has(&cmd->u.set, n, max),
		    rseq_has(&r, n), "%.100s: %u", set, n);
	rseq_free(&r);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(seqsets);
ATF_TC_BODY(seqsets, tc)
{
	static char	big[70000];
	size_t		n = 0;
	int		i;

	seqset("1", 5, "1");
	seqset("*", 5, "5");
	seqset("*:3", 5, "3:5");
	seqset("7:*", 5, "5:7");
	seqset("*:*", 5, "5");
	seqset("9,1:3,8,2,20:12", 5, "1:3,8:9,12:20");
	seqset("4294967295,1", 5, "1,4294967295");
	/* In an empty mailbox `*' is nothing. */
	seqset("*", 0, "");
	seqset("1:*", 0, "");
	seqset("2,*", 0, "2");
	/* Many, from the last to the first. */
	for (i = 10000; i > 0; i--)
		n += (size_t)sprintf(big + n, "%s%d", i == 10000 ? "" : ",",
		    i);
	seqset(big, 5, "1:10000");
}

ATF_TC_WITHOUT_HEAD(dates);
ATF_TC_BODY(dates, tc)
{
	static const char *const bad[] = {
		"", "1-feb-94", "1-Foo-1994", "29-Feb-1900", "32-Jan-1970",
		"00-Jan-1970", " 1-Jan-1970", "1 Jan 1970x", "-1-Jan-1970"
	};
	int32_t	day;
	size_t	i;

	ATF_CHECK_EQ(imap_date_parse(SPAN("1-feb-1994"), &day), 0);
	ATF_CHECK_EQ(day, 8797);
	ATF_CHECK_EQ(imap_date_parse(SPAN("01-FEB-1994"), &day), 0);
	ATF_CHECK_EQ(day, 8797);
	ATF_CHECK_EQ(imap_date_parse(SPAN("29-Feb-2000"), &day), 0);
	ATF_CHECK_EQ(day, 11016);
	ATF_CHECK_EQ(imap_date_parse(SPAN("31-Dec-1969"), &day), 0);
	ATF_CHECK_EQ(day, -1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(imap_date_parse(span_of(bad[i]), &day), -1,
		    "%s", bad[i]);
}

ATF_TC_WITHOUT_HEAD(arena);
ATF_TC_BODY(arena, tc)
{
	struct imap_arena	 a;
	uint32_t		*v = NULL, i;
	char			*p;

	imap_arena_init(&a, 10000);
	ATF_CHECK(imap_arena_alloc(&a, 10001) == NULL);
	ATF_REQUIRE((p = imap_arena_alloc(&a, 0)) != NULL);
	ATF_CHECK_EQ((uintptr_t)p % 8, 0);
	for (i = 0; i < 500; i++) {
		ATF_REQUIRE((v = imap_arena_more(&a, v, i,
		    sizeof(*v))) != NULL);
		v[i] = i;
	}
	for (i = 0; i < 500; i++)
		ATF_CHECK_EQ(v[i], i);
	ATF_CHECK(imap_arena_calloc(&a, SIZE_MAX / 2, 4) == NULL);
	for (i = 0; imap_arena_alloc(&a, 100) != NULL; i++)
		ATF_REQUIRE(i < 100);
	ATF_CHECK(a.held <= 10000);
	imap_arena_free(&a);
	ATF_CHECK_EQ(a.held, 0);
	imap_arena_freezero(&a);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, states);
	ATF_TP_ADD_TC(tp, features);
	ATF_TP_ADD_TC(tp, seqsets);
	ATF_TP_ADD_TC(tp, dates);
	ATF_TP_ADD_TC(tp, arena);
	return atf_no_error();
}
