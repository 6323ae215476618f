/* One address: what do the tables say that it is? */
#ifndef LOOKUP_RESOLVE_H
#define LOOKUP_RESOLVE_H

#include "expand.h"
#include "libtable/taddr.h"

enum resolve_kind {
	RESOLVE_REMOTE,		/* not a domain of ours */
	RESOLVE_ACCOUNT,
	RESOLVE_ALIAS,
	RESOLVE_ROLE,		/* postmaster, abuse: somebody must */
	RESOLVE_CATCHALL,	/* the domain's, in catch_all */
	RESOLVE_UNKNOWN,
	RESOLVE_BAD		/* not an address */
};

struct resolve {
	enum resolve_kind kind;
	uint8_t		 home;		/* the host's own name, or localhost */
	uint8_t		 literal;	/* REMOTE: [address] */
	uint32_t	 index;		/* of the account or alias */
	uint32_t	 account;	/* ALIAS: an account of the same name */
	char		 address[TADDR_MAX + 1];	/* as it is relayed */
	char		 name[TADDR_MAX + 2];	/* key that was found */
	char		 mailbox[TADDR_MAX + 1];
	char		 catch_all[TADDR_MAX + 1];
};

/* address is in its form within maild: local@domain, or "postmaster". */
void	resolve_address(const struct expand_site *, const char *address,
	    struct resolve *);
/* May the account send as this address? */
int	resolve_owns(const struct expand_site *, const char *account,
	    const char *address);
/* Who is postmaster: an address that resolves, or NULL. */
const char *resolve_postmaster(const struct expand_site *, char *dst);
/* Is it the name of a domain of ours?  canonical or not */
int	resolve_is_own(const struct expand_site *, const char *domain);

#endif
