/* Names of folders and files of a Maildir, and what they say of a message. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "export.h"
#include "libimap/mutf7.h"

#define LETTERS	26

struct export_keywords	 export_keywords;

void
export_keywords_clear(struct export_keywords *k)
{
	while (k->n > 0)
		free(k->names[--k->n]);
	k->dirty = 0;
}

static int
keyword_letter(const char *word, size_t len)
{
	struct export_keywords *k = &export_keywords;
	int	 i;

	for (i = 0; i < k->n; i++)
		if (strlen(k->names[i]) == len &&
		    strncasecmp(k->names[i], word, len) == 0)
			return 'a' + i;
	if (k->n == LETTERS)
		return 0;	/* the Maildir has no more */
	if ((k->names[k->n] = strndup(word, len)) == NULL)
		err(1, NULL);
	k->dirty = 1;
	return 'a' + k->n++;
}

int
export_folder(const char *mailbox, char dst[EXPORT_NAME])
{
	const char	*p = mailbox, *slash, *q;
	char		 part[EXPORT_NAME];
	size_t		 n = 0, len;
	int		 k, i;

	dst[0] = '\0';
	if (strcasecmp(mailbox, "INBOX") == 0)
		return 0;
	for (;;) {
		slash = strchr(p, '/');
		len = slash != NULL ? (size_t)(slash - p) : strlen(p);
		k = mutf7_encode(part, sizeof(part), (struct span){ p, len });
		if (k <= 0 || n + 2 >= EXPORT_NAME)
			return -1;
		dst[n++] = '.';
		for (i = 0; i < k; i++) {
			/* A dot parts folders: it is written otherwise. */
			q = part[i] == '.' ? "&AC4-" : NULL;
			if (n + 6 >= EXPORT_NAME)
				return -1;
			if (q == NULL)
				dst[n++] = part[i];
			else {
				memcpy(dst + n, q, 5);
				n += 5;
			}
		}
		dst[n] = '\0';
		if (slash == NULL)
			return n > 250 ? -1 : 0;
		p = slash + 1;
	}
}

void
export_file(const struct export_msg *m, char dst[EXPORT_NAME])
{
	static const struct {
		const char	*flag;
		int		 letter;
	} names[] = {
		{ "\\Draft", 'D' }, { "\\Flagged", 'F' },
		{ "$Forwarded", 'P' }, { "\\Answered", 'R' },
		{ "\\Seen", 'S' }, { "\\Deleted", 'T' }
	};
	const char	*p = m->flags;
	char		 has[128] = { 0 };
	size_t		 n, len, i;
	int		 c;

	while (*(p += strspn(p, " ")) != '\0') {
		len = strcspn(p, " ");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].flag) == len &&
			    strncasecmp(p, names[i].flag, len) == 0)
				break;
		c = i < sizeof(names) / sizeof(names[0]) ? names[i].letter :
		    *p == '\\' ? 0 : keyword_letter(p, len);
		has[c] = 1;
		p += len;
	}
	n = (size_t)snprintf(dst, EXPORT_NAME, "%lld.V%uU%u.maild:2,",
	    (long long)m->date, m->uidvalidity, m->uid);
	/* In the order of the alphabet. */
	for (c = 'A'; c <= 'z'; c++)
		if (has[c])
			dst[n++] = (char)c;
	dst[n] = '\0';
}

uint32_t
export_file_uid(const char *file, uint32_t uidvalidity)
{
	unsigned	 v, uid;
	long long	 date;

	if (sscanf(file, "%lld.V%uU%u.maild:", &date, &v, &uid) != 3 ||
	    v != uidvalidity)
		return 0;
	return uid;
}
