/* Canonicalization of messages for DKIM and ARC (RFC 6376 3.4). */
#include <string.h>

#include "libmailauth/canon.h"

static void
canon_flush(struct canon_body *c)
{
	if (c->fill > 0)
		c->sink(c->arg, c->out, c->fill);
	c->fill = 0;
}

static void
canon_put(struct canon_body *c, const uint8_t *p, size_t n)
{
	c->any = 1;
	if (n > sizeof(c->out) - c->fill) {
		canon_flush(c);
		if (n >= sizeof(c->out)) {
			c->sink(c->arg, p, n);
			return;
		}
	}
	memcpy(c->out + c->fill, p, n);
	c->fill += n;
}

void
canon_body_init(struct canon_body *c, enum canon canon, canon_sink sink,
    void *arg)
{
	memset(c, 0, offsetof(struct canon_body, out));
	c->canon = canon;
	c->sink = sink;
	c->arg = arg;
}

/* Something that counts follows: so does what was held back before it. */
static void
canon_release(struct canon_body *c)
{
	for (; c->blank > 0; c->blank--)
		canon_put(c, (const uint8_t *)"\r\n", 2);
	if (c->wsp)
		canon_put(c, (const uint8_t *)" ", 1);
	c->wsp = 0;
	c->line = 1;
}

static void
canon_eol(struct canon_body *c)
{
	c->blank++;
	c->wsp = 0;
	c->line = 0;
	c->cr = 0;
}

/* How many bytes go out as they are? */
static size_t
canon_run(const struct canon_body *c, const uint8_t *p, size_t n)
{
	size_t	 i;

	if (c->canon == CANON_SIMPLE) {
		for (i = 0; i < n && p[i] != '\r' && p[i] != '\n'; i++)
			;
		return i;
	}
	for (i = 0; i < n; i++) {
		if (p[i] > ' ')
			continue;
		if (p[i] == '\r' || p[i] == '\n' || p[i] == '\t')
			break;
		/* One space between two words is what shall stand there. */
		if (p[i] == ' ' && (i + 1 == n || p[i + 1] == ' ' ||
		    p[i + 1] == '\t' || p[i + 1] == '\r' || p[i + 1] == '\n'))
			break;
	}
	return i;
}

void
canon_body_add(struct canon_body *c, const void *data, size_t n)
{
	const uint8_t	*p = data, *end = p + n;
	size_t		 run;

	while (p < end) {
		if (c->cr) {
			if (*p == '\n') {
				canon_eol(c);
				p++;
				continue;
			}
			/* A CR of its own is a byte like others. */
			c->cr = 0;
			canon_release(c);
			canon_put(c, (const uint8_t *)"\r", 1);
			continue;
		}
		if (*p == '\n') {
			canon_eol(c);
			p++;
		} else if (*p == '\r') {
			c->cr = 1;
			p++;
		} else if (c->canon == CANON_RELAXED &&
		    (*p == ' ' || *p == '\t') &&
		    (c->wsp || canon_run(c, p, (size_t)(end - p)) == 0)) {
			c->wsp = 1;
			p++;
		} else {
			canon_release(c);
			run = canon_run(c, p, (size_t)(end - p));
			canon_put(c, p, run);
			p += run;
		}
	}
}

void
canon_body_end(struct canon_body *c)
{
	if (c->cr) {
		c->cr = 0;
		canon_release(c);
		canon_put(c, (const uint8_t *)"\r", 1);
	}
	/*
	 * Empty lines at the end do not count, white space alone is none when
	 * relaxed.  What is left ends in one CRLF; an empty simple body too.
	 */
	c->wsp = 0;
	if (c->any || c->canon == CANON_SIMPLE)
		canon_put(c, (const uint8_t *)"\r\n", 2);
	canon_flush(c);
}

static int
canon_is_wsp(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

int
canon_header(enum canon canon, const struct header *h, struct buf *out)
{
	const char	*p, *end;
	char		*to;
	size_t		 len = h->raw.len, i;
	int		 wsp = 0;

	if (canon == CANON_SIMPLE) {
		while (len > 0 && (h->raw.p[len - 1] == '\n' ||
		    h->raw.p[len - 1] == '\r'))
			len--;
		if (buf_add(out, h->raw.p, len) == -1)
			return -1;
		return buf_addstr(out, "\r\n");
	}
	/* It never grows, but for the line end. */
	if ((to = buf_reserve(out, h->name.len + h->value.len + 3)) == NULL)
		return -1;
	len = 0;
	for (i = 0; i < h->name.len; i++)
		to[len++] = h->name.p[i] >= 'A' && h->name.p[i] <= 'Z' ?
		    (char)(h->name.p[i] + 32) : h->name.p[i];
	to[len++] = ':';
	p = h->value.p;
	for (end = p + h->value.len; p < end && canon_is_wsp(*p); p++)
		;
	for (; p < end; p++) {
		if (canon_is_wsp(*p)) {
			wsp = 1;
			continue;
		}
		if (wsp)
			to[len++] = ' ';
		wsp = 0;
		to[len++] = *p;
	}
	to[len++] = '\r';
	to[len++] = '\n';
	buf_commit(out, len);
	return 0;
}
