/* The text of tables(5). */
#include <stdio.h>
#include <string.h>

#include "libtable/tabtext.h"

/* What tabtext_parse has in hand. */
struct tabtext {
	enum tabkind	 kind;
	const char	*text;
	size_t		 len;
	unsigned	 line;
	struct tabrow	 row;		/* the entry that is being read */
	int		 open;		/* there is one */
	int		 skip;		/* it was bad: nor its next lines */
	int		 errors;
	int		 stop;		/* what the callback returned */
	tabtext_row	 cb;
	tabtext_error	 error;
	void		*arg;
};

static void
tabtext_fail(struct tabtext *tt, struct span word, const char *text)
{
	tt->errors++;
	tt->skip = 1;
	tt->error(tt->line, word, text, tt->arg);
}

static int
tabtext_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cut white space off both ends. */
static struct span
tabtext_trim(struct span s)
{
	while (s.len > 0 && tabtext_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && tabtext_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/*
 * Take from the front of s what stands before the first of the bytes of sep
 * outside of quotes; *s goes on after it.  The result is trimmed.
 */
static struct span
tabtext_until(struct span *s, const char *sep)
{
	struct span	 part;
	size_t		 i;
	int		 quoted = 0;

	for (i = 0; i < s->len; i++) {
		if (s->p[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr(sep, s->p[i]) != NULL)
			break;
	}
	part = (struct span){ s->p, i };
	if (i < s->len)
		i++;
	s->p += i;
	s->len -= i;
	return tabtext_trim(part);
}

/* The next word of a line. */
static struct span
tabtext_word(struct span *s)
{
	*s = tabtext_trim(*s);
	return tabtext_until(s, " \t");
}

/* Cut off a comment: a # that begins a word, outside of quotes. */
static struct span
tabtext_uncomment(struct span s)
{
	size_t	 i;
	int	 quoted = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '#' && !quoted &&
		    (i == 0 || tabtext_blank(s.p[i - 1]))) {
			s.len = i;
			break;
		}
	}
	while (s.len > 0 && tabtext_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

int
tabtext_size(struct span s, uint64_t *size)
{
	uint64_t	 n = 0, frac = 0, scale = 1, unit = 1;
	size_t		 i = 0;

	if (span_ieqs(s, "none")) {
		*size = 0;
		return 0;
	}
	for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		if (n > UINT64_MAX / 10 - 1)
			return -1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (i == 0)
		return -1;
	if (i < s.len && s.p[i] == '.') {
		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
			if (scale == 1000)
				return -1;
			scale *= 10;
			frac = frac * 10 + (uint64_t)(s.p[i] - '0');
		}
		if (scale == 1 || i == s.len)
			return -1;
	}
	if (i < s.len) {
		switch (s.p[i++]) {
		case 'k': case 'K':
			unit = 1ULL << 10;
			break;
		case 'm': case 'M':
			unit = 1ULL << 20;
			break;
		case 'g': case 'G':
			unit = 1ULL << 30;
			break;
		case 't': case 'T':
			unit = 1ULL << 40;
			break;
		default:
			return -1;
		}
	}
	/* One below the top, which means that none was given. */
	if (i != s.len || n > (UINT64_MAX - 1) / unit - 1)
		return -1;
	*size = n * unit + frac * unit / scale;
	return 0;
}

/* domains: NAME [alias-of NAME] [catch-all ADDRESS] */
static void
tabtext_domain_options(struct tabtext *tt, struct span rest)
{
	struct span	 word, value, *dst;

	for (;;) {
		word = tabtext_word(&rest);
		if (word.len == 0)
			return;
		if (span_ieqs(word, "alias-of"))
			dst = &tt->row.alias_of;
		else if (span_ieqs(word, "catch-all"))
			dst = &tt->row.catch_all;
		else {
			tabtext_fail(tt, word,
			    "not an option: alias-of or catch-all");
			return;
		}
		value = tabtext_word(&rest);
		if (value.len == 0) {
			tabtext_fail(tt, word, "nothing follows");
			return;
		}
		if (dst->len != 0) {
			tabtext_fail(tt, word, "given twice");
			return;
		}
		*dst = value;
	}
}

/*
 * The secret ends at a colon; in the RFC 5803 form, which has two itself,
 * at the third.
 */
static struct span
tabtext_secret(struct span *rest)
{
	struct span	 s = *rest, part;
	unsigned	 colons = 1;
	size_t		 i;

	if (s.len > 6 && strncmp(s.p, "SCRAM-", 6) == 0)
		colons = 3;
	for (i = 0; i < s.len; i++)
		if (s.p[i] == ':' && --colons == 0)
			break;
	part = (struct span){ s.p, i };
	if (i < s.len)
		i++;
	*rest = (struct span){ s.p + i, s.len - i };
	return tabtext_trim(part);
}

/* Separated by commas: quota=N messages=N name=TEXT disabled */
static void
tabtext_account_options(struct tabtext *tt, struct span rest)
{
	struct span	 option, name;

	while (rest.len > 0) {
		option = tabtext_until(&rest, ",");
		if (option.len == 0)
			continue;
		name = option;
		name = tabtext_until(&option, "=");
		option = tabtext_trim(option);
		if (span_ieqs(name, "disabled") && option.len == 0)
			tt->row.disabled = 1;
		else if (span_ieqs(name, "quota")) {
			if (tabtext_size(option, &tt->row.quota_bytes) == -1)
				tabtext_fail(tt, option, "not a size");
		} else if (span_ieqs(name, "messages")) {
			if (tabtext_size(option, &tt->row.quota_messages) == -1)
				tabtext_fail(tt, option, "not a number");
		} else if (span_ieqs(name, "name")) {
			if (option.len >= 2 && option.p[0] == '"' &&
			    option.p[option.len - 1] == '"') {
				option.p++;
				option.len -= 2;
			}
			if (option.len > TABTEXT_NAME)
				tabtext_fail(tt, name, "longer than 200 bytes");
			tt->row.display = option;
		} else
			tabtext_fail(tt, name, "not an option: quota=, "
			    "messages=, name= or disabled");
	}
}

/* MEMBER, MEMBER, ... */
static void
tabtext_members(struct tabtext *tt, struct span rest)
{
	struct span	 member;

	while (rest.len > 0 && tt->stop == 0) {
		member = tabtext_until(&rest, ",");
		if (member.len == 0)
			continue;
		tt->row.member = member;
		tt->row.member_line = tt->line;
		tt->stop = tt->cb(&tt->row, tt->arg);
		tt->row.member_n++;
	}
}

/* The entry is over: say so. */
static void
tabtext_flush(struct tabtext *tt)
{
	if (tt->open && !tt->skip && tt->stop == 0) {
		if (tt->kind != TAB_ALIASES)
			tt->stop = tt->cb(&tt->row, tt->arg);
		else if (tt->row.member_n == 0) {
			tt->line = tt->row.line;
			tabtext_fail(tt, tt->row.key, "an alias of nobody");
		}
	}
	tt->open = tt->skip = 0;
}

/* The first line of an entry. */
static void
tabtext_begin(struct tabtext *tt, struct span s)
{
	struct tabrow	*row = &tt->row;
	size_t		 start = row->start, end = row->end;

	memset(row, 0, sizeof(*row));
	row->start = start;
	row->end = end;
	row->line = tt->line;
	row->quota_bytes = row->quota_messages = TABTEXT_DEFAULT;
	tt->open = 1;
	if (tt->kind == TAB_DOMAINS) {
		row->key = tabtext_word(&s);
		tabtext_domain_options(tt, s);
		return;
	}
	row->key = tabtext_trim(s);
	if (memchr(s.p, ':', s.len) == NULL) {
		tabtext_fail(tt, row->key, "no colon after it");
		return;
	}
	row->key = tabtext_until(&s, ":");
	if (row->key.len == 0) {
		tabtext_fail(tt, row->key, "nothing before the colon");
		return;
	}
	s = tabtext_trim(s);
	if (tt->kind == TAB_ALIASES) {
		tabtext_members(tt, s);
		return;
	}
	row->secret = tabtext_secret(&s);
	if (row->secret.len > TABTEXT_SECRET)
		tabtext_fail(tt, row->key, "its secret is too long");
	else
		tabtext_account_options(tt, s);
}

static void
tabtext_line(struct tabtext *tt, size_t start, size_t len, size_t end)
{
	struct span	 s = { tt->text + start, len }, body;

	tt->line++;
	if (s.len > 0 && s.p[s.len - 1] == '\r')
		s.len--;
	if (tt->line == 1 && s.len >= 3 &&
	    memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		s.p += 3;
		s.len -= 3;
	}
	body = tabtext_trim(tabtext_uncomment(s));
	if (body.len == 0)
		return;
	if (!tabtext_blank(s.p[0])) {
		unsigned	 line = tt->line;

		tabtext_flush(tt);
		tt->line = line;
		tt->row.start = start;
	} else if (!tt->open) {
		tabtext_fail(tt, body, "nothing above it to continue");
		tt->skip = 0;
		return;
	}
	tt->row.end = end;
	if (s.len > TABTEXT_LINE) {
		if (body.len > 20)
			body.len = 20;
		tabtext_fail(tt, body, "the line is too long");
		tt->open = 1;
	} else if (memchr(s.p, '\0', s.len) != NULL) {
		tabtext_fail(tt, SPAN_NONE, "a NUL byte in the line");
		tt->open = 1;
	} else if (!tabtext_blank(s.p[0]))
		tabtext_begin(tt, body);
	else if (tt->skip)
		return;
	else if (tt->kind == TAB_DOMAINS)
		tabtext_domain_options(tt, body);
	else if (tt->kind == TAB_ACCOUNTS)
		tabtext_account_options(tt, body);
	else
		tabtext_members(tt, body);
}

int
tabtext_parse(enum tabkind kind, const char *text, size_t len, tabtext_row cb,
    tabtext_error error, void *arg)
{
	struct tabtext	 tt;
	const char	*nl;
	size_t		 off = 0, end;

	memset(&tt, 0, sizeof(tt));
	tt.kind = kind;
	tt.text = text;
	tt.len = len;
	tt.cb = cb;
	tt.error = error;
	tt.arg = arg;
	while (off < len && tt.stop == 0) {
		nl = memchr(text + off, '\n', len - off);
		end = nl == NULL ? len : (size_t)(nl - text);
		tabtext_line(&tt, off, end - off, nl == NULL ? end : end + 1);
		off = end + 1;
	}
	tabtext_flush(&tt);
	if (tt.stop != 0)
		return tt.stop;
	return tt.errors == 0 ? 0 : -1;
}
