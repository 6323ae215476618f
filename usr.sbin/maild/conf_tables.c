/* The tables of the site, from their texts to what the children map. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtable/tabset.h"
#include "conf.h"
#include "conf_local.h"

#define TABLE_FILE	(256 * 1024 * 1024)

static void
table_error(const char *file, unsigned line, const char *word,
    const char *text, void *arg)
{
	conf_error_line(file, line, word, text);
}

/* The whole file; NULL with errno. */
static char *
table_read(const char *path, size_t *len)
{
	struct stat	 st;
	char		*text = NULL;
	ssize_t		 n;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	if (fstat(fd, &st) == -1)
		goto fail;
	if (!S_ISREG(st.st_mode) || st.st_size > TABLE_FILE) {
		errno = EFBIG;
		goto fail;
	}
	if ((text = malloc((size_t)st.st_size + 1)) == NULL)
		goto fail;
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n == -1)
			goto fail;
		if (n == 0)
			break;
	}
	close(fd);
	return text;
fail:
	n = errno;
	free(text);
	close(fd);
	errno = (int)n;
	return NULL;
}

static int
table_add(struct tabset *set, enum tabkind kind, const char *path)
{
	char	*text;
	size_t	 len = 0;
	int	 ret;

	if ((text = table_read(path, &len)) == NULL) {
		/* A site without aliases is a site. */
		if (errno == ENOENT && kind == TAB_ALIASES)
			return 0;
		conf_error_line(path, 0, "", strerror(errno));
		return -1;
	}
	ret = tabset_add(set, kind, path, text, len);
	/* The accounts' text has their secrets in it. */
	freezero(text, len);
	return ret;
}

int
conf_tables_load(const struct conf *conf, struct conf_packed packed[4])
{
	struct tabset	*set;
	int		 bad = 0, i;

	memset(packed, 0, TAB_MAX * sizeof(packed[0]));
	if ((set = tabset_new(conf->subaddress, table_error, NULL)) == NULL) {
		conf_error_line(conf->file, 0, "", strerror(ENOMEM));
		return -1;
	}
	bad |= table_add(set, TAB_DOMAINS, conf->file_domains);
	bad |= table_add(set, TAB_ACCOUNTS, conf->file_accounts);
	bad |= table_add(set, TAB_ALIASES, conf->file_aliases);
	/* Against one another only if each is good: no errors of errors. */
	if (!bad)
		bad = tabset_check(set);
	for (i = 0; !bad && i < TAB_MAX; i++)
		if (tabset_pack(set, i, &packed[i].data, &packed[i].len) ==
		    -1) {
			conf_error_line(conf->file, 0, "", strerror(ENOMEM));
			bad = -1;
		}
	tabset_free(set);
	if (bad)
		conf_tables_free(packed);
	return bad ? -1 : 0;
}

void
conf_tables_free(struct conf_packed packed[4])
{
	int	 i;

	for (i = 0; i < TAB_MAX; i++) {
		if (packed[i].data != NULL)
			freezero(packed[i].data, packed[i].len);
		packed[i].data = NULL;
		packed[i].len = 0;
	}
}
