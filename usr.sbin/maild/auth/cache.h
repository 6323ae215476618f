/*
 * Passwords that were right a while ago: a keyed hash, never the password.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_SECONDS	600
#define CACHE_MAX	10000	/* accounts */

#define CACHE_TOKEN	32

void	cache_init(void);
/* What stands for a password of an account from here on; 0 or -1. */
int	cache_token(const char *account, const char *password, size_t,
	    uint8_t [CACHE_TOKEN]);
/* It was checked and is right.  now counts seconds. */
void	cache_add(const char *account, const uint8_t [CACHE_TOKEN],
	    int64_t now);
/* 1: it was right less than CACHE_SECONDS ago. */
int	cache_check(const char *account, const uint8_t [CACHE_TOKEN],
	    int64_t now);
/* The tables have changed. */
void	cache_flush(void);
size_t	cache_count(void);

#endif
