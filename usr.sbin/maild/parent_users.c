/* Who runs as whom and where: DESIGN's table. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "libutil/log.h"
#include "parent.h"

static const char *const user_names[PROC_MAX] = {
	[PROC_CONTROL] = "_maild",
	[PROC_SMTP] = "_maild",
	[PROC_RELAY] = "_maild",
	[PROC_IMAP] = "_maild",
	[PROC_LOOKUP] = "_maild",
	[PROC_SCAN] = "_maild",
	[PROC_QUEUE] = "_mailq",
	[PROC_STORE] = "_mails",
	[PROC_AUTH] = "_maildk",
	[PROC_CRYPTO] = "_maildk",
};

static struct proc_user	 users[PROC_MAX];

void
users_init(void)
{
	struct passwd	*pw;
	int		 i;

	for (i = 0; i < PROC_MAX; i++) {
		users[i].uid = getuid();
		users[i].gid = getgid();
		if (geteuid() != 0 || user_names[i] == NULL)
			continue;
		if ((pw = getpwnam(user_names[i])) == NULL)
			fatalx("there is no user %s (make install makes it)",
			    user_names[i]);
		if (pw->pw_uid == 0)
			fatalx("user %s is root", user_names[i]);
		users[i].uid = pw->pw_uid;
		users[i].gid = pw->pw_gid;
	}
	endpwent();
}

const struct proc_user *
user_of(enum proc_id id)
{
	return &users[id];
}

const char *
user_root(const struct conf *conf, enum proc_id id)
{
	static char	 empty[PATH_MAX];

	if (id == PROC_STORE)
		return conf->dir_store;
	if (id == PROC_QUEUE)
		return conf->dir_spool;
	snprintf(empty, sizeof(empty), "%s/empty",
	    conf->prefix == NULL ? PATH_VAR : conf->prefix);
	return empty;
}

/* All of the path; what was there stays as it is. */
static void
dir_make(const char *path, mode_t mode, const struct proc_user *owner)
{
	struct stat	 st;
	char		 part[PATH_MAX];
	char		*p;

	if (strlcpy(part, path, sizeof(part)) >= sizeof(part))
		fatalx("%s: too long", path);
	for (p = part + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (mkdir(part, 0755) == -1 && errno != EEXIST)
			fatal("mkdir %s", part);
	}
	if (mkdir(path, mode) == 0) {
		if (owner != NULL && geteuid() == 0 &&
		    chown(path, owner->uid, owner->gid) == -1)
			fatal("chown %s", path);
		return;
	}
	if (errno != EEXIST)
		fatal("mkdir %s", path);
	if (stat(path, &st) == -1)
		fatal("%s", path);
	if (!S_ISDIR(st.st_mode))
		fatalx("%s: not a directory", path);
	if (owner != NULL && geteuid() == 0 && st.st_uid != owner->uid)
		fatalx("%s: is of user %u and not of %u", path,
		    (unsigned)st.st_uid, (unsigned)owner->uid);
	if (owner != NULL && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		fatalx("%s: others may look into it: chmod 700 it", path);
}

static void
dir_make_of(const char *file, mode_t mode)
{
	char	 dir[PATH_MAX];
	char	*slash;

	strlcpy(dir, file, sizeof(dir));
	if ((slash = strrchr(dir, '/')) == NULL || slash == dir)
		return;
	*slash = '\0';
	dir_make(dir, mode, NULL);
}

void
dirs_init(const struct conf *conf)
{
	const struct conf_listen	*l;
	const char			*empty = user_root(conf, PROC_SMTP);
	struct stat			 st;
	mode_t				 mask = umask(022);

	dir_make(empty, 0755, NULL);
	if (stat(empty, &st) == -1)
		fatal("%s", empty);
	if (geteuid() == 0 && (st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0))
		fatalx("%s: others than root may write to it", empty);
	dir_make(conf->dir_store, 0700, user_of(PROC_STORE));
	dir_make(conf->dir_spool, 0700, user_of(PROC_QUEUE));
	dir_make_of(conf->path_control, 0755);
	TAILQ_FOREACH(l, &conf->listens, entry)
		if (l->path != NULL)
			dir_make_of(l->path, 0755);
	umask(mask);
}
