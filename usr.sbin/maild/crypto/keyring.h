/*
 * The private keys.  A set is loaded for each configuration and takes the
 * place of the old one as a whole.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

struct key {
	TAILQ_ENTRY(key) entry;
	EVP_PKEY	*pkey;
	int		 dkim;		/* else TLS; neither does for both */
	int		 type;		/* EVP_PKEY_RSA, _EC, _ED25519 */
	uint8_t		 hash[32];	/* SHA-256 of the public key */
	char		*domain;	/* DKIM */
	char		*selector;
};

struct keyring {
	TAILQ_HEAD(, key) keys;
};

/* Locked, undumped memory for what follows; once, while still root. */
void		 keyring_init(void);
struct keyring	*keyring_new(void);
void		 keyring_free(struct keyring *);
/*
 * Read a key from the descriptor (which stays open): PEM, not encrypted.  hash
 * NULL: any.  0, or -1 with *why, a literal.
 */
int		 keyring_add_tls(struct keyring *, int fd,
		    const uint8_t *hash, size_t hashlen, const char **why);
int		 keyring_add_dkim(struct keyring *, int fd, const char *domain,
		    const char *selector, const char **why);
struct key	*keyring_find_tls(struct keyring *, const uint8_t hash[32]);
/* Without case, as domains are. */
struct key	*keyring_find_dkim(struct keyring *, const char *domain,
		    const char *selector);

#endif
