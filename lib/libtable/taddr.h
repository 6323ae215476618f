/*
 * Addresses as the tables compare them: the local part in lower case (NFC and
 * case folded where it is UTF-8), the domain in lower case A-labels.
 */
#ifndef TADDR_H
#define TADDR_H

#include <stddef.h>

#define TADDR_MAX	320	/* an address, without the NUL */
#define TADDR_DOMAIN	255

/* dst holds TADDR_DOMAIN + 1 bytes.  0, or -1: not a domain name. */
int	taddr_domain(char *dst, const char *src, size_t len);

/*
 * Canonical form of local@domain; *at (may be NULL) is where the last @
 * stands.  A quoted local part loses its quotes, so that "a"@d is a@d; one
 * that needed them (`"a@b"@d') matches no table.  dst holds TADDR_MAX + 1
 * bytes.  0, or -1: not an address with a domain name (RFC 5321 4.1.2, RFC
 * 6531 3.3; literals are none).
 */
int	taddr_canon(char *dst, size_t *at, const char *src, size_t len);

/* The same, but the local part stays as it is written: for mail elsewhere. */
int	taddr_remote(char *dst, const char *src, size_t len);

/* A local part that a table may hold: a dot-string; dst as above. */
int	taddr_local(char *dst, const char *src, size_t len);

/* A local part without an @ sign, of bytes that an address may have? */
int	taddr_is_dotstring(const char *, size_t len);

#endif
