/*
 * smtp_dot: against a decoder that is too simple to be wrong, over every
 * short string of the bytes that matter and every split in two.
 */
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "libsmtp/smtp_dot.h"

/* What the simple one says: bytes given out, verdict, how much it took. */
struct verdict {
	char	out[64];
	size_t	outlen;
	size_t	used;
	int	codec;
	int	error;
};

static void
simple(const char *in, size_t len, struct verdict *v)
{
	size_t	 i, start = 0;

	memset(v, 0, sizeof(*v));
	v->codec = CODEC_MORE;
	for (i = 0; i < len; i++) {
		/* the end, if a line starts here */
		if (i == start && len - i >= 3 &&
		    memcmp(in + i, ".\r\n", 3) == 0) {
			v->used = i + 3;
			v->codec = v->error ? CODEC_BAD : CODEC_DONE;
			return;
		}
		if (in[i] == '\r' && i + 1 < len && in[i + 1] != '\n' &&
		    v->error == 0)
			v->error = SMTP_DOT_BARECR;
		if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r') &&
		    v->error == 0)
			v->error = SMTP_DOT_BARELF;
		if (in[i] == '\n' && i > 0 && in[i - 1] == '\r')
			start = i + 1;
		else if (!(i == start && in[i] == '.') &&
		    !(i == start + 1 && in[i] == '\r' && in[i - 1] == '.'))
			v->out[v->outlen++] = in[i];
		if (i == start - 1 && start > 0)
			v->out[v->outlen++] = in[i];
	}
	v->used = len;
}

static void
decode(const char *in, size_t len, size_t first, int room,
    struct verdict *v, struct smtp_dot *d)
{
	struct iovec	 iov[8];
	size_t		 off = 0, have = first, used;
	char		*p;
	int		 n, i, codec = CODEC_MORE;

	memset(v, 0, sizeof(*v));
	for (;;) {
		p = malloc(have - off + 1);
		ATF_REQUIRE(p != NULL);
		memcpy(p, in + off, have - off);
		n = room;
		codec = (int)smtp_dot_decode(d, p, have - off, &used, iov, &n);
		ATF_REQUIRE(n <= room && used <= have - off);
		for (i = 0; i < n; i++) {
			ATF_REQUIRE((char *)iov[i].iov_base >= p &&
			    (char *)iov[i].iov_base + iov[i].iov_len <=
			    p + used);
			memcpy(v->out + v->outlen, iov[i].iov_base,
			    iov[i].iov_len);
			v->outlen += iov[i].iov_len;
		}
		ATF_REQUIRE(used > 0 || have == off || codec != CODEC_MORE);
		off += used;
		free(p);
		if (codec != CODEC_MORE)
			break;
		if (off < have)
			continue;
		if (have == len)
			break;
		have = len;
	}
	v->used = off;
	v->codec = codec;
	v->error = d->error;
}

static void
compare(const char *in, size_t len)
{
	struct verdict	 want, got;
	struct smtp_dot	 d;
	size_t		 i;

	simple(in, len, &want);
	for (i = 0; i <= len; i++) {
		smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
		decode(in, len, i, 1 + (int)(i % 3), &got, &d);
		ATF_REQUIRE_EQ(want.codec, got.codec);
		ATF_REQUIRE_EQ(want.error, got.error);
		ATF_REQUIRE_EQ(want.used, got.used);
		if (want.error != 0)
			continue;
		ATF_REQUIRE_EQ(want.outlen, got.outlen);
		ATF_REQUIRE(memcmp(want.out, got.out, got.outlen) == 0);
		ATF_REQUIRE_EQ(d.size, got.outlen);
	}
}

ATF_TC(exhaustive);
ATF_TC_HEAD(exhaustive, tc)
{
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(exhaustive, tc)
{
	static const char	 bytes[] = "\r\n.a";
	char			 in[9];
	size_t			 len, i;
	unsigned int		 n, m;

	for (len = 0; len <= 8; len++) {
		for (n = 0; n < 1U << (2 * len); n++) {
			for (i = 0, m = n; i < len; i++, m >>= 2)
				in[i] = bytes[m & 3];
			compare(in, len);
		}
	}
}

/* What got through other servers in 2023, and its relatives. */
ATF_TC_WITHOUT_HEAD(smuggling);
ATF_TC_BODY(smuggling, tc)
{
	static const char	*const ends[] = {
		"\n.\n", "\n.\r\n", "\r.\r", "\r.\n", "\r.\r\n", "\r\n.\r",
		"\r\n.\n", "\n.\r", "\r\n.\r\r\n", "\r\n\0.\r\n",
		"\r\n.\0\r\n", "\r\r\n.\r\r\n", "\n\n.\n\n", "\r\r\n.\r\n",
	};
	static const size_t	 lens[] = { 3, 4, 3, 3, 4, 4, 4, 3, 6, 6, 6,
				    7, 5, 6 };
	struct iovec		 iov[8];
	struct smtp_dot		 d;
	char			 in[256];
	size_t			 i, len, used, head;
	int			 n;
	enum codec		 codec;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		len = head = 0;
		memcpy(in, "x\r\nhi", 5);
		head = 5;
		memcpy(in + head, ends[i], lens[i]);
		head += lens[i];
		memcpy(in + head, "MAIL FROM:<a@b>\r\n.\r\nQUIT\r\n", 26);
		len = head + 26;
		smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
		n = 8;
		codec = smtp_dot_decode(&d, in, len, &used, iov, &n);
		if (i == 13) {
			/* ended strictly, but with a bare CR before */
			ATF_CHECK_EQ(CODEC_BAD, codec);
			ATF_CHECK_EQ(head, used);
			continue;
		}
		/* never ends before the strict end */
		ATF_CHECK_EQ_MSG(len - 6, used, "%zu: %zu", i, used);
		if (i == 9 || i == 10)
			ATF_CHECK_EQ(CODEC_DONE, codec); /* a NUL is a byte */
		else
			ATF_CHECK_EQ(CODEC_BAD, codec);
		ATF_CHECK(smtp_dot_answer(d.error)->code >= 250);
	}
}

static enum codec
whole(struct smtp_dot *d, const char *in, size_t len)
{
	struct iovec	 iov[64];
	size_t		 used;
	int		 n = 64;

	return smtp_dot_decode(d, in, len, &used, iov, &n);
}

ATF_TC_WITHOUT_HEAD(flags);
ATF_TC_BODY(flags, tc)
{
	struct smtp_dot	 d;
	char		 in[3000];

	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, "abc\r\n..d\r\n.\r\n", 13));
	ATF_CHECK_EQ(0, d.flags);
	ATF_CHECK_EQ(9, d.size);
	ATF_CHECK_EQ(2, d.lines);

	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, "0123456\377\r\n.\r\n", 13));
	ATF_CHECK_EQ(SMTP_DOT_HAS_8BIT, d.flags);
	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, "\0\r\n.\r\n", 6));
	ATF_CHECK_EQ(SMTP_DOT_HAS_NUL, d.flags);

	/* lines of 998, 999 and over the limit */
	memset(in, 'x', sizeof(in));
	memcpy(in + 998, "\r\n.\r\n", 5);
	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 1000);
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, in, 1003));
	ATF_CHECK_EQ(0, d.flags);
	memset(in, 'x', sizeof(in));
	memcpy(in + 1000, "\r\n.\r\n", 5);
	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 1000);
	ATF_CHECK_EQ(CODEC_MORE, whole(&d, in, 500));
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, in + 500, 505));
	ATF_CHECK_EQ(SMTP_DOT_HAS_LONG, d.flags);
	memset(in, 'x', sizeof(in));
	memcpy(in + 1001, "\r\n.\r\n", 5);
	smtp_dot_init(&d, SMTP_DOT_DATA, 0, 1000);
	ATF_CHECK_EQ(CODEC_TOOBIG, whole(&d, in, 1006));
	ATF_CHECK_EQ(SMTP_DOT_LONGLINE, d.error);

	/* size: the limit itself is good */
	smtp_dot_init(&d, SMTP_DOT_DATA, 5, 0);
	ATF_CHECK_EQ(CODEC_DONE, whole(&d, "abc\r\n.\r\n", 8));
	smtp_dot_init(&d, SMTP_DOT_DATA, 4, 0);
	ATF_CHECK_EQ(CODEC_TOOBIG, whole(&d, "abc\r\n.\r\n", 8));
	ATF_CHECK_EQ(SMTP_DOT_SIZE, d.error);
}

ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	static const char	 in[] = "a\r\n.\r\n..b\r\n";
	struct verdict		 v;
	struct smtp_dot		 d;
	size_t			 i, len = sizeof(in) - 1;

	for (i = 0; i <= len; i++) {
		smtp_dot_init(&d, SMTP_DOT_PLAIN, 0, 0);
		decode(in, len, i, 1, &v, &d);
		ATF_CHECK_EQ(CODEC_MORE, v.codec);
		ATF_CHECK_EQ(len, v.outlen);
		ATF_CHECK(memcmp(in, v.out, len) == 0);
		ATF_CHECK_EQ(CODEC_DONE, smtp_dot_finish(&d));
		ATF_CHECK(!smtp_dot_unended(&d));
	}
	smtp_dot_init(&d, SMTP_DOT_PLAIN, 0, 0);
	ATF_CHECK_EQ(CODEC_DONE, smtp_dot_finish(&d));
	smtp_dot_init(&d, SMTP_DOT_PLAIN, 0, 0);
	whole(&d, "a\r", 2);
	ATF_CHECK_EQ(SMTP_DOT_OK, d.error);
	ATF_CHECK_EQ(CODEC_BAD, smtp_dot_finish(&d));
	smtp_dot_init(&d, SMTP_DOT_PLAIN, 0, 0);
	whole(&d, "a\nb\r\n", 5);
	whole(&d, "more", 4);
	ATF_CHECK_EQ(SMTP_DOT_BARELF, d.error);
	ATF_CHECK_EQ(CODEC_BAD, smtp_dot_finish(&d));
	smtp_dot_init(&d, SMTP_DOT_PLAIN, 0, 0);
	whole(&d, "a", 1);
	ATF_CHECK(smtp_dot_unended(&d));
	ATF_CHECK_EQ(CODEC_DONE, smtp_dot_finish(&d));
	smtp_dot_init(&d, SMTP_DOT_BINARY, 0, 0);
	whole(&d, "a\nb\r", 4);
	ATF_CHECK_EQ(CODEC_DONE, smtp_dot_finish(&d));
	ATF_CHECK(smtp_dot_unended(&d));
}

/* Encode in two pieces into a buffer of `room'. */
static size_t
encode(int normalise, const char *in, size_t len, size_t first, size_t room,
    char *out)
{
	struct smtp_dotenc	 e;
	size_t			 n = 0, off = 0, have = first, used;
	char			 piece[64];

	smtp_dotenc_init(&e, normalise);
	for (;;) {
		size_t	 m;

		m = smtp_dotenc_add(&e, piece, room, in + off, have - off,
		    &used);
		ATF_REQUIRE(m <= room && used <= have - off);
		ATF_REQUIRE(used > 0 || off == have);
		memcpy(out + n, piece, m);
		n += m;
		off += used;
		if (off == len)
			break;
		if (off == have)
			have = len;
	}
	n += smtp_dotenc_end(&e, out + n);
	return n;
}

/* What was encoded decodes to what it was, line ends made right. */
ATF_TC(round_trip);
ATF_TC_HEAD(round_trip, tc)
{
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(round_trip, tc)
{
	static const char	 bytes[] = "\r\n.a";
	struct verdict		 v;
	struct smtp_dot		 d;
	char			 in[8], out[64], want[64];
	size_t			 len, i, j, w, outlen;
	unsigned int		 n, m;

	for (len = 0; len <= 6; len++) {
		for (n = 0; n < 1U << (2 * len); n++) {
			for (i = 0, m = n; i < len; i++, m >>= 2)
				in[i] = bytes[m & 3];
			for (w = 0, j = 0; j < len; j++) {
				if (in[j] != '\r' && in[j] != '\n') {
					want[w++] = in[j];
					continue;
				}
				want[w++] = '\r';
				want[w++] = '\n';
				if (in[j] == '\r' && j + 1 < len &&
				    in[j + 1] == '\n')
					j++;
			}
			if (w > 0 && want[w - 1] != '\n') {
				want[w++] = '\r';
				want[w++] = '\n';
			}
			for (i = 0; i <= len; i++) {
				outlen = encode(1, in, len, i, 4 + i, out);
				smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
				decode(out, outlen, outlen, 8, &v, &d);
				ATF_REQUIRE_EQ(CODEC_DONE, v.codec);
				ATF_REQUIRE_EQ(outlen, v.used);
				ATF_REQUIRE_EQ(w, v.outlen);
				ATF_REQUIRE(memcmp(want, v.out, w) == 0);
				/* what is right already stays so */
				outlen = encode(0, want, w, i < w ? i : w,
				    4 + i, out);
				smtp_dot_init(&d, SMTP_DOT_DATA, 0, 0);
				decode(out, outlen, outlen, 8, &v, &d);
				ATF_REQUIRE_EQ(CODEC_DONE, v.codec);
				ATF_REQUIRE_EQ(w, v.outlen);
				ATF_REQUIRE(memcmp(want, v.out, w) == 0);
			}
		}
	}
}

ATF_TC_WITHOUT_HEAD(encoder);
ATF_TC_BODY(encoder, tc)
{
	char	 out[64];
	size_t	 n;

	n = encode(0, "a\r\n.b\r\n..\r\n", 11, 0, 64, out);
	ATF_CHECK_EQ(16, n);
	ATF_CHECK(memcmp(out, "a\r\n..b\r\n...\r\n.\r\n", 16) == 0);
	n = encode(0, "a", 1, 0, 64, out);
	ATF_CHECK_EQ(6, n);
	ATF_CHECK(memcmp(out, "a\r\n.\r\n", 6) == 0);
	n = encode(0, "", 0, 0, 64, out);
	ATF_CHECK_EQ(3, n);
	n = encode(1, "a\n.\rb", 5, 0, 64, out);
	ATF_CHECK_EQ(13, n);
	ATF_CHECK(memcmp(out, "a\r\n..\r\nb\r\n.\r\n", 13) == 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, exhaustive);
	ATF_TP_ADD_TC(tp, smuggling);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, round_trip);
	ATF_TP_ADD_TC(tp, encoder);
	return atf_no_error();
}
