/* Passwords as Unicode text (RFC 4013, RFC 8265). */
#ifndef SASLPREP_H
#define SASLPREP_H

#include <stddef.h>

#include "libutil/buf.h"

/*
 * Append the prepared form: compatibility forms composed (NFKC), spaces made
 * U+0020, what is never seen left out.  ASCII stays as it is.  What cannot be
 * prepared (not UTF-8, control characters) is appended unchanged, so that
 * such passwords work too, byte for byte.  0, or -1: no memory.
 */
int	saslprep(const char *, size_t, struct buf *out);

#endif
