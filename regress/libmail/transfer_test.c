/* Content-Transfer-Encoding: decoders by every split, encoders. */
#include <atf-c.h>

#include <stdlib.h>
#include <string.h>

#include "libmail/transfer.h"

static void
check(enum transfer enc, const char *in, size_t len, const char *want,
    int broken)
{
	struct transfer_dec d;
	struct buf b;
	size_t i, j;

	for (i = 0; i <= len; i++) {
		for (j = i; j <= len; j++) {
			buf_init(&b, 4096);
			transfer_dec_init(&d, enc);
			ATF_REQUIRE_EQ(transfer_dec_add(&d, in, i, &b), 0);
			ATF_REQUIRE_EQ(transfer_dec_add(&d, in + i, j - i,
			    &b), 0);
			ATF_REQUIRE_EQ(transfer_dec_add(&d, in + j, len - j,
			    &b), 0);
			ATF_REQUIRE_EQ(transfer_dec_end(&d, &b), 0);
			ATF_REQUIRE_EQ(d.broken, broken);
			buf_addc(&b, '\0');
			ATF_REQUIRE_MSG(strcmp((char *)buf_ptr(&b), want) ==
			    0, "<%s> at %zu, %zu: <%s>, not <%s>", in, i, j,
			    (char *)buf_ptr(&b), want);
			buf_free(&b);
		}
	}
}

#define T(e, in, want, broken)						\
	check((e), (in), sizeof(in) - 1, (want), (broken))

ATF_TC_WITHOUT_HEAD(lookup);
ATF_TC_BODY(lookup, tc)
{
	ATF_CHECK_EQ(transfer_lookup(SPAN("")), TRANSFER_7BIT);
	ATF_CHECK_EQ(transfer_lookup(SPAN("BASE64")), TRANSFER_BASE64);
	ATF_CHECK_EQ(transfer_lookup(SPAN("Quoted-Printable")), TRANSFER_QP);
	ATF_CHECK_EQ(transfer_lookup(SPAN("x-uuencode")), TRANSFER_UNKNOWN);
}

ATF_TC_WITHOUT_HEAD(base64);
ATF_TC_BODY(base64, tc)
{
	T(TRANSFER_BASE64, "", "", 0);
	T(TRANSFER_BASE64, "Zm9v\r\nYmFy\r\n", "foobar", 0);
	T(TRANSFER_BASE64, "Zm9vYg==", "foob", 0);
	T(TRANSFER_BASE64, "Zm9vYmE=", "fooba", 0);
	T(TRANSFER_BASE64, "Zm9vYg", "foob", 0);
	T(TRANSFER_BASE64, "Z", "", 1);
	T(TRANSFER_BASE64, "Zg==Zg==", "ff", 1);
	T(TRANSFER_BASE64, "Zm!9\x80v", "foo", 1);
	T(TRANSFER_BASE64, "Zm9v=Zg", "foof", 1);
}

ATF_TC_WITHOUT_HEAD(qp);
ATF_TC_BODY(qp, tc)
{
	T(TRANSFER_QP, "a=3D=3db", "a==b", 0);
	T(TRANSFER_QP, "a =\r\nb=\nc", "a bc", 0);
	T(TRANSFER_QP, "a =  \r\nb", "a b", 0);
	T(TRANSFER_QP, "a \t \r\nb  \nc  ", "a\r\nb\nc", 0);
	T(TRANSFER_QP, "a=20 \r\nb", "a \r\nb", 0);
	T(TRANSFER_QP, "a=4", "a=4", 1);
	T(TRANSFER_QP, "a=zz=", "a=zz", 1);
	T(TRANSFER_QP, "a\rb\r", "a\rb\r", 0);
	T(TRANSFER_QP, "x                                    \ny",
	    "x    \ny", 0);
}

ATF_TC_WITHOUT_HEAD(identity);
ATF_TC_BODY(identity, tc)
{
	T(TRANSFER_7BIT, "a=3D \r\n", "a=3D \r\n", 0);
	T(TRANSFER_UNKNOWN, "Zm9v", "Zm9v", 0);
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct buf b;

	buf_init(&b, 2);
	ATF_CHECK_EQ(transfer_decode(TRANSFER_BASE64, "Zm9v", 4, &b), -1);
	ATF_CHECK_EQ(b.len, 2);
	buf_free(&b);
}

static void
there_and_back(int qp, const void *p, size_t len)
{
	struct buf b, c;
	const char *s, *q;

	buf_init(&b, 1 << 20);
	buf_init(&c, 1 << 20);
	ATF_REQUIRE_EQ(qp ? transfer_encode_qp(p, len, &b) :
	    transfer_encode_base64(p, len, &b), 0);
	ATF_REQUIRE_EQ(transfer_decode(qp ? TRANSFER_QP : TRANSFER_BASE64,
	    buf_ptr(&b), b.len, &c), 0);
	ATF_CHECK_EQ(c.len, len);
	ATF_CHECK(len == 0 || memcmp(buf_ptr(&c), p, len) == 0);
	buf_addc(&b, '\0');
	for (s = (char *)buf_ptr(&b); (q = strstr(s, "\r\n")) != NULL;
	    s = q + 2)
		ATF_CHECK_MSG(q - s <= 76, "%s", s);
	buf_free(&b);
	buf_free(&c);
}

ATF_TC_WITHOUT_HEAD(encode);
ATF_TC_BODY(encode, tc)
{
	uint8_t all[512];
	size_t i;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	for (i = 0; i < 200; i++)
		there_and_back(0, all, i);
	there_and_back(0, all, sizeof(all));
	there_and_back(1, "", 0);
	there_and_back(1, "a b = c \r\n \r\nx\t", 16);
	for (i = 0; i < sizeof(all); i++)
		if (all[i] == '\r' || all[i] == '\n')
			all[i] = 'x';
	for (i = 0; i < sizeof(all); i++)
		there_and_back(1, all, i);
	memset(all, 'x', sizeof(all));
	for (i = 70; i < 160; i++)
		there_and_back(1, all, i);
	memcpy(all + 76, "\r\nyy", 4);
	there_and_back(1, all, sizeof(all));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lookup);
	ATF_TP_ADD_TC(tp, base64);
	ATF_TP_ADD_TC(tp, qp);
	ATF_TP_ADD_TC(tp, identity);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, encode);
	return atf_no_error();
}
