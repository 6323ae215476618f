/* Reads a DNS message (RFC 1035 4): the answers of one type. */
#ifndef LOOKUP_DNSPKT_H
#define LOOKUP_DNSPKT_H

#include <stddef.h>
#include <stdint.h>

#define DNS_A		1
#define DNS_PTR		12
#define DNS_MX		15
#define DNS_TXT		16
#define DNS_AAAA	28

#define DNSPKT_NAME	256
#define DNSPKT_RRS	64	/* of one answer that are read */

struct dnspkt_rr {
	uint16_t	 preference;		/* MX */
	uint8_t		 addr[16];		/* A, AAAA */
	char		 name[DNSPKT_NAME];	/* MX, PTR; "" is the root */
	uint32_t	 ttl;
};

/*
 * The records of that type in the answer section; names in lower case.  What
 * is over max, and what has a name that is not one of a host, is left out.
 * 0, or -1: not a DNS answer.
 */
int	dnspkt_parse(const uint8_t *, size_t, uint16_t type,
	    struct dnspkt_rr *rrs, size_t max, size_t *n, unsigned *rcode);

#endif
