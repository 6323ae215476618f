/* Is this the password of that secret?  Slow on purpose: for a thread. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

/*
 * secret: a SCRAM-SHA-256 secret (libmailauth/scram.h) or a hash of crypt(3).
 * 1 yes, 0 no, -1 the secret is of no form that we know.
 */
int	password_check(const char *secret, const char *password, size_t);

#endif
