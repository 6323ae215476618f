/* Messages with NULs in them (RFC 3516 4.4): made into what FETCH may send. */
#ifndef IAPPEND_BINARY_H
#define IAPPEND_BINARY_H

#include <stdint.h>

/*
 * The message of *size bytes in the descriptor: bodies of parts that hold NULs
 * become base64, in place; *size grows.  0; -1: a NUL stands where nothing can
 * be done about it, or the message becomes larger than max.
 */
int	iappend_binary(int fd, uint64_t *size, uint64_t max);

#endif
