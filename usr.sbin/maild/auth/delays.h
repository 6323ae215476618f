/*
 * When accounts last logged in by POP3, where the site wants a while between
 * two logins (LOGIN-DELAY, RFC 2449 6.5).  Here, since one account's sessions
 * are in all imap processes.
 */
#ifndef DELAYS_H
#define DELAYS_H

#include <stddef.h>
#include <stdint.h>

#define DELAYS_MAX	100000		/* accounts; the oldest are forgotten */

void	 delays_init(void);
/* Seconds until it may log in; `delay' are those between two logins. */
unsigned delays_left(const char *account, int64_t now, unsigned delay);
void	 delays_add(const char *account, int64_t now, unsigned delay);
size_t	 delays_count(void);

#endif
