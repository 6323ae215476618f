/*
 * mailctl(8): look at maild and tell it what to do; and sendmail(8), mailq(8)
 * and newaliases(8) when it is called so.
 */
#include <err.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "mailctl.h"
#include "sendmail.h"
#include "site.h"
#include "words.h"

#define MACROS	64

static void
usage(void)
{
	fprintf(stderr,
	    "usage: mailctl [-j] [-D name=value] [-f file] [-P directory] "
	    "[-s socket]\n"
	    "           command ...\n"
	    "       mailctl [-D name=value] [-f file] [-P directory] "
	    "[-s socket]\n"
	    "           sendmail [option ...] [recipient ...]\n"
	    "Without a command the ones that there are are listed.\n");
	exit(EXIT_USAGE);
}

struct site *
mailctl_site(struct mailctl *m, int need)
{
	if (m->site == NULL && (m->site = site_new(m->file, m->prefix,
	    m->macros, m->nmacros)) == NULL)
		err(1, NULL);
	/* Who names a file means it. */
	if (m->site->error != 0 && (need || m->file != NULL))
		errc(1, m->site->error, "%s", m->site->file);
	return m->site;
}

/* The same, whatever the current directory will be. */
static char *
absolute(const char *path)
{
	char	 cwd[PATH_MAX], *full;

	if (path[0] == '/')
		full = strdup(path);
	else if (getcwd(cwd, sizeof(cwd)) == NULL ||
	    asprintf(&full, "%s/%s", cwd, path) == -1)
		full = NULL;
	if (full == NULL)
		err(1, "%s", path);
	return full;
}

static int
words(struct mailctl *m, int argc, char **argv)
{
	struct request	 r = { 0 };
	int		 ret;

	if (words_parse(words_top, argc, argv, &r) == -1)
		return EXIT_USAGE;
	ret = r.run(m, &r);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		warn("standard output");
		return 1;
	}
	return ret;
}

/* The names that programs know since long. */
static int
by_name(struct mailctl *m, const char *name, int argc, char **argv)
{
	static char	*queue[] = { NULL, NULL };
	static char	 show[] = "show", list[] = "queue", reload[] = "reload";

	if (strcmp(name, "sendmail") == 0)
		return sendmail_main(m, argc, argv);
	if (strcmp(name, "mailq") == 0) {
		queue[0] = show;
		queue[1] = list;
		return words(m, 2, queue);
	}
	if (strcmp(name, "newaliases") == 0) {
		queue[0] = reload;
		return words(m, 1, queue);
	}
	return -1;
}

int
main(int argc, char **argv)
{
	static char	*macros[MACROS];
	static struct mailctl	 m = { .macros = macros };
	const char	*name;
	int		 ch, ret;

	signal(SIGPIPE, SIG_IGN);
	name = strrchr(argv[0], '/');
	name = name == NULL ? argv[0] : name + 1;
	if ((ret = by_name(&m, name, argc, argv)) != -1)
		return ret;
	while ((ch = getopt(argc, argv, "+D:f:jP:s:")) != -1)
		switch (ch) {
		case 'D':
			if (strchr(optarg, '=') == NULL ||
			    m.nmacros == MACROS)
				usage();
			macros[m.nmacros++] = optarg;
			break;
		case 'f':
			m.file = absolute(optarg);
			break;
		case 'j':
			m.json = 1;
			break;
		case 'P':
			m.prefix = absolute(optarg);
			break;
		case 's':
			m.socket = absolute(optarg);
			break;
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	/* Here the options above say where the socket is. */
	if (argc > 0 && strcmp(argv[0], "sendmail") == 0) {
		optind = 1;
		return sendmail_main(&m, argc, argv);
	}
	return words(&m, argc, argv);
}
