/*
 * The body of a message on the wire.  The work is done line by line with
 * memchr(3), which the C library does at the speed of memory; no byte is
 * copied.
 */

#include <string.h>

#include "libsmtp/smtp_dot.h"

enum state {
	AT_START,	/* of a line */
	AT_DOT,		/* behind a dot at the start */
	AT_DOT_CR,	/* and a CR */
	IN_LINE,
	AT_CR,		/* behind a CR in a line */
	AT_END
};

void
smtp_dot_init(struct smtp_dot *d, enum smtp_dot_mode mode, uint64_t maxsize,
    uint64_t maxline)
{
	memset(d, 0, sizeof(*d));
	d->mode = (uint8_t)mode;
	d->maxsize = maxsize;
	d->maxline = maxline;
	d->state = AT_START;
}

static enum codec
dot_verdict(const struct smtp_dot *d)
{
	switch (d->error) {
	case SMTP_DOT_OK:
		return CODEC_DONE;
	case SMTP_DOT_LONGLINE:
	case SMTP_DOT_SIZE:
		return CODEC_TOOBIG;
	default:
		return CODEC_BAD;
	}
}

/* Note NULs and bytes over 127 in what went by. */
static void
dot_note(struct smtp_dot *d, const char *p, size_t len)
{
	uint64_t	 word, acc = 0;
	size_t		 i;

	if (!(d->flags & SMTP_DOT_HAS_NUL) && len > 0 &&
	    memchr(p, '\0', len) != NULL)
		d->flags |= SMTP_DOT_HAS_NUL;
	if (d->flags & SMTP_DOT_HAS_8BIT)
		return;
	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, p + i, 8);
		acc |= word;
	}
	for (; i < len; i++)
		acc |= (unsigned char)p[i] & 0x80;
	if (acc & 0x8080808080808080ULL)
		d->flags |= SMTP_DOT_HAS_8BIT;
}

/* n more bytes of the current line; at its end, with its length known. */
static void
dot_line(struct smtp_dot *d, size_t n, int ended)
{
	d->linelen += n;
	if (d->linelen > SMTP_DOT_LINE) {
		d->flags |= SMTP_DOT_HAS_LONG;
		if (d->maxline != 0 && d->linelen > d->maxline)
			d->error = SMTP_DOT_LONGLINE;
	}
	if (ended) {
		d->linelen = 0;
		d->lines++;
	}
}

/*
 * From within a line to the start of the next that begins with a dot, to the
 * end of the input, or to an error.  Returns where that is.
 */
static const char *
dot_lines(struct smtp_dot *d, const char *p, const char *end)
{
	const char	*lf, *cr, *stop;

	do {
		lf = memchr(p, '\n', (size_t)(end - p));
		stop = lf == NULL ? end : lf;
		cr = memchr(p, '\r', (size_t)(stop - p));
		if (cr == NULL) {
			dot_line(d, (size_t)(stop - p), 0);
			d->state = IN_LINE;
			if (lf == NULL)
				return end;
			d->error = SMTP_DOT_BARELF;
			return lf + 1;
		}
		dot_line(d, (size_t)(cr - p), lf != NULL);
		if (cr + 1 != stop) {
			d->error = SMTP_DOT_BARECR;
			d->state = IN_LINE;
			return cr + 1;
		}
		if (lf == NULL) {
			d->state = AT_CR;
			return end;
		}
		p = lf + 1;
		d->state = AT_START;
	} while (p < end && !(*p == '.' && d->mode == SMTP_DOT_DATA) &&
	    d->error == SMTP_DOT_OK);
	return p;
}

/* After an error: only look for the end, strictly.  Returns how far. */
static const char *
dot_skip(struct smtp_dot *d, const char *p, const char *end)
{
	if (d->mode != SMTP_DOT_DATA)
		return end;
	for (; p < end && d->state != AT_END; p++) {
		if (*p == '\r')
			d->state = d->state == AT_DOT ? AT_DOT_CR : AT_CR;
		else if (*p == '\n' && d->state == AT_DOT_CR)
			d->state = AT_END;
		else if (*p == '\n' && d->state == AT_CR)
			d->state = AT_START;
		else if (*p == '.' && d->state == AT_START)
			d->state = AT_DOT;
		else
			d->state = IN_LINE;
	}
	return p;
}

/* One step of the machine that is not whole lines.  Returns how far. */
static const char *
dot_edge(struct smtp_dot *d, const char *p)
{
	switch (d->state) {
	case AT_START:
		d->state = AT_DOT;
		return p + 1;
	case AT_DOT:
		if (*p == '\r') {
			d->state = AT_DOT_CR;
			return p + 1;
		}
		d->state = IN_LINE;
		return p;
	case AT_DOT_CR:
		if (*p == '\n') {
			d->state = AT_END;
			return p + 1;
		}
		break;
	case AT_CR:
		if (*p == '\n') {
			dot_line(d, 0, 1);
			d->state = AT_START;
			return p + 1;
		}
		break;
	}
	d->error = SMTP_DOT_BARECR;
	d->state = IN_LINE;
	return p;
}

/* Give out the range from run to p. */
static void
dot_give(struct smtp_dot *d, struct iovec *iov, int *n, const char *run,
    const char *p)
{
	if (p == run)
		return;
	iov[*n].iov_base = (void *)(uintptr_t)run;
	iov[*n].iov_len = (size_t)(p - run);
	d->size += (size_t)(p - run);
	(*n)++;
}

enum codec
smtp_dot_decode(struct smtp_dot *d, const void *in, size_t len, size_t *used,
    struct iovec *iov, int *niov)
{
	const char	*start = in, *end = start + len, *p = start;
	const char	*run = start;
	int		 room = *niov, n = 0;

	if (d->mode == SMTP_DOT_BINARY && d->error == SMTP_DOT_OK) {
		if (len > 0)
			d->state = ((const char *)in)[len - 1] == '\n' ?
			    AT_START : IN_LINE;
		p = end;
	}
	while (p < end && d->error == SMTP_DOT_OK && d->state != AT_END) {
		if (d->state == IN_LINE || (d->state == AT_START &&
		    !(*p == '.' && d->mode == SMTP_DOT_DATA))) {
			p = dot_lines(d, p, end);
			continue;
		}
		if (d->state == AT_CR) {
			p = dot_edge(d, p);
			continue;
		}
		/* A dot at the start, and what may be the end: not ours. */
		dot_give(d, iov, &n, run, p);
		run = p;
		if (n == room)
			break;
		p = dot_edge(d, p);
		run = p;
	}
	if (n < room)
		dot_give(d, iov, &n, run, p);
	if (d->error == SMTP_DOT_OK && d->maxsize != 0 &&
	    d->size > d->maxsize)
		d->error = SMTP_DOT_SIZE;
	dot_note(d, start, (size_t)(p - start));
	if (d->error != SMTP_DOT_OK) {
		n = 0;
		p = dot_skip(d, p, end);
	}
	*used = (size_t)(p - start);
	*niov = n;
	return d->state == AT_END ? dot_verdict(d) : CODEC_MORE;
}

enum codec
smtp_dot_finish(struct smtp_dot *d)
{
	if (d->mode == SMTP_DOT_PLAIN && d->state == AT_CR &&
	    d->error == SMTP_DOT_OK)
		d->error = SMTP_DOT_BARECR;
	return dot_verdict(d);
}

int
smtp_dot_unended(const struct smtp_dot *d)
{
	return d->state == IN_LINE || d->state == AT_CR;
}

const struct smtp_answer *
smtp_dot_answer(enum smtp_dot_error error)
{
	static const struct smtp_answer	 answers[] = {
		[SMTP_DOT_OK] = { 250, "2.0.0 Ok" },
		[SMTP_DOT_BARECR] = { 550,
		    "5.5.2 Message refused: it has a bare <CR>, "
		    "lines end in <CR><LF>" },
		[SMTP_DOT_BARELF] = { 550,
		    "5.5.2 Message refused: it has a bare <LF>, "
		    "lines end in <CR><LF>" },
		[SMTP_DOT_LONGLINE] = { 554,
		    "5.6.0 Message refused: it has a line that is too long" },
		[SMTP_DOT_SIZE] = { 552,
		    "5.3.4 Message is larger than the limit" },
	};

	return &answers[error];
}
