/* What processes need of the system, on OpenBSD. */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/sysctl.h>

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libutil/log.h"
#include "proc.h"
#include "proc_local.h"

static char	 proc_path[PATH_MAX];

void
proc_os_init(int argc, char **argv)
{
	/* execvp(3) searched for it; a path is needed after chdir. */
	if (strchr(argv[0], '/') == NULL ||
	    realpath(argv[0], proc_path) == NULL)
		strlcpy(proc_path, argv[0], sizeof(proc_path));
}

void
proc_os_title(const char *title)
{
	setproctitle("%s", title);
}

void
proc_os_exec(char *const *argv)
{
	execvp(proc_path, argv);
}

int
proc_os_memfd(const char *name)
{
	char	 path[] = "/tmp/maild.XXXXXXXXXX";
	int	 fd;

	if ((fd = shm_mkstemp(path)) != -1)
		shm_unlink(path);
	return fd;
}

int
proc_os_seal(int fd)
{
	return 0;
}

void
proc_os_trim(void)
{
	/* malloc(3) does that by itself. */
}

void
proc_os_memory(pid_t pid, uint64_t *rss, uint64_t *pss)
{
	struct kinfo_proc	 kp;
	size_t			 len = sizeof(kp);
	int			 mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID,
				    (int)pid, sizeof(kp), 1 };

	*rss = *pss = 0;
	if (sysctl(mib, 6, &kp, &len, NULL, 0) == 0 && len == sizeof(kp))
		*rss = (uint64_t)kp.p_vm_rssize *
		    (uint64_t)(getpagesize() / 1024);
}
