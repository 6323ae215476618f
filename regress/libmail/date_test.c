/* Dates of mail. */
#include <atf-c.h>

#include <string.h>

#include "libmail/date.h"

/* want: as date_format prints it, NULL for no date. */
static void
check(const char *text, const char *want)
{
	struct maildate d;
	char out[DATE_STRLEN];

	if (want == NULL) {
		ATF_CHECK_MSG(date_parse(span_of(text), &d) == -1, "%s", text);
		return;
	}
	ATF_REQUIRE_MSG(date_parse(span_of(text), &d) == 0, "%s", text);
	ATF_CHECK_EQ(date_format(out, d.t, d.zone), strlen(out));
	ATF_CHECK_STREQ(out, want);
}

ATF_TC_WITHOUT_HEAD(good);
ATF_TC_BODY(good, tc)
{
	check("Tue, 1 Jul 2003 10:52:37 +0200",
	    "Tue, 01 Jul 2003 10:52:37 +0200");
	check("Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Nfld (x))",
	    "Thu, 13 Feb 1969 23:32:00 -0330");
	check("21 Nov 97 09:55:06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000");
	check("29 Feb 2000 00:00:60 EDT", "Tue, 29 Feb 2000 00:01:00 -0400");
}

ATF_TC_WITHOUT_HEAD(sloppy);
ATF_TC_BODY(sloppy, tc)
{
	check("Tue Jul  1 10:52:37 2003", "Tue, 01 Jul 2003 10:52:37 +0000");
	check("Tue Jul  1 10:52:37 PDT 2003",
	    "Tue, 01 Jul 2003 10:52:37 -0700");
	check("2003-07-01T10:52:37.5+02:00",
	    "Tue, 01 Jul 2003 10:52:37 +0200");
	check("1-Jul-2003 10:52:37", "Tue, 01 Jul 2003 10:52:37 +0000");
	check("Mar, 1 July 2003 10.52.37 GMT+0200",
	    "Tue, 01 Jul 2003 10:52:37 +0200");
	check("1 Jul 2003 10:52:37 PM -0700",
	    "Tue, 01 Jul 2003 22:52:37 -0700");
	check("1 Jul 103 10:52:37 ZZZZ", "Tue, 01 Jul 2003 10:52:37 +0000");
}

ATF_TC_WITHOUT_HEAD(bad);
ATF_TC_BODY(bad, tc)
{
	check("", NULL);
	check("no date at all", NULL);
	check("1 Foo 2003 10:52:37 +0200", NULL);
	check("32 Jul 2003 10:52:37 +0200", NULL);
	check("1 Jul 2003 25:52:37 +0200", NULL);
	check("1 Jul 2003", NULL);
	check("1 Jul 2003 ((open) 10:52:37 +0200", NULL);
	check("99999999999999999999 Jul 2003 10:00:00 +0200", NULL);
}

ATF_TC_WITHOUT_HEAD(imap);
ATF_TC_BODY(imap, tc)
{
	struct maildate d;
	char out[DATE_STRLEN];

	ATF_REQUIRE_EQ(date_parse_imap(SPAN(" 7-Jul-1996 02:44:25 -0700"),
	    &d), 0);
	ATF_CHECK_EQ(d.t, 836732665);
	ATF_CHECK_EQ(date_format_imap(out, d.t, d.zone), 26);
	ATF_CHECK_STREQ(out, "07-Jul-1996 02:44:25 -0700");
	ATF_CHECK_EQ(date_parse_imap(SPAN("7-Jul-1996 02:44:25 -0700"), &d),
	    -1);
	ATF_CHECK_EQ(date_parse_imap(SPAN("07-Jux-1996 02:44:25 -0700"), &d),
	    -1);
	ATF_CHECK_EQ(date_parse_imap(SPAN("07-Jul-1996 24:44:25 -0700"), &d),
	    -1);
	ATF_CHECK_EQ(date_parse_imap(SPAN("07-Jul-1996 02:44:25  0700"), &d),
	    -1);
}

ATF_TC_WITHOUT_HEAD(days);
ATF_TC_BODY(days, tc)
{
	struct maildate d;
	char out[DATE_STRLEN];

	ATF_CHECK_EQ(date_days(1970, 1, 1), 0);
	ATF_CHECK_EQ(date_days(2000, 3, 1), 11017);
	ATF_CHECK_EQ(date_days(1969, 12, 31), -1);
	/* the day as written counts, not the one in UTC */
	ATF_REQUIRE_EQ(date_parse(SPAN("1 Jan 1970 00:30:00 +0200"), &d), 0);
	ATF_CHECK_EQ(date_day(&d), 0);
	ATF_CHECK_EQ(d.t, -5400);
	/* no width ever changes */
	ATF_CHECK_EQ(date_format(out, INT64_MAX, 0), 31);
	ATF_CHECK_EQ(date_format(out, INT64_MIN, 0), 31);
	ATF_CHECK_EQ(date_format_imap(out, INT64_MIN, 99999), 26);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good);
	ATF_TP_ADD_TC(tp, sloppy);
	ATF_TP_ADD_TC(tp, bad);
	ATF_TP_ADD_TC(tp, imap);
	ATF_TP_ADD_TC(tp, days);
	return atf_no_error();
}
