/* Messages without descriptors: framing, sizes, a full socket. */
#include <sys/socket.h>
#include <sys/uio.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"

static struct imsgbuf	 a, b;
static int		 sv[2];

static void
pair(void)
{
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv) == 0);
	ATF_REQUIRE(imsgbuf_init(&a, sv[0]) == 0);
	ATF_REQUIRE(imsgbuf_init(&b, sv[1]) == 0);
}

static void
unpair(void)
{
	imsgbuf_clear(&a);
	imsgbuf_clear(&b);
	close(sv[0]);
	close(sv[1]);
}

/* The payload of message n: n bytes that depend on n. */
static void
fill(unsigned char *p, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		p[i] = (unsigned char)(n + i * 31);
}

static void
check(struct imsg *imsg, uint32_t n)
{
	unsigned char	 want[MAX_IMSGSIZE];

	ATF_REQUIRE_EQ(n, imsg_get_type(imsg));
	ATF_REQUIRE_EQ(n + 1, imsg_get_id(imsg));
	ATF_REQUIRE_EQ(getpid(), imsg_get_pid(imsg));
	ATF_REQUIRE_EQ(n, imsg_get_len(imsg));
	ATF_REQUIRE_EQ(-1, imsg_get_fd(imsg));
	ATF_REQUIRE((n == 0) == (imsg->data == NULL));
	fill(want, n);
	ATF_REQUIRE(n == 0 || memcmp(imsg->data, want, n) == 0);
}

static void
send_one(uint32_t n)
{
	unsigned char	 data[MAX_IMSGSIZE];

	fill(data, n);
	ATF_REQUIRE_EQ(1, imsg_compose(&a, n, n + 1, 0, -1, data, n));
}

ATF_TC_WITHOUT_HEAD(coalesce);
ATF_TC_BODY(coalesce, tc)
{
	struct imsg	 imsg;
	uint32_t	 i;

	pair();
	ATF_CHECK_EQ(0, imsgbuf_get(&b, &imsg));
	ATF_CHECK_EQ(1, imsgbuf_read(&b));	/* nothing there: EAGAIN */
	for (i = 0; i < 300; i++)
		send_one(i);
	ATF_CHECK_EQ(300, imsgbuf_queuelen(&a));
	ATF_CHECK_EQ(0, imsgbuf_write(&a));
	ATF_CHECK_EQ(0, imsgbuf_queuelen(&a));
	/* 50 KB: one read takes them all. */
	ATF_CHECK_EQ(1, imsgbuf_read(&b));
	for (i = 0; i < 300; i++) {
		ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
		check(&imsg, i);
		imsg_free(&imsg);
	}
	ATF_CHECK_EQ(0, imsgbuf_get(&b, &imsg));
	/* More than one sendmsg(2) can name at a time. */
	for (i = 0; i < 3000; i++)
		send_one(0);
	ATF_CHECK_EQ(0, imsgbuf_write(&a));
	ATF_CHECK_EQ(0, imsgbuf_queuelen(&a));
	ATF_CHECK_EQ(1, imsgbuf_read(&b));
	for (i = 0; imsgbuf_get(&b, &imsg) == 1; i++)
		imsg_free(&imsg);
	ATF_CHECK_EQ(3000, i);
	close(sv[0]);
	ATF_CHECK_EQ(0, imsgbuf_read(&b));
	unpair();
}

ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	unsigned char	 bytes[512];
	struct imsg	 imsg;
	ssize_t		 len;
	size_t		 cut, more;
	uint32_t	 i, n;

	pair();
	for (i = 0; i < 5; i++)
		send_one(i * 13);
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	ATF_REQUIRE((len = read(sv[1], bytes, sizeof(bytes))) == 5 * 16 + 130);
	/* Every cut in two, and each byte by itself. */
	for (cut = 0; cut <= (size_t)len; cut++) {
		if (cut == 0) {
			for (more = 0; more < (size_t)len; more++) {
				ATF_REQUIRE(write(sv[0], bytes + more, 1) == 1);
				ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
			}
		} else {
			ATF_REQUIRE(write(sv[0], bytes, cut) == (ssize_t)cut);
			ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
			more = (size_t)len - cut;
			ATF_REQUIRE(write(sv[0], bytes + cut, more) ==
			    (ssize_t)more);
			ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		}
		for (n = 0; n < 5; n++) {
			ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
			check(&imsg, n * 13);
			imsg_free(&imsg);
		}
		ATF_REQUIRE_EQ(0, imsgbuf_get(&b, &imsg));
	}
	unpair();
}

/* A header with this length, as it comes from the other side. */
static int
raw_length(uint32_t len)
{
	struct imsg_hdr	 hdr = { 1, len, 0, 0 };
	struct imsg	 imsg;
	int		 ret;

	pair();
	ATF_REQUIRE(write(sv[0], &hdr, sizeof(hdr)) == sizeof(hdr));
	errno = 0;
	ret = imsgbuf_read(&b) == -1 ? errno : 0;
	if (ret != 0) {
		ATF_CHECK_EQ(0, imsgbuf_get(&b, &imsg));
		/* For good: what follows is not looked at. */
		ATF_REQUIRE(write(sv[0], &hdr, sizeof(hdr)) == sizeof(hdr));
		ATF_CHECK(imsgbuf_read(&b) == -1 && errno == ret);
	}
	unpair();
	return ret;
}

ATF_TC_WITHOUT_HEAD(length);
ATF_TC_BODY(length, tc)
{
	char		 data[MAX_IMSGSIZE];
	struct imsg	 imsg;
	struct ibuf	*m;

	ATF_CHECK_EQ(ERANGE, raw_length(0));
	ATF_CHECK_EQ(ERANGE, raw_length(15));
	ATF_CHECK_EQ(0, raw_length(16));
	ATF_CHECK_EQ(0, raw_length(MAX_IMSGSIZE));
	ATF_CHECK_EQ(ERANGE, raw_length(MAX_IMSGSIZE + 1));
	ATF_CHECK_EQ(ERANGE, raw_length(0x7fffffff));
	/* A descriptor is announced where none may come. */
	ATF_CHECK_EQ(EBADMSG, raw_length(0x80000010));
	ATF_CHECK_EQ(ERANGE, raw_length(0xffffffff));

	pair();
	memset(data, 0, sizeof(data));
	ATF_CHECK_EQ(1, imsg_compose(&a, 1, 0, 0, -1, data,
	    MAX_IMSGSIZE - IMSG_HEADER_SIZE));
	ATF_CHECK(imsg_compose(&a, 1, 0, 0, -1, data,
	    MAX_IMSGSIZE - IMSG_HEADER_SIZE + 1) == -1 && errno == ERANGE);
	ATF_REQUIRE((m = imsg_create(&a, 1, 0, 0, 0)) != NULL);
	ATF_CHECK_EQ(100, imsg_add(m, data, 100));
	ATF_CHECK_EQ(-1, imsg_add(m, data, MAX_IMSGSIZE));	/* frees m */
	ATF_REQUIRE((m = imsg_create(&a, 1, 0, 0, 0)) != NULL);
	ATF_CHECK_EQ(0, imsg_set_maxsize(m, 8));
	ATF_CHECK_EQ(8, imsg_add(m, data, 8));
	ATF_CHECK(imsg_add(m, data, 1) == -1 && errno == ERANGE);
	ATF_CHECK_EQ(0, imsgbuf_set_maxsize(&a, 10));
	ATF_CHECK(imsgbuf_set_maxsize(&a, UINT32_MAX) == -1);
	ATF_CHECK_EQ(-1, imsg_compose(&a, 1, 0, 0, -1, data, 11));
	ATF_CHECK_EQ(1, imsg_compose(&a, 1, 0, 0, -1, data, 10));
	ATF_CHECK_EQ(2, imsgbuf_queuelen(&a));
	ATF_CHECK_EQ(0, imsgbuf_write(&a));
	ATF_CHECK_EQ(1, imsgbuf_read(&b));
	ATF_CHECK_EQ(MAX_IMSGSIZE, imsg_get(&b, &imsg));
	imsg_free(&imsg);
	ATF_CHECK_EQ(26, imsg_get(&b, &imsg));
	imsg_free(&imsg);
	unpair();
}

ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	struct imsg	 imsg;
	uint32_t	 i, got = 0;
	int		 rounds = 0;

	pair();
	for (i = 0; i < 400; i++)
		send_one(i * 40);
	ATF_CHECK_EQ(0, imsgbuf_write(&a));
	ATF_CHECK(imsgbuf_queuelen(&a) > 0);
	ATF_CHECK_EQ(0, imsgbuf_write(&a));	/* no room is no error */
	while (got < 400) {
		ATF_REQUIRE(++rounds < 10000);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		while (imsgbuf_get(&b, &imsg) == 1) {
			check(&imsg, got++ * 40);
			imsg_free(&imsg);
		}
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	}
	ATF_CHECK_EQ(0, imsgbuf_queuelen(&a));
	/* And nobody there any more is one, not a signal. */
	close(sv[1]);
	send_one(1);
	ATF_CHECK(imsgbuf_write(&a) == -1 && errno == EPIPE);
	unpair();
}

/* A peer that dies with messages unread is gone as any other is. */
ATF_TC_WITHOUT_HEAD(dead);
ATF_TC_BODY(dead, tc)
{
	struct imsg	 imsg;

	pair();
	send_one(9);
	ATF_REQUIRE_EQ(1, imsg_compose(&b, 3, 4, 0, -1, NULL, 0));
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	ATF_REQUIRE_EQ(0, imsgbuf_write(&b));
	close(sv[1]);
	send_one(9);
	ATF_CHECK(imsgbuf_write(&a) == -1 && errno == EPIPE);
	/* What it had said before is not lost. */
	while (imsgbuf_get(&a, &imsg) == 0)
		if (imsgbuf_read(&a) != 1)
			break;
	ATF_CHECK_EQ(3, imsg_get_type(&imsg));
	imsg_free(&imsg);
	ATF_CHECK_EQ(0, imsgbuf_read(&a));
	unpair();

	pair();
	send_one(9);
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	close(sv[1]);
	ATF_CHECK_EQ(0, imsgbuf_read(&a));
	unpair();
}

ATF_TC_WITHOUT_HEAD(accessors);
ATF_TC_BODY(accessors, tc)
{
	struct iovec	 iov[2] = { { (char []){ "ab" }, 2 },
	    { (char []){ "cd" }, 3 } };
	struct ibufqueue *q;
	struct imsg	 imsg;
	struct ibuf	 v, *m;
	char		 s[5];
	uint8_t		 byte;

	pair();
	ATF_CHECK_EQ(1, imsg_composev(&a, 7, 8, 9, -1, iov, 2));
	ATF_REQUIRE((m = ibuf_dynamic(0, 10)) != NULL);
	ATF_CHECK_EQ(0, ibuf_add_n8(m, 42));
	ATF_CHECK_EQ(1, imsg_compose_ibuf(&a, 7, 8, 9, m));
	ATF_CHECK_EQ(1, imsg_compose(&a, 7, 8, 9, -1, NULL, 0));
	ATF_REQUIRE((m = ibuf_open(MAX_IMSGSIZE)) != NULL);
	ATF_CHECK_EQ(0, ibuf_add_zero(m, MAX_IMSGSIZE));
	ATF_CHECK_EQ(-1, imsg_compose_ibuf(&a, 7, 8, 9, m));
	ATF_CHECK_EQ(0, imsgbuf_flush(&a));
	ATF_CHECK_EQ(1, imsgbuf_read(&b));

	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_CHECK_EQ(9, imsg_get_pid(&imsg));
	ATF_CHECK(imsg_get_data(&imsg, s, 4) == -1 && errno == EBADMSG);
	ATF_CHECK(imsg_get_data(&imsg, s, 0) == -1 && errno == EINVAL);
	ATF_CHECK_EQ(0, imsg_get_strbuf(&imsg, s, 5));
	ATF_CHECK_STREQ("abcd", s);
	ATF_CHECK_EQ(0, imsg_get_len(&imsg));
	/* Forwarded whole though it was read. */
	ATF_CHECK_EQ(1, imsg_forward(&b, &imsg));
	imsg_free(&imsg);

	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_REQUIRE((q = ibufq_new()) != NULL);
	imsg_ibufq_push(q, &imsg);
	ATF_REQUIRE_EQ(1, imsg_ibufq_pop(q, &imsg));
	ATF_REQUIRE_EQ(0, imsg_get_ibuf(&imsg, &v));
	ATF_CHECK(ibuf_get_n8(&v, &byte) == 0 && byte == 42);
	ATF_CHECK(imsg_get_ibuf(&imsg, &v) == -1 && errno == EBADMSG);
	imsg_free(&imsg);
	ibufq_free(q);

	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_CHECK(imsg_get_ibuf(&imsg, &v) == -1 && errno == EBADMSG);
	imsg_free(&imsg);

	ATF_CHECK_EQ(0, imsgbuf_write(&b));
	ATF_CHECK_EQ(1, imsgbuf_read(&a));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&a, &imsg));
	ATF_CHECK(imsg_get_id(&imsg) == 8 && imsg_get_pid(&imsg) == 9);
	ATF_CHECK_EQ(0, imsg_get_data(&imsg, s, 5));
	imsg_free(&imsg);
	unpair();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, coalesce);
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, length);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, dead);
	ATF_TP_ADD_TC(tp, accessors);
	return atf_no_error();
}
