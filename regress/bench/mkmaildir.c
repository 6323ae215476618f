/*
 * mkmaildir: a Maildir to be imported.
 *
 *	mkmaildir [-n messages] [-s octets] [-S seed] directory
 *
 * Every third message has been seen, every tenth answered; their dates are an
 * hour apart.  What is there already stays.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static void
make(const char *dir, const char *sub)
{
	char	 path[1024];

	snprintf(path, sizeof(path), "%s%s", dir, sub);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		err(1, "%s", path);
}

static void
message(uint64_t n, uint64_t seed, const char *body, size_t len)
{
	char		 name[256], head[1024], date[64];
	struct timespec	 times[2] = { { 0 } };
	struct tm	 tm;
	time_t		 when = 1600000000 + (time_t)n * 3600;
	int		 fd, headlen;

	gmtime_r(&when, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	headlen = snprintf(head, sizeof(head), "From: Load <load@far.test>\n"
	    "To: you@example.test\nSubject: import %llu of run %llu\n"
	    "Date: %s\nMessage-ID: <%llu.%llu@import.test>\n\n",
	    (unsigned long long)n, (unsigned long long)seed, date,
	    (unsigned long long)seed, (unsigned long long)n);
	snprintf(name, sizeof(name), "cur/%lld.%llu.load:2,%s%s",
	    (long long)when, (unsigned long long)n, n % 10 == 0 ? "R" : "",
	    n % 3 == 0 ? "S" : "");
	if ((fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644)) == -1) {
		if (errno == EEXIST)
			return;
		err(1, "%s", name);
	}
	times[0].tv_sec = times[1].tv_sec = when;
	if (write(fd, head, (size_t)headlen) != headlen ||
	    write(fd, body, len) != (ssize_t)len ||
	    futimens(fd, times) == -1 || close(fd) == -1)
		err(1, "%s", name);
}

int
main(int argc, char *argv[])
{
	uint64_t	 i, n = 1000, size = 4096, seed = 1;
	size_t		 len, from, to = 0;
	char		*body;
	int		 ch;

	while ((ch = getopt(argc, argv, "n:s:S:")) != -1)
		switch (ch) {
		case 'n': n = load_number(optarg, "-n", 100000000); break;
		case 's': size = load_number(optarg, "-s", 1 << 30); break;
		case 'S': seed = load_number(optarg, "-S", UINT64_MAX); break;
		default:
			errx(1, "see the top of mkmaildir.c");
		}
	if (argc - optind != 1)
		errx(1, "one directory, please");
	body = load_text(size > 350 ? size - 250 : 100, seed, &len);
	/* Files have the system's line ends. */
	for (from = 0; from < len; from++)
		if (body[from] != '\r')
			body[to++] = body[from];
	make(argv[optind], "");
	make(argv[optind], "/cur");
	make(argv[optind], "/new");
	make(argv[optind], "/tmp");
	if (chdir(argv[optind]) == -1)
		err(1, "%s", argv[optind]);
	for (i = 1; i <= n; i++)
		message(i, seed, body, to);
	return 0;
}
