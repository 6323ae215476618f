/* mbox files: one for a mailbox that was named, else one for each. */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "export.h"
#include "export_out.h"

static const char	*dir;	/* NULL: one file, which is open */
static int		 is_open;

static void
begin(const char *path, int single)
{
	if (single || path == NULL) {
		out_begin(path);
		is_open = 1;
		return;
	}
	dir = path;
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		err(1, "%s", dir);
}

/* A file for each, in directories as the mailboxes are in one another. */
static void
mailbox(const char *name, uint32_t uidvalidity, struct rseq *uids)
{
	char	 path[4096], *slash;

	if (dir == NULL)
		return;
	if (is_open)
		out_end();
	snprintf(path, sizeof(path), "%s/%s.mbox", dir, name);
	for (slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')) !=
	    NULL; *slash++ = '/') {
		*slash = '\0';
		/* No way out of the directory. */
		if (strcmp(strrchr(path, '/'), "/..") == 0) {
			warnx("%s: a file cannot be called so", name);
			rseq_free(uids);
			is_open = 0;
			return;
		}
		if (mkdir(path, 0700) == -1 && errno != EEXIST)
			err(1, "%s", path);
	}
	out_begin(path);
	is_open = 1;
}

static int
has_flag(const char *flags, const char *flag)
{
	const char	*p = flags;
	size_t		 n = strlen(flag), len;

	while (*(p += strspn(p, " ")) != '\0') {
		len = strcspn(p, " ");
		if (len == n && strncasecmp(p, flag, n) == 0)
			return 1;
		p += len;
	}
	return 0;
}

static void
put_str(const char *s)
{
	out_put(s, strlen(s));
}

/* What IMAP knows of it, in the fields that mail programs use. */
static void
put_flags(const char *flags)
{
	const char	*p = flags, *space = "X-Keywords: ";
	size_t		 len;

	put_str(has_flag(flags, "\\Seen") ? "Status: RO\n" : "Status: O\n");
	if (has_flag(flags, "\\Answered") || has_flag(flags, "\\Flagged") ||
	    has_flag(flags, "\\Draft") || has_flag(flags, "\\Deleted")) {
		put_str("X-Status: ");
		put_str(has_flag(flags, "\\Answered") ? "A" : "");
		put_str(has_flag(flags, "\\Flagged") ? "F" : "");
		put_str(has_flag(flags, "\\Draft") ? "T" : "");
		put_str(has_flag(flags, "\\Deleted") ? "D" : "");
		put_str("\n");
	}
	while (*(p += strspn(p, " ")) != '\0') {
		len = strcspn(p, " ");
		if (*p != '\\') {
			put_str(space);
			out_put(p, len);
			space = " ";
		}
		p += len;
	}
	if (space[1] == '\0')
		put_str("\n");
}

static int
is_from(const uint8_t *p, size_t len)
{
	size_t	 i = 0;

	while (i < len && p[i] == '>')
		i++;
	return len - i >= 5 && memcmp(p + i, "From ", 5) == 0;
}

static void
message(const struct export_msg *m)
{
	const uint8_t	*p = m->data, *end = m->data + m->len, *nl;
	time_t		 t = (time_t)m->date;
	char		 line[100];
	struct tm	 tm;
	size_t		 len;
	int		 header = 1;

	gmtime_r(&t, &tm);
	strftime(line, sizeof(line), "From MAILER-DAEMON "
	    "%a %b %e %H:%M:%S %Y\n", &tm);
	put_str(line);
	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		len = nl == NULL ? (size_t)(end - p) : (size_t)(nl + 1 - p);
		if (header && p[0] == '\n') {
			put_flags(m->flags);
			header = 0;
		}
		if (!header && is_from(p, len))
			put_str(">");
		out_put(p, len);
		if (nl == NULL)
			put_str("\n");
		p += len;
	}
	if (header)
		put_flags(m->flags);
	put_str("\n");
}

static void
end(void)
{
	if (is_open)
		out_end();
}

const struct export_kind export_mbox = { begin, mailbox, message, end };
