#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "body.h"
#include "conf.h"
#include "libutil/log.h"
#include "msg.h"
#include "proc.h"

#define BODY_META	(1024 * 1024)	/* the store takes no more */

static const struct conf	*conf;

void
body_conf(const struct conf *c)
{
	conf = c;
}

int
body_disk_ok(void)
{
	static uint64_t		 asked;
	static int		 ok = 1;
	struct statvfs		 v;
	uint64_t		 now = proc_now_ms();

	if (asked != 0 && now - asked < 1000)
		return ok;
	asked = now;
	if (statvfs(".", &v) == -1) {
		log_warn("spool: statvfs");
		return ok;
	}
	/* File systems without inode counts say zero of zero. */
	ok = (uint64_t)v.f_bavail * v.f_frsize >= conf->limits.disk_reserve &&
	    (v.f_files == 0 || v.f_favail >= conf->limits.inode_reserve);
	return ok;
}

int
body_open_file(void)
{
	if (!body_disk_ok()) {
		errno = ENOSPC;
		return -1;
	}
	return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int
body_open(uint64_t size)
{
	if (!body_disk_ok()) {
		errno = ENOSPC;
		return -1;
	}
	return body_open_again(size);
}

int
body_open_again(uint64_t size)
{
	if (size > ENV_MEMORY)
		return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int
body_meta(int fd, uint32_t *size)
{
	struct stat	 st;
	int		 seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    (seals & (F_SEAL_SHRINK | F_SEAL_WRITE)) !=
	    (F_SEAL_SHRINK | F_SEAL_WRITE) ||
	    fstat(fd, &st) == -1 || st.st_size > BODY_META)
		return -1;
	*size = st.st_size;
	return 0;
}

/*
 * A file cannot be sealed.  Who reads one must not map it, and a worker that
 * goes on writing changes but a message that was in his hands anyway.
 */
int
body_seal(int fd, uint64_t size)
{
	struct stat	 st;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
	    F_SEAL_SEAL) == -1 && errno != EINVAL) {
		log_warn("body_seal");
		return -1;
	}
	if (fstat(fd, &st) == -1 || st.st_size < 0 ||
	    (uint64_t)st.st_size != size)
		return -1;
	return 0;
}

int
body_seal_memory(int fd, uint64_t size)
{
	int	 want = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, seals;

	/* Memory that is still mapped for writing cannot be sealed. */
	if (body_seal(fd, size) == -1 ||
	    (seals = fcntl(fd, F_GET_SEALS)) == -1 || (seals & want) != want)
		return -1;
	return 0;
}
