/* What the two halves of the Linux sandbox share; for nobody else. */
#ifndef SANDBOX_LINUX_H
#define SANDBOX_LINUX_H

#include <seccomp.h>

#define SANDBOX_STDIO	0x001
#define SANDBOX_INET	0x002
#define SANDBOX_UNIX	0x004
#define SANDBOX_RPATH	0x008
#define SANDBOX_WPATH	0x010
#define SANDBOX_CPATH	0x020
#define SANDBOX_FLOCK	0x040
#define SANDBOX_THREAD	0x080
#define SANDBOX_PROC	0x100

/* Fill the filter; 0 or a negative errno. */
int	sandbox_rules(scmp_filter_ctx, unsigned int flags);

#endif
