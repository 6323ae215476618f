/* REPLACE (RFC 8508): an APPEND, then the old message goes. */
#ifndef IREPLACE_H
#define IREPLACE_H

#include <stdint.h>

struct isession;

/* The new message is there, its reply (tail) to be sent: take the old one. */
void	ireplace_expunge(struct isession *, uint32_t uid,
	    void (*done)(struct isession *));

#endif
