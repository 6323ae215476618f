/* imap URLs. */
#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "libimap/imap_url.h"

static void
check(const char *text, const char *want)
{
	struct imap_arena	 arena;
	struct imap_url		 u;
	struct buf		 b;

	imap_arena_init(&arena, 65536);
	buf_init(&b, 65536);
	if (imap_url_parse(&arena, span_of(text), &u) == -1)
		buf_addstr(&b, "bad");
	else {
		buf_addf(&b, "%.*s@%.*s [%.*s] v%u u%u ", (int)u.user.len,
		    u.user.len ? u.user.p : "", (int)u.host.len,
		    u.host.len ? u.host.p : "", (int)u.mailbox.len,
		    u.mailbox.len ? u.mailbox.p : "", u.uidvalidity, u.uid);
		imap_section_print(&u.section, &b);
		if (u.partial)
			buf_addf(&b, " %u.%u", u.off, u.len);
		if (u.expires)
			buf_addf(&b, " until %lld", (long long)u.expire);
		if (u.access != IMAP_URL_NONE)
			buf_addf(&b, " a%u %.*s rump %zu", u.access,
			    (int)u.grantee.len, u.grantee.len ? u.grantee.p :
			    "", u.rump.len);
		if (u.token.p != NULL)
			buf_addf(&b, " %.*s:%.*s", (int)u.mech.len, u.mech.p,
			    (int)u.token.len, u.token.p);
	}
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ_MSG((char *)buf_ptr(&b), want, "%s", text);
	buf_free(&b);
	imap_arena_free(&arena);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	check("/INBOX/;UID=7", "@ [INBOX] v0 u7 []");
	check("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER",
	    "@ [Drafts] v385759045 u20 [HEADER]");
	check("/a%2Fb/c%20%c3%bc/;uid=1/;SECTION=1.2.MIME/;PARTIAL=5",
	    "@ [a/b/c \303\274] v0 u1 [1.2.MIME] 5.0");
	check(";UID=3/;PARTIAL=0.1024", "@ [] v0 u3 [] 0.1024");
	check("/;UID=3", "@ [] v0 u3 []");
	check("/x/;UID=9/;SECTION=HEADER.FIELDS%20(to%20cc)",
	    "@ [x] v0 u9 [HEADER.FIELDS (TO CC)]");
	check("imap://joe%40example.com;AUTH=*@mail.example.com:143/INBOX/;"
	    "uid=20/;section=1.2;expire=1970-01-02T01:00:00.25+01:00;"
	    "urlauth=submit+fred:internal:91354a",
	    "joe@example.com@mail.example.com:143 [INBOX] v0 u20 [1.2] "
	    "until 86400 a1 fred rump 135 internal:91354a");
	check("imap://h/m/;UID=1;URLAUTH=anonymous",
	    "@h [m] v0 u1 [] a4  rump 35");
	check("imap://u@h/m/;UID=1;URLAUTH=authuser:INTERNAL:00",
	    "u@h [m] v0 u1 [] a3  rump 36 INTERNAL:00");
}

ATF_TC_WITHOUT_HEAD(bad);
ATF_TC_BODY(bad, tc)
{
	static const char *const	 bads[] = {
		"", "/", "/INBOX", "INBOX/;UID=1", "/INBOX;UID=1",
		"/INBOX/;UID=", "/INBOX/;UID=0", "/INBOX/;UID=4294967296",
		"/INBOX/;UID=1x", "/INBOX/;UID=1/", "/INBOX/;UID=*",
		"/a%/;UID=1", "/a%4/;UID=1", "/a%zz/;UID=1", "/a%00/;UID=1",
		"/a b/;UID=1", "/a;UIDVALIDITY=/;UID=1",
		"/a;UIDVALIDITY=1x/;UID=1", "/a;x=1/;UID=1",
		"/a/;UID=1/;SECTION=", "/a/;UID=1/;SECTION=0",
		"/a/;UID=1/;SECTION=MIME", "/a/;UID=1/;SECTION=1]",
		"/a/;UID=1/;PARTIAL=", "/a/;UID=1/;PARTIAL=1.",
		"/a/;UID=1/;PARTIAL=1.0", "http://h/a/;UID=1",
		"imap://u@h/a/;UID=1;URLAUTH=", "imap://h/a/;UID=1;URLAUTH=x",
		"imap://h/a/;UID=1;URLAUTH=user+",
		"imap://h/a/;UID=1;URLAUTH=user+a:",
		"imap://h/a/;UID=1;URLAUTH=user+a:m",
		"imap://h/a/;UID=1;URLAUTH=user+a:m:",
		"imap://h/a/;UID=1;EXPIRE=2026-13-01T00:00:00Z",
		"imap://h/a/;UID=1;EXPIRE=2026-11-20T00:00:00"
	};
	char	 longer[IMAP_URL_MAX + 20];
	size_t	 i, k;

	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		check(bads[i], "bad");
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	strlcpy(longer + IMAP_URL_MAX, "/;UID=1", 20);
	check(longer, "bad");
	/* No beginning of a good one reads beyond its end. */
	for (k = 0; k < 140; k++) {
		char	 cut[200] = "imap://joe@h/INBOX;UIDVALIDITY=2/;uid=20/;"
		    "section=1.2/;partial=1.2;expire=1970-01-02T01:00:00Z;"
		    "urlauth=submit+fred:internal:91354a";
		struct imap_arena	 arena;
		struct imap_url		 u;

		cut[k] = '\0';
		imap_arena_init(&arena, 65536);
		(void)imap_url_parse(&arena, span_of(cut), &u);
		imap_arena_free(&arena);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, bad);
	return atf_no_error();
}
