/* Where to deliver: the mail hosts of a domain and their addresses. */
#ifndef LOOKUP_MX_H
#define LOOKUP_MX_H

#include "libutil/addr.h"
#include "msg.h"

#define MX_HOSTS	16	/* of a domain that are tried */
#define MX_ADDRS	6	/* of a host */

struct mx_host {
	char		 name[256];
	uint16_t	 preference;
	uint8_t		 secure;	/* its addresses, by DNSSEC */
	struct addr	 addrs[MX_ADDRS];	/* in the order to be tried */
	unsigned	 naddrs;
};

struct mx_answer {
	enum msg_mx_status	 status;
	uint8_t		 secure;	/* all that led here */
	const char	*text;		/* why not */
	const struct mx_host *hosts;	/* MX_OK: most preferred first */
	unsigned	 nhosts;
};

/* Called once, from mx_ask itself or later. */
typedef void (*mx_cb)(const struct mx_answer *, void *arg);

/*
 * name: a domain, or [192.0.2.1].  host_only: the name of a host, whose
 * addresses are wanted (it may be an address too).  ourselves: our name, which
 * must not be delivered to (RFC 5321 5.1), or NULL.
 */
void	mx_ask(const char *name, int host_only, const char *ourselves,
	    mx_cb, void *arg);

#endif
