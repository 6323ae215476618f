/* New DKIM keys. */
#ifndef KEYGEN_H
#define KEYGEN_H

#include <stddef.h>

/*
 * Make a key (RSA of 2048 bits, or Ed25519), write it to the descriptor as PEM
 * and flush that to the disk; txt gets the value of the DNS record (RFC 6376
 * 3.6.1, RFC 8463 4).  0, or -1 with why, a literal.
 */
int	keygen_dkim(int ed25519, int fd, char *txt, size_t txtsize,
	    const char **why);

#endif
