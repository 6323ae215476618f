/* The bytes of a message on their way into a connection. */
#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "rbody.h"
#include "rmsg.h"

#define RBODY_CHUNK	(32 * 1024)
#define RBODY_HIGH	(256 * 1024)	/* queued output: then wait */

void
rbody_begin(struct rbody *b, struct rmsg *msg, int plain)
{
	b->msg = msg;
	b->off = 0;
	b->plain = (uint8_t)plain;
	/* queue's bodies have CRLF line ends (the design's rule). */
	smtp_dotenc_init(&b->enc, 0);
}

/* The next piece into chunk or straight from the prefix; -1: unreadable. */
static ssize_t
rbody_read(struct rbody *b, uint8_t *chunk, const uint8_t **p)
{
	struct rmsg	*rm = b->msg;
	uint64_t	 left;
	ssize_t		 n;

	if (b->off < rm->prefixlen) {
		*p = rm->prefix + b->off;
		return (ssize_t)(rm->prefixlen - b->off);
	}
	left = rm->prefixlen + rm->size - b->off;
	n = pread(rm->fd, chunk, left < RBODY_CHUNK ? (size_t)left :
	    RBODY_CHUNK, (off_t)(b->off - rm->prefixlen));
	*p = chunk;
	/* Shorter than queue said is as bad as unreadable. */
	return n <= 0 ? -1 : n;
}

static int
rbody_write(struct rbody *b, struct conn *c, const uint8_t *p, size_t len)
{
	static char	 coded[RBODY_CHUNK * 2 + 8];
	size_t		 n, used;

	if (b->plain)
		return conn_write(c, p, len);
	while (len > 0) {
		n = smtp_dotenc_add(&b->enc, coded, sizeof(coded),
		    (const char *)p, len, &used);
		if (conn_write(c, coded, n) == -1)
			return -1;
		p += used;
		len -= used;
	}
	return 0;
}

enum rbody_status
rbody_send(struct rbody *b, struct conn *c)
{
	static uint8_t	 chunk[RBODY_CHUNK];
	const uint8_t	*p;
	char		 end[5];
	ssize_t		 n;

	while (b->off < b->msg->prefixlen + b->msg->size) {
		if (conn_pending(c) > RBODY_HIGH)
			return RBODY_BLOCKED;
		if ((n = rbody_read(b, chunk, &p)) == -1)
			return RBODY_FILE;
		if (rbody_write(b, c, p, (size_t)n) == -1)
			return RBODY_CONN;
		b->off += (uint64_t)n;
	}
	if (!b->plain && conn_write(c, end, smtp_dotenc_end(&b->enc, end)) ==
	    -1)
		return RBODY_CONN;
	b->msg = NULL;
	return RBODY_DONE;
}
