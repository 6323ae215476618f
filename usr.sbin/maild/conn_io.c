/* Connections: moving the bytes, through whatever layers there are. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn_local.h"

#define SCRATCH_SIZE	65536
#define DIRECT_MIN	16384	/* pieces from here on are not copied first */
#define GATHER_MAX	65536	/* more than this does not wait for the end */
#define CLOSE_DISCARD	(1024 * 1024)	/* input thrown away at the end */

/* Input lies here from read(2) until the callback has seen it. */
static uint8_t	scratch[SCRATCH_SIZE];

ssize_t
conn_raw_read(struct conn *c, void *p, size_t n)
{
	ssize_t	 got;

	if (c->tls != NULL)
		return conn_tls_read(c, p, n);
	c->rwant = EV_READ;
	do {
		got = recv(c->fd, p, n, 0);
	} while (got == -1 && errno == EINTR);
	if (got >= 0)
		return got;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return CONN_IO_WANT;
	conn_fail(c, strerror(errno));
	return CONN_IO_ERROR;
}

static ssize_t
conn_plain_write(struct conn *c, const void *p, size_t n)
{
	ssize_t	 done;

	do {
		done = send(c->fd, p, n, MSG_NOSIGNAL);
	} while (done == -1 && errno == EINTR);
	if (done >= 0)
		return done;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
		c->wwant = EV_WRITE;
		return CONN_IO_WANT;
	}
	conn_fail(c, strerror(errno));
	return CONN_IO_ERROR;
}

ssize_t
conn_raw_write(struct conn *c, const void *p, size_t n)
{
	if (c->tls != NULL && c->clearlen == 0)
		return conn_tls_write(c, p, n);
	return conn_plain_write(c, p, n);
}

static ssize_t
conn_layer_read(struct conn *c, void *p, size_t n)
{
	if (c->zip != NULL)
		return conn_zip_read(c, p, n);
	return conn_raw_read(c, p, n);
}

/*
 * Read what there is and what there is room for: into the scratch buffer when
 * no input is left over, else behind the rest of it.
 */
size_t
conn_do_read(struct conn *c)
{
	uint8_t	*to;
	size_t	 room, have = 0;
	ssize_t	 n = 0;

	room = c->in.max - c->in.len;
	if (room > SCRATCH_SIZE)
		room = SCRATCH_SIZE;
	if (room == 0)
		return 0;
	if (c->in.len == 0)
		to = scratch;
	else if ((to = buf_reserve(&c->in, room)) == NULL) {
		conn_fail(c, "no memory for input");
		return 0;
	}
	/* A layer may hold bytes that no event will tell of: read until dry. */
	while (have < room) {
		n = conn_layer_read(c, to + have, room - have);
		if (n <= 0)
			break;
		have += (size_t)n;
		if (c->tls == NULL && c->zip == NULL)
			break;
	}
	if (have > 0) {
		conn_touch(c);
		if (to == scratch) {
			c->borrow = scratch;
			c->borrowlen = have;
		} else
			buf_commit(&c->in, have);
	}
	if (n == CONN_IO_EOF && have < room)
		c->eof = 1;
	else if (have == room && (c->tls != NULL || c->zip != NULL))
		conn_schedule(c, CONN_A_RAW);
	return have;
}

/* Everything is with the kernel, and the user wants us gone. */
static void
conn_finish(struct conn *c)
{
	char	 junk;
	int	 ret;

	if (c->tls != NULL && conn_tls_ready(c)) {
		ret = conn_tls_close(c);
		if (ret == CONN_IO_WANT) {
			conn_arm(c);
			return;
		}
		if (ret == -1) {
			conn_destroy(c);
			return;
		}
	}
	/*
	 * close(2) with input unread sends a reset, which may destroy our last
	 * reply before the peer has seen it: wait for his end for a moment.
	 */
	if ((c->quit && c->tls == NULL && recv(c->fd, &junk, 1, MSG_PEEK |
	    MSG_DONTWAIT) <= 0) || shutdown(c->fd, SHUT_WR) == -1) {
		conn_destroy(c);
		return;
	}
	c->state = CONN_S_LINGER;
	c->clearlen = 0;
	conn_deadline(c, 5);
	conn_do_linger(c);
}

void
conn_do_linger(struct conn *c)
{
	char	 junk[4096];
	ssize_t	 n;
	int	 i;

	for (i = 0; i < 16; i++) {
		n = recv(c->fd, junk, sizeof(junk), 0);
		if (n > 0) {
			c->clearlen += (size_t)n;
			if (c->clearlen > CLOSE_DISCARD)
				break;
			continue;
		}
		if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
			conn_arm(c);
			return;
		}
		break;
	}
	if (i == 16 && c->clearlen <= CLOSE_DISCARD)
		conn_arm(c);
	else
		conn_destroy(c);
}

/* Hand bytes down that lie in `out', the cleartext before TLS first. */
static int
conn_write_out(struct conn *c)
{
	size_t	 n;
	ssize_t	 done;

	while (c->out.len > 0) {
		n = c->clearlen > 0 ? c->clearlen : c->out.len;
		done = conn_raw_write(c, buf_ptr(&c->out), n);
		if (done < 0)
			return -1;
		conn_touch(c);
		buf_drain(&c->out, (size_t)done);
		if (c->clearlen > 0 && (c->clearlen -= (size_t)done) == 0)
			return 0;	/* what follows waits for TLS */
	}
	return 0;
}

void
conn_do_write(struct conn *c)
{
	int	 ret;

	if (c->state == CONN_S_FAILED && c->closing) {
		conn_destroy(c);
		return;
	}
	if (c->state != CONN_S_OPEN)
		return;
	if (c->wwant != 0) {
		conn_arm(c);
		return;
	}
	if (c->tls != NULL && c->clearlen == 0 && !conn_tls_ready(c)) {
		/* A close during the handshake does not wait for its end. */
		if (c->closing)
			conn_finish(c);
		else {
			conn_tls_handshake(c);
			conn_arm(c);
		}
		return;
	}
	if (c->zip != NULL)
		ret = conn_zip_write(c);
	else
		ret = conn_write_out(c);
	if (ret == -1) {
		if (c->state == CONN_S_FAILED && c->closing)
			conn_destroy(c);
		else
			conn_arm(c);
		return;
	}
	if (c->tls != NULL && !conn_tls_ready(c)) {
		/* The cleartext is out: now TLS may begin. */
		conn_mark_dirty(c);
		return;
	}
	if (c->closing) {
		conn_finish(c);
		return;
	}
	conn_schedule(c, CONN_A_DRAINED);
	conn_arm(c);
}

/* May bytes go to the layer below right now? */
static int
conn_write_ready(const struct conn *c)
{
	return c->state == CONN_S_OPEN && c->wwant == 0 && c->zip == NULL &&
	    (c->tls == NULL || (conn_tls_ready(c) && c->clearlen == 0));
}

/* Large pieces: what waits, then this, without copying; n or less, or -1. */
static ssize_t
conn_write_direct(struct conn *c, const uint8_t *p, size_t n)
{
	struct iovec	 iov[2];
	struct msghdr	 msg;
	ssize_t		 done;
	size_t		 rest;

	if (c->tls != NULL) {
		if (c->out.len > 0 && conn_write_out(c) == -1)
			return c->state == CONN_S_OPEN ? 0 : -1;
		done = conn_tls_write(c, p, n);
		if (done == CONN_IO_WANT)
			return 0;
		return done;
	}
	memset(&msg, 0, sizeof(msg));
	iov[0].iov_base = buf_ptr(&c->out);
	iov[0].iov_len = rest = c->out.len;
	iov[1].iov_base = (void *)(uintptr_t)p;
	iov[1].iov_len = n;
	msg.msg_iov = rest > 0 ? iov : iov + 1;
	msg.msg_iovlen = rest > 0 ? 2 : 1;
	do {
		done = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	} while (done == -1 && errno == EINTR);
	if (done == -1) {
		if (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == ENOBUFS) {
			c->wwant = EV_WRITE;
			return 0;
		}
		conn_fail(c, strerror(errno));
		return -1;
	}
	if ((size_t)done <= rest) {
		buf_drain(&c->out, (size_t)done);
		return 0;
	}
	buf_drain(&c->out, rest);
	return done - (ssize_t)rest;
}

int
conn_write(struct conn *c, const void *data, size_t n)
{
	const uint8_t	*p = data;
	ssize_t		 done;

	if (c->state == CONN_S_FAILED || c->closing || c->freed)
		return -1;
	if (n == 0)
		return 0;
	/* Two passes: the first may end where the kernel's buffer wraps. */
	while (n >= DIRECT_MIN && conn_write_ready(c)) {
		if ((done = conn_write_direct(c, p, n)) == -1)
			return -1;
		if (done > 0)
			conn_touch(c);
		p += done;
		n -= (size_t)done;
		if (done == 0)
			break;
	}
	if (buf_add(&c->out, p, n) == -1)
		return -1;
	conn_out_done(c);
	return c->state == CONN_S_FAILED ? -1 : 0;
}

int
conn_writef(struct conn *c, const char *fmt, ...)
{
	va_list	 ap;
	int	 ret;

	if (c->state == CONN_S_FAILED || c->closing || c->freed)
		return -1;
	va_start(ap, fmt);
	ret = buf_vaddf(&c->out, fmt, ap);
	va_end(ap);
	if (ret == 0)
		conn_out_done(c);
	return ret;
}

struct buf *
conn_out(struct conn *c)
{
	return &c->out;
}

void
conn_out_done(struct conn *c)
{
	if (c->state == CONN_S_FAILED || c->closing || c->freed) {
		buf_free(&c->out);
		return;
	}
	if (c->out.len >= GATHER_MAX && conn_write_ready(c))
		(void)conn_write_out(c);
	conn_mark_dirty(c);
}

size_t
conn_pending(const struct conn *c)
{
	return c->out.len + (c->zip == NULL ? 0 : conn_zip_pending(c));
}
