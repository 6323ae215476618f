/* Messages with NULs in them (RFC 3516 4.4): made into what FETCH may send. */
#ifndef IAPPEND_BINARY_H
#define IAPPEND_BINARY_H

#include <stdint.h>

/*
 * The message of *size bytes in the descriptor: bodies of parts that hold NULs
 * become base64, in place; *size grows.  TOOBIG: it would be larger than max;
 * BAD: a NUL stands where nothing can be done about it.
 */
enum iappend_binary { IAPPEND_DONE, IAPPEND_BAD, IAPPEND_TOOBIG };

enum iappend_binary	iappend_binary(int fd, uint64_t *size, uint64_t max);

#endif
