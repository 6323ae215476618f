/* html to text, previews, and search in encoded text. */
#include <atf-c.h>

#include <stdlib.h>
#include <string.h>

#include "libmail/html.h"
#include "libmail/preview.h"
#include "libmail/textsearch.h"

static void
html(const char *in, const char *want)
{
	struct html_dec d;
	struct buf b;
	size_t i, len = strlen(in);

	for (i = 0; i <= len; i++) {
		buf_init(&b, 4096);
		html_dec_init(&d);
		ATF_REQUIRE_EQ(html_dec_add(&d, in, i, &b), 0);
		ATF_REQUIRE_EQ(html_dec_add(&d, in + i, len - i, &b), 0);
		ATF_REQUIRE_EQ(html_dec_end(&d, &b), 0);
		buf_addc(&b, '\0');
		ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
		buf_free(&b);
	}
}

ATF_TC_WITHOUT_HEAD(tags);
ATF_TC_BODY(tags, tc)
{
	html("plain", "plain");
	html("<b>a</b>b<i>c</i>", "abc");
	html("a<br>b<p class=\"x>y\">c</p>", "a\nb\nc\n");
	html("a<!-- <b> -- > -->b<!DOCTYPE x>c", "abc");
	html("<style>p{}</style>a<script>x<y</script>b", "ab");
	html("<head><title>t</title><body>a", "\na");
	html("a < b <3", "a < b ");
	html("&lt;&amp;&#65;&#x42;&eacute;&nbsp;&euro;",
	    "<&AB\xc3\xa9\xc2\xa0\xe2\x82\xac");
	html("&bogus; &amp &", "&bogus & &");
	html("&#99999999;", "\xef\xbf\xbd");
}

static void
preview(const char *msg, const char *want)
{
	struct arena a;
	struct mime m;
	struct buf b;

	arena_init(&a, 1 << 20);
	mime_init(&m, &a);
	buf_init(&b, 4096);
	ATF_REQUIRE_EQ(mime_parse(&m, SPAN_NONE, span_of(msg)), 0);
	ATF_REQUIRE_EQ(preview_make(NULL, &m, span_of(msg), 0, 20, &b), 0);
	buf_addc(&b, '\0');
	ATF_CHECK_STREQ((char *)buf_ptr(&b), want);
	buf_free(&b);
	mime_free(&m);
	arena_free(&a);
}

ATF_TC_WITHOUT_HEAD(previews);
ATF_TC_BODY(previews, tc)
{
	preview("A: b\r\n\r\nHello\r\n\r\n  you\r\n", "Hello you");
	preview("A: b\r\n\r\n> quoted\r\nnew\r\n", "new");
	preview("A: b\r\n\r\n> only\r\n> quoted\r\n", "> only > quoted");
	preview("A: b\r\n\r\n12345678901234567890123", "12345678901234567890");
	preview("Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "<style>x</style><p>a=\r\nb&nbsp; c</p>", "ab c");
	preview("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe4",
	    "\xc3\xa4");
	preview("Content-Type: image/gif\r\n\r\nGIF", "");
	preview("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\n\r\ninner\r\n--b\r\n"
	    "Content-Type: text/html\r\n\r\n<b>outer</b>\r\n--b--", "outer");
	preview("", "");
}

static int
found(const char *needle, enum transfer enc, enum charset cs, const char *p,
    size_t len)
{
	struct textsearch *t;
	int r;

	ATF_REQUIRE((t = textsearch_new(NULL, span_of(needle))) != NULL);
	r = textsearch_part(t, enc, cs, p, len);
	textsearch_free(t);
	return r;
}

#define FOUND(n, e, c, s)	found((n), (e), (c), (s), sizeof(s) - 1)

ATF_TC_WITHOUT_HEAD(search);
ATF_TC_BODY(search, tc)
{
	char *big;
	size_t i, len = 100000;

	ATF_CHECK_EQ(FOUND("WORLD", TRANSFER_7BIT, CHARSET_ASCII,
	    "hello world"), 1);
	ATF_CHECK_EQ(FOUND("worlds", TRANSFER_7BIT, CHARSET_ASCII,
	    "hello world"), 0);
	ATF_CHECK_EQ(FOUND("", TRANSFER_7BIT, CHARSET_ASCII, ""), 1);
	ATF_CHECK_EQ(FOUND("b\xc3\xa4" "r", TRANSFER_QP, CHARSET_LATIN1,
	    "ein B=\r\n=C4R"), 1);
	ATF_CHECK_EQ(FOUND("foobar", TRANSFER_BASE64, CHARSET_UTF8,
	    "eHggRm9v\r\nQmFyIHh4\r\n"), 1);
	ATF_CHECK_EQ(FOUND("ab", TRANSFER_8BIT, CHARSET_UTF16LE,
	    "x\0a\0b\0"), 1);
	/* across the border of two pieces, whichever it is */
	ATF_REQUIRE((big = malloc(len)) != NULL);
	memset(big, '.', len);
	for (i = 16384 - 8; i < 16384 + 4; i++) {
		memcpy(big + i, "nEEdle", 6);
		ATF_CHECK_EQ(found("Needle", TRANSFER_7BIT, CHARSET_ASCII,
		    big, len), 1);
		memcpy(big + i, "......", 6);
	}
	ATF_CHECK_EQ(found("Needle", TRANSFER_7BIT, CHARSET_ASCII, big, len),
	    0);
	free(big);
}

ATF_TC_WITHOUT_HEAD(headers);
ATF_TC_BODY(headers, tc)
{
	static const char h[] = "From: =?utf-8?q?J=C3=B6rg?= <j@example.org>"
	    "\r\nSubject: a\r\n b\r\n\r\n";
	struct textsearch *t;

	ATF_REQUIRE((t = textsearch_new(NULL, SPAN("j\xc3\xb6RG"))) != NULL);
	ATF_CHECK_EQ(textsearch_header(t, SPAN(h)), 1);
	textsearch_free(t);
	ATF_REQUIRE((t = textsearch_new(NULL, SPAN("subject: a b"))) != NULL);
	ATF_CHECK_EQ(textsearch_header(t, SPAN(h)), 1);
	ATF_CHECK_EQ(textsearch_value(t, SPAN("a b")), 0);
	ATF_CHECK_EQ(textsearch_folded(t, SPAN("X SUBJECT: A B C")), 1);
	textsearch_free(t);
}

/* However it is cut; and what was before the beginning does not count. */
ATF_TC_WITHOUT_HEAD(pieces);
ATF_TC_BODY(pieces, tc)
{
	static const char text[] = "a long Needle in it";
	struct textsearch *t;
	size_t i, len = sizeof(text) - 1;

	ATF_REQUIRE((t = textsearch_new(NULL, SPAN("nEEDLE"))) != NULL);
	for (i = 0; i <= len; i++) {
		textsearch_begin(t);
		ATF_CHECK_EQ(textsearch_piece(t, text, i), i >= 13);
		if (i < 13)
			ATF_CHECK_EQ(textsearch_piece(t, text + i, len - i),
			    1);
	}
	textsearch_begin(t);
	for (i = 0; i <= 12; i++)
		ATF_CHECK_EQ(textsearch_piece(t, text + i, 1), i == 12);
	textsearch_begin(t);
	ATF_CHECK_EQ(textsearch_piece(t, "need", 4), 0);
	textsearch_begin(t);
	ATF_CHECK_EQ(textsearch_piece(t, "le", 2), 0);
	textsearch_free(t);
	ATF_REQUIRE((t = textsearch_new(NULL, SPAN(""))) != NULL);
	textsearch_begin(t);
	ATF_CHECK_EQ(textsearch_piece(t, "", 0), 1);
	textsearch_free(t);
}

/* BODY looks into texts only, TEXT into all headers too. */
ATF_TC_WITHOUT_HEAD(message);
ATF_TC_BODY(message, tc)
{
	static const char msg[] = "Subject: outer\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
	    "--b\r\nX-Part: yes\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "aGlkZGVu\r\n--b\r\nContent-Type: image/gif\r\n\r\npicture\r\n"
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n"
	    "deep\r\n--b\r\nContent-Type: message/partial\r\n\r\n"
	    "fragment\r\n--b\r\nContent-Type: multipart/mixed; boundary=c"
	    "\r\n\r\nno part arrived\r\n--b--\r\n";
	static const struct {
		const char	*needle;
		int		 body, text;
	} want[] = {
		{ "HIDDEN", 1, 1 }, { "deep", 1, 1 }, { "picture", 0, 0 },
		{ "preamble", 0, 0 }, { "outer", 0, 1 }, { "x-part", 0, 1 },
		{ "INNER", 1, 1 }, { "aGlk", 0, 0 },
		{ "arrived", 1, 1 }, { "fragment", 1, 1 }
	};
	struct textsearch *t;
	struct meta_ctx *x;
	struct meta m;
	struct buf b;
	size_t i;

	ATF_REQUIRE((x = meta_ctx_new(NULL)) != NULL);
	buf_init(&b, META_MAX);
	ATF_REQUIRE_EQ(meta_build(x, SPAN_NONE, SPAN(msg), &b), 0);
	ATF_REQUIRE_EQ(meta_open(&m, buf_ptr(&b), b.len), 0);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ATF_REQUIRE((t = textsearch_new(NULL,
		    span_of(want[i].needle))) != NULL);
		ATF_CHECK_EQ_MSG(textsearch_message(t, &m, msg,
		    sizeof(msg) - 1, 0), want[i].body, "%s", want[i].needle);
		ATF_CHECK_EQ_MSG(textsearch_message(t, &m, msg,
		    sizeof(msg) - 1, 1), want[i].text, "%s", want[i].needle);
		textsearch_free(t);
	}
	buf_free(&b);
	meta_ctx_free(x);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, tags);
	ATF_TP_ADD_TC(tp, previews);
	ATF_TP_ADD_TC(tp, search);
	ATF_TP_ADD_TC(tp, headers);
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, message);
	return atf_no_error();
}
