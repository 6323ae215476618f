/*
 * Connections: DEFLATE (RFC 4978) above the cleartext or TLS.  Each turn's
 * output ends in a flush, on a byte.  There a compressor may be given back and
 * another begun later: it knows nothing of what went before and so refers to
 * nothing of it, and the peer cannot tell.  Only the few that wrote last keep
 * theirs.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "conn_local.h"

#define ZIP_CHUNK	16384
#define ZIP_WBITS	13	/* ours: 8 KB of window, 32 KB in all */
#define ZIP_MEMLEVEL	6
#define ZIP_KEEP	4096	/* compressed input held back at most */
#define ZIP_LIVE	64	/* compressors kept */

struct conn_zip {
	TAILQ_ENTRY(conn_zip) entry;	/* while def is there */
	z_stream	*def;		/* NULL: given back */
	int		 midway;	/* def is not at a flush */
	z_stream	 inf;
	struct buf	 zin;		/* compressed, read, not yet inflated */
	struct buf	 zout;		/* compressed, not yet written */
	int		 ended;		/* the peer has ended his stream */
};

/* Those with a compressor, the one that wrote last at the end. */
static TAILQ_HEAD(, conn_zip) live = TAILQ_HEAD_INITIALIZER(live);
static unsigned	nlive;

static void	conn_zip_stop(struct conn_zip *);

int
conn_deflate(struct conn *c)
{
	struct conn_zip	*z;

	if (c->zip != NULL || c->state != CONN_S_OPEN || c->closing ||
	    (c->tls != NULL && !conn_tls_ready(c)) ||
	    (z = calloc(1, sizeof(*z))) == NULL)
		return -1;
	if (inflateInit2(&z->inf, -15) != Z_OK) {
		free(z);
		return -1;
	}
	buf_init(&z->zin, 65536 + ZIP_KEEP);
	buf_init(&z->zout, 1024 * 1024);
	/* The answer that says so still goes as it is, and before all else. */
	if (c->out.len > 0) {
		if (buf_add(&z->zout, buf_ptr(&c->out), c->out.len) == -1) {
			inflateEnd(&z->inf);
			free(z);
			return -1;
		}
		buf_free(&c->out);
	}
	/* What the client sent after the command is compressed already. */
	if (c->borrowlen > 0) {
		if (buf_add(&z->zin, c->borrow, c->borrowlen) == -1)
			goto fail;
		c->borrow = NULL;
		c->borrowlen = 0;
	} else if (c->in.len > 0) {
		if (buf_add(&z->zin, buf_ptr(&c->in), c->in.len) == -1)
			goto fail;
		buf_free(&c->in);
	}
	c->zip = z;
	conn_mark_dirty(c);
	if (z->zin.len > 0)
		conn_schedule(c, CONN_A_RAW);
	return 0;
fail:
	inflateEnd(&z->inf);
	buf_free(&z->zout);
	free(z);
	return -1;
}

void
conn_zip_free(struct conn *c)
{
	struct conn_zip	*z = c->zip;

	if (z == NULL)
		return;
	inflateEnd(&z->inf);
	conn_zip_stop(z);
	buf_free(&z->zin);
	buf_free(&z->zout);
	free(z);
	c->zip = NULL;
}

size_t
conn_zip_pending(const struct conn *c)
{
	return c->zip->zout.len;
}

/* One call yields at least a byte, or says why not. */
ssize_t
conn_zip_read(struct conn *c, void *p, size_t n)
{
	struct conn_zip	*z = c->zip;
	uint8_t		 in[ZIP_KEEP];
	ssize_t		 got;
	int		 ret;

	for (;;) {
		z->inf.next_out = p;
		z->inf.avail_out = (uInt)n;
		z->inf.next_in = buf_ptr(&z->zin);
		z->inf.avail_in = (uInt)z->zin.len;
		ret = z->ended ? Z_STREAM_END :
		    inflate(&z->inf, Z_SYNC_FLUSH);
		if (!z->ended && z->zin.len > 0)
			buf_drain(&z->zin, z->zin.len - z->inf.avail_in);
		if (ret == Z_STREAM_END)
			z->ended = 1;
		else if (ret != Z_OK && ret != Z_BUF_ERROR) {
			conn_fail(c, "bad compressed data");
			return CONN_IO_ERROR;
		}
		if (z->inf.avail_out < n)
			return (ssize_t)(n - z->inf.avail_out);
		if (z->ended)
			return CONN_IO_EOF;
		/*
		 * Room is left and nothing came: the input is used up.  It may
		 * not be when inflate stops half-way; then feed it again.
		 */
		got = conn_raw_read(c, in, sizeof(in));
		if (got <= 0)
			return got;
		if (buf_add(&z->zin, in, (size_t)got) == -1) {
			conn_fail(c, "no memory for compressed data");
			return CONN_IO_ERROR;
		}
	}
}

static void
conn_zip_stop(struct conn_zip *z)
{
	if (z->def == NULL)
		return;
	TAILQ_REMOVE(&live, z, entry);
	nlive--;
	deflateEnd(z->def);
	free(z->def);
	z->def = NULL;
}

static int
conn_zip_start(struct conn_zip *z)
{
	struct conn_zip	*old;

	if (z->def != NULL) {
		TAILQ_REMOVE(&live, z, entry);
		TAILQ_INSERT_TAIL(&live, z, entry);
		return 0;
	}
	if (nlive >= ZIP_LIVE) {
		TAILQ_FOREACH(old, &live, entry)
			if (!old->midway)
				break;
		if (old != NULL)
			conn_zip_stop(old);
	}
	if ((z->def = calloc(1, sizeof(*z->def))) == NULL)
		return -1;
	if (deflateInit2(z->def, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -ZIP_WBITS,
	    ZIP_MEMLEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z->def);
		z->def = NULL;
		return -1;
	}
	TAILQ_INSERT_TAIL(&live, z, entry);
	nlive++;
	return 0;
}

/* Compress a chunk of out; the last one ends with a flush. */
static int
conn_zip_chunk(struct conn *c)
{
	struct conn_zip	*z = c->zip;
	uint8_t		 out[ZIP_CHUNK];
	size_t		 n;
	int		 flush, ret;

	if (conn_zip_start(z) == -1)
		return -1;
	n = c->out.len > ZIP_CHUNK ? ZIP_CHUNK : c->out.len;
	flush = n == c->out.len ? Z_SYNC_FLUSH : Z_NO_FLUSH;
	z->def->next_in = buf_ptr(&c->out);
	z->def->avail_in = (uInt)n;
	do {
		z->def->next_out = out;
		z->def->avail_out = sizeof(out);
		ret = deflate(z->def, flush);
		if (ret != Z_OK && ret != Z_BUF_ERROR)
			return -1;
		if (buf_add(&z->zout, out, sizeof(out) - z->def->avail_out) ==
		    -1)
			return -1;
	} while (z->def->avail_out == 0);
	buf_drain(&c->out, n);
	z->midway = flush == Z_NO_FLUSH;
	return 0;
}

int
conn_zip_write(struct conn *c)
{
	struct conn_zip	*z = c->zip;
	ssize_t		 done;

	for (;;) {
		while (z->zout.len > 0) {
			done = conn_raw_write(c, buf_ptr(&z->zout),
			    z->zout.len);
			if (done < 0)
				return -1;
			conn_touch(c);
			buf_drain(&z->zout, (size_t)done);
		}
		if (c->out.len == 0)
			return 0;
		if (conn_zip_chunk(c) == -1) {
			conn_fail(c, "compression failed");
			return -1;
		}
	}
}
