/* Replies of a server (RFC 5321 4.2), as a client reads them. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "libsmtp/smtp_reply.h"
#include "libsmtp/smtp_utf8.h"

void
smtp_reply_init(struct smtp_reply_parser *rp)
{
	memset(rp, 0, sizeof(*rp));
	buf_init(&rp->text, SMTP_REPLY_MAX);
}

void
smtp_reply_free(struct smtp_reply_parser *rp)
{
	buf_free(&rp->text);
}

/* One to three digits. */
static size_t
small_number(struct span s, uint16_t *out)
{
	size_t	 n;

	*out = 0;
	for (n = 0; n < s.len && n < 3 && isdigit((unsigned char)s.p[n]); n++)
		*out = (uint16_t)(*out * 10 + (s.p[n] - '0'));
	return n;
}

size_t
smtp_enhanced_parse(struct span s, struct smtp_enhanced *e)
{
	size_t	 n, m;

	memset(e, 0, sizeof(*e));
	if (s.len < 5 || s.p[1] != '.' ||
	    (*s.p != '2' && *s.p != '4' && *s.p != '5'))
		return 0;
	n = 2;
	m = small_number((struct span){ s.p + n, s.len - n }, &e->subject);
	n += m;
	if (m == 0 || n >= s.len || s.p[n] != '.')
		return 0;
	n++;
	m = small_number((struct span){ s.p + n, s.len - n }, &e->detail);
	n += m;
	if (m == 0 || (n < s.len && s.p[n] != ' '))
		return 0;
	e->class = (uint8_t)(*s.p - '0');
	return n;
}

/* Take `250-text', `250 text' or `250'.  -1: it is none. */
static int
reply_line(struct span line, uint16_t *code, int *last, struct span *text)
{
	if (line.len < 3 || line.p[0] < '2' || line.p[0] > '5' ||
	    !isdigit((unsigned char)line.p[1]) ||
	    !isdigit((unsigned char)line.p[2]))
		return -1;
	if (line.len > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return -1;
	*code = (uint16_t)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 +
	    (line.p[2] - '0'));
	*last = line.len == 3 || line.p[3] == ' ';
	text->p = line.p + (line.len > 3 ? 4 : 3);
	text->len = line.len > 3 ? line.len - 4 : 0;
	return 0;
}

static enum codec
reply_done(struct smtp_reply_parser *rp, struct smtp_reply *reply,
    uint16_t code, struct span text)
{
	struct span	 first = text;
	const char	*nl;

	reply->code = code;
	reply->text = text;
	if (text.len > 0 && (nl = memchr(text.p, '\n', text.len)) != NULL)
		first.len = (size_t)(nl - text.p);
	smtp_enhanced_parse(first, &reply->enhanced);
	/* One that contradicts its code is no help to anybody. */
	if (reply->enhanced.class != code / 100)
		memset(&reply->enhanced, 0, sizeof(reply->enhanced));
	rp->nlines = 0;
	return CODEC_DONE;
}

enum codec
smtp_reply_parse(struct smtp_reply_parser *rp, const char *p, size_t len,
    size_t *used, struct smtp_reply *reply)
{
	struct span	 line, text;
	enum codec	 codec;
	uint16_t	 code;
	size_t		 n;
	int		 last;

	*used = 0;
	if (rp->nlines == 0 && rp->text.len > 0)
		buf_free(&rp->text);
	for (;;) {
		codec = smtp_line_get(&rp->line, SMTP_LINE_REPLY, p + *used,
		    len - *used, &line, &n);
		*used += n;
		if (codec != CODEC_DONE)
			return codec;
		if (reply_line(line, &code, &last, &text) == -1)
			return CODEC_BAD;
		if (rp->nlines > 0 && code / 100 != rp->code / 100)
			return CODEC_BAD;
		rp->code = code;
		/* The usual reply has one line and needs no copy. */
		if (last && rp->nlines == 0)
			return reply_done(rp, reply, code, text);
		if (++rp->nlines > SMTP_REPLY_LINES ||
		    (rp->nlines > 1 && buf_addc(&rp->text, '\n') == -1) ||
		    buf_add(&rp->text, text.p, text.len) == -1)
			return CODEC_TOOBIG;
		if (last) {
			text.p = (const char *)buf_ptr(&rp->text);
			text.len = rp->text.len;
			return reply_done(rp, reply, code, text);
		}
	}
}

const char *
smtp_reply_status(const struct smtp_reply *r, char *dst, size_t dstsize)
{
	const struct smtp_enhanced	*e = &r->enhanced;

	if (e->class != 0)
		snprintf(dst, dstsize, "%d.%d.%d", e->class, e->subject,
		    e->detail);
	else
		snprintf(dst, dstsize, "%d.0.0",
		    r->code >= 500 ? 5 : r->code >= 300 ? 4 : 2);
	return dst;
}

const char *
smtp_reply_print(const struct smtp_reply *r, char *dst, size_t dstsize)
{
	struct span	 s = r->text;
	size_t		 n, k;
	int		 len;

	len = snprintf(dst, dstsize, "%03d ", r->code);
	if (len < 0 || (size_t)len >= dstsize)
		return dst;
	n = (size_t)len;
	for (; s.len > 0; s.p += k, s.len -= k) {
		if ((k = smtp_utf8_len(s.p, s.len)) == 0 ||
		    (unsigned char)*s.p < ' ' || *s.p == 0x7f) {
			if (n + 1 >= dstsize)
				break;
			dst[n++] = *s.p == '\n' ? ' ' : '?';
			k = 1;
			continue;
		}
		if (n + k >= dstsize)
			break;
		memcpy(dst + n, s.p, k);
		n += k;
	}
	while (n > 0 && dst[n - 1] == ' ')
		n--;
	dst[n] = '\0';
	return dst;
}
