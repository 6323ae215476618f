/*
 * What shim.c and those who drive it agree on.  Both files are named in the
 * environment, so that all processes of a site have them:
 *
 *	SHIM_CTL	a struct shim_ctl, mapped by all
 *	SHIM_LOG	records (struct shim_rec, name, data) are appended
 *	SHIM_NOSYNC	flushes are not made: for looking at copies
 *	SHIM_NOSANDBOX	no seccomp, no landlock: for valgrind
 *	SHIM_TRACE	say in the log where it was that something failed
 *	SHIM_EXE	the program that the parent starts for its children
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdint.h>

#define SHIM_MAGIC	0x4d494853U

enum shim_what {
	SHIM_NOTHING,
	SHIM_CHANGE,	/* what changes files, and flushes */
	SHIM_READ,	/* reads of files */
	SHIM_MEMORY	/* malloc(3) and its like */
};

struct shim_ctl {
	uint32_t	 magic;
	uint32_t	 what;		/* enum shim_what that fails */
	char		 role[16];	/* of the process: "store" */
	int64_t		 at;		/* the number of the one that fails */
	int64_t		 calls;		/* counted so far */
	int64_t		 failed;
	int32_t		 error;
	uint32_t	 sticky;	/* all from then on */
	uint32_t	 half;		/* a write is done by half */
	uint32_t	 pad;
	int64_t		 clock;		/* seconds added to the time of day */
};

enum shim_op {
	SHIM_CREATE = 1,	/* file ino, in dir, name */
	SHIM_WRITE,		/* ino, off, data (none: len zeros) */
	SHIM_TRUNCATE,		/* ino, off */
	SHIM_ALLOCATE,		/* ino, off is the least length */
	SHIM_FSYNC,		/* ino, of a file or a directory */
	SHIM_RENAME,		/* dir, name 0 name */
	SHIM_UNLINK,		/* dir, name */
	SHIM_MKDIR,		/* ino, in dir, name */
	SHIM_NOTE		/* data: of the client */
};

struct shim_rec {
	uint32_t	 size;		/* with all that follows */
	uint16_t	 op;
	uint16_t	 namelen;
	uint64_t	 ino;
	uint64_t	 dir;
	uint64_t	 off;
	uint64_t	 len;
};

#endif
