/*
 * Passwords for one login: whoever may speak to the control process is root,
 * and gets one for any account.  Only this process knows them, so that a
 * worker that was taken over cannot let itself in.
 */
#ifndef AUTH_TOKENS_H
#define AUTH_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#define TOKEN_LEN	64	/* characters */

/* A new one; now in seconds. */
void	tokens_new(const char *account, int64_t now, char [TOKEN_LEN + 1]);
/* Is it one of this account?  Then it is none any more: 1, else 0. */
int	tokens_take(const char *account, const void *, size_t, int64_t now);

#endif
