/* Who there is: the site's tables as auth sees them. */
#ifndef AUTH_SITE_H
#define AUTH_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "libmailauth/scram.h"
#include "libtable/table.h"
#include "libtable/taddr.h"

struct conf;

struct site {
	const struct conf *conf;
	struct table	 domains;
	struct table	 accounts;
	struct table	 secrets;
	char		 domain[TADDR_DOMAIN + 1]; /* of bare names, or "" */
	/* Stands in for the secret of who does not exist. */
	char		 dummy[TABTEXT_SECRET + 1];
	uint8_t		 fakekey[32];
};

struct site_account {
	char		 name[TADDR_MAX + 1];	/* canonical */
	int		 exists;		/* and may log in */
	const char	*why;			/* if not, for the log */
	char		 secret[TABTEXT_SECRET + 1];
	uint64_t	 quota_bytes;		/* 0: none */
	uint64_t	 quota_messages;
};

/* The tables of the configuration stay its own.  0, or -1: damaged. */
int	site_open(struct site *, const struct conf *);
void	site_close(struct site *);
/*
 * By what somebody has typed: an address, or a local part where the site has
 * but one domain.  When there is no such account, or it may not log in, the
 * name is still the canonical one and the secret is the dummy, so that all
 * goes on as usual and takes as long.
 */
void	site_find(const struct site *, const char *, size_t,
	    struct site_account *);
/*
 * The SCRAM secret of an account, or a false one that is always the same for
 * that name.  1: it is a true one.
 */
int	site_scram(const struct site *, const struct site_account *,
	    struct scram_secret *);

#endif
