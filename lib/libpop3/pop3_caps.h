/* What a server can do: the answer to CAPA (RFC 2449). */
#ifndef POP3_CAPS_H
#define POP3_CAPS_H

#include <stdint.h>

#include "libpop3/pop3_state.h"
#include "libutil/buf.h"

struct pop3_caps {
	const char	*mechs;		/* of SASL, separated by spaces */
	uint32_t	 login_delay;	/* seconds; 0: none */
};

/* The whole answer.  0, or -1 when out is full. */
int	pop3_caps_put(struct buf *out, const struct pop3_state *,
	    const struct pop3_caps *);

#endif
