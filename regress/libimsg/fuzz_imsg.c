/*
 * The stream of a hostile peer.  The first byte of the input says where it is
 * cut into sends and which of them carry descriptors.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
send_piece(int sock, const uint8_t *p, size_t len, int nfds)
{
	int		 fds[3] = { 0, 0, 0 };
	struct iovec	 iov = { (void *)(uintptr_t)p, len };
	struct msghdr	 msg;
	struct cmsghdr	*cmsg;
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(sizeof(fds))];
	}		 u;

	memset(&msg, 0, sizeof(msg));
	memset(&u, 0, sizeof(u));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds > 0) {
		msg.msg_control = &u;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * (size_t)nfds);
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)len;
}

static void
take_apart(struct imsg *imsg)
{
	char		 str[8], *s;
	struct ibuf	 v;
	uint32_t	 n;
	int		 fd;

	if ((fd = imsg_get_fd(imsg)) != -1)
		close(fd);
	(void)imsg_get_strbuf(imsg, str, sizeof(str));
	if (imsg_get_ibuf(imsg, &v) == 0) {
		if (ibuf_get_n32(&v, &n) == 0 &&
		    (s = ibuf_get_string(&v, n)) != NULL)
			free(s);
	}
	imsg_free(imsg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imsgbuf	 ib;
	struct imsg	 imsg;
	size_t		 n, step;
	int		 sv[2], nfds, ret = 1;

	if (size < 2 || size > 100000)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) == -1 ||
	    imsgbuf_init(&ib, sv[1]) == -1)
		abort();
	if (data[0] & 1)
		imsgbuf_allow_fdpass(&ib);
	step = data[1] == 0 ? size : data[1];
	nfds = data[0] >> 1 & 3;
	data += 2;
	size -= 2;
	while (size > 0 && ret == 1) {
		n = size < step ? size : step;
		if (!send_piece(sv[0], data, n, nfds))
			break;
		nfds = nfds == 0 ? 0 : (nfds ^ data[0]) & 3;
		data += n;
		size -= n;
		ret = imsgbuf_read(&ib);
		while (imsgbuf_get(&ib, &imsg) == 1)
			take_apart(&imsg);
	}
	imsgbuf_clear(&ib);
	close(sv[0]);
	close(sv[1]);
	return 0;
}
