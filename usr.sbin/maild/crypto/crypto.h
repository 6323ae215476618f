/* The process that holds the private keys, alone. */
#ifndef CRYPTO_H
#define CRYPTO_H

struct proc_def;

extern const struct proc_def crypto_def;

#endif
