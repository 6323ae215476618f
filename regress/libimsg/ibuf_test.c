#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"

ATF_TC_WITHOUT_HEAD(fixed);
ATF_TC_BODY(fixed, tc)
{
	struct ibuf	*b;

	ATF_CHECK(ibuf_open(0) == NULL && errno == EINVAL);
	ATF_REQUIRE((b = ibuf_open(4)) != NULL);
	ATF_CHECK_EQ(4, ibuf_left(b));
	ATF_CHECK_EQ(0, ibuf_add(b, "abc", 3));
	ATF_CHECK_EQ(0, ibuf_add(b, NULL, 0));
	ATF_CHECK(ibuf_add(b, "de", 2) == -1 && errno == ERANGE);
	ATF_CHECK_EQ(3, ibuf_size(b));
	ATF_CHECK(ibuf_reserve(b, SIZE_MAX) == NULL && errno == ERANGE);
	ATF_CHECK_EQ(0, ibuf_add_n8(b, 'd'));
	ATF_CHECK_EQ(0, ibuf_left(b));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(b), "abcd", 4));
	ibuf_free(b);
	ibuf_free(NULL);
}

ATF_TC_WITHOUT_HEAD(dynamic);
ATF_TC_BODY(dynamic, tc)
{
	unsigned char	 all[3000];
	struct ibuf	*b;
	size_t		 i;

	ATF_CHECK(ibuf_dynamic(1, 0) == NULL && errno == EINVAL);
	ATF_CHECK(ibuf_dynamic(2, 1) == NULL && errno == EINVAL);
	ATF_REQUIRE((b = ibuf_dynamic(0, sizeof(all))) != NULL);
	for (i = 0; i < sizeof(all); i++) {
		all[i] = (unsigned char)(i * 7);
		ATF_REQUIRE_EQ(0, ibuf_add(b, all + i, 1));
	}
	ATF_CHECK(ibuf_add(b, "x", 1) == -1 && errno == ERANGE);
	ATF_CHECK_EQ(sizeof(all), ibuf_size(b));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(b), all, sizeof(all)));
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(numbers);
ATF_TC_BODY(numbers, tc)
{
	static const unsigned char	 net[] = { 0x12, 0x12, 0x34, 0x12,
	    0x34, 0x56, 0x78, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ibuf	*b;
	uint8_t		 v8;
	uint16_t	 v16;
	uint32_t	 v32;
	uint64_t	 v64;

	ATF_REQUIRE((b = ibuf_dynamic(0, 64)) != NULL);
	ATF_CHECK_EQ(0, ibuf_add_n8(b, 0x12));
	ATF_CHECK_EQ(0, ibuf_add_n16(b, 0x1234));
	ATF_CHECK_EQ(0, ibuf_add_n32(b, 0x12345678));
	ATF_CHECK_EQ(0, ibuf_add_n64(b, 0x0102030405060708ULL));
	ATF_CHECK_EQ(sizeof(net), ibuf_size(b));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(b), net, sizeof(net)));
	ATF_CHECK_EQ(0, ibuf_add_h16(b, 0xfffe));
	ATF_CHECK_EQ(0, ibuf_add_h32(b, 0xfffffffe));
	ATF_CHECK_EQ(0, ibuf_add_h64(b, UINT64_MAX));
	ATF_CHECK(ibuf_add_n8(b, 256) == -1 && errno == EINVAL);
	ATF_CHECK(ibuf_add_n16(b, 65536) == -1 && errno == EINVAL);
	ATF_CHECK(ibuf_add_n32(b, 1ULL << 32) == -1 && errno == EINVAL);
	ATF_CHECK(ibuf_add_h16(b, 65536) == -1 && errno == EINVAL);
	ATF_CHECK(ibuf_add_h32(b, 1ULL << 32) == -1 && errno == EINVAL);
	ATF_CHECK(ibuf_set_n8(b, 0, 256) == -1 && errno == EINVAL);
	ATF_CHECK_EQ(0, ibuf_set_n8(b, 0, 0x99));
	ATF_CHECK_EQ(0, ibuf_set_n16(b, 1, 0x9988));

	ATF_CHECK(ibuf_get_n8(b, &v8) == 0 && v8 == 0x99);
	/* What was got is behind: positions count from here. */
	ATF_CHECK_EQ(0, ibuf_set_n32(b, 2, 0x98765432));
	ATF_CHECK(ibuf_get_n16(b, &v16) == 0 && v16 == 0x9988);
	ATF_CHECK(ibuf_get_n32(b, &v32) == 0 && v32 == 0x98765432);
	ATF_CHECK(ibuf_get_n64(b, &v64) == 0 && v64 == 0x0102030405060708ULL);
	ATF_CHECK(ibuf_get_h16(b, &v16) == 0 && v16 == 0xfffe);
	ATF_CHECK(ibuf_get_h32(b, &v32) == 0 && v32 == 0xfffffffe);
	ATF_CHECK(ibuf_get_h64(b, &v64) == 0 && v64 == UINT64_MAX);
	ATF_CHECK(ibuf_get_n8(b, &v8) == -1 && errno == EBADMSG);
	ATF_CHECK(ibuf_get_n64(b, &v64) == -1 && errno == EBADMSG);
	ibuf_rewind(b);
	ATF_CHECK(ibuf_get_n8(b, &v8) == 0 && v8 == 0x99);
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	struct ibuf	*b;
	char		 s[5], *p;

	ATF_REQUIRE((b = ibuf_dynamic(0, 64)) != NULL);
	ATF_CHECK(ibuf_add_strbuf(b, "12345", 5) == -1 && errno == EOVERFLOW);
	ATF_CHECK_EQ(0, ibuf_size(b));
	ATF_CHECK_EQ(0, ibuf_add_strbuf(b, "1234", 5));
	ATF_CHECK_EQ(0, ibuf_add(b, "abcdefgh", 8));
	ATF_CHECK(ibuf_get_strbuf(b, s, 0) == -1 && errno == EINVAL);
	ATF_CHECK_EQ(0, ibuf_get_strbuf(b, s, 5));
	ATF_CHECK_STREQ("1234", s);
	ATF_CHECK(ibuf_get_strbuf(b, s, 5) == -1 && errno == EOVERFLOW);
	ATF_CHECK_STREQ("abcd", s);
	ATF_CHECK(ibuf_get_string(b, 4) == NULL && errno == EBADMSG);
	ATF_REQUIRE((p = ibuf_get_string(b, 3)) != NULL);
	ATF_CHECK_STREQ("fgh", p);
	free(p);
	ATF_CHECK_EQ(0, ibuf_size(b));
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(views);
ATF_TC_BODY(views, tc)
{
	char		 mem[] = "0123456789", two[2];
	struct ibuf	 v, w, x;
	struct ibuf	*b;

	ibuf_from_buffer(&v, mem, 10);
	ATF_CHECK_EQ(0, ibuf_left(&v));
	ATF_CHECK(ibuf_add(&v, "x", 1) == -1 && errno == ERANGE);
	ATF_CHECK_EQ(0, ibuf_skip(&v, 2));
	ibuf_from_ibuf(&x, &v);
	ATF_CHECK_EQ(0, ibuf_get_ibuf(&v, 4, &w));
	ATF_CHECK(ibuf_size(&w) == 4 && ibuf_size(&v) == 4);
	ATF_CHECK(ibuf_get(&w, two, 2) == 0 && memcmp(two, "23", 2) == 0);
	ATF_CHECK(ibuf_skip(&v, 5) == -1 && errno == EBADMSG);
	ATF_CHECK(ibuf_get_ibuf(&v, 5, &w) == -1 && errno == EBADMSG);
	ATF_CHECK_EQ(8, ibuf_size(&x));
	ATF_CHECK(ibuf_seek(&x, 8, 0) != NULL);
	ATF_CHECK(ibuf_seek(&x, 7, 2) == NULL && errno == ERANGE);
	ATF_CHECK(ibuf_seek(&x, 9, 0) == NULL && errno == ERANGE);
	ATF_CHECK(ibuf_seek(&x, SIZE_MAX, 2) == NULL && errno == ERANGE);
	ATF_REQUIRE((b = ibuf_dynamic(0, 8)) != NULL);
	ATF_CHECK_EQ(0, ibuf_add_ibuf(b, &x));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(b), "23456789", 8));
	ATF_CHECK_EQ(0, ibuf_truncate(b, 3));
	ATF_CHECK_EQ(0, ibuf_truncate(b, 5));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(b), "234\0\0", 5));
	ATF_CHECK(ibuf_truncate(b, 9) == -1 && errno == ERANGE);
	ATF_CHECK(ibuf_set_maxsize(b, 4) == -1 && errno == ERANGE);
	ATF_CHECK(ibuf_set_maxsize(b, 9) == -1 && errno == ERANGE);
	ATF_CHECK_EQ(0, ibuf_set_maxsize(b, 6));
	ATF_CHECK_EQ(0, ibuf_add_zero(b, 1));
	ATF_CHECK(ibuf_add_zero(b, 1) == -1 && errno == ERANGE);
	ibuf_free(b);
}

ATF_TC_WITHOUT_HEAD(descriptor);
ATF_TC_BODY(descriptor, tc)
{
	struct ibuf	*b;
	int		 fd[2];

	ATF_REQUIRE(pipe(fd) == 0);
	ATF_REQUIRE((b = ibuf_open(1)) != NULL);
	ATF_CHECK(!ibuf_fd_avail(b) && ibuf_fd_get(b) == -1);
	ibuf_fd_set(b, fd[0]);
	ATF_CHECK(ibuf_fd_avail(b));
	ibuf_fd_set(b, fd[1]);
	ATF_CHECK(fcntl(fd[0], F_GETFD) == -1);
	ATF_CHECK_EQ(fd[1], ibuf_fd_get(b));
	ATF_CHECK(!ibuf_fd_avail(b));
	ibuf_fd_set(b, fd[1]);
	ibuf_free(b);
	ATF_CHECK(fcntl(fd[1], F_GETFD) == -1);
}

ATF_TC_WITHOUT_HEAD(queue);
ATF_TC_BODY(queue, tc)
{
	struct ibufqueue	*q, *r;
	struct ibuf		*b, *c;

	ATF_REQUIRE((q = ibufq_new()) != NULL && (r = ibufq_new()) != NULL);
	ATF_CHECK(ibufq_pop(q) == NULL);
	ATF_REQUIRE((b = ibuf_open(1)) != NULL && (c = ibuf_open(1)) != NULL);
	ibufq_push(q, b);
	ibufq_push(r, c);
	ibufq_concat(q, r);
	ATF_CHECK(ibufq_queuelen(q) == 2 && ibufq_queuelen(r) == 0);
	ATF_CHECK(ibufq_pop(q) == b);
	ibuf_free(b);
	ibufq_free(q);
	ibufq_free(r);
	ibufq_free(NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fixed);
	ATF_TP_ADD_TC(tp, dynamic);
	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, views);
	ATF_TP_ADD_TC(tp, descriptor);
	ATF_TP_ADD_TC(tp, queue);
	return atf_no_error();
}
