/* SMTP to maild's socket for local programs. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "libsmtp/smtp_caps.h"
#include "libsmtp/smtp_client_put.h"
#include "libsmtp/smtp_dot.h"
#include "libsmtp/smtp_reply.h"
#include "submit.h"

#define TIMEOUT		600		/* seconds without a word */
#define PIPELINE	50		/* commands without their replies */
#define CHUNK		65536

/* A session with maild. */
struct talk {
	int			 fd;
	int			 verbose;
	struct buf		 in;
	size_t			 due;	/* of in, when it was looked at */
	struct smtp_reply_parser parser;
	struct smtp_caps	 caps;
};

/* What is said when the message is not maild's: the caller still has it. */
static int
unsent(const char *path, const char *why)
{
	warnx("%s: %s: the message was not sent, try again later", path, why);
	return EX_TEMPFAIL;
}

static int
talk_connect(const char *path)
{
	struct sockaddr_un	 sun;
	struct timeval		 tv = { TIMEOUT, 0 };
	int			 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *
connect_error(void)
{
	if (errno == ENOENT || errno == ECONNREFUSED)
		return "maild does not run";
	return strerror(errno);
}

static int
talk_send(struct talk *t, const void *data, size_t len)
{
	const char	*p = data;
	ssize_t		 n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = send(t->fd, p, len, MSG_NOSIGNAL)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

/* Commands, shown line by line to who wants to see them. */
static int
talk_say(struct talk *t, struct buf *out)
{
	const char	*p = (char *)buf_ptr(out), *end = p + out->len, *nl;
	int		 ret;

	for (; t->verbose && p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		printf(">>> %.*s\n", (int)(nl - p - 1), p);
	}
	ret = talk_send(t, buf_ptr(out), out->len);
	buf_truncate(out, 0);
	return ret;
}

/* The next reply; it lives until the next call.  -1: there is none. */
static int
talk_reply(struct talk *t, struct smtp_reply *r)
{
	char		 line[1024], *room;
	enum codec	 c;
	size_t		 used;
	ssize_t		 n;

	buf_drain(&t->in, t->due);
	t->due = 0;
	for (;;) {
		c = smtp_reply_parse(&t->parser, (char *)buf_ptr(&t->in),
		    t->in.len, &used, r);
		if (c == CODEC_DONE)
			break;
		if (c != CODEC_MORE) {
			errno = EPROTO;
			return -1;
		}
		buf_drain(&t->in, used);
		if ((room = buf_reserve(&t->in, 4096)) == NULL)
			return -1;
		if ((n = recv(t->fd, room, 4096, 0)) == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ECONNRESET;
			else if (errno == EAGAIN)
				errno = ETIMEDOUT;
			return -1;
		}
		buf_commit(&t->in, (size_t)n);
	}
	t->due = used;
	if (t->verbose)
		printf("%s\n", smtp_reply_print(r, line, sizeof(line)));
	return 0;
}

/* ---- what became of it -------------------------------------------------- */

/* RFC 3463's subjects say what kind of failure it is. */
static int
exit_status(const struct smtp_reply *r)
{
	if (r->code / 100 != 5)
		return EX_TEMPFAIL;
	switch (r->enhanced.subject) {
	case 1:
		return EX_NOUSER;
	case 6:
		return EX_DATAERR;
	case 7:
		return EX_NOPERM;
	default:
		return EX_UNAVAILABLE;
	}
}

static int
refused(const char *what, const struct smtp_reply *r)
{
	char	 line[1024];

	warnx("%s: %s", what, smtp_reply_print(r, line, sizeof(line)));
	return exit_status(r);
}

static int
lost(const char *path)
{
	return unsent(path, errno == ECONNRESET ?
	    "maild closed the connection" : strerror(errno));
}

/* A permanent refusal is worth more than one that may pass. */
static int
worse(int a, int b)
{
	if (a == EX_OK || (a == EX_TEMPFAIL && b != EX_OK))
		return b;
	return a;
}

/* ---- the dialogue ------------------------------------------------------- */

static int
greet(struct talk *t, const struct submission *s, const char *path)
{
	struct smtp_reply	 r;
	struct buf		 out;

	if (talk_reply(t, &r) == -1)
		return lost(path);
	if (r.code != 220)
		return refused(path, &r);
	buf_init(&out, CHUNK);
	if (buf_addf(&out, "EHLO %s\r\n", s->helo) == -1 ||
	    talk_say(t, &out) == -1 || talk_reply(t, &r) == -1) {
		buf_free(&out);
		return lost(path);
	}
	buf_free(&out);
	if (r.code != 250)
		return refused(path, &r);
	smtp_caps_parse(&t->caps, &r);
	return EX_OK;
}

/*
 * MAIL and all RCPTs, as many at a time as neither side blocks on.  EX_OK:
 * each of them was accepted.
 */
static int
envelope(struct talk *t, const struct submission *s,
    const struct smtp_trans *trans, const char *path)
{
	struct smtp_reply	 r;
	struct buf		 out;
	size_t			 sent = 0, got = 0, batch, total;
	int			 status = EX_OK, failed = 0;

	/* Command 0 is MAIL. */
	total = s->nrcpts + 1;
	batch = (t->caps.has & SMTP_CAP_PIPELINING) ? PIPELINE : 1;
	buf_init(&out, 1024 * 1024);
	while (got < total && !failed) {
		while (sent < total && sent - got < batch) {
			failed |= sent == 0 ?
			    smtp_put_mail(&out, t->caps.has, trans) :
			    smtp_put_rcpt(&out, t->caps.has, trans, sent - 1);
			sent++;
		}
		failed |= talk_say(t, &out);
		for (; got < sent && !failed; got++) {
			if ((failed = talk_reply(t, &r)) == -1)
				break;
			/* After a refused sender the rest says nothing. */
			if (r.code / 100 == 2 || (got > 0 && status != EX_OK &&
			    r.code == 503))
				continue;
			status = worse(status, refused(got == 0 ? s->from :
			    s->rcpts[got - 1], &r));
		}
	}
	buf_free(&out);
	return failed ? lost(path) : status;
}

static int
body(struct talk *t, const struct message *m)
{
	struct smtp_dotenc	 enc;
	const char		*src = (char *)buf_ptr(&m->text);
	char			 dst[CHUNK];
	size_t			 len = m->text.len, used, n;

	smtp_dotenc_init(&enc, 1);
	while (len > 0) {
		n = smtp_dotenc_add(&enc, dst, sizeof(dst), src, len, &used);
		src += used;
		len -= used;
		if (talk_send(t, dst, n) == -1)
			return -1;
	}
	n = smtp_dotenc_end(&enc, dst);
	return talk_send(t, dst, n);
}

static int
data(struct talk *t, const struct submission *s, const char *path)
{
	static const char	 command[] = "DATA\r\n";
	struct smtp_reply	 r;

	if (t->verbose)
		printf(">>> DATA\n");
	if (talk_send(t, command, sizeof(command) - 1) == -1 ||
	    talk_reply(t, &r) == -1)
		return lost(path);
	if (r.code != 354)
		return refused("DATA", &r);
	/* When maild has had enough it says why before it closes. */
	if ((body(t, s->message) == -1 && errno != EPIPE &&
	    errno != ECONNRESET) || talk_reply(t, &r) == -1)
		return lost(path);
	return r.code / 100 == 2 ? EX_OK : refused("the message", &r);
}

static int
dialogue(struct talk *t, const struct submission *s, const char *path)
{
	struct smtp_trans	 trans = { 0 };
	struct smtp_reply	 r;
	size_t			 i;
	int			 status;

	if ((status = greet(t, s, path)) != EX_OK)
		return status;
	trans.from = s->from;
	trans.envid = s->envid;
	trans.size = s->message->size;
	trans.flags = s->flags;
	if (s->message->has_8bit)
		trans.flags |= SMTP_TRANS_8BIT;
	trans.nrcpts = s->nrcpts;
	trans.rcpts = calloc(s->nrcpts, sizeof(*trans.rcpts));
	if (trans.rcpts == NULL)
		return unsent(path, strerror(errno));
	for (i = 0; i < s->nrcpts; i++) {
		trans.rcpts[i].addr = s->rcpts[i];
		trans.rcpts[i].notify = s->notify;
	}
	if (smtp_put_check(&trans) == SMTP_PUT_UTF8)
		trans.flags |= SMTP_TRANS_UTF8;
	if ((status = envelope(t, s, &trans, path)) == EX_OK)
		status = data(t, s, path);
	else if (s->nrcpts > 1 && status != EX_TEMPFAIL)
		warnx("the message was sent to nobody");
	free(trans.rcpts);
	/* What it answers to this changes nothing. */
	if (talk_send(t, "QUIT\r\n", 6) == 0 && status == EX_OK)
		(void)talk_reply(t, &r);
	return status;
}

int
submit(const char *path, const struct submission *s)
{
	struct talk	 t = { .verbose = s->verbose };
	int		 status;

	if ((t.fd = talk_connect(path)) == -1)
		return unsent(path, connect_error());
	buf_init(&t.in, 1024 * 1024);
	smtp_reply_init(&t.parser);
	status = dialogue(&t, s, path);
	smtp_reply_free(&t.parser);
	buf_free(&t.in);
	close(t.fd);
	return status;
}

/* ---- -bs ---------------------------------------------------------------- */

/* Some bytes from one to the other.  0: there are no more, -1: error. */
static int
carry(int from, int to)
{
	char	 data[CHUNK], *p = data;
	ssize_t	 n, w;

	if ((n = read(from, data, sizeof(data))) <= 0)
		return n == -1 && errno == EINTR ? 1 : (int)n;
	for (; n > 0; p += w, n -= w)
		if ((w = write(to, p, (size_t)n)) == -1) {
			if (errno != EINTR)
				return -1;
			w = 0;
		}
	return 1;
}

int
submit_proxy(const char *path)
{
	struct pollfd	 pfd[2];
	int		 fd, ret;

	if ((fd = talk_connect(path)) == -1)
		return unsent(path, connect_error());
	pfd[0].fd = STDIN_FILENO;
	pfd[1].fd = fd;
	pfd[0].events = pfd[1].events = POLLIN;
	for (;;) {
		if (poll(pfd, 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			err(EX_OSERR, "poll");
		}
		if (pfd[1].revents != 0 &&
		    (ret = carry(fd, STDOUT_FILENO)) != 1)
			break;
		if (pfd[0].revents != 0 && carry(STDIN_FILENO, fd) != 1) {
			/* It hears the end, and may still have answers. */
			shutdown(fd, SHUT_WR);
			pfd[0].fd = -1;
		}
	}
	if (ret == -1)
		warn("%s", path);
	close(fd);
	return ret == 0 ? EX_OK : EX_IOERR;
}
