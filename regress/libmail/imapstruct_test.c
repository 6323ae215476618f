/* ENVELOPE, BODY, BODYSTRUCTURE: what Dovecot 2.3 answers for the same. */
#include <atf-c.h>

#include <string.h>

#include "libmail/imapstruct.h"

enum what { ENVELOPE, BODY, STRUCTURE };

static void
check(enum what what, const char *msg, const char *want)
{
	struct arena a;
	struct mime m;
	struct buf b;

	arena_init(&a, 1 << 24);
	mime_init(&m, &a);
	buf_init(&b, 1 << 16);
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, span_of(msg)), 0);
	if (what == ENVELOPE)
		ATF_CHECK_EQ(imapstruct_envelope(m.parts[0].envelope, &b), 0);
	else
		ATF_CHECK_EQ(imapstruct_body(&m, what == STRUCTURE, &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	mime_free(&m);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	static const struct {
		const char	*in, *nstring, *text;
	} t[] = {
		{ "", "\"\"", "\"\"" },
		{ "a b", "\"a b\"", "\"a b\"" },
		{ "a  b", "\"a  b\"", "{3}\r\na b" },
		{ " a ", "\" a \"", "{1}\r\na" },
		{ "  ", "\"  \"", "\"\"" },
		{ "a\"b\\", "\"a\\\"b\\\\\"", "{4}\r\na\"b\\" },
		{ "\"\"\"\"\"", "{5}\r\n\"\"\"\"\"", "{5}\r\n\"\"\"\"\"" },
		{ "\xc3\xb6", "{2}\r\n\xc3\xb6", "{2}\r\n\xc3\xb6" },
		{ "a\r\n b", "{5}\r\na\r\n b", "{3}\r\na b" }
	};
	struct buf b;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_truncate(&b, 0);
		ATF_CHECK_EQ(imapstruct_nstring(span_of(t[i].in), &b), 0);
		buf_addc(&b, '\0');
		ATF_CHECK_STREQ((char *)buf_ptr(&b), t[i].nstring);
		buf_truncate(&b, 0);
		ATF_CHECK_EQ(imapstruct_text(span_of(t[i].in), &b), 0);
		buf_addc(&b, '\0');
		ATF_CHECK_STREQ((char *)buf_ptr(&b), t[i].text);
	}
	buf_truncate(&b, 0);
	ATF_CHECK_EQ(imapstruct_nstring(SPAN_NONE, &b), 0);
	ATF_CHECK_EQ(imapstruct_nstring(SPAN("a\0b"), &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), "NIL{5}\r\na\xef\xbf\xbd" "b");
	buf_free(&b);
}

ATF_TC_WITHOUT_HEAD(envelope);
ATF_TC_BODY(envelope, tc)
{
	check(ENVELOPE, "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	check(ENVELOPE, "Date: d\r\nSubject: s\r\nFrom: A <a@b>\r\n"
	    "To: G: c@d;\r\nCc: (x) root\r\nIn-Reply-To: <1@x>\r\n"
	    "Message-ID:\r\n <2@x>\r\n\r\n",
	    "(\"d\" \"s\" ((\"A\" NIL \"a\" \"b\")) "
	    "((\"A\" NIL \"a\" \"b\")) ((\"A\" NIL \"a\" \"b\")) "
	    "((NIL NIL \"G\" NIL)(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)) "
	    "((NIL NIL \"root\" \"MISSING_DOMAIN\")) NIL \"<1@x>\" "
	    "\" <2@x>\")");
	check(ENVELOPE, "From: <@r:a@b>, <>, <x y@z>\r\nSender: s@t\r\n"
	    "Reply-To: u@v\r\nSubject: a\r\n b\r\n\r\n",
	    "(NIL {3}\r\na b ((NIL \"@r\" \"a\" \"b\")"
	    "(NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")"
	    "(NIL NIL \"x\" \"SYNTAX_ERROR\")) ((NIL NIL \"s\" \"t\")) "
	    "((NIL NIL \"u\" \"v\")) NIL NIL NIL NIL NIL)");
	/* repeated fields are joined, of others the last one counts */
	check(ENVELOPE, "To: a@b\r\nTo: c@d\r\nSubject: 1\r\nSubject: 2\r\n"
	    "\r\n", "(NIL \"2\" NIL NIL NIL ((NIL NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL)");
}

ATF_TC_WITHOUT_HEAD(body);
ATF_TC_BODY(body, tc)
{
	check(BODY, "A: b\r\n\r\none\r\ntwo", "(\"text\" \"plain\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 8 1)");
	check(STRUCTURE, "A: b\r\n\r\none\r\n", "(\"text\" \"plain\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 1 NIL NIL NIL "
	    "NIL)");
	check(STRUCTURE, "Content-Type: Image/GIF; name=\"a b\"\r\n"
	    "Content-Transfer-Encoding: BASE64 (x)\r\nContent-ID: <i@d>\r\n"
	    "Content-Description: d\r\n e\r\nContent-MD5: m==\r\n"
	    "Content-Disposition: inline; filename*0=a; filename*1=b\r\n"
	    "Content-Language: en,\r\n de\r\nContent-Location: l\r\n\r\nx",
	    "(\"Image\" \"GIF\" (\"name\" \"a b\") \"<i@d>\" \"d e\" "
	    "\"BASE64\" 1 \"m==\" (\"inline\" (\"filename\" \"ab\")) "
	    "(\"en\" \"de\") \"l\")");
	check(STRUCTURE, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n\r\n1\r\n2\r\n--b--\r\n",
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 4 1 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") "
	    "NIL NIL NIL)");
	check(BODY, "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 0 0) \"mixed\")");
	check(BODY, "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\n"
	    "1\r\n2\r\n", "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 20 "
	    "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 2) 4)");
	/* no MIME-Version and no Content-Type: no MIME */
	check(BODY, "Content-ID: <x>\r\n\r\n", "(\"text\" \"plain\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)");
}

/* Whatever is cut off a rendered text, reading it fails and does no harm. */
ATF_TC_WITHOUT_HEAD(read);
ATF_TC_BODY(read, tc)
{
	static const char s[] = "((\"text\" \"pl\\\"ain\" (\"a\" {3}\r\nb)c) "
	    "NIL NIL \"7bit\" 4 1 NIL NIL NIL NIL)(\"message\" \"rfc822\" NIL "
	    "NIL NIL \"7bit\" 20 (NIL NIL) (\"a\" \"b\" NIL NIL NIL \"7bit\" 6 "
	    "NIL NIL NIL NIL) 4 NIL NIL NIL NIL) \"mixed\" NIL NIL NIL NIL)";
	struct imapstruct_elem e;
	struct span in;
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	ATF_CHECK_EQ(imapstruct_body_from_ext(SPAN(s), &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), "((\"text\" \"pl\\\"ain\" (\"a\" "
	    "{3}\r\nb)c) NIL NIL \"7bit\" 4 1)(\"message\" \"rfc822\" NIL NIL "
	    "NIL \"7bit\" 20 (NIL NIL) (\"a\" \"b\" NIL NIL NIL \"7bit\" 6) 4) "
	    "\"mixed\")");
	for (i = 0; i < sizeof(s) - 1; i++) {
		buf_truncate(&b, 0);
		ATF_CHECK_EQ(imapstruct_body_from_ext((struct span){ s, i },
		    &b), -1);
	}
	buf_free(&b);
	in = SPAN("NIL \"a\\\"\" {2}\r\n() 12 (x (y)) ");
	ATF_CHECK(imapstruct_next(&in, &e) == 1 && e.kind == 'n');
	ATF_CHECK(imapstruct_next(&in, &e) == 1 && e.kind == '"' && e.esc);
	ATF_CHECK(imapstruct_next(&in, &e) == 1 && e.kind == '{' &&
	    span_eq(e.val, SPAN("()")));
	ATF_CHECK(imapstruct_next(&in, &e) == 1 && e.kind == 'a');
	ATF_CHECK(imapstruct_next(&in, &e) == 1 && e.kind == '(' &&
	    span_eq(e.val, SPAN("x (y)")));
	ATF_CHECK_EQ(imapstruct_next(&in, &e), 0);
	in = SPAN(")");
	ATF_CHECK_EQ(imapstruct_next(&in, &e), -1);
	in = SPAN("{99999999999999999999}\r\nx");
	ATF_CHECK_EQ(imapstruct_next(&in, &e), -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, envelope);
	ATF_TP_ADD_TC(tp, body);
	ATF_TP_ADD_TC(tp, read);
	return atf_no_error();
}
