/* Messages with descriptors: each arrives with its own message, or not. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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
	imsgbuf_allow_fdpass(&a);
	imsgbuf_allow_fdpass(&b);
}

static void
unpair(void)
{
	imsgbuf_clear(&a);
	imsgbuf_clear(&b);
	close(sv[0]);
	close(sv[1]);
}

static int
open_count(void)
{
	DIR	*dir;
	int	 n = 0;

	ATF_REQUIRE((dir = opendir("/dev/fd")) != NULL);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* A file that can be told from all others: its size. */
static int
file_of_size(off_t size)
{
	int	 fd;

	ATF_REQUIRE((fd = memfd_create("test", 0)) != -1);
	ATF_REQUIRE(ftruncate(fd, size) == 0);
	return fd;
}

static void
check_file(int fd, off_t size)
{
	struct stat	 st;

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE(fstat(fd, &st) == 0);
	ATF_REQUIRE_EQ(size, st.st_size);
	ATF_REQUIRE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

/* Message i has a descriptor when bit i of pattern is set. */
static void
compose(uint32_t i, int pattern)
{
	char	 data[64] = "";
	int	 fd = pattern & 1 << i ? file_of_size(i + 1) : -1;

	ATF_REQUIRE_EQ(1, imsg_compose(&a, i, 0, 0, fd, data, i * 5));
}

static void
expect(uint32_t i, int pattern)
{
	struct imsg	 imsg;
	int		 fd;

	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_REQUIRE_EQ(i, imsg_get_type(&imsg));
	ATF_REQUIRE_EQ(i * 5, imsg_get_len(&imsg));
	fd = imsg_get_fd(&imsg);
	if (pattern & 1 << i)
		check_file(fd, i + 1);
	else
		ATF_REQUIRE_EQ(-1, fd);
	imsg_free(&imsg);
}

/* All ways in which eight messages may have one or not. */
ATF_TC_WITHOUT_HEAD(interleaved);
ATF_TC_BODY(interleaved, tc)
{
	uint32_t	 i;
	int		 pattern, n, before;

	pair();
	before = open_count();
	for (pattern = 0; pattern < 256; pattern++) {
		for (i = 0; i < 8; i++)
			compose(i, pattern);
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
		ATF_REQUIRE_EQ(0, imsgbuf_queuelen(&a));
		for (n = 0; n < 9; n++)
			ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		for (i = 0; i < 8; i++)
			expect(i, pattern);
	}
	ATF_CHECK_EQ(before, open_count());
	unpair();
}

/* Sends that are cut anywhere, as by a full socket. */
ATF_TC_WITHOUT_HEAD(full);
ATF_TC_BODY(full, tc)
{
	char		 data[9000];
	struct imsg	 imsg;
	uint32_t	 i, got = 0;
	int		 before, fd;

	pair();
	before = open_count();
	memset(data, 0, sizeof(data));
	for (i = 0; i < 200; i++)
		ATF_REQUIRE_EQ(1, imsg_compose(&a, i, 0, 0,
		    i % 3 == 0 ? file_of_size(i) : -1, data, i * 45));
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	ATF_CHECK(imsgbuf_queuelen(&a) > 0);
	while (got < 200) {
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		while (imsgbuf_get(&b, &imsg) == 1) {
			ATF_REQUIRE_EQ(got, imsg_get_type(&imsg));
			fd = imsg_get_fd(&imsg);
			if (got % 3 == 0)
				check_file(fd, got);
			else
				ATF_REQUIRE_EQ(-1, fd);
			got++;
			imsg_free(&imsg);
		}
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	}
	ATF_CHECK_EQ(before, open_count());
	unpair();
}

/* Send these bytes with these descriptors, as the other side may choose. */
static void
raw_send(const void *p, size_t len, const int *fds, size_t nfds)
{
	struct iovec	 iov = { (void *)(uintptr_t)p, len };
	struct msghdr	 msg;
	struct cmsghdr	*cmsg;
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(sizeof(int) * 8)];
	}		 u;

	memset(&msg, 0, sizeof(msg));
	memset(&u, 0, sizeof(u));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds > 0) {
		msg.msg_control = &u;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * nfds);
	}
	ATF_REQUIRE_EQ((ssize_t)len, sendmsg(sv[0], &msg, 0));
}

#define MARK	0x80000000U

/* A descriptor comes with any byte of the header, read in pieces. */
ATF_TC_WITHOUT_HEAD(split);
ATF_TC_BODY(split, tc)
{
	struct imsg_hdr	 hdr = { 5, 20 | MARK, 0, 0 };
	unsigned char	 bytes[20] = "";
	struct imsg	 imsg;
	size_t		 cut;
	int		 fd;

	memcpy(bytes, &hdr, sizeof(hdr));
	for (cut = 1; cut < sizeof(bytes); cut++) {
		pair();
		fd = file_of_size(7);
		raw_send(bytes, cut, &fd, 1);
		close(fd);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		ATF_REQUIRE_EQ(0, imsgbuf_get(&b, &imsg));
		raw_send(bytes + cut, sizeof(bytes) - cut, NULL, 0);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
		check_file(imsg_get_fd(&imsg), 7);
		imsg_free(&imsg);
		/* And one that is given up half way leaves nothing open. */
		fd = file_of_size(7);
		raw_send(bytes, cut, &fd, 1);
		close(fd);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		unpair();
	}
	ATF_CHECK(open_count() < 20);
}

static void
refused(const char *what)
{
	struct imsg	 imsg;
	int		 ret, i;

	ret = 1;
	for (i = 0; i < 3 && ret == 1; i++)
		ret = imsgbuf_read(&b);
	ATF_CHECK_MSG(ret == -1 && errno == EBADMSG, "%s: %d", what, ret);
	while (imsgbuf_get(&b, &imsg) == 1)
		imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(hostile);
ATF_TC_BODY(hostile, tc)
{
	struct imsg_hdr	 plain = { 5, 16, 0, 0 }, marked = { 5, 16 | MARK, 0,
	    0 };
	struct imsg_hdr	 two[2];
	int		 fds[8], i, before;

	for (i = 0; i < 8; i++)
		fds[i] = file_of_size(i);
	before = open_count();

	pair();
	raw_send(&plain, sizeof(plain), fds, 1);
	refused("not announced");
	unpair();

	pair();
	raw_send(&marked, sizeof(marked), NULL, 0);
	refused("announced and not sent");
	unpair();

	pair();
	raw_send(&marked, sizeof(marked), fds, 2);
	refused("two");
	unpair();

	pair();
	raw_send(&marked, sizeof(marked), fds, 8);
	refused("eight");
	unpair();

	pair();
	two[0] = two[1] = marked;
	raw_send(two, sizeof(two), fds, 1);
	refused("one for two");
	unpair();

	pair();
	raw_send(&marked, 4, fds, 1);
	raw_send((char *)&marked + 4, 12, fds + 1, 1);
	refused("in the middle of a header");
	unpair();

	pair();
	two[0].len = 32 | MARK;
	raw_send(two, 20, fds, 1);
	raw_send((char *)two + 20, 12, fds + 1, 1);
	refused("in the middle of a message");
	unpair();

	pair();
	raw_send(&plain, 4, fds, 1);
	raw_send((char *)&plain + 4, 12, NULL, 0);
	refused("with half a header, not announced");
	unpair();

	ATF_CHECK_EQ(before, open_count());
}

/* Where none may be passed they are neither sent nor taken. */
ATF_TC_WITHOUT_HEAD(not_allowed);
ATF_TC_BODY(not_allowed, tc)
{
	struct imsg_hdr	 plain = { 5, 16, 0, 0 };
	struct imsg	 imsg;
	int		 fd, before;

	before = open_count();
	pair();
	a.flags = b.flags = 0;
	fd = file_of_size(1);
	ATF_CHECK_EQ(1, imsg_compose(&a, 1, 0, 0, fd, "x", 1));
	ATF_CHECK(fcntl(fd, F_GETFD) == -1);
	ATF_CHECK_EQ(0, imsgbuf_write(&a));
	fd = file_of_size(1);
	raw_send(&plain, sizeof(plain), &fd, 1);
	close(fd);
	while (imsgbuf_get(&b, &imsg) != 1)
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	while (imsgbuf_get(&b, &imsg) != 1)
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	unpair();
	ATF_CHECK_EQ(before, open_count());
}

/* None free here: the message arrives without, and so does the next with. */
ATF_TC_WITHOUT_HEAD(exhausted);
ATF_TC_BODY(exhausted, tc)
{
	struct rlimit	 rl;
	struct imsg	 imsg;
	int		 fd, last = -1;

	pair();
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 1, 0, 0, file_of_size(1), "x", 1));
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 2, 0, 0, file_of_size(2), "x", 1));
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	ATF_REQUIRE(getrlimit(RLIMIT_NOFILE, &rl) == 0);
	rl.rlim_cur = 64;
	ATF_REQUIRE(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	while ((fd = dup(sv[0])) != -1)
		last = fd;
	ATF_REQUIRE_EQ(EMFILE, errno);

	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_CHECK_EQ(1, imsg_get_type(&imsg));
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);

	close(last);
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	check_file(imsg_get_fd(&imsg), 2);
	imsg_free(&imsg);
	unpair();
}

/* What is not taken out or not sent is closed. */
ATF_TC_WITHOUT_HEAD(unclaimed);
ATF_TC_BODY(unclaimed, tc)
{
	struct imsg	 imsg;
	struct ibuf	*m;
	int		 before;

	before = open_count();
	pair();
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 1, 0, 0, file_of_size(1), NULL, 0));
	ATF_REQUIRE((m = ibuf_open(1)) != NULL);
	ATF_REQUIRE_EQ(0, ibuf_add_n8(m, 1));
	ibuf_fd_set(m, file_of_size(2));
	ATF_REQUIRE_EQ(1, imsg_compose_ibuf(&a, 2, 0, 0, m));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&a));
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	imsg_free(&imsg);
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 1, 0, 0, file_of_size(1), NULL, 0));
	unpair();
	ATF_CHECK_EQ(before, open_count());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, interleaved);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, split);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, not_allowed);
	ATF_TP_ADD_TC(tp, exhausted);
	ATF_TP_ADD_TC(tp, unclaimed);
	return atf_no_error();
}
