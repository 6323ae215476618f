/*
 * TLS with the private key elsewhere: a libtls server whose RSA and ECDSA
 * signatures crypto makes, over the blocking socketpair.
 */
#ifndef TLSKEY_H
#define TLSKEY_H

struct conf;
struct tls;
struct tls_config;

/* Hook the signing methods of libcrypto; once, before the first context. */
void		 tlskey_init(void);
/*
 * A server context with all certificates of the configuration (SNI) and the
 * shared ticket keys, no private key in it; NULL with a logged reason, also
 * when there is no certificate.  Give it back with tlskey_free: handshakes
 * that have begun with it may still come to their end.
 */
struct tls	*tlskey_server(const struct conf *);
void		 tlskey_free(struct tls *);
/* For relay: opportunistic (nothing verified) or verifying by name. */
struct tls_config *tlskey_client(const struct conf *, int verify);
/* Verifying, by these certificates (PEM) and not the system's. */
struct tls_config *tlskey_client_ca(const struct conf *, const char *ca);
/*
 * Read the system's file of trusted certificates while the file system still
 * can be seen (proc_def.init); tlskey_client with verify needs it.
 */
void		 tlskey_load_roots(void);

#endif
