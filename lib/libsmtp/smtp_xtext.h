/* xtext (RFC 3461 4) and original recipients (RFC 3461 4.2, RFC 6533 3). */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include <stddef.h>

#include "libutil/span.h"

/* Both terminate dst; the length without the NUL, or -1: no room, bad. */
int	smtp_xtext_encode(struct span, char *dst, size_t dstsize);
/* The decoded may hold any byte but NUL and control characters. */
int	smtp_xtext_decode(struct span, char *dst, size_t dstsize);

/*
 * ORCPT=type;xtext as it came to `type;address' with the address decoded
 * (UTF-8 for type utf-8): the form that the queue keeps and a DSN prints.
 */
int	smtp_orcpt_decode(struct span, char *dst, size_t dstsize);
/*
 * And back to what follows `ORCPT='.  utf8: the server and the transaction
 * have SMTPUTF8, so UTF-8 may stand as it is.
 */
int	smtp_orcpt_encode(struct span, int utf8, char *dst, size_t dstsize);

#endif
