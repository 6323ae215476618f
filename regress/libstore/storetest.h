/* What the tests of the store share. */
#ifndef STORETEST_H
#define STORETEST_H

#include <stddef.h>
#include <stdint.h>

#include "libstore/mstore.h"
#include "libstore/spool.h"

#define SEGSIZE	(256U * 1024)

/* Open a store below dir (made if missing) or fail the test. */
struct mstore	*st_open(const char *dir, const struct seglog_io *);
/* All lines of mstore_dump / spool_dump; the caller frees. */
char	*st_dump(struct mstore *);
char	*st_dump_spool(struct spool *);
/* Compare two dumps; on a difference print where, and fail the test. */
void	 st_same(const char *what, const char *a, const char *b);
/* Rebuild a copy of the store from its segments alone and compare. */
void	 st_check_rebuild(struct mstore *, const char *dir);

void	 st_copy_dir(const char *from, const char *to);
void	 st_remove_dir(const char *);
size_t	 st_file_size(const char *);

/* A small random number generator that the tests can repeat. */
uint32_t st_random(uint64_t *state, uint32_t below);

/* A body that names itself, of len octets. */
char	*st_body(uint64_t tag, size_t len);
/* Deliver a message with such a body to a mailbox of an account. */
enum mstore_code st_deliver(struct mstore *, uint32_t account,
	    const char *mailbox, uint64_t tag, size_t len, uint32_t *uid);

/*
 * File operations that fail: the n-th call from now that changes anything
 * (counted in calls) fails with error; short writes write a part first.  When
 * sticky, so do all that follow.
 */
struct faults {
	struct seglog_io io;
	long		 calls;
	long		 fail_at;	/* -1 never */
	int		 error;
	int		 sticky;
	int		 short_write;
	int		 failed;	/* how often it did */
	/* Called before the call of that number; -1 never. */
	long		 hook_at;
	void		(*hook)(void);
};
void	 st_faults_init(struct faults *);

/* Background work until nothing is left; the clock goes on. */
void	 st_work(struct mstore *);

#endif
