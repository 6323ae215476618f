/*
 * What is remembered of single hosts (an address and port): that it could not
 * be reached a moment ago, that TLS with it fails.
 */
#ifndef RELAY_RHOST_H
#define RELAY_RHOST_H

#include <stdint.h>

#include "libutil/addr.h"

#define RHOST_TEXT	300

struct rhost {
	uint8_t		 key[19];	/* family, bytes, port */
	uint64_t	 bad_until;	/* milliseconds, 0 fine */
	uint64_t	 notls_until;
	unsigned	 failures;	/* in a row */
	uint16_t	 code;		/* why it is bad */
	char		 text[RHOST_TEXT];
};

void			 rhost_init(void);
/* NULL: good, as far as is known. */
const struct rhost	*rhost_is_bad(const struct addr *);
/* Leave it alone for a while: longer with each failure in a row. */
void			 rhost_set_bad(const struct addr *, uint16_t code,
			    const char *text);
void			 rhost_set_good(const struct addr *);
/* Its handshakes fail: for a time go without, where that is allowed. */
void			 rhost_set_notls(const struct addr *);
int			 rhost_is_notls(const struct addr *);

#endif
