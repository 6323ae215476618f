#include <string.h>

#include "libimap/imap_name.h"
#include "libimap/imap_write.h"
#include "libimap/mutf7.h"
#include "libmail/date.h"

#define QUOTED_MAX	1000	/* longer strings go as literals */

void
imap_out_init(struct imap_out *o, struct buf *b, uint32_t enabled)
{
	memset(o, 0, sizeof(*o));
	o->buf = b;
	o->rev2 = (enabled & IMAP_EN_REV2) != 0;
	o->utf8 = (enabled & (IMAP_EN_UTF8 | IMAP_EN_REV2)) != 0;
	o->first = 1;
}

void
imap_out_raw(struct imap_out *o, const void *p, size_t len)
{
	if (!o->fail && len > 0 && buf_add(o->buf, p, len) == -1)
		o->fail = 1;
}

void
imap_out_str(struct imap_out *o, const char *s)
{
	imap_out_raw(o, s, strlen(s));
}

void
imap_out_span(struct imap_out *o, struct span s)
{
	imap_out_raw(o, s.p, s.len);
}

static void
out_char(struct imap_out *o, int c)
{
	if (!o->fail && buf_addc(o->buf, c) == -1)
		o->fail = 1;
}

void
imap_out_num(struct imap_out *o, uint64_t n)
{
	char	 tmp[20];
	size_t	 i = sizeof(tmp);

	do {
		tmp[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	imap_out_raw(o, tmp + i, sizeof(tmp) - i);
}

void
imap_out_crlf(struct imap_out *o)
{
	imap_out_raw(o, "\r\n", 2);
}

/* Can it stand in quotes?  8-bit only where the client takes UTF-8. */
static int
quotable(const struct imap_out *o, struct span s)
{
	size_t		i;
	unsigned char	c;

	if (s.len > QUOTED_MAX)
		return 0;
	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c == '\0' || c == '\r' || c == '\n' ||
		    (c >= 0x80 && !o->utf8))
			return 0;
	}
	return 1;
}

void
imap_out_literal(struct imap_out *o, uint64_t n, int binary)
{
	imap_out_str(o, binary ? "~{" : "{");
	imap_out_num(o, n);
	imap_out_str(o, "}\r\n");
}

/* With escapes; the caller knows that it can be quoted. */
void
imap_out_quoted(struct imap_out *o, struct span s)
{
	size_t	i, from = 0;

	out_char(o, '"');
	for (i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == '\\') {
			imap_out_raw(o, s.p + from, i - from);
			out_char(o, '\\');
			from = i;
		}
	imap_out_raw(o, s.p + from, s.len - from);
	out_char(o, '"');
}

static void
out_string(struct imap_out *o, struct span s)
{
	if (quotable(o, s)) {
		imap_out_quoted(o, s);
		return;
	}
	/* A NUL fits into literal8 only (RFC 9051 4.3). */
	imap_out_literal(o, s.len, memchr(s.p, '\0', s.len) != NULL);
	imap_out_span(o, s);
}

void
imap_out_nstring(struct imap_out *o, struct span s)
{
	if (s.p == NULL)
		imap_out_raw(o, "NIL", 3);
	else
		out_string(o, s);
}

void
imap_out_astring(struct imap_out *o, struct span s)
{
	size_t	i;

	/* The word NIL as an atom would be taken for no string at all. */
	for (i = 0; i < s.len; i++)
		if (!imap_char_is((unsigned char)s.p[i], IMAP_CH_ATOM))
			break;
	if (s.len > 0 && i == s.len && !span_ieqs(s, "NIL"))
		imap_out_span(o, s);
	else if (s.p == NULL)
		imap_out_raw(o, "\"\"", 2);
	else
		out_string(o, s);
}

void
imap_out_mailbox(struct imap_out *o, struct span name)
{
	char	wire[IMAP_NAME_MAX * 5];
	int	n;

	if (!o->utf8) {
		if ((n = mutf7_encode(wire, sizeof(wire), name)) == -1) {
			o->fail = 1;
			return;
		}
		name = (struct span){ wire, (size_t)n };
	}
	imap_out_astring(o, name);
}

void
imap_out_datetime(struct imap_out *o, int64_t secs, int zone)
{
	char	dt[DATE_STRLEN];
	size_t	n;

	n = date_format_imap(dt, secs, zone);
	out_char(o, '"');
	imap_out_raw(o, dt, n);
	out_char(o, '"');
}

static void
out_run(struct imap_out *o, const struct rseq_run *r)
{
	imap_out_num(o, r->first);
	if (r->last != r->first) {
		out_char(o, ':');
		imap_out_num(o, r->last);
	}
}

void
imap_out_rseq(struct imap_out *o, const struct rseq *s)
{
	size_t	i;

	for (i = 0; i < s->nruns && !o->fail; i++) {
		if (i > 0)
			out_char(o, ',');
		out_run(o, &s->runs[i]);
	}
}

void
imap_out_open(struct imap_out *o)
{
	out_char(o, '(');
	o->first = 1;
}

void
imap_out_item(struct imap_out *o)
{
	if (!o->first)
		out_char(o, ' ');
	o->first = 0;
}

void
imap_out_close(struct imap_out *o)
{
	out_char(o, ')');
	o->first = 0;
}

/* The order in which Dovecot and others write them. */
static const uint32_t flag_order[] = {
	IMAP_FLAG_ANSWERED, IMAP_FLAG_FLAGGED, IMAP_FLAG_DELETED,
	IMAP_FLAG_SEEN, IMAP_FLAG_DRAFT, IMAP_FLAG_RECENT
};

void
imap_out_flags(struct imap_out *o, uint32_t bits, const uint64_t *keywords,
    const struct span *names, uint32_t n)
{
	uint32_t	i;

	imap_out_open(o);
	for (i = 0; i < sizeof(flag_order) / sizeof(flag_order[0]); i++)
		if ((bits & flag_order[i]) != 0) {
			imap_out_item(o);
			imap_out_span(o, imap_flag_name(flag_order[i]));
		}
	for (i = 0; i < n; i++)
		if ((keywords[i / 64] >> (i % 64)) & 1) {
			imap_out_item(o);
			imap_out_span(o, names[i]);
		}
	imap_out_close(o);
}

void
imap_out_text(struct imap_out *o, const char *s)
{
	size_t	i, n = strlen(s), from = 0;

	for (i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] == 127) {
			imap_out_raw(o, s + from, i - from);
			out_char(o, '?');
			from = i + 1;
		}
	imap_out_raw(o, s + from, n - from);
}

void
imap_out_status(struct imap_out *o, struct span tag, const char *status)
{
	if (tag.p == NULL)
		out_char(o, '*');
	else
		imap_out_span(o, tag);
	out_char(o, ' ');
	imap_out_str(o, status);
	out_char(o, ' ');
}

void
imap_out_reply(struct imap_out *o, struct span tag, const char *status,
    const char *code, const char *text)
{
	imap_out_status(o, tag, status);
	if (code != NULL) {
		out_char(o, '[');
		imap_out_str(o, code);
		imap_out_str(o, "] ");
	}
	imap_out_text(o, text);
	imap_out_crlf(o);
}

void
imap_out_count(struct imap_out *o, uint32_t n, const char *name)
{
	imap_out_raw(o, "* ", 2);
	imap_out_num(o, n);
	out_char(o, ' ');
	imap_out_str(o, name);
	imap_out_crlf(o);
}

void
imap_out_vanished(struct imap_out *o, const struct rseq *s, int earlier)
{
	if (s->nruns == 0)
		return;
	imap_out_str(o, earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
	imap_out_rseq(o, s);
	imap_out_crlf(o);
}

void
imap_out_copyuid(struct imap_out *o, uint32_t uidvalidity,
    const struct rseq *from, const struct rseq *to)
{
	imap_out_str(o, "[COPYUID ");
	imap_out_num(o, uidvalidity);
	out_char(o, ' ');
	imap_out_rseq(o, from);
	out_char(o, ' ');
	imap_out_rseq(o, to);
	out_char(o, ']');
}

void
imap_out_appenduid(struct imap_out *o, uint32_t uidvalidity,
    const struct rseq *uids)
{
	imap_out_str(o, "[APPENDUID ");
	imap_out_num(o, uidvalidity);
	out_char(o, ' ');
	imap_out_rseq(o, uids);
	out_char(o, ']');
}
