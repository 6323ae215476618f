/* Our side of AUTH: SCRAM-SHA-256 where offered, else PLAIN or LOGIN. */
#ifndef RELAY_RSASL_H
#define RELAY_RSASL_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"

struct rsasl;

/*
 * The best of the mechanisms (SMTP_MECH_*) that may be used; cleartext: also
 * without TLS the password may be sent as it is.  NULL: none, or no memory.
 */
struct rsasl	*rsasl_new(uint32_t mechs, int cleartext, const char *user,
		    const char *password);
void		 rsasl_free(struct rsasl *);
uint32_t	 rsasl_mech(const struct rsasl *);
/*
 * What to send next, appended to out: at first with challenge NULL (1: no
 * initial response), then after each 334.  0, 1, or -1: the server's part is
 * wrong, or it does not know the password.
 */
int		 rsasl_step(struct rsasl *, const void *challenge, size_t len,
		    struct buf *out);

#endif
