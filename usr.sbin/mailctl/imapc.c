/* An IMAP session with our own maild: connection, writing, reading. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "act.h"
#include "imapc.h"
#include "site.h"

#define MAXRESPONSE	(1U << 30)
#define OUTBUF		(256 * 1024)
#define INBUF		(256 * 1024)

struct imapc {
	int		 fd;
	struct buf	 out;
	uint8_t		*in;		/* what was read, from off on */
	size_t		 off;
	size_t		 len;
	struct buf	 resp;
	uint64_t	 limit;
};

static void __attribute__((__noreturn__))
broken(const char *why)
{
	errx(1, "maild broke off: %s; what was done is done, and the same "
	    "command goes on from there", why);
}

/* ---- writing ------------------------------------------------------------- */

void
imapc_flush(struct imapc *c)
{
	ssize_t	 n;

	while (c->out.len > 0) {
		n = send(c->fd, buf_ptr(&c->out), c->out.len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			broken(strerror(errno));
		buf_drain(&c->out, (size_t)n);
	}
}

void
imapc_put(struct imapc *c, const void *p, size_t len)
{
	if (c->out.len >= OUTBUF)
		imapc_flush(c);
	if (buf_add(&c->out, p, len) == -1)
		err(1, NULL);
}

void
imapc_putf(struct imapc *c, const char *fmt, ...)
{
	va_list	 ap;
	int	 r;

	va_start(ap, fmt);
	r = buf_vaddf(&c->out, fmt, ap);
	va_end(ap);
	if (r == -1)
		err(1, NULL);
}

void
imapc_put_string(struct imapc *c, const char *s)
{
	imapc_putf(c, "{%zu+}\r\n", strlen(s));
	imapc_put(c, s, strlen(s));
}

/* ---- reading ------------------------------------------------------------- */

static void
more(struct imapc *c)
{
	ssize_t	 n;

	do
		n = recv(c->fd, c->in, INBUF, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		broken(n == 0 ? "it closed the connection" :
		    strerror(errno));
	c->off = 0;
	c->len = (size_t)n;
}

static void
take(struct imapc *c, size_t n)
{
	if (buf_add(&c->resp, c->in + c->off, n) == -1)
		err(1, NULL);
	c->off += n;
}

/* To the end of the line. */
static void
read_line(struct imapc *c)
{
	const uint8_t	*nl;

	for (;;) {
		if (c->off == c->len)
			more(c);
		nl = memchr(c->in + c->off, '\n', c->len - c->off);
		take(c, nl != NULL ? (size_t)(nl + 1 - (c->in + c->off)) :
		    c->len - c->off);
		if (nl != NULL)
			return;
	}
}

static void
read_bytes(struct imapc *c, size_t n)
{
	size_t	 k;

	while (n > 0) {
		if (c->off == c->len)
			more(c);
		k = c->len - c->off < n ? c->len - c->off : n;
		take(c, k);
		n -= k;
	}
}

/* Does what is there end in {n} CRLF? */
static int
literal_at_end(const struct buf *b, size_t *n)
{
	const char	*p = (const char *)buf_ptr(b), *q;

	if (b->len < 5 || memcmp(p + b->len - 3, "}\r\n", 3) != 0)
		return 0;
	for (q = p + b->len - 4; q > p && *q >= '0' && *q <= '9'; q--)
		;
	if (*q != '{' || q == p + b->len - 4)
		return 0;
	*n = strtoul(q + 1, NULL, 10);
	return 1;
}

struct span
imapc_read(struct imapc *c)
{
	struct span	 s;
	size_t		 n;

	imapc_flush(c);
	/* One large message must not hold its memory for ever. */
	if (c->resp.size > 4 * INBUF)
		buf_free(&c->resp);
	buf_truncate(&c->resp, 0);
	read_line(c);
	while (literal_at_end(&c->resp, &n)) {
		if (n > MAXRESPONSE / 2)
			broken("that was no answer");
		read_bytes(c, n);
		read_line(c);
	}
	s.p = (const char *)buf_ptr(&c->resp);
	s.len = c->resp.len;
	if (s.len >= 2 && s.p[s.len - 2] == '\r')
		s.len -= 2;
	if (s.len >= 5 && memcmp(s.p, "* BYE", 5) == 0)
		broken("it said good-bye");
	return s;
}

int
imapc_tagged(struct span s, const char *tag, char text[ASK_TEXT])
{
	size_t	 n = strlen(tag);
	int	 len;

	if (s.len < n + 3 || memcmp(s.p, tag, n) != 0 || s.p[n] != ' ')
		return -1;
	s.p += n + 1;
	s.len -= n + 1;
	n = s.len > 3 && s.p[2] == ' ' ? 3 : s.len > 4 ? 4 : s.len;
	len = s.len - n > ASK_TEXT - 1 ? ASK_TEXT - 1 : (int)(s.len - n);
	snprintf(text, ASK_TEXT, "%.*s", len, s.p + n);
	return memcmp(s.p, "OK", 2) == 0;
}

int
imapc_wait(struct imapc *c, const char *tag, void (*each)(void *, struct span),
    void *arg, char text[ASK_TEXT])
{
	struct span	 s;
	int		 r;

	for (;;) {
		s = imapc_read(c);
		if ((r = imapc_tagged(s, tag, text)) != -1)
			return r;
		if (each != NULL)
			each(arg, s);
	}
}

/* ---- begin and end ------------------------------------------------------- */

static int
connect_to(const char *path, char text[ASK_TEXT])
{
	struct sockaddr_un	 sun;
	int			 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		snprintf(text, ASK_TEXT, "%s: the path is too long", path);
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		snprintf(text, ASK_TEXT, "%s: %s", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

static void
find_limit(struct imapc *c, const char *text)
{
	const char	*p;

	if ((p = strstr(text, "APPENDLIMIT=")) != NULL)
		c->limit = strtoull(p + 12, NULL, 10);
}

static int
login(struct imapc *c, const char *account, const char *token,
    char text[ASK_TEXT])
{
	struct span	 s = imapc_read(c);
	char		 caps[4096];

	if (s.len < 4 || memcmp(s.p, "* OK", 4) != 0) {
		snprintf(text, ASK_TEXT, "maild does not want us: %.*s",
		    s.len > 200 ? 200 : (int)s.len, s.p);
		return -1;
	}
	imapc_putf(c, "l LOGIN ");
	imapc_put_string(c, account);
	imapc_putf(c, " ");
	imapc_put_string(c, token);
	imapc_putf(c, "\r\n");
	do
		s = imapc_read(c);
	while (s.p[0] == '*');
	if (imapc_tagged(s, "l", text) != 1)
		return -1;
	snprintf(caps, sizeof(caps), "%.*s", (int)(s.len < sizeof(caps) ?
	    s.len : sizeof(caps) - 1), s.p);
	find_limit(c, caps);
	/* Names of mailboxes in UTF-8. */
	imapc_putf(c, "e ENABLE IMAP4rev2 UTF8=ACCEPT\r\n");
	return imapc_wait(c, "e", NULL, NULL, text) == 1 ? 0 : -1;
}

/* A password for one login. */
static int
get_token(struct mailctl *m, const char *account, json_t *rows,
    const char **name, const char **token, char text[ASK_TEXT])
{
	json_t	*row;

	if (act_ask(m, NULL, "login", account, rows, text, NULL) != 1)
		return -1;
	row = json_array_get(rows, 0);
	*name = json_string_value(json_object_get(row, "account"));
	*token = json_string_value(json_object_get(row, "token"));
	if (*name != NULL && *token != NULL)
		return 0;
	snprintf(text, ASK_TEXT, "maild does not let us in");
	return -1;
}

char *
imapc_account(const struct request *r)
{
	char	*account;

	account = r->mailbox == NULL ? strdup(r->name) : strndup(r->name,
	    (size_t)(r->mailbox - r->name) - 1);
	if (account == NULL)
		err(1, NULL);
	return account;
}

struct imapc *
imapc_open(struct mailctl *m, const char *account, char text[ASK_TEXT])
{
	json_t		*rows = act_rows();
	struct imapc	*c = NULL;
	const char	*name, *token;

	if (get_token(m, account, rows, &name, &token, text) == -1)
		goto out;
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->in = malloc(INBUF)) == NULL)
		err(1, NULL);
	buf_init(&c->out, SIZE_MAX);
	buf_init(&c->resp, MAXRESPONSE);
	if ((c->fd = connect_to(mailctl_site(m, 0)->imap, text)) == -1 ||
	    login(c, name, token, text) == -1) {
		imapc_close(c);
		c = NULL;
	}
out:
	json_decref(rows);
	return c;
}

void
imapc_close(struct imapc *c)
{
	if (c == NULL)
		return;
	if (c->fd != -1)
		close(c->fd);
	buf_free(&c->out);
	buf_free(&c->resp);
	free(c->in);
	free(c);
}

uint64_t
imapc_limit(const struct imapc *c)
{
	return c->limit;
}
