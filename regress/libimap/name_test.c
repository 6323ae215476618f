/* Mailbox names, their wire form, patterns, and what LIST makes of them. */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_match.h"
#include "libimap/imap_name.h"
#include "libimap/imap_tree.h"
#include "libimap/imap_write.h"
#include "libimap/mutf7.h"

ATF_TC_WITHOUT_HEAD(mutf7);
ATF_TC_BODY(mutf7, tc)
{
	static const struct {
		const char	*wire, *utf8;
	} t[] = {
		{ "", "" },
		{ "INBOX", "INBOX" },
		{ "a&-b", "a&b" },
		{ "&-&-", "&&" },
		{ "Entw&APw-rfe", "Entw\303\274rfe" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		    "~peter/mail/\345\217\260\345\214\227/"
		    "\346\227\245\346\234\254\350\252\236" },
		{ "&2D3eAA-", "\360\237\230\200" },
		{ "&AOQA9g-x&APw-", "\303\244\303\266x\303\274" },
		{ "&AOQ-&-", "\303\244&" }
	};
	static const char *const bad[] = {
		"&", "a&", "&AOQ", "&AO", "&AOQ-&APY-", "&AGE-", "&AOR-",
		"&A-", "&AOQA-", "&2D0-", "&3gA-", "&2D0AYQ-", "&AAA-",
		"&AOQ=-", "&AOQ/-", "\303\244", "a\tb", "&!-", "&AOQAAAA-"
	};
	char	buf[200];
	size_t	i, n;
	int	r;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = mutf7_decode(buf, sizeof(buf), span_of(t[i].wire));
		ATF_CHECK_EQ_MSG(r, (int)strlen(t[i].utf8), "%s", t[i].wire);
		ATF_CHECK(memcmp(buf, t[i].utf8, strlen(t[i].utf8)) == 0);
		r = mutf7_encode(buf, sizeof(buf), span_of(t[i].utf8));
		ATF_CHECK_EQ_MSG(r, (int)strlen(t[i].wire), "%s", t[i].wire);
		ATF_CHECK(memcmp(buf, t[i].wire, strlen(t[i].wire)) == 0);
		/* Never a byte more than there is room for. */
		for (n = 0; n < strlen(t[i].wire); n++)
			ATF_CHECK_EQ(mutf7_encode(buf, n,
			    span_of(t[i].utf8)), -1);
		for (n = 0; n < strlen(t[i].utf8); n++)
			ATF_CHECK_EQ(mutf7_decode(buf, n,
			    span_of(t[i].wire)), -1);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(mutf7_decode(buf, sizeof(buf),
		    span_of(bad[i])), -1, "%s", bad[i]);
	ATF_CHECK_EQ(mutf7_encode(buf, sizeof(buf), SPAN("\xff")), -1);
	ATF_CHECK_EQ(mutf7_encode(buf, sizeof(buf), SPAN("\xed\xa0\x80")), -1);
	ATF_CHECK_EQ(mutf7_encode(buf, sizeof(buf), SPAN("\xc0\x80")), -1);
	ATF_CHECK_EQ(mutf7_encode(buf, sizeof(buf), SPAN("a\0b")), -1);
}

static void
name(const char *wire, int flags, const char *want)
{
	char		 buf[IMAP_NAME_MAX + 1];
	const char	*why = "";
	int		 n;

	n = imap_name_read(span_of(wire), flags, buf, &why);
	if (n == -1)
		ATF_CHECK_STREQ_MSG(why, want, "%s", wire);
	else
		ATF_CHECK_STREQ_MSG(buf, want, "%s", wire);
}

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	char	big[1100];
	size_t	i;

	name("inbox", 0, "INBOX");
	name("iNbOx/Sub", 0, "INBOX/Sub");
	name("inboxes", 0, "inboxes");
	name("Entw&APw-rfe", 0, "Entw\303\274rfe");
	name("Entw\303\274rfe", 0, "not a valid mailbox name");
	name("Entw\303\274rfe", IMAP_NAME_UTF8, "Entw\303\274rfe");
	name("Entwu\314\210rfe", IMAP_NAME_UTF8, "Entw\303\274rfe");
	name("Entwu&Awg-rfe", 0, "Entw\303\274rfe");
	name("a&b", IMAP_NAME_UTF8, "a&b");
	name("", 0, "empty mailbox name");
	name("/a", 0, "empty part in mailbox name");
	name("a//b", 0, "empty part in mailbox name");
	name("a/", 0, "empty part in mailbox name");
	name("a/", IMAP_NAME_NEW, "a");
	name("a//", IMAP_NAME_NEW, "empty part in mailbox name");
	name("/", IMAP_NAME_NEW, "empty part in mailbox name");
	name("50%", 0, "50%");
	name("50%", IMAP_NAME_NEW, "wildcard in mailbox name");
	name("a\tb", IMAP_NAME_UTF8, "control character in mailbox name");
	name("&AIA-", 0, "control character in mailbox name");
	name("&ICg-", 0, "control character in mailbox name");
	name("\xff", IMAP_NAME_UTF8, "not a valid mailbox name");
	memset(big, 'x', sizeof(big));
	big[255] = '\0';
	name(big, 0, big);
	big[255] = 'x';
	big[256] = '\0';
	name(big, 0, "part of mailbox name too long");
	for (i = 0; i < 128; i += 2)
		memcpy(big + i, "a/", 2);
	big[127] = '\0';
	name(big, 0, big);
	memcpy(big + 127, "/b", 3);
	name(big, 0, "mailbox name too deep");
	memset(big, 'x', 1001);
	big[1001] = '\0';
	name(big, IMAP_NAME_UTF8, "not a valid mailbox name");
}

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	static const char *const sorted[] = {
		"A", "INBOX", "a", "a/b", "a/b/c", "a/c", "a b", "a-b", "ab"
	};
	size_t	i, j, n = sizeof(sorted) / sizeof(sorted[0]);
	int	r;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			r = imap_name_cmp(span_of(sorted[i]),
			    span_of(sorted[j]));
			ATF_CHECK(i < j ? r < 0 : i > j ? r > 0 : r == 0);
		}
	ATF_CHECK(imap_name_below(SPAN("a"), SPAN("a/b")));
	ATF_CHECK(!imap_name_below(SPAN("a"), SPAN("a")));
	ATF_CHECK(!imap_name_below(SPAN("a"), SPAN("ab")));
	ATF_CHECK(!imap_name_below(SPAN("a/b"), SPAN("a")));
}

static void
pattern(const char *ref, const char *pat, const char *want)
{
	char	buf[IMAP_NAME_MAX + 1] = "bad";

	if (imap_pattern_read(span_of(ref), span_of(pat), 0, buf) == -1)
		strcpy(buf, "bad");
	ATF_CHECK_STREQ(buf, want);
}

ATF_TC_WITHOUT_HEAD(patterns);
ATF_TC_BODY(patterns, tc)
{
	pattern("", "*", "*");
	pattern("foo/", "%", "foo/%");
	pattern("foo", "bar", "foobar");
	pattern("foo/", "/bar", "bar");
	pattern("", "inbox", "INBOX");
	pattern("inbox/", "%", "INBOX/%");
	pattern("", "inbox*", "inbox*");
	pattern("", "Entw&APw-*", "Entw\303\274*");
	pattern("", "&", "bad");
	pattern("\xff", "*", "bad");
}

/* The definition, with all its branches. */
static int
glob(const char *p, const char *s)
{
	for (; *p != '\0'; p++, s++) {
		if (*p == '*' || *p == '%') {
			for (;; s++) {
				if (glob(p + 1, s))
					return 1;
				if (*s == '\0' || (*p == '%' && *s == '/'))
					return 0;
			}
		}
		if (*p != *s)
			return 0;
	}
	return *s == '\0';
}

static uint32_t	seed = 7;

static unsigned
dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static int
by_the_book(const char *p, const char *s)
{
	char	parent[64];
	size_t	i;
	int	r = 0;

	if (glob(p, s))
		r |= IMAP_MATCH_NAME;
	for (i = 1; s[i] != '\0'; i++)
		if (s[i] == '/') {
			memcpy(parent, s, i);
			parent[i] = '\0';
			if (glob(p, parent))
				r |= IMAP_MATCH_PARENT;
		}
	return r;
}

ATF_TC_WITHOUT_HEAD(match);
ATF_TC_BODY(match, tc)
{
	static const char	 pc[] = "ab/*%", sc[] = "ab/";
	struct imap_match	 m;
	char			 p[16], s[32];
	unsigned		 i, j, k, n;

	for (i = 0; i < 4000; i++) {
		n = dice(9);
		for (k = 0; k < n; k++)
			p[k] = pc[dice(5)];
		p[n] = '\0';
		ATF_REQUIRE_EQ(imap_match_init(&m, span_of(p)), 0);
		for (j = 0; j < 30; j++) {
			n = 1 + dice(12);
			for (k = 0; k < n; k++)
				s[k] = sc[dice(3)];
			s[n] = '\0';
			ATF_CHECK_EQ_MSG(imap_match(&m, span_of(s)) &
			    ~IMAP_MATCH_CHILD, by_the_book(p, s),
			    "%s against %s", p, s);
		}
		imap_match_free(&m);
	}
}

ATF_TC_WITHOUT_HEAD(match_child);
ATF_TC_BODY(match_child, tc)
{
	struct imap_match	m;

	ATF_REQUIRE_EQ(imap_match_init(&m, SPAN("a/%/c")), 0);
	ATF_CHECK_EQ(imap_match(&m, SPAN("a")), IMAP_MATCH_CHILD);
	ATF_CHECK_EQ(imap_match(&m, SPAN("a/x")), IMAP_MATCH_CHILD);
	ATF_CHECK_EQ(imap_match(&m, SPAN("a/x/c")), IMAP_MATCH_NAME);
	ATF_CHECK_EQ(imap_match(&m, SPAN("a/x/c/d")), IMAP_MATCH_PARENT);
	ATF_CHECK_EQ(imap_match(&m, SPAN("b")), 0);
	imap_match_free(&m);
	imap_match_none(&m);
	ATF_CHECK_EQ(imap_match(&m, SPAN("")), 0);
	imap_match_free(&m);
	ATF_REQUIRE_EQ(imap_match_init(&m, SPAN("")), 0);
	ATF_CHECK_EQ(imap_match(&m, SPAN("a")), 0);
	imap_match_free(&m);
}

/* What would take others for ever. */
ATF_TC_WITHOUT_HEAD(match_hard);
ATF_TC_BODY(match_hard, tc)
{
	struct imap_match	m;
	char			p[1024], s[1000];
	int			i;

	memset(s, 'a', sizeof(s));
	for (i = 0; i + 1 < (int)sizeof(p); i += 2)
		memcpy(p + i, "*a", 2);
	ATF_REQUIRE_EQ(imap_match_init(&m, (struct span){ p, 1000 }), 0);
	ATF_CHECK_EQ(imap_match(&m, (struct span){ s, 1000 }),
	    IMAP_MATCH_NAME | IMAP_MATCH_CHILD);
	s[999] = 'b';
	for (i = 0; i < 2000; i++)
		ATF_CHECK_EQ(imap_match(&m, (struct span){ s, 1000 }) &
		    IMAP_MATCH_NAME, 0);
	imap_match_free(&m);
	ATF_CHECK_EQ(imap_match_init(&m, (struct span){ p, 1024 }), -1);
	/* Positions on both sides of a word of 64. */
	memset(p, 'a', 200);
	p[63] = p[127] = '*';
	ATF_REQUIRE_EQ(imap_match_init(&m, (struct span){ p, 200 }), 0);
	memset(s, 'a', sizeof(s));
	ATF_CHECK_EQ(imap_match(&m, (struct span){ s, 197 }) &
	    IMAP_MATCH_NAME, 0);
	for (i = 198; i < 300; i++)
		ATF_CHECK_EQ(imap_match(&m, (struct span){ s, (size_t)i }) &
		    IMAP_MATCH_NAME, IMAP_MATCH_NAME);
	imap_match_free(&m);
}

/*
 * LIST over: "name flags", flags e exists, s subscribed, n noselect, u for
 * special-use \Sent.
 */
static void
list(const char *const *boxes, const char *args, int lsub, const char *want)
{
	struct imap_arena	 arena;
	struct imap_lexer	 lx;
	struct imap_list	 l;
	struct imap_match	 m[8];
	struct imap_out		 o;
	struct imap_tree	 t;
	struct buf		 b;
	char			 line[300], pat[IMAP_NAME_MAX + 1];
	const char		*sp, *f;
	uint32_t		 i;
	int			 flags, n;

	imap_arena_init(&arena, 65536);
	n = snprintf(line, sizeof(line), " %s\r\n", args);
	imap_lex_init(&lx, (struct span){ line, (size_t)n }, &arena);
	ATF_REQUIRE(lsub ? imap_lex_lsub(&lx, &l) : imap_lex_list(&lx, &l));
	imap_tree_init(&t);
	for (; *boxes != NULL; boxes++) {
		sp = strrchr(*boxes, ' ');
		for (flags = 0, f = sp + 1; *f != '\0'; f++)
			flags |= *f == 'e' ? IMAP_TREE_EXISTS :
			    *f == 's' ? IMAP_TREE_SUBSCRIBED :
			    *f == 'n' ? IMAP_TREE_NOSELECT : 0;
		ATF_REQUIRE_EQ(imap_tree_add(&t, (struct span){ *boxes,
		    (size_t)(sp - *boxes) }, flags,
		    strchr(sp, 'u') ? IMAP_USE_SENT : 0, NULL), 0);
	}
	for (i = 0; i < l.npatterns; i++) {
		ATF_REQUIRE(imap_pattern_read(l.reference, l.patterns[i], 0,
		    pat) != -1);
		ATF_REQUIRE_EQ(imap_match_init(&m[i], span_of(pat)), 0);
	}
	ATF_REQUIRE_EQ(imap_tree_select(&t, &l, m, l.npatterns, lsub), 0);
	buf_init(&b, 65536);
	imap_out_init(&o, &b, 0);
	for (i = 0; i < t.n; i++)
		if (t.nodes[i].flags & IMAP_TREE_ROW)
			imap_out_list(&o, &t.nodes[i], &l, lsub);
	ATF_CHECK(!o.fail);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ_MSG((char *)buf_ptr(&b), want, "%s", args);
	buf_free(&b);
	for (i = 0; i < l.npatterns; i++)
		imap_match_free(&m[i]);
	imap_tree_free(&t);
	imap_arena_free(&arena);
}

ATF_TC_WITHOUT_HEAD(tree);
ATF_TC_BODY(tree, tc)
{
	static const char *const boxes[] = {
		"INBOX es", "a/b/c es", "Sent eu", "a/b-x e", "gone s",
		"x e", "x/y es", "nosel en", "Entw\303\274rfe e", NULL
	};

	list(boxes, "\"\" %", 0,
	    "* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe\r\n"
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	    "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n"
	    "* LIST (\\Noselect \\HasChildren) \"/\" a\r\n"
	    "* LIST (\\Noselect \\HasNoChildren) \"/\" nosel\r\n"
	    "* LIST (\\HasChildren) \"/\" x\r\n");
	list(boxes, "a/ *", 0,
	    "* LIST (\\Noselect \\HasChildren) \"/\" a/b\r\n"
	    "* LIST (\\HasNoChildren) \"/\" a/b/c\r\n"
	    "* LIST (\\HasNoChildren) \"/\" a/b-x\r\n");
	list(boxes, "\"\" (a x/%) RETURN (SUBSCRIBED)", 0,
	    "* LIST (\\NonExistent \\HasChildren) \"/\" a\r\n"
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" x/y\r\n");
	list(boxes, "(SUBSCRIBED) \"\" *", 0,
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" INBOX\r\n"
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" a/b/c\r\n"
	    "* LIST (\\NonExistent \\HasNoChildren \\Subscribed) \"/\" "
	    "gone\r\n"
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" x/y\r\n");
	list(boxes, "(SUBSCRIBED RECURSIVEMATCH) \"\" %", 0,
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" INBOX\r\n"
	    "* LIST (\\NonExistent \\HasChildren) \"/\" a (CHILDINFO "
	    "(\"SUBSCRIBED\"))\r\n"
	    "* LIST (\\NonExistent \\HasNoChildren \\Subscribed) \"/\" "
	    "gone\r\n"
	    "* LIST (\\HasChildren) \"/\" x (CHILDINFO "
	    "(\"SUBSCRIBED\"))\r\n");
	/* Nothing hidden: no CHILDINFO that would only say it again. */
	list(boxes, "(SUBSCRIBED RECURSIVEMATCH) \"\" x*", 0,
	    "* LIST (\\HasNoChildren \\Subscribed) \"/\" x/y\r\n");
	list(boxes, "(SPECIAL-USE) \"\" *", 0,
	    "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n");
	list(boxes, "\"\" *", 1,
	    "* LSUB () \"/\" INBOX\r\n"
	    "* LSUB () \"/\" a/b/c\r\n"
	    "* LSUB (\\Noselect) \"/\" gone\r\n"
	    "* LSUB () \"/\" x/y\r\n");
	list(boxes, "\"\" %", 1,
	    "* LSUB () \"/\" INBOX\r\n"
	    "* LSUB (\\Noselect) \"/\" a\r\n"
	    "* LSUB (\\Noselect) \"/\" gone\r\n"
	    "* LSUB (\\Noselect) \"/\" x\r\n");
	list(boxes + 9, "\"\" *", 0, "");
}

/* Ten thousand mailboxes. */
ATF_TC_WITHOUT_HEAD(tree_large);
ATF_TC_BODY(tree_large, tc)
{
	struct imap_list	 l = { .npatterns = 1 };
	struct imap_match	 m;
	struct imap_tree	 t;
	char			(*names)[24];
	uint32_t		 i, rows = 0;

	ATF_REQUIRE((names = calloc(10000, sizeof(*names))) != NULL);
	imap_tree_init(&t);
	for (i = 0; i < 10000; i++) {
		snprintf(names[i], sizeof(names[i]), "d%u/e%u/f%u", i % 10,
		    i % 100, i * 7919 % 10000);
		ATF_REQUIRE_EQ(imap_tree_add(&t, span_of(names[i]),
		    IMAP_TREE_EXISTS, 0, names[i]), 0);
	}
	ATF_REQUIRE_EQ(imap_match_init(&m, SPAN("%/%")), 0);
	ATF_REQUIRE_EQ(imap_tree_select(&t, &l, &m, 1, 0), 0);
	ATF_CHECK_EQ(t.n, 10110);
	for (i = 0; i < t.n; i++)
		if (t.nodes[i].flags & IMAP_TREE_ROW) {
			rows++;
			ATF_CHECK_EQ(t.nodes[i].depth, 1);
			ATF_CHECK(t.nodes[i].arg == NULL);
			ATF_CHECK(t.nodes[i].flags & IMAP_TREE_HASCHILDREN);
		}
	ATF_CHECK_EQ(rows, 100);
	imap_match_free(&m);
	imap_tree_free(&t);
	free(names);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mutf7);
	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, patterns);
	ATF_TP_ADD_TC(tp, match);
	ATF_TP_ADD_TC(tp, match_child);
	ATF_TP_ADD_TC(tp, match_hard);
	ATF_TP_ADD_TC(tp, tree);
	ATF_TP_ADD_TC(tp, tree_large);
	return atf_no_error();
}
