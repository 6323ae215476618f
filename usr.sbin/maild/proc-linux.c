/* What processes need of the system, on Linux. */
#include <sys/mman.h>
#include <sys/types.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "proc_local.h"

#define TRIM	(256 * 1024)	/* bytes of free memory that are left alone */

static char	*args, *args_end;	/* where the command line stood */

void
proc_os_init(int argc, char **argv)
{
	args = argv[0];
	args_end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	/* Not envp: a library may have moved the array before main. */
	setproctitle_init(argc, argv, environ);
	/*
	 * Said outright, the zone is read once.  Else libc looks at the file
	 * with each localtime(3), and when it is out of reach, it is UTC.
	 */
	(void)setenv("TZ", ":/etc/localtime", 0);
}

void
proc_os_title(const char *title)
{
	size_t	 n;

	setproctitle("%s", title);
	/* A remark to old kernels stays behind, which ps(1) would show. */
	n = strnlen(args, (size_t)(args_end - args));
	memset(args + n, 0, (size_t)(args_end - args) - n);
}

/*
 * By the running program's inode and not by its path, so that an upgrade on
 * disk never mixes two versions of the message table.
 */
void
proc_os_exec(char *const *argv)
{
	execv("/proc/self/exe", argv);
}

int
proc_os_memfd(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int
proc_os_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

void
proc_os_trim(void)
{
	/* The C library gives back only what is free at the heap's end. */
	if (mallinfo2().fordblks > TRIM)
		malloc_trim(0);
}

/* The value of a line "Key:   123 kB" of a file under /proc. */
static uint64_t
proc_field(const char *text, const char *key)
{
	const char	*p;

	if ((p = strstr(text, key)) == NULL)
		return 0;
	return strtoull(p + strlen(key), NULL, 10);
}

static int
proc_slurp(const char *path, char *dst, size_t size)
{
	ssize_t	 n;
	int	 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, dst, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	dst[n] = '\0';
	return 0;
}

void
proc_os_memory(pid_t pid, uint64_t *rss, uint64_t *pss)
{
	char	 path[64], text[4096];

	*rss = *pss = 0;
	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	if (proc_slurp(path, text, sizeof(text)) == 0) {
		*rss = proc_field(text, "\nRss:");
		*pss = proc_field(text, "\nPss:");
		return;
	}
	/* Without the right to look that closely, the sum will do. */
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if (proc_slurp(path, text, sizeof(text)) == 0)
		*rss = proc_field(text, "\nVmRSS:");
}
