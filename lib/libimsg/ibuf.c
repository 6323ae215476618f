/* Buffers that are built by adding and taken apart by getting. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimsg/imsg.h"

/*
 * A buffer and its first memory are one allocation, for there is a buffer to
 * every message.  It moves out when it has to grow.
 */
static int
ibuf_is_inline(const struct ibuf *buf)
{
	return buf->buf == (const unsigned char *)(buf + 1);
}

static struct ibuf *
ibuf_new(size_t len, size_t max)
{
	struct ibuf	*buf;

	if (len > SIZE_MAX - sizeof(*buf)) {
		errno = ERANGE;
		return NULL;
	}
	if ((buf = malloc(sizeof(*buf) + len)) == NULL)
		return NULL;
	memset(buf, 0, sizeof(*buf));
	buf->buf = (unsigned char *)(buf + 1);
	buf->size = len;
	buf->max = max;
	buf->fd = -1;
	return buf;
}

struct ibuf *
ibuf_open(size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return NULL;
	}
	return ibuf_new(len, len);
}

struct ibuf *
ibuf_dynamic(size_t len, size_t max)
{
	if (max == 0 || max < len) {
		errno = EINVAL;
		return NULL;
	}
	return ibuf_new(len, max);
}

/* want: bytes to hold in all, over size and not over max */
static int
ibuf_grow(struct ibuf *buf, size_t want)
{
	unsigned char	*p;
	size_t		 size;

	size = buf->size < 64 ? 64 : buf->size;
	while (size < want)
		size = size > SIZE_MAX / 2 ? want : size * 2;
	if (size > buf->max)
		size = buf->max;
	if ((p = malloc(size)) == NULL)
		return -1;
	if (buf->wpos > 0)
		memcpy(p, buf->buf, buf->wpos);
	/* Messages carry passwords: nothing is left behind. */
	if (ibuf_is_inline(buf))
		explicit_bzero(buf->buf, buf->wpos);
	else
		freezero(buf->buf, buf->wpos);
	buf->buf = p;
	buf->size = size;
	return 0;
}

void *
ibuf_reserve(struct ibuf *buf, size_t len)
{
	void	*p;

	if (len > SIZE_MAX - buf->wpos || buf->max == 0 ||
	    buf->wpos + len > buf->max) {
		errno = ERANGE;
		return NULL;
	}
	if (buf->wpos + len > buf->size &&
	    ibuf_grow(buf, buf->wpos + len) == -1)
		return NULL;
	p = buf->buf + buf->wpos;
	buf->wpos += len;
	return p;
}

int
ibuf_add(struct ibuf *buf, const void *data, size_t len)
{
	void	*p;

	if (len == 0)
		return 0;
	if ((p = ibuf_reserve(buf, len)) == NULL)
		return -1;
	memcpy(p, data, len);
	return 0;
}

int
ibuf_add_ibuf(struct ibuf *buf, const struct ibuf *from)
{
	return ibuf_add(buf, ibuf_data(from), ibuf_size(from));
}

int
ibuf_add_zero(struct ibuf *buf, size_t len)
{
	void	*p;

	if (len == 0)
		return 0;
	if ((p = ibuf_reserve(buf, len)) == NULL)
		return -1;
	memset(p, 0, len);
	return 0;
}

/* A value that its field cannot hold is a mistake, not something to cut. */
static int
ibuf_fits(uint64_t value, uint64_t max)
{
	if (value > max)
		errno = EINVAL;
	return value <= max;
}

int
ibuf_add_n8(struct ibuf *buf, uint64_t value)
{
	uint8_t	 v = (uint8_t)value;

	return ibuf_fits(value, UINT8_MAX) ? ibuf_add(buf, &v, sizeof(v)) : -1;
}

int
ibuf_add_n16(struct ibuf *buf, uint64_t value)
{
	uint16_t v = htobe16((uint16_t)value);

	return ibuf_fits(value, UINT16_MAX) ? ibuf_add(buf, &v, sizeof(v)) : -1;
}

int
ibuf_add_n32(struct ibuf *buf, uint64_t value)
{
	uint32_t v = htobe32((uint32_t)value);

	return ibuf_fits(value, UINT32_MAX) ? ibuf_add(buf, &v, sizeof(v)) : -1;
}

int
ibuf_add_n64(struct ibuf *buf, uint64_t value)
{
	value = htobe64(value);
	return ibuf_add(buf, &value, sizeof(value));
}

int
ibuf_add_h16(struct ibuf *buf, uint64_t value)
{
	uint16_t v = (uint16_t)value;

	return ibuf_fits(value, UINT16_MAX) ? ibuf_add(buf, &v, sizeof(v)) : -1;
}

int
ibuf_add_h32(struct ibuf *buf, uint64_t value)
{
	uint32_t v = (uint32_t)value;

	return ibuf_fits(value, UINT32_MAX) ? ibuf_add(buf, &v, sizeof(v)) : -1;
}

int
ibuf_add_h64(struct ibuf *buf, uint64_t value)
{
	return ibuf_add(buf, &value, sizeof(value));
}

int
ibuf_add_strbuf(struct ibuf *buf, const char *str, size_t len)
{
	size_t	 n = strlen(str);
	char	*p;

	if (n >= len) {
		errno = EOVERFLOW;
		return -1;
	}
	if ((p = ibuf_reserve(buf, len)) == NULL)
		return -1;
	memcpy(p, str, n);
	memset(p + n, 0, len - n);
	return 0;
}

void *
ibuf_seek(struct ibuf *buf, size_t pos, size_t len)
{
	/* Only what is in use: rpos + pos .. wpos. */
	if (len > ibuf_size(buf) || pos > ibuf_size(buf) - len) {
		errno = ERANGE;
		return NULL;
	}
	return buf->buf + buf->rpos + pos;
}

int
ibuf_set(struct ibuf *buf, size_t pos, const void *data, size_t len)
{
	void	*p;

	if ((p = ibuf_seek(buf, pos, len)) == NULL)
		return -1;
	if (len > 0)
		memcpy(p, data, len);
	return 0;
}

int
ibuf_set_n8(struct ibuf *buf, size_t pos, uint64_t value)
{
	uint8_t	 v = (uint8_t)value;

	return ibuf_fits(value, UINT8_MAX) ?
	    ibuf_set(buf, pos, &v, sizeof(v)) : -1;
}

int
ibuf_set_n16(struct ibuf *buf, size_t pos, uint64_t value)
{
	uint16_t v = htobe16((uint16_t)value);

	return ibuf_fits(value, UINT16_MAX) ?
	    ibuf_set(buf, pos, &v, sizeof(v)) : -1;
}

int
ibuf_set_n32(struct ibuf *buf, size_t pos, uint64_t value)
{
	uint32_t v = htobe32((uint32_t)value);

	return ibuf_fits(value, UINT32_MAX) ?
	    ibuf_set(buf, pos, &v, sizeof(v)) : -1;
}

int
ibuf_set_n64(struct ibuf *buf, size_t pos, uint64_t value)
{
	value = htobe64(value);
	return ibuf_set(buf, pos, &value, sizeof(value));
}

int
ibuf_set_h16(struct ibuf *buf, size_t pos, uint64_t value)
{
	uint16_t v = (uint16_t)value;

	return ibuf_fits(value, UINT16_MAX) ?
	    ibuf_set(buf, pos, &v, sizeof(v)) : -1;
}

int
ibuf_set_h32(struct ibuf *buf, size_t pos, uint64_t value)
{
	uint32_t v = (uint32_t)value;

	return ibuf_fits(value, UINT32_MAX) ?
	    ibuf_set(buf, pos, &v, sizeof(v)) : -1;
}

int
ibuf_set_h64(struct ibuf *buf, size_t pos, uint64_t value)
{
	return ibuf_set(buf, pos, &value, sizeof(value));
}

int
ibuf_set_maxsize(struct ibuf *buf, size_t max)
{
	if (buf->max == 0) {
		errno = EINVAL;
		return -1;
	}
	if (max == 0 || max > buf->max || max < buf->wpos) {
		errno = ERANGE;
		return -1;
	}
	buf->max = max;
	return 0;
}

void *
ibuf_data(const struct ibuf *buf)
{
	return buf->buf + buf->rpos;
}

size_t
ibuf_size(const struct ibuf *buf)
{
	return buf->wpos - buf->rpos;
}

size_t
ibuf_left(const struct ibuf *buf)
{
	/* A view has no room, whatever lies behind it. */
	return buf->max == 0 ? 0 : buf->max - buf->wpos;
}

int
ibuf_truncate(struct ibuf *buf, size_t len)
{
	size_t	 have = ibuf_size(buf);

	if (have < len)
		return ibuf_add_zero(buf, len - have);
	if (buf->max != 0)
		explicit_bzero(buf->buf + buf->rpos + len, have - len);
	buf->wpos = buf->rpos + len;
	return 0;
}

void
ibuf_rewind(struct ibuf *buf)
{
	buf->rpos = 0;
}

void
ibuf_from_buffer(struct ibuf *buf, void *data, size_t len)
{
	memset(buf, 0, sizeof(*buf));
	buf->buf = data;
	buf->size = buf->wpos = len;
	buf->fd = -1;
}

void
ibuf_from_ibuf(struct ibuf *buf, const struct ibuf *from)
{
	ibuf_from_buffer(buf, ibuf_data(from), ibuf_size(from));
}

int
ibuf_get(struct ibuf *buf, void *data, size_t len)
{
	if (ibuf_size(buf) < len) {
		errno = EBADMSG;
		return -1;
	}
	if (len > 0)
		memcpy(data, ibuf_data(buf), len);
	buf->rpos += len;
	return 0;
}

int
ibuf_get_ibuf(struct ibuf *buf, size_t len, struct ibuf *new)
{
	if (ibuf_size(buf) < len) {
		errno = EBADMSG;
		return -1;
	}
	ibuf_from_buffer(new, ibuf_data(buf), len);
	buf->rpos += len;
	return 0;
}

int
ibuf_get_n8(struct ibuf *buf, uint8_t *value)
{
	return ibuf_get(buf, value, sizeof(*value));
}

int
ibuf_get_n16(struct ibuf *buf, uint16_t *value)
{
	if (ibuf_get(buf, value, sizeof(*value)) == -1)
		return -1;
	*value = be16toh(*value);
	return 0;
}

int
ibuf_get_n32(struct ibuf *buf, uint32_t *value)
{
	if (ibuf_get(buf, value, sizeof(*value)) == -1)
		return -1;
	*value = be32toh(*value);
	return 0;
}

int
ibuf_get_n64(struct ibuf *buf, uint64_t *value)
{
	if (ibuf_get(buf, value, sizeof(*value)) == -1)
		return -1;
	*value = be64toh(*value);
	return 0;
}

int
ibuf_get_h16(struct ibuf *buf, uint16_t *value)
{
	return ibuf_get(buf, value, sizeof(*value));
}

int
ibuf_get_h32(struct ibuf *buf, uint32_t *value)
{
	return ibuf_get(buf, value, sizeof(*value));
}

int
ibuf_get_h64(struct ibuf *buf, uint64_t *value)
{
	return ibuf_get(buf, value, sizeof(*value));
}

char *
ibuf_get_string(struct ibuf *buf, size_t len)
{
	char	*str;

	if (ibuf_size(buf) < len) {
		errno = EBADMSG;
		return NULL;
	}
	/* A NUL within ends it early, but all of the field is consumed. */
	if ((str = strndup(ibuf_data(buf), len)) == NULL)
		return NULL;
	buf->rpos += len;
	return str;
}

int
ibuf_get_strbuf(struct ibuf *buf, char *str, size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	if (ibuf_get(buf, str, len) == -1)
		return -1;
	if (str[len - 1] != '\0') {
		str[len - 1] = '\0';
		errno = EOVERFLOW;
		return -1;
	}
	return 0;
}

int
ibuf_skip(struct ibuf *buf, size_t len)
{
	if (ibuf_size(buf) < len) {
		errno = EBADMSG;
		return -1;
	}
	buf->rpos += len;
	return 0;
}

void
ibuf_free(struct ibuf *buf)
{
	int	 saved = errno;

	if (buf == NULL)
		return;
	if (buf->max == 0)	/* a view: not ours to free */
		abort();
	if (buf->fd != -1)
		close(buf->fd);
	if (ibuf_is_inline(buf))
		explicit_bzero(buf->buf, buf->wpos);
	else
		freezero(buf->buf, buf->wpos);
	free(buf);
	errno = saved;
}

int
ibuf_fd_avail(struct ibuf *buf)
{
	return buf->fd >= 0;
}

int
ibuf_fd_get(struct ibuf *buf)
{
	int	 fd = buf->fd;

	buf->fd = -1;
	return fd;
}

void
ibuf_fd_set(struct ibuf *buf, int fd)
{
	if (buf->max == 0)
		abort();
	if (buf->fd != -1)
		close(buf->fd);
	buf->fd = fd >= 0 ? fd : -1;
}
