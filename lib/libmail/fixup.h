/*
 * What a submitted message lacks (RFC 6409 8), and the hops it has made.
 * Clock and random are arguments.
 */
#ifndef FIXUP_H
#define FIXUP_H

#include <stddef.h>
#include <stdint.h>

#include "libutil/buf.h"
#include "libutil/span.h"

struct fixup {
	unsigned int	nreceived;	/* RFC 5321 6.3: 100 are a loop */
	unsigned int	ndate, nfrom, nmsgid, nsender;
	int		bad_date;	/* there is one, not readable */
	int		bcc;		/* there is a Bcc field */
	int		any;		/* there is a header at all */
};

void	fixup_scan(const void *msg, size_t len, struct fixup *);
/*
 * Write the fields that are missing: Date, Message-ID (of 16 random bytes, at
 * `host'), each line with CRLF.  0, or -1 when out is full or ENOMEM.
 */
int	fixup_render(const struct fixup *, int64_t now, int zone,
	    const uint8_t rnd[16], struct span host, struct buf *out);

#endif
