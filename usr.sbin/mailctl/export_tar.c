/* A stream (POSIX.1 ustar, pax where it must be) of what a Maildir would be. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export.h"
#include "export_out.h"

#define BLOCK	512

static char	 folder[EXPORT_NAME];
static int	 is_single;
static int	 begun;		/* a mailbox */

static void
octal(char *dst, size_t size, uint64_t n)
{
	dst[size - 1] = '\0';
	while (--size > 0) {
		dst[size - 1] = (char)('0' + (n & 7));
		n >>= 3;
	}
}

static void
header(const char *name, char type, uint64_t size, int64_t date)
{
	char	 b[BLOCK];
	unsigned sum = 0;
	size_t	 i;

	memset(b, 0, sizeof(b));
	memcpy(b, name, strnlen(name, 100));
	octal(b + 100, 8, type == '5' ? 0700 : 0600);
	octal(b + 108, 8, 0);
	octal(b + 116, 8, 0);
	octal(b + 124, 12, size);
	octal(b + 136, 12, date < 0 ? 0 : (uint64_t)date);
	memset(b + 148, ' ', 8);
	b[156] = type;
	memcpy(b + 257, "ustar\00000", 8);
	for (i = 0; i < sizeof(b); i++)
		sum += (unsigned char)b[i];
	octal(b + 148, 7, sum);
	out_put(b, sizeof(b));
}

static void
pad(uint64_t size)
{
	static const char	 zeros[BLOCK];

	if (size % BLOCK != 0)
		out_put(zeros, BLOCK - size % BLOCK);
}

static void
put_file(const char *name, char type, const void *p, size_t len, int64_t date)
{
	char	 pax[EXPORT_NAME * 2 + 60];
	size_t	 n;
	int	 len1, len2;

	if (strlen(name) > 100) {
		/* "LEN path=NAME\n", where LEN counts itself. */
		n = strlen(name) + 7;
		len1 = snprintf(NULL, 0, "%zu", n);
		len2 = snprintf(NULL, 0, "%zu", n + (size_t)len1);
		n += (size_t)len2;
		snprintf(pax, sizeof(pax), "%zu path=%s\n", n, name);
		header("pax", 'x', n, date);
		out_put(pax, n);
		pad(n);
	}
	header(name, type, len, date);
	if (len > 0)
		out_put(p, len);
	pad(len);
}

static void
keywords(void)
{
	struct export_keywords *k = &export_keywords;
	char	 text[26 * 80], name[EXPORT_NAME + 20];
	size_t	 n = 0;
	int	 i;

	for (i = 0; i < k->n && n < sizeof(text) - 80; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%d %.70s\n", i, k->names[i]);
	if (n > 0) {
		snprintf(name, sizeof(name), "%s%sdovecot-keywords", folder,
		    folder[0] == '\0' ? "" : "/");
		put_file(name, '0', text, n, (int64_t)time(NULL));
	}
	export_keywords_clear(k);
}

static void
begin(const char *path, int single)
{
	is_single = single;
	out_begin(path);
}

static void
mailbox(const char *name, uint32_t uidvalidity, struct rseq *uids)
{
	static const char *const subs[] = { "cur/", "new/", "tmp/" };
	char	 dir[EXPORT_NAME + 20];
	int	 i;

	if (begun)
		keywords();
	begun = 1;
	if (is_single)
		folder[0] = '\0';
	else if (export_folder(name, folder) == -1) {
		warnx("%s: a folder cannot be called so", name);
		rseq_free(uids);
		return;
	}
	for (i = 0; i < 3; i++) {
		snprintf(dir, sizeof(dir), "%s%s%s", folder,
		    folder[0] == '\0' ? "" : "/", subs[i]);
		put_file(dir, '5', NULL, 0, (int64_t)time(NULL));
	}
}

static void
message(const struct export_msg *m)
{
	char	 name[EXPORT_NAME], path[2 * EXPORT_NAME + 8];

	export_file(m, name);
	snprintf(path, sizeof(path), "%s%scur/%s", folder,
	    folder[0] == '\0' ? "" : "/", name);
	put_file(path, '0', m->data, m->len, m->date);
}

static void
end(void)
{
	static const char	 zeros[2 * BLOCK];

	if (begun)
		keywords();
	out_put(zeros, sizeof(zeros));
	out_end();
}

const struct export_kind export_tar = { begin, mailbox, message, end };
