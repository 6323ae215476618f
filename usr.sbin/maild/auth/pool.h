/*
 * A few threads that check passwords, so that the process goes on meanwhile.
 * They touch nothing but their job.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

#define POOL_THREADS	2
#define POOL_WAITING	256	/* jobs at most; then the answer is "later" */

struct pool_job;

/* result as password_check's; arg is NULL after pool_forget. */
typedef void (*pool_done)(void *arg, int result);

/* Once, in the sandbox: makes the threads. */
void		 pool_start(pool_done);
/* Copies both; NULL when there are too many. */
struct pool_job	*pool_check(const char *secret, const char *password, size_t,
		    void *arg);
/* Nobody waits for it any more. */
void		 pool_forget(struct pool_job *);

#endif
