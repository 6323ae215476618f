/*
 * Session tickets: how the two libtls want to be told of the keys.  Sessions
 * may be resumed at any worker: all make the same keys, one an hour, from what
 * the parent drew at his start.
 */
#ifndef TLSKEY_LOCAL_H
#define TLSKEY_LOCAL_H

#include <stdint.h>

struct tls;
struct tls_config;

#define TICKET_EPOCH	3600	/* seconds a ticket key makes new tickets */
#define TICKET_LIFETIME	(2 * TICKET_EPOCH)	/* a session may be resumed */

/* After tls_configure; 0 or -1, logged. */
int	ticket_setup(struct tls *, struct tls_config *, const uint8_t [48]);
/* Before the context is freed. */
void	ticket_forget(struct tls *);

#endif
