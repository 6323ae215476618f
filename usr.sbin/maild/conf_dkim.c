/* The DKIM keys of a directory: DOMAIN.SELECTOR.key is all there is to say. */
#include <sys/types.h>
#include <sys/queue.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libutil/log.h"
#include "conf.h"
#include "conf_local.h"

#define SUFFIX	".key"

static int
dkim_is_key(const struct dirent *e)
{
	size_t	 n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > strlen(SUFFIX) &&
	    strcmp(e->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static int
dkim_add(struct conf *conf, const char *name)
{
	struct conf_dkim	*d;
	char			*base, *dot;

	base = conf_strdup(name);
	base[strlen(base) - strlen(SUFFIX)] = '\0';
	if ((dot = strrchr(base, '.')) == NULL || dot == base ||
	    dot[1] == '\0') {
		free(base);
		goto bad;
	}
	*dot = '\0';
	if (conf_domain(base, 0) == -1 || conf_domain(dot + 1, 0) == -1) {
		free(base);
		goto bad;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL)
		fatal("calloc");
	d->selector = conf_strdup(dot + 1);
	d->domain = base;
	if (asprintf(&d->keyfile, "%s/%s", conf->dir_dkim, name) == -1)
		fatal("asprintf");
	TAILQ_INSERT_TAIL(&conf->dkims, d, entry);
	return 0;
bad:
	conf_error_line(conf->dir_dkim, 0, name,
	    "its name is not DOMAIN.SELECTOR.key");
	return -1;
}

int
conf_dkim_find(struct conf *conf)
{
	struct dirent	**list;
	int		  i, n, ret = 0;

	if ((n = scandir(conf->dir_dkim, &list, dkim_is_key, alphasort)) ==
	    -1) {
		if (errno == ENOENT)
			return 0;	/* mail is not signed */
		conf_error_line(conf->dir_dkim, 0, "", strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (dkim_add(conf, list[i]->d_name) == -1)
			ret = -1;
		free(list[i]);
	}
	free(list);
	return ret;
}
