/*
 * Questions to libunbound, which resolves and validates in our event loop.
 * Equal questions that are under way are asked once.  Answers come from
 * dns_turn, never from inside dns_ask.
 */
#ifndef LOOKUP_DNS_H
#define LOOKUP_DNS_H

#include "dnspkt.h"

struct conf;

enum dns_status { DNS_OK, DNS_NODATA, DNS_NXDOMAIN, DNS_TEMP };

struct dns_answer {
	enum dns_status	 status;
	int		 secure;	/* DNSSEC says so, also to "no" */
	const char	*why;		/* DNS_TEMP */
	const struct dnspkt_rr *rrs;	/* DNS_OK: at least one */
	size_t		 n;
};

struct dns_waiter;
typedef void (*dns_cb)(const struct dns_answer *, void *arg);

/* Before chroot: what is in files. */
void	 dns_init(void);
/*
 * A configuration: prepare for it (0, or -1 with err), then use or drop that.
 * What was asked stays asked unless the settings of DNS changed.
 */
int	 dns_conf_check(const struct conf *, char *err, size_t errsize);
void	 dns_conf_use(void);
void	 dns_conf_drop(void);
/* name is a domain name in A-labels.  Cancel with dns_cancel before cb. */
struct dns_waiter *dns_ask(const char *name, uint16_t type, dns_cb, void *arg);
void	 dns_cancel(struct dns_waiter *);
/* Call back for what was answered. */
void	 dns_turn(void);
size_t	 dns_pending(void);

#endif
