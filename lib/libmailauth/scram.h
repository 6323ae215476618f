/*
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): what a server keeps in place of the
 * password.  As text it is
 *
 *	SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey
 *
 * with the last three in base64, the form that PostgreSQL uses as well.
 */
#ifndef SCRAM_H
#define SCRAM_H

#include <stddef.h>
#include <stdint.h>

#define SCRAM_KEYLEN	32
#define SCRAM_SALTLEN	16		/* of a new secret */
#define SCRAM_SALTMAX	64
#define SCRAM_ITERATIONS 10000		/* of a new secret */
#define SCRAM_ITERMIN	4096		/* RFC 7677 4 */
#define SCRAM_ITERMAX	10000000
#define SCRAM_TEXTMAX	256		/* bytes of the text, with the NUL */

struct scram_secret {
	uint32_t	 iterations;
	uint8_t		 saltlen;
	uint8_t		 salt[SCRAM_SALTMAX];
	uint8_t		 stored_key[SCRAM_KEYLEN];
	uint8_t		 server_key[SCRAM_KEYLEN];
};

/* 0 or -1: not of that form. */
int	scram_secret_parse(const char *, size_t, struct scram_secret *);
/* The length, or -1: too small. */
int	scram_secret_print(const struct scram_secret *, char *, size_t);
/*
 * Derive the keys of a password, which is prepared first (saslprep.h).  0, or
 * -1: a number out of bounds, or no memory.
 */
int	scram_secret_make(const char *password, size_t, const uint8_t *salt,
	    size_t saltlen, uint32_t iterations, struct scram_secret *);
/* 1: it is the password, 0: it is not, -1: no memory.  Costs `iterations'. */
int	scram_secret_check(const struct scram_secret *, const char *password,
	    size_t);

int	scram_hmac(const uint8_t key[SCRAM_KEYLEN], const void *, size_t,
	    uint8_t out[SCRAM_KEYLEN]);
int	scram_hash(const void *, size_t, uint8_t out[SCRAM_KEYLEN]);

#endif
