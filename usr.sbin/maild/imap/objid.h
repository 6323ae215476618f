/* Object ids (RFC 8474) as clients see them. */
#ifndef OBJID_H
#define OBJID_H

#include <stdint.h>

#include "libutil/span.h"

#define OBJID_LEN	17

/* kind: 'F' mailbox, 'M' message, 'T' thread.  Always OBJID_LEN bytes. */
char	*objid_put(char *p, char kind, uint64_t);

#endif
