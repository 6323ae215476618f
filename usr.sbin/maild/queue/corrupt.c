#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "corrupt.h"
#include "libutil/log.h"
#include "proc.h"

#define CORRUPT_DIR	"corrupt"

static int
copy(int from, int to)
{
	char	 data[16384];
	off_t	 off = 0;
	ssize_t	 n;

	while ((n = pread(from, data, sizeof(data), off)) > 0) {
		if (write(to, data, n) != n)
			return -1;
		off += n;
	}
	return n == -1 ? -1 : fsync(to);
}

void
corrupt_keep(uint64_t id, const char *sender, int fd, const char *why)
{
	char	 path[64], name[PROC_IDLEN], quoted[512];
	int	 to;

	proc_print_id(id, name);
	log_quote(quoted, sizeof(quoted), sender, strlen(sender));
	snprintf(path, sizeof(path), CORRUPT_DIR "/%s", name);
	if (mkdir(CORRUPT_DIR, 0700) == -1 && errno != EEXIST) {
		log_warn("%s", CORRUPT_DIR);
		return;
	}
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to == -1) {
		log_warn("%s", path);
		return;
	}
	if (dprintf(to, "X-Corrupt: %s, from <%s>\r\n", why, quoted) < 0 ||
	    copy(fd, to) == -1)
		log_warn("%s", path);
	close(to);
	log_warnx("id=%s from=%s set aside in %s: %s", name, quoted, path, why);
}
