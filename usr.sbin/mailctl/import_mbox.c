/*
 * mbox files: one, or a tree of them.  A message begins with a line "From ",
 * before which there is an empty one; such lines in a message have a `>' in
 * front, one of which is taken off.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "imapc.h"
#include "import.h"
#include "libmail/date.h"

#define DEPTH		20
#define MAXMESSAGE	(512U << 20)

struct mbox {
	struct import	*im;
	const char	*path;
	struct import_msg msg;
	struct buf	 data;
	unsigned	 number;
	int		 in;		/* a message */
	int		 header;	/* its header */
	int		 drop;		/* this field is not the message's */
	int		 large;
	int		 folder_data;	/* 1 X-IMAP, 2 Subject: what c-client
					 * keeps there is no message */
	int		 blank;		/* an empty line is held back */
	uint64_t	 done;		/* bytes of the files before */
	uint64_t	 all;
};

/* ---- a message ----------------------------------------------------------- */

static void
put(struct mbox *mb, const char *p, size_t len)
{
	if (mb->data.len + len > MAXMESSAGE)
		mb->large = 1;
	else if (buf_add(&mb->data, p, len) == -1)
		err(1, NULL);
}

static void
finish(struct mbox *mb)
{
	char	 name[4200];

	if (!mb->in)
		return;
	snprintf(name, sizeof(name), "%s: message %u", mb->path, mb->number);
	mb->msg.name = name;
	mb->msg.data = mb->data.len == 0 ? (const uint8_t *)"" :
	    buf_ptr(&mb->data);
	mb->msg.len = mb->data.len;
	if (mb->large)
		import_bad(mb->im, name, "is too large");
	else if (mb->folder_data != 3)
		import_message(mb->im, &mb->msg);
	buf_truncate(&mb->data, 0);
	mb->in = 0;
}

/* "Thu Jan  1 00:00:00 2026" in one of the ways in which it is written. */
static int
from_date(const char *s, time_t *t)
{
	static const char *const forms[] = { "%a %b %d %H:%M:%S %Y",
	    "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M %Y",
	    "%a %b %d %H:%M:%S %Z %Y", "%a, %d %b %Y %H:%M:%S" };
	struct tm	 tm;
	size_t		 i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		if (strptime(s, forms[i], &tm) != NULL) {
			*t = timegm(&tm);
			return 0;
		}
	}
	return -1;
}

/* A line "From address date"?  The address may have spaces in it. */
static int
is_from(const char *line, time_t *t)
{
	const char	*p;

	if (strncmp(line, "From ", 5) != 0)
		return 0;
	for (p = line + 5; p != NULL; p = strchr(p, ' ')) {
		p += strspn(p, " ");
		if (*p == '\0' || from_date(p, t) == 0)
			break;
	}
	return p != NULL && *p != '\0';
}

static void
begin(struct mbox *mb, time_t date)
{
	mb->in = mb->header = 1;
	mb->drop = mb->large = mb->folder_data = mb->blank = 0;
	mb->number++;
	memset(&mb->msg, 0, sizeof(mb->msg));
	mb->msg.date = date;
}

/* ---- its header ---------------------------------------------------------- */

static void
status(struct import_msg *msg, const char *p)
{
	static const char	 letters[] = "RAFDT";
	static const unsigned	 flags[] = { IMPORT_SEEN, IMPORT_ANSWERED,
				    IMPORT_FLAGGED, IMPORT_DELETED,
				    IMPORT_DRAFT };
	const char		*q;

	for (; *p != '\0'; p++)
		if ((q = strchr(letters, *p)) != NULL)
			msg->flags |= flags[q - letters];
}

static void
keywords(struct import_msg *msg, const char *p)
{
	size_t	 n = strlen(msg->keywords), len;

	for (;;) {
		p += strspn(p, " \t\r\n,");
		if ((len = strcspn(p, " \t\r\n,")) == 0)
			return;
		if (strcspn(p, "()\"%*]{\\") >= len &&
		    n + len + 2 < sizeof(msg->keywords))
			n += (size_t)snprintf(msg->keywords + n,
			    sizeof(msg->keywords) - n, "%s%.*s",
			    n == 0 ? "" : " ", (int)len, p);
		p += len;
	}
}

/* What mail programs keep of a message in its header: 1 it is that. */
static int
field(struct mbox *mb, const char *line)
{
	if (strncasecmp(line, "Status:", 7) == 0)
		status(&mb->msg, line + 7);
	else if (strncasecmp(line, "X-Status:", 9) == 0)
		status(&mb->msg, line + 9);
	else if (strncasecmp(line, "X-Keywords:", 11) == 0)
		keywords(&mb->msg, line + 11);
	else if (strncasecmp(line, "X-IMAP:", 7) == 0)
		mb->folder_data |= 1;
	else if (strncasecmp(line, "X-IMAPbase:", 11) != 0 &&
	    strncasecmp(line, "X-UID:", 6) != 0 &&
	    strncasecmp(line, "Content-Length:", 15) != 0) {
		if (strncasecmp(line, "Subject:", 8) == 0 &&
		    strstr(line, "FOLDER INTERNAL DATA") != NULL)
			mb->folder_data |= 2;
		return 0;
	}
	return 1;
}

/* ---- a file -------------------------------------------------------------- */

static void
do_line(struct mbox *mb, const char *line, size_t len)
{
	const char	*p = line;
	int		 empty = line[0] == '\n' || strcmp(line, "\r\n") == 0;

	if (mb->header && !empty) {
		if (line[0] != ' ' && line[0] != '\t')
			mb->drop = field(mb, line);
		if (!mb->drop)
			put(mb, line, len);
		return;
	}
	if (mb->header) {
		mb->header = 0;
		put(mb, "\n", 1);
		return;
	}
	/* The empty line before the next message is not this one's. */
	if (mb->blank)
		put(mb, "\n", 1);
	mb->blank = empty;
	if (empty)
		return;
	while (*p == '>')
		p++;
	if (p > line && strncmp(p, "From ", 5) == 0) {
		line++;
		len--;
	}
	put(mb, line, len);
}

static void
do_file(struct mbox *mb, const char *path, const char *name)
{
	FILE	*fp;
	char	*line = NULL;
	size_t	 size = 0;
	ssize_t	 len;
	time_t	 date = 0;
	int	 before = 1;	/* an empty line, or nothing */

	mb->path = path;
	mb->number = 0;
	if ((fp = fopen(path, "r")) == NULL) {
		import_bad(mb->im, path, strerror(errno));
		return;
	}
	import_mailbox(mb->im, name);
	while ((len = getline(&line, &size, fp)) != -1) {
		if (before && is_from(line, &date)) {
			finish(mb);
			begin(mb, date);
			import_progress(mb->im, mb->done +
			    (uint64_t)ftello(fp), mb->all);
		} else if (mb->in)
			do_line(mb, line, (size_t)len);
		else if (line[0] != '\n' && line[0] != '\r') {
			import_bad(mb->im, path, "is no mbox");
			break;
		}
		before = line[0] == '\n' || strcmp(line, "\r\n") == 0;
	}
	if (ferror(fp))
		import_bad(mb->im, path, strerror(errno));
	finish(mb);
	mb->done += (uint64_t)ftello(fp);
	fclose(fp);
	free(line);
}

/* ---- a tree of them ------------------------------------------------------ */

/* Name of a mailbox from that of its file; 0 when it is no mailbox's. */
static int
box_name(char name[IMAPC_NAME], const char *parent, const char *file)
{
	static const char *const other[] = { ".msf", ".lock", ".dat", ".html",
	    ".json", NULL };
	static const char *const ends[] = { ".mbox", ".mbx", ".sbd", NULL };
	const char	*dot = strrchr(file, '.');
	size_t		 len = strlen(file);
	int		 i;

	for (i = 0; dot != NULL && other[i] != NULL; i++)
		if (strcmp(dot, other[i]) == 0)
			return 0;
	for (i = 0; dot != NULL && ends[i] != NULL; i++)
		if (strcmp(dot, ends[i]) == 0)
			len = (size_t)(dot - file);
	if (file[0] == '.' || len == 0)
		return 0;
	if (parent[0] == '\0' && len == 5 && strncasecmp(file, "inbox", 5) ==
	    0)
		name[0] = '\0';
	else
		snprintf(name, IMAPC_NAME, "%s%s%.*s", parent,
		    parent[0] == '\0' ? "" : "/", (int)len, file);
	return 1;
}

static int
not_hidden(const struct dirent *de)
{
	return de->d_name[0] != '.';
}

static void
walk(struct mbox *mb, const char *path, const char *name, int depth,
    int count)
{
	struct dirent	**list;
	struct stat	 st;
	char		 sub[4096], subname[IMAPC_NAME];
	int		 n, i;

	if (stat(path, &st) == -1)
		return;
	if (S_ISREG(st.st_mode)) {
		if (count)
			mb->all += (uint64_t)st.st_size;
		else
			do_file(mb, path, name);
		return;
	}
	if (!S_ISDIR(st.st_mode) || depth == DEPTH ||
	    (n = scandir(path, &list, not_hidden, alphasort)) == -1)
		return;
	for (i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
		if (box_name(subname, name, list[i]->d_name))
			walk(mb, sub, subname, depth + 1, count);
		free(list[i]);
	}
	free(list);
}

void
import_mbox(struct import *im, const char *path)
{
	struct mbox	 mb = { .im = im };

	buf_init(&mb.data, MAXMESSAGE + 1);
	walk(&mb, path, "", 0, 1);
	walk(&mb, path, "", 0, 0);
	buf_free(&mb.data);
}
