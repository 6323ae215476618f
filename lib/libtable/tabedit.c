/* Changes to a table's text. */
#include <errno.h>
#include <string.h>

#include "libtable/tabedit.h"
#include "libtable/taddr.h"

#define TABEDIT_KEY	(TADDR_MAX + 2)

/* What one walk over the text looks for and finds. */
struct tabedit {
	enum tabkind	 kind;
	char		 key[TABEDIT_KEY];
	char		 member[TABEDIT_KEY];	/* canonical, or "" */
	int		 found;
	int		 has_member;
	unsigned	 members;
	size_t		 start;		/* the entry's lines */
	size_t		 end;
	struct tabrow	 row;		/* as it was last seen */
	int		 broken;	/* a bad line within the entry */
};

/* The form in which keys are compared; an alias may be @domain or a name. */
static int
tabedit_key(enum tabkind kind, char *dst, const char *s, size_t len)
{
	if (len == 0)
		return -1;
	if (kind == TAB_DOMAINS)
		return taddr_domain(dst, s, len);
	if (kind == TAB_ALIASES && s[0] == '@') {
		dst[0] = '@';
		return taddr_domain(dst + 1, s + 1, len - 1);
	}
	if (kind == TAB_ALIASES && memchr(s, '@', len) == NULL)
		return taddr_local(dst, s, len);
	return taddr_canon(dst, NULL, s, len);
}

static int
tabedit_row(const struct tabrow *row, void *arg)
{
	struct tabedit	*te = arg;
	char		 key[TABEDIT_KEY];

	if (tabedit_key(te->kind, key, row->key.p, row->key.len) == -1 ||
	    strcmp(key, te->key) != 0)
		return 0;
	/* Of two with one name the first counts. */
	if (te->found && row->start != te->start)
		return 0;
	te->found = 1;
	te->start = row->start;
	te->end = row->end;
	te->row = *row;
	if (te->kind == TAB_ALIASES) {
		te->members = row->member_n + 1;
		if (tabedit_key(TAB_ALIASES, key, row->member.p,
		    row->member.len) == 0 && strcmp(key, te->member) == 0)
			te->has_member = 1;
	}
	return 0;
}

/* Bad lines elsewhere are left as they are. */
static void
tabedit_error(unsigned line, struct span word, const char *text, void *arg)
{
}

static int
tabedit_find(struct tabedit *te, enum tabkind kind, const char *text,
    size_t len, const char *key, size_t keylen)
{
	memset(te, 0, sizeof(*te));
	te->kind = kind;
	if (tabedit_key(kind, te->key, key, keylen) == -1) {
		errno = EINVAL;
		return -1;
	}
	tabtext_parse(kind, text, len, tabedit_row, tabedit_error, te);
	return 0;
}

/* text with [start, end) replaced by s and, unless it is empty, a newline. */
static int
tabedit_splice(const char *text, size_t len, size_t start, size_t end,
    const char *s, size_t slen, struct buf *out)
{
	if (buf_add(out, text, start) == -1)
		return -1;
	if (slen > 0 && start > 0 && text[start - 1] != '\n' &&
	    buf_addc(out, '\n') == -1)
		return -1;
	if (buf_add(out, s, slen) == -1 ||
	    (slen > 0 && buf_addc(out, '\n') == -1))
		return -1;
	return buf_add(out, text + end, len - end);
}

static int
tabedit_count(const struct tabrow *row, void *arg)
{
	struct tabedit	*te = arg;

	if (te->found == 0 || row->start != te->start)
		te->found++;
	te->start = row->start;
	te->row = *row;
	return 0;
}

/* Is line one well-formed entry?  Its key is in te->row then. */
static int
tabedit_line(struct tabedit *te, enum tabkind kind, const char *line)
{
	memset(te, 0, sizeof(*te));
	te->kind = kind;
	if (strpbrk(line, "\r\n") != NULL || tabtext_parse(kind, line,
	    strlen(line), tabedit_count, tabedit_error, te) != 0 ||
	    te->found != 1) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int
tabedit_write(enum tabkind kind, const char *text, size_t len,
    const char *line, int replace, struct buf *out)
{
	struct tabedit	 te, in;

	if (tabedit_line(&in, kind, line) == -1 || tabedit_find(&te, kind,
	    text, len, in.row.key.p, in.row.key.len) == -1)
		return -1;
	if (!te.found)
		te.start = te.end = len;
	else if (!replace) {
		errno = EEXIST;
		return -1;
	}
	return tabedit_splice(text, len, te.start, te.end, line, strlen(line),
	    out);
}

int
tabedit_add(enum tabkind kind, const char *text, size_t len, const char *line,
    struct buf *out)
{
	return tabedit_write(kind, text, len, line, 0, out);
}

int
tabedit_put(enum tabkind kind, const char *text, size_t len, const char *line,
    struct buf *out)
{
	return tabedit_write(kind, text, len, line, 1, out);
}

int
tabedit_remove(enum tabkind kind, const char *text, size_t len,
    const char *key, struct buf *out)
{
	struct tabedit	 te;

	if (tabedit_find(&te, kind, text, len, key, strlen(key)) == -1)
		return -1;
	if (!te.found) {
		errno = ENOENT;
		return -1;
	}
	return tabedit_splice(text, len, te.start, te.end, NULL, 0, out);
}

int
tabedit_secret(const char *text, size_t len, const char *account,
    const char *secret, struct buf *out)
{
	struct tabedit	 te;
	size_t		 from, slen = strlen(secret);

	if (tabedit_find(&te, TAB_ACCOUNTS, text, len, account,
	    strlen(account)) == -1)
		return -1;
	if (!te.found) {
		errno = ENOENT;
		return -1;
	}
	if (slen > TABTEXT_SECRET || strpbrk(secret, " \t\r\n#\"") != NULL ||
	    (strncmp(secret, "SCRAM-", 6) != 0 &&
	    strchr(secret, ':') != NULL)) {
		errno = EINVAL;
		return -1;
	}
	from = (size_t)(te.row.secret.p - text);
	if (buf_add(out, text, from) == -1 ||
	    buf_add(out, secret, slen) == -1)
		return -1;
	return buf_add(out, text + from + te.row.secret.len,
	    len - from - te.row.secret.len);
}

int
tabedit_member_add(const char *text, size_t len, const char *alias,
    const char *member, struct buf *out)
{
	struct tabedit	 te;
	char		 canon[TABEDIT_KEY];
	size_t		 from;
	struct buf	 line;
	int		 ret;

	if (tabedit_key(TAB_ALIASES, canon, member, strlen(member)) == -1) {
		errno = EINVAL;
		return -1;
	}
	memset(&te, 0, sizeof(te));
	te.kind = TAB_ALIASES;
	strlcpy(te.member, canon, sizeof(te.member));
	if (tabedit_key(TAB_ALIASES, te.key, alias, strlen(alias)) == -1) {
		errno = EINVAL;
		return -1;
	}
	tabtext_parse(TAB_ALIASES, text, len, tabedit_row, tabedit_error, &te);
	if (!te.found) {
		buf_init(&line, TABTEXT_LINE);
		ret = buf_addf(&line, "%s: %s", alias, member);
		if (ret == 0)
			ret = tabedit_splice(text, len, len, len,
			    (char *)buf_ptr(&line), line.len, out);
		buf_free(&line);
		return ret;
	}
	if (te.has_member) {
		errno = EEXIST;
		return -1;
	}
	/* After the last member, on a line of its own: lines have a limit. */
	from = (size_t)(te.row.member.p + te.row.member.len - text);
	if (buf_add(out, text, from) == -1 ||
	    buf_addf(out, ",\n\t%s", member) == -1)
		return -1;
	return buf_add(out, text + from, len - from);
}

/* Copies the members but one into a new entry. */
struct tabedit_less {
	struct tabedit	 te;
	struct buf	 entry;
	unsigned	 kept;
	int		 fail;
};

static int
tabedit_less(const struct tabrow *row, void *arg)
{
	struct tabedit_less	*l = arg;
	char			 key[TABEDIT_KEY];

	if (row->start != l->te.start)
		return 0;
	if (tabedit_key(TAB_ALIASES, key, row->member.p, row->member.len) ==
	    0 && strcmp(key, l->te.member) == 0)
		return 0;
	if (l->kept == 0)
		l->fail |= buf_add(&l->entry, row->key.p, row->key.len) |
		    buf_addstr(&l->entry, ": ");
	else
		l->fail |= buf_addstr(&l->entry, ",\n\t");
	l->fail |= buf_add(&l->entry, row->member.p, row->member.len);
	l->kept++;
	return 0;
}

int
tabedit_member_remove(const char *text, size_t len, const char *alias,
    const char *member, struct buf *out)
{
	struct tabedit_less	 l;
	int			 ret = -1;

	memset(&l, 0, sizeof(l));
	l.te.kind = TAB_ALIASES;
	if (tabedit_key(TAB_ALIASES, l.te.key, alias, strlen(alias)) == -1 ||
	    tabedit_key(TAB_ALIASES, l.te.member, member,
	    strlen(member)) == -1) {
		errno = EINVAL;
		return -1;
	}
	tabtext_parse(TAB_ALIASES, text, len, tabedit_row, tabedit_error,
	    &l.te);
	if (!l.te.found || !l.te.has_member) {
		errno = ENOENT;
		return -1;
	}
	buf_init(&l.entry, SIZE_MAX);
	tabtext_parse(TAB_ALIASES, text, len, tabedit_less, tabedit_error, &l);
	if (!l.fail)
		ret = tabedit_splice(text, len, l.te.start, l.te.end,
		    (char *)buf_ptr(&l.entry), l.entry.len, out);
	buf_free(&l.entry);
	return ret;
}
