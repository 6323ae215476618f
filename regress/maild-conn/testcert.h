/* Self-signed certificates made on the spot, for tests. */
#ifndef TESTCERT_H
#define TESTCERT_H

#include <openssl/evp.h>

enum testcert_kind { TESTCERT_EC, TESTCERT_RSA, TESTCERT_ED25519 };

EVP_PKEY *testcert_key(enum testcert_kind);
/* PEM, NUL-terminated, of a certificate for that name; the caller frees. */
char	*testcert_cert(EVP_PKEY *, const char *name);
char	*testcert_keypem(EVP_PKEY *);

#endif
