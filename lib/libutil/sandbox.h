/*
 * The sandbox: pledge(2) and unveil(2) on OpenBSD; seccomp-bpf, landlock,
 * no_new_privs and limits on Linux.  One file per system.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

/*
 * promises is a list of words separated by spaces:
 *
 *	stdio	memory, clocks, read/write/poll on open descriptors, libevent,
 *		memfd_create, futex; always needed
 *	recvfd	recvmsg with descriptors	sendfd	sendmsg with descriptors
 *	inet	accept, connect, bind of AF_INET/AF_INET6 sockets, socket options
 *	unix	accept of AF_UNIX sockets
 *	rpath wpath cpath flock	files below the root directory (store, queue)
 *	thread	threads made after this call
 *	proc	fork, exec, kill, waitpid (the parent)
 *
 * root is the one directory under which rpath/wpath/cpath may act (landlock,
 * unveil), NULL for none.  Call once, after chroot and change of user, and
 * before the first byte from a peer is read.  An unexpected system call is
 * reported on logfd (-1: nowhere) as one line with its name, then the process
 * dies by SIGSYS.
 *
 * Returns 0, or -1 with errno and *what saying which part is missing; the
 * caller makes that fatal unless the site configured `sandbox optional'.
 */
int	sandbox(const char *promises, const char *root, int logfd,
	    const char **what);

#endif
