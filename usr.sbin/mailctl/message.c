/* A message from standard input, and its header. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libmail/header.h"
#include "message.h"

#define READ_SIZE	65536

/* ---- reading ------------------------------------------------------------ */

/* The end that a line with a single dot makes; -1: there is none. */
static ssize_t
find_dot(const char *p, size_t len)
{
	const char	*dot = p, *end = p + len;

	while ((dot = memchr(dot, '.', (size_t)(end - dot))) != NULL) {
		if ((dot == p || dot[-1] == '\n') && dot + 1 < end &&
		    (dot[1] == '\n' || (dot[1] == '\r' && dot + 2 < end &&
		    dot[2] == '\n')))
			return dot - p;
		if (++dot == end)
			break;
	}
	return -1;
}

/* The end of input may be that line as well. */
static ssize_t
find_last_dot(const char *p, size_t len)
{
	if (len > 0 && p[len - 1] == '.' && (len == 1 || p[len - 2] == '\n'))
		return (ssize_t)len - 1;
	return -1;
}

int
message_read(struct message *m, int fd, int dots)
{
	ssize_t	 n, end = -1;
	size_t	 from;
	char	*room;

	memset(m, 0, sizeof(*m));
	buf_init(&m->text, MESSAGE_MAX);
	while (end == -1) {
		if ((room = buf_reserve(&m->text, READ_SIZE)) == NULL)
			goto fail;
		if ((n = read(fd, room, READ_SIZE)) == -1) {
			if (errno == EINTR)
				continue;
			goto fail;
		}
		/* A dot that was seen may only now have its line end. */
		from = m->text.len < 3 ? 0 : m->text.len - 3;
		buf_commit(&m->text, (size_t)n);
		room = (char *)buf_ptr(&m->text);
		if (!dots) {
			if (n == 0)
				break;
			continue;
		}
		/* One byte more, to see what is in front of it. */
		if (n == 0) {
			end = find_last_dot(room, m->text.len);
			break;
		}
		for (; from > 0 && room[from - 1] != '\n'; from--)
			;
		end = find_dot(room + from, m->text.len - from);
		if (end != -1)
			end += (ssize_t)from;
	}
	if (end != -1)
		buf_truncate(&m->text, (size_t)end);
	return 0;
fail:
	n = errno;
	message_free(m);
	errno = (int)n;
	return -1;
}

void
message_free(struct message *m)
{
	buf_free(&m->text);
}

/* ---- the header --------------------------------------------------------- */

static int
is_resent(enum header_id id)
{
	switch (id) {
	case HEADER_RESENT_DATE:
	case HEADER_RESENT_FROM:
	case HEADER_RESENT_SENDER:
	case HEADER_RESENT_TO:
	case HEADER_RESENT_CC:
	case HEADER_RESENT_BCC:
	case HEADER_RESENT_MESSAGE_ID:
		return 1;
	default:
		return 0;
	}
}

static int
names_rcpts(enum header_id id, int resent)
{
	if (resent)
		return id == HEADER_RESENT_TO || id == HEADER_RESENT_CC ||
		    id == HEADER_RESENT_BCC;
	return id == HEADER_TO || id == HEADER_CC || id == HEADER_BCC;
}

/* The line that an mbox begins with is no part of the message. */
static void
skip_mbox_line(struct message *m)
{
	const char	*p = (const char *)buf_ptr(&m->text), *nl;

	if (m->text.len < 5 || memcmp(p, "From ", 5) != 0)
		return;
	if ((nl = memchr(p, '\n', m->text.len)) != NULL)
		buf_drain(&m->text, (size_t)(nl + 1 - p));
}

/*
 * The next field.  0: the header is over and *body set, to the end of the
 * message when there is none.
 */
static int
next_field(struct header_iter *iter, struct header *h, const char **body)
{
	if (header_next(iter, h) == 0)
		*body = iter->body;
	else if (h->id == HEADER_JUNK)
		*body = h->raw.p;
	else
		return 1;
	return 0;
}

static int
copy_fields(struct message *m, struct rcpts *r, struct buf *out)
{
	struct header_iter	 iter;
	struct header		 h;
	const char		*body, *end;

	end = (const char *)buf_ptr(&m->text) + m->text.len;
	header_iter_init(&iter, buf_ptr(&m->text), m->text.len);
	while (next_field(&iter, &h, &body)) {
		if (r != NULL && names_rcpts(h.id, m->has_resent) &&
		    rcpts_add(r, h.value) == -1)
			return -1;
		if (h.id == HEADER_BCC || h.id == HEADER_RESENT_BCC)
			continue;
		if (buf_add(out, h.raw.p, h.raw.len) == -1)
			return -1;
		/* Of the last field, when nothing follows it. */
		if (h.raw.p[h.raw.len - 1] != '\n' &&
		    buf_addc(out, '\n') == -1)
			return -1;
	}
	if (buf_addc(out, '\n') == -1)
		return -1;
	return body < end ? buf_add(out, body, (size_t)(end - body)) : 0;
}

int
message_header(struct message *m, struct rcpts *r)
{
	struct header_iter	 iter;
	struct header		 h;
	struct buf		 out;
	const char		*body;

	skip_mbox_line(m);
	if (m->text.len == 0)
		return buf_addc(&m->text, '\n');
	header_iter_init(&iter, buf_ptr(&m->text), m->text.len);
	while (next_field(&iter, &h, &body)) {
		m->has_resent |= is_resent(h.id);
		m->has_from |= h.id == HEADER_FROM;
		m->has_resent_from |= h.id == HEADER_RESENT_FROM;
	}
	buf_init(&out, MESSAGE_MAX);
	if (copy_fields(m, r, &out) == -1) {
		buf_free(&out);
		return -1;
	}
	buf_free(&m->text);
	m->text = out;
	return 0;
}

int
message_prepend(struct message *m, const char *field)
{
	struct buf	 out;

	buf_init(&out, MESSAGE_MAX);
	if (buf_addstr(&out, field) == -1 || (m->text.len > 0 &&
	    buf_add(&out, buf_ptr(&m->text), m->text.len) == -1)) {
		buf_free(&out);
		return -1;
	}
	buf_free(&m->text);
	m->text = out;
	return 0;
}

/* CR, LF and CRLF become CRLF each; the last line gets one too. */
void
message_measure(struct message *m)
{
	const unsigned char	*p = buf_ptr(&m->text);
	size_t			 i, len = m->text.len;

	m->size = 0;
	m->has_8bit = 0;
	for (i = 0; i < len; i++) {
		m->size++;
		if (p[i] & 0x80)
			m->has_8bit = 1;
		else if (p[i] == '\r') {
			m->size++;
			if (i + 1 < len && p[i + 1] == '\n')
				i++;
		} else if (p[i] == '\n')
			m->size++;
	}
	if (len > 0 && p[len - 1] != '\n' && p[len - 1] != '\r')
		m->size += 2;
}
