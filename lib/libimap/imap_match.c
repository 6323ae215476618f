#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libimap/imap_match.h"
#include "libimap/imap_name.h"

static void
set_bit(uint64_t *w, uint32_t i)
{
	w[i / 64] |= UINT64_C(1) << (i % 64);
}

static int
get_bit(const uint64_t *w, uint32_t i)
{
	return (w[i / 64] >> (i % 64)) & 1;
}

/* "**", "*%", "%*" are `*', "%%" is `%'; so no two wildcards are neighbours. */
static size_t
squeeze(char *dst, struct span pat)
{
	size_t	i, n = 0;

	for (i = 0; i < pat.len; i++) {
		if ((pat.p[i] == '*' || pat.p[i] == '%') && n > 0 &&
		    (dst[n - 1] == '*' || dst[n - 1] == '%')) {
			if (pat.p[i] == '*')
				dst[n - 1] = '*';
			continue;
		}
		dst[n++] = pat.p[i];
	}
	return n;
}

void
imap_match_none(struct imap_match *m)
{
	memset(m, 0, sizeof(*m));
}

int
imap_match_init(struct imap_match *m, struct span pat)
{
	char		 buf[IMAP_MATCH_WORDS * 64];
	uint32_t	 i, nmasks = 0;
	size_t		 n;
	uint8_t		 c;

	imap_match_none(m);
	if (pat.len >= sizeof(buf)) {
		errno = EINVAL;
		return -1;
	}
	n = squeeze(buf, pat);
	for (i = 0; i < n; i++) {
		c = (uint8_t)buf[i];
		/* UTF-8 has fewer than 255 different bytes. */
		if (c != '*' && c != '%' && m->index[c] == 0 && nmasks < 254)
			m->index[c] = (uint8_t)++nmasks;
	}
	m->last = (uint32_t)n;
	m->nwords = (uint32_t)n / 64 + 1;
	/* Mask 0 is that of the bytes which are not in the pattern: empty. */
	if ((m->star = calloc((size_t)m->nwords * (nmasks + 3),
	    sizeof(*m->star))) == NULL) {
		m->nwords = 0;
		return -1;
	}
	m->wild = m->star + m->nwords;
	m->masks = m->wild + m->nwords;
	for (i = 0; i < n; i++) {
		c = (uint8_t)buf[i];
		if (c == '*')
			set_bit(m->star, i);
		if (c == '*' || c == '%')
			set_bit(m->wild, i);
		else
			set_bit(m->masks + (size_t)m->index[c] * m->nwords, i);
	}
	return 0;
}

void
imap_match_free(struct imap_match *m)
{
	free(m->star);
	imap_match_none(m);
}

/*
 * One byte on.  A state moves to the next one if its byte is c; a wildcard
 * stays where it is and may also have been nothing: the state after it is
 * then active too.  0 when no state is left.
 */
static int
step(const struct imap_match *m, uint64_t *s, uint8_t c)
{
	const uint64_t	*mask = m->masks +
			    (size_t)m->index[c] * m->nwords;
	const uint64_t	*stay = c == IMAP_NAME_SEP ? m->star : m->wild;
	uint64_t	 moved, next, any = 0, carry = 0, skip = 0;
	uint32_t	 i;

	for (i = 0; i < m->nwords; i++) {
		moved = s[i] & mask[i];
		next = moved << 1 | carry | (s[i] & stay[i]);
		carry = moved >> 63;
		moved = next & m->wild[i];
		next |= moved << 1 | skip;
		skip = moved >> 63;
		s[i] = next;
		any |= next;
	}
	return any != 0;
}

int
imap_match(const struct imap_match *m, struct span name)
{
	uint64_t	s[IMAP_MATCH_WORDS];
	size_t		i;
	int		r = 0;

	if (m->nwords == 0)
		return 0;
	memset(s, 0, m->nwords * sizeof(s[0]));
	s[0] = 1;
	if (m->wild[0] & 1)
		s[0] = 3;
	for (i = 0; i < name.len; i++) {
		if (name.p[i] == IMAP_NAME_SEP && i > 0 &&
		    get_bit(s, m->last))
			r |= IMAP_MATCH_PARENT;
		if (!step(m, s, (uint8_t)name.p[i]))
			return r;
	}
	if (get_bit(s, m->last))
		r |= IMAP_MATCH_NAME;
	if (step(m, s, IMAP_NAME_SEP))
		r |= IMAP_MATCH_CHILD;
	return r;
}

int
imap_match_any(const struct imap_match *m, size_t n, struct span name)
{
	size_t	i;
	int	r = 0;

	for (i = 0; i < n; i++)
		r |= imap_match(&m[i], name);
	return r;
}
