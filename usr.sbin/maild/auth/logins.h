/*
 * Who is logged in where, for the limit on sessions of one account.  Some
 * hundred bytes for each, as there may be very many.
 */
#ifndef LOGINS_H
#define LOGINS_H

#include <stddef.h>
#include <stdint.h>

void	logins_init(void);
/* 0; -1: the account has max sessions already (0: no limit), or no memory. */
int	logins_add(unsigned proc, unsigned inst, uint64_t sid,
	    const char *account, unsigned max);
void	logins_remove(unsigned proc, unsigned inst, uint64_t sid);
/* That worker is gone, and all its sessions. */
void	logins_forget(unsigned proc, unsigned inst);
size_t	logins_count(void);

#endif
