/* Header fields over memory (RFC 5322 2.2, 3.6.8). */
#include <stdint.h>
#include <string.h>

#include "libmail/header.h"

static const char *const names[HEADER_NIDS] = {
	"",
	"",
	"Date",
	"Subject",
	"From",
	"Sender",
	"Reply-To",
	"To",
	"Cc",
	"Bcc",
	"In-Reply-To",
	"Message-ID",
	"References",
	"MIME-Version",
	"Content-Type",
	"Content-Transfer-Encoding",
	"Content-ID",
	"Content-Description",
	"Content-Disposition",
	"Content-Language",
	"Content-Location",
	"Content-MD5",
	"Received",
	"Return-Path",
	"Delivered-To",
	"Resent-Date",
	"Resent-From",
	"Resent-Sender",
	"Resent-To",
	"Resent-Cc",
	"Resent-Bcc",
	"Resent-Message-ID",
	"DKIM-Signature",
	"ARC-Seal",
	"ARC-Message-Signature",
	"ARC-Authentication-Results",
	"Authentication-Results",
	"Received-SPF",
	"List-Id",
	"List-Unsubscribe",
	"List-Post",
	"List-Help",
	"List-Archive",
	"List-Subscribe",
	"Precedence",
	"Auto-Submitted",
	"X-Mailer",
	"User-Agent",
	"X-Priority",
	"Importance",
	"Priority",
	"X-Spam-Flag",
	"X-Spam-Status",
	"X-Original-To",
	"Comments",
	"Keywords",
	"Organization",
	"Newsgroups",
	"Thread-Topic",
	"Thread-Index",
	"Disposition-Notification-To",
	"List-Unsubscribe-Post",
	"Feedback-ID",
	"X-Spam-Score",
};

/* Where slot_of sends each name: no two meet.  header_test keeps it so. */
static const uint8_t slots[256] = {
	0, 0, 0, 0, 0, 39, 0, 19, 5, 0, 0, 0, 0, 0, 0, 35,
	0, 58, 0, 54, 34, 0, 0, 3, 0, 0, 0, 16, 0, 0, 13, 0,
	0, 0, 0, 45, 0, 0, 0, 0, 50, 55, 9, 33, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 36, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 41, 0, 37, 52,
	0, 0, 2, 0, 0, 28, 0, 0, 0, 0, 0, 0, 53, 0, 0, 42,
	0, 0, 0, 0, 0, 0, 0, 62, 0, 0, 0, 15, 0, 0, 0, 63,
	0, 7, 0, 0, 0, 0, 0, 0, 0, 51, 0, 46, 0, 29, 0, 57,
	48, 47, 26, 0, 60, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0,
	0, 21, 0, 0, 40, 0, 0, 0, 0, 0, 0, 4, 0, 10, 56, 0,
	0, 0, 0, 0, 49, 59, 0, 0, 0, 0, 0, 27, 0, 0, 44, 0,
	0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 32, 22, 43, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 11, 0, 0, 31, 0, 0, 0, 0, 0, 0,
	20, 0, 23, 38, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 12, 0, 0, 0, 0, 18, 0, 30, 25, 0, 61, 0, 0, 0, 8,
};

static inline unsigned int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned int)c + 32 : (unsigned char)c;
}

static inline unsigned int
slot_of(struct span n)
{
	size_t ninth = n.len > 8 ? 8 : n.len - 1;

	return (n.len * 97 + lower(n.p[0]) * 54 + lower(n.p[n.len - 1]) * 81 +
	    lower(n.p[n.len / 2]) * 87 + lower(n.p[ninth])) & 255;
}

enum header_id
header_id(struct span name)
{
	unsigned int id;

	if (name.len == 0)
		return HEADER_OTHER;
	id = slots[slot_of(name)];
	if (id != 0 && span_ieqs(name, names[id]))
		return (enum header_id)id;
	return HEADER_OTHER;
}

struct span
header_name(enum header_id id)
{
	return (unsigned int)id < HEADER_NIDS ? span_of(names[id]) : SPAN("");
}

uint32_t
header_name_hash(struct span name)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < name.len; i++)
		h = (h ^ lower(name.p[i])) * 16777619u;
	h ^= h >> 16;
	return h == 0 ? 1 : h;
}

void
header_iter_init(struct header_iter *it, const void *p, size_t len)
{
	it->start = it->pos = p;
	it->end = it->pos + len;
	it->body = NULL;
}

/* Past the line feed of the line at p. */
static const char *
line_next(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf == NULL ? end : lf + 1;
}

/*
 * A name of printable bytes and a colon, else it is junk.  White space within
 * the name means that the text merely has a colon: the "From " line of mbox,
 * or a body without its empty line.
 */
static int
split_name(struct header *h, const char *line, const char *end)
{
	const char *colon, *p, *q;

	if ((colon = memchr(line, ':', (size_t)(end - line))) == NULL)
		return -1;
	for (q = colon; q > line && (q[-1] == ' ' || q[-1] == '\t'); q--)
		;
	if (q == line)
		return -1;
	for (p = line; p < q; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return -1;
	h->name = (struct span){ line, (size_t)(q - line) };
	h->value.p = colon + 1;
	return 0;
}

int
header_next(struct header_iter *it, struct header *h)
{
	const char *p = it->pos, *eol, *q;

	if (it->body != NULL)
		return 0;
	if (p == it->end) {
		it->body = p;
		return 0;
	}
	if (*p == '\n' || (*p == '\r' && it->end - p > 1 && p[1] == '\n')) {
		it->body = it->pos = p + (*p == '\n' ? 1 : 2);
		return 0;
	}
	eol = line_next(p, it->end);
	for (q = eol; q < it->end && q[-1] == '\n' &&
	    (*q == ' ' || *q == '\t'); )
		q = line_next(q, it->end);
	it->pos = q;
	h->raw = (struct span){ p, (size_t)(q - p) };
	if (q[-1] == '\n')
		q--;
	if (q > p && q[-1] == '\r')
		q--;
	if (*p == ' ' || *p == '\t' || split_name(h, p, eol) == -1) {
		h->id = HEADER_JUNK;
		h->name = SPAN("");
		h->value = (struct span){ p, (size_t)(q - p) };
	} else {
		h->id = header_id(h->name);
		h->value.len = q > h->value.p ? (size_t)(q - h->value.p) : 0;
	}
	return 1;
}

int
header_find(const void *p, size_t len, struct span name, struct header *h)
{
	struct header_iter it;

	header_iter_init(&it, p, len);
	while (header_next(&it, h))
		if (h->id != HEADER_JUNK && span_ieq(h->name, name))
			return 1;
	return 0;
}

size_t
header_length(const void *p, size_t len)
{
	struct header_iter it;
	struct header h;

	header_iter_init(&it, p, len);
	while (header_next(&it, &h))
		;
	return (size_t)(it.body - it.start);
}

struct span
header_trim(struct span s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL &&
	    s.p[0] != '\0') {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]) != NULL &&
	    s.p[s.len - 1] != '\0')
		s.len--;
	return s;
}

int
header_unfold(struct span value, struct buf *out)
{
	struct span s = header_trim(value);
	const char *p = s.p, *end = s.p + s.len, *q;
	size_t from = out->len;

	for (; p < end; p = q + 1) {
		if ((q = memchr(p, '\n', (size_t)(end - p))) == NULL)
			q = end;
		if (buf_add(out, p, (size_t)(q - p) -
		    (q < end && q > p && q[-1] == '\r')) == -1) {
			buf_truncate(out, from);
			return -1;
		}
	}
	return 0;
}
