#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iappend_binary.h"
#include "libmail/header.h"
#include "libmail/mime.h"
#include "libutil/buf.h"
#include "libutil/log.h"

#define ARENA_MAX	(64 * 1024 * 1024)

static char *
read_all(int fd, size_t size)
{
	char	*p;
	size_t	 off = 0;
	ssize_t	 n;

	if ((p = malloc(size)) == NULL)
		return NULL;
	while (off < size) {
		n = pread(fd, p + off, size - off, (off_t)off);
		if (n > 0)
			off += n;
		else if (n == 0 || errno != EINTR) {
			free(p);
			return NULL;
		}
	}
	return p;
}

static int
write_all(int fd, const struct buf *b)
{
	size_t	 off = 0;
	ssize_t	 n;

	while (off < b->len) {
		n = pwrite(fd, buf_ptr(b) + off, b->len - off, (off_t)off);
		if (n > 0)
			off += n;
		else if (errno != EINTR)
			return -1;
	}
	return ftruncate(fd, (off_t)b->len);
}

/*
 * The part's header with another encoding; which counts only in a message that
 * says it is of MIME.
 */
static int
put_header(struct buf *out, const struct mime_part *part, const char *p,
    size_t len)
{
	struct header_iter	 it;
	struct header		 h;

	header_iter_init(&it, p, len);
	while (header_next(&it, &h)) {
		if (h.id != HEADER_CONTENT_TRANSFER_ENCODING &&
		    buf_add(out, h.raw.p, h.raw.len) == -1)
			return -1;
	}
	if (!(part->flags & MIME_F_MIME) &&
	    buf_addstr(out, "MIME-Version: 1.0\r\n") == -1)
		return -1;
	return buf_addstr(out, "Content-Transfer-Encoding: base64\r\n\r\n");
}

static int
has_nul(const char *p, size_t len)
{
	return len > 0 && memchr(p, '\0', len) != NULL;
}

static int
is_leaf(const struct mime_part *p)
{
	return p->class != MIME_MULTIPART && p->class != MIME_MESSAGE &&
	    p->encoding != TRANSFER_QP && p->encoding != TRANSFER_BASE64;
}

/* Leaves lie one after the other; what is between them is copied. */
static int
rewrite(const struct mime *m, const char *p, size_t size, struct buf *out)
{
	const struct mime_part	*part;
	size_t			 i, at = 0;

	for (i = 0; i < m->nparts; i++) {
		part = &m->parts[i];
		if (!is_leaf(part) || part->hdr_off < at ||
		    !has_nul(p + part->body_off, part->body_len))
			continue;
		if (has_nul(p + at, part->body_off - at) ||
		    buf_add(out, p + at, part->hdr_off - at) == -1 ||
		    put_header(out, part, p + part->hdr_off,
		    part->hdr_len) == -1 ||
		    transfer_encode_base64(p + part->body_off,
		    part->body_len, out) == -1)
			return -1;
		at = part->body_off + part->body_len;
	}
	if (has_nul(p + at, size - at))
		return -1;
	return buf_add(out, p + at, size - at);
}

enum iappend_binary
iappend_binary(int fd, uint64_t *size, uint64_t max)
{
	struct arena	 arena;
	struct mime	 m;
	struct buf	 out;
	char		*p;
	enum iappend_binary rc = IAPPEND_BAD;

	if ((p = read_all(fd, *size)) == NULL)
		return IAPPEND_BAD;
	memset(&m, 0, sizeof(m));
	arena_init(&arena, ARENA_MAX);
	mime_init(&m, &arena);
	buf_init(&out, max);
	errno = 0;
	if (mime_parse(&m, SPAN_NONE, (struct span){ p, *size }) == 0 &&
	    rewrite(&m, p, *size, &out) == 0 && write_all(fd, &out) == 0) {
		*size = out.len;
		rc = IAPPEND_DONE;
	} else if (errno == EMSGSIZE)
		rc = IAPPEND_TOOBIG;
	buf_free(&out);
	mime_free(&m);
	arena_free(&arena);
	free(p);
	return rc;
}
