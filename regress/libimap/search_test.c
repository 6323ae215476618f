/* Search programs: how they are understood, and how they are decided. */
#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "libimap/imap_date.h"

static struct imap_command *
parse(const char *keys, enum codec want)
{
	struct imap_command	*cmd;
	static char		 line[70000];
	int			 n;

	ATF_REQUIRE((cmd = imap_command_new(1 << 20)) != NULL);
	n = snprintf(line, sizeof(line), "a SEARCH %s\r\n", keys);
	ATF_REQUIRE(n > 0 && (size_t)n < sizeof(line));
	ATF_CHECK_EQ_MSG(imap_command_parse(cmd,
	    (struct span){ line, (size_t)n }), want, "%.100s: %s", keys,
	    cmd->why);
	return cmd;
}

static void
check(const char *keys, const char *want)
{
	struct imap_command	*cmd = parse(keys, CODEC_DONE);
	struct buf		 b;

	buf_init(&b, 1 << 20);
	dump_search(&b, &cmd->u.search);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ_MSG((char *)buf_ptr(&b) + 1, want, "%s", keys);
	buf_free(&b);
	imap_command_free(cmd);
}

static void
bad(const char *keys, const char *why)
{
	struct imap_command	*cmd = parse(keys, CODEC_BAD);

	ATF_CHECK_STREQ_MSG(cmd->why, why, "%s", keys);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(keys);
ATF_TC_BODY(keys, tc)
{
	check("ALL", "and(all)");
	check("UNSEEN FLAGGED", "and(not(flag 8), flag 2)");
	check("NEW", "and(and(flag 32, not(flag 8)))");
	check("OLD RECENT", "and(not(flag 32), flag 32)");
	check("1:5,* UID 7:*", "and(seq 1:5,0, uid 7:0)");
	check("$ UID $", "and(seq $, uid $)");
	check("KEYWORD $Junk UNKEYWORD x", "and(keyword [$Junk], "
	    "not(keyword [x]))");
	check("FROM smith SUBJECT {3+}\r\na b TEXT \"\"", "and(from [smith], "
	    "subject [a b], text [])");
	check("HEADER X-A \"\" BCC x CC y TO z BODY w", "and(header [X-A] [], "
	    "bcc [x], cc [y], to [z], body [w])");
	check("BEFORE 2-Jan-1970 ON \"02-Jan-1970\" SINCE 31-Dec-1969",
	    "and(before d1, on d1, since d-1)");
	check("SENTBEFORE 3-jan-1970 SENTON 3-Jan-1970 SENTSINCE 3-Jan-1970",
	    "and(sentbefore d2, senton d2, sentsince d2)");
	check("SAVEDBEFORE 3-Jan-1970 SAVEDON 3-Jan-1970 SAVEDSINCE "
	    "3-Jan-1970 SAVEDATESUPPORTED", "and(savedbefore d2, savedon d2, "
	    "savedsince d2, savedatesupported)");
	check("LARGER 5 SMALLER 9000000000 OLDER 60 YOUNGER 61",
	    "and(larger 5, smaller 9000000000, older 60, younger 61)");
	check("MODSEQ 620162338", "modseq and(modseq 620162338)");
	check("MODSEQ \"/flags/\\\\draft\" all 620162338",
	    "modseq and(modseq 620162338)");
	check("EMAILID M1 THREADID T2", "and(emailid [M1], threadid [T2])");
	check("FILTER on-the-road", "and(filter [on-the-road])");
	check("FUZZY SUBJECT x SEEN", "and(~subject [x], flag 8)");
	check("FUZZY (SUBJECT x FROM y) SEEN", "and(~and(~subject [x], "
	    "~from [y]), flag 8)");
	bad("", "name expected");
	bad("FOO", "no such search key");
	bad("KEYWORD \\Seen", "atom expected");
	bad("BEFORE 30-Feb-2020", "bad date");
	bad("BEFORE 1-Foo-2020", "bad date");
	bad("OLDER 0", "number expected");
	bad("SEEN  DELETED", "name expected");
	bad("SEEN ", "name expected");
	bad("FROM", "space expected");
	bad("HEADER x", "space expected");
	bad("MODSEQ \"/x\" foo 1", "bad entry type");
	bad("UID x", "number expected");
}

ATF_TC_WITHOUT_HEAD(tree);
ATF_TC_BODY(tree, tc)
{
	check("OR SEEN DELETED", "and(or(flag 8, flag 4))");
	check("OR OR SEEN DELETED DRAFT ALL", "and(or(flag 8, flag 4, "
	    "flag 16), all)");
	check("OR SEEN OR DELETED OR DRAFT FLAGGED", "and(or(flag 8, flag 4, "
	    "flag 16, flag 2))");
	check("NOT NOT SEEN", "and(not(not(flag 8)))");
	check("NOT (SEEN DELETED) ALL", "and(not(and(flag 8, flag 4)), all)");
	check("OR (SEEN (DELETED)) NOT 1", "and(or(and(flag 8, and(flag 4)), "
	    "not(seq 1)))");
	check("(OR NEW UNSEEN)", "and(and(or(and(flag 32, not(flag 8)), "
	    "not(flag 8))))");
	check("(((SEEN)))", "and(and(and(and(flag 8))))");
	check("OR NOT OR SEEN DELETED 1", "and(or(not(or(flag 8, flag 4)), "
	    "seq 1))");
	bad("OR SEEN", "search key expected");
	bad("(SEEN", "search key expected");
	bad("SEEN)", "unexpected text at the end");
	bad("()", "name expected");
	bad("(OR SEEN) DELETED", "search key expected");
	bad("NOT", "space expected");
	bad("NOT )", "name expected");
	bad("( SEEN)", "name expected");
	bad("(SEEN )", "name expected");
	bad("FUZZY", "space expected");
}

ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	check("RETURN () ALL", "ret=4 and(all)");
	check("RETURN (MIN MAX COUNT SAVE) CHARSET UTF-8 ALL",
	    "ret=1b charset=[UTF-8] and(all)");
	check("RETURN (PARTIAL -1:-100) ALL", "ret=20 partial=-1:-100 "
	    "and(all)");
	check("RETURN (UPDATE CONTEXT ALL) ALL", "ret=c4 and(all)");
	check("CHARSET \"us-ascii\" TEXT x", "charset=[us-ascii] "
	    "and(text [x])");
	bad("RETURN (FOO) ALL", "no such return option");
	bad("RETURN ALL", "( expected");
	bad("RETURN (ALL PARTIAL 1:2) ALL", "both ALL and PARTIAL");
	bad("RETURN (PARTIAL 1:-2) ALL", "bad partial range");
	bad("RETURN ()", "space expected");
	bad("CHARSET UTF-8", "space expected");
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct imap_command	*cmd;
	static char		 s[70000];
	size_t			 i, n = 0;

	/* A chain of ORs may be long; other nesting may not. */
	for (i = 0; i < 900; i++)
		n += (size_t)sprintf(s + n, "OR SEEN ");
	sprintf(s + n, "DELETED");
	cmd = parse(s, CODEC_DONE);
	ATF_CHECK_EQ(cmd->u.search.nkeys, 903);
	imap_command_free(cmd);
	memset(s, '(', 63);
	strcpy(s + 63, "SEEN");
	memset(s + 67, ')', 63);
	s[130] = '\0';
	imap_command_free(parse(s, CODEC_DONE));
	memset(s, '(', 30000);
	strcpy(s + 30000, "SEEN");
	imap_command_free(parse(s, CODEC_TOOBIG));
	for (n = i = 0; i < 2100; i++)
		n += (size_t)sprintf(s + n, "SEEN ");
	strcpy(s + n, "ALL");
	imap_command_free(parse(s, CODEC_TOOBIG));
}

/* A leaf's value comes from its text; `?' is one that is not known yet. */
static enum imap_tri
leaf_by_text(const struct imap_search_key *k, void *arg)
{
	unsigned	*calls = arg;

	(*calls)++;
	if (k->op == IMAP_S_FLAG)
		return (k->n & IMAP_FLAG_SEEN) != 0 ? IMAP_YES : IMAP_NO;
	ATF_REQUIRE(k->text.len == 1);
	return k->text.p[0] == 'y' ? IMAP_YES : k->text.p[0] == 'n' ?
	    IMAP_NO : IMAP_MAYBE;
}

static void
eval(const char *keys, enum imap_cost have, enum imap_tri want,
    enum imap_cost want_need, unsigned want_calls)
{
	struct imap_command	*cmd = parse(keys, CODEC_DONE);
	enum imap_cost		 need;
	unsigned		 calls = 0;

	ATF_CHECK_EQ_MSG(imap_search_eval(&cmd->u.search, have, leaf_by_text,
	    &calls, &need), want, "%s", keys);
	ATF_CHECK_EQ_MSG(need, want_need, "%s: need %d", keys, need);
	ATF_CHECK_EQ_MSG(calls, want_calls, "%s: calls %u", keys, calls);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(evaluate);
ATF_TC_BODY(evaluate, tc)
{
	eval("ALL", IMAP_COST_NONE, IMAP_YES, IMAP_COST_NONE, 0);
	eval("SEEN", IMAP_COST_NONE, IMAP_MAYBE, IMAP_COST_HOT, 0);
	eval("SEEN", IMAP_COST_HOT, IMAP_YES, IMAP_COST_NONE, 1);
	eval("UNSEEN", IMAP_COST_HOT, IMAP_NO, IMAP_COST_NONE, 1);
	/* Cheap ones decide before dear ones are asked for. */
	eval("BODY y DELETED", IMAP_COST_HOT, IMAP_NO, IMAP_COST_NONE, 1);
	eval("BODY y SEEN", IMAP_COST_HOT, IMAP_MAYBE, IMAP_COST_BODY, 1);
	eval("OR BODY y SEEN", IMAP_COST_HOT, IMAP_YES, IMAP_COST_NONE, 1);
	eval("OR BODY n DELETED", IMAP_COST_HOT, IMAP_MAYBE,
	    IMAP_COST_BODY, 1);
	eval("FROM y BODY y", IMAP_COST_HOT, IMAP_MAYBE,
	    IMAP_COST_BRIEF, 0);
	eval("FROM n BODY y", IMAP_COST_BRIEF, IMAP_NO,
	    IMAP_COST_NONE, 1);
	eval("FROM y BODY y", IMAP_COST_HEADER, IMAP_MAYBE,
	    IMAP_COST_BODY, 1);
	eval("FROM y BODY y", IMAP_COST_BODY, IMAP_YES, IMAP_COST_NONE, 2);
	/* It was there, but it did not say: the next dearer. */
	eval("FROM ?", IMAP_COST_BRIEF, IMAP_MAYBE, IMAP_COST_META, 1);
	eval("FROM ?", IMAP_COST_META, IMAP_MAYBE, IMAP_COST_HEADER, 1);
	eval("FROM ?", IMAP_COST_HEADER, IMAP_MAYBE, IMAP_COST_BODY, 1);
	/* What is settled is not looked at any more. */
	eval("DELETED SEEN SEEN", IMAP_COST_BODY, IMAP_NO,
	    IMAP_COST_NONE, 1);
	eval("OR SEEN (DELETED SEEN)", IMAP_COST_BODY, IMAP_YES,
	    IMAP_COST_NONE, 1);
	eval("OR (DELETED SEEN) (SEEN NOT DELETED) SEEN", IMAP_COST_BODY,
	    IMAP_YES, IMAP_COST_NONE, 4);
	eval("NOT (SEEN BODY y)", IMAP_COST_HOT, IMAP_MAYBE,
	    IMAP_COST_BODY, 1);
	eval("NOT (DELETED BODY y)", IMAP_COST_HOT, IMAP_YES,
	    IMAP_COST_NONE, 1);
	eval("NOT NOT (OR NOT SEEN OR DELETED NOT DELETED)", IMAP_COST_HOT,
	    IMAP_YES, IMAP_COST_NONE, 3);
}

/* The same by a plain recursive definition, over many random programs. */
static enum imap_tri
by_the_book(const struct imap_search *s, uint32_t i, enum imap_cost have)
{
	const struct imap_search_key	*k = &s->keys[i];
	enum imap_tri			 r, v;
	unsigned			 calls;
	uint32_t			 c;

	if (k->op == IMAP_S_ALL)
		return IMAP_YES;
	if (k->op > IMAP_S_NOT)
		return k->cost <= have ? leaf_by_text(k, &calls) : IMAP_MAYBE;
	r = k->op == IMAP_S_OR ? IMAP_NO : IMAP_YES;
	for (c = i + 1; c < k->end; c = s->keys[c].end) {
		v = by_the_book(s, c, have);
		if (k->op == IMAP_S_NOT)
			r = IMAP_YES - v;
		else if (k->op == IMAP_S_OR ? v > r : v < r)
			r = v;
	}
	return r;
}

static uint32_t	seed = 1;

static unsigned
dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static size_t
random_key(char *s, int depth)
{
	static const char *const leaves[] = {
		"ALL", "SEEN", "DELETED", "UNSEEN", "BODY y", "BODY n",
		"FROM y", "FROM n", "FROM ?", "NOT SUBJECT ?"
	};
	size_t	n = 0;
	unsigned i, m;

	switch (depth > 0 ? dice(6) : 0) {
	case 1:
		n = (size_t)sprintf(s, "OR ");
		n += random_key(s + n, depth - 1);
		s[n++] = ' ';
		return n + random_key(s + n, depth - 1);
	case 2:
		n = (size_t)sprintf(s, "NOT ");
		return n + random_key(s + n, depth - 1);
	case 3:
		m = 1 + dice(3);
		for (i = 0; i < m; i++) {
			s[n++] = i == 0 ? '(' : ' ';
			n += random_key(s + n, depth - 1);
		}
		s[n++] = ')';
		return n;
	default:
		return (size_t)sprintf(s, "%s", leaves[dice(10)]);
	}
}

ATF_TC_WITHOUT_HEAD(compare);
ATF_TC_BODY(compare, tc)
{
	struct imap_command	*cmd;
	static char		 s[60000];
	unsigned		 calls, i, have;

	for (i = 0; i < 3000; i++) {
		s[random_key(s, 6)] = '\0';
		cmd = parse(s, CODEC_DONE);
		for (have = 0; have < IMAP_COST_MAX; have++)
			ATF_CHECK_EQ_MSG(imap_search_eval(&cmd->u.search,
			    have, leaf_by_text, &calls, NULL),
			    by_the_book(&cmd->u.search, 0, have), "%s", s);
		imap_command_free(cmd);
	}
}

static void
row(const char *keys, const struct imap_search_row *r, enum imap_tri want)
{
	struct imap_command	*cmd = parse(keys, CODEC_DONE);
	struct imap_search_key	*k = &cmd->u.search.keys[1];

	if (k->op == IMAP_S_KEYWORD)
		k->bit = (int16_t)atoi(k->text.p + 1);
	ATF_CHECK_EQ_MSG(imap_search_row(k, r), want, "%s", keys);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(rows);
ATF_TC_BODY(rows, tc)
{
	static const uint64_t	kw[2] = { 2, 1 };
	struct rseq_run		run = { 90, 110 };
	struct rseq		saved = { &run, 1, 1 };
	struct imap_search_row	r = {
		.seq = 5, .uid = 100, .maxseq = 5, .maxuid = 100,
		.flags = IMAP_FLAG_SEEN | IMAP_FLAG_FLAGGED,
		.keywords = kw, .nkeywords = 65, .modseq = 50, .size = 1000,
		.date = 86400 * 10, .day = 10, .savedday = IMAP_DAY_NONE,
		.sentday = 9, .now = 86400 * 10 + 60,
		.emailid = SPAN("M1"), .threadid = SPAN_NONE, .saved = &saved
	};

	row("5", &r, IMAP_YES);
	row("*", &r, IMAP_YES);
	row("6:*", &r, IMAP_YES);
	row("1:4", &r, IMAP_NO);
	row("UID 99:101", &r, IMAP_YES);
	row("UID 101", &r, IMAP_NO);
	row("$", &r, IMAP_YES);
	row("SEEN", &r, IMAP_YES);
	row("DELETED", &r, IMAP_NO);
	row("KEYWORD k1", &r, IMAP_YES);
	row("KEYWORD k2", &r, IMAP_NO);
	row("KEYWORD k64", &r, IMAP_YES);
	row("KEYWORD k65", &r, IMAP_NO);
	row("LARGER 1000", &r, IMAP_NO);
	row("LARGER 999", &r, IMAP_YES);
	row("SMALLER 1001", &r, IMAP_YES);
	row("MODSEQ 50", &r, IMAP_YES);
	row("MODSEQ 51", &r, IMAP_NO);
	row("BEFORE 11-Jan-1970", &r, IMAP_NO);
	row("BEFORE 12-Jan-1970", &r, IMAP_YES);
	row("ON 11-Jan-1970", &r, IMAP_YES);
	row("SINCE 11-Jan-1970", &r, IMAP_YES);
	row("SINCE 12-Jan-1970", &r, IMAP_NO);
	row("SENTON 10-Jan-1970", &r, IMAP_YES);
	row("SENTBEFORE 10-Jan-1970", &r, IMAP_NO);
	row("SENTSINCE 10-Jan-1970", &r, IMAP_YES);
	row("SAVEDSINCE 1-Jan-1970", &r, IMAP_NO);
	row("OLDER 60", &r, IMAP_YES);
	row("OLDER 61", &r, IMAP_NO);
	row("YOUNGER 60", &r, IMAP_YES);
	row("YOUNGER 59", &r, IMAP_NO);
	row("EMAILID M1", &r, IMAP_YES);
	row("EMAILID m1", &r, IMAP_NO);
	row("THREADID T1", &r, IMAP_NO);
	row("FROM x", &r, IMAP_MAYBE);
	row("BODY x", &r, IMAP_MAYBE);
}

ATF_TC_WITHOUT_HEAD(sort);
ATF_TC_BODY(sort, tc)
{
	static const struct {
		const char	*in, *out;
	} t[] = {
		{ "a SORT (SUBJECT REVERSE DATE) UTF-8 ALL", "OK a SORT key=5 "
		    "key=130 charset=[UTF-8] and(all)\n" },
		{ "a UID SORT RETURN (MIN COUNT) (ARRIVAL DISPLAYFROM) "
		    "US-ASCII SEEN", "OK a UID SORT key=0 key=7 ret=9 "
		    "charset=[US-ASCII] and(flag 8)\n" },
		{ "a SORT () UTF-8 ALL", "BAD a name expected\n" },
		{ "a SORT (FOO) UTF-8 ALL", "BAD a no such sort key\n" },
		{ "a SORT (DATE) UTF-8", "BAD a space expected\n" },
		{ "a THREAD REFERENCES UTF-8 SINCE 5-MAR-2000", "OK a THREAD "
		    "alg=1 charset=[UTF-8] and(since d11021)\n" },
		{ "a UID THREAD refs UTF-8 1:*", "OK a UID THREAD alg=2 "
		    "charset=[UTF-8] and(seq 1:0)\n" },
		{ "a THREAD FOO UTF-8 ALL",
		    "BAD a no such threading algorithm\n" }
	};
	char	 line[200], *got;
	size_t	 i, cut, n;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = (size_t)snprintf(line, sizeof(line), "%s\r\n", t[i].in);
		for (cut = 0; cut <= n; cut++) {
			got = feed_cut(&imap_limits_auth, line, n, cut);
			ATF_CHECK_STREQ(got, t[i].out);
			free(got);
		}
	}
}

/* ---- FILTER: a program in a program ------------------------------------- */

static void
spliced(const char *keys, const char *filter, const char *want)
{
	struct imap_command	*cmd = parse(keys, CODEC_DONE);
	struct imap_search	*s = &cmd->u.search, sub;
	struct buf		 b;
	uint32_t		 i;

	for (i = 0; s->keys[i].op != IMAP_S_FILTER; i++)
		;
	ATF_REQUIRE_EQ(imap_search_parse(&cmd->arena, span_of(filter), &sub),
	    0);
	ATF_REQUIRE_EQ(imap_search_splice(&cmd->arena, s, i, &sub), 0);
	buf_init(&b, 1 << 20);
	dump_search(&b, s);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ_MSG((char *)buf_ptr(&b) + 1, want, "%s", keys);
	buf_free(&b);
	imap_command_free(cmd);
}

ATF_TC_WITHOUT_HEAD(filters);
ATF_TC_BODY(filters, tc)
{
	struct imap_command	*cmd;
	struct imap_search	 sub;
	static const char *const bads[] = {
		"", "SUBJECT", "ALL ALL ", "ALL\r\n", "(ALL", "ALL)", "NOT",
		"CHARSET UTF-8 ALL", "x", "FROM {3}\r\nab", " ALL"
	};
	char			 deep[200];
	size_t			 i;

	spliced("FILTER f", "SEEN", "and(and(flag 8))");
	spliced("OR FILTER f ALL NOT (FLAGGED)", "1:2 UNSEEN",
	    "and(or(and(seq 1:2, not(flag 8)), all), not(and(flag 2)))");
	spliced("NOT FILTER f UID 7", "OR FILTER g SMALLER 9",
	    "and(not(and(or(filter [g], smaller 9))), uid 7)");
	check("UIDAFTER 7 UIDBEFORE 9", "and(uid 8:4294967295, uid 1:8)");
	bad("UIDAFTER 0", "number expected");
	ATF_REQUIRE((cmd = imap_command_new(1 << 20)) != NULL);
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		ATF_CHECK_EQ_MSG(imap_search_parse(&cmd->arena,
		    span_of(bads[i]), &sub), -1, "%s", bads[i]);
	imap_command_free(cmd);
	/* Forty below forty is too deep, thirty below thirty is not. */
	for (i = 30; i <= 40; i += 10) {
		struct imap_search	*s;

		memset(deep, '(', i);
		strlcpy(deep + i, "FILTER f", sizeof(deep) - i);
		memset(deep + i + 8, ')', i);
		deep[2 * i + 8] = '\0';
		cmd = parse(deep, CODEC_DONE);
		s = &cmd->u.search;
		ATF_REQUIRE_EQ(imap_search_parse(&cmd->arena, span_of(deep),
		    &sub), 0);
		ATF_CHECK_EQ(imap_search_splice(&cmd->arena, s,
		    s->nkeys - 1, &sub), i == 30 ? 0 : -1);
		imap_command_free(cmd);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, keys);
	ATF_TP_ADD_TC(tp, tree);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, evaluate);
	ATF_TP_ADD_TC(tp, compare);
	ATF_TP_ADD_TC(tp, rows);
	ATF_TP_ADD_TC(tp, sort);
	ATF_TP_ADD_TC(tp, filters);
	return atf_no_error();
}
