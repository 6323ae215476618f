/* What holds for every message, whatever is in it; used by tests and fuzz. */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

#include "libmail/meta.h"

/* Aborts, saying what is wrong. */
void	check_mime(const struct mime *, size_t size, const char *msg,
	    size_t prefixlen);
void	check_meta(const void *blob, size_t len);
/* Both, for a message in memory of just that size. */
void	check_message(struct meta_ctx *, const void *msg, size_t len);

#endif
