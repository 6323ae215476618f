#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "libimap/imap_name.h"
#include "libimap/mutf7.h"

/* RFC 9051 5.1, RFC 5198 2: none of these. */
static int
char_ok(utf8proc_int32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return 0;
	return cp != 0x2028 && cp != 0x2029 && cp != 0xfeff;
}

static const char *
check_chars(struct span name, int flags)
{
	utf8proc_int32_t	cp;
	utf8proc_ssize_t	n;
	size_t			i;

	for (i = 0; i < name.len; i += (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)name.p + i,
		    (utf8proc_ssize_t)(name.len - i), &cp);
		if (n <= 0)
			return "mailbox name is not UTF-8";
		if (!char_ok(cp))
			return "control character in mailbox name";
		if ((flags & IMAP_NAME_NEW) != 0 && (cp == '*' || cp == '%'))
			return "wildcard in mailbox name";
	}
	return NULL;
}

const char *
imap_name_check(struct span name, int flags)
{
	const char	*p = name.p, *end = name.p + name.len, *sep;
	size_t		 len;
	int		 depth = 0;

	if (name.len == 0)
		return "empty mailbox name";
	if (name.len > IMAP_NAME_MAX)
		return "mailbox name too long";
	for (;;) {
		sep = memchr(p, IMAP_NAME_SEP, end - p);
		len = (sep == NULL ? end : sep) - p;
		if (len == 0)
			return "empty part in mailbox name";
		if (len > IMAP_NAME_COMP)
			return "part of mailbox name too long";
		if (++depth > IMAP_NAME_DEPTH)
			return "mailbox name too deep";
		if (sep == NULL)
			break;
		p = sep + 1;
	}
	return check_chars(name, flags);
}

static int
ascii_only(const char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] >= 0x80)
			return 0;
	return 1;
}

/* In place, NFC; the new length, or -1. */
static int
normalise(char *dst, size_t size, int n)
{
	utf8proc_uint8_t	*out = NULL;
	utf8proc_ssize_t	 len;

	if (ascii_only(dst, (size_t)n))
		return n;
	len = utf8proc_map((utf8proc_uint8_t *)dst, n, &out,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (len < 0 || (size_t)len > size) {
		free(out);
		return -1;
	}
	memcpy(dst, out, (size_t)len);
	free(out);
	return (int)len;
}

int
imap_name_is_inbox(struct span s)
{
	return span_ieqs(s, "INBOX");
}

/* The first component, whatever its case: "inbox/work" is below INBOX. */
static void
fix_inbox(char *name, int n)
{
	if (n >= 5 && strncasecmp(name, "INBOX", 5) == 0 &&
	    (n == 5 || name[5] == IMAP_NAME_SEP))
		memcpy(name, "INBOX", 5);
}

/* Wire to UTF-8 in NFC. */
static int
from_wire(struct span wire, int flags, char *dst)
{
	int	n;

	if ((flags & IMAP_NAME_UTF8) != 0) {
		if (wire.len > IMAP_NAME_MAX)
			return -1;
		if (wire.len > 0)
			memcpy(dst, wire.p, wire.len);
		n = (int)wire.len;
	} else if ((n = mutf7_decode(dst, IMAP_NAME_MAX, wire)) == -1)
		return -1;
	return normalise(dst, IMAP_NAME_MAX, n);
}

int
imap_name_read(struct span wire, int flags, char dst[IMAP_NAME_MAX + 1],
    const char **why)
{
	int	n;

	if ((n = from_wire(wire, flags, dst)) == -1) {
		*why = "not a valid mailbox name";
		return -1;
	}
	/* RFC 9051 6.3.4: a separator at the end only announces children. */
	if ((flags & IMAP_NAME_NEW) != 0 && n > 1 &&
	    dst[n - 1] == IMAP_NAME_SEP)
		n--;
	dst[n] = '\0';
	fix_inbox(dst, n);
	*why = imap_name_check((struct span){ dst, (size_t)n }, flags);
	return *why == NULL ? n : -1;
}

int
imap_pattern_read(struct span reference, struct span pattern, int flags,
    char dst[IMAP_NAME_MAX + 1])
{
	char	ref[IMAP_NAME_MAX + 1];
	int	n, m;

	if ((n = from_wire(reference, flags, ref)) == -1 ||
	    (m = from_wire(pattern, flags, dst)) == -1)
		return -1;
	/* A pattern that begins with the separator ignores the reference. */
	if (m > 0 && dst[0] == IMAP_NAME_SEP) {
		memmove(dst, dst + 1, (size_t)--m);
		n = 0;
	}
	if (n + m > IMAP_NAME_MAX)
		return -1;
	memmove(dst + n, dst, (size_t)m);
	memcpy(dst, ref, (size_t)n);
	n += m;
	dst[n] = '\0';
	fix_inbox(dst, n);
	return n;
}

int
imap_name_cmp(struct span a, struct span b)
{
	size_t	i, n = a.len < b.len ? a.len : b.len;
	int	ca, cb;

	for (i = 0; i < n; i++) {
		if (a.p[i] == b.p[i])
			continue;
		/* The separator sorts before every other character. */
		ca = a.p[i] == IMAP_NAME_SEP ? 0 : (unsigned char)a.p[i];
		cb = b.p[i] == IMAP_NAME_SEP ? 0 : (unsigned char)b.p[i];
		return ca < cb ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

int
imap_name_below(struct span a, struct span b)
{
	return b.len > a.len && b.p[a.len] == IMAP_NAME_SEP &&
	    memcmp(a.p, b.p, a.len) == 0;
}
