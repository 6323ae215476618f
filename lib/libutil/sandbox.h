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
 *	inet	sockets of AF_INET and AF_INET6, accept, connect, bind, options
 *	unix	accept of AF_UNIX sockets, socket options
 *	rpath wpath cpath flock	files below the root directory (store, queue);
 *		cpath needs wpath to create, wpath needs rpath
 *	thread	threads made after this call
 *	proc	fork, exec, kill, waitpid (the parent): its children start in
 *		what it leaves them, so that on Linux it only gives up what
 *		none of them ever needs
 *
 * root is the one directory under which rpath/wpath/cpath may act (landlock,
 * unveil), NULL for none.  Call once, before threads, after chroot and change
 * of user, and before the first byte from a peer is read.
 *
 * Without rpath, opening a file fails with EACCES, for libraries try that and
 * go on without.  Another unexpected system call is reported on logfd (-1:
 * nowhere) as one line "unexpected system call NAME (NUMBER)", then the
 * process dies by SIGSYS; those that would be an attack (execve, ptrace, kill,
 * socket without inet) kill by SIGSYS at once.
 *
 * Returns 0, or -1 with errno and *what saying which part is missing; the
 * caller makes that fatal unless the site configured `sandbox optional'.
 */
int	sandbox(const char *promises, const char *root, int logfd,
	    const char **what);

#endif
