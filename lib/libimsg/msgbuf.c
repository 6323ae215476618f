/* Queues of buffers, and their way through a local stream socket. */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"

#define FD_NONE		-1
#define FD_LOST		-2	/* was sent, but none was free here */

TAILQ_HEAD(ibuflist, ibuf);

struct ibufqueue {
	struct ibuflist	 bufs;
	uint32_t	 queued;
};

struct msgbuf {
	struct ibufqueue  out;
	struct ibufqueue  in;		/* whole messages */
	struct ibuf	 *part;		/* the message that is being filled */
	size_t		  want;		/* its length */
	struct ibuf	 *(*readhdr)(struct ibuf *, void *, int *);
	void		 *rarg;
	size_t		  hdrlen;	/* of hdr, so far */
	size_t		  hdrsz;
	int		  hdrfd;	/* came with the first byte of hdr */
	int		  error;	/* the stream is out of step for good */
	unsigned char	  hdr[];
};

static void
ibufq_init(struct ibufqueue *q)
{
	TAILQ_INIT(&q->bufs);
	q->queued = 0;
}

struct ibufqueue *
ibufq_new(void)
{
	struct ibufqueue	*q;

	if ((q = calloc(1, sizeof(*q))) != NULL)
		ibufq_init(q);
	return q;
}

void
ibufq_free(struct ibufqueue *q)
{
	if (q == NULL)
		return;
	ibufq_flush(q);
	free(q);
}

struct ibuf *
ibufq_pop(struct ibufqueue *q)
{
	struct ibuf	*buf;

	if ((buf = TAILQ_FIRST(&q->bufs)) == NULL)
		return NULL;
	TAILQ_REMOVE(&q->bufs, buf, entry);
	q->queued--;
	return buf;
}

void
ibufq_push(struct ibufqueue *q, struct ibuf *buf)
{
	if (buf->max == 0)	/* a view does not outlive its owner */
		abort();
	TAILQ_INSERT_TAIL(&q->bufs, buf, entry);
	q->queued++;
}

uint32_t
ibufq_queuelen(struct ibufqueue *q)
{
	return q->queued;
}

void
ibufq_concat(struct ibufqueue *to, struct ibufqueue *from)
{
	to->queued += from->queued;
	from->queued = 0;
	TAILQ_CONCAT(&to->bufs, &from->bufs, entry);
}

void
ibufq_flush(struct ibufqueue *q)
{
	struct ibuf	*buf;

	while ((buf = ibufq_pop(q)) != NULL)
		ibuf_free(buf);
}

static struct msgbuf *
msgbuf_alloc(size_t hdrsz)
{
	struct msgbuf	*m;

	if ((m = calloc(1, sizeof(*m) + hdrsz)) == NULL)
		return NULL;
	ibufq_init(&m->out);
	ibufq_init(&m->in);
	m->hdrsz = hdrsz;
	m->hdrfd = FD_NONE;
	return m;
}

struct msgbuf *
msgbuf_new(void)
{
	return msgbuf_alloc(0);
}

struct msgbuf *
msgbuf_new_reader(size_t hdrsz,
    struct ibuf *(*readhdr)(struct ibuf *, void *, int *), void *arg)
{
	struct msgbuf	*m;

	if (hdrsz == 0 || hdrsz > IBUF_READ_SIZE / 2) {
		errno = EINVAL;
		return NULL;
	}
	if ((m = msgbuf_alloc(hdrsz)) == NULL)
		return NULL;
	m->readhdr = readhdr;
	m->rarg = arg;
	return m;
}

void
msgbuf_free(struct msgbuf *m)
{
	if (m == NULL)
		return;
	msgbuf_clear(m);
	free(m);
}

void
msgbuf_clear(struct msgbuf *m)
{
	ibufq_flush(&m->out);
	ibufq_flush(&m->in);
	ibuf_free(m->part);
	m->part = NULL;
	if (m->hdrfd >= 0)
		close(m->hdrfd);
	m->hdrfd = FD_NONE;
	m->hdrlen = 0;
	m->error = 0;
}

void
msgbuf_concat(struct msgbuf *to, struct msgbuf *from)
{
	ibufq_concat(&to->out, &from->out);
}

uint32_t
msgbuf_queuelen(struct msgbuf *m)
{
	return m->out.queued;
}

struct ibuf *
msgbuf_get(struct msgbuf *m)
{
	return ibufq_pop(&m->in);
}

void
ibuf_close(struct msgbuf *m, struct ibuf *buf)
{
	ibufq_push(&m->out, buf);
}

/* n bytes are gone.  The descriptor of a buffer goes with its first byte. */
static void
msgbuf_drain(struct msgbuf *m, size_t n)
{
	struct ibuf	*buf;

	while ((buf = TAILQ_FIRST(&m->out.bufs)) != NULL) {
		if (n < ibuf_size(buf)) {
			if (n > 0) {
				ibuf_fd_set(buf, -1);
				buf->rpos += n;
			}
			break;
		}
		n -= ibuf_size(buf);
		ibuf_free(ibufq_pop(&m->out));
	}
}

static int
msgbuf_would_block(int error)
{
	/* The last: too many descriptors are on their way already. */
	return error == EAGAIN || error == ENOBUFS || error == ETOOMANYREFS;
}

/*
 * One sendmsg(2) of as much as may go together: a descriptor belongs to the
 * first byte of a send, so that a buffer with one begins a send of its own,
 * which those after it may join.  1: all of it went, 0: no room, or -1.
 */
static int
msgbuf_send(int fd, struct msgbuf *m, int fdpass)
{
	struct iovec	 iov[IOV_MAX];
	struct msghdr	 msg;
	struct cmsghdr	*cmsg;
	struct ibuf	*buf;
	size_t		 total = 0;
	ssize_t		 n;
	unsigned int	 cnt = 0;
	union {
		struct cmsghdr	 hdr;
		unsigned char	 buf[CMSG_SPACE(sizeof(int))];
	}		 cmsgbuf;

	memset(&msg, 0, sizeof(msg));
	TAILQ_FOREACH(buf, &m->out.bufs, entry) {
		if (cnt == IOV_MAX || (cnt > 0 && fdpass && buf->fd != -1))
			break;
		iov[cnt].iov_base = ibuf_data(buf);
		iov[cnt].iov_len = ibuf_size(buf);
		total += iov[cnt++].iov_len;
	}
	msg.msg_iov = iov;
	msg.msg_iovlen = cnt;
	buf = TAILQ_FIRST(&m->out.bufs);
	if (fdpass && buf->fd != -1) {
		memset(&cmsgbuf, 0, sizeof(cmsgbuf));
		msg.msg_control = &cmsgbuf;
		msg.msg_controllen = sizeof(cmsgbuf.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(cmsg), &buf->fd, sizeof(int));
	}
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1) {
		if (msgbuf_would_block(errno))
			return 0;
		/* The peer died with bytes of ours unread: it is gone. */
		if (errno == ECONNRESET)
			errno = EPIPE;
		return -1;
	}
	msgbuf_drain(m, (size_t)n);
	return (size_t)n == total;
}

static int
msgbuf_send_all(int fd, struct msgbuf *m, int fdpass)
{
	int	 ret = 1;

	while (ret == 1 && m->out.queued > 0)
		ret = msgbuf_send(fd, m, fdpass);
	return ret == -1 ? -1 : 0;
}

int
ibuf_write(int fd, struct msgbuf *m)
{
	return msgbuf_send_all(fd, m, 0);
}

int
msgbuf_write(int fd, struct msgbuf *m)
{
	return msgbuf_send_all(fd, m, 1);
}

/* A whole header is there; *fd is what came with its first byte. */
static int
msgbuf_begin(struct msgbuf *m, int *fd)
{
	struct ibuf	 hdr, *buf;

	ibuf_from_buffer(&hdr, m->hdr, m->hdrsz);
	if ((buf = m->readhdr(&hdr, m->rarg, fd)) == NULL)
		return -1;
	if (buf->max < m->hdrsz || buf->wpos != 0) {
		ibuf_free(buf);
		errno = EINVAL;
		return -1;
	}
	m->part = buf;
	m->want = buf->max;
	m->hdrlen = 0;
	return ibuf_add(buf, m->hdr, m->hdrsz);
}

static void
msgbuf_drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = FD_NONE;
}

/*
 * Take in the n bytes of one read and the descriptor that came with them.  A
 * read ends behind the send that carried a descriptor, and the first byte of
 * that send begins the message it belongs to: so it is for the only announced
 * message that begins within this read.  Anything else is an error.
 */
static int
msgbuf_take(struct msgbuf *m, const unsigned char *p, size_t n, int *fd)
{
	size_t	 len;
	int	 here;

	while (n > 0) {
		if (m->part == NULL) {
			here = m->hdrlen == 0;
			len = m->hdrsz - m->hdrlen;
			if (len > n)
				len = n;
			memcpy(m->hdr + m->hdrlen, p, len);
			m->hdrlen += len;
			p += len;
			n -= len;
			if (m->hdrlen < m->hdrsz) {
				/* It may be for this one: not known yet. */
				if (here) {
					m->hdrfd = *fd;
					*fd = FD_NONE;
				}
				break;
			}
			if (msgbuf_begin(m, here ? fd : &m->hdrfd) == -1)
				return -1;
			if (m->hdrfd != FD_NONE)
				break;
		} else {
			len = m->want - m->part->wpos;
			if (len > n)
				len = n;
			if (ibuf_add(m->part, p, len) == -1)
				return -1;
			p += len;
			n -= len;
		}
		if (m->part->wpos == m->want) {
			ibufq_push(&m->in, m->part);
			m->part = NULL;
		}
	}
	if (*fd != FD_NONE || (m->hdrfd != FD_NONE && m->hdrlen == 0)) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* The one descriptor of a read; more than one is an error, and all closed. */
static int
msgbuf_cmsg(struct msghdr *msg, int *fdp)
{
	struct cmsghdr	*cmsg;
	size_t		 i, nfds;
	int		 fd, surplus = 0;

	*fdp = FD_NONE;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		nfds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < nfds; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(fd));
			if (*fdp == FD_NONE)
				*fdp = fd;
			else {
				close(fd);
				surplus = 1;
			}
		}
	}
	if (msg->msg_flags & MSG_CTRUNC) {
		if (*fdp == FD_NONE)
			*fdp = FD_LOST;
		else
			surplus = 1;
	}
	if (!surplus)
		return 0;
	msgbuf_drop_fd(fdp);
	errno = EBADMSG;
	return -1;
}

/* 1, 0 at end of file, or -1 */
static int
msgbuf_recv(int sock, struct msgbuf *m, int fdpass)
{
	/*
	 * Where bytes stay only until they are in their messages.  Not in each
	 * msgbuf: 64 KB for each of many peers adds up.
	 */
	static _Thread_local unsigned char data[IBUF_READ_SIZE + 1];
	struct iovec	 iov = { data, sizeof(data) };
	struct msghdr	 msg;
	ssize_t		 n;
	int		 fd = FD_NONE, ret;
	union {
		struct cmsghdr	 hdr;
		unsigned char	 buf[CMSG_SPACE(sizeof(int))];
	}		 cmsgbuf;

	if (m->readhdr == NULL) {
		errno = EINVAL;
		return -1;
	}
	if (m->error != 0) {
		errno = m->error;
		return -1;
	}
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (fdpass) {
		memset(&cmsgbuf, 0, sizeof(cmsgbuf));
		msg.msg_control = &cmsgbuf;
		msg.msg_controllen = sizeof(cmsgbuf.buf);
	}
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	/* Reset is the end of file of a peer that died with bytes unread. */
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return 0;
	if (n == -1)
		return errno == EAGAIN ? 1 : -1;
	ret = fdpass ? msgbuf_cmsg(&msg, &fd) : 0;
	if (ret == 0)
		ret = msgbuf_take(m, data, (size_t)n, &fd);
	if (ret == -1) {
		m->error = errno;
		msgbuf_drop_fd(&fd);
		msgbuf_drop_fd(&m->hdrfd);
	}
	explicit_bzero(data, (size_t)n);
	if (ret == -1)
		errno = m->error;
	return ret == -1 ? -1 : 1;
}

int
ibuf_read(int fd, struct msgbuf *m)
{
	return msgbuf_recv(fd, m, 0);
}

int
msgbuf_read(int fd, struct msgbuf *m)
{
	return msgbuf_recv(fd, m, 1);
}
