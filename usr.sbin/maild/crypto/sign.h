/*
 * What crypto signs, and what it does not.  Each returns the length of the
 * signature, which is never more than outsize, or -1 with *why, a literal.
 */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>
#include <stdint.h>

struct keyring;
struct msg_tls_sign;

#define SIGN_OUTMAX	1024	/* RSA of 8192 bits */

int	sign_tls(struct keyring *, const struct msg_tls_sign *, uint8_t *out,
	    size_t outsize, const char **why);
/* rsa-sha256 (RFC 6376 3.3.1) or ed25519-sha256 (RFC 8463) of a digest. */
int	sign_dkim(struct keyring *, const char *domain, const char *selector,
	    const uint8_t *digest, size_t len, uint8_t *out, size_t outsize,
	    const char **why);

/* For tests: is it a SHA-2 DigestInfo, a block as EMSA-PSS makes it? */
int	sign_is_digestinfo(const uint8_t *, size_t);
int	sign_is_pss(const uint8_t *, size_t len, unsigned bits);

#endif
