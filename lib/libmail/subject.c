/* Base subject (RFC 5256 2.1) and message ids. */
#include <string.h>

#include "libmail/header.h"
#include "libmail/subject.h"

#define MSGID_MAXLEN	998

size_t
subject_squeeze(char *s, size_t len)
{
	size_t i, n = 0;
	int space = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' ||
		    s[i] == '\n') {
			space = n > 0;
			continue;
		}
		if (space)
			s[n++] = ' ';
		space = 0;
		s[n++] = s[i];
	}
	return n;
}

static int
begins(struct span s, const char *lower)
{
	size_t n = strlen(lower);

	return s.len >= n && strncasecmp(s.p, lower, n) == 0;
}

static struct span
skip(struct span s, size_t n)
{
	return (struct span){ s.p + n, s.len - n };
}

static struct span
skip_spaces(struct span s)
{
	while (s.len > 0 && *s.p == ' ')
		s = skip(s, 1);
	return s;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP */
static int
take_blob(struct span *s)
{
	size_t i;

	if (s->len == 0 || *s->p != '[')
		return 0;
	for (i = 1; i < s->len && s->p[i] != '[' && s->p[i] != ']'; i++)
		;
	if (i == s->len || s->p[i] != ']')
		return 0;
	*s = skip_spaces(skip(*s, i + 1));
	return 1;
}

/* subj-trailer = "(fwd)" / WSP, as often as it comes */
static void
cut_trailers(struct span *s, int *reply)
{
	for (;;) {
		if (s->len > 0 && s->p[s->len - 1] == ' ')
			s->len--;
		else if (s->len >= 5 &&
		    strncasecmp(s->p + s->len - 5, "(fwd)", 5) == 0) {
			s->len -= 5;
			*reply = 1;
		} else
			return;
	}
}

/*
 * subj-leader = (*subj-blob subj-refwd) / WSP
 * subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
 */
static int
cut_leader(struct span *s, int *reply)
{
	struct span t = skip_spaces(*s);
	int found = t.len != s->len;

	*s = t;
	while (take_blob(&t))
		;
	if (begins(t, "re"))
		t = skip(t, 2);
	else if (begins(t, "fwd"))
		t = skip(t, 3);
	else if (begins(t, "fw"))
		t = skip(t, 2);
	else
		return found;
	t = skip_spaces(t);
	(void)take_blob(&t);
	if (t.len == 0 || *t.p != ':')
		return found;
	*s = skip(t, 1);
	*reply = 1;
	return 1;
}

struct span
subject_base(struct span s, int *reply)
{
	struct span t;
	int found;

	*reply = 0;
	for (;;) {
		cut_trailers(&s, reply);
		do {
			found = cut_leader(&s, reply);
			t = s;
			if (take_blob(&t) && t.len > 0) {
				s = t;
				found = 1;
			}
		} while (found);
		if (!begins(s, "[fwd:") || s.p[s.len - 1] != ']')
			return s;
		s = skip(s, 5);
		s.len--;
		*reply = 1;
	}
}

/* What stands between < and >, without quotes, folds and white space. */
static int
put_msgid(struct span s, struct buf *out)
{
	size_t i, from = out->len;
	int quoted = 0;

	if (s.len > MSGID_MAXLEN)
		s.len = MSGID_MAXLEN;
	for (i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\' && quoted && i + 1 < s.len)
			c = s.p[++i];
		if (c == '\r' || c == '\n' || c == '\0' ||
		    (!quoted && (c == ' ' || c == '\t')))
			continue;
		if (buf_addc(out, (unsigned char)c) == -1) {
			buf_truncate(out, from);
			return -1;
		}
	}
	return out->len > from;
}

int
msgid_next(struct span *in, struct buf *out)
{
	const char *p = in->p, *end, *lt, *gt;
	struct span s;
	int r;

	if (in->len == 0)
		return 0;
	end = p + in->len;
	if (memchr(p, '<', in->len) == NULL) {
		/* an id whose brackets were forgotten */
		s = header_trim(*in);
		*in = (struct span){ end, 0 };
		if (s.len == 0 || memchr(s.p, '@', s.len) == NULL ||
		    memchr(s.p, ' ', s.len) != NULL ||
		    memchr(s.p, '>', s.len) != NULL)
			return 0;
		return put_msgid(s, out);
	}
	while ((lt = memchr(p, '<', (size_t)(end - p))) != NULL) {
		for (gt = lt + 1; gt < end && *gt != '>' && *gt != '<'; gt++)
			;
		p = gt;
		if (gt == end || *gt == '<')
			continue;
		p++;
		r = put_msgid((struct span){ lt + 1, (size_t)(gt - lt - 1) },
		    out);
		if (r != 0) {
			*in = (struct span){ p, (size_t)(end - p) };
			/* else what follows would count as one without < */
			if (memchr(p, '<', in->len) == NULL)
				in->len = 0;
			return r;
		}
	}
	*in = (struct span){ end, 0 };
	return 0;
}
